"""Score tests: which equality constraint do the answers contradict, and by how much?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc

from employer_identity.adjusting import holm
from employer_identity.measurement.arrow import Tied
from employer_identity.measurement.evidence import objective
from employer_identity.measurement.layout import MATRICES, Layout
from employer_identity.measurement.normal import expand
from employer_identity.measurement.robust import bread
from employer_identity.measurement.scaling import Sandwich
from employer_identity.measurement.threads import on_one_thread
from employer_identity.measurement.weighted import WeightedSandwich
from employer_identity.measures import sandwich

if TYPE_CHECKING:
    from employer_identity.fit import Fit

Array = NDArray[np.float64]


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
    grossly, so far that the test misses what it is for. For ordered items likewise, with weighted
    least squares in the likelihood's place, whose scores have mean zero already; intercepts and
    residual variances that are equal by being 0 or 1 are tested too.
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
    layout, held = _with_held(fit)
    here = at_estimates(fit, layout)
    g, c = _tied(np.where(held, layout.q + np.arange(held.shape[1]), layout.cells.parameter))
    tests = cell_tests(fit, here.information, here.expected, here.robust, here.score[g, c], g, c)
    return _frame(fit, layout, tests)


def _with_held(fit: Fit) -> tuple[Layout, NDArray[np.bool_]]:
    """Return a layout that lists the cells held equal at one value, and a mask of these, (G, c)."""
    rows = np.flatnonzero(fit.table.held.any(axis=0))
    if not len(rows):
        return fit.layout, np.zeros(fit.layout.cells.parameter.shape, dtype=bool)
    layout, at = fit.layout.with_cells([fit.layout.place[r] for r in rows])
    held = np.zeros(layout.cells.parameter.shape, dtype=bool)
    held[:, at] = fit.table.held[:, rows]
    return layout, held


@dataclass(frozen=True, eq=False)
class Estimates:
    """Scores at the estimates by pair of a layout's cells, which may be more than the free ones.

    Parameters
    ----------
    score
        Of each cell, (G, c).
    information
        What standard errors rest on, or would without a sandwich.
    expected
        The expected information.
    robust
        The sandwich; None for plain estimators.
    """

    score: Array
    information: Tied
    expected: Tied
    robust: Sandwich | WeightedSandwich | None


def at_estimates(fit: Fit, layout: Layout) -> Estimates:
    """Return scores and information at a fit's estimates by a layout's cells."""
    theta, here = fit.solution.theta, fit.solution.curvature
    assert here is not None  # there are estimates
    if layout is fit.layout:
        return Estimates(here.score, fit.information, here.tied, fit.sandwich)
    _, here = objective(fit.evidence, fit.moments, layout)(theta)
    assert here is not None  # nothing has moved
    robust = sandwich(fit, layout, theta)
    if robust is not None:
        return Estimates(here.score, robust.bread, here.tied, robust)
    if fit.ordered is not None or fit.saturated.patterns.complete:
        return Estimates(here.score, here.tied, here.tied, None)
    patterns = fit.saturated.patterns
    at = expand(patterns, fit.implied.Sigma, fit.implied.mu)
    assert at is not None  # the estimates imply a covariance matrix
    seen = bread(layout, theta, fit.implied, patterns, at, seen=True)
    return Estimates(here.score, seen, here.tied, None)


@dataclass(frozen=True, eq=False)
class CellTests:
    """Tests of cells that are each freed alone.

    Parameters
    ----------
    g, c
        Group and cell of each, (t,).
    x2, epc
        Statistic and expected change of the cell, (t,).
    information
        What expected changes rest on.
    """

    g: NDArray[np.intp]
    c: NDArray[np.intp]
    x2: Array
    epc: Array
    information: Tied

    def changes(self, parameters: NDArray[np.int64]) -> Array:
        """Return what freeing each cell is expected to change some parameters by, (t, k).

        Minus the cell's change times I_ct I_tt^-1, as `score_tests` has them.
        """
        arrow, k = self.information.arrow, len(parameters)
        unit = np.zeros((arrow.q, k))
        unit[parameters, np.arange(k)] = 1.0
        columns = np.vstack([self.information.factor.solve(unit), np.zeros((1, k))])
        found = np.zeros((len(self.g), k))
        for g in np.unique(self.g):
            mine = self.g == g
            found[mine] = self.information.by_cell[g, self.c[mine]] @ columns[arrow.parameter[g]]
        return np.asarray(-self.epc[:, None] * found)


def cell_tests(
    fit: Fit,
    information: Tied,
    expected: Tied,
    robust: Sandwich | WeightedSandwich | None,
    score: Array,
    g: NDArray[np.intp],
    c: NDArray[np.intp],
) -> CellTests:
    """Test cells that are each freed alone; see `score_tests`.

    Cells are numbered as in ``information``, which may list more than the free ones.
    """
    if robust is None or fit.rows is None:
        left = _left(information)[g, c]
        if not information.factor.definite:
            left = np.full(len(g), np.nan)
        return CellTests(g, c, fit.ntotal * score**2 / left, score / left, information)
    left = _left(expected)[g, c]
    spread = robust.meat.left(expected)[g, c]
    about_mean = spread
    if isinstance(robust, Sandwich):  # the statistics of ordered items vary about their own values
        about_mean = spread - fit.ntotal * score**2 / (fit.rows.units - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        usable = ~np.isnan(left) & (about_mean > 1e-10 * spread)
        x2 = fit.ntotal * score**2 / np.where(usable, about_mean, np.nan)
    return CellTests(g, c, x2, score / left, expected)


def _left(information: Tied) -> Array:
    """Return what the parameters leave of each cell's information, (G, c); see `score_tests`."""
    by_cell = information.by_cell
    own = np.diagonal(by_cell, axis1=1, axis2=2)
    left = own - ((by_cell @ information.factor.inverse) * by_cell).sum(axis=2)
    # nothing left: not identified if freed
    return np.where(left > 1e-10 * own, left, np.nan)


