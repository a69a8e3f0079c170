"""Ladders of three and six groups, some freed in one of them, against lavaan (`make_climb.R`)."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.rungs import spelled
from tests.test_export import CHISQ_RTOL, DRIVER, has_lavaan
from tests.test_golden import GOLDEN, column, frame_of, keyed
from validation import reference

CASES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((GOLDEN / "climb").glob("*.json"))
}
FITS = [name for name, case in CASES.items() if "estimates" in case]
SCORES = [name for name, case in CASES.items() if case.get("kind") == "score"]
DIFFERENCES = [name for name, case in CASES.items() if case.get("kind") == "difference"]
CLIMBS = [f"{groups}_{style}" for groups in ("three", "six") for style in ("ml", "mlr", "fiml")]

# The stored solutions lie at a gradient below 1e-11, and 10 digits of each figure are stored.
MEASURE_RTOL = 1e-6  # lavaan differentiates the gradient numerically for the observed information
BASELINE_RTOL = 2e-5  # its independence model is not polished
INTERVAL_RTOL = 2e-5  # lavaan's search for the ends of RMSEA's interval stops early
INTERVAL_ATOL = 2e-7  # the same where the end is next to 0; seen: 9e-8
ZERO = 1e-8
ESTIMATE_ATOL = 1e-6
SCORE_RTOL = 1e-5  # a score test divides two small numbers
OTHERWISE = {"rmsea.ci.lower.scaled", "rmsea.ci.upper.scaled", "rmsea.pvalue.scaled"}
"""lavaan has these of another distribution, see docs/conventions.md."""


def arguments(name: str) -> tuple[pd.DataFrame | ei.Moments, dict[str, Any]]:
    return reference.arguments(CASES[name]["call"], CASES[name]["groups"])


@cache
def fitted(name: str) -> ei.Fit:
    data, call = arguments(name)
    return ei.cfa(data, **call)


@cache
def climbed(name: str) -> ei.Ladder:
    data, call = arguments(f"{name}_configural")
    return ei.invariance(
        data, call["model"], group=call["group"], estimator=call["estimator"],
        missing=call["missing"],
    )  # fmt: skip


def golden_of(name: str, level: str) -> dict[str, Any]:
    """What lavaan says of the model that a rung of the climb ends with."""
    return CASES[f"{name}_{level}" if level == "configural" else f"{name}_{level}_partial"]


def check_fit(fit: ei.Fit, case: dict[str, Any]) -> None:
    ours = fit.fit_measures
    assert fit.n == dict(zip(case["groups"], case["nobs"], strict=True))
    for measure, value in case["fit"].items():
        if measure in OTHERWISE:
            continue
        rtol, atol = MEASURE_RTOL, ZERO
        if "ci." in measure:
            rtol, atol = INTERVAL_RTOL, INTERVAL_ATOL
        if measure.startswith(("baseline", "cfi.scaled", "tli.scaled")):
            rtol = BASELINE_RTOL
        assert ours[measure] == pytest.approx(value, rel=rtol, abs=atol), measure


def check_estimates(fit: ei.Fit, case: dict[str, Any]) -> None:
    ours, theirs = keyed(fit.estimates), keyed(frame_of(case["estimates"]))
    assert set(ours.index) == set(theirs.index)
    rows = theirs.index
    free = rows[column(theirs, "se", rows) > 0]
    assert len(ours.loc[free, "parameter"].unique()) == case["fit"]["npar"]
    for part, among in {"est": rows, "std_all": rows, "se": free, "pvalue": free}.items():
        found, expected = column(ours, part, among), column(theirs, part, among)
        np.testing.assert_allclose(found, expected, rtol=0, atol=ESTIMATE_ATOL, err_msg=part)


def test_every_combination_is_there() -> None:
    assert {(case["lavaan"], case["semTools"]) for case in CASES.values()} == {("0.6-14", "0.5-6")}
    assert len(FITS) == len(CLIMBS) * 7 + 2
    in_one_group = [name for name in FITS if "@" in str(CASES[name]["call"].get("free"))]
    assert len(in_one_group) == len(CLIMBS) * 3


@pytest.mark.parametrize("name", FITS)
def test_fits(name: str) -> None:
    check_fit(fitted(name), CASES[name])
    check_estimates(fitted(name), CASES[name])


@pytest.mark.parametrize("name", SCORES)
def test_one_groups_cell_against_the_rest(name: str) -> None:
    """By the algebra from lavaan's own derivatives and scores; lavaan tests no first group."""
    data, call = arguments(name)
    ours = keyed(ei.cfa(data, **call).score_tests())
    theirs = keyed(frame_of(CASES[name]["tests"]))
    assert set(ours.index) == set(theirs.index)
    assert {key.split("@")[1] for key in ours.index} == set(CASES[name]["groups"])
    for part in ("x2", "pvalue", "epc", "epc_std", "d_gap"):
        found, expected = (column(table, part, theirs.index) for table in (ours, theirs))
        np.testing.assert_allclose(
            found, expected, rtol=SCORE_RTOL, atol=ESTIMATE_ATOL, err_msg=part
        )


