"""Charts of the public's view: employers in their order, what people look for and what they get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from employer_identity.attractiveness import Attractiveness
from employer_identity.audit import outsiders
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
    cut,
    leading,
    lines,
    sheet,
    write,
)
from employer_identity.drivers import Drivers
from employer_identity.errors import ComparisonError
from employer_identity.language import Language, number, refusal, say
from employer_identity.paging import TALLEST
from employer_identity.plane import percents
from employer_identity.privacy import Shown
from employer_identity.public_maps import nobody_ranked
from employer_identity.public_words import points, ranks

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

DRAWN = 20
"""Employers of a ranking that are drawn; the rest is told."""
_ROW, _BAND, _FOOT = 0.22, 0.25, 0.3
_NAME = 1.7  # of an employer's name
_BOX = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}


def ranking(
    attractiveness: Attractiveness, instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """Draw the most attractive employers, each with the range of its rank; bands divide them.

    Drawn are the first twenty, or fewer where they would not stand on a page; the caption tells of
    the rest.

    Raises
    ------
    ComparisonError
        If no employer is known well enough.
    """
    table = attractiveness.ranking
    if table.empty:
        raise refusal(ComparisonError, [nobody_ranked(attractiveness)])
    names = {
        e: instrument.value_label(instrument.employer or "", e, language) for e in table["employer"]
    }
    lines_of = {e: _folded(names[e]) for e in table["employer"].head(DRAWN)}
    drawn = _fitting(table.head(DRAWN), lines_of)
    shown, rest = table.iloc[:drawn], table.iloc[drawn:]
    figure = _ranked(shown, table["band"].value_counts().to_dict(), lines_of, language)
    words = {
        "n": len(table), "drawn": len(shown), "least": attractiveness.least,
        "known_by": attractiveness.known_by, "bands": attractiveness.bands,
    }  # fmt: skip
    after = _rest(rest, language) if len(rest) else ""
    caption = [say("brandfigures.ranking.caption", language, **words), after]
    caption.append(say("brandfigures.ranking.not_random", language))
    told = "; ".join(_told(r, names[r["employer"]], language) for r in shown.to_dict("records"))
    alt = say("brandfigures.ranking.alt", language, rows=told, **words)
    return Shown(
        "ranking", "figure", figure, " ".join(c for c in caption if c), f"{alt} {after}".strip(),
        facts=tuple(outsiders.named(shown, instrument)),
    )  # fmt: skip


def _folded(name: str) -> list[str]:
    """Write a name on two lines at most; what is left over is cut."""
    first, *rest = lines(name, _NAME, SMALL)
    return [first, cut(" ".join(rest), _NAME, SMALL)] if rest else [first]


def _high(name: list[str]) -> float:
    return _ROW + (len(name) - 1) * leading(SMALL)


def _fitting(table: pd.DataFrame, names: dict[str, list[str]]) -> int:
    """Count the employers that stand on a page, from the first on."""
    headed = ~table["band"].duplicated()
    highs = table["employer"].map({e: _high(name) for e, name in names.items()})
    reach = _BAND + _FOOT + (highs + _BAND * headed).cumsum()
    return int((reach <= TALLEST).sum())


def _ranked(
    shown: pd.DataFrame, sizes: dict[int, int], names: dict[str, list[str]], language: Language
) -> Figure:
    """Draw the employers, band by band; ``sizes`` holds how many each band has in all."""
    written = {e: names[e] for e in shown["employer"]}
    bands = shown["band"].nunique()
    height = _BAND * (bands + 1) + sum(map(_high, written.values())) + _FOOT
    figure, axes = sheet(height)
    left = MARGIN + max(breadth(line, SMALL) for name in written.values() for line in name)
    range_at = left + 0.66
    span = _around(float(shown["pooled_lower"].min()), float(shown["pooled_upper"].max()))
    axis = Scale(axes, span, (range_at + 0.2, WIDTH - 0.56))
    axis.grid(percents(*span, language), _BAND, height - _FOOT + 0.04)
    for x, key in ((range_at, "rank"), (WIDTH - MARGIN, "share")):
        head = say(f"brandfigures.ranking.{key}", language)
        write(axes, x, _BAND / 2, head, ha="right", size=SMALL, color=MUTED)
    y = _BAND
    for which, band in shown.groupby("band", sort=True):
        _rule(axes, y)
        n = sizes[int(str(which))]
        values = {"band": which, "n": n, "drawn": len(band)}
        key = "band" if len(band) == n else "band_cut"
        heading = say(f"brandfigures.ranking.{key}", language, **values)
        write(axes, MARGIN, y + _BAND / 2, heading, weight="bold", size=SMALL, bbox=_BOX)
        y += _BAND
        for r in band.to_dict("records"):
            name = written[r["employer"]]
            _employer(axis, y + _high(name) / 2, r, name, range_at, language)
            y += _high(name)
    return figure


def _employer(
    axis: Scale, y: float, row: dict[str, Any], name: list[str], range_at: float, language: Language
) -> None:
    """Draw one employer: name, range of its rank, share on its interval, and the number."""
    axes = axis.axes
    write(axes, MARGIN, y, "\n".join(name), size=SMALL)
    write(axes, range_at, y, ranks(row), size=SMALL, ha="right", color=INK)
    axis.interval(y, row["pooled"], row["pooled_lower"], row["pooled_upper"])
    text = number(row["pooled"], ".0%", language)
    write(axes, WIDTH - MARGIN, y, text, size=SMALL, ha="right", color=ACCENT)


def _rule(axes: Axes, y: float) -> None:
    """Draw the line that divides two bands."""
    axes.plot([MARGIN, WIDTH - MARGIN], [y, y], color=MUTED, lw=1, zorder=1)


def _around(low: float, high: float) -> tuple[float, float]:
    """Return whole tenths that hold all shares."""
    return max(0.0, float(np.floor(low * 10) / 10)), min(1.0, float(np.ceil(high * 10) / 10))


def _rest(rest: pd.DataFrame, language: Language) -> str:
    """Tell where the employers are that are not drawn."""
    return say(
        "brandfigures.ranking.rest", language, n=len(rest), best=int(rest["rank_lower"].min()),
        last=int(rest["rank_upper"].max()), high=float(rest["pooled"].max()),
        low=float(rest["pooled"].min()),
    )  # fmt: skip


def _told(row: dict[str, Any], name: str, language: Language) -> str:
    return say(
        "brandfigures.ranking.row", language, name=name, ranks=ranks(row), share=row["pooled"],
        lower=row["pooled_lower"], upper=row["pooled_upper"], band=int(row["band"]),
    )  # fmt: skip


# --- Drivers

_VIEWS: dict[str, dict[str, Any]] = {
    "market": {"marker": "s", "ms": 8, "mfc": PAPER, "mec": MUTED, "mew": 1.4},
    "own": {"marker": "o", "ms": 9, "mfc": ACCENT, "mec": PAPER, "mew": 0.8},
    "ideal": {"marker": "D", "ms": 5.8, "mfc": INK, "mec": PAPER, "mew": 0.8},
}
"""Drawn in this order: where two meet, the upper one leaves a rim of the lower."""
_GAPS = ("gap_own", "gap_market")
_COLUMN = 0.78  # width of a column of gaps


def gaps(drivers: Drivers, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Draw what matters, what the own employer offers and what employers at large are thought to.

    Sorted by importance; a line divides drivers whose importance can be told apart. At the right
    the gaps in points with half of their intervals, dark where the interval excludes 0.
    """
    table = drivers.table
    row, top = 0.38, 0.66
    height = top + row * len(table) + _FOOT
    figure, axes = sheet(height)
    _views_key(axes, language)
    view_columns = table[list(_VIEWS)]
    span = _around(float(view_columns.min().min()), float(view_columns.max().max()))
    columns = [WIDTH - MARGIN - _COLUMN, WIDTH - MARGIN]
    axis = Scale(axes, span, (MARGIN + 0.1, columns[0] - _COLUMN - 0.06))
    axis.grid(percents(*span, language), top, height - _FOOT + 0.04)
    for x, gap in zip(columns, _GAPS, strict=True):
        head = lines(say(f"brandfigures.gaps.{gap}", language), _COLUMN - 0.14, SMALL)
        style = {"size": SMALL, "ha": "right", "va": "bottom", "color": MUTED}
        write(axes, x, top - 0.05, "\n".join(head), **style)
    told = []
    for place, r in enumerate(table.to_dict("records")):
        y = top + row * place
        if place == 0 or r["band"] != table["band"].iloc[place - 1]:
            _rule(axes, y)
        label = instrument.label(r["driver"], language)
        _driver(axes, axis, y, cut(label, columns[0] - _COLUMN - MARGIN, SMALL), r)
        for x, gap in zip(columns, _GAPS, strict=True):
            _gap(axes, x, y + row / 2, r, gap, language)
        told.append(_told_gap(r, label, language))
    alt = say("brandfigures.gaps.alt", language, n=len(table), rows="; ".join(told))
    caption = say("brandfigures.gaps.caption", language)
    facts = tuple(outsiders.drivers(table, instrument, "gaps", ("ideal", "own")))
    return Shown("gaps", "figure", figure, caption, alt, facts=facts)


