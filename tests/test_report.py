"""The report as a reader gets it: whole, self-contained, in one language, with right sections."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest

from employer_identity import brand, figures
from employer_identity.errors import ModelError, Problem, ReportError, SurveyError
from employer_identity.instrument import load_instrument
from employer_identity.invariance import invariance
from employer_identity.language import Language, number
from employer_identity.privacy import MODEL
from employer_identity.questionnaire import Grouping
from employer_identity.reports import data_words, estimation, practices, prose, run, verdict
from employer_identity.reports.execution import Executed
from employer_identity.reports.opening import open_study
from employer_identity.reports.parameters import StudyParameters
from employer_identity.reports.places import notebooks, sample
from employer_identity.reports.render import export
from employer_identity.reports.run import report
from employer_identity.reports.settling import chosen_wave
from employer_identity.reports.snapshot import read_snapshot, write_snapshot
from employer_identity.reports.study import Study
from employer_identity.simulate import ItemShift, Truth, simulate_survey
from employer_identity.survey import Survey
from tests.drawn import foreign_numbers, texts

ROOT = Path(__file__).parents[1]
FIVE = ROOT / "examples" / "bfi" / "instrument.toml"


class Reader(HTMLParser):
    """Collects what the tests ask about."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def check_document(html: str, language: str) -> Reader:
    """Check what holds for every report."""
    page = Reader(html)
    assert page.all("html")[0]["lang"] == language
    assert page.all("script") == page.all("link") == page.all("iframe") == []
    assert "http" not in re.sub(r"base64,[^\"]*", "", html)
    assert "employer_identity." not in page.text  # no code, no reprs
    assert "Traceback" not in page.text
    images = page.all("img")
    assert images
    assert all(i["alt"] and str(i["src"]).startswith("data:") for i in images)
    assert 'class="missing"' not in html
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    anchors = {str(a["href"])[1:] for a in page.all("a")}
    assert anchors <= set(ids)
    assert "nan" not in page.text.split()
    before_versions = re.split(r"employer_identity \d", page.text)[0]
    assert foreign_numbers(before_versions, language) == []
    assert [x for i in images for x in foreign_numbers(str(i["alt"]), language)] == []
    return page


def sections(page: Reader) -> list[str]:
    return [str(a["id"]) for a in page.all("h2") if a["id"] != "contents-title"]


def captions(page: Reader, word: str) -> list[int]:
    return [int(n) for n in re.findall(rf"{word} (\d+) ", page.text)]


FIGURES = 32
"""Figures of the sample's study, by generation."""


