"""`dynamic_cutoffs`: how well a model fits when it is true of such answers, and when it is not.

Answers are drawn from the fitted model, and from models with ever more that it leaves out
(misspecification), each item's variance staying as it is. Several factors: at level L the weakest
item of each of the first L factors also measures the next factor, as strongly as its own; there are
as many levels as factors but one. One factor: a third, two thirds and all of the pairs of
neighbouring items share a residual correlation of .30; fewer levels where there are few pairs. An
index has a cut-off at a level if one value turns down 95 % of the misspecified surveys and at most
5 % of those of which the model is true; else it has none, which is a result: in such answers it
cannot tell the two apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.cutoffs import NOTABLE, PLACES, beyond
from employer_identity.edge import Count, checked
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.language import listing, refusal, say
from employer_identity.measurement.departures import (
    residual_correlations,
    second_loading,
    standardised_loadings,
)
from employer_identity.measures import key_indices
from employer_identity.redraws import Redraw, redraw
from employer_identity.refits import Refit
from employer_identity.replications import Row, Work, replicate
from employer_identity.showing import Grid, Showing, View
from employer_identity.simulated import LEAST

Array = NDArray[np.float64]
CORRELATION = 0.30  # of residuals
TAIL = 0.05  # surveys on the wrong side of a cut-off
THIRDS = 3


@dataclass(frozen=True)
class Omission:
    """What a level of misspecification leaves out: in words, and the covariances with it."""

    told: str
    covariance: Array


@dataclass(frozen=True, repr=False, eq=False)
class DynamicCutoffs(Showing):
    """Cut-offs for the fit of one model to answers like these, by how wrong the model is.

    Attributes
    ----------
    observed
        CFI, RMSEA and SRMR of the model itself.
    omitted
        What each level leaves out, from level 1.
    drawn
        The indices in surveys drawn at each level, the first of which the model is true of; (reps,
        3) each, missing where a replication failed.
    reps, seed, n
        Surveys a level, the seed of their random numbers, and people in each.
    off
        How far the drawn answers' means, SDs and correlations are from the level's at most.
    """

    observed: Mapping[str, float]
    omitted: tuple[str, ...]
    drawn: tuple[Array, ...]
    reps: int
    seed: int
    n: int
    off: float

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a level.

        Columns level, omitted, cfi, rmsea, srmr (cut-offs; missing where there is none) and failed.
        """
        rows = []
        for level, (told, found) in enumerate(zip(self.omitted, self.drawn[1:], strict=True), 1):
            row: dict[str, object] = {"level": level, "omitted": told}
            for place, index in enumerate(PLACES):
                true, false = (d[~np.isnan(d[:, place]), place] for d in (self.drawn[0], found))
                share = 1.0 - TAIL if index == "cfi" else TAIL
                cutoff = float(np.quantile(false, share, method="median_unbiased"))
                tells = beyond(true, index, cutoff).mean() <= TAIL
                row[index] = cutoff if tells else np.nan
            rows.append(row | {"failed": int(np.isnan(found[:, 0]).sum())})
        return pd.DataFrame(rows)

    @property
    def failed(self) -> int:
        """Replications that came to nothing."""
        return int(sum(np.isnan(found[:, 0]).sum() for found in self.drawn))

    def _view(self) -> View:
        title = say("cutoffs.dynamic_heading", levels=len(self.omitted), reps=self.reps, n=self.n,
                    seed=self.seed)  # fmt: skip
        shown = self.table.drop(columns="failed")
        words = say("cutoffs.none")
        for index in PLACES:
            shown[index] = [words if np.isnan(v) else f"{v:.3f}" for v in shown[index]]
        values = {k: float(self.observed[k]) for k in PLACES}
        notes = [say("cutoffs.dynamic_none")] if words in shown.to_numpy() else []
        notes += [say("cutoffs.failed", n=self.failed)] if self.failed else []
        notes += [say("cutoffs.off", off=self.off)] if self.off >= NOTABLE else []
        facts = (say("cutoffs.dynamic_observed", **values), say("cutoffs.dynamic_reading"))
        return View(title, facts, Grid.of(shown, names=2), tuple(notes))


