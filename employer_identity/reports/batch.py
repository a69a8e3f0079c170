"""`batch`: many reports of one survey, made side by side, each made once and never half."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from employer_identity.audit.facts import write_facts
from employer_identity.audit.folder import Audit, audit
from employer_identity.audit.listed import FACTS, NUMBERS, PAGE, TABLE
from employer_identity.edge import checked
from employer_identity.errors import Problem, ReportError
from employer_identity.language import LANGUAGES, Language, refusal, say
from employer_identity.loading import Source
from employer_identity.questionnaire import Instrument
from employer_identity.reports import crew
from employer_identity.reports.beside import of_sample
from employer_identity.reports.index import comparable, index_csv, index_page, numbers_table
from employer_identity.reports.index_facts import index_facts
from employer_identity.reports.orders import seconds_needed, write_orders
from employer_identity.reports.parameter_files import ParameterSet, read_sets
from employer_identity.reports.parameters import template_problems
from employer_identity.reports.pdf import pdf_maker
from employer_identity.reports.plan import Plan, make_plan, sets_by
from employer_identity.reports.records import FORMATS, Format, Record, Status
from employer_identity.reports.run import open_survey
from employer_identity.reports.site import claimed, site_problems
from employer_identity.reports.stamps import (
    Stamp,
    erase,
    failed_path,
    is_up_to_date,
    path_of,
    read_stamps,
    stands,
)
from employer_identity.reports.tasks import Task
from employer_identity.reports.work import Done, Order
from employer_identity.showing import Showing, View
from employer_identity.survey import Survey
from employer_identity.writing import write_whole

TIMEOUT = 300
"""Seconds that a cell of a report may take, unless said otherwise."""
_STOPS = {"batch.disk_full", "batch.void", "batch.other_version", "batch.scheduler_gone"}
_INDEX = (PAGE, TABLE, NUMBERS, FACTS)
Step = Callable[[str], None]
Reported = Callable[[Record, int, int], None]


@dataclass(frozen=True, repr=False)
class Batch(Showing):
    """What became of a batch.

    Attributes
    ----------
    folder
        Where its files are.
    records
        One a report, by title and language.
    seconds
        How long the reports that are due will take; only of a dry run.
    audit
        What all of its reports together give away, with earlier ones; None of a dry run. Where
        something was found there is no index page, so that nothing is handed out.
    """

    folder: Path
    records: tuple[Record, ...]
    seconds: float | None = None
    audit: Audit | None = None

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many reports there are of each status."""
        return Counter(r.status for r in self.records)

    @property
    def failed(self) -> tuple[Record, ...]:
        """The reports that could not be made."""
        return tuple(r for r in self.records if r.status == "failed")

    @property
    def index(self) -> Path:
        """The page that lists them all; it is there once nothing hidden can be recovered."""
        return self.folder / PAGE

    def _view(self) -> View:
        told = ", ".join(f"{n} {say(f'batch.status.{s}', n=n)}" for s, n in self.counts.items())
        return View(f"{self.folder}: {told}")


@dataclass(frozen=True)
class _Wish:
    """What a batch is asked for, checked as far as that needs no survey."""

    folder: Path
    template: str
    by: str
    sets: tuple[ParameterSet, ...]
    languages: tuple[Language, ...]
    formats: tuple[Format, ...]
    common: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    earlier: tuple[Path, ...] = ()


@dataclass(frozen=True)
class _Crew:
    """Who makes the reports, and how."""

    jobs: int
    isolated: bool
    timeout: int | None
    scheduler: str | None

    def make(self, orders: Sequence[Order]) -> Generator[tuple[Order, Done]]:
        """Hand the reports out."""
        if self.scheduler:
            return crew.there(orders, self.scheduler)
        return crew.here(orders, self.jobs)


