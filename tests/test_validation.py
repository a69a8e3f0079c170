"""The simulation studies run, resume and can be had again; the page says what is stored."""

import importlib
import inspect
import json
import math
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.checks import Estimator, Missing
from employer_identity.measurement import normal

ROOT = Path(__file__).parents[1]
ROOMS = ("running", "intervals", "population", "ceiling", "crossed", "missing", "planted", "page",
         "studies", "pathways", "brand_truth", "brand", "tables", "planted_tables", "brand_tables",
         "lavaan", "ordered", "planted_ordered", "ordered_tables", "anonymity", "alignment",
         "alignment_tables", "cutoffs", "cutoffs_tables", "reference", "reference_contrasts",
         "reference_tables", "__main__")  # fmt: skip
# Stored with six digits; another BLAS or processor moves an estimate at the search's tolerance.
AGAIN = 1e-4


@pytest.fixture(scope="module")
def studies() -> Iterator[SimpleNamespace]:
    """Import the studies, which are no part of the package."""
    sys.path.insert(0, str(ROOT))
    rooms = {name.strip("_"): importlib.import_module(f"validation.{name}") for name in ROOMS}
    yield SimpleNamespace(**rooms)
    sys.path.remove(str(ROOT))


def cells(studies: SimpleNamespace, *names: str) -> list:
    return [cell for name in names for cell in studies.studies.STUDIES[name]]


