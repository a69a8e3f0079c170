"""Names, labels and answers that would like to be code come out as texts, wherever that is."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from employer_identity import figures
from employer_identity.brand import levels
from employer_identity.drawing import picture
from employer_identity.errors import Problem
from employer_identity.inert import in_spreadsheet, one_line, plain
from employer_identity.language import describe
from employer_identity.questionnaire import Grouping
from employer_identity.reports.batch import Batch, batch
from employer_identity.reports.kernels import drop
from employer_identity.reports.latex import escaped
from employer_identity.reports.run import report
from employer_identity.suppression import decide
from employer_identity.survey import Survey
from tests.batches import town

TURN = "\N{RIGHT-TO-LEFT OVERRIDE}"
SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(2)>'
MATHS = r"$\frac{$ 5"
TEX = "\\input{/etc/passwd}\n\\write18{ls}%"
MARKS = "**bold** [link](javascript:alert(3)) _x_"
CELLS = ["=cmd|'/c calc'!A1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1", f"{TURN}=1+1", "＝1+1"]  # noqa: RUF001
EMPLOYERS = [SCRIPT, IMAGE, MATHS, TEX, CELLS[0], f"{TURN}Ark"]
HOSTILE = [SCRIPT, IMAGE, MATHS, TEX, MARKS, *CELLS]


def planted() -> Survey:
    """Return a survey whose employers, sectors, groups, items and titles are all hostile."""
    survey = town(
        {SCRIPT: dict.fromkeys(EMPLOYERS[:3], 60), CELLS[1]: dict.fromkeys(EMPLOYERS[3:], 60)}
    )
    given = survey.instrument
    rng = np.random.default_rng(4)
    groups = pd.Categorical(rng.choice([IMAGE, CELLS[3], MATHS], size=survey.n))
    names = iter(HOSTILE * 10)
    items = tuple(
        i.model_copy(update={"label": {"en": next(names)}, "wording": {"en": next(names)}})
        for i in given.items
    )
    pillars = tuple(p.model_copy(update={"label": {"en": next(names)}}) for p in given.pillars)
    outcomes = tuple(o.model_copy(update={"label": {"en": next(names)}}) for o in given.outcomes)
    instrument = given.model_copy(
        update={
            "title": {"en": f"{SCRIPT}{MATHS}{TURN}\n{TEX}"},
            "items": items,
            "pillars": pillars,
            "outcomes": outcomes,
            "groupings": (Grouping(column="group"),),
        }
    )
    answers = survey.answers.assign(group=groups)
    return replace(survey, answers=answers, instrument=instrument, source=f"{SCRIPT}.csv")


class Elements(HTMLParser):
    """What a page has: its elements, their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_inert(page: str, scripts: int = 0) -> Elements:
    """Refuse elements and attributes that only a name can have brought in."""
    found = Elements(page)
    assert found.tags.count("script") == scripts
    assert not [a for a, _ in found.attributes if a.startswith("on")]
    links = [str(v) for a, v in found.attributes if a in ("src", "href")]
    assert not [v for v in links if v == "x" or v.startswith("javascript")]
    assert TURN not in page
    return found


@pytest.fixture(scope="module")
def survey() -> Survey:
    return planted()


@pytest.fixture(scope="module")
def made(survey: Survey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Batch]:
    folder = tmp_path_factory.mktemp("hostile") / "out"
    yield batch(
        "employer_report",
        survey=survey,
        output=folder,
        languages=["en"],
        formats=["html", "ipynb"],
        jobs=1,
    )
    drop()


# --- One by one


@pytest.mark.parametrize("text", CELLS)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert in_spreadsheet(text) == f"'{text}"


def test_numbers_and_plain_texts_stay() -> None:
    assert [in_spreadsheet(x) for x in (-1, 2.5, None, "Ark", "a=b")] == [
        -1,
        2.5,
        None,
        "Ark",
        "a=b",
    ]


def test_nothing_turns_a_line_around() -> None:
    assert plain(f"a{TURN}b\x1b[31m") == "ab [31m"
    assert one_line("a\nb") == "a b"
    message = describe(Problem("unit.unknown", f"{TURN}x\x1b", values={"known": "-"}), "en")
    assert TURN not in message
    assert "\x1b" not in message


