"""Fit indices from chi-squares, degrees of freedom and moments: pure functions, lavaan's names.

Conventions (lavaan 0.6): chi-square is n times the minimum with divisor n, RMSEA carries the square
root of the number of groups, SRMR includes the means. A ``factor`` is what a true model's unscaled
chi-square is expected to exceed its degrees of freedom by (its scaling factor); with it the indices
are the robust ones (Brosseau-Liard & Savalei 2014; Savalei 2018).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, chndtr

Array = NDArray[np.float64]


def chisq_pvalue(chisq: float, df: float) -> float:
    """Upper tail probability of a chi-square; NaN without degrees of freedom."""
    return float(chdtrc(df, max(chisq, 0.0))) if df > 0 else np.nan


def cfi(
    chisq: float,
    df: float,
    baseline_chisq: float,
    baseline_df: float,
    factor: float = 1.0,
    baseline_factor: float = 1.0,
) -> float:
    """Comparative fit index (Bentler 1990)."""
    own = chisq - factor * df
    worst = np.max([own, baseline_chisq - baseline_factor * baseline_df, 0.0])  # keeps a NaN
    return 1.0 if worst <= 0 else float(1.0 - max(own, 0.0) / worst)


def tli(
    chisq: float,
    df: float,
    baseline_chisq: float,
    baseline_df: float,
    factor: float = 1.0,
    baseline_factor: float = 1.0,
) -> float:
    """Tucker-Lewis index, not normed to [0, 1]."""
    if df == 0 or baseline_df == 0:
        return 1.0
    own, worst = chisq / df - factor, baseline_chisq / baseline_df - baseline_factor
    return 1.0 - own / worst if worst != 0.0 else 1.0


def rmsea(chisq: float, df: float, n: int, n_groups: int, factor: float = 1.0) -> float:
    """Root mean square error of approximation (Steiger 1998 for groups)."""
    return float(np.sqrt(n_groups * max(chisq - factor * df, 0.0) / (n * df))) if df > 0 else 0.0


def noncentrality(chisq: float, df: float, probability: float) -> float:
    """Noncentrality at which P(X <= chisq) is the probability; 0 where the central one is lower."""
    if np.isnan(chisq):
        return np.nan
    if chndtr(chisq, df, 0.0) < probability:
        return 0.0
    low, high = 0.0, max(chisq, 1.0)
    while chndtr(chisq, df, high) > probability:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if chndtr(chisq, df, middle) > probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def rmsea_interval(
    chisq: float, df: float, n: int, n_groups: int, factor: float = 1.0, level: float = 0.90
) -> tuple[float, float]:
    """Confidence interval of the RMSEA from the noncentral chi-square (Browne & Cudeck 1993)."""
    if df <= 0:
        return 0.0, 0.0
    tails = (1 + level) / 2, (1 - level) / 2
    per_unit = factor * n_groups / (n * df)
    low, high = (
        float(np.sqrt(per_unit * noncentrality(chisq / factor, df, tail))) for tail in tails
    )
    return low, high


def rmsea_close(
    chisq: float, df: float, n: int, n_groups: int, factor: float = 1.0, limit: float = 0.05
) -> float:
    """P value of the hypothesis that the RMSEA is at most the limit (close fit)."""
    if df <= 0:
        return np.nan
    return float(1.0 - chndtr(chisq / factor, df, n * df * limit**2 / n_groups / factor))


def srmr(
    n: NDArray[np.int64], S: Array, mean: Array, Sigma: Array, mu: Array, *, means: bool = True
) -> float:
    """Root mean square of standardised residuals, groups weighted by size (Bentler).

    Residuals of means count among them unless the model has no means.
    """
    sd = np.sqrt(np.diagonal(S, axis1=1, axis2=2))
    residual = (S - Sigma) / sd[:, :, None] / sd[:, None, :]
    lower = np.tril_indices(S.shape[-1])
    squares = (residual[:, lower[0], lower[1]] ** 2).sum(axis=1) + (((mean - mu) / sd) ** 2).sum(
        axis=1
    )
    each = np.sqrt(squares / (len(lower[0]) + means * S.shape[-1]))
    return float(n @ each / n.sum())


def saturated_loglikelihood(n: NDArray[np.int64], S: Array) -> float:
    """Log-likelihood of unrestricted normal moments, their own covariance having divisor n."""
    p = S.shape[-1]
    logdet = np.linalg.slogdet(S)[1] if p else np.zeros(len(n))
    return float(-0.5 * (n * (p * np.log(2 * np.pi) + logdet + p)).sum())
