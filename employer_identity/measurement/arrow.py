"""Matrices by pair of parameters, kept a group at a time: blocks with a border.

A parameter that one group has for itself meets that group's others only; the few that groups share
are the border. With each group's own parameters first and the shared ones last, ::

    M = [ diag(B_1 .. B_G)  E ]       V_g = B_g^-1 E_g,   S = C - sum_g E_g' V_g
        [        E'         C ]

    M^-1 = diag(B_1^-1 .. B_G^-1, 0) + F S^-1 F',      F_g = -V_g,  the border's rows of F: I

so that the work grows with the number of groups and nothing of size q x q is formed (the inverse of
a partitioned matrix by its Schur complement). One group, or a model whose parameters are all
shared, is the case of a single block.

A matrix is held by pair of cells of a group, (G, c, c); cells that are one parameter add up. b: own
parameters of a group, k: shared ones it has, d = b + k, s: shared ones of all. Groups that have
fewer are filled up with places that nothing refers to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotri

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

RANK_TOLERANCE = 1e-9  # eigenvalues of a unit-diagonal information matrix, far above rounding
ROUNDING = 1e-13  # a pivot below it is rounding
CUT = 1e-10  # share of the largest eigenvalue below which a direction is not inverted
TAKES_PART = 1e-4  # size in a unit vector above which a parameter belongs to it


@dataclass(frozen=True, eq=False)
class Arrow:
    """Where the parameters of each group's cells stand: in its block, or in the border.

    Parameters
    ----------
    q
        Number of parameters.
    own
        The parameter in each place of a group's block, q in empty places; (G, b).
    border
        The shared parameters, (s,).
    shared
        Which of the border's each group has, s in empty places; (G, k).
    place
        Each cell's place among its group's own and shared parameters, b + k where fixed; (G, c).
    """

    q: int
    own: Integers
    border: Integers
    shared: Integers
    place: Integers

    @classmethod
    def of(cls, parameter: Integers) -> Arrow:
        """Sort the parameters of cells (G, c), -1 where fixed."""
        groups, q = len(parameter), int(parameter.max(initial=-1)) + 1
        by_group = parameter + q * np.arange(groups)[:, None]
        pairs = np.unique(by_group[parameter >= 0])
        group, number = np.divmod(pairs, max(q, 1))
        alone = np.bincount(number, minlength=q)[number] == 1
        border = np.unique(number[~alone])
        own, at_own = _listed(group[alone], number[alone], groups, q)
        among = np.searchsorted(border, number[~alone])
        shared, at_shared = _listed(group[~alone], among, groups, len(border))
        at = np.empty(len(pairs) + 1, dtype=np.int64)
        at[:-1][alone], at[:-1][~alone] = at_own, own.shape[1] + at_shared
        at[-1] = own.shape[1] + shared.shape[1]
        place = at[np.where(parameter < 0, -1, np.searchsorted(pairs, by_group))]
        return cls(q, own, border, shared, place)

    @cached_property
    def width(self) -> int:
        """Places for the parameters of one group, d."""
        return int(self.own.shape[1] + self.shared.shape[1])

    @cached_property
    def _slots(self) -> Integers:
        """Where each cell's value goes in (G, d + 1), the last place for what is fixed."""
        return self.place + (self.width + 1) * np.arange(len(self.place))[:, None]

    @cached_property
    def _pairs(self) -> Integers:
        """Where each pair of cells goes in (G, d + 1, d + 1)."""
        found: Integers = self._slots[:, :, None] * (self.width + 1) + self.place[:, None, :]
        return found.ravel()

    @cached_property
    def _border_pairs(self) -> Integers:
        """Where each pair of a group's shared parameters goes in (s + 1, s + 1)."""
        wide = len(self.border) + 1
        return (self.shared[:, :, None] * wide + self.shared[:, None, :]).ravel()

    @cached_property
    def parameter(self) -> Integers:
        """Each cell's parameter, q where fixed; (G, c)."""
        border = np.append(self.border, self.q)[self.shared]
        fixed = np.full((len(self.place), 1), self.q)
        return np.take_along_axis(np.hstack([self.own, border, fixed]), self.place, axis=1)

    def by_parameter(self, by_cell: Array) -> Array:
        """Add up values by cell (G, c) to parameters, (q,)."""
        return _added(self.parameter.ravel(), by_cell.ravel(), self.q + 1)[:-1]

    def dense(self, by_cell: Array) -> Array:
        """Add up a matrix by pair of cells (G, c, c) to pairs of parameters, (q, q)."""
        wide, at = self.q + 1, self.parameter
        pairs = at[:, :, None] * wide + at[:, None, :]
        return _added(pairs.ravel(), by_cell.ravel(), wide * wide).reshape(wide, wide)[:-1, :-1]

    def blocks(self, by_cell: Array) -> Array:
        """Add up a matrix by pair of cells (G, c, c) to a group's parameters, (G, d, d)."""
        groups, wide = len(self.place), self.width + 1
        total = _added(self._pairs, by_cell.ravel(), groups * wide * wide)
        return total.reshape(groups, wide, wide)[:, :-1, :-1]

    def cells(self, blocks: Array) -> Array:
        """Copy a matrix by pair of parameters (G, d, d) out to cells, (G, c, c); 0 where fixed."""
        padded = np.pad(blocks, ((0, 0), (0, 1), (0, 1)))
        return padded.ravel()[self._pairs].reshape(*self.place.shape, self.place.shape[1])

    def to_border(self, by_group: Array) -> Array:
        """Add up a matrix by pair of a group's shared parameters (G, k, k), to (s, s)."""
        wide = len(self.border) + 1
        total = _added(self._border_pairs, by_group.ravel(), wide * wide)
        return total.reshape(wide, wide)[:-1, :-1]

    def from_border(self, matrix: Array) -> Array:
        """Cut a matrix by pair of shared parameters (s, s) to each group's, (G, k, k)."""
        k = self.shared.shape[1]
        found = np.pad(matrix, (0, 1)).ravel()[self._border_pairs]
        return found.reshape(*self.shared.shape, k)


