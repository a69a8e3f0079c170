"""A Dask frame as a source: each partition is added up where it is, the sums in a tree."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from functools import cached_property
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from employer_identity.errors import EmployerIdentityError
from employer_identity.intake.pieces import Piece, Wanted, sliced
from employer_identity.intake.raw import refuse
from employer_identity.measurement.sums import Adding, added

S = TypeVar("S", bound=Adding)


def is_partitioned(thing: object) -> bool:
    """Whether something is a Dask frame."""
    return hasattr(thing, "to_delayed") and hasattr(thing, "npartitions")


class DaskFrame:
    """A Dask frame; the scheduler that is in use when it is first looked at does the work."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self._client = _client()

    @property
    def name(self) -> str:
        """What it is."""
        return "Dask"

    @property
    def parts(self) -> int:
        """Number of partitions."""
        return int(self._frame.npartitions)

    @property
    def rows(self) -> None:
        """Known only when they were read."""
        return

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Column -> its kind, as the frame declares it."""
        return {str(name): _kind(dtype) for name, dtype in self._frame.dtypes.items()}

    @cached_property
    def categories(self) -> frozenset[str]:
        """Columns whose values have an order of their own."""
        dtypes = self._frame.dtypes.items()
        return frozenset(str(n) for n, kind in dtypes if isinstance(kind, pd.CategoricalDtype))

    def check(self, wanted: Wanted) -> None:
        """What a partition holds is known only when it is read."""

    def total(self, columns: Sequence[str], make: Callable[[Piece], S]) -> S | None:
        """Make something of each piece and add it up, partition by partition, two by two."""
        from dask.base import compute
        from dask.delayed import delayed

        if self._client is not None and self._client.status != "running":
            raise refuse("scan.no_scheduler", self.name, kind=self._client.status)
        level = [
            delayed(_worked)(part, number, make)
            for number, part in enumerate(self._frame[list(columns)].to_delayed())
        ]
        while len(level) > 1:
            pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
            level = [delayed(_sum)(pair) for pair in pairs]
        try:
            (found,) = compute(level[0], scheduler=self._client)  # type: ignore[no-untyped-call]
        except EmployerIdentityError:
            raise
        except (OSError, TimeoutError, CancelledError, RuntimeError) as error:
            code = "scan.workers_lost" if _is_killed(error) else "scan.no_scheduler"
            raise refuse(code, self.name, kind=type(error).__name__) from None
        return found  # type: ignore[no-any-return]


def _client() -> Any:
    """Return the client of a scheduler; None where Dask works by itself."""
    distributed = sys.modules.get("distributed")
    try:
        found = None if distributed is None else distributed.default_client()
    except ValueError:
        return None
    return None if found is None or found.status in ("closing", "closed") else found


def _kind(dtype: Any) -> str:
    held = dtype.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype
    if is_bool_dtype(held):
        return "other"
    return "number" if is_numeric_dtype(held) else "text"


def _is_killed(error: BaseException) -> bool:
    return type(error).__name__ == "KilledWorker"


def _worked(frame: pd.DataFrame, number: int, make: Callable[[Piece], S]) -> S | None:
    """Add up one partition, wherever it is."""
    part = f"partition {number + 1}"
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, TypeError):  # numbers and text in one column
        raise refuse("scan.mixed", part) from None
    return added(make(piece) for piece in sliced(table.to_batches(), part, number))


def _sum(parts: Sequence[S | None]) -> S | None:
    return added(part for part in parts if part is not None)
