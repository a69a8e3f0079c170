"""Levels and associations: right numbers, honest intervals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from employer_identity import brand
from employer_identity.questionnaire import Scale
from employer_identity.simulate import simulate_survey
from employer_identity.survey import Survey


@pytest.fixture(scope="module")
def survey() -> Survey:
    return simulate_survey(400, seed=2, missing=0.05)


def alone(values: pd.Series) -> pd.Series:
    return pd.Series(np.arange(len(values)), index=values.index)


def test_without_clusters_the_interval_of_a_mean_is_the_textbook_one(survey: Survey) -> None:
    x = survey.pillar_scores["advancement"]
    mean, lower, upper = brand.mean_interval(x, alone(x))
    expected = stats.t.interval(0.95, x.count() - 1, x.mean(), x.std() / np.sqrt(x.count()))
    assert (lower, upper) == pytest.approx(expected, abs=1e-12)
    assert mean == pytest.approx(x.mean())


def test_the_interval_of_a_correlation_is_close_to_fishers_with_normal_answers() -> None:
    rng = np.random.default_rng(5)
    x = pd.Series(rng.normal(size=4000))
    y = 0.5 * x + rng.normal(size=4000)
    r, lower, upper = brand.correlation_interval(x, y, alone(x))
    assert r == pytest.approx(np.corrcoef(x, y)[0, 1])
    fisher = np.tanh(np.arctanh(r) + np.array([-1, 1]) * 1.96 / np.sqrt(3997))
    assert (lower, upper) == pytest.approx(tuple(fisher), abs=0.002)


def test_colleagues_who_answer_alike_widen_the_interval() -> None:
    rng = np.random.default_rng(6)
    employer = pd.Series(np.repeat(np.arange(40), 25))
    x = pd.Series(rng.normal(size=1000) + rng.normal(size=40)[employer])
    apart, together = (brand.mean_interval(x, c) for c in (alone(x), employer))
    width = (together.upper - together.lower) / (apart.upper - apart.lower)
    assert width == pytest.approx(np.sqrt(1 + 24 * 0.5), rel=0.2)  # the design effect


def test_levels_and_associations_have_a_row_for_each(survey: Survey) -> None:
    pillars = list(survey.instrument.factors)
    assert brand.levels(survey)["pillar"].tolist() == pillars
    frame = brand.associations(survey)
    assert len(frame) == len(pillars) * len(survey.instrument.outcomes)
    assert ((frame["ci_lower"] < frame["r"]) & (frame["r"] < frame["ci_upper"])).all()


def test_items_say_what_is_missing_and_at_the_ceiling(survey: Survey) -> None:
    row = brand.item_levels(survey).set_index("item").loc["ent3"]
    answers = survey.answers["ent3"]
    assert row["missing"] == pytest.approx(answers.isna().mean())
    assert row["ceiling"] == pytest.approx((answers.dropna() == 7).mean())


def test_nothing_is_made_of_too_little() -> None:
    few = pd.Series([1.0, np.nan, np.nan])
    assert np.isnan(brand.mean_interval(few, alone(few)).lower)
    assert np.isnan(brand.correlation_interval(few, few, alone(few)).estimate)


@pytest.mark.parametrize(
    ("maximum", "lowest", "words"), [(7, 6, "6-7"), (5, 4, "4-5"), (4, 4, "4")]
)
def test_who_agrees(maximum: int, lowest: int, words: str) -> None:
    scale = Scale(minimum=1, maximum=maximum)
    assert brand.agreeing(scale) == lowest
    assert brand.agreement(scale).replace("\N{EN DASH}", "-") == words


def test_outcomes_are_described_like_items(survey: Survey) -> None:
    row = brand.outcome_levels(survey).set_index("outcome").loc["recommend"]
    answers = survey.answers["recommend"]
    assert row["agree"] == pytest.approx((answers.dropna() >= 6).mean())
    assert row["mean"] == pytest.approx(answers.mean())
    assert row["ci_lower"] < row["mean"] < row["ci_upper"]
    bare = replace(survey, instrument=survey.instrument.model_copy(update={"outcomes": ()}))
    assert brand.outcome_levels(bare).empty


def test_the_same_answer_throughout_is_the_one_that_was_ticked() -> None:
    survey = simulate_survey(400, preset="idealised", seed=3)
    alike = survey.answers.copy()
    items = list(survey.item_names)
    alike.loc[:6, items] = 4.0
    alike.loc[7:9, items] = 2.0
    alike.loc[9, items[0]] = np.nan  # did not answer everything
    found = brand.straight_liners(replace(survey, answers=alike))
    assert found[found].index.tolist() == list(range(9))
    turned = [i.model_copy(update={"reverse": i.name == items[3]}) for i in survey.instrument.items]
    instrument = survey.instrument.model_copy(update={"items": tuple(turned)})
    reversed_ = replace(survey, answers=alike, instrument=instrument)
    assert brand.straight_liners(reversed_).sum() == 7  # 2 was ticked as 6 there
    rest = brand.without_straight_liners(reversed_)
    assert rest.n == survey.n - 7
    assert not brand.straight_liners(rest).any()


def test_the_design_effect_of_weights() -> None:
    w = pd.Series([1.0, 1.0, 2.0])
    assert brand.design_effect(w) == pytest.approx(1 + w.var(ddof=0) / w.mean() ** 2)
    assert brand.design_effect(3 * pd.Series(np.ones(5))) == pytest.approx(1.0)
