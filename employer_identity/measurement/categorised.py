"""Answers in categories whose means and covariances are those asked for.

An answer takes one of C values v_0 < ... < v_K, by where a normal response y* ~ N(m, s^2) lies
among K thresholds t. With steps w_k = v_k - v_(k-1) and z_k = (m - t_k) / s ::

    E y            = v_0 + sum_k w_k Phi(z_k)
    Var y          = sum_kl w_k w_l [ Phi(min(z_k, z_l)) - Phi(z_k) Phi(z_l) ]
    Cov(y_i, y_j)  = sum_kl w_ik w_jl [ Phi2(z_ik, z_jl; r) - Phi(z_ik) Phi(z_jl) ]
    Cov(y_i, x_j)  = r SD(x_j) sum_k w_ik phi(z_ik)            x_j not cut

Groups share the thresholds; m and s of each group and item, and r of each pair, are what is solved
for. An item that is not cut has K = 0 and is its response. Items with fewer thresholds than others
are filled up with steps of 0. Symbols: G groups, p items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from employer_identity.measurement import bivariate

Array = NDArray[np.float64]

STEPS = 100
TOLERANCE = 1e-11  # of a mean in SDs, of a variance and of a correlation
EDGE = 0.9999  # correlations of responses stay inside it
LEAST = 1e-6  # smallest eigenvalue that a matrix of correlations is given


@dataclass(frozen=True, eq=False)
class Scale:
    """The values of answers, and where responses are cut; the same in all groups.

    Parameters
    ----------
    values
        What an answer may be, the highest repeated where an item has fewer; (p, K + 1).
    thresholds
        Rising, infinite where an item has fewer; (p, K).
    cut
        Which items are cut, (p,).
    """

    values: Array
    thresholds: Array
    cut: NDArray[np.bool_]

    @property
    def steps(self) -> Array:
        """From a value to the next one, 0 where there is none; (p, K)."""
        return np.diff(self.values, axis=1)

    def answered(self, responses: Array) -> Array:
        """Return the answers of responses (n, p)."""
        found = responses.copy()
        for i in np.flatnonzero(self.cut):
            found[:, i] = self.values[i, np.searchsorted(self.thresholds[i], responses[:, i])]
        return found


def scale_of(values: tuple[Array, ...], shares: tuple[Array, ...]) -> Scale:
    """Cut a standard normal response so that each value has its share; no values: not cut."""
    K = max((len(v) - 1 for v in values), default=0)
    found = np.zeros((len(values), max(K, 0) + 1))
    thresholds = np.full((len(values), max(K, 0)), np.inf)
    for i, (own, share) in enumerate(zip(values, shares, strict=True)):
        if len(own):
            found[i] = np.append(own, np.full(K + 1 - len(own), own[-1]))
            thresholds[i, : len(own) - 1] = ndtri(np.cumsum(share)[:-1])
    return Scale(found, thresholds, np.array([len(v) > 1 for v in values]))


@dataclass(frozen=True, eq=False)
class Responses:
    """Normal responses behind the answers of each group.

    Parameters
    ----------
    mean, sd
        (G, p).
    correlation
        (G, p, p).
    off
        How far the answers' moments are from those asked for: the largest difference of a mean or
        an SD in SDs, or of a correlation.
    """

    mean: Array
    sd: Array
    correlation: Array
    off: float


def responses(scale: Scale, mean: Array, covariance: Array) -> Responses:
    """Solve for the responses of answers with these means (G, p) and covariances (G, p, p).

    Of an item with two values the variance follows from the mean. Where correlations that do what
    is asked are no correlation matrix, the nearest by its eigenvalues is taken; ``off`` tells what
    that costs.
    """
    sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    m, s = _placed(scale, mean, sd)
    R = _definite(_correlated(scale, m, s, covariance / (sd[:, :, None] * sd[:, None, :])))
    got_mean, got = moments(scale, m, s, R)
    got_sd = np.sqrt(np.diagonal(got, axis1=1, axis2=2))
    off = [np.abs(got_mean - mean) / sd, np.abs(got_sd / sd - 1.0)]
    relation = [S / d[:, :, None] / d[:, None, :] for S, d in ((got, got_sd), (covariance, sd))]
    off.append(np.abs(relation[0] - relation[1]))
    return Responses(m, s, R, max(float(each.max()) for each in off))


def moments(scale: Scale, m: Array, s: Array, R: Array) -> tuple[Array, Array]:
    """Return mean (G, p) and covariance (G, p, p) of the answers of responses."""
    mean, variance, _ = _alone(scale, m, s)
    mean, sd = np.where(scale.cut, mean, m), np.sqrt(np.where(scale.cut, variance, s * s))
    i, j = np.tril_indices(len(scale.cut), -1)
    found = np.einsum("gi,ij->gij", sd * sd, np.eye(len(scale.cut)))
    found[:, i, j] = found[:, j, i] = _crossed(scale, m, s, R[:, i, j], i, j)[0]
    return mean, found


def _z(scale: Scale, m: Array, s: Array) -> Array:
    """Return (m - t) / s of every threshold, (G, p, K)."""
    return np.asarray((m[:, :, None] - scale.thresholds) / s[:, :, None])


def _alone(scale: Scale, m: Array, s: Array) -> tuple[Array, Array, Array]:
    """Return mean and variance (G, p) of answers, and their slopes by m and log s (G, p, 2, 2)."""
    z, w = _z(scale, m, s), scale.steps
    P = ndtr(z)
    p = np.where(np.isfinite(z), np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi), 0.0)
    z = np.where(np.isfinite(z), z, 0.0)
    below, above = w * (1.0 - P), w * P
    lower = np.cumsum(below, axis=-1) - below  # sum over k' < k of w (1 - P)
    higher = np.cumsum(above[..., ::-1], axis=-1)[..., ::-1] - above
    mean = scale.values[:, 0] + above.sum(axis=-1)
    variance = (w * above * (1.0 - P) + 2.0 * above * lower).sum(axis=-1)
    by_P = w * w * (1.0 - 2.0 * P) + 2.0 * w * (lower - higher)
    by_m, by_s = p / s[:, :, None], -p * z
    slopes = np.stack([
        np.stack([(w * by_m).sum(axis=-1), (w * by_s).sum(axis=-1)], axis=-1),
        np.stack([(by_P * by_m).sum(axis=-1), (by_P * by_s).sum(axis=-1)], axis=-1),
    ], axis=-2)  # fmt: skip
    return mean, variance, slopes


def _placed(scale: Scale, mean: Array, sd: Array) -> tuple[Array, Array]:
    """Solve for m and s (G, p) by Newton's method, a step halved until it helps."""
    two = (scale.steps > 0).sum(axis=1) == 1
    m, log_s = np.zeros_like(mean), np.zeros_like(mean)

    def missed(m: Array, log_s: Array) -> tuple[Array, Array]:
        got, variance, slopes = _alone(scale, m, np.exp(log_s))
        miss = np.stack([(got - mean) / sd, variance / (sd * sd) - 1.0], axis=-1)
        slopes = slopes / np.stack([sd, sd * sd], axis=-1)[..., None]
        free = scale.cut & ~two
        miss[..., 1] = np.where(free, miss[..., 1], 0.0)
        slopes[..., 1, :] = np.where(free[:, None], slopes[..., 1, :], [0.0, 1.0])
        miss[:, ~scale.cut] = 0.0
        slopes[:, ~scale.cut] = np.eye(2)
        return miss, slopes

    miss, slopes = missed(m, log_s)
    for _ in range(STEPS):
        size = np.abs(miss).max(axis=-1)
        if size.max(initial=0.0) <= TOLERANCE:
            break
        ridge = 1e-12 * np.eye(2)
        step = -np.linalg.solve(slopes + ridge, miss[..., None])[..., 0]
        step *= np.minimum(1.0, 1.0 / np.maximum(np.abs(step).max(axis=-1), 1e-300))[..., None]
        length = np.ones_like(size)
        for _ in range(20):
            there = m + length * step[..., 0], log_s + length * step[..., 1]
            trial, _ = missed(*there)
            worse = np.abs(trial).max(axis=-1) > size
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        m, log_s = (np.where(worse, old, new) for old, new in zip((m, log_s), there, strict=True))
        miss, slopes = missed(m, log_s)
        if worse[size > TOLERANCE].all():
            break  # what is asked for cannot be reached any nearer
    return np.where(scale.cut, m, mean), np.where(scale.cut, np.exp(log_s), sd)


