"""Batches are audited before their index is published: what they give away together is told."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from employer_identity import suppression as suppression_room
from employer_identity.audit.facts import PERSONS, read_facts
from employer_identity.audit.folder import audit
from employer_identity.audit.listed import FACTS, NUMBERS, PAGE, TABLE
from employer_identity.cli.main import app
from employer_identity.cli.shared import GOOD, PROBLEMS
from employer_identity.errors import ReportError
from employer_identity.language import LANGUAGES, describe
from employer_identity.protection import Lattice
from employer_identity.reports.batch import Batch
from employer_identity.reports.kernels import drop
from employer_identity.studies import write_study
from employer_identity.survey import Survey
from tests.batches import SHOWN, SMALL, instant, make, quick, statuses, town

__all__ = ["instant", "quick"]
pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module", autouse=True)
def no_kernel_stays() -> Iterator[None]:
    yield
    drop()


@pytest.fixture(scope="module")
def survey() -> Survey:
    return town()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def no_siblings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the small ones alone, as who knows of a minimum only would."""

    def few(lattice: Lattice, already: np.ndarray | None = None) -> np.ndarray:
        return lattice.few if already is None else lattice.few | already

    monkeypatch.setattr(suppression_room, "protected", few)


def codes(made: Batch) -> set[str]:
    assert made.audit
    assert all(describe(p, language) for p in made.audit.findings for language in LANGUAGES)
    return {p.code for p in made.audit.findings}


def is_withheld(made: Batch) -> bool:
    """Whether there is no index page, but what is needed to look for the reason."""
    there = {name for name in (PAGE, TABLE, NUMBERS, FACTS) if (made.folder / name).exists()}
    return there == {TABLE, NUMBERS, FACTS}


# --- What the rule hides stays hidden, and what it would not is found


@pytest.mark.usefixtures("instant")
def test_a_batch_that_gives_nothing_away_is_published(survey: Survey, out: Path) -> None:
    by_sector = make(survey, out.with_name("sectors"), by="sector")
    made = make(survey, out, languages=["nl", "en"], earlier=[by_sector.folder])
    assert codes(made) == codes(by_sector) == set()
    assert made.index.is_file()
    assert made.audit
    assert made.audit.reports == 2 * len(SHOWN) + 2
    assert audit(out, by_sector.folder).is_clean
    again = make(survey, out, languages=["nl", "en"])
    assert set(statuses(again).values()) == {"kept", "withheld"}
    assert codes(again) == set()


