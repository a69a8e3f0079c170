"""Expected answers to items in ordered categories over standing, and how two groups' differ.

With y* = nu + lambda'eta + epsilon behind the answer and codes a_1 < ... < a_K, who stands at eta
is expected to answer ::

    a_1 + sum_k (a_k+1 - a_k) Phi((nu + lambda'eta - tau_k) / sqrt(theta))

so that thresholds, intercept, loading and residual variance all bear on it. Differences of two
groups' curves are integrated over the second one's people, eta ~ N(kappa, Phi), by Gauss-Hermite
nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from employer_identity.fit import Fit
from employer_identity.measurement.layout import Integers, Layout, Matrix

Array = NDArray[np.float64]
NODES = {1: 61, 2: 31, 3: 15}
"""Nodes in each direction by how many factors bear on an item: for one far more than are needed."""
FEWEST = 7  # in each direction with more factors


def cells(layout: Layout, theta: Array, name: Matrix, g: int) -> Array:
    """Return one group's matrix at each theta (draws, q + 1), (draws, rows, columns).

    The last entry of theta is 0: what an index of -1, a fixed cell, reads.
    """
    found: Array = layout.fixed[name][g] + theta[:, layout.twin[name][g]]
    return found


def factors(layout: Layout, theta: Array, g: int) -> tuple[Array, Array]:
    """Return the means (draws, m) and covariances (draws, m, m) of a group's factors."""
    alpha, Beta, Psi = (cells(layout, theta, name, g) for name in ("alpha", "Beta", "Psi"))  # noqa: N806
    Gamma = np.linalg.inv(np.eye(Beta.shape[-1]) - Beta)  # noqa: N806
    return (Gamma @ alpha)[..., 0], Gamma @ Psi @ Gamma.transpose(0, 2, 1)


@dataclass(frozen=True, eq=False)
class Curve:
    """An item's expected answer in one group, at each draw of the parameters.

    Parameters
    ----------
    codes
        Of the categories, rising, (K,).
    thresholds, intercept, loading, sd
        (draws, K - 1), (draws,), (draws, m) and (draws,): sd is the root of the residual variance.
    """

    codes: Array
    thresholds: Array
    intercept: Array
    loading: Array
    sd: Array

    @classmethod
    def of(cls, fit: Fit, theta: Array, item: int, g: int) -> Curve:
        """Read it off parameters (draws, q + 1)."""
        layout = fit.layout
        read = {name: cells(layout, theta, name, g) for name in ("tau", "nu", "Lambda")}
        loading = read["Lambda"][:, item]
        if layout.response.by_scale:
            _, Phi = factors(layout, theta, g)  # noqa: N806
            shared = np.einsum("di,dij,dj->d", loading, Phi, loading)
            residual = cells(layout, theta, "Delta", g)[:, item, 0] ** -2.0 - shared
        else:
            residual = cells(layout, theta, "Theta", g)[:, item, item]
        own = layout.response.owner == item
        sd = np.sqrt(np.maximum(residual, np.finfo(float).tiny))
        return cls(
            codes_of(fit, item), read["tau"][:, own, 0], read["nu"][:, item, 0], loading, sd
        )  # fmt: skip

    def at(self, eta: Array) -> Array:
        """Return the expected answer at standings (draws, nodes, m), (draws, nodes)."""
        level = self.intercept[:, None] + np.einsum("dnm,dm->dn", eta, self.loading)
        found = np.full(level.shape, self.codes[0])
        for k, step in enumerate(np.diff(self.codes)):
            found += step * ndtr((level - self.thresholds[:, k : k + 1]) / self.sd[:, None])
        return found


def parameters(layout: Layout, item: int, g: int) -> Integers:
    """Return the parameters that an item's curve in a group rests on, -1 where there is none."""
    own = layout.response.owner == item
    twins = [layout.twin["tau"][g, own], layout.twin["Delta"][g, item]]
    twins += [layout.twin["Theta"][g, item, item : item + 1]]
    twins += [layout.twin[name][g] for name in ("alpha", "Beta", "Psi")]
    return np.concatenate([twin.ravel() for twin in twins])


def codes_of(fit: Fit, item: int) -> Array:
    """Return the codes of an ordered item's categories."""
    assert fit.ordered is not None  # asked for of ordered items only
    place = int(np.count_nonzero(fit.ordered.ordered[:item]))
    return np.array(fit.ordered.categories[place], dtype=float)


def variances(fit: Fit, item: int) -> Array:
    """Return the variance of the answers to an ordered item, by group, (G,); with divisor n."""
    assert fit.ordered is not None  # asked for of ordered items only
    above = ndtr(fit.ordered.thresholds[:, fit.ordered.owner == item])
    ends = np.zeros((len(above), 1)), np.ones((len(above), 1))
    shares = np.diff(np.hstack([ends[0], above, ends[1]]), axis=1)
    codes = codes_of(fit, item)
    return np.asarray(shares @ codes**2 - (shares @ codes) ** 2)


def nodes(mean: Array, covariance: Array) -> tuple[Array, Array]:
    """Return standings (draws, nodes, m) and the weight of each, of N(mean, covariance)."""
    m = mean.shape[1]
    node, weight = np.polynomial.hermite_e.hermegauss(NODES.get(m, FEWEST))
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*[node] * m, indexing="ij")], axis=1)
    weights = np.prod(np.meshgrid(*[weight / weight.sum()] * m, indexing="ij"), axis=0).ravel()
    size, direction = np.linalg.eigh(covariance)
    root = direction * np.sqrt(np.maximum(size, 0.0))[:, None]
    return mean[:, None] + grid @ root.transpose(0, 2, 1), weights


def shift(fit: Fit, theta: Array, item: int, g: int) -> tuple[Array, Array, Array]:
    """Compare an item's expected answer in a group with that in the reference group.

    Parameters
    ----------
    theta
        The estimates, then draws of them, each with a last 0; (1 + draws, q + 1).

    Returns
    -------
    Root mean square and mean of the difference over the group's people (1 + draws,), and the root
    mean square of the difference between each draw's difference and the estimated one (draws,).
    """
    reference, own = (Curve.of(fit, theta, item, h) for h in (0, g))
    mean, covariance = factors(fit.layout, theta, g)
    bears = np.flatnonzero((reference.loading != 0.0).any(0) | (own.loading != 0.0).any(0))
    eta, weight = nodes(mean[:, bears], covariance[:, bears[:, None], bears])
    reference, own = (_of_factors(curve, bears) for curve in (reference, own))
    difference = own.at(eta) - reference.at(eta)
    here = np.broadcast_to(eta[:1], eta.shape)
    noise = own.at(here) - reference.at(here)
    noise = noise[1:] - noise[:1]
    return (
        np.sqrt(difference**2 @ weight), difference @ weight, np.sqrt(noise**2 @ weight)
    )  # fmt: skip


def _of_factors(curve: Curve, which: NDArray[np.intp]) -> Curve:
    """Keep the loadings on some factors."""
    return Curve(
        curve.codes, curve.thresholds, curve.intercept, curve.loading[:, which], curve.sd
    )  # fmt: skip
