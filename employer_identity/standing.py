"""Where a part of the respondents stands among those around it: its sector, and the whole.

A difference is what a report prints: the mean of the unit less the mean of a reference that
*includes* the unit. With p the unit's share of the reference's weight it is (1 - p) times the
difference between the unit and everybody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from employer_identity import brand, weighing
from employer_identity.adjusting import holm

if TYPE_CHECKING:
    from employer_identity.survey import Survey

Reference = Literal["sector", "whole"]
SAME = 1e-12
"""Standard error, in points of the scale, below which all answers are equal but for rounding."""

Floats = NDArray[np.float64]
Rows = NDArray[np.bool_]


def standing(survey: Survey, column: str, unit: str) -> pd.DataFrame:
    """Compare the people of a unit with its sector and with everybody; nothing is hidden here.

    d is the unit's mean less the reference's, which includes the unit. Its standard error comes
    from influence values, by linearisation (Taylor series): with W the sum of weights and m the
    mean of the unit (u) and of the reference (r), and n persons in the reference,

        u_i = 1{i in unit} w_i / W_u (x_i - m_u) - w_i / W_r (x_i - m_r),
        se^2 = n / (n - 1) sum_i u_i^2.

    The unit's share of the reference counts as chance, too. Intervals and p values take t with as
    many degrees of freedom as the unit has persons, less one. All of it is conditional on the
    employers that took part, whose people are the sample: it says how much is chance in who
    answered, not how other employers would have done.

    Parameters
    ----------
    survey
        The answers.
    column
        The employer's or sector's column, or a grouping.
    unit
        One of its values.

    Returns
    -------
    One row a pillar, item and outcome: kind (pillar, item, outcome), name, n (persons), mean, sd,
    ci_lower, ci_upper (95 %, persons taken as independent), agree (share of the answers that agree,
    see `brand.agreeing`; missing for pillars). Then for each reference, ``sector`` and ``whole``:
    sector_n, sector_mean, sector_agree, d_sector, d_sector_lower, d_sector_upper, d_sector_pvalue.
    The sector is there for an employer all of whose people are in one; else it is missing, as is d
    where the reference is the unit alone.

    Raises
    ------
    ValueError
        If nobody is in the unit.

    References
    ----------
    Särndal, Swensson and Wretman (1992), Model Assisted Survey Sampling (linearisation). Checked
    against svytotal and svycontrast of R's survey 4.1-1.
    """
    inside = (survey.answers[column] == unit).to_numpy(dtype=bool)
    if not inside.any():
        raise ValueError(f"nobody in column {column!r} is {unit!r}")
    everybody, sector = _everybody(survey), _sector(survey, column, inside)
    with np.errstate(invalid="ignore", divide="ignore"):  # columns that nobody answered
        own = everybody.among(inside)
        half = _t(own.n) * np.sqrt(own.n / (own.n - 1) * own.square)
        found = {"n": own.n, "mean": own.mean, "sd": own.sd}
        found |= {"ci_lower": own.mean - half, "ci_upper": own.mean + half, "agree": own.agree}
        found |= _against("sector", own, everybody.among(sector))
        found |= _against("whole", own, everybody)
    frame = pd.DataFrame(_questions(survey), columns=["kind", "name"]).assign(**found)
    if not sector.any():
        frame["sector_n"] = np.nan
    return frame


@dataclass(frozen=True, eq=False)
class _People:
    """Some people's answers, and what they come to: one number a column.

    Attributes
    ----------
    x
        Answers, persons x columns; 0 where there is none.
    w
        Weights, persons x columns; 0 there, too.
    agreeing
        Lowest answer that agrees, by column; missing where there are no answers but scores.
    """

    x: Floats
    w: Floats
    agreeing: Floats

    def among(self, rows: Rows) -> _People:
        return _People(self.x[rows], self.w[rows], self.agreeing)

    @cached_property
    def n(self) -> Floats:
        return np.asarray(np.count_nonzero(self.w, axis=0))

    @cached_property
    def weight(self) -> Floats:
        return np.asarray(self.w.sum(axis=0))

    @cached_property
    def mean(self) -> Floats:
        return np.asarray(np.einsum("ij,ij->j", self.w, self.x) / self.weight)

    @cached_property
    def sd(self) -> Floats:
        square = np.einsum("ij,ij->j", self.w, (self.x - self.mean) ** 2) / self.weight
        return np.asarray(np.sqrt(self.n / (self.n - 1) * square))

    @cached_property
    def agree(self) -> Floats:
        share = np.einsum("ij,ij->j", self.w, self.x >= self.agreeing) / self.weight
        return np.where(np.isnan(self.agreeing), np.nan, share)

    def influence(self, group: _People) -> Floats:
        """What these people's answers do to the mean of a group that they are in."""
        return np.asarray(self.w * (self.x - group.mean) / group.weight)

    @cached_property
    def square(self) -> Floats:
        """Sum of squared influences on their own mean."""
        own = self.influence(self)
        return np.asarray(np.einsum("ij,ij->j", own, own))


