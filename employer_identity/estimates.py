"""A fit's estimates as frames: as they are, standardised, and the factors' correlations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from employer_identity.measurement.delta import slopes, standard_errors
from employer_identity.measurement.implied import Implied
from employer_identity.measurement.layout import Layout
from employer_identity.measurement.threads import on_one_thread

if TYPE_CHECKING:
    from employer_identity.fit import Fit

Array = NDArray[np.float64]
Numbers = NDArray[Any]
LEVEL = 0.95
CONSTANT = 1e-10  # a standard error below it is rounding: the value cannot vary


def tested(est: Array, se: Array) -> dict[str, Array]:
    """Return the columns est, se, z, pvalue, ci_lower and ci_upper (95 %, normal)."""
    half = ndtri(0.5 + LEVEL / 2) * se
    with np.errstate(invalid="ignore", divide="ignore"):
        z = est / se
    pvalue = 2.0 * ndtr(-np.abs(z))
    columns = {"est": est, "se": se, "z": z, "pvalue": pvalue}
    columns |= {"ci_lower": est - half, "ci_upper": est + half}
    return {name: np.asarray(column).ravel() for name, column in columns.items()}


def relations(fit: Fit) -> dict[str, NDArray[np.object_]]:
    """Return the columns lhs, op, rhs and group of every relation of every group."""
    groups = len(fit.groups)
    parts = zip(*fit.table.rows, strict=True)
    keys = {
        name: np.tile(np.array(part, dtype=object), groups)
        for name, part in zip(("lhs", "op", "rhs"), parts, strict=True)
    }
    labels = np.array(fit.groups, dtype=object)
    return {**keys, "group": np.repeat(labels, len(fit.table.rows))}


def values(layout: Layout, model: Implied) -> Numbers:
    """Return what stands in each relation's place, (G, R)."""
    kind = np.result_type(*model.matrices.values())  # complex where a derivative is taken
    found: Numbers = np.zeros((len(model.Sigma), len(layout.place)), kind)
    for matrix, (r, i, j) in layout.places.items():
        found[:, r] = model.matrices[matrix][:, i, j]
    return found


def standardised_values(layout: Layout, model: Implied) -> Numbers:
    """Return completely standardised values of each relation, (G, R), by the implied SDs.

    Covariances of residuals and disturbances become their correlations.
    """
    found = values(layout, model)
    with np.errstate(invalid="ignore", divide="ignore"):
        sd_y, sd_eta = (
            np.sqrt(np.diagonal(total, axis1=1, axis2=2)) for total in (model.Sigma, model.Phi)
        )
        for matrix, (r, i, j) in layout.places.items():
            total = sd_y if matrix in ("Lambda", "Theta", "nu", "tau", "Delta") else sd_eta
            if matrix == "tau":
                found[:, r] /= total[:, layout.response.owner[i]]
            elif matrix == "Delta":
                found[:, r] *= total[:, i]
            elif matrix in ("Psi", "Theta"):
                variance = np.diagonal(model.matrices[matrix], axis1=1, axis2=2)
                own = np.sqrt(variance * np.sign(variance.real))  # a negative one is kept in sight
                found[:, r] /= np.where(i == j, total[:, i] ** 2, own[:, i] * own[:, j])
            else:
                by = sd_eta[:, j] if matrix in ("Lambda", "Beta") else 1.0
                found[:, r] *= by / total[:, i]
    return found


def estimates(fit: Fit) -> pd.DataFrame:
    """Return every relation of every group, see `Fit.estimates`."""
    number, parameter = fit.table.number, fit.layout.cells.parameter
    variance = np.full(fit.layout.q + 1, np.nan)
    variance[parameter] = np.diagonal(fit.covariances, axis1=1, axis2=2)
    variance[-1] = np.nan  # what is fixed
    se = np.sqrt(np.maximum(variance, 0.0))[number]
    return pd.DataFrame(
        {
            **relations(fit), "label": fit.table.label.ravel(), "parameter": number.ravel(),
            **tested(fit.values, se),
            "std_all": standardised_values(fit.layout, fit.implied).ravel(),
        }
    )  # fmt: skip


@on_one_thread
def standardised(fit: Fit) -> pd.DataFrame:
    """Return completely standardised estimates of every relation, with their standard errors.

    By the delta method from the covariance matrix of the estimates. A value that standardising
    makes constant, such as a factor's variance of 1, has standard error 0 and no test.

    Returns
    -------
    DataFrame with lhs, op, rhs, group, est, se, z, pvalue, ci_lower, ci_upper (95 %). Checked
    against lavaan's standardizedSolution.
    """
    est, slope = slopes(
        fit.layout, fit.solution.theta, lambda model: standardised_values(fit.layout, model)
    )
    se = standard_errors(slope, fit.covariances)
    se = np.where(se < CONSTANT, 0.0, se)
    columns = tested(est, se)
    for name in ("z", "pvalue"):
        columns[name] = np.where(columns["se"] > 0.0, columns[name], np.nan)
    return pd.DataFrame({**relations(fit), **columns})


@on_one_thread
def latent_correlations(fit: Fit) -> pd.DataFrame:
    """Return the correlations of the factors, see `Fit.latent_correlations`."""
    names = fit.table.roles.factors
    i, j = np.triu_indices(len(names), 1)

    def correlations(model: Implied) -> Numbers:
        Phi = model.Phi.astype(np.result_type(model.Phi, float))  # noqa: N806 (Bollen's notation)
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Numbers = Phi[:, i, j] / np.sqrt(Phi[:, i, i] * Phi[:, j, j])
        return found

    est, slope = slopes(fit.layout, fit.solution.theta, correlations, of=("Psi", "Beta"))
    columns = tested(est, standard_errors(slope, fit.covariances))
    kept = {name: columns[name] for name in ("est", "se", "ci_lower", "ci_upper")}
    groups = len(fit.groups)
    return pd.DataFrame(
        {
            "group": np.repeat(np.array(fit.groups, dtype=object), len(i)),
            "factor_1": [names[a] for a in i] * groups,
            "factor_2": [names[b] for b in j] * groups,
            **kept,
        }
    )
