"""Robust estimators, holes, weights and clusters against lavaan (see `golden/make_robust.R`)."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from tests.test_golden import GOLDEN, answers, column, frame_of, keyed

CASES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((GOLDEN / "robust").glob("*.json"))
}
FITS = [name for name, case in CASES.items() if "estimates" in case]

MEASURE_RTOL = 1e-6
INTERVAL_RTOL = 2e-5  # lavaan's search for the ends of RMSEA's interval stops early
ZERO = 1e-8
ESTIMATE_ATOL = 1e-6


def arguments(name: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The answers with their groups in lavaan's order (that of the file), and the call."""
    call = {"estimator": "ML", "missing": "listwise"} | CASES[name]["call"]
    data = answers(call.pop("data"))
    if "group" in call:
        labels = data[call["group"]]
        ordered = pd.Categorical(labels, categories=labels.unique())
        data = data.assign(**{call["group"]: ordered})
    return data, call


@cache
def fitted(name: str) -> ei.Fit:
    data, call = arguments(name)
    return ei.cfa(data, **call)


@pytest.mark.parametrize("name", FITS)
def test_fit_measures(name: str) -> None:
    ours, theirs = fitted(name).fit_measures, CASES[name]["fit"]
    wrong = {}
    for measure, value in theirs.items():
        rtol = INTERVAL_RTOL if "ci." in measure else MEASURE_RTOL
        expected = pytest.approx(
            np.nan if value is None else value, rel=rtol, abs=ZERO, nan_ok=True
        )
        if ours[measure] != expected:
            wrong[measure] = (float(ours[measure]), value)
    assert not wrong


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
