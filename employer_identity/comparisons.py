"""Charts of who feels what: the ladder of comparability, and latent means by group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from employer_identity.audit.stating import Teller, of_model
from employer_identity.columns import check_asked
from employer_identity.drawing import (
    ACCENT,
    ALARM,
    INK,
    MARGIN,
    MUTED,
    PAPER,
    RULE,
    SMALL,
    TINT,
    WIDTH,
    Scale,
    breadth,
    leading,
    sheet,
    write,
)
from employer_identity.language import Language, listing, number, say
from employer_identity.latent import stamp_of
from employer_identity.levels import Level
from employer_identity.privacy import MINIMUM, Shown, of_large_groups
from employer_identity.rungs import spelled
from employer_identity.states import State, last_tried, states
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.ladder import Ladder
    from employer_identity.questionnaire import Instrument


_SIGNS: dict[State, list[tuple[list[float], list[float]]]] = {
    "held": [([-0.07, -0.02, 0.075], [0.005, 0.06, -0.06])],
    "in_part": [([-0.07, -0.02, 0.075], [0.005, 0.06, -0.06])],
    "rejected": [([-0.055, 0.055], [-0.055, 0.055]), ([-0.055, 0.055], [0.055, -0.055])],
    "out_of_reach": [([-0.06, 0.06], [0.0, 0.0])],
    "untestable": [],
    "same_model": [([-0.06, 0.06], [-0.025, -0.025]), ([-0.06, 0.06], [0.025, 0.025])],
}
"""Strokes of the sign before a rung, in inches from its middle."""


def ladder(result: Ladder, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Draw the rungs, the first one at the bottom: how each stands, and what it means.

    A rung that was not fitted has a reason in the place of its numbers.
    """
    row, found = 0.86, states(result)
    height = row * len(found) + 0.1
    figure, axes = sheet(height)
    for x in (MARGIN + 0.16, WIDTH - MARGIN - 0.16):
        axes.plot([x, x], [0.02, height - 0.02], color=RULE, lw=5, solid_capstyle="round", zorder=0)
    told: list[str] = []
    for place, (level, state) in enumerate(reversed(found.items())):
        words = _words(result, level, state, instrument, language)
        _rung(axes, 0.05 + row * place, row, state, words)
        name, meaning, stands, numbers = words
        values = {"name": f"{name}, {meaning}", "state": f"{stands} ({numbers})"}
        told.insert(0, say("figures.ladder.rung", language, **values))
    group = instrument.label(result.group, language).lower()
    return Shown(
        "ladder",
        "figure",
        figure,
        _caption(result, group, language),
        say("figures.ladder.alt", language, count=len(told), rungs=" ".join(told)),
        facts=of_model(),
    )


def _caption(result: Ladder, group: str, language: Language) -> str:
    """Say what the ladder is, and how many items were set aside on it."""
    caption = say("figures.ladder.caption", language, group=group)
    items = {r.constraint.item for r in last_tried(result)}
    if not items:
        return caption
    return f"{caption}. {say('figures.ladder.aside', language, n=len(items))}"


def _words(
    result: Ladder, level: Level, state: State, instrument: Instrument, language: Language
) -> tuple[str, str, str, str]:
    """Return a rung's name, what it means, how it stands, and its numbers or why it has none."""
    part = "_in_part" if state == "in_part" else ""
    meaning = say(f"figures.ladder.{level}_means{part}", language, **nouns(instrument, language))
    name, stands = (say(f"figures.ladder.{key}", language) for key in (level, state))
    if level not in result.rungs:
        why = result.route[level].untestable or state
        return name, meaning, stands, say(f"figures.ladder.unfitted_{why}", language)
    n = len(spelled(result.set_aside(level)))
    if n:
        stands = say(f"figures.ladder.{state}_without", language, n=n)
    return name, meaning, stands, _change(result.table.loc[level], language)


def _change(row: pd.Series[Any], language: Language) -> str:
    if np.isnan(row["d_cfi"]):
        return say("figures.ladder.fit", language, **row[["cfi", "rmsea", "srmr"]])
    return say("figures.ladder.change", language, **row[["d_cfi", "d_rmsea", "d_srmr"]])


def _rung(
    axes: Axes, top: float, row: float, state: State, words: tuple[str, str, str, str]
) -> None:
    """Draw one rung.

    Filled where it holds, half filled where it does in part, bare and crossed where not, dashed out
    of reach, dotted where it cannot be tested or is the same model as the one below.
    """
    edge, line = {
        "held": (ACCENT, "-"),
        "in_part": (ACCENT, "-"),
        "rejected": (ALARM, "-"),
        "out_of_reach": (MUTED, (0, (4, 3))),
        "untestable": (MUTED, (0, (1, 2))),
        "same_model": (MUTED, (0, (1, 2))),
    }[state]
    x, width, high = MARGIN, WIDTH - 2 * MARGIN, row - 0.14
    box: dict[str, Any] = {
        "boxstyle": "round,pad=0,rounding_size=0.08",
        "linewidth": 1.4,
        "linestyle": line,
    }
    fill = TINT if state == "held" else PAPER
    ground = FancyBboxPatch((x, top), width, high, facecolor=fill, edgecolor=fill, **box)
    axes.add_patch(ground)
    if state == "in_part":
        half = Rectangle((x, top), 0.5, high, facecolor=TINT, lw=0)
        axes.add_patch(half)
        half.set_clip_path(ground)
    axes.add_patch(FancyBboxPatch((x, top), width, high, facecolor="none", edgecolor=edge, **box))
    _sign(axes, x + 0.27, top + high / 2, state, edge)
    name, meaning, stands, numbers = words
    left, right = x + 0.56, WIDTH - MARGIN - 0.12
    write(axes, left, top + 0.17, name, weight="bold")
    style = {"ha": "right", "color": edge, "weight": "bold", "size": SMALL}
    write(axes, right, top + 0.17, stands, **style)
    small = min(SMALL, SMALL * (right - left) / breadth(meaning, SMALL))
    write(axes, left, top + 0.38, meaning, size=small, color=INK)
    write(axes, left, top + 0.38 + leading(SMALL) * 1.35, numbers, size=7.8, color=MUTED)


