"""Chi-square difference tests of nested fits, plain and scaled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from employer_identity.edge import checked
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.language import listing, refusal, say
from employer_identity.measurement.categorical import OrderedMoments
from employer_identity.measurement.evidence import Evidence, OrderedSample, objective
from employer_identity.measurement.indices import chisq_pvalue
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.patterns import whole
from employer_identity.measurement.responses import standardised
from employer_identity.measurement.restricting import restriction_traces
from employer_identity.measurement.saturated import saturate
from employer_identity.measurement.scoring import minimise
from employer_identity.measurement.starts import starting_values
from employer_identity.measurement.threads import on_one_thread
from employer_identity.measures import mean_adjusted, sandwich, scaled, shifted
from employer_identity.showing import Showing, View, significance

Array = NDArray[np.float64]
Method = Literal[
    "standard", "satorra_bentler_2001", "satorra_bentler_2010", "satorra_2000",
    "satorra_2000_shifted",
]  # fmt: skip
DEFAULTS: dict[str, Method] = {
    "ML": "standard", "DWLS": "standard", "MLR": "satorra_bentler_2001",
    "MLM": "satorra_bentler_2001", "WLSM": "satorra_2000", "WLSMV": "satorra_2000_shifted",
}  # fmt: skip
ALIKE = 1e-5  # furthest in SD that the moments of the same answers are apart, taken twice
NESTED = 1e-6  # largest discrepancy per respondent of moments that a model can reproduce


@dataclass(frozen=True, repr=False)
class DifferenceTest(Showing):
    """Chi-square difference of two nested fits.

    Attributes
    ----------
    chisq_diff, df_diff, pvalue
        The test.
    method
        How it was scaled.
    scaling
        What the plain difference was divided by.
    fallback
        Whether another method was used since the one asked for gave a negative scaling.
    """

    chisq_diff: float
    df_diff: int
    pvalue: float
    method: Method = "standard"
    scaling: float = 1.0
    fallback: bool = False

    def _view(self) -> View:
        p = significance(self.pvalue)
        title = say(
            "showing.difference", df=self.df_diff, chisq=float(self.chisq_diff),
            p=p if p.startswith("<") else f"= {p}",
        )  # fmt: skip
        told = [say("showing.difference_method", method=self.method, scaling=float(self.scaling))]
        told += [say("showing.difference_fallback")] if self.fallback else []
        return View(title, tuple(told))


@checked(ModelError)
def difference_test(restricted: Fit, free: Fit, *, method: Method | None = None) -> DifferenceTest:
    """Test a restricted fit against a freer one of the same answers.

    Parameters
    ----------
    restricted, free
        Two fits by the same estimator; the first has more degrees of freedom.
    method
        ``standard`` (plain difference; the default for ML), ``satorra_bentler_2001`` (the default
        for MLR and MLM), ``satorra_bentler_2010``, ``satorra_2000`` (mean-adjusted; the default
        for WLSM) or ``satorra_2000_shifted`` (mean and variance; the default for WLSMV). The
        scaling of the first two may turn out negative; then ``satorra_2000``, whose cannot, steps
        in, and the result says so. Ordered items have the last two only.

    Returns
    -------
    DifferenceTest

    Raises
    ------
    ModelError
        If the fits rest on different answers or estimators, or the first is not nested in the
        second: one that the second can reproduce exactly (Bentler & Satorra 2010, the NET
        procedure).

    Notes
    -----
    Satorra & Bentler (2001, 2010), Satorra (2000). Checked against lavaan's ``lavTestLRT`` (of
    ordered items, its default).

    Examples
    --------
    >>> ei.difference_test(ladder["metric"], ladder["configural"])
    """
    if method is not None and method not in get_args(Method):
        asked = {"asked": method, "allowed": listing(get_args(Method))}
        raise refusal(ModelError, [Problem("model.not_available", where="method", values=asked)])
    problems = []
    values: dict[str, object]
    if len(restricted.groups) != len(free.groups):
        values = {"first": len(restricted.groups), "second": len(free.groups)}
        problems.append(Problem("model.different_groups", values=values))
    elif not _same_answers(restricted, free):
        values = {"first": restricted.ntotal, "second": free.ntotal}
        problems.append(Problem("model.different_data", values=values))
    elif not _same_clusters(restricted, free):
        problems.append(Problem("model.different_clusters"))
    if restricted.estimator != free.estimator:
        values = {"first": restricted.estimator, "second": free.estimator}
        problems.append(Problem("model.different_estimators", values=values))
    if restricted.df <= free.df or (not problems and _nesting(restricted, free) is None):
        values = {"first": restricted.df, "second": free.df}
        problems.append(Problem("model.not_nested", values=values))
    if method in ("satorra_bentler_2001", "satorra_bentler_2010") and free.ordered is not None:
        problems.append(Problem("ordered.difference_method", method))
    if problems:
        raise refusal(ModelError, problems)
    return nested_difference(restricted, free, method)


def _same_answers(one: Fit, other: Fit) -> bool:
    if set(one.items) != set(other.items) or one.ntotal != other.ntotal:
        return False
    if (one.ordered is None) != (other.ordered is None):
        return False
    ours, theirs = one.moments, other.moments.select(one.moments.names)
    if not np.allclose(ours.n, theirs.n):
        return False
    sd = np.sqrt(np.diagonal(ours.covariance, axis1=1, axis2=2))
    apart = [
        (ours.mean - theirs.mean) / sd,
        (ours.covariance - theirs.covariance) / (sd[:, :, None] * sd[:, None, :]),
    ]
    if one.ordered is not None and other.ordered is not None:
        a, b = _sums(one.ordered, other.ordered)
        if a.shape != b.shape:
            return False
        apart.append(a - b)
    return all(bool((np.abs(gap) < ALIKE).all()) for gap in apart)


def _sums(one: OrderedMoments, other: OrderedMoments) -> tuple[Array, Array]:
    """Return each group's sum of thresholds, which the order of items does not change."""
    return one.thresholds.sum(axis=1), other.thresholds.sum(axis=1)


