"""`cfa` at its public face: estimates, what is tied, what is refused, improper solutions."""

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.errors import ModelError
from employer_identity.measurement.moments import Moments
from tests.examples import FOUR, ITEMS, answers, two_groups

THREE = "f =~ pro1 + pro2 + pro3 + pro4"


def codes(caught):
    return [p.code for p in caught.value.problems]


def test_tied_cells_share_a_parameter_and_an_estimate():
    fit = ei.cfa(two_groups(), FOUR, group="band", equal=("loadings",))
    loadings = fit.estimates.query("op == '=~' and parameter >= 0")
    assert (loadings.groupby("parameter")["est"].nunique() == 1).all()
    assert (loadings["parameter"].value_counts() == 2).all()
    assert fit.equal == ("loadings",)
    assert fit.ledger["cells_tied"] == 12


def test_labels_tie_cells():
    fit = ei.cfa(answers(300, 1), "f =~ a*pro1 + a*pro2 + pro3 + pro4", std_lv=True)
    first, second = fit.estimates["est"][:2]
    assert first == second
    assert list(fit.estimates["label"][:2]) == ["a", "a"]
    assert fit.df == 3


def test_a_release_in_one_group_and_in_all():
    frame = pd.concat([answers(200, s).assign(band=b) for s, b in ((1, "a"), (2, "b"), (3, "c"))])
    equal = ("loadings", "intercepts")
    held = ei.cfa(frame, FOUR, group="band", equal=equal)
    one = ei.cfa(frame, FOUR, group="band", equal=equal, free=["adv2~1@b"])
    every = ei.cfa(frame, FOUR, group="band", equal=equal, free=["adv2~1"])
    assert (held.df - one.df, held.df - every.df) == (1, 2)
    own = one.estimates.query("lhs == 'adv2' and op == '~1'").set_index("group")["parameter"]
    assert own["a"] == own["c"] != own["b"]


def test_a_published_matrix_needs_no_means():
    covariance = answers(200, 6)[list(ITEMS[:4])].cov()
    fit = ei.cfa(Moments.published(ITEMS[:4], covariance=covariance, n=200), THREE)
    assert fit.df == 2
    assert fit.estimates.query("op == '~1'").empty


def test_what_was_resolved_is_said():
    frame = answers(300, 2)
    frame.loc[:9, "pro1"] = np.nan
    frame.loc[0] = np.nan
    fit = ei.cfa(frame, THREE)
    assert [(n.code, n.count) for n in fit.notes] == [
        ("model.resolved", 0),
        ("model.rows_without_answer", 1),
        ("model.rows_with_holes", 9),
    ]
    assert "Estimated by MLR, fiml." in fit.summary()
    assert fit.ntotal == 299
    complete = ei.cfa(frame, THREE, missing="listwise")
    assert [(n.code, n.count) for n in complete.notes[1:]] == [("model.rows_incomplete", 10)]
    assert complete.ntotal == 290


def test_printing_is_short_and_the_same_twice():
    frame = answers(300, 2)
    one, two = ei.cfa(frame, FOUR), ei.cfa(frame, FOUR)
    assert repr(one) == repr(two)
    assert repr(one).splitlines()[0] == (
        "Fit: 4 factors, 16 items, 1 group, n = 300; MLR, listwise; equal: nothing"
    )
    assert "chi2(98) = " in repr(one)


