"""What a fit tells besides its estimates: against lavaan (`golden/make_fit_tools.R`), and laws."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity import scores
from employer_identity.errors import ModelError
from employer_identity.measurement.robust import Bread, bread
from tests.examples import FOUR, answers, two_groups
from tests.test_golden import GOLDEN, column, frame_of, keyed

CASES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((GOLDEN / "fit_tools").glob("*.json"))
}
# lavaan takes these derivatives by differences, and stores 10 digits
STANDARDISED_ATOL = 2e-6  # seen: 3e-7
DEFINED_RTOL = 1e-6  # seen: 1e-8
INDEX_RTOL = 1e-5  # lavaan stops at an information matrix by differences; seen: 1e-6
SCORE_ATOL = 1e-6  # seen: 3e-8
RESIDUAL_ATOL = 1e-5  # a residual over its standard error, both small; seen: 1e-6
MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


def having(what: str) -> list[str]:
    return [name for name, case in CASES.items() if what in case]


@cache
def holzinger() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "holzinger.csv")


@cache
def fitted(name: str) -> ei.Fit:
    call = {"estimator": "ML", "missing": "listwise"} | CASES[name]["call"]
    data = pd.read_csv(GOLDEN / call.pop("data"))
    if "group" in call:
        values = data[call["group"]]
        data[call["group"]] = pd.Categorical(values, categories=values.unique())
    return ei.cfa(data, call.pop("model"), **call)


def theirs(name: str, what: str) -> pd.DataFrame:
    return frame_of(CASES[name][what])


@pytest.mark.parametrize("name", having("standardised"))
def test_standardised_estimates_and_their_standard_errors(name: str) -> None:
    ours, expected = keyed(fitted(name).standardised), keyed(theirs(name, "standardised"))
    rows = expected.index.intersection(ours.index)
    assert len(rows) == len(ours)
    given = fitted(name).table.roles.exogenous
    own = [r for r in rows if r.split(" ")[0] not in given or "=~" in r]
    for part in ("est", "se", "ci_lower", "ci_upper"):
        np.testing.assert_allclose(
            column(ours, part, pd.Index(own)), column(expected, part, pd.Index(own)),
            rtol=0, atol=STANDARDISED_ATOL, err_msg=part,
        )  # fmt: skip


@pytest.mark.parametrize("name", having("defined"))
def test_defined_quantities(name: str) -> None:
    ours, expected = fitted(name).defined, theirs(name, "defined")
    assert list(ours["lhs"]) == list(expected["lhs"])
    for part in ("est", "se", "ci_lower", "ci_upper"):
        np.testing.assert_allclose(ours[part], expected[part], rtol=DEFINED_RTOL, err_msg=part)


def by_expected_information(monkeypatch: pytest.MonkeyPatch) -> None:
    def expected(*arguments: Any, seen: bool) -> Bread:
        return bread(*arguments, seen=not seen)

    monkeypatch.setattr(scores, "bread", expected)


@pytest.mark.parametrize("name", having("modification"))
def test_modification_indices(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """lavaan takes the expected information also where answers are missing; so does this test."""
    fit = fitted(name)
    if fit.missing == "fiml":
        by_expected_information(monkeypatch)
    ours, expected = keyed(fit.modification_indices()), keyed(theirs(name, "modification"))
    freed = keyed(fit.estimates.query("parameter >= 0 or est != 0")).index
    rows = expected.index.difference(freed)  # lavaan also frees markers and tied cells
    assert len(rows) > 20
    assert not set(rows) - set(ours.index)
    for mine, other in (("mi", "mi"), ("epc", "epc"), ("epc_std", "sepc.all")):
        np.testing.assert_allclose(
            column(ours, mine, rows), column(expected, other, rows), rtol=INDEX_RTOL, atol=1e-5,
            err_msg=mine,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "method"), [(n, m) for m in ("regression", "bartlett") for n in having(m)]
)
def test_factor_scores(name: str, method: Any) -> None:
    expected = theirs(name, method).set_index("row")
    ours = fitted(name).factor_scores(method)
    assert len(ours) == fitted(name).ntotal
    for factor in expected.columns:
        np.testing.assert_allclose(
            ours.loc[expected.index, factor], expected[factor], rtol=0, atol=SCORE_ATOL
        )


@pytest.mark.parametrize("name", having("residuals"))
def test_standardised_residuals(name: str) -> None:
    table = fitted(name).implied_moments
    pairs = table[(table["op"] == "~~") & (table["lhs"] != table["rhs"])]
    ours = pairs.set_index(["lhs", "rhs"])["z"]
    expected = theirs(name, "residuals").set_index(["lhs", "rhs"])["z"]
    assert len(expected) == len(ours) == 36
    np.testing.assert_allclose(ours.loc[expected.index], expected, rtol=0, atol=RESIDUAL_ATOL)


@pytest.mark.parametrize("name", having("r2"))
def test_explained_variance(name: str) -> None:
    ours = fitted(name).r2.set_index(["group", "variable"])["r2"]
    expected = theirs(name, "r2").set_index(["group", "variable"])["r2"]
    assert set(ours.index) == set(expected.index)
    np.testing.assert_allclose(ours.loc[expected.index], expected, rtol=0, atol=1e-6)


# -- laws ------------------------------------------------------------------------------------------


def test_a_standardised_loading_of_a_unit_variance_model_has_the_delta_methods_error() -> None:
    """One factor, three items: the residual variance determines the loading's error exactly."""
    fit = ei.cfa(holzinger(), "visual =~ x1 + x2 + x3", estimator="ML", std_lv=True)
    table = fit.standardised.set_index(["lhs", "op", "rhs"])
    loading, rest = table.loc[("visual", "=~", "x1")], table.loc[("x1", "~~", "x1")]
    assert rest["est"] == pytest.approx(1 - loading["est"] ** 2)
    assert rest["se"] == pytest.approx(2 * loading["est"] * loading["se"])
    variance = table.loc[("visual", "~~", "visual")]
    assert (variance["est"], variance["se"]) == (1.0, 0.0)
    assert np.isnan(variance["z"])


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_a_modification_index_is_close_to_the_refit(estimator: str) -> None:
    """Planted: imp1 also measures pro, a little."""
    frame = answers(4000, 3)
    frame["imp1"] += 0.04 * (frame["pro1"] + frame["pro2"])
    frame = np.exp(frame / 8)  # skewed, so that the robust index is another than the plain one
    fit = ei.cfa(frame, FOUR, estimator=estimator)
    found = fit.modification_indices()
    top = found.query("op == '=~'").iloc[0]
    assert (top["lhs"], top["rhs"]) == ("pro", "imp1")
    again = ei.cfa(frame, f"{FOUR}\npro =~ imp1", estimator=estimator)
    row = again.estimates.query("lhs == 'pro' and rhs == 'imp1'").iloc[0]
    assert top["epc"] == pytest.approx(row["est"], rel=0.15)
    assert top["mi"] == pytest.approx(row["z"] ** 2, rel=0.15)


