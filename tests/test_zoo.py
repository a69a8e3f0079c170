"""A zoo of answers that go wrong easily: lavaan's figures, the same as plain ones, or a refusal.

Never a number that is wrong in silence. What fits is held against lavaan (`golden/make_zoo.R`) or
against the same answers told otherwise; what cannot be fitted is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.errors import EmployerIdentityError
from employer_identity.language import LANGUAGES, describe
from tests.test_golden import answers
from validation.reference import Case, beside, cases

TWO = "f =~ ok1 + ok2 + ok3\ng =~ ok4 + ok5 + ok6"
ITEMS = [f"ok{i}" for i in range(1, 7)]
CASES = {case.name: case for case in cases() if case.family == "zoo"}
RTOL = 1e-7  # the same answers in other units or types: the search's tolerance; seen: 5e-9
FLOAT32_RTOL = 1e-4  # seven digits of an answer; seen: 3e-6
Change = Callable[[pd.DataFrame], pd.DataFrame]


def base() -> pd.DataFrame:
    return answers("zoo.csv")[[*ITEMS, "half", "few", "eight", "weight", "team"]].copy()


@cache
def plain() -> ei.Fit:
    return ei.cfa(base(), TWO, group="half", equal=("loadings", "intercepts"))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_fits_has_lavaans_figures(case: Case) -> None:
    found = beside(case)
    assert found.agrees, found.apart
    assert found.compared > 30


def units(prefix: str) -> Change:
    """The same answers in other units, under the plain ones' names."""
    named = {f"{prefix}{i}": f"ok{i}" for i in range(1, 7)}
    return lambda d: d.assign(**answers("zoo.csv")[list(named)].rename(columns=named))


def as_type(kind: str) -> Change:
    return lambda d: d.astype(dict.fromkeys(ITEMS, kind))


