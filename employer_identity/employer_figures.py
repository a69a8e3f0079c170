"""Charts of employers' scores by size, and of scores beside those of the previous wave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import ndtri

from employer_identity.audit.stating import TENTH, Teller
from employer_identity.drawing import (
    ACCENT,
    INK,
    MARGIN,
    MUTED,
    PAPER,
    SMALL,
    WIDTH,
    Scale,
    breadth,
    cut,
    sheet,
    write,
)
from employer_identity.language import Language, listing, number, say
from employer_identity.plane import Box, Plane
from employer_identity.privacy import Shown

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

LIMITS = (0.95, 0.998)
"""Within which so many employers lie that do not differ from their sector."""
_PLACES: dict[str, dict[str, Any]] = {
    "inside": {"marker": "o", "ms": 4.5, "mfc": PAPER, "mec": MUTED, "mew": 0.9},
    "between": {"marker": "s", "ms": 4.5, "mfc": "#6da9ae", "mec": MUTED, "mew": 0.6},
    "outside": {"marker": "D", "ms": 5.5, "mfc": ACCENT, "mec": PAPER, "mew": 0.6},
}
_HIGH, _HEAD = 4.1, 0.62
_NAME = 1.3  # inches of an employer's name
_TOLD = 10  # employers outside the limits that an alt text names
_SIZES = [s * 10**k for k in range(6) for s in (1, 2, 5)]


def funnel(
    frame: pd.DataFrame,
    instrument: Instrument,
    *,
    named: bool = False,
    language: Language = "en",
) -> tuple[Shown, ...]:
    """Draw employers' means against how many answered, with the limits of what chance would do.

    The limits lie about the sector's mean, from which an employer's distance is drawn where there
    are several sectors; they are sigma / sqrt(n) times the normal quantiles, n the effective number
    of people (Kish): where weights differ it is smaller than their number.

    Parameters
    ----------
    frame
        Of `shrunken_scores`, without what may not be shown (`suppression.withhold_shrunken`).
    instrument
        The questionnaire.
    named
        Whether employers outside the 99.8 % limits are called by their names: only where scores
        may be compared between employers.

    Returns
    -------
    One figure a pillar of which anything may be shown.
    """
    return tuple(
        _funnel(own.reset_index(drop=True), instrument, str(pillar), named, language)
        for pillar, own in frame.groupby("pillar", sort=False)
    )


def _funnel(
    own: pd.DataFrame, instrument: Instrument, pillar: str, named: bool, language: Language
) -> Shown:
    apart = own["sector"].nunique() > 1
    centre = 0.0 if apart else float(own["sector_mean"].iloc[0])
    sigma, n = float(own["sd_people"].iloc[0]), own["n_eff"].to_numpy(dtype=float)
    weighted = not np.allclose(n, own["n"])
    y = own["mean"].to_numpy() - (own["sector_mean"].to_numpy() if apart else 0.0)
    z = (y - centre) * np.sqrt(n) / sigma
    inner, outer = (float(ndtri(0.5 + level / 2)) for level in LIMITS)
    where = np.select([np.abs(z) > outer, np.abs(z) > inner], ["outside", "between"], "inside")
    figure, axes = sheet(_HIGH)
    plane = _sizes(axes, n, y, centre, language)
    plane.titles(
        say(f"brandfigures.funnel.{'across_weighted' if weighted else 'across'}", language),
        say(f"brandfigures.funnel.{'apart' if apart else 'mean'}", language),
    )
    _limits(plane, (inner * sigma, outer * sigma), centre)
    for x, at, place in zip(n, y, where, strict=True):
        plane.mark(np.log10(x), at, **_PLACES[place])
    far = [k for k in np.argsort(-np.abs(z), kind="stable") if where[k] == "outside"]
    names = [
        instrument.value_label(instrument.employer or "", e, language) for e in own["employer"]
    ]
    for k in far if named else []:
        plane.name(np.log10(n[k]), y[k], cut(names[k], _NAME, SMALL), color=ACCENT)
    _key(axes, _PLACES, "funnel", language)
    words = {
        "pillar": instrument.label(pillar, language), "n": len(own), "outside": len(far),
        "between": int((where == "between").sum()),
    }  # fmt: skip
    each = [f"{names[k]} {number(float(y[k]), '+z.2f' if apart else '.2f', language)}" for k in far]
    alt = say("brandfigures.funnel.alt", language, **words)
    if named and each:
        alt += " " + say(
            "brandfigures.funnel.named", language, rows=listing(each[:_TOLD], language)
        )
    said = [say(f"brandfigures.funnel.caption_{'apart' if apart else 'mean'}", language, **words)]
    said += [say("brandfigures.funnel.weighted", language)] if weighted else []
    facts = tuple(Teller(instrument).employers(own, half=TENTH))
    return Shown(f"funnel_{pillar}", "figure", figure, " ".join(said), alt, facts=facts)


def _sizes(axes: Axes, n: Any, y: Any, centre: float, language: Language) -> Plane:
    """Return the plane: numbers of people on a logarithmic axis, scores upwards."""
    ends = (float(np.log10(n.min())) - 0.06, float(np.log10(n.max())) + 0.06)
    reach = max(float(np.abs(y - centre).max()) * 1.08, 0.25)
    plane = Plane(
        axes, Box(MARGIN + 0.42, _HEAD, WIDTH - MARGIN - 0.22, _HIGH - 0.46),
        ends, (centre - reach, centre + reach),
    )  # fmt: skip
    sizes = [s for s in _SIZES if ends[0] <= np.log10(s) <= ends[1]] or [int(n.min())]
    step = next(s for s in (0.1, 0.2, 0.5, 1.0, 2.0) if reach / s <= 4 or s == 2.0)
    at = np.arange(np.ceil((centre - reach) / step), np.floor((centre + reach) / step) + 1) * step
    spec = ".1f" if centre else "+z.1f"
    plane.grid(
        [(float(np.log10(s)), number(s, ",", language)) for s in sizes],
        [(float(t), number(float(t), spec if abs(t) > 1e-9 else ".0f", language)) for t in at],
    )
    return plane


def _limits(plane: Plane, widths: tuple[float, float], centre: float) -> None:
    """Draw the middle and both limits as far as the plane reaches."""
    x = np.linspace(*plane.across.span, 200)
    axes, (low, high) = plane.axes, plane.up.span
    across = [plane.across(v) for v in x]
    axes.plot([across[0], across[-1]], [plane.up(centre)] * 2, color=INK, lw=1, zorder=1)
    for width, dashes in zip(widths, ((0, (4, 3)), "-"), strict=True):
        for side in (-1, 1):
            curve = centre + side * width / np.sqrt(10**x)
            curve = np.where((curve >= low) & (curve <= high), curve, np.nan)
            up = [plane.up(v) for v in curve]
            axes.plot(across, up, color=MUTED, lw=1.1, ls=dashes, zorder=1)


def _key(axes: Axes, marks: dict[str, dict[str, Any]], chart: str, language: Language) -> None:
    """Write what each mark stands for along the upper edge."""
    x = MARGIN + 0.06
    for name, style in marks.items():
        axes.plot([x], [0.13], ls="", **style)
        words = say(f"brandfigures.{chart}.{name}", language)
        write(axes, x + 0.11, 0.13, words, size=SMALL, color=MUTED)
        x += 0.11 + breadth(words, SMALL) + 0.2


# --- Waves

_WAVES: dict[str, dict[str, Any]] = {
    "now": {"marker": "o", "ms": 6.5, "mfc": ACCENT, "mec": PAPER, "mew": 0.8},
    "before": {"marker": "D", "ms": 5, "mfc": PAPER, "mec": INK, "mew": 1.2},
}
_ROW = 0.62


def trend(frame: pd.DataFrame, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Draw the pillars' means with those of the previous wave, and an arrow where one surely moved.

    Parameters
    ----------
    frame
        One row a pillar: pillar, n, mean, ci_lower, ci_upper; before_wave, before, before_n (of the
        previous wave); change, change_lower, change_upper; comparable. An arrow is drawn where the
        waves may be compared and the interval of the change excludes 0; where they may not, both
        are shown and it says so.
    instrument
        The questionnaire.
    """
    top = 0.32
    height = top + _ROW * len(frame) + 0.3
    figure, axes = sheet(height)
    _key(axes, _WAVES, "trend", language)
    axis = Scale(axes, _span(frame, instrument), (MARGIN + 0.08, WIDTH - 0.6))
    ticks = range(int(axis.span[0]), int(axis.span[1]) + 1)
    axis.grid([(t, str(t)) for t in ticks], top, height - 0.26)
    told = []
    for place, r in enumerate(frame.to_dict("records")):
        label = instrument.label(r["pillar"], language)
        _wave(axes, axis, top + _ROW * place, r, label, language)
        told.append(_told(r, label, language))
    ends = {"low": instrument.scale.minimum, "high": instrument.scale.maximum}
    caption = say("brandfigures.trend.caption", language, **ends)
    if len(ticks) <= ends["high"] - ends["low"]:
        shown = {"first": ticks[0], "last": ticks[-1]}
        caption += " " + say("brandfigures.trend.axis", language, **shown)
    if not frame["comparable"].all():
        caption += " " + say("brandfigures.trend.not_all", language)
    alt = say("brandfigures.trend.alt", language, rows="; ".join(told), **ends)
    facts = tuple(Teller(instrument).trend(frame))
    return Shown("trend", "figure", figure, caption, alt, facts=facts)


