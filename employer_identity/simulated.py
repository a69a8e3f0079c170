"""`simulated_cutoffs`: how much fit indices change in surveys like these when nothing differs.

Of each rung the stricter model is taken for true: surveys are drawn from it (`redraws`), and it and
the model below are fitted to each. What the index changes then by chance is what a cut-off must
allow; how often it finds a planted difference is what it is good for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from employer_identity.climbing import as_if_free
from employer_identity.criteria import SIMULATED, ChangeIndex
from employer_identity.cutoffs import (
    PLACES,
    Defect,
    MadeFor,
    SimulatedCutoffs,
    people,
    quantile,
)
from employer_identity.edge import Count, checked
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.ladder import Ladder
from employer_identity.language import listing, refusal, say
from employer_identity.levels import Kind, Level
from employer_identity.measurement.threads import on_one_thread
from employer_identity.measures import key_indices
from employer_identity.planted import lowered, middling
from employer_identity.redraws import Redraw, redraw
from employer_identity.refits import Refit
from employer_identity.replications import Row, Work, replicate

Array = NDArray[np.float64]
LEAST = 100  # replications
TAIL = 5  # replications that must lie beyond a cut-off
POWER = 200  # replications from which it is told how often a difference is seen
PLANTED: Mapping[Level, Kind] = {"metric": "loading", "scalar": "intercept"}


@checked(ModelError)
def simulated_cutoffs(
    ladder: Ladder,
    *,
    reps: int = 500,
    index: ChangeIndex = "cfi",
    alpha: float = 0.05,
    intercept: float = 0.40,
    loading: float = 0.20,
    item: str | None = None,
    seed: int = 1,
    processes: Count | None = None,
    progress: Callable[[int, int], object] | None = None,
    cache: str | Path | None = None,
) -> SimulatedCutoffs:
    """Make cut-offs for changes of fit from surveys that are drawn like this ladder's answers.

    Fixed cut-offs of fit changes were found in simulations of other answers, and have no error rate
    in these. Here every rung's stricter model is taken for true, surveys of the same people are
    drawn from it, both models are fitted to each, and the cut-off is what a share `alpha` of these
    surveys goes beyond: the rule's error rate on a rung. What is drawn keeps the size of the
    groups, who left out what, weights and clusters, and the categories and the ceiling of the
    answers: they are cut where all groups together have them, and normal responses behind them are
    placed so that the answers have the model's means and covariances. In how far that succeeds is
    told where it does not.

    Parameters
    ----------
    ladder
        What `invariance` gives. A rung's models are those that the climb compared first: without
        what had been set aside below. Rungs that it did not reach are fitted for this.
    reps
        Surveys a rung, at least 100.
    index
        The index that decides: ``cfi``, ``rmsea`` or ``srmr``.
    alpha
        Share of surveys without a difference that is rejected on a rung, in (0, 0.5).
    intercept, loading
        A difference that is planted to see how often it is found (in 200 surveys): one item's
        intercept is lower in the last group by so many SDs of its answers (at scalar), its
        standardised loading by so much (at metric). 0: none is.
    item
        The item; None takes one of middling loading.
    seed
        The same seed gives the same cut-offs, with any number of processes.
    processes
        How many work at the same time; None: one a core where that is worth its start.
    progress
        Is called with how many surveys are done and of how many; None: a line on a terminal or in a
        notebook while it takes longer than two seconds.
    cache
        A file in which each survey's numbers are kept: a rerun does what is missing, also of more
        replications. A file of other answers, models or seeds is refused.

    Returns
    -------
    SimulatedCutoffs
        A rule for ``ei.invariance(..., rule=cutoffs)`` on the same answers.

    Raises
    ------
    ModelError
        If a number is out of its range, the item is unknown, the ladder has nothing to test, more
        than half of a rung's replications come to nothing, or the file is of other data.

    Notes
    -----
    How often these cut-offs reject a rung on which nothing differs is in docs/validation.md, by the
    warp-speed method (Giacomini, Politis & White 2013). In the drawn surveys the model is exactly
    true. Where the survey's own configural model is not, its changes vary more, and so more than
    `alpha` of such surveys would be rejected: look at the fit of the first rung first.

    Examples
    --------
    >>> people = ei.simulate_survey(400, truth=ei.Truth("age", {"old": 0.5, "young": 0.5}))
    >>> model = "advancement =~ adv1 + adv2 + adv3 + adv4"
    >>> few = ei.invariance(people, model, group="age")
    >>> cutoffs = ei.simulated_cutoffs(few, reps=100)
    >>> cutoffs.table[["level", "cutoff", "fixed_rejects", "power"]]
    >>> ei.invariance(people, model, group="age", rule=cutoffs)
    """
    _check(ladder, reps, index, alpha, item, {"intercept": intercept, "loading": loading})
    compared = comparisons(ladder)
    planted = _planted(ladder, compared, item, {"intercept": intercept, "loading": loading})
    steps = {str(level): step_of(ladder, pair) for level, pair in compared.items()}
    for level, (_, *moments) in planted.items():
        steps[f"{level}+"] = step_of(ladder, compared[level], *moments)
    wanted = {name: min(POWER, reps) if name.endswith("+") else reps for name in steps}
    path = None if cache is None else Path(cache)
    key = fingerprint(ladder, compared) | {"planted": _spelled(planted)}
    found = replicate(Changes(steps), wanted, Work(seed, processes, progress, path, key))
    _refuse_failed(found)
    made = {level: found[str(level)] for level in compared}
    place = PLACES.index(index)
    cutoffs: dict[str, Mapping[ChangeIndex, float]] = {
        level: {index: quantile(d[~np.isnan(d[:, place]), place], index, alpha)}
        for level, d in made.items()
    }
    return SimulatedCutoffs(
        SIMULATED, say("cutoffs.citation"), cutoffs, "any", index=index, alpha=alpha, reps=reps,
        seed=seed, drawn=made,
        planted={level: (told[0], found[f"{level}+"]) for level, told in planted.items()},
        made_for=made_for(ladder), off=max(step.redraw.off for step in steps.values()),
    )  # fmt: skip


def _check(
    ladder: Ladder, reps: int, index: str, alpha: float, item: str | None,
    sizes: Mapping[str, float],
) -> None:  # fmt: skip
    """Refuse what cannot be simulated, all at once."""
    problems = []
    in_range = 0.0 < alpha < 0.5
    least = max(LEAST, int(np.ceil(TAIL / alpha))) if in_range else LEAST
    if not in_range:
        problems.append(Problem("cutoffs.alpha", "alpha", values={"asked": alpha}))
    if reps < least:
        problems.append(Problem("cutoffs.few_reps", "reps", reps, {"least": least}))
    if index not in get_args(ChangeIndex):
        values = {"asked": index, "allowed": listing(get_args(ChangeIndex))}
        problems.append(Problem("model.not_available", "index", values=values))
    for name, size in sizes.items():
        if not 0.0 <= size < np.inf:
            problems.append(Problem("cutoffs.size", name, values={"asked": size}))
    items = sorted({i for own in ladder["configural"].factors.values() for i in own})
    if item is not None and item not in items:
        values = {"allowed": listing(items)}
        problems.append(Problem("cutoffs.unknown_item", item, values=values))
    if len(ladder.testable) < 2:
        problems.append(Problem("cutoffs.no_levels", ladder.group))
    rows = ladder.prepared.sample.evidence.rows
    if rows is not None and not rows.are_at_hand:
        problems.append(Problem("scan.needs_rows"))
    if problems:
        raise refusal(ModelError, problems)


@dataclass(frozen=True, eq=False)
class Comparison:
    """A rung's two models: the stricter, and the one of the level below."""

    strict: Fit
    below: Fit
    level_below: Level


