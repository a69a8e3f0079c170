"""The tables of planted differences: what is found, what is left, what is set aside in error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from employer_identity.criteria import RULES
from validation.intervals import Estimate, mean, share
from validation.planted import (
    CLEAN_CELLS,
    HEAPED_CELLS,
    OFF_LEVEL,
    PLANTED_CELLS,
    WEAKER_CELLS,
    Groups,
)
from validation.running import RESULTS, Cell, results
from validation.tables import Band, markdown

INTERCEPTS = Band(0.95, 1.0)
LOADING = {300: Band(0.50, 1.0), 1000: Band(0.90, 1.0)}
BIAS = 0.03  # of a gap after the climb, in the reference group's SDs
FALSE, FALSE_LIMIT = 0.05, 0.08  # share of surveys, and the upper end of its interval
LEVELS_BESIDE = (0.05, 0.025)  # of a rung's tests: as they are, and shared over two rungs
GAPS = {"adv": "advancement", "ent": "entrepreneurship", "imp": "impresarioship"}


def both_intercepts(frame: pd.DataFrame) -> Estimate:
    """Estimate how often both planted intercepts are set aside."""
    return share((frame[[f"freed.{item}~1" for item in OFF_LEVEL]] == 1).all(axis=1))


def the_loading(frame: pd.DataFrame, design: Groups) -> Estimate:
    """Estimate how often the planted loading is set aside."""
    return share(frame[f"freed.impresarioship=~{design.planted}"] == 1)


def falsely(frame: pd.DataFrame, *kinds: str) -> Estimate:
    """Estimate how often something of these kinds is set aside that is equal."""
    return share((frame[[f"false.{kind}" for kind in kinds]] == 1).any(axis=1))


def is_rare(found: Estimate) -> bool:
    """Whether equal things are set aside as rarely as is claimed."""
    return found.value <= FALSE and found.high <= FALSE_LIMIT


def is_small(full: Estimate, after: Estimate) -> bool:
    """Whether a gap that all constraints bias by more is biased by less after the climb."""
    return abs(after.value) < BIAS < abs(full.value)


def said(holds: bool) -> str:
    """Print whether a claim holds."""
    return "yes" if holds else "**no**"


def frame_of(cell: Cell, folder: Path) -> pd.DataFrame:
    """Return a cell's replications that came to an estimate."""
    return results(cell, folder).dropna(how="all")


def _place(cell: Cell) -> list[str]:
    return [str(cell.design.groups), f"{cell.design.n:,}"]


def found_table(folder: Path) -> str:
    """How often what was planted is set aside."""
    head = ["groups", "people in each", "surveys", "both intercepts", "Monte-Carlo interval",
            "claim", "holds", "loading", "lowered from", "Monte-Carlo interval", "claim", "holds",
            "something else", "Monte-Carlo interval"]  # fmt: skip
    lines = []
    for cell in (*PLANTED_CELLS, *WEAKER_CELLS):
        frame, design = frame_of(cell, folder), cell.design
        both, loading = both_intercepts(frame), the_loading(frame, design)
        claims = cell in PLANTED_CELLS
        band = LOADING[design.n]
        rate, interval = loading.spelled(True)
        lines.append([
            *_place(cell), f"{len(frame):,}", *both.spelled(True), str(INTERCEPTS),
            INTERCEPTS.holds(both), rate, ".80" if claims else ".75", interval,
            str(band) if claims else "", band.holds(loading) if claims else "",
            *falsely(frame, "loading", "intercept").spelled(True),
        ])  # fmt: skip
    return markdown(head, lines)


