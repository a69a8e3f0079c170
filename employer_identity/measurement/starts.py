"""Starting values; whether a model is identified at all, and whether units matter to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.arrow import RANK_TOLERANCE, Factor, Tied
from employer_identity.measurement.implied import Directions, directions, imply
from employer_identity.measurement.layout import MATRICES, Layout, lay_out
from employer_identity.measurement.likelihood import gram
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.table import Table

Array = NDArray[np.float64]
COMMON = (0.2, 0.9)
"""Within what a standardised loading starts."""


def starting_values(
    table: Table,
    layout: Layout,
    moments: Moments,
    near: Array | None = None,
    thresholds: Array | None = None,
) -> Array:
    """Return theta (q,): loadings of a first component, half of each variance an item's own.

    A cell tied over groups starts at the mean of its groups' values. ``near`` (G, R) are values of
    another solution to start from instead; ``thresholds`` (G, t) those of ordered items.
    """
    if near is None:
        near = _guessed(table, moments)
        if thresholds is not None:
            r, k, _ = layout.places["tau"]
            near[:, r] = thresholds[:, k]
    values = np.where(np.isnan(table.start), near, table.start)
    free = table.number >= 0
    total = np.bincount(table.number[free], values[free], layout.q)
    return np.asarray(total / np.maximum(np.bincount(table.number[free], minlength=layout.q), 1))


def _guessed(table: Table, moments: Moments) -> Array:
    return np.stack(
        [_group_start(table, S, m, g) for g, (S, m) in enumerate(
            zip(moments.covariance, moments.mean, strict=True))]
    )  # fmt: skip


def _group_start(table: Table, S: Array, mean: Array, g: int) -> Array:
    observed = table.roles.observed
    variance = dict(zip(observed, np.diag(S), strict=True))
    sd = {item: np.sqrt(value) for item, value in variance.items()}
    marker = {
        key[0]: key[2]
        for r, key in reversed(list(enumerate(table.rows)))
        if key[1] == "=~" and key[2] in observed
    }
    scaled = {
        key[0]: table.value[g, r]
        for r, key in enumerate(table.rows)
        if key[1] == "=~" and table.number[g, r] < 0
    }
    shared = _shared(table, S)
    found = np.zeros(len(table.rows))
    for r, (lhs, op, rhs) in enumerate(table.rows):
        if op == "=~" and rhs not in observed:
            found[r] = 0.7
        elif op == "=~":
            unit = sd[marker[lhs]] * shared[lhs, marker[lhs]] if lhs in scaled else 1.0
            found[r] = sd[rhs] * shared[lhs, rhs] / unit
        elif op == "~~" and lhs == rhs:
            if lhs in observed:
                found[r] = variance[lhs] * (1.0 if table.given[r] else 0.5)
            elif lhs in scaled and lhs in marker:
                found[r] = variance[marker[lhs]] * shared[lhs, marker[lhs]] ** 2
            else:
                found[r] = 0.5 if lhs in table.roles.indicators else 1.0
        elif op == "~*~":
            found[r] = 1.0
        elif op == "~1" and lhs in observed:
            found[r] = mean[observed.index(lhs)]
        elif op == "~1" and lhs in marker:
            # a factor takes its level from a first item whose intercept is fixed
            first = marker[lhs]
            nu = table.value[g, table.rows.index((first, "~1", ""))]
            if not np.isnan(nu) and table.number[g, r] >= 0:
                found[r] = mean[observed.index(first)] - nu
    return found


def _shared(table: Table, S: Array) -> dict[tuple[str, str], float]:
    """Return what each item has in common with its factor's others, a correlation with a sign.

    The first principal component of a factor's items: one item that hangs together with none, as
    where somebody typed 99, then neither turns the others round nor scales them.
    """
    observed, found = table.roles.observed, dict[tuple[str, str], float]()
    sd = np.sqrt(np.diag(S))
    for factor in dict.fromkeys(lhs for lhs, op, _ in table.rows if op == "=~"):
        items = [rhs for lhs, op, rhs in table.rows if (lhs, op) == (factor, "=~")]
        at = [observed.index(item) for item in items if item in observed]
        if at:
            values, vectors = np.linalg.eigh(S[np.ix_(at, at)] / np.outer(sd[at], sd[at]))
            first = vectors[:, -1] * (1.0 if vectors[:, -1].sum() >= 0 else -1.0)
            size = np.clip(np.abs(first) * np.sqrt(values[-1]), *COMMON)
            signed = np.where(first < 0, -size, size)
            found |= {(factor, observed[i]): float(a) for i, a in zip(at, signed, strict=True)}
    return found


def unidentified(layout: Layout, moments: Moments, start: Array) -> NDArray[np.int64]:
    """Return the parameters that no data could tell apart; empty if all can be.

    The rank of the moments' derivatives at a generic point near the start decides: at the start
    itself a symmetric model (two equal factors) may look unidentified by accident.
    """
    implied = imply(layout, generic(start))
    D = directions(implied, layout.cells)
    unit = 1.0 / np.sqrt(np.diagonal(moments.covariance, axis1=1, axis2=2))
    whitened = Directions(D.u * unit[:, None], D.w * unit[:, None], D.f, D.h)
    _, involved = Tied(gram(whitened), layout.cells.arrow).null
    return np.flatnonzero(involved)


def generic(start: Array) -> Array:
    """Return a point near the start at which nothing is zero or equal by accident."""
    jitter = 1.0 + 0.1 * np.sin(np.arange(1.0, len(start) + 1.0))
    return np.asarray(start * jitter + 0.05 * (jitter - 1.0))


def unit_bound(table: Table, moments: Moments) -> NDArray[np.intp]:
    """Return the items of one group whose unit a model's covariances cannot follow.

    Measuring item i in another unit moves Sigma along E_i Sigma + Sigma E_i. A scale-free model can
    make that move at every point, so at a generic one; its chi-square is the same for correlations.
    """
    # the moments of observed predictors are the sample's, so they move with the units
    free = table.number.copy()
    free[:, table.given] = table.n_parameters + np.arange(table.given.sum())
    table = replace(table, number=free)
    layout = lay_out(table)
    theta = generic(starting_values(table, layout, moments))
    implied = imply(layout, theta)
    D = directions(implied, layout.cells)
    half = D.u[0, :, :, None] * D.w[0, :, None, :] * D.f[:, None, None]
    by_cell = (half + half.transpose(0, 2, 1)).reshape(len(half), -1)
    reach = np.zeros((layout.q, by_cell.shape[1]))
    np.add.at(reach, layout.cells.parameter[0], by_cell)
    p, Sigma = len(moments.names), implied.Sigma[0]
    move = np.zeros((p, p, p))
    each = np.arange(p)
    move[each, each] += Sigma
    move[each, :, each] += Sigma
    wanted = move.reshape(p, -1).T
    left = wanted - reach.T @ np.linalg.lstsq(reach.T, wanted, rcond=None)[0]
    return np.flatnonzero((left**2).sum(axis=0) > 1e-12 * (wanted**2).sum(axis=0))


def is_weak(information: Factor) -> bool:
    """Tell whether an information matrix is singular, or all but."""
    return information.pivot < 100 * RANK_TOLERANCE


def with_sample_values(layout: Layout, table: Table, moments: Moments) -> Layout:
    """Fill in the sample's moments of observed predictors (lavaan's ``fixed.x``)."""
    fixed = {name: layout.fixed[name].copy() for name in MATRICES}
    observed = table.roles.observed
    for r in np.flatnonzero(table.given):
        matrix, i, j = layout.place[r]
        lhs, _, rhs = table.rows[r]
        if matrix in ("alpha", "nu"):
            fixed[matrix][:, i, 0] = moments.mean[:, observed.index(lhs)]
        else:
            s = moments.covariance[:, observed.index(lhs), observed.index(rhs)]
            fixed[matrix][:, i, j] = fixed[matrix][:, j, i] = s
    return replace(layout, fixed=fixed)
