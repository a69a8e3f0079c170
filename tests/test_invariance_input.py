"""What `invariance` is given and cannot take: one clear message each, in both languages."""

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.bands import bands_for
from employer_identity.errors import ModelError
from employer_identity.language import LANGUAGES, describe
from tests.examples import answers

MODEL = "pro =~ pro1 + pro2 + pro3 + pro4\nadv =~ adv1 + adv2 + adv3 + adv4"
N = 1200
TEAMS = np.array([f"team {k:03d}" for k in range(400)])


def frame(**columns):
    half = np.resize(["old", "young"], N)
    return answers(N, 5).assign(**({"half": half} | columns))


def never_answered():
    found = frame()
    found.loc[found["half"] == "young", "adv2"] = np.nan
    return found


def refused(data, group="band", **options):
    with pytest.raises(ModelError) as caught:
        ei.invariance(data, MODEL, group=group, **options)
    return caught.value


CASES = {
    "one level": (frame(band="a"), "band", {}, "model.one_group",
                  ("'band'", "1 group", "at least two")),
    "all missing": (frame(band=np.full(N, np.nan)), "band", {}, "model.no_group",
                    ("'band'", "empty")),
    "400 levels of three": (frame(band=np.resize(TEAMS, N)), "band", {}, "model.group_too_small",
                            ("400 groups", "team 005, ...", "merge_below")),
    "levels of five": (frame(band=np.where(np.arange(N) < 1195, "most", "few")), "band", {},
                       "model.group_too_small", ("1 group", "'band': few", "at least 9")),
    "a number": (frame(age=np.resize(np.arange(18, 68), N) + np.arange(N) // 600 / 2), "age", {},
                 "model.group_is_number",
                 ('from = "age"', 'bands = { under_25 = ["", 24], 25_34 = [25, 34]', "pd.cut")),
    "a group never answered": (never_answered(), "half", {}, "model.item_empty_in_group",
                               ("'young'", "adv2", "merge")),
    "a misspelt column": (frame(), "halve", {}, "model.unknown_column_near",
                          ('group="halve"', "half")),
    "an unknown column": (frame(), "zzz", {}, "model.unknown_column", ('group="zzz"',)),
    "a misspelt rule": (frame(), "half", {"rule": "chen_2007"}, "invariance.unknown_rule_near",
                        ("did you mean 'chen_2007_", "scaled_difference")),
    "an anchor to be released": (frame(), "half", {"anchors": ["adv2"], "free": ["adv2~1@young"]},
                                 "invariance.anchor_released", ("adv2~1", "anchor")),
    "a name as number and text": (frame(band=np.resize(np.array([1, "1"], dtype=object), N)),
                                  "band", {}, "model.group_twice", ("'band'", "astype(str)")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_is_refused_with_what_where_and_what_to_do(case):
    data, group, options, code, told = CASES[case]
    error = refused(data, group, **options)
    assert [p.code for p in error.problems] == [code]
    assert [part for part in told if part not in str(error)] == []
    assert len({describe(error.problems[0], language) for language in LANGUAGES}) == 2


def test_more_groups_than_a_ladder_holds_are_refused():
    many = pd.concat([answers(N, seed) for seed in range(2)], ignore_index=True)
    many["band"] = np.resize([f"g{k}" for k in range(120)], len(many))
    with pytest.raises(ModelError) as caught:
        ei.invariance(many, MODEL, group="band")
    (problem,) = caught.value.problems
    assert (problem.code, problem.count) == ("model.too_many_groups", 120)
    assert "at most 100" in str(caught.value)


def test_codes_with_enough_people_each_are_groups():
    many = answers(1300, 5).assign(band=np.resize(np.arange(13), 1300))
    ladder = ei.invariance(many, MODEL, group="band", on_reject="stop")
    assert len(ladder.groups) == 13


def test_a_small_group_is_named_and_not_counted():
    error = refused(frame(band=np.where(np.arange(N) < N - 4, "most", "few")))
    assert not {"4", "3", "1,196"} & set(str(error).replace(".", " ").split())


def test_a_grouping_that_is_the_cluster_is_told_as_a_note():
    ladder = ei.invariance(frame(), MODEL, group="half", cluster="half", on_reject="stop")
    (note,) = [n for n in ladder.notes if n.code == "model.cluster_is_group"]
    assert note.where == "half"
    alone = ei.invariance(frame(), MODEL, group="half", on_reject="stop")
    assert ladder["configural"].estimates["se"].equals(alone["configural"].estimates["se"])


@pytest.mark.parametrize(
    ("numbers", "bands"),
    [
        (np.arange(18, 68), {"under_25", "25_34", "35_44", "45_54", "55_plus"}),
        (np.arange(1950, 2008), {"baby_boom", "gen_x", "millennial", "gen_z"}),
        (np.arange(0, 400), {"under_100", "100_199", "200_298", "299_plus"}),
        (np.zeros(50), set()),
    ],
)
def test_any_numbers_get_bands_that_hold_all_of_them(numbers, bands):
    found = bands_for(numbers.astype(float))
    assert set(found) == bands
    if found:
        spans = [(-np.inf if a == "" else a, np.inf if b == "" else b) for a, b in found.values()]
        held = [sum(a <= n <= b for a, b in spans) for n in numbers]
        assert held == [1] * len(numbers)