@pytest.fixture(scope="module")
def dutch(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "study.html"
    assert report("employer_brand_study", group="generation", output=path) == path
    return path.read_text(encoding="utf-8")


@pytest.mark.notebook
def test_the_sample_in_dutch(dutch: str) -> None:
    page = check_document(dutch, "nl")
    assert sections(page) == [
        "glance", "guide", "survey", "pillars", "groups", "wanted", "staying", "units", "theme",
        "questions", "appendix", "method", "quality", "items", "facts",
    ]  # fmt: skip
    assert len(page.all("img")) == FIGURES
    assert captions(page, "Figuur") == list(range(1, FIGURES + 1))
    assert captions(page, "Tabel") == list(range(1, len(page.all("table")) + 1))
    assert "De vier pijlers" in page.text
    assert "bewerking" in page.text  # an adaptation is called one
    assert "full information" in page.text
    assert "weegfactoren van de enquête zijn gebruikt in het model" in page.text
    assert "60 clusters, naar werkgever" in page.text
    assert "Met en zonder weging" in page.text
    assert "CFI, robuust" in page.text
    assert "lag vooraf vast" not in page.text
    assert '"pagina " counter(page) " van " counter(pages)' in dutch
    assert re.search(r"Meting \d{4}", page.text)
    assert "veldwerk" in page.text
    assert "Waar groepen beginnen en eindigen" in page.text
    assert page.text.count("gemiddeld ") > 16  # each practice has its item's mean


@pytest.mark.notebook
def test_the_chapters_begin_with_whom_they_are_about(dutch: str) -> None:
    page = Reader(dutch)
    assert "Dit hoofdstuk gaat over het publiek: 1.500 mensen" in page.text
    assert "Dit deel gaat over de medewerkers: 4.800 mensen" in page.text
    assert "Dit hoofdstuk gaat over de medewerkers, naar waar zij werken" in page.text
    for heading in (
        "Wat er veranderde sinds de meting", "Zijn vier scores ook vier dingen?",
        "Werkgevers die mensen kennen", "Wat telt, en wat mensen krijgen",
        "Het publiek: wie van werkgever wisselt", "Het publiek: erbij horen op het werk",
        "De medewerkers: wie wil blijven", "De medewerkers: het wij-gevoel ertussen",
        "Mogen antwoorden per werkgever worden gemiddeld?", "Hoe de antwoorden zijn gewogen",
        "De modellen die zijn vergeleken",
    ):  # fmt: skip
        assert heading in page.text
    tables = {str(a["id"]) for _, a in page.tags if str(a.get("id")).startswith("table-")}
    names = ("structures", "market", "ranking", "drivers", "agreement", "shrunken", "practices")
    assert {f"table-{name}" for name in names} <= tables
    assert "public.csv, public_people.csv" in page.text


@pytest.mark.notebook
def test_what_may_be_compared_is_said_with_what_was_set_aside(dutch: str) -> None:
    page = Reader(dutch)
    assert "mogen niveaus worden vergeleken als 3 van de 16 vragen terzijde worden" in page.text
    assert "Latente gemiddelden naar" in page.text
    assert "mogen zonder meer worden vergeleken op ‘een van ons’ zijn" in page.text  # noqa: RUF001
    assert page.text.count("vergelijking niet onderbouwd") == 3
    assert "Wat het meest in de weg blijft staan" not in page.text
    assert {"table-models", "table-releases", "table-group_scores"} <= {
        str(t["id"]) for t in page.all("table") if "id" in t
    } | {str(d["id"]) for d in page.all("div") if "id" in d}
    assert "zijn de regels het niet eens" in page.text
    assert "niets over minder dan 5 mensen" in page.text


# --- Who feels what, without a kernel


def by_band(*shifts: ItemShift, n: int = 1500) -> Survey:
    truth = Truth(grouping="band", shares={"young": 0.5, "old": 0.5}, shifts=shifts)
    return simulate_survey(n, preset="idealised", seed=9, truth=truth)


def chapter(study: Study) -> str:
    """Everything that the chapter says of its groups, outside figures and tables."""
    aside = [f"{term} {text}" for term, text in verdict.aside(study)]
    told = [verdict.verdict(study), *aside, *verdict.allowed(study), *verdict.reasons(study)]
    return "\n".join([*told, *verdict.means(study), *prose.questions(study)])


SAID: dict[Language, dict[str, str]] = {
    "en": {"levels": "levels may be compared", "once": "once one of the 16 items is set aside",
           "side": "For old, the answer comes out lower than for others",
           "loading": "the answer goes less strongly with", "scores": "may be compared too",
           "others": "On doing it for us they may not", "reading": "of the group “old” answer",
           "means": "Do the levels by band match"},
    "nl": {"levels": "mogen niveaus worden vergeleken", "once": "als één van de 16 vragen terzijde",
           "side": "Bij old valt het antwoord lager uit dan bij anderen",
           "loading": "hangt het antwoord minder sterk samen met", "scores": "Ook de scores zelf",
           "others": "Op ‘ons’ vooruit helpen mag dat niet",  # noqa: RUF001
           "reading": "uit de groep ‘old’ beantwoorden",  # noqa: RUF001
           "means": "Passen de niveaus naar band"},
}  # fmt: skip


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_chapter_says_what_is_allowed_and_without_which_items(language: Language) -> None:
    def said(survey: Survey) -> set[str]:
        text = chapter(Study(survey, "band", language))
        assert foreign_numbers(text, language) == []
        return {key for key, words in SAID[language].items() if words in text}

    assert said(by_band()) == {"means"}
    clean = Study(by_band(), "band", language)
    assert verdict.allowed(clean) == []  # the verdict has said it all
    shifted = by_band(ItemShift("old", "adv2", intercept=-0.6))
    assert said(shifted) == {"levels", "once", "side", "others", "reading", "means"}
    assert "loading" in said(by_band(ItemShift("old", "imp1", loading=-0.4)))


ORDERED: dict[Language, dict[str, tuple[str, ...]]] = {
    "en": {"thresholds": ("a step on the answer scale does not mean the same", "lies 0.",
                          "so that one point more does not mean equally much"),
           "metric": ("they do not weigh the same", "do not weigh the same in every group"),
           "scalar": ("levels may be compared", "also depends on how precisely people answer"),
           "aside": ("it takes more than elsewhere to give a higher answer",)},
    "nl": {"thresholds": ("een stap op de antwoordschaal betekent niet overal", "ligt bij",
                          "zodat één punt meer niet overal evenveel betekent"),
           "metric": ("ze wegen niet even zwaar", "wegen niet in elke groep even zwaar"),
           "scalar": ("mogen niveaus worden vergeleken", "een gemiddelde ook af van hoe precies"),
           "aside": ("is er meer voor nodig dan elders om een hoger antwoord te geven",)},
}  # fmt: skip


@pytest.mark.parametrize("language", ["nl", "en"])
def test_ordered_categories_are_told_in_words_of_their_own(language: Language) -> None:
    def said(survey: Survey, kind: str, **options: Any) -> None:
        study = Study(survey, "band", language)
        found = invariance(survey, group="band", ordered=True, weights=False, **options)
        study.__dict__["ladder"] = found  # reports take answers for numbers
        text = chapter(study)
        assert [words for words in ORDERED[language][kind] if words not in text] == []

    moved = by_band()
    answers = moved.answers.copy()
    old = (answers["band"] == "old") & (answers["adv2"] == 5)
    answers.loc[old & (np.arange(len(answers)) % 2 == 0), "adv2"] = 4
    moved = replace(moved, answers=answers)
    said(moved, "thresholds", on_reject="stop")
    said(moved, "aside")
    said(by_band(ItemShift("old", "imp1", loading=-0.5)), "metric", on_reject="stop")
    said(by_band(), "scalar", parameterization="delta")


def test_items_that_were_set_aside_are_told_with_what_they_do_to_a_gap() -> None:
    study = Study(by_band(ItemShift("old", "adv2", intercept=-0.6)), "band", "en")
    (told,) = verdict.moved(study)
    gaps = study.conclusions.set_index(["factor", "model"])["est"]
    assert study.instrument.label("adv2") in told
    for model in ("partial", "with adv2"):
        assert f"{abs(gaps['advancement', model]):.2f} SD" in told
    four = [ItemShift("old", item, intercept=-0.6) for item in ("adv2", "ent3", "imp1", "pro3")]
    many = Study(by_band(*four), "band", "en")
    assert len(many.items_aside) == 4
    assert len(verdict.moved(many)) == verdict.NAMED


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_stays_in_the_way_is_named_with_what_may_still_be_said(language: Language) -> None:
    three = [ItemShift("old", f"adv{k}", intercept=0.6 - 0.9 * (k == 2)) for k in (1, 2, 3)]
    study = Study(by_band(*three), "band", language)
    assert study.ladder is not None
    assert study.ladder.level == "metric"
    assert not study.means_allowed
    assert study.scores_allowed == ()
    text = chapter(study)
    for words in {
        "en": ("levels may not: people who feel the same", "What may still be said: whether things",
               "No more can be set aside", "Levels by band are not shown here"),
        "nl": ("niveaus niet: mensen die hetzelfde", "Wat wel gezegd mag worden: of iets in de ene",
               "Meer terzijde leggen kan niet", "Niveaus naar band staan hier niet"),
    }[language]:  # fmt: skip
        assert words in text
    aside = {release.constraint.item for release in study.ladder.set_aside("metric")}
    assert set(study.items_aside) == aside  # links need no intercepts
    assert len(study.culprits) > 0


def test_sectors_that_are_compared_show_only_scores_that_mean_the_same() -> None:
    survey = by_band(ItemShift("old", "adv2", intercept=0.6))
    instrument = survey.instrument.model_copy(update={"sector": "band"})
    tested = Study(replace(survey, instrument=instrument), "band", "en")
    assert tested.units is not None
    known = tested.units.set_index("pillar")["mean"].notna()
    assert not known["advancement"].any()
    assert known.drop("advancement").all()
    told = " ".join(prose.units(tested))
    assert "the scores on doing it for us may not be compared" in told
    assert "was not tested" not in told
    (shown,) = figures.units(tested.units, instrument)
    assert "nan" not in " ".join([shown.alt, *texts(shown.content)])
    untested = Study(tested.survey, "", "en")
    assert untested.units is not None
    assert untested.units["mean"].notna().all()
    assert "was not tested" in " ".join(prose.units(untested))


def test_a_card_counts_the_items_that_were_set_aside() -> None:
    survey = by_band(ItemShift("old", "adv2", intercept=0.6))
    card = prose.key_numbers(Study(survey, "band", "en"))[-1]
    assert card == ("4 of 4", "rungs of comparability reached, by band, with one item set aside")
    clean = prose.key_numbers(Study(by_band(), "band", "en"))[-1]
    assert clean == ("4 of 4", "rungs of comparability reached, by band")


def test_of_more_than_two_groups_those_that_read_an_item_differently_are_named() -> None:
    shares = {"a": 0.25, "b": 0.25, "c": 0.25, "d": 0.25}
    shifts = (ItemShift("b", "adv2", intercept=-0.6), ItemShift("d", "adv2", intercept=-0.6))
    truth = Truth(grouping="band", shares=shares, shifts=shifts)
    study = Study(simulate_survey(2400, preset="idealised", seed=9, truth=truth), "band", "en")
    ((term, text),) = verdict.aside(study)
    assert term == f"{study.instrument.label('adv2', 'en')}."
    assert text.startswith(("For b and d, the answer comes out lower", "For a and c, the answer"))


@pytest.fixture(scope="module")
def five_scales() -> pd.DataFrame:
    """Answers to five scales by two groups that differ in nothing but one mean."""
    rng = np.random.default_rng(11)
    n, columns = 700, {}
    group = np.repeat([1, 2], n // 2)
    for place, (_, items) in enumerate(load_instrument(FIVE).factors.items()):
        factor = rng.normal(size=n) + 0.6 * (group == 2) * (place == 2)
        for item in items:
            answer = 3.5 + 0.9 * factor + rng.normal(size=n) * 0.7
            columns[item] = np.clip(np.round(answer), 1, 6)
    return pd.DataFrame(columns).assign(gender=group, education=rng.integers(1, 6, n))


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.parametrize("language", ["nl", "en"])
def test_five_scales_without_practices_outcomes_employers(
    five_scales: pd.DataFrame, tmp_path: Path, language: str
) -> None:
    path = report(
        survey=five_scales, instrument=FIVE, group="gender", language=language,
        output=tmp_path / "five.html",
    )  # fmt: skip
    page = check_document(path.read_text(encoding="utf-8"), language)
    assert not {"wanted", "staying", "units", "theme"} & set(sections(page))
    missing = {"nl": "geen antwoorden van het publiek", "en": "no answers of the public"}[language]
    assert missing in page.text
    title = {"nl": "De vijf dimensies", "en": "The five dimensions"}[language]
    assert title in page.text
    assert not re.search(r"pijler|pillar|werkgever|employer", page.text.replace("employer_", ""))
    means = {"nl": "Latente gemiddelden naar", "en": "Latent means by"}[language]
    assert means in page.text


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.parametrize("language", ["nl", "en"])
def test_one_wave_without_public_weights_employers(tmp_path: Path, language: str) -> None:
    survey = simulate_survey(500, preset="other_rated", seed=3)
    path = report(survey=survey, group="", language=language, output=tmp_path / "bare.html")
    page = check_document(path.read_text(encoding="utf-8"), language)
    assert {"wanted", "staying", "units", "theme"} <= set(sections(page))
    assert "groups" not in sections(page)
    for nl, en in (
        ("geen antwoorden van het publiek", "no answers of the public"),
        ("Er is geen eerdere meting", "There is no earlier wave"),
        ("geen kolom met werkgevers of sectoren", "no column of employers or sectors"),
        ("niet gewogen: iedereen telt even zwaar", "not weighted: everybody counts alike"),
        ("één verhaal met vier kanten", "one story with four sides"),
    ):
        assert (nl if language == "nl" else en) in page.text


@pytest.mark.slow
@pytest.mark.notebook
def test_margins_a_theme_and_no_public(tmp_path: Path) -> None:
    margins = tmp_path / "margins.toml"
    margins.write_text("[gender]\nwoman = 0.4\nman = 0.6\n", encoding="utf-8")
    here = sample()
    path = report(
        survey=here / "employees.csv", instrument=here / "instrument.toml", margins=str(margins),
        theme="advancement", language="en", output=tmp_path / "study.html",
    )  # fmt: skip
    page = check_document(path.read_text(encoding="utf-8"), "en")
    assert "weighted to Gender, as “margins.toml” has them" in page.text
    assert "table-raking" in {str(a.get("id")) for _, a in page.tags}
    assert "The theme is doing it for us" in page.text
    assert "no answers of the public" in page.text
    assert "What changed since the wave “2025”" in page.text


@pytest.mark.slow
@pytest.mark.notebook
def test_the_sample_in_english_is_the_same_every_time(tmp_path: Path) -> None:
    texts = [
        report(
            language="en", group="gender", wave="2025", output=tmp_path / f"{i}.html"
        ).read_bytes()
        for i in range(2)
    ]
    page = check_document(texts[0].decode(), "en")
    assert "The four pillars" in page.text
    assert "Wave 2025" in page.text
    told = "This report is about the wave “2025” only. The file also holds the answers of “2026”"
    assert told in page.text
    assert texts[0] == texts[1]


@pytest.mark.notebook
def test_a_step_that_fails_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    survey = simulate_survey(200, seed=3)
    survey = replace(survey, answers=survey.answers.assign(pro1=4.0))  # no model takes that
    before = tmp_path / "report.html"
    before.write_text("old", encoding="utf-8")
    with pytest.raises(ReportError, match="pro1") as caught:
        report(survey=survey, output=before)
    assert "Traceback" not in str(caught.value)
    assert before.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [before]


@pytest.mark.parametrize(
    ("wrong", "codes"),
    [
        ({"minimal_n": 3}, ["parameters.unknown_near"]),
        ({"minimum_n": 2}, ["parameters.identifiable"]),
        ({"minimum_n": "5"}, ["parameters.wrong.whole_number_quoted"]),
        ({"minimum_n": "five"}, ["parameters.wrong.whole_number"]),
        (
            {"language": "fr", "colour": "red"},
            ["parameters.wrong.choice", "parameters.unknown"],
        ),
        ({"group": "generatoin"}, ["parameters.unknown_group_near"]),
        ({"wave": "2031"}, ["parameters.unknown_wave"]),
        ({"wave": 2026}, ["parameters.wrong.text_number"]),
        ({"wave": "2025", "group": "wave"}, ["parameters.wave_and_group"]),
        ({"survey": "none.csv"}, ["intake.no_such_file", "report.no_instrument"]),
        ({"output": "nowhere/report.html"}, ["report.no_such_folder"]),
    ],
)
def test_wrong_parameters_are_refused_before_a_kernel_starts(
    wrong: dict[str, object], codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("employer_identity.reports.run.execute", lambda *_: pytest.fail("it ran"))
    with pytest.raises(ReportError) as caught:
        report(**wrong)  # type: ignore[arg-type]
    assert sorted(p.code for p in caught.value.problems) == sorted(codes)


def test_a_report_that_cannot_be_written_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(run, "execute", lambda *_: Executed(None))
    monkeypatch.setattr(run, "documents", lambda *_: {"html": b"whole"})
    monkeypatch.setattr(run, "stated", lambda *_: None)
    monkeypatch.setattr(run, "write_whole", full)
    with pytest.raises(ReportError, match="No space left") as caught:
        report(output=tmp_path / "report.html")
    assert [p.code for p in caught.value.problems] == ["batch.not_written"]


def test_a_missing_file_is_a_problem_of_the_survey() -> None:
    with pytest.raises(SurveyError, match=r"none\.csv"):
        report(survey="none.csv", instrument="connecting-employership")


def test_a_snapshot_gives_the_survey_back(tmp_path: Path) -> None:
    truth = Truth(grouping="band", shares={"young": 0.5, "old": 0.5})
    survey = simulate_survey(50, seed=3, truth=truth)
    path = tmp_path / "survey.arrow"
    sha256 = write_snapshot(survey, path)
    again = read_snapshot(path, sha256)
    pd.testing.assert_frame_equal(again.answers, survey.answers)
    assert again.answers["band"].cat.categories.tolist() == ["young", "old"]
    assert again.instrument == survey.instrument
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ReportError, match=r"survey\.arrow"):
        read_snapshot(path, sha256)


def test_a_refusal_on_the_way_speaks_the_language() -> None:
    truth = Truth(grouping="band", shares={"young": 0.94, "old": 0.06})
    study = open_study(group="generation")
    small = type(study)(simulate_survey(200, seed=3, truth=truth), "band", "nl")
    with pytest.raises(ModelError, match="Kies een andere kolom"):
        _ = small.ladder


def test_a_wave_of_a_survey_without_waves_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("employer_identity.reports.run.execute", lambda *_: pytest.fail("it ran"))
    with pytest.raises(ReportError) as caught:
        report(survey=simulate_survey(60, seed=3), wave="2025")
    assert [p.code for p in caught.value.problems] == ["parameters.no_waves"]


# --- Studies, without a kernel


@pytest.fixture(scope="module")
def waves() -> Survey:
    """Two waves, the second with dates in March 2026; too few people in the first to tell."""
    survey = simulate_survey(304, preset="idealised", seed=8)
    rng = np.random.default_rng(9)
    days = pd.Timestamp("2026-03-02") + pd.to_timedelta(rng.integers(0, 26, 304), "D")
    wave = pd.Categorical(["2024"] * 4 + ["2026"] * 300, ["2024", "2026"], ordered=True)
    instrument = survey.instrument.model_copy(update={"wave": "wave", "date": "date"})
    answers = survey.answers.assign(wave=wave, date=np.where(wave == "2024", pd.NaT, days))
    answers["date"] = pd.to_datetime(answers["date"])
    return replace(survey, answers=answers, instrument=instrument)


@pytest.fixture
def opened(waves: Survey, tmp_path: Path) -> Callable[..., Study]:
    path = tmp_path / "survey.arrow"
    write_snapshot(waves, path)
    return lambda **asked: open_study(str(path), **asked)


def test_a_study_is_of_the_last_wave_or_the_one_named(opened: Callable[..., Study]) -> None:
    last, same = opened(), opened(wave="2026")
    assert (last.survey.n, same.survey.n) == (300, 300)
    assert (last.wave, same.wave) == ("2026", "2026")
    assert last.survey.waves == ("2026",)


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"wave": "2024"}, "everybody"), ({"group": "wave"}, "waves"), ({"groups": "wave"}, "waves")],
)
def test_a_wave_of_four_people_is_not_told_alone_nor_by_all_of_them_together(
    opened: Callable[..., Study], asked: dict[str, str], code: str
) -> None:
    with pytest.raises(ReportError) as caught:
        opened(**asked)
    assert [p.code for p in caught.value.problems] == [f"report.withheld.{code}"]


