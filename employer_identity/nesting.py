"""All cells of a wave that a report can show, how they lie within each other, who is in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from employer_identity import brand, weighing
from employer_identity.brand import UNKNOWN
from employer_identity.privacy import floor
from employer_identity.protection import Family, Lattice
from employer_identity.questionnaire import CROSSED

if TYPE_CHECKING:
    from employer_identity.questionnaire import Grouping, Instrument
    from employer_identity.survey import Survey

Kind = Literal["persons", "scores", "items", "distributions"]
"""How many answered; means of the pillars; means of single questions; shares of their answers."""


def _people(survey: Survey) -> pd.DataFrame:
    """Tell what each person adds to each number; columns are (what, kind, number).

    `what` is ``counts``: whether the person is behind the number; and of what was answered
    ``above`` and ``below``: how far it lies from the lowest, and from the highest that is possible.
    Shares of those who agree are 1 or 0. `kind` is what first shows the number.
    """
    scale, counting = survey.instrument.scale, weighing.weights(survey) > 0
    questions = survey.answers[[*survey.item_names, *survey.instrument.outcome_names]]
    known = {"scores": survey.pillar_scores, "items": questions}
    asked = {kind: x.loc[:, x.notna().mul(counting, axis=0).any()] for kind, x in known.items()}
    found = {("counts", "persons"): pd.DataFrame({"all": True, "counting": counting})}
    for kind, x in asked.items():  # what nobody answered is not shown of anybody
        found["counts", kind] = x.notna().mul(counting, axis=0)
        found["above", kind], found["below", kind] = x - scale.minimum, scale.maximum - x
    agrees = (asked["items"] >= brand.agreeing(scale)).where(asked["items"].notna())
    found["above", "distributions"], found["below", "distributions"] = agrees, 1.0 - agrees
    both = pd.concat({key: x.astype(float) for key, x in found.items()}, axis=1)
    silent = both.columns.get_level_values(0) != "counts"
    both.loc[~counting, silent] = 0.0
    return both.fillna(0.0)


@dataclass(eq=False)
class Nesting:
    """The cells of one wave, those that no table shows among them.

    Attributes
    ----------
    people
        What each person adds to each number.
    minimum
        Smallest number of persons that is shown.
    rows
        One a cell: column, parent, unit, least (persons on whom it may be shown) and whether a
        table names it.
    sums
        What the persons of each cell come to.
    families
        How the cells lie within each other, by their places.
    """

    people: pd.DataFrame
    minimum: int
    rows: list[tuple[str, str, str, int, bool]] = field(default_factory=list)
    sums: list[np.ndarray] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)

    @property
    def cells(self) -> pd.DataFrame:
        """Return column, parent and unit of each cell."""
        return pd.DataFrame([row[:3] for row in self.rows], columns=["column", "parent", "unit"])

    @property
    def named(self) -> np.ndarray:
        """Tell which cells a table names."""
        return np.array([row[4] for row in self.rows], dtype=bool)

    def lattice(self, kinds: Sequence[Kind], least: int) -> Lattice:
        """Return the cells with all numbers of some kinds; `least` persons are needed of each."""
        sums = np.array(self.sums).reshape(len(self.rows), self.people.shape[1])
        what, kind, _ = (self.people.columns.get_level_values(k) for k in range(3))

        def of(name: str, values: np.ndarray = sums) -> np.ndarray:
            return np.asarray(values[:, (what == name) & kind.isin(kinds)])

        each = self.people.to_numpy()
        reach = (of("above", each) + of("below", each)).max(axis=0, initial=0.0)
        floors = np.array([max(row[3], least) for row in self.rows], dtype=np.int64)
        counts = of("counts").astype(np.int64)
        families, above, below = tuple(self.families), of("above"), of("below")
        return Lattice(counts, floors, self.named, families, self.minimum, above, below, reach)

    def place(self, column: str, unit: str) -> list[int]:
        """Return where the cells of a unit are."""
        return [k for k, row in enumerate(self.rows) if (row[0], row[2]) == (column, unit)]

    def add(self, column: str, least: int, keys: Sequence[pd.Series[str]]) -> list[int]:
        """Add a column's cells, by (parent, unit) in alphabetical order; return their places."""
        first = len(self.rows)
        for (parent, unit), sums in self.atoms(keys):
            self.rows.append((column, parent, unit, least, True))
            self.sums.append(sums)
        return list(range(first, len(self.rows)))

    def unnamed(self, sums: np.ndarray, least: int) -> int:
        """Add a cell that no table names; return its place."""
        self.rows.append(("", "", "", least, False))
        self.sums.append(sums)
        return len(self.rows) - 1

    def atoms(self, keys: Sequence[pd.Series[str]]) -> Iterable[tuple[tuple[str, ...], np.ndarray]]:
        """Return what the persons of each combination of values come to."""
        named = [key.rename(f"{k}") for k, key in enumerate(keys)]
        found = self.people.groupby(named, sort=True).sum()
        return zip(found.index, found.to_numpy(), strict=True)

    def family(self, parent: int | None, parts: Iterable[int]) -> None:
        """Put cells within another, or with None within the whole."""
        if found := tuple(parts):
            self.families.append(Family(parent, found))


