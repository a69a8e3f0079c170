"""The ladder of ordered items: what it holds equal, what it finds, what it refuses to say."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity import figures, tables
from employer_identity.collapsing import LEAST
from employer_identity.errors import ComparisonError, ConvergenceError, ModelError, Problem
from employer_identity.expected import Curve, nodes
from employer_identity.instrument import load_instrument
from employer_identity.levels import Route, kind_of
from employer_identity.measurement.evidence import OrderedSample
from employer_identity.measurement.ordering import Ordered
from employer_identity.measurement.syntax import parse
from employer_identity.measurement_tables import counted_df_of_rung, named
from employer_identity.privacy import Shown
from employer_identity.states import asides, states
from tests.examples import FOUR, ITEMS, two_groups
from tests.test_golden import GOLDEN

SEVEN = (-1.7, -1.3, -0.9, -0.4, 0.1, 0.7)
TWO = "f =~ s1 + s2 + s3 + s4\ng =~ v1 + v2 + v3"
SAME = 1e-6  # two searches end a billionth of a standard error from one minimum
LEVELS = ("configural", "thresholds", "metric", "scalar", "strict")


def cut(
    frame: pd.DataFrame,
    cuts: dict[str, tuple[float, ...]] | tuple[float, ...] = SEVEN,
    moved: dict[str, dict[int, float]] | None = None,
) -> pd.DataFrame:
    """Cut answers about 5 into categories; of the young some thresholds are moved."""
    frame = frame.reset_index(drop=True)
    found, young = frame[["band"]].copy(), (frame["band"] == "young").to_numpy()
    for item in ITEMS:
        own = np.array(cuts[item] if isinstance(cuts, dict) else cuts)
        steps = np.zeros(len(own))
        for k, by in (moved or {}).get(item, {}).items():
            steps[k - 1] = by
        above = frame[[item]].to_numpy() - 5 > own + steps * young[:, None]
        found[item] = 1 + above.sum(axis=1)
    return found


@cache
def clean() -> ei.Ladder:
    return ei.invariance(cut(two_groups(600, mean=0.3)), FOUR, group="band", ordered=True)


@cache
def planted() -> ei.Ladder:
    frame = two_groups(900, mean=0.3, shift={"adv2": -0.5}, loading={"imp1": 0.4})
    return ei.invariance(
        cut(frame, moved={"pro3": {3: 0.55}}), FOUR, group="band", ordered=True
    )  # fmt: skip


@cache
def few(count: int, parameterization: str = "theta") -> ei.Ladder:
    """Two or three categories, at other places for each item: else units are next to unknown."""
    spread = np.random.default_rng(3).uniform(-0.7, 0.7, len(ITEMS))
    cuts = {i: (float(s), float(s) + 0.9)[: count - 1] for i, s in zip(ITEMS, spread, strict=True)}
    options: dict[str, Any] = {"ordered": True, "parameterization": parameterization}
    return ei.invariance(cut(two_groups(700, mean=0.3), cuts), FOUR, group="band", **options)


def last_column(shown: Shown) -> list[str]:
    assert shown.cells is not None
    return [cells[-1] for _, cells in shown.cells.rows]


# -- what is held equal ---------------------------------------------------------------------------


def test_degrees_of_freedom_of_seven_categories_in_two_groups() -> None:
    assert [fit.df for fit in clean().fits.values()] == [196, 260, 272, 284, 300]
    assert clean().levels == LEVELS


COUNTS = {
    "seven": dict.fromkeys(ITEMS, 6),
    "three": dict.fromkeys(ITEMS, 2),
    "two": dict.fromkeys(ITEMS, 1),
    "mixed": {item: (6, 2, 1, 4)[k % 4] for k, item in enumerate(ITEMS)},
    "a pillar of two": {item: 1 if item.startswith("pro") else 4 for item in ITEMS},
    "half as numbers": dict.fromkeys(ITEMS[::2], 4),
}
TESTED = {"two": ("configural", "scalar", "strict"), "three": LEVELS[:1] + LEVELS[2:]}
BY_HAND = {  # degrees of freedom that a further group gives, by level
    "seven": (0, 64, 76, 88, 104),
    "three": (0, 12, 24, 40),
    "two": (0, 8, 24),
    # 4 + 0 + 0 + 2 thresholds a pillar; of three items' loadings two; of all the origin and unit
    "mixed": (0, 24, 32, 44, 60),
    "a pillar of two": (0, 24, 33, 44, 60),
    "half as numbers": (0, 16, 28, 40, 56),
}


@pytest.mark.parametrize("kind", COUNTS)
@pytest.mark.parametrize("groups", [2, 3])
def test_what_each_level_tests_follows_from_the_categories(kind: str, groups: int) -> None:
    from employer_identity.measurement.table import complete

    terms, ordered = parse(FOUR), Ordered(COUNTS[kind], "theta")
    route = Route.of(terms, groups, means=True, ordered=ordered)
    assert route.testable == TESTED.get(kind, LEVELS)
    parameters = [
        complete(terms, groups, equal=route.equal(k), std_lv=True, ordered=ordered).n_parameters
        for k in route.testable
    ]
    gained = [parameters[0] - q for q in parameters]
    assert gained == [(groups - 1) * df for df in BY_HAND[kind]]


def test_the_counted_degrees_of_freedom_are_those_obtained() -> None:
    for ladder in (clean(), planted(), few(2), few(3)):
        for level in ladder.levels:
            books = ladder[level].ledger
            assert counted_df_of_rung(ladder, level) == books.df_obtained == books.df


def test_of_three_categories_thresholds_are_the_same_model() -> None:
    ladder = few(3)
    assert states(ladder)["thresholds"] == "same_model"
    assert ladder.levels == ("configural", "metric", "scalar", "strict")
    with pytest.raises(ModelError, match="same model as 'configural'"):
        ladder["thresholds"]
    assert [n.code for n in ladder.notes].count("invariance.three_categories") == 1
    assert any("equal thresholds cannot be tested by itself" in text for text in ladder.explain())
    told = ["holds", "not testable (the same model)", "holds", "holds", "holds"]
    assert last_column(tables.ladder(ladder)) == told


def test_of_two_categories_all_is_tested_at_once() -> None:
    ladder = few(2)
    assert ladder.levels == ("configural", "scalar", "strict")
    found = states(ladder)
    assert found["thresholds"] == found["metric"] == "same_model"
    assert ladder.rungs["scalar"].first.test.df_diff == 16 - 8
    assert ladder.decision["correlations"].needs == "scalar"  # what tests equal loadings
    assert ladder.decision["latent means"].allowed
    tests = ladder.rungs["scalar"].first.score_tests
    assert len(tests) == 16
    assert set(map(kind_of, zip(tests["lhs"], tests["op"], tests["rhs"], strict=True))) == {
        "intercept"
    }


def test_of_two_categories_freeing_threshold_loading_or_intercept_is_one_thing() -> None:
    """That is why only one of them is tested."""
    tests = few(2)["scalar"].score_tests().assign(item=lambda t: t["rhs"].where(t["op"] == "=~"))
    tests["item"] = tests["item"].fillna(tests["lhs"])
    by_item = tests.groupby("item")["x2"]
    assert (by_item.count() == 3).all()
    assert (by_item.max() - by_item.min()).max() < SAME


@pytest.mark.parametrize("count", [2, 3])
def test_both_parameterizations_fit_alike(count: int) -> None:
    theta, delta = few(count), few(count, "delta")
    assert delta.levels == theta.levels[:-1]
    for level, fit in delta.fits.items():
        assert fit.df == theta[level].df
        assert fit.chisq == pytest.approx(theta[level].chisq, abs=SAME)
    assert states(delta)["strict"] == "untestable"
    assert "theta" in delta.decision["ordered scores"].reason()
    with pytest.raises(ModelError, match="theta"):
        delta["strict"]


def test_ladders_nest() -> None:
    for ladder in (clean(), few(2), few(3), planted()):
        for rung in ladder.rungs.values():
            for model in rung.models:
                if model.below is not None:
                    assert model.fit.chisq > model.below.chisq - SAME


@pytest.mark.parametrize("change", ["codes", "labels", "reference"])
def test_codes_labels_and_the_order_of_groups_do_not_matter(change: str) -> None:
    frame, options = cut(two_groups(600, mean=0.3)), dict[str, Any]()
    if change == "codes":
        frame[list(ITEMS)] = frame[list(ITEMS)].replace({k: k * k for k in range(1, 8)})
    elif change == "labels":
        frame["band"] = frame["band"].map({"old": "b", "young": "a"})
    else:
        options = {"reference": "young"}
    ladder = ei.invariance(frame, FOUR, group="band", ordered=True, **options)
    assert ladder.levels == clean().levels
    for level, fit in ladder.fits.items():
        assert fit.chisq == pytest.approx(clean()[level].chisq, abs=1e-5)
        assert fit.scaling == pytest.approx(clean()[level].scaling, rel=1e-6)


# -- what it finds --------------------------------------------------------------------------------


def test_clean_answers_reach_strict_and_give_means() -> None:
    ladder = clean()
    assert ladder.level == "strict"
    assert ladder.released == ()
    assert not ladder.decision["aligned means"].tested
    assert all(d.allowed for s, d in ladder.decision.items() if s != "aligned means")
    assert [ladder.decision[s].needs for s in ("latent means", "observed means")] == [
        "scalar", "strict",
    ]  # fmt: skip
    means = ei.latent_means(ladder).query("group == 'young'")
    assert ((means["ci_lower"] < 0.3) & (means["ci_upper"] > 0.3)).sum() >= 3


def test_what_is_planted_is_set_aside_and_nothing_else() -> None:
    ladder = planted()
    assert ladder.level == "strict"
    assert ladder.released == ("pro3|t3", "imp=~imp1", "imp1~1", "adv2~1")
    # all thresholds of adv2 lie elsewhere by as much: that is its intercept, not a threshold
    assert [r.spelled for r in ladder.rungs["thresholds"].releases] == ["pro3|t3"]
    threshold = ladder.log.query("parameter == 'pro3|t3'").iloc[0]
    assert threshold["epc_std"] > 0.2
    assert ladder.log.query("parameter == 'imp1~1'")["why"].tolist() == ["follows"]
    assert [a.kind for a in asides(ladder.set_aside("strict"), ladder.groups)] == [
        "threshold", "loading", "intercept",
    ]  # fmt: skip
    means = ei.latent_means(ladder).query("group == 'young'").set_index("factor")["est"]
    assert means.sub(0.3).abs().max() < 0.15
    observed = ladder.decision["observed means"]
    assert observed.factors == ("ent",)
    assert "ent only" in observed.reason()


def test_a_rung_tests_what_it_newly_holds_equal() -> None:
    kinds = {"thresholds": "threshold", "metric": "loading", "scalar": "intercept"}
    for level, kind in (kinds | {"strict": "residual"}).items():
        tests = clean().rungs[level].first.score_tests
        keys = zip(tests["lhs"], tests["op"], tests["rhs"], strict=True)
        assert {kind_of(key) for key in keys} == {kind}
        assert len(tests) == (96 if kind == "threshold" else 16)
        tested = tests["pvalue"] * len(tests)
        assert tests["pvalue_holm"].iloc[0] == pytest.approx(min(tested.iloc[0], 1.0))


def test_one_group_of_three_has_its_threshold_freed() -> None:
    frame = cut(two_groups(1200), moved={"ent2": {4: 0.6}})
    frame["band"] = np.where(
        (frame["band"] == "old") & (np.arange(len(frame)) % 2 == 0), "oldest", frame["band"]
    )
    ladder = ei.invariance(frame, FOUR, group="band", ordered=True)
    assert ladder.released == ("ent2|t4@young",)
    cells = ladder["scalar"].estimates.query("lhs == 'ent2' and rhs == 't4'")
    assert cells.groupby("parameter")["group"].agg(len).tolist() == [2, 1]


def test_what_is_asked_is_set_aside_where_it_would_be_held_equal() -> None:
    free = ["pro1|t2", "adv1~1", "ent1~~ent1"]
    ladder = ei.invariance(
        cut(two_groups(600, mean=0.3)), FOUR, group="band", ordered=True, free=free
    )  # fmt: skip
    levels = {level: [r.spelled for r in rung.releases] for level, rung in ladder.rungs.items()}
    assert levels == {
        "configural": [], "thresholds": ["pro1|t2"], "metric": [], "scalar": ["adv1~1"],
        "strict": ["ent1~~ent1"],
    }  # fmt: skip
    assert [f.df for f in ladder.fits.values()] == [196, 259, 271, 282, 297]


def test_an_item_that_keeps_few_thresholds_loses_origin_and_unit_with_them() -> None:
    """Five of six set aside: one is left for the origin, and the tied loading for the unit."""
    frame = cut(two_groups(600, mean=0.3))
    for gone, df in ((4, [196, 256]), (5, [196, 256]), (6, [196, 256])):
        free = [f"pro1|t{k + 1}" for k in range(gone)]
        ladder = ei.invariance(frame, FOUR, group="band", ordered=True, free=free)
        assert [f.df for f in ladder.fits.values()][:2] == df
        tests = ladder.rungs["thresholds"].first.score_tests
        assert tests[tests["lhs"] == "pro1"]["x2"].isna().all()
    assert ladder["scalar"].df == ladder["metric"].df + 11  # nothing of it can be told any more


def test_numbers_and_categories_climb_together() -> None:
    steps = pd.read_csv(GOLDEN / "steps.csv")
    model = "f =~ s1 + s2 + d1 + b1\ng =~ v1 + v2 + m1 + b3"
    ordered = ["s1", "s2", "d1", "b1", "v1", "v2", "b3"]
    ladder = ei.invariance(steps, model, group="land", ordered=ordered, on_reject="continue")
    assert ladder.levels == LEVELS
    for level in ladder.levels:
        assert counted_df_of_rung(ladder, level) == ladder[level].ledger.df_obtained
    kinds = {n.code: n.where for n in ladder.notes}
    assert kinds["invariance.two_categories"] == "b1 and b3"
    assert kinds["invariance.three_categories"] == "d1"


# -- what may be said -----------------------------------------------------------------------------


def test_observed_means_need_equal_noise() -> None:
    frame = two_groups(900, mean=0.3)
    noisy = frame["band"] == "young"
    noise = np.random.default_rng(5).normal(size=(len(frame), 8)) * 0.9
    frame.loc[noisy, list(ITEMS[:8])] += noise[noisy.to_numpy()]
    ladder = ei.invariance(cut(frame), FOUR, group="band", ordered=True)
    assert ladder.level == "scalar"
    assert ladder.decision["latent means"].allowed
    assert not ladder.decision["observed means"].allowed
    assert not ladder.decision["league table"].allowed
    assert {c.item for c in (r.constraint for r in ladder.rungs["strict"].releases)} <= {*ITEMS[:8]}


def test_rules_of_fit_changes_are_marked_as_not_calibrated() -> None:
    verdicts = clean().verdicts.query("level == 'thresholds'")
    assert set(verdicts.query("calibrated")["rule"]) == {"localised", "scaled_difference"}
    uncalibrated = set(verdicts.query("not calibrated")["rule"])
    assert uncalibrated == {"chen_2007_large", "cheung_rensvold_2002"}  # and no BIC
    caveats = clean().decision["latent means"].caveats
    assert [c.code for c in caveats] == ["invariance.uncalibrated"]
    numbers = ei.invariance(two_groups(300), FOUR, group="band")
    assert numbers.verdicts["calibrated"].all()


@pytest.mark.parametrize("rule", ["chen_2007_large", "cheung_rensvold_2002", "scaled_difference"])
def test_other_rules_climb_too(rule: Any) -> None:
    frame = cut(two_groups(400, mean=0.3))
    ladder = ei.invariance(frame, FOUR, group="band", ordered=True, rule=rule)
    assert ladder.accepted("scalar")


def test_every_rung_has_words_in_both_languages() -> None:
    for ladder in (planted(), few(2), few(3, "delta")):
        for language in ("en", "nl"):
            assert "{" not in " ".join(ladder.explain(language))
            assert len(last_column(tables.ladder(ladder, language=language))) == len(LEVELS)
    assert "Drempel 3 (tussen 3 en 4) van pro3" in " ".join(planted().explain("nl"))
    assert "Threshold 3 (between 3 and 4) of pro3" in " ".join(planted().explain("en"))


# -- size and consequences ------------------------------------------------------------------------


def test_dmacs_has_a_row_an_item_that_was_set_aside() -> None:
    found = ei.dmacs(planted(), draws=200).set_index("item")
    assert list(found.index) == ["pro3", "adv2", "imp1"]
    assert found.loc["adv2", "d_signed"] < -0.3
    assert found.loc["pro3", "d_signed"] < 0  # a higher threshold: fewer high answers
    assert (found["d"] > found["floor"]).all()
    assert ((found["ci_lower"] < found["d"]) & (found["d"] < found["ci_upper"])).all()
    assert ei.dmacs(clean()).empty


def test_expected_answers_are_those_of_the_model() -> None:
    """Over a group's people they are the mean that its thresholds imply."""
    fit = planted()["scalar"]
    theta = np.append(fit.solution.theta, 0.0)[None]
    for item in range(len(fit.items)):
        factor = next(k for k, own in enumerate(fit.factors.values()) if fit.items[item] in own)
        for g in range(2):
            Phi, alpha = fit.implied.Phi[g], fit.implied.matrices["alpha"][g]
            mean, variance = alpha[factor], Phi[factor : factor + 1, factor : factor + 1]
            eta, weight = nodes(mean[None], variance[None])
            curve = Curve.of(fit, theta, item, g)
            one = Curve(
                curve.codes, curve.thresholds, curve.intercept, curve.loading[:, [factor]], curve.sd
            )
            expected = float((one.at(eta) @ weight)[0])
            from scipy.special import ndtr

            sd = np.sqrt(fit.implied.Sigma[g, item, item])
            tau = curve.thresholds[0]
            implied = curve.codes[0] + np.diff(curve.codes) @ ndtr(
                (fit.implied.mu[g, item] - tau) / sd
            )
            assert expected == pytest.approx(implied, abs=1e-9)


