"""The workshop: one source of code, kind answers to whatever students give, copies for a class."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import employer_identity as ei
from employer_identity.cli.main import app
from employer_identity.errors import WorkshopError
from employer_identity.language import LANGUAGES, Language
from employer_identity.workshop import building
from employer_identity.workshop.data import RESPONDENTS
from employer_identity.workshop.handout import DATA, hand_out
from employer_identity.workshop.judging import fault_of
from employer_identity.workshop.room import ROOM
from employer_identity.workshop.source import Exercise, Part, Wrong, exercises, parts
from employer_identity.workshop.targets import TARGETS, item_differences, ladder
from employer_identity.workshop.unknown_names import explanation

COMMITTED = Path(__file__).parents[1] / "notebooks" / "workshop"
FAULTY: dict[str, dict[Language, str]] = {
    "question": {
        "nl": "Vind je dat je werkgever luistert?",
        "en": "Does your employer listen to you?",
    },
    "short": {"nl": "Mijn werkgever luistert", "en": "My employer listens"},
    "long": {"nl": f"Mijn werkgever {'graag ' * 20}", "en": f"My employer {'gladly ' * 20}"},
    "two_ideas": {
        "nl": "Mijn werkgever luistert en betaalt eerlijk",
        "en": "My employer listens and pays fairly",
    },
    "negative": {
        "nl": "Mijn werkgever vergeet nooit een verjaardag",
        "en": "My employer does not forget birthdays",
    },
    "no_employer": {"nl": "Ik werk hier met veel plezier", "en": "I like to work in this place"},
}


@pytest.fixture(autouse=True)
def _room() -> Iterator[None]:
    """Leave the classroom as it was found."""
    yield
    ROOM.language = "en"
    ROOM.hints.clear()


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Language:
    ROOM.language = request.param
    return request.param


# -- the source -----------------------------------------------------------------------------------


def texts(thing: object) -> Iterator[dict[str, str]]:
    """Walk every text in two languages."""
    if isinstance(thing, dict) and set(thing) == set(LANGUAGES):
        yield thing
    elif hasattr(thing, "__dataclass_fields__"):
        for name in thing.__dataclass_fields__:
            yield from texts(getattr(thing, name))
    elif isinstance(thing, tuple):
        for part in thing:
            yield from texts(part)


def test_there_are_six_parts_that_fill_an_afternoon() -> None:
    assert [p.number for p in parts()] == [1, 2, 3, 4, 5, 6]
    assert 150 <= sum(p.minutes for p in parts()) <= 240
    assert len(exercises()) >= 12
    assert all(e.key.startswith(str(p.number)) for p in parts() for e in p.exercises)


def test_every_text_is_there_in_both_languages() -> None:
    found = list(texts(parts()))
    assert len(found) > 200
    assert all(all(text.values()) for text in found)
    solutions = [exercise.solution for exercise in exercises().values()]
    assert not [t for t in found if t["nl"] == t["en"] and t not in solutions]


@pytest.mark.parametrize("exercise", exercises().values(), ids=lambda e: e.key)
def test_an_exercise_has_hints_in_stages_and_three_typical_mistakes(exercise: Exercise) -> None:
    for language in LANGUAGES:
        hints = exercise.hints[language]
        assert len(hints) == len(set(hints)) == 3
        said = [wrong.text[language] for wrong in exercise.wrong]
        assert len(said) == len(set(said)) >= 3


def test_cells_have_names_of_their_own_and_are_short() -> None:
    for part in parts():
        built = building.solution_notebook(part, "nl")["cells"]
        names = [cell["id"] for cell in built]
        assert len(names) == len(set(names))
        assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in names)
        assert all(len(cell["source"]) <= 12 for cell in built if cell["cell_type"] == "code")


def code_of(part: Part, language: Language, *, solved: bool) -> list[str]:
    """Return the code of a notebook without what is said in it."""
    make = building.solution_notebook if solved else building.student_notebook
    cells = [c for c in make(part, language)["cells"] if c["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells]
    sources[0] = re.sub(r'^ {8}".*"\n', "", sources[0], flags=re.M)
    sources[0] = sources[0].replace(f'start("{language}")', "start()")
    return [re.sub(r"  # .*", "", source) for source in sources]


@pytest.mark.parametrize("part", parts(), ids=lambda p: str(p.number))
def test_both_languages_have_the_same_code(part: Part) -> None:
    assert code_of(part, "nl", solved=False) == code_of(part, "en", solved=False)
    differing = [
        (nl, en)
        for nl, en in zip(*(code_of(part, t, solved=True) for t in LANGUAGES), strict=True)
        if nl != en
    ]
    assert len(differing) == (1 if part.number == 6 else 0)  # a wording of one's own


@pytest.mark.parametrize("part", parts(), ids=lambda p: str(p.number))
def test_headings_are_in_order(part: Part, language: Language) -> None:
    cells = building.student_notebook(part, language)["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, flags=re.M)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


# -- what is committed ----------------------------------------------------------------------------


def without_outputs(notebook: dict[str, Any]) -> dict[str, Any]:
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
        cell.pop("outputs", None)
        cell.pop("execution_count", None)
    return notebook


def test_the_committed_files_are_those_of_the_source() -> None:
    wanted = building.all_files()
    there = {p.relative_to(COMMITTED).as_posix() for p in COMMITTED.rglob("*") if p.is_file()}
    assert there == set(wanted), "run: python3 run.py workshop"
    for path, text in wanted.items():
        committed = (COMMITTED / path).read_text(encoding="utf-8")
        if path.endswith(".ipynb"):
            notebooks = (without_outputs(json.loads(t)) for t in (committed, text))
            assert next(notebooks) == next(notebooks), f"{path}; run: python3 run.py workshop"
        else:
            assert committed == text, f"{path}; run: python3 run.py workshop"


@pytest.mark.parametrize("path", sorted(COMMITTED.rglob("*.ipynb")), ids=lambda p: p.stem)
def test_committed_notebooks_ran_whole_and_their_pictures_are_described(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    codes = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in codes] == list(range(1, len(codes) + 1))
    assert not [o for c in codes for o in c["outputs"] if o["output_type"] == "error"]
    for cell in codes:
        shown = "".join("".join(o.get("data", {}).get("text/html", "")) for o in cell["outputs"])
        images = re.findall(r"<img [^>]*>", shown)
        assert len(images) == (building.NO_NBVAL in cell["metadata"].get("tags", []))
        assert all(len(re.search(r'alt="([^"]*)"', image)[1]) > 60 for image in images)


# -- answers --------------------------------------------------------------------------------------


def given(wrong: Wrong, exercise: Exercise, language: Language) -> list[Any]:
    """Return answers that are wrong in this way."""
    if wrong.target:
        return [round(TARGETS[wrong.target](7), 3)]
    if wrong.fault:
        return [FAULTY[wrong.fault][language]]
    return [list(wrong.answers)] if exercise.kind == "numbers" else list(wrong.answers)


@pytest.mark.parametrize("exercise", exercises().values(), ids=lambda e: e.key)
def test_what_is_said_to_nothing_and_to_typical_mistakes(
    exercise: Exercise, language: Language
) -> None:
    untouched = ei.workshop.check(exercise.key, ..., student=7)
    assert untouched.tone == "open"
    assert f"answer_{exercise.key}" in untouched.text
    for wrong in exercise.wrong:
        for answer in given(wrong, exercise, language):
            said = ei.workshop.check(exercise.key, answer, student=7)
            assert said.tone == "not_yet"
            assert said.text == wrong.text[language]


@pytest.mark.parametrize("part", parts(), ids=lambda p: str(p.number))
def test_every_solution_passes(part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    known: dict[str, Any] = {}
    for cell in building.solution_notebook(part, "nl")["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), known)
    for exercise in part.exercises:
        answer = known[f"answer_{exercise.key}"]
        said = ei.workshop.check(exercise.key, answer, student=known.get("student", 1))
        assert said.passed, exercise.key
        assert said.text == exercise.right["nl"]


ODD: list[Any] = [
    *("0,62", "0.62", "", "?", "een heel lang antwoord dat nergens op lijkt"),
    *(None, True, [1, 2], [], (0, 62), (1, 2, 3), {"a": 1}, {1}, 1j, float("nan"), float("inf")),
    *(len, object(), np.array([1.0, 2.0]), pd.Series([1.0, 2.0]), pd.DataFrame({"x": [1.0]})),
    *([..., 1, 2, 3], ["a", "b", "c", "d"], 10**400, b"x"),
]


@pytest.mark.parametrize("key", exercises())
def test_an_answer_of_another_kind_is_answered_kindly(key: str, language: Language) -> None:
    for answer in ODD:
        said = ei.workshop.check(key, answer, student=7)
        assert said.text
        assert not said.passed or exercises()[key].kind == "wording"


@pytest.mark.parametrize(
    ("key", "answer", "part_of_it"),
    [
        ("2a", "0,62", "tussen aanhalingstekens"),
        ("2a", (0, 62), "Schrijf een punt: 0.62"),
        ("2a", None, "None"),
        ("2a", True, "True of False"),
        ("2a", len, "haakjes"),
        ("2a", 1j, "wortel van een negatief getal"),
        ("2a", [0.62], "één getal"),
        ("2a", float("nan"), "geen gewoon getal"),
        ("2a", 0.9, "te hoog"),
        ("2a", 0.1, "te laag"),
        ("1a", 1, 'een letter tussen aanhalingstekens, bijvoorbeeld "a"'),
        ("1a", "e", 'Kies uit "a", "b", "c" en "d"'),
        ("2b", 3, 'een naam tussen aanhalingstekens, bijvoorbeeld "x1"'),
        ("1b", 3, "vraagt om 4 antwoorden"),
        ("1b", [3, 4], "gevraagd zijn er 4"),
        ("1b", [3, 4, 1, 2], "2 kloppen"),
        ("1b", [..., 4, 2, 1], "nog puntjes"),
        ("6b", 5, "één zin tussen aanhalingstekens"),
    ],
)
def test_what_is_amiss_with_an_answer_is_named(key: str, answer: object, part_of_it: str) -> None:
    ROOM.language = "nl"
    assert part_of_it in ei.workshop.check(key, answer).text


def test_a_number_may_be_off_by_its_tolerance_and_no_more() -> None:
    for exercise in exercises().values():
        if exercise.kind == "number":
            right = TARGETS[exercise.target](7) if exercise.target else exercise.answers[0]
            for share, passes in ((-0.9, True), (0.9, True), (-1.3, False), (1.3, False)):
                answer = right + share * exercise.tolerance
                assert ei.workshop.check(exercise.key, answer, student=7).passed is passes


def test_an_answer_may_be_written_in_more_ways_than_one() -> None:
    for answer in (np.float64(0.62), np.array([0.62]), pd.Series([0.6207])):
        assert ei.workshop.check("2a", answer).passed
    assert ei.workshop.check("2d", np.int64(0)).passed
    assert ei.workshop.check("1a", ' "A" ').passed
    assert ei.workshop.check(" 1B ", np.array([3, 4, 2, 1])).passed
    assert ei.workshop.check("4b", "adv2~1@gen_z").passed


@pytest.mark.parametrize("fault", FAULTY)
def test_a_wording_is_held_against_the_rules(fault: str, language: Language) -> None:
    assert fault_of(FAULTY[fault][language], language) == fault


def test_feedback_shows_itself_and_lets_nothing_through() -> None:
    said = ei.workshop.check("2a", "<script>alert(1)</script>")
    assert "<script>" not in said._repr_html_()
    assert repr(said).startswith("\N{RIGHTWARDS ARROW} 2a is not there yet: ")
    wrong = ei.workshop.check("1c", "advancement")
    assert "<code>advancement</code>" in wrong._repr_html_()
    assert "`" not in repr(wrong)


# -- hints and the classroom ----------------------------------------------------------------------


def test_hints_come_in_stages(language: Language) -> None:
    hints = list(exercises()["2a"].hints[language])
    assert [ei.workshop.hint("2a").text for _ in range(4)] == [*hints, hints[-1]]
    assert ei.workshop.hint("2a", 2).text == hints[1]
    assert ei.workshop.hint("2b").text == exercises()["2b"].hints[language][0]
    ei.workshop.start(language)
    assert ei.workshop.hint("2a").text == hints[0]


@pytest.mark.parametrize("stage", [0, 4, "2", 1.5, True])
def test_a_hint_that_is_not_there_is_refused(stage: Any) -> None:
    with pytest.raises(WorkshopError, match="has 3 hints"):
        ei.workshop.hint("2a", stage)


def test_an_unknown_exercise_is_refused_in_the_language_of_the_room() -> None:
    ei.workshop.start("nl")
    with pytest.raises(WorkshopError, match=r"Er is geen opdracht .2z.. De opdrachten zijn: 1a"):
        ei.workshop.check("2z", 1)
    with pytest.raises(WorkshopError, match=r"De workshop spreekt geen .fr."):
        ei.workshop.start("fr")  # type: ignore[arg-type]
    assert ROOM.language == "nl"


def test_an_unknown_name_is_explained() -> None:
    ROOM.language = "nl"
    renamed = NameError("name 'answer_2a' is not defined", name="answer_2a")
    assert "bedoel je answer_2A?" in explanation(renamed, {"answer_2A": 1, "_1": 2}, ROOM)
    letter = explanation(NameError("name 'b' is not defined", name="b"), {"survey": 1}, ROOM)
    assert 'tussen aanhalingstekens: "b"' in letter


def test_the_first_cell_says_what_to_do_without_the_package(
    monkeypatch: pytest.MonkeyPatch, language: Language
) -> None:
    monkeypatch.setitem(sys.modules, "employer_identity", None)
    cell = building.student_notebook(parts()[0], language)["cells"][1]
    with pytest.raises(ModuleNotFoundError, match=r"Change Kernel.*run\.py lab"):
        exec("".join(cell["source"]), {})


def test_the_workshop_is_loaded_when_it_is_first_used() -> None:
    code = (
        "import sys, employer_identity as ei; before = 'employer_identity.workshop' in sys.modules;"
        "sys.modules['ipywidgets'] = None;"  # the workshop does without
        "print(before, callable(ei.workshop.check), 'workshop' in dir(ei))"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "False True True"


# -- data for the class ---------------------------------------------------------------------------


@pytest.mark.parametrize("student", [*range(1, 31), 9999])
def test_every_student_falls_into_the_same_trap(student: int) -> None:
    survey = ei.workshop.class_survey(student)
    assert survey.n == RESPONDENTS
    groups = survey.answers["generation"]
    means = survey.pillar_scores.groupby(groups, observed=True).mean()
    assert means["advancement"].idxmin() == "gen_z"
    gaps = item_differences(student)
    assert gaps.idxmin() == "adv2"
    assert gaps["adv2"] < -1
    assert gaps.drop("adv2").abs().max() < 0.6
    rounded = gaps.round(2)
    by_hand = round((rounded["adv1"] + rounded["adv3"] + rounded["adv4"]) / 3, 2)
    assert ei.workshop.check("3c", by_hand, student=student).passed
    with_all = round(float(gaps[["adv1", "adv2", "adv3", "adv4"]].mean()), 2)
    assert "adv2" in ei.workshop.check("3c", with_all, student=student).text


@pytest.mark.parametrize("student", range(1, 7))
def test_every_ladder_finds_the_planted_item(student: int) -> None:
    found = ladder(student)
    aside = found.log.query("event == 'set aside'").sort_values("x2", ascending=False)
    assert aside[["parameter", "group"]].iloc[0].tolist() == ["adv2~1", "gen_z"]
    assert found.decision["latent means"].allowed
    assert "advancement" not in found.decision["observed means"].factors
    assert TARGETS["latent"](student) > TARGETS["latent_with"](student) + 0.05


def test_students_have_surveys_of_their_own() -> None:
    first, again, other = (ei.workshop.class_survey(k).answers for k in (3, np.int64(3), 4))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


@pytest.mark.parametrize("student", [0, -1, 10_000, "7", 7.0, None, True, [7]])
def test_what_is_no_number_of_a_student_is_refused(student: Any) -> None:
    ROOM.language = "nl"
    for ask in (ei.workshop.class_survey, lambda s: ei.workshop.check("3c", 0.1, student=s)):
        with pytest.raises(WorkshopError, match=r"heel getal zijn van 1 tot en met 9\.999"):
            ask(student)


def test_the_pupils_are_those_of_the_literature() -> None:
    golden = pd.read_csv(Path(__file__).parent / "golden" / "holzinger.csv")
    pupils = ei.workshop.pupils()
    assert pupils.shape == (301, 9)
    np.testing.assert_allclose(pupils, golden[list(pupils)], atol=1e-6)  # stored digits


def test_a_file_is_kept_and_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ei.workshop.keep("mine.toml", "first") == "mine.toml"
    (tmp_path / "mine.toml").write_text("of the student")
    assert ei.workshop.keep("mine.toml", "second") == "mine.toml"
    assert (tmp_path / "mine.toml").read_text() == "of the student"


def test_a_folder_that_may_only_be_read_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    ROOM.language = "nl"
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(WorkshopError, match="Kopieer de hele map van de workshop"):
        ei.workshop.keep("mine.toml", "text")


def test_data_are_looked_for_beside_the_notebook_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ei.workshop.data("employees.csv").is_absolute()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "employees.csv").write_text("x")
    assert ei.workshop.data("employees.csv") == Path("data/employees.csv")
    with pytest.raises(WorkshopError, match=r"no file “none.csv”.*employees\.csv"):
        ei.workshop.data("none.csv")


# -- copies for the class -------------------------------------------------------------------------


def files_in(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_a_copy_holds_notebooks_data_and_how_to_begin(tmp_path: Path) -> None:
    folder = hand_out(tmp_path / "class", language="nl")
    names = {f"{part.name['nl']}.ipynb" for part in parts()}
    assert files_in(folder) == {"README.md", *names, *(f"data/{name}" for name in DATA)}
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert all(name in readme for name in names)
    notebook = json.loads((folder / min(names)).read_text(encoding="utf-8"))
    assert not [c for c in notebook["cells"] if c.get("outputs") or c.get("execution_count")]


def test_the_instructor_gets_solutions_and_notes(tmp_path: Path) -> None:
    folder = hand_out(tmp_path, language="en", solutions=True)
    solved = {name for name in files_in(folder) if name.startswith("solutions/")}
    assert len(solved) == 7
    notes = (folder / "solutions" / "instructor_notes.md").read_text(encoding="utf-8")
    assert all(f"**{key}**" in notes for key in exercises())


def test_a_zip_is_one_file_and_the_same_each_time(tmp_path: Path) -> None:
    first = hand_out(tmp_path / "class", language="nl", zipped=True)
    second = hand_out(tmp_path / "other" / "class.zip", language="nl", zipped=True)
    assert first == tmp_path / "class.zip"
    assert first.read_bytes() == second.read_bytes()
    folder = hand_out(tmp_path / "plain", language="nl")
    with zipfile.ZipFile(first) as archive:
        inside = {name.removeprefix("class/"): archive.read(name) for name in archive.namelist()}
    assert set(inside) == files_in(folder)
    assert all((folder / name).read_bytes() == content for name, content in inside.items())


def test_the_work_of_a_student_is_never_overwritten(tmp_path: Path) -> None:
    folder = hand_out(tmp_path / "mine", language="nl")
    work = folder / "1_een_van_ons.ipynb"
    work.write_text("the student's own", encoding="utf-8")
    (folder / "README.md").unlink()
    told = CliRunner().invoke(app, ["workshop", str(folder)])
    assert told.exit_code == 1
    assert "Dat kan iemands werk zijn, dus er is niets geschreven" in told.stderr
    assert work.read_text(encoding="utf-8") == "the student's own"
    assert not (folder / "README.md").exists()
    hand_out(tmp_path / "mine", language="nl", zipped=True)
    with pytest.raises(WorkshopError, match="er al en is niet veranderd"):
        hand_out(tmp_path / "mine", language="nl", zipped=True)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--language", "en"], 0, "README.md says how to begin"),
        (["--language", "nl", "--zip"], 0, "één bestand om uit te delen"),
        (["--language", "fr"], 2, "“fr” is not possible"),
    ],
)
def test_the_command_makes_a_copy(
    tmp_path: Path, arguments: list[str], code: int, told: str
) -> None:
    ran = CliRunner().invoke(app, ["workshop", str(tmp_path / "class"), *arguments])
    assert ran.exit_code == code
    assert told in ran.stderr
    assert bool(list(tmp_path.iterdir())) == (code == 0)


def test_where_nothing_can_be_written_the_command_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    for folder, said in ((blocked, "bestand en geen map"), (blocked / "in", "niet worden geschr")):
        ran = CliRunner().invoke(app, ["workshop", str(folder)])
        assert ran.exit_code == 1
        assert said in ran.stderr
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        ran = CliRunner().invoke(app, ["workshop", str(tmp_path / "new")])
        tmp_path.chmod(0o700)
        assert "kan niet worden geschreven" in ran.stderr
