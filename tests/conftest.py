"""What all tests share."""

from __future__ import annotations

import matplotlib as mpl
import pytest

mpl.use("Agg")  # not by MPLBACKEND: the kernels of notebooks would inherit that and show no figure


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the cells of notebooks, which nbval collects, as what they are."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker("notebook")
