"""A fresh copy of the workshop: a folder, or one zip file for the class."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from employer_identity.errors import Problem, WorkshopError
from employer_identity.language import Language, describe
from employer_identity.reports.places import sample
from employer_identity.workshop.building import class_files
from employer_identity.writing import write_whole

DATA = ("employees.csv", "instrument.toml")
WHEN = (2026, 1, 1, 0, 0, 0)  # the same files give the same zip
SHOWN = 4  # names of files in one message


def hand_out(
    folder: str | Path, *, language: Language = "nl", solutions: bool = False, zipped: bool = False
) -> Path:
    """Put notebooks, data and an explanation in a folder, or in one zip file.

    Parameters
    ----------
    folder
        Where they go; the folder is made if it is not there. Zipped: the file, with ``.zip`` added
        where that is missing.
    language
        ``"nl"`` or ``"en"``.
    solutions
        Whether solutions and the instructor's notes go with them.
    zipped
        One zip file instead of a folder.

    Returns
    -------
    The folder or file.

    Raises
    ------
    WorkshopError
        If a file is there already (it may be a student's work: nothing is written), or the folder
        cannot be written to.
    """
    folder = Path(folder)
    files: dict[str, bytes] = {
        path: text.encode() for path, text in class_files(language, solutions=solutions).items()
    }
    files |= {f"data/{name}": (sample() / name).read_bytes() for name in DATA}
    try:
        return _zip(files, folder, language) if zipped else _write(files, folder, language)
    except OSError as error:
        raise _refused(Problem("workshop.not_written", str(folder)), language) from error


def _write(files: Mapping[str, bytes], folder: Path, language: Language) -> Path:
    if folder.exists() and not folder.is_dir():
        raise _refused(Problem("workshop.no_folder", str(folder)), language)
    if there := [path for path in files if (folder / path).exists()]:
        more = "" if len(there) <= SHOWN else ", \N{HORIZONTAL ELLIPSIS}"
        values = {"names": ", ".join(there[:SHOWN]) + more}
        raise _refused(Problem("workshop.in_the_way", str(folder), len(there), values), language)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder / path, content)
    return folder


def _zip(files: Mapping[str, bytes], folder: Path, language: Language) -> Path:
    target = folder if folder.suffix == ".zip" else folder.with_name(f"{folder.name}.zip")
    if target.exists():
        raise _refused(Problem("workshop.zip_in_the_way", str(target)), language)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(
                zipfile.ZipInfo(f"{target.stem}/{path}", WHEN), content, zipfile.ZIP_DEFLATED
            )
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, buffer.getvalue())
    return target


def _refused(problem: Problem, language: Language) -> WorkshopError:
    return WorkshopError(describe(problem, language), (problem,))
