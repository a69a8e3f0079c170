"""Respondents that are not in memory: their sums, and another pass over them where there is need.

Scores of complete answers are linear in products of two answers, so that sums of fourth order (or
of second order by cluster) give the covariance of scores at any moments. Scores of answers with
holes are not: their sums are made by a pass over the source for each set of moments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.categorical import Answers
from employer_identity.measurement.normal import Expansion
from employer_identity.measurement.patterns import Patterns
from employer_identity.measurement.products import ByCluster, Keys, Squares
from employer_identity.measurement.rows import People, Respondents, Rows, linear
from employer_identity.measurement.spread import Spread, corrected
from employer_identity.measurement.sums import Clusters
from employer_identity.measurement.tabulated import Tables

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Again = Callable[[Patterns, Expansion, Array], Spread]
"""A pass over the source: from patterns, expansion and means to the scores' sums."""


@dataclass(frozen=True, eq=False)
class Counted(People):
    """Respondents who are counted.

    Parameters
    ----------
    people
        Respondents of each group, (G,).
    clusters
        The clusters; None where everybody is one.
    held
        Makes rows of them for whoever needs them one by one; None where they may be too many.
    """

    people: Integers
    clusters: Clusters | None
    held: Callable[[], Rows] | None = field(default=None, kw_only=True)

    @property
    def are_at_hand(self) -> bool:
        """Whether they can be had one by one."""
        return self.held is not None

    def one_by_one(self) -> Rows:
        """Make rows of them: while they are used they are in memory, and not after."""
        assert self.held is not None  # asked for only where they are at hand
        return self.held()

    @property
    def counts(self) -> Integers:
        """Respondents of each group, (G,)."""
        return self.people

    @property
    def clustered(self) -> bool:
        """Whether respondents come in clusters."""
        return self.clusters is not None

    @cached_property
    def _numbered(self) -> tuple[Keys, Integers]:
        """The clusters, rising, and each pair's place among them."""
        assert self.clusters is not None  # asked for only where there are clusters
        keys, number = np.unique(self.clusters.key, return_inverse=True)
        return keys, number.astype(np.int64)

    @property
    def units(self) -> int:
        """Number of independent units: clusters, or respondents."""
        return len(self._numbered[0]) if self.clustered else int(self.people.sum())

    @property
    def cluster_sizes(self) -> Integers:
        """Respondents of each cluster, rising."""
        assert self.clusters is not None  # asked for only where there are clusters
        sizes = np.bincount(self._numbered[1], self.clusters.people)
        return np.sort(sizes.astype(np.int64))

    @property
    def crossed(self) -> bool:
        """Whether some cluster has people in several groups."""
        return self.clusters is not None and len(self._numbered[0]) < len(self.clusters.key)

    def _slices(self) -> list[slice]:
        assert self.clusters is not None
        bounds = np.searchsorted(self.clusters.group, np.arange(len(self.people) + 1))
        return [slice(a, b) for a, b in pairwise(bounds.tolist())]

    def cluster_numbers(self, g: int) -> Integers:
        """Return the numbers of a group's clusters among all, in the order of its scores."""
        return self._numbered[1][self._slices()[g]]


@dataclass(frozen=True, eq=False)
class Tabled(Counted):
    """Respondents whose answers in ordered categories are counted.

    Parameters
    ----------
    people, clusters, held
        Who they are.
    tables
        The counts, with weights of mean 1.
    answers
        A second pass over the answers.
    """

    tables: Tables
    answers: Answers

    @property
    def complete(self) -> bool:
        """Whether nobody left out anything."""
        return bool((self.tables.people.sum(axis=2) == self.people[:, None]).all())


@dataclass(frozen=True, eq=False)
class Summed(Counted, Respondents):
    """Respondents of whom sums are known.

    Parameters
    ----------
    people, clusters, held
        Who they are.
    patterns
        The patterns, with weights of mean 1.
    products
        Sums about the groups' means, of complete answers; None of others, and where only moments
        were asked for.
    again
        A pass over answers with holes.
    """

    patterns: Patterns
    products: Squares | ByCluster | None
    again: Again

    @cached_property
    def squares(self) -> Array:
        """Cross-products of products by group, (G, 1 + P, 1 + P): fourth-order moments."""
        if isinstance(self.products, Squares):
            return self.products.sums
        assert self.products is not None  # asked for only of complete answers
        return np.stack([_spreading(self.products.sums[own]) for own in self._slices()])

    def by_group(self, at: Expansion, mu: Array) -> Iterator[Array]:
        """Go through the scores of each group's clusters, (C_g, P)."""
        if isinstance(self.products, ByCluster):
            for own, L in zip(self._slices(), linear(self.patterns, at), strict=True):
                yield corrected(self.products.sums[own] @ L.T)
            return
        spread = self.again(self.patterns, at, mu)
        for own in self._slices():
            yield corrected(spread.sums[own])

    def _spread(self, at: Expansion, mu: Array) -> Array:
        """Add up products of the scores of answers with holes, (G, P, P), by one more pass."""
        spread = self.again(self.patterns, at, mu)
        if spread.squares is not None:
            return spread.squares
        return np.stack([_spreading(spread.sums[own]) for own in self._slices()])


def _spreading(sums: Array) -> Array:
    own = corrected(sums)
    return np.asarray(own.T @ own)
