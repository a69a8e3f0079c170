"""Raking: against R's survey package, laws, and what cannot be raked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.errors import SurveyError
from employer_identity.simulate import simulate_survey
from employer_identity.survey import Survey
from employer_identity.weighing import design_effect, effective_n

GOLDEN = Path(__file__).parent / "golden" / "raking"
SAME_WEIGHTS = 1e-6  # both stop when the margins hold: R's to 1e-9 of 10,000 people, ours to 1e-8
CAP = 4.0
MARGINS = {
    "gender": {"man": 0.52, "woman": 0.48},
    "age": {"middle": 0.40, "old": 0.35, "young": 0.25},
    "region": {"east": 0.20, "north": 0.10, "south": 0.25, "west": 0.45},
}


def survey_of(people: pd.DataFrame, weight: str | None = None) -> Survey:
    base = simulate_survey(10)
    update = {"weight": weight, "groupings": ()}
    return replace(base, answers=people, instrument=base.instrument.model_copy(update=update))


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "people.csv")


@pytest.mark.parametrize(("column", "weight"), [("plain", None), ("weighted", "base")])
def test_weights_are_those_of_the_survey_package(people, column, weight):
    found = ei.rake(survey_of(people, weight), MARGINS)
    wanted = pd.read_csv(GOLDEN / "weights.csv")[column]
    assert np.allclose(found.weights, wanted, rtol=SAME_WEIGHTS)
    assert found.error < 1e-8
    assert found.weights.mean() == pytest.approx(1.0)


def test_percentages_and_numbers_of_people_give_the_same_weights(people):
    shares = ei.rake(survey_of(people), MARGINS).weights
    for times in (100, 20_000):
        scaled = {m: {k: times * v for k, v in t.items()} for m, t in MARGINS.items()}
        assert np.allclose(ei.rake(survey_of(people), scaled).weights, shares, rtol=1e-9)


def test_one_margin_is_post_stratification_by_hand():
    people = pd.DataFrame({"gender": ["man"] * 30 + ["woman"] * 70})
    found = ei.rake(survey_of(people), {"gender": {"man": 0.5, "woman": 0.5}})
    assert found.weights.iloc[0] == pytest.approx(50 / 30)
    assert found.weights.iloc[-1] == pytest.approx(50 / 70)
    # Kish by hand: n sum w2 / (sum w)2
    deff = 100 * (30 * (5 / 3) ** 2 + 70 * (5 / 7) ** 2) / 100**2
    assert found.deff == pytest.approx(deff)
    assert found.n_eff == pytest.approx(100 / deff)


def test_who_did_not_state_keeps_the_share_that_they_have(people):
    silent = people.assign(gender=people["gender"].where(np.arange(len(people)) % 10 > 0))
    found = ei.rake(survey_of(silent), MARGINS)
    row = found.margins.query("margin == 'gender' and category == ''").iloc[0]
    assert row["target"] == pytest.approx(0.1)
    assert row["after"] == pytest.approx(0.1)
    man = found.margins.query("margin == 'gender' and category == 'man'").iloc[0]
    assert man["after"] == pytest.approx(0.52 * 0.9)


def test_a_cap_holds_and_says_what_it_costs(people):
    free = ei.rake(survey_of(people, "base"), MARGINS)
    capped = ei.rake(survey_of(people, "base"), MARGINS, cap=CAP)
    assert free.weights.max() > CAP * free.weights.median()
    assert capped.weights.max() <= CAP * capped.weights.median() * (1 + 1e-6)
    assert capped.trimmed > 0
    assert capped.deff < capped.deff_untrimmed == pytest.approx(free.deff)
    assert capped.error < 1e-6  # here both can be had
    hard = ei.rake(survey_of(people, "base"), MARGINS, cap=1.2)
    assert hard.weights.max() <= 1.2 * hard.weights.median() * (1 + 1e-6)
    assert hard.error > 0.005  # and here not: the margins miss, and it is told


def test_the_survey_carries_its_new_weights(people):
    raking = ei.rake(survey_of(people), MARGINS)
    weighted = raking.of(survey_of(people))
    assert weighted.instrument.weight == "raked_weight"
    assert (weighted.answers["raked_weight"] == raking.weights).all()
    assert "effective of 300 respondents" in repr(raking)


def test_effective_n_and_design_effect_are_two_sides_of_one_number():
    w = pd.Series([1.0, 2.0, 3.0, 0.0])
    assert effective_n(w) == pytest.approx(36 / 14)
    assert design_effect(w) == pytest.approx(3 / effective_n(w))


@pytest.mark.parametrize(
    ("margins", "cap", "codes"),
    [
        ({}, None, ["raking.no_margins"]),
        ({"gender": {"man": 0.5, "woman": 0.4}}, None, ["raking.not_adding"]),
        ({"gender": {"man": 0.5, "womann": 0.5}}, None, ["raking.nobody_near"]),
        (
            {"gender": {"womann": 1.0}}, None,
            ["raking.nobody_near", "raking.without_target"],
        ),
        ({"gender": {"man": 0.4, "woman": 0.4, "x": 0.2}}, None, ["raking.nobody"]),
        ({"gender": {"man": 0.0, "woman": 1.0}}, None, ["raking.zero"]),
        ({"gender": {"man": -0.5, "woman": 1.5}}, None, ["raking.bad_target"]),
        ({"gendr": {"man": 0.5, "woman": 0.5}}, None, ["raking.unknown_column_near"]),
        ({"shoe size": {"41": 1.0}}, None, ["raking.unknown_column"]),
        ({"gender": {"man": 0.5, "woman": 0.5}}, 1.0, ["raking.cap"]),
        (
            {"gender": {"man": 0.5, "woman": 0.4}, "age": {"young": 1.0}}, 0.5,
            ["raking.cap", "raking.not_adding", "raking.without_target"],
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_raked_is_told_at_once(people, margins, cap, codes):
    with pytest.raises(SurveyError) as caught:
        ei.rake(survey_of(people), margins, cap=cap)
    assert [p.code for p in caught.value.problems] == codes


def test_a_misspelt_grouping_is_recognised(people):
    with pytest.raises(SurveyError, match="did you mean 'region'"):
        ei.rake(survey_of(people), {"regoin": {"east": 1.0}})


def test_margins_that_contradict_each_other_are_refused():
    people = pd.DataFrame({"a": ["x", "y"] * 20, "b": ["u", "v"] * 20})
    margins = {"a": {"x": 0.5, "y": 0.5}, "b": {"u": 0.4, "v": 0.6}}
    with pytest.raises(SurveyError, match="No weights satisfy all margins"):
        ei.rake(survey_of(people), margins)


def test_margins_are_read_from_a_file(tmp_path):
    path = tmp_path / "margins.toml"
    path.write_text("[gender]\nman = 0.52\nwoman = 0.48\n", encoding="utf-8")
    assert ei.read_margins(path) == {"gender": {"man": 0.52, "woman": 0.48}}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[gender", "raking.no_toml"),
        ("", "raking.empty_file"),
        ("gender = 0.5", "raking.no_table"),
        ('[gender]\nman = "half"', "raking.no_table"),
        ("[gender]\nman = true", "raking.no_table"),
    ],
)
def test_a_file_that_holds_no_margins_is_refused(tmp_path, text, code):
    path = tmp_path / "margins.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SurveyError) as caught:
        ei.read_margins(path)
    assert [p.code for p in caught.value.problems] == [code]


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SurveyError) as caught:
        ei.read_margins(tmp_path / "nowhere.toml")
    assert [p.code for p in caught.value.problems] == ["raking.no_file"]
