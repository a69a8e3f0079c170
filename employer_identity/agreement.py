"""May answers be averaged by employer? How alike colleagues are, and how far employers differ.

With MSB and MSW the mean squares between and within G groups of a score, n persons a group on
average and q the mean variance of a pillar's items within a group::

    ICC(1) = (MSB - MSW) / (MSB + (n - 1) MSW)        the share of a person's score that is the group's
    ICC(2) = (MSB - MSW) / MSB                        the reliability of a group's mean
    r*wg   = 1 - q / sigma^2                          agreement about the items, sigma^2 that of chance

High agreement alone proves nothing: people who answer alike everywhere agree with anybody. So each
is set beside groups of the same sizes to which the same people are dealt at random.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from employer_identity.edge import Count, checked
from employer_identity.errors import Problem, SurveyError
from employer_identity.language import Language, listing, refusal, say
from employer_identity.questionnaire import Instrument
from employer_identity.showing import Grid, Showing, View
from employer_identity.survey import Survey

Floats = NDArray[np.float64]
Null = Literal["rectangular", "triangular"]
Verdict = Literal["yes", "with_caution", "no"]

LEVEL = 0.95
RELIABLE = 0.70  # of a group's mean (ICC(2)): from here it may stand for the group
DEALS = 200  # times that people are dealt to groups at random


@dataclass(frozen=True, eq=False, repr=False)
class Agreement(Showing):
    """How alike people of a unit answer, and how far units differ.

    Attributes
    ----------
    column
        The units' column.
    null
        What chance answers look like: a name, or their variance.
    table
        One row a pillar: pillar, groups, n, n_mean (persons a group), icc1, icc1_lower, icc1_upper
        (95 %), icc2, f, pvalue (of no differences between groups), rwg_median, rwg_lower,
        rwg_upper (quartiles over groups), rwg_chance (median), rwg_chance_upper (95th percentile of
        groups dealt at random), icc1_chance_upper.
    groups
        One row a unit and pillar: unit, pillar, n, rwg.
    """

    column: str
    null: str
    table: pd.DataFrame
    groups: pd.DataFrame

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """Per pillar whether means of units may be shown as the units' own.

        ``yes``: units differ beyond chance and their means are reliable (ICC(2) of .70 or more);
        ``with_caution``: they differ, but a mean says little about a single unit; ``no``.
        """
        found: dict[str, Verdict] = {}
        for r in self.table.itertuples():
            differs = bool(r.icc1_lower > 0)
            found[str(r.pillar)] = (
                "no" if not differs else "yes" if r.icc2 >= RELIABLE else "with_caution"
            )
        return found

    def explain(self, instrument: Instrument, language: Language = "en") -> list[str]:
        """Say of which pillars means of units may be shown, and what agreement is worth."""
        told = []
        for verdict, rows in self.table.groupby(
            self.table["pillar"].map(self.verdicts), sort=False
        ):
            named = [
                say(
                    "agreement.with", language,
                    pillar=instrument.label(str(r.pillar), language), icc1=r.icc1,
                    lower=r.icc1_lower, upper=r.icc1_upper, icc2=r.icc2,
                )
                for r in rows.itertuples()
            ]  # fmt: skip
            told.append(
                say(f"agreement.verdict.{verdict}", language, named=listing(named, language))
            )
        own, chance = self.table["rwg_median"], self.table["rwg_chance"]
        ends = {"low": own.min(), "high": own.max()}
        ends |= {"chance_low": chance.min(), "chance_high": chance.max()}
        words = {name: float(value) for name, value in ends.items()}
        return [*told, say("agreement.chance", language, **words)]

    def _view(self) -> View:
        units = int(self.table["groups"].max())
        head = say("agreement.printed", column=self.column, units=units, null=self.null)
        shown = self.table[["pillar", "n", "icc1", "icc2", "rwg_median", "rwg_chance"]]
        return View(head, grid=Grid.of(shown))


@checked(SurveyError)
def agreement(
    survey: Survey,
    column: str | None = None,
    *,
    null: Null | float | Sequence[float] = "rectangular",
    deals: Count = DEALS,
    seed: int = 1,
) -> Agreement:
    """Tell whether answers may be averaged to employers, or to the units of another column.

    Parameters
    ----------
    survey
        The answers.
    column
        The units; None: the survey's employers.
    null
        Answers by chance: ``rectangular`` (every answer as likely), ``triangular`` (the middle most
        likely), a variance, or the probability of each answer from lowest to highest. Answers
        heaped at the top agree by habit: give their distribution instead.
    deals
        How often people are dealt to groups at random.
    seed
        Of the dealing.

    Returns
    -------
    Agreement

    Raises
    ------
    SurveyError
        Without a column of units, with fewer than two units of two people, or for a null that is no
        distribution of the scale's answers.

    Notes
    -----
    Bliese (2000) for the ICCs, with the mean group size; Lindell, Brandt & Whitney (1999) for r*wg;
    the interval of ICC(1) is exact for normal scores of groups of one size, and takes n0 =
    (N - sum n^2 / N) / (G - 1) for others. Unweighted: who answered more readily does not agree
    more. Checked against R's multilevel 2.7 and psych 2.2.9.

    Examples
    --------
    >>> found = ei.agreement(survey, "employer", deals=20)
    >>> found.verdicts
    """
    units = column or survey.instrument.employer
    if units is None or units not in survey.answers:
        raise refusal(SurveyError, [Problem("agreement.no_units", where=str(column or ""))])
    variance, name = _null(survey, null)
    codes, labels = _coded(survey, units)
    rng = np.random.default_rng(seed)
    rows, groups = [], []
    for pillar, items in survey.instrument.factors.items():
        answers = survey.answers[list(items)].to_numpy(dtype=float)
        complete = (codes >= 0) & ~np.isnan(answers).any(axis=1)
        x, at = answers[complete], _numbered(codes[complete])
        kept = np.unique(codes[complete])
        if len(kept) < 2 or np.bincount(at).max(initial=0) < 2:
            raise refusal(SurveyError, [Problem("agreement.too_few", where=units)])
        own = rwg(x, at, variance)
        dealt = _Deals.of(x)
        chance = [dealt.to(rng.permutation(at), variance) for _ in range(deals)]
        rows.append({"pillar": pillar, **_between(x.mean(axis=1), at), **_within(own, chance)})
        n = np.bincount(at)
        names = [labels[k] for k in kept]
        groups.append(pd.DataFrame({"unit": names, "pillar": pillar, "n": n, "rwg": own}))
    return Agreement(units, name, pd.DataFrame(rows), pd.concat(groups, ignore_index=True))


def _coded(survey: Survey, column: str) -> tuple[NDArray[np.intp], list[str]]:
    codes, labels = pd.factorize(survey.answers[column].astype(object), sort=True)
    return codes.astype(np.intp), [str(label) for label in labels]


def _numbered(codes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Number groups without gaps."""
    found: NDArray[np.intp] = np.unique(codes, return_inverse=True)[1]
    return found


