"""What makes statistics of ordered items impossible, told by item and group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from employer_identity.errors import Problem
from employer_identity.language import listing
from employer_identity.measurement.coded import Part, Places
from employer_identity.measurement.tabulated import Tables

Array = NDArray[np.float64]

SHOWN = 6  # pairs of items named in one message
# codes without and with groups
EMPTY = ("model.item_empty", "model.item_empty_in_group")
CONSTANT = ("model.item_constant", "model.item_constant_in_group")
APART = ("model.never_together", "model.never_together_in_group")
PERFECT = ("ordered.perfect", "ordered.perfect_in_group")


def faults_of_items(
    names: Sequence[str], labels: Sequence[str], places: Places, tables: Tables,
    parts: Sequence[Part],
) -> tuple[Problem, ...]:  # fmt: skip
    """Items nobody answered, that do not vary or that lack a category, and pairs never together.

    ``parts`` are needed where there are continuous items.
    """
    found: list[Problem] = []
    for g, label in enumerate(labels):
        together, chosen = tables.together[g], tables.people[g] > 0
        flat = np.zeros(len(names), dtype=bool)
        if parts:
            seen = _seen(places, parts[g])
            together = seen.T @ seen > 0
            flat[places.at_continuous] = ~(parts[g].moments[1] > 1e-24)
        flat[places.at_ordered] = chosen.sum(axis=1) <= 1
        empty = ~np.diag(together)
        found += _told(EMPTY, label, _chosen(names, empty))
        found += _told(CONSTANT, label, _chosen(names, flat & ~empty))
        for a in np.flatnonzero(~flat[places.at_ordered]):
            lacking = int((~chosen[a, : places.counts[a]]).sum())
            if lacking:
                item = names[places.at_ordered[a]]
                values = {"group": label, "of": int(places.counts[a])}
                found.append(Problem("ordered.category_empty_in_group", item, lacking, values))
        i, j = places.pairs
        apart = ~together[i, j] & ~empty[i] & ~empty[j]
        found += _pairs(APART, label, names, places, apart)
    return tuple(found)


def faults_of_pairs(
    names: Sequence[str], labels: Sequence[str], places: Places, r: Array
) -> tuple[Problem, ...]:
    """Pairs whose correlation (G, P) is perfect, told as NaN."""
    told = zip(labels, np.isnan(r), strict=True)
    return tuple(p for label, at in told for p in _pairs(PERFECT, label, names, places, at))


def _seen(places: Places, part: Part) -> Array:
    """Which items each row has, (n, p)."""
    found = np.empty((len(part.weights), len(places.ordered)))
    found[:, places.at_ordered] = part.codes < places.K
    found[:, places.at_continuous] = ~np.isnan(part.numbers)
    return found


def _chosen(names: Sequence[str], at: NDArray[np.bool_]) -> list[str]:
    return [name for name, here in zip(names, at, strict=True) if here]


def _pairs(
    codes: tuple[str, str],
    label: str,
    names: Sequence[str],
    places: Places,
    chosen: NDArray[np.bool_],
) -> Iterator[Problem]:
    i, j = (at[chosen] for at in places.pairs)
    return _told(codes, label, [f"{names[b]}~~{names[a]}" for a, b in zip(i, j, strict=True)])


def _told(codes: tuple[str, str], label: str, what: Sequence[str]) -> Iterator[Problem]:
    """Tell of items or pairs, in a group if there are groups."""
    if what:
        yield Problem(codes[bool(label)], listing(what[:SHOWN]), len(what), {"group": label})
