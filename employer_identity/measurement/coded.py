"""Answers to ordered and continuous items as the two-step statistics take them.

p items, a of them ordered and b continuous; K is the largest number of categories. Ordered answers
are category numbers 0 to K - 1, and K where there is none, so that they look up a table's rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

ROWS = 8192  # taken at a time


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
    cluster: Integers | None

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
    places: Places, codes: Integers, numbers: Array, group: Integers, weights: Array,
    cluster: Integers | None,
) -> tuple[Part, ...]:  # fmt: skip
    """Split rows by group number, each sorted by cluster."""
    order = np.lexsort((group,)) if cluster is None else np.lexsort((cluster, group))
    ends = np.cumsum(np.bincount(group))
    found = []
    for rows in np.split(order, ends[:-1]):
        mine = None if cluster is None else cluster[rows]
        found.append(Part(codes[rows], numbers[rows], weights[rows], mine))
    return tuple(found)


def tables(part: Part, K: int) -> Array:
    """Count all pairs of ordered items by one cross-product of indicators, (a, K, a, K)."""
    n, a = part.codes.shape
    total = np.zeros((a * K, a * K))
    for at in range(0, n, ROWS):
        piece = slice(at, at + ROWS)
        chosen = part.codes[piece, :, None] == np.arange(K)
        indicators = chosen.reshape(len(chosen), a * K) * np.sqrt(part.weights[piece, None])
        total += indicators.T @ indicators
    return total.reshape(a, K, a, K)