@checked(ReportError)
def batch(
    template: str = "employer_report",
    *,
    output: str | Path,
    survey: Survey | Source | None = None,
    instrument: Instrument | str | Path | None = None,
    by: str = "employer",
    sets: str | Path | Sequence[ParameterSet] | None = None,
    languages: Iterable[Language] = ("nl",),
    formats: Iterable[Format] = ("html",),
    jobs: int | None = None,
    isolated: bool = False,
    scheduler: str | None = None,
    timeout: int | None = TIMEOUT,
    earlier: Iterable[str | Path] = (),
    dry_run: bool = False,
    on_step: Step | None = None,
    on_report: Reported | None = None,
    **parameters: Any,
) -> Batch:
    """Make a report for each of many units; what is there already and still right is kept.

    Parameters
    ----------
    template
        Name of a report template.
    output
        Folder of the batch: a new one, an empty one, or that of an earlier batch.
    survey, instrument
        As in `report`.
    by
        Column whose values get a report each; ``employer`` and ``sector`` are the instrument's own.
    sets
        Instead of `by`: sets of parameters, or a YAML or TOML file with them.
    languages, formats
        ``nl``, ``en``; ``html``, ``pdf``, ``ipynb`` (the notebook as it has run).
    jobs
        Processes that work at the same time; None takes one for each processor.
    isolated
        Whether each report gets a kernel of its own: slower, nothing shared.
    scheduler
        Address of a Dask scheduler whose workers see the same folder, such as
        ``tcp://host:8786``; they do the work instead.
    timeout
        Seconds that a cell of a report may take; None for any.
    earlier
        Folders with reports that were handed out before, looked at together with these.
    dry_run
        Whether only to say what would be made, and how long it would take.
    on_step
        Called with the name of each step: ``read``, ``plan``, ``fit``, ``make``, ``index``,
        ``audit``.
    on_report
        Called with each `Record` as it comes, how many are done, and how many there are to make.
    **parameters
        Parameters of all reports.

    Returns
    -------
    Batch
        Reports that failed are in it; they do not stop the others. So is what the audit found.

    Raises
    ------
    ReportError
        If what is asked for is wrong, the folder is taken, or the disk is full.
    SurveyError, InstrumentError
        If the survey or its instrument cannot be used.

    Examples
    --------
    >>> ei.batch("employer_report", survey=survey, output="reports", dry_run=True).seconds
    """
    step = on_step or (lambda _: None)
    common = of_sample(template, parameters, survey is None)
    before = tuple(map(Path, earlier))
    wish = _checked(template, Path(output), by, sets, languages, formats, jobs, common, before)
    if scheduler and not dry_run:
        crew.check(scheduler)
    who = _Crew(jobs or _processors(), isolated, timeout, scheduler)
    step("read")
    answers = open_survey(survey, instrument)
    step("plan")
    wanted = wish.sets or sets_by(answers, template, by, wish.common)
    plan = make_plan(answers, template, wanted, wish.common, wish.languages, wish.formats)
    if dry_run:
        return _foreseen(wish, plan, who)
    with claimed(wish.folder) as run:
        made = _make(wish, plan, who, run, step, on_report or (lambda *_: None))
        step("index")
        page = _write_index(made, plan, wish.languages[0])
        step("audit")
        made = replace(made, audit=audit(wish.folder, *wish.earlier))
        if made.audit and made.audit.is_clean:
            write_whole(made.index, page)  # last: who opens it finds the others
    return made


def _checked(
    template: str,
    folder: Path,
    by: str,
    sets: str | Path | Sequence[ParameterSet] | None,
    languages: Iterable[Language],
    formats: Iterable[Format],
    jobs: int | None,
    parameters: Mapping[str, Any],
    earlier: tuple[Path, ...],
) -> _Wish:
    """Refuse what can be refused before the survey is read, all at once."""
    problems = [*template_problems(template), *site_problems(folder)]
    problems += [Problem("audit.nothing", str(one)) for one in earlier if not one.is_dir()]
    tongues, kinds = tuple(dict.fromkeys(languages)), tuple(dict.fromkeys(formats))
    for asked, allowed, name in ((tongues, LANGUAGES, "language"), (kinds, FORMATS, "format")):
        values = {"allowed": ", ".join(allowed)}
        problems += [
            Problem(f"batch.unknown_{name}", a, values=values) for a in asked if a not in allowed
        ]
        problems += [] if asked else [Problem(f"batch.no_{name}", values=values)]
    if jobs is not None and jobs < 1:
        problems.append(Problem("batch.wrong_jobs", str(jobs)))
    given: tuple[ParameterSet, ...] = ()
    try:
        given = read_sets(sets) if isinstance(sets, str | Path) else tuple(sets or ())
        if "pdf" in kinds:
            pdf_maker()
    except ReportError as error:
        problems += error.problems
    if problems:
        raise refusal(ReportError, problems)
    return _Wish(folder.resolve(), template, by, given, tongues, kinds, parameters, earlier)


