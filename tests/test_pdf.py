"""PDFs of reports: whole and readable by all, the same every time, and quiet."""

from __future__ import annotations

import io
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from nbformat import v4
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import Destination

from employer_identity.errors import Problem, ReportError
from employer_identity.language import describe
from employer_identity.reports import browser, pdf
from employer_identity.reports.render import export

DOT = (  # a picture of one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
ALT = "Staven van de antwoorden: één vraag het hoogst, 5,2"
TITLE = "Verbindend <werk> & “wij”"
SECTIONS = [("glance", "", "In één oogopslag"), ("survey", "1", "Over het onderzoek")]
SECTIONS += [("items", "A", "De vragen")]


def piece(html: str, role: str, **about: object) -> Any:
    """Return what a notebook has shown."""
    metadata = {"employer_identity": {"role": role, **about}}
    return v4.new_output("display_data", {"text/html": html}, metadata=metadata)


def report(language: str = "nl") -> str:
    """Return a small report: cover, contents, three sections, a figure, a long table."""
    about = {"title": TITLE, "kicker": "Onderzoek", "contents": "Inhoud", "pillars": 4}
    title = "Verbindend &lt;werk&gt; &amp; “wij”"
    pieces = [piece(f"<h1>{title}</h1>", "title", language=language, **about)]
    for key, mark, words in SECTIONS:
        number = f'<span class="number">{mark}</span> ' if mark else ""
        html = f'<h2 id="{key}" class="chapter">{number}{words}</h2>'
        pieces += [piece(html, "section", id=key, title=words, number=mark)]
        pieces += [piece("<h3>Nader bekeken</h3><p>Een alinea met afbreekwoorden.</p>", "text")]
    picture = piece("", "figure", id="answers", alt=ALT, caption="De antwoorden")
    picture["data"] = {"image/png": DOT}
    rows = "".join(f"<tr><th>Vraag {n}</th><td>{n},5</td></tr>" for n in range(70))
    head = "<thead><tr><th>vraag</th><th>gemiddelde</th></tr></thead>"
    table = f'<table class="gt_table">{head}<tbody>{rows}</tbody></table>'
    pieces += [picture, piece(table, "table", id="means", caption="Gemiddelden")]
    cell = v4.new_code_cell("", outputs=pieces)
    return export(v4.new_notebook(cells=[cell]))


@pytest.fixture(autouse=True)
def chosen_anew() -> Iterator[None]:
    """Let each test look for a maker of its own."""
    caches = (pdf.pdf_maker, pdf._weasyprint, browser.browser)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.fixture
def weasyprint() -> ModuleType:
    """WeasyPrint, or a skip that says what is missing."""
    found = pdf._weasyprint()
    if isinstance(found, Problem):
        pytest.skip(describe(found))
    return found


@pytest.fixture
def installed_browser() -> None:
    """An installed browser, or a skip."""
    if browser.browser() is None:
        pytest.skip("no Chromium, Chrome or Edge that prints is installed")


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content), strict=True)


def elements(reader: PdfReader) -> list[dict[str, Any]]:
    """Return the elements of the structure tree in reading order."""
    found: list[dict[str, Any]] = []

    def walk(node: Any) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict) and "/S" in node:
            found.append(node)
            walk(node.get("/K", []))

    walk(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])
    return found


def outline(reader: PdfReader) -> dict[str, int]:
    """Return the titles of the outline, each with its page from one."""
    places: dict[str, int] = {}

    def walk(entries: list[Any]) -> None:
        for entry in entries:
            if isinstance(entry, Destination):
                number = reader.get_destination_page_number(entry)
                title = re.sub(r"^(\w) ", r"\1", str(entry.title))  # a browser leaves no space
                places[title] = -1 if number is None else number + 1
            else:
                walk(entry)

    walk(reader.outline)
    return places


def check_document(content: bytes) -> PdfReader:
    """Check what holds for a PDF of either maker."""
    reader = read(content)
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "nl"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == TITLE
    found = elements(reader)
    assert [e["/Alt"] for e in found if "/Alt" in e] == [ALT]
    kinds = [str(e["/S"]) for e in found]
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == 4  # with the contents
    assert kinds.count("/H3") == 3
    assert {"/Table", "/TR", "/TH", "/TD", "/Link", "/L", "/Figure"} <= set(kinds)
    places = outline(reader)
    titles = [mark + words for _, mark, words in SECTIONS]
    assert [entry for entry in places if entry in titles] == titles
    texts = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert "pagina" not in texts[0]
    for n, text in enumerate(texts[1:], start=2):
        assert f"pagina {n} van {len(texts)}" in text
        assert f"Onderzoek · {TITLE}" in text
    for _, mark, words in SECTIONS:
        assert words in texts[places[mark + words] - 1]
    assert len(texts) == 5  # cover, contents, sections that follow one another on three
    assert "vraag gemiddelde" in texts[-1]  # the head of a table is said again
    assert b"/CreationDate" not in content
    return reader


