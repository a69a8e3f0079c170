"""The chart of latent means by the road taken: everything equal, some set aside, aligned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from employer_identity.audit.stating import Teller
from employer_identity.drawing import (
    ACCENT,
    INK,
    MARGIN,
    MUTED,
    PAPER,
    SMALL,
    WIDTH,
    Scale,
    breadth,
    cut,
    sheet,
    write,
)
from employer_identity.language import Language, listing, number, say
from employer_identity.paging import TALLEST, filled
from employer_identity.privacy import MINIMUM, Shown, of_large_groups
from employer_identity.roads import licensed

if TYPE_CHECKING:
    from employer_identity.aligned import Alignment
    from employer_identity.alignment_check import AlignmentCheck
    from employer_identity.ladder import Ladder
    from employer_identity.questionnaire import Instrument

_KEY, _HEAD, _ROW, _FOOT = 0.24, 0.34, 0.29, 0.3
_APART = {"full": -0.075, "aligned": 0.0, "partial": 0.075}  # inches between the roads' marks
_WIDEST = 1.85  # inches of a group's name
_MARKS: dict[str, dict[str, Any]] = {
    "full": {"marker": "^", "ms": 5, "mfc": PAPER, "mec": INK, "mew": 1.2},
    "partial": {"marker": "s", "ms": 4, "mfc": MUTED, "mec": PAPER, "mew": 0.6},
    "aligned": {"marker": "o", "ms": 6, "mfc": ACCENT, "mec": PAPER, "mew": 0.8},
}


class _Block(NamedTuple):
    """One factor's groups; none where its comparison is not supported."""

    factor: str
    label: str
    rows: list[tuple[str, pd.DataFrame]]

    @property
    def height(self) -> float:
        return _HEAD + _ROW * max(len(self.rows), 1)


def alignment(
    result: Alignment,
    beside: Ladder,
    instrument: Instrument,
    *,
    check: AlignmentCheck | None = None,
    minimum: int = MINIMUM,
    language: Language = "en",
) -> tuple[Shown, ...]:
    """Draw each group's latent mean by the road taken, with the interval of the aligned one.

    A ladder that does not allow latent means to be compared has none here.

    Parameters
    ----------
    result, beside
        An alignment, and a ladder over the same groups.
    check
        Of the alignment: where more than 25 % differ, only factors that it recovers are drawn.
    minimum
        Groups of fewer persons are left out.

    Returns
    -------
    One figure, or several where it would not stand on a page.
    """
    counts = result.n
    found = of_large_groups(licensed(result.beside(beside), beside), counts, minimum)
    names = {g: instrument.value_label(result.group, g, language) for g in counts}
    shown = {*result.decision(check).factors}
    blocks = [
        _Block(
            factor, instrument.label(factor, language),
            [(names[g], own) for g, own in rows.groupby("group", sort=False)]
            if factor in shown else [],
        )
        for factor, rows in found.groupby("factor", sort=False)
    ]  # fmt: skip
    drawn = found[found["factor"].isin(shown)]
    ends = drawn[["est", "ci_lower", "ci_upper"]].abs().max().max() if len(drawn) else 0.2
    reach = max(0.2, float(np.ceil(ends * 5) / 5))
    roads = [r for r in _MARKS if r in set(found["road"])]
    parts = _parts(blocks)
    groups = [result.groups[0], *found["group"].unique()]
    words = {
        "group": instrument.label(result.group, language).lower(),
        "reference": names[result.groups[0]],
        "parts": len(parts),
    }
    facts = Teller(instrument).compared(result.group, groups)
    told = []
    for place, part in enumerate(parts, start=1):
        figure = _drawn(part, reach, roads, language)
        alt = "; ".join(_told(block, language) for block in part)
        several = "_part" if len(parts) > 1 else ""
        caption = say(f"figures.alignment.caption{several}", language, part=place, **words)
        text = say("figures.alignment.alt", language, rows=alt, **words)
        key = f"alignment_{place}" if several else "alignment"
        told.append(Shown(key, "figure", figure, caption, text, facts=facts))
    return tuple(told)