def _listed(
    group: Integers, values: Integers, groups: int, empty: int
) -> tuple[Integers, Integers]:
    """Write values sorted by group as rows of one width, and where in its row each stands."""
    counts = np.bincount(group, minlength=groups)
    column = np.arange(len(group)) - np.repeat(np.cumsum(counts) - counts, counts)
    found = np.full((groups, counts.max(initial=0)), empty, dtype=np.int64)
    found[group, column] = values
    return found, column


def _added(at: Integers, values: Array, length: int) -> Array:
    """Add up values by the place they belong to."""
    return np.bincount(at, values, length).astype(float, copy=False)


@dataclass(frozen=True, eq=False)
class Tied:
    """A symmetric matrix by pair of parameters, given by pair of cells.

    Parameters
    ----------
    by_cell
        (G, c, c).
    arrow
        Where cells are parameters.
    """

    by_cell: Array
    arrow: Arrow

    @cached_property
    def dense(self) -> Array:
        """The matrix by pair of parameters, (q, q); large where there are many groups."""
        return self.arrow.dense(self.by_cell)

    @cached_property
    def factor(self) -> Factor:
        """Its inverse in parts."""
        return factor(self)

    def times(self, right: Array) -> Array:
        """Return the matrix times several vectors, (q, r)."""
        padded, at = np.pad(right, ((0, 1), (0, 0))), self.arrow.parameter
        found = np.zeros_like(padded)
        for own, block in zip(at, self.by_cell, strict=True):
            np.add.at(found, own, block @ padded[own])
        return found[:-1]

    @cached_property
    def null(self) -> tuple[int, NDArray[np.bool_]]:
        """Its rank, and the parameters (q,) of which some combination is not in it at all.

        For a matrix that is not negative anywhere, such as an expected information.
        """
        return _null(_parts(self, None))


@dataclass(frozen=True, eq=False)
class _Parts:
    """A matrix taken apart: B (G, b, b), E (G, b, k), C (s, s)."""

    arrow: Arrow
    B: Array
    E: Array
    C: Array

    def complement(self, inverse: Array) -> tuple[Array, Array]:
        """Return V (G, b, k) and S (s, s), given the blocks' inverses."""
        V = inverse @ self.E
        return V, self.C - self.arrow.to_border(self.E.transpose(0, 2, 1) @ V)


