"""What a ladder says about factors: means, variances, contrasts, where they may be compared.

All in standard deviations of the reference group. Where the decision does not allow a statement the
call is refused with advice; ``despite="reason"`` answers all the same, and a last column carries
the reason wherever the numbers go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from employer_identity.decision import Statement
from employer_identity.errors import ComparisonError, ModelError, Problem
from employer_identity.estimates import tested
from employer_identity.fit import Fit
from employer_identity.ladder import Ladder
from employer_identity.language import Language, listing, refusal, say
from employer_identity.measurement.delta import slopes, standard_errors
from employer_identity.measurement.implied import Implied
from employer_identity.rungs import Level

Array = NDArray[np.float64]
Method = Literal[
    "holm", "bonferroni", "sidak", "holm-sidak", "simes-hochberg", "hommel", "fdr_bh", "fdr_by"
]


def latent_means(ladder: Ladder | Fit, *, despite: str = "") -> pd.DataFrame:
    """Return each group's factor means, from the scalar rung without what was set aside.

    The reference group's means are 0 and its factor standard deviations 1, so ``est`` is in those;
    ``d`` divides by the standard deviation pooled over all groups, sqrt(sum n psi / sum n).

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
    """
    fit, stamp = _licensed(ladder, "latent means", despite)
    table = fit.estimates
    means = table[(table["op"] == "~1") & table["lhs"].isin(fit.factors)]
    found = means[["group", "lhs", "est", "se"]].rename(columns={"lhs": "factor"})
    found["se"] = found["se"].fillna(0.0)
    half = ndtri(0.975) * found["se"]
    found["ci_lower"], found["ci_upper"] = found["est"] - half, found["est"] + half
    m = len(fit.factors)
    variance = np.diagonal(fit.implied.Phi[:, :m, :m], axis1=1, axis2=2)
    pooled = np.sqrt(fit.moments.n @ variance / fit.ntotal)
    found["d"] = found["est"] / found["factor"].map(dict(zip(fit.factors, pooled, strict=True)))
    return stamp(found.reset_index(drop=True))


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
    """
    fit, stamp = _licensed(ladder, "correlations", despite)
    m = len(fit.factors)

    def variances(model: Implied) -> NDArray[np.generic]:
        return np.diagonal(model.Phi[:, :m, :m], axis1=1, axis2=2)

    est, slope = slopes(fit.layout, fit.solution.theta, variances, of=("Psi", "Beta"))
    columns = tested(est, standard_errors(fit.layout, slope, fit.vcov))
    kept = {name: columns[name] for name in ("est", "se", "ci_lower", "ci_upper")}
    named = {"group": np.repeat(np.array(fit.groups, dtype=object), m)}
    named["factor"] = np.array([*fit.factors] * len(fit.groups), dtype=object)
    return stamp(pd.DataFrame({**named, **kept}))


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
    """
    if method not in get_args(Method):
        values = {"asked": method, "allowed": listing(get_args(Method))}
        raise refusal(ModelError, [Problem("model.not_available", where="method", values=values)])
    fit, stamp = _licensed(ladder, "latent means", despite)
    groups, factors = fit.groups, tuple(fit.factors)
    number = fit.layout.twin["alpha"][:, : len(factors), 0]
    means = fit.implied.matrices["alpha"][:, : len(factors), 0]
    spread = np.pad(fit.vcov, (0, 1))  # -1, a fixed mean, does not vary
    other, group = np.triu_indices(len(groups), 1)
    est, se = [], []
    for k in range(len(factors)):
        own = spread[np.ix_(number[:, k], number[:, k])]
        each = np.diag(own)
        est.append(means[group, k] - means[other, k])
        variance = each[group] + each[other] - 2.0 * own[group, other]
        se.append(np.sqrt(np.maximum(variance, 0.0)))
    columns = tested(np.concatenate(est), np.concatenate(se))
    labels = np.array(groups, dtype=object)
    found = pd.DataFrame(
        {
            "factor": np.repeat(np.array(factors, dtype=object), len(group)),
            "group": np.tile(labels[group], len(factors)),
            "other": np.tile(labels[other], len(factors)),
            **{name: columns[name] for name in ("est", "se", "ci_lower", "ci_upper", "z")},
            "pvalue": columns["pvalue"],
            "pvalue_adjusted": _adjusted(columns["pvalue"], method),
        }
    )
    return stamp(found)


def _adjusted(pvalues: Array, method: Method) -> Array:
    """Adjust p values for their number; missing ones stay missing."""
    from statsmodels.stats.multitest import multipletests

    found = np.full(len(pvalues), np.nan)
    known = ~np.isnan(pvalues)
    if known.any():
        found[known] = multipletests(pvalues[known], method=method)[1]
    return found


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
        "worst": listing(worst) if worst else "-",
    }
    code = "means_refused" if statement == "latent means" else "variances_refused"
    return _refused(f"invariance.{code}", ladder.group, values)


def _refused(code: str, where: str, values: dict[str, object]) -> ComparisonError:
    return refusal(ComparisonError, [Problem(code, where=where, values=values)])
