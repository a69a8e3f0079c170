"""Weights, clusters and holes that cannot serve: each named, each row that is left out counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.errors import ModelError, Problem
from employer_identity.instrument import load_instrument
from employer_identity.language import LANGUAGES, describe
from employer_identity.survey import Survey
from tests.examples import answers
from tests.test_robust import SIX, TWO, kept, six

Change = Callable[[pd.DataFrame], pd.DataFrame]
N = 240


def base() -> pd.DataFrame:
    """Answers with holes to six items, in two bands and forty teams; everybody weighs one."""
    return six(N, 1).assign(w=1.0)


def young(frame: pd.DataFrame) -> pd.Series:
    return frame["band"] == "young"


def put(column: str | list[str], rows: Any, value: object) -> Change:
    """Change some cells; rows are labels or a function of the frame."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        at = rows(frame) if callable(rows) else rows
        found = frame.copy()
        found.loc[at, column] = value
        return found

    return change


def doubled(column: str) -> Change:
    return lambda d: pd.concat([d, d[[column]]], axis=1)


def made(**columns: Any) -> Change:
    return lambda d: d.assign(**columns)


def said(problems: tuple[Problem, ...]) -> list[tuple[str, str, int]]:
    """Code, place and count of each, once it can be said in both languages."""
    assert all(describe(p, language) for p in problems for language in LANGUAGES)
    return [(p.code.removeprefix("model."), p.where, p.count) for p in problems]


def refused(data: Any, model: str = TWO, **options: Any) -> list[tuple[str, str, int]]:
    with pytest.raises(ModelError) as caught:
        ei.cfa(data, model, **options)
    return said(caught.value.problems)


def notes(fit: ei.Fit) -> list[tuple[str, str, int]]:
    """What a fit says beyond what was resolved, how many rows had holes and how they weigh."""
    return [n for n in said(fit.notes)[1:] if n[0] not in ("rows_with_holes", "weighted")]


# -- refused ---------------------------------------------------------------------------------------

WEIGHTED: dict[str, Any] = {"weights": "w"}
TEAMS: dict[str, Any] = {"cluster": "team"}
BANDS: dict[str, Any] = {"group": "band"}


@pytest.mark.parametrize(
    ("change", "options", "expected"),
    [
        (put("w", [1, 2], -1.0), WEIGHTED, [("bad_weights", "w", 2)]),
        (put("w", [1], np.nan), WEIGHTED, [("bad_weights", "w", 1)]),
        (put("w", [1, 2, 3], np.inf), WEIGHTED, [("bad_weights", "w", 3)]),
        (made(w=0.0), WEIGHTED, [("weights_all_zero", "w", 0)]),
        (made(w="heavy"), WEIGHTED, [("not_numeric", "w", 0)]),
        (made(w=True), WEIGHTED, [("not_numeric", "w", 0)]),
        (made(), {"weights": "ww"}, [("unknown_column_near", "ww", 0)]),
        (made(), {"weights": "kilos"}, [("unknown_column", "kilos", 0)]),
        (made(), {"cluster": "teem"}, [("unknown_column_near", "teem", 0)]),
        (doubled("w"), WEIGHTED, [("column_twice", "w", 0)]),
        (doubled("team"), TEAMS, [("column_twice", "team", 0)]),
        (made(team=7), TEAMS, [("one_cluster", "team", 0)]),
        (made(w=lambda d: 1.0 * (d["team"] == 7)), WEIGHTED | TEAMS, [("too_few_rows", "", 7)]),
        (put(["pro2"], range(N), np.nan), {}, [("item_empty", "pro2", 0)]),
        (put("pro2", young, np.nan), BANDS, [("item_empty_in_group", "pro2", 0)]),
        (put("pro2", young, np.nan), BANDS | {"missing": "listwise"},
         [("group_too_small", "band", 1)]),
        (put("pro2", young, 4.0), BANDS, [("item_constant_in_group", "pro2", 0)]),
        (made(w=lambda d: np.where(young(d), 0.0, 1.0)), BANDS | WEIGHTED,
         [("group_too_small", "band", 1)]),
        (lambda d: d.iloc[:6], {}, [("too_few_rows", "", 7)]),
        (made(pro2=lambda d: 2 * d["pro1"] + 1), {}, [("singular", "pro1 and pro2", 0)]),
        (made(adv3=lambda d: d["adv1"] + d["adv2"]), {},
         [("singular", "adv1, adv2 and adv3", 0)]),
        (made(pro2=lambda d: d["pro2"].where(~young(d), d["pro1"])), BANDS,
         [("singular_in_group", "pro1 and pro2", 0)]),
        (put("pro2", range(4, N), np.nan), {}, [("no_saturated", "", 0)]),
    ],
)  # fmt: skip
def test_what_cannot_serve_is_named(
    change: Change, options: dict[str, Any], expected: list[tuple[str, str, int]]
) -> None:
    assert refused(change(base()), **options) == expected


