"""Laws for answers with holes, weights and clusters: what must hold whatever the data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

import employer_identity as ei
from employer_identity.measurement import normal
from employer_identity.measurement.implied import imply
from employer_identity.measurement.layout import Layout, lay_out
from employer_identity.measurement.likelihood import curvature, curvature_with_holes
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.patterns import Patterns, gather
from employer_identity.measurement.robust import CrossedMeat, Meat, bread, meat
from employer_identity.measurement.rows import Rows
from employer_identity.measurement.saturated import saturate
from employer_identity.measurement.starts import starting_values, with_sample_values
from employer_identity.measurement.syntax import parse
from employer_identity.measurement.table import complete
from tests.examples import FOUR, ITEMS, answers

Array = np.ndarray[Any, np.dtype[np.float64]]

DIFFERENCE = 1e-6  # of the largest: finite differences lose half the digits; seen: 2e-9
SAME = 1e-9  # the same numbers added up in another order; seen: 1e-12
FOUND = 1e-6  # two searches end a billionth of a standard error from one minimum; seen: 1e-9

STRUCTURAL = "f =~ x1 + x2 + x3\ng =~ y1 + a*y2 + a*y3\ng ~ f + z\nx1 ~~ y1\ny2 ~ z"
SECOND_ORDER = "f =~ x1 + x2 + x3\ng =~ y1 + y2 + y3\nh =~ f + g + z"
TWO = "pro =~ pro1 + pro2 + pro3\nadv =~ adv1 + adv2 + adv3"
SIX = ["pro1", "pro2", "pro3", "adv1", "adv2", "adv3"]


def with_holes(frame: pd.DataFrame, seed: int, share: float = 0.1) -> pd.DataFrame:
    """Leave out a share of the answers, more of them where the first item is high."""
    rng = np.random.default_rng(seed)
    found = frame.copy()
    first = found[SIX[0]] > found[SIX[0]].median()
    for item in SIX[1:]:
        gone = rng.random(len(found)) < np.where(first, 1.5 * share, 0.5 * share)
        found.loc[gone, item] = np.nan
    return found


def six(n: int, seed: int, *, holes: bool = True) -> pd.DataFrame:
    """Answers to six items of two pillars, of two bands and twenty teams within each."""
    frame = answers(n, seed)[SIX].assign(
        band=np.where(np.arange(n) % 2, "young", "old"), team=np.arange(n) % 40
    )
    return with_holes(frame, seed) if holes else frame


def skewed(n: int, seed: int) -> pd.DataFrame:
    """Answers whose tails are long: a fit's chi-square is too large."""
    return pd.DataFrame(np.exp(0.9 * (answers(n, seed) - 5.0)))


def kept(fit: ei.Fit) -> Array:
    """Estimates and standard errors of what is free."""
    free = fit.estimates[fit.estimates["parameter"] >= 0]
    return free[["est", "se"]].to_numpy(dtype=float)


# -- derivatives -----------------------------------------------------------------------------------


def case(model: str, *, holes: bool, equal: tuple[str, ...] = ()) -> tuple[Layout, Rows, Array]:
    """A layout, weighted respondents of two groups, and a point that is not the minimum."""
    rng = np.random.default_rng(5)
    table = complete(parse(model), 2, equal=equal)
    names = table.roles.observed
    p = len(names)
    data = rng.normal(size=(160, p)) @ (0.5 * rng.normal(size=(p, p)) + np.eye(p)) + 3.0
    codes = np.repeat([0, 1], 80).astype(np.intp)
    moments = Moments.of(names, data, codes)
    layout = with_sample_values(lay_out(table), table, moments)
    theta = starting_values(table, layout, moments)
    if holes:
        data[rng.random(data.shape) < 0.2] = np.nan
        data[:, 0] = np.where(np.isnan(data).all(axis=1), 3.0, data[:, 0])
    weights = rng.uniform(0.5, 1.5, 160)
    weights /= weights.mean()
    patterns, block = gather(names, data, codes, weights)
    assert patterns.complete != holes
    return (
        layout,
        Rows(data, block, weights, None, patterns, np.arange(len(data))),
        theta * rng.uniform(0.9, 1.1, len(theta)),
    )


