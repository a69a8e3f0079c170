"""Simulated surveys: what the presets promise, and what is planted."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from employer_identity.errors import SurveyError
from employer_identity.language import LANGUAGES, describe
from employer_identity.presets import PRESETS, PresetName
from employer_identity.simulate import (
    ITEMS,
    PILLARS,
    ItemShift,
    Truth,
    simulate_survey,
)

TRUTH = Truth(
    "cohort",
    {"old": 0.5, "young": 0.5},
    {"young": {"advancement": -0.5}},
    (ItemShift("young", "pro2", intercept=0.8), ItemShift("young", "imp1", loading=-0.5)),
)

# What large samples of each preset look like, to the digits the presets were tuned to.
LARGE = {
    "other_rated": {
        "means": [6.17, 6.17, 6.13, 5.97],
        "sds": [0.93, 0.88, 0.93, 1.04],
        "top": (0.39, 0.47),
        "equal": 0.24,
        "alpha": 0.967,
    },
    "self_rated": {
        "means": [5.93, 5.97, 5.97, 5.57],
        "sds": [0.78, 0.68, 0.72, 0.91],
        "top": (0.18, 0.32),
        "equal": 0.05,
        "alpha": 0.914,
    },
    "idealised": {
        "means": [4.92] * 4,
        "sds": [1.25] * 4,
        "top": (0.16, 0.16),
        "equal": 0.0,
        "alpha": 0.909,
    },
}
N_LARGE = 40_000
# Five standard errors of a mean at this n (SD up to 1.25), plus the rounding of the figures.
NEAR = 5 * 1.25 / N_LARGE**0.5 + 0.005


def alpha(answers: pd.DataFrame) -> float:
    k, total = answers.shape[1], answers.sum(axis=1).var()
    return float(k / (k - 1) * (1 - answers.var().sum() / total))


@pytest.mark.parametrize("preset", list(PRESETS))
def test_presets_look_as_they_were_tuned(preset: PresetName) -> None:
    survey, large = simulate_survey(N_LARGE, preset=preset, seed=8), LARGE[preset]
    answers = survey.answers[list(survey.item_names)]
    top = (answers == 7).mean()
    assert survey.pillar_scores.mean().to_numpy() == pytest.approx(large["means"], abs=NEAR)
    assert survey.pillar_scores.std().to_numpy() == pytest.approx(large["sds"], abs=NEAR)
    assert (top.min(), top.max()) == pytest.approx(large["top"], abs=0.02)
    assert (answers.nunique(axis=1) == 1).mean() == pytest.approx(large["equal"], abs=0.012)
    assert alpha(answers) == pytest.approx(large["alpha"], abs=0.004)


def test_the_same_seed_gives_the_same_answers() -> None:
    one, same = (simulate_survey(300, seed=4, truth=TRUTH, missing=0.1) for _ in range(2))
    pd.testing.assert_frame_equal(one.answers, same.answers)
    assert one.sha256 == same.sha256
    assert simulate_survey(300, seed=5).sha256 != simulate_survey(300, seed=4).sha256


def expected_gap(shift: float) -> float:
    """Return what a latent shift comes to on the scale, with its ceiling, in SD."""
    shares, normal = np.array(PRESETS["idealised"].shares), NormalDist()
    cuts = [normal.inv_cdf(share) for share in np.cumsum(shares)[:-1]]
    moved = np.diff([0, *(normal.cdf(cut - shift) for cut in cuts), 1])
    scale = np.arange(1, 8)
    mean = shares @ scale
    return float((moved @ scale - mean) / np.sqrt(shares @ (scale - mean) ** 2))


def test_what_is_planted_is_there_and_nothing_else() -> None:
    survey = simulate_survey(N_LARGE, preset="idealised", seed=9, truth=TRUTH)
    young = survey.answers["cohort"] == "young"
    items = survey.answers[list(ITEMS)]
    gap = (items[young].mean() - items[~young].mean()) / items[~young].std()
    moved = [i for i in ITEMS if abs(gap[i]) > 0.1]
    assert moved == ["pro2", "adv1", "adv2", "adv3", "adv4"]
    assert gap["pro2"] == pytest.approx(expected_gap(0.8), abs=0.05)
    assert gap["adv1"] == pytest.approx(expected_gap(-0.5 * 0.7), abs=0.05)
    weaker = [items[rows]["imp1"].corr(items[rows]["imp2"]) for rows in (young, ~young)]
    assert weaker[0] < weaker[1] - 0.2
    assert list(survey.answers["cohort"].cat.categories) == ["old", "young"]


def test_outcomes_go_with_the_pillars() -> None:
    survey = simulate_survey(N_LARGE, preset="idealised", seed=10)
    frame = survey.pillar_scores.join(survey.answers[list(survey.instrument.outcome_names)])
    r = frame.corr().loc[list(survey.instrument.outcome_names), list(PILLARS)]
    assert r.to_numpy().min() > 0.1
    assert r.to_numpy().max() < 0.6
    assert r.loc["reputation_inside"].idxmax() == "impresarioship"
    assert r.loc["communication"].idxmax() == "advancement"
    assert 0.2 < r.loc["stay_intent"].mean() < 0.45


def test_missing_answers_have_the_stated_share() -> None:
    survey = simulate_survey(N_LARGE, seed=11, missing=0.03)
    gone = survey.answers[list(ITEMS)].isna()
    assert gone.to_numpy().mean() == pytest.approx(0.03, abs=0.003)
    assert gone.any(axis=1).mean() < 0.3  # some leave out several, most leave out none


def test_what_cannot_be_simulated_is_named_at_once() -> None:
    wrong = Truth(
        "cohort",
        {"old": 0.5, "young": 0.6},
        {"young": {"advance": 0.1}},
        (ItemShift("yung", "adv9"),),
    )
    with pytest.raises(SurveyError) as caught:
        simulate_survey(1, preset="real", truth=wrong, missing=2)  # type: ignore[arg-type]
    assert sorted(p.code for p in caught.value.problems) == [
        "simulate.impossible_numbers",
        "simulate.impossible_shares",
        "simulate.unknown_group",
        "simulate.unknown_item",
        "simulate.unknown_pillar",
        "simulate.unknown_preset",
    ]
    for language in LANGUAGES:
        assert all(describe(p, language) for p in caught.value.problems)
