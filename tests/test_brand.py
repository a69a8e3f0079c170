"""Levels and associations: right numbers, honest intervals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from employer_identity import brand, figures, weighing
from employer_identity.questionnaire import Scale
from employer_identity.simulate import simulate_survey
from employer_identity.suppression import decide, withhold_units
from employer_identity.survey import Survey


@pytest.fixture(scope="module")
def survey() -> Survey:
    return simulate_survey(400, seed=2, missing=0.05)


def alone(values: pd.Series) -> pd.Series:
    return pd.Series(np.arange(len(values)), index=values.index)


def equal(values: pd.Series) -> pd.Series:
    return pd.Series(1.0, index=values.index)


def test_without_clusters_the_interval_of_a_mean_is_the_textbook_one(survey: Survey) -> None:
    x = survey.pillar_scores["advancement"]
    mean, lower, upper = brand.mean_interval(x, alone(x), equal(x))
    expected = stats.t.interval(0.95, x.count() - 1, x.mean(), x.std() / np.sqrt(x.count()))
    assert (lower, upper) == pytest.approx(expected, abs=1e-12)
    assert mean == pytest.approx(x.mean())


def test_the_interval_of_a_correlation_is_close_to_fishers_with_normal_answers() -> None:
    rng = np.random.default_rng(5)
    x = pd.Series(rng.normal(size=4000))
    y = 0.5 * x + rng.normal(size=4000)
    r, lower, upper = brand.correlation_interval(x, y, alone(x), equal(x))
    assert r == pytest.approx(np.corrcoef(x, y)[0, 1])
    fisher = np.tanh(np.arctanh(r) + np.array([-1, 1]) * 1.96 / np.sqrt(3997))
    assert (lower, upper) == pytest.approx(tuple(fisher), abs=0.002)


def test_colleagues_who_answer_alike_widen_the_interval() -> None:
    rng = np.random.default_rng(6)
    employer = pd.Series(np.repeat(np.arange(40), 25))
    x = pd.Series(rng.normal(size=1000) + rng.normal(size=40)[employer])
    apart, together = (brand.mean_interval(x, c, equal(x)) for c in (alone(x), employer))
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
    assert np.isnan(brand.mean_interval(few, alone(few), equal(few)).lower)
    assert np.isnan(brand.correlation_interval(few, few, alone(few), equal(few)).estimate)


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
    assert weighing.design_effect(w) == pytest.approx(1 + w.var(ddof=0) / w.mean() ** 2)
    assert weighing.design_effect(3 * pd.Series(np.ones(5))) == pytest.approx(1.0)
    nobody = pd.Series([0.0, 0.0])  # stands for nobody, and is not counted
    assert weighing.design_effect(pd.concat([w, nobody])) == weighing.design_effect(w)
    assert np.isnan(weighing.design_effect(nobody))


# --- Weights


def weigh(survey: Survey, weights: np.ndarray) -> Survey:
    instrument = survey.instrument.model_copy(update={"weight": "w"})
    return replace(survey, answers=survey.answers.assign(w=weights), instrument=instrument)


@pytest.fixture(scope="module")
def units() -> Survey:
    """Answers with holes of people at twelve employers in three sectors."""
    rng = np.random.default_rng(8)
    survey = simulate_survey(400, seed=9, missing=0.05)
    employer = rng.integers(0, 12, survey.n)
    answers = survey.answers.assign(
        employer=pd.Categorical([f"e{k:02d}" for k in employer]),
        sector=pd.Categorical([f"s{k % 3}" for k in employer]),
    )
    roles = {"employer": "employer", "sector": "sector"}
    return replace(survey, answers=answers, instrument=survey.instrument.model_copy(update=roles))


@pytest.fixture(scope="module")
def repeated(units: Survey) -> tuple[Survey, Survey]:
    """Whole weights, some of them 0, and the same people repeated as often, each a cluster."""
    rng = np.random.default_rng(7)
    times = rng.integers(0, 5, units.n)
    answers = units.answers.assign(person=np.arange(units.n))
    cluster = units.instrument.model_copy(update={"cluster": "person"})
    one = weigh(replace(units, answers=answers, instrument=cluster), times.astype(float))
    rows = answers.loc[np.repeat(answers.index, times)].reset_index(drop=True)
    return one, replace(units, answers=rows, instrument=cluster)


def test_whole_weights_are_repeated_rows(repeated: tuple[Survey, Survey]) -> None:
    weighted, rows = repeated
    for make, exact in (
        (brand.levels, ["mean", "ci_lower", "ci_upper"]),
        (brand.associations, ["r", "ci_lower", "ci_upper"]),
        (brand.item_levels, ["mean", "ceiling", "agree"]),
        (brand.outcome_levels, ["mean", "ceiling", "agree", "ci_lower", "ci_upper"]),
        (brand.unit_levels, ["mean"]),
    ):
        one, other = make(weighted), make(rows)
        pd.testing.assert_frame_equal(one[exact], other[exact], rtol=1e-10)  # sums in other order
        assert (one["n"] < other["n"]).all()  # n counts persons
    for item in weighted.item_names:
        one, other = (brand.distribution(s, item) for s in repeated)
        assert one.to_numpy() == pytest.approx(other.to_numpy(), abs=1e-12)
        assert one.sum() == pytest.approx(1.0)


def test_the_unit_of_weights_is_of_no_account(units: Survey) -> None:
    w = np.random.default_rng(3).uniform(0.3, 3, units.n)
    one, other = weigh(units, w), weigh(units, 17 * w)
    for make in (brand.levels, brand.associations, brand.outcome_levels, brand.unit_levels):
        pd.testing.assert_frame_equal(make(one), make(other), rtol=1e-10)
    plain = weigh(units, np.full(units.n, 5.0))
    for make in (brand.levels, brand.associations, brand.item_levels, brand.unit_levels):
        pd.testing.assert_frame_equal(make(plain), make(units), rtol=1e-10)


def test_the_interval_of_a_weighted_mean_is_the_cluster_robust_one(units: Survey) -> None:
    w = np.random.default_rng(3).uniform(0.3, 3, units.n)
    row = brand.levels(weigh(units, w)).set_index("pillar").loc["entrepreneurship"]
    x = units.pillar_scores["entrepreneurship"]
    known = x.notna()
    x, w, employer = x[known], w[known], units.answers["employer"][known]
    mean = float((w * x).sum() / w.sum())
    sums = (w * (x - mean) / w.sum()).groupby(employer.astype(str)).sum()
    se = np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum())
    half = stats.t.ppf(0.975, len(sums) - 1) * se
    assert (row["mean"], row["ci_lower"], row["ci_upper"]) == pytest.approx(
        (mean, mean - half, mean + half), abs=1e-12
    )
    assert row["sd"] == pytest.approx(
        np.sqrt(((w * (x - mean) ** 2).sum() / w.sum()) * len(x) / (len(x) - 1)), abs=1e-12
    )


def test_units_have_the_mean_spread_and_error_of_their_own_people(units: Survey) -> None:
    w = np.random.default_rng(3).uniform(0.3, 3, units.n)
    survey = weigh(units, w)
    frame = brand.unit_levels(survey).set_index(["sector", "employer", "pillar"])
    weights = weighing.weights(survey)
    for sector, employer, where in (
        ("s1", "e04", units.answers["employer"] == "e04"),
        ("s2", "", units.answers["sector"] == "s2"),
    ):
        own, row = survey.pillar_scores["advancement"][where], frame.loc[sector, employer]
        for name in ("mean", "sd", "standard_error"):
            column = "se" if name == "standard_error" else name
            expected = getattr(weighing, name)(own, weights)
            assert row.loc["advancement", column] == pytest.approx(expected, abs=1e-12)
        assert row.loc["advancement", "n"] == own.count()
    bare = brand.unit_levels(units)
    assert bare["se"].to_numpy() == pytest.approx((bare["sd"] / bare["n"] ** 0.5).to_numpy())


def test_whoever_weighs_nothing_makes_no_unit_large_enough(units: Survey) -> None:
    """A mean of many without a weight and one with it would be that one person's answers."""
    w = np.ones(units.n)
    w[np.flatnonzero(units.answers["employer"] == "e05")[4:]] = 0.0
    weighed = weigh(units, w)
    shown = withhold_units(brand.unit_levels(weighed), decide(weighed), weighed.instrument)
    assert shown.loc[shown["employer"] == "e05", "hidden"].all()
    assert shown.loc[shown["employer"] == "e05", ["mean", "sd", "se"]].isna().all(axis=None)
    few = np.zeros(units.n)
    few[:9] = 1.0
    told = figures.answers(weigh(units, few), "advancement", minimum=10).alt
    assert told.count("fewer than 10 answers, not shown") == 4


def test_weighted_and_unweighted_levels_stand_side_by_side(units: Survey) -> None:
    w = np.where(units.pillar_scores["advancement"] > 5, 3.0, 1.0)
    frame = brand.weighting(weigh(units, w)).set_index("pillar")
    plain = brand.levels(units).set_index("pillar")["mean"]
    assert frame["unweighted"].to_numpy() == pytest.approx(plain.to_numpy())
    assert frame["difference"].to_numpy() == pytest.approx(
        (frame["weighted"] - frame["unweighted"]).to_numpy()
    )
    assert frame.loc["advancement", "difference"] > 0.1
    assert (brand.weighting(units)["difference"] == 0).all()
