"""What is known of one report of a batch: the row of the index and of its stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from employer_identity.errors import Problem
from employer_identity.language import Language, describe, say
from employer_identity.showing import ShowingFields

Status = Literal["due", "made", "kept", "withheld", "failed", "earlier", "outdated"]
"""To be made; made in this run; kept, since nothing had changed; withheld, as too few people stand
behind it; failed; of an earlier batch on the same data; of one on other data or another version.
"""
Format = Literal["html", "pdf", "ipynb"]
FORMATS: tuple[Format, ...] = ("html", "pdf", "ipynb")
Numbers = Mapping[str, float | int | str | None]


@dataclass(frozen=True)
class Record(ShowingFields):
    """One report of a batch.

    Parameters
    ----------
    name
        Stem of its files; safe on every system.
    title
        Whom or what it is about, as people read it.
    language
        Its language.
    status
        What became of it.
    files
        Format -> path inside the batch's folder, with forward slashes; only files that are there
        and right.
    numbers
        What the report itself gave as its numbers, suppressed as the report is; ``n`` among them.
    problem
        Why it was withheld, or how it failed.
    seconds
        How long it took when it was made.
    """

    name: str
    title: str
    language: Language
    status: Status
    files: Mapping[Format, str] = field(default_factory=lambda: MappingProxyType({}))
    numbers: Numbers = field(default_factory=lambda: MappingProxyType({}))
    problem: Problem | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Withheld:
    """Reports that are not made for one reason.

    Attributes
    ----------
    titles
        Whom they would have been about, each once and not once a language.
    reason
        Why, in words.
    is_all
        Whether there is no other report.
    """

    titles: tuple[str, ...]
    reason: str
    is_all: bool


def withheld(records: Sequence[Record], language: Language) -> list[Withheld]:
    """Return the reports that are withheld by the reason why."""
    found: dict[str, dict[str, None]] = {}
    for record in records:
        if record.status == "withheld" and record.problem:
            found.setdefault(_why(record.problem, language), {})[record.title] = None
    titles = {record.title for record in records}
    return [Withheld(tuple(of), why, {*of} == titles) for why, of in found.items()]


def _why(problem: Problem, language: Language) -> str:
    """Say why a report is withheld, without its name where others are for the same reason."""
    if problem.code == "unit.withheld":
        return say("unit.withheld_together", language, **problem.values)
    return describe(problem, language)
