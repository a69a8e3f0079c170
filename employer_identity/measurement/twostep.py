"""Two-step statistics of ordered items: correlations from margins, and how all vary together.

What a respondent moves an estimate by is the score, solved for the estimate (Muthen, 1984). For the
first step (thresholds, means, variances) that is u1 = A11^-1 s1; for a correlation

    u2 = (s2 - A21 u1) / a22

with A the sums over respondents of products of scores, those of both kinds from the pair's own
likelihood. The asymptotic covariance of the statistics is n times the sum of u u'. Scores of
ordered items depend on the answers' cells alone: a table is computed, and answers look it up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from employer_identity.measurement import polyserial
from employer_identity.measurement.bivariate import normal_density
from employer_identity.measurement.coded import ROWS, Part, Places
from employer_identity.measurement.mixed import mixed_pairs
from employer_identity.measurement.polychoric import cells, polychorics

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Second:
    """Correlations of one group, and what their scores are made of.

    Parameters
    ----------
    r
        Correlation of each pair, (P,); NaN where it is perfect.
    A21
        Sums of products with the scores of the first step's statistics, (P, f).
    a22
        Sums of squares, (P,).
    by_cell
        Scores of pairs of ordered items by cell, zero in the last row and column, which stand for
        no answer: (pairs of ordered, (K + 1)^2).
    by_row
        Scores of the other pairs by respondent, zero where there is none, (n, the others).
    """

    r: Array
    A21: Array
    a22: Array
    by_cell: Array
    by_row: Array


def second_step(
    places: Places, parts: tuple[Part, ...], counts: Array, tau: Array
) -> tuple[Second, ...]:
    """Return the correlations of each group; those of ordered pairs are found in one batch.

    Parameters
    ----------
    counts
        Tables of the ordered items, (G, a, K, a, K).
    tau
        Thresholds, infinite where padded, (G, a, K - 1).
    """
    both, K, G = places.ordered_pairs, places.K, len(parts)
    i, j = (places.rank[at[both]] for at in places.pairs)
    N = counts.transpose(0, 1, 3, 2, 4)[:, i, j].reshape(-1, K, K)
    h, k = (tau[:, at].reshape(-1, K - 1) for at in (i, j))
    r = polychorics(N, h, k)
    found = cells(h, k, np.nan_to_num(r))  # perfect ones are told of, not used
    scores = found.slope / found.probability
    X = N * scores / found.probability
    by_row = -(found.corner * np.diff(X, axis=1)).sum(axis=2)
    by_column = -(found.side * np.diff(X, axis=2)).sum(axis=1)
    a22 = (N * scores**2).sum(axis=(1, 2))
    looked_up = np.pad(scores, ((0, 0), (0, 1), (0, 1)))
    each = [v.reshape(G, len(i), *v.shape[1:]) for v in (r, by_row, by_column, a22, looked_up)]
    result = []
    for g, part in enumerate(parts):
        r_g, rows_g, columns_g, a22_g, by_cell = (v[g] for v in each)
        A21 = np.zeros((len(both), places.first))
        for at, sums in ((i, rows_g), (j, columns_g)):
            real = places.is_threshold[at]
            pair = np.broadcast_to(np.flatnonzero(both)[:, None], real.shape)
            A21[pair[real], places.threshold_at[at][real]] = sums[real]
        by_cell = by_cell.reshape(len(i), (K + 1) ** 2)
        result.append(_completed(places, part, tau[g], r_g, A21, a22_g, by_cell))
    return tuple(result)


def _completed(
    places: Places, part: Part, tau: Array, r: Array, A21: Array, a22: Array, by_cell: Array
) -> Second:
    """Add the pairs with a continuous item to those of ordered ones."""
    both = places.ordered_pairs
    all_r, all_a22 = np.zeros(len(both)), np.zeros(len(both))
    all_r[both], all_a22[both] = r, a22
    by_row = np.zeros((len(part.weights), (~both).sum()))
    column = np.cumsum(~both) - 1
    if by_row.shape[1]:
        for pair in mixed_pairs(places, part, tau):
            at = pair.number
            all_r[at], A21[at], all_a22[at] = pair.r, pair.A21, pair.a22
            by_row[:, column[at]] = pair.scores
    return Second(all_r, A21, all_a22, by_cell, by_row)


def moved(places: Places, part: Part, tau: Array, second: Second) -> Iterator[tuple[slice, Array]]:
    """Go through the rows, weighted: their part in the first step's statistics, and scores of r."""
    shares = _threshold_shares(places, part, tau)
    continuous = _continuous_shares(part)
    real = places.is_threshold
    item = np.arange(len(tau))
    i, j = (places.rank[at[places.ordered_pairs]] for at in places.pairs)
    pair = np.arange(len(i)) * (places.K + 1) ** 2
    s = places.first + len(places.ordered_pairs)
    at_pairs = places.first + np.flatnonzero(places.ordered_pairs)
    at_others = places.first + np.flatnonzero(~places.ordered_pairs)
    for start in range(0, len(part.weights), ROWS):
        rows = slice(start, start + ROWS)
        codes = part.codes[rows]
        found = np.empty((len(codes), s))
        found[:, places.thresholds] = shares[item, codes][:, real]
        found[:, places.means] = continuous[rows, :, 0]
        found[:, places.variances] = continuous[rows, :, 1]
        cell = codes[:, i] * (places.K + 1) + codes[:, j]
        found[:, at_pairs] = second.by_cell.ravel()[cell + pair]
        found[:, at_others] = second.by_row[rows]
        yield rows, found * part.weights[rows, None]


