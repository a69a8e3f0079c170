"""The index of a batch: a page to search, a table for spreadsheets, all numbers side by side."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import unicodedata
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import get_args
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from employer_identity.inert import in_spreadsheet, one_line
from employer_identity.language import LANGUAGES, Language, describe, listing, number, say
from employer_identity.reports.records import FORMATS, Record, Status, withheld

_TEMPLATE = Path(__file__).parent / "template"
_STATUSES: tuple[Status, ...] = get_args(Status)
_ALWAYS_COUNTED = ("made", "kept", "withheld", "failed")
_TOLD = ("withheld", "failed")  # these have a reason in place of numbers
_NOTHING = "–"  # noqa: RUF001  (an en dash stands for "no number here")
_RESPONDENTS = "n"
_WHAT = ("name", "title", "language", "status")
_JOINED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})
_Value = float | int | str | None


def index_page(
    records: Iterable[Record],
    *,
    language: Language,
    title: str,
    headline: Mapping[str, str] | None = None,
    apart: Sequence[str] = (),
) -> str:
    """Write one self-contained HTML page that lists every report and finds them as one types.

    ``index.html#q=some+words&status=failed&language=nl`` opens it with that search.

    Parameters
    ----------
    records
        The reports, in any order.
    language
        Language of the page.
    title
        What the batch is about.
    headline
        Key of a number in ``Record.numbers`` -> head of its column: the mean scores to be shown
        beside the number of respondents.
    apart
        Names of the mean scores that are left out, since they may not be compared.

    Raises
    ------
    ValueError
        If a file's path would lead out of the folder.
    """
    every = _sorted(records)
    listed = [record for record in every if record.status != "withheld"]
    columns = {_RESPONDENTS: say("index.head.n", language), **(headline or {})}
    style = "\n".join(
        [(_TEMPLATE / n).read_text(encoding="utf-8") for n in ("style.css", "index.css")]
        + [_columns_in_style(list(columns.values()), language)]
    )
    script = (_TEMPLATE / "index.js").read_text(encoding="utf-8")
    kicker = say("index.kicker", language)
    rows = "\n".join(_row(record, columns, language) for record in listed)
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(kicker)}: {escape(title)}</title>
<style>{style}</style>
</head>
<body class="index">
<main>
<header><p class="kicker">{escape(kicker)}</p><h1><bdi>{escape(title)}</bdi></h1></header>
{_summary(every, columns, apart, language)}
{_not_made(every, language)}
{_controls(listed, language)}
<table class="reports" id="reports">
<thead>{_head(columns, language)}</thead>
<tbody>
{rows}
</tbody>
</table>
</main>
<script>{script}</script>
</body>
</html>
"""


def comparable(records: Iterable[Record], pillars: Iterable[str]) -> tuple[str, ...]:
    """Return the pillars whose means may stand side by side.

    Not where reports give the mean and set it beside nobody's: then their groups may not be
    compared on it (`UnitStudy.unlike`). A report alone has nobody beside it either.
    """
    listed = [r for r in records if not _is_told(r)]
    return tuple(pillar for pillar in pillars if not _is_apart(listed, pillar))


def _is_apart(records: Sequence[Record], pillar: str) -> bool:
    mean, beside = f"mean_{pillar}", f"d_whole_{pillar}"
    giving = [r for r in records if _known(r, mean) is not None and beside in r.numbers]
    alone = len({r.name for r in giving}) < 2
    return not alone and any(_known(r, beside) is None for r in giving)


def index_csv(records: Iterable[Record], *, headline: Iterable[str] = ()) -> str:
    """Write the list of reports as CSV: report, name, language, status, n, numbers, files, reason.

    A reason is in the report's language; columns and statuses have the same names in all of them.
    The text opens with a byte order mark: Excel takes UTF-8 for another encoding without it, and
    names would lose their accents. A text that a spreadsheet would run as a formula gets an
    apostrophe before it.

    Parameters
    ----------
    records
        The reports, in any order.
    headline
        Keys of the numbers to give, besides the number of respondents.

    Raises
    ------
    ValueError
        If a file's path would lead out of the folder.
    """
    keys = (_RESPONDENTS, *headline)
    text = io.StringIO()
    lines = csv.writer(text)
    heads = ("report", "name", "language", "status", *keys, *FORMATS, "reason")
    lines.writerow(map(in_spreadsheet, heads))
    for record in _sorted(records):
        what = (record.title, record.name, record.language, record.status)
        numbers = [_known(record, key) for key in keys]
        files = [_checked(record.files[f]) if f in record.files else None for f in FORMATS]
        lines.writerow(
            map(in_spreadsheet, (*what, *numbers, *files, _reason(record, record.language)))
        )
    return "\N{BOM}" + text.getvalue()


