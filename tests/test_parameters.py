"""Parameters of reports: declared as the notebooks do, refused in words, read from files."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import papermill
import pytest

from employer_identity.errors import Problem, ReportError
from employer_identity.language import LANGUAGES, describe, refusal
from employer_identity.reports.execution import Executed
from employer_identity.reports.parameter_files import ParameterSet, read_parameter_file, read_sets
from employer_identity.reports.parameters import (
    TEMPLATES,
    UnitParameters,
    declared,
    read_parameters,
    read_texts,
)
from employer_identity.reports.places import notebooks
from employer_identity.reports.run import check_asked, open_survey, report
from employer_identity.reports.settling import chosen_wave, settled, survey_problems
from employer_identity.simulate import simulate_survey
from employer_identity.survey import Survey

MACHINE = {"survey", "instrument", "prepared", "sha256"}
STUDY, UNIT = "employer_brand_study", "employer_report"


@pytest.fixture(scope="module")
def sample_survey() -> Survey:
    return open_survey(None, None)


def refused(given: Mapping[str, Any], template: str) -> list[Problem]:
    with pytest.raises(ReportError) as caught:
        read_parameters(given, template)
    problems = list(caught.value.problems)
    assert all(describe(p, language) for p in problems for language in LANGUAGES)
    return problems


def codes(problems: list[Problem]) -> list[str]:
    return [p.code.removeprefix("parameters.") for p in problems]


# --- As the notebooks declare them


def test_every_template_is_a_notebook() -> None:
    assert set(TEMPLATES) == set(notebooks())


def cell(template: str) -> dict[str, tuple[str, Any]]:
    """Return what the parameters' cell of a notebook declares: type and default by name."""
    found = papermill.inspect_notebook(str(notebooks()[template]))
    return {
        name: (told["inferred_type_name"], ast.literal_eval(told["default"]))
        for name, told in found.items()
    }


@pytest.mark.parametrize("template", notebooks())
def test_a_notebook_declares_the_parameters_of_its_model(template: str) -> None:
    types = {name: type_ for name, (type_, _) in cell(template).items()}
    fields = TEMPLATES[template].model_fields
    plain = {int: "int", bool: "bool"}
    ours = {name: plain.get(f.annotation, "str") for name, f in fields.items()}
    assert types == ours | dict.fromkeys(MACHINE, "str")


@pytest.mark.parametrize("template", notebooks())
def test_a_notebook_by_itself_is_the_report_that_is_made_when_nothing_is_asked(
    template: str, sample_survey: Survey
) -> None:
    defaults = {name: value for name, (_, value) in cell(template).items() if name not in MACHINE}
    alone = read_parameters(defaults, template)
    required = {
        n: defaults[n] for n, f in TEMPLATES[template].model_fields.items() if f.is_required()
    }
    nothing = read_parameters(required, template)
    assert survey_problems(alone, sample_survey) == []
    assert settled(alone, sample_survey) == settled(nothing, sample_survey)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_parameters_are_told_with_an_example_that_works(
    template: str, language: str, sample_survey: Survey
) -> None:
    told = declared(template, language)  # type: ignore[arg-type]
    assert {p.name for p in told} == set(TEMPLATES[template].model_fields)
    assert all(p.kind and p.default and p.meaning for p in told)
    assert [p.name for p in told][-4:] == [
        "wave",
        "language",
        "minimum_n",
        "accept_identifiability",
    ]
    example = read_parameters({p.name: p.example for p in told}, template)
    assert survey_problems(example, sample_survey) == []


# --- Refused before a survey is read


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"wave": 2026}, "wrong.text_number"),
        ({"wave": date(2026, 3, 1)}, "wrong.text_date"),
        ({"wave": pd.Timestamp("2026-03-01")}, "wrong.text_date"),
        ({"wave": False}, "wrong.text_yes_or_no"),
        ({"wave": ["2026"]}, "wrong.text"),
        ({"wave": None}, "wrong.text"),
        ({"language": "fr"}, "wrong.choice"),
        ({"language": ["nl"]}, "wrong.choice"),
        ({"minimum_n": 2}, "identifiable"),
        ({"minimum_n": 0}, "wrong.whole_number"),
        ({"accept_identifiability": "yes"}, "wrong.yes_or_no"),
        ({"minimum_n": 5.0}, "wrong.whole_number"),
        ({"minimum_n": "5"}, "wrong.whole_number_quoted"),
        ({"minimum_n": True}, "wrong.whole_number"),
        ({"minimal_n": 5}, "unknown_near"),
        ({"colour": "red"}, "unknown"),
        ({"\udcff": "not a character"}, "unknown"),
        ({"survey": "answers.csv"}, "beside"),
        ({"output": "report.html"}, "beside"),
    ],
)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_wrong_parameter_is_refused(given: dict[str, Any], expected: str, template: str) -> None:
    required = {"employer": "Vrolijke Eland"} if template == UNIT else {}
    (problem,) = refused(required | given, template)
    assert (problem.code, problem.where) == (f"parameters.{expected}", *given)


