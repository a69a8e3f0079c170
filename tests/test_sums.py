"""Sums of parts: in whatever order and however divided, they are those of the whole."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from employer_identity.measurement import sums as room
from employer_identity.measurement.coded import Coding, Places, parts_of
from employer_identity.measurement.normal import expand
from employer_identity.measurement.patterns import gather
from employer_identity.measurement.products import ByCluster, Squares, listed
from employer_identity.measurement.spread import Spread
from employer_identity.measurement.sums import Batch, MomentSums, Sums, added, spread_of
from employer_identity.measurement.tabulated import Tables
from employer_identity.measurement.twostep import LookUp, looked_up

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
@pytest.mark.parametrize("at_a_time", [7, 4096])
def test_scores_of_answers_with_holes_add_up(
    at_a_time: int, clustered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    whole = batch(rng, holes=0.2)
    whole = whole if clustered else replace(whole, cluster=None)
    patterns, _ = gather(NAMES, whole.answers, whole.codes, whole.weights)
    mu = np.zeros((3, 4))
    at = expand(patterns, np.tile(np.eye(4), (3, 1, 1)), mu)
    assert at is not None
    expected = spread_of(whole, patterns, at, mu)
    monkeypatch.setattr(room, "ROWS", at_a_time)
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


def in_categories(rng: np.random.Generator, n: int = 300) -> Batch:
    """Ordered answers with holes, of items with other categories, some of them rare."""
    rows = batch(rng, n)
    answers = np.clip(np.rint(1.2 * rows.answers + rng.normal(size=(n, 1)) + 4.0), 1, 7)
    answers[:, 1] = 10 * np.minimum(answers[:, 1], 3)
    answers[answers[:, 0] > 6, 0] = 40_000  # too far to be looked up
    answers[rng.random(answers.shape) < 0.1] = np.nan
    return replace(rows, answers=answers)


def tabled(rows: Batch) -> Sums[Tables]:
    every = np.ones(len(rows.codes), dtype=bool)

    def make(own: Batch) -> Tables:
        return Tables.of(own.names, own.answers, own.codes, own.weights, len(own.labels))

    return Sums.of(rows, every, {}, make)


def in_pairs(rows: Batch, coding: Coding) -> Array:
    """Count pairs of answers one by one."""
    a, K = len(rows.names), coding.K
    found = np.zeros((3, a, K, a, K))
    for y, g, w in zip(rows.answers, rows.codes, rows.weights, strict=True):
        at = [None if np.isnan(v) else int(np.flatnonzero(coding.values[k] == v)[0])
              for k, v in enumerate(y)]  # fmt: skip
        for i in range(a):
            for j in range(a):
                if at[i] is not None and at[j] is not None:
                    found[g, i, at[i], j, at[j]] += w
    return found


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("parts", [1, 2, 9])
def test_tables_of_parts_with_other_categories_are_those_of_the_whole(
    parts: int, alike: bool
) -> None:
    rng = np.random.default_rng(parts)
    rows = in_categories(rng)
    rows = replace(rows, weights=np.ones(len(rows.codes))) if alike else rows
    total = added(tabled(part) for part in divided(rows, rng, parts))
    assert total is not None
    found = total.labelled("xyz").body
    assert close(found.counts, in_pairs(rows, found.coding))
    ones = replace(rows, weights=np.ones(len(rows.codes)))
    people = np.einsum("gakak->gak", in_pairs(ones, found.coding))
    assert (found.people == people).all()
    assert close(found.n, np.bincount(rows.codes, rows.weights))
    assert found.scaled(2.0).n.sum() == pytest.approx(rows.weights.sum() / 2)


@pytest.mark.parametrize("clustered", [True, False])
def test_looked_up_scores_of_parts_add_up(clustered: bool) -> None:
    rng = np.random.default_rng(5)
    rows = in_categories(rng, 400)
    rows = rows if clustered else replace(rows, cluster=None)
    coding = Coding.of(rows.answers)
    places = Places(np.ones(4, dtype=bool), coding.counts)
    wide = coding.K + 1
    looks = [
        LookUp(rng.normal(size=(4, wide - 2, wide)), rng.normal(size=(6, wide * wide)))
        for _ in range(3)
    ]

    def scored(own: Batch) -> Spread:
        codes, none = coding.codes(own.answers), np.empty((len(own.codes), 0))
        parts = parts_of(codes, none, own.codes, own.weights, own.cluster, 3)
        return looked_up(places, parts, looks)

    codes, (i, j), s = coding.codes(rows.answers), places.pairs, places.first + 6
    u = np.empty((len(codes), s))
    for k, (g, own) in enumerate(zip(rows.codes, codes, strict=True)):
        shares = [looks[g].shares[a, : coding.counts[a] - 1, own[a]] for a in range(4)]
        cells = looks[g].by_cell[np.arange(6), own[i] * wide + own[j]]
        u[k] = rows.weights[k] * np.concatenate([*shares, cells])
    found = added(scored(part.numbered("xyz")) for part in divided(rows, rng, 6))
    assert found is not None
    if not clustered:
        expected = [u[rows.codes == g].T @ u[rows.codes == g] for g in range(3)]
        assert found.squares is not None
        assert close(found.squares, np.stack(expected))
        return
    assert rows.cluster is not None
    for g, key, sums in zip(found.group, found.key, found.sums, strict=True):
        assert close(sums, u[(rows.codes == g) & (rows.cluster == key)].sum(axis=0))
    assert len(found.key) == len(set(zip(rows.codes, rows.cluster, strict=True)))


def test_answers_that_were_not_met_have_no_category() -> None:
    for values in ([1.0, 2.0, 5.0], [0.0, 1e6], [3.0], []):
        coding = Coding.plain([np.array(values)])
        others = np.array([-1e9, 0.5 if not values else values[0] - 1, 4.0, 1e7, np.nan])
        met = [*values, *others]
        expected = [*range(len(values)), -1, -1, -1, -1, coding.K]
        assert coding.codes(np.array(met)[:, None])[:, 0].tolist() == expected


def test_nothing_adds_up_to_nothing() -> None:
    assert added(iter(())) is None
    assert added(iter([3, 4, 5])) == 12
