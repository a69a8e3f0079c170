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
from employer_identity.measurement.rows import Rows
from employer_identity.measurement.saturated import saturate
from employer_identity.measurement.threads import on_one_thread

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
    shared
        Square root of what people in a cluster share of their standardised, independent parts,
        (p, p); 0 without clusters.
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
    shared: Array
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
        sizes = self.moments.n  # the same people: nobody has other weights
        return Moments(self.moments.names, sizes, found.mu, found.Sigma, self.moments.groups), found

    def answers(self, rng: np.random.Generator, rows: Rows) -> Array:
        """Draw everybody's answers, (n, p), NaN where the survey has none."""
        n, p = rows.answers.shape
        z = rng.standard_normal((n, p))
        if rows.cluster is not None:
            clusters, at = np.unique(rows.cluster, return_inverse=True)
            rest = _root(np.eye(p) - self.shared @ self.shared)
            z = (rng.standard_normal((len(clusters), p)) @ self.shared)[at] + z @ rest
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
        sizes = self.moments.n
        moments = Moments(known.names, sizes, found.mean, found.covariance, known.groups)
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


@on_one_thread
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
    at_hand = fit.rows is not None and fit.rows.are_at_hand
    rows = fit.rows.one_by_one() if fit.rows is not None and at_hand else None
    off, ordered = 0.0, fit.ordered
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
    root = np.linalg.cholesky(correlation)
    shared = _shared(rows, root) if rows is not None else np.zeros(correlation.shape[1:])
    return Redraw(fit.moments, rows, scales, mean, sd, root, shared, ordered, off)


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


def _shared(rows: Rows, root: Array) -> Array:
    """Return the square root of what people in a cluster share, see `Redraw`.

    From the analysis of variance about the groups' means: between clusters less within, by pair of
    items in units of the answers' SDs, which stand for the responses'; what lies outside of 0 and a
    person's own correlations is cut off. Answers that are missing count as their group's mean.
    """
    p = rows.answers.shape[1]
    if rows.cluster is None:
        return np.zeros((p, p))
    y = rows.answers.copy()
    for g in np.unique(rows.group):
        mine = rows.group == g
        y[mine] -= np.nanmean(y[mine], axis=0)
    y = np.nan_to_num(y / np.nanstd(y, axis=0))
    _, cluster, n = np.unique(rows.cluster, return_inverse=True, return_counts=True)
    sums = np.zeros((len(n), p))
    np.add.at(sums, cluster, y)
    between = (sums / n[:, None]).T @ sums
    inside = (y.T @ y - between) / max(len(y) - len(n), 1)
    size = (len(y) - (n @ n) / len(y)) / max(len(n) - 1, 1)
    extra = (between / max(len(n) - 1, 1) - inside) / size
    inverse = np.linalg.inv(root.mean(axis=0))
    return _root(inverse @ extra @ inverse.T)


def _root(matrix: Array) -> Array:
    """Return the symmetric square root, eigenvalues outside of [0, 1] cut off."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0.0, 1.0))) @ vectors.T)
