"""Difference tests: which fits may be compared, how the methods agree, what may not matter."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.difference import Method
from employer_identity.errors import ModelError
from employer_identity.language import LANGUAGES, describe
from tests.examples import FOUR, answers
from tests.test_robust import skewed, with_holes

SCALED = tuple(m for m in get_args(Method) if m != "standard")
ONE = "g =~ pro1 + pro2 + pro3 + adv1 + adv2 + adv3"
TWO = "g =~ pro1 + pro2 + pro3\nh =~ adv1 + adv2 + adv3"
LEVELS = ("configural", "metric", "scalar", "strict")


def refused(restricted: ei.Fit, free: ei.Fit) -> list[str]:
    """The codes of the refusal, each said in both languages."""
    with pytest.raises(ModelError) as caught:
        ei.difference_test(restricted, free)
    assert all(describe(p, language) for p in caught.value.problems for language in LANGUAGES)
    return [p.code for p in caught.value.problems]


@cache
def bands(n: int, kind: str) -> pd.DataFrame:
    """Two bands that answer alike."""
    draw = skewed if kind == "skewed" else answers
    found = pd.concat([draw(n, s).assign(band=str(s)) for s in (5, 6)], ignore_index=True)
    return with_holes(found, 2) if kind == "holes" else found


@cache
def ladder(n: int, kind: str, estimator: Any = "MLR") -> ei.Ladder:
    return ei.invariance(
        bands(n, kind), FOUR, group="band", estimator=estimator, on_reject="continue"
    )


# -- how the methods agree -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "estimator"), [("normal", "MLR"), ("normal", "MLM"), ("holes", "MLR")]
)
def test_scaled_tests_of_normal_answers_are_near_the_plain_one(kind: str, estimator: str) -> None:
    rungs = ladder(3000, kind, estimator)
    for below, level in pairwise(LEVELS):
        both = rungs[level], rungs[below]
        plain = ei.difference_test(*both, method="standard")
        assert plain.chisq_diff == pytest.approx(both[0].chisq - both[1].chisq)
        for method in SCALED:
            test = ei.difference_test(*both, method=method)
            assert (test.method, test.fallback) == (method, False)
            assert test.df_diff == plain.df_diff
            # of the order of one in the square root of n; seen: 0.013
            assert test.chisq_diff == pytest.approx(plain.chisq_diff, rel=0.03), (level, method)


@pytest.mark.parametrize("estimator", ["MLR", "MLM"])
def test_methods_agree_with_each_other_and_not_with_the_plain_one_for_long_tails(
    estimator: str,
) -> None:
    rungs = ladder(20000, "skewed", estimator)
    for below, level in pairwise(LEVELS):
        both = rungs[level], rungs[below]
        first, *others = (ei.difference_test(*both, method=m) for m in SCALED[:3])
        for other in others:
            assert other.chisq_diff == pytest.approx(first.chisq_diff, rel=0.15), level
    strict = ei.difference_test(rungs["strict"], rungs["scalar"])
    assert strict.scaling > 2  # residual variances feel the tails most


def test_the_default_is_plain_for_plain_estimation_and_scaled_for_the_robust() -> None:
    for estimator, method in (("ML", "standard"), ("MLR", SCALED[0]), ("MLM", SCALED[0])):
        rungs = ladder(300, "normal", estimator)
        test = ei.difference_test(rungs["metric"], rungs["configural"])
        assert test.method == method
        assert rungs.rungs["metric"].first.test == test


def test_against_a_saturated_model_the_difference_is_the_scaled_chi_square() -> None:
    frame = skewed(400, 3)[["pro1", "pro2", "pro3"]]
    free = ei.cfa(frame, "f =~ pro1 + pro2 + pro3", std_lv=True)
    held = ei.cfa(frame, "f =~ a*pro1 + a*pro2 + a*pro3", std_lv=True)
    assert free.df == 0
    test = ei.difference_test(held, free)
    assert test.chisq_diff == pytest.approx(held.fit_measures["chisq.scaled"], rel=1e-6)
    assert test.scaling == pytest.approx(held.fit_measures["chisq.scaling.factor"])
    for method in SCALED[1:3]:
        assert ei.difference_test(held, free, method=method).chisq_diff > 0


# -- far from the truth ----------------------------------------------------------------------------


def test_a_negative_scaling_is_replaced_and_said() -> None:
    frame = answers(500, 3)  # one factor for two pillars: c1 of two factors exceeds c0
    held, free = ei.cfa(frame, ONE), ei.cfa(frame, TWO)
    assert held.scaling is not None
    assert free.scaling is not None
    assert held.df * held.scaling < free.df * free.scaling
    test = ei.difference_test(held, free)
    assert (test.method, test.fallback) == ("satorra_2000", True)
    assert test.scaling > 0
    assert test.pvalue < 1e-20
    asked = ei.difference_test(held, free, method="satorra_2000")
    assert (asked.chisq_diff, asked.fallback) == (test.chisq_diff, False)
    later = ei.difference_test(held, ei.cfa(frame, TWO, std_lv=True), method="satorra_bentler_2010")
    assert (later.method, later.fallback) == ("satorra_2000", True)
    assert later.chisq_diff == pytest.approx(test.chisq_diff, rel=1e-6)


@pytest.mark.parametrize("method", ["satorra_bentler_2001", "satorra_2000", "satorra_2000_shifted"])
def test_neither_units_nor_identification_matter(method: Method) -> None:
    frame = skewed(500, 4).assign(band=np.arange(500) % 2)
    frame.loc[frame["band"] == 1, "pro2"] *= 1.4
    found = []
    for scaled, std_lv in (
        (frame, False),
        (frame, True),
        (frame.assign(adv1=30 * frame["adv1"]), True),
    ):
        how: dict[str, Any] = {"group": "band", "std_lv": std_lv}
        free = ei.cfa(scaled, TWO, **how)
        held = ei.cfa(scaled, TWO, equal=("loadings", "intercepts"), **how)
        found.append(ei.difference_test(held, free, method=method).chisq_diff)
    assert found[1:] == pytest.approx([found[0]] * 2, rel=1e-6)  # three searches, one minimum


# -- which fits may be compared --------------------------------------------------------------------


def test_a_model_under_another_parameterisation_is_nested() -> None:
    frame = answers(300, 8)
    marker, unit = (ei.cfa(frame, TWO, std_lv=s) for s in (False, True))
    held = ei.cfa(frame, TWO.replace("pro2", "a*pro2").replace("pro3", "a*pro3"))
    one, other = (ei.difference_test(held, free) for free in (marker, unit))
    assert one.chisq_diff == pytest.approx(other.chisq_diff, rel=1e-6)
    for single in (ONE, "k =~ adv1 + adv2 + adv3 + pro1 + pro2 + pro3"):
        assert ei.difference_test(ei.cfa(frame, single), unit).df_diff == 1
    second = ei.cfa(frame, f"{TWO}\ni =~ ent1 + ent2 + ent3\nhigh =~ g + h + i")
    first = ei.cfa(frame, f"{TWO}\ni =~ ent1 + ent2 + ent3\ng ~~ 0*h", std_lv=True)
    assert refused(first, second) == [
        "model.not_nested"
    ]  # three factors: as many df as second order


@pytest.mark.parametrize(
    ("restricted", "free"),
    [
        (f"{ONE}\npro1 ~~ pro2", "g =~ pro1 + adv2 + adv3\nh =~ adv1 + pro2 + pro3\npro3 ~~ adv1"),
        (TWO, f"{ONE}\npro1 ~~ adv1\npro2 ~~ adv2"),
        ("g =~ pro1 + pro2 + adv3\nh =~ adv1 + adv2 + pro3", f"{TWO}\npro1 ~~ adv1"),
        (f"{TWO}\npro1 ~~ adv1", f"{TWO}\npro1 ~~ adv2\npro2 ~~ adv3"),
    ],
)  # fmt: skip
def test_models_that_are_not_nested_are_refused_though_their_degrees_of_freedom_differ(
    restricted: str, free: str
) -> None:
    frame = answers(300, 8)
    one, other = ei.cfa(frame, restricted), ei.cfa(frame, free)
    assert one.df > other.df
    assert refused(one, other) == ["model.not_nested"]


def test_the_wrong_order_is_refused() -> None:
    rungs = ladder(300, "normal")
    assert refused(rungs["configural"], rungs["metric"]) == ["model.not_nested"]
    assert refused(rungs["metric"], rungs["metric"]) == ["model.not_nested"]


def test_other_rows_items_groups_estimators_and_clusters_are_refused() -> None:
    frame = bands(300, "normal").assign(
        team=np.arange(600) % 60, troop=np.arange(600) % 40, w=1.0 + np.arange(600) % 3
    )
    held = "g =~ a*pro1 + a*pro2 + a*pro3 + pro4"
    free, how = held.replace("a*", ""), {"std_lv": True}
    one = ei.cfa(frame, held, **how)
    assert (
        ei.difference_test(one, ei.cfa(frame.sample(frac=1.0, random_state=1), free)).df_diff == 2
    )
    assert refused(one, ei.cfa(frame.iloc[1:], free)) == ["model.different_data"]
    assert refused(one, ei.cfa(frame.assign(pro1=frame["pro1"] + 0.1), free)) == [
        "model.different_data"
    ]
    once_more = frame.sample(frac=1.0, random_state=1).reset_index(drop=True)
    moved = frame.assign(pro1=once_more["pro1"])  # as many, as high, as spread: another covariance
    assert refused(one, ei.cfa(moved, free)) == ["model.different_data"]
    assert refused(one, ei.cfa(frame, free.replace("pro4", "ent4"))) == ["model.different_data"]
    assert refused(one, ei.cfa(frame, free, weights="w")) == ["model.different_data"]
    assert refused(one, ei.cfa(frame, free, estimator="ML")) == ["model.different_estimators"]
    assert refused(one, ei.cfa(frame, free, cluster="team")) == ["model.different_clusters"]
    teams = ei.cfa(frame, held, cluster="team", **how)
    assert refused(teams, ei.cfa(frame, free, cluster="troop")) == ["model.different_clusters"]
    shuffled = frame.sample(frac=1.0, random_state=1)
    assert ei.difference_test(teams, ei.cfa(shuffled, free, cluster="team")).df_diff == 2
    # chi-squares of pooled rows and of groups are about different unrestricted models
    pooled = ei.cfa(
        frame, f"{held}\n" + "\n".join(f"pro{i} ~~ e*pro{i}" for i in (1, 2, 3, 4)), **how
    )
    split = ei.cfa(frame, free, group="band")
    assert pooled.df > split.df
    assert refused(pooled, split) == ["model.different_groups"]


def test_rows_with_holes_are_not_the_complete_ones() -> None:
    frame = bands(300, "holes")
    held = ei.cfa(frame, ONE.replace("pro2", "a*pro2").replace("pro3", "a*pro3"))
    assert refused(held, ei.cfa(frame, ONE, missing="listwise")) == ["model.different_data"]


def test_an_unknown_method_is_refused() -> None:
    rungs = ladder(300, "normal")
    with pytest.raises(ModelError, match="satorra_2000_shifted") as caught:
        ei.difference_test(rungs["metric"], rungs["configural"], method="guess")  # type: ignore[arg-type]
    assert [p.code for p in caught.value.problems] == ["model.not_available"]
