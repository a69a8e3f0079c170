"""Answers in ordered categories counted as numbers: how scores vary, and go together.

A category's score is its number; a normal response behind the item is cut at its thresholds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from employer_identity.measurement.bivariate import cdf, normal_density

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def between(thresholds: Array, owner: Integers, sd: Array, correlation: Array) -> Array:
    """Return covariances of one person's answers with another's whose responses correlate, (p, p).

    With Phi_2 the bivariate normal distribution at the correlation r ::

        two ordered items   sum_cd [ Phi_2(tau_jc, tau_kd; r) - Phi(tau_jc) Phi(tau_kd) ]
        one of them         r SD_j sum_d phi(tau_kd)
        none                r SD_j SD_k

    Parameters
    ----------
    thresholds
        Of the ordered items, for responses of mean 0 and variance 1, (t,).
    owner
        Each threshold's item, (t,).
    sd
        Standard deviations of the items, used of those that are not ordered, (p,).
    correlation
        Of the responses, inside (-1, 1), (p, p); its diagonal too is taken as it stands.
    """
    p = len(sd)
    is_above = (owner[:, None] == np.arange(p)).astype(float)
    ordered = is_above.any(axis=0)
    r = correlation[np.ix_(owner, owner)]
    joint = cdf(thresholds[:, None], thresholds, r) - ndtr(thresholds)[:, None] * ndtr(thresholds)
    slope = np.where(ordered, is_above.T @ normal_density(thresholds), sd)
    found = slope[:, None] * slope * correlation
    both = np.outer(ordered, ordered)
    return np.asarray(np.where(both, is_above.T @ joint @ is_above, found))


def variances(thresholds: Array, owner: Integers, sd: Array) -> Array:
    """Return the variances of the answers, (p,); parameters as of `between`."""
    below = ndtr(thresholds)
    joint = np.minimum(below[:, None], below) - below[:, None] * below
    same = owner[:, None] == owner
    found = np.bincount(owner, (joint * same).sum(axis=1), minlength=len(sd))
    ordered = np.bincount(owner, minlength=len(sd)) > 0
    return np.where(ordered, found, sd**2)


def of_one(thresholds: Array, owner: Integers, sd: Array, correlation: Array) -> Array:
    """Return the covariances of the answers of one person, (p, p); parameters as of `between`."""
    apart = np.where(np.eye(len(sd), dtype=bool), 0.0, correlation)
    found = between(thresholds, owner, sd, apart)
    np.fill_diagonal(found, variances(thresholds, owner, sd))
    return found