def test_both_parameterizations_shift_answers_alike() -> None:
    steps = pd.read_csv(GOLDEN / "steps.csv")
    options: dict[str, Any] = {"group": "land", "ordered": True, "free": ["s3|t2", "g=~v2"]}
    options |= {"on_reject": "continue"}
    theta, delta = (
        ei.dmacs(ei.invariance(steps, TWO, parameterization=p, **options), draws=400)
        for p in ("theta", "delta")
    )  # type: ignore[arg-type]
    np.testing.assert_allclose(theta["d"], delta["d"], atol=SAME)
    np.testing.assert_allclose(theta["d_signed"], delta["d_signed"], atol=SAME)
    np.testing.assert_allclose(theta["floor"], delta["floor"], rtol=0.2)


def test_conclusions_with_and_without_each_item() -> None:
    found = ei.conclusions(planted())
    assert set(found["model"]) == {
        "observed", "full", "partial", "with pro3", "with adv2", "with imp1",
    }  # fmt: skip
    adv = found[found["factor"] == "adv"].set_index("model")["est"]
    assert adv["partial"] > adv["full"] + 0.05
    assert adv["with adv2"] == pytest.approx(adv["full"], abs=0.02)


# -- sparse categories ----------------------------------------------------------------------------


@cache
def sparse() -> ei.Ladder:
    lowest = (-3.0, *SEVEN[1:])
    return ei.invariance(
        cut(two_groups(300, mean=0.3), lowest), FOUR, group="band", ordered=True
    )  # fmt: skip


