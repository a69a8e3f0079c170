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

from employer_identity.measurement.likelihood import Curvature

Array = NDArray[np.float64]
Evaluate = Callable[[Array], tuple[float, Curvature | None]]
Memory = list[tuple[Array, Array]]

GRADIENT_TOLERANCE = 1e-9  # in the scaled problem: a billionth of a standard error at n = 1
ROUNDING_TOLERANCE = 1e-7  # where F cannot fall any more in double precision
FLAT = 1e-10  # of F: means of a million standard deviations leave it no more than ten digits
MAXIMUM_STEPS = 500
REMEMBERED = 10  # steps whose changes of the score are kept
KEEP = 0.1  # the information is kept while a step leaves less than this share of the score


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


def _scale(metric: Curvature) -> Array:
    found: Array = np.sqrt(np.maximum(metric.diagonal, np.finfo(float).tiny))
    return found


def _direction(score: Array, metric: Curvature, damping: float, memory: Memory) -> Array:
    """Return the step from the score, the information and what the last steps have shown."""
    weights = []
    for step, change in reversed(memory):
        weights.append((step @ score) / (step @ change))
        score = score - weights[-1] * change
    found = metric.inverted(damping).solve(score)
    for (step, change), weight in zip(memory, reversed(weights), strict=True):
        found = found + (weight - (change @ found) / (step @ change)) * step
    return found


def scaled_gradient(here: Curvature, metric: Curvature) -> float:
    """Return the largest score in units of the information's square-rooted diagonal."""
    return float(np.abs(here.gradient / _scale(metric)).max(initial=0.0))


def minimise(evaluate: Evaluate, start: Array) -> Solution:
    """Search the minimum of F from a start.

    Parameters
    ----------
    evaluate
        Returns F and its curvature at theta, (inf, None) where the model implies no covariance
        matrix.
    start
        Starting values, (q,).
    """
    theta, damping = start, 0.0
    memory: Memory = []
    value, here = evaluate(theta)
    if here is None:
        return Solution(theta, value, None, np.inf, 0, Status.NO_START)
    metric, gradient = here, scaled_gradient(here, here)
    for number in range(MAXIMUM_STEPS):
        if gradient <= GRADIENT_TOLERANCE:
            return Solution(theta, value, here, gradient, number, Status.CONVERGED)
        for _ in range(40):
            step = _direction(here.gradient, metric, damping, memory)
            trial, there = evaluate(theta + step)
            # a shrinking score counts as progress where F is flat to rounding
            flat = abs(trial - value) <= FLAT * (1 + abs(value))
            if there is not None and (trial < value or flat):
                left = scaled_gradient(there, metric)
                if trial < value or left < gradient:
                    break
            if not memory and metric is here:
                damping = max(10 * damping, 1e-4)
            memory.clear()
            metric = here
        else:
            ended = Status.CONVERGED if gradient <= ROUNDING_TOLERANCE else Status.STUCK
            return Solution(theta, value, here, gradient, number, ended)
        change = here.gradient - there.gradient
        if step @ change > 1e-12 * np.sqrt((step @ step) * (change @ change)):
            memory[:] = [*memory[1 - REMEMBERED :], (step, change)]
        if left > KEEP * gradient:
            metric = there
        theta, value, here, gradient = theta + step, trial, there, left
        damping = damping / 10 if damping > 1e-6 else 0.0
    return Solution(theta, value, here, gradient, MAXIMUM_STEPS, Status.STEPS_EXHAUSTED)