def test_all_wrong_parameters_are_told_at_once() -> None:
    given = {"by": 3, "grop": "x", "minimum_n": 0, "language": "NL"}
    found = codes(refused(given, UNIT))
    assert sorted(found) == sorted(
        ["missing", "wrong.text_number", "unknown", "wrong.whole_number", "wrong.choice"]
    )


def test_the_report_of_one_needs_to_know_which() -> None:
    for given in ({}, {"employer": ""}):
        assert codes(refused(given, UNIT)) == ["missing"]


def test_a_parameter_of_another_template_is_named_with_those_there_are() -> None:
    (problem,) = refused({"employer": "A", "group": "gender"}, UNIT)
    assert describe(problem) == (
        "employer_report has no parameter “group”. It has: employer, by, wave, language, "
        "minimum_n, accept_identifiability."
    )


def test_of_an_unknown_template_the_common_parameters_are_checked() -> None:
    problems = refused({"wave": 1, "whatever": 2}, "employer_rapport")
    assert [p.code for p in problems] == [
        "report.unknown_template_near",
        "parameters.wrong.text_number",
    ]


def test_values_of_a_command_line_are_read_by_type() -> None:
    typed = {"wave": "2026", "minimum_n": "12", "whatever": "3"}
    assert read_texts(typed, STUDY) == typed | {"minimum_n": 12}
    for text in ("", "twelve", "1e3", "5.0", "9" * 5000, "\N{ARABIC-INDIC DIGIT FIVE}"):
        assert read_texts({"minimum_n": text}, "no such template") == {"minimum_n": text}
    for text, value in (("true", True), ("False", False), ("yes", "yes")):
        assert read_texts({"accept_identifiability": text}, STUDY).popitem()[1] == value


# --- Refused by the survey


@pytest.mark.parametrize(
    ("template", "given", "expected"),
    [
        (STUDY, {"group": "gendr"}, ["unknown_group_near"]),
        (STUDY, {"group": "employer"}, ["unknown_group"]),
        (STUDY, {"group": "wave"}, []),
        (STUDY, {"group": ""}, []),
        (STUDY, {"group": "x", "wave": "x"}, ["unknown_wave", "unknown_group"]),
        (STUDY, {"group": "wave", "wave": "2025"}, ["wave_and_group"]),
        (UNIT, {"employer": "Vrolijke Eland"}, []),
        (UNIT, {"employer": "vrolijke eland"}, ["unknown_unit_near"]),
        (UNIT, {"employer": "?"}, ["unknown_unit"]),
        (UNIT, {"employer": "care", "by": "sector", "wave": "2025"}, []),
        (UNIT, {"employer": "gen_z", "by": "generation"}, []),
        (UNIT, {"employer": "Vrolijke Eland", "by": "sector"}, ["unknown_unit"]),
        (UNIT, {"employer": "2025", "by": "wave"}, ["unknown_by"]),
        (UNIT, {"employer": "care", "by": "sektor"}, ["unknown_by_near"]),
        (UNIT, {"employer": "?", "by": "weight", "wave": "1"}, ["unknown_wave", "unknown_by"]),
    ],
)
def test_what_does_not_go_with_the_survey_is_told_at_once(
    template: str, given: dict[str, Any], expected: list[str], sample_survey: Survey
) -> None:
    problems = survey_problems(read_parameters(given, template), sample_survey)
    assert codes(problems) == expected
    assert all(describe(p, language) for p in problems for language in LANGUAGES)


def test_an_employer_that_took_part_in_another_wave_is_told_so(sample_survey: Survey) -> None:
    answers = sample_survey.answers
    there = (answers["employer"] != "Vrolijke Eland") | (answers["wave"] == "2025")
    survey = replace(sample_survey, answers=answers[there])
    asked = {"employer": "Vrolijke Eland"}
    (problem,) = survey_problems(read_parameters(asked, UNIT), survey)
    assert problem.code == "parameters.unit_in_other_wave"
    assert problem.values["wave"] == "2026"
    earlier = read_parameters(asked | {"wave": "2025"}, UNIT)
    assert survey_problems(earlier, survey) == []


def test_a_group_nobody_is_in_has_no_report(sample_survey: Survey) -> None:
    answers = sample_survey.answers
    survey = replace(sample_survey, answers=answers[answers["generation"] != "gen_z"])
    asked = UnitParameters(employer="gen_z", by="generation")
    assert codes(survey_problems(asked, survey)) == ["unknown_unit_near"]


