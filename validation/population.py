"""The population of the studies: four pillars, answers normal or heaped at the top."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

import employer_identity as ei
from employer_identity.measurement.moments import Moments

Array = NDArray[np.float64]

PILLARS = {
    "prototypicality": "pro", "advancement": "adv", "entrepreneurship": "ent",
    "impresarioship": "imp",
}  # fmt: skip
ITEMS = tuple(f"{short}{k}" for short in PILLARS.values() for k in range(1, 5))
MODEL = "\n".join(
    f"{f} =~ " + " + ".join(f"{s}{k}" for k in range(1, 5)) for f, s in PILLARS.items()
)
LOADINGS = np.tile(
    [0.70, 0.75, 0.80, 0.75], 4
)  # of the answers before they are cut, which have SD 1
CORRELATION = 0.5  # among the pillars
HEAPED = (
    0.01,
    0.02,
    0.04,
    0.08,
    0.13,
    0.22,
    0.50,
)  # shares of 1 to 7: half of the answers at the top
VERY_LARGE = 10**9  # n of the population's own moments: their divisor no longer matters
EQUAL = {"metric": ("loadings",), "scalar": ("loadings", "intercepts")}


def pattern() -> Array:
    """Loadings of the items on their pillars, (16, 4)."""
    found = np.zeros((len(ITEMS), len(PILLARS)))
    found[np.arange(len(ITEMS)), np.repeat(np.arange(len(PILLARS)), 4)] = LOADINGS
    return found


def pillar_covariance() -> Array:
    """Correlations of the pillars, (4, 4)."""
    return np.full((4, 4), CORRELATION) + (1 - CORRELATION) * np.eye(4)


def draw_group(n: int, shift: Sequence[float], rng: np.random.Generator) -> Array:
    """Answers of n people before they are cut, (n, 16); ``shift`` moves the pillars' means."""
    factors = rng.multivariate_normal(shift, pillar_covariance(), n, method="cholesky")
    noise = rng.normal(size=(n, len(ITEMS))) * np.sqrt(1 - LOADINGS**2)
    return np.asarray(factors @ pattern().T + noise)


def cut(answers: Array, shares: Sequence[float]) -> Array:
    """Cut answers into 1, 2, ... with these shares where the mean is 0; none: as they are."""
    if not shares:
        return answers
    found = np.searchsorted(thresholds(shares), answers.ravel()).reshape(answers.shape)
    return np.asarray(1.0 + found, dtype=float)


def thresholds(shares: Sequence[float]) -> Array:
    """Where a standard normal answer is cut."""
    return np.asarray(ndtri(np.cumsum(shares)[:-1]))


def exact_moments(shift: Sequence[float], shares: Sequence[float]) -> tuple[Array, Array]:
    """Mean (16,) and covariance (16, 16) of a group's cut answers."""
    loadings = pattern()
    correlation = loadings @ pillar_covariance() @ loadings.T
    np.fill_diagonal(correlation, 1.0)
    return cut_moments(loadings @ np.asarray(shift), correlation, shares)


def cut_moments(mean: Array, correlation: Array, shares: Sequence[float]) -> tuple[Array, Array]:
    """Mean (p,) and covariance (p, p) of normal answers of SD 1 once they are cut.

    The covariance of two cut answers is the sum over their thresholds a, b of P(x > a, y > b) less
    the product of both chances, which is the integral of the bivariate normal density at (a, b)
    over its correlation from 0 to the answers' (Plackett 1954); by Gauss-Legendre.
    """
    if not shares:
        return mean, correlation
    t = thresholds(shares) - mean[:, None]
    node, weight = np.polynomial.legendre.leggauss(40)
    covariance = np.zeros_like(correlation)
    for i, j in zip(*np.tril_indices(len(mean)), strict=True):
        if i == j:
            least = ndtr(-np.maximum(t[i][:, None], t[i]))
            value = (least - ndtr(-t[i])[:, None] * ndtr(-t[i])).sum()
        else:
            r, a, b = correlation[i, j] * (node + 1) / 2, t[i][:, None, None], t[j][:, None]
            power = (a**2 - 2 * r * a * b + b**2) / (2 * (1 - r**2))
            density = np.exp(-power) / (2 * np.pi * np.sqrt(1 - r**2))
            value = (density @ (weight * correlation[i, j] / 2)).sum()
        covariance[i, j] = covariance[j, i] = value
    return 1.0 + ndtr(-t).sum(axis=1), covariance


@cache
def population_fit(shift: tuple[float, ...], shares: tuple[float, ...], level: str) -> ei.Fit:
    """Fit a model to the exact moments of two groups, the second one shifted."""
    parts = {}
    for label, by in (("a", (0.0,) * 4), ("b", shift)):
        mean, covariance = exact_moments(by, shares)
        parts[label] = Moments.published(ITEMS, n=VERY_LARGE, covariance=covariance, means=mean)
    return ei.cfa(Moments.of_groups(parts), MODEL, group="group", equal=EQUAL[level], std_lv=True)


def misfit(shift: tuple[float, ...], shares: tuple[float, ...], level: str, n: int) -> float:
    """What the population's own misfit adds to the chi-square of n people, F0 n."""
    fit = population_fit(shift, shares, level)
    return fit.chisq / fit.ntotal * n


def parts(estimates: pd.DataFrame, second: str = "b") -> dict[str, pd.DataFrame]:
    """Loadings, intercepts and gaps (latent means of the second group) among estimates."""
    e = estimates[estimates["group"] == second]
    of_pillars = e["lhs"].isin(list(PILLARS))
    return {
        "loadings": e[e["op"] == "=~"],
        "intercepts": e[(e["op"] == "~1") & ~of_pillars],
        "gaps": e[(e["op"] == "~1") & of_pillars],
    }


def covered(found: pd.DataFrame, truth: pd.DataFrame) -> float:
    """Share of the parameters whose 95 % interval holds the population's value."""
    value = truth["est"].to_numpy()
    inside = (found["ci_lower"].to_numpy() <= value) & (value <= found["ci_upper"].to_numpy())
    return float(inside.mean())
