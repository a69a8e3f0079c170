"""The chart of many groupings: how far the questionnaire means the same in each, cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Wedge

from employer_identity.across_result import Across, Pair
from employer_identity.across_tables import sizes
from employer_identity.drawing import (
    ACCENT,
    ALARM,
    INK,
    MARGIN,
    MUTED,
    PAPER,
    RULE,
    SMALL,
    TINT,
    WIDTH,
    breadth,
    leading,
    lines,
    sheet,
    write,
)
from employer_identity.language import Language, describe, number, say
from employer_identity.privacy import Shown

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

LEFT = 1.5  # where the cells begin
GAP = 0.05  # between two cells
HEAD = 8.0  # size of the heads where their words have room
_STYLE = {  # edge, fill, line
    "held": (ACCENT, TINT, "-"),
    "in_part": (ACCENT, PAPER, "-"),
    "rejected": (ALARM, PAPER, "-"),
    "out_of_reach": (RULE, PAPER, (0, (3, 2))),
    "untestable": (RULE, PAPER, (0, (1, 2))),
}


def across(result: Across, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Draw groupings by rungs: what holds, in part, not at all, or could not be reached or tested.

    Every state has a sign and a word of its own.
    """
    scales = list(dict.fromkeys(scale for scale, _ in result.pairs))
    levels = result.levels
    wide = _column(len(levels))
    names = [say(f"figures.ladder.{level}", language) for level in levels]
    widest = max(breadth(word, HEAD) for name in names for word in name.split())
    size = min(HEAD, HEAD * (wide - 0.04) / widest)  # no word is broken
    heads = [lines(name, wide - 0.04, size) for name in names]
    top = leading(size) * max(map(len, heads)) + 0.1
    rows = [_Row(result, pair, instrument, language) for pair in result.pairs]
    between = 0.3 if len(scales) > 1 else 0.0
    height = top + sum(row.height for row in rows) + between * len(scales) + 0.02
    figure, axes = sheet(height)
    for place, head in enumerate(heads):
        x = LEFT + (place + 0.5) * (wide + GAP) - GAP / 2
        style = {"size": size, "color": MUTED, "ha": "center", "va": "bottom"}
        write(axes, x, top - 0.07, "\n".join(head), **style)
    y, scale = top, ""
    for row in rows:
        if len(scales) > 1 and row.scale != scale:
            write(axes, MARGIN, y + between / 2, row.heading,
                  weight="bold", color=ACCENT)  # fmt: skip
            y += between
        scale = row.scale
        row.draw(axes, y)
        y += row.height
    told = " ".join(row.told(named=len(scales) > 1) for row in rows)
    rule = say(f"invariance.rule.{result.rule.name}", language)
    caption = say("figures.across.caption", language, rule=rule)
    alt = say("figures.across.alt", language, rows=told)
    facts = tuple(sizes(result, instrument))
    return Shown("across", "figure", figure, caption, alt, facts=facts)


def _column(count: int) -> float:
    return (WIDTH - MARGIN - LEFT - GAP * (count - 1)) / count


