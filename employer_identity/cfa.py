"""`cfa`: from answers and a model to a `Fit`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.checks import (
    ROBUST,
    Estimator,
    Missing,
    check_combination,
    check_count,
    check_modifiers,
    check_needs_no_means,
    check_options,
    check_ordered,
    check_released,
    check_table,
    check_terms,
    check_thresholds,
    check_units,
    refuse_unidentified,
)
from employer_identity.collapsing import LEAST
from employer_identity.edge import checked
from employer_identity.errors import ConvergenceError, ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.intake.pieces import HELD
from employer_identity.intake.streams import ArrowStream
from employer_identity.language import listing, refusal
from employer_identity.measurement.definitions import Definition, check_known, definitions
from employer_identity.measurement.evidence import (
    count,
    objective,
    thresholds,
    thresholds_of,
    unidentified,
)
from employer_identity.measurement.layout import lay_out
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.ordering import Key, Ordered, Parameterization
from employer_identity.measurement.scoring import Status, minimise
from employer_identity.measurement.starts import is_weak, starting_values, with_sample_values
from employer_identity.measurement.syntax import Term, parse
from employer_identity.measurement.table import PLAIN, Roles, complete
from employer_identity.measurement.threads import on_one_thread
from employer_identity.narrow import Narrow
from employer_identity.sample import Asked, Sample, take
from employer_identity.scan import Scan
from employer_identity.scanned import take_scan
from employer_identity.survey import Survey

_FREED = re.compile(r"^\s*([\w.]+)\s*(=~|~~|~|\|)\s*([\w.]+)\s*(?:@(.+))?$")


@checked(ModelError)
def cfa(
    data: Survey | pd.DataFrame | Narrow | Moments | Scan,
    model: str | None = None,
    *,
    group: str | None = None,
    reference: str | None = None,
    equal: Sequence[str] = (),
    free: Sequence[str] = (),
    estimator: Estimator | None = None,
    missing: Missing | None = None,
    ordered: Sequence[str] | bool = (),
    weights: str | Literal[False] | None = None,
    cluster: str | Literal[False] | None = None,
    std_lv: bool = False,
    orthogonal: bool = False,
    parameterization: Parameterization = "delta",
    collapse: int | bool = LEAST,
) -> Fit:
    """Fit a measurement or structural model, in one group or several at once.

    By maximum likelihood, or, of items answered in ordered categories, by weighted least squares.

    Defaults are those of lavaan's ``cfa``/``sem`` with the mean structure: a factor's first loading
    is 1, factors covary, residual variances and intercepts are free, factor means are 0. Observed
    predictors are conditioned on.

    Parameters
    ----------
    data
        A `Survey`, a frame with a numeric column for each item, a `Scan` (any number of answers,
        read in batches), or `Moments` (published covariances or correlations, of one group or
        several).
    model
        lavaan's syntax (``=~ ~~ ~ ~1``, labels, ``0.5*x``, ``NA*x``, ``:=``). None: the
        instrument's pillars.
    group
        Column whose groups are fitted together. Order: the categories' own, else sorted. The groups
        of `Moments` have their own order and no column: the name is for the reader. None: all
        answers as one group, `Moments` of groups pooled.
    reference
        The group that comes first: its factor means are 0. None: the first.
    equal
        Families held equal across groups: loadings, intercepts, residuals, residual.covariances,
        lv.variances, lv.covariances, means, regressions, thresholds. With equal intercepts factor
        means are free beyond the reference group; with ``std_lv`` and equal loadings factor
        variances are. With equal thresholds intercepts and scales of ordered items are free there
        as far as these tell them (Wu & Estabrook 2016); equal intercepts are then 0.
    free
        Released again: ``"ent3~1"``, ``"entrepreneurship=~ent3"``, ``"x1~~x1"``, ``"x1|t2"``;
        ``"ent3~1@young"`` in one group only.
    estimator
        ``MLR`` (robust: standard errors and tests that hold for skewed answers, weights and
        clusters; the default), ``ML``, or ``MLM`` (Satorra-Bentler; complete rows, no weights or
        clusters). With ``ordered``: ``WLSMV`` (scaled and shifted test; the default), ``WLSM``
        (scaled by its mean), or ``DWLS`` (neither; standard errors that take the weights for
        right).
    missing
        ``fiml`` (every answer is used, under the assumption that what is missing depends on answers
        that are there; the default) or ``listwise`` (complete rows only). With ``ordered``
        ``pairwise`` (each correlation from all who answered both; the default) or ``listwise``.
    ordered
        Items answered in ordered categories; True: all.
    weights, cluster
        Columns. None takes what a `Survey` declares (its employers, where it declares no cluster);
        False takes none.
    std_lv
        Identify each factor by variance 1 instead of a first loading of 1.
    orthogonal
        Fix the factors' covariances at 0.
    parameterization
        Of ordered items: ``delta`` (the responses behind them have variance 1 in the reference
        group) or ``theta`` (their residuals have; equal residuals need it).
    collapse
        Answers that each category of an ordered item needs in every group; one that has fewer is
        merged with its neighbour, in all groups alike, and ``fit.notes`` says so. False: none is.

    Returns
    -------
    Fit

    Raises
    ------
    ModelError
        If the model cannot be read, names what the data lack, is not identified, or the data cannot
        serve it.
    ConvergenceError
        If no minimum was reached.

    Notes
    -----
    Checked against lavaan 0.6-14 case by case and, in one group, against semopy.

    Examples
    --------
    >>> fit = ei.cfa(survey, group="generation", equal=("loadings", "intercepts"))
    """
    check_options(estimator, missing, equal, group, parameterization)
    prepared = prepare(
        data, model, group, reference, estimator=estimator, missing=missing, ordered=ordered,
        weights=weights, cluster=cluster, parameterization=parameterization, collapse=collapse,
    )  # fmt: skip
    return estimate(prepared, group, equal=equal, free=free, std_lv=std_lv, orthogonal=orthogonal)


@dataclass(frozen=True)
class Prepared:
    """A model's terms with the answers they are about, and how they are to be estimated."""

    terms: tuple[Term, ...]
    definitions: tuple[Definition, ...]
    sample: Sample
    estimator: Estimator
    missing: Missing
    weights: str | None
    cluster: str | None
    ordered: Ordered = PLAIN


