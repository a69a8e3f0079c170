"""Every notebook of the workshop in a real JupyterLab, as a class opens its copy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import CHROMIUM
from lab import Lab, a_lab

from employer_identity.language import LANGUAGES
from employer_identity.workshop.building import NO_NBVAL, all_files
from employer_identity.workshop.handout import hand_out

NOTEBOOKS = sorted(path for path in all_files() if path.endswith(".ipynb"))
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("class")
    for language in LANGUAGES:
        hand_out(folder / language, language=language, solutions=True)
    with a_lab(folder) as opened:
        yield opened


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_notebook_runs_whole_in_jupyterlab(lab: Lab, notebook: str) -> None:
    lab.open(notebook)
    lab.run_all()
    assert lab.errors() == []
    figures = [c for c in lab.cells() if NO_NBVAL in c["metadata"].get("tags", [])]
    described = lab.images()
    assert len(described) == len(figures)
    assert all(len(alt) > 60 for alt in described)
    assert lab.outside_requests() == []
