"""Columns that divide the respondents: their groups, and why a column cannot serve as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from employer_identity.answers import name_of, numbers
from employer_identity.bands import bands_for
from employer_identity.errors import ModelError, Problem
from employer_identity.language import listing, refusal
from employer_identity.profiles import MANY
from employer_identity.questionnaire import Bound

SHOWN = 6  # groups or pairs of items named in one message
ENOUGH = 100  # people from which a number may also be the name of a group
MOST_GROUPS = 100
"""Groups that a ladder holds equal at once; among more, exact equality is no sensible question."""


def groups_of(column: pd.Series) -> pd.Categorical:
    """Return the groups that occur, by their names, in the categories' own order or else sorted.

    Raises
    ------
    ModelError
        If two groups have the same name, one as a number and one as text.
    """
    column = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
    column = column.cat.remove_unused_categories()
    groups: pd.Categorical = column.array
    names = [name_of(c) for c in groups.categories]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        where = str(column.name)
        raise refusal(
            ModelError, [Problem("model.group_twice", where, len(twice), {"groups": named(twice)})]
        )
    return groups.rename_categories(names)


def too_few_groups(where: str, count: int) -> list[Problem]:
    """Refuse a column in which nobody, or everybody, is in the same group."""
    if count > 1:
        return []
    return [Problem("model.one_group" if count else "model.no_group", where, count)]


def too_many_groups(where: str, count: int) -> list[Problem]:
    """Refuse more groups than can sensibly be held equal."""
    if count <= MOST_GROUPS:
        return []
    return [Problem("model.too_many_groups", where, count, {"most": MOST_GROUPS})]


def too_small_groups(column: pd.Series, sizes: Mapping[str, int], needed: int) -> list[Problem]:
    """Refuse groups of too few people: they are named, never counted; many numbers want bands."""
    where = str(column.name)
    if is_number(column, len(sizes)) and min(sizes.values()) < ENOUGH:
        return [number_problem(where, column, len(sizes))]
    small = [group for group, n in sizes.items() if n < needed]
    values = {"groups": named(small), "needed": needed}
    return [Problem("model.group_too_small", where, len(small), values)] if small else []


def is_number(column: pd.Series, count: int) -> bool:
    """Whether a column rather measures than names: it holds more numbers than groups are named."""
    measured = is_numeric_dtype(column.dtype) and not is_bool_dtype(column.dtype)
    return measured and count > MANY


def number_problem(where: str, column: pd.Series, count: int) -> Problem:
    """Say that a column of numbers is to be cut into bands, and which these could be."""
    values, _ = numbers(column)
    bands = bands_for(values[~np.isnan(values)])
    written = ", ".join(f"{name} = [{_bound(a)}, {_bound(b)}]" for name, (a, b) in bands.items())
    return Problem("model.group_is_number", where, count, {"bands": written or "..."})


def _bound(bound: Bound) -> str:
    return '""' if bound == "" else str(bound)


def named(groups: Sequence[str]) -> str:
    """Write the first few names of groups."""
    return ", ".join([*groups[:SHOWN], *(["..."] if len(groups) > SHOWN else [])])


def never_together(
    names: Sequence[str], together: NDArray[np.bool_], labels: Sequence[str]
) -> list[Problem]:
    """Items that nobody in a group answered, and pairs that nobody answered both.

    ``together`` says which two somebody answered, (G, p, p).
    """
    found = []
    for both, label in zip(together, labels, strict=True):
        some = np.diag(both)
        empty = [name for name, there in zip(names, some, strict=True) if not there]
        if empty:
            code = "model.item_empty_in_group" if label else "model.item_empty"
            found.append(Problem(code, listing(empty), values={"group": label}))
        i, j = np.nonzero(np.triu(~both, 1) & some & some[:, None])
        pairs = [f"{names[a]}~~{names[b]}" for a, b in zip(i.tolist(), j.tolist(), strict=True)]
        if pairs:
            code = "model.never_together_in_group" if label else "model.never_together"
            values = {"group": label}
            found.append(Problem(code, listing(pairs[:SHOWN]), len(pairs), values))
    return found
