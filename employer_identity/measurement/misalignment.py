"""How far one factor's lines are from alike over groups: the loss of an alignment, and its slopes.

Every group's factor has mean 0 and standard deviation 1 to begin with. Giving it mean alpha_g and
standard deviation s_g turns its lines into

::

    lambda_ig = lambda0_ig / s_g,    nu_ig = nu0_ig - alpha_g lambda_ig

and changes nothing of the fit. Chosen are those that minimise

::

    F = sum_i sum_{g<h} w_gh [f(lambda_ig - lambda_ih) + f(nu_ig - nu_ih)]
    f(x) = (x^2 + epsilon)^(1/4),    w_gh = sqrt(N_g N_h)

which would rather have few large differences than many small ones (Asparouhov & Muthen 2014).

Symbols: G groups, p items, S starts, t = log s.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Identification = Literal["fixed", "free"]


@dataclass(frozen=True, eq=False)
class Lines:
    """A factor's lines where each group's factor has mean 0 and standard deviation 1.

    Parameters
    ----------
    loadings, intercepts
        lambda0 and nu0, (p, G).
    n
        People, (G,).
    identification
        ``fixed``: alpha_1 = 0; ``free``: the alphas sum to 0. In both the product of the s is 1.
    epsilon
        What smooths the loss; in squared units of the items.
    kept
        The loadings and intercepts that count in the loss, (2, p, G); None: all of them.
    """

    loadings: Array
    intercepts: Array
    n: Array
    identification: Identification
    epsilon: float
    kept: NDArray[np.bool_] | None = None

    @cached_property
    def weights(self) -> Array:
        """w_gh by pair, 0 of a group with itself; they add up to 1 over pairs, (G, G)."""
        root = np.sqrt(self.n)
        found = np.outer(root, root)
        np.fill_diagonal(found, 0.0)
        return np.asarray(2.0 * found / found.sum())

    @cached_property
    def pairs(self) -> Array:
        """w_gh of loadings and of intercepts, 0 where one is left out, (2, p or 1, G, G)."""
        if self.kept is None:
            return np.broadcast_to(self.weights, (2, 1, *self.weights.shape))
        return self.weights * (self.kept[..., :, None] & self.kept[..., None, :])

    @property
    def total(self) -> float:
        """Sum of the published weights over pairs."""
        root = np.sqrt(self.n)
        return float((root.sum() ** 2 - self.n.sum()) / 2.0)

    @cached_property
    def basis(self) -> Array:
        """Directions of (t, alpha) that the identification leaves, (2G, 2G - 2); orthonormal."""
        G = len(self.n)
        rows = np.zeros((2, 2 * G))
        rows[0, :G] = 1.0
        rows[1, slice(G, G + 1) if self.identification == "fixed" else slice(G, None)] = 1.0
        return np.asarray(np.linalg.svd(rows)[2][2:].T)

    def aligned(self, t: Array, alpha: Array) -> tuple[Array, Array]:
        """Return lambda and nu at (..., G) log s and alpha, (..., p, G)."""
        loadings = self.loadings * np.exp(-t)[..., None, :]
        return loadings, self.intercepts - alpha[..., None, :] * loadings

    def loss(self, t: Array, alpha: Array) -> Array:
        """Return F over the sum of the weights, (...)."""
        found = 0.0
        for values, weights in zip(self.aligned(t, alpha), self.pairs, strict=True):
            gap = values[..., :, None] - values[..., None, :]
            bent = np.sqrt(np.sqrt(gap * gap + self.epsilon))
            found = found + (bent * weights).sum(axis=(-3, -2, -1)) / 2.0
        return np.asarray(found)


@dataclass(frozen=True, eq=False)
class _Bends:
    """Derivatives of the loss by the aligned values of one kind, a start and item at a time.

    Parameters
    ----------
    first
        By each group's value, (S, p, G).
    second
        Less the second derivative by those of two groups, 0 on the diagonal, (S, p, G, G).
    """

    first: Array
    second: Array

    @classmethod
    def of(cls, values: Array, weights: Array, epsilon: float, mu: Array) -> _Bends:
        """Bend at values (S, p, G); at mu = 1 the curvature is that of a parabola above f."""
        gap = values[..., :, None] - values[..., None, :]
        square = gap * gap
        whole = square + epsilon
        slope = 0.5 * weights * np.sqrt(np.sqrt(whole)) / whole
        left = (1.5 * (1.0 - mu))[:, None, None, None]
        return cls((slope * gap).sum(axis=-1), slope * (1.0 - left * square / whole))

    def between(self, one: Array, other: Array) -> Array:
        """Return sum_i of one_ig times the second derivative by g and h times other_ih, (S, G, G).

        one, other: how much a group's value moves, (S, p, G).
        """
        found = -np.einsum("sig,sigh,sih->sgh", one, self.second, other, optimize=True)
        at = np.arange(found.shape[-1])
        found[:, at, at] += (self.second.sum(axis=-1) * one * other).sum(axis=1)
        return np.asarray(found)

    def along(self, one: Array, other: Array) -> Array:
        """Return the same item by item, at a single point: (p, G, G)."""
        G = one.shape[-1]
        found = -self.second[0]
        found[:, np.arange(G), np.arange(G)] += self.second[0].sum(axis=-1)
        return np.asarray(one[:, :, None] * found * other[:, None, :])


def _bent(lines: Lines, t: Array, alpha: Array, mu: Array) -> tuple[_Bends, _Bends]:
    """Bend loadings and intercepts at (t, alpha), (S, G)."""
    both = zip(lines.aligned(t, alpha), lines.pairs, strict=True)
    one, other = (_Bends.of(values, weights, lines.epsilon, mu) for values, weights in both)
    return one, other


def majorised(lines: Lines, t: Array, alpha: Array, mu: Array) -> tuple[Array, Array]:
    """Return gradient (S, 2G) and curvature (S, 2G, 2G) of the loss by (t, alpha).

    mu (S,) goes from 0, the Hessian, to 1, a matrix that is never indefinite.
    """
    G = t.shape[-1]
    loadings = lines.aligned(t, alpha)[0]
    of_loadings, of_intercepts = _bent(lines, t, alpha, mu)
    moved = alpha[:, None, :] * loadings  # of an intercept by t; by alpha it is -loadings
    down = (of_intercepts.first * loadings).sum(axis=1)
    by_t = -(of_loadings.first * loadings).sum(axis=1) + alpha * down
    gradient = np.concatenate([by_t, -down], axis=-1)
    found = np.empty((len(t), 2 * G, 2 * G))
    found[:, :G, :G] = of_loadings.between(loadings, loadings)
    found[:, :G, :G] += of_intercepts.between(moved, moved)
    found[:, G:, G:] = of_intercepts.between(loadings, loadings)
    found[:, :G, G:] = -of_intercepts.between(moved, loadings)
    at, rest = np.arange(G), (1.0 - mu)[:, None]
    found[:, at, at] -= rest * by_t
    found[:, at, G + at] += rest * down
    found[:, G:, :G] = np.swapaxes(found[:, :G, G:], 1, 2)
    return gradient, found


def slopes(lines: Lines, t: Array, alpha: Array) -> tuple[Array, Array]:
    """Return gradient (2G,) and Hessian (2G, 2G) of the loss over its weights by (t, alpha)."""
    gradient, hessian = majorised(lines, t[None], alpha[None], np.zeros(1))
    return gradient[0], hessian[0]


def mixed_slopes(lines: Lines, t: Array, alpha: Array) -> Array:
    """Return the second derivatives of the loss by (t, alpha) and by the lines, (2G, 2pG)."""
    p, G = lines.loadings.shape
    loadings = lines.aligned(t, alpha)[0]
    of_loadings, of_intercepts = _bent(lines, t[None], alpha[None], np.zeros(1))
    unit = np.broadcast_to(np.exp(-t), (p, G))
    steady = np.ones((p, G))
    own = np.arange(G)
    t_loading = -of_loadings.along(loadings, unit)
    t_loading -= of_intercepts.along(alpha * loadings, alpha * unit)
    t_loading[:, own, own] += (alpha * of_intercepts.first[0] - of_loadings.first[0]) * unit
    t_intercept = of_intercepts.along(alpha * loadings, steady)
    alpha_loading = of_intercepts.along(loadings, alpha * unit)
    alpha_loading[:, own, own] -= of_intercepts.first[0] * unit
    alpha_intercept = -of_intercepts.along(loadings, steady)
    rows = [(t_loading, t_intercept), (alpha_loading, alpha_intercept)]
    return np.block([[np.swapaxes(b, 0, 1).reshape(G, p * G) for b in row] for row in rows])
