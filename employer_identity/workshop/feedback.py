"""What students call: `start`, `check` and `hint`; each answers in the workshop's language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Literal

from employer_identity.errors import Problem
from employer_identity.language import LANGUAGES, Language, listing, say
from employer_identity.workshop.data import class_survey, refused
from employer_identity.workshop.judging import Verdict, judge
from employer_identity.workshop.room import ROOM
from employer_identity.workshop.source import Exercise, exercises
from employer_identity.workshop.unknown_names import explain_unknown_names

Tone = Literal["right", "not_yet", "open", "hint"]
_SIGNS: dict[Tone, str] = {
    "right": "\N{CHECK MARK}",
    "not_yet": "\N{RIGHTWARDS ARROW}",
    "open": "\N{HORIZONTAL ELLIPSIS}",
    "hint": "?",
}

_NAMES = re.compile("`([^`]+)`")


@dataclass(frozen=True, repr=False)
class Feedback:
    """What is said to an answer, or a hint; shows itself in a notebook.

    Attributes
    ----------
    key
        The exercise.
    tone
        ``"right"``, ``"not_yet"``, ``"open"`` (nothing is filled in) or ``"hint"``.
    heading, text
        One or two words, and what helps.
    """

    key: str
    tone: Tone
    heading: str
    text: str

    @property
    def passed(self) -> bool:
        """Whether the answer was right."""
        return self.tone == "right"

    def __repr__(self) -> str:
        return f"{_SIGNS[self.tone]} {self.heading}: {self.text.replace('`', '')}"

    def _repr_html_(self) -> str:
        # No colour of its own: the theme's text colour is readable in light and dark.
        style = "border-left: 4px solid currentColor; padding: 2px 12px; max-width: 44em"
        head = f"{_SIGNS[self.tone]} {escape(self.heading)}"
        text = _NAMES.sub(r"<code>\1</code>", escape(self.text))
        return f'<div role="status" style="{style}"><b>{head}</b><br>{text}</div>'


def start(language: Language) -> Language:
    """Begin: set the language of what is said, and explain unknown names kindly.

    Parameters
    ----------
    language
        ``"nl"`` or ``"en"``.

    Raises
    ------
    WorkshopError
        If it is another language.

    Examples
    --------
    >>> language = ei.workshop.start("en")
    """
    if language not in LANGUAGES:
        raise refused(Problem("workshop.unknown_language", str(language)))
    ROOM.language = language
    ROOM.hints.clear()
    explain_unknown_names(ROOM)
    print(say("workshop.welcome", language))
    return language


def check(key: str, answer: object, *, student: int = 1) -> Feedback:
    """Say whether an answer is right, and if not, what is the matter with it.

    Parameters
    ----------
    key
        The exercise, such as ``"2a"``.
    answer
        The student's answer, of any type.
    student
        Number of the student, where the exercise is about `class_survey`.

    Raises
    ------
    WorkshopError
        If there is no such exercise or student.

    Examples
    --------
    >>> ei.workshop.check("2b", "x3")
    """
    exercise, language = _exercise(key), ROOM.language
    if exercise.own_survey:
        class_survey(student)  # refuses what is no number of a student
    verdict = judge(exercise, answer, student=student, language=language)
    tone: Tone = "right" if verdict.passed else "open" if verdict.is_open else "not_yet"
    heading = say(f"workshop.heading.{tone}", language, key=exercise.key)
    return Feedback(exercise.key, tone, heading, _words(exercise, verdict, language))


def hint(key: str, stage: int | None = None) -> Feedback:
    """Give a hint: each time it is asked a further one, and the last one again.

    Parameters
    ----------
    key
        The exercise, such as ``"2a"``.
    stage
        Which hint, from 1; None gives the next one.

    Raises
    ------
    WorkshopError
        If there is no such exercise or hint.

    Examples
    --------
    >>> ei.workshop.hint("2a")
    >>> ei.workshop.hint("2a", 3)
    """
    exercise, language = _exercise(key), ROOM.language
    hints = exercise.hints[language]
    if stage is None:
        stage = min(ROOM.hints.get(exercise.key, 0) + 1, len(hints))
        ROOM.hints[exercise.key] = stage
    elif isinstance(stage, bool) or stage not in range(1, len(hints) + 1):
        raise refused(Problem("workshop.unknown_hint", exercise.key, len(hints)))
    heading = say("workshop.heading.hint", language, stage=stage, n=len(hints))
    return Feedback(exercise.key, "hint", heading, hints[stage - 1])


def _exercise(key: str) -> Exercise:
    known = exercises()
    name = str(key).strip().lower()
    if name not in known:
        problem = Problem("workshop.unknown_exercise", str(key), values={"known": ", ".join(known)})
        raise refused(problem)
    return known[name]


def _words(exercise: Exercise, verdict: Verdict, language: Language) -> str:
    """Find what is said: the exercise's own words, or those for any answer of this form."""
    if verdict.passed:
        return exercise.right[language]
    if verdict.wrong is not None:
        return verdict.wrong.text[language]
    values = dict(verdict.values)
    if options := values.get("options"):
        assert isinstance(options, tuple)
        values["options"] = listing((f'"{o}"' for o in options), language)
        values["example"] = f'"{options[0]}"'
    return say(f"workshop.answer.{verdict.code}", language, key=exercise.key, **values)
