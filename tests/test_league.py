"""League tables of aligned means: places, what licenses them, what a study shows and says."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity import tables
from employer_identity.errors import ComparisonError, EmployerIdentityWarning
from employer_identity.language import LANGUAGES, Language
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.placing import LEVEL, limits, places
from employer_identity.reports import league_words, leagues
from employer_identity.reports.study import Study

GOLDEN = Path(__file__).parent / "golden" / "places" / "places.json"
DRAWN = 0.06  # three standard errors of a quantile of 10,000 draws
SAMPLE = Path(__file__).parents[1] / "data" / "sample"
LOADINGS = np.array([0.7, 0.75, 0.8, 0.75])
ITEMS = ("x1", "x2", "x3", "x4")
MODEL = "f =~ " + " + ".join(ITEMS)
MEANS = np.array([0.0, 0.6, -0.5, 0.1, 0.15])


def moments(n: int = 400, off: float = 0.0, wild: bool = False) -> Moments:
    """Groups without sampling error; in two an item is off, or everywhere something else is."""
    parts, rng = {}, np.random.default_rng(1)
    for g, m in enumerate(MEANS):
        loadings = LOADINGS * rng.uniform(0.4, 1.2, 4) if wild else LOADINGS
        answers = 3.0 + loadings * m + (rng.normal(size=4) if wild else 0.0)
        answers[g % 4] += off * (g in (1, 3))
        covariance = np.outer(loadings, loadings) + np.diag(1 - LOADINGS**2)
        parts[f"g{g}"] = Moments.published(ITEMS, n=n, covariance=covariance, means=answers)
    return Moments.of_groups(parts)


# -- places ---------------------------------------------------------------------------------------


def test_places_are_those_of_the_distribution_itself() -> None:
    told = json.loads(GOLDEN.read_text())
    covariance = np.array(told["covariance"])
    assert limits(covariance)[:, 0] == pytest.approx(np.array(told["limit"]), abs=DRAWN)
    lower, upper = places(np.array(told["means"])[None], covariance)
    assert lower.tolist() == told["lower"]
    assert upper.tolist() == told["upper"]


def test_two_groups_are_told_apart_at_the_usual_limit() -> None:
    covariance = np.diag([0.5, 0.5])  # the difference has standard error 1
    for gap, told in ((1.90, ([1, 1], [2, 2])), (2.02, ([2, 1], [2, 1]))):
        found = places(np.array([[0.0, gap]]), covariance)
        assert tuple(map(list, found)) == told


def test_every_estimate_must_say_that_one_stands_above_another() -> None:
    values, covariance = np.array([[0.0, 3.0], [0.0, 1.0]]), np.diag([0.5, 0.5])
    assert list(places(values[:1], covariance)[0]) == [2, 1]
    assert list(places(values, covariance)[0]) == [1, 1]


def test_an_unknown_group_may_have_any_place() -> None:
    lower, upper = places(np.array([[0.0, np.nan, 9.0]]), np.eye(3))
    assert (lower[1], upper[1]) == (1, 3)
    assert (lower[2], upper[2]) == (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 1.0, 3.0])
def test_places_hold_the_true_one_as_often_as_they_say(spread: float) -> None:
    rng = np.random.default_rng(7)
    root = rng.normal(size=(8, 8)) / 3 + np.eye(8)
    covariance = root @ root.T
    true = spread * rng.normal(size=8)
    rank = (-true).argsort().argsort() + 1 if spread else np.arange(8) + 1
    held = []
    for _ in range(200):
        lower, upper = places((true + root @ rng.normal(size=8))[None], covariance)
        held.append((lower <= rank) & (rank <= upper))
    share = np.mean(held, axis=0)
    error = np.sqrt(LEVEL * (1 - LEVEL) / 200)
    assert share.min() > LEVEL - 3 * error


# -- the order ------------------------------------------------------------------------------------


def test_the_order_is_the_true_one_whatever_the_reference_group() -> None:
    one = ei.league(ei.align(moments(), MODEL, group="g"))
    other = ei.league(ei.align(moments(), MODEL, group="g", reference="g3"))
    assert one["group"].tolist() == ["g1", "g4", "g3", "g0", "g2"]
    published = np.sqrt(399 / 400)  # a covariance's divisor is n - 1 there
    distance = np.sort(MEANS - MEANS.mean())[::-1] / published
    assert one["est"].to_numpy() == pytest.approx(distance, abs=1e-5)
    numbers = ["est", "se", "ci_lower", "ci_upper", "rank_lower", "rank_upper"]
    assert other["group"].tolist() == one["group"].tolist()
    assert other[numbers].to_numpy() == pytest.approx(one[numbers].to_numpy(), abs=1e-4)
    first, last = one.iloc[0], one.iloc[-1]
    assert (first["rank_lower"], first["rank_upper"]) == (1, 1)
    assert (last["rank_lower"], last["rank_upper"]) == (5, 5)
    assert set(one["rank_lower"].iloc[1:4]) == {2}  # not told apart
    assert set(one["rank_upper"].iloc[1:4]) == {4}


def test_what_differs_widens_intervals_and_places() -> None:
    clean, planted = (ei.league(ei.align(moments(off=o), MODEL, group="g")) for o in (0.0, 0.5))
    width = [f["ci_upper"] - f["ci_lower"] - 2 * 1.959964 * f["se"] for f in (clean, planted)]
    assert width[0].abs().max() < 1e-6
    assert width[1].max() > 0.01


def test_small_groups_stand_in_no_league_table() -> None:
    parts = {f"g{k}": moments(n).arranged([f"g{k}"]) for k, n in enumerate((400, 400, 60, 400))}
    several = ei.align(Moments.of_groups(parts), MODEL, group="g", minimum_n=50)
    found = ei.league(several)
    assert set(found["group"]) == {"g0", "g1", "g3"}
    assert found["rank_upper"].max() == 3
    with pytest.raises(ComparisonError, match=r"0 groups have at least 1,000 people"):
        ei.league(several, minimum_n=1000)


# -- what licenses it -----------------------------------------------------------------------------


def test_a_ladder_and_an_alignment_decide_together() -> None:
    ladder = ei.invariance(moments(off=0.5), MODEL, group="g")
    alignment = ei.align(moments(off=0.5), MODEL, group="g")
    alone, both = ladder.decision, ladder.decide(alignment.decision())
    assert not alone["aligned means"].tested
    assert both["aligned means"].allowed
    assert both["aligned means"].factors == ("f",)
    assert "approximately" in both["aligned means"].reason()
    assert not both["league table"].allowed  # of scores as they are
    assert {k: v for k, v in both.items() if k != "aligned means"} == {
        k: v for k, v in alone.items() if k != "aligned means"
    }


def test_too_much_that_differs_is_refused_in_words() -> None:
    wild = ei.align(moments(2000, wild=True), MODEL, group="g")
    assert wild.shares["share"].item() > 0.25
    made = wild.decision()
    assert not made.allowed
    assert made.factors == ()
    assert "than alignment" in made.reason()
    with pytest.raises(ComparisonError, match="No league table over 'g'"):
        ei.league(wild)


def test_another_structure_licenses_nothing() -> None:
    bent = moments().covariance.copy()
    bent[:, 0, 1] = bent[:, 1, 0] = 0.95
    parts = {
        f"g{k}": Moments.published(ITEMS, n=400, covariance=c, means=m)
        for k, (c, m) in enumerate(zip(bent, moments().mean, strict=True))
    }
    other = ei.align(Moments.of_groups(parts), MODEL, group="g")
    assert other.state("f") == "comparable"
    assert not other.has_structure
    assert other.decision().reached is None
    assert "do not belong together" in repr(other)
    with pytest.raises(ComparisonError, match="no acceptable common structure"):
        ei.league(other)


# -- in a study -----------------------------------------------------------------------------------


@cache
def survey(planted: bool) -> ei.Survey:
    """Return a wave of the sample; planted: some items are answered lower in some sectors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EmployerIdentityWarning)
        found = ei.load_survey(SAMPLE / "employees.csv", instrument=SAMPLE / "instrument.toml")
    found = found.of_wave("2026")
    answers, rng = found.answers.copy(), np.random.default_rng(1)
    lower = {"care": ("adv2", "pro3"), "industry": ("adv3",), "retail": ("adv1",)}
    for sector, items in lower.items() if planted else ():
        for item in items:
            there = (answers["sector"] == sector) & (answers[item] > 1)
            answers.loc[there & (rng.random(len(answers)) < 0.9), item] -= 1
    return replace(found, answers=answers)


