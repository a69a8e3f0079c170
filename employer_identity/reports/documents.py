"""The files of a report, as bytes: what a notebook has shown as HTML, PDF, or as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from employer_identity.reports.records import Format
from employer_identity.reports.render import export

if TYPE_CHECKING:
    from nbformat import NotebookNode


def documents(notebook: NotebookNode, formats: Iterable[Format]) -> Mapping[Format, bytes]:
    """Make the files of a report; the same pieces give the same HTML and PDF."""
    import nbformat

    wanted = set(formats)
    made: dict[Format, bytes] = {}
    if "ipynb" in wanted:
        made["ipynb"] = f"{nbformat.writes(notebook)}\n".encode()
    if wanted & {"html", "pdf"}:
        html = export(notebook)
        if "html" in wanted:
            made["html"] = html.encode()
        if "pdf" in wanted:
            from employer_identity.reports.pdf import write_pdf

            made["pdf"] = write_pdf(html)
    return made
