"""A plane with two axes, and names beside its points as far as there is room for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from employer_identity.drawing import (
    INK,
    MARGIN,
    MUTED,
    PAPER,
    RULE,
    SMALL,
    Scale,
    breadth,
    lines,
    write,
)
from employer_identity.language import Language, number

_HIGH = 0.13  # inches that a line of small text takes
_MARK = 0.055  # half of a point's breadth
_NEAR, _CLEAR = 0.03, 0.06
"""How far a name stands from its own point, and at least from the next one at its other end."""


class Box(NamedTuple):
    """A place on a sheet, in inches from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Tell whether two places overlap."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        """Tell whether another place lies inside this one."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


class Plane:
    """Two axes on a sheet; it remembers where something stands, so that no text is set upon it."""

    def __init__(
        self, axes: Axes, box: Box, across: tuple[float, float], up: tuple[float, float]
    ) -> None:
        self.axes, self.box = axes, box
        self.across = Scale(axes, across, (box.left, box.right))
        self.up = Scale(axes, up, (box.bottom, box.top))
        self.taken: list[Box] = []

    def grid(self, across: Sequence[tuple[float, str]], up: Sequence[tuple[float, str]]) -> None:
        """Draw a thin line at each tick of both axes, with its number."""
        self.across.grid(list(across), self.box.top, self.box.bottom)
        for value, text in up:
            y = self.up(value)
            self.axes.plot([self.box.left, self.box.right], [y, y], color=RULE, lw=0.7, zorder=0)
            write(self.axes, self.box.left - 0.06, y, text, size=SMALL, color=MUTED, ha="right")

    def titles(self, across: str, up: str) -> None:
        """Write what the axes are: the upright one's above it, the other's below it."""
        write(self.axes, MARGIN, self.box.top - 0.14, up, size=SMALL, color=INK)
        write(
            self.axes, self.box.right, self.box.bottom + 0.31, across,
            size=SMALL, color=INK, ha="right",
        )  # fmt: skip

    def cross(self, across: float, up: float) -> None:
        """Draw the two lines that divide the plane into quadrants."""
        style: dict[str, Any] = {"color": MUTED, "lw": 1, "zorder": 0, "ls": (0, (4, 3))}
        x, y = self.across(across), self.up(up)
        self.axes.plot([x, x], [self.box.top, self.box.bottom], **style)
        self.axes.plot([self.box.left, self.box.right], [y, y], **style)

    def corner(self, text: str, *, right: bool, top: bool, width: float) -> None:
        """Write what a quadrant is called into its corner."""
        written = lines(text, width, SMALL)
        wide, high = max(breadth(t, SMALL) for t in written), len(written) * _HIGH * 1.2
        x = self.box.right - 0.05 if right else self.box.left + 0.05
        y = self.box.top + 0.05 if top else self.box.bottom - 0.05
        style = {"ha": "right" if right else "left", "va": "top" if top else "bottom"}
        write(self.axes, x, y, "\n".join(written), size=SMALL, color=MUTED, style="italic", **style)
        left, upper = x - wide if right else x, y if top else y - high
        self.taken.append(Box(left, upper, left + wide, upper + high))

    def mark(self, across: float, up: float, **style: Any) -> None:
        """Draw a point."""
        x, y = self.across(across), self.up(up)
        self.axes.plot([x], [y], ls="", **style)
        self.taken.append(Box(x - _MARK, y - _MARK, x + _MARK, y + _MARK))

    def name(self, across: float, up: float, text: str, **style: Any) -> bool:
        """Write a name beside a point that was drawn, if there is room; tell whether there was."""
        wide = breadth(text, SMALL) * 1.05
        for place, clear in _beside(self.across(across), self.up(up), wide):
            if self.box.holds(place) and not any(clear.meets(t) for t in self.taken):
                self.taken.append(place)
                box = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.4}
                middle = (place.top + place.bottom) / 2
                write(self.axes, place.left, middle, text, size=SMALL, bbox=box, **style)
                return True
        return False


def _beside(x: float, y: float, wide: float) -> Iterator[tuple[Box, Box]]:
    """Return where a text may stand beside a point, each with the place that must be clear."""
    for dy in (0.0, -0.07, 0.07):
        top, bottom = y + dy - _HIGH / 2, y + dy + _HIGH / 2
        right, left = x + _MARK + _NEAR, x - _MARK - _NEAR
        yield (
            Box(right, top, right + wide, bottom),
            Box(right, top, right + wide + _CLEAR, bottom),
        )
        yield (
            Box(left - wide, top, left, bottom),
            Box(left - wide - _CLEAR, top, left, bottom),
        )


def percents(low: float, high: float, language: Language) -> list[tuple[float, str]]:
    """Return ticks of shares with what is written at them, at most six."""
    step = next(s for s in (0.02, 0.05, 0.1, 0.2, 0.5) if (high - low) / s < 5.5 or s == 0.5)
    at = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step
    return [(float(t), number(float(t), "z.0%", language)) for t in at if -1e-9 < t < 1 + 1e-9]


def about(lowest: float, highest: float, air: float, step: float = 0.05) -> tuple[float, float]:
    """Return a span of shares that holds all from lowest to highest, with air at both ends.

    ``air`` is a part of the distance between the two.
    """
    room = max(air * (highest - lowest), 0.01)
    low, high = np.floor((lowest - room) / step), np.ceil((highest + room) / step)
    return float(low * step), float(high * step)
