"""What a restriction takes from a model's parameters, and the sums of squares that it costs.

The freer model's derivatives D1 hold the restricted one's, D0 = D1 K; with A the restrictions (A K
= 0), M = (A H^-1 A')^-1 A H^-1 J H^-1 A' of Satorra's (2000) scaled Wald form, in which ::

    P = H^-1 A' (A H^-1 A')^-1 A H^-1 = H^-1 - K (K'HK)^-1 K'

so that A is never formed: tr(M) = tr(P J), tr(M M) = tr(P J P J). Nothing of size q x q is formed
either. With the freer model's parameters in blocks and a border (see `arrow`), the nearest K is ::

    K = K_l + U W',    K_l = diag(L_1 .. L_G) over each group's own parameters,

of which only the second part joins groups, and has no more columns than the border. (K'HK)^-1 is
had from x and y = W'x together: minimising x'K'HKx / 2 - r'x is solving ::

    [ A   Y   W ] [x]   [r]
    [ Y'  Z  -I ] [y] = [0]      A = K_l'HK_l,  Y = K_l'HU,  Z = U'HU
    [ W' -I   0 ] [l]   [0]

in which the restricted model's own parameters are blocks again. What comes out is P = D + X O X',
D in blocks and X of few columns. Subscripts 1 and 0 are the freer and the restricted model; b own
and d all parameters of a group, s those of the border.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.arrow import Arrow, Factor, Tied
from employer_identity.measurement.layout import Layout
from employer_identity.measurement.robust import CrossedMeat, Meat
from employer_identity.measurement.scaling import Sandwich, derivatives
from employer_identity.measurement.weighted import WeightedSandwich

Array = NDArray[np.float64]

TOLD = 1e-6  # least eigenvalue, of a diagonal of ones, that a block is inverted with


def restriction_traces(
    free: Sandwich | WeightedSandwich, layout: Layout, theta: Array
) -> tuple[float, float]:
    """Return tr(M) and tr(M M) of a restriction.

    Each model's derivatives are taken at its own estimates, so K is the nearest by the information
    about the moments, which, unlike lavaan's plain least squares, items in other units do not
    change. Statistics of ordered items have no units: there it is plain least squares.

    Parameters
    ----------
    free
        The freer model's sandwich.
    layout, theta
        The restricted model.
    """
    bread, metric = free.bread, free.metric
    by_cell = bread.Delta.transpose(0, 2, 1) @ metric @ derivatives(layout, theta)
    near, arrow = bread.of_moments(metric).factor, layout.cells.arrow
    nearest = _nearest(near, arrow, by_cell)
    if not _told(bread, nearest):
        nearest = _nearest(near, _all_shared(arrow), by_cell)
    found = _taken(bread, nearest)
    if isinstance(free.meat, Meat):
        return found.traces(free.meat)
    return found.crossed_traces(free.meat)


@dataclass(frozen=True, eq=False)
class _Nearest:
    """K, from the restricted model's parameters to the freer one's.

    Parameters
    ----------
    arrow
        Where the restricted model's parameters stand.
    L
        From a group's parameters to its own in the freer model, (G, b1, d0).
    U
        Of a group's parameters, (G, d1, s1).
    W, W_border
        Of a group's own restricted parameters, (G, b0, s1), and of the border's, (s0, s1).
    """

    arrow: Arrow
    L: Array
    U: Array
    W: Array
    W_border: Array


def _nearest(near: Factor, arrow: Arrow, cross: Array) -> _Nearest:
    """Solve for K, ``near`` being D1'SD1 and ``cross`` D1'SD0 by pair of cells (G, c1, c0)."""
    F, b0 = _spread(near), arrow.own.shape[1]
    C = _crossed(near.arrow, arrow, cross)
    W = C.transpose(0, 2, 1) @ F
    L = near.Binv @ C[:, : near.arrow.own.shape[1]]
    return _Nearest(arrow, L, F @ near.Sinv, W[:, :b0], _to_border(arrow, W[:, b0:]))


def _crossed(one: Arrow, other: Arrow, by_cell: Array) -> Array:
    """Add up a matrix by cells of two models (G, c1, c0) to a group's parameters, (G, d1, d0)."""
    groups, wide = len(by_cell), (one.width + 1, other.width + 1)
    first = one.place + wide[0] * np.arange(groups)[:, None]
    at = first[:, :, None] * wide[1] + other.place[:, None, :]
    total = np.bincount(at.ravel(), by_cell.ravel(), groups * wide[0] * wide[1])
    return np.asarray(total.reshape(groups, *wide)[:, :-1, :-1], dtype=float)


