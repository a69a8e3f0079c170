"""The first instrument: what is guessed of surveys whose truth is known, and what is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from employer_identity.answer_words import ranked
from employer_identity.bands import bands_of
from employer_identity.cli.main import app
from employer_identity.clusters import closer, gather, keyed
from employer_identity.errors import SurveyError
from employer_identity.guessing import Guess, guess
from employer_identity.instrument import load_instrument
from employer_identity.intake.raw import Raw, of_frame
from employer_identity.language import Language
from employer_identity.loading import check_survey
from employer_identity.profiles import profiles, says
from employer_identity.questionnaire import Instrument
from employer_identity.ratings import find_ratings, stem
from employer_identity.reports.run import report
from employer_identity.starter import new_instrument

FIVE = {letter: [f"{letter}{k}" for k in range(1, 6)] for letter in "ACENO"}
TURNED = ("A1", "C4", "C5", "E1", "E2", "O2", "O5")


def rated(
    scales: Mapping[str, Sequence[str]],
    turned: Sequence[str] = (),
    *,
    n: int = 600,
    points: int = 5,
    seed: int = 1,
) -> pd.DataFrame:
    """Answers to questions of correlated scales; those that are turned are worded against them."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=n)
    columns = {}
    for names in scales.values():
        factor = 0.5 * shared + 0.87 * rng.normal(size=n)
        for name in names:
            sign = -1 if name in turned else 1
            answer = 0.75 * sign * factor + 0.66 * rng.normal(size=n)
            columns[name] = np.clip(np.round((answer + 2) / 4 * (points - 1)) + 1, 1, points)
    return pd.DataFrame(columns).astype(int)


def five(**options: int) -> pd.DataFrame:
    """A survey like the well-known one: five scales on six points, seven questions turned."""
    frame = rated(FIVE, TURNED, points=6, **options)
    rng = np.random.default_rng(2)
    frame["gender"] = rng.integers(1, 3, len(frame))
    frame["education"] = rng.integers(1, 6, len(frame))
    frame["age"] = rng.gamma(8, 3.6, len(frame)).astype(int) + 12
    return frame


def guessed(frame: pd.DataFrame) -> Guess:
    found = guess(of_frame(frame))
    assert found is not None
    return found


def scales(found: Guess) -> list[list[str]]:
    return [[item.column.name for item in scale.items] for scale in found.scales]


def reversed_items(found: Guess) -> list[str]:
    return [i.column.name for scale in found.scales for i in scale.items if i.reverse]


def written(frame: pd.DataFrame, folder: Path, language: Language = "en") -> tuple[str, Instrument]:
    """Write survey and instrument, read both, and check one with the other."""
    survey, path = folder / "answers.csv", folder / "instrument.toml"
    frame.to_csv(survey, index=False)
    text = new_instrument(survey, language=language)
    path.write_text(text, encoding="utf-8")
    assert check_survey(survey, instrument=path).errors == ()
    return text, load_instrument(path)


# --- Scales and directions


@pytest.mark.parametrize("n", [300, 3000])
def test_scales_and_turned_questions_are_found_by_name(n: int) -> None:
    found = guessed(five(n=n))
    assert [s.key for s in found.scales] == list("ACENO")
    assert scales(found) == list(FIVE.values())
    assert reversed_items(found) == list(TURNED)
    assert all(s.by_name and 0.6 < s.alpha < 1 for s in found.scales)
    assert found.outcomes == found.left_out == ()


def test_scales_are_found_by_the_answers_where_names_do_not_tell() -> None:
    frame = five(n=2000)
    names = {name: f"Q{k + 1}" for k, name in enumerate(n for five in FIVE.values() for n in five)}
    found = guessed(frame.rename(columns=names))
    assert scales(found) == [[names[n] for n in five] for five in FIVE.values()]
    assert reversed_items(found) == [names[n] for n in TURNED]
    assert not any(s.by_name for s in found.scales)


