"""The chart of latent means in both ways: answers as numbers, and as ordered categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    sheet,
    write,
)
from employer_identity.language import Language, number, say
from employer_identity.privacy import MINIMUM, Shown, of_large_groups

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument
    from employer_identity.treatment import Treatment

_WAYS: dict[str, dict[str, Any]] = {
    "scores": {"marker": "o", "color": ACCENT},
    "ordered": {"marker": "s", "ms": 5.5, "mfc": PAPER, "mec": INK, "mew": 1.3, "color": INK},
}
"""Marks and fill tell the ways apart; hue only helps."""
_KEY, _HEAD, _ROW, _GAP, _FOOT = 0.3, 0.3, 0.4, 0.06, 0.3


def latent_means_both_ways(
    found: Treatment,
    instrument: Instrument,
    group: str,
    *,
    minimum: int = MINIMUM,
    language: Language = "en",
) -> Shown:
    """Draw each group's gap with the reference group in both ways, with its interval.

    A way that does not allow latent means has no marks. Groups of fewer than `minimum` persons are
    left out.
    """
    shown = of_large_groups(found.gaps, found.counts, minimum)
    names = {g: instrument.value_label(group, g, language) for g in found.counts}
    blocks = shown.groupby("factor", sort=False)
    bottom = _KEY + len(blocks) * (_HEAD + _GAP) + _ROW * len(shown)
    figure, axes = sheet(bottom + _FOOT)
    left = MARGIN + max(breadth(names[g], SMALL) for g in shown["group"]) + 0.2
    axis = _axis(axes, shown, left, bottom, language)
    _key(axes, language)
    y, told = _KEY, []
    for factor, rows in blocks:
        label, box = instrument.label(str(factor), language), {"fc": PAPER, "ec": "none", "pad": 1}
        write(axes, MARGIN, y + 0.17, label, weight="bold", bbox=box)
        y, numbers = y + _HEAD, []
        for r in rows.to_dict("records"):
            write(axes, MARGIN, y + _ROW / 2, names[r["group"]], size=SMALL)
            both = {way: _mark(axes, axis, y + _ROW / 2, r, way, language) for way in _WAYS}
            numbers.append(say("treatment.figure.row", language, who=names[r["group"]], **both))
            y += _ROW
        told.append(f"{label}: {', '.join(numbers)}")
        y += _GAP
    words = {"group": instrument.label(group, language).lower()}
    words["reference"] = names[next(iter(found.counts))]
    caption = say("treatment.figure.caption", language, **words)
    alt = say("treatment.figure.alt", language, rows="; ".join(told), **words)
    groups = dict.fromkeys([next(iter(found.counts)), *shown["group"]])
    facts = Teller(instrument).compared(group, groups)
    return Shown("ways_means", "figure", figure, caption, alt, facts=facts)


def _axis(axes: Axes, shown: pd.DataFrame, left: float, bottom: float, language: Language) -> Scale:
    """Return the scale of gaps, with its grid and a line at 0."""
    ends = shown.filter(regex="^ci_").abs().max().max()
    reach = max(0.2, float(np.ceil(ends * 5) / 5))
    axis = Scale(axes, (-reach, reach), (left, WIDTH - 0.6))
    step = 0.2 if reach <= 0.8 else 0.5
    ticks = np.arange(-np.floor(reach / step), np.floor(reach / step) + 1) * step
    texts = [(float(t), number(float(t), "z.1f", language)) for t in ticks]
    axis.grid(texts, _KEY, bottom + 0.04)
    axes.plot([axis(0)] * 2, [_KEY, bottom + 0.04], color=MUTED, lw=1, zorder=0)
    return axis


def _key(axes: Axes, language: Language) -> None:
    """Say above the plot which mark is which way."""
    x = MARGIN + 0.08
    for way, pen in _WAYS.items():
        text = say(f"treatment.head.{way}", language)
        style: dict[str, Any] = {"ms": 6, "mec": PAPER, "mew": 0.8} | pen
        axes.plot([x], [0.12], ls="", **style)
        write(axes, x + 0.12, 0.12, text, size=SMALL)
        x += 0.5 + breadth(text, SMALL)


def _mark(
    axes: Axes, axis: Scale, y: float, row: dict[str, Any], way: str, language: Language
) -> str:
    """Draw one way's gap, the first above the second, and return its number."""
    est, low, high = (float(row[f"{k}_{way}"]) for k in ("est", "ci_lower", "ci_upper"))
    if np.isnan(est):
        return say("treatment.allowed.none", language)
    y += -0.08 if way == "scores" else 0.08
    axis.interval(y, est, low, high, **_WAYS[way])
    text = number(est, "+z.2f", language)
    write(axes, WIDTH - MARGIN, y, text, size=SMALL, ha="right")
    return text
