"""The folder of a batch: which reports in it are whole and right, told by a stamp written last.

A stamp names the key of a report and the hashes of its files. A report counts only while its files
are what its stamp says; whatever is unstamped is made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from employer_identity.audit.facts import SUFFIX, Published
from employer_identity.language import Language
from employer_identity.reports.records import FORMATS, Format, Numbers
from employer_identity.reports.stated import write_sidecar
from employer_identity.reports.tasks import Task
from employer_identity.writing import write_whole

STATE = ".batch"
FAILED = "failed"
_STAMPS = "stamps"


@dataclass(frozen=True)
class Stamp:
    """What was made: of which key, with which files.

    Attributes
    ----------
    files
        Format -> SHA-256.
    facts
        SHA-256 of what it states, beside its files.
    """

    name: str
    title: str
    template: str
    language: Language
    key: str
    basis: str
    files: Mapping[Format, str]
    facts: str
    numbers: Numbers
    seconds: float


_FILE = TypeAdapter(Stamp)


def path_of(name: str, language: Language, kind: Format) -> str:
    """Return where a report's file lies inside the folder."""
    return f"{language}/{name}.{kind}"


def facts_path(name: str, language: Language) -> str:
    """Return where lies what a report states."""
    return f"{language}/{name}{SUFFIX}"


def failed_path(name: str, language: Language) -> str:
    """Return where the notebook of a report that failed lies inside the folder."""
    return f"{FAILED}/{language}/{name}.ipynb"


def read_stamps(folder: Path) -> dict[tuple[str, Language], Stamp]:
    """Read every stamp of a folder; one that cannot be read is as good as none."""
    found = {}
    for path in sorted((folder / STATE / _STAMPS).glob("*/*.json")):
        try:
            stamp = _FILE.validate_json(path.read_bytes(), strict=True)
        except (OSError, ValueError):
            continue
        if path == _stamp_path(folder, stamp.name, stamp.language):
            found[stamp.name, stamp.language] = stamp
    return found


def stands(stamp: Stamp, folder: Path) -> bool:
    """Whether a report's files are there and are what its stamp says."""
    files = {path_of(stamp.name, stamp.language, k): sha256 for k, sha256 in stamp.files.items()}
    files[facts_path(stamp.name, stamp.language)] = stamp.facts
    return all(sha256 == _digest(folder / path) for path, sha256 in files.items())


def is_up_to_date(task: Task, stamp: Stamp | None, folder: Path) -> bool:
    """Whether a report need not be made again."""
    if stamp is None or stamp.key != task.key or not set(task.formats) <= set(stamp.files):
        return False
    return stands(stamp, folder)


def erase(folder: Path, name: str, language: Language) -> None:
    """Take a report away, its stamp first, so that nothing half-made is taken for done."""
    _stamp_path(folder, name, language).unlink(missing_ok=True)
    for kind in FORMATS:
        (folder / path_of(name, language, kind)).unlink(missing_ok=True)
    (folder / facts_path(name, language)).unlink(missing_ok=True)
    (folder / failed_path(name, language)).unlink(missing_ok=True)


def write_report(
    folder: Path,
    task: Task,
    files: Mapping[Format, bytes],
    published: Published,
    numbers: Numbers,
    seconds: float,
) -> Stamp:
    """Write a report's files, each whole, what it states beside them, and its stamp last."""
    made = {folder / path_of(task.name, task.language, k): c for k, c in files.items()}
    for path, content in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    facts = write_sidecar(published, made)
    digests = {kind: hashlib.sha256(content).hexdigest() for kind, content in files.items()}
    stamp = Stamp(
        task.name,
        task.title,
        task.template,
        task.language,
        task.key,
        task.basis,
        digests,
        _digest(facts),
        dict(numbers),
        round(seconds, 3),
    )
    path = _stamp_path(folder, task.name, task.language)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, _FILE.dump_json(stamp, indent=1))
    return stamp


def _stamp_path(folder: Path, name: str, language: Language) -> Path:
    return folder / STATE / _STAMPS / language / f"{name}.json"


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
