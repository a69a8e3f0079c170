"""Of whom a fact is: the people in a unit, a group or a wave, by what they have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from employer_identity.audit.banded import spans
from employer_identity.audit.facts import REST, WAVE, Scope, box
from employer_identity.questionnaire import CROSSED

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

ANSWERS, ALIKE = "answers", "alike"
"""A column that no survey has, with its value: who gave one answer to every item."""
_UNKNOWN = ("", "?")


@dataclass(frozen=True)
class Whom:
    """Names people of one wave.

    Attributes
    ----------
    instrument
        The questionnaire: which column is the sector's, and which grouping crosses which.
    wave
        The wave that is reported; empty for all.
    """

    instrument: Instrument
    wave: str = ""

    @property
    def everybody(self) -> Scope:
        """Return the scope of the whole."""
        return (self._box({}),)

    def _box(self, values: dict[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        wave = self.instrument.wave
        named = {WAVE if c == wave else c: v for c, v in values.items()}
        told = (self._told(c, REST if v in _UNKNOWN else v) for c, v in named.items())
        return box({**dict(told), **({WAVE: self.wave} if self.wave else {})})

    def _told(self, column: str, value: str) -> tuple[str, tuple[str, ...]]:
        """Return what a value is a value of: bands of numbers are told as spans of these.

        A merged group is told as the groups that it holds: elsewhere these may stand by themselves.
        """
        found = spans(self.instrument, column, value)
        return found or (column, self._parts(column, value))

    def _parts(self, column: str, value: str) -> tuple[str, ...]:
        known = (g for g in self.instrument.groupings if g.column == column)
        return next((g.parts(value) for g in known), (value,))

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
        return tuple(
            self._box(dict(zip(crossed, part.split(CROSSED, 1), strict=True)))
            for part in self._parts(column, value)
        )

    def all_of(self, column: str, values: Iterable[str]) -> Scope:
        """Return the scope of several values of a column together."""
        return tuple(one for value in values for one in self.of(column, value))

    @property
    def alike(self) -> Scope:
        """Return the scope of those who gave the same answer to every item."""
        return (self._box({ANSWERS: ALIKE}),)

    @property
    def others(self) -> Scope:
        """Return the scope of those who did not."""
        return (self._box({ANSWERS: REST}),)

    def _crossed(self, column: str) -> tuple[str, ...]:
        return next((g.cross for g in self.instrument.groupings if g.column == column), ())
