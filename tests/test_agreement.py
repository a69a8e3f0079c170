"""Agreement within units and shrunken scores: against R's multilevel, psych and nlme, and laws."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

import employer_identity as ei
from employer_identity.agreement import agreement, icc, rwg
from employer_identity.errors import SurveyError
from employer_identity.shrinkage import Units, integrated, predicted, shrunken_scores
from employer_identity.simulate import simulate_survey
from employer_identity.survey import Survey

GOLDEN = Path(__file__).parent / "golden" / "agreement"
SAME_FORMULA = 1e-10  # the same sums; the file holds 12 digits
REML = 1e-4  # nlme stops at its own tolerance; scores are in points of a 7-point scale
ITEMS = ["i1", "i2", "i3", "i4"]
FIGURES = json.loads((GOLDEN / "agreement.json").read_text(encoding="utf-8"))


def read(name: str) -> tuple[pd.DataFrame, np.ndarray]:
    people = pd.read_csv(GOLDEN / f"{name}.csv")
    return people, pd.factorize(people["unit"], sort=True)[0]


def survey_with(employer: np.ndarray, seed: int = 3) -> Survey:
    base = simulate_survey(len(employer), seed=seed)
    answers = base.answers.assign(employer=pd.Categorical(employer.astype(str)))
    instrument = base.instrument.model_copy(update={"employer": "employer"})
    return replace(base, answers=answers, instrument=instrument)


@pytest.mark.parametrize("name", ["unequal", "equal"])
def test_coefficients_are_those_of_multilevel(name):
    people, group = read(name)
    wanted = FIGURES[name]
    found = icc(people[ITEMS].mean(axis=1).to_numpy(), group)
    for key in ("icc1", "icc2", "f", "pvalue"):
        assert found[key] == pytest.approx(wanted[key], rel=SAME_FORMULA), key
    own = rwg(people[ITEMS].to_numpy(dtype=float), group, (7**2 - 1) / 12)
    assert np.allclose(own, wanted["rwg"], rtol=SAME_FORMULA)


def test_the_interval_of_icc1_is_that_of_psych_where_groups_are_of_one_size():
    people, group = read("equal")
    found = icc(people[ITEMS].mean(axis=1).to_numpy(), group)
    assert [found["icc1_lower"], found["icc1_upper"]] == pytest.approx(
        FIGURES["equal"]["interval"], rel=SAME_FORMULA
    )


@pytest.mark.parametrize("name", ["unequal", "equal"])
def test_scores_at_the_best_ratio_are_those_of_nlme(name):
    people, group = read(name)
    score = people[ITEMS].mean(axis=1).to_numpy()
    n = np.bincount(group).astype(float)
    mean = np.bincount(group, score) / n
    units = Units(mean, n, float(((score - mean[group]) ** 2).sum()), np.zeros(len(n), np.intp))
    best = minimize_scalar(lambda g: predicted(units, g)[1], bounds=(0, 5), method="bounded")
    assert np.allclose(predicted(units, best.x)[0].score, FIGURES[name]["shrunken"], atol=REML)
    # integrating over the ratio moves a score by little, and makes intervals wider
    assert np.allclose(integrated(units).score, FIGURES[name]["shrunken"], atol=0.05)
    assert integrated(units).sd.mean() > predicted(units, best.x)[0].sd.mean()


def test_agreement_by_hand():
    answers = np.array([[5.0, 5.0], [7.0, 5.0], [1.0, 4.0]])
    found = rwg(answers, np.array([0, 0, 1]), 4.0)
    assert found[0] == pytest.approx(1 - (2.0 + 0.0) / 2 / 4.0)
    assert np.isnan(found[1])  # one person agrees with nobody


def test_people_dealt_at_random_give_no_reason_to_average():
    employers = np.random.default_rng(5).integers(0, 20, 600)
    found = agreement(survey_with(employers), deals=50)
    assert set(found.verdicts.values()) == {"no"}
    gap = (found.table["rwg_median"] - found.table["rwg_chance"]).abs()
    assert gap.max() < 0.05
    assert (found.table["rwg_median"] > 0.2).all()  # and still they agree


def test_employers_that_differ_may_be_averaged():
    survey = ei.load_survey(
        "data/sample/employees.csv", instrument="data/sample/instrument.toml"
    ).of_wave("2026")
    found = agreement(survey, deals=20)
    assert (found.table["icc1_lower"] > 0).all()
    # 8 % of a pillar's variance lies between employers of a sector, and more between sectors
    assert found.table["icc1"].between(0.05, 0.20).all()
    assert found.table["icc1"].gt(found.table["icc1_chance_upper"]).all()
    assert set(found.verdicts.values()) <= {"yes", "with_caution"}
    assert repr(found) == repr(agreement(survey, deals=20))
    english, dutch = (found.explain(survey.instrument, lang) for lang in ("en", "nl"))
    assert len(english) == len(dutch) == 5
    assert "ICC(1) 0." in english[0]
    assert "ICC(1) 0," in dutch[0]


def test_the_null_decides_what_agreement_is():
    survey = survey_with(np.arange(200) % 10)
    by = {
        name: agreement(survey, null=null, deals=2).table["rwg_median"].to_numpy()
        for name, null in {
            "rectangular": "rectangular", "four": 4.0, "even": [1 / 7] * 7,
            "triangular": "triangular",
        }.items()
    }  # fmt: skip
    assert np.allclose(by["rectangular"], by["four"])
    assert np.allclose(by["rectangular"], by["even"])
    # the exact triangle on seven points has variance 2.5
    assert np.allclose(1 - (1 - by["rectangular"]) * 4 / 2.5, by["triangular"])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"column": "team"}, "agreement.no_units"),
        ({"null": "skewed"}, "agreement.bad_null"),
        ({"null": [0.5, 0.5]}, "agreement.bad_null"),
        ({"null": -1.0}, "agreement.bad_null"),
        ({"null": [0.2] * 7}, "agreement.bad_null"),
    ],
)
def test_what_cannot_be_told_is_refused(options, code):
    with pytest.raises(SurveyError) as caught:
        agreement(survey_with(np.arange(60) % 6), **options)
    assert [p.code for p in caught.value.problems] == [code]


def test_units_of_one_person_are_refused():
    with pytest.raises(SurveyError) as caught:
        agreement(survey_with(np.arange(40)))
    assert [p.code for p in caught.value.problems] == ["agreement.too_few"]


def test_few_answers_are_drawn_closer_to_the_sector():
    survey = ei.load_survey(
        "data/sample/employees.csv", instrument="data/sample/instrument.toml"
    ).of_wave("2026")
    found = shrunken_scores(survey)
    assert len(found) == 60 * 4
    own = (found["mean"] - found["sector_mean"]).abs()
    drawn = (found["score"] - found["sector_mean"]).abs()
    assert (drawn <= own + 1e-9).all()
    for _, part in found.groupby("pillar"):
        assert part["n"].corr(part["weight"], method="spearman") > 0.9
    assert (found["ci_lower"] < found["score"]).all()


def test_weights_without_a_difference_change_nothing():
    survey = survey_with(np.arange(300) % 15)
    even = replace(
        survey, answers=survey.answers.assign(w=3.0),
        instrument=survey.instrument.model_copy(update={"weight": "w"}),
    )  # fmt: skip
    columns = ["score", "ci_lower", "ci_upper", "weight"]
    found = shrunken_scores(even)
    assert np.allclose(found[columns], shrunken_scores(survey)[columns])
    assert np.allclose(found["n_eff"], found["n"])
    halved = survey.answers.assign(w=np.where(np.arange(300) < 150, 1.0, 3.0))  # 10 of each of 15
    found = shrunken_scores(replace(even, answers=halved))
    assert np.allclose(found["n_eff"], (10 + 30) ** 2 / (10 + 90))


@pytest.mark.slow
def test_true_scores_lie_in_their_intervals():
    rng = np.random.default_rng(12)
    inside = []
    units = 60
    for _ in range(100):
        sizes = rng.integers(5, 40, units)
        group = np.repeat(np.arange(units), sizes)
        truth = rng.normal(0, 0.3, units) + 5
        score = truth[group] + rng.normal(0, 1, len(group))
        mean = np.bincount(group, score) / sizes
        within = float(((score - mean[group]) ** 2).sum())
        found = integrated(Units(mean, sizes.astype(float), within, np.zeros(units, np.intp)))
        inside.append(np.abs(truth - found.score) < 1.96 * found.sd)
    # the standard error of the rate is 0.003: units of one draw miss together
    assert 0.94 < np.mean(inside) < 0.96
