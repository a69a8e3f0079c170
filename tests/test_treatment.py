"""Answers as numbers or as ordered categories: facts, both ladders side by side, what is said."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import employer_identity as ei
from employer_identity import treatment_figures, treatment_tables
from employer_identity.collapsing import LEAST
from employer_identity.errors import ComparisonError, ModelError, Problem
from employer_identity.language import LANGUAGES, Language, number
from employer_identity.questionnaire import Grouping
from employer_identity.reports import (
    measurement,
    methods,
    prose,
    reporting,
    treatment_words,
    verdict,
)
from employer_identity.reports.measured import Measurement
from employer_identity.reports.prepared import fitted, open_prepared, select, write_prepared
from employer_identity.reports.study import Study
from employer_identity.simulate import Truth, simulate_survey
from employer_identity.survey import Survey
from employer_identity.treatment import (
    APART,
    CROWDED,
    PEOPLE,
    SKEWED,
    STATEMENTS,
    Answered,
    Treatment,
    answered,
    treatment,
)
from tests import whom
from tests.drawn import foreign_numbers, outside, overlapping

ROUNDING = 1e-12  # sums of shares against sums of answers


@cache
def people(n: int = 1500, third: str = "old") -> Survey:
    """Three bands, of which the third answers one item higher."""
    truth = Truth(grouping="band", shares={"young": 0.35, "middle": 0.35, "old": 0.3})
    made = simulate_survey(n, preset="idealised", seed=5, truth=truth, missing=0.02)
    answers = made.answers.copy()
    old = answers["band"] == third
    answers.loc[old, "adv2"] = (answers.loc[old, "adv2"] + 1).clip(upper=7)
    instrument = made.instrument.model_copy(update={"groupings": (Grouping(column="band"),)})
    return replace(made, answers=answers, instrument=instrument)


@cache
def found() -> Treatment:
    return treatment(people(), ei.invariance(people(), group="band"))


def doctored(base: Treatment, *, by: float = 0.0, **changes: Any) -> Treatment:
    """Move the first gap, as ordered, by some, and change whatever else is named."""
    gaps = base.gaps.reset_index(drop=True).copy()
    ends = ["est_ordered", "ci_lower_ordered", "ci_upper_ordered"]
    gaps.loc[0, ends] = gaps.loc[0, ends] + by
    return replace(base, **({"gaps": gaps} | changes))


def told(language: Language = "en", **changes: Any) -> Study:
    study = Study(people(), "band", language, groups=("band",))
    vars(study)["treatment"] = doctored(found(), **changes)
    return study


# --- What the answers look like


def test_skewness_and_ends_are_those_of_the_answers() -> None:
    own = answered(people())
    for item in people().item_names:
        y = people().answers[item].dropna()
        assert own.skewness[item] == pytest.approx(stats.skew(y), abs=ROUNDING)
        low, high = (y == 1).mean(), (y == 7).mean()
        assert own.crowded[item] == pytest.approx(max(low, high), abs=ROUNDING)
        assert own.at_top[item] == (high >= low)
    assert own.offered == 7


def test_weights_count_in_shares_and_skewness() -> None:
    survey = people()
    weight = np.where(np.arange(survey.n) % 2, 2.0, 0.0)
    instrument = survey.instrument.model_copy(update={"weight": "w"})
    weighted = replace(survey, answers=survey.answers.assign(w=weight), instrument=instrument)
    own, y = answered(weighted), survey.answers["imp1"][1::2].dropna()
    assert own.skewness["imp1"] == pytest.approx(stats.skew(y), abs=ROUNDING)


def test_categories_are_those_that_the_model_is_left_with() -> None:
    ladder = ei.invariance(people(), group="band", ordered=True)
    own = answered(people(), "band", ladder.groups)
    assert own.categories == {i: k + 1 for i, k in ladder.prepared.ordered.thresholds.items()}
    assert own.thresholds == sum(ladder.prepared.ordered.thresholds.values())
    assert own.n == min(ladder.n.values())
    rare = people().answers.copy()
    young = rare.index[rare["band"] == "young"]
    rare.loc[young, "pro1"] = rare.loc[young, "pro1"].clip(lower=2)
    rare.loc[young[: LEAST - 1], "pro1"] = 1
    few = answered(replace(people(), answers=rare), "band", ladder.groups)
    assert few.categories["pro1"] == own.categories["pro1"] - 1


def some(**changes: Any) -> Answered:
    """Return two items of seven answers that speak for numbers, but for the changes."""
    base = Answered(
        7, {"a": 7, "b": 5}, {"a": CROWDED, "b": 0.1}, {"a": True, "b": True},
        {"a": -SKEWED, "b": 0.3}, 200,
    )  # fmt: skip
    return replace(base, **changes)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("few", {"categories": {"a": 7, "b": 4}}),
        ("skewed", {"skewness": {"a": 0.0, "b": -SKEWED - 0.01}}),
        ("crowded", {"crowded": {"a": 0.2, "b": CROWDED + 0.01}}),
    ],
)
def test_each_reason_alone_speaks_for_ordered_categories(
    reason: str, changes: dict[str, Any]
) -> None:
    assert (some().advised, some().against_numbers) == ("scores", {})
    own = some(**changes)
    assert (own.advised, own.against_numbers) == ("ordered", {reason: ("b",)})
    crowd = replace(own, n=PEOPLE * own.thresholds - 1)
    assert (crowd.advised, crowd.too_few_people) == ("scores", True)


# --- Both ladders


def test_both_ways_are_what_each_ladder_says_by_itself() -> None:
    ladders = {o: ei.invariance(people(), group="band", ordered=o) for o in (False, True)}
    for way, ladder in zip(("scores", "ordered"), ladders.values(), strict=True):
        means = ei.latent_means(ladder)
        means = means[means["group"] != ladder.groups[0]]
        for column in ("est", "ci_lower", "ci_upper"):
            assert found().gaps[f"{column}_{way}"].tolist() == pytest.approx(means[column].tolist())
        assert found().levels[way] == ladder.level
        assert found().items[way] == ("adv2",)
        rows = found().rungs.set_index("level")
        for level in ladder.levels:
            assert rows.loc[level, f"aside_{way}"] == len(ladder.set_aside(level))
    assert rows.loc["thresholds", "state_scores"] == ""
    assert found().agrees
    assert found().curve is not None
    assert set(found().curve["item"]) == {"adv2"}


def test_groups_that_the_ladder_left_out_take_no_part() -> None:
    survey = people()
    kept = survey.answers["band"].cat.remove_categories(["old"])
    two = ei.invariance(replace(survey, answers=survey.answers.assign(band=kept)), group="band")
    own = treatment(survey, two)
    assert set(own.gaps["group"]) == set(two.groups[1:])
    assert list(own.counts) == list(two.groups)


def test_what_only_thresholds_tell_is_seen_as_ordered_alone() -> None:
    survey = people(3000, "none")
    answers, rng = survey.answers.copy(), np.random.default_rng(3)
    old = (answers["band"] == "old").to_numpy()
    y = answers["pro2"].to_numpy(dtype=float).copy()
    draws = rng.random(len(y))
    for source, target in ((3.0, 2.0), (5.0, 6.0)):  # outward on both sides: the mean stays
        y[old & (answers["pro2"] == source).to_numpy() & (draws < 0.6)] = target
    planted = replace(survey, answers=answers.assign(pro2=y))
    own = treatment(planted, ei.invariance(planted, group="band"))
    assert "pro2" not in own.items["scores"]
    assert "pro2" in own.items["ordered"]
    assert not own.agrees


def test_a_gap_that_moves_enough_is_a_difference_and_a_borderline_is_none() -> None:
    base = doctored(found())
    row = base.gaps.iloc[0]
    gap = row["est_scores"] - row["est_ordered"]
    assert doctored(base, by=gap + APART - 0.001).apart.empty
    moved = doctored(base, by=gap + APART + 0.001)
    assert (len(moved.apart), moved.agrees) == (1, False)
    assert moved.moved == pytest.approx(APART + 0.001)
    gaps = base.gaps.copy()
    gaps.loc[0, ["ci_lower_scores", "ci_lower_ordered"]] = 0.001, -0.001
    gaps.loc[0, ["ci_upper_scores", "ci_upper_ordered"]] = 0.3, 0.3
    edge = replace(base, gaps=gaps)
    assert 0 in edge.borderline.index
    assert edge.agrees
    study = told()
    vars(study)["treatment"] = edge
    who = study.instrument.value_label("band", gaps.loc[0, "group"], "en")
    assert who in treatment_words.borderline(study)[0]
    assert treatment_words.borderline(study)[0] in treatment_words.paragraph(study)[1]


def test_other_items_and_other_statements_are_a_difference() -> None:
    assert not doctored(found(), items={"scores": ("adv2",), "ordered": ()}).agrees
    other = found().allowed.copy()
    other.at[3, "ordered"] = ()
    assert not doctored(found(), allowed=other).agrees


def test_too_few_people_for_ordered_categories_is_told() -> None:
    survey = people(90)
    own = treatment(survey, ei.invariance(survey, group="band"))
    assert (own.answered.too_few_people, own.answered.advised) == (True, "scores")
    assert own.problems
    assert not own.compared
    study = Study(survey, "band", "en")
    vars(study)["treatment"] = own
    (sentence,) = treatment_words.outcome(study)
    assert sentence.startswith("From the order of the answers alone it could not be computed.")
    assert treatment_words.differences(study) == []
    assert "could not be fitted by band" in " ".join(treatment_words.to_paste([study], "en"))


# --- Words


@pytest.mark.parametrize("language", LANGUAGES)
def test_agreement_is_told_in_one_paragraph(language: Language) -> None:
    study = told(language)
    first, verdict = treatment_words.paragraph(study)
    own = study.treatment.answered
    assert str(own.thresholds) in first
    assert str(own.n) in first
    assert {"en": "It makes no difference here", "nl": "Hier maakt het geen verschil"}[
        language
    ] in verdict
    assert study.instrument.label("adv2", language) in verdict
    assert foreign_numbers(f"{first} {verdict}", language) == []
    assert treatment_words.differences(study) == []


def test_a_movement_is_never_told_smaller_than_it_is() -> None:
    study = told(by=0.0)
    gaps = study.treatment.gaps.assign(est_ordered=lambda f: f["est_scores"] + 0.0412)
    vars(study)["treatment"] = replace(study.treatment, gaps=gaps)
    assert "moves by more than 0.05 standard deviations" in treatment_words.outcome(study)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_difference_is_told_point_by_point(language: Language) -> None:
    other = found().allowed.copy()
    other.at[3, "ordered"] = ()
    items = {"scores": (), "ordered": ("adv2",)}
    study = told(language, by=0.5, items=items, allowed=other)
    (verdict,) = treatment_words.outcome(study)
    assert {"en": "both are shown", "nl": "daarom staan beide er"}[language] in verdict
    decision, aside, gaps = (text for _, text in treatment_words.differences(study))
    assert {"en": "no as ordered", "nl": "nee als geordende"}[language] in decision
    assert study.instrument.label("adv2", language) in aside
    assert {"en": "1 of 8", "nl": "1 van 8"}[language] in gaps
    assert foreign_numbers(f"{decision} {aside} {gaps}", language) == []
    assert "band" in " ".join(treatment_words.to_paste([study], language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_verdict_that_hangs_on_the_method_says_so_where_it_is_given(language: Language) -> None:
    truth = Truth(grouping="band", shares={"young": 0.5, "old": 0.5})
    alike = simulate_survey(1500, preset="idealised", seed=9, truth=truth)
    study = Study(alike, "band", language)
    whole = tuple(alike.instrument.factors)
    both = pd.DataFrame({"statement": STATEMENTS, "scores": [whole] * 4, "ordered": [whole] * 4})
    other = both.copy()
    other.at[2, "ordered"] = other.at[3, "ordered"] = ()
    without_more = {"en": "as they are", "nl": "zonder meer"}[language]
    depends = {"en": "depends on the method", "nl": "hangt af van de methode"}[language]
    as_numbers = {"en": "as numbers", "nl": "als getallen"}[language]
    for allowed, agrees in ((both, True), (other, False)):
        vars(study)["treatment"] = doctored(found(), allowed=allowed)
        places = [verdict.verdict(study), " ".join(prose.at_a_glance(study))]
        assert [without_more in place for place in places] == [agrees] * 2
        assert [depends in place for place in places] == [not agrees] * 2
        assert (as_numbers in prose.key_numbers(study)[-1][1]) is not agrees
        section = study.say("heading.treatment")
        assert [section in " ".join(told) for told in (places, verdict.reasons(study))] == [
            not agrees
        ] * 2
        assert foreign_numbers(" ".join(places), language) == []
    failed = Treatment(found().answered, *[pd.DataFrame()] * 2, {}, found().gaps, {}, {})
    vars(study)["treatment"] = failed
    assert without_more not in verdict.verdict(study)


def test_without_groups_the_answers_are_described_alone() -> None:
    study = Study(people(), "", "en")
    (words,) = treatment_words.paragraph(study)
    assert "No groups were compared" in words
    assert "That speaks for numbers" in words
    assert treatment_words.introduction(study) == [words]


def test_the_measurement_report_says_so_everywhere() -> None:
    report = Measurement(Study(people(), "", "en", groups=("band",)))
    assert any("choices of the program" in text for _, text in measurement.beforehand(report))
    section = report.say("section.treatment")
    assert any(section in text for text in measurement.limits(report))
    lines = {line: value for _, line, value in reporting.checklist(report)}
    assert section in lines["answers as numbers or as ordered categories"]
    for language in LANGUAGES:
        assert treatment_words.to_paste(report.compared, language)[0] in methods.paragraph(
            report, language
        )


# --- Tables and figure


def test_tables_have_both_ways_side_by_side() -> None:
    instrument = people().instrument
    rows = {row[0]: row[1:] for _, row in treatment_tables.ways(found(), instrument).cells.rows}
    assert rows["Equal thresholds"] == ("–", "holds")  # noqa: RUF001
    assert rows["Latent means"] == ("yes", "yes")
    assert rows["Observed score means"][0].startswith("only for")
    shown = treatment_tables.gaps(found(), instrument, "band")
    first, gap = shown.cells.rows[0][1], found().gaps.iloc[0]
    assert first[1] == number(gap["est_scores"], "+z.2f")
    assert first[3] == number(gap["est_ordered"], "+z.2f")
    assert whom.names(shown) == list(found().counts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_figure_has_every_gap_twice(language: Language) -> None:
    draw = treatment_figures.latent_means_both_ways
    shown = draw(found(), people().instrument, "band", language=language)
    assert outside(shown.content) == []
    assert overlapping(shown.content) == []
    assert foreign_numbers(shown.alt, language) == []
    written = [t.get_text() for t in shown.content.axes[0].texts]
    signed = [t for t in written if t[:1] in "+-" and t[1:2].isdigit()]
    assert len([t for t in signed if len(t) == 5]) == 2 * len(found().gaps)
    for way in ("as numbers", "as ordered categories") if language == "en" else ():
        assert shown.alt.count(way) >= len(found().gaps)


def test_a_way_without_licence_has_no_numbers() -> None:
    ends = ["est_ordered", "ci_lower_ordered", "ci_upper_ordered"]
    alone = replace(found(), gaps=found().gaps.assign(**dict.fromkeys(ends, np.nan)))
    row = treatment_tables.gaps(alone, people().instrument, "band").cells.rows[0][1]
    assert row[3:] == ("–", "–", "–")  # noqa: RUF001
    figure = treatment_figures.latent_means_both_ways(alone, people().instrument, "band")
    assert "no as ordered categories" in figure.alt


def test_groups_below_the_minimum_are_not_shown() -> None:
    counts = dict(found().counts)
    small = list(counts)[-1]
    few = replace(found(), counts=counts | {small: 4})
    instrument = people().instrument
    label = instrument.value_label("band", small, "en")
    rows = treatment_tables.gaps(few, instrument, "band").cells.rows
    assert label not in {row[0] for _, row in rows}
    shown = treatment_figures.latent_means_both_ways(few, instrument, "band")
    assert label not in [t.get_text() for t in shown.content.axes[0].texts]
    everywhere = replace(found(), counts=dict.fromkeys(counts, 4))
    with pytest.raises(ComparisonError):
        treatment_tables.gaps(everywhere, instrument, "band")


# --- Shared by a batch


def test_a_batch_of_studies_shares_it(tmp_path: Path) -> None:
    selection = select(people(), wave="")
    assert fitted(selection, ["band"]).treatments == {}
    made = fitted(selection, ["band"], treated=True)
    opened = open_prepared(str(tmp_path), write_prepared(made, tmp_path))
    study = Study(opened.survey, "band", "nl", prepared=opened)
    assert study.treatment is opened.treatments["band"]
    pd.testing.assert_frame_equal(study.treatment.gaps, found().gaps)


def test_a_ladder_that_fails_is_not_climbed_again() -> None:
    answers = people().answers.assign(alone=pd.Categorical(["one"] * people().n))
    instrument = people().instrument.model_copy(update={"groupings": (Grouping(column="alone"),)})
    survey = replace(people(), answers=answers, instrument=instrument)
    made = fitted(select(survey, wave=""), ["alone"], treated=True)
    assert isinstance(made.ladders["alone"], ModelError)
    assert made.treatments == {}


def test_problems_of_ordered_categories_are_described_in_both_languages() -> None:
    for language in LANGUAGES:
        study = Study(people(), "band", language)
        problem = Problem("ordered.too_few_rows_in_group", "old", 94)
        vars(study)["treatment"] = replace(
            found(), rungs=pd.DataFrame(), problems=(problem,), gaps=found().gaps[:0]
        )
        assert "94" in treatment_words.outcome(study)[0]
