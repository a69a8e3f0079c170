"""The same gaps under each model: hand computations, a bootstrap, and the sentences."""
# ruff: noqa: RUF001  (the quotation marks of the sentences)

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.conclusions import COLUMNS, sentences
from employer_identity.simulate import simulate_survey
from tests.examples import FOUR, answers, two_groups
from tests.test_bias import ONE, crossed_sites

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
ESTIMATE_ATOL = 1e-6  # two searches that begin elsewhere
RESAMPLED = 0.06  # three standard errors of a standard deviation of 2000 resamples are 5 %


@cache
def planted() -> tuple[pd.DataFrame, ei.Ladder]:
    frame = two_groups(600, shift={"adv2": 0.5, "ent3": -0.5}, mean=0.3)
    return frame, ei.invariance(frame, FOUR, group="band")


def gaps(found: pd.DataFrame, model: str) -> pd.Series:
    return found[found["model"] == model].set_index("factor")["est"]


def test_every_model_that_could_have_been_chosen_is_there() -> None:
    frame, ladder = planted()
    assert set(ladder.released) == {"adv2~1", "ent3~1"}
    found = ei.conclusions(ladder)
    assert tuple(found.columns) == COLUMNS
    each = {f: list(own["model"]) for f, own in found.groupby("factor", sort=False)}
    plain = ["observed", "full", "partial"]
    assert each == {"pro": plain, "adv": [*plain, "with adv2"], "ent": [*plain, "with ent3"],
                    "imp": plain}  # fmt: skip
    assert set(found["group"]) == {"young"}
    means = ei.latent_means(ladder).query("group == 'young'").set_index("factor")
    pd.testing.assert_series_equal(gaps(found, "partial"), means["est"])
    full = ei.cfa(frame, FOUR, group="band", equal=("loadings", "intercepts"), std_lv=True)
    theirs = full.estimates.query("op == '~1' and group == 'young' and lhs in @full.factors")
    np.testing.assert_allclose(gaps(found, "full"), theirs["est"], atol=ESTIMATE_ATOL)
    one = ei.cfa(
        frame, FOUR, group="band", equal=("loadings", "intercepts"), std_lv=True, free=["ent3~1"]
    ).estimates.query("lhs == 'adv' and op == '~1' and group == 'young'")
    again = found[found["model"] == "with adv2"].iloc[0]
    assert again["est"] == pytest.approx(one["est"].iloc[0], abs=ESTIMATE_ATOL)
    assert again["se"] == pytest.approx(one["se"].iloc[0], abs=ESTIMATE_ATOL)


def test_what_is_planted_in_an_item_shows_in_the_gap_with_it() -> None:
    found = ei.conclusions(planted()[1])
    assert gaps(found, "with adv2")["adv"] > gaps(found, "partial")["adv"] + 0.1
    assert gaps(found, "with ent3")["ent"] < gaps(found, "partial")["ent"] - 0.1
    partial = found[found["model"] == "partial"]
    assert ((partial["ci_lower"] < 0.3) & (partial["ci_upper"] > 0.3)).sum() >= 3


