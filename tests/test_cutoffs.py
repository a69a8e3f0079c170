"""Cut-offs that are simulated for one ladder: what is drawn, what is found, what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity import replications, simulated
from employer_identity.cutoffs import interval_of_quantile, quantile
from employer_identity.errors import ModelError
from employer_identity.measurement.categorised import moments, responses, scale_of
from employer_identity.measurement.moments import Moments
from employer_identity.measures import key_indices
from employer_identity.planted import lowered, middling
from employer_identity.redraws import redraw
from employer_identity.refits import Refit

# Newton's method stops at 1e-11 of a mean, an SD or a correlation.
SOLVED = 1e-9
# A refit starts elsewhere and stops at the search's own tolerance; indices are of order 1.
SAME = 1e-8
FEW = 20  # replications: enough to see that all hangs together, and quickly done
MODEL = "f =~ a1 + a2 + a3 + a4\ng =~ b1 + b2 + b3 + b4"
ITEMS = [f"{f}{k}" for f in "ab" for k in range(1, 5)]
CEILING = np.cumsum([0.02, 0.05, 0.13, 0.30])


@pytest.fixture(autouse=True)
def _few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "LEAST", FEW)
    monkeypatch.setattr(simulated, "TAIL", 1)


@cache
def frame(missing: float = 0.0, n: int = 300, seed: int = 4) -> pd.DataFrame:
    """Two groups' answers on five points, half of them at the top; nothing differs but levels."""
    rng = np.random.default_rng(seed)
    own = np.array([0.7, 0.75, 0.8, 0.7] * 2)
    parts = []
    for label, shift in (("x", 0.0), ("y", -0.3)):
        factors = rng.multivariate_normal([shift, 0.0], [[1, 0.5], [0.5, 1]], n)
        y = np.repeat(factors, 4, axis=1) * own + rng.normal(size=(n, 8)) * np.sqrt(1 - own**2)
        cuts = np.array([-2.05, -1.48, -0.84, 0.0])
        answers = 1.0 + (y[:, :, None] > cuts).sum(axis=2)
        answers[rng.random(answers.shape) < missing] = np.nan
        parts.append(pd.DataFrame(answers, columns=ITEMS).assign(group=label))
    return pd.concat(parts, ignore_index=True).assign(office=lambda d: d.index % 40)


@cache
def ladder(missing: float = 0.0, **how: object) -> ei.Ladder:
    return ei.invariance(frame(missing), MODEL, group="group", **how)


@cache
def cutoffs() -> object:
    return ei.simulated_cutoffs(ladder(), reps=FEW, processes=1)


# -- what is drawn --------------------------------------------------------------------------------


def test_the_drawn_population_has_the_stricter_models_moments() -> None:
    for level in ("metric", "scalar", "strict"):
        fit = ladder()[level]
        found = redraw(fit)
        assert found.off < SOLVED
        R = found.root @ found.root.transpose(0, 2, 1)
        mean, covariance = moments(found.scales[0], found.mean, found.sd, R)
        assert np.abs(mean - fit.implied.mu).max() < SOLVED
        assert np.abs(covariance - fit.implied.Sigma).max() < SOLVED


def test_groups_share_the_places_where_answers_are_cut() -> None:
    first, second = redraw(ladder()["scalar"]).scales
    assert first is second
    pooled = frame()["a1"].value_counts(normalize=True).sort_index().cumsum().to_numpy()[:-1]
    from scipy.special import ndtr

    assert ndtr(first.thresholds[0]) == pytest.approx(pooled, abs=1e-12)


def test_drawn_answers_have_these_moments_and_the_surveys_categories_and_holes() -> None:
    fit = ladder(0.05)["scalar"]
    assert fit.rows is not None
    drawn, rng = redraw(fit), np.random.default_rng(2)
    several = [drawn.answers(rng, fit.rows) for _ in range(200)]
    for answers in several[:3]:
        assert (np.isnan(answers) == np.isnan(fit.rows.answers)).all()
        assert set(np.unique(answers[~np.isnan(answers)])) <= {1.0, 2.0, 3.0, 4.0, 5.0}
    for g in range(2):
        mine = np.concatenate([a[fit.rows.group == g] for a in several])
        # five standard errors of means of 60,000 answers with an SD of about .9
        assert np.abs(np.nanmean(mine, axis=0) - fit.implied.mu[g]).max() < 5 * 0.9 / 240
        assert np.abs(pd.DataFrame(mine).cov() - fit.implied.Sigma[g]).max(axis=None) < 0.03