@pytest.mark.parametrize("name", DIFFERENCES)
def test_differences(name: str) -> None:
    levels = CASES[name]["levels"]
    for free, restricted, row in zip(
        levels[:-1], levels[1:], frame_of(CASES[name]["tests"]).to_dict("records"), strict=True
    ):
        test = ei.difference_test(fitted(restricted), fitted(free))
        assert test.chisq_diff == pytest.approx(row["chisq_diff"], rel=MEASURE_RTOL)
        assert test.df_diff == row["df_diff"]
        assert test.pvalue == pytest.approx(row["pvalue"], rel=10 * MEASURE_RTOL)


@pytest.mark.parametrize("name", CLIMBS)
@pytest.mark.parametrize("level", ["configural", "metric", "scalar", "strict"])
def test_the_climb_ends_in_lavaans_partial_models(name: str, level: str) -> None:
    ladder, case = climbed(name), golden_of(name, level)
    assert set(spelled(ladder.set_aside(level))) == set(case["call"].get("free", ()))
    check_fit(ladder[level], case)
    check_estimates(ladder[level], case)


@pytest.mark.parametrize("name", CLIMBS)
def test_the_climb_finds_what_was_planted_and_no_more(name: str) -> None:
    """make_climb.R plants it; a loading's intercept follows."""
    planted = {
        "three": {"g=~i7@nl", "i7~1@nl", "i2~1@fr", "i6~1"},
        "six": {"g=~i6@care", "i6~1@care", "i3~1@finance", "i3~1@trade", "i8~~i8@industry"},
    }[name.split("_")[0]]
    assert set(climbed(name).released) == planted
    assert climbed(name).level == "strict"


@pytest.mark.slow
@pytest.mark.parametrize("name", CLIMBS)
def test_the_code_of_the_climbs_models_gives_the_same_fit_in_lavaan(
    name: str, tmp_path: Path
) -> None:
    if not has_lavaan():
        pytest.skip("R with lavaan is not here")
    ladder = climbed(name)
    data, _ = arguments(f"{name}_configural")
    (tmp_path / "driver.R").write_text(DRIVER, encoding="utf-8")
    folders = {level: tmp_path / level for level in ladder.levels}
    for level, folder in folders.items():
        folder.mkdir()
        data.to_csv(folder / "answers.csv", index=False)
        (folder / "fit.R").write_text(ladder[level].to_lavaan(), encoding="utf-8")
    command = ["Rscript", str(tmp_path / "driver.R"), *map(str, folders.values())]
    subprocess.run(command, check=True, capture_output=True)
    for level, folder in folders.items():
        theirs, fit = pd.read_csv(folder / "fit.csv").iloc[0], ladder[level]
        assert (fit.df, fit.layout.q, fit.ntotal) == (theirs["df"], theirs["npar"], theirs["n"])
        for measure in ("chisq", "chisq.scaled"):
            if measure in theirs.index:
                assert fit.fit_measures[measure] == pytest.approx(theirs[measure], rel=CHISQ_RTOL)
