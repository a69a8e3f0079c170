"""Score tests: which equality constraint do the answers contradict, and by how much?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc

from employer_identity.measurement.layout import MATRICES
from employer_identity.measurement.robust import Bread, Meat
from employer_identity.measurement.scaling import Sandwich
from employer_identity.measurement.threads import on_one_thread

if TYPE_CHECKING:
    from employer_identity.fit import Fit

Array = NDArray[np.float64]


def holm(pvalues: Array) -> Array:
    """Return p values adjusted by Holm's (1979) step-down procedure; missing ones stay missing."""
    p = np.asarray(pvalues, dtype=float)
    adjusted = np.full(len(p), np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    factor = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factor * p[order]), 1.0)
    return adjusted


@on_one_thread
def score_tests(fit: Fit) -> pd.DataFrame:
    """Test every cell that is tied across groups, by freeing it in that group alone.

    With s the cell's own score, I the information and J the covariance of scores (c the cell, t the
    parameters), the expected parameter change is s / v with v = I_cc - I_ct I_tt^-1 I_tc, and
    X2 = s^2 / V on 1 df. For plain maximum likelihood V = v (Sorbom 1989), equal to lavaan's
    univariate score tests. For MLR and MLM, which lavaan has no such tests for, V is the variance
    of the projected score e = s_c - b s_t about its mean, b = I_ct I_tt^-1 (the generalised test of
    Boos 1992 and Satorra 1989, centred, since about zero X2 could never exceed the number of
    clusters); X2 is referred to F(1, C - 1), C clusters or respondents; and I is the expected
    information, for b as for the expected change: the observed one is bent by a group that differs
    grossly, so far that the test misses what it is for.
    With two groups freeing a cell in one is freeing it in the other, so each is listed once, for
    the second group.

    Returns
    -------
    DataFrame with lhs, op, rhs, group, x2, df, pvalue, pvalue_holm, epc, epc_std, d_gap; largest x2
    first. ``epc_std`` is in standard deviations of the item (of the factor and item for loadings).
    ``d_gap`` is the largest change of a gap between two groups' latent means to be expected when
    the cell is freed (Oberski 2014), in the factor's standard deviations in the reference group; 0
    where the model has no latent means. x2 is missing where the cell cannot be freed on its own.
    """
    curvature = fit.solution.curvature
    assert curvature is not None
    g, c = _tied(curvature.cells.parameter)
    score, expected = curvature.score[g, c], Meat(curvature.information, fit.layout)
    tests = cell_tests(fit, fit.information, expected, fit.sandwich, score, g, c)
    return _frame(fit, g, c, tests)


@dataclass(frozen=True, eq=False)
class CellTests:
    """Tests of cells that are each freed alone.

    Parameters
    ----------
    x2, epc
        Statistic and expected change of the cell, (t,).
    inverse
        Inverse of the information that expected changes rest on, (q, q).
    cross
        That information between the cells and the parameters, (t, q).
    """

    x2: Array
    epc: Array
    inverse: Array
    cross: Array

    def changes(self, parameters: NDArray[np.int64]) -> Array:
        """Return what freeing each cell is expected to change some parameters by, (t, k)."""
        return np.asarray(-self.epc[:, None] * (self.cross @ self.inverse[:, parameters]))


