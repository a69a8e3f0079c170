"""Scores of employers drawn towards their sector: the fewer people answered, the more.

A person's score is y = mu_s + u + e: the sector's mean, what is the employer's (variance tau^2) and
what is the person's (sigma^2). With gamma = tau^2 / sigma^2 an employer with n people has ::

    score = mu_s + B (mean - mu_s),   B = gamma / (gamma + 1 / n)

sigma^2 and mu_s follow from gamma, whose restricted likelihood (REML; Patterson & Thompson 1971) is
a curve in one number. It is integrated over with a flat prior of tau, since with few employers the
best value alone would make intervals too short.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from employer_identity import weighing
from employer_identity.brand import unit_names
from employer_identity.edge import checked
from employer_identity.errors import SurveyError
from employer_identity.survey import Survey

Floats = NDArray[np.float64]

LEVEL = 0.95
GRID = 400  # values of tau that are integrated over
REACH = 1e-6  # share of the largest likelihood below which nothing is added


@checked(SurveyError)
def shrunken_scores(survey: Survey) -> pd.DataFrame:
    """Return every employer's pillar scores, drawn towards its sector; nothing is hidden here.

    Where the survey declares weights, an employer's n is Kish's effective one.

    Returns
    -------
    One row an employer and pillar: sector ("" where there are none), employer, pillar, n (persons),
    n_eff (their effective number), mean (observed), score (shrunken), ci_lower, ci_upper (95 %, of
    the score), sector_mean, weight (B: how much of the score is the employer's own), sd_people
    (sigma), sd_employers (tau).

    Notes
    -----
    Checked against REML predictions of R's nlme 3.1-162. Intervals hold 95 % of the true scores of
    all employers together, fewer of those that lie far from their sector: docs/validation.md.

    Examples
    --------
    >>> ei.shrunken_scores(survey).head(3)
    """
    instrument, scores = survey.instrument, survey.pillar_scores
    names = {
        "sector": unit_names(survey, instrument.sector),
        "employer": unit_names(survey, instrument.employer),
    }
    w = weighing.weights(survey)
    return pd.concat(
        [_of_pillar(scores[pillar], w, names, pillar) for pillar in scores], ignore_index=True
    )


def _of_pillar(
    score: pd.Series[float], w: pd.Series[float], names: dict[str, pd.Series[str]], pillar: str
) -> pd.DataFrame:
    x = weighing.counting(score, w)
    keys = [names[k][x.index] for k in ("sector", "employer")]
    frame = pd.DataFrame({"w": w[x.index], "ww": w[x.index] ** 2, "wx": w[x.index] * x})
    frame["wxx"] = frame["wx"] * x
    sums = frame.groupby(keys, sort=True).sum()
    n = frame.groupby(keys, sort=True).size()
    mean = (sums["wx"] / sums["w"]).to_numpy()
    spread = np.maximum(sums["wxx"] / sums["w"] - mean**2, 0.0).to_numpy()
    effective = (sums["w"] ** 2 / sums["ww"]).to_numpy()
    sector = pd.factorize(sums.index.get_level_values(0))[0]
    units = Units(mean, effective, float((effective * spread).sum()), sector)
    found = integrated(units)
    half = ndtri(0.5 + LEVEL / 2) * found.sd
    return pd.DataFrame(
        {
            "sector": sums.index.get_level_values(0), "employer": sums.index.get_level_values(1),
            "pillar": pillar, "n": n.to_numpy(), "n_eff": effective, "mean": mean,
            "score": found.score,
            "ci_lower": found.score - half, "ci_upper": found.score + half,
            "sector_mean": found.level, "weight": found.share,
            "sd_people": np.sqrt(found.within), "sd_employers": np.sqrt(found.between),
        }
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Units:
    """What is known of J units: means and numbers of people (J,), and their sector's number (J,).

    ``within`` is the sum of squares about the units' means.
    """

    mean: Floats
    n: Floats
    within: float
    sector: NDArray[np.intp]

    @property
    def df(self) -> float:
        """People less sectors."""
        return float(self.n.sum() - (self.sector.max() + 1))


@dataclass(frozen=True, eq=False)
class Shrunken:
    """Scores of units with their SDs, (J,), and what they rest on."""

    score: Floats
    sd: Floats
    level: Floats
    share: Floats
    within: float
    between: float


def predicted(units: Units, gamma: float) -> tuple[Shrunken, float]:
    """Return scores for a ratio of variances, and -2 times its restricted log-likelihood."""
    v = gamma + 1.0 / units.n
    precision = np.bincount(units.sector, 1.0 / v)
    level = (np.bincount(units.sector, units.mean / v) / precision)[units.sector]
    left = units.mean - level
    within = (units.within + float((left**2 / v).sum())) / units.df
    criterion = units.df * np.log(within) + np.log(units.n * v).sum() + np.log(precision).sum()
    share = gamma / v
    own = within * gamma * (1.0 - share)
    common = (1.0 - share) ** 2 * (within / precision)[units.sector]
    found = Shrunken(
        level + share * left, np.sqrt(own + common), level, share, within, within * gamma
    )
    return found, float(criterion)


def integrated(units: Units) -> Shrunken:
    """Return scores averaged over the restricted likelihood of the ratio of variances."""
    spread = float(np.sqrt(np.bincount(units.sector, units.mean**2).sum() / len(units.mean)))
    spread = max(float(np.std(units.mean)), 1e-6 * max(spread, 1.0))
    person = np.sqrt(units.within / max(float(units.n.sum()) - len(units.n), 1.0))
    ratios = (np.arange(GRID) / GRID * 4.0 * spread / max(float(person), 1e-9)) ** 2
    each = [predicted(units, float(gamma)) for gamma in ratios]
    criterion = np.array([c for _, c in each])
    chance = np.exp(-0.5 * (criterion - criterion.min()))
    chance = np.where(chance > REACH, chance, 0.0)
    chance /= chance.sum()
    found = [shrunken for shrunken, _ in each]

    def mean(name: str) -> Floats:
        return np.asarray(chance @ np.stack([getattr(s, name) for s in found]))

    score = mean("score")
    about = np.stack([s.sd**2 + (s.score - score) ** 2 for s in found])
    return Shrunken(
        score, np.sqrt(chance @ about), mean("level"), mean("share"),
        float(chance @ [s.within for s in found]), float(chance @ [s.between for s in found]),
    )  # fmt: skip
