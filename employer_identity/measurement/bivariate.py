"""Probabilities of two standard normal variables with correlation r, and their derivatives.

All functions take arrays h, k (any real numbers, infinite too) and r (inside (-1, 1)) that
broadcast. q is sqrt(1 - r^2), Phi and phi the standard normal distribution and density.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, owens_t

Array = NDArray[np.float64]

FAR = 40.0  # Phi is exactly 0 or 1 beyond it
NEAR = 1e-300  # stands for 0, and whatever is nearer to it, where one divides by it


def cdf(h: Array, k: Array, r: Array) -> Array:
    """Return P(X <= h, Y <= k).

    By Owen's T function of one variable and a slope::

        (Phi(h) + Phi(k)) / 2 - T(h, (k - r h) / (h q)) - T(k, (h - r k) / (k q)) - [h k < 0] / 2

    The absolute error is below 1e-14, also where r is 0.9999 or -0.9999.

    References
    ----------
    Owen (1956), Annals of Mathematical Statistics 27, 1075-1090; T by Patefield and
    Tandy (2000). Checked against numerical integration of phi(x) Phi((k - r x) / q).
    """
    h, k = _finite(h), _finite(k)
    q = _q(r)
    crossed = 0.5 * ((h < 0) != (k < 0))
    both = owens_t(h, (k - r * h) / (h * q)) + owens_t(k, (h - r * k) / (k * q))
    found: Array = 0.5 * (ndtr(h) + ndtr(k)) - both - crossed
    return np.maximum(found, 0.0)


def density(h: Array, k: Array, r: Array) -> Array:
    """Return the density at (h, k): the derivative of `cdf` by r too (Plackett, 1954)."""
    h, k = _finite(h), _finite(k)
    q2 = (1.0 - r) * (1.0 + r)
    # rather than h^2 - 2 r h k + k^2, which cancels as r nears 1 or -1
    side = np.where(np.asarray(r) < 0, -1.0, 1.0)
    distance = (h - side * k) ** 2 + 2.0 * (side - r) * h * k
    return np.asarray(np.exp(-0.5 * distance / q2) / (2.0 * np.pi * np.sqrt(q2)))


def density_slope(h: Array, k: Array, r: Array) -> Array:
    """Return the derivative of `density` by r: the second one of `cdf`."""
    h, k = _finite(h), _finite(k)
    q2 = (1.0 - r) * (1.0 + r)
    # r / q^2 + (h - r k)(k - r h) / q^4
    return np.asarray(density(h, k, r) * (r + (h - r * k) * (k - r * h) / q2) / q2)


def cdf_slope(h: Array, k: Array, r: Array) -> Array:
    """Return the derivative of `cdf` by h, phi(h) Phi((k - r h) / q); by k with h and k swapped."""
    h, k = _finite(h), _finite(k)
    return np.asarray(normal_density(h) * ndtr((k - r * h) / _q(r)))


def normal_density(x: Array) -> Array:
    """Return phi(x)."""
    return np.asarray(np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi))


def _q(r: Array) -> Array:
    return np.asarray(np.sqrt((1.0 - r) * (1.0 + r)))


def _finite(x: Array) -> Array:
    """Bring infinite values in, and take 0 for a positive number too small to count."""
    x = np.clip(np.asarray(x, dtype=float), -FAR, FAR)
    return np.where(np.abs(x) < NEAR, NEAR, x)
