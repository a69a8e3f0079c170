"""Answers held narrow: about a byte each, made wide column by column as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from employer_identity.edge import Framed


@dataclass(frozen=True, eq=False, repr=False)
class Narrow(Framed):
    """What a frame of answers gives, column by column.

    Whole numbers are held in a byte or two with a mark where there is none, groups as codes; what
    is asked for comes as a frame has it: floats, NaN where there is no answer, and categoricals.
    Whatever else a frame can do is done by `frame`, which makes all columns wide at once.

    Attributes
    ----------
    table
        The columns.
    index
        The rows' names, as a frame has them.
    """

    table: pa.Table
    index: pd.Index

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Narrow:
        """Take a frame whose questions are whole numbers that may be missing."""
        return cls(pa.Table.from_pandas(frame, preserve_index=False), frame.index)

    @property
    def columns(self) -> pd.Index:
        """Names of the columns."""
        return pd.Index(self.table.column_names)

    @property
    def dtypes(self) -> pd.Series[Any]:
        """Return the kind of each column, as a frame has it."""
        return self[:0].frame().dtypes

    def __len__(self) -> int:
        """Return the number of respondents."""
        return len(self.index)

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the columns, as a frame does."""
        return iter(self.table.column_names)

    def __contains__(self, name: object) -> bool:
        """Tell whether there is such a column."""
        return name in self.table.column_names

    def __getitem__(self, asked: Any) -> Any:
        """Return a column by its name, a frame of some, or these columns of some of the rows."""
        if isinstance(asked, str):
            if asked not in self:
                raise KeyError(asked)
            return self._wide(asked)
        if isinstance(asked, slice):
            return self._of_rows(np.arange(len(self))[asked])
        if isinstance(asked, pd.Series | np.ndarray) and asked.dtype == bool:
            return self._of_rows(np.flatnonzero(asked))
        return pd.DataFrame({name: self[name] for name in asked}, index=self.index)

    def assign(self, **columns: Any) -> Narrow:
        """Return the same with columns that are new or others."""
        table = self.table
        for name, values in columns.items():
            column = pa.array(values, from_pandas=True)
            if name in table.column_names:
                table = table.set_column(table.column_names.index(name), name, column)
            else:
                table = table.append_column(name, column)
        return Narrow(table, self.index)

    def reset_index(self, *, drop: bool) -> Narrow:
        """Number the rows from 0; their names are dropped."""
        assert drop  # they are numbers
        return Narrow(self.table, pd.RangeIndex(len(self)))

    def frame(self) -> pd.DataFrame:
        """Make all columns wide at once."""
        return self[self.table.column_names]

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Speak Arrow's stream protocol, so that models take their sums of what is held."""
        return self.table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        """Show it as a frame is shown."""
        ends = self._ends()
        return _of_all(repr(ends), len(ends), len(self))

    def _repr_html_(self) -> str | None:
        """Show it in a notebook as a frame is shown."""
        ends = self._ends()
        shown = ends._repr_html_()
        return None if shown is None else _of_all(shown, len(ends), len(self))

    def __getattr__(self, name: str) -> Any:
        """Do what else a frame can, with all columns."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.frame(), name)

    def _ends(self) -> pd.DataFrame:
        """Return the first and last rows, just too many to be all shown."""
        most = pd.get_option("display.max_rows")
        if not most or len(self) <= most + 1:
            return self.frame()
        half = most // 2 + 1
        return self._of_rows(np.r_[:half, len(self) - half : len(self)]).frame()

    def _of_rows(self, rows: np.ndarray[Any, Any]) -> Narrow:
        return Narrow(self.table.take(pa.array(rows)), self.index[rows])

    def _wide(self, name: str) -> pd.Series[Any]:
        column = self.table.column(name)
        if pa.types.is_integer(column.type):
            values = column.to_numpy().astype(np.float64)  # marks became NaN
            return pd.Series(values, index=self.index, name=name)
        found = column.unify_dictionaries().to_pandas()
        return found.set_axis(self.index).rename(name)


def _of_all(shown: str, ends: int, rows: int) -> str:
    """Tell how many rows there are where the first and last were counted."""
    before, count, after = shown.rpartition(f"{ends} rows")
    return f"{before}{rows} rows{after}" if count else shown


def narrowed(values: np.ndarray[Any, Any], low: int, high: int) -> pd.Series[Any]:
    """Hold whole numbers from `low` to `high`, NaN where there is none, in as few bytes as go."""
    size = max(abs(low), abs(high), abs(low + high))
    kind = "Int8" if size < 2**7 else "Int16" if size < 2**15 else "Int32"
    missing = np.isnan(values)
    held = np.where(missing, 0, values).astype(kind.lower())
    return pd.Series(pd.arrays.IntegerArray(held, missing))


def stacked(
    first: pd.DataFrame, second: pd.DataFrame, groups: Mapping[str, pd.Categorical]
) -> pd.DataFrame:
    """Put the rows of two below each other; `groups` are the columns of both that hold groups."""
    if not (isinstance(first, Narrow) and isinstance(second, Narrow)):
        return pd.concat([first, second], ignore_index=True).assign(**groups)
    plain = [name for name in second if name not in groups]
    parts = [held.table.select(plain) for held in (first, second)]
    table = pa.concat_tables(parts, promote_options="permissive")
    both = Narrow(table, pd.RangeIndex(len(table))).assign(**groups)
    return both
