"""Fit measures of a fitted model, under lavaan's names: plain, scaled and robust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.measurement import indices, weighted
from employer_identity.measurement.categorical import OrderedMoments
from employer_identity.measurement.implied import imply
from employer_identity.measurement.layout import Layout, lay_out
from employer_identity.measurement.normal import expand, minus_two_logl
from employer_identity.measurement.saturated import available
from employer_identity.measurement.scaling import (
    Sandwich,
    complete_data_fit,
    huber_white,
    satorra_bentler,
)
from employer_identity.measurement.starts import starting_values, with_sample_values
from employer_identity.measurement.table import independence
from employer_identity.measurement.weighted import WeightedSandwich

if TYPE_CHECKING:
    from employer_identity.fit import Fit


@dataclass(frozen=True, eq=False)
class Baseline:
    """Independence with free means; observed predictors may covary.

    Parameters
    ----------
    layout, theta
        The model and its estimates.
    chisq, df
        Its test.
    scaling, shift
        What its chi-square is divided by, None for an unscaled one; and what is then added.
    as_complete
        Chi-square and factor as if the answers were complete; None where they are.
    """

    layout: Layout
    theta: NDArray[np.float64]
    chisq: float
    df: int
    scaling: float | None
    as_complete: tuple[float, float] | None
    shift: float = 0.0


def baseline(fit: Fit) -> Baseline:
    """Fit the baseline: every variable's own mean and variance, from whoever has it."""
    if fit.ordered is not None:
        return _ordered_baseline(fit, fit.ordered)
    table = independence(fit.table)
    layout = with_sample_values(lay_out(table), table, fit.moments)
    patterns, saturated = fit.saturated.patterns, fit.saturated
    covariance, mean = available(patterns)
    free = (table.number[0] >= 0) & [op == "~~" for _, op, _ in table.rows]
    at = [fit.items.index(table.rows[r][0]) for r in np.flatnonzero(free)]
    own = np.diagonal(covariance, axis1=1, axis2=2)[:, at]
    values = np.concatenate([own, mean[:, at]], axis=1)
    theta = values[:, : table.n_parameters // len(own)].ravel()
    implied = imply(layout, theta)
    here = expand(patterns, implied.Sigma, implied.mu)
    assert here is not None  # every item varies, or the answers would have been refused
    chisq = patterns.n.sum() * (minus_two_logl(patterns, here) - saturated.value)
    df = fit.moments.count(len(table.roles.exogenous)) - table.n_parameters
    found = sandwich(fit, layout, theta)
    scaling = None if found is None else scaled(fit.estimator, found, df)[0]
    complete = None if patterns.complete else _complete(fit, layout, theta, df)
    return Baseline(layout, theta, max(float(chisq), 0.0), df, scaling, complete)


def _ordered_baseline(fit: Fit, statistics: OrderedMoments) -> Baseline:
    """Fit the baseline of ordered items: every threshold, mean and variance is the sample's."""
    table = independence(fit.table)
    layout = lay_out(table)
    theta = starting_values(table, layout, fit.moments, None, statistics.thresholds)
    for r in np.flatnonzero([op == "~~" for _, op, _ in table.rows]):
        at = fit.items.index(table.rows[r][0])
        theta[table.number[:, r]] = fit.moments.covariance[:, at, at]
    objective, _ = weighted.curvature(statistics, layout, theta)
    df = fit.count - table.n_parameters
    found = sandwich(fit, layout, theta)
    scaling, shift = (None, 0.0) if found is None else scaled(fit.estimator, found, df)
    return Baseline(layout, theta, fit.ntotal * objective, df, scaling, None, shift)


def sandwich(
    fit: Fit, layout: Layout, theta: NDArray[np.float64]
) -> Sandwich | WeightedSandwich | None:
    """Return the sandwich of a model for the fit's answers; None for plain estimators."""
    if fit.rows is None or fit.estimator in ("ML", "DWLS"):
        return None
    if fit.ordered is not None:
        return weighted.sandwich(fit.ordered, layout, theta)
    given, rows = [fit.items.index(name) for name in fit.table.roles.exogenous], fit.saturated.rows
    if fit.estimator == "MLM" and rows is not None:
        return satorra_bentler(layout, theta, rows, given)
    return huber_white(layout, theta, fit.saturated, given)


def scaled(estimator: str, found: Sandwich | WeightedSandwich, df: int) -> tuple[float, float]:
    """Return what a chi-square is divided by, and what is then added; NaN without df.

    MLR's factor is a difference of traces and may be negative, far from a model that holds.
    """
    if df <= 0:
        return np.nan, 0.0
    one, other = found.traces
    if isinstance(found, Sandwich):
        return (one - other) / df, 0.0
    return mean_adjusted(one, df) if estimator == "WLSM" else shifted(one, other, df)


def mean_adjusted(trace: float, df: int) -> tuple[float, float]:
    """Return the factor that gives a statistic the mean of a chi-square, and no shift."""
    return trace / df, 0.0


def shifted(trace: float, square: float, df: int) -> tuple[float, float]:
    """Return factor and shift that give a statistic a chi-square's mean and variance.

    Asparouhov & Muthen (2010); with U Gamma's trace and that of its square.
    """
    factor = float(np.sqrt(square / df))
    return factor, df - trace / factor


def fit_measures(fit: Fit) -> pd.Series:
    """Compute all measures, see `Fit.fit_measures`."""
    base = fit.baseline
    found = {
        "npar": fit.layout.q, "chisq": fit.chisq, "df": fit.df,
        "pvalue": indices.chisq_pvalue(fit.chisq, fit.df),
        "baseline.chisq": base.chisq, "baseline.df": base.df,
        "baseline.pvalue": indices.chisq_pvalue(base.chisq, base.df),
        **_indices(fit, fit.chisq, base.chisq),
        **_scaled(fit, base),
        **_robust(fit, base),
        **_likelihood(fit),
    }  # fmt: skip
    return pd.Series(found, name="value", dtype=float)


def reported(fit: Fit) -> pd.Series:
    """Return the measures that a report gives, see `Fit.reported`."""
    m = fit.fit_measures
    found = {}
    for name in ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea.ci.lower",
                 "rmsea.ci.upper", "rmsea.pvalue", "srmr", "aic", "bic", "ntotal"):  # fmt: skip
        kinds = (f"{name}.robust", f"{name}.scaled", name)
        found[name] = next((m[k] for k in kinds if k in m.index), np.nan)
    return pd.Series(found, name="value", dtype=float)