def test_without_a_name_the_last_wave_is_studied_and_all_where_they_are_compared(
    waves: Survey,
) -> None:
    asked = {"": "2026", "2024": "2024"}
    found = {w: chosen_wave(StudyParameters(wave=w), waves) for w in asked}
    assert found == asked
    assert chosen_wave(StudyParameters(group="wave"), waves) == ""


def test_units_are_not_pooled_over_waves(waves: Survey) -> None:
    instrument = waves.instrument.model_copy(update={"employer": "employer"})
    answers = waves.answers.assign(employer=pd.Categorical(["A", "B"] * 152))
    survey = replace(waves, answers=answers, instrument=instrument)
    assert Study(survey, "wave", "en").units is None
    assert Study(survey, "", "en").units is not None


def test_the_period_and_the_other_waves_are_told(opened: Callable[..., Study]) -> None:
    days = opened().survey.answers["date"]
    for language, month, few in (("nl", "maart", "minder dan 5"), ("en", "March", "fewer than 5")):
        study = opened(language=language)
        told = " ".join(data_words.about_survey(study))
        dash = "\N{EN DASH}"
        assert f"{days.min().day}{dash}{days.max().day} {month} 2026" in told
        assert re.search(rf"2024\W \({few}", told)
        assert any(study.fieldwork in fact for fact in prose.title_page(study)[3])
        assert any("2026" in fact for fact in prose.title_page(study)[3][:1])
    every = " ".join(data_words.about_survey(replace(study, group="wave")))
    assert "All waves are in this report" in every


