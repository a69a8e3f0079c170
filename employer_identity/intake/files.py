"""From files to named columns: which reader reads what."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from employer_identity.errors import Problem, SurveyError
from employer_identity.intake.raw import Part, Raw
from employer_identity.language import refusal

EXTRA_MISSING = (".", "#N/B")  # besides pandas' own: SPSS and SAS; Excel in Dutch
TEXT_FILES, PARQUET_FILES = (".csv", ".tsv", ".txt"), (".parquet", ".pq")


def read(paths: Sequence[Path]) -> Raw:
    """Read a survey's files; what cannot be read at all is refused at once."""
    (path,) = paths
    known = (*TEXT_FILES, *PARQUET_FILES)
    if not path.is_file():
        raise _refuse("intake.no_such_file", path)
    if path.suffix.lower() not in known:
        raise _refuse("intake.unknown_format", path, known=", ".join(known))
    data = path.read_bytes()
    if not data.strip():
        raise _refuse("intake.empty_file", path)
    digest = hashlib.sha256(data).hexdigest()
    if path.suffix.lower() in PARQUET_FILES:
        return Raw(_parquet(data, path), (Part(path.name, 0, 1),), digest)
    return Raw(_table(_decode(data, path), path), (Part(path.name, 0, 2),), digest)


def _refuse(code: str, path: Path, **values: object) -> SurveyError:
    return refusal(SurveyError, [Problem(code, str(path), values=values)])


def _parquet(data: bytes, path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(io.BytesIO(data)).reset_index(drop=True)
    except (OSError, ValueError):  # pyarrow's own errors are ValueErrors
        raise _refuse("intake.not_parquet", path) from None


def _decode(data: bytes, path: Path) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data:
        raise _refuse("intake.wrong_encoding", path)
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refuse("intake.wrong_encoding", path)


def _table(text: str, path: Path) -> pd.DataFrame:
    """Read separated text; every cell stays text, so that nothing is guessed."""
    first, _, body = text.lstrip("\r\n").partition("\n")
    separator = max(",;\t", key=first.count)
    header = [name.strip() for name in next(csv.reader([first.rstrip("\r")], delimiter=separator))]
    if not body.strip():
        return pd.DataFrame(columns=header, dtype=str)
    try:
        # one column more than there should be: a longer row is then seen, not cut
        frame = pd.read_csv(
            io.StringIO(body),
            sep=separator,
            dtype=str,
            header=None,
            names=range(len(header) + 1),
            index_col=False,
            na_values=list(EXTRA_MISSING),
        )
    except pd.errors.ParserError:
        raise _refuse("intake.ragged_rows", path, columns=len(header)) from None
    if frame.iloc[:, -1].notna().any():
        raise _refuse("intake.ragged_rows", path, columns=len(header))
    return frame.iloc[:, :-1].set_axis(header, axis=1)
