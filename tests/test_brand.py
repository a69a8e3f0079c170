"""Levels and associations: right numbers, honest intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from employer_identity import brand
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
