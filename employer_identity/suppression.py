"""What may be shown of whom: decided once for the data, for every cell that any report can show.

Reports that are made one by one and decide one by one can give a person away together: what one
shows is subtracted from what another shows. So there is one decision for the data, and every
report follows it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from employer_identity.brand import UNKNOWN
from employer_identity.inert import in_spreadsheet
from employer_identity.nesting import Kind, Nesting, nested
from employer_identity.privacy import (
    DISTRIBUTION,
    MINIMUM,
    MODEL,
    floor,
    hidden_categories,
    model_floor,
)
from employer_identity.protection import protected

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument
    from employer_identity.survey import Survey

Reason = Literal["", "few", "sibling", "parent"]
"""May be shown; too few persons; a smaller sibling could be had by subtraction; its parent may not.
"""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""From the least that is told of a cell to the most: what hides one hides those after it."""
HIDDEN = "hidden"
"""The one reason that is published."""
_GRAVITY: tuple[Reason, ...] = ("", "sibling", "parent", "few")


@dataclass(frozen=True, eq=False)
class Suppression:
    """What may be shown of whom.

    Attributes
    ----------
    cells
        One row a cell: column (employer's, sector's, or a grouping), parent (its sector; else ""),
        unit, and for each `Kind` the `Reason` why it is hidden. No counts.
    minimum
        Smallest number of persons that is shown.
    """

    cells: pd.DataFrame
    minimum: int = MINIMUM

    def why(self, column: str, unit: str, kind: Kind = "scores") -> Reason:
        """Tell why something of a unit is hidden; "" where it may be shown.

        For whoever has the answers: what leaves the house says only that it is hidden.

        Parameters
        ----------
        column
            The employer's or sector's column, or a grouping.
        unit
            One of its values, "" for those who gave none. An employer in several sectors is hidden
            if any part of it is.
        kind
            What would be shown.

        Raises
        ------
        ValueError
            If nothing was decided about such a unit: nobody in the survey is in it.
        """
        units = self._of_units
        reasons = units.get((column, unit)) or (units.get((column, UNKNOWN)) if not unit else None)
        if reasons is None:
            raise ValueError(f"no cell of column {column!r} is called {unit!r}")
        return _GRAVITY[reasons[KINDS.index(kind)]]

    @cached_property
    def _of_units(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """The gravest reason of each unit's cells, per kind."""
        grave = self.cells[list(KINDS)].apply(lambda reasons: reasons.map(_GRAVITY.index))
        worst = grave.groupby([self.cells["column"], self.cells["unit"]]).max()
        return dict(zip(worst.index, worst.itertuples(index=False, name=None), strict=True))

    def to_csv(self) -> str:
        """Write which cells are hidden as CSV, the same text for the same decision.

        Not why: who reads that a cell has too few people in it knows that there are one to four,
        and which ones were hidden for their sake.
        """
        reasons = self.cells[list(KINDS)]
        told = self.cells.assign(**reasons.where(reasons == "", HIDDEN)).map(in_spreadsheet)
        return str(told.to_csv(index=False, lineterminator="\n"))

    @cached_property
    def sha256(self) -> str:
        """Hash of what is hidden; of the reasons it would be a way to try them out."""
        return hashlib.sha256(f"{self.minimum}\n{self.to_csv()}".encode()).hexdigest()


def decide(survey: Survey, *, minimum: int = MINIMUM) -> Suppression:
    """Decide for every cell that a report can show: sectors, employers, categories of groupings.

    A cell is hidden where fewer persons than the floor stand behind any of its numbers, and where
    it protects a smaller one from subtraction (`protection`): employers within their sector,
    sectors and the categories of a grouping within the whole, crossed ones also within what they
    cross. A hidden cell hides its parts. Of several waves together nothing is shown that any of
    them hides, since all of them less one would tell it. Counted are persons whose weight is above
    0.

    Parameters
    ----------
    survey
        The answers, of one wave or of several.
    minimum
        The floor; 10 or more for crossed and special groupings, and for distributions.
    """
    found = [_decided(nested(wave, minimum)) for wave in _by_wave(survey)]
    cells = pd.concat(found, ignore_index=True)
    if len(found) > 1:
        keys = ["column", "parent", "unit"]
        grave = cells[list(KINDS)].apply(lambda reasons: reasons.map(_GRAVITY.index))
        worst = grave.groupby([cells[k] for k in keys], sort=False).max()
        cells = worst.map(_GRAVITY.__getitem__).reset_index()
    return Suppression(cells, minimum)


def _by_wave(survey: Survey) -> list[Survey]:
    """Return the answers wave by wave; those of no wave are one, too."""
    column = survey.instrument.wave
    if column is None or column not in survey.answers:
        return [survey]
    waves = survey.answers[column].astype(object).fillna("")
    parts = (survey.answers[waves == wave] for wave in sorted(waves.unique()))
    return [replace(survey, answers=rows) for rows in parts] or [survey]


def _decided(nesting: Nesting) -> pd.DataFrame:
    """Decide the kinds one after the other: what is hidden for one is hidden for those after it."""
    named, gone = nesting.named, np.zeros(len(nesting.named), dtype=bool)
    reasons: dict[str, np.ndarray] = {}
    for place, kind in enumerate(KINDS):
        lattice = nesting.lattice(KINDS[: place + 1], DISTRIBUTION if kind == KINDS[-1] else 0)
        gone = protected(lattice, gone & named)
        orphaned = np.zeros(len(named), dtype=bool)
        for family in lattice.families:
            orphaned[list(family.parts)] |= family.parent is not None and gone[family.parent]
        reasons[kind] = np.select([lattice.few, orphaned, gone], ["few", "parent", "sibling"], "")
    return nesting.cells.assign(**reasons)[named].reset_index(drop=True)


def modelled(
    survey: Survey, column: str, suppression: Suppression, *, least: int | None = None
) -> Survey:
    """Return the survey with nobody in groups of which no model may be shown.

    A model with means of its own gives a group's means back, and its size; so a group takes part
    only where all of its numbers may be shown, the distributions of its answers included: one that
    is hidden for a smaller one's sake does not come back by its model.

    Parameters
    ----------
    column
        A grouping, the sector's, the employer's or the waves' column.
    suppression
        What may be shown of the same answers.
    least
        Fewest persons of a group, if that is more than `privacy.model_floor`.
    """
    groups = survey.answers[column].astype("category")
    n = groups.value_counts(sort=False)
    n = n[n > 0].set_axis(list(n.index[n > 0]))
    own = model_floor(survey.instrument, column, minimum=suppression.minimum)
    away = n < max(own, least or 0)
    if column in set(suppression.cells["column"]):
        away |= np.array([suppression.why(column, str(g), KINDS[-1]) != "" for g in n.index])
    else:  # such as waves, which nothing was decided about
        few = n < max(floor(survey.instrument, column, minimum=suppression.minimum), MODEL)
        away |= hidden_categories(n, minimum=suppression.minimum, already=few).to_numpy()
    if not away.any():
        return survey
    kept = groups.cat.remove_categories(list(n.index[away]))
    return replace(survey, answers=survey.answers.assign(**{column: kept}))


def groups_of(survey: Survey, column: str) -> list[str]:
    """Return the groups in which there is somebody, in their order."""
    n = survey.answers[column].value_counts(sort=False)
    return [str(group) for group in n.index[n > 0]]


def withhold_units(
    units: pd.DataFrame, suppression: Suppression, instrument: Instrument
) -> pd.DataFrame:
    """Take the numbers out of the rows of `brand.unit_levels` that may not be shown.

    Returns
    -------
    The same rows with ``hidden``; n, mean, sd and se are missing where it is True.
    """
    cells = suppression.cells[suppression.cells["scores"] != ""]
    away = set(cells[["column", "parent", "unit"]].itertuples(index=False, name=None))
    sector, employer = instrument.sector, instrument.employer
    mask = [
        ((employer, s, e) if e else (sector, "", s)) in away
        for s, e in zip(units["sector"], units["employer"], strict=True)
    ]
    shown = units.assign(hidden=mask).astype({"n": float})
    shown.loc[shown["hidden"], ["n", "mean", "sd", "se"]] = float("nan")
    return shown


def withhold_margins(margins: pd.DataFrame, suppression: Suppression) -> pd.DataFrame:
    """Take the counts out of the rows of `brand.margins` that may not be shown; adds ``hidden``."""
    mask = [
        suppression.why(grouping, category, "persons") != ""
        for grouping, category in zip(margins["grouping"], margins["category"], strict=True)
    ]
    shown = margins.assign(hidden=mask).astype({"n": float})
    shown.loc[shown["hidden"], ["n", "share"]] = float("nan")
    return shown


def withhold_groups(
    levels: pd.DataFrame, suppression: Suppression, comparable: Container[str]
) -> pd.DataFrame:
    """Take the numbers out of the rows of `brand.group_levels` that may not be shown or compared.

    Parameters
    ----------
    comparable
        The pillars whose scores mean the same in every group.

    Returns
    -------
    The same rows with ``hidden`` and ``comparable``; n, mean, sd, ci_lower and ci_upper are missing
    where the one is True or the other False.
    """
    decided = set(suppression.cells["column"])
    mask = [
        column in decided and suppression.why(column, group) != ""
        for column, group in zip(levels["column"], levels["group"], strict=True)
    ]
    alike = [pillar in comparable for pillar in levels["pillar"]]
    shown = levels.assign(hidden=mask, comparable=alike).astype({"n": float})
    numbers = ["n", "mean", "sd", "ci_lower", "ci_upper"]
    shown.loc[shown["hidden"] | ~shown["comparable"], numbers] = float("nan")
    return shown


def withhold_shares(
    shares: pd.DataFrame,
    instrument: Instrument,
    group: str | None = None,
    *,
    minimum: int = DISTRIBUTION,
) -> pd.DataFrame:
    """Take the numbers out of the public's shares that may not be shown.

    A share tells how a group's answers are distributed, so that the higher floor holds; what is
    left of everybody after the groups that are shown is nobody or at least five people.

    Parameters
    ----------
    shares
        Of `switching`, `belonging` or `reasons`: question, group ("" for everybody), n, share,
        ci_lower, ci_upper.
    group
        The column by which it is divided; None: everybody only.
    minimum
        Fewest people of whom a share is shown.

    Returns
    -------
    The same rows with ``hidden``; n, share and interval are missing where it is True.
    """
    everybody = shares["group"] == ""
    away = everybody & (shares["n"] < minimum)
    if group is not None and not everybody.all():
        n = shares[~everybody].pivot(index="group", columns="question", values="n")
        least = max(floor(instrument, group), minimum)
        whole = shares[everybody].set_index("question")["n"]
        n.loc[""] = (whole - n.sum()).reindex(n.columns)  # who did not say
        few = (n.min(axis=1) < least) & (n.index != "")
        mask = hidden_categories(n.astype(int), minimum=MINIMUM, already=few)
        away |= ~everybody & shares["group"].map(mask).fillna(False).astype(bool)
    shown = shares.assign(hidden=away).astype({"n": float})
    shown.loc[shown["hidden"], ["n", "share", "ci_lower", "ci_upper"]] = float("nan")
    return shown


def withhold_shrunken(
    frame: pd.DataFrame, suppression: Suppression, instrument: Instrument
) -> pd.DataFrame:
    """Return the rows of `shrunken_scores` about employers that may be shown."""
    column = instrument.employer or ""
    shown = [e != UNKNOWN and suppression.why(column, e, "scores") == "" for e in frame["employer"]]
    return frame[shown].reset_index(drop=True)
