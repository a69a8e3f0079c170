"""Tables: their numbers as the language writes them, fixed ids, nothing that is hidden."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from employer_identity import brand, tables
from employer_identity.bias import dmacs
from employer_identity.cfa import cfa
from employer_identity.conclusions import conclusions
from employer_identity.errors import ComparisonError
from employer_identity.fit import Fit
from employer_identity.invariance import invariance
from employer_identity.ladder import Ladder
from employer_identity.language import number
from employer_identity.latent import latent_means, mean_contrasts
from employer_identity.privacy import Shown
from employer_identity.reliability import reliability
from employer_identity.rungs import Rung
from employer_identity.simulate import ItemShift, Truth, simulate_survey
from employer_identity.suppression import (
    KINDS,
    Suppression,
    decide,
    withhold_groups,
    withhold_margins,
)
from employer_identity.survey import Survey
from tests import whom

TRUTH = Truth(grouping="band", shares={"young": 0.5, "old": 0.5})


@pytest.fixture(scope="module")
def survey() -> Survey:
    return simulate_survey(600, preset="idealised", seed=4, truth=TRUTH)


def test_the_ladder_has_four_rungs_and_no_change_below_the_first(survey: Survey) -> None:
    ladder = invariance(survey, group="band")
    html = tables.ladder(ladder, language="nl").content.as_raw_html()
    assert 'id="table-ladder"' in html
    cfi = f"{ladder['configural'].fit_measures['cfi.robust']:.3f}"
    assert cfi.replace(".", ",") in html
    assert cfi not in html
    assert html.count("<td") == 4 * 11
    assert "geschaalde" in tables.ladder(ladder, language="nl").caption
    plain = invariance(survey, group="band", estimator="ML", missing="listwise")
    assert "scaled" not in tables.ladder(plain).caption


def test_corrected_measures_stand_beside_uncorrected_ones(survey: Survey) -> None:
    fit = cfa(survey)
    m = fit.fit_measures
    shown = tables.fit_measures(fit)
    html = shown.content.as_raw_html()
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in html.split("</tr>")]
    found = {row[0]: row[1:] for row in rows if row}
    assert found["χ², scaled"] == [f"{m['chisq.scaled']:.2f}", f"{m['chisq']:.2f}"]
    assert found["CFI, robust"] == [f"{m['cfi.robust']:.3f}", f"{m['cfi']:.3f}"]
    low, high = (m[f"rmsea.ci.{end}.robust"] for end in ("lower", "upper"))
    assert f"({low:.3f} \N{EN DASH} {high:.3f})" in found["RMSEA (90% interval), robust"][0]
    assert found["scaling factor of χ²"] == [f"{m['chisq.scaling.factor']:.3f}", ""]
    assert found["SRMR"] == [f"{m['srmr']:.3f}", ""]
    assert found["respondents in the model"] == ["600", ""]
    plain = tables.fit_measures(cfa(survey, estimator="ML", missing="listwise"))
    assert "uncorrected" not in plain.content.as_raw_html()
    assert plain.caption != shown.caption


def unscaled(fit: Fit) -> Fit:
    """Return a fit whose chi-square cannot be corrected."""
    spoiled = replace(fit)
    lost = fit.fit_measures.copy()
    lost[lost.index.str.endswith((".scaled", ".robust")) & (lost.index != "df.scaled")] = np.nan
    spoiled.__dict__["fit_measures"] = lost
    return spoiled


def spoiled(rung: Rung) -> Rung:
    """Return a rung of such fits."""
    models = (
        replace(m, fit=unscaled(m.fit), below=None if m.below is None else unscaled(m.below))
        for m in rung.models
    )
    return replace(rung, models=tuple(models))


def test_what_cannot_be_computed_is_a_dash(survey: Survey) -> None:
    ladder = invariance(survey, group="band")
    broken = replace(ladder, rungs={k: spoiled(rung) for k, rung in ladder.rungs.items()})
    assert np.isnan(broken.table["cfi"]).all()
    shown = (
        tables.ladder(broken), tables.verdicts(broken), tables.fit_measures(broken["configural"]),
        tables.models(broken),
    )  # fmt: skip
    for table in shown:
        assert "nan" not in re.sub(r"<[^>]*>", " ", table.content.as_raw_html()).split()
    assert "CFI cannot be computed" in shown[1].content.as_raw_html()


def test_weighted_and_unweighted_means_stand_side_by_side(survey: Survey) -> None:
    instrument = survey.instrument.model_copy(update={"weight": "w"})
    answers = survey.answers.assign(w=np.linspace(0.5, 2.5, survey.n))
    frame = brand.weighting(replace(survey, answers=answers, instrument=instrument))
    shown = tables.weighting(frame, instrument, language="nl")
    html = shown.content.as_raw_html()
    for column in ("weighted", "unweighted"):
        assert f"{frame[column].iloc[0]:.2f}".replace(".", ",") in html
    assert whom.counts(shown)["advancement"] == 600
    assert html.count("<td") == 4 * 5


def test_every_rule_is_there(survey: Survey) -> None:
    ladder = invariance(survey, group="band")
    html = tables.verdicts(ladder).content.as_raw_html()
    assert all(name in html for name in ("Chen (2007)", "Hu &amp; Bentler", "localised"))


def test_hidden_margins_show_no_number(survey: Survey) -> None:
    rows = [("band", "young", 4, 0.04), ("band", "old", 9, 0.09), ("band", "", 87, 0.87)]
    margins = pd.DataFrame(rows, columns=["grouping", "category", "n", "share"])
    away = pd.DataFrame({"column": "band", "parent": "", "unit": ["young", "old", ""]})
    decided = Suppression(away.assign(**{kind: ["few", "sibling", ""] for kind in KINDS}))
    shown = tables.margins(withhold_margins(margins, decided), survey.instrument)
    html = shown.content.as_raw_html()
    assert whom.counts(shown) == {"": 87}
    assert whom.names(shown) == ["young", "old", ""]
    assert ">4<" not in html
    assert ">9<" not in html
    assert "not stated" in html


def test_the_same_table_is_the_same_html(survey: Survey) -> None:
    fit = cfa(survey)
    items = brand.item_levels(survey)
    one, other = (
        tables.items(items, fit, survey.instrument).content.as_raw_html() for _ in range(2)
    )
    assert one == other
    own, level = reliability(fit), brand.levels(survey)
    assert whom.counts(tables.levels(level, own, survey.instrument))["advancement"] == 600


def side(survey: Survey) -> tables.Side:
    fit = cfa(survey)
    return tables.Side(survey.n, brand.levels(survey), reliability(fit), fit)


def test_sensitivity_has_both_numbers_in_the_language(survey: Survey) -> None:
    one, other = side(survey), side(brand.without_straight_liners(simulate_survey(300, seed=5)))
    one = one._replace(reliability=one.reliability.assign(omega=0.123, alpha=0.456))
    html = tables.sensitivity(one, other, survey.instrument, language="nl").content.as_raw_html()
    for s in (one, other):
        assert f"{s.levels['mean'].iloc[0]:.2f}".replace(".", ",") in html
        assert f"{s.fit.fit_measures['srmr']:.3f}".replace(".", ",") in html
        assert all(f"{x:.2f}".replace(".", ",") in html for x in s.reliability["omega"])
    pillars = len(survey.instrument.factors)
    assert html.count("<td") == 3 * (1 + 2 * pillars + pillars * (pillars - 1) // 2 + 3)


def test_loadings_stand_in_tables_of_six_groups_without_the_small_ones() -> None:
    shares = {f"g{k}": 0.12 for k in range(8)} | {"small": 0.04}
    many = simulate_survey(1200, seed=4, truth=Truth(grouping="band", shares=shares))
    ladder = invariance(many, group="band")
    first, second = tables.loadings(ladder, many.instrument, minimum=100)
    assert [*whom.names(first), *whom.names(second)] == [f"g{k}" for k in range(8)]
    assert 'id="table-loadings"' in first.content.as_raw_html()
    assert 'id="table-loadings_2"' in second.content.as_raw_html()
    own = ladder["configural"].estimates.query("op == '=~' and rhs == 'pro1' and group == 'g0'")
    assert (
        f"{own['est'].iloc[0]:.2f} ± {1.96 * own['se'].iloc[0]:.2f}" in first.content.as_raw_html()
    )


def test_outcomes_have_their_share_that_agrees(survey: Survey) -> None:
    html = tables.outcomes(brand.outcome_levels(survey), survey.instrument).content.as_raw_html()
    share = (survey.answers["recommend"].dropna() >= 6).mean()
    assert f"{share:.0%}" in html


def lowered(survey: Survey) -> Survey:
    """The same survey, in which one item is lower among the young."""
    answers = survey.answers.copy()
    young = answers["band"] == "young"
    answers["adv2"] = answers["adv2"].where(~young, (answers["adv2"] - 1).clip(lower=1))
    return replace(survey, answers=answers)


def written(html: str) -> list[str]:
    return re.findall(r"<td[^>]*>([^<]*)</td>", html)


def test_what_non_invariance_does_is_tabulated(survey: Survey) -> None:
    ladder, own = invariance(lowered(survey), group="band"), survey.instrument
    frame, given = conclusions(ladder), (own, "band", ladder.n)
    shown = tables.conclusions(frame, *given)
    found = written(shown.content.as_raw_html())
    assert [c for c in found if re.fullmatch(r"[+-]\d\.\d\d", c)] == [
        f"{est:+.2f}" for est in frame["est"]
    ]
    assert "but with “Bridges different views”" in found
    assert whom.names(shown) == list(ladder.n)
    frame = dmacs(ladder)
    shown = tables.dmacs(frame, *given, language="nl")
    row, first = written(shown.content.as_raw_html()), frame.iloc[0]
    assert row[:2] == ["Overbrugt verschil van inzicht", frame["group"].iloc[0]]
    assert row[2] == f"{first['d_signed']:+.2f}".replace(".", ",")
    assert row[-1] in {"klein", "middelgroot", "groot"}
    frame = mean_contrasts(ladder).assign(despite="An exercise")
    shown = tables.contrasts(frame, *given)
    assert f"{frame['est'].iloc[0]:+.2f}" in written(shown.content.as_raw_html())
    assert "for this reason: An exercise." in shown.caption
    assert "each right for themselves" in shown.caption
    counted = tables.latent_means(latent_means(ladder), *given).content.as_raw_html()
    assert f"{ladder.n['old']}" in written(counted)
    with_reason = latent_means(ladder).assign(despite="An exercise")
    assert "An exercise" in tables.latent_means(with_reason, *given).caption


def test_small_groups_are_in_no_table_of_comparisons(survey: Survey) -> None:
    ladder, own = invariance(lowered(survey), group="band"), survey.instrument
    small = dict(zip(ladder.groups, (300, 4), strict=True))
    for make, frame in (
        (tables.conclusions, conclusions(ladder)), (tables.dmacs, dmacs(ladder, draws=10)),
        (tables.contrasts, mean_contrasts(ladder)),
    ):  # fmt: skip
        with pytest.raises(ComparisonError, match="fewer than 5 people"):
            make(frame, own, "band", small)
    three = pd.concat(
        [mean_contrasts(ladder), mean_contrasts(ladder).assign(group="third", other="fourth")]
    )
    shown = tables.contrasts(three, own, "band", ladder.n | {"third": 20, "fourth": 3})
    assert "third" not in shown.content.as_raw_html()


def test_a_table_of_no_bias_is_refused(survey: Survey) -> None:
    ladder = invariance(survey, group="band")
    with pytest.raises(ComparisonError, match="nothing was set aside"):
        tables.dmacs(dmacs(ladder), survey.instrument, "band", ladder.n)


# --- What was tried, set aside and kept

FOUR = {"a": 0.25, "b": 0.25, "c": 0.25, "d": 0.25}


@pytest.fixture(scope="module")
def shifted() -> Survey:
    """Four groups; one answers an item higher, and weighs another less."""
    shifts = (ItemShift("d", "adv2", intercept=0.6), ItemShift("d", "imp1", loading=-0.4))
    truth = Truth(grouping="band", shares=FOUR, shifts=shifts)
    return simulate_survey(2400, preset="idealised", seed=9, truth=truth)


@pytest.fixture(scope="module")
def released(shifted: Survey) -> Ladder:
    return invariance(shifted, group="band")


def cells(shown: Shown) -> list[list[str]]:
    """Return the rows of a table as they are written, without heads and headings."""
    html = shown.content.as_raw_html()
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in html.split("</tr>")]
    return [row for row in rows if len(row) > 1]


def test_the_ladder_counts_what_was_set_aside_on_each_rung(released: Ladder) -> None:
    rows = cells(tables.ladder(released))
    assert [row[-2] for row in rows] == ["0", "1", "2", "0"]
    assert [row[-1] for row in rows] == ["holds", *["holds in part"] * 3]


def test_rungs_that_were_not_climbed_have_no_numbers(shifted: Survey) -> None:
    stopped = invariance(shifted, group="band", on_reject="stop")
    rows = cells(tables.ladder(stopped))
    assert [row[-1] for row in rows] == ["holds", "does not hold", "out of reach", "out of reach"]
    assert set(rows[2][1:-1]) == set(rows[3][1:-1]) == {"\N{EN DASH}"}


def test_what_stands_in_the_way_names_no_small_group(shifted: Survey) -> None:
    stopped, own = invariance(shifted, group="band", on_reject="stop"), shifted.instrument
    few, smallest = sorted(stopped.n.values())[:2]
    (small,) = [g for g, n in stopped.n.items() if n == few]
    assert small in stopped.worst["group"].head(10).tolist()
    shown = tables.worst(stopped, own, minimum=smallest)
    assert whom.names(shown) == [g for g in stopped.n if g != small]
    assert {row[2] for row in cells(shown)} == set(stopped.n) - {small}


def test_all_models_that_were_tried_are_there(released: Ladder) -> None:
    shown = tables.models(released)
    rows = {row[0]: row[1:] for row in cells(shown)}
    assert list(rows) == ["1", "2", "2a", "3", "3a", "4"]
    assert [row[4] for row in rows.values()] == ["\N{EN DASH}", "1", "1", "2a", "2a", "3a"]
    assert [row[-1] for row in rows.values()] == ["yes", "no", "yes", "no", "yes", "yes"]
    m = released.models.loc["3a"]
    assert rows["3a"][0] == f"{m['chisq']:,.1f}\N{NO-BREAK SPACE}({m['df']})"
    assert rows["3a"][5] == f"{m['d_chisq']:,.1f}\N{NO-BREAK SPACE}({m['d_df']})"
    assert rows["3a"][2].startswith(f"{m['rmsea']:.3f} ({m['rmsea_lower']:.3f}")
    assert "Δχ² by Satorra & Bentler (2001)" in shown.caption


def test_a_method_that_stepped_in_has_a_column(released: Ladder) -> None:
    rung = released.rungs["strict"]
    other = replace(rung.last)
    other.__dict__["test"] = replace(rung.last.test, method="satorra_2000")
    mixed = replace(released, rungs={**released.rungs, "strict": replace(rung, models=(other,))})
    rows = cells(tables.models(mixed))
    assert [row[-1] for row in rows][-1] == "Satorra (2000)"
    assert rows[0][-1] == "\N{EN DASH}"


def test_what_was_set_aside_stands_with_its_test_and_why(released: Ladder, shifted: Survey) -> None:
    own = shifted.instrument
    shown = tables.releases(released, own, language="nl")
    rows = cells(shown)
    log = released.log[released.log["event"] == "set aside"]
    assert list(log["parameter"]) == ["impresarioship=~imp1", "imp1~1", "adv2~1"]
    assert [row[1] for row in rows[:3]] == [own.label(i, "nl") for i in ("imp1", "imp1", "adv2")]
    assert [row[2] for row in rows[:3]] == ["lading", *["vertrekpunt (intercept)"] * 2]
    assert [row[3] for row in rows[:3]] == ["d"] * 3
    assert [row[-1] for row in rows[:3]] == ["het doet ertoe", "volgt de lading", "het doet ertoe"]
    assert rows[2][4] == number(log["x2"].iloc[2], ".1f", "nl")
    assert rows[2][6] == number(log["epc_std"].iloc[2], "+.2f", "nl")
    assert rows[1][4:8] == ["\N{EN DASH}"] * 4  # nothing was tested
    hidden = tables.releases(released, own, minimum=10**6)
    assert hidden.persons == ()
    assert "Nothing was set aside" in hidden.content.as_raw_html()


def test_of_two_groups_the_one_that_was_tested_is_named() -> None:
    shift = ItemShift("old", "adv2", intercept=-0.6)
    survey = simulate_survey(
        1500, preset="idealised", seed=9, truth=replace(TRUTH, shifts=(shift,))
    )
    ladder = invariance(survey, group="band")
    (release,) = ladder.set_aside("strict")
    row = cells(tables.releases(ladder, survey.instrument))[0]
    assert row[3] == f"all groups; tested for {release.constraint.group}"
    assert row[6] == f"{release.constraint.epc_std:+.2f}"


def test_loadings_mark_what_was_set_aside(released: Ladder, shifted: Survey) -> None:
    (shown,) = tables.loadings(released, shifted.instrument)
    marked = {row[0]: row for row in cells(shown) if "*" in "".join(row)}
    one, other = (shifted.instrument.label(i) for i in ("imp1", "adv2"))
    assert {name.partition("\N{NO-BREAK SPACE}")[0] for name in marked} == {one, other}
    ends = {name[:5]: [cell.endswith("*") for cell in row[1:]] for name, row in marked.items()}
    assert ends == {one[:5]: [False, False, False, True], other[:5]: [False] * 4}
    assert "* set aside" in shown.caption


def test_scores_without_licence_have_no_numbers(shifted: Survey) -> None:
    frame = brand.group_levels(shifted, "band", ["a", "b", "c", "d"])
    inside = shifted.answers["band"] == "b"
    level = frame.query("pillar == 'entrepreneurship' and group == 'b'").iloc[0]
    assert level["mean"] == pytest.approx(shifted.pillar_scores["entrepreneurship"][inside].mean())
    decided = decide(shifted)
    few = decided.cells.assign(scores=["few" if u == "a" else "" for u in decided.cells["unit"]])
    shown = withhold_groups(frame, replace(decided, cells=few), ("entrepreneurship",))
    table = tables.group_scores(shown, shifted.instrument)
    rows = cells(table)
    assert [row[0] for row in rows].count("comparison not supported") == 3
    assert all(row[1:] == ["", "", ""] for row in rows if row[0].startswith("comparison"))
    numbers = [row for row in rows if not row[0].startswith("comparison")]
    assert numbers[0] == ["a", *["\N{EN DASH}"] * 3]
    assert numbers[1][2] == f"{level['mean']:.2f}"
    assert set(whom.counts(table)) == {f"{g}, entrepreneurship" for g in "bcd"}
