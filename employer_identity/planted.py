"""A difference of measurement planted in one group of a fitted model: its moments then."""

from __future__ import annotations

from collections.abc import Set

import numpy as np
from numpy.typing import NDArray

from employer_identity.fit import Fit
from employer_identity.levels import Kind

Array = NDArray[np.float64]
FOCAL = -1  # the last group


def _loading(fit: Fit, item: str) -> tuple[int, int, float]:
    """Return the place of an item, that of the factor it loads on most, and how much in SDs."""
    i = fit.items.index(item)
    Lambda, Phi = fit.implied.matrices["Lambda"][FOCAL], fit.implied.Phi[FOCAL]
    sizes = Lambda[i] * np.sqrt(np.diag(Phi))
    f = int(np.abs(sizes).argmax())
    return i, f, float(sizes[f] / np.sqrt(fit.implied.Sigma[FOCAL, i, i]))


def middling(fit: Fit, aside: Set[str] = frozenset()) -> str:
    """Return an item of middling loading, if there are any among those that are not set aside."""
    measured = {i for own in fit.factors.values() for i in own if i in fit.items}
    items = sorted(measured - aside) or sorted(measured)
    ranked = sorted(items, key=lambda item: (abs(_loading(fit, item)[2]), item))
    return ranked[(len(ranked) - 1) // 2]


def lowered(fit: Fit, item: str, kind: Kind, size: float) -> tuple[Array, Array]:
    """Return means (G, p) and covariances (G, p, p) with one item's parameter lower in a group.

    Parameters
    ----------
    fit
        The model.
    item
        The item, in the last group.
    kind
        ``intercept``: by `size` SDs of the item; ``loading``: by `size`, standardised, towards 0.
    """
    mu, Sigma = fit.implied.mu.copy(), fit.implied.Sigma.copy()
    i, f, standardised = _loading(fit, item)
    sd = np.sqrt(Sigma[FOCAL, i, i])
    if kind == "intercept":
        mu[FOCAL, i] -= size * sd
        return mu, Sigma
    M, Phi = fit.implied.matrices, fit.implied.Phi[FOCAL]
    Lambda = M["Lambda"][FOCAL].copy()
    Lambda[i, f] -= np.sign(standardised) * size * sd / np.sqrt(Phi[f, f])
    Sigma[FOCAL] = Lambda @ Phi @ Lambda.T + M["Theta"][FOCAL]
    return mu, Sigma
