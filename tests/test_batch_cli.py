"""`employer-identity batch`: what it says, to whom, and with which exit code it ends."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from employer_identity.cli import progress as progress_room
from employer_identity.cli.main import app
from employer_identity.cli.progress import Progress, duration
from employer_identity.language import Language
from employer_identity.reports import batch as batch_room
from employer_identity.reports import crew
from employer_identity.reports.kernels import drop
from employer_identity.reports.stamps import STATE
from employer_identity.studies import write_study
from tests.batches import SMALL, all_files, instant, quick, write_template

__all__ = ["instant", "quick"]


@pytest.fixture(scope="module", autouse=True)
def no_kernel_stays() -> Iterator[None]:
    yield
    drop()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_study(SMALL, folder)
    return folder


def asked(study: Path, out: Path, *more: str) -> list[str]:
    files = ["-s", str(study / "employees.csv"), "-i", str(study / "instrument.toml")]
    return ["batch", *files, "-o", str(out), *more]


def run(study: Path, out: Path, *more: str) -> Result:
    return CliRunner().invoke(app, asked(study, out, *more))


def test_help_teaches_by_examples() -> None:
    told = CliRunner().invoke(app, ["batch", "--help"])
    assert told.exit_code == 0
    assert "employer-identity batch --language nl,en --output reports" in told.output
    assert "--dry-run" in told.output


@pytest.mark.notebook
@pytest.mark.usefixtures("instant")
def test_a_look_first_then_the_batch_then_nothing_to_do(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    look = run(study, out, "--dry-run", "-l", "en,nl", "-j", "1")
    assert look.exit_code == 0
    assert "16 reports: 12 to be made and 4 withheld." in look.stderr
    assert "Vrolijke Komeet" in look.stderr
    assert look.stderr.count("Withheld:") == 1  # not once a name or a language
    assert re.search(r"Estimated time: .+, going by what reports took here\.", look.stderr)
    assert look.stdout == ""
    assert not out.exists()
    told = run(study, out, "--by", "sector", "-l", "en")
    assert told.exit_code == 0
    assert told.stdout == f"{out / 'index.html'}\n"
    steps = ["Reading the answers", "Deciding", "Fitting", "Making", "2 of 2.", "Writing", "2 made"]
    places = [told.stderr.index(step) for step in steps]
    assert places == sorted(places)
    again = run(study, out, "--by", "sector", "-l", "en", "--quiet")
    assert again.exit_code == 0
    assert again.stderr == "2 reports: 2 up to date.\n"


@pytest.mark.notebook
def test_one_that_fails_is_told_and_the_exit_code_is_1(
    study: Path, instant: Path, tmp_path: Path
) -> None:
    write_template(instant.parent, 'if unit.unit == "care":\n    raise ValueError("too much")')
    told = run(study, tmp_path / "out", "--by", "sector", "-l", "nl", "--quiet")
    assert told.exit_code == 1
    failed, outcome = told.stderr.splitlines()
    assert failed.startswith("Mislukt: ")
    assert "Trouble" in failed
    assert "ValueError: too much" in failed
    assert outcome == "2 rapporten: 1 gemaakt en 1 mislukt."
    assert "Traceback" not in told.output
    assert (tmp_path / "out" / "failed" / "nl" / "care.ipynb").exists()


@pytest.mark.notebook
@pytest.mark.usefixtures("instant")
def test_sets_from_a_file(study: Path, tmp_path: Path) -> None:
    sets = tmp_path / "sets.yaml"
    sets.write_text(
        "- {name: ../../both, employer: care, by: sector}\n- {employer: Rode Egel}\n", "utf-8"
    )
    told = run(study, tmp_path / "out", "--sets", str(sets), "-l", "en")
    assert told.exit_code == 0
    made = {n for n in all_files(tmp_path / "out") if n.startswith("en/")}
    assert len(made) == 4  # two reports, each with its facts
    assert "en/rode-egel.html" in made


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (["-l", "fr"], 2, "“fr”"),
        (["-f", "docx,html", "-l", "en"], 2, "“docx”"),
        (["-l", ""], 2, "at least one language"),
        (["-f", ",", "-l", "en"], 2, "at least one format"),
        (["-j", "0"], 2, "--jobs 0"),
        (["--by", "sektor", "-l", "en"], 2, "sektor"),
        (["-p", "minimm_n=5", "-l", "en"], 2, "minimm_n"),
        (["-p", "wave=1", "-p", "wave=2"], 2, "wave"),
        (["--wave", "1999", "-l", "en"], 2, "1999"),
        (["--minimum-n", "two"], 2, "minimum_n"),
        (["--sets", "none.toml"], 2, "none.toml"),
        (["--timeout", "0"], 2, "timeout"),
        (["--nonsense"], 2, "nonsense"),
    ],
)
def test_wrong_use_is_told_and_the_exit_code_is_2(
    more: list[str], code: int, words: str, study: Path, tmp_path: Path
) -> None:
    told = run(study, tmp_path / "out", *more)
    assert told.exit_code == code
    assert words in told.stderr
    assert "Traceback" not in told.output
    assert not (tmp_path / "out").exists()


def test_a_study_has_no_report_for_each_employer(study: Path, tmp_path: Path) -> None:
    told = CliRunner().invoke(
        app, ["batch", "employer_brand_study", *asked(study, tmp_path / "out", "-l", "en")[1:]]
    )
    assert told.exit_code == 2
    assert "not about one unit" in told.stderr


def test_a_folder_of_other_things_is_left_alone(study: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    told = run(study, tmp_path, "-l", "en")
    assert told.exit_code == 2
    assert "holds other things" in told.stderr
    assert all_files(tmp_path) == {"mine.txt"}


def test_a_scheduler_that_is_not_there_is_one_message(study: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    more = ["--scheduler", "tcp://127.0.0.1:1", "-l", "en", "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "_SECONDS", 1)
        told = run(study, tmp_path / "out", *more)
    assert told.exit_code == 1
    (line,) = told.stderr.splitlines()
    assert "tcp://127.0.0.1:1" in line
    assert not (tmp_path / "out").exists()


# --- How far it is


def test_a_log_gets_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000, 20))
    monkeypatch.setattr(progress_room.time, "monotonic", lambda: next(clock))
    told = Progress("en", quiet=False)
    for done in range(1, 13):
        told.show(done, 12)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["3 of 12; 3 minutes left", "6 of 12; 2 minutes left",
                     "9 of 12; 1 minute left", "12 of 12."]  # fmt: skip
    quiet = Progress("en", quiet=True)
    quiet.show(1, 1)
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_one_line_that_renews_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        told = Progress("nl", quiet=False)
        told.show(1, 3)
        told.show(3, 3)
        told.clear()
        seen = ""
        while seen.count("\r") < 4:  # it may come in pieces
            seen += os.read(ours, 4096).decode()
    os.close(ours)
    first, second, blank, last = seen.lstrip("\r").split("\r")
    assert first.startswith("1 van 3; nog ")
    assert second.rstrip() == "3 van 3."
    assert len(second) == len(first)
    assert blank.strip() == last == ""


@pytest.mark.parametrize(
    ("seconds", "language", "told"),
    [(1, "en", "less than a minute"), (89, "en", "1 minute"), (150, "nl", "2 minuten"),
     (3590, "en", "1 h 0 min"), (5400, "nl", "1 u 30 min")],
)  # fmt: skip
def test_times_are_told_as_people_say_them(seconds: float, language: Language, told: str) -> None:
    assert duration(seconds, language) == told


def test_ctrl_c_is_told_and_the_exit_code_is_130(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batch_room, "write_orders", stop)
    told = run(study, tmp_path / "out", "-l", "nl", "--quiet")
    assert told.exit_code == 130
    assert told.stderr.startswith("Gestopt.")
    assert all_files(tmp_path / "out") == {f"{STATE}/lock"}


@pytest.mark.slow
@pytest.mark.notebook
def test_ctrl_c_at_work_leaves_what_is_made_and_no_process(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = asked(study, out, "-l", "nl,en", "-j", "1")
    program = [sys.executable, "-m", "employer_identity.cli.main", *arguments]
    started = subprocess.Popen(program, start_new_session=True, stderr=subprocess.PIPE, text=True)
    stamps = out / STATE / "stamps"
    deadline = time.monotonic() + 120
    while not list(stamps.glob("*/*.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(started.pid, signal.SIGINT)
    _, told = started.communicate(timeout=60)
    assert started.returncode == 130, told
    assert "Stopped." in told or "Gestopt." in told
    assert "Traceback" not in told
    made = {p: p.stat().st_mtime_ns for p in stamps.glob("*/*.json")}
    assert 0 < len(made) < 12
    assert not (out / STATE / "work").exists()
    again = subprocess.run(program, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert f"{len(made)} ongewijzigd" in again.stderr
    assert {p: p.stat().st_mtime_ns for p in made} == made
    assert len(list(stamps.glob("*/*.json"))) == 12
