"""Which columns of an unknown survey are rated on one answer scale, and what that scale is."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from employer_identity.answer_words import ranked
from employer_identity.answers import Values, number_in
from employer_identity.profiles import GROUPS, WORDS, Profile, says

POINTS = (3, 11)  # fewest and most answers of a scale
SPAN = 20  # a column with more different numbers than these, codes for "no answer" included
RARE = 0.005  # share of a family's answers below which a code at its end is no answer of the scale
USUAL = {6: 5, 8: 7, 9: 7}  # an end that may be a code for "don't know" -> the scale's own end
STRAY = 30  # answers at an end of the scale before they are held against the others
_NO_ANSWER = re.compile(
    r"don.?t know|do not know|no (answer|opinion)|not applicable|does not apply|n/?\.?a\.?$|refus"
    r"|weet (ik )?niet|geen (antwoord|mening)|niet van toepassing|n\.?v\.?t|onbekend|wil niet"
    r"|prefer not|missing|unknown|weiger|zeg ik liever niet",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(.*?)[\W_]*(?:SQ|sq)?(\d+)[\W_]*(?:[a-z]|r|rev|rec)?\]?$")
_LETTERED = re.compile(r"(.+)[\W_]([a-z])$", re.IGNORECASE)
_GENERIC = re.compile(
    r"(q|v|x|y|s|i|it|item|items|vraag|vr|question|var|variable|stelling|col|column|kolom)?",
    re.IGNORECASE,
)
_NEVER = ("respondent", "weight", "wave", "date", "duration", "year")  # roles that are no ratings


@dataclass(frozen=True)
class Ratings:
    """The columns that share the answer scale.

    Attributes
    ----------
    minimum, maximum
        The scale.
    missing
        Code or text that stands for "no answer" -> how often it occurs.
    columns
        The rated columns.
    others
        Column that is rated on another scale -> that scale.
    answers
        The answers' texts from lowest to highest, where the columns hold these.
    """

    minimum: int
    maximum: int
    missing: Mapping[int | str, int]
    columns: tuple[Profile, ...]
    others: Mapping[str, tuple[int, int]]
    answers: tuple[str, ...] = ()


def stem(name: str) -> str:
    """Return what a name shares with its neighbours: ``trust`` of ``trust_1``, ``Q1`` of ``Q1_2``.

    A name without a number keeps what stands before its first underscore or point.
    """
    numbered = _NUMBERED.fullmatch(name)
    if numbered:
        return numbered[1].rstrip("_.-[ ")
    lettered = _LETTERED.fullmatch(name)
    return lettered[1] if lettered else re.split(r"[_.\-]", name)[0]


def is_generic(shared: str) -> bool:
    """Tell whether a stem says only that its columns are questions: ``Q``, ``item``, nothing."""
    return _GENERIC.fullmatch(shared) is not None


def find_ratings(columns: Sequence[Profile]) -> Ratings | None:
    """Find the scale that most rated columns share; None where fewer than three share any."""
    found = _in_numbers([_numbered(c) for c in columns])
    answers = _answers(columns)
    if not answers:
        return found
    rank = {answer.casefold(): k for k, answer in enumerate(answers, start=1)}
    worded = [_ranked(c, rank) for c in columns if _is_worded(c, rank)]
    if found and len(found.columns) >= len(worded):
        return found
    return Ratings(1, len(answers), _no_answers(worded), tuple(worded), {}, answers)


def _answers(columns: Sequence[Profile]) -> tuple[str, ...]:
    """Return the answers in words that most columns share, from lowest to highest."""
    sets = Counter(frozenset(_worded(c)) for c in columns if c.values is None)
    found: tuple[str, ...] = ()
    for values, _ in sets.most_common():
        if 2 <= len(values) <= POINTS[1] and len(found) + len(values) <= 2 * POINTS[1]:
            spelt = {v.casefold(): v for v in (*sorted(values), *found)}
            found = ranked(spelt.values()) or found
    many = sum(_is_worded(c, dict.fromkeys(map(str.casefold, found), 0)) for c in columns) > 2
    return found if many and POINTS[0] <= len(found) <= POINTS[1] else ()


def _worded(column: Profile) -> list[str]:
    return [value for value in column.counts if not _NO_ANSWER.search(value)]


def _no_answers(columns: Iterable[Profile]) -> dict[int | str, int]:
    """Count the texts that say that there is no answer."""
    found: Counter[int | str] = Counter()
    for column in columns:
        found.update({v: n for v, n in column.counts.items() if _NO_ANSWER.search(v)})
    return dict(found)


def _numbered(column: Profile) -> Profile:
    """Read numbers among which some texts say that there is no answer."""
    answers = _worded(column)
    if column.values is not None or not answers or len(answers) == len(column.counts):
        return column
    found = {answer: number_in(answer) for answer in answers}
    if np.inf in found.values():
        return column
    values = np.array([*(found.get(v, np.nan) for v in column.counts), np.nan])
    return replace(column, values=values[column.cells])


def _is_worded(column: Profile, rank: Mapping[str, int]) -> bool:
    worded = _worded(column) if column.values is None else []
    return len(worded) > 1 and all(value.casefold() in rank for value in worded)


def _ranked(column: Profile, rank: Mapping[str, int]) -> Profile:
    ranks = np.array([*(rank.get(v.casefold(), np.nan) for v in column.counts), np.nan])
    return replace(column, values=ranks[column.cells])


def _in_numbers(columns: Sequence[Profile]) -> Ratings | None:
    """Find the scale of the columns that hold numbers."""
    families = _families(columns)
    ranges = {key: found for key, family in families.items() if (found := _range(family))}
    sizes: Counter[tuple[int, int]] = Counter()
    for key, found in ranges.items():
        sizes[found] += len(families[key])
    if not sizes:
        return None
    shared = max(sizes, key=lambda r: (sizes[r], r[1] - r[0]))
    fitting = {c.name for k in ranges if _fits(families[k], shared) for c in families[k]}
    mine = [c for c in columns if c.name in fitting]
    if len(mine) < 3:
        return None
    minimum, maximum = _within(mine, *shared)
    codes = _pooled(mine)
    missing: dict[int | str, int] = {
        c: n for c, n in sorted(codes.items()) if not minimum <= c <= maximum
    }
    answered = [c for c in mine if _is_spread(c, minimum, maximum)]
    others = {
        c.name: found
        for key, found in ranges.items()
        if not _fits(families[key], shared) and len(families[key]) > 2
        for c in families[key]
    }
    missing |= _no_answers(answered)
    return Ratings(minimum, maximum, missing, tuple(answered), others)


def _families(columns: Iterable[Profile]) -> dict[str, list[Profile]]:
    """Gather rated columns by stem; those without a telling one stand alone."""
    families: dict[str, list[Profile]] = defaultdict(list)
    known = tuple(word for role in _NEVER for word in WORDS[role])
    for column in columns:
        if 2 <= len(column.codes) <= SPAN and not says(column.name, known):
            families[stem(column.name)].append(column)
    found: dict[str, list[Profile]] = {}
    for shared, family in families.items():
        if is_generic(shared) or len(family) == 1:
            found |= {c.name: [c] for c in family if not says(c.name, GROUPS)}
        elif len(family) > 2 or not says(shared, GROUPS):
            found[f"{shared} "] = family
    return found


def _pooled(family: Iterable[Profile]) -> Counter[int]:
    codes: Counter[int] = Counter()
    for column in family:
        codes.update(column.codes)
    return codes


def _range(family: Sequence[Profile]) -> tuple[int, int] | None:
    """Return the unbroken stretch of codes around the commonest one, if it can be a scale."""
    unlabelled = {code: n for code, n in _pooled(family).items() if not _is_no_answer(code, family)}
    total = sum(unlabelled.values())
    held = {code for code, n in unlabelled.items() if n > RARE * total}
    if not held:
        return None
    if total < 10 * STRAY:  # few answers may leave one out
        between = range(min(held) + 1, max(held))
        held |= {c for c in between if {c - 1, c + 1} <= held and (c < 7 or 10 in held) and c > 1}
    low = high = max(held, key=lambda code: unlabelled.get(code, 0))
    while low - 1 in held:
        low -= 1
    while high + 1 in held:
        high += 1
    low = 1 if low in (2, 3) else low
    high += high + 1 in unlabelled and high in (4, 6, 9)  # a rare last answer of a usual scale
    return (low, high) if POINTS[0] <= high - low + 1 <= POINTS[1] else None


def _is_no_answer(code: int, family: Iterable[Profile]) -> bool:
    labels = (column.labels.get(str(code), "") for column in family)
    return any(_NO_ANSWER.search(label) for label in labels)


def _fits(family: Sequence[Profile], shared: tuple[int, int]) -> bool:
    """Tell whether columns are rated on the scale; few answers need not reach both its ends."""
    found = _range(family)
    if found is None:
        return False
    answers = sum(c.n for c in family)
    slack = 0 if answers >= 2000 else 1 if answers >= 100 else 2
    return shared[0] <= found[0] <= shared[0] + slack and shared[1] - slack <= found[1] <= shared[1]


def _is_spread(column: Profile, minimum: int, maximum: int) -> bool:
    """Tell whether the answers to one question reach over most of the scale."""
    inside = [v for v in column.codes if minimum <= v <= maximum]
    needed = (maximum - minimum + 1) * 0.6 if column.n >= 100 else 2
    return len(inside) > 1 and max(inside) - min(inside) + 1 >= needed


# --- Codes at an end of the scale that do not answer


def _within(columns: Sequence[Profile], minimum: int, maximum: int) -> tuple[int, int]:
    """Leave out codes just outside a usual scale whose givers stand in the middle of it.

    A scale to 6, 8 or 9 may be one to 5 or 7 with codes for "don't know" and "does not apply", and
    one from 0 to 5 or 7 one from 1. Others are not doubted.
    """
    usual = USUAL.get(maximum, maximum)
    beyond = range(usual + 1, maximum + 1)
    if (
        beyond
        and minimum <= 1
        and all(_is_stray(columns, code, range(1, usual + 1)) for code in beyond)
    ):
        maximum = usual
    if minimum == 0 and maximum in USUAL.values() and _is_stray(columns, 0, range(maximum, 0, -1)):
        minimum = 1
    return minimum, maximum


def _is_stray(columns: Sequence[Profile], code: int, scale: range) -> bool:
    """Tell whether those who gave a code lie, on the questions they answered, nearer the middle.

    Every question is turned so that it goes with the first principal axis of all. Who chose the
    last answer of a scale stands further out on the other questions than who chose the one before;
    who chose "don't know" does not.
    """
    matrix = np.column_stack([c.values for c in columns if c.values is not None])
    rest = _rest(np.where((matrix >= min(scale)) & (matrix <= max(scale)), matrix, np.nan))
    outward = rest if scale[-1] > scale[0] else -rest
    ends, last, before = (outward[matrix == c] for c in (code, scale[-1], scale[-2]))
    if min(len(ends), len(last), len(before)) < STRAY:
        return False
    error = np.sqrt(ends.var() / len(ends) + last.var() / len(last))
    middle = (last.mean() + before.mean()) / 2
    rising = last.mean() > before.mean() and last.mean() > 0
    return bool(rising and ends.mean() < middle and last.mean() - ends.mean() > 4 * error)


def _rest(known: Values) -> Values:
    """Mean of everybody's other answers (rows, questions), in the direction of the question."""
    there = np.isfinite(known)
    spread = np.nanstd(known, axis=0)
    standard = (known - np.nanmean(known, axis=0)) / np.where(spread > 0, spread, 1)
    standard[~there] = 0
    axis = np.linalg.eigh(standard.T @ standard)[1][:, -1]
    others = (standard @ axis)[:, None] - standard * axis
    rest: Values = others / np.maximum(there.sum(axis=1, keepdims=True) - there, 1) * np.sign(axis)
    return rest
