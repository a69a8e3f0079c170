"""How many people a study needs, and dynamic cut-offs of one group's model."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.special import chdtri, chndtr, ndtr

import employer_identity as ei
from employer_identity import dynamic, planned_surveys, planning
from employer_identity.criteria import NoSignificantDifference
from employer_identity.errors import ModelError
from employer_identity.measurement.departures import residual_correlations, second_loading
from employer_identity.replications import Work, replicate
from employer_identity.simulate import ItemShift

FEW = 20  # replications: enough to see that all hangs together, and quickly done
PILLARS = {"one": (0.7, 0.75, 0.8), "two": (0.7, 0.8, 0.75)}


@pytest.fixture(autouse=True)
def _few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "LEAST", FEW)
    monkeypatch.setattr(dynamic, "LEAST", FEW)


def codes(refused: pytest.ExceptionInfo[ModelError]) -> list[str]:
    return [p.code for p in refused.value.problems]


# -- how many people ------------------------------------------------------------------------------


@cache
def study(shares: tuple[float, ...] = (), **how: object) -> planned_surveys.PlannedSurveys:
    about = {"groups": 2, "defect": "intercept", "size": 0.4, "rule": NoSignificantDifference()}
    about |= how
    phi = np.array([[1.0, 0.5], [0.5, 1.0]])
    return planned_surveys.planned_surveys(PILLARS, phi, shares, **about)  # type: ignore[arg-type]


def test_the_models_of_a_plan_are_true_of_what_it_is_drawn_from() -> None:
    for shares in ((), (0.05, 0.15, 0.3, 0.5)):
        made = study(shares)
        for refit in (made.strict, made.below):
            # of exact moments; cut answers bend the line a little, and its fit is what is drawn
            assert refit.fit.chisq / refit.fit.ntotal < (1e-4 if shares else 1e-10)
        assert made.level == "scalar"
        assert made.defect.group == "2"
        assert (made.scale.cut == bool(shares)).all()


def test_the_defect_is_of_the_size_that_was_asked_for() -> None:
    from employer_identity.measurement.categorised import moments

    made = study((0.05, 0.15, 0.3, 0.5))
    R = made.root @ made.root.transpose(0, 2, 1)
    mean, covariance = moments(made.scale, made.mean, made.sd, R)
    i = made.strict.fit.items.index(made.defect.item)
    apart = (mean[1] - mean[0]) / np.sqrt(np.diag(covariance[0]))
    expected = np.where(np.arange(len(apart)) == i, -0.4, 0.0)
    assert apart == pytest.approx(expected, abs=1e-9)
    assert covariance[1] == pytest.approx(covariance[0], abs=1e-9)


@pytest.mark.slow
def test_power_of_the_difference_test_is_what_theory_says() -> None:
    made = study()
    each, df = made.per_person
    n, reps = 120, 300
    seen = np.nanmean(replicate(made, {str(n): reps}, Work(4, processes=1))[str(n)])
    theory = 1 - chndtr(chdtri(df, 0.05), df, 2 * n * each)
    # three standard errors, and a little for the size of the sample
    assert seen == pytest.approx(theory, abs=3 * np.sqrt(theory * (1 - theory) / reps) + 0.03)
    assert 0.2 < theory < 0.95


def test_the_curve_is_laid_through_the_shares() -> None:
    n = (50, 100, 200, 400, 800)
    rng = np.random.default_rng(7)
    seen = {k: (rng.random(2000) < ndtr(-1.5 + 0.15 * np.sqrt(k))).astype(float) for k in n}
    truth = ((0.8416 + 1.5) / 0.15) ** 2
    assert planning.reached(seen, 0.8) == pytest.approx(truth, abs=25)
    assert planning.reached(seen, 0.8) % 10 == 0
    assert planning.reached({k: np.zeros(200) for k in n}, 0.8) is None
    seen[50] = np.full(200, np.nan)  # of nothing
    assert planning.reached(seen, 0.8) == pytest.approx(truth, abs=25)


def test_a_plan_tells_people_and_power() -> None:
    found = ei.plan(PILLARS, size=0.6, n=[60], reps=FEW, processes=1)
    table = found.table.set_index("n")
    assert found.needed in table.index
    assert 60 in table.index
    assert ((table["lower"] <= table["power"]) & (table["power"] <= table["upper"])).all()
    assert (table["total"] == 2 * table.index).all()
    assert table["power"].iloc[-1] > table["power"].iloc[0]
    assert f"{found.needed} people in each of 2 groups" in repr(found)
    again = ei.plan(PILLARS, size=0.6, n=60, reps=FEW, processes=1)
    assert again.table.equals(found.table)


def test_what_is_too_small_to_matter_is_never_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST", 200)
    found = ei.plan(PILLARS, size=0.01, reps=FEW, processes=1)
    assert found.needed is None
    assert "is not seen in 80% of studies with up to 200 people" in repr(found)


def test_everything_that_cannot_be_planned_is_told_at_once() -> None:
    with pytest.raises(ModelError) as refused:
        ei.plan({"one": [0.7], "t w": [1.2, 0.5]}, correlation=1.0, shares=[0.5, 0.6],
                defect="threshold", size=0.0, power=1.0, n=[2], reps=5)  # fmt: skip
    assert codes(refused) == [
        "cutoffs.plan_loadings", "cutoffs.plan_loadings", "cutoffs.plan_correlation",
        "cutoffs.plan_shares", "model.not_available", "cutoffs.plan_size", "cutoffs.plan_power",
        "cutoffs.plan_n", "cutoffs.few_reps",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "matrix", [[[1.0, 0.5]], [[1, 0.2], [0.3, 1]], [[1, 2.0], [2.0, 1]], [[2, 0], [0, 1]]]
)
def test_a_matrix_must_be_one_of_correlations(matrix: list[list[float]]) -> None:
    with pytest.raises(ModelError) as refused:
        ei.plan(PILLARS, correlation=matrix, reps=FEW)
    assert codes(refused) == ["cutoffs.plan_correlation"]


def test_a_rule_that_does_not_exist_is_told_the_nearest() -> None:
    with pytest.raises(ModelError, match="localised"):
        ei.plan(PILLARS, rule="localized")  # type: ignore[arg-type]


# -- dynamic cut-offs -----------------------------------------------------------------------------


@cache
def survey() -> ei.Survey:
    return ei.simulate_survey(500, preset="idealised", seed=3)


@cache
def found() -> object:
    return ei.dynamic_cutoffs(ei.cfa(survey()), reps=FEW, processes=1)


def test_there_are_as_many_levels_as_factors_but_one() -> None:
    table = found().table
    assert list(table["level"]) == [1, 2, 3]
    assert table["omitted"].str.count("=~").tolist() == [1, 2, 3]
    assert found().observed["cfi"] == pytest.approx(ei.cfa(survey()).reported["cfi"])


def test_fit_is_the_worse_the_more_is_left_out() -> None:
    for place, better in enumerate((1, -1, -1)):
        middle = [better * np.median(drawn[:, place]) for drawn in found().drawn]
        assert middle == sorted(middle, reverse=True)


def test_a_cut_off_turns_down_what_it_says() -> None:
    made = found()
    for row, wrong in zip(made.table.to_dict("records"), made.drawn[1:], strict=True):
        for place, index in enumerate(("cfi", "rmsea", "srmr")):
            sign = -1.0 if index == "cfi" else 1.0
            cutoff = row[index]
            if np.isnan(cutoff):  # then nothing does both
                best = np.quantile(sign * wrong[:, place], 0.05, method="median_unbiased")
                assert (sign * made.drawn[0][:, place] > best).mean() > 0.05
                continue
            # of twenty surveys one is a twentieth
            assert (sign * wrong[:, place] > sign * cutoff).mean() >= 0.9
            assert (sign * made.drawn[0][:, place] > sign * cutoff).mean() <= 0.05


def test_a_level_may_have_none_and_says_so() -> None:
    short = "f =~ pro1 + pro2 + pro3\ng =~ adv1 + adv2 + adv3"
    few = survey().answers.head(60)
    made = ei.dynamic_cutoffs(ei.cfa(few, short), reps=FEW, processes=1)
    assert made.table["rmsea"].isna().any()
    assert "none" in repr(made)
    assert "cannot tell that fault from chance" in repr(made)


def test_one_factor_has_levels_of_residual_correlations() -> None:
    items = [f"pro{k}" for k in range(1, 5)] + [f"adv{k}" for k in range(1, 5)]
    fit = ei.cfa(survey(), "g =~ " + " + ".join(items))
    counts = [level.told.count("~~") for level in dynamic.omissions(fit)]
    assert counts == [1, 3, 4]
    four = ei.cfa(survey(), "g =~ " + " + ".join(items[:4]))
    assert [level.told.count("~~") for level in dynamic.omissions(four)] == [1, 2]
    implied, Theta = fit.implied, fit.implied.matrices["Theta"][0]
    moved = residual_correlations(implied, [(0, 1)], 0.3) - implied.Sigma[0]
    assert moved[0, 1] == pytest.approx(0.3 * np.sqrt(Theta[0, 0] * Theta[1, 1]))
    assert np.count_nonzero(moved) == 2


def test_a_second_loading_moves_what_it_should() -> None:
    fit = ei.cfa(survey(), std_lv=True)
    implied = fit.implied
    covariance, size = second_loading(implied, implied.Sigma[0], 0, 1)
    sd = np.sqrt(np.diag(implied.Sigma[0]))
    Lambda, Psi = implied.matrices["Lambda"][0].copy(), implied.Phi[0]
    own = Lambda[0, 0] / sd[0]
    Lambda[0, 1] = size * sd[0]
    expected = Lambda @ Psi @ Lambda.T
    off = ~np.eye(len(sd), dtype=bool)
    assert covariance[off] == pytest.approx(expected[off], abs=1e-12)
    assert np.diag(covariance) == pytest.approx(sd**2)
    assert 0 < size <= own
    assert own**2 + size**2 + 2 * own * size * Psi[0, 1] <= 0.95 + 1e-12


def test_the_same_seed_gives_the_same_cut_offs() -> None:
    again = ei.dynamic_cutoffs(ei.cfa(survey()), reps=FEW, processes=1)
    assert again.table.equals(found().table)


def test_what_has_no_dynamic_cut_offs_is_told() -> None:
    truth = ei.Truth("age", {"old": 0.5, "young": 0.5}, shifts=(ItemShift("young", "adv2", -0.5),))
    groups = ei.simulate_survey(600, preset="idealised", seed=3, truth=truth)
    with pytest.raises(ModelError) as refused:
        ei.dynamic_cutoffs(ei.cfa(groups, group="age"), reps=5)
    assert codes(refused) == ["cutoffs.few_reps", "cutoffs.dynamic_groups"]
    higher = ei.cfa(survey(), "f =~ pro1 + pro2 + pro3\nadv1 ~ f")
    with pytest.raises(ModelError) as refused:
        ei.dynamic_cutoffs(higher, reps=FEW)
    assert "cutoffs.dynamic_structure" in codes(refused)
    with pytest.raises(ModelError) as refused:
        ei.dynamic_cutoffs(ei.cfa(survey(), "f =~ pro1 + pro2 + pro3"), reps=FEW)
    assert codes(refused) == ["cutoffs.dynamic_saturated"]


def test_replications_that_all_fail_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamic.Indices, "__call__", lambda *_: None)
    with pytest.raises(ModelError, match="20 of 20 replications"):
        ei.dynamic_cutoffs(ei.cfa(survey()), reps=FEW, processes=1)
    monkeypatch.setattr(planned_surveys.PlannedSurveys, "__call__", lambda *_: None)
    with pytest.raises(ModelError, match="20 of 20 replications"):
        ei.plan(PILLARS, reps=FEW, processes=1)
