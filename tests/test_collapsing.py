"""Merging of categories: which, told how, and what does not change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from employer_identity.collapsing import collapse, collapsed, doubtful, merging, not_whole
from employer_identity.errors import Problem
from employer_identity.language import say
from employer_identity.measurement.categorical import OrderedMoments, ordered_moments
from employer_identity.measurement.tabulated import Tables

ORDERED = np.array([True])


def answers(*counts: list[int]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One item's answers 1, 2, ... in groups with the given counts, shuffled."""
    values = np.concatenate([np.repeat(np.arange(1.0, len(c) + 1), c) for c in counts])
    group = np.repeat(np.arange(len(counts)), [sum(c) for c in counts])
    order = np.random.default_rng(3).permutation(len(values))
    return values[order, None], group[order]


def sentence(problem: Problem, language: str = "en") -> str:
    return say(problem.code, language, where=problem.where, count=problem.count, **problem.values)


@pytest.mark.parametrize(
    ("counts", "blocks"),
    [
        ([[9, 9, 9]], [0, 1, 2]),
        ([[0, 2, 4, 9, 30]], [0, 0, 0, 1, 2]),  # the lowest until they are enough
        ([[1, 1, 1, 9, 30]], [0, 0, 0, 0, 1]),
        ([[9, 9, 9, 4, 2]], [0, 1, 2, 3, 3]),  # likewise the highest
        ([[9, 9, 9, 4]], [0, 1, 2, 2]),
        ([[9, 8, 2, 7, 9]], [0, 1, 1, 2, 3]),  # in between: with the one below
        ([[9, 2, 2, 7]], [0, 0, 0, 1]),
        ([[3, 2, 9, 9], [9, 4, 1, 9]], [0, 0, 0, 1]),  # in the same way for all groups
        ([[3, 9, 9, 1], [9, 9, 3, 1]], [0, 0, 0, 0]),
        ([[4, 3]], [0, 0]),  # nothing would be left
        ([[2, 2]], [0, 0]),
    ],
)
def test_what_is_merged(counts: list[list[int]], blocks: list[int]) -> None:
    assert merging(np.array(counts), 5).tolist() == blocks


@settings(derandomize=True, deadline=None)
@given(
    arrays(np.int64, st.tuples(st.integers(1, 4), st.integers(2, 9)), elements=st.integers(0, 15))
)
def test_blocks_are_neighbours_with_enough_answers(counts: NDArray[np.int64]) -> None:
    block = merging(counts, 5)
    assert set(np.diff(block)) <= {0, 1}
    assert block[0] == 0
    if block[-1] == 0:
        return
    sums = np.stack([counts[:, block == b].sum(axis=1) for b in range(block[-1] + 1)])
    assert sums.min() >= 5
    if (counts >= 5).all():
        assert block.tolist() == list(range(counts.shape[1]))
    turned = merging(counts[:, ::-1], 5)
    if (counts[:, 1:-1] >= 5).all():  # what the ends do, they do alike
        assert turned[::-1].tolist() == (block[-1] - block).tolist()


def test_answers_get_the_code_that_most_of_the_block_chose() -> None:
    values, group = answers([1, 3, 2, 9, 20], [6, 0, 1, 9, 20])
    found = collapse(["a"], values, group, ORDERED, labels=("north", "south"))
    assert found.merged[0].codes == ((1.0, 2.0, 3.0), (4.0,), (5.0,))
    assert set(np.unique(found.answers)) == {1.0, 4.0, 5.0}
    assert (found.answers == 1).sum() == 13
    (note,) = found.notes
    assert (note.severity, note.where) == ("change", "a")
    assert sentence(note) == (
        "'a': categories 1+2+3 were merged, in all groups alike, since fewer than 5 people chose "
        "one of them in groups north and south."
    )
    assert "samengevoegd" in sentence(note, "nl")


def test_one_group_is_told_of_without_a_name() -> None:
    values, group = answers([9, 9, 3, 1, 20, 2])
    (note,) = collapse(["a"], values, group, ORDERED).notes
    assert note.code == "ordered.merged"
    assert sentence(note) == (
        "'a': categories 2+3+4, 5+6 were merged, since fewer than 5 people chose one of them."
    )
    assert collapse(["a"], values, group, ORDERED, least=1).merged == ()


def test_what_is_enough_or_not_ordered_stays_as_it_is() -> None:
    values, group = answers([9, 9, 9], [9, 9, 9])
    both = np.concatenate([values, values**2 + 0.5], axis=1)
    both[0] = np.nan
    found = collapse(["a", "b"], both, group, np.array([True, False]), labels=("n", "s"))
    np.testing.assert_array_equal(found.answers, both)
    assert found.merged == found.notes == ()
    values, group = answers([1, 9, 9], [9, 9, 9])
    both = np.concatenate([values, values], axis=1)
    found = collapse(["a", "b"], both, group, np.array([True, False]), labels=("n", "s"))
    assert [m.item for m in found.merged] == ["a"]
    np.testing.assert_array_equal(found.answers[:, 1], values[:, 0])