@checked(ModelError)
def dynamic_cutoffs(
    fit: Fit,
    *,
    reps: int = 500,
    seed: int = 1,
    processes: Count | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> DynamicCutoffs:
    """Make cut-offs for a model's CFI, RMSEA and SRMR from surveys that are drawn like its answers.

    How large an index is for a given fault of the model depends on the number of items, how well
    they measure, how many people answered and how. Fixed cut-offs (Hu & Bentler 1999) come from one
    model; these from the model at hand. Answers are drawn with the categories, ceilings and
    missing answers of the survey.

    Parameters
    ----------
    fit
        A measurement model of one group: of several factors, or of one with at least four items.
    reps
        Surveys a level, at least 100.
    seed
        The same seed gives the same cut-offs, with any number of processes.
    processes, progress
        As in `simulated_cutoffs`.

    Returns
    -------
    DynamicCutoffs
        Level 1 is the smallest fault. Whoever fits better than its cut-off has a model that is less
        wrong than that.

    Raises
    ------
    ModelError
        If there are groups, regressions or factors of factors, a model that fits by itself, or more
        than half of a level's replications come to nothing.

    Notes
    -----
    After McNeish & Wolf (2023), doi 10.1037/met0000425, and, for one factor, (2022), doi
    10.3758/s13428-022-01847-y; which item also measures which factor is our choice, see the module.
    The answers here are drawn in categories and with holes, there as normal.

    Examples
    --------
    >>> fit = ei.cfa(ei.simulate_survey(400), "impact =~ pro1 + pro2 + adv1 + adv2")
    >>> cutoffs = ei.dynamic_cutoffs(fit, reps=100)
    >>> cutoffs.table
    """
    _check(fit, reps)
    levels = omissions(fit)
    drawn = {"true": redraw(fit)} | {
        str(k): redraw(fit, covariance=level.covariance[None]) for k, level in enumerate(levels, 1)
    }
    wanted = dict.fromkeys(drawn, reps)
    found = replicate(Indices(Refit.of(fit), drawn), wanted, Work(seed, processes, progress))
    problems = [
        Problem("cutoffs.all_failed", name, int(failed), {"reps": reps})
        for name, each in found.items()
        if (failed := np.isnan(each[:, 0]).sum()) > reps / 2
    ]
    if problems:
        raise refusal(ModelError, problems)
    observed: dict[str, float] = dict(zip(PLACES, key_indices(fit), strict=True))
    told = tuple(level.told for level in levels)
    off = max(each.off for each in drawn.values())
    return DynamicCutoffs(observed, told, tuple(found.values()), reps, seed, fit.ntotal, off)


@dataclass(frozen=True, eq=False)
class Indices:
    """The fit of one model to surveys drawn at each level."""

    refit: Refit
    drawn: Mapping[str, Redraw]
    width: int = len(PLACES)

    def __call__(self, name: str, rng: np.random.Generator) -> Row:
        """Draw a survey and return CFI, RMSEA and SRMR; None where the fit fails."""
        survey = self.drawn[name].survey(rng)
        fit = None if survey is None else self.refit.to(survey)
        return None if fit is None else key_indices(fit)


def _check(fit: Fit, reps: int) -> None:
    """Refuse what has no dynamic cut-offs, all at once."""
    problems, roles = [], fit.table.roles
    if reps < LEAST:
        problems.append(Problem("cutoffs.few_reps", "reps", reps, {"least": LEAST}))
    if len(fit.groups) > 1:
        problems.append(Problem("cutoffs.dynamic_groups", count=len(fit.groups)))
    higher = [f for f, own in fit.factors.items() if set(own) & set(fit.factors)]
    if roles.outcomes or roles.exogenous or higher:
        problems.append(Problem("cutoffs.dynamic_structure"))
    if fit.rows is not None and not fit.rows.are_at_hand:
        problems.append(Problem("scan.needs_rows"))
    if fit.df <= 0 or (len(fit.factors) == 1 and len(fit.items) < 4):
        problems.append(Problem("cutoffs.dynamic_saturated", count=max(fit.df, 0)))
    if problems:
        raise refusal(ModelError, problems)


def omissions(fit: Fit) -> tuple[Omission, ...]:
    """Return what each level leaves out, from the smallest."""
    return _cross_loadings(fit) if len(fit.factors) > 1 else _residuals(fit)


def _cross_loadings(fit: Fit) -> tuple[Omission, ...]:
    """Let the weakest item of ever more factors measure the next factor too."""
    loadings = np.abs(standardised_loadings(fit.implied, 0))
    names, covariance, told, found = list(fit.factors), fit.implied.Sigma[0], list[str](), []
    for f, following in enumerate(names[1:]):
        own = [fit.items.index(item) for item in fit.factors[names[f]]]
        weakest = min(own, key=lambda item: float(loadings[item, f]))
        covariance, size = second_loading(fit.implied, covariance, weakest, f + 1)
        told.append(f"{following} =~ {fit.items[weakest]} ({size:.2f})")
        found.append(Omission(listing(told), covariance))
    return tuple(found)


def _residuals(fit: Fit) -> tuple[Omission, ...]:
    """Let the residuals of ever more pairs of neighbouring items correlate."""
    every = [(i, i + 1) for i in range(0, len(fit.items) - 1, 2)]
    counts = sorted({max(1, round(len(every) * k / THIRDS)) for k in range(1, THIRDS + 1)})
    found = []
    for count in counts:
        told = listing(f"{fit.items[i]} ~~ {fit.items[j]}" for i, j in every[:count])
        covariance = residual_correlations(fit.implied, every[:count], CORRELATION)
        found.append(Omission(f"{told} ({CORRELATION:.2f})", covariance))
    return tuple(found)