def _null(survey: Survey, null: Null | float | Sequence[float]) -> tuple[float, str]:
    """Return the variance of answers by chance, and what they are called."""
    scale = survey.instrument.scale
    points = np.arange(scale.minimum, scale.maximum + 1, dtype=float)
    if null == "rectangular":
        return float((len(points) ** 2 - 1) / 12), null
    if null == "triangular":
        shares = np.minimum(np.arange(1, len(points) + 1), np.arange(len(points), 0, -1)) * 1.0
    elif isinstance(null, int | float) and null > 0:
        return float(null), f"{null:g}"
    else:
        known = {"allowed": listing(get_args(Null)), "points": len(points)}
        problem = Problem("agreement.bad_null", values=known)
        is_list = not isinstance(null, str | int | float) and len(null) == len(points)
        if not is_list or min(null) < 0 or abs(sum(null) - 1) > 0.01:  # type: ignore[arg-type]
            raise refusal(SurveyError, [problem])
        shares = np.asarray(null, dtype=float)
    shares = shares / shares.sum()
    mean = shares @ points
    variance = float(shares @ (points - mean) ** 2)
    return variance, null if isinstance(null, str) else f"{variance:.2f}"


def rwg(answers: Floats, group: NDArray[np.intp], null: float) -> Floats:
    """Return r*wg of each group, (G,), from complete answers (n, k) and group numbers (n,).

    NaN for groups of one. May be negative: people disagree more than by chance.
    """
    n = np.bincount(group).astype(float)
    sums = np.stack([np.bincount(group, column) for column in answers.T], axis=1)
    centred = answers - (sums / n[:, None])[group]
    squares = np.stack([np.bincount(group, column**2) for column in centred.T], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.where(n[:, None] > 1, squares / (n[:, None] - 1), np.nan)
    found: Floats = 1.0 - variance.mean(axis=1) / null
    return found


@dataclass(frozen=True, eq=False)
class _Deals:
    """People to be dealt to groups: what does not depend on who is where is done once.

    Answers are taken about their means, so that sums of squares lose nothing to a common level.
    """

    answers: Floats
    squares: Floats

    @classmethod
    def of(cls, answers: Floats) -> _Deals:
        """Take complete answers (n, k)."""
        about = np.ascontiguousarray((answers - answers.mean(axis=0)).T)
        return cls(about, (about**2).sum(axis=0))

    def to(self, group: NDArray[np.intp], null: float) -> tuple[Floats, float]:
        """Return agreement (G,) and ICC(1) of groups; as `rwg` and `icc` have them."""
        n, k = np.bincount(group).astype(float), len(self.answers)
        sums = np.stack([np.bincount(group, column) for column in self.answers])
        inside = np.bincount(group, self.squares) - (sums**2).sum(axis=0) / n
        with np.errstate(invalid="ignore", divide="ignore"):
            agreement = 1.0 - np.where(n > 1, inside / (n - 1) / k, np.nan) / null
        mean = sums.mean(axis=0) / n  # of scores, about the mean of all
        explained = float((n * mean**2).sum())
        between = explained / (len(n) - 1)
        within = (self._total - explained) / (n.sum() - len(n))
        return agreement, (between - within) / (between + (n.mean() - 1) * within)

    @cached_property
    def _total(self) -> float:
        """Sum of squares of the scores."""
        return float((self.answers.mean(axis=0) ** 2).sum())


def _within(own: Floats, chance: list[tuple[Floats, float]]) -> dict[str, float]:
    names, at = ("lower", "median", "upper"), (0.25, 0.5, 0.75)
    quartiles = dict(zip(names, np.nanquantile(own, at), strict=True))
    dealt = np.concatenate([r for r, _ in chance])
    return {
        **{f"rwg_{name}": float(value) for name, value in quartiles.items()},
        "rwg_chance": float(np.nanmedian(dealt)),
        "rwg_chance_upper": float(np.nanquantile(dealt, LEVEL)),
        "icc1_chance_upper": float(np.quantile([icc1 for _, icc1 in chance], LEVEL)),
    }


def _between(score: Floats, group: NDArray[np.intp]) -> dict[str, float]:
    n = np.bincount(group)
    found = icc(score, group)
    return {"groups": len(n), "n": len(score), "n_mean": len(score) / len(n), **found}


def icc(score: Floats, group: NDArray[np.intp]) -> dict[str, float]:
    """Return icc1 with its interval, icc2, f and pvalue of scores (n,) in groups (n,)."""
    n = np.bincount(group).astype(float)
    people, units = n.sum(), len(n)
    mean = np.bincount(group, score) / n
    between = float((n * (mean - score.mean()) ** 2).sum() / (units - 1))
    within = float(((score - mean[group]) ** 2).sum() / (people - units))
    size = people / units
    n0 = (people - (n**2).sum() / people) / (units - 1)
    f = between / within if within > 0 else np.inf
    tail = (1.0 - LEVEL) / 2
    low = f / stats.f.ppf(1 - tail, units - 1, people - units)
    high = f / stats.f.ppf(tail, units - 1, people - units)
    return {
        "icc1": (between - within) / (between + (size - 1) * within),
        "icc1_lower": (low - 1) / (low + n0 - 1),
        "icc1_upper": (high - 1) / (high + n0 - 1),
        "icc2": (between - within) / between if between > 0 else np.nan,
        "f": f,
        "pvalue": float(stats.f.sf(f, units - 1, people - units)),
    }
