"""Writing ``notebooks/workshop`` again: build every file, run the notebooks for their outputs."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from employer_identity.workshop.building import all_files
from employer_identity.writing import write_whole


def write_all(folder: str | Path) -> None:
    """Write all notebooks, with outputs, and all texts of both languages to a folder."""
    for path, text in all_files().items():
        target = Path(folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        print(target, file=sys.stderr)
        write_whole(target, run(text) if target.suffix == ".ipynb" else text)


def run(text: str) -> str:
    """Run a notebook in a folder of its own; return it with its outputs."""
    notebook = nbformat.reads(text, as_version=4)
    with tempfile.TemporaryDirectory(prefix="employer-identity-") as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, resources=resources, record_timing=False, timeout=120).execute()
    notebook["metadata"].pop("language_info", None)  # the version of this machine's Python
    return str(nbformat.writes(notebook)) + "\n"
