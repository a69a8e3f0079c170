"""Diagonally weighted least squares for items answered in ordered categories (Muthen 1984).

With d the sample's statistics less the implied ones, W the inverses of their variances ::

    F = sum_g (n_g - 1) / n  d' W d

so that chi-square is n F. Steps are Gauss-Newton's. With J the statistics' derivatives by cell and
Gamma n_g times their covariance matrix, estimates have covariance matrix ::

    B^-1 M B^-1 / (n - G),    B = sum_g n_g / n  J'WJ,    M = sum_g n_g / n  J'W Gamma WJ

and a true model's chi-square is distributed as a sum of squares weighted by the eigenvalues of U
Gamma, U = W - W J B^-1 J'W over all groups: its mean is their sum, its variance twice that of their
squares. S statistics, G groups, c cells, q parameters, C clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.arrow import Tied
from employer_identity.measurement.categorical import OrderedMoments
from employer_identity.measurement.implied import Implied, imply
from employer_identity.measurement.layout import Layout
from employer_identity.measurement.likelihood import Curvature
from employer_identity.measurement.responses import slopes, statistics
from employer_identity.measurement.robust import Bread, CrossedMeat, Meat

Array = NDArray[np.float64]


def weights(moments: OrderedMoments) -> Array:
    """Return the weight of each statistic, (G, S)."""
    return np.stack([1.0 / np.diag(one) for one in moments.asymptotic])


def curvature(
    moments: OrderedMoments, layout: Layout, theta: Array
) -> tuple[float, Curvature | None]:
    """Return F with its score and information by cell; None where a response has no scale."""
    implied = imply(layout, theta)
    if not _has_scale(layout, implied):
        return np.inf, None
    d = moments.statistics - statistics(layout.response, implied)
    W = weights(moments) * ((moments.n - 1.0) / moments.n.sum())[:, None]
    J = slopes(layout, implied, layout.cells)
    score = (J * (W * d)[..., None]).sum(axis=1)
    return float((W * d * d).sum()), Curvature(score, lambda: gram(J, W), layout.cells)


def _has_scale(layout: Layout, implied: Implied) -> bool:
    """Whether ordered items have a positive variance and scale, and nothing is beyond bounds."""
    ordered = layout.response.ordered
    size = np.diagonal(implied.Sigma, axis1=1, axis2=2)[:, ordered]
    if layout.response.by_scale:
        size = implied.matrices["Delta"][:, ordered, 0]
    return bool((size > 0.0).all() and np.isfinite(implied.Sigma).all())


def gram(J: Array, W: Array) -> Array:
    """Return J'WJ by pair of cells (G, c, c), W being diagonal, (G, S)."""
    return np.asarray(J.transpose(0, 2, 1) @ (W[..., None] * J))


def information(moments: OrderedMoments, layout: Layout, theta: Array) -> Bread:
    """Return B by pair of cells."""
    J = slopes(layout, imply(layout, theta), layout.cells)
    share = (moments.n / moments.n.sum())[:, None]
    return Bread(gram(J, weights(moments) * share), layout.cells.arrow, J)


@dataclass(frozen=True, eq=False)
class WeightedSandwich:
    """What robust inference from ordered items rests on.

    Parameters
    ----------
    bread, meat
        B and M.
    moments
        The statistics.
    """

    bread: Bread
    meat: Meat | CrossedMeat
    moments: OrderedMoments

    @property
    def metric(self) -> Array:
        """Weights of the statistics in units of items that are not ordered, diagonal; (G, S, S)."""
        places = self.moments.places
        i, j = places.pairs
        v = np.diagonal(self.moments.covariance, axis1=1, axis2=2)
        found = np.ones(self.moments.statistics.shape)
        own = v[:, places.at_continuous]
        found[:, places.means], found[:, places.variances] = 1.0 / own, 1.0 / own**2
        found[:, places.first :] = 1.0 / (v[:, i] * v[:, j])
        return np.asarray(found[:, :, None] * np.eye(len(found[0])))

    @property
    def traces(self) -> tuple[float, float]:
        """tr(U Gamma) and tr(U Gamma U Gamma)."""
        B = self.bread.factor
        trace = float(self.moments.statistics.size - self.meat.trace(B))
        if isinstance(self.meat, CrossedMeat):
            return trace, self._crossed_square(self.meat)
        share = self.moments.n / self.moments.n.sum()
        A = _weighted(self.moments)
        own = sum(float((one * one.T).sum()) for one in A)
        W = weights(self.moments) * share[:, None]
        twice = np.stack([a @ a * w for a, w in zip(A, W, strict=True)])
        cross = Meat(self.bread.of_moments(twice).by_cell, self.bread.arrow).trace(B)
        return trace, own - 2.0 * cross + self.meat.square_trace(B)

    def _crossed_square(self, meat: CrossedMeat) -> float:
        """Return the second trace where clusters have people in several groups.

        With Z what clusters move the statistics by, n Z Z' = Gamma: the sum of squares of n Z'UZ.
        """
        crossing, n = self.moments.crossing, self.moments.n
        assert crossing is not None
        clusters = meat.by_cluster.shape[2]
        total = -meat.by_parameter.T @ self.bread.factor.solve(meat.by_parameter)
        for g, w in enumerate(weights(self.moments)):
            Z, at = crossing.moved[g], np.searchsorted(_numbers(self.moments), crossing.number[g])
            total[np.ix_(at, at)] += n[g] * (Z * w) @ Z.T
        assert total.shape == (clusters, clusters)
        return float((total * total).sum())


def _weighted(moments: OrderedMoments) -> list[Array]:
    """Return W Gamma of each group, (S, S)."""
    return [one / np.diag(one)[:, None] for one in moments.asymptotic]


def _numbers(moments: OrderedMoments) -> NDArray[np.int64]:
    """Return the numbers of all clusters, rising."""
    assert moments.crossing is not None
    return np.unique(np.concatenate(moments.crossing.number))


def sandwich(moments: OrderedMoments, layout: Layout, theta: Array) -> WeightedSandwich:
    """Return the sandwich at theta."""
    bread = information(moments, layout, theta)
    W, n = weights(moments), moments.n
    if moments.crossing is None:
        share = n / n.sum()
        within = np.stack(
            [
                k * w[:, None] * one * w
                for k, w, one in zip(share, W, moments.asymptotic, strict=True)
            ]
        )
        meat = Meat(bread.of_moments(within).by_cell, bread.arrow)
        return WeightedSandwich(bread, meat, moments)
    crossing, numbers = moments.crossing, _numbers(moments)
    found = np.zeros((len(n), bread.Delta.shape[2], len(numbers)))
    for g, (Z, number) in enumerate(zip(crossing.moved, crossing.number, strict=True)):
        score = bread.Delta[g].T @ (W[g][:, None] * Z.T) * n[g] / np.sqrt(n.sum())
        found[g][:, np.searchsorted(numbers, number)] = score
    return WeightedSandwich(bread, CrossedMeat(found, bread.arrow), moments)


def unidentified(layout: Layout, moments: OrderedMoments, theta: Array) -> NDArray[np.int64]:
    """Return the parameters that no answers could tell apart at theta; empty if all can be."""
    _, involved = Tied(information(moments, layout, theta).by_cell, layout.cells.arrow).null
    return np.flatnonzero(involved)
