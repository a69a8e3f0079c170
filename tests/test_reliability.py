"""Reliability: closed forms and refusals; the figures of semTools are among the goldens."""

import numpy as np
import pytest

import employer_identity as ei
from employer_identity.errors import ModelError
from employer_identity.measurement.moments import Moments
from tests.examples import FOUR, answers, two_groups


def test_parallel_items_have_equal_alpha_and_omega():
    covariance = np.full((4, 4), 0.49) + np.eye(4) * 0.51
    fit = ei.cfa(Moments.published("abcd", covariance=covariance, n=400), "f =~ a + b + c + d")
    row = ei.reliability(fit).iloc[0]
    expected = 16 * 0.49 / (16 * 0.49 + 4 * 0.51)
    assert row["omega"] == pytest.approx(expected, rel=1e-9)
    assert row["alpha"] == pytest.approx(expected, rel=1e-9)
    assert row["ave"] == pytest.approx(0.49, rel=1e-9)


def test_a_row_a_group_and_factor():
    table = ei.reliability(ei.cfa(two_groups(), FOUR, group="band"))
    assert list(table.columns) == ["group", "factor", "items", "alpha", "omega", "ave"]
    assert len(table) == 8
    assert table["omega"].between(0.6, 1).all()


def test_a_residual_covariance_lowers_omega():
    frame = answers(800, 5)[["pro1", "pro2", "pro3", "pro4"]]
    rng = np.random.default_rng(0)
    shared = rng.normal(size=len(frame))
    frame["pro1"] += 0.6 * shared
    frame["pro2"] += 0.6 * shared
    model = "f =~ pro1 + pro2 + pro3 + pro4"
    plain = ei.reliability(ei.cfa(frame, model))["omega"].item()
    allowed = ei.reliability(ei.cfa(frame, model + "\npro1 ~~ pro2"))["omega"].item()
    assert allowed < plain


def test_a_factor_of_factors_has_no_row_and_the_others_have_theirs() -> None:
    frame = answers(400, 2)
    higher = ei.reliability(ei.cfa(frame, FOUR + "\ng =~ pro + adv + ent + imp"))
    assert list(higher["factor"]) == ["pro", "adv", "ent", "imp"]
    plain = ei.reliability(ei.cfa(frame, FOUR))
    assert np.allclose(higher["alpha"], plain["alpha"])
    assert np.allclose(higher["omega"], plain["omega"], atol=0.02)


def test_a_factor_of_one_item_is_refused() -> None:
    fit = ei.cfa(answers(400, 2), "f =~ pro1 + pro2 + pro3\ng =~ adv1\nadv1 ~~ 0*adv1")
    with pytest.raises(ModelError) as caught:
        ei.reliability(fit)
    assert caught.value.problems[0].code == "reliability.too_few_items"
