"""What a batch is made of: names of files, keys, stamps, the look at a report, folder and plan."""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from employer_identity.audit.facts import Published
from employer_identity.errors import Problem, ReportError
from employer_identity.language import LANGUAGES, describe
from employer_identity.questionnaire import CROSSED, Grouping
from employer_identity.reports import site, stamps, tasks
from employer_identity.reports.inspection import faults
from employer_identity.reports.parameter_files import ParameterSet
from employer_identity.reports.plan import Plan, make_plan, sets_by
from employer_identity.reports.site import claimed, site_problems, work_folder
from employer_identity.reports.stamps import (
    STATE,
    Stamp,
    erase,
    is_up_to_date,
    read_stamps,
    stands,
    write_report,
)
from employer_identity.reports.tasks import Task, stems
from employer_identity.simulate import simulate_survey
from employer_identity.suppression import Suppression
from employer_identity.survey import Survey
from tests.batches import REPORT, all_files, instant, make, planned, quick, town

__all__ = ["instant", "quick"]
HOSTILE = [
    "Vrolijke Eland",
    "../../etc/passwd",
    "..",
    "",
    "/",
    "C:\\Windows\\system32",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "Quote \"Co\" & 'Sons'",
    "a" * 300,
    "a" * 299 + "b",
    "\N{OWL}\N{OWL}",
    "\N{OWL}",
    "\u202eegel\u202c",
    "egel",
    "EGEL",
    "Café",
    "Cafe",
    "con",
    "NUL",
    "lpt1",
    "line\nbreak",
    "nul\0byte",
    "a b",
    "a-b",
    "a  b",
    "日本",
    "%2e%2e",
    ".hidden",
    "name.html.12.part",
    "- - -",
]


@pytest.fixture(scope="module")
def survey() -> Survey:
    return town()


@pytest.fixture(scope="module")
def plan(survey: Survey) -> Plan:
    return planned(survey)


def refused(call: Callable[..., object], *given: Any, **more: Any) -> list[Problem]:
    with pytest.raises(ReportError) as caught:
        call(*given, **more)
    problems = list(caught.value.problems)
    assert all(describe(p, language) for p in problems for language in LANGUAGES)
    return problems


# --- Names of files


def test_every_name_has_a_safe_stem_of_its_own() -> None:
    found = stems(HOSTILE)
    assert len(set(found)) == len(HOSTILE)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", stem) for stem in found)
    assert max(map(len, found)) <= 70
    assert not {"con", "nul", "lpt1"} & set(found)
    assert found[0] == "vrolijke-eland"


def test_a_stem_is_the_same_in_every_order_and_run() -> None:
    backwards = dict(zip(reversed(HOSTILE), stems(HOSTILE[::-1]), strict=True))
    assert [backwards[name] for name in HOSTILE] == stems(HOSTILE)
    assert stems(["../etc", "Café"]) == ["etc-f7f9121f", "cafe-73473dcc"]


def test_a_name_cannot_take_the_stem_of_another() -> None:
    (taken,) = stems(["../etc"])
    found = stems(["../etc", taken, taken.upper()])
    assert found[0] == taken
    assert len(set(found)) == 3
    (owl,) = stems(["\N{OWL}"])
    assert len(set(stems(["\N{OWL}", owl]))) == 2


# --- Keys


