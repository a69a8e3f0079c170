"""What a study reads beside its survey: the public's answers, and margins to weigh by."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from employer_identity.errors import Problem, SurveyError, SurveyWarning, users_level
from employer_identity.language import describe
from employer_identity.panel import Panel, linked
from employer_identity.panel_loading import load_panel
from employer_identity.raking import COLUMN, Raking, rake, read_margins
from employer_identity.reports.parameters import TEMPLATES
from employer_identity.reports.places import sample
from employer_identity.reports.snapshot import SUFFIX, read_panel
from employer_identity.survey import Survey

CAP = 3.5
"""Largest raked weight, in medians."""
PAIR = ("public", "people")
FILES = (*PAIR, "margins")
"""Parameters that name files."""


@dataclass(frozen=True)
class Beside:
    """What a study has beside the answers that it is about.

    Attributes
    ----------
    panel
        What the public answered.
    raking
        How the answers were weighted to margins.
    margins
        Name of the file with these.
    previous
        The answers of the wave before; None without, or where they could not be weighted alike.
    unweighted
        The wave before that could not be weighted to the margins; empty for none.
    misfits
        Why it could not.
    """

    panel: Panel | None = None
    raking: Raking | None = None
    margins: str = ""
    previous: Survey | None = None
    unweighted: str = ""
    misfits: tuple[Problem, ...] = ()


NOTHING = Beside()


def of_sample(template: str, given: Mapping[str, Any], is_sample: bool) -> dict[str, Any]:
    """Return the parameters, with the sample's own public where the survey is the sample."""
    takes = "public" in TEMPLATES[template].model_fields if template in TEMPLATES else False
    if not is_sample or not takes or any(given.get(name) for name in PAIR):
        return dict(given)
    files = {"public": "public.csv", "people": "public_people.csv"}
    return {**given, **{name: str(sample() / file) for name, file in files.items()}}


def file_problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    """Say which files are not there, and where one of a pair is missing."""
    asked = {n: given[n] for n in FILES if isinstance(given.get(n), str) and given[n]}
    for name, path in asked.items():
        if not Path(path).is_file():
            yield Problem("parameters.no_file", path, values={"name": name})
    for name, other in (PAIR, PAIR[::-1]):
        if name in asked and other not in asked:
            yield Problem("parameters.alone", name, values={"other": other})


def open_panel(public: str, people: str, survey: Survey) -> Panel | None:
    """Open what the public answered, files or snapshots of them; None without.

    Raises
    ------
    SurveyError
        If it cannot be used.
    """
    if not public:
        return None
    if Path(public).suffix == SUFFIX:
        return read_panel(Path(public), Path(people))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SurveyWarning)  # the report tells them
        return load_panel(public, people, instrument=survey.instrument)


def warn_of_doubts(panel: Panel, survey: Survey) -> None:
    """Warn of what deserves a second look: in the public's files, and held against the survey."""
    column = survey.instrument.employer
    names = sorted(map(str, survey.answers[column].dropna().unique())) if column else []
    if found := (*panel.warnings, *linked(panel, names)):
        text = "\n".join(describe(problem) for problem in found)
        warnings.warn(SurveyWarning(text, found), stacklevel=users_level())


Rakings = Mapping[str, "Raking | SurveyError"]
"""How each wave was weighted to margins ("" without waves), or why it could not be."""


def weighed(survey: Survey, margins: str, studied: str = "") -> tuple[Survey, Rakings]:
    """Weigh each wave of a survey to margins; return how.

    Where one wave is studied, another that does not fit the margins stands for nobody.

    Raises
    ------
    SurveyError
        If the margins cannot be used for the wave that is studied, or (empty) for one of all.
    """
    if not margins:
        return survey, {}
    shares = read_margins(margins)
    waves = {wave: survey.of_wave(wave) for wave in survey.waves} or {"": survey}
    found: dict[str, Raking | SurveyError] = {}
    for wave, answers in waves.items():
        try:
            found[wave] = rake(answers, shares, cap=CAP)
        except SurveyError as error:
            if studied in ("", wave):
                raise
            found[wave] = error
    column = survey.instrument.wave
    weights = pd.Series(0.0, index=survey.answers.index)  # of no wave: stands for nobody
    rakings = {wave: raking for wave, raking in found.items() if isinstance(raking, Raking)}
    for wave, raking in rakings.items():
        mine = survey.answers[column] == wave if wave and column else weights.index == weights.index
        weights[mine] = raking.weights.to_numpy()
    instrument = survey.instrument.model_copy(update={"weight": COLUMN})
    weighted = survey.answers.assign(**{COLUMN: weights})
    return replace(survey, answers=weighted, instrument=instrument), found


def beside(
    survey: Survey,
    wave: str,
    *,
    panel: Panel | None = None,
    rakings: Rakings | None = None,
    margins: str = "",
) -> Beside:
    """Gather what a study of one wave, or (empty) of all, has beside its answers."""
    before = survey.waves[: survey.waves.index(wave)][-1:] if wave in survey.waves else ()
    found = rakings or {}
    own, earlier = found.get(wave), found.get(before[0]) if before else None
    raking = own if isinstance(own, Raking) else None
    if isinstance(earlier, SurveyError):
        unlike = (before[0], earlier.problems)
        return Beside(panel, raking, Path(margins).name, None, *unlike)
    previous = survey.of_wave(before[0]) if before else None
    return Beside(panel, raking, Path(margins).name, previous)
