"""Reading files: formats, header habits, several files as one survey, and every refusal."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import random
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

import employer_identity as ei
from employer_identity.errors import SurveyError
from employer_identity.intake import excel, text
from employer_identity.intake.files import READERS, read
from employer_identity.intake.raw import Raw
from employer_identity.language import LANGUAGES, describe

PRIVATE = "Marijke said so"  # stands for an answer that no message may repeat


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def cells(raw: Raw) -> list[list[Any]]:
    """All cells, None where one is missing."""
    frame = raw.frame.astype(object)
    return frame.where(frame.notna(), None).to_numpy().tolist()


def changed(raw: Raw) -> dict[str, int]:
    """What was changed or is doubtful: code -> count; each has its sentence."""
    assert all(describe(problem, language) for problem in raw.changes for language in LANGUAGES)
    return {problem.code.rpartition(".")[2]: problem.count for problem in raw.changes}


def refused(*paths: Path) -> tuple[str, int]:
    """Code and count of the one reason why files are refused."""
    with pytest.raises(SurveyError) as caught:
        read(paths)
    (problem,) = caught.value.problems
    assert PRIVATE not in "".join(describe(problem, language) for language in LANGUAGES)
    return problem.code.removeprefix("intake."), problem.count


# --- Text


@pytest.mark.parametrize(
    "content",
    [
        "id,w,q\n007,x,1\n",
        "id;w;q\r\n007;x;1\r\n",
        "id\tw\tq\r007\tx\t1\r",
        "id|w|q\n007|x|1",
        '"id";"w";"q"\n"007";"x";"1"\n\n\n',
        "sep=;\r\nid;w;q\r\n007;x;1\r\n",
        '"sep=|"\nid|w|q\n007|x|1\n',
        "\ufeffid,w,q\n007,x,1\n",
        "id;w;q;\n007;x;1;\n",
        "id,w,q\n007,x,1,,\n",
        " id , w,q \n007,x,1\n",
        "\n\nid,w,q\n007,x,1\n",
    ],
)
def test_separated_text_in_all_its_spellings(tmp_path: Path, content: str) -> None:
    raw = read([write(tmp_path / "a.csv", content)])
    assert list(raw.frame.columns) == ["id", "w", "q"]
    assert cells(raw) == [["007", "x", "1"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("declared", ["", "sep=;\n"])
def test_encodings(tmp_path: Path, encoding: str, declared: str) -> None:
    content = declared + "naam;stad\nZoë;Curaçao €\nJo;Den Haag\n"
    path = write(tmp_path / "a.csv", content.encode(encoding))
    assert cells(read([path])) == [["Zoë", "Curaçao €"], ["Jo", "Den Haag"]]


def test_utf_16_with_its_most_significant_byte_first(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"\xfe\xff" + "a,b\n1,ü\n".encode("utf-16-be"))
    assert cells(read([path])) == [["1", "ü"]]


def test_cells_stay_as_they_are_written(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'a;b;c\n1,5; x ;"two\nlines; ""so"""\n1e3;-0;\'q\'\n')
    raw = read([path])
    assert cells(raw) == [["1,5", " x ", 'two\nlines; "so"'], ["1e3", "-0", "'q'"]]
    assert all(isinstance(kind, pd.CategoricalDtype) for kind in raw.frame.dtypes)
    assert raw.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "blank", ["", "  ", '""', "NA", "N/A", "nan", "NULL", ".", "#N/B", "#NULL!", " . ", '"NA"']
)
def test_blank_cells_and_their_like_are_missing(tmp_path: Path, blank: str) -> None:
    raw = read([write(tmp_path / "a.csv", f"a,b\n1,{blank}\n2,x\n")])
    assert cells(raw) == [["1", None], ["2", "x"]]


def test_text_that_only_looks_blank_is_not(tmp_path: Path) -> None:
    raw = read([write(tmp_path / "a.csv", "a,b\n1,0\n2,-\n3,none\n")])
    assert raw.frame["b"].tolist() == ["0", "-", "none"]


def test_rows_are_called_what_the_file_calls_them(tmp_path: Path) -> None:
    content = 'a,b\n1,"two\nlines"\n\n3,x\n,\n   \n6,y\n\n,\n'
    raw = read([write(tmp_path / "a.csv", content)])
    assert raw.frame["a"].tolist() == ["1", "3", "6"]
    assert raw.places(range(3)) == ["2", "4", "7"]
    assert changed(raw) == {"blank_rows": 3}  # those at the end go without a word