def _views_key(axes: Axes, language: Language) -> None:
    x = MARGIN + 0.08
    for view in reversed(_VIEWS):
        axes.plot([x], [0.12], ls="", **_VIEWS[view])
        words = say(f"brandfigures.gaps.{view}", language)
        write(axes, x + 0.13, 0.12, words, size=SMALL, color=MUTED)
        x += 0.13 + breadth(words, SMALL) + 0.24


def _driver(axes: Axes, axis: Scale, y: float, label: str, row: dict[str, Any]) -> None:
    """Draw one driver: its name, and below it the three shares on a line."""
    write(axes, MARGIN, y + 0.12, label, size=SMALL, bbox=_BOX)
    values = [row[view] for view in _VIEWS]
    at = y + 0.28
    axes.plot([axis(min(values)), axis(max(values))], [at, at], color=RULE, lw=3, zorder=1)
    for view, style in _VIEWS.items():
        axes.plot([axis(row[view])], [at], ls="", zorder=3, **style)


def _gap(axes: Axes, x: float, y: float, row: dict[str, Any], gap: str, language: Language) -> None:
    """Write a gap in points with half of its interval: bold where the interval excludes 0."""
    apart = row[f"{gap}_lower"] > 0 or row[f"{gap}_upper"] < 0
    style = {"weight": "bold", "color": ACCENT} if apart else {"color": MUTED}
    write(axes, x, y, points(row, gap, language), size=SMALL, ha="right", **style)


