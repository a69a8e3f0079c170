"""Pieces of a large source, in Arrow's form, as batches of what a model needs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from employer_identity.intake.raw import refuse
from employer_identity.measurement.sums import Adding, Batch

S = TypeVar("S", bound=Adding)
ROWS = 32_768
"""Rows of a piece: their numbers stay in the cache while they are added up."""
HELD = 2**18
"""Rows of a piece of what is in memory: groups by the dozen are then not cut into crumbs."""
PART = 2**40  # more rows than a part has: rows without a cluster are told apart by their number


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows of a part, and which these are."""

    record: pa.RecordBatch
    part: str
    start: int


@dataclass(frozen=True)
class Wanted:
    """Columns that a model needs."""

    items: tuple[str, ...]
    group: str | None = None
    weights: str | None = None
    cluster: str | None = None
    alone: frozenset[object] = frozenset()  # groups in which every row is a cluster

    @property
    def columns(self) -> list[str]:
        """The columns, each once."""
        extra = (name for name in (self.group, self.weights, self.cluster) if name)
        return list(dict.fromkeys((*self.items, *extra)))

    @property
    def numbers(self) -> list[str]:
        """Columns that are to hold numbers."""
        return [*self.items, *([self.weights] if self.weights else [])]


class Source(Protocol):
    """Answers that are read piece by piece, as often as is asked."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def parts(self) -> int:
        """How many parts it has."""
        ...

    @property
    def rows(self) -> int | None:
        """How many rows it has, if that is known before they are read."""
        ...

    @property
    def kinds(self) -> dict[str, str]:
        """Column -> ``number``, ``text`` or ``other``."""
        ...

    @property
    def categories(self) -> frozenset[str]:
        """Columns whose values have an order of their own."""
        ...

    def check(self, wanted: Wanted) -> None:
        """Refuse parts that lack a wanted column or have it of another kind, as far as is known."""
        ...

    def total(self, columns: Sequence[str], make: Callable[[Piece], S]) -> S | None:
        """Make something of each piece and add it up; None of a source without rows."""
        ...


def kind_of(column: pa.DataType) -> str:
    """Tell a column's kind."""
    held = column.value_type if pa.types.is_dictionary(column) else column
    if pa.types.is_integer(held) or pa.types.is_floating(held):
        return "number"
    plain = pa.types.is_string(held) or pa.types.is_large_string(held)
    return "text" if plain or pa.types.is_string_view(held) else "other"


def sliced(
    records: Iterable[pa.RecordBatch], part: str, number: int = 0, rows: int = ROWS
) -> Iterable[Piece]:
    """Cut a part's records into pieces."""
    start = number * PART
    for record in records:
        for at in range(0, record.num_rows, rows):
            yield Piece(record.slice(at, rows), part, start + at)
        start += record.num_rows


def batch_of(piece: Piece, wanted: Wanted) -> Batch:
    """Take what is wanted of a piece.

    Raises
    ------
    SurveyError
        If a column that is to hold numbers does not; the part is named.
    """
    record = piece.record
    for name in wanted.numbers:
        if kind_of(record.column(name).type) != "number":
            raise refuse("scan.not_numeric", piece.part, column=name)
    n = record.num_rows
    codes, labels = np.zeros(n, np.int64), tuple[object, ...]([""])
    if wanted.group:
        codes, labels = _groups(record.column(wanted.group))
    weights = np.ones(n)
    if wanted.weights:
        weights = _numbers(record, [wanted.weights])[:, 0]
    keys = unclustered = None
    if wanted.cluster:
        alone = np.isin(codes, [g for g, label in enumerate(labels) if label in wanted.alone])
        keys, unclustered = _keys(record.column(wanted.cluster), alone, piece.start)
    answers = _numbers(record, wanted.items)
    return Batch(wanted.items, answers, codes, labels, weights, keys, piece.part, unclustered)


def _numbers(record: pa.RecordBatch, names: Sequence[str]) -> NDArray[np.float64]:
    """Return columns as numbers (n, p), NaN where there is none."""
    columns = [_decoded(record.column(name)) for name in names]
    alike = len({column.type for column in columns}) == 1
    if alike and not any(column.null_count for column in columns):
        # side by side in their own few bytes first: that is several times faster
        return np.stack([c.to_numpy(zero_copy_only=False) for c in columns], axis=1).astype(float)
    found = np.empty((record.num_rows, len(names)))
    for k, column in enumerate(columns):
        found[:, k] = column.to_numpy(zero_copy_only=False)  # nulls become NaN
    return found


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _groups(column: pa.Array) -> tuple[NDArray[np.int64], tuple[object, ...]]:
    """Return each row's group, -1 where it has none, and the groups."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    values = [_name(v) for v in encoded.dictionary.to_pylist()]
    labels = tuple(dict.fromkeys(v for v in values if v is not None))
    number = {label: g for g, label in enumerate(labels)}
    places = np.array([*(-1 if v is None else number[v] for v in values), -1], dtype=np.int64)
    codes = encoded.indices.fill_null(len(values)) if encoded.null_count else encoded.indices
    return places[codes.to_numpy(zero_copy_only=False).astype(np.int64)], labels


def _name(value: object) -> object:
    """Return what a group or cluster is called; None where a value is missing."""
    if isinstance(value, float):
        if value != value:
            return None
        return int(value) if value.is_integer() else value
    return value


def _keys(
    column: pa.Array, alone: NDArray[np.bool_], start: int
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return each row's cluster as a number that is the same in every part, and who has none.

    A row without one is a cluster of its own, and so are those ``alone`` (n,).
    """
    codes, labels = _groups(column)
    names = np.array([str(label) for label in labels], dtype=object)
    hashed = pd.util.hash_array(names, categorize=False) if len(names) else np.zeros(1, np.uint64)
    found: NDArray[np.uint64] = hashed[codes]
    without = codes < 0
    alone = alone | without
    if alone.any():
        rows = np.flatnonzero(alone) + start
        own = np.array([f"row {row}" for row in rows], dtype=object)
        found[alone] = pd.util.hash_array(own, hash_key="rows without one", categorize=False)
    return found, without
