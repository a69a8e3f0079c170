"""Products of answers about a shift: what scores at any moments are linear in; parts add up.

A row's list is t = (1, d d', d): 1, the lower triangle of the products, and the deviations d = y -
shift themselves, 1 + P numbers. About another shift, d' = d - e, the list is a linear map of t::

    (d_i - e_i)(d_j - e_j) = d_i d_j - e_i d_j - e_j d_i + e_i e_j

so that sums about the shifts of two parts are brought to one of them and added. A shift near the
mean of what is summed keeps every term small: no large squares are taken from one another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Keys = NDArray[np.uint64]
ROWS = 2048  # rows whose products are held at a time: they stay in the cache


def listed(d: Array) -> Array:
    """List 1, products and deviations of rows (n, p), (n, 1 + P)."""
    n, p = d.shape
    found = np.empty((n, 1 + p * (p + 1) // 2 + p))
    found[:, 0] = 1.0
    at = 1
    for i in range(p):
        np.multiply(d[:, i : i + 1], d[:, : i + 1], out=found[:, at : at + i + 1])
        at += i + 1
    found[:, at:] = d
    return found


def moved(sums: Array, step: Array) -> Array:
    """Bring lists (..., 1 + P) to a shift that lies ``step`` (..., p) further."""
    p = step.shape[-1]
    i, j = np.tril_indices(p)
    one, second, first = sums[..., :1], sums[..., 1:-p], sums[..., -p:]
    ei, ej = step[..., i], step[..., j]
    found = np.empty_like(sums)
    found[..., :1] = one
    found[..., 1:-p] = second - ei * first[..., j] - ej * first[..., i] + ei * ej * one
    found[..., -p:] = first - step * one
    return found


def moved_squares(squares: Array, step: Array) -> Array:
    """Bring sums of t t' (G, 1 + P, 1 + P) to shifts that lie ``step`` (G, p) further."""
    p = step.shape[-1]
    i, j = np.tril_indices(p)
    few = np.r_[0, 1 + len(i) : squares.shape[-1]]  # 1 and d: all that is taken off or put on
    N, at, g = np.zeros((len(step), squares.shape[-1], 1 + p)), np.arange(len(i)), slice(None)
    N[:, 1 + at, 0] = step[:, i] * step[:, j]
    N[:, 1 + len(i) :, 0] = -step
    N[g, 1 + at, 1 + j] -= step[:, i]
    N[g, 1 + at, 1 + i] -= step[:, j]
    # t' = t + N (1, d): no product of two large matrices
    right = squares[:, :, few] @ N.swapaxes(1, 2)
    return np.asarray(squares + right + right.swapaxes(1, 2) + N @ right[:, few])


def _slices(block: Integers, count: int) -> tuple[Integers, list[slice]]:
    """Return the order of rows by block, and where each block then stands."""
    order = np.argsort(block.astype(np.uint16 if count < 2**16 else np.int64), kind="stable")
    bounds = np.searchsorted(block[order], np.arange(count + 1)).tolist()
    return order, [slice(a, b) for a, b in pairwise(bounds)]


@dataclass(frozen=True, eq=False)
class Squares:
    """Sums of squares of the lists, a group at a time: fourth-order moments.

    Parameters
    ----------
    shift
        What the answers of each group are taken from, (G, p).
    sums
        Sum of w^2 t t', (G, 1 + P, 1 + P).
    """

    shift: Array
    sums: Array

    @classmethod
    def of(cls, answers: Array, codes: Integers, weights: Array, shift: Array) -> Squares:
        """Add up complete answers (n, p) of groups numbered by ``codes`` about a shift (G, p)."""
        groups, p = shift.shape
        wide = 1 + p * (p + 1) // 2 + p
        sums = np.zeros((groups, wide, wide))
        order, slices = _slices(codes, groups)
        alike = bool((weights == 1.0).all())
        for g, own in enumerate(slices):
            for at in range(own.start, own.stop, ROWS):
                rows = order[at : min(at + ROWS, own.stop)]
                t = listed(answers[rows] - shift[g])
                if not alike:
                    t *= weights[rows, None]
                sums[g] += t.T @ t
        return cls(shift, sums)

    def about(self, shift: Array) -> Squares:
        """Bring them to other shifts, (G, p)."""
        return Squares(shift, moved_squares(self.sums, shift - self.shift))

    def placed(self, at: Integers, groups: int) -> Squares:
        """Number the groups anew: g becomes at[g], and is left out where that is negative."""
        if len(at) == groups and (at == np.arange(groups)).all():
            return self
        shift, sums = _placed(self.shift, at, groups), np.zeros((groups, *self.sums.shape[1:]))
        sums[at[at >= 0]] = self.sums[at >= 0]
        return Squares(shift, sums)

    def __add__(self, other: Squares) -> Squares:
        """Sums of both parts, groups numbered alike, about the first one's shift."""
        empty = np.isnan(self.shift[:, 0])
        shift = np.where(empty[:, None], other.shift, self.shift)
        step = np.where(np.isnan(other.shift), 0.0, shift - other.shift)
        return Squares(shift, self.sums + moved_squares(other.sums, step))

    def scaled(self, by: float) -> Squares:
        """Divide all weights by a number."""
        return replace(self, sums=self.sums / by**2)


