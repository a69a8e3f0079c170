"""Employers, or sectors, in order by alignment, where no ladder allows to compare their scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from employer_identity.aligned import Alignment
from employer_identity.alignment import MANY, align, align_ladder
from employer_identity.alignment_check import AlignmentCheck
from employer_identity.decision import LEAGUE, Decision
from employer_identity.errors import EmployerIdentityError, Problem
from employer_identity.ladder import Ladder
from employer_identity.league import league
from employer_identity.suppression import Suppression, groups_of, modelled
from employer_identity.survey import Survey

CHECKED = 30
"""Most groups whose alignment is checked by draws: of more a report would take very long."""
DRAWS = 50
"""Of such a check."""


@dataclass(frozen=True)
class League:
    """Groups on one scale, as far as they are approximately comparable.

    Parameters
    ----------
    column
        The employers' column, or the sectors'.
    alignment
        Of these groups; or why there is none.
    pillars
        What an order is asked for: the pillars whose scores may not be compared as they are.
    """

    column: str
    alignment: Alignment | tuple[Problem, ...]
    pillars: tuple[str, ...]

    @cached_property
    def check(self) -> AlignmentCheck | None:
        """Whether aligned means are recovered; None where too little differs to ask."""
        found = self.alignment
        if not isinstance(found, Alignment) or len(found.groups) > CHECKED:
            return None
        within = found.shares.set_index("factor")["within_limit"]
        return None if within[list(self.pillars)].all() else found.check(DRAWS)

    @cached_property
    def decision(self) -> Decision | None:
        """Whether aligned means may be compared; None without an alignment."""
        found = self.alignment
        return found.decision(self.check) if isinstance(found, Alignment) else None

    @cached_property
    def table(self) -> pd.DataFrame:
        """The order, of pillars for which it may be given; see `league`. No rows without any."""
        found = self.alignment
        if not isinstance(found, Alignment) or not found.decision(self.check).factors:
            return pd.DataFrame()
        try:
            order = league(found, self.check)
        except EmployerIdentityError:  # too few groups are large enough
            return pd.DataFrame()
        return order[order["factor"].isin(self.pillars)].reset_index(drop=True)


def of_sectors(ladder: Ladder) -> League | None:
    """Align the sectors of a ladder; None where it allows all scores to be compared."""
    scores = ladder.decision["observed means"]
    rest = tuple(f for f in ladder["configural"].factors if f not in scores.factors)
    return League(ladder.group, align_ladder(ladder), rest) if rest else None


def of_employers(survey: Survey, column: str, suppression: Suppression) -> League | None:
    """Align the employers of a hundred people or more; None where they are too few."""
    large = modelled(survey, column, suppression, least=LEAGUE)
    if len(groups_of(large, column)) < MANY:
        return None
    found: Alignment | tuple[Problem, ...]
    try:
        found = align(large, group=column, minimum_n=LEAGUE)
    except EmployerIdentityError as error:
        found = error.problems
    return League(column, found, tuple(survey.instrument.factors))
