"""Improper solutions, named: negative variances, correlations beyond 1, a singular information matrix.

With real answers of this kind they are normal output, so they are reported and the estimates kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from employer_identity.errors import Problem
from employer_identity.language import listing, say

if TYPE_CHECKING:
    from employer_identity.fit import Fit

SLACK = 1e-6  # what rounding may do to a bound


def improper(fit: Fit) -> tuple[Problem, ...]:
    """Return every sign of an improper solution."""
    table = fit.estimates
    found = []
    variances = table[(table["op"] == "~~") & (table["lhs"] == table["rhs"])]
    for row in variances[variances["est"] < -SLACK].itertuples():
        found.append(_problem("negative_variance", row.lhs, row.est, row.group))
    for pair in fit.latent_correlations.itertuples():
        if abs(pair.est) > 1 + SLACK:
            name = listing([pair.factor_1, pair.factor_2])
            found.append(_problem("correlation_above_one", name, pair.est, pair.group))
    m = len(fit.factors)
    for label, Phi in zip(fit.groups, fit.implied.Phi, strict=True):
        if np.linalg.eigvalsh(Phi[:m, :m])[0] < -SLACK:
            found.append(_problem("latent_not_positive_definite", "", 0.0, label))
    loadings = table[table["op"] == "=~"]
    for row in loadings[loadings["std_all"].abs() > 1 + SLACK].itertuples():
        found.append(_problem("loading_above_one", row.rhs, row.std_all, row.group))
    if np.isnan(fit.vcov).any():
        found.append(Problem("model.information_singular"))
    return tuple(found)


def _problem(code: str, where: str, value: float, group: str) -> Problem:
    place = say("model.in_group", group=group) if group else ""
    return Problem(f"model.{code}", where=where, values={"value": float(value), "group": place})