def test_those_who_answer_alike_are_told_and_left_out_for_a_look() -> None:
    survey = simulate_survey(300, preset="idealised", seed=3)
    items = list(survey.item_names)
    assert not brand.straight_liners(survey).any()
    told = {}
    for n in (0, 4, 5, 40):
        answers = survey.answers.copy()
        answers.loc[: n - 1, items] = 7.0
        study = Study(replace(survey, answers=answers), "", "en")
        told[n] = data_words.straight_liners(study), study.without_straight_liners
    assert told[0] == ("", None)
    assert told[4][0].startswith("Fewer than 5 people")
    assert told[4][1] is None
    assert told[5][0].startswith("5 people, 1.7% of those who")
    assert told[40][1] is not None
    assert told[40][1].survey.n == 260
    one, other = study.levels["mean"], told[40][1].levels["mean"]
    assert f"by more than {(one - other).abs().max():.2f}," in data_words.sensitivity(study)[0]
    assert [side.n for side in study.sides] == [300, 260]


def test_practices_have_the_share_of_the_item_that_asks_about_them() -> None:
    survey = simulate_survey(300, preset="idealised", seed=3)
    answers = survey.answers.copy()
    answers.loc[9:, "pro2"] = np.nan  # nine answers: no share
    study = Study(replace(survey, answers=answers), "", "nl")
    found = {n.label: n.asked for n in practices.noticed(study, "prototypicality")}
    (asked,) = found["Het eigene belichamen."]
    x = answers["pro1"]
    assert asked.agree == pytest.approx((x >= 6).mean())
    assert (asked.share, asked.mean) == (
        f"{asked.agree:.0%}",
        f"gemiddeld {x.mean():.1f}".replace(".", ","),
    )
    assert found["Besluiten vanuit waarden."] == ()


