"""`invariance_across`: many groupings and several scales at once, one ladder each.

Columns, scales and options are refused beforehand, all at once; a grouping that cannot be tested
is told in the result, and the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

import pandas as pd

from employer_identity.across_result import Across
from employer_identity.answers import Flags
from employer_identity.cfa import defaults
from employer_identity.checks import Estimator, Missing, check_combination, check_options
from employer_identity.climbing import OnReject
from employer_identity.collapsing import LEAST
from employer_identity.column_checks import unknown_columns
from employer_identity.criteria import Rule, RuleName, rule_of
from employer_identity.divisions import (
    Asked,
    Divided,
    Division,
    Small,
    asked_for,
    divide,
    without_small,
)
from employer_identity.edge import checked
from employer_identity.errors import ModelError, Problem
from employer_identity.groupings import TELLABLE
from employer_identity.invariance import ANCHORS, check_on_reject, invariance
from employer_identity.ladder import Ladder
from employer_identity.language import listing, refusal
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.ordering import Parameterization
from employer_identity.measurement.syntax import parse
from employer_identity.measurement.table import Roles
from employer_identity.questionnaire import CROSSED, Instrument
from employer_identity.scan import Scan
from employer_identity.survey import Survey

WHOLE = "model"
"""What the only scale is called where `models` names none."""
FLOOR = 100  # people a group needs for a model of its own
_NOTED = ("model.cluster_is_group", "ordered.merged_in_group")
"""Of a ladder's notes, beside its warnings."""


@checked(ModelError, left=("data", "rule"))
def invariance_across(
    data: Survey | pd.DataFrame,
    groups: Sequence[Asked] | str | None = None,
    *,
    models: Mapping[str, str] | None = None,
    rule: RuleName | Rule = "localised",
    on_reject: OnReject = "release",
    anchors: int | str | Sequence[str] = ANCHORS,
    estimator: Estimator | None = None,
    missing: Missing | None = None,
    weights: str | Literal[False] | None = None,
    cluster: str | Literal[False] | None = None,
    minimum_n: int = FLOOR,
    small: Small = "leave_out",
    crossed: Sequence[Asked] = (),
    ordered: Sequence[str] | bool = (),
    parameterization: Parameterization = "theta",
    collapse: int | bool = LEAST,
) -> Across:
    """Climb a ladder for every scale over every grouping, as one family of tests.

    Parameters
    ----------
    data, rule, on_reject, estimator, missing, weights, cluster
        As in `invariance`.
    groups
        Columns; a pair of columns, ``("gender", "generation")``, is a grouping of its own, each
        combination a group. The wave column may be among them. None: all groupings that the
        survey's instrument declares, special categories of personal data only with their basis.
    models
        Scale -> lavaan's syntax. None: the instrument's whole model, as one scale.
    anchors
        As in `invariance`; of named items each scale takes its own.
    minimum_n
        Fewest people in a group, at least 5; crossed and special groupings have at least 10.
    small
        What becomes of smaller groups: ``leave_out``; or ``merge``, in an order with the smaller
        neighbour until both are large enough, without one all small groups into one.
    crossed
        Pairs of columns to be crossed beside `groups`.
    ordered
        As in `invariance`; of named items each scale takes its own.
    parameterization, collapse
        As in `invariance`.

    Returns
    -------
    Across

    Raises
    ------
    ModelError
        If what is asked for does not exist. A grouping that cannot be tested is a row that says so,
        and the others go on.

    Notes
    -----
    The family is every difference test of a rung, with all constraints that it adds, against the
    rung below. What is set aside within a rung is searched under Holm's correction by each ladder.

    Examples
    --------
    >>> across = ei.invariance_across(survey, ["gender", ("gender", "generation")])
    >>> across.table
    >>> across.decision("latent means")
    """
    deciding = rule_of(rule)
    check_options(estimator, missing, parameterization=parameterization)
    check_on_reject(on_reject)
    _check_small(minimum_n, small)
    if isinstance(data, Moments):
        raise refusal(ModelError, [Problem("across.needs_answers")])
    if isinstance(data, Scan):
        raise refusal(ModelError, [Problem("scan.needs_rows")])
    instrument = getattr(data, "instrument", None)
    wanted = asked_for(groups, crossed, instrument)
    options: dict[str, Any] = {"rule": rule, "on_reject": on_reject, "estimator": estimator}
    options |= {"missing": missing, "weights": weights, "cluster": cluster}
    options |= {"parameterization": parameterization, "collapse": collapse}
    how, holes = defaults(estimator, missing, tables=False, ordered=bool(ordered))
    check_combination(
        how, holes, weights or None, cluster or None, tables=False, ordered=bool(ordered)
    )  # fmt: skip
    named = [ordered] if isinstance(ordered, str) else ordered
    plan = _Plan(data, _scales(data, models), anchors, named, minimum_n, small, options)
    plan.check(wanted)
    divisions = [divide(plan.frame, columns, instrument, minimum_n) for columns in wanted]
    names = [CROSSED.join(columns) for columns in wanted]
    found = {
        (scale, name): plan.climb(scale, name, division)
        for scale in plan.scales
        for name, division in zip(names, divisions, strict=True)
    }
    notes = [*_notes(instrument, plan.frame, wanted), *(n for f in found.values() for n in f.notes)]
    return Across(
        tuple(found),
        {pair: f.ladder for pair, f in found.items() if f.ladder is not None},
        {pair: f.problems for pair, f in found.items() if f.problems},
        deciding,
        tuple(note for k, note in enumerate(notes) if note not in notes[:k]),
        frozenset(pair for pair, f in found.items() if f.untold),
    )


