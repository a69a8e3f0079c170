"""`cfa`: from answers and a model to a `Fit`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.edge import checked
from employer_identity.errors import ConvergenceError, ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.language import listing, refusal
from employer_identity.measurement.definitions import Definition, check_known, definitions
from employer_identity.measurement.layout import lay_out
from employer_identity.measurement.likelihood import curvature, curvature_with_holes
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.scoring import Status, minimise
from employer_identity.measurement.starts import (
    is_weak,
    starting_values,
    unidentified,
    unit_bound,
    with_sample_values,
)
from employer_identity.measurement.syntax import Term, parse
from employer_identity.measurement.table import FAMILIES, Key, Roles, Table, complete, family
from employer_identity.measurement.threads import on_one_thread
from employer_identity.sample import Asked, Sample, take
from employer_identity.survey import Survey

Estimator = Literal["ML", "MLR", "MLM"]
Missing = Literal["fiml", "listwise"]
_FREED = re.compile(r"^\s*([\w.]+)\s*(=~|~~|~)\s*([\w.]+)\s*(?:@(.+))?$")


@checked(ModelError)
def cfa(
    data: Survey | pd.DataFrame | Moments,
    model: str | None = None,
    *,
    group: str | None = None,
    reference: str | None = None,
    equal: Sequence[str] = (),
    free: Sequence[str] = (),
    estimator: Estimator | None = None,
    missing: Missing | None = None,
    weights: str | Literal[False] | None = None,
    cluster: str | Literal[False] | None = None,
    std_lv: bool = False,
    orthogonal: bool = False,
) -> Fit:
    """Fit a measurement or structural model by maximum likelihood, in one group or several at once.

    Defaults are those of lavaan's ``cfa``/``sem`` with the mean structure: a factor's first loading
    is 1, factors covary, residual variances and intercepts are free, factor means are 0. Observed
    predictors are conditioned on.

    Parameters
    ----------
    data
        A `Survey`, a frame with a numeric column for each item, or `Moments` (published
        covariances or correlations, of one group or several).
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
        lv.variances, lv.covariances, means, regressions. With equal intercepts factor means are
        free beyond the reference group; with ``std_lv`` and equal loadings factor variances are.
    free
        Released again: ``"ent3~1"``, ``"entrepreneurship=~ent3"``, ``"x1~~x1"``; ``"ent3~1@young"``
        in one group only.
    estimator
        ``MLR`` (robust: standard errors and tests that hold for skewed answers, weights and
        clusters; the default), ``ML``, or ``MLM`` (Satorra-Bentler; complete rows, no weights or
        clusters).
    missing
        ``fiml`` (every answer is used, under the assumption that what is missing depends on answers
        that are there; the default) or ``listwise`` (complete rows only).
    weights, cluster
        Columns. None takes what a `Survey` declares (its employers, where it declares no cluster);
        False takes none.
    std_lv
        Identify each factor by variance 1 instead of a first loading of 1.
    orthogonal
        Fix the factors' covariances at 0.

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
    check_options(estimator, missing, equal, group)
    prepared = prepare(
        data, model, group, reference, estimator=estimator, missing=missing, weights=weights,
        cluster=cluster,
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


@on_one_thread
def prepare(
    data: Survey | pd.DataFrame | Moments,
    model: str | None,
    group: str | None,
    reference: str | None,
    *,
    estimator: Estimator | None = None,
    missing: Missing | None = None,
    weights: str | Literal[False] | None = None,
    cluster: str | Literal[False] | None = None,
) -> Prepared:
    """Read the model and take what it needs from the data."""
    text = _model_text(data, model)
    terms, defined = parse(text), definitions(text)
    _check_terms(terms)
    roles = Roles.of(terms)
    tables = isinstance(data, Moments)
    how = estimator or ("ML" if tables else "MLR")
    holes = missing or ("listwise" if tables or how == "MLM" else "fiml")
    declared = data if how == "MLR" else None  # the others can use neither
    weight = _declared(declared, weights, "weight")
    grouping = _declared(declared, cluster, "cluster", "employer")
    _check_combination(how, holes, weight, grouping, tables=tables)
    columns = roles.observed, roles.exogenous, group, reference, weight, grouping
    sample = take(data, Asked(*columns, missing=holes, declared=cluster is None))
    _check_modifiers(terms, len(sample.groups))
    if sample.saturated.patterns.complete:
        holes = "listwise"
    code = "model.resolved_moments" if tables else "model.resolved"
    resolved = Problem(code, values={"estimator": how, "missing": holes})
    unused = _unused(data, weight, grouping) if weights is None and cluster is None else []
    notes = (resolved, *sample.notes, *unused)
    sample = replace(sample, notes=notes)
    return Prepared(terms, defined, sample, how, holes, weight, grouping)


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


def _check_combination(
    estimator: str, missing: str, weights: str | None, cluster: str | None, *, tables: bool
) -> None:
    """Refuse what does not go together."""
    problems = []
    if tables and (estimator != "ML" or missing != "listwise" or weights or cluster):
        problems.append(Problem("model.moments_only_ml"))
    if estimator == "MLM" and (missing == "fiml" or weights or cluster):
        problems.append(Problem("model.mlm_complete"))
    if estimator == "ML" and (weights or cluster) and not tables:
        named = [name for name in (weights, cluster) if name]
        problems.append(Problem("model.ml_plain", where=listing(named)))
    if problems:
        raise refusal(ModelError, problems)


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
    terms, sample = prepared.terms, prepared.sample
    moments, saturated = sample.moments, sample.saturated
    has_means = moments.known == "means"
    if not has_means:
        _check_needs_no_means(terms, equal)
    freed = released(free, terms, sample)
    table = complete(
        terms, len(sample.groups), equal=equal, free=freed, std_lv=std_lv, orthogonal=orthogonal,
        means=has_means,
    )  # fmt: skip
    _check_released(freed, table, equal)
    check_known(prepared.definitions, set(table.label.ravel()) - {""})
    _check_units(table, moments)
    layout = with_sample_values(lay_out(table), table, moments)
    start = starting_values(table, layout, moments, near)
    _check_count(table, moments)
    evaluate = partial(curvature, moments, layout)
    if not saturated.patterns.complete:
        evaluate = partial(curvature_with_holes, saturated.patterns, saturated.value, layout)
    solution = minimise(evaluate, start)
    found = solution.curvature
    if solution.status is not Status.CONVERGED or found is None or is_weak(found.tied.factor):
        _refuse_unidentified(table, unidentified(layout, moments, start))
    if solution.status is Status.NO_START:
        raise refusal(ConvergenceError, [Problem("model.no_start")])
    if solution.status is not Status.CONVERGED:
        values = {"gradient": solution.gradient}
        problem = Problem("model.not_converged", count=solution.steps, values=values)
        raise refusal(ConvergenceError, [problem])
    return Fit(
        group, moments, saturated, table, layout, solution, prepared.estimator,
        prepared.missing, std_lv, sample.notes, prepared.weights, prepared.cluster,
        prepared.definitions, like,
    )  # fmt: skip


def check_options(
    estimator: str | None,
    missing: str | None,
    equal: Sequence[str] = (),
    group: str | None = None,
) -> None:
    """Refuse what is not offered, all at once."""
    problems = []
    for name, asked, known in (("estimator", estimator, Estimator), ("missing", missing, Missing)):
        if asked is not None and asked not in get_args(known):
            values = {"asked": asked, "allowed": listing(get_args(known))}
            problems.append(Problem("model.not_available", where=name, values=values))
    for name in equal:
        if name not in FAMILIES:
            values = {"allowed": listing(FAMILIES)}
            problems.append(Problem("model.unknown_family", where=str(name), values=values))
    if equal and group is None:
        problems.append(Problem("model.equal_needs_group"))
    if problems:
        raise refusal(ModelError, problems)


def _model_text(data: Survey | pd.DataFrame | Moments, model: str | None) -> str:
    if model is not None:
        return model
    instrument = getattr(data, "instrument", None)
    if instrument is None:
        raise refusal(ModelError, [Problem("model.no_model")])
    return str(instrument.model)


def _check_terms(terms: Sequence[Term]) -> None:
    roles = Roles.of(terms)
    if not roles.factors and not roles.outcomes:
        raise refusal(ModelError, [Problem("model.no_factor")])
    fixed = {
        t.lhs
        for t in terms
        if t.op == "~~" and t.lhs == t.rhs and all(m.fixed is not None for m in t.modifiers)
    }
    problems = []
    for factor in roles.factors:
        items = [t.rhs for t in terms if t.op == "=~" and t.lhs == factor]
        if len(items) == 1 and items[0] not in fixed:
            values = {"item": items[0]}
            problems.append(Problem("model.one_indicator", where=factor, values=values))
    if problems:
        raise refusal(ModelError, problems)


def _check_modifiers(terms: Sequence[Term], groups: int) -> None:
    """Check that what the text says group by group has as many entries as there are groups."""
    problems = [
        Problem(
            "model.modifier_groups",
            where=f"{t.lhs} {t.op} {t.rhs}".strip(),
            count=len(t.modifiers),
            values={"groups": groups},
        )
        for t in terms
        if len(t.modifiers) not in (1, groups)
    ]
    if problems:
        raise refusal(ModelError, problems)


def released(
    free: Sequence[str], terms: Sequence[Term], sample: Sample
) -> frozenset[tuple[Key, int | None]]:
    """Read ``free`` into relations and group numbers."""
    found: set[tuple[Key, int | None]] = set()
    problems = []
    has_means = sample.moments.known == "means"
    known = set(complete(terms, len(sample.groups), means=has_means).rows) if free else set()
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


def _check_released(
    released: frozenset[tuple[Key, int | None]], table: Table, equal: Sequence[str]
) -> None:
    problems = []
    for key, _ in sorted(released, key=str):
        r = table.rows.index(key)
        spelled = f"{key[0]}{key[1]}{key[2]}"
        if family(key, table.roles) not in equal:
            problems.append(Problem("model.free_not_tied", where=spelled))
        elif key[1] == "=~" and (table.number[:, r] < 0).all():
            problems.append(Problem("model.free_marker", where=spelled))
    if problems:
        raise refusal(ModelError, problems)


def _check_needs_no_means(terms: Sequence[Term], equal: Sequence[str]) -> None:
    """Refuse intercepts and means where a published table has none."""
    asked = [f"{t.lhs} ~ 1" for t in terms if t.op == "~1"]
    asked += [f"equal={name}" for name in equal if name in ("intercepts", "means")]
    if asked:
        raise refusal(ModelError, [Problem("model.moments_need_means", ", ".join(asked))])


def _check_units(table: Table, moments: Moments) -> None:
    """Refuse what depends on the items' units where correlations are all there is."""
    if moments.known != "correlations":
        return
    bound = [moments.names[i] for i in unit_bound(table, moments)]
    if bound:
        problem = Problem("model.moments_need_sds", ", ".join(bound), len(bound))
        raise refusal(ModelError, [problem])


def _check_count(table: Table, moments: Moments) -> None:
    count = moments.count(len(table.roles.exogenous))
    if table.n_parameters > count:
        values = {"parameters": table.n_parameters}
        raise refusal(ModelError, [Problem("model.negative_df", count=count, values=values)])


def _refuse_unidentified(table: Table, unknown: NDArray[np.int64]) -> None:
    if len(unknown):
        rows = [r for r in range(len(table.rows)) if set(table.number[:, r]) & set(unknown)]
        names = ["".join(table.rows[r]) for r in rows[:6]]
        raise refusal(ModelError, [Problem("model.unidentified", where=listing(names))])
