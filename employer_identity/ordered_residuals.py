"""What a model of ordered items implies of their statistics, and what it leaves unexplained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.measurement import weighted
from employer_identity.measurement.categorical import OrderedMoments
from employer_identity.measurement.responses import statistics
from employer_identity.measurement.robust import CrossedMeat
from employer_identity.measurement.weighted import WeightedSandwich

if TYPE_CHECKING:
    from employer_identity.fit import Fit

Array = NDArray[np.float64]
ROUNDING = 1e-9  # share of a statistic's variance below which its residual cannot vary


def implied_statistics(fit: Fit, moments: OrderedMoments) -> pd.DataFrame:
    """Return every threshold, mean, variance and covariance, implied and observed.

    A residual's influence on chance is that of the statistic less that of the one implied by the
    estimates. In the notation of `measurement.weighted`, with V = B^-1 M B^-1 ::

        n Var = n / n_g Gamma - 2 Gamma W J B^-1 J' + J V J'

    Returns
    -------
    DataFrame as of `residuals.implied_moments`, thresholds with op ``|``.
    """
    observed, implied = moments.statistics, statistics(fit.layout.response, fit.implied)
    se = _standard_errors(fit, moments)
    lhs, op, rhs = _keys(moments)
    groups = len(fit.groups)
    return pd.DataFrame(
        {
            "lhs": lhs * groups, "op": op * groups, "rhs": rhs * groups,
            "group": np.repeat(np.array(fit.groups, dtype=object), len(lhs)),
            "observed": observed.ravel(), "implied": implied.ravel(),
            "residual": (observed - implied).ravel(),
            "se": se.ravel(), "z": ((observed - implied) / se).ravel(),
        }
    )  # fmt: skip


def _keys(moments: OrderedMoments) -> tuple[list[str], list[str], list[str]]:
    """Return lhs, op and rhs of the statistics in their order."""
    names, places = moments.names, moments.places
    keys = []
    number = dict.fromkeys(range(len(names)), 0)
    for item in places.level.tolist():
        number[item] += 1
        rhs = f"t{number[item]}" if moments.ordered[item] else ""
        keys.append((names[item], "|" if rhs else "~1", rhs))
    keys += [(names[v], "~~", names[v]) for v in places.at_continuous]
    i, j = places.pairs
    keys += [(names[b], "~~", names[a]) for a, b in zip(i, j, strict=True)]
    return [k[0] for k in keys], [k[1] for k in keys], [k[2] for k in keys]


def _standard_errors(fit: Fit, moments: OrderedMoments) -> Array:
    """Standard errors of the statistics' residuals, (G, S); missing where they cannot vary."""
    found = weighted.sandwich(moments, fit.layout, fit.solution.theta)
    B, n = found.bread.factor, moments.n  # noqa: N806 (the notation of `weighted`)
    own = np.stack([np.diag(one) for one in moments.asymptotic]) * (n.sum() / n)[:, None]
    if isinstance(found.meat, CrossedMeat):
        variance = _crossed(found, found.meat, moments)
    else:
        J = found.bread.Delta  # noqa: N806
        WJ = weighted.weights(moments)[..., None] * J  # noqa: N806
        GWJ = np.stack([one @ w for one, w in zip(moments.asymptotic, WJ, strict=True)])  # noqa: N806
        cross = ((GWJ @ B.inverse) * J).sum(axis=2)
        fitted = ((J @ found.meat.around(B)) * J).sum(axis=2)
        variance = own - 2.0 * cross + fitted
    return np.sqrt(np.where(variance > ROUNDING * own, variance, np.nan) / fit.ntotal)


def _crossed(found: WeightedSandwich, meat: CrossedMeat, moments: OrderedMoments) -> Array:
    """Return n Var where clusters have people in several groups."""
    crossing, n = moments.crossing, moments.n.sum()
    assert crossing is not None  # clusters cross
    numbers = np.unique(np.concatenate(crossing.number))
    moved = meat.moved(found.bread.factor)
    variance = np.empty((len(moved), found.bread.Delta.shape[1]))
    for g, (Z, number) in enumerate(zip(crossing.moved, crossing.number, strict=True)):  # noqa: N806
        left = -found.bread.Delta[g] @ moved[g]
        left[:, np.searchsorted(numbers, number)] += np.sqrt(n) * Z.T
        variance[g] = (left**2).sum(axis=1)
    return variance
