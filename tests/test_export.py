"""R code and model text that a fit writes: run by lavaan and semopy they give the same figures."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.errors import ModelError

GOLDEN = Path(__file__).parent / "golden"
MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
SCALAR = ("loadings", "intercepts")
STRICT = (*SCALAR, "residuals")
GROUPS = {"group": "school", "reference": "Pasteur"}
PLAIN = {"estimator": "ML", "missing": "listwise"}

# lavaan stops earlier than this package: chi-square is flat there, estimates are not
CHISQ_RTOL = 1e-5  # seen: 1e-7
ESTIMATE_ATOL = 2e-3  # of a standard error's size; seen: 3e-4 (answers with holes)
SE_RTOL = 1e-3  # seen: 2e-4

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "one_group": (MODEL, PLAIN),
    "std_lv": (MODEL, {**PLAIN, "std_lv": True}),
    "orthogonal": (MODEL, {**PLAIN, "orthogonal": True}),
    "configural": (MODEL, {**GROUPS, **PLAIN}),
    "metric": (MODEL, {**GROUPS, **PLAIN, "equal": ("loadings",)}),
    "scalar": (MODEL, {**GROUPS, **PLAIN, "equal": SCALAR}),
    "strict_std_lv": (MODEL, {**GROUPS, **PLAIN, "equal": STRICT, "std_lv": True}),
    "means": (MODEL, {**GROUPS, **PLAIN, "equal": (*SCALAR, "means", "lv.variances")}),
    "three_groups": (MODEL, {"group": "third", **PLAIN, "equal": SCALAR, "std_lv": True,
                             "free": ["x3~1@b", "textual=~x5@c", "x7~1"]}),
    "fiml_mlr": (MODEL, {"holes": True}),
    "fiml_mlr_groups": (MODEL, {**GROUPS, "holes": True, "equal": SCALAR, "free": ["x3~1"]}),
    "fiml_ml": (MODEL, {"holes": True, "estimator": "ML"}),
    "mlm": (MODEL, {"estimator": "MLM", "std_lv": True}),
    "weights": (MODEL, {"weights": "weight", "missing": "listwise", "holes": True}),
    "weights_fiml": (MODEL, {**GROUPS, "weights": "weight", "holes": True, "equal": SCALAR}),
    "cluster": (MODEL, {"cluster": "class"}),
    "cluster_groups": (MODEL, {**GROUPS, "cluster": "class", "weights": "weight", "holes": True,
                               "equal": ("loadings",)}),
    "predictors": (f"{MODEL}\nvisual ~ ageyr + grade\nspeed ~ visual + grade", {"holes": True}),
    "predictors_groups": (f"{MODEL}\nvisual ~ ageyr", {**GROUPS, **PLAIN, "equal": SCALAR}),
    "second_order": (f"{MODEL}\ng =~ visual + textual + speed", PLAIN),
    "second_order_std_lv": (f"{MODEL}\ng =~ visual + textual + speed", {"std_lv": True}),
    "labels": ("visual =~ x1 + a*x2 + a*x3\ntextual =~ NA*x4 + 1*x5 + b*x6\nx1 ~~ p1*x1\n"
               "x2 ~~ p1*x2\nx4 ~~ 0.4*x4\nx5 ~ 4*1\ntextual ~ 1\nq := sqrt(a^2) / (1 + b)", PLAIN),
    "labels_groups": ("visual =~ x1 + c(a, b)*x2 + c(b, a)*x3\ntextual =~ x4 + x5 + c(0.9, NA)*x6",
                      {**GROUPS, **PLAIN}),
}  # fmt: skip


@cache
def answers(*, holes: bool) -> pd.DataFrame:
    """Holzinger's answers with weights, classes inside the schools, and some left out."""
    frame = pd.read_csv(GOLDEN / "holzinger.csv")
    rng = np.random.default_rng(11)
    frame["weight"] = np.round(rng.uniform(0.5, 2.0, len(frame)), 3)
    frame.loc[[3, 40], "weight"] = 0.0
    frame["class"] = frame["school"].str[0] + rng.integers(0, 18, len(frame)).astype(str)
    frame.loc[[7, 90], "class"] = None
    frame["third"] = np.array(["a", "b", "c"])[np.arange(len(frame)) % 3]
    if holes:
        for item in ("x2", "x5", "x6", "x9"):
            frame.loc[rng.random(len(frame)) < 0.15, item] = np.nan
        frame.loc[5, [f"x{i}" for i in range(1, 10)]] = np.nan
        frame.loc[[10, 60], "school"] = None
        frame.loc[[11, 200], "grade"] = np.nan
    return frame


