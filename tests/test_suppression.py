"""What is decided once for the data: of whom which numbers may be shown, in whatever report."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from employer_identity import brand
from employer_identity.brand import UNKNOWN
from employer_identity.privacy import hidden
from employer_identity.questionnaire import CROSSED, Grouping
from employer_identity.simulate import simulate_survey
from employer_identity.suppression import KINDS, decide, withhold_margins, withhold_units
from employer_identity.survey import Survey

BASE = simulate_survey(60, seed=5)
SHORT = {  # a questionnaire that is quick to fill at random
    "pillars": BASE.instrument.pillars[:2],
    "items": tuple(i for i in BASE.instrument.items if i.name in ("pro1", "pro2", "adv1", "adv2")),
    "outcomes": BASE.instrument.outcomes[:1],
    "practices": (),
}


def people(sizes: Mapping[tuple[str | None, ...], int], *columns: str, **roles: str) -> Survey:
    """Return a survey with so many people per combination of values of the columns."""
    rows = [cell for cell, n in sizes.items() for _ in range(n)]
    frame = pd.DataFrame(rows, columns=list(columns)).astype("category")
    instrument = BASE.instrument.model_copy(update=SHORT)
    questions = [*instrument.item_names, *instrument.outcome_names]
    groupings = tuple(Grouping(column=c) for c in columns if c not in roles.values())
    given = pd.DataFrame(5.0, index=frame.index, columns=questions)
    given.iloc[::2] = 6.0  # not all alike
    instrument = instrument.model_copy(update={"groupings": groupings, **roles})
    return replace(BASE, answers=given.join(frame), instrument=instrument)


def employers(**sectors: Mapping[str, int]) -> Survey:
    sizes = {(s, e): n for s, family in sectors.items() for e, n in family.items()}
    return people(sizes, "sector", "employer", sector="sector", employer="employer")


def crossed(sizes: Mapping[tuple[str | None, str | None], int]) -> Survey:
    """Return a survey with two groupings and a third that crosses them."""
    both = {(*c, CROSSED.join(map(str, c)) if all(c) else None): n for c, n in sizes.items()}
    survey = people(both, "one", "other", "both")
    groupings = [Grouping(column=c) for c in ("one", "other")]
    groupings.append(Grouping(column="both", cross=("one", "other")))
    instrument = survey.instrument.model_copy(update={"groupings": tuple(groupings)})
    return replace(survey, instrument=instrument)


def silent(survey: Survey, question: str, where: pd.Series[bool], but: int) -> Survey:
    """Take away the answers to a question of all people there but the first few."""
    rows = where[where].index[but:]
    answers = survey.answers.copy()
    answers.loc[rows, question] = np.nan
    return replace(survey, answers=answers)


def reasons(survey: Survey, column: str, kind: str = "scores", **options: int) -> dict[str, str]:
    cells = decide(survey, **options).cells
    return cells[cells["column"] == column].set_index("unit")[kind].to_dict()


# --- The rules


def test_a_small_employer_takes_a_sibling_with_it_in_its_own_sector() -> None:
    survey = employers(care={"a": 4, "b": 12, "c": 30}, trade={"d": 11, "e": 12})
    expected = {"a": "few", "b": "sibling", "c": "", "d": "", "e": ""}
    assert reasons(survey, "employer") == expected
    assert set(reasons(survey, "sector").values()) == {""}


def test_a_hidden_sector_hides_its_employers() -> None:
    survey = employers(tiny={"a": 4}, small={"b": 8, "c": 9}, large={"d": 50})
    assert reasons(survey, "sector") == {"tiny": "few", "small": "sibling", "large": ""}
    assert reasons(survey, "employer") == {"a": "few", "b": "parent", "c": "parent", "d": ""}


def test_without_sectors_all_employers_are_one_family() -> None:
    sizes = {("a",): 4, ("b",): 12, ("c",): 30}
    survey = people(sizes, "employer", employer="employer")
    assert reasons(survey, "employer") == {"a": "few", "b": "sibling", "c": ""}
    assert set(decide(survey).cells["parent"]) == {""}


def test_those_without_an_employer_are_a_cell_that_subtraction_may_not_find() -> None:
    sizes = {("care", "a"): 12, ("care", "b"): 30, ("care", None): 2, (None, "c"): 40}
    survey = people(sizes, "sector", "employer", sector="sector", employer="employer")
    assert reasons(survey, "employer") == {"a": "sibling", "b": "", UNKNOWN: "few", "c": ""}
    assert decide(survey).why("employer", "") == "few"
    assert reasons(survey, "sector") == {"care": "", UNKNOWN: ""}


def test_an_employer_in_two_sectors_is_hidden_if_a_part_of_it_is() -> None:
    survey = employers(care={"a": 3, "b": 12, "c": 30}, trade={"a": 20, "d": 25})
    suppression = decide(survey)
    assert suppression.why("employer", "a") == "few"
    cells = suppression.cells.set_index(["column", "parent", "unit"])["scores"]
    assert cells["employer", "trade", "a"] == ""  # a cell of its own on the heat map


def test_shares_of_answers_need_ten_persons_and_other_numbers_the_minimum() -> None:
    survey = employers(care={"a": 9, "b": 14, "c": 30})
    assert set(reasons(survey, "employer", "items").values()) == {""}
    expected = {"a": "few", "b": "sibling", "c": ""}
    assert reasons(survey, "employer", "distributions") == expected
    assert reasons(survey, "employer", "persons", minimum=12) == expected
    assert reasons(survey, "employer", "distributions", minimum=12) == expected


def test_groupings_are_decided_within_the_whole_and_keep_their_own_floor() -> None:
    survey = people({("x",): 8, ("y",): 30, ("z",): 12, (None,): 40}, "band")
    assert set(reasons(survey, "band").values()) == {""}
    special = Grouping(column="band", special="health", basis="consent")
    instrument = survey.instrument.model_copy(update={"groupings": (special,)})
    survey = replace(survey, instrument=instrument)
    for kind in KINDS:
        assert reasons(survey, "band", kind) == {"x": "few", "z": "sibling", "y": "", "": ""}


def test_a_crossed_grouping_is_decided_in_its_rows_and_columns_too() -> None:
    sizes = {("x", "a"): 4, ("x", "b"): 40, ("x", "c"): 50}
    sizes |= {("y", "a"): 60, ("y", "b"): 70, ("y", "c"): 80}
    found = reasons(crossed(sizes), "both")
    expected = {("x", "a"): "few", ("x", "b"): "sibling", ("x", "c"): ""}
    expected |= {("y", "a"): "sibling", ("y", "b"): "sibling", ("y", "c"): ""}
    assert found == {CROSSED.join(cell): reason for cell, reason in expected.items()}


def test_those_who_did_not_state_what_they_are_crossed_with_are_not_left_over() -> None:
    sizes = {("x", "a"): 20, ("x", "b"): 30, ("x", None): 3, ("y", "a"): 25, ("y", "b"): 40}
    sizes[("y", None)] = 17
    found = reasons(crossed(sizes), "both")  # x less its two halves would be the three
    assert found[CROSSED.join("xa")] == "sibling"
    assert found[CROSSED.join("xb")] == ""
    many = reasons(crossed({**sizes, ("x", None): 12}), "both")
    assert set(many.values()) == {""}


def test_a_hidden_group_hides_what_it_is_crossed_into() -> None:
    sizes = {("x", "a"): 1, ("x", "b"): 2, ("y", "a"): 15, ("y", "b"): 16}
    survey = crossed({**sizes, ("z", "a"): 40, ("z", "b"): 50})
    assert reasons(survey, "one") == {"x": "few", "y": "sibling", "z": ""}
    found = reasons(survey, "both")  # y is its halves together
    assert found[CROSSED.join("ya")] == found[CROSSED.join("yb")] == "parent"


def test_what_a_wave_hides_is_hidden_of_all_waves_together() -> None:
    sizes = {("1", "x"): 3, ("1", "y"): 20, ("1", "z"): 30}
    sizes |= {("2", "x"): 20, ("2", "y"): 21, ("2", "z"): 32}
    survey = people(sizes, "wave", "band", wave="wave")
    assert reasons(survey, "band") == {"x": "few", "y": "sibling", "z": ""}
    later = survey.answers[survey.answers["wave"] == "2"].reset_index(drop=True)
    assert set(reasons(replace(survey, answers=later), "band").values()) == {""}


def test_a_sector_whose_employers_cannot_be_told_apart_from_it_is_hidden() -> None:
    survey = employers(care={"a": 2, "b": 3}, trade={"c": 40}, health={"d": 30})
    assert reasons(survey, "sector") == {"care": "sibling", "health": "sibling", "trade": ""}
    assert reasons(survey, "employer")["d"] == "parent"


def test_hidden_people_who_all_agree_take_another_with_them() -> None:
    survey = employers(care={"a": 8, "b": 11, "c": 12, "d": 30})
    answers, item = survey.answers.copy(), survey.item_names[0]
    answers.loc[answers["employer"].isin(["a", "b"]), item] = 7.0
    alike = reasons(replace(survey, answers=answers), "employer", "distributions")
    assert alike == {"a": "few", "b": "sibling", "c": "sibling", "d": ""}
    assert reasons(survey, "employer", "distributions")["c"] == ""


def test_neighbours_who_are_known_to_disagree_do_not_tell_how_many_of_a_small_group_agree() -> None:
    # Of those who did not state their sex six agree, and six are in b: b less its halves. So none
    # of those in c does; and as c less its women is five, five of the nine men of c agree
    asked = {  # how many people, and how many of them agree
        ("a", "x"): (3, 1), ("a", "y"): (1, 1),
        ("b", "x"): (107, 40), ("b", "y"): (48, 15), ("b", None): (21, 6),
        ("c", "x"): (38, 14), ("c", "y"): (9, 5), ("c", None): (7, 0),
        (None, "x"): (12, 3), (None, "y"): (3, 1), (None, None): (3, 0),
    }  # fmt: skip
    survey = crossed({cell: n for cell, (n, _) in asked.items()})
    told = [1.0 + 6.0 * (k < agree) for n, agree in asked.values() for k in range(n)]
    question = survey.answers.assign(**{survey.item_names[0]: told})
    hemmed = replace(survey, answers=question)
    assert reasons(hemmed, "both", "distributions")[CROSSED.join("cy")] == "few"
    assert reasons(survey, "one", "distributions")["c"] == ""
    assert reasons(hemmed, "one", "distributions")["c"] == "sibling"


def test_few_answers_to_one_question_hide_the_questions_and_not_the_scores() -> None:
    survey = employers(care={"a": 12, "b": 20, "c": 30})
    survey = silent(survey, "pro1", survey.answers["employer"] == "a", but=3)
    expected = {"a": "few", "b": "sibling", "c": ""}
    for kind in ("items", "distributions"):
        assert reasons(survey, "employer", kind) == expected
    for kind in ("persons", "scores"):
        assert set(reasons(survey, "employer", kind).values()) == {""}


def test_a_question_nobody_was_asked_hides_nothing() -> None:
    survey = employers(care={"a": 12, "b": 20})
    everybody = pd.Series(True, index=survey.answers.index)
    survey = silent(survey, survey.instrument.outcome_names[0], everybody, but=0)
    assert (decide(survey).cells[list(KINDS)] == "").all(axis=None)


def test_whoever_weighs_nothing_does_not_count() -> None:
    survey = employers(care={"a": 12, "b": 20, "c": 30})
    weight = np.ones(survey.n)
    weight[np.flatnonzero(survey.answers["employer"] == "a")[4:]] = 0.0
    instrument = survey.instrument.model_copy(update={"weight": "w"})
    survey = replace(survey, answers=survey.answers.assign(w=weight), instrument=instrument)
    assert reasons(survey, "employer", "persons") == {"a": "few", "b": "sibling", "c": ""}
    # three people who weigh nothing are still three people in a margin
    three = employers(care={"a": 3, "b": 20, "c": 30})
    weighed = three.answers.assign(w=np.where(three.answers["employer"] == "a", 0.0, 1.0))
    three = replace(three, answers=weighed, instrument=instrument)
    assert decide(three).why("employer", "a", "persons") == "few"


# --- Nothing comes back


@st.composite
def tables(draw: st.DrawFn) -> tuple[Survey, int]:
    """Employers in sectors, some of them unknown; answers with holes, people without weight."""
    sizes = draw(
        st.dictionaries(
            st.tuples(st.sampled_from(["s", "t", "u", None]), st.sampled_from([*"abcde", None])),
            st.integers(1, 25),
            min_size=1,
        )
    )
    survey = people(sizes, "sector", "employer", sector="sector", employer="employer")
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    questions = [*survey.instrument.item_names, *survey.instrument.outcome_names]
    holes = rng.random((survey.n, len(questions))) < draw(st.sampled_from([0.0, 0.05, 0.4]))
    answers = survey.answers.assign(w=(rng.random(survey.n) > 0.05).astype(float))
    answers[questions] = answers[questions].mask(holes)
    instrument = survey.instrument.model_copy(update={"weight": "w"})
    minimum = draw(st.integers(2, 12))
    return replace(survey, answers=answers, instrument=instrument), minimum


def counted(survey: Survey, kind: str) -> pd.DataFrame:
    """Count who answered what, per person, from the definitions."""
    counts = survey.answers["w"] > 0
    numbers = {"all": pd.Series(True, index=counts.index), "counting": counts}
    if kind != "persons":
        numbers |= {p: survey.pillar_scores[p].notna() & counts for p in survey.pillar_scores}
    if kind in ("items", "distributions"):
        names = [*survey.instrument.item_names, *survey.instrument.outcome_names]
        numbers |= {name: survey.answers[name].notna() & counts for name in names}
    return pd.DataFrame(numbers).astype(int)


def few_left(survey: Survey, minimum: int) -> list[str]:
    """Name the numbers shown of few people, and those that subtraction leaves of a few."""
    cells, found = decide(survey, minimum=minimum).cells, []
    units = survey.answers[["sector", "employer"]].astype(object).fillna(UNKNOWN)
    units = units.set_axis(["parent", "unit"], axis=1)
    for kind in KINDS:
        least = max(minimum, 10) if kind == "distributions" else minimum
        numbers = counted(survey, kind)
        numbers = numbers.loc[:, numbers.sum() >= least]  # of the whole something is shown
        shown = cells[cells[kind] == ""]
        sectors = shown.loc[shown["column"] == "sector", "unit"]
        pairs = pd.MultiIndex.from_frame(shown.loc[shown["column"] == "employer", [*units]])
        inside = pd.MultiIndex.from_frame(units).isin(pairs)
        apart = ~units["parent"].isin(sectors).to_numpy()
        assert not (inside & apart).any()
        parents = numbers.groupby(units["parent"]).sum()
        rests = {
            "shown sector": parents.loc[sectors],
            "shown employer": numbers[inside].groupby([units["parent"], units["unit"]]).sum(),
            "whole less sectors": numbers[apart].sum().to_frame(),
            "whole less employers": numbers[~inside].sum().to_frame(),
            "sector less employers": numbers[~inside & ~apart].groupby(units["parent"]).sum(),
        }
        for name, n in rests.items():
            # nobody left gives nobody away; what is shown has persons behind it
            few = (n < least) & ((n > 0) | name.startswith("shown"))
            found += [f"{kind}: {name}"] if few.to_numpy().any() else []
    return found


@pytest.mark.slow
@given(tables())
@settings(deadline=None, derandomize=True)
def test_no_subtraction_finds_a_few_persons(table: tuple[Survey, int]) -> None:
    assert few_left(*table) == []


def test_a_rule_without_siblings_would_be_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    survey = employers(care={"a": 4, "b": 12, "c": 30})
    survey = replace(survey, answers=survey.answers.assign(w=1.0))
    assert few_left(survey, 5) == []
    monkeypatch.setattr("employer_identity.suppression.protected", lambda lattice, _: lattice.few)
    assert few_left(survey, 5)[0] == "persons: whole less employers"


@given(tables())
@settings(deadline=None, derandomize=True)
def test_what_hides_one_kind_hides_the_next(table: tuple[Survey, int]) -> None:
    survey, minimum = table
    away = decide(survey, minimum=minimum).cells[list(KINDS)] != ""
    for less, more in pairwise(KINDS):
        assert not (away[less] & ~away[more]).any()


@given(st.lists(st.integers(10, 30), min_size=1, max_size=6), st.integers(2, 10))
@settings(deadline=None, derandomize=True)
def test_nothing_is_hidden_where_everything_is_large(sizes: list[int], minimum: int) -> None:
    survey = employers(care={f"e{k}": n for k, n in enumerate(sizes)}, trade={"x": 10})
    assert (decide(survey, minimum=minimum).cells[list(KINDS)] == "").all(axis=None)


def test_one_column_is_decided_as_a_table_of_counts_is() -> None:
    rng = np.random.default_rng(2)
    sizes = {(f"s{k % 7}", f"e{k:02d}"): int(rng.integers(1, 25)) for k in range(60)}
    survey = people(sizes, "sector", "employer", sector="sector", employer="employer")
    cells = decide(survey).cells.query("column == 'employer'")
    cells = cells.set_index(["parent", "unit"])["scores"] != ""
    expected = hidden(pd.Series(sizes))
    assert (decide(survey).cells.query("column == 'sector'")["scores"] == "").all()
    assert cells.to_dict() == expected.to_dict()


# --- What is handed on


def test_an_unknown_unit_is_a_programmers_mistake() -> None:
    suppression = decide(employers(care={"a": 12}))
    for column, unit in (("employer", "b"), ("a", "a"), ("sector", "")):
        with pytest.raises(ValueError, match=f"no cell of column '{column}' is called '{unit}'"):
            suppression.why(column, unit)


def test_the_decision_has_a_hash_that_order_does_not_change() -> None:
    survey = employers(care={"a": 4, "b": 12, "c": 30}, trade={"d": 11, "e": 12})
    one = decide(survey)
    turned = replace(survey, answers=survey.answers[::-1].reset_index(drop=True))
    assert decide(turned).sha256 == one.sha256
    assert pickle.loads(pickle.dumps(one)).sha256 == one.sha256
    assert decide(survey, minimum=4).sha256 != one.sha256
    larger = employers(care={"a": 4, "b": 19, "c": 30}, trade={"d": 11, "e": 12})
    assert decide(larger).sha256 == one.sha256  # no counts in it
    fewer = replace(one, minimum=4)
    assert fewer.to_csv() == one.to_csv()
    assert fewer.sha256 != one.sha256
    why = one.cells.replace("sibling", "few")
    assert replace(one, cells=why).sha256 == one.sha256  # else reasons could be tried out


def test_the_decision_is_written_without_counts_and_reasons() -> None:
    text = decide(employers(care={"a": 4, "b": 12, "c": 30})).to_csv()
    assert text.splitlines() == [
        "column,parent,unit,persons,scores,items,distributions",
        "sector,,care,,,,",
        "employer,care,a,hidden,hidden,hidden,hidden",
        "employer,care,b,hidden,hidden,hidden,hidden",
        "employer,care,c,,,,",
    ]


def test_a_survey_without_groups_has_no_cells() -> None:
    suppression = decide(BASE)
    assert suppression.cells.empty
    assert suppression.to_csv().splitlines() == [
        "column,parent,unit,persons,scores,items,distributions"
    ]


def test_units_lose_the_numbers_that_are_hidden() -> None:
    survey = employers(tiny={"a": 4}, small={"b": 8, "c": 9}, large={"d": 50, "e": 20})
    shown = withhold_units(brand.unit_levels(survey), decide(survey), survey.instrument)
    away = shown.groupby(["sector", "employer"])["hidden"].all()
    assert away[away].index.tolist() == [
        *[("small", ""), ("small", "b"), ("small", "c"), ("tiny", ""), ("tiny", "a")]
    ]
    numbers = shown[["n", "mean", "sd", "se"]]
    assert numbers[shown["hidden"]].isna().all(axis=None)
    assert numbers[~shown["hidden"]].notna().all(axis=None)


def test_units_whose_scores_are_hidden_lose_them_though_they_are_many() -> None:
    survey = employers(care={"a": 12, "b": 20, "c": 30})
    items = survey.instrument.factors["advancement"]
    where = survey.answers["employer"] == "a"
    for item in items:
        survey = silent(survey, item, where, but=3)
    suppression = decide(survey)
    assert suppression.why("employer", "a", "persons") == ""
    shown = withhold_units(brand.unit_levels(survey), suppression, survey.instrument)
    away = shown.groupby("employer")["hidden"].all()
    assert away[away].index.tolist() == ["a", "b"]


def test_margins_lose_the_numbers_that_are_hidden() -> None:
    sizes = {("care", "x"): 4, ("care", "y"): 12, (None, "z"): 30, ("trade", "z"): 15}
    survey = people(sizes, "sector", "band", sector="sector")
    groupings = (Grouping(column="sector"), Grouping(column="band"))  # the sector is one of them
    instrument = survey.instrument.model_copy(update={"groupings": groupings})
    survey = replace(survey, instrument=instrument)
    shown = withhold_margins(brand.margins(survey), decide(survey))
    away = shown.set_index(["grouping", "category"])["hidden"]
    assert away[away].index.tolist() == [("band", "x"), ("band", "y")]
    assert ("sector", "") in away.index
    assert not decide(survey).cells[["column", "parent", "unit"]].duplicated().any()
    assert shown.loc[shown["hidden"], ["n", "share"]].isna().all(axis=None)
    assert shown.loc[~shown["hidden"], ["n", "share"]].notna().all(axis=None)
