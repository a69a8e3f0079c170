"""Which groups are alike in a parameter: the largest set that does not differ from its own mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]
FORM, EXTEND = 0.01, 0.001
"""p values: two groups that begin a set, and a group beside the mean of a set (Asparouhov & Muthen
2014)."""
ROUNDS = 100  # of extending a set; it may never settle


def alike(values: Array, covariance: Array, n: Array) -> NDArray[np.bool_]:
    """Return which groups are alike, (G,).

    A set begins as the groups that do not differ from one of them at p < .01: from the group that
    has most. Then whoever differs from the set's mean at p < .001 leaves it and everybody else
    joins, until nothing changes.

    Parameters
    ----------
    values, covariance
        A parameter by group, (G,), with the covariances of its estimates, (G, G).
    n
        People, (G,): what the mean of a set weighs by.
    """
    G = len(values)
    pairs = np.eye(G)[:, None, :] - np.eye(G)[None, :, :]
    near = _pvalue(pairs.reshape(G * G, G), values, covariance).reshape(G, G) >= FORM
    spread = np.where(near, np.abs(values[:, None] - values), 0.0).sum(axis=1)
    inside = near[np.lexsort((spread, -near.sum(axis=1)))[0]]
    for _ in range(ROUNDS):
        mean = np.where(inside, n, 0.0) / n[inside].sum()
        found = _pvalue(np.eye(G) - mean, values, covariance) >= EXTEND
        if not found.any() or (found == inside).all():
            break
        inside = found
    return np.asarray(inside)


def _pvalue(contrasts: Array, values: Array, covariance: Array) -> Array:
    """Test contrasts (k, G); 1 where nothing can differ."""
    variance = np.einsum("kg,gh,kh->k", contrasts, covariance, contrasts, optimize=True)
    scale = 1e-14 * np.abs(np.diag(covariance)).max(initial=0.0)
    size = np.abs(contrasts @ values) / np.sqrt(np.where(variance > scale, variance, np.inf))
    return np.asarray(2.0 * ndtr(-size))
