"""Groupings that are made: bands of a number, crossings of two others, merged groups.

Every step is told as a change, with what became what; nothing is merged in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from employer_identity.answers import Flags, Values, numbers
from employer_identity.columns import rows_problem
from employer_identity.errors import Problem
from employer_identity.intake.raw import Raw
from employer_identity.questionnaire import CROSSED, MERGED, OTHER, Grouping, Instrument
from employer_identity.questionnaire_words import span
from employer_identity.special import special_category

TELLABLE = 5  # a merged group of fewer persons is not told by its size
AGES, YEARS = (10, 120), (1800, 2200)  # what a column of either must look like

Columns = Mapping[str, "pd.Series[float] | pd.Categorical"]
Made = tuple[pd.Categorical | None, list[Problem]]
Held = dict[str, tuple[str, ...]]
"""Merged group -> the groups that became it."""


def derive(
    frame: pd.DataFrame, columns: Columns, instrument: Instrument, raw: Raw
) -> tuple[dict[str, pd.Categorical], dict[str, Held], list[Problem]]:
    """Make the groupings that are no plain columns of the file, and merge groups.

    Respondents without any answered item count nowhere and are missing in what is made.

    Parameters
    ----------
    frame
        The columns as they stand in the source.
    columns
        The columns that were read: items as numbers, plain groupings as ordered categoricals.

    Returns
    -------
    The groupings that were made or changed, as ordered categoricals of the groups that occur; of
    each what its merged groups hold; and what was found: errors, values outside all bands
    (warnings), and ``survey.changed.*``.
    """
    answered = _answered(columns, instrument, len(frame))
    made: dict[str, pd.Categorical] = {}
    held: dict[str, Held] = {}
    problems: list[Problem] = []
    for grouping in sorted(instrument.groupings, key=lambda g: bool(g.cross)):
        groups, found = _first(grouping, frame, {**columns, **made}, raw)
        problems += found
        if groups is None:
            continue
        if not grouping.special and (category := special_category([], groups.categories)):
            values = {"special": category}
            problems.append(Problem("groupings.special_values", grouping.column, values=values))
        if not grouping.is_changed:
            continue
        before = groups = of_rows(groups, answered)
        several = len(groups.categories) > 1
        for step in (_merged, merged_small):
            groups, found = step(groups, grouping)
            problems += found
        if several or grouping.is_made:
            problems += _too_few_groups(groups, grouping)
        made[grouping.column] = groups
        held[grouping.column] = _held(before, groups, grouping)
    return made, held, problems


def _answered(columns: Columns, instrument: Instrument, n: int) -> Flags:
    items = [columns[i] for i in instrument.item_names if i in columns]
    return np.any([pd.notna(i) for i in items], axis=0) if items else np.ones(n, dtype=bool)


def of_rows(groups: pd.Categorical, kept: Flags) -> pd.Categorical:
    """Return groups that are missing for everybody else, without those that are empty then."""
    codes = np.where(kept, groups.codes, -1)
    every = pd.Categorical.from_codes(codes, categories=groups.categories, ordered=True)
    return every.remove_unused_categories()


def _first(grouping: Grouping, frame: pd.DataFrame, columns: Columns, raw: Raw) -> Made:
    """Return a grouping before anything is merged, or None where it cannot be made."""
    if grouping.is_made and grouping.column in frame:
        return None, [Problem("groupings.name_taken", grouping.column)]
    if grouping.source:
        return _banded(grouping, frame, raw) if grouping.source in frame else (None, [])
    if grouping.cross:
        one, other = (columns.get(c) for c in grouping.cross)
        both = isinstance(one, pd.Categorical) and isinstance(other, pd.Categorical)
        return (crossed(one, other) if both else None), []
    plain = columns.get(grouping.column)
    return (plain if isinstance(plain, pd.Categorical) else None), []


def _too_few_groups(groups: pd.Categorical, grouping: Grouping) -> list[Problem]:
    if len(groups.categories) > 1:
        return []
    code = "groupings.one_group_left" if len(groups.categories) else "groupings.no_group"
    return [Problem(code, grouping.column)]


# --- Bands


def _banded(grouping: Grouping, frame: pd.DataFrame, raw: Raw) -> Made:
    """Cut the numbers of a column into bands; parts of a whole number are left out.

    With a year the column holds ages: a year of birth is the year minus the age, which is right to
    one year, since a birthday may still have been to come.
    """
    column = frame[grouping.source]
    values, text = numbers(column)
    where = f"{grouping.column}, {grouping.source}"
    if text.any():
        return None, rows_problem("groupings.text_in_bands", where, text, raw)
    if strange := _other_kind(values, grouping, where):
        return None, [strange]
    years = np.floor(values) if grouping.year is None else grouping.year - np.floor(values)
    names = list(grouping.order or grouping.bands)
    codes = np.full(len(years), -1)
    for place, name in enumerate(names):
        low, high = (np.nan if b == "" else float(b) for b in grouping.bands[name])
        codes[~((years < low) | (years > high) | np.isnan(years))] = place
    written = ", ".join(f"{name} {span(grouping.bands[name])}" for name in names)
    told = {"source": grouping.source, "bands": written, "year": str(grouping.year)}
    outside = (codes < 0) & ~np.isnan(years)
    found = [
        replace(p, severity="warning")
        for p in rows_problem("groupings.outside_bands", where, outside, raw, told)
    ]
    by_age = grouping.year is not None
    code = "survey.changed.banded_ages" if by_age else "survey.changed.banded"
    found.append(Problem(code, grouping.column, int((codes >= 0).sum()), told, "change"))
    return pd.Categorical.from_codes(codes, categories=names, ordered=True), found


def _other_kind(values: Values, grouping: Grouping, where: str) -> Problem | None:
    """Tell ages where years of birth are meant, and the reverse, by what most numbers are."""
    bounds = np.array([b for band in grouping.bands.values() for b in band if b != ""], dtype=float)
    by_year = _mostly(bounds, YEARS)
    if grouping.year is None and by_year and _mostly(values, AGES):
        return Problem("groupings.ages_for_years", where)
    if grouping.year is not None and _mostly(values, YEARS):
        return Problem("groupings.years_for_ages", where, values={"year": str(grouping.year)})
    if grouping.year is None and _mostly(bounds, (0, AGES[1])) and _mostly(values, YEARS):
        return Problem("groupings.years_in_bands_of_ages", where)
    return None


def _mostly(values: Values, span: tuple[int, int]) -> bool:
    known = values[~np.isnan(values)]
    return bool(len(known) and np.mean((known >= span[0]) & (known <= span[1])) > 0.5)


# --- Crossings


def crossed(one: pd.Categorical, other: pd.Categorical) -> pd.Categorical:
    """Return the combinations that occur, in the order of the first grouping, then the second."""
    names = [f"{a}{CROSSED}{b}" for a in one.categories for b in other.categories]
    codes = one.codes.astype(int) * len(other.categories) + other.codes
    codes[(one.codes < 0) | (other.codes < 0)] = -1
    groups = pd.Categorical.from_codes(codes, categories=names, ordered=True)
    return groups.remove_unused_categories()


# --- Merging

Merged = tuple[pd.Categorical, list[Problem]]


def _sizes(groups: pd.Categorical) -> dict[str, int]:
    return {str(group): int(n) for group, n in groups.value_counts().items()}


def _together(sizes: Mapping[str, int], becomes: Mapping[str, str]) -> dict[str, int]:
    """Return the sizes of groups under their new names."""
    added: dict[str, int] = {}
    for group, new in becomes.items():
        added[new] = added.get(new, 0) + sizes[group]
    return added


def _renamed(groups: pd.Categorical, becomes: Mapping[str, str]) -> pd.Categorical:
    """Give groups their new names; a new group stands where the first of its parts stood."""
    names = [becomes.get(c, c) for c in groups.categories]
    new = list(dict.fromkeys(names))
    place = np.array([*map(new.index, names), -1])
    return pd.Categorical.from_codes(place[groups.codes], categories=new, ordered=True)


def _held(before: pd.Categorical, after: pd.Categorical, grouping: Grouping) -> Held:
    """Return the groups that merged ones hold; of stated ones also those in which nobody is."""
    stated = {part: parts for parts in grouping.merge.values() for part in parts}
    found: dict[str, set[str]] = {}
    for new, old in set(zip(after.codes.tolist(), before.codes.tolist(), strict=True)):
        if new >= 0:
            part = str(before.categories[old])
            found.setdefault(str(after.categories[new]), set()).update(stated.get(part, (part,)))
    return {new: tuple(sorted(parts)) for new, parts in sorted(found.items()) if parts != {new}}


def _merged(groups: pd.Categorical, grouping: Grouping) -> Merged:
    """Merge as the instrument states it."""
    problems: list[Problem] = []
    becomes: dict[str, str] = {}
    sizes, where = _sizes(groups), grouping.column
    for new, parts in grouping.merge.items():
        absent = [p for p in parts if p not in {*sizes, *grouping.order, *grouping.bands}]
        if absent:
            values = {"absent": ", ".join(absent), "known": ", ".join(sizes)}
            problems.append(Problem("groupings.nothing_to_merge", where, len(absent), values))
        there = [p for p in parts if p in sizes]
        becomes |= dict.fromkeys(there, new)
        if there:
            tellable = all(sizes[p] >= TELLABLE for p in there)
            old = ", ".join(f"{p} ({sizes[p]})" if tellable else p for p in there)
            told = {"old": old, "new": new}
            code = "survey.changed.merged_stated"
            problems.append(Problem(code, where, len(there), told, "change"))
    return _renamed(groups, becomes), problems


def merged_small(groups: pd.Categorical, grouping: Grouping) -> Merged:
    """Merge groups below the floor, the smallest first, until every group reaches it.

    In an order a group joins the smaller of its neighbours; without one, small groups become
    "other", and if that is still too small, the next smallest group joins them.
    """
    problems: list[Problem] = []
    becomes = {c: c for c in map(str, groups.categories)}
    where, partner_of = grouping.column, (_neighbour if grouping.is_ordered else _pool)
    counts = _sizes(groups)
    while len(sizes := _together(counts, becomes)) > 1:
        small = min(sizes, key=lambda group: sizes[group])
        if sizes[small] >= (grouping.merge_below or 0):
            break
        partner, new = partner_of(small, sizes)
        becomes = {c: new if b in (small, partner) else b for c, b in becomes.items()}
        told = {"small": small, "partner": partner, "new": new}
        if (n := sizes[small]) >= TELLABLE:
            found = Problem("survey.changed.merged_small", where, n, told, "change")
        else:
            found = Problem("survey.changed.merged_few", where, 0, told, "change")
        problems.append(found)
    return _renamed(groups, becomes), problems


def _neighbour(group: str, sizes: Mapping[str, int]) -> tuple[str, str]:
    """Return the smaller neighbour in the order, and what both are called together."""
    names = list(sizes)
    place = names.index(group)
    beside = names[max(place - 1, 0) : place] + names[place + 1 : place + 2]
    partner = min(beside, key=lambda name: sizes[name])
    return partner, MERGED.join(sorted((group, partner), key=names.index))


def _pool(group: str, sizes: Mapping[str, int]) -> tuple[str, str]:
    """Return "other" where there is one, else the next smallest group; they become "other"."""
    rest = sorted((c for c in sizes if c != group), key=lambda c: (c != OTHER, sizes[c]))
    return rest[0], OTHER