def test_a_rerun_does_only_what_is_missing(
    studies: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = studies.crossed.CELLS[0]
    studies.running.run([cell], 1, tmp_path, processes=1)
    path = tmp_path / f"{cell.name}.json"
    first = json.loads(path.read_text())
    first["rows"]["0"][0] = 0.125  # to be recognised: it must not be done again
    path.write_text(json.dumps(first))
    studies.running.run([cell], 2, tmp_path, processes=1)
    rows = studies.running.stored(cell, tmp_path)
    assert sorted(rows) == [0, 1]
    assert rows[0]["scalar.p"] == 0.125
    assert rows[1] == studies.running.one(cell, 1)
    capsys.readouterr()
    studies.running.run([cell], 2, tmp_path, processes=1)
    assert capsys.readouterr().err == ""


def test_another_design_begins_anew(studies: SimpleNamespace, tmp_path: Path) -> None:
    cell = studies.ceiling.CELLS[0]
    studies.running.store(cell, {0: {"p": 0.5}, 1: {}}, tmp_path)
    assert studies.running.stored(cell, tmp_path) == {0: {"p": 0.5}, 1: {}}
    other = studies.running.Cell(cell.name, studies.ceiling.Two(301), cell.replicate, 1)
    assert studies.running.stored(other, tmp_path) == {}


def test_what_came_to_no_estimate_is_counted(studies: SimpleNamespace, tmp_path: Path) -> None:
    cell = studies.ceiling.CELLS[0]
    studies.running.store(cell, {0: {"p": 0.5}, 1: {}, 2: {"p": math.nan}}, tmp_path)
    frame = studies.running.results(cell, tmp_path)
    assert studies.tables.counted(frame) == "3 replications, 2 without an estimate"


@pytest.mark.slow
def test_stored_replications_can_be_had_again(studies: SimpleNamespace) -> None:
    for cell in cells(
        studies, "ceiling", "crossed", "missing", "planted", "pathways", "brand", "ordered",
        "planted_ordered", "anonymity", "alignment", "cutoffs",
    ):  # fmt: skip
        stored, again = studies.running.stored(cell)[0], studies.running.one(cell, 0)
        assert stored.keys() == again.keys()
        assert list(again.values()) == pytest.approx(list(stored.values()), rel=AGAIN), cell.name


def test_the_page_is_what_the_stored_replications_say(studies: SimpleNamespace) -> None:
    assert (ROOT / "docs" / "validation.md").read_text(encoding="utf-8") == studies.page.page()


def test_every_stored_call_of_lavaan_is_on_the_page(studies: SimpleNamespace) -> None:
    found = studies.reference_tables.stored()
    assert all(row["agrees"] for row in (*found["fits"], *found["tests"]))
    named = {(row["family"], row["name"]) for row in found["fits"]}
    assert named == {(case.family, case.name) for case in studies.reference.cases()}
    assert len(named) > 200
    listed = (ROOT / "docs" / "beside_lavaan.md").read_text(encoding="utf-8")
    assert listed == studies.page.listed()


def test_every_option_is_in_a_call_of_lavaan(studies: SimpleNamespace) -> None:
    calls = [case.call for case in studies.reference.cases()]
    used = {option for call in calls for option in call}
    lavaan_has_none = {"collapse"}
    assert set(inspect.signature(ei.cfa).parameters) - used == lavaan_has_none
    chosen = {(option, call[option]) for call in calls for option in ("estimator", "missing")
              if option in call}  # fmt: skip
    assert {value for option, value in chosen if option == "estimator"} == set(get_args(Estimator))
    assert {value for option, value in chosen if option == "missing"} == set(get_args(Missing))


def test_a_wrong_sign_in_the_scores_is_told(
    studies: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard errors by MLR rest on each respondent's score; estimates do not."""
    case = next(c for c in studies.reference.cases() if c.name == "mlr_fiml_site_scalar")
    assert studies.reference.beside(case).agrees
    right = normal.scores

    def wrong(patterns, at, answers, block, mu):
        found = right(patterns, at, answers, block, mu)
        return found * np.where(np.arange(found.shape[1]) < answers.shape[1], -1.0, 1.0)

    monkeypatch.setattr(normal, "scores", wrong)
    found = studies.reference.beside(case)
    assert not found.agrees
    assert found.apart["est"] < 1e-6 < found.apart["se"]


def test_cut_answers_have_the_moments_that_are_taken_for_true(studies: SimpleNamespace) -> None:
    shift, shares = (-0.3, 0.0, -0.15, 0.2), studies.population.HEAPED
    rng = np.random.default_rng(20240521)
    drawn = studies.population.draw_group(200_000, shift, rng)
    answers = studies.population.cut(drawn, shares)
    mean, covariance = studies.population.exact_moments(shift, shares)
    # five standard errors of a mean (SD 1.5) and of a variance (2.3, excess kurtosis 1.5)
    assert np.abs(answers.mean(axis=0) - mean).max() < 5 * 1.5 / np.sqrt(200_000)
    assert np.abs(np.cov(answers.T) - covariance).max() < 5 * 2.3 * 2 / np.sqrt(200_000)


def test_pathways_are_drawn_as_their_truth_says(studies: SimpleNamespace) -> None:
    room = studies.pathways
    design = room.Study(4000, 50, studies.population.HEAPED)
    frame = room.draw(design, np.random.default_rng(20240521)).drop(columns="employer")
    zero = np.zeros(frame.shape[1])
    _, covariance = studies.population.cut_moments(zero, room.correlation(), design.shares)
    # five standard errors; with a tenth between 4,000 employers of 50 the design effect is about 6
    assert np.abs(frame.cov() - covariance).max(axis=None) < 5 * 2.3 * 2 * np.sqrt(6 / len(frame))


def test_the_model_is_true_of_heaped_answers_for_practical_purposes(
    studies: SimpleNamespace,
) -> None:
    for design in (cell.design for cell in studies.ceiling.CELLS if cell.design.shares):
        off = studies.population.misfit(design.shift, design.shares, "scalar", 2000)
        assert 0.0 < off < 0.5


def test_answers_are_missing_at_random(studies: SimpleNamespace) -> None:
    cell = studies.missing.CELLS[0]
    frame = studies.missing.pierced(cell.design, cell.generator(0))
    earlier = [f"{short}{k}" for short in studies.missing.LATER.values() for k in range(1, 5)]
    assert frame[earlier].notna().all(axis=None)  # what holes depend on is always there
    skipped = frame["ent1"].isna()
    of_pro = frame[[f"pro{k}" for k in range(1, 5)]].mean(axis=1)
    assert of_pro[skipped].mean() < of_pro[~skipped].mean() - 0.5


def test_what_is_planted_is_in_the_answers_and_nothing_else(studies: SimpleNamespace) -> None:
    planted, n = studies.planted, 60_000
    rng = np.random.default_rng(20240601)
    frame = planted.draw(planted.Groups(2, n, "imp3"), rng)
    fit = planted.ei.cfa(
        frame, studies.population.MODEL, group="group", equal=("loadings", "intercepts"),
        std_lv=True, free=["adv2~1", "ent3~1", "imp3~1", "impresarioship=~imp3"], estimator="ML",
    )  # fmt: skip
    assert fit.fit_measures["pvalue"] > 0.001  # the model with these three freed is true
    e = fit.estimates[fit.estimates["group"] == "b"].set_index(["lhs", "op", "rhs"])["est"]
    of = {("adv2", "~1", ""): -0.5, ("ent3", "~1", ""): -0.5, ("imp3", "~1", ""): 0.0,
          ("impresarioship", "=~", "imp3"): 0.6, ("imp3", "~~", "imp3"): 0.36}  # fmt: skip
    of |= {(f, "~1", ""): g for f, g in zip(studies.population.PILLARS, planted.SHIFT, strict=True)}
    for key, value in of.items():
        assert e[key] == pytest.approx(value, abs=5 / np.sqrt(n)), key


def test_an_error_rate_is_the_share_beyond_the_other_draws_quantile(
    studies: SimpleNamespace,
) -> None:
    drawn = np.arange(1, 201) / 1000
    frame = pd.DataFrame({"clean.rmsea.metric": drawn + 0.01, "drawn.rmsea.metric": drawn})
    cutoff, found = studies.cutoffs_tables.rate(frame, "rmsea", "metric")
    assert 0.190 < cutoff < 0.191
    assert found.value == 0.1  # twenty of 200 lie beyond
    assert found.low < 0.1 < found.high
    frame.loc[0, "drawn.rmsea.metric"] = np.nan  # a replication that failed is in neither
    assert studies.cutoffs_tables.rate(frame, "rmsea", "metric")[1].value == pytest.approx(20 / 199)


def test_only_what_is_equal_is_set_aside_falsely(studies: SimpleNamespace) -> None:
    planted, constraint = studies.planted, studies.planted.Constraint
    design, clean = planted.Groups(4, 300, "imp3"), planted.Groups(4, 300)
    told = {
        (("adv2", "~1", ""), "b"): False,
        (("adv2", "~1", ""), "c"): True,  # another group's
        (("adv1", "~1", ""), "b"): True,
        (("imp3", "~1", ""), "b"): False,  # of the item whose loading differs
        (("impresarioship", "=~", "imp3"), "b"): False,
        (("impresarioship", "=~", "imp2"), "b"): True,
    }
    for (key, group), false in told.items():
        assert planted._false(design, constraint(key, group)) is false
        assert planted._false(clean, constraint(key, group))


def test_what_is_claimed_of_planted_differences_is_stored(studies: SimpleNamespace) -> None:
    planted, tables = studies.planted, studies.planted_tables
    folder = studies.running.RESULTS
    for cell in planted.PLANTED_CELLS:
        frame = tables.frame_of(cell, folder)
        assert len(frame) >= 400
        assert tables.both_intercepts(frame).value >= 0.95
        least = {300: 0.50, 1000: 0.90}[cell.design.n]
        assert tables.the_loading(frame, cell.design).value >= least
        for short in ("adv", "ent"):
            full, after = (frame[f"{model}.{short}"].mean() for model in ("full", "after"))
            assert abs(after) < 0.03 < abs(full)


def test_what_is_said_of_errors_where_nothing_differs_is_stored(studies: SimpleNamespace) -> None:
    """Each rung keeps its level over all cells; half of it keeps both rungs, but for one cell."""
    planted, tables = studies.planted, studies.planted_tables
    above = []
    for several in (planted.CLEAN_CELLS, planted.HEAPED_CELLS):
        frames = {cell.name: tables.frame_of(cell, studies.running.RESULTS) for cell in several}
        assert min(len(frame) for frame in frames.values()) >= 400
        together = pd.concat(list(frames.values()))
        for kind in ("loading", "intercept"):
            rate = tables.falsely(together, kind)
            assert rate.low <= 0.05
            assert rate.high <= 0.08
        either = tables.falsely(together, "loading", "intercept")
        assert either.high <= 0.08
        half = {
            name: tables.first_found(f, 0.025, "metric", "scalar") for name, f in frames.items()
        }
        above += [name for name, found in half.items() if found.mean() > 0.05]
    assert above == ["clean-ceiling-12-300"]


def test_what_is_planted_in_ordered_answers_is_there_and_nothing_else(
    studies: SimpleNamespace,
) -> None:
    room, n = studies.planted_ordered, 60_000
    frame = room.draw(room.Categories(2, n, True), np.random.default_rng(20240601))
    fit = room.ei.cfa(
        frame, studies.population.MODEL, group="group", ordered=True, std_lv=True,
        equal=("thresholds", "loadings", "intercepts"),
        free=["adv2~1@b", "ent2|t6@b", "impresarioship=~imp3@b"],
    )  # fmt: skip
    assert fit.reported["pvalue"] > 0.001  # the model with these three freed is true
    e = fit.estimates.set_index(["lhs", "op", "rhs", "group"])["est"]
    of = {("adv2", "~1", "", "b"): -0.5, ("impresarioship", "=~", "imp3", "b"): 0.6,
          ("ent2", "|", "t6", "a"): 0.0, ("ent2", "|", "t6", "b"): 0.5}  # fmt: skip
    shift = studies.planted.shifts(2)[1]
    of |= {(f, "~1", "", "b"): g for f, g in zip(studies.population.PILLARS, shift, strict=True)}
    for key, value in of.items():
        assert e[key] == pytest.approx(value, abs=7 / np.sqrt(n)), key  # categories tell less


def test_lavaan_says_the_same_of_ordered_draws(studies: SimpleNamespace) -> None:
    for cell in studies.ordered.BESIDE:
        frame = studies.running.results(cell).dropna(how="all")
        assert len(frame) >= 100
        # lavaan stops at its own gradient tolerance, which p values magnify
        assert frame.filter(like=".apart").max().max() < 1e-3
        for column in frame.filter(like=".lavaan"):
            mine = column.removesuffix(".lavaan")
            assert (frame[column] - frame[mine]).abs().max() < 1e-4, column


def test_what_is_claimed_of_ordered_answers_is_stored(studies: SimpleNamespace) -> None:
    tables, room = studies.ordered_tables, studies.ordered
    frame = studies.running.results(room.CELLS[1])
    assert len(frame) >= 400
    for name, column, band, estimate in tables.KINDS:
        assert band.holds(estimate(frame, column)) != "**no**", name


def test_what_is_said_of_planted_ordered_differences_is_stored(studies: SimpleNamespace) -> None:
    """All that was claimed but the loading, which the shared level makes rarer than by numbers."""
    room, tables = studies.planted_ordered, studies.ordered_tables
    share, results = studies.intervals.share, studies.running.results
    for cell in room.PLANTED_CELLS:
        frame = results(cell).dropna(how="all")
        assert len(frame) >= 150
        assert frame["freed.adv2"].mean() >= 0.95
        ordered, numbers = (
            share(own["freed.=~imp3"] == 1) for own in tables._taken(frame).values()
        )
        assert ordered.value < numbers.value < {300: 0.5, 1000: 0.9}[cell.design.n]
    for cell in room.CLEAN_CELLS:
        clean = results(cell).dropna(how="all")
        assert len(clean) >= 200
        assert studies.planted_tables.is_rare(tables.falsely(clean, *tables.ALL))


def test_a_merged_draw_is_what_the_package_would_fit(studies: SimpleNamespace) -> None:
    room = studies.ordered
    cell = room.CELLS[0]
    frame = room.draw(cell.design, cell.generator(0))
    assert frame.groupby("group").agg(lambda x: x.value_counts().min()).min(axis=None) >= 5
    fit = room.ei.cfa(frame, cell.design.model, group="group", ordered=True, std_lv=True)
    assert "ordered.merged_in_group" not in {note.code for note in fit.notes}
    assert len(np.unique(frame["pro1"])) < 7  # 1 % of 300 are three


@pytest.mark.slow
def test_the_public_answers_as_its_truth_says(studies: SimpleNamespace) -> None:
    """In a public of 20,000 all lies within four of its own standard errors of what is true."""
    brand, true = studies.brand, studies.brand_truth
    study = brand.own_study("sample")
    many = replace(study.design, outsiders=20_000)
    rng = np.random.default_rng(20240703)
    outsiders = brand.draw_outsiders(rng, many, study.employers, study.image)
    panel = brand.panel_of(replace(study, outsiders=outsiders))
    seen = true.shown(study.image, study.design.shown) * study.image.awareness
    rated = seen / seen.sum()
    table = brand.ei.drivers(panel).table.set_index("driver")
    views = {"ideal": true.ideal(), "own": true.own(), "market": true.market(study.image, rated)}
    for view, value in views.items():
        se = (table[f"{view}_upper"] - table[view]) / 1.96
        assert ((table[view] - value[table.index]) / se).abs().max() < 4, view
    derived = brand.ei.derived_importance(panel, resamples=100).set_index("driver")
    se = (derived["weight_upper"] - derived["weight_lower"]) / 3.92
    apart = derived["weight"] - true.derived(study.image, rated)[derived.index]
    assert (apart / se).abs().max() < 4
    reasons = brand.ei.reasons(panel)
    of = [(reasons, true.reasons()[reasons["question"]])]
    for found, value in ((brand.ei.switching(panel, "generation"), true.switching()),
                         (brand.ei.belonging(panel, "generation"), true.belonging())):  # fmt: skip
        of.append((found, value.loc[pd.MultiIndex.from_frame(found[["question", "group"]])]))
    for found, value in of:
        se = (found["ci_upper"] - found["ci_lower"]) / 3.92
        assert ((found["share"] - value.to_numpy()) / se).abs().max() < 4
    mean, _, high = brand.months_to_belong(panel)
    assert abs(mean - true.months()) < 4 * (high - mean) / 1.96


def test_employees_score_as_their_truth_says(studies: SimpleNamespace) -> None:
    brand, true = studies.brand, studies.brand_truth
    study = brand.own_study("sample")
    wave = replace(study.design.waves[-1], insiders=40_000)
    many = replace(study.design, waves=(wave,))
    rng = np.random.default_rng(20240704)
    insiders = brand.draw_insiders(rng, many, study.employers, study.pillars)
    survey = brand.ei.load_survey(insiders.answers, instrument=brand.questionnaire())
    found = brand.ei.shrunken_scores(survey)
    large = found[found["n"] >= brand.SMALL]
    values = pd.DataFrame(true.scores(study.design, study.pillars), study.employers.names,
                          list(brand.PILLARS)).stack()  # fmt: skip
    value = values.loc[pd.MultiIndex.from_frame(large[["employer", "pillar"]])].to_numpy()
    z = (large["mean"] - value) * np.sqrt(large["n_eff"]) / large["sd_people"]
    # 232 means of correlated pillars
    assert z.abs().max() < 4.5
    assert abs(z.mean()) < 0.3
    assert 0.8 < z.std() < 1.2


def test_ranks_and_orders_are_held_against_the_true_ones(studies: SimpleNamespace) -> None:
    brand = studies.brand
    value = pd.Series([0.9, 0.5, 0.5, 0.1])
    frame = pd.DataFrame({"r_lower": [1, 2, 3, 3], "r_upper": [1, 2, 4, 3]})
    # the two in the middle tie for the second and third place
    assert brand.holds_rank(frame, "r", value).tolist() == [True, True, True, False]
    assert brand.in_order(value, pd.Series([1, 1, 2, 3])) == 1.0
    assert brand.in_order(value, pd.Series([1, 2, 3, 3])) == 0.5  # a tie is not in order
    assert np.isnan(brand.in_order(value, pd.Series([1, 1, 1, 1])))


def test_what_is_said_of_whole_studies_is_stored(studies: SimpleNamespace) -> None:
    """With new employers every claim holds; with the same ones all but the order of bands."""
    tables, results = studies.brand_tables, studies.running.results
    new, same = results(tables.NEW), results(tables.SAME)
    assert len(new) >= 400
    assert len(same) >= 200
    for frame, missed in ((new, []), (same, ["bands.right"])):
        of = {name: band for _, name, band in tables.SAID if name in frame}
        judged = {name: band.holds(tables.estimate(frame, name)) for name, band in of.items()}
        assert [name for name, said in judged.items() if said == "**no**"] == missed
    for frame in (new, same):  # what is drawn in is held on average, not where it lies far out
        assert frame["scores.far"].mean() < 0.93 < 0.96 < frame["scores.near"].mean()
    assert 0.75 < (new["scores.error"] / new["scores.error.mean"]).mean() < 0.85
    scores = tables.by_employer(same, "scores").sort_values()
    assert list(scores.index[:3]) == ["scores.59", "scores.23", "scores.8"]
    assert scores.iloc[0] < 0.7 < 0.85 < scores.iloc[1]
    assert tables.by_employer(same, "relative").min() > 0.9
    assert tables.chance_worst(60, len(same)) == pytest.approx(0.91, abs=0.005)


def test_intervals_of_known_replications(studies: SimpleNamespace) -> None:
    found = studies.intervals.share(pd.Series([True] * 5 + [False] * 95))
    # Wilson's interval of 5 in 100, worked by hand from its formula
    assert [found.value, found.low, found.high] == pytest.approx([0.05, 0.0215, 0.1118], abs=1e-4)
    middle = studies.intervals.mean(pd.Series([1.0, 2.0, 3.0, math.nan]))
    half = 1.95996 / 3**0.5
    assert [middle.low, middle.high] == pytest.approx([2 - half, 2 + half], abs=1e-5)
    rng = np.random.default_rng(1)
    ratio = studies.intervals.se_over_sd(
        pd.DataFrame(rng.normal(size=(400, 3))), pd.DataFrame(np.full((400, 3), 1.2))
    )
    assert ratio.low < 1.2 < ratio.high
    assert ratio.value == pytest.approx(1.2, abs=0.1)


@pytest.mark.parametrize(
    ("low", "value", "high", "said"),
    [(0.04, 0.05, 0.06, "yes"), (0.02, 0.04, 0.06, "yes, near"), (0.07, 0.09, 0.11, "**no**")],
)
def test_a_band_is_not_stretched(
    studies: SimpleNamespace, low: float, value: float, high: float, said: str
) -> None:
    assert studies.tables.REJECTS.holds(studies.intervals.Estimate(value, low, high)) == said


@pytest.mark.slow
def test_every_study_runs_and_the_page_is_made_of_them(
    studies: SimpleNamespace, tmp_path: Path
) -> None:
    folder = tmp_path / "validation"
    folder.mkdir()
    stored = studies.running.RESULTS
    # lavaan's are made with R, which no test needs; the limit takes a very large sample
    for path in (*stored.glob("lavaan-*.json"), *stored.glob("limit*.json")):
        shutil.copy(path, folder)
    for name in ("ceiling", "crossed", "missing", "planted", "pathways", "brand", "ordered",
                 "planted_ordered", "anonymity", "alignment", "cutoffs"):  # fmt: skip
        assert not (tmp_path / "validation.md").exists()
        arguments = ["--study", name, "--replications", "2", "--results", str(folder)]
        assert studies.main.main(arguments) == 0
    page = (tmp_path / "validation.md").read_text(encoding="utf-8")
    assert "<!-- table" not in page
    assert page.count("2 replications") == 22
