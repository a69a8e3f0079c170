"""Which cells stay hidden so that no subtraction finds a small one.

A family is a set whose number is told, and the parts that it consists of: a sector and its
employers, everybody and the sectors, women and women by age. What is told of the set less what is
told of its parts is the number of those that are hidden, together. So a small part takes others
with it, until what is left over is many people in two cells or more; where parts lie in several
families, as in a crossed table, all of these are looked at together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import null_space
from scipy.optimize import linprog

Counts = NDArray[np.int64]
Amounts = NDArray[np.float64]
Mask = NDArray[np.bool_]
DEPTH = 3
"""How deep cells lie within each other, at most: crossed ones in employers in sectors."""
DETERMINED = 1e-9
"""Reach of a cell's number, over all that is possible, below which it has but one value."""
ROUNDING = 1e-6
"""Tolerance of the linear programmes: HiGHS's own is 1e-7."""
POINT = 1.0
"""Width, in points of the scale, within which the mean of a small cell may not be known to lie."""
TRIALS = 6
"""Directions in which all hidden cells are pushed at once, before each is bounded by itself."""
TOGETHER, MANY = 3, 60
"""Small hidden cells whose sum is looked at; where there are many of them only two at a time."""


@dataclass(frozen=True)
class Family:
    """A set whose number is told, and the parts it consists of.

    Attributes
    ----------
    parent
        The set's own cell; None where its number is told in any case.
    parts
        Its cells; none of them overlaps another.
    """

    parent: int | None
    parts: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Lattice:
    """The cells of all tables together.

    Attributes
    ----------
    counts
        Persons behind each number that is shown of a cell, cells x numbers; the first are persons.
    least
        From how many persons on a cell may be shown.
    named
        Whether a cell is named; others are parts that no table shows, such as those of a group who
        did not say what it is crossed with.
    families
        How the cells lie within each other.
    minimum
        Fewest values that the number of a small cell must be able to have.
    above, below
        How far the answers of a cell lie, in sum, above the lowest and below the highest that is
        possible, cells x numbers of answers: of people who all gave the lowest each one did.
    reach
        How far the highest answer lies above the lowest, of each number of answers; 1 of a share.
    """

    counts: Counts
    least: Counts
    named: Mask
    families: tuple[Family, ...]
    minimum: int
    above: Amounts
    below: Amounts
    reach: Amounts

    @property
    def few(self) -> Mask:
        """Which cells have somebody in them, and too few behind any of their numbers."""
        smallest = self.counts.min(axis=1)
        return np.asarray(self.counts.any(axis=1) & (smallest < self.least))

    @cached_property
    def surely(self) -> Counts:
        """How many people each number of a cell counts at least: one, or one a part that is named.

        Where two families divide a cell, the one with more parts.
        """
        found = (self.named[:, None] & (self.counts > 0)).astype(np.int64)
        for _ in range(DEPTH):
            for family in self.families:
                if family.parent is not None:
                    inside = found[list(family.parts)].sum(axis=0)
                    found[family.parent] = np.maximum(found[family.parent], inside)
        return found


def protected(cells: Lattice, already: Mask | None = None) -> Mask:
    """Tell which cells stay hidden; those without anybody give nobody away and stay.

    Parameters
    ----------
    cells
        The cells with their families.
    already
        Cells that are hidden for another reason.
    """
    unseen = ~cells.named & cells.counts.any(axis=1)
    gone = cells.few | unseen | (False if already is None else already)
    while True:
        gone = _settled(cells, gone)
        weak = _weak(cells, gone)
        more = None if weak is None else _beside(cells, gone, weak)
        if more is None:
            return gone
        gone[more] = True


def _settled(cells: Lattice, gone: Mask) -> Mask:
    """Hide family by family until nothing changes any more."""
    before, gone = -1, gone.copy()
    while gone.sum() > before:
        before = int(gone.sum())
        for family in cells.families:
            parts = np.array(family.parts)
            if family.parent is not None and gone[family.parent]:
                gone[parts] |= cells.counts[parts].any(axis=1)  # their sum would tell it
            elif gone[parts].any():
                _hide_siblings(cells, family, parts, gone)
    return gone


