"""What merging categories does to a ladder: climbed again with as few merged as can be.

Groups are only comparable over the same categories, so that one which somebody in one group chose
and nobody in another is merged all the same; one that few chose is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from employer_identity.edge import checked
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.invariance import ladder_of, route_of, with_notes_on_categories
from employer_identity.ladder import Ladder
from employer_identity.ladder_log import named_aside
from employer_identity.language import Language, listing, refusal, say
from employer_identity.latent import means_of
from employer_identity.measurement.evidence import OrderedSample, thresholds_of
from employer_identity.sample import with_categories
from employer_identity.showing import Grid, Showing, View
from employer_identity.states import beside

EMPTY = 1  # answers that a category needs in each group to be one of its own


@dataclass(frozen=True, eq=False, repr=False)
class Unmerged(Showing):
    """A ladder with categories merged beside one with as few merged as can be.

    Attributes
    ----------
    merged
        The ladder with its categories.
    answered
        The same climb with the categories as they were answered; only those that nobody in some
        group chose are merged.
    """

    merged: Ladder
    answered: Ladder

    @cached_property
    def categories(self) -> pd.DataFrame:
        """Number of categories of each item that was merged: item, merged, answered."""
        one, other = _thresholds(self.merged), _thresholds(self.answered)
        rows = [
            {"item": item, "merged": one[item] + 1, "answered": other[item] + 1}
            for item in _recoded(self.merged)
        ]
        return pd.DataFrame(rows)

    @cached_property
    def rungs(self) -> pd.DataFrame:
        """How each rung stands in both: level, and by ladder state (see `states`) and set_aside.

        A threshold has the answers that it divides behind it: its number means another one where
        other categories are left.
        """
        both = {"merged": self.merged, "answered": self.answered}
        frame = beside(both)
        for name, ladder in both.items():
            frame[f"set_aside_{name}"] = [
                ", ".join(named_aside(ladder, ladder.set_aside(level)))
                if level in ladder.levels else ""
                for level in frame["level"]
            ]  # fmt: skip
        return frame

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """Latent means beyond the reference group in both.

        Columns factor, group, and by ladder est and se, from the scalar rung that it ended with or,
        where that was not climbed, with all constraints. Nothing here is a licence.
        """
        one, other = (_means(ladder) for ladder in (self.merged, self.answered))
        return one.merge(other, on=["group", "factor"], suffixes=("_merged", "_answered"))

    @property
    def agrees(self) -> bool:
        """Whether the same may be said of the groups in both."""
        one, other = self.merged.decision, self.answered.decision
        return all(found.allowed == other[name].allowed for name, found in one.items())

    def explain(self, language: Language = "en") -> list[str]:
        """Say what was merged, and whether it matters."""
        reached = {
            name: say(f"invariance.level.{ladder.level or 'none'}", language)
            for name, ladder in (("merged", self.merged), ("answered", self.answered))
        }
        largest = (self.gaps["est_merged"] - self.gaps["est_answered"]).abs().max()
        names = listing(self.categories["item"].tolist(), language)
        key = "agrees" if self.agrees else "differs"
        return [
            say("ordered.unmerged", language, count=len(self.categories), names=names),
            say(f"ordered.unmerged_{key}", language, **reached),
            say("ordered.unmerged_gap", language, gap=float(largest)),
        ]

    def _view(self) -> View:
        title, *facts = self.explain()
        return View(title, tuple(facts), Grid.of(self.rungs))


@checked(ModelError)
def unmerged(ladder: Ladder) -> Unmerged:
    """Show a ladder beside what it would be with as few categories merged as can be.

    Parameters
    ----------
    ladder
        Result of `invariance` with ordered items of which categories were merged.

    Returns
    -------
    Unmerged

    Raises
    ------
    ModelError
        If nothing was merged, and where the answers cannot be taken otherwise: it says why.

    Examples
    --------
    >>> ladder = ei.invariance(survey, group="gender", ordered=True, collapse=50)
    >>> ei.unmerged(ladder)
    """
    if not _recoded(ladder):
        raise refusal(ModelError, [Problem("ordered.nothing_merged")])
    prepared = ladder.prepared
    sample = with_categories(prepared.sample, EMPTY)
    counted = replace(prepared.ordered, thresholds=thresholds_of(sample.evidence))
    codes = ("invariance.two_categories", "invariance.three_categories")
    notes = tuple(note for note in sample.notes if note.code not in codes)
    prepared = replace(prepared, sample=replace(sample, notes=notes), ordered=counted)
    prepared = with_notes_on_categories(prepared)
    # the number of a threshold means another one among other categories
    asked = tuple(r for r in ladder.plan.asked if r.constraint.kind != "threshold")
    plan = replace(ladder.plan, prepared=prepared, route=route_of(prepared), asked=asked)
    return Unmerged(ladder, ladder_of(plan))


def _recoded(ladder: Ladder) -> Mapping[str, Mapping[float, float]]:
    evidence = ladder.prepared.sample.evidence
    return evidence.recoded if isinstance(evidence, OrderedSample) else {}


def _thresholds(ladder: Ladder) -> Mapping[str, int]:
    return ladder.prepared.ordered.thresholds


def _means(ladder: Ladder) -> pd.DataFrame:
    fit: Fit = ladder["scalar"] if "scalar" in ladder.levels else ladder.unreleased["scalar"]
    means = means_of(fit)
    return means.loc[means["group"] != fit.groups[0], ["factor", "group", "est", "se"]]
