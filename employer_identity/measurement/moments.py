"""Sufficient statistics of complete answers: n, mean, covariance a group; parts add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """What complete-data estimation needs to know of the answers.

    Parameters
    ----------
    names
        The p items, in the order of the arrays.
    n
        Respondents a group, (G,).
    mean
        (G, p).
    covariance
        With divisor n, (G, p, p).
    """

    names: tuple[str, ...]
    n: NDArray[np.int64]
    mean: Array
    covariance: Array

    @classmethod
    def of(cls, names: Sequence[str], answers: Array, codes: NDArray[np.intp]) -> Moments:
        """Compute from complete answers (n, p) and each row's group number (n,)."""
        parts = [answers[codes == g] for g in range(int(codes.max(initial=0)) + 1)]
        # about the mean of all: sums of squares about zero would cancel
        mean = np.stack([part.mean(axis=0) for part in parts])
        centred = [part - m for part, m in zip(parts, mean, strict=True)]
        covariance = np.stack([c.T @ c / len(c) for c in centred])
        return cls(tuple(names), np.array([len(part) for part in parts]), mean, covariance)

    @classmethod
    def published(
        cls, names: Sequence[str], covariance: ArrayLike, n: int, mean: ArrayLike | None = None
    ) -> Moments:
        """Take a printed covariance matrix of one group, whose divisor is n - 1 as is customary.

        Parameters
        ----------
        names
            The p items.
        covariance
            (p, p), symmetric.
        n
            Number of respondents.
        mean
            (p,); zeros where the source prints none: means are saturated in one group, so no
            statistic but the intercepts depends on them.
        """
        s = np.asarray(covariance, dtype=float)
        m = np.zeros(len(s)) if mean is None else np.asarray(mean, dtype=float)
        return cls(tuple(names), np.array([n]), m[None], s[None] * (n - 1) / n)

    @cached_property
    def log_determinant(self) -> Array:
        """Logarithm of each covariance matrix's determinant, (G,)."""
        return np.asarray(np.linalg.slogdet(self.covariance)[1])

    def __add__(self, other: Moments) -> Moments:
        """Moments of both parts together, group by group."""
        n = self.n + other.n
        share = (other.n / n)[:, None]
        step = other.mean - self.mean
        between = (share * (1 - share))[:, :, None] * step[:, :, None] * step[:, None, :]
        s = share[:, :, None]
        within = self.covariance * (1 - s) + other.covariance * s
        return Moments(self.names, n, self.mean + share * step, within + between)

    def select(self, names: Sequence[str]) -> Moments:
        """Moments of some items, in the order asked."""
        at = [self.names.index(name) for name in names]
        return Moments(
            tuple(names), self.n, self.mean[:, at], self.covariance[:, at][:, :, at]
        )  # fmt: skip
