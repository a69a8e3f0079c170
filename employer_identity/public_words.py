"""How the public's numbers are written: ranges of ranks, gaps in points, shares with intervals."""

from __future__ import annotations

from typing import Any

from employer_identity.language import Language, number, say


def ranks(row: dict[str, Any], name: str = "rank") -> str:
    """Write the range of a rank, never a rank alone."""
    return f"{int(row[f'{name}_lower'])}\N{EN DASH}{int(row[f'{name}_upper'])}"


def points(row: dict[str, Any], gap: str, language: Language) -> str:
    """Write a difference of shares in percentage points, with half of its interval."""
    value = number(100 * row[gap], "+z.0f", language)
    half = number(50 * (row[f"{gap}_upper"] - row[f"{gap}_lower"]), ".0f", language)
    return say("tables.margin", language, value=value, half=half)


def percent_interval(lower: float, upper: float, language: Language) -> str:
    """Write the interval of a share."""
    low, high = (number(end, "z.0%", language) for end in (lower, upper))
    return say("tables.interval", language, low=low, high=high)
