"""The questionnaire: what ships, what a stranger's file may say, and every refusal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from employer_identity.errors import InstrumentError
from employer_identity.instrument import load_instrument
from employer_identity.language import LANGUAGES, describe, nearest
from employer_identity.questionnaire import Instrument

ROOT = Path(__file__).parent.parent
PILLARS = ("prototypicality", "advancement", "entrepreneurship", "impresarioship")

GOOD = """
name = "two-scales"
title = { en = "Two scales" }
[scale]
minimum = 1
maximum = 5
[[pillar]]
key = "calm"
[[pillar]]
key = "order"
[[practice]]
key = "breaks"
pillar = "calm"
[[item]]
name = "c1"
pillar = "calm"
practice = "breaks"
[[item]]
name = "c2"
pillar = "calm"
[[item]]
name = "o1"
pillar = "order"
[[item]]
name = "o2"
pillar = "order"
[[outcome]]
name = "happy"
[[grouping]]
column = "site"
order = [1, 2]
labels = { 1 = { nl = "noord" } }
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(source: Path | str) -> InstrumentError:
    with pytest.raises(InstrumentError) as caught:
        load_instrument(source)
    for problem in caught.value.problems:  # every sentence can be said in both languages
        assert all(describe(problem, language) for language in LANGUAGES)
    return caught.value


@pytest.fixture(scope="module")
def shipped() -> Instrument:
    return load_instrument("connecting-employership")


def test_shipped_has_four_items_a_pillar_interleaved(shipped: Instrument) -> None:
    assert tuple(shipped.factors) == PILLARS
    short = ("pro", "adv", "ent", "imp")
    for pillar, code in zip(PILLARS, short, strict=True):
        assert shipped.factors[pillar] == tuple(f"{code}{k}" for k in range(1, 5))
    assert shipped.item_names == tuple(f"{code}{k}" for k in range(1, 5) for code in short)
    assert (shipped.scale.minimum, shipped.scale.maximum) == (1, 7)
    assert (shipped.referent, shipped.prototype_type, shipped.adaptation) == (
        "employer",
        "ideal",
        True,
    )
    assert shipped.outcome_names == (
        "shared_identity",
        "communication",
        "wellbeing",
        "reputation_inside",
        "recommend",
        "stay_intent",
    )


def test_every_practice_is_asked_about_within_its_pillar(shipped: Instrument) -> None:
    pillar_of = {practice.key: practice.pillar for practice in shipped.practices}
    assert {item.practice for item in shipped.items} == set(pillar_of)
    assert all(pillar_of[str(item.practice)] == item.pillar for item in shipped.items)
    assert set(pillar_of.values()) == set(PILLARS)


def test_everything_shipped_is_worded_in_both_languages(shipped: Instrument) -> None:
    texts = [shipped.title, shipped.scale.low, shipped.scale.high]
    texts += [t for p in shipped.pillars for t in (p.label, p.description)]
    texts += [t for p in shipped.practices for t in (p.label, p.text)]
    texts += [t for q in (*shipped.items, *shipped.outcomes) for t in (q.label, q.wording)]
    assert all(set(text) == set(LANGUAGES) for text in texts)
    for language in LANGUAGES:
        said = [text[language] for text in texts]
        assert len(said) == len(set(said))


def test_an_item_makes_one_claim_in_few_words(shipped: Instrument) -> None:
    for question in (*shipped.items, *shipped.outcomes):
        assert all(text.endswith(".") for text in question.wording.values())
        for language in LANGUAGES:
            assert len(question.wording[language].split()) <= 18
        if question.name != "recommend":  # "come and work" is one act
            assert not re.search(r"\band\b", question.wording["en"])
            assert not re.search(r"\ben\b", question.wording["nl"])


def test_labels_of_questions_are_short(shipped: Instrument) -> None:
    for question in (*shipped.items, *shipped.outcomes):
        for language in LANGUAGES:
            assert len(question.label[language].split()) <= 4
            assert len(question.label[language]) <= 32