def test_bands_are_printed_with_the_labels_of_their_groups() -> None:
    survey = simulate_survey(60, seed=3, truth=Truth(grouping="band", shares={"a": 0.5, "b": 0.5}))
    grouping = Grouping.model_validate(
        {
            "column": "band",
            "from": "birth_year",
            "bands": {"a": ["", 1980], "b": [1981, 2008]},
            "labels": {"a": {"nl": "ouderen"}, "b": {"nl": "jongeren"}},
        }
    )
    instrument = survey.instrument.model_copy(update={"groupings": (grouping,)})
    banded = Problem("survey.changed.banded", "band", 60, {}, "change")
    other = Problem("survey.changed.no_item_answered", "x.csv", 2, severity="change")
    both = replace(survey, instrument=instrument, changes=(banded, other))
    ((term, text),) = data_words.bands(Study(both, "", "nl"))
    assert term == "band."
    assert "ouderen: tot en met 1980; jongeren: 1981\N{EN DASH}2008" in text
    assert len(data_words.changes(Study(both, "", "nl"))) == 1
    assert data_words.bands(Study(survey, "", "nl")) == []


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_checklist_says_what_was_not_done(language: Language) -> None:
    survey = simulate_survey(300, preset="idealised", seed=3, missing=0.1)
    weights = survey.answers.assign(w=np.linspace(0.5, 1.5, 300))
    instrument = survey.instrument.model_copy(update={"weight": "w"})
    bare = dict(data_words.checklist(Study(survey, "", language)))
    weighted = dict(
        data_words.checklist(
            Study(replace(survey, answers=weights, instrument=instrument), "", language)
        )
    )
    words = {
        "nl": ("weegfactoren", "niet opgegeven", "1,08"),
        "en": ("weights", "not declared", "1.08"),
    }
    row, undeclared, deff = words[language]
    assert bare[row] == undeclared
    assert deff in weighted[row]
    complete = int(survey.answers[list(survey.item_names)].notna().all(axis=1).sum())
    assert any(value.startswith(f"{complete} (") for value in bare.values())


