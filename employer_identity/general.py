"""How much of a total score is one thing: what all items share against what the factors add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.measurement.responses import standardised
from employer_identity.measurement.scored import between, of_one

if TYPE_CHECKING:
    from employer_identity.fit import Fit

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Strength:
    """Strength of the general factor, all in [0, 1].

    Attributes
    ----------
    omega_h
        Share of the variance of the sum score that the general factor explains.
    omega_t
        Share that all factors explain.
    ecv
        Share of the common variance of the items that is the general factor's.
    """

    omega_h: float
    omega_t: float
    ecv: float


def strength(fit: Fit, general: str) -> Strength:
    """Return the strength of the general factor of an orthogonal bifactor model of one group.

    With standardised loadings g on the general factor and s on the specific ones, and Sigma the
    implied correlations ::

        omega_h = (sum g)^2 / 1'Sigma 1
        omega_t = [(sum g)^2 + sum over factors (sum s)^2] / 1'Sigma 1
        ecv = sum g^2 / (sum g^2 + sum s^2)

    Of items in ordered categories the score is the sum of category numbers: what g, or g and s,
    make two answers share stands above the line, and the variance of the sum below it, both by the
    formulas of `reliability.reliability`. ``ecv`` is that of the responses behind the items.

    Notes
    -----
    Rodriguez, Reise & Haviland (2016). Checked against lavaan's estimates put into these formulas,
    and omega_h against semTools 0.5-6.
    """
    table = fit.estimates[fit.estimates["op"] == "=~"]
    loadings = table.pivot_table(index="rhs", columns="lhs", values="std_all", sort=False)
    loadings = loadings.reindex(list(fit.items)).fillna(0.0)
    on_general, on_specific = loadings[general], loadings.drop(columns=general)
    Sigma = fit.implied.Sigma[0]  # noqa: N806 (Bollen's notation)
    sd = np.sqrt(np.diag(Sigma))
    g, s = on_general.to_numpy(), on_specific.to_numpy()
    common, special = float((g**2).sum()), float((s**2).sum())
    if fit.ordered is None:
        total = float((Sigma / sd[:, None] / sd).sum())
        shared = float(g.sum()) ** 2
        both = shared + float((s.sum(axis=0) ** 2).sum())
    else:
        tau, owner = _thresholds(fit), fit.layout.response.owner
        total = float(of_one(tau, owner, sd, Sigma / sd[:, None] / sd).sum())
        of_general = np.outer(g, g)
        shared = float(between(tau, owner, sd, of_general).sum())
        both = float(between(tau, owner, sd, of_general + s @ s.T).sum())
    return Strength(shared / total, both / total, common / (common + special))


def _thresholds(fit: Fit) -> Array:
    """Return the thresholds of one group in the responses' own SDs, (t,)."""
    tau, _ = standardised(fit.layout.response, fit.implied)
    return np.asarray(tau[0])


def second_order_share(fit: Fit, general: str) -> float:
    """Return the share of the variance of the sum score that a second-order factor explains.

    With Lambda the loadings of the items, B those of the factors on the second-order one, Phi2 its
    variance and S the observed covariances: 1' Lambda B Phi2 B' Lambda' 1 / 1'S1, of one group. Of
    ordered items as in `strength`, with the sample's polychoric correlations.
    """
    matrices, latent = fit.implied.matrices, fit.layout.latent
    k = latent.index(general)
    through = matrices["Lambda"][0] @ matrices["Beta"][0][:, k]
    variance = float(matrices["Psi"][0, k, k])
    observed = fit.moments.covariance[0]
    if fit.ordered is None:
        return float(through.sum() ** 2 * variance / observed.sum())
    tau, owner = _thresholds(fit), fit.layout.response.owner
    loading = through * np.sqrt(variance / np.diag(fit.implied.Sigma[0]))
    sd = np.sqrt(np.diag(observed))
    total = of_one(tau, owner, sd, observed / sd[:, None] / sd)
    return float(between(tau, owner, sd, np.outer(loading, loading)).sum() / total.sum())


def contaminated(factors: Mapping[str, Sequence[str]]) -> float:
    """Return PUC: the share of the pairs of items that are of different factors."""
    sizes = np.array([len(items) for items in factors.values()])
    pairs = sizes.sum() * (sizes.sum() - 1) / 2
    return float(1 - (sizes * (sizes - 1) / 2).sum() / pairs)


def as_series(found: Strength | None, puc: float, share: float) -> pd.Series[float]:
    """Lay out what is known of the general factor; missing where a model gives none."""
    values = (found.omega_h, found.omega_t, found.ecv) if found else (np.nan,) * 3
    names = ["omega_h", "omega_t", "ecv", "puc", "second_order_share"]
    return pd.Series([*values, puc, share], names, dtype=float, name="general")
