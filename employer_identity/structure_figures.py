"""Charts of how close the factors are, and of what goes with them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from employer_identity.audit.stating import of_model
from employer_identity.drawing import (
    ACCENT,
    ALARM,
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
from employer_identity.figures import associations
from employer_identity.language import Language, listing, number, say
from employer_identity.privacy import Shown
from employer_identity.recommendation import labelling, wording
from employer_identity.structural_words import inside

if TYPE_CHECKING:
    from employer_identity.model_comparison import ModelComparison
    from employer_identity.structural import Pathways

EFFECTS: dict[str, dict[str, Any]] = {
    "total": {"marker": "o", "ms": 6.5, "color": INK},
    "direct": {"marker": "s", "ms": 5, "color": ACCENT},
    "indirect": {"marker": "D", "ms": 5, "color": ALARM, "mfc": PAPER, "mec": ALARM, "mew": 1.2},
}


def overlap(comparison: ModelComparison, *, language: Language = "en") -> Shown:
    """Draw the factors' correlations with their intervals against the line of distinct ones."""
    pairs, limit = comparison.correlations, comparison.limits.distinct
    label, words = (
        labelling(comparison.instrument, language),
        wording(comparison.instrument, language),
    )
    row, top = 0.46, 0.05
    height = top + row * len(pairs) + 0.3
    figure, axes = sheet(height)
    low = min(0.5, float(np.floor(pairs["ci_lower"].min() * 10) / 10))
    high = max(1.0, float(np.ceil(pairs["ci_upper"].max() * 20) / 20))
    axis = Scale(axes, (low, high), (MARGIN + 0.08, WIDTH - 0.6))
    step = 0.1 if high - low <= 0.7 else 0.2
    ticks = np.arange(np.ceil(low / step - 1e-9), np.floor(1 / step + 1e-9) + 1) * step
    texts = [(float(t), number(float(t), "z.1f", language)) for t in ticks]
    axis.grid(texts, top, height - 0.26)
    line: dict[str, Any] = {"color": ALARM, "lw": 1.2, "ls": (0, (4, 3)), "zorder": 0}
    axes.plot([axis(limit)] * 2, [top, height - 0.26], **line)
    told = []
    for place, r in enumerate(pairs.itertuples()):
        y = top + row * place
        apart = r.verdict == "distinct"
        name = say("figures.overlap.pair", language, one=label(r.factor_1), other=label(r.factor_2))
        size = min(SMALL, SMALL * (WIDTH - 2 * MARGIN) / breadth(name, SMALL))
        box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
        write(axes, MARGIN, y + 0.13, name, size=size, bbox=box)
        # a filled dot lies below the line with all of its interval, an open one does not
        style = {"mfc": ACCENT} if apart else {"mfc": PAPER, "mec": ALARM, "mew": 1.4}
        colour = ACCENT if apart else ALARM
        axis.interval(y + 0.33, r.est, r.ci_lower, r.ci_upper, color=colour, **style)
        text = number(r.est, "z.2f", language)
        write(axes, WIDTH - MARGIN, y + 0.33, text, weight="bold", color=colour, ha="right")
        read = say(f"figures.overlap.{'apart' if apart else 'close'}", language)
        values = {"pair": name, "r": r.est, "low": r.ci_lower, "high": r.ci_upper, "read": read}
        told.append(say("figures.overlap.row", language, **values))
    words["distinct"] = number(limit, ".2f", language)
    caption = say("figures.overlap.caption", language, **words)
    alt = say("figures.overlap.alt", language, rows="; ".join(told), **words)
    facts = of_model(comparison.ntotal, "overlap")
    return Shown("overlap", "figure", figure, caption, alt, facts=facts)


