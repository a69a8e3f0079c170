"""`align`: many groups on one scale without holding every item equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.across import FLOOR
from employer_identity.alignable import ToAlign, entangled, unfit
from employer_identity.aligned import Alignment
from employer_identity.aligned_factor import AlignedFactor
from employer_identity.alignment_check import configural, lines_of, places_of
from employer_identity.cfa import Prepared, prepare
from employer_identity.checks import Estimator, Missing, check_options
from employer_identity.dividing import named, too_few_groups
from employer_identity.edge import Count, checked
from employer_identity.errors import ConvergenceError, ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.ladder import Ladder
from employer_identity.language import refusal
from employer_identity.measurement.aligning import minimise, moved
from employer_identity.measurement.misalignment import Identification, Lines
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.threads import on_one_thread
from employer_identity.survey import Survey

Array = NDArray[np.float64]
EPSILON = 0.01
"""What smooths the loss, in squared units of the items (Asparouhov & Muthen 2014)."""
STARTS = 20
MANY = 3
"""Fewest groups that a report aligns: of two the ladder says more."""
_IMPROPER = ("model.negative_variance", "model.loading_above_one")
"""Signs that a group's own loadings are impossible."""


@checked(ModelError)
def align(
    data: Survey | pd.DataFrame | Moments,
    model: str | None = None,
    *,
    group: str,
    reference: str | None = None,
    identification: Identification = "fixed",
    epsilon: float = EPSILON,
    starts: Count = STARTS,
    seed: int = 1,
    minimum_n: int = FLOOR,
    estimator: Estimator | None = None,
    missing: Missing | None = None,
    weights: str | Literal[False] | None = None,
    cluster: str | Literal[False] | None = None,
    ordered: bool = False,
) -> Alignment:
    """Bring groups on one scale so that as few loadings and intercepts as possible differ.

    Each group's model is its own (configural, all groups in one fit); then every factor's means and
    standard deviations are chosen, factor by factor, to minimise::

        F = sum_i sum_{g<h} sqrt(N_g N_h) [f(lambda_ig - lambda_ih) + f(nu_ig - nu_ih)]
        f(x) = (x^2 + epsilon)^(1/4)
        lambda_ig = lambda0_ig / s_g,  nu_ig = nu0_ig - alpha_g lambda_ig

    That leaves the fit as it is and makes few large differences out of many small ones: groups
    become approximately comparable where most items are alike in most groups.

    Parameters
    ----------
    data, model, group, reference, estimator, missing, weights, cluster
        As in `cfa`; up to a hundred groups. Items on one scale of answers: the loss adds up
        differences in their units.
    identification
        ``fixed``: the reference group's mean is 0 while the loss is minimised; ``free``: the
        groups' means sum to 0 then, for three groups or more. The product of the standard
        deviations is 1 in both. Reported is always in units of the reference group. The two differ
        genuinely where items differ.
    epsilon
        Between .0001 and 1; the smaller, the closer f is to a square root, and the more minima
        there are. Losses are comparable at equal epsilon only.
    starts, seed
        How many starts the search has (no difference, medians, and random ones); the number of
        different minima is in ``shares``.
    minimum_n
        Groups of fewer people are left out, and ``notes`` says so; at least 5.
    ordered
        All items are answered in ordered categories, three or more of them: aligned are loadings
        and intercepts of the responses behind the answers, with thresholds held equal over groups,
        which gives these responses one origin and unit (Wu & Estabrook 2016). Whether thresholds
        are equal the ladder tests.

    Returns
    -------
    Alignment

    Raises
    ------
    ModelError
        As in `cfa`; for items that several factors measure, paths among factors, factors of one
        item, fixed or tied loadings and intercepts, two groups with ``free``, and fewer than two
        groups that are large enough and have a proper solution.

    Notes
    -----
    A group whose own solution has a negative residual variance, or none, is left out and named;
    correlations beyond 1 are named. Standard errors are by the delta method: the minimum's
    derivative by the configural estimates (implicit differentiation) and the covariance of these.
    What differs pulls a mean in a direction that they do not know of: intervals reach as far about
    the mean without it. Loss, minima and standard errors were checked against a loss written in R
    at lavaan's configural estimates; recovery and coverage are in docs/validation.md.

    References
    ----------
    Asparouhov & Muthen (2014), Structural Equation Modeling 21(4), 495-508; Muthen & Asparouhov
    (2014), Frontiers in Psychology 5:978.

    Examples
    --------
    >>> alignment = ei.align(survey, group="generation")
    >>> alignment.means
    >>> alignment.beside(ladder)
    """
    check_options(estimator, missing)
    asked = ToAlign(data, model, group, reference, identification, float(epsilon), minimum_n)
    options: dict[str, Any] = {"estimator": estimator, "missing": missing, "weights": weights}
    options |= {"cluster": cluster, "ordered": ordered}
    kept, notes = asked.checked(options)
    prepared, fit, noted = _fitted(kept, model, group, reference, options)
    if problems := unfit(prepared, fit):
        raise refusal(ModelError, problems)
    found = align_fit(prepared, fit, identification, float(epsilon), starts, seed)
    return replace(found, noted=(*notes, *noted))


