"""Simulated cut-offs held against surveys in which nothing differs: the warp-speed method.

Of each clean survey the ladder is climbed, and one survey is drawn from each rung's stricter model,
as `simulated_cutoffs` draws its many. Over all clean surveys, those draws have the distribution
that the cut-offs are quantiles of, and the share of clean surveys beyond them is the rule's error
rate (Giacomini, Politis & White 2013), at the price of one draw a survey instead of 500.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

import employer_identity as ei
from employer_identity.cutoffs import PLACES
from employer_identity.levels import Level
from employer_identity.simulated import comparisons, step_of
from validation.ceiling import Two, draw
from validation.population import HEAPED, ITEMS, MODEL
from validation.running import Cell, Row

LEVELS: tuple[Level, ...] = ("metric", "scalar")
"""Strict is left out: of heaped answers residual variances do differ where means do."""
MISSING = 0.05


@dataclass(frozen=True)
class Pierced:
    """Two groups of whose answers some are missing completely at random.

    Parameters
    ----------
    people
        The groups.
    missing
        Share of the answers.
    """

    people: Two
    missing: float = MISSING


def pierced(design: Pierced, rng: np.random.Generator) -> pd.DataFrame:
    """Draw answers and leave some out."""
    frame = draw(design.people, rng)
    items = list(ITEMS)
    frame[items] = frame[items].mask(rng.random((len(frame), len(items))) < design.missing)
    return frame


def replicate(design: Pierced, rng: np.random.Generator) -> Row:
    """Note how much the indices change in a clean survey, and in one drawn from its model."""
    ladder = ei.invariance(
        pierced(design, rng), MODEL, group="group", rule="cheung_rensvold_2002",
        on_reject="continue",
    )  # fmt: skip
    compared, row = comparisons(ladder), Row()
    for level in LEVELS:
        model = ladder.rungs[level].first
        drawn = step_of(ladder, compared[level]).changes(rng)
        for place, index in enumerate(PLACES):
            row[f"clean.{index}.{level}"] = float(getattr(model, f"d_{index}"))
            row[f"drawn.{index}.{level}"] = math.nan if drawn is None else drawn[place]
    return row


CELLS = (Cell("cutoffs-300", Pierced(Two(300, HEAPED)), replicate, 1860),)
