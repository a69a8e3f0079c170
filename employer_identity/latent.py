"""What a ladder says about factors: means, variances, contrasts, where they may be compared.

All in standard deviations of the reference group. Where the decision does not allow a statement the
call is refused with advice; ``despite="reason"`` answers all the same, and a last column carries
the reason wherever the numbers go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.adjusting import Method, adjusted
from employer_identity.decision import Statement
from employer_identity.edge import checked
from employer_identity.errors import ComparisonError, ModelError, Problem
from employer_identity.estimates import tested
from employer_identity.fit import Fit
from employer_identity.ladder import Ladder
from employer_identity.language import Language, listing, refusal, say
from employer_identity.levels import Level
from employer_identity.measurement.delta import slopes
from employer_identity.measurement.implied import Implied
from employer_identity.measurement.layout import Layout
from employer_identity.measurement.threads import on_one_thread

Array = NDArray[np.float64]


@checked(ModelError, left=("despite",))
def latent_means(ladder: Ladder | Fit, *, despite: str = "") -> pd.DataFrame:
    """Return each group's factor means, from the scalar rung without what was set aside.

    The reference group's means are 0 and its factor standard deviations 1, so ``est`` is in those;
    ``d`` divides by the standard deviation pooled over all groups, sqrt(sum n psi / sum n). Means
    are the factors' own: where others explain a factor, with what reaches it through them.

    Parameters
    ----------
    ladder
        Result of `invariance`; a single fit is refused with advice.
    despite
        A reason to see them although the ladder does not allow it. They then come from the scalar
        rung that it ended with or, where that was not climbed, from the one with all constraints.

    Returns
    -------
    DataFrame with group, factor, est, se, ci_lower, ci_upper (95 %), d; ``se`` is 0 in the
    reference group. A last column ``despite`` holds the reason where one was needed.

    Raises
    ------
    ComparisonError
        If the ladder does not hold loadings and intercepts equal, in full or in part, with the
        constraints that the answers contradict; and where there are no means, whatever the reason.

    Notes
    -----
    Checked against lavaan's scalar models, full and partial, identified by the reference group's
    unit variances.

    Examples
    --------
    >>> means = ei.latent_means(ladder)
    >>> means.query("group == 'gen_z'")
    """
    fit, stamp = _licensed(ladder, "latent means", despite)
    return stamp(means_of(fit))


def means_of(fit: Fit) -> pd.DataFrame:
    """Return a fit's latent means, see `latent_means`, whether they may be compared or not."""
    own, n = standings(fit), fit.moments.n
    pooled = np.sqrt(n @ own.variance / n.sum())
    return _by_group(fit, own.mean, own.of_mean).assign(d=(own.mean / pooled).ravel())


@checked(ModelError, left=("despite",))
def latent_variances(ladder: Ladder | Fit, *, despite: str = "") -> pd.DataFrame:
    """Return each group's factor variances, in those of the reference group (1).

    From the scalar rung where it holds, as the means; else from the metric rung, which is enough.

    Parameters
    ----------
    ladder, despite
        As in `latent_means`.

    Returns
    -------
    DataFrame with group, factor, est, se, ci_lower, ci_upper (95 %); ``se`` is 0 in the reference
    group. A last column ``despite`` holds the reason where one was needed.

    Raises
    ------
    ComparisonError
        If the ladder does not hold loadings equal, in full or in part.

    Notes
    -----
    Checked against lavaan, full and partial models.

    Examples
    --------
    >>> ei.latent_variances(ladder)
    """
    fit, stamp = _licensed(ladder, "correlations", despite)
    own = standings(fit)
    return stamp(_by_group(fit, own.variance, own.of_variance))


@dataclass(frozen=True, eq=False)
class Standings:
    """Means and variances of the factors in units of the reference group.

    Parameters
    ----------
    mean, variance
        (G, m); 0 and 1 in the reference group.
    of_mean, of_variance
        Their derivatives by parameter, (G, m, q).
    """

    mean: Array
    variance: Array
    of_mean: Array
    of_variance: Array


@on_one_thread
def standings(fit: Fit) -> Standings:
    """Return where each group's factors stand.

    Means and variances are those that the model implies: of a factor that others explain, all that
    reaches it through them counts.
    """
    m, layout, theta = len(fit.factors), fit.layout, fit.solution.theta

    def means(model: Implied) -> NDArray[Any]:
        return (model.Gamma @ model.matrices["alpha"])[:, :m, 0]

    def variances(model: Implied) -> NDArray[Any]:
        return np.diagonal(model.Phi[:, :m, :m], axis1=1, axis2=2)

    level, of_level = slopes(layout, theta, means, of=("alpha", "Beta"))
    spread, of_spread = slopes(layout, theta, variances, of=("Psi", "Beta"))
    of_level, of_spread = (_by_parameter(layout, slope) for slope in (of_level, of_spread))
    unit, of_unit = spread[0], of_spread[0] / spread[0][:, None]  # of its logarithm
    mean, variance = (level - level[0]) / np.sqrt(unit), spread / unit
    of_mean = (of_level - of_level[0]) / np.sqrt(unit)[:, None] - mean[..., None] * of_unit / 2
    of_variance = of_spread / unit[:, None] - variance[..., None] * of_unit
    return Standings(mean, variance, of_mean, of_variance)


def _by_parameter(layout: Layout, slope: Array) -> Array:
    """Add up derivatives by cell (G, k, c) into those by parameter (G, k, q)."""
    found = np.zeros((*slope.shape[:2], layout.q + 1))  # the last place is for fixed cells
    for g, c in np.argwhere(slope.any(axis=1)):
        found[g, :, layout.cells.parameter[g, c]] += slope[g, :, c]
    return found[..., :-1]


