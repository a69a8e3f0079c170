"""Probabilities of two normal variables: against integration, symmetries, differences."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import norm

from employer_identity.measurement import bivariate

Array = NDArray[np.float64]
Function = Callable[[Array, Array, Array], Array]

PROMISED = 1e-10  # absolute; what integration itself leaves over is below 1e-12
ROUNDING = 1e-14
SLOPE_ATOL = 1e-7  # central differences with a step of 1e-5 leave 1e-10 / (1 - r^2)^2 or so

CORRELATIONS = (-0.9999, -0.99, -0.925, -0.6, 0.0, 0.3, 0.7, 0.95, 0.999, 0.9999)
ENDS = (-8.0, -3.5, -1.2, -1e-9, 0.0, 1e-12, 0.4, 1.0, 1.0001, 3.0, 6.0)

at = st.floats(-9, 9)
correlation = st.floats(-0.9999, 0.9999)


def integrated(h: float, k: float, r: float) -> float:
    """P(X <= h, Y <= k) as the integral of phi(x) Phi((k - r x) / q), cut where it bends."""
    q = np.sqrt(1 - r * r)
    bends = {(k + m * q) / r for m in (-8, 0, 8)} if r else set()
    cuts = [-12.0, *sorted(c for c in {*bends, -4.0, 0.0, 4.0} if -12 < c < h), h]
    pieces = [
        quad(lambda x: norm.pdf(x) * ndtr((k - r * x) / q), a, b, epsabs=1e-14, epsrel=1e-13)[0]
        for a, b in itertools.pairwise(cuts)
    ]
    return float(sum(pieces))


@pytest.mark.parametrize("r", CORRELATIONS)
def test_probabilities_equal_integrals(r: float) -> None:
    pairs = [(h, k) for h, k in itertools.product(ENDS, ENDS) if h <= k]
    h, k = np.array(pairs).T
    expected = [integrated(a, b, r) for a, b in pairs]
    np.testing.assert_allclose(bivariate.cdf(h, k, np.array(r)), expected, rtol=0, atol=PROMISED)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(at, at, correlation)
def test_symmetries(h: float, k: float, r: float) -> None:
    a, b, c = np.array(h), np.array(k), np.array(r)
    both = bivariate.cdf(a, b, c)
    assert bivariate.cdf(b, a, c) == pytest.approx(both, abs=ROUNDING)
    assert both + bivariate.cdf(a, -b, -c) == pytest.approx(ndtr(h), abs=ROUNDING)
    opposite = 1 - ndtr(h) - ndtr(k) + both
    assert bivariate.cdf(-a, -b, c) == pytest.approx(opposite, abs=ROUNDING)
    low, high = max(0.0, ndtr(h) + ndtr(k) - 1), min(ndtr(h), ndtr(k))
    assert low - ROUNDING <= both <= high + ROUNDING


def test_known_values() -> None:
    r = np.array(CORRELATIONS)
    zero = np.zeros(len(r))
    quadrant = 0.25 + np.arcsin(r) / (2 * np.pi)
    np.testing.assert_allclose(bivariate.cdf(zero, zero, r), quadrant, rtol=0, atol=ROUNDING)
    h, k = np.array([-2.0, 0.0, 0.7]), np.array([0.3, -1.0, 0.0])
    product = ndtr(h) * ndtr(k)
    np.testing.assert_allclose(bivariate.cdf(h, k, zero[:3]), product, rtol=0, atol=ROUNDING)
    infinite = np.full(3, np.inf)
    for sign, margin in ((1, ndtr(k)), (-1, zero[:3])):
        found = bivariate.cdf(sign * infinite, k, np.array(0.6))
        np.testing.assert_allclose(found, margin, rtol=0, atol=ROUNDING)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.floats(-4, 4), st.floats(-4, 4), st.floats(-0.95, 0.95))
def test_derivatives_are_the_limits_of_differences(h: float, k: float, r: float) -> None:
    a, b, c, step = np.array(h), np.array(k), np.array(r), 1e-5

    def difference(f: Function, x: int, y: int, z: int) -> Array:
        low = f(a - x * step, b - y * step, c - z * step)
        return (f(a + x * step, b + y * step, c + z * step) - low) / (2 * step)

    by_h = difference(bivariate.cdf, 1, 0, 0)
    assert bivariate.cdf_slope(a, b, c) == pytest.approx(by_h, abs=SLOPE_ATOL)
    by_k = difference(bivariate.cdf, 0, 1, 0)
    assert bivariate.cdf_slope(b, a, c) == pytest.approx(by_k, abs=SLOPE_ATOL)
    by_r = difference(bivariate.cdf, 0, 0, 1)
    assert bivariate.density(a, b, c) == pytest.approx(by_r, abs=SLOPE_ATOL)
    twice = difference(bivariate.density, 0, 0, 1)
    assert bivariate.density_slope(a, b, c) == pytest.approx(twice, rel=1e-4, abs=SLOPE_ATOL)


def test_the_density_far_out_is_nothing_and_no_warning() -> None:
    far = np.array([np.inf, -np.inf, 50.0])
    for r in (-0.9999, 0.0, 0.9999):
        assert not bivariate.density(far, np.array(0.2), np.array(r)).any()
        assert not bivariate.density_slope(far, np.array(0.2), np.array(r)).any()