def test_outcomes_do_not_repeat_the_pillars(shipped: Instrument) -> None:
    """An outcome in a pillar's words would go with it whatever people think."""
    words = re.compile(r"\w{6,}")
    usual = {"organisation", "organisatie", "mensen", "people", "werken"}
    for language in LANGUAGES:
        items = {w for i in shipped.items for w in words.findall(i.wording[language].lower())}
        asked = {w for o in shipped.outcomes for w in words.findall(o.wording[language].lower())}
        assert items & asked <= usual


def test_model_is_lavaan_text_a_line_a_pillar(shipped: Instrument) -> None:
    lines = shipped.model.splitlines()
    assert lines[0] == "prototypicality =~ pro1 + pro2 + pro3 + pro4"
    assert len(lines) == len(PILLARS)


def test_words_fall_back_to_the_other_language_then_to_the_name(tmp_path: Path) -> None:
    mine = load_instrument(write(tmp_path, GOOD))
    assert mine.title == {"en": "Two scales"}
    assert mine.value_label("site", 1, "en") == "noord"
    assert mine.value_label("site", "2", "en") == "2"
    assert mine.value_label("nowhere", "x") == "x"
    assert mine.label("c1", "nl") == mine.wording("c1", "nl") == "c1"


def test_words_are_found_by_name(shipped: Instrument) -> None:
    assert shipped.label("impresarioship", "nl") == "\u2018ons\u2019 vertegenwoordigen"
    assert shipped.label("adv2", "en") == "Bridges different views"
    assert shipped.wording("wellbeing", "en") == "In general, I feel well at work."
    assert shipped.wording("deeds", "en").startswith("Keep a list")
    assert shipped.wording("advancement", "nl").startswith("De werkgever spant")


def test_a_file_may_extend_a_shipped_one(tmp_path: Path) -> None:
    text = 'extends = "connecting-employership"\nname = "ours"\noutcome = []\nsector = "branch"'
    ours = load_instrument(write(tmp_path, text))
    assert (ours.name, ours.outcomes, ours.sector) == ("ours", (), "branch")
    assert len(ours.items) == 16


def test_the_example_of_five_scales_loads() -> None:
    example = load_instrument(ROOT / "examples/bfi/instrument.toml")
    assert [len(items) for items in example.factors.values()] == [5] * 5
    assert example.groupings[0].order == ("1", "2")
    assert all(set(i.label) == set(LANGUAGES) for i in example.items)


def test_an_instrument_cannot_be_changed(shipped: Instrument) -> None:
    with pytest.raises(ValueError, match="frozen"):
        shipped.name = "other"  # type: ignore[misc]


