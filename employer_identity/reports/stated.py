"""What a report tells of people: gathered from its notebook, and held against its page.

Every piece of a report hands over the numbers that it tells of sets of people. A page on which
another number of people stands, or a figure or table that states nothing, is no report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from employer_identity.audit.facts import (
    Published,
    again,
    answers_again,
    digest,
    read_facts,
    sidecar,
    write_facts,
)
from employer_identity.audit.pages import disagreements
from employer_identity.errors import Problem, ReportError
from employer_identity.language import refusal
from employer_identity.reports.render import NAMESPACE
from employer_identity.writing import write_whole

if TYPE_CHECKING:
    from nbformat import NotebookNode

_OF_SENTENCES = ("checklist", "facts", "reporting")
"""Tables of words and parameters: what they tell of people is stated with the sentences."""


def stated(notebook: NotebookNode, report: str, page: str) -> Published:
    """Return what a notebook that has run states, without the hashes of its files.

    Parameters
    ----------
    report
        Its name.
    page
        The notebook as HTML.

    Raises
    ------
    ReportError
        If the page tells of people what the notebook does not state, or the other way round.
    """
    pieces = list(_pieces(notebook))
    about = next(p["of"] for p in pieces if p["role"] == "title")
    facts = tuple(dict.fromkeys(f for p in pieces for f in again(p.get("facts", ()))))
    unstated = [p["id"] for p in pieces if _is_silent(p)]
    problems = [Problem("audit.unstated", report, values={"element": key}) for key in unstated]
    if problems := problems + list(disagreements(page, facts, report)):
        raise refusal(ReportError, problems)
    answers = answers_again(about["answers"])
    of = about["study"], about["edition"], about["floor"]
    return Published(report, {}, *of, facts, answers)


def _is_silent(piece: Mapping[str, Any]) -> bool:
    """Whether a figure or table says nothing of whom it tells."""
    is_shown = piece["role"] in ("figure", "table")
    return is_shown and not piece["facts"] and piece["id"] not in _OF_SENTENCES


def _pieces(notebook: NotebookNode) -> Iterator[Mapping[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if NAMESPACE in output.get("metadata", {}):
                yield output.metadata[NAMESPACE]


def write_sidecar(published: Published, files: Mapping[Path, bytes]) -> Path:
    """Write the facts of a report beside its files; return where.

    Files of the same report that lie there and state the same stay in it.
    """
    path = sidecar(next(iter(files)))
    own = {file.name: digest(content) for file, content in files.items()}
    told = replace(published, files={**_kept(path, published), **own})
    write_whole(path, write_facts(told))
    return path


def _kept(path: Path, published: Published) -> Mapping[str, str]:
    """Return the files of an earlier sidecar whose facts are these."""
    try:
        earlier = read_facts(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return earlier.files if replace(earlier, files={}) == published else {}
