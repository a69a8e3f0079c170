"""What a measurement report is about: everybody's model, its rivals, a ladder for each grouping."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import pandas as pd

from employer_identity import privacy
from employer_identity.across import FLOOR, invariance_across
from employer_identity.across_result import Across
from employer_identity.agreement import Agreement
from employer_identity.aligned import Alignment
from employer_identity.alignment import MANY, align_ladder
from employer_identity.alignment_check import AlignmentCheck
from employer_identity.bias import dmacs
from employer_identity.cutoffs import SimulatedCutoffs
from employer_identity.decision import Decision
from employer_identity.errors import ModelError, Problem
from employer_identity.ladder import Ladder
from employer_identity.language import Language, describe, say
from employer_identity.latent import latent_variances, mean_contrasts
from employer_identity.model_comparison import ModelComparison
from employer_identity.questionnaire import Instrument
from employer_identity.reports.study import Study
from employer_identity.simulated import simulated_cutoffs
from employer_identity.suppression import groups_of, modelled
from employer_identity.survey import Survey
from employer_identity.terms import own_words
from employer_identity.treatment import Treatment, treatment

FEW = 4
"""Most groups of which a table has every two, or every model."""


@dataclass(frozen=True, kw_only=True)
class Compared(Study):
    """A study compared by one of its groupings, with what only reviewers ask.

    Parameters
    ----------
    climbed
        The grouping's ladder.
    least
        Fewest people of a group that takes part.
    simulated
        Surveys that are simulated a rung for cut-offs made for these answers; 0 for none.
    """

    climbed: Ladder
    least: int
    simulated: int = 0

    @cached_property
    def ladder(self) -> Ladder:
        """The invariance ladder."""
        return self.climbed

    @cached_property
    def treatment(self) -> Treatment:
        """Answers as numbers beside answers as ordered categories, of the groups on the ladder."""
        return treatment(self.survey, self.ladder)

    @cached_property
    def cutoffs(self) -> SimulatedCutoffs | tuple[Problem, ...]:
        """Cut-offs made for these answers, or why there are none; nothing if none are wanted."""
        if not self.simulated:
            return ()
        try:
            return simulated_cutoffs(self.ladder, reps=self.simulated, processes=1)
        except ModelError as error:
            return error.problems

    @property
    def groups_left_out(self) -> list[str]:
        """The groups that are not compared."""
        return [g for g in groups_of(self.survey, self.group) if g not in self.ladder.groups]

    @property
    def floor(self) -> int:
        """Fewest persons of a group that a model is about."""
        return self.least

    @property
    def is_few(self) -> bool:
        """Whether there are few enough groups to compare every two of them in a table."""
        return len(self.ladder.groups) <= FEW

    @cached_property
    def dmacs(self) -> pd.DataFrame:
        """How much each item that was set aside shifts answers; no rows without a common metric."""
        return dmacs(self.ladder) if "scalar" in self.ladder.levels else pd.DataFrame()

    @cached_property
    def alignment(self) -> Alignment | tuple[Problem, ...] | None:
        """The same groups by alignment, or why not; None where they are too few for it."""
        return align_ladder(self.ladder) if len(self.ladder.groups) >= MANY else None

    @property
    def is_aligned(self) -> bool:
        """Whether alignment has a solution."""
        return isinstance(self.alignment, Alignment)

    @cached_property
    def alignment_check(self) -> AlignmentCheck | None:
        """Whether aligned means are recovered; None where too little differs to ask."""
        found = self.alignment
        if not isinstance(found, Alignment) or bool(found.shares["within_limit"].all()):
            return None
        return found.check()

    @property
    def aligned(self) -> Decision | None:
        """Whether aligned means may be compared; None where alignment has no solution."""
        found = self.alignment
        return found.decision(self.alignment_check) if isinstance(found, Alignment) else None

    @cached_property
    def contrasts(self) -> pd.DataFrame:
        """Latent means of every two groups; refused where the ladder does not allow them."""
        return mean_contrasts(self.ladder)

    @cached_property
    def variances(self) -> pd.DataFrame:
        """Latent variances by group; refused where the ladder does not allow them."""
        return latent_variances(self.ladder)


@dataclass(frozen=True)
class Measurement:
    """What a measurement report is about.

    Parameters
    ----------
    study
        Everybody, with the groupings to compare by one after the other.
    simulated
        As in `Compared`.
    """

    study: Study
    simulated: int = 0

    @property
    def language(self) -> Language:
        """Language of all words."""
        return self.study.language

    @property
    def instrument(self) -> Instrument:
        """The questionnaire."""
        return self.study.instrument

    @property
    def survey(self) -> Survey:
        """The answers of everybody."""
        return self.study.survey

    @property
    def wave(self) -> str:
        """The wave that is studied; empty for all."""
        return self.study.wave

    @property
    def minimum_n(self) -> int:
        """Smallest number of persons that is shown."""
        return self.study.minimum_n

    @property
    def pillars(self) -> tuple[str, ...]:
        """Keys of the pillars."""
        return self.study.pillars

    def say(self, key: str, **values: object) -> str:
        """Say a sentence of the report with the questionnaire's own words for its pillars."""
        words = own_words(self.instrument, self.language)
        return say(f"measured.{key}", self.language, **(words | values))

    def label(self, group: str) -> str:
        """Name a grouping as it stands inside a sentence."""
        return self.instrument.label(group, self.language).lower()

    @property
    def floor(self) -> int:
        """Fewest people of a group that is compared."""
        return max(FLOOR, self.study.minimum_n)

    @cached_property
    def _modelled(self) -> Survey:
        """The answers, with nobody in groups of which no model may be shown, by any grouping."""
        found = self.study.survey
        for group in self.study.groups:
            found = modelled(found, group, self.study.suppression)
        return found

    @cached_property
    def _comparable(self) -> tuple[str, ...]:
        """The groupings of which several groups may be shown."""
        groups = self.study.groups
        return tuple(g for g in groups if len(groups_of(self._modelled, g)) > 1)

    @cached_property
    def across(self) -> Across | None:
        """The ladders of all groupings, as one family; None without groupings."""
        if not self._comparable:
            return None
        return invariance_across(self._modelled, self._comparable, minimum_n=self.floor)

    @cached_property
    def compared(self) -> tuple[Compared, ...]:
        """A study for each grouping that could be tested."""
        if self.across is None:
            return ()
        own = {f.name: getattr(self.study, f.name) for f in fields(self.study)}
        return tuple(
            Compared(
                **(own | {"group": group}),
                climbed=ladder,
                least=privacy.floor(self.instrument, group, minimum=self.floor),
                simulated=self.simulated,
            )
            for (_, group), ladder in self.across.ladders.items()
        )

    @property
    def refused(self) -> tuple[tuple[str, str], ...]:
        """The other groupings, each with why."""
        problems = self.across.problems if self.across else {}
        hidden = tuple(
            (self.label(group), self.say(f"refused.{_why(self.study.survey, group)}"))
            for group in self.study.groups
            if group not in self._comparable
        )
        return hidden + tuple(
            (self.label(group), " ".join(describe(p, self.language) for p in found))
            for (_, group), found in problems.items()
        )

    @property
    def ladders(self) -> tuple[Ladder, ...]:
        """The ladders of all groupings that could be tested."""
        return tuple(study.ladder for study in self.compared)

    @property
    def comparison(self) -> ModelComparison | None:
        """The model beside others; None where one factor, or one item, leaves no other."""
        return self.study.structures if len(self.pillars) > 1 else None

    @property
    def agreement(self) -> Agreement | None:
        """How alike people of an employer answer; None without employers of several people."""
        return self.study.employers.agreement if self.study.employers else None


def _why(survey: Survey, group: str) -> str:
    """Tell whether a grouping without a comparison has one group, or several that are hidden."""
    return "alone" if len(groups_of(survey, group)) < 2 else "hidden"
