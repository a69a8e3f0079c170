"""Are these several things? Heterotrait-monotrait ratios and Fornell and Larcker's comparison."""

from __future__ import annotations

from itertools import combinations
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.edge import checked
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.language import listing, refusal
from employer_identity.reliability import reliability

Array = NDArray[np.float64]
Mean = Literal["arithmetic", "geometric"]


@checked(ModelError)
def htmt(fit: Fit, *, mean: Mean = "arithmetic") -> pd.DataFrame:
    """Return the heterotrait-monotrait ratio of each pair of factors, by group.

    With absolute Pearson correlations of the items (where answers are missing, those of maximum
    likelihood; polychoric ones of ordered items) ::

        HTMT = mean r between / sqrt(mean r within one * mean r within the other)

    Parameters
    ----------
    mean
        ``arithmetic`` (HTMT) or ``geometric`` (HTMT2, which does not ask for equal loadings).

    Returns
    -------
    DataFrame with group, factor_1, factor_2, htmt; above 1 where items of two factors go together
    more closely than those of one. Missing where a factor has a single item.

    Notes
    -----
    Henseler, Ringle & Sarstedt (2015); Roemer, Schuberth & Henseler (2021). Both checked against
    semTools 0.5-6.

    Examples
    --------
    >>> ei.htmt(fit)
    """
    measured = {f: [i for i in items if i in fit.items] for f, items in fit.factors.items()}
    at = {f: np.array([fit.items.index(i) for i in items]) for f, items in measured.items()}
    if mean not in get_args(Mean):
        values = {"asked": mean, "allowed": listing(get_args(Mean))}
        raise refusal(ModelError, [Problem("model.not_available", where="mean", values=values)])
    average = np.mean if mean == "arithmetic" else _geometric
    rows = []
    for label, covariance in zip(fit.groups, fit.moments.covariance, strict=True):
        sd = np.sqrt(np.diag(covariance))
        r = np.abs(covariance / sd[:, None] / sd)
        within = {f: _within(r[np.ix_(k, k)]) for f, k in at.items()}
        for one, other in combinations(at, 2):
            own = [average(within[f]) if len(within[f]) else np.nan for f in (one, other)]
            between = average(r[np.ix_(at[one], at[other])].ravel())
            rows.append((label, one, other, float(between / np.sqrt(own[0] * own[1]))))
    return pd.DataFrame(rows, columns=["group", "factor_1", "factor_2", "htmt"])


def _within(r: Array) -> Array:
    found: Array = r[np.tril_indices(len(r), -1)]
    return found


def _geometric(values: Array) -> float:
    with np.errstate(divide="ignore"):  # one correlation of exactly 0 makes the mean 0
        return float(np.exp(np.log(values).mean()))


def fornell_larcker(fit: Fit) -> pd.DataFrame:
    """Compare what a factor explains of its own items with what it shares with another factor.

    Returns
    -------
    DataFrame with group, factor_1, factor_2, ave_1, ave_2, r2 (squared latent correlation), passes
    (both average variances extracted exceed r2).

    Notes
    -----
    Fornell & Larcker (1981).
    """
    ave = reliability(fit).set_index(["group", "factor"])["ave"]
    pairs = fit.latent_correlations
    found = pairs[["group", "factor_1", "factor_2"]].copy()
    for k in (1, 2):
        names = zip(pairs["group"], pairs[f"factor_{k}"], strict=True)
        found[f"ave_{k}"] = [float(ave[name]) for name in names]
    found["r2"] = pairs["est"] ** 2
    found["passes"] = found[["ave_1", "ave_2"]].min(axis=1) > found["r2"]
    return found
