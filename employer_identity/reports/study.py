"""One study: a survey with all that is computed from it, each number once, when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import pandas as pd

from employer_identity import brand, privacy, tables
from employer_identity.cfa import cfa
from employer_identity.conclusions import conclusions
from employer_identity.decision import Decision, Statement
from employer_identity.errors import EmployerIdentityError
from employer_identity.fit import Fit
from employer_identity.invariance import invariance
from employer_identity.ladder import Ladder
from employer_identity.latent import latent_means
from employer_identity.levels import reaches
from employer_identity.model_comparison import ModelComparison
from employer_identity.models import compare_models
from employer_identity.reliability import reliability
from employer_identity.reports.beside import NOTHING, Beside
from employer_identity.reports.earlier import Earlier
from employer_identity.reports.employers import Employers
from employer_identity.reports.outside import Outside, outside
from employer_identity.reports.parameters import SMALLEST
from employer_identity.reports.prepared import Prepared
from employer_identity.reports.wording import Worded, speaking
from employer_identity.rungs import Release
from employer_identity.structural import Pathways, pathways
from employer_identity.suppression import (
    Suppression,
    decide,
    groups_of,
    modelled,
    withhold_groups,
    withhold_margins,
    withhold_units,
)
from employer_identity.survey import Survey
from employer_identity.switching import stay_regression
from employer_identity.treatment import Treatment, treatment

_Made = TypeVar("_Made", Fit, Ladder)
_Some = TypeVar("_Some")

STAY = "stay_intent"
"""The outcome that says whether people want to stay."""
LOADINGS_DRAWN = 6
"""Most groups whose loadings can be told apart in a figure."""


@dataclass(frozen=True)
class Study(Worded):
    """What a report is about.

    Parameters
    ----------
    survey, group, language
        As in `Worded`.
    minimum_n
        Smallest number of persons that is shown.
    wave
        The wave that is studied; empty where there are none, or all of them are.
    waves
        Respondents of every wave of the file.
    prepared
        What a batch has made once for all of its reports; None makes it when it is asked for.
    groups
        Grouping columns to compare by one after the other.
    beside
        What the study has beside its answers: the public's, margins, the wave before.
    theme
        The pillar that this year's theme is about; empty for all.
    uncompared
        The grouping that was asked for and that leaves nothing to compare; empty for none.
    """

    minimum_n: int = privacy.MINIMUM
    wave: str = ""
    waves: Mapping[str, int] = field(default_factory=dict)
    prepared: Prepared | None = None
    groups: tuple[str, ...] = ()
    beside: Beside = NOTHING
    theme: str = ""
    uncompared: str = ""

    @property
    def is_pooled(self) -> bool:
        """Whether all waves are studied together, to compare them."""
        wave = self.instrument.wave
        return wave is not None and wave in (self.group, self.uncompared)

    @property
    def is_identifying(self) -> bool:
        """Whether so few people may be shown that they can be identified."""
        return self.minimum_n < SMALLEST

    @cached_property
    def fit(self) -> Fit:
        """The measurement model of everybody."""
        with speaking(self.language):
            return _made(self.prepared.fit) if self.prepared else cfa(self.survey)

    @cached_property
    def ladder(self) -> Ladder | None:
        """The invariance ladder; None without a group."""
        if not self.group:
            return None
        with speaking(self.language):
            if self.prepared and self.group in self.prepared.ladders:
                return _made(self.prepared.ladders[self.group])
            return invariance(self._modelled, group=self.group)

    @cached_property
    def treatment(self) -> Treatment:
        """Answers as numbers beside answers as ordered categories; without a group, the answers."""
        if self.prepared and self.group in self.prepared.treatments:
            return self.prepared.treatments[self.group]
        return treatment(self.survey, self.ladder)

    @property
    def second_way(self) -> Treatment | None:
        """The same as `treatment` where this report compares both ways; None where it does not."""
        if self.ladder is None or self.ladder.route.ordered:
            return None
        made = self.prepared is None or self.group in self.prepared.treatments
        return self.treatment if made else None

    @property
    def depends_on_treatment(self) -> bool:
        """Whether something else may be said of the groups with answers as ordered categories."""
        found = self.second_way
        return found is not None and found.compared and not found.same_decision

    @property
    def holds_both_ways(self) -> bool:
        """Whether what may be said does not rest on answers as numbers alone."""
        found = self.second_way
        if self.ladder is not None and self.ladder.route.ordered:
            return True
        return found is not None and found.compared and found.same_decision

    @cached_property
    def _modelled(self) -> Survey:
        """The answers, with nobody in groups of which no model may be shown."""
        return modelled(self.survey, self.group, self.suppression)

    @property
    def floor(self) -> int:
        """Fewest persons of a group that a model is about."""
        return privacy.model_floor(self.instrument, self.group, minimum=self.minimum_n)

    @property
    def left_out(self) -> list[str]:
        """Labels of the groups that are not compared."""
        named = self.groups_left_out
        return [self.instrument.value_label(self.group, name, self.language) for name in named]

    @property
    def groups_left_out(self) -> list[str]:
        """The groups that are not compared."""
        if not self.group:
            return []
        kept = groups_of(self._modelled, self.group)
        return [g for g in groups_of(self.survey, self.group) if g not in kept]

    def decision(self, statement: Statement) -> Decision:
        """Return what the ladder decides about a statement."""
        assert self.ladder is not None  # asked for only where there is a group
        return self.ladder.decision[statement]

    @property
    def releases(self) -> tuple[Release, ...]:
        """What was set aside for what may be said of links and levels; nothing where none may."""
        if self.ladder is None or not reaches(self.ladder.level, "metric"):
            return ()
        return self.ladder.set_aside("metric" if self.ladder.level == "metric" else "scalar")

    @property
    def items_aside(self) -> tuple[str, ...]:
        """The items that it is about, in the order of the questionnaire."""
        aside = {release.constraint.item for release in self.releases}
        return tuple(item for item in self.survey.item_names if item in aside)

    @property
    def is_anything_contradicted(self) -> bool:
        """Whether the answers contradicted an equality, set aside or kept, on any rung."""
        assert self.ladder is not None  # asked for only where there is a group
        return bool(self.ladder.log["event"].isin(("set aside", "kept")).any())

    @property
    def culprits(self) -> pd.DataFrame:
        """Equalities that keep a rung from holding; none if all that were climbed hold."""
        assert self.ladder is not None  # asked for only where there is a group
        return self.ladder.culprits

    @property
    def means_allowed(self) -> bool:
        """Whether levels may be compared between the groups, with or without every item."""
        return bool(self.group) and self.decision("latent means").allowed

    @property
    def scores_allowed(self) -> tuple[str, ...]:
        """The pillars whose scores may be compared as they are."""
        return self.decision("observed means").factors if self.group else ()

    @cached_property
    def group_scores(self) -> pd.DataFrame:
        """Mean scores by group, without what may not be compared or not be shown."""
        assert self.ladder is not None  # asked for only where there is a group
        frame = brand.group_levels(self.survey, self.group, self.ladder.groups)
        return withhold_groups(frame, self.suppression, self.scores_allowed)

    @cached_property
    def latent_means(self) -> pd.DataFrame:
        """Latent means by group; refused where the ladder does not allow them."""
        assert self.ladder is not None  # asked for only when `means_allowed`
        return latent_means(self.ladder)

    @cached_property
    def conclusions(self) -> pd.DataFrame:
        """Gaps with the reference group under every model that could have been chosen."""
        assert self.ladder is not None  # asked for only when `means_allowed`
        return conclusions(self.ladder)

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """Reliability of the scores."""
        return reliability(self.fit)

    @cached_property
    def levels(self) -> pd.DataFrame:
        """Mean scores."""
        return brand.levels(self.survey)

    @cached_property
    def weighting(self) -> pd.DataFrame:
        """Mean scores with weights and without."""
        return brand.weighting(self.survey)

    @cached_property
    def associations(self) -> pd.DataFrame:
        """Correlations with the outcomes; empty where none were asked."""
        return brand.associations(self.survey)

    @cached_property
    def items(self) -> pd.DataFrame:
        """The items one by one."""
        return brand.item_levels(self.survey)

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """The outcomes one by one."""
        return brand.outcome_levels(self.survey)

    @property
    def distribution_n(self) -> int:
        """Fewest persons whose answers are shown as a distribution."""
        return max(self.minimum_n, privacy.DISTRIBUTION)

    @cached_property
    def complete(self) -> int:
        """How many people answered every item."""
        answers = self.survey.answers[list(self.survey.item_names)]
        return int(answers.notna().all(axis=1).sum())

    @cached_property
    def straight_liners(self) -> int:
        """How many people gave the same answer to every item."""
        return int(brand.straight_liners(self.survey).sum())

    @cached_property
    def without_straight_liners(self) -> Study | None:
        """The same study without them; None where they are too few, or what is left is."""
        if self.straight_liners < self.minimum_n:
            return None
        others = replace(
            self, survey=brand.without_straight_liners(self.survey), group="", prepared=None
        )
        try:
            _ = others.fit
        except EmployerIdentityError:
            return None
        return others

    @property
    def sides(self) -> tuple[tables.Side, tables.Side]:
        """The results of everybody, and those without people who answered the same throughout."""
        assert self.without_straight_liners is not None  # asked for only where there are some
        one, other = (
            tables.Side(s.survey.n, s.levels, s.reliability, s.fit)
            for s in (self, self.without_straight_liners)
        )
        return one, other

    @cached_property
    def outside(self) -> Outside | None:
        """The public's side; None where the public was not asked, or too few of it answered."""
        column = self.instrument.employer
        names = sorted(map(str, self.survey.answers[column].dropna().unique())) if column else []
        found = outside(self.beside.panel, self.group, self.minimum_n, names)
        return found if found is not None and found.panel.n >= found.least else None

    @cached_property
    def earlier(self) -> Earlier | None:
        """The wave before beside this one; None where there is none, or it had too few people."""
        before = self.beside.previous
        if before is None or before.n < max(self.minimum_n, privacy.MODEL):
            return None
        return Earlier(self.survey, before)

    @cached_property
    def employers(self) -> Employers | None:
        """Employers side by side; None without, or where the same people may count twice."""
        if not self.instrument.employer or self.units is None:
            return None
        by_sector = self.ladder if self.group == self.instrument.sector else None
        return Employers(self.survey, self.suppression, by_sector)

    @cached_property
    def structures(self) -> ModelComparison | None:
        """The models that the answers might follow; None where they cannot be compared."""
        return _or_none(lambda: compare_models(self.survey))

    @property
    def are_pairs_known(self) -> bool:
        """Whether it is known how close any two pillars are."""
        return self.structures is not None and len(self.structures.correlations) > 0

    @cached_property
    def pathways(self) -> Pathways | None:
        """The pillars, shared identity and outcomes in one model; None where not asked."""
        return _or_none(lambda: pathways(self.survey))

    @cached_property
    def staying(self) -> pd.DataFrame | None:
        """Wanting to stay beside all pillars together; None where not asked."""
        asked = STAY in self.instrument.outcome_names
        return stay_regression(self.survey, STAY) if asked else None

    @property
    def loadings_drawn(self) -> bool:
        """Whether there are few enough groups for a figure of their loadings."""
        return self.ladder is not None and len(self.ladder.groups) <= LOADINGS_DRAWN

    @cached_property
    def suppression(self) -> Suppression:
        """What may be shown of whom."""
        if self.prepared:
            return self.prepared.suppression
        return decide(self.survey, minimum=self.minimum_n)

    @cached_property
    def units(self) -> pd.DataFrame | None:
        """Mean scores of sectors and employers, without what may not be shown.

        Where sectors are what is compared, without the scores that do not mean the same in them.
        None without either; and where waves are compared, since the same people count twice there.
        """
        if self.is_pooled or not (self.instrument.employer or self.instrument.sector):
            return None
        units = brand.unit_levels(self.survey)
        shown = withhold_units(units, self.suppression, self.instrument)
        if self.group and self.group == self.instrument.sector:
            unlike = (shown["employer"] == "") & ~shown["pillar"].isin(self.scores_allowed)
            shown.loc[unlike, ["mean", "sd", "se"]] = float("nan")
        return shown

    @cached_property
    def margins(self) -> pd.DataFrame:
        """Who answered, without what may not be shown."""
        return withhold_margins(brand.margins(self.survey), self.suppression)


def _made(result: _Made | EmployerIdentityError) -> _Made:
    """Return what was made beforehand, or refuse for the reason why it could not be made."""
    if isinstance(result, EmployerIdentityError):
        raise result
    return result


def _or_none(make: Callable[[], _Some]) -> _Some | None:
    """Return what can be made, None where the answers do not allow it."""
    try:
        return make()
    except EmployerIdentityError:
        return None