def test_two_items_that_nobody_answered_both_are_named() -> None:
    half = put("adv2", range(N // 2, N), np.nan)(put("pro2", range(N // 2), np.nan)(base()))
    assert refused(half) == [("never_together", "pro2~~adv2", 1)]
    of_young = base()
    of_young.loc[young(of_young) & (of_young.index < 120), ["pro2", "pro3"]] = np.nan
    of_young.loc[young(of_young) & (of_young.index >= 120), "adv2"] = np.nan
    pairs = ("never_together_in_group", "pro2~~adv2 and pro3~~adv2", 2)
    assert refused(of_young, **BANDS) == [pairs]
    with pytest.raises(ModelError, match="In group 'young'"):
        ei.cfa(of_young, TWO, **BANDS)
    assert ei.cfa(of_young, TWO).ntotal == N  # the other band tells how they go together


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"estimator": "MLM", "missing": "fiml"}, [("mlm_complete", "", 0)]),
        ({"estimator": "MLM", "weights": "w"}, [("mlm_complete", "", 0)]),
        ({"estimator": "MLM", "cluster": "team"}, [("mlm_complete", "", 0)]),
        ({"estimator": "ML", "weights": "w"}, [("ml_plain", "w", 0)]),
        ({"estimator": "ML", "weights": "w", "cluster": "team"}, [("ml_plain", "w and team", 0)]),
        ({"estimator": "GLS"}, [("not_available", "estimator", 0)]),
        ({"estimator": "mlr", "missing": "mean"},
         [("not_available", "estimator", 0), ("not_available", "missing", 0)]),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(
    options: dict[str, Any], expected: list[tuple[str, str, int]]
) -> None:
    assert refused(base(), **options) == expected


@pytest.mark.parametrize(
    "options", [{"estimator": "MLR"}, {"missing": "fiml"}, {"weights": "w"}, {"cluster": "team"}]
)
def test_a_published_table_has_no_respondents(options: dict[str, Any]) -> None:
    frame = answers(100, 1)[SIX]
    table = ei.Moments.published(covariance=frame.cov(), means=frame.mean(), n=100)
    assert refused(table, **options) == [("moments_only_ml", "", 0)]
    assert ei.cfa(table, TWO).estimator == "ML"


# -- used, and said --------------------------------------------------------------------------------


def test_items_may_be_constant_within_a_pattern() -> None:
    frame = put("pro2", lambda d: d["adv3"].isna(), 4.0)(base())
    assert ei.cfa(frame, TWO).ntotal == N


def test_every_row_that_is_left_out_is_counted_once() -> None:
    frame = base().assign(given=1.0 + np.arange(N) % 3)
    frame.loc[0:4, SIX] = np.nan
    frame.loc[0:4, "given"] = np.nan  # no answer at all: 5
    frame.loc[3:9, "given"] = np.nan  # the predictor: 5 more
    frame["band"] = frame["band"].where(frame.index >= 12)  # no group: 2 more
    frame.loc[10:19, "w"] = 0.0  # no weight: 8 more
    model = f"{TWO}\npro ~ given"
    fit = ei.cfa(frame, model, group="band", weights="w")
    assert notes(fit) == [
        ("rows_without_answer", "", 5),
        ("rows_without_given", "given", 5),
        ("rows_without_group", "band", 2),
        ("rows_without_weight", "w", 8),
    ]
    assert fit.ntotal == N - 20
    holes = [n.count for n in fit.notes if n.code == "model.rows_with_holes"]
    assert holes == [int(frame.iloc[20:][SIX].isna().any(axis=1).sum())]
    listwise = ei.cfa(frame, model, group="band", weights="w", missing="listwise")
    assert listwise.ntotal == N - sum(count for _, _, count in notes(listwise))


def test_rows_that_weigh_nothing_are_as_if_they_were_not_there() -> None:
    frame = put("w", [1, 2, 3], 0.0)(base())
    one, other = ei.cfa(frame, TWO, weights="w"), ei.cfa(frame.drop(index=[1, 2, 3]), TWO)
    assert ("rows_without_weight", "w", 3) in notes(one)
    assert np.allclose(kept(one), kept(other), atol=1e-8)


def test_a_cluster_that_is_the_group_is_not_used() -> None:
    fit = ei.cfa(base(), TWO, group="band", cluster="band")
    assert notes(fit) == [("cluster_is_group", "band", 2)]
    assert np.allclose(kept(fit), kept(ei.cfa(base(), TWO, group="band")), atol=1e-8)


