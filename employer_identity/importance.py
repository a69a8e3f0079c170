"""How much of what is explained belongs to each predictor, where predictors go together.

Weights of a regression cannot be ranked when predictors are correlated. Two shares can be: both add
up to the explained variance R^2 and are never negative (the first) or hardly ever (neither is).

Relative weights (Johnson 2000): with R the predictors' correlations, r those with the outcome and
``L = R^(1/2)``, the predictors' nearest orthogonal stand-ins explain beta_k^2 each, beta = L^-1 r,
and predictor j is made of them by L: epsilon_j = sum_k L_jk^2 beta_k^2.

Shapley shares (general dominance; Budescu 1993): what a predictor adds to R^2, averaged over all
orders in which predictors can enter.
"""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST = 12
"""Predictors of a Shapley share: each one more doubles the regressions."""


def relative_weights(between: Floats, outcome: Floats) -> Floats:
    """Return each predictor's relative weight, (..., k); they add up to R^2.

    Parameters
    ----------
    between
        Correlations of the predictors, (..., k, k).
    outcome
        Their correlations with the outcome, (..., k).
    """
    values, vectors = np.linalg.eigh(between)
    values = np.maximum(values, 0.0)
    root = (vectors * np.sqrt(values)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    with np.errstate(divide="ignore"):
        inverse = np.where(values > 1e-10, 1.0 / np.sqrt(values), 0.0)
    turned = (np.swapaxes(vectors, -1, -2) @ outcome[..., None])[..., 0] * inverse
    beta = (vectors @ turned[..., None])[..., 0]
    found: Floats = (root**2 @ (beta**2)[..., None])[..., 0]
    return found


def shapley_shares(between: Floats, outcome: Floats) -> Floats:
    """Return each predictor's Shapley share of R^2, (k,), k at most 12.

    Parameters
    ----------
    between, outcome
        As in `relative_weights`, of one sample.
    """
    k = len(outcome)
    if k > MOST:
        raise ValueError(f"{k} predictors: at most {MOST}")
    explained = np.zeros(2**k)
    members = [np.flatnonzero([number >> j & 1 for j in range(k)]) for number in range(2**k)]
    for number, at in enumerate(members[1:], start=1):
        own = outcome[at]
        explained[number] = own @ np.linalg.solve(between[np.ix_(at, at)], own)
    sizes = np.array([len(at) for at in members])
    shares = np.zeros(k)
    for j in range(k):
        without = np.array([n for n in range(2**k) if not n >> j & 1])
        chance = np.array([1.0 / (k * comb(k - 1, s)) for s in sizes[without]])
        shares[j] = chance @ (explained[without | 1 << j] - explained[without])
    return shares
