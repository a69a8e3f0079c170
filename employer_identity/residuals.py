"""What a model implies of the answers, what it leaves unexplained, and what it explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.measurement import normal
from employer_identity.measurement.robust import Bread, CrossedMeat, Meat, meat
from employer_identity.measurement.rows import Respondents
from employer_identity.measurement.scaling import Sandwich, derivatives, spoken_of
from employer_identity.measurement.threads import on_one_thread
from employer_identity.ordered_residuals import implied_statistics

if TYPE_CHECKING:
    from employer_identity.fit import Fit

Array = NDArray[np.float64]
ROUNDING = 1e-9  # share of an observed moment's variance below which its residual cannot vary


def residuals(fit: Fit) -> pd.DataFrame:
    """Return the residuals of all pairs of items, see `Fit.residuals`."""
    sd = np.sqrt(np.diagonal(fit.moments.covariance, axis1=1, axis2=2))
    left = (fit.moments.covariance - fit.reproduced) / sd[:, :, None] / sd[:, None, :]
    i, j = np.tril_indices(len(fit.items), -1)
    names, groups = np.array(fit.items, dtype=object), len(fit.groups)
    return pd.DataFrame(
        {
            "group": np.repeat(np.array(fit.groups, dtype=object), len(i)),
            "item_1": np.tile(names[j], groups), "item_2": np.tile(names[i], groups),
            "residual": left[:, i, j].ravel(),
        }
    )  # fmt: skip


def implied_moments(fit: Fit) -> pd.DataFrame:
    """Return every variance, covariance and mean: observed, implied, and the difference tested.

    Of ordered items thresholds and correlations, see `ordered_residuals.implied_statistics`.

    A residual's influence on chance is that of the observed moment less that of the moment implied
    by the estimates: with H the information about the moments, J the covariance of their scores, D
    the moments' derivatives by parameter and V the estimates' covariance matrix, ::

        n Var = H^-1 J H^-1 - 2 H^-1 J D I^-1 D' + D I^-1 (D'J D) I^-1 D'

    with I the information about the parameters. H is at the fitted moments (with missing answers,
    the observed ones); for plain maximum
    likelihood J = H G H, G the covariance matrix that normal answers give the observed moments.
    Moments of observed predictors alone are given and have no residual.

    Returns
    -------
    DataFrame with lhs, op (``~~`` or ``~1``), rhs, group, observed, implied, residual, se, z. ``z``
    is the standardised residual, missing where a residual cannot vary. Checked against lavaan's
    ``residuals(type="standardized")`` in one group, complete, for ML and MLM. With cells tied over
    groups lavaan 0.6-14 leaves out what the other groups do to the estimates, and its z vary too
    much (docs/conventions.md).
    """
    if fit.ordered is not None:
        return implied_statistics(fit, fit.ordered)
    i, j = np.tril_indices(len(fit.items))
    model, moments = fit.implied, fit.moments
    observed = np.concatenate([moments.covariance[:, i, j], moments.mean], axis=1)
    implied = np.concatenate([model.Sigma[:, i, j], model.mu], axis=1)
    se = _standard_errors(fit)
    names, p, groups = np.array(fit.items, dtype=object), len(fit.items), len(fit.groups)
    frame = pd.DataFrame(
        {
            "lhs": np.tile(np.concatenate([names[j], names]), groups),
            "op": np.tile(np.repeat(np.array(["~~", "~1"], dtype=object), [len(i), p]), groups),
            "rhs": np.tile(np.concatenate([names[i], [""] * p]), groups),
            "group": np.repeat(np.array(fit.groups, dtype=object), len(i) + p),
            "observed": observed.ravel(), "implied": implied.ravel(),
            "residual": (observed - implied).ravel(),
            "se": se.ravel(), "z": ((observed - implied) / se).ravel(),
        }
    )  # fmt: skip
    if moments.known != "means":
        frame = frame[frame["op"] == "~~"].reset_index(drop=True)
    return frame


@on_one_thread
def _standard_errors(fit: Fit) -> Array:
    """Standard errors of the moments' residuals, (G, P); missing where they cannot vary.

    A group's moments depend on the parameters of its own cells alone, so that all is had from the
    parts of I^-1 that concern them.
    """
    point = _point(fit)
    J, met, spread = _scores_spread(fit, point)  # noqa: N806
    given = [fit.items.index(name) for name in fit.table.roles.exogenous]
    free = spoken_of(len(fit.items), given)
    Delta, factor = point.own.Delta[:, free], point.own.factor  # noqa: N806
    own, variance = np.empty(Delta.shape[:2]), np.empty(Delta.shape[:2])
    around, kept = spread.around(factor), np.ix_(free, free)
    for g, D in enumerate(Delta):  # noqa: N806 (as in `implied_moments`)
        A = np.linalg.inv(point.H[g][kept])  # noqa: N806
        own[g] = np.einsum("kl,lm,mk->k", A, J[g][kept], A, optimize=True)
        variance[g] = own[g] - 2.0 * ((A @ met[g][free]) * D).sum(axis=1)
        variance[g] += ((D @ around[g]) * D).sum(axis=1)
    found = np.full(point.H.shape[:2], np.nan)
    if factor.definite:
        variance = np.where(variance > ROUNDING * own, variance, np.nan)
        found[:, free] = np.sqrt(variance / fit.ntotal)
    return found


@dataclass(frozen=True, eq=False)
class _Point:
    """Where the answers' scores are taken: H and, in ``own``, I and the derivatives by cell."""

    at: normal.Expansion
    mu: Array
    H: Array
    own: Bread


