"""Heaped answers as ordered categories: the ladder's tests and intervals, and lavaan's beside."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

import employer_identity as ei
from employer_identity.cfa import Prepared, estimate, prepare
from employer_identity.collapsing import collapse
from validation.population import HEAPED, ITEMS, LOADINGS, PILLARS, cut, draw_group
from validation.running import Cell, Row

SCRIPT = Path(__file__).with_name("ordered.R")
LEVEL = 0.05
EQUAL = {
    "configural": (),
    "thresholds": ("thresholds",),
    "metric": ("thresholds", "loadings"),
    "scalar": ("thresholds", "loadings", "intercepts"),
}
STRICT = (*EQUAL["scalar"], "residuals")
SCORED = {"thresholds": "|", "metric": "=~", "scalar": "~1", "strict": "~~"}
"""What the score tests of a rung are about."""


@dataclass(frozen=True)
class Categories:
    """Two groups whose answers are normal ones cut into seven categories.

    Parameters
    ----------
    n
        People in each.
    pillars
        How many, of four items each.
    shift
        Of the second group's pillars.
    """

    n: int
    pillars: int = 2
    shift: tuple[float, ...] = (-0.3, 0.0, -0.15, 0.2)

    @property
    def items(self) -> tuple[str, ...]:
        """The items, four a pillar."""
        return ITEMS[: 4 * self.pillars]

    @property
    def model(self) -> str:
        """The pillars and their items."""
        shorts = list(PILLARS.items())[: self.pillars]
        return "\n".join(
            f"{f} =~ " + " + ".join(f"{short}{k}" for k in range(1, 5)) for f, short in shorts
        )


def draw(design: Categories, rng: np.random.Generator) -> pd.DataFrame:
    """Draw both groups' answers, categories with fewer than five answers in a group merged."""
    shifts = ((0.0,) * 4, design.shift)
    answers = cut(np.concatenate([draw_group(design.n, s, rng) for s in shifts]), HEAPED)
    answers, items = answers[:, : len(design.items)], list(design.items)
    group = np.repeat(np.array([0, 1], dtype=np.int64), design.n)
    merged = collapse(items, answers, group, np.ones(len(items), dtype=bool), labels=("a", "b"))
    return pd.DataFrame(merged.answers, columns=items).assign(group=np.array(["a", "b"])[group])


def climbed(prepared: Prepared) -> dict[str, ei.Fit]:
    """Fit the four rungs that both parameterisations share."""
    return {
        level: estimate(prepared, "group", equal=equal, std_lv=True)
        for level, equal in EQUAL.items()
    }


def replicate(design: Categories, rng: np.random.Generator) -> Row:
    """Fit the ladder to one draw; note tests, score tests and coverage."""
    frame = draw(design, rng)
    prepared = prepare(frame, design.model, "group", None, ordered=True)
    fits = climbed(prepared)
    theta = prepare(frame, design.model, "group", None, ordered=True, parameterization="theta")
    scalar, strict = (
        estimate(theta, "group", equal=equal, std_lv=True) for equal in (EQUAL["scalar"], STRICT)
    )
    plain = estimate(
        replace(prepared, estimator="DWLS"), "group", equal=EQUAL["metric"], std_lv=True
    )
    row = tests(fits)
    row["strict.p"] = strict.reported["pvalue"]
    row["strict.difference.p"] = ei.difference_test(strict, scalar).pvalue
    for level, op in SCORED.items():
        row[f"{level}.score"] = wrong({**fits, "strict": strict}[level], op)
    row["metric.score.plain"] = wrong(plain, SCORED["metric"])
    return row | intervals(design, fits["scalar"])


def tests(fits: Mapping[str, ei.Fit]) -> Row:
    """Return the p values of the rungs, and of each against the one below."""
    row: Row = {f"{level}.p": fit.reported["pvalue"] for level, fit in fits.items()}
    for below, level in pairwise(fits):
        row[f"{level}.difference.p"] = ei.difference_test(fits[level], fits[below]).pvalue
    return row


def wrong(fit: ei.Fit, op: str) -> float:
    """Return how many of the true equalities a score test rejects, as a share."""
    found = fit.score_tests()
    return float((found.loc[found["op"] == op, "pvalue"] < LEVEL).mean())