CASES = [(STRUCTURAL, ()), (SECOND_ORDER, ()), (STRUCTURAL, ("loadings", "regressions"))]


@pytest.mark.parametrize(("model", "equal"), CASES)
def test_score_with_holes_is_the_slope_of_the_likelihood(
    model: str, equal: tuple[str, ...]
) -> None:
    layout, rows, theta = case(model, holes=True, equal=equal)

    def minus_half_f(at: Array) -> float:
        return -0.5 * curvature_with_holes(rows.patterns, 0.0, layout, at)[0]

    step = 1e-6
    numeric = np.array(
        [(minus_half_f(theta + e) - minus_half_f(theta - e)) / (2 * step)
         for e in np.eye(len(theta)) * step]
    )  # fmt: skip
    _, here = curvature_with_holes(rows.patterns, 0.0, layout, theta)
    assert here is not None
    assert np.abs(here.gradient - numeric).max() < DIFFERENCE * np.abs(numeric).max()


@pytest.mark.parametrize("holes", [True, False])
@pytest.mark.parametrize(("model", "equal"), CASES)
def test_observed_information_is_the_slope_of_the_score(
    model: str, equal: tuple[str, ...], holes: bool
) -> None:
    layout, rows, theta = case(model, holes=holes, equal=equal)

    def score(at: Array) -> Array:
        found = curvature_with_holes(rows.patterns, 0.0, layout, at)[1]
        assert found is not None
        return found.gradient

    step = 1e-5
    numeric = np.array(
        [(score(theta - e) - score(theta + e)) / (2 * step) for e in np.eye(len(theta)) * step]
    )
    implied = imply(layout, theta)
    at = normal.expand(rows.patterns, implied.Sigma, implied.mu)
    assert at is not None
    information = bread(layout, theta, implied, rows.patterns, at, seen=True).dense
    assert np.abs(information - information.T).max() < SAME * np.abs(information).max()
    assert np.abs(information - numeric).max() < DIFFERENCE * np.abs(numeric).max()


def test_observed_information_is_the_expected_one_where_the_model_fits_every_pattern() -> None:
    layout, rows, theta = case(STRUCTURAL, holes=True)
    implied, found = imply(layout, theta), rows.patterns
    both = found.seen[:, :, None] & found.seen[:, None, :]
    exact = Patterns(
        found.names, found.group, found.seen, found.n, np.where(found.seen, implied.mu[found.group],
        0.0), np.where(both, implied.Sigma[found.group], 0.0), found.n_groups,
    )  # fmt: skip
    at = normal.expand(exact, implied.Sigma, implied.mu)
    assert at is not None
    one, other = (
        bread(layout, theta, implied, exact, at, seen=seen).dense for seen in (True, False)
    )
    assert np.abs(one - other).max() < SAME * np.abs(one).max()
    _, here = curvature_with_holes(exact, 0.0, layout, theta)
    assert here is not None
    assert np.abs(here.gradient).max() < SAME


def test_without_holes_both_ways_to_the_likelihood_agree() -> None:
    layout, rows, theta = case(SECOND_ORDER, holes=False)
    found = rows.patterns
    moments = Moments(found.names, found.n, found.mean, found.covariance)  # type: ignore[arg-type]
    saturated = saturate(found)
    assert saturated is not None
    short, there = curvature(moments, layout, theta)
    long, here = curvature_with_holes(found, saturated.value, layout, theta)
    assert here is not None
    assert there is not None
    assert long == pytest.approx(short, rel=SAME)
    assert np.allclose(here.gradient, there.gradient, rtol=SAME, atol=SAME)
    assert np.allclose(here.tied.dense, there.tied.dense, rtol=SAME, atol=SAME)


