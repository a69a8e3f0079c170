"""The catalogue: whole in both languages, used and found by the code, filled as it should be."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from employer_identity.audit.pages import disagreements
from employer_identity.errors import ModelError, Problem
from employer_identity.language import LANGUAGES, listing, number, period, refusal, say

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "employer_identity"
CATALOGUE = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in sorted((PACKAGE / "sentences").glob("*.toml"))
}
KEY = re.compile(rf"(?:{'|'.join(CATALOGUE)})(?:\.[a-z0-9_]+)+\.?")
OPENING = re.compile(rf"(?:{'|'.join(CATALOGUE)})\.")
FILES = (".toml", ".html", ".css", ".js", ".csv")
DUTCH = re.compile(r"\b(?:de|het|een|en|is niet|van de|wordt|zijn|voor|geen|deze|met)\b")


def entries(table: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Walk the sentences below a table: whatever holds a text."""
    if any(isinstance(value, str) for value in table.values()):
        yield path, table
    else:
        for name, value in table.items():
            yield from entries(value, f"{path}.{name}")


SENTENCES = {key: entry for topic in CATALOGUE for key, entry in entries(CATALOGUE[topic], topic)}


def fields(sentence: str) -> set[str]:
    """Return the names a sentence asks for."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def literals(path: Path) -> Iterator[tuple[str, bool]]:
    """Return the texts in a module that are not docstrings; True where one opens an f-string."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            bare.add(id(node.values[0]))
            yield str(node.values[0].value), True
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare
        ):
            yield node.value, False


def is_known(key: str, opens: bool) -> bool:
    """Tell whether a key is a sentence; of an opening, whether one begins so."""
    return any(k.startswith(key) for k in SENTENCES) if opens else key in SENTENCES


def is_dutch(text: str) -> bool:
    """Tell whether a text has at least two of the little words no Dutch sentence goes without."""
    return len(set(DUTCH.findall(text.lower()))) > 1


MODULES = sorted(PACKAGE.rglob("*.py"))


@cache
def texts() -> list[tuple[Path, str, bool]]:
    """Return the texts of all modules: where each stands, what it is, whether it opens one."""
    return [(path, *literal) for path in MODULES for literal in literals(path)]


@pytest.mark.parametrize("topic", CATALOGUE)
def test_every_sentence_is_there_in_both_languages(topic: str) -> None:
    asked = {
        key: [(language, fields(text)) for language, text in entry.items()]
        for key, entry in entries(CATALOGUE[topic], topic)
    }
    assert asked
    assert {
        key: names for key, names in asked.items() if dict(names).keys() != set(LANGUAGES)
    } == {}
    assert {key: names for key, names in asked.items() if names[0][1] != names[1][1]} == {}


def test_every_key_in_the_code_is_in_the_catalogue() -> None:
    unknown = [
        (path.name, text)
        for path, text, opens in texts()
        if KEY.fullmatch(text) and not text.endswith(FILES) and not is_known(text, opens)
    ]
    assert unknown == []


NOTEBOOKS = "\n".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "notebooks").rglob("*.ipynb"))
)


def test_every_key_a_study_says_is_in_the_catalogue_of_the_report() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in MODULES) + NOTEBOOKS
    said = set(re.findall(r"study\.say\(\s*\\?\"([a-z0-9_.]+)\\?\"", code))
    assert said
    assert {key for key in said if f"report.{key}" not in SENTENCES} == set()


def test_every_key_a_unit_says_is_in_the_catalogue_of_units() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in MODULES) + NOTEBOOKS
    said = set(re.findall(r"unit\.say\(\s*\\?\"([a-z0-9_.]+)\\?\"", code))
    assert said
    assert {key for key in said if f"unit.{key}" not in SENTENCES} == set()


def test_every_sentence_is_used() -> None:
    whole = {text for _, text, opens in texts() if not opens}
    topics = {"report.", "unit."}  # whose sentences are said without the topic's name
    built = {text for _, text, opens in texts() if opens and "." in text} - topics
    openings = (*built, *(topic + text for topic in topics for text in built))
    near = "_near"  # the same problem, where a known name is close to the one given
    written = whole | set(re.findall(r'"([a-z0-9_.]+)\\"', NOTEBOOKS))

    def is_used(key: str) -> bool:
        within = key.partition(".")[2]  # as study.say and its like are called
        named = not {key, within}.isdisjoint(written) or key.startswith(openings)
        return named or {key.removesuffix(near), near} <= whole

    unused = [key for key in SENTENCES if not is_used(key)]
    assert not unused, unused


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rule_is_not_read_as_a_number_of_people(language: Any) -> None:
    """How many people something takes is no fact of anybody: a report that says it is made."""
    asked = re.compile(rf"{{(?:least|minimum)[^}}]*}}(?= (?:{say('audit.people', language)}))")
    both = {key: entry[language] for key, entry in SENTENCES.items()}
    rules = {key: asked.sub("100", text) for key, text in both.items() if asked.search(text)}
    assert len(rules) > 20
    assert [key for key, rule in rules.items() if [*disagreements(rule, (), "")]] == []


