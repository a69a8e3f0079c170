"""Tables as files for a manuscript: what Word and LaTeX get is what the report shows."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import docx
import nbformat
import pytest
from docx.oxml.ns import qn

from employer_identity.errors import ReportError
from employer_identity.privacy import Cells
from employer_identity.reports import table_files
from employer_identity.reports.latex import escaped, write_latex
from employer_identity.reports.manuscript import Manuscript, Table
from employer_identity.reports.run import report
from employer_identity.reports.table_files import check_table_files, manuscript
from employer_identity.reports.word import write_word

PLAIN = Cells(
    ("item", "χ² (df)"),
    (False, True),
    (
        ("one", ("50% & a_b", "-0.25")),
        ("two", ("[bracket]", "1,234.50 (12)")),
        ("one", ("again", "–")),  # noqa: RUF001
    ),
    "Δ is a change.",
)
LONG = Cells(("x",), (True,), tuple(("", (f"{k}",)) for k in range(80)))


@pytest.fixture
def two() -> Manuscript:
    return Manuscript(
        "A title", "en", (Table(1, "fit", "The fit", PLAIN), Table(2, "b_1", "B", LONG))
    )


@pytest.fixture
def word(two: Manuscript) -> Any:
    return docx.Document(io.BytesIO(write_word(two)))


def texts(row: Any) -> list[str]:
    return list(dict.fromkeys(cell.text for cell in row.cells))


def whole(paragraph: Any) -> str:
    """Return a paragraph's text with the number that Word counts."""
    return "".join(t.text for t in paragraph._p.iter(qn("w:t")))


def test_rows_are_gathered_under_their_headings(two: Manuscript) -> None:
    lines = list(two.tables[0].lines())
    assert lines == [
        "one", PLAIN.rows[0][1], PLAIN.rows[2][1], "two", PLAIN.rows[1][1],
    ]  # fmt: skip
    assert sum(two.tables[0].shares()) == pytest.approx(1.0)


def test_word_gives_the_table_back(word: Any) -> None:
    first, second = word.tables
    assert texts(first.rows[0]) == ["item", "χ² (df)"]
    assert [texts(row) for row in first.rows[1:]] == [
        ["one"], ["50% & a_b", "-0.25"], ["again", "–"], ["two"], ["[bracket]", "1,234.50 (12)"],  # noqa: RUF001
    ]  # fmt: skip
    assert len(second.rows) == 81
    said = [whole(p) for p in word.paragraphs if whole(p)]
    assert said == ["Table 1", "The fit", "Note. Δ is a change.", "Table 2", "B"]
    assert [p.style.name for p in word.paragraphs if whole(p).startswith("Table")] == [
        "Caption"
    ] * 2
    assert word.core_properties.title == "A title"


def test_word_repeats_heads_and_draws_three_rules(word: Any) -> None:
    for table in word.tables:
        heads = [row._tr.find(f"./{qn('w:trPr')}/{qn('w:tblHeader')}") for row in table.rows]
        assert heads[0] is not None
        assert all(head is None for head in heads[1:])
        ruled = [
            {side.tag.split("}")[1] for side in row._tr.iter(qn("w:top"), qn("w:bottom"))}
            for row in table.rows
        ]
        assert ruled[0] == {"top", "bottom"}
        assert ruled[-1] == {"bottom"}
        assert not any(ruled[1:-1])


def test_the_same_tables_give_the_same_bytes(two: Manuscript) -> None:
    one, other = write_word(two), write_word(two)
    assert one == other
    with zipfile.ZipFile(io.BytesIO(one)) as parts:
        assert parts.testzip() is None


def balanced(text: str) -> bool:
    """Whether braces match, those that are escaped aside."""
    depth = 0
    for sign in re.sub(r"\\[\\{}]", "", text):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth < 0:
            return False
    return depth == 0


def test_latex_is_whole(two: Manuscript) -> None:
    text = write_latex(two).decode()
    assert balanced(text)
    for name in re.findall(r"\\begin\{(\w+)\}", text):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}")
    rows = [line for line in text.splitlines() if line.endswith(r"\\") and " & " in line]
    assert all(len(re.findall(r"(?<!\\)&", row)) == 1 for row in rows)
    assert r"50\% \& a\_b & $-$0.25 \\" in text
    assert r"{}[bracket] & 1,234.50 (12) \\" in text
    assert r"\caption{The fit}\label{tab:fit}" in text
    assert r"\emph{Note.} $\Delta$ is a change." in text
    assert text.count(r"\endhead") == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("χ²", r"$\chi$$^2$"),
        ("θ, Φ, λ", r"$\theta$, $\Phi$, $\lambda$"),
        ("2022-23", "2022-23"),
        ("-0.1 to -0.2", "$-$0.1 to $-$0.2"),
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("een ‘punt’", "een `punt'"),  # noqa: RUF001
    ],
)
def test_signs_are_written_so_that_latex_sets_them(text: str, expected: str) -> None:
    assert escaped(text) == expected


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX")
def test_latex_compiles(two: Manuscript, tmp_path: Path) -> None:
    (tmp_path / "t.tex").write_bytes(write_latex(two))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    assert (tmp_path / "t.pdf").exists()


def piece(role: str, **about: object) -> nbformat.NotebookNode:
    return nbformat.v4.new_output(
        "display_data",
        {"text/plain": role},
        metadata={"employer_identity": {"role": role, **about}},
    )


def test_only_what_the_report_shows_is_taken_with_its_numbers() -> None:
    cells = {"heads": ["x"], "right": [True], "rows": [["", ["1"]]], "note": ""}
    outputs = [
        piece("title", title="T", language="nl"),
        piece("table", id="a", caption="A", cells=cells),
        piece("figure", id="f", caption="F"),
        piece("table", id="b", caption="B", cells=cells),
        nbformat.v4.new_output("stream", text="a table that was printed"),
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=outputs)])
    found = manuscript(notebook)
    assert (found.title, found.language) == ("T", "nl")
    assert [(t.number, t.key, t.caption) for t in found.tables] == [(1, "a", "A"), (2, "b", "B")]
    assert found.tables[0].cells == Cells(("x",), (True,), (("", ("1",)),))


def test_files_that_cannot_be_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("employer_identity.reports.run.execute", lambda *_: pytest.fail("it ran"))
    wrong = [tmp_path / "t.pdf", tmp_path / "none" / "t.tex"]
    with pytest.raises(ReportError) as caught:
        report(tables=wrong, output=tmp_path / "r.html")
    codes = [p.code for p in caught.value.problems]
    assert codes == ["manuscript.unknown_file", "report.no_such_folder"]
    check_table_files([tmp_path / "t.docx", tmp_path / "T.TEX"])


def test_without_python_docx_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "docx", None)
    with pytest.raises(ReportError, match="pip install python-docx"):
        check_table_files([tmp_path / "t.docx"])
    check_table_files([tmp_path / "t.tex"])
    assert table_files.missing_word() is not None
