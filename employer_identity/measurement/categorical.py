"""Statistics of answers with ordered items: thresholds, correlations, and how these vary.

An ordered item is a standard normal variable cut at thresholds (y*); its correlations are
polychoric with ordered and polyserial with continuous items. `coded` holds the answers, `twostep`
the formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from employer_identity.errors import Problem
from employer_identity.measurement import twostep
from employer_identity.measurement.coded import Part, Places, parts_of, tables
from employer_identity.measurement.ordered_faults import faults_of_items, faults_of_pairs
from employer_identity.measurement.polychoric import thresholds
from employer_identity.measurement.threads import on_one_thread
from employer_identity.measurement.twostep import Second

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Code = int | float


@dataclass(frozen=True, eq=False)
class Crossing:
    """Clusters with people in several groups.

    Parameters
    ----------
    number
        Each group's clusters, rising, (C_g,).
    moved
        How far each cluster moves the group's statistics, (C_g, s); the sum of their products is
        the statistics' covariance, within a group and across groups.
    """

    number: tuple[Integers, ...]
    moved: tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class OrderedMoments:
    """What estimation from ordered items needs to know of the answers.

    The s statistics of a group: first thresholds and means, item by item (a continuous item's mean
    where its thresholds would stand); then variances of continuous items; then the covariances of
    items i > j, j by j.

    Parameters
    ----------
    names
        The p items.
    ordered
        Which of them are ordered, (p,).
    n
        Respondents a group, weighted if there are weights (of mean 1), (G,).
    categories
        Codes of each ordered item, lowest first, the same in all groups.
    owner
        Which item each of the t thresholds belongs to, rising, (t,).
    thresholds
        (G, t).
    mean
        (G, p), zero of ordered items.
    covariance
        (G, p, p); variances are 1 of ordered items, with divisor n of continuous ones.
    asymptotic
        n times the asymptotic covariance of the statistics, (s, s) a group.
    groups
        Labels, (G,); one empty label where there are no groups.
    crossing
        Clusters with people in several groups, if there are any: groups then are not independent.
    """

    names: tuple[str, ...]
    ordered: Booleans
    n: Array
    categories: tuple[tuple[Code, ...], ...]
    owner: Integers
    thresholds: Array
    mean: Array
    covariance: Array
    asymptotic: tuple[Array, ...]
    groups: tuple[str, ...] = ("",)
    crossing: Crossing | None = None

    @cached_property
    def places(self) -> Places:
        """Where the statistics stand."""
        return Places(self.ordered, np.array([len(c) for c in self.categories], dtype=np.int64))

    @cached_property
    def statistics(self) -> Array:
        """The statistics in their order, (G, s)."""
        places = self.places
        i, j = places.pairs
        found = np.empty((len(self.n), places.first + len(i)))
        found[:, places.thresholds] = self.thresholds
        found[:, places.means] = self.mean[:, places.at_continuous]
        found[:, places.variances] = self.covariance[:, places.at_continuous, places.at_continuous]
        found[:, places.first :] = self.covariance[:, i, j]
        return found


@on_one_thread
def ordered_moments(
    names: Sequence[str],
    answers: Array,
    group: Integers,
    ordered: Booleans,
    *,
    labels: Sequence[str] = ("",),
    weights: Array | None = None,
    cluster: Integers | None = None,
) -> OrderedMoments | tuple[Problem, ...]:
    """Compute the statistics, or say why they cannot be.

    Thresholds come from all who answered an item, a correlation from all who answered both: with
    holes in the answers that is pairwise deletion; drop incomplete rows first for listwise.

    Parameters
    ----------
    names
        The p items.
    answers
        (n, p), NaN where there is none; any codes, their order is what counts.
    group
        Each row's group number, 0 to G - 1, none without rows, (n,).
    ordered
        Which items are ordered, (p,).
    labels
        Labels of the groups.
    weights
        Probability weights, positive, (n,).
    cluster
        Each row's cluster number, (n,). Rows in a cluster are not taken for independent.

    Notes
    -----
    As in lavaan 0.6 the sums of products of scores stand for the information. With continuous items
    that are skewed this leans on their normality, as polyserial correlations do anyway.

    References
    ----------
    Muthen (1984), Psychometrika 49, 115-132; Olsson (1979), Psychometrika 44, 443-460. Checked
    against lavaan 0.6-14.
    """
    codes, categories = _coded(answers[:, ordered])
    places = Places(ordered, np.array([len(c) for c in categories], dtype=np.int64))
    w = np.ones(len(answers)) if weights is None else weights / weights.mean()
    parts = parts_of(places, codes, answers[:, ~ordered], group, w, cluster)
    faults = faults_of_items(names, labels, places, parts)
    if faults:
        return faults
    counts = np.stack([tables(part, places.K) for part in parts])
    tau = thresholds(np.einsum("gakak->gak", counts))
    second = twostep.second_step(places, parts, counts, tau)
    faults = faults_of_pairs(names, labels, places, np.stack([own.r for own in second]))
    if faults:
        return faults
    mean, covariance = _moments(places, parts, second)
    asymptotic, crossing = _varying(places, parts, tau, second, covariance)
    return OrderedMoments(
        tuple(names), ordered, np.array([part.weights.sum() for part in parts]), categories,
        places.level[places.thresholds], tau[:, places.is_threshold], mean, covariance, asymptotic,
        tuple(labels), crossing,
    )  # fmt: skip


def _coded(answers: Array) -> tuple[Integers, tuple[tuple[Code, ...], ...]]:
    """Number the categories of ordered items; no answer is numbered as K (see `coded`)."""
    found = [np.unique(a[~np.isnan(a)], return_inverse=True) for a in answers.T]
    K = max((len(values) for values, _ in found), default=1)
    codes = np.full(answers.shape, K, dtype=np.int64)
    for a, (_, number) in enumerate(found):
        codes[~np.isnan(answers[:, a]), a] = number
    return codes, tuple(tuple(_plain(v) for v in values) for values, _ in found)


def _plain(value: float) -> Code:
    return int(value) if float(value).is_integer() else float(value)


def _moments(
    places: Places, parts: tuple[Part, ...], second: tuple[Second, ...]
) -> tuple[Array, Array]:
    """Put means and covariances together, (G, p) and (G, p, p)."""
    G, p = len(parts), len(places.ordered)
    mean, sd = np.zeros((G, p)), np.ones((G, p))
    for g, part in enumerate(parts):
        mean[g, places.at_continuous] = part.moments[0]
        sd[g, places.at_continuous] = np.sqrt(part.moments[1])
    i, j = places.pairs
    R = np.broadcast_to(np.eye(p), (G, p, p)).copy()
    R[:, i, j] = R[:, j, i] = np.stack([s.r for s in second])
    return mean, R * sd[:, :, None] * sd[:, None, :]


def _varying(
    places: Places, parts: tuple[Part, ...], tau: Array, second: tuple[Second, ...], S: Array
) -> tuple[tuple[Array, ...], Crossing | None]:
    """Return n times the covariance of the statistics, and clusters' parts in it if they cross."""
    crossed = _crossed(parts)
    asymptotic, moved = [], []
    for part, t, own, cov in zip(parts, tau, second, S, strict=True):
        L = twostep.bread(places, own, np.diag(cov))
        if part.cluster is None:
            of_rows = twostep.squares(places, part, t, own)
            asymptotic.append(part.weights.sum() * (L @ of_rows @ L.T))
            continue
        of_clusters = twostep.summed(places, part, t, own) @ L.T
        asymptotic.append(part.weights.sum() * (of_clusters.T @ of_clusters))
        if crossed:
            moved.append(of_clusters)
    if not crossed:
        return tuple(asymptotic), None
    return tuple(asymptotic), Crossing(_clusters(parts), tuple(moved))


def _clusters(parts: tuple[Part, ...]) -> tuple[Integers, ...]:
    return tuple(np.unique(part.cluster) for part in parts if part.cluster is not None)


def _crossed(parts: tuple[Part, ...]) -> bool:
    """Whether some cluster has people in several groups."""
    inside = _clusters(parts)
    return bool(inside) and len(np.unique(np.concatenate(inside))) < sum(map(len, inside))