def test_no_dutch_is_written_outside_the_catalogue() -> None:
    assert [(path.name, text) for path, text, _ in texts() if is_dutch(text)] == []


def test_the_check_for_dutch_sees_some() -> None:
    assert is_dutch("De vraag is niet ingevuld in deze groep")
    assert not is_dutch("The question was not answered by van de Velde")


@pytest.mark.parametrize(
    ("value", "spec", "en", "nl"),
    [
        (4812, ",", "4,812", "4.812"),
        (0.934, ".2f", "0.93", "0,93"),
        (1234567.5, ",.1f", "1,234,567.5", "1.234.567,5"),
        (-0.5, "+.1f", "-0.5", "-0,5"),
        (0.25, ".0%", "25%", "25%"),
    ],
)
def test_numbers_are_written_as_the_language_does(
    value: float, spec: str, en: str, nl: str
) -> None:
    assert (number(value, spec), number(value, spec, "nl")) == (en, nl)


@pytest.fixture
def small_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {
        "asked": {
            "en": "{n} {n:#person|people} in {place}, {share}",
            "nl": "{n} {n:#mens|mensen} in {place}, {share}",
        },
        "wrong": {"en": "{where}: {count} {count:#row|rows}", "nl": "{where}: {count} rijen"},
    }
    monkeypatch.setattr("employer_identity.language._topic", lambda _: words)


@pytest.mark.usefixtures("small_catalogue")
@pytest.mark.parametrize(
    ("n", "en", "nl"),
    [
        (0, "0 people in 3.5, 0.50", "0 mensen in 3.5, 0,50"),
        (1, "1 person in 3.5, 0.50", "1 mens in 3.5, 0,50"),
        (1200, "1,200 people in 3.5, 0.50", "1.200 mensen in 3.5, 0,50"),
    ],
)
def test_a_sentence_is_filled(n: int, en: str, nl: str) -> None:
    words = {"n": n, "place": "3.5", "share": 0.5}  # a text stays as it is, whatever it looks like
    assert say("small.asked", "en", **words) == en
    assert say("small.asked", "nl", **words) == nl


@pytest.mark.usefixtures("small_catalogue")
def test_a_field_that_is_not_given_is_a_fault() -> None:
    with pytest.raises(KeyError):
        say("small.asked", n=1)


@pytest.mark.parametrize(
    ("words", "en", "nl"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "a and b", "a en b"),
        (["a", "b", "c"], "a, b and c", "a, b en c"),
    ],
)
def test_words_are_listed(words: list[str], en: str, nl: str) -> None:
    assert (listing(words), listing(words, "nl")) == (en, nl)


@pytest.mark.parametrize(
    ("first", "last", "en", "nl"),
    [
        ((2026, 3, 2), (2026, 3, 27), "2-27 March 2026", "2-27 maart 2026"),
        ((2026, 3, 2), (2026, 4, 1), "2 March - 1 April 2026", "2 maart - 1 april 2026"),
        (
            (2025, 12, 20),
            (2026, 1, 9),
            "20 December 2025 - 9 January 2026",
            "20 december 2025 - 9 januari 2026",
        ),
        ((2026, 5, 4), (2026, 5, 4), "4 May 2026", "4 mei 2026"),
        ((2025, 3, 2), (2026, 3, 2), "2 March 2025 - 2 March 2026", "2 maart 2025 - 2 maart 2026"),
    ],
)
def test_periods_are_written_as_the_language_does(
    first: tuple[int, int, int], last: tuple[int, int, int], en: str, nl: str
) -> None:
    days = date(*first), date(*last)
    written = (period(*days), period(*days, "nl"))
    assert tuple(text.replace("\N{EN DASH}", "-") for text in written) == (en, nl)


@pytest.mark.usefixtures("small_catalogue")
def test_a_refusal_tells_all_problems_at_once_and_carries_them() -> None:
    problems = (Problem("small.wrong", "pro1", 1), Problem("small.wrong", "pro2", 3))
    error = refusal(ModelError, problems)
    assert str(error) == "pro1: 1 row\npro2: 3 rows"
    assert error.problems == problems


def test_every_key_a_measurement_says_is_in_its_catalogue() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in MODULES) + NOTEBOOKS
    said = set(re.findall(r"(?:report|m)\.say\(\s*\\?\"([a-z0-9_.]+)\\?\"", code))
    assert said
    assert {key for key in said if f"measured.{key}" not in SENTENCES} == set()
