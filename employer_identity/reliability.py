"""Reliability of pillar scores: omega, alpha, average variance extracted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.edge import checked
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.language import refusal
from employer_identity.measurement.responses import standardised
from employer_identity.measurement.scored import between, of_one


@checked(ModelError)
def reliability(fit: Fit) -> pd.DataFrame:
    """Return the reliability of each factor's unit-weighted score, by group.

    With Lambda_f the factor's loadings and Phi_ff its variance, over the items that measure it,
    Sigma their covariances as the model implies them and S as they were observed ::

        omega = (sum Lambda_f)^2 Phi_ff / 1'Sigma 1
        alpha = k / (k - 1) * (1 - tr S / 1'S1)
        ave   = sum(Lambda_f^2) Phi_ff / tr Sigma

    All are proportions of variance. Residual covariances, and what an item shares with another
    factor that it measures too, are variance that is not this factor's; alpha takes it for such.
    The score is the items' sum as they stand: turn an item that loads negatively round first.

    Of items in ordered categories the score is the sum of category numbers, and omega that of Green
    and Yang: what two answers share by way of the factor only, summed over all pairs, an item with
    itself too, over the variance of the sum ::

        omega = sum_jk C_jk(l_j l_k) / sum_jk C_jk(r_jk)
        C_jk(r) = sum_cd Phi_2(tau_jc, tau_kd; r) - sum_c Phi(tau_jc) sum_d Phi(tau_kd)

    with the standardised loadings l, the polychoric correlations r of the sample and the model's
    thresholds tau in the response's own SDs. ``alpha`` is that of the same sum. ``ave`` is the mean
    of l^2. ``ordinal_alpha`` is alpha of the polychoric correlations: that of responses nobody has
    seen, not of the score (Chalmers 2018). A pillar of which some items are ordered has all of
    these likewise, its other items counted in the units of their answers.

    Returns
    -------
    DataFrame with group, factor, items (count), alpha, omega, ave; of ordered items ordinal_alpha.
    A factor that is measured by factors has no score of its own and no row.

    Raises
    ------
    ModelError
        If a factor is measured by one observed item only.

    Notes
    -----
    Formulas: McDonald (1999), Cronbach (1951), Fornell & Larcker (1981), Green & Yang (2009, eq.
    21), Zumbo, Gadermann & Zeisser (2007). Checked against semTools 0.5-6 (``omega2``), which has
    no ave of items with two factors, and lets the intercepts of ordered items out: with those, and
    of mixed pillars, against numerical integration.

    Examples
    --------
    >>> ei.reliability(fit).round(3)
    """
    observed = {f: [i for i in items if i in fit.items] for f, items in fit.factors.items()}
    measured = {f: items for f, items in observed.items() if items}
    short = [f for f, items in measured.items() if len(items) < 2]
    if short:
        raise refusal(ModelError, [Problem("reliability.too_few_items", where=f) for f in short])
    ordered = {
        i
        for i, is_ordered in zip(fit.items, fit.layout.response.ordered, strict=True)
        if is_ordered
    }
    kinds = {
        f: _of_numbers if ordered.isdisjoint(items) else _of_categories
        for f, items in measured.items()
    }
    return pd.DataFrame(
        {
            "group": label,
            "factor": factor,
            "items": len(items),
            **kinds[factor](fit, g, factor, items),
        }
        for g, label in enumerate(fit.groups)
        for factor, items in measured.items()
    )


def _of_numbers(fit: Fit, g: int, factor: str, items: list[str]) -> dict[str, float]:
    """Return the coefficients of answers taken as numbers."""
    at, f = [fit.items.index(i) for i in items], fit.layout.latent.index(factor)
    loading = fit.implied.matrices["Lambda"][g, at, f]
    implied = fit.implied.Sigma[g][np.ix_(at, at)]
    variance = fit.implied.Phi[g, f, f]
    return {
        "alpha": _alpha(fit.moments.covariance[g][np.ix_(at, at)]),
        "omega": loading.sum() ** 2 * variance / implied.sum(),
        "ave": (loading**2).sum() * variance / np.trace(implied),
    }


def _of_categories(fit: Fit, g: int, factor: str, items: list[str]) -> dict[str, float]:
    """Return the coefficients of answers of which some at least are in ordered categories."""
    moments, response = fit.ordered, fit.layout.response
    assert moments is not None
    at, f = np.array([fit.items.index(i) for i in items]), fit.layout.latent.index(factor)
    variance = np.diagonal(fit.implied.Sigma[g])[at]
    loading = fit.implied.matrices["Lambda"][g, at, f] * np.sqrt(
        fit.implied.Phi[g, f, f] / variance
    )
    inside = np.isin(response.owner, at)
    tau = standardised(response, fit.implied)[0][g, inside]
    owner = np.array([items.index(fit.items[i]) for i in response.owner[inside]], dtype=np.int64)
    observed = moments.covariance[g][np.ix_(at, at)]
    sd = np.sqrt(np.diagonal(observed))
    correlation = observed / np.outer(sd, sd)
    total = of_one(tau, owner, sd, correlation)
    shared = np.full(observed.shape, np.nan)
    if (np.abs(loading) < 1.0).all():  # else an improper solution: no such distribution
        shared = between(tau, owner, np.sqrt(variance), np.outer(loading, loading))
    return {
        "alpha": _alpha(total),
        "omega": float(shared.sum() / total.sum()),
        "ave": float((loading**2).mean()),
        "ordinal_alpha": _alpha(correlation),
    }


def _alpha(covariance: NDArray[np.float64]) -> float:
    """Return Cronbach's alpha of a covariance matrix."""
    k = len(covariance)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))