def _parts(blocks: list[_Block]) -> list[list[_Block]]:
    """Divide the blocks over figures of at most a page; one that is longer is divided too."""
    most = int((TALLEST - _KEY - _FOOT - _HEAD) / _ROW)
    pieces = [
        block._replace(rows=block.rows[at : at + most])
        for block in blocks
        for at in range(0, max(len(block.rows), 1), most)
    ]
    return filled(([piece] for piece in pieces), _height)


def _height(part: list[_Block]) -> float:
    return _KEY + sum(block.height for block in part) + _FOOT


def _drawn(part: list[_Block], reach: float, roads: list[str], language: Language) -> Any:
    """Draw one figure."""
    height = _height(part)
    figure, axes = sheet(height)
    names = [name for block in part for name, _ in block.rows]
    left = MARGIN + min(_WIDEST, max((breadth(n, SMALL) for n in names), default=0.0)) + 0.24
    axis = Scale(axes, (-reach, reach), (left, WIDTH - 0.62))
    step = 0.2 if reach <= 0.8 else 0.5 if reach <= 2 else 1.0
    ticks = np.arange(-np.floor(reach / step), np.floor(reach / step) + 1) * step
    bottom = height - 0.24
    axis.grid([(float(t), number(float(t), "z.1f", language)) for t in ticks], _KEY, bottom)
    axes.plot([axis(0)] * 2, [_KEY, bottom], color=MUTED, lw=1, zorder=0)
    _key(axes, roads, language)
    y, box = _KEY, {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
    for block in part:
        write(axes, MARGIN, y + 0.2, block.label, weight="bold", bbox=box)
        y += _HEAD
        if not block.rows:
            text = say("figures.alignment.unsupported", language)
            write(axes, MARGIN, y + _ROW / 2, text, size=SMALL, color=MUTED, bbox=box)
            y += _ROW
        for name, rows in block.rows:
            write(axes, MARGIN, y + _ROW / 2, cut(name, left - MARGIN - 0.1, SMALL), size=SMALL)
            _group(axes, axis, y + _ROW / 2, rows, language)
            y += _ROW
    return figure


def _key(axes: Axes, roads: list[str], language: Language) -> None:
    """Say which mark is which road."""
    x = MARGIN + 0.08
    for road in roads:
        text = say(f"figures.alignment.road.{road}", language)
        axes.plot([x], [_KEY / 2], ls="", **_MARKS[road])
        write(axes, x + 0.11, _KEY / 2, text, size=SMALL, color=INK)
        x += 0.11 + breadth(text, SMALL) + 0.24


def _group(axes: Axes, axis: Scale, y: float, rows: pd.DataFrame, language: Language) -> None:
    """Draw one group: where each road leads, the aligned one with its interval."""
    by = rows.set_index("road")
    aligned = by.loc["aligned"]
    axis.interval(y, aligned["est"], aligned["ci_lower"], aligned["ci_upper"], **_MARKS["aligned"])
    for road in (r for r in _MARKS if r in by.index and r != "aligned"):
        place = y + _APART[road]
        axes.plot([axis(by.loc[road, "est"])], [place], ls="", zorder=3, **_MARKS[road])
    text = number(aligned["est"], "+z.2f", language)
    write(axes, WIDTH - MARGIN, y, text, size=SMALL, ha="right", color=ACCENT, weight="bold")


def _told(block: _Block, language: Language) -> str:
    """Tell a factor's numbers."""
    if not block.rows:
        return f"{block.label}: {say('figures.alignment.unsupported', language)}"
    told = []
    for name, rows in block.rows:
        roads = [say(f"figures.alignment.road.{road}", language) for road in rows["road"]]
        numbers = [number(est, "+z.2f", language) for est in rows["est"]]
        each = [f"{road} {est}" for road, est in zip(roads, numbers, strict=True)]
        told.append(f"{name} {listing(each, language)}")
    return f"{block.label}: {', '.join(told)}"