@dataclass(frozen=True)
class _Found:
    """What one climb ended with: a ladder, or why there is none."""

    ladder: Ladder | None = None
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    untold: bool = False


@dataclass(frozen=True)
class _Plan:
    """What all climbs have in common."""

    data: Survey | pd.DataFrame
    scales: Mapping[str, str]
    anchors: int | str | Sequence[str]
    ordered: Sequence[str] | bool
    minimum: int
    small: Small
    options: Mapping[str, Any]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The answers."""
        return self.data if isinstance(self.data, pd.DataFrame) else self.data.answers

    @cached_property
    def observed(self) -> dict[str, tuple[str, ...]]:
        """The columns that each scale's model is about."""
        return {s: tuple(Roles.of(parse(model)).observed) for s, model in self.scales.items()}

    def check(self, wanted: Sequence[tuple[str, ...]]) -> None:
        """Refuse columns and anchors that are nowhere, all at once."""
        items = list(dict.fromkeys(i for found in self.observed.values() for i in found))
        columns = list(dict.fromkeys(c for pair in wanted for c in pair))
        others = {k: self.options[k] or None for k in ("weights", "cluster")}
        problems = unknown_columns(self.frame, items, **others)
        for column in columns:
            problems += unknown_columns(self.frame, (), groups=column)
        asked = [] if isinstance(self.ordered, bool) else self.ordered
        problems += [Problem("ordered.unknown_item", where=i) for i in asked if i not in items]
        named = [] if isinstance(self.anchors, int) else self.anchors
        if unknown := [a for a in named if a not in items]:
            values = {"allowed": listing(sorted(items))}
            where = listing(unknown)
            problems.append(Problem("invariance.unknown_anchor", where, len(unknown), values))
        if problems:
            raise refusal(ModelError, problems)

    def climb(self, scale: str, name: str, division: Division | Problem) -> _Found:
        """Climb one scale's ladder over one grouping, or say why it cannot be."""
        if isinstance(division, Problem):
            return _Found(problems=(division,))
        where = name if len(self.scales) == 1 else f"{scale}, {name}"
        usable = self._usable(scale)
        divided = without_small(division, usable, self.minimum, self.small, where)
        if isinstance(divided, Problem):
            return _Found(problems=(divided,))
        own = self.observed[scale]
        named, ordered = self.anchors, self.ordered
        if not isinstance(named, int):
            named = [a for a in named if a in own]
        if not isinstance(ordered, bool):
            ordered = [item for item in ordered if item in own]
        try:
            ladder = invariance(
                self._of(division, divided), self.scales[scale], group=name, anchors=named,
                ordered=ordered, **self.options,
            )  # fmt: skip
        except ModelError as error:
            return _Found(problems=error.problems, notes=divided.notes)
        noted = (n for n in ladder.notes if n.severity == "warning" or n.code in _NOTED)
        return _Found(ladder, (), (*divided.notes, *noted), not divided.is_tellable)

    def _usable(self, scale: str) -> Flags:
        """Return who answered enough to be used by a model (n,)."""
        seen = self.frame[list(self.observed[scale])].notna()
        whole = self.options["missing"] == "listwise" or self.options["estimator"] == "MLM"
        answered: Flags = (seen.all(axis=1) if whole else seen.any(axis=1)).to_numpy()
        return answered

    def _of(self, division: Division, divided: Divided) -> Survey | pd.DataFrame:
        """Return the data with the groups as they became, without those who are left out."""
        kept = len(divided.groups.categories) == len(division.groups.categories)
        if kept and not division.is_made:
            return self.data
        frame = self.frame.assign(**{division.name: divided.groups})[divided.kept]
        return frame if isinstance(self.data, pd.DataFrame) else replace(self.data, answers=frame)


def _check_small(minimum: int, small: str) -> None:
    problems = []
    if minimum < TELLABLE:
        problems.append(Problem("across.minimum", "minimum_n", minimum, {"least": TELLABLE}))
    if small not in get_args(Small):
        values = {"asked": small, "allowed": listing(get_args(Small))}
        problems.append(Problem("model.not_available", where="small", values=values))
    if problems:
        raise refusal(ModelError, problems)


def _scales(data: Survey | pd.DataFrame, models: Mapping[str, str] | None) -> dict[str, str]:
    """Return each scale's model."""
    if models is not None:
        if not models:
            raise refusal(ModelError, [Problem("across.no_models")])
        return dict(models)
    instrument = getattr(data, "instrument", None)
    if instrument is None:
        raise refusal(ModelError, [Problem("model.no_model")])
    return {WHOLE: str(instrument.model)}


def _notes(
    instrument: Instrument | None, frame: pd.DataFrame, wanted: Sequence[tuple[str, ...]]
) -> list[Problem]:
    """Say what is true of all groupings together."""
    found = []
    if len(wanted) > 1:
        found.append(Problem("across.shared", count=len(wanted), severity="warning"))
    wave = instrument.wave if instrument else None
    if wave is None:
        return found
    waves = frame[wave].nunique()
    if waves > 1 and any(wave not in columns for columns in wanted):
        found.append(Problem("across.waves_pooled", wave, waves, severity="warning"))
    if any(wave in columns and len(columns) > 1 for columns in wanted):
        found.append(Problem("invariance.waves", wave, severity="warning"))
    return found