@on_one_thread
def prepare(
    data: Survey | pd.DataFrame | Narrow | Moments | Scan,
    model: str | None,
    group: str | None,
    reference: str | None,
    *,
    estimator: Estimator | None = None,
    missing: Missing | None = None,
    ordered: Sequence[str] | bool = (),
    weights: str | Literal[False] | None = None,
    cluster: str | Literal[False] | None = None,
    parameterization: Parameterization = "delta",
    collapse: int | bool = LEAST,
) -> Prepared:
    """Read the model and take what it needs from the data."""
    text = _model_text(data, model)
    terms, defined = parse(text), definitions(text)
    check_terms(terms)
    roles = Roles.of(terms)
    tables, names = isinstance(data, Moments), _named(ordered, roles)
    check_ordered(terms, names, parameterization)
    how, holes = defaults(estimator, missing, tables=tables, ordered=bool(names))
    declared = data if how in ROBUST else None  # the others can use neither
    weight = _declared(declared, weights, "weight")
    grouping = _declared(declared, cluster, "cluster", "employer")
    check_combination(how, holes, weight, grouping, tables=tables, ordered=bool(names))
    columns = roles.observed, roles.exogenous, group, reference, weight, grouping
    least = LEAST if collapse is True else int(collapse)
    asked = Asked(
        *columns, missing=holes, declared=cluster is None, ordered=names, collapse=least
    )  # fmt: skip
    answers = data.answers if isinstance(data, Survey) else data
    if isinstance(answers, Narrow | Scan):
        held, fourth = isinstance(answers, Narrow), how in ROBUST or how == "MLM"
        scan = Scan(ArrowStream(answers, HELD)) if isinstance(answers, Narrow) else answers
        sample = take_scan(scan, asked, fourth=fourth, held=held)
    else:
        sample = take(answers, asked)
    check_modifiers(terms, len(sample.groups))
    counted = Ordered(thresholds_of(sample.evidence), parameterization)
    check_thresholds(terms, counted)
    if sample.evidence.complete:
        holes = "listwise"
    code = "model.resolved_moments" if tables else "model.resolved"
    resolved = Problem(code, values={"estimator": how, "missing": holes})
    unused = _unused(data, weight, grouping) if weights is None and cluster is None else []
    notes = (resolved, *sample.notes, *unused)
    sample = replace(sample, notes=notes)
    return Prepared(terms, defined, sample, how, holes, weight, grouping, counted)


def _named(ordered: Sequence[str] | bool, roles: Roles) -> tuple[str, ...]:
    """Return the items meant by ``ordered``."""
    if isinstance(ordered, bool):
        return roles.observed if ordered else ()
    return (ordered,) if isinstance(ordered, str) else tuple(ordered)


def defaults(
    estimator: Estimator | None, missing: Missing | None, *, tables: bool, ordered: bool
) -> tuple[Estimator, Missing]:
    """Settle what was left open."""
    how: Estimator = estimator or ("ML" if tables else "WLSMV" if ordered else "MLR")
    if ordered:
        return how, missing or "pairwise"
    return how, missing or ("listwise" if tables or how == "MLM" else "fiml")