@pytest.mark.usefixtures("instant")
def test_without_the_rule_of_siblings_the_small_employer_is_recovered(
    survey: Survey, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_siblings(monkeypatch)
    by_sector = make(survey, out.with_name("sectors"), by="sector")
    assert codes(by_sector) == set()
    made = make(survey, out, earlier=[by_sector.folder])
    assert codes(made) == {"audit.leak.exact_count", "audit.leak.exact_mean"}
    assert made.audit
    assert all("employer = Cup" in p.where for p in made.audit.findings)
    assert is_withheld(made)


@pytest.mark.slow
@pytest.mark.usefixtures("instant")
def test_an_old_batch_that_shows_what_is_hidden_now_is_found(
    survey: Survey, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sectors = make(survey, out.with_name("sectors"), by="sector")
    with monkeypatch.context() as before:
        no_siblings(before)
        old = make(survey, out.with_name("old"))
    assert codes(old) == set()  # by itself: how many the sector has stands in none of its reports
    made = make(survey, out, earlier=[sectors.folder])
    assert codes(made) == set()
    assert made.index.is_file()
    made = make(survey, out, earlier=[sectors.folder, old.folder])
    assert "audit.leak.exact_count" in codes(made)
    assert is_withheld(made)


def late(survey: Survey, people: int) -> Survey:
    """Return the survey before its last people had answered."""
    return replace(survey, answers=survey.answers.iloc[:-people], sha256="before")


@pytest.mark.usefixtures("instant")
def test_three_late_answers_are_found(survey: Survey, out: Path) -> None:
    before = make(late(survey, 3), out.with_name("before"))
    made = make(survey, out, earlier=[before.folder])
    assert "audit.leak.small_count" in codes(made)
    assert is_withheld(made)
    enough = make(late(survey, 8), out.with_name("earlier"))
    assert codes(make(survey, out, earlier=[enough.folder])) == set()
    assert (out / PAGE).is_file()


@pytest.mark.usefixtures("instant")
def test_whoever_is_withheld_is_among_the_facts_of_the_index(survey: Survey, out: Path) -> None:
    make(survey, out)
    facts = read_facts((out / FACTS).read_bytes()).facts
    withheld = {f.scope[0] for f in facts if f.value is None}
    assert {dict(one)["employer"] for one in withheld} == {("Bay",), ("Cup",)}
    told = {f.scope[0]: f.value for f in facts if f.measure == PERSONS and f.value is not None}
    assert {dict(one)["employer"][0]: n for one, n in told.items()} == {
        "Ark": 40, "Den": 30, "Elm": 30, "Fox": 30,
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("instant")
def test_languages_state_the_same(survey: Survey, out: Path) -> None:
    make(survey, out, languages=["nl", "en"], formats=["pdf", "ipynb"])
    for name in SHOWN:
        nl, en = (read_facts((out / la / f"{name.lower()}.facts.json").read_bytes())
                  for la in LANGUAGES)  # fmt: skip
        assert nl.facts == en.facts
        assert set(nl.files) == {f"{name.lower()}.pdf", f"{name.lower()}.ipynb"}
    assert audit(out).is_clean


@pytest.mark.usefixtures("instant")
def test_a_batch_in_which_nobody_is_shown_is_clean(out: Path) -> None:
    made = make(town({"care": {"Cup": 4, "Dot": 30}}), out)
    assert set(statuses(made).values()) == {"withheld"}
    assert codes(made) == set()
    assert made.index.is_file()


@pytest.mark.usefixtures("instant")
def test_a_report_whose_facts_are_gone_is_made_again(survey: Survey, out: Path) -> None:
    make(survey, out)
    (out / "nl" / "ark.facts.json").unlink()
    made = make(survey, out)
    assert statuses(made)["Ark nl"] == "made"
    assert statuses(made)["Den nl"] == "kept"
    assert codes(made) == set()


# --- What is planted in the index


def in_csv(out: Path) -> None:
    rows = list(csv.reader((out / TABLE).read_text(encoding="utf-8-sig").splitlines()))
    n = rows[0].index("n")
    rows = [[*r[:n], "4", *r[n + 1 :]] if r[0] == "Cup" else r for r in rows]
    with (out / TABLE).open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows(rows)


def in_numbers(out: Path) -> None:
    numbers = pd.read_parquet(out / NUMBERS)
    numbers.loc[numbers["title"] == "Cup", "mean_prototypicality"] = 3.21
    numbers.to_parquet(out / NUMBERS)


def in_page(out: Path) -> None:
    page = (out / PAGE).read_text(encoding="utf-8")
    (out / PAGE).write_text(page.replace('data-value="40"', 'data-value="4"'), encoding="utf-8")


@pytest.mark.parametrize(
    "plant",
    [in_csv, pytest.param(in_numbers, marks=pytest.mark.slow), in_page],
    ids=lambda p: p.__name__,
)
def test_a_number_planted_in_the_index_is_found(
    plant: Callable[[Path], None], survey: Survey, instant: Path, out: Path
) -> None:
    make(survey, out)
    plant(out)
    found = [(p.code, p.where) for p in audit(out).findings]
    assert {code for code, _ in found} == {"audit.other_report", "audit.undeclared"}
    (out / FACTS).unlink()
    assert {p.code for p in audit(out).findings} == {"audit.no_sidecar", "audit.undeclared"}


@pytest.mark.usefixtures("instant")
def test_an_index_that_cannot_be_read_is_told(survey: Survey, out: Path) -> None:
    make(survey, out)
    (out / NUMBERS).write_bytes(b"PAR1")
    assert [p.code for p in audit(out).findings] == ["audit.other_report", "audit.unreadable_index"]


def test_an_earlier_folder_that_is_not_there_is_refused_at_once(survey: Survey, out: Path) -> None:
    with pytest.raises(ReportError) as caught:
        make(survey, out, earlier=[out / "none"])
    assert [p.code for p in caught.value.problems] == ["audit.nothing"]
    assert not out.exists()


# --- The command

TOLD = {
    "nl": ("terug te halen", "geen overzichtspagina"),
    "en": ("can be recovered", "no index page"),
}


@pytest.mark.slow
@pytest.mark.usefixtures("instant")
def test_the_command_says_what_is_given_away_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(SMALL, tmp_path / "study")
    files = [str(tmp_path / "study" / name) for name in ("employees.csv", "instrument.toml")]

    def run(out: str, *more: str) -> Any:
        asked = ["batch", "-s", files[0], "-i", files[1], "-o", str(tmp_path / out), "-j", "1"]
        return CliRunner().invoke(app, [*asked, *more])

    sectors = run("sectors", "--by", "sector", "-l", "en")
    assert sectors.exit_code == GOOD
    assert "Nothing that is hidden could be recovered" in sectors.stderr
    beside = ("--with", str(tmp_path / "sectors"))
    assert run("out", *beside).exit_code == GOOD
    no_siblings(monkeypatch)
    for language, (words, unpublished) in TOLD.items():
        caught = run(f"out-{language}", "-l", language, *beside, "--quiet")
        assert caught.exit_code == PROBLEMS
        assert caught.stdout == ""
        assert words in caught.stderr
        assert unpublished in caught.stderr
        assert not (tmp_path / f"out-{language}" / PAGE).exists()
