"""How a result shows itself: a title, facts, a table and notes, as text and as HTML alike.

The HTML takes its colours and letters from the page it stands in, so that it reads in JupyterLab's
light and dark themes; it asks for nothing and runs nothing. Frames are no views: a researcher goes
on with them, and pandas shows them well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from html import escape
from typing import TYPE_CHECKING

from employer_identity.language import Language, number, say

if TYPE_CHECKING:
    import pandas as pd

MINIMUM = 5
"""Fewest persons of whom a number is shown."""
MOST = 20  # rows of a table; a result says how many more it has
_LINE = "1px solid var(--jp-border-color1, currentColor)"
_CELL = "padding:.15em .7em;vertical-align:top;"


@dataclass(frozen=True)
class Grid:
    """A table of words: headers, rows, and how many columns at the left name the row."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1
    left_out: int = 0

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        *,
        names: int = 1,
        formats: Mapping[str, str] | None = None,
        most: int = MOST,
    ) -> Grid:
        """Write a frame's columns, floats with three decimals unless told otherwise.

        Parameters
        ----------
        names
            How many columns at the left hold names.
        formats
            Column -> Python format specification.
        most
            Rows that are written.
        """
        wanted = formats or {}
        columns = [
            [written(value, wanted.get(str(name), _usual(str(name)))) for value in column[:most]]
            for name, column in frame.items()
        ]
        rows = tuple(zip(*columns, strict=True))
        return cls(tuple(map(str, frame.columns)), rows, names, max(len(frame) - most, 0))

    def lines(self) -> list[str]:
        """Return the table as text: names stand left, what is said of them right."""
        cells = [self.headers, *self.rows]
        widths = [max(len(row[at]) for row in cells) for at in range(len(self.headers))]
        return ["  ".join(self._aligned(row, widths)).rstrip() for row in cells]

    def _aligned(self, row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
        for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
            yield cell.ljust(width) if at < self.names else cell.rjust(width)

    def html(self) -> str:
        """Return the table as HTML that scrolls sideways where the page is narrow."""
        body = "".join(f"<tr>{''.join(self._named(row))}</tr>" for row in self.rows)
        return (
            '<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:.3em 0">'
            f"{self._head()}<tbody>{body}</tbody></table></div>"
        )

    def _head(self) -> str:
        cells = "".join(self._cell("th", at, word, "col") for at, word in enumerate(self.headers))
        row = f'<thead><tr style="border-bottom:{_LINE}">{cells}</tr></thead>'
        return row if any(self.headers) else ""

    def _named(self, row: Sequence[str]) -> Iterable[str]:
        for at, word in enumerate(row):
            yield self._cell(*(("th", at, word, "row") if at < self.names else ("td", at, word)))

    def _cell(self, tag: str, at: int, word: str, scope: str = "") -> str:
        side = "left" if at < self.names else "right"
        of = f' scope="{scope}"' if scope else ""
        weight = "font-weight:normal;" if scope == "row" else ""
        return f'<{tag}{of} style="{_CELL}{weight}text-align:{side}">{escape(word)}</{tag}>'


@dataclass(frozen=True)
class View:
    """What a result says of itself, in the order in which it is read."""

    title: str
    facts: tuple[str, ...] = ()
    grid: Grid | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, lines: Sequence[str]) -> View:
        """Take the first line as the title and the others as facts."""
        return cls(lines[0], tuple(lines[1:]))

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes, and how many rows were left out before them."""
        left_out = self.grid.left_out if self.grid else 0
        more = (say("showing.more", n=left_out),) if left_out else ()
        return (*more, *self.notes)

    def text(self) -> str:
        """Return it as lines."""
        lines = [self.title, *(f"  {fact}" for fact in self.facts)]
        lines += self.grid.lines() if self.grid else []
        return "\n".join([*lines, *(f"  {note}" for note in self.remarks)])

    def html(self) -> str:
        """Return it as HTML."""
        title = f'<p style="margin:0 0 .2em;font-weight:600">{escape(self.title)}</p>'
        facts, notes = (
            "".join(f'<p style="margin:0 0 .2em">{escape(line)}</p>' for line in lines)
            for lines in (self.facts, self.remarks)
        )
        table = self.grid.html() if self.grid else ""
        colour = "color:var(--jp-content-font-color1, inherit)"
        return f'<div style="{colour};line-height:1.4">{title}{facts}{table}{notes}</div>'


class Showing:
    """A result that shows itself: what its `_view` says is its text and its HTML."""

    def _view(self) -> View:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self._view().text()

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        return self._view().html()


class ShowingFields:
    """A small record of a result: its text is a dataclass's own, its HTML one row a field."""

    def _repr_html_(self) -> str:
        rows = tuple((f.name, _short(getattr(self, f.name))) for f in fields(self) if f.repr)  # type: ignore[arg-type]
        return View(type(self).__name__, grid=Grid(("", ""), rows)).html()


def _short(value: object) -> str:
    """Write the value of a field."""
    if isinstance(value, tuple | list):
        return ", ".join(map(_short, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_short(inner)}" for key, inner in value.items())
    return str(value)


def written(value: object, spec: str = "z.3f", language: Language = "en") -> str:
    """Write a value as the cell of a table: nothing where it is missing."""
    if isinstance(value, str):
        return value
    if str(value) in ("None", "nan", "<NA>"):
        return ""
    if str(value) in ("True", "False"):  # also numpy's and pandas' own
        return say("showing.yes" if value else "showing.no", language)
    if spec == "p":
        return significance(float(value), language)  # type: ignore[arg-type]
    if hasattr(value, "is_integer") and not _is_whole(value):
        return number(float(value), spec, language)  # type: ignore[arg-type]
    return number(int(value), ",", language)  # type: ignore[call-overload]


def _is_whole(value: object) -> bool:
    """Whether a value is an integer by its kind, not by chance."""
    return not hasattr(value, "hex")


def _usual(column: str) -> str:
    return "p" if column.startswith("pvalue") else "z.3f"


def significance(p: float, language: Language = "en") -> str:
    """Write a p-value."""
    return f"< {number(0.001, '.3f', language)}" if p < 0.001 else number(p, ".3f", language)


def are_tellable(sizes: Iterable[int]) -> bool:
    """Whether the sizes of groups may be told: none is so small that people could be known."""
    return min(sizes, default=MINIMUM) >= MINIMUM
