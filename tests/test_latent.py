"""Latent means, variances and contrasts: against lavaan, what they refuse, what is stamped."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.adjusting import holm
from employer_identity.errors import ComparisonError, EmployerIdentityError, ModelError
from employer_identity.language import LANGUAGES, describe
from tests.examples import FOUR, answers, two_groups
from tests.test_golden import GOLDEN, frame_of
from tests.test_golden import answers as stored

CASES = ("regions_ml", "regions_mlr")
ESTIMATE_ATOL = 1e-6  # as in test_robust_golden.py: lavaan differentiates numerically for MLR
PVALUE_RTOL = 1e-5  # a p value of 1e-5 magnifies what differs in z
REGIONS = ("east", "north", "south")
PLANTED = {"shift": {"adv2": 0.5, "ent3": -0.5}, "loading": {"imp1": 0.45}, "mean": 0.3}


@cache
def golden(name: str) -> dict:
    return json.loads((GOLDEN / "latent" / f"{name}.json").read_text(encoding="utf-8"))


@cache
def ladder_of(name: str) -> ei.Ladder:
    """The partial model that lavaan was given, as the scalar rung of a ladder."""
    call = golden(name)["call"]
    data = stored(call["data"])
    data = data[data["region"].isin(REGIONS)]
    return ei.invariance(
        data, call["model"], group="region", estimator=call.get("estimator", "ML"),
        missing="listwise", free=call["free"], on_reject="stop",
    )  # fmt: skip


@pytest.fixture(scope="module")
def broken() -> ei.Ladder:
    """A ladder that stops at metric, on which a loading differs."""
    return ei.invariance(two_groups(800, **PLANTED), FOUR, group="band", on_reject="stop")


@pytest.fixture(scope="module")
def three() -> ei.Ladder:
    frames = [answers(400, s, mean=m).assign(band=f"g{s}") for s, m in enumerate((0.0, 0.3, 0.5))]
    frame = pd.concat(frames)
    frame.loc[frame["band"] == "g2", "adv2"] += 0.5
    return ei.invariance(frame, FOUR, group="band")


def compared(ours: pd.DataFrame, theirs: pd.DataFrame, keys: list[str], columns: list[str]) -> None:
    both = theirs.merge(ours, on=keys, suffixes=("_lavaan", ""), validate="1:1")
    assert len(both) == len(theirs) == len(ours)
    for column in columns:
        tolerance = {"rtol": PVALUE_RTOL} if "pvalue" in column else {"atol": ESTIMATE_ATOL}
        given = {"rtol": 0.0, "atol": 0.0} | tolerance
        np.testing.assert_allclose(both[column], both[f"{column}_lavaan"], **given, err_msg=column)


@pytest.mark.parametrize("name", CASES)
def test_they_are_lavaans_under_a_partial_model(name: str) -> None:
    case, ladder = golden(name), ladder_of(name)
    assert (case["lavaan"], case["groups"]) == ("0.6-14", list(ladder.groups))
    assert ladder["scalar"].chisq == pytest.approx(case["chisq"], rel=1e-7)
    assert ladder["scalar"].df == case["df"]
    keys, columns = ["group", "factor"], ["est", "se"]
    compared(ei.latent_means(ladder).drop(columns="d"), frame_of(case["means"]), keys, columns)
    compared(ei.latent_variances(ladder), frame_of(case["variances"]), keys, columns)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("method", ["holm", "fdr_bh"])
def test_contrasts_are_lavaans_defined_parameters(name: str, method: str) -> None:
    theirs = frame_of(golden(name)["contrasts"])
    theirs = theirs.rename(columns={f"pvalue_{method}": "pvalue_adjusted"})
    ours = ei.mean_contrasts(ladder_of(name), method=method)
    columns = ["est", "se", "z", "pvalue", "pvalue_adjusted"]
    compared(ours, theirs, ["factor", "group", "other"], columns)


def test_contrasts_with_the_reference_group_are_the_means(three: ei.Ladder) -> None:
    contrasts, means = ei.mean_contrasts(three), ei.latent_means(three)
    assert len(contrasts) == 4 * 3
    with_first = contrasts[contrasts["other"] == "g0"]
    both = with_first.merge(means, on=["factor", "group"], suffixes=("", "_mean"))
    for column in ("est", "se", "ci_lower", "ci_upper"):
        np.testing.assert_allclose(both[column], both[f"{column}_mean"], rtol=1e-12)
    assert np.allclose(contrasts["pvalue_adjusted"], holm(contrasts["pvalue"].to_numpy()))


def test_contrasts_do_not_depend_on_which_group_is_the_reference(three: ei.Ladder) -> None:
    """Another reference changes the unit: ratios of contrasts to standard errors almost stay."""
    data = pd.concat(
        [answers(400, s, mean=m).assign(band=f"g{s}") for s, m in enumerate((0.0, 0.3, 0.5))]
    )
    one, other = (ei.invariance(data, FOUR, group="band", reference=r) for r in ("g0", "g2"))
    unit = ei.latent_variances(other).query("group == 'g0'").set_index("factor")["est"] ** 0.5
    a = ei.mean_contrasts(one).query("group == 'g2' and other == 'g0'").set_index("factor")["est"]
    b = ei.mean_contrasts(other).query("group == 'g0' and other == 'g2'").set_index("factor")["est"]
    np.testing.assert_allclose(-b / unit, a, rtol=1e-5)


def test_means_and_variances_are_recovered_beside_a_planted_item(three: ei.Ladder) -> None:
    assert three.released == ("adv2~1@g2",)
    means, variances = ei.latent_means(three), ei.latent_variances(three)
    truth = means["group"].map({"g0": 0.0, "g1": 0.3, "g2": 0.5})
    assert ((means["ci_lower"] <= truth) & (truth <= means["ci_upper"])).sum() >= 11
    assert ((variances["ci_lower"] <= 1.0) & (variances["ci_upper"] >= 1.0)).sum() >= 11
    for frame in (means, variances):
        first = frame[frame["group"] == "g0"]
        assert (first["se"] == 0.0).all()
        assert "despite" not in frame


@pytest.mark.parametrize("call", [ei.latent_means, ei.latent_variances, ei.mean_contrasts])
def test_what_the_ladder_does_not_allow_is_refused_or_stamped(broken: ei.Ladder, call) -> None:
    with pytest.raises(ComparisonError, match="imp=~imp1@young") as caught:
        call(broken)
    code = "variances_refused" if call is ei.latent_variances else "means_refused"
    assert [p.code for p in caught.value.problems] == [f"invariance.{code}"]
    assert "despite" in str(caught.value)
    found = call(broken, despite="  to show how much it matters ")
    assert found.columns[-1] == "despite"
    assert set(found["despite"]) == {"to show how much it matters"}
    assert found["est"].notna().all()


@pytest.mark.parametrize("call", [ei.latent_means, ei.latent_variances, ei.mean_contrasts])
@pytest.mark.parametrize("reason", ["   ", True])
def test_a_refusal_is_not_overridden_without_a_reason(broken: ei.Ladder, call, reason) -> None:
    with pytest.raises(ComparisonError) as caught:
        call(broken, despite=reason)
    assert [p.code for p in caught.value.problems] == ["invariance.despite_without_reason"]


def test_a_reason_that_is_not_needed_leaves_no_stamp(three: ei.Ladder) -> None:
    assert "despite" not in ei.latent_means(three, despite="for a figure")


def test_despite_answers_from_the_highest_suitable_rung(broken: ei.Ladder) -> None:
    """Not climbed: the model with all constraints; climbed and rejected: where it ended."""
    frame = two_groups(800, **PLANTED)
    full = ei.cfa(frame, FOUR, group="band", equal=("loadings", "intercepts"), std_lv=True)
    ours = ei.latent_means(broken, despite="why").query("group == 'young'")["est"]
    theirs = full.estimates.query("op == '~1' and group == 'young' and lhs in @full.factors")["est"]
    np.testing.assert_allclose(ours, theirs, atol=ESTIMATE_ATOL)
    shift = {"adv1": 0.5, "adv2": -0.5, "adv3": 0.9}
    ladder = ei.invariance(two_groups(800, shift=shift), FOUR, group="band")
    assert ladder.level == "metric"
    ours = ei.latent_means(ladder, despite="why").set_index(["group", "factor"])["est"]
    last = ladder["scalar"].estimates.query("lhs == 'adv' and op == '~1' and group == 'young'")
    assert ours["young", "adv"] == last["est"].iloc[0]
    # metric holds, and variances need no more
    variances = ei.latent_variances(ladder)
    assert "despite" not in variances
    own = ladder["metric"].estimates.query("op == '~~' and lhs == rhs and lhs in @full.factors")
    np.testing.assert_allclose(variances["est"], own["est"], rtol=1e-12)
    np.testing.assert_allclose(variances["se"], own["se"].fillna(0.0), rtol=1e-9)


def test_published_tables_give_what_their_answers_do() -> None:
    frame = two_groups(500, mean=0.3, shift={"adv2": 0.5})
    options = {"estimator": "ML", "missing": "listwise"}
    rows = ei.invariance(frame, FOUR, group="band", **options)
    moments = ei.cfa(frame, FOUR, group="band", **options).moments
    table = ei.invariance(moments, FOUR, group="band")
    for call in (ei.latent_means, ei.latent_variances, ei.mean_contrasts):
        pd.testing.assert_frame_equal(call(rows), call(table), rtol=1e-6)


def test_without_means_no_reason_helps() -> None:
    moments = ei.cfa(two_groups(), FOUR, group="band", estimator="ML", missing="listwise").moments
    moments = replace(moments, mean=np.zeros_like(moments.mean), known="covariances")
    ladder = ei.invariance(moments, FOUR, group="band")
    for call in (ei.latent_means, ei.mean_contrasts, ei.conclusions):
        with pytest.raises(ComparisonError) as caught:
            call(ladder)
        assert [p.code for p in caught.value.problems] == ["invariance.means_untested"]
    with pytest.raises(ComparisonError):
        ei.latent_means(ladder, despite="I want them")
    assert ei.latent_variances(ladder)["est"].notna().all()
    with pytest.raises(EmployerIdentityError, match="Means are not known"):
        ei.dmacs(ladder)


def test_a_single_fit_and_an_unknown_method_are_refused(three: ei.Ladder) -> None:
    for call in (ei.latent_means, ei.latent_variances, ei.mean_contrasts):
        with pytest.raises(ComparisonError, match="Run ei"):
            call(three["scalar"])
    with pytest.raises(ModelError, match="fdr_bh"):
        ei.mean_contrasts(three, method="tukey")


def test_means_of_factors_that_another_explains_hold_all_that_reaches_them() -> None:
    """A second-order factor carries the groups' means: those of the first order follow from it."""
    frame = two_groups(600, mean=0.3)
    model = f"{FOUR}\ng =~ pro + adv + ent + imp"
    ladder = ei.invariance(frame, model, group="band")
    fit = ladder["scalar"]
    cell = fit.estimates.set_index(["lhs", "op", "rhs", "group"])["est"]
    slope, rest = cell["g", "=~", "pro", "old"], cell["pro", "~~", "pro", "old"]
    expected = slope * cell["g", "~1", "", "young"] / np.sqrt(slope**2 + rest)
    means = ei.latent_means(ladder).set_index(["group", "factor"])
    assert means.loc[("young", "pro"), "est"] == pytest.approx(expected, rel=1e-9)
    assert (means.loc["old", ["est", "se"]] == 0.0).all(axis=None)
    variances = ei.latent_variances(ladder).set_index(["group", "factor"])
    np.testing.assert_allclose(variances.loc["old", "est"], 1.0, rtol=1e-12)
    plain = ei.latent_means(ei.invariance(frame, FOUR, group="band"))
    plain = plain.set_index(["group", "factor"]).loc["young"]
    ours = means.loc["young"].loc[plain.index]
    assert ((ours["est"] - plain["est"]).abs() < 2 * plain["se"]).all()


@pytest.mark.parametrize("call", [ei.latent_means, ei.latent_variances])
def test_a_refusal_names_nothing_where_nothing_was_tested(call: Any) -> None:
    truth = ei.Truth("age", {"old": 0.5, "young": 0.5})
    survey = ei.simulate_survey(600, preset="idealised", seed=3, truth=truth)
    swapped = {"adv1": "ent1", "ent1": "adv1", "adv2": "imp2", "imp2": "adv2"}
    mixed = replace(survey, answers=survey.answers.rename(columns=swapped))
    ladder = ei.invariance(mixed, group="age")
    assert ladder.level is None
    with pytest.raises(ComparisonError) as caught:
        call(ladder)
    told = [describe(p, language) for p in caught.value.problems for language in LANGUAGES]
    assert not any(": -." in t or "named" in t or "genoemde" in t for t in told)
