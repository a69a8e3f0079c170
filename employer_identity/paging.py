"""Figures that stand on a page: what is too tall for one is divided over several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np

TALLEST = 7.8
"""Inches of a figure that still stands on one page."""

_Block = TypeVar("_Block")


def filled(
    runs: Iterable[Sequence[_Block]],
    height: Callable[[list[_Block]], float],
    most: float = TALLEST,
) -> list[list[_Block]]:
    """Fill one figure after the other; a run of blocks that fits on one stays together."""
    parts: list[list[_Block]] = [[]]
    for run in runs:
        if parts[-1] and height([*parts[-1], *run]) > most:
            parts.append([])
        for block in run:
            if parts[-1] and height([*parts[-1], block]) > most:
                parts.append([])
            parts[-1].append(block)
    return parts


def evenly(blocks: Sequence[_Block], height: Callable[[list[_Block]], float]) -> list[list[_Block]]:
    """Divide blocks evenly over as few figures as stand on a page each."""
    for count in range(1, len(blocks)):
        ends = np.linspace(0, len(blocks), count + 1).round().astype(int)
        parts = [list(blocks[first:last]) for first, last in pairwise(ends)]
        if all(height(part) <= TALLEST for part in parts):
            return parts
    return [[block] for block in blocks]
