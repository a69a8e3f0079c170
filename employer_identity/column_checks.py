"""What is wrong with the columns a model asks for: not there, not numbers, numbers without end."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype

from employer_identity.errors import ModelError, Problem
from employer_identity.language import listing, refusal

HUGE = 1e100  # beyond it squares and their sums overflow


def unknown_columns(
    frame: pd.DataFrame, items: Sequence[str], **asked: str | None
) -> list[Problem]:
    """Say which items, and which columns an argument asks for, are not there or there twice."""
    columns = [str(c) for c in frame.columns]
    found = unknown_items(items, columns)
    for argument, name in asked.items():
        if name and name not in columns:
            near = difflib.get_close_matches(name, columns, n=3)
            code = "model.unknown_column_near" if near else "model.unknown_column"
            values = {"near": listing(near), "argument": argument}
            found.append(Problem(code, where=name, values=values))
    wanted = [*items, *(name for name in asked.values() if name)]
    return found + [Problem("model.column_twice", where=n) for n in wanted if columns.count(n) > 1]


def unknown_items(items: Sequence[str], columns: Sequence[str]) -> list[Problem]:
    """Say which items are not among the columns, and what they may have been meant to be."""
    found = []
    for name in items:
        if name not in columns:
            near = difflib.get_close_matches(name, columns, n=3)
            code = "model.unknown_item_near" if near else "model.unknown_item"
            found.append(Problem(code, where=name, values={"near": listing(near)}))
    return found


def not_numeric(frame: pd.DataFrame, items: Sequence[str]) -> list[Problem]:
    """Say which columns do not hold real numbers, and what they hold."""
    kinds = zip(items, frame[list(items)].dtypes, strict=True)
    return [
        Problem("model.not_numeric", item, values={"kind": _called(kind)}) for item, kind in kinds
        if not is_numeric_dtype(kind) or is_bool_dtype(kind) or is_complex_dtype(kind)
    ]  # fmt: skip


def _called(kind: object) -> str:
    """Return what a type is called, text the same whatever holds it."""
    return "text" if str(kind) in ("object", "str", "string") else str(kind)


def endless(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which numbers are infinite, or so large that their squares are."""
    return np.abs(values) > HUGE


def unfit(values: NDArray[np.float64], items: Sequence[str]) -> list[Problem]:
    """Say which items nobody answered, and which hold numbers without end."""
    infinite, empty = endless(values).sum(axis=0), np.isnan(values).sum(axis=0) == len(values)
    return [
        Problem("model.item_empty" if nothing else "model.infinite", where=item, count=int(count))
        for item, count, nothing in zip(items, infinite, empty, strict=True)
        if count or nothing
    ]


def reference_first(labels: Sequence[str], group: str, reference: str | None) -> list[int]:
    """Return the groups' places in the order asked for."""
    if reference is None:
        return list(range(len(labels)))
    if str(reference) not in labels:
        values = {"reference": reference, "allowed": listing(labels)}
        raise refusal(ModelError, [Problem("model.unknown_group", where=group, values=values)])
    first = labels.index(str(reference))
    return [first, *(i for i in range(len(labels)) if i != first)]