def _span(frame: pd.DataFrame, instrument: Instrument) -> tuple[float, float]:
    """Return the whole points between which everything lies, at least two of the scale apart."""
    columns = frame[["mean", "before", "ci_lower", "ci_upper"]]
    first, last = int(np.floor(np.nanmin(columns))), int(np.ceil(np.nanmax(columns)))
    while last - first < 2:
        first, last = (first - 1, last) if first > instrument.scale.minimum else (first, last + 1)
    return float(first), float(last)


def moved(row: dict[str, Any]) -> bool:
    """Tell whether a pillar surely changed: comparable, and an interval that excludes 0."""
    return bool(row["comparable"]) and (row["change_lower"] > 0 or row["change_upper"] < 0)


def _wave(
    axes: Axes, axis: Scale, y: float, row: dict[str, Any], label: str, language: Language
) -> None:
    """Draw one pillar: name and change, the mean on its interval, below it where it came from."""
    box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
    write(axes, MARGIN, y + 0.13, label, bbox=box)
    sure = moved(row)
    style = {"weight": "bold", "color": ACCENT} if sure else {"color": MUTED}
    text = _change(row, language)
    write(axes, WIDTH - MARGIN, y + 0.13, text, size=SMALL, ha="right", bbox=box, **style)
    now, before = y + 0.33, y + 0.49
    axis.interval(now, row["mean"], row["ci_lower"], row["ci_upper"], **_WAVES["now"])
    mean = number(row["mean"], ".2f", language)
    write(axes, WIDTH - MARGIN, now, mean, ha="right", weight="bold", color=ACCENT)
    if np.isnan(row["before"]):
        return
    if sure:
        arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
        ends = (axis(row["mean"]), before), (axis(row["before"]), before)
        axes.annotate("", xy=ends[0], xytext=ends[1], arrowprops={**arrow, "mutation_scale": 9})
    axes.plot([axis(row["before"])], [before], ls="", zorder=3, **_WAVES["before"])
    old = number(row["before"], ".2f", language)
    write(axes, WIDTH - MARGIN, before, old, size=SMALL, ha="right", color=MUTED)


def _change(row: dict[str, Any], language: Language) -> str:
    """Write a change with half of its interval, or why there is none."""
    if np.isnan(row["before"]):
        return say("brandfigures.trend.new", language)
    if not row["comparable"]:
        return say("brandfigures.trend.not_comparable", language)
    value = number(row["change"], "+z.2f", language)
    half = number((row["change_upper"] - row["change_lower"]) / 2, ".2f", language)
    return say("tables.margin", language, value=value, half=half)


def _told(row: dict[str, Any], label: str, language: Language) -> str:
    mean = number(row["mean"], ".2f", language)
    change = _change(row, language)
    if np.isnan(row["before"]):
        return f"{label} {mean}, {change}"
    words = {"name": label, "mean": row["mean"], "before": row["before"], "change": change}
    return say("brandfigures.trend.row", language, **words)