def test_rows_keep_their_numbers_in_a_long_file(tmp_path: Path) -> None:
    rows = [f'{k},"{"x" * 50}\n{k}",{k % 7}' for k in range(2, 140_000)]
    for number in (70_001, 90_000, 110_000):
        rows[number - 2] = " "
    raw = read([write(tmp_path / "a.csv", "\n".join(["id,text,q", *rows]))])
    assert (tmp_path / "a.csv").stat().st_size > 2 * text._BLOCK
    some = [0, 69_000, 80_000, 100_000, len(raw.frame) - 1]
    assert raw.places(some) == raw.frame["id"].iloc[some].tolist()
    assert changed(raw) == {"blank_rows": 3}


def test_a_separator_in_other_cells_does_not_confuse(tmp_path: Path) -> None:
    rows = "\n".join(f"{k};1,5;a, b, c;d|e" for k in range(20))
    raw = read([write(tmp_path / "a.csv", f"id;w;comment, if any;x\n{rows}\n")])
    assert list(raw.frame.columns) == ["id", "w", "comment, if any", "x"]


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    raw = read([write(tmp_path / "a.csv", "a,b\n")])
    assert raw.frame.shape == (0, 2)
    assert read([write(tmp_path / "a.csv", "a,b\n,\n\n")]).frame.shape == (0, 2)


def test_a_cell_with_an_inch_sign_opens_no_quote(tmp_path: Path) -> None:
    assert cells(read([write(tmp_path / "a.csv", 'a,b\n1,5" wide\n')])) == [["1", '5" wide']]


GOOD = "id,q1,q2\n" + f"1,2,{PRIVATE}\n" * 3


@pytest.mark.parametrize(
    ("content", "code", "count"),
    [
        (b"", "empty_file", 0),
        (b"\xef\xbb\xbf \r\n \n", "empty_file", 0),
        (GOOD.encode("utf-16-le"), "null_bytes", 0),
        ((GOOD + "2,3,\0\n").encode(), "null_bytes", 0),
        ((GOOD + "2,3,\0\n").encode("utf-16"), "null_bytes", 0),
        (GOOD.encode("utf-32"), "wrong_encoding", 0),
        (GOOD.encode("utf-16") + b"x", "wrong_encoding", 0),
        (GOOD.encode() + b"2,3,\x81\n", "wrong_encoding", 0),
        (GOOD + "2,3\n4,5,6,7\n8,9,9\n1\n", "ragged_rows", 3),
        (GOOD + f'1,2,"{PRIVATE}\n4,5,6\n7,8,9\n', "open_quote", 0),
        (GOOD + f'1,2,"{PRIVATE}\n' + "4,5,6\n" * 10**6, "open_quote", 0),
        (f'id,"{"x" * 200_000}\n', "open_quote", 0),
        ('id,"q\n1",q2\n1,2,3\n', "control_characters", 1),
        ("id,q\x071,q\x1b2\n1,2,3\n", "control_characters", 2),
        (",".join(f"q{k}" for k in range(2001)) + "\n", "too_many_columns", 2001),
        (f"id,,q\n1,{PRIVATE},2\n", "nameless_columns", 1),
        ("id,q\n1,2,\n" + "1,2,\n" * 200 + f"1,2,{PRIVATE}\n", "nameless_columns", 1),
    ],
)
def test_text_that_cannot_be_read(
    tmp_path: Path, content: str | bytes, code: str, count: int
) -> None:
    assert refused(write(tmp_path / "a.csv", content)) == (code, count)


def test_ragged_rows_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'a,b\n1,"x\ny"\n\n1,2,3\n1,2\n' + "1\n" * 6)
    with pytest.raises(SurveyError, match=r"7 rows .* has 2 \(rows 4, 6, 7, 8, 9, \.\.\.\)"):
        read([path])


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.touch()
    os.truncate(path, 2 * 10**9)
    assert refused(path) == ("text_too_large", 0)
    with pytest.raises(SurveyError, match=r"2\.0 GB.*up to 1\.0 GB.*Parquet"):
        read([path])


