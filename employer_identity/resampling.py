"""What a fit's estimates would have been among other people: the score bootstrap.

A bootstrap sample gives unit u, a respondent or a cluster, the count w_u. One step of Newton's from
the estimates takes them nearly to those of that sample::

    theta* = theta + H^-1 sum_u (w_u - 1) s_u / n

with s the units' scores and H the information of one respondent (a one-step or
score bootstrap; Kline & Santos 2012 have its wild variant). No model is fitted again: a resample is
a row of a product of matrices. The covariance of such draws is the sandwich's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement import normal
from employer_identity.measurement.rows import Respondents
from employer_identity.measurement.threads import on_one_thread

if TYPE_CHECKING:
    from employer_identity.fit import Fit

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
CELLS = 4_000_000  # counts that are held at a time
MANY = 20_000  # units whose sums are normal: drawing them one by one would show nothing else


@on_one_thread
def redrawn(fit: Fit, parameters: Integers, draws: int, seed: int) -> Array:
    """Draw what some estimates would have been, as deviations from them; (draws, k).

    Clusters are drawn whole, respondents with their weights; the same seed draws the same people,
    whatever the parameters. Where only moments or sums are known, where the fit takes answers for
    normal (ML), with ordered items, and with more than 20,000 units, draws are from the normal
    distribution with the estimates' covariance.
    """
    rng = np.random.default_rng(seed)
    if not fit.information.factor.definite:
        return np.full((draws, len(parameters)), np.nan)
    rows = _units(fit)
    if rows is None:
        unit = np.zeros((fit.layout.q, len(parameters)))
        unit[parameters, np.arange(len(parameters))] = 1.0
        centre, spread = np.zeros(len(parameters)), fit.spread_of(unit)
        return rng.multivariate_normal(centre, spread, draws, check_valid="ignore", method="eigh")
    own = influences(fit, rows, parameters)
    units = len(own)
    found, size = [], max(1, CELLS // units)
    for start in range(0, draws, size):
        many = min(size, draws - start)
        chosen = rng.integers(0, units, (many, units)) + units * np.arange(many)[:, None]
        counts = np.bincount(chosen.ravel(), minlength=many * units).reshape(many, units)
        found.append((counts - 1.0) @ own)
    return np.concatenate(found)


def _units(fit: Fit) -> Respondents | None:
    """Return who can be drawn one by one, or cluster by cluster; None where draws are normal."""
    rows = fit.saturated.rows if fit.sandwich is not None and fit.ordered is None else None
    if rows is None or rows.units > MANY:
        return None
    if rows.clustered:
        return rows
    return rows.one_by_one() if rows.are_at_hand else None


def influences(fit: Fit, rows: Respondents, parameters: Integers) -> Array:
    """Return what each unit moves some estimates by, to first order; (units, k).

    Units are respondents, group after group, or clusters in the order of their numbers. The sum of
    products over units is the sandwich's covariance of the estimates.
    """
    at = normal.expand(rows.patterns, fit.implied.Sigma, fit.implied.mu)
    assert at is not None  # the estimates imply a covariance matrix
    assert fit.sandwich is not None  # plain maximum likelihood has no use for them
    bread = fit.sandwich.bread
    unit = np.zeros((bread.arrow.q, len(parameters)))
    unit[parameters, np.arange(len(parameters))] = 1.0
    columns = np.pad(bread.factor.solve(unit), ((0, 1), (0, 0))) / fit.ntotal
    parts = [
        s @ (bread.Delta[g] @ columns[bread.arrow.parameter[g]])
        for g, s in enumerate(rows.by_group(at, fit.implied.mu))
    ]
    if not rows.clustered:
        return np.concatenate(parts)
    found = np.zeros((rows.units, len(parameters)))
    for g, part in enumerate(parts):
        found[rows.cluster_numbers(g)] += part
    return found
