"""Would the means be recovered? Answers drawn from the aligned solution, aligned again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.cfa import Prepared, estimate
from employer_identity.checks import Estimator, Missing
from employer_identity.edge import Count, fits
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.language import refusal, say
from employer_identity.levels import FAMILIES
from employer_identity.measurement.aligning import minimise, moved
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.responses import standardised
from employer_identity.measurement.threads import on_one_thread
from employer_identity.sample import Asked, take
from employer_identity.showing import Grid, Showing, View

if TYPE_CHECKING:
    from employer_identity.aligned import Alignment

Array = NDArray[np.float64]
RECOVERED = 0.98
"""Correlation of recovered with true means from which aligned means are trusted (Muthen &
Asparouhov 2014)."""
STARTS = 6  # of a draw's alignment: the solution it was drawn from is among them


@dataclass(frozen=True, eq=False, repr=False)
class AlignmentCheck(Showing):
    """How well aligned means are recovered at these groups' sizes.

    Attributes
    ----------
    draws
        A row a draw and factor: draw, factor, correlation, rmse.
    reps, failed
        Draws that were made, and how many of them came to no solution.
    """

    draws: pd.DataFrame
    reps: int
    failed: int

    @property
    def table(self) -> pd.DataFrame:
        """By factor: mean correlation and root mean square error of the means, recovered or not.

        Columns factor, correlation, correlation_lowest (5 % of draws are below), rmse (in standard
        deviations of the reference group), recovered (correlation of at least .98, with a
        solution for at least half of the draws).
        """
        rows = []
        for factor, own in self.draws.groupby("factor", sort=False):
            r = own["correlation"]
            recovered = bool(r.mean() >= RECOVERED) and self.failed <= self.reps / 2
            rmse = float(np.sqrt((own["rmse"] ** 2).mean()))
            rows.append(
                {"factor": factor, "correlation": r.mean(), "correlation_lowest": r.quantile(0.05),
                 "rmse": rmse, "recovered": recovered}
            )  # fmt: skip
        columns = ["factor", "correlation", "correlation_lowest", "rmse", "recovered"]
        return pd.DataFrame(rows, columns=columns)

    def recovers(self, factor: str) -> bool:
        """Whether a factor's means are recovered well enough to be trusted."""
        found = self.table.set_index("factor")["recovered"]
        return bool(found.get(factor, False))

    def _view(self) -> View:
        title = say("alignment.check", reps=self.reps, failed=self.failed)
        return View(title, (), Grid.of(self.table), (say("alignment.check_limit", r=RECOVERED),))


@on_one_thread
def check(alignment: Alignment, reps: int, seed: int) -> AlignmentCheck:
    """Draw complete answers from the aligned solution, and align them again; see `Alignment`."""
    _count(reps)
    rng = np.random.default_rng(seed)
    true = {f: found.moved.mean for f, found in alignment.factors.items()}
    rows, failed = [], 0
    for draw in range(reps):
        try:
            fit = configural(_drawn(alignment, rng), alignment.fit.group, alignment.fit.values)
        except ModelError:
            failed += 1
            continue
        means = _means(alignment, fit)
        if means is None:
            failed += 1
            continue
        for factor, mean in means.items():
            gap = mean - true[factor]
            r = np.corrcoef(mean, true[factor])[0, 1] if np.ptp(true[factor]) > 0 else np.nan
            error = np.sqrt((gap[1:] ** 2).mean())  # of the reference group nothing is estimated
            rows.append({"draw": draw, "factor": factor, "correlation": r, "rmse": error})
    columns = ["draw", "factor", "correlation", "rmse"]
    return AlignmentCheck(pd.DataFrame(rows, columns=columns), reps, failed)


def _count(reps: object) -> None:
    """Refuse what is no number of draws."""
    if fits(reps, Count):
        return
    values = {"call": "alignment.check", "allowed": say("edge.count", least=1), "given": str(reps)}
    raise refusal(ModelError, [Problem("edge.unfit", "reps", values=values)])


