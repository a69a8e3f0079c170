"""Studies put out as their reports would: the audit recovers nothing, unless siblings are shown."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def anonymity() -> Iterator[ModuleType]:
    """Import the studies, which are no part of the package."""
    sys.path.insert(0, str(ROOT))
    yield importlib.import_module("validation.anonymity")
    sys.path.remove(str(ROOT))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_recovered_unless_siblings_are_shown(anonymity: ModuleType, seed: int) -> None:
    design = anonymity.Study(people=(40, 160))
    survey = anonymity.random_study(np.random.default_rng(seed), design)
    assert list(anonymity.attacked(survey)) == []
    assert any(anonymity.attacked(survey, siblings=False))


def test_one_study_gives_nothing_away(anonymity: ModuleType) -> None:
    design = anonymity.Study(people=(40, 60), sectors=2, employers=3)
    survey = anonymity.random_study(np.random.default_rng(1), design)
    assert list(anonymity.attacked(survey)) == []


@pytest.mark.slow
def test_how_many_agree_is_not_told_by_neighbours_who_disagree(anonymity: ModuleType) -> None:
    cell = anonymity.CELLS[0]  # tests/test_suppression.py has its pattern in small
    survey = anonymity.random_study(cell.generator(260), cell.design)
    assert list(anonymity.attacked(survey)) == []
