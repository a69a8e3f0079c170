"""Cells: which are blank, which are numbers, and columns of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# pandas' own, what SPSS and SAS write (.), Excel in Dutch (#N/B), and Excel's empty intersection
MISSING = frozenset(
    (
        *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"),
        *("1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
        *(".", "#N/B", "#NULL!"),
    )
)

_MISSING = pa.array(sorted(MISSING), pa.string())
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?")


def is_number(text: str) -> bool:
    """Tell whether a cell's text is a number as people write them."""
    return _NUMBER.fullmatch(text.strip()) is not None


def text(value: object) -> str:
    """One value as a text file would have it: 1.0 is ``1``, dates are ISO, midnight goes unsaid."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return format(value, ".15g")  # as many digits as Excel and SPSS show
    if isinstance(value, dt.datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return str(value)


def categorical(column: pa.ChunkedArray) -> pd.Categorical:
    """Turn texts into categories; blank cells and their like become missing."""
    if column.num_chunks == 0:
        return pd.Categorical([], categories=pd.Index([], dtype=str))
    coded = column.unify_dictionaries().combine_chunks()
    known = coded.dictionary
    kept = pc.invert(pc.is_in(pc.utf8_trim_whitespace(known), _MISSING))
    present = kept.to_numpy(zero_copy_only=False)
    smallest = np.min_scalar_type(-len(known) - 1)
    place = np.where(present, np.cumsum(present) - 1, -1).astype(smallest)
    place = np.append(place, np.array(-1, smallest))  # where a cell was missing from the start
    codes = place[coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    categories = pd.Index(known.filter(kept).to_numpy(zero_copy_only=False), dtype=str)
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(categories), validate=False)


def categories_of(texts: Iterable[str | None]) -> pd.Categorical:
    """Turn texts into categories, as `categorical` does."""
    return categorical(pa.chunked_array([pa.array(list(texts), pa.string()).dictionary_encode()]))
