"""All that estimation needs of a batch of rows; the sums of two batches add up.

A batch numbers its groups as it meets them and tells them by name; sums are brought to one
numbering when they are added. Clusters are told by a key of 64 bits that is the same wherever the
same name is read.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from employer_identity.errors import ModelError, Problem
from employer_identity.language import refusal
from employer_identity.measurement import normal
from employer_identity.measurement.normal import Expansion
from employer_identity.measurement.patterns import Patterns, gather, joined, numbered
from employer_identity.measurement.products import ByCluster, Keys, Squares, paired
from employer_identity.measurement.spread import Spread

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Label = Hashable
GROUPS = 10_000  # more are no groups but a number or a name of each respondent
SQUARES = 2**25  # numbers of fourth-order sums that are held: 1,433 groups with 16 items
CLUSTERS = 400_000  # sums of so many are held in memory: 153 numbers each with 16 items
ROWS = 4096  # rows whose scores are held at a time


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows of a source.

    Parameters
    ----------
    names
        The p items.
    answers
        (n, p), NaN where there is none.
    codes, labels
        Each row's group, -1 where it has none, (n,), and what the groups are called.
    weights
        (n,).
    cluster
        Each row's cluster, (n,); None where there are none.
    part
        What the part of the source is called that the rows are of.
    unclustered
        Which rows are a cluster of their own since they have none, (n,).
    """

    names: tuple[str, ...]
    answers: Array
    codes: Integers
    labels: tuple[Label, ...]
    weights: Array
    cluster: Keys | None
    part: str = ""
    unclustered: NDArray[np.bool_] | None = None

    def only(self, used: NDArray[np.bool_]) -> Batch:
        """Return some of the rows."""
        if used.all():
            return self
        cluster = None if self.cluster is None else self.cluster[used]
        unclustered = None if self.unclustered is None else self.unclustered[used]
        return replace(
            self, answers=self.answers[used], codes=self.codes[used], weights=self.weights[used],
            cluster=cluster, unclustered=unclustered,
        )  # fmt: skip

    def numbered(self, labels: Sequence[Label]) -> Batch:
        """Number the groups as asked; every row has one of them."""
        number = {label: g for g, label in enumerate(labels)}
        at = np.array([number.get(label, -1) for label in self.labels], dtype=np.int64)
        return replace(self, codes=at[self.codes], labels=tuple(labels))


class Adding(Protocol):
    """What adds up."""

    def __add__(self, other: Self) -> Self: ...


Products = Squares | ByCluster
S = TypeVar("S", bound=Adding)


def added(parts: Iterable[S]) -> S | None:
    """Add up pairwise, parts of like size at a time; None of none.

    Few are held at once, rounding grows with the logarithm of their number, and a large sum is not
    copied for every small one.
    """
    waiting: list[tuple[int, S]] = []
    for part in parts:
        size, total = 1, part
        while waiting and waiting[-1][0] == size:
            total, size = waiting.pop()[1] + total, 2 * size
        waiting.append((size, total))
    return reduce(add, [total for _, total in waiting]) if waiting else None


@dataclass(frozen=True, eq=False)
class Clusters:
    """Pairs of group and cluster, rising, and the rows of each; (K,)."""

    group: Integers
    key: Keys
    people: Integers

    @classmethod
    def of(cls, codes: Integers, keys: Keys) -> Clusters:
        """Count rows by group and cluster."""
        group, key, pair = paired(codes, keys)
        return cls(group, key, np.bincount(pair, minlength=len(group)))

    def placed(self, at: Integers) -> Clusters:
        """Number the groups anew: g becomes at[g]."""
        group = at[self.group]
        order = np.lexsort((self.key, group))
        return Clusters(group[order], self.key[order], self.people[order])

    def __add__(self, other: Clusters) -> Clusters:
        """Pairs of both parts, groups numbered alike."""
        group, key, pair = paired(
            np.concatenate([self.group, other.group]), np.concatenate([self.key, other.key])
        )
        if len(group) > CLUSTERS:
            raise refusal(ModelError, [Problem("scan.too_many_clusters", count=CLUSTERS)])
        people = np.bincount(pair, np.concatenate([self.people, other.people]), len(group))
        return Clusters(group, key, people.astype(np.int64))


class Body(Adding, Protocol):
    """Sums by group over rows that are used."""

    @property
    def n(self) -> Array:
        """Sum of weights of each group, (G,)."""
        ...

    @property
    def together(self) -> NDArray[np.bool_]:
        """Which items somebody in a group answered both, (G, p, p)."""
        ...

    def check(self, groups: int) -> None:
        """Refuse more groups than can be held."""
        ...

    def placed(self, at: Integers, groups: int) -> Self:
        """Number the groups anew: g becomes at[g], and is left out where that is negative."""
        ...

    def scaled(self, by: float) -> Self:
        """Divide all weights by a number."""
        ...


