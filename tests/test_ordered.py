"""Laws for models of ordered items, what is free in which group, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.errors import ModelError
from employer_identity.language import describe
from employer_identity.measurement import weighted
from employer_identity.measurement.categorical import Crossing
from employer_identity.measurement.implied import imply
from employer_identity.measurement.responses import slopes, statistics
from employer_identity.measurement.robust import CrossedMeat
from employer_identity.ordered_residuals import implied_statistics
from tests.test_golden import GOLDEN, keyed

Array = np.ndarray[Any, np.dtype[np.float64]]

TWO = "f =~ s1 + s2 + s3 + s4\ng =~ v1 + v2 + v3"
MIXED = "f =~ s1 + s2 + d1 + b1\ng =~ v1 + v2 + m1 + b3"
ORDERED = ["s1", "s2", "d1", "b1", "v1", "v2", "b3"]
SCALAR = ("thresholds", "loadings", "intercepts")
DIFFERENCE = 1e-6  # of the largest: finite differences lose half the digits; seen: 1e-9
SAME = 1e-9  # the same numbers added up in another order
FOUND = 1e-7  # two searches end a billionth of a standard error from one minimum


@cache
def steps() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "steps.csv")


@cache
def fitted(model: str = TWO, **call: Any) -> ei.Fit:
    asked = {"ordered": True, "missing": "listwise", "std_lv": True} | call
    return ei.cfa(steps(), model, **asked)


def codes(error: pytest.ExceptionInfo[ModelError]) -> list[str]:
    return [problem.code for problem in error.value.problems]


# -- the engine ------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
@pytest.mark.parametrize("model", [MIXED, TWO + "\ns1 ~~ s2\nh =~ f + g"])
def test_derivatives(model: str, parameterization: str) -> None:
    """Those of the statistics, and of F, against finite differences away from the minimum."""
    ordered = tuple(ORDERED) if model == MIXED else True
    fit = fitted(
        model, ordered=ordered, parameterization=parameterization, group="land",
        equal=SCALAR, std_lv=model == MIXED,
    )  # fmt: skip
    layout, moments = fit.layout, fit.ordered
    assert moments is not None
    wave = np.sin(np.arange(layout.q))
    theta = fit.solution.theta * (1.0 + 0.05 * wave) + 0.02 * wave

    def at(move: Array) -> tuple[Array, float]:
        value, _ = weighted.curvature(moments, layout, theta + move)
        return statistics(layout.response, imply(layout, theta + move)), value

    by_cell = slopes(layout, imply(layout, theta), layout.cells)
    padded = np.zeros((*by_cell.shape[:2], layout.q + 1))
    for g, parameters in enumerate(layout.cells.arrow.parameter):
        np.add.at(padded[g].T, parameters, by_cell[g].T)
    _, here = weighted.curvature(moments, layout, theta)
    assert here is not None
    for k in range(layout.q):
        move = np.zeros(layout.q)
        move[k] = 1e-6
        (up, above), (down, below) = at(move), at(-move)
        expected = (up - down) / 2e-6
        np.testing.assert_allclose(
            padded[:, :, k], expected, atol=DIFFERENCE * max(np.abs(expected).max(), 1.0)
        )
        assert here.gradient[k] == pytest.approx(-(above - below) / 4e-6, rel=1e-4, abs=1e-7)


def gamma_of(moments: Any, clusters: Crossing | None) -> Array:
    """n times the covariance matrix of all groups' statistics, dense."""
    groups, S = moments.statistics.shape
    n = moments.n.sum()
    if clusters is None:
        found = np.zeros((groups, S, groups, S))
        for g, one in enumerate(moments.asymptotic):
            found[g, :, g] = one * n / moments.n[g]
        return found.reshape(groups * S, groups * S)
    numbers = np.unique(np.concatenate(clusters.number))
    Z = np.zeros((groups, S, len(numbers)))
    for g, (number, moved) in enumerate(zip(clusters.number, clusters.moved, strict=True)):
        Z[g][:, np.searchsorted(numbers, number)] = moved.T
    Z = Z.reshape(groups * S, -1)
    return np.asarray(n * Z @ Z.T)


