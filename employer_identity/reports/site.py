"""The folder of a batch: it belongs to one run at a time, and only then holds personal data."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from employer_identity.errors import Problem, ReportError
from employer_identity.language import refusal
from employer_identity.reports.stamps import STATE
from employer_identity.writing import PART

WORK = "work"
RUN = "run"
_LOCK = "lock"
_FULL = {errno.ENOSPC, errno.EDQUOT}


def site_problems(folder: Path) -> list[Problem]:
    """Say why a folder cannot take a batch."""
    if folder.is_symlink() and not folder.exists():
        return [Problem("batch.no_folder", str(folder))]
    if not folder.exists():
        above = next(p for p in folder.absolute().parents if p.exists())
        writable = above.is_dir() and os.access(above, os.W_OK)
        return [] if writable else [Problem("report.folder_not_writable", str(above))]
    if not folder.is_dir():
        return [Problem("batch.no_folder", str(folder))]
    if not os.access(folder, os.W_OK):
        return [Problem("report.folder_not_writable", str(folder))]
    if not (folder / STATE).is_dir() and any(folder.iterdir()):
        return [Problem("batch.not_empty", str(folder))]
    return []


def not_written(error: OSError, folder: Path) -> Problem:
    """Say that something could not be written into a folder."""
    what = "disk_full" if error.errno in _FULL else "not_written"
    values = {"message": error.strerror or type(error).__name__}
    return Problem(f"batch.{what}", str(folder), values=values)


@contextmanager
def claimed(folder: Path) -> Iterator[str]:
    """Take a folder for one run; yields the run's name, which its workers look for.

    What an earlier run left behind when it was killed is swept up first.

    Raises
    ------
    ReportError
        If another batch is at work in it, or something cannot be written there.
    """
    state = folder / STATE
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = FileLock(state / _LOCK, timeout=0)
        lock.acquire()
    except Timeout:
        raise refusal(ReportError, [Problem("batch.locked", str(folder))]) from None
    except OSError:
        problem = Problem("report.folder_not_writable", str(folder))
        raise refusal(ReportError, [problem]) from None
    run = secrets.token_hex(8)
    try:
        _sweep(folder)
        (state / RUN).write_text(run, encoding="utf-8")
        yield run
    except OSError as error:
        raise refusal(ReportError, [not_written(error, folder)]) from error
    finally:
        _sweep(folder)
        lock.release()


def work_folder(folder: Path, share: str) -> Path:
    """Make the folder of what reports share; only its owner may look into it."""
    path = folder / STATE / WORK / share
    path.mkdir(parents=True, mode=0o700)
    (folder / STATE / WORK).chmod(0o700)
    return path


def _sweep(folder: Path) -> None:
    """Take away the run's name, its data, and files that were never finished."""
    state = folder / STATE
    (state / RUN).unlink(missing_ok=True)
    shutil.rmtree(state / WORK, ignore_errors=True)
    for path in folder.rglob(f"*{PART}"):
        path.unlink(missing_ok=True)
