"""A rung of the ladder: the models tried on it, what was set aside on the way and what was not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from employer_identity.adjusting import holm
from employer_identity.criteria import AbsoluteFit, Rule, Verdict
from employer_identity.difference import DifferenceTest, nested_difference
from employer_identity.fit import Fit
from employer_identity.language import listing, say
from employer_identity.levels import TESTED, Kind, Level, item_of, kind_of
from employer_identity.measurement.ordering import Key
from employer_identity.showing import Showing, ShowingFields, View
from employer_identity.summary import in_short

Why = Literal["asked", "contradicted", "minority", "follows"]
WhyNot = Literal["anchor", "few_anchors", "no_solution", "trifle", "as_told"]


@dataclass(frozen=True)
class Constraint(ShowingFields):
    """An equality over groups, as a score test saw it.

    Attributes
    ----------
    key
        (lhs, op, rhs) of the relation.
    group
        The group whose equality is meant; None where it is that of all groups.
    x2, pvalue_holm, epc, epc_std, d_gap
        Of the score test, see `scores.score_tests`; missing where none was made.
    """

    key: Key
    group: str | None
    x2: float = np.nan
    pvalue_holm: float = np.nan
    epc: float = np.nan
    epc_std: float = np.nan
    d_gap: float = np.nan

    @property
    def parameter(self) -> str:
        """The relation in lavaan's spelling: ``adv2~1``."""
        lhs, op, rhs = self.key
        return f"{lhs}~1" if op == "~1" else f"{lhs}{op}{rhs}"

    @property
    def kind(self) -> Kind:
        """What about the item is held equal."""
        kind = kind_of(self.key)
        assert kind is not None  # nothing else is a constraint of a ladder
        return kind

    @property
    def item(self) -> str:
        """The item that the constraint is about."""
        return item_of(self.key)

    @property
    def threshold(self) -> int:
        """Which of the item's thresholds it is, from 1; 0 where it is none."""
        return int(self.key[2][1:]) if self.kind == "threshold" else 0

    @classmethod
    def tested(cls, row: Mapping[str, object]) -> Constraint:
        """Take a row of score tests."""
        numbers = {k: float(row[k]) for k in ("x2", "pvalue_holm", "epc", "epc_std", "d_gap")}  # type: ignore[arg-type]
        key = str(row["lhs"]), str(row["op"]), str(row["rhs"])
        return cls(key, str(row["group"]), **numbers)


@dataclass(frozen=True)
class Release(ShowingFields):
    """A constraint that was set aside.

    Attributes
    ----------
    constraint
        What was contradicted, and in which group.
    everywhere
        Whether it was set aside in all groups, not in that one alone.
    why
        ``contradicted``; ``minority`` (few groups would have stayed equal, so none do);
        ``follows`` (the intercept of an item whose loading was set aside); ``asked``.

    Notes
    -----
    A threshold is set aside by itself, not with the item's others: that one step of the answer
    scale is taken differently is the smallest thing that can be said. What the response behind the
    answer then has for origin and unit follows from the thresholds that stay equal, see `ordering`.
    """

    constraint: Constraint
    everywhere: bool
    why: Why

    @property
    def spelled(self) -> str:
        """As `cfa` takes it in ``free``: ``adv2~1@young``."""
        group = "" if self.everywhere else f"@{self.constraint.group}"
        return f"{self.constraint.parameter}{group}"


@dataclass(frozen=True)
class Kept(ShowingFields):
    """A contradicted constraint that was not set aside.

    Attributes
    ----------
    constraint
        The constraint.
    why
        ``few_anchors`` (too few equal items would be left), ``anchor`` (the item was named as one),
        ``no_solution`` (the model without it could not be fitted), ``trifle`` (contradicted, but
        too small to matter), ``as_told`` (nothing was to be set aside).
    """

    constraint: Constraint
    why: WhyNot


