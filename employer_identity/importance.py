"""How much of what is explained belongs to each predictor, where predictors go together.

Weights of a regression cannot be ranked when predictors are correlated. These shares can be: they
add up to the explained variance R^2 and are never negative.

Relative weights (Johnson 2000): with R the predictors' correlations, r those with the outcome and
``L = R^(1/2)``, the predictors' nearest orthogonal stand-ins explain beta_k^2 each, beta = L^-1 r,
and predictor j is made of them by L: epsilon_j = sum_k L_jk^2 beta_k^2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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