class _Row:
    """One grouping of one scale, with its words."""

    def __init__(
        self, result: Across, pair: Pair, instrument: Instrument, language: Language
    ) -> None:
        table = result.table
        self.scale, self.language, self.levels = pair[0], language, result.levels
        self.cells = table[(table["scale"] == pair[0]) & (table["grouping"] == pair[1])]
        self.why = " ".join(describe(p, language) for p in result.problems.get(pair, ()))
        self.heading = instrument.label(pair[0], language)
        self.label = instrument.label(pair[1], language)
        self.name = lines(self.label, LEFT - MARGIN - 0.1)
        self.height = max(0.5, leading() * len(self.name) + leading(8.0) + 0.16)

    def draw(self, axes: Axes, top: float) -> None:
        """Draw the row's name and its cells."""
        middle, high = top + self.height / 2, self.height - 0.08
        size = self._size()
        text = "\n".join(self.name)
        shift = leading(8.0) / 2 if size else 0.0
        write(axes, MARGIN, middle - shift, text)
        if size:
            below = middle + leading() * len(self.name) / 2
            write(axes, MARGIN, below, size, size=8.0, color=MUTED)
        states = self.cells.set_index("level")
        if not states.index[0]:  # no rung could be tested
            wide = WIDTH - MARGIN - LEFT
            _cell(axes, (LEFT, top + 0.04, wide, high), "untestable", self._word(states.iloc[0]))
            return
        wide = _column(len(self.levels))
        for place, level in enumerate(self.levels):
            if level in states.index:
                box = (LEFT + place * (wide + GAP), top + 0.04, wide, high)
                row = states.loc[level]
                _cell(axes, box, str(row["state"]), self._word(row))

    def _size(self) -> str:
        """Say how many groups and people there are, as far as they may be told."""
        first = self.cells.iloc[0]
        if pd.isna(first["groups"]):
            return ""
        groups = say("figures.across.groups", self.language, count=int(first["groups"]))
        if pd.isna(first["n"]):
            return groups
        return f"{groups}, n {number(int(first['n']), ',', self.language)}"

    def _word(self, row: pd.Series[Any]) -> str:
        if row["state"] == "in_part":
            count = int(row["set_aside"])
            return say("across.state.in_part_count", self.language, count=count)
        return say(f"across.state.{row['state']}", self.language)

    def told(self, *, named: bool) -> str:
        """Tell the row in a sentence."""
        label = f"{self.heading}, {self.label}" if named else self.label
        if self.why:
            return say("across.untested", self.language, name=label, why=self.why)
        rungs = ", ".join(
            f"{say(f'figures.ladder.{row.level}', self.language)}: {self._word(self.cells.loc[k])}"
            for k, row in zip(self.cells.index, self.cells.itertuples(), strict=True)
        )
        name = f"{label} ({self._size()})"
        return say("figures.across.row", self.language, name=name, rungs=rungs)


def _cell(axes: Axes, box: tuple[float, float, float, float], state: str, word: str) -> None:
    """Draw one cell: its sign above its word, or beside it where there is room."""
    x, y, wide, high = box
    edge, fill, line = _STYLE[state]
    shape = "round,pad=0,rounding_size=0.05"
    axes.add_patch(
        FancyBboxPatch((x, y), wide, high, boxstyle=shape, facecolor=fill, edgecolor=edge,
                       linewidth=1.1, linestyle=line)
    )  # fmt: skip
    colour = MUTED if state in ("out_of_reach", "untestable") else edge
    if state == "untestable":
        start = x + (wide - breadth(word, SMALL) - 0.3) / 2
        _sign(axes, start + 0.1, y + high / 2, state, colour)
        write(axes, start + 0.3, y + high / 2, word, size=SMALL, color=colour)
        return
    _sign(axes, x + wide / 2, y + high / 2 - 0.085, state, colour)
    size = min(SMALL, SMALL * (wide - 0.06) / breadth(word, SMALL))
    ink = INK if state in ("held", "in_part") else colour
    write(axes, x + wide / 2, y + high / 2 + 0.115, word, size=size, color=ink, ha="center")


def _sign(axes: Axes, x: float, y: float, state: str, colour: str) -> None:
    """Draw a tick, a half disc, a cross, a dash or a question mark."""
    r = 0.085
    fill = colour if state == "held" else PAPER
    if state != "out_of_reach":
        axes.add_patch(Circle((x, y), r, facecolor=fill, edgecolor=colour, lw=1.1))
    if state == "in_part":
        axes.add_patch(Wedge((x, y), r, 90, 270, facecolor=colour, edgecolor="none"))
    if state == "untestable":
        style = {"size": 8.0, "color": colour, "ha": "center", "weight": "bold"}
        write(axes, x, y + 0.008, "?", **style)
    strokes = {
        "held": [([-0.04, -0.012, 0.043], [0.003, 0.034, -0.034])],
        "rejected": [([-0.034, 0.034], [-0.034, 0.034]), ([-0.034, 0.034], [0.034, -0.034])],
        "out_of_reach": [([-0.06, 0.06], [0.0, 0.0])],
    }.get(state, [])
    for dx, dy in strokes:
        ink = PAPER if state == "held" else colour
        axes.plot([x + d for d in dx], [y + d for d in dy], color=ink, lw=1.4)
