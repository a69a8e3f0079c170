"""How sure a fit's estimates are: their information, and their covariances, whole or in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement import weighted
from employer_identity.measurement.arrow import Tied
from employer_identity.measurement.normal import expand
from employer_identity.measurement.robust import bread
from employer_identity.measurement.threads import on_one_thread

if TYPE_CHECKING:
    from employer_identity.fit import Fit

Array = NDArray[np.float64]


@on_one_thread
def information(fit: Fit) -> Tied:
    """Return the information of one respondent, see `Fit.information`."""
    if fit.sandwich is not None:
        return fit.sandwich.bread
    layout, theta, implied = fit.layout, fit.solution.theta, fit.implied
    if fit.ordered is not None:
        return weighted.information(fit.ordered, layout, theta)
    patterns, curvature = fit.saturated.patterns, fit.solution.curvature
    if patterns.complete and curvature is not None:  # the search has it already
        return curvature.tied
    at = expand(patterns, implied.Sigma, implied.mu)
    assert at is not None  # the estimates imply a covariance matrix
    return bread(layout, theta, implied, patterns, at, seen=True)


@on_one_thread
def inverse(fit: Fit) -> Array:
    """Return the inverse of the information, see `Fit.inverse`."""
    found, q = fit.information.factor, fit.layout.q
    return found.solve(np.eye(q)) if found.definite else np.full((q, q), np.nan)


@on_one_thread
def covariances(fit: Fit) -> Array:
    """Return covariances of the estimates of each group's cells, see `Fit.covariances`."""
    found = fit.information.factor
    if not found.definite:
        return np.full(fit.information.by_cell.shape, np.nan)
    if fit.sandwich is None:
        return found.inverse / fit.n_inference
    return fit.sandwich.meat.around(found) / fit.n_inference


@on_one_thread
def vcov(fit: Fit) -> Array:
    """Return the covariance matrix of the parameter estimates, see `Fit.vcov`."""
    if fit.sandwich is None:
        return fit.inverse / fit.n_inference
    return fit.inverse @ fit.sandwich.meat.dense @ fit.inverse / fit.n_inference


@on_one_thread
def spread_of(fit: Fit, slopes: Array) -> Array:
    """Return covariances (k, k) of linear combinations of the parameter estimates, slopes (q, k).

    Costs what is asked: no matrix has a row and a column for every parameter.
    """
    factor = fit.information.factor
    if not factor.definite:
        return np.full((slopes.shape[1],) * 2, np.nan)
    moved = factor.solve(slopes)
    if fit.sandwich is None:
        return np.asarray(slopes.T @ moved / fit.n_inference)
    return np.asarray(moved.T @ fit.sandwich.meat.times(moved) / fit.n_inference)
