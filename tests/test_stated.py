"""What a report tells of people is stated with each piece; what is not stated is not rendered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest

from employer_identity import brand, figures, tables
from employer_identity.audit.facts import (
    EVERYBODY,
    Fact,
    Published,
    Scope,
    digest,
    read_facts,
)
from employer_identity.audit.folder import audit
from employer_identity.audit.pages import disagreements
from employer_identity.audit.stating import HUNDREDTH, TENTH, Teller
from employer_identity.errors import ReportError
from employer_identity.language import LANGUAGES, number
from employer_identity.privacy import Shown
from employer_identity.reports import page as pages
from employer_identity.reports.render import export
from employer_identity.reports.stated import stated, write_sidecar
from employer_identity.reports.study import Study
from employer_identity.simulate import Truth, simulate_survey
from employer_identity.suppression import withhold_groups

SIZES = {"north": 150, "east": 139, "south": 8, "west": 3}
"""West is too small to be shown, and south would give it away."""
GONE = ("south", "west")


@pytest.fixture(scope="module")
def study() -> Study:
    survey = simulate_survey(300, seed=8, truth=Truth(grouping="band", shares={"a": 0.5, "b": 0.5}))
    bands = [name for name, n in SIZES.items() for _ in range(n)]
    answers = survey.answers.assign(band=pd.Categorical(bands, list(SIZES)))
    return Study(replace(survey, answers=answers), "", "en")


def pieces(study: Study) -> list[Shown]:
    """Show who answered, how high the scores are, and those of the groups that may be shown."""
    own, levels = study.instrument, brand.levels(study.survey)
    groups = brand.group_levels(study.survey, "band", SIZES)
    shown = withhold_groups(groups, study.suppression, own.factors)
    return [
        tables.margins(study.margins, own),
        figures.levels(levels, own),
        tables.group_scores(shown, own),
    ]


def rendered(
    study: Study,
    shown: list[Shown],
    monkeypatch: pytest.MonkeyPatch,
    *,
    sentence: str = "",
    facts: tuple[Fact, ...] = (),
) -> tuple[nbformat.NotebookNode, str]:
    """Show pieces on a page, and return its notebook as if it had run, and the HTML of it."""
    outputs: list[Any] = []

    def keep(data: dict[str, Any], metadata: dict[str, Any]) -> None:
        outputs.append(nbformat.v4.new_output("display_data", data, metadata=metadata))

    monkeypatch.setattr(pages, "_display", keep)
    page = pages.Page(study)
    page.title("Kind", "Title", "Subtitle", [f"{study.survey.n} people"])
    page.states([Teller(study.instrument).number(((),), "count", study.survey.n), *facts])
    page.text([sentence])
    page.show(*shown)
    cell = nbformat.v4.new_code_cell("", outputs=outputs)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    return notebook, export(notebook)


def refused(study: Study, shown: list[Shown], patch: pytest.MonkeyPatch, **more: Any) -> list[str]:
    with pytest.raises(ReportError) as caught:
        stated(*_named(*rendered(study, shown, patch, **more)))
    return [f"{p.code} {p.values['element']}" for p in caught.value.problems]


def _named(notebook: nbformat.NotebookNode, html: str) -> tuple[nbformat.NotebookNode, str, str]:
    return notebook, "study", html


def scope(study: Study, *groups: str) -> Scope:
    return Teller(study.instrument).all_of("band", groups)


def published(folder: Path, notebook: nbformat.NotebookNode, html: str) -> list[str]:
    """Put a report out with what it states, and return what an audit finds."""
    report = folder / "study.html"
    report.write_text(html, encoding="utf-8")
    write_sidecar(stated(notebook, "study", html), {report: html.encode()})
    return [p.code for p in audit(folder).findings]


# --- What is stated


def test_what_is_stated_passes_and_gives_nothing_away(
    study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    notebook, html = rendered(study, pieces(study), monkeypatch)
    facts = stated(notebook, "study", html).facts
    counted = {f.scope: f.value for f in facts if f.quantity == "count" and f.element == "margins"}
    expected = {scope(study, g): float(n) for g, n in SIZES.items()}
    assert counted == expected | {scope(study, g): None for g in GONE}
    assert published(tmp_path, notebook, html) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("spec", "half"), [(".2f", HUNDREDTH), (".1f", TENTH), (".0%", HUNDREDTH)])
def test_facts_are_as_precise_as_print(spec: str, half: float, language: Any, study: Study) -> None:
    teller, everybody = Teller(study.instrument), ((),)
    for value in np.r_[0.285, 0.575, 0.005, np.random.default_rng(3).uniform(0, 1, 200)]:
        if spec == ".0%":
            fact = teller.share(everybody, "adv1", value, "levels")
        else:
            fact = teller.mean(everybody, "adv1", value, "levels", half=half)
        assert abs(fact.value - value) <= half + 1e-12
        assert len(repr(fact.value)) <= len("0.00")  # no digit more than is printed
        text = f'<figure id="figure-levels">{number(float(value), spec, language)}</figure>'
        assert not list(disagreements(text, [fact], "a"))


# --- What is not


@pytest.mark.parametrize("place", range(3))
def test_a_piece_that_states_nothing_cannot_be_rendered(
    place: int, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = pieces(study)
    shown[place] = replace(shown[place], facts=())
    assert f"audit.unstated {shown[place].key}" in refused(study, shown, monkeypatch)


@pytest.mark.parametrize("field", ["alt", "caption"])
def test_a_number_of_people_that_is_no_fact_is_refused(
    field: str, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = pieces(study)
    more = {field: f"{getattr(shown[1], field)} The others are 11 people"}
    shown[1] = replace(shown[1], **more)
    assert refused(study, shown, monkeypatch) == ["audit.undeclared levels"]


def test_the_number_of_a_table_is_no_number_of_people(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = pieces(study)
    shown = [replace(first, caption="Respondents by band"), *others]
    assert stated(*_named(*rendered(study, shown, monkeypatch))).facts


def test_a_number_that_is_a_fact_of_another_piece_is_refused(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = pieces(study)
    shown[1] = replace(shown[1], caption=f"{shown[1].caption} (n = {SIZES['east']})")
    assert refused(study, shown, monkeypatch) == ["audit.undeclared levels"]


def test_a_row_of_a_table_that_is_no_fact_is_refused(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = pieces(study)
    left = tuple(f for f in first.facts if f.scope != scope(study, "east"))
    shown = [replace(first, facts=left), *others]
    assert refused(study, shown, monkeypatch) == ["audit.undeclared margins"]


def test_a_number_of_people_in_a_sentence_is_refused(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Of the south 8 people answered, fewer than 10 people."
    assert refused(study, pieces(study), monkeypatch, sentence=said) == ["audit.undeclared -"]


def test_a_fact_that_is_not_printed_where_it_says_is_refused(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = pieces(study)
    mean = Teller(study.instrument).mean(((),), "advancement", 1.01, "levels")
    shown[1] = replace(shown[1], facts=(*shown[1].facts, mean))
    assert refused(study, shown, monkeypatch) == ["audit.not_printed levels"]


# --- Stated, and given away: the audit tells


def in_alt(study: Study, shown: Shown) -> Shown:
    """Tell a total of a shown and a hidden group in an alt text."""
    total, teller = SIZES["east"] + SIZES["south"], Teller(study.instrument)
    fact = teller.number(scope(study, "east", "south"), "count", total, element="levels")
    alt = f"{shown.alt} East and south are {total} people."
    return replace(shown, alt=alt, facts=(*shown.facts, fact))


def on_axis(study: Study, shown: Shown) -> Shown:
    """Let an axis begin at the mean of a hidden group: drawn, and therefore stated."""
    mean = brand.group_levels(study.survey, "band", ["west"])["mean"].iloc[0]
    fact = Teller(study.instrument).mean(scope(study, "west"), study.pillars[0], mean)
    return replace(shown, facts=(*shown.facts, fact))


def in_caption(study: Study, shown: Shown) -> Shown:
    """Tell a hidden group's number in a caption."""
    fact = Teller(study.instrument).number(scope(study, "west"), "count", 3, element="levels")
    return replace(shown, caption=f"{shown.caption} (n = 3)", facts=(*shown.facts, fact))


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (in_alt, "audit.leak.exact_count"),
        (on_axis, "audit.leak.narrow_mean"),
        (in_caption, "audit.leak.exact_count"),
    ],
)
def test_a_planted_leak_that_is_stated_is_found(
    plant: Callable[[Study, Shown], Shown],
    found: str,
    study: Study,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    shown = pieces(study)
    shown[1] = plant(study, shown[1])
    assert found in published(tmp_path, *rendered(study, shown, monkeypatch))


def test_a_further_file_of_a_report_joins_the_facts_that_are_the_same(tmp_path: Path) -> None:
    one = Published("study", {}, "brand", "edition", 5, (Fact(EVERYBODY, "count", 300.0),))
    page, paper = tmp_path / "study.html", tmp_path / "study.pdf"
    write_sidecar(one, {page: b"page"})
    lies = write_sidecar(one, {paper: b"paper"})
    assert read_facts(lies.read_bytes()).files == {
        page.name: digest(b"page"),
        paper.name: digest(b"paper"),
    }
    write_sidecar(replace(one, edition="another"), {paper: b"paper"})
    assert set(read_facts(lies.read_bytes()).files) == {paper.name}
