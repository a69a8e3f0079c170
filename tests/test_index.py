"""The index of a batch: what its page, its table and its numbers say, and that the page works."""

from __future__ import annotations

import csv
import io
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlparse

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from browser import CHROMIUM, Page, a_page

from employer_identity.errors import Problem
from employer_identity.language import LANGUAGES
from employer_identity.reports.index import comparable, index_csv, index_page, numbers_table
from employer_identity.reports.records import FORMATS, Record

PILLARS = {"nl": {"pro": "‘een van ons’ zijn"}, "en": {"pro": "being one of us"}}  # noqa: RUF001
HOSTILE = "<script>alert(\"x\")</script> & 'Zoon' 🦊"
GONE = Problem("report.no_such_folder", "elders")


def made(title: str, language="nl", *, name="eland", status="made", files=None, **numbers):
    """A report with one file of each format, unless told otherwise."""
    paths = {kind: f"{language}/{name}.{kind}" for kind in FORMATS} if files is None else files
    return Record(name, title, language, status, paths, numbers)


def without(title: str, status, **more):
    """A report that was not made."""
    return Record("otter", title, "nl", status, problem=GONE, **more)


def page(records, language="nl"):
    return index_page(records, language=language, title="Meting", headline=PILLARS[language])


def rows(html: str) -> list[str]:
    """Return the rows of the list, as they stand."""
    return re.findall(r"<tr data-status.*?</tr>", html)


def titles(html: str) -> list[str]:
    return [unescape(t) for row in rows(html) for t in re.findall(r"<bdi>(.*?)</bdi>", row)]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\N{BOM}"))))


# --- Which means stand side by side


def test_means_that_may_not_be_compared_do_not_stand_side_by_side() -> None:
    def unit(name: str, **beside: float | None) -> Record:
        own = {f"d_whole_{p}": d for p, d in beside.items()} | dict.fromkeys(
            (f"mean_{p}" for p in beside), 3.0
        )
        return Record(name, name, "nl", "made", {}, own)

    both = [unit("bever", pro=0.1, adv=None), unit("das", pro=-0.1, adv=None)]
    assert comparable(both, ("pro", "adv")) == ("pro",)
    assert comparable(both[:1], ("pro", "adv")) == ("pro", "adv")
    assert comparable([*both[:1], replace(both[0], language="en")], ("adv",)) == ("adv",)
    studies = [Record(n, n, "nl", "made", {}, {"mean_adv": 3.0}) for n in "ab"]
    assert comparable(studies, ("adv",)) == ("adv",)
    for language, words in (("nl", "niet naast elkaar"), ("en", "do not stand side by side")):
        html = index_page(both, language=language, title="Meting", headline={}, apart=["vooruit"])
        assert words in html
        assert "vooruit" in html
        assert words not in index_page(both, language=language, title="Meting")


# --- The page


def test_a_report_is_listed_with_its_numbers_and_files_in_both_languages() -> None:
    record = made("Vrolijke Eland", n=1234, pro=5.678)
    (dutch,), (english,) = rows(page([record])), rows(page([record], "en"))
    assert re.findall(r'href="(.*?)"', dutch) == [
        "nl/eland.html",
        "nl/eland.html",
        "nl/eland.pdf",
        "nl/eland.ipynb",
    ]
    for row, expected in (
        (dutch, ["Nederlands", ">1.234<", ">5,68<", "Gemaakt"]),
        (english, ["Dutch", ">1,234<", ">5.68<", "Made"]),
    ):
        assert [word for word in expected if word not in row] == []


def test_only_the_files_that_are_there_are_linked() -> None:
    (row,) = rows(page([made("Eland", files={"pdf": "nl/eland.pdf"}, n=9)]))
    assert re.findall(r'href="(.*?)"', row) == ["nl/eland.pdf"]
    (row,) = rows(page([made("Eland", status="outdated", files={}, n=9)]))
    assert "href" not in row


def test_what_was_not_made_has_its_reason_in_place_of_numbers() -> None:
    half = {"ipynb": "failed/nl/otter.ipynb"}
    withheld = without("Eland", "withheld", numbers={"n": 4, "pro": 6.54})
    (failed,) = rows(page([without("Bever", "failed", files=half), withheld]))
    assert 'colspan="2">elders: ' in failed
    assert "value" not in failed
    assert 'href="failed/nl/otter.ipynb">notebook tot aan de fout</a>' in failed


