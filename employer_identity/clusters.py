"""Questions into scales by how their answers go together; correlations in, small records out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

DRAWS = 20  # random data sets behind the parallel analysis
LEAST = 3  # questions a scale needs when nothing but the answers makes it one
WEAK = 0.3  # a question that loads less on every factor stands alone


@dataclass(frozen=True)
class Keyed:
    """One scale, each question with the direction in which it is worded.

    Attributes
    ----------
    loadings
        Loading of each question on the one factor of its scale; most are positive.
    alpha
        Standardised reliability with the questions turned in the same direction.
    """

    loadings: tuple[float, ...]
    alpha: float


def keyed(r: Matrix, members: Sequence[int]) -> Keyed:
    """Fit one factor to a scale and turn it so that most of its questions are positive.

    Where as many are negative, the scale is turned so that it goes with the other questions, and
    where there are none of those, with its own first question.
    """
    inside = list(members)
    part = r[np.ix_(inside, inside)]
    loadings = _one_factor(part)
    positive, negative = int((loadings > 0).sum()), int((loadings < 0).sum())
    others = [i for i in range(len(r)) if i not in set(inside)]
    towards = float(np.sign(loadings) @ r[np.ix_(inside, others)].sum(axis=1)) if others else 0.0
    if positive < negative or (positive == negative and (towards or loadings[0]) < 0):
        loadings = -loadings
    turned = part * np.outer(*[np.where(loadings < 0, -1.0, 1.0)] * 2)
    k = len(inside)
    alpha = k / (k - 1) * (1 - k / turned.sum()) if turned.sum() > 0 else 0.0
    return Keyed(tuple(map(float, loadings)), float(alpha))


def _one_factor(r: Matrix) -> Matrix:
    """Loadings (p,) on one factor by iterated principal axes; for two questions sqrt(|r|)."""
    loadings = _axes(r, 1)[:, 0]
    if len(r) == 2:  # any two numbers with the product r would do: the same for both
        size = np.sqrt(abs(r[0, 1]))
        return np.array([size, size * np.sign(r[0, 1])])
    return loadings if loadings.sum() >= 0 else -loadings


def closer(r: Matrix, scales: Sequence[Sequence[int]], signs: Matrix) -> dict[int, int]:
    """Return the questions that correlate more with another scale's score than with their own.

    A question's own scale is scored without it; scores are sums of turned questions.
    """
    found = {}
    for own, members in enumerate(scales):
        for i in members:
            rest = [j for j in members if j != i]
            scored = [rest if k == own else list(other) for k, other in enumerate(scales)]
            with_each = [abs(_with_score(r, i, score, signs)) for score in scored]
            best = int(np.argmax(with_each))
            if with_each[best] > with_each[own] + 0.05:
                found[i] = best
    return found


def _with_score(r: Matrix, i: int, members: Sequence[int], signs: Matrix) -> float:
    """Correlation of a question with the sum of others, each turned by its sign."""
    weights = signs[list(members)]
    variance = weights @ r[np.ix_(members, members)] @ weights
    return float(weights @ r[members, i] / np.sqrt(variance)) if variance > 0 else 0.0


# --- Scales from the answers alone


def gather(r: Matrix, n: int) -> list[list[int]]:
    """Gather questions into scales by their rotated loadings; those that fit nowhere are left out.

    Parallel analysis says how many factors there may be. While one of these is the strongest for
    fewer than three questions, it is one factor too many.
    """
    for k in range(min(factors(r, n), len(r) // LEAST), 0, -1):
        pattern = np.abs(_oblique(_axes(r, k)))
        strongest, size = pattern.argmax(axis=1), pattern.max(axis=1)
        scales = [
            [int(i) for i in np.flatnonzero((strongest == f) & (size >= WEAK))] for f in range(k)
        ]
        if all(len(scale) >= LEAST for scale in scales):
            return sorted(scales)
    return []


def factors(r: Matrix, n: int) -> int:
    """Count the eigenvalues of r above what random answers of n persons give (Horn, 1965)."""
    p, rng = len(r), np.random.default_rng(1965)
    drawn = [np.linalg.eigvalsh(_random(rng, n, p))[::-1] for _ in range(DRAWS)]
    above = np.linalg.eigvalsh(r)[::-1] > np.sort(drawn, axis=0)[-2]  # the last but one of 20
    return int(np.cumprod(above).sum())


def _random(rng: np.random.Generator, n: int, p: int) -> Matrix:
    return np.asarray(np.corrcoef(rng.normal(size=(n, p)), rowvar=False))


def _axes(r: Matrix, k: int) -> Matrix:
    """Loadings (p, k) by principal axes, communalities iterated from the largest correlation."""
    shared = np.abs(r - np.eye(len(r))).max(axis=1)
    loadings = np.zeros((len(r), k))
    for _ in range(50):
        reduced = r.copy()
        np.fill_diagonal(reduced, shared)
        roots, axes = np.linalg.eigh(reduced)
        loadings = axes[:, ::-1][:, :k] * np.sqrt(np.maximum(roots[::-1][:k], 0))
        shared = np.minimum((loadings**2).sum(axis=1), 0.98)
    return loadings


def _oblique(loadings: Matrix, power: int = 4) -> Matrix:
    """Rotate to simple structure: promax (Hendrickson and White, 1964) after varimax."""
    if loadings.shape[1] == 1:
        return loadings
    rotated = _varimax(loadings)
    target = np.sign(rotated) * np.abs(rotated) ** power
    turn = np.linalg.lstsq(rotated, target, rcond=None)[0]
    scale = np.sqrt(np.diag(np.linalg.pinv(turn.T @ turn)))
    found: Matrix = rotated @ (turn * scale)
    return found


def _varimax(loadings: Matrix) -> Matrix:
    """Rotate orthogonally, each question given the same length (Kaiser, 1958)."""
    length = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    rows = loadings / np.where(length > 0, length, 1)
    turn, reached = np.eye(loadings.shape[1]), 0.0
    for _ in range(200):
        turned = rows @ turn
        left, sizes, right = np.linalg.svd(rows.T @ (turned**3 - turned * (turned**2).mean(axis=0)))
        turn = left @ right
        if sizes.sum() < reached * (1 + 1e-8):
            break
        reached = float(sizes.sum())
    found: Matrix = loadings @ turn
    return found
