"""What a model implies: Sigma(theta), mu(theta) and their derivatives, batched over groups.

With ``Gamma = (I - Beta)^-1`` and ``Phi = Gamma Psi Gamma'``: Sigma = Lambda Phi Lambda' + Theta,
mu = nu + Lambda Gamma alpha. The derivative with respect to any one cell has the same simple form
::

    dSigma/dcell = f (u w' + w u'),      dmu/dcell = h u

where u and w are columns of known matrices (Bollen 1989, appendix 4A, gives the matrices; this is
their rank-two form):

====== =============== =============== ====== =============
cell   u               w               f      h
====== =============== =============== ====== =============
Lambda e_i             (Lambda Phi)_j  1      (Gamma alpha)_j
Beta   (Lambda Gamma)_i (Lambda Phi)_j 1      (Gamma alpha)_j
Psi    (Lambda Gamma)_i (Lambda Gamma)_j 1, 1/2 0
Theta  e_i             e_j             1, 1/2 0
nu     e_i             0               0      1
alpha  (Lambda Gamma)_i 0              0      1
====== =============== =============== ====== =============

(1/2 on the diagonal; cells of tau and Delta move neither, see `responses`). Nothing of size
p x p x c is ever formed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.layout import MATRICES, Cells, Layout, Matrix

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Implied:
    """The model matrices and moments at one theta, each with a leading axis of groups."""

    matrices: dict[Matrix, Array]
    Gamma: Array  # (G, m, m)
    Phi: Array  # (G, m, m): covariance of the latent variables
    Sigma: Array  # (G, p, p)
    mu: Array  # (G, p)


@dataclass(frozen=True)
class Directions:
    """The derivatives of Sigma and mu by cell: u, w (G, c, p), f (c,), h (G, c); see above."""

    u: Array
    w: Array
    f: Array
    h: Array


def fill(layout: Layout, theta: Array) -> dict[Matrix, Array]:
    """Put theta (q,) into the model matrices."""
    padded = np.append(theta, 0.0)  # index -1 reads the zero
    return {k: layout.fixed[k] + padded[layout.twin[k]] for k in MATRICES}


def imply(layout: Layout, theta: Array) -> Implied:
    """Return the moments that a model implies at theta (q,)."""
    return imply_from(layout, fill(layout, theta))


def imply_from(layout: Layout, M: dict[Matrix, Array]) -> Implied:
    """Return the moments that model matrices imply.

    Where scales are parameters they give ordered items their variance, and Theta what is left.
    """
    m = M["Psi"].shape[-1]
    Gamma: Array = np.broadcast_to(np.eye(m), M["Psi"].shape)
    if M["Beta"].any():
        Gamma = np.linalg.inv(Gamma - M["Beta"])  # type: ignore[assignment]  # or complex
    Phi = Gamma @ M["Psi"] @ Gamma.transpose(0, 2, 1)
    Lambda = M["Lambda"]
    shared = Lambda @ Phi @ Lambda.transpose(0, 2, 1)
    Sigma = shared + M["Theta"]
    if layout.response.by_scale and not layout.response.plain:
        at = np.flatnonzero(layout.response.ordered)
        total = M["Delta"][:, at, 0] ** -2.0
        Sigma = Sigma.astype(np.result_type(Sigma, total))  # derivatives step aside, to complex
        M = {**M, "Theta": M["Theta"].astype(Sigma.dtype)}
        M["Theta"][:, at, at] = total - shared[:, at, at]
        Sigma[:, at, at] = total
    mu = (M["nu"] + Lambda @ (Gamma @ M["alpha"]))[..., 0]
    return Implied(M, Gamma, Phi, Sigma, mu)


def directions(implied: Implied, cells: Cells) -> Directions:
    """Return the derivatives of Sigma and mu with respect to each cell."""
    Lambda = implied.matrices["Lambda"]
    groups, p, _ = Lambda.shape
    LambdaGamma = Lambda @ implied.Gamma
    LambdaPhi = Lambda @ implied.Phi
    level = (implied.Gamma @ implied.matrices["alpha"])[..., 0]
    level = np.concatenate([level, np.zeros((groups, 1))], axis=1)  # there may be no factor
    # one table of candidate columns: unit vectors, Lambda Gamma, Lambda Phi, nothing
    unit = np.broadcast_to(np.eye(p), (groups, p, p))
    nothing = np.zeros((groups, p, 1))
    columns = np.concatenate([unit, LambdaGamma, LambdaPhi, nothing], axis=2)
    columns = columns.transpose(0, 2, 1)
    u, w, f = cells.basis
    h = np.where(cells.slope, level[:, np.where(cells.slope, cells.column, 0)], f == 0.0)
    return Directions(columns[:, u], columns[:, w], f, h)
