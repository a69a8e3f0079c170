"""The climb: fit a rung, judge it, set the most important constraint aside, until it holds.

Only one constraint goes at a time, since a wrong one makes its neighbours look wrong too. Most
important is the contradicted constraint whose score test is largest: freeing it takes most of the
misfit away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from employer_identity.cfa import Prepared, estimate
from employer_identity.criteria import Localised, Rule, contradicted
from employer_identity.errors import ConvergenceError
from employer_identity.fit import Fit
from employer_identity.rungs import (
    EQUAL,
    LEVELS,
    Constraint,
    Kept,
    Level,
    Model,
    Release,
    Rung,
    Why,
    WhyNot,
    anchors,
    applies,
    spelled,
)

OnReject = Literal["release", "stop", "continue"]


@dataclass(frozen=True)
class Climb:
    """What is climbed, and how.

    Attributes
    ----------
    prepared, group
        Model and answers, and the column that divides them.
    rule
        The rule that decides.
    on_reject
        What happens to a rung that the rule rejects: constraints are set aside until it holds
        (``release``), the climb ends (``stop``), or goes on regardless (``continue``).
    fewest
        Equal items that each factor keeps in each group.
    named
        Items that stay equal, whatever the answers say.
    asked
        What is set aside from the start.
    """

    prepared: Prepared
    group: str
    rule: Rule
    on_reject: OnReject
    fewest: int
    named: frozenset[str]
    asked: tuple[Release, ...]

    @property
    def levels(self) -> tuple[Level, ...]:
        """The rungs that the data can test."""
        return LEVELS if self.prepared.sample.moments.known == "means" else LEVELS[:2]

    def fit(
        self,
        level: Level,
        releases: Iterable[Release],
        near: NDArray[np.float64] | None = None,
        like: Fit | None = None,
    ) -> Fit:
        """Fit a rung without what was set aside; where no way leads on from near, from afar."""
        free = spelled(r for r in releases if applies(r, level))
        again = partial(
            estimate, self.prepared, self.group, equal=EQUAL[level], free=free, std_lv=True,
            like=like,
        )  # fmt: skip
        try:
            return again(near=near)
        except ConvergenceError:
            if near is None:
                raise
            return again()


def climb(plan: Climb) -> dict[Level, Rung]:
    """Climb as far as the rule lets; see `Climb`."""
    configural = plan.fit("configural", ())
    metric = _first(plan, "metric", configural, (), configural)
    configural = _mended(plan, "configural", configural, metric)
    rungs: dict[Level, Rung] = {"configural": Rung((Model("configural", configural),))}
    aside: tuple[Release, ...] = ()
    for below, level in zip(LEVELS, plan.levels[1:], strict=False):
        if plan.on_reject != "continue" and not rungs[below].last.holds(plan.rule):
            break
        kept = rungs[below].last.fit
        new = _from_the_start(plan, level, aside)
        first = metric if level == "metric" and not new else None
        first = first or _first(plan, level, kept, (*aside, *new), configural)
        mended = _mended(plan, below, kept, first, aside)
        if mended is not kept:
            last = replace(rungs[below].last, fit=mended)
            rungs[below] = replace(rungs[below], models=(*rungs[below].models[:-1], last))
        rungs[level] = _climbed(plan, Model(level, first, mended, new), aside)
        aside = (*aside, *rungs[level].releases)
    return rungs


def _first(plan: Climb, level: Level, below: Fit, releases: tuple[Release, ...], like: Fit) -> Fit:
    """Fit a rung, starting from the one below it."""
    return plan.fit(level, releases, near=below.values, like=like)


def _mended(
    plan: Climb, level: Level, free: Fit, restricted: Fit, releases: tuple[Release, ...] = ()
) -> Fit:
    """Fit a rung again where a stricter one fits better: its search ended in a local minimum."""
    if free.solution.objective <= restricted.solution.objective + 1e-9:
        return free
    like = None if level == "configural" else free.like
    return plan.fit(level, releases, near=_with_unit_factors(restricted), like=like)


def _from_the_start(plan: Climb, level: Level, aside: tuple[Release, ...]) -> tuple[Release, ...]:
    """Return what a rung is without from the start: what was asked for, and what follows.

    The intercept of an item whose loading differs is where its line meets an arbitrary zero: that
    it is equal would mean nothing.
    """
    asked = tuple(r for r in plan.asked if applies(r, level) and r not in aside)
    if level == "strict":
        asked = tuple(r for r in asked if r.constraint.key[1] == "~~")
    if level != "scalar":
        return asked
    items = set(plan.prepared.sample.moments.names)
    follow = tuple(
        Release(Constraint((item, "~1", ""), r.constraint.group), r.everywhere, "follows")
        for r in aside
        if r.constraint.key[1] == "=~" and (item := r.constraint.item) in items
    )
    known = {r.spelled for r in asked}
    return (*asked, *(r for r in follow if r.spelled not in known))


def _climbed(plan: Climb, first: Model, aside: tuple[Release, ...]) -> Rung:
    """Set constraints aside until the rung holds or nothing may be set aside any more."""
    models = [first]
    gone = [*aside, *first.releases]
    like = first.fit.like
    while plan.on_reject == "release" and not models[-1].holds(plan.rule):
        release = _next(plan, models[-1], gone)
        if release is None:
            break
        gone.append(release)
        fit = plan.fit(first.level, gone, near=models[-1].fit.values, like=like)
        models.append(Model(first.level, fit, first.below, (release,)))
    return Rung(tuple(models), _kept(plan, models[-1], gone))


def _next(plan: Climb, model: Model, gone: list[Release]) -> Release | None:
    """Return the most important constraint that may be set aside; None where there is none."""
    for row in plan.rule.culprits(model.score_tests).to_dict("records"):
        release = _widened(Constraint.tested(row), model.fit.groups, gone)
        if _why_not(plan, release, model.fit, gone) is None:
            return release
    return None


def _widened(constraint: Constraint, groups: tuple[str, ...], gone: list[Release]) -> Release:
    """Set a constraint aside in one group, or in all where few would stay equal."""
    same = {r.constraint.group for r in gone if r.constraint.key == constraint.key}
    left = len(groups) - len(same | {constraint.group})
    everywhere = left < max(2, len(groups) / 2)
    why: Why = "minority" if everywhere and len(groups) > 2 else "contradicted"
    return Release(constraint, everywhere, why)


def _why_not(plan: Climb, release: Release, fit: Fit, gone: list[Release]) -> WhyNot | None:
    """Say why a constraint may not be set aside; None where it may."""
    item = release.constraint.item
    if item in plan.named:
        return "anchor"
    left = anchors(fit.factors, [*gone, release], fit.groups)
    own = [f for f, items in fit.factors.items() if item in items]
    few = any(count < plan.fewest for (factor, _), count in left.items() if factor in own)
    return "few_anchors" if few else None


def _kept(plan: Climb, model: Model, gone: list[Release]) -> tuple[Kept, ...]:
    """Return what the answers contradict and was not set aside, with the reason."""
    tests: Mapping[int, dict[str, object]] = contradicted(model.score_tests).to_dict("index")
    holds, releasing = model.holds(plan.rule), plan.on_reject == "release"
    culprits = set() if holds else set(plan.rule.culprits(model.score_tests).index)
    found = []
    for row, told in tests.items():
        constraint = Constraint.tested(told)
        why: WhyNot | None = "trifle" if isinstance(plan.rule, Localised) else None
        if row in culprits:
            release = _widened(constraint, model.fit.groups, gone)
            why = _why_not(plan, release, model.fit, gone) if releasing else "as_told"
        if why is not None:
            found.append(Kept(constraint, why))
    return tuple(found)


def _with_unit_factors(fit: Fit) -> NDArray[np.float64]:
    """Return a fit's values (G, R) for factors of mean 0 and variance 1 in every group."""
    values = fit.values.copy()
    at = {key: r for r, key in enumerate(fit.table.rows)}
    factors = list(fit.factors)
    has_means = fit.moments.known == "means"
    sd = {f: np.sqrt(np.maximum(values[:, at[f, "~~", f]], 1e-6)) for f in factors}
    mean = {f: values[:, at[f, "~1", ""]].copy() for f in factors if has_means}
    for (lhs, op, rhs), r in at.items():
        if op == "=~":
            if has_means:
                values[:, at[rhs, "~1", ""]] += values[:, r] * mean[lhs]
            values[:, r] *= sd[lhs]
        elif op == "~~" and lhs in sd and rhs in sd:
            values[:, r] /= sd[lhs] * sd[rhs]
    for f in mean:
        values[:, at[f, "~1", ""]] = 0.0
    return values
