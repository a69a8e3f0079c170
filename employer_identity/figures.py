"""Charts of a study: each takes a result and returns it drawn, with caption and alt text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from employer_identity.comparisons import ladder, latent_means
from employer_identity.diagram import path_diagram
from employer_identity.drawing import (
    ACCENT,
    MARGIN,
    MUTED,
    PAPER,
    RULE,
    SMALL,
    STEPS,
    WIDTH,
    Scale,
    breadth,
    leading,
    lines,
    on,
    sheet,
    write,
)
from employer_identity.heatmap import units
from employer_identity.language import Language, listing, number, say
from employer_identity.privacy import Shown
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument
    from employer_identity.survey import Survey

__all__ = [
    "answers",
    "associations",
    "ladder",
    "latent_means",
    "levels",
    "path_diagram",
    "units",
]

_MARKS = ("o", "s", "D", "^", "v", "P", "X", "<")


def answers(survey: Survey, pillar: str, *, language: Language = "en") -> Shown:
    """Draw the answers to a pillar's items as stacked bars, the highest mean on top."""
    instrument, scale = survey.instrument, survey.instrument.scale
    points = range(scale.minimum, scale.maximum + 1)
    frame = survey.answers[list(instrument.factors[pillar])]
    order = frame.mean().sort_values(ascending=False, kind="stable").index
    shares = {i: frame[i].value_counts(normalize=True).reindex(points, fill_value=0) for i in order}
    texts = {i: lines(instrument.wording(i, language), WIDTH - 2 * MARGIN) for i in order}
    key = 0.38
    rows = {i: leading() * len(texts[i]) + 0.38 for i in order}
    figure, axes = sheet(key + sum(rows.values()))
    _answer_key(axes, instrument, language)
    y = key
    for item in order:
        write(axes, MARGIN, y + 0.02, "\n".join(texts[item]), va="top")
        bar = y + leading() * len(texts[item]) + 0.16
        _stacked_bar(axes, bar, shares[item], float(frame[item].mean()), language)
        y += rows[item]
    high = scale.maximum - 1
    ends = {"low": high, "high": scale.maximum}
    told = [
        say(
            "figures.answers.item",
            language,
            item=instrument.label(item, language),
            share=float(shares[item].loc[high:].sum()),
            mean=float(frame[item].mean()),
            **ends,
        )
        for item in order
    ]
    words = {"pillar": instrument.label(pillar, language), "n": len(order)}
    return Shown(
        f"answers_{pillar}",
        "figure",
        figure,
        say("figures.answers.caption", language, **words),
        " ".join([say("figures.answers.alt", language, **words, **ends), *told]),
        {item: int(frame[item].count()) for item in order},
    )


def _answer_key(axes: Axes, instrument: Instrument, language: Language) -> None:
    """Draw the colours of the answers with the words at both ends."""
    scale = instrument.scale
    points = list(range(scale.minimum, scale.maximum + 1))
    low, high = (t.get(language, next(iter(t.values()), "")) for t in (scale.low, scale.high))
    ends = (f"{scale.minimum} {low}".strip(), f"{scale.maximum} {high}".strip())
    step, y = 0.22, 0.16
    left = MARGIN + breadth(ends[0], SMALL) + 0.1
    write(axes, MARGIN, y, ends[0], size=SMALL, color=MUTED)
    for place, point in enumerate(points):
        colour = _step(point, instrument)
        axes.add_patch(Rectangle((left + step * place, y - 0.09), step, 0.18, color=colour, lw=0))
        middle = left + step * (place + 0.5)
        write(axes, middle, y, str(point), size=SMALL, color=on(colour), ha="center")
    write(axes, left + step * len(points) + 0.1, y, ends[1], size=SMALL, color=MUTED)


def _step(point: int, instrument: Instrument) -> tuple[float, ...]:
    scale = instrument.scale
    return STEPS((point - scale.minimum) / (scale.maximum - scale.minimum))


