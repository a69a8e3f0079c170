"""Charts of a study: each takes a result and returns it drawn, with caption and alt text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from employer_identity.alignment_figures import alignment
from employer_identity.audit.stating import Teller
from employer_identity.comparisons import ladder, latent_means
from employer_identity.consequences import sensitivity
from employer_identity.crossings import across
from employer_identity.diagram import path_diagram
from employer_identity.distributions import answers, outcomes
from employer_identity.drawing import (
    ACCENT,
    MARGIN,
    MARKS,
    MUTED,
    PAPER,
    RULE,
    SMALL,
    WIDTH,
    Scale,
    breadth,
    sheet,
    write,
)
from employer_identity.edge import checked
from employer_identity.employer_figures import funnel, trend
from employer_identity.errors import ReportError
from employer_identity.expected_curves import expected_scores
from employer_identity.heatmap import units
from employer_identity.language import Language, listing, number, say
from employer_identity.loadings import loadings
from employer_identity.privacy import Shown
from employer_identity.public_figures import derived, gaps, ranking
from employer_identity.public_maps import market, priorities
from employer_identity.public_shares import belonging, reasons, switching
from employer_identity.standings import differences, standing
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

__all__ = [
    "across",
    "alignment",
    "answers",
    "associations",
    "belonging",
    "derived",
    "differences",
    "expected_scores",
    "funnel",
    "gaps",
    "ladder",
    "latent_means",
    "levels",
    "loadings",
    "market",
    "outcomes",
    "path_diagram",
    "priorities",
    "ranking",
    "reasons",
    "sensitivity",
    "standing",
    "switching",
    "trend",
    "units",
]


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
        facts=tuple(Teller(instrument).means(frame, "levels")),
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
            axis.interval(y, r.r, r.ci_lower, r.ci_upper, marker=MARKS[step % len(MARKS)], ms=5)
            text = number(r.r, ".2f", language)
            write(axes, WIDTH - MARGIN, y, text, size=SMALL, ha="right")
        low, high = float(rows["r"].min()), float(rows["r"].max())
        told.append(say("figures.associations.row", language, outcome=label, low=low, high=high))
    alt = say("figures.associations.alt", language, rows="; ".join(told))
    caption = say("figures.associations.caption", language, **nouns(instrument, language))
    facts = tuple(Teller(instrument).pairs(frame))
    return Shown("associations", "figure", figure, caption, alt, facts=facts)


for _name in __all__:
    globals()[_name] = checked(ReportError, room="figures")(globals()[_name])
