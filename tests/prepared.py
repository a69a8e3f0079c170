"""One of every public result, made from the sample once for all tests that look at them."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any

import employer_identity as ei

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
TOML = SAMPLE / "instrument.toml"
TWO = "a =~ adv1 + adv2 + adv3 + adv4\nb =~ ent1 + ent2 + ent3 + ent4"  # quick to replicate
SHIFT = {"group": "young", "item": "adv2", "intercept": -0.5}


@cache
def prepared() -> dict[str, Any]:
    """Return results by the names that examples call them by."""
    from employer_identity.simulate import ItemShift

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ei.errors.EmployerIdentityWarning)
        whole = ei.load_survey(SAMPLE / "employees.csv", instrument=TOML)
        panel = ei.load_panel(SAMPLE / "public.csv", SAMPLE / "public_people.csv", instrument=TOML)
    truth = ei.Truth("age", {"old": 0.5, "young": 0.5}, shifts=(ItemShift(**SHIFT),))
    simulated = ei.simulate_survey(1200, preset="idealised", seed=3, truth=truth)
    fit, ladder = ei.cfa(simulated), ei.invariance(simulated, group="age")
    margins = {"gender": {"woman": 0.5, "man": 0.5}}
    return {
        "survey": simulated, "whole": whole, "panel": panel, "truth": truth, "fit": fit,
        "ladder": ladder, "instrument": whole.instrument, "margins": margins,
    }  # fmt: skip


@cache
def results() -> dict[str, Any]:
    """Return one of every kind of result, by its type's name."""
    own = prepared()
    survey, ladder, panel, last = (
        own["survey"], own["ladder"], own["panel"], own["whole"].of_wave("2026"),
    )  # fmt: skip
    plain = ei.cfa(survey, estimator="ML")
    comparison = ei.compare_models(survey)
    quick = ei.invariance(survey, TWO, group="age", estimator="ML", missing="listwise")
    cutoffs = ei.simulated_cutoffs(quick, reps=100, processes=1)
    pillar = {"advancement": (0.7, 0.8, 0.7, 0.75)}
    rung, explorer = ladder.rungs["scalar"], ei.explore(survey)
    found = [
        own["fit"], ladder, survey, panel, own["truth"], own["truth"].shifts[0],
        own["instrument"], plain.ledger, *plain.ledger.ties, *plain.ledger.fixed[:1],
        plain.moments, ladder.decision, ladder.decision["latent means"], rung, rung.last,
        ladder["scalar"].ledger.ties[0], *rung.releases[:1], rung.releases[0].constraint,
        ladder.judged[0], ladder.judged[0].readings[0], ladder.rule, comparison,
        comparison.candidates["correlated"], comparison.candidates["correlated"].structure,
        comparison.limits, comparison.recommendation, ei.crosscheck(plain),
        ei.difference_test(ladder["metric"], ladder["configural"]),
        ei.invariance_across(survey, ["age"]), ei.agreement(last, deals=5),
        ei.attractiveness(panel, draws=50), ei.drivers(panel, draws=50),
        ei.pathways(last), ei.rake(last, _margins(last)),
        explorer, explorer.choice, explorer.explored,
        ei.unmerged(ei.invariance(survey, group="age", ordered=True, collapse=150)),
        cutoffs, cutoffs.made_for, cutoffs.planted["scalar"][0],
        ei.dynamic_cutoffs(ei.cfa(survey, TWO, estimator="ML"), reps=100, processes=1),
        ei.plan(pillar, size=1.5, reps=100, processes=1),
        ei.check_survey(SAMPLE / "employees.csv", instrument=TOML),
        ei.align(survey, group="age"), ei.align(survey, group="age").check(reps=2),
        ei.scan(survey.answers),
    ]  # fmt: skip
    return {type(one).__name__: one for one in found}


def _margins(survey: Any) -> dict[str, dict[str, float]]:
    shares = survey.answers["gender"].value_counts(normalize=True)
    return {"gender": {str(k): float(v) for k, v in shares.items()}}


@cache
def examples() -> dict[str, Any]:
    """Return what the examples of docstrings take for granted: the sample's last wave, and fits."""
    import pandas as pd

    survey = prepared()["whole"].of_wave("2026")
    return {
        "ei": ei, "pd": pd, "Path": Path, "survey": survey, "panel": prepared()["panel"],
        "fit": ei.cfa(survey), "ladder": ei.invariance(survey, group="generation"),
    }  # fmt: skip