def pathways(found: Pathways, *, language: Language = "en") -> Shown:
    """Draw total, direct and indirect associations of each outcome with each pillar.

    Where single paths cannot be read, the correlations of each pillar by itself.
    """
    if not found.readable:
        return _alone(found, language)
    label = labelling(found.instrument, language)
    names = {p: label(p) for p in found.pillars}
    row, head = 0.36, 0.3
    block = head + row * len(names) + 0.06
    mediator = inside(label(found.mediator))
    keys = _key(mediator, language)
    first = 0.06 + 0.2 * len(keys)
    height = first + block * len(found.outcomes) + 0.3
    figure, axes = sheet(height)
    for line, (effect, text) in enumerate(keys.items()):
        _mark(axes, MARGIN + 0.12, 0.12 + 0.2 * line, effect)
        write(axes, MARGIN + 0.3, 0.12 + 0.2 * line, text, size=SMALL, color=MUTED)
    left = MARGIN + max(breadth(n, SMALL) for n in names.values()) + 0.2
    axis = _axis_of_effects(axes, found, left, (first, height - 0.24), language)
    told = []
    for place, outcome in enumerate(found.outcomes):
        top = first + block * place
        box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
        write(axes, MARGIN, top + 0.17, label(outcome), weight="bold", bbox=box)
        own = found.effects[found.effects["outcome"] == outcome]
        each = []
        for step_, (pillar, name) in enumerate(names.items()):
            y = top + head + row * (step_ + 0.5)
            write(axes, MARGIN, y, name, size=SMALL, color=MUTED)
            part = own[own["pillar"] == pillar].set_index("effect")
            each.append(_effects(axes, axis, y, part, name, language))
        values = {"outcome": label(outcome), "each": listing(each, language)}
        told.append(say("figures.pathways.row", language, **values))
    words = {**wording(found.instrument, language), "mediator": mediator}
    caption = say("figures.pathways.caption", language, **words)
    alt = say("figures.pathways.alt", language, rows="; ".join(told))
    facts = of_model(found.fit.ntotal)
    return Shown("pathways", "figure", figure, caption, alt, facts=facts)


def _axis_of_effects(
    axes: Axes, found: Pathways, left: float, reach: tuple[float, float], language: Language
) -> Scale:
    """Draw an axis on which every interval lies, from one height to another, with a line at 0."""
    first, last = reach
    ends = found.effects[["std_lower", "std_upper"]]
    low = min(-0.1, float(np.floor(ends.min().min() * 10) / 10))
    high = max(0.3, float(np.ceil(ends.max().max() * 10) / 10))
    axis = Scale(axes, (low, high), (left, WIDTH - 0.56))
    step = 0.2 if high - low <= 1.4 else 0.5
    ticks = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step
    axis.grid([(float(t), number(float(t), "z.1f", language)) for t in ticks], first, last)
    axes.plot([axis(0)] * 2, [first, last], color=MUTED, lw=1, zorder=0)
    return axis


def _key(mediator: str, language: Language) -> dict[str, str]:
    texts = {e: say(f"figures.pathways.{e}", language, mediator=mediator) for e in EFFECTS}
    return {e: lines(text, WIDTH - 2 * MARGIN - 0.3, SMALL)[0] for e, text in texts.items()}


def _mark(axes: Axes, x: float, y: float, effect: str) -> None:
    style = dict(EFFECTS[effect])
    colour = style.pop("color")
    axes.plot([x], [y], ls="", **({"mfc": colour, "mec": PAPER, "mew": 0.8} | style))


def _effects(
    axes: Axes, axis: Scale, y: float, part: pd.DataFrame, name: str, language: Language
) -> str:
    """Draw the three effects of one pillar one under the other; return what they are."""
    for k, (effect, style) in enumerate(EFFECTS.items()):
        r = part.loc[effect]
        axis.interval(y + 0.1 * (k - 1), r["std"], r["std_lower"], r["std_upper"], **dict(style))
    total = float(part.loc["total", "std"])
    text = number(total, "+z.2f", language)
    write(axes, WIDTH - MARGIN, y, text, size=SMALL, ha="right")
    values = {effect: float(part.loc[effect, "std"]) for effect in EFFECTS}
    return say("figures.pathways.each", language, pillar=name, **values)


def _alone(found: Pathways, language: Language) -> Shown:
    """Draw the correlations of each pillar by itself."""
    assert found.instrument is not None
    shown = associations(found.associations, found.instrument, language=language)
    words = wording(found.instrument, language)
    label = labelling(found.instrument, language)
    told = [
        say(
            "figures.associations.row", language, outcome=label(str(outcome)),
            low=float(rows["r"].min()), high=float(rows["r"].max()),
        )
        for outcome, rows in found.associations.groupby("outcome", sort=False)
    ]  # fmt: skip
    caption = say("figures.pathways.alone_caption", language, **words)
    alt = say("figures.pathways.alone_alt", language, rows="; ".join(told), **words)
    return replace(shown, key="pathways", caption=caption, alt=alt)
