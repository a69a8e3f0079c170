"""Maps of the public's view: employers by fame and attraction, drivers by importance and offer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from employer_identity.attractiveness import Attractiveness
from employer_identity.audit import outsiders
from employer_identity.drawing import (
    ACCENT,
    INK,
    MARGIN,
    PAPER,
    SMALL,
    WIDTH,
    breadth,
    cut,
    leading,
    lines,
    sheet,
    write,
)
from employer_identity.drivers import Drivers
from employer_identity.errors import ComparisonError, Problem
from employer_identity.language import Language, listing, refusal, say
from employer_identity.plane import Box, Plane, about, percents
from employer_identity.privacy import Shown

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

_HIGH = 4.5  # inches of a map
_NAME = 1.3  # of an employer's name
_AIR = (0.03, 0.14)  # at the ends of both axes, for names and for those of the quadrants
_TOLD = 3  # employers that an alt text names by quadrant
QUADRANTS: dict[tuple[bool, bool], tuple[str, str]] = {
    (True, True): ("both", "o"),
    (False, True): ("upper", "D"),
    (True, False): ("right", "s"),
    (False, False): ("neither", "^"),
}
"""(right, top) -> name and mark."""


@dataclass(frozen=True)
class _Point:
    """A point of a map: where it is, on which side of both lines, and whether that is sure."""

    key: str
    name: str
    x: float
    y: float
    right: bool
    top: bool
    sure: bool
    far: float

    @property
    def quadrant(self) -> str:
        return QUADRANTS[self.right, self.top][0]


def market(
    attractiveness: Attractiveness, instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """Draw how many know each employer, and how many of those would like to work there.

    Drawn are the employers that are ranked. A filled mark lies on its side of both lines with all
    of its intervals; those far out are named, as many as there is room for.

    Raises
    ------
    ComparisonError
        If no employer is known well enough.
    """
    table = attractiveness.table
    drawn = table[table["eligible"]]
    if drawn.empty:
        raise refusal(ComparisonError, [nobody_ranked(attractiveness)])
    lines_at = (float(drawn["awareness"].median()), float(drawn["relative"].median()))
    labels = [
        instrument.value_label(instrument.employer or "", e, language) for e in drawn["employer"]
    ]
    points = _points(drawn, ("employer", "awareness", "relative"), labels, lines_at)
    figure, axes = sheet(_HIGH)
    plane = _plane(axes, drawn, ("awareness", "relative"), _HIGH, language)
    _words(plane, lines_at, "market", language)
    _marks(plane, points)
    for p in sorted(points, key=lambda p: (not p.sure, -p.far)):
        colour = {"color": ACCENT if p.sure else INK}
        plane.name(p.x, p.y, cut(p.name, _NAME, SMALL), **colour)
    words = {
        "n": len(drawn), "left": len(table) - len(drawn), "least": attractiveness.least,
        "known_by": attractiveness.known_by,
    }  # fmt: skip
    caption = say("brandfigures.market.caption", language, **words)
    if words["left"]:
        caption += " " + say("brandfigures.market.left_out", language, **words)
    alt = say("brandfigures.market.alt", language, rows=_told(points, "market", language), **words)
    facts = tuple(outsiders.drawn(drawn, instrument))
    return Shown("market", "figure", figure, caption, alt, facts=facts)


def priorities(drivers: Drivers, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Draw how much each driver matters, and how often the own employer offers it.

    The lines stand at the drivers' averages; a filled mark lies on its side of both with all of its
    intervals. Drivers are numbered from the most important one, with a key below.
    """
    table = drivers.table
    lines_at = (float(table["ideal"].mean()), float(table["own"].mean()))
    labels = [instrument.label(d, language) for d in table["driver"]]
    points = _points(table, ("driver", "ideal", "own"), labels, lines_at)
    key = [(n, lines(p.name, _KEY - 0.3, SMALL)) for n, p in enumerate(points, start=1)]
    figure, axes = sheet(_HIGH + _key_height(key))
    plane = _plane(axes, table, ("ideal", "own"), _HIGH, language)
    _words(plane, lines_at, "priorities", language)
    _marks(plane, points)
    for n, p in enumerate(points, start=1):
        plane.name(p.x, p.y, str(n), weight="bold", color=ACCENT if p.sure else INK)
    _write_key(axes, key)
    alt = say(
        "brandfigures.priorities.alt", language, n=len(points),
        rows=_told(points, "priorities", language),
    )  # fmt: skip
    caption = say("brandfigures.priorities.caption", language)
    facts = tuple(outsiders.drivers(table, instrument, "priorities", ("ideal", "own")))
    return Shown("priorities", "figure", figure, caption, alt, facts=facts)