def test_the_guide_explains_only_what_the_report_has() -> None:
    survey = simulate_survey(300, seed=3, truth=Truth(grouping="g", shares={"a": 0.5, "b": 0.5}))
    instrument = survey.instrument.model_copy(update={"outcomes": ()})
    whole, bare = Study(survey, "g", "en"), Study(replace(survey, instrument=instrument), "", "en")
    assert [len(prose.guide(study)) for study in (whole, bare)] == [4, 2]


def test_a_group_below_the_floor_is_left_out_by_name() -> None:
    truth = Truth(grouping="g", shares={"a": 0.5, "b": 0.46, "c": 0.04})
    survey = simulate_survey(400, preset="idealised", seed=3, truth=truth)
    n = int((survey.answers["g"] == "c").sum())
    study = Study(survey, "g", "en")
    assert MODEL <= n < study.floor == len(survey.item_names) + 1  # may be shown, has no model
    assert study.left_out == ["c"]
    assert study.ladder is not None
    assert study.ladder.groups == ("a", "b")
    assert ": c." in verdict.left_out(study)[0]


def test_a_template_without_a_title_is_refused() -> None:
    with pytest.raises(ReportError, match="title page"):
        export(nbformat.v4.new_notebook())


# --- How the model was estimated


def weigh(survey: Survey, weights: np.ndarray) -> Survey:
    instrument = survey.instrument.model_copy(update={"weight": "w"})
    return replace(survey, answers=survey.answers.assign(w=weights), instrument=instrument)


