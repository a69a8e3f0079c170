"""`invariance`: the ladder from the same structure to the same scores, and a decision.

Factors are never identified by a marker item: the reference group's factors have mean 0 and
variance 1, the other groups' are freed as loadings and intercepts are tied. Of items answered in
ordered categories the same goes for the responses behind the answers, see `levels`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import pandas as pd

from employer_identity.cfa import Prepared, prepare, released
from employer_identity.checks import Estimator, Missing, check_options
from employer_identity.climbing import Climb, OnReject, climb
from employer_identity.collapsing import LEAST
from employer_identity.criteria import Rule, RuleName, rule_of
from employer_identity.cutoffs import not_made_for
from employer_identity.dividing import too_many_groups
from employer_identity.edge import checked
from employer_identity.errors import ModelError, Problem
from employer_identity.ladder import Ladder
from employer_identity.language import listing, refusal
from employer_identity.levels import Route, kind_of
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.ordering import Parameterization
from employer_identity.measurement.table import Roles
from employer_identity.narrow import Narrow
from employer_identity.rungs import Constraint, Release
from employer_identity.rungs import anchors as anchors_left
from employer_identity.scan import Scan
from employer_identity.survey import Survey

ANCHORS = 2
"""Equal items that a factor keeps unless asked otherwise: a single one could be what differs."""


@checked(ModelError, left=("rule",))
def invariance(
    data: Survey | pd.DataFrame | Narrow | Moments | Scan,
    model: str | None = None,
    *,
    group: str,
    reference: str | None = None,
    rule: RuleName | Rule = "localised",
    on_reject: OnReject = "release",
    anchors: int | str | Sequence[str] = ANCHORS,
    free: str | Sequence[str] = (),
    estimator: Estimator | None = None,
    missing: Missing | None = None,
    weights: str | Literal[False] | None = None,
    cluster: str | Literal[False] | None = None,
    ordered: Sequence[str] | bool = (),
    parameterization: Parameterization = "theta",
    collapse: int | bool = LEAST,
) -> Ladder:
    """Decide how far a questionnaire measures the same in several groups, and what may be compared.

    The climb: configural (same pattern), metric (equal loadings), scalar (and intercepts), strict
    (and residual variances). Of items answered in ordered categories: configural, thresholds (equal
    thresholds), metric, scalar, strict (Wu & Estabrook 2016). Where the rule rejects a rung, the
    most important constraint is set aside, in one group or in all, and the model fitted again,
    until the rung holds or too few equal items are left; then the climb goes on. ``ladder.log`` has
    every step, ``ladder.decision`` what follows. `Moments` without means end at metric. A rung that
    has no solution ends the climb, and the ladder says so.

    Parameters
    ----------
    data, model, group, reference, estimator, missing, weights, cluster
        As in `cfa`.
    rule
        Which rule decides; all others are reported beside it. ``localised`` (no constraint may be
        both contradicted by its score test and important; 5 % on each rung, of ordered items shared
        over the rungs up to scalar, see `criteria.Localised`), ``chen_2007_large``,
        ``chen_2007_small``, ``cheung_rensvold_2002``, ``rutkowski_svetina_2014``,
        ``scaled_difference``, ``bic``; cut-offs that `simulated_cutoffs` made for these answers; or
        an object of `criteria` with cut-offs of your own.
    on_reject
        ``release``; ``stop`` at the first rung that does not hold; ``continue`` to the top with all
        constraints, whatever the rule says.
    anchors
        How many equal items each factor keeps in each group; or the names of items that stay equal
        (two a factor are kept then, too).
    free
        Constraints that are set aside from the start, as in `cfa`: ``"adv2~1@young"``,
        ``"adv2|t3"``.
    ordered
        Items answered in ordered categories; True: all. Of three categories equal thresholds cannot
        be tested (the same model), of two only thresholds, loadings and intercepts together, at
        scalar; ``ladder.notes`` names the items. Rules of fit changes are not calibrated for them.
    parameterization
        As in `cfa`; all rungs but strict are the same in both, and strict needs ``theta``.
    collapse
        As in `cfa`: categories that hardly anybody chose are merged in all groups alike. `unmerged`
        shows what comes of it with and without.

    Returns
    -------
    Ladder

    Raises
    ------
    ModelError
        As in `cfa`, for more than a hundred groups, an unknown rule, cut-offs that were made for
        other answers, and for anchors that do not exist, are to be released, or would be too few.

    Notes
    -----
    Checked against lavaan 0.6-14 rung by rung, partial models included; of ordered items against
    semTools' ``measEq.syntax``, of two categories against models written by hand. How often planted
    differences are found, and equal answers are not, is in docs/validation.md.

    Examples
    --------
    >>> ladder = ei.invariance(survey, group="generation")
    >>> ladder.log
    >>> ladder.decision["latent means"].reason()
    """
    deciding = rule_of(rule)  # refused before anything is prepared
    check_options(estimator, missing, parameterization=parameterization)
    check_on_reject(on_reject)
    prepared = prepare(
        data, model, group, reference, estimator=estimator, missing=missing, weights=weights,
        cluster=cluster, ordered=ordered, parameterization=parameterization, collapse=collapse,
    )  # fmt: skip
    if problems := too_many_groups(group, len(prepared.sample.groups)):
        raise refusal(ModelError, problems)
    fewest = anchors if isinstance(anchors, int) else ANCHORS
    named = frozenset[str]() if isinstance(anchors, int) else frozenset(_several(anchors))
    route = route_of(prepared)
    if unfit := not_made_for(deciding, prepared, route.testable):
        raise refusal(ModelError, unfit)
    asked = _asked(_several(free), prepared, route)
    _check_anchors(fewest, named, asked, prepared)
    prepared = _with_note_on_waves(with_notes_on_categories(prepared), data, group)
    return ladder_of(Climb(prepared, group, route, rule, on_reject, fewest, named, asked))


def ladder_of(plan: Climb) -> Ladder:
    """Climb, and keep what was found with what it was found by."""
    found = climb(plan)
    return Ladder(found.rungs, found.unfit, plan)


def route_of(prepared: Prepared) -> Route:
    """Return the levels that a model has with some answers."""
    sample = prepared.sample
    means = sample.moments.known == "means"
    return Route.of(prepared.terms, len(sample.groups), means=means, ordered=prepared.ordered)


def _several(names: Sequence[str]) -> Sequence[str]:
    """Take a single name for a list of one."""
    return (names,) if isinstance(names, str) else names


def _with_note_on_waves(
    prepared: Prepared, data: Survey | pd.DataFrame | Narrow | Moments | Scan, group: str
) -> Prepared:
    """Note that people who answered twice are taken for different people."""
    instrument = getattr(data, "instrument", None)
    if instrument is None or instrument.wave != group:
        return prepared
    note = Problem("invariance.waves", where=group, severity="warning")
    sample = replace(prepared.sample, notes=(*prepared.sample.notes, note))
    return replace(prepared, sample=sample)


def check_on_reject(asked: str) -> None:
    """Refuse what a climb cannot do with a rung that is rejected."""
    if asked not in get_args(OnReject):
        values = {"asked": asked, "allowed": listing(get_args(OnReject))}
        problem = Problem("model.not_available", where="on_reject", values=values)
        raise refusal(ModelError, [problem])


def with_notes_on_categories(prepared: Prepared) -> Prepared:
    """Note what cannot be told apart of items with few categories."""
    counts = prepared.ordered.thresholds
    notes = []
    for code, count in (("invariance.two_categories", 1), ("invariance.three_categories", 2)):
        if items := [item for item, own in counts.items() if own == count]:
            notes.append(Problem(code, listing(items), len(items), severity="change"))
    sample = replace(prepared.sample, notes=(*prepared.sample.notes, *notes))
    return replace(prepared, sample=sample)


def _asked(free: Sequence[str], prepared: Prepared, route: Route) -> tuple[Release, ...]:
    """Read what is to be set aside from the start."""
    groups, found, problems = prepared.sample.groups, [], []
    items = set(prepared.sample.moments.names)
    for text in free:
        for key, g in released([text], prepared):
            constraint, kind = Constraint(key, None if g is None else groups[g]), kind_of(key)
            is_one = kind == "loading" or (kind is not None and key[0] in items)
            tied = kind and is_one and any(route.holds_equal(kind, k) for k in route.testable)
            if not tied:
                problems.append(Problem("model.free_not_tied", where=constraint.parameter))
            found.append(Release(constraint, g is None or len(groups) == 2, "asked"))
    if problems:
        raise refusal(ModelError, problems)
    return tuple(found)


def _check_anchors(
    fewest: int, named: frozenset[str], asked: tuple[Release, ...], prepared: Prepared
) -> None:
    """Refuse anchors that there are not, that are to be released, and too few of them."""
    factors = _factors(prepared)
    items = {item for measured in factors.values() for item in measured}
    problems = []
    if fewest < 1:
        problems.append(Problem("invariance.no_anchors", count=fewest))
    if unknown := sorted(named - items):
        values = {"allowed": listing(sorted(items))}
        problems.append(
            Problem("invariance.unknown_anchor", listing(unknown), len(unknown), values)
        )
    for release in asked:
        if release.constraint.item in named:
            where = release.spelled
            values = {"item": release.constraint.item}
            problems.append(Problem("invariance.anchor_released", where, values=values))
    left = anchors_left(factors, asked, prepared.sample.groups)
    start = anchors_left(factors, (), prepared.sample.groups)
    few = {f for (f, g), k in left.items() if k < min(fewest, start[f, g])}
    problems += [
        Problem("invariance.too_few_anchors", factor, values={"needed": fewest})
        for factor in factors if factor in few
    ]  # fmt: skip
    if problems:
        raise refusal(ModelError, problems)


def _factors(prepared: Prepared) -> dict[str, tuple[str, ...]]:
    names = Roles.of(prepared.terms).factors
    return {f: tuple(t.rhs for t in prepared.terms if t.op == "=~" and t.lhs == f) for f in names}
