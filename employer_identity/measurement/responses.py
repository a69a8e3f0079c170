"""What a model implies of answers in ordered categories, and the derivatives.

The response y* behind an item is normal with the model's mean mu and variance Sigma_ii; the answer
is above category k where y* is above tau_k. Only what is in units of y* itself can be seen: with
s_i = Delta_i, or 1 / sqrt(Sigma_ii) where residual variances are the parameters, and s_i = 1 for an
item that is not ordered ::

    thresholds  s_i (tau_k - mu_i)          correlations  s_i s_j Sigma_ij

Statistics are listed as those of a sample, see `categorical.OrderedMoments`: S numbers a group.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.implied import Implied, directions
from employer_identity.measurement.layout import Cells, Layout, Response

Array = NDArray[np.float64]


def scales(response: Response, implied: Implied) -> Array:
    """Return what gives a response variance 1, and 1 where it is measured itself; (G, p)."""
    variance = np.diagonal(implied.Sigma, axis1=1, axis2=2)
    if response.by_scale:
        return np.where(response.ordered, implied.matrices["Delta"][..., 0], 1.0)
    return np.asarray(np.where(response.ordered, variance, 1.0) ** -0.5)


def standardised(response: Response, implied: Implied) -> tuple[Array, Array]:
    """Return implied thresholds (G, t) and covariances (G, p, p) as they are seen."""
    s, owner = scales(response, implied), response.owner
    tau = implied.matrices["tau"][..., 0]
    seen = s[:, owner] * (tau - implied.mu[:, owner])
    return seen, implied.Sigma * s[:, :, None] * s[:, None, :]


def statistics(response: Response, implied: Implied) -> Array:
    """List the implied statistics, (G, S)."""
    places = response.places
    tau, covariance = standardised(response, implied)
    i, j = places.pairs
    v = places.at_continuous
    found = np.empty((len(tau), places.first + len(i)))
    found[:, places.thresholds], found[:, places.means] = tau, implied.mu[:, v]
    found[:, places.variances], found[:, places.first :] = covariance[:, v, v], covariance[:, i, j]
    return found


def slopes(layout: Layout, implied: Implied, cells: Cells) -> Array:
    """Return the derivatives of the implied statistics by cell, (G, S, c)."""
    response = layout.response
    places, D = response.places, directions(implied, cells)
    s, ds = scales(response, implied)[:, None], _scale_slopes(response, implied, cells)
    owner, v, f, (i, j) = response.owner, places.at_continuous, D.f[:, None], places.pairs
    found = np.empty((len(s), len(f), places.first + len(i)))
    dmu = D.h[:, :, None] * D.u
    of_tau = cells.where("tau")[:, None] & (cells.row[:, None] == np.arange(len(owner)))
    level = (implied.matrices["tau"][..., 0] - implied.mu[:, owner])[:, None]
    moved = s[..., owner] * (of_tau - dmu[..., owner])
    found[..., places.thresholds] = moved + ds[..., owner] * level
    found[..., places.means] = dmu[..., v]
    found[..., places.variances] = 2.0 * f * D.u[..., v] * D.w[..., v]
    between = f * (D.u[..., i] * D.w[..., j] + D.w[..., i] * D.u[..., j])
    scaled = ds[..., i] * s[..., j] + s[..., i] * ds[..., j]
    total = implied.Sigma[:, None, i, j]
    found[..., places.first :] = s[..., i] * s[..., j] * between + scaled * total
    return found.transpose(0, 2, 1)


def _scale_slopes(response: Response, implied: Implied, cells: Cells) -> Array:
    """Return the derivatives of the scales by cell, (G, c, p)."""
    p = len(response.ordered)
    if response.by_scale:
        own = cells.where("Delta")[:, None] & (cells.row[:, None] == np.arange(p))
        return np.broadcast_to(own.astype(float), (len(implied.Sigma), *own.shape))
    D = directions(implied, cells)
    variance = 2.0 * D.f[:, None] * D.u * D.w
    s = scales(response, implied)[:, None]
    return np.asarray(np.where(response.ordered, -0.5 * s**3 * variance, 0.0))
