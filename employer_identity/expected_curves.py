"""The figure of what groups of equal standing are expected to answer to an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from employer_identity.audit.stating import Teller
from employer_identity.drawing import (
    ACCENT,
    ALARM,
    INK,
    MARGIN,
    MUTED,
    PAPER,
    RULE,
    SMALL,
    WIDTH,
    Scale,
    breadth,
    cut,
    leading,
    sheet,
    write,
)
from employer_identity.language import Language, listing, number, say
from employer_identity.privacy import MINIMUM, Shown, of_large_groups

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

_MOST = 4  # groups that can be told apart where curves lie close
_PENS: tuple[dict[str, Any], ...] = (
    {"color": INK, "marker": "o", "ls": "-"},
    {"color": ALARM, "marker": "s", "ls": (0, (5, 1.6))},
    {"color": ACCENT, "marker": "^", "ls": (0, (2, 1.2))},
    {"color": MUTED, "marker": "D", "ls": (0, (6, 1.2, 1.4, 1.2))},
)
"""Lightness, dashes and marks tell the groups apart; hue only helps."""
_FIRST = (0, 5, 2, 7)  # standings until a curve's first mark: no two marks of equal curves meet
_PLOT, _BELOW = 2.7, 0.52  # inches of the axes, and under them


def expected_scores(
    frame: pd.DataFrame,
    instrument: Instrument,
    group: str,
    counts: Mapping[str, int],
    *,
    minimum: int = MINIMUM,
    language: Language = "en",
) -> Shown:
    """Draw an item's expected answer over standing, a curve a group, with 95 % intervals.

    At most four groups: the reference group and the three that differ most from it.

    Parameters
    ----------
    frame
        Of `curves.expected_scores`.
    group, counts
        The grouping column; respondents by group, the reference group first.
    minimum
        Groups of fewer persons are left out.
    """
    shown = of_large_groups(frame, counts, minimum)
    curves = _chosen(shown.pivot(index="standing", columns="group", values="expected"), counts)
    names = {g: instrument.value_label(group, g, language) for g in curves}
    figure, x, y = _axes(instrument, _key_height(names), language)
    for place, g in enumerate(curves):
        rows = shown[shown["group"] == g]
        across, up = [x(s) for s in rows["standing"]], [y(v) for v in rows["expected"]]
        low, high = ([y(v) for v in rows[c]] for c in ("ci_lower", "ci_upper"))
        pen = _PENS[place]
        x.axes.fill_between(across, low, high, color=pen["color"], alpha=0.13, lw=0, zorder=1)
        marks: dict[str, Any] = {
            "ms": 5,
            "mec": PAPER,
            "mew": 0.6,
            "markevery": (_FIRST[place], 10),
        }
        x.axes.plot(across, up, lw=1.7, zorder=2 + place, **pen, **marks)
    _key(x.axes, names)
    item, factor = str(frame["item"].iloc[0]), str(frame["factor"].iloc[0])
    words = {
        "item": instrument.label(item, language),
        "factor": instrument.label(factor, language),
        "group": instrument.label(group, language).lower(),
        "reference": names[next(iter(curves))],
    }
    left_out = shown["group"].nunique() - len(names)
    caption = say("figures.expected.caption", language, **words)
    if left_out:
        caption += "; " + say("figures.expected.left_out", language, count=left_out)
    told = " ".join(_told(curves, names, language))
    alt = f"{say('figures.expected.alt', language, **words)} {told}"
    facts = Teller(instrument).compared(group, curves)
    return Shown(f"expected_{item}", "figure", figure, caption, alt, facts=facts)


def _chosen(curves: pd.DataFrame, counts: Mapping[str, int]) -> pd.DataFrame:
    """Return the curves to be drawn, the reference group first, the others in their order."""
    reference, *others = [g for g in counts if g in curves]
    apart = curves[others].sub(curves[reference], axis=0).abs().max()
    kept = set(apart.nlargest(_MOST - 1).index)
    return curves[[reference, *(g for g in others if g in kept)]]


def _axes(instrument: Instrument, top: float, language: Language) -> tuple[Any, Scale, Any]:
    """Return a sheet with the scale of standing across and that of the answers upwards."""
    low, high = instrument.scale.minimum, instrument.scale.maximum
    bottom = top + _PLOT
    figure, axes = sheet(bottom + _BELOW)
    left = MARGIN + max(breadth(str(p), SMALL) for p in (low, high)) + 0.12
    x = Scale(axes, (-3, 3), (left + 0.08, WIDTH - MARGIN - 0.12))

    def y(value: float) -> float:
        return bottom - 0.08 - (value - low) / (high - low) * (_PLOT - 0.16)

    x.grid([(float(s), f"{s:+d}" if s else "0") for s in range(-3, 4)], top, bottom)
    for point in range(low, high + 1):
        axes.plot([left, WIDTH - MARGIN], [y(point)] * 2, color=RULE, lw=0.7, zorder=0)
        write(axes, left - 0.06, y(point), str(point), size=SMALL, color=MUTED, ha="right")
    label = say("figures.expected.across", language)
    write(axes, (x(-3) + x(3)) / 2, bottom + 0.36, label, size=SMALL, color=MUTED, ha="center")
    return figure, x, y


def _key_height(names: Mapping[str, str]) -> float:
    return len(names) * leading(SMALL) * 1.25 + 0.14


def _key(axes: Axes, names: Mapping[str, str]) -> None:
    """Say above the plot which curve is whose, a line each."""
    for place, name in enumerate(names.values()):
        at = 0.12 + place * leading(SMALL) * 1.25
        axes.plot([MARGIN + 0.02, MARGIN + 0.26, MARGIN + 0.5], [at] * 3, lw=1.7, ms=5, mec=PAPER,
                  mew=0.6, markevery=[1], **_PENS[place])  # fmt: skip
        text = cut(name, WIDTH - 2 * MARGIN - 0.64, SMALL)
        write(axes, MARGIN + 0.62, at, text, size=SMALL)


def _told(curves: pd.DataFrame, names: Mapping[str, str], language: Language) -> list[str]:
    """Say what is expected at the reference group's mean, and where groups are furthest apart."""
    middle = curves.iloc[int(np.abs(curves.index.to_numpy()).argmin())]
    numbers = [f"{names[g]} {number(float(middle[g]), '.1f', language)}" for g in curves]
    found = [say("figures.expected.middle", language, rows=listing(numbers, language))]
    reference, *others = list(curves)
    for g in others:
        apart = curves[g] - curves[reference]
        at = float(apart.abs().idxmax())
        values = {"by": float(apart[at]), "at": at, "who": names[g], "reference": names[reference]}
        found.append(say("figures.expected.apart", language, **values))
    return found