def _sign(axes: Axes, x: float, y: float, state: State, colour: str) -> None:
    """Draw a tick, a cross, a dash, two or a question mark: told apart without colour."""
    filled = state == "held"
    pen: dict[str, Any] = {"color": PAPER if filled else colour, "lw": 1.9}
    axes.add_patch(
        Circle((x, y), 0.15, facecolor=colour if filled else PAPER, edgecolor=colour, lw=1.4)
    )
    for dx, dy in _SIGNS[state]:
        axes.plot([x + d for d in dx], [y + d for d in dy], solid_capstyle="round", **pen)
    if state == "untestable":
        write(axes, x, y, "?", ha="center", color=colour, weight="bold")


def latent_means(
    means: pd.DataFrame,
    instrument: Instrument,
    group: str,
    counts: Mapping[str, int],
    *,
    minimum: int = MINIMUM,
    language: Language = "en",
) -> Shown:
    """Draw latent means by group with their intervals; the reference is an open diamond at 0.

    Groups of fewer than `minimum` persons are left out. Why means are shown that may not be
    compared stands in caption and alt text.
    """
    check_asked(instrument, group=group)
    means = of_large_groups(means, counts, minimum)
    factors, groups = means["factor"].unique(), means["group"].unique()
    row, head = 0.24, 0.32
    block = head + row * len(groups) + 0.08
    height = block * len(factors) + 0.3
    figure, axes = sheet(height)
    names = {g: instrument.value_label(group, g, language) for g in groups}
    left = MARGIN + max(breadth(n, SMALL) for n in names.values()) + 0.2
    axis = _axis_of_means(axes, means, left, height, language)
    told = []
    for place, factor in enumerate(factors):
        top = block * place
        label = instrument.label(factor, language)
        box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
        write(axes, MARGIN, top + 0.18, label, weight="bold", bbox=box)
        rows = means[means["factor"] == factor]
        for line, r in enumerate(rows.itertuples()):
            y = top + head + row * (line + 0.5)
            write(axes, MARGIN, y, names[r.group], size=SMALL, color=INK)
            _mean_of_group(axes, axis, y, r, language)
        numbers = [
            f"{names[r.group]} {number(r.est, '+.2f', language)}"
            for r in rows.itertuples()
            if r.se > 0
        ]
        told.append(f"{label}: {listing(numbers, language)}")
    reference = names[means.loc[~(means["se"] > 0), "group"].iloc[0]]
    alt = say("figures.means.alt", language, reference=reference, rows="; ".join(told))
    caption = say(
        "figures.means.caption",
        language,
        reference=reference,
        group=instrument.label(group, language).lower(),
    )
    caption, alt = (f"{text} {stamp_of(means, language)}".strip() for text in (caption, alt))
    facts = Teller(instrument).compared(group, groups)
    return Shown("latent_means", "figure", figure, caption, alt, facts=facts)


def _axis_of_means(
    axes: Axes, means: pd.DataFrame, left: float, height: float, language: Language
) -> Scale:
    """Draw an axis as long to the left of 0 as to the right, on which every interval lies."""
    ends = means[["ci_lower", "ci_upper", "est"]].abs().max().max()
    reach = max(0.2, float(np.ceil(ends * 5) / 5))
    axis = Scale(axes, (-reach, reach), (left, WIDTH - 0.6))
    step = 0.2 if reach <= 0.8 else 0.5
    ticks = np.arange(-np.floor(reach / step), np.floor(reach / step) + 1) * step
    texts = [(float(t), number(float(t), ".1f", language)) for t in ticks]
    axis.grid(texts, 0.05, height - 0.24)
    axes.plot([axis(0)] * 2, [0.05, height - 0.24], color=MUTED, lw=1, zorder=0)
    return axis


def _mean_of_group(axes: Axes, axis: Scale, y: float, r: object, language: Language) -> None:
    est, se = r.est, r.se  # type: ignore[attr-defined]
    if se > 0:
        axis.interval(y, est, r.ci_lower, r.ci_upper)  # type: ignore[attr-defined]
    else:
        open_mark = {"marker": "D", "mfc": PAPER, "mec": ACCENT, "mew": 1.3}
        axis.interval(y, est, est, est, **open_mark)
    text = number(est, "+z.2f", language) if se > 0 else number(0.0, ".2f", language)
    write(axes, WIDTH - MARGIN, y, text, size=SMALL, ha="right")
