"""What each report template may be told: declared once, checked at once before a kernel starts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo

from employer_identity import privacy
from employer_identity.errors import Problem, ReportError
from employer_identity.language import Language, nearest, refusal, say

SMALLEST = 3
"""Below this number of persons, one or two, people can be identified: it must be accepted."""
BESIDE = ("survey", "instrument", "output", "tables")
"""What a report is told beside its parameters."""

Kind = Literal["text", "whole_number", "yes_or_no", "choice"]
_YES_OR_NO = {"true": True, "false": False}


class Parameters(BaseModel):
    """What every template may be told.

    Attributes
    ----------
    wave
        The wave that is reported; empty for the last one.
    language
        ``nl`` or ``en``.
    minimum_n
        Smallest number of persons that is shown; below 3 only with `accept_identifiability`.
    accept_identifiability
        Whether it is accepted that people can be identified in the report.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    wave: str = Field(default="", examples=["2026"])
    language: Language = Field(default="nl", examples=["en"])
    minimum_n: int = Field(default=privacy.MINIMUM, ge=1, examples=[10])
    accept_identifiability: bool = Field(default=False, examples=[False])


class StudyParameters(Parameters):
    """What the template ``employer_brand_study`` may be told.

    Attributes
    ----------
    group
        Column to compare by; empty for no comparison, None for the instrument's first grouping.
    public, people
        Files with what the public answered, as in `load_panel`; empty for none.
    margins
        TOML file with the population's margins, as in `read_margins`; empty for none.
    theme
        Pillar that this year's theme is about; empty for all.
    """

    group: str | None = Field(default=None, examples=["gender"])
    public: str = ""
    people: str = ""
    margins: str = ""
    theme: str = Field(default="", examples=["entrepreneurship"])


class UnitParameters(Parameters):
    """What the template ``employer_report`` may be told.

    Attributes
    ----------
    employer
        Whom the report is about: an employer, or the value of another column.
    by
        The column that `employer` is a value of; empty for the employers' own.
    """

    employer: str = Field(min_length=1, examples=["Vrolijke Eland"])
    by: str = Field(default="", examples=["employer"])


class MeasurementParameters(Parameters):
    """What the template ``measurement_report`` may be told.

    Attributes
    ----------
    groups
        Columns to compare by, with commas between them, or a list; empty for no comparison, None
        for every grouping of the instrument that is no special category of personal data.
    cutoffs
        Surveys that are simulated a rung for cut-offs made for these answers; 0 for none. A
        grouping takes some ten seconds for a hundred, longer where answers are missing.
    """

    groups: str | None = Field(default=None, examples=["generation, gender"])
    cutoffs: int = Field(default=0, ge=0, examples=[200])

    @field_validator("groups", mode="before")
    @classmethod
    def _listed(cls, groups: object) -> object:
        if isinstance(groups, list | tuple) and all(isinstance(g, str) for g in groups):
            return SEPARATOR.join(groups)
        return groups


SEPARATOR = ", "
"""Between the columns that are compared by."""

TEMPLATES: Mapping[str, type[Parameters]] = MappingProxyType(
    {
        "employer_brand_study": StudyParameters,
        "employer_report": UnitParameters,
        "measurement_report": MeasurementParameters,
    }
)


@dataclass(frozen=True)
class Declared:
    """One parameter of a template, in words.

    Parameters
    ----------
    name
        Its name.
    kind
        What is written for it: a text, a whole number (from which on), or one of some words.
    default
        What holds when it is left out; or that it may not be.
    meaning
        What it is.
    example
        A value that works with the sample.
    """

    name: str
    kind: str
    default: str
    meaning: str
    example: str | int | bool


def declared(template: str, language: Language = "en") -> tuple[Declared, ...]:
    """Return the parameters of a template, its own ones first.

    Raises
    ------
    ReportError
        If there is no such template.
    """
    if problems := template_problems(template):
        raise refusal(ReportError, problems)
    return tuple(_declared(name, f, language) for name, f in _fields(TEMPLATES[template]).items())


def template_problems(template: str) -> list[Problem]:
    """Say whether there is such a template."""
    if template in TEMPLATES:
        return []
    return [unknown_name("report.unknown_template", template, TEMPLATES)]


def read_texts(texts: Mapping[str, str], template: str) -> dict[str, Any]:
    """Read values that were typed on a command line, each by the type of its parameter.

    What cannot be read so stays a text, and `read_parameters` refuses it.
    """
    fields = _fields(TEMPLATES.get(template, Parameters))
    kinds = {name: _kind(field) for name, field in fields.items()}
    return {name: _read(text, kinds.get(name, "text")) for name, text in texts.items()}


