"""Shares of people or of replications, and how sure they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Array = NDArray[np.float64]
LEVEL = 0.95


def wilson(share: Array, n: Array, level: float = LEVEL) -> tuple[Array, Array]:
    """Return Wilson's interval of shares (k,) of (effective) numbers of people (k,)."""
    z = float(ndtri(0.5 + level / 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return centre - half, centre + half


def counted(seen: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return how often something is seen, (n,), and Wilson's interval; missing of nothing."""
    if not len(seen):
        return np.nan, np.nan, np.nan
    share = np.array([seen.mean()])
    low, high = wilson(share, np.array([float(len(seen))]))
    return float(share[0]), float(low[0]), float(high[0])