def test_responses_are_solved_for_whatever_is_cut() -> None:
    shares = (np.array([0.2, 0.8]), np.array([0.1, 0.3, 0.6]), np.array([]))
    scale = scale_of((np.array([0.0, 1.0]), np.array([1.0, 2.0, 5.0]), np.array([])), shares)
    R = np.array([[[1, 0.5, -0.4], [0.5, 1, 0.3], [-0.4, 0.3, 1]]])
    m, s = np.array([[0.3, -0.2, 2.0]]), np.array([[1.0, 1.2, 3.0]])
    found = responses(scale, *moments(scale, m, s, R))
    assert found.off < SOLVED
    assert found.mean == pytest.approx(m, abs=1e-8)
    assert found.sd == pytest.approx(s, abs=1e-8)
    assert found.correlation == pytest.approx(R, abs=1e-8)


def test_moments_that_no_answers_can_have_are_told() -> None:
    scale = scale_of((np.array([1.0, 2.0]),) * 2, (np.array([0.5, 0.5]),) * 2)
    half = np.array([[[0.25, 0.0], [0.0, 0.50]]])  # a variance above p (1 - p)
    assert responses(scale, np.array([[1.5, 1.5]]), half).off > 0.1
    scale = scale_of((np.arange(1, 6.0),) * 3, (np.full(5, 0.2),) * 3)
    odd = np.array([[[1, 0.9, 0.9], [0.9, 1, -0.2], [0.9, -0.2, 1.0]]])
    assert responses(scale, np.full((1, 3), 3.0), 2.0 * odd).off > 0.01


def test_a_two_way_moment_is_the_integral() -> None:
    from scipy.stats import multivariate_normal

    scale = scale_of((np.array([1.0, 2.0, 3.0]),) * 2, (np.array([0.2, 0.3, 0.5]),) * 2)
    R = np.array([[[1.0, 0.6], [0.6, 1.0]]])
    mean, covariance = moments(scale, np.zeros((1, 2)), np.ones((1, 2)), R)
    edges = np.concatenate([[-9.0], scale.thresholds[0], [9.0]])
    P = np.array([[multivariate_normal.cdf([a, b], cov=R[0]) for a in edges] for b in edges])
    cells = np.diff(np.diff(P, axis=0), axis=1)
    values = np.array([1.0, 2.0, 3.0])
    assert mean[0, 0] == pytest.approx(2.3, abs=1e-12)
    # scipy integrates numerically
    assert covariance[0, 0, 1] == pytest.approx(values @ cells @ values - 2.3**2, abs=1e-5)


def test_people_in_a_cluster_are_as_alike_as_in_the_survey() -> None:
    data = frame().copy()
    rng = np.random.default_rng(3)
    lift = rng.normal(size=40)
    data[ITEMS] = np.clip(data[ITEMS] + np.rint(0.8 * lift[data["office"]])[:, None], 1, 5)
    fit = ei.cfa(data, MODEL, group="group", cluster="office", std_lv=True)
    found = redraw(fit)
    values = np.linalg.eigvalsh(found.shared)
    assert values.min() > -1e-12
    assert 0.1 < values.max() <= 1.0
    assert fit.rows is not None
    drawn = found.answers(np.random.default_rng(5), fit.rows)
    own = pd.DataFrame(drawn).groupby([fit.rows.group, fit.rows.cluster]).mean()
    alone = pd.DataFrame(drawn).groupby([fit.rows.group, rng.permutation(fit.rows.cluster)]).mean()
    assert own.var().mean() > 2 * alone.var().mean()


