"""`align`: many groups on one scale without holding every item equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.across import FLOOR
from employer_identity.aligned import Alignment
from employer_identity.aligned_factor import AlignedFactor
from employer_identity.alignment_check import configural, lines_of
from employer_identity.cfa import Prepared, prepare
from employer_identity.checks import Estimator, Missing, check_options
from employer_identity.dividing import named, too_few_groups, too_many_groups
from employer_identity.divisions import Division, divide, without_small
from employer_identity.edge import Count, checked
from employer_identity.errors import ConvergenceError, ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.groupings import TELLABLE
from employer_identity.ladder import Ladder
from employer_identity.language import listing, refusal
from employer_identity.measurement.aligning import Identification, Lines, minimise, moved
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.syntax import Term, parse
from employer_identity.measurement.table import Roles
from employer_identity.measurement.threads import on_one_thread
from employer_identity.sample import unknown_columns
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
    asked = _Asked(data, model, group, reference, identification, float(epsilon), minimum_n)
    options: dict[str, Any] = {"estimator": estimator, "missing": missing, "weights": weights}
    options |= {"cluster": cluster, "ordered": ordered}
    kept, notes = asked.checked(options)
    prepared, fit, noted = _fitted(kept, model, group, reference, options)
    if problems := _unfit(prepared, fit):
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
    problems = _entangled(ladder.prepared.terms)
    if "scalar" not in ladder.testable:
        problems.append(Problem("alignment.no_means", ladder.group))
    if bad := _improper(fit):
        values = {"groups": named(bad)}
        problems.append(Problem("alignment.improper_on_ladder", ladder.group, len(bad), values))
    if problems := problems or _unfit(ladder.prepared, fit):
        return tuple(problems)
    try:
        return align_fit(ladder.prepared, fit)
    except ConvergenceError as error:
        return error.problems


def _covariance(fit: Fit, factor: str) -> Array:
    """Return the covariance of a factor's configural estimates, in the order of `Moved`.

    From each group by itself where groups share nobody and nothing, which takes less.
    """
    places = _places(fit, factor)  # (2p, G)
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


def _places(fit: Fit, factor: str) -> NDArray[np.int64]:
    """Return which parameters a factor's loadings and intercepts are, (2p, G); -1: fixed."""
    at = [fit.items.index(item) for item in fit.factors[factor]]
    column, twin = list(fit.factors).index(factor), fit.layout.twin
    nu = twin["nu"].reshape(len(fit.groups), -1)
    return np.concatenate([twin["Lambda"][:, at, column].T, nu[:, at].T])


# -- what can be aligned --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Asked:
    """What is asked for, before anything is fitted."""

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
        problems = [*self._options(), *_entangled(terms)]
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


def _entangled(terms: Sequence[Term]) -> list[Problem]:
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


def _unfit(prepared: Prepared, fit: Fit) -> list[Problem]:
    """Say what of a configural fit cannot be aligned."""
    problems = []
    if two := [item for item, count in prepared.ordered.thresholds.items() if count < 2]:
        problems.append(Problem("alignment.two_categories", listing(two), len(two)))
    places = [_places(fit, factor) for factor in fit.factors]
    own = np.concatenate([p[:, 1:] if prepared.ordered.thresholds else p for p in places])
    if not two and ((own < 0).any() or len(np.unique(own)) < own.size):
        problems.append(Problem("alignment.constrained"))
    return problems


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
