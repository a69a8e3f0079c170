"""Laws of the block-arrow solver: whatever is tied, it gives what dense algebra gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import employer_identity as ei
from employer_identity.errors import ModelError
from employer_identity.measurement.arrow import Arrow, Factor, Tied, factor
from employer_identity.measurement.robust import CrossedMeat, Meat
from employer_identity.measurement.starts import is_weak
from tests.examples import FOUR, answers

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

SAME = 1e-9  # relative; the matrices' condition is some hundreds


def numbered(twin: Any) -> Integers:
    """Number the parameters 0, 1, ... in the order in which they appear; -1 stays."""
    twin = np.asarray(twin)
    _, first, inverse = np.unique(twin, return_index=True, return_inverse=True)
    fixed = twin.ravel()[first] < 0
    rank = np.full(len(first), -1)
    rank[np.argsort(np.where(fixed, twin.size, first))[: (~fixed).sum()]] = np.arange(
        (~fixed).sum()
    )
    return rank[inverse].reshape(twin.shape).astype(np.int64)


def drawn(seed: int) -> Integers:
    """Cells of groups of which some are tied over any groups, some within one, some fixed."""
    rng = np.random.default_rng(seed)
    groups, cells = int(rng.integers(2, 7)), int(rng.integers(3, 9))
    twin = np.arange(groups * cells).reshape(groups, cells)
    for c in range(cells):
        if rng.random() < 0.6:  # tied over some of the groups
            some = rng.random(groups) < rng.choice([0.4, 0.8, 1.0])
            twin[some, c] = 1000 + c
        if c and rng.random() < 0.3:  # a label within groups
            twin[:, c] = np.where(rng.random(groups) < 0.5, twin[:, c - 1], twin[:, c])
    twin[rng.random(twin.shape) < 0.1] = -1
    return numbered(twin)


SPECIAL = {
    "one group": [[0, 1, 2, 3]],
    "one group, a label": [[0, 1, 1, 2]],
    "nothing shared": [[0, 1, 2], [3, 4, 5], [6, 7, 8]],
    "everything shared": [[0, 1, 2], [0, 1, 2], [0, 1, 2]],
    "free in one of four": [[0, 1, 2], [0, 3, 4], [0, 5, 6], [7, 8, 9]],
    "in pairs": [[0, 1, 2], [0, 3, 4], [5, 1, 4], [5, 3, 6]],
    "a group with nothing free": [[0, 1, 2], [-1, -1, -1], [0, 3, 4]],
    "crosswise": [[0, 1, 2, 3], [1, 0, 4, 4]],
    "nothing free": [[-1, -1], [-1, -1]],
}
CASES = [pytest.param(numbered(twin), id=name) for name, twin in SPECIAL.items()]
CASES += [pytest.param(drawn(seed), id=f"drawn {seed}") for seed in range(40)]
every_case = pytest.mark.parametrize("parameter", CASES)


def matrix(parameter: Integers, seed: int = 0) -> Array:
    """A positive definite matrix for each group's cells, in units that differ widely."""
    groups, c = parameter.shape
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(groups, c, 2 * c))
    unit = 10.0 ** rng.uniform(-2, 2, (groups, c))
    return np.asarray(X @ X.transpose(0, 2, 1) * unit[:, :, None] * unit[:, None, :])


def dense(parameter: Integers, by_cell: Array) -> Array:
    """The matrix by pair of parameters, added up one pair of cells after another."""
    q, (groups, c) = parameter.max() + 1, parameter.shape
    found = np.zeros((q, q))
    for g in range(groups):
        for a in range(c):
            for b in range(c):
                if parameter[g, a] >= 0 and parameter[g, b] >= 0:
                    found[parameter[g, a], parameter[g, b]] += by_cell[g, a, b]
    return found


