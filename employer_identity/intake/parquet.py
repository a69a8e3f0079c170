"""Reading Parquet: a table that knows its types; whole, or narrow what a survey needs of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from employer_identity.intake.headers import SHOWN, check_names
from employer_identity.intake.raw import Named, Part, Raw, digest, refuse
from employer_identity.intake.respondents import check_width

SUFFIXES = (".parquet", ".pq")


def read(path: Path, named: Named | None = None) -> Raw:
    """Read one Parquet file.

    With `named` no other columns are read, and those narrow: whole numbers in as few bytes as go,
    text as categories, persons as hashes; what folders are called (``year=2026``) is a column.

    Raises
    ------
    SurveyError
        If it is none, or a column holds lists, structures or bytes.
    """
    try:
        file = parquet.ParquetFile(path)
    except (OSError, ValueError):  # pyarrow's own errors are ValueErrors
        raise refuse("intake.not_parquet", path) from None
    with file:
        schema = file.schema_arrow
        check_width(len(schema), path)
        nested = [f.name for f in schema if not _is_plain(f.type)]
        if nested:
            shown = ", ".join(nested[:SHOWN]) + (", ..." if len(nested) > SHOWN else "")
            raise refuse("intake.nested_columns", path, len(nested), columns=shown)
        # an index without a name is no column; one with a name is, whatever pandas wrote about it
        names = [name for name in schema.names if not name.startswith("__index_level_")]
        check_names(pd.Index([name.strip() for name in names]), path.name)
        part = (Part(path.name, 0, 1),)
        if named is None:
            frame = file.read(names).to_pandas(ignore_metadata=True, self_destruct=True)
            frame.columns = [name.strip() for name in names]
            return Raw(frame, part, digest([path]))
        wanted = [name for name in names if name.strip() in named.columns]
        columns = [_held(file, name, named) for name in wanted]
        rows = pd.RangeIndex(file.metadata.num_rows)
    frame = pd.DataFrame(dict(enumerate(columns)), index=rows, copy=False)
    frame.columns = pd.Index([name.strip() for name in wanted], dtype=object)
    for name, value in _of_folders(path).items():
        if name in named.columns and name not in frame:
            frame[name] = pd.Categorical([value]).take(np.zeros(len(rows), np.intp))
    others = tuple(name.strip() for name in names if name not in wanted)
    return Raw(frame, part, digest([path]), is_narrow=True, others=others)


def _of_folders(path: Path) -> dict[str, str]:
    """Return what folders named ``year=2026`` say of the file."""
    pairs = (folder.name.partition("=") for folder in reversed(path.parents))
    return {name: value for name, is_one, value in pairs if is_one}


def _held(file: parquet.ParquetFile, name: str, named: Named) -> Any:
    """Read one column, narrow."""
    column = file.read([name]).column(0)
    kind = column.type
    if name.strip() == named.identity:
        return _hashed(column)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _shrunk(column)
    if pa.types.is_date(kind):
        column = column.cast(pa.date32()).cast(pa.string())
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _categories(column)
    return column.to_pandas()


def _categories(column: pa.ChunkedArray) -> pd.Categorical:
    """Hold each text once; what stands in the file is text, even where it says NA."""
    if column.num_chunks == 0:
        return pd.Categorical([], categories=pd.Index([], dtype=str))
    coded = column.dictionary_encode().unify_dictionaries().combine_chunks()
    known = pd.Index(coded.dictionary.to_numpy(zero_copy_only=False), dtype=str)
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    smallest = np.min_scalar_type(-len(known) - 1)
    kinds = pd.CategoricalDtype(known)
    return pd.Categorical.from_codes(codes.astype(smallest), dtype=kinds, validate=False)


def _hashed(column: pa.ChunkedArray) -> Any:
    """Hold persons as numbers: the same for the same text, whichever file it stands in."""
    texts = pc.utf8_trim_whitespace(_written(column))
    missing = pc.fill_null(pc.equal(texts, ""), True).to_numpy()
    words = texts.fill_null("").to_numpy()
    hashed = pd.util.hash_array(np.asarray(words, dtype=object), categorize=False)
    return pd.arrays.IntegerArray(hashed, missing)


def _written(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column's values as text; 1.0 is called 1."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
        whole = pc.all(pc.equal(column, pc.round(column))).as_py()
        column = column.cast(pa.int64()) if whole else column
    return column.cast(pa.string())


def _shrunk(column: pa.ChunkedArray) -> Any:
    """Hold whole numbers in as few bytes as go; others as they are."""
    if pa.types.is_floating(column.type):
        values = column.to_numpy()
        missing = np.isnan(values)
        held = np.where(missing, 0, values)
        if not (held == np.round(held)).all() or np.abs(held).max(initial=0) >= 2**31:
            return values
    else:
        missing = column.is_null().to_numpy()
        held = column.fill_null(0).to_numpy()
    ends = (int(held.min(initial=0)), int(held.max(initial=0)))
    kind = np.promote_types(*(np.min_scalar_type(min(end, -end - 1)) for end in ends))
    if kind.kind != "i":  # wider than any whole number with a sign
        return pd.arrays.IntegerArray(held, missing)
    return pd.arrays.IntegerArray(held.astype(kind), missing)


def _is_plain(kind: pa.DataType) -> bool:
    held = kind.value_type if pa.types.is_dictionary(kind) else kind
    return not (
        pa.types.is_nested(held) or pa.types.is_binary(held) or pa.types.is_large_binary(held)
    )
