"""The respondents behind the moments: what inference asks of them, and those in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement import normal
from employer_identity.measurement.normal import Expansion
from employer_identity.measurement.patterns import Patterns
from employer_identity.measurement.products import listed

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
ROWS = 4096  # whose scores are held at a time


class People(ABC):
    """How many there are, and who is in which cluster."""

    @property
    @abstractmethod
    def are_at_hand(self) -> bool:
        """Whether they can be had one by one."""

    @abstractmethod
    def one_by_one(self) -> Rows:
        """Return them in memory, where they are at hand."""

    @property
    @abstractmethod
    def counts(self) -> Integers:
        """Respondents of each group, whatever their weights, (G,)."""

    @property
    @abstractmethod
    def clustered(self) -> bool:
        """Whether respondents come in clusters."""

    @property
    @abstractmethod
    def units(self) -> int:
        """Number of independent units: clusters, or respondents."""

    @property
    @abstractmethod
    def cluster_sizes(self) -> Integers:
        """Respondents of each cluster, rising."""

    @property
    @abstractmethod
    def crossed(self) -> bool:
        """Whether some cluster has people in several groups."""

    @property
    @abstractmethod
    def complete(self) -> bool:
        """Whether nobody left out anything."""

    @abstractmethod
    def cluster_numbers(self, g: int) -> Integers:
        """Return the numbers of a group's clusters among all, in the order of its scores."""


class Respondents(People):
    """The respondents behind the patterns; symbols as in `robust`."""

    patterns: Patterns

    @property
    def complete(self) -> bool:
        """Whether nobody left out anything."""
        return self.patterns.complete

    @property
    @abstractmethod
    def squares(self) -> Array:
        """Cross-products of products by group, (G, 1 + P, 1 + P): fourth-order moments."""

    @abstractmethod
    def by_group(self, at: Expansion, mu: Array) -> Iterator[Array]:
        """Go through the scores by moment of each group's clusters (or respondents), (C_g, P)."""

    def scores(self, at: Expansion, mu: Array) -> tuple[Array, ...]:
        """Return the scores of all groups at once: they are large."""
        return tuple(self.by_group(at, mu))

    def meat(self, at: Expansion, mu: Array) -> Array:
        """Return the covariance of the moments' scores within groups, (G, P, P)."""
        n = self.patterns.n.sum()
        if self.patterns.complete:
            L = linear(self.patterns, at)
            found: Array = L @ self.squares @ L.transpose(0, 2, 1) / n
            return found
        return np.asarray(self._spread(at, mu) / n)

    def meat_by_cell(self, at: Expansion, mu: Array, Delta: Array) -> Array:
        """Return the covariance of the scores of cells within groups, (G, c, c)."""
        to_cells = Delta.transpose(0, 2, 1)
        if not self.patterns.complete:
            return np.asarray(to_cells @ self.meat(at, mu) @ Delta)
        D = to_cells @ linear(self.patterns, at)
        return np.asarray(D @ self.squares @ D.transpose(0, 2, 1) / self.patterns.n.sum())

    def _spread(self, at: Expansion, mu: Array) -> Array:
        """Add up products of the scores of answers with holes, (G, P, P)."""
        return np.stack([s.T @ s for s in self.by_group(at, mu)])