def scores_like(by_cell: Array) -> Array:
    """Scores of 30 clusters by cell, in the units of a matrix."""
    drawn = np.random.default_rng(2).normal(size=(*by_cell.shape[:2], 30))
    return np.asarray(drawn * np.sqrt(np.diagonal(by_cell, axis1=1, axis2=2))[:, :, None])


def summed(parameter: Integers, values: Array, q: int | None = None) -> Array:
    """Values by cell (G, c, ...) added up to parameters, (q, ...)."""
    q = parameter.max() + 1 if q is None else q
    found = np.zeros((q, *values.shape[2:]))
    for g, c in zip(*np.nonzero(parameter >= 0), strict=True):
        found[parameter[g, c]] += values[g, c]
    return found


def of_cells(parameter: Integers, whole: Array) -> Array:
    """A dense matrix's entries for each pair of a group's cells; 0 where one is fixed."""
    padded = np.pad(whole, (0, 1))
    return padded[parameter[:, :, None], parameter[:, None, :]]


def close(one: Array, other: Array) -> bool:
    """Equal but for rounding, each in units of its row and column."""
    if one.ndim < 2:
        return bool(np.allclose(one, other, rtol=SAME, atol=0.0))
    size = np.sqrt(np.abs(np.diagonal(other, axis1=-2, axis2=-1)))
    unit = np.where(size > 0, size, 1.0)
    apart = np.abs(one - other) / unit[..., :, None] / unit[..., None, :]
    return bool(apart.max(initial=0.0) < SAME)


def inverted(parameter: Integers, by_cell: Array) -> Factor:
    return Tied(by_cell, Arrow.of(parameter)).factor


# -- where parameters stand ------------------------------------------------------------------------


@every_case
def test_what_one_group_has_stands_in_its_block_and_the_rest_in_the_border(
    parameter: Integers,
) -> None:
    found = Arrow.of(parameter)
    groups_of = [{g for g, k in zip(*np.nonzero(parameter == t), strict=True)}
                 for t in range(parameter.max() + 1)]  # fmt: skip
    assert set(found.border) == {t for t, where in enumerate(groups_of) if len(where) > 1}
    for g, own in enumerate(found.own):
        assert set(own[own < found.q]) == {t for t, where in enumerate(groups_of) if where == {g}}
        shared = found.shared[g][found.shared[g] < len(found.border)]
        assert set(found.border[shared]) == {
            t for t, where in enumerate(groups_of) if g in where and len(where) > 1
        }
    assert np.array_equal(found.parameter, np.where(parameter < 0, found.q, parameter))


@every_case
def test_cells_add_up_to_parameters(parameter: Integers) -> None:
    by_cell = matrix(parameter)
    assert np.allclose(Arrow.of(parameter).dense(by_cell), dense(parameter, by_cell), rtol=SAME)
    found = Arrow.of(parameter).by_parameter(by_cell[:, 0])
    assert np.allclose(found, summed(parameter, by_cell[:, 0]), rtol=SAME)


# -- the inverse -----------------------------------------------------------------------------------


@every_case
def test_a_solution_is_the_dense_one(parameter: Integers) -> None:
    by_cell = matrix(parameter)
    whole = dense(parameter, by_cell)
    right = np.random.default_rng(1).normal(size=(len(whole), 3)) * np.sqrt(np.diag(whole))[:, None]
    found = inverted(parameter, by_cell)
    unit = np.sqrt(np.diag(whole))
    for each in (right, right[:, 0]):
        expected = np.linalg.solve(whole, each)
        assert np.allclose((found.solve(each).T * unit).T, (expected.T * unit).T, atol=1e-8)


@every_case
def test_blocks_of_the_inverse_are_those_of_the_dense_inverse(parameter: Integers) -> None:
    by_cell = matrix(parameter)
    expected = of_cells(parameter, np.linalg.inv(dense(parameter, by_cell)))
    found = inverted(parameter, by_cell)
    assert found.definite
    assert close(found.inverse, expected)


