"""Warm kernels: a notebook meets nothing of the last one; a spoilt kernel is not used again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from employer_identity.reports import kernels
from employer_identity.reports.execution import WARM, Executed, execute

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module", autouse=True)
def no_kernel_stays() -> Iterator[None]:
    yield
    kernels.drop()


def run(folder: Path, *cells: str, engine: str | None = WARM, **more: Any) -> Executed:
    """Run cells in a folder; each prints what is asked about it."""
    path = folder / "cells.ipynb"
    made = [nbformat.v4.new_code_cell(text) for text in ("x: int = 1", *cells)]
    made[0].metadata["tags"] = ["parameters"]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
    return execute(path, {"x": 2}, folder, engine=engine, **more)


def printed(done: Executed) -> list[str]:
    assert done.problem is None
    return [
        o.text.strip() for c in done.notebook.cells for o in c.get("outputs", []) if "text" in o
    ]


WHO = "import os; print(os.getpid())"


def test_a_kernel_is_used_again_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    spoil = (
        "get_ipython().run_line_magic('config', 'InlineBackend.close_figures = False')\n"
        "import matplotlib.pyplot as plt\nplt.rcParams['font.size'] = 40\nplt.figure()\n"
        "mine, In = 1, list(range(99))\nimport os; os.chdir('/')\nprint(x)"
    )
    look = (
        "print('mine' in globals(), len(In) < 9)",
        "import matplotlib.pyplot as plt\nprint(plt.rcParams['font.size'], plt.get_fignums())",
        "import pathlib; print(pathlib.Path.cwd())",
        "print(x)",
    )
    one = printed(run(first, WHO, spoil))
    other = printed(run(second, WHO, *look))
    assert one[0] == other[0]
    assert one[1:] == ["2"]
    assert other[1:] == ["False True", "10.0 []", str(second), "2"]


def test_a_folder_that_is_gone_does_not_cost_a_kernel(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    (before,) = printed(run(gone, WHO))
    (gone / "cells.ipynb").unlink()
    gone.rmdir()
    assert printed(run(tmp_path, WHO)) == [before]


def test_a_kernel_is_replaced_after_so_many_notebooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels.drop()
    monkeypatch.setattr(kernels, "LIFETIME", 2)
    a, b, c = (printed(run(tmp_path, WHO))[0] for _ in range(3))
    assert a == b != c
    _gone(int(a))


@pytest.mark.parametrize("fault", ["raise ValueError", "import os; os._exit(3)", "input()"])
def test_a_kernel_is_not_used_again_after_a_fault(fault: str, tmp_path: Path) -> None:
    (before,) = printed(run(tmp_path, WHO))
    done = run(tmp_path, WHO, fault)
    assert done.problem is not None
    assert done.notebook.cells[2].outputs[0].text.strip() == before
    assert printed(run(tmp_path, WHO)) != [before]
    _gone(int(before))


def test_a_kernel_killed_between_two_notebooks_is_replaced(tmp_path: Path) -> None:
    (before,) = printed(run(tmp_path, WHO))
    os.kill(int(before), signal.SIGKILL)
    assert printed(run(tmp_path, WHO)) != [before]


def test_papermills_own_engine_takes_a_kernel_for_each(tmp_path: Path) -> None:
    (warm,) = printed(run(tmp_path, WHO))
    alone = [printed(run(tmp_path, WHO, engine=None))[0] for _ in range(2)]
    assert len({warm, *alone}) == 3
    assert printed(run(tmp_path, WHO)) == [warm]


def test_all_kernels_end_together(tmp_path: Path) -> None:
    (before,) = printed(run(tmp_path, WHO))
    kernels.end_all()
    _gone(int(before))


def _gone(process: int) -> None:
    """Wait for a process to be gone, or to be dead and not yet buried."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
            state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        except OSError:
            return
        if state.split()[0] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("it is still there")