B = TypeVar("B", bound=Body)


@dataclass(frozen=True, eq=False)
class MomentSums:
    """Moments and what their variation follows from.

    Parameters
    ----------
    patterns
        Sets of answers by group and what is missing.
    products
        Fourth-order sums, or sums by cluster; None with holes, and where they were not asked for.
    """

    patterns: Patterns
    products: Products | None

    @classmethod
    def of(cls, batch: Batch, *, fourth: bool) -> MomentSums:
        """Add up rows, each with a group; ``fourth``: products too."""
        _check_groups(len(batch.labels), len(batch.names), fourth)
        patterns, _ = gather(batch.names, batch.answers, batch.codes, batch.weights)
        patterns, products = replace(patterns, n_groups=len(batch.labels)), None
        if fourth and patterns.complete:
            shift = np.full((len(batch.labels), len(batch.names)), np.nan)
            shift[patterns.group] = patterns.mean
            own = batch.answers, batch.codes, batch.weights
            products = _products(*own, batch.cluster, shift)
        return cls(patterns, products)

    @property
    def n(self) -> Array:
        """Sum of weights of each group, (G,)."""
        return self.patterns.by_group(self.patterns.n)

    @property
    def together(self) -> NDArray[np.bool_]:
        """Which items somebody in a group answered both, (G, p, p)."""
        return self.patterns.together

    def check(self, groups: int) -> None:
        """Refuse more groups than can be held."""
        _check_groups(groups, len(self.patterns.names), self.products is not None)

    def placed(self, at: Integers, groups: int) -> MomentSums:
        """Number the groups anew: g becomes at[g]; all that have rows are among them."""
        own = replace(self.patterns, group=at[self.patterns.group], n_groups=groups)
        products = None if self.products is None else self.products.placed(at, groups)
        return MomentSums(joined([own]), products)

    def scaled(self, by: float) -> MomentSums:
        """Divide all weights by a number, and take products about the means of their groups."""
        patterns, products = replace(self.patterns, n=self.patterns.n / by), self.products
        if products is not None and patterns.complete:
            products = products.scaled(by).about(patterns.mean)
        return MomentSums(patterns, products)

    def __add__(self, other: MomentSums) -> MomentSums:
        """Sums of both parts, groups numbered alike."""
        products = None
        if self.products is not None and other.products is not None:
            products = _both(self.products, other.products)
        return MomentSums(joined([self.patterns, other.patterns]), products)


@dataclass(frozen=True, eq=False)
class Sums(Generic[B]):
    """Sums over rows that are used, and what is known of all rows.

    Parameters
    ----------
    labels
        What the groups are called, by number.
    body
        The sums, with the weights as they stand.
    rows, people
        Rows of each group, all and those used; (G,).
    clusters
        Who is in which cluster; None where there are none.
    found_in
        Parts in which each group was found: one, or two of more.
    told
        What is to be said of rows: how many, by code and what it is about.
    """

    labels: tuple[Label, ...]
    body: B
    rows: Integers
    people: Integers
    clusters: Clusters | None
    found_in: tuple[frozenset[str], ...]
    told: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        whole: Batch,
        used: NDArray[np.bool_],
        told: Mapping[tuple[str, str], int],
        make: Callable[[Batch], B],
    ) -> Sums[B]:
        """Add up some rows of a batch, each with a group."""
        _check_groups(len(whole.labels), 0, fourth=False)
        batch, given = whole.only(used), whole.codes[whole.codes >= 0]
        rows = np.bincount(given, minlength=len(whole.labels))
        people = np.bincount(batch.codes, minlength=len(batch.labels))
        found = tuple(frozenset([batch.part] if k else ()) for k in rows)
        keys = batch.cluster
        clusters = None if keys is None else Clusters.of(batch.codes, keys)
        return cls(batch.labels, make(batch), rows, people, clusters, found, told)

    def labelled(self, labels: Sequence[Label]) -> Sums[B]:
        """Number the groups as asked; all that have rows are among them."""
        known = {label: g for g, label in enumerate(labels)}
        at = np.array([known.get(label, -1) for label in self.labels], dtype=np.int64)
        G, here = len(labels), at >= 0
        rows, people = np.zeros(G, np.int64), np.zeros(G, np.int64)
        rows[at[here]], people[at[here]] = self.rows[here], self.people[here]
        found = [frozenset[str]()] * G
        for g, parts in zip(at.tolist(), self.found_in, strict=True):
            found[g] = parts if g >= 0 else found[g]
        clusters = None if self.clusters is None else self.clusters.placed(at)
        body = self.body.placed(at, G)
        return Sums(tuple(labels), body, rows, people, clusters, tuple(found), self.told)

    def __add__(self, other: Sums[B]) -> Sums[B]:
        """Sums of both parts."""
        labels = self.labels
        if labels != other.labels:
            labels = tuple(dict.fromkeys((*self.labels, *other.labels)))
        _check_groups(len(labels), 0, fourth=False)
        self.body.check(len(labels))
        one, two = (s if s.labels == labels else s.labelled(labels) for s in (self, other))
        clusters = one.clusters
        if clusters is not None and two.clusters is not None:
            clusters = clusters + two.clusters
        told = dict(one.told)
        for what, count in two.told.items():
            told[what] = told.get(what, 0) + count
        pairs = zip(one.found_in, two.found_in, strict=True)
        found = tuple(frozenset(sorted(a | b)[:2]) for a, b in pairs)
        rows, people = one.rows + two.rows, one.people + two.people
        return Sums(labels, one.body + two.body, rows, people, clusters, found, told)

    @property
    def mean_weight(self) -> float:
        """Mean of the weights of the rows used."""
        return float(self.body.n.sum() / self.people.sum())

    def weighed(self) -> Sums[B]:
        """Give the weights a mean of 1."""
        return replace(self, body=self.body.scaled(self.mean_weight))


