"""Tables as a Word document: three rules, captions that Word can list, heads on every page."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from employer_identity.errors import Problem
from employer_identity.language import say
from employer_identity.reports.manuscript import Manuscript, Table

_FONT, _SIZE = "Times New Roman", 9.5
_RULE = {"val": "single", "sz": "8", "space": "0", "color": "000000"}  # sz: eighths of a point
_MARGIN = "60"  # at the sides of a cell, in twentieths of a point
_LOCALE = {"en": "en-GB", "nl": "nl-NL"}
_DAY = (2000, 1, 1, 0, 0, 0)  # the same tables give the same bytes


def missing_word() -> Problem | None:
    """Say what is missing to write Word documents; None if nothing is."""
    try:
        import docx  # noqa: F401  (whether it is there)
    except ImportError:
        return Problem("manuscript.no_word")
    return None


def write_word(manuscript: Manuscript) -> bytes:
    """Write all tables of a report."""
    document = _document(manuscript)
    for table in manuscript.tables:
        _caption(document, table, say("manuscript.table", manuscript.language))
        _table(document, table)
        _note(document, table, say("manuscript.note", manuscript.language))
    written = io.BytesIO()
    document.save(written)
    return _without_time(written.getvalue())


def _document(manuscript: Manuscript) -> Any:
    """Begin a document: A4 on its side, plain type, the language for Word's own spelling."""
    import datetime

    import docx
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm, Pt

    document = docx.Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)
    for name in ("Normal", "Caption"):
        style = document.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = _FONT, Pt(_SIZE), None
        style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(0)
    document.styles["Caption"].font.bold = None
    locale = _LOCALE[manuscript.language]
    defaults = document.styles.element.find(".//" + _named("w:rPrDefault"))
    for lang in defaults.iter(_named("w:lang")):
        lang.set(_named("w:val"), locale)
    about = document.core_properties
    about.title, about.author, about.comments = manuscript.title, "", ""
    about.language = locale
    about.created = about.modified = datetime.datetime(*_DAY)
    return document


def _caption(document: Any, table: Table, word: str) -> None:
    """Write number and caption above a table, as a caption that Word counts and lists."""
    from docx.shared import Pt

    above = document.add_paragraph(style="Caption")
    above.paragraph_format.space_before = Pt(18)
    above.add_run(f"{word} ").bold = True
    _count(above, word, str(table.number))
    below = document.add_paragraph()
    below.add_run(table.caption).italic = True
    below.paragraph_format.space_before, below.paragraph_format.space_after = Pt(4), Pt(6)
    for paragraph in (above, below):
        paragraph.paragraph_format.keep_with_next = True


def _count(paragraph: Any, word: str, number: str) -> None:
    """Add Word's own counter of such captions, showing the number that it will count."""
    from docx.oxml import OxmlElement

    field = OxmlElement("w:fldSimple")
    field.set(_named("w:instr"), rf"SEQ {word} \* ARABIC")
    run = paragraph.add_run(number)
    run.bold = True
    field.append(run._r)
    paragraph._p.append(field)


def _table(document: Any, table: Table) -> None:
    """Write heads and rows between three rules."""
    lines = list(table.lines())
    grid = document.add_table(rows=1 + len(lines), cols=len(table.cells.heads))
    grid.autofit = False
    margins = _element("w:tblCellMar", {})
    for side in ("left", "right"):
        margins.append(_element(f"w:{side}", {"w": _MARGIN, "type": "dxa"}))
    grid._tbl.tblPr.append(margins)
    section = document.sections[0]
    room = section.page_width - section.left_margin - section.right_margin
    widths = [int(room * share) for share in table.shares()]
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
    rows = list(grid.rows)  # each look-up would count them anew
    _row(rows[0], table.cells.heads, table.cells.right, widths)
    _property(rows[0]._tr.get_or_add_trPr(), "w:tblHeader")
    _rules(rows[0], "top", "bottom")
    for row, line in zip(rows[1:], lines, strict=True):
        if isinstance(line, str):
            _heading(row, line)
        else:
            _row(row, line, table.cells.right, widths)
    _rules(rows[-1], "bottom")


def _row(row: Any, texts: tuple[str, ...], right: tuple[bool, ...], widths: list[int]) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    _property(row._tr.get_or_add_trPr(), "w:cantSplit")
    for cell, text, to_right, width in zip(row.cells, texts, right, widths, strict=True):
        cell.width = width
        paragraph = cell.paragraphs[0]
        paragraph.add_run(text)
        if to_right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _heading(row: Any, text: str) -> None:
    """Write a heading between rows, over all columns and never alone at the foot of a page."""
    from docx.shared import Pt

    cells = row.cells
    paragraph = cells[0].merge(cells[-1]).paragraphs[0]
    paragraph.add_run(text).bold = True
    paragraph.paragraph_format.space_before = Pt(4)
    paragraph.paragraph_format.keep_with_next = True


def _note(document: Any, table: Table, word: str) -> None:
    """Write the note under a table."""
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(4)
    if table.cells.note:
        paragraph.add_run(f"{word} ").italic = True
        paragraph.add_run(table.cells.note)


def _rules(row: Any, *sides: str) -> None:
    """Draw rules at sides of a row's cells."""
    from docx.oxml import OxmlElement

    for cell in dict.fromkeys(row._tr.tc_lst):
        borders = OxmlElement("w:tcBorders")
        for side in sides:
            borders.append(_element(f"w:{side}", _RULE))
        cell.get_or_add_tcPr().append(borders)


def _property(properties: Any, name: str) -> None:
    properties.append(_element(name, {}))


def _element(name: str, values: Mapping[str, str]) -> Any:
    from docx.oxml import OxmlElement

    element = OxmlElement(name)
    for key, value in values.items():
        element.set(_named(f"w:{key}"), value)
    return element


def _named(name: str) -> str:
    """Return the full name of an element or attribute."""
    from docx.oxml.ns import qn

    return str(qn(name))


def _without_time(document: bytes) -> bytes:
    """Write the parts of a document again without the time at which they were written."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as parts, zipfile.ZipFile(written, "w") as again:
        for name in parts.namelist():
            again.writestr(zipfile.ZipInfo(name, _DAY), parts.read(name), zipfile.ZIP_DEFLATED)
    return written.getvalue()