@pytest.mark.usefixtures("quick")
def test_a_key_changes_with_all_that_decides_what_a_report_says(
    survey: Survey, quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keys(changed: Survey = survey, **common: Any) -> dict[str, str]:
        return {task.name: task.key for task in planned(changed, **common).tasks}

    first = keys()
    assert len(set(first.values())) == len(first)
    again = town()
    assert again is not survey
    assert keys(again) == first
    other = {
        "parameters": keys(minimum_n=6),
        "data": keys(_with_answer(survey, 3.0)),
        "questionnaire": keys(_renamed(survey)),
        "suppression": keys(_with_weight_of_nobody(survey)),
    }
    with monkeypatch.context() as context:
        context.setattr(tasks, "code", lambda: "9.9+0")
        other["version"] = keys()
    quick.write_text(quick.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    other["template"] = keys()
    for what, found in other.items():
        assert set(found) == set(first), what
        assert not set(found.values()) & set(first.values()), what


def test_a_key_is_that_of_the_decision_what_may_be_shown(plan: Plan) -> None:
    selection = next(iter(plan.shares.values())).selection
    decided = selection.suppression
    stricter = Suppression(decided.cells.assign(items="few"), decided.minimum)
    assert tasks.basis("data", decided.sha256) != tasks.basis("data", stricter.sha256)


def _with_answer(survey: Survey, value: float) -> Survey:
    answers = survey.answers.copy()
    item = survey.item_names[0]
    answers.loc[0, item] = value if answers.loc[0, item] != value else value + 1
    return replace(survey, answers=answers)


def _renamed(survey: Survey) -> Survey:
    titles = dict.fromkeys(survey.instrument.title, "Another")
    return replace(survey, instrument=survey.instrument.model_copy(update={"title": titles}))


def _with_weight_of_nobody(survey: Survey) -> Survey:
    instrument = survey.instrument.model_copy(update={"weight": "weight"})
    return replace(survey, answers=survey.answers.assign(weight=1.0), instrument=instrument)


# --- Stamps


@pytest.fixture
def task(plan: Plan) -> Task:
    return replace(plan.tasks[0], formats=("html", "ipynb"))


FILES = {"html": b"<html></html>", "ipynb": b"{}"}


def stamped(folder: Path, task: Task) -> Stamp:
    numbers = {"n": 8, "mean": 4.5, "odd": None, "text": "é"}
    published = Published(task.name, {}, "brand", "one", 5, ())
    return write_report(folder, task, FILES, published, numbers, 1.25)


def test_a_stamp_comes_back_as_it_was_written(task: Task, tmp_path: Path) -> None:
    stamp = stamped(tmp_path, task)
    found = read_stamps(tmp_path)
    assert found == {(task.name, "nl"): stamp}
    assert stands(stamp, tmp_path)
    assert is_up_to_date(task, stamp, tmp_path)
    assert all_files(tmp_path) == {
        f"nl/{task.name}.html", f"nl/{task.name}.ipynb", f"nl/{task.name}.facts.json",
        f"{STATE}/stamps/nl/{task.name}.json",
    }  # fmt: skip


def test_a_report_counts_only_while_it_is_what_its_stamp_says(task: Task, tmp_path: Path) -> None:
    stamp = stamped(tmp_path, task)
    page = tmp_path / "nl" / f"{task.name}.html"
    assert not is_up_to_date(replace(task, key="other"), stamp, tmp_path)
    assert not is_up_to_date(task, None, tmp_path)
    assert not is_up_to_date(replace(task, formats=("html", "pdf")), stamp, tmp_path)
    assert is_up_to_date(replace(task, formats=("ipynb",)), stamp, tmp_path)
    page.write_bytes(b"<html>")
    assert not is_up_to_date(task, stamp, tmp_path)
    page.unlink()
    assert not is_up_to_date(task, stamp, tmp_path)
    page.mkdir()
    assert not is_up_to_date(task, stamp, tmp_path)


DAMAGED: list[Callable[[dict[str, Any]], object]] = [
    lambda _: "{",
    lambda _: "",
    lambda _: "[]",
    lambda _: "null",
    lambda s: s | {"files": ["html"]},
    lambda s: s | {"files": None},
    lambda s: s | {"files": {"../../etc/passwd": "0"}},
    lambda s: s | {"name": "../../etc/passwd"},
    lambda s: s | {"name": "another"},
    lambda s: s | {"language": "en"},
    lambda s: s | {"numbers": {"n": [1]}},
    lambda s: s | {"seconds": "1"},
    lambda s: {k: v for k, v in s.items() if k != "key"},
]


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_stamp_is_as_good_as_none(
    damage: Callable[[dict[str, Any]], object], task: Task, tmp_path: Path
) -> None:
    stamped(tmp_path, task)
    path = tmp_path / STATE / "stamps" / "nl" / f"{task.name}.json"
    harmed = damage(json.loads(path.read_text(encoding="utf-8")))
    path.write_text(harmed if isinstance(harmed, str) else json.dumps(harmed), encoding="utf-8")
    assert read_stamps(tmp_path) == {}


def test_the_stamp_comes_last_and_goes_first(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: str | bytes) -> None:
        if path.suffix == ".json":
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    with monkeypatch.context() as context:
        context.setattr(stamps, "write_whole", full)
        with pytest.raises(OSError, match="No space"):
            stamped(tmp_path, task)
    assert (tmp_path / "nl" / f"{task.name}.html").exists()
    assert read_stamps(tmp_path) == {}
    stamped(tmp_path, task)
    gone: list[str] = []
    unlink = Path.unlink
    monkeypatch.setattr(
        Path, "unlink", lambda path, **more: (gone.append(path.suffix), unlink(path, **more))[1]
    )
    erase(tmp_path, task.name, "nl")
    assert gone[0] == ".json"
    assert all_files(tmp_path) == set()


# --- The look at a report

PAGE = (
    '<html><h2 id="glance">A</h2><img src="data:" alt="Text"><h2 id="own">X</h2>'
    '<h2 id="facts">B</h2></html>\n'
)


def shown(*roles: str, promised: dict[str, Any] | None = None, end: bool = True) -> Any:
    outputs = [
        nbformat.v4.new_output("display_data", metadata={"employer_identity": {"role": role}})
        for role in roles
    ]
    cell = nbformat.v4.new_code_cell("", outputs=outputs)
    promise = {"sections": ["glance", "facts"], "figures": 1} if promised is None else promised
    papermill = {"end_time": "2026"} if end else {"end_time": None}
    metadata = {"employer_identity": promise, "papermill": papermill}
    return nbformat.v4.new_notebook(cells=[cell], metadata=metadata)


@pytest.mark.parametrize(
    ("notebook", "page", "expected"),
    [
        (shown("figure"), PAGE, []),
        (shown(promised={}), "<html></html>", []),
        (shown("figure"), PAGE.replace('id="facts"', 'id="fact"'), ["missing_section"]),
        (
            shown("figure", promised={"sections": ["facts", "glance"]}),
            PAGE,
            ["order"],
        ),
        (shown(), PAGE, ["missing_pieces.figure"]),
        (shown("figure", "figure"), PAGE, ["missing_pieces.figure"]),
        (shown("figure", promised={"tables": 1}), PAGE, ["missing_pieces.table"]),
        (shown("figure"), PAGE.replace('alt="Text"', 'alt=""'), ["no_alt"]),
        (shown("figure"), PAGE.replace(' alt="Text"', ""), ["no_alt"]),
        (shown("figure"), PAGE.replace("B<", '<p class="missing"></p><'), ["no_alt"]),
        (shown("figure"), PAGE[:-8], ["cut_off"]),
        (shown("figure", end=False), PAGE, ["report.not_finished"]),
        (shown(end=False), PAGE[:30], ["missing_pieces.figure", "report.not_finished",
                                       "missing_section", "cut_off"]),
    ],
)  # fmt: skip
def test_each_fault_of_a_report_is_found(notebook: Any, page: str, expected: list[str]) -> None:
    found = faults(notebook, {"html": page.encode()})
    assert [p.code.removeprefix("inspection.") for p in found] == expected
    assert all(describe(p, language) for p in found for language in LANGUAGES)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 half", b"<html>%%EOF", b"half %%EOF"])
def test_a_pdf_that_is_not_whole_is_found(content: bytes) -> None:
    notebook = shown("figure")
    assert [p.code for p in faults(notebook, {"pdf": content})] == ["inspection.no_pdf"]
    assert faults(notebook, {"pdf": b"%PDF-1.7\n...\n%%EOF\n"}) == []


# --- The folder


def test_a_folder_is_for_one_run_at_a_time(tmp_path: Path) -> None:
    with claimed(tmp_path / "out"):
        (problem,) = refused(claimed(tmp_path / "out").__enter__)
        assert (problem.code, problem.where) == ("batch.locked", str(tmp_path / "out"))
    with claimed(tmp_path / "out"):
        pass


def test_another_process_is_refused_too(tmp_path: Path) -> None:
    other = (
        "import sys\nfrom pathlib import Path\nfrom employer_identity.errors import ReportError\n"
        "from employer_identity.reports.site import claimed\n"
        "try:\n    claimed(Path(sys.argv[1])).__enter__()\n"
        "except ReportError as error:\n    print(error.problems[0].code)\n"
    )
    with claimed(tmp_path):
        told = subprocess.run(
            [sys.executable, "-c", other, str(tmp_path)], capture_output=True, text=True, check=True
        )
    assert told.stdout.strip() == "batch.locked"


def test_places_that_are_no_folder_for_a_batch(tmp_path: Path) -> None:
    def codes(folder: Path) -> list[str]:
        problems = site_problems(folder)
        assert all(describe(p, language) for p in problems for language in LANGUAGES)
        return [p.code for p in problems]

    assert codes(tmp_path) == codes(tmp_path / "a" / "b") == []
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    assert codes(tmp_path) == ["batch.not_empty"]
    assert codes(file) == ["batch.no_folder"]
    assert codes(file / "out") == ["report.folder_not_writable"]
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert codes(tmp_path / "link") == ["batch.no_folder"]
    (tmp_path / STATE).mkdir()
    assert codes(tmp_path) == []


def test_a_folder_nobody_may_write_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as context:
        context.setattr(site.os, "access", lambda *_: False)
        for folder in (tmp_path, tmp_path / "a" / "b"):
            assert [p.code for p in site_problems(folder)] == ["report.folder_not_writable"]

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    codes = [p.code for p in refused(claimed(tmp_path).__enter__)]
    assert codes == ["report.folder_not_writable"]


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "batch.disk_full"), (errno.EDQUOT, "batch.disk_full"),
     (errno.EROFS, "batch.not_written")],
)  # fmt: skip
def test_what_cannot_be_written_is_told_and_swept(number: int, code: str, tmp_path: Path) -> None:
    def fill() -> None:
        with claimed(tmp_path):
            (work_folder(tmp_path, "5") / "survey.arrow").write_bytes(b"personal")
            raise OSError(number, "Something")

    (problem,) = refused(fill)
    assert problem.code == code
    assert all_files(tmp_path) == {f"{STATE}/lock"}


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    state = tmp_path / STATE
    left = [
        "index.csv.1.part", "nl/a.html.1.part", "failed/en/a.ipynb.2.part", f"{STATE}/run",
        f"{STATE}/stamps/nl/a.json.1.part", f"{STATE}/work/5/survey.arrow",
        f"{STATE}/work/5/common.pickle",
    ]  # fmt: skip
    kept = ["nl/a.html", f"{STATE}/stamps/nl/a.json", "index.html"]
    for name in [*left, *kept]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    with claimed(tmp_path) as run:
        assert (state / "run").read_text(encoding="utf-8") == run
        assert all_files(tmp_path) == {*kept, f"{STATE}/run", f"{STATE}/lock"}
        assert work_folder(tmp_path, "5").stat().st_mode & 0o077 == 0
        assert (state / "work").stat().st_mode & 0o077 == 0
    assert all_files(tmp_path) == {*kept, f"{STATE}/lock"}