def _stacked_bar(
    axes: Axes, y: float, shares: pd.Series[float], mean: float, language: Language
) -> None:
    left, right = MARGIN, WIDTH - 0.44
    whole = right - left
    for place, share in enumerate(shares):
        colour, width = STEPS(place / (len(shares) - 1)), share * whole
        axes.add_patch(
            Rectangle((left, y - 0.11), width, 0.22, facecolor=colour, edgecolor=PAPER, lw=0.6)
        )
        text = number(100 * share, ".0f", language)
        if width > breadth(text, SMALL) + 0.06:
            write(axes, left + width / 2, y, text, size=SMALL, color=on(colour), ha="center")
        left += width
    text = number(mean, ".1f", language)
    write(axes, WIDTH - MARGIN, y, text, weight="bold", ha="right", color=ACCENT)


def levels(frame: pd.DataFrame, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Draw the pillars' mean scores with their intervals, in the instrument's order."""
    scale, row = instrument.scale, 0.5
    height = row * len(frame) + 0.36
    figure, axes = sheet(height)
    axis = Scale(axes, (scale.minimum, scale.maximum), (MARGIN + 0.08, WIDTH - 0.6))
    points = range(scale.minimum, scale.maximum + 1)
    axis.grid([(p, str(p)) for p in points], 0.02, height - 0.28)
    told = []
    for place, r in enumerate(frame.itertuples()):
        label, y = instrument.label(r.pillar, language), row * place
        box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
        write(axes, MARGIN, y + 0.14, label, bbox=box)
        axes.plot([axis(scale.minimum), axis(r.mean)], [y + 0.34] * 2, color=RULE, lw=4, zorder=1)
        axis.interval(y + 0.34, r.mean, r.ci_lower, r.ci_upper)
        text = number(r.mean, ".2f", language)
        write(axes, WIDTH - MARGIN, y + 0.34, text, weight="bold", color=ACCENT, ha="right")
        values = {"mean": r.mean, "lower": r.ci_lower, "upper": r.ci_upper}
        told.append(say("figures.levels.row", language, pillar=label, **values))
    ends = {"low": scale.minimum, "high": scale.maximum}
    return Shown(
        "levels",
        "figure",
        figure,
        say("figures.levels.caption", language, **ends),
        say("figures.levels.alt", language, rows=listing(told, language), **ends),
        dict(zip(frame["pillar"], frame["n"].astype(int), strict=True)),
    )


def associations(
    frame: pd.DataFrame, instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """Draw how strongly each pillar goes with each outcome: r with its interval, unranked."""
    outcomes, pillars = frame["outcome"].unique(), frame["pillar"].unique()
    row, head = 0.19, 0.28
    block = head + row * len(pillars) + 0.06
    height = block * len(outcomes) + 0.3
    figure, axes = sheet(height)
    names = {p: instrument.label(p, language) for p in pillars}
    left = MARGIN + max(breadth(n, SMALL) for n in names.values()) + 0.18
    lowest = np.floor(min(0.0, frame["ci_lower"].min()) * 5) / 5
    axis = Scale(axes, (lowest, 1), (left, WIDTH - 0.56))
    ticks = np.arange(round(lowest * 5), 6) / 5
    axis.grid([(t, number(float(t), ".1f", language)) for t in ticks], 0.05, height - 0.24)
    told = []
    for place, outcome in enumerate(outcomes):
        top = block * place
        box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
        label = instrument.label(outcome, language)
        write(axes, MARGIN, top + 0.17, label, weight="bold", bbox=box)
        rows = frame[frame["outcome"] == outcome]
        for step, r in enumerate(rows.itertuples()):
            y = top + head + row * (step + 0.5)
            write(axes, MARGIN, y, names[r.pillar], size=SMALL, color=MUTED)
            axis.interval(y, r.r, r.ci_lower, r.ci_upper, marker=_MARKS[step % len(_MARKS)], ms=5)
            text = number(r.r, ".2f", language)
            write(axes, WIDTH - MARGIN, y, text, size=SMALL, ha="right")
        low, high = float(rows["r"].min()), float(rows["r"].max())
        told.append(say("figures.associations.row", language, outcome=label, low=low, high=high))
    counts = {f"{r.outcome}, {r.pillar}": int(r.n) for r in frame.itertuples()}
    alt = say("figures.associations.alt", language, rows="; ".join(told))
    caption = say("figures.associations.caption", language, **nouns(instrument, language))
    return Shown("associations", "figure", figure, caption, alt, counts)