def test_the_order_of_the_questions_does_not_matter_to_the_answers() -> None:
    frame = rated({"a": ["q1", "q4", "q7"], "b": ["q2", "q5", "q8"], "c": ["q3", "q6", "q9"]})
    mixed = frame[sorted(frame.columns)]
    assert scales(guessed(mixed)) == [["q1", "q4", "q7"], ["q2", "q5", "q8"], ["q3", "q6", "q9"]]


def test_as_many_turned_questions_as_others_go_with_the_other_scales() -> None:
    frame = rated({"a": ["a1", "a2", "a3", "a4"], "b": ["b1", "b2", "b3"]}, ("a1", "a2"), n=2000)
    assert reversed_items(guessed(frame)) == ["a1", "a2"]
    alone = frame[["a1", "a2", "a3", "a4"]]
    assert reversed_items(guessed(alone)) == ["a3", "a4"]  # then the first question decides


def test_a_scale_turned_as_a_whole_is_left_as_it_is() -> None:
    frame = rated(FIVE, [*FIVE["N"]])
    assert reversed_items(guessed(frame)) == []


def test_a_question_closer_to_another_scale_is_told(tmp_path: Path) -> None:
    frame = rated({"a": ["a1", "a2", "a3", "b4"], "b": ["b1", "b2", "b3"]}, n=1500)
    found = guessed(frame)
    stray = {i.column.name: i.closer_to for s in found.scales for i in s.items if i.closer_to}
    assert stray == {"b4": "a"}
    text, _ = written(frame, tmp_path)
    assert "goes together more with a." in " ".join(text.replace("#", "").split())


def test_questions_that_stand_alone_become_outcomes() -> None:
    frame = rated({"a": ["a1", "a2", "a3"], "x": ["stay"], "y": ["recommend"]})
    assert [o.name for o in guessed(frame).outcomes] == ["stay", "recommend"]


def test_two_questions_with_one_stem_need_to_go_together() -> None:
    together = rated({"a": ["a1", "a2", "a3"], "b": ["b1", "b2"]})
    apart = rated({"a": ["a1", "a2", "a3"], "b": ["b1"], "c": ["b2"]})
    assert scales(guessed(together)) == [["a1", "a2", "a3"], ["b1", "b2"]]
    assert [o.name for o in guessed(apart).outcomes] == ["b1", "b2"]


@pytest.mark.parametrize(
    ("name", "shared"),
    [
        ("A1", "A"),
        ("pro2", "pro"),
        ("trust_1", "trust"),
        ("Q1_SQ001", "Q1"),
        ("Q12_3", "Q12"),
        ("Q25", "Q"),
        ("trust 04", "trust"),
        ("trust_a", "trust"),
        ("work.3r", "work"),
        ("wellbeing", "wellbeing"),
        ("stay_intent", "stay"),
    ],
)
def test_stems(name: str, shared: str) -> None:
    assert stem(name) == shared


def test_a_factor_for_two_questions_only_is_one_too_many() -> None:
    r = np.full((6, 6), 0.1)
    for block in ([0, 1, 2, 3], [4, 5]):
        r[np.ix_(block, block)] = 0.6
    np.fill_diagonal(r, 1)
    assert [len(scale) >= 3 for scale in gather(r, 500)] == [True]
    assert keyed(r, [0, 1, 2, 3]).alpha == pytest.approx(4 * 0.6 / (1 + 3 * 0.6))
    assert closer(r, [[0, 1, 2, 4], [3, 5]], np.ones(6)) == {4: 1, 3: 0, 5: 0}


# --- The answer scale


@pytest.mark.parametrize("codes", [(99,), (-1,), (9,), (99, -1), (888, 999), (0,), (8,)])
def test_codes_for_no_answer_are_found(codes: tuple[int, ...], tmp_path: Path) -> None:
    frame = rated(FIVE, points=7, n=1500)
    rng = np.random.default_rng(3)
    for code in codes:
        frame = frame.mask(rng.random(frame.shape) < 0.05, code)
    _, instrument = written(frame, tmp_path)
    assert (instrument.scale.minimum, instrument.scale.maximum) == (1, 7)
    assert instrument.scale.missing == tuple(sorted(codes))


