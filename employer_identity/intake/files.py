"""From files to named columns: which reader reads what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from employer_identity.errors import Problem, SurveyError
from employer_identity.intake import excel, parquet, spss, text
from employer_identity.intake.joining import join
from employer_identity.intake.raw import Named, Raw, Stamp, digest, refuse, stamp
from employer_identity.language import refusal

READERS: dict[str, Callable[[Path], Raw]] = {
    suffix: room.read for room in (text, parquet, excel, spss) for suffix in room.SUFFIXES
}


def read(paths: Sequence[Path], named: Named | None = None) -> Raw:
    """Read one or several files as one survey.

    Parameters
    ----------
    paths
        The files.
    named
        What is needed of Parquet files, of which no more is read then; other files are read whole.

    Raises
    ------
    SurveyError
        If a file cannot be read, with the reasons of all; if several files do not fit together; or
        if one of them changed meanwhile.
    """
    if not paths:
        raise refuse("intake.no_files", "")
    raws: list[Raw] = []
    problems: list[Problem] = []
    names = [path.name for path in paths]
    if len(set(names)) < len(names):
        names = [f"{path.parent.name}/{path.name}" for path in paths]
    stamps = {path: _stamp(path, name) for path, name in zip(paths, names, strict=True)}
    for path in paths:
        try:
            _check(path)
            raws.append(_read(path, named))
        except SurveyError as error:
            problems += error.problems
    if problems:
        raise refusal(SurveyError, problems)
    found = raws[0] if len(raws) == 1 else join(raws, names, digest(paths))
    for path, name in zip(paths, names, strict=True):
        if _stamp(path, name) != stamps[path]:
            problems.append(Problem("scan.changed", name))
    if problems:
        raise refusal(SurveyError, problems)
    return found


def _stamp(path: Path, name: str) -> Stamp | None:
    return stamp(path, name) if path.is_file() else None


def _check(path: Path) -> None:
    """Refuse what is no file that can be read."""
    if path.is_dir():
        raise refuse("intake.folder", path)
    if not path.is_file():
        raise refuse("intake.no_such_file", path)
    suffix = path.suffix.lower()
    if suffix == ".xls":
        raise refuse("intake.old_excel", path)
    if suffix not in READERS:
        raise refuse("intake.unknown_format", path, known=", ".join(READERS))
    if not path.stat().st_size:
        raise refuse("intake.empty_file", path)


def _read(path: Path, named: Named | None) -> Raw:
    """Read one file; whatever its reader stumbles over becomes a refusal."""
    suffix = path.suffix.lower()
    try:
        return parquet.read(path, named) if suffix in parquet.SUFFIXES else READERS[suffix](path)
    except SurveyError:
        raise
    except Exception as error:  # its text may hold answers
        raise refuse("intake.unreadable", path, kind=type(error).__name__) from None
