"""From cells to values: numbers as people write them, and names of groups."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Values = NDArray[np.float64]

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?")


def numbers(column: pd.Series[str]) -> tuple[Values, Flags]:
    """Return numbers (NaN where there are none), and where text stands instead."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=float, na_value=np.nan).copy()
    else:
        codes, uniques = pd.factorize(column.astype(object))
        values = np.array([*map(_number, uniques), np.nan])[codes]
    text = np.isinf(values)
    values[text] = np.nan
    return values, text


def _number(cell: object) -> float:
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


def names(column: pd.Series[str]) -> NDArray[np.object_]:
    """Return names of groups as text, None where there are none."""
    codes, uniques = pd.factorize(column.astype(object))
    found: NDArray[np.object_] = np.array([*map(_name, uniques), None], dtype=object)[codes]
    return found


def _name(value: object) -> str | None:
    """One group's name as text; 1.0 is called 1, as the instrument calls it."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value).strip() or None  # type: ignore[call-overload]


def by_number(name: str) -> tuple[float, str]:
    """Sort names that are numbers as numbers, before all others."""
    return _number(name), name
