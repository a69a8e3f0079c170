"""The measurement report: its counts, tables, checklist and paragraphs, and its notebook."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import docx
import numpy as np
import pandas as pd
import pytest

from employer_identity import figures, tables
from employer_identity import measurement_tables as own
from employer_identity.aligned import Alignment
from employer_identity.criteria import AbsoluteFit
from employer_identity.errors import Problem, ReportError
from employer_identity.invariance import invariance
from employer_identity.ladder import Ladder
from employer_identity.language import LANGUAGES, Language, number
from employer_identity.loading import load_survey
from employer_identity.questionnaire import Grouping
from employer_identity.reports import alignment_words, grouped, measurement, methods, reporting
from employer_identity.reports.measured import Measurement
from employer_identity.reports.parameters import read_parameters
from employer_identity.reports.places import notebooks, sample
from employer_identity.reports.run import report
from employer_identity.reports.settling import chosen_groups, settled, survey_problems
from employer_identity.reports.study import Study
from employer_identity.simulate import Truth, simulate_survey
from employer_identity.survey import Survey
from employer_identity.tabulation import numbered
from tests.test_report import check_document, sections

TEMPLATE = "measurement_report"
PROMISED = json.loads(notebooks()[TEMPLATE].read_text(encoding="utf-8"))["metadata"][
    "employer_identity"
]["sections"]


@pytest.fixture(scope="module")
def survey() -> Survey:
    """Three bands, of which the oldest answers one item higher; and sex, at random."""
    truth = Truth(grouping="band", shares={"young": 0.35, "middle": 0.35, "old": 0.3})
    made = simulate_survey(1500, preset="idealised", seed=5, truth=truth, missing=0.02)
    answers = made.answers.copy()
    old = answers["band"] == "old"
    answers.loc[old, "adv2"] = (answers.loc[old, "adv2"] + 1).clip(upper=7)
    rng = np.random.default_rng(2)
    answers["sex"] = pd.Categorical(rng.choice(["f", "m"], len(answers)))
    groupings = tuple(Grouping(column=name) for name in ("band", "sex"))
    instrument = made.instrument.model_copy(update={"groupings": groupings})
    return replace(made, answers=answers, instrument=instrument)


def measured(survey: Survey, *groups: str, language: Language = "en") -> Measurement:
    return Measurement(Study(survey, "", language, groups=groups))


@pytest.fixture(scope="module")
def sample_survey() -> Survey:
    return load_survey(sample() / "employees.csv", instrument=sample() / "instrument.toml")


@pytest.fixture(scope="module")
def both(survey: Survey) -> Measurement:
    return measured(survey, "band", "sex")


@pytest.fixture(scope="module")
def ladder(both: Measurement) -> Ladder:
    return both.ladders[0]


# --- What was counted


@pytest.mark.parametrize(
    ("items", "factors", "df"), [(16, 4, 98), (15, 4, 84), (16, 1, 104), (15, 1, 90)]
)
def test_degrees_of_freedom_are_those_of_the_literature(items: int, factors: int, df: int) -> None:
    names = [f"y{i}" for i in range(items)]
    split = {f"f{k}": tuple(names[k::factors]) for k in range(factors)}
    assert own.counted_df(split) == df


def test_what_is_counted_is_obtained_on_every_rung(both: Measurement) -> None:
    assert any(ladder.released for ladder in both.ladders)  # a release is counted too
    for found in both.ladders:
        for level in found.levels:
            assert own.counted_df_of_rung(found, level) == found[level].df
    assert both.say("specified.equal") in measurement.model(both)


def test_two_groups_are_counted_as_the_literature_counts_them(both: Measurement) -> None:
    sex = both.ladders[1]
    assert sex.released == ()
    counted = [own.counted_df_of_rung(sex, level) for level in sex.levels]
    assert counted == [196, 208, 220, 236]


def test_a_difference_between_counted_and_obtained_is_told(
    both: Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measurement, "counted_df", lambda _: 99)
    assert both.say("specified.differs", n=1) in measurement.model(both)


# --- Tables


def test_decisions_are_those_of_the_ladder(ladder: Ladder, both: Measurement) -> None:
    rows = own.decisions(ladder, both.instrument).cells.rows
    told = dict(zip(ladder.decision, (row[2] for _, row in rows), strict=True))
    n = len(ladder.decision["latent means"].set_aside)
    assert n > 0
    assert told["latent means"].startswith(f"yes, with {n} equalit")
    assert told["observed means"].startswith("only for")
    assert both.instrument.label("advancement") not in told["observed means"]
    assert told["structure"] == "yes"
    assert told["aligned means"].startswith("not by this ladder")


def test_estimates_stand_with_their_errors(both: Measurement) -> None:
    fit = both.study.fit
    table = fit.estimates
    loading = table[(table["op"] == "=~") & (table["rhs"] == "pro2")].iloc[0]
    rows = {row[0]: row for _, row in own.item_loadings(fit, both.instrument).cells.rows}
    row = rows[both.instrument.label("pro2")]
    assert row[1:3] == (f"{loading['est']:.3f}", f"{loading['se']:.3f}")
    assert row[4] == f"{loading['std_all']:.3f}"
    assert rows[both.instrument.label("pro1")][1:4] == ("1.000", "–", "–")  # noqa: RUF001
    moments = {r[0]: r for _, r in own.item_moments(fit, both.instrument).cells.rows}
    theta = table[(table["lhs"] == "pro2") & (table["op"] == "~~")].iloc[0]
    assert moments[both.instrument.label("pro2")][4:6] == (
        f"{theta['est']:.3f}",
        f"{theta['se']:.3f}",
    )
    factors = own.factor_moments(fit, both.instrument).cells.rows
    assert len(factors) == 4 + 6
    r = fit.latent_correlations.iloc[0]
    assert factors[4][1][2:4] == (f"{r['est']:.3f}", f"{r['se']:.3f}")


def test_residuals_and_indices_come_largest_first(both: Measurement) -> None:
    fit = both.study.fit
    rows = [row for _, row in own.residuals(fit, both.instrument).cells.rows]
    sizes = [abs(float(row[2])) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == pytest.approx(fit.residuals["residual"].abs().max(), abs=5e-4)
    tested = fit.implied_moments
    worst = fit.residuals.loc[fit.residuals["residual"].abs().idxmax()]
    z = tested[(tested["lhs"] == worst["item_1"]) & (tested["rhs"] == worst["item_2"])]["z"]
    assert float(rows[0][3]) == pytest.approx(z.item(), abs=5e-3)
    mi = [row for _, row in own.modification(fit, both.instrument).cells.rows]
    assert float(mi[0][1]) == pytest.approx(fit.modification_indices()["mi"].max(), abs=0.05)
    assert len(rows) == len(mi) == own.LARGEST


def test_a_table_that_is_shown_twice_has_two_names(ladder: Ladder, both: Measurement) -> None:
    shown = own.decisions(ladder, both.instrument)
    first, second = numbered(shown, 1), numbered(shown, 2)
    assert (first.key, second.key) == ("decisions_1", "decisions_2")
    assert 'id="table-decisions_2"' in second.content.as_raw_html()
    assert second.cells == shown.cells


# --- Words


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paragraph_has_the_numbers_of_the_fit(both: Measurement, language: Language) -> None:
    fit = both.study.fit
    told = methods.paragraph(both, language)
    found = [number(float(fit.reported[k]), ".3f", language) for k in ("cfi", "rmsea", "srmr")]
    found += [number(float(fit.reported["chisq"]), ",.2f", language), f"({fit.df})"]
    found += [number(fit.ntotal, ",", language), number(float(fit.scaling), ".3f", language)]
    found += [number(float(both.study.reliability["omega"].min()), ".2f", language)]
    for ladder in both.ladders:
        reached = ladder[ladder.level]
        found += [number(float(reached.reported["chisq"]), ",.2f", language), f"({reached.df})"]
        found += [number(n, ",", language) for n in ladder.n.values()]
    assert [x for x in found if x not in told] == []
    assert both.instrument.label("adv2", language) in told  # what was set aside
    assert "  " not in told
    assert not re.search(r"\w\(?without|\wzonder ", told)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_of_the_checklist_is_filled(survey: Survey, language: Language) -> None:
    compared = reporting.checklist(measured(survey, "band", language=language))
    alone = reporting.checklist(measured(survey, language=language))
    assert all(part and line and value for part, line, value in [*compared, *alone])
    assert len({part for part, _, _ in compared}) == 8
    assert len({(part, line) for part, line, _ in compared}) == len(compared)
    missing = {"nl": "niet gedaan", "en": "not done"}[language]
    undone = [part for part, _, value in compared if value == missing]
    assert len(set(undone)) == 2  # power, and collapsed categories: nothing of groups or scores
    assert len(alone) < len(compared)


def test_verdicts_name_what_was_set_aside_and_who_disagrees(both: Measurement) -> None:
    band, sex = both.compared
    n = len(both.ladders[0].released)
    assert f"once {n} equalit" in grouped.verdict(both, band)
    assert "Nothing was set aside" in grouped.verdict(both, sex)
    (told,) = grouped.reasons(both, band)
    assert told.startswith("Decided by localised score tests.")
    disagreed = len(both.ladders[0].disagreement)
    assert told.count("with all equalities") == disagreed
    assert bool(disagreed) != ("All rules agree" in told)


def test_all_groupings_are_one_family(both: Measurement, survey: Survey) -> None:
    assert both.across is not None
    (told,) = grouped.family(both)
    significant = int((both.across.table["pvalue_adjusted"] < 0.05).sum())
    assert told.startswith(f"2 groupings make one family of {both.across.tests} difference tests")
    assert f"of which {significant} remain" in told
    assert "the tests share chance" in told
    alone = measured(survey)
    assert grouped.family(alone) == ["No groups were compared."]
    assert (alone.ladders, alone.compared, alone.refused) == ((), (), ())


def test_groups_below_a_hundred_are_left_out_by_name(survey: Survey) -> None:
    sizes = np.where(np.arange(survey.n) < 60, "few", np.where(np.arange(survey.n) < 800, "a", "b"))
    answers = survey.answers.assign(size=pd.Categorical(sizes))
    groupings = (*survey.instrument.groupings, Grouping(column="size"))
    instrument = survey.instrument.model_copy(update={"groupings": groupings})
    found = measured(replace(survey, answers=answers, instrument=instrument), "size")
    (by,) = found.compared
    assert (by.left_out, list(by.ladder.n)) == (["few"], ["a", "b"])
    assert "not compared: few." in " ".join(grouped.sizes(found))
    assert "60" not in " ".join(grouped.sizes(found))


def test_a_group_hidden_for_anothers_sake_does_not_come_back_as_a_model(survey: Survey) -> None:
    n = np.arange(survey.n)
    sizes = np.select([n < 3, n < 200, n < 800], ["few", "beside", "a"], "b")
    answers = survey.answers.assign(size=pd.Categorical(sizes))
    groupings = (*survey.instrument.groupings, Grouping(column="size"))
    instrument = survey.instrument.model_copy(update={"groupings": groupings})
    found = measured(replace(survey, answers=answers, instrument=instrument), "size")
    (by,) = found.compared
    assert (by.left_out, by.ladder.groups) == (["beside", "few"], ("a", "b"))
    told = " ".join([*grouped.sizes(found), methods.paragraph(found, "en")])
    assert "197" not in told


def test_the_largest_shift_is_told_with_how_many_are_beyond_noise(both: Measurement) -> None:
    band, sex = both.compared
    largest = band.dmacs.loc[band.dmacs["d"].idxmax()]
    told, sizes = grouped.bias(both, band)
    assert f"largest shift is {largest['d']:.2f}" in told
    assert both.instrument.label(largest["item"]) in told
    above = int((band.dmacs["d"] > band.dmacs["floor"]).sum())
    assert f"Of the {len(band.dmacs)} shift" in told
    assert f", {above} " in told
    assert "medium from 0.40" in sizes
    assert grouped.bias(both, sex) == [both.say("released.nothing")]
    assert len(sex.dmacs) == 0


def test_a_shift_within_the_noise_is_not_counted_as_beyond(both: Measurement) -> None:
    by, n = replace(both.compared[0]), len(both.compared[0].dmacs)
    vars(by)["dmacs"] = both.compared[0].dmacs.assign(floor=[9.0, *[0.0] * (n - 1)])
    assert f", {n - 1} " in grouped.bias(both, by)[0]


def test_contrasts_are_counted_after_adjustment(both: Measurement) -> None:
    band, _ = both.compared
    (told,) = grouped.contrasts(both, band)
    standing = int((band.contrasts["pvalue_adjusted"] < 0.05).sum())
    assert told.startswith(f"Of the {len(band.contrasts)} differences between two groups")
    assert f"{standing} " in told
    assert any("times those of the reference group" in s for s in grouped.means(both, band))


def test_scores_of_a_model_that_does_not_fit_come_with_a_warning(
    both: Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    warning = both.say("structures.unfit")
    assert warning not in measurement.supported(both)[0]
    assert both.comparison is not None
    assert both.comparison.recommendation.advice("en", both.instrument) in " ".join(
        measurement.at_a_glance(both)
    )
    strict = AbsoluteFit(cfi=1.01, rmsea=-0.01)
    monkeypatch.setattr(measurement, "AbsoluteFit", lambda: strict)
    unfit = measured(both.study.survey)
    assert measurement.supported(unfit)[0].endswith(warning)


def test_a_grouping_that_cannot_be_tested_leaves_the_others_alone(survey: Survey) -> None:
    small = pd.Categorical(np.where(np.arange(survey.n) < 8, "few", "many"))
    answers = survey.answers.assign(size=small)
    groupings = (*survey.instrument.groupings, Grouping(column="size"))
    instrument = survey.instrument.model_copy(update={"groupings": groupings})
    found = measured(replace(survey, answers=answers, instrument=instrument), "size", "sex")
    assert [by.group for by in found.compared] == ["sex"]
    ((name, reason),) = found.refused
    assert (name, bool(reason)) == ("size", True)
    assert any(reason in sentence for sentence in grouped.groupings(found))


# --- Parameters


def test_groupings_are_all_that_are_not_special_unless_named(survey: Survey) -> None:
    special = Grouping(column="union", special="union", basis="consent")
    groupings = (*survey.instrument.groupings, special)
    instrument = survey.instrument.model_copy(update={"groupings": groupings})
    assert chosen_groups(None, instrument) == ("band", "sex")
    assert chosen_groups("sex, union,sex,", instrument) == ("sex", "union")
    assert chosen_groups("", instrument) == ()


def test_a_column_with_commas_is_recognised(survey: Survey) -> None:
    groupings = (Grouping(column="Age, in years"), Grouping(column="sex"))
    instrument = survey.instrument.model_copy(update={"groupings": groupings})
    for text in ("Age, in years, sex", "Age, in years,sex"):
        assert chosen_groups(text, instrument) == ("Age, in years", "sex")
    listed = read_parameters({"groups": ["sex", "Age, in years"]}, TEMPLATE)
    assert chosen_groups(listed.groups, instrument) == ("sex", "Age, in years")


def test_groupings_are_checked_and_settled(sample_survey: Survey) -> None:
    asked = read_parameters({"groups": "gendr, generation"}, TEMPLATE)
    (problem,) = survey_problems(asked, sample_survey)
    assert (problem.code, problem.where) == ("parameters.unknown_group_near", "gendr")
    waves = read_parameters({"groups": "wave,gender"}, TEMPLATE)
    assert settled(waves, sample_survey)["wave"] == ""
    assert settled(waves, sample_survey)["groups"] == "wave, gender"
    both = read_parameters({"groups": "wave", "wave": "2025"}, TEMPLATE)
    assert [p.code for p in survey_problems(both, sample_survey)] == ["parameters.wave_and_group"]
    with pytest.raises(ReportError):
        read_parameters({"groups": [1]}, TEMPLATE)


# --- Alignment


def test_three_groups_are_aligned_and_two_are_not(both: Measurement) -> None:
    band, sex = both.compared
    assert sex.alignment is None
    assert alignment_words.points(both, sex) == []
    assert isinstance(band.alignment, Alignment)
    assert band.alignment.fit is band.ladder["configural"]
    assert band.alignment_check is None  # too little differs to ask for one
    (told,) = alignment_words.verdict(both, band)
    assert told.startswith("Approximately comparable on all four")
    named = " ".join(text for _, text in alignment_words.points(both, band))
    assert "the intercept of “" + both.instrument.label("adv2", "en") in named
    assert "(old)" in named


def test_a_ladder_that_cannot_be_aligned_says_why(survey: Survey) -> None:
    m = measured(survey, "band", language="nl")
    (by,) = m.compared
    fit = by.ladder["configural"]
    bad = Problem("model.negative_variance", "pro1", values={"label": "old"})
    object.__setattr__(fit, "__dict__", fit.__dict__ | {"problems": (bad,)})
    found = by.alignment
    assert isinstance(found, tuple)
    assert [p.code for p in found] == ["alignment.improper_on_ladder"]
    (told,) = alignment_words.verdict(m, by)
    assert "old" in told
    assert not by.is_aligned


def test_means_that_a_check_does_not_recover_are_not_supported(survey: Survey) -> None:
    m = measured(survey, "band")
    (by,) = m.compared
    found = by.alignment
    assert isinstance(found, Alignment)
    shares = found.shares.assign(within_limit=[True, False, False, True])
    check = found.check(reps=2)
    draws = check.draws.assign(correlation=0.5)
    second = found.shares["factor"].iloc[1]
    draws.loc[draws["factor"] == second, "correlation"] = 0.99
    by.__dict__["alignment"] = replace(found)
    by.alignment.__dict__["shares"] = shares
    by.__dict__["alignment_check"] = replace(check, draws=draws)
    (told,) = alignment_words.verdict(m, by)
    assert "found again (mean correlation at least 0.98): doing it for us" in told
    assert "not found again: crafting a sense of us" in told
    about = by.alignment, by.ladder, m.instrument
    table = tables.alignment(*about, check=by.alignment_check)
    cells = {head: " ".join(row) for head, row in table.cells.rows}
    assert "comparison not supported" in cells["crafting a sense of us"]
    assert "comparison not supported" not in cells["doing it for us"]
    (figure,) = figures.alignment(*about, check=by.alignment_check)
    assert "crafting a sense of us: comparison not supported" in figure.alt
    assert {f.scope for f in figure.facts} == {f.scope for f in table.facts}


# --- The report


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_of_two_groupings(survey: Survey, tmp_path: Path, language: Language) -> None:
    out, tables = tmp_path / "report.html", [tmp_path / "t.docx", tmp_path / "t.tex"]
    report(
        TEMPLATE, survey=survey, groups="band, sex", language=language, output=out, tables=tables
    )
    html = out.read_text(encoding="utf-8")
    # The paragraph in the other language has numbers of the other language.
    other = {"nl": "en", "en": "nl"}[language]
    assert len(re.findall(rf'<p lang="{other}">', html)) == 1
    page = check_document(re.sub(rf'<p lang="{other}">.*?</p>', "", html), language)
    rest = ["invariance", "released", "means", "alignment"]
    at = PROMISED.index("groupings") + 1
    assert sections(page) == [*PROMISED[:at], *rest, *PROMISED[at:]]
    count = len(page.all("table"))
    document = docx.Document(str(tables[0]))
    assert len(document.tables) == count
    assert tables[1].read_text(encoding="utf-8").count("\\begin{longtable}") == count
    study = Study(survey, "band", language)
    assert study.ladder is not None
    written = {c.text for table in document.tables for row in table.rows for c in row.cells}
    for _, r in study.ladder.models.iterrows():
        chisq = number(r["chisq"], ",.1f", language)
        assert f"{chisq}\N{NO-BREAK SPACE}({int(r['df'])})" in written
        assert chisq in page.text
    ids = {str(d["id"]) for d in page.all("div") if "id" in d}
    shown = {"structures", "overlap", "across", "dmacs_1", "contrasts_1", "conclusions_1"}
    shown |= {"alignment_1"}  # of three bands; of two sexes the ladder says more
    assert {f"table-{key}" for key in shown} <= ids


@pytest.mark.notebook
def test_the_report_of_a_survey_without_groupings(tmp_path: Path) -> None:
    alone = simulate_survey(400, preset="idealised", seed=3)
    out = report(TEMPLATE, survey=alone, language="en", output=tmp_path / "alone.html")
    html = out.read_text(encoding="utf-8")
    page = check_document(re.sub(r'<p lang="nl">.*?</p>', "", html), "en")
    assert sections(page) == PROMISED
    assert "No groups were compared." in page.text


def test_ladders_of_a_measurement_are_those_of_the_survey(
    both: Measurement, survey: Survey
) -> None:
    again = invariance(survey, group="band")
    pd.testing.assert_frame_equal(again.models, both.ladders[0].models)