@every_case
def test_blocks_of_the_sandwich_are_those_of_the_dense_sandwich(parameter: Integers) -> None:
    by_cell, meat = matrix(parameter), Meat(matrix(parameter, 1), Arrow.of(parameter))
    inverse, J = np.linalg.inv(dense(parameter, by_cell)), dense(parameter, meat.by_cell)
    found = inverted(parameter, by_cell)
    assert close(meat.around(found), of_cells(parameter, inverse @ J @ inverse))
    assert meat.trace(found) == pytest.approx(np.trace(inverse @ J), rel=SAME)


@every_case
def test_a_sandwich_of_clusters_that_cross_groups_is_the_dense_one(parameter: Integers) -> None:
    by_cell = matrix(parameter)
    scores = scores_like(by_cell)
    meat, found = CrossedMeat(scores, Arrow.of(parameter)), inverted(parameter, by_cell)
    whole, inverse = summed(parameter, scores), np.linalg.inv(dense(parameter, by_cell))
    J = whole @ whole.T
    assert np.allclose(meat.dense, J, rtol=SAME, atol=SAME)
    assert close(meat.around(found), of_cells(parameter, inverse @ J @ inverse))
    assert meat.trace(found) == pytest.approx(np.trace(inverse @ J), rel=SAME)


@every_case
@pytest.mark.parametrize("crossed", [False, True])
def test_the_projected_score_of_a_freed_cell_varies_as_dense_algebra_says(
    parameter: Integers, crossed: bool
) -> None:
    arrow, by_cell = Arrow.of(parameter), matrix(parameter)
    scores = scores_like(by_cell)
    J = np.asarray(scores @ scores.transpose(0, 2, 1))
    meat: Meat | CrossedMeat = CrossedMeat(scores, arrow) if crossed else Meat(J, arrow)
    found = meat.left(Tied(by_cell, arrow))
    inverse, total = np.linalg.inv(dense(parameter, by_cell)), summed(parameter, scores)
    for g, a in np.ndindex(parameter.shape):
        slope = summed(parameter[g : g + 1], by_cell[g : g + 1, a], len(inverse)) @ inverse
        if crossed:
            expected = ((scores[g, a] - slope @ total) ** 2).sum()
        else:
            common = summed(parameter[g : g + 1], J[g : g + 1, a], len(inverse))
            expected = J[g, a, a] - 2.0 * slope @ common + slope @ dense(parameter, J) @ slope
        rounding = SAME * (J[g, a, a] + abs(slope @ dense(parameter, J) @ slope))
        assert found[g, a] == pytest.approx(expected, rel=0.0, abs=rounding)


@every_case
def test_a_ridge_is_added_to_each_parameter_once(parameter: Integers) -> None:
    by_cell = matrix(parameter)
    whole = dense(parameter, by_cell)
    ridge = 0.3 * np.diag(whole)
    expected = of_cells(parameter, np.linalg.inv(whole + np.diag(ridge)))
    assert close(factor(Tied(by_cell, Arrow.of(parameter)), ridge).inverse, expected)


@every_case
def test_a_model_of_full_rank_is_not_weak(parameter: Integers) -> None:
    found = Tied(matrix(parameter), Arrow.of(parameter))
    rank, involved = found.null
    assert rank == parameter.max() + 1
    assert not involved.any()
    assert not is_weak(found.factor)


# -- singular matrices -----------------------------------------------------------------------------


def without(parameter: Integers, by_cell: Array, which: Integers) -> Tied:
    """The matrix after the sum of some parameters (each in its own unit) has been taken out."""
    unit = 1.0 / np.sqrt(np.diag(dense(parameter, by_cell)))
    away = np.zeros(parameter.max() + 2)
    away[which] = unit[which]
    left = np.empty_like(by_cell)
    for g in range(len(parameter)):
        v = away[parameter[g]] * (parameter[g] >= 0)
        # M less its part along v: M v = 0 group by group, hence over all
        Mv = by_cell[g] @ v
        left[g] = by_cell[g] - (np.outer(Mv, Mv) / (v @ Mv) if v @ Mv > 0 else 0.0)
    return Tied(left, Arrow.of(parameter))


