"""Two-step statistics of ordered items: correlations from margins, and how all vary together.

What a respondent moves an estimate by is the score, solved for the estimate (Muthen, 1984). For the
first step (thresholds, means, variances) that is u1 = A11^-1 s1; for a correlation

    u2 = (s2 - A21 u1) / a22

with A the sums over respondents of products of scores, those of both kinds from the pair's own
likelihood. The asymptotic covariance of the statistics is n times the sum of u u'. Scores of
ordered items depend on the answers' cells alone: a table is computed, and answers look it up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from employer_identity.measurement import polyserial
from employer_identity.measurement.bivariate import normal_density
from employer_identity.measurement.coded import Part, Places
from employer_identity.measurement.mixed import mixed_pairs
from employer_identity.measurement.polychoric import cells, polychorics
from employer_identity.measurement.products import Keys
from employer_identity.measurement.spread import Spread

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

ROWS = 2048  # rows whose scores are held at a time: they stay in the cache


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
        Scores of the other pairs by respondent, zero where there is none, (the others, n); None
        where all pairs are of ordered items.
    """

    r: Array
    A21: Array
    a22: Array
    by_cell: Array
    by_row: Array | None = None


def second_step(places: Places, counts: Array, tau: Array) -> tuple[Second, ...]:
    """Return the correlations of ordered items in each group, all found in one batch.

    Parameters
    ----------
    counts
        Tables of the ordered items, (G, a, K, a, K).
    tau
        Thresholds, infinite where padded, (G, a, K - 1).
    """
    both, K, G = places.ordered_pairs, places.K, len(counts)
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
    for r_g, rows_g, columns_g, a22_g, by_cell in zip(*each, strict=True):
        A21 = np.zeros((len(both), places.first))
        for at, sums in ((i, rows_g), (j, columns_g)):
            real = places.is_threshold[at]
            pair = np.broadcast_to(np.flatnonzero(both)[:, None], real.shape)
            A21[pair[real], places.threshold_at[at][real]] = sums[real]
        all_r, all_a22 = np.zeros(len(both)), np.zeros(len(both))
        all_r[both], all_a22[both] = r_g, a22_g
        result.append(Second(all_r, A21, all_a22, by_cell.reshape(len(i), (K + 1) ** 2)))
    return tuple(result)


def completed(places: Places, part: Part, tau: Array, second: Second) -> Second:
    """Add the pairs with a continuous item to those of ordered ones."""
    mixed = ~places.ordered_pairs
    r, A21, a22 = second.r.copy(), second.A21.copy(), second.a22.copy()
    by_row, row = np.zeros((mixed.sum(), len(part.weights))), np.cumsum(mixed) - 1
    for pair in mixed_pairs(places, part, tau):
        at = pair.number
        r[at], A21[at], a22[at] = pair.r, pair.A21, pair.a22
        by_row[row[at]] = pair.scores
    return replace(second, r=r, A21=A21, a22=a22, by_row=by_row)


@dataclass(frozen=True, eq=False)
class LookUp:
    """What a group's answers move the statistics by, before `bread`.

    Parameters
    ----------
    shares
        Thresholds by category, (a, K - 1, K + 1).
    by_cell
        Scores of pairs of ordered items by cell, (pairs of ordered, (K + 1)^2).
    by_row
        The other statistics by respondent, in their order, (m, n); None where there are none.
    """

    shares: Array
    by_cell: Array
    by_row: Array | None = None

    @classmethod
    def of(
        cls, places: Places, margins: Array, tau: Array, second: Second, part: Part | None
    ) -> LookUp:
        """Make a group's tables from its margins (a, K); ``part`` holds continuous items."""
        shares = _threshold_shares(places, margins.sum(axis=1), tau)
        if part is None or second.by_row is None:
            return cls(shares, second.by_cell)
        own = _continuous_shares(part)
        by_row = np.concatenate([own[..., 0], own[..., 1], second.by_row])
        return cls(shares, second.by_cell, by_row)