@pytest.mark.parametrize(
    ("model", "options", "code"),
    [
        (FOUR + "\nx =~ nosuch + pro1", {}, "model.unknown_item"),
        ("f =~ pro1 + pro2 + por3", {}, "model.unknown_item_near"),
        ("f =~ pro1", {}, "model.one_indicator"),
        ("pro1 ~~ pro2", {}, "model.no_factor"),
        (None, {}, "model.no_model"),
        ("f =~ pro1 + pro2", {}, "model.negative_df"),
        ("f =~ pro1 + pro2 + pro3 + pro4\ng =~ adv1 + adv2\nf ~~ 0*g", {}, "model.unidentified"),
        ("f =~ NA*pro1 + pro2 + pro3 + pro4", {}, "model.unidentified"),
        (THREE, {"estimator": "MLX"}, "model.not_available"),
        (THREE, {"missing": "guess"}, "model.not_available"),
        (THREE, {"equal": ("loadings",)}, "model.equal_needs_group"),
        (THREE, {"group": "band", "equal": ("loading",)}, "model.unknown_family"),
        (THREE, {"group": "nosuch"}, "model.unknown_column"),
        (THREE, {"group": "band", "reference": "teen"}, "model.unknown_group"),
        (THREE, {"group": "one"}, "model.one_group"),
        (THREE, {"group": "band", "equal": ("loadings",), "free": ("f=~x",)}, "model.free_unknown"),
        (
            THREE,
            {"group": "band", "equal": ("loadings",), "free": ("pro2~1",)},
            "model.free_not_tied",
        ),
        (
            THREE,
            {"group": "band", "equal": ("loadings",), "free": ("f=~pro1",)},
            "model.free_marker",
        ),
        ("f =~ c(a, b, c)*pro1 + pro2 + pro3", {"group": "band"}, "model.modifier_groups"),
    ],
)
def test_refusals(model, options, code):
    frame = two_groups(100).assign(one="all")
    with pytest.raises(ModelError) as caught:
        ei.cfa(frame, model, **options)
    assert codes(caught) == [code]
    assert str(caught.value)


def spoilt(**columns):
    return two_groups(100).assign(**columns)


@pytest.mark.parametrize(
    ("frame", "options", "code"),
    [
        (spoilt(pro1="agree"), {}, "model.not_numeric"),
        (spoilt(pro1=np.nan), {}, "model.item_empty"),
        (spoilt(pro1=np.inf), {}, "model.infinite"),
        (spoilt(pro1=4.0), {}, "model.item_constant"),
        (spoilt(pro2=lambda d: d["pro1"]), {}, "model.singular"),
        (spoilt(pro4=lambda d: -d["pro1"]), {"group": "band"}, "model.singular_in_group"),
        (answers(4, 1), {}, "model.too_few_rows"),
        (spoilt(band=["a"] * 197 + ["b"] * 3), {"group": "band"}, "model.group_too_small"),
        (pd.concat([spoilt(), spoilt()[["pro1"]]], axis=1), {}, "model.column_twice"),
    ],
)  # fmt: skip
def test_answers_that_cannot_serve(frame, options, code):
    with pytest.raises(ModelError) as caught:
        ei.cfa(frame, THREE, **options)
    assert set(codes(caught)) == {code}


def test_a_small_group_is_named_but_not_counted():
    with pytest.raises(ModelError) as caught:
        ei.cfa(spoilt(band=["a"] * 197 + ["b"] * 3), THREE, group="band")
    message = str(caught.value)
    assert "'band': b" in message
    assert "3" not in message


def test_a_heywood_case_is_named_and_its_estimates_kept():
    # s12 s13 / s23 > s11: the closed-form residual variance of the first item is negative
    covariance = np.array([[1.0, 0.8, 0.8], [0.8, 1.0, 0.5], [0.8, 0.5, 1.0]])
    published = Moments.published("abc", covariance=covariance, n=500)
    fit = ei.cfa(published, "f =~ a + b + c", std_lv=True)
    assert {p.code for p in fit.problems} == {"model.negative_variance", "model.loading_above_one"}
    assert fit.estimates.query("lhs == 'a' and op == '~~'")["est"].item() < 0
    assert "improper solution" in repr(fit)


def test_factors_that_cannot_be_told_apart_are_named():
    frame = answers(60, 14)
    rng = np.random.default_rng(0)
    general = rng.normal(size=60)
    for item in frame:
        frame[item] = 0.8 * general + 0.6 * rng.normal(size=60)
    fit = ei.cfa(frame, FOUR, std_lv=True)
    found = {p.code for p in fit.problems}
    assert "model.latent_not_positive_definite" in found
    assert (fit.latent_correlations["est"].abs() > 1).any() == (
        "model.correlation_above_one" in found
    )


def test_interval_of_a_latent_correlation_is_that_of_the_unit_variance_model():
    frame = answers(400, 9)
    unit, marker = ei.cfa(frame, FOUR, std_lv=True), ei.cfa(frame, FOUR)
    covariances = unit.estimates.query("op == '~~' and lhs != rhs")
    ours = marker.latent_correlations
    assert np.allclose(ours["est"], covariances["est"], atol=1e-7)
    assert np.allclose(ours["se"], covariances["se"], atol=1e-7)
