"""Bands that several groupings cut from one column of numbers, told in pieces that all share.

Ages in bands of five years and in bands of ten are two columns, but one and the same number: who
knows how many are 20 to 29 and how many 20 to 24 knows how many are 25 to 29.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from employer_identity.audit.facts import REST

if TYPE_CHECKING:
    from employer_identity.questionnaire import Grouping, Instrument

Span = tuple[float, float]


def pieces(instrument: Instrument, column: str, value: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the numbers that a band holds: their column, and its pieces that lie in the band.

    A piece lies between two neighbouring ends of any grouping's bands. Those who are in none of a
    grouping's bands are the pieces outside them, and whoever gave no number.

    Parameters
    ----------
    column, value
        A grouping and its band, or bands that were merged; empty for those who are in none.

    Returns
    -------
    None where no other grouping is cut from the same column, or the band is none of the file's.
    """
    grouping = next((g for g in instrument.groupings if g.column == column), None)
    if grouping is None or not grouping.source:
        return None
    alike = [g for g in instrument.groupings if g.source == grouping.source]
    if len(alike) < 2:
        return None
    spans = [span for g in alike for span in _spans(g).values()]
    starts = sorted({-inf, *(low for low, _ in spans), *(high + 1 for _, high in spans)} - {inf})
    own = _spans(grouping)
    names = grouping.parts(value) if value != REST else tuple(own)
    if not set(names) <= set(own):
        return None
    inside = [s for s in starts if any(own[n][0] <= s <= own[n][1] for n in names)]
    held = [s for s in starts if any(low <= s <= high for low, high in spans)]
    if value != REST:
        return grouping.source, tuple(f"{s:g}" for s in inside)
    return grouping.source, (REST, *(f"{s:g}" for s in held if s not in inside))


def _spans(grouping: Grouping) -> dict[str, Span]:
    """Return a grouping's bands in the numbers of its source: ages where it bands years by age."""
    found = {}
    for name, (low, high) in grouping.bands.items():
        first, last = -inf if low == "" else float(low), inf if high == "" else float(high)
        year = grouping.year
        found[name] = (first, last) if year is None else (year - last, year - first)
    return found
