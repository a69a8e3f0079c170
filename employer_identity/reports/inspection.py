"""A look at a report before it counts: is it whole, and does it show what its template promises?

A template promises in its metadata, under ``employer_identity``: ``sections`` that every report of
it has, in this order, and the least number of ``figures`` and ``tables``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from employer_identity.errors import Problem
from employer_identity.reports.records import Format, Numbers
from employer_identity.reports.render import NAMESPACE

if TYPE_CHECKING:
    from nbformat import NotebookNode

_IMAGE = re.compile(r"<img [^>]*>")
_ALT = re.compile(r' alt="[^"]+"')
_SECTION = re.compile(r'<h2 [^>]*\bid="([^"]+)"')


def faults(notebook: NotebookNode, files: Mapping[Format, bytes]) -> list[Problem]:
    """Name everything that keeps a notebook that has run from being a report."""
    promised = notebook.metadata.get(NAMESPACE, {})
    shown = [about["role"] for about in _pieces(notebook)]
    found = [
        Problem(f"inspection.missing_pieces.{kind}", kind, shown.count(kind))
        for kind in ("figure", "table")
        if shown.count(kind) < int(promised.get(f"{kind}s", 0))
    ]
    if not notebook.metadata.papermill.get("end_time"):
        found.append(Problem("report.not_finished"))
    if "html" in files:
        found += _in_html(files["html"].decode(), promised.get("sections", []), shown)
    if "pdf" in files and not _is_pdf(files["pdf"]):
        found.append(Problem("inspection.no_pdf"))
    return found


def _in_html(html: str, promised: list[str], shown: list[str]) -> list[Problem]:
    there = _SECTION.findall(html)
    missing = [name for name in promised if name not in there]
    images = _IMAGE.findall(html)
    found = [Problem("inspection.missing_section", name) for name in missing]
    if not missing and [name for name in there if name in promised] != promised:
        found.append(Problem("inspection.order"))
    if any(not _ALT.search(image) for image in images) or 'class="missing"' in html:
        found.append(Problem("inspection.no_alt"))
    elif len(images) < shown.count("figure"):
        found.append(Problem("inspection.missing_pieces.figure", "figure", len(images)))
    if not html.rstrip().endswith("</html>"):
        found.append(Problem("inspection.cut_off"))
    return found


def _is_pdf(content: bytes) -> bool:
    return content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")


def title(notebook: NotebookNode) -> str:
    """Return the title that a report gives itself."""
    return next(str(a["title"]) for a in _pieces(notebook) if a["role"] == "title")


def numbers(notebook: NotebookNode) -> Numbers:
    """Return the numbers that a report hands over; none if it has none."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("metadata", {}).get(NAMESPACE, {}).get("role") == "numbers":
                return dict(output.data["application/json"])
    return {}


def _pieces(notebook: NotebookNode) -> list[dict[str, Any]]:
    """Return what is said about each piece that a notebook has shown."""
    return [
        output.metadata[NAMESPACE]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if NAMESPACE in output.get("metadata", {})
    ]
