"""`Panel`: what the public makes of employers, checked; outsiders are never pooled with employees.

Two files: ratings, one row for every employer that was shown to somebody, and people, one row a
person. They meet at the respondent; with employees they meet at the employer's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from employer_identity.errors import Problem
from employer_identity.language import describe, listing, say
from employer_identity.questionnaire import Driver, Instrument, Public
from employer_identity.showing import Showing, View
from employer_identity.spelling import meant

IMAGE, IMPORTANCE, OWN, REASON = "image_", "importance_", "own_", "reason_"
MONTHS = "months_to_belong"
NAMED = 8  # employers that one sentence names


@dataclass(frozen=True, eq=False, repr=False)
class Panel(Showing):
    """Checked answers of the public.

    Attributes
    ----------
    ratings
        One row an employer shown to somebody: respondent, employer (a categorical), known (1 or 0),
        attractive and ``image_`` of each driver (NaN: no answer), weight (the respondent's).
    people
        One row a respondent: respondent, weight (1 where there is none), groupings (ordered
        categoricals), ``importance_`` and ``own_`` of each driver, changed and intends (1, 0, NaN),
        ``reason_`` of each driver, the questions of belonging, and months_to_belong.
    instrument
        The questionnaire.
    changes, warnings
        What was left out or turned into something else, and what is worth a second look.
    sources
        Names of the two files, without their folders.
    sha256
        Hash of both files' bytes.
    """

    ratings: pd.DataFrame
    people: pd.DataFrame
    instrument: Instrument
    changes: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    sources: tuple[str, ...] = ()
    sha256: str = ""

    @property
    def public(self) -> Public:
        """What the public was asked."""
        assert self.instrument.public is not None  # or there would be no panel
        return self.instrument.public

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.people)

    @property
    def employers(self) -> tuple[str, ...]:
        """Names of the employers that were shown, in alphabetical order."""
        return tuple(self.ratings["employer"].cat.categories)

    @cached_property
    def drivers(self) -> tuple[Driver, ...]:
        """The drivers that both files ask about."""
        return tuple(
            d for d in self.instrument.drivers
            if f"{IMAGE}{d.key}" in self.ratings and f"{IMPORTANCE}{d.key}" in self.people
        )  # fmt: skip

    @property
    def groupings(self) -> tuple[str, ...]:
        """Columns that divide the people, as far as the file has them."""
        columns = (g.column for g in self.instrument.groupings)
        return tuple(c for c in columns if c in self.people)

    @property
    def likes(self) -> pd.Series[float]:
        """1 where somebody who knows an employer would like to work there, 0 where not."""
        answer = self.ratings["attractive"]
        yes = (answer >= self.public.likes_from).astype(float)
        return yes.where(answer.notna() & (self.ratings["known"] == 1))

    def without(self, employers: list[str]) -> Panel:
        """Return the panel without some employers."""
        kept = self.ratings[~self.ratings["employer"].isin(employers)].reset_index(drop=True)
        kept["employer"] = kept["employer"].cat.remove_unused_categories()
        return replace(self, ratings=kept)

    def _view(self) -> View:
        return View.of(self._lines())

    def _lines(self) -> list[str]:
        known = float((self.ratings["known"] == 1).mean())
        shown = len(self.ratings) / max(self.n, 1)
        first = say(
            "panel.printed", n=self.n, employers=len(self.employers), shown=shown, known=known,
            drivers=len(self.drivers),
        )  # fmt: skip
        return [first, *(describe(p) for p in (*self.warnings, *self.changes))]


def linked(panel: Panel, employers: list[str]) -> tuple[Problem, ...]:
    """Hold a panel's employers against those of a survey: who is in one of them only.

    Names that look like another spelling of one on the other side are told as such. Nothing where
    the survey names no employers.
    """
    if not employers:
        return ()
    outside, inside = set(panel.employers), set(employers)
    only_outside, only_inside = sorted(outside - inside), sorted(inside - outside)
    pairs = {name: found for name in only_outside if (found := meant(name, only_inside))}
    rest = [n for n in only_outside if n not in pairs]
    others = [n for n in only_inside if n not in pairs.values()]
    return tuple(_link_problems(pairs, rest, others))


def _link_problems(
    pairs: dict[str, str], only_outside: list[str], only_inside: list[str]
) -> Iterator[Problem]:
    if pairs:
        arrow = "\N{RIGHTWARDS ARROW}"
        named = listing([f"“{a}” {arrow} “{b}”" for a, b in list(pairs.items())[:NAMED]])
        yield Problem("panel.two_spellings", named, len(pairs), severity="warning")
    for code, names in (("only_outside", only_outside), ("only_inside", only_inside)):
        if names:
            more = len(names) - NAMED
            where = listing(names) if more <= 0 else ", ".join(names[:NAMED])
            values = {"more": max(more, 0)}
            key = f"panel.{code}" if more <= 0 else f"panel.{code}_more"
            yield Problem(key, where, len(names), values, "warning")
