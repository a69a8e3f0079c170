"""Where a unit stands: against R's survey package, textbook formulas, and laws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from employer_identity import brand
from employer_identity.adjusting import holm
from employer_identity.simulate import simulate_survey
from employer_identity.standing import standing, standing_out
from employer_identity.survey import Survey

GOLDEN = Path(__file__).parent / "golden" / "standing"
SAME_FORMULA = 1e-12  # the same sums in another order; the files hold 15 digits
ROLES = {"employer": "employer", "sector": "sector"}
REFERENCES = ("sector", "whole")


@pytest.fixture(scope="module")
def golden() -> Survey:
    """The people that R was given, with two items for each of two pillars and one outcome."""
    base = simulate_survey(10)
    people = pd.read_csv(GOLDEN / "people.csv")
    names = ("pro1", "pro2", "adv1", "adv2")
    update = {
        "pillars": base.instrument.pillars[:2],
        "items": tuple(i for i in base.instrument.items if i.name in names),
        "outcomes": tuple(o for o in base.instrument.outcomes if o.name == "shared_identity"),
        "weight": "w",
    }
    units = {c: people[c].astype("category") for c in ROLES}
    instrument = base.instrument.model_copy(update=update | ROLES)
    return replace(base, answers=people.assign(**units), instrument=instrument)


@pytest.fixture(scope="module")
def plain() -> Survey:
    """Complete answers without weights, of twelve employers in three sectors."""
    rng = np.random.default_rng(8)
    survey = simulate_survey(400, seed=9)
    k = rng.integers(0, 12, survey.n)
    units = {"employer": [f"e{j:02d}" for j in k], "sector": [f"s{j % 3}" for j in k]}
    answers = survey.answers.assign(**{c: pd.Categorical(v) for c, v in units.items()})
    return replace(survey, answers=answers, instrument=survey.instrument.model_copy(update=ROLES))


@pytest.fixture(scope="module")
def holey(plain: Survey) -> Survey:
    """The same people with weights, some of them 0, and answers left out."""
    rng = np.random.default_rng(4)
    questions = [*plain.item_names, *plain.instrument.outcome_names]
    answers = plain.answers.assign(w=rng.uniform(0.3, 3, plain.n) * (rng.random(plain.n) > 0.03))
    answers[questions] = answers[questions].mask(rng.random((plain.n, len(questions))) < 0.1)
    instrument = plain.instrument.model_copy(update={"weight": "w"})
    return replace(plain, answers=answers, instrument=instrument)


def error(frame: pd.DataFrame, lower: str, upper: str) -> pd.Series[float]:
    """Take the standard error out of an interval."""
    return (frame[upper] - frame[lower]) / 2 / stats.t.ppf(0.975, frame["n"] - 1)


# --- R's survey package


def test_means_and_differences_are_those_of_the_survey_package(golden: Survey) -> None:
    expected = pd.read_csv(GOLDEN / "standing.csv")
    cases = expected.groupby(["unit", "reference"], sort=False)
    assert len(cases) == 10
    for (unit, reference), rows in cases:
        ours, theirs = standing(golden, "employer", unit), rows.set_index("name")
        ours = ours.set_index("name").loc[theirs.index]
        found = {
            "n": ours["n"],
            "mean": ours["mean"],
            "se": error(ours, "ci_lower", "ci_upper"),
            "sd": ours["sd"],
            "agree": ours["agree"],
            "reference_n": ours[f"{reference}_n"],
            "reference_mean": ours[f"{reference}_mean"],
            "reference_agree": ours[f"{reference}_agree"],
            "d": ours[f"d_{reference}"],
            "d_se": error(ours, f"d_{reference}_lower", f"d_{reference}_upper"),
            "pvalue": ours[f"d_{reference}_pvalue"],
        }
        for name, values in found.items():
            message = f"{unit}, {reference}, {name}"
            assert values.to_numpy() == pytest.approx(
                theirs[name].to_numpy(), rel=SAME_FORMULA, abs=SAME_FORMULA, nan_ok=True
            ), message


def test_the_golden_file_holds_what_differs_and_what_does_not() -> None:
    pvalues = pd.read_csv(GOLDEN / "standing.csv")["pvalue"]
    assert (pvalues < 0.001).any()
    assert (pvalues > 0.5).any()


# --- Textbook formulas, where they hold


def test_the_units_own_interval_is_that_of_a_mean_of_people(holey: Survey) -> None:
    own = holey.answers[holey.answers["employer"] == "e03"]
    frame = standing(holey, "employer", "e03").set_index("name")
    for name in (*holey.item_names, *holey.instrument.outcome_names):
        people = pd.Series(np.arange(len(own)), index=own.index)
        expected = brand.mean_interval(own[name], people, own["w"])
        found = frame.loc[name, ["mean", "ci_lower", "ci_upper"]].tolist()
        assert found == pytest.approx(list(expected), abs=SAME_FORMULA)


def test_of_everybody_it_is_the_description_of_the_items(holey: Survey) -> None:
    answers = holey.answers.assign(all=pd.Categorical(["all"] * holey.n))
    frame = standing(replace(holey, answers=answers), "all", "all").set_index("name")
    items = brand.item_levels(holey).set_index("item")
    for column in ("n", "mean", "sd", "agree"):
        found = frame.loc[items.index, column].to_numpy(dtype=float)
        assert found == pytest.approx(items[column].to_numpy(dtype=float), abs=SAME_FORMULA)
    assert frame.loc[items.index, "whole_mean"].to_numpy() == pytest.approx(items["mean"])
    assert frame["agree"].isna().tolist() == [kind == "pillar" for kind in frame["kind"]]


@pytest.mark.parametrize("reference", REFERENCES)
def test_without_weights_and_holes_it_is_the_test_of_the_unit_against_the_rest(
    plain: Survey, reference: str
) -> None:
    """(1 - p) times the difference from the rest, with Welch's variance and that of the share p."""
    frame = standing(plain, "employer", "e04").set_index("name")
    inside = (plain.answers["employer"] == "e04").to_numpy()
    around = np.ones(plain.n, bool) if reference == "whole" else plain.answers["sector"] == "s1"
    for name in plain.item_names:
        x = plain.answers[name].to_numpy()
        own, rest = x[inside], x[around & ~inside]
        n, p = own.size + rest.size, own.size / (own.size + rest.size)
        gap = own.mean() - rest.mean()
        welch = own.var() / own.size + rest.var() / rest.size
        d = (1 - p) * gap
        se = np.sqrt(n / (n - 1) * ((1 - p) ** 2 * welch + gap**2 * p * (1 - p) / n))
        row = frame.loc[name]
        assert row[f"d_{reference}"] == pytest.approx(d, abs=SAME_FORMULA)
        half = stats.t.ppf(0.975, own.size - 1) * se
        ends = row[[f"d_{reference}_lower", f"d_{reference}_upper"]].tolist()
        assert ends == pytest.approx([d - half, d + half], abs=SAME_FORMULA)
        expected = 2 * stats.t.sf(abs(d) / se, own.size - 1)
        assert row[f"d_{reference}_pvalue"] == pytest.approx(expected, rel=1e-9)