def _parts(matrix: Tied, ridge: Array | None) -> _Parts:
    """Take a matrix apart, a ridge (q,) added to its diagonal."""
    arrow, b = matrix.arrow, matrix.arrow.own.shape[1]
    blocks = arrow.blocks(matrix.by_cell)
    own, each = np.arange(b), np.arange(len(arrow.border))
    C = arrow.to_border(blocks[:, b:, b:])
    if ridge is not None:
        blocks[:, own, own] += np.append(ridge, 0.0)[arrow.own]
        C[each, each] += ridge[arrow.border]
    blocks[:, own, own] += arrow.own == arrow.q  # an empty place is a block of its own
    return _Parts(arrow, blocks[:, :b, :b], blocks[:, :b, b:], C)


@dataclass(frozen=True, eq=False)
class Factor:
    """The inverse of a matrix, in parts.

    Parameters
    ----------
    arrow
        Where parameters stand.
    Binv
        The blocks' inverses, (G, b, b).
    V
        B_g^-1 E_g, (G, b, k).
    Sinv
        The inverse of S, (s, s).
    pivot
        The least squared pivot, each as a share of the matrix's diagonal, in (0, 1]; 0 where the
        matrix is not positive definite. It is then inverted along the directions in which its parts
        are not singular.
    """

    arrow: Arrow
    Binv: Array
    V: Array
    Sinv: Array
    pivot: float

    @property
    def definite(self) -> bool:
        """Whether the matrix is positive definite."""
        return self.pivot > 0.0

    def solve(self, right: Array) -> Array:
        """Return the inverse times a vector (q,), or several (q, r)."""
        arrow = self.arrow
        padded = np.zeros((arrow.q + 1, *right.shape[1:])).reshape(arrow.q + 1, -1)
        padded[:-1] = right.reshape(arrow.q, padded.shape[1])
        own = padded[arrow.own]
        border = np.zeros((len(arrow.border) + 1, padded.shape[1]))
        border[:-1] = padded[arrow.border]
        np.subtract.at(border, arrow.shared, self.V.transpose(0, 2, 1) @ own)
        border[:-1] = self.Sinv @ border[:-1]
        padded[arrow.own] = self.Binv @ own - self.V @ border[arrow.shared]
        padded[arrow.border] = border[:-1]
        return padded[:-1].reshape(right.shape)

    @cached_property
    def F(self) -> Array:  # noqa: N802 (the module's notation)
        """The rows of F of each group's own and shared parameters, (G, d, k)."""
        groups, _, k = self.V.shape
        return np.concatenate([-self.V, np.broadcast_to(np.eye(k), (groups, k, k))], axis=1)

    @cached_property
    def inverse(self) -> Array:
        """The inverse by pair of cells of a group, (G, c, c); 0 where fixed."""
        b = self.Binv.shape[1]
        found = self.F @ self.arrow.from_border(self.Sinv) @ self.F.transpose(0, 2, 1)
        found[:, :b, :b] += self.Binv
        return self.arrow.cells(found)

    def around(self, by_cell: Array) -> Array:
        """Return M^-1 J M^-1 by pair of cells of a group (G, c, c), for J (G, c, c) given likewise.

        With D the blocks' inverses: D J D + D J F S^-1 F' and its transpose, and F S^-1 F' J F S^-1
        F', in which all groups meet.
        """
        b, F, S = self.Binv.shape[1], self.F, self.arrow.from_border(self.Sinv)
        J = self.arrow.blocks(by_cell)
        JF = J @ F
        met = self.Sinv @ self.arrow.to_border(F.transpose(0, 2, 1) @ JF) @ self.Sinv
        found = F @ self.arrow.from_border(met) @ F.transpose(0, 2, 1)
        half = self.Binv @ JF[:, :b] @ S @ F.transpose(0, 2, 1)
        found[:, :b] += half
        found[:, :, :b] += half.transpose(0, 2, 1)
        found[:, :b, :b] += self.Binv @ J[:, :b, :b] @ self.Binv
        return self.arrow.cells(found)


def factor(matrix: Tied, ridge: Array | None = None) -> Factor:
    """Invert a matrix, a ridge (q,) added to its diagonal."""
    parts = _parts(matrix, ridge)
    Binv, least = _inverted(parts.B, _diagonals(parts.B))
    V, S = parts.complement(Binv)
    Sinv, last = _inverted(S[None], _diagonals(parts.C[None]))
    return Factor(parts.arrow, Binv, V, Sinv[0], min(least, last))


