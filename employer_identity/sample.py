"""From answers to what the estimator needs: the model's columns, groups, weights, moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.clustering import numbered
from employer_identity.collapsing import LEAST, collapsed, doubtful, not_whole
from employer_identity.column_checks import (
    not_numeric,
    reference_first,
    unfit,
    unknown_columns,
    unknown_items,
)
from employer_identity.dividing import (
    groups_of,
    never_together,
    too_few_groups,
    too_small_groups,
)
from employer_identity.errors import ModelError, Problem
from employer_identity.language import listing, refusal
from employer_identity.measurement.categorical import Held, OrderedMoments, statistics_of
from employer_identity.measurement.evidence import Evidence, OrderedSample
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.patterns import Patterns, gather, whole
from employer_identity.measurement.published import SINGULAR, smallest_direction
from employer_identity.measurement.rows import Respondents, Rows
from employer_identity.measurement.saturated import Saturated, available, saturate
from employer_identity.measurement.summed import Tabled
from employer_identity.measurement.tabulated import Tables


@dataclass(frozen=True)
class Sample:
    """Answers as moments, with the rows behind them.

    Parameters
    ----------
    moments
        Per group, the reference group first; the unrestricted estimates where answers are missing.
        Of ordered items those of the responses behind the answers.
    evidence
        The same with the log-likelihood about them, or all statistics of ordered items; and the
        rows behind.
    notes
        What was left out on the way, and why.
    """

    moments: Moments
    evidence: Evidence
    notes: tuple[Problem, ...]

    @property
    def saturated(self) -> Saturated:
        """The unrestricted moments with the log-likelihood; refused for ordered items."""
        return normal(self.evidence)

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels; the first is the reference group. One empty label where there are no groups."""
        return self.moments.groups


@dataclass(frozen=True)
class Asked:
    """Which columns a model wants, and how answers are to be taken.

    Parameters
    ----------
    items
        The observed variables.
    given
        Those of them that only explain; a row without one cannot be used.
    group, reference, weights, cluster
        Columns, and the group that comes first.
    missing
        ``fiml`` keeps rows with holes.
    declared
        Whether the cluster is only what a survey declares.
    ordered
        Items that are answered in ordered categories.
    collapse
        Answers that each of their categories needs in every group, or it is merged; 0: none is.
    """

    items: tuple[str, ...]
    given: tuple[str, ...]
    group: str | None
    reference: str | None
    weights: str | None
    cluster: str | None
    missing: str
    declared: bool = False
    ordered: tuple[str, ...] = ()
    collapse: int = LEAST


def normal(evidence: Evidence) -> Saturated:
    """Return the evidence of items that are not ordered, or refuse and say why."""
    if isinstance(evidence, OrderedSample):
        raise refusal(ModelError, [Problem("ordered.not_offered")])
    return evidence


def take(data: pd.DataFrame | Moments, asked: Asked) -> Sample:
    """Return the moments of the items, a group at a time.

    Raises
    ------
    ModelError
        With all reasons why the data cannot serve the model.
    """
    if isinstance(data, Moments):
        return _published(data, asked)
    rows, labels, notes = rows_of(data, asked)
    if not asked.ordered:
        return sample_of(rows, _sizes(rows), labels, notes)
    ordered = np.isin(np.array(rows.patterns.names), asked.ordered)
    return ordered_sample(rows, rows.patterns.names, labels, notes, ordered, asked.collapse)


def rows_of(frame: pd.DataFrame, asked: Asked) -> tuple[Rows, tuple[str, ...], tuple[Problem, ...]]:
    """Return the rows that can serve the model, the groups, and what is said of the other rows.

    Raises
    ------
    ModelError
        With all reasons why the columns cannot serve it.
    """
    items, extra = asked.items, (asked.weights, asked.cluster)
    _refuse(unknown_columns(frame, items, group=asked.group, weights=extra[0], cluster=extra[1]))
    numeric = [*items, *([asked.weights] if asked.weights else [])]
    _refuse(not_numeric(frame, numeric))
    values = frame[list(items)].to_numpy(dtype=float, na_value=np.nan)
    _refuse(unfit(values, items))
    weights = _weights(frame, asked.weights)
    labels, codes = _groups(frame, asked.group, asked.reference)
    used, notes = usable(values, codes, weights, asked)
    values, codes, weights = values[used], codes[used], weights[used]
    _refuse(_too_small(codes, labels, frame, asked.group, len(items)))
    patterns, block = gather(items, values, codes, weights / weights.mean())
    _refuse(never_together(items, patterns.together, labels))
    cluster, found = None, list[Problem]()
    if asked.cluster is not None:
        column = frame.loc[used, asked.cluster]
        cluster, found = numbered(column, codes, labels, declared=asked.declared)
    place = np.flatnonzero(used)
    rows = Rows(values, block, weights / weights.mean(), cluster, patterns, place)
    if asked.weights:
        notes.append(Problem("model.weighted", asked.weights, len(weights)))
    return rows, labels, tuple(note for note in (*notes, *found) if note.count)


