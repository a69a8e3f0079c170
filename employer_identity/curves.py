"""What somebody of a given standing is expected to answer to an ordered item, group by group."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.edge import Count, checked
from employer_identity.errors import ModelError, Problem
from employer_identity.expected import Curve, factors, parameters
from employer_identity.fit import Fit
from employer_identity.language import refusal
from employer_identity.resampling import redrawn

Array = NDArray[np.float64]
REACH, STEPS = 3.0, 61  # SDs to either side of the mean, standings in all
LINKED = {"thresholds", "loadings", "intercepts"}
"""What must be held equal, single constraints set aside, for standings of groups to be the same."""


@checked(ModelError)
def expected_scores(fit: Fit, item: str, *, draws: Count = 2000, seed: int = 1) -> pd.DataFrame:
    """Return the expected answer to an item over standing on its factor, in each group.

    With the model's thresholds, intercept, loading and residual variance of the group, and the
    item's codes a_1 < ... < a_K ::

        E(y | eta) = a_1 + sum_k (a_k+1 - a_k) Phi((nu + lambda eta - tau_k) / sqrt(theta))

    Two groups in which nothing about the item differs have the same curve, residual variances
    included. Of merged categories the code is that which most people chose.

    Parameters
    ----------
    fit
        Of ordered items; of several groups with equal thresholds, loadings and intercepts, single
        ones set aside or not (a ladder's scalar rung, ``ladder["scalar"]``).
    item
        An ordered item that one factor measures.
    draws, seed
        For the intervals: draws from the normal distribution with the estimates' covariance.

    Returns
    -------
    DataFrame with item, factor, group, standing (in the reference group's standard deviations from
    its mean, -3 to 3), expected (in the answers' units), ci_lower, ci_upper (pointwise 95 %).

    Raises
    ------
    ModelError
        For an item that is not ordered or that several factors measure, and where the groups have
        no metric in common.

    Notes
    -----
    Checked against answers simulated from the model.

    Examples
    --------
    >>> ladder = ei.invariance(survey, group="gender", ordered=True)
    >>> ei.expected_scores(ladder["scalar"], "adv2").head()
    """
    factor = _factor_of(fit, item)
    i, f = fit.items.index(item), fit.layout.latent.index(factor)
    standing = np.linspace(-REACH, REACH, STEPS)
    theta = _drawn(fit, i, draws, seed)
    mean, covariance = factors(fit.layout, theta[:1], 0)
    eta = np.zeros((1, STEPS, len(fit.layout.latent)))
    eta[0, :, f] = mean[0, f] + standing * np.sqrt(covariance[0, f, f])
    rows = []
    for g, label in enumerate(fit.groups):
        found = Curve.of(fit, theta, i, g).at(np.broadcast_to(eta, (len(theta), *eta.shape[1:])))
        low, high = np.quantile(found[1:], [0.025, 0.975], axis=0)
        columns = {"standing": standing, "expected": found[0], "ci_lower": low, "ci_upper": high}
        rows.append(pd.DataFrame({"item": item, "factor": factor, "group": label, **columns}))
    return pd.concat(rows, ignore_index=True)


def _factor_of(fit: Fit, item: str) -> str:
    """Return the factor that measures the item; refuse what has no such curve."""
    known = item in fit.items and bool(fit.layout.response.ordered[fit.items.index(item)])
    measuring = [name for name, items in fit.factors.items() if item in items]
    if not known:
        raise refusal(ModelError, [Problem("ordered.no_curve", where=item)])
    if len(measuring) != 1:
        raise refusal(ModelError, [Problem("ordered.several_factors", item, len(measuring))])
    if len(fit.groups) > 1 and not set(fit.equal) >= LINKED:
        raise refusal(ModelError, [Problem("ordered.no_common_metric", where=item)])
    return measuring[0]


def _drawn(fit: Fit, item: int, draws: int, seed: int) -> Array:
    """Return the parameters that bear on the curves: the estimates, then draws; a last 0."""
    layout = fit.layout
    used = [parameters(layout, item, g) for g in range(len(fit.groups))]
    used += [layout.twin[name][:, item].ravel() for name in ("nu", "Lambda")]
    which = np.unique(np.concatenate(used))
    which = which[which >= 0]
    theta = np.tile(np.append(fit.solution.theta, 0.0), (1 + draws, 1))
    theta[1:, which] += redrawn(fit, which, draws, seed)
    return theta