@pytest.mark.parametrize("points", [4, 5, 6, 7, 10])
@pytest.mark.parametrize("n", [150, 1500])
def test_no_answer_of_the_scale_is_taken_for_none(points: int, n: int) -> None:
    ratings = guessed(rated(FIVE, TURNED, points=points, n=n)).ratings
    assert (ratings.minimum, ratings.maximum, ratings.missing) == (1, points, {})


def test_a_scale_begins_at_one_though_nobody_chose_it() -> None:
    ratings = guessed(rated(FIVE, points=7).clip(lower=2)).ratings
    assert (ratings.minimum, ratings.maximum) == (1, 7)


def test_a_label_tells_that_a_code_is_no_answer() -> None:
    raw = of_frame(rated({"a": ["a1", "a2", "a3"]}, points=6))
    labels = {name: {"1": "Oneens", "6": "Weet niet"} for name in raw.frame}
    found = find_ratings(profiles(replace(raw, labels=labels)))
    assert found is not None
    assert (found.maximum, list(found.missing)) == (5, [6])


WORDS = {1: "helemaal mee oneens", 2: "Mee oneens", 3: "neutraal", 4: "Mee eens"}


def test_answers_in_words_are_put_in_order(tmp_path: Path) -> None:
    words = {**WORDS, 5: "helemaal mee eens"}
    frame = rated({"a": ["a1", "a2", "a3"], "b": ["b1", "b2", "b3"]}, ("b2",))
    worded = frame.map(words.__getitem__).assign(sex=["man", "vrouw"] * 300)
    _, instrument = written(worded, tmp_path)
    assert (instrument.scale.minimum, instrument.scale.maximum) == (1, 5)
    assert instrument.scale.answers == tuple(words.values())
    assert [i.name for i in instrument.items if i.reverse] == ["b2"]
    assert [g.column for g in instrument.groupings] == ["sex"]
    survey = check_survey(worded, instrument=instrument).survey
    assert survey is not None
    assert survey.answers["a1"].tolist() == frame["a1"].tolist()


def test_words_that_are_no_answer_are_declared_so(tmp_path: Path) -> None:
    frame = rated({"a": ["a1", "a2", "a3"], "b": ["b1", "b2", "b3"]})
    worded = frame.map({**WORDS, 5: "helemaal mee eens"}.__getitem__)
    worded.loc[:9, "a1"], worded.loc[:4, "b2"] = "Weet niet", "n.v.t."
    text, instrument = written(worded, tmp_path)
    assert instrument.scale.missing == ("Weet niet", "n.v.t.")
    assert "Weet niet (10), n.v.t. (5)" in text
    survey = check_survey(worded, instrument=instrument).survey
    assert survey is not None
    assert survey.answers["a1"].isna().sum() == 10
    assert survey.answers["b2"][5:].tolist() == frame["b2"][5:].tolist()


def test_numbers_with_words_that_are_no_answer_among_them_are_answers(tmp_path: Path) -> None:
    frame = rated({"a": ["a1", "a2", "a3"], "b": ["b1", "b2", "b3"]})
    mixed = frame.astype(str).assign(sex=["man", "vrouw"] * 300)
    mixed.loc[:9, "a1"], mixed.loc[:4, "b2"] = "weet niet", "n.v.t."
    _, instrument = written(mixed, tmp_path)
    assert instrument.factors == {"a": ("a1", "a2", "a3"), "b": ("b1", "b2", "b3")}
    assert instrument.scale.missing == ("weet niet", "n.v.t.")
    survey = check_survey(mixed, instrument=instrument).survey
    assert survey is not None
    assert survey.answers["a1"].isna().sum() == 10
    assert survey.answers["a1"][10:].tolist() == frame["a1"][10:].tolist()


