"""What is hidden, and that subtraction does not bring it back."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from employer_identity import privacy
from employer_identity.privacy import hidden
from employer_identity.questionnaire import CROSSED, Grouping
from employer_identity.simulate import Truth, simulate_survey


def table(**sectors: dict[str, int]) -> pd.Series:
    return pd.Series({(s, e): n for s, family in sectors.items() for e, n in family.items()})


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ({"a": 10, "b": 20}, ""),
        ({"a": 4, "b": 20, "c": 9}, "ac"),  # the total minus b and c would be a
        ({"a": 1, "b": 2, "c": 40, "d": 8}, "abd"),  # a and b together are still only three people
        ({"a": 3, "b": 4, "c": 40}, "ab"),  # seven people in two cells: nobody is singled out
        ({"a": 2, "b": 3, "c": 40}, "abc"),  # of five in two cells each is one to four, no more
        ({"a": 2, "b": 4, "c": 40}, "ab"),  # of six one to five
        ({"a": 4}, "a"),
        ({"a": 0, "b": 20}, ""),  # an empty cell gives nobody away
        ({"a": 5, "b": 6}, ""),
    ],
)
def test_hides_the_small_and_the_sibling_that_gives_it_away(
    family: dict[str, int], expected: str
) -> None:
    mask = hidden(table(care=family))
    assert "".join(child for (_, child), away in mask.items() if away) == expected


def test_sectors_are_decided_apart() -> None:
    mask = hidden(table(care={"a": 4, "b": 9, "c": 50}, trade={"d": 9, "e": 12}))
    assert mask[mask].index.get_level_values(1).tolist() == ["a", "b"]
    assert mask.index.tolist() == [("care", x) for x in "abc"] + [("trade", x) for x in "de"]


def test_a_higher_minimum_hides_more() -> None:
    counts = table(care={"a": 8, "b": 12, "c": 40})
    assert hidden(counts).sum() == 0
    assert hidden(counts, minimum=10).sum() == 2


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(2, 10))
@settings(deadline=None, derandomize=True)
def test_what_subtraction_leaves_is_empty_or_a_group(sizes: list[int], minimum: int) -> None:
    counts = table(care={str(i): n for i, n in enumerate(sizes)})
    mask = hidden(counts, minimum=minimum)
    assert not mask[(counts == 0)].any()
    assert mask[(counts > 0) & (counts < minimum)].all()
    rest = counts[mask]
    everything_is_hidden = mask[counts > 0].all()
    assert rest.empty or everything_is_hidden or (len(rest) > 1 and rest.sum() >= minimum)


def test_a_crossed_cell_is_hidden_in_its_row_and_in_its_column() -> None:
    sizes = {("x", "a"): 4, ("x", "b"): 40, ("x", "c"): 50}
    sizes |= {("y", "a"): 60, ("y", "b"): 70, ("y", "c"): 80}
    counts = pd.Series({CROSSED.join(cell): n for cell, n in sizes.items()})
    away = privacy.hidden_categories(counts, minimum=10)
    grid = pd.Series(away.to_numpy(), pd.MultiIndex.from_tuples(sizes)).unstack()
    assert grid.loc["x", "a"]
    for line in (*grid.to_numpy(), *grid.to_numpy().T):
        assert line.sum() != 1


def test_every_column_of_counts_must_stand_up_to_subtraction() -> None:
    everybody = pd.Series({("care", "a"): 9, ("care", "b"): 20, ("care", "c"): 30})
    assert not hidden(everybody).any()
    answered = everybody - pd.Series({("care", "a"): 6, ("care", "b"): 0, ("care", "c"): 17})
    both = pd.DataFrame({"everybody": everybody, "answered": answered})
    assert answered.tolist() == [3, 20, 13]
    assert hidden(both).tolist() == [True, False, True]  # c is the smallest that passes


def test_special_and_crossed_groupings_have_a_floor_of_ten() -> None:
    survey = simulate_survey(20, seed=3, truth=Truth(grouping="band", shares={"a": 0.5, "b": 0.5}))
    special = Grouping(column="band", special="health", basis="consent")
    instrument = survey.instrument.model_copy(update={"groupings": (special,)})
    assert privacy.floor(survey.instrument, "band") == 5
    assert privacy.floor(instrument, "band") == 10
    assert privacy.floor(instrument, "band", minimum=12) == 12