def _read(text: str, kind: Kind) -> str | int | bool:
    if kind == "whole_number" and re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return int(text)
    return _YES_OR_NO.get(text.casefold(), text) if kind == "yes_or_no" else text


def read_parameters(given: Mapping[str, Any], template: str) -> Parameters:
    """Check parameters that need no survey.

    Returns
    -------
    The template's own model, as in `TEMPLATES`.

    Raises
    ------
    ReportError
        With everything that is wrong, the template's name included.
    """
    problems = template_problems(template)
    model = TEMPLATES.get(template, Parameters)  # what all have in common, if there is no such one
    if not problems:
        problems += [_stranger(n, template) for n in given if n not in model.model_fields]
    known = {name: value for name, value in given.items() if name in model.model_fields}
    try:
        parameters = model.model_validate(known)
    except ValidationError as error:
        problems += [_problem(e, template, model) for e in error.errors(include_url=False)]
    least, accepted = known.get("minimum_n"), known.get("accept_identifiability") is True
    if type(least) is int and least > 0:  # else it is refused already
        problems += floor_problems(least, accepted=accepted)
    if problems:
        raise refusal(ReportError, problems)
    return parameters


def floor_problems(minimum: int, *, accepted: bool) -> list[Problem]:
    """Refuse to show so few people that they can be identified, unless that is accepted."""
    if minimum >= SMALLEST or accepted:
        return []
    values = {"minimum": minimum, "least": SMALLEST}
    return [Problem("parameters.identifiable", "minimum_n", values=values)]


def unknown_name(code: str, name: str, known: Iterable[str], **values: object) -> Problem:
    """Say that there is no such name, and which one it looks like or which there are."""
    near = nearest(name, known)
    told = {**values, "known": joined(known), "near": near}
    return Problem(f"{code}_near" if near else code, name, values=told)


def joined(names: Iterable[str]) -> str:
    """Join names so that it reads the same in every language."""
    return ", ".join(names) or "-"


def _stranger(name: str, template: str) -> Problem:
    """Say that a template has no such parameter."""
    if name in BESIDE:
        return Problem("parameters.beside", name)
    return unknown_name("parameters.unknown", name, _fields(TEMPLATES[template]), template=template)


def _problem(error: Any, template: str, model: type[Parameters]) -> Problem:
    """Say in our words what pydantic found."""
    name, value = error["loc"][0], error["input"]
    if error["type"] in ("missing", "string_too_short"):
        return Problem("parameters.missing", name, values={"template": template})
    field = model.model_fields[name]
    kind = _kind(field)
    if kind == "choice":
        values = {"asked": str(value), "allowed": joined(get_args(field.annotation))}
        return Problem("parameters.wrong.choice", name, values=values)
    if kind == "yes_or_no":
        return Problem(f"parameters.wrong.yes_or_no{_quoted(value, kind)}", name)
    if kind == "whole_number":
        code = f"parameters.wrong.whole_number{_quoted(value, kind)}"
        return Problem(code, name, values={"least": _least(field)})
    return Problem(f"parameters.wrong.text{_instead(value)}", name)


def _quoted(value: object, kind: Kind) -> str:
    """Whether only the quotes around a value of a file make a text of it."""
    return "_quoted" if isinstance(value, str) and not isinstance(_read(value, kind), str) else ""


def _instead(value: object) -> str:
    """Return what kind of value stands where a text should, as the end of a sentence's key."""
    if isinstance(value, bool):
        return "_yes_or_no"
    if isinstance(value, int | float):
        return "_number"
    return "_date" if isinstance(value, date | time) else ""


def _fields(model: type[Parameters]) -> dict[str, FieldInfo]:
    """Return a model's fields, those that only this template has first."""
    fields = model.model_fields
    return {name: fields[name] for name in sorted(fields, key=Parameters.model_fields.__contains__)}


def _kind(field: FieldInfo) -> Kind:
    if field.annotation in (int, bool):
        return "whole_number" if field.annotation is int else "yes_or_no"
    return "choice" if get_origin(field.annotation) is Literal else "text"


def _least(field: FieldInfo) -> int:
    """Return the smallest number that is allowed."""
    return next(int(limit.ge) for limit in field.metadata if hasattr(limit, "ge"))


def _declared(name: str, field: FieldInfo, language: Language) -> Declared:
    kind = _kind(field)
    if kind == "choice":
        told = joined(get_args(field.annotation))
    else:
        least = _least(field) if kind == "whole_number" else 0
        told = say(f"parameters.kind.{kind}", language, least=least)
    if field.is_required():
        default = say("parameters.required", language)
    elif field.default:
        default = str(field.default)
    else:
        default = say(f"parameters.default.{name}", language)
    meaning = say(f"parameters.meaning.{name}", language)
    return Declared(name, told, default, meaning, example=(field.examples or [""])[0])
