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
    """Return each row's position among the distinct cells (-1: blank), and those cells, trimmed."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, found = column.cat.codes.to_numpy(dtype=np.intp), column.cat.categories
    else:
        codes, found = pd.factorize(column)
    if pd.api.types.is_numeric_dtype(found.dtype):
        return codes, pd.Series(found)
    if isinstance(found.dtype, pd.StringDtype) and _is_trimmed(found):
        return codes, pd.Series(found)
    trimmed = [(c.strip() or None) if isinstance(c, str) else c for c in found.to_numpy(object)]
    again, cells = pd.factorize(pd.Series(trimmed, dtype=object))
    return np.append(again, -1)[codes], pd.Series(cells)


def _is_trimmed(cells: pd.Index) -> bool:
    return bool((cells != "").all()) and cells.str.strip().equals(cells)


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
    """One cell as a number, infinite if it is text."""
    text = str(cell)
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
    named = [name_of(cell) for cell in cells]
    categories = sorted({*named}, key=by_number)
    place = {name: k for k, name in enumerate(categories)}
    recoded = np.array([*map(place.__getitem__, named), -1])
    return pd.Categorical.from_codes(recoded[codes], categories=categories)


def name_of(value: object) -> str:
    """One group's name as text; 1.0 is called 1, as the instrument calls it."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


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
    found = np.append(read.to_numpy("datetime64[us]"), np.datetime64("NaT", "us"))[codes]
    return pd.Series(found), np.append(read.isna(), False)[codes]
