"""What may be shown: minimum cells, and the siblings that would give a hidden cell away.

A table that shows a total and all of its parts but one shows that one too. Whoever hides a small
part therefore hides a second one, so that what is left over after subtraction is again a group of
people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from employer_identity.questionnaire import CROSSED

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument
    from employer_identity.survey import Survey

MINIMUM = 5
DISTRIBUTION = 10
"""Fewest persons of whom more is shown than a mean: how their answers are distributed."""


@dataclass(frozen=True)
class Shown:
    """A figure or table as it goes into a report.

    Parameters
    ----------
    key
        Its name in the report, for example ``"ladder"``.
    kind
        ``"figure"`` or ``"table"``.
    content
        A matplotlib ``Figure`` or a great_tables ``GT``.
    caption
        One line under the figure or above the table.
    alt
        What a reader who cannot see the figure is told; with its numbers.
    counts
        How many persons stand behind each cell that is shown.
    """

    key: str
    kind: Literal["figure", "table"]
    content: Any
    caption: str
    alt: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


def hidden(
    counts: pd.Series[int], *, minimum: int = MINIMUM, already: pd.Series[bool] | None = None
) -> pd.Series[bool]:
    """Decide which cells of a two-level table stay hidden when every parent's total is known.

    Hidden are the children below `minimum`; and, smallest first, as many of their siblings as it
    takes until a parent's total minus its shown children is empty or is again `minimum` persons in
    two cells or more. A parent that is itself below `minimum` has all of its children hidden.

    Parameters
    ----------
    counts
        Persons per cell, indexed by (parent, child); empty cells (0) give nobody away and stay.
    minimum
        Smallest number of persons that is shown.
    already
        Cells that are hidden for another reason, as in a table with two kinds of parents.

    Returns
    -------
    Booleans with the index of `counts`: True is hidden.

    Examples
    --------
    >>> counts = pd.Series({("care", "A"): 4, ("care", "B"): 9, ("care", "C"): 30})
    >>> hidden(counts).tolist()
    [True, True, False]
    """
    mask = (counts > 0) & (counts < minimum)
    if already is not None:
        mask |= already.to_numpy()
    parents = counts.index.get_level_values(0)
    for parent in parents.unique():
        family = counts[parents == parent]
        shown = family[(family >= minimum) & ~mask[family.index]].sort_values(kind="stable")
        for cell in shown.index:
            away = family[mask[family.index]]
            if away.empty or (len(away) > 1 and away.sum() >= minimum):
                break
            mask[cell] = True
    return mask.rename("hidden")


def withhold_units(units: pd.DataFrame, *, minimum: int = MINIMUM) -> pd.DataFrame:
    """Take the numbers out of the rows of `brand.unit_levels` that may not be shown.

    A unit counts as many persons as its pillar with the fewest scores. Sectors are decided within
    the whole, employers within their sector, and a hidden sector hides its employers.

    Returns
    -------
    The same rows with ``hidden``; n, mean, sd and se are missing where it is True.
    """
    persons = units.groupby(["sector", "employer"], sort=False)["n"].min()
    of_sectors = persons.index.get_level_values("employer") == ""
    sectors = persons[of_sectors].droplevel("employer")
    away = (
        hidden(pd.concat({"": sectors}), minimum=minimum) if len(sectors) else pd.Series(dtype=bool)
    )
    hidden_sectors = {sector for (_, sector), gone in away.items() if gone}
    employers = hidden(persons[~of_sectors], minimum=minimum)
    gone = {key for key, is_hidden in employers.items() if is_hidden}
    mask = units["sector"].isin(hidden_sectors) | pd.Series(
        [key in gone for key in zip(units["sector"], units["employer"], strict=True)],
        index=units.index,
    )
    shown = units.assign(hidden=mask).astype({"n": float})
    shown.loc[mask, ["n", "mean", "sd", "se"]] = float("nan")
    return shown


def floor(instrument: Instrument, column: str, *, minimum: int = MINIMUM) -> int:
    """Return the fewest persons of whom something is shown by this grouping."""
    grouping = next((g for g in instrument.groupings if g.column == column), None)
    return grouping.minimum(minimum) if grouping else minimum


def large_groups(survey: Survey, column: str, minimum: int) -> Survey:
    """Return the survey with nobody in groups of fewer than `minimum` persons."""
    groups = survey.answers[column]
    n = groups.value_counts()
    small = list(n.index[(n > 0) & (n < minimum)])
    if not small:
        return survey
    kept = groups.cat.remove_categories(small)
    return replace(survey, answers=survey.answers.assign(**{column: kept}))


def withhold_margins(
    margins: pd.DataFrame, *, minimum: int = MINIMUM, floors: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """Take the counts out of the rows of `brand.margins` that may not be shown; adds ``hidden``.

    `floors` holds the groupings of which more than `minimum` persons are asked.
    """
    counts = margins.set_index(["grouping", "category"])["n"]
    lowest = {g: (floors or {}).get(g, minimum) for g in margins["grouping"].unique()}
    parts = [_hidden_categories(counts.loc[[g]], n) for g, n in lowest.items()]
    mask = pd.concat(parts).reindex(counts.index).to_numpy() if parts else []
    shown = margins.assign(hidden=mask).astype({"n": float})
    shown.loc[shown["hidden"], ["n", "share"]] = float("nan")
    return shown


def _hidden_categories(counts: pd.Series[int], minimum: int) -> pd.Series[bool]:
    """Decide within one grouping; a crossed one also within each group that it crosses.

    The groups that are crossed have totals in the same table, so that a cell is protected only if
    another one is hidden both in its row and in its column.
    """
    parts = [str(c).split(CROSSED) for c in counts.index.get_level_values(1)]
    mask = hidden(counts, minimum=minimum)
    if not mask.any() or not any(len(p) == 2 for p in parts) or any(len(p) > 2 for p in parts):
        return mask
    before = -1
    while mask.sum() > before:
        before = int(mask.sum())
        for end in (0, -1):
            family = counts.set_axis(
                pd.MultiIndex.from_arrays([[p[end] for p in parts], range(len(parts))])
            )
            found = hidden(family, minimum=minimum, already=mask)
            mask = pd.Series(found.to_numpy(), index=counts.index)
    return mask