# --- Laws


def test_weights_have_no_unit_and_rows_no_order(holey: Survey) -> None:
    frame = standing(holey, "employer", "e07")
    weighed = replace(holey, answers=holey.answers.assign(w=17 * holey.answers["w"]))
    turned = replace(holey, answers=holey.answers[::-1].reset_index(drop=True))
    for other in (weighed, turned):
        found = standing(other, "employer", "e07")
        pd.testing.assert_frame_equal(found, frame, rtol=1e-9, atol=SAME_FORMULA)


def test_a_difference_is_that_from_the_rest_in_proportion(holey: Survey) -> None:
    answers = holey.answers
    rest = answers[(answers["sector"] == "s2") & (answers["employer"] != "e05")]
    own = answers[answers["employer"] == "e05"]
    frame = standing(holey, "employer", "e05").set_index("name")
    for name in holey.item_names:
        a, b = own.dropna(subset=name), rest.dropna(subset=name)
        p = a["w"].sum() / (a["w"].sum() + b["w"].sum())
        gap = np.average(a[name], weights=a["w"]) - np.average(b[name], weights=b["w"])
        assert frame.loc[name, "d_sector"] == pytest.approx((1 - p) * gap, abs=SAME_FORMULA)


def test_parts_of_the_whole_stand_around_it(holey: Survey) -> None:
    """Weighted by their answers, the differences of all units from the whole come to nothing."""
    total = 0.0
    for unit in holey.answers["sector"].cat.categories:
        d = standing(holey, "sector", unit).set_index("name")["d_whole"]["pro1"]
        here = holey.answers[(holey.answers["sector"] == unit) & holey.answers["pro1"].notna()]
        total += d * here["w"].sum()
    assert total == pytest.approx(0.0, abs=1e-10)


@pytest.mark.slow
def test_intervals_of_the_difference_hold_what_is_true() -> None:
    """Of many surveys without differences 95 in 100 intervals hold zero, more or less."""
    rng = np.random.default_rng(1)
    base = simulate_survey(90, seed=1)
    unit = pd.Categorical(np.repeat(["a", "b"], [30, 60]))
    covered = []
    for _ in range(150):
        drawn = base.answers.assign(unit=unit)
        drawn[list(base.item_names)] = rng.normal(5, 1, (90, len(base.item_names)))
        frame = standing(replace(base, answers=drawn), "unit", "a").query("kind == 'item'")
        covered.append(((frame["d_whole_lower"] < 0) & (frame["d_whole_upper"] > 0)).to_numpy())
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)  # 2400 intervals: 3 standard errors


# --- Sectors, and what there is no difference from


