"""Statistics of answers with ordered items: thresholds, correlations, and how these vary.

An ordered item is a standard normal variable cut at thresholds (y*); its correlations are
polychoric with ordered and polyserial with continuous items. `coded` holds the answers, `twostep`
the formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from employer_identity.errors import Problem
from employer_identity.measurement import twostep
from employer_identity.measurement.coded import Coding, Keys, Part, Places, parts_of
from employer_identity.measurement.ordered_faults import faults_of_items, faults_of_pairs
from employer_identity.measurement.polychoric import thresholds
from employer_identity.measurement.spread import Spread, corrected
from employer_identity.measurement.tabulated import Tables
from employer_identity.measurement.threads import on_one_thread
from employer_identity.measurement.twostep import LookUp, Second

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

    number: tuple[Keys, ...]
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
    w = np.ones(len(answers)) if weights is None else weights / weights.mean()
    chosen = [name for name, one in zip(names, ordered, strict=True) if one]
    tables = Tables.of(chosen, answers[:, ordered], group, w, len(labels))
    held = Held(answers, group, ordered, w, cluster)
    return statistics_of(names, labels, ordered, tables, held)


class Answers(Protocol):
    """Answers that can be gone through again, once it is known what to look up."""

    def parts(self, coding: Coding, groups: int) -> tuple[Part, ...]:
        """Return the rows of each group, where there are continuous items; else nothing."""
        ...

    def spread(self, places: Places, coding: Coding, looks: tuple[LookUp, ...]) -> Spread:
        """Add up what all answers move the statistics by."""
        ...


@dataclass(frozen=True, eq=False)
class Held:
    """Answers in memory; see `ordered_moments`.

    Parameters
    ----------
    answers
        (n, p).
    group
        (n,).
    ordered
        (p,).
    weights
        (n,), with mean 1.
    cluster
        (n,), or None.
    """

    answers: Array
    group: Integers
    ordered: Booleans
    weights: Array
    cluster: Integers | None

    def parts(self, coding: Coding, groups: int) -> tuple[Part, ...]:
        """Return the rows of each group, where there are continuous items; else nothing."""
        return () if self.ordered.all() else self._parts(coding, groups)

    def spread(self, places: Places, coding: Coding, looks: tuple[LookUp, ...]) -> Spread:
        """Add up what all answers move the statistics by."""
        return twostep.looked_up(places, self._parts(coding, len(looks)), looks)

    def _parts(self, coding: Coding, groups: int) -> tuple[Part, ...]:
        codes, numbers = coding.codes(self.answers[:, self.ordered]), self.answers[:, ~self.ordered]
        return parts_of(codes, numbers, self.group, self.weights, self.cluster, groups)


@on_one_thread
def statistics_of(
    names: Sequence[str],
    labels: Sequence[str],
    ordered: Booleans,
    tables: Tables,
    answers: Answers,
) -> OrderedMoments | tuple[Problem, ...]:
    """Compute the statistics from tables, and from a second pass how they vary."""
    coding, counts = tables.coding, tables.counts
    places = Places(ordered, coding.counts)
    parts = answers.parts(coding, len(labels))
    faults = faults_of_items(names, labels, places, tables, parts)
    if faults:
        return faults
    tau = thresholds(tables.margins)
    second = twostep.second_step(places, counts, tau)
    if parts:
        each = zip(parts, tau, second, strict=True)
        second = tuple(twostep.completed(places, *own) for own in each)
    faults = faults_of_pairs(names, labels, places, np.stack([own.r for own in second]))
    if faults:
        return faults
    mean, covariance = _moments(places, parts, second)
    looks = tuple(
        LookUp.of(places, *own)
        for own in zip(tables.margins, tau, second, parts or (None,) * len(labels), strict=True)
    )
    spread = answers.spread(places, coding, looks)
    bread = [
        twostep.bread(places, own, np.diag(S)) for own, S in zip(second, covariance, strict=True)
    ]
    asymptotic, crossing = _varying(tables.n, bread, spread)
    return OrderedMoments(
        tuple(names), ordered, tables.n, tuple(tuple(map(_plain, own)) for own in coding.called),
        places.level[places.thresholds], tau[:, places.is_threshold], mean, covariance, asymptotic,
        tuple(labels), crossing,
    )  # fmt: skip


def _plain(value: float) -> Code:
    return int(value) if float(value).is_integer() else float(value)


def _moments(
    places: Places, parts: tuple[Part, ...], second: tuple[Second, ...]
) -> tuple[Array, Array]:
    """Put means and covariances together, (G, p) and (G, p, p)."""
    G, p = len(second), len(places.ordered)
    mean, sd = np.zeros((G, p)), np.ones((G, p))
    for g, part in enumerate(parts):
        mean[g, places.at_continuous] = part.moments[0]
        sd[g, places.at_continuous] = np.sqrt(part.moments[1])
    i, j = places.pairs
    R = np.broadcast_to(np.eye(p), (G, p, p)).copy()
    R[:, i, j] = R[:, j, i] = np.stack([s.r for s in second])
    return mean, R * sd[:, :, None] * sd[:, None, :]


def _varying(
    n: Array, bread: Sequence[Array], spread: Spread
) -> tuple[tuple[Array, ...], Crossing | None]:
    """Return n times the covariance of the statistics, and clusters' parts in it if they cross."""
    if spread.squares is not None:
        each = zip(n, bread, spread.squares, strict=True)
        return tuple(k * (L @ own @ L.T) for k, L, own in each), None
    slices = list(spread.each(len(n)))
    moved = [corrected(spread.sums[own]) @ L.T for own, L in zip(slices, bread, strict=True)]
    asymptotic = tuple(k * (own.T @ own) for k, own in zip(n, moved, strict=True))
    if len(np.unique(spread.key)) == len(spread.key):
        return asymptotic, None
    return asymptotic, Crossing(tuple(spread.key[own] for own in slices), tuple(moved))
