"""Whole simulated studies: is what is said of employers and drivers true at the stated rate?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

import employer_identity as ei
from employer_identity.designs import DESIGNS
from employer_identity.insiders import draw_insiders
from employer_identity.public import draw_outsiders
from employer_identity.simulate import PILLARS
from employer_identity.studies import Study, draw_study
from employer_identity.switching import months_to_belong
from validation import brand_truth as true
from validation.population import Array
from validation.running import Cell, Row

TOP = 3  # the truly best employers that are looked at apart
SMALL = 30  # people of an employer below which it is looked at apart
SEEDS = 2**31


@dataclass(frozen=True)
class Brand:
    """A study by its design's name; whether each has new employers, or all the design's own."""

    study: str
    employers: str

    @property
    def same(self) -> bool:
        """Whether only people are drawn anew."""
        return self.employers == "same"


@cache
def own_study(name: str) -> Study:
    """Return the study whose employers are kept."""
    return draw_study(DESIGNS[name])


def draw(design: Brand, rng: np.random.Generator) -> Study:
    """Draw a study: everything, or only the people of the same employers."""
    of = DESIGNS[design.study]
    if not design.same:
        return draw_study(replace(of, seed=int(rng.integers(SEEDS))))
    study = own_study(design.study)
    inside, outside = rng.spawn(2)
    return replace(
        study,
        insiders=draw_insiders(inside, of, study.employers, study.pillars),
        outsiders=draw_outsiders(outside, of, study.employers, study.image),
    )


@cache
def questionnaire() -> ei.Instrument:
    """Return the questionnaire of simulated studies."""
    return ei.load_instrument(Path(str(files("employer_identity"))) / "studies.toml")


def panel_of(study: Study) -> ei.Panel:
    """Return the public's answers as they are read from a file."""
    outside = study.outsiders
    return ei.load_panel(outside.ratings, outside.people, instrument=questionnaire())


def replicate(design: Brand, rng: np.random.Generator) -> Row:
    """Analyse one study by the public calls as they stand, and say which intervals hold."""
    study = draw(design, rng)
    panel = panel_of(study)
    row = _employers(study, ei.attractiveness(panel), design.same) | _scores(study, design.same)
    return row if design.same else row | _drivers(study, panel) | _work(panel)


def holds(frame: pd.DataFrame, ends: str | tuple[str, str], value: pd.Series | Array) -> pd.Series:
    """Say of every row whether its interval holds the true value."""
    low, high = ends if isinstance(ends, tuple) else (f"{ends}_lower", f"{ends}_upper")
    value = np.asarray(value, dtype=float)
    return (frame[low] <= value) & (value <= frame[high])


def holds_rank(frame: pd.DataFrame, ends: str, value: pd.Series) -> pd.Series:
    """Say of every row whether its range of ranks holds the true one; any of them where they tie.

    Rows and true values have the same index.
    """
    best, last = (value.rank(ascending=False, method=m) for m in ("min", "max"))
    return (frame[f"{ends}_lower"] <= last) & (best <= frame[f"{ends}_upper"])


def in_order(value: pd.Series, band: pd.Series) -> float:
    """Return how often employers or drivers that are set apart are truly so: NaN if none are.

    The first of each band against the first of the one above it, both in the order of the rows.
    """
    firsts = value[~band.duplicated().to_numpy()].to_numpy()
    return float((firsts[:-1] > firsts[1:]).mean()) if len(firsts) > 1 else np.nan


def _employers(study: Study, found: ei.Attractiveness, each: bool) -> Row:
    names = list(study.employers.names)
    truth = pd.DataFrame(
        {"awareness": study.image.awareness, "relative": study.image.attractiveness}, index=names
    ).assign(absolute=lambda t: t["awareness"] * t["relative"])
    table = found.table.set_index("employer")
    truth = truth.loc[table.index]
    third = truth["awareness"].rank() * 3 / len(truth)
    row: Row = {}
    for name in truth:
        inside = holds(table, name, truth[name])
        row |= {name: inside.mean(), f"{name}.least": inside[third <= 1].mean(),
                f"{name}.most": inside[third > 2].mean()}  # fmt: skip
        if each and name == "relative":
            row |= {f"{name}.{k}": float(inside[n]) for k, n in enumerate(names)}
    ranking = found.ranking.set_index("employer")
    liked = truth.loc[ranking.index, "relative"]
    right, place = holds_rank(ranking, "rank", liked), liked.rank(ascending=False)
    last = len(place) - TOP
    return row | {
        "eligible": float(len(ranking)),
        "pooled": holds(ranking, "pooled", liked).mean(),
        "rank": right.mean(),
        "rank.top": right[place <= TOP].mean(),
        "rank.middle": right[(place > TOP) & (place <= last)].mean(),
        "rank.bottom": right[place > last].mean(),
        "rank.places": (ranking["rank_upper"] - ranking["rank_lower"] + 1).mean(),
        "bands": float(found.bands),
        "bands.right": in_order(liked, ranking["band"]),
    }


