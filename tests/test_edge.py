"""Whatever is handed to a public function: a refusal that says what it takes, in the cell short."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from prepared import prepared

import employer_identity as ei
from employer_identity import figures, tables
from employer_identity.edge import checked, fits
from employer_identity.errors import (
    ComparisonError,
    EmployerIdentityError,
    ModelError,
    Problem,
    SurveyError,
)
from employer_identity.questionnaire import Grouping

FUNCTIONS = sorted(n for n in ei.__all__ if inspect.isfunction(getattr(ei, n)))


class Odd:
    """What no function of ours takes."""


LEFT = {
    **{name: {"despite"} for name in ("latent_means", "latent_variances", "mean_contrasts")},
    "invariance": {"rule"},
    "invariance_across": {"data", "rule"},
    "plan": {"rule"},
    "report": {"group", "wave", "language"},
    "scan": {"source"},
}
"""What a function refuses itself, with better advice."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_argument_of_every_function_is_looked_at(name: str) -> None:
    function = getattr(ei, name)
    taken = inspect.signature(function).parameters.values()
    needed = [p.name for p in taken if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    for argument in (p.name for p in taken if p.kind is not p.VAR_KEYWORD):
        asked = {*needed, argument}
        with pytest.raises(EmployerIdentityError) as refused:
            function(**{one: Odd() for one in asked})
        told = {p.where for p in refused.value.problems if p.code == "edge.unfit"}
        if told or argument not in LEFT.get(name, ()):
            assert told == asked - LEFT.get(name, set())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_misspelt_argument_is_told_the_nearest(name: str) -> None:
    function = getattr(ei, name)
    kinds = [p.kind for p in inspect.signature(function).parameters.values()]
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return  # a report's own parameters are checked by the report
    first = next(iter(inspect.signature(function).parameters))
    with pytest.raises(EmployerIdentityError) as refused:
        function(**{f"{first}x": 1})
    problem = refused.value.problems[0]
    assert (problem.code, problem.values["near"]) == ("edge.unknown_near", first)


ROOMS = [(room, name) for room in (figures, tables) for name in room.__all__]


@pytest.mark.parametrize(("room", "name"), ROOMS)
def test_every_figure_and_table_says_what_it_takes(room: Any, name: str) -> None:
    function = getattr(room, name)
    taken = inspect.signature(function).parameters
    called = f"{room.__name__.rpartition('.')[2]}.{name}"
    with pytest.raises(EmployerIdentityError, match=re.escape(called)):
        function()
    for argument in taken:
        needed = [n for n, p in taken.items() if p.default is p.empty]
        with pytest.raises(EmployerIdentityError) as refused:
            function(**{one: Odd() for one in {*needed, argument}})
        assert argument in {p.where for p in refused.value.problems}


def test_figures_refuse_names_that_are_not_there_and_no_counts() -> None:
    survey, ladder = given("survey"), given("ladder")
    means, own = ei.latent_means(ladder), survey.instrument
    with pytest.raises(SurveyError, match="Did you mean 'advancement'"):
        figures.answers(survey, "advancment")
    grouped = own.model_copy(update={"groupings": (Grouping(column="gender"),)})
    for room in (figures, tables):
        with pytest.raises(SurveyError, match="Did you mean 'gender'"):
            room.latent_means(means, grouped, "gendr", ladder.n)
        with pytest.raises(ComparisonError, match="counts is empty"):
            room.latent_means(means, own, "age", {})
    with pytest.raises(EmployerIdentityError, match="a Ladder"):
        figures.ladder(given("fit"), own)


def given(name: str) -> Any:
    return prepared()[name]


CASES: dict[str, tuple[Any, str, str]] = {
    "no group": (lambda: ei.invariance(given("survey")), "edge.lacking", "needs group=..."),
    "anchors": (
        lambda: ei.invariance(given("survey"), group="age", anchors=2.5),
        "edge.unfit",
        "anchors must be a whole number, text or a list; this is float",
    ),
    "a fit for a ladder": (
        lambda: ei.dmacs(given("fit")),
        "edge.unfit",
        "a Ladder, as ei.invariance gives; this is Fit",
    ),
    "a ladder for a fit": (
        lambda: ei.reliability(given("ladder")),
        "edge.unfit_ladder",
        'ladder["scalar"]',
    ),
    "no draws": (
        lambda: ei.dmacs(given("ladder"), draws=0),
        "edge.unfit",
        "draws must be a whole number of at least 1; this is 0",
    ),
    "a number for a ladder": (lambda: ei.latent_means(3), "edge.unfit", "this is int"),
    "a word for a dict": (
        lambda: ei.invariance_across(given("survey"), models="text"),
        "edge.unfit",
        "models must be a dict or None; this is str",
    ),
    "a word for a list": (
        lambda: ei.cfa(given("survey"), group="age", equal="loadings"),
        "edge.unfit_word",
        'Put the name in a list: ["name"]',
    ),
    "too many": (
        lambda: ei.latent_means(given("ladder"), "because"),
        "edge.too_many",
        "takes 1 argument without a name (ladder), and was given 2",
    ),
    "twice": (
        lambda: ei.latent_means(given("ladder"), ladder=given("ladder")),
        "edge.twice",
        "'ladder' twice",
    ),
    "a statement": (
        lambda: given("ladder").decision["latent mean"],
        "across.statement_near",
        "did you mean 'latent means'",
    ),
    "an outcome": (
        lambda: ei.stay_regression(given("whole"), "stay_intend"),
        "structural.unknown_near",
        "did you mean 'stay_intent'",
    ),
    "a mean": (
        lambda: ei.htmt(given("fit"), mean="harmonic"),
        "model.not_available",
        "Allowed: arithmetic and geometric",
    ),
    "a language": (lambda: given("ladder").explain("de"), "edge.language", "There are: en and nl"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_read_is_refused_with_advice(name: str) -> None:
    call, code, words = CASES[name]
    with pytest.raises(EmployerIdentityError) as refused:
        call()
    assert [p.code for p in refused.value.problems] == [code]
    assert words in str(refused.value)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(SurveyError) as refused:
        ei.load_survey(3, instrument=4)
    assert [p.where for p in refused.value.problems] == ["source", "instrument"]


def test_no_value_is_told() -> None:
    with pytest.raises(ModelError) as refused:
        ei.cfa(pd.Series(["Jan Jansen"]))
    assert "Jansen" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "hint", "fit"),
    [
        (1, int, True), (np.int64(1), int, True), (True, int, False), (1.0, int, False),
        (1, float, True), (np.float32(1), float, True), ("1", float, False),
        (None, str | None, True), ("a", Sequence[str], False), (["a"], Sequence[str], True),
        (pd.Index(["a"]), Sequence[str], True), (np.array(["a"]), Sequence[str], True),
        ([1], Sequence[str], False), (iter(["a"]), Sequence[str], True),
        ([("a", "b"), "c"], Sequence[str | tuple[str, ...]], True),
        ({"a": 1}, Mapping[str, int], True), ({"a": 1}, Sequence[str], False),
        (False, str | Literal[False], True), (True, str | Literal[False], False),
        ("any word", Literal["one", "two"], True), (3, Literal["one", "two"], False),
        (Odd(), Odd, True), (3, Odd, False), (Odd(), Any, True), (0, Annotated[int, 1], False),
        (1, Annotated[int, 1], True),
    ],
)  # fmt: skip
def test_what_fits_an_annotation(value: object, hint: Any, fit: bool) -> None:
    assert fits(value, hint) is fit


def test_a_function_keeps_its_name_and_its_answer() -> None:
    @checked(ModelError)
    def doubled(n: int) -> int:
        """Double."""
        return 2 * n

    assert doubled(4) == 8
    assert doubled.__name__ == "doubled"
    assert list(inspect.signature(doubled).parameters) == ["n"]


def test_a_refusal_is_short_where_it_is_raised_by_hand() -> None:
    long = "word " * 60
    told = ModelError(long, (Problem("edge.lacking"),))._render_traceback_()
    assert told[0] == "ModelError:"
    assert max(map(len, told)) <= 88


@pytest.mark.notebook
@pytest.mark.slow
def test_a_refusal_in_a_cell_shows_the_users_line_and_the_message_only() -> None:
    source = """import employer_identity as ei
survey = ei.simulate_survey(100)
ei.latent_means(survey)"""
    cell = new_code_cell(source, metadata={"tags": ["raises-exception"]})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    nbformat.validate(NotebookClient(notebook, timeout=120).execute())
    (error,) = (o for o in cell["outputs"] if o["output_type"] == "error")
    assert error["ename"] == "ModelError"
    assert error["traceback"] == [
        "----> 3 ei.latent_means(survey)",
        "",
        "ModelError:",
        "ei.latent_means: ladder must be a Ladder, as ei.invariance gives or a Fit, as ei.cfa",
        "gives; this is Survey.",
    ]