# -- respondents -----------------------------------------------------------------------------------


@pytest.mark.parametrize("holes", [True, False])
def test_scores_of_respondents_add_up_to_the_slope(holes: bool) -> None:
    layout, rows, theta = case(STRUCTURAL, holes=holes)
    implied = imply(layout, theta)
    at = normal.expand(rows.patterns, implied.Sigma, implied.mu)
    assert at is not None
    own = bread(layout, theta, implied, rows.patterns, at, seen=True)
    total = np.zeros(layout.q + 1)
    for g, each in enumerate(rows.scores(at, implied.mu)):
        np.add.at(total, layout.cells.parameter[g], each.sum(axis=0) @ own.Delta[g])
    _, here = curvature_with_holes(rows.patterns, 0.0, layout, theta)
    assert here is not None
    assert np.abs(here.gradient).max() > 0.01
    assert np.allclose(total[:-1] / len(rows.answers), here.gradient, atol=SAME)


def test_the_short_way_to_scores_of_complete_answers_is_the_long_one() -> None:
    layout, rows, theta = case(STRUCTURAL, holes=False)
    implied = imply(layout, theta)
    at = normal.expand(rows.patterns, implied.Sigma, implied.mu)
    assert at is not None
    long = normal.scores(rows.patterns, at, rows.answers, rows.block, implied.mu)
    weighted = long * rows.weights[:, None]
    short = rows.scores(at, implied.mu)
    for g in (0, 1):
        mine = weighted[rows.group == g]
        assert np.allclose(short[g], mine, rtol=SAME, atol=SAME)
        product = mine.T @ mine / len(rows.answers)
        assert np.allclose(rows.meat(at, implied.mu)[g], product, rtol=SAME, atol=SAME)


def clustered(rows: Rows, cluster: Any) -> Rows:
    return replace(rows, cluster=np.asarray(cluster))


@pytest.mark.parametrize("holes", [True, False])
@pytest.mark.parametrize("crossing", [True, False])
def test_scores_are_added_up_within_clusters_first(holes: bool, crossing: bool) -> None:
    layout, plain, theta = case(STRUCTURAL, holes=holes)
    number = np.random.default_rng(2).integers(0, 12, len(plain.answers))
    rows = clustered(plain, number if crossing else number + 12 * plain.group)
    assert rows.crossed == crossing
    implied = imply(layout, theta)
    at = normal.expand(rows.patterns, implied.Sigma, implied.mu)
    assert at is not None
    own = bread(layout, theta, implied, rows.patterns, at, seen=True)
    each = normal.scores(rows.patterns, at, rows.answers, rows.block, implied.mu)
    by_parameter = np.zeros((len(each), layout.q + 1))
    assert rows.cluster is not None
    C = [len(set(rows.cluster[rows.group == g])) for g in (0, 1)]
    for i, (g, score) in enumerate(zip(rows.group, each, strict=True)):
        cells = score @ own.Delta[g] * rows.weights[i] * np.sqrt(C[g] / (C[g] - 1))
        np.add.at(by_parameter[i], layout.cells.parameter[g], cells)
    sums = pd.DataFrame(by_parameter[:, :-1]).groupby(rows.cluster).sum().to_numpy()
    expected = sums.T @ sums / len(each)
    assert np.allclose(meat(rows, own, at, implied.mu).dense, expected, rtol=SAME, atol=SAME)


