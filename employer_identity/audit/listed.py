"""What the index of a batch says: a page, a table, and all numbers, read and held against facts.

The index names whoever no report is made of, and gives means with all their digits. Beside it
lies ``index.facts.json``, made by whoever made the batch.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from employer_identity.audit.facts import (
    PERSONS,
    SUFFIX,
    Fact,
    Published,
    Quantity,
    digest,
    read_facts,
)
from employer_identity.errors import Problem

INDEX = "index"
PAGE = f"{INDEX}.html"
TABLE = f"{INDEX}.csv"
NUMBERS = "numbers.parquet"
FACTS = f"{INDEX}{SUFFIX}"
KINDS = ("html", "pdf", "ipynb")
"""Endings of the files of a report."""
BESIDE = ("sector", "whole")
SAME = 1e-9
_VALUE = re.compile(r'data-value="([^"]*)"')


class Told(NamedTuple):
    """A number of one report: of whom (``""`` the report's own, else whom it is beside), and what.

    `about` is the column's name in the table.
    """

    about: str
    quantity: Quantity
    measure: str
    value: float


def told(numbers: Mapping[str, object]) -> Iterator[Told]:
    """Say what the numbers of a report tell of people: how many, their means and those beside them.

    A mean less its difference from another is that other one.
    """
    known = {k: n for k, v in numbers.items() if (n := _finite(v)) is not None}
    for name, value in known.items():
        kind, _, measure = name.partition("_")
        if name == "n":
            yield Told("", "count", PERSONS, value)
        elif kind == "mean" and measure:
            yield Told("", "mean", measure, value)
            for other in BESIDE:
                if (d := known.get(f"d_{other}_{measure}")) is not None:
                    yield Told(other, "mean", measure, value - d)


def _finite(value: object) -> float | None:
    """Return a number as such; None for what is none."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


# --- Reading


def read_index(
    folder: Path, reports: Mapping[str, Published]
) -> tuple[Published | None, list[Problem]]:
    """Read the index of a folder, and say what in it is not as its facts or its reports say.

    Parameters
    ----------
    folder
        Of a batch; without an index nothing is wrong.
    reports
        Path of each report's file inside it -> its facts.
    """
    published, problems = _facts(folder)
    own = published.facts if published else ()
    for name, rows in ((TABLE, _of_csv), (NUMBERS, _of_parquet)):
        path = folder / name
        if not path.is_file():
            continue
        try:
            problems += _undeclared(name, list(rows(path)), reports, own)
        except (OSError, ValueError):
            problems.append(Problem("audit.unreadable_index", name))
    if (folder / PAGE).is_file():
        facts = [*own, *(f for p in reports.values() for f in p.facts)]
        problems += _of_page((folder / PAGE).read_text(encoding="utf-8"), facts)
    return (None if problems else published), problems


def _facts(folder: Path) -> tuple[Published | None, list[Problem]]:
    path = folder / FACTS
    if not path.is_file():
        missing = (folder / PAGE).is_file()
        return None, [Problem("audit.no_sidecar", PAGE)] if missing else []
    try:
        published = read_facts(path.read_bytes())
    except ValueError:
        return None, [Problem("audit.unreadable", PAGE)]
    there = [n for n in (PAGE, TABLE, NUMBERS) if (folder / n).is_file()]
    return published, [
        Problem("audit.other_report", name)
        for name in there
        if published.files.get(name) != digest((folder / name).read_bytes())
    ]


_Row = tuple[str, list[str], list[Told]]
"""Name of a report, where its files would lie, and its numbers."""


def _of_csv(path: Path) -> Iterator[_Row]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            files = [found for kind in KINDS if (found := row.get(kind))]
            yield row.get("name") or "-", [*files, *_files(row)], list(told(row))


def _of_parquet(path: Path) -> Iterator[_Row]:
    for row in pd.read_parquet(path).to_dict("records"):
        numbers = {str(k): v for k, v in row.items()}
        yield str(row.get("name")), _files(numbers), list(told(numbers))


def _files(row: Mapping[str, object]) -> list[str]:
    """Return where the files of a report lie; an index does not name those that are outdated."""
    return [f"{row.get('language')}/{row.get('name')}.{kind}" for kind in KINDS]


def _undeclared(
    name: str, rows: Iterable[_Row], reports: Mapping[str, Published], own: Iterable[Fact]
) -> Iterator[Problem]:
    """Say which numbers are no facts: neither of the report they are about, nor the index's."""
    common = _known(own)
    for report, files, numbers in rows:
        found = next((reports[file] for file in files if file in reports), None)
        known = _known(found.facts) if found else {}
        wrong = sum(not (_is_told(n, common) or _is_told(n, known)) for n in numbers)
        if wrong:
            yield Problem("audit.undeclared", report, wrong, {"element": name})


_Known = dict[tuple[str, str], list[Fact]]


def _known(facts: Iterable[Fact]) -> _Known:
    found: _Known = {}
    for fact in facts:
        if fact.value is not None:
            found.setdefault((fact.quantity, fact.measure), []).append(fact)
    return found


def _is_told(number: Told, known: _Known) -> bool:
    """Whether a number is one of the facts, or what one of them was rounded from."""
    facts = known.get((number.quantity, number.measure), [])
    return any(_is_value(number.value, fact) for fact in facts)


def _is_value(value: float, fact: Fact) -> bool:
    return fact.value is not None and abs(fact.value - value) <= fact.half + SAME


def _of_page(page: str, facts: Iterable[Fact]) -> Iterator[Problem]:
    """Say how many numbers of the page are no facts of anybody."""
    known = [f for f in facts if f.value is not None]
    exact = {f.value for f in known}
    given = [_finite(text) for text in _VALUE.findall(page)]
    wrong = sum(
        v is not None and v not in exact and not any(_is_value(v, f) for f in known) for v in given
    )
    if wrong:
        yield Problem("audit.undeclared", PAGE, wrong, {"element": INDEX})
