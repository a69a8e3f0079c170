"""Loading a survey: everything that is wrong with it at once, and what was changed on the way."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from employer_identity.answers import numbers
from employer_identity.columns import (
    check_columns,
    check_identical,
    date,
    duration,
    groups,
    named_columns,
    question,
    rows_problem,
    wave,
)
from employer_identity.errors import Problem, SurveyError, SurveyWarning
from employer_identity.instrument import load_instrument
from employer_identity.intake.files import read
from employer_identity.intake.raw import Raw, of_frame
from employer_identity.language import describe, refusal
from employer_identity.questionnaire import Instrument
from employer_identity.survey import Survey

SMALL = 5  # a group of fewer persons is too small to be described or compared

Source: TypeAlias = str | Path | pd.DataFrame | Sequence[str | Path]


@dataclass(frozen=True)
class Check:
    """What checking a survey found.

    Attributes
    ----------
    errors
        What forbids the use of the survey.
    warnings
        What makes the answers worth a second look.
    changes
        What loading leaves out, recodes or merges.
    survey
        The survey, or None where there are errors.
    """

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    changes: tuple[Problem, ...]
    survey: Survey | None


def load_survey(source: Source, *, instrument: str | Path | Instrument) -> Survey:
    """Read and check a survey.

    Text files may be separated by commas, semicolons or tabs, have decimal commas, and be encoded
    in UTF-8 or as Windows does (cp1252). Rows without any answered item are left out and counted.

    Parameters
    ----------
    source
        Path of a CSV or Parquet file with a header and one row a respondent, several such paths, or
        such a frame.
    instrument
        An instrument, its TOML file, or the name of one that comes with the package.

    Raises
    ------
    InstrumentError
        If the instrument cannot be used.
    SurveyError
        If the survey cannot be used, with all its problems.

    Warns
    -----
    SurveyWarning
        If some of it is worth a second look; `check_survey` returns the same as data.
    """
    found = check_survey(source, instrument=instrument)
    if found.survey is None:
        raise refusal(SurveyError, found.errors)
    if found.warnings:
        text = "\n".join(describe(p) for p in found.warnings)
        warnings.warn(SurveyWarning(text, found.warnings), stacklevel=2)
    return found.survey


def check_survey(source: Source, *, instrument: str | Path | Instrument) -> Check:
    """Check a survey as `load_survey` does, and return all that is found instead of raising it."""
    if not isinstance(instrument, Instrument):
        instrument = load_instrument(instrument)
    try:
        raw = _raw(source)
    except SurveyError as error:
        return Check(error.problems, (), (), None)
    return _check(raw, instrument)


def _raw(source: Source) -> Raw:
    if isinstance(source, pd.DataFrame):
        return of_frame(source)
    paths = [source] if isinstance(source, str | Path) else source
    return read([Path(p) for p in paths])


def _check(raw: Raw, instrument: Instrument) -> Check:
    columns, found = _examine(raw, instrument)
    if any(p.severity == "error" for p in found):
        return _sorted(found, None)
    answers = pd.DataFrame(columns)
    answered = answers[list(instrument.item_names)].notna().any(axis=1)
    if empty := int((~answered).sum()):
        code = "survey.changed.no_item_answered"
        found.append(Problem(code, raw.name, empty, severity="change"))
    answers = answers[answered].reset_index(drop=True)
    found += _small_groups(answers, instrument)
    ordered = _sorted(found, None)
    survey = Survey(answers, instrument, ordered.changes, ordered.warnings, raw.name, raw.sha256)
    return _sorted(found, survey)


def _sorted(found: Sequence[Problem], survey: Survey | None) -> Check:
    """Lay errors, warnings and changes apart."""
    errors, doubts, changes = (
        tuple(p for p in found if p.severity == s) for s in ("error", "warning", "change")
    )
    return Check(errors, doubts, changes, survey)


def _examine(
    raw: Raw, instrument: Instrument
) -> tuple[dict[str, pd.Series[float] | pd.Categorical], list[Problem]]:
    """Turn the columns that the instrument names into answers; collect all that is found."""
    problems = [*raw.changes, *check_columns(raw.frame, instrument)]
    if raw.frame.empty:
        return {}, [*problems, Problem("survey.no_rows", raw.name)]
    frame = raw.frame.loc[:, ~raw.frame.columns.duplicated()]
    columns: dict[str, pd.Series[float] | pd.Categorical] = {}
    for asked in (*instrument.items, *instrument.outcomes):
        if asked.name in frame:
            values, found = question(frame[asked.name], instrument, raw)
            problems += found
            turned = instrument.scale.minimum + instrument.scale.maximum - values
            columns[asked.name] = pd.Series(turned if asked.reverse else values)
    problems += check_identical(columns, instrument)
    orders = {g.column: g.order for g in instrument.groupings}
    for name in named_columns(instrument):
        if name in frame:
            columns[name], found = groups(frame[name], orders.get(name), raw)
            problems += found
    readers = {instrument.wave: wave, instrument.date: date, instrument.duration: duration}
    for role, read_role in readers.items():
        if role is not None and role in frame:
            columns[role], found = read_role(frame[role], raw)
            problems += found
    weight, respondent = instrument.weight, instrument.respondent
    if weight is not None and weight in frame:
        values, _ = numbers(frame[weight])
        problems += rows_problem("survey.bad_weight", weight, ~(values >= 0), raw)
        columns[weight] = pd.Series(values)
    if respondent is not None and respondent in frame:
        ids = frame[respondent]
        twice = (ids.duplicated(keep=False) & ids.notna()).to_numpy(dtype=bool)
        problems += rows_problem("survey.duplicate_respondent", respondent, twice, raw)
    return columns, problems


def _small_groups(answers: pd.DataFrame, instrument: Instrument) -> list[Problem]:
    there = [g.column for g in instrument.groupings if g.column in answers]
    sizes = {column: answers[column].value_counts() for column in there}
    small = {column: int((n < SMALL).sum()) for column, n in sizes.items()}
    values = {"minimum": SMALL}
    return [
        Problem("survey.small_groups", column, n, values, severity="warning")
        for column, n in small.items()
        if n
    ]