# --- The plan


def test_who_may_not_be_shown_is_withheld_with_the_reason(plan: Plan) -> None:
    found = {task.title: task.problem.code if task.problem else "" for task in plan.tasks}
    withheld = {"Bay": "unit.withheld", "Cup": "unit.withheld"}
    assert found == dict.fromkeys(["Ark", "Den", "Elm", "Fox"], "") | withheld


def test_every_mistake_of_every_set_is_told_at_once(survey: Survey) -> None:
    sets = [
        ParameterSet("one", {"employer": "Nobody", "by": "employer"}),
        ParameterSet("two", {"employer": "Ark", "minimm_n": 5}),
        ParameterSet("two", {"employer": "Bay", "minimum_n": 1}),
        ParameterSet("good", {"employer": "Elm"}),
        ParameterSet("four", {"employer": "Ark", "by": "sektor", "wave": "1"}),
    ]
    problems = refused(make_plan, survey, REPORT, sets, {}, ["en"], ("html",))
    assert problems[0] == Problem("batch.same_name", "two", 2)
    told = [describe(p, "en") for p in problems[1:]]
    assert all(p.code == "batch.in_set" for p in problems[1:])
    assert [t.partition(":")[0] for t in told] == ["one", "two", "two", "four", "four"]
    for text, word in zip(told, ["Nobody", "minimm_n", "minimum_n", "wave", "sektor"], strict=True):
        assert word in text


