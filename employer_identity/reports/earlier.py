"""The wave before a study's own: whether scores mean the same in both, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from employer_identity.errors import EmployerIdentityError
from employer_identity.invariance import invariance
from employer_identity.ladder import Ladder
from employer_identity.survey import Survey
from employer_identity.trend import asked_alike, together, trend


@dataclass(frozen=True)
class Earlier:
    """A wave and the one before it.

    Parameters
    ----------
    now, before
        Their answers.
    """

    now: Survey
    before: Survey

    @property
    def wave(self) -> str:
        """The wave before."""
        return self.before.waves[0]

    @cached_property
    def ladder(self) -> Ladder | None:
        """Invariance over the two waves; None where it could not be tested."""
        column = self.now.instrument.wave
        assert column is not None  # or there would be no wave before
        try:
            return invariance(together(self.now, self.before), group=column)
        except EmployerIdentityError:
            return None

    @property
    def comparable(self) -> tuple[str, ...]:
        """Pillars whose scores mean the same in both waves."""
        if self.ladder is None:
            return ()
        alike = asked_alike(self.now, self.before)
        allowed = self.ladder.decision["observed means"].factors
        return tuple(pillar for pillar in allowed if pillar in alike)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Levels of both waves, and what changed where they may be compared."""
        return trend(self.now, self.before, self.comparable)
