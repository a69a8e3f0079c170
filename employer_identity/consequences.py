"""The chart of what non-invariance does to a conclusion: each gap under each model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from employer_identity.audit.stating import Teller
from employer_identity.conclusions import model_name
from employer_identity.drawing import (
    ACCENT,
    INK,
    MARGIN,
    MUTED,
    PAPER,
    SMALL,
    WIDTH,
    Scale,
    leading,
    lines,
    sheet,
    write,
)
from employer_identity.language import Language, listing, number, say
from employer_identity.paging import filled
from employer_identity.privacy import MINIMUM, Shown, of_large_groups

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

_WORDS = 1.78  # room for the models' names, inches
_HEAD, _GROUP, _ROW, _GAP, _FOOT = 0.28, 0.19, 0.18, 0.03, 0.3
_CHOSEN = ("full", "partial")
"""The ladder ends with the second where it set something aside, else with the first."""
_MARKS: dict[str, dict[str, Any]] = {
    "observed": {"marker": "s", "ms": 5, "mfc": PAPER, "mec": MUTED, "mew": 1.2, "color": MUTED},
    "full": {"marker": "^", "ms": 6, "mfc": PAPER, "mec": INK, "mew": 1.2, "color": INK},
    "partial": {"marker": "o", "ms": 6.5, "mfc": ACCENT, "mec": ACCENT, "color": ACCENT},
    "with": {"marker": "D", "ms": 5, "mfc": PAPER, "mec": ACCENT, "mew": 1.2, "color": ACCENT},
}


class _Row(NamedTuple):
    """One model's gap: its words, and how high they stand."""

    words: list[str]
    height: float
    numbers: Any


class _Block(NamedTuple):
    """The gaps of one pillar and group."""

    factor: str
    group: str
    rows: list[_Row]

    @property
    def height(self) -> float:
        return _GROUP + sum(row.height for row in self.rows) + _GAP


def sensitivity(
    frame: pd.DataFrame,
    instrument: Instrument,
    group: str,
    counts: Mapping[str, int],
    *,
    minimum: int = MINIMUM,
    language: Language = "en",
) -> tuple[Shown, ...]:
    """Draw each group's gap with the reference group under each model, with its interval.

    Parameters
    ----------
    frame
        Of `conclusions`.
    group, counts
        The grouping column; respondents by group, the reference group first.
    minimum
        Groups of fewer persons are left out.

    Returns
    -------
    One figure, or several where it would not stand on a page.
    """
    shown = of_large_groups(frame, counts, minimum)
    blocks = [
        _Block(factor, who, [_row(r, instrument, language) for r in own.itertuples()])
        for (factor, who), own in shown.groupby(["factor", "group"], sort=False)
    ]
    reach = max(0.2, float(np.ceil(shown[["ci_lower", "ci_upper"]].abs().max().max() * 5) / 5))
    pillars = dict.fromkeys(b.factor for b in blocks)
    parts = filled(([b for b in blocks if b.factor == f] for f in pillars), _height)
    reference = next(iter(counts))
    n = {g: counts[g] for g in [reference, *shown["group"].unique()]}
    names = {g: instrument.value_label(group, g, language) for g in n}
    facts = Teller(instrument).compared(group, n)
    words = {
        "group": instrument.label(group, language).lower(),
        "reference": names[reference],
        "who": names[blocks[0].group],
        "parts": len(parts),
    }
    caption = "caption_two" if len(n) == 2 else "caption"
    caption = f"{caption}_part" if len(parts) > 1 else caption
    found = []
    for place, part in enumerate(parts, start=1):
        key = f"sensitivity_{place}" if len(parts) > 1 else "sensitivity"
        figure = _drawn(part, reach, names, instrument, language)
        alt = say("figures.sensitivity.alt", language, **words)
        told = "; ".join(_told(b, names[b.group], instrument, language) for b in part)
        text = say(f"figures.sensitivity.{caption}", language, part=place, **words)
        found.append(Shown(key, "figure", figure, text, f"{alt} {told}.", facts=facts))
    return tuple(found)


def _row(r: Any, instrument: Instrument, language: Language) -> _Row:
    words = lines(model_name(r.model, instrument, language), _WORDS - 0.12, SMALL)
    return _Row(words, _ROW + (len(words) - 1) * leading(SMALL), r)


def _height(part: list[_Block]) -> float:
    return _HEAD * len({b.factor for b in part}) + sum(b.height for b in part) + _FOOT


def _drawn(
    part: list[_Block],
    reach: float,
    names: Mapping[str, str],
    instrument: Instrument,
    language: Language,
) -> Any:
    """Draw one figure."""
    bottom = _height(part) - _FOOT + 0.06
    figure, axes = sheet(_height(part))
    axis = Scale(axes, (-reach, reach), (MARGIN + _WORDS + 0.1, WIDTH - 0.6))
    step = 0.2 if reach <= 0.6 else 0.5
    ticks = np.arange(-np.floor(reach / step), np.floor(reach / step) + 1) * step
    axis.grid([(float(t), number(float(t), "z.1f", language)) for t in ticks], 0.05, bottom)
    axes.plot([axis(0)] * 2, [0.05, bottom], color=MUTED, lw=1, zorder=0)
    box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
    y, factor = 0.0, ""
    for block in part:
        if block.factor != factor:
            factor = block.factor
            label = instrument.label(factor, language)
            write(axes, MARGIN, y + 0.17, label, weight="bold", bbox=box)
            y += _HEAD
        write(axes, MARGIN, y + _GROUP / 2, names[block.group], size=SMALL, bbox=box)
        y += _GROUP
        latent = [row.numbers.model for row in block.rows if row.numbers.model in _CHOSEN]
        for row in block.rows:
            chosen = row.numbers.model in latent[-1:]
            _gap(axes, axis, y + row.height / 2, row, language, chosen=chosen)
            y += row.height
        y += _GAP
    return figure


def _gap(axes: Axes, axis: Scale, y: float, row: _Row, language: Language, *, chosen: bool) -> None:
    """Draw one model's gap: words, mark on its interval, number; bold where the ladder ended."""
    r = row.numbers
    kind = r.model.split(" ")[0]
    bold = {"weight": "bold"} if chosen else {}
    write(axes, MARGIN + 0.12, y, "\n".join(row.words), size=SMALL, color=MUTED)
    axis.interval(y, r.est, r.ci_lower, r.ci_upper, **_MARKS[kind])
    text = number(r.est, "+z.2f", language)
    write(axes, WIDTH - MARGIN, y, text, size=SMALL, ha="right", **bold)


def _told(block: _Block, who: str, instrument: Instrument, language: Language) -> str:
    """Tell a block's numbers."""
    told = [
        f"{' '.join(row.words)} {number(row.numbers.est, '+z.2f', language)}" for row in block.rows
    ]
    return f"{instrument.label(block.factor, language)}, {who}: {listing(told, language)}"
