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
    keys = np.packbits(seen, axis=1)
    rows = np.concatenate([codes.astype(">u4")[:, None].view(np.uint8), keys], axis=1)
    rows = np.ascontiguousarray(rows).view(f"V{rows.shape[1]}").ravel()
    _, first, block = np.unique(rows, return_index=True, return_inverse=True)
    order = np.argsort(block, kind="stable")
    starts = np.searchsorted(block[order], np.arange(len(first)))
    filled = np.where(seen, answers, 0.0)[order]
    w = weights[order]
    n = np.add.reduceat(w, starts)
    mean = np.add.reduceat(filled * w[:, None], starts, axis=0) / n[:, None]
    centred = (filled - mean[block[order]]) * seen[order]
    covariance = _cross_products(centred, w, starts) / n[:, None, None]
    found = Patterns(
        tuple(names), codes[first].astype(np.int64), seen[first], n, mean, covariance,
        int(codes.max(initial=0)) + 1,
    )  # fmt: skip
    return found, block.astype(np.int64)


def _cross_products(centred: Array, weights: Array, starts: Integers) -> Array:
    """Sum the rows' outer products by pattern: long ones by a product, short ones in batches."""
    stops = np.append(starts[1:], len(centred))
    sizes = stops - starts
    p = centred.shape[1]
    total = np.zeros((len(starts), p, p))
    weighted = centred * weights[:, None]
    long = sizes > 2 * p
    for b in np.flatnonzero(long):
        part = slice(starts[b], stops[b])
        total[b] = weighted[part].T @ centred[part]
    short = np.flatnonzero(np.repeat(~long, sizes))
    block = np.repeat(np.arange(len(starts)), sizes)[short]
    for at in range(0, len(short), 8192):
        piece = short[at : at + 8192]
        outer = weighted[piece, :, None] * centred[piece, None, :]
        first = np.flatnonzero(np.diff(block[at : at + 8192], prepend=-1))
        total[block[at + first]] += np.add.reduceat(outer, first, axis=0)
    return total


def embedded(seen: NDArray[np.bool_], matrices: Array) -> Array:
    """Cut matrices (B, p, p) to what is seen, with ones on the diagonal of what is not."""
    found = np.where(seen[:, :, None] & seen[:, None, :], matrices, 0.0)
    p = seen.shape[1]
    found[:, np.arange(p), np.arange(p)] += ~seen
    return found
