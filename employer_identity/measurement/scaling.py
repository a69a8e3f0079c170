"""Corrections of test statistics for answers that are not normal, complete or independent.

Symbols as in `robust`: H the information about the moments or parameters, J the covariance of their
scores, of one respondent; 1 the saturated, 0 the fitted model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement import normal
from employer_identity.measurement.implied import Implied, directions, imply
from employer_identity.measurement.layout import Layout
from employer_identity.measurement.likelihood import jacobian
from employer_identity.measurement.normal import Expansion
from employer_identity.measurement.patterns import Patterns, whole
from employer_identity.measurement.responses import slopes
from employer_identity.measurement.robust import Bread, CrossedMeat, Meat, bread, meat
from employer_identity.measurement.rows import Respondents
from employer_identity.measurement.saturated import Saturated

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sandwich:
    """Information and covariance of scores of a model's parameters and of the moments.

    Parameters
    ----------
    bread
        Information about the parameters.
    meat
        Covariance of their scores.
    H1, J1
        The same of the moments, (G, P, P): at the saturated moments (MLR) or the fitted ones (MLM).
    free
        Moments that the model speaks of, (P,): those of observed predictors alone are given.
    trace
        tr(H1^-1 J1) over these moments; None where it is not known yet.
    """

    bread: Bread
    meat: Meat | CrossedMeat
    H1: Array
    J1: Array
    free: NDArray[np.bool_]
    trace: float | None = None

    @property
    def metric(self) -> Array:
        """How far apart moments are, (G, P, P): what restrictions are projected in."""
        return self.H1

    @property
    def traces(self) -> tuple[float, float]:
        """tr(H1^-1 J1) and tr(H0^-1 J0)."""
        own = self.meat.trace(self.bread.factor)
        if self.trace is not None:
            return self.trace, own
        H1, J1 = (m[:, self.free][:, :, self.free] for m in (self.H1, self.J1))
        return float(np.einsum("gkk->", np.linalg.solve(H1, J1))), own


def spoken_of(p: int, given: Sequence[int]) -> NDArray[np.bool_]:
    """Mask of the listed moments that are not of given variables alone, (P,)."""
    i, j = np.tril_indices(p)
    is_given = np.isin(np.arange(p), given)
    return np.concatenate([~(is_given[i] & is_given[j]), ~is_given])


def huber_white(
    layout: Layout, theta: Array, saturated: Saturated, given: Sequence[int] = ()
) -> Sandwich:
    """Return the sandwich of MLR: observed information, cross-products of scores."""
    patterns, implied = saturated.patterns, imply(layout, theta)
    at = _expand(patterns, implied)
    own = bread(layout, theta, implied, patterns, at, seen=True)
    assert saturated.rows is not None  # asked for only where there are respondents
    free = spoken_of(len(patterns.names), given)
    spread = meat(saturated.rows, own, at, implied.mu)
    known = saturated.trace if free.all() else None
    return Sandwich(own, spread, saturated.information, saturated.meat, free, known)


def satorra_bentler(
    layout: Layout, theta: Array, rows: Respondents, given: Sequence[int] = ()
) -> Sandwich:
    """Return the sandwich of MLM: expected information, the covariance of the sample moments."""
    patterns, implied = rows.patterns, imply(layout, theta)
    at = _expand(patterns, implied)
    own = bread(layout, theta, implied, patterns, at, seen=False)
    H1 = normal.expected(patterns, at)
    share = patterns.n / patterns.n.sum()
    J1 = H1 @ (_gamma(rows, given) / share[:, None, None]) @ H1
    spread = Meat(own.of_moments(J1).by_cell, own.arrow)
    return Sandwich(own, spread, H1, J1, spoken_of(len(patterns.names), given))


def _gamma(rows: Respondents, given: Sequence[int]) -> Array:
    """Return the covariance of products and deviations of one respondent, (G, P, P).

    Given variables do not vary: what they predict of products and deviations by regression is taken
    out first.
    """
    patterns = rows.patterns
    squares = rows.squares / patterns.n[:, None, None]
    if given:
        left = np.eye(squares.shape[1]) - _foretold(patterns.covariance, given)
        squares = left @ squares @ left.transpose(0, 2, 1)
    mean = squares[:, :1, 1:]
    return np.asarray(squares[:, 1:, 1:] - mean.transpose(0, 2, 1) @ mean)


def _foretold(covariance: Array, given: Sequence[int]) -> Array:
    """Return the map from products to those of what given variables predict, (G, 1 + P, 1 + P).

    With d = C' d the regression on the given ones, products d_i d_j become sums of C_ki C_lj d_k
    d_l; 1 is not predicted but taken for a constant.
    """
    groups, p, _ = covariance.shape
    x, (i, j) = list(given), np.tril_indices(p)
    C = np.zeros_like(covariance)
    C[:, x] = np.linalg.solve(covariance[:, x][:, :, x], covariance[:, x])
    s = len(i)
    Ci, Cj = C[:, :, i], C[:, :, j]
    both = Ci[:, i] * Cj[:, j] + Ci[:, j] * Cj[:, i]  # [from kl, to ij]
    found = np.zeros((groups, 1 + s + p, 1 + s + p))
    found[:, 1 : 1 + s, 1 : 1 + s] = (both * np.where(i == j, 0.5, 1.0)[:, None]).swapaxes(1, 2)
    found[:, 1 + s :, 1 + s :] = C.swapaxes(1, 2)
    return found


def _expand(patterns: Patterns, implied: Implied) -> Expansion:
    at = normal.expand(patterns, implied.Sigma, implied.mu)
    assert at is not None  # estimates imply a covariance matrix, or there would be none
    return at


def as_if_complete(patterns: Patterns, saturated: Saturated) -> Patterns:
    """Take the saturated moments for those of complete answers."""
    n = np.bincount(patterns.group, patterns.n, patterns.n_groups)
    return whole(patterns.names, n, saturated.mu, saturated.Sigma)


def complete_data_fit(
    layout: Layout, theta: Array, saturated: Saturated, J1: Array, given: Sequence[int] = ()
) -> tuple[float, float]:
    """Return the discrepancy of complete answers, and its expectation for a true model.

    Both per respondent, for the indices of incomplete answers (Zhang & Savalei 2023): F at the
    estimates from the saturated moments; and tr(W M Gamma M'), W the information of complete
    answers, M = I - Delta (Delta' H1 Delta)^-1 Delta' H1, Gamma = H1^-1 J1 H1^-1. Moments of given
    variables alone do not vary: all matrices are cut to the others.
    """
    patterns = saturated.patterns
    whole, implied = as_if_complete(patterns, saturated), imply(layout, theta)
    at_model, at_data = (
        _expand(whole, implied), normal.expand(whole, saturated.Sigma, saturated.mu)
    )  # fmt: skip
    assert at_data is not None
    F = normal.minus_two_logl(whole, at_model) - normal.minus_two_logl(whole, at_data)
    free = spoken_of(len(patterns.names), given)
    own = bread(layout, theta, implied, whole, at_model, seen=False)
    own = Bread(own.by_cell, own.arrow, own.Delta[:, free])
    every = normal.expected(whole, at_data), saturated.information, J1
    W, H1, J1 = (m[:, free][:, :, free] for m in every)
    root = np.linalg.inv(H1)
    gamma = root @ J1 @ root
    # tr(W M Gamma M') without forming M, which crosses groups: Delta has a column a parameter
    inner = own.of_moments(H1).factor
    WGH, HGH, WG = W @ gamma @ H1, H1 @ gamma @ H1, np.einsum("gij,gji->", W, gamma)
    cross = np.vdot(inner.inverse, own.of_moments(WGH).by_cell)
    spread = np.vdot(inner.around(own.of_moments(HGH).by_cell), own.of_moments(W).by_cell)
    return F, float(WG - 2.0 * cross + spread)


def derivatives(layout: Layout, theta: Array) -> Array:
    """Return the derivatives of the listed moments or statistics by cell, (G, P, c)."""
    implied = imply(layout, theta)
    if layout.response.plain:
        return jacobian(directions(implied, layout.cells))
    return slopes(layout, implied, layout.cells)
