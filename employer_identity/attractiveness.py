"""Which employers the public knows and would like to work for, and how sure their order is.

Of those to whom an employer was shown, weighted::

    awareness = know it / shown        relative = would like to work there / know it
    absolute  = would like to work there / shown = awareness x relative

The relative one ranks: it does not reward fame. Each rests on other people, so an order is drawn
from the employers' posterior distributions: shares vary over employers as a beta distribution, and
an employer that few know is drawn towards the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, expit

from employer_identity.edge import Count, checked
from employer_identity.errors import SurveyError
from employer_identity.language import say
from employer_identity.panel import Panel
from employer_identity.proportions import wilson
from employer_identity.showing import Grid, Showing, View

Floats = NDArray[np.float64]

LEVEL = 0.95
KNOWN_BY = 0.10  # least share that knows an employer that is ranked
LEAST = 100  # least number of people who do
DRAWS = 4000
SURE = 0.95  # chance of being better that sets two employers apart


@dataclass(frozen=True, eq=False, repr=False)
class Attractiveness(Showing):
    """Employers as the public sees them.

    Attributes
    ----------
    table
        One row an employer, all of them: employer, shown, known (persons), n_eff (effective number
        of those who know it), awareness, absolute and relative with ``_lower`` and ``_upper``
        (95 %), eligible.
    ranking
        One row an eligible employer, best first: employer, known, relative, pooled (drawn towards
        the others) with pooled_lower and pooled_upper, rank (median), rank_lower, rank_upper (95
        %), band (employers of one band cannot be told apart).
    least, known_by
        What makes an employer eligible.
    """

    table: pd.DataFrame
    ranking: pd.DataFrame
    least: int
    known_by: float

    @cached_property
    def bands(self) -> int:
        """How many groups of employers can be told apart; 0 without any."""
        return int(self.ranking["band"].max()) if len(self.ranking) else 0

    def _view(self) -> View:
        title = say(
            "showing.attractiveness", employers=len(self.table), eligible=len(self.ranking),
            least=self.least, known_by=self.known_by, bands=self.bands,
        )  # fmt: skip
        shown = ["employer", "known", "relative", "pooled", "rank_lower", "rank_upper", "band"]
        shares = dict.fromkeys(("relative", "pooled"), ".0%")
        ranks = dict.fromkeys(("rank_lower", "rank_upper"), ".0f")
        return View(title, grid=Grid.of(self.ranking[shown], formats=shares | ranks))


@checked(SurveyError)
def attractiveness(
    panel: Panel,
    *,
    least: int = LEAST,
    known_by: float = KNOWN_BY,
    draws: Count = DRAWS,
    seed: int = 1,
) -> Attractiveness:
    """Tell how well known and how attractive employers are, and rank them with their uncertainty.

    Parameters
    ----------
    panel
        The public's answers.
    least
        Fewest people who know an employer that is ranked.
    known_by
        Smallest awareness of an employer that is ranked, a share.
    draws, seed
        Of the simulated order.

    Returns
    -------
    Attractiveness

    Notes
    -----
    Intervals of shares are Wilson's (1927) with Kish's effective number of people, (sum w)^2 / sum
    w^2. Pooling is the beta-binomial model, its two parameters by maximum likelihood; the ranks'
    coverage is in docs/validation.md.

    Those who know an employer are no random part of the public: the more an employer is known for
    one thing, the more its friends know it.

    Examples
    --------
    >>> found = ei.attractiveness(panel)
    >>> found.ranking.query("band == 1")
    """
    table = _shares(panel)
    table["eligible"] = (table["known"] >= least) & (table["awareness"] >= known_by)
    ranked = table[table["eligible"]].reset_index(drop=True)
    return Attractiveness(table, _ranking(ranked, draws, seed), least, known_by)


def _shares(panel: Panel) -> pd.DataFrame:
    ratings, w = panel.ratings, panel.ratings["weight"]
    counting = (w > 0) & ratings["known"].notna()
    knows = counting & (ratings["known"] == 1)
    answered = knows & panel.likes.notna()
    frame = pd.DataFrame(
        {
            "employer": ratings["employer"],
            "shown": counting, "known": knows,
            "w": w.where(counting, 0.0), "w_known": w.where(knows, 0.0),
            "w_answered": w.where(answered, 0.0), "likes": (w * panel.likes).where(answered, 0.0),
        }
    )  # fmt: skip
    for name in ("w", "w_answered"):
        frame[f"{name}2"] = frame[name] ** 2
    sums = frame.groupby("employer", observed=True).sum()
    aware = sums["w_known"] / sums["w"]
    likes = _divided(sums["likes"], sums["w_answered"])
    n_shown, n_known = (_divided(sums[c] ** 2, sums[f"{c}2"]) for c in ("w", "w_answered"))
    found = pd.DataFrame({"employer": sums.index.astype(str)})
    found["shown"], found["known"] = (sums[c].to_numpy(int) for c in ("shown", "known"))
    found["n_eff"] = n_known.to_numpy()
    parts = {"awareness": (aware, n_shown), "relative": (likes, n_known)}
    parts["absolute"] = (aware * likes, n_shown)
    for name, (share, n) in parts.items():
        low, high = wilson(share.to_numpy(), n.to_numpy())
        found[name], found[f"{name}_lower"], found[f"{name}_upper"] = share.to_numpy(), low, high
    return found


def _divided(a: pd.Series[float], b: pd.Series[float]) -> pd.Series[float]:
    return a / b.where(b > 0)


# --- The order


def _ranking(ranked: pd.DataFrame, draws: int, seed: int) -> pd.DataFrame:
    columns = ["employer", "known", "relative"]
    if ranked.empty:
        return ranked[columns].assign(
            pooled=[],
            pooled_lower=[],
            pooled_upper=[],
            rank=[],
            rank_lower=[],
            rank_upper=[],
            band=[],
        )
    n = ranked["n_eff"].to_numpy()
    yes = ranked["relative"].to_numpy() * n
    a, b = pooled(yes, n)
    rng = np.random.default_rng(seed)
    drawn = rng.beta(a + yes, b + n - yes, size=(draws, len(n)))
    ranks = (-drawn).argsort(axis=1).argsort(axis=1) + 1
    tail = (1 - LEVEL) / 2
    found = ranked[columns].assign(
        pooled=(a + yes) / (a + b + n),
        pooled_lower=np.quantile(drawn, tail, axis=0),
        pooled_upper=np.quantile(drawn, 1 - tail, axis=0),
        rank=np.median(ranks, axis=0),
        rank_lower=np.quantile(ranks, tail, axis=0, method="lower").astype(int),
        rank_upper=np.quantile(ranks, 1 - tail, axis=0, method="higher").astype(int),
    )
    order = np.lexsort((found["employer"], -found["pooled"]))
    found = found.iloc[order].reset_index(drop=True)
    return found.assign(band=_bands(drawn[:, order]))


def pooled(yes: Floats, n: Floats) -> tuple[float, float]:
    """Return the beta distribution (a, b) of the employers' shares, by maximum likelihood.

    ``yes`` of ``n`` people, both effective, (k,).
    """
    mean = float(yes.sum() / n.sum())

    def misfit(at: Floats) -> float:
        m, size = expit(at[0]), np.exp(at[1])
        a, b = m * size, (1 - m) * size
        return -float((betaln(a + yes, b + n - yes) - betaln(a, b)).sum())

    start = np.array([np.log(mean / (1 - mean)) if 0 < mean < 1 else 0.0, np.log(20.0)])
    bounds = [(-8.0, 8.0), (0.0, np.log(1e6))]
    best = minimize(misfit, start, method="L-BFGS-B", bounds=bounds).x
    m, size = float(expit(best[0])), float(np.exp(best[1]))
    return m * size, (1 - m) * size


def _bands(drawn: Floats) -> list[int]:
    """Number the bands of employers in their order: a new one begins where the first is beaten.

    An employer is set apart from the first of the band above it if that one is better in at least
    95 % of the draws.
    """
    bands, first = [1], 0
    for place in range(1, drawn.shape[1]):
        apart = float((drawn[:, first] > drawn[:, place]).mean()) >= SURE
        first = place if apart else first
        bands.append(bands[-1] + apart)
    return bands
