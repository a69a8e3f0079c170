"""The public's side of a study: employers known and liked, drivers, switching, belonging."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from employer_identity import privacy
from employer_identity.attractiveness import Attractiveness, attractiveness
from employer_identity.drivers import Drivers, derived_importance
from employer_identity.drivers import drivers as compared
from employer_identity.errors import Problem
from employer_identity.panel import Panel, linked
from employer_identity.questionnaire import Instrument
from employer_identity.switching import EVERYBODY, months_to_belong
from employer_identity.switching import belonging as belonging_of
from employer_identity.switching import reasons as reasons_of
from employer_identity.switching import switching as switching_of
from employer_identity.weighing import design_effect, effective_n


@dataclass(frozen=True)
class Outside:
    """What the public answered, without what may not be shown.

    Parameters
    ----------
    panel
        The answers.
    by
        The column that people are divided by; empty for none, or where nobody was asked.
    minimum_n
        Smallest number of persons that is shown.
    inside
        Employers whose employees answered.
    """

    panel: Panel
    by: str
    minimum_n: int
    inside: tuple[str, ...]

    @property
    def instrument(self) -> Instrument:
        """The questionnaire, with the words that the public's file adds."""
        return self.panel.instrument

    @property
    def least(self) -> int:
        """Fewest persons of whom a share is shown: that is how their answers are distributed."""
        own = privacy.floor(self.instrument, self.by, minimum=self.minimum_n)
        return max(own, privacy.DISTRIBUTION)

    @cached_property
    def attractiveness(self) -> Attractiveness:
        """Employers as the public sees them; shares of few people are empty."""
        found = attractiveness(self.panel)
        table = found.table.copy()
        for counted, shares in (("shown", ("awareness",)), ("known", ("relative", "absolute"))):
            columns = [f"{s}{end}" for s in shares for end in ("", "_lower", "_upper")]
            table.loc[table[counted] < self.least, columns] = float("nan")
        return replace(found, table=table)

    @property
    def unseen(self) -> int:
        """How many employers too few people know to show what these think of them."""
        return int((self.attractiveness.table["known"] < self.least).sum())

    @cached_property
    def drivers(self) -> Drivers | None:
        """What people look for; None where nothing was asked."""
        return compared(self.panel) if self.panel.drivers else None

    @cached_property
    def derived(self) -> pd.DataFrame:
        """What goes with liking an employer."""
        return derived_importance(self.panel)

    @cached_property
    def switching(self) -> pd.DataFrame:
        """Who changed employer and who means to, of everybody and by group."""
        return self._shown(switching_of(self.panel, self.by or None))

    @cached_property
    def belonging(self) -> pd.DataFrame:
        """How people belong where they work, of everybody and by group."""
        return self._shown(belonging_of(self.panel, self.by or None))

    @cached_property
    def reasons(self) -> pd.DataFrame:
        """Why people left, or mean to; no rows where nobody was asked."""
        return self._shown(reasons_of(self.panel))

    @cached_property
    def months(self) -> tuple[float, float, float]:
        """Months until people felt part of their team, with the interval."""
        return months_to_belong(self.panel)

    def _shown(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Leave out groups that are too small, and those that would give one away."""
        counts = frame.pivot(index="group", columns="question", values="n")
        groups = counts.drop(index=EVERYBODY, errors="ignore")
        gone = [g for g, n in counts.min(axis=1).items() if n < self.least]
        if len(groups):
            mask = privacy.hidden_categories(groups, minimum=self.least)
            empty = ~groups.any(axis=1)
            gone += list(groups.index[mask | empty])
        return frame[~frame["group"].isin(gone)].reset_index(drop=True)

    @cached_property
    def left_out(self) -> list[str]:
        """Groups of the public that are not shown."""
        if not self.by:
            return []
        shown = {*self.switching["group"], *self.belonging["group"]}
        return [str(g) for g in self.panel.people[self.by].cat.categories if g not in shown]

    @property
    def doubts(self) -> tuple[Problem, ...]:
        """What deserves a second look, employers that are on one side only among it."""
        return (*self.panel.warnings, *linked(self.panel, list(self.inside)))

    @property
    def is_weighted(self) -> bool:
        """Whether people weigh differently."""
        return bool(self.panel.people["weight"].nunique() > 1)

    @property
    def deff(self) -> float:
        """Kish's design effect of the weights."""
        return design_effect(self.panel.people["weight"])

    @property
    def n_eff(self) -> float:
        """Effective number of people."""
        return effective_n(self.panel.people["weight"])


def outside(
    panel: Panel | None, group: str, minimum_n: int, inside: Iterable[str]
) -> Outside | None:
    """Return the public's side, divided by a column if the public was asked; None without."""
    if panel is None:
        return None
    return Outside(panel, group if group in panel.groupings else "", minimum_n, tuple(inside))
