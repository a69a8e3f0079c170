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
from employer_identity.latent import latent_means, mean_contrasts
from employer_identity.reliability import reliability
from employer_identity.simulate import Truth, simulate_survey
from employer_identity.suppression import KINDS, Suppression, withhold_margins
from employer_identity.survey import Survey

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
    assert html.count("<td") == 4 * 10
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


def test_what_cannot_be_computed_is_a_dash(survey: Survey) -> None:
    ladder = invariance(survey, group="band")
    fits = {level: unscaled(fit) for level, fit in ladder.fits.items()}
    broken = replace(ladder, fits=fits)
    assert np.isnan(broken.table["cfi"]).all()
    shown = tables.ladder(broken), tables.verdicts(broken), tables.fit_measures(fits["configural"])
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
    assert shown.counts["advancement"] == 600
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
    assert shown.counts == {"band, ": 87}
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
    assert tables.levels(level, own, survey.instrument).counts["advancement"] == 600


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
    assert [*first.counts, *second.counts] == [f"g{k}" for k in range(8)]
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


def cells(html: str) -> list[str]:
    return re.findall(r"<td[^>]*>([^<]*)</td>", html)


def test_what_non_invariance_does_is_tabulated(survey: Survey) -> None:
    ladder, own = invariance(lowered(survey), group="band"), survey.instrument
    frame, given = conclusions(ladder), (own, "band", ladder.n)
    shown = tables.conclusions(frame, *given)
    found = cells(shown.content.as_raw_html())
    assert [c for c in found if re.fullmatch(r"[+-]\d\.\d\d", c)] == [
        f"{est:+.2f}" for est in frame["est"]
    ]
    assert "but with “Bridges different views”" in found
    assert shown.counts == ladder.n
    frame = dmacs(ladder)
    shown = tables.dmacs(frame, *given, language="nl")
    row, first = cells(shown.content.as_raw_html()), frame.iloc[0]
    assert row[:2] == ["Overbrugt verschil van inzicht", frame["group"].iloc[0]]
    assert row[2] == f"{first['d_signed']:+.2f}".replace(".", ",")
    assert row[-1] in {"klein", "middelgroot", "groot"}
    frame = mean_contrasts(ladder).assign(despite="An exercise")
    shown = tables.contrasts(frame, *given)
    assert f"{frame['est'].iloc[0]:+.2f}" in cells(shown.content.as_raw_html())
    assert "for this reason: An exercise." in shown.caption
    assert "each right for themselves" in shown.caption
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
