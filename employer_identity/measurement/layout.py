"""Integer twins of the model matrices.

The model is Bollen's all-y LISREL form, for each group::

    y = nu + Lambda eta + epsilon,   eta = alpha + Beta eta + zeta,   Psi = Cov(zeta),  Theta =
    Cov(epsilon)

Of items answered in ordered categories y is the response behind the answer, tau its thresholds and
Delta one over its standard deviation.

Every matrix has a twin of integers: -1 where a cell is fixed, k where it is theta[k]. Symmetry,
invariance and partial invariance are the same integer twice. Observed variables that are regressed
or regressed upon get a latent stand-in.

Symbols: p items, m latent variables (factors, then stand-ins), q parameters, G groups, c distinct
free cells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.arrow import Arrow
from employer_identity.measurement.coded import Places
from employer_identity.measurement.ordering import Key
from employer_identity.measurement.table import Table

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Matrix = Literal["Lambda", "Beta", "Psi", "Theta", "nu", "alpha", "tau", "Delta"]
MATRICES: tuple[Matrix, ...] = (
    "Lambda", "Beta", "Psi", "Theta", "nu", "alpha", "tau", "Delta",
)  # fmt: skip
Place = tuple[Matrix, int, int]


@dataclass(frozen=True, eq=False)
class Response:
    """Which items are answered in ordered categories, and how y* gets its unit.

    Parameters
    ----------
    ordered
        Mask, (p,).
    owner
        The item of each threshold, (t,): items in order, their thresholds ascending.
    by_scale
        Whether Delta holds parameters, and Theta's diagonal follows from them.
    """

    ordered: Booleans
    owner: Integers
    by_scale: bool

    @classmethod
    def of(cls, table: Table) -> Response:
        """Read it off a table."""
        counts = [table.ordered.thresholds.get(name, 0) for name in table.roles.observed]
        owner = np.repeat(np.arange(len(counts)), counts)
        by_scale = table.ordered.parameterization == "delta"
        return cls(np.array(counts) > 0, owner.astype(np.int64), by_scale)

    @property
    def plain(self) -> bool:
        """Whether no item is ordered."""
        return not self.ordered.any()

    @cached_property
    def places(self) -> Places:
        """Where the statistics of the answers stand."""
        counts = np.bincount(self.owner, minlength=len(self.ordered)) + 1
        return Places(self.ordered, counts[self.ordered])

    @cached_property
    def first(self) -> Integers:
        """Where among the thresholds each item's begin, (p,)."""
        return np.searchsorted(self.owner, np.arange(len(self.ordered))).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Cells:
    """The free cells of all matrices, as a list.

    Parameters
    ----------
    matrix
        Position in `MATRICES`, (c,).
    row, column
        Place in the matrix, (c,); column 0 for vectors.
    parameter
        Index into theta, -1 where the group has the cell fixed; (G, c).
    p, m
        Items and latent variables.
    """

    matrix: Integers
    row: Integers
    column: Integers
    parameter: Integers
    p: int
    m: int

    def where(self, *names: Matrix) -> NDArray[np.bool_]:
        """Mask of the cells that lie in the named matrices."""
        return np.isin(self.matrix, [MATRICES.index(name) for name in names])

    @cached_property
    def arrow(self) -> Arrow:
        """Which parameters stand in one group's block, and which in the border of shared ones."""
        return Arrow.of(self.parameter)

    @cached_property
    def slope(self) -> NDArray[np.bool_]:
        """Cells of Lambda and Beta, whose derivatives of mu depend on theta."""
        return self.where("Lambda", "Beta")

    @cached_property
    def basis(self) -> tuple[Integers, Integers, Array]:
        """Where u and w stand among the columns [I, Lambda Gamma, Lambda Phi, 0], and f."""
        p, m = self.p, self.m
        symmetric, mean = self.where("Psi", "Theta"), self.where("nu", "alpha")
        neither = self.where("tau", "Delta")
        u = self.row + np.where(self.where("Beta", "Psi", "alpha"), p, 0)
        w = np.where(self.where("Theta"), self.column, p + self.column)
        w = np.where(self.slope, p + m + self.column, w)
        w = np.where(mean | neither, p + 2 * m, w)
        u = np.where(neither, p + 2 * m, u)
        half = np.where(symmetric & (self.row == self.column), 0.5, 1.0)
        return u, w, np.where(mean | neither, 0.0, half)