def test_a_weight_and_a_day_are_known_by_their_dutch_names(tmp_path: Path) -> None:
    days = [f"{1 + k % 28:02d}-03-2025 1{k % 10}:15" for k in range(600)]
    _, instrument = written(
        five().assign(Weegfactor=[0.5 + k / 600 for k in range(600)], **{"Ingevuld op": days}),
        tmp_path,
    )
    assert (instrument.weight, instrument.date) == ("Weegfactor", "Ingevuld op")


@pytest.mark.parametrize(
    "answers",
    [
        ("Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"),
        ("zeer oneens", "oneens", "niet mee eens, niet mee oneens", "eens", "zeer eens"),
        ("very dissatisfied", "somewhat dissatisfied", "somewhat satisfied", "very satisfied"),
        ("nooit", "zelden", "soms", "vaak", "altijd"),
        ("1 - not at all", "2", "3 - a great deal"),
        ("1: geen", "2: enkele", "3: alle"),
        ("man", "vrouw"),
        ("1: geen", "2: enkele", "5: alle"),
        ("agree", "quite agree", "disagree"),
    ],
)
def test_what_words_say_of_their_rank(answers: tuple[str, ...]) -> None:
    unclear = ("man", "1 - not at all", "agree")
    told = answers if answers[0] not in unclear and answers[-1] != "5: alle" else ()
    assert ranked(sorted(answers)) == ranked(answers[::-1]) == told


def test_questions_on_another_scale_are_left_out_and_named(tmp_path: Path) -> None:
    frame = rated(FIVE)
    frame[["mood1", "mood2", "mood3"]] = rated({"m": ["a", "b", "c"]}, points=10, seed=4)
    frame["nps"] = rated({"m": ["a"]}, points=11, seed=5)["a"] - 1
    text, instrument = written(frame, tmp_path)
    left = {c.name: c.values for c in guessed(frame).left_out if c.reason == "other_scale"}
    assert left["mood2"] == {"low": 1, "high": 10}
    assert left["nps"] == {"low": 0, "high": 10}
    assert instrument.groupings == ()
    assert "- mood1, mood2, mood3: answered on another scale, 1 to 10." in text


def test_twins_are_no_two_questions(tmp_path: Path) -> None:
    frame = rated(FIVE)
    frame["A6"] = frame["A5"]
    _, instrument = written(frame, tmp_path)
    assert "A6" not in instrument.item_names
    assert [(c.name, c.reason) for c in guessed(frame).left_out] == [("A6", "twin")]


# --- Columns that are no questions


def surroundings(n: int = 600) -> pd.DataFrame:
    """Three scales and a column of every other kind."""
    rng = np.random.default_rng(6)
    frame = rated({s: [f"{s}{k}" for k in range(1, 5)] for s in ("pro", "adv", "ent")}, n=n)
    return frame.assign(
        respondent=[f"R{k}" for k in range(n)],
        werkgever=rng.choice(["Rode Ster", "Vlugge Specht"], n),
        sector=rng.choice(["zorg", "handel"], n),
        weging=(w := rng.gamma(9, 1, n)) / w.mean(),
        team=rng.integers(100, 140, n),
        meting=rng.choice(["T0", "T1"], n),
        datum=pd.date_range("2025-01-01", periods=n, freq="h").strftime("%d-%m-%Y"),
        duur=rng.integers(100, 900, n),
        geslacht=rng.choice(["man", "vrouw"], n),
        leeftijd=rng.integers(18, 67, n),
        geboortejaar=rng.integers(1950, 2005, n),
        geloof=rng.choice(["katholiek", "moslim", "geen"], n),
        bron_1=rng.integers(0, 2, n),
        bron_2=rng.integers(0, 2, n),
        bron_3=rng.integers(0, 2, n),
        opmerking=[f"Tekst nummer {k}" if k % 5 else "" for k in range(n)],
        land="Nederland",
    )


