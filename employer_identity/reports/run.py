"""`report`: check what is asked, run the notebook on the survey, put the document in place."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, cast

from employer_identity import errors
from employer_identity.errors import Problem, ReportError
from employer_identity.language import Language, refusal
from employer_identity.loading import Source, load_survey
from employer_identity.questionnaire import Instrument
from employer_identity.reports.parameters import chosen_group, chosen_wave, read_parameters
from employer_identity.reports.places import notebooks, sample
from employer_identity.reports.render import export, exporter
from employer_identity.reports.snapshot import SUFFIX, write_snapshot
from employer_identity.survey import Survey
from employer_identity.writing import write_whole

if TYPE_CHECKING:
    from nbformat import NotebookNode

_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
Step = Callable[[str], None]


def report(
    template: str = "employer_brand_study",
    *,
    survey: Survey | Source | None = None,
    instrument: Instrument | str | Path | None = None,
    group: str | None = None,
    wave: str | None = None,
    language: Language = "nl",
    output: str | Path | None = None,
    on_step: Step | None = None,
    **parameters: Any,
) -> Path:
    """Make a report: one HTML file that needs nothing beside it.

    Parameters
    ----------
    template
        Name of a report template.
    survey
        A `Survey`, a file, several files that belong together, or a frame; None takes the sample
        that comes with the package.
    instrument
        The questionnaire of a file or frame, as in `load_survey`.
    group
        Column to compare by; None takes the instrument's first grouping, ``""`` compares nothing.
    wave
        The wave to study, where the instrument declares one; None takes the last.
    language
        ``"nl"`` or ``"en"``.
    output
        Where the report goes; None puts it into the current folder.
    on_step
        Called with the name of each step: ``read``, ``run``, ``write``.
    **parameters
        Further parameters of the template, such as ``minimum_n``.

    Returns
    -------
    Path of the report.

    Raises
    ------
    ReportError
        If a parameter is unknown or wrong, or a part of the report could not be made.
    SurveyError, InstrumentError
        If the survey or its instrument cannot be used.

    Examples
    --------
    >>> ei.report("employer_brand_study", survey=survey, group="generation", language="nl")
    """
    step = on_step or (lambda _: None)
    asked = {"group": group, "wave": wave, "language": language, **parameters}
    checked = read_parameters(asked, template)
    target = _target(output, template, checked.language)
    step("read")
    answers = _survey(survey, instrument)
    chosen = {
        **checked.model_dump(),
        "group": chosen_group(checked, answers.instrument),
        "wave": chosen_wave(checked, answers),
    }
    with tempfile.TemporaryDirectory(prefix="employer-identity-") as folder:
        snapshot = Path(folder) / f"survey{SUFFIX}"
        chosen |= {"sha256": write_snapshot(answers, snapshot), "survey": str(snapshot)}
        step("run")
        notebook = _run(notebooks()[template], chosen, Path(folder))
    step("write")
    write_whole(target, export(notebook))
    return target


def _target(output: str | Path | None, template: str, language: Language) -> Path:
    """Return where the report goes; refuse a place that cannot be written to."""
    target = Path(output) if output else Path(f"{template}.{language}.html")
    problem = None
    if target.is_dir():
        problem = Problem("report.output_is_folder", str(target))
    elif target.suffix.lower() not in (".html", ".htm"):
        problem = Problem("report.output_not_html", str(target))
    elif not target.parent.is_dir():
        problem = Problem("report.no_such_folder", str(target.parent))
    elif not os.access(target.parent, os.W_OK):
        problem = Problem("report.folder_not_writable", str(target.parent))
    if problem:
        raise refusal(ReportError, [problem])
    return target.resolve()


def _survey(survey: Survey | Source | None, instrument: Instrument | str | Path | None) -> Survey:
    if isinstance(survey, Survey):
        return survey
    if survey is None:
        here = sample()
        return load_survey(
            here / "employees.csv", instrument=instrument or here / "instrument.toml"
        )
    if instrument is None:
        raise refusal(ReportError, [Problem("report.no_instrument")])
    return load_survey(survey, instrument=instrument)


def _run(template: Path, parameters: Mapping[str, Any], folder: Path) -> NotebookNode:
    """Run a template with papermill; a cell that fails becomes an error that names the section."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    reader = Thread(target=exporter, daemon=True)  # nbconvert is slow to import: use the wait
    reader.start()
    with _environment(_THREADS):
        try:
            notebook = papermill.execute_notebook(
                template,
                None,
                parameters=dict(parameters),
                progress_bar=False,
                cwd=folder,
                extra_arguments=["--IPKernelApp.log_level=50"],  # its advice is not for readers
            )
        except PapermillExecutionError as error:
            raise refusal(ReportError, [_failure(error)]) from None
        except Exception as error:
            values = {"kind": type(error).__name__, "message": _plain(str(error))}
            raise refusal(ReportError, [Problem("report.kernel_failed", values=values)]) from error
    reader.join()
    if not notebook.metadata.papermill.get("end_time"):
        raise refusal(ReportError, [Problem("report.not_finished")])
    return cast("NotebookNode", notebook)


def _failure(error: Any) -> Problem:
    """Say which step failed and why; our own refusals speak for themselves."""
    step = error.source.splitlines()[0].removeprefix("# ")
    message = _plain(error.evalue)
    ours = isinstance(getattr(errors, error.ename, None), type)
    values = {"message": message if ours else f"{error.ename}: {message}"}
    return Problem("report.cell_failed", step, values=values)


def _plain(text: str) -> str:
    """Return a message without colour codes."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip()


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the kernel that is started meanwhile, and put the old ones back."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