def _check_groups(groups: int, p: int, fourth: bool) -> None:
    """Refuse more groups than can be held."""
    wide = 1 + p * (p + 3) // 2
    most = min(GROUPS, SQUARES // wide**2) if fourth else GROUPS
    if groups > most:
        raise refusal(ModelError, [Problem("scan.too_many_groups", count=most)])


def _products(
    answers: Array, codes: Integers, weights: Array, keys: Keys | None, shift: Array
) -> Products:
    if keys is None:
        return Squares.of(answers, codes, weights, shift)
    return ByCluster.of(answers, codes, weights, keys, shift)


def _both(one: Products, other: Products) -> Products:
    if isinstance(one, Squares):
        assert isinstance(other, Squares)  # of one pass
        return one + other
    assert isinstance(other, ByCluster)
    return one + other


def spread_of(batch: Batch, patterns: Patterns, at: Expansion, mu: Array) -> Spread:
    """Add up the scores of a batch whose groups are numbered as those of the patterns."""
    P = len(batch.names) * (len(batch.names) + 3) // 2
    if batch.cluster is None:
        squares = np.zeros((patterns.n_groups, P, P))
        for rows, s in _scores(batch, patterns, at, mu):
            squares[batch.codes[rows[0]]] += s.T @ s
        return Spread.of_squares(squares)
    group, key, pair = paired(batch.codes, batch.cluster)
    sums = np.zeros((len(group), P))
    for rows, s in _scores(batch, patterns, at, mu):
        together = np.argsort(pair[rows], kind="stable")
        own = pair[rows][together]
        starts = np.flatnonzero(np.diff(own, prepend=-1))
        sums[own[starts]] += np.add.reduceat(s[together], starts, axis=0)
    return Spread(None, group, key, sums)


def _scores(
    batch: Batch, patterns: Patterns, at: Expansion, mu: Array
) -> Iterator[tuple[Integers, Array]]:
    """Go through rows of one group at a time, and their weighted scores."""
    order, block = _blocks(batch, patterns)
    bounds = np.searchsorted(batch.codes[order], np.arange(patterns.n_groups + 1))
    for first, last in pairwise(bounds.tolist()):
        for start in range(first, last, ROWS):
            rows = order[start : min(start + ROWS, last)]
            s = normal.scores(patterns, at, batch.answers[rows], block[rows], mu)
            yield rows, s * batch.weights[rows, None]


def _blocks(batch: Batch, patterns: Patterns) -> tuple[Integers, Integers]:
    """Return the rows in the order of their patterns, and each row's pattern among all."""
    masks = np.packbits(~np.isnan(batch.answers), axis=1)
    known = {
        (g, mask.tobytes()): b
        for b, (g, mask) in enumerate(
            zip(patterns.group.tolist(), np.packbits(patterns.seen, axis=1), strict=True)
        )
    }
    first, own = numbered(batch.codes, masks)
    of_first = zip(batch.codes[first].tolist(), masks[first], strict=True)
    number = np.array([known[g, mask.tobytes()] for g, mask in of_first], dtype=np.int64)
    block = number[own]
    return np.argsort(block, kind="stable"), block