def test_who_is_withheld_stands_once_and_so_does_the_reason() -> None:
    few = Problem("unit.withheld", "-", values={"minimum": 5})
    records = [
        Record(title.lower(), title, language, "withheld", problem=replace(few, where=title))
        for title in ("Das", "Eland")
        for language in LANGUAGES
    ]
    shown = page([*records, made("Otter", n=9)])
    assert len(rows(shown)) == 1
    assert shown.count("Das") == shown.count("Eland") == 1
    assert "Niet gemaakt, om mensen te beschermen: Das en Eland." in shown
    assert shown.count("minder dan 5 mensen") == 1
    assert "Not made, to protect people: 2 of 2." in page(records, "en")
    reasons = {row["language"]: row["reason"] for row in table(index_csv(records))}
    assert reasons["en"].startswith("There is no report on")
    assert reasons["nl"].startswith("Er is geen rapport over")


def test_a_number_that_is_not_shown_is_a_dash_that_is_explained() -> None:
    whole, lacking = made("Eland", n=9, pro=5.0), made("Otter", n=9, pro=None)
    assert "Een streepje" in page([whole, lacking])
    assert ">–</td>" in rows(page([lacking]))[0]  # noqa: RUF001
    assert ">–</td>" in rows(page([made("Otter", n=9, pro=float("nan"))]))[0]  # noqa: RUF001
    assert "Een streepje" not in page([whole, without("Bever", "failed")])


def test_a_line_says_how_many_became_what() -> None:
    records = [made("Eland", n=9), without("Bever", "withheld"), without("Das", "withheld")]
    dutch, english = (
        page(records, language).replace("\N{NO-BREAK SPACE}", " ") for language in ("nl", "en")
    )
    assert "3 rapporten: 1 gemaakt, 0 ongewijzigd, 2 afgeschermd en 0 mislukt." in dutch
    assert "3 reports: 1 made, 0 unchanged, 2 withheld and 0 failed." in english
    more = page([made("Eland", status="earlier"), made("Das", status="outdated")])
    assert "0\N{NO-BREAK SPACE}mislukt, 1\N{NO-BREAK SPACE}eerder gemaakt en 1" in more


def test_reports_stand_by_title_whatever_its_accents_and_capitals_then_by_language() -> None:
    names = ["Zwaluw", "éland", "Éénoog", "Egel", "ørn", "Otter", "Eland"]
    listed = titles(page([made(name) for name in names]))
    assert listed == ["Éénoog", "Egel", "Eland", "éland", "ørn", "Otter", "Zwaluw"]
    both = rows(page([made("Eland", "nl"), made("Eland", "en")]))
    assert [re.findall(r'data-language="(..)"', row)[0] for row in both] == ["en", "nl"]


def test_the_same_records_in_any_order_give_the_same_bytes() -> None:
    records = [made(f"Eland {k % 4}", name=f"e{k}", n=k, pro=k / 7) for k in range(12)]
    back = records[::-1]
    assert page(records) == page(back)
    keys = {"headline": ["pro"]}
    assert index_csv(records, **keys) == index_csv(back, **keys)
    assert numbers_table(records) == numbers_table(back)


def test_names_are_text_wherever_they_stand() -> None:
    labels = {"pro": '"; } </style><script>x</script>'}
    reason = Problem("report.no_such_folder", HOSTILE)
    failed = Record("otter", HOSTILE, "nl", "failed", problem=reason)
    records = [made(HOSTILE, n=5, pro="<b>"), failed]
    html = index_page(records, language="nl", title=HOSTILE, headline=labels)
    assert html.count("<script>") == html.count("</script>") == 1
    assert html.count("</style>") == 1
    assert "<b>" not in html
    assert titles(html) == [HOSTILE, HOSTILE]


def test_the_page_asks_for_nothing_and_allows_only_its_own_style_and_script() -> None:
    html = page([made("Eland", n=5)])
    policy = re.findall(r'Content-Security-Policy" content="(.*?)"', html)[0]
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert not re.search(r"https?:|//[a-z]|@import|url\(| style=| on[a-z]+=", html)


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/passwd", "//elsewhere/x.html", "C:/x.html", "javascript:alert(1)", "nl\\x.html"),
        *("../x.html", "nl/../../x.html", "nl/..", "nl//x.html", "./x.html", ""),
    ],
)
def test_a_path_that_leads_elsewhere_is_a_fault(path: str) -> None:
    records = [made("Eland", files={"pdf": path})]
    with pytest.raises(ValueError, match="inside the folder"):
        page(records)
    with pytest.raises(ValueError, match="inside the folder"):
        index_csv(records)


def test_paths_are_encoded() -> None:
    (row,) = rows(page([made("Eland", files={"html": 'nl/a b#c?d"é%2e:.html'})]))
    assert 'href="nl/a%20b%23c%3Fd%22%C3%A9%252e%3A.html"' in row


def test_filters_are_there_where_there_is_something_to_choose() -> None:
    assert "<select" not in page([made("Eland"), made("Otter")])
    languages = page([made("Eland"), made("Eland", "en")])
    assert re.findall(r'<select name="(\w+)"', languages) == ["language"]
    statuses = page([made("Eland"), without("Das", "failed")])
    assert re.findall(r'<option value="(\w*)"', statuses) == ["", "made", "failed"]


