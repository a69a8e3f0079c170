"""`plan`: how many people a study needs to see a difference of measurement of a stated size.

Surveys are drawn from a questionnaire as it is hoped to be, with one difference in the last group,
and the rung that is about it is judged as a ladder would. A first sight of the number needed comes
from the chi-square difference of the exact moments; surveys are then drawn at numbers about it, a
probit curve in the root of n is laid through their shares, and surveys are drawn once more where it
reaches the power asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import chdtri, chndtr, log_ndtr, ndtri

from employer_identity.criteria import Rule, RuleName, rule_of
from employer_identity.cutoffs import Defect, SimulatedCutoffs
from employer_identity.edge import Count, checked
from employer_identity.errors import ModelError, Problem
from employer_identity.language import listing, number, refusal, say
from employer_identity.planned_surveys import Differing, PlannedSurveys, planned_surveys
from employer_identity.proportions import counted
from employer_identity.replications import Work, replicate
from employer_identity.showing import Grid, Showing, View
from employer_identity.simulated import LEAST

Array = NDArray[np.float64]
ABOUT = 2.0 ** (np.arange(-3, 4) / 2)  # numbers about the first sight, as shares of it
MOST = 20_000  # people in a group up to which is looked
ROUND = 10


@dataclass(frozen=True, repr=False, eq=False)
class Plan(Showing):
    """How many people in each group are needed, and how often a difference is seen with others.

    Attributes
    ----------
    needed
        People in each group with whom the power is reached; None if it is not up to 20,000.
    power
        The power that was asked for.
    groups
        Number of groups.
    defect
        The difference.
    rule
        Name of the rule that is to see it.
    seen
        People in each group -> whether each simulated survey showed it (reps,); missing where a
        replication failed.
    """

    needed: int | None
    power: float
    groups: int
    defect: Defect
    rule: str
    seen: Mapping[int, Array]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a number of people: n (in each group), total, power, lower, upper, reps, failed.

        The power with its 95 % interval over replications (Wilson 1927).
        """
        rows = []
        for n, found in sorted(self.seen.items()):
            kept = found[~np.isnan(found)]
            power = dict(zip(("power", "lower", "upper"), counted(kept > 0), strict=True))
            told = {"reps": len(found), "failed": len(found) - len(kept)}
            rows.append({"n": n, "total": n * self.groups} | power | told)
        return pd.DataFrame(rows)

    def _view(self) -> View:
        key = "plan_heading" if self.needed else "plan_never"
        title = say(
            f"cutoffs.{key}", n=self.needed or max(self.seen), groups=self.groups,
            power=number(self.power, ".0%"), total=(self.needed or 0) * self.groups,
        )  # fmt: skip
        what = say(
            f"cutoffs.plan_{self.defect.kind}", item=self.defect.item, size=self.defect.size,
            rule=say(f"invariance.rule.{self.rule}"),
        )  # fmt: skip
        grid = Grid.of(self.table, formats=dict.fromkeys(("power", "lower", "upper"), ".1%"))
        return View(title, (what,), grid, (say("cutoffs.plan_read"),))