def _spread(factor: Factor) -> Array:
    """Return F's rows of each group's parameters over the whole border, (G, d, s)."""
    return _over(factor.arrow, factor.F)


def _to_border(arrow: Arrow, by_group: Array) -> Array:
    """Add up rows of a group's shared parameters (G, k, r) to the border's, (s, r)."""
    found = np.zeros((len(arrow.border) + 1, by_group.shape[2]))
    np.add.at(found, arrow.shared, by_group)
    return found[:-1]


@dataclass(frozen=True, eq=False)
class _Taken:
    """P = D + X O X'.

    Parameters
    ----------
    arrow
        Where the freer model's parameters stand.
    D
        Blocks of the groups' own parameters, (G, b1, b1).
    X
        Rows of each group's parameters, (G, d1, m).
    O
        (m, m).
    """

    arrow: Arrow
    D: Array
    X: Array
    O: Array  # noqa: E741 (the module's notation)

    def traces(self, meat: Meat) -> tuple[float, float]:
        """Return tr(P J) and tr(P J P J), groups being independent."""
        J, b = self.arrow.blocks(meat.by_cell), self.D.shape[1]
        JX, DJ = J @ self.X, self.D @ J[:, :b, :b]
        own = JX[:, :b]
        OXJX = self.O @ np.einsum("gdm,gdn->mn", self.X, JX, optimize=True)
        between = np.einsum("gbm,gbn->mn", own, self.D @ own, optimize=True)
        square = np.vdot(DJ, DJ.transpose(0, 2, 1)) + 2.0 * np.vdot(self.O, between)
        trace = np.einsum("gbb->", DJ) + np.trace(OXJX)
        return float(trace), float(square + np.vdot(OXJX, OXJX.T))

    def crossed_traces(self, meat: CrossedMeat) -> tuple[float, float]:
        """Return the same where clusters have people in several groups: J is a sum of squares."""
        arrow, b = self.arrow, self.D.shape[1]
        s = np.pad(meat.by_parameter, ((0, 1), (0, 0)))
        own = s[arrow.own]
        whole = np.zeros((arrow.q + 1, self.X.shape[2]))
        whole[np.append(arrow.border, arrow.q)[arrow.shared]] = self.X[:, b:]
        whole[arrow.own] = self.X[:, :b]
        found = np.zeros_like(s)
        found[arrow.own] = self.D @ own
        whole[-1] = found[-1] = 0.0
        found += whole @ (self.O @ (whole.T @ s))
        few = found.T @ s if s.shape[1] < arrow.q else found @ s.T
        return float(np.vdot(found, s)), float(np.vdot(few, few.T))


def _all_shared(arrow: Arrow) -> Arrow:
    """Make every parameter one of the border."""
    shared = np.hstack([arrow.own, np.append(arrow.border, arrow.q)[arrow.shared]])
    return Arrow(arrow.q, arrow.own[:, :0], np.arange(arrow.q), shared, arrow.place)


