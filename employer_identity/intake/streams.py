"""Whatever speaks Arrow's stream protocol as a source: frames, queries, cursors of databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

import pyarrow as pa

from employer_identity.intake.pieces import ROWS, Piece, Wanted, kind_of, sliced
from employer_identity.intake.raw import refuse
from employer_identity.measurement.sums import Adding, added

S = TypeVar("S", bound=Adding)


class ArrowStream:
    """A stream, opened anew for each pass where its owner can."""

    def __init__(self, owner: object, rows: int = ROWS) -> None:
        self._rows = rows
        self._owner = owner
        self._open: pa.RecordBatchReader | None = pa.RecordBatchReader.from_stream(owner)
        self._schema: pa.Schema = self._open.schema
        self._read: int | None = None

    @property
    def name(self) -> str:
        """What its owner is."""
        return type(self._owner).__name__

    @property
    def parts(self) -> int:
        """A stream is one part."""
        return 1

    @property
    def rows(self) -> int | None:
        """Rows that the first pass met."""
        return self._read

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Column -> its kind."""
        return {field.name: kind_of(field.type) for field in self._schema}

    @cached_property
    def categories(self) -> frozenset[str]:
        """Columns whose values have an order of their own."""
        return frozenset(f.name for f in self._schema if pa.types.is_dictionary(f.type))

    def check(self, wanted: Wanted) -> None:
        """A stream has one schema, so no part of it can differ."""

    def total(self, columns: Sequence[str], make: Callable[[Piece], S]) -> S | None:
        """Make something of each piece and add it up."""
        return added(
            make(piece) for piece in sliced(self._records(columns), self.name, rows=self._rows)
        )

    def _records(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Read some columns; refuse a stream that ends early or differs from its first pass."""
        reader, self._open = self._open, None
        count = 0
        try:
            if reader is None:
                reader = pa.RecordBatchReader.from_stream(self._owner)
            for record in reader:
                count += record.num_rows
                yield record.select(list(columns))
        except (OSError, ValueError):  # pyarrow's own errors are ValueErrors
            raise refuse("scan.once" if self._read else "scan.broken_stream", self.name) from None
        if self._read is None:
            self._read = count
        elif count != self._read:
            raise refuse("scan.changed" if count else "scan.once", self.name)
