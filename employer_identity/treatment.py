"""Answers as numbers, or as ordered categories: what speaks for either, and whether it matters.

The same ladder is climbed both ways, and what follows is laid side by side: what may be said of the
groups, which items were set aside, how far latent means lie apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from employer_identity.brand import distribution
from employer_identity.collapsing import collapse
from employer_identity.criteria import Localised
from employer_identity.curves import expected_scores
from employer_identity.decision import Statement
from employer_identity.errors import EmployerIdentityError, Problem
from employer_identity.invariance import invariance
from employer_identity.ladder import Ladder
from employer_identity.latent import latent_means
from employer_identity.levels import Level, reaches
from employer_identity.states import beside
from employer_identity.survey import Survey

Way = Literal["scores", "ordered"]
Reason = Literal["few", "skewed", "crowded"]
WAYS: tuple[Way, Way] = ("scores", "ordered")

CATEGORIES = 5  # from so many on an item may be taken for a number; design choice
SKEWED = 2.0  # skewness beyond which it had better not be; design choice
PEOPLE = 2  # for each threshold that a group needs before its answers are ordered; design choice
CROWDED = 0.5  # share of the answers at one end beyond which the same holds; design choice
APART = Localised.gap  # SDs by which a gap moves that matters, as for the rule of the ladder
NUMBERS = ("est", "ci_lower", "ci_upper")
STATEMENTS: tuple[Statement, ...] = ("structure", "correlations", "latent means", "observed means")
"""What must be allowed in both ways for the decision to be the same."""


@dataclass(frozen=True)
class Answered:
    """What the answers look like, as far as it bears on how to take them.

    Attributes
    ----------
    offered
        Answers to choose from.
    categories
        Of each item, how many are left once those are merged that hardly anybody in some group
        chose.
    crowded, at_top
        Of each item, the share of the answers at the end of the scale that most people chose, and
        whether that is the upper one; weighted, as all shares of a survey.
    skewness
        Of each item.
    n
        People in the smallest group; everybody where there are none.
    """

    offered: int
    categories: dict[str, int]
    crowded: dict[str, float]
    at_top: dict[str, bool]
    skewness: dict[str, float]
    n: int

    @property
    def thresholds(self) -> int:
        """Boundaries between categories, of all items together."""
        return sum(self.categories.values()) - len(self.categories)

    @property
    def against_numbers(self) -> dict[Reason, tuple[str, ...]]:
        """What speaks against numbers, with the items of which it does."""
        found: dict[Reason, tuple[str, ...]] = {
            "few": tuple(i for i, k in self.categories.items() if k < CATEGORIES),
            "skewed": tuple(i for i, g in self.skewness.items() if abs(g) > SKEWED),
            "crowded": tuple(i for i, share in self.crowded.items() if share > CROWDED),
        }
        return {reason: items for reason, items in found.items() if items}

    @property
    def too_few_people(self) -> bool:
        """Whether a group has too few people for the thresholds to be estimated in it."""
        return self.n < PEOPLE * self.thresholds

    @property
    def advised(self) -> Way:
        """How to take them: as ordered where numbers will not do and there are people enough."""
        return "ordered" if self.against_numbers and not self.too_few_people else "scores"


def answered(survey: Survey, group: str = "", groups: Sequence[str] = ()) -> Answered:
    """Describe the answers of a survey; categories as far as the groups have them in common.

    Parameters
    ----------
    survey
        The answers; shares and skewness are of everybody.
    group, groups
        The grouping column and its groups that are compared; without one everybody is one group.
    """
    scale, names = survey.instrument.scale, survey.item_names
    frame = survey.answers
    labels = tuple(groups) if group else ("",)
    codes = np.zeros(len(frame), dtype=np.int64)
    if group:
        codes = _in_groups(survey, group, labels).codes.astype(np.int64)
    x = frame[list(names)].to_numpy(dtype=float)
    there = (codes >= 0) & ~np.isnan(x).all(axis=1)
    merged = collapse(
        names, x[there], codes[there], np.ones(len(names), dtype=bool), labels=labels
    ).answers
    categories = [len(np.unique(y[~np.isnan(y)])) for y in merged.T]
    shares = {name: distribution(survey, name).to_numpy() for name in names}
    points = np.arange(scale.minimum, scale.maximum + 1, dtype=float)
    return Answered(
        len(points),
        dict(zip(names, categories, strict=True)),
        {name: float(max(s[0], s[-1])) for name, s in shares.items()},
        {name: bool(s[-1] >= s[0]) for name, s in shares.items()},
        {name: _skewness(points, s) for name, s in shares.items()},
        int(np.bincount(codes[there], minlength=len(labels)).min()),
    )


def _in_groups(survey: Survey, group: str, groups: Sequence[str]) -> pd.Categorical:
    """Return everybody's group; nothing for those who are in none of them."""
    own = survey.answers[group].astype(object).map(str, na_action="ignore")
    return pd.Categorical(own.where(own.isin(groups)), categories=list(groups))