def test_every_column_finds_its_place(tmp_path: Path) -> None:
    text, instrument = written(surroundings(), tmp_path, "nl")
    assert (instrument.respondent, instrument.employer, instrument.sector) == (
        "respondent",
        "werkgever",
        "sector",
    )
    assert (instrument.weight, instrument.cluster, instrument.wave) == ("weging", "team", "meting")
    assert (instrument.date, instrument.duration) == ("datum", "duur")
    assert [g.column for g in instrument.groupings] == [
        "geslacht",
        "leeftijd_band",
        "geboortejaar_band",
    ]
    left = {c.name: c.reason for c in guessed(surroundings()).left_out}
    assert left == {
        **dict.fromkeys(["bron_1", "bron_2", "bron_3"], "ticked"),
        "opmerking": "text",
        "land": "constant",
    }
    assert "Tekst nummer" not in text


def test_sensitive_groupings_stand_as_comments_that_can_be_taken_over(tmp_path: Path) -> None:
    text, instrument = written(surroundings(), tmp_path)
    assert "geloof" not in {g.column for g in instrument.groupings}
    lines = text.splitlines()
    start = lines.index('# column = "geloof"') - 1
    block = [line.removeprefix("# ") for line in lines[start : start + 6]]
    taken = tomllib.loads("\n".join(block))["grouping"][0]
    assert taken["special"] == "religion"
    assert taken["order"] == ["geen", "katholiek", "moslim"]


def test_what_somebody_wrote_is_never_written_down(tmp_path: Path) -> None:
    frame = rated(FIVE)
    frame["anders_namelijk"] = ""
    frame.loc[:8, "anders_namelijk"] = [f"mijn chef {k}" for k in range(9)]
    frame["functie"] = ""
    frame.loc[:17, "functie"] = [f"chef {k}" for k in range(9)] * 2
    text, instrument = written(frame, tmp_path)
    assert "chef" not in text
    assert instrument.groupings == ()


def bands(name: str, values: Sequence[int]) -> list[str]:
    (column,) = profiles(of_frame(pd.DataFrame({name: values})))
    return list(bands_of(column))


def test_bands_of_age_and_of_year_of_birth() -> None:
    rng = np.random.default_rng(7)
    adults, students = rng.integers(18, 67, 500), rng.integers(18, 25, 500)
    assert bands("age", adults) == ["under_25", "25_34", "35_44", "45_54", "55_plus"]
    assert bands("Leeftijd in jaren", adults[adults < 45]) == ["under_25", "25_34", "35_plus"]
    assert bands("birth_year", 2025 - adults) == ["baby_boom", "gen_x", "millennial", "gen_z"]
    assert bands("wage", adults) == bands("age", students) == []
    assert bands("age", np.append(adults, [*range(100, 104)])) == [
        *("under_25", "25_34", "35_44", "45_54", "55_plus")
    ]


def test_bands_of_people_of_nearly_one_age_lie_between_quartiles() -> None:
    ages = np.random.default_rng(8).normal(40, 2.5, 900).clip(36, 44).round(0)
    wide = np.append(ages, [20, 21, 22, 23, 60, 61, 62])
    assert bands("age", wide.astype(int)) == ["under_38", "38_39", "40_41", "42_plus"]


def test_labels_and_wording_of_the_file_are_taken_over() -> None:
    raw = of_frame(rated({"a": ["a1", "a2", "a3"]}).assign(gender=[1, 2] * 300))
    ends = {"1": "oneens", "5": "eens"}
    raw = replace(
        raw,
        texts={"a1": 'Ik voel me hier\n"thuis".'},
        labels={"a1": ends, "a2": ends, "gender": {"1": "vrouw", "2": "man"}},
    )
    text = toml_of(raw)
    assert text["item"][0]["wording"] == {"nl": 'Ik voel me hier "thuis".'}
    assert text["scale"]["low"] == {"nl": "oneens"}
    assert text["scale"]["high"] == {"nl": "eens"}
    assert text["grouping"][0]["labels"] == {"1": {"nl": "vrouw"}, "2": {"nl": "man"}}