def test_what_is_wrong_in_all_sets_is_told_once(survey: Survey) -> None:
    sets = [ParameterSet(name, {"employer": name}) for name in ("Ark", "Elm", "Nobody")]
    problems = refused(make_plan, survey, REPORT, sets, {"minimm_n": 5}, ["en"], ("html",))
    assert [p.code for p in problems] == ["parameters.unknown_near"]
    one = [ParameterSet("mine", {"employer": "Nobody"})]
    problems = refused(make_plan, survey, REPORT, one, {}, ["en"], ("html",))
    assert [p.code for p in problems] == ["parameters.unknown_unit"]


def test_units_of_another_column(survey: Survey) -> None:
    found = planned(survey, by="sector")
    assert {t.title: t.problem for t in found.tasks} == {"care": None, "trade": None}
    assert [share.groups for share in found.shares.values()] == [("sector",)]
    assert {t.parameters["by"] for t in found.tasks} == {"sector"}
    for by, code in [("sektor", "unknown_by_near"), ("weight", "unknown_by")]:
        assert [p.code for p in refused(sets_by, survey, REPORT, by, {})] == [f"parameters.{code}"]
    problems = refused(sets_by, survey, REPORT, "sector", {"minimm_n": 5})
    assert [p.code for p in problems] == ["parameters.unknown_near"]


