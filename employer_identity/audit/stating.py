"""From the frames that reports print to the facts that they state.

Takes what is left after hiding: a row with `hidden` is a cell that is named, its numbers withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from employer_identity.audit.banded import pieces
from employer_identity.audit.facts import (
    PERSONS,
    REST,
    WAVE,
    Answers,
    Fact,
    Quantity,
    Scope,
    box,
)
from employer_identity.questionnaire import CROSSED

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

HUNDREDTH = 0.005
"""Half the width of what is printed with two decimals, or in whole per cents."""
_UNKNOWN = ("", "?")


@dataclass(frozen=True)
class Teller:
    """States what is printed about the people of one wave.

    Attributes
    ----------
    instrument
        The questionnaire: which column is the sector's, and which grouping crosses which.
    wave
        The wave that is reported; empty for all.
    """

    instrument: Instrument
    wave: str = ""

    # --- Of whom

    @property
    def everybody(self) -> Scope:
        """Return the scope of the whole."""
        return (self._box({}),)

    def _box(self, values: dict[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        told = (self._told(c, REST if v in _UNKNOWN else v) for c, v in values.items())
        return box({**dict(told), **({WAVE: self.wave} if self.wave else {})})

    def _told(self, column: str, value: str) -> tuple[str, tuple[str, ...]]:
        """Return what a value is a value of: bands of one column are told in its pieces."""
        return pieces(self.instrument, column, value) or (column, (value,))

    def of(self, column: str, value: str, sector: str | None = None) -> Scope:
        """Return the scope of a value of a column; an employer also lies within its sector."""
        values = {column: value}
        if sector is not None and self.instrument.sector and column == self.instrument.employer:
            values[self.instrument.sector] = sector
        crossed = self._crossed(column)
        if not crossed:
            return (self._box(values),)
        if value in _UNKNOWN:  # who did not state the one or the other
            return tuple(self._box({c: REST}) for c in crossed)
        return (self._box(dict(zip(crossed, value.split(CROSSED, 1), strict=True))),)

    def _crossed(self, column: str) -> tuple[str, ...]:
        return next((g.cross for g in self.instrument.groupings if g.column == column), ())

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
        """State one number; a missing one is withheld."""
        told = None if value is None or np.isnan(value) else float(value)
        weighted = quantity != "count" and self.instrument.weight is not None
        return Fact(scope, quantity, told, half, measure, answers, weighted, least, element=element)

    def level(
        self, scope: Scope, measure: str, n: float, mean: float, element: str
    ) -> Iterator[Fact]:
        """State a mean, with how many people it is of."""
        yield self.number(scope, "count", n, measure=measure, element=element)
        yield self.number(scope, "mean", mean, measure=measure, half=HUNDREDTH, element=element)

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

    def groups(self, frame: pd.DataFrame) -> Iterator[Fact]:
        """State the rows of `brand.group_levels`, what is hidden withheld."""
        for r in frame.itertuples():
            if r.comparable:  # else nothing is told of anybody
                yield from self.level(
                    self.of(r.column, r.group), r.pillar, r.n, r.mean, "group_scores"
                )

    def units(self, frame: pd.DataFrame) -> Iterator[Fact]:
        """State the rows of `brand.unit_levels`, what is hidden withheld."""
        sector, employer = self.instrument.sector or "", self.instrument.employer or ""
        for r in frame.itertuples():
            scope = (
                self.of(employer, r.employer, r.sector) if r.employer else self.of(sector, r.sector)
            )
            if r.hidden:
                yield self.number(scope, "count", None, element="units")
            yield from self.level(scope, r.pillar, r.n, r.mean, "units")

    def standing(
        self, frame: pd.DataFrame, unit: Scope, sector: Scope | None, agreeing: Iterable[int]
    ) -> Iterator[Fact]:
        """State the rows of `UnitStudy.standing`: of a unit, its sector and the whole."""
        places = {"": unit, "sector_": sector, "whole_": self.everybody}
        chosen = tuple(agreeing)
        for r in frame.to_dict("records"):
            for prefix, scope in places.items():
                if scope is None or np.isnan(r[f"{prefix}mean"]):
                    continue
                own = {"measure": r["name"], "element": f"standing_{r['kind']}"}
                yield self.number(scope, "count", r[f"{prefix}n"], **own)
                yield self.number(scope, "mean", r[f"{prefix}mean"], half=HUNDREDTH, **own)
                if not np.isnan(r[f"{prefix}agree"]):
                    share = r[f"{prefix}agree"]
                    yield self.number(scope, "share", share, half=HUNDREDTH, answers=chosen, **own)

    def withheld(self, scope: Scope, measures: Iterable[str], element: str) -> Iterator[Fact]:
        """State that a unit is named of which nothing, or not these measures, is told."""
        for measure in measures:
            yield self.number(scope, "count", None, measure=measure, element=element)
            if measure != PERSONS:
                yield self.number(scope, "mean", None, measure=measure, element=element)