def test_clusters_that_cross_groups_are_treated_as_those_that_do_not() -> None:
    layout, plain, theta = case(STRUCTURAL, holes=True, equal=("loadings",))
    rows = clustered(plain, np.arange(len(plain.answers)) // 4)
    assert not rows.crossed
    implied = imply(layout, theta)
    at = normal.expand(rows.patterns, implied.Sigma, implied.mu)
    assert at is not None
    own = bread(layout, theta, implied, rows.patterns, at, seen=True)
    within = meat(rows, own, at, implied.mu)
    rows.__dict__["crossed"] = True  # as if some did
    across = meat(rows, own, at, implied.mu)
    assert isinstance(within, Meat)
    assert isinstance(across, CrossedMeat)
    assert np.allclose(within.dense, across.dense, rtol=SAME, atol=SAME)
    assert within.trace(own.factor) == pytest.approx(across.trace(own.factor), rel=SAME)
    for way in (lambda m: m.around(own.factor), lambda m: m.left(own)):
        one, other = way(within), way(across)
        assert np.allclose(one, other, rtol=SAME, atol=SAME * np.abs(one).max())


def test_cells_are_tied_into_parameters_pair_by_pair() -> None:
    layout, _, _ = case(STRUCTURAL, holes=False, equal=("loadings",))
    at = layout.cells.parameter
    by_cell = np.random.default_rng(3).normal(size=(2, at.shape[1], at.shape[1]))
    into = np.zeros((2, at.shape[1], layout.q + 1))
    for g in (0, 1):
        into[g, np.arange(at.shape[1]), at[g]] = 1.0  # -1, what is fixed, is the last place
    expected = sum(into[g].T @ by_cell[g] @ into[g] for g in (0, 1))[:-1, :-1]
    assert np.allclose(layout.cells.arrow.dense(by_cell), expected, atol=SAME)


# -- unrestricted moments --------------------------------------------------------------------------


def expectation_maximisation(data: Array, steps: int = 2000) -> tuple[Array, Array]:
    """Means and covariances of normal answers with holes (Little & Rubin 2002, section 11.2)."""
    mean, Sigma = np.nanmean(data, axis=0), np.diag(np.nanvar(data, axis=0))
    for _ in range(steps):
        filled, left = data.copy(), np.zeros_like(Sigma)
        for row in filled:
            gone = np.isnan(row)
            slope = Sigma[np.ix_(gone, ~gone)] @ np.linalg.inv(Sigma[np.ix_(~gone, ~gone)])
            row[gone] = mean[gone] + slope @ (row[~gone] - mean[~gone])
            left[np.ix_(gone, gone)] += (
                Sigma[np.ix_(gone, gone)] - slope @ Sigma[np.ix_(~gone, gone)]
            )
        before = mean, Sigma
        mean = filled.mean(axis=0)
        Sigma = (left + (filled - mean).T @ (filled - mean)) / len(data)
        if max(np.abs(mean - before[0]).max(), np.abs(Sigma - before[1]).max()) < 1e-12:
            break
    return mean, Sigma


def test_unrestricted_moments_are_those_of_expectation_maximisation() -> None:
    frame = six(120, 3)
    data = frame[SIX].to_numpy()
    codes = (frame["band"] == "young").to_numpy().astype(np.intp)
    patterns, _ = gather(SIX, data, codes, np.ones(len(data)))
    found = saturate(patterns)
    assert found is not None
    score = normal.listed(*normal.slopes(patterns, found.at))
    assert np.abs(score).max() < SAME
    for g in (0, 1):
        mean, Sigma = expectation_maximisation(data[codes == g])
        assert np.allclose(found.mu[g], mean, atol=1e-8)
        assert np.allclose(found.Sigma[g], Sigma, atol=1e-8)


def test_unrestricted_moments_of_complete_answers_are_the_samples() -> None:
    data = answers(80, 1)[SIX].to_numpy()
    patterns, _ = gather(SIX, data, np.zeros(80, dtype=np.intp), np.ones(80))
    found = saturate(patterns)
    assert found is not None
    assert np.allclose(found.mu[0], data.mean(axis=0), rtol=1e-13)
    assert np.allclose(found.Sigma[0], np.cov(data.T, bias=True), rtol=1e-12)
    score = normal.listed(*normal.slopes(patterns, found.at))
    assert np.abs(score).max() < 1e-12


def test_the_likelihood_is_that_of_each_row() -> None:
    frame = six(150, 8)
    fit = ei.cfa(frame, TWO, group="band")
    total = 0.0
    for g, label in enumerate(fit.groups):
        for row in frame.loc[frame["band"] == label, list(fit.items)].to_numpy():
            there = ~np.isnan(row)
            density = multivariate_normal(
                fit.implied.mu[g][there], fit.implied.Sigma[g][np.ix_(there, there)]
            )
            total += density.logpdf(row[there])
    assert fit.fit_measures["logl"] == pytest.approx(total, rel=1e-10)


# -- weights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("holes", [True, False])
def test_a_row_that_weighs_nothing_changes_nothing(holes: bool) -> None:
    """Full information with a hole nobody counts is complete-data estimation: listwise."""
    frame = six(200, 4, holes=False).assign(w=1.0)
    if not holes:
        frame["w"] = np.random.default_rng(1).uniform(0.5, 2.0, len(frame))
    extra = frame.iloc[[0]].assign(w=1e-14, pro2=np.nan if holes else 9.0)
    one = ei.cfa(frame, TWO, group="band", weights="w")
    other = ei.cfa(pd.concat([frame, extra]), TWO, group="band", weights="w")
    assert (one.missing, other.missing) == ("listwise", "fiml" if holes else "listwise")
    assert np.allclose(kept(one), kept(other), rtol=1e-8, atol=SAME)
    ours, theirs = one.fit_measures, other.fit_measures
    assert ours["chisq.scaled"] == pytest.approx(theirs["chisq.scaled"], rel=FOUND)
    # the mean weight is 1, so the chi-square grows with the count of rows, and its scaling too
    assert theirs["chisq"] / ours["chisq"] == pytest.approx(201 / 200, rel=FOUND)


@pytest.mark.parametrize("holes", [True, False])
def test_a_weight_is_a_row_repeated(holes: bool) -> None:
    """Rows repeated w times, each original a cluster: the same but for C / (C - 1), 100 a group."""
    frame = six(200, 6, holes=holes).assign(row=np.arange(200))
    frame["w"] = np.random.default_rng(6).integers(1, 4, 200)
    repeated = frame.loc[frame.index.repeat(frame["w"])]
    weighted = ei.cfa(frame, TWO, group="band", weights="w")
    long = ei.cfa(repeated, TWO, group="band", cluster="row")
    estimates, others = kept(weighted), kept(long)
    assert np.allclose(estimates[:, 0], others[:, 0], atol=FOUND)
    assert np.allclose(estimates[:, 1] * np.sqrt(100 / 99), others[:, 1], rtol=FOUND)
    ours, theirs = weighted.fit_measures, long.fit_measures
    assert ours["chisq"] / 200 == pytest.approx(theirs["chisq"] / frame["w"].sum(), rel=FOUND)
    assert ours["chisq.scaled"] == pytest.approx(theirs["chisq.scaled"] * 100 / 99, rel=FOUND)


def test_only_the_ratios_of_weights_matter() -> None:
    frame = six(200, 9).assign(w=np.random.default_rng(0).uniform(0.2, 3.0, 200))
    one = ei.cfa(frame, TWO, weights="w")
    other = ei.cfa(frame.assign(w=1000 * frame["w"]), TWO, weights="w")
    assert np.allclose(kept(one), kept(other), atol=SAME)
    assert np.allclose(one.fit_measures, other.fit_measures, rtol=SAME)
    equal = ei.cfa(frame.assign(w=7), TWO, weights="w")
    assert np.allclose(kept(equal), kept(ei.cfa(frame, TWO)), atol=SAME)


# -- clusters --------------------------------------------------------------------------------------


@pytest.mark.parametrize("holes", [True, False])
def test_everybody_a_cluster_is_no_clusters(holes: bool) -> None:
    frame = six(200, 7, holes=holes).assign(row=np.arange(200))
    plain, each = (ei.cfa(frame, TWO, group="band", cluster=c) for c in (None, "row"))
    assert each.rows is not None
    assert each.rows.cluster is not None
    assert np.allclose(kept(plain)[:, 1] * np.sqrt(100 / 99), kept(each)[:, 1], rtol=SAME)
    factor = "chisq.scaling.factor"
    assert each.fit_measures[factor] == pytest.approx(plain.fit_measures[factor] * 100 / 99)


@pytest.mark.parametrize("holes", [True, False])
def test_groups_that_share_nothing_have_the_standard_errors_of_their_own_fits(holes: bool) -> None:
    """Each group's clusters are corrected by their own number, here 10 and 20."""
    frame = six(300, 8, holes=holes)
    frame.loc[frame["band"] == "old", "team"] //= 4
    both = ei.cfa(frame, TWO, group="band", cluster="team").estimates
    for band, part in frame.groupby("band"):
        alone = ei.cfa(part, TWO, cluster="team").estimates
        together = both[both["group"] == band]
        assert np.allclose(together["se"], alone["se"], rtol=FOUND, equal_nan=True)


def test_people_of_a_group_that_is_one_cluster_count_as_independent() -> None:
    frame = six(300, 8)
    frame.loc[frame["band"] == "old", "team"] = -1
    fit, plain = (ei.cfa(frame, TWO, group="band", cluster=c) for c in ("team", None))
    warned = [note for note in fit.notes if note.code == "model.group_in_cluster"]
    assert [(note.where, note.count, note.severity) for note in warned] == [("old", 1, "warning")]
    old = fit.estimates["group"] == "old"
    C = int((frame["band"] == "old").sum())
    expected = plain.estimates["se"][old] * np.sqrt(C / (C - 1))
    assert np.allclose(fit.estimates["se"][old], expected, rtol=FOUND, equal_nan=True)


def test_a_correction_that_is_negative_is_named_and_corrects_nothing() -> None:
    """Two factors' items as one factor, in six teams that differ much."""
    rng, team = np.random.default_rng(0), np.repeat(np.arange(6), 20)
    two = rng.normal(size=(120, 2)) + rng.normal(size=(6, 2))[team]
    values = two[:, [0, 0, 1, 1]] + 0.5 * rng.normal(size=(120, 4))
    frame = pd.DataFrame(values, columns=list("abcd")).assign(team=team)
    fit = ei.cfa(frame, "f =~ a + b + c + d", cluster="team")
    assert fit.scaling is not None
    assert fit.scaling < 0
    measures = fit.fit_measures
    missing = set(measures.index[measures.isna()])
    assert {"chisq.scaled", "cfi.scaled", "rmsea.robust", "cfi.robust"} <= missing
    assert not {"chisq", "cfi", "rmsea", "srmr"} & missing
    assert "model.scaling_negative" in [problem.code for problem in fit.problems]


@pytest.mark.parametrize("equal", [(), ("loadings", "intercepts")])
def test_fit_measures_of_a_weight_are_those_of_a_row_repeated(equal: tuple[str, ...]) -> None:
    """With everybody a cluster both have the same C / (C - 1); one group weighs more."""
    frame = six(200, 6).assign(row=np.arange(200))
    frame["w"] = np.random.default_rng(6).integers(1, 4, 200) + 2 * (frame["band"] == "old")
    repeated = frame.loc[frame.index.repeat(frame["w"])]
    one = ei.cfa(frame, TWO, group="band", equal=equal, weights="w", cluster="row").fit_measures
    other = ei.cfa(repeated, TWO, group="band", equal=equal, cluster="row").fit_measures
    same = [name for name in one.index if name.endswith(".robust")]
    same += ["chisq.scaled", "baseline.chisq.scaled", "srmr"]
    assert np.allclose(one[same], other[same], rtol=FOUND, atol=FOUND)


def test_clusters_widen_standard_errors_where_people_in_them_are_alike() -> None:
    frame = six(400, 11, holes=False)
    frame[SIX] += np.random.default_rng(1).normal(size=40)[frame["team"]][:, None]
    alike, apart = (ei.cfa(frame, TWO, cluster=c).estimates for c in ("team", None))
    intercepts = alike["op"] == "~1"
    ratio = (alike["se"] / apart["se"])[intercepts & (alike["parameter"] >= 0)]
    assert (ratio > 1.5).all()


# -- what may not matter ---------------------------------------------------------------------------


def test_order_of_rows_items_and_groups_does_not_matter() -> None:
    frame = six(240, 12).assign(w=np.random.default_rng(4).uniform(0.5, 2.0, 240))
    how: dict[str, Any] = {"group": "band", "weights": "w", "cluster": "team"}
    turned = "\n".join(reversed(TWO.splitlines()))
    one = ei.cfa(frame, TWO, equal=("loadings", "intercepts"), std_lv=True, **how)
    shuffled = frame.sample(frac=1.0, random_state=3)
    other = ei.cfa(shuffled, turned, equal=("loadings", "intercepts"), std_lv=True, **how)
    assert np.allclose(one.fit_measures, other.fit_measures, rtol=1e-6, atol=1e-8)
    key = ["lhs", "op", "rhs", "group"]
    ours, theirs = (fit.estimates.set_index(key)[["est", "se"]] for fit in (one, other))
    same = [k for k in ours.index if k in theirs.index]
    assert len(same) >= len(ours) - 2  # the two factors' covariance has turned round
    assert np.allclose(ours.loc[same], theirs.loc[same], atol=FOUND, equal_nan=True)
    free = ei.cfa(frame, TWO, **how)
    last = ei.cfa(frame, TWO, reference="young", **how)
    assert last.groups == ("young", "old")
    assert np.allclose(free.fit_measures, last.fit_measures, rtol=1e-6, atol=1e-8)
    ours, theirs = (fit.estimates.set_index(key)[["est", "se"]] for fit in (free, last))
    assert np.allclose(ours, theirs.loc[ours.index], atol=FOUND, equal_nan=True)


@pytest.mark.parametrize("holes", [True, False])
def test_units_do_not_matter(holes: bool) -> None:
    frame = six(240, 13, holes=holes)
    scaled = frame.assign(adv2=20 * frame["adv2"] - 7)
    one, other = (
        ei.cfa(d, TWO, group="band", cluster="team", equal=("loadings", "intercepts"), std_lv=True)
        for d in (frame, scaled)
    )
    free = [
        m for m in one.fit_measures.index if m not in ("logl", "unrestricted.logl", "aic", "bic")
    ]
    assert {"chisq.scaled", "cfi.robust", "rmsea.robust", "rmsea.ci.upper.robust"} <= set(free)
    assert np.allclose(one.fit_measures[free], other.fit_measures[free], rtol=FOUND, atol=1e-8)
    ours, theirs = one.estimates, other.estimates
    loading = (ours["op"] == "=~") & (ours["rhs"] == "adv2")
    residual = (ours["op"] == "~~") & (ours["lhs"] == "adv2")
    level = (ours["op"] == "~1") & (ours["lhs"] == "adv2")
    factor = np.where(loading | level, 20.0, np.where(residual, 400.0, 1.0))
    assert np.allclose(ours["se"] * factor, theirs["se"], rtol=FOUND, equal_nan=True)
    moved = ours["est"] * factor - 7 * level
    assert np.allclose(moved, theirs["est"], rtol=FOUND, atol=FOUND)
    assert np.allclose(ours["std_all"][ours["op"] != "~1"], theirs["std_all"][ours["op"] != "~1"],
                       atol=FOUND)  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "groups"),
    [
        ([2, 10], ("2", "10")),
        ([True, False], ("False", "True")),
        (pd.Categorical(["young", "old"], categories=["young", "x", "old"]), ("young", "old")),
    ],
)
def test_groups_are_ordered_as_their_values_are(labels: Any, groups: tuple[str, ...]) -> None:
    frame = six(120, 2)
    frame["band"] = pd.Series(labels).take(np.arange(120) % 2).array
    assert ei.cfa(frame, TWO, group="band").groups == groups