def _diagonals(matrices: Array) -> Array:
    return np.diagonal(matrices, axis1=1, axis2=2)


def _inverted(matrices: Array, diagonal: Array) -> tuple[Array, float]:
    """Return the inverses of symmetric matrices (N, n, n), and the least squared pivot of all.

    Pivots are shares of ``diagonal`` (N, n), from which earlier eliminations may have taken. Where
    one is not positive definite the pivot is 0, and all are inverted along their eigenvectors but
    those of (all but) no length.
    """
    found = np.array(matrices, order="C")
    if found.size == 0:
        return found, 1.0
    for one in found:  # LAPACK's own inverse of a triangle: numpy's takes three times as long
        if dpotrf(one.T, clean=0, overwrite_a=1)[1]:
            return _pseudo_inverted(matrices, diagonal, CUT), 0.0
    least = float((_diagonals(found) ** 2 / diagonal).min())
    if least < ROUNDING:
        return _pseudo_inverted(matrices, diagonal, CUT), 0.0
    for one in found:
        dpotri(one.T, overwrite_c=1)
    i, j = _below(found.shape[1])
    found[:, j, i] = found[:, i, j]
    return found, least


@cache
def _below(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    i, j = np.tril_indices(n, -1)
    return i, j


def _unit(diagonal: Array) -> Array:
    """Return what rows and columns are divided by for a diagonal of ones; 1 where it is 0."""
    return np.sqrt(np.where(diagonal == 0.0, 1.0, np.abs(diagonal)))


def _pseudo_inverted(matrices: Array, diagonal: Array, cut: float) -> Array:
    """Return inverses along the eigenvectors of (N, n, n), scaled, longer than a share of all."""
    scale = _unit(diagonal)
    size, vectors = np.linalg.eigh(matrices / scale[:, :, None] / scale[:, None, :])
    large = np.abs(size) > cut * np.abs(size).max(axis=1, initial=0.0, keepdims=True)
    inverse = np.where(large, 1.0 / np.where(large, size, 1.0), 0.0)
    vectors /= scale[:, :, None]
    return np.asarray((vectors * inverse[:, None, :]) @ vectors.transpose(0, 2, 1))


def _null(parts: _Parts) -> tuple[int, NDArray[np.bool_]]:
    """Return the rank and who takes part in the null space, see `Tied.null`.

    A block's null vectors are the matrix's; so are those y of S, continued by -V y. Sizes are those
    of the parameters in units that make the diagonal 1.
    """
    arrow = parts.arrow
    involved = np.zeros(arrow.q + 1, dtype=bool)
    scale, border_scale = (_unit(_diagonals(part)) for part in (parts.B, parts.C[None]))
    null, vectors = _null_vectors(parts.B, scale)
    for g, k in zip(*np.nonzero(null), strict=True):
        involved[arrow.own[g]] |= np.abs(vectors[g, :, k]) > TAKES_PART
    inverse = _pseudo_inverted(parts.B, _diagonals(parts.B), RANK_TOLERANCE)
    V, S = parts.complement(inverse)
    last, y = _null_vectors(S[None], border_scale)
    for k in np.flatnonzero(last[0]):
        at_border = np.append(y[0, :, k] / border_scale[0], 0.0)
        own = (V @ at_border[arrow.shared][:, :, None])[..., 0] * scale
        size = TAKES_PART * np.sqrt(1.0 + (own**2).sum())
        involved[arrow.border] |= np.abs(y[0, :, k]) > size
        involved[arrow.own] |= np.abs(own) > size
    return arrow.q - int(null.sum() + last.sum()), involved[:-1]


def _null_vectors(matrices: Array, scale: Array) -> tuple[NDArray[np.bool_], Array]:
    """Return which eigenvectors of (N, n, n), scaled, have no length, (N, n), and all of them."""
    size, vectors = np.linalg.eigh(matrices / scale[:, :, None] / scale[:, None, :])
    return size < RANK_TOLERANCE * np.maximum(size[:, -1:], 1.0), vectors