@pytest.mark.slow
def test_a_large_text_file_takes_little_memory(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    columns = {f"q{k}": rng.integers(1, 8, 250_000) for k in range(38)}
    ids = {"id": [f"r{k}" for k in range(250_000)], "w": rng.uniform(0, 3, 250_000)}
    pd.DataFrame(ids | columns).to_csv(tmp_path / "a.csv", index=False)
    code = f"""
import pandas, pyarrow.csv, resource
from pathlib import Path
from employer_identity.intake.files import read
before = resource.getrusage(resource.RUSAGE_SELF)
frame = read([Path({str(tmp_path / "a.csv")!r})]).frame
after = resource.getrusage(resource.RUSAGE_SELF)
print(frame.shape[0], after.ru_maxrss - before.ru_maxrss, after.ru_utime - before.ru_utime)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows, kilobytes, seconds = map(float, told.stdout.split())
    assert rows == 250_000
    assert kilobytes < 250_000
    assert seconds < 5  # of the processor; about 1 on a free machine


# --- Header habits

QUALTRICS = (
    "StartDate,Status,Finished,DistributionChannel,Q1\n"
    'Start Date,Response Type,Finished,Distribution Channel,"How proud\nare you?"\n'
    + ",".join(f'"{{""ImportId"":""{k}"",""timeZone"":""UTC""}}"' for k in range(5))
    + "\n2026-01-01,IP Address,True,anonymous,5\n"
    "2026-01-01,Survey Preview,True,preview,4\n"
    "2026-01-01,IP Address,False,anonymous,3\n"
    "2026-01-01,0,True,preview,2\n"
    "2026-01-01,1,True,gl,2\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_qualtrics(tmp_path: Path, encoding: str) -> None:
    raw = read([write(tmp_path / "a.csv", QUALTRICS.encode(encoding))])
    assert raw.frame["Q1"].tolist() == ["5", "3"]  # unfinished ones are answers
    assert raw.places([0, 1]) == ["4", "6"]
    assert raw.texts["Q1"] == "How proud are you?"
    assert changed(raw) == {"header_rows": 2, "previews": 3}
    assert {problem.where for problem in raw.changes} == {"a.csv"}


def test_a_column_named_status_is_anybodys(tmp_path: Path) -> None:
    raw = read([write(tmp_path / "a.csv", "Status,q\n1,2\nSurvey Preview,3\n")])
    assert len(raw.frame) == 2


def test_names_and_question_texts_in_two_rows(tmp_path: Path) -> None:
    content = "id;q1;q2\n;How proud are you?;Do you trust us?\n1;2;3\n2;4;5\n"
    raw = read([write(tmp_path / "a.csv", content)])
    assert cells(raw) == [["1", "2", "3"], ["2", "4", "5"]]
    assert raw.texts == {"q1": "How proud are you?", "q2": "Do you trust us?"}
    assert raw.places([0]) == ["3"]
    assert changed(raw) == {"header_rows": 1}


def test_question_texts_above_answers_in_words(tmp_path: Path) -> None:
    answers = ["Strongly agree;Agree;Do not know", "Agree;Disagree;Do not know"] * 5
    asked = "I am proud of us;I trust the board here;I would come again"
    raw = read([write(tmp_path / "a.csv", "\n".join(["q1;q2;q3", asked, *answers]))])
    assert len(raw.frame) == 10
    assert raw.texts["q2"] == "I trust the board here"


@pytest.mark.parametrize(
    "rows",
    [
        ["Strongly agree;Agree;Do not know"] * 9,
        ["Strongly agree;Do not know;Totally agree", *["Agree fully;So so;Do not know"] * 9],
        ["my own words;not a number;3", *["1;2;3"] * 9],
        ["n.v.t.;n.v.t.;n.v.t.", *["1;2;3"] * 9],
        ["a b;c d;e f"],
        ["Zuid West;Part time;", *["Zuid West;Part time;4"] * 9],
    ],
)
def test_a_first_answer_is_no_question_text(tmp_path: Path, rows: list[str]) -> None:
    raw = read([write(tmp_path / "a.csv", "\n".join(["q1;q2;q3", *rows]))])
    assert len(raw.frame) == len(rows)
    assert raw.texts == {}


def test_limesurvey_codes(tmp_path: Path) -> None:
    raw = read([write(tmp_path / "a.csv", "id,G01Q01,G01Q02[SQ001],G01Q02[SQ002][1]\n1,2,3,4\n")])
    assert list(raw.frame.columns) == ["id", "G01Q01", "G01Q02_SQ001", "G01Q02_SQ002_1"]
    assert changed(raw) == {"bracket_names": 2}


def test_limesurvey_codes_with_texts(tmp_path: Path) -> None:
    content = '"id. Response ID","G01Q02[SQ001]. Do you trust us? [The board]"\n1,2\n'
    raw = read([write(tmp_path / "a.csv", content)])
    assert list(raw.frame.columns) == ["id", "G01Q02_SQ001"]
    assert raw.texts["G01Q02_SQ001"] == "Do you trust us? [The board]"
    assert changed(raw) == {"coded_names": 2, "bracket_names": 1}


def test_questions_as_names(tmp_path: Path) -> None:
    content = '"Response ID","How proud\nare you?","The board listens to us [Team]"\n1,2,3\n'
    raw = read([write(tmp_path / "a.csv", content)])
    assert list(raw.frame.columns) == ["Response ID", "q2", "q3"]
    assert raw.texts == {"q2": "How proud are you?", "q3": "The board listens to us [Team]"}
    assert changed(raw) == {"question_names": 2}


def test_titles_above_the_header(tmp_path: Path) -> None:
    raw = read([write(tmp_path / "a.csv", "Survey of 2026;;\n;;\nid;q1;q2\n1;2;3\n")])
    assert list(raw.frame.columns) == ["id", "q1", "q2"]
    assert raw.places([0]) == ["4"]
    assert changed(raw) == {"header_rows": 1}


def test_a_lone_name_is_no_title(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id;;\n1;2;3\n")
    assert refused(path) == ("nameless_columns", 2)


# --- Parquet


def test_parquet_keeps_its_types_and_a_named_index(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"q1": [1, 2], "w": [0.5, None], "g": pd.Categorical(["x", None]), "t": ["NA", "b"]},
        index=pd.Index(["r1", "r2"], name="id"),
    )
    frame.to_parquet(tmp_path / "a.parquet")
    raw = read([tmp_path / "a.parquet"])
    assert sorted(raw.frame.columns) == ["g", "id", "q1", "t", "w"]
    assert raw.frame["q1"].dtype == "int64"
    assert raw.frame["t"].tolist() == ["NA", "b"]  # what the file says is text is text
    assert raw.places([0]) == ["1"]
    frame.reset_index(drop=True).iloc[[1]].to_parquet(tmp_path / "a.pq")
    assert list(read([tmp_path / "a.pq"]).frame.columns) == ["q1", "w", "g", "t"]


def test_parquet_that_cannot_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", b"PAR1 no table PAR1")
    assert refused(path) == ("not_parquet", 0)
    nested = {"a": [1], "b": [[1, 2]], "c": [{"x": 1}], "d": [b"x"]}
    pq.write_table(pa.table(nested), path)
    assert refused(path) == ("nested_columns", 3)
    pq.write_table(pa.table({f"q{k}": [1] for k in range(2001)}), path)
    assert refused(path) == ("too_many_columns", 2001)
    pq.write_table(pa.table({"q\n1": [1]}), path)
    assert refused(path) == ("control_characters", 1)


# --- Excel


def workbook(
    path: Path, rows: list[list[object]], dress: Callable[[Any], object] | None = None
) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if dress:
        dress(book)
    book.save(path)
    return path


def test_excel_gives_the_text_that_it_shows(tmp_path: Path) -> None:
    rows = [
        ["id", "n", "w", "day", "moment", "ok", None],
        ["007", 1, 0.1 + 0.2, dt.datetime(2026, 5, 1), dt.datetime(2026, 5, 1, 10, 30), True],
        [None, 2.0, " ", None, "#N/A", False],
        [None],
        [8, 1e20, "NA", dt.time(9, 5), "1,5", None],
        ["  ", None],
    ]
    raw = read([workbook(tmp_path / "a.xlsx", rows)])
    assert list(raw.frame.columns) == ["id", "n", "w", "day", "moment", "ok"]
    assert cells(raw) == [
        ["007", "1", "0.3", "2026-05-01", "2026-05-01 10:30:00", "TRUE"],
        [None, "2", None, None, None, "FALSE"],
        ["8", "1e+20", None, "09:05:00", "1,5", None],
    ]
    assert raw.places(range(3)) == ["2", "3", "5"]
    assert changed(raw) == {"blank_rows": 1}


def merge(*ranges: str) -> Callable[[Any], object]:
    return lambda book: [book.active.merge_cells(r) for r in ranges]


def test_excel_with_three_header_rows(tmp_path: Path) -> None:
    rows = [
        ["Survey of 2026"],
        ["id", "Pride", None, "Trust", None],
        [None, "p1", "p2", "t1", "t2"],
        [1, 2, 3, 4, 5],
        [2, 3, 3, 3, 3],
    ]
    path = workbook(tmp_path / "a.xlsx", rows, merge("A1:E1", "B2:C2", "D2:E2", "A2:A3"))
    raw = read([path])
    assert list(raw.frame.columns) == ["id", "p1", "p2", "t1", "t2"]
    assert cells(raw)[0] == ["1", "2", "3", "4", "5"]
    assert raw.places([0]) == ["4"]
    assert changed(raw) == {"header_rows": 2}


def test_excel_names_that_only_their_group_tells_apart(tmp_path: Path) -> None:
    rows = [[None, "Pride", None, "Trust", None], ["id", "1a", "2a", "1a", "2b"], [1, 2, 3, 4, 5]]
    raw = read([workbook(tmp_path / "a.xlsx", rows, merge("B1:C1", "D1:E1"))])
    assert list(raw.frame.columns) == ["id", "Pride_1a", "2a", "Trust_1a", "2b"]


def test_excel_without_merged_cells_has_one_row_of_names(tmp_path: Path) -> None:
    rows = [["id", None, "q"], ["a", "b", "c"], ["d", "e", "f"]]
    assert refused(workbook(tmp_path / "a.xlsx", rows)) == ("nameless_columns", 1)


def test_qualtrics_in_excel(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Status", "Q1"], ["Response Type", "How proud are you?"]]
    rows += [['{"ImportId":"status"}', '{"ImportId":"QID1"}'], ["Survey Preview", 3], ["0", 4]]
    raw = read([workbook(tmp_path / "a.xlsx", rows)])
    assert (cells(raw), raw.places([0])) == ([["0", "4"]], ["5"])
    assert changed(raw) == {"header_rows": 2, "previews": 1}


def test_excel_of_many_rows_that_grow_wider(tmp_path: Path) -> None:
    rows: list[list[object]] = [["id", "q"], *([k, k % 5] for k in range(12_000))]
    assert len(read([workbook(tmp_path / "a.xlsx", rows)]).frame) == 12_000
    rows[11_500].append(PRIVATE)
    assert refused(workbook(tmp_path / "a.xlsx", rows)) == ("nameless_columns", 1)


def test_other_worksheets_are_told(tmp_path: Path) -> None:
    def dress(book: Any) -> None:
        book.active.title = "answers"
        book.create_sheet("empty", 0)
        book.create_sheet("codes").append([1])
        book.create_sheet("hidden", 0).append([PRIVATE])
        book["hidden"].sheet_state = "hidden"

    raw = read([workbook(tmp_path / "a.xlsx", [["id", "q"], [1, 2]], dress)])
    assert cells(raw) == [["1", "2"]]
    assert changed(raw) == {"other_sheets": 2}
    assert raw.changes[0].severity == "warning"
    assert "answers" in describe(raw.changes[0])


def edit(path: Path, change: Callable[[str], str]) -> Path:
    """Change the first worksheet of a workbook as it is written."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    sheet = content["xl/worksheets/sheet1.xml"].decode()
    content["xl/worksheets/sheet1.xml"] = change(sheet).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def test_a_worksheet_that_is_larger_than_it_says(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["id", "q"], [1, 2], [3, 4]])
    raw = read([edit(path, lambda sheet: sheet.replace('ref="A1:B3"', 'ref="A1"'))])
    assert cells(raw) == [["1", "2"], ["3", "4"]]


