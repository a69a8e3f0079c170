"""Answers to ordered and continuous items as the two-step statistics take them.

p items, a of them ordered and b continuous; K is the largest number of categories. Ordered answers
are category numbers 0 to K - 1, and K where there is none, so that they look up a table's rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Keys = NDArray[np.int64] | NDArray[np.uint64]

SPAN = 256  # whole numbers less far apart are looked up, not searched for


@dataclass(frozen=True, eq=False)
class Coding:
    """Which answer to an ordered item is in which of its categories.

    Parameters
    ----------
    values
        Answers that occur, rising, by item.
    number
        Their categories, from 0 without gaps and not falling, by item; merged ones have one number.
    called
        The answer that stands for each category, by item.
    """

    values: tuple[Array, ...]
    number: tuple[Integers, ...]
    called: tuple[Array, ...]

    @classmethod
    def of(cls, answers: Array) -> Coding:
        """Make each answer that occurs in (n, a) a category."""
        return cls.plain(_distinct(column) for column in np.ascontiguousarray(answers.T))

    @classmethod
    def plain(cls, values: Iterable[Array]) -> Coding:
        """Make each of some answers a category."""
        found = tuple(values)
        return cls(found, tuple(np.arange(len(own)) for own in found), found)

    @cached_property
    def counts(self) -> Integers:
        """Number of categories by item, (a,)."""
        return np.array([len(own) for own in self.called], dtype=np.int64)

    @cached_property
    def K(self) -> int:  # noqa: N802
        """Largest number of categories."""
        return int(self.counts.max(initial=1))

    @property
    def identifier(self) -> tuple[tuple[float, ...], ...]:
        """The answers, in a form that can be compared."""
        return tuple(tuple(own.tolist()) for own in self.values)

    def codes(self, answers: Array) -> Integers:
        """Return the category of each answer (n, a): K where there is none, -1 where not known."""
        found = np.empty(answers.shape, dtype=np.int64)
        pairs = zip(answers.T, self.values, self.number, strict=True)
        for a, (column, values, number) in enumerate(pairs):
            found[:, a] = _looked_up(column, values, np.append(number, self.K))
        return found

    def merged(self, names: Sequence[str]) -> dict[str, dict[float, float]]:
        """Return by item (a,) the answers that another stands for."""
        found = {}
        each = zip(names, self.values, self.number, self.called, strict=True)
        for name, values, number, called in each:
            pairs = zip(values.tolist(), called[number].tolist(), strict=True)
            found[name] = {answer: by for answer, by in pairs if answer != by}
        return {name: own for name, own in found.items() if own}

    def joined(self, other: Coding) -> Coding:
        """Make the answers of both categories."""
        pairs = zip(self.values, other.values, strict=True)
        return Coding.plain(np.union1d(one, two) for one, two in pairs)


def _distinct(column: Array) -> Array:
    """Return the answers that occur, rising; by counting where they are near whole numbers."""
    there = column[~np.isnan(column)]
    if not len(there):
        return there
    low, high = float(there.min()), float(there.max())
    if high - low < SPAN:
        place = (there - low).astype(np.int64)
        if (place == there - low).all():
            return low + np.flatnonzero(np.bincount(place)).astype(float)
    return np.asarray(np.unique(there))


def _looked_up(column: Array, values: Array, found: Integers) -> Integers:
    """Return what is found at each answer's place among the values, the last where there is none.

    -1 is returned of others. Whole steps are looked up in a table.
    """
    if not len(values):
        return np.where(np.isnan(column), found[-1], -1)
    place = values - values[0]
    if place[-1] < SPAN and (place == np.rint(place)).all():
        table = np.full(SPAN + 3, -1)  # below, the values, above, none
        table[place.astype(np.int64) + 1], table[-1] = found[:-1], found[-1]
        at = np.clip(column - (values[0] - 1.0), 0.0, SPAN + 1.0)
        at[np.isnan(at)] = SPAN + 2
        return np.asarray(table[at.astype(np.int64)])
    nearest = np.minimum(np.searchsorted(values, column), len(values) - 1)
    known = np.where(values[nearest] == column, found[nearest], -1)
    return np.where(np.isnan(column), found[-1], known)


@dataclass(frozen=True, eq=False)
class Places:
    """Where the s statistics of a group stand.

    First come the thresholds of ordered items and the means of continuous ones, item by item; then
    the variances of continuous items; then the covariances of pairs i > j, j by j.

    Parameters
    ----------
    ordered
        Which items are ordered, (p,).
    counts
        Number of categories of the ordered items, (a,).
    """

    ordered: Booleans
    counts: Integers

    @cached_property
    def K(self) -> int:  # noqa: N802
        """Largest number of categories; 1 if no item is ordered."""
        return int(self.counts.max(initial=1))

    @cached_property
    def at_ordered(self) -> Integers:
        """The ordered items, (a,)."""
        return np.flatnonzero(self.ordered)

    @cached_property
    def at_continuous(self) -> Integers:
        """The continuous items, (b,)."""
        return np.flatnonzero(~self.ordered)

    @cached_property
    def level(self) -> Integers:
        """Each threshold's and mean's item, (t + b,)."""
        each = np.ones(len(self.ordered), dtype=np.int64)
        each[self.ordered] = self.counts - 1
        return np.repeat(np.arange(len(self.ordered)), each)

    @cached_property
    def is_threshold(self) -> Booleans:
        """Which of the K - 1 padded thresholds of each ordered item are real, (a, K - 1)."""
        found: Booleans = np.arange(self.K - 1) < self.counts[:, None] - 1
        return found

    @cached_property
    def thresholds(self) -> Integers:
        """Places of the real thresholds, (t,)."""
        return np.flatnonzero(self.ordered[self.level])

    @cached_property
    def threshold_at(self) -> Integers:
        """Place of each padded threshold, 0 where it is not real, (a, K - 1)."""
        found = np.zeros(self.is_threshold.shape, dtype=np.int64)
        found[self.is_threshold] = self.thresholds
        return found

    @cached_property
    def means(self) -> Integers:
        """Places of the means, (b,)."""
        return np.flatnonzero(~self.ordered[self.level])

    @cached_property
    def variances(self) -> Integers:
        """Places of the variances, (b,)."""
        return len(self.level) + np.arange(len(self.at_continuous))

    @cached_property
    def first(self) -> int:
        """How many statistics are an item's own: all but the covariances."""
        return len(self.level) + len(self.at_continuous)

    @cached_property
    def pairs(self) -> tuple[Integers, Integers]:
        """Items i > j of each pair, j by j."""
        j, i = np.triu_indices(len(self.ordered), 1)
        return i, j

    @cached_property
    def pair_of(self) -> Integers:
        """Number of the pair of two items, (p, p)."""
        i, j = self.pairs
        found = np.zeros((len(self.ordered),) * 2, dtype=np.int64)
        found[i, j] = found[j, i] = np.arange(len(i))
        return found

    @cached_property
    def ordered_pairs(self) -> Booleans:
        """Which pairs are of two ordered items, (P,)."""
        i, j = self.pairs
        found: Booleans = self.ordered[i] & self.ordered[j]
        return found

    @cached_property
    def rank(self) -> Integers:
        """Each item's number among those of its kind, (p,)."""
        return np.where(self.ordered, np.cumsum(self.ordered), np.cumsum(~self.ordered)) - 1


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of one group.

    Parameters
    ----------
    codes
        Category numbers of ordered items, K where there is no answer, (n, a).
    numbers
        Answers to continuous items, NaN where there is none, (n, b).
    weights
        (n,).
    cluster
        Each row's cluster number, not falling, (n,); None where everybody is a cluster.
    """

    codes: Integers
    numbers: Array
    weights: Array
    cluster: Keys | None

    @cached_property
    def moments(self) -> tuple[Array, Array]:
        """Means and variances (divisor n) of the continuous items, of those who answered."""
        seen = ~np.isnan(self.numbers)
        w = self.weights[:, None] * seen
        filled = np.where(seen, self.numbers, 0.0)
        n = w.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (w * filled).sum(axis=0) / n
            return mean, (w * (filled - mean) ** 2).sum(axis=0) / n

    @cached_property
    def standardised(self) -> Array:
        """Answers to continuous items, standardised, NaN where there is none."""
        mean, variance = self.moments
        return np.asarray((self.numbers - mean) / np.sqrt(variance))


def parts_of(
    codes: Integers, numbers: Array, group: Integers, weights: Array, cluster: Keys | None,
    groups: int,
) -> tuple[Part, ...]:  # fmt: skip
    """Split rows by group number, each sorted by cluster."""
    order = np.lexsort((group,)) if cluster is None else np.lexsort((cluster, group))
    ends = np.cumsum(np.bincount(group, minlength=groups))
    found = []
    for rows in np.split(order, ends[:-1]):
        mine = None if cluster is None else cluster[rows]
        found.append(Part(codes[rows], numbers[rows], weights[rows], mine))
    return tuple(found)