@dataclass(frozen=True)
class Layout:
    """Where each relation of a `Table` stands in the model matrices.

    Parameters
    ----------
    twin
        Per matrix the integers, (G, rows, columns); vectors have one column.
    fixed
        Per matrix the values of fixed cells, zero where free; same shapes.
    cells
        The free cells.
    place
        (matrix, row, column) of each relation of the table.
    latent
        Names of the m latent variables, observed stand-ins last.
    q
        Number of free parameters.
    response
        The items answered in ordered categories.
    """

    twin: dict[Matrix, Integers]
    fixed: dict[Matrix, Array]
    cells: Cells
    place: tuple[Place, ...]
    latent: tuple[str, ...]
    q: int
    response: Response

    def with_cells(self, places: list[Place]) -> tuple[Layout, NDArray[np.intp]]:
        """Return a layout whose cells hold some places, and where among the cells each stands.

        A place that no group has free is listed as fixed in all of them.
        """
        cells = self.cells
        listed = zip(cells.matrix.tolist(), cells.row.tolist(), cells.column.tolist(), strict=True)
        position = {either_way(MATRICES[m], i, j): c for c, (m, i, j) in enumerate(listed)}
        new = [place for place in places if either_way(*place) not in position]
        for place in new:
            position[either_way(*place)] = len(position)
        matrix, row, column = (
            np.array([part(place) for place in new], dtype=np.int64)
            for part in (lambda p: MATRICES.index(p[0]), lambda p: p[1], lambda p: p[2])
        )
        fixed = np.full((len(cells.parameter), len(new)), -1)
        more = Cells(
            np.concatenate([cells.matrix, matrix]), np.concatenate([cells.row, row]),
            np.concatenate([cells.column, column]), np.hstack([cells.parameter, fixed]),
            cells.p, cells.m,
        )  # fmt: skip
        at = np.array([position[either_way(*place)] for place in places], dtype=np.intp)
        return replace(self, cells=more), at

    @cached_property
    def places(self) -> dict[Matrix, tuple[Integers, Integers, Integers]]:
        """Per matrix the relations that stand in it, with their rows and columns."""
        return _by_matrix(self.place)


def either_way(matrix: Matrix, i: int, j: int) -> Place:
    """Return one spelling of a place of a symmetric matrix."""
    return (matrix, min(i, j), max(i, j)) if matrix in ("Psi", "Theta") else (matrix, i, j)


def _by_matrix(
    place: tuple[Place, ...],
) -> dict[Matrix, tuple[Integers, Integers, Integers]]:
    found: dict[Matrix, list[tuple[int, int, int]]] = {}
    for r, (matrix, i, j) in enumerate(place):
        found.setdefault(matrix, []).append((r, i, j))
    return {
        matrix: (at[:, 0], at[:, 1], at[:, 2])
        for matrix, at in ((m, np.array(listed)) for m, listed in found.items())
    }


def stand_ins(table: Table) -> tuple[str, ...]:
    """Observed variables that explain, are explained, or covary with one that does."""
    roles = table.roles
    needed = {n for key in table.rows if key[1] == "~" for n in (key[0], key[2])}
    latent = set(roles.factors) | needed
    grown = True
    while grown:
        grown = False
        for lhs, op, rhs in table.rows:
            if op == "~~" and lhs != rhs and (lhs in latent) != (rhs in latent):
                latent |= {lhs, rhs}
                grown = True
    return tuple(n for n in roles.observed if n in latent)


def lay_out(table: Table) -> Layout:
    """Place every relation of a table in the matrices."""
    stood = stand_ins(table)
    latent = (*table.roles.factors, *stood)
    p, m, groups = len(table.roles.observed), len(latent), len(table.number)
    shapes = {"Lambda": (p, m), "Beta": (m, m), "Psi": (m, m), "Theta": (p, p)}
    twin = {k: np.full((groups, *shapes.get(k, (0, 0))), -1, np.int64) for k in MATRICES}
    response = Response.of(table)
    tall = {"nu": p, "alpha": m, "tau": len(response.owner), "Delta": p}
    twin |= {k: np.full((groups, tall[k], 1), -1, np.int64) for k in MATRICES if k in tall}
    fixed = {k: np.zeros(t.shape) for k, t in twin.items()}
    for name in stood:
        fixed["Lambda"][:, table.roles.observed.index(name), latent.index(name)] = 1.0
    place = tuple(_place(key, table.roles.observed, latent, response) for key in table.rows)
    value = np.nan_to_num(table.value)
    for matrix, (r, i, j) in _by_matrix(place).items():
        for filled, by in ((twin, table.number), (fixed, value)):
            filled[matrix][:, i, j] = by[:, r]
            if matrix in ("Psi", "Theta"):
                filled[matrix][:, j, i] = by[:, r]
    cells = _cells(table, place, p, m)
    return Layout(twin, fixed, cells, place, latent, table.n_parameters, response)


def _place(
    key: Key, observed: tuple[str, ...], latent: tuple[str, ...], response: Response
) -> Place:
    lhs, op, rhs = key
    if op == "|":
        return "tau", int(response.first[observed.index(lhs)]) + int(rhs[1:]) - 1, 0
    if op == "~*~":
        return "Delta", observed.index(lhs), 0
    if op == "~1":
        return ("alpha", latent.index(lhs), 0) if lhs in latent else ("nu", observed.index(lhs), 0)
    if op == "~":
        return "Beta", latent.index(lhs), latent.index(rhs)
    if op == "=~":
        if rhs in latent:
            return "Beta", latent.index(rhs), latent.index(lhs)
        return "Lambda", observed.index(rhs), latent.index(lhs)
    if lhs in latent:
        return "Psi", latent.index(lhs), latent.index(rhs)
    return "Theta", observed.index(lhs), observed.index(rhs)


def _cells(table: Table, place: tuple[Place, ...], p: int, m: int) -> Cells:
    free = np.flatnonzero((table.number >= 0).any(axis=0))
    matrix = np.array([MATRICES.index(place[r][0]) for r in free], dtype=np.int64)
    row = np.array([place[r][1] for r in free], dtype=np.int64)
    column = np.array([place[r][2] for r in free], dtype=np.int64)
    return Cells(matrix, row, column, table.number[:, free], p, m)
