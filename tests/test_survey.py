"""Reading a survey: formats, every refusal alone and all together, what a Survey is."""

from __future__ import annotations

import hashlib
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from employer_identity.columns import groups
from employer_identity.errors import SurveyError, SurveyWarning
from employer_identity.instrument import load_instrument
from employer_identity.intake.raw import Raw, of_frame
from employer_identity.labelling import labelled
from employer_identity.language import LANGUAGES, describe
from employer_identity.loading import Check, check_survey, load_survey
from employer_identity.questionnaire import Instrument
from employer_identity.reports.checking import check_page
from employer_identity.survey import Survey

QUESTIONNAIRE = """
name = "ours"
title = { en = "Ours" }
employer = "firm"
sector = "branch"
weight = "w"
respondent = "id"
[scale]
minimum = 1
maximum = 5
missing = [9]
[[pillar]]
key = "calm"
[[pillar]]
key = "order"
[[item]]
name = "c1"
pillar = "calm"
[[item]]
name = "c2"
pillar = "calm"
reverse = true
[[item]]
name = "o1"
pillar = "order"
[[item]]
name = "o2"
pillar = "order"
[[outcome]]
name = "happy"
[[grouping]]
column = "age"
order = ["young", "old"]
[[grouping]]
column = "site"
"""
QUESTIONS = ["c1", "c2", "o1", "o2", "happy"]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    path = tmp_path_factory.mktemp("ours") / "instrument.toml"
    path.write_text(QUESTIONNAIRE, encoding="utf-8")
    return load_instrument(path)


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 40
    answers = {name: rng.integers(1, 6, n).astype(float) for name in QUESTIONS}
    return pd.DataFrame(
        {
            "id": [f"r{k}" for k in range(n)],
            "firm": np.resize(["Zuiderlicht", "Noordbaken"], n),
            "branch": np.resize(["care", "trade"], n),
            "age": np.resize(["young", "old", "old"], n),
            "site": np.resize([10, 9, 9, 10, 10], n),
            "w": np.linspace(0.5, 1.5, n),
            **answers,
        }
    )


def codes(source: pd.DataFrame | Path, instrument: Instrument) -> list[str]:
    problems = check_survey(source, instrument=instrument).errors
    assert all(describe(problem, language) for problem in problems for language in LANGUAGES)
    return [problem.code.partition(".")[2] for problem in problems]


def test_a_frame_becomes_a_survey(frame: pd.DataFrame, ours: Instrument) -> None:
    frame.loc[0, ["c1", "o1"]] = [9, np.nan]
    survey = load_survey(frame, instrument=ours)
    answers = survey.answers
    assert survey.n == len(frame)
    assert survey.item_names == ("c1", "c2", "o1", "o2")
    assert list(answers) == [*QUESTIONS, "age", "site", "firm", "branch", "w"]  # not the id
    assert answers["c1"].isna().sum() == 1  # 9 is declared to be no answer
    assert answers["c2"].equals(6 - frame["c2"])  # reversed
    assert list(answers["age"].cat.categories) == ["young", "old"]  # the instrument's order
    assert list(answers["site"].cat.categories) == ["9", "10"]  # else sorted, as numbers
    assert answers["age"].cat.ordered
    assert not answers["firm"].cat.ordered
    assert answers["w"].dtype == float


def in_waves(instrument: Instrument) -> Instrument:
    """Return the instrument with a wave, a date and a duration."""
    return instrument.model_copy(update={"wave": "round", "date": "day", "duration": "seconds"})


def test_waves_dates_and_durations_are_read(frame: pd.DataFrame, ours: Instrument) -> None:
    n = len(frame)
    frame["round"] = np.resize(["10", "9"], n)
    frame["day"] = np.resize(["2025-03-31T10:20:30", "31-3-2025", "31/03/2025", None], n)
    frame["seconds"] = np.resize(["340", "1.234,5"], n)
    survey = load_survey(frame, instrument=in_waves(ours))
    assert survey.waves == ("9", "10")
    assert survey.of_wave("9").n == n // 2
    assert survey.answers["day"].dropna().eq(pd.Timestamp("2025-03-31")).all()
    assert survey.answers["day"].isna().sum() == n // 4
    assert survey.answers["seconds"].iloc[1] == 1234.5


