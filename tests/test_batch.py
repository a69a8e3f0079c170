"""Batches: made once, kept while right, made again when not; what fails stops nothing else."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat
import pandas as pd
import pyarrow.parquet as pq
import pytest

from employer_identity.errors import ReportError
from employer_identity.language import LANGUAGES, describe
from employer_identity.reports import batch as batch_room
from employer_identity.reports import crew, stamps, work
from employer_identity.reports.batch import Batch
from employer_identity.reports.kernels import drop
from employer_identity.reports.parameter_files import ParameterSet
from employer_identity.reports.stamps import STATE
from employer_identity.reports.tasks import code
from employer_identity.reports.work import Order
from employer_identity.survey import Survey
from tests.batches import (
    SHOWN,
    TOWN,
    all_files,
    at_once,
    instant,
    make,
    make_quickly,
    moments,
    planned,
    quick,
    statuses,
    town,
    write_template,
)

__all__ = ["instant", "quick"]
pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module", autouse=True)
def no_kernel_stays() -> Iterator[None]:
    yield
    drop()


@pytest.fixture(scope="module")
def survey() -> Survey:
    return town()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def made_of(status: str, *titles: str, languages: str = "nl") -> dict[str, str]:
    return {f"{t} {one}": status for t in titles for one in languages.split(",")}


WITHHELD = made_of("withheld", "Bay", "Cup")


class Links(HTMLParser):
    """Collects where a page leads to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [unquote(str(value)) for name, value in attrs if name in ("href", "src")]


def refused(survey: Survey, out: Path, **more: Any) -> list[str]:
    with pytest.raises(ReportError) as caught:
        make(survey, out, **more)
    assert all(describe(p, language) for p in caught.value.problems for language in LANGUAGES)
    return [p.code for p in caught.value.problems]


# --- What is there when it is done


def test_a_batch_is_whole_and_a_second_one_keeps_all(
    survey: Survey, instant: Path, out: Path
) -> None:
    how: dict[str, Any] = {"languages": ["nl", "en"], "formats": ["html", "ipynb"]}
    made = make(survey, out, **how)
    both = "nl,en"
    expected = made_of("made", *SHOWN, languages=both) | made_of(
        "withheld", "Bay", "Cup", languages=both
    )
    assert statuses(made) == expected
    names = [title.lower() for title in SHOWN]
    reports = {f"{la}/{n}.{kind}" for la in LANGUAGES for n in names for kind in ("html", "ipynb")}
    facts = {f"{la}/{n}.facts.json" for la in LANGUAGES for n in names}
    tables = {"index.html", "index.csv", "index.facts.json", "numbers.parquet", "suppression.csv"}
    state = {f"{STATE}/stamps/{la}/{n}.json" for la in LANGUAGES for n in names}
    assert all_files(out) == reports | facts | tables | state | {f"{STATE}/lock"}
    assert set(Links(out / "index.html").found) == reports
    _check_tables(out)
    before = moments(out)
    again = make(survey, out, **how)
    assert set(statuses(again).values()) == {"kept", "withheld"}
    after = moments(out)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {*tables, f"{STATE}/lock"}
    assert "4 kept" not in repr(again)
    assert repr(again) == f"{out}: 8 up to date, 4 withheld"


