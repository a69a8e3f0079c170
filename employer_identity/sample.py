"""From answers to what the estimator needs: the model's columns, complete rows, groups, moments."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from employer_identity.errors import ModelError, Problem
from employer_identity.language import listing, refusal
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.published import SINGULAR, smallest_direction

if TYPE_CHECKING:
    from employer_identity.survey import Survey


@dataclass(frozen=True)
class Sample:
    """Complete answers as moments.

    Parameters
    ----------
    moments
        Per group, the reference group first.
    notes
        What was left out on the way, and why.
    """

    moments: Moments
    notes: tuple[Problem, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels; the first is the reference group. One empty label where there are no groups."""
        return self.moments.groups


def take(
    data: Survey | pd.DataFrame | Moments,
    items: Sequence[str],
    group: str | None,
    reference: str | None,
) -> Sample:
    """Return the moments of the items, a group at a time.

    Raises
    ------
    ModelError
        With all reasons why the data cannot serve the model.
    """
    if isinstance(data, Moments):
        return _published(data, items, group, reference)
    frame = data if isinstance(data, pd.DataFrame) else data.answers
    _refuse([*_unknown(items, list(frame.columns), group)])
    _refuse([Problem("model.not_numeric", where=i) for i in _not_numeric(frame, items)])
    values = frame[list(items)].to_numpy(dtype=float, na_value=np.nan)
    _refuse(_unfit(values, items))
    complete = ~np.isnan(values).any(axis=1)
    labels, codes = _groups(frame, group, reference)
    used = complete & (codes >= 0)
    notes = [
        Problem("model.rows_incomplete", count=int((~complete).sum())),
        Problem("model.rows_without_group", where=str(group), count=int((codes < 0).sum())),
    ]
    kept = tuple(note for note in notes if note.count)
    values, codes = values[used], codes[used]
    _refuse(_too_small(codes, labels, group, len(items)))
    moments = Moments.of(items, values, codes, labels)
    _refuse(_degenerate(moments))
    return Sample(moments, kept)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise refusal(ModelError, problems)


def _published(
    moments: Moments, items: Sequence[str], group: str | None, reference: str | None
) -> Sample:
    _refuse(_unknown(items, list(moments.names), None))
    chosen = moments.select(items)
    if group is None and len(chosen.n) > 1:
        if chosen.known != "means":
            raise refusal(ModelError, [Problem("model.moments_pooled", count=len(chosen.n))])
        chosen = chosen.pooled()
    elif group is not None:
        if len(chosen.n) == 1:
            raise refusal(ModelError, [Problem("model.moments_have_no_groups", where=group)])
        order = _reference_first(chosen.groups, group, reference)
        chosen = chosen.arranged([chosen.groups[i] for i in order])
    _refuse(_degenerate(chosen))
    codes = {"covariances": "model.moments_without_means", "correlations": "model.moments_units"}
    notes = [Problem(codes[chosen.known], severity="warning")] if chosen.known in codes else []
    return Sample(chosen, tuple(notes))


def _unknown(items: Sequence[str], columns: list[str], group: str | None) -> list[Problem]:
    wanted = [*items, *([group] if group else [])]
    missing = [n for n in wanted if n not in columns]
    found = []
    for name in missing:
        near = difflib.get_close_matches(name, [str(c) for c in columns], n=3)
        code = "model.unknown_item_near" if near else "model.unknown_item"
        found.append(Problem(code, where=name, values={"near": listing(near)}))
    twice = [n for n in wanted if columns.count(n) > 1]
    return found + [Problem("model.column_twice", where=n) for n in twice]


def _not_numeric(frame: pd.DataFrame, items: Sequence[str]) -> list[str]:
    kinds = zip(items, frame[list(items)].dtypes, strict=True)
    return [item for item, k in kinds if not is_numeric_dtype(k) or is_bool_dtype(k)]


def _unfit(values: NDArray[np.float64], items: Sequence[str]) -> list[Problem]:
    infinite, empty = np.isinf(values).sum(axis=0), np.isnan(values).sum(axis=0) == len(values)
    return [
        Problem("model.item_empty" if nothing else "model.infinite", where=item, count=int(count))
        for item, count, nothing in zip(items, infinite, empty, strict=True)
        if count or nothing
    ]


def _groups(
    frame: pd.DataFrame, group: str | None, reference: str | None
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Return the labels, reference first, and each row's number among them (-1: none)."""
    if group is None:
        return ("",), np.zeros(len(frame), dtype=np.intp)
    column = frame[group]
    column = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
    column = column.cat.remove_unused_categories()
    labels = [str(c) for c in column.cat.categories]
    codes = column.cat.codes.to_numpy().astype(np.intp)
    if len(labels) < 2:
        raise refusal(ModelError, [Problem("model.one_group", where=group, count=len(labels))])
    order = _reference_first(labels, group, reference)
    codes = np.append(np.argsort(order), -1)[codes].astype(np.intp)
    return tuple(labels[i] for i in order), codes


def _reference_first(labels: Sequence[str], group: str, reference: str | None) -> list[int]:
    """Return the groups' places in the order asked for."""
    if reference is None:
        return list(range(len(labels)))
    if str(reference) not in labels:
        values = {"reference": reference, "allowed": listing(labels)}
        raise refusal(ModelError, [Problem("model.unknown_group", where=group, values=values)])
    first = labels.index(str(reference))
    return [first, *(i for i in range(len(labels)) if i != first)]


def _too_small(
    codes: NDArray[np.intp], labels: tuple[str, ...], group: str | None, p: int
) -> list[Problem]:
    n = np.bincount(codes, minlength=len(labels))
    small = [label for label, k in zip(labels, n, strict=True) if k <= p]
    if not small:
        return []
    if group is None:
        return [Problem("model.too_few_rows", count=p + 1)]
    values = {"groups": listing(small), "needed": p + 1}
    return [Problem("model.group_too_small", where=group, count=len(small), values=values)]


def _degenerate(moments: Moments) -> list[Problem]:
    """Items without variance, and items that the others determine."""
    found = []
    for covariance, label in zip(moments.covariance, moments.groups, strict=True):
        sd = np.sqrt(np.diag(covariance))
        flat = [n for n, s in zip(moments.names, sd, strict=True) if not s > 1e-12]
        if flat:
            code = "model.item_constant_in_group" if label else "model.item_constant"
            found.append(Problem(code, where=listing(flat), values={"group": label}))
            continue
        size, involved = smallest_direction(covariance)
        if size < SINGULAR:
            names = [n for n, i in zip(moments.names, involved, strict=True) if i > 0.05]
            code = "model.singular_in_group" if label else "model.singular"
            found.append(Problem(code, where=listing(names), values={"group": label}))
    return found
