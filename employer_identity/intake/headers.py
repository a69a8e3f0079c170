"""Header habits: which rows stand above the answers, and what the columns are called.

Each habit is recognised by its shape in the first rows of a file; what has no known shape is read
as one row of names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from employer_identity.errors import Problem
from employer_identity.intake.cells import MISSING, is_number
from employer_identity.intake.raw import change, refuse

Row = Sequence[str]
Span = tuple[int, int, int]  # row, first and last column of cells that are merged, from 0

SHOWN = 5  # positions a message names; the rest is counted
MOST_TITLES = 20  # rows above a header that may be titles
LONG_NAME = 5  # words: a column's name of so many is the question itself
FEW_ROWS = 6  # of fewer rows nobody can tell whether answers repeat

# Qualtrics' third row; LimeSurvey's "code. question", and its names of parts of a question
_IMPORT = re.compile(r'\s*\{\s*"ImportId"\s*:.*\}\s*', re.DOTALL)
_CODED = re.compile(r"([A-Za-z]\w*(?:\[[^\[\]]+\])*)\. (.+)", re.DOTALL)
_BRACKETS = re.compile(r"([A-Za-z]\w*)((?:\[\w+\])+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True)
class Header:
    """What stands above the answers.

    Attributes
    ----------
    names
        A column's name each; empty where the file has none.
    rows
        How many rows stand above the first answer.
    texts
        Column -> the question as it was asked.
    changes
        What was skipped or renamed.
    is_qualtrics
        Whether Qualtrics made the file, so that its own columns mean what they mean there.
    """

    names: tuple[str, ...]
    rows: int
    texts: dict[str, str] = field(default_factory=dict)
    changes: tuple[Problem, ...] = ()
    is_qualtrics: bool = False

    def of_width(self, width: int) -> Header:
        """Return the same header for rows of so many cells."""
        names = (*self.names, *[""] * width)[:width]
        return replace(self, names=names)


def recognise(rows: Sequence[Row], file: str, merged: Iterable[Span] = ()) -> Header:
    """Find names and question texts in the first rows of a file; blank cells are empty texts.

    Raises
    ------
    SurveyError
        If a name has a line break or a control character that no habit explains.
    """
    names, below = _names(rows, merged)
    asked: Row = ()
    imports = [_is_import(rows, k) for k in (below, below + 1)]
    if any(imports):
        asked = () if imports[0] else rows[below]
        below += 1 if imports[0] else 2
    elif _is_asked(rows, below):
        asked, below = rows[below], below + 1
    above = sum(any(cell.strip() for cell in row) for row in rows[:below]) - 1
    changes = [change("survey.changed.header_rows", file, above)] if above > 0 else []
    texts = dict(zip(names, map(_flat, asked), strict=False))
    names, told, renamed = _plain(names, file)
    check_names(names, file)
    texts = {n: t for n, t in (texts | told).items() if n and t}
    return Header(tuple(names), below, texts, (*changes, *renamed), any(imports))


def _flat(cell: str) -> str:
    return " ".join(cell.split())


# --- Rows


def _names(rows: Sequence[Row], merged: Iterable[Span]) -> tuple[list[str], int]:
    """Names of the columns, and the row below them; titles above several columns go down."""
    top, above = _titles(rows), [""] * max(map(len, rows), default=0)
    spans = [(row, first, last) for row, first, last in merged if last > first]
    while top + 1 < len(rows) and any(row == top for row, _, _ in spans):
        above[: len(rows[top])] = [c.strip() or a for c, a in zip(rows[top], above, strict=False)]
        for row, first, last in spans:
            if row == top:
                above[first : last + 1] = [above[first]] * (last + 1 - first)
        top += 1
    lower = [cell.strip() for cell in rows[top]] if rows else []
    if not any(above):
        return lower, top + 1
    lower += [""] * (len(above) - len(lower))
    often = Counter(lower)
    names = [
        f"{title}_{name}" if often[name] > 1 and name and title else name or title
        for name, title in zip(lower, above, strict=True)
    ]
    return names, top + 1


def _titles(rows: Sequence[Row]) -> int:
    """How many rows above the names are blank or hold one cell, as titles do."""
    filled = [[cell for cell in row if cell.strip()] for row in rows]
    wide = next((k for k, cells in enumerate(filled[:MOST_TITLES]) if len(cells) > 1), None)
    if wide is not None and not any(map(is_number, filled[wide])):
        return wide
    return next((k for k, cells in enumerate(filled) if cells), 0)


def _is_import(rows: Sequence[Row], k: int) -> bool:
    cells = [cell for cell in rows[k] if cell.strip()] if k < len(rows) else []
    return bool(cells) and all(map(_IMPORT.fullmatch, cells))


def _is_asked(rows: Sequence[Row], k: int) -> bool:
    """Tell whether a row holds question texts: sentences, each its own, unlike all that follows.

    What follows must be numbers in one column at least; or, below texts as long as questions are,
    answers that repeat in three.
    """
    if k + 1 >= len(rows):
        return False
    asked = [cell.strip() for cell in rows[k]]
    asked = ["" if cell in MISSING else cell for cell in asked]
    columns = [[row[j].strip() for row in rows[k + 1 :] if j < len(row)] for j in range(len(asked))]
    numeric, settled = [], []
    for text, column in zip(asked, columns, strict=True):
        answers = [cell for cell in column if cell not in MISSING]
        repeats = len(answers) >= FEW_ROWS and len(set(answers)) <= len(answers) / 2
        if answers and all(map(is_number, answers)):
            numeric.append(text)
        if answers and (repeats or all(map(is_number, answers))):
            settled.append((text, text in answers))
    texts = [text for text, _ in settled if text]
    sentences = sum(" " in text for text in texts)
    return (
        (any(numeric) or (len(texts) >= 3 and sum(map(_is_question, texts)) > len(texts) / 2))
        and len(texts) >= len(settled) / 2
        and len(set(texts)) == len(texts)
        and sentences >= len(texts) / 2
        and not any(known or is_number(text) for text, known in settled)
    )


# --- Names


def _plain(names: Sequence[str], file: str) -> tuple[list[str], dict[str, str], list[Problem]]:
    """Names as an instrument can have them, the questions they held, and what was changed."""
    told: dict[str, str] = {}
    changes = []
    coded = [_CODED.fullmatch(name) for name in names if name]
    if len(coded) > 1 and all(coded):
        pairs = [_CODED.fullmatch(name) for name in names]
        names = [pair[1] if pair else "" for pair in pairs]
        told = {pair[1]: _flat(pair[2]) for pair in pairs if pair}
        changes.append(change("survey.changed.coded_names", file, len(coded)))
    elif names and sum(map(_is_question, names)) * 2 >= len(names):
        asked = {k: _flat(name) for k, name in enumerate(names, start=1) if _is_question(name)}
        names = [f"q{k}" if k in asked else _flat(name) for k, name in enumerate(names, start=1)]
        told = {f"q{k}": text for k, text in asked.items()}
        changes.append(change("survey.changed.question_names", file, len(asked)))
    plain = [_without_brackets(name) for name in names]
    told = {_without_brackets(name): text for name, text in told.items()}
    if turned := sum(a != b for a, b in zip(names, plain, strict=True)):
        changes.append(change("survey.changed.bracket_names", file, turned))
    return plain, told, changes


def _is_question(name: str) -> bool:
    words = name.split()
    return len(words) >= LONG_NAME or (len(words) > 1 and name.rstrip().endswith("?"))


def _without_brackets(name: str) -> str:
    """``Q1[SQ001]`` is called ``Q1_SQ001``, as LimeSurvey calls it in its exports to SPSS."""
    found = _BRACKETS.fullmatch(name)
    return found[1] + found[2].replace("[", "_").replace("]", "") if found else name


def check_names(names: Sequence[str], file: str) -> None:
    """Refuse names with line breaks or control characters in them."""
    bad = [str(k) for k, name in enumerate(names, start=1) if _CONTROL.search(name)]
    if bad:
        shown = ", ".join(bad[:SHOWN]) + (", ..." if len(bad) > SHOWN else "")
        raise refuse("intake.control_characters", file, len(bad), columns=shown)
