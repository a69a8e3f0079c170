"""What can be wrong with groupings in an instrument: bands, crossings, merging, special data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from employer_identity.consistency import FOUND, name_of, rows, unknown, unknown_key
from employer_identity.errors import Problem
from employer_identity.questionnaire import MERGED, OTHER, Grouping
from employer_identity.special import special_category

FIRST_YEAR = 1000  # whole numbers from here on are read as years


def check_groupings(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Everything that is wrong with groupings whose keys and values are right one by one."""
    yield from _check_found(raw, file)
    groupings = _groupings(raw)
    columns = dict.fromkeys(map(name_of, rows(raw, "grouping")))
    for grouping in groupings:
        where = f"{file}, [[grouping]] {grouping.column}"
        for check in (_check_order, _check_source, _check_bands, _check_merge, _check_labels):
            yield from check(grouping, where)
        others = [c for c in columns if c != grouping.column]
        yield from _check_cross(grouping, {g.column: g for g in groupings}, others, where)
        yield from _check_special(grouping, where)


def _check_found(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Refuse as a key what is only found in answers."""
    for row in rows(raw, "grouping"):
        if FOUND in row:
            where = f"{file}, [[grouping]] {name_of(row)}"
            yield unknown_key(where, FOUND, Grouping)


def _groupings(raw: Mapping[str, Any]) -> list[Grouping]:
    """Groupings that can be read; the others are reported with their keys."""
    found = []
    for row in rows(raw, "grouping"):
        try:
            found.append(Grouping.model_validate(row))
        except ValidationError:
            continue
    return found


def _values(grouping: Grouping) -> list[str]:
    """Return the values that are known beforehand: none where neither order nor bands say them."""
    return list(grouping.order or grouping.bands)


def _check_order(grouping: Grouping, where: str) -> Iterator[Problem]:
    for name, n in Counter(grouping.order).items():
        if n > 1:
            yield Problem("instrument.twice", f"{where}, order", n, {"name": name})
    if grouping.order and grouping.bands and {*grouping.order} != {*grouping.bands}:
        values = {"order": ", ".join(grouping.order), "bands": ", ".join(grouping.bands)}
        yield Problem("instrument.order_not_bands", where, values=values)


def _check_source(grouping: Grouping, where: str) -> Iterator[Problem]:
    """Keys that go together, and keys that exclude each other."""
    if grouping.source and not grouping.bands:
        yield Problem("instrument.from_without_bands", where)
    if grouping.bands and not grouping.source:
        yield Problem("instrument.bands_without_from", where)
    if grouping.year is not None and not grouping.bands:
        yield Problem("instrument.year_without_bands", where)
    if grouping.source == grouping.column:
        yield Problem("instrument.from_itself", where, values={"name": grouping.column})
    beside = {"from": grouping.source, "bands": grouping.bands, "order": grouping.order}
    if grouping.cross and any(beside.values()):
        values = {"keys": ", ".join(key for key, value in beside.items() if value)}
        yield Problem("instrument.cross_and_more", where, values=values)


def _check_bands(grouping: Grouping, where: str) -> Iterator[Problem]:
    """Bands that are turned or overlap, and bands of ages where years of birth are meant."""
    spans = []
    for name, (first, last) in grouping.bands.items():
        low = float("-inf") if first == "" else first
        high = float("inf") if last == "" else last
        spans.append((low, high, name))
        if low > high:
            values: dict[str, object] = {"name": name, "low": str(low), "high": str(high)}
            yield Problem("instrument.band_turned", where, values=values)
    spans = sorted(span for span in spans if span[0] <= span[1])
    for one, other in pairwise(spans):
        if other[0] <= one[1]:
            values = {"one": one[2], "other": other[2]}
            yield Problem("instrument.bands_overlap", where, values=values)
    bounds = [b for band in grouping.bands.values() for b in band if b != ""]
    if grouping.year is not None and bounds and max(bounds) < FIRST_YEAR:
        yield Problem("instrument.bands_not_years", where, values={"year": str(grouping.year)})


def _check_merge(grouping: Grouping, where: str) -> Iterator[Problem]:
    known = _values(grouping)
    parts = Counter(part for old in grouping.merge.values() for part in old)
    for part, n in parts.items():
        if known and part not in known:
            yield unknown("instrument.merge_unknown", f"{where}, merge", part, known)
        if n > 1:
            yield Problem("instrument.twice", f"{where}, merge", n, {"name": part})
    for new in grouping.merge:
        if new in known or new in parts:
            yield Problem("instrument.merge_into_existing", f"{where}, merge", values={"name": new})


def _check_labels(grouping: Grouping, where: str) -> Iterator[Problem]:
    """Labels of values that no respondent can have; a label may also be a merged group's."""
    known = [*_values(grouping), *grouping.merge]
    for value in grouping.labels if _values(grouping) else ():
        small = grouping.merge_below and (value == OTHER or {*value.split(MERGED)} <= {*known})
        if value not in known and not small:
            yield unknown("instrument.label_without_value", where, value, known)


def _check_cross(
    grouping: Grouping, groupings: Mapping[str, Grouping], others: list[str], where: str
) -> Iterator[Problem]:
    if not grouping.cross:
        return
    if len(set(grouping.cross)) != 2 or len(grouping.cross) != 2:
        yield Problem("instrument.cross_not_two", where, len(grouping.cross))
    for name in dict.fromkeys(grouping.cross):
        if name not in others:
            yield unknown("instrument.unknown_cross", where, name, others)
        elif (other := groupings.get(name)) is None:
            continue
        elif other.cross:
            yield Problem("instrument.cross_of_cross", where, values={"name": name})
        elif other.special or _recognised(other):
            yield Problem("instrument.special_crossed", where, values={"name": name})
    if grouping.special:
        yield Problem("instrument.special_crossed", where, values={"name": grouping.column})


def _recognised(grouping: Grouping) -> str | None:
    names = [grouping.column, grouping.source or "", *grouping.label.values()]
    labels = [text for label in grouping.labels.values() for text in label.values()]
    values = [*grouping.order, *grouping.merge, *grouping.labels, *labels]
    return special_category(names, values)


def _check_special(grouping: Grouping, where: str) -> Iterator[Problem]:
    """Special categories of personal data that are not declared, or without a basis."""
    found = _recognised(grouping)
    if found and not grouping.special and not grouping.cross:
        yield Problem("instrument.special_undeclared", where, values={"special": found})
    if grouping.special and not grouping.basis.strip():
        values = {"special": grouping.special}
        yield Problem("instrument.special_without_basis", where, values=values)
    if grouping.basis.strip() and not grouping.special:
        yield Problem("instrument.basis_without_special", where)
