"""From written values to a table: numbers as the language writes them, heads and caption in words.

Numbers are written before the table is made; stored values are never rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from great_tables import GT

from employer_identity.audit.facts import Fact
from employer_identity.inert import one_line
from employer_identity.language import Language, number, say
from employer_identity.privacy import Cells, Shown

NOTHING = "–"  # noqa: RUF001  (an en dash stands for "no number here")
_TEXTS = {"pillar", "item", "category", "level", "rule", "read", "group", "kind", "verdict"}
_TEXTS |= {"one", "other", "held", "name", "value", "plain", "measure", "matters", "outcome"}
_TEXTS |= {"model", "relation", "statement", "takes", "against", "why", "allowed", "state", "size"}
_TEXTS |= {"restricted", "free", "who", "below", "method"}
"""Columns of words, which stand to the left; numbers stand to the right."""


def tabulate(
    key: str,
    rows: list[dict[str, str]],
    language: Language,
    facts: Iterable[Fact],
    words: Mapping[str, object] | None = None,
    groups: str | None = None,
    heads: Mapping[str, str] | None = None,
    part: int = 1,
    caption: str = "",
    note: str = "",
) -> Shown:
    """Make a table of written values; heads and caption come from the catalogue.

    Parameters
    ----------
    key
        The table's name: of its caption, and after ``table-`` of its element in the page.
    facts
        What it tells of sets of people.
    groups
        Column whose values become headings between the rows.
    heads
        Heads that are no words of the catalogue, such as the names of groups.
    part
        Which of several tables with this key it is.
    caption
        Another caption than that of the key.
    note
        What stands under the table.
    """
    words, heads = words or {}, {c: one_line(head) for c, head in (heads or {}).items()}
    rows = [{c: one_line(cell) for c, cell in row.items()} for row in rows]
    frame = pd.DataFrame(rows)
    written: dict[str, Any] = {
        c: heads[c] if c in heads else say(f"tables.head.{c}", language, **words)
        for c in frame.columns
        if c != groups
    }
    name = key if part == 1 else f"{key}_{part}"
    table = GT(frame, id=f"table-{name}", groupname_col=groups).cols_label(**written)
    table = table.cols_align("left", [c for c in written if c in _TEXTS])
    table = table.cols_align("right", [c for c in written if c not in _TEXTS])
    table = table.tab_source_note(note) if note else table
    told = say(f"tables.caption.{caption or key}", language, **words)
    cells = Cells(
        tuple(written.values()),
        tuple(c not in _TEXTS for c in written),
        tuple((r[groups] if groups else "", tuple(r[c] for c in written)) for r in rows),
        note,
    )
    return Shown(name, "table", table, told, cells=cells, facts=_told_in(facts, key, name))


def numbered(shown: Shown, part: int) -> Shown:
    """Give a figure or table that a report shows several times a name of its own each time."""
    key = f"{shown.key}_{part}"
    table = shown.content.with_id(f"table-{key}") if shown.kind == "table" else shown.content
    return replace(shown, key=key, content=table, facts=_told_in(shown.facts, shown.key, key))


def _told_in(facts: Iterable[Fact], key: str, name: str) -> tuple[Fact, ...]:
    """Return facts that stand in a piece under the name that it has in the page."""
    return tuple(replace(f, element=name) if f.element == key else f for f in facts)


def decimals(value: float, spec: str, language: Language) -> str:
    """Write a number that may be missing."""
    return NOTHING if np.isnan(value) else number(value, spec, language)


def whole(value: float, language: Language) -> str:
    """Write a whole number."""
    return NOTHING if np.isnan(value) else number(int(value), ",", language)


def share(value: float, language: Language) -> str:
    """Write a share in per cent."""
    return NOTHING if np.isnan(value) else number(value, ".0%", language)


def signed(value: float, language: Language) -> str:
    """Write a change with its sign, three decimals."""
    return NOTHING if np.isnan(value) else number(value, "+z.3f", language)


def interval(lower: float, upper: float, language: Language) -> str:
    """Write an interval."""
    low, high = (number(x, "z.2f", language) for x in (lower, upper))
    return NOTHING if np.isnan(lower) else say("tables.interval", language, low=low, high=high)


def pvalue(value: float, language: Language) -> str:
    """Write a p value."""
    if np.isnan(value):
        return NOTHING
    return say("tables.tiny", language) if value < 0.001 else number(value, ".3f", language)
