"""Sums of parts: in whatever order and however divided, they are those of the whole."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from employer_identity.measurement.normal import expand
from employer_identity.measurement.patterns import gather
from employer_identity.measurement.products import ByCluster, Squares, listed
from employer_identity.measurement.sums import Batch, MomentSums, Sums, added, spread_of

Array = np.ndarray[Any, np.dtype[np.float64]]
NAMES = ("a", "b", "c", "d")
SAME = 1e-9  # of the largest: the same numbers added up in another order; seen: 1e-13
FAR = 1e-7  # with means 3e7 standard deviations away their own rounding is 4e-9; seen: 2e-9


def batch(rng: np.random.Generator, n: int = 300, *, holes: float = 0.0, far: float = 0.0) -> Batch:
    """Weighted answers of three groups and eleven clusters, some of whom cross groups."""
    scale = 0.03 if far else 1.0
    answers = far + scale * (rng.normal(size=(n, 4)) @ (np.eye(4) + 0.4))
    answers[rng.random(answers.shape) < holes] = np.nan
    answers[:, 0] = far + scale * rng.normal(size=n)  # everybody answered something
    codes = rng.integers(0, 3, n)
    keys = rng.integers(0, 11, n).astype(np.uint64)
    return Batch(NAMES, answers, codes, ("x", "y", "z"), rng.uniform(0.5, 1.5, n), keys, "one")


def divided(whole: Batch, rng: np.random.Generator, parts: int) -> list[Batch]:
    """The same rows in parts of any size, some of them empty, each with its own order of groups."""
    of = rng.integers(0, parts, len(whole.codes))
    found = []
    for k in range(parts):
        own = whole.only(of == k)
        order = rng.permutation(3)
        labels = tuple(whole.labels[g] for g in order)
        found.append(replace(own, labels=labels, codes=np.argsort(order)[own.codes]))
    return [found[k] for k in rng.permutation(parts)]


def sums(rows: Batch) -> Sums[MomentSums]:
    every, told = np.ones(len(rows.codes), dtype=bool), {("", "rows"): len(rows.codes)}
    return Sums.of(rows, every, told, partial(MomentSums.of, fourth=True))


def close(one: Array, other: Array, tolerance: float = SAME) -> bool:
    return one.shape == other.shape and bool(
        np.allclose(one, other, rtol=0, atol=tolerance * np.abs(other).max(initial=1e-300))
    )


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000), st.integers(1, 9), st.sampled_from([0.0, 0.2]), st.booleans(),
    st.sampled_from([0.0, 1e6]),
)  # fmt: skip
def test_parts_in_any_order_and_any_division_are_the_whole(
    seed: int, parts: int, holes: float, clustered: bool, far: float
) -> None:
    rng = np.random.default_rng(seed)
    whole = batch(rng, holes=holes, far=far)
    whole = whole if clustered else replace(whole, cluster=None)
    expected = sums(whole).labelled("xyz").weighed()
    total = added(sums(part) for part in divided(whole, rng, parts))
    assert total is not None
    found = total.labelled("xyz").weighed()
    tolerance = FAR if far else SAME
    one, other = found.body.patterns, expected.body.patterns
    assert (one.group == other.group).all()
    assert (one.seen == other.seen).all()
    assert close(one.n, other.n)
    assert close(one.mean, other.mean)
    assert close(one.covariance, other.covariance, tolerance)
    assert (found.people == expected.people).all()
    assert found.told == expected.told
    if holes:
        assert found.body.products is None or one.complete
    elif isinstance(found.body.products, Squares):
        assert isinstance(expected.body.products, Squares)
        assert close(found.body.products.sums, expected.body.products.sums, tolerance)
    else:
        assert isinstance(found.body.products, ByCluster)
        assert isinstance(expected.body.products, ByCluster)
        assert (found.body.products.key == expected.body.products.key).all()
        assert close(found.body.products.sums, expected.body.products.sums, tolerance)
    if clustered:
        assert found.clusters is not None
        assert expected.clusters is not None
        assert (found.clusters.people == expected.clusters.people).all()


def test_moments_far_from_zero_are_those_of_the_deviations() -> None:
    rng = np.random.default_rng(1)
    near = batch(rng, 2000)
    near = replace(near, answers=0.03 * near.answers)
    far = replace(near, answers=near.answers + 1e6)
    total = added(sums(part) for part in divided(far, rng, 7))
    assert total is not None
    found = total.labelled("xyz").body.patterns
    expected, _ = gather(NAMES, near.answers, near.codes, near.weights)
    assert close(found.covariance, expected.covariance, FAR)
    assert close(found.mean - 1e6, expected.mean, FAR)


def test_products_move_with_their_shift() -> None:
    rng = np.random.default_rng(2)
    rows = batch(rng)
    assert rows.cluster is not None
    here, there = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    own = rows.answers, rows.codes, rows.weights
    assert close(Squares.of(*own, here).about(there).sums, Squares.of(*own, there).sums)
    moved = ByCluster.of(*own, rows.cluster, here).about(there)
    assert close(moved.sums, ByCluster.of(*own, rows.cluster, there).sums)
    mine = rows.codes == 1
    t = listed(rows.answers[mine] - here[1]) * rows.weights[mine, None]
    assert close(Squares.of(*own, here).sums[1], t.T @ t)


@pytest.mark.parametrize("clustered", [True, False])
def test_scores_of_answers_with_holes_add_up(clustered: bool) -> None:
    rng = np.random.default_rng(3)
    whole = batch(rng, holes=0.2)
    whole = whole if clustered else replace(whole, cluster=None)
    patterns, _ = gather(NAMES, whole.answers, whole.codes, whole.weights)
    mu = np.zeros((3, 4))
    at = expand(patterns, np.tile(np.eye(4), (3, 1, 1)), mu)
    assert at is not None
    expected = spread_of(whole, patterns, at, mu)
    parts = (part.numbered("xyz") for part in divided(whole, rng, 5))
    found = added(spread_of(part, patterns, at, mu) for part in parts)
    assert found is not None
    if clustered:
        assert (found.key == expected.key).all()
        assert close(found.sums, expected.sums)
    else:
        assert found.squares is not None
        assert expected.squares is not None
        assert close(found.squares, expected.squares)


def test_nothing_adds_up_to_nothing() -> None:
    assert added(iter(())) is None
    assert added(iter([3, 4, 5])) == 12