def numbers_table(records: Iterable[Record]) -> bytes:
    """Write all numbers of all reports as Parquet, one row a report; missing where it gave none.

    Columns are name, title, language, status, then the numbers by their names, each of whole
    numbers, of numbers or of texts.

    Raises
    ------
    ValueError
        If a number is called as one of the other columns.
    """
    listed = _sorted(records)
    columns = {
        name: pa.array([str(getattr(r, name)) for r in listed], pa.string()) for name in _WHAT
    }
    for key in sorted({key for record in listed for key in record.numbers}):
        if key in columns:
            raise ValueError(f"a number may not be called {key!r}: the table has such a column")
        columns[key] = _column([_known(record, key) for record in listed])
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


def _column(values: list[_Value]) -> pa.Array:
    """Whole numbers, numbers, or texts as soon as one of them is."""
    known = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in known):
        return pa.array([None if v is None else str(v) for v in values], pa.string())
    if known and all(isinstance(value, int) for value in known):
        return pa.array(values, pa.int64())
    return pa.array([None if v is None else float(v) for v in values], pa.float64())


def _sorted(records: Iterable[Record]) -> list[Record]:
    """By title as people look it up, whatever its accents and capitals; then by language."""
    return sorted(records, key=lambda r: (_plain(r.title), r.title, r.language, r.name))


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(c for c in parts if unicodedata.category(c)[:1] not in "MC").translate(_JOINED)


def _known(record: Record, key: str) -> _Value:
    """One number of a report; None where it has none, or a reason is told instead."""
    value = None if _is_told(record) else record.numbers.get(key)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _reason(record: Record, language: Language) -> str:
    return describe(record.problem, language) if record.problem else ""


def _checked(path: str) -> str:
    """Return a path inside the folder; a path that leads elsewhere is a fault of the program."""
    parts = path.split("/")
    if {"", ".", ".."} & set(parts) or "\\" in path or re.match(r"[a-z][a-z0-9+.-]*:", path, re.I):
        raise ValueError(f"not a path inside the folder of the batch: {path!r}")
    return path


def _policy(style: str, script: str) -> str:
    """Allow this style and this script, and nothing else, from nowhere."""
    hashes = [b64encode(sha256(text.encode()).digest()).decode("ascii") for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _columns_in_style(labels: Sequence[str], language: Language) -> str:
    """Tell the style how many numbers there are, and what each is called where rows are cards."""
    first = 3  # after the report and its language
    names = [
        f'.reports td.value:nth-child({place}) {{ --label: "{_css_text(label)}"; }}'
        for place, label in enumerate(labels, start=first)
    ]
    sort = _css_text(say("index.sort", language))
    return "\n".join([f'.reports {{ --numbers: {len(labels)}; --sort: "{sort}"; }}', *names, ""])


def _css_text(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):x} " for c in text)


def _summary(
    records: Sequence[Record],
    columns: Mapping[str, str],
    apart: Sequence[str],
    language: Language,
) -> str:
    """Say how many reports there are of each kind, and what the kinds and the numbers mean."""
    if not records:
        return f'<p class="lead">{escape(say("index.empty", language))}</p>'
    counts = Counter(record.status for record in records)
    words = {status: say(f"index.status.{status}", language) for status in _STATUSES}
    parts = [
        f"{number(counts[status], ',', language)}\N{NO-BREAK SPACE}{word}"
        for status, word in words.items()
        if counts[status] or status in _ALWAYS_COUNTED
    ]
    text = say("index.counted", language, total=len(records), parts=listing(parts, language))
    meanings = "".join(
        f"<dt>{escape(_status(status, language))}</dt>"
        f"<dd>{escape(say(f'index.meaning.{status}', language))}</dd>"
        for status in _STATUSES
        if counts[status]
    )
    note = [say("index.means", language)] if len(columns) > 1 else []
    if apart:
        note.append(say("index.apart", language, named=listing(apart, language)))
    if any(_known(r, key) is None for r in records if not _is_told(r) for key in columns):
        note.append(say("index.nothing", language))
    about = f'<p class="note">{escape(" ".join(note))}</p>' if note else ""
    return (
        f'<p class="lead">{escape(text)}</p>{about}<details class="meanings">'
        f"<summary>{escape(say('index.meanings', language))}</summary><dl>{meanings}</dl></details>"
    )