def moved(places: Places, part: Part, look: LookUp) -> Iterator[tuple[slice, Array]]:
    """Go through the rows, weighted: their part in the first step's statistics, and scores of r.

    They stand side by side, (s, rows), in memory that is used again.
    """
    wide, pairs = places.K + 1, places.ordered_pairs
    i, j = (places.rank[at[pairs]] for at in places.pairs)
    firsts = np.flatnonzero(np.diff(j, prepend=-1))
    at_pairs = places.first + np.flatnonzero(pairs)
    others = np.concatenate([places.means, places.variances, places.first + np.flatnonzero(~pairs)])
    ends = np.cumsum(places.counts - 1)
    alike = bool((part.weights == 1.0).all())
    memory = np.empty((places.first + len(pairs), min(ROWS, len(part.weights))))
    for start in range(0, len(part.weights), ROWS):
        rows = slice(start, min(start + ROWS, len(part.weights)))
        codes = np.ascontiguousarray(part.codes[rows].T)
        found = memory[:, : codes.shape[1]]
        for a, end in enumerate(ends):
            own = places.thresholds[end - places.counts[a] + 1 : end]
            found[own[0] : own[-1] + 1] = look.shares[a, : len(own)][:, codes[a]]
        row = codes * wide
        for first in firsts.tolist():
            cell = row[i[first] :] + codes[j[first]]
            for k, mine in enumerate(cell, first):
                look.by_cell[k].take(mine, out=found[at_pairs[k]], mode="clip")
        if look.by_row is not None:
            found[others] = look.by_row[:, rows]
        if not alike:
            found *= part.weights[rows]
        yield rows, found


def looked_up(places: Places, parts: Sequence[Part], looks: Sequence[LookUp]) -> Spread:
    """Add up what answers move the statistics by: products by group, or sums by cluster."""
    s, clustered = places.first + len(places.ordered_pairs), parts[0].cluster is not None
    if not clustered:
        squares = np.zeros((len(parts), s, s))
        for total, part, look in zip(squares, parts, looks, strict=True):
            for _, values in moved(places, part, look):
                total += values @ values.T
        return Spread.of_squares(squares)
    each = [_by_cluster(places, *own) for own in zip(parts, looks, strict=True)]
    group = np.repeat(np.arange(len(parts)), [len(keys) for keys, _ in each])
    keys, sums = (np.concatenate(own) for own in zip(*each, strict=True))
    return Spread(None, group, keys, sums)


def _by_cluster(places: Places, part: Part, look: LookUp) -> tuple[Keys, Array]:
    """Return the clusters, rising, and the sums within them of what `moved` yields, (C, s)."""
    assert part.cluster is not None  # asked for only then
    keys: Keys
    keys, number = np.unique(part.cluster, return_inverse=True)
    total = np.zeros((len(keys), places.first + len(places.ordered_pairs)))
    for rows, values in moved(places, part, look):
        mine = number[rows]
        first = np.flatnonzero(np.diff(mine, prepend=-1))
        total[mine[first]] += np.add.reduceat(values, first, axis=1).T
    return keys, total


def _threshold_shares(places: Places, n: Array, tau: Array) -> Array:
    """How far an answer in a category moves each threshold, (a, K - 1, K + 1).

    A threshold is the normal quantile of a share F of n (a,), so that an answer moves it by
    ([answer below] - F) / phi(tau) / n; A11 and its scores give the same.
    """
    K = places.K
    below = np.arange(K)[:, None] <= np.arange(K - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (below - ndtr(tau)[:, None]) / normal_density(tau)[:, None] / n[:, None, None]
    found = np.where(places.is_threshold[:, None], found, 0.0)
    return np.pad(found, ((0, 0), (0, 1), (0, 0))).transpose(0, 2, 1).copy()


def _continuous_shares(part: Part) -> Array:
    """How far each answer moves its item's mean and variance, (b, n, 2)."""
    z, sd = part.standardised, np.sqrt(part.moments[1])
    scores = np.nan_to_num(polyserial.univariate_scores(z, sd))
    A11 = np.einsum("n,nbx,nby->bxy", part.weights, scores, scores)
    return np.asarray(np.einsum("bxy,nby->bnx", np.linalg.inv(A11), scores))


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
