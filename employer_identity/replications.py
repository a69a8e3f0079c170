"""Numbered replications of a simulation: in several processes, kept in a file, told how far.

Each replication has random numbers of its own, from the seed, its study's name and its number, so
that it is the same whoever does it and whatever else is done.
"""

from __future__ import annotations

import json
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from employer_identity.errors import ModelError, Problem
from employer_identity.language import listing, refusal, say
from employer_identity.measurement.threads import on_one_thread

Array = NDArray[np.float64]
Row = tuple[float, ...] | None  # None: the replication came to nothing
Rows = dict[str, dict[int, Row]]
Telling = Callable[[int, int], object]

CHUNK = 20  # replications that a process does at a time
WORTH = 200  # replications from which a second process is worth its start
PATIENCE = 2.0  # seconds without a word
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Task(Protocol):
    """What is replicated; it goes to other processes."""

    @property
    def width(self) -> int:
        """Numbers that a replication gives."""

    def __call__(self, name: str, rng: np.random.Generator) -> Row:
        """Do one replication of a study."""


@dataclass(frozen=True)
class Work:
    """How replications are done.

    Parameters
    ----------
    seed
        Of all random numbers.
    processes
        How many work at the same time; None: one a core where that is worth it.
    progress
        Is told how many are done, and of how many; None: a line on a terminal or in a notebook.
    cache
        File in which replications are kept; None: they are not.
    key
        What the replications depend on, by name; a file that was made with another is refused.
    """

    seed: int
    processes: int | None = None
    progress: Telling | None = None
    cache: Path | None = None
    key: Mapping[str, str | int | float] | None = None


def generator(seed: int, name: str, number: int) -> np.random.Generator:
    """Return the random numbers of one replication."""
    return np.random.default_rng([seed, zlib.crc32(name.encode()), number])


@on_one_thread
def _done(task: Task, seed: int, name: str, numbers: range) -> tuple[str, dict[int, Row]]:
    """Do some replications."""
    found: dict[int, Row] = {}
    for number in numbers:
        try:
            row = task(name, generator(seed, name, number))
        except (ModelError, np.linalg.LinAlgError):
            row = None
        found[number] = row if row is None or np.isfinite(row).all() else None
    return name, found


_TASK: list[Task] = []  # of a process that helps


def _begin(task: Task) -> None:
    _TASK[:] = [task]


def _helped(seed: int, name: str, numbers: range) -> tuple[str, dict[int, Row]]:
    return _done(_TASK[0], seed, name, numbers)


def replicate(task: Task, wanted: Mapping[str, int], work: Work) -> dict[str, Array]:
    """Do replications 0 to n - 1 of each study; (n, width), NaN where one came to nothing.

    Raises
    ------
    ModelError
        If the file in which they are kept is of other data, or a process died.
    """
    kept = _kept(work)
    parts = [
        (name, range(at, min(at + CHUNK, reps)))
        for name, reps in wanted.items()
        for at in range(0, reps, CHUNK)
        if not set(range(at, min(at + CHUNK, reps))) <= set(kept.get(name, ()))
    ]
    total = sum(len(numbers) for _, numbers in parts)
    tell, done = work.progress or _line(), 0
    for name, rows in _all(task, parts, total, work):
        kept.setdefault(name, {}).update(rows)
        done += len(rows)
        _keep(work, kept)
        tell(done, total)
    nothing = (np.nan,) * task.width
    return {
        name: np.array([kept[name][k] or nothing for k in range(reps)], dtype=float)
        for name, reps in wanted.items()
    }


def _all(
    task: Task, parts: list[tuple[str, range]], total: int, work: Work
) -> Iterator[tuple[str, dict[int, Row]]]:
    """Do all parts, here or in several processes; each is handed over when it is done."""
    processes = work.processes or (_processors() if total >= WORTH else 1)
    if processes == 1 or not parts:
        yield from (_done(task, work.seed, *part) for part in parts)
        return
    threads = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))  # read by the processes when they load numpy
    try:
        with ProcessPoolExecutor(
            min(processes, len(parts)), get_context("spawn"), _begin, (task,)
        ) as pool:
            with _without_script():
                tasks = [pool.submit(_helped, work.seed, *part) for part in parts]
            for one in as_completed(tasks):
                yield one.result()
    except BrokenProcessPool as error:
        raise refusal(ModelError, [Problem("cutoffs.process_died")]) from error
    finally:
        for name, value in threads.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


@contextmanager
def _without_script() -> Iterator[None]:
    """Let processes start that do not run the caller's script again.

    A spawned process imports the main module of the one that began it: a script that does not say
    ``if __name__ == "__main__":`` would begin all over in each. Replications are imported by their
    own names and need no script, so that the main module is an empty one for the while.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# -- kept in a file -------------------------------------------------------------------------------


def _key(work: Work) -> dict[str, str | int | float]:
    return {**(work.key or {}), "seed": work.seed}


def _kept(work: Work) -> Rows:
    """Read the replications that are there already; refuse those of other data."""
    path = work.cache
    if path is None or not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        own, rows = found["key"], found["rows"]
        other = [name for name, value in _key(work).items() if own.get(name) != value]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise refusal(ModelError, [Problem("cutoffs.no_cache", str(path))]) from error
    if other:
        values = {"parts": listing([say(f"cutoffs.part.{name}") for name in other])}
        raise refusal(ModelError, [Problem("cutoffs.other_cache", str(path), values=values)])
    return {
        name: {int(k): None if row is None else tuple(row) for k, row in several.items()}
        for name, several in rows.items()
    }


def _keep(work: Work, rows: Rows) -> None:
    """Write the replications: beside the file first, then renamed."""
    if work.cache is None:
        return
    part = work.cache.with_name(f"{work.cache.name}.part")
    try:
        part.write_text(json.dumps({"key": _key(work), "rows": rows}), encoding="utf-8")
        part.replace(work.cache)
    except OSError as error:
        values = {"message": error.strerror or type(error).__name__}
        problem = Problem("cutoffs.not_kept", str(work.cache), values=values)
        raise refusal(ModelError, [problem]) from error


# -- told how far ---------------------------------------------------------------------------------


def _line() -> Telling:
    """Return what tells somebody who waits: a line that renews itself; nobody in a log."""
    begun = time.monotonic()
    renew = _renewing()

    def tell(done: int, total: int) -> None:
        if renew is None or time.monotonic() - begun < PATIENCE:
            return
        renew("" if done == total else say("cutoffs.progress", done=done, total=total))

    return tell


def _renewing() -> Callable[[str], object] | None:
    """Return what replaces the last line by another: of a notebook, or a terminal; else None."""
    kernel = sys.modules.get("IPython")
    shell = kernel.get_ipython() if kernel else None
    if shell is not None and hasattr(shell, "kernel"):
        return _in_notebook()
    if sys.stderr.isatty():
        return lambda text: print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    return None


def _in_notebook() -> Callable[[str], object]:
    """Return what renews a line of its own: whatever else the cell has shown stays."""
    from IPython.display import DisplayHandle

    handle = DisplayHandle()  # type: ignore[no-untyped-call]
    told: list[str] = []

    def renew(text: str) -> None:
        if told or text:
            show = handle.update if told else handle.display
            show({"text/plain": text}, raw=True)  # type: ignore[no-untyped-call]
            told.append(text)

    return renew
