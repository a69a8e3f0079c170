"""Differences planted in one group: does the climb find them, and does it leave the rest alone?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

import employer_identity as ei
from employer_identity.cfa import Estimator, estimate
from employer_identity.criteria import RULES, Localised
from employer_identity.levels import Level
from employer_identity.measurement.moments import Moments
from employer_identity.rungs import Constraint, Model
from validation.population import (
    EQUAL,
    HEAPED,
    ITEMS,
    LOADINGS,
    MODEL,
    PILLARS,
    VERY_LARGE,
    cut,
    exact_moments,
    pillar_covariance,
)
from validation.running import Cell, Row

LABELS = tuple("abcdefghijkl")
FOCAL = "b"  # the group in which something is planted; a is the reference group
OFF_LEVEL = {"adv2": -0.5, "ent3": -0.5}  # intercepts, each in a pillar of its own
OFF_LOADING = -0.2
SHIFT = (-0.3, 0.0, -0.15, 0.2)  # of the second group's pillars
RUNGS: tuple[Level, ...] = ("configural", "metric", "scalar", "strict")
SCALAR = RUNGS.index("scalar")
KINDS = ("loading", "intercept", "residual")


@dataclass(frozen=True)
class Groups:
    """Groups that answer the same items.

    Parameters
    ----------
    groups, n
        How many, and people in each.
    planted
        The item of one group whose loading is lower, beside two items whose intercepts are; in SDs
        of the other groups' items. Empty: nothing differs.
    shares
        Of the answer categories; empty: the answers are normal.
    """

    groups: int
    n: int
    planted: str = ""
    shares: tuple[float, ...] = ()

    @property
    def differing(self) -> tuple[str, ...]:
        """What differs in the focal group, as a ladder spells it."""
        if not self.planted:
            return ()
        return (*(f"{item}~1" for item in OFF_LEVEL), f"impresarioship=~{self.planted}")

    @property
    def estimator(self) -> Estimator:
        """ML where it is right, else MLR."""
        return "MLR" if self.shares else "ML"


def shifts(groups: int) -> np.ndarray:
    """Latent means of the groups, (groups, 4): 0 in the first, up to .3 SD off in the others."""
    return np.array(
        [np.zeros(4)] + [np.roll(SHIFT, g - 1) * (-1) ** ((g - 1) // 4) for g in range(1, groups)]
    )


def draw(design: Groups, rng: np.random.Generator) -> pd.DataFrame:
    """Draw all groups' answers."""
    frames = []
    for label, shift in zip(LABELS, shifts(design.groups), strict=False):
        focal = design.planted and label == FOCAL
        level = np.array([OFF_LEVEL.get(item, 0.0) if focal else 0.0 for item in ITEMS])
        lower = np.array(
            [OFF_LOADING if focal and item == design.planted else 0.0 for item in ITEMS]
        )
        eta = rng.multivariate_normal(shift, pillar_covariance(), design.n, method="cholesky")
        noise = rng.normal(size=(design.n, len(ITEMS))) * np.sqrt(1 - LOADINGS**2)
        answers = level + eta[:, np.repeat(np.arange(4), 4)] * (LOADINGS + lower) + noise
        frame = pd.DataFrame(cut(answers, design.shares), columns=list(ITEMS))
        frames.append(frame.assign(group=label))
    return pd.concat(frames, ignore_index=True)


@cache
def true_gaps(design: Groups) -> tuple[float, ...]:
    """Latent means of the focal group, (4,), in the reference group's SDs."""
    if not design.shares:
        return tuple(float(v) for v in shifts(design.groups)[1])
    return tuple(_gaps(population_fit(design))["est"])


@cache
def population_fit(design: Groups) -> ei.Fit:
    """Fit the scalar model to the exact moments of all groups' cut answers."""
    parts = {}
    for label, shift in zip(LABELS, shifts(design.groups), strict=False):
        mean, covariance = exact_moments(shift, design.shares)
        parts[label] = Moments.published(ITEMS, n=VERY_LARGE, covariance=covariance, means=mean)
    return ei.cfa(
        Moments.of_groups(parts), MODEL, group="group", equal=EQUAL["scalar"], std_lv=True
    )


def replicate(design: Groups, rng: np.random.Generator) -> Row:
    """Climb; note what was set aside, the focal group's gaps, and what each rule says."""
    ladder = ei.invariance(draw(design, rng), MODEL, group="group", estimator=design.estimator)
    full = with_all_constraints(ladder)
    reached = -1 if ladder.level is None else RUNGS.index(ladder.level)
    return {
        **releases(design, ladder),
        **gaps(design, full["scalar"].fit, ladder["scalar"] if reached >= SCALAR else None),
        **rules(full),
        **least(ladder),
        "reached": reached,
    }


