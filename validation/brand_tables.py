"""The tables of docs/validation.md about whole simulated studies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from employer_identity.designs import DESIGNS
from validation import brand
from validation.intervals import Estimate, mean, share
from validation.running import RESULTS, results
from validation.tables import COVERS, EMPTY, Band, markdown

RANKED = Band(0.93, 1.0)  # ranks come in whole places: more may lie in them, not fewer
APART = Band(0.95, 1.0)
NEW, SAME = brand.CELLS
LOW = 0.90  # employers whose coverage is below are counted
ONCE = ("months",)  # what a study has one of

# What is said, its name in the stored numbers, and what is claimed.
SAID: tuple[tuple[str, str, Band], ...] = (
    ("employers: awareness", "awareness", COVERS),
    ("absolute attractiveness", "absolute", COVERS),
    ("relative attractiveness", "relative", COVERS),
    ("relative, drawn towards the others", "pooled", COVERS),
    ("rank", "rank", RANKED),
    ("set apart by bands, and truly so", "bands.right", APART),
    ("pillar scores drawn towards the sector", "scores", COVERS),
    ("drivers: ideal", "drivers.ideal", COVERS),
    ("own employer", "drivers.own", COVERS),
    ("market", "drivers.market", COVERS),
    ("gap own - ideal", "drivers.gap_own", COVERS),
    ("gap market - own", "drivers.gap_market", COVERS),
    ("rank, ideal", "drivers.rank.ideal", RANKED),
    ("rank, own employer", "drivers.rank.own", RANKED),
    ("rank, market", "drivers.rank.market", RANKED),
    ("set apart in importance, and truly so", "drivers.bands.right", APART),
    ("derived importance", "derived", COVERS),
    ("set apart by it, and truly so", "derived.bands.right", APART),
    ("own work: switching, everybody", "switching.all", COVERS),
    ("switching, by generation", "switching.groups", COVERS),
    ("belonging, everybody", "belonging.all", COVERS),
    ("belonging, by generation", "belonging.groups", COVERS),
    ("reasons to leave", "reasons", COVERS),
    ("months until people belong", "months", COVERS),
)
PARTS = (
    ("awareness: the third that is least known", "awareness.least"),
    ("the third that is best known", "awareness.most"),
    ("relative attractiveness: the third that is least known", "relative.least"),
    ("the third that is best known", "relative.most"),
    ("rank: the three truly best", "rank.top"),
    ("those between", "rank.middle"),
    ("the three truly worst", "rank.bottom"),
    ("scores: employers of fewer than 30", "scores.small"),
    ("employers of 30 and more", "scores.large"),
    ("the third nearest to its sector's mean", "scores.near"),
    ("the third farthest from it", "scores.far"),
)


def judged(frame: pd.DataFrame, name: str, band: Band) -> list[str]:
    """Return a quantity's coverage and interval, the claim, and whether it holds."""
    found = estimate(frame, name)
    return [*found.spelled(True), str(band), band.holds(found)]


def estimate(frame: pd.DataFrame, name: str) -> Estimate:
    """Estimate how often something is true."""
    return share(frame[name]) if name in ONCE else mean(frame[name])


def coverage(folder: Path) -> str:
    """What studies say, and how often it is true."""
    new, same = results(NEW, folder), results(SAME, folder)
    head = ["", f"new employers, {len(new)} studies", "Monte-Carlo interval", "claim", "holds",
            f"the same employers, {len(same)} studies", "Monte-Carlo interval",
            "holds"]  # fmt: skip
    lines = []
    for said, name, band in SAID:
        line = judged(new, name, band)
        again = judged(same, name, band) if name in same else [EMPTY] * 4
        lines.append([said, *line, again[0], again[1], again[3]])
    return markdown(head, lines)


def parts(folder: Path) -> str:
    """Where coverage is not the average one."""
    new, same = results(NEW, folder), results(SAME, folder)
    head = ["", "new employers", "Monte-Carlo interval", "the same employers",
            "Monte-Carlo interval"]  # fmt: skip
    lines = [
        [said, *mean(new[name]).spelled(True), *mean(same[name]).spelled(True)]
        for said, name in PARTS
    ]
    return markdown(head, lines)


def each(folder: Path) -> str:
    """Coverage of single employers, of which the studies are alike."""
    frame = results(SAME, folder)
    head = ["60 employers, the same in all studies", "worst", "second worst", "median", "best",
            f"below {100 * LOW:.0f} %"]  # fmt: skip
    lines = []
    for said, name in (("relative attractiveness", "relative"), ("scores, four pillars", "scores")):
        found = by_employer(frame, name).sort_values()
        ends = [found.iloc[0], found.iloc[1], found.median(), found.iloc[-1]]
        lines.append([said, *[f"{100 * v:.1f} %" for v in ends], str(int((found < LOW).sum()))])
    return markdown(head, lines)


def by_employer(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return each employer's coverage."""
    return frame.filter(regex=rf"^{name}\.\d+$").mean()


def widths(folder: Path) -> str:
    """How much is said: ranges of ranks, bands, and how far scores lie from the true ones."""
    new, same = results(NEW, folder), results(SAME, folder)
    design = DESIGNS[NEW.design.study]
    rows = (
        ("employers that are ranked, of " + str(design.employers), "eligible", ".1f"),
        ("places that an employer's range of ranks holds", "rank.places", ".1f"),
        ("bands of employers", "bands", ".1f"),
        ("places of a driver's range, ideal", "drivers.places.ideal", ".1f"),
        ("own employer", "drivers.places.own", ".1f"),
        ("market", "drivers.places.market", ".1f"),
        ("distance of drawn scores from the true ones (root mean square)", "scores.error", ".3f"),
        ("of plain means", "scores.error.mean", ".3f"),
        ("SD over drivers of true shares of what is explained", "derived.true", ".3f"),
        ("of the shares found", "derived.found", ".3f"),
    )
    lines = []
    for said, name, how in rows:
        again = f"{same[name].mean():{how}}" if name in same else EMPTY
        lines.append([said, f"{new[name].mean():{how}}", again])
    return markdown(["means over studies", "new employers", "the same employers"], lines)


def chance_worst(employers: int, studies: int) -> float:
    """Return what the worst of so many would have in the middle, were each covered at 95 %."""
    rng = np.random.default_rng(20240702)
    return float(np.median(rng.binomial(studies, 0.95, (10_000, employers)).min(axis=1)) / studies)


def brand_tables(folder: Path = RESULTS) -> dict[str, str]:
    """Return the tables under the names by which the page asks for them."""
    return {
        "brand": coverage(folder),
        "brand-parts": parts(folder),
        "brand-each": each(folder),
        "brand-widths": widths(folder),
    }
