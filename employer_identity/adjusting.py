"""P values of several tests, adjusted for their number; missing ones stay missing."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Method = Literal[
    "holm", "bonferroni", "sidak", "holm-sidak", "simes-hochberg", "hommel", "fdr_bh", "fdr_by"
]


def holm(pvalues: Array) -> Array:
    """Adjust by Holm's (1979) step-down procedure."""
    p = np.asarray(pvalues, dtype=float)
    adjusted = np.full(len(p), np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    factor = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factor * p[order]), 1.0)
    return adjusted


def adjusted(pvalues: Array, method: Method) -> Array:
    """Adjust as statsmodels' ``multipletests`` does; ``fdr_bh`` is Benjamini & Hochberg's."""
    from statsmodels.stats.multitest import multipletests

    found, known = np.full(len(pvalues), np.nan), ~np.isnan(pvalues)
    if known.any():
        found[known] = multipletests(pvalues[known], method=method)[1]
    return found
