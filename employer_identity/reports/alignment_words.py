"""What a measurement report says of alignment: approximately comparable or not, and why."""

from __future__ import annotations

import pandas as pd

from employer_identity.aligned import Alignment
from employer_identity.alignment_check import RECOVERED
from employer_identity.language import describe, listing, say
from employer_identity.reports.measured import Compared, Measurement
from employer_identity.roads import licensed, shifts

NAMED = 4
"""Differing loadings and intercepts that are named of a factor."""
CLOSE = 0.05
"""Roads that lie closer than this, in standard deviations, lead to the same place."""


def verdict(m: Measurement, by: Compared) -> list[str]:
    """Say of which factors the groups are approximately comparable, or why that is not known."""
    found = by.alignment
    if not isinstance(found, Alignment):
        return [describe(p, m.language) for p in found or ()]
    if not found.has_structure:
        return [say("alignment.no_structure", m.language)]
    states = {factor: found.state(factor, by.alignment_check) for factor in found.factors}
    ways = {"all": "comparable", "check": "recovered", "none": "unsupported"}
    told = []
    for key, state in ways.items():
        own = [f for f, s in states.items() if s == state]
        if own:
            many = f"{key}_every" if len(own) == len(states) else key
            named = listing([m.instrument.label(f, m.language) for f in own], m.language)
            told.append(m.say(f"aligned.{many}", pillars=named, n=len(own), r=RECOVERED))
    none = [] if len(found.differing) else [m.say("aligned.nothing", n=len(found.parameters))]
    return [" ".join([*told, *none, *_roads(m, by, found)])]


def _roads(m: Measurement, by: Compared, found: Alignment) -> list[str]:
    """Say whether the road taken matters, where there are two."""
    both = licensed(found.beside(by.ladder), by.ladder)
    if both["road"].nunique() < 2:
        return [m.say("aligned.one_road")]
    # beside what the ladder ended with: everything held equal is then a road not taken
    ended = "partial" if "partial" in set(both["road"]) else "full"
    furthest = shifts(both[both["road"].isin([ended, "aligned"])]).iloc[0]
    if furthest["apart"] < CLOSE:
        return [m.say("aligned.same", close=CLOSE)]
    at = (both["factor"] == furthest["factor"]) & (both["group"] == furthest["group"])
    est = both[at].set_index("road")["est"]
    return [
        m.say(
            "aligned.apart",
            who=m.instrument.value_label(by.group, furthest["group"], m.language),
            pillar=m.instrument.label(furthest["factor"], m.language),
            ladder=float(est[ended]),
            aligned=float(est["aligned"]),
        )
    ]


def points(m: Measurement, by: Compared) -> list[tuple[str, str]]:
    """Say of each factor how many loadings and intercepts differ, and which, where any do."""
    found = by.alignment
    if not isinstance(found, Alignment):
        return []
    if found.differing.empty:
        return []
    told = []
    for row in found.shares.itertuples():
        own = found.differing[found.differing["factor"] == row.factor]
        words = {"n": row.differing, "cells": row.cells, "share": row.share}
        text = [m.say("aligned.share", **words)]
        if len(own):
            text.append(m.say("aligned.named", named=_named(m, by, own), n=len(own)))
        if row.optima > 1:
            many = {"optima": row.optima, "reached": row.reached, "starts": row.starts}
            text.append(m.say("aligned.optima", **many))
        told.append((f"{m.instrument.label(row.factor, m.language)}.", " ".join(text)))
    return told


def _named(m: Measurement, by: Compared, own: pd.DataFrame) -> str:
    """Name differing cells: the item, its kind, and the groups."""
    told = []
    for (item, kind), rows in own.groupby(["item", "kind"], sort=False):
        who = [m.instrument.value_label(by.group, g, m.language) for g in rows["group"]]
        words = {"item": m.instrument.label(item, m.language), "who": listing(who, m.language)}
        told.append(m.say(f"aligned.cell_{kind}", **words))
    rest = len(told) - NAMED
    more = [m.say("aligned.more", n=rest)] if rest > 0 else []
    return listing([*told[:NAMED], *more], m.language)
