"""`invariance`: the ladder from the same structure to the same scores, with every rule's verdict.

Factors are never identified by a marker item: the reference group's factors have mean 0 and
variance 1, the other groups' are freed as loadings and intercepts are tied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.cfa import Estimator, Missing, check_options, estimate, prepare
from employer_identity.criteria import (
    AbsoluteFit,
    Change,
    Localised,
    RuleName,
    Verdict,
    rules_for,
)
from employer_identity.difference import DifferenceTest, nested_difference
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.language import Language, listing, refusal, say
from employer_identity.scores import holm

if TYPE_CHECKING:
    from employer_identity.measurement.moments import Moments
    from employer_identity.survey import Survey

Level = Literal["configural", "metric", "scalar", "strict"]
LEVELS: tuple[Level, ...] = get_args(Level)
EQUAL: dict[Level, tuple[str, ...]] = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
Statement = Literal["structure", "correlations", "latent means", "observed means", "reliability"]
NEEDS: dict[Statement, Level] = {
    "structure": "configural",
    "correlations": "metric",
    "latent means": "scalar",
    "observed means": "scalar",
    "reliability": "strict",
}


@dataclass(frozen=True)
class Decision:
    """Whether a statement about groups is allowed, and why (or why not).

    ``tested`` is False where the rung it needs could not be fitted, for want of means.
    """

    statement: Statement
    allowed: bool
    needs: Level
    reached: Level | None
    rule: str
    tested: bool = True

    def reason(self, language: Language = "en") -> str:
        """Say it in a sentence."""
        reached = self.reached or "none"
        key = "allowed" if self.allowed else "refused" if self.tested else "untested"
        return say(
            f"invariance.{key}", language,
            statement=say(f"invariance.statement.{self.statement.replace(' ', '_')}", language),
            needs=say(f"invariance.level.{self.needs}", language),
            reached=say(f"invariance.level.{reached}", language),
            rule=say(f"invariance.rule.{self.rule}", language),
        )  # fmt: skip


@dataclass(frozen=True)
class Ladder:
    """The rungs of an invariance test and what follows from them.

    Parameters
    ----------
    fits
        Level -> `Fit`, from configural to strict; to metric where there are no means.
    group
        The grouping column.
    rule
        The rule that decides; the others are reported beside it.
    """

    fits: Mapping[Level, Fit]
    group: str
    rule: RuleName

    def __getitem__(self, level: Level) -> Fit:
        if level in LEVELS and level not in self.fits:
            raise refusal(ModelError, [Problem("model.moments_need_means", where=level)])
        return self.fits[level]

    @property
    def levels(self) -> tuple[Level, ...]:
        """The rungs that were fitted, from the lowest."""
        return tuple(self.fits)

    @property
    def groups(self) -> tuple[str, ...]:
        """Group labels, the reference group first."""
        return self.fits["configural"].groups

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What was settled or left out on the way."""
        return self.fits["configural"].notes

    @cached_property
    def tests(self) -> dict[Level, DifferenceTest]:
        """The difference test of each rung above the first against the one below it."""
        steps = pairwise(self.levels)
        return {
            level: nested_difference(self.fits[level], self.fits[below]) for below, level in steps
        }

    @cached_property
    def changes(self) -> dict[Level, Change]:
        """The step to each rung above the first."""
        found = {}
        for below, level in pairwise(self.levels):
            free, fit = self.fits[below], self.fits[level]
            a, b = free.reported, fit.reported
            found[level] = Change(
                level, b["cfi"] - a["cfi"], b["rmsea"] - a["rmsea"], b["srmr"] - a["srmr"],
                self.tests[level].pvalue, _of_this_rung(level, fit),
            )  # fmt: skip
        return found

    @cached_property
    def judged(self) -> tuple[Verdict, ...]:
        """Every rule's verdict on every rung it judges."""
        m = self.fits["configural"].reported
        first = AbsoluteFit().judge(m["cfi"], m["rmsea"], m["srmr"])
        rules = rules_for(min(self.fits["configural"].n.values()))
        each = (rule.judge(change) for change in self.changes.values() for rule in rules)
        return (first, *(verdict for verdict in each if verdict is not None))

    def holds(self, level: Level) -> bool:
        """Whether the deciding rule accepts this rung, taken by itself."""
        rule = "hu_bentler_1999" if level == "configural" else self.rule
        found = [v.holds for v in self.judged if v.level == level and v.rule == rule]
        return bool(found) and found[0]

    @property
    def level(self) -> Level | None:
        """The highest rung that holds with all below it; None where even the structure differs."""
        reached: Level | None = None
        for level in self.levels:
            if not self.holds(level):
                return reached
            reached = level
        return reached

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a rung: fit, change from the rung below (``d_``), accepted with all below it."""
        rows = {}
        accepted = True
        for i, level in enumerate(self.levels):
            m = self.fits[level].reported
            accepted = accepted and self.holds(level)
            row = {
                "chisq": m["chisq"], "df": int(m["df"]), "pvalue": m["pvalue"], "cfi": m["cfi"],
                "tli": m["tli"], "rmsea": m["rmsea"], "rmsea_lower": m["rmsea.ci.lower"],
                "rmsea_upper": m["rmsea.ci.upper"], "srmr": m["srmr"], "bic": m["bic"],
                "d_chisq": np.nan, "d_df": pd.NA, "d_pvalue": np.nan, "d_cfi": np.nan,
                "d_rmsea": np.nan, "d_srmr": np.nan, "accepted": accepted,
            }  # fmt: skip
            if i:
                below = self.fits[self.levels[i - 1]]
                change = self.changes[level]
                row |= {
                    "d_chisq": self.tests[level].chisq_diff,
                    "d_df": self.fits[level].df - below.df, "d_pvalue": change.pvalue,
                    "d_cfi": change.d_cfi, "d_rmsea": change.d_rmsea, "d_srmr": change.d_srmr,
                }  # fmt: skip
            rows[level] = row
        frame = pd.DataFrame.from_dict(rows, orient="index").astype({"d_df": "Int64"})
        frame.index.name = "level"
        return frame

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """Every number every rule read: level, rule, index, value, cutoff, holds, verdict.

        ``holds`` is about the one number, ``verdict`` about the rule as a whole.
        """
        return pd.DataFrame(
            [
                {"level": v.level, "rule": v.rule, "index": r.index, "value": r.value,
                 "cutoff": r.cutoff, "holds": r.holds, "verdict": v.holds}
                for v in self.judged for r in v.readings
            ]
        )  # fmt: skip

    @property
    def disagreement(self) -> dict[Level, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Rungs on which rules disagree: level -> (rules that accept it, rules that reject it)."""
        found = {}
        for level in self.levels[1:]:
            yes = tuple(v.rule for v in self.judged if v.level == level and v.holds)
            no = tuple(v.rule for v in self.judged if v.level == level and not v.holds)
            if yes and no:
                found[level] = (yes, no)
        return found

    @cached_property
    def worst(self) -> pd.DataFrame:
        """Score tests of the first rejected rung, most contradicted constraint first.

        Empty if no rung is rejected. A rejected configural rung has no constraints to test and
        gives an empty frame too.
        """
        for level in self.levels[1:]:
            if not self.holds(level):
                return self.changes[level].score_tests
        return self.changes[self.levels[-1]].score_tests.iloc[:0]

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Loadings of each group from the configural rung, where every factor has variance 1.

        Columns factor, item, group, est, se, ci_lower, ci_upper (95 %), std_all; in the items' own
        units for one standard deviation of the factor within the group.
        """
        table = self.fits["configural"].estimates
        found = table[table["op"] == "=~"].rename(columns={"lhs": "factor", "rhs": "item"})
        columns = ["factor", "item", "group", "est", "se", "ci_lower", "ci_upper", "std_all"]
        return found[columns].reset_index(drop=True)

    @cached_property
    def culprits(self) -> pd.DataFrame:
        """The constraints among `worst` that are both significant and large enough to matter."""
        return Localised().culprits(self.worst)

    @cached_property
    def decision(self) -> dict[Statement, Decision]:
        """What may be said about the groups: statement -> `Decision`."""
        reached = self.level
        height = LEVELS.index(reached) if reached else -1
        rule = self.rule if reached else "hu_bentler_1999"
        return {
            statement: Decision(
                statement, height >= LEVELS.index(needs), needs, reached, rule, needs in self.levels
            )
            for statement, needs in NEEDS.items()
        }

    def _printed(self) -> pd.DataFrame:
        shown = self.table[["chisq", "df", "cfi", "rmsea", "srmr", "d_cfi", "d_rmsea", "accepted"]]
        digits = {"chisq": 2, "cfi": 3, "rmsea": 3, "srmr": 3, "d_cfi": 3, "d_rmsea": 3}
        rounded = shown.round(digits)
        return rounded.assign(**{name: rounded[name] + 0.0 for name in digits})  # no -0.0

    def _heading(self) -> str:
        return say(
            "invariance.heading", group=self.group, groups=listing(self.groups),
            reached=say(f"invariance.level.{self.level or 'none'}"),
            rule=say(f"invariance.rule.{self.decision['structure'].rule}"),
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"{self._heading()}\n{self._printed().to_string(na_rep='')}"

    def _repr_html_(self) -> str:
        return f"<p>{self._heading()}</p>{self._printed().to_html(na_rep='')}"


def _of_this_rung(level: Level, fit: Fit) -> pd.DataFrame:
    """Score tests of the constraints that the rung adds."""
    tests = fit.score_tests()
    residual = (tests["op"] == "~~") & (tests["lhs"] == tests["rhs"])
    mask = {"metric": tests["op"] == "=~", "scalar": tests["op"] == "~1", "strict": residual}[level]
    found = tests[mask].drop(columns="pvalue_holm").reset_index(drop=True)
    found.insert(7, "pvalue_holm", holm(found["pvalue"].to_numpy()))
    return found


def invariance(
    data: Survey | pd.DataFrame | Moments,
    model: str | None = None,
    *,
    group: str,
    reference: str | None = None,
    rule: RuleName = "localised",
    estimator: Estimator | None = None,
    missing: Missing | None = None,
    weights: str | Literal[False] | None = None,
    cluster: str | Literal[False] | None = None,
) -> Ladder:
    """Test whether a questionnaire measures the same in several groups.

    Four rungs are fitted: configural (same pattern), metric (equal loadings), scalar (and
    intercepts), strict (and residual variances). `Moments` without means end at metric. The rule
    decides how far the groups are comparable; every other rule is reported beside it.

    Parameters
    ----------
    data, model, group, reference, estimator, missing, weights, cluster
        As in `cfa`.
    rule
        ``localised`` (a tied parameter is contradicted by its score test *and* by a change that
        matters), ``chen_2007``, ``cheung_rensvold_2002``, ``rutkowski_svetina_2014`` or
        ``scaled_difference``.

    Returns
    -------
    Ladder

    Raises
    ------
    ModelError
        As in `cfa`, and for an unknown rule.

    Notes
    -----
    Checked against lavaan 0.6-14 rung by rung.

    Examples
    --------
    >>> ladder = ei.invariance(survey, group="generation")
    >>> ladder.decision["latent means"].allowed
    """
    if rule not in get_args(RuleName):
        values = {"asked": rule, "allowed": listing(get_args(RuleName))}
        raise refusal(ModelError, [Problem("model.not_available", where="rule", values=values)])
    check_options(estimator, missing)
    prepared = prepare(
        data, model, group, reference, estimator=estimator, missing=missing, weights=weights,
        cluster=cluster,
    )  # fmt: skip
    fits: dict[Level, Fit] = {}
    near = None  # each rung starts from the one below it
    levels = LEVELS if prepared.sample.moments.known == "means" else LEVELS[:2]
    for level in levels:
        equal = EQUAL[level]
        first = fits.get("configural")
        fits[level] = estimate(prepared, group, equal=equal, std_lv=True, near=near, like=first)
        near = fits[level].values
    for free, restricted in reversed(list(pairwise(levels))):
        # a freer model cannot fit worse: its search ended in a local minimum
        if fits[free].solution.objective > fits[restricted].solution.objective + 1e-9:
            near = _with_unit_factors(fits[restricted])
            fits[free] = estimate(prepared, group, equal=EQUAL[free], std_lv=True, near=near)
    return Ladder(fits, group, rule)


def _with_unit_factors(fit: Fit) -> NDArray[np.float64]:
    """Return a fit's values (G, R) for factors of mean 0 and variance 1 in every group."""
    values = fit.values.copy()
    at = {key: r for r, key in enumerate(fit.table.rows)}
    factors = list(fit.factors)
    has_means = fit.moments.known == "means"
    sd = {f: np.sqrt(np.maximum(values[:, at[f, "~~", f]], 1e-6)) for f in factors}
    mean = {f: values[:, at[f, "~1", ""]].copy() for f in factors if has_means}
    for (lhs, op, rhs), r in at.items():
        if op == "=~":
            if has_means:
                values[:, at[rhs, "~1", ""]] += values[:, r] * mean[lhs]
            values[:, r] *= sd[lhs]
        elif op == "~~" and lhs in sd and rhs in sd:
            values[:, r] /= sd[lhs] * sd[rhs]
    for f in mean:
        values[:, at[f, "~1", ""]] = 0.0
    return values
