"""Answers that stay where they are: any number of them, read in batches as often as is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa

from employer_identity.edge import checked
from employer_identity.errors import SurveyError
from employer_identity.intake.partitions import DaskFrame, is_partitioned
from employer_identity.intake.parts import ParquetParts
from employer_identity.intake.pieces import Piece, Source, Wanted, batch_of
from employer_identity.intake.raw import refuse
from employer_identity.intake.streams import ArrowStream
from employer_identity.language import say
from employer_identity.measurement.sums import Adding, Batch
from employer_identity.measurement.threads import on_one_thread
from employer_identity.showing import Showing, View

S = TypeVar("S", bound=Adding)


@dataclass(frozen=True, eq=False, repr=False)
class Scan(Showing):
    """Answers that are read in batches; made by `scan`.

    `cfa` and `invariance` accept it in the place of a frame, and give the same numbers.

    Attributes
    ----------
    source
        Where the answers are.

    Examples
    --------
    >>> answers = ei.scan(survey.answers)
    >>> ladder = ei.invariance(answers, survey.instrument.model, group="generation")
    """

    source: Source

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.source.kinds)

    def total(self, wanted: Wanted, make: Callable[[Batch], S]) -> S | None:
        """Make something of each batch and add it up, wherever the answers are.

        Parameters
        ----------
        wanted
            The columns: no others are read.
        make
            From a batch to something that adds up; it may be sent to another process.

        Returns
        -------
        The sum; None where there are no rows.

        Raises
        ------
        SurveyError
            If a part cannot be read, is not as it was, or differs from the others; it is named.
        """
        self.source.check(wanted)
        return self.source.total(wanted.columns, partial(_made, wanted, make))

    def frame(self, wanted: Wanted) -> pd.DataFrame:
        """Read some columns into memory: what needs every answer at once, and fits."""
        self.source.check(wanted)
        found = self.source.total(wanted.columns, _Held.of)
        if found is None:
            return pd.DataFrame(columns=wanted.columns)
        tables = [pa.Table.from_batches([record]) for record in found.records]
        whole = pa.concat_tables(tables, promote_options="permissive")  # parts of other widths
        return whole.unify_dictionaries().to_pandas()

    def _view(self) -> View:
        source = self.source
        rows = "scan.rows" if source.rows is not None else "scan.rows_unknown"
        told = say(rows, parts=source.parts, rows=source.rows or 0, columns=len(source.kinds))
        return View(say("scan.heading", name=source.name), (told,))


def _made(wanted: Wanted, make: Callable[[Batch], S], piece: Piece) -> S:
    return on_one_thread(make)(batch_of(piece, wanted))


@dataclass(frozen=True, eq=False)
class _Held:
    """Records that are kept."""

    records: tuple[pa.RecordBatch, ...]

    @classmethod
    def of(cls, piece: Piece) -> _Held:
        """Keep a piece."""
        return cls((piece.record,))

    def __add__(self, other: _Held) -> _Held:
        return _Held((*self.records, *other.records))


@checked(SurveyError)
def scan(source: Any) -> Scan:
    """Take answers that may be too many for memory, and read them in batches.

    Parameters
    ----------
    source
        A Parquet file, a folder of them or a pattern (``"answers/*.parquet"``, folders named
        ``year=2026`` count as a column); anything that speaks Arrow's stream protocol, such as a
        frame of Polars or pandas, a query of DuckDB or a database's cursor; or a Dask frame, whose
        partitions are then added up by its workers.

    Returns
    -------
    Scan

    Raises
    ------
    SurveyError
        If there is nothing to read, or it cannot be read; parts are named.

    Notes
    -----
    Only the columns that a model needs are read, and only sums are kept. Complete answers take one
    pass for the whole ladder; answers with holes take one for each model by MLR, so that a stream
    that can be read only once serves them by ML alone. Items in ordered categories take two for the
    whole ladder; together with others that are not ordered they are read into memory.

    Examples
    --------
    >>> answers = ei.scan(survey.answers)
    >>> ei.cfa(answers, survey.instrument.model, group="generation").fit_measures["cfi"]
    """
    if isinstance(source, str | Path):
        return Scan(ParquetParts.of(source))
    if is_partitioned(source):
        return Scan(DaskFrame(source))
    if hasattr(source, "__arrow_c_stream__"):
        return Scan(ArrowStream(source))
    raise refuse("scan.no_source", type(source).__name__)
