"""Who changes employer, who means to, why, and how people belong where they work.

Of the public: its own work. Shares and means are weighted; everybody answered once, so people are
independent. Intervals of shares are Wilson's with Kish's effective number of people.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from employer_identity.brand import mean_interval
from employer_identity.edge import checked
from employer_identity.errors import SurveyError
from employer_identity.language import refusal
from employer_identity.panel import MONTHS, REASON, Panel
from employer_identity.proportions import wilson
from employer_identity.structural import unknown_outcome
from employer_identity.survey import Survey
from employer_identity.weighing import weights as survey_weights

EVERYBODY = ""
"""The group of all people."""


@checked(SurveyError)
def switching(panel: Panel, group: str | None = None) -> pd.DataFrame:
    """Tell who changed employer and who intends to; nothing is hidden here yet.

    Parameters
    ----------
    panel
        The public's answers.
    group
        One of `Panel.groupings`; None: everybody only.

    Returns
    -------
    One row a question and group: question (changed, intends), group ("" for everybody), n
    (persons), share, ci_lower, ci_upper (95 %).

    Examples
    --------
    >>> ei.switching(panel, "generation")
    """
    asked = [q for q in ("changed", "intends") if q in panel.people]
    return _shares(panel, asked, group)


@checked(SurveyError)
def reasons(panel: Panel) -> pd.DataFrame:
    """Tell why people left, or mean to leave: of those who did or do, who names which driver.

    Returns
    -------
    One row a driver, most named first: question (its key), group (""), n, share, ci_lower, ci_upper
    (95 %).

    Examples
    --------
    >>> ei.reasons(panel).head(3)
    """
    named = {f"{REASON}{d.key}": d.key for d in panel.drivers if f"{REASON}{d.key}" in panel.people}
    found = _shares(panel, list(named), None)
    found["question"] = found["question"].map(named)
    return found.sort_values("share", ascending=False, kind="stable", ignore_index=True)


@checked(SurveyError)
def belonging(panel: Panel, group: str | None = None) -> pd.DataFrame:
    """Tell how people belong where they work; nothing is hidden here yet.

    Parameters
    ----------
    panel, group
        As in `switching`.

    Returns
    -------
    One row a question and group: question, group ("" for everybody), n, share (of those who agree:
    answers from ``likes_from`` on), ci_lower, ci_upper (95 %).

    Examples
    --------
    >>> ei.belonging(panel, "generation")
    """
    asked = [q.name for q in panel.instrument.belonging if q.name in panel.people]
    agree = {
        q: (panel.people[q] >= panel.public.likes_from).astype(float).where(panel.people[q].notna())
        for q in asked
    }
    return _shares(panel, asked, group, agree)


def _shares(
    panel: Panel,
    asked: list[str],
    group: str | None,
    answers: dict[str, pd.Series[float]] | None = None,
) -> pd.DataFrame:
    people, w = panel.people, panel.people["weight"]
    groups = {EVERYBODY: pd.Series(True, index=people.index)}
    if group is not None:
        column = people[group]
        groups |= {str(g): column == g for g in column.cat.categories}
    rows = []
    for question in asked:
        yes = people[question] if answers is None else answers[question]
        for name, mine in groups.items():
            own = w.where(mine & yes.notna(), 0.0)
            n, total = int((own > 0).sum()), float(own.sum())
            share = float((own * yes.fillna(0.0)).sum() / total) if total else np.nan
            effective = total**2 / float((own**2).sum()) if total else np.nan
            low, high = wilson(np.array([share]), np.array([effective]))
            rows.append((question, name, n, share, float(low[0]), float(high[0])))
    columns = ["question", "group", "n", "share", "ci_lower", "ci_upper"]
    return pd.DataFrame(rows, columns=columns)


def months_to_belong(panel: Panel) -> tuple[float, float, float]:
    """Return the mean number of months until people felt part of their team, with its interval.

    NaN where it was not asked.
    """
    if MONTHS not in panel.people:
        return np.nan, np.nan, np.nan
    alone = pd.Series(np.arange(panel.n), index=panel.people.index)
    return mean_interval(panel.people[MONTHS], alone, panel.people["weight"])


@checked(SurveyError)
def stay_regression(survey: Survey, outcome: str = "stay_intent") -> pd.DataFrame:
    """Regress an outcome of the employees' survey on all pillar scores together.

    Weighted least squares; standard errors allow for colleagues who answer alike (clusters, CR1).
    Associations: pillars that overlap share what they explain, and a single slope may then say
    little (``vif`` above 5).

    Parameters
    ----------
    survey
        The employees' answers.
    outcome
        One of its outcomes.

    Returns
    -------
    One row a pillar: pillar, n, slope (points of the outcome a point of the pillar), se, ci_lower,
    ci_upper (95 %, t with clusters less one), pvalue, vif (variance inflation), r2.

    Notes
    -----
    By statsmodels.

    Examples
    --------
    >>> ei.stay_regression(survey)[["pillar", "slope", "ci_lower", "ci_upper", "vif"]]
    """
    from statsmodels.regression.linear_model import WLS
    from statsmodels.stats.outliers_influence import variance_inflation_factor
    from statsmodels.tools.tools import add_constant

    known = [one.name for one in survey.instrument.outcomes]
    if outcome not in known:
        raise refusal(SurveyError, [unknown_outcome(outcome, known)])
    scores, w = survey.pillar_scores, survey_weights(survey)
    frame = scores.assign(_outcome=survey.answers[outcome], _w=w).dropna()
    frame = frame[frame["_w"] > 0]
    x = add_constant(frame[list(scores)])
    column = survey.instrument.cluster or survey.instrument.employer
    how: dict[str, object] = {"cov_type": "HC1"}
    if column is not None:
        groups = pd.factorize(survey.answers[column].loc[frame.index])[0]
        how = {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
    fit = WLS(frame["_outcome"], x, weights=frame["_w"]).fit(use_t=True, **how)
    ends = fit.conf_int()
    return pd.DataFrame(
        {
            "pillar": list(scores), "n": len(frame), "slope": fit.params[list(scores)].to_numpy(),
            "se": fit.bse[list(scores)].to_numpy(), "ci_lower": ends[0][list(scores)].to_numpy(),
            "ci_upper": ends[1][list(scores)].to_numpy(),
            "pvalue": fit.pvalues[list(scores)].to_numpy(),
            "vif": [variance_inflation_factor(x.to_numpy(), j) for j in range(1, x.shape[1])],
            "r2": fit.rsquared,
        }
    )  # fmt: skip