def _told(bread: Tied, K: _Nearest) -> bool:
    """Whether a group's own parameters of the restricted model move its own of the freer one.

    Where the two models fix the units of factors otherwise, some may move the border's alone.
    """
    b1, b0 = K.L.shape[1], K.W.shape[1]
    H, own = bread.arrow.blocks(bread.by_cell)[:, :b1, :b1], K.L[:, :, :b0]
    B = own.transpose(0, 2, 1) @ H @ own
    size = np.sqrt(np.einsum("gbb->gb", B)) + (K.arrow.own == K.arrow.q)
    if not size.all():
        return False
    least = np.linalg.eigvalsh(B / size[:, :, None] / size[:, None, :] + _empty(K.arrow))
    return bool(least.min(initial=1.0) > TOLD)


def _empty(arrow: Arrow) -> Array:
    """Return ones on the diagonals of empty places, (G, b, b): these are blocks of their own."""
    found: Array = (arrow.own == arrow.q)[:, :, None] * np.eye(arrow.own.shape[1])
    return found


def _taken(bread: Tied, K: _Nearest) -> _Taken:
    """Return P."""
    H, factor = bread.arrow.blocks(bread.by_cell), bread.factor
    b1, b0, s0, s1 = K.L.shape[1], K.W.shape[1], len(K.W_border), K.W.shape[2]
    own, shared = K.L[:, :, :b0], K.L[:, :, b0:]
    left = K.L.transpose(0, 2, 1)
    A, Y = left @ H[:, :b1, :b1] @ K.L, left @ H[:, :b1] @ K.U
    Binv = np.linalg.inv(A[:, :b0, :b0] + _empty(K.arrow))
    E = np.concatenate([_over(K.arrow, A[:, :b0, b0:]), Y[:, :b0], K.W], axis=2)
    Y_border, one = _to_border(K.arrow, Y[:, b0:]), np.eye(s1)
    Z = np.einsum("gds,gdt->st", K.U, H @ K.U, optimize=True)
    corner = np.block([
        [K.arrow.to_border(A[:, b0:, b0:]), Y_border, K.W_border],
        [Y_border.T, Z, -one], [K.W_border.T, -one, np.zeros((s1, s1))],
    ])  # fmt: skip
    BE, BW = Binv @ E, Binv @ K.W
    inner = np.linalg.inv(corner - np.einsum("gbm,gbn->mn", E, BE, optimize=True))
    # N = (K'HK)^-1 = diag(Binv) + F inner F', F of own parameters -BE and of the border (I 0 0)
    WF = -np.einsum("gbs,gbm->sm", K.W, BE, optimize=True)
    WF[:, :s0] += K.W_border.T
    border = np.zeros((*K.arrow.shared.shape, E.shape[2]))
    border[..., :s0] = np.pad(np.eye(s0), ((0, 1), (0, 0)))[K.arrow.shared]
    KF = K.U @ WF
    KF[:, :b1] += shared @ border - own @ BE
    first = np.zeros_like(K.U)
    first[:, :b1] = own @ BW
    X = np.concatenate([_spread(factor), first, K.U, KF], axis=2)
    O = np.zeros((X.shape[2], X.shape[2]))  # noqa: E741
    at = np.cumsum([0, s1, s1, s1, E.shape[2]])
    h, x, u, f = (slice(a, b) for a, b in pairwise(at.tolist()))
    O[h, h], O[f, f] = factor.Sinv, -inner
    O[x, u] = O[u, x] = -one
    O[u, u] = -np.einsum("gbs,gbt->st", K.W, BW, optimize=True)
    return _Taken(bread.arrow, factor.Binv - own @ Binv @ own.transpose(0, 2, 1), X, O)


def _over(arrow: Arrow, by_group: Array) -> Array:
    """Write columns of a group's shared parameters (G, r, k) over the whole border, (G, r, s)."""
    found = np.zeros((*by_group.shape[:2], len(arrow.border) + 1))
    at = np.broadcast_to(arrow.shared[:, None], by_group.shape)
    np.put_along_axis(found, at, by_group, axis=2)
    return found[..., :-1]
