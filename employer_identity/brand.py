"""The numbers of an employer-brand study: levels of the pillars, and what goes with them.

Where the survey declares a weight, means, spreads, correlations and shares of answers are weighted;
n counts persons. Intervals come from influence values summed over clusters, so that they hold
whatever the shape of the answers and allow for colleagues who answer alike: with clusters c and
influence values u_i of an estimate, se^2 = C / (C - 1) * sum_c (sum_{i in c} u_i)^2. Without a
cluster everybody is a cluster.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from employer_identity import weighing

if TYPE_CHECKING:
    from employer_identity.questionnaire import Scale
    from employer_identity.survey import Survey

LEVEL = 0.95
UNKNOWN = "?"
"""The employer or sector of those who gave none."""


class Interval(NamedTuple):
    """An estimate with its interval."""

    estimate: float
    lower: float
    upper: float


def clusters_of(survey: Survey) -> pd.Series[int]:
    """Number everybody's cluster: the declared one, else the employer, else the person.

    Where everybody is in one cluster everybody is one, as in the measurement model.
    """
    column = survey.instrument.cluster or survey.instrument.employer
    people = pd.Series(np.arange(survey.n), index=survey.answers.index)
    if column is None:
        return people
    codes = pd.Series(pd.factorize(survey.answers[column])[0], index=survey.answers.index)
    alone = codes < 0  # no employer given: a cluster of one
    codes[alone] = codes.max() + 1 + np.arange(alone.sum())
    return codes if codes.nunique() > 1 else people


def is_clustered(survey: Survey) -> bool:
    """Whether anybody shares a cluster with somebody else."""
    return bool(clusters_of(survey).nunique() < survey.n)


def standard_error(influence: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    """Return the standard error of an estimate, and the t quantile that goes with it."""
    sums = np.bincount(pd.factorize(clusters)[0], weights=influence)
    if sums.size < 2:
        return np.nan, np.nan
    se = np.sqrt(sums.size / (sums.size - 1) * np.sum(sums**2))
    return float(se), float(stats.t.ppf(0.5 + LEVEL / 2, sums.size - 1))


def mean_interval(
    values: pd.Series[float], clusters: pd.Series[int], weights: pd.Series[float]
) -> Interval:
    """Return a weighted mean and its interval; those who did not answer are left out."""
    x = weighing.counting(values, weights)
    if x.empty:
        return Interval(np.nan, np.nan, np.nan)
    groups = clusters[x.index].to_numpy()
    if np.unique(groups).size < 2:
        return Interval(weighing.mean(x, weights), np.nan, np.nan)
    from statsmodels.regression.linear_model import WLS

    level = WLS(x.to_numpy(), np.ones(x.size), weights=weights[x.index].to_numpy()).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
    )
    lower, upper = level.conf_int(1 - LEVEL)[0]
    return Interval(float(level.params[0]), float(lower), float(upper))


def correlation_interval(
    x: pd.Series[float],
    y: pd.Series[float],
    clusters: pd.Series[int],
    weights: pd.Series[float],
) -> Interval:
    """Return Pearson's r, weighted, and its interval on Fisher's scale, of those who answered both.

    With z the standardised answers, a person's influence is w / sum(w) * (z_x z_y - r / 2 (z_x^2 +
    z_y^2)).
    """
    both = pd.DataFrame({"x": x, "y": y}).dropna()
    both = both[weights[both.index] > 0]
    part = (weights[both.index] / weights[both.index].sum()).to_numpy()
    centred = both.to_numpy() - part @ both.to_numpy()
    spread = np.sqrt(part @ centred**2)
    if len(both) < 4 or not (spread > 0).all():
        return Interval(np.nan, np.nan, np.nan)
    z = centred / spread
    r = float(part @ (z[:, 0] * z[:, 1]))
    influence = part * (z[:, 0] * z[:, 1] - r / 2 * (z**2).sum(axis=1))
    se, t = standard_error(influence, clusters[both.index].to_numpy())
    lower, upper = np.tanh(np.arctanh(r) + np.array([-1, 1]) * t * se / (1 - r**2))
    return Interval(r, float(lower), float(upper))


def levels(survey: Survey) -> pd.DataFrame:
    """Mean pillar scores of everybody.

    Returns
    -------
    One row a pillar: pillar, n, mean, sd, ci_lower, ci_upper; on the answering scale, 95 %
    intervals.
    """
    scores, clusters, weights = survey.pillar_scores, clusters_of(survey), weighing.weights(survey)
    rows = []
    for pillar in scores:
        n = len(weighing.counting(scores[pillar], weights))
        level, lower, upper = mean_interval(scores[pillar], clusters, weights)
        rows.append((pillar, n, level, weighing.sd(scores[pillar], weights), lower, upper))
    return pd.DataFrame(rows, columns=["pillar", "n", "mean", "sd", "ci_lower", "ci_upper"])


def group_levels(survey: Survey, column: str, groups: Iterable[str]) -> pd.DataFrame:
    """Mean pillar scores of each group of a column.

    Returns
    -------
    One row a pillar and group, pillars first: the columns of `levels`, with column and group.
    """
    parts = []
    for group in groups:
        inside = survey.answers[survey.answers[column] == group]
        parts.append(levels(replace(survey, answers=inside)).assign(column=column, group=group))
    found = pd.concat(parts, ignore_index=True)
    order = list(survey.instrument.factors)
    return found.sort_values(
        "pillar", kind="stable", ignore_index=True, key=lambda p: p.map(order.index)
    )


def weighting(survey: Survey) -> pd.DataFrame:
    """Compare mean pillar scores with weights and without, of the same persons.

    Returns
    -------
    One row a pillar: pillar, n, weighted, unweighted, difference (weighted less unweighted).
    """
    scores, weights, rows = survey.pillar_scores, weighing.weights(survey), []
    for pillar in scores:
        x = weighing.counting(scores[pillar], weights)
        weighted, unweighted = weighing.mean(x, weights), float(x.mean())
        rows.append((pillar, len(x), weighted, unweighted, weighted - unweighted))
    return pd.DataFrame(rows, columns=["pillar", "n", "weighted", "unweighted", "difference"])


def associations(survey: Survey) -> pd.DataFrame:
    """Correlations of the pillar scores with the outcomes, each pair on its own.

    Returns
    -------
    One row an outcome and pillar: outcome, pillar, n, r, ci_lower, ci_upper; 95 % intervals.
    """
    scores, clusters, weights = survey.pillar_scores, clusters_of(survey), weighing.weights(survey)
    rows = []
    for outcome in survey.instrument.outcomes:
        answers = survey.answers[outcome.name]
        for pillar in scores:
            n = len(weighing.counting(scores[pillar][answers.notna()], weights))
            found = correlation_interval(scores[pillar], answers, clusters, weights)
            rows.append((outcome.name, pillar, n, *found))
    columns = ["outcome", "pillar", "n", "r", "ci_lower", "ci_upper"]
    return pd.DataFrame(rows, columns=columns)


def unit_levels(survey: Survey) -> pd.DataFrame:
    """Mean pillar scores of each sector and employer; nothing is hidden here yet.

    Returns
    -------
    One row a unit and pillar: sector, employer ("" in a sector's own row), pillar, n (persons with
    a score), mean, sd, se (of the mean, within the unit); sectors and employers in alphabetical
    order. Without sectors `sector` is "".
    """
    keys = {"sector": survey.instrument.sector, "employer": survey.instrument.employer, "": None}
    names = {key: unit_names(survey, column) for key, column in keys.items()}
    scores, parts = survey.pillar_scores.assign(weight=weighing.weights(survey)), []
    for pillar in survey.instrument.factors:  # one at a time: all are many rows
        own = scores[[pillar, "weight"]].rename(columns={pillar: "score"})
        for by in ("sector", "employer"):
            if keys[by]:
                units = [names["sector"], names["employer"] if by == "employer" else names[""]]
                parts.append(_by_unit(own, units).assign(pillar=pillar))
    order = ["sector", "employer", "pillar"]
    found = pd.concat(parts, ignore_index=True).sort_values(order, ignore_index=True)
    return found[[*order, *(c for c in found if c not in order)]]


def _by_unit(own: pd.DataFrame, keys: list[pd.Series[str]]) -> pd.DataFrame:
    """Describe the scores of every unit at once; the formulas are those of `weighing`."""
    weight = own["weight"].where(own["score"].notna(), 0.0)
    units = [key.rename(name) for key, name in zip(keys, ("sector", "employer"), strict=True)]
    part = weight / weight.groupby(units).transform("sum")
    level = (part * own["score"]).groupby(units).transform("sum")
    square = (own["score"] - level) ** 2
    each = {"n": weight > 0, "mean": part * own["score"], "sd": part * square}
    each["se"] = part**2 * square
    found = pd.DataFrame(each).groupby(units, sort=True).sum()
    nobody, alone = found["n"] == 0, found["n"] < 2  # no mean, no spread
    found.loc[nobody, "mean"] = np.nan
    found.loc[alone, ["sd", "se"]] = np.nan
    spread = ["sd", "se"]
    found[spread] = np.sqrt(found[spread].mul(found["n"] / (found["n"] - 1), axis=0))
    return found.reset_index()


def unit_names(survey: Survey, column: str | None, *, unknown: str = UNKNOWN) -> pd.Series[str]:
    """Name everybody's unit; those without one are a unit of their own. Without a column: ""."""
    if column is None:
        return pd.Series("", index=survey.answers.index)
    return survey.answers[column].astype(object).where(survey.answers[column].notna(), unknown)