def test_groups_that_cross_have_a_higher_floor(survey: Survey) -> None:
    column = pd.Series("young + north", index=survey.answers.index)
    column[:9], column[9:60], column[60:110] = "old + north", "young + south", "old + south"
    parts = column.str.split(CROSSED, expand=True, regex=False)
    groupings = [Grouping(column=c) for c in ("age", "region")]
    groupings.append(Grouping(column="crossed", cross=("age", "region")))
    instrument = survey.instrument.model_copy(update={"groupings": tuple(groupings)})
    made = {"age": parts[0], "region": parts[1], "crossed": column}
    answers = survey.answers.assign(**{c: pd.Categorical(x) for c, x in made.items()})
    found = planned(replace(survey, answers=answers, instrument=instrument), by="crossed")
    reasons = {t.title: t.problem for t in found.tasks}
    problem = next(p for p in reasons.values() if p)
    assert problem.values["minimum"] == 10


def test_nobody_to_report_on(survey: Survey, tmp_path: Path) -> None:
    nobody = survey.answers.assign(employer=pd.Categorical([None] * survey.n))
    problems = refused(make, replace(survey, answers=nobody), tmp_path / "out")
    assert [p.code for p in problems] == ["batch.nobody"]
    assert not (tmp_path / "out").exists()


def test_sets_share_what_they_can(survey: Survey) -> None:
    sets = [
        ParameterSet("a", {"employer": "Ark"}),
        ParameterSet("b", {"employer": "care", "by": "sector"}),
        ParameterSet("c", {"employer": "Ark", "minimum_n": 6}),
    ]
    found = make_plan(survey, REPORT, sets, {}, ["nl", "en"], ("html",))
    assert [t.shared for t in found.tasks] == ["5"] * 4 + ["6"] * 2
    assert [(t.name, t.language) for t in found.tasks[:2]] == [("a", "nl"), ("a", "en")]
    assert len({t.basis for t in found.tasks}) == 2
    assert len({t.key for t in found.tasks}) == 6


def test_without_employers_the_ways_to_choose_are_named() -> None:
    survey = simulate_survey(40, preset="idealised", seed=1)
    own = survey.instrument.model_copy(
        update={"employer": None, "sector": None, "groupings": (Grouping(column="age"),)}
    )
    (problem,) = refused(sets_by, replace(survey, instrument=own), REPORT, "employer", {})
    assert describe(problem) == (
        "This survey has no column of employers. Choose whom the reports are about: --by age."
    )


def test_a_study_has_no_units(survey: Survey) -> None:
    problems = refused(sets_by, survey, "employer_brand_study", "employer", {})
    assert [p.code for p in problems] == ["batch.by_nothing"]


def test_studies_are_planned_from_sets(survey: Survey) -> None:
    column = pd.Categorical(["young", "old"] * (survey.n // 2))
    instrument = survey.instrument.model_copy(update={"groupings": (Grouping(column="age"),)})
    grouped = replace(survey, answers=survey.answers.assign(age=column), instrument=instrument)
    sets = [ParameterSet("whole", {"group": ""}), ParameterSet("by age", {"group": "age"})]
    found = make_plan(grouped, "employer_brand_study", sets, {}, ["en"], ("html",))
    assert [(t.title, t.problem) for t in found.tasks] == [("whole", None), ("by age", None)]
    assert [share.groups for share in found.shares.values()] == [("", "age")]
