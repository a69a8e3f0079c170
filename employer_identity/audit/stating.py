"""From the frames that reports print to the facts that they state.

Takes what is left after hiding: a row with `hidden` is a cell that is named, its numbers withheld.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from employer_identity.audit.facts import (
    EVERYBODY,
    PERSONS,
    Answers,
    Fact,
    Frame,
    Quantity,
    Scope,
)
from employer_identity.audit.whom import Whom

if TYPE_CHECKING:
    pass

HUNDREDTH = 0.005
"""Half the width of what is printed with two decimals, or in whole per cents."""
TENTH = 0.05
"""Of what is printed with one decimal."""
YES = (1,)
"""Answers of a question that is answered by yes or no: of a share those who said yes."""
MODEL = "model"
"""Measure of a count: those whose answers a model of everybody rests on."""
COMPLETE = "every item"
"""Measure of a count: those who answered all items."""


@dataclass(frozen=True)
class Teller(Whom):
    """States what is printed about the people of one wave.

    Attributes
    ----------
    frame
        Employees, or the public, whose shares count as weighted.
    """

    frame: Frame = "insiders"

    @property
    def study(self) -> str:
        """Return what the survey is called, the same in reports of every language."""
        title = self.instrument.title
        return title.get("en") or next(iter(title.values()))

    @property
    def answers(self) -> dict[str, Answers]:
        """Return between which answers each measure lies."""
        scale, instrument = self.instrument.scale, self.instrument
        ends = float(scale.minimum), float(scale.maximum)
        questions = [*instrument.item_names, *instrument.outcome_names]
        scores = {pillar: Answers(*ends) for pillar in instrument.factors}
        return scores | {name: Answers(*ends, whole=True) for name in questions}

    # --- What of them

    def number(
        self,
        scope: Scope,
        quantity: Quantity,
        value: float | None,
        *,
        measure: str = PERSONS,
        half: float = 0.0,
        answers: tuple[int, ...] = (),
        least: int = 0,
        element: str = "",
    ) -> Fact:
        """State one number as it is printed; a missing one is withheld.

        Parameters
        ----------
        half
            Half of its last digit; 0 for a whole number.
        element
            Where it can be read; empty for a number in a sentence, and for one that is only drawn.
        """
        told = None if value is None or np.isnan(value) else float(value)
        if told is not None and quantity != "count":
            told = _printed(told, quantity, half)
        are_weighted = self.frame == "outsiders" or self.instrument.weight is not None
        weighted = quantity != "count" and are_weighted
        return Fact(
            scope, quantity, told, half, measure, answers, weighted, least, self.frame, element
        )

    def mean(
        self,
        scope: Scope,
        measure: str,
        value: float | None,
        element: str = "",
        *,
        half: float = HUNDREDTH,
    ) -> Fact:
        """State a mean, with two decimals unless told otherwise."""
        return self.number(scope, "mean", value, measure=measure, half=half, element=element)

    def share(
        self,
        scope: Scope,
        measure: str,
        value: float | None,
        element: str = "",
        *,
        answers: tuple[int, ...] = YES,
        least: int = 0,
    ) -> Fact:
        """State a share in whole per cents."""
        return self.number(
            scope, "share", value, measure=measure, half=HUNDREDTH, answers=answers, least=least,
            element=element,
        )  # fmt: skip

    def level(
        self,
        scope: Scope,
        measure: str,
        n: float,
        mean: float,
        element: str,
        *,
        half: float = HUNDREDTH,
    ) -> Iterator[Fact]:
        """State a mean, with how many people it is of."""
        yield self.number(scope, "count", n, measure=measure, element=element)
        yield self.mean(scope, measure, mean, element, half=half)

    def part(
        self,
        scope: Scope,
        measure: str,
        n: float,
        share: float,
        element: str,
        *,
        answers: tuple[int, ...] = YES,
        least: int = 0,
    ) -> Iterator[Fact]:
        """State a share in whole per cents, with how many people it is of."""
        yield self.number(scope, "count", n, measure=measure, least=least, element=element)
        yield self.share(scope, measure, share, element, answers=answers, least=least)

    # --- Frames

    def margins(self, shown: pd.DataFrame) -> Iterator[Fact]:
        """State the rows of `brand.margins`, what is hidden withheld."""
        for r in shown.itertuples():
            scope = self.of(r.grouping, r.category)
            yield self.number(scope, "count", r.n, element="margins")

    def levels(self, frame: pd.DataFrame, element: str = "levels") -> Iterator[Fact]:
        """State the rows of `brand.levels`: everybody's."""
        for r in frame.itertuples():
            yield from self.level(self.everybody, r.pillar, r.n, r.mean, element)

    def means(self, frame: pd.DataFrame, element: str) -> Iterator[Fact]:
        """State the means of `brand.levels`, without how many people they are of."""
        for r in frame.itertuples():
            yield self.mean(self.everybody, r.pillar, r.mean, element)

    def weighting(self, frame: pd.DataFrame) -> Iterator[Fact]:
        """State the rows of `brand.weighting`: everybody's, with weights and without."""
        for r in frame.itertuples():
            own = r.pillar, r.n, r.weighted, "weighting"
            count, mean = self.level(self.everybody, *own)
            plain = _printed(r.unweighted, "mean", HUNDREDTH)
            yield from (count, mean, replace(mean, value=plain, weighted=False))

    def groups(self, frame: pd.DataFrame) -> Iterator[Fact]:
        """State the rows of `brand.group_levels`, what is hidden withheld."""
        for r in frame.itertuples():
            if r.comparable:  # else nothing is told of anybody
                yield from self.level(
                    self.of(r.column, r.group), r.pillar, r.n, r.mean, "group_scores"
                )

    def units(self, frame: pd.DataFrame, *, half: float = HUNDREDTH) -> Iterator[Fact]:
        """State the rows of `brand.unit_levels`, what is hidden withheld."""
        sector, employer = self.instrument.sector or "", self.instrument.employer or ""
        for r in frame.itertuples():
            scope = (
                self.of(employer, r.employer, r.sector) if r.employer else self.of(sector, r.sector)
            )
            if r.hidden:
                yield self.number(scope, "count", None)
            yield from self.level(scope, r.pillar, r.n, r.mean, "", half=half)

    def employers(
        self, frame: pd.DataFrame, element: str = "", *, half: float = HUNDREDTH
    ) -> Iterator[Fact]:
        """State the means of `shrinkage.shrunken_scores`, of the employers that are shown."""
        for r in frame.itertuples():
            scope = self.of(self.instrument.employer or "", r.employer, r.sector)
            yield from self.level(scope, r.pillar, r.n, r.mean, element, half=half)

    def trend(self, frame: pd.DataFrame) -> Iterator[Fact]:
        """State the rows of `trend.trend`: the means of a wave and of the one before."""
        for r in frame.itertuples():
            before = replace(self, wave=r.before_wave).everybody
            yield self.mean(self.everybody, r.pillar, r.mean, "trend")
            if not np.isnan(r.before):
                yield self.mean(before, r.pillar, r.before, "trend")

    def items(self, frame: pd.DataFrame, agreeing: tuple[int, ...]) -> Iterator[Fact]:
        """State the rows of `brand.item_levels`: everybody's; `agreeing` are answers that agree."""
        highest = (self.instrument.scale.maximum,)
        for r in frame.itertuples():
            yield self._not_missing(r.item, r.n, r.missing)
            yield self.mean(self.everybody, r.item, r.mean, "items")
            for answers, share in ((highest, r.ceiling), (agreeing, r.agree)):
                yield self.share(self.everybody, r.item, share, "items", answers=answers)

    def outcomes(self, frame: pd.DataFrame, agreeing: tuple[int, ...]) -> Iterator[Fact]:
        """State the rows of `brand.outcome_levels`: everybody's."""
        for r in frame.itertuples():
            yield from self.level(self.everybody, r.outcome, r.n, r.mean, "outcomes")
            yield self.share(self.everybody, r.outcome, r.agree, "outcomes", answers=agreeing)

    def _not_missing(self, measure: str, n: float, missing: float) -> Fact:
        """State how many answered where it is printed which share of everybody did not."""
        people = n / (1 - missing) if missing < 1 else 0.0
        told = people * (1 - _printed(missing, "share", HUNDREDTH))
        return self.number(self.everybody, "count", told, half=people * HUNDREDTH, measure=measure)

    def answered(
        self,
        measure: str,
        n: float,
        mean: float,
        missing: float,
        shares: Mapping[int, float],
        element: str,
        *,
        ends: Iterable[tuple[int, ...]],
        least: int,
    ) -> Iterator[Fact]:
        """State how the answers to a question are distributed, unless fewer than `least` gave one.

        Parameters
        ----------
        shares
            Of each answer; these are drawn.
        ends
            The lowest and the highest answers, whose shares can also be read.
        """
        here = self.everybody
        if n < least:
            yield self.number(here, "count", None, measure=measure, least=least)
            for answers in ends:
                yield self.share(here, measure, None, answers=answers, least=least)
            return
        yield self._not_missing(measure, n, missing)
        yield self.mean(here, measure, mean, element, half=TENTH)
        for answer, share in shares.items():
            yield self.share(here, measure, share, answers=(answer,))
        for answers in ends:
            share = sum(shares[a] for a in answers)
            yield self.share(here, measure, share, element, answers=answers)

    def pairs(self, frame: pd.DataFrame, element: str = "") -> Iterator[Fact]:
        """State of how many people rows of `brand.associations` are: who answered both."""
        for r in frame.itertuples():
            yield from of_model(r.n, element, measure=f"{r.outcome}, {r.pillar}")

    def compared(self, column: str, groups: Iterable[str]) -> tuple[Fact, ...]:
        """State the groups that a model compares, where their sizes are not printed."""
        return tuple(self.number(self.of(column, g), "count", None) for g in groups)

    def sized(self, column: str, groups: Mapping[str, int], element: str = "") -> tuple[Fact, ...]:
        """State the groups that a model compares with their sizes."""
        return tuple(
            self.number(self.of(column, g), "count", n, element=element) for g, n in groups.items()
        )

    def standing(
        self, frame: pd.DataFrame, unit: Scope, sector: Scope | None, element: str = ""
    ) -> Iterator[Fact]:
        """State the means in rows of `UnitStudy.standing`: of a unit, its sector and the whole."""
        places = {"": unit, "sector_": sector, "whole_": self.everybody}
        for r in frame.to_dict("records"):
            for prefix, scope in places.items():
                if scope is not None and not np.isnan(r[f"{prefix}mean"]):
                    yield self.mean(scope, r["name"], r[f"{prefix}mean"], element)

    def sizes(self, frame: pd.DataFrame, unit: Scope, element: str = "") -> Iterator[Fact]:
        """State how many of a unit answered, from rows of `UnitStudy.standing`."""
        for r in frame.itertuples():
            yield self.number(unit, "count", r.n, measure=r.name, element=element)

    def agreeing(
        self,
        frame: pd.DataFrame,
        scope: Scope,
        answers: tuple[int, ...],
        prefix: str = "",
        element: str = "",
    ) -> Iterator[Fact]:
        """State the shares that agree, from rows of `UnitStudy.standing`."""
        for name, share in zip(frame["name"], frame[f"{prefix}agree"], strict=True):
            if not np.isnan(share):
                yield self.share(scope, name, share, element, answers=answers)

    def withheld(
        self, scope: Scope, measures: Iterable[str], element: str = "", least: int = 0
    ) -> Iterator[Fact]:
        """State that a unit is named of which nothing, or not these measures, is told."""
        for measure in measures:
            for quantity in ("count", "mean") if measure != PERSONS else ("count",):
                yield self.number(
                    scope, quantity, None, measure=measure, least=least, element=element
                )


def of_model(
    n: float | None = None, element: str = "", *, measure: str = MODEL
) -> tuple[Fact, ...]:
    """State of how many people a model of everybody tells, where that is printed."""
    told = None if n is None else float(n)
    return (Fact(EVERYBODY, "count", told, measure=measure, element=element),)


def _printed(value: float, quantity: Quantity, half: float) -> float:
    """Return a number as it is printed: a share is rounded in per cents."""
    if not half or math.isnan(value):
        return float(value)
    digits = round(-math.log10(2 * half))
    if quantity == "share":
        return round(100 * float(value), digits - 2) / 100
    return round(float(value), digits)
