"""The command line: exit codes, messages in both languages, never a traceback."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from employer_identity.cli.main import app
from employer_identity.cli.shared import refusals
from employer_identity.errors import Problem, SurveyWarning
from employer_identity.reports.parameters import TEMPLATES
from employer_identity.reports.places import sample


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_help_teaches_by_examples() -> None:
    told = run("report", "--help")
    assert told.exit_code == 0
    assert "employer-identity report --survey answers.csv" in told.output
    assert "check" in run("--help").output


def test_check_of_a_good_survey_says_what_is_next() -> None:
    here = sample()
    told = run("check", str(here / "employees.csv"), "-i", str(here / "instrument.toml"))
    assert told.exit_code == 0
    assert "0 fouten, 0 waarschuwingen" in told.output
    assert "is te gebruiken" in told.output
    assert "employer-identity report --survey" in told.output


@pytest.fixture
def doubtful(tmp_path: Path) -> Path:
    """Return a survey with an error (text in pro1) and a warning (pro3 turned round)."""
    lines = (sample() / "employees.csv").read_text(encoding="utf-8").splitlines()
    header, *rows = (line.split(",") for line in lines[:600])
    text, turned = header.index("pro1"), header.index("pro3")
    rows[4][text] = "secret"
    for row in rows:
        row[turned] = str(8 - int(row[turned])) if row[turned] else ""
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(map(",".join, [header, *rows])), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", ("Fout: pro1", "(rij 6)", "Waarschuwing: pro3", "Aangepast: ", "1 fout, 1 waarsch")),
        ("en", ("Error: pro1", "(row 6)", "Warning: pro3", "Changed: ", "1 error, 1 warning, ")),
    ],
)
def test_check_tells_errors_then_warnings_then_changes(
    language: str, words: tuple[str, ...], doubtful: Path, tmp_path: Path
) -> None:
    page, table = tmp_path / "check.html", tmp_path / "check.csv"
    instrument = str(sample() / "instrument.toml")
    places = ("--page", str(page), "--table", str(table))
    told = run("check", str(doubtful), "-i", instrument, "-l", language, *places)
    assert told.exit_code == 1
    found = [told.output.index(word) for word in words]
    assert found == sorted(found)
    written = page.read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in written
    assert "answers.csv" in written
    assert "http" not in written
    rows = table.read_text(encoding="utf-8-sig").splitlines()
    assert rows[0] == "severity,code,where,count,message"
    assert rows[1].startswith("error,survey.text_in_scale,pro1,1,")
    assert rows[2].startswith("warning,survey.item_turned,pro3,1,")
    assert all("secret" not in text for text in (told.output, written, *rows))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["answers.csv", "check.csv", "check.html"]


def test_check_of_several_files_is_one_survey(doubtful: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.csv"
    again.write_text(doubtful.read_text(encoding="utf-8").rpartition("\n")[0], encoding="utf-8")
    told = run("check", str(doubtful), str(again), "-i", str(sample() / "instrument.toml"))
    assert told.exit_code == 1
    assert "answers.csv 6, again.csv 6" in told.output
    assert "respondent" in told.output


def test_check_needs_a_folder_to_write_into(doubtful: Path, tmp_path: Path) -> None:
    page = tmp_path / "nowhere" / "check.html"
    told = run("check", str(doubtful), "-i", "connecting-employership", "--page", str(page))
    assert told.exit_code == 1
    assert "nowhere" in told.output


def test_a_survey_s_warnings_are_told_in_the_language(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem("survey.unused_category", "age", 1, {"unused": "old"}, "warning")
    with refusals("nl"):
        warnings.warn(SurveyWarning("in English", (problem,)), stacklevel=1)
    assert capsys.readouterr().err.startswith("Let op: age: niemand zit in 1 groep")


@pytest.mark.parametrize(("language", "words"), [("nl", "bestaat niet"), ("en", "no such file")])
def test_check_of_no_file_is_a_problem(language: str, words: str) -> None:
    told = run("check", "none.csv", "-i", "connecting-employership", "-l", language)
    assert told.exit_code == 1
    assert words in told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report", "employer_brand_studie"], "employer_brand_study"),
        (["report", "--group", "genderr"], "gender"),
        (["report", "--wave", "2031"], "2026"),
        (["report", "--wave", "2025", "--group", "wave"], "--wave"),
        (["report", "--language", "fr"], "nl"),
        (["report", "--minimum-n", "1"], "minimum_n"),
        (["report", "--survey", "answers.csv"], "--instrument"),
        (["report", "--output", "report.doc"], ".html"),
        (["report", "--minimum-n", "five"], "minimum_n"),
        (["report", "--show", "employer_rapport"], "employer_report"),
        (["report", "employer_report", "-g", "gender", "-p", "employer=A"], "group"),
        (["report", "employer_report", "-p", "employer=A", "-p", "by=sektor"], "sector"),
        (["report", "employer_report", "-p", "employer=Vrolijke Elan"], "Vrolijke Eland"),
        (["check"], "Missing argument"),
        (["check", "answers.csv"], "instrument new"),
        (["sing"], "sing"),
    ],
)
def test_wrong_use_is_told_before_anything_runs(arguments: list[str], words: str) -> None:
    told = run(*arguments)
    assert told.exit_code == 2
    assert words in told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize(
    "arguments",
    [["report"], ["check", "a.csv", "-i", "b.toml"], ["audit", "."],
     ["instrument", "check", "b.toml"], ["instrument", "new", "a.csv"], ["simulate"],
     ["workshop", "w"]],
)  # fmt: skip
def test_a_language_that_there_is_not_is_refused_everywhere_alike(arguments: list[str]) -> None:
    told = run(*arguments, "--language", "de")
    assert told.exit_code == 2
    assert told.output == "Problem: language: “de” is not possible. Allowed: en, nl.\n"


def test_texts_that_are_not_there_in_the_language_asked_for_are_named(tmp_path: Path) -> None:
    own = (sample() / "instrument.toml").read_text(encoding="utf-8")
    label = next(line for line in own.splitlines() if 'en = "Gender"' in line)
    path = tmp_path / "instrument.toml"
    path.write_text(own.replace(label, 'label = { nl = "Geslacht" }'), encoding="utf-8")
    answers = str(sample() / "employees.csv")
    for language, there in (("en", True), ("nl", False)):
        told = run("check", answers, "-i", str(path), "-l", language)
        assert told.exit_code == 0
        assert ("such as 'Geslacht'" in told.output) is there


def test_an_instrument_without_its_survey_is_one_problem(tmp_path: Path) -> None:
    own = (sample() / "instrument.toml").read_text(encoding="utf-8")
    path = tmp_path / "instrument.toml"
    path.write_text(own.replace('weight = "weight"', 'weight = "Weging"'), encoding="utf-8")
    told = run("report", "-i", str(path), "-l", "en")
    assert told.exit_code == 2
    problems = [line for line in told.output.splitlines() if line.startswith("Problem")]
    assert len(problems) == 1
    assert "Add --survey FILE" in problems[0]


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = run("report", "emplo", "--language", "fr", "--minimum-n", "1")
    assert told.exit_code == 2
    assert all(words in told.output for words in ("emplo", "fr", "minimum_n", "3 problems"))


def test_files_and_parameters_that_are_wrong_are_told_together(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("language: en\nwave: 2026\ngroup: gender\nminimum_n: 9\n", encoding="utf-8")
    told = run(
        "report", "--parameters", str(file), "-s", "none.csv", "-s", "no.csv", "-i", "none.toml",
        "--minimum-n", "one", "-p", "minimum_n=7", "-p", "=", "-p", "grop=x", "-o", "none/r.html",
    )  # fmt: skip
    assert told.exit_code == 2
    problems = [line for line in told.output.splitlines() if line.startswith("Problem: ")]
    words = ["“=”: a parameter", "minimum_n is given", "wave: this is a number", "minimum_n must"]
    words += ["“grop”", "no such folder", "none.csv", "no.csv", "none.toml"]
    for word in words:
        assert sum(word in line for line in problems) == 1, word
    assert len(problems) == len(words)


def test_what_stands_in_a_file_that_cannot_be_read_is_not_called_missing() -> None:
    told = run("report", "employer_report", "--parameters", "none.yaml", "-l", "en")
    assert told.exit_code == 2
    assert "none.yaml: there is no such file" in told.output
    assert "employer" not in told.output.replace("employer_report", "")
    assert "needs “employer”" in run("report", "employer_report", "-l", "en").output


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Return what reports would be made of, instead of making them."""
    made: list[dict[str, object]] = []

    def make(template: str, **given: object) -> str:
        del given["on_step"]
        made.append({"template": template, **given})
        return "made.html"

    monkeypatch.setattr("employer_identity.reports.run.report", make)
    return made