def _by_group(fit: Fit, est: Array, slope: Array) -> pd.DataFrame:
    """Put what stands by group and factor in a frame, with standard errors and intervals."""
    variance = np.diagonal(fit.spread_of(slope.reshape(-1, slope.shape[2]).T))
    se = np.sqrt(np.maximum(variance, 0.0)).reshape(est.shape)
    columns = tested(est, se)
    return pd.DataFrame(
        {
            "group": np.repeat(np.array(fit.groups, dtype=object), len(fit.factors)),
            "factor": np.array([*fit.factors] * len(fit.groups), dtype=object),
            **{name: columns[name] for name in ("est", "se", "ci_lower", "ci_upper")},
        }
    )


@checked(ModelError, left=("despite",))
def mean_contrasts(
    ladder: Ladder | Fit, *, method: Method = "holm", despite: str = ""
) -> pd.DataFrame:
    """Compare the latent means of every two groups, factor by factor.

    A contrast is the mean of ``group`` less that of ``other``, which comes before it; its standard
    error rests on the covariance of the two.

    Parameters
    ----------
    ladder, despite
        As in `latent_means`.
    method
        How p values are adjusted for the number of contrasts, over all that are returned: as
        statsmodels' ``multipletests`` names it.

    Returns
    -------
    DataFrame with factor, group, other, est, se, ci_lower, ci_upper (95 %), z, pvalue,
    pvalue_adjusted; in standard deviations of the reference group. The intervals are *not* adjusted
    for the number of contrasts: each is right for itself. A last column ``despite`` holds the
    reason where one was needed.

    Raises
    ------
    ModelError
        For an unknown method.
    ComparisonError
        As `latent_means`.

    Notes
    -----
    Checked against lavaan's ``:=`` with full covariance.

    Examples
    --------
    >>> ei.mean_contrasts(ladder, method="holm")
    """
    if method not in get_args(Method):
        values = {"asked": method, "allowed": listing(get_args(Method))}
        raise refusal(ModelError, [Problem("model.not_available", where="method", values=values)])
    fit, stamp = _licensed(ladder, "latent means", despite)
    groups, factors, own = fit.groups, tuple(fit.factors), standings(fit)
    other, group = np.triu_indices(len(groups), 1)
    est = (own.mean[group] - own.mean[other]).T
    spread = np.stack([fit.spread_of(own.of_mean[:, m].T) for m in range(len(factors))])
    each = np.diagonal(spread, axis1=1, axis2=2)
    variance = each[:, group] + each[:, other] - 2.0 * spread[:, group, other]
    columns = tested(est, np.sqrt(np.maximum(variance, 0.0)))
    labels = np.array(groups, dtype=object)
    found = pd.DataFrame(
        {
            "factor": np.repeat(np.array(factors, dtype=object), len(group)),
            "group": np.tile(labels[group], len(factors)),
            "other": np.tile(labels[other], len(factors)),
            **{name: columns[name] for name in ("est", "se", "ci_lower", "ci_upper", "z")},
            "pvalue": columns["pvalue"],
            "pvalue_adjusted": adjusted(columns["pvalue"], method),
        }
    )
    return stamp(found)


def stamp_of(frame: pd.DataFrame, language: Language = "en") -> str:
    """Return the sentence that goes wherever numbers go that were not allowed; else nothing."""
    if "despite" not in frame or frame.empty:
        return ""
    reason = str(frame["despite"].iloc[0]).rstrip(".")
    return say("invariance.despite", language, reason=reason)


def _licensed(
    ladder: Ladder | Fit, statement: Statement, despite: str
) -> tuple[Fit, Callable[[pd.DataFrame], pd.DataFrame]]:
    """Return the fit that a statement rests on, and what stamps a frame with why it is made."""
    if isinstance(ladder, Fit):
        raise _refused("invariance.means_need_ties", "", {"groups": len(ladder.groups)})
    if despite and not (isinstance(despite, str) and despite.strip()):
        raise _refused("invariance.despite_without_reason", "", {})
    decision = ladder.decision[statement]
    if not decision.tested:
        raise _refused("invariance.means_untested", ladder.group, {"reason": decision.reason()})
    if decision.allowed:
        scalar = ladder.decision["latent means"].allowed
        return ladder["scalar" if scalar else decision.needs], lambda frame: frame
    if not despite:
        raise _not_allowed(ladder, statement)
    reason = despite.strip()
    return _highest(ladder, decision.needs), lambda frame: frame.assign(despite=reason)


def _highest(ladder: Ladder, level: Level) -> Fit:
    return ladder[level] if level in ladder.levels else ladder.unreleased[level]


def _not_allowed(ladder: Ladder, statement: Statement) -> ComparisonError:
    """Say why, which constraints stand in the way most, and what to do."""
    worst = [
        f"{r['lhs']}{r['op']}{r['rhs']}@{r['group']}"
        for r in ladder.worst.head(3).to_dict("records")
    ]
    values = {
        "groups": len(ladder.groups),
        "reason": ladder.decision[statement].reason(),
        "worst": listing(worst),
    }
    code = "means_refused" if statement == "latent means" else "variances_refused"
    alone = "" if worst else "_alone"
    return _refused(f"invariance.{code}{alone}", ladder.group, values)


def _refused(code: str, where: str, values: dict[str, object]) -> ComparisonError:
    return refusal(ComparisonError, [Problem(code, where=where, values=values)])
