"""Employers that cross generations: are the standard errors of generation gaps right?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

import employer_identity as ei
from employer_identity.measurement.normal import expand
from employer_identity.measurement.robust import Meat
from validation.population import EQUAL, ITEMS, LOADINGS, MODEL, PILLARS, pattern, pillar_covariance
from validation.running import Cell, Row

GENERATIONS = ("boomer", "x", "millennial", "z")
SHARES = (0.15, 0.30, 0.35, 0.20)
SHIFTS = (0.0, 0.1, 0.2, 0.3)  # below the first generation's mean, in its SD
LEVEL = 0.05
ITEM_LEVELS = 0.05  # of an item's residual variance: employers' own levels of the item


@dataclass(frozen=True)
class Employers:
    """Employers with people of every generation.

    Parameters
    ----------
    employers, people
        How many, and in each.
    level
        Share of the pillars' variance that lies between employers.
    gap
        Share of it that lies between the generations of one employer, beyond the gaps that all
        employers have.
    """

    employers: int
    people: int
    level: float
    gap: float


def draw(design: Employers, rng: np.random.Generator) -> pd.DataFrame:
    """Draw answers, continuous and normal; the pillars have variance 1 in all."""
    employer = np.repeat(np.arange(design.employers), design.people)
    generation = rng.choice(len(GENERATIONS), size=len(employer), p=SHARES)
    root = np.linalg.cholesky(pillar_covariance())

    def pillars(share: float, *count: int) -> np.ndarray:
        return np.asarray(np.sqrt(share) * rng.normal(size=(*count, len(PILLARS))) @ root.T)

    eta = pillars(1 - design.level - design.gap, len(employer))
    eta += pillars(design.level, design.employers)[employer]
    eta += pillars(design.gap, design.employers, len(GENERATIONS))[employer, generation]
    eta -= np.asarray(SHIFTS)[generation, None]
    own = rng.normal(size=(len(employer), len(ITEMS))) * np.sqrt(1 - ITEM_LEVELS)
    own += rng.normal(size=(design.employers, len(ITEMS)))[employer] * np.sqrt(ITEM_LEVELS)
    answers = eta @ pattern().T + own * np.sqrt(1 - LOADINGS**2)
    return pd.DataFrame(answers, columns=list(ITEMS)).assign(
        employer=employer,
        group=pd.Categorical.from_codes(generation, list(GENERATIONS), ordered=True),
    )


def fitted(frame: pd.DataFrame) -> ei.Fit:
    """Fit the scalar rung of the generations, people clustered in employers."""
    return ei.cfa(
        frame, MODEL, group="group", cluster="employer", equal=EQUAL["scalar"], std_lv=True
    )


def gaps(fit: ei.Fit) -> pd.DataFrame:
    """Latent means of the later generations."""
    e = fit.estimates
    of_pillars = (e["op"] == "~1") & e["lhs"].isin(list(PILLARS))
    return e[of_pillars & (e["group"] != GENERATIONS[0])]


def errors_by_group(fit: ei.Fit) -> np.ndarray:
    """Standard errors of all parameters with scores added up within each generation only, (q,)."""
    assert fit.sandwich is not None
    assert fit.rows is not None
    at = expand(fit.saturated.patterns, fit.implied.Sigma, fit.implied.mu)
    assert at is not None
    own, within = fit.sandwich.bread, fit.rows.meat(at, fit.implied.mu)
    apart = Meat(own.of_moments(within).by_cell, own.arrow)
    return np.asarray(np.sqrt(np.diag(fit.inverse @ apart.dense @ fit.inverse) / fit.ntotal))


def replicate(design: Employers, rng: np.random.Generator) -> Row:
    """Note each gap with its standard error both ways, and the tests."""
    fit = fitted(draw(design, rng))
    found = gaps(fit)
    apart = errors_by_group(fit)[found["parameter"].to_numpy()]
    row = {"scalar.p": fit.reported["pvalue"]}
    tests = fit.score_tests()
    for name, op in (("loadings", "=~"), ("intercepts", "~1")):
        pvalues = tests.loc[tests["op"] == op, "pvalue"]
        row[f"{name}.score"] = float((pvalues < LEVEL).mean())
    truth = -np.asarray(SHIFTS)[[GENERATIONS.index(g) for g in found["group"]]]
    off = np.abs(found["est"].to_numpy() - truth)
    t = float(stdtrit(design.employers - 1, 0.975))
    row["covered"] = float((off <= 1.96 * found["se"]).mean())
    row["covered.t"] = float((off <= t * found["se"]).mean())
    row["covered.by_group"] = float((off <= 1.96 * apart).mean())
    for k, (est, se, other) in enumerate(zip(found["est"], found["se"], apart, strict=True)):
        row |= {f"gap.{k}": est, f"se.{k}": se, f"by_group.{k}": other}
    return row


CELLS = (
    Cell("crossed-24-equal", Employers(24, 200, level=0.08, gap=0.0), replicate, 500),
    Cell("crossed-24-differing", Employers(24, 200, level=0.06, gap=0.02), replicate, 500),
    Cell("crossed-24-large", Employers(24, 600, level=0.10, gap=0.0), replicate, 500),
    Cell("crossed-100-differing", Employers(100, 48, level=0.06, gap=0.02), replicate, 500),
)
