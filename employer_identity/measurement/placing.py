"""Which places groups may have in the order of their means.

Group h stands above g where mu_h - mu_g is above c_g standard errors of the difference; c_g is the
95 % quantile of the largest of the G - 1 standardised errors of differences with g, so that all of
them are right together in 95 % of samples. The places that are left to g hold its true one at least
as often (Mogstad, Romano, Shaikh & Wilhelm 2024, Review of Economic Studies 91(1), 476-518).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEVEL = 0.95
DRAWS = 10_000
SEED = 20240521


def places(values: Array, covariance: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the highest (a small number) and the lowest place that each group may have, (G,).

    Parameters
    ----------
    values
        Several estimates of the same means, (k, G): one group stands above another where all of
        them say so.
    covariance
        Of each of them, (G, G).
    """
    G = covariance.shape[0]
    variance = np.diag(covariance)[:, None] + np.diag(covariance) - 2.0 * covariance
    se = np.sqrt(np.maximum(variance, 0.0)) + np.where(np.eye(G, dtype=bool), np.inf, 0.0)
    least, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(least, 0.0))
    errors = np.random.default_rng(SEED).standard_normal((DRAWS, G)) @ root.T
    above, below = np.zeros(G, dtype=np.int64), np.zeros(G, dtype=np.int64)
    for g in range(G):
        furthest = (np.abs(errors - errors[:, [g]]) / se[g]).max(axis=1)
        apart = (values - values[:, [g]]) / (np.quantile(furthest, LEVEL) * se[g])
        above[g], below[g] = (apart > 1.0).all(axis=0).sum(), (apart < -1.0).all(axis=0).sum()
    return 1 + above, G - below
