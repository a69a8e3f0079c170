"""Employers side by side: may answers be averaged, do scores mean the same, how sure are they."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from employer_identity.agreement import Agreement, agreement
from employer_identity.errors import EmployerIdentityError
from employer_identity.invariance import invariance
from employer_identity.ladder import Ladder
from employer_identity.reports.leagues import League, of_employers, of_sectors
from employer_identity.shrinkage import shrunken_scores
from employer_identity.suppression import Suppression, modelled, withhold_shrunken
from employer_identity.survey import Survey

TESTABLE = 100
"""Fewest people of a sector whose answers can show that they mean the same as elsewhere."""


@dataclass(frozen=True)
class Employers:
    """The employers of a survey.

    Parameters
    ----------
    survey
        The answers, with a column of employers.
    suppression
        What may be shown of whom.
    given
        A ladder over sectors that is there already.
    """

    survey: Survey
    suppression: Suppression
    given: Ladder | None = None

    @cached_property
    def ladder(self) -> Ladder | None:
        """Invariance over sectors; None where it could not be tested."""
        sector = self.survey.instrument.sector
        if self.given is not None or sector is None:
            return self.given
        large = modelled(self.survey, sector, self.suppression, least=TESTABLE)
        try:
            return invariance(large, group=sector)
        except EmployerIdentityError:
            return None

    @property
    def sectors(self) -> tuple[list[str], list[str]]:
        """Sectors over which it was tested, and those that were too small for it."""
        column = self.survey.instrument.sector
        tested = [] if self.ladder is None else list(self.ladder.groups)
        known = self.survey.answers[column].dropna().unique() if column else []
        return tested, sorted(str(s) for s in known if s not in tested)

    @property
    def comparable(self) -> tuple[str, ...]:
        """Pillars whose scores mean the same in the sectors that could be tested."""
        return () if self.ladder is None else self.ladder.decision["observed means"].factors

    @cached_property
    def league_of_sectors(self) -> League | None:
        """Sectors by alignment; None where they could not be tested, or need no alignment."""
        return of_sectors(self.ladder) if self.ladder is not None else None

    @cached_property
    def league_of_employers(self) -> League | None:
        """Employers by alignment; None where too few have a hundred people."""
        assert self.survey.instrument.employer  # else there are none
        return of_employers(self.survey, self.survey.instrument.employer, self.suppression)

    @cached_property
    def agreement(self) -> Agreement | None:
        """Whether answers may be averaged to employers; None where too few colleagues answered."""
        try:
            return agreement(self.survey)
        except EmployerIdentityError:
            return None

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Scores drawn towards the sector, of employers and pillars that may be shown.

        Of all pillars where comparability could not be tested; else of those that mean the same.
        """
        instrument = self.survey.instrument
        found = withhold_shrunken(shrunken_scores(self.survey), self.suppression, instrument)
        means_the_same = self.comparable if self.ladder else tuple(instrument.factors)
        return found[found["pillar"].isin(means_the_same)].reset_index(drop=True)
