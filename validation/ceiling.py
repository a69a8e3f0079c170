"""Answers heaped at the top of the scale: tests, intervals and score tests, robust and plain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

import employer_identity as ei
from employer_identity.cfa import Estimator
from employer_identity.presets import PRESETS
from validation.population import (
    EQUAL,
    HEAPED,
    ITEMS,
    MODEL,
    covered,
    cut,
    draw_group,
    parts,
    population_fit,
)
from validation.running import Cell, Row

LEVEL = 0.05


@dataclass(frozen=True)
class Two:
    """Two groups that answer the same items.

    Parameters
    ----------
    n
        People in each.
    shares
        Of the answer categories; empty: the answers are normal.
    shift
        Of the second group's pillars.
    """

    n: int
    shares: tuple[float, ...] = HEAPED
    shift: tuple[float, ...] = (-0.3, 0.0, -0.15, 0.2)


def draw(design: Two, rng: np.random.Generator) -> pd.DataFrame:
    """Draw both groups' answers."""
    groups = [draw_group(design.n, shift, rng) for shift in ((0.0,) * 4, design.shift)]
    answers = cut(np.concatenate(groups), design.shares)
    frame = pd.DataFrame(answers, columns=list(ITEMS))
    return frame.assign(group=np.repeat(["a", "b"], design.n))


def replicate(design: Two, rng: np.random.Generator) -> Row:
    """Fit the three rungs by both estimators; note what each says."""
    frame = draw(design, rng)
    return measured(design, frame, "MLR", "robust") | measured(design, frame, "ML", "plain")


def measured(design: Two, frame: pd.DataFrame, estimator: Estimator, name: str) -> Row:
    """Return p values, coverage and rejected score tests of one estimator."""
    fits = {
        level: ei.cfa(frame, MODEL, group="group", equal=equal, std_lv=True, estimator=estimator)
        for level, equal in {"configural": (), **EQUAL}.items()
    }
    truth = parts(population_fit(design.shift, design.shares, "scalar").estimates)
    ours = parts(fits["scalar"].estimates)
    loadings = fits["metric"].score_tests()
    levels = fits["scalar"].score_tests().query("op == '~1'")
    gap = ours["gaps"].iloc[0]
    return {
        f"{name}.metric.p": fits["metric"].reported["pvalue"],
        f"{name}.scalar.p": fits["scalar"].reported["pvalue"],
        f"{name}.loadings.difference.p": ei.difference_test(
            fits["metric"], fits["configural"]
        ).pvalue,
        f"{name}.intercepts.difference.p": ei.difference_test(
            fits["scalar"], fits["metric"]
        ).pvalue,
        f"{name}.loadings.covered": covered(ours["loadings"], truth["loadings"]),
        f"{name}.gaps.covered": covered(ours["gaps"], truth["gaps"]),
        f"{name}.loadings.score": float((loadings["pvalue"] < LEVEL).mean()),
        f"{name}.intercepts.score": float((levels["pvalue"] < LEVEL).mean()),
        f"{name}.gap": gap["est"],
        f"{name}.gap.se": gap["se"],
    }


CELLS = (
    Cell("ceiling-300", Two(300), replicate, 1000),
    Cell("ceiling-1000", Two(1000), replicate, 1000),
    Cell("normal-1000", Two(1000, shares=()), replicate, 500),
    Cell("preset-1000", Two(1000, shares=PRESETS["other_rated"].shares), replicate, 500),
    Cell("ceiling-4000", Two(4000), replicate, 300),
)
