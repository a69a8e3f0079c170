"""Doubts about a whole survey: each found where it is planted, and none where there is nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from employer_identity.errors import Problem
from employer_identity.loading import Check, check_survey
from employer_identity.presets import PresetName
from employer_identity.questionnaire import Instrument
from employer_identity.simulate import simulate_survey
from employer_identity.spelling import meant, usual_spellings

PILLARS = {"calm": ["c1", "c2", "c3", "c4", "c5"], "order": ["o1", "o2", "o3", "o4"]}
ITEMS = [item for items in PILLARS.values() for item in items]
OURS = Instrument.model_validate(
    {
        "name": "ours",
        "title": {"en": "Ours"},
        "scale": {"minimum": 1, "maximum": 5, "missing": [9]},
        "pillar": [{"key": key} for key in PILLARS],
        "item": [
            {"name": item, "pillar": key, "reverse": item == "c2"}
            for key, items in PILLARS.items()
            for item in items
        ],
        "outcome": [{"name": f"y{k}"} for k in range(1, 6)],
        "grouping": [{"column": "age", "order": ["young", "old"]}, {"column": "site"}],
        "employer": "firm",
        "sector": "branch",
        "weight": "w",
        "duration": "seconds",
        "respondent": "id",
    }
)


def survey(n: int = 400, seed: int = 1) -> pd.DataFrame:
    """Draw answers as people gave them: c2 is worded the other way round."""
    rng = np.random.default_rng(seed)
    general = rng.normal(size=n)
    frame = pd.DataFrame({"id": [f"r{k}" for k in range(n)]})
    for name in (*ITEMS, *(f"y{k}" for k in range(1, 6))):
        latent = 0.6 * general + 0.8 * rng.normal(size=n)
        frame[name] = np.clip(np.round(3 + 1.2 * latent), 1, 5)
    return frame.assign(
        c2=6 - frame["c2"],
        age=rng.choice(["young", "old"], n),
        site=rng.choice(["north", "south", "west"], n),
        firm=np.resize(["Zuiderlicht", "Noordbaken", "De Vuurtoren"], n),
        branch=np.resize(["care", "trade", "trade"], n),
        w=rng.uniform(0.5, 2.0, n),
        seconds=np.round(np.exp(rng.normal(5.5, 0.2, n))),
    )


def check(frame: pd.DataFrame, instrument: Instrument = OURS) -> Check:
    return check_survey(frame, instrument=instrument)


def doubts(frame: pd.DataFrame, instrument: Instrument = OURS) -> list[str]:
    found = check(frame, instrument)
    assert found.errors == ()
    return [p.code.removeprefix("survey.") for p in found.warnings]


def only(frame: pd.DataFrame, code: str, instrument: Instrument = OURS) -> Problem:
    """Return the one warning that there is, which is of this kind."""
    assert doubts(frame, instrument) == [code]
    return check(frame, instrument).warnings[0]


@pytest.mark.parametrize("seed", range(12))
def test_decent_answers_raise_no_doubt(seed: int) -> None:
    assert doubts(survey(n=(60, 150, 400, 2000)[seed % 4], seed=seed)) == []


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("idealised", []),
        ("self_rated", []),
        ("other_rated", ["survey.straight_lining"]),  # as in real answers about leaders: 17 %
    ],
)
def test_ceilings_and_near_copies_raise_no_doubt_but_straight_lines(
    preset: PresetName, expected: list[str]
) -> None:
    for seed in range(3):
        drawn = simulate_survey(3000, preset=preset, seed=seed, missing=0.03)
        assert [p.code for p in drawn.warnings] == expected


# --- Items


def test_an_item_that_should_be_reversed_is_named_with_the_remedy() -> None:
    frame = survey()
    frame["o3"] = 6 - frame["o3"]
    found = only(frame, "item_turned")
    assert (found.where, found.values["remedy"]) == ("o3", "reverse = true")
    assert float(str(found.values["r"])) < -0.3


def test_an_item_that_is_reversed_already_is_named_with_the_remedy() -> None:
    frame = survey()
    frame["c2"] = 6 - frame["c2"]
    found = only(frame, "item_turned")
    assert (found.where, found.values["remedy"]) == ("c2", "reverse = false")


def test_two_items_of_one_pillar_are_both_named_and_no_other() -> None:
    frame = survey(2000)
    frame[["c1", "c5"]] = 6 - frame[["c1", "c5"]]
    assert sorted(p.where for p in check(frame).warnings) == ["c1", "c5"]


def test_items_that_do_not_hang_together_are_not_called_turned() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        frame = survey(100)
        frame[ITEMS] = rng.integers(1, 6, (100, len(ITEMS)))
        assert "item_turned" not in doubts(frame)


@pytest.mark.parametrize(("share", "expected"), [(0.08, []), (0.25, ["missing_items"])])
def test_items_that_many_skip_are_named(share: float, expected: list[str]) -> None:
    frame = survey()
    frame.loc[: share * len(frame), ["o2", "c4"]] = np.nan
    assert doubts(frame) == expected
    if expected:
        found = only(frame, "missing_items")
        assert (found.where, found.count) == ("c4, o2", 2)


def test_items_that_many_skip_are_named_even_if_all_are() -> None:
    frame = survey(1000)
    gone = np.random.default_rng(3).random((1000, len(ITEMS))) < 0.25
    frame[ITEMS] = frame[ITEMS].mask(gone)
    assert only(frame, "missing_items").count == len(ITEMS)


def test_a_group_that_skips_is_named() -> None:
    frame = survey()
    frame.loc[frame["site"] == "south", ["o1", "o2", "c1"]] = np.nan
    found = [p for p in check(frame).warnings if p.code == "survey.missing_groups"]
    assert [(p.where, p.values["groups"]) for p in found] == [("site", "south")]


@pytest.mark.parametrize(("share", "expected"), [(0.05, []), (0.15, ["straight_lining"])])
def test_straight_lines_are_counted_as_they_were_ticked(share: float, expected: list[str]) -> None:
    frame = survey(1000)
    drawn = int(share * 1000)
    lines = np.random.default_rng(2).integers(1, 6, (drawn, 1))
    frame.loc[: drawn - 1, ITEMS] = np.tile(lines, len(ITEMS))
    assert doubts(frame) == expected
    if expected:
        assert 150 <= only(frame, "straight_lining").count < 165


# --- Rows


def test_copied_rows_are_named_but_not_where_the_respondent_explains_them() -> None:
    frame = survey()
    copies = frame.iloc[:40].assign(id=[f"x{k}" for k in range(40)])
    found = only(pd.concat([frame, copies]), "repeated_rows")
    assert 40 < found.count <= 80
    again = check(pd.concat([frame, frame.iloc[:40]]))
    assert [p.code for p in again.problems if p.severity != "change"] == [
        "survey.duplicate_respondent"
    ]


def test_a_pair_that_chance_explains_is_not_called_a_copy() -> None:
    frame = survey(3000)
    columns = [*ITEMS, *(f"y{k}" for k in range(1, 6))]
    frame.loc[[7, 2000], columns] = [3.0] * 7 + [4.0] * 7
    assert doubts(frame) == []


def test_one_strange_pair_is_not_called_a_copy() -> None:
    frame = survey(500)
    columns = [*ITEMS, *(f"y{k}" for k in range(1, 6))]
    frame.loc[[7, 400], columns] = [1.0, 5.0] * 7
    assert doubts(frame) == []


def test_copies_are_told_among_many_rows_that_are_alike_by_chance() -> None:
    drawn = simulate_survey(3000, preset="other_rated", seed=1)
    frame = pd.concat([drawn.answers, drawn.answers.iloc[:60]], ignore_index=True)
    (found,) = (
        p for p in check(frame, drawn.instrument).warnings if p.code == "survey.repeated_rows"
    )
    assert 20 < found.count <= 120


def test_speeders_are_counted() -> None:
    frame = survey()
    median = frame["seconds"].median()
    frame.loc[[3, 5], "seconds"] = [median / 3 - 5, median / 3 + 5]
    assert only(frame, "speeding").count == 1
    frame.loc[[3, 5], "seconds"] = [2 * len(ITEMS) - 1, median]
    assert only(frame, "speeding").count == 1
    frame["seconds"] = frame["seconds"] / 60
    assert only(frame, "not_in_seconds").count == len(frame)


# --- Groups, weights, units


def test_answers_that_a_whole_group_never_gave_are_counted() -> None:
    frame = survey(600)
    south = frame["site"] == "south"
    frame.loc[south, ["o1", "o2"]] = frame.loc[south, ["o1", "o2"]].clip(upper=3)
    found = only(frame, "unused_answers")
    assert (found.where, found.count) == ("site", 2)
    few = survey(600)
    few["site"] = np.where(few.index < 25, "south", "north")
    few.loc[:24, ["o1", "o2"]] = few.loc[:24, ["o1", "o2"]].clip(upper=3)
    assert doubts(few) == []


@pytest.mark.parametrize(("weight", "expected"), [(9.0, []), (11.0, ["uneven_weights"])])
def test_one_heavy_weight_is_told(weight: float, expected: list[str]) -> None:
    frame = survey().assign(w=1.0)
    frame.loc[0, "w"] = weight
    assert doubts(frame) == expected


def test_weights_that_cut_the_sample_are_told_with_kish_s_effect() -> None:
    frame = survey().assign(w=1.0)
    frame.loc[:39, "w"] = 0.05
    frame.loc[40:59, "w"] = 9.9
    w = frame["w"]
    found = check(frame.assign(w=w**2)).warnings[0]
    assert found.code == "survey.uneven_weights"
    expected = len(w) * (w**4).sum() / (w**2).sum() ** 2
    assert found.values["effect"] == pytest.approx(expected)
    assert found.values["effective"] == round(len(w) / expected)


def test_an_employer_in_two_sectors_is_named() -> None:
    frame = survey()
    frame.loc[0, "branch"] = "trade"  # Zuiderlicht is in care
    assert only(frame, "employers_in_sectors").values["employers"] == "Zuiderlicht"
    frame.loc[0, "branch"] = "CARE"
    assert only(frame, "spelling_variant").where == "branch"


def test_units_spelt_in_two_ways_are_told() -> None:
    frame = survey()
    frame.loc[frame.index[frame["firm"] == "De Vuurtoren"][:2], "firm"] = "de vuurtoren"
    frame.loc[frame.index[frame["firm"] == "Zuiderlicht"][:2], "firm"] = "Zuiderlcht"
    found = only(frame, "spelling_variant")
    assert found.count == 4
    pairs = str(found.values["pairs"])
    assert "“de vuurtoren” → “De Vuurtoren”" in pairs
    assert "“Zuiderlcht” → “Zuiderlicht”" in pairs


def test_a_survey_with_errors_is_screened_all_the_same() -> None:
    frame = survey()
    frame["o3"] = 6 - frame["o3"]
    frame.loc[:30, "c1"] = 99
    frame.loc[0, "age"] = "middle-aged"
    frame["o1"] = frame["o1"].astype(object)
    frame.loc[4, "o1"] = "a lot"
    found = check(frame)
    assert {p.code for p in found.errors} == {
        "survey.missing_code_undeclared", "survey.unknown_group", "survey.text_in_scale",
    }  # fmt: skip
    assert [p.where for p in found.warnings] == ["o3"]
    assert found.survey is None


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"Vrouw": 3, "vrouw": 40, " VROUW-": 1}, {"Vrouw": "vrouw", " VROUW-": "vrouw"}),
        (
            {"Coöperatie Noord": 40, "cooperatie-noord": 30},
            {"cooperatie-noord": "Coöperatie Noord"},
        ),
        ({"Zuiderlicht": 100, "Zuiderlcht": 1}, {"Zuiderlcht": "Zuiderlicht"}),
        ({"Noordster": 50, "Noordstar": 40}, {}),  # both are common
        ({"gen_x": 100, "gen_z": 1}, {}),  # one letter is all that tells them apart
        ({"Locatie A": 100, "Locatie B": 1}, {}),
        ({"Employer 11": 100, "Employer 12": 1}, {}),  # digits tell
        ({"1.5": 100, "15": 1, "C": 9, "C++": 9}, {}),
    ],
)
def test_spellings_of_one_name(sizes: dict[str, int], expected: dict[str, str]) -> None:
    assert usual_spellings(sizes) == expected


def test_what_an_unknown_name_means() -> None:
    assert meant("WOMAN", ["woman", "man"]) == "woman"
    assert meant("womn", ["woman", "man"]) == "woman"
    assert meant("gen_y", ["gen_x", "gen_z"]) == ""
    assert meant("horses", ["houses", "hoses"]) == ""  # it could be either
