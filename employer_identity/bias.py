"""What a ladder says about levels: latent means, where they may be compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from employer_identity.errors import ComparisonError, Problem
from employer_identity.fit import Fit
from employer_identity.ladder import Ladder
from employer_identity.language import listing, refusal


def latent_means(ladder: Ladder | Fit) -> pd.DataFrame:
    """Return each group's factor means, from the scalar rung.

    The reference group's means are 0 and its factor standard deviations 1, so ``est`` is in those;
    ``d`` divides by the standard deviation pooled over all groups, sqrt(sum n psi / sum n).

    Parameters
    ----------
    ladder
        Result of `invariance`; a single fit is refused with advice.

    Returns
    -------
    DataFrame with group, factor, est, se, ci_lower, ci_upper (95 %), d; ``se`` is 0 in the
    reference group.

    Raises
    ------
    ComparisonError
        If the ladder does not hold loadings and intercepts equal, with the constraints that the
        answers contradict.

    Notes
    -----
    Checked against lavaan's scalar model, identified by the reference group's unit variances.
    """
    if isinstance(ladder, Fit):
        raise refusal(
            ComparisonError,
            [Problem("invariance.means_need_ties", values={"groups": len(ladder.groups)})],
        )
    decision = ladder.decision["latent means"]
    if not decision.tested:
        reason = {"reason": decision.reason()}
        problem = Problem("invariance.means_untested", where=ladder.group, values=reason)
        raise refusal(ComparisonError, [problem])
    if not decision.allowed:
        worst = [
            f"{r['lhs']}{r['op']}{r['rhs']}@{r['group']}"
            for r in ladder.worst.head(3).to_dict("records")
        ]
        values: dict[str, object] = {
            "groups": len(ladder.groups),
            "reason": decision.reason(),
            "worst": listing(worst) if worst else "-",
        }
        problem = Problem("invariance.means_refused", where=ladder.group, values=values)
        raise refusal(ComparisonError, [problem])
    fit = ladder["scalar"]
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
    return found.reset_index(drop=True)
