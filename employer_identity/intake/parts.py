"""A folder or pattern of Parquet files as one source, read file by file and batch by batch."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from pyarrow import parquet

from employer_identity.errors import Problem, SurveyError
from employer_identity.intake.parquet import SUFFIXES
from employer_identity.intake.pieces import ROWS, Piece, Wanted, kind_of, sliced
from employer_identity.intake.raw import Stamp, refuse
from employer_identity.intake.raw import stamp as stamp_of
from employer_identity.language import refusal
from employer_identity.measurement.sums import Adding, added

S = TypeVar("S", bound=Adding)


@dataclass(frozen=True, eq=False)
class Part:
    """One file.

    Attributes
    ----------
    path, name
        Where it is, and what it is called in messages.
    stamp
        Size and time of its last change when it was first looked at.
    schema
        Its columns.
    rows
        Number of its rows.
    same
        Columns that its folders' names hold, as in ``year=2026/part.parquet``.
    """

    path: Path
    name: str
    stamp: Stamp
    schema: pa.Schema
    rows: int
    same: Mapping[str, str | int]

    @classmethod
    def of(cls, path: Path, root: Path) -> Part:
        """Look at a file's own description of itself, which stands at its end."""
        inside = path.relative_to(root)
        name = inside.as_posix()
        stamp = stamp_of(path, name)
        try:
            with parquet.ParquetFile(path) as file:
                schema, rows = file.schema_arrow, file.metadata.num_rows
        except (OSError, ValueError):  # pyarrow's own errors are ValueErrors
            raise refuse("scan.damaged", name) from None
        pairs = (folder.partition("=") for folder in inside.parts[:-1])
        same = {k: int(v) if v.lstrip("-").isdigit() else v for k, is_one, v in pairs if is_one}
        return cls(path, name, stamp, schema, rows, same)

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Column -> its kind."""
        found = {field.name: kind_of(field.type) for field in self.schema}
        return found | {k: "text" if isinstance(v, str) else "number" for k, v in self.same.items()}

    def check_unchanged(self) -> None:
        """Refuse a file that is not as it was."""
        if stamp_of(self.path, self.name) != self.stamp:
            raise refuse("scan.changed", self.name)

    def records(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Read some columns."""
        self.check_unchanged()
        own = [name for name in columns if name not in self.same]
        try:
            with parquet.ParquetFile(self.path) as file:
                for record in file.iter_batches(ROWS, columns=own):
                    yield self._whole(record, columns)
        except SurveyError:
            raise
        except (OSError, ValueError):
            self.check_unchanged()
            raise refuse("scan.damaged", self.name) from None
        self.check_unchanged()

    def _whole(self, record: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
        """Add what the folders' names say."""
        for name in (name for name in columns if name in self.same):
            column = pa.repeat(pa.scalar(self.same[name]), record.num_rows)
            record = record.append_column(name, column)
        return record


@dataclass(frozen=True, eq=False)
class ParquetParts:
    """Parquet files that are read as one."""

    name: str
    files: tuple[Part, ...]

    @classmethod
    def of(cls, where: str | Path) -> ParquetParts:
        """Find the files of a folder or a pattern, or take one; look at each.

        Raises
        ------
        SurveyError
            If there is none, or with all that cannot be read.
        """
        paths, root = _found(where)
        files, problems = list[Part](), list[Problem]()
        for path in paths:
            try:
                files.append(Part.of(path, root))
            except SurveyError as error:
                problems += error.problems
        if problems:
            raise refusal(SurveyError, problems)
        return cls(Path(where).name, tuple(files))

    @property
    def parts(self) -> int:
        """Number of files."""
        return len(self.files)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(part.rows for part in self.files)

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Column -> the kind that it has in most files."""
        found: dict[str, Counter[str]] = {}
        for part in self.files:
            for name, kind in part.kinds.items():
                found.setdefault(name, Counter())[kind] += 1
        return {name: counts.most_common(1)[0][0] for name, counts in found.items()}

    @cached_property
    def categories(self) -> frozenset[str]:
        """Columns whose values have an order of their own."""
        fields = (field for part in self.files for field in part.schema)
        return frozenset(f.name for f in fields if pa.types.is_dictionary(f.type))

    def check(self, wanted: Wanted) -> None:
        """Refuse files that lack a wanted column, or have it of another kind than most."""
        problems = []
        for part in self.files:
            lacking = [name for name in wanted.columns if name not in part.kinds]
            odd = [
                name for name in wanted.columns
                if name not in lacking and part.kinds[name] != self.kinds[name]
            ]  # fmt: skip
            for code, names in (("scan.part_lacks", lacking), ("scan.part_differs", odd)):
                if names:
                    values = {"columns": ", ".join(names)}
                    problems.append(Problem(code, part.name, len(names), values))
        if problems:
            raise refusal(SurveyError, problems)

    def total(self, columns: Sequence[str], make: Callable[[Piece], S]) -> S | None:
        """Make something of each piece and add it up."""
        return added(make(piece) for piece in self._pieces(columns))

    def _pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        for number, part in enumerate(self.files):
            yield from sliced(part.records(columns), part.name, number)


def _found(where: str | Path) -> tuple[list[Path], Path]:
    """Return the files meant, in the order of their names, and the folder they are named from."""
    path = Path(where)
    if path.is_dir():
        paths = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
        root = path
    elif path.is_file():
        paths, root = [path], path.parent
    else:
        paths = sorted(Path(p) for p in glob.glob(str(where), recursive=True) if Path(p).is_file())
        named = (part for part in path.parts if not glob.has_magic(part))
        root = next((p for p in path.parents if not glob.has_magic(str(p))), Path(*named))
    if not paths:
        raise refuse("scan.no_parts", where)
    return paths, root
