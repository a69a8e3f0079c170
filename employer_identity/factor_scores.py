"""Where each respondent stands on the factors, and how well that can be known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.errors import ModelError, Problem
from employer_identity.language import listing, refusal
from employer_identity.measurement.normal import ROWS, Expansion, expand
from employer_identity.measurement.rows import Rows
from employer_identity.measurement.threads import on_one_thread

if TYPE_CHECKING:
    from employer_identity.fit import Fit

Array = NDArray[np.float64]
ScoreMethod = Literal["regression", "bartlett"]
SINGULAR = 1e-10  # eigenvalues of a unit-diagonal matrix, far above rounding


@dataclass(frozen=True, eq=False)
class Weights:
    """How answers become scores, by pattern of what is there.

    Parameters
    ----------
    answers
        Weights of the deviations from the implied means, zero where nothing is seen; (B, F, p).
    level
        Factor means, (B, F).
    spread
        Variance of score less factor, (B, F).
    """

    answers: Array
    level: Array
    spread: Array


@on_one_thread
def factor_scores(fit: Fit, method: ScoreMethod = "regression") -> pd.DataFrame:
    """Return every respondent's factor scores with their standard errors.

    With y the answers somebody gave (all others are left out of Lambda, Sigma and mu) and K the
    factors' implied covariances with them, regression scores are E(eta) + K Sigma^-1 (y - mu): the
    best prediction, drawn towards the mean. Bartlett's are E(eta) + (Lambda' Sigma^-1 Lambda)^-1
    Lambda' Sigma^-1 (y - mu): unbiased for each person, and wider. The standard error is that of
    score less factor at the estimates.

    Parameters
    ----------
    method
        ``regression`` or ``bartlett``.

    Returns
    -------
    DataFrame with a column for each factor and one, ``factor_se``, for its standard error, in the
    factors' units. The index, ``row``, is the position in the frame that was fitted; rows that were
    not used are not there. A Bartlett score is missing where somebody answered too little for it.

    Raises
    ------
    ModelError
        If there are no respondents but only their moments, or Bartlett's scores are asked of a
        factor that no item measures.

    References
    ----------
    Thurstone (1935); Bartlett (1937). Checked against lavaan's lavPredict.
    """
    rows = _respondents(fit, method)
    at = expand(rows.patterns, fit.implied.Sigma, fit.implied.mu)
    assert at is not None  # the estimates imply a covariance matrix
    weights = _bartlett(fit, at) if method == "bartlett" else _regression(fit, at)
    scores = _applied(rows, fit.implied.mu, weights)
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.maximum(weights.spread, 0.0))[rows.block]
    names = fit.table.roles.factors
    columns = dict(zip(names, scores.T, strict=True))
    columns |= {f"{name}_se": s for name, s in zip(names, se.T, strict=True)}
    return pd.DataFrame(columns, index=pd.Index(rows.position, name="row"))


def determinacy(fit: Fit) -> pd.DataFrame:
    """Return the correlation of each factor with its regression scores from complete answers.

    Returns
    -------
    DataFrame with group, factor, determinacy; above .9 scores may be used for persons (Grice 2001).
    """
    if fit.ordered is not None:
        raise refusal(ModelError, [Problem("ordered.not_offered")])
    K, Phi, _ = _latent(fit)  # noqa: N806 (the notation of `Weights`)
    explained = np.einsum("gfp,gpq,gfq->gf", K, np.linalg.inv(fit.implied.Sigma), K)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.sqrt(explained / np.einsum("gff->gf", Phi))
    names, groups = fit.table.roles.factors, np.array(fit.groups, dtype=object)
    return pd.DataFrame(
        {
            "group": np.repeat(groups, len(names)), "factor": list(names) * len(groups),
            "determinacy": found.ravel(),
        }
    )  # fmt: skip


def _respondents(fit: Fit, method: str) -> Rows:
    """Return the rows to be scored; refuse what cannot be."""
    problems = []
    if fit.ordered is not None:
        problems.append(Problem("ordered.not_offered"))
    if method not in get_args(ScoreMethod):
        values = {"asked": method, "allowed": listing(get_args(ScoreMethod))}
        problems.append(Problem("model.not_available", where="method", values=values))
    if fit.ordered is None and (fit.rows is None or not fit.rows.are_at_hand):
        code = "model.scores_need_rows" if fit.rows is None else "scan.needs_rows"
        problems.append(Problem(code))
    factors = fit.table.roles.factors
    bare = [f for f in factors if not set(fit.factors[f]) - set(factors)]
    if method == "bartlett" and bare:
        problems.append(Problem("model.bartlett_needs_items", where=listing(bare)))
    if problems or fit.rows is None:
        raise refusal(ModelError, problems)
    return fit.rows.one_by_one()


def _latent(fit: Fit) -> tuple[Array, Array, Array]:
    """Return the factors' covariances with the items (G, F, p), their own, and their means."""
    m = len(fit.table.roles.factors)
    model = fit.implied
    K = (model.Phi @ model.matrices["Lambda"].transpose(0, 2, 1))[:, :m]  # noqa: N806
    mean = (model.Gamma @ model.matrices["alpha"])[:, :m, 0]
    return K, model.Phi[:, :m, :m], mean


def _regression(fit: Fit, at: Expansion) -> Weights:
    group = fit.saturated.patterns.group
    K, Phi, mean = _latent(fit)  # noqa: N806
    answers = K[group] @ at.A
    spread = np.einsum("gff->gf", Phi)[group] - np.einsum("bfp,bfp->bf", answers, K[group])
    return Weights(answers, mean[group], spread)


def _bartlett(fit: Fit, at: Expansion) -> Weights:
    """Weights of the generalised least-squares scores; missing where a pattern cannot tell.

    Stand-ins of observed variables are estimated along, from themselves.
    """
    group, m = fit.saturated.patterns.group, len(fit.table.roles.factors)
    Lambda = fit.implied.matrices["Lambda"][group]  # noqa: N806
    half = Lambda.transpose(0, 2, 1) @ at.A
    N = half @ Lambda  # noqa: N806
    size = np.einsum("bll->bl", N)
    unseen = size <= SINGULAR * np.maximum(size.max(axis=1, keepdims=True), SINGULAR)
    scale = np.sqrt(np.where(unseen, 1.0, size))
    unit = N / scale[:, :, None] / scale[:, None, :]
    places = np.arange(unit.shape[-1])
    unit[:, places, places] = 1.0
    undecided = np.linalg.eigvalsh(unit)[:, 0] < SINGULAR
    unit[undecided] = np.eye(len(places))
    inverse = np.linalg.inv(unit) / scale[:, :, None] / scale[:, None, :]
    missing = (unseen | undecided[:, None])[:, :m]
    answers = np.where(missing[:, :, None], np.nan, (inverse @ half)[:, :m])
    _, Phi, mean = _latent(fit)  # noqa: N806
    own = np.einsum("bll->bl", inverse)[:, :m] - np.einsum("gff->gf", Phi)[group]
    return Weights(answers, mean[group], np.where(missing, np.nan, own))


def _applied(rows: Rows, mu: Array, weights: Weights) -> Array:
    """Weight everybody's deviations from the implied means, some thousand rows at a time."""
    found = weights.level[rows.block]
    for start in range(0, len(found), ROWS):
        part = slice(start, start + ROWS)
        d = np.nan_to_num(rows.answers[part] - mu[rows.group[part]])
        found[part] += (weights.answers[rows.block[part]] @ d[..., None])[..., 0]
    return found