def fitted(name: str) -> ei.Fit:
    model, options = CASES[name]
    call = {key: value for key, value in options.items() if key != "holes"}
    return ei.cfa(answers(holes="holes" in options), model, **call)


DRIVER = """
for (folder in commandArgs(TRUE)) {
  setwd(folder)
  sink("printed.txt"); suppressWarnings(source("fit.R", echo = FALSE)); sink()
  estimates <- parameterEstimates(fit, remove.eq = TRUE)
  labels <- if (lavInspect(fit, "ngroups") > 1) lavInspect(fit, "group.label") else ""
  group <- rep("", nrow(estimates))
  if (!is.null(estimates$group)) group[estimates$group > 0] <- labels[estimates$group]
  estimates$group <- group
  measures <- fitMeasures(fit, c("chisq", "df", "npar"))
  if (!is.null(fit@test[[1]]) && length(fit@test) > 1)
    measures <- c(measures, fitMeasures(fit, "chisq.scaled"))
  measures <- c(measures, n = sum(lavInspect(fit, "nobs")))
  write.csv(estimates[c("lhs", "op", "rhs", "group", "est", "se")], "est.csv", row.names = FALSE)
  write.csv(as.data.frame(as.list(measures)), "fit.csv", row.names = FALSE)
}
"""


