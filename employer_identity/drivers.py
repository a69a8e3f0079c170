"""What people look for in an employer, what they have, and what they think is to be had elsewhere.

All in shares of people: who says that a driver matters, that the own employer offers it, and (of
the employers somebody knows) that an employer offers it. Standard errors come from influence values
summed over persons, since a person rates several employers: with persons i and influence u_i of an
estimate, se^2 = n / (n - 1) sum u_i^2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import helmert
from scipy.special import ndtri

from employer_identity.edge import Count, checked
from employer_identity.errors import SurveyError
from employer_identity.importance import relative_weights
from employer_identity.language import say
from employer_identity.panel import IMAGE, IMPORTANCE, OWN, Panel
from employer_identity.showing import Grid, Showing, View

Floats = NDArray[np.float64]
Perspective = Literal["ideal", "own", "market"]
VIEWS: tuple[Perspective, ...] = ("ideal", "own", "market")

LEVEL = 0.95
DRAWS = 4000
SURE = 0.95  # chance of being higher that sets two drivers apart
RESAMPLES = 500
GRID, REACH = 400, 4.0  # values of tau that are drawn from, up to so many times what is seen


@dataclass(frozen=True, eq=False, repr=False)
class Drivers(Showing):
    """Drivers as people see them.

    Attributes
    ----------
    table
        One row a driver, most important first: driver, n (persons who said whether it matters);
        ideal, own and market (shares) with ``_lower`` and ``_upper``; gap_own (own less ideal) and
        gap_market (market less own) in the same way; rank_ideal, rank_own and rank_market with
        ``_lower`` and ``_upper``; band (drivers of one band cannot be told apart in importance).
    """

    table: pd.DataFrame

    def _view(self) -> View:
        shares = ("ideal", "own", "market")
        shown = self.table[["driver", "n", *shares, "gap_own", "gap_market", "band"]]
        formats = dict.fromkeys(shares, ".0%") | dict.fromkeys(("gap_own", "gap_market"), "+z.0%")
        title = say("showing.drivers", count=len(self.table))
        return View(title, grid=Grid.of(shown, formats=formats))


@checked(SurveyError)
def drivers(panel: Panel, *, draws: Count = DRAWS, seed: int = 1) -> Drivers:
    """Compare what matters with what the own employer and employers at large offer.

    Parameters
    ----------
    panel
        The public's answers.
    draws, seed
        Of the simulated order.

    Returns
    -------
    Drivers

    Notes
    -----
    Shares of all who gave an answer, weighted; ``market`` is over all employers that somebody knows
    and rated, so that a widely known one counts more. Gaps are of the same people, and their
    intervals use that. Intervals of shares, of which few people make wide ones, end at 0 and 1.
    Ranks are drawn from the estimates' joint normal distribution, bands from shares that are drawn
    towards each other (`drawn_together`).

    Examples
    --------
    >>> found = ei.drivers(panel)
    >>> found.table[["driver", "ideal", "own", "gap_own"]]
    """
    keys = [d.key for d in panel.drivers]
    shares, influence, n = _estimated(panel, keys)
    spread = _covariance(influence)
    half = ndtri(0.5 + LEVEL / 2)
    found: dict[str, object] = {"driver": keys, "n": n}
    k = len(keys)
    for place, view in enumerate(VIEWS):
        at = slice(place * k, (place + 1) * k)
        se = np.sqrt(np.diag(spread)[at])
        ends = _ends(view, shares[at], half * se)
        found |= {name: np.clip(value, 0.0, 1.0) for name, value in ends.items()}
    for name, high, low in (("gap_own", 1, 0), ("gap_market", 2, 1)):
        one, other = (slice(p * k, (p + 1) * k) for p in (high, low))
        gap = influence[:, one] - influence[:, other]
        se = np.sqrt(np.diag(_covariance(gap)))
        found |= _ends(name, shares[one] - shares[other], half * se)
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_normal(shares, spread, size=draws, check_valid="ignore", method="eigh")
    for place, view in enumerate(VIEWS):
        found |= _ranks(f"rank_{view}", drawn[:, place * k : (place + 1) * k])
    order = np.argsort(-shares[:k], kind="stable")
    table = pd.DataFrame(found).iloc[order].reset_index(drop=True)
    together = drawn_together(shares[:k], spread[:k, :k], draws, rng)
    return Drivers(table.assign(band=_bands(together[:, order])))


def _estimated(panel: Panel, keys: list[str]) -> tuple[Floats, Floats, Floats]:
    """Return shares (3k,), their influence values by person (n, 3k), and n by driver (k,)."""
    people, yes_from = panel.people, panel.public.likes_from
    w = people["weight"].to_numpy(dtype=float)
    shares, influence, counts = [], [], []
    for prefix in (IMPORTANCE, OWN):
        for key in keys:
            answer = people[f"{prefix}{key}"].to_numpy(dtype=float)
            there = ~np.isnan(answer) & (w > 0)
            weight = np.where(there, w, 0.0)
            yes = np.where(there, answer >= yes_from, 0.0)
            share = weight @ yes / weight.sum()
            shares.append(share)
            influence.append(weight * (yes - share) / weight.sum())
            counts.append(there.sum())
    place = people["respondent"].reset_index(drop=True).reset_index().set_index("respondent")
    person = panel.ratings["respondent"].map(place["index"]).to_numpy(dtype=np.intp)
    of_rating = panel.ratings["weight"].to_numpy(dtype=float)
    for key in keys:
        answer = panel.ratings[f"{IMAGE}{key}"].to_numpy(dtype=float)
        there = ~np.isnan(answer) & (of_rating > 0)
        weight = np.where(there, of_rating, 0.0)
        yes = np.where(there, answer >= yes_from, 0.0)
        share = weight @ yes / weight.sum()
        shares.append(share)
        own = weight * (yes - share) / weight.sum()
        influence.append(np.bincount(person, own, len(people)))
    return np.array(shares), np.stack(influence, axis=1), np.array(counts[: len(keys)])


def _covariance(influence: Floats) -> Floats:
    n = len(influence)
    found: Floats = n / (n - 1) * influence.T @ influence
    return found


def _ends(name: str, value: Floats, half: Floats) -> dict[str, Floats]:
    return {name: value, f"{name}_lower": value - half, f"{name}_upper": value + half}


def _ranks(name: str, drawn: Floats) -> dict[str, Floats]:
    ranks = (-drawn).argsort(axis=1).argsort(axis=1) + 1
    tail = (1 - LEVEL) / 2
    low = np.quantile(ranks, tail, axis=0, method="lower")
    high = np.quantile(ranks, 1 - tail, axis=0, method="higher")
    return {name: np.median(ranks, axis=0), f"{name}_lower": low, f"{name}_upper": high}


def _bands(drawn: Floats) -> list[int]:
    """Number bands in their order: a new one begins where the first of the last is beaten."""
    bands, first = [1], 0
    for place in range(1, drawn.shape[1]):
        apart = float((drawn[:, first] > drawn[:, place]).mean()) >= SURE
        first = place if apart else first
        bands.append(bands[-1] + apart)
    return bands


@checked(SurveyError)
def derived_importance(
    panel: Panel, *, resamples: Count = RESAMPLES, seed: int = 1
) -> pd.DataFrame:
    """Tell which drivers go with liking an employer, whatever people say matters to them.

    Relative weights (Johnson 2000) of what is thought of an employer for whether one would like to
    work there, over all employers that somebody knows. An association: who likes an employer
    thinks better of all that it offers (halo), which makes the weights more alike than what moves
    people.

    Parameters
    ----------
    panel
        The public's answers.
    resamples
        Of the bootstrap over persons, with all of their ratings.
    seed
        Of the bootstrap.

    Returns
    -------
    One row a driver, largest first: driver, n (ratings that are complete), weight (share of what is
    explained), weight_lower, weight_upper (95 %, percentiles), r (correlation with liking), r2 (of
    all drivers together), band (drivers of one band cannot be told apart).

    Notes
    -----
    Checked against an independent computation in R; see tests/golden/make_importance.R. Bands come
    from shares that are drawn towards each other (`drawn_together`): the largest share found is
    partly the largest by chance. How often bands are right is in docs/validation.md.

    Examples
    --------
    >>> ei.derived_importance(panel, resamples=200)
    """
    keys = [d.key for d in panel.drivers]
    columns = ["attractive", *(f"{IMAGE}{k}" for k in keys)]
    complete = panel.ratings[columns].notna().all(axis=1) & (panel.ratings["weight"] > 0)
    rows = panel.ratings[complete]
    person = pd.factorize(rows["respondent"])[0]
    x, w = rows[columns].to_numpy(dtype=float), rows["weight"].to_numpy(dtype=float)
    sums = _moments_by_person(x - x.mean(axis=0), w, person)
    own = _weights_of(sums.sum(axis=0)[None])[0]
    rng = np.random.default_rng(seed)
    counts = _multinomial(rng, resamples, len(sums))
    drawn = _weights_of((counts @ sums.reshape(len(sums), -1)).reshape(resamples, *sums.shape[1:]))
    shares = own[:-1] / own[-1]
    spread = drawn[:, :-1] / drawn[:, -1:]
    tail = (1 - LEVEL) / 2
    order = np.argsort(-shares, kind="stable")
    r = _correlations(sums.sum(axis=0)[None])[0][0, 1:]
    table = pd.DataFrame(
        {
            "driver": keys, "n": len(x), "weight": shares,
            "weight_lower": np.quantile(spread, tail, axis=0),
            "weight_upper": np.quantile(spread, 1 - tail, axis=0), "r": r, "r2": own[-1],
        }
    )  # fmt: skip
    together = drawn_together(shares, np.cov(spread.T), DRAWS, rng)
    return table.iloc[order].reset_index(drop=True).assign(band=_bands(together[:, order]))


def drawn_together(shares: Floats, spread: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Draw shares (k,) towards each other by how uncertain they are; only their order matters.

    With estimates t of covariance S (``spread``, (k, k)) and true shares that vary about their mean
    with variance tau^2, the true ones given t have mean K t and covariance K S, K = tau^2 (tau^2 +
    S)^-1. That holds of contrasts, which the mean has left. tau is drawn from its likelihood times
    a flat prior. Returns (draws, k), about 0.
    """
    contrasts = helmert(len(shares))
    values, vectors = np.linalg.eigh(contrasts @ spread @ contrasts.T)
    turned = vectors.T @ contrasts @ shares
    values = np.maximum(values, 1e-12 * max(values[-1], 1e-12))
    reach = REACH * np.sqrt(np.mean(turned**2))
    variances = (np.arange(GRID) / GRID * reach)[:, None] ** 2 + values
    misfit = (np.log(variances) + turned**2 / variances).sum(axis=1)
    chance = np.exp(-0.5 * (misfit - misfit.min()))
    of = variances[rng.choice(GRID, draws, p=chance / chance.sum())]
    kept = 1.0 - values / of
    noise = rng.standard_normal(kept.shape) * np.sqrt(kept * values)
    drawn: Floats = (kept * turned + noise) @ vectors.T @ contrasts
    return drawn