def gaps_table(folder: Path) -> str:
    """Bias of the focal group's gaps with all constraints and after the climb."""
    head = ["pillar", "groups", "people in each", "all intercepts equal", "Monte-Carlo interval",
            "after the climb", "Monte-Carlo interval", "below .03", "coverage",
            "Monte-Carlo interval"]  # fmt: skip
    lines = []
    for short, pillar in GAPS.items():
        for cell in PLANTED_CELLS:
            frame = frame_of(cell, folder)
            full, after = mean(frame[f"full.{short}"]), mean(frame[f"after.{short}"])
            lines.append([
                pillar, *_place(cell), *full.spelled(False), *after.spelled(False),
                said(is_small(full, after)) if short != "imp" else "",
                *share(frame[f"covered.{short}"]).spelled(True),
            ])  # fmt: skip
    return markdown(head, lines)


def clean_table(cells: Sequence[Cell], folder: Path) -> str:
    """How often something equal is set aside where nothing differs; at the end in all cells."""
    head = ["groups", "people in each", "surveys", "a loading", "Monte-Carlo interval",
            "an intercept", "Monte-Carlo interval", "either", "Monte-Carlo interval", "claim",
            "holds"]  # fmt: skip
    frames = {tuple(_place(cell)): frame_of(cell, folder) for cell in cells}
    frames["all", ""] = pd.concat(list(frames.values()))
    lines = []
    for place, frame in frames.items():
        rates = [
            falsely(frame, *kinds)
            for kinds in (("loading",), ("intercept",), ("loading", "intercept"))
        ]
        said_of_rates = [text for rate in rates for text in rate.spelled(True)]
        claim = f"at most {100 * FALSE:.0f} %, interval to {100 * FALSE_LIMIT:.0f} %"
        lines.append([*place, f"{len(frame):,}", *said_of_rates, claim, said(is_rare(rates[2]))])
    return markdown(head, lines)


def first_found(frame: pd.DataFrame, level: float, *rungs: str) -> pd.Series:
    """Say in which surveys something would have been set aside at another level of the tests."""
    return (frame[[f"least.{rung}" for rung in rungs]] < level).any(axis=1)


def level_table(folder: Path) -> str:
    """What is found, and found in error, at the level of each rung and at half of it."""
    head = ["groups", "people in each", *(
        f"{what}, {100 * level:g} %" for what in ("loading found", "false", "false, heaped")
        for level in LEVELS_BESIDE
    )]  # fmt: skip
    lines = []
    for planted, clean, heaped in zip(PLANTED_CELLS, CLEAN_CELLS, HEAPED_CELLS, strict=True):
        line = _place(planted)
        frame = frame_of(planted, folder)
        freed = frame[f"freed.impresarioship=~{planted.design.planted}"] == 1
        found = [freed & first_found(frame, level, "metric") for level in LEVELS_BESIDE]
        for cell in (clean, heaped):
            frame = frame_of(cell, folder)
            found += [first_found(frame, level, "metric", "scalar") for level in LEVELS_BESIDE]
        lines.append([*line, *(share(which).spelled(True)[0] for which in found)])
    return markdown(head, lines)


def rules_table(level: str, folder: Path) -> str:
    """How often each rule rejects a rung with all of its constraints, in percent."""
    cells = {"planted": PLANTED_CELLS, "nothing": CLEAN_CELLS, "nothing; heaped": HEAPED_CELLS}
    head = ["differs", "groups", "people in each", *(f"`{name}`" for name in RULES)]
    lines = []
    for name, several in cells.items():
        for cell in several:
            frame = frame_of(cell, folder)
            rates = [share(frame[f"{rule}.{level}"]).spelled(True)[0] for rule in RULES]
            lines.append([name, *_place(cell), *rates])
    return markdown(head, lines)


def planted_tables(folder: Path = RESULTS) -> dict[str, str]:
    """Return every table under the name by which the page asks for it."""
    return {
        "planted-found": found_table(folder),
        "planted-gaps": gaps_table(folder),
        "planted-clean": clean_table(CLEAN_CELLS, folder),
        "planted-ceiling": clean_table(HEAPED_CELLS, folder),
        "planted-level": level_table(folder),
        "planted-loadings": rules_table("metric", folder),
        "planted-intercepts": rules_table("scalar", folder),
    }
