"""All cells of a wave that a report can show, how they lie within each other, who is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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


Number = tuple[str, str, str]
"""What, kind, name."""


def _numbers(survey: Survey) -> Iterator[tuple[Number, NDArray[np.float64]]]:
    """Tell what each person adds to each number (n,), a number at a time: all at once are many.

    What it is: ``counts``, whether the person is behind the number; and of what was answered
    ``above`` and ``below``, how far it lies from the lowest, and from the highest that is possible.
    Shares of those who agree are 1 or 0. The kind is what first shows the number.
    """
    scale, counting = survey.instrument.scale, (weighing.weights(survey) > 0).to_numpy()
    yield ("counts", "persons", "all"), np.ones(survey.n)
    yield ("counts", "persons", "counting"), counting.astype(float)
    questions = (*survey.item_names, *survey.instrument.outcome_names)
    columns = [("scores", name, survey.pillar_scores) for name in survey.pillar_scores]
    columns += [("items", name, survey.answers) for name in questions]
    for kind, name, frame in columns:
        x = frame[name].to_numpy()
        there = counting & ~np.isnan(x)
        if not there.any():  # what nobody answered is not shown of anybody
            continue
        yield ("counts", kind, name), there.astype(float)
        yield ("above", kind, name), np.where(there, x - scale.minimum, 0.0)
        yield ("below", kind, name), np.where(there, scale.maximum - x, 0.0)
        if kind == "items":
            agrees = there & (x >= brand.agreeing(scale))
            yield ("above", "distributions", name), agrees.astype(float)
            yield ("below", "distributions", name), (there & ~agrees).astype(float)


@dataclass(eq=False)
class Nesting:
    """The cells of one wave, those that no table shows among them.

    Attributes
    ----------
    survey
        The answers.
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

    survey: Survey
    minimum: int
    rows: list[tuple[str, str, str, int, bool]] = field(default_factory=list)
    sums: list[np.ndarray] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)

    @cached_property
    def numbers(self) -> list[Number]:
        """What the persons of a cell come to, in the order of `sums`."""
        return [what for what, _ in _numbers(self.survey)]

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
        sums = np.array(self.sums).reshape(len(self.rows), len(self.numbers))

        def of(name: str) -> np.ndarray:
            mine = [what == name and kind in kinds for what, kind, _ in self.numbers]
            return np.asarray(sums[:, np.array(mine, dtype=bool)])

        scale = self.survey.instrument.scale
        span = float(scale.maximum - scale.minimum)
        told = [kind for what, kind, _ in self.numbers if what == "above" and kind in kinds]
        reach = np.array([1.0 if kind == "distributions" else span for kind in told])
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
        at, names = np.zeros(self.survey.n, np.int64), list[tuple[str, ...]]([()])
        for key in keys:
            codes, values = pd.factorize(key, sort=True)
            at = at * len(values) + codes
            names = [(*before, str(value)) for before in names for value in values]
        there, at = np.unique(at, return_inverse=True)
        sums = [np.bincount(at, x, len(there)) for _, x in _numbers(self.survey)]
        return zip((names[k] for k in there), np.stack(sums, axis=1), strict=True)

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
    instrument, found = survey.instrument, Nesting(survey, minimum)
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
