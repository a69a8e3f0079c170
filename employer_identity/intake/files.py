"""From files to named columns: which reader reads what."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from employer_identity.errors import SurveyError
from employer_identity.intake import parquet, text
from employer_identity.intake.raw import Raw, refuse

READERS: dict[str, Callable[[Path, str], Raw]] = {
    suffix: room.read for room in (text, parquet) for suffix in room.SUFFIXES
}


def read(paths: Sequence[Path]) -> Raw:
    """Read a survey's files; what cannot be read at all is refused at once."""
    (path,) = paths
    return _read(path)


def _read(path: Path) -> Raw:
    """Read one file; whatever its reader stumbles over becomes a refusal."""
    try:
        if path.is_dir():
            raise refuse("intake.folder", path)
        if not path.is_file():
            raise refuse("intake.no_such_file", path)
        suffix = path.suffix.lower()
        if suffix not in READERS:
            raise refuse("intake.unknown_format", path, known=", ".join(READERS))
        if not path.stat().st_size:
            raise refuse("intake.empty_file", path)
        return READERS[suffix](path, digest([path]))
    except SurveyError:
        raise
    except Exception as error:  # its text may hold answers
        raise refuse("intake.unreadable", path, kind=type(error).__name__) from None


def digest(paths: Sequence[Path]) -> str:
    """Hash of the files' bytes, one after the other."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(2**20):
                whole.update(block)
    return whole.hexdigest()
