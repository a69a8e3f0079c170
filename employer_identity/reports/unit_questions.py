"""Three questions for a conversation about one unit: which ones, its own results decide.

They ask; they do not advise. What stands apart comes first, then what is lowest here, then what any
result leaves open.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pandas as pd

from employer_identity.language import listing
from employer_identity.reports.unit import UnitStudy
from employer_identity.reports.unit_words import nearest

ASKED = 3


def questions(unit: UnitStudy) -> list[str]:
    """Ask the three questions that these results call for most."""
    return list(islice(_questions(unit), ASKED))


def _questions(unit: UnitStudy) -> Iterator[str]:
    items = unit.apart("item")
    gaps = items[items["d"] < 0]
    yield from _of_farthest(unit, gaps, "gap")
    yield from _of_farthest(unit, items[items["d"] > 0], "strength")
    yield from _of_farthest(unit, unit.apart("outcome"), "outcome")
    if gaps.empty:
        yield from _lowest(unit)
    yield from _practices(unit)
    yield unit.say("questions.match")
    yield unit.say("questions.share")
    yield unit.say("questions.missing")


def _of_farthest(unit: UnitStudy, found: pd.DataFrame, key: str) -> Iterator[str]:
    """Ask about the row of `UnitStudy.apart` that lies farthest off."""
    if found.empty:
        return
    r = found.loc[found["d"].abs().idxmax()]
    direction = unit.say(f"difference.{'higher' if r['d'] > 0 else 'lower'}")
    words = {"item": _wording(unit, r["name"]), "reference": nearest(unit), "direction": direction}
    values = {"mean": float(r["mean"]), "size": abs(float(r["d"]))}
    yield unit.say(f"questions.{key}", **words, **values)


def _lowest(unit: UnitStudy) -> Iterator[str]:
    items = unit.of("item").dropna(subset=["mean"])
    if len(items) > 1:
        r = items.loc[items["mean"].idxmin()]
        words = {"item": _wording(unit, r["name"]), "mean": float(r["mean"])}
        yield unit.say("questions.lowest", **words)


def _wording(unit: UnitStudy, name: str) -> str:
    text = unit.instrument.wording(name, unit.language).rstrip(".")
    return unit.instrument.as_scored(name, text, unit.language)


def _practices(unit: UnitStudy) -> Iterator[str]:
    """Ask about the practices of the pillar with the lowest mean here."""
    pillars, language = unit.of("pillar").dropna(subset=["mean"]), unit.language
    if pillars.empty:
        return
    pillar = str(pillars.loc[pillars["mean"].idxmin(), "name"])
    own = [p.key for p in unit.instrument.practices if p.pillar == pillar]
    quoted = [unit.say("difference.quoted", label=unit.instrument.label(k, language)) for k in own]
    if quoted:
        words = {"pillar": unit.instrument.label(pillar, language)}
        yield unit.say("questions.practices", practices=listing(quoted, language), **words)
