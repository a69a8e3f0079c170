"""Variances bounded at 0: what estimates below zero are when they are held there.

An active set: variances that come out negative are fixed at 0 and the model is fitted again, until
none is negative. At the end the Karush-Kuhn-Tucker conditions are checked: with F the discrepancy,
a variance may stay at 0 only where dF / d variance >= 0, so that raising it would not lower F; one
that fails is let go again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from employer_identity.cfa import Prepared, estimate
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.improper import SLACK
from employer_identity.language import listing, refusal
from employer_identity.measurement.evidence import objective
from employer_identity.measurement.starts import starting_values
from employer_identity.measurement.syntax import parse
from employer_identity.structures import Structure

Array = NDArray[np.float64]
FLAT = 1e-6  # a scaled score below it is rounding: a millionth of a standard error at n = 1


def fitted(
    prepared: Prepared,
    structure: Structure,
    at_zero: tuple[str, ...] = (),
    like: Fit | None = None,
    near: Array | None = None,
) -> Fit:
    """Fit a structure to one group's answers, some of its variances fixed at 0.

    ``like`` shares its baseline; ``near`` (1, R) is where the search begins.
    """
    there = replace(prepared, terms=parse(written(structure, at_zero)))
    return estimate(
        there, None, std_lv=structure.std_lv, orthogonal=structure.orthogonal, like=like, near=near
    )


def written(structure: Structure, at_zero: tuple[str, ...]) -> str:
    """Return a model's text with the variances that are held at 0."""
    return "\n".join([structure.text, *(f"{name} ~~ 0*{name}" for name in at_zero)])


def negative(fit: Fit) -> tuple[str, ...]:
    """Name the variances that are estimated below zero; not those that follow from a scale."""
    table = fit.estimates[fit.estimates["parameter"] >= 0]
    own = table[(table["op"] == "~~") & (table["lhs"] == table["rhs"])]
    return tuple(own.loc[own["est"] < -SLACK, "lhs"])


def bounded(prepared: Prepared, structure: Structure, free: Fit) -> tuple[Fit, tuple[str, ...]]:
    """Return the fit with no variance below 0, and the variances that lie at 0.

    Parameters
    ----------
    free
        The fit without bounds.

    Raises
    ------
    ModelError
        If a fit on the way fails, or the search comes round to variances that it has tried.
    """
    at_zero, fit = frozenset[str](), free
    tried = {at_zero}
    while True:
        below = negative(fit)
        wrong = () if below else improvable(free, fit, tuple(sorted(at_zero)))
        if not below and not wrong:
            return fit, tuple(name for name in _order(free) if name in at_zero)
        at_zero = (at_zero | {*below}) - {*wrong[:1]}
        if at_zero in tried:
            problem = Problem("models.bounds_cycle", where=listing(sorted(at_zero)))
            raise refusal(ModelError, [problem])
        tried.add(at_zero)
        fit = fitted(prepared, structure, tuple(sorted(at_zero)), free)


def improvable(free: Fit, bound: Fit, at_zero: tuple[str, ...]) -> tuple[str, ...]:
    """Name variances at 0 that the answers would raise, the most contradicted first."""
    score = slopes_at(free, bound)
    rises = {n: score[free.table.number[0, free.table.rows.index((n, "~~", n))]] for n in at_zero}
    return tuple(sorted((n for n in at_zero if rises[n] > FLAT), key=lambda n: -rises[n]))


def slopes_at(free: Fit, bound: Fit) -> Array:
    """Return how F falls along each parameter of the free model where the bounded one ended, (q,).

    In units of the parameters' information, as `measurement.scoring` scales scores.
    """
    values = dict(zip(bound.table.rows, bound.values[0], strict=True))
    near = np.array([[values[key] for key in free.table.rows]])
    theta = starting_values(free.table, free.layout, free.moments, near)
    _, here = objective(free.evidence, free.moments, free.layout)(theta)
    assert here is not None  # the bounded fit has a covariance matrix there
    scale = np.sqrt(np.maximum(here.diagonal, np.finfo(float).tiny))
    found: Array = here.gradient / scale
    return found


def _order(fit: Fit) -> list[str]:
    return [lhs for lhs, op, rhs in fit.table.rows if op == "~~" and lhs == rhs]