def has_lavaan() -> bool:
    if shutil.which("Rscript") is None:
        return False
    asked = ["Rscript", "-e", "if (!requireNamespace('lavaan', quietly = TRUE)) quit(status = 1)"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def by_lavaan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run every case's code in one R."""
    if not has_lavaan():
        pytest.skip("R with lavaan is not here")
    root = tmp_path_factory.mktemp("lavaan")
    (root / "driver.R").write_text(DRIVER, encoding="utf-8")
    for name, (_, options) in CASES.items():
        folder = root / name
        folder.mkdir()
        answers(holes="holes" in options).to_csv(folder / "answers.csv", index=False)
        (folder / "fit.R").write_text(fitted(name).to_lavaan(), encoding="utf-8")
    ran = subprocess.run(
        ["Rscript", str(root / "driver.R"), *(str(root / name) for name in CASES)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return root


def keyed(frame: pd.DataFrame) -> pd.DataFrame:
    keys = []
    for row in frame.to_dict("records"):
        one, two = row["lhs"], row["rhs"].replace(" ", "")
        one, two = sorted((one, two)) if row["op"] == "~~" else (one, two)
        keys.append(f"{one} {row['op']} {two} @{row['group']}")
    return frame.set_index(pd.Index(keys))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_code_gives_the_same_fit_in_lavaan(by_lavaan: Path, name: str) -> None:
    fit = fitted(name)
    theirs = pd.read_csv(by_lavaan / name / "fit.csv").iloc[0]
    for measure in ("chisq", "chisq.scaled"):
        if measure in theirs.index:
            assert fit.fit_measures[measure] == pytest.approx(theirs[measure], rel=CHISQ_RTOL)
    assert (fit.df, fit.layout.q, fit.ntotal) == (theirs["df"], theirs["npar"], theirs["n"])
    found = keyed(pd.read_csv(by_lavaan / name / "est.csv", keep_default_na=False))
    ours = keyed(pd.concat([fit.estimates, fit.defined.assign(group="")]))
    rows = ours.index[ours["se"].notna()]
    assert set(rows) == set(found.index[found["se"] > 0])
    se = ours.loc[rows, "se"].to_numpy()
    distance = np.abs(ours.loc[rows, "est"] - found.loc[rows, "est"]) / se
    assert distance.max() < ESTIMATE_ATOL
    np.testing.assert_allclose(se, found.loc[rows, "se"], rtol=SE_RTOL)


@pytest.mark.slow
@pytest.mark.parametrize("groups", [1, 2])
def test_published_moments_are_written_into_the_code(tmp_path: Path, groups: int) -> None:
    if not has_lavaan():
        pytest.skip("R with lavaan is not here")
    items = [f"x{i}" for i in range(1, 10)]
    parts = {
        label: ei.Moments.published(items, covariance=f.cov(), means=f.mean(), n=len(f))
        for label, f in answers(holes=False).groupby("school")[items]
    }
    if groups == 1:
        fit = ei.cfa(parts["Pasteur"], MODEL)
    else:
        fit = ei.cfa(ei.Moments.of_groups(parts), MODEL, group="school", equal=SCALAR)
    code = f'{fit.to_lavaan()}\ncat("chisq", format(fitMeasures(fit, "chisq"), digits = 12))'
    (tmp_path / "fit.R").write_text(code, encoding="utf-8")
    ran = subprocess.run(
        ["Rscript", "fit.R"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    theirs = float(ran.stdout.rsplit("chisq", 1)[1])
    assert fit.chisq == pytest.approx(theirs, rel=CHISQ_RTOL)


def test_every_relation_is_written_with_what_holds_it() -> None:
    text = fitted("three_groups").to_lavaan()
    for line in ("visual =~ c(p1, p1, p1)*x1", "visual ~~ c(1, NA, NA)*visual",
                 "visual ~ c(0, NA, NA)*1", "x7 ~ 1", "textual ~~ speed",
                 'group = "third", group.label = c("a", "b", "c")'):  # fmt: skip
        assert f"  {line}" in text
    (intercept,) = [line for line in text.splitlines() if line.startswith("  x3 ~ ")]
    first, second, third = intercept.removeprefix("  x3 ~ c(").removesuffix(")*1").split(", ")
    assert first == third != second


def test_the_reference_group_comes_first() -> None:
    assert 'group.label = c("Pasteur", "Grant-White")' in fitted("configural").to_lavaan()


def test_labels_of_the_user_are_kept_and_not_used_for_others() -> None:
    text = fitted("labels").to_lavaan()
    for line in ("visual =~ a*x2", "visual =~ a*x3", "x1 ~~ p1*x1", "x2 ~~ p1*x2", "x4 ~~ 0.4*x4",
                 "x5 ~ 4*1", "q := sqrt(a^2) / (1 + b)"):  # fmt: skip
        assert f"  {line}\n" in text


def test_crossed_clusters_come_with_a_warning() -> None:
    crossed = answers(holes=False).assign(team=np.arange(301) % 40)
    text = ei.cfa(crossed, MODEL, cluster="team", **GROUPS).to_lavaan()
    assert "# Clusters have people in more than one group." in text
    assert "more than one group" not in fitted("cluster_groups").to_lavaan()


@pytest.mark.parametrize(
    "model",
    [
        MODEL,
        f"{MODEL}\nx7 ~~ x8",
        "visual =~ x1 + a*x2 + a*x3\ntextual =~ x4 + x5 + x6\nvisual ~~ 0*textual",
        f"{MODEL}\nspeed ~ visual + textual",
    ],
)
def test_semopy_reads_the_text_and_gives_the_same_chi_square(model: str) -> None:
    import semopy

    fit = ei.cfa(answers(holes=False), model, **PLAIN)
    observed = pd.DataFrame(fit.moments.covariance[0], fit.items, fit.items)
    other = semopy.Model(fit.to_semopy())
    other.fit(cov=observed, n_samples=fit.ntotal, options={"ftol": 1e-14, "maxiter": 1000})
    assert fit.ntotal * other.last_result.fun == pytest.approx(fit.chisq, rel=1e-6)
    assert len(other.param_vals) == fit.layout.q - len(fit.items)  # means are none of them


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("configural", ["semopy_one_group"]),
        ("fiml_mlr", ["semopy_complete", "semopy_ml"]),
        ("std_lv", ["semopy_marker"]),
        ("labels", ["semopy_means", "semopy_marker", "semopy_definitions"]),
    ],
)
def test_what_semopy_cannot_do_is_refused(name: str, codes: list[str]) -> None:
    with pytest.raises(ModelError) as caught:
        fitted(name).to_semopy()
    assert [p.code.removeprefix("model.") for p in caught.value.problems] == codes
