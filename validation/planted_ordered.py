"""Differences planted in one group's ordered categories: are they found, is the rest left alone?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

import employer_identity as ei
from employer_identity.rungs import Constraint
from validation.planted import FOCAL, LABELS, shifts
from validation.population import (
    HEAPED,
    ITEMS,
    LOADINGS,
    MODEL,
    PILLARS,
    pillar_covariance,
    thresholds,
)
from validation.running import Cell, Row

OFF_LEVEL = {"adv2": -0.5}  # an intercept: all thresholds of an item that much higher
OFF_TOP = {"ent2": 0.5}  # the highest threshold alone
OFF_LOADING = {"imp3": -0.2}  # of a loading of .80, the residual variance as it was
KINDS = ("threshold", "loading", "intercept", "residual")
DIFFERING = (*OFF_LEVEL, *OFF_TOP, *OFF_LOADING)


@dataclass(frozen=True)
class Categories:
    """Groups that answer 16 items on seven points, half of the answers at the top.

    Parameters
    ----------
    groups, n
        How many, and people in each.
    planted
        Whether something differs in the second group.
    """

    groups: int
    n: int
    planted: bool


def draw(design: Categories, rng: np.random.Generator) -> pd.DataFrame:
    """Draw all groups' answers."""
    cuts = np.tile(thresholds(HEAPED), (len(ITEMS), 1))
    frames = []
    for label, shift in zip(LABELS, shifts(design.groups), strict=False):
        off = design.planted and label == FOCAL
        level, top, lower = (
            np.array([of.get(item, 0.0) if off else 0.0 for item in ITEMS])
            for of in (OFF_LEVEL, OFF_TOP, OFF_LOADING)
        )
        own = cuts.copy()
        own[:, -1] += top
        eta = rng.multivariate_normal(shift, pillar_covariance(), design.n, method="cholesky")
        noise = rng.normal(size=(design.n, len(ITEMS))) * np.sqrt(1 - LOADINGS**2)
        y = level + eta[:, np.repeat(np.arange(len(PILLARS)), 4)] * (LOADINGS + lower) + noise
        answers = 1.0 + (y[:, :, None] > own).sum(axis=2)
        frames.append(pd.DataFrame(answers, columns=list(ITEMS)).assign(group=label))
    return pd.concat(frames, ignore_index=True)


def replicate(design: Categories, rng: np.random.Generator) -> Row:
    """Climb; note what was set aside, and how far the focal group's latent means are off.

    The same answers are climbed once more as numbers (MLR), under names that begin so.
    """
    frame = draw(design, rng)
    ladder = ei.invariance(frame, MODEL, group="group", ordered=True)
    numbers = releases(design, ei.invariance(frame, MODEL, group="group"))
    beside = {f"numbers.{name}": value for name, value in numbers.items()}
    return {**releases(design, ladder), **gaps(design, ladder), **beside}


def releases(design: Categories, ladder: ei.Ladder) -> Row:
    """Note which planted cells were set aside, and what else was, a kind at a time.

    What merely follows another release is counted once, with it. Of the items in which something
    differs the other cells are no errors: what these are depends on the one that differs.
    """
    found = [r.constraint for r in ladder.set_aside(ladder.levels[-1]) if r.why != "follows"]
    focal = [c for c in found if c.group == FOCAL]
    row: Row = {}
    if design.planted:
        count = ladder.prepared.ordered.thresholds
        row |= {
            f"freed.{item}": float(any(c.item == item for c in focal))  # its loading may go first
            for item in OFF_LEVEL
        }
        for item in OFF_TOP:
            own = [c for c in focal if c.item == item and c.kind == "threshold"]
            row[f"freed.{item}|top"] = float(any(c.threshold == count.get(item) for c in own))
            row[f"freed.{item}|any"] = float(bool(own))
        for item in OFF_LOADING:
            mine = [c for c in focal if c.item == item]
            row[f"freed.=~{item}"] = float(any(c.kind == "loading" for c in mine))
    for kind in KINDS:
        row[f"false.{kind}"] = float(any(c.kind == kind and _false(design, c) for c in found))
    row["reached"] = -1 if ladder.level is None else ladder.levels.index(ladder.level)
    return row


def _false(design: Categories, constraint: Constraint) -> bool:
    """Whether what was set aside is equal in the population."""
    return not design.planted or constraint.group != FOCAL or constraint.item not in DIFFERING


def gaps(design: Categories, ladder: ei.Ladder) -> Row:
    """Note how far the focal group's latent means are off after the climb, in the first's SDs."""
    row: Row = {}
    truth = shifts(design.groups)[1]
    reached = ladder.level in ("scalar", "strict")
    for k, (pillar, short) in enumerate(PILLARS.items()):
        if not reached:
            row[f"after.{short}"] = row[f"covered.{short}"] = math.nan
            continue
        e = ladder["scalar"].estimates
        gap = e[(e["op"] == "~1") & (e["group"] == FOCAL) & (e["lhs"] == pillar)].iloc[0]
        row[f"after.{short}"] = gap["est"] - truth[k]
        row[f"covered.{short}"] = float(gap["ci_lower"] <= truth[k] <= gap["ci_upper"])
    return row


def cells(name: str, replications: int, *, planted: bool) -> tuple[Cell, ...]:
    """Return one kind of population in each size."""
    return tuple(
        Cell(f"{name}-2-{n}", Categories(2, n, planted), replicate, replications)
        for n in (300, 1000)
    )


PLANTED_CELLS = cells("planted-ordered", 400, planted=True)
CLEAN_CELLS = cells("clean-ordered", 400, planted=False)
CELLS = (*PLANTED_CELLS, *CLEAN_CELLS)