def _hide_siblings(cells: Lattice, family: Family, parts: Counts, gone: Mask) -> None:
    """Hide the smallest siblings that it takes; if all are not enough, the parent, too."""
    away, smallest = parts[gone[parts]], cells.counts.min(axis=1)
    shown = parts[~gone[parts] & (smallest[parts] >= cells.least[parts])]
    shown = shown[np.argsort(smallest[shown], kind="stable")]
    safe = _safe(cells, away, shown, strict=family.parent is not None)
    gone[shown[: int(safe.argmax()) if safe.any() else len(shown)]] = True
    if not safe.any() and family.parent is not None:
        gone[family.parent] = True


def _safe(cells: Lattice, away: Counts, shown: Counts, *, strict: bool) -> Mask:
    """Tell after how many of the shown cells, in their order, those that are away are safe.

    Everyone who is named has somebody in it: all others may have as few as that, and then there
    must still be as many left as the floor has values. Cells that nobody names only need to be many
    people together. What they answered together may not be the lowest, or the highest, of all;
    unless `strict`, where that is so of everybody there is no help.
    """
    order, first = np.concatenate([away, shown]), max(len(away) - 1, 0)

    def running(values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.cumsum(values[order], axis=0)[first:])

    n = cells.counts
    persons, occupied = running(n), running((n > 0) * 1)
    surely, told = running(cells.surely), running((cells.named[:, None] & (n > 0)) * 1)
    left = persons - np.where(told > 0, surely - 1, 0)
    many = (left >= cells.least[order].max()) & ((occupied > 1) | (told == 0))
    above, below = running(cells.above), running(cells.below)
    mixed = (np.minimum(above, below) >= 1) | (above + below == 0)
    mixed |= ~mixed[-1] & (not strict)
    return np.asarray(((occupied == 0) | many).all(axis=1) & mixed.all(axis=1))


# --- Cells that lie in several families


def _weak(cells: Lattice, gone: Mask) -> int | None:
    """Return a small hidden cell that the families together give away; None where none is."""
    crossed = _crossed(cells, gone)
    hidden = np.flatnonzero(crossed)
    if not hidden.size:
        return None
    rows, sums = _equations(cells, gone, hidden)
    free = null_space(rows)
    if (found := _small_set(cells, hidden, free)) is not None:
        return found
    answers = np.hstack([cells.above[hidden], cells.below[hidden]])
    tried = _tried(rows, answers)
    for place in np.flatnonzero(cells.few[hidden] & cells.named[hidden]):
        if _values(rows, sums, cells.named[hidden], int(place)) < cells.minimum:
            return int(hidden[place])
        if _is_told(rows, answers, cells.reach, tried, int(place)):
            return int(hidden[place])
    return None


def _is_told(rows: Amounts, answers: Amounts, reach: Amounts, tried: Amounts, place: int) -> bool:
    """Whether all families together tell what a cell answered, or hem it in.

    Only the numbers that had too little room in all that was `tried` are pushed to their ends.
    """
    doubtful = _is_hemmed(tried[:, place], reach)
    if not doubtful.any():
        return False
    target = np.zeros(len(answers))
    target[place] = 1.0
    own = answers[:, np.tile(doubtful, 2)]
    ends = np.array([_pushed(rows, own, sign * target)[place] for sign in (1.0, -1.0)])
    return bool(_is_hemmed(ends, reach[doubtful]).any())


def _is_hemmed(points: Amounts, reach: Amounts) -> Mask:
    """Tell which numbers of a cell have too little room between some points, points x answers.

    Too little is less than one answer, in sum, from the lowest or from the highest: that is so of a
    cell that gave those only, and of one whose neighbours in one family are known, by another, to
    have done so. Too little is a mean within less than a `POINT`, too. As nobody outside knows how
    many answered, what lies above the lowest may be little and what lies below the highest much.
    """
    (low, short), (high, long) = (np.split(x, 2) for x in (points.min(axis=0), points.max(axis=0)))
    room = np.minimum(high - low, long - short)
    width = high / np.maximum(high + short, 1.0) - low / np.maximum(low + long, 1.0)
    narrow = (reach > 1.0) & (reach * width < POINT - ROUNDING)
    return np.asarray((room < 1.0 - ROUNDING) | narrow)


def _tried(rows: Amounts, answers: Amounts) -> Amounts:
    """Return some ways in which all that is told is true, ways x hidden cells x answers.

    All cells are pushed at once, each up or down, so that most show their room.
    """
    pushes = np.random.default_rng(0).choice([-1.0, 1.0], (TRIALS, len(answers)))
    return np.array([answers, *(_pushed(rows, answers, push) for push in pushes)])


