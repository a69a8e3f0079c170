"""From answers that stay where they are to what the estimator needs: passes over a scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.clustering import judged
from employer_identity.collapsing import not_whole
from employer_identity.column_checks import endless, reference_first, unknown_columns
from employer_identity.dividing import never_together, too_few_groups, too_small_groups
from employer_identity.errors import ModelError, Problem
from employer_identity.intake.pieces import Wanted
from employer_identity.intake.raw import refuse
from employer_identity.language import refusal
from employer_identity.measurement.coded import Coding, Part, Places, parts_of
from employer_identity.measurement.normal import Expansion
from employer_identity.measurement.patterns import Patterns
from employer_identity.measurement.rows import Rows
from employer_identity.measurement.spread import Spread
from employer_identity.measurement.summed import Summed, Tabled
from employer_identity.measurement.sums import Batch, Body, Label, MomentSums, Sums, spread_of
from employer_identity.measurement.tabulated import Tables
from employer_identity.measurement.twostep import LookUp, looked_up
from employer_identity.sample import Asked, Sample, ordered_sample, rows_of, sample_of, take, usable
from employer_identity.scan import Scan

Array = NDArray[np.float64]
Told = dict[tuple[str, str], int]
Made = Callable[[], Rows] | None
B = TypeVar("B", bound=Body)
ROWS = ("", "rows")
MISSING = "missing"
NO_CLUSTER = "model.rows_without_cluster"
NO_GROUP = "model.rows_without_group"
SAMPLED = 10_000  # numbers from which bands are proposed


def take_scan(scan: Scan, asked: Asked, *, fourth: bool, held: bool = False) -> Sample:
    """Return the moments of the items, a group at a time; see `sample.take`.

    Parameters
    ----------
    fourth
        Whether robust inference will ask for more than moments.
    held
        Whether the answers are in memory, narrow, so that rows can be made of them.

    Raises
    ------
    ModelError, SurveyError
        With all reasons why the answers cannot serve the model.
    """
    wanted = Wanted(asked.items, asked.group, asked.weights, asked.cluster)
    _check_columns(scan, asked, wanted)
    made = partial(_held, scan, wanted, asked) if held else None
    if not asked.ordered:
        return _of_moments(scan, wanted, asked, fourth, made)
    if set(asked.items) <= set(asked.ordered):
        return _of_tables(scan, wanted, asked, made)
    return take(scan.frame(wanted), asked)  # correlations of numbers with categories need all rows


def _of_moments(scan: Scan, wanted: Wanted, asked: Asked, fourth: bool, made: Made) -> Sample:
    """Take the moments of numbers."""
    found = _first_pass(scan, wanted, asked, partial(MomentSums.of, fourth=fourth))
    sums, mean = found.sums.weighed(), found.sums.mean_weight
    again = partial(_again, scan, found.wanted, asked, sums.labels, mean)
    patterns, products = sums.body.patterns, sums.body.products
    rows = Summed(sums.people, sums.clusters, patterns, products, again, held=made)
    n = sums.body.n if asked.weights else sums.people
    return sample_of(rows, n, found.names, found.notes)


def _of_tables(scan: Scan, wanted: Wanted, asked: Asked, made: Made) -> Sample:
    """Take the statistics of answers in ordered categories: tables first, then how they vary."""
    found = _first_pass(scan, wanted, asked, _tables)
    sums, mean = found.sums.weighed(), found.sums.mean_weight
    second = _SecondPass(scan, found.wanted, asked, sums.labels, mean)
    rows = Tabled(sums.people, sums.clusters, sums.body, second, held=made)
    every = np.ones(len(asked.items), dtype=bool)
    return ordered_sample(rows, asked.items, found.names, found.notes, every, asked.collapse)


def _check_columns(scan: Scan, asked: Asked, wanted: Wanted) -> None:
    """Refuse columns that are not there or hold no numbers."""
    kinds = scan.source.kinds
    extra = {"group": asked.group, "weights": asked.weights, "cluster": asked.cluster}
    _refuse(unknown_columns(pd.DataFrame(columns=list(kinds)), asked.items, **extra))
    odd = [name for name in wanted.numbers if kinds[name] != "number"]
    _refuse([Problem("model.not_numeric", name, values={"kind": kinds[name]}) for name in odd])


# -- passes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _First(Generic[B]):
    """What the first pass found, groups in their order; and what later ones are to read."""

    sums: Sums[B]
    names: tuple[str, ...]
    notes: tuple[Problem, ...]
    wanted: Wanted


def _first_pass(scan: Scan, wanted: Wanted, asked: Asked, make: Callable[[Batch], B]) -> _First[B]:
    """Add up; once more where clusters are others than they seemed."""
    sums = _total(scan, wanted, asked, make)
    labels = _in_order(sums, scan, asked)
    sums, names = sums.labelled(labels), tuple(map(str, labels))
    _check_rows(sums, names, asked)
    notes = _notes(sums, names, asked)
    if sums.clusters is not None:
        by_group = np.bincount(sums.clusters.group, minlength=len(names))
        units = len(np.unique(sums.clusters.key))
        use, inside, told = judged(
            str(asked.cluster), units, by_group, names, declared=asked.declared
        )
        notes += told
        if use:
            without = sums.told.get((NO_CLUSTER, str(asked.cluster)), 0)
            notes.append(Problem(NO_CLUSTER, str(asked.cluster), without))
        if not use or inside:
            alone = frozenset(labels[g] for g in inside)
            wanted = replace(wanted, cluster=wanted.cluster if use else None, alone=alone)
            sums = _total(scan, wanted, asked, make).labelled(labels)
    return _First(sums, names, tuple(note for note in notes if note.count), wanted)


def _total(scan: Scan, wanted: Wanted, asked: Asked, make: Callable[[Batch], B]) -> Sums[B]:
    sums = scan.total(wanted, partial(_summed, asked, make))
    if sums is None:
        raise refusal(ModelError, [Problem("model.too_few_rows", count=len(asked.items) + 1)])
    return sums


def _summed(asked: Asked, make: Callable[[Batch], B], batch: Batch) -> Sums[B]:
    """Add up what can be used of a batch, and count what cannot."""
    used, told = _used(batch, asked)
    if batch.unclustered is not None and (alone := int((used & batch.unclustered).sum())):
        told |= {(NO_CLUSTER, str(asked.cluster)): alone}
    broken = not_whole(batch.names, batch.answers[used]) if asked.ordered else []
    if broken:  # refused when all are counted
        told |= {(problem.code, problem.where): problem.count for problem in broken}
        whole = np.where(batch.answers == np.rint(batch.answers), batch.answers, np.nan)
        batch = replace(batch, answers=whole)
    return Sums.of(batch, used, told, make)


def _tables(batch: Batch) -> Tables:
    return Tables.of(batch.names, batch.answers, batch.codes, batch.weights, len(batch.labels))


@dataclass(frozen=True, eq=False)
class _SecondPass:
    """Ordered answers that are read once more; see `categorical.Answers`."""

    scan: Scan
    wanted: Wanted
    asked: Asked
    labels: tuple[Label, ...]
    mean: float

    def parts(self, coding: Coding, groups: int) -> tuple[Part, ...]:
        """Return nothing: there are no continuous items."""
        return ()

    def spread(self, places: Places, coding: Coding, looks: tuple[LookUp, ...]) -> Spread:
        """Add up what all answers move the statistics by."""
        of_batch = self.asked, self.labels, self.mean, places, coding, looks
        found = self.scan.total(self.wanted, partial(_looked_up, *of_batch))
        assert found is not None  # there were rows
        return found


def _looked_up(
    asked: Asked,
    labels: Sequence[Label],
    mean: float,
    places: Places,
    coding: Coding,
    looks: tuple[LookUp, ...],
    batch: Batch,
) -> Spread:
    used, _ = _used(batch, asked)
    own = batch.only(used).numbered(labels)
    codes, none = coding.codes(own.answers), np.empty((len(own.codes), 0))
    if (codes < 0).any() or (own.codes < 0).any():
        raise refuse("scan.changed", batch.part)
    weights = own.weights / mean
    parts = parts_of(codes, none, own.codes, weights, own.cluster, len(labels))
    return looked_up(places, parts, looks)


def _used(batch: Batch, asked: Asked) -> tuple[NDArray[np.bool_], Told]:
    """Mask of the rows that can be used, and what is said of the others."""
    w = batch.weights
    if (
        not (endless(batch.answers) | np.isnan(batch.answers)).any()
        and (w > 0).all()
        and np.isfinite(w).all()
    ):
        used, told = batch.codes >= 0, Told({ROWS: len(w)})
        without = int((~used).sum())
        return used, told | ({(NO_GROUP, str(asked.group)): without} if without else {})
    missing = np.isnan(batch.answers).sum(axis=0)
    used, notes = usable(batch.answers, batch.codes, w, asked)
    told = Told({ROWS: len(w)})
    told |= {(note.code, note.where): note.count for note in notes if note.count}
    infinite, bad = endless(batch.answers), ~(w >= 0) | np.isinf(w)
    for item, lacking, beyond in zip(batch.names, missing, infinite.sum(axis=0), strict=True):
        told |= {(MISSING, item): int(lacking)} if lacking else {}
        told |= {("model.infinite", item): int(beyond)} if beyond else {}
    if bad.any():
        told["model.bad_weights", str(asked.weights)] = int(bad.sum())
    return used & ~bad & ~infinite.any(axis=1), told


def _again(
    scan: Scan,
    wanted: Wanted,
    asked: Asked,
    labels: Sequence[Label],
    mean: float,
    patterns: Patterns,
    at: Expansion,
    mu: Array,
) -> Spread:
    """Add up the scores of all rows at some moments: one more pass."""
    make = partial(_scored, asked, labels, mean, patterns, at, mu)
    spread = scan.total(wanted, make)
    assert spread is not None  # there were rows
    return spread


def _scored(
    asked: Asked,
    labels: Sequence[Label],
    mean: float,
    patterns: Patterns,
    at: Expansion,
    mu: Array,
    batch: Batch,
) -> Spread:
    used, _ = _used(batch, asked)
    own = batch.only(used).numbered(labels)
    return spread_of(replace(own, weights=own.weights / mean), patterns, at, mu)


def _held(scan: Scan, wanted: Wanted, asked: Asked) -> Rows:
    """Make rows of answers that are held narrow."""
    return rows_of(scan.frame(wanted), asked)[0]


# -- what is wrong, and what is noted -------------------------------------------------------------


def _in_order(sums: Sums[B], scan: Scan, asked: Asked) -> tuple[Label, ...]:
    """Return the groups that occur in the order of their column, or sorted; the reference first."""
    if asked.group is None:
        return sums.labels
    there = [label for label, n in zip(sums.labels, sums.rows, strict=True) if n]
    if asked.group not in scan.source.categories:
        there.sort(key=lambda label: cast(str, label))  # of one kind
    _refuse(too_few_groups(asked.group, len(there)))
    names = [str(label) for label in there]
    return tuple(there[g] for g in reference_first(names, asked.group, asked.reference))


def _check_rows(sums: Sums[B], names: tuple[str, ...], asked: Asked) -> None:
    """Refuse what the rows turned out to hold."""
    told, codes = sums.told, ("model.infinite", "model.bad_weights", "ordered.not_whole")
    empty = [item for item in asked.items if told.get((MISSING, item)) == told[ROWS]]
    problems = [Problem("model.item_empty", where=item) for item in empty]
    problems += [Problem(code, where, n) for (code, where), n in told.items() if code in codes]
    if asked.weights and not problems and not sums.people.any():
        problems = [Problem("model.weights_all_zero", asked.weights)]
    _refuse(problems)
    needed = len(asked.items) + 1
    if asked.group is None:
        few = sums.people.min() < needed
        _refuse([Problem("model.too_few_rows", count=needed)] if few else [])
    else:
        sizes = dict(zip(names, sums.people.tolist(), strict=True))
        column = _drawn(sums, asked.group)
        problems = too_small_groups(column, sizes, needed)
        if problems:
            small = {name for name, n in sizes.items() if n < needed}
            problems += [p for p in _in_one_part(sums, names) if p.where in small]
        _refuse(problems)
    _refuse(never_together(asked.items, sums.body.together, names))


def _drawn(sums: Sums[B], name: str) -> pd.Series:
    """Return a column of groups like that of the answers, of a size that can be looked through."""
    share = min(1.0, SAMPLED / max(int(sums.rows.sum()), 1))
    return pd.Series(
        np.repeat(np.array(sums.labels), np.ceil(share * sums.rows).astype(int)), name=name
    )


def _in_one_part(sums: Sums[B], names: Sequence[str]) -> list[Problem]:
    """Name groups that only one part has, where others are in several."""
    counts = [len(parts) for parts in sums.found_in]
    if max(counts, default=0) < 2:
        return []
    return [
        Problem("scan.group_in_one_part", name, 1, {"part": next(iter(parts))}, "warning")
        for name, parts in zip(names, sums.found_in, strict=True) if len(parts) == 1
    ]  # fmt: skip


def _notes(sums: Sums[B], names: Sequence[str], asked: Asked) -> list[Problem]:
    """What was left out on the way, and why, as `sample.take` tells it."""
    order = (
        "model.rows_without_answer", "model.rows_without_given", "model.rows_incomplete",
        "model.rows_without_group", "model.rows_without_weight", "model.rows_with_holes",
    )  # fmt: skip
    counts = {code: (where, n) for (code, where), n in sums.told.items() if code in order}
    notes = [Problem(code, *counts[code]) for code in order if code in counts]
    if asked.weights:
        notes.append(Problem("model.weighted", asked.weights, int(sums.people.sum())))
    return [*notes, *_in_one_part(sums, names)]


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise refusal(ModelError, problems)
