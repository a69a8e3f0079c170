"""The researcher's tour in a real JupyterLab: all of each notebook runs, and its figures stand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import CHROMIUM
from lab import Lab, a_lab

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
ROOT = Path(__file__).parents[1]
TOUR = ROOT / "notebooks" / "explore"
NAMES = sorted(path.name for path in TOUR.glob("*.ipynb"))
EXPLORED = {"01_first_look.ipynb": 4}
"""Figures that the explorer shows at first, one a generation; its output is not stored."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("checkout")
    for name in (*NAMES, "example_survey.csv"):
        (folder / "notebooks" / "explore").mkdir(parents=True, exist_ok=True)
        shutil.copy(TOUR / name, folder / "notebooks" / "explore")
    shutil.copytree(ROOT / "data" / "sample", folder / "data" / "sample")
    with a_lab(folder) as opened:
        yield opened


def cells_of(name: str) -> list[dict[str, Any]]:
    return list(json.loads((TOUR / name).read_text(encoding="utf-8"))["cells"])


@pytest.mark.parametrize("name", NAMES)
def test_all_of_it_runs_and_its_figures_stand_in_both_themes(
    lab: Lab, name: str, tmp_path: Path
) -> None:
    cells = cells_of(name)
    lab.open(f"notebooks/explore/{name}")
    lab.run_all()
    codes = sum(cell["cell_type"] == "code" for cell in cells)
    assert lab.prompts() == [f"[{k + 1}]:" for k in range(codes)]
    meant = [k for k, c in enumerate(cells) if "raises-exception" in c["metadata"].get("tags", [])]
    assert [number for number, _ in lab.errors()] == meant
    stored = json.dumps([cell.get("outputs", []) for cell in cells]).count("<img alt=")
    told = lab.images()
    assert len(told) == stored + EXPLORED.get(name, 0)
    assert all(len(alt) > 40 for alt in told)
    assert lab.outside_requests() == []
    for theme in ("dark", "light"):
        lab.theme(theme)
        lab.screenshot(tmp_path / f"{theme}.png")
    assert (tmp_path / "dark.png").read_bytes() != (tmp_path / "light.png").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_it_begins_with_a_question_and_ends_with_an_answer(name: str) -> None:
    texts = ["".join(c["source"]) for c in cells_of(name) if c["cell_type"] == "markdown"]
    assert texts[0].startswith("# ")
    assert "?**" in texts[0]
    assert sum("## The answer" in text for text in texts) == 1
    assert not any("def " in "".join(c["source"]) for c in cells_of(name) if "outputs" in c)
