"""Reliability of pillar scores: omega, alpha, average variance extracted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from employer_identity.edge import checked
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.language import refusal


@checked(ModelError)
def reliability(fit: Fit) -> pd.DataFrame:
    """Return the reliability of each factor's unit-weighted score, by group.

    With Lambda_f the factor's loadings and Phi_ff its variance, over the items that measure it ::

        omega = (sum Lambda_f)^2 Phi_ff / [ (sum Lambda_f)^2 Phi_ff + sum Theta ]     (model-implied
        denominator) alpha = k / (k - 1) * (1 - tr S / 1'S1)                                   from
        the observed covariances S ave   = sum(Lambda_f^2) Phi_ff / [ sum(Lambda_f^2) Phi_ff + tr
        Theta ]

    where sum Theta includes residual covariances. All are proportions of variance; omega and alpha
    assume that the items measure this one factor.

    Returns
    -------
    DataFrame with group, factor, items (count), alpha, omega, ave.

    Raises
    ------
    ModelError
        If a factor is measured by fewer than two observed items.

    Notes
    -----
    Formulas: McDonald (1999), Cronbach (1951), Fornell & Larcker (1981). Checked against semTools
    0.5-6.

    Examples
    --------
    >>> ei.reliability(fit).round(3)
    """
    measured = {f: [i for i in items if i in fit.items] for f, items in fit.factors.items()}
    short = [f for f, items in measured.items() if len(items) < 2]
    if fit.ordered is not None:
        raise refusal(ModelError, [Problem("ordered.not_offered")])
    if short:
        raise refusal(ModelError, [Problem("reliability.too_few_items", where=f) for f in short])
    rows = []
    for g, label in enumerate(fit.groups):
        for factor, items in measured.items():
            at = [fit.items.index(i) for i in items]
            f = fit.layout.latent.index(factor)
            loading = fit.implied.matrices["Lambda"][g, at, f]
            residual = fit.implied.matrices["Theta"][g][np.ix_(at, at)]
            observed = fit.moments.covariance[g][np.ix_(at, at)]
            variance, k = fit.implied.Phi[g, f, f], len(items)
            shared, spread = loading.sum() ** 2 * variance, (loading**2).sum() * variance
            rows.append(
                {
                    "group": label,
                    "factor": factor,
                    "items": k,
                    "alpha": k / (k - 1) * (1 - np.trace(observed) / observed.sum()),
                    "omega": shared / (shared + residual.sum()),
                    "ave": spread / (spread + np.trace(residual)),
                }
            )
    return pd.DataFrame(rows)