def with_all_constraints(ladder: ei.Ladder) -> dict[Level, Model]:
    """Return the metric and the scalar rung before anything was set aside.

    As `Ladder.unreleased` has them, without the strict one's fit.
    """
    metric, scalar = ladder.rungs["metric"].first, ladder.rungs.get("scalar")
    if scalar is None or ladder.set_aside("scalar", before=True):
        fit = estimate(
            ladder.prepared, ladder.group, equal=EQUAL["scalar"], std_lv=True,
            near=metric.fit.values, like=ladder["configural"],
        )  # fmt: skip
        return {"metric": metric, "scalar": Model("scalar", fit, metric.fit)}
    if scalar.first.below is metric.fit:
        return {"metric": metric, "scalar": scalar.first}
    return {"metric": metric, "scalar": Model("scalar", scalar.first.fit, metric.fit)}


def releases(design: Groups, ladder: ei.Ladder) -> Row:
    """Note which planted cells were freed, and what else was, a kind at a time.

    An intercept that follows a loading counts with the loading. Of the item whose loading differs
    neither intercept nor residual variance is false: what they are depends on the loading.
    """
    searched = [r.constraint for r in ladder.set_aside(ladder.levels[-1]) if r.why != "follows"]
    found = {(c.parameter, c.group) for c in searched}
    row = {f"freed.{name}": float((name, FOCAL) in found) for name in design.differing}
    for kind in KINDS:
        row[f"false.{kind}"] = float(any(c.kind == kind and _false(design, c) for c in searched))
    return row


def _false(design: Groups, constraint: Constraint) -> bool:
    """Whether what was set aside is equal in the population."""
    if constraint.group != FOCAL:
        return True
    return constraint.parameter not in design.differing and constraint.item != design.planted


def gaps(design: Groups, full: ei.Fit, climbed: ei.Fit | None) -> Row:
    """Note how far the focal group's gaps are off, with all constraints and after the climb."""
    truth, row = np.array(true_gaps(design)), {}
    before = _gaps(full)
    after = before * np.nan if climbed is None else _gaps(climbed)
    inside = (after["ci_lower"] <= truth) & (truth <= after["ci_upper"])
    for k, short in enumerate(PILLARS.values()):
        row[f"full.{short}"] = before["est"].iloc[k] - truth[k]
        row[f"after.{short}"] = after["est"].iloc[k] - truth[k]
        row[f"covered.{short}"] = math.nan if climbed is None else float(inside.iloc[k])
    return row


def _gaps(fit: ei.Fit) -> pd.DataFrame:
    """Latent means of the focal group with their intervals, in the order of the pillars."""
    e = fit.estimates[(fit.estimates["op"] == "~1") & (fit.estimates["group"] == FOCAL)]
    return e.set_index("lhs").loc[list(PILLARS), ["est", "ci_lower", "ci_upper"]]


def rules(full: Mapping[Level, Model]) -> Row:
    """Note which rules reject equal loadings and equal intercepts, all constraints in place."""
    row = {}
    for level, model in full.items():
        for name, rule in RULES.items():
            verdict = model.judged_by(rule)
            assert verdict is not None
            row[f"{name}.{level}"] = float(not verdict.holds)
    return row


def least(ladder: ei.Ladder) -> Row:
    """Note the smallest p value of what matters, before anything was set aside on a rung.

    Held against another level it says what a ladder of that level would have found first.
    """
    row = {}
    for level in ("metric", "scalar"):
        rung = ladder.rungs.get(level)
        found = Localised(alpha=2.0).culprits(rung.first.score_tests) if rung else pd.DataFrame()
        row[f"least.{level}"] = float(found["pvalue_holm"].min()) if len(found) else 1.0
    return row


def cells(
    name: str, sizes: tuple[int, ...], replications: int, planted: str = "",
    shares: tuple[float, ...] = (),
) -> tuple[Cell, ...]:  # fmt: skip
    """Return one kind of population with each number of groups, in each size."""
    return tuple(
        Cell(f"{name}-{groups}-{n}", Groups(groups, n, planted, shares), replicate, replications)
        for n in sizes
        for groups in (2, 4, 12)
    )


PLANTED_CELLS = cells("planted", (300, 1000), 400, "imp3")  # a loading of .80
WEAKER_CELLS = cells("planted-weaker", (300,), 400, "imp2")  # of .75
CLEAN_CELLS = cells("clean", (300, 1000), 400)
HEAPED_CELLS = cells("clean-ceiling", (300, 1000), 400, shares=HEAPED)
CELLS = (*PLANTED_CELLS, *CLEAN_CELLS, *HEAPED_CELLS, *WEAKER_CELLS)