def toml_of(raw: Raw) -> dict[str, list[dict[str, object]]]:
    """Write an instrument of columns whose source says more than a file with text can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("employer_identity.starter.of_frame", lambda _: raw)
        return tomllib.loads(new_instrument(raw.frame, language="nl"))


def test_a_short_question_tells_what_its_column_holds() -> None:
    ages = np.random.default_rng(10).integers(18, 67, 600)
    raw = of_frame(rated({"a": ["a1", "a2", "a3"]}).assign(q4=ages))
    text = toml_of(replace(raw, texts={"q4": "Wat is uw leeftijd?"}))
    assert text["grouping"][0]["from"] == "q4"
    assert text["grouping"][0]["label"] == {"nl": "Wat is uw leeftijd?"}


@pytest.mark.parametrize(
    ("name", "role", "is_said"),
    [
        ("Leeftijd", "leeftijd", True),
        ("leeftijdscategorie", "leeftijd", True),
        ("age_T1", "age", True),
        ("agency", "age", False),
        ("respondentId", "id", True),
        ("video", "id", False),
    ],
)
def test_what_a_name_says(name: str, role: str, is_said: bool) -> None:
    assert says(name, (role,)) is is_said


# --- Any column's name


STRANGE = ['trust "1"', "trust\\2", "trüst 3", "trust#4", "trust=[5]"]


def test_questions_under_names_no_model_can_have_keep_their_columns(tmp_path: Path) -> None:
    frame = rated({"t": STRANGE, "a": ["a1", "a2", "a3"]}, STRANGE[1:2])
    frame['what "kind"?\t'] = ["x", "y\\"] * 300
    _, instrument = written(frame, tmp_path)
    questions = (*instrument.items, *instrument.outcomes)
    columns = {q.column: q.name for q in questions if q.column}
    assert columns.keys() == {*STRANGE}
    assert len({*columns.values()}) == len(STRANGE)
    survey = check_survey(tmp_path / "answers.csv", instrument=instrument).survey
    assert survey is not None
    plain = [int(v) for v in survey.answers[columns[STRANGE[0]]]]
    turned = [int(v) for v in survey.answers[columns[STRANGE[1]]]]
    assert plain == frame[STRANGE[0]].tolist()
    assert turned == (6 - frame[STRANGE[1]]).tolist()


def test_a_scale_and_a_question_of_one_name_are_told_apart(tmp_path: Path) -> None:
    frame = rated({"t": ["trust_1", "trust_2", "trust_3"], "x": ["trust"]})
    _, instrument = written(frame, tmp_path)
    assert [p.key for p in instrument.pillars] == ["trust_scale"]


# --- The file as a whole


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", ["Kijk eerst hiernaar", "Antwoordschaal", "wordt omgedraaid", "tegen de andere in"]),
        (
            "en",
            ["Look at this first", "Answer scale", "will be turned round", "against the others"],
        ),
    ],
)
def test_the_file_explains_itself(language: Language, words: list[str], tmp_path: Path) -> None:
    frame = rated({"a": ["a1", "a2", "a3", "a4"]}, ("a2",)).assign(gender=[1, 2] * 300)
    text, _ = written(frame, tmp_path, language)
    comments = " ".join(line for line in text.splitlines() if "#" in line)
    assert all(word in comments for word in words)
    assert max(map(len, text.splitlines())) <= 110


def test_labels_to_fill_in_are_right_as_soon_as_they_are_no_comment(tmp_path: Path) -> None:
    towns = ["Alphen aan den Rijn", "Bergen op Zoom", "Capelle", "Krimpen aan den IJssel"]
    frame = rated({"a": ["a1", "a2", "a3", "a4"]}).assign(unit=np.resize(towns, 600))
    text, _ = written(frame, tmp_path, "nl")
    lines = text.splitlines()
    start = lines.index("# [grouping.labels]")
    assert len(lines[start : start + 5]) == 5
    taken = [line.removeprefix("# ") for line in lines[start : start + 5]]
    path = tmp_path / "filled.toml"
    path.write_text("\n".join([*lines[:start], *taken, *lines[start + 5 :]]), encoding="utf-8")
    (grouping,) = load_instrument(path).groupings
    assert list(grouping.labels) == towns


def test_the_same_survey_gives_the_same_file() -> None:
    assert new_instrument(five(), language="nl") == new_instrument(five(), language="nl")


def test_correlations_of_many_rows_come_from_some_of_them() -> None:
    assert reversed_items(guessed(five(n=60_000))) == list(TURNED)


# --- Refusals


TEXTS = pd.DataFrame({"a": ["yes", "no"] * 20, "b": ["often", "never"] * 20})
NUMBERS = pd.DataFrame(np.random.default_rng(9).normal(size=(50, 4)), columns=list("abcd"))
APART = pd.DataFrame(np.random.default_rng(9).integers(1, 6, (500, 5)), columns=list("abcde"))


@pytest.mark.parametrize(
    ("frame", "code", "count"),
    [
        (pd.DataFrame({"a1": [], "a2": []}), "starter.no_rows", 0),
        (TEXTS, "starter.only_text", 2),
        (NUMBERS, "starter.no_scale", 4),
        (APART, "starter.no_scale", 5),
        (rated({"a": ["a1", "a2"]}), "starter.no_scale", 2),
    ],
)
def test_a_file_without_a_scale_is_refused(frame: pd.DataFrame, code: str, count: int) -> None:
    with pytest.raises(SurveyError) as refused:
        new_instrument(frame, language="en")
    assert [(p.code, p.count) for p in refused.value.problems] == [(code, count)]


# --- The command


def run(*arguments: str) -> tuple[int, str]:
    told = CliRunner().invoke(app, ["instrument", "new", *arguments])
    return told.exit_code, told.output


def test_the_command_writes_the_file_and_says_what_is_next(tmp_path: Path) -> None:
    survey, path = tmp_path / "answers.csv", tmp_path / "made.toml"
    rated(FIVE).to_csv(survey, index=False)
    code, said = run("--from", str(survey), "--output", str(path), "--language", "en")
    assert code == 0
    assert str(path) in said
    assert f"employer-identity check {survey} --instrument {path}" in said
    assert f"employer-identity report --survey {survey} --instrument {path}" in said
    assert load_instrument(path).item_names == tuple(n for names in FIVE.values() for n in names)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["answers.csv", "made.toml"]


@pytest.mark.parametrize(
    ("output", "words"),
    [("there.toml", "nothing is overwritten"), ("nowhere/made.toml", "no such folder")],
)
def test_the_command_overwrites_nothing(output: str, words: str, tmp_path: Path) -> None:
    survey, there = tmp_path / "answers.csv", tmp_path / "there.toml"
    rated(FIVE).to_csv(survey, index=False)
    there.write_text("mine", encoding="utf-8")
    code, said = run("-f", str(survey), "-o", str(tmp_path / output), "-l", "en")
    assert (code, there.read_text(encoding="utf-8")) == (1, "mine")
    assert words in said


def test_the_command_leaves_nothing_where_nothing_can_be_guessed(tmp_path: Path) -> None:
    survey = tmp_path / "answers.csv"
    TEXTS.to_csv(survey, index=False)
    code, said = run("-f", str(survey), "-o", str(tmp_path / "made.toml"), "-l", "nl")
    assert code == 1
    assert "geen van de 2 kolommen" in said
    assert list(tmp_path.iterdir()) == [survey]


@pytest.mark.slow
def test_a_report_follows_without_editing(tmp_path: Path) -> None:
    written(five(n=500), tmp_path)
    files = {"survey": tmp_path / "answers.csv", "instrument": tmp_path / "instrument.toml"}
    page = report(**files, language="en", output=tmp_path / "report.html")
    text = page.read_text(encoding="utf-8")
    assert all(f">{letter}<" in text or f"> {letter} <" in text for letter in FIVE)
    assert "gender" in text
