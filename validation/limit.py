"""What a scaled chi-square rejects in ever larger samples, from the weights of its distribution."""

from __future__ import annotations

import numpy as np
from scipy.linalg import block_diag
from scipy.stats import chi2

import employer_identity as ei
from employer_identity.measurement.scaling import derivatives
from employer_identity.presets import PRESETS
from validation.ceiling import LEVEL, Two, draw
from validation.population import EQUAL, MODEL
from validation.running import Cell, Row

DRAWS = 40_000  # of the limiting distribution: a standard error of 0.1 % at 5 %


def tangent(fit: ei.Fit) -> np.ndarray:
    """Derivatives of all groups' listed moments by parameter, (G P, q)."""
    by_cell, q = derivatives(fit.layout, fit.solution.theta), fit.layout.q
    found = np.zeros((*by_cell.shape[:2], q + 1))  # the last column takes what is fixed
    for own, parameter, total in zip(by_cell, fit.layout.cells.parameter, found, strict=True):
        np.add.at(total.T, np.where(parameter < 0, q, parameter), own.T)
    return found.reshape(-1, q + 1)[:, :q]


def weights(fit: ei.Fit) -> np.ndarray:
    """Weights of the squared normals that the chi-square of a true model tends to.

    The nonzero eigenvalues of U Gamma, U = H - H Delta (Delta' H Delta)^-1 Delta' H and Gamma =
    H^-1 J H^-1, with H the information about the moments and J the covariance of their scores.
    """
    assert fit.sandwich is not None
    H, J = block_diag(*fit.sandwich.H1), block_diag(*fit.sandwich.J1)  # noqa: N806
    Delta = tangent(fit)  # noqa: N806
    U = H - H @ Delta @ np.linalg.solve(Delta.T @ H @ Delta, Delta.T @ H)  # noqa: N806
    Gamma = np.linalg.solve(H, np.linalg.solve(H, J).T)  # noqa: N806
    return np.sort(np.linalg.eigvals(U @ Gamma).real)[-fit.df :]


def replicate(design: Two, rng: np.random.Generator) -> Row:
    """Note the share beyond the chi-square's 5 % point of the limit divided by its mean weight."""
    frame = draw(design, rng)
    row = {}
    for level, equal in EQUAL.items():
        fit = ei.cfa(frame, MODEL, group="group", equal=equal, std_lv=True)
        found = weights(fit)
        scaled = rng.chisquare(1, size=(DRAWS, fit.df)) @ (found / found.mean())
        row[level] = float((scaled > chi2.ppf(1 - LEVEL, fit.df)).mean())
    return row


CELLS = (
    Cell("limit", Two(100_000), replicate, 4),
    Cell("limit-preset", Two(100_000, PRESETS["other_rated"].shares), replicate, 4),
)
