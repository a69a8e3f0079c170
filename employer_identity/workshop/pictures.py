"""Pictures for the class, each with the text that tells the same to whoever cannot see it."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from employer_identity.drawing import (
    ACCENT,
    INK,
    MARGIN,
    MUTED,
    RULE,
    SMALL,
    TINT,
    WIDTH,
    Scale,
    sheet,
    write,
)
from employer_identity.language import listing, number, say
from employer_identity.privacy import Shown
from employer_identity.survey import Survey
from employer_identity.workshop.room import ROOM

DOTS = 130  # an inch: sharp on a screen, and small enough for a notebook


@dataclass(frozen=True, repr=False)
class Picture:
    """A picture in a notebook, with its caption and its alt text.

    Attributes
    ----------
    png
        Its bytes.
    caption, alt
        The line under it, and what it shows in words, with its numbers.
    """

    png: bytes
    caption: str
    alt: str

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.alt}"

    def _repr_html_(self) -> str:
        source = base64.b64encode(self.png).decode()
        image = f'<img src="data:image/png;base64,{source}" alt="{escape(self.alt)}" width="600">'
        return f"<figure>{image}<figcaption>{escape(self.caption)}</figcaption></figure>"


def picture(shown: Shown) -> Picture:
    """Show a chart of `employer_identity.figures` in a notebook, with its alt text.

    Examples
    --------
    >>> ei.workshop.picture(figures.ladder(ladder, survey.instrument, language="en"))
    """
    return _drawn(shown.content, shown.caption, shown.alt)


def _drawn(figure: Any, caption: str, alt: str) -> Picture:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS, metadata={"Software": None})
    return Picture(buffer.getvalue(), caption, alt)


def one_factor(loadings: Mapping[str, float], factor: str) -> Picture:
    """Draw one factor and its items, with an arrow and a loading each.

    Parameters
    ----------
    loadings
        Item -> standardised loading.
    factor
        Its name.
    """
    language = ROOM.language
    row = 0.5
    height = row * len(loadings) + 0.2
    figure, axes = sheet(height)
    middle, left, right = height / 2, 1.75, 3.3
    box = {"boxstyle": "round,pad=0.55", "facecolor": TINT, "edgecolor": ACCENT}
    write(axes, 1.0, middle, factor, ha="center", weight="bold", bbox=box)
    told = []
    for place, (item, loading) in enumerate(loadings.items()):
        y = row * (place + 0.5) + 0.1
        arrow = {"arrowstyle": "-|>", "color": ACCENT, "lw": 8 * loading**2}
        axes.annotate("", (right, y), (left, middle), arrowprops=arrow)
        text = number(loading, ".2f", language)
        at = (left + 0.62 * (right - left), middle + 0.62 * (y - middle))
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        write(axes, *at, text, ha="center", weight="bold", color=ACCENT, bbox=paper)
        edge = {"boxstyle": "square,pad=0.4", "facecolor": "white", "edgecolor": INK}
        write(axes, right + 0.1, y, item, bbox=edge)
        told.append(f"{item} {text}")
    rows = listing(told, language)
    caption = say("workshop.picture.one_factor.caption", language, factor=factor)
    alt = say("workshop.picture.one_factor.alt", language, factor=factor, rows=rows)
    return _drawn(figure, caption, alt)


def item_gaps(survey: Survey, group: str, focal: str, reference: str) -> Picture:
    """Draw by how much one group answers each item higher or lower than another.

    Parameters
    ----------
    survey
        The answers.
    group
        The grouping column.
    focal, reference
        Two of its groups: the mean answer of the first minus that of the second.
    """
    language, instrument = ROOM.language, survey.instrument
    means = survey.answers.groupby(group, observed=True)[list(survey.item_names)].mean()
    gaps = (means.loc[focal] - means.loc[reference]).round(2)
    pair = {"focal": focal, "reference": reference}
    who = {k: instrument.value_label(group, v, language) for k, v in pair.items()}
    row, block = 0.21, 0.36
    height = len(gaps) * row + len(instrument.factors) * block + 0.4
    figure, axes = sheet(height)
    reach = max(1.0, float(gaps.abs().max()) * 1.1)
    axis = Scale(axes, (-reach, reach), (2.75, WIDTH - 0.5))
    ticks = [(float(t), number(float(t), "+.0f", language)) for t in (-1, 1)]
    axis.grid([*ticks, (0.0, "0")], 0.05, height - 0.28)
    axes.plot([axis(0)] * 2, [0.05, height - 0.28], color=MUTED, lw=1)
    y = 0.0
    for pillar, items in instrument.factors.items():
        y += block
        write(axes, MARGIN, y - 0.05, instrument.label(pillar, language), weight="bold")
        for item in items:
            y += row
            _gap(axes, axis, y - 0.02, item, instrument.label(item, language), float(gaps[item]))
    rows = listing((f"{i} {number(float(g), '+.2f', language)}" for i, g in gaps.items()), language)
    caption = say("workshop.picture.item_gaps.caption", language, **who)
    alt = say("workshop.picture.item_gaps.alt", language, rows=rows, **who)
    return _drawn(figure, caption, alt)


def _gap(axes: Any, axis: Scale, y: float, item: str, label: str, gap: float) -> None:
    write(axes, MARGIN + 0.1, y, item, size=SMALL, color=MUTED)
    write(axes, MARGIN + 0.5, y, label, size=SMALL)
    axes.plot([axis(0), axis(gap)], [y, y], color=RULE, lw=3, zorder=1)
    axes.plot([axis(gap)], [y], ls="", marker="o", ms=6, color=ACCENT)
    write(axes, WIDTH - MARGIN, y, number(gap, "+.2f", ROOM.language), size=SMALL, ha="right")
