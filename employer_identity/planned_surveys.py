"""The surveys that a plan draws, and the two models whose difference they are to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from employer_identity.cfa import cfa
from employer_identity.criteria import Rule
from employer_identity.cutoffs import Defect
from employer_identity.fit import Fit
from employer_identity.levels import FAMILIES, NUMBERS, TESTED, Kind, Level
from employer_identity.measurement.categorised import Scale, moments, responses, scale_of
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.patterns import whole
from employer_identity.measurement.rows import Rows
from employer_identity.measurement.threads import on_one_thread
from employer_identity.planted import lowered, middling
from employer_identity.redraws import Redraw
from employer_identity.refits import Refit
from employer_identity.replications import Row
from employer_identity.rungs import Model

Array = NDArray[np.float64]
Differing = Literal["intercept", "loading"]
EXACT = 10**6  # n of exact moments: whatever it is


@dataclass(frozen=True, eq=False)
class PlannedSurveys:
    """What is drawn, and how it is judged.

    Parameters
    ----------
    scale
        What answers may be.
    mean, sd, root
        Of the responses behind them, see `Redraw`.
    strict, below
        The models of the rung that is about the difference.
    level, rule, defect
        The rung, what judges it, and what differs.
    per_person
        What the difference adds to the chi-square difference of one person, and its df.
    """

    scale: Scale
    mean: Array
    sd: Array
    root: Array
    strict: Refit
    below: Refit
    level: Level
    rule: Rule
    defect: Defect
    per_person: tuple[float, int]
    width: int = 1

    def __call__(self, name: str, rng: np.random.Generator) -> Row:
        """Draw a survey of so many people in each group; 1 where the difference is seen."""
        survey = self._redraw(int(name)).survey(rng)
        below = None if survey is None else self.below.to(survey)
        strict = None if survey is None or below is None else self.strict.to(survey, below)
        if strict is None or below is None:
            return None
        verdict = Model(self.level, strict, below).judged_by(self.rule)
        return (float(verdict is not None and not verdict.holds),)

    def _redraw(self, n: int) -> Redraw:
        known = self.strict.fit.moments
        sizes = np.full(len(known.n), n)
        sized = Moments(known.names, sizes, known.mean, known.covariance, known.groups)
        rows = _empty(sized) if self.scale.cut.any() else None
        scales = (self.scale,) * len(sizes)
        alone = np.zeros_like(self.root[0])  # nobody is in a cluster
        return Redraw(sized, rows, scales, self.mean, self.sd, self.root, alone, None, 0.0)


def _empty(known: Moments) -> Rows:
    """Return respondents of whom everything is still to be drawn."""
    n, p = int(known.n.sum()), len(known.names)
    block = np.repeat(np.arange(len(known.n)), known.n)
    patterns = whole(known.names, known.n, known.mean, known.covariance)
    return Rows(np.zeros((n, p)), block, np.ones(n), None, patterns, np.arange(n))


@on_one_thread
def planned_surveys(
    loadings: Mapping[str, Sequence[float]], phi: Array, shares: tuple[float, ...], groups: int,
    defect: Differing, size: float, rule: Rule,
) -> PlannedSurveys:  # fmt: skip
    """Work out what is drawn and which models are fitted, from exact moments."""
    items = {f: [f"{f}_{k}" for k in range(1, len(own) + 1)] for f, own in loadings.items()}
    names = [item for own in items.values() for item in own]
    text = "\n".join(f"{f} =~ {' + '.join(own)}" for f, own in items.items())
    owner = np.repeat(np.arange(len(items)), [len(own) for own in items.values()])
    own_loading = np.concatenate([list(v) for v in loadings.values()])
    correlation = np.outer(own_loading, own_loading) * phi[owner][:, owner]
    np.fill_diagonal(correlation, 1.0)
    scale = _scale(shares, len(names))
    centre = np.zeros((1, len(names)))
    mean, covariance = moments(scale, centre, np.ones_like(centre), correlation[None])
    same = [(mean[0], covariance[0])] * groups
    level = next(k for k in NUMBERS if TESTED.get(k) == defect)
    strict, below = _models(text, names, same, level)
    chosen = middling(strict)
    kind: Kind = defect
    planted = lowered(strict, chosen, kind, size)
    behind = responses(scale, *planted)
    with_it = _models(text, names, list(zip(*planted, strict=True)), level)
    apart = sum(fit.chisq * sign for fit, sign in zip(with_it, (1, -1), strict=True))
    estimator = "MLR" if shares else "ML"
    one, other = (Refit.of(replace(fit, estimator=estimator)) for fit in (strict, below))
    told = Defect(chosen, strict.groups[-1], kind, size)
    per_person = apart / (groups * EXACT), strict.df - below.df
    root = np.asarray(np.linalg.cholesky(behind.correlation), dtype=float)
    return PlannedSurveys(
        scale, behind.mean, behind.sd, root, one, other, level, rule, told, per_person
    )  # fmt: skip


def _scale(shares: tuple[float, ...], p: int) -> Scale:
    values = np.arange(1.0, len(shares) + 1)
    return scale_of((values,) * p, (np.array(shares),) * p)


def _models(
    text: str, names: Sequence[str], of_groups: Sequence[tuple[Array, Array]], level: Level
) -> tuple[Fit, Fit]:
    """Fit a rung's model and the one below to exact moments."""
    parts = {
        str(g): Moments.published(names, n=EXACT, covariance=S, means=m)
        for g, (m, S) in enumerate(of_groups, 1)
    }
    data = Moments.of_groups(parts)
    families = [FAMILIES[TESTED[k]] for k in NUMBERS[1 : NUMBERS.index(level) + 1]]
    strict, below = (
        cfa(data, text, group="group", equal=equal, std_lv=True)
        for equal in (families, families[:-1])
    )
    return strict, below
