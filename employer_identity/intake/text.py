"""Reading separated text: its encoding, its separator, and every cell as it is written."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow

from employer_identity.intake.cells import categorical, categories_of
from employer_identity.intake.headers import SHOWN, recognise
from employer_identity.intake.raw import Raw, refuse
from employer_identity.intake.respondents import check_width, respondents

SUFFIXES = (".csv", ".tsv", ".txt")
LARGEST = 10**9  # bytes
SEPARATORS = ",;\t|"

_BLOCK = 2**22  # bytes read at once; no row can be longer
_LOOKED_AT = 100  # rows from which separator and header are recognised
_MARKS = (  # how a file may begin, and Python's name of the encoding; longer marks go first
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class _Source:
    """A text file: its encoding, the byte where its text starts, and how many quotes it has."""

    path: Path
    encoding: str
    start: int
    quotes: int


@dataclass(frozen=True)
class _Opening:
    """The first rows of a file, with the byte where each ends."""

    separator: str
    rows: list[list[str]]
    ends: list[int]


def read(path: Path) -> Raw:
    """Read one text file.

    Raises
    ------
    SurveyError
        If the file is too large, no text, or has rows of another width than its header.
    """
    if (size := path.stat().st_size) > LARGEST:
        raise refuse("intake.text_too_large", path, size=size / 1e9, limit=LARGEST / 1e9)
    source = _examine(path)
    opening = _open(source)
    header = recognise(opening.rows, path.name)
    width = _width(opening.rows, header.rows, header.names)
    check_width(width, path)
    header = header.of_width(width)
    start = opening.ends[header.rows - 1]
    columns, rows = _columns(source, opening.separator, start, width, header.rows + 1)
    return respondents(columns, header, path, first_row=header.rows + 1, rows=rows)


# --- Encoding


def _examine(path: Path) -> _Source:
    """Find the encoding in which the whole file can be read."""
    with path.open("rb") as file:
        opening = file.read(4)
    mark, marked = next(((m, e) for m, e in _MARKS if opening.startswith(m)), (b"", None))
    for encoding in ("utf-8", "cp1252") if marked is None else (marked,):
        quotes = _quotes(path, encoding, len(mark)) if encoding else None
        if quotes is not None:
            return _Source(path, encoding, len(mark), quotes)
    raise refuse("intake.wrong_encoding", path)


def _quotes(path: Path, encoding: str, start: int) -> int | None:
    """Count the quotes in a file, or None if it is not in this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    quotes, is_filled = 0, False
    with path.open("rb") as file:
        file.seek(start)
        try:
            while block := file.read(_BLOCK):
                text = decoder.decode(block)
                if "\0" in text:
                    raise refuse("intake.null_bytes", path)
                quotes += text.count('"')
                is_filled = is_filled or bool(text.strip())
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return None
    if not is_filled:
        raise refuse("intake.empty_file", path)
    return quotes


# --- The first rows


def _open(source: _Source) -> _Opening:
    """Read the first rows and find what separates their cells."""
    with source.path.open("rb") as file:
        file.seek(source.start)
        data = file.read(_BLOCK)
        is_whole = not file.read(1)
    text, start = data.decode(source.encoding, errors="ignore"), source.start
    first = text.partition("\n")[0]
    declared = first.strip().strip('"').lower()
    if declared.startswith("sep=") and len(declared) == 5:  # a line for Excel, which hides it
        text = text[len(first) + 1 :]
        start += len(first.encode(source.encoding)) + len("\n".encode(source.encoding))
        separator = declared[-1]
    else:
        separator = max(SEPARATORS, key=lambda s: _fit(text, s, source))
    pairs = list(_records(text, separator, source))
    pairs = pairs if is_whole or len(pairs) in (1, _LOOKED_AT) else pairs[:-1]  # it may be cut
    return _Opening(separator, [row for row, _ in pairs], [start + end for _, end in pairs])


def _fit(text: str, separator: str, source: _Source) -> tuple[int, int]:
    """How many rows have the same width by this separator, and that width."""
    widths = Counter(len(row) for row, _ in _records(text, separator, source) if len(row) > 1)
    return max(((n, width) for width, n in widths.items()), default=(0, 0))


def _records(text: str, separator: str, source: _Source) -> Iterator[tuple[list[str], int]]:
    """Rows, each with the byte behind it; a row may run over several lines."""
    end = 0

    def lines() -> Iterator[str]:
        nonlocal end
        for line in io.StringIO(text, newline=""):
            end += len(line.encode(source.encoding))
            yield line

    try:
        for k, row in enumerate(csv.reader(lines(), delimiter=separator), start=1):
            yield row, end
            if k == _LOOKED_AT:
                return
    except csv.Error:  # a cell of over 100,000 characters
        raise refuse("intake.open_quote", source.path) from None


def _width(rows: Sequence[Sequence[str]], header_rows: int, names: Sequence[str]) -> int:
    """How many cells a row should have: as many as names, and separators without use behind."""
    named = max((k for k, name in enumerate(names, start=1) if name), default=1)
    below = [row for row in rows[header_rows:] if len(row) > 1]
    if any(cell.strip() for row in below for cell in row[named:]):
        return max(named, len(names))
    usual = Counter(map(len, below)).most_common(1)
    return max(named, usual[0][0]) if usual else named


# --- All rows


def _columns(
    source: _Source, separator: str, start: int, width: int, first_row: int
) -> tuple[list[pd.Categorical], NDArray[np.int64] | None]:
    """Read all cells as categories, with the numbers of their rows if any line is blank."""
    names = [str(k) for k in range(width)]
    blank: list[int] = []
    ragged: list[int] = []

    def note(row: arrow.InvalidRow) -> str:
        is_blank = row.actual_columns == 1 and not row.text.strip()
        (blank if is_blank else ragged).append(row.number)
        return "skip"

    if start >= source.path.stat().st_size:
        return [categories_of([])] * width, None
    table = _parsed(source, separator, start, names, note)
    if ragged:
        shown = ", ".join(str(first_row + k - 1) for k in ragged[:SHOWN])
        shown += ", ..." if len(ragged) > SHOWN else ""
        raise refuse("intake.ragged_rows", source.path, len(ragged), rows=shown, columns=width)
    cells = table.columns[::-1]
    del table  # each column is let go as it is turned
    columns = [categorical(cells.pop()) for _ in names]
    if source.quotes % 2 and len(columns[-1]) and "\n" in str(columns[-1][-1]):
        raise refuse("intake.open_quote", source.path)
    if not blank:
        return columns, None
    numbers = np.delete(np.arange(len(columns[0]) + len(blank)), np.array(blank) - 1)
    return columns, numbers + first_row


def _parsed(
    source: _Source,
    separator: str,
    start: int,
    names: list[str],
    note: Callable[[arrow.InvalidRow], str],
) -> pa.Table:
    """Read all cells as texts by their numbers; `note` is told of lines with another width."""
    with pa.OSFile(str(source.path)) as file:
        file.seek(start)
        try:
            return arrow.read_csv(
                file,
                # one thread is as fast here, and the only way to know the numbers of rows
                arrow.ReadOptions(
                    use_threads=False,
                    block_size=_BLOCK,
                    column_names=names,
                    encoding=source.encoding,
                ),
                arrow.ParseOptions(
                    delimiter=separator,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=note,
                ),
                arrow.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())),
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid:
            if source.quotes % 2:
                raise refuse("intake.open_quote", source.path) from None
            raise