def test_what_is_fixed_at_a_value_is_no_candidate() -> None:
    fit = ei.cfa(holzinger(), f"{MODEL}\nspeed =~ 0.3*x1\nx2 ~~ 0.1*x3\ntextual =~ 0*x2")
    found = set(keyed(fit.modification_indices()).index)
    assert "textual =~ x2 @" in found
    assert not {"speed =~ x1 @", "x2 ~~ x3 @", "visual =~ x1 @"} & found


def test_a_negative_variance_stays_in_sight_when_standardised() -> None:
    noise = np.random.default_rng(3).normal(size=301) * 0.2
    frame = holzinger().assign(x1=holzinger()["x2"] * 0.8 + holzinger()["x3"] * 0.9 + noise)
    fit = ei.cfa(frame, f"{MODEL}\nx1 ~~ x4", estimator="ML")
    table = fit.standardised.set_index(["lhs", "op", "rhs"])
    assert table.loc[("x1", "~~", "x1"), "est"] < 0
    assert table.loc[("x1", "~~", "x4"), ["est", "se"]].notna().all()


def test_robust_indices_are_not_the_plain_ones() -> None:
    frame = np.exp(answers(2000, 3) / 2)
    plain, robust = (
        keyed(ei.cfa(frame, FOUR, estimator=e).modification_indices()) for e in ("ML", "MLR")
    )
    ratio = robust.loc[plain.index, "mi"] / plain["mi"]
    assert ratio.median() < 0.8


