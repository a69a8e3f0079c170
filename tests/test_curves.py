"""Curves of expected answers: against answers drawn from the model, what they need, the figure."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity import figures
from employer_identity.errors import ModelError
from employer_identity.language import LANGUAGES
from employer_identity.simulate import Truth, simulate_survey
from tests import whom
from tests.drawn import foreign_numbers, outside, overlapping

LINKED = ("thresholds", "loadings", "intercepts")
MODEL = "f =~ a + b + c + d"
CUTS = np.array([-1.2, -0.5, 0.2, 0.9])


@cache
def people(n: int = 20_000) -> pd.DataFrame:
    """Two groups, the second .4 SD higher; its b is noisier and answered .5 lower."""
    rng = np.random.default_rng(20240521)
    frames = []
    for group, shift in (("one", 0.0), ("two", 0.4)):
        f = shift + rng.normal(size=n)
        y = 0.7 * f[:, None] + np.sqrt(0.51) * rng.normal(size=(n, 4))
        if group == "two":
            y[:, 1] += -0.5 + 0.5 * rng.normal(size=n)
        answers = pd.DataFrame(np.digitize(y, CUTS) + 1, columns=list("abcd"))
        frames.append(answers.assign(group=group, f=f))
    return pd.concat(frames, ignore_index=True)


@cache
def fitted(**kwargs: object) -> ei.Fit:
    return ei.cfa(
        people(), MODEL, group="group", ordered=True, equal=LINKED, free=("b~1@two",), **kwargs
    )


@pytest.mark.parametrize("std_lv", [True, False])
@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_those_of_a_standing_answer_so_on_average(std_lv: bool, parameterization: str) -> None:
    fit = fitted(std_lv=std_lv, parameterization=parameterization)
    frame = people()
    found = ei.expected_scores(fit, "b", draws=50)
    for group, own in found.groupby("group"):
        seen = frame[frame["group"] == group]
        for standing in (-1.0, 0.0, 0.5, 1.5):  # about 800 people within .05
            near = seen.loc[(seen["f"] - standing).abs() < 0.05, "b"]
            curve = own.loc[np.isclose(own["standing"], standing), "expected"].item()
            assert curve == pytest.approx(near.mean(), abs=4 * near.std() / np.sqrt(len(near)))


def test_equal_items_of_equal_noise_have_one_curve() -> None:
    fit = ei.cfa(
        people(), MODEL, group="group", ordered=True, parameterization="theta", std_lv=True,
        equal=(*LINKED, "residuals"), free=("b~1@two", "b~~b@two"),
    )  # fmt: skip
    same, other = (
        ei.expected_scores(fit, item, draws=50).pivot(index="standing", columns="group")
        for item in "ab"
    )
    np.testing.assert_array_equal(same["expected", "one"], same["expected", "two"])
    assert (other["expected", "one"] - other["expected", "two"]).max() > 0.5


def test_intervals_hold_the_curve_and_narrow_with_people() -> None:
    wide = ei.cfa(
        people().groupby("group").head(400), MODEL, group="group", ordered=True, equal=LINKED,
        free=("b~1@two",), std_lv=True,
    )  # fmt: skip
    few, many = (ei.expected_scores(fit, "b") for fit in (wide, fitted(std_lv=True)))
    for found in (few, many):
        assert (found["ci_lower"] <= found["expected"]).all()
        assert (found["expected"] <= found["ci_upper"]).all()
    ratio = (few["ci_upper"] - few["ci_lower"]) / (many["ci_upper"] - many["ci_lower"])
    assert ratio.median() == pytest.approx(np.sqrt(20_000 / 400), rel=0.25)


def test_intervals_are_as_wide_as_curves_vary() -> None:
    parts = people().assign(part=np.arange(len(people())) % 50).groupby("part")  # 400 a group
    found = [
        ei.expected_scores(
            ei.cfa(frame, MODEL, group="group", ordered=True, equal=LINKED, free=("b~1@two",),
                   std_lv=True, collapse=False),
            "b", draws=400,
        ).assign(part=part)
        for part, frame in parts
    ]  # fmt: skip
    table = pd.concat(found)
    table["width"] = table["ci_upper"] - table["ci_lower"]
    middle = table[table["standing"].abs() <= 2]
    by = middle.groupby(["group", "standing"])
    ratio = by["width"].mean() / 3.92 / by["expected"].std()
    # an SD from 50 samples is .1 off, at all standings alike; from 300 the ratio was .96
    assert ratio.mean() == pytest.approx(1.0, abs=0.3)


def test_one_group_needs_no_common_metric() -> None:
    fit = ei.cfa(people(), MODEL, ordered=True)
    found = ei.expected_scores(fit, "a", draws=50)
    assert set(found["group"]) == {""}
    assert found["expected"].is_monotonic_increasing
    assert found["expected"].between(1, 5).all()


@pytest.mark.parametrize(
    ("code", "model", "ordered", "equal", "item"),
    [
        ("ordered.no_curve", MODEL, ["a", "b", "c"], LINKED, "d"),
        ("ordered.no_curve", MODEL, True, LINKED, "nobody"),
        ("ordered.no_curve", MODEL, (), ("loadings", "intercepts"), "a"),
        ("ordered.no_common_metric", MODEL, True, (), "a"),
        ("ordered.no_common_metric", MODEL, True, LINKED[:2], "a"),
        ("ordered.several_factors", "f =~ a + b\ng =~ c + d + a", True, LINKED, "a"),
    ],
)
def test_what_has_no_curve_is_refused(
    code: str, model: str, ordered: object, equal: tuple[str, ...], item: str
) -> None:
    frame = people().groupby("group").head(1000)
    fit = ei.cfa(frame, model, group="group", ordered=ordered, equal=equal, std_lv=True)
    with pytest.raises(ModelError) as caught:
        ei.expected_scores(fit, item)
    assert [p.code for p in caught.value.problems] == [code]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("groups", [2, 6])
def test_the_figure_can_be_read(language, groups: int) -> None:
    names = [f"een nogal lang benoemde groep {k}" for k in range(groups)]
    truth = Truth(grouping="band", shares=dict.fromkeys(names, 1 / groups))
    survey = simulate_survey(250 * groups, preset="idealised", seed=4, truth=truth)
    fit = ei.cfa(survey, group="band", ordered=True, equal=LINKED, std_lv=True)
    frame = ei.expected_scores(fit, "adv2", draws=50)
    shown = figures.expected_scores(frame, survey.instrument, "band", fit.n, language=language)
    assert outside(shown.content) == []
    assert overlapping(shown.content) == []
    assert re.search(r"\d[.,]\d", shown.alt)
    assert foreign_numbers(f"{shown.caption} {shown.alt}", language) == []
    assert len(whom.names(shown)) == min(groups, 4)  # those that differ most are drawn
    assert whom.names(shown)[0] == fit.groups[0]
    is_cut = {"nl": "getekend zijn", "en": "drawn are"}[language] in shown.caption
    assert is_cut == (groups > 4)
