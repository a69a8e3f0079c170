"""The tables of simulated cut-offs: error rates beside those of fixed ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from employer_identity.criteria import CHEN_LARGE, CHEN_SMALL, ChangeIndex
from employer_identity.cutoffs import PLACES, beyond, quantile
from validation.cutoffs import CELLS, LEVELS
from validation.intervals import BOOTSTRAPS, Estimate, share
from validation.running import RESULTS, results
from validation.tables import Band, counted, markdown

LEVEL = 0.05
HOLDS = Band(0.03, 0.07)


def rate(frame: pd.DataFrame, index: ChangeIndex, level: str) -> tuple[float, Estimate]:
    """Return the cut-off, and how often clean surveys are beyond it; bootstrapped over surveys.

    The interval holds what is uncertain about the cut-off too.
    """
    names = [f"{what}.{index}.{level}" for what in ("clean", "drawn")]
    pairs = frame[names].dropna().to_numpy(dtype=float)
    cutoff, found = _rate(pairs, index)
    rng = np.random.default_rng(20240521)
    several = [
        _rate(pairs[at], index)[1] for at in rng.integers(len(pairs), size=(BOOTSTRAPS, len(pairs)))
    ]
    low, high = np.quantile(several, (0.025, 0.975))
    return cutoff, Estimate(found, float(low), float(high))


def _rate(pairs: np.ndarray, index: ChangeIndex) -> tuple[float, float]:
    cutoff = quantile(pairs[:, 1], index, LEVEL)
    return cutoff, float(beyond(pairs[:, 0], index, cutoff).mean())


def rates_table(folder: Path) -> str:
    """How often each index rejects a rung of a clean survey."""
    head = ["", "rung", "index", "simulated cut-off", "rejects", "Monte-Carlo interval", "band",
            "within", "Chen's fixed cut-off", "rejects", "for small groups",
            "rejects"]  # fmt: skip
    lines = []
    for cell in CELLS:
        frame = results(cell, folder)
        title = f"{cell.design.people.n:,} a group, {counted(frame)}"
        for level in LEVELS:
            for index in PLACES:
                cutoff, found = rate(frame, index, level)
                clean = frame[f"clean.{index}.{level}"].dropna()
                line = [title, level, index.upper(), f"{cutoff:.4f}", *found.spelled(True)]
                line += [str(HOLDS), HOLDS.holds(found)]
                for rule in (CHEN_LARGE, CHEN_SMALL):
                    fixed = rule.cutoffs[level][index]
                    rejects = share(pd.Series(beyond(clean.to_numpy(), index, fixed)))
                    line += [f"{fixed:.3f}", rejects.spelled(True)[0]]
                lines.append(line)
                title = ""
    return markdown(head, lines)


def cutoffs_tables(folder: Path = RESULTS) -> dict[str, str]:
    """Return every table under the name by which the page asks for it."""
    return {"cutoffs": rates_table(folder)}