def test_a_batch_without_reports_says_so() -> None:
    assert "Er zijn geen rapporten." in page([])


# --- The table


def test_the_table_has_a_row_a_report() -> None:
    half = {"ipynb": "failed/nl/otter.ipynb"}
    records = [made("Éland", n=9, pro=5.5), without("Otter", "failed", files=half)]
    text = index_csv(records, headline=["pro"])
    assert text.startswith("\N{BOM}report,name,language,status,n,pro,html,pdf,ipynb,reason\r\n")
    eland, otter = table(text)
    assert list(eland.values())[:6] == ["Éland", "eland", "nl", "made", "9", "5.5"]
    assert (eland["html"], eland["pdf"], eland["reason"]) == ("nl/eland.html", "nl/eland.pdf", "")
    assert (otter["n"], otter["pro"], otter["html"]) == ("", "", "")
    assert otter["ipynb"] == "failed/nl/otter.ipynb"
    assert otter["reason"].startswith("elders: ")


def test_the_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "index.csv"
    text = index_csv([made('Eland, "de" Otter\n& Co', n=9)])
    path.write_bytes(text.encode())
    read = pd.read_csv(path)
    assert list(read["report"]) == ['Eland, "de" Otter\n& Co']
    assert list(read["n"]) == [9]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@sum", "\t=1", "\rx", "\nx", " =1", "\N{FULLWIDTH EQUALS SIGN}1"],
)
def test_a_text_that_a_spreadsheet_would_run_is_defused(text: str) -> None:
    (row,) = table(index_csv([made(text, pro=text)], headline=["pro"]))
    assert row["report"].startswith("'")
    assert row["pro"].startswith("'")


def test_numbers_and_harmless_texts_stay_as_they_are() -> None:
    (row,) = table(index_csv([made("a=b", pro=-0.25)], headline=["pro"]))
    assert (row["report"], row["pro"]) == ("a=b", "-0.25")


# --- The numbers


def test_the_numbers_are_typed_and_missing_where_a_report_lacks_them() -> None:
    records = [
        made("Eland", n=9, pro=5.5, level="scalar", whole=1, never=None),
        made("Otter", n=12, whole=0.5),
        without("Zwaluw", "withheld", numbers={"n": 4}),
    ]
    found = pq.read_table(pa.BufferReader(numbers_table(records)))
    assert found.schema.names == [
        *("name", "title", "language", "status"),
        *("level", "n", "never", "pro", "whole"),
    ]
    types = {field.name: str(field.type) for field in found.schema}
    assert types["n"] == "int64"
    assert types["level"] == types["title"] == "string"
    assert types["pro"] == types["whole"] == types["never"] == "double"
    assert found["title"].to_pylist() == ["Eland", "Otter", "Zwaluw"]
    assert found["n"].to_pylist() == [9, 12, None]
    assert found["pro"].to_pylist() == [5.5, None, None]
    assert found["level"].to_pylist() == ["scalar", None, None]


def test_a_number_may_not_take_the_place_of_a_column() -> None:
    with pytest.raises(ValueError, match="'title'"):
        numbers_table([Record("eland", "Eland", "nl", "made", numbers={"title": 1})])


def test_numbers_of_no_report_are_an_empty_table() -> None:
    assert pq.read_table(pa.BufferReader(numbers_table([]))).num_rows == 0


# --- In a browser

COUNT, NAMES = 430, ("Vrolijke Eland", "Stille Ørn", "Blauwe Otter", "Éénogige Das", "Rappe Straße")
LISTED = COUNT - sum(k % 40 == 8 for k in range(COUNT))
"""Those that are withheld stand above the table."""
VISIBLE = """[...document.querySelectorAll("tbody tr")].filter((row) => row.checkVisibility())
    .map((row) => row.cells[0].textContent)"""
TOLD = "document.getElementById('shown').textContent"


def many(folder: Path) -> list[Record]:
    """430 records of all kinds, and the files that they name; some under awkward names."""
    records = []
    for k in range(COUNT):
        stem = f"{k} #50% ?“é”" if k % 10 == 0 else f"unit-{k}"
        title = f"{NAMES[k % 5]} {k:03d}"
        if k % 40 == 7:
            failed = f"failed/nl/{stem}.ipynb"
            record = without(title, "failed", files={"ipynb": failed})
        elif k % 40 == 8:
            record = without(title, "withheld")
        else:
            record = made(title, "en" if k % 2 else "nl", name=stem, n=k, pro=(k * 37 % 430) / 100)
        records.append(record)
        for path in record.files.values():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).touch()
    return records


