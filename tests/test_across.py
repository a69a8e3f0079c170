"""Many groupings at once: one family of tests, small groups by a rule, each row for itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity import figures, tables
from employer_identity.errors import ModelError
from employer_identity.language import LANGUAGES, describe
from employer_identity.questionnaire import Grouping
from tests.drawn import foreign_numbers, outside, overlapping
from tests.examples import FOUR, ITEMS, answers

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
TWO = {"pro": "pro =~ pro1 + pro2 + pro3 + pro4", "adv": "adv =~ adv1 + adv2 + adv3 + adv4"}
ONE = {"pro": TWO["pro"]}


def people(n=900, seed=3, **columns):
    """Clean answers, with groupings that have nothing to do with them."""
    rng = np.random.default_rng(seed)
    frame = answers(n, seed)
    frame["sex"] = rng.choice(["f", "m"], n)
    frame["age"] = pd.Categorical(rng.choice(["young", "mid", "old"], n), ["young", "mid", "old"],
                                  ordered=True)  # fmt: skip
    return frame.assign(**columns)


def put(sizes, n=900):
    """Give the first people a group of the sizes asked, all others the first group."""
    labels = [g for g, k in sizes.items() for _ in range(k)]
    return np.array([*labels, *[next(iter(sizes))] * (n - len(labels))], dtype=object)


@pytest.fixture(scope="module")
def sample():
    survey = ei.load_survey(SAMPLE / "employees.csv", instrument=SAMPLE / "instrument.toml")
    return survey.of_wave("2026")


@pytest.fixture(scope="module")
def planted(sample):
    return ei.invariance_across(sample, ["generation", "gender", "region", "wave"])


def codes(problems):
    return [p.code for p in problems]


# --- What is found


def test_generation_needs_releases_in_the_sample_and_gender_does_not(planted):
    table = planted.table.set_index(["grouping", "level"])
    assert table.loc["gender"]["state"].tolist() == ["held"] * 4
    assert table.loc["generation"]["state"].tolist() == ["held"] + ["in_part"] * 3
    assert table.loc[("generation", "scalar"), "set_aside"] == 6
    assert table.loc[("generation", "scalar"), "pvalue_adjusted"] < 0.001
    assert (table["reached"][table["n"].notna()] == "strict").all()


def test_clean_answers_reach_strict_in_every_grouping():
    across = ei.invariance_across(people(), ["sex", "age", ("sex", "age")], models={"all": FOUR})
    assert across.table["state"].tolist() == ["held"] * 12
    assert (across.table["pvalue_adjusted"].dropna() > 0.05).all()
    assert across.table["groups"].unique().tolist() == [2, 3, 6]
    assert (across.table["n"] == 900).all()


def test_a_ladder_is_that_of_invariance_alone(sample, planted):
    alone = ei.invariance(sample, group="gender")
    pd.testing.assert_frame_equal(planted.ladders["model", "gender"].table, alone.table)


def test_p_is_adjusted_over_all_tests_by_hand(planted):
    table = planted.table
    p = table["pvalue"].dropna()
    assert planted.tests == len(p) == 9
    order = p.sort_values()
    stepped = (order * len(p) / np.arange(1, len(p) + 1)).iloc[::-1].cummin().iloc[::-1]
    by_hand = stepped.clip(upper=1.0).reindex(p.index)
    np.testing.assert_allclose(table["pvalue_adjusted"].dropna(), by_hand, rtol=1e-12)
    assert (by_hand >= p * (1 - 1e-12)).all()


def test_the_tests_are_those_of_each_rung_with_all_it_adds(planted):
    ladder = planted.ladders["model", "generation"]
    row = planted.table.query("grouping == 'generation' and level == 'scalar'").iloc[0]
    first = ladder.models.loc["3"]
    assert row["chisq_diff"] == first["d_chisq"]
    assert row["pvalue"] == first["d_pvalue"]
    assert row["d_cfi"] == first["d_cfi"]
    assert row["chisq_diff"] > ladder.table.loc["scalar", "d_chisq"] + 100


def test_what_may_be_said_of_each_grouping(planted):
    means = planted.decision("latent means").set_index("grouping")
    assert means["allowed"].tolist() == [True, True, True, False]
    assert "adv2~1@gen_z" in means.loc["generation", "set_aside"]
    observed = planted.decision("observed means").set_index("grouping")
    assert observed["allowed"].tolist() == [False, True, True, False]
    assert observed.loc["generation", "factors"] == "prototypicality"
    assert "holds 1 group" in observed.loc["wave", "reason"]
    with pytest.raises(ModelError, match="did you mean 'latent means'"):
        planted.decision("latent mean")
    with pytest.raises(ModelError, match="Choose one of"):
        planted.decision("everything")


def test_a_climb_that_ends_leaves_rungs_that_were_not_reached():
    frame = people()
    frame.loc[frame["sex"] == "m", "adv2"] += 0.8
    across = ei.invariance_across(frame, "sex", models={"all": FOUR}, on_reject="stop")
    assert across.table["state"].tolist() == ["held", "held", "rejected", "out_of_reach"]
    assert across.table["holds"].tolist() == [True, True, False, pd.NA]
    assert across.tests == 2
    going_on = ei.invariance_across(frame, "sex", models={"all": FOUR}, on_reject="continue")
    assert going_on.table["state"].tolist() == ["held", "held", "rejected", "out_of_reach"]
    assert going_on.table["holds"].tolist() == [True, True, False, False]


def test_several_scales_each_with_its_own_anchors():
    frame = people()
    across = ei.invariance_across(frame, ["sex", "age"], models=TWO, anchors=["adv1", "pro2"])
    assert across.pairs == (("pro", "sex"), ("pro", "age"), ("adv", "sex"), ("adv", "age"))
    assert across.ladders["adv", "age"]["configural"].factors == {"adv": tuple(ITEMS[4:8])}
    assert "scale" in repr(across)
    with pytest.raises(ModelError) as caught:
        ei.invariance_across(frame, ["sex"], models=TWO, anchors=["adv1", "ent1"])
    assert codes(caught.value.problems) == ["invariance.unknown_anchor"]


# --- Crossings and waves


def test_a_crossing_is_the_column_made_by_hand(sample):
    pair = ("gender", "generation")
    across = ei.invariance_across(sample, [pair], models=scale_of(sample))
    ladder = across.ladders["prototypicality", "gender + generation"]
    both = sample.answers["gender"].astype(str) + sample.answers["generation"].astype(str)
    known = sample.answers[["gender", "generation"]].notna().all(axis=1)
    frame = sample.answers.assign(both=both)[known]
    by_hand = ei.invariance(
        frame, scale_of(sample)["prototypicality"], group="both", weights="weight",
        cluster="employer",
    )  # fmt: skip
    assert ladder["metric"].chisq == pytest.approx(by_hand["metric"].chisq, rel=1e-8)
    assert len(ladder.groups) == 8
    assert ladder.groups[0] == "woman + baby_boom"
    label = sample.instrument.label("gender + generation", "nl")
    assert label == "Geslacht \N{MULTIPLICATION SIGN} Generatie"
    named = sample.instrument.value_label("gender + generation", "woman + gen_x", "en")
    assert named == "women \N{MULTIPLICATION SIGN} Generation X (1965\N{EN DASH}1980)"


def test_crossings_may_be_asked_for_beside_the_declared_groupings(sample):
    frame = sample.answers
    few = replace(sample, answers=frame[frame["gender"].notna()])
    instrument = few.instrument
    kept = tuple(g for g in instrument.groupings if g.column in ("gender", "contract"))
    few = replace(few, instrument=instrument.model_copy(update={"groupings": kept}))
    across = ei.invariance_across(few, models=ONE, crossed=[("gender", "contract")])
    assert [g for _, g in across.pairs] == ["gender", "contract", "gender + contract"]


def test_waves_are_repeated_cross_sections():
    survey = ei.load_survey(SAMPLE / "employees.csv", instrument=SAMPLE / "instrument.toml")
    scale = {"prototypicality": survey.instrument.model.splitlines()[0]}
    across = ei.invariance_across(survey, ["wave"], models=scale)
    assert across.table["groups"].unique().tolist() == [2]
    assert codes(across.notes).count("invariance.waves") == 1
    assert "across.waves_pooled" not in codes(across.notes)
    pooled = ei.invariance_across(survey, ["gender", ("wave", "gender")], models=scale)
    assert set(codes(pooled.notes)) >= {"across.waves_pooled", "invariance.waves", "across.shared"}


# --- Small groups


def test_in_an_order_a_small_group_joins_its_smaller_neighbour():
    order = ["a", "b", "c", "d"]
    sizes = {"a": 150, "b": 300, "c": 40, "d": 200}
    band = pd.Categorical(put(sizes, 690), order, ordered=True)
    across = ei.invariance_across(people(690, band=band), "band", models=ONE, small="merge")
    assert across.ladders["pro", "band"].n == {"a": 150, "b": 300, "c; d": 240}
    (note,) = [p for p in across.notes if p.code == "across.merged"]
    assert note.severity == "change"
    assert describe(note) == (
        "band: 2 groups are one, since some had fewer than 100 people: c, d; "
        "together they are 'c; d'."
    )


def test_without_an_order_small_groups_become_one_other_group():
    team = put({"x": 400, "p": 60, "q": 3, "r": 70, "y": 367})
    across = ei.invariance_across(people(team=team), "team", models=ONE, small="merge")
    assert across.ladders["pro", "team"].n == {"other": 133, "x": 400, "y": 367}
    (note,) = [p for p in across.notes if p.code == "across.merged"]
    assert note.values["groups"] == "p, q, r"
    assert "team: 3 groups" in describe(note)  # the number of groups: no size is told
    assert (across.table["n"] == 900).all()


def test_small_groups_are_left_out_and_few_people_are_not_counted():
    team = put({"x": 400, "q": 3, "y": 497})
    across = ei.invariance_across(people(team=team), ["team", "sex"], models=ONE)
    assert across.ladders["pro", "team"].groups == ("x", "y")
    (note,) = [p for p in across.notes if p.code == "across.left_out"]
    assert (note.count, note.values["groups"]) == (1, "q")
    table = across.table.set_index("grouping")
    assert table.loc["team", "n"].isna().all()  # 897 beside 900 would tell that they are three
    assert (table.loc["sex", "n"] == 900).all()
    assert "897" not in repr(across)
    assert not any(
        n.code == "model.rows_without_group" for n in across.ladders["pro", "team"].notes
    )
    many = put({"x": 400, "q": 30, "y": 470})
    told = ei.invariance_across(people(team=many), "team", models=ONE)
    assert (told.table["n"] == 870).all()


def test_a_crossed_grouping_has_a_floor_of_ten_whatever_is_asked():
    frame = people(one=put({"a": 450, "b": 450}))
    frame["two"] = "v"
    frame.loc[frame.index[:8], "two"] = "w"  # eight people are both a and w
    frame.loc[frame.index[500:700], "two"] = "w"
    across = ei.invariance_across(frame, [("one", "two")], models=ONE, minimum_n=6)
    assert across.ladders["pro", "one + two"].groups == ("a + v", "b + v", "b + w")
    assert across.table["n"].isna().all()  # 892 beside 900 would tell that they are eight


def test_groups_are_counted_by_who_answered_the_scale():
    frame = people(team=put({"x": 500, "y": 400}))
    frame.loc[frame["team"] == "y", ["pro1", "pro2", "pro3", "pro4"]] = np.nan
    across = ei.invariance_across(frame, "team", models=TWO)
    assert list(across.ladders) == [("adv", "team")]
    assert codes(across.problems["pro", "team"]) == ["across.one_left"]


# --- What cannot be tested is a row, and the others go on

TEAMS = [f"t{k:03d}" for k in range(400)]
BAD = {
    "one level": ("a", {}, "model.one_group"),
    "nobody": (None, {}, "model.no_group"),
    "400 levels": (np.resize(TEAMS, 900), {}, "model.too_many_groups"),
    "levels of five": (np.resize(TEAMS[:60], 900), {"minimum_n": 16}, "across.one_left"),
    "merged into one": (np.resize(TEAMS[:3], 900), {"small": "merge", "minimum_n": 400},
                        "across.one_merged"),
    "a number": (np.resize(np.arange(18, 67), 900), {}, "model.group_is_number"),
    "one name twice": (np.resize(np.array([1, "1", "2"], dtype=object), 900), {},
                       "model.group_twice"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_grouping_that_cannot_be_tested_says_so(case):
    column, options, code = BAD[case]
    across = ei.invariance_across(people(bad=column), ["bad", "sex"], models=ONE, **options)
    assert codes(across.problems["pro", "bad"]) == [code]
    assert across.table["state"].tolist() == ["untestable", *["held"] * 4]
    assert across.table.iloc[0]["level"] == ""
    (problem,) = across.problems["pro", "bad"]
    for language in LANGUAGES:
        assert "'bad'" in describe(problem, language)
    assert describe(problem) in repr(across)
    assert not across.decision("structure")["allowed"].iloc[0]


def test_an_item_that_one_group_never_answered():
    frame = people()
    frame.loc[frame["sex"] == "m", "pro2"] = np.nan
    across = ei.invariance_across(frame, ["sex", "age"], models=ONE)
    assert codes(across.problems["pro", "sex"]) == ["model.item_empty_in_group"]
    assert list(across.ladders) == [("pro", "age")]


def test_a_grouping_that_is_the_cluster_is_taken_without_it_and_said_so():
    team = np.resize([f"t{k}" for k in range(40)], 900)
    frame = people(team=team, half=np.where(np.resize(np.arange(40), 900) < 20, "a", "b"))
    frame["same"] = frame["half"]
    across = ei.invariance_across(frame, "half", models=ONE, cluster="same")
    assert "model.cluster_is_group" in codes(across.notes)
    assert across.ladders["pro", "half"]["configural"].cluster == "same"
    other = ei.invariance_across(frame, "half", models=ONE, cluster="team")
    assert "model.cluster_is_group" not in codes(other.notes)


def test_special_categories_need_a_basis_and_are_never_crossed(sample):
    faith = np.resize(["a", "b"], sample.n)
    frame = sample.answers.assign(religion=faith)

    def with_grouping(**kind):
        grouping = Grouping(column="religion", special="religion", **kind)
        groupings = (sample.instrument.groupings[1], grouping)
        instrument = sample.instrument.model_copy(update={"groupings": groupings})
        return replace(sample, answers=frame, instrument=instrument)

    based = ei.invariance_across(with_grouping(basis="consent"), models=scale_of(sample))
    assert [g for _, g in based.ladders] == ["gender", "religion"]
    without = with_grouping()
    assert [g for _, g in ei.invariance_across(without, models=scale_of(sample)).pairs] == [
        "gender"
    ]
    asked = ei.invariance_across(without, ["religion"], models=scale_of(sample))
    assert codes(asked.problems["prototypicality", "religion"]) == ["across.special"]
    crossed = ei.invariance_across(
        with_grouping(basis="consent"), [("gender", "religion")], models=scale_of(sample)
    )
    (problem,) = crossed.problems["prototypicality", "gender + religion"]
    assert problem.code == "across.special_crossed"
    undeclared = ei.invariance_across(people(religion=np.resize(["a", "b"], 900)), "religion",
                                      models=ONE)  # fmt: skip
    assert codes(undeclared.problems["pro", "religion"]) == ["across.special"]


def scale_of(survey):
    return {"prototypicality": survey.instrument.model.splitlines()[0]}


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"groups": ["sexe"]}, ["model.unknown_column_near"]),
        ({"groups": ["zzzz", ("age", "sexx")]},
         ["model.unknown_column", "model.unknown_column_near"]),
        ({"groups": None}, ["across.no_groups"]),
        ({"groups": []}, ["across.no_groups"]),
        ({"groups": [("sex", "sex")]}, ["across.cross_not_two"]),
        ({"groups": [("sex", "age", "pro1")]}, ["across.cross_not_two"]),
        ({"crossed": ["sex"]}, ["across.cross_not_two"]),
        ({"rule": "localized"}, ["invariance.unknown_rule_near"]),
        ({"on_reject": "give up"}, ["model.not_available"]),
        ({"small": "drop"}, ["model.not_available"]),
        ({"minimum_n": 4}, ["across.minimum"]),
        ({"models": {}}, ["across.no_models"]),
        ({"models": None}, ["model.no_model"]),
        ({"models": {"pro": "pro =~ pro1 + pro2 + proo3"}}, ["model.unknown_item_near"]),
        ({"estimator": "WLSMV"}, ["ordered.estimator_needs_ordered"]),
        ({"weights": "ww"}, ["model.unknown_column"]),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_before_anything_is_fitted(options, found):
    with pytest.raises(ModelError) as caught:
        ei.invariance_across(people(60), **({"groups": ["sex"], "models": ONE} | options))
    assert codes(caught.value.problems) == found
    for problem in caught.value.problems:
        assert {len(describe(problem, language)) > 20 for language in LANGUAGES} == {True}


def test_published_moments_have_no_columns():
    published = ei.Moments.published("abc", covariance=np.eye(3) + 0.5, n=200)
    with pytest.raises(ModelError) as caught:
        ei.invariance_across(published, ["sex"], models={"f": "f =~ a + b + c"})
    assert codes(caught.value.problems) == ["across.needs_answers"]


# --- Printed and drawn


def test_printing_is_the_same_twice_and_says_what_was_done(sample):
    def printed():
        across = ei.invariance_across(sample, ["gender", "wave"], models=scale_of(sample))
        return repr(across), across._repr_html_()

    first = printed()
    assert first == printed()
    assert "2 groupings, decided by localised score tests. 3 difference tests" in first[0]
    assert "not testable" in first[0]
    assert "<table" in first[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_is_drawn_with_its_word(sample, language):
    frame = sample.answers.assign(one="x")
    survey = replace(sample, answers=frame)
    models = dict(zip(sample.instrument.factors, sample.instrument.model.splitlines(), strict=True))
    models = {k: models[k] for k in ("advancement", "impresarioship")}
    result = ei.invariance_across(survey, ["generation", ("gender", "contract"), "one"],
                                  models=models, on_reject="stop")  # fmt: skip
    climbed = ei.invariance_across(survey, ["generation"], models=models)
    for across in (result, climbed):
        shown = figures.across(across, sample.instrument, language=language)
        assert outside(shown.content) == []
        assert overlapping(shown.content) == []
        assert foreign_numbers(shown.alt, language) == []
        assert min(shown.persons) >= 200  # of two groups
        table = tables.across(across, sample.instrument, language=language)
        assert len(across.table) == table.content.as_raw_html().count("gt_row gt_left") // 2
    words = {"en": ("holds", "does not hold", "not reached", "could not be tested"),
             "nl": ("houdt", "houdt niet", "niet bereikt", "niet te toetsen")}  # fmt: skip
    alt = figures.across(result, sample.instrument, language=language).alt
    assert all(word in alt for word in words[language])
    partly = figures.across(climbed, sample.instrument, language=language).alt
    assert {"en": "in part (2)", "nl": "deels (2)"}[language] in partly
