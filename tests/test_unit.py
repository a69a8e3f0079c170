"""The report on one employer: what it says of whom, what it leaves out, with whom it compares."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from employer_identity import figures, tables
from employer_identity.adjusting import holm
from employer_identity.audit.facts import Fact
from employer_identity.errors import ModelError, Problem, ReportError
from employer_identity.instrument import load_instrument
from employer_identity.invariance import invariance
from employer_identity.language import Language
from employer_identity.loading import check_survey, load_survey
from employer_identity.privacy import Shown
from employer_identity.questionnaire import Grouping
from employer_identity.reports import unit_facts, unit_words
from employer_identity.reports.documents import documents
from employer_identity.reports.execution import execute
from employer_identity.reports.opening import open_study
from employer_identity.reports.places import notebooks, sample
from employer_identity.reports.prepared import Prepared, prepare, write_prepared
from employer_identity.reports.snapshot import write_snapshot
from employer_identity.reports.stated import stated
from employer_identity.reports.unit import UnitStudy, open_unit, unit_problems
from employer_identity.reports.unit_questions import questions
from employer_identity.simulate import simulate_survey
from employer_identity.survey import Survey
from tests.browser import CHROMIUM, a_page
from tests.drawn import foreign_numbers, outside, overlapping
from tests.test_report import FIVE, captions, check_document, sections

LANGUAGES: list[Language] = ["nl", "en"]
NASTY = '<script>alert(1)</script> & "Co" \N{SLIGHTLY SMILING FACE} ../x'


@pytest.fixture(scope="module")
def whole_sample() -> Survey:
    return load_survey(sample() / "employees.csv", instrument=sample() / "instrument.toml")


@pytest.fixture(scope="module")
def prepared(whole_sample: Survey) -> Prepared:
    return prepare(whole_sample, groups=["sector", "generation"])


def employed(sizes: dict[str, dict[str, int]], seed: int = 5) -> Survey:
    """Simulate sectors with their employers, each of so many people; nobody differs."""
    people = [
        (s, e) for s, employers in sizes.items() for e, n in employers.items() for _ in range(n)
    ]
    survey = simulate_survey(len(people), preset="idealised", seed=seed)
    columns = dict(zip(("sector", "employer"), zip(*people, strict=True), strict=True))
    answers = survey.answers.assign(**{c: pd.Categorical(v) for c, v in columns.items()})
    instrument = survey.instrument.model_copy(update={c: c for c in columns})
    return replace(survey, answers=answers, instrument=instrument)


TOWN = {"care": {"Ark": 60, "Bay": 40, "Cup": 40}, "trade": {"Dew": 50, "Elm": 50}}


def about(
    survey: Survey, employer: str, language: Language = "en", column: str = "employer", **more: Any
) -> UnitStudy:
    made = prepare(survey, **{"groups": ["sector"]} | more)
    assert unit_problems(survey, made.suppression, column, employer) == []
    return UnitStudy(made, column, employer, language)


def changed(survey: Survey, rows: pd.Series, **columns: Any) -> Survey:
    answers = survey.answers.copy()
    for name, change in columns.items():
        answers.loc[rows, name] = change(answers.loc[rows, name]) if callable(change) else change
    return replace(survey, answers=answers)


def told(unit: UnitStudy) -> str:
    """Everything that a report on a unit says outside its figures and tables."""
    kicker, title, subtitle, facts = unit_words.title_page(unit)
    pieces = [
        kicker,
        title,
        subtitle,
        *facts,
        *unit_words.opening(unit),
        *unit_words.at_a_glance(unit),
    ]
    pieces += [f"{value} {label}" for value, label in unit_words.key_numbers(unit)]
    pieces += [*unit_words.pillars(unit), *unit_words.beside(unit), *unit_words.hidden_parts(unit)]
    if unit.shows("items"):
        pieces.append(unit_words.head(unit))
        for noticed in (n for p in unit.pillars for n in unit_words.noticed(unit, p)):
            pieces += [noticed.label, noticed.text]
            pieces += [f"{a.share} {a.mean} {a.beside}" for a in noticed.asked]
        pieces += unit_words.standing_out(unit) if unit.references else []
    pieces += unit_words.outcomes(unit) if len(unit.of("outcome")) else []
    pieces += [*questions(unit), *unit_words.may_be_compared(unit), *unit_words.not_shown(unit)]
    return "\n".join([*pieces, *(f"{term} {text}" for term, text in unit_words.method(unit))])


def drawn(unit: UnitStudy) -> list[Any]:
    """Every figure and table of a report on a unit."""
    beside = {"references": unit.references, "language": unit.language}
    kinds = [k for k in ("pillar", "item", "outcome") if len(unit.of(k))]
    shown = [table(unit, k) for k in kinds]
    means = unit_facts.means(unit, "pillar", "standing")
    shown.append(figures.standing(unit.of("pillar"), unit.instrument, facts=means, **beside))
    if unit.references and unit.shows("items"):
        shown.append(differences(unit.of("item"), unit))
    return shown


def table(unit: UnitStudy, kind: str) -> Shown:
    how: dict[str, Any] = {"facts": unit_facts.rows(unit, kind), "language": unit.language}
    return tables.standing(unit.of(kind), unit.instrument, unit.references, **how)


def differences(rows: pd.DataFrame, unit: UnitStudy) -> Shown:
    how: dict[str, Any] = {"facts": unit_facts.means(unit, "item"), "language": unit.language}
    return figures.differences(rows, unit.instrument, unit.references[0], **how)


def everything(unit: UnitStudy) -> str:
    """What is told, drawn and handed over, as one text."""
    pieces = [told(unit), json.dumps(unit_words.numbers(unit))]
    for shown in drawn(unit):
        pieces += [shown.caption, shown.alt, json.dumps(shown.persons)]
        if shown.kind == "table":
            html = shown.content.as_raw_html()
            pieces.append(re.sub(r"<[^>]+>", " ", html[html.index("<table") :]))
    return "\n".join(pieces)


# --- An ordinary employer


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_employer_stands_beside_its_sector_and_everyone(
    prepared: Prepared, language: Language
) -> None:
    unit = UnitStudy(prepared, "employer", "Gouden Brug", language)
    text = told(unit)
    assert unit.references == ("sector", "whole")
    assert unit.n == 135
    assert foreign_numbers(text, language) == []
    assert "nan" not in text.lower().split()
    assert {"nl": "135 medewerkers van Gouden Brug", "en": "135 employees of Gouden Brug"}[
        language
    ] in text
    assert 3 <= len(unit_words.at_a_glance(unit)) <= 4
    assert len(questions(unit)) == 3
    assert len(unit_words.key_numbers(unit)) == 4
    for shown in drawn(unit):
        assert shown.facts
        if shown.kind == "figure":
            assert outside(shown.content) == []
            assert overlapping(shown.content) == []
            assert foreign_numbers(shown.alt, language) == []


def test_the_name_of_an_employer_stays_as_it_is_written() -> None:
    survey = employed({"care": {"iZorg": 40, "Bay": 40}, "trade": TOWN["trade"]})
    assert unit_words.title_page(about(survey, "iZorg"))[1] == "iZorg"
    assert unit_words.title_page(about(survey, "care", column="sector"))[1] == "Care"


def test_the_numbers_are_those_of_the_pillars(prepared: Prepared) -> None:
    unit = UnitStudy(prepared, "employer", "Gouden Brug", "nl")
    numbers = unit_words.numbers(unit)
    pillars = unit.of("pillar").set_index("name")
    assert numbers["n"] == 135
    assert len(numbers) == 1 + 5 * len(unit.pillars)
    for pillar in unit.pillars:
        row = pillars.loc[pillar]
        assert numbers[f"lower_{pillar}"] < numbers[f"mean_{pillar}"] < numbers[f"upper_{pillar}"]
        assert numbers[f"d_sector_{pillar}"] == pytest.approx(row["mean"] - row["sector_mean"])
        assert numbers[f"d_whole_{pillar}"] == pytest.approx(row["mean"] - row["whole_mean"])


def test_pillars_are_compared_in_words_with_the_sector_and_with_everyone() -> None:
    survey = employed(TOWN)
    trade = survey.answers["sector"] == "trade"
    impresarioship = {
        name: lambda x: (x - 1).clip(1, 7) for name in ("imp1", "imp2", "imp3", "imp4")
    }
    unit = about(changed(survey, trade, **impresarioship), "Dew")
    near, far = unit_words.beside(unit)
    assert near == "No mean score stands clearly apart from the sector “trade”."
    assert far.startswith("Compared with all respondents, this one stands clearly apart: ")
    assert "lower" in far
    assert "all respondents" not in " ".join(unit_words.at_a_glance(unit))


def test_practices_have_the_shares_of_both_and_a_mark_in_the_bar(prepared: Prepared) -> None:
    unit = UnitStudy(prepared, "employer", "Rode Egel", "en")
    asked = [a for p in unit.pillars for n in unit_words.noticed(unit, p) for a in n.asked]
    rows = unit.of("item").set_index("name")
    order = [
        i.name
        for p in unit.instrument.practices
        for i in unit.instrument.items
        if i.practice == p.key
    ]
    assert [a.agree for a in asked] == rows.loc[order, "agree"].tolist()
    assert [a.mark for a in asked] == rows.loc[order, "sector_agree"].tolist()
    assert all(a.beside.startswith("the sector: ") for a in asked)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("practices", [True, False])
def test_what_was_turned_says_so_wherever_its_answers_are_told(
    practices: bool, language: Language
) -> None:
    survey = employed(TOWN)
    items = tuple(
        i.model_copy(update={"reverse": i.name == "adv2"}) for i in survey.instrument.items
    )
    if not practices:
        items = tuple(i.model_copy(update={"practice": None}) for i in items)
    own: dict[str, Any] = {"items": items} | ({} if practices else {"practices": ()})
    turned = replace(survey, instrument=survey.instrument.model_copy(update=own))
    unit = about(changed(turned, turned.answers["employer"] == "Ark", adv2=1.0), "Ark", language)
    mark = {"en": "answers turned round", "nl": "antwoorden omgedraaid"}[language]
    told_of = [
        n.label + "".join(a.mean for a in n.asked) for n in unit_words.noticed(unit, "advancement")
    ]
    assert sum(mark in text for text in told_of) == 1
    assert {"en": "disagrees with the item", "nl": "juist oneens"}[language] in unit_words.head(
        unit
    )
    shown = table(unit, "item").content.as_raw_html()
    assert shown.count(f"({mark})") == 1
    assert mark in differences(unit.of("item"), unit).alt
    assert mark in " ".join(unit_words.standing_out(unit))


# --- What stands apart


def test_planted_differences_are_named_with_their_direction_and_asked_about() -> None:
    survey = employed(TOWN)
    inside = survey.answers["employer"] == "Ark"
    low = {"pro1": lambda x: (x - 3).clip(1, 7)}
    unit = about(changed(survey, inside, **low, imp4=lambda x: (x + 3).clip(1, 7)), "Ark")
    assert unit.apart("item")["name"].tolist() == ["imp4", "pro1"]
    above, below = unit_words.standing_out(unit)
    assert "stands out above the sector “care”" in above
    assert "“Turns words into deeds”" in above
    assert "stays behind the sector “care”" in below
    assert "“Embodies what's ours”" in below
    first, second, _ = questions(unit)
    assert "I recognise what sets this organisation apart" in first
    assert "below the sector" in first
    assert "I see in its deeds" in second
    assert table(unit, "item").content.as_raw_html().count("*") >= 2
    alt = differences(unit.of("item"), unit).alt
    assert alt.count("clearly apart") == 2
    assert alt.index("Turns words into deeds") < alt.index("Embodies what's ours")


def test_chance_is_allowed_for_among_pillars_items_and_outcomes_each(prepared: Prepared) -> None:
    near_miss = 0
    for name in ("Gouden Brug", "Vrolijke Valk", "Rode Klaver"):
        unit = UnitStudy(prepared, "employer", name, "en")
        for kind in ("pillar", "item", "outcome"):
            rows = unit.of(kind)
            expected = holm(rows["d_sector_pvalue"].to_numpy()) < 0.05
            assert rows["is_apart_sector"].tolist() == expected.tolist()
            near_miss += int(((rows["d_sector_pvalue"] < 0.05) & ~expected).sum())
    assert near_miss > 0


def test_where_nothing_stands_apart_it_says_so_and_what_that_takes() -> None:
    unit = about(employed(TOWN), "Bay")
    assert unit.apart("item").empty
    (text,) = unit_words.standing_out(unit)
    found = re.search(
        r"With (\d+) people and 16 .* about ([\d.]+) points .* of 0.3 .* about (\d+) answers", text
    )
    assert found
    n, margin, needed = int(found[1]), float(found[2]), int(found[3])
    assert n == unit.n
    items = unit.of("item")
    assert margin > (items["d_sector_upper"] - items["d_sector"]).median()  # Holm asks for more
    assert needed == pytest.approx(n * (margin / 0.3) ** 2, rel=0.2)
    assert enough(unit, needed) == pytest.approx(0.3, rel=0.1)
    assert "None of the 16 items compared stands clearly apart" in told(unit)
    assert len(questions(unit)) == 3


def enough(unit: UnitStudy, people: int) -> float:
    """By how much an item must differ to stand apart among so many people, by t as Holm has it."""
    items = unit.of("item")
    half = (items["d_sector_upper"] - items["d_sector"]).median()
    error = half / stats.t.ppf(0.975, items["n"].median() - 1) * np.sqrt(unit.n / people)
    return float(error * stats.t.ppf(1 - 0.025 / len(items), people - 1))


def test_few_people_are_not_asked_for_more_than_it_takes(whole_sample: Survey) -> None:
    """Eight people have a wide t; as many as it takes have a narrow one."""
    rows = whole_sample.answers["employer"] != "Zilveren Boot"
    survey = replace(whole_sample, answers=whole_sample.answers[rows].reset_index(drop=True))
    unit = about(survey, "Witte Kraanvogel")
    (text,) = unit_words.standing_out(unit)
    found = re.search(r"of 0.3 .* about (\d+) answers", text)
    assert found
    assert enough(unit, int(found[1])) == pytest.approx(0.3, rel=0.1)


def test_of_many_items_both_ends_are_drawn() -> None:
    unit = about(employed(TOWN), "Ark")
    rows = pd.concat(
        [unit.of("item").assign(d_sector=lambda f, k=k: f["d_sector"] + k) for k in range(3)]
    )
    shown = differences(rows, unit)
    assert "Drawn are the 30 at both ends." in shown.caption
    assert "48 comparisons" in shown.caption
    assert f"{rows['d_sector'].max():+.2f}" in shown.alt
    assert f"{rows['d_sector'].min():+.2f}" in shown.alt


def test_an_unweighted_survey_is_not_said_to_be_weighted(prepared: Prepared) -> None:
    assert "survey's weight" not in told(about(employed(TOWN), "Ark"))
    assert "survey's weight" in told(UnitStudy(prepared, "employer", "Rode Egel", "en"))


# --- What is hidden


def test_of_eight_people_no_share_of_answers_is_shown(whole_sample: Survey) -> None:
    rows = whole_sample.answers["employer"] != "Zilveren Boot"  # else the eight protect the four
    survey = replace(whole_sample, answers=whole_sample.answers[rows].reset_index(drop=True))
    unit = about(survey.of_wave("2026"), "Witte Kraanvogel")
    assert unit.n == 8
    assert unit.shows("items")
    text = everything(unit)
    assert "How many people agree is not shown" in text
    assert not re.search(r"\d%", text.replace("95%", "").replace("(Holm, 5%)", ""))
    assert "6–7" not in text  # noqa: RUF001
    assert unit.standing[["agree", "sector_agree", "whole_agree"]].isna().all(axis=None)
    asked = [a for p in unit.pillars for n in unit_words.noticed(unit, p) for a in n.asked]
    assert {a.agree for a in asked} == {a.mark for a in asked} == {None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_hidden_items_leave_nothing_behind(language: Language) -> None:
    survey = employed(TOWN)
    inside = survey.answers["employer"] == "Ark"
    few = changed(
        survey,
        inside & (survey.answers.groupby("employer", observed=True).cumcount() > 2),
        pro1=np.nan,
    )
    unit = about(few, "Ark", language)
    assert not unit.shows("items")
    assert set(unit.standing["kind"]) == {"pillar"}
    text = everything(unit)
    for name in (*survey.item_names, *survey.instrument.outcome_names):
        assert name not in text
        assert survey.instrument.label(name, language) not in text
        assert survey.instrument.wording(name, language) not in text
    assert {
        "nl": "Losse vragen en uitkomsten worden niet getoond",
        "en": "Single items and outcomes are not shown",
    }[language] in text
    assert len(questions(unit)) == 3


def test_a_sector_of_which_too_little_may_be_shown_is_not_compared_with() -> None:
    survey = employed(TOWN)
    sector = survey.answers["sector"] == "trade"
    few = changed(
        survey,
        sector & (survey.answers.groupby("sector", observed=True).cumcount() > 2),
        pro1=np.nan,
    )
    unit = about(few, "Dew")
    assert unit.references == ("whole",)
    assert unit.standing.filter(like="sector_").isna().all(axis=None)
    assert unit.standing.filter(like="d_sector").isna().all(axis=None)
    assert "too little may be shown of it" in told(unit)
    assert "the sector:" not in everything(unit)
    assert {v for k, v in unit_words.numbers(unit).items() if k.startswith("d_sector")} == {None}


# --- With whom nothing is compared


def test_the_only_employer_of_a_sector_is_compared_with_everyone() -> None:
    unit = about(employed({**TOWN, "sea": {"Fin": 40}}), "Fin")
    assert unit.references == ("whole",)
    assert "Fin is the only employer in it" in told(unit)
    assert unit.standing.filter(like="sector_").isna().all(axis=None)  # it is the employer's own
    assert "d_sector" not in table(unit, "pillar").content.as_raw_html()


def test_an_employer_of_two_sectors_is_compared_with_everyone() -> None:
    survey = employed(TOWN)
    half = (survey.answers["employer"] == "Ark") & (survey.answers.index % 2 == 0)
    unit = about(changed(survey, half, sector="trade"), "Ark")
    assert unit.sector == ""
    assert unit.references == ("whole",)
    assert "do not all belong to the same one" in told(unit)


def test_the_only_employer_of_a_survey_is_compared_with_nobody() -> None:
    survey = employed({"care": {"Ark": 80}})
    unit = about(survey, "Ark", groups=())
    assert unit.references == ()
    assert "nobody to compare with" in told(unit)
    assert "compares with others" not in told(unit)
    assert everything(unit)
    assert len(questions(unit)) == 3


def test_across_a_border_that_the_ladder_does_not_pass_nothing_is_compared(
    prepared: Prepared,
) -> None:
    stopped = invariance(prepared.survey, group="generation", on_reject="stop")
    made = replace(prepared, ladders={"generation": stopped})
    unit = UnitStudy(made, "generation", "gen_z", "en")
    assert unit.is_refused
    assert unit.references == ()
    assert unit.unlike == ()
    text = everything(unit)
    assert "by generation, the questionnaire does not mean the same to everyone" in text
    assert "neither links nor levels of these groups may be compared" in text
    assert "everyone" not in "\n".join(s.alt + s.caption for s in drawn(unit))
    assert {v for k, v in unit_words.numbers(unit).items() if k.startswith("d_")} == {None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_model_that_does_not_fit_is_no_finding_about_meaning(language: Language) -> None:
    survey = employed(TOWN)
    swapped = {"adv1": "ent1", "ent1": "adv1", "adv2": "imp2", "imp2": "adv2"}
    mixed = survey.answers.rename(columns=swapped)[survey.answers.columns]
    unfit = replace(survey, answers=mixed)
    unit = about(unfit, "Ark", language)
    assert unit.whole.ladder is not None
    assert unit.whole.ladder.level is None
    text = told(unit)
    not_known = {"en": "is not established", "nl": "staat niet vast"}[language]
    finding = {"en": "does not mean the same", "nl": "voor iedereen hetzelfde. "}[language]
    assert not_known in text
    assert finding not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_lost_an_equality_across_the_border_is_not_compared(
    prepared: Prepared, language: Language
) -> None:
    unit = UnitStudy(prepared, "generation", "gen_z", language)
    assert set(unit.unlike) == {
        "advancement", "entrepreneurship", "impresarioship", "adv2", "ent3", "imp1",
    }  # fmt: skip
    assert not unit.is_refused
    assert unit.references == ("whole",)
    rows = unit.standing.set_index("name")
    own = [c for c in rows if c.startswith(("whole_", "d_whole"))]
    assert rows.loc[list(unit.unlike), own].isna().all(axis=None)
    known = ["whole_mean", "d_whole", "d_whole_lower", "d_whole_upper"]
    assert rows.loc[["prototypicality", "adv1"], known].notna().all(axis=None)
    numbers = unit_words.numbers(unit)
    assert [k for k, v in numbers.items() if k.startswith("d_whole") and v is not None] == [
        "d_whole_prototypicality"
    ]
    text = everything(unit)
    item = unit.instrument.label("adv2", language)
    (told,) = [s for s in unit_words.beside(unit) if item in s]
    assert unit.instrument.label("advancement", language) in told
    assert told in text
    assert {"nl": "13 vergeleken vragen", "en": "13 items compared"}[language] in text
    note = {"nl": "vergelijking niet onderbouwd", "en": "comparison not supported"}[language]
    assert note in "\n".join(s.caption for s in drawn(unit))
    assert "nan" not in re.findall(r"\w+", text)


def test_a_ladder_that_could_not_be_made_is_told_as_untested(prepared: Prepared) -> None:
    failed = replace(prepared, ladders={"sector": ModelError("no")}, fit=ModelError("no"))
    unit = UnitStudy(failed, "employer", "Rode Egel", "en")
    assert unit.references == ("sector", "whole")
    assert "by sector could not be tested" in told(unit)


# --- Other units, other questionnaires


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sector_is_a_group_and_no_employer(prepared: Prepared, language: Language) -> None:
    unit = UnitStudy(prepared, "sector", "industry", language)
    text = told(unit)
    assert unit.references == ("whole",)
    assert {"nl": "Groepsrapport", "en": "Group report"}[language] in text
    first = "\n".join([*unit_words.opening(unit), *unit_words.title_page(unit)[3]])
    assert not re.search(r"\b(werkgevers?|employers?|medewerkers?|employees?)\b", first)


@pytest.fixture(scope="module")
def five_scales() -> Survey:
    """Five scales without practices, outcomes or sectors, answered at four employers."""
    instrument = load_instrument(FIVE)
    rng = np.random.default_rng(3)
    answers = {name: rng.integers(1, 7, 400) for name in instrument.item_names}
    known = instrument.model_copy(update={"employer": "firm", "groupings": ()})
    frame = pd.DataFrame(answers).assign(
        firm=np.array(["Ark", "Bay", "Cup", "Dew"])[np.arange(400) % 4]
    )
    survey = check_survey(frame, instrument=known).survey
    assert survey
    return survey


@pytest.mark.parametrize("language", LANGUAGES)
def test_scales_without_practices_outcomes_sectors(five_scales: Survey, language: Language) -> None:
    unit = about(five_scales, "Bay", language, "firm", groups=())
    text = everything(unit)
    assert unit.references == ("whole",)
    assert not re.search(r"pijler|pillar|sector", text.replace('"d_sector', "").replace(NASTY, ""))
    assert len([n for p in unit.pillars for n in unit_words.noticed(unit, p)]) == 25
    assert len(questions(unit)) == 3
    assert unit.of("outcome").empty


def test_a_questionnaire_without_employers_asks_for_a_column(
    five_scales: Survey, tmp_path: Path
) -> None:
    bare = five_scales.instrument.model_copy(
        update={"employer": None, "groupings": (Grouping(column="firm"),)}
    )
    path = tmp_path / "five.arrow"
    write_snapshot(replace(five_scales, instrument=bare), path)
    with pytest.raises(ReportError, match=r"by.*firm") as refused:
        open_unit(str(path), employer="Ark", language="en")
    assert [p.code for p in refused.value.problems] == ["unit.no_employer"]
    assert open_unit(str(path), employer="Ark", by="firm").kind == "group"


# --- Refusals


@pytest.mark.parametrize(
    ("column", "unit", "code", "said"),
    [
        ("employer", "Zilveren Boot", "unit.withheld", "fewer than 5 people"),
        ("employer", "Witte Kraanvogel", "unit.withheld", "could be worked out"),
        ("employer", "Rode Eggel", "unit.unknown_near", "Did you mean “Rode Egel”"),
        ("employer", "zzz", "unit.unknown", "Blauwe Mol"),
        ("employer", "", "unit.unknown", "Blauwe Mol"),
        ("employer", "?", "unit.unknown", "Blauwe Mol"),
        ("secto", "care", "unit.unknown_column_near", "“sector”"),
        ("q", "care", "unit.unknown_column", "employer, sector, generation"),
    ],
)  # fmt: skip
def test_there_is_no_report_on(
    prepared: Prepared, tmp_path: Path, column: str, unit: str, code: str, said: str
) -> None:
    (problem,) = unit_problems(prepared.survey, prepared.suppression, column, unit)
    assert (problem.code, problem.where, problem.count) == (
        code,
        column if "column" in code else unit,
        0,
    )
    sha256 = write_prepared(prepared, tmp_path)
    by = "" if column == "employer" else column
    with pytest.raises(ReportError, match=said):
        open_unit(employer=unit, by=by, prepared=str(tmp_path), sha256=sha256, language="en")
    with pytest.raises(ReportError, match=r"zijn geen rapporten|Er is geen rapport|komt"):
        open_unit(employer=unit, by=by, prepared=str(tmp_path), sha256=sha256, language="nl")


def test_a_hidden_sector_hides_its_employers() -> None:
    survey = employed({**TOWN, "sea": {"Fin": 4}, "air": {"Gem": 30, "Hub": 30}})
    made = prepare(survey)
    problems = [
        p.code
        for s in ("Fin", "Gem")
        for p in unit_problems(survey, made.suppression, "employer", s)
    ]
    assert problems == ["unit.withheld", "unit.withheld"]


# --- What a batch has prepared


@pytest.fixture
def folder(prepared: Prepared, tmp_path: Path) -> dict[str, str]:
    return {"prepared": str(tmp_path), "sha256": write_prepared(prepared, tmp_path)}


def test_a_prepared_folder_gives_the_same_report(
    prepared: Prepared, folder: dict[str, str]
) -> None:
    unit = open_unit(employer="Rode Egel", language="en", **folder)
    assert told(unit) == told(UnitStudy(prepared, "employer", "Rode Egel", "en"))
    assert told(unit) == told(open_unit(employer="Rode Egel", language="en"))
    with pytest.raises(ReportError, match="changed"):
        open_unit(employer="Rode Egel", prepared=folder["prepared"], sha256="0", language="en")


def test_a_study_takes_what_was_prepared(prepared: Prepared, folder: dict[str, str]) -> None:
    study = open_study(group="generation", **folder)
    assert study.wave == prepared.wave == "2026"
    assert study.survey.n == prepared.survey.n
    assert study.fit.fit_measures.equals(prepared.fit.fit_measures)  # type: ignore[union-attr]
    assert study.ladder is study.prepared.ladders["generation"]  # type: ignore[union-attr]
    assert study.suppression is study.prepared.suppression  # type: ignore[union-attr]


def test_a_prepared_failure_is_told_in_the_language_of_the_report(
    prepared: Prepared, tmp_path: Path
) -> None:
    why = ModelError("x", (Problem("model.one_group", "generation", 1),))
    failed = replace(prepared, fit=why, ladders={"generation": why})
    asked = {"prepared": str(tmp_path), "sha256": write_prepared(failed, tmp_path)}
    study = open_study(group="generation", language="nl", **asked)
    for part in ("fit", "ladder"):
        with pytest.raises(ModelError) as refused:
            getattr(study, part)
        assert refused.value.problems == why.problems
        assert re.search(r"\b(de|het|een|van)\b", str(refused.value))


def test_a_report_needs_no_slow_packages(folder: dict[str, str]) -> None:
    """Whatever the cells import and compute, a kernel goes without what takes seconds to load."""
    cells = json.loads(notebooks()["employer_report"].read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    asked = f"prepared, sha256 = {folder['prepared']!r}, {folder['sha256']!r}"
    slow = "import sys; print({'seaborn', 'statsmodels', 'semopy'} & set(sys.modules))"
    program = "\n".join([code[0], asked, *code[1:], slow])
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"


# --- The document


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    def make(survey: Survey, **asked: str) -> Any:
        path = tmp_path / "survey.arrow"
        digest = write_snapshot(survey, path)
        given = {"survey": str(path), "sha256": digest, **asked}
        done = execute(notebooks()["employer_report"], given, tmp_path)
        assert done.problem is None
        return done.notebook

    return make


@pytest.mark.notebook
@pytest.mark.parametrize("language", ["en", pytest.param("nl", marks=pytest.mark.slow)])
def test_names_of_markup_and_emoji_stay_names(made: Callable[..., Any], language: Language) -> None:
    survey = employed({NASTY: {NASTY: 60, "Bay": 60}, "trade": TOWN["trade"]})
    notebook = made(survey, employer=NASTY, language=language)
    html = documents(notebook, ["html"])["html"].decode()
    page = check_document(html, language)
    assert "alert(1)</script>" not in html
    assert "<script" not in html.lower()
    assert NASTY in page.text
    assert page.text.count("alert(1)") > 4
    assert r"\3c script\3e alert(1)\3c /script\3e  & \22 Co\22  " in html  # above each printed page
    assert len(page.all("img")) == 2
    assert sections(page) == [
        "glance", "pillars", "practices", "apart", "outcomes", "questions", "limits",
        "method", "items", "facts",
    ]  # fmt: skip
    shown = [o for c in notebook.cells for o in c.get("outputs", [])]
    roles = [o.metadata.get("employer_identity", {}).get("role") for o in shown]
    assert roles.count("title") == roles.count("numbers") == 1
    numbers = shown[roles.index("numbers")]["data"]["application/json"]
    assert numbers["n"] == 60
    assert "d_sector_impact" not in html
    assert "mean_" not in page.text


def few_answers(column: str, value: str) -> Survey:
    """Three people of an employer or sector answered the first item."""
    survey = employed(TOWN)
    beyond = survey.answers.groupby(column, observed=True).cumcount() > 2
    return changed(survey, (survey.answers[column] == value) & beyond, pro1=np.nan)


SLOW = pytest.mark.slow
SURVEYS: dict[str, tuple[Callable[[], Survey], str]] = {
    "plain": (lambda: employed(TOWN), "Ark"),
    "no shares": (lambda: employed({**TOWN, "sea": {"Fin": 40, "Gul": 7, "Hen": 7}}), "Gul"),
    "no items": (lambda: few_answers("employer", "Ark"), "Ark"),
    "no sector": (lambda: few_answers("sector", "trade"), "Dew"),
    "alone in it": (lambda: employed({**TOWN, "sea": {"Fin": 40}}), "Fin"),
    "alone": (lambda: employed({"care": {"Ark": 80}}), "Ark"),
}


@pytest.mark.notebook
@pytest.mark.parametrize(
    "case", [c if c == "no items" else pytest.param(c, marks=SLOW) for c in SURVEYS]
)
def test_a_report_states_all_that_its_page_tells_of_people(
    case: str, made: Callable[..., Any]
) -> None:
    build, name = SURVEYS[case]
    survey, found = build(), []
    for language in LANGUAGES if case == "plain" else ("en",):
        notebook = made(survey, employer=name, language=language)
        page = documents(notebook, ["html"])["html"].decode()
        found.append(set(stated(notebook, name, page).facts))  # refuses what the page denies
    assert all(facts == found[0] for facts in found)
    groups = ["sector"] if survey.answers["sector"].nunique() > 1 else []
    whole = unit_facts.of_report(about(survey, name, groups=groups))
    assert bare(found[0]) == bare(whole)


def bare(facts: Iterable[Fact]) -> set[Fact]:
    return {replace(fact, element="") for fact in facts}


@pytest.fixture(scope="module")
def unaided(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make the report of the template's own parameters."""
    done = execute(notebooks()["employer_report"], {}, tmp_path_factory.mktemp("unaided"))
    assert done.problem is None
    return documents(done.notebook, ["html"])["html"].decode()


