"""The smallest sets of people that published numbers can tell apart, and who is in which set.

Columns that no number crosses say nothing of each other but for what they sum to, so they are kept
apart, in blocks. With counts n and sums x of the answers, low n <= x <= high n, any two blocks that
agree on everybody's count and sum can be true together: spread those with the highest answer and
those with the lowest over the cross of both in proportion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from employer_identity.audit.facts import (
    PERSONS,
    REST,
    WAVE,
    Box,
    Fact,
    Scope,
    Statement,
    box,
    columns_of,
)
from employer_identity.audit.pieces import in_pieces

EDITION = "edition"
"""Column of an atom: in which edition of the answers its people came in."""
COMMON = frozenset((WAVE, EDITION))
LARGEST = 20_000
"""Atoms of a block at most: more than any report crosses."""

Members = NDArray[np.bool_]


class TooManyCellsError(ValueError):
    """Published numbers cross so many columns that they cannot be put side by side."""


@dataclass(frozen=True, eq=False)
class Block:
    """Columns that published numbers cross, their atoms, and what is stated of them.

    Attributes
    ----------
    columns
        Names; waves and editions among them where there are several.
    cells
        One row an atom, one column a column: the values.
    named
        Which atoms are named by some number; others hold whoever is left over.
    skipped
        Measures of which it is stated somewhere, in whichever block, how many people answered:
        not everybody did. All others everybody is taken to have answered.
    """

    columns: tuple[str, ...]
    cells: NDArray[np.str_]
    named: Members
    statements: tuple[Statement, ...]
    skipped: frozenset[str] = frozenset()

    @cached_property
    def _found(self) -> dict[Scope, Members]:
        return {}

    def members(self, scope: Scope) -> Members:
        """Tell which atoms are in a scope."""
        if scope not in self._found:
            self._found[scope] = self._members(scope)
        return self._found[scope]

    def _members(self, scope: Scope) -> Members:
        found = np.zeros(len(self.cells), dtype=bool)
        for one in scope:
            inside = np.ones(len(self.cells), dtype=bool)
            for column, values in one:
                if column in self.columns:
                    inside &= np.isin(self.cells[:, self.columns.index(column)], values)
            found |= inside
        return found

    @cached_property
    def _by_measure(self) -> dict[str, list[Statement]]:
        found: dict[str, list[Statement]] = defaultdict(list)
        for s in self.statements:
            found[s.fact.measure].append(s)
        return found

    def about(self, *measures: str) -> list[Statement]:
        """Return what is stated of some measures."""
        return [s for measure in dict.fromkeys(measures) for s in self._by_measure.get(measure, [])]

    def counted(self, measure: str = PERSONS) -> dict[bytes, float]:
        """Return the published counts of a measure, exact ones: bytes of the atoms -> persons."""
        if measure not in self._counted:
            self._counted[measure] = {
                self.members(s.fact.scope).tobytes(): s.fact.value
                for s in self.about(measure)
                if s.fact.quantity == "count" and s.fact.value is not None and not s.fact.half
            }
        return self._counted[measure]

    @cached_property
    def _counted(self) -> dict[str, dict[bytes, float]]:
        return {}

    def only(self, atoms: Members) -> Block:
        """Return the block with some of its atoms, the others being empty."""
        return replace(self, cells=self.cells[atoms], named=self.named[atoms])

    def scope_of(self, atom: int) -> Scope:
        """Return the scope of one atom."""
        return (box(dict(zip(self.columns, map(str, self.cells[atom]), strict=True))),)


def blocks(statements: Iterable[Statement]) -> list[Block]:
    """Divide what is stated of one study's people into blocks that say nothing of each other."""
    told = _in_editions(in_pieces(list(statements)))
    common = tuple(s for s in told if columns_of(s.fact.scope) <= COMMON)
    own: dict[frozenset[str], list[Statement]] = defaultdict(list)
    groups = _joined({columns_of(s.fact.scope) - COMMON for s in told} - {frozenset()})
    for s in told:
        mine = columns_of(s.fact.scope) - COMMON
        if mine:
            own[next(g for g in groups if mine <= g)].append(s)
    found = [_block(common + tuple(mine)) for mine in own.values()] or [_block(common)]
    counts = (f for f in (s.fact for s in told) if f.quantity == "count" and f.value is not None)
    skipped = frozenset(f.measure for f in counts) - {PERSONS}
    return [replace(block, skipped=skipped) for block in found]


