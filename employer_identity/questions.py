"""Questions of a survey: answers as numbers on the scale, and what is wrong with them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

from employer_identity.answers import Flags, Values, distinct, numbers
from employer_identity.columns import rows_problem, shown
from employer_identity.errors import Problem
from employer_identity.intake.raw import Raw
from employer_identity.narrow import narrowed
from employer_identity.questionnaire import Scale

NO_ANSWER = {0, 8, 9, 77, 88, 97, 98, 99, 777, 888, 997, 998, 999, 9999}
NO_ANSWER |= {-code for code in NO_ANSWER} | {-1, -2, -3}
"""Numbers that questionnaires often use for "don't know", "not applicable" and "no answer"."""

ANSWER_CODE = re.compile(r"ao?(\d+)")  # LimeSurvey's codes of answers in lower case: A1 or AO01


@dataclass(frozen=True)
class Asked:
    """One question's answers as they were ticked.

    Attributes
    ----------
    values
        Whole numbers on the scale, in as few bytes as go; missing where there are none.
    outside
        Row -> a whole number that is not on the scale.
    problems
        What is wrong with the column, apart from numbers outside the scale.
    """

    values: pd.Series
    outside: pd.Series
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        """Whether its values may be looked at further."""
        return not any(p.severity == "error" for p in self.problems)


def question(column: pd.Series, scale: Scale, raw: Raw) -> Asked:
    """Read the answers to one question."""
    name = str(column.name)
    values, text = numbers(column)
    problems = [*_coded(column, values, text, scale), *_declared_missing(name, values, scale)]
    broken = np.isfinite(values) & (values != np.round(values))
    outside = ~broken & ((values < scale.minimum) | (values > scale.maximum))
    strange = pd.Series(values[outside], index=np.flatnonzero(outside))
    values[broken | outside] = np.nan
    allowed = {"minimum": scale.minimum, "maximum": scale.maximum}
    unread = "survey.text_not_an_answer" if scale.answers else "survey.text_in_scale"
    wrong = [
        *rows_problem(unread, name, text, raw, allowed),
        *rows_problem("survey.not_whole", name, broken, raw, allowed),
    ]
    answered = values[np.isfinite(values)]
    if not wrong and strange.empty and not answered.size:
        wrong.append(Problem("survey.empty_column", name))
    if not wrong and strange.empty and answered.size > 1 and np.ptp(answered) == 0:
        wrong.append(Problem("survey.constant_item", name))
    held = narrowed(values, scale.minimum, scale.maximum)
    return Asked(held, strange, (*problems, *wrong))


def _coded(column: pd.Series, values: Values, text: Flags, scale: Scale) -> Iterator[Problem]:
    """Turn texts and codes that stand for answers, or for none, into numbers, in place."""
    if not text.any():
        return
    codes, cells = distinct(column)
    written = [str(c).casefold() for c in cells]
    none = {t.strip().casefold() for t in scale.missing_texts}
    gone = text & np.array([*(w in none for w in written), False])[codes]
    text[gone] = False
    if n := int(gone.sum()):
        told = {"codes": ", ".join(scale.missing_texts)}
        yield Problem("survey.changed.missing_codes", str(column.name), n, told, "change")
    words = {a.casefold(): scale.minimum + k for k, a in enumerate(scale.answers)}
    coded = {w: float(m[1]) for w in written if (m := ANSWER_CODE.fullmatch(w))}
    tables: dict[str, Mapping[str, float]] = {
        "survey.changed.answer_texts": words,
        "survey.changed.answer_codes": coded,
    }
    for code, table in tables.items():
        turned = np.array([*(table.get(w, np.nan) for w in written), np.nan])[codes]
        found = text & np.isfinite(turned)
        values[found], text[found] = turned[found], False
        if n := int(found.sum()):
            yield Problem(code, str(column.name), n, severity="change")


def _declared_missing(name: str, values: Values, scale: Scale) -> Iterator[Problem]:
    """Empty the cells whose code the instrument calls "no answer", in place."""
    gone = np.isin(values, scale.missing_codes)
    values[gone] = np.nan
    if n := int(gone.sum()):
        told = {"codes": ", ".join(map(str, scale.missing_codes))}
        yield Problem("survey.changed.missing_codes", name, n, told, "change")


# --- All questions together


def check_outside(asked: Mapping[str, Asked], scale: Scale, raw: Raw) -> Iterator[Problem]:
    """Numbers that are not on the scale: codes for "no answer" at once, others by column."""
    if not asked:
        return
    counts = pd.concat([a.outside for a in asked.values()]).value_counts()
    codes = _no_answer(counts)
    meant = {name: a.outside[a.outside.isin(codes)] for name, a in asked.items()}
    allowed = {"minimum": scale.minimum, "maximum": scale.maximum}
    if codes:
        where = [name for name, found in meant.items() if len(found)]
        line = f"missing = {[*sorted({*scale.missing_codes, *codes}), *scale.missing_texts]}"
        told = allowed | {"codes": ", ".join(map(str, sorted(codes))), "line": line}
        n = sum(map(len, meant.values()))
        yield Problem("survey.missing_code_undeclared", shown(where), n, told)
    for name, a in asked.items():
        rest = a.outside.drop(meant[name].index)
        bad = np.zeros(len(a.values), dtype=bool)
        bad[rest.index] = True
        told = allowed | {"codes": shown(str(int(c)) for c in sorted(set(rest)))}
        yield from rows_problem("survey.out_of_range", name, bad, raw, told)


def _no_answer(counts: pd.Series) -> set[int]:
    """Which numbers outside the scale stand for "no answer".

    They are of the usual kind and come more than once; not those beside another number outside,
    since that is rather a longer scale: 8, 9 and 10 where the scale ends at 7.
    """
    codes = {int(code) for code, n in counts.items() if code in NO_ANSWER and n > 1}
    for code in sorted({int(c) for c in counts.index} - codes):
        while beside := codes & {code - 1, code + 1}:
            code = beside.pop()
            codes.remove(code)
    return codes


def check_identical(asked: Mapping[str, Asked]) -> Iterator[Problem]:
    """Questions with the same answers throughout: a copied column, and a singular covariance."""
    first: dict[bytes, str] = {}
    for name, a in asked.items():
        if a.is_sound:
            values = a.values.to_numpy(dtype=float, na_value=np.nan)
            twin = first.setdefault(sha256(values.tobytes()).digest(), name)
            if twin != name:
                yield Problem("survey.identical_items", f"{twin}, {name}")


def gathered(changes: Iterable[Problem]) -> list[Problem]:
    """Return changes that were made to many columns as one of each kind."""
    by_code: dict[str, list[Problem]] = defaultdict(list)
    for change in changes:
        by_code[change.code].append(change)
    return [
        Problem(
            code, shown(p.where for p in same), sum(p.count for p in same), same[0].values, "change"
        )
        for code, same in by_code.items()
    ]
