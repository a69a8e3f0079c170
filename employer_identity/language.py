"""The catalogue of sentences in Dutch and English, filled with numbers.

The words live in ``sentences/TOPIC.toml``; a key is ``"topic.table.name"`` and every entry has
``en`` and ``nl``. Numbers are written as the language writes them: ``4,812`` and ``0.93`` in
English, ``4.812`` and ``0,93`` in Dutch. Besides Python's format specifications a field may choose
its word by number: ``{n:#person|people}``.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeVar, get_args

from employer_identity.errors import EmployerIdentityError, Problem
from employer_identity.inert import plain

Language = Literal["en", "nl"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

MOST = 60
"""Problems that a message tells one by one; the error has all of them as data."""
LONGEST = 1000  # letters of a file's or a call's own in a message

_SWAP = str.maketrans(",.", ".,")
_Error = TypeVar("_Error", bound=EmployerIdentityError)


class _Filler(string.Formatter):
    """Fill a sentence: numbers in the language's notation, and words that follow a number."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format one value, see the module's docstring."""
        if format_spec.startswith("#"):
            one, _, many = format_spec[1:].partition("|")
            return one if value == 1 else many
        if isinstance(value, bool) or not isinstance(value, int | float):
            return plain(format(value, format_spec))
        text = format(value, format_spec or ("," if isinstance(value, int) else ".2f"))
        return text.translate(_SWAP) if self.language == "nl" else text


@cache
def _topic(name: str) -> dict[str, Any]:
    path = files("employer_identity") / "sentences" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _entry(key: str) -> dict[str, str]:
    topic, *path = key.split(".")
    found: Any = _topic(topic)
    for part in path:
        found = found[part]
    return found  # type: ignore[no-any-return]


def say(key: str, language: Language = "en", /, **values: object) -> str:
    """Return one sentence of the catalogue, filled.

    Parameters
    ----------
    key
        ``"topic.name"``, or deeper: the file under ``sentences/`` and the table in it.
    language
        ``"en"`` or ``"nl"``.
    **values
        What the sentence's fields ask for.

    Raises
    ------
    KeyError
        If the catalogue has no such sentence, or a field was not given: a fault of the program.
    """
    entry = _entry(key)
    if language not in LANGUAGES:
        raise refusal(EmployerIdentityError, [unknown_language(language)])
    return _Filler(language).vformat(entry[language].strip(), (), values)


def number(value: float, spec: str = ".2f", language: Language = "en") -> str:
    """Write one number as the language does, with a Python format specification."""
    return _Filler(language).format_field(value, spec)


def listing(words: Iterable[str], language: Language = "en") -> str:
    """Join words as a sentence does: ``a, b and c``."""
    *head, last = list(words) or [""]
    return f"{', '.join(head)} {say('edge.and', language)} {last}" if head else last


def day(when: date, language: Language = "en") -> str:
    """Write a day as the language does: ``27 March 2026``, ``27 maart 2026``."""
    month = say(f"dates.month.{when.month}", language)
    return say("dates.day", language, day=when.day, month=month, year=when.year)


def period(first: date, last: date, language: Language = "en") -> str:
    """Write the days from the first to the last as the language does."""
    if (first.year, first.month, first.day) == (last.year, last.month, last.day):
        return day(first, language)
    if first.year != last.year:
        ends = {"first": day(first, language), "last": day(last, language)}
        return say("dates.over_years", language, **ends)
    first_month, month = (say(f"dates.month.{d.month}", language) for d in (first, last))
    words = {"first": first.day, "last": last.day, "month": month, "year": last.year}
    if first_month == month:
        return say("dates.in_one_month", language, **words)
    return say("dates.in_one_year", language, first_month=first_month, **words)


def unknown_language(asked: object) -> Problem:
    """Say which languages there are."""
    return Problem("edge.language", str(asked), values={"allowed": listing(LANGUAGES)})


def nearest(name: str, known: Iterable[str], *, alike: float = 0.6) -> str:
    """Return the known name that looks most like `name`, or an empty string.

    `alike`, from 0 to 1, is how much it must (`difflib.SequenceMatcher.ratio`).
    """
    by_lower = {k.lower(): k for k in known}
    return by_lower.get(next(iter(get_close_matches(name.lower(), by_lower, 1, alike)), ""), "")


def describe(problem: Problem, language: Language = "en") -> str:
    """Say what is wrong, where, what is allowed and what to do."""
    values = {name: _short(value) for name, value in problem.values.items()}
    return say(problem.code, language, where=_short(problem.where), count=problem.count, **values)


def told(problems: Sequence[Problem], language: Language = "en") -> list[str]:
    """Say problems a line each; of very many the first, and how many more there are."""
    lines = [describe(problem, language) for problem in problems[:MOST]]
    more = len(problems) - len(lines)
    return [*lines, say("edge.more", language, count=more)] if more else lines


def _short(value: object) -> object:
    """Cut what a file or a call holds to what a message can."""
    return f"{value[:LONGEST]} ..." if isinstance(value, str) and len(value) > LONGEST else value


def refusal(error: type[_Error], problems: Iterable[Problem]) -> _Error:
    """Build an exception whose message tells all problems at once, a line each."""
    found = tuple(problems)
    return error("\n".join(told(found)), found)
