"""What goes into a manuscript: the tables of a report, each with its number, caption and note."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from employer_identity.language import Language
from employer_identity.privacy import Cells

AROUND, WIDE = 3, 36
"""Characters of room around a text, and characters that a column is given at most."""


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes
    ----------
    number
        As in the report.
    key
        Its name in the report.
    caption, cells
        As the report shows them.
    """

    number: int
    key: str
    caption: str
    cells: Cells

    def shares(self) -> tuple[float, ...]:
        """Return each column's share of the width, by its longest text."""
        columns = zip(self.cells.heads, *(row for _, row in self.cells.rows), strict=True)
        wanted = [min(max(map(len, column)) + AROUND, WIDE) for column in columns]
        return tuple(w / sum(wanted) for w in wanted)

    def lines(self) -> Iterator[str | tuple[str, ...]]:
        """Go through the rows, gathered under their headings; a heading comes as a text."""
        for heading in dict.fromkeys(heading for heading, _ in self.cells.rows):
            if heading:
                yield heading
            yield from (row for under, row in self.cells.rows if under == heading)


@dataclass(frozen=True)
class Manuscript:
    """All tables of a report.

    Attributes
    ----------
    title
        The report's.
    language
        Of all words.
    tables
        In the report's order.
    """

    title: str
    language: Language
    tables: tuple[Table, ...]
