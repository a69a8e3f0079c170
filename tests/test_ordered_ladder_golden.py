"""Ladders of ordered items against semTools and lavaan (see `golden/make_ordered_ladder.R`)."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pandas as pd
import pytest

import employer_identity as ei
from tests.test_golden import GOLDEN, answers, frame_of

CASES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((GOLDEN / "ordered_ladder").glob("*.json"))
}
SHIFTS = [name for name, case in CASES.items() if "dmacs" in case]

# Polychorics are each program's own to about 1e-8; the stored solutions are flat to 1e-10.
MEASURE_RTOL = 2e-6
MEASURE_ATOL = 2e-6  # a chi-square next to 0
DIFFERENCE_RTOL = 2e-6
ESTIMATE_ATOL = 1e-6
INTEGRAL_ATOL = 1e-6  # of estimates that differ by as much


@cache
def climbed(name: str) -> ei.Ladder:
    """Climb to the top with all constraints but those that the case sets aside."""
    call = dict(CASES[name]["call"])
    data = answers(call.pop("data"))
    return ei.invariance(data, **call, on_reject="continue", collapse=False)


def test_every_combination_is_there() -> None:
    assert {(case["lavaan"], case["semTools"]) for case in CASES.values()} == {("0.6-14", "0.5-6")}
    calls = [case["call"] for case in CASES.values()]
    assert {call["group"] for call in calls} == {"age", "land"}  # two groups and three
    assert {call["parameterization"] for call in calls} == {"theta", "delta"}
    assert any(call["free"] for call in calls)
    counts = {item[0] for call in calls for item in call["ordered"]}
    assert counts == {"s", "v", "d", "b"}  # seven, five, three and two categories


@pytest.mark.parametrize("name", CASES)
def test_rungs(name: str) -> None:
    ladder, theirs = climbed(name), frame_of(CASES[name]["rungs"]).set_index("level")
    assert list(ladder.levels) == list(theirs.index)
    for level, fit in ladder.fits.items():
        for measure, value in theirs.loc[level].items():
            if not pd.isna(value):
                ours = fit.fit_measures[measure]
                expected = pytest.approx(value, rel=MEASURE_RTOL, abs=MEASURE_ATOL)
                assert ours == expected, (level, measure)


@pytest.mark.parametrize("name", CASES)
def test_differences(name: str) -> None:
    for row in frame_of(CASES[name]["differences"]).to_dict("records"):
        test = climbed(name).rungs[row["level"]].first.test
        assert test.df_diff == row["df_diff"]
        assert test.chisq_diff == pytest.approx(row["chisq_diff"], rel=DIFFERENCE_RTOL)
        assert test.pvalue == pytest.approx(row["pvalue"], rel=10 * DIFFERENCE_RTOL)


@pytest.mark.parametrize("name", CASES)
def test_latent_means(name: str) -> None:
    ours = ei.latent_means(climbed(name), despite="held against lavaan").set_index(
        ["group", "factor"]
    )
    for row in frame_of(CASES[name]["means"]).to_dict("records"):
        found = ours.loc[(row["group"], row["factor"])]
        assert found["est"] == pytest.approx(row["est"], abs=ESTIMATE_ATOL)
        assert found["se"] == pytest.approx(row["se"], abs=ESTIMATE_ATOL)


@pytest.mark.parametrize("name", SHIFTS)
def test_dmacs(name: str) -> None:
    theirs = frame_of(CASES[name]["dmacs"]).set_index(["item", "group"])
    ours = ei.dmacs(climbed(name), draws=20).set_index(["item", "group"])
    assert set(theirs.index) <= set(ours.index)
    for key, row in theirs.iterrows():
        assert ours.loc[key, "d"] == pytest.approx(row["d"], abs=INTEGRAL_ATOL)
        assert ours.loc[key, "d_signed"] == pytest.approx(row["d_signed"], abs=INTEGRAL_ATOL)
