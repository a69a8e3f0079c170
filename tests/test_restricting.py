"""Traces of restrictions in blocks: whatever is tied, they are those of dense algebra."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import employer_identity as ei
from employer_identity.measurement import restricting
from employer_identity.measurement.arrow import Arrow
from employer_identity.measurement.restricting import restriction_traces
from employer_identity.measurement.scaling import derivatives
from tests.test_scan import MODEL, whole

Array = NDArray[np.float64]

SAME = 1e-9  # relative; seen: 5e-13
FAMILIES = ("loadings", "intercepts", "residuals")
ORDERED = ("thresholds", "loadings", "intercepts")


def by_parameter(by_cell: Array, arrow: Arrow) -> Array:
    """Derivatives by parameter (G, P, q), given by cell (G, P, c)."""
    found = np.zeros((*by_cell.shape[:2], arrow.q + 1))
    for g, own in enumerate(by_cell):
        np.add.at(found[g].T, arrow.parameter[g], own.T)
    return found[..., :-1]


def dense(restricted: ei.Fit, free: ei.Fit) -> tuple[float, float]:
    """The formula as Satorra has it, restrictions A, with matrices by pair of parameters."""
    sandwich, layout = free.sandwich, restricted.layout
    assert sandwich is not None
    D1 = by_parameter(sandwich.bread.Delta, sandwich.bread.arrow)
    D0 = by_parameter(derivatives(layout, restricted.solution.theta), layout.cells.arrow)
    left = D1.transpose(0, 2, 1) @ sandwich.metric
    K = np.linalg.solve((left @ D1).sum(axis=0), (left @ D0).sum(axis=0))
    A = np.linalg.svd(K.T)[2][K.shape[1] :]  # A K = 0
    H, J = np.linalg.inv(sandwich.bread.dense), sandwich.meat.dense
    M = np.linalg.solve(A @ H @ A.T, A @ H @ J @ H @ A.T)
    return float(np.trace(M)), float(np.trace(M @ M))


def fits(levels: tuple[str, ...], **asked: Any) -> list[ei.Fit]:
    frame = whole(1200, holes=asked.pop("holes", False))
    return [
        ei.cfa(frame, MODEL, group="band", equal=levels[:k], std_lv=True, **asked)
        for k in range(len(levels) + 1)
    ]


WAYS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "MLR": (FAMILIES, {}),
    "MLM": (FAMILIES, {"estimator": "MLM"}),
    "holes": (FAMILIES, {"holes": True}),
    "clusters that cross groups": (FAMILIES, {"cluster": "team"}),
    "ordered": (ORDERED, {"ordered": True}),
    "ordered, clusters that cross": (ORDERED, {"ordered": True, "cluster": "team"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_traces_are_those_of_dense_algebra(way: str) -> None:
    levels, asked = WAYS[way]
    found = fits(levels, **asked)
    for k, free in enumerate(found):
        for held in found[k + 1 :]:
            own = restriction_traces(free.sandwich, held.layout, held.solution.theta)
            assert own == pytest.approx(dense(held, free), rel=SAME)


@pytest.mark.parametrize("free", ["adv2~1", "adv2~1@old", "adv=~adv1"])
def test_so_they_are_for_one_restriction(free: str) -> None:
    frame, asked = whole(1200), {"group": "band", "equal": FAMILIES[:2], "std_lv": True}
    held, other = (ei.cfa(frame, MODEL, free=f, **asked) for f in ((), (free,)))
    own = restriction_traces(other.sandwich, held.layout, held.solution.theta)
    assert own == pytest.approx(dense(held, other), rel=SAME)


def test_a_model_whose_factors_have_other_units_is_taken_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reference group's variances are its own here, and the shared loadings' there."""
    model = "f =~ pro1 + pro2 + pro3 + adv1 + adv2 + adv3"
    free = ei.cfa(whole(1200), model, group="band", equal=FAMILIES, std_lv=True)
    held = ei.cfa(whole(1200), model, group="band", equal=(*FAMILIES, "means"))
    taken, shared = [], restricting._all_shared
    monkeypatch.setattr(restricting, "_all_shared", lambda a: taken.append(a) or shared(a))
    own = restriction_traces(free.sandwich, held.layout, held.solution.theta)
    assert taken
    assert own == pytest.approx(dense(held, free), rel=SAME)
