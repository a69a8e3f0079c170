"""From the pillars through shared identity: against lavaan, laws, and what may not be read."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity import structure_figures, structure_tables
from employer_identity.errors import ModelError
from employer_identity.language import LANGUAGES
from employer_identity.loading import check_survey
from tests.drawn import foreign_numbers, outside, overlapping
from tests.test_golden import GOLDEN

STORED: dict[str, Any] = json.loads((GOLDEN / "models.json").read_text(encoding="utf-8"))
RTOL = 1e-7  # lavaan takes derivatives of standardised values by differences; seen: 1e-8
ATOL = 1e-8  # limits near 0; seen: 2e-9
DRIVEN = ("driv", "cause", "leads to", "drijf", "veroorza", "leidt tot")


@cache
def teams() -> ei.Pathways:
    """Fit the stored answers: clusters, missing answers, robust standard errors."""
    frame = pd.read_csv(GOLDEN / "teams.csv")
    instrument = ei.load_instrument("connecting-employership")
    names = ("shared_identity", "communication", "wellbeing")
    kept = tuple(o for o in instrument.outcomes if o.name in names)
    instrument = instrument.model_copy(update={"outcomes": kept, "cluster": "team"})
    survey = check_survey(frame, instrument=instrument).survey
    assert survey is not None
    return ei.pathways(survey)


@cache
def found(preset: Any = "idealised", n: int = 800) -> ei.Pathways:
    return ei.pathways(ei.simulate_survey(n, preset=preset, seed=5))


def test_effects_are_lavaans() -> None:
    ours, stored = teams(), STORED["structural"]
    assert (ours.fit.estimator, ours.fit.missing, ours.fit.cluster) == ("MLR", "fiml", "team")
    assert ours.fit.df == stored["df"]
    chisq = ours.fit.fit_measures["chisq.scaled"]
    assert chisq == pytest.approx(stored["chisq_scaled"], rel=RTOL)
    theirs = pd.DataFrame(stored["effects"])
    effects = theirs[theirs["op"] == ":="].reset_index(drop=True)
    assert list(ours.effects["effect"]) == list(effects["lhs"].str.split("_").str[0])
    pairs = {"est": "est", "se": "se", "ci_lower": "lower", "ci_upper": "upper", "std": "std",
             "std_se": "std_se", "std_lower": "std_lower", "std_upper": "std_upper"}  # fmt: skip
    for mine, his in pairs.items():
        np.testing.assert_allclose(
            ours.effects[mine], effects[his], rtol=RTOL, atol=ATOL, err_msg=mine
        )
    paths = theirs[theirs["op"] == "~"].reset_index(drop=True)
    assert list(ours.paths["rhs"]) == list(paths["rhs"])
    for mine, his in {"est": "est", "se": "se", "std": "std", "std_upper": "std_upper"}.items():
        np.testing.assert_allclose(ours.paths[mine], paths[his], rtol=RTOL, atol=ATOL)


def test_total_is_direct_and_indirect() -> None:
    wide = found().effects.pivot_table(
        index=["outcome", "pillar"], columns="effect", values=["est", "std"], sort=False
    )
    for part in ("est", "std"):
        total = wide[part, "direct"] + wide[part, "indirect"]
        np.testing.assert_allclose(total, wide[part, "total"], atol=1e-12)
    paths = found().paths.set_index(["lhs", "rhs"])["est"]
    first = found().effects.iloc[1]
    through = paths["shared_identity", first["pillar"]] * paths["communication", "shared_identity"]
    assert first["est"] == pytest.approx(through)


def test_correlations_alone_follow_from_the_standardised_paths() -> None:
    """The structural part is saturated: r = sum over pillars of total effect times correlation."""
    f = found()
    phi = np.eye(4)
    at = {p: k for k, p in enumerate(f.pillars)}
    for r in f.overlap.itertuples():
        i, j = at[r.factor_1], at[r.factor_2]
        phi[i, j] = phi[j, i] = r.est
    total = f.effects.query("effect == 'total' and outcome == 'wellbeing'")["std"].to_numpy()
    alone = f.associations.query("outcome == 'wellbeing'")["r"].to_numpy()
    np.testing.assert_allclose(phi @ total, alone, atol=1e-8)
    np.testing.assert_allclose(f.inflation, np.diag(np.linalg.inv(phi)), rtol=1e-9)


def test_other_units_change_no_standardised_effect() -> None:
    survey = ei.simulate_survey(400, preset="idealised", seed=2)
    one = ei.pathways(survey, outcomes=["wellbeing"])
    wider = survey.answers.assign(wellbeing=10 * survey.answers["wellbeing"])
    object.__setattr__(survey, "answers", wider)
    other = ei.pathways(survey, outcomes=["wellbeing"])
    np.testing.assert_allclose(other.effects["est"], 10 * one.effects["est"], rtol=1e-5, atol=1e-7)
    for column in ("std", "std_lower", "std_upper"):
        np.testing.assert_allclose(other.effects[column], one.effects[column], atol=1e-6)


def test_single_paths_of_overlapping_pillars_are_not_read() -> None:
    f = found("other_rated", 600)
    assert not f.readable
    codes = [w.code for w in f.warnings]
    assert codes == ["structural.close", "structural.inflated"]
    assert f.warnings[0].count == 6
    text = f.explain()
    assert "not shown and not ranked" in text
    assert "r = " in text
    assert "standard deviation apart" not in text
    assert found().readable


def test_when_paths_are_read_is_a_parameter() -> None:
    survey = ei.simulate_survey(800, preset="idealised", seed=5)
    highest = found().overlap.sort_values("ci_upper").iloc[-1]
    between = float(highest["est"] + highest["ci_upper"]) / 2
    upper = ei.pathways(survey, distinct=between)  # the upper limit decides, not the estimate
    assert [w.code for w in upper.warnings] == ["structural.close"]
    assert ei.pathways(survey, distinct=float(highest["ci_upper"]) + 0.01).readable
    strict = ei.pathways(survey, inflated=2.0)
    assert [w.code for w in strict.warnings] == ["structural.inflated"]
    assert strict.warnings[0].values["highest"] == strict.inflation.max()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("preset", "n"), [("idealised", 800), ("other_rated", 600)])
def test_words_tables_and_figures(preset: Any, n: int, language: Any) -> None:
    f = found(preset, n)
    figure = structure_figures.pathways(f, language=language)
    table = structure_tables.pathways(f, language=language)
    assert not outside(figure.content)
    assert not overlapping(figure.content)
    for text in (f.explain(language), figure.caption, figure.alt, table.caption):
        assert not foreign_numbers(text, language)
        assert not [word for word in DRIVEN if word in text.lower()]
    assert "nan" not in table.content.as_raw_html()
    assert set(figure.persons) == set(table.persons) == {f.fit.ntotal}


def test_prints_itself() -> None:
    assert repr(found()).startswith("Fit: ")
    assert found()._repr_html_().count("<p ") == 6


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"mediator": "identity"}, "structural.unknown_near"),
        ({"outcomes": ["wellbeing", "salary"]}, "structural.unknown"),
        ({"outcomes": ["shared_identity"]}, "structural.mediator_is_outcome"),
        ({"outcomes": []}, "structural.no_outcomes"),
    ],
)
def test_refusals(asked: dict[str, Any], code: str) -> None:
    survey = ei.simulate_survey(100, preset="idealised", seed=1)
    with pytest.raises(ModelError) as refused:
        ei.pathways(survey, **asked)
    assert [p.code for p in refused.value.problems] == [code]