def cell_tests(
    fit: Fit,
    information: Bread,
    expected: Bread | Meat,
    robust: Sandwich | None,
    score: Array,
    g: NDArray[np.intp],
    c: NDArray[np.intp],
) -> CellTests:
    """Test cells that are each freed alone; see `score_tests`.

    Cells are numbered as in ``information``, whose layout may list more than the free ones.
    """
    if robust is None or fit.rows is None:
        left, _, cross = _left(Meat(information.by_cell, information.layout), fit.inverse, g, c)
        return CellTests(fit.ntotal * score**2 / left, score / left, fit.inverse, cross)
    plain = Meat(expected.by_cell, information.layout)
    inverse = np.asarray(np.linalg.pinv(plain.dense, hermitian=True), dtype=float)
    left, slope, cross = _left(plain, inverse, g, c)
    own_spread, common = robust.meat.of_cells(g, c)
    explained = slope @ robust.meat.dense
    spread = own_spread - 2.0 * (slope * common).sum(axis=1) + (explained * slope).sum(axis=1)
    about_mean = spread - fit.ntotal * score**2 / (fit.rows.units - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        usable = ~np.isnan(left) & (about_mean > 1e-10 * spread)
        x2 = fit.ntotal * score**2 / np.where(usable, about_mean, np.nan)
    return CellTests(x2, score / left, inverse, cross)


def _left(
    information: Meat, inverse: Array, g: NDArray[np.intp], c: NDArray[np.intp]
) -> tuple[Array, Array, Array]:
    """Return what parameters leave of cells' information (t,), b and I_ct (t, q)."""
    own, cross = information.of_cells(g, c)
    slope = cross @ inverse
    left = own - (slope * cross).sum(axis=1)
    # nothing left: not identified if freed
    return np.where(left > 1e-10 * own, left, np.nan), slope, cross


def _gap_changes(fit: Fit, tests: CellTests) -> Array:
    """Return the largest change of a gap between latent means that each test expects, (t,)."""
    count = len(fit.factors)
    number = fit.layout.twin["alpha"][:, :count, 0]
    sd = np.sqrt(np.abs(np.diagonal(fit.implied.Phi[0])[:count]))
    moved = np.zeros((len(tests.epc), *number.shape))
    free = number >= 0
    moved[:, free] = tests.changes(number[free])
    found: Array = ((moved.max(axis=1) - moved.min(axis=1)) / sd).max(axis=1, initial=0.0)
    return found


def tail(fit: Fit, x2: Array) -> Array:
    """Return the p values of single-cell tests: chi-square, or F where variances are estimated."""
    if fit.sandwich is None or fit.rows is None:
        return np.asarray(chdtrc(1, x2))
    return np.asarray(fdtrc(1, fit.rows.units - 1, x2))


def _tied(parameter: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Group and cell of everything tied across groups; of two tied to each other the second."""
    groups, cells = np.nonzero(parameter >= 0)
    same = parameter[:, cells] == parameter[groups, cells]
    times = same.sum(axis=0)
    last = len(parameter) - 1 - np.argmax(same[::-1], axis=0)
    keep = (times > 2) | ((times == 2) & (groups == last))
    return groups[keep], cells[keep]


def _frame(fit: Fit, g: NDArray[np.intp], c: NDArray[np.intp], tests: CellTests) -> pd.DataFrame:
    cells, x2, epc = fit.layout.cells, tests.x2, tests.epc
    row_of = {place: r for r, place in enumerate(fit.layout.place)}
    sd_y = np.sqrt(np.diagonal(fit.implied.Sigma, axis1=1, axis2=2))
    sd_eta = np.sqrt(np.abs(np.diagonal(fit.implied.Phi, axis1=1, axis2=2)))
    keys, scale = [], np.ones(len(g))
    for t, (group, cell) in enumerate(zip(g, c, strict=True)):
        matrix = MATRICES[cells.matrix[cell]]
        i, j = int(cells.row[cell]), int(cells.column[cell])
        keys.append(fit.table.rows[row_of[(matrix, i, j)]])
        if matrix == "Lambda":
            scale[t] = sd_eta[group, j] / sd_y[group, i]
        elif matrix in ("nu", "Theta"):
            scale[t] = 1.0 / sd_y[group, i] / (sd_y[group, j] if matrix == "Theta" else 1.0)
        else:
            scale[t] = (sd_eta[group, j] if matrix == "Beta" else 1.0) / sd_eta[group, i]
    pvalue = np.where(np.isnan(x2), np.nan, tail(fit, np.nan_to_num(x2)))
    frame = pd.DataFrame(keys, columns=["lhs", "op", "rhs"])
    frame["group"] = [fit.groups[k] for k in g]
    frame["x2"], frame["df"], frame["pvalue"] = x2, 1, pvalue
    frame["pvalue_holm"] = holm(pvalue)
    frame["epc"], frame["epc_std"] = epc, epc * scale
    frame["d_gap"] = _gap_changes(fit, tests)
    return frame.sort_values("x2", ascending=False, kind="stable", ignore_index=True)
