"""Divisions of the respondents, one a grouping: which are asked for, and what small groups become.

A grouping that cannot be compared becomes a `Problem` and not an exception: the others go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from employer_identity.answers import Flags
from employer_identity.dividing import (
    groups_of,
    is_number,
    named,
    number_problem,
    too_few_groups,
    too_many_groups,
)
from employer_identity.errors import ModelError, Problem
from employer_identity.groupings import TELLABLE, crossed, merged_small, of_rows
from employer_identity.language import refusal
from employer_identity.questionnaire import CROSSED, Grouping, Instrument
from employer_identity.special import special_category

Small = Literal["leave_out", "merge"]
Asked: TypeAlias = str | tuple[str, str]
"""A column, or two columns whose combinations are the groups."""


@dataclass(frozen=True)
class Division:
    """A grouping of all respondents, before small groups are dealt with.

    Attributes
    ----------
    grouping
        Its name and what is known of it; a crossing made on the spot is called by both columns.
    groups
        Everybody's group (n,).
    is_made
        Whether it is no column of the data.
    """

    grouping: Grouping
    groups: pd.Categorical
    is_made: bool

    @property
    def name(self) -> str:
        """The column's name."""
        return self.grouping.column


def asked_for(
    groups: Sequence[Asked] | str | None, crossings: Sequence[Asked], instrument: Instrument | None
) -> tuple[tuple[str, ...], ...]:
    """Return the columns of each grouping that is asked for; None asks for all that are declared.

    Raises
    ------
    ModelError
        If there are none, or a crossing is not one of two columns.
    """
    if groups is None:
        declared = instrument.groupings if instrument else ()
        plain: list[Asked] = [g.column for g in declared if not g.special or g.basis.strip()]
    else:
        plain = [groups] if isinstance(groups, str) else list(groups)
    found = [(g,) if isinstance(g, str) else tuple(g) for g in (*plain, *crossings)]
    problems = [
        Problem("across.cross_not_two", CROSSED.join(map(str, columns)), len(set(columns)))
        for columns in found
        if len(columns) not in (1, 2) or len(set(columns)) != len(columns)
    ]
    problems += [Problem("across.cross_not_two", c, 1) for c in crossings if isinstance(c, str)]
    if not found:
        problems.append(Problem("across.no_groups"))
    if problems:
        raise refusal(ModelError, problems)
    return tuple(dict.fromkeys(found))


def divide(
    frame: pd.DataFrame, columns: tuple[str, ...], instrument: Instrument | None, minimum: int
) -> Division | Problem:
    """Make one grouping, or say why it is none."""
    name = CROSSED.join(columns)
    declared = {g.column: g for g in instrument.groupings} if instrument else {}
    if problem := _special(frame, columns, declared):
        return problem
    try:
        parts = [groups_of(frame[c]) for c in columns]
    except ModelError as error:
        return error.problems[0]
    for column, part in zip(columns, parts, strict=True):
        if problem := _unfit(frame[column], part, minimum):
            return problem
    if len(parts) > 1:
        groups = crossed(parts[0], parts[1])
        grouping = Grouping(column=name, cross=columns)
    else:
        groups = parts[0]
        grouping = declared.get(name) or Grouping(column=name, order=_order(frame[name], groups))
    if problems := too_many_groups(name, len(groups.categories)):
        return problems[0]
    return Division(grouping, groups, len(parts) > 1)


def _order(column: pd.Series, groups: pd.Categorical) -> tuple[str, ...]:
    """Return the groups of an ordered column: they have neighbours."""
    in_order = isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered
    return tuple(map(str, groups.categories)) if in_order else ()


def _special(
    frame: pd.DataFrame, columns: tuple[str, ...], declared: dict[str, Grouping]
) -> Problem | None:
    """Refuse special categories of personal data without a basis, and in a crossing."""
    for column in columns:
        grouping = declared.get(column)
        special = grouping.special if grouping else None
        if grouping is None:
            kinds = frame[column].dtype
            values = kinds.categories if isinstance(kinds, pd.CategoricalDtype) else ()
            special = special_category([column], map(str, values))
        values_of = {"special": special, "column": column}
        if special and len(columns) > 1:
            return Problem("across.special_crossed", CROSSED.join(columns), values=values_of)
        if special and not (grouping and grouping.basis.strip()):
            return Problem("across.special", column, values=values_of)
    return None


def _unfit(column: pd.Series, groups: pd.Categorical, minimum: int) -> Problem | None:
    """Say why a column has no groups to compare: none, one, or numbers that want bands."""
    where, count = str(column.name), len(groups.categories)
    sizes = np.bincount(groups.codes[groups.codes >= 0], minlength=1)
    if is_number(column, count) and sizes.min() < minimum:
        return number_problem(where, column, count)
    return next(iter(too_few_groups(where, count)), None)


# --- Small groups


@dataclass(frozen=True)
class Divided:
    """A division for one model: everybody's group, and who is left out.

    Attributes
    ----------
    groups
        Everybody's group (n,).
    kept
        Who is not in a group that is left out (n,).
    notes
        What was left out or merged.
    least
        Fewest people whose number is told.
    """

    groups: pd.Categorical
    kept: Flags
    notes: tuple[Problem, ...] = ()
    least: int = TELLABLE

    @property
    def is_tellable(self) -> bool:
        """Whether the number of people that stay betrays no size of few."""
        return not 0 < (~self.kept).sum() < self.least


def without_small(
    division: Division, usable: Flags, minimum: int, small: Small, where: str
) -> Divided | Problem:
    """Leave small groups out or merge them; `usable` are the people the model can use (n,).

    In an order a small group joins the smaller of its neighbours; without one, small groups become
    one, and if that is still too small the next smallest group joins them. Crossed and special
    groupings have a floor of ten whatever is asked.
    """
    floor = division.grouping.minimum(minimum)
    inside = of_rows(division.groups, usable)
    sizes = inside.value_counts()
    few = [str(g) for g in sizes.index[sizes < floor]]
    everybody = np.ones(len(usable), dtype=bool)
    if not few:
        found = Divided(inside, everybody)
    elif small == "merge":
        found = _merged(division, inside, floor, where)
    else:
        kept = ~division.groups.isin(few)
        values = {"groups": named(few), "minimum": floor}
        note = Problem("across.left_out", where, len(few), values, "change")
        least = division.grouping.minimum(TELLABLE)
        found = Divided(of_rows(inside, kept), kept, (note,), least)
    if len(found.groups.categories) < 2:
        code = "across.one_left" if small == "leave_out" else "across.one_merged"
        return Problem(code, where, len(few), {"minimum": floor})
    return found


def _merged(division: Division, inside: pd.Categorical, floor: int, where: str) -> Divided:
    """Merge by the instrument's own rule and tell it once a merged group, without sizes."""
    rule = division.grouping.model_copy(update={"merge_below": floor})
    merged, _ = merged_small(inside, rule)
    known = inside.codes >= 0
    became = dict(zip(inside.codes[known].tolist(), merged.codes[known].tolist(), strict=True))
    notes = []
    for place, new in enumerate(merged.categories):
        parts = [str(inside.categories[old]) for old in sorted(became) if became[old] == place]
        if len(parts) > 1:
            values = {"groups": named(parts), "new": str(new), "minimum": floor}
            notes.append(Problem("across.merged", where, len(parts), values, "change"))
    return Divided(merged, np.ones(len(inside), dtype=bool), tuple(notes))