def nested(survey: Survey, minimum: int) -> Nesting:
    """Return all cells of a wave.

    Employers lie within their sector, sectors and the categories of a grouping within the whole,
    crossed ones also within what they cross, beside those who did not state the other. Bands of one
    column, cut in several ways, lie within each other as far as the same people are in them.
    """
    instrument, found = survey.instrument, Nesting(_people(survey), minimum)
    _add_units(found, survey)
    whole = brand.unit_names(survey, None)
    for grouping in instrument.groupings:
        if grouping.column not in (instrument.sector, instrument.employer):
            names = brand.unit_names(survey, grouping.column, unknown="")
            least = grouping.minimum(minimum)
            found.family(None, found.add(grouping.column, least, [whole, names]))
    for grouping in instrument.groupings:
        if grouping.cross:
            _cross(found, survey, grouping)
    for columns in _of_one_source(instrument):
        _overlay(found, survey, columns)
    return found


def _add_units(found: Nesting, survey: Survey) -> None:
    """Add the sectors within the whole, and the employers within their sectors."""
    instrument = survey.instrument
    whole, sectors = (brand.unit_names(survey, c) for c in (None, instrument.sector))
    above: dict[str, int] = {}
    if instrument.sector:
        least = floor(instrument, instrument.sector, minimum=found.minimum)
        added = found.add(instrument.sector, least, [whole, sectors])
        found.family(None, added)
        above = {found.rows[place][2]: place for place in added}
    if instrument.employer:
        least = floor(instrument, instrument.employer, minimum=found.minimum)
        names = brand.unit_names(survey, instrument.employer)
        added = found.add(instrument.employer, least, [sectors, names])
        for sector in dict.fromkeys(found.rows[place][1] for place in added):
            found.family(above.get(sector), (p for p in added if found.rows[p][1] == sector))


def _cross(found: Nesting, survey: Survey, grouping: Grouping) -> None:
    """Put crossed cells within what they cross, beside those who did not state both."""
    ends = [brand.unit_names(survey, column, unknown="") for column in grouping.cross]
    parts: dict[tuple[str, str], int] = {}
    for (one, other), sums in found.atoms(ends):
        if one and other:
            (parts[one, other],) = found.place(grouping.column, f"{one}{CROSSED}{other}")
        else:
            parts[one, other] = found.unnamed(sums, grouping.minimum(found.minimum))
    if unstated := [place for pair, place in parts.items() if "" in pair]:
        found.family(found.place(grouping.column, "")[0], unstated)
    for end, column in enumerate(grouping.cross):
        for value in dict.fromkeys(pair[end] for pair in parts):
            within = found.place(column, value) or found.place(column, UNKNOWN)
            if len(within) == 1:  # an employer in two sectors is two cells
                found.family(within[0], (p for pair, p in parts.items() if pair[end] == value))


def _of_one_source(instrument: Instrument) -> Iterable[list[str]]:
    """Return the groupings that are the same numbers, cut in several ways."""
    found: dict[str, list[str]] = {}
    units = (instrument.sector, instrument.employer)
    for grouping in instrument.groupings:
        if not grouping.cross and grouping.column not in units:
            found.setdefault(grouping.source or grouping.column, []).append(grouping.column)
    return (columns for columns in found.values() if len(columns) > 1)


def _overlay(found: Nesting, survey: Survey, columns: Sequence[str]) -> None:
    """Divide the bands of several groupings into the smallest that all of them can tell apart.

    What two bands have in common, and what one has beyond another, is such a small one; it is a
    band itself where all of its people are, else a cell that no table names.
    """
    keys = [brand.unit_names(survey, column, unknown="") for column in columns]
    size = dict(zip(columns, (key.value_counts() for key in keys), strict=True))
    parts: dict[int, list[int]] = {}
    for values, sums in found.atoms(keys):
        bands = list(zip(columns, values, strict=True))
        n = int(sums[0])
        whole = [found.place(*band)[0] for band in bands if size[band[0]][band[1]] == n]
        part = whole[0] if whole else found.unnamed(sums, found.minimum)
        for place in (found.place(*band)[0] for band in bands):
            if place != part:
                parts.setdefault(place, []).append(part)
    for place, inside in parts.items():
        found.family(place, inside)
