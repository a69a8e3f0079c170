"""What can be aligned: which groups are large enough, which models fall apart by factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import pandas as pd

from employer_identity.alignment_check import places_of
from employer_identity.cfa import Prepared
from employer_identity.column_checks import unknown_columns
from employer_identity.dividing import named, too_many_groups
from employer_identity.divisions import Division, divide, without_small
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.groupings import TELLABLE
from employer_identity.language import listing, refusal
from employer_identity.measurement.misalignment import Identification
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.syntax import Term, parse
from employer_identity.measurement.table import Roles
from employer_identity.survey import Survey


@dataclass(frozen=True)
class ToAlign:
    """What an alignment is asked for, before anything is fitted."""

    data: Survey | pd.DataFrame | Moments
    model: str | None
    group: str
    reference: str | None
    identification: str
    epsilon: float
    minimum: int

    def checked(
        self, options: dict[str, Any]
    ) -> tuple[Survey | pd.DataFrame | Moments, tuple[Problem, ...]]:
        """Return the data without groups that are too small, or refuse with all that is wrong."""
        instrument = getattr(self.data, "instrument", None)
        text = self.model if self.model is not None else instrument and str(instrument.model)
        if text is None:
            raise refusal(ModelError, [Problem("model.no_model")])
        terms = parse(text)
        problems = [*self._options(), *entangled(terms)]
        kept: Survey | pd.DataFrame | Moments
        if isinstance(self.data, Moments):
            kept, found = self._of_moments(self.data)
        else:
            kept, found = self._of_answers(Roles.of(terms).observed, options)
        problems += [p for p in found if p.severity == "error"]
        if self.identification == "free" and self._count(kept) == 2:
            problems.append(Problem("alignment.free_of_two", self.group))
        if problems:
            raise refusal(ModelError, problems)
        return kept, tuple(found)

    def _count(self, kept: Survey | pd.DataFrame | Moments) -> int:
        """Count the groups; 0 where there is no such column."""
        if isinstance(kept, Moments):
            return len(kept.n)
        frame = kept if isinstance(kept, pd.DataFrame) else kept.answers
        return frame[self.group].nunique() if self.group in frame.columns else 0

    def _options(self) -> list[Problem]:
        problems = []
        allowed = get_args(Identification)
        if self.identification not in allowed:
            values = {"asked": self.identification, "allowed": listing(allowed)}
            problems.append(Problem("model.not_available", "identification", values=values))
        if not 1e-4 <= self.epsilon <= 1.0:
            problems.append(Problem("alignment.epsilon", values={"epsilon": self.epsilon}))
        if self.minimum < TELLABLE:
            least = {"least": TELLABLE}
            problems.append(Problem("across.minimum", "minimum_n", self.minimum, least))
        return problems

    def _of_moments(self, moments: Moments) -> tuple[Moments, list[Problem]]:
        if moments.known != "means":
            return moments, [Problem("alignment.no_means", self.group)]
        if len(moments.n) < 2:
            return moments, [Problem("model.moments_have_no_groups", where=self.group)]
        large = [g for g, n in zip(moments.groups, moments.n, strict=True) if n >= self.minimum]
        few = [g for g in moments.groups if g not in large]
        if not few:
            return moments, too_many_groups(self.group, len(large))
        if len(large) < 2:
            return moments, [_one_left(self.group, len(few), self.minimum)]
        values = {"groups": named(few), "minimum": self.minimum}
        note = Problem("across.left_out", self.group, len(few), values, "change")
        return moments.arranged(large), [note, *too_many_groups(self.group, len(large))]

    def _of_answers(
        self, items: Sequence[str], options: dict[str, Any]
    ) -> tuple[Survey | pd.DataFrame, list[Problem]]:
        data = self.data
        assert not isinstance(data, Moments)  # these have a way of their own
        frame = data if isinstance(data, pd.DataFrame) else data.answers
        others = {k: options[k] or None for k in ("weights", "cluster")}
        problems = unknown_columns(frame, items, group=self.group, **others)
        if self.group not in frame.columns or any(i not in frame.columns for i in items):
            return data, problems
        found = divide(frame, (self.group,), getattr(data, "instrument", None), self.minimum)
        if isinstance(found, Problem):
            return data, [*problems, found]
        kept, notes = _without_small(data, frame, items, found, self.minimum, options)
        return kept, [*problems, *notes, *self._lost_reference(found, kept)]

    def _lost_reference(self, division: Division, kept: Survey | pd.DataFrame) -> list[Problem]:
        """Refuse a reference group that was left out because it is small."""
        frame = kept if isinstance(kept, pd.DataFrame) else kept.answers
        asked = str(self.reference)
        there = asked in map(str, division.groups.categories)
        if self.reference is None or not there or asked in set(frame[self.group].astype(str)):
            return []
        return [Problem("alignment.small_reference", asked, values={"minimum": self.minimum})]


def _one_left(where: str, count: int, minimum: int) -> Problem:
    return Problem("alignment.one_left", where, count, {"minimum": minimum})


def _without_small(
    data: Survey | pd.DataFrame,
    frame: pd.DataFrame,
    items: Sequence[str],
    division: Division,
    minimum: int,
    options: dict[str, Any],
) -> tuple[Survey | pd.DataFrame, list[Problem]]:
    """Leave small groups out of the data."""
    seen = frame[list(items)].notna()
    whole = options["missing"] == "listwise" or options["estimator"] == "MLM"
    usable = (seen.all(axis=1) if whole else seen.any(axis=1)).to_numpy()
    divided = without_small(division, usable, minimum, "leave_out", division.name)
    if isinstance(divided, Problem):
        return data, [_one_left(division.name, divided.count, minimum)]
    if not divided.notes:
        return data, []
    left = frame.assign(**{division.name: divided.groups})[divided.kept]
    kept = left if isinstance(data, pd.DataFrame) else replace(data, answers=left)
    return kept, list(divided.notes)


def entangled(terms: Sequence[Term]) -> list[Problem]:
    """Refuse models that do not fall apart by factor."""
    roles, problems = Roles.of(terms), []
    measured: dict[str, list[str]] = {f: [] for f in roles.factors}
    for term in terms:
        if term.op == "=~":
            measured[term.lhs].append(term.rhs)
    items = [item for own in measured.values() for item in own]
    if crossed := sorted({i for i in items if items.count(i) > 1}):
        problems.append(Problem("alignment.cross_loading", listing(crossed), len(crossed)))
    higher = sorted({i for i in items if i in measured} | {t.lhs for t in terms if t.op == "~"})
    if higher:
        problems.append(Problem("alignment.paths", listing(higher), len(higher)))
    if few := [f for f, own in measured.items() if len(own) < 2]:
        problems.append(Problem("alignment.few_items", listing(few), len(few)))
    return problems


def unfit(prepared: Prepared, fit: Fit) -> list[Problem]:
    """Say what of a configural fit cannot be aligned."""
    problems = []
    if two := [item for item, count in prepared.ordered.thresholds.items() if count < 2]:
        problems.append(Problem("alignment.two_categories", listing(two), len(two)))
    places = [places_of(fit, factor) for factor in fit.factors]
    own = np.concatenate([p[:, 1:] if prepared.ordered.thresholds else p for p in places])
    if not two and ((own < 0).any() or len(np.unique(own)) < own.size):
        problems.append(Problem("alignment.constrained"))
    return problems