def key_indices(fit: Fit) -> tuple[float, float, float]:
    """Return CFI, RMSEA and SRMR as `Fit.reported` has them, and compute nothing else."""
    chisq, other, factor, other_factor = _reported_chisq(fit, fit.baseline)
    df, base_df = fit.df, fit.baseline.df
    return (
        indices.cfi(chisq, df, other, base_df, factor, other_factor),
        indices.rmsea(chisq, df, fit.n_inference, len(fit.groups), factor),
        _srmr(fit),
    )


def _reported_chisq(fit: Fit, base: Baseline) -> tuple[float, float, float, float]:
    """Return the chi-squares of model and baseline with the factors that indices rest on."""
    if fit.ordered is None and base.as_complete is not None:
        return _as_complete(fit, base.as_complete)
    if fit.scaling is None or base.scaling is None:
        return fit.chisq, base.chisq, 1.0, 1.0
    own, other = _positive(fit.scaling) if fit.df else 1.0, _positive(base.scaling)
    if fit.ordered is None:
        return fit.chisq, base.chisq, own, other
    return fit.chisq / own + fit.shift if fit.df else 0.0, base.chisq / other + base.shift, 1.0, 1.0


def _indices(
    fit: Fit,
    chisq: float,
    base_chisq: float,
    suffix: str = "",
    factor: float = 1.0,
    base_factor: float = 1.0,
) -> dict[str, float]:
    n, groups, df, base_df = fit.n_inference, len(fit.groups), fit.df, fit.baseline.df
    low, high = indices.rmsea_interval(chisq, df, n, groups, factor)
    both = chisq, df, base_chisq, base_df, factor, base_factor
    return {
        f"cfi{suffix}": indices.cfi(*both),
        f"tli{suffix}": indices.tli(*both),
        f"rmsea{suffix}": indices.rmsea(chisq, df, n, groups, factor),
        f"rmsea.ci.lower{suffix}": low,
        f"rmsea.ci.upper{suffix}": high,
        f"rmsea.pvalue{suffix}": indices.rmsea_close(chisq, df, n, groups, factor),
    }