def _told_gap(row: dict[str, Any], label: str, language: Language) -> str:
    written = {gap: points(row, gap, language) for gap in _GAPS}
    views = {view: row[view] for view in _VIEWS}
    return say("brandfigures.gaps.row", language, driver=label, **views, **written)


def derived(frame: pd.DataFrame, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Draw how much of what goes with liking an employer belongs to each driver.

    Parameters
    ----------
    frame
        Of `derived_importance`; a line divides drivers that can be told apart.
    instrument
        The questionnaire.
    """
    texts = [lines(instrument.label(d, language), 1.9, SMALL)[:2] for d in frame["driver"]]
    highs = [0.24 + (len(t) - 1) * leading(SMALL) for t in texts]
    top = 0.06
    height = top + sum(highs) + _FOOT
    figure, axes = sheet(height)
    left = MARGIN + max(breadth(line, SMALL) for t in texts for line in t)
    span = (0.0, max(0.1, float(np.ceil(frame["weight_upper"].max() * 20) / 20)))
    axis = Scale(axes, span, (left + 0.2, WIDTH - 0.6))
    axis.grid(percents(*span, language), top, height - _FOOT + 0.04)
    y, told = top, []
    records = zip(frame.to_dict("records"), texts, highs, strict=True)
    for place, (r, text, high) in enumerate(records):
        if place == 0 or r["band"] != frame["band"].iloc[place - 1]:
            _rule(axes, y)
        write(axes, MARGIN, y + high / 2, "\n".join(text), size=SMALL)
        axis.interval(y + high / 2, r["weight"], r["weight_lower"], r["weight_upper"])
        share = number(r["weight"], ".0%", language)
        write(axes, WIDTH - MARGIN, y + high / 2, share, size=SMALL, ha="right", color=ACCENT)
        values = {"share": r["weight"], "lower": r["weight_lower"], "upper": r["weight_upper"]}
        label = instrument.label(r["driver"], language)
        told.append(say("brandfigures.share_row", language, name=label, **values))
        y += high
    words = {"r2": float(frame["r2"].iloc[0]), "n": int(frame["n"].iloc[0])}
    caption = say("brandfigures.derived.caption", language, **words)
    alt = say("brandfigures.derived.alt", language, rows="; ".join(told), **words)
    facts = (outsiders.modelled(words["n"], instrument, "derived", "judged an employer"),)
    return Shown("derived", "figure", figure, caption, alt, facts=facts)