def with_categories(sample: Sample, least: int) -> Sample:
    """Take a sample's ordered answers again, with other categories merged; see `Asked.collapse`."""
    evidence = sample.evidence
    assert isinstance(evidence, OrderedSample)  # there are no other categories
    assert isinstance(evidence.rows, Rows | Tabled)  # all that answers are taken from
    notes = tuple(n for n in sample.notes if not n.code.startswith("ordered."))
    known = evidence.statistics
    return ordered_sample(evidence.rows, known.names, sample.groups, notes, known.ordered, least)


def sample_of(
    rows: Respondents,
    n: NDArray[Any],
    labels: tuple[str, ...],
    notes: tuple[Problem, ...],
) -> Sample:
    """Find the unrestricted moments, and whether they can serve a model; n (G,) sizes of groups."""
    patterns = rows.patterns
    start = available(patterns)
    _refuse(_degenerate(Moments(patterns.names, n, start[1], start[0], labels)))
    saturated = saturate(patterns, rows)
    if saturated is None:
        raise refusal(ModelError, _why_unreachable(patterns, labels))
    moments = Moments(patterns.names, n, saturated.mu, saturated.Sigma, labels)
    _refuse(_degenerate(moments))
    return Sample(moments, saturated, notes)


def _sizes(rows: Rows | Tabled) -> NDArray[Any]:
    """Respondents a group, weighted if there are weights."""
    if isinstance(rows, Tabled):
        unweighted = bool((rows.tables.n == rows.people).all())
        return rows.people if unweighted else rows.tables.n
    patterns = rows.patterns
    if (rows.weights == 1.0).all():
        return np.bincount(rows.group, minlength=patterns.n_groups)
    return np.bincount(patterns.group, patterns.n, patterns.n_groups)


def ordered_sample(
    rows: Rows | Tabled,
    names: tuple[str, ...],
    labels: tuple[str, ...],
    notes: tuple[Problem, ...],
    is_ordered: NDArray[np.bool_],
    least: int,
) -> Sample:
    """Compute the statistics of ordered items, or say why they cannot be."""
    held = _held(rows, names, labels, is_ordered) if isinstance(rows, Rows) else rows
    tables = held.tables
    coding, told = tables.coding, list[Problem]()
    if least:
        coding, told = collapsed(tables, labels, least)
        tables = tables.coded(coding)
    told += doubtful(tables, labels, rows.counts)
    _refuse([problem for problem in told if problem.severity == "error"])
    found = statistics_of(names, labels, is_ordered, tables, held.answers)
    if not isinstance(found, OrderedMoments):
        raise refusal(ModelError, list(found))
    moments = Moments(names, _sizes(rows), found.mean, found.covariance, labels)
    evidence = OrderedSample(found, rows, coding.merged(tables.names))
    return Sample(moments, evidence, (*notes, *told))


def _held(
    rows: Rows, names: Sequence[str], labels: Sequence[str], is_ordered: NDArray[np.bool_]
) -> Tabled:
    """Count answers in memory."""
    chosen = [name for name, one in zip(names, is_ordered, strict=True) if one]
    answers = rows.answers[:, is_ordered]
    _refuse(not_whole(chosen, answers))
    tables = Tables.of(chosen, answers, rows.group, rows.weights, len(labels))
    held = Held(rows.answers, rows.group, is_ordered, rows.weights, rows.cluster)
    return Tabled(rows.counts, None, tables, held)