def _declared(data: object, asked: str | Literal[False] | None, *names: str) -> str | None:
    """Return the column asked for, or the first that a survey's instrument declares."""
    if asked is not None:
        return asked or None
    instrument = getattr(data, "instrument", None)
    return next((c for name in names if (c := getattr(instrument, name, None))), None)


def _unused(data: object, weight: str | None, cluster: str | None) -> list[Problem]:
    """Name the columns that a survey declares and the estimator does not use."""
    instrument = getattr(data, "instrument", None)
    declared = {getattr(instrument, name, None) for name in ("weight", "cluster", "employer")}
    names = sorted(str(name) for name in declared - {None, weight, cluster})
    if cluster and len(names) == 1 and instrument is not None and instrument.cluster == cluster:
        return []  # another cluster than the employer was declared
    return [Problem("model.weights_not_used", listing(names))] if names else []


@on_one_thread
def estimate(
    prepared: Prepared,
    group: str | None,
    *,
    equal: Sequence[str] = (),
    free: Sequence[str] = (),
    std_lv: bool = False,
    orthogonal: bool = False,
    near: NDArray[np.float64] | None = None,
    like: Fit | None = None,
) -> Fit:
    """Complete the terms and fit them to a sample's moments; refuse what is not identified.

    ``near`` (G, R) starts from another solution's values; ``like`` shares its baseline.
    """
    terms, sample, moments = prepared.terms, prepared.sample, prepared.sample.moments
    has_means = moments.known == "means"
    if not has_means:
        check_needs_no_means(terms, equal)
    freed = released(free, prepared)
    table = complete(
        terms, len(sample.groups), equal=equal, free=freed, std_lv=std_lv, orthogonal=orthogonal,
        means=has_means, ordered=prepared.ordered,
    )  # fmt: skip
    check_table(table, equal)
    check_released(freed, table, equal)
    check_known(prepared.definitions, set(table.label.ravel()) - {""})
    check_units(table, moments)
    evidence = sample.evidence
    layout = with_sample_values(lay_out(table), table, moments)
    start = starting_values(table, layout, moments, near, thresholds(evidence))
    check_count(table, count(evidence, moments, len(table.roles.exogenous)))
    evaluate = objective(evidence, moments, layout)
    solution = minimise(evaluate, start)
    found = solution.curvature
    if solution.status is not Status.CONVERGED or found is None or is_weak(found.tied.factor):
        refuse_unidentified(table, unidentified(evidence, moments, layout, start))
    if solution.status is Status.NO_START:
        raise refusal(ConvergenceError, [Problem("model.no_start")])
    if solution.status is not Status.CONVERGED:
        values = {"gradient": solution.gradient}
        problem = Problem("model.not_converged", count=solution.steps, values=values)
        raise refusal(ConvergenceError, [problem])
    return Fit(
        group, moments, evidence, table, layout, solution, prepared.estimator,
        prepared.missing, std_lv, sample.notes, prepared.weights, prepared.cluster,
        prepared.definitions, like,
    )  # fmt: skip


def _model_text(data: Survey | pd.DataFrame | Narrow | Moments | Scan, model: str | None) -> str:
    if model is not None:
        return model
    instrument = getattr(data, "instrument", None)
    if instrument is None:
        raise refusal(ModelError, [Problem("model.no_model")])
    return str(instrument.model)


def released(free: Sequence[str], prepared: Prepared) -> frozenset[tuple[Key, int | None]]:
    """Read ``free`` into relations and group numbers."""
    sample = prepared.sample
    found: set[tuple[Key, int | None]] = set()
    problems = []
    has_means = sample.moments.known == "means"
    known = set[Key]()
    if free:
        groups, ordered = len(sample.groups), prepared.ordered
        known = set(complete(prepared.terms, groups, means=has_means, ordered=ordered).rows)
    for text in free:
        match = _FREED.match(text)
        key, label = _spelled(match) if match else (None, None)
        key = key if key in known else (key[2], key[1], key[0]) if key and key[2] else None
        if key not in known or (label is not None and label not in sample.groups):
            problems.append(Problem("model.free_unknown", where=text))
        else:
            found.add((key, None if label is None else sample.groups.index(label)))
    if problems:
        raise refusal(ModelError, problems)
    return frozenset(found)


def _spelled(match: re.Match[str]) -> tuple[Key, str | None]:
    lhs, op, rhs, label = match.groups()
    key = (lhs, "~1", "") if op == "~" and rhs == "1" else (lhs, op, rhs)
    return key, label.strip() if label else None
