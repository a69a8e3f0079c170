"""What may be shown of whom: decided once for the data, for every cell that any report can show.

Reports that are made one by one and decide one by one can give a person away together: what one
shows is subtracted from what another shows. So there is one decision for the data, and every
report follows it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from employer_identity import brand, weighing
from employer_identity.brand import UNKNOWN
from employer_identity.privacy import DISTRIBUTION, MINIMUM, floor, hidden, hidden_categories

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument
    from employer_identity.survey import Survey

Kind = Literal["persons", "scores", "items", "distributions"]
"""How many answered; means of the pillars; means of single questions; shares of their answers."""
Reason = Literal["", "few", "sibling", "parent"]
"""May be shown; too few persons; a smaller sibling could be had by subtraction; its parent may not.
"""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""From the least that is told of a cell to the most: what hides one hides those after it."""
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
        """Write the cells as CSV, the same text for the same decision."""
        return str(self.cells.to_csv(index=False, lineterminator="\n"))

    @cached_property
    def sha256(self) -> str:
        """Hash of the decision."""
        return hashlib.sha256(f"{self.minimum}\n{self.to_csv()}".encode()).hexdigest()


def decide(survey: Survey, *, minimum: int = MINIMUM) -> Suppression:
    """Decide for every cell that a report can show: sectors, employers, categories of groupings.

    A cell is hidden where fewer persons than the floor stand behind any of its numbers, and where
    it protects a smaller sibling from subtraction (`privacy.hidden`): employers within their
    sector, sectors and the categories of a grouping within the whole, crossed ones also within what
    they cross. A hidden sector hides its employers. Counted are persons whose weight is above 0.

    Parameters
    ----------
    survey
        The answers, of one wave where there are several.
    minimum
        The floor; 10 or more for crossed and special groupings, and for distributions.
    """
    instrument, people = survey.instrument, _people(survey)
    sector, employer = instrument.sector, instrument.employer
    least = partial(floor, instrument, minimum=minimum)
    sectors = brand.unit_names(survey, sector)
    whole = brand.unit_names(survey, None)
    shown = pd.DataFrame("", index=[""], columns=list(KINDS))  # the whole is
    parts = []
    if sector:
        counts = _counts(people, whole, sectors)
        parts.append(_decided(sector, counts, least(sector), shown))
    if employer:
        counts = _counts(people, sectors, brand.unit_names(survey, employer))
        above = parts[0].set_index("unit") if sector else shown
        parts.append(_decided(employer, counts, least(employer), above))
    for grouping in instrument.groupings:
        if grouping.column not in (sector, employer):
            counts = _counts(people, whole, brand.unit_names(survey, grouping.column, unknown=""))
            minima = least(grouping.column)
            parts.append(_decided(grouping.column, counts, minima, shown, rule=hidden_categories))
    nothing = pd.DataFrame(columns=["column", "parent", "unit", *KINDS])
    return Suppression(pd.concat(parts, ignore_index=True) if parts else nothing, minimum)


def _people(survey: Survey) -> pd.DataFrame:
    """Tell who counts for each number: a column a number, under the kind that first shows it."""
    counting = weighing.weights(survey) > 0
    questions = survey.answers[[*survey.item_names, *survey.instrument.outcome_names]]
    known = pd.concat({"scores": survey.pillar_scores, "items": questions}, axis=1).notna()
    known = known.mul(counting, axis=0)
    persons = pd.DataFrame({"all": True, "counting": counting})  # margins count all
    asked = known.loc[:, known.any()]  # what nobody answered is not shown of anybody
    return pd.concat({"persons": persons}, axis=1).join(asked).astype(int)


def _counts(people: pd.DataFrame, parents: pd.Series[str], units: pd.Series[str]) -> pd.DataFrame:
    """Count persons per cell and number, indexed by (parent, unit) in alphabetical order."""
    return people.groupby([parents.rename("parent"), units.rename("unit")], sort=True).sum()


def _decided(
    column: str,
    counts: pd.DataFrame,
    least: int,
    above: pd.DataFrame,
    *,
    rule: Callable[..., pd.Series[bool]] = hidden,
) -> pd.DataFrame:
    """Decide the kinds one after the other: what is hidden for one is hidden for those after it.

    `above` holds the reasons of the parents.
    """
    mask, reasons = pd.Series(False, index=counts.index), {}
    for place, kind in enumerate(KINDS):
        own = counts.loc[:, counts.columns.get_level_values(0).isin(KINDS[: place + 1])]
        minimum = max(least, DISTRIBUTION) if kind == "distributions" else least
        orphaned = counts.index.get_level_values(0).map(above[kind]) != ""
        mask = rule(own, minimum=minimum, already=mask)
        few = own.min(axis=1) < minimum
        reasons[kind] = np.select([few, orphaned, mask], ["few", "parent", "sibling"], "")
    cells = pd.DataFrame(reasons, index=counts.index).reset_index()
    cells.insert(0, "column", column)
    return cells


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
