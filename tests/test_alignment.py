"""Alignment: loss, minimum and errors against R, laws that it obeys, planted items, bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from prepared import prepared

import employer_identity as ei
from employer_identity import figures, tables
from employer_identity.audit.stating import Teller
from employer_identity.errors import ComparisonError, ConvergenceError, ModelError
from employer_identity.language import LANGUAGES, Language, describe, number
from employer_identity.latent import means_of
from employer_identity.measurement import misalignment
from employer_identity.measurement.aligning import left_out, minimise, moved
from employer_identity.measurement.alike import alike
from employer_identity.measurement.misalignment import Lines, slopes
from employer_identity.measurement.moments import Moments
from employer_identity.roads import licensed, shifts

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.stem for path in (GOLDEN / "alignment").glob("*.json"))
TWO = "f =~ i1 + i2 + i3 + i4\ng =~ i5 + i6 + i7 + i8"
ONE = "f =~ x1 + x2 + x3 + x4"
EXACT = 1e-10  # the same numbers put into the same formula
SAME_MINIMUM = 1e-6  # R's search ends within a numerical gradient's error
DIFFERENCED = 2e-4  # of a standard error there: estimates moved by 1e-4 either way
LOADINGS = np.array([0.7, 0.75, 0.8, 0.75])


@cache
def stored(name: str) -> dict[str, Any]:
    return dict(json.loads((GOLDEN / "alignment" / f"{name}.json").read_text()))


@cache
def regions() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "four_regions.csv")


@cache
def of_case(name: str) -> ei.Alignment:
    case = stored(name)
    estimator = case["call"].get("estimator", "ML")
    how = {"identification": case["identification"], "epsilon": case["epsilon"]}
    return ei.align(regions(), TWO, group="region", estimator=estimator, **how)


def drawn(
    seed: int, groups: int, n: int, sd: float = 0.3, off: float = 0.0
) -> tuple[Moments, np.ndarray]:
    """Moments of groups whose factor means are known; in each one item is off, either way."""
    rng = np.random.default_rng(seed)
    mean = rng.normal(0.0, sd, groups)
    parts = []
    for m in mean:
        factor = rng.normal(m, 1.0, n)
        answers = factor[:, None] * LOADINGS + rng.normal(size=(n, 4)) * np.sqrt(1 - LOADINGS**2)
        answers[:, rng.integers(4)] += rng.choice([-off, off])
        parts.append(answers)
    codes = np.repeat(np.arange(groups), n)
    labels = tuple(f"g{g:03d}" for g in range(groups))
    names = ("x1", "x2", "x3", "x4")
    return Moments.of(names, np.concatenate(parts), codes, labels), mean - mean[0]


def some_lines(groups: int = 5, identification: str = "fixed") -> Lines:
    rng = np.random.default_rng(4)
    loadings = LOADINGS[:, None] * rng.uniform(0.8, 1.2, (4, groups))
    intercepts = rng.normal(3.0, 0.3, (4, groups))
    return Lines(loadings, intercepts, rng.uniform(200, 500, groups), identification, 0.01)  # type: ignore[arg-type]


# -- against R ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("factor", ["f", "g"])
def test_the_loss_is_the_published_one_at_lavaans_estimates(name: str, factor: str) -> None:
    case, told = stored(name), stored(name)[f"factor_{factor}"]
    own = of_case(name).factors[factor].lines
    assert own.loadings == pytest.approx(np.array(told["loadings"]), abs=1e-6)
    assert own.intercepts == pytest.approx(np.array(told["intercepts"]), abs=1e-6)
    lines = replace(
        own, loadings=np.array(told["loadings"]), intercepts=np.array(told["intercepts"])
    )
    at = {"apart": (np.log(told["s"]), np.array(told["alpha"])), "zero": np.zeros((2, 4))}
    for where, (t, alpha) in at.items():
        found = float(lines.loss(t, alpha)) * lines.total
        assert found == pytest.approx(told[f"loss_{where}"], rel=1e-8), case["epsilon"]


def test_the_loss_by_hand() -> None:
    lines = Lines(
        np.array([[1.0, 0.8], [0.5, 0.9]]), np.array([[3.0, 3.4], [2.0, 2.1]]),
        np.array([100.0, 400.0]), "fixed", 0.01,
    )  # fmt: skip
    gaps = [1.0 - 0.4, 0.5 - 0.45, 3.0 - (3.4 - 0.4 * 0.3), 2.0 - (2.1 - 0.45 * 0.3)]
    loss = 200.0 * sum((x * x + 0.01) ** 0.25 for x in gaps)
    found = lines.loss(np.log([1.0, 2.0]), np.array([0.0, 0.3])) * lines.total
    assert float(found) == pytest.approx(loss, rel=EXACT)
    floor = 2 * 2 * 0.01**0.25 * lines.total
    same = replace(lines, loadings=np.ones((2, 2)), intercepts=np.ones((2, 2)))
    at_floor = same.loss(np.zeros(2), np.zeros(2)) * lines.total
    assert float(at_floor) == pytest.approx(floor, rel=EXACT)


@pytest.mark.parametrize("name", CASES)
def test_the_minimum_and_standard_errors_are_those_of_another_search(name: str) -> None:
    alignment = of_case(name)
    assert tuple(stored(name)["groups"]) == alignment.groups
    for factor in ("f", "g"):
        told = stored(name)[f"factor_{factor}"]
        own = alignment.factors[factor]
        assert own.optimum.loss == pytest.approx(told["loss"], rel=1e-9)
        assert own.moved.mean == pytest.approx(np.array(told["mean"]), abs=SAME_MINIMUM * 10)
        assert np.exp(own.moved.log_sd) == pytest.approx(np.array(told["sd"]), abs=1e-5)
        se = np.concatenate([
            own.spread(own.moved.of_mean),
            own.spread(own.moved.of_log_sd) * np.exp(own.moved.log_sd),
        ])  # fmt: skip
        assert se == pytest.approx(np.array(told["se"]), rel=DIFFERENCED * 10, abs=1e-6)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("factor", ["f", "g"])
def test_without_two_cells_the_minimum_is_that_of_another_search(name: str, factor: str) -> None:
    told, own = stored(name)[f"factor_{factor}"], of_case(name).factors[factor]
    differs = np.zeros((2, 4, 4), dtype=bool)
    differs[0, 0, 3] = differs[1, 1, 1] = True  # as make_alignment.R has it
    found = left_out(own.lines, own.optimum, differs)
    assert found is not None
    assert found[0] == pytest.approx(np.array(told["mean_without"]), abs=SAME_MINIMUM * 10)
    assert np.exp(found[1]) == pytest.approx(np.array(told["sd_without"]), abs=1e-5)
    assert np.abs(found[0] - own.moved.mean).max() > 1e-3


def test_robust_errors_differ_from_plain_ones_and_means_do_not() -> None:
    plain, robust = of_case("fixed").means, of_case("fixed_mlr").means
    assert robust["est"].to_numpy() == pytest.approx(plain["est"].to_numpy(), abs=1e-6)
    assert (robust["se"] - plain["se"]).abs().max() > 1e-3


# -- laws -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("identification", ["fixed", "free"])
def test_derivatives_are_those_of_differences(identification: str) -> None:
    lines = some_lines(identification=identification)
    rng = np.random.default_rng(2)
    at = rng.normal(0.0, 0.2, 10)
    step = 1e-6 * np.eye(10)

    def loss(x: np.ndarray) -> float:
        return float(lines.loss(x[:5], x[5:]))

    gradient, hessian = slopes(lines, at[:5], at[5:])
    first = [(loss(at + d) - loss(at - d)) / 2e-6 for d in step]
    second = [
        (slopes(lines, *np.split(at + d, 2))[0] - slopes(lines, *np.split(at - d, 2))[0]) / 2e-6
        for d in step
    ]
    assert gradient == pytest.approx(np.array(first), abs=1e-8)
    assert hessian == pytest.approx(np.array(second), abs=1e-8)
    _, parabola = misalignment.majorised(lines, at[None, :5], at[None, 5:], np.ones(1))
    assert np.linalg.eigvalsh(parabola[0])[0] > -1e-12


@pytest.mark.parametrize("identification", ["fixed", "free"])
def test_an_optimum_moves_with_the_lines_as_differences_say(identification: str) -> None:
    lines = some_lines(identification=identification)
    at = minimise(lines, 5, 1)
    assert at is not None
    found, h = moved(lines, at), 1e-5

    def again(y: np.ndarray) -> Any:
        own = replace(lines, loadings=y[:20].reshape(4, 5), intercepts=y[20:].reshape(4, 5))
        there = minimise(own, 2, 1, (at.t, at.alpha))
        assert there is not None
        return moved(own, there)

    y = np.concatenate([lines.loadings.ravel(), lines.intercepts.ravel()])
    for k in (0, 7, 13, 24, 38):
        up, down = again(y + h * np.eye(40)[k]), again(y - h * np.eye(40)[k])
        for name in ("mean", "log_sd", "loadings", "intercepts"):
            slope = (getattr(up, name) - getattr(down, name)) / (2 * h)
            assert getattr(found, f"of_{name}")[..., k] == pytest.approx(slope, abs=1e-4), name


def test_the_fit_stays_as_it_is() -> None:
    own = of_case("free").factors["f"]
    t, alpha = own.optimum.t, own.optimum.alpha
    loadings, intercepts = own.lines.aligned(t, alpha)
    assert loadings * np.exp(t) == pytest.approx(own.lines.loadings, abs=1e-12)
    assert intercepts + alpha * loadings == pytest.approx(own.lines.intercepts, abs=1e-12)
    assert t.sum() == pytest.approx(0.0, abs=1e-12)
    assert alpha.sum() == pytest.approx(0.0, abs=1e-12)
    m = own.moved
    sd = np.exp(m.log_sd)
    assert m.loadings * sd == pytest.approx(own.lines.loadings, abs=1e-12)
    fixed = of_case("fixed").factors["f"].moved
    line = fixed.intercepts + fixed.mean * fixed.loadings
    assert line == pytest.approx(own.lines.intercepts, abs=1e-12)
    assert np.abs(fixed.mean - m.mean).max() > 1e-3  # the two identifications differ genuinely


def test_items_groups_and_people_in_any_order_give_the_same() -> None:
    usual = of_case("fixed")
    turned = regions().sample(frac=1.0, random_state=1)
    other = ei.align(
        turned, "f =~ i3 + i1 + i4 + i2\ng =~ i5 + i6 + i7 + i8", group="region", estimator="ML",
        reference="east", seed=8,
    )  # fmt: skip
    keys = ["group", "factor"]
    one, two = (a.means.set_index(keys)[["est", "se"]].sort_index() for a in (usual, other))
    assert two.to_numpy() == pytest.approx(one.to_numpy(), abs=1e-6)


def test_from_another_reference_group_the_same_free_solution_is_told_in_its_units() -> None:
    one = of_case("free")
    two = ei.align(
        regions(), TWO, group="region", estimator="ML", identification="free", reference="south"
    )
    a = one.means.pivot(index="group", columns="factor", values="est")
    b = two.means.pivot(index="group", columns="factor", values="est")
    unit = two.variances.set_index(["group", "factor"])["est"].unstack().loc["east"] ** 0.5
    assert ((b - b.loc["east"]) / unit).loc[a.index].to_numpy() == pytest.approx(
        a.to_numpy(), abs=1e-6
    )


def test_what_differs_pulls_a_mean_and_the_interval_knows() -> None:
    rng, mean = np.random.default_rng(2), np.array([0.0, 0.5, -0.4, 0.2, 0.1, -0.2])
    parts = {}
    for g, m in enumerate(mean):
        covariance = np.outer(LOADINGS, LOADINGS) + np.diag(1 - LOADINGS**2)
        answers = 3.0 + LOADINGS * m
        answers[rng.integers(4)] += 0.5 * rng.choice([-1.0, 1.0])  # an item off in every group
        names = ["x1", "x2", "x3", "x4"]
        parts[f"g{g}"] = Moments.published(names, n=2000, covariance=covariance, means=answers)
    found = ei.align(Moments.of_groups(parts), ONE, group="g")
    means = found.means
    assert len(found.differing) == len(mean)
    assert np.abs(means["est"] - mean).max() > 0.02  # pulled
    published = np.sqrt(1999 / 2000)  # a covariance's divisor is n - 1 there
    assert means["without"].to_numpy() == pytest.approx(mean / published, abs=1e-6)
    half = 1.959964 * means["se"]
    assert means["ci_lower"].to_numpy() == pytest.approx(
        means[["est", "without"]].min(axis=1) - half
    )
    assert means["ci_upper"].to_numpy() == pytest.approx(
        means[["est", "without"]].max(axis=1) + half
    )


def test_where_nothing_differs_nothing_is_left_out() -> None:
    means = ei.align(drawn(5, 6, 400)[0], ONE, group="g").means
    assert (means["without"] == means["est"]).all()


def test_a_group_of_which_nothing_is_left_can_lie_anywhere() -> None:
    found = ei.align(drawn(5, 4, 400)[0], ONE, group="g")
    own = found.factors["f"]
    differs = np.zeros((2, 4, 4), dtype=bool)
    differs[1, :, 2] = True  # all intercepts of the third group
    assert left_out(own.lines, own.optimum, differs) is None
    lost = replace(own)
    vars(lost)["differs"] = tuple(differs)
    means = replace(found, factors={"f": lost}).means
    assert means["ci_lower"].isna().tolist() == [False, True, True, True]


def test_without_sampling_error_the_truth_is_found() -> None:
    sd, mean = np.array([1.0, 1.3, 0.8, 1.1]), np.array([0.0, 0.5, -0.4, 0.2])
    parts = {}
    for g, (s, m) in enumerate(zip(sd, mean, strict=True)):
        covariance = np.outer(LOADINGS, LOADINGS) * s**2 + np.diag(1 - LOADINGS**2)
        names = ["x1", "x2", "x3", "x4"]
        parts[f"g{g}"] = Moments.published(
            names, n=10**6, covariance=covariance, means=3.0 + LOADINGS * m
        )
    found = ei.align(Moments.of_groups(parts), ONE, group="g")
    assert found.means["est"].to_numpy() == pytest.approx(mean, abs=1e-6)
    assert found.variances["est"].to_numpy() == pytest.approx(sd**2, abs=2e-6)
    assert found.shares["share"].item() == 0.0
    r2 = found.r2()[["loading", "intercept"]].to_numpy()
    assert r2 == pytest.approx(np.ones((4, 2)), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "sd", "r"), [(300, 0.3, 0.966), (1000, 0.3, 0.987), (1000, 0.5, 0.995)]
)
def test_thirty_groups_with_an_item_off_in_each_agree_with_the_truth(
    n: int, sd: float, r: float
) -> None:
    found = []
    for seed in range(8):
        moments, truth = drawn(seed, 30, n, sd, off=0.5)
        alignment = ei.align(moments, ONE, group="g")
        assert alignment.shares["optima"].item() == 1
        assert alignment.shares["reached"].item() == 20
        found.append(np.corrcoef(alignment.means["est"], truth)[0, 1])
    # the mean of eight surveys: its own error is a third of how surveys differ
    assert np.mean(found) > r - np.std(found, ddof=1)


@pytest.mark.parametrize(("n", "apart"), [(300, 0.02), (1000, 0.01)])
def test_where_nothing_differs_means_are_those_of_the_scalar_model(n: int, apart: float) -> None:
    found = []
    for seed in range(6):
        moments, _ = drawn(seed, 30, n)
        alignment = ei.align(moments, ONE, group="g")
        equal = ("loadings", "intercepts")
        scalar = means_of(ei.cfa(moments, ONE, group="g", equal=equal, std_lv=True))
        gap = alignment.means["est"].to_numpy() - scalar["est"].to_numpy()
        found.append(np.sqrt((gap**2).mean()))
        assert alignment.shares["share"].item() < 0.01
    assert np.mean(found) < apart


@pytest.mark.parametrize("groups", [2, 3, 100])
def test_few_groups_and_many_are_done_in_seconds(groups: int) -> None:
    moments, truth = drawn(1, groups, 300, off=0.5)
    alignment = ei.align(moments, ONE, group="g")
    assert alignment.shares["starts"].item() == 20
    assert len(alignment.means) == groups
    if groups > 3:
        assert np.corrcoef(alignment.means["est"], truth)[0, 1] > 0.95


def test_several_minima_are_counted_and_the_lowest_is_taken() -> None:
    rng = np.random.default_rng(5)
    intercepts = rng.normal(0.0, 0.6, (4, 3))
    lines = Lines(
        np.full((4, 3), 0.7) * rng.uniform(0.7, 1.3, (4, 3)), intercepts, np.full(3, 300.0),
        "fixed", 1e-4,
    )  # fmt: skip
    found = minimise(lines, 30, 1)
    assert found is not None
    assert found.optima > 1
    assert found.reached < 30
    alone = [minimise(lines, 3, seed) for seed in range(5)]
    assert min(one.loss for one in alone if one) >= found.loss - 1e-9


def test_a_group_that_leaves_the_answers_is_no_minimum() -> None:
    lines = some_lines()
    assert minimise(replace(lines, loadings=lines.loadings * [1, 1, 1, 1, 1e-4]), 5, 1) is None


def test_who_is_alike() -> None:
    values = np.array([0.00, 0.02, -0.01, 0.50, 0.52])
    covariance = np.diag(np.full(5, 0.05**2))
    n = np.full(5, 300.0)
    assert alike(values, covariance, n).tolist() == [True, True, True, False, False]
    assert alike(values, covariance * 400, n).all()
    tied = np.full((5, 5), 1.0) + covariance  # what all share tells nothing apart
    assert alike(values, tied, n).tolist() == [True, True, True, False, False]
    assert alike(np.zeros(3), np.zeros((3, 3)), n[:3]).all()


# -- what it says ---------------------------------------------------------------------------------


def test_planted_items_are_named_and_others_are_not() -> None:
    alignment = ei.align(prepared()["survey"], group="age")
    found = alignment.differing
    told = set(zip(found["item"], found["kind"], strict=True))
    assert told == {("adv2", "intercept")}
    shares = alignment.shares.set_index("factor")["differing"]
    assert shares.drop("advancement").sum() == 0


def test_above_a_quarter_only_a_check_that_recovers_supports_the_means() -> None:
    rng = np.random.default_rng(3)
    parts = {}
    for g in range(6):
        covariance = np.outer(LOADINGS, LOADINGS) + np.diag(1 - LOADINGS**2)
        means = rng.normal(0.0, 0.6, 4)
        parts[f"g{g}"] = Moments.published(
            ["x1", "x2", "x3", "x4"], n=2000, covariance=covariance, means=means
        )
    alignment = ei.align(Moments.of_groups(parts), ONE, group="g")
    assert alignment.shares["share"].item() > 0.25
    assert not alignment.means["within_limit"].any()
    assert alignment.state("f") == "unsupported"
    check = alignment.check(reps=4, seed=2)
    assert check.failed == 0
    assert (alignment.state("f", check) == "recovered") is check.recovers("f")
    perfect = replace(check, draws=check.draws.assign(correlation=0.99))
    assert alignment.state("f", perfect) == "recovered"
    assert alignment.state("f", replace(perfect, failed=3)) == "unsupported"  # of four draws
    assert "25 %" in alignment.explain("en")[1]
    assert "volgens de controle" in alignment.explain("nl", perfect)[1]
    assert alignment.check(reps=4, seed=2).draws.equals(check.draws)


def test_a_check_recovers_what_large_groups_say() -> None:
    moments, _ = drawn(2, 8, 4000, 0.5)
    check = ei.align(moments, ONE, group="g").check(reps=3)
    row = check.table.iloc[0]
    assert row["correlation"] > 0.99
    assert row["rmse"] < 0.06
    with pytest.raises(ModelError, match="at least 1"):
        ei.align(moments, ONE, group="g").check(reps=0)


def test_r2_of_both_kinds_is_labelled() -> None:
    alignment = of_case("fixed")
    centred, uncentred = alignment.r2(), alignment.r2("uncentred")
    assert set(centred["sum_of"]) == {"centred"}
    assert (uncentred["intercept"] > 0.99).all()
    assert (centred["intercept"] < uncentred["intercept"]).all()
    own = alignment.factors["f"]
    lam, nu = own.lines.aligned(own.optimum.t, own.optimum.alpha)
    implied = nu[0].mean() + own.optimum.alpha * lam[0].mean()
    value = own.lines.intercepts[0]
    by_hand = 1 - ((value - implied) ** 2).sum() / ((value - value.mean()) ** 2).sum()
    assert centred["intercept"].iloc[0] == pytest.approx(by_hand, abs=EXACT)
    with pytest.raises(ModelError, match="Allowed: centred and uncentred"):
        alignment.r2("both")  # type: ignore[arg-type]


def test_roads_are_set_side_by_side() -> None:
    survey, ladder = prepared()["survey"], prepared()["ladder"]
    alignment = ei.align(survey, group="age")
    found = alignment.beside(ladder)
    assert list(found["road"].unique()) == ["full", "partial", "aligned"]
    assert set(found["group"]) == {"young"}
    aligned = found[found["road"] == "aligned"].set_index("factor")["est"]
    partial = found[found["road"] == "partial"].set_index("factor")["est"]
    means = alignment.means[alignment.means["group"] == "young"].set_index("factor")["est"]
    assert aligned.equals(means.loc[aligned.index])
    far = shifts(found)
    assert far["factor"].iloc[0] == "advancement"  # where an item is off the road matters
    assert abs(aligned["advancement"] - partial["advancement"]) < far["apart"].iloc[0]
    other = ei.align(survey, group="age", reference="young")
    with pytest.raises(ModelError) as refused:
        other.beside(ladder)
    assert [p.code for p in refused.value.problems] == ["alignment.other_reference"]
    with pytest.raises(ModelError) as refused:
        of_case("fixed").beside(ladder)
    codes = {p.code for p in refused.value.problems}
    assert codes == {"alignment.other_group", "alignment.other_factors"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_figure_and_table_tell_the_same_numbers(language: Language) -> None:
    survey, ladder = prepared()["survey"], prepared()["ladder"]
    alignment = ei.align(survey, group="age")
    about = alignment, ladder, survey.instrument
    (figure,) = figures.alignment(*about, language=language)
    table = tables.alignment(*about, language=language)
    assert table.cells is not None
    aligned = alignment.means[alignment.means["group"] == "young"]
    for (_, row), est in zip(table.cells.rows, aligned["est"], strict=True):
        assert number(est, "+z.2f", language) in row
        assert number(est, "+z.2f", language) in figure.alt
    named = {f.scope for f in Teller(survey.instrument).compared("age", alignment.groups)}
    assert {f.scope for f in figure.facts} == {f.scope for f in table.facts} == named


def test_groups_below_the_minimum_are_in_no_figure_and_no_table() -> None:
    frame, _ = ordered_answers(300)
    few = pd.concat([frame, frame.head(40).assign(land="g4")])
    alignment = ei.align(few, ONE, group="land", minimum_n=5)
    ladder = ei.invariance(few, ONE, group="land")
    instrument = prepared()["survey"].instrument
    assert "g4" in alignment.groups
    about = alignment, ladder, instrument
    for shown in (*figures.alignment(*about, minimum=50), tables.alignment(*about, minimum=50)):
        assert "g4" not in str(shown.facts)
        assert "g4" not in shown.caption + shown.alt
    with pytest.raises(ComparisonError):
        tables.alignment(*about, minimum=1000)


def test_a_ladder_without_licence_has_no_means_beside_aligned_ones() -> None:
    frame, _ = ordered_answers(600)
    off = frame.assign(x3=frame["x3"] + 2.0 * (frame["land"] == "g1"))
    ladder = ei.invariance(off, ONE, group="land", on_reject="stop")
    assert not ladder.decision["latent means"].allowed
    alignment = ei.align(off, ONE, group="land")
    found = licensed(alignment.beside(ladder), ladder)
    assert set(found["road"]) == {"aligned"}
    table = tables.alignment(alignment, ladder, prepared()["survey"].instrument)
    assert table.cells is not None
    assert table.cells.heads == ("group", "aligned", "95% interval", "apart")


def test_many_groups_are_drawn_on_several_pages() -> None:
    moments, _ = drawn(1, 60, 300)
    alignment = ei.align(moments, ONE, group="g")
    ladder = ei.invariance(moments, ONE, group="g", on_reject="continue")
    parts = figures.alignment(alignment, ladder, prepared()["survey"].instrument)
    assert len(parts) > 1
    assert all(part.content.get_size_inches()[1] <= 7.8 for part in parts)
    assert len({part.key for part in parts}) == len(parts)
    assert all(label in "".join(p.alt for p in parts) for label in alignment.groups[1:])


# -- ordered categories ---------------------------------------------------------------------------


def ordered_answers(n: int = 1500) -> tuple[pd.DataFrame, np.ndarray]:
    """Five categories in four groups: x2 of the last is off; spreads and means differ."""
    rng = np.random.default_rng(6)
    mean, sd = np.array([0.0, 0.4, -0.3, 0.2]), np.array([1.0, 1.2, 0.9, 1.0])
    parts = []
    for g, (m, s) in enumerate(zip(mean, sd, strict=True)):
        factor = rng.normal(m, s, n)
        behind = factor[:, None] * LOADINGS + rng.normal(size=(n, 4)) * np.sqrt(1 - LOADINGS**2)
        behind[:, 1] += 0.5 * (g == 3)
        cut = 1.0 + np.searchsorted([-1.0, -0.3, 0.4, 1.1], behind.ravel()).reshape(n, 4)
        frame = pd.DataFrame(cut, columns=["x1", "x2", "x3", "x4"])
        parts.append(frame.assign(land=f"g{g}"))
    return pd.concat(parts, ignore_index=True), mean


def test_ordered_items_are_aligned_behind_equal_thresholds() -> None:
    frame, mean = ordered_answers()
    alignment = ei.align(frame, ONE, group="land", ordered=True)
    assert alignment.fit.equal == ("thresholds",)
    assert alignment.means["est"].to_numpy() == pytest.approx(mean, abs=0.1)
    found = alignment.differing
    assert list(zip(found["item"], found["kind"], found["group"], strict=True)) == [
        ("x2", "intercept", "g3")
    ]
    assert (alignment.means["se"].iloc[1:] < 0.08).all()
    ladder = ei.invariance(frame, ONE, group="land", ordered=True)
    beside = alignment.beside(ladder)
    near = beside[beside["road"] != "full"].pivot(index="group", columns="road", values="est")
    assert (near["aligned"] - near["partial"]).abs().max() < 0.06
    check = alignment.check(reps=2)
    assert check.failed == 0
    assert check.table["rmse"].item() < 0.15
    assert "drempels" in alignment.explain("nl")[-1]


def test_ordered_draws_have_the_answers_shares() -> None:
    from employer_identity.alignment_check import _answers

    frame, _ = ordered_answers(4000)
    alignment = ei.align(frame, ONE, group="land", ordered=True)
    answers, codes = _answers(alignment.fit, np.random.default_rng(1))
    for g, label in enumerate(alignment.groups):
        own = frame.loc[frame["land"] == label, "x2"].value_counts(normalize=True).sort_index()
        again = pd.Series(answers[codes == g, 1]).value_counts(normalize=True).sort_index()
        assert again.to_numpy() == pytest.approx(own.to_numpy(), abs=0.035)


# -- bad input ------------------------------------------------------------------------------------


def codes(error: ModelError) -> list[str]:
    assert all(describe(p, k) for p in error.problems for k in LANGUAGES)
    return [p.code for p in error.problems]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    survey = prepared()["survey"]
    text = "f =~ pro1 + pro2 + adv1\ng =~ adv1 + adv2\nh =~ ent1\nf ~ g"
    with pytest.raises(ModelError) as refused:
        ei.align(survey, text, group="land", epsilon=0.0, identification="loose", minimum_n=2)  # type: ignore[arg-type]
    assert codes(refused.value) == [
        "model.not_available", "alignment.epsilon", "across.minimum", "alignment.cross_loading",
        "alignment.paths", "alignment.few_items", "model.unknown_column",
    ]  # fmt: skip
    with pytest.raises(ModelError) as refused:
        ei.align(survey, "f =~ pro1 + pro2 + adv1\ng =~ adv1 + adv2", group="age",
                 identification="free")  # fmt: skip
    assert codes(refused.value) == ["alignment.cross_loading", "alignment.free_of_two"]


def _refused(data: Any, text: str | None = ONE, **asked: Any) -> list[str]:
    with pytest.raises(ModelError) as refused:
        ei.align(data, text, **asked)
    return codes(refused.value)


def test_each_refusal_has_a_message_of_its_own() -> None:
    moments, _ = drawn(1, 3, 200)
    two, one = moments.arranged(["g000", "g001"]), moments.arranged(["g000"])
    assert _refused(two, group="g", identification="free") == ["alignment.free_of_two"]
    assert _refused(one, group="g") == ["model.moments_have_no_groups"]
    assert _refused(moments, group="g", minimum_n=201) == ["alignment.one_left"]
    bare = Moments.of_groups({
        g: Moments.published(moments.names, n=200, covariance=np.eye(4) + 0.2)
        for g in ("a", "b")
    })  # fmt: skip
    assert _refused(bare, group="g") == ["alignment.no_means"]
    assert _refused(moments, "f =~ 0.7*x1 + x2 + x3 + x4", group="g") == ["alignment.constrained"]
    assert _refused(moments, "f =~ c(a, a, a)*x1 + x2 + x3 + x4", group="g") == [
        "alignment.constrained"
    ]
    many, _ = drawn(1, 101, 20)
    assert _refused(many, group="g", minimum_n=5) == ["model.too_many_groups"]
    frame, _ = ordered_answers(300)
    assert _refused(frame.assign(land="one"), group="land") == ["model.one_group"]
    assert _refused(frame, None, group="land") == ["model.no_model"]
    binary = frame.assign(x1=(frame["x1"] > 3) * 1.0)
    assert _refused(binary, group="land", ordered=True) == ["alignment.two_categories"]
    assert _refused(frame, group="lund") == ["model.unknown_column_near"]
    few = pd.concat([frame, frame.head(20).assign(land="small")])
    assert _refused(few, group="land", reference="small") == ["alignment.small_reference"]


def test_small_groups_are_left_out_and_named_without_their_size() -> None:
    frame, _ = ordered_answers(300)
    few = pd.concat([frame, frame.head(20).assign(land="small"), frame.head(4).assign(land="tiny")])
    alignment = ei.align(few, ONE, group="land")
    assert alignment.groups == ("g0", "g1", "g2", "g3")
    note = next(n for n in alignment.notes if n.code == "across.left_out")
    assert note.values["groups"] == "small, tiny"
    assert describe(note) in repr(alignment)
    assert " 4 people" not in repr(alignment)
    assert "20" not in repr(alignment).replace("2020", "")
    moments, _ = drawn(1, 4, 200)
    n = moments.n.copy()
    n[2] = 50
    left = ei.align(replace(moments, n=n), ONE, group="g")
    assert left.groups == ("g000", "g001", "g003")


def _with_negative_variance(group: str) -> Moments:
    """Three groups; in one of them x1 and x2 are nearly the same answers."""
    moments, _ = drawn(1, 3, 400)
    at = moments.groups.index(group)
    covariance = moments.covariance.copy()
    covariance[at] = [
        [1.0, 0.9, 0.4, 0.2], [0.9, 1.0, 0.1, 0.1], [0.4, 0.1, 1.0, 0.1], [0.2, 0.1, 0.1, 1.0],
    ]  # fmt: skip
    return replace(moments, covariance=covariance)


def test_a_group_with_an_improper_solution_is_left_out_by_a_logged_rule() -> None:
    alignment = ei.align(_with_negative_variance("g001"), ONE, group="g")
    assert alignment.groups == ("g000", "g002")
    assert [n.code for n in alignment.noted] == ["alignment.improper"]
    assert "g001" in alignment.explain("nl")[-1]
    assert _refused(_with_negative_variance("g000"), group="g") == ["alignment.improper_reference"]
    again = ei.align(_with_negative_variance("g000"), ONE, group="g", reference="g001")
    assert again.groups == ("g001", "g002")


def test_a_group_without_a_solution_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from employer_identity import alignment as room

    moments, _ = drawn(1, 3, 400)
    fit = room.configural

    def stuck(prepared: Any, group: str | None, near: Any = None) -> Any:
        means = prepared.sample.moments.mean
        if any(np.allclose(m, moments.mean[1]) for m in means):
            raise ConvergenceError("stuck")
        return fit(prepared, group, near)

    monkeypatch.setattr(room, "configural", stuck)
    alignment = ei.align(moments, ONE, group="g")
    assert alignment.groups == ("g000", "g002")
    assert [n.code for n in alignment.noted] == ["alignment.unsolved"]


def test_factors_that_correlate_beyond_one_are_named_and_stay() -> None:
    parts = {}
    for g, r in (("a", 0.5), ("b", 1.05), ("c", 0.5)):
        across = 0.5 * r
        block = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
        covariance = np.block([[block, np.full((3, 3), across)], [np.full((3, 3), across), block]])
        parts[g] = Moments.published(
            [f"x{k}" for k in range(6)], n=500, covariance=covariance, means=[0.1] * 6
        )
    text = "f =~ x0 + x1 + x2\nh =~ x3 + x4 + x5"
    alignment = ei.align(Moments.of_groups(parts), text, group="g")
    assert alignment.groups == ("a", "b", "c")
    note = next(n for n in alignment.noted if n.code == "alignment.beyond_one")
    assert note.values["groups"] == "b"


def test_every_sentence_can_be_said_in_both_languages() -> None:
    alignment = of_case("fixed")
    for language in LANGUAGES:
        told = alignment.explain(language)
        assert len(told) == 3
        assert "{" not in " ".join(told)
