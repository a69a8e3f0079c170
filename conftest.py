"""What all tests share, those of notebooks too."""

from __future__ import annotations

import matplotlib as mpl
import pytest

mpl.use("Agg")  # not by MPLBACKEND: the kernels of notebooks would inherit that and show no figure

LONGER = ("02_one_thing_or_four", "03_may_we_compare", "04_what_goes_with_it")
"""Notebooks of the slow tier; the first and the last of the tour go with the first tier."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the cells of notebooks, which nbval collects; put what runs notebooks first.

    Tests come in random order. Cells keep theirs, and what takes longest does not begin last,
    when the other worker has nothing left to do.
    """
    cells = [item for item in items if item.path.suffix == ".ipynb"]
    for cell in cells:
        cell.add_marker("notebook")
        if cell.path.stem in LONGER:
            cell.add_marker("slow")
    tests = [item for item in items if item.path.suffix != ".ipynb"]
    longest = {item.path for item in tests if item.get_closest_marker("notebook")}
    tests.sort(key=lambda item: item.path not in longest)
    items[:] = [*sorted(cells, key=lambda cell: (cell.path, cell.cell_num)), *tests]