def _same_clusters(one: Fit, other: Fit) -> bool:
    ours, theirs = (
        fit.rows.cluster_sizes if fit.rows is not None and fit.rows.clustered else None
        for fit in (one, other)
    )
    if ours is None or theirs is None:
        return ours is theirs
    return bool(np.array_equal(ours, theirs))


@on_one_thread
def nested_difference(restricted: Fit, free: Fit, method: Method | None = None) -> DifferenceTest:
    """Test fits that are known to be nested."""
    df = restricted.df - free.df
    plain = max(restricted.chisq - free.chisq, 0.0)
    method = method or DEFAULTS[restricted.estimator]
    if restricted.sandwich is None:
        method = "standard"
    if method == "standard" or restricted.scaling is None or free.sandwich is None:
        return DifferenceTest(plain, df, chisq_pvalue(plain, df))
    if method.startswith("satorra_2000"):
        return _satorra_2000(restricted, free, plain, shift_too=method.endswith("shifted"))
    if method == "satorra_bentler_2010":
        scaling = _at_the_restricted_moments(restricted, free)
    else:
        scaling = (restricted.df * restricted.scaling - _weighted(free.scaling, free.df)) / df
    if scaling <= 0:
        return replace(_satorra_2000(restricted, free, plain, shift_too=False), fallback=True)
    chisq = plain / scaling
    return DifferenceTest(chisq, df, chisq_pvalue(chisq, df), method, scaling)


def _at_the_restricted_moments(restricted: Fit, free: Fit) -> float:
    """Return Satorra & Bentler's (2010) scaling; not positive where it cannot be had."""
    at = _nesting(restricted, free)
    found = None if at is None else sandwich(free, free.layout, at)
    if found is None or restricted.scaling is None:
        return 0.0
    between = _weighted(scaled(free.estimator, found, free.df)[0], free.df)
    return (restricted.df * restricted.scaling - between) / (restricted.df - free.df)


def _weighted(scaling: float | None, df: int) -> float:
    return scaling * df if df and scaling is not None else 0.0


def _nesting(restricted: Fit, free: Fit) -> Array | None:
    """Return the freer model's parameters at the restricted one's moments; None if there are none.

    The freer model is fitted to what the restricted one implies; if it is nested the fit is exact.
    """
    moments, evidence = _reproduced(restricted, free)
    start = starting_values(free.table, free.layout, moments, _aligned(restricted, free))
    for first in (start, free.solution.theta):
        found = minimise(objective(evidence, moments, free.layout), first)
        if found.objective < NESTED:
            return found.theta
    return None


def _reproduced(restricted: Fit, free: Fit) -> tuple[Moments, Evidence]:
    """Return what the restricted model implies as if it were observed, in the freer's order."""
    at = [restricted.items.index(name) for name in free.items]
    mu, Sigma = restricted.implied.mu[:, at], restricted.implied.Sigma[:, at][:, :, at]  # noqa: N806
    n, known = restricted.moments.n, free.moments.known
    if free.ordered is None or not isinstance(free.evidence, OrderedSample):
        moments = Moments(free.items, n, mu, Sigma, free.groups, known)
        saturated = saturate(whole(moments.names, moments.n, mu, Sigma))
        assert saturated is not None  # a model's covariance matrices are positive definite
        return moments, saturated
    tau, seen = standardised(restricted.layout.response, restricted.implied)
    owner = restricted.layout.response.owner
    order = np.concatenate([np.flatnonzero(owner == i) for i in at])
    mean, seen = np.where(free.ordered.ordered, 0.0, mu), seen[:, at][:, :, at]
    statistics = replace(
        free.ordered, thresholds=tau[:, order], mean=mean, covariance=seen
    )  # fmt: skip
    moments = Moments(free.items, n, mean, seen, free.groups, known)
    return moments, replace(free.evidence, statistics=statistics)


def _aligned(restricted: Fit, free: Fit) -> Array:
    """Return the restricted fit's values in the places of the freer one's relations."""
    at = {key: r for r, key in enumerate(restricted.table.rows)}
    turned = {(c, b, a): r for (a, b, c), r in at.items() if b == "~~"}
    columns = [at.get(key, turned.get(key)) for key in free.table.rows]
    guess = free.values.copy()
    for r, column in enumerate(columns):
        if column is not None:
            guess[:, r] = restricted.values[:, column]
    return guess


def _satorra_2000(restricted: Fit, free: Fit, plain: float, *, shift_too: bool) -> DifferenceTest:
    """Scale by the restrictions themselves, as both models' derivatives show them."""
    df = restricted.df - free.df
    assert free.sandwich is not None
    trace, square = restriction_traces(free.sandwich, restricted.layout, restricted.solution.theta)
    scaling, shift = shifted(trace, square, df) if shift_too else mean_adjusted(trace, df)
    chisq = plain / scaling + shift
    method: Method = "satorra_2000_shifted" if shift_too else "satorra_2000"
    return DifferenceTest(chisq, df, chisq_pvalue(chisq, df), method, scaling)