def tail(fit: Fit, x2: Array) -> Array:
    """Return the p values of single-cell tests: chi-square, or F where variances are estimated."""
    if fit.sandwich is None or fit.rows is None:
        return np.asarray(chdtrc(1, x2))
    return np.asarray(fdtrc(1, fit.rows.units - 1, x2))


def _tied(parameter: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Group and cell of everything tied across groups; of two tied to each other the second."""
    groups, cells = np.nonzero(parameter >= 0)
    wide = parameter.shape[1]
    tie = parameter[groups, cells] * wide + cells  # cells in one place that are one parameter
    times = np.bincount(tie)[tie]
    last = np.zeros(tie.max(initial=0) + 1, dtype=np.intp)
    np.maximum.at(last, tie, groups)
    keep = (times > 2) | ((times == 2) & (groups == last[tie]))
    return groups[keep], cells[keep]


def _gap_changes(fit: Fit, tests: CellTests) -> Array:
    """Return the largest change of a gap between latent means that each test expects, (t,)."""
    count = len(fit.factors)
    number = fit.layout.twin["alpha"][:, :count, 0]
    sd = np.sqrt(np.abs(np.diagonal(fit.implied.Phi[0])[:count]))
    found = np.zeros(len(tests.epc))
    for of_factor, unit in zip(number.T, sd, strict=True):  # one at a time: they are many numbers
        free = of_factor >= 0
        if free.any():
            moved = np.zeros((len(found), len(number)))
            moved[:, free] = tests.changes(of_factor[free])
            np.maximum(found, np.ptp(moved, axis=1) / unit, out=found)
    return found


def _frame(fit: Fit, layout: Layout, tests: CellTests) -> pd.DataFrame:
    cells, x2, epc, g, c = layout.cells, tests.x2, tests.epc, tests.g, tests.c
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
        elif matrix == "tau":
            scale[t] = 1.0 / sd_y[group, layout.response.owner[i]]
        elif matrix == "Delta":
            scale[t] = sd_y[group, i]
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
