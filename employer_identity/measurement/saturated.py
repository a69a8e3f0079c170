"""The saturated model: unrestricted means and covariances by group, from answers with holes.

Newton's method on the moments themselves: a step solves the patterns' observed information for
their score. Where that is not positive definite yet, the expected one takes its place (Fisher
scoring, which alone goes back and forth for long where an item lacks most of its answers). Complete
answers need none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.normal import (
    Expansion,
    expand,
    expected,
    listed,
    minus_two_logl,
    observed,
    slopes,
)
from employer_identity.measurement.patterns import Patterns
from employer_identity.measurement.rows import Respondents

Array = NDArray[np.float64]

STEPS = 200
SINGULAR = 1e-9  # smallest eigenvalue of correlations that is not rounding
TOLERANCE = 1e-10  # of the score in units of its standard error at n = 1


@dataclass(frozen=True, eq=False)
class Saturated:
    """Unrestricted moments.

    Parameters
    ----------
    Sigma, mu
        Covariances (G, p, p) and means (G, p).
    at
        The log-likelihood about them.
    patterns
        The answers they are of.
    rows
        The respondents; None where only their moments are known.
    """

    Sigma: Array
    mu: Array
    at: Expansion
    patterns: Patterns
    rows: Respondents | None = None

    @property
    def complete(self) -> bool:
        """Whether nobody left out anything."""
        return self.patterns.complete

    @cached_property
    def value(self) -> float:
        """-2 logl per respondent, without its constant."""
        return minus_two_logl(self.patterns, self.at)

    @cached_property
    def information(self) -> Array:
        """Observed information of one respondent about the moments, (G, P, P)."""
        return observed(self.patterns, self.at)

    @cached_property
    def meat(self) -> Array:
        """Covariance of the moments' scores, (G, P, P)."""
        assert self.rows is not None  # asked for only where there are respondents
        return self.rows.meat(self.at, self.mu)

    @cached_property
    def trace(self) -> float:
        """tr(H1^-1 J1) over all moments: every model of the answers needs it."""
        return float(np.einsum("gkk->", np.linalg.solve(self.information, self.meat)))


def saturate(patterns: Patterns, rows: Respondents | None = None) -> Saturated | None:
    """Find the unrestricted moments; None if there are none, or the search does not reach them."""
    Sigma, mu = available(patterns)
    here = expand(patterns, Sigma, mu)
    if here is None:
        return None
    if patterns.complete:
        return Saturated(Sigma, mu, here, patterns, rows)
    p = Sigma.shape[-1]
    i, j = np.tril_indices(p)
    for _ in range(STEPS):
        score = listed(*slopes(patterns, here))
        information = _definite(observed(patterns, here), patterns, here)
        scale = np.sqrt(np.einsum("gkk->gk", information))
        if np.abs(score / scale).max() <= TOLERANCE:
            return Saturated(Sigma, mu, here, patterns, rows)
        try:
            step = np.linalg.solve(information, score[..., None])[..., 0]
        except np.linalg.LinAlgError:
            return None
        value, length = minus_two_logl(patterns, here), 1.0
        while length > 1e-6:
            dS = np.zeros_like(Sigma)
            dS[:, i, j] = dS[:, j, i] = length * step[:, : len(i)]
            there = expand(patterns, Sigma + dS, mu + length * step[:, len(i) :])
            if there is not None and minus_two_logl(patterns, there) <= value + 1e-12 * abs(value):
                break
            length /= 2
        else:
            return None
        Sigma, mu, here = Sigma + dS, mu + length * step[:, len(i) :], there
        if _is_singular(Sigma):
            return None  # the likelihood has no bound: some items determine others
    return None


def _is_singular(Sigma: Array) -> bool:
    """Whether the correlations of some group are all but singular."""
    sd = np.sqrt(np.diagonal(Sigma, axis1=1, axis2=2))
    sizes = np.linalg.eigvalsh(Sigma / sd[:, :, None] / sd[:, None, :])
    return bool(sizes.min() < SINGULAR)


def _definite(information: Array, patterns: Patterns, at: Expansion) -> Array:
    """Return the observed information, the expected one in groups where it is not definite."""
    poor = np.linalg.eigvalsh(information)[:, 0] <= 0.0
    if poor.any():
        information = np.where(poor[:, None, None], expected(patterns, at), information)
    return information


def available(patterns: Patterns) -> tuple[Array, Array]:
    """Return variances (G, p, p) and means (G, p) of what is there; covariances if all is."""
    groups, p = patterns.n_groups, len(patterns.names)
    Sigma, mu = np.zeros((groups, p, p)), np.zeros((groups, p))
    for g in range(groups):
        mine = patterns.group == g
        n, seen = patterns.n[mine], patterns.seen[mine]
        weight = n[:, None] * seen
        mu[g] = (weight * patterns.mean[mine]).sum(axis=0) / weight.sum(axis=0)
        d = np.where(seen, patterns.mean[mine] - mu[g], 0.0)
        cross = np.einsum("b,bij->ij", n, patterns.covariance[mine] + d[:, :, None] * d[:, None, :])
        if seen.all():
            Sigma[g] = cross / n.sum()
        else:
            Sigma[g] = np.diag(np.diag(cross) / weight.sum(axis=0))
    return Sigma, mu