def test_sparse_categories_are_merged_and_shown_with_and_without() -> None:
    ladder = sparse()
    assert any(n.code == "ordered.merged_in_group" for n in ladder.notes)
    found = ei.unmerged(ladder)
    assert (found.categories["answered"] >= found.categories["merged"]).all()
    assert (found.categories["answered"] > found.categories["merged"]).any()
    assert list(found.rungs["level"]) == list(LEVELS)
    assert found.agrees
    assert found.merged is ladder
    moved = found.gaps["est_merged"] - found.gaps["est_answered"]
    assert moved.abs().max() < found.gaps["se_merged"].max()
    assert "no difference" in repr(found)
    assert "geen verschil" in " ".join(found.explain("nl"))


def test_there_is_nothing_to_show_where_nothing_was_merged() -> None:
    numbers = ei.invariance(two_groups(300), FOUR, group="band")
    for ladder in (numbers, clean()):
        with pytest.raises(ModelError) as caught:
            ei.unmerged(ladder)
        assert caught.value.problems[0].code == "ordered.nothing_merged"


def test_without_merging_a_category_of_one_group_is_refused() -> None:
    frame = cut(two_groups(300))
    frame.loc[frame["band"] == "old", "pro1"] = frame["pro1"].clip(lower=2)
    options: dict[str, Any] = {"group": "band", "ordered": True}
    with pytest.raises(ModelError) as caught:
        ei.invariance(frame, FOUR, collapse=False, **options)
    assert [p.code for p in caught.value.problems] == ["ordered.category_empty_in_group"]
    for collapse in (True, LEAST):
        assert ei.invariance(frame, FOUR, collapse=collapse, **options).level == "strict"