def test_a_survey_without_employers_or_waves() -> None:
    survey = simulate_survey(60, seed=3)
    asked = UnitParameters(employer="A", wave="2026")
    assert codes(survey_problems(asked, survey)) == ["no_waves", "no_employers"]


def test_what_is_left_to_the_survey_is_filled_in(sample_survey: Survey) -> None:
    study = read_parameters({}, STUDY)
    common = {"wave": "2026", "language": "nl", "minimum_n": 5, "accept_identifiability": False}
    beside = dict.fromkeys(("public", "people", "margins", "theme"), "")
    assert settled(study, sample_survey) == common | {"group": "generation"} | beside
    unit = read_parameters({"employer": "Vrolijke Eland", "wave": "2025"}, UNIT)
    own = {"wave": "2025", "employer": "Vrolijke Eland", "by": "employer"}
    assert settled(unit, sample_survey) == common | own
    assert chosen_wave(read_parameters({"group": "wave"}, STUDY), sample_survey) == ""
    without = settled(study, simulate_survey(60, seed=3))
    assert (without["wave"], without["group"]) == ("", "")


def test_a_unit_of_whom_nothing_may_be_shown_is_refused_before_a_kernel_starts(
    sample_survey: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("employer_identity.reports.run.execute", lambda *_: pytest.fail("it ran"))
    answers = sample_survey.of_wave("2026").answers
    smallest = answers["employer"].value_counts().index[-1]
    out = tmp_path / "report.html"
    with pytest.raises(ReportError) as caught:
        report(UNIT, survey=sample_survey, employer=smallest, minimum_n=20, output=out)
    assert [p.code for p in caught.value.problems] == ["unit.withheld"]
    assert not out.exists()


def test_a_pdf_that_cannot_be_made_is_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing() -> str:
        raise refusal(ReportError, [Problem("pdf.no_browser")])

    monkeypatch.setattr("employer_identity.reports.run.pdf_maker", nothing)
    with pytest.raises(ReportError) as caught:
        check_asked(STUDY, {"wave": 1}, output="report.pdf")
    assert [p.code for p in caught.value.problems] == [
        "parameters.wrong.text_number",
        "pdf.no_browser",
    ]
    check_asked(STUDY, {}, output="report.html")


def test_without_a_place_each_report_has_a_name_of_its_own(
    sample_survey: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = nbformat.v4.new_notebook()
    monkeypatch.setattr("employer_identity.reports.run.execute", lambda *_: Executed(nothing))
    monkeypatch.setattr("employer_identity.reports.run._write", lambda _, to, __: to.touch())
    monkeypatch.chdir(tmp_path)
    for employer in ("Vrolijke Eland", "Witte Vlinder"):
        report(UNIT, survey=sample_survey, employer=employer)
    report(STUDY, survey=sample_survey, language="en")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "employer_brand_study.en.html",
        "employer_report.vrolijke-eland.nl.html",
        "employer_report.witte-vlinder.nl.html",
    ]


# --- Files


def written(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.yaml", "employer: Café \"De Zon\" 🙂\nminimum_n: 10\nwave: '2026'\n"),
        (
            "p.YML",
            "\ufeff# mine\r\nemployer: Café \"De Zon\" 🙂\r\nminimum_n: 10\r\nwave: '2026'\r\n",
        ),
        ("p.toml", "\ufeffemployer = 'Café \"De Zon\" 🙂'\nminimum_n = 10\nwave = '2026'\n"),
    ],
)
def test_a_file_of_parameters_is_read(name: str, content: str, tmp_path: Path) -> None:
    found = read_parameter_file(written(tmp_path, name, content))
    assert found == {"employer": 'Café "De Zon" 🙂', "minimum_n": 10, "wave": "2026"}


