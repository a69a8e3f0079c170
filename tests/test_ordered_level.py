"""The level of the default rule, shared over the rungs that ordered answers have searched."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import employer_identity as ei
from employer_identity.criteria import LEVEL, Localised, rule_of
from employer_identity.language import LANGUAGES, Language, number
from employer_identity.levels import Route
from employer_identity.measurement.ordering import Ordered
from employer_identity.measurement.syntax import parse
from employer_identity.treatment import _ordered as climbed_as_ordered
from tests.examples import FOUR, ITEMS, two_groups
from tests.test_ordered_ladder import COUNTS, clean, cut, few, sparse
from tests.test_treatment import people

TWO_EACH = "f =~ a + b\ng =~ c + d"
RUNGS = {"seven": 3, "three": 2, "two": 1, "mixed": 3, "a pillar of two": 3, "half as numbers": 3}
BETWEEN = 17  # draws in which equal answers show a loading, at 2.7 % after Holm's adjustment
LOADING = "ent=~ent4"


def route(model: str, thresholds: dict[str, int]) -> Route:
    return Route.of(parse(model), 2, means=True, ordered=Ordered(thresholds, "theta"))


@cache
def by_chance(rule: Any = "localised") -> ei.Ladder:
    frame = cut(two_groups(300, seed=BETWEEN, mean=0.3))
    return ei.invariance(frame, FOUR, group="band", ordered=True, rule=rule)


# -- how it is shared -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", COUNTS)
def test_the_level_is_shared_over_the_rungs_tested_up_to_scalar(kind: str) -> None:
    own = route(FOUR, COUNTS[kind])
    assert own.sharing == RUNGS[kind]
    rule = rule_of("localised", own.sharing)
    assert rule == Localised(alpha=LEVEL / RUNGS[kind])


def test_where_nothing_is_tested_up_to_scalar_the_level_is_whole() -> None:
    own = route(TWO_EACH, dict.fromkeys("abcd", 1))
    assert own.testable == ("configural", "strict")
    assert own.sharing == 1


def test_numbers_have_the_level_on_each_rung() -> None:
    assert Route.of(parse(FOUR), 2, means=True).sharing == 1
    assert ei.invariance(two_groups(300), FOUR, group="band").rule == Localised()


def test_each_ladder_has_the_level_of_its_categories() -> None:
    assert [ladder.rule.alpha for ladder in (clean(), few(3), few(2))] == [
        LEVEL / 3, LEVEL / 2, LEVEL,
    ]  # fmt: skip


def test_a_rule_of_ones_own_keeps_its_level() -> None:
    for own in (Localised(), Localised(alpha=0.2)):
        assert by_chance(own).rule == own


def test_beside_another_rule_the_default_has_its_share() -> None:
    ladder = by_chance("scaled_difference")
    assert Localised.shared(3) in ladder.rules
    metric = ladder.verdicts.query("level == 'metric' and rule == 'localised'").iloc[0]
    assert metric["verdict"]
    assert metric["value"] == 0


# -- what it does ---------------------------------------------------------------------------------


def test_what_no_share_of_the_level_contradicts_stays_and_is_no_trifle() -> None:
    tests = by_chance().rungs["metric"].first.score_tests
    assert LEVEL / 3 < tests["pvalue_holm"].min() < LEVEL
    assert by_chance().released == ()
    assert LOADING not in set(by_chance().log["parameter"])
    assert LOADING in by_chance(Localised()).released


def test_the_level_is_told_where_it_is_not_the_usual_one() -> None:
    assert "Score tests at 1.7% on each rung: 5% shared over 3 rungs" in repr(clean())
    assert "Score tests at 20.0% on each rung\n" in repr(by_chance(Localised(alpha=0.2)))
    for ladder in (few(2), ei.invariance(two_groups(300), FOUR, group="band")):
        assert "Score tests at" not in repr(ladder)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_level_is_told_in_both_languages(language: Language) -> None:
    first = few(3).explain(language)[0]
    assert number(LEVEL / 2, ".1%", language) in first
    assert number(LEVEL, ".0%", language) in first


# -- ladders made of a ladder ---------------------------------------------------------------------


def test_with_fewer_categories_merged_the_level_is_shared_anew() -> None:
    frame = cut(two_groups(300, mean=0.3), (-1.6, -0.2, 0.7))
    ladder = ei.invariance(frame, FOUR, group="band", ordered=True, collapse=40)
    assert ladder.route.sharing == 2
    found = ei.unmerged(ladder)
    assert found.answered.route.sharing == 3
    assert (found.merged.rule, found.answered.rule) == (Localised.shared(2), Localised.shared(3))
    assert ei.unmerged(sparse()).answered.rule == Localised.shared(3)


def test_the_ladder_beside_that_of_numbers_has_its_share() -> None:
    numbers = ei.invariance(people(), group="band")
    assert numbers.rule == Localised()
    assert climbed_as_ordered(people(), numbers).rule == Localised.shared(3)
    own = replace(numbers, plan=replace(numbers.plan, asked_rule=Localised()))
    assert climbed_as_ordered(people(), own).rule == Localised()


def test_of_many_groupings_each_ladder_has_its_share() -> None:
    frame = cut(two_groups(400))
    frame["half"] = np.where(np.arange(len(frame)) % 2, "a", "b")
    models = {"pro": FOUR.split("\n")[0], "adv": FOUR.split("\n")[1]}
    across = ei.invariance_across(frame, ["band", "half"], models=models, ordered=list(ITEMS[:4]))
    for (scale, _), ladder in across.ladders.items():
        assert ladder.rule == Localised.shared(3 if scale == "pro" else 1)
