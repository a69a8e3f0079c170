"""The heat map: employers and sectors by pillar, with the numbers in the cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from employer_identity.audit.facts import Fact
from employer_identity.audit.stating import TENTH, Teller
from employer_identity.brand import UNKNOWN
from employer_identity.drawing import (
    MARGIN,
    MUTED,
    PAPER,
    RULE,
    SIZE,
    SMALL,
    STEPS,
    WIDTH,
    breadth,
    lines,
    on,
    sheet,
    write,
)
from employer_identity.language import Language, number, say
from employer_identity.paging import filled
from employer_identity.privacy import Shown

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

ROWS = 36
"""Rows of a heat map that still stand on one page."""
NOTHING = "\N{EN DASH}"
"""Stands for a score that may not be compared."""
SHORT = 12
"""Rows of a heat map that an alt text still tells one by one."""


def units(
    frame: pd.DataFrame, instrument: Instrument, *, language: Language = "en"
) -> tuple[Shown, ...]:
    """Draw mean pillar scores as heat maps with their numbers: the sectors, then employers.

    `frame` comes from `suppression.withhold_units`: what is hidden has no numbers any more. Long
    lists become several figures, divided between sectors; the order is the alphabet's, it is no
    ranking.
    """
    frame = _named(frame, instrument, language)
    span = (float(frame["mean"].min()), float(frame["mean"].max()))
    sectors, parts = frame[frame["employer"] == ""], _parts(frame)
    overview = [sectors] if 0 < len(sectors) < len(frame) else []
    return tuple(
        _heat_map(part, instrument, span, (i + 1 - len(overview), len(parts)), language)
        for i, part in enumerate([*overview, *parts])
    )


def _facts(frame: pd.DataFrame, instrument: Instrument) -> tuple[Fact, ...]:
    """State what is drawn, and what is named and hidden."""
    keys = frame[["sector_key", "employer_key"]]
    units = frame.assign(sector=keys["sector_key"], employer=keys["employer_key"])
    return tuple(Teller(instrument).units(units, half=TENTH))


def _named(frame: pd.DataFrame, instrument: Instrument, language: Language) -> pd.DataFrame:
    """Give units the labels of the language, in alphabetical order."""

    def label(column: str | None, value: str) -> str:
        if value == UNKNOWN:
            return say("figures.units.unknown", language)
        return instrument.value_label(column or "", value, language) if value else ""

    named = frame.assign(
        sector_key=frame["sector"],
        employer_key=frame["employer"],
        sector=[label(instrument.sector, v) for v in frame["sector"]],
        employer=[label(instrument.employer, v) for v in frame["employer"]],
    )
    return named.sort_values(["sector", "employer"], kind="stable", key=_alphabetical)


def _alphabetical(names: pd.Series[str]) -> pd.Series[str]:
    return names.str.casefold()


def _parts(frame: pd.DataFrame) -> list[pd.DataFrame]:
    """Divide the units over figures of a page at most, never inside a sector that fits on one."""
    pillars = frame["pillar"].nunique()
    sectors = ([sector] for _, sector in frame.groupby("sector", sort=False))
    parts = filled(sectors, lambda part: sum(len(one) // pillars for one in part), ROWS)
    return [pd.concat(part) for part in parts]


def _heat_map(
    frame: pd.DataFrame,
    instrument: Instrument,
    span: tuple[float, float],
    which: tuple[int, int],
    language: Language,
) -> Shown:
    import seaborn as sns  # takes a second to load: not for those who draw none

    pillars = list(instrument.factors)
    wide = frame.pivot(index=["sector", "employer"], columns="pillar", values="mean")[pillars]
    persons = frame.groupby(["sector", "employer"])["n"].min().reindex(wide.index)
    order = pd.MultiIndex.from_frame(frame[["sector", "employer"]].drop_duplicates())
    wide, persons = wide.reindex(order), persons.reindex(order)
    heads = [lines(instrument.label(p, language), 1.7, SMALL) for p in pillars]
    row, left, top, bottom = 0.21, 2.36, 1.02, 0.06
    height = top + row * len(wide) + bottom
    figure, sheet_axes = sheet(height)
    box = (left / WIDTH, bottom / height, (WIDTH - MARGIN - left) / WIDTH, row * len(wide) / height)
    axes = figure.add_axes(box)
    sns.heatmap(
        wide.to_numpy(dtype=float),
        ax=axes,
        cmap=STEPS,
        vmin=span[0],
        vmax=span[1],
        cbar=False,
        linewidths=1.2,
        linecolor=PAPER,
        xticklabels=False,
        yticklabels=False,
    )
    _cells(axes, wide, span, language)
    column = (WIDTH - MARGIN - left) / len(pillars)
    for place, head in enumerate(heads):
        x = left + column * (place + 0.62)
        slant = {"rotation": -32, "rotation_mode": "anchor", "ha": "right", "va": "bottom"}
        write(sheet_axes, x, top - 0.05, "\n".join(head), size=SMALL, **slant)
    write(sheet_axes, left - 0.1, top - 0.1, "n", size=SMALL, color=MUTED, ha="right")
    for place, (sector, employer) in enumerate(wide.index):
        y = top + row * (place + 0.5)
        _unit_label(sheet_axes, y, left, (sector, employer), persons.iloc[place], language)
    return _shown_units(figure, frame, instrument, which, language)


def _cells(axes: Axes, wide: pd.DataFrame, span: tuple[float, float], language: Language) -> None:
    """Write the numbers in the cells; a hidden unit is a band with words instead."""
    width = max(span[1] - span[0], 1e-9)
    for y, row in enumerate(wide.to_numpy(dtype=float)):
        if np.isnan(row).all():
            band: dict[str, Any] = {
                "facecolor": PAPER,
                "edgecolor": RULE,
                "hatch": "//////",
                "lw": 0,
            }
            axes.add_patch(Rectangle((0.02, y + 0.1), len(row) - 0.04, 0.8, **band))
            label = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5}
            text = say("figures.units.hidden", language)
            write(
                axes, len(row) / 2, y + 0.5, text, size=SMALL, color=MUTED, ha="center", bbox=label
            )
            continue
        for x, value in enumerate(row):
            if np.isnan(value):
                write(axes, x + 0.5, y + 0.5, NOTHING, size=SMALL, color=MUTED, ha="center")
                continue
            colour = on(STEPS((value - span[0]) / width))
            text = number(value, ".1f", language)
            write(axes, x + 0.5, y + 0.5, text, size=SMALL, color=colour, ha="center")


def _unit_label(
    axes: Axes, y: float, left: float, unit: tuple[str, str], n: float, language: Language
) -> None:
    sector, employer = unit
    bold = {"weight": "bold"} if not employer else {}
    indent = 0.12 if employer and sector else 0.0
    room = left - MARGIN - indent - 0.5
    name = employer or sector
    size = next((s for s in (SIZE, SMALL, 8.0, 7.5) if breadth(name, s) <= room), 7.0)
    write(axes, MARGIN + indent, y, lines(name, room, size)[0], size=size, **bold)
    text = "" if np.isnan(n) else number(int(n), ",", language)
    write(axes, left - 0.1, y, text, size=SMALL, color=MUTED, ha="right")


def _shown_units(
    figure: Figure,
    frame: pd.DataFrame,
    instrument: Instrument,
    which: tuple[int, int],
    language: Language,
) -> Shown:
    known = frame.dropna(subset=["mean"])
    employers = known[known["employer"] != ""] if (known["employer"] != "").any() else known
    values = {
        "n": int(employers[["sector", "employer"]].drop_duplicates().shape[0]),
        "low": float(employers["mean"].min()),
        "high": float(employers["mean"].max()),
        "part": which[0],
        "parts": which[1],
    }
    only_sectors = not (frame["employer"] != "").any()
    kind = "sectors_caption" if only_sectors else "caption_part" if which[1] > 1 else "caption"
    key = f"figures.units.{kind}"
    return Shown(
        f"units_{which[0]}",
        "figure",
        figure,
        say(key, language, **values),
        " ".join([say("figures.units.alt", language, **values), *_rows(known, language)]),
        facts=_facts(frame, instrument),
    )


def _rows(known: pd.DataFrame, language: Language) -> list[str]:
    """Tell a small map row by row; a large one has its numbers in the cells only."""
    rows = known.groupby(["sector", "employer"], sort=False)["mean"]
    if len(rows) > SHORT:
        return []
    told = [
        f"{employer or sector}: {', '.join(number(m, '.1f', language) for m in means)}"
        for (sector, employer), means in rows
    ]
    return ["; ".join(told) + "."]
