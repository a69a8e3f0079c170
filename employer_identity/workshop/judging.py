"""What is right or wrong about an answer: pure functions; the words are elsewhere."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Real

import numpy as np
import pandas as pd

from employer_identity.language import Language
from employer_identity.workshop.source import Exercise, Kind, Wrong
from employer_identity.workshop.targets import TARGETS

SHORTEST, LONGEST = 5, 20  # words of a good item


@dataclass(frozen=True)
class Verdict:
    """What is found of an answer.

    Attributes
    ----------
    code
        ``"right"``, ``"typical"`` (one of the exercise's typical wrong answers), or what is amiss
        with any answer of this form: ``"untouched"``, ``"text_for_number"``, ...
    wrong
        The typical wrong answer it is.
    values
        What the sentence about it asks for.
    """

    code: str
    wrong: Wrong | None = None
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.code == "right"

    @property
    def is_open(self) -> bool:
        """Whether nothing, or not everything, has been filled in."""
        return self.code.startswith("untouched")


RIGHT = Verdict("right")


def judge(exercise: Exercise, answer: object, *, student: int, language: Language) -> Verdict:
    """Say what is right or wrong about an answer, whatever it is."""
    if answer is ...:
        return Verdict("untouched")
    if answer is None:
        return Verdict("nothing")
    if callable(answer):
        return Verdict("not_called")
    return _JUDGES[exercise.kind](exercise, answer, student, language)


# -- numbers --------------------------------------------------------------------------------------


def _number(exercise: Exercise, answer: object, student: int, _: Language) -> Verdict:
    value = _alone(answer)
    if amiss := _no_number(value):
        return amiss
    assert isinstance(value, Real)
    given, right = float(value), _right_number(exercise, student)
    if abs(given - right) <= exercise.tolerance:
        return RIGHT
    for wrong in exercise.wrong:
        known = [TARGETS[wrong.target](student)] if wrong.target else wrong.answers
        if any(abs(given - float(k)) <= exercise.tolerance for k in known):
            return Verdict("typical", wrong)
    return Verdict("too_high" if given > right else "too_low")


def _right_number(exercise: Exercise, student: int) -> float:
    return TARGETS[exercise.target](student) if exercise.target else float(exercise.answers[0])


def _alone(answer: object) -> object:
    """Take the one value out of an array or column that holds just one."""
    if isinstance(answer, np.ndarray | pd.Series) and answer.size == 1:
        return np.asarray(answer).item()
    return answer


def _no_number(value: object) -> Verdict | None:
    """Say why a value is no number, or None."""
    if isinstance(value, bool | np.bool_):
        return Verdict("truth_for_number")
    if isinstance(value, str):
        return Verdict("text_for_number", values={"given": _cut(value)})
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, int) for v in value):
        return Verdict("comma", values={"whole": value[0], "rest": value[1]})
    if isinstance(value, complex):
        return Verdict("root_of_negative")
    if not isinstance(value, Real):
        return Verdict("other_for_number", values={"type": type(value).__name__})
    try:
        finite = math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        finite = False
    return None if finite else Verdict("no_finite_number")


def _numbers(exercise: Exercise, answer: object, *_: object) -> Verdict:
    right = list(exercise.answers)
    values = {"n": len(right)}
    if not isinstance(answer, list | tuple | np.ndarray | pd.Series):
        return Verdict("one_for_many", values=values)
    given = list(answer)
    if any(g is ... for g in given):
        return Verdict("untouched_in_part", values=values)
    if len(given) != len(right):
        return Verdict("wrong_length", values=values | {"given": len(given)})
    if amiss := next((a for a in map(_no_number, given) if a), None):
        return amiss
    if given == right:
        return RIGHT
    typical = next((w for w in exercise.wrong if list(w.answers) == given), None)
    count = sum(a == b for a, b in zip(given, right, strict=True))
    return Verdict("typical", typical) if typical else Verdict("part_right", values={"n": count})


# -- letters, words, wordings ---------------------------------------------------------------------


def _choice(exercise: Exercise, answer: object, *_: object) -> Verdict:
    values = {"options": exercise.options}
    if not isinstance(answer, str):
        return Verdict(f"no_text_for_{exercise.kind}", values=values)
    given = answer.strip().strip("'\"").strip().lower()
    if given in exercise.answers:
        return RIGHT
    typical = next((w for w in exercise.wrong if given in w.answers), None)
    if typical:
        return Verdict("typical", typical)
    unknown = Verdict("no_option", values=values | {"given": _cut(answer)})
    return Verdict("other_option") if given in exercise.options else unknown


def _wording(exercise: Exercise, answer: object, _: int, language: Language) -> Verdict:
    if not isinstance(answer, str):
        return Verdict("no_text_for_wording")
    found = fault_of(answer, language)
    typical = next((w for w in exercise.wrong if w.fault == found), None)
    return Verdict("typical", typical) if typical else RIGHT


_WORDS: dict[str, dict[Language, str]] = {
    "two_ideas": {"nl": r"\b(en|of)\b", "en": r"\b(and|or)\b"},
    "negative": {"nl": r"\b(niet|geen|nooit)\b", "en": r"\b(not|no|never)\b|n['\u2019]t\b"},
    "employer": {"nl": r"werkgever", "en": r"employer"},
}


def fault_of(wording: str, language: Language) -> str:
    """Name the first rule that an item's wording breaks, or return an empty string."""

    def has(what: str) -> bool:
        return re.search(_WORDS[what][language], wording.lower()) is not None

    length = len(wording.split())
    rules = {
        "question": "?" in wording,
        "short": length < SHORTEST,
        "long": length > LONGEST,
        "two_ideas": has("two_ideas"),
        "negative": has("negative"),
        "no_employer": not has("employer"),
    }
    return next((fault for fault, broken in rules.items() if broken), "")


def _cut(text: str, most: int = 20) -> str:
    return text if len(text) <= most else f"{text[:most]}\N{HORIZONTAL ELLIPSIS}"


_JUDGES: dict[Kind, Callable[[Exercise, object, int, Language], Verdict]] = {
    "number": _number,
    "numbers": _numbers,
    "letter": _choice,
    "word": _choice,
    "wording": _wording,
}
