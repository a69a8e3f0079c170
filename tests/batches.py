"""What the tests of batches share: a small survey with employers, and a template that is quick."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from employer_identity.designs import SAMPLE, Wave
from employer_identity.reports import crew, tasks, work
from employer_identity.reports.batch import Batch, batch
from employer_identity.reports.plan import Plan, make_plan, sets_by
from employer_identity.reports.work import Done, Order
from employer_identity.simulate import simulate_survey
from employer_identity.survey import Survey

REPORT = "employer_report"
PLACE = "EMPLOYER_IDENTITY_TEST_TEMPLATES"
TOWN = {"care": {"Ark": 40, "Bay": 30, "Cup": 4, "Den": 30}, "trade": {"Elm": 30, "Fox": 30}}
"""Sector -> employer -> people. Cup has too few, and hides one of its siblings with it."""
SHOWN = ["Ark", "Den", "Elm", "Fox"]


SMALL = replace(
    SAMPLE,
    waves=(Wave("2026", 400, date(2026, 3, 2), date(2026, 3, 27)),),
    effects={column: planted for column, planted in SAMPLE.effects.items() if column != "wave"},
    outsiders=30,
    shown=4,
    employers=8,
    sectors=SAMPLE.sectors[:2],
    small=(4, 8),
    silent=2,
    straight_liners=0,
)
"""A study of 400 people as files: 8 employers in 2 sectors; two of them are too small."""


def town(sectors: Mapping[str, Mapping[str, int]] = TOWN, *, seed: int = 5) -> Survey:
    """Simulate the people of employers; nobody differs."""
    people = [(s, e) for s, all_ in sectors.items() for e, n in all_.items() for _ in range(n)]
    survey = simulate_survey(len(people), preset="idealised", seed=seed)
    columns = dict(zip(("sector", "employer"), zip(*people, strict=True), strict=True))
    answers = survey.answers.assign(**{c: pd.Categorical(v) for c, v in columns.items()})
    instrument = survey.instrument.model_copy(update={c: c for c in columns})
    return replace(survey, answers=answers, instrument=instrument)


def planned(survey: Survey, *, by: str = "employer", **common: Any) -> Plan:
    sets = sets_by(survey, REPORT, by, common)
    return make_plan(survey, REPORT, sets, common, ["nl"], ("html",))


# --- A template that is quick

CELLS = (
    'employer: str = ""\nby: str = ""\nwave: str = ""\nlanguage: str = "nl"\nminimum_n: int = 5\n'
    'survey: str = ""\ninstrument: str = ""\nprepared: str = ""\nsha256: str = ""',
    "# Opening\nfrom matplotlib.figure import Figure\n"
    "from employer_identity.privacy import Shown\n"
    "from employer_identity.reports import page as pages, unit as units, unit_facts\n"
    "how = dict(by=by, language=language, prepared=prepared, sha256=sha256)\n"
    "unit = units.open_unit(employer=employer, **how)\npage = pages.Page(unit)",
    '# Title\npage.title("Proef", unit.name, "Klein", [str(unit.n)])',
    '# At a glance\npage.section("glance", numbered=False)\n'
    'mean = float(unit.of("pillar")["mean"].iloc[0])\npage.text([unit.name, str(mean)])',
    "# A figure\ntold = [*unit_facts.sentences(unit), *unit_facts.means(unit, 'pillar')]\n"
    "told += unit_facts.teller(unit).sizes(unit.of('pillar'), unit_facts.scope(unit))\n"
    'page.show(Shown("one", "figure", Figure(), "Caption", unit.name, facts=tuple(told)))',
    '# Numbers\npage.numbers({"n": unit.n, "mean_prototypicality": mean})',
    "# Trouble",
    '# Facts\npage.section("facts")',
)
TROUBLE = 6


def write_template(folder: Path, trouble: str = "") -> Path:
    """Write a template of eight cells, the seventh of which may make trouble."""
    cells = [nbformat.v4.new_code_cell(text, id=f"cell-{n}") for n, text in enumerate(CELLS)]
    cells[0].metadata["tags"] = ["parameters"]
    cells[TROUBLE].source += f"\n{trouble}"
    promised = {"sections": ["glance", "facts"], "figures": 1}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "employer_identity": promised}
    )
    path = folder / f"{REPORT}.ipynb"
    nbformat.write(notebook, path)
    return path


def templates() -> dict[str, Path]:
    return {REPORT: Path(os.environ[PLACE]) / f"{REPORT}.ipynb"}


def make_quickly(order: Order) -> Done:
    """Make a report by the quick template; also in a worker process, which has nothing patched."""
    work.notebooks = templates
    return work.make(order)


def at_once(orders: Sequence[Order], jobs: int) -> Iterator[tuple[Order, Done]]:
    """Make the reports in this process, whose kernel is warm."""
    for order in orders:
        yield order, make_quickly(order)


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make reports by a template that is quick, in processes; returns its path."""
    folder = tmp_path / "templates"
    folder.mkdir()
    monkeypatch.setenv(PLACE, str(folder))
    for room in (tasks, work):
        monkeypatch.setattr(room, "notebooks", templates)
    monkeypatch.setattr(crew, "make", make_quickly)
    return write_template(folder)


@pytest.fixture
def instant(quick: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make reports by the quick template in this very process; returns its path."""
    monkeypatch.setattr(crew, "here", at_once)
    return quick


def make(survey: Survey, output: Path, **more: Any) -> Batch:
    return batch(REPORT, survey=survey, output=output, **more)


def statuses(made: Batch) -> dict[str, str]:
    """Title and language of each report -> what became of it."""
    return {f"{r.title} {r.language}": r.status for r in made.records}


def all_files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def moments(folder: Path) -> dict[str, int]:
    """When each file of a folder was last written."""
    return {name: (folder / name).stat().st_mtime_ns for name in all_files(folder)}
