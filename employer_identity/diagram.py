"""The path diagram: pillars, their items and how the pillars hang together, without graphviz."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Arc, FancyBboxPatch, Polygon

from employer_identity.audit.stating import of_model
from employer_identity.drawing import (
    ACCENT,
    MARGIN,
    MUTED,
    PAPER,
    RULE,
    SIZE,
    SMALL,
    STEPS,
    WIDTH,
    breadth,
    leading,
    lines,
    on,
    sheet,
    write,
)
from employer_identity.language import Language, listing, number, say
from employer_identity.privacy import Shown
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.fit import Fit
    from employer_identity.questionnaire import Instrument

ARCS_UP_TO = 5
"""With more pillars the arcs would run through each other's numbers: then a triangle shows them."""

_FACTOR = 1.34  # width of a pillar's box, inches
_ITEM = 1.66


def path_diagram(fit: Fit, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Draw the measurement model: standardised loadings and correlations between the pillars.

    Drawn is the first group of `fit`; a fit without groups is what a report shows.
    """
    loadings = _loadings(fit)
    correlations = _correlations(fit)
    many = len(fit.items) > 24
    row, gap = (0.21, 0.1) if many else (0.29, 0.2)
    height = 2 * MARGIN + row * len(fit.items) + gap * (len(fit.factors) - 1)
    figure, axes = sheet(height)
    names = {x: instrument.label(x, language) for x in (*fit.factors, *fit.items)}
    of_items = _common_size([names[i] for i in fit.items], _ITEM - 0.1, 1)
    of_items = min(of_items, SMALL) if many else of_items
    of_factors = _common_size([names[f] for f in fit.factors], _FACTOR - 0.2, 3, "bold")
    centres, y = {}, MARGIN
    for factor, items in fit.factors.items():
        places = [y + row * (i + 0.5) for i in range(len(items))]
        centres[factor] = float(np.mean(places))
        for item, place in zip(items, places, strict=True):
            _item(axes, place, row, names[item], of_items)
            _arrow(axes, centres[factor], place, loadings[factor, item], language)
        _factor(axes, centres[factor], names[factor], of_factors)
        y = places[-1] + row / 2 + gap
    if len(centres) > 1:
        draw = _arcs if len(centres) <= ARCS_UP_TO else _triangle
        draw(axes, centres, correlations, language)
    n = int(sum(fit.n.values()))
    caption = say("figures.path.caption", language, n=n, **nouns(instrument, language))
    alt = _alt(fit, instrument, loadings, correlations, language)
    facts = of_model(n, "path_diagram")
    return Shown("path_diagram", "figure", figure, caption, alt, facts=facts)


def _loadings(fit: Fit) -> dict[tuple[str, str], float]:
    rows = fit.estimates
    rows = rows[(rows["op"] == "=~") & (rows["group"] == rows["group"].iloc[0])]
    return {(r.lhs, r.rhs): float(r.std_all) for r in rows.itertuples()}


def _correlations(fit: Fit) -> dict[tuple[str, str], float]:
    frame: pd.DataFrame = fit.latent_correlations
    if frame.empty:
        return {}
    frame = frame[frame["group"] == frame["group"].iloc[0]]
    found = {(r.factor_1, r.factor_2): float(r.est) for r in frame.itertuples()}
    return found | {(b, a): r for (a, b), r in found.items()}


def _right() -> tuple[float, float]:
    """Left edges of the pillars' and the items' boxes."""
    item = WIDTH - MARGIN - _ITEM
    return item - 0.74 - _FACTOR, item


def _box(axes: Axes, x: float, y: float, width: float, height: float, **style: Any) -> None:
    pad = f"round,pad=0,rounding_size={style.pop('rounding', 0.05)}"
    axes.add_patch(FancyBboxPatch((x, y - height / 2), width, height, boxstyle=pad, **style))


def _common_size(labels: Iterable[str], width: float, rows: int, weight: str = "normal") -> float:
    """Return the largest type size in which every label takes at most `rows` lines."""
    for size in (SIZE, SMALL, 8.0, 7.5):
        words = (word for label in labels for word in label.split())
        whole = all(breadth(word, size, weight) <= width for word in words)
        if whole and all(len(lines(label, width, size, weight)) <= rows for label in labels):
            return size
    return 7.0


def _item(axes: Axes, y: float, row: float, label: str, size: float) -> None:
    _, left = _right()
    _box(axes, left, y, _ITEM, row * 0.82, facecolor=PAPER, edgecolor=MUTED, linewidth=0.7)
    write(axes, left + 0.06, y, lines(label, _ITEM - 0.1, size)[0], size=size)


def _factor(axes: Axes, y: float, label: str, size: float) -> None:
    left, _ = _right()
    text = lines(label, _FACTOR - 0.16, size, "bold")
    high = leading(size) * len(text) + 0.2
    _box(
        axes,
        left,
        y,
        _FACTOR,
        high,
        facecolor=ACCENT,
        edgecolor=ACCENT,
        rounding=min(high / 2.2, 0.2),
    )
    style = {"size": size, "color": PAPER, "ha": "center", "weight": "bold"}
    write(axes, left + _FACTOR / 2, y, "\n".join(text), **style)


def _arrow(axes: Axes, start: float, end: float, loading: float, language: Language) -> None:
    """Draw a loading: the number close to its item, where the arrows have drawn apart."""
    factor, item = _right()
    left, right = factor + _FACTOR, item - 0.02
    style = {"arrowstyle": "-|>,head_width=.14,head_length=.28", "color": MUTED, "lw": 0.8}
    axes.annotate("", (right, end), (left, start), arrowprops=style | {"shrinkA": 0, "shrinkB": 0})
    at = 0.66
    box = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.8}
    text = number(loading, ".2f", language)
    place = (left + at * (right - left), start + at * (end - start))
    write(axes, *place, text, size=SMALL, ha="center", bbox=box)


def _depth(factors: int) -> float:
    left, _ = _right()
    return (left - MARGIN - 0.2) / max(factors - 1, 1)


def _arcs(
    axes: Axes,
    centres: dict[str, float],
    correlations: dict[tuple[str, str], float],
    language: Language,
) -> None:
    """Draw correlations as half ellipses: the further apart the pillars, the further out."""
    left, _ = _right()
    step, order = _depth(len(centres)), list(centres)
    for one, other in combinations(order, 2):
        top, bottom = centres[one], centres[other]
        out = step * (order.index(other) - order.index(one))
        middle, high = (top + bottom) / 2, bottom - top
        arc = Arc((left, middle), 2 * out, high, theta1=90, theta2=270, color=RULE, lw=1.3)
        axes.add_patch(arc)
        r = correlations.get((one, other), np.nan)
        box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.2}
        text = number(r, ".2f", language)
        write(axes, left - out, middle, text, size=SMALL, ha="center", bbox=box, zorder=5)


def _triangle(
    axes: Axes,
    centres: dict[str, float],
    correlations: dict[tuple[str, str], float],
    language: Language,
) -> None:
    """Draw correlations as a triangle of cells left of the pillars; a cell lies between its two."""
    left, _ = _right()
    order = list(centres)
    places = np.linspace(min(centres.values()), max(centres.values()), len(order))
    half = (places[1] - places[0]) / 2
    step = _depth(len(order))
    for i, j in combinations(range(len(order)), 2):
        x, y = left - 0.12 - step * (j - i - 0.5), (places[i] + places[j]) / 2
        r = correlations.get((order[i], order[j]), np.nan)
        colour = STEPS(min(abs(r), 1.0) * 0.85)
        corners = [(x - step, y), (x, y - half), (x + step, y), (x, y + half)]
        axes.add_patch(Polygon(corners, facecolor=colour, edgecolor=PAPER, linewidth=1.2))
        text = number(r, ".2f", language).replace("0", "", 1)
        write(axes, x, y, text, size=7.5, ha="center", color=on(colour))
    for centre, place in zip(centres.values(), places, strict=True):
        axes.plot([left - 0.1, left], [place, centre], color=RULE, lw=1, zorder=0)


def _alt(
    fit: Fit,
    instrument: Instrument,
    loadings: dict[tuple[str, str], float],
    correlations: dict[tuple[str, str], float],
    language: Language,
) -> str:
    """Tell the diagram's numbers, pillar by pillar."""
    parts = []
    for factor, items in fit.factors.items():
        own = sorted(loadings[factor, item] for item in items)
        values = {"pillar": instrument.label(factor, language), "n": len(items)}
        parts.append(say("figures.path.loadings", language, low=own[0], high=own[-1], **values))
    pairs = [
        say(
            "figures.path.pair",
            language,
            r=correlations[a, b],
            one=instrument.label(a, language),
            other=instrument.label(b, language),
        )
        for a, b in combinations(fit.factors, 2)
        if (a, b) in correlations
    ]
    parts += [say("figures.path.pairs", language, pairs=listing(pairs, language))] if pairs else []
    return " ".join([say("figures.path.alt", language), *parts])
