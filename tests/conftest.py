"""What all tests share."""

from __future__ import annotations

import matplotlib as mpl
import pytest

mpl.use("Agg")  # not by MPLBACKEND: the kernels of notebooks would inherit that and show no figure

LONGER = ("02_one_thing_or_four", "03_may_we_compare", "04_what_goes_with_it")
"""Notebooks of the slow tier; the first and the last of the tour go with the first tier."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the cells of notebooks, which nbval collects, as what they are."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker("notebook")
            if item.path.stem in LONGER:
                item.add_marker("slow")
