"""Diagonally weighted least squares for items answered in ordered categories (Muthen 1984).

With d the sample's statistics less the implied ones, W the inverses of their variances ::

    F = sum_g (n_g - 1) / n  d' W d

so that chi-square is n F. J: the statistics' derivatives by cell; Gamma: n times their covariance
matrix. Steps are Gauss-Newton's, with J'WJ as information. Estimates have covariance matrix ::

    B^-1 M B^-1 / n,    B = sum_g a_g J'WJ,    M = sum_g a_g^2 n / n_g J'W Gamma WJ,   a_g = (n_g - 1) / n
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.arrow import Tied
from employer_identity.measurement.categorical import OrderedMoments
from employer_identity.measurement.implied import Implied, imply
from employer_identity.measurement.layout import Layout
from employer_identity.measurement.likelihood import Curvature
from employer_identity.measurement.responses import observed, slopes, statistics

Array = NDArray[np.float64]


def weights(moments: OrderedMoments) -> Array:
    """Return the weight of each statistic, (G, S)."""
    return np.stack([1.0 / np.diag(one) for one in moments.asymptotic])


def shares(n: Array) -> Array:
    """Return the groups' parts in F, (G,)."""
    return np.asarray((n - 1.0) / n.sum())


def curvature(
    moments: OrderedMoments, layout: Layout, theta: Array
) -> tuple[float, Curvature | None]:
    """Return F with its score and information by cell; None where the model has no scale there."""
    implied = imply(layout, theta)
    if not _has_scale(layout, implied):
        return np.inf, None
    d = observed(moments) - statistics(layout.response, implied)
    W = weights(moments) * shares(moments.n)[:, None]
    value = float((W * d * d).sum())
    J = slopes(layout, implied, layout.cells)
    score = (J * (W * d)[..., None]).sum(axis=1)
    return value, Curvature(score, lambda: gram(J, W), layout.cells)


def _has_scale(layout: Layout, implied: Implied) -> bool:
    """Whether ordered items have a positive variance and scale, and nothing is beyond bounds."""
    ordered = layout.response.ordered
    size = np.diagonal(implied.Sigma, axis1=1, axis2=2)[:, ordered]
    if layout.response.by_scale:
        size = implied.matrices["Delta"][:, ordered, 0]
    return bool((size > 0.0).all() and np.isfinite(implied.Sigma).all())


def gram(J: Array, W: Array) -> Array:
    """Return J'WJ by pair of cells, (G, c, c), for W (G, S) or (G, S, S)."""
    weighted = W[..., None] * J if W.ndim == 2 else W @ J
    return np.asarray(J.transpose(0, 2, 1) @ weighted)


def unidentified(layout: Layout, moments: OrderedMoments, theta: Array) -> NDArray[np.int64]:
    """Return the parameters that no answers could tell apart at theta; empty if all can be."""
    implied = imply(layout, theta)
    J = slopes(layout, implied, layout.cells)
    _, involved = Tied(gram(J, weights(moments)), layout.cells.arrow).null
    return np.flatnonzero(involved)
