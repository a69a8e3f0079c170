"""What tests look at in a drawn figure or a report: its texts, its numbers, where they stand."""

import re
from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

SLACK = 1.0  # pixels that neighbouring texts may share: the sides of their letters


def texts(figure: Figure) -> dict[str, Bbox]:
    """Return every text with its place in pixels; equal texts are told apart by a number."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    found: dict[str, Bbox] = {}
    for axes in figure.axes:
        for place, text in enumerate(t for t in axes.texts if t.get_text()):
            found[f"{text.get_text()} #{len(found)}-{place}"] = text.get_window_extent()
    return found


def outside(figure: Figure) -> list[str]:
    """Return texts that leave the sheet."""
    sheet = figure.bbox
    return [
        name
        for name, box in texts(figure).items()
        if box.x0 < -SLACK
        or box.y0 < -SLACK
        or box.x1 > sheet.x1 + SLACK
        or box.y1 > sheet.y1 + SLACK
    ]


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Return pairs of upright texts that overlap."""
    shrunk = {
        n: Bbox.from_extents(b.x0 + SLACK, b.y0 + 2, b.x1 - SLACK, b.y1 - 2)
        for n, b in texts(figure).items()
    }
    return [(a, b) for a, b in combinations(shrunk, 2) if shrunk[a].overlaps(shrunk[b])]


def foreign_numbers(text: str, language: str) -> list[str]:
    """Return numbers with the decimal or thousands mark of the other language.

    A mark before three digits is a thousands mark, unless a lone 0 stands before it.
    """
    mark = {"en": ",", "nl": "."}[language]
    numbers = re.findall(r"(?<![\d.,])\d+(?:[.,]\d+)+(?![\d.,]\d)", text)
    right = re.compile(rf"[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+(?:[^{mark}]\d+)?")
    return [n for n in numbers if mark in n and not right.fullmatch(n)]
