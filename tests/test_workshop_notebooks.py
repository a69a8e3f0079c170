"""The workshop's notebooks as students run them: the outputs that are committed, and accidents."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from employer_identity.workshop.building import student_notebook, text_of
from employer_identity.workshop.source import parts

COMMITTED = Path(__file__).parents[1] / "notebooks" / "workshop"
NOTEBOOKS = sorted(p.relative_to(COMMITTED).as_posix() for p in COMMITTED.rglob("*.ipynb"))
SECONDS = 30  # a notebook may take
pytestmark = [pytest.mark.slow, pytest.mark.notebook]


@pytest.mark.parametrize("threads", ["1", "2"])
def test_the_notebooks_show_what_is_committed_in_any_environment(
    threads: str, tmp_path: Path
) -> None:
    folder = tmp_path / "workshop"
    shutil.copytree(COMMITTED, folder)
    told = tmp_path / "told.xml"
    environment = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    options = ["--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider"]
    options += ["-p", "no:randomly"]  # which would shuffle cells
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--junitxml={told}", str(folder)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout[-6000:]
    seconds: Counter[str] = Counter()
    for case in ElementTree.parse(told).iter("testcase"):
        seconds[case.attrib["classname"]] += float(case.attrib["time"])
    assert len(seconds) == len(NOTEBOOKS) == 24
    assert max(seconds.values()) < SECONDS, seconds


# -- accidents ------------------------------------------------------------------------------------


def run(folder: Path, *sources: str, language: str = "nl") -> list[list[Any]]:
    """Run the first cell of a notebook and others after it; return what each of these shows."""
    part = student_notebook(parts()[1], language)  # type: ignore[arg-type]
    notebook = nbformat.reads(text_of(part), as_version=4)
    notebook.cells = [notebook.cells[1], *map(new_code_cell, sources)]
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, resources=resources, allow_errors=True, timeout=60).execute()
    return [cell.outputs for cell in notebook.cells[1:]]


def text(output: Any) -> str:
    """Return what an output tells, as text."""
    return "\n".join(output.get("traceback", [])) or output.get("data", {}).get("text/plain", "")


def test_accidents_are_explained_in_the_cell(tmp_path: Path) -> None:
    answered = 'answer_2d = 0\nei.workshop.check("2d", answer_2d)'
    renamed = 'antwoord_2d = 0\nei.workshop.check("2d", answer_2e)'
    letter = 'answer_2e = b\nei.workshop.check("2e", answer_2e)'
    other = "1 / 0"
    again = 'language = ei.workshop.start("nl")'
    shown = run(tmp_path, answered, answered, renamed, letter, again, letter, other)
    assert [text(cell[0]) for cell in shown[:2]] == [text(shown[0][0])] * 2
    assert "2d is goed" in text(shown[0][0])
    assert "bedoel je answer_2d?" in text(shown[2][0])
    for cell in (shown[3], shown[5]):
        assert [output.output_type for output in cell] == ["error"]
        assert text(cell[0]).count("\n") == 0
        assert 'aanhalingstekens: "b"' in text(cell[0])
    assert "ZeroDivisionError" in text(shown[6][0])
    assert len(shown[6]) == 1


def test_cells_out_of_order_say_what_to_run_first(tmp_path: Path) -> None:
    early = 'ei.workshop.check("3c", 0.1, student=student)'
    (shown,) = run(tmp_path, early, language="en")
    assert "Run the cells above this one first" in text(shown[0])