def computed(sheet: str, values: dict[str, str]) -> str:
    """Give formulas the values that Excel would have computed."""
    for formula, value in values.items():
        kind = "" if value.isdigit() else ' t="str"'
        start, middle, end = sheet.replace("<v></v>", "<v />").partition(f"<f>{formula}</f><v />")
        assert middle
        opened = start.rpartition("<c ")
        sheet = "".join([*opened[:2], opened[2].replace(">", f"{kind}>", 1)])
        sheet += f"<f>{formula}</f><v>{value}</v>{end}"
    return sheet


def test_formulas_give_their_values_or_are_refused(tmp_path: Path) -> None:
    rows = [["id", "q", "g"], [1, "=A2+1", '=IF(A2=1,"","x")'], [2, "=A3+1", '=LOWER("Y")']]
    path = workbook(tmp_path / "a.xlsx", rows)
    assert refused(path) == ("uncomputed_formulas", 4)
    known = {"A2+1": "2", 'IF(A2=1,"","x")': "", 'LOWER("Y")': "y"}
    assert refused(edit(path, lambda sheet: computed(sheet, known))) == ("uncomputed_formulas", 1)
    raw = read([edit(path, lambda sheet: computed(sheet, {"A3+1": "3"}))])
    assert cells(raw) == [["1", "2", None], ["2", "3", "y"]]
    assert changed(raw) == {"formulas": 4}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "protected"),
        (b"id,q\n1,2\n", "not_excel"),
        (b"PK\x03\x04 broken off", "not_excel"),
    ],
)
def test_excel_that_is_none(tmp_path: Path, content: bytes, code: str) -> None:
    assert refused(write(tmp_path / "a.xlsx", content)) == (code, 0)


