"""Reading Parquet: a table that knows its types."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from employer_identity.intake.headers import SHOWN, check_names
from employer_identity.intake.raw import Part, Raw, digest, refuse
from employer_identity.intake.respondents import check_width

SUFFIXES = (".parquet", ".pq")


def read(path: Path) -> Raw:
    """Read one Parquet file.

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
        table = file.read(names)
    frame = table.to_pandas(ignore_metadata=True, self_destruct=True)
    frame.columns = [name.strip() for name in names]
    check_names(frame.columns, path.name)
    return Raw(frame, (Part(path.name, 0, 1),), digest([path]))


def _is_plain(kind: pa.DataType) -> bool:
    held = kind.value_type if pa.types.is_dictionary(kind) else kind
    return not (
        pa.types.is_nested(held) or pa.types.is_binary(held) or pa.types.is_large_binary(held)
    )
