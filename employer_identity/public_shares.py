"""Charts of people's own work: who changes employer and why, and how people belong, by group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from employer_identity.audit import outsiders
from employer_identity.audit.facts import Fact
from employer_identity.drawing import (
    ACCENT,
    INK,
    MARGIN,
    MUTED,
    PAPER,
    RULE,
    SMALL,
    WIDTH,
    Scale,
    breadth,
    leading,
    lines,
    sheet,
    write,
)
from employer_identity.errors import ComparisonError, Problem
from employer_identity.language import Language, listing, number, refusal, say
from employer_identity.paging import evenly
from employer_identity.plane import percents
from employer_identity.privacy import DISTRIBUTION, Shown
from employer_identity.suppression import withhold_shares

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

_ROW, _FOOT, _GAP, _NAMES = 0.2, 0.3, 0.1, 2.0
_BOX = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}


class _Row(NamedTuple):
    """One share: the lines of its name, and its numbers."""

    name: list[str]
    numbers: dict[str, Any]

    @property
    def height(self) -> float:
        return _ROW + (len(self.name) - 1) * leading(SMALL)


class _Block(NamedTuple):
    """The shares of one question, under its words; without words where rows name questions."""

    words: list[str]
    rows: list[_Row]

    @property
    def heading(self) -> float:
        return 0.05 + len(self.words) * leading() if self.words else 0.0

    @property
    def height(self) -> float:
        return self.heading + sum(row.height for row in self.rows) + _GAP


def switching(
    frame: pd.DataFrame,
    instrument: Instrument,
    group: str | None = None,
    *,
    minimum: int = DISTRIBUTION,
    language: Language = "en",
) -> tuple[Shown, ...]:
    """Draw who changed employer and who intends to, with intervals; by group if there is one.

    Parameters
    ----------
    frame
        Of `switching`.
    instrument
        The questionnaire.
    group
        The column by which `frame` is divided.
    minimum
        Groups of fewer people are hidden, and with them the group that would give them away.

    Returns
    -------
    One figure, or several where it would not stand on a page.

    Raises
    ------
    ComparisonError
        If too few people answered for anything to be shown.
    """
    months = instrument.public.window_months if instrument.public else 0
    words = {
        q: say(f"brandfigures.switching.{q}", language, months=months)
        for q in frame["question"].unique()
    }
    return _drawn("switching", frame, words, instrument, group, minimum, language)


def belonging(
    frame: pd.DataFrame,
    instrument: Instrument,
    group: str | None = None,
    *,
    minimum: int = DISTRIBUTION,
    language: Language = "en",
) -> tuple[Shown, ...]:
    """Draw how many agree with each statement about belonging; see `switching`.

    Parameters
    ----------
    frame
        Of `belonging`.
    instrument, group, minimum
        As in `switching`.
    """
    words = {q: instrument.wording(q, language) for q in frame["question"].unique()}
    return _drawn("belonging", frame, words, instrument, group, minimum, language)


def reasons(
    frame: pd.DataFrame,
    instrument: Instrument,
    *,
    minimum: int = DISTRIBUTION,
    language: Language = "en",
) -> Shown:
    """Draw why people left or mean to, most named first; see `switching`.

    Parameters
    ----------
    frame
        Of `reasons`.
    instrument, minimum
        As in `switching`.
    """
    words = {q: instrument.label(q, language) for q in frame["question"].unique()}
    (shown,) = _drawn("reasons", frame, words, instrument, None, minimum, language)
    return shown


def _drawn(
    chart: str,
    frame: pd.DataFrame,
    words: dict[str, str],
    instrument: Instrument,
    group: str | None,
    minimum: int,
    language: Language,
) -> tuple[Shown, ...]:
    """Draw shares, hide what may not be shown, and tell both."""
    shown = withhold_shares(frame, instrument, group, minimum=minimum)
    if shown["hidden"].all():
        raise refusal(ComparisonError, [Problem("brandfigures.too_few", count=minimum)])
    blocks = _blocks(shown, words, instrument, group, language)
    parts = evenly(blocks, _height)
    high = float(np.ceil(shown["ci_upper"].max() * 10) / 10)
    by = {"by": instrument.label(group, language).lower()} if group else {}
    caption = say(f"brandfigures.{chart}.caption", language, n=int(np.nanmax(shown["n"])))
    if by:
        caption += " " + say("brandfigures.by", language, **by)
    if shown["hidden"].any():
        caption += " " + say("brandfigures.hidden", language, minimum=minimum)
    found = []
    for place, part in enumerate(parts, start=1):
        key = chart if place == 1 else f"{chart}_{place}"
        told = "; ".join(_told(b, language) for b in part)
        alt = say("brandfigures.shares_alt", language, title=caption, rows=told)
        text = caption
        if len(parts) > 1:
            text += " " + say("brandfigures.part", language, part=place, parts=len(parts))
        figure = _figure(part, high, language)
        facts = _facts(part, shown, instrument, group, key, minimum)
        found.append(Shown(key, "figure", figure, text, alt, facts=facts))
    return tuple(found)


def _blocks(
    shown: pd.DataFrame,
    words: dict[str, str],
    instrument: Instrument,
    group: str | None,
    language: Language,
) -> list[_Block]:
    """Put shares by group under their question; without groups each question is a row."""
    records = [{str(k): v for k, v in r.items()} for r in shown.to_dict("records")]
    if group is None:
        return [_Block([], [_Row(lines(words[r["question"]], _NAMES, SMALL), r)]) for r in records]
    names = {
        g: instrument.value_label(group, g, language) if g else say("brandfigures.all", language)
        for g in shown["group"].unique()
    }
    return [
        _Block(
            lines(words[question], WIDTH - 2 * MARGIN, weight="bold"),
            [
                _Row(lines(names[r["group"]], _NAMES, SMALL), r)
                for r in records
                if r["question"] == question
            ],
        )
        for question in words
    ]


def _height(part: list[_Block]) -> float:
    return sum(block.height for block in part) + _FOOT


def _figure(part: list[_Block], high: float, language: Language) -> Figure:
    height = _height(part)
    figure, axes = sheet(height)
    names = [line for block in part for row in block.rows for line in row.name]
    left = MARGIN + max(breadth(name, SMALL) for name in names) + 0.2
    axis = Scale(axes, (0.0, high), (left, WIDTH - 0.6))
    axis.grid(percents(0.0, high, language), 0.05, height - _FOOT + 0.04)
    y = 0.0
    for block in part:
        if block.words:
            style = {"weight": "bold", "va": "top", "bbox": _BOX}
            write(axes, MARGIN, y + 0.05, "\n".join(block.words), **style)
        at = y + block.heading + _GAP / 2
        for row in block.rows:
            _share(axis, at + row.height / 2, row, language)
            at += row.height
        y += block.height
    return figure


def _share(axis: Scale, y: float, row: _Row, language: Language) -> None:
    """Draw one share: a bar from 0, a point on its interval, the number; or that it is hidden."""
    r, axes = row.numbers, axis.axes
    write(axes, MARGIN, y, "\n".join(row.name), size=SMALL, color=MUTED if r["group"] else INK)
    if r["hidden"]:
        text = say("brandfigures.not_shown", language)
        write(axes, axis(0) + 0.05, y, text, size=SMALL, color=MUTED, style="italic", bbox=_BOX)
        return
    axes.plot(
        [axis(0), axis(r["share"])], [y, y], color=RULE, lw=5, zorder=1, solid_capstyle="butt"
    )
    marks = {"marker": "o", "ms": 5.5} if r["group"] else {"marker": "D", "ms": 5.5}
    colour = ACCENT if r["group"] else INK
    axis.interval(y, r["share"], r["ci_lower"], r["ci_upper"], color=colour, **marks)
    text = number(r["share"], ".0%", language)
    write(axes, WIDTH - MARGIN, y, text, size=SMALL, ha="right", color=colour)


def _told(block: _Block, language: Language) -> str:
    """Tell a question's shares."""
    each = []
    for row in block.rows:
        name, r = " ".join(row.name).rstrip("."), row.numbers
        values = {"share": r["share"], "lower": r["ci_lower"], "upper": r["ci_upper"]}
        key = "brandfigures.hidden_row" if r["hidden"] else "brandfigures.share_row"
        each.append(say(key, language, name=name, **({} if r["hidden"] else values)))
    words = " ".join(block.words).rstrip(".")
    return f"{words}: {listing(each, language)}" if words else listing(each, language)


def _facts(
    part: list[_Block],
    shown: pd.DataFrame,
    instrument: Instrument,
    group: str | None,
    key: str,
    minimum: int,
) -> tuple[Fact, ...]:
    """State the shares that are drawn, and the number of people in the caption."""
    rows = pd.DataFrame([row.numbers for block in part for row in block.rows])
    own = outsiders.shares(rows, instrument, group, key, least=minimum, counted=False)
    return (outsiders.largest(shown, instrument, key), *own)