def packed(path: Path, entries: dict[str, int]) -> Path:
    """A zip file with so many zeros in each entry."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, size in entries.items():
            with archive.open(name, "w", force_zip64=True) as entry:
                for _ in range(size // 10**6):
                    entry.write(bytes(10**6))
    return path


def test_zip_files_that_unpack_to_too_much_stay_packed(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.xlsx", {"xl/workbook.xml": 20 * 10**6})
    assert refused(path) == ("excel_too_dense", 0)
    path = packed(tmp_path / "a.xlsx", {"word/document.xml": 10**6})
    assert refused(path) == ("not_excel", 0)
    path = packed(tmp_path / "a.xlsx", {"xl/a.xml": 510 * 10**6})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(path) == ("excel_too_large", 0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes
    assert (excel.LARGEST, excel.DENSEST) == (500 * 10**6, 200)


def test_a_damaged_or_empty_workbook(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [])
    assert refused(path) == ("empty_file", 0)
    wide = [[f"q{k}" for k in range(2001)]]
    assert refused(workbook(path, wide)) == ("too_many_columns", 2001)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", PRIVATE)
    assert refused(path) == ("unreadable", 0)


# --- SPSS


@pytest.fixture
def sav(tmp_path: Path) -> Path:
    frame = pd.DataFrame(
        {
            "q1": [1.0, 2, 99, np.nan],
            "q2": [3.0, 98, 99, 97],
            "w": [0.5, 1, 1.5, 2],
            "city": ["Ede ", "zz", "", None],
            "day": [dt.date(2026, 5, 1), None, None, None],
            "moment": [dt.datetime(2026, 5, 1, 9, 30), None, None, None],
        }
    )
    pyreadstat.write_sav(
        frame,
        tmp_path / "a.sav",
        column_labels=["How proud\nare you?", "", "", "", "", ""],
        variable_value_labels={"q1": {1: "No", 2: "Yes ", 99: "Do not know"}},
        missing_ranges={"q1": [99], "q2": [{"lo": 97, "hi": 99}], "city": ["zz"]},
    )
    return tmp_path / "a.sav"


def test_spss_keeps_labels_and_missing_codes(sav: Path) -> None:
    raw = read([sav])
    assert cells(raw)[:2] == [
        [1.0, 3.0, 0.5, "Ede", "2026-05-01", "2026-05-01 09:30:00"],
        [2.0, None, 1.0, None, None, None],
    ]
    assert cells(raw)[2:] == [[None, None, 1.5, *[None] * 3], [None, None, 2.0, *[None] * 3]]
    assert raw.labels == {"q1": {"1": "No", "2": "Yes", "99": "Do not know"}}
    assert raw.texts == {"q1": "How proud are you?"}
    assert changed(raw) == {"user_missing": 5}
    assert "q1: 1, q2: 3, city: 1" in describe(raw.changes[0])
    assert raw.places([1]) == ["2"]


def test_spss_compressed(tmp_path: Path) -> None:
    pyreadstat.write_sav(pd.DataFrame({"q": [1.0, 2.0]}), tmp_path / "a.zsav", compress=True)
    assert read([tmp_path / "a.zsav"]).frame["q"].tolist() == [1, 2]


def test_spss_that_cannot_be_read(sav: Path) -> None:
    whole = sav.read_bytes()
    write(sav, f"id,q\n1,{PRIVATE}\n")
    assert refused(sav) == ("not_spss", 0)
    for damaged in (whole[:200], whole[:180] + b"\x7f" * 4 + whole[184:]):
        assert refused(write(sav, damaged)) == ("not_spss", 0)  # the second one ends its reader
    wide = pd.DataFrame(np.ones((1, 2001)), columns=[f"q{k}" for k in range(2001)])
    pyreadstat.write_sav(wide, sav)
    assert refused(sav) == ("too_many_columns", 2001)


def test_spss_without_its_package(sav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(SurveyError, match=r'pip install "employer-identity\[spss\]"') as caught:
        read([sav])
    assert caught.value.problems[0].code == "intake.spss_package"


# --- Several files


def test_several_files_are_one_survey(tmp_path: Path) -> None:
    one = write(tmp_path / "one.csv", "id,q,g\n007,1,Ede\n008,2,\n")
    two = write(tmp_path / "two.csv", "g;id;q\nGouda;1;5\n\nEde;2;4\n")
    raw = read([one, two])
    assert list(raw.frame.columns) == ["id", "q", "g"]
    assert cells(raw) == [
        ["007", "1", "Ede"],
        ["008", "2", None],
        ["1", "5", "Gouda"],
        ["2", "4", "Ede"],
    ]
    assert raw.places(range(4)) == ["one.csv 2", "one.csv 3", "two.csv 2", "two.csv 4"]
    assert raw.sha256 == hashlib.sha256(one.read_bytes() + two.read_bytes()).hexdigest()
    assert raw.name == "one.csv, two.csv"
    assert changed(raw) == {"blank_rows": 1}


def test_a_column_of_one_file_is_missing_in_the_others(tmp_path: Path) -> None:
    one = write(tmp_path / "one.csv", "id,q,new,more\n1,1,3,4\n")
    two = write(tmp_path / "two.csv", "id,q,old\n2,5,x\n")
    raw = read([one, two])
    assert list(raw.frame.columns) == ["id", "q", "new", "more", "old"]
    assert cells(raw) == [["1", "1", "3", "4", None], ["2", "5", None, None, "x"]]
    found = [(p.code, p.where, p.count, p.severity) for p in raw.changes]
    assert found == [
        ("intake.columns_differ", "one.csv", 1, "warning"),
        ("intake.columns_differ", "two.csv", 2, "warning"),
    ]
    assert "new, more" in describe(raw.changes[1])


def test_formats_go_together(tmp_path: Path, sav: Path) -> None:
    table = write(tmp_path / "b.csv", "q1,q2,w,city,day\n01,4,1.5,Ede,2026-05-02\n")
    frame = pd.DataFrame({"q1": [1, 2], "q2": [2, 3], "day": pd.to_datetime(["2026-05-03"] * 2)})
    frame.to_parquet(tmp_path / "c.parquet")
    raw = read([sav, table, tmp_path / "c.parquet"])
    assert raw.frame["q1"].astype(object).tolist()[:2] == ["1", "2"]
    assert raw.frame["q1"].astype(object).tolist()[4:] == ["01", "1", "2"]
    assert raw.frame["day"].astype(object).tolist()[4:] == ["2026-05-02", *["2026-05-03"] * 2]
    assert raw.labels["q1"]["2"] == "Yes"
    assert raw.places([0, 4, 6]) == ["a.sav 1", "b.csv 2", "c.parquet 2"]


def test_numbers_of_all_files_stay_numbers(tmp_path: Path) -> None:
    for name, values in (("a", [2**60 + 1]), ("b", [2**60 + 2])):
        pd.DataFrame({"id": values, name: values}).to_parquet(tmp_path / f"{name}.parquet")
    raw = read([tmp_path / "a.parquet", tmp_path / "b.parquet"])
    assert raw.frame["id"].tolist() == [2**60 + 1, 2**60 + 2]
    assert raw.frame["b"].isna().tolist() == [True, False]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    paths = []
    for year in ("2025", "2026"):
        (tmp_path / year).mkdir()
        paths.append(write(tmp_path / year / "a.csv", f"id,q\n{year},1\n"))
    assert read(paths).places([0, 1]) == ["2025/a.csv 2", "2026/a.csv 2"]


def test_files_that_do_not_fit_together(tmp_path: Path, sav: Path) -> None:
    copy = write(tmp_path / "copy.sav", sav.read_bytes())
    assert refused(sav, copy) == ("same_file_twice", 0)
    asked, other = "id,q1\n,How proud are you?\n1,2\n2,3\n", tmp_path / "b.csv"
    assert len(read([sav, write(other, asked)]).frame) == 6
    assert refused(sav, write(other, asked.replace("proud", "glad"))) == ("texts_differ", 0)
    labels = {"q1": {1: "Yes", 2: "No", 3: "So so"}}
    frame = pd.DataFrame({"q1": [1.0, 2.0]})
    pyreadstat.write_sav(frame, copy, variable_value_labels=labels)
    assert refused(sav, copy) == ("labels_differ", 2)
    twice = write(tmp_path / "b.csv", "id,q,q\n1,2,3\n")
    assert refused(sav, twice) == ("repeated_columns", 1)


def test_what_is_wrong_with_several_files_comes_at_once(tmp_path: Path) -> None:
    good = write(tmp_path / "good.csv", "a,b\n1,2\n")
    with pytest.raises(SurveyError) as caught:
        read([tmp_path / "none.csv", good, write(tmp_path / "bad.csv", "a,b\n1\n")])
    codes = [problem.code for problem in caught.value.problems]
    assert codes == ["intake.no_such_file", "intake.ragged_rows"]


# --- Whatever comes


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    assert refused() == ("no_files", 0)
    assert refused(tmp_path / "none.csv") == ("no_such_file", 0)
    assert refused(tmp_path) == ("folder", 0)
    assert refused(write(tmp_path / "a.xls", "x")) == ("old_excel", 0)
    assert refused(write(tmp_path / "a.docx", "x")) == ("unknown_format", 0)


def test_an_error_that_nobody_foresaw_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(path: Path) -> Raw:
        raise ZeroDivisionError(PRIVATE)

    monkeypatch.setitem(READERS, ".csv", stumble)
    path = write(tmp_path / "a.csv", "a,b\n1,2\n")
    assert refused(path) == ("unreadable", 0)
    with pytest.raises(SurveyError, match="ZeroDivisionError"):
        read([path])


@pytest.mark.parametrize("suffix", READERS)
def test_damaged_files_are_refused_or_read(tmp_path: Path, suffix: str, sav: Path) -> None:
    rng = random.Random(8)
    path = tmp_path / f"damaged{suffix}"
    frame = pd.DataFrame({"id": range(50), "q": [1.5, 2.5] * 25})
    if suffix in excel.SUFFIXES:
        frame.to_excel(tmp_path / "whole.xlsx", index=False)
        whole = (tmp_path / "whole.xlsx").read_bytes()
    elif suffix in (".parquet", ".pq"):
        whole = frame.to_parquet()
    else:
        whole = sav.read_bytes() if "sav" in suffix else frame.to_csv(sep=";").encode()
    for _ in range(3 if "sav" in suffix else 30):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.randint(1, len(data))] if rng.random() < 0.3 else data)
        with suppress(SurveyError):
            assert read([path]).sha256


def test_a_pattern_names_files_that_are_one_survey(tmp_path: Path) -> None:
    whole = ei.simulate_survey(400, preset="idealised", seed=5)
    for k in range(3):
        whole.answers.iloc[k::3].to_parquet(tmp_path / f"part-{k}.parquet")
    found = ei.check_survey(str(tmp_path / "*.parquet"), instrument=whole.instrument)
    assert found.source == "part-0.parquet, part-1.parquet, part-2.parquet"
    assert found.survey is not None
    assert found.survey.n == whole.n
    nothing = ei.check_survey(str(tmp_path / "*.csv"), instrument=whole.instrument)
    assert [p.code for p in nothing.errors] == ["intake.no_such_file"]
