"""Published tables: what they give is what their rows give, and what is wrong with one is said."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.errors import ComparisonError, ModelError
from employer_identity.language import describe
from tests.examples import FOUR, ITEMS, answers, two_groups

ROOT = Path(__file__).parents[1]
HOLZINGER = pd.read_csv(ROOT / "tests/golden/holzinger.csv")
NINE = [f"x{i}" for i in range(1, 10)]
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
# the same numbers by two roads: only rounding may differ
SAME = 1e-10

# what a table can answer: plain maximum likelihood
cfa = partial(ei.cfa, estimator="ML", missing="listwise")
invariance = partial(ei.invariance, estimator="ML", missing="listwise")


def table(frame, items=NINE, decimals=15):
    """Everything an article prints of a frame."""
    part = frame[list(items)]
    return ei.Moments.published(
        n=len(part),
        correlation=part.corr().round(decimals),
        sds=part.std().round(decimals),
        means=part.mean().round(decimals),
    )


def tables(frame, group, **options):
    """The same of each group."""
    return ei.Moments.of_groups({k: table(g, **options) for k, g in frame.groupby(group)})


def without_means(frame, group, items=NINE):
    return ei.Moments.of_groups(
        {
            label: ei.Moments.published(n=len(part), covariance=part[list(items)].cov())
            for label, part in frame.groupby(group)
        }
    )


def assert_same(one, other):
    """Two fits are equal in every number they report."""
    pd.testing.assert_frame_equal(one.estimates, other.estimates, rtol=SAME, atol=SAME)
    assert one.chisq == pytest.approx(other.chisq, rel=SAME)
    np.testing.assert_allclose(one.fit_measures, other.fit_measures, rtol=SAME, atol=SAME)


# -- a table and its rows --------------------------------------------------------------------------


def test_a_table_fits_as_its_rows_do():
    assert_same(cfa(table(HOLZINGER), THREE), cfa(HOLZINGER, THREE))


def test_tables_of_groups_climb_as_their_rows_do():
    frame = two_groups(800, mean=0.4)
    moments = tables(frame, "band", items=ITEMS)
    ours, theirs = (
        invariance(data, FOUR, group="band", on_reject="continue") for data in (moments, frame)
    )
    assert ours.groups == theirs.groups == ("old", "young")
    for level in theirs.levels:
        assert_same(ours[level], theirs[level])
    assert ours.level == theirs.level == "strict"
    pd.testing.assert_frame_equal(ei.latent_means(ours), ei.latent_means(theirs), rtol=1e-7)
    pd.testing.assert_frame_equal(
        ei.reliability(ours["metric"]), ei.reliability(theirs["metric"]), rtol=1e-8
    )
    scores = (ladder["scalar"].score_tests() for ladder in (ours, theirs))
    pd.testing.assert_frame_equal(*scores, rtol=1e-6, atol=1e-8)


def test_the_culprits_of_tables_are_those_of_their_rows():
    frame = two_groups(800, shift={"adv2": 0.5}, loading={"imp1": 0.45})
    ours = invariance(
        tables(frame, "band", items=ITEMS, decimals=2), FOUR, group="band", on_reject="continue"
    )
    assert ours.level == "configural"
    assert ours.culprits.iloc[0][["rhs", "group"]].tolist() == ["imp1", "young"]


def test_two_decimals_cost_little():
    """The bounds that docs/conventions.md states, for this table."""
    ladder = invariance(HOLZINGER, THREE, group="school", on_reject="continue")
    rounded = invariance(
        tables(HOLZINGER, "school", decimals=2), THREE, group="school", on_reject="continue"
    )
    shown = ["chisq", "cfi", "rmsea"]
    off = (rounded.table[shown] - ladder.table[shown]).abs().max()
    assert 0.01 < off["chisq"] < 3
    assert max(off["cfi"], off["rmsea"]) < 0.0025
    coarse = invariance(
        tables(HOLZINGER, "school", decimals=1), THREE, group="school", on_reject="continue"
    )
    assert (coarse.table["chisq"] - ladder.table["chisq"]).abs().max() == pytest.approx(35, abs=0.5)
    for level in ladder.levels:
        a, b = rounded[level].estimates, ladder[level].estimates
        assert ((a["est"] - b["est"]).abs() / b["se"]).max() < 0.25
        loadings = b["op"] == "=~"
        assert (a["std_all"] - b["std_all"])[loadings].abs().max() < 0.01


def test_the_table_of_the_page_is_what_its_file_gives(capsys):
    page = (ROOT / "docs" / "how-to" / "published-tables.md").read_text(encoding="utf-8")
    one, other, *_ = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    found = {}
    exec(compile(one + other, "published-tables.md", "exec"), found)
    assert "chi2(" in capsys.readouterr().out
    shown, whole = found["schools"], found["ladder"]
    ours = tables(HOLZINGER, "school", items=shown.names, decimals=2).arranged(shown.groups)
    np.testing.assert_allclose(shown.covariance, ours.covariance, rtol=1e-12)
    np.testing.assert_allclose(shown.mean, ours.mean, rtol=1e-12)
    assert shown.n.tolist() == ours.n.tolist()
    # rounded or not, the decision is the same
    rows = invariance(HOLZINGER, found["model"], group="school", reference="Pasteur")
    assert whole.level == rows.level
    assert whole.released == rows.released
    assert whole.released[0] == "x7~1"


# -- what may not matter ---------------------------------------------------------------------------


def test_order_of_items_and_groups_does_not_matter():
    one = tables(HOLZINGER, "school")
    schools = [HOLZINGER[HOLZINGER["school"] == name] for name in ("Pasteur", "Grant-White")]
    other = ei.Moments.of_groups(
        {"Pasteur": table(schools[0], NINE[::-1]), "Grant-White": table(schools[1])}
    )
    assert (one.groups, other.groups) == (("Grant-White", "Pasteur"), ("Pasteur", "Grant-White"))
    a = invariance(one, THREE, group="school", reference="Pasteur", on_reject="continue")
    b = invariance(other, THREE, group="school", on_reject="continue")
    assert a.groups == b.groups == ("Pasteur", "Grant-White")
    for level in a.levels:
        assert_same(a[level], b[level])


def rows_of(matrix, *, diagonal):
    """The lower triangle as a list of rows."""
    matrix = np.asarray(matrix)
    return [list(row[: i + diagonal]) for i, row in enumerate(matrix)]


CORRELATION = HOLZINGER[NINE].corr()
BLANK = CORRELATION.where(np.tril(np.ones((9, 9)), -1).astype(bool))


@pytest.mark.parametrize(
    "printed",
    [
        CORRELATION.to_numpy(),
        CORRELATION.to_numpy().tolist(),
        rows_of(CORRELATION, diagonal=1),
        rows_of(CORRELATION, diagonal=0),
        rows_of(CORRELATION, diagonal=0)[1:],
        CORRELATION,
        BLANK,
        BLANK.T,
        BLANK.astype(object).where(BLANK.notna(), "-"),
    ],
    ids=["array", "lists", "lower", "bare lower", "first row left out", "frame", "lower frame",
         "upper frame", "dashes"],
)  # fmt: skip
def test_a_triangle_is_its_square(printed):
    moments = ei.Moments.published(NINE, n=301, correlation=printed)
    np.testing.assert_allclose(moments.covariance[0], CORRELATION, rtol=1e-15)
    assert moments.names == tuple(NINE)


def test_a_triangle_of_covariances_is_its_square():
    covariance = HOLZINGER[NINE].cov()
    lower = ei.Moments.published(NINE, n=301, covariance=rows_of(covariance, diagonal=1))
    whole = ei.Moments.published(n=301, covariance=covariance)
    assert np.array_equal(lower.covariance, whole.covariance)


def test_correlations_and_sds_are_covariances():
    frame = HOLZINGER[NINE]
    by_name = frame.std()[::-1]
    apart = ei.Moments.published(n=301, correlation=frame.corr(), sds=dict(by_name))
    listed = ei.Moments.published(n=301, correlation=frame.corr(), sds=list(frame.std()))
    whole = ei.Moments.published(n=301, covariance=frame.cov())
    assert np.array_equal(apart.covariance, listed.covariance)
    np.testing.assert_allclose(apart.covariance, whole.covariance, rtol=1e-13)
    np.testing.assert_allclose(whole.covariance[0], np.cov(frame.T, bias=True), rtol=1e-13)
    assert (apart.known, whole.known) == ("covariances", "covariances")


def test_parts_add_up_by_label_and_groups_pool():
    frame = two_groups(300, mean=0.5)
    halves = frame.iloc[::2], frame.iloc[1::2]
    first = tables(halves[0], "band", items=ITEMS)
    second = tables(halves[1], "band", items=ITEMS[::-1]).arranged(["young", "old"])
    both, whole = first + second, tables(frame, "band", items=ITEMS)
    assert both.groups == whole.groups == ("old", "young")
    assert both.n.tolist() == whole.n.tolist()
    np.testing.assert_allclose(both.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(both.covariance, whole.covariance, rtol=1e-10, atol=1e-12)
    assert_same(cfa(whole, FOUR), cfa(frame, FOUR))


def test_the_moments_of_a_fit_can_be_fitted_again():
    frame = two_groups(200)
    fit = cfa(frame, FOUR, group="band", equal=["loadings"])
    again = cfa(fit.moments, FOUR, group="band", equal=["loadings"])
    assert_same(again, fit)


# -- what is not known -----------------------------------------------------------------------------

UNIT_FREE = {
    "marker": THREE,
    "cross": THREE + "\nvisual =~ x9",
    "residual covariance": THREE + "\nx7 ~~ x8",
    "second order": THREE + "\ng =~ visual + textual + speed",
    "paths": THREE + "\nspeed ~ visual + textual",
    "given": THREE.replace(" + x9", "") + "\nspeed ~ x9\nvisual ~ x9",
    "without error": "visual =~ x1 + x2 + x3\ns =~ x4\nx4 ~~ 0*x4\nspeed =~ x7 + x8 + x9",
    "bifactor": "g =~ NA*x1 + " + " + ".join(NINE[1:]) + "\nt =~ NA*x4 + x5 + x6\n"
    "g ~~ 1*g\nt ~~ 1*t\ng ~~ 0*t",
}
UNIT_BOUND = {
    "residual": (THREE + "\nx9 ~~ 0.5*x9", "x9"),
    "label": (THREE.replace("x2", "a*x2").replace("x3", "a*x3"), "x2, x3"),
    "two markers": (THREE.replace("x2", "1*x2"), "x1, x2"),
    "given": (THREE.replace(" + x9", "") + "\nvisual ~ 0.3*x9", "x1, x9"),
    "residual label": (THREE + "\nx5 ~~ t*x5\nx6 ~~ t*x6", "x5, x6"),
}


@pytest.mark.parametrize("std_lv", [False, True])
@pytest.mark.parametrize("model", UNIT_FREE.values(), ids=UNIT_FREE)
def test_correlations_alone_do_for_a_model_free_of_units(model, std_lv):
    alone = ei.Moments.published(n=301, correlation=HOLZINGER[NINE].corr())
    whole = ei.Moments.published(n=301, covariance=HOLZINGER[NINE].cov())
    ours, theirs = (cfa(data, model, std_lv=std_lv) for data in (alone, whole))
    measures = ["chisq", "df", "cfi", "tli", "rmsea", "srmr"]
    np.testing.assert_allclose(ours.fit_measures[measures], theirs.fit_measures[measures], 1e-8)
    given = ours.estimates["lhs"].isin(ours.table.roles.exogenous)
    paths = ours.estimates["op"] == "=~"
    for fit in (ours, theirs):
        assert fit.problems == ()
    np.testing.assert_allclose(
        ours.estimates["std_all"][~given & paths], theirs.estimates["std_all"][~given & paths],
        atol=1e-7,
    )  # fmt: skip
    for column in ("est", "se"):
        a, b = (fit.latent_correlations[column] for fit in (ours, theirs))
        np.testing.assert_allclose(a, b, atol=1e-7)
    # Sigma's own derivative by each unit is 0 at the minimum
    inverse = np.linalg.inv(ours.implied.Sigma[0])
    np.testing.assert_allclose(np.diag(inverse @ ours.moments.covariance[0]), 1, atol=1e-7)
    assert [(n.code, n.severity) for n in ours.notes][1:] == [("model.moments_units", "warning")]


@pytest.mark.parametrize(("model", "bound"), UNIT_BOUND.values(), ids=UNIT_BOUND)
def test_correlations_alone_are_refused_where_units_matter(model, bound):
    alone = ei.Moments.published(n=301, correlation=HOLZINGER[NINE].corr())
    with pytest.raises(ModelError) as caught:
        cfa(alone, model)
    assert [(p.code, p.where) for p in caught.value.problems] == [("model.moments_need_sds", bound)]
    whole = ei.Moments.published(n=301, covariance=HOLZINGER[NINE].cov())
    assert cfa(whole, model).df > 0


def test_standardised_estimates_are_the_estimates_of_correlations():
    alone = ei.Moments.published(n=301, correlation=HOLZINGER[NINE].corr())
    estimates = cfa(alone, THREE, std_lv=True).estimates
    np.testing.assert_allclose(estimates["est"], estimates["std_all"], atol=1e-7)


def test_a_ladder_without_means_has_two_rungs_and_says_why():
    moments = without_means(two_groups(800), "band", ITEMS)
    ladder = invariance(moments, FOUR, group="band", on_reject="continue")
    rows = invariance(two_groups(800), FOUR, group="band", on_reject="continue")
    assert ladder.levels == ("configural", "metric") == tuple(ladder.table.index)
    np.testing.assert_allclose(ladder.table["chisq"], rows.table["chisq"][:2], rtol=SAME)
    assert ladder.table["df"].tolist() == rows.table["df"][:2].tolist()
    assert ladder.level == "metric"
    assert ladder.worst.empty
    allowed = {s: d.allowed for s, d in ladder.decision.items()}
    assert [s for s, yes in allowed.items() if yes] == ["structure", "correlations"]
    assert "cannot be tested without means" in ladder.decision["latent means"].reason()
    assert "zonder gemiddelden" in ladder.decision["latent means"].reason("nl")
    assert "model.moments_without_means" in [note.code for note in ladder.notes]
    assert ladder["metric"].ledger["moments"] == 2 * 16 * 17 // 2
    assert "~1" not in set(ladder["metric"].estimates["op"])
    with pytest.raises(ModelError, match="Means are not known"):
        ladder["scalar"]
    with pytest.raises(ComparisonError) as caught:
        ei.latent_means(ladder)
    assert [p.code for p in caught.value.problems] == ["invariance.means_untested"]


def test_a_rejected_rung_without_means_names_its_culprit():
    frame = two_groups(800, loading={"imp1": 0.45})
    ladder = invariance(
        without_means(frame, "band", ITEMS), FOUR, group="band", on_reject="continue"
    )
    assert ladder.level == "configural"
    assert ladder.culprits["rhs"][0] == "imp1"


def test_a_local_minimum_is_left_without_means_too():
    rng = np.random.default_rng(3)
    frame = two_groups(400)
    extra = rng.normal(size=len(frame))
    for item in ("pro1", "adv1", "ent1", "imp1", "pro2", "adv2"):
        frame[item] += 1.2 * extra
    ladder = invariance(
        without_means(frame, "band", ITEMS), FOUR, group="band", on_reject="continue"
    )
    rows = invariance(frame, FOUR, group="band", on_reject="continue")
    np.testing.assert_allclose(ladder.table["chisq"], rows.table["chisq"][:2], rtol=1e-8)


@pytest.mark.slow
def test_semopy_checks_a_table():
    assert ei.crosscheck(cfa(table(HOLZINGER), THREE)).largest_difference < 1e-3


def test_semopy_checks_no_groups():
    with pytest.raises(ModelError, match="one group"):
        ei.crosscheck(cfa(tables(HOLZINGER, "school"), THREE, group="school"))


def test_what_is_fitted_is_said_in_both_languages():
    fit = cfa(without_means(HOLZINGER, "school"), THREE, group="school")
    assert [n.code for n in fit.notes] == ["model.resolved_moments", "model.moments_without_means"]
    for note in fit.notes:
        assert describe(note, "nl") != describe(note, "en")
    assert "No means were given" in fit.summary()


def test_moments_print_what_they_are():
    assert repr(table(answers(1200, 1), ["pro1", "pro2"])) == (
        "Moments: covariances and means of 2 items (pro1, pro2), 1 group\n  n 1,200"
    )
    schools = without_means(HOLZINGER, "school")
    assert repr(schools) == (
        "Moments: covariances of 9 items (x1, x2, x3, ..., x9), 2 groups\n"
        "  Grant-White 145, Pasteur 156"
    )
    tagged = ei.Moments.of_groups({"<b>": table(HOLZINGER), "c": table(HOLZINGER)})
    assert "&lt;b&gt; 301, c 301" in tagged._repr_html_()


# -- what is refused -------------------------------------------------------------------------------

ABC = ("a", "b", "c")
R = [[1, 0.5, 0.4], [0.5, 1, 0.3], [0.4, 0.3, 1]]
S = [[2, 0.5, 0.4], [0.5, 1, 0.3], [0.4, 0.3, 3]]


def changed(matrix, *cells):
    """A copy with some cells written over."""
    found = [list(row) for row in matrix]
    for i, j, value in cells:
        found[i][j] = value
    return found


def framed(matrix, rows=ABC, columns=ABC):
    return pd.DataFrame(matrix, index=list(rows), columns=list(columns))


NAN = float("nan")


@pytest.mark.parametrize(
    ("options", "code", "where", "count"),
    [
        ({"items": None}, "no_items", "", 0),
        ({"items": ()}, "no_items", "", 0),
        ({"items": ("a", "b", "b")}, "item_twice", "b", 2),
        ({"correlation": framed(R), "items": ("a", "c", "b")}, "names_differ", "a, b, c", 0),
        ({"correlation": framed(R, columns=("a", "c", "b"))}, "names_differ", "a, b, c", 0),
        ({"correlation": framed(R, rows=("a", "a", "c"), columns=("a", "a", "c")), "items": None},
         "item_twice", "a", 2),
        ({"correlation": None}, "one_matrix", "", 0),
        ({"covariance": S}, "one_matrix", "", 2),
        ({"correlation": None, "covariance": S, "sds": [1, 1, 1]}, "sds_with_covariance", "", 0),
        ({"means": [1, 2, 3]}, "means_need_sds", "", 0),
        ({"correlation": R[:2]}, "shape_correlation", "", 2),
        ({"correlation": [row[:2] for row in R]}, "shape_correlation", "", 3),
        ({"correlation": [0.5, 0.4, 0.3]}, "shape_correlation", "", 3),
        ({"correlation": ["ab", "bc"]}, "shape_correlation", "", 2),
        ({"correlation": None, "covariance": [[], [0.5], [0.4, 0.3]]}, "shape", "", 3),
        ({"correlation": changed(R, (0, 1, NAN), (1, 0, NAN))}, "not_number", "b~~a", 1),
        ({"correlation": changed(R, (2, 1, "?"))}, "not_number", "c~~b", 1),
        ({"correlation": changed(R, (1, 1, None))}, "not_number", "b~~b", 1),
        ({"correlation": changed(R, (1, 2, np.inf))}, "not_number", "c~~b", 1),
        ({"correlation": changed(R, (0, 2, 0.41))}, "not_symmetric", "c~~a", 1),
        ({"correlation": changed(R, (1, 1, 0.86))}, "diagonal", "b", 1),
        ({"correlation": [[], [5.0], [0.4, -1.2]]}, "correlation_above_one", "b~~a, c~~b", 2),
        ({"correlation": None, "covariance": changed(S, (0, 1, 1.5), (1, 0, 1.5))},
         "correlation_above_one", "b~~a", 1),
        ({"correlation": None, "covariance": changed(S, (0, 0, -2.0), (2, 2, 0.0))},
         "not_positive", "a, c", 2),
        ({"correlation": [[], [0.9], [0.9, -0.9]]}, "not_positive_definite", "a, b, c", 3),
        ({"correlation": [[], [1.0], [0.4, 0.4]]}, "not_positive_definite", "a, b", 2),
        ({"sds": [1, 2]}, "length", "sds", 2),
        ({"sds": [1, 2, 3], "means": 4.0}, "length", "means", 0),
        ({"sds": [1, 0, -1]}, "not_positive", "b, c", 2),
        ({"sds": [1, NAN, 2]}, "no_value", "sds", 1),
        ({"sds": {"a": 1, "b": 2}}, "names_missing", "sds", 1),
        ({"sds": pd.Series({"a": 1, "b": 2})}, "names_missing", "sds", 1),
        ({"sds": [1, 2, 3], "means": [1, None, "x"]}, "no_value", "means", 2),
        ({"n": 99.5}, "n", "99.5", 0),
        ({"n": "many"}, "n", "many", 0),
        ({"n": True}, "n", "True", 0),
        ({"n": NAN}, "n", "nan", 0),
        ({"n": 3}, "n_too_small", "", 3),
        ({"n": -5}, "n_too_small", "", -5),
    ],
)  # fmt: skip
def test_what_a_table_may_not_be(options, code, where, count):
    with pytest.raises(ModelError) as caught:
        ei.Moments.published(**{"items": ABC, "n": 100, "correlation": R} | options)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where, problem.count) == (f"model.moments_{code}", where, count)
    assert describe(problem, "nl") != describe(problem, "en")


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ModelError) as caught:
        ei.Moments.published(
            ["a", "b", "b"], n=2.5, correlation=changed(R, (0, 1, 0.2), (2, 2, NAN)),
            sds=[1, -1, 1], means=[1],
        )  # fmt: skip
    assert [p.code.removeprefix("model.moments_") for p in caught.value.problems] == [
        "item_twice", "not_number", "not_symmetric", "not_positive", "length", "n",
    ]  # fmt: skip


def test_a_misprint_is_found_among_many_items():
    """One sign lost among sixteen items: no answers can have these correlations."""
    frame = answers(5000, 3)
    frame["pro2"] = frame["pro1"] + 0.2 * frame["pro2"]
    correlation = frame[list(ITEMS)].corr().to_numpy(copy=True)
    correlation[0, 1] *= -1
    correlation[1, 0] *= -1
    with pytest.raises(ModelError) as caught:
        ei.Moments.published(ITEMS, n=5000, correlation=correlation)
    (problem,) = caught.value.problems
    assert problem.code == "model.moments_not_positive_definite"
    assert set(problem.where.split(", ")[:2]) == {"pro1", "pro2"}


def test_many_places_are_counted_and_some_named():
    empty = np.full((9, 9), NAN)
    with pytest.raises(ModelError) as caught:
        ei.Moments.published(NINE, n=100, covariance=empty)
    (problem,) = caught.value.problems
    assert problem.count == 45
    assert problem.where.endswith("...")


def one(items=ABC, **options):
    return ei.Moments.published(items, **{"n": 100, "covariance": S, "means": [1, 2, 3]} | options)


ALONE = {"covariance": None, "correlation": R, "means": None}


@pytest.mark.parametrize(
    ("parts", "code", "where"),
    [
        ({"w": one()}, "labels", "w"),
        ({}, "labels", ""),
        ({"w": one(), "": one()}, "labels", "w, "),
        ({1: one(), "1": one()}, "labels", "1, 1"),
        ({"w": one(), "m": one(("a", "b", "d"))}, "group_items", "m"),
        ({"w": one(), "m": one(**ALONE)}, "group_without_sds", "m"),
        ({"w": one(), "m": one(means=None)}, "group_without_means", "m"),
        ({"w": ei.Moments.of_groups({"x": one(), "y": one()}), "m": one()}, "group_of_groups", "w"),
    ],
)
def test_what_cannot_stand_side_by_side(parts, code, where):
    with pytest.raises(ModelError) as caught:
        ei.Moments.of_groups(parts)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == (f"model.moments_{code}", where)
    assert describe(problem, "nl") != describe(problem, "en")


def test_all_groups_that_differ_are_named():
    with pytest.raises(ModelError) as caught:
        ei.Moments.of_groups({"w": one(), "m": one(**ALONE), "x": one(("a", "b", "d"))})
    assert [(p.code.removeprefix("model.moments_"), p.where) for p in caught.value.problems] == [
        ("group_without_sds", "m"),
        ("group_items", "x"),
    ]


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (one(("a", "b", "d")), "parts_differ"),
        (ei.Moments.of_groups({"x": one(), "y": one()}), "parts_differ"),
        (one(means=None), "parts_need_means"),
        (one(**ALONE), "parts_need_means"),
    ],
)
def test_what_cannot_be_added(other, code):
    with pytest.raises(ModelError) as caught:
        one() + other
    assert [p.code for p in caught.value.problems] == [f"model.moments_{code}"]


WITH = tables(HOLZINGER, "school")
WITHOUT = without_means(HOLZINGER, "school")


@pytest.mark.parametrize(
    ("moments", "model", "options", "code"),
    [
        (table(HOLZINGER), THREE, {"group": "school"}, "moments_have_no_groups"),
        (WITH, THREE, {"group": "school", "reference": "Eton"}, "unknown_group"),
        (WITH, "f =~ x1 + x2 + y33", {"group": "school"}, "unknown_item"),
        (WITHOUT, THREE, {}, "moments_pooled"),
        (WITHOUT, THREE, {"group": "s", "equal": ["loadings", "intercepts"]}, "moments_need_means"),
        (WITHOUT, THREE, {"group": "s", "equal": ["means"]}, "moments_need_means"),
        (WITHOUT, THREE + "\nx1 ~ 1", {"group": "s"}, "moments_need_means"),
        (WITHOUT, THREE, {"group": "s", "equal": ["loadings"], "free": ["x1~1"]}, "free_unknown"),
        (WITH, None, {"group": "school"}, "no_model"),
    ],
)  # fmt: skip
def test_what_moments_cannot_answer(moments, model, options, code):
    with pytest.raises(ModelError) as caught:
        ei.cfa(moments, model, **options)
    assert [p.code for p in caught.value.problems] == [f"model.{code}"]
    assert describe(caught.value.problems[0], "nl")
