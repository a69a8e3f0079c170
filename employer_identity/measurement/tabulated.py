"""Ordered answers counted by group: all pairs of items at once. Tables of parts add up.

They hold what thresholds and polychoric correlations need, and which categories are to be merged;
what is left for a second pass over the answers is how the statistics vary (see `twostep`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from employer_identity.errors import ModelError, Problem
from employer_identity.language import listing, refusal
from employer_identity.measurement.coded import Coding, Part, parts_of

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

ROWS = 8192  # counted at a time
HELD = 2**26  # numbers of the tables that are held: 5,350 groups of 16 items with 7 categories


@dataclass(frozen=True, eq=False)
class Tables:
    """Counts of answers to a ordered items in G groups.

    Parameters
    ----------
    names
        The ordered items, (a,).
    coding
        Their categories, at most K.
    counts
        Sums of weights by category of two items, (G, a, K, a, K).
    people
        Answers by category, whatever their weights, (G, a, K).
    n
        Sum of weights of each group, (G,).
    """

    names: tuple[str, ...]
    coding: Coding
    counts: Array
    people: Array
    n: Array

    @classmethod
    def of(
        cls, names: Sequence[str], answers: Array, group: Integers, weights: Array, groups: int
    ) -> Tables:
        """Count answers (n, a), NaN where there is none, of rows with group numbers (n,)."""
        coding = Coding.of(answers)
        _check(names, coding, groups)
        numbers = np.empty((len(answers), 0))
        parts = parts_of(coding.codes(answers), numbers, group, weights, None, groups)
        counts = np.stack([_counted(part, coding.K) for part in parts])
        people = _margins(counts)
        if not (weights == 1.0).all():
            shape = np.arange(coding.K + 1)[:, None, None]
            people = np.stack([(shape[:-1] == p.codes.T).sum(axis=2).T for p in parts])
        n = np.array([part.weights.sum() for part in parts])
        return cls(tuple(names), coding, counts, people.astype(float), n)

    @cached_property
    def margins(self) -> Array:
        """Sums of weights by category, (G, a, K)."""
        return _margins(self.counts)

    @cached_property
    def together(self) -> NDArray[np.bool_]:
        """Which items somebody in a group answered both, (G, a, a)."""
        return np.asarray(self.counts.sum(axis=(2, 4)) > 0)

    def check(self, groups: int) -> None:
        """Refuse more groups than can be held."""
        _check(self.names, self.coding, groups)

    def coded(self, coding: Coding) -> Tables:
        """Count by other categories; each answer is in one of them."""
        G, a, K, _, _ = self.counts.shape
        wide = coding.K
        place = np.full((a, K), a * wide)  # what is only padding goes beyond the last
        for item, values in enumerate(self.coding.values):
            found = np.searchsorted(coding.values[item], values)
            place[item, self.coding.number[item]] = item * wide + coding.number[item][found]
        at = place.ravel()
        half = np.zeros((a * wide + 1, G, a * K))
        np.add.at(half, at, self.counts.reshape(G, a * K, a * K).transpose(1, 0, 2))
        whole = np.zeros((a * wide + 1, G, a * wide))
        np.add.at(whole, at, half[:-1].transpose(2, 1, 0))
        counts = whole[:-1].transpose(1, 2, 0).reshape(G, a, wide, a, wide)
        chosen = np.zeros((a * wide + 1, G))
        np.add.at(chosen, at, self.people.reshape(G, a * K).T)
        own = chosen[:-1].T.reshape(G, a, wide)
        return replace(self, coding=coding, counts=np.ascontiguousarray(counts), people=own)

    def placed(self, at: Integers, groups: int) -> Tables:
        """Number the groups anew: g becomes at[g], and is left out where that is negative."""
        if len(at) == groups and (at == np.arange(groups)).all():
            return self
        found = []
        for own in (self.counts, self.people, self.n):
            new = np.zeros((groups, *own.shape[1:]))
            new[at[at >= 0]] = own[at >= 0]
            found.append(new)
        return Tables(self.names, self.coding, *found)

    def scaled(self, by: float) -> Tables:
        """Divide all weights by a number."""
        return replace(self, counts=self.counts / by, n=self.n / by)

    def __add__(self, other: Tables) -> Tables:
        """Tables of both parts, groups numbered alike; each may have its own categories."""
        one, two = self, other
        if one.coding.identifier != two.coding.identifier:
            both = one.coding.joined(two.coding)
            _check(self.names, both, len(self.n))
            one, two = one.coded(both), two.coded(both)
        return replace(
            one, counts=one.counts + two.counts, people=one.people + two.people, n=one.n + two.n
        )


def _margins(counts: Array) -> Array:
    return np.array(np.einsum("gakak->gak", counts))


def _counted(part: Part, K: int) -> Array:
    """Count all pairs of items by one cross-product of indicators, (a, K, a, K)."""
    n, a = part.codes.shape
    alike = bool((part.weights == 1.0).all())
    kind = np.float32 if alike else np.float64  # counts of so few rows are exact in either
    total = np.zeros((K * a, K * a))
    category = np.arange(K, dtype=np.int16)[:, None, None]
    for at in range(0, n, ROWS):
        codes = np.ascontiguousarray(part.codes[at : at + ROWS].T, dtype=np.int16)
        indicators = (codes == category).reshape(K * a, -1).astype(kind)
        if not alike:
            indicators *= np.sqrt(part.weights[at : at + ROWS])
        total += indicators @ indicators.T
    return total.reshape(K, a, K, a).transpose(1, 0, 3, 2)


def _check(names: Sequence[str], coding: Coding, groups: int) -> None:
    """Refuse more categories than can be held."""
    if groups * (len(names) * coding.K) ** 2 > HELD:
        most = np.flatnonzero(coding.counts == coding.K)
        where = listing([names[a] for a in most[:1]])
        raise refusal(ModelError, [Problem("ordered.too_many_categories", where, coding.K)])