SINGULAR = {
    "in a block": ([[0, 1, 2, 3], [0, 4, 5, 6]], [1, 2]),
    "in the border": ([[0, 1, 2], [0, 1, 3], [0, 1, 4]], [0, 1]),
    "across": ([[0, 1, 2], [0, 3, 4], [0, 5, 6]], [0, 1, 3, 5]),
    "one group": ([[0, 1, 2, 3]], [1, 3]),
    "all shared": ([[0, 1, 2], [0, 1, 2]], [0, 2]),
    "two blocks": ([[0, 1, 2], [0, 3, 4]], [1, 2, 3, 4]),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_a_singular_matrix_is_seen_with_who_takes_part(name: str) -> None:
    twin, which = SINGULAR[name]
    parameter = numbered(twin)
    found = without(parameter, matrix(parameter), np.array(which))
    assert is_weak(found.factor)
    rank, involved = found.null
    size, vectors = np.linalg.eigh(unit_diagonal(found.dense))
    assert rank == (size > 1e-9).sum()
    null = vectors[:, size < 1e-9]
    assert np.array_equal(involved, (np.abs(null) > 1e-4).any(axis=1))
    assert set(np.flatnonzero(involved)) == set(which)


@pytest.mark.parametrize("name", SINGULAR)
def test_a_singular_system_that_has_a_solution_is_solved(name: str) -> None:
    twin, which = SINGULAR[name]
    parameter = numbered(twin)
    found = without(parameter, matrix(parameter), np.array(which))
    whole = found.dense
    right = whole @ (1.0 / np.sqrt(np.diag(dense(parameter, matrix(parameter)))))
    left = found.factor.solve(right)
    unit = np.sqrt(np.diag(whole))
    assert np.allclose(whole @ left / unit, right / unit, atol=1e-6)


def test_an_indefinite_matrix_is_inverted_and_called_indefinite() -> None:
    parameter = numbered([[0, 1, 2], [0, 3, 4]])
    by_cell = matrix(parameter)
    by_cell[1, 2, 2] *= -1.0
    found = inverted(parameter, by_cell)
    assert not found.definite
    assert close(found.inverse, of_cells(parameter, np.linalg.inv(dense(parameter, by_cell))))


def unit_diagonal(whole: Array) -> Array:
    scale = np.sqrt(np.diag(whole))
    return np.asarray(whole / scale[:, None] / scale)


# -- fits ------------------------------------------------------------------------------------------


def many_groups(count: int) -> pd.DataFrame:
    frames = [answers(150, seed, shift={"adv3": 0.2 * seed}) for seed in range(count)]
    return pd.concat([frame.assign(band=f"g{k}") for k, frame in enumerate(frames)])


@pytest.mark.parametrize("estimator", ["ML", "MLR", "MLM"])
def test_covariances_of_a_fit_are_those_of_its_whole_matrix(estimator: Any) -> None:
    fit = ei.cfa(
        many_groups(4), FOUR, group="band", equal=("loadings", "intercepts"), std_lv=True,
        free=("adv3~1", "imp2~1@g2"), estimator=estimator,
    )  # fmt: skip
    assert np.allclose(fit.vcov, fit.vcov.T)
    assert close(fit.covariances, of_cells(fit.layout.cells.parameter, fit.vcov))


def test_what_is_not_identified_is_named_in_many_groups() -> None:
    text = FOUR.replace("adv =~ ", "adv =~ NA*")
    with pytest.raises(ModelError, match="adv"):
        ei.cfa(many_groups(4), text, group="band", equal=("loadings",), estimator="ML")