def _skewness(points: np.ndarray, shares: np.ndarray) -> float:
    """Return the third standardised moment; 0 where all answers are equal."""
    apart = points - shares @ points
    variance = float(shares @ apart**2)
    return float(shares @ apart**3) / variance**1.5 if variance > 0 else 0.0


@dataclass(frozen=True, eq=False)
class Treatment:
    """A ladder of numbers beside the same of ordered categories.

    Attributes
    ----------
    answered
        What the answers look like.
    rungs
        One row a level: level, and by way (``_scores``, ``_ordered``) state (see `states`; empty
        where that way has no such rung) and aside (constraints set aside up to it). No rows without
        groups, or where ordered categories had no ladder.
    allowed
        One row a statement: statement, and by way the factors of which it is allowed.
    items
        By way, the items set aside for what may be said, in the questionnaire's order.
    gaps
        Latent means beyond the reference group: factor, group, and by way est, ci_lower, ci_upper
        (missing where that way does not allow them).
    levels
        By way, the highest rung that holds; empty for none.
    counts
        Respondents by group, the reference group first.
    curve
        Expected answers (see `expected_scores`) to the item that was set aside first as ordered;
        None where there is none.
    problems
        Why ordered categories had no ladder.
    """

    answered: Answered
    rungs: pd.DataFrame
    allowed: pd.DataFrame
    items: dict[Way, tuple[str, ...]]
    gaps: pd.DataFrame
    levels: dict[Way, str]
    counts: dict[str, int]
    curve: pd.DataFrame | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def compared(self) -> bool:
        """Whether there are ladders to lay side by side."""
        return len(self.rungs) > 0

    @property
    def has_figures(self) -> bool:
        """Whether there is something to draw: gaps that differ, or the curve of an item."""
        return self.curve is not None or (not self.agrees and len(self.gaps) > 0)

    @property
    def same_decision(self) -> bool:
        """Whether the same may be said of the groups."""
        return bool((self.allowed["scores"] == self.allowed["ordered"]).all())

    @property
    def same_items(self) -> bool:
        """Whether the same items were set aside, for whichever groups."""
        return self.items["scores"] == self.items["ordered"]

    @cached_property
    def apart(self) -> pd.DataFrame:
        """The gaps that come out differently: by `APART` or more."""
        both = self.gaps.dropna()
        return both[(both["est_ordered"] - both["est_scores"]).abs() >= APART]

    @cached_property
    def borderline(self) -> pd.DataFrame:
        """The gaps that stand out in one way and not in the other, though they hardly move."""
        both = self.gaps.dropna().drop(index=self.apart.index)
        return both[_side(both, "scores") != _side(both, "ordered")]

    @property
    def moved(self) -> float:
        """By how much a gap moves at most, in standard deviations; NaN without gaps."""
        return float((self.gaps["est_ordered"] - self.gaps["est_scores"]).abs().max())

    @property
    def agrees(self) -> bool:
        """Whether both ways come to the same."""
        return self.same_decision and self.same_items and self.apart.empty


def _side(gaps: pd.DataFrame, way: Way) -> pd.Series[int]:
    """Tell on which side of 0 an interval lies, 0 where it has it inside."""
    above, below = gaps[f"ci_lower_{way}"] > 0, gaps[f"ci_upper_{way}"] < 0
    return above.astype(int) - below.astype(int)