def margins(survey: Survey) -> pd.DataFrame:
    """Count who answered, by each grouping; nothing is hidden here yet.

    Returns
    -------
    One row a category: grouping, category ("" for not stated), n, share (of everybody).
    """
    rows = []
    for grouping in survey.instrument.groupings:
        column = survey.answers[grouping.column]
        counts = column.value_counts(sort=False, dropna=True)
        order = column.cat.categories if hasattr(column, "cat") else sorted(counts.index)
        rows += [(grouping.column, str(value), int(counts.get(value, 0))) for value in order]
        rows.append((grouping.column, "", int(column.isna().sum())))
    frame = pd.DataFrame(rows, columns=["grouping", "category", "n"])
    frame["share"] = frame["n"] / max(survey.n, 1)
    return frame[frame["n"] > 0].reset_index(drop=True)


def agreeing(scale: Scale) -> int:
    """Return the lowest answer that agrees: the second highest of five or more, else the highest.

    Examples
    --------
    >>> agreeing(Scale(minimum=1, maximum=7))
    6
    """
    points = scale.maximum - scale.minimum + 1
    return scale.maximum - (points >= 5)


def agreed(scale: Scale) -> tuple[int, ...]:
    """Return the answers that agree, from `agreeing` on."""
    return tuple(range(agreeing(scale), scale.maximum + 1))


