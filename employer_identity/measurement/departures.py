"""Moments that depart from a model in a stated way, everything else being as it implies.

Sizes are standardised: an intercept in SDs of the item, a loading per SD of the factor in SDs of
the item. Symbols as in `implied`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.implied import Implied

Array = NDArray[np.float64]
ROOM = 0.05  # share of an item's variance that stays its own


def standardised_loadings(implied: Implied, g: int) -> Array:
    """Return a group's loadings per SD of the factor in SDs of the item, (p, m)."""
    sd = np.sqrt(np.diag(implied.Sigma[g]))
    found: Array = implied.matrices["Lambda"][g] * np.sqrt(np.diag(implied.Phi[g])) / sd[:, None]
    return found


def lower_intercept(implied: Implied, g: int, i: int, size: float) -> Array:
    """Return means (G, p) with one item's intercept lower in one group."""
    mu = implied.mu.copy()
    mu[g, i] -= size * np.sqrt(implied.Sigma[g, i, i])
    return mu


def lower_loading(implied: Implied, g: int, i: int, size: float) -> Array:
    """Return covariances (G, p, p) with an item's largest loading nearer to 0 in one group.

    Its residual variance stays as it is.
    """
    own = standardised_loadings(implied, g)[i]
    f = int(np.abs(own).argmax())
    Sigma, Phi, Lambda = implied.Sigma.copy(), implied.Phi[g], implied.matrices["Lambda"][g].copy()
    Lambda[i, f] -= np.sign(own[f]) * size * np.sqrt(Sigma[g, i, i] / Phi[f, f])
    Sigma[g] = Lambda @ Phi @ Lambda.T + implied.matrices["Theta"][g]
    return Sigma


def second_loading(implied: Implied, covariance: Array, i: int, f: int) -> tuple[Array, float]:
    """Let an item of the first group measure one more factor, as strongly as its own.

    Its variance stays as it is, and `ROOM` of it its own: l^2 + c^2 + 2 l c r may not be more, with
    l and c its loadings and r the factors' correlation.

    Parameters
    ----------
    implied
        The model.
    covariance
        What it is added to, (p, p).
    i, f
        The item, and the factor.

    Returns
    -------
    The covariances, and the loading.
    """
    loadings = standardised_loadings(implied, 0)
    scale = np.sqrt(np.diag(implied.Phi[0]))
    R = implied.Phi[0] / np.outer(scale, scale)
    own = int(np.abs(loadings[i]).argmax())
    size, r = abs(loadings[i, own]), R[own, f]
    most = -size * r + np.sqrt(max(size**2 * r**2 - size**2 + 1.0 - ROOM, 0.0))
    c = float(np.sign(loadings[i, own]) * np.clip(most, 0.0, size))
    sd, found = np.sqrt(np.diag(covariance)), covariance.copy()
    others = np.arange(len(sd)) != i
    found[i, others] += c * (loadings @ R[f] * sd * sd[i])[others]
    found[others, i] = found[i, others]
    return found, c


def residual_correlations(implied: Implied, pairs: Sequence[tuple[int, int]], r: float) -> Array:
    """Return covariances (p, p) in which pairs of residuals of the first group correlate too."""
    Sigma: Array = implied.Sigma[0].copy()
    Theta = implied.matrices["Theta"][0]
    for i, j in pairs:
        Sigma[i, j] += r * np.sqrt(Theta[i, i] * Theta[j, j])
        Sigma[j, i] = Sigma[i, j]
    return Sigma
