"""From files to named columns: which reader reads what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from employer_identity.errors import Problem, SurveyError
from employer_identity.intake import excel, parquet, spss, text
from employer_identity.intake.joining import join
from employer_identity.intake.raw import Raw, digest, refuse
from employer_identity.language import refusal

READERS: dict[str, Callable[[Path], Raw]] = {
    suffix: room.read for room in (text, parquet, excel, spss) for suffix in room.SUFFIXES
}


def read(paths: Sequence[Path]) -> Raw:
    """Read one or several files as one survey.

    Raises
    ------
    SurveyError
        If a file cannot be read, with the reasons of all; or if several files do not fit together.
    """
    if not paths:
        raise refuse("intake.no_files", "")
    raws: list[Raw] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            raws.append(_read(path))
        except SurveyError as error:
            problems += error.problems
    if problems:
        raise refusal(SurveyError, problems)
    if len(raws) == 1:
        return raws[0]
    names = [path.name for path in paths]
    if len(set(names)) < len(names):
        names = [f"{path.parent.name}/{path.name}" for path in paths]
    return join(raws, names, digest(paths))


def _read(path: Path) -> Raw:
    """Read one file; whatever its reader stumbles over becomes a refusal."""
    try:
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
        return READERS[suffix](path)
    except SurveyError:
        raise
    except Exception as error:  # its text may hold answers
        raise refuse("intake.unreadable", path, kind=type(error).__name__) from None
