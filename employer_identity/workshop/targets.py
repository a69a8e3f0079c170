"""Answers that are computed: from the pupils' tests, or from the student's own survey."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pandas as pd

from employer_identity.invariance import invariance
from employer_identity.ladder import Ladder
from employer_identity.latent import means_of
from employer_identity.workshop.data import FOCAL, REFERENCE, TRUTH, class_survey

PILLAR = "advancement"
ITEMS = ("adv1", "adv2", "adv3", "adv4")


@cache
def item_differences(student: int) -> pd.Series[float]:
    """Mean answer of the focal generation minus that of the reference, an item each."""
    survey = class_survey(student)
    groups = survey.answers.groupby(TRUTH.grouping, observed=True)
    means = groups[list(survey.item_names)].mean()
    difference: pd.Series[float] = means.loc[FOCAL] - means.loc[REFERENCE]
    return difference


@cache
def ladder(student: int) -> Ladder:
    """Return the ladder of the student's survey."""
    return invariance(class_survey(student), group=TRUTH.grouping)


def _of(items: tuple[str, ...]) -> Callable[[int], float]:
    return lambda student: float(item_differences(student)[list(items)].mean())


def _others(student: int) -> float:
    return float(item_differences(student)[["adv1", "adv3", "adv4"]].mean())


def _latent(frame: pd.DataFrame, group: str) -> float:
    rows = frame.query("group == @group and factor == @PILLAR")
    return float(rows["est"].iloc[0])


def _with_the_item(student: int) -> float:
    """The latent gap where nothing is set aside."""
    return _latent(means_of(ladder(student).unreleased["scalar"]), FOCAL)


def _without_the_item(student: int, group: str = FOCAL) -> float:
    return _latent(means_of(ladder(student)["scalar"]), group)


TARGETS: dict[str, Callable[[int], float]] = {
    "gap_without": _others,
    "gap_with": _of(ITEMS),
    "gap_reversed": lambda student: -_others(student),
    "gap_added": lambda student: 3 * _others(student),
    "latent": _without_the_item,
    "latent_with": _with_the_item,
    "latent_millennial": lambda student: _without_the_item(student, "millennial"),
}
