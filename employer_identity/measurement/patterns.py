"""Answers with holes, gathered by group and by pattern of what is missing.

Every array has the full width p. Where a pattern lacks an item its rows and columns are zero; a
matrix to be inverted gets ones on those diagonals (`embedded`), so that patterns of any shape are
one batch. Complete answers are the special case of one pattern a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Patterns:
    """Sufficient statistics of answers by group and pattern.

    Parameters
    ----------
    names
        The p items.
    group
        Each pattern's group number, (B,), not falling.
    seen
        Which items a pattern has, (B, p).
    n
        Respondents a pattern, weighted if there are weights; (B,).
    mean
        Means of the items a pattern has, (B, p).
    covariance
        With divisor n, (B, p, p).
    n_groups
        Number of groups G.
    """

    names: tuple[str, ...]
    group: Integers
    seen: NDArray[np.bool_]
    n: Array
    mean: Array
    covariance: Array
    n_groups: int

    @property
    def complete(self) -> bool:
        """Whether nobody left out anything."""
        return bool(self.seen.all())

    @property
    def together(self) -> NDArray[np.bool_]:
        """Which items somebody in a group answered both, (G, p, p)."""
        found = np.zeros((self.n_groups, len(self.names), len(self.names)), dtype=bool)
        for g in range(self.n_groups):
            seen = self.seen[self.group == g].astype(float)
            found[g] = seen.T @ seen > 0
        return found

    def by_group(self, values: Array) -> Array:
        """Add up numbers of each pattern to groups, (G,)."""
        return np.bincount(self.group, values, self.n_groups).astype(float)


def whole(names: Sequence[str], n: NDArray[np.generic], mean: Array, covariance: Array) -> Patterns:
    """Take moments of complete answers, a group at a time."""
    groups = len(n)
    seen = np.ones(mean.shape, dtype=bool)
    return Patterns(
        tuple(names), np.arange(groups), seen, n.astype(float), mean, covariance, groups
    )


def gather(
    names: Sequence[str], answers: Array, codes: NDArray[np.intp], weights: Array
) -> tuple[Patterns, Integers]:
    """Return the patterns of answers (n, p) and each row's pattern (n,).

    ``codes`` are the rows' group numbers; every row has at least one answer.
    """
    seen = ~np.isnan(answers)
    whole = bool(seen.all())
    first, block = numbered(codes, None if whole else np.packbits(seen, axis=1))
    order = _order(block, len(first))
    starts = np.searchsorted(block[order], np.arange(len(first)))
    n = np.bincount(block, weights, len(first)).astype(float)
    d = np.take(answers if whole else np.where(seen, answers, 0.0), order, axis=0)
    mean, covariance = _about_means(d, seen[first], weights[order], starts, n)
    found = Patterns(
        tuple(names), codes[first].astype(np.int64), seen[first], n, mean, covariance,
        int(codes.max(initial=0)) + 1,
    )  # fmt: skip
    return found, block.astype(np.int64)


def numbered(
    codes: NDArray[np.integer], masks: NDArray[np.uint8] | None
) -> tuple[Integers, Integers]:
    """Number the pairs of group and mask (n, bytes) that occur, rising: by group, then mask.

    Returns the row in which each pair comes first, and each row's pair. Masks None: all the same.
    """
    at = codes.astype(np.int64)
    if masks is not None:
        alike = np.ascontiguousarray(masks).view(f"V{masks.shape[1]}").ravel()
        if masks.shape[1] <= 8:  # as whole numbers they are sorted many times faster
            wide = np.zeros((len(masks), 8), np.uint8)
            wide[:, : masks.shape[1]] = masks
            alike = wide.view(">u8").ravel().astype(np.uint64)
        kinds, kind = np.unique(alike, return_inverse=True)
        at = at * len(kinds) + kind
    most = int(at.max(initial=0)) + 1
    if most > 4 * len(at) + 1024:
        _, first, block = np.unique(at, return_index=True, return_inverse=True)
        return first.astype(np.int64), block.astype(np.int64)
    there = np.zeros(most, np.int64)
    there[at] = 1
    block = (np.cumsum(there) - 1)[at]
    first = np.empty(int(there.sum()), np.int64)
    first[block[::-1]] = np.arange(len(at) - 1, -1, -1)  # the last that is written is the first row
    return first, block


def _order(block: Integers, count: int) -> Integers:
    """Return the order that puts a pattern's rows together; short numbers are sorted by radix."""
    kind = np.uint16 if count < 2**16 else np.int64
    return np.argsort(block.astype(kind), kind="stable")


