"""Correlations behind tables of two ordered items, all tables at once.

An ordered item is a standard normal variable cut at thresholds. With these known from the margins,
the log-likelihood of a table with counts N is ``sum N log P(r)``, P the probabilities of the cells;
its maximum over r is the polychoric correlation, in two steps (Olsson, 1979). Tables are padded to
the largest number of categories K: empty rows and columns, and infinite thresholds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from employer_identity.measurement import bivariate
from employer_identity.measurement.bivariate import normal_density

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

LIMIT = 0.9999  # a larger correlation is taken for a perfect one
STEP = 1e-6  # Newton's last step: what is left is about its square
HALF = 1e-10  # the last step of halving, where Newton's do not help
STEPS = 100  # halving alone needs 34
TINY = 1e-16  # of a probability: below it lies what a difference of four leaves over


@dataclass(frozen=True, eq=False)
class Cells:
    """Probabilities of the cells of B tables and their derivatives.

    Parameters
    ----------
    probability
        (B, K, K).
    slope
        Their derivative by r, (B, K, K).
    corner
        How fast each row's probabilities grow with the threshold above it (and the next row's
        shrink), (B, K - 1, K).
    side
        The same of columns, (B, K, K - 1).
    """

    probability: Array
    slope: Array
    corner: Array
    side: Array


def thresholds(margins: Array) -> Array:
    """Return the thresholds of items from the counts of their categories, (..., K) to (..., K - 1).

    Normal quantiles of the cumulated shares. The last categories may be padding: thresholds beyond
    the last answer are infinite.
    """
    below = np.cumsum(margins, axis=-1)
    left = np.cumsum(margins[..., ::-1], axis=-1)[..., ::-1]  # exact at the upper end
    share = below[..., :-1] / below[..., -1:]
    above = left[..., 1:] / left[..., :1]
    return np.asarray(np.where(share < 0.5, ndtri(share), -ndtri(above)))


def polychorics(tables: Array, h: Array, k: Array) -> Array:
    """Return the polychoric correlation of each table, NaN where it is perfect.

    A table of two by two with one empty cell has its maximum at 1 or -1: half an answer is put into
    that cell, and the margins are kept (the convention of Mplus and lavaan).

    Parameters
    ----------
    tables
        Counts, weighted or not, (B, K, K).
    h, k
        Thresholds of the rows' and the columns' items, (B, K - 1).
    """
    tables = _without_empty_cell(tables, h, k)

    def score(r: Array, at: Integers) -> tuple[Array, Array]:
        corners = (h[at, :, None], k[at, None, :], r[:, None, None])
        P = np.maximum(_between(bivariate.cdf(*corners), ndtr(h[at]), ndtr(k[at])), TINY)
        first = _between(bivariate.density(*corners)) / P
        second = _between(bivariate.density_slope(*corners)) / P
        n = tables[at]
        return (n * first).sum(axis=(1, 2)), (n * (second - first**2)).sum(axis=(1, 2))

    return root(score, _start(tables, h, k))


def root(score: Callable[[Array, Integers], tuple[Array, Array]], start: Array) -> Array:
    """Find where scores are zero, each by Newton's steps inside a bracket that closes in.

    Parameters
    ----------
    score
        Takes correlations and which of the B they are; returns scores and their derivatives.
    start
        (B,).

    Returns
    -------
    (B,), NaN where the score does not change its sign inside (-LIMIT, LIMIT).
    """
    r = np.clip(start, -0.95, 0.95)
    low, high = np.full(len(r), -LIMIT), np.full(len(r), LIMIT)
    active = np.arange(len(r))
    for _ in range(STEPS):
        value, slope = score(r[active], active)
        now = r[active]
        low[active] = np.where(value >= 0, now, low[active])
        high[active] = np.where(value <= 0, now, high[active])
        with np.errstate(divide="ignore", invalid="ignore"):
            new = now - value / slope
        inside = (slope < 0) & (new > low[active]) & (new < high[active])
        halved = 0.5 * (low[active] + high[active])
        r[active] = np.where(value == 0, now, np.where(inside, new, halved))
        active = active[np.abs(r[active] - now) > np.where(inside, STEP, HALF)]
        if not len(active):
            break
    r[active] = np.nan
    r[np.abs(r) > LIMIT - 1e-6] = np.nan
    return r


def cells(h: Array, k: Array, r: Array) -> Cells:
    """Return the probabilities of the cells and their derivatives by r and by thresholds."""
    x, y, z = h[:, :, None], k[:, None, :], r[:, None, None]
    P = np.maximum(_between(bivariate.cdf(x, y, z), ndtr(h), ndtr(k)), TINY)
    slope = _between(bivariate.density(x, y, z))
    corner = np.diff(
        bivariate.cdf_slope(x, y, z), axis=2, prepend=0.0, append=normal_density(h)[:, :, None]
    )
    side = np.diff(
        bivariate.cdf_slope(y, x, z), axis=1, prepend=0.0, append=normal_density(k)[:, None, :]
    )
    return Cells(P, slope, corner, side)


def _between(at_corners: Array, rows: Array | None = None, columns: Array | None = None) -> Array:
    """Turn values at corners (B, K - 1, K - 1) into differences over cells (B, K, K).

    Beyond the last corners stand the margins, zero if not given.
    """
    B, s, _ = at_corners.shape
    grid = np.zeros((B, s + 2, s + 2))
    grid[:, 1:-1, 1:-1] = at_corners
    if rows is not None and columns is not None:
        grid[:, 1:-1, -1], grid[:, -1, 1:-1], grid[:, -1, -1] = rows, columns, 1.0
    return np.asarray(np.diff(np.diff(grid, axis=1), axis=2))


def _start(tables: Array, h: Array, k: Array) -> Array:
    """Correlate the means of the normal variables within categories."""
    n = tables.sum(axis=(1, 2))
    x, y = _means(h), _means(k)
    xx = (tables.sum(axis=2) * x**2).sum(axis=1) / n
    yy = (tables.sum(axis=1) * y**2).sum(axis=1) / n
    return np.asarray(np.einsum("bij,bi,bj->b", tables, x, y) / n / np.sqrt(xx * yy))


def _means(h: Array) -> Array:
    """Mean of a standard normal variable between neighbouring thresholds, (B, K)."""
    edge = np.zeros((len(h), 1))
    density = np.concatenate([edge, normal_density(h), edge], axis=1)
    share = np.diff(np.concatenate([edge, ndtr(h), edge + 1.0], axis=1), axis=1)
    return np.asarray(-np.diff(density, axis=1) / np.maximum(share, TINY))


def _without_empty_cell(tables: Array, h: Array, k: Array) -> Array:
    """Move half an answer, at most half of what is there, into the one empty cell of two by two."""
    small = (np.isfinite(h).sum(axis=1) == 1) & (np.isfinite(k).sum(axis=1) == 1)
    square = tables[:, :2, :2]
    empty = square == 0
    one = small & (empty.sum(axis=(1, 2)) == 1)
    if not one.any():
        return tables
    square, empty = square[one], empty[one]
    least = np.where(empty, np.inf, square).min(axis=(1, 2))
    diagonal = empty[:, 0, 0] | empty[:, 1, 1]
    size = np.where(diagonal, 0.5, -0.5) * np.minimum(least, 1.0)
    found = tables.copy()
    found[one, :2, :2] = square + size[:, None, None] * np.array([[1.0, -1.0], [-1.0, 1.0]])
    return found