def _processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _split(
    plan: Plan, stamps: Mapping[tuple[str, Language], Stamp], folder: Path
) -> tuple[list[Task], list[Record]]:
    """Tell what has to be made from what is there already or may not be made."""
    due, settled = [], []
    for task in plan.tasks:
        stamp = stamps.get((task.name, task.language))
        if task.problem:
            settled.append(_record(task, "withheld", problem=task.problem))
        elif stamp and is_up_to_date(task, stamp, folder):
            settled.append(_of_stamp(stamp, "kept"))
        else:
            due.append(task)
    return due, settled


def _foreseen(wish: _Wish, plan: Plan, who: _Crew) -> Batch:
    """Say what would be made."""
    stamps = read_stamps(wish.folder)
    due, settled = _split(plan, stamps, wish.folder)
    records = [*settled, *(_record(task, "due") for task in due)]
    seconds = 0.0
    if due:
        with tempfile.TemporaryDirectory(prefix="employer-identity-") as trial:
            seconds = seconds_needed(due, stamps.values(), plan, who.jobs, Path(trial))
    return Batch(wish.folder, _sorted(records), seconds)


def _make(wish: _Wish, plan: Plan, who: _Crew, run: str, step: Step, on_report: Reported) -> Batch:
    folder = wish.folder
    stamps = read_stamps(folder)
    due, records = _split(plan, stamps, folder)
    for record in records:
        if record.status == "withheld":
            for language in LANGUAGES:
                erase(folder, record.name, language)  # of an earlier batch
    if due:
        for name in _INDEX:
            (folder / name).unlink(missing_ok=True)  # it would lead to what is being made again
        step("fit")
        orders = write_orders(folder, due, plan, run, isolated=who.isolated, timeout=who.timeout)
        step("make")
        with closing(who.make(orders)) as coming:
            for count, (order, done) in enumerate(coming, start=1):
                if done.problem and done.problem.code in _STOPS:
                    raise refusal(ReportError, [done.problem])
                records.append(_outcome(order.task, done, folder))
                on_report(records[-1], count, len(due))
    planned = {(t.name, t.language) for t in plan.tasks}
    bases = {share.basis for share in plan.shares.values()}
    for place, stamp in stamps.items():
        if place not in planned and stands(stamp, folder):
            records.append(_of_stamp(stamp, "earlier" if stamp.basis in bases else "outdated"))
    return Batch(folder, _sorted(records))


def _write_index(made: Batch, plan: Plan, language: Language) -> str:
    """Write what lists all reports, and what was decided not to be shown; return the page."""
    share = next(iter(plan.shares.values()))
    instrument, folder = share.selection.survey.instrument, made.folder
    title = instrument.called(language)
    labels = {p: instrument.label(p, language) for p in instrument.factors}
    together = comparable(made.records, labels)
    heads = {f"mean_{p}": labels[p] for p in together}
    apart = [label for p, label in labels.items() if p not in together]
    page = index_page(made.records, language=language, title=title, headline=heads, apart=apart)
    table = index_csv(made.records, headline=heads)
    files = {TABLE: table.encode(), NUMBERS: numbers_table(made.records)}
    made.index.unlink(missing_ok=True)  # until it is known what all of it gives away
    for name, content in files.items():
        write_whole(folder / name, content)
    facts = index_facts(plan, made.records, files | {PAGE: page.encode()})
    write_whole(folder / FACTS, write_facts(facts))
    for name, one in plan.shares.items():
        only = len(plan.shares) == 1
        path = folder / ("suppression.csv" if only else f"suppression-{name}.csv")
        write_whole(path, one.selection.suppression.to_csv())
    return page


def _outcome(task: Task, done: Done, folder: Path) -> Record:
    if done.stamp:
        return _of_stamp(done.stamp, "made")
    half = failed_path(task.name, task.language)
    files: dict[Format, str] = {"ipynb": half} if (folder / half).exists() else {}
    return _record(task, "failed", files=files, problem=done.problem)


def _record(task: Task, status: Status, **more: Any) -> Record:
    return Record(task.name, task.title, task.language, status, **more)


def _of_stamp(stamp: Stamp, status: Status) -> Record:
    files = {kind: path_of(stamp.name, stamp.language, kind) for kind in stamp.files}
    return Record(
        stamp.name,
        stamp.title,
        stamp.language,
        status,
        files if status != "outdated" else {},
        stamp.numbers,
        seconds=stamp.seconds,
    )


def _sorted(records: Iterable[Record]) -> tuple[Record, ...]:
    return tuple(sorted(records, key=lambda r: (r.title.casefold(), r.name, r.language)))