def treatment(survey: Survey, ladder: Ladder | None = None) -> Treatment:
    """Lay a ladder of numbers beside the same of ordered categories.

    Parameters
    ----------
    survey
        The answers that the ladder is of; with the model of its questionnaire.
    ladder
        Result of `invariance`, with answers as numbers; None describes the answers alone.

    Returns
    -------
    Treatment
        Where ordered categories cannot be fitted it says why.
    """
    if ladder is None:
        return _without_ladders(answered(survey))
    found = answered(survey, ladder.group, ladder.groups)
    try:
        other = _ordered(survey, ladder)
    except EmployerIdentityError as error:
        return _without_ladders(found, error.problems)
    both: dict[Way, Ladder] = {"scores": ladder, "ordered": other}
    return Treatment(
        found,
        _rungs(both),
        _allowed(both),
        {way: _aside(one, survey) for way, one in both.items()},
        _gaps(both),
        {way: one.level or "" for way, one in both.items()},
        dict(ladder.n),
        _curve(other),
    )


def _without_ladders(found: Answered, problems: tuple[Problem, ...] = ()) -> Treatment:
    nothing: dict[Way, Any] = dict.fromkeys(WAYS, ())
    empty = pd.DataFrame()
    return Treatment(found, empty, empty, nothing, _gaps({}), {}, {}, problems=problems)


def _ordered(survey: Survey, ladder: Ladder) -> Ladder:
    """Climb the same ladder with the answers as ordered categories."""
    plan, first = ladder.plan, ladder["configural"]
    groups = _in_groups(survey, ladder.group, ladder.groups)
    return invariance(
        replace(survey, answers=survey.answers.assign(**{ladder.group: groups})),
        group=ladder.group,
        rule=plan.asked_rule,
        on_reject=plan.on_reject,
        anchors=sorted(plan.named) or ladder.anchors,
        weights=first.weights or False,
        cluster=first.cluster or False,
        ordered=True,
    )


def _rungs(both: dict[Way, Ladder]) -> pd.DataFrame:
    frame = beside({str(way): ladder for way, ladder in both.items()})
    for way, ladder in both.items():
        frame[f"aside_{way}"] = [
            len(ladder.set_aside(level)) if level in ladder.levels else 0
            for level in frame["level"]
        ]
    return frame


def _allowed(both: dict[Way, Ladder]) -> pd.DataFrame:
    rows = []
    for statement in STATEMENTS:
        row: dict[str, object] = {"statement": statement}
        rows.append(row | {way: one.decision[statement].factors for way, one in both.items()})
    return pd.DataFrame(rows)


def _aside(ladder: Ladder, survey: Survey) -> tuple[str, ...]:
    """Return the items set aside for links and levels."""
    if not reaches(ladder.level, "metric"):
        return ()
    level: Level = "scalar" if reaches(ladder.level, "scalar") else "metric"
    found = {release.constraint.item for release in ladder.set_aside(level)}
    return tuple(item for item in survey.item_names if item in found)


def _gaps(both: dict[Way, Ladder]) -> pd.DataFrame:
    columns = ["factor", "group", *(f"{k}_{way}" for way in WAYS for k in NUMBERS)]
    found = pd.DataFrame(columns=["factor", "group"])
    for way, ladder in both.items():
        if not ladder.decision["latent means"].allowed:
            continue
        means = latent_means(ladder)
        own = means.loc[means["group"] != ladder.groups[0], ["factor", "group", *NUMBERS]]
        own = own.rename(columns={k: f"{k}_{way}" for k in NUMBERS})
        found = own if found.empty else found.merge(own, on=["factor", "group"])
    return found.reindex(columns=columns)


def _curve(ladder: Ladder) -> pd.DataFrame | None:
    """Return what is expected of the first item that was set aside for the latent means."""
    if not ladder.decision["latent means"].allowed:
        return None
    aside = ladder.set_aside("scalar")
    return expected_scores(ladder["scalar"], aside[0].constraint.item) if aside else None
