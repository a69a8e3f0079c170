"""`report`: check what is asked, run the notebook on the survey, put the document in place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

from employer_identity.errors import Problem, ReportError
from employer_identity.language import Language, refusal
from employer_identity.loading import Source, load_survey
from employer_identity.questionnaire import Instrument
from employer_identity.reports.documents import documents
from employer_identity.reports.execution import execute
from employer_identity.reports.parameters import chosen_group, chosen_wave, read_parameters
from employer_identity.reports.places import notebooks, sample
from employer_identity.reports.records import Format
from employer_identity.reports.render import exporter
from employer_identity.reports.snapshot import SUFFIX, write_snapshot
from employer_identity.survey import Survey
from employer_identity.writing import write_whole

_KINDS: dict[str, Format] = {".html": "html", ".htm": "html", ".pdf": "pdf", ".ipynb": "ipynb"}
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
    """Make a report: one file that needs nothing beside it.

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
        Where the report goes: a file that ends in ``.html``, ``.pdf`` or ``.ipynb`` (the notebook
        as it has run). None makes an HTML file in the current folder.
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
    kind = _KINDS[target.suffix.lower()]
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
        reader = Thread(target=exporter, daemon=True)  # slow to import: use the wait
        reader.start()
        done = execute(notebooks()[template], chosen, Path(folder))
    if done.problem:
        raise refusal(ReportError, [done.problem])
    step("write")
    reader.join()
    write_whole(target, documents(done.notebook, [kind])[kind])
    return target


def _target(output: str | Path | None, template: str, language: Language) -> Path:
    """Return where the report goes; refuse a place that cannot be written to."""
    target = Path(output) if output else Path(f"{template}.{language}.html")
    problem = None
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