def nobody_ranked(attractiveness: Attractiveness) -> Problem:
    """Say that no employer is known well enough to be compared."""
    limits = {"least": attractiveness.least, "known_by": attractiveness.known_by}
    return Problem("brandfigures.nobody_ranked", values=limits)


# --- Points


def _points(
    frame: pd.DataFrame, columns: tuple[str, str, str], labels: list[str], at: tuple[float, float]
) -> list[_Point]:
    """Place the rows of a frame against the two lines."""
    key, across, up = columns
    spread = [max(float(frame[c].std(ddof=0)), 1e-9) for c in (across, up)]
    found = []
    for label, r in zip(labels, frame.to_dict("records"), strict=True):
        clear = [
            r[f"{c}_lower"] > line or r[f"{c}_upper"] < line
            for c, line in zip((across, up), at, strict=True)
        ]
        far = np.hypot(*((r[c] - m) / s for c, m, s in zip((across, up), at, spread, strict=True)))
        x, y = float(r[across]), float(r[up])
        sides = x >= at[0], y >= at[1]
        found.append(_Point(str(r[key]), label, x, y, *sides, all(clear), float(far)))
    return found


def _plane(
    axes: Any, frame: pd.DataFrame, columns: tuple[str, str], height: float, language: Language
) -> Plane:
    spans = [
        about(float(frame[c].min()), float(frame[c].max()), air)
        for c, air in zip(columns, _AIR, strict=True)
    ]
    box = Box(MARGIN + 0.42, 0.34, WIDTH - MARGIN - 0.22, height - 0.46)
    plane = Plane(axes, box, *spans)
    plane.grid(*(percents(*span, language) for span in spans))
    return plane


def _words(plane: Plane, at: tuple[float, float], chart: str, language: Language) -> None:
    """Write the axes' titles and the quadrants' names, and draw the lines between these."""
    titles = (say(f"brandfigures.{chart}.{axis}", language) for axis in ("across", "up"))
    plane.titles(*titles)
    plane.cross(*at)
    middle = plane.across(at[0])
    for (right, top), (name, _) in QUADRANTS.items():
        room = plane.box.right - middle if right else middle - plane.box.left
        text = say(f"brandfigures.{chart}.{name}", language)
        plane.corner(text, right=right, top=top, width=max(room - 0.15, 0.9))


def _marks(plane: Plane, points: Iterable[_Point]) -> None:
    for p in points:
        style = {"ms": 5.5, "mew": 1.1, "mec": ACCENT, "mfc": ACCENT if p.sure else PAPER}
        plane.mark(p.x, p.y, marker=QUADRANTS[p.right, p.top][1], **style)


def _told(points: list[_Point], chart: str, language: Language) -> str:
    """Tell by quadrant how many there are; name all drivers, and the employers furthest out."""
    counted = Counter(p.quadrant for p in points)
    told = []
    for name, _ in QUADRANTS.values():
        if not counted[name]:
            continue
        own = [p for p in points if p.quadrant == name]
        sure = [p for p in own if p.sure]
        named = sorted(sure, key=lambda p: -p.far)[:_TOLD] if chart == "market" else own
        each = [say("brandfigures.map_point", language, name=p.name, x=p.x, y=p.y) for p in named]
        values = {"quadrant": say(f"brandfigures.{chart}.{name}", language), "sure": len(sure)}
        text = say("brandfigures.map_quadrant", language, n=counted[name], **values)
        told.append(f"{text}: {listing(each, language)}" if each else text)
    return "; ".join(told)


# --- The key

_KEY = (WIDTH - 2 * MARGIN) / 2  # width of its columns


def _key_height(key: list[tuple[int, list[str]]]) -> float:
    half = (len(key) + 1) // 2
    high = max(sum(map(_entry, part)) for part in (key[:half], key[half:]))
    return 0.1 + high


def _entry(entry: tuple[int, list[str]]) -> float:
    return 0.06 + leading(SMALL) * len(entry[1])


def _write_key(axes: Any, key: list[tuple[int, list[str]]]) -> None:
    """Write numbers with what they stand for in two columns, down the first and then the second."""
    half = (len(key) + 1) // 2
    for column, part in enumerate((key[:half], key[half:])):
        y = _HIGH + 0.03
        for entry in part:
            n, text = entry
            x = MARGIN + column * _KEY + breadth("00", SMALL, "bold")
            style = {"size": SMALL, "va": "baseline"}
            write(axes, x, y + 0.13, str(n), weight="bold", ha="right", **style)
            for place, line in enumerate(text):
                write(axes, x + 0.08, y + 0.13 + place * leading(SMALL), line, **style)
            y += _entry(entry)
