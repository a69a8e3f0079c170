"""Loading a survey: everything that is wrong with it at once, and what was changed on the way."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from employer_identity.columns import (
    check_columns,
    check_respondents,
    date,
    duration,
    groups,
    named_columns,
    needed,
    wave,
    weight,
)
from employer_identity.edge import checked
from employer_identity.errors import Problem, SurveyError, SurveyWarning, users_level
from employer_identity.groupings import Held, derive
from employer_identity.instrument import load_instrument
from employer_identity.intake.files import read
from employer_identity.intake.parquet import SUFFIXES
from employer_identity.intake.raw import Raw, of_frame
from employer_identity.labelling import labelled, renamed
from employer_identity.language import Language, describe, refusal, say
from employer_identity.narrow import Narrow
from employer_identity.questionnaire import Instrument
from employer_identity.questions import Asked, check_identical, check_outside, gathered, question
from employer_identity.screening import Seen, screen
from employer_identity.showing import Showing, View
from employer_identity.survey import Survey

Source: TypeAlias = str | Path | pd.DataFrame | Sequence[str | Path]
Columns: TypeAlias = dict[str, "pd.Series | pd.Categorical"]

EXPLAINED = {"survey.repeated_rows": "survey.duplicate_respondent"}
"""A finding -> the one that explains it, beside which it is not told."""


@dataclass(frozen=True, repr=False)
class Check(Showing):
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
    source
        Names of the files, without their folders.
    """

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    changes: tuple[Problem, ...]
    survey: Survey | None
    source: str = ""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that was found, errors first."""
        return (*self.errors, *self.warnings, *self.changes)

    def table(self, language: Language = "en") -> pd.DataFrame:
        """Return what was found, a row each: severity, code, where, count, message."""
        rows = [
            (p.severity, p.code, p.where, p.count, describe(p, language)) for p in self.problems
        ]
        return pd.DataFrame(rows, columns=["severity", "code", "where", "count", "message"])

    def counted(self, language: Language = "en") -> str:
        """Say how much was found."""
        found = {"errors": self.errors, "warnings": self.warnings, "changes": self.changes}
        return say("checking.counted", language, **{k: len(v) for k, v in found.items()})

    def _view(self) -> View:
        told = (f"{say(f'checking.{p.severity}')}: {describe(p)}" for p in self.problems)
        return View(self.counted(), tuple(told))


@checked(SurveyError)
def load_survey(source: Source, *, instrument: str | Path | Instrument) -> Survey:
    """Read and check a survey.

    Answers, groups, dates and weights are read as people write them; what was turned into something
    else is listed in `Survey.changes`. Rows without any answered item are left out and counted.

    Parameters
    ----------
    source
        Path of a file with one row a respondent; several such paths, a pattern
        (``"answers/*.parquet"``) or a folder of Parquet files, which are one survey; or a frame.
        Of Parquet files only the columns that the instrument names are read, and held narrow.
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

    Examples
    --------
    >>> survey = ei.load_survey("employees.csv", instrument="instrument.toml")
    >>> survey.of_wave("2026").n
    4800
    """
    found = check_survey(source, instrument=instrument)
    if found.survey is None:
        raise refusal(SurveyError, found.errors)
    if found.warnings:
        text = "\n".join(describe(p) for p in found.warnings)
        warnings.warn(SurveyWarning(text, found.warnings), stacklevel=users_level())
    return found.survey


@checked(SurveyError)
def check_survey(source: Source, *, instrument: str | Path | Instrument) -> Check:
    """Check a survey as `load_survey` does, and return all that is found instead of raising it.

    Examples
    --------
    >>> check = ei.check_survey("employees.csv", instrument="instrument.toml")
    >>> check.table("nl")
    """
    if not isinstance(instrument, Instrument):
        instrument = load_instrument(instrument)
    frame = source if isinstance(source, pd.DataFrame) else None
    paths = [] if isinstance(source, pd.DataFrame) else paths_of(source)
    try:
        raw = read(paths, needed(instrument)) if frame is None else of_frame(frame)
    except SurveyError as error:
        return Check(error.problems, (), (), None, ", ".join(p.name for p in paths))
    raw = renamed(raw, instrument)
    return _check(raw, labelled(instrument, raw))


def paths_of(source: str | Path | Sequence[str | Path]) -> list[Path]:
    """Return the files that paths, patterns and folders of Parquet files stand for."""
    named = [source] if isinstance(source, str | Path) else source
    return [path for one in named for path in _meant(Path(one))]


def _meant(path: Path) -> list[Path]:
    """Return the files that one name stands for; where there are none, the name itself."""
    found = list[Path]()
    if path.is_dir():
        found = [p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()]
    elif not path.exists():
        found = [Path(p) for p in glob(str(path), recursive=True)]
    return sorted(found) or [path]


def _check(raw: Raw, instrument: Instrument) -> Check:
    columns, merged, found = _examine(raw, instrument)
    answers = pd.DataFrame(columns, index=pd.RangeIndex(len(raw.frame)))
    items = [i for i in instrument.item_names if i in answers]
    empty = answers[items].isna().all(axis=1).to_numpy() if items else np.zeros(len(answers), bool)
    if n := int(empty.sum()):
        found.append(Problem("survey.changed.no_item_answered", raw.name, n, severity="change"))
        answers = answers[~empty]
    found += screen(Seen(answers, instrument, raw))
    codes = {p.code for p in found}
    found = [p for p in found if EXPLAINED.get(p.code) not in codes]
    errors, doubts, changes = (
        tuple(p for p in found if p.severity == s) for s in ("error", "warning", "change")
    )
    if errors:
        return Check(errors, doubts, changes, None, raw.name)
    answers = answers.reset_index(drop=True)
    held = Narrow.of(answers) if raw.is_narrow else _wide(answers, instrument)
    known = instrument.holding(merged)
    survey = Survey(held, known, changes, doubts, raw.name, raw.sha256)
    return Check(errors, doubts, changes, survey, raw.name)


def _wide(answers: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Return answers to questions as floats, NaN where there is none."""
    questions = (*instrument.item_names, *instrument.outcome_names)
    return answers.astype(dict.fromkeys(questions, float))


