"""The source of the workshop: one file a part, with code once and every text in Dutch and English.

A file of ``parts/`` holds a list of cells. A cell has text (``nl`` and ``en``), or ``code``, or an
``exercise``: what is asked, how an answer is judged, what is said to typical wrong ones, hints.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Kind = Literal["number", "letter", "word", "numbers", "wording"]
Text = Mapping[str, str]
"""Language -> text."""


@dataclass(frozen=True)
class Wrong:
    """A typical wrong answer and what helps whoever gives it.

    Attributes
    ----------
    answers
        The answers that are wrong in this way.
    target
        Name of the target that computes such an answer from the student's survey, or "".
    fault
        Name of a fault of a wording, or "".
    text
        What is said to it.
    """

    answers: tuple[Any, ...]
    target: str
    fault: str
    text: Text


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes
    ----------
    key
        Its name, the number of its part and a letter: ``"2a"``.
    kind
        What an answer is: a number, a letter or word among the options, a list of numbers, or a
        wording of one's own.
    answers, target
        The right answers, or the name of the target that computes it.
    tolerance
        How far a number may be off.
    options
        Letters or words to choose from.
    solution
        The code of a right answer by language; the same in all but a wording of one's own.
    own_survey
        Whether the answer depends on the student's own survey.
    """

    key: str
    kind: Kind
    answers: tuple[Any, ...]
    target: str
    tolerance: float
    options: tuple[str, ...]
    solution: Text
    own_survey: bool
    ask: Text
    right: Text
    because: Text
    hints: Mapping[str, tuple[str, ...]]
    wrong: tuple[Wrong, ...]


@dataclass(frozen=True)
class Cell:
    """A cell: text, or code, or an exercise; `is_figure` for code whose output is a picture."""

    id: str
    text: Text | None = None
    code: str = ""
    exercise: Exercise | None = None
    is_figure: bool = False


@dataclass(frozen=True)
class Part:
    """One part of the afternoon, a notebook.

    Attributes
    ----------
    number, minutes
        Its place, and the time it takes.
    name
        The notebook's name by language, without its ending.
    title, question, answer
        What it is called, what it begins with and what it ends with.
    notes
        For the instructor: pitfalls, and questions to expect with their answers.
    """

    number: int
    minutes: int
    name: Text
    title: Text
    question: Text
    answer: Text
    notes: Text
    cells: tuple[Cell, ...]

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises in order."""
        return tuple(cell.exercise for cell in self.cells if cell.exercise)


@cache
def parts() -> tuple[Part, ...]:
    """Return all parts in order."""
    folder = files("employer_identity.workshop") / "parts"
    texts = [p.read_text(encoding="utf-8") for p in folder.iterdir() if p.name.endswith(".toml")]
    found = [_part(tomllib.loads(text)) for text in texts]
    return tuple(sorted(found, key=lambda part: part.number))


def exercises() -> dict[str, Exercise]:
    """Return all exercises by their keys."""
    return {exercise.key: exercise for part in parts() for exercise in part.exercises}


def _part(raw: dict[str, Any]) -> Part:
    texts = {k: _both(raw[k]) for k in ("name", "title", "question", "answer", "notes")}
    cells = tuple(_cell(cell) for cell in raw["cell"])
    return Part(raw["number"], raw["minutes"], **texts, cells=cells)


def _cell(raw: dict[str, Any]) -> Cell:
    if "exercise" in raw:
        exercise = _exercise(raw["exercise"])
        return Cell(f"exercise-{exercise.key}", exercise=exercise)
    if "code" in raw:
        return Cell(raw["id"], code=raw["code"].strip(), is_figure=raw.get("figure", False))
    return Cell(raw["id"], text=_both(raw))


def _both(raw: dict[str, Any]) -> dict[str, str]:
    return {"nl": raw["nl"].strip(), "en": raw["en"].strip()}


def _each(code: str | dict[str, str]) -> dict[str, str]:
    return {"nl": code, "en": code} if isinstance(code, str) else code


def _exercise(raw: dict[str, Any]) -> Exercise:
    def text(name: str) -> dict[str, str]:
        return _both({language: raw[language][name] for language in ("nl", "en")})

    hints: dict[str, tuple[str, ...]] = {t: tuple(raw[t]["hints"]) for t in ("nl", "en")}
    return Exercise(
        raw["key"],
        raw["kind"],
        _several(raw.get("answer", [])),
        raw.get("target", ""),
        raw.get("tolerance", 0.0),
        tuple(raw.get("options", ())),
        _each(raw["solution"]),
        raw.get("own_survey", False),
        text("ask"),
        text("right"),
        text("because"),
        hints,
        tuple(_wrong(wrong) for wrong in raw["wrong"]),
    )


def _wrong(raw: dict[str, Any]) -> Wrong:
    answers = _several(raw.get("is", []))
    return Wrong(answers, raw.get("target", ""), raw.get("fault", ""), _both(raw))


def _several(value: Any) -> tuple[Any, ...]:
    """Return answers as a tuple; one answer may stand alone."""
    return tuple(value) if isinstance(value, list) else (value,)
