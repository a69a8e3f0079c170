"""From a notebook that has run to one HTML document: its pieces, numbered, in our own template."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from employer_identity.errors import Problem, ReportError
from employer_identity.language import Language, refusal, say

if TYPE_CHECKING:
    from nbformat import NotebookNode

TEMPLATE = Path(__file__).parent / "template"
NAMESPACE = "employer_identity"
_STYLE_OF_TABLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_WIDTH = 90
"""How many characters of a running title stand on one line."""


@cache
def exporter() -> Any:
    """Return the exporter with our template; made once, since its imports take a second."""
    from nbconvert import HTMLExporter

    return HTMLExporter(template_name=TEMPLATE.name, extra_template_basedirs=[str(TEMPLATE.parent)])


def export(notebook: NotebookNode) -> str:
    """Turn the pieces a notebook has shown into a document."""
    pieces = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if NAMESPACE in output.get("metadata", {})
    ]
    titles = [p for p in pieces if p.metadata[NAMESPACE]["role"] == "title"]
    if len(titles) != 1:
        raise refusal(ReportError, [Problem("report.no_title")])
    about = titles[0].metadata[NAMESPACE]
    _number(pieces, about["language"])
    contents = [p.metadata[NAMESPACE] for p in pieces if p.metadata[NAMESPACE]["role"] == "section"]
    style = (TEMPLATE / "style.css").read_text(encoding="utf-8")
    style += _page_margins(about)
    resources = {NAMESPACE: {"about": about, "contents": contents, "style": style}}
    html, _ = exporter().from_notebook_node(notebook, resources=resources)
    return str(html)


def _page_margins(about: Mapping[str, str]) -> str:
    """Write the running title and the page numbers of the printed pages, in the language."""
    title = textwrap.shorten(f"{about['kicker']} · {about['title']}", _WIDTH, placeholder=" …")
    title = re.sub(r'["\\<>]', lambda found: f"\\{ord(found[0]):x} ", title)  # as CSS spells it
    counters = {"n": '" counter(page) "', "total": '" counter(pages) "'}
    page = say("report.page", about["language"], **counters)  # type: ignore[arg-type]
    return f"""
@page {{ @top-left {{ content: "{title}"; }} @bottom-right {{ content: "{page}"; }} }}
@page :first {{ @top-left {{ content: ""; }} @bottom-right {{ content: ""; }} }}
"""


def _number(pieces: list[NotebookNode], language: Language) -> None:
    """Give figures and tables their numbers, and tables the page's style instead of their own."""
    counts = {"figure": 0, "table": 0}
    for piece in pieces:
        about = piece.metadata[NAMESPACE]
        if about["role"] in counts:
            counts[about["role"]] += 1
            about["number"] = say(f"report.{about['role']}", language, n=counts[about["role"]])
        if about["role"] == "table":
            piece.data["text/html"] = _STYLE_OF_TABLE.sub("", piece.data["text/html"])
