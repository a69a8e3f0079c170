"""Thresholds and correlations of ordered items against lavaan, against laws, and what is refused."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import multivariate_normal

from employer_identity.language import say
from employer_identity.measurement import twostep
from employer_identity.measurement.categorical import OrderedMoments, ordered_moments
from employer_identity.measurement.polychoric import polychorics, thresholds
from tests.test_golden import GOLDEN

Array = NDArray[np.float64]

CASES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((GOLDEN / "ordered_moments").glob("*.json"))
}
# lavaan's search for a correlation ends within about 2e-7 of the maximum, ours within 1e-10
STATISTIC_ATOL = 1e-6
GAMMA_RTOL = 1e-6  # of the root of the product of the two variances; follows the correlations
EXACT = 1e-9  # what the order of summation and Newton's last step leave


@cache
def answers(file: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / file)


def statistics(
    frame: pd.DataFrame, items: list[str], ordered: list[str], group: str | None = None, **kwargs: Any
) -> OrderedMoments:
    labels, codes = ("",), np.zeros(len(frame), dtype=np.int64)
    if group is not None:
        groups = frame[group].astype("category")
        labels, codes = tuple(groups.cat.categories), groups.cat.codes.to_numpy(np.int64)
    is_ordered = np.array([item in ordered for item in items])
    found = ordered_moments(
        items, frame[items].to_numpy(float), codes, is_ordered, labels=labels, **kwargs
    )
    assert isinstance(found, OrderedMoments), found
    return found


def computed(name: str) -> OrderedMoments:
    call = CASES[name]["call"]
    frame = answers(call["data"])
    if call["missing"] == "listwise":
        frame = frame.dropna(subset=call["items"])
    frame = frame.dropna(subset=call["items"], how="all")
    weights = frame[call["weights"]].to_numpy(float) if "weights" in call else None
    return statistics(frame, call["items"], call["ordered"], call.get("group"), weights=weights)


def square(lower: list[float]) -> Array:
    """A symmetric matrix from its lower triangle, column by column."""
    s = int((np.sqrt(8 * len(lower) + 1) - 1) / 2)
    found = np.zeros((s, s))
    j, i = np.triu_indices(s)
    found[i, j] = found[j, i] = lower
    return found


def test_the_cases_cover_what_is_offered() -> None:
    calls = [case["call"] for case in CASES.values()]
    assert {case["lavaan"] for case in CASES.values()} == {"0.6-14"}
    mixed = [set(call["items"]) > set(call["ordered"]) for call in calls]
    assert {(call["missing"], is_mixed) for call, is_mixed in zip(calls, mixed, strict=True)} == {
        (missing, is_mixed) for missing in ("listwise", "pairwise") for is_mixed in (False, True)
    }
    assert {call["missing"] for call in calls if "weights" in call} == {"listwise", "pairwise"}


@pytest.mark.parametrize("name", CASES)
def test_statistics_and_their_covariance_equal_those_of_lavaan(name: str) -> None:
    ours, theirs = computed(name), CASES[name]
    sign = np.ones(ours.statistics.shape[1])
    sign[ours.places.means] = -1.0  # lavaan keeps means with the opposite sign
    for g in range(len(ours.n)):
        np.testing.assert_allclose(
            ours.statistics[g] * sign, theirs["statistics"][g], rtol=0, atol=STATISTIC_ATOL
        )
        covariance = square(theirs["covariance"][g])
        np.testing.assert_allclose(ours.covariance[g], covariance, rtol=0, atol=STATISTIC_ATOL)
        gamma = square(theirs["gamma"][g])
        scale = np.sqrt(np.outer(np.diag(gamma), np.diag(gamma)))
        difference = (ours.asymptotic[g] * np.outer(sign, sign) - gamma) / scale
        assert np.abs(difference).max() < GAMMA_RTOL
    if "weights" not in theirs["call"]:
        assert ours.n.tolist() == theirs["nobs"]
