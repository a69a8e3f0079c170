"""What published numbers leave open: the least and the most that a hidden count or mean can be.

A count is linear in the unknowns. A mean is a ratio of two sums; with both divided by the second
(Charnes and Cooper 1962) it is linear again:

    min x'c / k'c  subject to  lower <= A u <= upper, u >= 0, k'c >= 1

is, with v = t u and t = 1 / k'c, linear in (v, t): k'c(v) = 1, A v - upper t <= 0, 0 <= t <= 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from employer_identity.audit.atoms import Members
from employer_identity.audit.facts import Statement
from employer_identity.audit.system import EXACT, System

Floats = NDArray[np.float64]
TRIALS = 6
"""Directions in which all hidden cells are pushed at once, before each is bounded by itself."""


class ContradictionError(ValueError):
    """No people at all could have given the published numbers."""


@dataclass(frozen=True)
class Bounds:
    """The least and the most that something hidden can be, and which numbers say so."""

    lower: float
    upper: float
    witnesses: tuple[Statement, ...] = ()

    @property
    def values(self) -> float:
        """How many whole numbers there are between both."""
        if not np.isfinite(self.upper):
            return np.inf
        return float(np.floor(self.upper + EXACT) - np.ceil(self.lower - EXACT)) + 1

    @property
    def width(self) -> float:
        """Distance between both."""
        return self.upper - self.lower


@dataclass
class Attack:
    """Pushes hidden numbers of one system as far as the published ones let them go.

    Attributes
    ----------
    system
        What is known.
    points
        Solutions that were found on the way: every one is a way in which it can all be true.
    """

    system: System
    points: list[Floats] = field(default_factory=list)

    @cached_property
    def _parts(self) -> tuple[sparse.csr_matrix, Floats, sparse.csr_matrix, Floats]:
        return self.system.split()

    def _extreme(self, row: Floats) -> tuple[float, set[int]]:
        """Minimise a row; return the minimum and the rows of the system that hold it up."""
        upper, most, equal, values = self._parts
        found = linprog(row, upper, most, equal, values, method="highs")
        if found.status == 2:
            raise ContradictionError
        if found.x is None:  # unbounded
            return -np.inf, set()
        self.points.append(found.x)
        return float(found.fun), self._holding(found.ineqlin.marginals, found.eqlin.marginals)

    def _holding(self, inequalities: Floats, equalities: Floats) -> set[int]:
        """Return the rows of the system whose dual value is not nil."""
        s = self.system
        same = s.lower == s.upper
        above = np.flatnonzero(~same & np.isfinite(s.upper))
        below = np.flatnonzero(~same & np.isfinite(s.lower))
        places = np.concatenate([above, below])[np.abs(inequalities) > EXACT]
        return {*places.tolist(), *np.flatnonzero(same)[np.abs(equalities) > EXACT].tolist()}

    def _named(self, rows: set[int]) -> tuple[Statement, ...]:
        found = (self.system.sources[k] for k in sorted(rows))
        return tuple(dict.fromkeys(s for s in found if s is not None))

    def scatter(self, hidden: Sequence[Members]) -> None:
        """Push all hidden cells at once, each up or down, so that most show their width."""
        rng = np.random.default_rng(0)
        for trial in range(max(1, min(TRIALS, 2 * len(hidden)))):
            signs = rng.choice([-1.0, 1.0], len(hidden))
            row = np.zeros(self.system.unknowns)
            for k, (sign, members) in enumerate(zip(signs, hidden, strict=True)):
                push = sign if trial > 1 else 1.0 - 2.0 * ((k + trial) % 2)
                row += push * self._push(members)
            self._extreme(row)

    def _push(self, members: Members) -> Floats:
        """Fewer persons, or of a measure answers below the middle."""
        s = self.system
        if s.span is None:
            return s.answered(members)
        return s.above(members) - (s.span.high - s.span.low) / 2 * s.answered(members)

    def count(self, members: Members, enough: int) -> Bounds | None:
        """Bound how many are in a set; None where `enough` whole numbers are possible for it."""
        return self._bounded(self.system.answered(members), enough)

    def may_be_fewer(self, members: Members, least: int) -> bool:
        """Tell whether a set may have fewer people than would be shown; of a measure, answers."""
        row = self.system.answered(members)
        if any(row @ p < least - 0.5 for p in self.points):
            return True
        return self._extreme(row)[0] < least - 0.5

    def agreeing(self, members: Members, enough: int) -> Bounds | None:
        """Bound how many people of a set gave the answers of a share, as `count` does."""
        return self._bounded(self.system.above(members), enough)

    def _bounded(self, row: Floats, enough: int) -> Bounds | None:
        seen = [float(row @ p) for p in self.points]
        if seen and Bounds(min(seen), max(seen)).values >= enough:
            return None
        (lower, low), (upper, high) = self._extreme(row), self._extreme(-row)
        found = Bounds(lower, -upper, self._named(low | high))
        return None if found.values >= enough else found

    def mean(self, members: Members, enough: float) -> Bounds | None:
        """Bound the mean of a set; None where it can vary by `enough` points of the scale."""
        s = self.system
        assert s.span is not None
        total, n = s.above(members), s.answered(members)
        seen = [float(total @ p / (n @ p)) for p in self.points if n @ p >= 1.0]
        if seen and max(seen) - min(seen) >= enough:
            return None
        lower, upper = self._ratio(total, n), self._ratio(-total, n)
        if lower is None or upper is None:  # nobody there can have answered
            return None
        found = Bounds(
            s.span.low + lower[0], s.span.low - upper[0], self._named(lower[1] | upper[1])
        )
        return None if found.width >= enough - EXACT else found

    def _ratio(self, total: Floats, n: Floats) -> tuple[float, set[int]] | None:
        """Minimise a ratio; None where no solution has a person in the denominator."""
        upper, most, equal, values = self._parts
        rows = sparse.hstack([upper, sparse.csr_matrix(-most[:, None])], format="csr")
        fixed = sparse.hstack([equal, sparse.csr_matrix(-values[:, None])], format="csr")
        one = sparse.csr_matrix(np.append(n, 0.0))
        fixed = sparse.vstack([fixed, one], format="csr")
        ends = [(0.0, None)] * self.system.unknowns + [(0.0, 1.0)]
        right = np.append(np.zeros(len(values)), 1.0)
        objective = np.append(total, 0.0)
        found = linprog(objective, rows, np.zeros(len(most)), fixed, right, ends, method="highs")
        if found.x is None:
            return None
        if found.x[-1] > EXACT:
            self.points.append(found.x[:-1] / found.x[-1])
        holding = self._holding(found.ineqlin.marginals, found.eqlin.marginals[:-1])
        return float(found.fun), holding
