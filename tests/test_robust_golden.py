"""Robust estimators, holes, weights and clusters against lavaan (see `golden/make_robust.R`)."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from tests.test_golden import GOLDEN, column, frame_of, keyed
from validation import reference

CASES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((GOLDEN / "robust").glob("*.json"))
}
FITS = [name for name, case in CASES.items() if "estimates" in case]
DIFFERENCES = [name for name, case in CASES.items() if case.get("kind") == "difference"]
SCORES = [name for name, case in CASES.items() if case.get("kind") == "score"]

# The stored solutions lie at a gradient below 1e-11, and 10 digits of each figure are stored.
MEASURE_RTOL = 1e-6  # lavaan differentiates the gradient numerically for the observed information
BASELINE_RTOL = 2e-5  # its independence model is not polished; seen: 1e-5 of the scaling factor
INTERVAL_RTOL = 2e-5  # lavaan's search for the ends of RMSEA's interval stops early
ESTIMATE_ATOL = 1e-6
TANGENT_RTOL = 0.01  # Satorra's (2000) restrictions: lavaan's of the constraints, ours of tangents
ZERO = 1e-8
# lavaan refers the uncorrected chi-square to c df degrees of freedom here; docs/conventions.md says
# why that is wrong. `test_the_scaled_interval_...` has what holds instead.
OTHERWISE = {"rmsea.ci.lower.scaled", "rmsea.ci.upper.scaled", "rmsea.pvalue.scaled"}


@cache
def fitted(name: str) -> ei.Fit:
    return reference.fitted(CASES[name]["call"], CASES[name]["groups"])


def test_every_combination_is_there() -> None:
    calls = [CASES[name]["call"] for name in FITS]
    assert {(case["lavaan"], case["semTools"]) for case in CASES.values()} == {("0.6-14", "0.5-6")}
    for asked in (
        {"estimator"}, {"missing"}, {"weights"}, {"cluster"}, {"weights", "group", "missing"},
        {"cluster", "weights"}, {"cluster", "missing", "group"},
    ):  # fmt: skip
        assert any(asked <= set(call) for call in calls), asked
    assert len(FITS) >= 60


def differs_in_lavaan(name: str) -> set[str]:
    """Measures that lavaan has otherwise; why is in docs/conventions.md."""
    case, found = CASES[name], set(OTHERWISE)
    if {"weights", "group", "missing"} <= set(case["call"]):  # weights are left out of the shares
        found |= {measure for measure in case["fit"] if measure.endswith(".robust")}
    if case["fit"].get("chisq.scaling.factor", 1.0) is None:  # no factor, but an RMSEA of 0
        found |= {measure for measure in case["fit"] if measure.endswith((".scaled", ".robust"))}
    return found


@pytest.mark.parametrize("name", FITS)
def test_fit_measures(name: str) -> None:
    fit, theirs = fitted(name), CASES[name]["fit"]
    ours = fit.fit_measures
    assert list(fit.n) == CASES[name]["groups"]
    assert list(fit.n.values()) == pytest.approx(CASES[name]["nobs"])
    for measure, value in theirs.items():
        if value is None or measure in differs_in_lavaan(name):
            continue
        rtol = INTERVAL_RTOL if "ci." in measure else MEASURE_RTOL
        if measure.startswith(("baseline", "cfi.scaled", "tli.scaled")):
            rtol = BASELINE_RTOL
        assert ours[measure] == pytest.approx(value, rel=rtol, abs=ZERO), measure


@pytest.mark.parametrize("name", FITS)
def test_what_lavaan_does_not_have_is_missing_here(name: str) -> None:
    """The saturated model's and a negatively corrected one's."""
    theirs, df = CASES[name]["fit"], CASES[name]["fit"]["df"]
    lacking = [measure for measure, value in theirs.items() if value is None]
    if df == 0:
        return  # lavaan is of two minds: 0 for the RMSEA, none for the scaled one
    assert fitted(name).fit_measures[lacking].isna().all()


@pytest.mark.parametrize("name", FITS)
def test_estimates_and_standard_errors(name: str) -> None:
    ours, theirs = keyed(fitted(name).estimates), keyed(frame_of(CASES[name]["estimates"]))
    assert ours.index.is_unique
    rows = theirs.index.intersection(ours.index)
    assert not set(ours.index) - set(theirs.index)
    free = rows[column(theirs, "se", rows) > 0]
    assert len(ours.loc[free, "parameter"].unique()) == CASES[name]["fit"]["npar"]
    for part, among in {"est": rows, "std_all": rows, "se": free, "pvalue": free}.items():
        found, expected = column(ours, part, among), column(theirs, part, among)
        np.testing.assert_allclose(found, expected, rtol=0, atol=ESTIMATE_ATOL, err_msg=part)


@pytest.mark.parametrize("name", [n for n in FITS if "chisq.scaled" in CASES[n]["fit"]])
def test_the_scaled_interval_is_that_of_the_scaled_test(name: str) -> None:
    """Its lower end is 0 where exact fit is not rejected; times sqrt(c) it is the robust one.

    The robust interval of complete answers is compared to lavaan's above.
    """
    m = fitted(name).fit_measures
    if m["df"] == 0 or np.isnan(m["chisq.scaled"]):
        return
    assert (m["rmsea.ci.lower.scaled"] > 0) == (m["pvalue.scaled"] < 0.05)
    assert m["rmsea.ci.lower.scaled"] <= m["rmsea.scaled"] <= m["rmsea.ci.upper.scaled"]
    if fitted(name).missing == "listwise":
        scaled = m["rmsea.ci.upper.scaled"] * np.sqrt(m["chisq.scaling.factor"])
        assert m["rmsea.ci.upper.robust"] == pytest.approx(scaled, rel=1e-10)


@pytest.mark.parametrize("name", DIFFERENCES)
def test_differences(name: str) -> None:
    case = CASES[name]
    for row in frame_of(case["tests"]).to_dict("records"):
        test = ei.difference_test(
            fitted(case["restricted"]), fitted(case["free"]), method=row["method"]
        )
        assert test.df_diff == row["df_diff"]
        assert test.fallback == pd.isna(row["chisq_diff"])  # lavaan gives up, we take another
        if test.fallback:
            assert test.method == "satorra_2000"
            assert 0 < test.chisq_diff < np.inf
            continue
        rtol = TANGENT_RTOL if row["method"].startswith("satorra_2000") else MEASURE_RTOL
        assert test.chisq_diff == pytest.approx(row["chisq_diff"], rel=rtol)
        assert test.pvalue == pytest.approx(row["pvalue"], rel=10 * rtol)


@pytest.mark.parametrize("name", SCORES)
def test_scores(name: str) -> None:
    ours, theirs = keyed(fitted(name).score_tests()), keyed(frame_of(CASES[name]["tests"]))
    assert set(ours.index) == set(theirs.index)
    for part in ("x2", "pvalue"):
        found, expected = (column(table, part, theirs.index) for table in (ours, theirs))
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=ESTIMATE_ATOL)
