"""The chart of loadings by group: what each item says about its pillar, group beside group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from employer_identity.audit.stating import Teller
from employer_identity.drawing import (
    ACCENT,
    ALARM,
    INK,
    MARGIN,
    MARKS,
    PAPER,
    SMALL,
    TINT,
    WIDTH,
    Scale,
    breadth,
    leading,
    lines,
    sheet,
    write,
)
from employer_identity.language import Language, listing, number, say
from employer_identity.paging import evenly
from employer_identity.privacy import MINIMUM, Shown
from employer_identity.states import last_tried
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.ladder import Ladder
    from employer_identity.questionnaire import Instrument

_NAMES = 1.72  # room for the items' labels, inches
_FLAG = 0.16  # room for the sign before a label
_HEAD, _FOOT = 0.26, 0.3


def loadings(
    ladder: Ladder, instrument: Instrument, *, minimum: int = MINIMUM, language: Language = "en"
) -> tuple[Shown, ...]:
    """Draw each item's loading in each group with its interval, from the ladder's first rung.

    Groups of fewer than `minimum` persons are left out. What was set aside is marked. Long
    questionnaires become several figures, divided between pillars.
    """
    frame = ladder.loadings
    n = {g: k for g, k in ladder["configural"].n.items() if k >= minimum}
    if not n:
        return ()
    frame = frame[frame["group"].isin(n)]
    names = {g: instrument.value_label(ladder.group, g, language) for g in n}
    named = _named(ladder)
    labels = {i: _label(instrument.label(i, language), i in named) for i in frame["item"].unique()}
    row = max(0.27, 0.065 * len(n) + 0.09, *(_tall(*label) for label in labels.values()))
    key = _key_rows([*names.values(), *_signs(named, language).values()])
    parts = _parts(frame, row, 0.24 * len(key))
    ends = np.floor(frame["ci_lower"].min() * 4), np.ceil(frame["ci_upper"].max() * 4)
    span = (float(ends[0]) / 4, float(ends[1]) / 4)
    shown = []
    for place, part in enumerate(parts):
        figure, axes = sheet(_height(part, row) + 0.24 * len(key))
        _key(axes, key, len(n), named, language)
        _rows(
            axes, part, row, 0.24 * len(key), (span, list(n), named, labels, instrument, language)
        )
        words = {
            "group": instrument.label(ladder.group, language).lower(),
            "part": place + 1,
            "parts": len(parts),
            **nouns(instrument, language),
        }
        caption = "caption_part" if len(parts) > 1 else "caption"
        told = _told(part, names, named, instrument, language)
        shown.append(
            Shown(
                f"loadings_{place + 1}",
                "figure",
                figure,
                say(f"figures.loadings.{caption}", language, **words),
                " ".join([say("figures.loadings.alt", language, **words), *told]),
                facts=Teller(instrument).compared(ladder.group, n),
            )
        )
    return tuple(shown)


def _named(ladder: Ladder) -> dict[str, set[str]]:
    """Return the items that were set aside, each with the groups whose loading was."""
    found: dict[str, set[str]] = {}
    for release in last_tried(ladder):
        own = found.setdefault(release.constraint.item, set())
        if release.constraint.kind == "loading":
            own |= set(ladder.groups) if release.everywhere else {str(release.constraint.group)}
    return found


def _signs(named: dict[str, set[str]], language: Language) -> dict[str, str]:
    """Return the words for the signs that this figure needs."""
    there = {"item": bool(named), "loading": any(named.values())}
    return {
        k: say(f"figures.loadings.sign_{k}", language) for k, is_there in there.items() if is_there
    }


def _key_rows(labels: list[str]) -> list[list[str]]:
    """Divide the key's labels over rows that are as wide as the sheet."""
    rows: list[list[str]] = [[]]
    used = 0.0
    for label in labels:
        width = breadth(label, SMALL) + 0.42
        if rows[-1] and used + width > WIDTH - 2 * MARGIN:
            rows.append([])
            used = 0.0
        rows[-1].append(label)
        used += width
    return rows


def _key(
    axes: Axes, rows: list[list[str]], groups: int, named: dict[str, set[str]], language: Language
) -> None:
    """Draw the signs with what each one stands for."""
    signs = {text: key for key, text in _signs(named, language).items()}
    place = 0
    for line, labels in enumerate(rows):
        x, y = MARGIN + 0.08, 0.12 + 0.24 * line
        for label in labels:
            if place < groups:
                axes.plot([x], [y], ls="", **_mark(place))
            elif signs.get(label) == "item":
                _flag(axes, x, y)
            else:
                _ring(axes, x, y)
            write(axes, x + 0.13, y, label, size=SMALL)
            x += breadth(label, SMALL) + 0.42
            place += 1