def _threshold_shares(places: Places, part: Part, tau: Array) -> Array:
    """How far an answer in a category moves each threshold, (a, K + 1, K - 1).

    A threshold is the normal quantile of a share F, so that an answer moves it by
    ([answer below] - F) / phi(tau) / n; A11 and its scores give the same.
    """
    K = places.K
    n = ((part.codes < K) * part.weights[:, None]).sum(axis=0)
    below = np.arange(K)[:, None] <= np.arange(K - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (below - ndtr(tau)[:, None]) / normal_density(tau)[:, None] / n[:, None, None]
    found = np.where(places.is_threshold[:, None], found, 0.0)
    return np.pad(found, ((0, 0), (0, 1), (0, 0)))


def _continuous_shares(part: Part) -> Array:
    """How far each answer moves its item's mean and variance, (n, b, 2)."""
    z, sd = part.standardised, np.sqrt(part.moments[1])
    scores = np.nan_to_num(polyserial.univariate_scores(z, sd))
    A11 = np.einsum("n,nbx,nby->bxy", part.weights, scores, scores)
    return np.asarray(np.einsum("bxy,nby->nbx", np.linalg.inv(A11), scores))


def bread(places: Places, second: Second, variance: Array) -> Array:
    """Return the map from what `moved` yields to the statistics, (s, s).

    A covariance is r sd sd', so that variances of continuous items (``variance``, (p,), 1 of
    ordered ones) move it too.
    """
    f = places.first
    s = f + len(second.r)
    found = np.eye(s)
    found[f:, :f] = -second.A21 / second.a22[:, None]
    found[f:, f:] = np.diag(1.0 / second.a22)
    sd = np.sqrt(variance)
    i, j = places.pairs
    scale = sd[i] * sd[j]
    found[f:] *= scale[:, None]
    for at in (i, j):
        mine = np.flatnonzero(~places.ordered[at])
        column = places.variances[places.rank[at[mine]]]
        found[f + mine, column] += 0.5 * (second.r * scale)[mine] / variance[at[mine]]
    return found


def summed(places: Places, part: Part, tau: Array, second: Second) -> Array:
    """Sum what `moved` yields within clusters, (C, s), those of C clusters times sqrt(C / (C - 1)).

    Sums of C clusters vary about their own mean.
    """
    assert part.cluster is not None
    labels, number = np.unique(part.cluster, return_inverse=True)
    C = len(labels)
    total = np.zeros((C, places.first + len(second.r)))
    for rows, values in moved(places, part, tau, second):
        mine = number[rows]
        first = np.flatnonzero(np.diff(mine, prepend=-1))
        total[mine[first]] += np.add.reduceat(values, first, axis=0)
    return np.asarray(total * np.sqrt(C / (C - 1)))


def squares(places: Places, part: Part, tau: Array, second: Second) -> Array:
    """Return the sum of products of what `moved` yields, (s, s), rows being independent."""
    s = places.first + len(second.r)
    total = np.zeros((s, s))
    for _, values in moved(places, part, tau, second):
        total += values.T @ values
    return total