def _joined(crossed: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Join sets of columns that have one in common."""
    groups: list[frozenset[str]] = []
    for columns in crossed:
        apart = [g for g in groups if not g & columns]
        near = [g for g in groups if g & columns]
        groups = [*apart, columns.union(*near)]
    return groups


# --- Editions


def _in_editions(statements: list[Statement]) -> list[Statement]:
    """Say of each scope in which editions its people came: a later one has all of the earlier.

    Editions that nowhere say different things are one.
    """
    classes: list[dict[Fact, float | None]] = []
    place: dict[str, int] = {}
    by_edition: dict[str, dict[Fact, float | None]] = defaultdict(dict)
    for s in statements:
        if s.fact.value is not None:
            by_edition[s.edition][replace(s.fact, value=None, element="")] = s.fact.value
    for edition, values in sorted(by_edition.items()):
        alike = (
            k for k, c in enumerate(classes) if all(c.get(a, v) == v for a, v in values.items())
        )
        place[edition] = next(alike, len(classes))
        if place[edition] == len(classes):
            classes.append({})
        classes[place[edition]] |= values
    if len(classes) < 2:
        return statements
    order = sorted(range(len(classes)), key=lambda k: _size(classes[k], classes))
    rank = {edition: order.index(k) for edition, k in place.items()}
    return [_of_edition(s, rank.get(s.edition, len(order) - 1)) for s in statements]


def _size(
    values: dict[Fact, float | None], classes: Sequence[dict[Fact, float | None]]
) -> tuple[float, float]:
    """Tell how many people an edition has: of what all of them count, else the largest count."""
    counts = {k: v or 0.0 for k, v in values.items() if k.quantity == "count"}
    both = [v for k, v in counts.items() if all(k in c for c in classes)]
    return max(both, default=0.0), max(counts.values(), default=0.0)


def _of_edition(s: Statement, rank: int) -> Statement:
    earlier = tuple(str(k) for k in range(rank + 1))
    scope = tuple(box({**dict(one), EDITION: earlier}) for one in s.fact.scope)
    return replace(s, fact=replace(s.fact, scope=scope))


# --- Atoms


def _block(statements: tuple[Statement, ...]) -> Block:
    boxes = {one for s in statements for one in s.fact.scope}
    values: dict[str, dict[str, None]] = defaultdict(dict)
    for one in sorted(boxes):
        for column, names in one:
            values[column].update(dict.fromkeys(names))
    for column in values.keys() - COMMON:
        values[column].setdefault(REST)
    if WAVE in values and any(WAVE not in dict(one) for one in boxes):
        values[WAVE].setdefault(REST)
    columns = tuple(sorted(values))
    cells = _cells(columns, values, boxes)
    block = Block(columns, cells, np.ones(len(cells), dtype=bool), statements)
    return replace(block, named=_named(block, boxes))


def _cells(
    columns: tuple[str, ...], values: dict[str, dict[str, None]], boxes: set[Box]
) -> NDArray[np.str_]:
    """Cross the columns, but for pairs of values that are never seen together, as when nested."""
    seen: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for one in boxes:
        for c, names in one:
            for d, others in one:
                seen[c, d] |= {(v, w) for v in names for w in others}
    rows: list[tuple[str, ...]] = [()]
    for at, column in enumerate(columns):
        fits = [_Fits(seen[earlier, column]) for earlier in columns[:at]]
        rows = [
            (*row, value)
            for row in rows
            for value in values[column]
            if all(fit(v, value) for fit, v in zip(fits, row, strict=True))
        ]
        if len(rows) > LARGEST:
            raise TooManyCellsError(", ".join(columns))
    return np.array(rows, dtype=np.str_).reshape(len(rows), len(columns))


class _Fits:
    """Whether two values can be those of one person: seen together, or one seen with nothing.

    Where every value of one column is seen with one value of the other it is nested in it, and
    nobody who has one lacks the other.
    """

    def __init__(self, pairs: set[tuple[str, str]]) -> None:
        self.pairs = pairs
        self.left = {v for v, _ in pairs}
        self.right = {w for _, w in pairs}
        full = [(v, w) for v, w in pairs if REST not in (v, w)]
        left, right = {v for v, _ in full}, {w for _, w in full}
        self.is_left_nested = len(full) == len(left) and len(right) > 1
        self.is_right_nested = len(full) == len(right) and len(left) > 1

    def __call__(self, v: str, w: str) -> bool:
        if (v, w) in self.pairs or v == w == REST:
            return True
        if w == REST:
            return not (self.is_left_nested and v in self.left)
        if v == REST:
            return not (self.is_right_nested and w in self.right)
        return v not in self.left or w not in self.right


def _named(block: Block, boxes: set[Box]) -> Members:
    """Tell which atoms are named: each rest that they have is that of some number's scope."""
    told = block.cells != REST
    for one in boxes:
        about = [block.columns.index(c) for c, names in one if REST in names]
        told[:, about] |= block.members((one,))[:, None]
    return np.asarray(told.all(axis=1))
