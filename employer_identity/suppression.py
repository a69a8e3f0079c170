"""What may be shown of whom: decided once for the data, for every cell that any report can show.

Reports that are made one by one and decide one by one can give a person away together: what one
shows is subtracted from what another shows. So there is one decision for the data, and every
report follows it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from employer_identity import brand, weighing
from employer_identity.brand import UNKNOWN
from employer_identity.privacy import DISTRIBUTION, MINIMUM, floor, hidden_categories
from employer_identity.protection import Family, Lattice, protected
from employer_identity.questionnaire import CROSSED

if TYPE_CHECKING:
    from employer_identity.questionnaire import Grouping, Instrument
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
    found = [_decided(_Tables(wave, minimum)) for wave in _by_wave(survey)]
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
    parts = survey.answers.groupby(waves, sort=True)
    return [replace(survey, answers=rows) for _, rows in parts] or [survey]


def _people(survey: Survey) -> pd.DataFrame:
    """Tell who counts for each number: a column a number, under the kind that first shows it."""
    counting = weighing.weights(survey) > 0
    questions = survey.answers[[*survey.item_names, *survey.instrument.outcome_names]]
    known = pd.concat({"scores": survey.pillar_scores, "items": questions}, axis=1).notna()
    known = known.mul(counting, axis=0)
    persons = pd.DataFrame({"all": True, "counting": counting})  # margins count all
    asked = known.loc[:, known.any()]  # what nobody answered is not shown of anybody
    return pd.concat({"persons": persons}, axis=1).join(asked).astype(int)


class _Tables:
    """All cells of one wave that a report can show, and those that none shows beside them.

    Attributes
    ----------
    cells
        One row a cell: column, parent, unit, least (persons on whom it may be shown) and named
        (whether a table names it).
    counts
        Persons behind each number, in the order of `cells`.
    families
        How the cells lie within each other, by their places.
    """

    def __init__(self, survey: Survey, minimum: int) -> None:
        self.survey, self.minimum = survey, minimum
        self.people = _people(survey)
        self.rows: list[tuple[str, str, str, int, bool]] = []
        self.numbers: list[np.ndarray] = []
        self.families: list[Family] = []
        self.places: dict[tuple[str, str], list[int]] = {}
        self._add_units()
        for grouping in survey.instrument.groupings:
            if grouping.column not in (survey.instrument.sector, survey.instrument.employer):
                names = brand.unit_names(survey, grouping.column, unknown="")
                whole = brand.unit_names(survey, None)
                self._family(None, self._add(grouping.column, whole, names))
        for grouping in survey.instrument.groupings:
            if grouping.cross:
                self._cross(grouping)

    @property
    def cells(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=["column", "parent", "unit", "least", "named"])

    @property
    def counts(self) -> pd.DataFrame:
        shape = (len(self.rows), self.people.shape[1])
        return pd.DataFrame(np.array(self.numbers).reshape(shape), columns=self.people.columns)

    def _family(self, parent: int | None, parts: Iterable[int]) -> None:
        if found := tuple(parts):
            self.families.append(Family(parent, found))

    def _add(self, column: str, parents: pd.Series[str], units: pd.Series[str]) -> list[int]:
        """Add a column's cells in alphabetical order; return their places."""
        counts = self.people.groupby([parents.rename("parent"), units.rename("unit")], sort=True)
        least, first = floor(self.survey.instrument, column, minimum=self.minimum), len(self.rows)
        for (parent, unit), numbers in counts.sum().iterrows():
            self.places.setdefault((column, unit), []).append(len(self.rows))
            self.rows.append((column, parent, unit, least, True))
            self.numbers.append(numbers.to_numpy())
        return list(range(first, len(self.rows)))

    def _add_units(self) -> None:
        """Add the sectors within the whole, and the employers within their sectors."""
        sector, employer = self.survey.instrument.sector, self.survey.instrument.employer
        whole, sectors = (brand.unit_names(self.survey, column) for column in (None, sector))
        if sector:
            self._family(None, self._add(sector, whole, sectors))
        if employer:
            added = self._add(employer, sectors, brand.unit_names(self.survey, employer))
            for name in dict.fromkeys(self.rows[place][1] for place in added):
                above = self.places[sector, name][0] if sector else None
                self._family(above, (p for p in added if self.rows[p][1] == name))

    def _cross(self, grouping: Grouping) -> None:
        """Put crossed cells within what they cross, with those who did not state both."""
        ends = [self.survey.answers[c].astype(object).fillna("") for c in grouping.cross]
        unstated = (ends[0] == "") | (ends[1] == "")
        pairs = self.people.groupby([ends[0].rename("one"), ends[1].rename("other")]).sum()
        parts: dict[tuple[str, str], int] = {}
        for (one, other), numbers in pairs.iterrows():
            if one and other:
                named = self.places.get((grouping.column, f"{one}{CROSSED}{other}"), [])
                parts |= {(one, other): place for place in named}
            else:
                parts[one, other] = len(self.rows)
                self.rows.append((grouping.column, "", "", 0, False))
                self.numbers.append(numbers.to_numpy())
        if unstated.any():
            self._family(self.places[grouping.column, ""][0], (p for k, p in parts.items() if "" in k))
        for end, column in enumerate(grouping.cross):
            for value in ends[end].unique():
                within = self.places.get((column, value or UNKNOWN)) or self.places.get((column, value), [])
                if len(within) == 1:
                    self._family(within[0], (p for k, p in parts.items() if k[end] == value))


def _decided(tables: _Tables) -> pd.DataFrame:
    """Decide the kinds one after the other: what is hidden for one is hidden for those after it."""
    cells, counts = tables.cells, tables.counts
    named, gone = cells["named"].to_numpy(dtype=bool), np.zeros(len(cells), dtype=bool)
    reasons: dict[str, np.ndarray] = {}
    for place, kind in enumerate(KINDS):
        own = counts.loc[:, counts.columns.get_level_values(0).isin(KINDS[: place + 1])].to_numpy()
        least = np.maximum(cells["least"], DISTRIBUTION if kind == "distributions" else 0).to_numpy()
        lattice = Lattice(own, least, named, tuple(tables.families), tables.minimum)
        gone = protected(lattice, gone & named)
        orphaned = np.zeros(len(cells), dtype=bool)
        for family in tables.families:
            orphaned[list(family.parts)] |= family.parent is not None and gone[family.parent]
        reasons[kind] = np.select([lattice.few, orphaned, gone], ["few", "parent", "sibling"], "")
    found = cells[["column", "parent", "unit"]].assign(**reasons)
    return found[named].reset_index(drop=True)


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
