"""The tables of a report as files for a manuscript: Word (.docx) and LaTeX (.tex).

Only what the report itself shows, under the same numbers: its pieces are read, not its results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from employer_identity.errors import Problem, ReportError
from employer_identity.language import Language, refusal
from employer_identity.privacy import Cells
from employer_identity.reports.latex import write_latex
from employer_identity.reports.manuscript import Manuscript, Table
from employer_identity.reports.render import NAMESPACE
from employer_identity.reports.word import missing_word, write_word

if TYPE_CHECKING:
    from nbformat import NotebookNode

_WRITERS: Mapping[str, Callable[[Manuscript], bytes]] = {".docx": write_word, ".tex": write_latex}
"""How the names of such files end, and who writes them."""


def check_table_files(paths: Iterable[str | Path]) -> None:
    """Refuse files that are no such files, cannot be written, or need what is not installed.

    Raises
    ------
    ReportError
        With everything that is wrong.
    """
    problems = [p for path in paths for p in _problems(Path(path))]
    if problems:
        raise refusal(ReportError, problems)


def _problems(path: Path) -> list[Problem]:
    if path.suffix.lower() not in _WRITERS or path.is_dir():
        return [Problem("manuscript.unknown_file", str(path))]
    found = []
    if not path.parent.is_dir():
        found.append(Problem("report.no_such_folder", str(path.parent)))
    if path.suffix.lower() == ".docx" and (missing := missing_word()):
        found.append(missing)
    return found


def table_file(notebook: NotebookNode, path: Path) -> bytes:
    """Write the tables that a notebook has shown, in the form that the path asks for."""
    return _WRITERS[path.suffix.lower()](manuscript(notebook))


def manuscript(notebook: NotebookNode) -> Manuscript:
    """Gather the tables that a notebook has shown, with their numbers in the report."""
    pieces = [
        output.metadata[NAMESPACE]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if NAMESPACE in output.get("metadata", {})
    ]
    about = next(piece for piece in pieces if piece["role"] == "title")
    language: Language = about["language"]
    shown = [piece for piece in pieces if piece["role"] == "table"]
    tables = tuple(
        Table(n, piece["id"], piece["caption"], _cells(piece["cells"]))
        for n, piece in enumerate(shown, start=1)
    )
    return Manuscript(str(about["title"]), language, tables)


def _cells(plain: Mapping[str, object]) -> Cells:
    """Read cells that have been through a notebook's metadata."""
    rows = tuple((heading, tuple(row)) for heading, row in plain["rows"])  # type: ignore[attr-defined]
    heads, right = tuple(plain["heads"]), tuple(plain["right"])  # type: ignore[arg-type, var-annotated]
    return Cells(heads, right, rows, str(plain["note"]))