def _file_of(address: str) -> Path:
    return Path(unquote(urlparse(address).path))


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_the_index_of_430_reports_is_searched_sorted_and_followed(tmp_path: Path) -> None:
    index = tmp_path / "index.html"
    index.write_text(page(many(tmp_path)), encoding="utf-8")
    with a_page() as tab:
        tab.open(index.as_uri())
        assert len(tab.value(VISIBLE)) == LISTED
        assert tab.value(TOLD) == f"{LISTED} van {LISTED} rapporten"
        _searches(tab)
        _filters(tab)
        _sorts(tab)
        _remembers(tab, index)
        links = tab.value("[...document.links].map((link) => link.href)")
        assert len(links) > 3 * LISTED
        assert [link for link in links if not _file_of(link).is_file()] == []
        assert {urlparse(link).scheme for link in links} == {"file"}
        _stays_at_home(tab)


def _searches(tab: Page) -> None:
    """Type words: all must occur, without regard to accents and capitals."""
    tab.press("Tab")  # past the explanation of the statuses
    tab.press("Tab")
    assert tab.value("document.activeElement.type") == "search"
    tab.type("ORN 1")
    shown = tab.value(VISIBLE)
    assert shown
    assert all(name.startswith("Stille Ørn") and "1" in name for name in shown)
    assert tab.value(TOLD) == f"{len(shown)} van {LISTED} rapporten"
    tab.type("zzz")
    assert tab.value(VISIBLE) == []
    assert tab.value(TOLD).startswith("Niets gevonden.")
    tab.value("document.querySelector('[type=search]').select()")
    tab.type("eenogige 003")
    assert tab.value(VISIBLE) == ["Éénogige Das 003"]
    tab.value("document.querySelector('[type=search]').select()")
    tab.press("Backspace")
    assert len(tab.value(VISIBLE)) == LISTED


def _filters(tab: Page) -> None:
    """Choose with the keyboard."""
    tab.press("Tab")
    assert tab.value("document.activeElement.name") == "status"
    tab.type("Mislukt")
    assert len(tab.value(VISIBLE)) == 11
    assert "status=failed" in tab.value("location.hash")
    for _ in ("made", "all"):
        tab.press("ArrowUp")
    assert len(tab.value(VISIBLE)) == LISTED


def _sorts(tab: Page) -> None:
    """Click a head: the highest comes first, then the lowest; what has no number comes last."""
    values = """[...document.querySelectorAll("tbody tr")].map((row) =>
        row.querySelectorAll("[data-value]")[1]?.dataset.value ?? null)"""
    state = "document.querySelector('th:nth-child(4)').getAttribute('aria-sort')"
    for expected in ("descending", "ascending"):
        tab.click("th:nth-child(4) button")
        assert tab.value(state) == expected
        found = tab.value(values)
        known = [float(value) for value in found if value is not None]
        assert len(known) == LISTED - 11
        assert known == sorted(known, reverse=expected == "descending")
        assert found[-11:] == [None] * 11
    tab.value("document.querySelector('th:first-child button').focus()")
    tab.press("Enter")
    assert tab.value("document.querySelectorAll('[aria-sort]').length") == 1
    assert tab.value(VISIBLE)[0] == "Blauwe Otter 002"


def _remembers(tab: Page, index: Path) -> None:
    """Open a link to a search."""
    tab.open("about:blank")
    tab.open(f"{index.as_uri()}#q=STRASSE+otter&status=nonsense")
    assert tab.value(VISIBLE) == []
    assert tab.value("document.querySelector('[name=status]').selectedIndex") == 0
    tab.value("""new Promise((done) => {
        addEventListener("hashchange", () => done(0));
        location.hash = "q=strasse&language=en";
    })""")
    shown = tab.value(VISIBLE)
    assert shown
    assert all(name.startswith("Rappe Straße") for name in shown)


def _stays_at_home(tab: Page) -> None:
    asked = {event["request"]["url"] for event in tab.seen("Network.requestWillBeSent")}
    assert {urlparse(address).scheme for address in asked} == {"file"}
    assert tab.seen("Log.entryAdded") == []
    assert tab.seen("Runtime.exceptionThrown") == []


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_the_index_reads_on_a_phone_and_without_its_script(tmp_path: Path) -> None:
    index = tmp_path / "index.html"
    index.write_text(page(many(tmp_path)), encoding="utf-8")
    with a_page() as tab:
        tab.call("Emulation.setScriptExecutionDisabled", value=True)
        tab.call(
            "Emulation.setDeviceMetricsOverride",
            **{"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True},
        )
        tab.open(index.as_uri())
        assert len(tab.value(VISIBLE)) == LISTED
        assert tab.value("document.documentElement.scrollWidth") == 390
        assert not tab.value("document.getElementById('controls').checkVisibility()")
        label = "getComputedStyle(document.querySelector('td:nth-child(4)'), '::before').content"
        assert tab.value(label) == '"‘een van ons’ zijn"'  # noqa: RUF001
