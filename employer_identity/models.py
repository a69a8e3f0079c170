"""`compare_models`: one factor, two, all correlated, second-order, bifactor; which scores hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from employer_identity.bounds import bounded, fitted, negative
from employer_identity.cfa import Prepared, cfa, prepare
from employer_identity.checks import Estimator, Missing, check_options
from employer_identity.edge import checked
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.language import refusal
from employer_identity.measurement.moments import Moments
from employer_identity.model_comparison import Candidate, ModelComparison
from employer_identity.questionnaire import Instrument
from employer_identity.recommendation import Limits
from employer_identity.structures import (
    Factors,
    Parts,
    Structure,
    bifactor,
    correlated,
    one_factor,
    parts_of,
    second_order,
    two_factors,
)
from employer_identity.survey import Survey


@checked(ModelError)
def compare_models(
    data: Survey | pd.DataFrame | Moments,
    *,
    factors: Mapping[str, Sequence[str]] | None = None,
    estimator: Estimator | None = None,
    missing: Missing | None = None,
    ordered: Sequence[str] | bool = (),
    weights: str | Literal[False] | None = None,
    cluster: str | Literal[False] | None = None,
    limits: Limits | None = None,
) -> ModelComparison:
    """Fit the models that an instrument's items might follow, and say which scores to report.

    One factor, two (see `structures.parts_of`), the instrument's own correlated factors,
    second-order and bifactor, each fitted to the same answers of everybody together. A model
    without a minimum is a row that says so. Where variances of the second-order model come out
    below zero they are held at 0 (`bounds`); the bifactor model counts only if it is proper.

    Parameters
    ----------
    data
        A `Survey`, a frame with a numeric column for each item, or `Moments`.
    factors
        Factor -> its items; None: the instrument's.
    estimator, missing, ordered, weights, cluster
        As in `cfa`. Of items in ordered categories there is no BIC, which needs a likelihood; HTMT
        is of polychoric correlations; a residual variance below 0 of an ordered item is improper.
    limits
        What the recommendation holds against; None: `recommendation.Limits()`.

    Returns
    -------
    ModelComparison

    Raises
    ------
    ModelError
        If there are no factors, a factor has fewer than two items or an item two factors, or the
        data cannot serve the models.

    Examples
    --------
    >>> comparison = ei.compare_models(survey)
    >>> comparison.recommendation.scores
    """
    check_options(estimator, missing)
    instrument = getattr(data, "instrument", None)
    measured = _factors(instrument, factors)
    first = correlated(measured) if len(measured) > 1 else one_factor(measured)
    prepared = prepare(
        data, first.text, None, None, estimator=estimator, missing=missing, ordered=ordered,
        weights=weights, cluster=cluster,
    )  # fmt: skip
    own = _candidate(prepared, first)
    parts = parts_of(measured, _latent(own.fit))
    found = {first.name: own}
    for structure in _others(measured, parts):
        found[structure.name] = _candidate(prepared, structure, own.fit)
    order = ("one_factor", "two_factors", "correlated", "second_order", "bifactor")
    candidates = {name: found[name] for name in order if name in found}
    known = instrument if factors is None else None
    notes = prepared.sample.notes
    return ModelComparison(candidates, measured, parts, limits or Limits(), known, notes)


def _factors(
    instrument: Instrument | None, factors: Mapping[str, Sequence[str]] | None
) -> dict[str, tuple[str, ...]]:
    """Return the factors asked for, or the instrument's; refuse what no model can be made of."""
    asked = instrument.factors if factors is None and instrument is not None else factors
    if not asked:
        raise refusal(ModelError, [Problem("models.no_factors")])
    found = {str(name): tuple(items) for name, items in asked.items()}
    problems = [Problem("models.few_items", name) for name, own in found.items() if len(own) < 2]
    items = [item for own in found.values() for item in own]
    twice = dict.fromkeys(item for item in items if items.count(item) > 1)
    problems += [Problem("models.item_twice", item) for item in twice]
    if problems:
        raise refusal(ModelError, problems)
    return found


def _others(factors: Factors, parts: Parts | None) -> list[Structure]:
    """List the models beside the instrument's own; two factors have none between."""
    if len(factors) < 2:
        return []
    found = [one_factor(factors), bifactor(factors)]
    if parts is not None:
        found.append(two_factors(factors, parts))
    if len(factors) > 2:
        found.append(second_order(factors))
    return found


def _candidate(prepared: Prepared, structure: Structure, like: Fit | None = None) -> Candidate:
    """Fit one model; what fails is kept as its reason.

    A bifactor model that has no minimum takes all the steps there are. Where answers are missing
    each is dear, so it is first sought in the moments by full information: where these hold no
    minimum the answers are taken to hold none.
    """
    near = None
    try:
        holes = not (prepared.ordered.thresholds or prepared.sample.evidence.complete)
        if structure.name == "bifactor" and holes:
            moments = prepared.sample.moments
            near = cfa(moments, structure.text, std_lv=True, orthogonal=True).values
        fit = fitted(prepared, structure, like=like, near=near)
    except ModelError as refused:
        return Candidate(structure, None, refused.problems)
    if structure.name != "second_order" or not negative(fit):
        return Candidate(structure, fit)
    try:
        held, at_zero = bounded(prepared, structure, fit)
    except ModelError as refused:
        return Candidate(structure, fit, refused.problems)
    return Candidate(structure, held, (), at_zero)


def _latent(fit: Fit | None) -> np.ndarray | None:
    """Return the factors' correlations (m, m) as estimated; None where there are none."""
    if fit is None:
        return None
    m = len(fit.factors)
    phi = fit.implied.Phi[0, :m, :m]
    sd = np.sqrt(np.diag(phi))
    found: np.ndarray = phi / sd[:, None] / sd
    return found
