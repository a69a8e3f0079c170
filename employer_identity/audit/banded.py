"""Bands that are cut from a column of numbers, told as spans of these.

Ages in bands of five years and in bands of ten are two groupings, but one and the same number: who
knows how many are 20 to 29 and how many 20 to 24 knows how many are 25 to 29. They may be cut in
one instrument or, between two batches, in two; so what is told is the span, and the audit cuts it.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING

from employer_identity.audit.facts import REST
from employer_identity.audit.pieces import Names, Span, written

if TYPE_CHECKING:
    from employer_identity.questionnaire import Grouping, Instrument


def spans(instrument: Instrument, column: str, value: str) -> tuple[str, Names] | None:
    """Return the numbers that a band holds: their column, and the spans of them.

    Those who are in none of a grouping's bands gave a number outside them, or none.

    Parameters
    ----------
    column, value
        A grouping and its band, or bands that were merged; empty for those who are in none.

    Returns
    -------
    None where a grouping is cut from no numbers, or has no such band.
    """
    grouping = next((g for g in instrument.groupings if g.column == column), None)
    if grouping is None or not grouping.source:
        return None
    own = _bands(grouping)
    if value == REST:
        return grouping.source, (REST, *map(written, _outside(own.values())))
    names = grouping.parts(value)
    if not set(names) <= set(own):
        return None
    return grouping.source, tuple(written(own[name]) for name in names)


def _bands(grouping: Grouping) -> dict[str, Span]:
    """Return a grouping's bands in the numbers of its source: ages where it bands years by age."""
    found = {}
    for name, (low, high) in grouping.bands.items():
        first, last = -inf if low == "" else float(low), inf if high == "" else float(high)
        year = grouping.year
        found[name] = (first, last) if year is None else (year - last, year - first)
    return found


def _outside(inside: Iterable[Span]) -> list[Span]:
    """Return the numbers that are in none of some spans."""
    found, start = [], -inf
    for low, high in sorted(inside):
        if low > start:
            found.append((start, low - 1))
        start = max(start, high + 1)
    return [*found, (start, inf)] if start < inf else found
