"""Answers missing at random: full information beside complete rows only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

import employer_identity as ei
from validation.ceiling import Two, draw
from validation.population import EQUAL, HEAPED, MODEL, PILLARS, covered, parts, population_fit
from validation.running import Cell, Row

LATER = {
    "entrepreneurship": "pro",
    "impresarioship": "adv",
}  # left out, by what was answered before
STRAY = 0.02  # chance of any answer to a later pillar to be left out for no reason


@dataclass(frozen=True)
class Holes:
    """Two groups with answers missing.

    Parameters
    ----------
    people
        The groups.
    middle, slope
        Logit of a later pillar's chance to be left out by somebody of average answers on the
        pillar that it depends on, and by how much lower answers raise it, per SD.
    """

    people: Two
    middle: float = -0.6
    slope: float = 1.2


def pierced(design: Holes, rng: np.random.Generator) -> pd.DataFrame:
    """Draw answers; who answers low on the first pillars skips the later ones."""
    frame = draw(design.people, rng).astype({"group": "category"})
    for later, earlier in LATER.items():
        seen = frame[[f"{earlier}{k}" for k in range(1, 5)]].mean(axis=1)
        z = (seen - seen.mean()) / seen.std()
        skips = rng.random(len(frame)) < expit(design.middle - design.slope * z)
        frame.loc[skips, [f"{PILLARS[later]}{k}" for k in range(1, 5)]] = np.nan
    # no stray hole in the first pillars: what the later ones depend on must be there to be seen
    items = [f"{PILLARS[later]}{k}" for later in LATER for k in range(1, 5)]
    frame[items] = frame[items].mask(rng.random((len(frame), len(items))) < STRAY)
    return frame


def replicate(design: Holes, rng: np.random.Generator) -> Row:
    """Note errors and coverage in the later pillars, from all answers and from complete rows."""
    frame = pierced(design, rng)
    truth = parts(population_fit(design.people.shift, design.people.shares, "scalar").estimates)
    row: Row = {"complete": float(frame.iloc[:, :16].notna().all(axis=1).mean())}
    for missing in ("fiml", "listwise"):
        fit = ei.cfa(
            frame, MODEL, group="group", equal=EQUAL["scalar"], std_lv=True, missing=missing
        )
        ours = parts(fit.estimates)
        row[f"{missing}.p"] = fit.reported["pvalue"]
        for name, found in ours.items():
            true = truth[name]
            later = _later(found).to_numpy()
            off = (found["est"].to_numpy() - true["est"].to_numpy())[later]
            row[f"{missing}.{name}.bias"] = float(off.mean())
            row[f"{missing}.{name}.covered"] = covered(found[later], true[later])
    return row


def _later(found: pd.DataFrame) -> pd.Series:
    """Mark what is about a pillar with holes."""
    shorts = tuple(PILLARS[name] for name in LATER)
    return found["lhs"].isin(list(LATER)) | found["lhs"].str.startswith(shorts)


CELLS = (
    Cell("missing-normal", Holes(Two(500, shares=())), replicate, 500),
    Cell("missing-ceiling", Holes(Two(500, HEAPED)), replicate, 500),
)