def _positive(scaling: float) -> float:
    """Return a factor that can scale; NaN for others, and all that rests on it is missing."""
    return scaling if scaling > 0 else np.nan


def _scaled(fit: Fit, base: Baseline) -> dict[str, float]:
    """Measures from the scaled chi-squares; none for plain maximum likelihood."""
    if fit.scaling is None or base.scaling is None:
        return {}
    own, other = _positive(fit.scaling), _positive(base.scaling)
    chisq = fit.chisq / own + fit.shift if fit.df else 0.0
    base_chisq = base.chisq / other + base.shift
    return {
        "chisq.scaled": chisq, "df.scaled": fit.df,
        "pvalue.scaled": indices.chisq_pvalue(chisq, fit.df), "chisq.scaling.factor": own,
        "baseline.chisq.scaled": base_chisq, "baseline.df.scaled": base.df,
        "baseline.pvalue.scaled": indices.chisq_pvalue(base_chisq, base.df),
        "baseline.chisq.scaling.factor": other,
        **({"chisq.shift": fit.shift} if fit.estimator == "WLSMV" else {}),
        **_indices(fit, chisq, base_chisq, ".scaled"),
    }  # fmt: skip


def _robust(fit: Fit, base: Baseline) -> dict[str, float]:
    """Measures that estimate what complete, normal answers would show."""
    plain = base.as_complete is None and (fit.scaling is None or base.scaling is None)
    if fit.ordered is not None or plain:
        return {}
    own, other, *factors = _reported_chisq(fit, base)
    return _indices(fit, own, other, ".robust", *factors)


def _as_complete(fit: Fit, base: tuple[float, float]) -> tuple[float, float, float, float]:
    """Return chi-squares and factors of the answers as if complete."""
    own, factor = _complete(fit, fit.layout, fit.solution.theta, fit.df)
    return own, base[0], factor, base[1]


def _complete(fit: Fit, layout: Layout, theta: NDArray[np.float64], df: int) -> tuple[float, float]:
    """Chi-square and factor of the answers as if complete."""
    saturated = fit.saturated
    spread = saturated.information
    if fit.estimator == "MLR" and fit.rows is not None:
        spread = saturated.meat
    given = [fit.items.index(name) for name in fit.table.roles.exogenous]
    least, expected = complete_data_fit(layout, theta, saturated, spread, given)
    return fit.ntotal * least, expected / df if df > 0 else 1.0


def _likelihood(fit: Fit) -> dict[str, float]:
    if fit.ordered is not None:
        return {"srmr": _srmr(fit), "ntotal": fit.ntotal}
    m, n, q = fit.moments, fit.ntotal, fit.layout.q
    given = [fit.items.index(x) for x in fit.table.roles.exogenous]
    patterns = fit.saturated.patterns
    answers = float(patterns.n @ patterns.seen.sum(axis=1))
    saturated = -0.5 * (patterns.n.sum() * fit.saturated.value + answers * np.log(2 * np.pi))
    saturated -= indices.saturated_loglikelihood(m.n, m.covariance[:, given][:, :, given])
    logl = saturated - fit.chisq / 2
    return {
        "srmr": _srmr(fit),
        "logl": logl, "unrestricted.logl": saturated,
        "aic": 2.0 * (q - logl), "bic": np.log(n) * q - 2.0 * logl, "ntotal": n,
    }  # fmt: skip


def _srmr(fit: Fit) -> float:
    """Return the SRMR; of ordered items that of their correlations."""
    m = fit.moments
    if fit.ordered is not None:
        return indices.srmr(m.n, m.covariance, m.mean, fit.reproduced, m.mean, means=False)
    mu, means = fit.implied.mu, m.known == "means"
    return indices.srmr(m.n, m.covariance, m.mean, fit.implied.Sigma, mu, means=means)