def test_patterns_are_told_apart_by_group_and_by_what_is_missing() -> None:
    data = np.array([[1, 2], [np.nan, 4], [3, 6], [5, np.nan], [2, 2], [np.nan, 8]], dtype=float)
    codes = np.array([0, 0, 0, 1, 1, 0], dtype=np.intp)
    weights = np.array([1.0, 1.0, 3.0, 1.0, 1.0, 1.0])
    patterns, block = gather(("a", "b"), data, codes, weights)
    assert list(patterns.group) == [0, 0, 1, 1]
    by_row = patterns.seen[block]
    assert (by_row == ~np.isnan(data)).all()
    assert (patterns.group[block] == codes).all()
    assert patterns.n[block[0]] == 4.0
    assert list(patterns.mean[block[0]]) == [2.5, 5.0]  # (1 + 3 x 3) / 4, (2 + 3 x 6) / 4
    assert np.allclose(patterns.covariance[block[0]], [[0.75, 1.5], [1.5, 3.0]])
    assert list(patterns.covariance[block[1]].ravel()) == [0.0, 0.0, 0.0, 4.0]


# -- tests and indices -----------------------------------------------------------------------------


def test_scaling_is_near_1_for_normal_answers_and_above_for_long_tails() -> None:
    factor = "chisq.scaling.factor"
    normal_ones = ei.cfa(answers(4000, 1), FOUR).fit_measures
    long = ei.cfa(skewed(4000, 1), FOUR).fit_measures
    assert normal_ones[factor] == pytest.approx(1.0, abs=0.03)  # seen: 0.999
    assert long[factor] > 1.5
    assert long["pvalue.scaled"] > long["pvalue"]


