"""The drawing table: sheets measured in inches, text measured before it is set, one palette.

Figures are five inches wide with text of nine points and more, so that one drawing can be read on a
phone, on a screen and on paper. Lightness carries the meaning and hue only supports it: a copy in
grey says the same.
"""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.textpath import text_to_path

WIDTH = 5.0
MARGIN = 0.06
INK, MUTED, RULE, PAPER = "#1d2b33", "#55656e", "#d3dbdf", "#ffffff"
ACCENT, TINT, ALARM = "#0f5c6e", "#e6f0f2", "#b4530a"
STEPS = LinearSegmentedColormap.from_list(
    "steps", ["#f3e3c5", "#dcd9bd", "#a9c9bd", "#6da9ae", "#37808f", "#155b6d", "#083c4b"]
)
"""From little to much: lightness falls all the way, warm turns to cold."""

MARKS = ("o", "s", "D", "^", "v", "P", "X", "<")
"""Shapes that tell series apart without colour."""

SIZE, SMALL = 10.0, 9.0
_HINTING = 1.02  # a renderer of pixels sets letters a little wider than their outlines
_FAMILIES = ("Segoe UI", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans")


@cache
def family() -> str:
    """Return the first of the page's typefaces that this machine has."""
    there = {font.name for font in fontManager.ttflist}
    return next(name for name in _FAMILIES if name in there)


def sheet(height: float) -> tuple[Figure, Axes]:
    """Return an empty sheet whose coordinates are inches from the upper left corner."""
    figure = Figure(figsize=(WIDTH, height), facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    return figure, axes


def write(axes: Axes, x: float, y: float, text: str, **style: Any) -> None:
    """Set a text at a place of a sheet; ``$`` is a character like any other."""
    defaults: dict[str, Any] = {
        "size": SIZE,
        "color": INK,
        "ha": "left",
        "va": "center",
        "linespacing": 1.15,
    }
    axes.text(x, y, text, family=family(), parse_math=False, **(defaults | style))


@cache
def breadth(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """Return how many inches wide a line of text will be."""
    font = FontProperties(family=family(), size=size, weight=weight)
    points = float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])
    return _HINTING * points / 72


def lines(text: str, width: float, size: float = SIZE, weight: str = "normal") -> list[str]:
    """Break a text into lines of at most `width` inches; a word that is longer is cut."""
    done, line = [], ""
    for word in text.split():
        trial = f"{line} {word}".strip()
        if line and breadth(trial, size, weight) > width:
            done.append(line)
            trial = word
        while breadth(trial, size, weight) > width:
            cut = next(
                n
                for n in range(len(trial) - 1, 0, -1)
                if n == 1 or breadth(trial[:n] + "-", size, weight) <= width
            )
            done.append(trial[:cut] + "-")
            trial = trial[cut:]
        line = trial
    return [*done, line]


def cut(text: str, width: float, size: float = SIZE) -> str:
    """Return a text that fits in `width` inches; what does not is cut, and three dots say so."""
    if breadth(text, size) <= width:
        return text
    shorter = (text[:n].rstrip() + "\N{HORIZONTAL ELLIPSIS}" for n in range(len(text) - 1, 0, -1))
    return next((s for s in shorter if breadth(s, size) <= width), text[:1])


def leading(size: float = SIZE) -> float:
    """Height of a line of text in inches."""
    return size * 1.25 / 72


def on(colour: Any) -> str:
    """Return the text colour that can be read on `colour`."""
    red, green, blue = to_rgb(colour)
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.55 else PAPER


def picture(figure: Figure, kind: str) -> bytes:
    """Return a figure as ``svg`` or ``png``, the same bytes every time."""
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "employer_identity", "svg.fonttype": "path"}):
        if kind == "svg":
            figure.savefig(buffer, format="svg", metadata={"Date": None})
        else:
            figure.savefig(buffer, format="png", dpi=220, metadata={"Software": None})
    return buffer.getvalue()


class Scale:
    """A horizontal axis on a sheet: values to inches, grid lines and their numbers."""

    def __init__(self, axes: Axes, span: tuple[float, float], place: tuple[float, float]) -> None:
        self.axes, self.span, self.place = axes, span, place

    def __call__(self, value: float) -> float:
        """Return where a value lies, in inches."""
        (low, high), (left, right) = self.span, self.place
        return left + (value - low) / (high - low) * (right - left)

    def grid(self, ticks: list[tuple[float, str]], top: float, bottom: float) -> None:
        """Draw a thin line at each tick, with its number under it."""
        for value, text in ticks:
            self.axes.plot([self(value)] * 2, [top, bottom], color=RULE, lw=0.7, zorder=0)
            write(self.axes, self(value), bottom + 0.11, text, size=SMALL, color=MUTED, ha="center")

    def interval(self, y: float, estimate: float, lower: float, upper: float, **style: Any) -> None:
        """Draw an estimate as a point on its interval."""
        colour = style.pop("color", ACCENT)
        self.axes.plot(
            [self(lower), self(upper)], [y, y], color=colour, lw=1.6, solid_capstyle="butt"
        )
        mark = {"marker": "o", "ms": 6, "mfc": colour, "mec": PAPER, "mew": 0.8} | style
        self.axes.plot([self(estimate)], [y], ls="", **mark)