# -- no solution, refusals ------------------------------------------------------------------------


def without_solution(monkeypatch: pytest.MonkeyPatch, **at: Any) -> None:
    """Let every model that holds some families equal, or frees something, have no solution."""
    from employer_identity import climbing

    fits = climbing.estimate

    def failing(*args: Any, **options: Any) -> ei.Fit:
        if all(set(at[k]) <= set(options[k]) for k in at):
            raise ConvergenceError("no", (Problem("model.no_start"),))
        return fits(*args, **options)

    monkeypatch.setattr(climbing, "estimate", failing)


@pytest.mark.parametrize("ordered", [True, False])
def test_a_rung_without_a_solution_is_a_value(
    ordered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_solution(monkeypatch, equal=["intercepts"])
    frame = two_groups(400)
    ladder = ei.invariance(
        cut(frame) if ordered else frame, FOUR, group="band", ordered=ordered
    )  # fmt: skip
    assert ladder.level == "metric"
    assert [p.code for p in ladder.unfit["scalar"]] == ["model.no_start"]
    found = states(ladder)
    assert (found["scalar"], found["strict"]) == ("rejected", "out_of_reach")
    last = ladder.log.iloc[-1]
    assert (last["level"], last["event"], last["why"]) == ("scalar", "rejected", "no solution")
    assert any("could not be fitted" in text for text in ladder.explain())
    assert not ladder.decision["latent means"].allowed
    with pytest.raises(ModelError, match="could not be fitted"):
        ladder["scalar"]
    with pytest.raises(ComparisonError):
        ei.latent_means(ladder)
    assert last_column(tables.ladder(ladder))[-2:] == ["does not hold", "out of reach"]


def test_a_release_without_a_solution_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    without_solution(monkeypatch, free=["adv2~1"])
    ladder = ei.invariance(two_groups(800, shift={"adv2": 0.5, "ent3": -0.5}), FOUR, group="band")
    assert ladder.released == () or "adv2~1" not in ladder.released
    kept = {k.constraint.parameter: k.why for k in ladder.rungs["scalar"].kept}
    assert kept["adv2~1"] == "no_solution"
    assert "ent3~1" in [r.spelled for r in ladder.rungs["scalar"].releases]
    assert not ladder.holds("scalar")
    assert any("has no solution" in text for text in ladder.explain())


def test_the_lowest_rung_needs_a_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    without_solution(monkeypatch)
    with pytest.raises(ConvergenceError):
        ei.invariance(two_groups(400), FOUR, group="band")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"free": ["pro1|t9"]}, "model.free_unknown"),
        ({"free": ["pro1~~pro1"], "parameterization": "delta"}, "model.free_not_tied"),
        ({"parameterization": "gamma"}, "model.not_available"),
        ({"ordered": ["pro9"]}, "ordered.unknown_item"),
        ({"estimator": "MLR"}, "ordered.estimator"),
        ({"anchors": ["pro1"], "free": ["pro1|t1"]}, "invariance.anchor_released"),
        ({"free": ["pro1|t1", "pro2|t1", "pro3|t1"]}, "invariance.too_few_anchors"),
    ],
)  # fmt: skip
def test_refusals(options: dict[str, Any], code: str) -> None:
    asked = {"ordered": True} | options
    with pytest.raises(ModelError) as caught:
        ei.invariance(cut(two_groups(200)), FOUR, group="band", **asked)
    assert [p.code for p in caught.value.problems] == [code]