def employed(survey: Survey, employers: int) -> Survey:
    names = pd.Categorical([f"e{k % employers}" for k in range(survey.n)])
    instrument = survey.instrument.model_copy(update={"employer": "employer"})
    return replace(survey, answers=survey.answers.assign(employer=names), instrument=instrument)


WORDS: dict[Language, dict[str, str]] = {
    "en": {"holes": "take part with the answers they gave", "whole": "Nobody in the model skipped",
           "weights": "weights were used", "clusters": "(40 clusters, by employer)",
           "alone": "independent of the others", "few": "There are only 8 clusters",
           "robust": "robust maximum likelihood"},
    "nl": {"holes": "doen mee met de antwoorden die ze wel gaven", "whole": "Niemand in het model",
           "weights": "weegfactoren van de enquête zijn gebruikt",
           "clusters": "(40 clusters, naar employer)",
           "alone": "onafhankelijk van de andere", "few": "Er zijn maar 8 clusters",
           "robust": "robuuste maximum likelihood"},
}  # fmt: skip


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_methodology_says_how_the_model_was_estimated(language: Language) -> None:
    def told(survey: Survey) -> set[str]:
        study = Study(survey, "", language)
        text = " ".join(prose.methodology(study))
        assert number(study.fit.ntotal, ",", language) in text
        return {key for key, words in WORDS[language].items() if words in text}

    bare = simulate_survey(400, preset="idealised", seed=3)
    holes = simulate_survey(400, preset="idealised", seed=3, missing=0.1)
    assert told(bare) == {"robust", "whole", "alone"}
    assert told(holes) == {"robust", "holes", "alone"}
    weighted = weigh(employed(holes, 40), np.linspace(0.5, 1.5, 400))
    assert told(weighted) == {"robust", "holes", "weights", "clusters"}
    assert told(employed(bare, 8)) == {"robust", "whole", "few"}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_one_employer_is_no_cluster_and_leaves_no_number_out(language: Language) -> None:
    survey = simulate_survey(300, preset="idealised", seed=3)
    one, bare = Study(employed(survey, 1), "", language), Study(survey, "", language)
    assert dict(prose.guide(one)) == dict(prose.guide(bare))
    assert WORDS[language]["alone"] in " ".join(prose.methodology(one))
    assert data_words.checklist(one)[-2][1].startswith({"nl": "allen in", "en": "all in"}[language])


