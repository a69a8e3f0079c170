"""Charts of where one unit stands: its levels beside those of others, and its differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from employer_identity.audit.facts import Fact
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
    lines,
    sheet,
    write,
)
from employer_identity.language import Language, listing, number, say
from employer_identity.privacy import Shown

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

ROWS = 30
"""Differences that are drawn at most: those at both ends."""
_MARKS: dict[str, dict[str, Any]] = {
    "here": {"marker": "o", "ms": 7, "mfc": ACCENT, "mec": PAPER, "mew": 0.8},
    "sector": {"marker": "D", "ms": 6.5, "mfc": PAPER, "mec": INK, "mew": 1.2},
    "whole": {"marker": "|", "ms": 13, "mec": MUTED, "mew": 2},
    "apart": {"marker": "o", "ms": 6, "mfc": ACCENT, "mec": ACCENT, "mew": 1.2},
    "near": {"marker": "o", "ms": 6, "mfc": PAPER, "mec": ACCENT, "mew": 1.2},
}


def standing(
    frame: pd.DataFrame,
    instrument: Instrument,
    references: Sequence[str],
    *,
    facts: tuple[Fact, ...],
    language: Language = "en",
) -> Shown:
    """Draw the pillars' means with their intervals, and the means of those beside them.

    Parameters
    ----------
    frame
        The pillars' rows of `UnitStudy.standing`.
    instrument
        The questionnaire.
    references
        With whom the unit is compared: ``sector``, ``whole``, both or nobody.
    facts
        What it tells of people (`unit_facts.means`).
    """
    row, top = 0.5, 0.34
    height = top + row * len(frame) + 0.3
    figure, axes = sheet(height)
    _key(axes, ["here", *references], "standing", language)
    axis = Scale(axes, _span(frame, instrument, references), (MARGIN + 0.08, WIDTH - 0.6))
    points = range(int(axis.span[0]), int(axis.span[1]) + 1)
    axis.grid([(p, str(p)) for p in points], top, height - 0.26)
    told = []
    for place, r in enumerate(frame.to_dict("records")):
        label, y = instrument.label(r["name"], language), top + row * place
        box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
        write(axes, MARGIN, y + 0.12, label, bbox=box)
        for reference in reversed(_known(r, references)):
            _mark(axes, axis(r[f"{reference}_mean"]), y + 0.34, reference)
        axis.interval(y + 0.34, r["mean"], r["ci_lower"], r["ci_upper"], **_MARKS["here"])
        text = number(r["mean"], ".2f", language)
        write(axes, WIDTH - MARGIN, y + 0.34, text, weight="bold", color=ACCENT, ha="right")
        told.append(_told(r, label, references, language))
    ends = {"low": instrument.scale.minimum, "high": instrument.scale.maximum}
    named = [say(f"figures.standing.{r}", language) for r in references]
    beside = say("figures.standing.beside", language, beside=listing(named, language))
    words = {"beside": beside if named else "", **ends}
    return Shown(
        "standing",
        "figure",
        figure,
        say("figures.standing.caption", language, **words),
        say("figures.standing.alt", language, rows="; ".join(told), **ends),
        facts=facts,
    )


def _span(
    frame: pd.DataFrame, instrument: Instrument, references: Sequence[str]
) -> tuple[float, float]:
    """Return the whole points between which everything lies, at least two of the scale apart."""
    columns = ["mean", "ci_lower", "ci_upper", *(f"{r}_mean" for r in references)]
    low, high = np.nanmin(frame[columns]), np.nanmax(frame[columns])
    first, last = int(np.floor(low)), int(np.ceil(high))
    while last - first < 2:
        first, last = (first - 1, last) if first > instrument.scale.minimum else (first, last + 1)
    return float(first), float(last)


def _known(row: dict[str, Any], references: Sequence[str]) -> list[str]:
    """Return the references that a pillar may be compared with."""
    return [r for r in references if not np.isnan(row[f"{r}_mean"])]


def _told(row: dict[str, Any], label: str, references: Sequence[str], language: Language) -> str:
    """Tell a pillar's numbers."""
    values = {"mean": row["mean"], "lower": row["ci_lower"], "upper": row["ci_upper"]}
    told = [say("figures.levels.row", language, pillar=label, **values)]
    for reference in _known(row, references):
        mean = number(row[f"{reference}_mean"], ".2f", language)
        told.append(f"{say(f'figures.standing.{reference}', language)} {mean}")
    return ", ".join(told)


