"""What a template's parameters come to with a survey: what is left to it, and what does not go."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from employer_identity.errors import Problem
from employer_identity.language import nearest
from employer_identity.questionnaire import Instrument
from employer_identity.reports.parameters import (
    SEPARATOR,
    MeasurementParameters,
    Parameters,
    StudyParameters,
    UnitParameters,
    joined,
    unknown_name,
)
from employer_identity.simulated import LEAST
from employer_identity.survey import Survey


def survey_problems(parameters: Parameters, survey: Survey) -> list[Problem]:
    """Say what of the parameters does not go with the survey: its waves, columns and units."""
    problems = _wave_problems(parameters, survey) + _group_problems(parameters, survey)
    if isinstance(parameters, StudyParameters) and parameters.theme:
        pillars, theme = survey.instrument.factors, parameters.theme
        known = theme in pillars
        problems += [] if known else [unknown_name("parameters.unknown_theme", theme, pillars)]
    if isinstance(parameters, MeasurementParameters) and 0 < parameters.cutoffs < LEAST:
        values = {"least": LEAST}
        problems.append(Problem("cutoffs.few_reps", "cutoffs", parameters.cutoffs, values))
    if isinstance(parameters, UnitParameters):
        problems += _unit_problems(parameters, survey)
    return problems


def settled(parameters: Parameters, survey: Survey) -> dict[str, Any]:
    """Return what a template's notebook is told: what was left to the survey is filled in.

    The same report is asked for in one way only, so that it can be recognised.
    """
    told = parameters.model_dump() | {"wave": chosen_wave(parameters, survey)}
    if isinstance(parameters, StudyParameters):
        told["group"] = chosen_group(parameters, survey.instrument)
    if isinstance(parameters, MeasurementParameters):
        told["groups"] = SEPARATOR.join(chosen_groups(parameters.groups, survey.instrument))
    if isinstance(parameters, UnitParameters):
        told["by"] = chosen_column(parameters, survey.instrument)
    return told


def chosen_wave(parameters: Parameters, survey: Survey) -> str:
    """Return the wave that is reported: the one asked for, else the last.

    Empty where there are none, or where the waves are what is compared.
    """
    by_wave = bool(survey.waves) and survey.instrument.wave in _compared(parameters, survey)
    last = "" if by_wave or not survey.waves else survey.waves[-1]
    return parameters.wave or last


def chosen_group(parameters: StudyParameters, instrument: Instrument) -> str:
    """Return the column to compare by; empty for none."""
    if parameters.group is not None:
        return parameters.group
    return next((g.column for g in instrument.groupings), "")


def chosen_column(parameters: UnitParameters, instrument: Instrument) -> str:
    """Return the column whose value the report is about."""
    return parameters.by or instrument.employer or ""


def unit_columns(instrument: Instrument) -> tuple[str, ...]:
    """Return the columns whose values can have a report: employer, sector and groupings."""
    columns = (instrument.employer, instrument.sector, *(g.column for g in instrument.groupings))
    return tuple(dict.fromkeys(filter(None, columns)))


def chosen_groups(asked: str | None, instrument: Instrument) -> tuple[str, ...]:
    """Return the columns to compare by, one after the other.

    A column whose name has commas of its own is recognised by being one of the questionnaire's.
    """
    if asked is None:
        return tuple(g.column for g in instrument.groupings if not g.special)
    known = _comparable(instrument)
    parts = [part.strip() for part in asked.split(",")]
    found: list[str] = []
    while parts:
        lengths = range(len(parts), 1, -1)
        k = next((n for n in lengths if SEPARATOR.join(parts[:n]) in known), 1)
        found.append(SEPARATOR.join(parts[:k]))
        parts = parts[k:]
    return tuple(dict.fromkeys(filter(None, found)))


def _comparable(instrument: Instrument) -> list[str]:
    """Return the columns that can be compared by, the waves last."""
    return [*(g.column for g in instrument.groupings), *filter(None, [instrument.wave])]


def _compared(parameters: Parameters, survey: Survey) -> tuple[str, ...]:
    """Return the columns that were asked to be compared by."""
    if isinstance(parameters, StudyParameters):
        return (parameters.group,) if parameters.group else ()
    if isinstance(parameters, MeasurementParameters):
        return chosen_groups(parameters.groups, survey.instrument)
    return ()


def _wave_problems(parameters: Parameters, survey: Survey) -> list[Problem]:
    asked, waves = parameters.wave, survey.waves
    if not asked:
        return []
    if not waves:
        return [Problem("parameters.no_waves", asked)]
    if asked not in waves:
        return [Problem("parameters.unknown_wave", asked, values={"known": joined(waves)})]
    if survey.instrument.wave in _compared(parameters, survey):
        return [Problem("parameters.wave_and_group", asked)]
    return []


def _group_problems(parameters: Parameters, survey: Survey) -> list[Problem]:
    instrument = survey.instrument
    columns = [g.column for g in instrument.groupings]
    return [
        unknown_name("parameters.unknown_group", asked, columns)
        for asked in _compared(parameters, survey)
        if asked not in _comparable(instrument)
    ]


def _unit_problems(parameters: UnitParameters, survey: Survey) -> list[Problem]:
    """Say whether there is such a column, and such a unit in it in the wave that is reported."""
    instrument = survey.instrument
    columns, column = unit_columns(instrument), chosen_column(parameters, instrument)
    if not column:
        return [Problem("parameters.no_employers", values={"known": joined(columns)})]
    if column not in columns:
        return [unknown_name("parameters.unknown_by", column, columns)]
    asked, wave = parameters.employer, chosen_wave(parameters, survey)
    known = _units(survey, column)
    if asked not in known:
        values = {"column": column, "near": nearest(asked, known)}
        code = "parameters.unknown_unit_near" if values["near"] else "parameters.unknown_unit"
        return [Problem(code, asked, len(known), values)]
    if wave in survey.waves and asked not in _units(survey, column, wave):
        return [Problem("parameters.unit_in_other_wave", asked, values={"wave": wave})]
    return []


@lru_cache(maxsize=16)  # a batch asks for each of its employers
def _units(survey: Survey, column: str, wave: str = "") -> frozenset[str]:
    """Return the values of a column that somebody gave; in one wave, or (empty) in any."""
    answers = survey.answers
    rows = answers[answers[survey.instrument.wave] == wave] if wave else answers
    return frozenset(rows[column].dropna().astype(str).unique())