def _check_tables(out: Path) -> None:
    numbers = pq.read_table(out / "numbers.parquet").to_pandas()
    assert len(numbers) == 12
    assert numbers.set_index(["title", "language"])["n"].dropna().to_dict() == {
        (t, la): n for s in TOWN.values() for t, n in s.items() if t in SHOWN for la in LANGUAGES
    }
    assert (
        numbers.loc[numbers["status"] == "withheld", ["n", "mean_prototypicality"]]
        .isna()
        .all(axis=None)
    )
    rows = list(csv.DictReader((out / "index.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 12
    assert all(row["reason"] for row in rows if row["status"] == "withheld")
    decided = pd.read_csv(out / "suppression.csv")
    assert list(decided.columns) == [
        "column",
        "parent",
        "unit",
        "persons",
        "scores",
        "items",
        "distributions",
    ]
    assert not re.search(r"\b\d", (out / "suppression.csv").read_text(encoding="utf-8"))


def test_only_what_is_not_right_any_more_is_made_again(
    survey: Survey, instant: Path, out: Path
) -> None:
    make(survey, out)
    before = moments(out)
    (out / "nl" / "ark.html").write_text("half of it", encoding="utf-8")
    (out / STATE / "stamps" / "nl" / "elm.json").write_text("{", encoding="utf-8")
    (out / "nl" / "fox.html").unlink()
    seen: list[bool] = []
    made = make(survey, out, on_report=lambda *_: seen.append((out / "index.html").exists()))
    assert seen == [False] * 3  # it would lead to what is being made again
    assert (out / "index.html").exists()
    assert (
        statuses(made) == made_of("made", "Ark", "Elm", "Fox") | made_of("kept", "Den") | WITHHELD
    )
    assert moments(out)["nl/den.html"] == before["nl/den.html"]
    wider = make(survey, out, formats=["html", "ipynb"])
    assert statuses(wider) == made_of("made", *SHOWN) | WITHHELD
    assert set(statuses(make(survey, out, formats=["ipynb"])).values()) == {"kept", "withheld"}
    instant.write_text(instant.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert statuses(make(survey, out)) == made_of("made", *SHOWN) | WITHHELD


@pytest.mark.slow
def test_reports_of_other_batches_are_told_apart(survey: Survey, instant: Path, out: Path) -> None:
    make(survey, out)
    later = make(survey, out, languages=["en"])
    english = made_of("made", *SHOWN, languages="en")
    withheld = made_of("withheld", "Bay", "Cup", languages="en")
    assert statuses(later) == english | made_of("earlier", *SHOWN) | withheld
    assert {f"nl/{t.lower()}.html" for t in SHOWN} < set(Links(out / "index.html").found)
    other = make(town(seed=6), out, languages=["en"])
    assert statuses(other) == english | made_of("outdated", *SHOWN) | withheld
    assert other.audit
    assert {p.code for p in other.audit.findings} == {"audit.leak.contradiction"}
    assert not (out / "index.html").exists()
    (out / "nl").rename(out.with_name("away"))
    assert make(town(seed=6), out, languages=["en"]).index.is_file()


@pytest.mark.slow
def test_outdated_reports_are_listed_without_a_link(
    survey: Survey, instant: Path, out: Path
) -> None:
    before = replace(survey, answers=survey.answers.iloc[:-8], sha256="before")
    make(before, out)
    later = make(survey, out, languages=["en"])
    assert set(statuses(later).values()) == {"made", "outdated", "withheld"}
    assert not any(link.startswith("nl/") for link in Links(out / "index.html").found)
    assert all(not r.files for r in later.records if r.status == "outdated")


@pytest.mark.slow
def test_who_became_too_few_loses_the_reports_of_before(
    survey: Survey, instant: Path, out: Path
) -> None:
    make(survey, out, languages=["nl", "en"])
    sizes = {"care": TOWN["care"], "trade": {"Elm": 4, "Fox": 30, "Gum": 30}}
    made = make(town(sizes), out)
    assert statuses(made)["Elm nl"] == "withheld"
    assert not [name for name in all_files(out) if Path(name).stem == "elm"]
    assert "Elm en" not in statuses(made)


def test_what_is_asked_wrongly_is_told_at_once(survey: Survey, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    wrong: dict[str, Any] = {"languages": ["fr", "nl"], "formats": ["docx"], "jobs": 0}
    assert refused(survey, tmp_path, **wrong, sets="none.yaml") == [
        "batch.not_empty", "batch.unknown_language", "batch.unknown_format", "batch.wrong_jobs",
        "parameters.file.no_such_file",
    ]  # fmt: skip
    assert refused(survey, tmp_path / "new", languages=[], formats=[]) == [
        "batch.no_language",
        "batch.no_format",
    ]
    assert refused(survey, tmp_path / "new", minimm_n=5) == ["parameters.unknown_near"]
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_a_dry_run_says_how_long_it_takes_and_writes_nothing(
    survey: Survey, instant: Path, out: Path
) -> None:
    first = make(survey, out, dry_run=True, jobs=1)
    assert statuses(first) == made_of("due", *SHOWN) | WITHHELD
    assert first.seconds is not None
    assert first.seconds > 0
    assert not out.exists()
    make(survey, out, jobs=1)
    (out / "nl" / "ark.html").unlink()
    before = moments(out)
    second = make(survey, out, dry_run=True, jobs=1)
    assert (
        statuses(second) == made_of("due", "Ark") | made_of("kept", "Den", "Elm", "Fox") | WITHHELD
    )
    assert moments(out) == before
    write_template(instant.parent, "raise ValueError")
    third = make(survey, out / "new", dry_run=True, jobs=1)
    assert third.seconds != third.seconds  # not known: those on trial failed


# --- What fails


@pytest.mark.slow
def test_one_that_fails_is_listed_with_its_cell_and_the_rest_is_made(
    survey: Survey, instant: Path, out: Path
) -> None:
    write_template(
        instant.parent, 'if unit.unit == "Den":\n    raise ValueError("not <b>this</b> one")'
    )
    made = make(survey, out)
    assert (
        statuses(made) == made_of("made", "Ark", "Elm", "Fox") | made_of("failed", "Den") | WITHHELD
    )
    (record,) = made.failed
    assert record.problem is not None
    assert (record.problem.code, record.problem.where, record.problem.count) == (
        "report.cell_failed", "Trouble", 8
    )  # fmt: skip  # the seventh, after the cell that papermill puts in
    told = describe(record.problem, "en")
    assert "ValueError: not <b>this</b> one" in told
    half = nbformat.read(out / record.files["ipynb"], 4)
    outputs = [len(c.outputs) for c in half.cells]
    assert outputs == [0, 0, 0, 1, 2, 1, 1, 1, 0]
    assert half.cells[7].outputs[0].ename == "ValueError"
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "not &lt;b&gt;this&lt;/b&gt; one" in page
    assert "failed/nl/den.ipynb" in Links(out / "index.html").found
    assert "not <b>this</b> one" in (out / "index.csv").read_text(encoding="utf-8")
    assert not (out / "nl" / "den.html").exists()
    again = make(survey, out)
    assert statuses(again)["Den nl"] == "failed"
    assert again.failed[0].problem == record.problem
    write_template(instant.parent)
    assert statuses(make(survey, out)) == made_of("made", *SHOWN) | WITHHELD
    assert not list(out.glob("failed/*/*"))


@pytest.mark.parametrize(
    ("trouble", "code", "where"),
    [
        pytest.param(
            "import os; os._exit(9)", "report.kernel_died", "Trouble", marks=pytest.mark.slow
        ),
        ("page.section = lambda *_: None", "inspection.missing_section", "facts"),
        (
            'page.show(Shown("two", "figure", Figure(), "Caption", facts=()))',
            "inspection.no_alt",
            "",
        ),
        ('page.title("Proef", "Again", "", [])', "report.no_title", ""),
        pytest.param(
            'page.numbers({"n": object()})', "report.cell_failed", "Trouble", marks=pytest.mark.slow
        ),
    ],
)
def test_a_report_that_is_not_whole_fails(
    trouble: str, code: str, where: str, survey: Survey, instant: Path, out: Path
) -> None:
    write_template(instant.parent, f'if unit.unit == "Den":\n    {trouble}')
    made = make(survey, out)
    assert (
        statuses(made) == made_of("made", "Ark", "Elm", "Fox") | made_of("failed", "Den") | WITHHELD
    )
    problem = made.failed[0].problem
    assert problem is not None
    assert (problem.code, problem.where) == (code, where)
    assert "nl/den.html" not in all_files(out)


@pytest.mark.slow
def test_a_cell_that_never_ends_is_ended(survey: Survey, instant: Path, out: Path) -> None:
    write_template(instant.parent, 'if unit.unit == "Den":\n    while True: pass')
    ark, den = (ParameterSet(title, {"employer": title}) for title in ("Ark", "Den"))
    make(survey, out, sets=[ark])  # the kernel has loaded what takes seconds
    made = make(survey, out, sets=[ark, den], timeout=2)
    assert statuses(made) == made_of("kept", "Ark") | made_of("failed", "Den")
    problem = made.failed[0].problem
    assert problem is not None
    assert (problem.code, problem.where, problem.values["seconds"]) == (
        "report.cell_timeout", "Trouble", 2
    )  # fmt: skip
    assert statuses(make(survey, out, sets=[ark])) == made_of("kept", "Ark")


def test_a_fault_of_ours_is_a_report_that_failed(
    survey: Survey, instant: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = work.documents

    def broken(notebook: Any, kinds: Any) -> Any:
        if "Den" in str(notebook.cells[3].outputs):
            raise KeyError("an answer")
        return real(notebook, kinds)

    monkeypatch.setattr(work, "documents", broken)
    made = make(survey, out)
    problem = made.failed[0].problem
    assert problem is not None
    assert (problem.code, problem.where) == ("batch.unforeseen", "test_batch.py")
    assert "an answer" not in describe(problem, "nl")
    assert len(made.failed) == 1


def test_a_full_disk_stops_the_batch_and_what_is_stamped_stays(
    survey: Survey, instant: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, count = stamps.write_whole, iter(range(100))

    def full(path: Path, content: Any) -> None:
        if path.suffix == ".json" and next(count) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, content)

    with monkeypatch.context() as context:
        context.setattr(stamps, "write_whole", full)
        assert refused(survey, out) == ["batch.disk_full"]
    stamped = {name for name in all_files(out) if name.startswith(f"{STATE}/stamps")}
    assert stamped == {f"{STATE}/stamps/nl/ark.json", f"{STATE}/stamps/nl/den.json"}
    assert not [name for name in all_files(out) if re.search("part$|arrow|pickle|work", name)]
    made = make(survey, out)
    assert (
        statuses(made) == made_of("kept", "Ark", "Den") | made_of("made", "Elm", "Fox") | WITHHELD
    )


@pytest.mark.parametrize("room", ["write_orders", "_write_index"])
def test_a_disk_that_is_full_elsewhere_is_one_message(
    room: str, survey: Survey, instant: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(batch_room, room, full)
    assert refused(survey, out) == ["batch.disk_full"]


def test_an_order_of_another_run_or_version_touches_nothing(
    survey: Survey, instant: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replaced() -> None:
        (out / STATE / "run").write_text("another", encoding="utf-8")

    def void(orders: Any, jobs: int) -> Iterator[Any]:
        replaced()
        for order in orders:
            yield order, make_quickly(order)

    def other(orders: Any, jobs: int) -> Iterator[Any]:
        for order in orders:
            yield order, make_quickly(replace(order, code="0.0+0"))

    make(survey, out)
    there = {name for name in all_files(out) if name.startswith(("nl/", f"{STATE}/"))}
    changed = town(seed=6)
    for hands, expected in ((void, "batch.void"), (other, "batch.other_version")):
        monkeypatch.setattr(crew, "here", hands)
        assert refused(changed, out) == [expected]
        assert there <= all_files(out)
    real = work.execute
    monkeypatch.setattr(crew, "here", at_once)
    monkeypatch.setattr(work, "execute", lambda *a, **k: (real(*a, **k), replaced())[0])
    assert refused(changed, out) == ["batch.void"]
    assert "nl/ark.html" not in all_files(out)
    gone = {"nl/ark.html", "nl/ark.facts.json", f"{STATE}/stamps/nl/ark.json"}
    assert there - all_files(out) == gone


def test_stopped_by_hand_it_goes_on_later(survey: Survey, instant: Path, out: Path) -> None:
    def stop(_: object, done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(survey, out, on_report=stop)
    assert not list((out / STATE).glob("work*"))
    assert (
        statuses(make(survey, out))
        == made_of("kept", "Ark", "Den") | made_of("made", "Elm", "Fox") | WITHHELD
    )


# --- Processes


@pytest.mark.slow
def test_processes_make_the_same_bytes_and_one_that_dies_is_replaced(
    survey: Survey, quick: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "once"
    trouble = (
        f'import os, signal, pathlib\nmark = pathlib.Path("{mark}")\n'
        'if unit.unit in ("Ark", "Elm") and not mark.with_suffix("." + unit.unit).exists():\n'
        '    mark.with_suffix("." + unit.unit).touch()\n'
        '    os.kill(os.getppid() if unit.unit == "Ark" else os.getpid(), signal.SIGKILL)'
    )
    write_template(quick.parent, trouble)
    made = make(survey, out, jobs=2)
    assert statuses(made) == made_of("made", *SHOWN) | WITHHELD
    assert mark.with_suffix(".Ark").exists()
    assert mark.with_suffix(".Elm").exists()
    monkeypatch.setattr(crew, "here", lambda orders, _: ((o, make_quickly(o)) for o in orders))
    make(survey, tmp_path / "again")
    for title in SHOWN:
        name = f"nl/{title.lower()}.html"
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.slow
def test_who_dies_twice_has_failed(survey: Survey, quick: Path, out: Path) -> None:
    trouble = 'import os, signal\nif unit.unit == "Ark":\n    os.kill(os.getppid(), signal.SIGKILL)'
    write_template(quick.parent, trouble)
    made = make(survey, out, jobs=1)
    assert (
        statuses(made) == made_of("made", "Den", "Elm", "Fox") | made_of("failed", "Ark") | WITHHELD
    )
    assert made.failed[0].problem is not None
    assert made.failed[0].problem.code == "batch.worker_died"


@pytest.mark.slow
def test_a_process_that_dies_while_it_waits_is_replaced(survey: Survey, out: Path) -> None:
    place = crew._Place()
    pool = place._process()
    os.kill(pool.submit(os.getpid).result(), signal.SIGKILL)
    with pytest.raises(BrokenProcessPool):
        pool.submit(time.sleep, 60).result()
    task = planned(survey).tasks[0]
    place.take(Order(task, str(out), "run", "", False, None, code()))
    _, done = place.finish()
    place.close()
    assert done.problem is not None
    assert done.problem.code == "batch.void"  # it came so far: nobody owns that folder


# --- Names that mean harm

NAMES = [
    "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "../../etc/passwd", "x" * 300,
    "\N{OWL}\N{OWL}", 'A "quoted" & \'single\'', "\u202eegel\u202c \u2067dot", "nl/../../up",
]  # fmt: skip


def test_names_that_mean_harm_stay_words(instant: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    made = make(town({"<i>care</i>": dict.fromkeys(NAMES, 30)}), out, languages=["en"])
    assert statuses(made) == {f"{name} en": "made" for name in NAMES}
    inside = all_files(out)
    assert all(re.fullmatch(r"[a-z0-9./-]+", name) for name in inside)
    assert {p.name for p in tmp_path.iterdir()} == {"deep", "templates"}
    assert {p.name for p in (tmp_path / "deep").iterdir()} == {"out"}
    links = Links(out / "index.html").found
    assert len(links) == len(set(links)) + len(NAMES)
    assert set(links) == {name for name in inside if name.endswith(".html")} - {"index.html"}
    pages = [out / name for name in inside if name.endswith(".html")]
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert "<script>alert" not in html
        assert "<i>care" not in html
    assert any("&lt;script&gt;alert(1)&lt;/script&gt;" in p.read_text("utf-8") for p in pages)
    text = (out / "index.csv").read_text(encoding="utf-8-sig")
    cells = [cell for row in csv.reader(text.splitlines()) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    numbers = pq.read_table(out / "numbers.parquet").to_pandas()
    assert sorted(numbers["title"]) == sorted(NAMES)
    assert "\u202e" not in (out / "index.html").read_text(encoding="utf-8")


def test_groups_whose_names_mean_harm_stay_words(instant: Path, tmp_path: Path) -> None:
    harm = NAMES[:4]
    survey = town({name: {f"E{n}": 30} for n, name in enumerate(harm)})
    out = tmp_path / "deep" / "out"
    made = make(survey, out, by="sector", languages=["en"])
    assert statuses(made) == {f"{name} en": "made" for name in harm}
    assert {p.name for p in (tmp_path / "deep").iterdir()} == {"out"}
    for path in (out / "index.html", *out.glob("en/*.html")):
        assert "<script>alert" not in path.read_text(encoding="utf-8")


def test_names_of_sets_that_mean_harm_stay_names(
    survey: Survey, instant: Path, tmp_path: Path
) -> None:
    sets = [ParameterSet(name, {"employer": "Ark"}) for name in NAMES]
    out = tmp_path / "deep" / "out"
    made = make(survey, out, sets=sets)
    assert [r.status for r in made.records] == ["made"] * len(NAMES)
    assert len({r.name for r in made.records}) == len(NAMES)
    assert {p.name for p in (tmp_path / "deep").iterdir()} == {"out"}
    assert {r.title for r in made.records} == {"Ark"}


def test_a_stamp_says_nothing_but_what_the_report_says(
    survey: Survey, instant: Path, out: Path
) -> None:
    made: Batch = make(survey, out)
    told = json.loads((out / STATE / "stamps" / "nl" / "ark.json").read_text(encoding="utf-8"))
    assert told["numbers"] == dict(next(r.numbers for r in made.records if r.title == "Ark"))
    assert told["title"] == "Ark"