def test_a_release_in_one_group_is_tested_in_that_group() -> None:
    frame = two_groups(loading={"imp3": 0.3})
    fit = ei.cfa(frame, FOUR, group="band", equal=("loadings",), std_lv=True)
    found = fit.modification_indices()
    assert set(found["group"]) == {"old", "young"}
    assert not found.duplicated(["lhs", "op", "rhs", "group"]).any()
    assert found["mi"].is_monotonic_decreasing


def test_scores_know_their_rows_and_their_errors() -> None:
    frame = answers(300, 5)
    frame.loc[[2, 7], :] = np.nan
    frame.loc[4, ["pro1", "pro2", "pro3", "pro4"]] = np.nan
    frame.index = [f"r{i}" for i in range(300)]
    fit = ei.cfa(frame, FOUR)
    scores, plain = fit.factor_scores(), fit.factor_scores("bartlett")
    assert list(scores.index[:5]) == [0, 1, 3, 4, 5]
    assert scores.index.name == "row"
    assert scores.loc[4, "pro_se"] > 1.2 * scores.loc[5, "pro_se"]
    assert np.isnan(plain.loc[4, "pro"])
    assert np.isnan(plain.loc[4, "pro_se"])
    assert plain.drop(index=4).notna().all(axis=None)
    assert (plain.drop(index=4)["adv_se"] > scores.drop(index=4)["adv_se"]).all()
    variance = fit.estimates.query("lhs == 'adv' and rhs == 'adv'")["est"].item()
    full = scores.loc[5, "adv_se"] ** 2 / variance
    determined = fit.determinacy.set_index("factor").loc["adv", "determinacy"]
    assert determined**2 == pytest.approx(1 - full)


def test_scores_have_the_implied_moments_of_complete_answers() -> None:
    """Bartlett's are conditionally unbiased: regressed on the answers they give the means back."""
    fit = ei.cfa(holzinger(), MODEL, group="school", equal=("loadings", "intercepts"))
    scores = fit.factor_scores("bartlett")
    in_second = (holzinger()["school"] == fit.groups[1]).to_numpy()
    mean = scores[in_second].mean()[["visual", "textual", "speed"]]
    estimated = fit.estimates.query(f"op == '~1' and group == '{fit.groups[1]}'")
    estimated = estimated.set_index("lhs")["est"]
    assert (mean - estimated[mean.index]).abs().max() < 0.15


def test_standardised_residuals_vary_as_they_should() -> None:
    """With loadings tied over groups, z of a true model has standard deviation 1."""
    rng = np.random.default_rng(4)
    found = []
    for _ in range(100):
        factor = rng.normal(size=(240, 2)) @ np.array([[1.0, 0.5], [0.0, 0.87]])
        frame = pd.DataFrame(factor[:, [0, 0, 0, 1, 1, 1]] * 0.8 + rng.normal(size=(240, 6)) * 0.6)
        frame.columns = [f"y{i}" for i in range(1, 7)]
        frame["half"] = np.repeat(["a", "b"], 120)
        fit = ei.cfa(frame, "f =~ y1 + y2 + y3\ng =~ y4 + y5 + y6", group="half", estimator="ML",
                     equal=("loadings", "intercepts"))  # fmt: skip
        found.append(fit.implied_moments["z"].to_numpy())
    spread = np.sqrt(np.mean(np.square(found), axis=0))
    assert 0.85 < np.median(spread) < 1.15
    assert spread.max() < 1.35  # 100 replications: a standard deviation is known to 7 %


def test_residuals_of_saturated_moments_have_no_test() -> None:
    table = ei.cfa(holzinger(), MODEL, estimator="ML").implied_moments
    own = table.query("lhs == rhs or op == '~1'")
    assert own["residual"].abs().max() < 1e-8
    assert own["z"].isna().all()
    assert table["z"].notna().sum() == 36


