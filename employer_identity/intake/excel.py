"""Reading Excel workbooks: the first worksheet with cells, every cell as the text it shows."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

import pandas as pd
import pyarrow as pa

from employer_identity.errors import Problem
from employer_identity.intake.cells import categorical, text
from employer_identity.intake.headers import SHOWN, Header, Span, recognise
from employer_identity.intake.raw import Raw, change, refuse
from employer_identity.intake.respondents import check_width, respondents

SUFFIXES = (".xlsx", ".xlsm")
LARGEST = 500 * 10**6  # bytes, unpacked
DENSEST = 200  # times its size on disk

_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"  # how files of old Office and encrypted ones begin
_LOOKED_AT = 100  # rows from which the header is recognised
_TOGETHER = 10_000  # rows turned into columns at a time
_BLOCK = 2**20
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*ref="([A-Z]+\d+:[A-Z]+\d+)"')
_LONGEST = 100  # bytes of such a tag


def read(path: Path) -> Raw:
    """Read one workbook.

    Raises
    ------
    SurveyError
        If it is locked, too large, no workbook, or has formulas without values.
    """
    import openpyxl  # half as slow to import as pandas, and not needed for other files

    _check_container(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of openpyxl, about decoration that it does not read
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheet, found = _sheet(book, path)
            spans, computed = _notes(path, sheet._worksheet_path)
            rows = _rows(sheet)
            first = list(islice(rows, _LOOKED_AT))
            header = recognise(first, path.name, spans)
            columns = _columns(chain(first[header.rows :], rows), len(header.names), path)
        finally:
            book.close()
    if computed:
        found.append(change("survey.changed.formulas", path.name, computed))
    header = _trimmed(header).of_width(len(columns))
    return respondents(columns, header, path, first_row=header.rows + 1, changes=found)


def _check_container(path: Path) -> None:
    """Look at the outside of a workbook, and unpack nothing."""
    with path.open("rb") as file:
        if file.read(4) == _OLD_OR_LOCKED:
            raise refuse("intake.protected", path)
    try:
        with ZipFile(path) as archive:
            entries = archive.infolist()
    except BadZipFile:
        raise refuse("intake.not_excel", path) from None
    if not any(entry.filename.startswith("xl/") for entry in entries):
        raise refuse("intake.not_excel", path)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > LARGEST:
        size, limit = unpacked // 10**6, LARGEST // 10**6
        raise refuse("intake.excel_too_large", path, size=size, limit=limit)
    if (ratio := unpacked // path.stat().st_size) > DENSEST:
        raise refuse("intake.excel_too_dense", path, ratio=ratio, limit=DENSEST)


def _sheet(book: Any, path: Path) -> tuple[Any, list[Problem]]:
    """Return the first worksheet with cells, visible ones before hidden; warn of others."""
    if not book.worksheets:
        raise refuse("intake.not_excel", path)
    for is_visible in (True, False):
        sheets = [s for s in book.worksheets if (s.sheet_state == "visible") == is_visible]
        filled = [sheet for sheet in sheets if any(map(any, _rows(sheet)))]
        if len(filled) > 1:
            values = {"sheet": filled[0].title}
            code = "intake.other_sheets"
            return filled[0], [Problem(code, path.name, len(filled), values, "warning")]
        if filled:
            return filled[0], []
    raise refuse("intake.empty_file", path)


def _rows(sheet: Any) -> Iterator[list[str]]:
    """Rows as texts, each to its last filled cell; an Excel row that is not there is blank."""
    sheet.reset_dimensions()  # some programs write wrong ones
    for row in sheet.iter_rows(values_only=True):
        cells = [v if isinstance(v, str) else "" if v is None else text(v) for v in row]
        while cells and not cells[-1].strip():
            cells.pop()
        yield cells


def _notes(path: Path, inside: str) -> tuple[list[Span], int]:
    """Read off a worksheet what its cells do not tell: merged ones, and the number of formulas."""
    from openpyxl.utils.cell import range_boundaries

    merged: set[bytes] = set()
    has_formulas, tail = False, b""
    with ZipFile(path) as archive, archive.open(inside) as file:
        while block := file.read(_BLOCK):
            data = tail + block
            has_formulas = has_formulas or _FORMULA.search(data) is not None
            merged.update(_MERGED.findall(data))
            tail = data[-_LONGEST:]
    bounds = [range_boundaries(cells.decode()) for cells in merged]
    spans = [(top - 1, left - 1, right - 1) for left, top, right, _ in bounds]
    return spans, _formulas(path, inside) if has_formulas else 0


def _formulas(path: Path, inside: str) -> int:
    """Count the formulas whose values are known, and refuse those whose values are not."""
    computed, unknown = 0, []
    with ZipFile(path) as archive, archive.open(inside) as file:
        for _, element in ElementTree.iterparse(file):
            kind = element.tag.rpartition("}")[2]
            if kind == "c" and element.find("{*}f") is not None:
                # a text may be empty, a number may not
                if element.get("t") == "str" or element.findtext("{*}v"):
                    computed += 1
                else:
                    unknown.append(element.get("r", "?"))
            elif kind == "row":
                element.clear()
    if unknown:
        shown = ", ".join(unknown[:SHOWN])
        raise refuse("intake.uncomputed_formulas", path, len(unknown), cells=shown)
    return computed


def _columns(rows: Iterator[Sequence[str]], width: int, path: Path) -> list[pd.Categorical]:
    """Turn rows into categories, some thousands at a time."""
    blocks: list[tuple[int, list[pa.Array]]] = []
    while some := list(islice(rows, _TOGETHER)):
        check_width(max(width, *map(len, some)), path)
        cells = zip_longest(*some, fillvalue="")
        coded = [pa.array(column, pa.string()).dictionary_encode() for column in cells]
        blocks.append((len(some), coded))
        width = max(width, len(coded))
    check_width(width, path)
    kind = pa.dictionary(pa.int32(), pa.string())
    return [
        categorical(
            pa.chunked_array(
                [b[k] if k < len(b) else pa.nulls(n, kind) for n, b in blocks], type=kind
            )
        )
        for k in range(width)
    ]


def _trimmed(header: Header) -> Header:
    """Return the header without nameless cells at its end."""
    return header.of_width(max((k for k, n in enumerate(header.names, 1) if n), default=0))