# -- many groupings -------------------------------------------------------------------------------


def test_many_groupings_of_ordered_items() -> None:
    frame = cut(two_groups(400))
    frame["half"] = np.where(np.arange(len(frame)) % 2, "a", "b")
    models = {"pro": FOUR.split("\n")[0], "adv": FOUR.split("\n")[1]}
    across = ei.invariance_across(
        frame, ["band", "half"], models=models, ordered=["pro1", "pro2", "pro3", "pro4"]
    )  # fmt: skip
    assert across.levels == LEVELS
    assert across.ladders["pro", "band"].levels == LEVELS
    assert across.ladders["adv", "band"].levels == LEVELS[:1] + LEVELS[2:]
    assert across.tests == 2 * 4 + 2 * 3
    assert set(across.table["state"]) == {"held"}
    with pytest.raises(ModelError) as caught:
        ei.invariance_across(frame, "band", models=models, ordered=["pr1"])
    assert [p.code for p in caught.value.problems] == ["ordered.unknown_item"]


def test_figures_have_room_for_the_thresholds_rung() -> None:

    from tests.drawn import outside, overlapping

    instrument = load_instrument("connecting-employership")
    for language in ("en", "nl"):
        for ladder in (planted(), few(2), few(3, "delta")):
            shown = figures.ladder(ladder, instrument, language=language)
            assert outside(shown.content) == []
            assert overlapping(shown.content) == []
            assert f"{len(ladder.route.levels)} " in shown.alt