def intervals(design: Categories, fit: ei.Fit) -> Row:
    """Return which intervals of the scalar model hold the truth."""
    e = fit.estimates[fit.estimates["group"] == "b"]
    loadings = e[e["op"] == "=~"]
    gaps = e[(e["op"] == "~1") & e["lhs"].isin(list(PILLARS))]
    first = gaps.iloc[0]
    return {
        "loadings.covered": covered(loadings, LOADINGS[: len(loadings)]),
        "gaps.covered": covered(gaps, np.array(design.shift[: design.pillars])),
        "gap": first["est"],
        "gap.se": first["se"],
    }


def covered(found: pd.DataFrame, truth: np.ndarray) -> float:
    """Return the share of the 95 % intervals that hold the truth."""
    inside = (found["ci_lower"] <= truth) & (truth <= found["ci_upper"])
    return float(inside.mean())


# -- the same draws in lavaan ----------------------------------------------------------------------


def lavaans(design: Categories, frame: pd.DataFrame) -> pd.DataFrame:
    """Return lavaan's statistics, and its estimates and standard errors of the scalar model."""
    renamed = {i: f"{'abcd'[k // 4]}{k % 4 + 1}" for k, i in enumerate(design.items)}
    with tempfile.TemporaryDirectory() as folder:
        answers, out = Path(folder, "answers.csv"), Path(folder, "out.csv")
        frame.rename(columns=renamed).to_csv(answers, index=False)
        command = ["Rscript", str(SCRIPT), str(answers), str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return pd.read_csv(out, index_col="what", skipinitialspace=True)


def beside(design: Categories, rng: np.random.Generator) -> Row:
    """Fit one draw by both programs; note what each says and how far they are apart."""
    frame = draw(design, rng)
    fits = climbed(prepare(frame, design.model, "group", None, ordered=True))
    theirs, row = lavaans(design, frame), tests(fits)
    for level in EQUAL:
        row[f"{level}.p.lavaan"] = theirs.at[f"{level}.pvalue.scaled", "value"]
        other = theirs.at[f"{level}.chisq.scaled", "value"]
        row[f"{level}.chisq.apart"] = abs(fits[level].reported["chisq"] / other - 1)
    for level in list(EQUAL)[1:]:
        row[f"{level}.difference.p.lavaan"] = theirs.at[f"{level}.difference.pvalue", "value"]
    return row | _beside(design, fits["scalar"], theirs)


def _beside(design: Categories, fit: ei.Fit, theirs: pd.DataFrame) -> Row:
    """Compare the loadings and the latent mean differences of the scalar model."""
    e = fit.estimates[fit.estimates["group"] == "b"]
    row: Row = {}
    kept = theirs[theirs["se"].notna()]
    apart = []
    for name, op, truth in (
        ("loadings", "=~", LOADINGS[: len(design.items)]),
        ("gaps", "~1", np.array(design.shift[: design.pillars])),
    ):
        ours = e[(e["op"] == op) & e["lhs"].isin(list(PILLARS))]
        other = kept[kept.index.str.contains(op, regex=False)]
        value, se = other["value"].to_numpy(), other["se"].to_numpy()
        apart.append(np.abs(ours["est"].to_numpy() - value) / se)
        apart.append(np.abs(ours["se"].to_numpy() / se - 1.0))
        row[f"{name}.covered"] = covered(ours, truth)
        row[f"{name}.covered.lavaan"] = float((np.abs(value - truth) <= 1.959964 * se).mean())
    row["estimate.apart"] = float(max(apart[0].max(), apart[2].max()))
    row["se.apart"] = float(max(apart[1].max(), apart[3].max()))
    return row


CELLS = (
    Cell("ordered-300", Categories(300), replicate, 400),
    Cell("ordered-1000", Categories(1000), replicate, 400),
    Cell("ordered-16-300", Categories(300, 4), replicate, 200),
    Cell("ordered-16-1000", Categories(1000, 4), replicate, 200),
)
BESIDE = tuple(
    Cell(f"lavaan-{cell.name}", cell.design, beside, 100, draws=cell.name) for cell in CELLS[:2]
)