def test_only_what_is_given_is_handed_on(asked: list[dict[str, object]]) -> None:
    assert run("report").exit_code == 0
    nothing = {"survey": None, "instrument": None, "output": None, "tables": []}
    assert asked == [{"template": "employer_brand_study"} | nothing]


def test_the_command_line_goes_before_the_file(
    asked: list[dict[str, object]], tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    text = 'employer = "A"\nwave = "2025"\nminimum_n = 9\nlanguage = "en"\n'
    file.write_text(text, encoding="utf-8")
    told = run(
        "report", "employer_report", "--parameters", str(file), "-p", "minimum_n=12",
        "--parameter", "employer=B = C", "--wave", "2026",
    )  # fmt: skip
    assert told.exit_code == 0
    (made,) = asked
    expected = {"employer": "B = C", "wave": "2026", "minimum_n": 12, "language": "en"}
    assert {name: made[name] for name in expected} == expected


@pytest.mark.parametrize("language", ["nl", "en"])
def test_templates_are_listed(language: str) -> None:
    told = run("report", "--list", "--language", language)
    assert told.exit_code == 0
    assert [line.split()[0] for line in told.output.splitlines()] == list(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_shown_with_a_file_that_works(
    template: str, asked: list[dict[str, object]], tmp_path: Path
) -> None:
    told = run("report", "--show", template)
    assert told.exit_code == 0
    assert all(len(line) <= 100 for line in told.output.splitlines())
    file = tmp_path / f"{template}.yaml"
    file.write_text(told.output.rpartition("\n\n")[2], encoding="utf-8")
    assert run("report", template, "--parameters", str(file)).exit_code == 0
    (made,) = asked
    assert set(TEMPLATES[template].model_fields) <= set(made)


def test_a_survey_with_problems_leaves_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("pro1,adv1\n9,1\n", encoding="utf-8")
    out = tmp_path / "report.html"
    told = run("report", "-s", str(bad), "-i", "connecting-employership", "-o", str(out))
    assert told.exit_code == 1
    assert not out.exists()
    assert list(tmp_path.iterdir()) == [bad]


def test_the_command_starts_light() -> None:
    code = "import sys, employer_identity.cli.main; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "numpy", "papermill", "matplotlib"} & set(told.stdout.split())
