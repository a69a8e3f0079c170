"""Spans of numbers that reports tell, cut where others end: the pieces that all of them share."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf

from employer_identity.audit.facts import REST, Scope, Statement, box

Span = tuple[float, float]
"""Whole numbers from the first to the last, both included."""
Names = tuple[str, ...]
_SPAN = re.compile(r"(-?\d+)?\.\.(-?\d+)?")


def written(span: Span) -> str:
    """Write a span: ``20..29``, without an end where it is open."""
    low, high = ("" if abs(end) == inf else f"{end:.0f}" for end in span)
    return f"{low}..{high}"


def in_pieces(statements: Sequence[Statement]) -> list[Statement]:
    """Say of each span which pieces lie in it; those that nothing tells apart are one piece."""
    told: dict[str, set[Names]] = defaultdict(set)
    for scope in {s.fact.scope for s in statements}:
        for one in scope:
            for column, names in one:
                told[column].add(names)
    cut = {c: found for c, values in told.items() if (found := _pieces(values))}
    if not cut:
        return list(statements)
    known: dict[Scope, Scope] = {}
    for scope in {s.fact.scope for s in statements}:
        known[scope] = tuple(
            box({c: cut[c][names] if c in cut else names for c, names in one}) for one in scope
        )
    return [replace(s, fact=replace(s.fact, scope=known[s.fact.scope])) for s in statements]


def _pieces(told: set[Names]) -> dict[Names, Names]:
    """Return of which pieces each set of spans is; nothing where a column holds no spans."""
    held = {names: [_span(name) for name in names if name != REST] for names in told}
    found = [span for spans_ in held.values() for span in spans_]
    if not found or None in found:
        return {}
    ends = [span for span in found if span]
    starts = sorted({-inf, *(low for low, _ in ends), *(high + 1 for _, high in ends)} - {inf})
    alike: dict[frozenset[Names], list[Span]] = defaultdict(list)
    for low, following in zip(starts, [*starts[1:], inf], strict=True):
        inside = (n for n, own in held.items() if any(s and s[0] <= low <= s[1] for s in own))
        alike[frozenset(inside)].append((low, following - 1))
    nameless = frozenset(names for names in told if REST in names)
    called = {
        inside: REST if inside == nameless else " + ".join(map(written, _joined(pieces)))
        for inside, pieces in alike.items()
        if inside
    }
    return {
        names: tuple(
            dict.fromkeys(
                [*([REST] if REST in names else []), *(t for i, t in called.items() if names in i)]
            )
        )
        for names in told
    }


def _joined(pieces: Iterable[Span]) -> list[Span]:
    """Join spans that follow upon each other."""
    found: list[Span] = []
    for low, high in pieces:
        if found and found[-1][1] + 1 == low:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return found


def _span(name: str) -> Span | None:
    told = _SPAN.fullmatch(name)
    if told is None:
        return None
    low, high = told.groups()
    return -inf if low is None else float(low), inf if high is None else float(high)