@dataclass(frozen=True, eq=False, repr=False)
class Model(Showing):
    """One model tried on a rung.

    Attributes
    ----------
    level
        The rung.
    fit
        The fitted model.
    below
        The model kept on the rung below; None on the first.
    releases
        What was set aside to get here from the model before; empty for a rung's first.
    """

    level: Level
    fit: Fit
    below: Fit | None = None
    releases: tuple[Release, ...] = ()

    @cached_property
    def test(self) -> DifferenceTest:
        """The difference test against the rung below."""
        assert self.below is not None  # asked for only above the first rung
        return nested_difference(self.fit, self.below)

    @cached_property
    def score_tests(self) -> pd.DataFrame:
        """Score tests of the constraints that the rung adds, Holm-adjusted among themselves."""
        tests, tested = self.fit.score_tests(), TESTED.get(self.level)
        keys = zip(tests["lhs"], tests["op"], tests["rhs"], strict=True)
        mask = [tested is not None and kind_of(key) == tested for key in keys]
        found = tests[np.array(mask, dtype=bool)].reset_index(drop=True)
        return found.assign(pvalue_holm=holm(found["pvalue"].to_numpy()))

    @property
    def change(self) -> Model | None:
        """The step from the rung below, as rules read it; None on the first rung."""
        return None if self.below is None else self

    def _moved(self, index: str) -> float:
        assert self.below is not None  # asked for only above the first rung
        return float(self.fit.reported[index] - self.below.reported[index])

    @property
    def d_cfi(self) -> float:
        """Change of the CFI from the rung below."""
        return self._moved("cfi")

    @property
    def d_rmsea(self) -> float:
        """Change of the RMSEA from the rung below."""
        return self._moved("rmsea")

    @property
    def d_srmr(self) -> float:
        """Change of the SRMR from the rung below."""
        return self._moved("srmr")

    @property
    def d_bic(self) -> float:
        """Change of the BIC from the rung below; missing with weights or clusters."""
        independent = self.fit.weights is None and self.fit.cluster is None
        return self._moved("bic") if independent else np.nan

    @property
    def pvalue(self) -> float:
        """Of the difference test against the rung below."""
        return self.test.pvalue

    def _view(self) -> View:
        title = say("showing.rung_model", level=self.level)
        return View(title, (*in_short(self.fit), *_aside(self.releases)))

    def judged_by(self, rule: Rule) -> Verdict | None:
        """Return a rule's verdict; the first rung is judged by its fit alone."""
        if self.change is None:
            m = self.fit.reported
            return AbsoluteFit().judge(m["cfi"], m["rmsea"], m["srmr"])
        return rule.judge(self.change)

    def judged(self, rules: Sequence[Rule]) -> tuple[Verdict, ...]:
        """Return every rule's verdict in their order; the first rung has one, of its fit."""
        found = (self.judged_by(rule) for rule in (rules if self.below else rules[:1]))
        return tuple(verdict for verdict in found if verdict is not None)

    def holds(self, deciding: Rule) -> bool:
        """Whether the deciding rule accepts the model; a rung it says nothing of does not hold."""
        verdict = self.judged_by(deciding)
        return verdict is not None and verdict.holds


@dataclass(frozen=True, eq=False, repr=False)
class Rung(Showing):
    """A rung with the models tried on it.

    Attributes
    ----------
    models
        In the order in which they were tried: all constraints first, then one less at a time.
    kept
        Contradicted constraints that were not set aside.
    """

    models: tuple[Model, ...]
    kept: tuple[Kept, ...] = ()

    @property
    def level(self) -> Level:
        """The rung's name."""
        return self.models[0].level

    @property
    def first(self) -> Model:
        """The model before anything was set aside on this rung."""
        return self.models[0]

    @property
    def last(self) -> Model:
        """The model that the rung ended with."""
        return self.models[-1]

    @property
    def releases(self) -> tuple[Release, ...]:
        """All that was set aside on this rung."""
        return tuple(r for model in self.models for r in model.releases)

    def _view(self) -> View:
        count = len(spelled(self.releases))
        title = say("showing.rung", level=self.level, models=len(self.models), released=count)
        return View(title, (*_aside(self.releases), *in_short(self.last.fit)))


def _aside(releases: Iterable[Release]) -> list[str]:
    """Say what was set aside, if anything was."""
    names = spelled(releases)
    return [say("showing.set_aside", names=listing(names))] if names else []


def spelled(releases: Iterable[Release]) -> tuple[str, ...]:
    """Spell releases as `cfa` takes them, without those that one of all groups covers."""
    found = list(releases)
    everywhere = {r.constraint.parameter for r in found if r.everywhere}
    kept = (r for r in found if r.everywhere or r.constraint.parameter not in everywhere)
    return tuple(dict.fromkeys(r.spelled for r in kept))


def anchors(
    factors: Mapping[str, tuple[str, ...]], releases: Iterable[Release], groups: Sequence[str]
) -> dict[tuple[str, str], int]:
    """Count the items of each (factor, group) from which nothing was set aside there."""
    found = {(factor, g): set(items) for factor, items in factors.items() for g in groups}
    for release in releases:
        concerned = groups if release.everywhere else [str(release.constraint.group)]
        for (_, g), items in found.items():
            if g in concerned:
                items.discard(release.constraint.item)
    return {key: len(items) for key, items in found.items()}
