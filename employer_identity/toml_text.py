"""TOML as deep as a person writes it."""

from __future__ import annotations

import tomllib
from typing import Any

DEEPEST = 50  # tables inside each other; a key of thousands of dots takes gigabytes to read


def loads(text: str) -> dict[str, Any]:
    """Read TOML.

    Raises
    ------
    RecursionError
        For tables or lists too deep inside each other.
    ValueError
        For what is no TOML (``tomllib.TOMLDecodeError``), and for numbers of thousands of digits.
    """
    for line in text.splitlines():
        key, marked, _ = line.partition("=")
        if (marked or line.lstrip().startswith("[")) and key.count(".") > DEEPEST:
            raise RecursionError(DEEPEST)
    return tomllib.loads(text)