@checked(ModelError, left=("rule",))
def plan(
    loadings: Mapping[str, Sequence[float]],
    *,
    correlation: float | Sequence[Sequence[float]] = 0.5,
    shares: Sequence[float] = (),
    groups: Annotated[int, 2] = 2,
    defect: Differing = "intercept",
    size: float = 0.40,
    power: float = 0.80,
    n: int | Sequence[int] = (),
    rule: RuleName | Rule = "localised",
    reps: int = 200,
    seed: int = 1,
    processes: Count | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Plan:
    """Find how many people a study needs to see that an item measures otherwise in one group.

    Parameters
    ----------
    loadings
        Factor -> standardised loadings of its items, at least two, between -1 and 1.
    correlation
        Of all factors, or a matrix of them in their order.
    shares
        Of the answer categories from the lowest, the same for all items, adding up to 1; empty:
        answers are normal. Categories are estimated by MLR, normal answers by ML.
    groups
        Number of groups, all as large.
    defect, size
        What differs in the last group, in an item of middling loading: its ``intercept`` is lower
        by so many SDs of its answers, or its standardised ``loading`` by so much.
    power
        How often it is to be seen, in (0, 1).
    n
        Numbers of people in each group whose power is wanted too.
    rule
        What is to see it, as in `invariance`: it is seen where the rule rejects the rung.
    reps
        Surveys drawn at each number, at least 100.
    seed, processes, progress
        As in `simulated_cutoffs`.

    Returns
    -------
    Plan

    Raises
    ------
    ModelError
        With everything that cannot be: loadings or correlations that are none, shares that do not
        add up, a size or power out of its range.

    Examples
    --------
    >>> pillars = {"prototypicality": [0.7, 0.75, 0.8, 0.75], "advancement": [0.7, 0.7, 0.8, 0.8]}
    >>> plan = ei.plan(pillars, size=0.4, n=[100, 300], reps=100)
    >>> plan.needed, plan.table
    """
    deciding = rule_of(rule)
    asked = (n,) if isinstance(n, int) else tuple(n)
    phi = _matrix(correlation, len(loadings))
    _check(loadings, phi, shares, defect, size, power, asked, reps)
    if isinstance(deciding, SimulatedCutoffs):
        raise refusal(ModelError, [Problem("cutoffs.plan_rule")])
    study = planned_surveys(loadings, phi, tuple(shares), groups, defect, size, deciding)
    work = Work(seed, processes, progress)
    found = _drawn(study, _about(study, power, asked), reps, work)
    needed = reached(found, power)
    if needed is None and max(found) < MOST:
        further = [min(MOST, round(max(found) * k, -1)) for k in (2, 4, 8)]
        found |= _drawn(study, further, reps, work)
        needed = reached(found, power)
    if needed is not None and needed not in found:
        found |= _drawn(study, [needed], reps, work)
    return Plan(needed, power, groups, study.defect, deciding.name, found)


def _matrix(correlation: float | Sequence[Sequence[float]], factors: int) -> Array:
    """Return the factors' correlations; NaN where what is given is no matrix of them."""
    if isinstance(correlation, int | float):
        return np.full((factors, factors), float(correlation)) + (1 - correlation) * np.eye(factors)
    try:
        found = np.array(correlation, dtype=float)
    except (TypeError, ValueError):
        found = np.empty(0)
    return found if found.shape == (factors, factors) else np.full((factors, factors), np.nan)


def _check(
    loadings: Mapping[str, Sequence[float]], phi: Array, shares: Sequence[float], defect: str,
    size: float, power: float, n: Sequence[int], reps: int,
) -> None:  # fmt: skip
    """Refuse what cannot be planned, all at once."""
    problems: list[Problem] = []
    values: dict[str, object]
    for name, own in loadings.items():
        if len(own) < 2 or not all(0 < abs(k) < 1 for k in own) or not str(name).isidentifier():
            problems.append(Problem("cutoffs.plan_loadings", str(name)))
    if sum(map(len, loadings.values())) < 3:
        problems.append(Problem("cutoffs.plan_items", "loadings"))
    good = np.isfinite(phi).all() and np.allclose(phi, phi.T) and np.allclose(np.diag(phi), 1)
    if not good or np.linalg.eigvalsh(phi).min() <= 0:
        problems.append(Problem("cutoffs.plan_correlation", "correlation"))
    if len(shares) and (len(shares) < 2 or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6):
        problems.append(
            Problem("cutoffs.plan_shares", "shares", values={"sum": float(sum(shares))})
        )
    if defect not in get_args(Differing):
        values = {"asked": defect, "allowed": listing(get_args(Differing))}
        problems.append(Problem("model.not_available", "defect", values=values))
    if not 0 < size <= (1 if defect == "loading" else np.inf):
        problems.append(Problem("cutoffs.plan_size", "size", values={"asked": size}))
    if not 0 < power < 1:
        problems.append(Problem("cutoffs.plan_power", "power", values={"asked": power}))
    if few := [k for k in n if k <= least_people(loadings)]:
        values = {"least": least_people(loadings) + 1}
        problems.append(Problem("cutoffs.plan_n", "n", min(few), values))
    if reps < LEAST:
        problems.append(Problem("cutoffs.few_reps", "reps", reps, {"least": LEAST}))
    if problems:
        raise refusal(ModelError, problems)


def least_people(loadings: Mapping[str, Sequence[float]]) -> int:
    """Return the number of people with whom no model can be fitted any more."""
    return sum(map(len, loadings.values()))


# -- the search -----------------------------------------------------------------------------------


def _about(study: PlannedSurveys, power: float, asked: Sequence[int]) -> list[int]:
    """Return the numbers of people to begin with: those asked for, and some about the first sight.

    That is where a chi-square difference test of 5 % would have the power.
    """
    each, df = study.per_person
    cut = chdtri(df, 0.05)
    least = len(study.scale.cut) + ROUND
    try:
        wanted = brentq(lambda k: chndtr(cut, df, k) - (1 - power), 1e-6, 1e4)
        centre = wanted / max(each, 1e-12) / len(study.strict.fit.groups)
    except ValueError:
        centre = MOST
    found = {int(np.clip(round(k * centre, -1), least, MOST)) for k in ABOUT}
    return sorted({*found, *asked})


def _drawn(study: PlannedSurveys, n: Sequence[int], reps: int, work: Work) -> dict[int, Array]:
    """Draw surveys at numbers of people; whether each shows the difference."""
    found = replicate(study, {str(k): reps for k in n}, work)
    failed = [
        Problem("cutoffs.all_failed", name, int(np.isnan(seen).sum()), {"reps": reps})
        for name, seen in found.items()
        if np.isnan(seen).mean() > 0.5
    ]
    if failed:
        raise refusal(ModelError, failed)
    return {int(name): seen[:, 0] for name, seen in found.items()}


def reached(seen: Mapping[int, Array], power: float) -> int | None:
    """Return where a probit curve through the shares reaches the power; None if it does not.

    Rounded up to tens, within the numbers that were looked at.
    """
    n = np.array(sorted(seen))
    root = np.sqrt(n / n.max())
    kept = [seen[k][~np.isnan(seen[k])] for k in n]
    yes, no = np.array([k.sum() for k in kept]), np.array([(1 - k).sum() for k in kept])

    def misfit(line: Array) -> float:
        at = line[0] + line[1] * root
        return float(-(yes @ log_ndtr(at) + no @ log_ndtr(-at)))

    line = minimize(misfit, np.array([-1.0, 2.0]), method="Nelder-Mead").x
    if line[1] <= 0:
        return None
    needed = ((ndtri(power) - line[0]) / line[1]) ** 2 * n.max() if line[0] < ndtri(power) else 0.0
    if needed > n.max():
        return None
    return int(max(np.ceil(needed / ROUND) * ROUND, n.min()))