@pytest.mark.parametrize(
    ("name", "content", "expected", "line"),
    [
        ("p.yaml", "", "empty", 0),
        ("p.yaml", "# nothing\n", "empty", 0),
        ("p.toml", "\n", "empty", 0),
        ("p.yaml", "secret\n", "not_names", 0),
        ("p.yaml", "0", "not_names", 0),
        ("p.yaml", "yes: secret\n", "not_names", 0),
        ("p.yaml", '"a\\ud800": secret\n', "not_names", 0),
        ("p.yaml", "- wave: secret\n- wave: b\n", "sets_for_one", 0),
        ("p.toml", "[[report]]\nwave = 'secret'\n", "sets_for_one", 0),
        ("p.yaml", "wave:\nemployer: secret\n", "no_value", 0),
        ("p.yaml", "a: 1\nwave: secret\nwave: b\n", "name_twice", 3),
        ("p.yaml", "a: {b: 1,\n  b: secret}\n", "name_twice", 2),
        ("p.toml", "a = 1\nwave = 'secret'\nwave = 'b'\nc = 1\n", "name_twice", 3),
        ("p.yaml", "wave: secret\nemployer: [b\n", "syntax", 3),
        ("p.yaml", "wave: secret\n\temployer: b\n", "syntax", 2),
        ("p.yaml", "wave: secret\nday: 2026-99-99\n", "syntax", 2),
        ("p.yaml", "wave: secret\nn: " + "9" * 5000, "syntax", 2),
        ("p.yaml", "wave: secret\nn: !!python/object:os.system {}\n", "syntax", 2),
        ("p.yaml", "wave: secret\nn: a\x07b\n", "syntax", 2),
        ("p.yaml", "wave: " + "[" * 5000, "syntax", 1),
        ("p.yaml", "wave: secret\n---\nwave: b\n", "syntax", 2),
        ("p.toml", "wave = 'secret'\nemployer = b\n", "syntax", 2),
        ("p.toml", "wave = 'secret'\nemployer =", "syntax", 2),
        ("p.toml", "wave = " + "[" * 5000, "syntax", 1),
        ("p.toml", "wave = " + "9" * 5000, "syntax", 1),
        ("p.yaml", "wave: é secret\n".encode("latin-1"), "not_utf8", 0),
        ("p.yaml", b"wave: \0secret\n", "not_utf8", 0),
        ("p.json", "{}", "unknown_format", 0),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_without_its_values(
    name: str, content: str | bytes, expected: str, line: int, tmp_path: Path
) -> None:
    path = written(tmp_path, name, content)
    with pytest.raises(ReportError) as caught:
        read_parameter_file(path)
    (problem,) = caught.value.problems
    assert problem.code == f"parameters.file.{expected}"
    assert (problem.where, problem.count) == (str(path), line)
    for language in LANGUAGES:
        told = describe(problem, language)
        assert "secret" not in told
        assert told.startswith(str(path))


def test_no_file_and_a_folder_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "folder.yaml"
    folder.mkdir()
    for path, code in ((tmp_path / "none.yaml", "no_such_file"), (folder, "folder")):
        with pytest.raises(ReportError) as caught:
            read_parameter_file(path)
        assert [p.code for p in caught.value.problems] == [f"parameters.file.{code}"]


def test_a_file_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("employer_identity.reports.parameter_files.LARGEST", 10)
    with pytest.raises(ReportError, match="MB"):
        read_parameter_file(written(tmp_path, "p.yaml", "wave: '2026'\n"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "sets.yaml",
            "- {employer: A, wave: '2025'}\n- name: the second\n  employer: B\n- {name: all}\n",
        ),
        (
            "sets.toml",
            "[[report]]\nemployer = 'A'\nwave = '2025'\n"
            "[[report]]\nname = 'the second'\nemployer = 'B'\n[[report]]\nname = 'all'\n",
        ),
    ],
)
def test_sets_have_names(name: str, content: str, tmp_path: Path) -> None:
    assert read_sets(written(tmp_path, name, content)) == (
        ParameterSet("A, 2025", {"employer": "A", "wave": "2025"}),
        ParameterSet("the second", {"employer": "B"}),
        ParameterSet("all", {}),
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("employer: A\n", [("not_sets", 0)]),
        ("report: A\n", [("not_sets", 0)]),
        ("[]", [("empty", 0)]),
        ("- {}\n- A\n- 3\n", [("set_without_name", 1), ("set_not_names", 2), ("set_not_names", 3)]),
        ("- {name: 3, wave: a}\n- {name: ' ', wave: a}\n- {name: null}\n",
         [("name_not_text", 1), ("name_not_text", 2), ("name_not_text", 3)]),
        ("- {wave: a}\n- {wave: null, group: null}\n", [("no_value", 0), ("no_value", 0)]),
        ("- {wave: a}\n- {wave: b}\n- {group: a}\n- {name: b}\n- {name: c}\n",
         [("same_name", 2), ("same_name", 2)]),
    ],
)  # fmt: skip
def test_sets_that_cannot_be_used_are_told_at_once(
    content: str, expected: list[tuple[str, int]], tmp_path: Path
) -> None:
    with pytest.raises(ReportError) as caught:
        read_sets(written(tmp_path, "sets.yaml", content))
    found = [(p.code.removeprefix("parameters.file."), p.count) for p in caught.value.problems]
    assert found == expected


def test_sets_of_one_name_are_listed(tmp_path: Path) -> None:
    path = written(tmp_path, "sets.yaml", "- {wave: a}\n- {wave: b}\n- {name: a}\n")
    with pytest.raises(ReportError, match="2 sets are called “a”: 1, 3"):
        read_sets(path)
