"""What the public answered: reading it, and which employers it knows and likes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.attractiveness import attractiveness, pooled
from employer_identity.errors import InstrumentError, SurveyError, SurveyWarning
from employer_identity.panel import linked
from employer_identity.proportions import wilson

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
SAME_SUMS = 1e-12  # absolute = awareness x relative, but for rounding


@pytest.fixture(scope="module")
def files() -> tuple[pd.DataFrame, pd.DataFrame]:
    return tuple(pd.read_csv(SAMPLE / f"{n}.csv") for n in ("public", "public_people"))


@pytest.fixture(scope="module")
def panel() -> ei.Panel:
    names = ("public.csv", "public_people.csv")
    return ei.load_panel(*(SAMPLE / n for n in names), instrument=SAMPLE / "instrument.toml")


def load(ratings: pd.DataFrame, people: pd.DataFrame) -> ei.Panel:
    return ei.load_panel(ratings, people, instrument=SAMPLE / "instrument.toml")


def codes(ratings: pd.DataFrame, people: pd.DataFrame) -> list[str]:
    with pytest.raises(SurveyError) as caught:
        load(ratings, people)
    return [p.code for p in caught.value.problems]


def test_the_sample_is_read_whole(panel):
    assert panel.n == 1500
    assert len(panel.ratings) == 18_000
    assert len(panel.employers) == 60
    assert len(panel.drivers) == 10
    assert panel.groupings == ("generation", "gender", "education", "region")
    assert panel.warnings == ()
    assert panel.instrument.label("pay", "nl") == "Salaris en arbeidsvoorwaarden"
    assert "60 employers (12.0 shown to each" in repr(panel)
    # a rating weighs what its respondent weighs
    people = panel.people.set_index("respondent")["weight"]
    assert (panel.ratings["respondent"].map(people) == panel.ratings["weight"]).all()


def test_what_merged_groups_of_the_public_hold_is_known(files):
    instrument = ei.load_instrument(SAMPLE / "instrument.toml")
    (generation,) = (g for g in instrument.groupings if g.column == "generation")
    merged = generation.model_copy(update={"merge": {"younger": ("millennial", "gen_z")}})
    asked = instrument.model_copy(update={"groupings": (merged,)})
    (found,) = ei.load_panel(*files, instrument=asked).instrument.groupings
    assert found.held == {"younger": ("gen_z", "millennial")}


def test_everything_that_is_wrong_is_told_at_once(files):
    ratings, people = (f.copy() for f in files)
    ratings.loc[3, "known"] = 2
    ratings.loc[5, "attractive"] = 9
    ratings = ratings.drop(columns="image_pay")
    people = people.rename(columns={"importance_pay": "importance_pays"})
    assert codes(ratings, people) == [
        "panel.missing_column", "panel.not_zero_or_one", "survey.out_of_range",
        "panel.missing_column_near",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda r, p: (r.replace({"respondent": "P0001"}, "P9999"), p), "panel.stranger"),
        (lambda r, p: (pd.concat([r, r.iloc[[0]]]), p), "panel.shown_twice"),
        (lambda r, p: (r, pd.concat([p, p.iloc[[0]]])), "survey.duplicate_respondent"),
        (lambda r, p: (r.assign(employer=r["employer"].mask(r.index < 1)), p), "panel.no_employer"),
        (lambda r, p: (r, p.assign(weight=-p["weight"])), "survey.bad_weight"),
    ],
)  # fmt: skip
def test_each_fault_has_its_name(files, damage, code):
    assert codes(*damage(*files)) == [code]


def test_what_may_be_accepted_is_a_warning(files):
    ratings, people = (f.copy() for f in files)
    unknown = ratings.index[ratings["known"] == 0][:3]
    ratings.loc[unknown, "image_pay"] = 4
    one = ratings["employer"] == ratings["employer"].iloc[0]
    ratings.loc[one, ["known", *[c for c in ratings if c.startswith("image")], "attractive"]] = [
        0
    ] + [np.nan] * 11
    ratings = ratings.assign(image_canteen=3)
    people.loc[0, "weight"] = 50
    with pytest.warns(SurveyWarning) as caught:
        found = load(ratings, people)
    told = {p.code for p in caught[0].message.problems}
    assert told == {
        "panel.rated_unknown", "panel.known_to_nobody", "panel.unknown_drivers", "panel.heavy",
    }  # fmt: skip
    assert found.ratings.loc[unknown, "image_pay"].isna().all()
    nobody = attractiveness(found).table.set_index("employer").loc[ratings["employer"].iloc[0]]
    assert nobody["awareness"] == 0
    assert np.isnan(nobody["relative"])
    assert not nobody["eligible"]


def test_an_employer_that_everybody_knows_is_told(files):
    ratings, people = (f.copy() for f in files)
    one = ratings["employer"] == ratings["employer"].iloc[0]
    ratings.loc[one, "known"] = 1
    with pytest.warns(SurveyWarning, match="known to everybody"):
        load(ratings, people)


def test_employers_of_one_file_only_are_told_and_spellings_suggested(panel):
    employers = [n for n in panel.employers if n != "Gouden Brug"] + ["Gouden  brug", "Grijze Das"]
    found = {p.code: p for p in linked(panel, [n for n in employers if n != "Witte Molen"])}
    assert set(found) == {"panel.two_spellings", "panel.only_outside", "panel.only_inside"}
    assert "“Gouden Brug”" in found["panel.two_spellings"].where
    assert found["panel.only_outside"].where == "Witte Molen"
    assert found["panel.only_inside"].where == "Grijze Das"
    assert linked(panel, list(panel.employers)) == ()


def test_an_instrument_without_a_public_is_refused(files):
    with pytest.raises(SurveyError, match=r"Add a table \[public\]"):
        ei.load_panel(*files, instrument="connecting-employership")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("likes_from = 4", "likes_from = 6", "instrument.likes_outside"),
        ("likes_from = 4", "", "instrument.missing_key"),
        ('key = "pay"', 'key = "career"', "instrument.twice"),
        ("[public]", "[publik]", "instrument.no_public"),
    ],
)
def test_a_public_that_contradicts_itself_is_refused(tmp_path, old, new, code):
    text = (SAMPLE / "instrument.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "instrument.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InstrumentError) as caught:
        ei.load_instrument(path)
    assert code in {p.code for p in caught.value.problems}


# --- Attractiveness


def test_absolute_is_awareness_times_relative(panel):
    table = attractiveness(panel).table
    gap = (table["absolute"] - table["awareness"] * table["relative"]).abs()
    assert gap.max() < SAME_SUMS
    for name in ("awareness", "absolute", "relative"):
        inside = (table[f"{name}_lower"] <= table[name]) & (table[name] <= table[f"{name}_upper"])
        assert inside.all()


def test_shares_by_hand(panel):
    table = attractiveness(panel).table.set_index("employer")
    own = panel.ratings[panel.ratings["employer"] == "Gouden Brug"]
    w = own["weight"]
    knows = own["known"] == 1
    likes = own["attractive"] >= 4
    row = table.loc["Gouden Brug"]
    assert row["awareness"] == pytest.approx(w[knows].sum() / w.sum())
    assert row["relative"] == pytest.approx(w[knows & likes].sum() / w[knows].sum())
    assert row["n_eff"] == pytest.approx(w[knows].sum() ** 2 / (w[knows] ** 2).sum())
    assert (row["shown"], row["known"]) == (len(own), knows.sum())


def test_wilson_by_hand():
    low, high = wilson(np.array([0.1]), np.array([20.0]))
    # 2 of 20, as in textbooks: 2.8 % to 30.1 %
    assert low[0] == pytest.approx(0.0279, abs=1e-4)
    assert high[0] == pytest.approx(0.3010, abs=1e-4)


def test_what_is_true_lies_in_the_intervals(panel):
    truth = tomllib.loads((SAMPLE / "truth.toml").read_text(encoding="utf-8"))["employers"]
    table = attractiveness(panel).table.set_index("employer")
    names = list(truth)
    for name, key in (("awareness", "awareness"), ("relative", "attractiveness")):
        true = pd.Series({n: truth[n][key] for n in names})
        inside = (table[f"{name}_lower"][names] <= true) & (true <= table[f"{name}_upper"][names])
        assert inside.mean() >= 0.85  # of 60, at 95 %, fewer than 51 would happen once in 500


def test_only_eligible_employers_are_ranked_and_never_without_a_range(panel):
    found = attractiveness(panel, least=80)
    assert set(found.ranking["employer"]) == set(found.table.query("eligible")["employer"])
    assert 0 < len(found.ranking) < 60
    r = found.ranking
    assert (r["rank_lower"] <= r["rank"]).all()
    assert (r["rank"] <= r["rank_upper"]).all()
    assert r["pooled"].is_monotonic_decreasing
    assert r["band"].is_monotonic_increasing
    assert r["band"].iloc[0] == 1
    pd.testing.assert_frame_equal(r, attractiveness(panel, least=80).ranking)


def test_pooling_draws_small_numbers_to_the_others(panel):
    r = attractiveness(panel, least=20, known_by=0.0).ranking
    mean = r["pooled"].mean()
    drawn = (r["pooled"] - mean).abs() / (r["relative"] - mean).abs().clip(lower=1e-9)
    clear = (r["relative"] - mean).abs() > 0.05
    assert r.loc[clear, "known"].corr(drawn[clear], method="spearman") > 0.5


def test_employers_that_do_not_differ_share_a_band():
    rng = np.random.default_rng(2)
    n = np.full(30, 200.0)
    yes = rng.binomial(200, 0.4, 30).astype(float)
    a, b = pooled(yes, n)
    assert a / (a + b) == pytest.approx(0.4, abs=0.02)
    assert a + b > 200  # hardly any spread over employers


def test_the_beta_of_the_employers_is_found_again():
    rng = np.random.default_rng(3)
    n = np.full(4000, 60.0)
    yes = rng.binomial(60, rng.beta(6.0, 9.0, 4000)).astype(float)
    assert pooled(yes, n) == pytest.approx((6.0, 9.0), rel=0.08)


def test_without_eligible_employers_there_is_no_ranking(panel):
    found = attractiveness(panel, least=10_000)
    assert found.ranking.empty
    assert found.bands == 0
    assert list(found.ranking.columns) == list(attractiveness(panel).ranking.columns)
