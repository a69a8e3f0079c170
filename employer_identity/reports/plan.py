"""What a batch is to make: whose reports, in which languages, and what they rest on."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from employer_identity.errors import Problem, ReportError
from employer_identity.inert import one_line
from employer_identity.language import Language, describe, refusal
from employer_identity.questionnaire import Instrument
from employer_identity.reports.beside import FILES, file_problems, open_panel, warn_of_doubts
from employer_identity.reports.parameter_files import ParameterSet
from employer_identity.reports.parameters import (
    TEMPLATES,
    Parameters,
    UnitParameters,
    read_parameters,
)
from employer_identity.reports.prepared import Selection, select
from employer_identity.reports.records import Format
from employer_identity.reports.settling import (
    chosen_groups,
    chosen_wave,
    settled,
    survey_problems,
    unit_columns,
)
from employer_identity.reports.snapshot import SUFFIX, digest, write_snapshot
from employer_identity.reports.tasks import Task, basis, key, stems
from employer_identity.reports.unit import unit_problems
from employer_identity.reports.withholding import study_problems
from employer_identity.survey import Survey

_NOBODY = "?"  # stands for whom a report is about until that is known


@dataclass(frozen=True)
class Share:
    """What several reports rest on: a wave at a minimum, and the columns they compare by."""

    selection: Selection
    groups: tuple[str, ...]
    basis: str


@dataclass(frozen=True)
class Plan:
    """All reports that are wanted, and what they share.

    Attributes
    ----------
    tasks
        The reports, those that may not be made among them.
    shares
        Name of a prepared folder -> what goes into it.
    """

    tasks: tuple[Task, ...]
    shares: Mapping[str, Share]


def sets_by(
    survey: Survey, template: str, by: str, common: Mapping[str, Any]
) -> tuple[ParameterSet, ...]:
    """Return one set of parameters for each value of a column in the wave that is reported.

    Parameters
    ----------
    by
        A column, or ``employer`` or ``sector`` for the instrument's own.

    Raises
    ------
    ReportError
        If the template is not about one unit, or the survey has no such column or nobody in it.
    """
    instrument = survey.instrument
    column = {"employer": instrument.employer, "sector": instrument.sector}.get(by) or by
    if not issubclass(TEMPLATES[template], UnitParameters):
        raise refusal(ReportError, [Problem("batch.by_nothing", by)])
    if by == "employer" and column not in unit_columns(instrument):
        choices = ", ".join(f"--by {name}" for name in unit_columns(instrument)) or "-"
        raise refusal(ReportError, [Problem("batch.no_employers", values={"choices": choices})])
    probe = read_parameters({**common, "employer": _NOBODY, "by": column}, template)
    if problems := [p for p in survey_problems(probe, survey) if p.where != _NOBODY]:
        raise refusal(ReportError, problems)
    wave = chosen_wave(probe, survey)
    answers = survey.of_wave(wave).answers if wave else survey.answers
    values = sorted(str(value) for value in answers[column].dropna().unique())
    if not values:
        raise refusal(ReportError, [Problem("batch.nobody", column)])
    return tuple(ParameterSet(value, {"employer": value, "by": column}) for value in values)


def make_plan(
    survey: Survey,
    template: str,
    sets: Sequence[ParameterSet],
    common: Mapping[str, Any],
    languages: Iterable[Language],
    formats: tuple[Format, ...],
) -> Plan:
    """Check every set against the survey, and plan its reports.

    Parameters
    ----------
    sets
        Whom the reports are about; what a set says goes before `common`.
    common
        Parameters of all reports.

    Raises
    ------
    ReportError
        With everything that is wrong, in any of the sets.
    """
    tongues = tuple(dict.fromkeys(languages))
    checked, mistakes = [], []
    for one in sets:
        try:
            found = read_parameters({**common, **one.parameters}, template)
            wrong = [*survey_problems(found, survey), *file_problems(found.model_dump())]
        except ReportError as error:
            wrong = list(error.problems)
        mistakes.append(wrong)
        if not wrong:
            checked.append(found)
    if problems := [*_same_names(sets), *_told(sets, mistakes, tongues[0])]:
        raise refusal(ReportError, problems)
    names = stems([one.name for one in sets])
    shares, tasks = _shares(survey, checked), []
    for one, found, name in zip(sets, checked, names, strict=True):
        for language in tongues:
            told = settled(found.model_copy(update={"language": language}), survey)
            tasks.append(_task(name, one.name, template, told, formats, shares))
    return Plan(tuple(tasks), shares)


def _same_names(sets: Sequence[ParameterSet]) -> list[Problem]:
    """Say which names several sets have: their reports would have the same files."""
    counts = Counter(one.name for one in sets)
    return [Problem("batch.same_name", name, n) for name, n in counts.items() if n > 1]


def _told(
    sets: Sequence[ParameterSet], mistakes: Sequence[Sequence[Problem]], language: Language
) -> Iterator[Problem]:
    """Say in which set something is wrong; what is wrong in all of them only once."""
    everywhere = [p for p in mistakes[0] if all(p in wrong for wrong in mistakes)]
    yield from everywhere
    for one, wrong in zip(sets, mistakes, strict=True):
        for problem in wrong:
            if problem not in everywhere:
                values = {"message": describe(problem, language)}
                yield Problem("batch.in_set", one.name, values=values)


def _shares(survey: Survey, checked: Iterable[Parameters]) -> dict[str, Share]:
    """Gather what reports share: their columns of comparison, by wave and minimum."""
    groups: dict[tuple[str, int, str, str, str], dict[str, None]] = {}
    for found in checked:
        told = settled(found, survey)
        columns = dict.fromkeys(_compared(told, survey.instrument))
        groups.setdefault(_rest(told), {}).update(columns)
    data = _hash(survey)
    shares = {}
    for rest, compared in groups.items():
        wave, minimum, public, people, margins = rest
        panel = open_panel(public, people, survey)
        if panel:
            warn_of_doubts(panel, survey)
        selection = select(survey, wave=wave, minimum=minimum, panel=panel, margins=margins)
        more = [panel.sha256] if panel else []
        more += [digest(Path(margins))] if margins else []
        rests_on = basis(":".join([data, *more]), selection.suppression.sha256)
        shares[_share(rest)] = Share(selection, tuple(compared), rests_on)
    return shares


def _rest(told: Mapping[str, Any]) -> tuple[str, int, str, str, str]:
    """Return what decides which data a report rests on."""
    public, people, margins = (told.get(name, "") for name in FILES)
    return told["wave"], told["minimum_n"], public, people, margins


def _compared(told: Mapping[str, Any], instrument: Instrument) -> tuple[str, ...]:
    """Return the columns whose groups a report sets side by side; an empty one for none."""
    if "groups" in told:
        return chosen_groups(told["groups"], instrument)
    if "group" in told:
        return (str(told["group"]),)
    return ((instrument.sector or "") if told["by"] == instrument.employer else str(told["by"]),)


def _share(rest: tuple[str, int, str, str, str]) -> str:
    """Name what is shared; safe as the name of a folder."""
    return stems([" ".join(str(part) for part in rest).strip()])[0]


def _hash(survey: Survey) -> str:
    """Hash the answers with their questionnaire."""
    with tempfile.TemporaryDirectory(prefix="employer-identity-") as folder:
        return write_snapshot(survey, Path(folder) / f"survey{SUFFIX}")


def _task(
    name: str,
    title: str,
    template: str,
    told: Mapping[str, Any],
    formats: tuple[Format, ...],
    shares: Mapping[str, Share],
) -> Task:
    share = _share(_rest(told))
    selection, rests_on = shares[share].selection, shares[share].basis
    found = selection.survey, selection.suppression
    if "employer" in told:
        instrument = selection.survey.instrument
        label = instrument.value_label(told["by"], told["employer"], told["language"])
        bare = label == one_line(told["employer"])
        title = told["employer"] if bare else label  # as in the survey, for whoever joins the two
        problems = unit_problems(*found, told["by"], told["employer"])
    else:
        problems = study_problems(*found, told.get("group", ""))
    return Task(
        name,
        title,
        template,
        told["language"],
        told,
        formats,
        rests_on,
        key(template, told, rests_on),
        share,
        problems[0] if problems else None,
    )
