"""The tables of alignment: agreement, errors and what is said to differ."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from employer_identity.measurement.placing import LEVEL
from validation.alignment import CELLS, Many
from validation.intervals import Estimate, mean
from validation.running import RESULTS, results
from validation.tables import COVERS, counted, markdown

CLAIMED = {
    "alignment-off-300": 0.966,
    "alignment-off-1000": 0.987,
    "alignment-off-1000-wide": 0.995,
}
"""Correlations with the truth that were to be reached, fixed before the study was run."""
CLOSE = {300: 0.02, 1000: 0.01}
"""How near aligned means are to be to those of the scalar model where nothing differs."""


def _place(design: Many) -> list[str]:
    return [f"{design.n:,}", f"{design.spread:.1f}", f"{100 * design.off:.0f} %"]


def agreement_table(folder: Path) -> str:
    """Agreement with the means that were drawn, and coverage of their intervals."""
    head = ["people in each", "SD of means", "groups with an item off", "r with the truth",
            "Monte-Carlo interval", "claim", "holds", "error (root mean square)",
            "coverage", "Monte-Carlo interval", "band", "within", "minima, most"]  # fmt: skip
    lines = []
    for cell in CELLS:
        frame = results(cell, folder)
        r, covered = mean(frame["r"]), mean(frame["covered"])
        claim = CLAIMED.get(cell.name)
        holds = "" if claim is None else _reached(r.value, r.high, claim)
        lines.append([
            *_place(cell.design), *r.spelled(False), "" if claim is None else f"{claim:.3f}",
            holds, f"{frame['rmse'].mean():.3f}", *covered.spelled(True),
            str(COVERS), COVERS.holds(covered), f"{frame['optima'].max():.0f}",
        ])  # fmt: skip
    counts = "; ".join(f"**{cell.name}**: {counted(results(cell, folder))}" for cell in CELLS)
    return f"{markdown(head, lines)}\n\n{counts}."


def _reached(value: float, high: float, claim: float) -> str:
    """Say whether a claimed correlation is reached, or could be as far as the interval tells."""
    if value >= claim:
        return "yes"
    return "yes, near" if high >= claim else "**no**"


def apart_table(folder: Path) -> str:
    """How far aligned means lie from the scalar model's where nothing differs."""
    head = ["people in each", "root mean square distance", "Monte-Carlo interval", "claim",
            "holds", "furthest of thirty"]  # fmt: skip
    lines = []
    for cell in CELLS:
        if cell.design.off:
            continue
        frame = results(cell, folder)
        apart, claim = mean(frame["apart"]), CLOSE[cell.design.n]
        lines.append([
            f"{cell.design.n:,}", *apart.spelled(False), f"at most {claim:.2f}",
            "yes" if apart.value <= claim else "**no**", f"{frame['apart.most'].mean():.3f}",
        ])  # fmt: skip
    return markdown(head, lines)


def places_table(folder: Path) -> str:
    """How often the range of a group's places holds its true one, and how long it is."""
    head = ["people in each", "SD of means", "groups with an item off", "true place within",
            "Monte-Carlo interval", "claim", "holds", "places in a range"]  # fmt: skip
    lines = []
    for cell in CELLS:
        frame = results(cell, folder)
        held = mean(frame["placed"])
        lines.append([
            *_place(cell.design), *_of_shares(frame["placed"]), f"at least {100 * LEVEL:.0f} %",
            _reached(held.value, held.high, LEVEL), f"{frame['places'].mean():.1f}",
        ])  # fmt: skip
    return markdown(head, lines)


def differs_table(folder: Path) -> str:
    """How often what was planted is said to differ, and how often something else is."""
    head = ["people in each", "SD of means", "groups with an item off", "found",
            "Monte-Carlo interval", "said of others", "Monte-Carlo interval"]  # fmt: skip
    lines = []
    for cell in CELLS:
        frame = results(cell, folder)
        found = _of_shares(frame["found"]) if "found" in frame else ("", "")
        lines.append([*_place(cell.design), *found, *_of_shares(frame["false"])])
    return markdown(head, lines)


def _of_shares(values: pd.Series) -> tuple[str, str]:
    """Print a mean share; its interval ends where shares do."""
    found = mean(values)
    return Estimate(found.value, max(found.low, 0.0), min(found.high, 1.0)).spelled(True)


def alignment_tables(folder: Path = RESULTS) -> dict[str, str]:
    """Return every table under the name by which the page asks for it."""
    return {
        "alignment-agreement": agreement_table(folder),
        "alignment-places": places_table(folder),
        "alignment-apart": apart_table(folder),
        "alignment-differs": differs_table(folder),
    }