# -- what is fitted -------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [0.0, 0.05])
@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_a_refit_is_the_fit_and_the_three_indices_are_those_reported(
    missing: float, estimator: str
) -> None:
    whole = ladder(missing, estimator=estimator)
    pair = simulated.comparisons(whole)["scalar"]
    step = simulated.step_of(whole, pair)
    drawn = step.redraw.survey(np.random.default_rng(1))
    assert drawn is not None
    rows = drawn[1].rows
    answers = pd.DataFrame(rows.answers, columns=ITEMS)
    answers["group"] = np.array(["x", "y"])[rows.group]
    other = ei.cfa(answers, MODEL, group="group", std_lv=True, estimator=estimator,
                   equal=("loadings", "intercepts"))  # fmt: skip
    again = step.strict.to(drawn)
    assert again is not None
    assert again.chisq == pytest.approx(other.chisq, rel=SAME)
    reported = other.reported[["cfi", "rmsea", "srmr"]].to_numpy()
    assert key_indices(again) == pytest.approx(reported, abs=SAME)
    assert key_indices(other) == pytest.approx(reported, abs=1e-14)


def test_the_indices_of_ordered_items_are_those_reported() -> None:
    fit = ladder(ordered=True)["scalar"]
    reported = fit.reported[["cfi", "rmsea", "srmr"]].to_numpy()
    assert key_indices(fit) == pytest.approx(reported, abs=1e-14)


def test_a_search_starts_at_what_is_drawn_from() -> None:
    whole = ladder()
    pair = simulated.comparisons(whole)["scalar"]
    step = simulated.step_of(whole, pair)
    below = step.below.fit.layout
    from employer_identity.measurement.implied import imply

    implied = imply(below, step.below.start)
    assert implied.Sigma == pytest.approx(pair.strict.implied.Sigma, abs=1e-10)
    assert implied.mu == pytest.approx(pair.strict.implied.mu, abs=1e-10)


# -- what is found --------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers_in_any_number_of_processes() -> None:
    other = ei.simulated_cutoffs(ladder(), reps=FEW, processes=2)
    for level, changes in cutoffs().drawn.items():
        assert (changes == other.drawn[level]).all()
    third = ei.simulated_cutoffs(ladder(), reps=FEW, seed=2, processes=1)
    assert (third.drawn["metric"] != cutoffs().drawn["metric"]).any()


def test_a_cut_off_is_the_quantile_of_what_was_drawn() -> None:
    made = cutoffs()
    for index, share in (("rmsea", 0.95), ("srmr", 0.95)):
        again = ei.simulated_cutoffs(
            ladder(), reps=FEW, index=index, intercept=0.0, loading=0.0, processes=1
        )  # fmt: skip
        place = ("cfi", "rmsea", "srmr").index(index)
        for level, changes in made.drawn.items():
            assert (again.drawn[level] == changes).all()
            expected = np.quantile(changes[:, place], share, method="median_unbiased")
            assert again.cutoffs[level] == {index: expected}
    table = made.table.set_index("level")
    assert ((table["lower"] <= table["cutoff"]) & (table["cutoff"] <= table["upper"])).all()
    assert table.loc["scalar", "power"] > 0.8
    assert list(table.index) == ["metric", "scalar", "strict"]


def test_a_quantiles_interval_covers_it() -> None:
    rng = np.random.default_rng(8)
    truth = -1.6448536269514722
    inside = []
    for _ in range(400):
        low, high = interval_of_quantile(rng.normal(size=200), "cfi", 0.05)
        inside.append(low <= truth <= high)
    # 95 % of 400, within four standard errors
    assert 0.90 < np.mean(inside) <= 1.0
    assert quantile(rng.normal(size=4000), "rmsea", 0.05) == pytest.approx(-truth, abs=0.15)


def test_they_are_a_rule_of_a_ladder_of_the_same_answers() -> None:
    again = ei.invariance(frame(), MODEL, group="group", rule=cutoffs())
    assert again.rule is cutoffs()
    verdicts = again.verdicts
    own = verdicts[verdicts["rule"] == "simulated"]
    assert set(own["level"]) >= {"metric"}
    assert own["calibrated"].all()
    assert (own["cutoff"].to_numpy()[0],) == tuple(cutoffs().cutoffs["metric"].values())
    assert "cut-offs simulated for these answers" in repr(again)