@on_one_thread
def comparisons(ladder: Ladder) -> dict[Level, Comparison]:
    """Return each rung's comparison, as the climb made it; of rungs beyond it with what it left."""
    found: dict[Level, Comparison] = {}
    fit, aside = ladder["configural"], ladder.set_aside(ladder.levels[-1])
    for below, level in pairwise(ladder.testable):
        rung = ladder.rungs.get(level)
        if rung is not None and rung.first.below is not None:
            found[level] = Comparison(rung.first.fit, rung.first.below, below)
            fit = rung.last.fit
            continue
        tried = ladder.plan.tried(level, aside, fit.values, ladder["configural"])
        if not isinstance(tried, Fit):
            raise refusal(ModelError, [Problem("invariance.unfit", level), *tried])
        found[level] = Comparison(tried, fit, below)
        fit = tried
    return found


@dataclass(frozen=True, eq=False)
class Step:
    """A rung's comparison: what surveys are drawn from, and the two models fitted to them."""

    redraw: Redraw
    strict: Refit
    below: Refit

    def changes(self, rng: np.random.Generator) -> Row:
        """Draw a survey and return how CFI, RMSEA and SRMR change; None where a fit fails."""
        drawn = self.redraw.survey(rng)
        if drawn is None:
            return None
        below = self.below.to(drawn)
        strict = None if below is None else self.strict.to(drawn, below)
        if strict is None or below is None:
            return None
        both = zip(key_indices(strict), key_indices(below), strict=True)
        return tuple(one - other for one, other in both)


