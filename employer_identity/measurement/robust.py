"""Inference that does not take answers for normal, complete or independent.

With s a respondent's score, H the information of one respondent and J the covariance of the scores
(summed within clusters first, over groups too), estimates have covariance ``H^-1 J H^-1 / n``. The
likelihood-ratio statistic is divided by ::

    c = [tr(H1^-1 J1) - tr(H0^-1 J0)] / df

with 1 the saturated and 0 the fitted model (Yuan & Bentler 2000, in Muthen's form). Satorra and
Bentler's (1994) factor is the same where H is expected at the fitted moments and J1 is ``H1 Gamma
H1`` with Gamma the covariance of the sample moments. Symbols as in `normal`; c cells, q parameters,
C clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement import normal
from employer_identity.measurement.arrow import Arrow, Factor, Tied
from employer_identity.measurement.implied import Implied, directions, fill, imply_from
from employer_identity.measurement.layout import MATRICES, Layout
from employer_identity.measurement.likelihood import jacobian, slope_by_cell
from employer_identity.measurement.normal import Expansion
from employer_identity.measurement.patterns import Patterns
from employer_identity.measurement.rows import Respondents

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def curvature_of_moments(layout: Layout, theta: Array, M: Array, v: Array) -> Array:
    """Return the second derivatives of tr(M Sigma) + v'mu by pair of cells, (G, c, c).

    By complex steps through the first ones, a cell of all groups at a time.
    """
    cells = layout.cells
    matrices = fill(layout, theta)
    found = np.zeros((len(M), len(cells.row), len(cells.row)))
    for c, (matrix, i, j) in enumerate(zip(cells.matrix, cells.row, cells.column, strict=True)):
        name = MATRICES[matrix]
        if name in ("Theta", "nu"):
            continue  # Sigma and mu are linear in them
        moved = {k: m.astype(complex) if k == name else m for k, m in matrices.items()}
        moved[name][:, i, j] += 1e-20j
        if name == "Psi" and i != j:
            moved[name][:, j, i] += 1e-20j
        D = directions(imply_from(layout, moved), cells)
        found[:, c] = slope_by_cell(D, M, v).imag / 1e-20
    return found


@dataclass(frozen=True, eq=False)
class Bread(Tied):
    """A model's information of one respondent, with the derivatives of its moments.

    Parameters
    ----------
    Delta
        Derivatives of the moments by cell, (G, P, c).
    """

    Delta: Array

    def of_moments(self, within: Array) -> Tied:
        """Carry a matrix by pair of moments (G, P, P) over to cells."""
        return Tied(self.Delta.transpose(0, 2, 1) @ within @ self.Delta, self.arrow)


@dataclass(frozen=True, eq=False)
class Meat(Tied):
    """Covariance of the scores of cells, groups being independent of each other."""

    def trace(self, inverse: Factor) -> float:
        """Return tr(H^-1 J)."""
        return float(np.vdot(inverse.inverse, self.by_cell))

    def square_trace(self, inverse: Factor) -> float:
        """Return tr(H^-1 J H^-1 J)."""
        return float(np.vdot(self.around(inverse), self.by_cell))

    def around(self, inverse: Factor) -> Array:
        """Return H^-1 J H^-1 by pair of cells of a group, (G, c, c)."""
        return inverse.around(self.by_cell)

    def left(self, information: Tied) -> Array:
        """Return the variance (G, c) of each cell's score less what the parameters' explain of it.

        The score of cell c is projected as s_c - I_ct I_tt^-1 s_t, t the parameters.
        """
        I, J = information.by_cell, self.by_cell  # noqa: E741
        slope = I @ information.factor.inverse
        explained = ((I @ self.around(information.factor)) * I).sum(axis=2)
        own = np.diagonal(J, axis1=1, axis2=2)
        return np.asarray(own - 2.0 * (slope * J).sum(axis=2) + explained)


@dataclass(frozen=True, eq=False)
class CrossedMeat:
    """The same where clusters have people in several groups: scores are added up over groups first.

    Parameters
    ----------
    by_cluster
        Scores of each cluster by group and cell, (G, c, C), scaled so that a sum of products is a
        covariance.
    arrow
        Where cells are parameters.
    """

    by_cluster: Array
    arrow: Arrow

    @cached_property
    def by_parameter(self) -> Array:
        """Scores of each cluster by parameter, (q, C)."""
        found = np.zeros((self.arrow.q + 1, self.by_cluster.shape[2]))
        np.add.at(found, self.arrow.parameter, self.by_cluster)
        return found[:-1]

    @property
    def dense(self) -> Array:
        """Covariance of the parameters' scores, (q, q)."""
        return np.asarray(self.by_parameter @ self.by_parameter.T)

    def moved(self, inverse: Factor) -> Array:
        """Return how far each cluster moves the estimate of each cell, (G, c, C)."""
        return np.pad(inverse.solve(self.by_parameter), ((0, 1), (0, 0)))[self.arrow.parameter]

    def trace(self, inverse: Factor) -> float:
        """Return tr(H^-1 J)."""
        return float(np.vdot(inverse.solve(self.by_parameter), self.by_parameter))

    def square_trace(self, inverse: Factor) -> float:
        """Return tr(H^-1 J H^-1 J)."""
        left, right = inverse.solve(self.by_parameter), self.by_parameter
        inner = left.T @ right if right.shape[1] < len(right) else left @ right.T
        return float(np.vdot(inner, inner.T))

    def times(self, right: Array) -> Array:
        """Return the parameters' J times several vectors, (q, r)."""
        return np.asarray(self.by_parameter @ (self.by_parameter.T @ right))

    def around(self, inverse: Factor) -> Array:
        """Return H^-1 J H^-1 by pair of cells of a group, (G, c, c)."""
        moved = self.moved(inverse)
        return np.asarray(moved @ moved.transpose(0, 2, 1))

    def left(self, information: Tied) -> Array:
        """Return what `Meat.left` does."""
        explained = information.by_cell @ self.moved(information.factor)
        return np.asarray(((self.by_cluster - explained) ** 2).sum(axis=2))


def meat(rows: Respondents, own: Bread, at: Expansion, mu: Array) -> Meat | CrossedMeat:
    """Return the covariance of the scores at a model's moments."""
    if not rows.crossed:
        return Meat(rows.meat_by_cell(at, mu, own.Delta), own.arrow)
    found = np.zeros((len(own.Delta), own.Delta.shape[2], rows.units))
    for g, s in enumerate(rows.by_group(at, mu)):
        found[g][:, rows.cluster_numbers(g)] = (s @ own.Delta[g]).T
    return CrossedMeat(found / np.sqrt(rows.patterns.n.sum()), own.arrow)


def bread(
    layout: Layout, theta: Array, implied: Implied, patterns: Patterns, at: Expansion, *, seen: bool
) -> Bread:
    """Return the observed (``seen``) or expected information about theta."""
    Delta = jacobian(directions(implied, layout.cells))
    about = normal.observed(patterns, at) if seen else normal.expected(patterns, at)
    by_cell = Delta.transpose(0, 2, 1) @ about @ Delta
    if seen:
        by_cell = by_cell - curvature_of_moments(
            layout, theta, *normal.slopes(patterns, at)
        )  # fmt: skip
    return Bread(by_cell, layout.cells.arrow, Delta)
