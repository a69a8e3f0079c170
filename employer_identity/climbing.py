"""The climb: fit a rung, judge it, set the most important constraint aside, until it holds.

Only one constraint goes at a time, since a wrong one makes its neighbours look wrong too. Most
important is the contradicted constraint whose score test is largest: freeing it takes most of the
misfit away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from employer_identity.cfa import Prepared, estimate
from employer_identity.criteria import Localised, Rule, RuleName, contradicted, level_of, rule_of
from employer_identity.errors import ConvergenceError, ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.levels import FAMILIES, Level, Route
from employer_identity.measurement.ordering import Key
from employer_identity.rungs import (
    Constraint,
    Kept,
    Model,
    Release,
    Rung,
    Why,
    WhyNot,
    anchors,
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
    route
        The levels.
    asked_rule
        The rule that decides, as it was asked for.
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
    route: Route
    asked_rule: RuleName | Rule
    on_reject: OnReject
    fewest: int
    named: frozenset[str]
    asked: tuple[Release, ...]

    @property
    def rule(self) -> Rule:
        """The rule that decides, with the level that it has on this route."""
        return rule_of(self.asked_rule, self.route.sharing)

    def fit(
        self,
        level: Level,
        releases: Iterable[Release],
        near: NDArray[np.float64] | None = None,
        like: Fit | None = None,
    ) -> Fit:
        """Fit a rung without what was set aside; where no way leads on from near, from afar."""
        free = spelled(r for r in releases if self.route.holds_equal(r.constraint.kind, level))
        again = partial(
            estimate, self.prepared, self.group, equal=self.route.equal(level), free=free,
            std_lv=True, like=like,
        )  # fmt: skip
        try:
            return again(near=near)
        except ConvergenceError:
            if near is None:
                raise
            return again()

    def tried(
        self, level: Level, releases: Iterable[Release], near: NDArray[np.float64], like: Fit | None
    ) -> Fit | tuple[Problem, ...]:
        """Fit a rung, or say why it has no solution."""
        try:
            return self.fit(level, releases, near, like)
        except ModelError as error:
            return error.problems

    def ends_at(self, rung: Rung) -> bool:
        """Whether the climb ends on a rung."""
        return self.on_reject != "continue" and not rung.last.holds(self.rule)


@dataclass(frozen=True, eq=False)
class Climbed:
    """The rungs that were climbed, and why there is none beyond where one has no solution."""

    rungs: Mapping[Level, Rung]
    unfit: Mapping[Level, tuple[Problem, ...]]


def climb(plan: Climb) -> Climbed:
    """Climb as far as the rule lets; see `Climb`.

    A rung fits better than a stricter one, so the stricter is fitted before it is judged: where it
    does not, its search ended in a local minimum and is made again.
    """
    configural = plan.fit("configural", ())
    rungs: dict[Level, Rung] = {"configural": Rung((Model("configural", configural),))}
    aside: tuple[Release, ...] = ()
    for below, level in pairwise(plan.route.testable):
        if below != "configural" and plan.ends_at(rungs[below]):
            break
        kept, new = rungs[below].last.fit, _from_the_start(plan, level, aside)
        first = plan.tried(level, (*aside, *new), kept.values, configural)
        if isinstance(first, Fit):
            last = replace(rungs[below].last, fit=_mended(plan, below, kept, first, aside))
            rungs[below] = replace(rungs[below], models=(*rungs[below].models[:-1], last))
        if plan.ends_at(rungs[below]):
            break
        if not isinstance(first, Fit):
            return Climbed(rungs, {level: first})
        rungs[level] = _climbed(plan, Model(level, first, rungs[below].last.fit, new), aside)
        aside = (*aside, *rungs[level].releases)
    return Climbed(rungs, {})


def _mended(
    plan: Climb, level: Level, free: Fit, restricted: Fit, releases: tuple[Release, ...] = ()
) -> Fit:
    """Fit a rung again where a stricter one fits better: its search ended in a local minimum."""
    if free.solution.objective <= restricted.solution.objective + 1e-9:
        return free
    like = None if level == "configural" else free.like
    return plan.fit(level, releases, near=as_if_free(restricted, plan.route, level), like=like)


def _from_the_start(plan: Climb, level: Level, aside: tuple[Release, ...]) -> tuple[Release, ...]:
    """Return what a rung is without from the start: what was asked for, and what follows.

    The intercept of an item whose loading differs is where its line meets an arbitrary zero: that
    it is equal would mean nothing.
    """
    new = plan.route.new(level)
    asked = tuple(r for r in plan.asked if r.constraint.kind in new)
    if "intercept" not in new:
        return asked
    items = set(plan.prepared.sample.moments.names)
    follow = tuple(
        Release(Constraint((item, "~1", ""), r.constraint.group), r.everywhere, "follows")
        for r in (*aside, *asked)
        if r.constraint.kind == "loading" and (item := r.constraint.item) in items
    )
    known = {r.spelled for r in asked}
    return (*asked, *(r for r in follow if r.spelled not in known))


def _climbed(plan: Climb, first: Model, aside: tuple[Release, ...]) -> Rung:
    """Set constraints aside until the rung holds or nothing may be set aside any more."""
    models, gone, barred = [first], [*aside, *first.releases], set[str]()
    like = first.fit.like
    while plan.on_reject == "release" and not models[-1].holds(plan.rule):
        release = _next(plan, models[-1], gone, barred)
        if release is None:
            break
        fit = plan.tried(first.level, (*gone, release), models[-1].fit.values, like)
        if isinstance(fit, Fit):
            gone.append(release)
            models.append(Model(first.level, fit, first.below, (release,)))
        else:
            barred.add(release.spelled)
    return Rung(tuple(models), _kept(plan, models[-1], gone, barred))


def _next(plan: Climb, model: Model, gone: list[Release], barred: set[str]) -> Release | None:
    """Return the most important constraint that may be set aside; None where there is none."""
    for row in plan.rule.culprits(model.score_tests).to_dict("records"):
        release = _widened(Constraint.tested(row), model.fit.groups, gone)
        if _why_not(plan, release, model.fit, gone, barred) is None:
            return release
    return None


def _widened(constraint: Constraint, groups: tuple[str, ...], gone: list[Release]) -> Release:
    """Set a constraint aside in one group, or in all where few would stay equal."""
    same = {r.constraint.group for r in gone if r.constraint.key == constraint.key}
    left = len(groups) - len(same | {constraint.group})
    everywhere = left < max(2, len(groups) / 2)
    why: Why = "minority" if everywhere and len(groups) > 2 else "contradicted"
    return Release(constraint, everywhere, why)


def _why_not(
    plan: Climb, release: Release, fit: Fit, gone: list[Release], barred: set[str]
) -> WhyNot | None:
    """Say why a constraint may not be set aside; None where it may."""
    item = release.constraint.item
    if item in plan.named:
        return "anchor"
    if release.spelled in barred:
        return "no_solution"
    left = anchors(fit.factors, [*gone, release], fit.groups)
    own = [f for f, items in fit.factors.items() if item in items]
    few = any(count < plan.fewest for (factor, _), count in left.items() if factor in own)
    return "few_anchors" if few else None


def _kept(plan: Climb, model: Model, gone: list[Release], barred: set[str]) -> tuple[Kept, ...]:
    """Return what the answers contradict and was not set aside, with the reason."""
    tests: Mapping[int, dict[str, object]] = contradicted(
        model.score_tests, level_of(plan.rule)
    ).to_dict("index")
    holds, releasing = model.holds(plan.rule), plan.on_reject == "release"
    culprits = set() if holds else set(plan.rule.culprits(model.score_tests).index)
    found = []
    for row, told in tests.items():
        constraint = Constraint.tested(told)
        why: WhyNot | None = "trifle" if isinstance(plan.rule, Localised) else None
        if row in culprits:
            release = _widened(constraint, model.fit.groups, gone)
            why = _why_not(plan, release, model.fit, gone, barred) if releasing else "as_told"
        if why is not None:
            found.append(Kept(constraint, why))
    return tuple(found)


def as_if_free(fit: Fit, route: Route, level: Level) -> NDArray[np.float64]:
    """Return a fit's values (G, R) with what a lower level fixes put where that level has it free.

    Below equal loadings every group's factors have variance 1, below equal intercepts mean 0, below
    equal thresholds the responses behind ordered answers the origin 0 and the unit 1.
    """
    values, equal = fit.values.copy(), route.equal(level)
    at = {key: r for r, key in enumerate(fit.table.rows)}
    factors = set(fit.factors)
    if fit.moments.known == "means" and FAMILIES["intercept"] not in equal:
        mean = {f: values[:, at[f, "~1", ""]].copy() for f in factors}
        for (lhs, op, rhs), r in at.items():
            if op == "=~":
                values[:, at[rhs, "~1", ""]] += values[:, r] * mean[lhs]
        for f in factors:
            values[:, at[f, "~1", ""]] = 0.0
    if FAMILIES["loading"] not in equal:
        sd = {f: np.sqrt(np.maximum(values[:, at[f, "~~", f]], 1e-6)) for f in factors}
        for (lhs, op, rhs), r in at.items():
            if op == "=~":
                values[:, r] *= sd[lhs]
            elif op == "~~" and lhs in factors and rhs in factors:
                values[:, r] /= sd[lhs] * sd[rhs]
    if FAMILIES["threshold"] not in equal:
        _give_units(values, at, fit)
    return values


def _give_units(values: NDArray[np.float64], at: Mapping[Key, int], fit: Fit) -> None:
    """Measure the responses behind ordered answers from 0 and in units of 1; in place."""
    ordered = fit.table.ordered
    for item in ordered.thresholds:
        unit, origin = at[ordered.unit(item)], at[item, "~1", ""]
        by = values[:, unit] if item in ordered.by_scale else np.abs(values[:, unit]) ** -0.5
        for (lhs, op, rhs), r in at.items():
            if op == "|" and lhs == item:
                values[:, r] = by * (values[:, r] - values[:, origin])
            elif op == "=~" and rhs == item:
                values[:, r] *= by
        values[:, origin], values[:, unit] = 0.0, 1.0