@cache
def study(planted: bool, language: Language) -> Study:
    return Study(survey(planted), "", language)


def told(planted: bool, language: Language) -> str:
    return " ".join(league_words.orders(study(planted, language)))


@pytest.mark.slow
def test_sectors_whose_scores_do_not_mean_the_same_are_put_in_order_by_alignment() -> None:
    found = study(True, "en").employers
    assert found is not None
    assert found.league_of_sectors is not None
    assert set(found.league_of_sectors.pillars) == {"prototypicality", "advancement"}
    assert set(found.league_of_sectors.table["factor"]) == {"prototypicality", "advancement"}
    text = told(True, "en")
    assert "Sectors: approximately comparable on being one of us and doing it for us" in text
    assert "is answered lower (Care)" in text
    assert "The order has 12 of the 60 employers; left out are those of fewer than 100" in text
    assert "Sectoren: bij benadering vergelijkbaar op" in told(True, "nl")


@pytest.mark.slow
def test_sectors_whose_scores_mean_the_same_need_none() -> None:
    found = study(False, "en").employers
    assert found is not None
    assert found.league_of_sectors is None
    assert "For sectors that is not needed" in told(False, "en")
    assert [own.column for own in league_words.here(study(False, "en"))] == ["employer"]


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_employers_stand_in_the_table_by_ranges_of_places(language: Language) -> None:
    (own,) = league_words.here(study(False, language))
    shown = tables.league(own.table, own.column, survey(False).instrument, language=language)
    assert shown.key == "league_employers"
    assert shown.cells is not None
    assert len(shown.cells.rows) == 48
    assert all("\N{EN DASH}" in cells[1] for _, cells in shown.cells.rows)
    named = {value for fact in shown.facts for box in fact.scope for _, value in box}
    assert named == {(name,) for name in own.table["group"]}
    sizes = survey(False).answers["employer"].value_counts()
    assert sizes[list(own.table["group"].unique())].min() >= 100


