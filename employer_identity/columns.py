"""Columns of a survey, one by one: their values, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from employer_identity.answers import Flags, Values, days, names, numbers
from employer_identity.errors import Problem
from employer_identity.intake.raw import Raw
from employer_identity.language import nearest
from employer_identity.questionnaire import Instrument

SHOWN_ROWS = 5  # row numbers a message names; the rest is counted


def named_columns(instrument: Instrument) -> dict[str, None]:
    """Columns of the file that hold names of groups, once each."""
    plain = [g.column for g in instrument.groupings if not (g.source or g.cross)]
    units = (instrument.employer, instrument.sector, instrument.cluster)
    return dict.fromkeys([*plain, *filter(None, units)])


def check_columns(frame: pd.DataFrame, instrument: Instrument) -> Iterator[Problem]:
    """Columns that are declared but absent, or there more than once."""
    present = [str(c) for c in frame.columns]
    questions = (*instrument.item_names, *instrument.outcome_names)
    sources = [g.source for g in instrument.groupings if g.source]
    roles = (instrument.weight, instrument.respondent, instrument.wave, instrument.date)
    others = [*sources, *filter(None, (*roles, instrument.duration))]
    declared = dict.fromkeys([*questions, *named_columns(instrument), *others])
    absent, free = [], [c for c in present if c not in declared]
    for name in declared:
        if (n := present.count(name)) > 1:
            yield Problem("survey.duplicate_column", name, n)
        if n == 0 and (near := nearest(name, free)):
            yield Problem("survey.missing_column_near", name, values={"near": near})
        elif n == 0:
            absent.append(name)
    if absent:
        yield Problem("survey.missing_columns", ", ".join(absent), len(absent))


def question(
    column: pd.Series[str], instrument: Instrument, raw: Raw
) -> tuple[Values, list[Problem]]:
    """Answers of one question as numbers, and what is wrong with them."""
    name, scale = str(column.name), instrument.scale
    values, text = numbers(column)
    values[np.isin(values, scale.missing)] = np.nan
    broken = np.isfinite(values) & (values != np.round(values))
    outside = ~broken & ((values < scale.minimum) | (values > scale.maximum))
    codes = sorted({int(v) for v in values[outside]})
    allowed = {"minimum": scale.minimum, "maximum": scale.maximum}
    listed = ", ".join(map(str, codes[:SHOWN_ROWS])) + (", ..." if len(codes) > SHOWN_ROWS else "")
    problems = [
        *rows_problem("survey.text_in_scale", name, text, raw, allowed),
        *rows_problem("survey.not_whole", name, broken, raw, allowed),
        *rows_problem("survey.out_of_range", name, outside, raw, allowed | {"codes": listed}),
    ]
    answered = np.unique(values[np.isfinite(values)])
    if not problems and not answered.size:
        problems.append(Problem("survey.empty_column", name))
    if not problems and answered.size == 1 and len(values) > 1:
        problems.append(Problem("survey.constant_item", name))
    return values, problems


def groups(
    column: pd.Series, order: Sequence[str] | None, raw: Raw
) -> tuple[pd.Categorical, list[Problem]]:
    """Names of groups as categories; ordered and checked where the column is a grouping."""
    found, where = names(column), str(column.name)
    if order is None:
        return found, []
    problems = []
    if order:
        allowed, known = {"allowed": ", ".join(order)}, found.categories.isin(order)
        unknown = (found.codes >= 0) & ~known[found.codes] if len(known) else np.array([])
        problems = rows_problem("survey.unknown_group", where, unknown, raw, allowed)
        if not problems:
            found = found.set_categories([n for n in order if n in found.categories])
    if not len(found.categories):
        problems = [Problem("survey.empty_column", where)]
    elif len(found.categories) == 1:
        problems.append(Problem("survey.one_group", where))
    return found.as_ordered(), problems


def wave(column: pd.Series, raw: Raw) -> tuple[pd.Categorical, list[Problem]]:
    """Names of the waves, the first one first."""
    found, where = names(column), str(column.name)
    if not len(found.categories):
        return found, [Problem("survey.empty_column", where)]
    return found.as_ordered(), doubts(rows_problem("survey.no_wave", where, found.codes < 0, raw))


def date(column: pd.Series, raw: Raw) -> tuple[pd.Series, list[Problem]]:
    """Days on which respondents answered."""
    found, strange = days(column)
    return found, doubts(rows_problem("survey.unreadable_date", str(column.name), strange, raw))


def duration(column: pd.Series, raw: Raw) -> tuple[pd.Series, list[Problem]]:
    """How many seconds respondents took."""
    found, text = numbers(column)
    strange = text | (found < 0)
    where = str(column.name)
    found = pd.Series(found).where(~strange)
    return found, doubts(rows_problem("survey.unreadable_duration", where, strange, raw))


def doubts(problems: Sequence[Problem]) -> list[Problem]:
    """Return problems as warnings: they do not forbid the use of the survey."""
    return [replace(p, severity="warning") for p in problems]


def check_identical(
    columns: Mapping[str, pd.Series[float] | pd.Categorical], instrument: Instrument
) -> Iterator[Problem]:
    """Items with the same answers throughout: one column copied, and a singular covariance."""
    first: dict[bytes, str] = {}
    for name in instrument.item_names:
        column = columns.get(name)
        if isinstance(column, pd.Series) and column.nunique() > 1:
            twin = first.setdefault(column.to_numpy().tobytes(), name)
            if twin != name:
                yield Problem("survey.identical_items", f"{twin}, {name}")


def rows_problem(
    code: str, where: str, bad: Flags, raw: Raw, values: Mapping[str, object] | None = None
) -> list[Problem]:
    """One problem with its row numbers if there are bad rows, else none."""
    found = np.flatnonzero(bad)
    shown = ", ".join(raw.places(found[:SHOWN_ROWS]))
    rows = shown + (", ..." if len(found) > SHOWN_ROWS else "")
    return (
        [Problem(code, where, len(found), {"rows": rows, **(values or {})})] if len(found) else []
    )