@pytest.mark.parametrize("cluster", [None, "team"])
def test_traces_and_errors_by_matrices_of_full_size(cluster: str | None) -> None:
    """With clusters that have people in several groups, and with none."""
    data = steps().assign(team=np.arange(len(steps())) % 150)
    fit = ei.cfa(
        data, TWO, group="land", ordered=True, std_lv=True, equal=SCALAR, cluster=cluster,
        missing="listwise",
    )  # fmt: skip
    moments, sandwich = fit.ordered, fit.sandwich
    assert moments is not None
    assert isinstance(sandwich, weighted.WeightedSandwich)
    assert isinstance(sandwich.meat, CrossedMeat) == (cluster is not None)
    groups, S = moments.statistics.shape
    J = np.zeros((groups, S, fit.layout.q + 1))
    for g, parameters in enumerate(fit.layout.cells.arrow.parameter):
        np.add.at(J[g].T, parameters, sandwich.bread.Delta[g].T)
    D = J.reshape(groups * S, -1)[:, :-1]
    W = (weighted.weights(moments) * (moments.n / moments.n.sum())[:, None]).ravel()
    gamma = gamma_of(moments, moments.crossing)
    inverse = np.linalg.inv(D.T @ (W[:, None] * D))
    U = np.diag(W) - (W[:, None] * D) @ inverse @ (D.T * W)
    trace, square = sandwich.traces
    assert trace == pytest.approx(np.trace(U @ gamma), rel=SAME)
    assert square == pytest.approx(np.trace(U @ gamma @ U @ gamma), rel=SAME)
    V = inverse @ (D.T * W) @ gamma @ (W[:, None] * D) @ inverse / fit.n_inference
    np.testing.assert_allclose(fit.vcov, V, rtol=1e-7, atol=1e-12)
    left = np.eye(groups * S) - D @ inverse @ (D.T * W)
    se = np.sqrt(np.maximum(np.diag(left @ gamma @ left.T), 0.0) / fit.ntotal)
    ours = fit.implied_moments["se"].to_numpy()
    np.testing.assert_allclose(ours, se, rtol=1e-6, atol=1e-9)


