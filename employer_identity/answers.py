"""From cells to values: numbers as people write them, names of groups, and days.

Each distinct cell is read once, however many rows it stands in.
"""

from __future__ import annotations

import re
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Flags: TypeAlias = NDArray[np.bool_]
Values: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.intp]

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?")
_DAY = r"^\s*([\d./-]+)(?:[T ]\s*\d.*)?\s*$"  # a day, and perhaps a time that is left out


def distinct(column: pd.Series) -> tuple[Codes, pd.Series]:
    """Return each row's position among the distinct cells (-1: blank), and those cells."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(dtype=np.intp), pd.Series(column.cat.categories)
    codes, cells = pd.factorize(column)
    return codes, pd.Series(cells)


def numbers(column: pd.Series) -> tuple[Values, Flags]:
    """Return numbers (NaN where there are none), and where text stands instead."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=float, na_value=np.nan).copy()
    else:
        codes, cells = distinct(column)
        values = np.array([*map(number_in, cells), np.nan])[codes]
    text = np.isinf(values)
    values[text] = np.nan
    return values, text


def number_in(cell: object) -> float:
    """One cell as a number: NaN if it is blank, infinite if it is text."""
    text = str(cell).strip()
    if not text:
        return np.nan
    if not _NUMBER.fullmatch(text):
        return np.inf
    if text.rfind(",") > text.rfind("."):
        text = text.replace(".", "").replace(",", ".")
    try:
        return float(text.replace(",", ""))
    except ValueError:  # 1.2.3
        return np.inf


def names(column: pd.Series) -> pd.Categorical:
    """Return names of groups as categories in their natural order; blank ones are missing."""
    codes, cells = distinct(column)
    named = [_name(cell) for cell in cells]
    categories = sorted({name for name in named if name is not None}, key=by_number)
    place = {name: k for k, name in enumerate(categories)}
    recoded = np.array([*(-1 if name is None else place[name] for name in named), -1])
    return pd.Categorical.from_codes(recoded[codes], categories=categories)


def _name(value: object) -> str | None:
    """One group's name as text; 1.0 is called 1, as the instrument calls it."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value).strip() or None  # type: ignore[call-overload]


def by_number(name: str) -> tuple[float, str]:
    """Sort names that are numbers as numbers, before all others."""
    return number_in(name), name


def days(column: pd.Series) -> tuple[pd.Series, Flags]:
    """Return days (ISO, or Dutch: day, month, year), and where something else stands instead."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        read = column.dt.tz_localize(None).dt.normalize().astype("datetime64[us]")
        return read.reset_index(drop=True), np.zeros(len(column), dtype=bool)
    codes, cells = distinct(column)
    text = cells.astype(str).str.extract(_DAY, expand=False)
    iso = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")
    turned = text.str.replace("[./]", "-", regex=True)
    read = iso.fillna(pd.to_datetime(turned, format="%d-%m-%Y", errors="coerce"))
    strange = read.isna() & (cells.astype(str).str.strip() != "")
    found = pd.Series([*read, pd.NaT], dtype="datetime64[us]").iloc[codes]
    return found.reset_index(drop=True), np.array([*strange, False])[codes]
