"""The command line: exit codes, messages in both languages, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from employer_identity.cli.main import app
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
    assert "geen problemen" in told.output
    assert "generation" in told.output


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
        (["report", "--language", "fr"], "nl"),
        (["report", "--minimum-n", "1"], "minimum_n"),
        (["report", "--survey", "answers.csv"], "--instrument"),
        (["report", "--output", "report.pdf"], ".html"),
        (["check"], "file"),
        (["sing"], "sing"),
    ],
)
def test_wrong_use_is_told_before_anything_runs(arguments: list[str], words: str) -> None:
    told = run(*arguments)
    assert told.exit_code == 2
    assert words in told.output
    assert "Traceback" not in told.output


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = run("report", "emplo", "--language", "fr", "--minimum-n", "1")
    assert told.exit_code == 2
    assert all(words in told.output for words in ("emplo", "fr", "minimum_n", "3 problems"))


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
