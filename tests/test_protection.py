"""Cells that lie in several families: what all of them together give away."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from employer_identity.protection import Family, Lattice, protected


def lattice(
    counts: list[int], families: list[tuple[int | None, list[int]]], minimum: int = 5
) -> Lattice:
    n = np.array(counts)[:, None]
    nothing = np.zeros((len(n), 0))
    told = tuple(Family(parent, tuple(parts)) for parent, parts in families)
    least, named = np.full(len(n), minimum), np.ones(len(n), dtype=bool)
    return Lattice(n, least, named, told, minimum, nothing, nothing, np.zeros(0))


def crossed(table: np.ndarray) -> Lattice:
    """Return a table of which the sums of rows and columns are told."""
    places = np.arange(table.size).reshape(table.shape)
    lines = [*places, *places.T]
    return lattice(table.ravel().tolist(), [(None, line.tolist()) for line in lines])


def answered(table: np.ndarray, above: np.ndarray, reach: float, silent: int = 0) -> Lattice:
    """Return a crossed table with what people answered in sum, and how many did not."""
    people = crossed(table + silent * (table > 0))
    counts = np.stack([people.counts[:, 0], table.ravel()], axis=1)
    sums = above.ravel()[:, None].astype(float)
    below = reach * table.ravel()[:, None] - sums
    return replace(people, counts=counts, above=sums, below=below, reach=np.array([reach]))


def test_two_blocks_and_a_bridge_between_them_give_the_bridge_away() -> None:
    # every row and column has two hidden cells or more, and yet the cell of four is fixed: rows
    # a, b less columns x, y leave it alone
    table = np.array([[3, 8, 40, 41], [9, 4, 4, 42], [43, 44, 9, 3], [45, 46, 4, 9]])
    away = protected(crossed(table)).reshape(table.shape)
    assert away[1, 2]
    free = free_cells(table, away)
    assert (free | ~away).all()


def free_cells(table: np.ndarray, away: np.ndarray) -> np.ndarray:
    """Tell which hidden cells can vary by one while all sums stay, by trying cycles of four."""
    free = np.zeros(table.shape, dtype=bool)
    for (r, s), (c, d) in itertools.product(
        itertools.combinations(range(table.shape[0]), 2),
        itertools.combinations(range(table.shape[1]), 2),
    ):
        corners = np.ix_([r, s], [c, d])
        if away[corners].all():
            free[corners] = True
    return free


@pytest.mark.parametrize("seed", range(30))
def test_no_small_cell_of_a_crossed_table_has_few_possible_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(1, 9, (2, 3))
    away = protected(crossed(table))
    hidden = np.flatnonzero(away)
    reach = int(table.sum())
    numbers: dict[int, set[int]] = {int(k): set() for k in hidden}
    flat = table.ravel()
    for one, other in itertools.product(range(-reach, reach + 1), repeat=2):
        # two numbers move a table of 2 x 3 whose sums stay
        moved = flat + np.array([one, other, -one - other, -one, -other, one + other])
        if (moved[away] >= 1).all() and (moved[~away] == flat[~away]).all():
            for k in numbers:
                numbers[k].add(int(moved[k]))
    small = [k for k in numbers if flat[k] < 5]
    everything = away.all()
    assert all(len(numbers[k]) >= 5 for k in small) or everything


def test_a_family_that_cannot_be_made_safe_hides_its_parent() -> None:
    found = protected(lattice([5, 50, 60, 2, 3], [(None, [0, 1, 2]), (0, [3, 4])]))
    assert found.tolist() == [True, True, False, True, True]


def test_a_hidden_parent_counts_for_as_many_as_its_parts_at_least() -> None:
    # three employers are named in the first: at least three people, so that the second of six in
    # all would be three at most
    families: list[tuple[int | None, list[int]]] = [(None, [0, 1, 2]), (0, [3, 4, 5])]
    found = protected(lattice([4, 2, 50, 1, 1, 2], families))
    assert found[2]
    assert not protected(lattice([4, 6, 50, 1, 1, 2], families))[2]


def test_the_parts_of_a_hidden_whole_do_not_tell_it() -> None:
    # 24 is told, 4 is few: with 10 and 10 shown, 24 - 20 would be it
    cells = lattice([4, 20, 10, 10], [(None, [0, 1]), (1, [2, 3])])
    assert protected(cells).all()


def test_who_is_in_no_table_protects_a_few_as_well_as_a_cell_that_is() -> None:
    cells = lattice([4, 30, 20], [(None, [0, 1, 2])])
    unnamed = replace(cells, named=np.array([True, False, True]))
    assert protected(unnamed).tolist() == [True, True, False]


def test_a_few_possible_numbers_are_too_few() -> None:
    # with 30, 12 and 60's line shown, the small cells may vary, but not over five numbers
    table = np.array([[5, 30, 8], [1, 1, 3], [6, 12, 60]])
    assert protected(crossed(table)).all()


# --- What a small cell answered


def moves(table: np.ndarray, away: np.ndarray) -> list[np.ndarray]:
    """Return all that a table of 2 x 3 can be, of people who agree, while sums stay as they are."""
    reach, flat, found = int(table.sum()), table.ravel(), []
    for one, other in itertools.product(range(-reach, reach + 1), repeat=2):
        moved = flat + np.array([one, other, -one - other, -one, -other, one + other])
        if (moved >= 0).all() and (moved[~away] == flat[~away]).all():
            found.append(moved)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_how_many_of_a_small_cell_agree_has_two_possible_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(1, 12, (2, 3))
    agree = rng.binomial(table, rng.choice([0.1, 0.3, 0.9]))
    away = protected(answered(table, agree, 1.0))
    small = np.flatnonzero((table.ravel() < 5) & away)
    for numbers in (agree, table - agree):
        possible = np.array(moves(numbers, away))
        assert (np.ptp(possible[:, small], axis=0) >= 1).all() or away.all()


def test_the_mean_of_a_small_cell_is_not_known_within_a_point() -> None:
    table = np.array([[4, 5, 40], [5, 11, 50]])
    block = [True, True, False, True, True, False]
    assert protected(answered(table, 3 * table, 6.0, silent=20)).tolist() == block
    # what lies above the lowest answer can move by two and by one, what lies below the highest by
    # one: four people have a mean of 6.7 to 7
    above = np.array([[23, 30, 120], [1, 2, 150]])
    assert protected(answered(table, above, 6.0, silent=20)).all()