def test_a_sector_stands_against_the_whole_alone(plain: Survey) -> None:
    frame = standing(plain, "sector", "s1")
    assert frame.filter(like="sector").isna().all(axis=None)
    assert frame.filter(like="whole").drop(columns="whole_agree").notna().all(axis=None)


def test_an_employer_in_two_sectors_has_none(plain: Survey) -> None:
    answers = plain.answers.copy()
    answers.loc[answers.index[answers["employer"] == "e04"][:3], "sector"] = "s2"
    moved = replace(plain, answers=answers)
    assert standing(moved, "employer", "e04").filter(like="sector").isna().all(axis=None)
    assert standing(moved, "employer", "e05")["d_sector"].notna().all()
    answers.loc[answers["employer"] == "e04", "sector"] = np.nan  # or gave none
    unknown = replace(plain, answers=answers)
    assert standing(unknown, "employer", "e04").filter(like="sector").isna().all(axis=None)


def test_the_only_employer_of_a_sector_is_compared_with_the_whole_alone(plain: Survey) -> None:
    answers = plain.answers.copy()
    own = answers["employer"] == "e04"
    answers["sector"] = answers["sector"].cat.add_categories("s9").mask(own, "s9")
    frame = standing(replace(plain, answers=answers), "employer", "e04")
    pd.testing.assert_series_equal(frame["sector_mean"], frame["mean"], check_names=False)
    assert frame.filter(like="d_sector").isna().all(axis=None)
    assert frame.filter(like="d_whole").notna().all(axis=None)


def test_one_person_has_a_mean_and_no_interval(plain: Survey) -> None:
    answers = plain.answers.copy()
    answers["employer"] = answers["employer"].cat.add_categories("one")
    answers.loc[7, "employer"] = "one"
    frame = standing(replace(plain, answers=answers), "employer", "one")
    assert frame["d_whole"].notna().all()
    ends = ["sd", "ci_lower", "ci_upper", "d_whole_lower", "d_whole_upper", "d_whole_pvalue"]
    assert frame[ends].isna().all(axis=None)


def test_a_question_without_answers_leaves_the_others_alone(plain: Survey) -> None:
    answers = plain.answers.copy()
    answers.loc[answers["employer"] == "e04", "pro1"] = np.nan
    answers["adv1"] = np.nan
    frame = standing(replace(plain, answers=answers), "employer", "e04").set_index("name")
    assert frame.loc[["pro1", "adv1"], ["mean", "agree", "d_whole"]].isna().all(axis=None)
    assert frame.loc[["pro1", "adv1"], "n"].tolist() == [0, 0]
    assert frame["d_whole"].drop(["pro1", "adv1"]).notna().all()


def test_equal_answers_differ_by_nothing_for_certain(holey: Survey) -> None:
    answers = holey.answers.assign(pro1=5.0)
    frame = standing(replace(holey, answers=answers), "employer", "e04").set_index("name")
    names = ["d_sector", "d_whole", "d_whole_lower", "d_whole_upper", "d_whole_pvalue"]
    assert frame.loc["pro1", names].tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]


def test_nobody_stands_nowhere(plain: Survey) -> None:
    with pytest.raises(ValueError, match="nobody in column 'employer' is 'e99'"):
        standing(plain, "employer", "e99")


# --- What stands out


def test_what_stands_out_does_so_among_all_items(golden: Survey) -> None:
    frame = standing(golden, "employer", "c")
    apart = standing_out(frame, "sector")
    items = frame[frame["kind"] == "item"]
    adjusted = pd.Series(holm(items["d_sector_pvalue"].to_numpy()), index=items["name"])
    assert 0 < len(apart) < len(items)
    assert set(apart["name"]) == set(adjusted.index[adjusted < 0.05])
    assert apart["pvalue_holm"].tolist() == adjusted[apart["name"]].tolist()
    assert apart["d_sector"].is_monotonic_decreasing
    assert len(standing_out(frame, "sector", level=1e-9)) == 0
    assert "pvalue_holm" not in frame


def test_many_items_are_held_to_more_than_one_is() -> None:
    pvalues = {"low": 0.004, "chance": 0.04, "high": 0.001, "none": 0.5, "unknown": np.nan}
    frame = pd.DataFrame({"kind": "item", "name": list(pvalues), "d_whole": [-1, 2, 3, 0, np.nan]})
    frame["d_whole_pvalue"] = pvalues.values()
    other = frame.assign(kind="pillar", name="pillar", d_whole_pvalue=1e-9)
    apart = standing_out(pd.concat([frame, other], ignore_index=True), "whole")
    assert apart["name"].tolist() == ["high", "low"]
    assert apart["pvalue_holm"].tolist() == pytest.approx([4 * 0.001, 3 * 0.004])


def test_nothing_stands_out_from_a_sector_that_is_not_there(plain: Survey) -> None:
    frame = standing(plain, "sector", "s1")
    assert standing_out(frame, "sector").empty
