"""What a model implies of answers in ordered categories, and the derivatives.

The response y* behind an item is normal with the model's mean mu and variance Sigma_ii; the answer
is above category k where y* is above tau_k. Only what is in units of y* itself can be seen: with
s_i = Delta_i, or 1 / sqrt(Sigma_ii) where residual variances are the parameters, and s_i = 1 for an
item that is not ordered ::

    thresholds  s_i (tau_k - mu_i)          correlations  s_i s_j Sigma_ij

Statistics are listed as `OrderedMoments` has them: item by item its thresholds, or its mean where it
is not ordered; the variances of items that are not ordered; covariances, the lower triangle
column by column. That is S numbers a group.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.categorical import OrderedMoments
from employer_identity.measurement.implied import Implied, directions
from employer_identity.measurement.layout import Cells, Layout, Response

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Listing:
    """Where the statistics come from.

    Parameters
    ----------
    item, threshold
        Of thresholds and means: the item, and the threshold's number, -1 for a mean; (b,).
    variance
        Items whose variances come next, (v,).
    row, column
        Of the covariances.
    """

    item: Integers
    threshold: Integers
    variance: Integers
    row: Integers
    column: Integers

    @property
    def size(self) -> int:
        """Number of statistics, S."""
        return len(self.item) + len(self.variance) + len(self.row)

    @property
    def mean(self) -> NDArray[np.bool_]:
        """Mask of the means among the first b statistics."""
        return self.threshold < 0

    def write(self, thresholds: Array, mean: Array, covariance: Array) -> Array:
        """List statistics given as (G, t), (G, p) and (G, p, p); (G, S)."""
        padded = np.concatenate([thresholds, np.zeros((len(mean), 1))], axis=1)
        level = np.where(self.mean, mean[:, self.item], padded[:, self.threshold])
        own = covariance[:, self.variance, self.variance]
        return np.concatenate([level, own, covariance[:, self.row, self.column]], axis=1)


def listing(ordered: NDArray[np.bool_], owner: Integers) -> Listing:
    """Return where statistics come from, given which items are ordered and own which threshold."""
    p = len(ordered)
    item = np.concatenate([owner, np.flatnonzero(~ordered)])
    threshold = np.concatenate([np.arange(len(owner)), np.full((~ordered).sum(), -1)])
    order = np.argsort(item, kind="stable")
    column, row = _below(p)
    return Listing(item[order], threshold[order], np.flatnonzero(~ordered), row, column)


@cache
def _below(p: int) -> tuple[Integers, Integers]:
    column, row = np.triu_indices(p, 1)
    return column.astype(np.int64), row.astype(np.int64)


def observed(moments: OrderedMoments) -> Array:
    """List a sample's statistics, (G, S)."""
    places = listing(moments.ordered, moments.owner)
    return places.write(moments.thresholds, moments.mean, moments.covariance)


def scales(response: Response, implied: Implied) -> Array:
    """Return what a response is multiplied by to have variance 1, 1 where it is measured; (G, p)."""
    variance = np.diagonal(implied.Sigma, axis1=1, axis2=2)
    if response.by_scale:
        return np.where(response.ordered, implied.matrices["Delta"][..., 0], 1.0)
    return np.asarray(np.where(response.ordered, variance, 1.0) ** -0.5)


def standardised(response: Response, implied: Implied) -> tuple[Array, Array, Array]:
    """Return implied thresholds (G, t), means (G, p) and covariances (G, p, p) as they are seen."""
    s, owner = scales(response, implied), response.owner
    tau = implied.matrices["tau"][..., 0]
    seen = s[:, owner] * (tau - implied.mu[:, owner])
    covariance = implied.Sigma * s[:, :, None] * s[:, None, :]
    return seen, np.where(response.ordered, 0.0, implied.mu), covariance


def statistics(response: Response, implied: Implied) -> Array:
    """List the implied statistics, (G, S)."""
    places = listing(response.ordered, response.owner)
    return places.write(*standardised(response, implied))


def slopes(layout: Layout, implied: Implied, cells: Cells) -> Array:
    """Return the derivatives of the implied statistics by cell, (G, S, c)."""
    response = layout.response
    places, D = listing(response.ordered, response.owner), directions(implied, cells)
    s, ds = scales(response, implied)[:, None], _scale_slopes(response, implied, cells)
    item, ordered = places.item, ~places.mean
    tau = np.append(implied.matrices["tau"][..., 0], np.zeros((len(s), 1)), axis=1)
    level = tau[:, None, places.threshold] - implied.mu[:, None, item]
    of_tau = cells.where("tau")[:, None] & (cells.row[:, None] == places.threshold)
    dmu = D.h[:, :, None] * D.u
    first = np.where(
        ordered, s[..., item] * (of_tau - dmu[..., item]) + ds[..., item] * level, dmu[..., item]
    )
    f, v, i, j = D.f[:, None], places.variance, places.row, places.column
    own = 2.0 * f * D.u[..., v] * D.w[..., v]
    between = f * (D.u[..., i] * D.w[..., j] + D.w[..., i] * D.u[..., j])
    total = implied.Sigma[:, None, i, j]
    seen = s[..., i] * s[..., j] * between
    seen += (ds[..., i] * s[..., j] + s[..., i] * ds[..., j]) * total
    return np.concatenate([first, own, seen], axis=2).transpose(0, 2, 1)


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
