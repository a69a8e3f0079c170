"""Normal-theory maximum likelihood from complete moments: objective, score, information.

F = sum_g (n_g / n) [ log|Sigma| + tr(S Sigma^-1) - log|S| - p + d' Sigma^-1 d ],  d = mean - mu
(Bollen 1989, p. 107). All quantities are per respondent: chi-square is n F, the information that of
one respondent.

With the whitened directions U = L^-1 u, W = L^-1 w (Sigma = L L'), the expected information of two
cells a, b is ::

    f_a f_b [ (U_a.U_b)(W_a.W_b) + (U_a.W_b)(W_a.U_b) ] + h_a h_b (U_a.U_b)

which is 1/2 tr(Sigma^-1 dSigma_a Sigma^-1 dSigma_b) + dmu_a' Sigma^-1 dmu_b written out for
rank-two derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.arrow import Factor, Tied, factor
from employer_identity.measurement.implied import Directions, Implied, directions, imply
from employer_identity.measurement.layout import Cells, Layout
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.normal import expand, expected, minus_two_logl, slopes
from employer_identity.measurement.patterns import Patterns

Array = NDArray[np.float64]
TOGETHER = 8  # groups whose information is computed at a time: they stay in the cache


@dataclass(frozen=True, eq=False)
class Curvature:
    """Score and expected information by group and cell, before cells are tied into parameters.

    The information costs more than the score and is not needed at every step, so it is computed
    when first asked for.

    Parameters
    ----------
    score
        Derivative of -F/2 by cell, groups weighted by their share; (G, c).
    compute
        Returns the information.
    cells
        The cells, with the parameter that each is.
    """

    score: Array
    compute: Callable[[], Array]
    cells: Cells

    def __reduce__(self) -> tuple[object, ...]:
        # to another process goes the information, not the way to it
        return Curvature, (self.score, partial(np.asarray, self.information), self.cells)

    @cached_property
    def information(self) -> Array:
        """Expected information of one respondent by pair of cells, weighted by share; (G, c, c)."""
        return self.compute()

    @cached_property
    def gradient(self) -> Array:
        """Score by parameter, (q,): one scatter-add."""
        return self.cells.arrow.by_parameter(self.score)

    @cached_property
    def diagonal(self) -> Array:
        """Information of each parameter about itself, its cells taken one by one; (q,)."""
        own = np.diagonal(self.information, axis1=1, axis2=2)
        return self.cells.arrow.by_parameter(own)

    @cached_property
    def tied(self) -> Tied:
        """Information by pair of parameters."""
        return Tied(self.information, self.cells.arrow)

    def inverted(self, damping: float) -> Factor:
        """Return the inverse of the information, its diagonal weighted up by a share of itself."""
        return factor(self.tied, damping * self.diagonal) if damping else self.tied.factor


def _objective(moments: Moments, implied: Implied) -> tuple[float, Array]:
    """Return F and the inverse Cholesky factors of Sigma (G, p, p)."""
    try:
        L = np.linalg.cholesky(implied.Sigma)
    except np.linalg.LinAlgError:
        return np.inf, np.empty(0)
    Linv = np.linalg.inv(L)
    d = (Linv @ (moments.mean - implied.mu)[..., None])[..., 0]
    logdet = 2.0 * np.log(np.diagonal(L, axis1=1, axis2=2)).sum(axis=1)
    whitened = Linv @ moments.covariance
    trace = np.einsum("gij,gij->g", whitened, Linv)
    each = logdet + trace - moments.log_determinant - len(moments.names) + (d * d).sum(axis=1)
    return float(moments.n @ each / moments.n.sum()), Linv


def curvature(moments: Moments, layout: Layout, theta: Array) -> tuple[float, Curvature | None]:
    """Return F with its score and information, None where Sigma is not positive definite."""
    implied = imply(layout, theta)
    value, Linv = _objective(moments, implied)
    if not np.isfinite(value):
        return value, None
    return value, curvature_of(moments, implied, Linv, layout.cells)


def curvature_of(moments: Moments, implied: Implied, Linv: Array, cells: Cells) -> Curvature:
    """Return score and information by cell, for the free cells or any others asked about."""
    share = moments.n / moments.n.sum()
    D = directions(implied, cells)
    U, W = D.u @ Linv.transpose(0, 2, 1), D.w @ Linv.transpose(0, 2, 1)
    d = (Linv @ (moments.mean - implied.mu)[..., None])[..., 0]
    # whitened misfit of the second moments about mu: L^-1 (S + dd' - Sigma) L^-T
    misfit = Linv @ moments.covariance @ Linv.transpose(0, 2, 1) + d[:, :, None] * d[:, None, :]
    misfit = misfit - np.eye(misfit.shape[-1])
    score = D.f * ((U @ misfit) * W).sum(axis=2) + D.h * (U @ d[..., None])[..., 0]
    whitened = Directions(U, W, D.f, D.h)
    return Curvature(score * share[:, None], lambda: gram(whitened) * share[:, None, None], cells)


def curvature_with_holes(
    patterns: Patterns, saturated: float, layout: Layout, theta: Array
) -> tuple[float, Curvature | None]:
    """Return F with its score and expected information from answers with holes.

    ``saturated`` is -2 logl per respondent of the saturated model.
    """
    implied = imply(layout, theta)
    at = expand(patterns, implied.Sigma, implied.mu)
    if at is None:
        return np.inf, None
    D = directions(implied, layout.cells)
    score = slope_by_cell(D, *slopes(patterns, at))

    def information() -> Array:
        Delta = jacobian(D)
        return np.asarray(Delta.transpose(0, 2, 1) @ expected(patterns, at) @ Delta)

    value = minus_two_logl(patterns, at) - saturated
    return value, Curvature(score, information, layout.cells)


def slope_by_cell(D: Directions, M: Array, v: Array) -> Array:
    """Carry derivatives by Sigma (G, p, p) and mu (G, p) over to cells, (G, c)."""
    found: Array = 2.0 * D.f * ((D.u @ M) * D.w).sum(axis=2) + D.h * (D.u @ v[..., None])[..., 0]
    return found


def jacobian(D: Directions) -> Array:
    """Return the derivatives of the listed moments by cell, (G, P, c)."""
    i, j = np.tril_indices(D.u.shape[-1])
    second = D.f[:, None] * (D.u[:, :, i] * D.w[:, :, j] + D.w[:, :, i] * D.u[:, :, j])
    first = D.h[:, :, None] * D.u
    return np.concatenate([second, first], axis=2).transpose(0, 2, 1)


def gram(D: Directions) -> Array:
    """Expected information by pair of cells from whitened directions, (G, c, c)."""
    groups, c, _ = D.u.shape
    found = np.empty((groups, c, c))
    for first in range(0, groups, TOGETHER):
        some = slice(first, first + TOGETHER)
        u, h, fw = D.u[some], D.h[some], D.f[:, None] * D.w[some]
        UU, UW = (u @ other.transpose(0, 2, 1) for other in (u, fw))
        total = np.matmul(fw, fw.transpose(0, 2, 1), out=found[some])
        total += h[:, :, None] * h[:, None, :]
        total *= UU
        total += UW * UW.transpose(0, 2, 1)
    return found
