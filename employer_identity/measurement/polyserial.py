"""Correlations of a continuous item with ordered and with other continuous ones, with scores.

A continuous item is normal with the mean and variance of its answers; z is its standardised answer.
Given z an ordered item falls below threshold tau with probability Phi((tau - r z) / q), q the root
of 1 - r^2; the log-likelihood's maximum over r, with all else known from the margins, is the
polyserial correlation in two steps (Olsson, Drasgow & Dorans, 1982). Two continuous items have the
bivariate normal density. Scores are derivatives of one respondent's log-likelihood of a pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from employer_identity.measurement.bivariate import FAR, NEAR, normal_density
from employer_identity.measurement.polychoric import root

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pair:
    """Scores of the n respondents who have both items.

    Parameters
    ----------
    r
        Of the correlation, (n,).
    continuous
        Of mean and variance of the continuous item, (n, 2); of both items where both are
        continuous, (n, 4).
    above, below
        Of the thresholds above and below the answer to the ordered item, (n,); None where both are
        continuous.
    """

    r: Array
    continuous: Array
    above: Array | None = None
    below: Array | None = None


def polyserials(z: Array, upper: Array, lower: Array, weights: Array) -> Array:
    """Return the polyserial correlation with each of m ordered items, NaN where it is perfect.

    Parameters
    ----------
    z
        Standardised answers, (n,).
    upper, lower
        Thresholds above and below each answer to the ordered items, (n, m), infinite at the ends.
    weights
        (n, m), zero where one of both answers is missing.
    """
    upper, lower, z = np.clip(upper, -FAR, FAR), np.clip(lower, -FAR, FAR), z[:, None]

    def score(r: Array, at: Integers) -> tuple[Array, Array]:
        q = np.sqrt((1.0 - r) * (1.0 + r))
        (a, a1, a2), (b, b1, b2) = (_standardised(t[:, at], z, r, q) for t in (upper, lower))
        P = _mass(a, b)
        A, B = normal_density(a) / P, normal_density(b) / P
        first = A * a1 - B * b1
        second = A * (a2 - a * a1**2) - B * (b2 - b * b1**2) - first**2
        w = weights[:, at]
        return (w * first).sum(axis=0), (w * second).sum(axis=0)

    middle = np.clip(0.5 * (upper + lower), -2.0, 2.0)
    start = (weights * z * middle).sum(axis=0) / np.sqrt(
        (weights * z**2).sum(axis=0) * (weights * middle**2).sum(axis=0)
    )
    return root(score, start)


def polyserial_scores(z: Array, sd: float, upper: Array, lower: Array, r: float) -> Pair:
    """Return the scores of one pair of a continuous and an ordered item; arguments as above."""
    q = float(np.sqrt((1.0 - r) * (1.0 + r)))
    upper, lower = np.clip(upper, -FAR, FAR), np.clip(lower, -FAR, FAR)
    (a, a1, _), (b, b1, _) = (_standardised(t, z, r, q) for t in (upper, lower))
    P = _mass(a, b)
    A, B = normal_density(a) / P, normal_density(b) / P
    by_z = -z - (A - B) * r / q
    continuous = _by_mean_and_variance(by_z, z, sd)
    return Pair(A * a1 - B * b1, continuous, A / q, -B / q)


def pearsons(z: Array, x: Array, weights: Array) -> Array:
    """Return the correlations of one continuous item with m others, NaN where they are perfect.

    Means and variances are those of all who answered an item, also where some lack the other. The
    score is then a cubic: r (1 - r^2) + (1 + r^2) s_zx - r (s_zz + s_xx).

    Parameters
    ----------
    z, x
        Standardised answers, (n,) and (n, m).
    weights
        (n, m), zero where one of both answers is missing.
    """
    n = weights.sum(axis=0)
    zz, xx, zx = ((weights * v).sum(axis=0) / n for v in (z[:, None] ** 2, x**2, z[:, None] * x))

    def score(r: Array, at: Integers) -> tuple[Array, Array]:
        apart = zz[at] + xx[at] - 1.0
        value: Array = (1.0 + r**2) * zx[at] - r * apart - r**3
        slope: Array = 2.0 * r * zx[at] - apart - 3.0 * r**2
        return value, slope

    return root(score, np.asarray(zx / np.sqrt(zz * xx)))


def pearson_scores(z: Array, sd_z: float, x: Array, sd_x: float, r: float) -> Pair:
    """Return the scores of one pair of continuous items."""
    q2 = (1.0 - r) * (1.0 + r)
    by_r = (r + z * x - r * (z**2 - 2.0 * r * z * x + x**2) / q2) / q2
    of_z = _by_mean_and_variance((r * x - z) / q2, z, sd_z)
    of_x = _by_mean_and_variance((r * z - x) / q2, x, sd_x)
    return Pair(by_r, np.concatenate([of_z, of_x], axis=1))


def univariate_scores(z: Array, sd: Array) -> Array:
    """Return the scores of means and variances of standardised answers (..., ), (..., 2)."""
    return _by_mean_and_variance(-z, z, sd)


def _by_mean_and_variance(by_z: Array, z: Array, sd: Array | float) -> Array:
    """Carry the log-density's derivative by z over to mean and variance, the Jacobian included."""
    return np.stack([-by_z / sd, -(1.0 + z * by_z) / (2.0 * np.square(sd))], axis=-1)


def _standardised(
    tau: Array, z: Array, r: Array | float, q: Array | float
) -> tuple[Array, Array, Array]:
    """Return (tau - r z) / q and its first and second derivative by r."""
    cross = tau * r - z
    first = cross / q**3
    return (tau - r * z) / q, first, tau / q**3 + 3.0 * r * cross / q**5


def _mass(a: Array, b: Array) -> Array:
    """Return Phi(a) - Phi(b) for a > b, taken in the tail where it does not cancel."""
    turned = a + b > 0
    mass = ndtr(np.where(turned, -b, a)) - ndtr(np.where(turned, -a, b))
    return np.asarray(np.maximum(mass, NEAR))