def step_of(
    ladder: Ladder, pair: Comparison, mean: Array | None = None, covariance: Array | None = None
) -> Step:
    """Make a rung's comparison ready to be repeated; other moments may be drawn from."""
    start = as_if_free(pair.strict, ladder.route, pair.level_below)
    drawn = redraw(pair.strict, mean, covariance)
    return Step(drawn, Refit.of(pair.strict), Refit.of(pair.below, start))


@dataclass(frozen=True, eq=False)
class Changes:
    """Every rung's comparison, by name."""

    steps: Mapping[str, Step]
    width: int = len(PLACES)

    def __call__(self, name: str, rng: np.random.Generator) -> Row:
        """Do one replication of a comparison."""
        return self.steps[name].changes(rng)


Planted = dict[Level, tuple[Defect, Array, Array]]


def _planted(
    ladder: Ladder, compared: Mapping[Level, Comparison], item: str | None,
    sizes: Mapping[str, float],
) -> Planted:  # fmt: skip
    """Return what is planted at each level, and the moments that it gives."""
    found: Planted = {}
    aside = {r.constraint.item for r in ladder.set_aside(ladder.levels[-1])}
    for level, kind in PLANTED.items():
        if level not in compared or not sizes[kind]:
            continue
        fit = compared[level].strict
        chosen = item or middling(fit, aside)
        defect = Defect(chosen, fit.groups[-1], kind, sizes[kind])
        found[level] = (defect, *lowered(fit, chosen, kind, sizes[kind]))
    return found


def _spelled(planted: Planted) -> str:
    told = (d for d, _, _ in planted.values())
    return "; ".join(f"{d.item} {d.group} {d.kind} {d.size:g}" for d in told)


def fingerprint(
    ladder: Ladder, compared: Mapping[Level, Comparison]
) -> dict[str, str | int | float]:
    """Tell answers and models apart from others, by name."""
    sample = ladder.prepared.sample
    data, model = hashlib.sha256(), hashlib.sha256()
    rows = sample.evidence.rows
    rows = rows.one_by_one() if rows is not None and rows.are_at_hand else None
    if rows is None:
        for part in (sample.moments.n, sample.moments.mean, sample.moments.covariance):
            data.update(np.ascontiguousarray(part, dtype=float).tobytes())
    else:
        cluster = np.zeros(0) if rows.cluster is None else rows.cluster
        for part in (rows.answers, rows.group, rows.weights, cluster):
            data.update(np.ascontiguousarray(part, dtype=float).tobytes())
    data.update(repr((sample.moments.names, sample.groups)).encode())
    for pair in compared.values():
        for fit in (pair.strict, pair.below):
            told = fit.table.rows, fit.table.number.tolist(), fit.estimator, fit.missing
            model.update(repr(told).encode())
    return {"data": data.hexdigest(), "model": model.hexdigest()}


def _refuse_failed(found: Mapping[str, Array]) -> None:
    """Refuse rungs most of whose replications came to nothing."""
    problems = []
    for name, changes in found.items():
        failed = int(np.isnan(changes[:, 0]).sum())
        if failed > len(changes) / 2:
            problems.append(
                Problem("cutoffs.all_failed", name.rstrip("+"), failed, {"reps": len(changes)})
            )
    if problems:
        raise refusal(ModelError, problems)


def made_for(ladder: Ladder) -> MadeFor:
    """Say which ladder cut-offs are for."""
    prepared = ladder.prepared
    return MadeFor(
        people(prepared), prepared.sample.moments.names, ladder.testable, prepared.estimator,
        prepared.missing,
    )  # fmt: skip