SAME: dict[str, Change] = {
    "thousandths": units("tiny"),
    "units from a hundredth to a hundred": units("wide"),
    "means of a million": units("big"),
    "rows in another order": lambda d: d.sample(frac=1, random_state=1),
    "an index that repeats": lambda d: d.set_axis([7] * len(d)),
    "columns in another order": lambda d: d[d.columns[::-1]],
    "extension floats": as_type("Float64"),
    "arrow": as_type("double[pyarrow]"),
    "group labels that are numbers": lambda d: d.assign(half=d["half"].map({"a": 1, "b": 2})),
    "group labels that are booleans": lambda d: d.assign(half=d["half"].eq("b")),
    "group labels of other scripts": lambda d: d.assign(
        half=d["half"].map({"a": "Ålborg \N{SNOWMAN}", "b": "東京"})
    ),
    "a category that nobody is in": lambda d: d.assign(
        half=pd.Categorical(d["half"], categories=["a", "nobody", "b"])
    ),
    "columns nobody asked for": lambda d: d.assign(**{"": 1, "x" * 300: "=cmd()", "1": None}),
    "every weight the same": lambda d: d.assign(weight=1e-9),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_the_same_answers_told_otherwise_fit_the_same(change: Change) -> None:
    fit = ei.cfa(change(base()), TWO, group="half", equal=("loadings", "intercepts"))
    expected = plain().fit_measures
    for measure in ("chisq", "chisq.scaled", "df", "cfi.robust", "rmsea.robust", "srmr"):
        assert fit.fit_measures[measure] == pytest.approx(expected[measure], rel=RTOL, abs=RTOL)
    loadings, same = (f.estimates.query("op == '=~'")["std_all"] for f in (fit, plain()))
    np.testing.assert_allclose(loadings, same, rtol=0, atol=1e-6)


def test_single_precision_keeps_four_digits() -> None:
    fit = ei.cfa(as_type("float32")(base()), TWO, group="half", equal=("loadings", "intercepts"))
    chisq = plain().fit_measures["chisq"]
    assert fit.fit_measures["chisq"] == pytest.approx(chisq, rel=FLOAT32_RTOL)


def test_whole_numbers_of_eight_bits_do_not_overflow() -> None:
    top = answers("zoo.csv")
    model = TWO.replace("ok", "top")
    wide, narrow = (
        ei.cfa(top.astype({f"top{i}": kind for i in range(1, 7)}), model)
        for kind in ("float64", "int8")
    )
    assert narrow.fit_measures["chisq"] == pytest.approx(wide.fit_measures["chisq"], rel=1e-12)


def put(value: Any, column: str = "ok2", rows: slice = slice(None)) -> Change:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        found = frame.astype({column: object}) if isinstance(value, str) else frame.copy()
        found.loc[found.index[rows], column] = value
        return found

    return change


def copied(**columns: Callable[[pd.DataFrame], Any]) -> Change:
    return lambda d: d.assign(**columns)


def ordered(change: Change) -> Change:
    """Answers of 1 to 5."""
    return lambda d: change(d.assign(**{i: pd.qcut(d[i], 5, labels=False) + 1 for i in ITEMS}))


def kept(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


REFUSED: dict[str, tuple[Change, dict[str, Any], str]] = {
    "no rows": (lambda d: d.iloc[:0], {}, "model.item_empty"),
    "one row": (lambda d: d.iloc[:1], {}, "model.too_few_rows"),
    "fewer rows than items": (lambda d: d.iloc[:5], {}, "model.too_few_rows"),
    "everybody answers the same": (put(3.0), {}, "model.item_constant"),
    "the same in one group": (
        put(3.0, rows=slice(0, 120)),
        {"group": "half"},
        "model.item_constant_in_group",
    ),
    "no answers to an item": (put(np.nan), {}, "model.item_empty"),
    "no answers in one group": (
        put(np.nan, rows=slice(0, 120)),
        {"group": "half"},
        "model.item_empty_in_group",
    ),
    "an item twice": (copied(ok2=lambda d: d["ok1"]), {}, "model.singular"),
    "an item that is a sum": (copied(ok2=lambda d: d["ok1"] + d["ok3"]), {}, "model.singular"),
    "numbers kept as objects": (as_type("object"), {}, "model.not_numeric"),
    "text": (put("often", rows=slice(4, 5)), {}, "model.not_numeric"),
    "dates": (copied(ok2=lambda d: pd.Timestamp("2026-01-01")), {}, "model.not_numeric"),
    "complex numbers": (copied(ok2=lambda d: d["ok2"] + 1j), {}, "model.not_numeric"),
    "lists": (copied(ok2=lambda d: [[1.0]] * len(d)), {}, "model.not_numeric"),
    "infinite": (put(np.inf, rows=slice(9, 10)), {}, "model.infinite"),
    "numbers beyond squares": (put(-1e200, rows=slice(9, 10)), {}, "model.infinite"),
    "a column twice": (lambda d: pd.concat([d, d[["ok2"]]], axis=1), {}, "model.column_twice"),
    "no such column": (lambda d: d.drop(columns="ok2"), {}, "model.unknown_item_near"),
    "columns of two levels": (
        lambda d: d.set_axis(pd.MultiIndex.from_product([["x"], d.columns]), axis=1),
        {},
        "model.unknown_item",
    ),
    "two items nobody answered both": (
        lambda d: put(np.nan, "ok5", slice(120, None))(put(np.nan, "ok2", slice(0, 120))(d)),
        {},
        "model.never_together",
    ),
    "one group": (put("a", "half"), {"group": "half"}, "model.one_group"),
    "nobody says their group": (copied(half=lambda d: None), {"group": "half"}, "model.no_group"),
    "a group of one": (put("c", "half", slice(0, 1)), {"group": "half"}, "model.group_too_small"),
    "groups by a number": (
        copied(half=lambda d: d["ok1"]),
        {"group": "half"},
        "model.group_is_number",
    ),
    "weights below nothing": (
        put(-1.0, "weight", slice(3, 5)),
        {"weights": "weight"},
        "model.bad_weights",
    ),
    "no weight above nothing": (
        put(0.0, "weight"),
        {"weights": "weight"},
        "model.weights_all_zero",
    ),
    "infinite weights": (
        put(np.inf, "weight", slice(3, 5)),
        {"weights": "weight"},
        "model.bad_weights",
    ),
    "one cluster": (put("t1", "team"), {"cluster": "team"}, "model.one_cluster"),
    "mean adjustment with holes": (
        put(np.nan, rows=slice(0, 9)),
        {"estimator": "MLM", "missing": "fiml"},
        "model.mlm_complete",
    ),
    "ordered: one answer": (ordered(put(3)), {"ordered": True}, "model.item_constant"),
    "ordered: parts of a point": (kept, {"ordered": True}, "ordered.not_whole"),
    "ordered: an item twice": (
        ordered(copied(ok2=lambda d: d["ok1"])),
        {"ordered": True},
        "ordered.perfect",
    ),
    "ordered: text": (
        ordered(put("often", rows=slice(4, 5))),
        {"ordered": True},
        "model.not_numeric",
    ),
    "unrelated items": (
        copied(**{f"ok{i}": lambda d, i=i: answers("zoo.csv")[f"none{i}"] for i in range(1, 7)}),
        {},
        "model.not_converged",
    ),
}


@pytest.mark.parametrize(("change", "options", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_fitted_is_refused_by_name(
    change: Change, options: dict[str, Any], code: str
) -> None:
    with pytest.raises(EmployerIdentityError) as caught:
        ei.cfa(change(base()), TWO, **options)
    problems = caught.value.problems
    assert code in {problem.code for problem in problems}
    assert all(describe(problem, language) for problem in problems for language in LANGUAGES)


def test_twenty_ordered_answers_are_taken_with_advice() -> None:
    many = base().assign(ok2=lambda d: pd.qcut(d["ok2"], 20, labels=False))
    assert "ordered.many_categories" in {n.code for n in ei.cfa(many, TWO, ordered=["ok2"]).notes}


def test_there_are_fifty_and_more() -> None:
    assert len(CASES) + len(SAME) + len(REFUSED) >= 50
