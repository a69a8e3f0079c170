"""From the pillars through a shared identity: do intervals of indirect effects keep their word?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

import employer_identity as ei
from employer_identity.measurement.moments import Moments
from employer_identity.structural import model_text
from validation.population import (
    HEAPED,
    ITEMS,
    LOADINGS,
    PILLARS,
    VERY_LARGE,
    Array,
    cut,
    cut_moments,
    pattern,
    pillar_covariance,
)
from validation.running import Cell, Row

MEDIATOR, OUTCOMES = "shared_identity", ("communication", "wellbeing", "recommend")
ANSWERS = (MEDIATOR, *OUTCOMES)
TO_MEDIATOR = np.array([0.30, 0.10, 0.25, 0.10])  # of the answers before they are cut, SD 1
DIRECT = np.array([[0.10, 0.30, 0.05, 0.00], [0.10, 0.10, 0.20, 0.00], [0.15, 0.10, 0.10, 0.15]])
FROM_MEDIATOR = np.array([0.20, 0.30, 0.35])
EVEN = (0.03, 0.05, 0.10, 0.17, 0.25, 0.24, 0.16)
BETWEEN = 0.10  # share of the variance of pillars and answers that lies between employers
FACTORS = {f: tuple(f"{s}{k}" for k in range(1, 5)) for f, s in PILLARS.items()}
TEXT = model_text(FACTORS, MEDIATOR, OUTCOMES)


@dataclass(frozen=True)
class Study:
    """People in employers, and the shares of their answers 1 to 7."""

    employers: int
    people: int
    shares: Sequence[float]


def weights() -> Array:
    """Return what each answer owes to the pillars in all, (4, 4): the mediator, then outcomes."""
    return np.vstack([TO_MEDIATOR, DIRECT + FROM_MEDIATOR[:, None] * TO_MEDIATOR])


def noise() -> Array:
    """Return covariances of what the pillars leave of the four answers, each of SD 1 in all."""
    phi = pillar_covariance()
    own = 1 - TO_MEDIATOR @ phi @ TO_MEDIATOR
    through = np.concatenate([[1.0], FROM_MEDIATOR])  # the mediator's noise reaches the outcomes
    found = own * np.outer(through, through)
    explained = np.diag(weights() @ phi @ weights().T)
    np.fill_diagonal(found, 1 - explained)
    return np.asarray(found)


def correlation() -> Array:
    """Return correlations of all answers before they are cut, (20, 20)."""
    loadings = np.vstack([pattern(), weights()])
    found = loadings @ pillar_covariance() @ loadings.T
    found[len(ITEMS) :, len(ITEMS) :] += noise()
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def draw(design: Study, rng: np.random.Generator) -> pd.DataFrame:
    """Draw answers; a tenth of pillars and of the answers' noise is the employer's."""
    employer = np.repeat(np.arange(design.employers), design.people)
    n = len(employer)

    def parted(covariance: Array) -> Array:
        root = np.linalg.cholesky(covariance)
        own = rng.normal(size=(n, len(root))) * np.sqrt(1 - BETWEEN)
        own += rng.normal(size=(design.employers, len(root)))[employer] * np.sqrt(BETWEEN)
        return np.asarray(own @ root.T)

    factors = parted(pillar_covariance())
    items = factors @ pattern().T + rng.normal(size=(n, len(ITEMS))) * np.sqrt(1 - LOADINGS**2)
    answers = factors @ weights().T + parted(noise())
    found = cut(np.hstack([items, answers]), design.shares)
    return pd.DataFrame(found, columns=[*ITEMS, *ANSWERS]).assign(employer=employer)


def _read(fit: ei.Fit) -> ei.Pathways:
    return ei.Pathways(fit, MEDIATOR, OUTCOMES, tuple(PILLARS))


@cache
def truth(shares: tuple[float, ...]) -> pd.DataFrame:
    """Return the population's effects: of the model fitted to exact moments of cut answers."""
    names = [*ITEMS, *ANSWERS]
    mean, covariance = cut_moments(np.zeros(len(names)), correlation(), shares)
    moments = Moments.published(names, n=VERY_LARGE, covariance=covariance, means=mean)
    return _read(ei.cfa(moments, TEXT, std_lv=True)).effects


def replicate(design: Study, rng: np.random.Generator) -> Row:
    """Fit one study and say which intervals hold the population's effects."""
    found = _read(ei.cfa(draw(design, rng), TEXT, cluster="employer", std_lv=True)).effects
    true = truth(tuple(design.shares))
    row: Row = {}
    for effect in ("direct", "indirect", "total"):
        at = (found["effect"] == effect).to_numpy()
        for name, part in (("raw", ("est", "ci_lower", "ci_upper")),
                           ("std", ("std", "std_lower", "std_upper"))):  # fmt: skip
            est, low, high = part
            value = true.loc[at, est].to_numpy()
            inside = (found.loc[at, low].to_numpy() <= value) & (
                value <= found.loc[at, high].to_numpy()
            )
            row[f"{effect}.{name}.covered"] = float(inside.mean())
    indirect = found[found["effect"] == "indirect"]
    for k, (est, se) in enumerate(zip(indirect["est"], indirect["se"], strict=True)):
        row |= {f"indirect.{k}": float(est), f"indirect.se.{k}": float(se)}
    return row


CELLS = (
    Cell("pathways-even", Study(50, 20, EVEN), replicate, 400),
    Cell("pathways-heaped", Study(50, 20, HEAPED), replicate, 400),
)
