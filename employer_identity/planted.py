"""A difference of measurement planted in one group of a fitted model: its moments then."""

from __future__ import annotations

from collections.abc import Set

import numpy as np
from numpy.typing import NDArray

from employer_identity.fit import Fit
from employer_identity.levels import Kind
from employer_identity.measurement.departures import (
    lower_intercept,
    lower_loading,
    standardised_loadings,
)

Array = NDArray[np.float64]
FOCAL = -1  # the last group


def middling(fit: Fit, aside: Set[str] = frozenset()) -> str:
    """Return an item of middling loading, if there are any among those that are not set aside."""
    measured = {i for own in fit.factors.values() for i in own if i in fit.items}
    items = sorted(measured - aside) or sorted(measured)
    sizes = np.abs(standardised_loadings(fit.implied, FOCAL)).max(axis=1)
    sizes = sizes.round(6)  # loadings that differ by rounding alone are the same: names decide
    ranked = sorted(items, key=lambda item: (sizes[fit.items.index(item)], item))
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
    place = fit.items.index(item)
    if kind == "intercept":
        return lower_intercept(fit.implied, FOCAL, place, size), fit.implied.Sigma
    return fit.implied.mu, lower_loading(fit.implied, FOCAL, place, size)