def test_an_item_of_which_one_category_would_be_left_is_refused() -> None:
    values, group = answers([30, 30], [1, 3])
    found = collapse(["a"], values, group, ORDERED, labels=("north", "south"))
    (problem,) = found.notes
    assert problem.severity == "error"
    assert "one would be left, because of group south" in sentence(problem)
    np.testing.assert_array_equal(found.answers, values)
    values, group = answers([4, 3])
    (alone,) = collapse(["a"], values, group, ORDERED).notes
    assert alone.code == "ordered.one_category_left"
    assert "blijft er één over" in sentence(alone, "nl")


def test_a_group_that_answers_all_alike_or_not_at_all_is_left_to_others_to_tell() -> None:
    for counts in ([30, 30], [0, 40]), ([30, 30], [0, 0]), ([0, 40], [0, 40]):
        values, group = answers(*counts)
        assert collapse(["a"], values, group, ORDERED, labels=("n", "s")).notes == ()


def test_after_merging_groups_can_be_compared() -> None:
    rng = np.random.default_rng(8)
    y = rng.normal(size=(400, 1)) + 0.7 * rng.normal(size=(400, 4))
    values = np.digitize(y, [-2.4, -2.0, -1.0, -0.4, 0.0, 0.3]) + 1.0
    group = np.repeat([0, 1], 200)
    names, labels, ordered = list("abcd"), ("n", "s"), np.ones(4, dtype=bool)
    values[(group == 1) & (values[:, 0] == 1), 0] = 2.0
    before = ordered_moments(names, values, group, ordered, labels=labels)
    assert isinstance(before, tuple)
    assert [p.code for p in before] == ["ordered.category_empty_in_group"]
    merged = collapse(names, values, group, ordered, labels=labels)
    after = ordered_moments(names, merged.answers, group, ordered, labels=labels)
    assert isinstance(after, OrderedMoments)
    assert len(after.categories[0]) < 7


def test_tables_are_merged_as_answers_are() -> None:
    rng = np.random.default_rng(9)
    y = rng.normal(size=(600, 1)) + 0.7 * rng.normal(size=(600, 5))
    values = np.digitize(y, [-2.6, -2.0, -1.0, -0.4, 0.0, 2.1]) + 1.0
    values[rng.random(values.shape) < 0.1] = np.nan
    group, weights = rng.integers(0, 2, 600), rng.uniform(0.5, 2.0, 600)
    names, labels = list("abcde"), ("n", "s")
    expected = collapse(names, values, group, np.ones(5, dtype=bool), labels=labels)
    assert len(expected.merged) > 2
    tables = Tables.of(names, values, group, weights, 2)
    coding, notes = collapsed(tables, labels, 5)
    assert tuple(notes) == expected.notes
    of_merged = Tables.of(names, expected.answers, group, weights, 2)
    found = tables.coded(coding)
    np.testing.assert_array_equal(found.people, of_merged.people)
    np.testing.assert_allclose(found.counts, of_merged.counts, rtol=1e-12)
    for one, other in zip(coding.called, of_merged.coding.called, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(coding.codes(values), of_merged.coding.codes(expected.answers))


def codes(values: NDArray[np.float64], n: int = 1) -> list[tuple[str, str, str]]:
    names, labels = [f"i{k}" for k in range(values.shape[1])], ("",) if n == 1 else ("n", "s")
    group = np.arange(len(values)) % n
    found = not_whole(names, values)
    if not found:
        tables = Tables.of(names, values, group, np.ones(len(values)), n)
        found = doubtful(tables, labels, np.bincount(group))
    for problem in found:
        assert sentence(problem)
        assert sentence(problem, "nl")
    return [(p.code, p.where, p.severity) for p in found]


def test_doubtful_codes() -> None:
    whole = np.tile(np.arange(1.0, 6), 40)[:, None]
    assert codes(whole) == []
    assert codes(whole / 2) == [("ordered.not_whole", "i0", "error")]
    assert codes(np.arange(200.0)[:, None] % 20) == [("ordered.many_categories", "i0", "warning")]
    assert codes(np.arange(200.0)[:, None] % 11) == []
    few = np.tile(np.arange(1.0, 8), 3)[:, None].repeat(4, axis=1)
    assert codes(few) == [("ordered.too_few_rows", "", "error")]
    assert codes(few, 2) == [("ordered.too_few_rows_in_group", "n and s", "error")]