# --- WeasyPrint


@pytest.mark.usefixtures("weasyprint")
def test_what_weasyprint_makes() -> None:
    assert pdf.pdf_maker() == "weasyprint"
    content = pdf.write_pdf(report())
    reader = check_document(content)
    figures = [e for e in elements(reader) if e["/S"] == "/Figure"]
    assert all("/Alt" in figure for figure in figures)  # the cover's ornament is none
    contents = " ".join(reader.pages[1].extract_text().split())
    places = outline(reader)
    for _, mark, words in SECTIONS:
        assert f"{words} {places[mark + words]}" in contents


@pytest.mark.usefixtures("weasyprint")
def test_the_language_is_the_documents() -> None:
    reader = read(pdf.write_pdf(report("en")))
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert f"page 2 of {len(reader.pages)}" in reader.pages[1].extract_text()


ELSEWHERE = """
import sys, time
real, shift = time.time, float(sys.argv[2])
time.time = lambda: real() + shift
from hashlib import sha256
from pathlib import Path
from employer_identity.reports.pdf import write_pdf
print(sha256(write_pdf(Path(sys.argv[1]).read_text(encoding="utf-8"))).hexdigest())
"""


@pytest.mark.usefixtures("weasyprint")
def test_the_same_page_gives_the_same_bytes_anywhere(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(report(), encoding="utf-8")

    def elsewhere(seed: str, days: int, epoch: str) -> str:
        command = [sys.executable, "-c", ELSEWHERE, "page.html", str(86_400 * days)]
        faked = {"PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": epoch}
        path = {"PYTHONPATH": str(Path(__file__).parents[1])}
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=tmp_path,
            env=os.environ | faked | path,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout

    assert elsewhere("1", 0, "0") == elsewhere("2", 400, "1700000000")


@pytest.mark.usefixtures("weasyprint")
def test_what_was_made_before_leaves_no_trace() -> None:
    first = pdf.write_pdf(report())
    other = pdf.write_pdf(report("en").replace("Vraag", "Ænderung ‰"))
    assert other != first
    assert pdf.write_pdf(report()) == first


@pytest.mark.usefixtures("weasyprint")
def test_css_it_does_not_know_is_nobodys_business(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    pdf.pdf_maker()
    with caplog.at_level(logging.INFO):
        pdf.write_pdf(report().replace("<style>", "<style> p { no-such: thing; text-wrap: 3 } "))
    assert caplog.records == []
    assert tuple(capfd.readouterr()) == ("", "")


def outside_page(picture: Path, port: int) -> str:
    """Return a page that holds one picture and asks for two more."""
    inside = f"data:image/png;base64,{DOT}"
    addresses = (inside, picture.as_uri(), f"http://127.0.0.1:{port}/dot.png")
    pictures = "".join(f'<img src="{a}" alt="dot" width="9">' for a in addresses)
    return f'<!DOCTYPE html><html lang="en"><head><title>T</title></head><body>{pictures}</body>'


def check_it_asks_for_nothing(make: Callable[[str], bytes], folder: Path) -> None:
    """Check that a page has its own picture, and nobody was asked for another."""
    picture = folder / "dots.png"
    Image.new("RGB", (3, 2)).save(picture)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        content = make(outside_page(picture, server.getsockname()[1]))
        with pytest.raises(BlockingIOError):
            server.accept()
    sizes = [image.image.size for image in read(content).pages[0].images if image.image]
    assert (1, 1) in sizes  # its own
    assert (3, 2) not in sizes  # the file's; a browser draws a broken picture for it


@pytest.mark.usefixtures("weasyprint")
def test_weasyprint_asks_for_nothing(tmp_path: Path) -> None:
    check_it_asks_for_nothing(pdf.write_pdf, tmp_path)


@pytest.mark.usefixtures("weasyprint")
def test_no_text_has_a_feature_whose_memory_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    from weasyprint.text import line_break

    used: list[dict[str, int]] = []
    real = line_break.font_features

    def watched(*settings: Any) -> Any:
        used.append(real(*settings))
        return used[-1]

    monkeypatch.setattr(line_break, "font_features", watched)
    pdf.write_pdf(report())  # its tables ask for figures of one width
    assert used
    assert not any(used)


def test_a_layout_that_fails_is_a_refusal(
    weasyprint: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecursionError("an answer of somebody")

    monkeypatch.setattr(weasyprint.HTML, "write_pdf", fail)
    with pytest.raises(ReportError, match="RecursionError") as caught:
        pdf.write_pdf(report())
    assert [p.code for p in caught.value.problems] == ["pdf.layout_failed"]
    assert "somebody" not in str(caught.value)


# --- What there is


@pytest.fixture
def no_weasyprint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A PATH on which there is nothing but what a test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.mark.usefixtures("no_weasyprint", "no_browser")
def test_nothing_that_makes_pdfs() -> None:
    with pytest.raises(ReportError, match="pip install weasyprint") as caught:
        pdf.pdf_maker()
    assert [p.code for p in caught.value.problems] == ["pdf.no_weasyprint", "pdf.no_browser"]
    with pytest.raises(ReportError):
        pdf.write_pdf(report())


@pytest.mark.usefixtures("no_browser")
def test_weasyprint_without_pango(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = 'print("advice of its own")\nraise OSError("cannot load library")\n'
    (tmp_path / "weasyprint.py").write_text(broken)
    monkeypatch.setitem(sys.modules, "weasyprint", None)  # so that the real one comes back
    del sys.modules["weasyprint"]
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ReportError, match="pango") as caught:
        pdf.pdf_maker()
    assert [p.code for p in caught.value.problems] == ["pdf.no_pango", "pdf.no_browser"]
    assert tuple(capfd.readouterr()) == ("", "")


FAKE = """#!{python}
import sys, time
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname
if {sandboxed} and "--no-sandbox" not in sys.argv:
    sys.exit("no usable sandbox")
page = Path(url2pathname(urlparse(sys.argv[-1]).path)).read_bytes()
out = next(a for a in sys.argv if a.startswith("--print-to-pdf=")).partition("=")[2]
time.sleep({sleep} if b"</html>" in page else 0)
date = b"/CreationDate (D:20261124123012+00'00') (node00000%d)" % (200 + time.time_ns() % 700)
Path(out).write_bytes(b"%PDF-1.4 " + page + date + b"/End {end}")
"""


def put(folder: Path, *, sandboxed: bool = False, sleep: float = 0, end: str = "%%EOF") -> None:
    """Put a browser on the PATH that answers with what it was given."""
    program = folder / "google-chrome"
    script = FAKE.format(python=sys.executable, sandboxed=sandboxed, sleep=sleep, end=end)
    program.write_text(script, encoding="utf-8")
    program.chmod(0o755)


posix = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a #! line")


@posix
@pytest.mark.usefixtures("no_weasyprint")
def test_a_browser_is_second(no_browser: Path) -> None:
    put(no_browser)
    assert pdf.pdf_maker() == "chromium"
    assert browser.browser() == (str(no_browser / "google-chrome"),)
    assert "page numbers" in pdf.made_by("en")
    assert "paginanummers" in pdf.made_by("nl")
    printed = pdf.write_pdf(report())
    assert b"default-src 'none'; img-src data:" in printed
    assert printed.endswith(b"</html>" + b" " * 39 + b" (node00000001)/End %%EOF")
    assert pdf.write_pdf(report()) == printed  # whatever day it is


@posix
@pytest.mark.usefixtures("no_weasyprint")
def test_the_sandbox_is_given_up_only_where_it_must(no_browser: Path) -> None:
    put(no_browser, sandboxed=True)
    assert browser.browser() == (str(no_browser / "google-chrome"), "--no-sandbox")


@posix
@pytest.mark.usefixtures("no_weasyprint")
@pytest.mark.parametrize("broken", [{"end": "half"}, {"sandboxed": 2, "end": ""}])
def test_a_browser_that_does_not_print_is_none(no_browser: Path, broken: dict[str, Any]) -> None:
    put(no_browser, **broken)
    with pytest.raises(ReportError) as caught:
        pdf.pdf_maker()
    assert [p.code for p in caught.value.problems] == ["pdf.no_weasyprint", "pdf.no_browser"]


@posix
@pytest.mark.usefixtures("no_weasyprint")
def test_a_browser_that_hangs_is_ended(no_browser: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(no_browser, sleep=600)
    assert pdf.pdf_maker() == "chromium"
    monkeypatch.setattr(browser, "SECONDS", 2)
    with pytest.raises(ReportError, match="2 seconds") as caught:
        pdf.write_pdf(report())
    assert [p.code for p in caught.value.problems] == ["pdf.browser_failed"]


@posix
def test_the_choice_is_made_once(weasyprint: ModuleType, no_browser: Path) -> None:
    put(no_browser)
    assert weasyprint
    assert pdf.pdf_maker() == "weasyprint"  # the first choice, also with a browser there
    assert pdf.made_by("nl") == "De pdf's worden gemaakt met WeasyPrint."
    pdf._weasyprint.cache_clear()
    assert pdf.pdf_maker() == "weasyprint"


# --- A real browser


@pytest.mark.browser
@pytest.mark.usefixtures("installed_browser", "no_weasyprint")
def test_what_a_browser_makes() -> None:
    first, second = pdf.write_pdf(report()), pdf.write_pdf(report())
    check_document(first)
    assert first == second


@pytest.mark.browser
@pytest.mark.usefixtures("installed_browser", "no_weasyprint")
def test_a_browser_asks_for_nothing(tmp_path: Path) -> None:
    check_it_asks_for_nothing(pdf.write_pdf, tmp_path)
