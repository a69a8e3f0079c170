"""Alignment of one factor's lines over groups: the loss's minimum, and how that moves with them.

Cells that differ pull at the minimum: how far shows the minimum without them (`left_out`).

Symbols as in `misalignment`: G groups, p items, t = log s; S starts, z the coordinates that the
identification leaves of (t, alpha).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.misalignment import Lines, majorised, mixed_slopes, slopes

Array = NDArray[np.float64]
WIDEST = 1.0  # epsilon from which a start that is led slowly begins; it falls by tens
STEEPEST = 1e-10  # largest gradient entry, of the loss a pair and item, at a minimum
STEPS = 400  # of one start at one epsilon; a minimum usually takes under thirty
SAME = 1e-4  # starts that end closer, in standard deviations, found the same minimum
DEGENERATE = np.log(10.0)  # a standard deviation so far from the others' has left the answers
SCATTER = 0.3  # standard deviation of log s and of alpha at a random start


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
        gradient, curvature = majorised(lines, t, alpha, mu[active])
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
    of_z = -basis @ np.linalg.solve(inner, basis.T @ mixed_slopes(lines, t, alpha))
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
