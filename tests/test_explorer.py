"""The explorer: what each choice shows, that its code makes the same, and what it never shows."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import CHROMIUM
from lab import Lab, a_lab
from prepared import SAMPLE, prepared
from test_lab import write

import employer_identity as ei
from employer_identity import exploring
from employer_identity.errors import ComparisonError, ReportError
from employer_identity.exploring import TOPICS, USES, Choice, Exploration
from employer_identity.language import LANGUAGES
from employer_identity.privacy import DISTRIBUTION, MINIMUM

CHOICES = [Choice(topic, "generation", "advancement") for topic in TOPICS]
QUICK = len(CHOICES)  # what is enough for the first tier
CHOICES += [
    replace(CHOICES[2], model="one_factor"),
    replace(CHOICES[3], model="two_factors", rung="configural"),
]
CHOICES += [Choice("answers", "", "prototypicality", language="nl")]
CHOICES += [Choice("means", "gender", "advancement", language="nl")]


def survey() -> Any:
    return prepared()["whole"].of_wave("2026")


@pytest.fixture(scope="module")
def exploration() -> Exploration:
    return Exploration(survey())


@pytest.mark.parametrize(
    "choice",
    [*CHOICES[:QUICK], *(pytest.param(c, marks=pytest.mark.slow) for c in CHOICES[QUICK:])],
    ids=lambda c: f"{c.topic}-{c.model}-{c.grouping}",
)
def test_the_code_makes_exactly_what_is_shown(
    exploration: Exploration, choice: Choice, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    explored = exploration.show(choice)
    assert not explored.refused
    exec(compile(explored.code, "code", "exec"), {"survey": exploration.survey})
    assert "".join(piece._repr_html_() for piece in shown) == explored.html
    assert len(explored.html) > 300


def test_a_refusal_is_shown_and_its_code_raises_it(exploration: Exploration) -> None:
    choice = Choice("means", "generation", "advancement", model="one_factor")
    explored = exploration.show(choice)
    assert "may not be compared" in explored.refused
    assert 'role="status"' in explored.html
    with pytest.raises(ComparisonError):
        exec(compile(explored.code, "code", "exec"), {"survey": exploration.survey})


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_grouping_only_answers_are_shown(exploration: Exploration, language: Any) -> None:
    told = {"en": "Choose a grouping", "nl": "Kies een indeling"}
    for topic in TOPICS[1:]:
        explored = exploration.show(Choice(topic, "", "advancement", language=language))
        assert told[language] in explored.refused


def test_each_ladder_is_climbed_once(
    exploration: Exploration, monkeypatch: pytest.MonkeyPatch
) -> None:
    exploration.show(CHOICES[1])
    monkeypatch.setattr(exploring, "invariance", None)
    assert not exploration.show(CHOICES[2]).refused


def with_few(people: int) -> Any:
    """Return the survey with a region of its own for a few people."""
    whole = survey()
    region = whole.answers["region"].cat.add_categories("island")
    region.iloc[:people] = "island"
    return replace(whole, answers=whole.answers.assign(region=region))


@pytest.mark.parametrize("people", [MINIMUM - 1, DISTRIBUTION - 1])
def test_answers_of_few_are_never_shown_nor_to_be_had_by_subtraction(people: int) -> None:
    small = with_few(people)
    shown = exploring.answers(small, "region", "advancement")
    keys = {one.key for one in shown}
    assert "answers_advancement_island" not in keys
    assert len(keys) == 3  # the smallest of the four others is hidden with it
    assert len(exploring.answers(survey(), "region", "advancement")) == 4


@pytest.mark.parametrize("topic", ["loadings", "ladder", "means", "rung"])
def test_a_group_of_few_is_in_no_ladder(topic: Any) -> None:
    explored = Exploration(with_few(MINIMUM - 1)).show(Choice(topic, "region", "advancement"))
    assert not explored.refused
    told = explored.html + "".join(str(getattr(p, "alt", "")) for p in explored.pieces)
    assert "island" not in re.sub(r'src="[^"]*"', "", told)


def test_a_grouping_of_few_only_is_refused() -> None:
    few = survey()
    few = replace(few, answers=few.answers.iloc[:12].reset_index(drop=True))
    with pytest.raises(ComparisonError, match="large enough"):
        exploring.answers(few, "region", "advancement")


def test_names_with_quotes_are_no_code() -> None:
    odd = 'gen"eration'
    code = Exploration(survey()).code(Choice("answers", odd, "advancement"))
    compile(code, "code", "exec")
    assert '"gen\\"eration"' in code


@pytest.fixture(scope="module")
def explorer() -> Any:
    return ei.explore(survey())


def test_a_control_changes_what_is_shown_and_its_code(explorer: Any) -> None:
    seen = set()
    for topic in TOPICS:
        explorer.controls["topic"].value = topic
        seen.add(explorer.page.value)
        assert explorer.page.value == explorer.explored.html
        assert explorer.controls["code"].value == explorer.explored.code
        for name in ("grouping", "pillar", "model", "rung"):
            assert explorer.controls[name].disabled is (name not in USES[topic])
    assert len(seen) == len(TOPICS)


@pytest.mark.parametrize(
    ("topic", "name", "value"),
    [
        ("answers", "pillar", "impresarioship"), ("answers", "grouping", "gender"),
        ("rung", "rung", "strict"), ("ladder", "model", "two_factors"),
    ],
)  # fmt: skip
def test_every_choice_matters(explorer: Any, topic: str, name: str, value: str) -> None:
    explorer.controls["topic"].value = topic
    before = explorer.page.value
    explorer.controls[name].value = value
    assert explorer.page.value != before


def test_the_button_shows_the_code(explorer: Any) -> None:
    explorer.controls["topic"].value = "answers"
    assert explorer.controls["code"].layout.display == "none"
    explorer.controls["copy"].click()
    assert explorer.controls["code"].layout.display != "none"
    assert explorer.controls["code"].value == explorer.explored.code


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_control_has_a_label(language: Any) -> None:
    found = ei.explore(survey(), language=language)
    labels = [control.description for control in found.controls.values()]
    assert all(labels)
    assert len(set(labels)) == len(labels)
    assert {"en": "Grouping", "nl": "Indeling"}[language] in labels
    assert "application/vnd.jupyter.widget-view+json" in found._repr_mimebundle_()


def test_without_ipywidgets_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ReportError, match=r"pip install 'employer-identity\[lab\]'"):
        ei.explore(survey())


NOTEBOOK = f"""import employer_identity as ei
survey = ei.load_survey("{SAMPLE}/employees.csv", instrument="{SAMPLE}/instrument.toml")
explorer = ei.explore(survey.of_wave("2026"))
explorer"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("notebooks")
    write(folder / "explorer.ipynb", NOTEBOOK)
    with a_lab(folder) as opened:
        yield opened