@on_one_thread
def align_fit(
    prepared: Prepared,
    fit: Fit,
    identification: Identification = "fixed",
    epsilon: float = EPSILON,
    starts: int = STARTS,
    seed: int = 1,
) -> Alignment:
    """Align a configural fit, such as a ladder's first rung; see `align`."""
    factors, problems = {}, []
    for factor, items in fit.factors.items():
        loadings, intercepts = lines_of(fit, factor)
        n = np.array([*fit.n.values()], dtype=float)
        lines = Lines(loadings, intercepts, n, identification, epsilon)
        at = minimise(lines, starts, seed)
        if at is None:
            problems.append(Problem("alignment.no_minimum", factor, starts))
            continue
        spread = _covariance(fit, factor)
        factors[factor] = AlignedFactor(items, lines, at, moved(lines, at), spread)
    if problems:
        raise refusal(ConvergenceError, problems)
    return Alignment(fit, prepared, identification, epsilon, factors, ())


def align_ladder(ladder: Ladder) -> Alignment | tuple[Problem, ...]:
    """Align the groups of a ladder, from its first rung; or say why they cannot be."""
    fit = ladder["configural"]
    problems = entangled(ladder.prepared.terms)
    if "scalar" not in ladder.testable:
        problems.append(Problem("alignment.no_means", ladder.group))
    if bad := _improper(fit):
        values = {"groups": named(bad)}
        problems.append(Problem("alignment.improper_on_ladder", ladder.group, len(bad), values))
    if problems := problems or unfit(ladder.prepared, fit):
        return tuple(problems)
    try:
        return align_fit(ladder.prepared, fit)
    except ConvergenceError as error:
        return error.problems


def _covariance(fit: Fit, factor: str) -> Array:
    """Return the covariance of a factor's configural estimates, in the order of `Moved`.

    From each group by itself where groups share nobody and nothing, which takes less.
    """
    places = places_of(fit, factor)  # (2p, G)
    flat, found = places.ravel(), np.zeros((places.size, places.size))
    free = np.flatnonzero(flat >= 0)
    if fit.ordered is not None or (fit.rows is not None and fit.rows.clustered):
        found[np.ix_(free, free)] = fit.vcov[np.ix_(flat[free], flat[free])]
        return found
    for g in range(len(fit.groups)):
        cell = {int(k): c for c, k in enumerate(fit.layout.cells.parameter[g]) if k >= 0}
        own = np.array([cell[int(k)] for k in places[:, g]])
        at = np.arange(len(own)) * len(fit.groups) + g
        found[np.ix_(at, at)] = fit.covariances[g][np.ix_(own, own)]
    return found


# -- groups with a solution -----------------------------------------------------------------------


def _fitted(
    data: Survey | pd.DataFrame | Moments,
    model: str | None,
    group: str,
    reference: str | None,
    options: dict[str, Any],
) -> tuple[Prepared, Fit, list[Problem]]:
    """Fit all groups in one, without those that have no proper solution of their own."""
    notes: list[Problem] = []
    prepared = prepare(data, model, group, reference, **options)
    groups = prepared.sample.groups
    try:
        fit = configural(prepared, group)
        bad = _improper(fit)
        code = "alignment.improper"
    except ConvergenceError:
        bad = [g for g in groups if not _solvable(_only(data, group, [g]), model, options)]
        code = "alignment.unsolved"
        if not bad:
            raise
    if bad:
        rest = [g for g in groups if g not in bad]
        if groups[0] in bad:
            where = groups[0]
            raise refusal(ModelError, [Problem("alignment.improper_reference", where)])
        if len(rest) < 2:
            raise refusal(ModelError, too_few_groups(group, len(rest)))
        notes.append(Problem(code, group, len(bad), {"groups": named(bad)}, "change"))
        first = reference if reference is not None else groups[0]
        again, fit, more = _fitted(_only(data, group, rest), model, group, first, options)
        return again, fit, [*notes, *more]
    beyond = [p for p in fit.problems if p.code not in _IMPROPER]
    return prepared, fit, [*notes, *_beyond(beyond, group)]


def _improper(fit: Fit) -> list[str]:
    """Name the groups whose own loadings are impossible, in their order."""
    bad = {str(p.values["label"]) for p in fit.problems if p.code in _IMPROPER}
    return [g for g in fit.groups if g in bad]


def _beyond(problems: Sequence[Problem], group: str) -> list[Problem]:
    """Name the groups with other signs of an improper solution: they stay."""
    labels = dict.fromkeys(str(p.values["label"]) for p in problems if "label" in p.values)
    if not labels:
        return []
    values = {"groups": named(list(labels))}
    return [Problem("alignment.beyond_one", group, len(labels), values, "warning")]


def _only(
    data: Survey | pd.DataFrame | Moments, group: str, groups: Sequence[str]
) -> Survey | pd.DataFrame | Moments:
    """Return the data of some groups."""
    if isinstance(data, Moments):
        return data.arranged(groups)
    frame = data if isinstance(data, pd.DataFrame) else data.answers
    kept = frame[frame[group].astype(str).isin(groups)]
    return kept if isinstance(data, pd.DataFrame) else replace(data, answers=kept)


def _solvable(
    data: Survey | pd.DataFrame | Moments, model: str | None, options: dict[str, Any]
) -> bool:
    """Whether a group's own model has a solution."""
    try:
        configural(prepare(data, model, None, None, **options), None)
    except ModelError:
        return False
    return True