def configural(prepared: Prepared, group: str | None, near: Array | None = None) -> Fit:
    """Fit what alignment begins with: every group's factors have mean 0 and variance 1.

    Of ordered items with equal thresholds, which give the responses behind the answers one origin
    and unit; their loadings, intercepts and residual variances are each group's own.
    """
    equal = (FAMILIES["threshold"],) if prepared.ordered.thresholds else ()
    return estimate(prepared, group, equal=equal, std_lv=True, near=near)


def lines_of(fit: Fit, factor: str) -> tuple[Array, Array]:
    """Return a factor's loadings and its items' intercepts, (p, G)."""
    at = [fit.items.index(item) for item in fit.factors[factor]]
    column = list(fit.factors).index(factor)
    M = fit.implied.matrices  # noqa: N806
    return M["Lambda"][:, at, column].T, M["nu"][:, at, 0].T


def places_of(fit: Fit, factor: str) -> NDArray[np.int64]:
    """Return which parameters a factor's loadings and intercepts are, (2p, G); -1: fixed."""
    at = [fit.items.index(item) for item in fit.factors[factor]]
    column, twin = list(fit.factors).index(factor), fit.layout.twin
    nu = twin["nu"].reshape(len(fit.groups), -1)
    return np.concatenate([twin["Lambda"][:, at, column].T, nu[:, at].T])


def _means(alignment: Alignment, fit: Fit) -> dict[str, Array] | None:
    """Align a draw; None where a factor has no proper minimum."""
    found = {}
    for factor, own in alignment.factors.items():
        loadings, intercepts = lines_of(fit, factor)
        lines = replace(own.lines, loadings=loadings, intercepts=intercepts)
        at = minimise(lines, STARTS, 1, (own.optimum.t, own.optimum.alpha))
        if at is None:
            return None
        found[factor] = moved(lines, at).mean
    return found


def _drawn(alignment: Alignment, rng: np.random.Generator) -> Prepared:
    """Draw complete answers of as many people in each group, and prepare them."""
    fit, prepared = alignment.fit, alignment.prepared
    answers, codes = _answers(fit, rng)
    names, labels = fit.items, fit.groups
    ordered = tuple(prepared.ordered.thresholds)
    holes: Missing = "pairwise" if ordered else "listwise"
    how: Estimator = "DWLS" if ordered else "ML"
    asked = Asked(names, (), fit.group, None, None, None, missing=holes, ordered=ordered,
                  collapse=0)  # fmt: skip
    if ordered:
        frame = pd.DataFrame(answers, columns=list(names))
        kinds = pd.Categorical.from_codes(codes.tolist(), categories=list(labels))
        sample = take(frame.assign(**{str(fit.group): kinds}), asked)
    else:
        sample = take(Moments.of(names, answers, codes, labels), asked)
    return replace(
        prepared, sample=sample, estimator=how, missing=holes, weights=None, cluster=None
    )


def _answers(fit: Fit, rng: np.random.Generator) -> tuple[Array, NDArray[np.intp]]:
    """Draw answers (n, p) as the fit has them, and everybody's group (n,)."""
    response = fit.layout.response
    parts = []
    seen = None if response.plain else standardised(response, fit.implied)
    for g, n in enumerate(fit.n.values()):
        if seen is None:
            mean, covariance = fit.implied.mu[g], fit.implied.Sigma[g]
        else:
            mean, covariance = np.where(response.ordered, 0.0, fit.implied.mu[g]), seen[1][g]
        drawn = rng.multivariate_normal(mean, covariance, n, method="eigh", check_valid="ignore")
        for item in np.flatnonzero(response.ordered) if seen is not None else ():
            cuts = seen[0][g][response.owner == item]  # type: ignore[index]
            drawn[:, item] = 1.0 + np.searchsorted(cuts, drawn[:, item])
        parts.append(drawn)
    return np.concatenate(parts), np.repeat(np.arange(len(parts)), list(fit.n.values()))
