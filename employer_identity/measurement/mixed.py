"""Pairs of a continuous item with ordered or other continuous ones, for the two-step statistics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement import polyserial
from employer_identity.measurement.coded import Part, Places
from employer_identity.measurement.polyserial import Pair

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MixedPair:
    """What the second step knows of a pair with a continuous item.

    Parameters
    ----------
    number
        Of the pair.
    r
        Its correlation, NaN where it is perfect.
    scores
        Of the correlation, by respondent, zero who lack an answer, (n,).
    A21
        Sums of products of these with the scores of the first step's statistics, (f,).
    a22
        Their sum of squares.
    """

    number: int
    r: float
    scores: Array
    A21: Array
    a22: float


def mixed_pairs(places: Places, part: Part, tau: Array) -> Iterator[MixedPair]:
    """Go through one group's pairs with a continuous item; ``tau`` are thresholds (a, K - 1)."""
    edges = np.pad(tau, ((0, 0), (1, 1)), constant_values=((0, 0), (-np.inf, np.inf)))
    item = np.arange(len(tau))
    lower = edges[item, np.minimum(part.codes, places.K - 1)]
    upper = edges[item, np.minimum(part.codes, places.K - 1) + 1]
    chosen = part.codes < places.K
    z = np.nan_to_num(part.standardised)
    seen = ~np.isnan(part.numbers)
    sd = np.sqrt(part.moments[1])
    for x in range(z.shape[1]):
        both = chosen & seen[:, [x]]
        r = polyserial.polyserials(z[:, x], upper, lower, part.weights[:, None] * both)
        for o in range(len(tau)):
            rows, at = np.flatnonzero(both[:, o]), _inside(r[o])
            scores = polyserial.polyserial_scores(
                z[rows, x], sd[x], upper[rows, o], lower[rows, o], at
            )
            yield _summed(places, part, scores, rows, r[o], (x,), o)
        later = np.arange(x + 1, z.shape[1])
        both = seen[:, later] & seen[:, [x]]
        r = polyserial.pearsons(z[:, x], z[:, later], part.weights[:, None] * both)
        for k, y in enumerate(later):
            rows, at = np.flatnonzero(both[:, k]), _inside(r[k])
            scores = polyserial.pearson_scores(z[rows, x], sd[x], z[rows, y], sd[y], at)
            yield _summed(places, part, scores, rows, r[k], (x, int(y)), None)


def _inside(r: float) -> float:
    """Take 0 for a perfect correlation: it is told of, not used."""
    return 0.0 if np.isnan(r) else float(r)


def _summed(
    places: Places, part: Part, scores: Pair, rows: Integers, r: float,
    continuous: tuple[int, ...], ordered: int | None,
) -> MixedPair:  # fmt: skip
    """Add up one pair's scores; items are numbered within their kind."""
    weighted = part.weights[rows] * scores.r
    A21 = np.zeros(places.first)
    own = np.stack([places.means[[*continuous]], places.variances[[*continuous]]], axis=1)
    A21[own.ravel()] = weighted @ scores.continuous
    items = [places.at_continuous[x] for x in continuous]
    if ordered is not None:
        assert scores.above is not None
        assert scores.below is not None
        items.append(places.at_ordered[ordered])
        codes, K = part.codes[rows, ordered], places.K
        above = np.bincount(codes, weighted * scores.above, K)[:-1]
        below = np.bincount(codes, weighted * scores.below, K)[1:]
        real = places.is_threshold[ordered]
        A21[places.threshold_at[ordered, real]] = (above + below)[real]
    found = np.zeros(len(part.codes))
    found[rows] = scores.r
    number = int(places.pair_of[items[0], items[1]])
    return MixedPair(number, float(r), found, A21, float(weighted @ scores.r))