def test_a_planted_difference_is_found_by_them_and_not_by_the_fixed_ones() -> None:
    data = frame().copy()
    lower = (data["group"] == "y") & (np.arange(len(data)) % 2 == 0)
    data.loc[lower, "a2"] = np.maximum(data.loc[lower, "a2"] - 1, 1)
    plain = ei.invariance(data, MODEL, group="group", rule="cheung_rensvold_2002")
    made = ei.simulated_cutoffs(plain, reps=FEW, processes=1)
    found = ei.invariance(data, MODEL, group="group", rule=made)
    assert any("a2~1" in name for name in found.released)


def test_what_is_planted_is_lower_by_the_size() -> None:
    fit = ladder()["scalar"]
    item = middling(fit)
    i, sd = fit.items.index(item), np.sqrt(fit.implied.Sigma[1])
    mean, covariance = lowered(fit, item, "intercept", 0.4)
    assert (mean - fit.implied.mu)[1, i] == pytest.approx(-0.4 * sd[i, i])
    assert np.count_nonzero(mean != fit.implied.mu) == 1
    assert (covariance == fit.implied.Sigma).all()
    mean, covariance = lowered(fit, item, "loading", 0.2)
    assert (mean == fit.implied.mu).all()
    moved = covariance - fit.implied.Sigma
    factor = next(f for f, own in fit.factors.items() if item in own)
    f = list(fit.factors).index(factor)
    cov = (fit.implied.matrices["Lambda"] @ fit.implied.Phi)[1][:, f]
    change = -0.2 * sd[i, i] / np.sqrt(fit.implied.Phi[1, f, f])
    others = np.arange(len(fit.items)) != i
    assert moved[1, i, others] == pytest.approx(change * cov[others])
    assert (moved[0] == 0).all()


def test_items_in_other_units_have_the_same_cut_offs() -> None:
    data = frame().copy()
    data[ITEMS] = 10.0 * data[ITEMS] + 3.0
    other = ei.simulated_cutoffs(
        ei.invariance(data, MODEL, group="group"), reps=FEW, intercept=0.0, loading=0.0,
        processes=1,
    )  # fmt: skip
    for level, changes in cutoffs().drawn.items():
        # both searches stop at their tolerance
        assert other.drawn[level] == pytest.approx(changes, abs=1e-6)


def test_published_moments_have_cut_offs_too() -> None:
    parts = {
        label: Moments.published(ITEMS, n=250, covariance=g[ITEMS].cov(), means=g[ITEMS].mean())
        for label, g in frame().groupby("group")
    }
    whole = ei.invariance(Moments.of_groups(parts), MODEL, group="group")
    made = ei.simulated_cutoffs(whole, reps=FEW, processes=1)
    assert made.failed == 0
    assert -0.03 < made.cutoffs["scalar"]["cfi"] <= 0.0


def test_drawn_moments_are_those_of_drawn_people() -> None:
    parts = {
        label: Moments.published(ITEMS, n=250, covariance=g[ITEMS].cov(), means=g[ITEMS].mean())
        for label, g in frame().groupby("group")
    }
    fit = ei.cfa(Moments.of_groups(parts), MODEL, group="group", std_lv=True)
    rng, found = np.random.default_rng(6), redraw(fit)
    drawn = [found.survey(rng)[0] for _ in range(400)]  # type: ignore[index]
    n, Sigma = 250, fit.implied.Sigma
    S = np.stack([m.covariance for m in drawn])
    # five standard errors of a mean over 400 draws: variances have 2 s^4 / n
    error = 5 * np.sqrt(2 / n) * Sigma.max() / np.sqrt(400)
    assert np.abs(S.mean(axis=0) - Sigma * (n - 1) / n).max() < error
    variance = np.diagonal(S, axis1=2, axis2=3).var(axis=0)
    own = np.diagonal(Sigma, axis1=1, axis2=2)
    assert variance == pytest.approx(2 * (n - 1) / n**2 * own**2, rel=0.35)


@pytest.mark.slow
def test_ordered_ladders_have_cut_offs() -> None:
    made = ei.simulated_cutoffs(ladder(ordered=True), reps=FEW)
    assert set(made.cutoffs) == {"thresholds", "metric", "scalar", "strict"}
    assert made.failed < 50
    again = ei.invariance(frame(), MODEL, group="group", ordered=True, rule=made)
    own = again.verdicts.query("rule == 'simulated'")
    assert own["calibrated"].all()