@pytest.mark.notebook
def test_the_template_runs_unaided_on_the_sample(unaided: str) -> None:
    page = check_document(unaided, "nl")
    assert "Werkgeversrapport" in page.text
    assert page.all("html")[0]["class"] == "brief"
    assert captions(page, "Figuur") == [1, 2]
    assert captions(page, "Tabel") == [1, 2, 3, 4]


CUT_OFF = """[...document.querySelectorAll('.cards dd, .scroll')]
    .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.trim().slice(0, 40))"""
LONGEST = "document.querySelectorAll('.cards dd').forEach(e => e.textContent = '12 van 16')"


@pytest.mark.notebook
@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_no_number_and_no_column_is_cut_off_on_a_screen(unaided: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(unaided, encoding="utf-8")
    with a_page() as tab:
        for width, cut in ((1200, False), (390, True)):
            how = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": cut}
            tab.call("Emulation.setDeviceMetricsOverride", **how)
            tab.open(path.as_uri())
            tab.value(LONGEST)
            found = tab.value(CUT_OFF)
            assert "12 van 16" not in found
            assert bool(found) == cut  # on a phone tables are wider than the page, and scroll
            assert tab.value("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
@pytest.mark.notebook
def test_a_withheld_employer_stops_its_report_in_words(
    whole_sample: Survey, tmp_path: Path
) -> None:
    done = execute(notebooks()["employer_report"], {"employer": "Zilveren Boot"}, tmp_path)
    assert done.problem
    assert "minder dan 5 mensen" in str(done.problem.values["message"])