def test_the_report_says_whom_the_model_uses_and_that_weights_are_used() -> None:
    survey = simulate_survey(300, preset="idealised", seed=3, missing=0.1)
    weights = np.linspace(0.0, 2.0, 300)  # the first one stands for nobody
    study = Study(weigh(survey, weights), "", "en")
    told = " ".join(data_words.about_survey(study))
    assert f"by {study.fit.ntotal} respondents" in told
    assert study.fit.ntotal < 300
    assert "holds weights, and they are used" in told
    assert "weights" not in " ".join(data_words.about_survey(Study(survey, "", "en")))
    n, deff = 299, 299 * (weights**2).sum() / weights.sum() ** 2
    row = dict(data_words.checklist(study))["weights"]
    worth = f"worth {round(n / deff)} answers that weigh the same"
    assert row == f"used; design effect {deff:.2f} (Kish), {worth}"
    moved = study.weighting["difference"].abs().max()
    assert f"more than {moved:.2f}." in data_words.weighting(study)[0]
    assert "counting by the survey's weight" in prose.guide(study)[0][1]
    assert "weight" not in prose.guide(Study(survey, "", "en"))[0][1]


def test_the_reported_fit_is_the_robust_one() -> None:
    study = Study(simulate_survey(300, seed=3, missing=0.1), "", "en")
    robust, plain = (float(study.fit.fit_measures[k]) for k in ("cfi.robust", "cfi"))
    assert f"{robust:.3f}" != f"{plain:.3f}"
    assert f"CFI {robust:.3f}" in estimation.fit_in_words(study)
    lost = study.fit.reported.copy()
    lost[["cfi", "rmsea"]] = np.nan
    study.fit.__dict__["reported"] = lost
    assert "cannot be said in full" in estimation.fit_in_words(study)


def test_few_clusters_are_no_proof_that_groups_are_alike() -> None:
    truth = Truth(grouping="g", shares={"a": 0.5, "b": 0.5})
    survey = simulate_survey(400, preset="idealised", seed=3, truth=truth)
    told = {n: verdict.reasons(Study(employed(survey, n), "g", "en")) for n in (8, 40)}
    assert any("only 8 clusters" in sentence for sentence in told[8])
    assert not any("clusters" in sentence for sentence in told[40])


# --- Improper solutions


@pytest.fixture(scope="module")
def improper() -> Survey:
    """Two pillars that are one, in a few answers, and an item with almost no noise in group b."""
    rng = np.random.default_rng(1)
    survey = simulate_survey(240, preset="idealised", seed=3)
    answers = survey.answers.assign(g=pd.Categorical(np.repeat(["a", "b"], 120)))
    one, other = (list(survey.instrument.factors[p]) for p in ("advancement", "impresarioship"))
    for item in (*one, *other):
        answers[item] = answers["pro1"] + rng.normal(size=240)
    grouping = Grouping(column="g", labels={"b": {"nl": "groep B", "en": "group B"}})
    instrument = survey.instrument.model_copy(update={"groupings": (grouping,)})
    return replace(survey, answers=answers, instrument=instrument)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_improper_solutions_are_told_with_what_to_try(improper: Survey, language: Language) -> None:
    study = Study(improper, "g", language)
    label = study.instrument.label("impresarioship", language)
    told = estimation.problems(study)
    assert any(label in sentence for sentence in told)
    assert told[-1].startswith({"nl": "Bouw niet op", "en": "Do not build on"}[language])
    rungs = estimation.rungs_problems(study)
    assert rungs[-1] == told[-1]
    assert all(r.startswith({"nl": "Bij ‘", "en": "At “"}[language]) for r in rungs[:-1])  # noqa: RUF001
    assert len(set(rungs)) == len(rungs)
    place = {"nl": "in groep 'groep B'", "en": "in group 'group B'"}[language]
    assert any(place in sentence for sentence in rungs)
    proper = Study(simulate_survey(300, preset="idealised", seed=3), "", language)
    assert estimation.problems(proper) == []


# --- The notebooks themselves


@pytest.mark.parametrize("path", [*notebooks().values()], ids=lambda path: path.stem)
def test_templates_are_thin_and_bare(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    assert code[0]["metadata"]["tags"] == ["parameters"]
    for line in "".join(code[0]["source"]).splitlines():
        assert "=" not in line.partition("#")[2]
    for cell in code:
        source = "".join(cell["source"])
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert len(source.splitlines()) <= 16
        assert not re.search(r"^\s*(def|class|while|try)\b", source, flags=re.MULTILINE)
    ids = [c["id"] for c in notebook["cells"]]
    assert ids == [f"cell-{n:02d}" for n in range(1, len(ids) + 1)]