def test_implied_moments_of_a_published_table_have_no_means() -> None:
    items = [f"x{i}" for i in range(1, 10)]
    table = ei.Moments.published(items, covariance=holzinger()[items].cov(), n=301)
    found = ei.cfa(table, MODEL).implied_moments
    assert set(found["op"]) == {"~~"}
    rows = ei.cfa(holzinger(), MODEL, estimator="ML").implied_moments.query("op == '~~'")
    np.testing.assert_allclose(found["z"], rows["z"], rtol=1e-6)


@pytest.mark.parametrize(
    ("data", "model", "method", "codes"),
    [
        ("moments", MODEL, "regression", ["model.scores_need_rows"]),
        ("rows", f"{MODEL}\ng =~ visual + textual + speed", "bartlett",
         ["model.bartlett_needs_items"]),
        ("rows", MODEL, "mean", ["model.not_available"]),
    ],
)  # fmt: skip
def test_scores_that_cannot_be(data: str, model: str, method: Any, codes: list[str]) -> None:
    items = [f"x{i}" for i in range(1, 10)]
    table = ei.Moments.published(items, covariance=holzinger()[items].cov(), n=301)
    fit = ei.cfa(table if data == "moments" else holzinger(), model)
    with pytest.raises(ModelError) as caught:
        fit.factor_scores(method)
    assert [p.code for p in caught.value.problems] == codes


LABELLED = MODEL.replace("x2", "a*x2").replace("x3", "b*x3")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("q := a * c", "model.definition_unknown"),
        ("q := r\nr := a", "model.definition_unknown"),
        ("a := b", "model.definition_twice"),
        ("q := a\nq := b", "model.definition_twice"),
        ("log := a", "model.definition_twice"),
        ("q := a +", "model.definition"),
        ("q := a ** b", "model.definition"),
        ("q := __import__('os').getcwd()", "model.definition"),
        ("q := a if b else a", "model.definition"),
        ("q := (lambda: 1)()", "model.definition"),
        ("q := [a][0]", "model.definition"),
        ("q := 'a'", "model.definition"),
        ("q := max(a, b)", "model.definition"),
        ("2q := a", "model.definition"),
    ],
)
def test_definitions_that_cannot_be_read(line: str, code: str) -> None:
    with pytest.raises(ModelError) as caught:
        ei.cfa(holzinger(), f"{LABELLED}\n{line}")
    assert [p.code for p in caught.value.problems] == [code]


def test_a_definition_without_labels() -> None:
    with pytest.raises(ModelError) as caught:
        ei.cfa(holzinger(), f"{MODEL}\nq := a")
    assert [p.code for p in caught.value.problems] == ["model.definition_no_labels"]


def test_definitions_follow_the_powers_and_signs_of_arithmetic() -> None:
    text = "m := -a^2\nn := 2^-1 * b\no := (a - b) / (a + b)\np.q := exp(log(a)) - a\nr := m + n"
    fit = ei.cfa(holzinger(), f"{LABELLED}\n{text}\ns := sqrt(-a)\nt := 1/0")
    a, b = (fit.estimates.query(f"label == '{x}'")["est"].item() for x in "ab")
    found = fit.defined.set_index("lhs")
    expected = [-(a**2), b / 2, (a - b) / (a + b), 0.0, b / 2 - a**2]
    np.testing.assert_allclose(found["est"].iloc[:5], expected, atol=1e-14)
    assert found.loc["p.q", "se"] == pytest.approx(0.0, abs=1e-14)
    assert found.loc[["s", "t"], ["est", "se"]].isna().all(axis=None)


def test_nothing_defined_is_an_empty_frame() -> None:
    frame = ei.cfa(holzinger(), MODEL).defined
    assert len(frame) == 0
    assert list(frame.columns[:4]) == ["lhs", "op", "rhs", "est"]


def test_covariances_of_what_is_asked_are_those_of_the_whole_matrix() -> None:
    frame = two_groups(200).assign(team=np.arange(400) % 23)
    slopes = np.random.default_rng(3).normal
    for how in ({"estimator": "ML"}, {}, {"cluster": "team"}):
        fit = ei.cfa(frame, FOUR, group="band", equal=["loadings"], **how)
        by = slopes(size=(fit.layout.q, 3))
        assert np.allclose(fit.spread_of(by), by.T @ fit.vcov @ by, rtol=1e-8)
