"""The normal log-likelihood of answers with holes, as a function of Sigma and mu.

For one pattern with covariance S and mean m about mu, all cut to the items it has ::

    A = Sigma^-1,  d = m - mu,  r = A d,  Q = A (S + d d') A
    -2 logl / n = log|Sigma| + tr(A (S + d d')) + constant
    dlogl/dSigma = n (Q - A) / 2,   dlogl/dmu = n r

and the negative second derivatives in directions X, Y of Sigma and x, y of mu (n times)::

    tr(X A Y (Q - A/2)),   x' A Y r,   x' A y

Where expected, Q = A and r = 0. Second moments are listed as the lower triangle, row by row, then
the means: P = p (p + 1) / 2 + p numbers. A direction of an off-diagonal cell moves both its places.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.patterns import Patterns, embedded

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
ROWS = 512  # respondents whose scores are computed at a time: they stay in the cache


@dataclass(frozen=True, eq=False)
class Expansion:
    """The log-likelihood of each pattern about one Sigma and mu; symbols as above."""

    logdet: Array  # (B,)
    A: Array  # (B, p, p)
    r: Array  # (B, p)
    Q: Array  # (B, p, p)
    trace: Array  # tr(A (S + d d')), (B,)


def expand(patterns: Patterns, Sigma: Array, mu: Array) -> Expansion | None:
    """Expand about Sigma (G, p, p) and mu (G, p); None where one is not positive definite."""
    seen, g = patterns.seen, patterns.group
    hollow = embedded(seen, Sigma[g])
    try:
        L = np.linalg.cholesky(hollow)
        A = np.asarray(np.linalg.inv(hollow), dtype=float)
    except np.linalg.LinAlgError:
        return None
    logdet = 2.0 * np.log(np.diagonal(L, axis1=1, axis2=2)).sum(axis=1)
    if not patterns.complete:
        p = seen.shape[1]
        A[:, np.arange(p), np.arange(p)] -= ~seen
    d = np.where(seen, patterns.mean - mu[g], 0.0)
    r: Array = (A @ d[..., None])[..., 0]
    AS = A @ patterns.covariance
    Q = AS @ A + r[:, :, None] * r[:, None, :]
    trace = np.einsum("bii->b", AS) + (d * r).sum(axis=1)
    return Expansion(logdet, A, r, Q, trace)


def minus_two_logl(patterns: Patterns, at: Expansion) -> float:
    """Return -2 logl per respondent, without the constant p log(2 pi)."""
    return float(patterns.n @ (at.logdet + at.trace) / patterns.n.sum())


def by_group(patterns: Patterns, values: Array) -> Array:
    """Add up values by pattern (B, ...) to groups (G, ...), weighted by n / n of all."""
    share = patterns.n / patterns.n.sum()
    total = np.zeros((patterns.n_groups, *values.shape[1:]))
    bounds = np.searchsorted(patterns.group, np.arange(patterns.n_groups + 1))
    for g, (first, last) in enumerate(pairwise(bounds)):
        total[g] = np.tensordot(share[first:last], values[first:last], 1)
    return total


def slopes(patterns: Patterns, at: Expansion) -> tuple[Array, Array]:
    """Return the derivatives of logl per respondent by Sigma (G, p, p) and mu (G, p)."""
    second = by_group(patterns, at.Q) - by_group(patterns, at.A)
    return second / 2, by_group(patterns, at.r)


@cache
def _lower(p: int) -> tuple[Integers, Integers, Array]:
    i, j = np.tril_indices(p)
    return i, j, np.where(i == j, 0.5, 1.0)


def listed(M: Array, v: Array) -> Array:
    """Write symmetric derivatives (..., p, p) and (..., p) as (..., P), a direction a number."""
    i, j, f = _lower(v.shape[-1])
    return np.concatenate([2.0 * f * M[..., i, j], v], axis=-1)


def observed(patterns: Patterns, at: Expansion) -> Array:
    """Return the observed information of one respondent about the moments, (G, P, P)."""
    return _second(patterns, at.A, at.Q - at.A / 2, at.r)


def expected(patterns: Patterns, at: Expansion) -> Array:
    """Return the expected information of one respondent about the moments, (G, P, P)."""
    return _second(patterns, at.A, at.A / 2, np.zeros_like(at.r))


def _second(patterns: Patterns, A: Array, R: Array, r: Array) -> Array:
    p = A.shape[-1]
    i, j, f = _lower(p)
    s = len(i)
    at = np.zeros((p, p), dtype=np.int64)  # where a cell of a symmetric matrix is listed
    at[i, j] = at[j, i] = np.arange(s)
    ii, ij, ji, jj = at[i[:, None], i], at[i[:, None], j], at[j[:, None], i], at[j[:, None], j]
    found = np.zeros((patterns.n_groups, s + p, s + p))
    share = patterns.n / patterns.n.sum()
    for g in range(patterns.n_groups):
        mine = patterns.group == g
        left = (A[mine][:, i, j] * share[mine][:, None]).T
        K = left @ R[mine][:, i, j]  # A_ik R_jl at [ik, jl]
        found[g, :s, :s] = f[:, None] * f * (K[ii, jj] + K[ij, ji] + K[ji, ij] + K[jj, ii])
        k = (left @ r[mine])[at]  # A_mk r_l at [m, k, l]
        found[g, s:, :s] = f * (k[:, i, j] + k[:, j, i])
        found[g, :s, s:] = found[g, s:, :s].T
        found[g, s:, s:] = left.sum(axis=1)[at]
    return found


def scores(patterns: Patterns, at: Expansion, answers: Array, block: Integers, mu: Array) -> Array:
    """Return each respondent's derivative of logl by the moments of their group, (n, P).

    ``answers`` (n, p) with NaN where there is none, ``block`` (n,) each row's pattern.
    """
    i, j, f = _lower(answers.shape[1])
    s, first = len(i), block.min(initial=0)
    A = at.A[first : block.max(initial=0) + 1]
    expected, own = f * A[:, i, j], block - first
    d = np.nan_to_num(answers - mu[patterns.group[block]])
    found = np.empty((len(answers), s + answers.shape[1]))
    for start in range(0, len(answers), ROWS):
        rows = slice(start, start + ROWS)
        r = (A[own[rows]] @ d[rows, :, None])[..., 0]
        found[rows, :s] = f * (r[:, i] * r[:, j]) - expected[own[rows]]
        found[rows, s:] = r
    return found
