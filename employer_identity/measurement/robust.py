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

from collections.abc import Iterator
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

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """The respondents behind the patterns.

    Parameters
    ----------
    answers
        (n, p), NaN where there is none.
    block
        Each row's pattern, (n,).
    weights
        (n,), with mean 1.
    cluster
        Each row's cluster number, (n,); None where everybody is a cluster.
    patterns
        The patterns.
    position
        Each row's place among those given, (n,).
    """

    answers: Array
    block: Integers
    weights: Array
    cluster: Integers | None
    patterns: Patterns
    position: Integers

    @cached_property
    def group(self) -> Integers:
        """Each row's group number, (n,)."""
        return self.patterns.group[self.block]

    @cached_property
    def units(self) -> int:
        """Number of independent units: clusters, or respondents."""
        return len(self.block) if self.cluster is None else len(np.unique(self.cluster))

    @cached_property
    def products(self) -> tuple[Array, ...]:
        """Weighted products of complete answers about their group's means, summed by cluster.

        Per group an array with a row a cluster (or a respondent) and 1 + P columns: 1, the listed
        d d', and d. Scores at any Sigma and mu are linear in them.
        """
        found = []
        i, j = np.tril_indices(self.answers.shape[1])
        for g, mean in enumerate(self.patterns.mean):
            mine = self.group == g
            d = self.answers[mine] - mean
            listed = np.concatenate([np.ones((len(d), 1)), d[:, i] * d[:, j], d], axis=1)
            found.append(self._summed(listed, mine))
        return tuple(found)

    @cached_property
    def squares(self) -> Array:
        """Cross-products of `products` by group, (G, 1 + P, 1 + P): fourth-order moments."""
        return np.stack([t.T @ t for t in self.products])

    def _summed(self, values: Array, mine: NDArray[np.bool_]) -> Array:
        """Weight rows and add them up within clusters; clusters in the order of their numbers.

        Sums of C clusters vary about their own mean, hence sqrt(C / (C - 1)); C is the group's, for
        each group has moments of its own.
        """
        weighted = values * self.weights[mine, None]
        if self.cluster is None:
            return weighted
        cluster = self.cluster[mine]
        order = np.argsort(cluster, kind="stable")
        starts = np.flatnonzero(np.diff(cluster[order], prepend=-1))
        C = len(starts)
        return np.asarray(np.add.reduceat(weighted[order], starts, axis=0) * np.sqrt(C / (C - 1)))

    def scores(self, at: Expansion, mu: Array) -> tuple[Array, ...]:
        """Return the scores of each group's clusters (or respondents) by moment, (C_g, P) each."""
        return tuple(self.by_group(at, mu))

    def by_group(self, at: Expansion, mu: Array) -> Iterator[Array]:
        """Go through the scores a group at a time: those of all at once are large."""
        if self.patterns.complete:
            for t, L in zip(self.products, _linear(self.patterns, at, mu), strict=True):
                yield t @ L.T
            return
        for g in range(self.patterns.n_groups):
            mine = self.group == g
            of_rows = normal.scores(self.patterns, at, self.answers[mine], self.block[mine], mu)
            yield self._summed(of_rows, mine)

    def meat(self, at: Expansion, mu: Array) -> Array:
        """Return the covariance of the moments' scores within groups, (G, P, P)."""
        n = self.weights.sum()
        if self.patterns.complete:
            L = _linear(self.patterns, at, mu)
            found: Array = L @ self.squares @ L.transpose(0, 2, 1) / n
            return found
        return np.asarray(np.stack([s.T @ s for s in self.by_group(at, mu)]) / n)

    def meat_by_cell(self, at: Expansion, mu: Array, Delta: Array) -> Array:
        """Return the covariance of the scores of cells within groups, (G, c, c)."""
        to_cells = Delta.transpose(0, 2, 1)
        if not self.patterns.complete:
            return np.asarray(to_cells @ self.meat(at, mu) @ Delta)
        D = to_cells @ _linear(self.patterns, at, mu)
        return np.asarray(D @ self.squares @ D.transpose(0, 2, 1) / self.weights.sum())

    @cached_property
    def crossed(self) -> bool:
        """Whether some cluster has people in several groups."""
        if self.cluster is None or self.patterns.n_groups == 1:
            return False
        pairs = np.unique(np.stack([self.cluster, self.group]), axis=1)
        return bool(len(np.unique(pairs[0])) < pairs.shape[1])

    def cluster_numbers(self, g: int) -> Integers:
        """Return the numbers of a group's clusters, in the order of its scores."""
        assert self.cluster is not None
        found: Integers = np.unique(self.cluster[self.group == g])
        return found


def _linear(patterns: Patterns, at: Expansion, mu: Array) -> Array:
    """Return the map from products to scores of complete answers, (G, P, 1 + P).

    With d about the group's mean and e = mean - mu: score = f (A (d + e)(d + e)' A - A), A (d + e).
    """
    p = len(patterns.names)
    i, j = np.tril_indices(p)
    f = np.where(i == j, 0.5, 1.0)
    A, r = at.A, at.r  # r = A e: one pattern a group
    s = len(i)
    found = np.zeros((len(A), s + p, 1 + s + p))
    quadratic = A[:, i][:, :, i] * A[:, j][:, :, j] + A[:, i][:, :, j] * A[:, j][:, :, i]
    found[:, :s, 1 : s + 1] = f[:, None] * quadratic * np.where(i == j, 0.5, 1.0)
    found[:, :s, s + 1 :] = f[:, None] * (A[:, i] * r[:, j, None] + A[:, j] * r[:, i, None])
    found[:, :s, 0] = f * (r[:, i] * r[:, j] - A[:, i, j])
    found[:, s:, s + 1 :] = A
    found[:, s:, 0] = r
    return found


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
        inner = inverse.solve(self.by_parameter) @ self.by_parameter.T
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


def meat(rows: Rows, own: Bread, at: Expansion, mu: Array) -> Meat | CrossedMeat:
    """Return the covariance of the scores at a model's moments."""
    if not rows.crossed:
        return Meat(rows.meat_by_cell(at, mu, own.Delta), own.arrow)
    assert rows.cluster is not None  # only clusters cross
    numbers = np.unique(rows.cluster)
    found = np.zeros((len(own.Delta), own.Delta.shape[2], len(numbers)))
    for g, s in enumerate(rows.by_group(at, mu)):
        found[g][:, np.searchsorted(numbers, rows.cluster_numbers(g))] = (s @ own.Delta[g]).T
    return CrossedMeat(found / np.sqrt(rows.weights.sum()), own.arrow)


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
