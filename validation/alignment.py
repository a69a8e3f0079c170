"""Thirty groups on one scale: are aligned means those that were drawn, and how sure?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import employer_identity as ei
from employer_identity.latent import means_of
from employer_identity.measurement.moments import Moments
from validation.population import LOADINGS
from validation.running import Cell, Row

ITEMS = ("adv1", "adv2", "adv3", "adv4")
MODEL = "advancement =~ " + " + ".join(ITEMS)
OFF = 0.5  # of an intercept, up or down, in SDs of the item
EQUAL = ("loadings", "intercepts")


@dataclass(frozen=True)
class Many:
    """Groups with means of their own on one pillar.

    Parameters
    ----------
    groups, n
        How many, and people in each.
    spread
        Standard deviation of the groups' means, in that of the pillar within a group.
    off
        Share of the groups in which one item's intercept differs, a random one.
    """

    groups: int
    n: int
    spread: float
    off: float


def draw(design: Many, rng: np.random.Generator) -> tuple[Moments, np.ndarray, np.ndarray]:
    """Draw moments, the groups' means (G,) and which intercepts are off (4, G)."""
    mean = rng.normal(0.0, design.spread, design.groups)
    planted = np.zeros((len(ITEMS), design.groups), dtype=bool)
    some = np.arange(round(design.off * design.groups))
    planted[rng.integers(len(ITEMS), size=len(some)), some] = True
    size = OFF * rng.choice([-1.0, 1.0], design.groups)
    loadings = LOADINGS[: len(ITEMS)]
    parts = []
    for g in range(design.groups):
        factor = rng.normal(mean[g], 1.0, design.n)
        noise = rng.normal(size=(design.n, len(ITEMS))) * np.sqrt(1 - loadings**2)
        parts.append(factor[:, None] * loadings + noise + planted[:, g] * size[g])
    codes = np.repeat(np.arange(design.groups), design.n)
    # the reference group is one in which nothing is off, where there is one
    labels = tuple(f"g{g:02d}" for g in range(design.groups))
    moments = Moments.of(ITEMS, np.concatenate(parts), codes, labels)
    return moments.arranged(labels[::-1]), mean[::-1], planted[:, ::-1]


def replicate(design: Many, rng: np.random.Generator) -> Row:
    """Note how aligned means and places agree with those drawn, and what is said to differ."""
    moments, mean, planted = draw(design, rng)
    alignment = ei.align(moments, MODEL, group="group")
    means, shares = alignment.means, alignment.shares.iloc[0]
    truth = mean - mean[0]
    est = means["est"].to_numpy()
    inside = (means["ci_lower"] <= truth) & (truth <= means["ci_upper"])
    kinds = alignment.parameters.pivot(index=["kind", "item"], columns="group", values="differs")
    differs = kinds[list(alignment.groups)]
    intercepts, loadings = (differs.loc[k].to_numpy(bool) for k in ("intercept", "loading"))
    order = ei.league(alignment).set_index("group").loc[list(alignment.groups)]
    place = (-mean).argsort().argsort() + 1
    row = {
        "r": float(np.corrcoef(est, truth)[0, 1]),
        "rmse": float(np.sqrt(((est - truth)[1:] ** 2).mean())),
        "covered": float(inside[1:].mean()),
        "placed": float(order["rank_lower"].le(place).mul(order["rank_upper"].ge(place)).mean()),
        "places": float((order["rank_upper"] - order["rank_lower"] + 1).mean()),
        "optima": float(shares["optima"]),
        "reached": float(shares["reached"] / shares["starts"]),
        "false": float(np.concatenate([intercepts[~planted], loadings.ravel()]).mean()),
    }
    if planted.any():
        return row | {"found": float(intercepts[planted].mean())}
    equal = ei.cfa(moments, MODEL, group="group", equal=EQUAL, std_lv=True)
    gap = est - means_of(equal)["est"].to_numpy()
    return row | {"apart": float(np.sqrt((gap**2).mean())), "apart.most": float(abs(gap).max())}


CELLS = (
    Cell("alignment-off-300", Many(30, 300, spread=0.3, off=1.0), replicate, 60),
    Cell("alignment-off-1000", Many(30, 1000, spread=0.3, off=1.0), replicate, 60),
    Cell("alignment-off-1000-wide", Many(30, 1000, spread=0.5, off=1.0), replicate, 60),
    Cell("alignment-some-300", Many(30, 300, spread=0.3, off=0.2), replicate, 60),
    Cell("alignment-some-1000", Many(30, 1000, spread=0.3, off=0.2), replicate, 60),
    Cell("alignment-clean-300", Many(30, 300, spread=0.3, off=0.0), replicate, 300),
    Cell("alignment-clean-1000", Many(30, 1000, spread=0.3, off=0.0), replicate, 300),
)