# -- kept in a file -------------------------------------------------------------------------------


def test_what_is_kept_is_not_done_again_and_more_can_be_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "cutoffs.json"
    first = ei.simulated_cutoffs(ladder(), reps=FEW, cache=kept, processes=1)
    assert not kept.with_name("cutoffs.json.part").exists()
    done = []
    ei.simulated_cutoffs(
        ladder(), reps=FEW + 20, cache=kept, processes=1, progress=lambda a, b: done.append((a, b))
    )  # fmt: skip
    assert done[-1] == (5 * 20, 5 * 20)  # twenty more of each of three rungs and two planted ones
    monkeypatch.setattr(simulated.Step, "changes", lambda *_: pytest.fail("it was done again"))
    again = ei.simulated_cutoffs(ladder(), reps=FEW, cache=kept, processes=1)
    assert again.table.equals(first.table)


def test_a_file_of_other_answers_is_refused(tmp_path: Path) -> None:
    kept = tmp_path / "cutoffs.json"
    ei.simulated_cutoffs(ladder(), reps=FEW, cache=kept, processes=1)
    before = kept.read_text()
    other = ei.invariance(frame(seed=5), MODEL, group="group")
    with pytest.raises(ModelError, match="simulations of other answers") as refused:
        ei.simulated_cutoffs(other, reps=FEW, cache=kept)
    assert [p.code for p in refused.value.problems] == ["cutoffs.other_cache"]
    with pytest.raises(ModelError, match="other planted difference and seed"):
        ei.simulated_cutoffs(ladder(), reps=FEW, cache=kept, seed=2, intercept=0.3)
    assert kept.read_text() == before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": {}}', '{"key": 3, "rows": {}}'])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    kept = tmp_path / "cutoffs.json"
    kept.write_text(text)
    with pytest.raises(ModelError, match="no file of simulated cut-offs") as refused:
        ei.simulated_cutoffs(ladder(), reps=FEW, cache=kept)
    assert len(refused.value.problems) == 1
    assert kept.read_text() == text


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="could not be kept"):
        ei.simulated_cutoffs(ladder(), reps=FEW, cache=tmp_path / "no" / "c.json", processes=1)


# -- what is refused ------------------------------------------------------------------------------


def codes(refused: pytest.ExceptionInfo[ModelError]) -> list[str]:
    return [p.code for p in refused.value.problems]


def test_everything_that_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(ModelError) as refused:
        ei.simulated_cutoffs(
            ladder(), reps=5, index="tli", alpha=0.7, intercept=-1.0, item="zebra"
        )  # fmt: skip
    assert codes(refused) == [
        "cutoffs.alpha", "cutoffs.few_reps", "model.not_available", "cutoffs.size",
        "cutoffs.unknown_item",
    ]  # fmt: skip
    assert "reps is 5" in str(refused.value)
    assert "at least 100" in str(refused.value)


def test_a_small_error_rate_needs_more_replications(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(ModelError, match="at least 500"):
        ei.simulated_cutoffs(ladder(), reps=100, alpha=0.01)


def test_replications_that_all_fail_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated.Step, "changes", lambda *_: None)
    with pytest.raises(ModelError, match="20 of 20 replications") as refused:
        ei.simulated_cutoffs(ladder(), reps=FEW, processes=1)
    assert set(codes(refused)) == {"cutoffs.all_failed"}


def test_replications_that_fail_are_counted_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = simulated.Step.changes

    def some(step: simulated.Step, rng: np.random.Generator) -> object:
        return None if rng.random() < 0.2 else whole(step, rng)

    monkeypatch.setattr(simulated.Step, "changes", some)
    found = ei.simulated_cutoffs(ladder(), reps=FEW, processes=1)
    assert found.failed > 0
    assert found.failed >= found.table["failed"].sum() > 0
    assert f"{found.failed} replications came to no estimate" in repr(found)
    assert np.isfinite(found.table["cutoff"]).all()


