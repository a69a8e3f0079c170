"""One factor's alignment as arrays: what differs, what that does to means, how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.aligning import Moved, Optimum, left_out
from employer_identity.measurement.alike import alike
from employer_identity.measurement.misalignment import Lines

Array = NDArray[np.float64]
Sum = Literal["centred", "uncentred"]


@dataclass(frozen=True, eq=False)
class AlignedFactor:
    """One factor's alignment, as arrays.

    Attributes
    ----------
    items
        (p,).
    lines, optimum, moved
        What was aligned, where the loss is lowest, and what that is in the reference group's units.
    covariance
        Of the configural estimates, (2pG, 2pG).
    """

    items: tuple[str, ...]
    lines: Lines
    optimum: Optimum
    moved: Moved
    covariance: Array

    def spread(self, slope: Array) -> Array:
        """Return standard errors of what moves with the lines by slopes (..., 2pG)."""
        variance = np.einsum("...y,yz,...z->...", slope, self.covariance, slope, optimize=True)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))

    @cached_property
    def differs(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which loadings and which intercepts differ from those of most groups, (p, G) each."""
        found = []
        for values, slope in (
            (self.moved.loadings, self.moved.of_loadings),
            (self.moved.intercepts, self.moved.of_intercepts),
        ):
            own = [
                ~alike(v, d @ self.covariance @ d.T, self.lines.n)
                for v, d in zip(values, slope, strict=True)
            ]
            found.append(np.array(own))
        return found[0], found[1]

    @cached_property
    def without(self) -> tuple[Array, Array]:
        """Means and log standard deviations without the cells that differ, (G,) each.

        A cell that differs pulls its group's mean a little, in a direction that no standard error
        knows of. Missing where the others say nothing of some group.
        """
        differs = np.array(self.differs)
        if not differs.any():
            return self.moved.mean, self.moved.log_sd
        found = left_out(self.lines, self.optimum, differs)
        if found is None:
            unknown = np.where(np.arange(differs.shape[-1]) > 0, np.nan, 0.0)
            return unknown, unknown
        return found

    def r2(self, sum_of: Sum) -> tuple[Array, Array]:
        """Return R2 of loadings and of intercepts, (p,) each.

        The configural values against those that equal lines with the aligned means and standard
        deviations imply, s_g lambda and nu + alpha_g lambda.
        """
        t, alpha = self.optimum.t, self.optimum.alpha
        loadings, intercepts = (v.mean(axis=1)[:, None] for v in self.lines.aligned(t, alpha))
        fitted = np.exp(t) * loadings, intercepts + alpha * loadings
        found = []
        for value, implied in zip(
            (self.lines.loadings, self.lines.intercepts), fitted, strict=True
        ):
            centre = value.mean(axis=1, keepdims=True) if sum_of == "centred" else 0.0
            total = ((value - centre) ** 2).sum(axis=1)
            left = ((value - implied) ** 2).sum(axis=1)
            found.append(1.0 - left / np.where(total > 0, total, np.nan))
        return found[0], found[1]
