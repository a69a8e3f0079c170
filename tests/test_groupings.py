"""Groupings that are made: bands, crossings, merging; what each step tells, and its laws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from employer_identity.errors import Problem
from employer_identity.groupings import derive
from employer_identity.intake.raw import of_frame
from employer_identity.language import LANGUAGES, describe
from employer_identity.questionnaire import Instrument

BANDS = {"boom": ["", 1964], "x": [1965, 1980], "mil": [1981, 1996], "z": [1997, 2008]}
BORN = {"column": "gen", "from": "birth", "bands": BANDS}


def instrument(*groupings: Mapping[str, Any]) -> Instrument:
    """Return a questionnaire of one item with these groupings."""
    return Instrument.model_validate(
        {
            "name": "x",
            "title": {"en": "x"},
            "scale": {"minimum": 1, "maximum": 5},
            "pillar": [{"key": "calm"}],
            "item": [{"name": "c1", "pillar": "calm"}],
            "grouping": groupings,
        }
    )


def plain(values: Sequence[str | None], order: str | None = None) -> pd.Categorical:
    """Return an ordered categorical as a plain grouping is read."""
    names = list(order) if order else sorted({v for v in values if v is not None})
    return pd.Categorical(values, categories=names, ordered=True)


def derived(
    asked: Instrument,
    frame: pd.DataFrame | None = None,
    answers: Sequence[float] | None = None,
    **columns: pd.Categorical,
) -> tuple[dict[str, pd.Categorical], list[Problem]]:
    """Derive; everybody answered unless told otherwise; every message can be said."""
    n = len(frame) if frame is not None else len(next(iter(columns.values())))
    frame = pd.DataFrame(index=range(n)) if frame is None else frame
    item = pd.Series(answers if answers is not None else [3.0] * n)
    made, _, problems = derive(frame, {"c1": item, **columns}, asked, of_frame(frame))
    for problem in problems:
        assert all(describe(problem, language) for language in LANGUAGES)
    return made, problems


def sizes(groups: pd.Categorical) -> dict[str, int]:
    return {str(name): int(n) for name, n in groups.value_counts().items()}


def codes(problems: Sequence[Problem]) -> list[str]:
    return [p.code for p in problems]


# --- Bands


def test_both_ends_of_a_band_belong_to_it_and_an_open_end_has_no_bound() -> None:
    frame = pd.DataFrame({"birth": ["1901", "1964", "1965", "1980", "1981", "1996", "1997", None]})
    made, problems = derived(instrument(BORN), frame)
    assert list(made["gen"]) == ["boom", "boom", "x", "x", "mil", "mil", "z", np.nan]
    assert made["gen"].ordered
    assert list(made["gen"].categories) == list(BANDS)
    (change,) = problems
    assert (change.code, change.severity, change.count) == ("survey.changed.banded", "change", 7)
    told = describe(change).replace("\N{EN DASH}", "-")
    assert "boom ≤ 1964, x 1965-1980, mil 1981-1996, z 1997-2008" in told


def test_the_order_of_the_groups_may_differ_from_that_of_the_bands() -> None:
    frame = pd.DataFrame({"birth": [1950, 1970, 1990, 2000]})
    made, _ = derived(instrument({**BORN, "order": ["z", "mil", "x", "boom"]}), frame)
    assert list(made["gen"].categories) == ["z", "mil", "x", "boom"]
    assert list(made["gen"]) == ["boom", "x", "mil", "z"]


def test_what_lies_in_no_band_is_missing_with_a_warning() -> None:
    frame = pd.DataFrame({"birth": ["1950", "2031", "1990", "9999", ""]})
    made, problems = derived(instrument(BORN), frame)
    assert list(made["gen"]) == ["boom", np.nan, "mil", np.nan, np.nan]
    warning, change = problems
    assert (warning.code, warning.severity) == ("groupings.outside_bands", "warning")
    assert (warning.count, warning.values["rows"]) == (2, "2, 4")
    assert "9999" not in describe(warning)
    assert change.count == 2


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(18, 75), min_size=2, max_size=40))
def test_ages_with_their_year_give_the_bands_of_the_birth_years(ages: list[int]) -> None:
    frame = pd.DataFrame({"birth": [2026 - a for a in ages], "age": ages})
    by_birth, _ = derived(instrument(BORN), frame)
    by_age, problems = derived(instrument({**BORN, "from": "age", "year": 2026}), frame)
    assert list(by_birth["gen"]) == list(by_age["gen"])
    assert "survey.changed.banded_ages" in codes(problems)


def test_parts_of_a_whole_number_are_left_out() -> None:
    tenure = {"column": "tenure", "from": "years", "bands": {"new": [0, 2], "old": [3, ""]}}
    made, _ = derived(instrument(tenure), pd.DataFrame({"years": ["0,4", "2.9", "3"]}))
    assert list(made["tenure"]) == ["new", "new", "old"]


AGES = {"column": "gen", "from": "birth", "bands": {"young": ["", 39], "old": [40, ""]}}


@pytest.mark.parametrize(
    ("grouping", "cells", "code", "count"),
    [
        (BORN, ["1980", "about 1970", "1990", "old"], "groupings.text_in_bands", 2),
        (BORN, ["46", "36", "28", "1980"], "groupings.ages_for_years", 0),
        ({**BORN, "year": 2026}, ["1980", "1990", "35"], "groupings.years_for_ages", 0),
        (AGES, ["1980", "1990", "1971"], "groupings.years_in_bands_of_ages", 0),
        ({**BORN, "column": "birth"}, ["1980", "1990"], "groupings.name_taken", 0),
    ],
)
def test_a_column_that_cannot_be_banded_is_refused(
    grouping: dict[str, Any], cells: list[str], code: str, count: int
) -> None:
    made, problems = derived(instrument(grouping), pd.DataFrame({"birth": cells}))
    assert made == {}
    assert [(p.code, p.count, p.severity) for p in problems] == [(code, count, "error")]


def test_bands_of_ages_take_ages() -> None:
    made, _ = derived(instrument(AGES), pd.DataFrame({"birth": [20, 39, 40, 64]}))
    assert list(made["gen"]) == ["young", "young", "old", "old"]


def test_a_source_that_is_not_there_is_left_to_whoever_reads_the_columns() -> None:
    assert derived(instrument(BORN), pd.DataFrame({"other": [1, 2]})) == ({}, [])


# --- Crossings

PAIR = ({"column": "gender"}, {"column": "site"}, {"column": "both", "cross": ["gender", "site"]})


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from("mw"), st.sampled_from("nes")), min_size=6, max_size=60))
def test_the_margins_of_a_crossing_are_its_parts(people: list[tuple[str, str]]) -> None:
    gender, site = (plain(list(part)) for part in zip(*people, strict=True))
    made, _ = derived(instrument(*PAIR), gender=gender, site=site)
    counted = {tuple(name.split(" + ")): n for name, n in sizes(made["both"]).items()}
    assert set(counted) == set(people)
    for k, part in enumerate((gender, site)):
        margin = {v: sum(n for key, n in counted.items() if key[k] == v) for v in part.categories}
        assert margin == sizes(part)


def test_a_crossing_is_missing_where_a_part_is_and_named_by_its_parts() -> None:
    asked = instrument({"column": "gender", "labels": {"w": {"nl": "vrouw"}}}, *PAIR[1:])
    gender, site = plain(["w", "m", None, "w"]), plain(["65+", "s", "s", None])
    made, problems = derived(asked, gender=gender, site=site)
    assert list(made["both"]) == ["w + 65+", "m + s", np.nan, np.nan]
    assert asked.value_label("both", "w + 65+", "nl") == "vrouw \N{MULTIPLICATION SIGN} 65+"
    assert problems == []
    assert set(made) == {"both"}


def test_bands_and_merged_groups_can_be_crossed() -> None:
    groupings = (BORN, {"column": "site", "merge": {"coast": ["n", "e"]}})
    asked = instrument(*groupings, {"column": "both", "cross": ["site", "gen"]})
    frame = pd.DataFrame({"birth": [1950, 1990, 1990, 1950]})
    made, _ = derived(asked, frame, site=plain(list("nesn")))
    assert list(made["both"]) == ["coast + boom", "coast + mil", "s + mil", "coast + boom"]


# --- Merging


@settings(deadline=None, derandomize=True)
@given(st.lists(st.sampled_from("abcde"), min_size=4, max_size=60))
def test_merging_moves_nobody_in_or_out(values: list[str]) -> None:
    asked = instrument(
        {"column": "site", "order": list("abcde"), "merge": {"ab": ["a", "b"], "ce": ["c", "e"]}}
    )
    before = sizes(plain(values, "abcde"))
    after, _ = derived(asked, site=plain(values, "abcde"))
    expected = {
        "ab": before["a"] + before["b"],
        "ce": before["c"] + before["e"],
        "d": before["d"],
    }
    assert sizes(after["site"]) == {name: n for name, n in expected.items() if n}


def test_a_stated_merger_is_told_with_sizes_only_where_none_is_small() -> None:
    asked = instrument({"column": "site", "merge": {"coast": ["a", "b"], "inland": ["c", "d"]}})
    made, problems = derived(asked, site=plain(list("a" * 6 + "b" * 5 + "c" * 9 + "d" * 4)))
    assert list(made["site"].categories) == ["coast", "inland"]
    assert codes(problems) == ["survey.changed.merged_stated"] * 2
    assert [p.values["old"] for p in problems] == ["a (6), b (5)", "c, d"]


def test_merging_what_nobody_has_is_refused_unless_the_order_knows_it() -> None:
    merged = {"column": "site", "merge": {"ab": ["a", "q"]}}
    _, problems = derived(instrument(merged), site=plain(list("abc")))
    assert ("groupings.nothing_to_merge", 1) in [(p.code, p.count) for p in problems]
    _, problems = derived(instrument({**merged, "order": list("abcq")}), site=plain(list("abc")))
    assert codes(problems) == ["survey.changed.merged_stated"]


SMALL = {"column": "site", "merge_below": 10}
counts = st.lists(st.integers(0, 25), min_size=3, max_size=5).filter(
    lambda n: sum(map(bool, n)) > 1
)


@settings(deadline=None, derandomize=True)
@given(counts, st.booleans())
def test_no_group_stays_below_the_floor_unless_it_is_the_only_one(
    n: list[int], ordered: bool
) -> None:
    names = "abcde"[: len(n)]
    values = [name for name, k in zip(names, n, strict=True) for _ in range(k)]
    asked = instrument({**SMALL, "order": list(names) if ordered else []})
    made, problems = derived(asked, site=plain(values, names))
    after = sizes(made["site"])
    assert sum(after.values()) == len(values)
    assert len(after) == 1 or min(after.values()) >= 10
    assert ("groupings.one_group_left" in codes(problems)) == (len(after) == 1)
    told = [p for p in problems if p.code.startswith("survey.changed.merged")]
    assert len(told) >= sum(map(bool, n)) - len(after)  # one a merger


def test_a_small_group_joins_the_smaller_of_its_neighbours_in_the_order() -> None:
    asked = instrument(
        {**SMALL, "order": list("abcd"), "labels": {"b": {"nl": "noord"}, "c": {"nl": "oost"}}}
    )
    values = list("a" * 40 + "b" * 7 + "c" * 20 + "d" * 30)
    made, (change,) = derived(asked, site=plain(values, "abcd"))
    assert sizes(made["site"]) == {"a": 40, "b; c": 27, "d": 30}
    assert change.code == "survey.changed.merged_small"
    assert "b (7) with c" in describe(change)
    assert asked.value_label("site", "b; c", "nl") == "noord en oost"


def test_without_an_order_small_groups_become_one_other_group() -> None:
    values = list("a" * 40 + "b" * 7 + "c" * 20 + "d" * 6)
    asked = instrument(SMALL)
    made, _ = derived(asked, site=plain(values))
    assert sizes(made["site"]) == {"a": 40, "other": 13, "c": 20}
    assert asked.value_label("site", "other", "nl") == "overige"
    assert instrument({"column": "site"}).value_label("site", "other", "nl") == "other"


def test_a_group_of_few_is_told_without_its_size() -> None:
    made, (change,) = derived(instrument(SMALL), site=plain(list("a" * 40 + "b" * 3 + "c" * 20)))
    assert sizes(made["site"]) == {"a": 40, "other": 23}
    assert (change.code, change.count) == ("survey.changed.merged_few", 0)
    assert "fewer than 5" in describe(change)
    assert "3" not in describe(change)


def test_respondents_without_answers_count_nowhere() -> None:
    values = list("a" * 12 + "b" * 12 + "c" * 12)
    answers = [np.nan] * 4 + [3.0] * 32
    made, problems = derived(instrument(SMALL), answers=answers, site=plain(values))
    assert sizes(made["site"]) == {"other": 20, "c": 12}
    assert list(made["site"][:4]) == [np.nan] * 4
    assert codes(problems) == ["survey.changed.merged_small"]


def test_a_plain_grouping_is_left_as_it_is() -> None:
    assert derived(instrument({"column": "site"}), site=plain(list("ab"))) == ({}, [])


# --- Special categories of personal data


def test_values_that_sound_special_ask_for_a_declaration() -> None:
    faiths = plain(["moslim", "katholiek", "geen", "geen"])
    _, problems = derived(instrument({"column": "q17"}), q17=faiths)
    assert [(p.code, p.values["special"]) for p in problems] == [
        ("groupings.special_values", "religion")
    ]
    declared = {"column": "q17", "special": "religion", "basis": "consent"}
    assert derived(instrument(declared), q17=faiths) == ({}, [])
    named = plain(["Christian", "Anna"])  # one such word may be somebody's name
    assert derived(instrument({"column": "lead"}), lead=named) == ({}, [])


def test_crossed_and_special_groups_have_a_higher_floor() -> None:
    groupings = instrument(
        *PAIR, {"column": "faith", "special": "religion", "basis": "consent"}
    ).groupings
    assert [g.minimum(5) for g in groupings] == [5, 5, 10, 10]
    assert [g.minimum(15) for g in groupings] == [15] * 4
