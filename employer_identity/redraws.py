"""Surveys drawn from a model that look like the survey it was fitted to.

Each draw has as many people in each group, who leave out the same answers, with the same weights
and in the same clusters. Answers on few values stay on these: normal responses are cut where all
groups together had them, at places common to the groups, since places of their own would be a
difference of measurement; where the responses lie and how they correlate is solved for, so that the
answers have the model's own means and covariances (`measurement.categorised`). Of a model for
ordered categories the responses are the model's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from employer_identity.fit import Fit
from employer_identity.measurement.categorical import OrderedMoments, ordered_moments
from employer_identity.measurement.categorised import Scale, responses, scale_of
from employer_identity.measurement.evidence import Evidence, OrderedSample
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.patterns import gather, whole
from employer_identity.measurement.robust import Rows
from employer_identity.measurement.saturated import saturate

Array = NDArray[np.float64]
Drawn = tuple[Moments, Evidence]
MOST = 12  # different answers of an item up to which they are drawn as categories


@dataclass(frozen=True, eq=False)
class Redraw:
    """What surveys are drawn from.

    Parameters
    ----------
    moments
        Names, groups and sizes; what is known of the survey itself.
    rows
        Its respondents: who leaves out what; None where only moments are known.
    scales
        What answers may be, one a group.
    mean, sd
        Of the responses, (G, p).
    root
        Cholesky factors of their correlations, (G, p, p).
    alike
        Correlation of the responses of two people in one cluster, relative to one person's.
    ordered
        The statistics of ordered items that a draw must have the categories of; None for numbers.
    off
        How far the answers' moments are from the model's, see `categorised.Responses`.
    """

    moments: Moments
    rows: Rows | None
    scales: tuple[Scale, ...]
    mean: Array
    sd: Array
    root: Array
    alike: float
    ordered: OrderedMoments | None
    off: float

    def survey(self, rng: np.random.Generator) -> Drawn | None:
        """Draw a survey; None where it could not serve a model."""
        if self.rows is None:
            return self._moments(rng)
        answers = self.answers(rng, self.rows)
        if self.ordered is not None:
            return self._ordered(answers, self.rows)
        patterns, block = gather(self.moments.names, answers, self.rows.group, self.rows.weights)
        rows = Rows(
            answers, block, self.rows.weights, self.rows.cluster, patterns, self.rows.position
        )
        found = saturate(patterns, rows)
        if found is None:
            return None
        n = np.bincount(patterns.group, patterns.n, patterns.n_groups)
        return Moments(self.moments.names, n, found.mu, found.Sigma, self.moments.groups), found

    def answers(self, rng: np.random.Generator, rows: Rows) -> Array:
        """Draw everybody's answers, (n, p), NaN where the survey has none."""
        n, p = rows.answers.shape
        z = rng.standard_normal((n, p))
        if rows.cluster is not None:
            clusters, at = np.unique(rows.cluster, return_inverse=True)
            own = rng.standard_normal((len(clusters), p))
            z = np.sqrt(self.alike) * own[at] + np.sqrt(1.0 - self.alike) * z
        found = np.empty((n, p))
        for g, scale in enumerate(self.scales):
            mine = rows.group == g
            of_group = self.mean[g] + self.sd[g] * (z[mine] @ self.root[g].T)
            found[mine] = scale.answered(of_group)
        found[np.isnan(rows.answers)] = np.nan
        return found

    def _ordered(self, answers: Array, rows: Rows) -> Drawn | None:
        known = self.ordered
        assert known is not None  # asked for only then
        found = ordered_moments(
            known.names, answers, rows.group, known.ordered, labels=known.groups,
            weights=rows.weights, cluster=rows.cluster,
        )  # fmt: skip
        if not isinstance(found, OrderedMoments) or found.categories != known.categories:
            return None
        patterns, block = gather(known.names, answers, rows.group, rows.weights)
        again = Rows(answers, block, rows.weights, rows.cluster, patterns, rows.position)
        moments = Moments(known.names, found.n, found.mean, found.covariance, known.groups)
        return moments, OrderedSample(found, again, {})

    def _moments(self, rng: np.random.Generator) -> Drawn | None:
        """Draw means and covariances of normal answers (Bartlett's decomposition)."""
        known, means, covariances = self.moments, [], []
        i, j = np.tril_indices(len(known.names), -1)
        for n, m, s, root in zip(known.n, self.mean, self.sd, self.root, strict=True):
            factor = np.diag(np.sqrt(rng.chisquare(n - 1 - np.arange(len(m)))))
            factor[i, j] = rng.standard_normal(len(i))
            scaled = s[:, None] * (root @ factor)
            covariances.append(scaled @ scaled.T / n)
            means.append(m + s * (root @ rng.standard_normal(len(m))) / np.sqrt(n))
        mean, covariance = np.stack(means), np.stack(covariances)
        found = saturate(whole(known.names, known.n, mean, covariance))
        if found is None:
            return None
        drawn = Moments(known.names, known.n, mean, covariance, known.groups, known.known)
        return drawn, found


