"""From the cells below a header to respondents: named columns, and no idle rows or columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.errors import Problem
from employer_identity.intake.headers import SHOWN, Header
from employer_identity.intake.raw import Part, Raw, change, digest, refuse

MOST_COLUMNS = 2000
PREVIEWS = {  # what Qualtrics notes of answers by the makers of a questionnaire, in words or codes
    "Status": ("Survey Preview", "Survey Test", "1", "2"),
    "DistributionChannel": ("preview", "test"),
}


def check_width(columns: int, path: Path) -> None:
    """Refuse a file with more columns than a survey has."""
    if columns > MOST_COLUMNS:
        raise refuse("intake.too_many_columns", path, columns, limit=MOST_COLUMNS)


def respondents(
    columns: Sequence[pd.Categorical],
    header: Header,
    path: Path,
    *,
    first_row: int,
    rows: NDArray[np.int64] | None = None,
    changes: Sequence[Problem] = (),
) -> Raw:
    """Put columns under their names, without nameless empty columns, blank rows and previews.

    `rows` are the numbers of the rows in the file, where these are not simply counted on from
    `first_row`.
    """
    names, told = _named(columns, header.names, path)
    kept = [column for column, name in zip(columns, header.names, strict=True) if name]
    n = len(columns[0]) if columns else 0
    numbers = np.arange(first_row, first_row + n) if rows is None else rows
    blank = (
        np.logical_and.reduce([column.codes < 0 for column in kept]) if kept else np.ones(n, bool)
    )
    last = int(np.flatnonzero(~blank)[-1]) + 1 if not blank.all() else 0
    within = int(numbers[last - 1] - first_row + 1 - last + blank[:last].sum()) if last else 0
    if within:
        told.append(change("survey.changed.blank_rows", path.name, within))
    previews = _previews(kept, names) & ~blank if header.is_qualtrics else np.zeros(n, bool)
    if previews.any():
        told.append(change("survey.changed.previews", path.name, int(previews.sum())))
    stay = ~(blank | previews)
    if not stay.all():
        kept = [column[stay] for column in kept]
    frame = pd.DataFrame(dict(enumerate(kept)), copy=False).set_axis(list(names), axis=1)
    part = Part(path.name, 0, first_row, _gone(numbers[stay], first_row))
    found = (*header.changes, *changes, *told)
    return Raw(frame, (part,), digest([path]), header.texts, {}, found)


def _gone(shown: NDArray[np.int64], first_row: int) -> tuple[int, ...]:
    """Numbers that are passed over between the first row and the last that is shown."""
    if not len(shown) or shown[-1] - first_row + 1 == len(shown):
        return ()
    return tuple(np.setdiff1d(np.arange(first_row, shown[-1]), shown).tolist())


def _named(
    columns: Sequence[pd.Categorical], names: Sequence[str], path: Path
) -> tuple[list[str], list[Problem]]:
    """Refuse columns that hold cells and have no name; tell how many empty ones went."""
    nameless = [k for k, name in enumerate(names) if not name]
    filled = [str(k + 1) for k in nameless if (columns[k].codes >= 0).any()]
    if filled:
        shown = ", ".join(filled[:SHOWN]) + (", ..." if len(filled) > SHOWN else "")
        raise refuse("intake.nameless_columns", path, len(filled), columns=shown)
    code = "survey.changed.nameless_columns"
    told = [change(code, path.name, len(nameless))] if nameless else []
    return [name for name in names if name], told


def _previews(columns: Sequence[pd.Categorical], names: Sequence[str]) -> NDArray[np.bool_]:
    found = np.zeros(len(columns[0]), bool)
    for column, name in zip(columns, names, strict=True):
        if name in PREVIEWS:
            found |= column.isin(PREVIEWS[name])
    return found