def _why_unreachable(patterns: Patterns, labels: tuple[str, ...]) -> list[Problem]:
    """Items that determine one another, as the complete rows show it; else too much is missing."""
    found = []
    for b in np.flatnonzero(patterns.seen.all(axis=1)):
        if patterns.n[b] > len(patterns.names):
            own, label = slice(b, b + 1), labels[patterns.group[b]]
            moments = Moments(
                patterns.names, patterns.n[own].astype(int), patterns.mean[own],
                patterns.covariance[own], (label,),
            )  # fmt: skip
            found += _degenerate(moments)
    singular = [problem for problem in found if problem.code.startswith("model.singular")]
    return singular or [Problem("model.no_saturated")]


def usable(
    values: NDArray[np.float64],
    codes: NDArray[np.intp],
    weights: NDArray[np.float64],
    asked: Asked,
) -> tuple[NDArray[np.bool_], list[Problem]]:
    """Rows that can be used, and what is said of the others: each is counted once."""
    seen = ~np.isnan(values)
    known = seen[:, [asked.items.index(x) for x in asked.given]].all(axis=1)
    lacking = [
        ("model.rows_without_answer", "", ~seen.any(axis=1)),
        ("model.rows_without_given", listing(asked.given), ~known),
    ]
    if asked.missing == "listwise":
        lacking = [("model.rows_incomplete", "", ~seen.all(axis=1))]
    lacking += [
        ("model.rows_without_group", str(asked.group), codes < 0),
        ("model.rows_without_weight", str(asked.weights), weights == 0),
    ]
    used, notes = np.ones(len(values), dtype=bool), []
    for code, where, without in lacking:
        notes.append(Problem(code, where, int((used & without).sum())))
        used &= ~without
    holes = int((used & ~seen.all(axis=1)).sum())
    return used, [*notes, Problem("model.rows_with_holes", count=holes)]


def _weights(frame: pd.DataFrame, column: str | None) -> NDArray[np.float64]:
    """Everybody's weight, 1 without a column."""
    if column is None:
        return np.ones(len(frame))
    weights = frame[column].to_numpy(dtype=float, na_value=np.nan)
    bad = ~(weights >= 0) | np.isinf(weights)
    if bad.any():
        raise refusal(ModelError, [Problem("model.bad_weights", column, int(bad.sum()))])
    if not weights.any():
        raise refusal(ModelError, [Problem("model.weights_all_zero", column)])
    found: NDArray[np.float64] = weights
    return found


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise refusal(ModelError, problems)


def _published(moments: Moments, asked: Asked) -> Sample:
    items, group, reference = asked.items, asked.group, asked.reference
    _refuse(unknown_items(items, moments.names))
    chosen = moments.select(items)
    if group is None and len(chosen.n) > 1:
        if chosen.known != "means":
            raise refusal(ModelError, [Problem("model.moments_pooled", count=len(chosen.n))])
        chosen = chosen.pooled()
    elif group is not None:
        if len(chosen.n) == 1:
            raise refusal(ModelError, [Problem("model.moments_have_no_groups", where=group)])
        order = reference_first(chosen.groups, group, reference)
        chosen = chosen.arranged([chosen.groups[i] for i in order])
    _refuse(_degenerate(chosen))
    codes = {"covariances": "model.moments_without_means", "correlations": "model.moments_units"}
    notes = [Problem(codes[chosen.known], severity="warning")] if chosen.known in codes else []
    saturated = saturate(whole(chosen.names, chosen.n, chosen.mean, chosen.covariance))
    assert saturated is not None  # its covariances are positive definite: just checked
    return Sample(chosen, saturated, tuple(notes))


def _groups(
    frame: pd.DataFrame, group: str | None, reference: str | None
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Return the labels, reference first, and each row's number among them (-1: none)."""
    if group is None:
        return ("",), np.zeros(len(frame), dtype=np.intp)
    groups = groups_of(frame[group])
    labels = [str(c) for c in groups.categories]
    codes = groups.codes.astype(np.intp)
    _refuse(too_few_groups(group, len(labels)))
    order = reference_first(labels, group, reference)
    codes = np.append(np.argsort(order), -1)[codes].astype(np.intp)
    return tuple(labels[i] for i in order), codes


def _too_small(
    codes: NDArray[np.intp],
    labels: tuple[str, ...],
    frame: pd.DataFrame,
    group: str | None,
    p: int,
) -> list[Problem]:
    sizes = dict(zip(labels, np.bincount(codes, minlength=len(labels)).tolist(), strict=True))
    if group is None:
        return [Problem("model.too_few_rows", count=p + 1)] if min(sizes.values()) <= p else []
    return too_small_groups(frame[group], sizes, p + 1)


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