def test_clusters_inside_groups_are_the_same_either_way() -> None:
    """Taken for crossed, clusters that are not give what they give by group."""
    team = steps()["land"] + (np.arange(len(steps())) % 40).astype(str)
    fit = ei.cfa(
        steps().assign(team=team), TWO, group="land", ordered=True, std_lv=True,
        equal=SCALAR, cluster="team", missing="listwise",
    )  # fmt: skip
    moments = fit.ordered
    assert moments is not None
    assert moments.crossing is None
    number, moved = [], []
    for g, (one, n) in enumerate(zip(moments.asymptotic, moments.n, strict=True)):
        size, vectors = np.linalg.eigh(one / n)  # any root has the same products
        number.append(1000 * g + np.arange(len(size)))
        moved.append((vectors * np.sqrt(np.maximum(size, 0.0))).T)
    crossed = replace(moments, crossing=Crossing(tuple(number), tuple(moved)))
    own = weighted.sandwich(moments, fit.layout, fit.solution.theta)
    other = weighted.sandwich(crossed, fit.layout, fit.solution.theta)
    assert isinstance(other.meat, CrossedMeat)
    np.testing.assert_allclose(other.traces, own.traces, rtol=SAME)
    np.testing.assert_allclose(other.meat.dense, own.meat.dense, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(
        implied_statistics(fit, crossed)["se"], implied_statistics(fit, moments)["se"], rtol=1e-6
    )


# -- what does not matter --------------------------------------------------------------------------


@pytest.mark.parametrize("equal", [(), ("thresholds",), ("thresholds", "loadings"), SCALAR])
def test_neither_parameterisation_nor_reference_matters_to_fit(equal: tuple[str, ...]) -> None:
    first = fitted(group="land", equal=equal)
    for other in (
        fitted(group="land", equal=equal, parameterization="theta"),
        fitted(group="land", equal=equal, reference="two"),
        fitted("g =~ v3 + v1 + v2\nf =~ s4 + s2 + s1 + s3", group="land", equal=equal),
        fitted(group="land", equal=equal, std_lv=False),
    ):
        assert other.df == first.df
        assert other.chisq == pytest.approx(first.chisq, rel=FOUND)
        for measure in ("chisq.scaled", "cfi.scaled", "srmr"):
            assert other.fit_measures[measure] == pytest.approx(
                first.fit_measures[measure], rel=1e-6
            )


def test_codes_do_not_matter_but_for_their_order() -> None:
    other = steps().assign(s1=lambda d: d["s1"] ** 2, v2=lambda d: 10 * d["v2"] - 3)
    theirs = ei.cfa(other, TWO, ordered=True, missing="listwise", std_lv=True)
    np.testing.assert_allclose(theirs.estimates["est"], fitted().estimates["est"], atol=SAME)
    assert theirs.ordered is not None
    assert theirs.ordered.categories[0][-1] == 49


def test_a_unit_of_a_measured_score_does_not_matter_to_difference_tests() -> None:
    found = []
    for unit in (1.0, 250.0):
        data = steps().assign(m1=lambda d, u=unit: d["m1"] * u)
        call: Any = {"ordered": ORDERED, "group": "land", "std_lv": True, "missing": "listwise"}
        free, restricted = (ei.cfa(data, MIXED, equal=e, **call) for e in ((), SCALAR))
        found.append(ei.difference_test(restricted, free).chisq_diff)
    assert found[0] == pytest.approx(found[1], rel=1e-6)


# -- what is free in which group -------------------------------------------------------------------


def free_in(fit: ei.Fit, op: str, g: int) -> set[str]:
    """Names of the items whose intercept or scale a group has free."""
    rows, number = fit.table.rows, fit.table.number
    items = {r: key[0] for r, key in enumerate(rows) if key[1] == op and key[0] in fit.items}
    return {item for r, item in items.items() if number[g, r] >= 0}


STEPS = ("s1", "s2", "d1", "d2", "b1", "b2")  # 7, 7, 3, 3, 2 and 2 categories
SIX = "f =~ " + " + ".join(STEPS)


@pytest.mark.parametrize(
    ("equal", "intercepts", "scales"),
    [
        ((), "", ""),
        (("loadings",), "", ""),
        (("thresholds",), "s1 s2 d1 d2 b1 b2", "s1 s2 d1 d2"),
        (("thresholds", "loadings"), "s1 s2 d1 d2 b1 b2", "s1 s2 d1 d2 b1 b2"),
        (SCALAR, "", "s1 s2 d1 d2 b1 b2"),
    ],
)
def test_one_threshold_gives_the_origin_and_a_second_the_unit(
    equal: tuple[str, ...], intercepts: str, scales: str
) -> None:
    """A tied loading gives it too: two categories are tested with their intercepts only."""
    fit = fitted(SIX, group="age", equal=equal)
    assert free_in(fit, "~1", 0) == free_in(fit, "~*~", 0) == set()
    assert free_in(fit, "~1", 1) == set(intercepts.split())
    assert free_in(fit, "~*~", 1) == set(scales.split())


def test_with_theta_residual_variances_take_the_place_of_scales() -> None:
    fit = fitted(SIX, group="age", equal=SCALAR, parameterization="theta")
    assert not [key for key in fit.table.rows if key[1] == "~*~"]
    assert free_in(fit, "~~", 0) == set()
    assert free_in(fit, "~~", 1) == set(STEPS)
    strict = fitted(SIX, group="age", equal=(*SCALAR, "residuals"), parameterization="theta")
    assert free_in(strict, "~~", 1) == set()
    assert strict.df == fit.df + len(STEPS)
    assert "residuals" in strict.equal


@pytest.mark.parametrize("equal", [SCALAR[:1], SCALAR])
def test_standardised_estimates_are_the_same_with_theta(equal: tuple[str, ...]) -> None:
    """Errors too: one model, written with scales or with residual variances."""
    delta, theta = (
        keyed(fitted(group="age", equal=equal, parameterization=one).standardised)
        for one in ("delta", "theta")
    )
    rows = [key for key in delta.index.intersection(theta.index) if "~*~" not in key]
    assert len(rows) > 50
    for part in ("est", "se"):
        np.testing.assert_allclose(delta.loc[rows, part], theta.loc[rows, part], atol=FOUND)


def test_three_categories_leave_equal_thresholds_untested() -> None:
    model = "f =~ d1 + d2 + d3 + s1"
    call: Any = {"group": "land", "ordered": ("d1", "d2", "d3", "s1")}
    free, tied = (fitted(model, equal=equal, **call) for equal in ((), ("thresholds",)))
    assert tied.df - free.df == 2 * (6 - 2)  # of the item with seven categories alone
    alone = {"group": "land", "ordered": True}
    free, tied = (fitted("f =~ d1 + d2 + d3", equal=e, **alone) for e in ((), ("thresholds",)))
    assert tied.df == free.df
    assert tied.chisq == pytest.approx(free.chisq, abs=1e-6)


def test_a_release_gives_back_one_degree_of_freedom() -> None:
    tied = fitted(group="land", equal=SCALAR)
    for text in ("s1|t3@two", "s1~1@two", "f=~s2@two", "s1|t3@one"):
        assert fitted(group="land", equal=SCALAR, free=(text,)).df == tied.df - 1, text
    assert fitted(group="land", equal=SCALAR, free=("s1|t3",)).df == tied.df - 2


def planted(seed: int) -> pd.DataFrame:
    """Three groups' answers in five categories; x3 is .5 higher in the second."""
    rng = np.random.default_rng(seed)
    group = np.repeat(["a", "b", "c"], 700)
    f = rng.normal(size=(2100, 1)) + 0.3 * (group == "c")[:, None]
    y = 0.75 * f + np.sqrt(1 - 0.75**2) * rng.normal(size=(2100, 5))
    y[:, 2] += 0.5 * (group == "b")
    names = [f"x{i + 1}" for i in range(5)]
    return pd.DataFrame(np.digitize(y, [-1.2, -0.5, 0.2, 0.9]), columns=names).assign(group=group)


def test_a_planted_intercept_is_found_and_its_expected_change_is_right() -> None:
    model, call = "f =~ x1 + x2 + x3 + x4 + x5", {"group": "group", "ordered": True, "std_lv": True}
    fit = ei.cfa(planted(1), model, equal=SCALAR, **call)
    tests = fit.score_tests()
    first = tests.iloc[0]
    assert (first["lhs"], first["op"], first["group"]) == ("x3", "~1", "b")
    freed = ei.cfa(planted(1), model, equal=SCALAR, free=("x3~1@b",), **call)
    expected = keyed(freed.estimates).loc["x3 ~1  @b", "est"]
    assert expected == pytest.approx(0.5, abs=0.1)
    assert first["epc"] == pytest.approx(expected, rel=0.1)
    scale = np.sqrt(fit.implied.Sigma[1, 2, 2])
    assert first["epc_std"] == pytest.approx(first["epc"] / scale)
    moved = freed.values - fit.values
    means = moved[:, fit.table.rows.index(("f", "~1", ""))]
    assert first["d_gap"] == pytest.approx(np.ptp(means), rel=0.15)
    assert freed.score_tests()["pvalue_holm"].min() > 0.05
    assert set(tests["op"]) == {"=~", "|", "~1"}
    assert set(tests["group"]) == {"a", "b", "c"}  # the reference group's too


def test_strict_residuals_have_score_tests() -> None:
    call: Any = {"group": "land", "parameterization": "theta", "equal": (*SCALAR, "residuals")}
    tests = fitted(**call).score_tests()
    residual = tests[(tests["op"] == "~~") & (tests["lhs"] == tests["rhs"])]
    assert len(residual) == 3 * 7
    worst = residual.iloc[0]
    where = f"{worst['lhs']}~~{worst['lhs']}@{worst['group']}"
    if worst["group"] != "one":
        freed = fitted(**call, free=(where,))
        assert freed.df == fitted(**call).df - 1
        assert freed.chisq < fitted(**call).chisq


def test_plain_weights_have_plain_tests() -> None:
    fit = fitted(group="age", equal=SCALAR, estimator="DWLS")
    assert fit.sandwich is None
    assert "chisq.scaled" not in fit.fit_measures
    robust = fitted(group="age", equal=SCALAR)
    assert fit.chisq == pytest.approx(robust.chisq)
    tests = fit.score_tests()
    assert np.isfinite(tests["x2"]).all()
    restricted = ei.difference_test(fit, fitted(group="age", estimator="DWLS"))
    assert restricted.method == "standard"


# -- what a fit says of itself ---------------------------------------------------------------------


def test_the_books() -> None:
    fit = fitted(group="land", equal=SCALAR)
    assert fit.equal == ("loadings", "thresholds", "intercepts")
    own = fit.table.ordered.thresholds
    assert fit.ledger.moments == 3 * (sum(own.values()) + 21)
    assert fit.ledger.df == fit.ledger.df_obtained == fit.df
    assert (fit.ledger.test, fit.ledger.errors) == ("shifted", "weighted")
    told = repr(fit.ledger)
    count = sum(own.values())
    assert f"thresholds, {3 * count} cells as {count} parameters" in told
    assert "Fixed at 0: intercepts" in told
    assert "residual" not in told  # those follow from the scales
    summary = fit.summary()
    assert "Thresholds\n" in summary
    assert "Scales\n" in summary
    for language in ("en", "nl"):
        assert "WLSMV" in fit.explain(language)
    assert np.isnan(fit.reported["bic"])
    assert fit.reported["cfi"] == fit.fit_measures["cfi.scaled"]


def test_residual_variances_follow_from_scales() -> None:
    table = fitted(group="land", equal=SCALAR).estimates
    own = table[
        (table["op"] == "~~") & (table["lhs"] == table["rhs"]) & table["lhs"].str.len().eq(2)
    ]
    assert own["se"].isna().all()
    explained = fitted(group="land", equal=SCALAR).r2
    np.testing.assert_allclose(own["std_all"].to_numpy(), 1 - explained["r2"].to_numpy(), atol=SAME)


def test_quantities_defined_from_labels() -> None:
    text = "f =~ s1 + a*s2 + b*s3\ng =~ v1 + v2 + v3\nratio := a / b"
    row = fitted(text, std_lv=False).defined.iloc[0]
    est = keyed(fitted(text, std_lv=False).estimates)["est"]
    assert row["est"] == pytest.approx(est["f =~ s2 @"] / est["f =~ s3 @"])
    assert 0.0 < row["se"] < 0.2


def test_lavaan_is_told_of_thresholds_scales_and_merged_categories() -> None:
    code = fitted(group="age", equal=SCALAR).to_lavaan()
    assert (
        'ordered = c("s1", "s2", "s3", "s4", "v1", "v2", "v3"), parameterization = "delta"' in code
    )
    assert "s1 ~*~ c(1, NA)*s1" in code
    assert " s1 | c(" in code
    assert "s1 ~~" not in code
    data = steps().assign(s1=lambda d: d["s1"].where(d["s1"] != 1).fillna(2))
    data.loc[data.index[:3], "s1"] = 1  # three people chose the lowest
    fit = ei.cfa(data, TWO, ordered=True)
    note = next(note for note in fit.notes if note.code == "ordered.merged")
    assert (note.where, note.values["blocks"]) == ("s1", "1+2")
    assert 'answers[["s1"]][answers[["s1"]] == 1] <- 2' in fit.to_lavaan()
    assert fit.table.ordered.thresholds["s1"] == 5
    apart = ei.cfa(data, TWO, ordered=True, collapse=False)
    assert apart.table.ordered.thresholds["s1"] == 6


def test_pairwise_is_the_default_and_uses_everybody() -> None:
    fit = ei.cfa(steps(), TWO, ordered=True)
    assert (fit.estimator, fit.missing) == ("WLSMV", "pairwise")
    assert fit.ntotal == len(steps().dropna(how="all", subset=list(fit.items)))
    assert "pairwise" in describe(fit.notes[0])


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "call", "code"),
    [
        (TWO, {"estimator": "MLR"}, "ordered.estimator"),
        (TWO, {"ordered": (), "estimator": "WLSMV"}, "ordered.estimator_needs_ordered"),
        (TWO, {"missing": "fiml"}, "ordered.no_fiml"),
        (TWO, {"ordered": (), "missing": "pairwise"}, "ordered.pairwise_needs_ordered"),
        (TWO, {"estimator": "DWLS", "cluster": "land"}, "ordered.dwls_plain"),
        (TWO, {"ordered": ["s9"]}, "ordered.unknown_item"),
        (TWO + "\ns1 | t1", {"ordered": ["v1"]}, "ordered.not_ordered"),
        (TWO + "\ns1 | t7", {}, "ordered.no_threshold"),
        (TWO + "\ns1 ~*~ s1", {"parameterization": "theta"}, "ordered.scale_with_theta"),
        (TWO + "\ns1 ~~ s1", {}, "ordered.residual_with_delta"),
        (TWO + "\nf ~ m1", {"ordered": ["s1", "v1"]}, "ordered.regression"),
        (TWO, {"ordered": (), "group": "age", "equal": ["thresholds"]},
         "ordered.thresholds_need_ordered"),
        (TWO, {"group": "age", "equal": ["intercepts"]}, "ordered.intercepts_need_thresholds"),
        (TWO, {"group": "age", "equal": [*SCALAR, "residuals"]}, "ordered.residuals_need_theta"),
        (TWO, {"group": "age", "equal": ["loadings"], "free": ["s1|t1"]}, "model.free_not_tied"),
        (TWO, {"group": "age", "equal": SCALAR, "free": ["s1|t9"]}, "model.free_unknown"),
        (TWO, {"parameterization": "gamma"}, "model.not_available"),
        ("f =~ m1 + s1 + s2", {}, "ordered.not_whole"),
    ],
)  # fmt: skip
def test_refusals(model: str, call: dict[str, Any], code: str) -> None:
    with pytest.raises(ModelError) as caught:
        ei.cfa(steps(), model, **({"ordered": True} | call))
    assert codes(caught) == [code]