CODE = "document.querySelector('.jp-OutputArea textarea').checkVisibility()"
UNLABELLED = """[...document.querySelectorAll('.jp-OutputArea select')]
    .filter(control => !control.labels.length).length"""


def choose(lab: Lab, further: int) -> None:
    """Choose in the list that has the focus; JupyterLab takes arrows while it is closed."""
    lab.page.press("Space")
    for _ in range(further):
        lab.page.press("ArrowDown")
    lab.page.press("Enter")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_in_jupyterlab_the_keyboard_alone_changes_the_picture(
    lab: Lab, exploration: Exploration, tmp_path: Path
) -> None:
    lab.open("explorer.ipynb")
    lab.run_all()
    assert lab.errors() == []
    lab.wait(lambda: len(lab.images()) == 4, "no answers of four generations were drawn")
    lab.page.value("document.querySelector('.jp-OutputArea select').focus()")
    for choice in CHOICES[1:3]:  # loadings, then the ladder
        told = [piece.alt for piece in exploration.show(choice).pieces]
        choose(lab, 1)
        lab.wait(lambda told=told: lab.images() == told, f"no {choice.topic} were drawn")
    assert lab.page.value(UNLABELLED) == 0
    for _ in range(3):  # grouping, model; what does not matter now is passed over
        lab.page.press("Tab")
    assert lab.page.value("document.activeElement.tagName") == "BUTTON"
    lab.page.press("Space")
    lab.wait(lambda: bool(lab.page.value(CODE)), "no code was shown")
    lab.page.press("Tab")
    assert lab.page.value("document.activeElement.tagName") == "TEXTAREA"
    assert "figures.ladder(ladder" in lab.page.value("document.activeElement.value")
    assert lab.outside_requests() == []
    for theme in ("dark", "light"):
        lab.theme(theme)
        lab.screenshot(tmp_path / f"{theme}.png")
