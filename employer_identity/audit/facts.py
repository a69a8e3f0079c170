"""What was published, as data: one number of one set of people, and where it stands.

Beside ``report.html`` lies ``report.facts.json``: every number in the report that is about a set of
people, and the hashes of the report's files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from employer_identity import __version__

FORM = 2
"""Version of the form in which facts are written: 1 took merged groups for groups of their own."""
SUFFIX = ".facts.json"
WAVE = "wave"
"""Name under which a scope holds the wave, whatever the survey's column is called."""
REST = ""
"""Value of a column for those who gave none, or none that is named."""
PERSONS = "persons"
"""Measure of a count of people, whatever they answered."""

Quantity = Literal["count", "mean", "share", "sum"]
Frame = Literal["insiders", "outsiders"]
Box = tuple[tuple[str, tuple[str, ...]], ...]
"""Columns with values: the people who have one of the values in each of the columns."""
Scope = tuple[Box, ...]
"""The people who are in any of the boxes; one box without columns is everybody."""
EVERYBODY: Scope = ((),)


@dataclass(frozen=True)
class Fact:
    """One published number.

    Attributes
    ----------
    scope
        Of whom it tells.
    quantity
        A count of people; the mean, the sum, or the share of some answers, of a measure. A share of
        `PERSONS` is a share of everybody (in those waves).
    value
        As printed; None: the cell is named, and its number withheld.
    half
        Half the width of rounding: what was rounded lies within `value` plus and minus this.
    measure
        A pillar, item or outcome; in a count those who answered it; `PERSONS` for everybody there.
    answers
        Of a share: which answers it is about.
    weighted
        Whether a mean, sum or share is weighted; counts never are.
    least
        Of a withheld number: from how many people on it would have been shown.
    frame
        Employees, or the public.
    element
        Where in the report it stands: the key of a table or figure, ``alt``, ``caption``.
    """

    scope: Scope
    quantity: Quantity
    value: float | None
    half: float = 0.0
    measure: str = PERSONS
    answers: tuple[int, ...] = ()
    weighted: bool = False
    least: int = 0
    frame: Frame = "insiders"
    element: str = ""


@dataclass(frozen=True)
class Answers:
    """Between which answers a measure lies, and whether it is a whole number for each person."""

    low: float
    high: float
    whole: bool = False


@dataclass(frozen=True)
class Published:
    """The facts of one report.

    Attributes
    ----------
    report
        Name of the report: the stem of its files.
    files
        Name of each of its files -> SHA-256.
    study
        What the survey is called; reports of one study speak of the same people.
    edition
        Hash of the answers: a later edition has late answers in it, too.
    floor
        Smallest number of persons that the report shows.
    answers
        Of each measure.
    form, version
        Of this form, and of the program.
    """

    report: str
    files: Mapping[str, str]
    study: str
    edition: str
    floor: int
    facts: tuple[Fact, ...]
    answers: Mapping[str, Answers] = field(default_factory=dict)
    form: int = FORM
    version: str = __version__


@dataclass(frozen=True)
class Statement:
    """A fact with the report that states it, and the edition of the answers that it rests on."""

    fact: Fact
    report: str = ""
    edition: str = ""


_FILE = TypeAdapter(Published)
_FACTS = TypeAdapter(tuple[Fact, ...])
_ANSWERS = TypeAdapter(dict[str, Answers])


def box(values: Mapping[str, str | Iterable[str]]) -> Box:
    """Return a box: each column with its value, or its values."""
    pairs = {c: (v,) if isinstance(v, str) else tuple(sorted(v)) for c, v in values.items()}
    return tuple(sorted(pairs.items()))


def columns_of(scope: Scope) -> frozenset[str]:
    """Return the columns that a scope speaks of."""
    return frozenset(column for one in scope for column, _ in one)


def in_wave(facts: Iterable[Fact], wave: str) -> tuple[Fact, ...]:
    """Return facts as told of one wave; empty for all. Those with waves of their own keep them."""
    if not wave:
        return tuple(facts)
    return tuple(replace(f, scope=tuple(_in_wave(b, wave) for b in f.scope)) for f in facts)


def _in_wave(one: Box, wave: str) -> Box:
    return one if any(column == WAVE for column, _ in one) else box({**dict(one), WAVE: wave})


def sidecar(report: Path) -> Path:
    """Return where the facts of a report lie."""
    return report.with_name(f"{report.stem}{SUFFIX}")


def digest(content: bytes) -> str:
    """Return the hash of a file's content."""
    return hashlib.sha256(content).hexdigest()


def write_facts(published: Published) -> bytes:
    """Write facts as a sidecar holds them, the same text for the same facts."""
    return _FILE.dump_json(published)


def read_facts(content: bytes) -> Published:
    """Read a sidecar.

    Raises
    ------
    ValueError
        If it is none, or was written by hand and wrongly.
    """
    return _FILE.validate_json(content)


def plain(facts: tuple[Fact, ...]) -> list[dict[str, Any]]:
    """Return facts as JSON knows them."""
    told: list[dict[str, Any]] = _FACTS.dump_python(facts, mode="json", exclude_defaults=True)
    return told


def again(told: object) -> tuple[Fact, ...]:
    """Return the facts that `plain` has written."""
    return _FACTS.validate_python(told)


def plain_answers(answers: Mapping[str, Answers]) -> dict[str, dict[str, Any]]:
    """Return between which answers measures lie, as JSON knows it."""
    told: dict[str, dict[str, Any]] = _ANSWERS.dump_python(dict(answers), mode="json")
    return told


def answers_again(told: object) -> dict[str, Answers]:
    """Return what `plain_answers` has written."""
    return _ANSWERS.validate_python(told)
