"""Several files as one survey: their columns, labels and question texts put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype, union_categoricals

from employer_identity.errors import Problem, SurveyError
from employer_identity.intake.cells import categories_of, text
from employer_identity.intake.headers import SHOWN
from employer_identity.intake.raw import Raw
from employer_identity.language import refusal


def join(raws: Sequence[Raw], names: Sequence[str], sha256: str) -> Raw:
    """Put the rows of several files below each other, under columns of the same name.

    `names` tell the files apart. A column that a file does not have is missing for its respondents.

    Raises
    ------
    SurveyError
        If a file is given twice, has two columns of one name, or contradicts another one on what
        a value or a column means.
    """
    every = dict.fromkeys(c for raw in raws for c in (*map(str, raw.frame.columns), *raw.others))
    problems = [*_twice(raws, names), *_repeated(raws, names)]
    if problems:
        raise refusal(SurveyError, problems)
    texts, contradicted = _texts(raws, names)
    labels, mislabelled = _labels(raws, names)
    if contradicted or mislabelled:
        raise refusal(SurveyError, [*contradicted, *mislabelled])
    columns = dict.fromkeys(str(c) for raw in raws for c in raw.frame.columns)
    frame = pd.DataFrame({column: _column(column, raws) for column in columns}, copy=False)
    starts = np.cumsum([0, *[len(raw.frame) for raw in raws]]).tolist()
    parts = [
        replace(raw.parts[0], name=name, start=start)
        for raw, name, start in zip(raws, names, starts, strict=False)
    ]
    told = [c for raw in raws for c in raw.changes]
    told += _absent(raws, names, every)
    narrow = all(raw.is_narrow for raw in raws)
    others = tuple(name for name in every if name not in columns)
    return Raw(frame, tuple(parts), sha256, texts, labels, tuple(told), narrow, others)


def _shown(words: Iterable[str]) -> str:
    found = list(words)
    return ", ".join(found[:SHOWN]) + (", ..." if len(found) > SHOWN else "")


def _twice(raws: Sequence[Raw], names: Sequence[str]) -> list[Problem]:
    """Files that have the same bytes as one before."""
    first: dict[str, str] = {}
    found = []
    for raw, name in zip(raws, names, strict=True):
        if raw.sha256 in first:
            values = {"other": first[raw.sha256]}
            found.append(Problem("intake.same_file_twice", name, values=values))
        first.setdefault(raw.sha256, name)
    return found


def _repeated(raws: Sequence[Raw], names: Sequence[str]) -> list[Problem]:
    """Files in which a column's name does not stand for one column."""
    found = []
    for raw, name in zip(raws, names, strict=True):
        there = Counter([*raw.frame.columns, *raw.others])
        often = [str(column) for column, n in there.items() if n > 1]
        if often:
            values = {"columns": _shown(often)}
            found.append(Problem("intake.repeated_columns", name, len(often), values))
    return found


def _absent(raws: Sequence[Raw], names: Sequence[str], columns: Iterable[str]) -> Iterator[Problem]:
    """Warn of each file that does not have all columns."""
    for raw, name in zip(raws, names, strict=True):
        absent = [c for c in columns if c not in raw.frame and c not in raw.others]
        if absent:
            values = {"columns": _shown(absent)}
            yield Problem("intake.columns_differ", name, len(absent), values, "warning")


def _texts(raws: Sequence[Raw], names: Sequence[str]) -> tuple[dict[str, str], list[Problem]]:
    """Question texts of all files, and the columns on which two files disagree."""
    found: dict[str, str] = {}
    source: dict[str, str] = {}
    problems: dict[str, Problem] = {}
    for raw, name in zip(raws, names, strict=True):
        for column, asked in raw.texts.items():
            if found.setdefault(column, asked) != asked:
                files = {"files": f"{source[column]}, {name}"}
                problems.setdefault(column, Problem("intake.texts_differ", column, values=files))
            source.setdefault(column, name)
    return found, list(problems.values())


def _labels(
    raws: Sequence[Raw], names: Sequence[str]
) -> tuple[dict[str, dict[str, str]], list[Problem]]:
    """Labels of all files, and the columns with values that two files label differently."""
    found: dict[str, dict[str, str]] = {}
    source: dict[str, str] = {}
    problems = []
    for raw, name in zip(raws, names, strict=True):
        for column, labels in raw.labels.items():
            known = found.setdefault(column, {})
            differ = [v for v, label in labels.items() if known.setdefault(v, label) != label]
            if differ:
                values = {"values": _shown(differ), "files": f"{source[column]}, {name}"}
                problems.append(Problem("intake.labels_differ", column, len(differ), values))
            source.setdefault(column, name)
    return found, problems


def _column(name: str, raws: Sequence[Raw]) -> pd.Series[Any]:
    """One column of all files: numbers where all have numbers, else categories of texts."""
    pieces = [raw.frame.get(name) for raw in raws]
    known = [piece for piece in pieces if piece is not None]
    if all(is_numeric_dtype(piece.dtype) for piece in known):
        empty = [pd.Series(np.full(len(raw.frame), np.nan)) for raw in raws]
        filled = [e if p is None else p for p, e in zip(pieces, empty, strict=True)]
        return pd.concat(filled, ignore_index=True)
    texts = [
        categories_of([None] * len(raw.frame)) if piece is None else _categories(piece)
        for piece, raw in zip(pieces, raws, strict=True)
    ]
    return pd.Series(union_categoricals(texts))


def _categories(piece: pd.Series[Any]) -> pd.Categorical:
    """One file's column as categories of texts."""
    if isinstance(piece.dtype, pd.CategoricalDtype) and piece.dtype.categories.dtype == "str":
        return piece.array.as_unordered()
    codes, values = pd.factorize(piece)
    found = categories_of(map(text, values))
    return pd.Categorical.from_codes(np.append(found.codes, -1)[codes], dtype=found.dtype)
