"""What a worker does: make one report in the folder of a batch, and say how it went.

The same function runs in a process of this computer and on a Dask worker. A batch that has been
replaced by a later one, or whose parent is gone, may write nothing any more.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.util import Finalize
from pathlib import Path

from employer_identity.errors import Problem, ReportError
from employer_identity.reports.documents import documents
from employer_identity.reports.execution import WARM, Executed, execute
from employer_identity.reports.inspection import faults, numbers
from employer_identity.reports.kernels import end_all
from employer_identity.reports.places import notebooks
from employer_identity.reports.records import Format
from employer_identity.reports.site import RUN, WORK, not_written
from employer_identity.reports.stamps import STATE, Stamp, erase, failed_path, write_report
from employer_identity.reports.stated import stated
from employer_identity.reports.tasks import Task, code
from employer_identity.writing import write_whole

_one_at_a_time = threading.Lock()  # of the threads of one worker


@dataclass(frozen=True)
class Order:
    """What a worker needs to know to make a report.

    Attributes
    ----------
    task
        The report.
    folder
        The batch's folder, as the worker sees it.
    run
        Which run of the batch this is; it is void once the folder belongs to another.
    sha256
        Hash of the prepared data it reads.
    isolated
        Whether it gets a kernel of its own.
    timeout
        Seconds that a cell may take; None for any.
    code
        Version of the package that ordered it.
    """

    task: Task
    folder: str
    run: str
    sha256: str
    isolated: bool
    timeout: int | None
    code: str


@dataclass(frozen=True)
class Done:
    """How it went: a stamp, or the problem that kept the report from being made."""

    stamp: Stamp | None
    problem: Problem | None = None


def make(order: Order) -> Done:
    """Make one report; every failure is a value."""
    with _one_at_a_time:
        try:
            return _make(order)
        except OSError as error:
            return Done(None, not_written(error, Path(order.folder)))
        except ReportError as error:
            return Done(None, error.problems[0])
        except Exception as error:  # a fault of ours, in one report: the others go on
            return Done(None, _unforeseen(error))


def _make(order: Order) -> Done:
    task, folder, begun = order.task, Path(order.folder), time.perf_counter()
    work = folder / STATE / WORK / task.shared
    if order.code != code():
        values = {"ours": order.code, "theirs": code()}
        return Done(None, Problem("batch.other_version", values=values))
    if not _is_current(order) or not work.is_dir():
        return Done(None, Problem("batch.void", order.folder))
    erase(folder, task.name, task.language)
    done = execute(
        notebooks()[task.template],
        {**task.parameters, "prepared": ".", "sha256": order.sha256},
        work,
        engine=None if order.isolated else WARM,
        timeout=order.timeout,
    )
    if done.problem:
        return _failed(order, done, done.problem)
    made: Mapping[Format, bytes] = documents(done.notebook, {*task.formats, "html"})
    problems = faults(done.notebook, made)
    if problems:
        return _failed(order, done, problems[0])
    try:
        published = stated(done.notebook, task.name, made["html"].decode())
    except ReportError as error:
        return _failed(order, done, error.problems[0])
    if not _is_current(order):
        return Done(None, Problem("batch.void", order.folder))
    wanted = {kind: made[kind] for kind in task.formats}
    seconds = time.perf_counter() - begun
    return Done(write_report(folder, task, wanted, published, numbers(done.notebook), seconds))


def _failed(order: Order, done: Executed, problem: Problem) -> Done:
    """Keep what a notebook has shown until it failed, for whoever looks for the reason."""
    import nbformat

    path = Path(order.folder) / failed_path(order.task.name, order.task.language)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, f"{nbformat.writes(done.notebook)}\n")
    return Done(None, problem)


def _unforeseen(error: Exception) -> Problem:
    """Say where something broke; not its message, which may quote an answer."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    values = {"kind": type(error).__name__, "line": last.lineno}
    return Problem("batch.unforeseen", Path(last.filename).name, values=values)


def _is_current(order: Order) -> bool:
    """Whether the folder still belongs to the run that ordered this."""
    try:
        return (Path(order.folder) / STATE / RUN).read_text(encoding="utf-8") == order.run
    except OSError:
        return False


def begin() -> None:
    """Prepare a worker process: Ctrl-C is its parent's business, and it ends with its parent."""
    Finalize(None, end_all, exitpriority=1)  # such a process skips what `atexit` knows
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # a worker has one
    parent.join()
    os._exit(1)  # its kernel ends in the same way