def _point(fit: Fit) -> _Point:
    """Return the fitted moments; the observed ones where answers are missing.

    With holes the information at the fitted moments is consistent only where they are missing
    completely at random, and that at the observed ones wherever estimates are.
    """
    patterns, saturated = fit.saturated.patterns, fit.saturated
    Delta = derivatives(fit.layout, fit.solution.theta)  # noqa: N806
    arrow = fit.layout.cells.arrow
    if patterns.complete:
        at = normal.expand(patterns, fit.implied.Sigma, fit.implied.mu)
        assert at is not None  # the estimates imply a covariance matrix
        own = Bread(fit.information.by_cell, arrow, Delta)
        return _Point(at, fit.implied.mu, normal.expected(patterns, at), own)
    H = saturated.information  # noqa: N806
    own = Bread(Delta.transpose(0, 2, 1) @ H @ Delta, arrow, Delta)
    return _Point(saturated.at, saturated.mu, H, own)


def _scores_spread(fit: Fit, point: _Point) -> tuple[Array, Array, Meat | CrossedMeat]:
    """Covariances of scores: the moments' J, J D I^-1 by cell (G, P, c), and the parameters'."""
    H, own, rows = point.H, point.own, fit.saturated.rows  # noqa: N806
    if rows is None or not isinstance(fit.sandwich, Sandwich):
        each = zip(H, fit.saturated.information, strict=True)
        J = np.stack([h @ np.linalg.solve(about, h) for h, about in each])  # noqa: N806
    elif fit.estimator == "MLM":
        J = fit.sandwich.J1  # noqa: N806
    else:
        J = rows.meat(point.at, point.mu)  # noqa: N806
        if rows.crossed:
            return (J, *_over_groups(rows, point))
    spread = Meat(own.of_moments(J).by_cell, own.arrow)
    return J, J @ own.Delta @ own.factor.inverse, spread


def _over_groups(rows: Respondents, point: _Point) -> tuple[Array, CrossedMeat]:
    """Return the last two of `_scores_spread` where clusters have people in several groups."""
    spread = meat(rows, point.own, point.at, point.mu)
    assert isinstance(spread, CrossedMeat)  # clusters cross
    moved, n = spread.moved(point.own.factor), rows.patterns.n.sum()
    met = [
        (moved[g][:, rows.cluster_numbers(g)] @ scores).T / np.sqrt(n)
        for g, scores in enumerate(rows.by_group(point.at, point.mu))
    ]
    return np.stack(met), spread


def explained(fit: Fit) -> pd.DataFrame:
    """Return the share of variance that the model explains: items by factors, factors by others.

    Returns
    -------
    DataFrame with group, variable, r2: 1 less the residual (or disturbance) variance as a share of
    the implied variance, which exceeds 1 where the former is negative. Checked against lavaan.
    """
    model, latent = fit.implied, fit.layout.latent
    with np.errstate(invalid="ignore", divide="ignore"):
        items, behind = (
            1.0 - np.einsum("gii->gi", own) / np.einsum("gii->gi", total)
            for own, total in (
                (model.matrices["Theta"], model.Sigma), (model.matrices["Psi"], model.Phi)
            )
        )  # fmt: skip
    endogenous = {key[0] for key in fit.table.rows if key[1] == "~"}
    endogenous |= {key[2] for key in fit.table.rows if key[1] == "=~"}
    parts = []
    for name in (*fit.items, *fit.table.roles.factors):
        if name in endogenous:
            by_name = behind[:, latent.index(name)] if name in latent else None
            values = items[:, fit.items.index(name)] if by_name is None else by_name
            parts.append(pd.DataFrame({"group": fit.groups, "variable": name, "r2": values}))
    found = pd.concat(parts)
    order = {label: k for k, label in enumerate(fit.groups)}
    return found.sort_values("group", key=lambda g: g.map(order), kind="stable", ignore_index=True)
