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
    limit = limits(covariance) * _errors(covariance)
    apart = values[:, None, :] - values[:, :, None]  # h less g, (k, G, G)
    above, below = (apart > limit).all(axis=0), (apart < -limit).all(axis=0)
    return 1 + above.sum(axis=1), len(covariance) - below.sum(axis=1)


def limits(covariance: Array) -> Array:
    """Return c_g, (G, 1), from draws."""
    se, least = _errors(covariance), np.linalg.eigh(covariance)
    root = least.eigenvectors * np.sqrt(np.maximum(least.eigenvalues, 0.0))
    drawn = np.random.default_rng(SEED).standard_normal((DRAWS, len(covariance))) @ root.T
    furthest = [np.abs((drawn - drawn[:, [g]]) / se[g]).max(axis=1) for g in range(len(covariance))]
    return np.asarray(np.quantile(furthest, LEVEL, axis=1)[:, None])


def _errors(covariance: Array) -> Array:
    """Return standard errors of differences, (G, G); infinite of a group with itself."""
    variance = np.diag(covariance)
    found = np.sqrt(np.maximum(variance[:, None] + variance - 2.0 * covariance, 0.0))
    np.fill_diagonal(found, np.inf)
    return np.asarray(found)
