"""Sums of products of scores, which say how statistics vary; those of two parts add up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.products import Keys, paired

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Spread:
    """Sums over scores s of respondents with weights w: by group, or by group and cluster.

    Parameters
    ----------
    squares
        Sum of w^2 s s', (G, P, P); None where there are clusters.
    group, key, sums
        Sum of w s by pair of group and cluster, rising, (K, P).
    """

    squares: Array | None
    group: Integers
    key: Keys
    sums: Array

    @classmethod
    def of_squares(cls, squares: Array) -> Spread:
        """Take sums by group (G, P, P)."""
        nothing = np.zeros(0, np.int64), np.zeros(0, np.uint64)
        return cls(squares, *nothing, np.zeros((0, squares.shape[1])))

    def __add__(self, other: Spread) -> Spread:
        """Sums of both parts."""
        if self.squares is not None and other.squares is not None:
            return replace(self, squares=self.squares + other.squares)
        group, key, pair = paired(
            np.concatenate([self.group, other.group]), np.concatenate([self.key, other.key])
        )
        sums = np.zeros((len(group), self.sums.shape[1]))
        sums[pair[: len(self.group)]] = self.sums
        sums[pair[len(self.group) :]] += other.sums
        return Spread(None, group, key, sums)

    def each(self, groups: int) -> Iterator[slice]:
        """Go through where each group's clusters stand."""
        bounds = np.searchsorted(self.group, np.arange(groups + 1)).tolist()
        yield from (slice(a, b) for a, b in pairwise(bounds))


def corrected(sums: Array) -> Array:
    """Let the sums of C clusters vary about their own mean: times sqrt(C / (C - 1))."""
    C = len(sums)
    return np.asarray(sums * np.sqrt(C / (C - 1)))
