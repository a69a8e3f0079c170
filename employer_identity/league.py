"""A league table of aligned means: where groups stand, and how many places that may be.

Of factor f, group g has the distance from the middle of the groups, in their common unit

::

    d_g = (alpha_g - mean alpha) / (product of the s)^(1/G)

which does not depend on which group is the reference. A place holds as a range: h stands above g
where both d_h - d_g and the same without the cells that differ exceed c_g standard errors of it
(`measurement.placing`), which holds its true place in at least 95 % of surveys.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.aligned import Alignment
from employer_identity.aligned_factor import AlignedFactor
from employer_identity.alignment_check import AlignmentCheck
from employer_identity.decision import LEAGUE
from employer_identity.edge import Count, checked
from employer_identity.errors import ComparisonError, ModelError, Problem
from employer_identity.estimates import tested
from employer_identity.language import refusal
from employer_identity.measurement.placing import places
from employer_identity.measurement.threads import on_one_thread

Array = NDArray[np.float64]


@checked(ModelError)
@on_one_thread
def league(
    alignment: Alignment, check: AlignmentCheck | None = None, *, minimum_n: Count = LEAGUE
) -> pd.DataFrame:
    """Put groups in the order of their aligned means, with the places that each may have.

    Parameters
    ----------
    alignment
        Of employers, sectors or other groups.
    check
        Of the alignment: factors of which more than 25 % differs are in it only if this recovers
        them.
    minimum_n
        Groups of fewer people are left out.

    Returns
    -------
    DataFrame with factor, group, n, est (distance from the plain mean of these groups, in
    standard deviations within a group: the geometric mean over groups), se, ci_lower, ci_upper
    (95 %, as those of `Alignment.means`), rank_lower, rank_upper (the places, 1 is the highest
    mean, that hold the group's own in at least 95 % of surveys); the highest mean first. Factors
    whose aligned means may not be compared have no rows.

    Raises
    ------
    ComparisonError
        If that is so of all factors, or fewer than two groups are large enough.

    References
    ----------
    Mogstad, Romano, Shaikh & Wilhelm (2024), Review of Economic Studies 91(1), 476-518.

    Examples
    --------
    >>> alignment = ei.align(survey, group="sector", minimum_n=100)
    >>> ei.league(alignment)
    """
    decision = alignment.decision(check)
    if not decision.factors:
        reason = {"reason": decision.reason()}
        raise refusal(ComparisonError, [Problem("league.refused", alignment.group, values=reason)])
    n = np.array([*alignment.n.values()])
    large = np.flatnonzero(n >= minimum_n)
    if len(large) < 2:
        values = {"minimum": minimum_n}
        raise refusal(ComparisonError, [Problem("league.few", alignment.group, len(large), values)])
    labels = np.array(alignment.groups, dtype=object)
    parts = [
        _ordered(alignment.factors[factor], large).assign(
            factor=factor, group=labels[large], n=n[large]
        )
        for factor in decision.factors
    ]
    found = pd.concat([own.sort_values("est", ascending=False, kind="stable") for own in parts])
    columns = ["factor", "group", "n", "est", "se", "ci_lower", "ci_upper"]
    return found[[*columns, "rank_lower", "rank_upper"]].reset_index(drop=True)


def _ordered(own: AlignedFactor, large: NDArray[np.intp]) -> pd.DataFrame:
    """Measure a factor's groups from their middle, and say which places they may have."""
    m, without = own.moved, own.without
    est = _from_the_middle(m.mean[large], m.log_sd[large])
    other = _from_the_middle(without[0][large], without[1][large])
    slope = m.of_mean[large] - m.of_mean[large].mean(axis=0)
    slope = slope / np.exp(m.log_sd[large].mean())
    slope -= est[:, None] * m.of_log_sd[large].mean(axis=0)
    covariance = slope @ own.covariance @ slope.T
    se = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    one, two = tested(est, se), tested(other, se)
    lowest, highest = places(np.stack([est, other]), covariance)
    return pd.DataFrame(
        {
            "est": est, "se": se,
            "ci_lower": np.minimum(one["ci_lower"], two["ci_lower"]),
            "ci_upper": np.maximum(one["ci_upper"], two["ci_upper"]),
            "rank_lower": lowest, "rank_upper": highest,
        }
    )  # fmt: skip


def _from_the_middle(mean: Array, log_sd: Array) -> Array:
    return np.asarray((mean - mean.mean()) / np.exp(log_sd.mean()))
