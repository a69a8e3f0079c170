"""What all reports of a survey have in common, made once: answers, suppression, models.

A folder holds the answers as an Arrow file and the rest pickled; notebooks open it by its hash. A
pickle can run code when it is read: the folder is made, read and removed by the same batch, and
never comes from elsewhere.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from employer_identity import privacy
from employer_identity.cfa import cfa
from employer_identity.errors import EmployerIdentityError, Problem, ReportError
from employer_identity.fit import Fit
from employer_identity.invariance import invariance
from employer_identity.ladder import Ladder
from employer_identity.language import refusal
from employer_identity.panel import Panel
from employer_identity.reports.beside import NOTHING, Beside, beside, weighed
from employer_identity.reports.snapshot import SUFFIX, digest, read_snapshot, write_snapshot
from employer_identity.suppression import Suppression, decide, modelled
from employer_identity.survey import Survey
from employer_identity.treatment import Treatment, treatment

_SURVEY, _COMMON = f"survey{SUFFIX}", "common.pickle"


@dataclass(frozen=True)
class Prepared:
    """What the reports of one wave of a survey share.

    Attributes
    ----------
    survey
        The answers of the wave.
    wave
        Its name; empty where there are no waves, or all of them are studied.
    waves
        Respondents of every wave of the file.
    suppression
        What may be shown of whom.
    fit
        The measurement model of everybody, or why there is none.
    ladders
        Invariance by grouping column, or why there is none.
    beside
        What a study has beside these answers.
    treatments
        Answers as numbers beside answers as ordered categories, by column whose ladder is in
        `ladders`; for reports that tell of it.
    """

    survey: Survey
    wave: str
    waves: Mapping[str, int]
    suppression: Suppression
    fit: Fit | EmployerIdentityError
    ladders: Mapping[str, Ladder | EmployerIdentityError]
    beside: Beside = NOTHING
    treatments: Mapping[str, Treatment] = field(default_factory=dict)


@dataclass(frozen=True)
class Selection:
    """The wave of a survey that is reported, and what may be shown of it.

    Attributes
    ----------
    survey, wave, waves, suppression, beside
        As in `Prepared`.
    """

    survey: Survey
    wave: str
    waves: Mapping[str, int]
    suppression: Suppression
    beside: Beside = NOTHING


def select(
    survey: Survey,
    *,
    wave: str,
    minimum: int = privacy.MINIMUM,
    panel: Panel | None = None,
    margins: str = "",
) -> Selection:
    """Take a wave of a survey, or empty all of it, and decide what may be shown of it.

    Before that it is weighted to margins, if there are any.
    """
    survey, rakings = weighed(survey, margins, wave)
    waves = {name: survey.of_wave(name).n for name in survey.waves} if wave else {}
    answers = survey.of_wave(wave) if wave else survey
    more = beside(survey, wave, panel=panel, rakings=rakings, margins=margins)
    return Selection(answers, wave, waves, decide(answers, minimum=minimum), more)


def fitted(selection: Selection, groups: Iterable[str] = (), *, treated: bool = False) -> Prepared:
    """Fit what reports share: the model of everybody, and a ladder for each column in `groups`.

    With `treated` each ladder is climbed with the answers as ordered categories, too.
    """
    answers, decided = selection.survey, selection.suppression
    ladders = {g: _ladder(answers, g, decided) for g in dict.fromkeys(groups) if g}
    climbed = {g: one for g, one in ladders.items() if treated and isinstance(one, Ladder)}
    treatments = {g: treatment(answers, ladder) for g, ladder in climbed.items()}
    wave, waves, more = selection.wave, selection.waves, selection.beside
    return Prepared(answers, wave, waves, decided, _fit(answers), ladders, more, treatments)


def prepare(
    survey: Survey,
    *,
    wave: str = "",
    minimum: int = privacy.MINIMUM,
    groups: Iterable[str] = (),
) -> Prepared:
    """Decide what may be shown, and fit what reports share.

    Parameters
    ----------
    survey
        All waves.
    wave
        The wave that is studied; empty takes the last, if there are waves.
    minimum
        Smallest number of persons that is shown.
    groups
        Columns to compare by; each gets its ladder.
    """
    chosen = wave or next(reversed(survey.waves), "")
    return fitted(select(survey, wave=chosen, minimum=minimum), groups)


def _fit(survey: Survey) -> Fit | EmployerIdentityError:
    if survey.n < privacy.MODEL:
        return refusal(ReportError, [Problem("report.withheld.model", count=privacy.MODEL)])
    try:
        return cfa(survey)
    except EmployerIdentityError as error:
        return error


def _ladder(survey: Survey, group: str, decided: Suppression) -> Ladder | EmployerIdentityError:
    try:
        return invariance(modelled(survey, group, decided), group=group)
    except EmployerIdentityError as error:
        return error


def write_prepared(prepared: Prepared, folder: Path) -> str:
    """Write what reports share into a folder; return the hash to open it by."""
    sha256 = write_snapshot(prepared.survey, folder / _SURVEY)
    bare = replace(prepared, survey=replace(prepared.survey, answers=prepared.survey.answers[:0]))
    (folder / _COMMON).write_bytes(pickle.dumps((sha256, bare)))
    return digest(folder / _COMMON)


@lru_cache(maxsize=1)
def open_prepared(folder: str, sha256: str) -> Prepared:
    """Open what `write_prepared` wrote; the last one opened stays in memory.

    Raises
    ------
    ReportError
        If the folder holds something else by now.
    """
    common = Path(folder) / _COMMON
    if not common.is_file() or digest(common) != sha256:
        raise refusal(ReportError, [Problem("report.changed_snapshot", common.name)])
    prepared: Prepared
    of_survey, prepared = pickle.loads(common.read_bytes())
    return replace(prepared, survey=read_snapshot(Path(folder) / _SURVEY, of_survey))