@pytest.mark.parametrize("estimator", ["MLR", "MLM"])
def test_robust_score_tests_are_near_the_plain_ones_for_normal_answers(estimator: Any) -> None:
    frame = pd.concat([answers(3000, 5).assign(band="a"), answers(3000, 6).assign(band="b")])
    how: dict[str, Any] = {"group": "band", "equal": ("loadings", "intercepts"), "std_lv": True}
    key = ["lhs", "op", "rhs"]
    plain, robust = (
        ei.cfa(frame, FOUR, estimator=e, **how).score_tests().set_index(key)
        for e in ("ML", estimator)
    )
    robust = robust.loc[plain.index]
    large = plain["x2"] > 0.5
    assert large.sum() > 10
    assert np.allclose(robust["x2"][large] / plain["x2"][large], 1.0, atol=0.15)
    assert np.allclose(robust["epc"], plain["epc"], atol=0.02)


@pytest.mark.parametrize("estimator", ["MLR", "MLM"])
@pytest.mark.parametrize("group", [None, "band"])
@pytest.mark.parametrize("holes", [True, False])
def test_a_model_without_degrees_of_freedom(estimator: Any, group: Any, holes: bool) -> None:
    if holes and estimator == "MLM":
        estimator = "MLR"
    frame = six(200, 5, holes=holes)
    fit = ei.cfa(frame, "f =~ pro1 + pro2 + pro3", group=group, estimator=estimator)
    m = fit.fit_measures
    assert fit.df == 0
    for name in ("chisq", "chisq.scaled", "rmsea", "rmsea.scaled", "rmsea.robust", "srmr"):
        assert m[name] == pytest.approx(0.0, abs=1e-6), name
    for name in ("cfi", "cfi.scaled", "cfi.robust", "tli", "tli.robust"):
        assert m[name] == pytest.approx(1.0), name
    assert np.isnan(m["chisq.scaling.factor"])
    assert np.isnan(m["pvalue.scaled"])
    assert m["baseline.chisq.scaled"] > 100
    assert (kept(fit)[:, 1] > 0).all()
    assert "chi2(0)" in repr(fit)
    assert list(ITEMS[:3]) == list(fit.items)