def _moments_by_person(x: Floats, w: Floats, person: NDArray[np.intp]) -> Floats:
    """Return each person's weighted cross-products of (1, x), (C, 1 + k, 1 + k)."""
    one = np.column_stack([np.ones(len(x)), x])
    products = w[:, None, None] * one[:, :, None] * one[:, None, :]
    order = np.argsort(person, kind="stable")
    starts = np.flatnonzero(np.diff(person[order], prepend=-1))
    return np.asarray(np.add.reduceat(products[order], starts, axis=0))


def _correlations(sums: Floats) -> Floats:
    total = sums[:, 0, 0][:, None, None]
    mean = sums[:, 0, 1:] / total[:, 0]
    covariance = sums[:, 1:, 1:] / total - mean[:, :, None] * mean[:, None, :]
    sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    found: Floats = covariance / sd[:, :, None] / sd[:, None, :]
    return found


def _weights_of(sums: Floats) -> Floats:
    """Return relative weights of every draw with R^2 behind them, (b, k + 1)."""
    r = _correlations(sums)
    weights = relative_weights(r[:, 1:, 1:], r[:, 0, 1:])
    return np.column_stack([weights, weights.sum(axis=1)])


def _multinomial(rng: np.random.Generator, draws: int, n: int) -> Floats:
    return rng.multinomial(n, np.full(n, 1.0 / n), size=draws).astype(float)
