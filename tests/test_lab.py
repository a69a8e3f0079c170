"""What is asked of a real JupyterLab before anything else is believed of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from browser import CHROMIUM
from lab import Lab, a_lab
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
FIGURE = """%matplotlib inline
import matplotlib.pyplot as plt
drawn = plt.plot([1, 2])"""
ASKING = """from IPython.display import HTML
HTML('<img src="http://192.0.2.1/picture.png" alt="a picture of somebody else">')"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("notebooks")
    write(folder / "good.ipynb", "1 + 1", FIGURE, "")
    write(folder / "run_before.ipynb", "1 + 1", "1 + 1")
    write(folder / "stopped.ipynb", "1 / 0", "1 + 1")
    write(folder / "bad.ipynb", "1 / 0", "1 + 1", ASKING)
    with a_lab(folder) as opened:
        yield opened


def write(path: Path, *sources: str) -> None:
    cells = [new_markdown_cell("# A notebook"), *map(new_code_cell, sources)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
        cell["metadata"]["tags"] = ["raises-exception"] if path.stem == "bad" else []
        if cell["cell_type"] == "code" and path.stem == "run_before":
            cell["execution_count"] = 90 + number
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def test_a_good_notebook_runs_whole_and_asks_nothing_of_anyone(lab: Lab, tmp_path: Path) -> None:
    lab.open("good.ipynb")
    assert lab.prompts() == ["[ ]:"] * 3
    lab.run_all()
    assert lab.prompts() == ["[1]:", "[2]:", "[ ]:"]
    assert lab.errors() == []
    assert len(lab.images()) == 1
    assert lab.outside_requests() == []
    for theme in ("dark", "light"):
        lab.theme(theme)
        lab.screenshot(tmp_path / f"{theme}.png")
    assert (tmp_path / "dark.png").read_bytes() != (tmp_path / "light.png").read_bytes()


def test_the_numbers_of_an_earlier_run_are_not_taken_for_this_one(lab: Lab) -> None:
    lab.open("run_before.ipynb")
    assert lab.prompts() == ["[91]:", "[92]:"]
    lab.run_all()
    assert lab.prompts() == ["[1]:", "[2]:"]


def test_a_run_that_an_error_stops_says_so(lab: Lab) -> None:
    lab.open("stopped.ipynb")
    with pytest.raises(AssertionError, match=r"stopped the run.*division by zero"):
        lab.run_all()


def test_what_is_wrong_with_a_notebook_is_seen(lab: Lab) -> None:
    lab.open("bad.ipynb")
    lab.run_all()
    assert lab.errors() == [(1, "ZeroDivisionError: division by zero")]
    assert lab.images() == []
    assert lab.outside_requests() == ["http://192.0.2.1/picture.png"]