def _examine(raw: Raw, instrument: Instrument) -> tuple[Columns, dict[str, Held], list[Problem]]:
    """Turn the columns that the instrument names into answers; collect all that is found.

    Beside them: of each grouping what its merged groups hold.

    A column with an error is left out, so that one fault is not told as several.
    """
    present = [*map(str, raw.frame.columns), *raw.others]
    problems = [*raw.changes, *check_columns(present, instrument)]
    if raw.frame.empty:
        return {}, {}, [*problems, Problem("survey.no_rows", raw.name)]
    frame = raw.frame.loc[:, ~raw.frame.columns.duplicated()]
    columns, found = _questions(frame, instrument, raw)
    problems += found
    for read_some in (_named, _roles):
        more, found = read_some(frame, instrument, raw)
        columns |= more
        problems += found
    made, held, found = derive(frame, columns, instrument, raw)
    columns |= made
    problems += found
    if instrument.respondent in frame:
        waves = columns.get(instrument.wave) if instrument.wave else None
        problems += check_respondents(frame[instrument.respondent], waves, raw)
    return columns, held, problems


def _questions(
    frame: pd.DataFrame, instrument: Instrument, raw: Raw
) -> tuple[Columns, list[Problem]]:
    """Read items and outcomes, and turn the reversed ones."""
    scale, every = instrument.scale, (*instrument.items, *instrument.outcomes)
    asked: dict[str, Asked] = {
        q.name: question(frame[q.name], scale, raw) for q in every if q.name in frame
    }
    found = [p for a in asked.values() for p in a.problems]
    problems = [p for p in found if p.severity != "change"]
    problems += [*check_outside(asked, scale, raw), *check_identical(asked)]
    problems += gathered(p for p in found if p.severity == "change")
    columns: Columns = {}
    reverse = [q.name for q in every if q.reverse and q.name in asked]
    for name, a in asked.items():
        if a.is_sound:
            values = scale.minimum + scale.maximum - a.values if name in reverse else a.values
            columns[name] = values
    if reverse:
        n = len(reverse)
        problems.append(Problem("survey.changed.reversed", ", ".join(reverse), n, {}, "change"))
    return columns, problems


def _named(frame: pd.DataFrame, instrument: Instrument, raw: Raw) -> tuple[Columns, list[Problem]]:
    """Read the columns that hold names of groups."""
    columns, problems = Columns(), list[Problem]()
    orders = {g.column: g.order for g in instrument.groupings if not g.is_made}
    for name in named_columns(instrument):
        if name in frame:
            values, found = groups(frame[name], orders.get(name), raw)
            problems += found
            if not any(p.severity == "error" for p in found):
                columns[name] = values
    return columns, problems


def _roles(frame: pd.DataFrame, instrument: Instrument, raw: Raw) -> tuple[Columns, list[Problem]]:
    """Read wave, date, duration and weight."""
    columns, problems = Columns(), list[Problem]()
    for read_role in (wave, date, duration, weight):
        name = getattr(instrument, read_role.__name__)
        if name is not None and name in frame:
            values, found = read_role(frame[name], raw)
            problems += found
            if not any(p.severity == "error" for p in found):
                columns[name] = values
    return columns, problems
