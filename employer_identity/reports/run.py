"""`report`: check what is asked, run the notebook on the survey, put the document in place."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pandas as pd

from employer_identity.edge import checked
from employer_identity.errors import EmployerIdentityError, Problem, ReportError, SurveyError
from employer_identity.instrument import load_instrument
from employer_identity.language import Language, refusal
from employer_identity.loading import Source, load_survey, paths_of
from employer_identity.questionnaire import Instrument
from employer_identity.reports.beside import (
    FILES,
    PAIR,
    file_problems,
    of_sample,
    open_panel,
    warn_of_doubts,
    weighed,
)
from employer_identity.reports.documents import documents
from employer_identity.reports.execution import execute
from employer_identity.reports.parameters import Parameters, UnitParameters, read_parameters
from employer_identity.reports.pdf import pdf_maker
from employer_identity.reports.places import notebooks, sample
from employer_identity.reports.prepared import select
from employer_identity.reports.records import Format
from employer_identity.reports.render import exporter
from employer_identity.reports.settling import settled, survey_problems
from employer_identity.reports.snapshot import SUFFIX, write_panel, write_snapshot
from employer_identity.reports.stated import stated, write_sidecar
from employer_identity.reports.table_files import check_table_files, table_file
from employer_identity.reports.tasks import stems
from employer_identity.reports.withholding import study_problems
from employer_identity.survey import Survey
from employer_identity.writing import write_whole

if TYPE_CHECKING:
    from nbformat import NotebookNode

_KINDS: dict[str, Format] = {".html": "html", ".htm": "html", ".pdf": "pdf", ".ipynb": "ipynb"}
Step = Callable[[str], None]


@checked(ReportError, left=("group", "wave", "language"))
def report(
    template: str = "employer_brand_study",
    *,
    survey: Survey | Source | None = None,
    instrument: Instrument | str | Path | None = None,
    group: str | None = None,
    wave: str | None = None,
    language: Language | None = None,
    output: str | Path | None = None,
    tables: str | Path | Iterable[str | Path] = (),
    on_step: Step | None = None,
    **parameters: Any,
) -> Path:
    """Make a report: one file that needs nothing beside it.

    What it tells of people lies beside it, in ``NAME.facts.json``: the audit reads that.

    Parameters
    ----------
    template
        Name of a report template: ``"employer_brand_study"``, ``"employer_report"`` or
        ``"measurement_report"``.
    survey
        A `Survey`, a file, several files that belong together (also as a pattern, or a folder of
        Parquet files), or a frame; None takes the sample that comes with the package.
    instrument
        The questionnaire of a file or frame, as in `load_survey`.
    group
        Column to compare by, where the template compares groups; None takes the instrument's
        first grouping, ``""`` compares nothing.
    wave
        The wave to study, where the instrument declares one; None takes the last.
    language
        ``"nl"`` or ``"en"``; None takes ``"nl"``.
    output
        Where the report goes: a file that ends in ``.html``, ``.pdf`` or ``.ipynb`` (the notebook
        as it has run). None makes an HTML file in the current folder.
    tables
        Where its tables go besides, one file or several: ``.docx`` (Word, needs python-docx) or
        ``.tex`` (LaTeX).
    on_step
        Called with the name of each step: ``read``, ``run``, ``write``.
    **parameters
        Further parameters of the template, such as ``minimum_n``; ``employer`` for the report of
        one. ``employer-identity report --show TEMPLATE`` lists them.

    Returns
    -------
    Path of the report.

    Raises
    ------
    ReportError
        If a parameter is unknown or wrong, or the report could not be made or written.
    SurveyError, InstrumentError
        If the survey or its instrument cannot be used.

    Warns
    -----
    SurveyWarning
        Of what deserves a second look in the answers, the public's too; the report tells it.

    Examples
    --------
    >>> ei.report("employer_brand_study", survey=survey, group="generation", language="nl")
    >>> ei.report("employer_report", survey=survey, employer="Vrolijke Eland")
    >>> ei.report("measurement_report", survey=survey, groups="generation", tables="tables.docx")
    """
    step = on_step or (lambda _: None)
    named = {"group": group, "wave": wave, "language": language}
    asked = {name: value for name, value in named.items() if value is not None} | parameters
    asked = of_sample(template, asked, survey is None)
    files = [Path(f) for f in ([tables] if isinstance(tables, str | Path) else tables)]
    check_asked(template, asked, survey=survey, instrument=instrument, output=output, tables=files)
    checked = read_parameters(asked, template)
    target = _target(output, template, checked)
    step("read")
    answers = open_survey(survey, instrument)
    if problems := survey_problems(checked, answers) or _withheld(checked, answers):
        raise refusal(ReportError, problems)
    told = settled(checked, answers)
    with tempfile.TemporaryDirectory(prefix="employer-identity-") as folder:
        snapshot = Path(folder) / f"survey{SUFFIX}"
        told |= _copied(told, answers, Path(folder))
        files_beside = [Path(told[name]) for name in FILES if told.get(name)]
        sha256 = write_snapshot(answers, snapshot, files_beside)
        told |= {"sha256": sha256, "survey": str(snapshot)}
        step("run")
        reader = Thread(target=exporter, daemon=True)  # slow to import: use the wait
        reader.start()
        done = execute(notebooks()[template], told, Path(folder))
    if done.problem:
        raise refusal(ReportError, [done.problem])
    step("write")
    reader.join()
    _write(done.notebook, target, files)
    return target


def _write(notebook: NotebookNode, target: Path, tables: Iterable[Path]) -> None:
    """Write a report, what it states beside it, and its tables."""
    kind = _kind(target)
    documented = documents(notebook, [kind, "html"])
    published = stated(notebook, target.stem, documented["html"].decode())
    made = {target: documented[kind]}
    others = {file: table_file(notebook, file) for file in tables}
    try:
        for file, content in (made | others).items():
            write_whole(file, content)
        write_sidecar(published, made)
    except OSError as error:
        values = {"message": error.strerror or type(error).__name__}
        problem = Problem("batch.not_written", str(target.parent), values=values)
        raise refusal(ReportError, [problem]) from error


def _copied(told: Mapping[str, Any], survey: Survey, folder: Path) -> dict[str, str]:
    """Copy what a study reads beside its survey, checked, to where its kernel finds it."""
    found: dict[str, str] = {}
    if panel := open_panel(told.get("public", ""), told.get("people", ""), survey):
        warn_of_doubts(panel, survey)
        found = {name: str(folder / f"{name}{SUFFIX}") for name in PAIR}
        write_panel(panel, *(Path(found[name]) for name in PAIR))
    if margins := told.get("margins"):
        weighed(survey, margins, told["wave"])  # what cannot be used is refused here
        found["margins"] = str(folder / Path(margins).name)
        shutil.copyfile(margins, found["margins"])
    return found


def check_asked(
    template: str,
    given: Mapping[str, Any],
    *,
    survey: Survey | Source | None = None,
    instrument: Instrument | str | Path | None = None,
    output: str | Path | None = None,
    tables: Iterable[str | Path] = (),
) -> None:
    """Check all that can be checked of a report before its survey is read.

    Raises
    ------
    ReportError, SurveyError, InstrumentError
        What is wrong with one of parameters, files, survey and instrument; a ReportError with
        everything where there is something wrong with several.
    """
    checks: tuple[Callable[[], object], ...] = (
        lambda: read_parameters(given, template),
        lambda: _check_output(output),
        lambda: check_table_files(tables),
        lambda: _check_files(survey),
        lambda: _check_beside(given),
        lambda: _check_instrument(survey, instrument),
    )
    refused = []
    for check in checks:
        try:
            check()
        except EmployerIdentityError as error:
            refused.append(error)
    if len(refused) == 1:
        raise refused[0]
    if refused:
        raise refusal(ReportError, [p for error in refused for p in error.problems])


def _check_output(output: str | Path | None) -> None:
    """Refuse a place that cannot be written to."""
    target, problem = Path(output) if output else Path("report.html"), None
    if target.is_dir():
        problem = Problem("report.output_is_folder", str(target))
    elif target.suffix.lower() not in _KINDS:
        problem = Problem("report.output_unknown", str(target))
    elif not target.parent.is_dir():
        problem = Problem("report.no_such_folder", str(target.parent))
    elif not os.access(target.parent, os.W_OK):
        problem = Problem("report.folder_not_writable", str(target.parent))
    if problem:
        raise refusal(ReportError, [problem])
    if _kind(target) == "pdf":
        pdf_maker()


def _check_files(survey: Survey | Source | None) -> None:
    """Refuse files that are not there."""
    if survey is None or isinstance(survey, Survey | pd.DataFrame):
        return
    missing = [str(path) for path in paths_of(survey) if not path.exists()]
    if missing:
        raise refusal(SurveyError, [Problem("intake.no_such_file", path) for path in missing])


def _check_beside(given: Mapping[str, Any]) -> None:
    """Refuse files that parameters name and that are not there, and one of a pair."""
    if problems := list(file_problems(given)):
        raise refusal(ReportError, problems)


def _check_instrument(
    survey: Survey | Source | None, instrument: Instrument | str | Path | None
) -> None:
    """Refuse an instrument that cannot be used, or none where one is needed."""
    if isinstance(instrument, str | Path):
        load_instrument(instrument)
    elif instrument is None and survey is not None and not isinstance(survey, Survey):
        raise refusal(ReportError, [Problem("report.no_instrument")])


def _withheld(parameters: Parameters, survey: Survey) -> list[Problem]:
    """Say why nothing may be shown of those whom the report is about."""
    from employer_identity.reports.unit import unit_problems  # with tables: slow to import

    told = settled(parameters, survey)
    found = select(survey, wave=told["wave"], minimum=parameters.minimum_n)
    if isinstance(parameters, UnitParameters):
        return unit_problems(found.survey, found.suppression, told["by"], parameters.employer)
    return study_problems(found.survey, found.suppression, told.get("group", ""))


def _target(output: str | Path | None, template: str, parameters: Parameters) -> Path:
    """Return where the report goes; without being told, under a name of its own."""
    if output:
        return Path(output).resolve()
    whom = stems([parameters.employer]) if isinstance(parameters, UnitParameters) else []
    return Path(".".join([template, *whom, parameters.language, "html"])).resolve()


def _kind(target: Path) -> Format:
    return _KINDS[target.suffix.lower()]


def open_survey(
    survey: Survey | Source | None, instrument: Instrument | str | Path | None
) -> Survey:
    """Load a survey; None is the sample that comes with the package.

    Raises
    ------
    ReportError
        If a file or frame comes without its instrument.
    SurveyError, InstrumentError
        If the survey or its instrument cannot be used.
    """
    if isinstance(survey, Survey):
        return survey
    _check_instrument(survey, instrument)
    here = sample()
    if survey is not None:
        return load_survey(survey, instrument=instrument or here / "instrument.toml")
    try:
        return load_survey(
            here / "employees.csv", instrument=instrument or here / "instrument.toml"
        )
    except SurveyError as error:  # the sample's own columns are right
        raise refusal(ReportError, [Problem("report.no_survey")]) from error