ITEM = '[[item]]\nname = "{}"\npillar = "{}"\n'
FAULTS = {
    # code: (what to replace in the good file, with what, a word the message must have)
    "instrument.missing_key": ('name = "two-scales"', "", "name"),
    "instrument.unknown_key_near": ('practice = "breaks"', 'practise = "breaks"', "practice"),
    "instrument.unknown_key": ('name = "c2"', 'name = "c2"\nzzzz = 1', "wording"),
    "instrument.wrong.text": ('name = "two-scales"', "name = 3", "name"),
    "instrument.wrong.whole_number": ("maximum = 5", 'maximum = "five"', "maximum"),
    "instrument.wrong.yes_or_no": ('name = "c2"', 'name = "c2"\nreverse = "perhaps"', "(c2)"),
    "instrument.wrong.table": ('{ en = "Two scales" }', '"Two scales"', "title"),
    "instrument.wrong.list": ("order = [1, 2]", "order = 1", "order"),
    "instrument.wrong.empty": ('{ en = "Two scales" }', '{ en = " " }', "title"),
    "instrument.wrong.choice": ('name = "two', 'referent = "boss"\nname = "two', "direct_leader"),
    "instrument.scale_turned": ("minimum = 1", "minimum = 9", "9"),
    "instrument.missing_in_scale": ("minimum = 1", "minimum = 1\nmissing = [3, 99]", "3"),
    "instrument.twice": ("[[outcome]]", '[[outcome]]\nname = "happy"\n[[outcome]]', "happy"),
    "instrument.item_in_two_pillars": (
        "[[outcome]]",
        ITEM.format("c1", "order") + "[[outcome]]",
        "c1",
    ),
    "instrument.two_tables": ('"happy"', '"c1"', "c1"),
    "instrument.bad_name": ('name = "c2"', 'name = "c 2"', "c 2"),
    "instrument.unknown_pillar": ("[[outcome]]", ITEM.format("x1", "zzzz") + "[[outcome]]", "zzzz"),
    "instrument.unknown_pillar_near": (
        "[[outcome]]",
        ITEM.format("x1", "calmm") + "[[outcome]]",
        "calm",
    ),
    "instrument.empty_pillar": ("[[outcome]]", '[[pillar]]\nkey = "joy"\n[[outcome]]', "joy"),
    "instrument.pillar_with_one_item": (
        "[[outcome]]",
        '[[pillar]]\nkey = "joy"\n' + ITEM.format("j1", "joy") + "[[outcome]]",
        "joy",
    ),
    "instrument.unknown_practice": ('practice = "breaks"', 'practice = "zzzz"', "c1"),
    "instrument.unknown_practice_near": ('practice = "breaks"', 'practice = "brakes"', "breaks"),
    "instrument.practice_elsewhere": (
        'key = "breaks"\npillar = "calm"',
        'key = "breaks"\npillar = "order"',
        "breaks",
    ),
    "instrument.label_without_value": ("{ 1 = {", "{ 7 = {", "7"),
    "instrument.label_without_value_near": ("order = [1, 2]", 'order = ["11"]', "11"),
}


@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_is_named_alone(code: str, tmp_path: Path) -> None:
    old, new, word = FAULTS[code]
    assert old in GOOD
    error = refused(write(tmp_path, GOOD.replace(old, new, 1)))
    assert [problem.code for problem in error.problems] == [code]
    assert word in str(error)
    assert "mine.toml" in str(error)


def test_all_faults_come_at_once_with_their_table(tmp_path: Path) -> None:
    text = GOOD.replace('key = "order"', 'key = "ordre"').replace("maximum = 5", 'maximum = "five"')
    text = text.replace('name = "c2"', 'name = "c2"\nwordng = {}') + '[[outcome]]\nname = "o1"\n'
    error = refused(write(tmp_path, text))
    assert {p.code for p in error.problems} == {
        "instrument.wrong.whole_number",
        "instrument.unknown_key_near",
        "instrument.unknown_pillar_near",
        "instrument.empty_pillar",
        "instrument.two_tables",
    }
    assert len(str(error).splitlines()) == len(error.problems)
    assert "[[item]] 2 (c2), wordng" in str(error)
    assert "[scale], maximum" in str(error)


def test_broken_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    error = refused(write(tmp_path, 'name = "x"\ntitle = {'))
    assert error.problems[0].code in {"instrument.syntax", "instrument.syntax_end"}
    error = refused(write(tmp_path, 'name = "x"\nscale 3\n'))
    assert error.problems[0].values["line"] == 2


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.toml").problems[0].code == "instrument.no_such_file"
    assert "connecting-employership" in str(refused(tmp_path))
    path = tmp_path / "latin.toml"
    path.write_bytes('name = "België"'.encode("cp1252"))
    assert refused(path).problems[0].code == "instrument.not_utf8"
    error = refused(write(tmp_path, 'extends = "connecting-employer"'))
    assert error.problems[0].code == "instrument.unknown_base"


def test_nearest_ignores_case() -> None:
    assert nearest("ADV1", ["adv1", "adv2"]) == "adv1"
    assert nearest("zzz", ["adv1"]) == ""
