"""The questionnaire: what ships, what a stranger's file may say, and every refusal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from employer_identity.cli.main import app
from employer_identity.errors import InstrumentError
from employer_identity.instrument import load_instrument
from employer_identity.language import LANGUAGES, describe, nearest
from employer_identity.questionnaire import Instrument
from employer_identity.special import special_category

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
    "instrument.wrong.too_small": (
        "order = [1, 2]",
        "order = [1, 2]\nmerge_below = 1",
        "2 or more",
    ),
    "instrument.answers_and_steps": ("minimum = 1", 'minimum = 1\nanswers = ["no", "yes"]', "5"),
    "instrument.role_is_question": ("[scale]", 'weight = "c1"\n[scale]', "c1"),
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


def test_a_text_is_an_answer_or_none_and_no_other_kind_is_either(tmp_path: Path) -> None:
    words = 'minimum = 1\nanswers = ["a", "b", "c", "d", "e"]\nmissing = ["C ", 9]'
    (problem,) = refused(write(tmp_path, GOOD.replace("minimum = 1", words))).problems
    assert (problem.code, problem.values["name"]) == ("instrument.twice", "c")
    strange = GOOD.replace("minimum = 1", "minimum = 1\nmissing = [9.5]")
    (problem,) = refused(write(tmp_path, strange)).problems
    assert problem.code == "instrument.wrong.code_or_text"


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


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("[scale]", 'duration = "Q1"\n[scale]', "role_is_question"),
        ('name = "c2"', 'name = "c2"\ncolumn = "Q1"', "twice"),
        ('name = "o1"', 'name = "Q1"', "twice"),
    ],
)
def test_a_column_holds_one_question(old: str, new: str, code: str, tmp_path: Path) -> None:
    good = GOOD.replace('name = "c1"', 'name = "c1"\ncolumn = "Q1"')
    load_instrument(write(tmp_path, good))
    error = refused(write(tmp_path, good.replace(old, new, 1)))
    assert [p.code for p in error.problems] == [f"instrument.{code}"]
    assert "Q1" in str(error)


# --- Groupings that are made, merged or sensitive

GROUPINGS = """
[[grouping]]
column = "generation"
from = "birth"
bands = { old = ["", 1980], young = [1981, 2008] }
[[grouping]]
column = "team"
order = ["a", "b", "c"]
merge = { ab = ["a", "b"] }
labels = { ab = { en = "A and B" } }
[[grouping]]
column = "both"
cross = ["site", "generation"]
[[grouping]]
column = "vakbond"
special = "union"
basis = "consent"
"""
ADDED = '[[grouping]]\ncolumn = "{}"\n{}\n'
GROUPING_FAULTS = [
    # code, what to replace in the good groupings (or add to them), with what, the words it must say
    ("from_without_bands", 'bands = { old = ["", 1980], young = [1981, 2008] }', "", "bands"),
    ("bands_without_from", 'from = "birth"', "", "from"),
    ("year_without_bands", 'cross = ["site"', 'year = 2026\ncross = ["site"', "year"),
    ("from_itself", 'from = "birth"', 'from = "generation"', "generation"),
    ("bands_not_years", '["", 1980], young = [1981, 2008] }', '[45, ""] }\nyear = 2026', "2026"),
    ("band_turned", '["", 1980]', "[1980, 1900]", "old"),
    ("bands_overlap", '["", 1980]', '["", 1981]', "young"),
    ("bands_overlap", "[1981, 2008]", '["", ""]', "young"),
    ("wrong.band", '["", 1980]', '["x", 1980]', "bands.old"),
    ("wrong.band", '["", 1980]', '["x", "y"]', "bands.old"),
    ("wrong.band", '["", 1980]', "[1980]", "bands.old"),
    ("wrong.band", '["", 1980]', "[1950, 1960, 1980]", "bands.old"),
    ("order_not_bands", 'from = "birth"', 'from = "birth"\norder = ["old", "new"]', "old, new"),
    ("cross_and_more", 'cross = ["site"', 'order = ["x"]\ncross = ["site"', "order"),
    ("cross_not_two", '"site", "generation"]', '"site"]', "gender"),
    ("cross_not_two", '"site", "generation"]', '"site", "site"]', "gender"),
    ("unknown_cross", '"site", "generation"]', '"site", "zzzz"]', "zzzz"),
    ("unknown_cross_near", '"site", "generation"]', '"site", "generations"]', "generation"),
    ("unknown_cross", '"site", "generation"]', '"site", "both"]', "both"),
    ("cross_of_cross", None, ADDED.format("all", 'cross = ["both", "site"]'), "both"),
    ("merge_unknown", '["a", "b"]', '["a", "zzzz"]', "zzzz"),
    ("merge_unknown_near", 'order = ["a", "b", "c"]', 'order = ["a", "bb", "c"]', "bb"),
    (
        "merge_into_existing",
        'ab = ["a", "b"] }\nlabels = { ab',
        'c = ["a", "b"] }\nlabels = { c',
        "c",
    ),
    ("twice", 'ab = ["a", "b"]', 'ab = ["a", "b"], bc = ["b", "c"]', "b"),
    ("wrong.empty", '["a", "b"] }', "[] }", "merge.ab"),
    ("two_tables", None, ADDED.format("c1", ""), "c1"),
    ("two_tables", None, ADDED.format("happy", ""), "happy"),
    ("special_undeclared", None, ADDED.format("Religie", ""), "religion"),
    ("special_undeclared", None, ADDED.format("q9", 'label = { nl = "Afkomst" }'), "cultural_back"),
    ("special_undeclared", None, ADDED.format("q9", 'order = ["fnv", "cnv"]'), "union"),
    ("special_without_basis", 'basis = "consent"', 'basis = " "', "basis"),
    ("basis_without_special", None, ADDED.format("unit", 'basis = "consent"'), "special"),
    ("special_crossed", '"site", "generation"]', '"site", "vakbond"]', "vakbond"),
]


@pytest.mark.parametrize(("code", "old", "new", "words"), GROUPING_FAULTS)
def test_each_fault_of_a_grouping_is_named_alone(
    code: str, old: str | None, new: str, words: str, tmp_path: Path
) -> None:
    assert old is None or old in GROUPINGS
    text = GROUPINGS.replace(old, new, 1) if old else GROUPINGS + new
    error = refused(write(tmp_path, GOOD + text))
    assert [problem.code for problem in error.problems] == [f"instrument.{code}"]
    assert words in str(error)


def test_groupings_that_are_right_are_taken(tmp_path: Path) -> None:
    found = load_instrument(write(tmp_path, GOOD + GROUPINGS))
    assert [g.is_made for g in found.groupings] == [False, True, False, True, False]
    assert found.groupings[1].bands == {"old": ("", 1980), "young": (1981, 2008)}
    assert found.value_label("team", "ab") == "A and B"


def test_codes_to_be_merged_may_be_numbers(tmp_path: Path) -> None:
    text = GOOD.replace("order = [1, 2]", "order = [1, 2, 3]\nmerge = { most = [1, 2] }")
    assert load_instrument(write(tmp_path, text)).groupings[0].merge == {"most": ("1", "2")}


SENSITIVE = {
    "political_preference": "politieke_voorkeur PoliticalParty stemgedrag vote_2023 partij",
    "cultural_background": "etniciteit Ethnicity herkomst migratieachtergrond culture birthCountry "
    "Nationaliteit nationality second_nationality",
    "religion": "religie geloofsovertuiging q12_religion faith levensbeschouwing",
    "health": "gezondheid chronische-ziekte disability ziekteverzuim burn-out",
    "sexual_orientation": "seksuele_geaardheid sexual_orientation LHBTI orientation oriëntatie",
    "union": "vakbond vakbondslid trade_union Union",
}
HARMLESS = (
    "gender generation region contract department sector politieregio stemming stem third_party "
    "bedrijfscultuur organisation_culture TeamCulture agriculture data_migration geloofwaardigheid "
    "ziekenhuis healthcare_worker gezondheidszorg market_orientation homogeneity reunion "
    "european_union emotion communion selection"
)


@pytest.mark.parametrize("category", SENSITIVE)
def test_special_categories_are_recognised_by_their_names(category: str) -> None:
    found = {name: special_category([name]) for name in SENSITIVE[category].split()}
    assert found == dict.fromkeys(found, category)


def test_false_friends_of_special_categories_are_let_through() -> None:
    found = {name: special_category([name]) for name in HARMLESS.split()}
    assert found == dict.fromkeys(found)


# --- Files that are no instrument


@pytest.mark.parametrize(
    ("text", "code", "key", "line"),
    [
        ('name = "x"\ntitle = 1\nname = "y"', "key_twice", "name", 3),
        ("[scale]\na = 1\n[x]\n[scale]\n", "key_twice", "scale", 4),
        ("[item]\na = 1\n[item]\nb = 1\n", "key_twice", "item", 3),
        ("x = { a = 1, a = 2 }", "key_twice", "x", 1),
        ("x = [\n1,\n]\nx = [\n2,\n]\ny = 1", "key_twice", "x", 6),
        ("x = 1\nx = 2", "key_twice", "x", 2),
        ("x = { a = 1,\n b = 2 }", "syntax", None, 1),
    ],
)
def test_broken_toml_is_named_with_its_line(
    text: str, code: str, key: str | None, line: int, tmp_path: Path
) -> None:
    (problem,) = refused(write(tmp_path, text)).problems
    assert problem.code == f"instrument.{code}"
    assert (problem.values.get("key"), problem.values["line"]) == (key, line)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"x = " + b"[" * 50_000 + b"]" * 50_000, "too_deep"),
        (b"x = " + b"9" * 5_000, "too_long_number"),
        (b"#" * 1_000_001, "too_large"),
        (b'x = "a\0b"', "not_utf8"),
        ("name = 'x'".encode("utf-16"), "not_utf8"),
        (b"\xef\xbb\xbf" + b"x = 1 1", "syntax"),
    ],
)
def test_what_is_no_instrument_at_all_is_refused(content: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    assert [p.code for p in refused(path).problems] == [f"instrument.{code}"]


def test_paths_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path).problems[0].code == "instrument.folder"
    for path in ("a\0b", "x" * 5_000, ""):
        assert refused(path).problems[0].code in {"instrument.no_such_file", "instrument.folder"}


# --- What it says of itself


def test_an_instrument_sums_itself_up(tmp_path: Path) -> None:
    text = (GOOD + GROUPINGS).replace('name = "c2"', 'name = "c2"\nreverse = true')
    found = load_instrument(write(tmp_path, text.replace("[scale]", 'wave = "year"\n[scale]', 1)))
    told = repr(found).replace("\N{EN DASH}", "-").replace("\N{MULTIPLICATION SIGN}", "x")
    assert told.splitlines() == [
        "Instrument: Two scales, 4 items on a scale from 1 to 5",
        "  calm: c1, c2 (reversed)",
        "  order: o1, o2",
        "  outcomes: happy",
        "  grouping: site (1, 2)",
        "  grouping: generation (from birth: old ≤ 1980, young 1981-2008)",
        "  grouping: team (a, b, c; merged: a, b → ab)",
        "  grouping: both (site x generation)",
        "  grouping: vakbond (may be a special category of personal data: union)",
        "  columns: wave = year",
    ]
    assert found._repr_html_().count("<p ") == len(told.splitlines())
    assert ">calm: c1, c2 (reversed)</p>" in found._repr_html_()
    assert found.summary("nl")[1] == "calm: c1, c2 (omgekeerd)"


# --- The maps of the ILI-15: DOMAIN's table in figures

BLOCKED = (range(1, 5), range(5, 9), range(9, 13), range(13, 16))
INTERLEAVED = ((1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (4, 8, 12))


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("identity-leadership-15", BLOCKED),
        ("identity-leadership-15-interleaved", INTERLEAVED),
    ],
)
def test_the_maps_say_which_item_belongs_to_which_pillar(
    name: str, places: Sequence[Sequence[int]]
) -> None:
    ili = load_instrument(name)
    expected = [tuple(f"ili{n:02}" for n in numbers) for numbers in places]
    assert ili.factors == dict(zip(PILLARS, expected, strict=True))
    assert ili.item_names == tuple(f"ili{n:02}" for n in range(1, 16))
    assert (ili.name, ili.scale.minimum, ili.scale.maximum) == (name, 1, 7)
    assert (ili.referent, ili.prototype_type, ili.adaptation) == ("direct_leader", "ideal", False)
    assert not ili.scale.low
    assert not ili.scale.high


def test_the_maps_hold_labels_in_both_languages_and_no_wording() -> None:
    blocked, interleaved = (
        load_instrument(f"identity-leadership-15{kind}") for kind in ("", "-interleaved")
    )
    assert all(not item.wording for ili in (blocked, interleaved) for item in ili.items)
    for ili in (blocked, interleaved):
        labels = [item.label for item in ili.items]
        assert all(set(label) == set(LANGUAGES) for label in labels)
        assert all(len({label[language] for label in labels}) == 15 for language in LANGUAGES)
    for pillar in PILLARS:  # in both orders the same content, in the same order within a pillar
        contents = [
            [i.label for i in ili.items if i.pillar == pillar] for ili in (blocked, interleaved)
        ]
        assert contents[0] == contents[1]


def test_a_file_may_extend_what_itself_extends(tmp_path: Path) -> None:
    ours = load_instrument(write(tmp_path, 'extends = "identity-leadership-15-interleaved"'))
    assert ours.factors["impresarioship"] == ("ili04", "ili08", "ili12")
    assert ours.label("advancement", "en") == "doing it for us"


# --- The command

run = CliRunner()


def test_a_good_instrument_is_summed_up(tmp_path: Path) -> None:
    path = str(write(tmp_path, GOOD + GROUPINGS))
    result = run.invoke(app, ["instrument", "check", path, "--language", "en"])
    assert result.exit_code == 0
    first, *told, last = result.stdout.splitlines()
    assert first == f"{path}: no problems."
    assert "\n".join(told) == repr(load_instrument(path))
    assert last == f"Next: employer-identity check ANSWERS.csv --instrument {path}"


def test_a_bad_instrument_is_explained(tmp_path: Path) -> None:
    path = str(
        write(tmp_path, GOOD.replace("minimum = 1", "minimum = 9") + ADDED.format("geloof", ""))
    )
    result = run.invoke(app, ["instrument", "check", path])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("Probleem:") == 2
    assert "AVG" in result.stderr
