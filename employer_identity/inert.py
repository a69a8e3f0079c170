"""Names and answers as texts and nothing else: no formula, no mark that turns a line around.

What is code in HTML, LaTeX or mathematics is escaped where such a document is written; here is what
no document should be given at all.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TypeVar

_Value = TypeVar("_Value")
_SIGNS = ("=", "+", "-", "@", "|", "%")
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


def plain(text: str) -> str:
    r"""Return a text without marks that turn the direction of what follows, or control characters.

    Such a mark in a name would show the rest of a sentence, numbers included, back to front.

    Examples
    --------
    >>> plain("Ark\u202e"), plain("a\x07b")
    ('Ark', 'a b')
    """
    return _CONTROL.sub(" ", _TURNING.sub("", text))


def one_line(text: str) -> str:
    """Return such a text on one line."""
    return re.sub(r"[\t\n\u2028\u2029]", " ", plain(text))


def in_spreadsheet(value: _Value) -> _Value | str:
    """Return a cell of a CSV file; a text that would be run gets an apostrophe before it.

    Such a text begins with one of ``= + - @ | %``, wide ones and those after blanks or invisible
    marks included, or with a tab or a line break. What is no text stays as it is.

    Examples
    --------
    >>> in_spreadsheet("=1+1"), in_spreadsheet("a=1"), in_spreadsheet(-1)
    ("'=1+1", 'a=1', -1)
    """
    if not isinstance(value, str):
        return value
    start = unicodedata.normalize("NFKC", value).lstrip()
    while start and (start[0].isspace() or unicodedata.category(start[0]).startswith("C")):
        start = start[1:]
    is_formula = value.startswith(("\t", "\r", "\n")) or start.startswith(_SIGNS)
    return f"'{value}" if is_formula else value