@pytest.mark.slow
def test_a_survey_of_small_employers_says_that_there_is_no_order() -> None:
    few = survey(False)
    kept = few.answers.groupby("employer", observed=True).head(60)
    small = Study(replace(few, answers=kept), "", "en")
    assert "Employers: too few have at least 100 people" in " ".join(league_words.orders(small))
    assert all(own.column != "employer" for own in league_words.here(small))


@pytest.mark.slow
def test_why_there_is_no_order_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found = study(True, "en").employers
    assert found is not None
    own = found.league_of_sectors
    assert own is not None
    monkeypatch.setattr("employer_identity.aligned.LIMIT", 0.0)
    alignment = ei.align(survey(True), group="sector", minimum_n=100)
    none = replace(own, alignment=replace(alignment))
    monkeypatch.setattr(leagues.League, "check", None)
    assert none.table.empty
    other = replace(study(True, "en"))
    fake = replace(found)
    vars(fake)["league_of_sectors"] = none
    vars(fake)["league_of_employers"] = None
    vars(other)["employers"] = fake
    text = " ".join(league_words.orders(other))
    assert "not even approximately comparable on" in text
    assert "There is no order of sectors for that." in text
    assert league_words.here(other) == ()


def test_a_frame_without_rows_is_never_a_table() -> None:
    assert leagues.League("sector", (), ("f",)).table.equals(pd.DataFrame())
