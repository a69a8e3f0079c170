"""Models of ordered items against lavaan (see `golden/make_ordered.R`)."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

import employer_identity as ei
from tests.test_golden import GOLDEN, column, frame_of, keyed
from validation import reference

CASES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((GOLDEN / "ordered").glob("*.json"))
}
FITS = [name for name, case in CASES.items() if "estimates" in case]
DIFFERENCES = [name for name, case in CASES.items() if case.get("kind") == "difference"]
SCORES = [name for name, case in CASES.items() if case.get("kind") == "score"]
STANDARDISED = [name for name, case in CASES.items() if case.get("kind") == "standardised"]

# Polychorics are each program's own to about 1e-8; the stored solutions are flat to 1e-10.
MEASURE_RTOL = 5e-6  # seen: 8e-7
MEASURE_ATOL = 1e-7
INTERVAL_ATOL = 2e-5  # lavaan's search for the ends of RMSEA's interval stops early
ESTIMATE_ATOL = 1e-5  # seen: 2e-6, of a score with a mean of 20
SE_RTOL = 2e-6  # seen: 2e-7
DIFFERENCE_RTOL = 1e-6
STANDARDISED_ATOL = 2e-7  # seen: 3e-8, of an estimate
TANGENT_RTOL = 0.01  # with a measured score lavaan's projection depends on its unit, ours does not
SCORE_RTOL = 5e-6  # small differences of the statistics, divided by their standard error
INDEX_RTOL = 2e-3  # lavaan's information there weighs groups by n, not n - 1


@cache
def fitted(name: str) -> ei.Fit:
    case = CASES[name]
    return reference.fitted(case["call"], case.get("groups", ()))


def test_every_kind_is_there() -> None:
    calls = [CASES[name]["call"] for name in FITS]
    assert {(case["lavaan"], case["semTools"]) for case in CASES.values()} == {("0.6-14", "0.5-6")}
    assert {call["estimator"] for call in calls} == {"WLSMV", "WLSM", "DWLS"}
    assert {call["missing"] for call in calls} == {"pairwise", "listwise"}
    assert {call.get("parameterization") for call in calls} == {None, "theta"}
    assert {tuple(call["free"]) for call in calls if "free" in call}
    assert len(FITS) >= 40


@pytest.mark.parametrize("name", FITS)
def test_fit_measures(name: str) -> None:
    fit, theirs = fitted(name), CASES[name]["fit"]
    assert list(fit.n) == CASES[name]["groups"]
    assert list(fit.n.values()) == CASES[name]["nobs"]
    for measure, value in theirs.items():
        if value is None:
            continue
        atol = INTERVAL_ATOL if "ci." in measure else MEASURE_ATOL
        ours = fit.fit_measures[measure]
        assert ours == pytest.approx(value, rel=MEASURE_RTOL, abs=atol), measure


@pytest.mark.parametrize("name", FITS)
def test_estimates(name: str) -> None:
    ours, theirs = keyed(fitted(name).estimates), keyed(frame_of(CASES[name]["estimates"]))
    rows = (
        theirs.index
        if fitted(name).table.ordered.by_scale
        else theirs.index.intersection(ours.index)
    )
    for part in ("est", "std_all"):
        np.testing.assert_allclose(
            column(ours, part, rows), column(theirs, part, rows), rtol=ESTIMATE_ATOL,
            atol=ESTIMATE_ATOL, err_msg=part,
        )  # fmt: skip
    estimated = rows[column(theirs, "se", rows) > 0]
    assert len(estimated)
    np.testing.assert_allclose(
        column(ours, "se", estimated), column(theirs, "se", estimated), rtol=SE_RTOL
    )


@pytest.mark.parametrize("name", DIFFERENCES)
def test_difference_tests(name: str) -> None:
    method: Any = "satorra_2000" if name.endswith("mean_adjusted") else None
    for row in frame_of(CASES[name]["tests"]).to_dict("records"):
        restricted, free = (fitted(row[k]) for k in ("restricted", "free"))
        found = ei.difference_test(restricted, free, method=method)
        assert found.df_diff == row["df_diff"]
        assert found.method == (method or "satorra_2000_shifted")
        rtol = TANGENT_RTOL if "mixed" in name else DIFFERENCE_RTOL
        assert found.chisq_diff == pytest.approx(row["chisq_diff"], rel=rtol)
        assert found.pvalue == pytest.approx(row["pvalue"], rel=10 * rtol, abs=1e-5)


@pytest.mark.parametrize("name", SCORES)
def test_robust_score_tests(name: str) -> None:
    ours, theirs = keyed(fitted(name).score_tests()), keyed(frame_of(CASES[name]["tests"]))
    tied = ours.index.intersection(theirs.index)
    assert len(tied) > 100
    for part in ("x2", "epc"):
        np.testing.assert_allclose(
            column(ours, part, tied), column(theirs, part, tied), rtol=SCORE_RTOL, atol=1e-6,
            err_msg=part,
        )  # fmt: skip


def test_modification_indices() -> None:
    case = CASES["modification_two_factors"]
    ours = keyed(fitted(case["fit"]).modification_indices())
    theirs = keyed(frame_of(case["indices"]).assign(group=""))
    rows = theirs.index.intersection(ours.index)
    assert len(rows) > 20
    for part in ("mi", "epc"):
        np.testing.assert_allclose(
            column(ours, part, rows), column(theirs, part, rows), rtol=INDEX_RTOL, atol=1e-4,
            err_msg=part,
        )  # fmt: skip


def test_residuals_of_correlations() -> None:
    case = CASES["residuals_two_factors"]
    ours = keyed(fitted(case["fit"]).implied_moments)
    theirs = keyed(frame_of(case["residuals"]).assign(group=""))
    assert len(theirs) == 21
    for part in ("residual", "se", "z"):
        np.testing.assert_allclose(
            column(ours, part, theirs.index), column(theirs, part, theirs.index),
            rtol=MEASURE_RTOL, atol=1e-6, err_msg=part,
        )  # fmt: skip


@pytest.mark.parametrize("name", STANDARDISED)
def test_standardised_estimates_and_their_errors(name: str) -> None:
    case = CASES[name]
    ours, theirs = keyed(fitted(case["case"]).standardised), keyed(frame_of(case["standardised"]))
    assert len(theirs) > 100
    for part in ("est", "se", "ci_lower", "ci_upper"):
        np.testing.assert_allclose(
            column(ours, part, theirs.index), column(theirs, part, theirs.index),
            rtol=0, atol=STANDARDISED_ATOL, err_msg=part,
        )  # fmt: skip