def _pushed(rows: Amounts, answers: Amounts, push: Amounts) -> Amounts:
    """Return the answers for which `push` comes to the least, for all that is told of their sums.

    Each number by itself, hidden cells x answers; in one programme, which is quicker.
    """
    numbers = answers.shape[1]
    if not numbers:
        return answers
    told = sparse.kron(sparse.identity(numbers), rows, format="csr")
    sums = (rows @ answers).T.ravel()
    found = linprog(np.tile(push, numbers), A_eq=told, b_eq=sums, method="highs")
    return np.asarray(found.x.reshape(numbers, -1).T)


def _small_set(cells: Lattice, hidden: Counts, free: Amounts) -> int | None:
    """Return a cell of a few hidden ones whose sum has but one value, and is of few people.

    What is free to vary are the columns of `free`, hidden cells x ways.
    """
    n = cells.counts[hidden]
    some = np.flatnonzero((n.min(axis=1) < cells.least[hidden]) & n.any(axis=1))
    for size in range(1, TOGETHER + 1):
        if len(some) > MANY and size > 2:
            return None
        sets = np.array(list(combinations(some, size)), dtype=int).reshape(-1, size)
        moves = np.abs(free[sets].sum(axis=1)).max(axis=1, initial=0.0)
        persons = n[sets].sum(axis=1)
        least = cells.least[hidden][sets].max(axis=1) if size == 1 else cells.minimum
        few = ((persons > 0) & (persons < np.reshape(least, (-1, 1)))).any(axis=1)
        told = np.flatnonzero((moves < DETERMINED) & few)
        if told.size:
            return int(hidden[sets[told[0], 0]])
    return None


def _crossed(cells: Lattice, gone: Mask) -> Mask:
    """Tell which hidden cells hang together with one that lies in several families."""
    times = np.zeros(len(gone), dtype=int)
    for family in cells.families:
        times[list(family.parts)] += 1
    found = gone & (times > 1)
    before = -1
    while found.sum() > before:
        before = int(found.sum())
        for family in cells.families:
            own = [*family.parts, *([] if family.parent is None else [family.parent])]
            if found[own].any():
                found[own] |= gone[own]
    return np.asarray(found)


def _equations(
    cells: Lattice, gone: Mask, hidden: Counts
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what is told of hidden cells as rows u = persons."""
    place = {int(cell): k for k, cell in enumerate(hidden)}
    rows, sums = [], []
    for family in cells.families:
        away = [c for c in family.parts if gone[c] and c in place]
        if not away:
            continue
        row = np.zeros(len(hidden))
        row[[place[c] for c in away]] = 1.0
        if family.parent is not None and gone[family.parent]:
            row[place[family.parent]] = -1.0
            sums.append(0.0)
        else:
            sums.append(float(cells.counts[away, 0].sum()))
        rows.append(row)
    return np.array(rows), np.array(sums)


def _values(rows: NDArray[np.float64], sums: NDArray[np.float64], named: Mask, place: int) -> int:
    """Count how many persons a hidden cell may have, for all that is told."""
    target = np.zeros(rows.shape[1])
    target[place] = 1.0
    ends = [(1.0 if is_named else 0.0, None) for is_named in named]
    least, most = (
        linprog(sign * target, A_eq=rows, b_eq=sums, bounds=ends, method="highs").fun
        for sign in (1.0, -1.0)
    )
    return int(np.floor(-most + ROUNDING) - np.ceil(least - ROUNDING)) + 1


def _beside(cells: Lattice, gone: Mask, weak: int) -> int | None:
    """Return the smallest cell that could yet be hidden to protect another; None without any."""
    near = [f for f in cells.families if weak in f.parts or weak == f.parent]
    around = {c for f in near for c in _all(f)}
    far = [f for f in cells.families if around & set(_all(f))]
    for families in (near, far):
        shown = sorted({c for f in families for c in _candidates(cells, f, gone)})
        if shown:
            return min(shown, key=lambda c: int(cells.counts[c].min()))
    return None


def _all(family: Family) -> Iterator[int]:
    yield from family.parts
    if family.parent is not None:
        yield family.parent


def _candidates(cells: Lattice, family: Family, gone: Mask) -> Sequence[int]:
    return [c for c in _all(family) if not gone[c] and cells.counts[c].any()]
