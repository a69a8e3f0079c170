"""Texts that a spreadsheet program may not take for formulas."""

from __future__ import annotations

import unicodedata
from typing import TypeVar

_Value = TypeVar("_Value")
_SIGNS = ("=", "+", "-", "@", "|", "%")


def inert(value: _Value) -> _Value | str:
    """Return a cell of a CSV file; a text that would be run gets an apostrophe before it.

    Such a text begins with one of ``= + - @ | %``, wide ones and those after blanks or invisible
    marks included, or with a tab or a line break. What is no text stays as it is.

    Examples
    --------
    >>> inert("=1+1"), inert("a=1"), inert(-1)
    ("'=1+1", 'a=1', -1)
    """
    if not isinstance(value, str):
        return value
    start = unicodedata.normalize("NFKC", value).lstrip()
    while start and (start[0].isspace() or unicodedata.category(start[0]).startswith("C")):
        start = start[1:]
    is_formula = value.startswith(("\t", "\r", "\n")) or start.startswith(_SIGNS)
    return f"'{value}" if is_formula else value