@dataclass(frozen=True, eq=False)
class ByCluster:
    """Sums of the lists by group and cluster.

    Parameters
    ----------
    shift
        What the answers of each group are taken from, (G, p).
    group, key
        Of each pair of group and cluster, rising, (K,).
    sums
        Sum of w t, (K, 1 + P).
    """

    shift: Array
    group: Integers
    key: Keys
    sums: Array

    @classmethod
    def of(
        cls, answers: Array, codes: Integers, weights: Array, keys: Keys, shift: Array
    ) -> ByCluster:
        """Add up complete answers (n, p) by the keys of their clusters (n,)."""
        p = answers.shape[1]
        group, key, pair = paired(codes, keys)
        sums = np.zeros((len(group), 1 + p * (p + 1) // 2 + p))
        order = np.argsort(pair, kind="stable")
        for at in range(0, len(order), ROWS):
            rows = order[at : at + ROWS]
            t = listed(answers[rows] - shift[codes[rows]]) * weights[rows, None]
            begins = np.flatnonzero(np.diff(pair[rows], prepend=-1))
            sums[pair[rows][begins]] += np.add.reduceat(t, begins, axis=0)
        return cls(shift, group, key, sums)

    def about(self, shift: Array) -> ByCluster:
        """Bring them to other shifts, (G, p)."""
        sums = moved(self.sums, (shift - self.shift)[self.group])
        return replace(self, shift=shift, sums=sums)

    def placed(self, at: Integers, groups: int) -> ByCluster:
        """Number the groups anew: g becomes at[g]; those that have rows get a number."""
        if len(at) == groups and (at == np.arange(groups)).all():
            return self
        shift = _placed(self.shift, at, groups)
        order = np.lexsort((self.key, at[self.group]))
        return ByCluster(shift, at[self.group][order], self.key[order], self.sums[order])

    def __add__(self, other: ByCluster) -> ByCluster:
        """Sums of both parts, groups numbered alike, about the first one's shift."""
        empty = np.isnan(self.shift[:, 0])
        shift = np.where(empty[:, None], other.shift, self.shift)
        theirs = other.about(shift) if len(other.group) else other
        group, key, pair = paired(
            np.concatenate([self.group, other.group]), np.concatenate([self.key, other.key])
        )
        sums = np.zeros((len(group), self.sums.shape[1]))
        sums[pair[: len(self.group)]] = self.sums
        sums[pair[len(self.group) :]] += theirs.sums
        return ByCluster(shift, group, key, sums)

    def scaled(self, by: float) -> ByCluster:
        """Divide all weights by a number."""
        return replace(self, sums=self.sums / by)

    def each(self, groups: int) -> Iterator[slice]:
        """Go through where each group's clusters stand."""
        bounds = np.searchsorted(self.group, np.arange(groups + 1)).tolist()
        yield from (slice(a, b) for a, b in pairwise(bounds))


def _placed(shift: Array, at: Integers, groups: int) -> Array:
    """Number the rows of groups anew; those that are not there are missing."""
    found = np.full((groups, shift.shape[1]), np.nan)
    found[at[at >= 0]] = shift[at >= 0]
    return found


def paired(group: Integers, key: Keys) -> tuple[Integers, Keys, Integers]:
    """Return the pairs of group and key that occur, rising, and each row's among them."""
    keys, at = np.unique(key, return_inverse=True)
    found, pair = np.unique(group * np.int64(len(keys)) + at, return_inverse=True)
    return found // max(len(keys), 1), keys[found % max(len(keys), 1)], pair