def test_observed_gaps_are_those_of_the_mean_of_what_was_answered() -> None:
    frame, _ = planted()
    frame = frame.copy()
    frame.loc[frame.index[::9], "adv1"] = np.nan
    frame.loc[frame.index[::50], ["adv1", "adv2", "adv3", "adv4"]] = np.nan
    found = gaps(ei.conclusions(ei.invariance(frame, FOUR, group="band")), "observed")
    score = frame[["adv1", "adv2", "adv3", "adv4"]].mean(axis=1)
    each = score.groupby(frame["band"].to_numpy())
    expected = (each.mean()["young"] - each.mean()["old"]) / each.std()["old"]
    assert found["adv"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("options", [{}, {"weights": "weight"}, {"cluster": "site"}])
def test_standard_errors_of_observed_gaps_are_those_of_resampling(options: dict) -> None:
    frame = crossed_sites()
    free = ["f=~y2", "y2~1"]
    ladder = ei.invariance(frame, ONE, group="band", free=free, on_reject="stop", **options)
    row = ei.conclusions(ladder).query("model == 'observed'").iloc[0]
    weight = frame["weight"] if "weights" in options else pd.Series(1.0, frame.index)
    unit = frame["site"].to_numpy() if "cluster" in options else np.arange(len(frame))
    x = frame[["y1", "y2", "y3", "y4"]].mean(axis=1).to_numpy()
    young, rng = (frame["band"] == "young").to_numpy(), np.random.default_rng(6)
    units = unit.max() + 1
    counts = rng.multinomial(units, np.full(units, 1 / units), 2000)

    def gap(w: np.ndarray) -> float:
        one, other = (np.average(x[own], weights=w[own]) for own in (young, ~young))
        return (one - other) / np.sqrt(np.average((x[~young] - other) ** 2, weights=w[~young]))

    drawn = [gap(weight.to_numpy() * c[unit]) for c in counts]
    assert row["est"] == pytest.approx(gap(weight.to_numpy()), rel=0.002)  # n - 1 in the SD
    assert row["se"] == pytest.approx(np.std(drawn), rel=RESAMPLED)


def test_published_tables_give_what_normal_answers_do() -> None:
    frame, _ = planted()
    options = {"estimator": "ML", "missing": "listwise"}
    rows = ei.conclusions(ei.invariance(frame, FOUR, group="band", **options))
    moments = ei.cfa(frame, FOUR, group="band", **options).moments
    table = ei.conclusions(ei.invariance(moments, FOUR, group="band"))
    np.testing.assert_allclose(rows["est"], table["est"], atol=ESTIMATE_ATOL)
    np.testing.assert_allclose(rows["se"], table["se"], rtol=0.03)  # normal theory against the data


def test_without_anything_set_aside_there_is_one_latent_model() -> None:
    found = ei.conclusions(ei.invariance(two_groups(), FOUR, group="band"))
    assert list(found["model"].unique()) == ["observed", "full"]
    frame = two_groups(800, loading={"imp1": 0.3})
    stopped = ei.invariance(frame, FOUR, group="band", on_reject="stop")
    assert stopped.level == "configural"
    assert list(ei.conclusions(stopped)["model"].unique()) == ["observed", "full"]


def test_three_groups_keep_their_order_and_a_release_in_one_moves_its_gap_most() -> None:
    frame = pd.concat([answers(500, s).assign(band=g) for s, g in enumerate(["b", "c", "adv"])])
    frame.loc[frame["band"] == "c", "adv2"] += 0.6
    ladder = ei.invariance(frame, FOUR, group="band", reference="b")
    assert ladder.released == ("adv2~1@c",)
    found = ei.conclusions(ladder)
    assert list(found["factor"].unique()) == ["pro", "adv", "ent", "imp"]
    assert list(found["group"].unique()) == ["adv", "c"]  # a group may be called as a pillar is
    own = found[found["factor"] == "adv"].set_index(["model", "group"])["est"]
    change = own["with adv2"] - own["partial"]
    assert change["c"] > 0.08 > 4 * abs(change["adv"])


SENTENCES = {
    "en": [
        "doing it for us: without the item “Bridges different views” the gap between men and women "
        "is 0.12 SD, with it 0.21 SD (men higher).",
        "crafting a sense of us: without the item “Values everyone” the gap between men and women "
        "is 0.10 SD (men higher), with it 0.05 SD (men lower).",
        "making us matter: without the item “Provides lasting facilities” the gap between men and "
        "women is 0.00 SD, with it 1.05 SD (men lower).",
    ],
    "nl": [
        "‘ons’ vooruit helpen: zonder de vraag ‘Overbrugt verschil van inzicht’ is het verschil "
        "tussen mannen en vrouwen 0,12 SD, met die vraag 0,21 SD (mannen hoger).",
        "‘ons’ faciliteren: zonder de vraag ‘Waardeert iedereen’ is het verschil "
        "tussen mannen en vrouwen 0,10 SD (mannen hoger), met die vraag 0,05 SD (mannen lager).",
        "‘ons’ vertegenwoordigen: zonder de vraag ‘Heeft vaste voorzieningen’ is het verschil "
        "tussen mannen en vrouwen 0,00 SD, met die vraag 1,05 SD (mannen lager).",
    ],
}


def test_the_gap_with_and_without_an_item_is_told_in_a_sentence() -> None:
    rows = [
        ("advancement", "observed", 0.2), ("advancement", "full", 0.21),
        ("advancement", "partial", 0.12), ("advancement", "with adv2", 0.21),
        ("entrepreneurship", "partial", 0.1), ("entrepreneurship", "with ent3", -0.05),
        ("impresarioship", "partial", 0.004), ("impresarioship", "with imp1", -1.05),
    ]  # fmt: skip
    found = pd.DataFrame(rows, columns=["factor", "model", "est"]).assign(group="man")
    instrument = ei.load_instrument(SAMPLE / "instrument.toml")
    given = found, instrument, "gender", "woman"
    for language, expected in SENTENCES.items():
        assert sentences(*given, language=language) == expected
    assert sentences(found[found["model"] == "full"], *given[1:]) == []


def test_sentences_come_from_a_ladder_of_a_survey() -> None:
    survey = simulate_survey(200, seed=2)
    ladder = planted()[1]
    told = sentences(ei.conclusions(ladder), survey.instrument, "band", "old")
    assert len(told) == 2
    assert "with it" in told[0]