def _questions(survey: Survey) -> list[tuple[str, str]]:
    kinds = {"item": survey.item_names, "outcome": survey.instrument.outcome_names}
    kinds = {"pillar": tuple(survey.pillar_scores)} | kinds
    return [(kind, name) for kind, names in kinds.items() for name in names]


@lru_cache(maxsize=1)  # a batch asks for unit after unit of one survey
def _everybody(survey: Survey) -> _People:
    questions = survey.answers[[*survey.item_names, *survey.instrument.outcome_names]]
    scores = survey.pillar_scores
    x = np.hstack([scores.to_numpy(dtype=float), questions.to_numpy(dtype=float)])
    w = np.where(np.isnan(x), 0.0, weighing.weights(survey).to_numpy()[:, None])
    agreeing = np.full(x.shape[1], float(brand.agreeing(survey.instrument.scale)))
    agreeing[: scores.shape[1]] = np.nan
    return _People(np.nan_to_num(x), w, agreeing)


def _sector(survey: Survey, column: str, inside: Rows) -> Rows:
    """Tell who is in the employer's sector; nobody where it has none, or several."""
    sector, nobody = survey.instrument.sector, np.zeros_like(inside)
    if sector is None or column != survey.instrument.employer:
        return nobody
    found = survey.answers[sector][inside].unique()
    if len(found) > 1:
        return nobody
    return np.asarray(survey.answers[sector] == found[0], dtype=bool)  # nobody's is a missing one


def _against(name: Reference, own: _People, reference: _People) -> dict[str, Floats]:
    """Compare the unit with a reference that includes it."""
    inside = own.influence(own)
    square = np.einsum("ij,ij->j", inside, inside - 2 * own.influence(reference))
    n = reference.n
    se = np.sqrt(n / (n - 1) * np.maximum(reference.square + square, 0.0))
    se = np.where(se < SAME, 0.0, se)
    d = np.where(se == 0, 0.0, own.mean - reference.mean)
    d[own.n == n] = np.nan  # the unit alone
    pvalue = 2 * stats.t.sf(np.where(d == 0, 0.0, np.abs(d) / se), own.n - 1)
    half = _t(own.n) * se
    found = {f"{name}_n": n, f"{name}_mean": reference.mean, f"{name}_agree": reference.agree}
    difference = {"": d, "_lower": d - half, "_upper": d + half, "_pvalue": pvalue}
    return found | {f"d_{name}{end}": value for end, value in difference.items()}


def _t(n: Floats) -> Floats:
    return np.asarray(stats.t.ppf(0.5 + brand.LEVEL / 2, n - 1))


def standing_out(
    frame: pd.DataFrame, reference: Reference, kind: str = "item", *, level: float = 0.05
) -> pd.DataFrame:
    """Return the rows of `standing` that differ from the reference, the highest above it first.

    Holm's (1979) procedure over the rows of one kind (item, pillar or outcome) keeps the chance of
    naming any of them wrongly at `level`.

    Returns
    -------
    Rows of `frame`, with pvalue_holm.
    """
    rows = frame[frame["kind"] == kind]
    rows = rows.assign(pvalue_holm=holm(rows[f"d_{reference}_pvalue"].to_numpy()))
    apart = rows[rows["pvalue_holm"] < level]
    return apart.sort_values(f"d_{reference}", ascending=False, kind="stable", ignore_index=True)
