"""The study's chapters on the public, on waves, employers and the theme: what they say, and when.

Without a kernel; test_report.py looks at whole documents.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from employer_identity import brand
from employer_identity.errors import Problem, ReportError, SurveyError, SurveyWarning
from employer_identity.language import LANGUAGES, Language, describe
from employer_identity.panel import Panel
from employer_identity.privacy import Shown
from employer_identity.reports import (
    data_words,
    employer_words,
    leftovers,
    prose,
    public_words,
    staying_words,
    structure_words,
    theme,
    trend_words,
    work_words,
)
from employer_identity.reports.beside import (
    beside,
    file_problems,
    of_sample,
    open_panel,
    warn_of_doubts,
    weighed,
)
from employer_identity.reports.opening import open_study
from employer_identity.reports.parameter_files import ParameterSet
from employer_identity.reports.places import sample
from employer_identity.reports.plan import make_plan
from employer_identity.reports.run import check_asked, report
from employer_identity.reports.snapshot import (
    read_panel,
    read_snapshot,
    write_panel,
    write_snapshot,
)
from employer_identity.reports.study import Study
from employer_identity.simulate import ItemShift, Truth, simulate_survey
from employer_identity.studies import write_study
from employer_identity.survey import Survey
from employer_identity.trend import trend
from tests import whom
from tests.batches import SMALL
from tests.drawn import foreign_numbers

FILES = {
    n: str(sample() / f) for n, f in (("public", "public.csv"), ("people", "public_people.csv"))
}


SHARED = ("outside", "employers", "structures", "pathways", "earlier", "fit", "units", "staying")


@pytest.fixture(scope="module")
def study() -> Study:
    """The sample, with all that it has, computed once."""
    found = open_study(group="generation", language="en")
    for name in SHARED:
        assert getattr(found, name) is not None
    return found


@pytest.fixture(scope="module")
def panel(study: Study) -> Panel:
    assert study.beside.panel is not None
    return study.beside.panel


def speaking(study: Study, language: Language) -> Study:
    """Return the study in a language, with what it has computed."""
    other = replace(study, language=language)
    other.__dict__.update({name: study.__dict__[name] for name in SHARED})
    return other


def with_panel(study: Study, panel: Panel) -> Study:
    return replace(study, beside=replace(study.beside, panel=panel))


# --- Waves


def two_waves(*shifts: ItemShift, n: int = 1200, clusters: int = 30) -> tuple[Survey, Survey]:
    """Two waves of employers that took part in both."""
    truth = Truth(grouping="wave", shares={"2025": 0.5, "2026": 0.5}, shifts=shifts)
    survey = simulate_survey(n, preset="idealised", seed=5, truth=truth)
    employer = pd.Categorical([f"e{k % clusters}" for k in range(n)])
    update = {"wave": "wave", "employer": "employer", "groupings": ()}
    instrument = survey.instrument.model_copy(update=update)
    both = replace(survey, answers=survey.answers.assign(employer=employer), instrument=instrument)
    return both.of_wave("2026"), both.of_wave("2025")


def test_a_change_is_the_difference_of_the_means_with_the_interval_of_its_clusters() -> None:
    now, before = two_waves()
    r = trend(now, before, ["advancement"]).set_index("pillar").loc["advancement"]
    assert r["change"] == pytest.approx(r["mean"] - r["before"])
    # By hand: what each employer adds to the one mean and takes from the other.
    sums: dict[str, float] = {}
    for survey, sign in ((now, 1.0), (before, -1.0)):
        score = survey.pillar_scores["advancement"]
        for employer, x in zip(survey.answers["employer"], score - score.mean(), strict=True):
            sums[employer] = sums.get(employer, 0.0) + sign * x / len(score)
    c = len(sums)
    se = np.sqrt(c / (c - 1) * sum(s**2 for s in sums.values()))
    assert r["change_upper"] - r["change"] == pytest.approx(stats.t.ppf(0.975, c - 1) * se)
    assert r["change"] - r["change_lower"] == pytest.approx(r["change_upper"] - r["change"])


def test_without_clusters_a_change_is_that_of_two_samples() -> None:
    now, before = two_waves()
    alone = now.instrument.model_copy(update={"employer": None})
    now, before = replace(now, instrument=alone), replace(before, instrument=alone)
    r = trend(now, before, now.instrument.factors).iloc[0]
    one, other = (s.pillar_scores["prototypicality"] for s in (now, before))
    n = len(one) + len(other)
    variance = one.var(ddof=0) / len(one) + other.var(ddof=0) / len(other)
    half = stats.t.ppf(0.975, n - 1) * np.sqrt(n / (n - 1) * variance)
    assert r["change_upper"] - r["change"] == pytest.approx(half)


def test_nothing_is_told_of_a_change_where_waves_may_not_be_compared() -> None:
    now, before = two_waves()
    table = trend(now, before, ["impresarioship"]).set_index("pillar")
    assert table["comparable"].tolist() == [False, False, False, True]
    assert table["change"].isna().tolist() == [True, True, True, False]
    assert table["before"].notna().all()


WAVE_WORDS: dict[Language, tuple[str, ...]] = {
    "en": ("are not compared: the items did not mean", "no change was shown", "On doing it for us"),
    "nl": ("worden de metingen niet vergeleken: de vragen betekenden", "geen verandering",
           "Op ‘ons’ vooruit helpen"),  # noqa: RUF001
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pillar_with_an_item_that_changed_its_meaning_is_not_compared(language: Language) -> None:
    now, before = two_waves(ItemShift("2026", "adv2", intercept=-0.8), n=3000)
    found = Study(now, "", language, wave="2026", beside=beside_of(before))
    assert found.earlier is not None
    assert "advancement" not in found.earlier.comparable
    told = " ".join(trend_words.changed(found))
    assert all(words in told for words in WAVE_WORDS[language])
    assert foreign_numbers(told, language) == []


def beside_of(before: Survey | None, **more: Any) -> Any:
    from employer_identity.reports.beside import Beside

    return Beside(previous=before, **more)


def test_an_item_that_was_asked_in_one_wave_only_is_no_comparison() -> None:
    now, before = two_waves()
    gone = before.answers.assign(ent2=np.nan)
    found = Study(now, "", "en", wave="2026", beside=beside_of(replace(before, answers=gone)))
    assert found.earlier is not None
    assert "entrepreneurship" not in found.earlier.comparable
    told = " ".join(trend_words.changed(found))
    assert "not every item was asked in both" in told or "could not be tested" in told


def test_what_rose_and_fell_is_told_with_its_interval_and_one_wave_says_why_not(
    study: Study,
) -> None:
    assert study.earlier is not None
    told = " ".join(trend_words.changed(study))
    row = study.earlier.table.set_index("pillar").loc["impresarioship"]
    assert f"rose on making us matter (+{row['change']:.2f}, {row['change_lower']:.2f} to" in told
    assert "On being one of us, doing it for us" in told
    assert any("up on making us matter" in line for line in trend_words.glance(study))
    alone = replace(study, beside=replace(study.beside, previous=None))
    assert leftovers.trend(alone) == [alone.tell("brand.trend.none")]
    assert leftovers.trend(replace(study, group="wave")) == []


# --- The public


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_two_frames_are_never_mixed(study: Study, language: Language) -> None:
    mine = speaking(study, language)
    assert mine.outside is not None
    first = public_words.who(mine)[0]
    named = {"en": "are not the employees", "nl": "zijn niet de medewerkers"}[language]
    assert named in first
    staying = staying_words.who(mine)[0]
    assert {"en": "are not the public", "nl": "zijn niet het publiek"}[language] in staying
    chapters = [
        *public_words.liked(mine, mine.outside), *public_words.caution(mine, mine.outside),
        *public_words.wanted(mine, mine.outside), *public_words.derived(mine, mine.outside),
        *work_words.switching(mine, mine.outside), *work_words.reasons(mine, mine.outside),
        *work_words.belonging(mine, mine.outside), *staying_words.staying(mine),
        *staying_words.identity(mine), *staying_words.limits(mine),
        *structure_words.which_scores(mine),
        *employer_words.comparable(mine), *employer_words.shrunken(mine),
        *theme.told(mine, theme.practices(mine)), *data_words.raking(mine),
    ]  # fmt: skip
    text = " ".join(chapters)
    assert foreign_numbers(text, language) == []
    assert "nan" not in text.split()
    cause = {"en": r"drives|leads to|because of", "nl": r"drijft|zorgt voor|dankzij"}[language]
    assert not pd.Series(chapters).str.contains(cause).any()


def test_numbers_in_the_sentences_are_those_of_the_results(study: Study) -> None:
    found = study.outside
    assert found is not None
    assert found.drivers is not None
    worst = found.drivers.table.loc[found.drivers.table["gap_own"].idxmin()]
    told = public_words.wanted(study, found)[1]
    gap = f"a gap of {-100 * worst['gap_own']:.0f} percentage points"
    assert f"{worst['ideal']:.0%} find it important, {worst['own']:.0%} have it, {gap}" in told
    ranking = found.attractiveness.ranking
    first = int((ranking["band"] == 1).sum())
    assert f"The {first} at the top" in public_words.liked(study, found)[1]
    whole = found.switching.query("question == 'intends' and group == ''")["share"].iloc[0]
    assert f"{whole:.0%} (" in work_words.switching(study, found)[0]


def test_a_group_of_the_public_that_is_too_small_is_not_shown_nor_given_away(
    study: Study, panel: Panel
) -> None:
    young = np.flatnonzero((panel.people["generation"] == "gen_z").to_numpy())
    people = panel.people.drop(index=panel.people.index[young[9:]]).reset_index(drop=True)
    ratings = panel.ratings[panel.ratings["respondent"].isin(people["respondent"])]
    fewer = with_panel(study, replace(panel, people=people, ratings=ratings))
    found = fewer.outside
    assert found is not None
    assert found.least == 10
    assert "gen_z" in found.left_out
    assert len(found.left_out) == 2  # the smallest other one, too
    for frame in (found.switching, found.belonging):
        assert not set(found.left_out) & set(frame["group"])
        assert "" in set(frame["group"])
    assert "Generation Z" in work_words.left_out(fewer, found)[0]


def test_of_employers_that_few_know_only_awareness_is_told(study: Study, panel: Panel) -> None:
    found = replace(study, minimum_n=70).outside
    assert found is not None
    table = found.attractiveness.table
    few = table["known"] < 70
    assert few.any()
    assert table.loc[few, ["relative", "absolute", "relative_upper"]].isna().all(axis=None)
    assert table.loc[~few, "relative"].notna().all()
    assert f"{found.unseen} employers are known to fewer than 70" in public_words.caution(
        study, found
    )[0]  # fmt: skip


def test_too_few_people_of_the_public_are_not_shown(study: Study, panel: Panel) -> None:
    people = panel.people.head(9)
    ratings = panel.ratings[panel.ratings["respondent"].isin(people["respondent"])]
    few = with_panel(study, replace(panel, people=people, ratings=ratings))
    assert few.outside is None
    assert public_words.who(few) == [few.tell("brand.public.few", least=10)]


def test_no_employer_known_well_enough_is_said(study: Study, panel: Panel) -> None:
    strangers = panel.ratings.assign(known=0.0, attractive=np.nan)
    found = with_panel(study, replace(panel, ratings=strangers)).outside
    assert found is not None
    assert found.attractiveness.ranking.empty
    told = public_words.liked(study, found)
    assert "No employer is known to enough people" in told[0]
    assert told[1] == ""


def test_employers_on_one_side_and_two_spellings_stand_in_the_notes(
    study: Study, panel: Panel
) -> None:
    names = list(panel.employers)
    spelt = {names[0]: names[0].upper(), names[1]: "Somebody else altogether"}
    ratings = panel.ratings.assign(employer=panel.ratings["employer"].cat.rename_categories(spelt))
    noted = " ".join(data_words.doubts(with_panel(study, replace(panel, ratings=ratings))))
    assert f"“{names[0].upper()}” → “{names[0]}”" in noted
    assert "Somebody else altogether" in noted
    assert names[1] in noted
    assert data_words.doubts(study) == []


def test_a_weight_that_speaks_for_too_many_stands_in_the_notes(
    study: Study, tmp_path: Path
) -> None:
    people = pd.read_csv(FILES["people"])
    people["weight"] = people["weight"].astype(float)
    people.loc[3, "weight"] = 50.0
    people.to_csv(tmp_path / "people.csv", index=False)
    heavy = open_panel(FILES["public"], str(tmp_path / "people.csv"), study.survey)
    assert heavy is not None
    noted = " ".join(data_words.doubts(with_panel(study, heavy)))
    assert "the largest is 52 times the median one" in noted
    with pytest.warns(SurveyWarning, match="the largest is 52 times"):
        warn_of_doubts(heavy, study.survey)  # as on the command line


# --- Chapters that cannot be shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chapter_without_its_data_says_why_in_a_sentence(language: Language) -> None:
    survey = simulate_survey(400, preset="idealised", seed=3)
    bare = survey.instrument.model_copy(update={"outcomes": ()})
    alone = Study(replace(survey, instrument=bare), "", language)
    assert alone.outside is None
    assert alone.employers is None
    assert alone.pathways is None
    assert alone.staying is None
    told = [
        public_words.who(alone), public_words.who(alone, "work"), leftovers.trend(alone),
        [alone.tell("brand.staying.no_outcomes")], employer_words.why_not(alone),
    ]  # fmt: skip
    for sentences in told:
        assert len(sentences) == 1
        assert sentences[0].count(". ") == 0
    chapters = ("trend", "wanted", "staying", "units", "theme")
    assert all(leftovers.has_chapter(alone, c) for c in chapters)  # type: ignore[arg-type]
    assert leftovers.missing(alone) == []
    assert data_words.raking(alone) == [alone.tell("brand.weights.none")]


def test_a_questionnaire_without_practices_tells_what_is_missing_together() -> None:
    survey = simulate_survey(400, preset="idealised", seed=3)
    items = tuple(i.model_copy(update={"practice": None}) for i in survey.instrument.items)
    bare = survey.instrument.model_copy(update={"outcomes": (), "practices": (), "items": items})
    plain = Study(replace(survey, instrument=bare), "", "en")
    assert not any(leftovers.has_chapter(plain, c) for c in ("wanted", "staying", "units", "theme"))
    missing = leftovers.missing(plain)
    assert len(missing) == 4
    assert not any("employer" in sentence for sentence in missing)


def test_four_scores_that_are_not_four_things_are_called_that() -> None:
    study = Study(simulate_survey(600, preset="other_rated", seed=2), "", "en")
    assert study.structures is not None
    assert not study.structures.recommendation.several
    assert "one story with four sides" in structure_words.which_scores(study)[0]
    (glance,) = structure_words.glance(study)
    assert glance in prose.at_a_glance(study)
    kind = Study(simulate_survey(600, preset="idealised", seed=2), "", "en")
    assert structure_words.glance(kind) == []


def test_overlapping_pillars_get_no_slopes_of_their_own() -> None:
    study = Study(simulate_survey(600, preset="other_rated", seed=2), "", "en")
    assert study.staying is not None
    study.__dict__["staying"] = study.staying.assign(vif=7.2)
    told = staying_words.staying(study)
    assert "variance inflation up to 7.2" in told[0]
    assert not any("one point higher" in sentence for sentence in told)


# --- Employers and sectors


def test_employers_are_set_side_by_side_where_sectors_mean_the_same(study: Study) -> None:
    assert study.employers is not None
    told = employer_words.comparable(study)[0]
    assert "over 6 sectors" in told
    assert "could not be tested: for that, most have too few respondents" in told
    hidden = study.suppression.cells.query("column == 'employer' and scores != ''")["unit"]
    assert len(hidden)
    assert not set(hidden) & set(study.employers.scores["employer"])


def test_pillars_that_differ_between_sectors_are_not_set_side_by_side() -> None:
    truth = Truth(grouping="branch", shares={"care": 0.5, "trade": 0.5},
                  shifts=(ItemShift("care", "adv2", intercept=-0.8),))  # fmt: skip
    survey = simulate_survey(2000, preset="idealised", seed=4, truth=truth)
    branch = survey.answers["branch"].astype(str)
    employer = pd.Categorical([f"{b} {k % 10}" for k, b in enumerate(branch)])
    update = {"sector": "branch", "employer": "employer", "groupings": ()}
    instrument = survey.instrument.model_copy(update=update)
    survey = replace(
        survey, answers=survey.answers.assign(employer=employer), instrument=instrument
    )
    study = Study(survey, "", "en")
    assert study.employers is not None
    assert "advancement" not in study.employers.comparable
    assert "advancement" not in set(study.employers.scores["pillar"])
    assert "do not for doing it for us" in employer_words.comparable(study)[0]
    small = replace(study, survey=replace(survey, answers=survey.answers.head(90)))
    assert small.employers is not None
    assert "could not be tested" in employer_words.comparable(small)[0]


# --- The theme


def test_a_theme_is_all_practices_or_those_of_one_pillar(study: Study) -> None:
    everything = theme.practices(study)
    assert set(everything["pillar"]) == set(study.pillars)
    assert everything["agree"].is_monotonic_decreasing
    one = replace(study, theme="advancement")
    own = theme.practices(one)
    assert set(own["pillar"]) == {"advancement"}
    assert "The theme is doing it for us" in theme.told(one, own)[0]
    row = own.iloc[0]
    expected = brand.item_levels(study.survey).set_index("item").loc[row["item"], "agree"]
    assert row["agree"] == pytest.approx(expected)
    assert whom.counts(theme.table(one, own))[row["item"]] == row["n"]


def test_many_heat_maps_are_in_the_appendix_but_for_the_sectors(study: Study) -> None:
    one = Shown("units", "figure", None, "", facts=())
    few, many = [one] * 4, [one] * 5
    assert employer_words.maps_here(study, few) == 4
    assert employer_words.maps_elsewhere(study, few) == []
    assert employer_words.maps_here(study, many) == 1
    assert "appendix" in employer_words.maps_elsewhere(study, many)[0]


def test_a_public_of_a_dozen_is_told_without_a_ranking(tmp_path: Path) -> None:
    write_study(replace(SMALL, outsiders=12), tmp_path)
    names = {"instrument": "instrument.toml", "public": "public.csv", "people": "public_people.csv"}
    files = {name: str(tmp_path / file) for name, file in names.items()}
    study = open_study(str(tmp_path / "employees.csv"), group="", language="en", **files)
    found = study.outside
    assert found is not None
    assert found.drivers is not None
    told = public_words.liked(study, found)[0]
    assert told.startswith("No employer was shown to at least 10 people")
    ends = found.drivers.table[["ideal_lower", "ideal_upper", "own_lower", "own_upper"]]
    assert ends.min().min() >= 0.0  # plain intervals would reach beyond both
    assert ends.max().max() == 1.0


# --- Margins


def test_each_wave_is_weighted_to_the_margins_before_anything_else(tmp_path: Path) -> None:
    path = tmp_path / "margins.toml"
    path.write_text("[gender]\nwoman = 0.3\nman = 0.7\n", encoding="utf-8")
    study = open_study(group="", language="en", margins=str(path))
    assert study.beside.raking is not None
    assert study.beside.previous is not None
    for survey in (study.survey, study.beside.previous):
        w = survey.answers[survey.instrument.weight or ""]
        assert w.mean() == pytest.approx(1.0)
        stated = survey.answers["gender"].notna()
        share = w[stated & (survey.answers["gender"] == "man")].sum() / w[stated].sum()
        assert share == pytest.approx(0.7, abs=1e-6)
    told = data_words.raking(study)[0]
    assert "weighted to Gender, as “margins.toml” has them" in told
    assert f"design effect is {study.beside.raking.deff:.2f} (Kish)" in told
    assert dict(data_words.made_with(study))["margins"] == "margins.toml"


@pytest.mark.parametrize(
    ("margins", "code"),
    [
        ("[gender]\nwoman = 0.3\nman = 0.3\n", "raking.not_adding"),
        ("[gender]\nwoman = 0.3\nman = 0.6\nother = 0.1\n", "raking.nobody"),
        ("[gander]\nwoman = 0.3\nman = 0.7\n", "raking.unknown_column_near"),
        ("[gender\n", "raking.no_toml"),
    ],
)
def test_margins_that_cannot_be_used_are_refused_before_a_kernel_starts(
    margins: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("employer_identity.reports.run.execute", lambda *_: pytest.fail("it ran"))
    path = tmp_path / "margins.toml"
    path.write_text(margins, encoding="utf-8")
    with pytest.raises(SurveyError) as caught:
        report(margins=str(path), output=tmp_path / "study.html")
    assert [p.code for p in caught.value.problems][:1] == [code]


def test_a_wave_before_that_does_not_fit_the_margins_is_not_compared(tmp_path: Path) -> None:
    answers = pd.read_csv(sample() / "employees.csv", dtype=str)
    survey = answers[~((answers["wave"] == "2025") & (answers["contract"] == "agency"))]
    survey.to_csv(tmp_path / "answers.csv", index=False)
    margins = tmp_path / "margins.toml"
    margins.write_text("[contract]\npermanent = 0.7\ntemporary = 0.2\nagency = 0.1\n")
    files = {"instrument": str(sample() / "instrument.toml"), "margins": str(margins)}
    study = open_study(str(tmp_path / "answers.csv"), group="", language="en", **files)
    assert study.beside.raking is not None
    assert study.earlier is None
    told = leftovers.trend(study)
    assert told == [
        "The answers to Contract in the wave “2025” do not fit the margins, so that it could not "
        "be weighted like this one; the waves are therefore not compared."
    ]
    assert trend_words.glance(study) == []
    assert "over waves nothing is compared here" in " ".join(data_words.about_survey(study))
    assert any(
        w.startswith("The wave “2025”: ") and "'agency'" in w for w in data_words.doubts(study)
    )
    with pytest.raises(SurveyError, match="agency"):  # of all waves none may fail
        open_study(str(tmp_path / "answers.csv"), group="wave", **files)
    with pytest.raises(SurveyError, match="agency"):
        open_study(str(tmp_path / "answers.csv"), group="", wave="2025", **files)


@pytest.mark.parametrize("language", LANGUAGES)
def test_clusters_are_told_of_only_where_there_are(study: Study, language: Language) -> None:
    alone = study.instrument.model_copy(update={"employer": None, "cluster": None})
    words = {"en": "cluster", "nl": "cluster"}[language]
    for instrument, there in ((study.instrument, True), (alone, False)):
        beside = study.beside.previous
        assert beside is not None
        before = replace(beside, instrument=instrument)
        own = replace(
            study,
            language=language,
            survey=replace(study.survey, instrument=instrument),
            beside=replace(study.beside, previous=before),
        )
        assert own.earlier is not None
        told = [data_words.raking(own)[0], " ".join(leftovers.methods(own))]
        assert [words in text for text in told] == [there, there]
        assert not any("collega" in text or "olleague" in text for text in told)


def test_without_margins_nothing_is_weighted(study: Study) -> None:
    assert weighed(study.survey, "") == (study.survey, {})
    assert beside(study.survey, "2026").raking is None


# --- Files beside the survey


def codes(given: dict[str, Any]) -> list[str]:
    problems = list(file_problems(given))
    assert all(describe(p, language) for p in problems for language in LANGUAGES)
    return [p.code for p in problems]


def test_files_that_are_missing_and_one_of_a_pair_are_told_at_once() -> None:
    assert codes(FILES) == []
    assert codes({"public": FILES["public"]}) == ["parameters.alone"]
    assert codes({"people": "none.csv"}) == ["parameters.no_file", "parameters.alone"]
    assert codes({"margins": "none.toml"}) == ["parameters.no_file"]
    with pytest.raises(ReportError) as caught:
        check_asked("employer_brand_study", {"public": FILES["public"], "margins": "none.toml"})
    assert [p.code for p in caught.value.problems] == ["parameters.no_file", "parameters.alone"]


def test_the_sample_has_its_own_public_and_no_other_survey_has() -> None:
    study = "employer_brand_study"
    assert of_sample(study, {}, True) == FILES
    assert of_sample(study, {}, False) == {}
    assert of_sample("employer_report", {"employer": "x"}, True) == {"employer": "x"}
    own = {"public": "a.csv", "people": "b.csv"}
    assert of_sample(study, own, True) == own


def test_a_theme_that_is_no_pillar_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("employer_identity.reports.run.execute", lambda *_: pytest.fail("it ran"))
    with pytest.raises(ReportError) as caught:
        report(theme="advancment")
    assert [p.code for p in caught.value.problems] == ["parameters.unknown_theme_near"]


def test_a_snapshot_gives_the_panel_back_and_stands_for_what_is_beside_it(
    study: Study, panel: Panel, tmp_path: Path
) -> None:
    files = [tmp_path / "public.arrow", tmp_path / "people.arrow"]
    write_panel(panel, *files)
    again = read_panel(*files)
    pd.testing.assert_frame_equal(again.ratings, panel.ratings)
    pd.testing.assert_frame_equal(again.people, panel.people)
    assert (again.instrument, again.sha256) == (panel.instrument, panel.sha256)
    assert (again.changes, again.warnings) == (panel.changes, panel.warnings)
    survey = tmp_path / "survey.arrow"
    sha256 = write_snapshot(study.survey, survey, files)
    assert read_snapshot(survey, sha256).n == study.survey.n
    files[1].write_bytes(files[1].read_bytes() + b" ")
    with pytest.raises(ReportError, match=r"people\.arrow"):
        read_snapshot(survey, sha256)


def test_a_plan_rests_on_what_is_beside_the_survey(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "margins.toml"

    def planned(common: dict[str, Any]) -> tuple[str, Any]:
        sets = [ParameterSet("all", {"group": ""})]
        plan = make_plan(study.survey, "employer_brand_study", sets, common, ["en"], ("html",))
        (task,) = plan.tasks
        return task.key, plan.shares[task.shared].selection

    keys = []
    for man in (0.5, 0.6):
        path.write_text(f"[gender]\nwoman = {1 - man}\nman = {man}\n", encoding="utf-8")
        key, selection = planned({**FILES, "margins": str(path)})
        keys.append(key)
        assert selection.beside.raking is not None
        assert selection.beside.panel is not None
    assert keys[0] != keys[1]  # the same path, another content
    assert planned({})[1].beside.panel is None
    with pytest.raises(ReportError) as caught:
        planned({"public": FILES["public"]})
    assert [p.code for p in caught.value.problems] == ["parameters.alone"]


def test_problems_of_the_public_are_told_before_a_kernel_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, study: Study
) -> None:
    monkeypatch.setattr("employer_identity.reports.run.execute", lambda *_: pytest.fail("it ran"))
    people = pd.read_csv(FILES["people"]).head(200)
    people.to_csv(tmp_path / "people.csv", index=False)
    asked = {"public": FILES["public"], "people": str(tmp_path / "people.csv")}
    with pytest.raises(SurveyError) as caught:
        report(survey=study.survey, **asked, output=tmp_path / "study.html")
    found: list[Problem] = list(caught.value.problems)
    assert "panel.stranger" in [p.code for p in found]