@dataclass(frozen=True, eq=False)
class Rows(Respondents):
    """Respondents in memory.

    Parameters
    ----------
    answers
        (n, p), NaN where there is none.
    block
        Each row's pattern, (n,).
    weights
        (n,), with mean 1.
    cluster
        Each row's cluster number, (n,); None where everybody is a cluster.
    patterns
        The patterns.
    position
        Each row's place among those given, (n,).
    """

    answers: Array
    block: Integers
    weights: Array
    cluster: Integers | None
    patterns: Patterns
    position: Integers

    @property
    def are_at_hand(self) -> bool:
        """Whether they can be had one by one: they are here."""
        return True

    def one_by_one(self) -> Rows:
        """Return them."""
        return self

    @cached_property
    def group(self) -> Integers:
        """Each row's group number, (n,)."""
        return self.patterns.group[self.block]

    @property
    def counts(self) -> Integers:
        """Respondents of each group, (G,)."""
        return np.bincount(self.group, minlength=self.patterns.n_groups)

    @property
    def clustered(self) -> bool:
        """Whether respondents come in clusters."""
        return self.cluster is not None

    @cached_property
    def numbers(self) -> Integers:
        """The numbers of the clusters, rising."""
        assert self.cluster is not None  # asked for only where there are clusters
        return np.unique(self.cluster)

    @cached_property
    def units(self) -> int:
        """Number of independent units: clusters, or respondents."""
        return len(self.numbers) if self.clustered else len(self.block)

    @property
    def cluster_sizes(self) -> Integers:
        """Respondents of each cluster, rising."""
        assert self.cluster is not None  # asked for only where there are clusters
        found: Integers = np.sort(np.unique(self.cluster, return_counts=True)[1])
        return found

    @cached_property
    def products(self) -> tuple[Array, ...]:
        """Weighted products of complete answers about their group's means, summed by cluster.

        Per group an array with a row a cluster (or a respondent) and 1 + P columns: 1, the listed
        d d', and d. Scores at any Sigma and mu are linear in them.
        """
        found = []
        for g, mean in enumerate(self.patterns.mean):
            mine = self.group == g
            found.append(self._summed(listed(self.answers[mine] - mean), mine))
        return tuple(found)

    @cached_property
    def squares(self) -> Array:
        """Cross-products of `products` by group, (G, 1 + P, 1 + P): fourth-order moments."""
        return np.stack([t.T @ t for t in self.products])

    def _summed(self, values: Array, mine: NDArray[np.bool_]) -> Array:
        """Weight rows and add them up within clusters; clusters in the order of their numbers.

        Sums of C clusters vary about their own mean, hence sqrt(C / (C - 1)); C is the group's, for
        each group has moments of its own.
        """
        weighted = values * self.weights[mine, None]
        if self.cluster is None:
            return weighted
        cluster = self.cluster[mine]
        order = np.argsort(cluster, kind="stable")
        starts = np.flatnonzero(np.diff(cluster[order], prepend=-1))
        C = len(starts)
        return np.asarray(np.add.reduceat(weighted[order], starts, axis=0) * np.sqrt(C / (C - 1)))

    def by_group(self, at: Expansion, mu: Array) -> Iterator[Array]:
        """Go through the scores a group at a time: those of all at once are large."""
        if self.patterns.complete:
            for t, L in zip(self.products, linear(self.patterns, at), strict=True):
                yield t @ L.T
            return
        for g in range(self.patterns.n_groups):
            mine = self.group == g
            of_rows = normal.scores(self.patterns, at, self.answers[mine], self.block[mine], mu)
            yield self._summed(of_rows, mine)

    def _spread(self, at: Expansion, mu: Array) -> Array:
        """Add up products of the scores of answers with holes: of some rows at a time."""
        if self.cluster is not None:
            return super()._spread(at, mu)
        P = at.A.shape[1] * (at.A.shape[1] + 3) // 2
        found = np.zeros((self.patterns.n_groups, P, P))
        for g in range(self.patterns.n_groups):
            mine = np.flatnonzero(self.group == g)
            for start in range(0, len(mine), ROWS):
                rows = mine[start : start + ROWS]
                own = self.answers[rows], self.block[rows]
                s = normal.scores(self.patterns, at, *own, mu) * self.weights[rows, None]
                found[g] += s.T @ s
        return found

    @cached_property
    def crossed(self) -> bool:
        """Whether some cluster has people in several groups."""
        if self.cluster is None or self.patterns.n_groups == 1:
            return False
        pairs = np.unique(np.stack([self.cluster, self.group]), axis=1)
        return bool(len(np.unique(pairs[0])) < pairs.shape[1])

    def cluster_numbers(self, g: int) -> Integers:
        """Return the numbers of a group's clusters among all, in the order of its scores."""
        assert self.cluster is not None
        return np.searchsorted(self.numbers, np.unique(self.cluster[self.group == g]))


def linear(patterns: Patterns, at: Expansion) -> Array:
    """Return the map from products to scores of complete answers, (G, P, 1 + P).

    With d about the group's mean and e = mean - mu: score = f (A (d + e)(d + e)' A - A), A (d + e).
    """
    p = len(patterns.names)
    i, j = np.tril_indices(p)
    f = np.where(i == j, 0.5, 1.0)
    A, r = at.A, at.r  # r = A e: one pattern a group
    s = len(i)
    found = np.zeros((len(A), s + p, 1 + s + p))
    quadratic = A[:, i][:, :, i] * A[:, j][:, :, j] + A[:, i][:, :, j] * A[:, j][:, :, i]
    found[:, :s, 1 : s + 1] = f[:, None] * quadratic * np.where(i == j, 0.5, 1.0)
    found[:, :s, s + 1 :] = f[:, None] * (A[:, i] * r[:, j, None] + A[:, j] * r[:, i, None])
    found[:, :s, 0] = f * (r[:, i] * r[:, j] - A[:, i, j])
    found[:, s:, s + 1 :] = A
    found[:, s:, 0] = r
    return found