# -- thresholds by the answers that they divide ---------------------------------------------------


@cache
def lowest_merged() -> ei.Ladder:
    """Few gave the lowest answers, which are merged; one step higher up is taken differently."""
    cuts = (-2.6, -2.0, -1.2, -0.4, 0.3, 1.1)
    frame = cut(two_groups(900, mean=0.3), cuts, {"pro3": {4: -0.5}})
    return ei.invariance(frame, FOUR, group="band", ordered=True, collapse=40)


def test_a_threshold_is_named_by_the_answers_that_it_divides() -> None:
    ladder = lowest_merged()
    (constraint,) = (r.constraint for r in ladder.rungs["thresholds"].releases)
    assert constraint.item == "pro3"
    assert constraint.threshold < 4  # of the seven answers it would be the fourth
    rows = ladder.log.query("event == 'set aside'").set_index("parameter")["between"]
    assert rows[constraint.parameter] == "4|5"
    assert set(rows.drop(constraint.parameter)) <= {""}
    assert "(between 4 and 5) of pro3" in " ".join(ladder.explain())
    assert "(tussen 4 en 5) van pro3" in " ".join(ladder.explain("nl"))


def test_tables_and_reports_name_the_answers_too() -> None:
    instrument = load_instrument("connecting-employership")
    ladder = lowest_merged()
    (constraint,) = (r.constraint for r in ladder.rungs["thresholds"].releases)
    shown = tables.releases(ladder, instrument, language="nl")
    assert shown.cells is not None
    assert any("drempel 2 (tussen 4 en 5)" in cells for _, cells in shown.cells.rows)
    assert "(between 4 and 5) of" in named(ladder, constraint, instrument, "en")


def test_codes_that_were_merged_are_counted_with_their_category() -> None:
    evidence = lowest_merged().prepared.sample.evidence
    assert isinstance(evidence, OrderedSample)
    first, last = (
        evidence.between("pro3", k) for k in (1, len(evidence.statistics.categories[2]) - 1)
    )
    assert first[0] + 1 == first[1]
    assert first[0] > min(evidence.recoded["pro3"])
    assert last == (6, 7)


def test_with_and_without_merging_a_threshold_is_the_same_by_its_answers() -> None:
    found = ei.unmerged(lowest_merged())
    row = found.rungs.set_index("level").loc["thresholds"]
    assert row["set_aside_merged"] == "pro3|t2 (4|5)"
    assert row["set_aside_answered"] == "pro3|t3 (4|5)"  # nobody young gave the lowest answer
    assert "pro3|t2 (4|5)" in repr(found.merged)
    assert lowest_merged().released == ("pro3|t2",)  # as `cfa` takes it
