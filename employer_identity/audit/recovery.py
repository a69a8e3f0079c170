"""Exact recovery: what can be had from published numbers by adding and subtracting.

A sum over some atoms is known exactly if its indicator lies in the row space of the sets whose sums
are published: c = w A for some weights w. Weights that are few name the numbers that give it away.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.optimize import linprog

from employer_identity.audit.atoms import Members

RESIDUAL = 1e-9
"""Largest part of an indicator that may lie outside the row space for it to lie inside."""
WEIGHT = 1e-7
"""Weights below this take no part."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Known:
    """Sets of atoms whose sums are published.

    Attributes
    ----------
    sets
        Which atoms are in which set, sets x atoms.
    values
        Their sums, one a set.
    """

    sets: Floats
    values: Floats

    @classmethod
    def of(cls, sets: list[Members], values: list[float], atoms: int) -> Known:
        """Put sets with their sums together; a set that is empty leaves its atoms empty."""
        rows = np.array(sets, dtype=float).reshape(len(sets), atoms)
        return cls(rows, np.array(values, dtype=float))

    @cached_property
    def basis(self) -> Floats:
        """Return an orthonormal basis of the row space, atoms x rank."""
        if not self.sets.size:
            return np.zeros((self.sets.shape[1], 0))
        q, r, _ = qr(self.sets.T, mode="economic", pivoting=True)
        diagonal = np.abs(np.diag(r))
        return np.asarray(q[:, : int((diagonal > RESIDUAL * max(diagonal[0], 1.0)).sum())])

    def spans(self, targets: Floats) -> Members:
        """Tell which targets, a row each, can be had by adding and subtracting."""
        left = targets - (targets @ self.basis) @ self.basis.T
        return np.asarray(np.abs(left).max(axis=1, initial=0.0) < RESIDUAL * 10)

    @cached_property
    def solution(self) -> Floats:
        """Return the shortest of the solutions that all have the published sums."""
        solution, *_ = np.linalg.lstsq(self.sets, self.values, rcond=None)
        return np.asarray(solution)

    def sums(self, targets: Floats) -> Floats:
        """Return the sums over targets, a row each, that the row space has: of any solution."""
        return np.asarray(targets @ self.solution)

    def weights(self, target: Floats) -> Floats:
        """Return weights of the sets that give a target, as small in sum as can be, so few.

        They solve min sum |w| such that w A = c.
        """
        k = len(self.sets)
        both = np.hstack([self.sets.T, -self.sets.T])
        found = linprog(np.ones(2 * k), A_eq=both, b_eq=target, method="highs")
        if found.x is None:  # at the tolerance of the row space
            weights, *_ = np.linalg.lstsq(self.sets.T, target, rcond=None)
            return np.asarray(weights)
        return np.asarray(found.x[:k] - found.x[k:])


def nested(sets: Floats) -> list[tuple[int, int]]:
    """Return the pairs (larger, smaller) of sets of which one has all atoms of the other."""
    outside = sets @ (1.0 - sets).T  # atoms of the first that the second lacks
    size = sets.sum(axis=1)
    smaller, larger = np.nonzero((outside == 0) & (size[:, None] < size[None, :]))
    return list(zip(larger.tolist(), smaller.tolist(), strict=True))