def test_what_is_no_day_and_no_duration_warns_and_is_missing(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    n = len(frame)
    frame["round"] = ["", *np.resize(["2024", "2025"], n - 1)]
    frame["day"] = ["31-31-2025", "yesterday", *["2025-03-31"] * (n - 2)]
    frame["seconds"] = [*["340"] * (n - 2), "5:40", "-1"]
    found = check_survey(frame, instrument=in_waves(ours))
    assert found.errors == ()
    assert [(p.code, p.count, p.values["rows"]) for p in found.warnings] == [
        ("survey.no_wave", 1, "1"),
        ("survey.unreadable_date", 2, "1, 2"),
        ("survey.unreadable_duration", 2, "39, 40"),
    ]
    assert found.survey is not None
    assert found.survey.answers[["day", "seconds"]].isna().sum().tolist() == [2, 2]
    frame["day"] = pd.Timestamp("2025-03-31 12:00", tz="Europe/Amsterdam")
    told = check_survey(frame.drop(columns="seconds"), instrument=in_waves(ours))
    assert [(p.code, p.where) for p in told.errors] == [("survey.missing_columns", "seconds")]


def test_pillar_scores_need_half_of_the_answers(frame: pd.DataFrame, ours: Instrument) -> None:
    frame.loc[0, "c1"] = np.nan
    frame.loc[1, ["c1", "c2"]] = np.nan
    survey = load_survey(frame, instrument=ours)
    scores = survey.pillar_scores
    assert list(scores) == ["calm", "order"]
    assert scores.loc[0, "calm"] == 6 - frame.loc[0, "c2"]
    assert np.isnan(scores.loc[1, "calm"])
    assert scores.loc[2, "order"] == frame.loc[2, ["o1", "o2"]].mean()


def test_rows_without_an_answered_item_are_dropped_and_counted(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    frame.loc[[3, 7], ["c1", "c2", "o1", "o2"]] = np.nan
    survey = load_survey(frame, instrument=ours)
    assert survey.n == len(frame) - 2
    assert ("survey.changed.no_item_answered", 2) in [(c.code, c.count) for c in survey.changes]
    assert list(survey.answers.index) == list(range(survey.n))
    assert "2 rows without an answer" in repr(survey)


def write(path: Path, frame: pd.DataFrame, **options: object) -> Path:
    frame.to_csv(path, index=False, **options)  # type: ignore[call-overload]
    return path


FORMATS: dict[str, Callable[[Path, pd.DataFrame], Path]] = {
    "commas": lambda p, f: write(p, f),
    "tabs": lambda p, f: write(p, f, sep="\t"),
    "dutch_excel": lambda p, f: write(
        p, f, sep=";", decimal=",", encoding="utf-8-sig", lineterminator="\r\n"
    ),
    "windows": lambda p, f: write(p, f, sep=";", decimal=",", encoding="cp1252"),
}


@pytest.mark.parametrize("style", FORMATS)
def test_text_files_give_what_the_frame_gives(
    style: str, tmp_path: Path, frame: pd.DataFrame, ours: Instrument
) -> None:
    frame["firm"] = frame["firm"].str.replace("Noord", "Coöperatie ")
    frame.loc[4, "c1"] = np.nan
    path = FORMATS[style](tmp_path / "answers.csv", frame)
    survey = load_survey(str(path), instrument=ours)
    pd.testing.assert_frame_equal(survey.answers, load_survey(frame, instrument=ours).answers)
    assert survey.source == "answers.csv"
    assert survey.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_parquet_gives_what_the_frame_gives(
    tmp_path: Path, frame: pd.DataFrame, ours: Instrument
) -> None:
    frame = frame.astype({"c1": "Int64", "age": "category"})
    frame.to_parquet(tmp_path / "answers.parquet")
    held = load_survey(tmp_path / "answers.parquet", instrument=ours).answers
    pd.testing.assert_frame_equal(held.frame(), load_survey(frame, instrument=ours).answers)


def test_spellings_of_missing_and_of_numbers(
    tmp_path: Path, frame: pd.DataFrame, ours: Instrument
) -> None:
    text = frame.astype(str)
    text.loc[:6, "c1"] = ["", " ", "NA", ".", "#N/B", " 4 ", "4.0"]
    text.loc[0, "w"] = '"1.234,5"'
    text.loc[1, "w"] = '"1,234.5"'
    text.loc[2:, "w"] = "1000"
    path = tmp_path / "answers.csv"
    rows = [",".join(text), *(",".join(row) for row in text.to_numpy())]
    path.write_text("\n".join(rows), encoding="utf-8")
    answers = load_survey(path, instrument=ours).answers
    assert answers["c1"].isna().sum() == 5
    assert answers["c1"].iloc[5] == answers["c1"].iloc[6] == 4
    assert answers["w"].iloc[0] == answers["w"].iloc[1] == 1234.5


def test_order_of_rows_and_columns_does_not_matter(frame: pd.DataFrame, ours: Instrument) -> None:
    one = load_survey(frame, instrument=ours)
    other = load_survey(frame.iloc[::-1, ::-1], instrument=ours)
    turned = other.answers.iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(one.answers, turned)


def set_cells(column: str, rows: list[int], value: object) -> Callable[[pd.DataFrame], object]:
    def change(frame: pd.DataFrame) -> None:
        frame[column] = frame[column].astype(object)
        frame.loc[rows, column] = value

    return change


def rename(old: str, new: str) -> Callable[[pd.DataFrame], object]:
    return lambda frame: frame.__setitem__(new, frame.pop(old))


def put(column: str, value: object) -> Callable[[pd.DataFrame], object]:
    return lambda frame: frame.__setitem__(column, value)


FAULTS: dict[str, tuple[Callable[[pd.DataFrame], object], str, tuple[str, ...]]] = {
    # code: (what is done to a good frame, where, words of the message)
    "missing_columns": (rename("happy", "zzzz"), "happy", ()),
    "missing_column_near": (rename("happy", "Happy2"), "happy", ("Happy2",)),
    "text_in_scale": (set_cells("o1", [1, 3], "Jan"), "o1", ("2 cells", "rows 2, 4", "1 to 5")),
    "not_whole": (set_cells("o1", [6], 2.5), "o1", ("1 answer", "row 7")),
    "out_of_range": (set_cells("o1", [0, 4, 5], 7), "o1", ("7 (rows 1, 5, 6)", "missing = [7]")),
    "missing_code_undeclared": (
        set_cells("o1", [0, 4, 5], 99),
        "o1",
        ("3 cells hold 99", "[scale]: missing = [9, 99]"),
    ),
    "empty_column": (put("o2", np.nan), "o2", ()),
    "constant_item": (put("o2", 3), "o2", ("same answer",)),
    "unknown_group": (set_cells("age", [2], "retired"), "age", ("young, old", "row 3")),
    "unknown_group_near": (set_cells("age", [2], "yuong"), "age", ("“yuong” → “young”", "row 3")),
    "spelling_variant": (set_cells("age", [2], "OLD"), "age", ("“OLD” → “old”", "row 3")),
    "one_group": (put("site", 1), "site", ()),
    "bad_weight": (set_cells("w", [1, 2], -1.0), "w", ("2 weights", "rows 2, 3")),
    "duplicate_respondent": (set_cells("id", [8, 9], "r1"), "id", ("rows 2, 9, 10",)),
}


@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_is_named_alone(code: str, frame: pd.DataFrame, ours: Instrument) -> None:
    change, where, words = FAULTS[code]
    change(frame)
    assert codes(frame, ours) == [code]
    with pytest.raises(SurveyError) as caught:
        load_survey(frame, instrument=ours)
    assert caught.value.problems[0].where == where
    assert all(word in str(caught.value) for word in (where, *words))


def test_duplicate_columns_and_items_are_named(frame: pd.DataFrame, ours: Instrument) -> None:
    assert codes(frame.assign(o2=frame["o1"]), ours) == ["identical_items"]
    twice = pd.concat([frame, frame[["o1"]]], axis=1)
    assert codes(twice, ours) == ["duplicate_column"]


def test_a_weight_that_is_absent_or_text_is_named(frame: pd.DataFrame, ours: Instrument) -> None:
    assert codes(frame.drop(columns="w"), ours) == ["missing_columns"]
    frame["w"] = frame["w"].astype(object)
    frame.loc[0, "w"], frame.loc[1, "w"] = "heavy", None
    assert codes(frame, ours) == ["bad_weight"]


def test_all_faults_come_at_once(frame: pd.DataFrame, ours: Instrument) -> None:
    for code in ("text_in_scale", "one_group", "bad_weight", "duplicate_respondent"):
        FAULTS[code][0](frame)
    rename("happy", "Happy2")(frame)
    set_cells("c1", [0, 1], 7)(frame)
    with pytest.raises(SurveyError) as caught:
        load_survey(frame, instrument=ours)
    assert sorted(p.code for p in caught.value.problems) == [
        "survey.bad_weight",
        "survey.duplicate_respondent",
        "survey.missing_column_near",
        "survey.one_group",
        "survey.out_of_range",
        "survey.text_in_scale",
    ]
    assert len(str(caught.value).splitlines()) == 6


def test_rows_are_numbered_as_the_file_shows_them_and_answers_stay_private(
    tmp_path: Path, frame: pd.DataFrame, ours: Instrument
) -> None:
    set_cells("o1", [0, 2, 4, 6, 8, 10], "confidential")(frame)
    path = write(tmp_path / "answers.csv", frame)
    (problem,) = check_survey(path, instrument=ours).errors
    assert problem.count == 6
    assert problem.values["rows"] == "2, 4, 6, 8, 10, ..."
    assert "confidential" not in describe(problem)


def test_files_that_cannot_be_read_are_refused(
    tmp_path: Path, frame: pd.DataFrame, ours: Instrument
) -> None:
    path = tmp_path / "answers.csv"
    assert codes(path, ours) == ["no_such_file"]
    good = write(path, frame).read_text()
    for text, code in (
        (b" \r\n", "empty_file"),
        (good.encode("utf-16-le"), "null_bytes"),
        (good.replace("young", "j\x81ng").encode("latin-1"), "wrong_encoding"),
        (good.splitlines()[0].encode(), "no_rows"),
        ((good + "1,2,3,4,5,6,7,8,9,10,11,12\n").encode(), "ragged_rows"),
        ((good + ",".join("x" * 40) + "\n").encode(), "ragged_rows"),
    ):
        path.write_bytes(text)
        assert codes(path, ours) == [code]
    for name, code in (("answers.xlsx", "not_excel"), ("answers.parquet", "not_parquet")):
        (tmp_path / name).write_bytes(b"PK not a table")
        assert codes(tmp_path / name, ours) == [code]


def test_small_groups_warn_without_their_size(frame: pd.DataFrame, ours: Instrument) -> None:
    frame.loc[:2, "site"] = 77
    with pytest.warns(SurveyWarning, match="site: 1 group has fewer than 5 persons") as caught:
        load_survey(frame, instrument=ours)
    assert "3" not in str(caught[0].message)


def test_small_groups_are_counted_in_each_wave(frame: pd.DataFrame, ours: Instrument) -> None:
    n = len(frame)
    frame = frame.assign(round=np.repeat([9, 10], n // 2), day="2025-03-31", seconds=340)
    frame["site"] = np.where(np.arange(n) % 6 == 0, 77, 10)  # seven in all, few in each
    (found,) = (
        p
        for p in check_survey(frame, instrument=in_waves(ours)).warnings
        if p.code.startswith("survey.small_groups")
    )
    assert (found.code, found.count) == ("survey.small_groups_in_waves", 1)
    assert found.values["waves"] == "9 (1), 10 (1)"


def test_a_number_of_each_respondent_is_no_grouping(frame: pd.DataFrame, ours: Instrument) -> None:
    frame["site"] = range(100, 100 + len(frame))
    with pytest.warns(SurveyWarning, match="40 different values for 40 people") as caught:
        load_survey(frame, instrument=ours)
    assert "fewer than" not in str(caught[0].message)


def test_small_employers_do_not_warn(frame: pd.DataFrame, ours: Instrument) -> None:
    frame.loc[[0, 2, 4], "firm"] = "De Vuurtoren"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_survey(frame, instrument=ours).answers["firm"].nunique() == 3


@pytest.mark.parametrize("wave", ["2026", 9])
def test_a_wave_that_is_not_there_is_refused(
    wave: object, frame: pd.DataFrame, ours: Instrument
) -> None:
    survey = load_survey(frame, instrument=ours)
    with pytest.raises(SurveyError, match="declares no waves"):
        survey.of_wave(wave)  # type: ignore[arg-type]
    frame["round"] = np.resize(["10", "9"], len(frame))
    survey = load_survey(frame, instrument=ours.model_copy(update={"wave": "round"}))
    with pytest.raises(SurveyError, match=f"no wave “{wave}” in this survey. Its waves are: 9, 10"):
        survey.of_wave(wave)  # type: ignore[arg-type]


def test_a_column_that_is_hardly_alike_is_not_suggested(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    own = ours.model_copy(update={"weight": "Weging"})
    found = check_survey(frame.drop(columns="w").assign(wellbeing=1), instrument=own)
    assert [p.code for p in found.errors] == ["survey.missing_columns"]


def test_a_warning_is_about_the_line_of_whoever_loads(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    frame["happy"] = [1, *[None] * (len(frame) - 1)]
    frame["age"] = ["old", *["young"] * (len(frame) - 1)]
    with pytest.warns(SurveyWarning) as caught:
        load_survey(frame, instrument=ours)
    assert {w.filename for w in caught} == {__file__}


def test_a_survey_of_nobody_says_so(frame: pd.DataFrame, ours: Instrument) -> None:
    survey = load_survey(frame, instrument=ours)
    assert repr(replace(survey, answers=survey.answers.iloc[:0])) == "Survey: no respondents"


def test_a_survey_prints_itself_the_same_way_twice(frame: pd.DataFrame, ours: Instrument) -> None:
    survey = load_survey(frame, instrument=ours)
    assert repr(survey).splitlines() == [
        "Survey: 40 respondents, 4 items in 2 pillars, 1 outcome",
        "  groupings: age (2), site (2)",
        "  units: 2 employers, 2 sectors",
        "  missing: 0.0% of the answers to items; 100% of the respondents answered every item",
        "  c2: 1 reversed question turned: a high answer now means “more” there as well",
    ]
    assert repr(survey) == repr(load_survey(frame, instrument=ours))
    html = survey._repr_html_()
    assert all(line.strip() in html for line in repr(survey).splitlines())


def test_a_survey_cannot_be_changed(frame: pd.DataFrame, ours: Instrument) -> None:
    survey: Survey = load_survey(frame, instrument=ours)
    with pytest.raises(AttributeError):
        survey.source = "other"  # type: ignore[misc]


def test_a_declared_group_that_nobody_is_in_is_no_group(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    grouping = ours.groupings[0].model_copy(update={"order": ("young", "middle", "old")})
    wider = ours.model_copy(update={"groupings": (grouping,)})
    with pytest.warns(SurveyWarning, match="age: nobody is in 1 group that .* lists .middle"):
        survey = load_survey(frame, instrument=wider)
    assert list(survey.answers["age"].cat.categories) == ["young", "old"]


# --- What is turned into something else, and labels that a file brings


def changes(found: Check) -> dict[str, tuple[str, int]]:
    return {p.code.removeprefix("survey.changed."): (p.where, p.count) for p in found.changes}


def test_codes_and_texts_of_answers_become_numbers_and_are_counted(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    words = ("never", "rarely", "now and then", "often", "always")
    scale = ours.scale.model_copy(update={"answers": words, "missing": (8, 9)})
    instrument = ours.model_copy(update={"scale": scale})
    plain = load_survey(frame, instrument=instrument).answers
    frame[["c1", "o1", "o2"]] = frame[["c1", "o1", "o2"]].astype(object)
    frame["c1"] = [f"A{value:.0f}" for value in frame["c1"]]
    frame["o1"] = [words[int(value) - 1].upper() for value in frame["o1"]]
    frame.loc[:2, "o2"] = [8, 9, "9"]
    found = check_survey(frame, instrument=instrument)
    assert changes(found) == {
        "reversed": ("c2", 1),
        "answer_codes": ("c1", 40),
        "answer_texts": ("o1", 40),
        "missing_codes": ("o2", 3),
    }
    assert found.survey is not None
    plain.loc[:2, "o2"] = np.nan
    pd.testing.assert_frame_equal(found.survey.answers, plain)


def test_texts_that_are_no_answer_are_declared_as_they_are_written(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    words = ("never", "rarely", "now and then", "often", "always")
    scale = ours.scale.model_copy(update={"answers": words, "missing": (9, "Don't know")})
    worded = ours.model_copy(update={"scale": scale})
    plain = load_survey(frame, instrument=worded).answers
    frame["o1"] = [words[int(value) - 1] for value in frame["o1"]]
    frame["o2"] = frame["o2"].astype(object)
    frame.loc[:2, "o1"] = "don't know "
    frame.loc[3, "o2"] = "Don't know"
    found = check_survey(frame, instrument=worded)
    assert found.survey is not None
    assert changes(found)["missing_codes"] == ("o1, o2", 4)
    plain.loc[:2, "o1"], plain.loc[3, "o2"] = np.nan, np.nan
    pd.testing.assert_frame_equal(found.survey.answers, plain)
    frame.loc[4, "o1"] = "no idea"
    (wrong,) = check_survey(frame, instrument=worded).errors
    assert (wrong.code, wrong.where, wrong.count) == ("survey.text_not_an_answer", "o1", 1)
    assert 'missing = ["..."]' in describe(wrong)
    assert "no idea" not in describe(wrong)
    frame.loc[[4, 5], "o1"] = "77"
    (wrong,) = check_survey(frame, instrument=worded).errors
    line = tomllib.loads(str(wrong.values["line"]))
    assert line == {"missing": [9, 77, "Don't know"]}


def test_a_code_of_the_usual_kind_is_told_once_with_the_line_to_add(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    frame.loc[[1, 2], "c1"] = 99
    frame.loc[[3, 4], "o1"] = -1
    frame.loc[5, "o2"] = 7
    first, second = check_survey(frame, instrument=ours).errors
    assert (first.code, first.where, first.count) == (
        "survey.missing_code_undeclared", "c1, o1", 4,
    )  # fmt: skip
    assert first.values["line"] == "missing = [-1, 9, 99]"
    assert (second.code, second.where) == ("survey.out_of_range", "o2")


def labelled_raw(frame: pd.DataFrame) -> Raw:
    return replace(
        of_frame(frame),
        texts={"c1": "Are you calm?", "o1": "Is it orderly?", "site": "Where do you work?"},
        labels={
            "site": {"9": "North", "10": "South"},
            "age": {"1": "young", "2": "old"},
            "firm": {"Zuiderlicht": "Southern Light"},
            "c1": {"1": "never", "5": "always"},
        },
    )


def test_labels_of_the_file_fill_what_the_instrument_leaves_open(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    said = ours.items[0].model_copy(update={"wording": {"en": "Calm?", "nl": "Rustig?"}})
    instrument = ours.model_copy(update={"items": (said, *ours.items[1:])})
    assert instrument.label("site") == "site"  # looked up before, and not to be remembered
    filled = labelled(instrument, labelled_raw(frame))
    assert filled.wording("c1", "nl") == "Rustig?"
    assert filled.wording("o1", "nl") == "Is it orderly?"
    assert filled.label("site") == "Where do you work?"
    assert filled.value_label("site", "10") == "South"
    assert filled.value_label("firm", "Zuiderlicht", "nl") == "Southern Light"
    assert (filled.scale.low, filled.scale.high) == ({"en": "never"}, {"en": "always"})
    assert labelled(ours, of_frame(frame)) is ours


def test_codes_are_read_by_their_labels_where_the_instrument_lists_those(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    plain = load_survey(frame, instrument=ours).answers["age"]
    frame["age"] = frame["age"].map({"young": 1, "old": 2})
    found, told = groups(frame["age"], ("young", "old"), labelled_raw(frame))
    pd.testing.assert_series_equal(pd.Series(found, name="age"), plain)
    assert [(p.code, p.count) for p in told] == [("survey.changed.read_by_label", 40)]


# --- The check as a result


def test_a_check_is_a_table_a_text_and_a_page_with_the_same_content(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    frame.loc[:2, "site"] = 77
    set_cells("o1", [3], "<b>confidential</b>")(frame)
    found = check_survey(frame, instrument=ours)
    table = found.table("nl")
    assert list(table) == ["severity", "code", "where", "count", "message"]
    assert table["severity"].tolist() == ["error", "warning", "change"]
    assert table["code"].tolist() == [
        "survey.text_in_scale", "survey.small_groups", "survey.changed.reversed",
    ]  # fmt: skip
    assert repr(found) == repr(check_survey(frame, instrument=ours))
    assert repr(found).startswith("1 error, 1 warning, 1 change\n  Error: o1: 1 cell holds text")
    for text in (found._repr_html_(), check_page(found, "nl"), check_page(found, "en")):
        assert "o1" in text
        assert "confidential" not in text
    page = check_page(found, "nl")
    assert page.count("<tbody><tr>") == 3
    assert "nog niet te gebruiken" in page


def test_a_check_of_nothing_wrong_says_so(frame: pd.DataFrame, ours: Instrument) -> None:
    found = check_survey(frame, instrument=ours)
    assert repr(found).splitlines()[0] == "0 errors, 0 warnings, 1 change"
    page = check_page(found, "en")
    assert "nothing stands out" in page
    assert "http" not in page


def test_every_role_that_is_missing_or_empty_is_named(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    found = check_survey(frame, instrument=in_waves(ours))
    assert [(p.code, p.where) for p in found.errors] == [
        ("survey.missing_columns", "round, day, seconds")
    ]
    whole = frame.assign(round="", day="2025-03-31", seconds=300)
    assert codes(whole, in_waves(ours)) == ["empty_column"]
    assert codes(frame.assign(w=0), ours) == ["zero_weights"]


def test_respondents_without_a_name_are_not_the_same_person(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    frame.loc[[1, 2, 3], "id"] = [None, None, " "]
    assert codes(frame, ours) == []


def test_the_same_person_may_answer_in_two_waves_but_not_twice_in_one(
    frame: pd.DataFrame, ours: Instrument
) -> None:
    n = len(frame)
    whole = frame.assign(round=np.resize(["1", "2"], n), day="2025-03-31", seconds=300)
    whole["id"] = np.repeat([f"r{k}" for k in range(n // 2)], 2)
    found = check_survey(whole, instrument=in_waves(ours))
    assert [(p.code, p.count) for p in found.warnings] == [("survey.in_two_waves", n // 2)]
    whole.loc[2, "id"] = "r0"
    assert codes(whole, in_waves(ours)) == ["duplicate_respondent"]
