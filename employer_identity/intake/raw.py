"""What reading gives: named columns as they stand in the source, and what it says of them."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from employer_identity.errors import Problem, SurveyError
from employer_identity.language import refusal

MANY = 6  # files that are not listed one by one


@dataclass(frozen=True)
class Part:
    """One file of a survey.

    Attributes
    ----------
    name
        The file's name, without its folder; empty for a frame.
    start
        Position of its first respondent among all.
    first_row
        What a reader of the file calls the first row below the header.
    left_out
        What a reader calls the rows from there on that are no respondents, in ascending order.
    """

    name: str
    start: int
    first_row: int
    left_out: tuple[int, ...] = ()

    def place(self, row: int) -> int:
        """Number, as a reader of the file finds it, of a respondent by position among all."""
        number = row - self.start + self.first_row
        for gone in self.left_out:
            if gone > number:
                break
            number += 1
        return number


@dataclass(frozen=True)
class Named:
    """What a survey needs of its files.

    Attributes
    ----------
    columns
        Names of the columns.
    identity
        That of them by which persons are known, and that says nothing else; None where none does.
    """

    columns: frozenset[str]
    identity: str | None = None


@dataclass(frozen=True)
class Raw:
    """Columns as they stand in the source.

    Attributes
    ----------
    frame
        One row a respondent, with a fresh index. From text files and workbooks every column is a
        categorical of texts, exactly as they are written, and blank cells and their like are
        missing; from other files numbers are numbers. Names may occur twice.
    parts
        The files, in the order of their rows.
    sha256
        Hash of the files' bytes, one after the other, or of the frame written as CSV.
    texts
        Column -> the question as it was asked, where the source says so.
    labels
        Column -> value (as text) -> its label, where the source says so.
    changes
        What reading left out or turned into something else (codes ``survey.changed.*``), and what
        is doubtful about several files (severity "warning").
    is_narrow
        Whether all are from Parquet, so that they may be many: answers are to be held narrow.
    others
        Columns that are in the source and were not read.
    """

    frame: pd.DataFrame
    parts: tuple[Part, ...]
    sha256: str
    texts: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    changes: tuple[Problem, ...] = ()
    is_narrow: bool = False
    others: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Names of the files; of many the first and the last."""
        names = [p.name for p in self.parts if p.name]
        if len(names) > MANY:
            return f"{names[0]} \N{HORIZONTAL ELLIPSIS} {names[-1]}"
        return ", ".join(names)

    def places(self, rows: Iterable[int]) -> list[str]:
        """Name rows by position as a reader finds them: ``12``; ``b.csv 12`` of several files."""
        starts = [p.start for p in self.parts]
        named = []
        for row in rows:
            part = self.parts[bisect_right(starts, row) - 1]
            number = part.place(row)
            named.append(f"{part.name} {number}" if len(self.parts) > 1 else str(number))
        return named


def of_frame(frame: pd.DataFrame) -> Raw:
    """Take a frame as it is."""
    digest = hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()
    return Raw(frame.reset_index(drop=True), (Part("", 0, 1),), digest)


def refuse(code: str, where: object, count: int = 0, **values: object) -> SurveyError:
    """Refuse a file for one reason, see `Problem`."""
    return refusal(SurveyError, [Problem(code, str(where), count, values)])


def change(code: str, where: str, count: int) -> Problem:
    """Tell of one thing that reading left out or turned into something else."""
    return Problem(code, where, count, severity="change")


Stamp: TypeAlias = tuple[int, int]
"""A file's size and the time of its last change."""


def stamp(path: Path, name: str) -> Stamp:
    """Look at a file; one that has gone has changed."""
    try:
        found = path.stat()
    except OSError:
        raise refuse("scan.changed", name) from None
    return found.st_size, found.st_mtime_ns


def digest(paths: Sequence[Path]) -> str:
    """Hash of the files' bytes, one after the other."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(2**20):
                whole.update(block)
    return whole.hexdigest()
