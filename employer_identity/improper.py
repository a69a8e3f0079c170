"""Improper solutions, named: negative variances, correlations beyond 1, singular information.

A test whose correction is negative is named among them.

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
    found: list[Problem] = []
    variances = table[(table["op"] == "~~") & (table["lhs"] == table["rhs"])]
    found += [
        _problem("negative_variance", row["lhs"], row["est"], row["group"])
        for row in variances[variances["est"] < -SLACK].to_dict("records")
    ]
    pairs = fit.latent_correlations
    for pair in pairs[pairs["est"].abs() > 1 + SLACK].to_dict("records"):
        name = listing([pair["factor_1"], pair["factor_2"]])
        found.append(_problem("correlation_above_one", name, pair["est"], pair["group"]))
    m = len(fit.factors)
    smallest = np.linalg.eigvalsh(fit.implied.Phi[:, :m, :m])[:, 0]
    found += [
        _problem("latent_not_positive_definite", "", size, label)
        for label, size in zip(fit.groups, smallest, strict=True)
        if size < -SLACK
    ]
    loadings = table[table["op"] == "=~"]
    found += [
        _problem("loading_above_one", row["rhs"], row["std_all"], row["group"])
        for row in loadings[loadings["std_all"].abs() > 1 + SLACK].to_dict("records")
    ]
    if fit.df and fit.scaling is not None and fit.scaling <= 0:
        found.append(Problem("model.scaling_negative", values={"value": fit.scaling}))
    if np.isnan(fit.covariances).any():
        found.append(Problem("model.information_singular"))
    return tuple(found)


def _problem(code: str, where: str, value: float, group: str) -> Problem:
    place = say("model.in_group", group=group) if group else ""
    return Problem(
        f"model.{code}", where=where, values={"value": float(value), "group": place, "label": group}
    )
