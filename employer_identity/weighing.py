"""What weights do to a mean, a spread, a share: each person stands for as many as the weight says.

Without a weight in the survey everybody's is 1 and the formulas are the textbook's. Weights have no
unit: three times each gives the same numbers. Whoever weighs 0 stands for nobody, and is neither in
the numbers nor among the persons counted for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from employer_identity.survey import Survey


def weights(survey: Survey) -> pd.Series[float]:
    """Return everybody's weight: the declared one, else 1."""
    column = survey.instrument.weight
    if column is None:
        return pd.Series(1.0, index=survey.answers.index)
    return survey.answers[column].astype(float)


def counting(values: pd.Series[float], weights: pd.Series[float]) -> pd.Series[float]:
    """Return the answers of those who count: there is one, and the weight is above 0."""
    return values[values.notna() & (weights[values.index] > 0)]


def mean(values: pd.Series[float], weights: pd.Series[float]) -> float:
    """Return the weighted mean, sum(w x) / sum(w)."""
    x = counting(values, weights)
    return float(np.average(x, weights=weights[x.index])) if len(x) else np.nan


def sd(values: pd.Series[float], weights: pd.Series[float]) -> float:
    """Return the weighted standard deviation.

    The square root of n / (n - 1) * sum(w (x - mean)^2) / sum(w) with n persons, as R's
    ``survey::svyvar`` has it; with equal weights the usual one. Checked by hand.
    """
    x = counting(values, weights)
    if len(x) < 2:
        return np.nan
    square = mean((x - mean(x, weights)) ** 2, weights)
    return float(np.sqrt(square * len(x) / (len(x) - 1)))


def standard_error(values: pd.Series[float], weights: pd.Series[float]) -> float:
    """Return the standard error of the weighted mean, every person taken as independent.

    The square root of n / (n - 1) * sum((w / sum w)^2 (x - mean)^2); with equal weights sd /
    sqrt(n). Checked by hand.
    """
    x = counting(values, weights)
    if len(x) < 2:
        return np.nan
    part = weights[x.index] / weights[x.index].sum()
    square = (part**2 * (x - mean(x, weights)) ** 2).sum()
    return float(np.sqrt(square * len(x) / (len(x) - 1)))


def design_effect(weights: pd.Series[float]) -> float:
    """Return Kish's design effect of weights, n sum w^2 / (sum w)^2: 1 where all weigh the same."""
    w = weights[weights > 0].to_numpy(dtype=float)
    return float(w.size * (w**2).sum() / w.sum() ** 2) if w.size else np.nan


def effective_n(weights: pd.Series[float]) -> float:
    """Return how many equally weighted people would tell as much, (sum w)^2 / sum w^2 (Kish)."""
    w = weights[weights > 0].to_numpy(dtype=float)
    return float(w.sum() ** 2 / (w**2).sum()) if w.size else np.nan
