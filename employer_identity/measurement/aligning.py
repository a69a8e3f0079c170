"""Alignment of one factor's lines over groups: the loss, its minimum, and how that moves with them.

Every group's factor has mean 0 and standard deviation 1 to begin with. Giving it mean alpha_g and
standard deviation s_g turns its lines into

::

    lambda_ig = lambda0_ig / s_g,    nu_ig = nu0_ig - alpha_g lambda_ig

and changes nothing of the fit. Chosen are those that minimise

::

    F = sum_i sum_{g<h} w_gh [f(lambda_ig - lambda_ih) + f(nu_ig - nu_ih)]
    f(x) = (x^2 + epsilon)^(1/4),    w_gh = sqrt(N_g N_h)

which would rather have few large differences than many small ones (Asparouhov & Muthen 2014). The
large ones still pull: how far shows the minimum without those cells (`left_out`).

Symbols: G groups, p items, S starts, t = log s, z the coordinates that the identification leaves of
(t, alpha).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Identification = Literal["fixed", "free"]
WIDEST = 1.0  # epsilon from which a start that is led slowly begins; it falls by tens
STEEPEST = 1e-10  # largest gradient entry, of the loss a pair and item, at a minimum
STEPS = 400  # of one start at one epsilon; a minimum usually takes under thirty
SAME = 1e-4  # starts that end closer, in standard deviations, found the same minimum
DEGENERATE = np.log(10.0)  # a standard deviation so far from the others' has left the answers
SCATTER = 0.3  # standard deviation of log s and of alpha at a random start


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


def _slopes(lines: Lines, t: Array, alpha: Array, mu: Array) -> tuple[Array, Array]:
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
    gradient, hessian = _slopes(lines, t[None], alpha[None], np.zeros(1))
    return gradient[0], hessian[0]


def _searched(lines: Lines, start: Array) -> tuple[Array, Array]:
    """Lead starts z (S, k) to minima; return these and their largest gradient entries (S,).

    Newton's step where it goes down; else one on the way to the majorising parabola's, whose
    curvature is never negative; that one shortened until it goes down.
    """
    z, basis = start.copy(), lines.basis
    mu, size = np.ones(len(z)), np.ones(len(z))
    loss = lines.loss(*np.split(z @ basis.T, 2, axis=-1))
    steepest = np.full(len(z), np.inf)
    active = np.arange(len(z))
    for _ in range(STEPS):
        t, alpha = np.split(z[active] @ basis.T, 2, axis=-1)
        gradient, curvature = _slopes(lines, t, alpha, mu[active])
        slope = gradient @ basis
        steepest[active] = np.abs(slope).max(axis=-1, initial=0.0)
        bent = basis.T @ curvature @ basis
        ridge = 1e-10 * np.trace(bent, axis1=1, axis2=2) / max(bent.shape[-1], 1)
        bent += np.abs(ridge)[:, None, None] * np.eye(bent.shape[-1])
        step = -np.linalg.solve(bent, slope[..., None])[..., 0]
        longest = np.abs(step).max(axis=-1, initial=0.0)
        step *= (size[active] / np.maximum(longest, 1.0))[:, None]  # never more than an SD or so
        fall = (slope * step).sum(axis=-1)
        tried = z[active] + step
        new = lines.loss(*np.split(tried @ basis.T, 2, axis=-1))
        down = (fall < 0) & (new <= loss[active] + 1e-4 * fall + 1e-15)
        good, bad = active[down], active[~down]
        z[good], loss[good] = tried[down], new[down]
        size[good], mu[good] = 1.0, np.where(mu[good] < 0.05, 0.0, mu[good] / 4.0)
        size[bad] = np.where(mu[bad] == 1.0, size[bad] / 2.0, 1.0)
        mu[bad] = np.minimum(1.0, 4.0 * mu[bad] + 0.1)
        active = np.flatnonzero((steepest > STEEPEST) & (size > 1e-12))
        if not len(active):
            break
    return z, steepest


@dataclass(frozen=True, eq=False)
class Optimum:
    """The lowest minimum that was found, and how surely it is the lowest.

    Parameters
    ----------
    t, alpha
        (G,) as the identification has them.
    loss
        F as published.
    starts, reached
        How many starts there were, and how many ended here.
    optima
        Different minima that were found.
    """

    t: Array
    alpha: Array
    loss: float
    starts: int
    reached: int
    optima: int


def minimise(
    lines: Lines, starts: int, seed: int, near: tuple[Array, Array] | None = None
) -> Optimum | None:
    """Minimise the loss from several starts; None where none ends in a proper minimum.

    Starts: no difference; medians; the rest random about the medians. Each is led from a large
    epsilon down to the one that is asked for, the random ones from ten times it only, so that they
    may find other minima. ``near`` (t, alpha) is a start instead of the medians.
    """
    z = _starts(lines, starts, seed, near)
    stages = [lines.epsilon]
    while stages[-1] * 10.0 <= WIDEST * (1 + 1e-9):
        stages.append(stages[-1] * 10.0)
    for epsilon in reversed(stages[1:]):
        led = slice(None) if epsilon == stages[1] else slice(0, 2)
        z[led] = _searched(replace(lines, epsilon=epsilon), z[led])[0]
    z, steepest = _searched(lines, z)
    t, alpha = np.split(z @ lines.basis.T, 2, axis=-1)
    proper = (steepest < 1e4 * STEEPEST) & (np.abs(t).max(axis=-1) < DEGENERATE)
    for k in np.flatnonzero(proper):
        _, hessian = slopes(lines, t[k], alpha[k])
        inner = lines.basis.T @ hessian @ lines.basis
        proper[k] = np.linalg.eigvalsh(inner).min(initial=1.0) > 0
    if not proper.any():
        return None
    t, alpha = t[proper], alpha[proper]
    loss = lines.loss(t, alpha)
    order = np.argsort(loss, kind="stable")
    ends = np.concatenate([t, alpha], axis=-1)[order]
    distinct: list[Array] = []
    for end in ends:
        if all(np.abs(end - other).max() > SAME for other in distinct):
            distinct.append(end)
    best = order[0]
    reached = int((np.abs(ends - ends[0]).max(axis=-1) <= SAME).sum())
    return Optimum(
        t[best], alpha[best], float(loss[best]) * lines.total, starts, reached, len(distinct)
    )


def _starts(lines: Lines, starts: int, seed: int, near: tuple[Array, Array] | None) -> Array:
    """Return starts as z, (S, k)."""
    G = len(lines.n)
    loading = lines.loadings.mean(axis=1, keepdims=True)
    if near is None:
        ratio = np.median(lines.loadings / loading, axis=0)
        t = np.log(np.clip(ratio, 0.1, 10.0))
        alpha = np.median(
            (lines.intercepts - lines.intercepts.mean(axis=1, keepdims=True)) / loading, axis=0
        )
        near = t, alpha
    middle = np.concatenate(near)
    rng = np.random.default_rng(seed)
    scatter = rng.normal(0.0, SCATTER, (max(starts - 2, 0), 2 * G))
    found = np.concatenate([np.zeros((1, 2 * G)), middle[None], middle + scatter])[:starts]
    if lines.identification == "fixed":
        found[:, G:] -= found[:, [G]]
    return np.asarray(found @ lines.basis)


@dataclass(frozen=True, eq=False)
class Moved:
    """An aligned factor in units of the first group's, and how it moves with the lines.

    Parameters
    ----------
    mean, log_sd
        (G,); 0 in the first group.
    loadings, intercepts
        Aligned, (p, G).
    of_mean, of_log_sd, of_loadings, of_intercepts
        Their derivatives by the lines, (..., 2pG): lambda0 item by item, groups innermost, and then
        nu0 likewise.
    """

    mean: Array
    log_sd: Array
    loadings: Array
    intercepts: Array
    of_mean: Array
    of_log_sd: Array
    of_loadings: Array
    of_intercepts: Array


def moved(lines: Lines, at: Optimum) -> Moved:
    """Say in units of the first group how an optimum moves with the lines.

    At a minimum dF/dz = 0, so that dz = -(d2F/dz2)^-1 (d2F/dz dy) dy with y the lines.
    """
    t, alpha = at.t, at.alpha
    p, G = lines.loadings.shape
    _, hessian = slopes(lines, t, alpha)
    basis = lines.basis
    inner = basis.T @ hessian @ basis
    of_z = -basis @ np.linalg.solve(inner, basis.T @ _mixed(lines, t, alpha))
    of_t, of_alpha = of_z[:G], of_z[G:]
    loadings, intercepts = lines.aligned(t, alpha)
    own = np.eye(p * G).reshape(p, G, p * G)
    nothing = np.zeros_like(own)
    of_loading = np.concatenate([own * np.exp(-t)[None, :, None], nothing], axis=-1)
    of_loading -= loadings[..., None] * of_t
    of_intercept = np.concatenate([nothing, own], axis=-1)
    of_intercept -= loadings[..., None] * of_alpha + alpha[None, :, None] * of_loading
    unit = np.exp(t[0])  # from here on the first group's factor is the measure
    mean = (alpha - alpha[0]) / unit
    return Moved(
        mean, t - t[0], loadings * unit, intercepts,
        (of_alpha - of_alpha[0]) / unit - mean[:, None] * of_t[0], of_t - of_t[0],
        unit * (of_loading + loadings[..., None] * of_t[0]), of_intercept,
    )  # fmt: skip


def left_out(lines: Lines, at: Optimum, differs: NDArray[np.bool_]) -> tuple[Array, Array] | None:
    """Return means and log SDs without the cells that differ, in units of the first group, (G,).

    The minimum of the loss over all other cells that is reached from the one over all. None where
    there is none: a group of which nothing is left can lie anywhere.

    Parameters
    ----------
    differs
        Loadings and intercepts, (2, p, G).
    """
    if differs.all(axis=1).any():
        return None
    z = lines.basis.T @ np.concatenate([at.t, at.alpha])
    found, steepest = _searched(replace(lines, kept=~differs), z[None])
    t, alpha = np.split(found[0] @ lines.basis.T, 2)
    if steepest[0] > 1e4 * STEEPEST or np.abs(t).max() > DEGENERATE:
        return None
    return (alpha - alpha[0]) / np.exp(t[0]), t - t[0]


def _mixed(lines: Lines, t: Array, alpha: Array) -> Array:
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