def test_a_category_in_one_group_only() -> None:
    data = steps().query("age == 'old' or s1 != 7")
    with pytest.raises(ModelError) as caught:
        ei.cfa(data, TWO, group="age", ordered=True, collapse=False)
    assert codes(caught) == ["ordered.category_empty_in_group"]
    merged = ei.cfa(data, TWO, group="age", ordered=True)
    assert merged.table.ordered.thresholds["s1"] == 5


def test_published_moments_know_no_categories() -> None:
    moments = ei.Moments.published(["a", "b", "c"], n=99, correlation=[[], [0.4], [0.4, 0.5]])
    with pytest.raises(ModelError) as caught:
        ei.cfa(moments, "f =~ a + b + c", ordered=True)
    assert codes(caught) == ["ordered.needs_answers"]


@pytest.mark.parametrize(
    "use",
    [
        lambda fit: fit.factor_scores(), lambda fit: fit.determinacy, lambda fit: fit.saturated,
    ],
)  # fmt: skip
def test_what_is_not_offered_says_so(use: Any) -> None:
    with pytest.raises(ModelError) as caught:
        use(fitted())
    assert codes(caught) == ["ordered.not_offered"]


def test_difference_tests_refuse_what_they_cannot_compare() -> None:
    restricted, free = fitted(group="age", equal=SCALAR), fitted(group="age")
    with pytest.raises(ModelError) as caught:
        ei.difference_test(restricted, free, method="satorra_bentler_2001")
    assert codes(caught) == ["ordered.difference_method"]
    numbers = ei.cfa(steps().dropna(), TWO, group="age", std_lv=True, missing="listwise")
    with pytest.raises(ModelError) as caught:
        ei.difference_test(restricted, numbers)
    assert {"model.different_data", "model.different_estimators"} <= set(codes(caught))
    with pytest.raises(ModelError) as caught:
        ei.difference_test(fitted(group="age", equal=("loadings",)), fitted(
            group="age", equal=("thresholds",)))  # fmt: skip
    assert codes(caught) == ["model.not_nested"]