def _crossed(
    scale: Scale, m: Array, s: Array, r: Array, i: NDArray[np.intp], j: NDArray[np.intp]
) -> tuple[Array, Array]:
    """Return the covariances of pairs of answers (G, pairs), and their slopes by r."""
    z, w = _z(scale, m, s), scale.steps
    P, single = ndtr(z), _reach(scale, z, s)
    value, slope = np.array(r * single[:, i] * single[:, j]), single[:, i] * single[:, j]
    both = scale.cut[i] & scale.cut[j]
    i, j = i[both], j[both]
    zi, zj, at = z[:, i, :, None], z[:, j, None, :], r[:, both, None, None]
    weight = w[i, :, None] * w[j, None, :]
    joint = bivariate.cdf(zi, zj, at) - P[:, i, :, None] * P[:, j, None, :]
    value[:, both] = (weight * joint).sum(axis=(-1, -2))
    slope[:, both] = (weight * bivariate.density(zi, zj, at)).sum(axis=(-1, -2))
    return value, slope


def _reach(scale: Scale, z: Array, s: Array) -> Array:
    """Return what an answer covaries with its own standardised response, (G, p)."""
    p = np.where(np.isfinite(z), np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi), 0.0)
    return np.where(scale.cut, (scale.steps * p).sum(axis=-1), s)


def _correlated(scale: Scale, m: Array, s: Array, asked: Array) -> Array:
    """Solve for the responses' correlations (G, p, p) that give the answers those asked for."""
    _, variance, _ = _alone(scale, m, s)
    sd = np.sqrt(np.where(scale.cut, variance, s * s))
    i, j = np.tril_indices(asked.shape[-1], -1)
    target, unit = asked[:, i, j], sd[:, i] * sd[:, j]
    r = np.clip(target, -EDGE, EDGE)
    low, high = np.full_like(r, -EDGE), np.full_like(r, EDGE)
    for _ in range(STEPS):
        value, slope = _crossed(scale, m, s, r, i, j)
        miss = value / unit - target
        low, high = np.where(miss < 0, r, low), np.where(miss > 0, r, high)
        if np.abs(miss).max(initial=0.0) <= TOLERANCE:
            break
        there = r - miss * unit / np.maximum(slope, 1e-300)
        inside = (there > low) & (there < high)
        r = np.where(inside, there, (low + high) / 2)
    found = np.broadcast_to(np.eye(asked.shape[-1]), asked.shape).copy()
    found[:, i, j] = found[:, j, i] = r
    return found


def _definite(R: Array) -> Array:
    """Return correlation matrices, those that are not positive definite with larger eigenvalues."""
    values, vectors = np.linalg.eigh(R)
    if values.min() >= LEAST:
        return R
    found = (vectors * np.maximum(values, LEAST)[:, None, :]) @ vectors.transpose(0, 2, 1)
    sd = np.sqrt(np.diagonal(found, axis1=1, axis2=2))
    return np.asarray(found / sd[:, :, None] / sd[:, None, :])