def _drivers(study: Study, panel: ei.Panel) -> Row:
    seen = true.shown(study.image, study.design.shown) * study.image.awareness
    rated = seen / seen.sum()
    views = {"ideal": true.ideal(), "own": true.own(), "market": true.market(study.image, rated)}
    truth = pd.DataFrame(views)
    truth["gap_own"] = truth["own"] - truth["ideal"]
    truth["gap_market"] = truth["market"] - truth["own"]
    table = ei.drivers(panel).table.set_index("driver")
    truth = truth.loc[table.index]
    row = {f"drivers.{name}": holds(table, name, truth[name]).mean() for name in truth}
    for view in views:
        row[f"drivers.rank.{view}"] = holds_rank(table, f"rank_{view}", truth[view]).mean()
        places = table[f"rank_{view}_upper"] - table[f"rank_{view}_lower"] + 1
        row[f"drivers.places.{view}"] = places.mean()
    row["drivers.bands.right"] = in_order(truth["ideal"], table["band"])
    derived = ei.derived_importance(panel).set_index("driver")
    weight = true.derived(study.image, rated)[derived.index]
    inside = holds(derived, "weight", weight)
    row |= {"derived": inside.mean(), "derived.least": inside[weight.idxmin()],
            "derived.most": inside[weight.idxmax()],
            "derived.bands.right": in_order(weight, derived["band"])}  # fmt: skip
    spread = {"derived.true": weight.std(), "derived.found": derived["weight"].std()}
    return {name: float(value) for name, value in (row | spread).items()}


def _work(panel: ei.Panel) -> Row:
    row: Row = {}
    for name, found, truth in (
        ("switching", ei.switching(panel, "generation"), true.switching()),
        ("belonging", ei.belonging(panel, "generation"), true.belonging()),
    ):
        value = truth.loc[pd.MultiIndex.from_frame(found[["question", "group"]])]
        inside = holds(found, ("ci_lower", "ci_upper"), value)
        everybody = found["group"] == true.EVERYBODY
        row[f"{name}.all"] = float(inside[everybody].mean())
        row[f"{name}.groups"] = float(inside[~everybody].mean())
    reasons = ei.reasons(panel)
    value = true.reasons()[reasons["question"]]
    row["reasons"] = float(holds(reasons, ("ci_lower", "ci_upper"), value).mean())
    _, low, high = months_to_belong(panel)
    return row | {"months": float(low <= true.months() <= high)}


def _scores(study: Study, each: bool) -> Row:
    wave = study.design.waves[-1].name
    survey = ei.load_survey(study.insiders.answers, instrument=questionnaire()).of_wave(wave)
    found = ei.shrunken_scores(survey)
    names = list(study.employers.names)
    truth = pd.DataFrame(true.scores(study.design, study.pillars), names, list(PILLARS)).stack()
    value = truth.loc[pd.MultiIndex.from_frame(found[["employer", "pillar"]])].to_numpy()
    inside = holds(found, ("ci_lower", "ci_upper"), value)
    small = found["n"] < SMALL
    level = pd.Series(value).groupby([found["sector"], found["pillar"]]).transform("mean")
    far = (value - level).abs().groupby(found["pillar"]).rank(pct=True) * 3
    row = {
        "scores": inside.mean(), "scores.small": inside[small].mean(),
        "scores.large": inside[~small].mean(),
        "scores.near": inside[far <= 1].mean(), "scores.far": inside[far > 2].mean(),
        "scores.error": np.sqrt(((found["score"] - value) ** 2).mean()),
        "scores.error.mean": np.sqrt(((found["mean"] - value) ** 2).mean()),
    }  # fmt: skip
    if each:
        by = inside.groupby(found["employer"]).mean()
        row |= {f"scores.{k}": by[n] for k, n in enumerate(names)}
    return {name: float(v) for name, v in row.items()}


CELLS = (
    Cell("brand-new", Brand("sample", "new"), replicate, 400),
    Cell("brand-same", Brand("sample", "same"), replicate, 200),
)
