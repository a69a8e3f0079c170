"""Fisher scoring with step control; how it ended is a value.

A step solves ``information . step = score``. The expected information is the Gauss-Newton matrix of
the discrepancy, so steps are quadratic near a good fit; where a step does not lower F, the
information's diagonal is weighted up (Levenberg-Marquardt) until it does. The problem is scaled by
the square roots of the information's diagonal: a scaled score of 1 is one standard error's worth
for n = 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from employer_identity.measurement.likelihood import Curvature

Array = NDArray[np.float64]
Evaluate = Callable[[Array], tuple[float, Curvature | None]]
Solve = Callable[[Curvature, float], Array]

GRADIENT_TOLERANCE = 1e-9  # in the scaled problem: a billionth of a standard error at n = 1
ROUNDING_TOLERANCE = 1e-7  # where F cannot fall any more in double precision
MAXIMUM_STEPS = 500


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


def solve_dense(curvature: Curvature, damping: float) -> Array:
    """Return the step (q,) by one Cholesky factorisation of the full information."""
    information = curvature.dense()
    scale = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    scaled = information / scale[:, None] / scale
    scaled[np.diag_indices_from(scaled)] += damping
    try:
        step = cho_solve(cho_factor(scaled), curvature.gradient() / scale)
    except np.linalg.LinAlgError:
        step = np.linalg.lstsq(scaled, curvature.gradient() / scale, rcond=1e-10)[0]
    found: Array = step / scale
    return found


def scaled_gradient(curvature: Curvature) -> float:
    """Return the largest score in units of the information's square-rooted diagonal."""
    if not curvature.q:
        return 0.0
    at = curvature.parameter
    diagonal = np.diagonal(curvature.information, axis1=1, axis2=2)
    at = np.where(at < 0, curvature.q, at).ravel()
    own = np.bincount(at, diagonal.ravel(), curvature.q + 1)[: curvature.q]
    return float(np.abs(curvature.gradient() / np.sqrt(np.maximum(own, 1e-300))).max())


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
        Turns curvature and damping into a step; the seam for a block-arrow solver.
    """
    theta, damping = start, 0.0
    value, here = evaluate(theta)
    if here is None:
        return Solution(theta, value, None, np.inf, 0, Status.NO_START)
    for step_number in range(MAXIMUM_STEPS):
        gradient = scaled_gradient(here)
        if gradient <= GRADIENT_TOLERANCE:
            return Solution(theta, value, here, gradient, step_number, Status.CONVERGED)
        for _ in range(40):
            step = solve(here, damping)
            trial, there = evaluate(theta + step)
            # a shrinking score counts as progress where F is flat to rounding
            flat = abs(trial - value) <= 1e-12 * (1 + abs(value))
            if there is not None and (
                trial < value or (flat and scaled_gradient(there) < gradient)
            ):
                break
            damping = max(10 * damping, 1e-4)
        else:
            ended = Status.CONVERGED if gradient <= ROUNDING_TOLERANCE else Status.STUCK
            return Solution(theta, value, here, gradient, step_number, ended)
        theta, value, here = theta + step, trial, there
        damping = damping / 10 if damping > 1e-6 else 0.0
    gradient = scaled_gradient(here)
    return Solution(theta, value, here, gradient, MAXIMUM_STEPS, Status.STEPS_EXHAUSTED)
