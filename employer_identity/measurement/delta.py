"""The delta method for functions of a model's matrices, a group at a time.

Derivatives are taken by complex steps (Squire & Trapp 1998), a cell of all groups at once: no
difference is formed, so they are exact to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.implied import Implied, fill, imply_from
from employer_identity.measurement.layout import MATRICES, Layout, Matrix

Array = NDArray[np.float64]
Value = Callable[[Implied], NDArray[Any]]
STEP = 1e-20


def slopes(
    layout: Layout, theta: Array, value: Value, of: Sequence[Matrix] = MATRICES
) -> tuple[Array, Array]:
    """Return values (G, k) and their derivatives by cell (G, k, c).

    ``value`` must be analytic: no absolute values or maxima of what depends on theta. ``of`` names
    the matrices that it depends on.
    """
    matrices = fill(layout, theta)
    at = np.asarray(value(imply_from(layout, matrices)), dtype=float)
    cells = layout.cells
    found = np.zeros((*at.shape, len(cells.row)))
    for c in np.flatnonzero(cells.where(*of)):
        name, i, j = MATRICES[cells.matrix[c]], cells.row[c], cells.column[c]
        moved = {k: m.astype(complex) if k == name else m for k, m in matrices.items()}
        moved[name][:, i, j] += STEP * 1j
        if name in ("Psi", "Theta") and i != j:
            moved[name][:, j, i] += STEP * 1j
        found[:, :, c] = value(imply_from(layout, moved)).imag / STEP
    return at, found


def standard_errors(slope: Array, covariances: Array) -> Array:
    """Return standard errors (G, k) from derivatives and covariances (G, c, c) by cell."""
    variance = ((slope @ covariances) * slope).sum(axis=2)
    found: Array = np.sqrt(np.maximum(variance, 0.0))
    return found