def test_latex_has_no_command_of_a_name() -> None:
    for text in HOSTILE:
        found = escaped(text)
        assert "\n" not in found
        assert not re.search(r"\\(input|write|frac)", found)


def test_a_figure_takes_a_dollar_for_a_dollar(survey: Survey) -> None:
    drawn = figures.levels(levels(survey), survey.instrument, language="en")
    ElementTree.fromstring(picture(drawn.content, "svg"))
    assert_inert(drawn._repr_html_())
    assert_inert(survey._repr_html_())


def test_the_decision_is_no_sheet_of_formulas(survey: Survey) -> None:
    rows = list(csv.reader(io.StringIO(decide(survey).to_csv())))
    assert {"'" + CELLS[0], "'" + CELLS[1], "'" + CELLS[3]} <= {
        cell for row in rows for cell in row
    }
    assert not [c for row in rows for c in row if c.startswith(("=", "+", "-", "@", "\t", "\r"))]


# --- All at once


@pytest.mark.slow
@pytest.mark.notebook
def test_the_reports_of_a_batch_are_inert(made: Batch) -> None:
    assert made.counts == {"made": len(EMPLOYERS)}
    for record in made.records:
        assert re.fullmatch(r"[a-z0-9-]+", record.name)
        found = assert_inert((made.folder / record.files["html"]).read_text(encoding="utf-8"))
        assert one_line(record.title) in found.text
        notebook = nbformat.read(made.folder / record.files["ipynb"], as_version=4)
        for output in (o for c in notebook.cells for o in c.get("outputs", [])):
            assert_inert(output.get("data", {}).get("text/html", ""))


@pytest.mark.slow
@pytest.mark.notebook
def test_the_index_and_its_tables_are_inert(made: Batch) -> None:
    found = assert_inert(made.index.read_text(encoding="utf-8"), scripts=1)
    assert SCRIPT in found.text
    for name in ("index.csv", "suppression.csv"):
        text = (made.folder / name).read_text(encoding="utf-8-sig")
        cells = [c for row in csv.reader(io.StringIO(text, newline="")) for c in row]
        assert not [c for c in cells if c.startswith(("=", "+", "-", "@", "\t", "\r"))]
    kept = pq.read_table(made.folder / "numbers.parquet")["title"].to_pylist()
    assert set(kept) == set(EMPLOYERS)  # as it is


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.parametrize(
    ("template", "asked"),
    [
        ("employer_brand_study", "group"),
        ("measurement_report", "groups"),
    ],
)
def test_a_study_and_its_tables_are_inert(
    survey: Survey, tmp_path: Path, template: str, asked: str
) -> None:
    tables = [tmp_path / "tables.tex", tmp_path / "tables.docx"]
    page = report(
        template, survey=survey, language="en", output=tmp_path / "study.html", tables=tables,
        **{asked: "group"},
    )  # fmt: skip
    found = assert_inert(page.read_text(encoding="utf-8"))
    assert SCRIPT in found.text
    assert MATHS in found.text
    tex = tables[0].read_text(encoding="utf-8")
    assert not re.search(r"^[^%\n]*\\(input\{/|write18)", tex, re.MULTILINE)
    assert TURN not in tex
    with zipfile.ZipFile(tables[1]) as word:
        document = ElementTree.fromstring(word.read("word/document.xml"))
    text = "".join(document.itertext())
    assert SCRIPT in text
    fields = document.iter(
        "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}fldSimple"
    )
    assert all("SEQ" in value for f in fields for value in f.attrib.values())


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.skipif(not shutil.which("pdfinfo"), reason="pdfinfo reads what a PDF says of itself")
def test_a_pdf_says_its_title_as_it_is(survey: Survey, tmp_path: Path) -> None:
    pdf = report("employer_report", survey=survey, employer=SCRIPT, language="en",
                 output=tmp_path / "unit.pdf")  # fmt: skip
    told = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, check=True).stdout
    assert SCRIPT in told
    assert "JavaScript:      no" in told