def differences(
    frame: pd.DataFrame,
    instrument: Instrument,
    reference: str,
    *,
    facts: tuple[Fact, ...],
    language: Language = "en",
) -> Shown:
    """Draw how far the items lie from a reference, with intervals; what stands apart is filled.

    Parameters
    ----------
    frame
        The items' rows of `UnitStudy.standing`.
    instrument
        The questionnaire.
    reference
        ``sector`` or ``whole``.
    facts
        The means whose differences it shows (`unit_facts.means`).
    """
    d = f"d_{reference}"
    rows = frame.dropna(subset=[d]).sort_values(d, ascending=False, kind="stable")
    drawn = rows if len(rows) <= ROWS else pd.concat([rows.head(ROWS // 2), rows.tail(ROWS // 2)])
    row, top = 0.215, 0.34
    height = top + row * len(drawn) + 0.3
    figure, axes = sheet(height)
    _key(axes, ["apart", "near"], "differences", language)
    names = [instrument.scored_label(name, language) for name in drawn["name"]]
    left = MARGIN + min(max(breadth(n, SMALL) for n in names), 2.3) + 0.2
    axis = _about_zero(axes, drawn[[f"{d}_lower", f"{d}_upper"]], left, top, height, language)
    told = []
    for place, (name, r) in enumerate(zip(names, drawn.to_dict("records"), strict=True)):
        y = top + row * (place + 0.5)
        write(axes, MARGIN, y, lines(name, 2.3, SMALL)[0], size=SMALL)
        ends = r[d], r[f"{d}_lower"], r[f"{d}_upper"]
        apart = r[f"is_apart_{reference}"]
        axis.interval(y, *ends, **_MARKS["apart" if apart else "near"])
        bold = {"weight": "bold", "color": ACCENT} if apart else {}
        text = number(r[d], "+z.2f", language)
        write(axes, WIDTH - MARGIN, y, text, size=SMALL, ha="right", **bold)
        values = dict(zip(("d", "lower", "upper"), ends, strict=True))
        key = "figures.differences.row_apart" if apart else "figures.differences.row"
        told.append(say(key, language, item=name, **values))
    return _shown_differences(figure, drawn, told, (reference, len(rows)), facts, language)


def _shown_differences(
    figure: Any,
    drawn: pd.DataFrame,
    told: list[str],
    of: tuple[str, int],
    facts: tuple[Fact, ...],
    language: Language,
) -> Shown:
    reference, total = of
    words = {"beside": say(f"figures.standing.{reference}", language), "n": total}
    caption = say("figures.differences.caption", language, **words)
    if len(drawn) < total:
        caption += " " + say("figures.differences.ends", language, n=len(drawn))
    alt = say("figures.differences.alt", language, rows="; ".join(told), **words)
    return Shown("differences", "figure", figure, caption, alt, facts=facts)


def _about_zero(
    axes: Axes, ends: pd.DataFrame, left: float, top: float, height: float, language: Language
) -> Scale:
    """Draw an axis that reaches equally far to either side of 0."""
    reach = max(float(np.nanmax(np.abs(ends.to_numpy()))) * 1.02, 0.1)
    axis = Scale(axes, (-reach, reach), (left, WIDTH - 0.6))
    steps_apart = (s for s in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0) if axis(s) - axis(0) > 0.42)
    step = next(steps_apart, 10.0)
    steps = int(reach // step)
    ticks = [step * k for k in range(-steps, steps + 1)]
    axis.grid(
        [(t, number(t, "+z.1f" if t else ".0f", language)) for t in ticks], top, height - 0.26
    )
    axes.plot([axis(0)] * 2, [top, height - 0.26], color=MUTED, lw=1, zorder=0)
    return axis


def _key(axes: Axes, marks: Sequence[str], chart: str, language: Language) -> None:
    """Draw the marks with what each stands for."""
    x = MARGIN + 0.08
    for mark in marks:
        _mark(axes, x, 0.12, mark)
        words = say(f"figures.{chart}.{mark}", language)
        write(axes, x + 0.13, 0.16, words, size=SMALL, color=MUTED, va="baseline")
        x += 0.13 + breadth(words, SMALL) + 0.3


def _mark(axes: Axes, x: float, y: float, mark: str) -> None:
    axes.plot([x], [y], ls="", **_MARKS[mark])