def _mark(place: int) -> dict[str, Any]:
    """Tell groups apart by shape, and by turns filled or open."""
    filled = place % 2 == 0
    colour = ACCENT if filled else INK
    return {
        "marker": MARKS[place % len(MARKS)],
        "ms": 4.4,
        "mfc": colour if filled else PAPER,
        "mec": colour,
        "mew": 1.1,
    }


def _ring(axes: Axes, x: float, y: float) -> None:
    axes.plot([x], [y], ls="", marker="o", ms=10, mfc="none", mec=ALARM, mew=1.5, zorder=4)


def _flag(axes: Axes, x: float, y: float) -> None:
    axes.plot([x], [y], ls="", marker=">", ms=5.5, mfc=ALARM, mec=ALARM)


def _parts(frame: pd.DataFrame, row: float, key: float) -> list[pd.DataFrame]:
    """Divide the pillars over figures that each stand on a page."""
    pillars = [own for _, own in frame.groupby("factor", sort=False)]
    parts = evenly(pillars, lambda part: key + _height(pd.concat(part), row))
    return [pd.concat(part) for part in parts]


def _height(frame: pd.DataFrame, row: float) -> float:
    return float(frame["factor"].nunique() * _HEAD + row * frame["item"].nunique() + _FOOT)


def _rows(axes: Axes, frame: pd.DataFrame, row: float, top: float, about: Any) -> None:
    """Draw a pillar's heading and its items, each with a mark a group on a line of its own."""
    span, groups, named, labels, instrument, language = about
    axis = Scale(axes, span, (MARGIN + _NAMES, WIDTH - 0.2))
    step = 0.25 if span[1] - span[0] <= 1.5 else 0.5
    ticks = np.arange(np.ceil(span[0] / step), np.floor(span[1] / step) + 1) * step
    texts = [(float(t), number(float(t), ".2f" if step < 0.5 else ".1f", language)) for t in ticks]
    axis.grid(texts, top + 0.04, top + _height(frame, row) - 0.25)
    y = top
    for factor, pillar in frame.groupby("factor", sort=False):
        box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
        write(axes, MARGIN, y + 0.14, instrument.label(factor, language), weight="bold", bbox=box)
        y += _HEAD
        for place, (item, own) in enumerate(pillar.groupby("item", sort=False)):
            if place % 2 == 0:
                band = Rectangle((0, y), WIDTH, row, color=TINT, lw=0, zorder=-1)
                axes.add_patch(band)
            _item(axes, y + row / 2, labels[item], item in named)
            for r in own.itertuples():
                place_of = groups.index(r.group)
                at = y + 0.045 + (row - 0.09) * (place_of + 0.5) / len(groups)
                colour = _mark(place_of)["mec"]
                axis.interval(at, r.est, r.ci_lower, r.ci_upper, color=colour, **_mark(place_of))
                if r.group in named.get(item, ()):
                    _ring(axes, axis(r.est), at)
            y += row


def _label(text: str, is_named: bool) -> tuple[list[str], float]:
    """Break an item's label into two lines, in the largest type in which they are enough."""
    room = _NAMES - 0.12 - _FLAG * is_named
    weight = "bold" if is_named else "normal"
    for size in (SMALL, 8.0, 7.5):
        if len(found := lines(text, room, size, weight)) <= 2:
            return found, size
    return found, size


def _tall(text: list[str], size: float) -> float:
    return leading(size) * len(text) + 0.04


def _item(axes: Axes, y: float, label: tuple[list[str], float], is_named: bool) -> None:
    text, size = label
    weight = "bold" if is_named else "normal"
    if is_named:
        _flag(axes, MARGIN + 0.05, y)
    write(axes, MARGIN + _FLAG * is_named, y, "\n".join(text), size=size, weight=weight)


def _told(
    frame: pd.DataFrame,
    names: dict[str, str],
    named: dict[str, set[str]],
    instrument: Instrument,
    language: Language,
) -> list[str]:
    """Tell each item's lowest and highest loading, and what of it was set aside."""
    told = []
    for item, own in frame.groupby("item", sort=False):
        low, high = own.loc[own["est"].idxmin()], own.loc[own["est"].idxmax()]
        words = {
            "item": instrument.label(str(item), language),
            "low": float(low["est"]),
            "high": float(high["est"]),
            "lowest": names[low["group"]],
            "highest": names[high["group"]],
        }
        told.append(say("figures.loadings.item", language, **words))
        if item in named:
            who = listing([names[g] for g in names if g in named[str(item)]], language)
            key = "figures.loadings.aside_loading" if who else "figures.loadings.aside"
            told.append(say(key, language, who=who))
    return told