def redraw(fit: Fit, mean: Array | None = None, covariance: Array | None = None) -> Redraw:
    """Make what surveys like a fit's are drawn from.

    Parameters
    ----------
    fit
        The model.
    mean, covariance
        What the answers have on average instead of the model's own, (G, p) and (G, p, p); of
        ordered items the responses behind them.
    """
    mean = fit.implied.mu if mean is None else mean
    covariance = fit.implied.Sigma if covariance is None else covariance
    rows, off, ordered = fit.rows, 0.0, fit.ordered
    if rows is None:
        scales = (_uncut(mean.shape[1]),) * len(mean)
    elif ordered is not None:
        scales = tuple(_of_thresholds(ordered, tau) for tau in _thresholds(fit))
    else:
        scales = (_of_answers(rows),) * len(mean)
    sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    correlation = covariance / (sd[:, :, None] * sd[:, None, :])
    if rows is not None and ordered is None:
        found = responses(scales[0], mean, covariance)
        mean, sd, correlation, off = found.mean, found.sd, found.correlation, found.off
    alike = 0.0 if rows is None else _alike(rows)
    root = np.linalg.cholesky(correlation)
    return Redraw(fit.moments, rows, scales, mean, sd, root, alike, ordered, off)


def _uncut(items: int) -> Scale:
    """Return the scale of items that are not cut."""
    return scale_of((np.empty(0),) * items, (np.empty(0),) * items)


def _of_answers(rows: Rows) -> Scale:
    """Read off what answers are, and the share of each in all groups together."""
    values, shares = [], []
    for column in rows.answers.T:
        there = ~np.isnan(column)
        found, at = np.unique(column[there], return_inverse=True)
        few = 1 < len(found) <= MOST
        weight = np.bincount(at, rows.weights[there])
        values.append(found if few else np.empty(0))
        shares.append(weight / weight.sum() if few else np.empty(0))
    return scale_of(tuple(values), tuple(shares))


def _thresholds(fit: Fit) -> Array:
    """Return the model's thresholds, (G, t)."""
    return np.asarray(fit.implied.matrices["tau"][..., 0])


def _of_thresholds(known: OrderedMoments, tau: Array) -> Scale:
    """Cut responses at a group's thresholds (t,), into the codes of its categories."""
    codes = iter(known.categories)
    values = [np.array(next(codes), dtype=float) if o else np.empty(0) for o in known.ordered]
    most = max(len(v) for v in values)
    padded = [np.append(v, np.full(most - len(v), v[-1] if len(v) else 0.0)) for v in values]
    thresholds = np.full((len(values), most - 1), np.inf)
    for item in np.flatnonzero(known.ordered):
        own = tau[known.owner == item]
        thresholds[item, : len(own)] = own
    return Scale(np.stack(padded), thresholds, known.ordered)


def _alike(rows: Rows) -> float:
    """Estimate how alike answers in a cluster are: the items' mean intraclass correlation.

    From the analysis of variance of each item about its group's means; never below 0.
    """
    if rows.cluster is None:
        return 0.0
    found = []
    for column in rows.answers.T:
        there = ~np.isnan(column)
        y, group = column[there].copy(), rows.group[there]
        y -= (np.bincount(group, y) / np.bincount(group))[group]
        _, cluster, n = np.unique(rows.cluster[there], return_inverse=True, return_counts=True)
        between = np.bincount(cluster, y) ** 2 / n
        people, clusters = len(y), len(n)
        inside = (y @ y - between.sum()) / max(people - clusters, 1)
        size = (people - (n @ n) / people) / max(clusters - 1, 1)
        extra = (between.sum() / max(clusters - 1, 1) - inside) / size
        found.append(extra / (extra + inside))
    return float(np.clip(np.mean(found), 0.0, 0.99))
