"""Running a notebook: what it showed as far as it came, and why it came no further."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from employer_identity import errors
from employer_identity.errors import Problem

if TYPE_CHECKING:
    from nbformat import NotebookNode

WARM = "employer-identity"
"""The papermill engine that keeps its kernel."""
_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_QUIET = ["--IPKernelApp.log_level=50"]  # its advice is not for readers
logging.getLogger("papermill").addHandler(logging.NullHandler())  # problems are told by us
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Executed:
    """A notebook that has run, or has run in part.

    Attributes
    ----------
    notebook
        With the outputs of every cell that ran.
    problem
        Why it did not come to its end; None where it did.
    """

    notebook: NotebookNode
    problem: Problem | None = None


def execute(
    template: Path,
    parameters: Mapping[str, Any],
    folder: Path,
    *,
    engine: str | None = None,
    timeout: int | None = None,
) -> Executed:
    """Run a template with papermill; a cell that fails becomes a problem that names its step.

    Parameters
    ----------
    template
        A notebook with a cell of parameters.
    parameters
        What the notebook is told; checked before.
    folder
        Where its kernel works.
    engine
        Name of a papermill engine; None takes papermill's own, with a kernel for this run alone.
    timeout
        Seconds that a cell may take; None lets it take any time.
    """
    from papermill.engines import papermill_engines
    from papermill.execute import prepare_notebook_metadata
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    notebook = parameterize_notebook(load_notebook_node(str(template)), dict(parameters))
    notebook = prepare_notebook_metadata(notebook, template.name, None, False)
    with _environment(_THREADS):
        try:
            papermill_engines.execute_notebook_with_engine(
                engine,
                notebook,
                kernel_name=notebook.metadata.kernelspec.name,
                input_path=None,
                output_path=None,
                progress_bar=False,
                execution_timeout=timeout,
                extra_arguments=_QUIET,
                resources={"metadata": {"path": str(folder)}},
            )
        except Exception as error:
            return Executed(notebook, _stopped(error, notebook, timeout))
    return Executed(notebook, _failed(notebook))


def _failed(notebook: NotebookNode) -> Problem | None:
    """Say which step failed and why; our own refusals speak for themselves."""
    for number, cell in enumerate(_code(notebook), start=1):
        for output in cell.outputs:
            if output.output_type == "error":
                ours = isinstance(getattr(errors, output.ename, None), type)
                message = _plain(output.evalue)
                values = {"message": message if ours else f"{output.ename}: {message}"}
                return Problem("report.cell_failed", _step(cell), number, values)
    if not notebook.metadata.papermill.get("end_time"):
        return Problem("report.not_finished")
    return None


def _stopped(error: Exception, notebook: NotebookNode, timeout: int | None) -> Problem:
    """Say what ended a run from outside the notebook."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    begun = [c for c in _code(notebook) if c.metadata.papermill.get("start_time")]
    number, step = len(begun), _step(begun[-1]) if begun else ""
    if isinstance(error, CellTimeoutError):
        return Problem("report.cell_timeout", step, number, {"seconds": timeout})
    if isinstance(error, DeadKernelError):
        return Problem("report.kernel_died", step, number)
    values = {"kind": type(error).__name__, "message": _plain(str(error))}
    return Problem("report.kernel_failed", values=values)


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _step(cell: NotebookNode) -> str:
    """Return the name that a cell gives itself in its first line."""
    return str(cell.source.partition("\n")[0].removeprefix("# "))


def _plain(text: str) -> str:
    """Return a message without colour codes."""
    return _COLOURS.sub("", text).strip()


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the kernel that is started meanwhile, and put the old ones back."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