def _not_made(records: Sequence[Record], language: Language) -> str:
    """Name whom no report is made of to protect people: each once, and each reason once."""
    told = []
    for found in withheld(records, language):
        if found.is_all:
            text = say("index.withheld.all", language, n=len(found.titles))
        else:
            named = listing([one_line(title) for title in found.titles], language)
            text = say("index.withheld.some", language, named=named)
        told.append(f'<p class="withheld">{escape(text)} {escape(found.reason)}</p>')
    return "\n".join(told)


def _status(status: Status, language: Language) -> str:
    word = say(f"index.status.{status}", language)
    return word[:1].upper() + word[1:]


def _controls(records: Sequence[Record], language: Language) -> str:
    """The search box and the filters; the script shows them, as without it they do nothing."""
    there = {r.status for r in records} | {r.language for r in records}
    statuses: dict[str, str] = {s: _status(s, language) for s in _STATUSES if s in there}
    languages: dict[str, str] = {
        k: say(f"index.language.{k}", language) for k in LANGUAGES if k in there
    }
    total = len(records)
    some = say("index.search.shown", language, shown="{shown}", total=total)
    return (
        '<div class="controls" id="controls" role="search" hidden>'
        f"<label>{escape(say('index.search.label', language))}"
        '<input type="search" name="q" autocomplete="off" spellcheck="false"></label>'
        f"{_filter('status', statuses, language)}{_filter('language', languages, language)}"
        f'<p id="shown" role="status" aria-live="polite" data-some="{escape(some)}" '
        f'data-none="{escape(say("index.search.none", language))}"></p></div>'
    )


def _filter(name: str, choices: Mapping[str, str], language: Language) -> str:
    """A choice among what there is; none where there is but one kind."""
    if len(choices) < 2:
        return ""
    options = "".join(
        f'<option value="{value}">{escape(word)}</option>'
        for value, word in {"": say("index.search.all", language), **choices}.items()
    )
    label = escape(say(f"index.head.{name}", language))
    return f'<label>{label}<select name="{name}">{options}</select></label>'


def _head(columns: Mapping[str, str], language: Language) -> str:
    def words(name: str) -> str:
        return escape(say(f"index.head.{name}", language))

    numbers = "".join(
        f'<th scope="col" class="value" data-sortable>{escape(label)}</th>'
        for label in columns.values()
    )
    return (
        f'<tr><th scope="col" data-sortable aria-sort="ascending">{words("report")}</th>'
        f'<th scope="col">{words("language")}</th>{numbers}'
        f'<th scope="col" class="files">{words("files")}</th>'
        f'<th scope="col">{words("status")}</th></tr>'
    )


def _is_told(record: Record) -> bool:
    """Whether a reason stands in place of a report's numbers."""
    return record.status in _TOLD


def _row(record: Record, columns: Mapping[str, str], language: Language) -> str:
    """One report: whom it is about, its numbers or why there are none, and its files."""
    title = f"<bdi>{escape(one_line(record.title))}</bdi>"
    if "html" in record.files and not _is_told(record):
        title = f'<a href="{_link(record.files["html"])}">{title}</a>'
    if _is_told(record):
        reason = escape(_reason(record, language))
        middle = f'<td class="reason" colspan="{len(columns)}">{reason}</td>'
    else:
        middle = "".join(_number(_known(record, key), language) for key in columns)
    files = "".join(
        f'<a href="{_link(record.files[kind])}">{escape(_file(record, kind, language))}</a>'
        for kind in FORMATS
        if kind in record.files
    )
    return (
        f'<tr data-status="{record.status}" data-language="{record.language}">'
        f'<th scope="row">{title}</th>'
        f"<td>{escape(say(f'index.language.{record.language}', language))}</td>{middle}"
        f'<td class="files">{files}</td><td>{escape(_status(record.status, language))}</td></tr>'
    )


def _number(value: _Value, language: Language) -> str:
    if value is None:
        return f'<td class="value">{_NOTHING}</td>'
    if isinstance(value, str):
        return f'<td class="value">{escape(value)}</td>'
    text = number(value, "," if isinstance(value, int) else ".2f", language)
    return f'<td class="value" data-value="{json.dumps(value)}">{text}</td>'


def _file(record: Record, kind: str, language: Language) -> str:
    is_half_run = record.status == "failed" and kind == "ipynb"
    return say("index.file.half_run" if is_half_run else f"index.file.{kind}", language)


def _link(path: str) -> str:
    return quote(_checked(path))
