"""What may be shown: minimum cells, and the siblings that would give a hidden cell away.

A table that shows a total and all of its parts but one shows that one too. Whoever hides a small
part therefore hides a second one, so that what is left over after subtraction is again a group of
people.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from employer_identity.audit.facts import Fact
from employer_identity.errors import ComparisonError, Problem
from employer_identity.language import listing, refusal
from employer_identity.protection import Family, Lattice, protected
from employer_identity.questionnaire import CROSSED
from employer_identity.showing import MINIMUM as MINIMUM
from employer_identity.showing import Showing, View

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

_DPI = 110  # of a figure in a notebook
DISTRIBUTION = 10
"""Fewest persons of whom more is shown than a mean: how their answers are distributed."""
MODEL = DISTRIBUTION
"""Fewest persons of a group whose model is shown. Intercepts of its own give back its means, its
loadings and variances how answers are spread and go together: as much as a distribution tells.
"""


@dataclass(frozen=True)
class Cells:
    """What stands in a table, as written: for whoever sets it in another form.

    Attributes
    ----------
    heads
        Over the columns.
    right
        Which columns hold numbers and stand to the right.
    rows
        Each with the heading it stands under (empty for none) and its cells.
    note
        What is to be known of the table, under it; empty for nothing.
    """

    heads: tuple[str, ...]
    right: tuple[bool, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    note: str = ""


@dataclass(frozen=True, repr=False)
class Shown(Showing):
    """A figure or table as it goes into a report.

    Parameters
    ----------
    key
        Its name in the report, for example ``"ladder"``.
    kind
        ``"figure"`` or ``"table"``.
    content
        A matplotlib ``Figure`` or a great_tables ``GT``.
    caption
        One line under the figure or above the table.
    alt
        What a reader who cannot see the figure is told; with its numbers.
    cells
        What stands in a table; None for a figure.
    facts
        Every number that it tells of a set of people, and every cell that it names and withholds;
        without their wave, which is the report's. Of a model's parameters those whom it is about.
    """

    key: str
    kind: Literal["figure", "table"]
    content: Any
    caption: str
    alt: str = ""
    cells: Cells | None = None
    facts: tuple[Fact, ...] = field(kw_only=True)

    @property
    def persons(self) -> tuple[int, ...]:
        """Return the numbers of people that it tells."""
        counts = (f.value for f in self.facts if f.quantity == "count" and not f.half)
        return tuple(int(n) for n in counts if n is not None)

    def _view(self) -> View:
        return View(self.caption, (self.alt,) if self.alt else ())

    def _repr_html_(self) -> str:
        if self.kind == "table":
            return str(self.content.as_raw_html())
        buffer = BytesIO()
        self.content.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
        picture = b64encode(buffer.getvalue()).decode()
        return (
            f'<figure style="margin:.3em 0"><img alt="{escape(self.alt)}" style="max-width:100%" '
            f'src="data:image/png;base64,{picture}"><figcaption style="line-height:1.4">'
            f"{escape(self.caption)}</figcaption></figure>"
        )


def hidden(
    counts: pd.Series[int] | pd.DataFrame,
    *,
    minimum: int = MINIMUM,
    already: pd.Series[bool] | None = None,
) -> pd.Series[bool]:
    """Decide which cells of a two-level table stay hidden when every parent's total is known.

    Hidden are the children below `minimum`; and, smallest first, as many of their siblings as it
    takes until a parent's total minus its shown children is empty, or is two cells or more of which
    each may have `minimum` different numbers of persons. A parent that is itself below `minimum`
    has all of its children hidden.

    Parameters
    ----------
    counts
        Persons per cell, indexed by (parent, child). Several columns count several things that are
        shown of the same cells: a cell is as small as the smallest of them, and every one of them
        must stand up to subtraction. Cells without anybody give nobody away and stay.
    minimum
        Smallest number of persons that is shown.
    already
        Cells that are hidden for another reason, as in a table with two kinds of parents.

    Returns
    -------
    Booleans with the index of `counts`: True is hidden.

    Examples
    --------
    >>> counts = pd.Series({("care", "A"): 4, ("care", "B"): 9, ("care", "C"): 30})
    >>> hidden(counts).tolist()
    [True, True, False]
    """
    codes = pd.factorize(counts.index.get_level_values(0))[0]
    return _protected(counts, [codes], minimum, already)


def _protected(
    counts: pd.Series[int] | pd.DataFrame,
    divisions: Iterable[np.ndarray],
    minimum: int,
    already: pd.Series[bool] | None,
) -> pd.Series[bool]:
    """Protect cells that are divided into families in one or several ways, all with known totals.

    A division is a code for each cell; the same code is the same family, below 0 is in none.
    """
    n = (counts.to_frame() if isinstance(counts, pd.Series) else counts).to_numpy()
    families = tuple(
        Family(None, tuple(np.flatnonzero(codes == code).tolist()))
        for codes in divisions
        for code in np.unique(codes[codes >= 0])
    )
    least = np.full(len(n), minimum)
    no_answers = np.zeros((len(n), 0))
    named = np.ones(len(n), dtype=bool)
    cells = Lattice(n, least, named, families, minimum, no_answers, no_answers, np.zeros(0))
    gone = protected(cells, None if already is None else already.to_numpy(dtype=bool))
    return pd.Series(gone, index=counts.index, name="hidden")


def hidden_categories(
    counts: pd.Series[int] | pd.DataFrame,
    *,
    minimum: int = MINIMUM,
    already: pd.Series[bool] | None = None,
) -> pd.Series[bool]:
    """Decide within one grouping; a crossed one also within each group that it crosses.

    The groups that are crossed have totals in the same table, so that a cell is protected only if
    another one is hidden both in its row and in its column. Categories stand in the last level
    of the index of `counts`; see `hidden` for the rest.
    """
    categories = counts.index.get_level_values(-1)
    parts = [str(category).split(CROSSED) for category in categories]
    divisions = [np.zeros(len(parts), dtype=int)]
    if any(len(p) == 2 for p in parts) and all(len(p) <= 2 for p in parts):
        divisions += [pd.factorize(np.array([p[end] for p in parts]))[0] for end in (0, -1)]
    return _protected(counts, divisions, minimum, already)


def floor(instrument: Instrument, column: str, *, minimum: int = MINIMUM) -> int:
    """Return the fewest persons of whom something is shown by this grouping."""
    grouping = next((g for g in instrument.groupings if g.column == column), None)
    return grouping.minimum(minimum) if grouping else minimum


def model_floor(instrument: Instrument, column: str, *, minimum: int = MINIMUM) -> int:
    """Return the fewest persons of a group that a model by this grouping is about.

    `MODEL`; and more than there are items, since fewer have no model of their own.
    """
    items = len(instrument.item_names)
    return max(floor(instrument, column, minimum=minimum), MODEL, items + 1)


def of_large_groups(
    frame: pd.DataFrame, counts: Mapping[str, int], minimum: int = MINIMUM
) -> pd.DataFrame:
    """Return a comparison's rows about groups of at least `minimum` persons.

    Parameters
    ----------
    frame
        With a column ``group``, and ``other`` if it compares with others than the reference group.
    counts
        Persons by group, the reference group first.

    Raises
    ------
    ComparisonError
        If the reference group is too small, for a difference tells of both, or nothing is left.
    """
    if not counts:
        raise refusal(ComparisonError, [Problem("invariance.no_counts")])
    large = [g for g, n in counts.items() if n >= minimum]
    kept = frame[frame["group"].isin(large)]
    if "other" in frame:
        kept = kept[kept["other"].isin(large)]
    reference = next(iter(counts), None)
    if reference not in large or kept.empty:
        where = listing(counts)
        raise refusal(ComparisonError, [Problem("invariance.too_few_to_show", where, minimum)])
    return kept
