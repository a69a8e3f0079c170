"""Parameters of a report, checked all at once before a kernel starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from employer_identity.errors import Problem, ReportError
from employer_identity.language import LANGUAGES, Language, listing, nearest, refusal
from employer_identity.questionnaire import Instrument
from employer_identity.reports.places import notebooks
from employer_identity.survey import Survey


class StudyParameters(BaseModel):
    """What the template ``employer_brand_study`` may be told.

    Attributes
    ----------
    group
        Column to compare by; empty for no comparison, None for the instrument's first grouping.
    wave
        The wave to study; None for the last one.
    language
        ``nl`` or ``en``.
    minimum_n
        Smallest number of persons that is shown; at least 3.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    group: str | None = None
    wave: str | None = None
    language: Language = "nl"
    minimum_n: int = Field(default=5, ge=3)


def template_problems(template: str) -> list[Problem]:
    """Say whether there is such a template."""
    known = notebooks()
    if template in known:
        return []
    near = nearest(template, known)
    values = {"known": listing(known), "near": near}
    return [
        Problem(
            "report.unknown_template_near" if near else "report.unknown_template",
            template,
            values=values,
        )
    ]


def read_parameters(given: Mapping[str, Any], template: str) -> StudyParameters:
    """Check parameters that need no survey.

    Raises
    ------
    ReportError
        With everything that is wrong, the template's name included.
    """
    problems = template_problems(template)
    parameters = StudyParameters()
    try:
        parameters = StudyParameters.model_validate(dict(given))
    except ValidationError as error:
        problems += [_problem(e) for e in error.errors(include_url=False)]
    if problems:
        raise refusal(ReportError, problems)
    return parameters


def _problem(error: Any) -> Problem:
    name = str(error["loc"][0])
    known = list(StudyParameters.model_fields)
    if error["type"] == "extra_forbidden":
        near = nearest(name, known)
        values = {"known": listing(known), "near": near}
        return Problem(
            "report.unknown_parameter_near" if near else "report.unknown_parameter",
            name,
            values=values,
        )
    if name == "language":
        values = {"asked": str(error["input"]), "allowed": listing(LANGUAGES)}
        return Problem("report.unknown_language", name, values=values)
    kind = {"minimum_n": "minimum_n"}.get(name, "text")
    return Problem(f"report.wrong_parameter.{kind}", name)


def chosen_group(parameters: StudyParameters, instrument: Instrument) -> str:
    """Return the column to compare by.

    Raises
    ------
    ReportError
        If the instrument has no such grouping.
    """
    columns = [g.column for g in instrument.groupings]
    if instrument.wave and instrument.wave == parameters.group:
        return instrument.wave
    if parameters.group is None:
        return columns[0] if columns else ""
    if parameters.group and parameters.group not in columns:
        near = nearest(parameters.group, columns)
        values = {"near": near, "known": listing(columns) if columns else "-"}
        code = "report.unknown_group_near" if near else "report.unknown_group"
        raise refusal(ReportError, [Problem(code, parameters.group, values=values)])
    return parameters.group


def chosen_wave(parameters: StudyParameters, survey: Survey) -> str:
    """Return the wave to study: the one asked for, else the last; empty where all are studied.

    Raises
    ------
    ReportError
        If the survey has no such wave, or one wave is asked for and the waves are to be compared.
    """
    names, asked = survey.waves, parameters.wave
    by_wave = bool(names) and parameters.group == survey.instrument.wave
    if asked is None:
        return "" if by_wave or not names else names[-1]
    if asked not in names:
        code = "report.unknown_wave" if names else "report.no_waves"
        raise refusal(ReportError, [Problem(code, asked, values={"known": listing(names)})])
    if by_wave:
        raise refusal(ReportError, [Problem("report.wave_and_group", asked)])
    return asked
