"""What published numbers say of hidden ones as inequalities: counts, sums, rounding bands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from employer_identity.audit.atoms import COMMON, Block, Members
from employer_identity.audit.facts import PERSONS, REST, Answers, Fact, Scope, Statement, box

Floats = NDArray[np.float64]
EXACT = 1e-6
"""Tolerance of the linear programmes: HiGHS's own is 1e-7."""


@dataclass(frozen=True, eq=False)
class System:
    """All counts and sums that published numbers allow: lower <= rows u <= upper, u >= 0.

    u holds the persons n of each atom; of a measure also the persons k who answered it, and what
    their answers sum to above the lowest, y = x - low k.

    Attributes
    ----------
    rows
        Inequalities x unknowns, sparse.
    lower, upper
        Their bounds; infinite where there is none.
    sources
        Which statement a row comes from; None where it holds by itself.
    span
        Lowest and highest answer of the measure; None: counts only.
    own
        Whether those who answered are unknowns of their own, and not simply the persons.
    """

    rows: sparse.csr_matrix
    lower: Floats
    upper: Floats
    sources: tuple[Statement | None, ...]
    atoms: int
    span: Answers | None = None
    own: bool = False

    @property
    def unknowns(self) -> int:
        """How many unknowns there are."""
        return int(self.rows.shape[1])

    def persons(self, members: Members) -> Floats:
        """Return the row that counts the persons in a set."""
        return self._row(members, 0)

    def answered(self, members: Members) -> Floats:
        """Return the row that counts those in a set who answered the measure."""
        return self._row(members, int(self.own))

    def above(self, members: Members) -> Floats:
        """Return the row that sums the answers of a set above the lowest."""
        return self._row(members, 1 + self.own)

    def _row(self, members: Members, part: int) -> Floats:
        row = np.zeros(self.unknowns)
        row[part * self.atoms : (part + 1) * self.atoms] = members
        return row

    def split(self) -> tuple[sparse.csr_matrix, Floats, sparse.csr_matrix, Floats]:
        """Return the inequalities as A_ub, b_ub, A_eq, b_eq of `scipy.optimize.linprog`."""
        same = self.lower == self.upper
        above, below = ~same & np.isfinite(self.upper), ~same & np.isfinite(self.lower)
        rows = sparse.vstack([self.rows[above], -self.rows[below]], format="csr")
        bounds = np.concatenate([self.upper[above], -self.lower[below]])
        return rows, bounds, self.rows[same], self.upper[same]


def system(
    block: Block, measure: str = PERSONS, answers: tuple[int, ...] = (), span: Answers | None = None
) -> System:
    """Write down what is stated of a block: of persons, and of one measure or share if named.

    Weighted means and shares are left out: they bound what they say only together with weights,
    which nobody publishes.
    """
    atoms = len(block.cells)
    own = measure in block.skipped
    width = atoms * (1 + own + (span is not None))
    empty = sparse.csr_matrix((0, width))
    blank = System(empty, np.zeros(0), np.zeros(0), (), atoms, span, own)
    rows: list[Floats] = []
    ends: list[tuple[float, float]] = []
    sources: list[Statement | None] = []
    for s in block.about(PERSONS, measure):
        for row, lower, upper in _told(s.fact, blank, block, measure, answers):
            rows.append(row)
            ends.append((lower, upper))
            sources.append(s)
    told = sparse.csr_matrix(np.array(rows).reshape(len(rows), width))
    limits = _limits(blank)
    least = np.array([e[0] for e in ends] + [-np.inf] * limits.shape[0])
    most = np.array([e[1] for e in ends] + [0.0] * limits.shape[0])
    both = sparse.vstack([told, limits], format="csr")
    return System(both, least, most, (*sources, *[None] * limits.shape[0]), atoms, span, own)


def _limits(blank: System) -> sparse.csr_matrix:
    """Return rows that are nil at most: nobody answers twice, no sum is above the highest."""
    one, rows = sparse.identity(blank.atoms), []
    parts = blank.unknowns // blank.atoms
    nothing = sparse.csr_matrix((blank.atoms, blank.atoms))
    if blank.own:
        rows.append([-one, one, *[nothing] * (parts - 2)])
    if blank.span is not None:
        reach = blank.span.high - blank.span.low
        rows.append([*[nothing] * (parts - 2), -reach * one, one])
    if not rows:
        return sparse.csr_matrix((0, blank.unknowns))
    return sparse.vstack([sparse.hstack(r) for r in rows], format="csr")


def _told(
    fact: Fact, blank: System, block: Block, measure: str, answers: tuple[int, ...]
) -> list[tuple[Floats, float, float]]:
    """Return what a fact says as rows with their bounds; nothing where it is of another measure."""
    members = block.members(fact.scope)
    if fact.measure == PERSONS and fact.quantity == "count":
        row = blank.persons(members)
        if fact.value is None:
            return [(row, 1.0, np.inf)]  # a cell that is named has somebody in it
        return [(row, fact.value - fact.half, fact.value + fact.half)]
    if fact.value is None:
        return []
    if fact.measure == PERSONS:
        return _band(blank.persons(members), blank.persons(block.members(around(fact.scope))), fact)
    if fact.measure != measure:
        return []
    if fact.quantity == "count":
        return [(blank.answered(members), fact.value - fact.half, fact.value + fact.half)]
    if blank.span is None or fact.answers != answers or fact.weighted:
        return []
    return _summed(fact, blank, block, members)


def _summed(
    fact: Fact, blank: System, block: Block, members: Members
) -> list[tuple[Floats, float, float]]:
    """Return what a mean, share or sum says of the answers' sum."""
    assert blank.span is not None
    assert fact.value is not None
    k, total = (
        blank.answered(members),
        blank.above(members) + blank.span.low * blank.answered(members),
    )
    if fact.quantity == "sum":
        return [(total, fact.value - fact.half, fact.value + fact.half)]
    n = block.counted(fact.measure if blank.own else PERSONS).get(members.tobytes())
    if n is None or not blank.span.whole:
        return _band(total, k, fact)
    ends = (n * (fact.value - fact.half), n * (fact.value + fact.half))
    lower, upper = math.ceil(ends[0] - EXACT), math.floor(ends[1] + EXACT)
    return [(total, float(lower), float(upper))] if lower <= upper else _band(total, k, fact)


def _band(total: Floats, count: Floats, fact: Fact) -> list[tuple[Floats, float, float]]:
    """Total / count lies within what was rounded; as two inequalities that are linear in both."""
    assert fact.value is not None
    low, high = fact.value - fact.half, fact.value + fact.half
    if low == high:
        return [(total - low * count, 0.0, 0.0)]
    return [(total - low * count, 0.0, np.inf), (total - high * count, -np.inf, 0.0)]


def around(scope: Scope) -> Scope:
    """Return everybody in the waves and editions of a scope."""
    return tuple(dict.fromkeys(box({c: v for c, v in one if c in COMMON}) for one in scope))


def needed(block: Block) -> Block:
    """Leave out the atoms that no number names and none needs: nobody is left over there."""
    if block.named.all():
        return block
    told = system(block)
    rows, bounds, equal, values = told.split()
    vague = (block.cells == REST).sum(axis=1)  # left over of as much as may be
    spare = np.where(block.named, 0.0, 2.0**-vague)
    found = linprog(spare, rows, bounds, equal, values, method="highs")
    kept = block.named.copy()
    if found.x is not None:
        kept |= found.x > EXACT
    return block.only(kept if found.x is not None else np.ones_like(kept))