def _about_means(
    answers: Array, seen: NDArray[np.bool_], weights: Array, starts: Integers, n: Array
) -> tuple[Array, Array]:
    """Return means and covariances of sorted rows by pattern, of which ``seen`` is (B, p).

    The rows become deviations.

    Long patterns are worked off one by one, by products of matrices; short ones in batches.
    """
    stops = np.append(starts[1:], len(answers))
    sizes, p = stops - starts, answers.shape[1]
    mean, covariance = np.zeros((len(starts), p)), np.zeros((len(starts), p, p))
    long, alike = sizes > 2 * p, bool((weights == 1.0).all())
    for b in np.flatnonzero(long):
        part, w = answers[starts[b] : stops[b]], weights[starts[b] : stops[b]]
        mean[b] = w @ part / n[b]
        part -= mean[b]
        part *= seen[b]
        covariance[b] = (part if alike else part * w[:, None]).T @ part / n[b]
    few = np.flatnonzero(~long)
    short = np.flatnonzero(np.repeat(~long, sizes))
    if not len(few):
        return mean, covariance
    block, w = np.repeat(np.arange(len(starts)), sizes)[short], weights[short, None]
    first = np.flatnonzero(np.diff(block, prepend=-1))
    mean[few] = np.add.reduceat(answers[short] * w, first, axis=0) / n[few, None]
    for at in range(0, len(short), 8192):
        rows, own = short[at : at + 8192], block[at : at + 8192]
        d = (answers[rows] - mean[own]) * seen[own]
        outer = d[:, :, None] * (d * w[at : at + 8192])[:, None, :]
        begins = np.flatnonzero(np.diff(own, prepend=-1))
        covariance[own[begins]] += np.add.reduceat(outer, begins, axis=0)
    covariance[few] /= n[few, None, None]
    return mean, covariance


def joined(parts: Sequence[Patterns]) -> Patterns:
    """Return the patterns of all parts' answers; their groups are numbered alike.

    Each set is moved to the mean of all, so that no large squares are taken from one another::

        n S = sum_k n_k (S_k + (m_k - m)(m_k - m)'),   n m = sum_k n_k m_k

    (Chan, Golub & LeVeque 1983, for any number of parts).
    """
    group, seen, n, means, covariances = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("group", "seen", "n", "mean", "covariance")
    )
    first, block = numbered(group, np.packbits(seen, axis=1))
    count, p = len(first), seen.shape[1]
    total = np.bincount(block, n, count).astype(float)
    share = n / total[block]
    start = means[first]  # the first part's, so that what is averaged is small
    step = np.zeros((count, p))
    np.add.at(step, block, share[:, None] * (means - start[block]))
    mean = start + step
    d = means - mean[block]
    covariance = np.zeros((count, p, p))
    own = covariances + d[:, :, None] * d[:, None, :]
    np.add.at(covariance, block, share[:, None, None] * own)
    groups = max(part.n_groups for part in parts)
    return Patterns(parts[0].names, group[first], seen[first], total, mean, covariance, groups)


def embedded(seen: NDArray[np.bool_], matrices: Array) -> Array:
    """Cut matrices (B, p, p) to what is seen, with ones on the diagonal of what is not."""
    found = np.where(seen[:, :, None] & seen[:, None, :], matrices, 0.0)
    p = seen.shape[1]
    found[:, np.arange(p), np.arange(p)] += ~seen
    return found
