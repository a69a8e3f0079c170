"""Fisher scoring with step control; how it ended is a value.

A step solves ``information . step = score``. The expected information is the Gauss-Newton matrix of
the discrepancy: near a good fit its steps converge quadratically, with misfit only linearly, so the
last changes of the score correct it (limited-memory BFGS with the information as its first guess,
Nocedal & Wright 2006, algorithm 7.4). Where a step does not lower F the corrections are dropped and
the information's diagonal is weighted up (Levenberg-Marquardt) until it does. The problem is scaled
by the square roots of the information's diagonal: a scaled score of 1 is one standard error's worth
for n = 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dposv

from employer_identity.measurement.likelihood import Curvature

Array = NDArray[np.float64]
Evaluate = Callable[[Array], tuple[float, Curvature | None]]
Solve = Callable[[Curvature, float, Array], Array]
Memory = list[tuple[Array, Array]]

GRADIENT_TOLERANCE = 1e-9  # in the scaled problem: a billionth of a standard error at n = 1
ROUNDING_TOLERANCE = 1e-7  # where F cannot fall any more in double precision
MAXIMUM_STEPS = 500
REMEMBERED = 10  # steps whose changes of the score are kept


class Status(Enum):
    """How the search ended."""

    CONVERGED = "converged"
    NO_START = "no_start"
    STEPS_EXHAUSTED = "steps_exhausted"
    STUCK = "stuck"


@dataclass(frozen=True)
class Solution:
    """Where the search ended: estimates (q,), F, curvature, largest scaled score, steps, status."""

    theta: Array
    objective: float
    curvature: Curvature | None
    gradient: float
    steps: int
    status: Status


def solve_dense(curvature: Curvature, damping: float, score: Array) -> Array:
    """Return the information's inverse times a score (q,), by one Cholesky factorisation."""
    information = curvature.dense()
    scale = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    scaled = information / scale[:, None] / scale
    scaled[np.diag_indices_from(scaled)] += damping
    _, step, failed = dposv(scaled, score / scale)
    if failed:
        step = np.linalg.lstsq(scaled, score / scale, rcond=1e-10)[0]
    found: Array = step / scale
    return found


def _direction(here: Curvature, damping: float, memory: Memory, solve: Solve) -> Array:
    """Return the step from the score, the information and what the last steps have shown."""
    score, weights = here.gradient(), []
    for step, change in reversed(memory):
        weights.append((step @ score) / (step @ change))
        score = score - weights[-1] * change
    found = solve(here, damping, score)
    for (step, change), weight in zip(memory, reversed(weights), strict=True):
        found = found + (weight - (change @ found) / (step @ change)) * step
    return found


def scaled_gradient(curvature: Curvature) -> float:
    """Return the largest score in units of the information's square-rooted diagonal."""
    own = np.sqrt(np.maximum(curvature.diagonal(), np.finfo(float).tiny))
    return float(np.abs(curvature.gradient() / own).max(initial=0.0))


def minimise(evaluate: Evaluate, start: Array, solve: Solve = solve_dense) -> Solution:
    """Search the minimum of F from a start.

    Parameters
    ----------
    evaluate
        Returns F and its curvature at theta, (inf, None) where the model implies no covariance
        matrix.
    start
        Starting values, (q,).
    solve
        Applies the inverse of the damped information to a vector; the seam for a block-arrow
        solver.
    """
    theta, damping = start, 0.0
    memory: Memory = []
    value, here = evaluate(theta)
    if here is None:
        return Solution(theta, value, None, np.inf, 0, Status.NO_START)
    for number in range(MAXIMUM_STEPS):
        gradient = scaled_gradient(here)
        if gradient <= GRADIENT_TOLERANCE:
            return Solution(theta, value, here, gradient, number, Status.CONVERGED)
        for _ in range(40):
            step = _direction(here, damping, memory, solve)
            trial, there = evaluate(theta + step)
            # a shrinking score counts as progress where F is flat to rounding
            flat = abs(trial - value) <= 1e-12 * (1 + abs(value))
            lower = trial < value or (flat and there and scaled_gradient(there) < gradient)
            if there is not None and lower:
                break
            damping = max(10 * damping, 1e-4) if not memory else damping
            memory.clear()
        else:
            ended = Status.CONVERGED if gradient <= ROUNDING_TOLERANCE else Status.STUCK
            return Solution(theta, value, here, gradient, number, ended)
        change = here.gradient() - there.gradient()
        if step @ change > 1e-12 * np.sqrt((step @ step) * (change @ change)):
            memory[:] = [*memory[1 - REMEMBERED :], (step, change)]
        theta, value, here = theta + step, trial, there
        damping = damping / 10 if damping > 1e-6 else 0.0
    gradient = scaled_gradient(here)
    return Solution(theta, value, here, gradient, MAXIMUM_STEPS, Status.STEPS_EXHAUSTED)
