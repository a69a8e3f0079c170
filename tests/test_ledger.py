"""The books of a fit, its summary and its explanation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.language import LANGUAGES, describe
from employer_identity.measurement.arrow import Tied
from tests.examples import FOUR, two_groups

GOLDEN = Path(__file__).parent / "golden"
MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
SCALAR = ("loadings", "intercepts")


@pytest.fixture(scope="module")
def pupils() -> pd.DataFrame:
    frame = pd.read_csv(GOLDEN / "holzinger.csv")
    rng = np.random.default_rng(2)
    frame["weight"] = rng.uniform(0.5, 2.0, len(frame))
    frame["room"] = frame["school"] + rng.integers(0, 20, len(frame)).astype(str)
    return frame


@pytest.fixture(scope="module")
def with_holes(pupils: pd.DataFrame) -> pd.DataFrame:
    frame = pupils.copy()
    frame.loc[:49, "x2"] = np.nan
    frame.loc[60, [f"x{i}" for i in range(1, 10)]] = np.nan
    return frame


def test_what_is_tied_released_and_fixed(pupils: pd.DataFrame) -> None:
    fit = ei.cfa(pupils, MODEL, group="school", equal=SCALAR, std_lv=True, free=["x3~1", "x7~1"])
    books = fit.ledger
    loadings, intercepts = books.ties
    assert (loadings.family, loadings.cells, loadings.parameters, loadings.released) == (
        "loadings", 18, 9, ()
    )  # fmt: skip
    assert (intercepts.cells, intercepts.parameters) == (14, 7)
    assert intercepts.released == ("x3 ~ 1", "x7 ~ 1")
    assert [(f.family, f.value, len(f.relations), f.groups) for f in books.fixed] == [
        ("lv.variances", 1.0, 3, ("Grant-White",)),
        ("means", 0.0, 3, ("Grant-White",)),
    ]
    assert books.df == books.df_obtained == books.moments - books.parameters == fit.df
    assert books.cells_tied == 9 + 7
    assert books["moments"] == 2 * (45 + 9)
    text = str(books)
    assert "Equal over groups: intercepts, 14 cells as 7 parameters.\n  Released: x3 ~ 1" in text
    assert "Fixed at 1 in Grant-White only: factor variances visual ~~ visual" in text


def test_a_release_in_one_group_names_it(pupils: pd.DataFrame) -> None:
    frame = pupils.assign(third=np.array(["a", "b", "c"])[np.arange(len(pupils)) % 3])
    fit = ei.cfa(frame, MODEL, group="third", equal=SCALAR, free=["x3~1@b"])
    (intercepts,) = [tie for tie in fit.ledger.ties if tie.family == "intercepts"]
    assert intercepts.released == ("x3 ~ 1 (b)",)
    assert (intercepts.cells, intercepts.parameters) == (26, 9)


def test_labels_and_markers(pupils: pd.DataFrame) -> None:
    fit = ei.cfa(pupils, f"{MODEL}\nx1 ~~ t*x1\nx2 ~~ t*x2\nx3 ~~ t*x3\nx9 ~~ 0.5*x9")
    assert fit.ledger.by_label == 2
    assert [(f.family, f.value) for f in fit.ledger.fixed] == [
        ("loadings", 1.0), ("residuals", 0.5), ("means", 0.0),
    ]  # fmt: skip
    assert fit.ledger.fixed[0].relations == ("visual =~ x1", "textual =~ x4", "speed =~ x7")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"estimator": "ML"}, ("expected", "standard", "standard", None, 0)),
        ({"estimator": "MLM"}, ("expected", "satorra_bentler", "satorra_bentler", None, 0)),
        ({}, ("observed", "yuan_bentler", "huber_white", None, 0)),
        ({"weights": "weight"}, ("observed", "yuan_bentler", "huber_white", "weight", 0)),
        ({"cluster": "room"}, ("observed", "yuan_bentler", "clusters", None, 40)),
    ],
)
def test_how_it_was_estimated(
    pupils: pd.DataFrame, options: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    books = ei.cfa(pupils, MODEL, **options).ledger
    found = (books.information, books.test, books.errors, books.weights, books.clusters)
    assert found == expected
    assert (books.scaling is None) == (options.get("estimator") == "ML")


def test_holes_make_the_information_observed(with_holes: pd.DataFrame) -> None:
    books = ei.cfa(with_holes, MODEL, estimator="ML").ledger
    assert books.information == "observed"
    assert books.n == {"": 300}
    assert [note.code for note in books.notes] == [
        "model.resolved", "model.rows_without_answer", "model.rows_with_holes",
    ]  # fmt: skip
    assert describe(books.notes[1]) in str(books)


def test_clusters_that_are_the_groups_are_not_in_the_books(pupils: pd.DataFrame) -> None:
    books = ei.cfa(pupils, MODEL, group="school", cluster="school").ledger
    assert (books.cluster, books.clusters, books.errors) == (None, 0, "huber_white")


def test_parameters_that_the_answers_do_not_tell_apart_are_seen() -> None:
    """The rank is computed from the derivatives and not from the count."""
    pupils = pd.read_csv(GOLDEN / "holzinger.csv")
    fit = ei.cfa(pupils, MODEL, estimator="ML")
    curvature = fit.solution.curvature
    assert curvature is not None
    copied = curvature.information.copy()
    copied[0, 1], copied[0, :, 1] = copied[0, 0], copied[0, :, 0]
    copied[0, 1, 1] = copied[0, 0, 0]
    object.__setattr__(curvature, "tied", Tied(copied, curvature.cells.arrow))
    assert fit.ledger.df_obtained == fit.df + 1
    assert "obtained" in str(fit.ledger)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_books_print_in_both_languages(pupils: pd.DataFrame, language: Any) -> None:
    fit = ei.cfa(pupils, MODEL, group="school", equal=SCALAR, weights="weight", cluster="room")
    lines = fit.ledger.lines(language)
    assert all(lines)
    assert any("'weight'" in line for line in lines)
    assert str(fit.ledger.parameters) in fit.ledger.short(language)


def test_every_fit_prints_its_books_in_short(pupils: pd.DataFrame) -> None:
    assert repr(ei.cfa(pupils, MODEL, estimator="ML")).splitlines()[2] == (
        "  54 moments - 30 parameters = 24 df, 0 cells tied; "
        "standard errors of maximum likelihood, expected information"
    )


def test_the_summary_is_in_the_fields_order(pupils: pd.DataFrame) -> None:
    model = f"{MODEL.replace('x2', 'a*x2')}\nspeed ~ visual\nq := 2 * a"
    text = ei.cfa(pupils, model).summary()
    order = [
        "Fit: ", "Degrees of freedom", "Fixed at 1", "Loadings", "Regressions", "Covariances",
        "Intercepts and means", "Variances", "Defined quantities", "Explained variance",
    ]  # fmt: skip
    places = [text.index(f"\n{name}" if k else name) for k, name in enumerate(order)]
    assert places == sorted(places)
    assert "nan" not in text.lower()
    (row,) = [line for line in text.splitlines() if line.strip().startswith("visual =~ x3")]
    assert len(row.split()) == 3 + 5
    (marker,) = [line for line in text.splitlines() if line.strip().startswith("visual =~ x1")]
    assert len(marker.split()) == 3 + 2


def test_the_summary_of_groups_names_them(pupils: pd.DataFrame) -> None:
    text = ei.cfa(pupils, MODEL, group="school", equal=SCALAR).summary()
    assert text.count("visual =~ x2") == 2
    assert "Pasteur" in text.split("Loadings")[1]


def test_the_explanation_says_what_was_done_and_found(with_holes: pd.DataFrame) -> None:
    fit = ei.cfa(with_holes, MODEL, group="school", equal=SCALAR, cluster="room", weights="weight")
    text = fit.explain()
    for part in ("A model of 3 factors (visual, textual and speed)", "300 respondents",
                 "Grant-White (n = 145) and Pasteur (n = 155)", "loadings and intercepts",
                 "Robust maximum likelihood", "Every answer that was given counts", "'weight'",
                 "same 'room'", "The exact test rejects the model", "on the wrong side of 0.95",
                 "does not describe the answers well enough", "ei.invariance"):  # fmt: skip
        assert part in text, part
    assert len(text.split("\n\n")) == 5


def test_the_explanation_of_a_good_fit_and_of_a_saturated_one(pupils: pd.DataFrame) -> None:
    good = ei.cfa(pupils, "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6", estimator="ML")
    assert "well enough to work with" in good.explain()
    assert "goed genoeg om mee te werken" in good.explain("nl")
    saturated = ei.cfa(pupils, "visual =~ x1 + x2 + x3")
    assert "fits by construction" in saturated.explain()
    assert "chi2" not in saturated.explain()


def test_an_item_that_runs_against_the_others_is_named() -> None:
    plain = two_groups()
    against = plain.assign(pro2=8 - plain["pro2"], adv1=8 - plain["adv1"])
    told = ei.cfa(against, FOUR, group="band").explain()
    assert "pro2 and adv1 run against the other items" in told
    assert "adv1 loopt" in ei.cfa(plain.assign(adv1=8 - plain["adv1"]), FOUR).explain("nl")
    assert "against" not in ei.cfa(plain, FOUR, group="band").explain()


def test_the_explanation_names_what_is_improper(pupils: pd.DataFrame) -> None:
    noise = np.random.default_rng(3).normal(size=len(pupils)) * 0.2
    frame = pupils.assign(x1=pupils["x2"] * 0.8 + pupils["x3"] * 0.9 + noise)
    fit = ei.cfa(frame, MODEL, estimator="ML", missing="listwise")
    if not fit.problems:
        pytest.fail("the planted solution is proper")
    assert "The solution is improper" in fit.explain()
    assert "oneigenlijk" in fit.explain("nl")