def test_a_rule_for_another_ladder_is_refused() -> None:
    other = frame().assign(group=lambda d: d["group"].map({"x": "one", "y": "two"}))
    with pytest.raises(ModelError, match="made for other groups: x and y, not one and two"):
        ei.invariance(other, MODEL, group="group", rule=cutoffs())
    with pytest.raises(ModelError) as refused:
        ei.invariance(frame(n=200), MODEL.replace(" + b4", ""), group="group", rule=cutoffs(),
                      estimator="ML")  # fmt: skip
    assert codes(refused) == ["cutoffs.other_n", "cutoffs.other_items", "cutoffs.other_estimator"]
    with pytest.raises(ModelError) as refused:
        ei.invariance(frame(), MODEL, group="group", ordered=True, rule=cutoffs())
    assert "cutoffs.other_levels" in codes(refused)


def test_a_ladder_of_one_level_has_none() -> None:
    whole = ladder()
    route = replace(whole.route, steps=whole.route.steps[:1])
    short = replace(whole, plan=replace(whole.plan, route=route))
    with pytest.raises(ModelError, match="one level only"):
        ei.simulated_cutoffs(short)


# -- replications ---------------------------------------------------------------------------------


class Drawn:
    """A task that gives one random number."""

    width = 1

    def __call__(self, name: str, rng: np.random.Generator) -> tuple[float, ...]:
        return (float(rng.random()),)


def test_each_replication_has_numbers_of_its_own() -> None:
    work = replications.Work(3, processes=1)
    few = replications.replicate(Drawn(), {"a": 30, "b": 30}, work)
    more = replications.replicate(Drawn(), {"b": 50}, work)
    assert (few["b"][:30] == more["b"][:30]).all()
    assert len(np.unique(np.concatenate([few["a"], few["b"]]))) == 60


UNGUARDED = """
import employer_identity as ei
truth = ei.Truth("age", {"old": 0.5, "young": 0.5})
survey = ei.simulate_survey(300, preset="idealised", seed=3, truth=truth)
print("begun")
ladder = ei.invariance(survey, group="age", estimator="ML", missing="listwise")
print(ei.simulated_cutoffs(ladder, reps=100, loading=0, intercept=0, processes=2).reps)
"""


@pytest.mark.slow
def test_a_script_that_guards_nothing_is_run_once_with_several_processes(tmp_path: Path) -> None:
    script = tmp_path / "study.py"
    script.write_text(UNGUARDED)
    there = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=120, env=there
    )
    assert run.stderr == ""
    assert run.stdout.split() == ["begun", "100"]


def test_what_is_no_number_came_to_nothing(tmp_path: Path) -> None:
    class Odd(Drawn):
        def __call__(self, name: str, rng: np.random.Generator) -> tuple[float, ...]:
            return (np.inf if rng.random() < 0.5 else 1.0,)

    path = tmp_path / "kept.json"
    found = replications.replicate(Odd(), {"a": 40}, replications.Work(1, 1, None, path))
    assert set(np.unique(found["a"][~np.isnan(found["a"])])) == {1.0}
    assert np.isnan(found["a"]).any()
    assert None in json.loads(path.read_text())["rows"]["a"].values()


def test_refits_of_the_survey_itself_are_the_survey_s() -> None:
    fit = ladder()["metric"]
    again = Refit.of(fit).to((fit.moments, fit.evidence))
    assert again is not None
    assert again.chisq == pytest.approx(fit.chisq, rel=1e-10)


def test_in_a_notebook_the_line_renews_itself_and_clears_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from IPython import display

    told: list[tuple[str, str]] = []
    for way in ("display", "update"):
        monkeypatch.setattr(
            display.DisplayHandle,
            way,
            lambda _, data, way=way, **__: told.append((way, data["text/plain"])),
        )
    monkeypatch.setattr(display, "clear_output", lambda **_: pytest.fail("cleared the cell"))
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr(replications, "PATIENCE", 0.0)
    tell = replications._line()
    for done in (1, 2, 3):
        tell(done, 3)
    assert [way for way, _ in told] == ["display", "update", "update"]
    assert told[-1][1] == ""
    assert "2" in told[1][1]