def test_few_clusters_warn_with_their_number() -> None:
    fit = ei.cfa(base().assign(team=np.arange(N) % 6), TWO, **TEAMS)
    assert notes(fit) == [("clustered", "team", 6), ("few_clusters", "team", 6)]
    warning = fit.notes[-1]
    assert warning.severity == "warning"
    assert "only 6 clusters" in describe(warning)
    many = ei.cfa(base(), TWO, **TEAMS)
    assert notes(many) == [("clustered", "team", 40)]


def test_a_group_within_one_cluster_counts_its_people() -> None:
    frame = made(team=lambda d: np.where(young(d), 99, d["team"]))(base())
    fit = ei.cfa(frame, TWO, group="band", cluster="team")
    assert ("group_in_cluster", "young", 1) in notes(fit)


def test_who_has_no_cluster_is_one() -> None:
    lacking = put("team", [0, 1, 2], np.nan)(base())
    fit = ei.cfa(lacking, TWO, **TEAMS)
    assert notes(fit) == [("clustered", "team", 43), ("rows_without_cluster", "team", 3)]
    named = base().assign(team=lambda d: d["team"].astype(object))
    named.loc[[0, 1, 2], "team"] = ["x", "y", "z"]
    assert np.allclose(kept(fit), kept(ei.cfa(named, TWO, **TEAMS)), atol=1e-8)


# -- what a survey declares ------------------------------------------------------------------------

DECLARED = """
name = "teams"
title = { en = "Teams" }
employer = "firm"
weight = "w"
{cluster}
[scale]
minimum = 1
maximum = 7
[[pillar]]
key = "pro"
[[pillar]]
key = "adv"
"""


def survey(folder: Path, *, cluster: bool = False, firms: int = 30, **columns: Any) -> Survey:
    text = DECLARED.replace("{cluster}", 'cluster = "team"' if cluster else "")
    text += "".join(f'[[item]]\nname = "{i}"\npillar = "{i[:3]}"\n' for i in SIX)
    path = folder / "teams.toml"
    path.write_text(text, encoding="utf-8")
    frame = base().assign(w=1.0 + np.arange(N) % 3, firm=np.arange(N) % firms, **columns)
    return Survey(frame, load_instrument(path))


def test_what_a_survey_declares_is_used_by_default(tmp_path: Path) -> None:
    ours = survey(tmp_path)
    fit = ei.cfa(ours)
    assert said(fit.notes)[2:] == [("weighted", "w", N), ("clustered", "firm", 30)]
    by_hand = ei.cfa(ours.answers, TWO, weights="w", cluster="firm")
    assert np.allclose(kept(fit), kept(by_hand), atol=1e-8)
    declared = ei.cfa(survey(tmp_path, cluster=True))
    assert notes(declared) == [("clustered", "team", 40)]
    other = ei.cfa(ours, cluster="team")
    assert ("clustered", "team", 40) in notes(other)


def test_what_a_survey_declares_can_be_left(tmp_path: Path) -> None:
    ours = survey(tmp_path)
    plain = ei.cfa(ours, weights=False, cluster=False)
    assert [n.code for n in plain.notes] == ["model.resolved", "model.rows_with_holes"]
    assert np.allclose(kept(plain), kept(ei.cfa(ours.answers, TWO)), atol=1e-8)
    weighted = ei.cfa(ours, cluster=False)
    assert np.allclose(kept(weighted), kept(ei.cfa(ours.answers, TWO, weights="w")), atol=1e-8)
    assert refused(ours, None, estimator="ML", weights="w") == [("ml_plain", "w", 0)]  # type: ignore[arg-type]


@pytest.mark.parametrize("estimator", ["ML", "MLM"])
def test_what_a_survey_declares_and_is_not_used_is_said(tmp_path: Path, estimator: Any) -> None:
    ours = survey(tmp_path)
    fit = ei.cfa(ours, estimator=estimator)
    assert ("weights_not_used", "firm and w", 0) in notes(fit)
    plain = ei.cfa(ours.answers, TWO, estimator=estimator)
    assert np.allclose(kept(fit), kept(plain), atol=1e-8)


def test_a_survey_of_one_employer_is_not_refused(tmp_path: Path) -> None:
    ours = survey(tmp_path, firms=1)
    fit = ei.cfa(ours)
    assert notes(fit) == [("cluster_is_all", "firm", 1)]
    assert np.allclose(kept(fit), kept(ei.cfa(ours, cluster=False)), atol=1e-8)
    assert refused(ours.answers, cluster="firm") == [("one_cluster", "firm", 0)]