def agreement(scale: Scale) -> str:
    """Write the answers that agree: ``6`` to ``7`` with a dash between, or the highest alone."""
    lowest = agreeing(scale)
    return f"{lowest}–{scale.maximum}" if lowest < scale.maximum else f"{lowest}"  # noqa: RUF001


def agree(survey: Survey, name: str) -> Interval:
    """Return the share that agrees with an item or outcome (see `agreeing`), and its 95 % interval.

    Of those who answered; the interval ends at 0 and 1, and is NaN where fewer than two people did.
    """
    answers = survey.answers[name]
    yes = (answers >= agreeing(survey.instrument.scale)).astype(float).where(answers.notna())
    ends = mean_interval(yes, clusters_of(survey), weighing.weights(survey))
    return Interval(*np.clip(ends, 0.0, 1.0))


def item_levels(survey: Survey) -> pd.DataFrame:
    """Describe the items one by one.

    Returns
    -------
    One row an item: pillar, item, n, mean, sd, missing (share of all persons without an answer),
    and of the answers the shares ceiling (highest answer) and agree (see `agreeing`).
    """
    items = survey.instrument.items
    frame = _described(survey, [i.name for i in items]).rename(columns={"name": "item"})
    frame.insert(0, "pillar", [i.pillar for i in items])
    return frame


def outcome_levels(survey: Survey) -> pd.DataFrame:
    """Describe the outcomes one by one.

    Returns
    -------
    One row an outcome: outcome, n, mean, sd, missing, ceiling, agree as in `item_levels`, and
    ci_lower, ci_upper of the mean (95 %).
    """
    names = list(survey.instrument.outcome_names)
    clusters, weights = clusters_of(survey), weighing.weights(survey)
    ends = [mean_interval(survey.answers[name], clusters, weights)[1:] for name in names]
    frame = _described(survey, names).rename(columns={"name": "outcome"})
    return frame.assign(ci_lower=[e[0] for e in ends], ci_upper=[e[1] for e in ends])


def _described(survey: Survey, names: list[str]) -> pd.DataFrame:
    weights, rows = weighing.weights(survey), []
    for name in names:
        x, shares = survey.answers[name], distribution(survey, name)
        n, scale = len(weighing.counting(x, weights)), survey.instrument.scale
        level, spread = weighing.mean(x, weights), weighing.sd(x, weights)
        agree = float(shares.loc[agreeing(scale) :].sum())
        top = float(shares.loc[scale.maximum])
        rows.append((name, n, level, spread, x.isna().mean(), top, agree))
    columns = ["name", "n", "mean", "sd", "missing", "ceiling", "agree"]
    return pd.DataFrame(rows, columns=columns)


def distribution(survey: Survey, name: str) -> pd.Series[float]:
    """Return the share of each answer of the scale, of those who answered; 0 where nobody did."""
    scale, weights = survey.instrument.scale, weighing.weights(survey)
    x = weighing.counting(survey.answers[name], weights)
    points = range(scale.minimum, scale.maximum + 1)
    sums = weights[x.index].groupby(x).sum().reindex(points, fill_value=0.0)
    return sums / max(float(sums.sum()), np.finfo(float).tiny)


def straight_liners(survey: Survey) -> pd.Series[bool]:
    """Tell who answered every item, and each one with the same answer.

    The answer is the one that was ticked: reversed items are turned back for it.
    """
    scale = survey.instrument.scale
    turned = [i.name for i in survey.instrument.items if i.reverse]
    ticked = survey.answers[list(survey.item_names)].copy()
    ticked[turned] = scale.minimum + scale.maximum - ticked[turned]
    alike: pd.Series[bool] = ticked.notna().all(axis=1) & (ticked.min(axis=1) == ticked.max(axis=1))
    return alike


def without_straight_liners(survey: Survey) -> Survey:
    """Return the survey without those who gave the same answer to every item."""
    rows = survey.answers[~straight_liners(survey)].reset_index(drop=True)
    return replace(survey, answers=rows)
