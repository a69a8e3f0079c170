"""Decision rules as objects: what each looks at, its cut-offs, where they come from.

A rule reads the change from one rung of a ladder to the next and returns a verdict with its
numbers; for a rung that it rejects it names the constraints that may be set aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np
import pandas as pd

from employer_identity.errors import ModelError, Problem
from employer_identity.language import listing, nearest, refusal, say
from employer_identity.showing import Grid, Showing, ShowingFields, View, written

ChangeIndex = Literal["cfi", "rmsea", "srmr"]
Cutoffs = Mapping[ChangeIndex, float]
Index = Literal["cfi", "rmsea", "srmr", "bic", "pvalue", "releases"]
Combination = Literal["cfi_only", "cfi_and_one", "any", "all"]
RuleName = Literal[
    "localised",
    "chen_2007_large",
    "chen_2007_small",
    "cheung_rensvold_2002",
    "rutkowski_svetina_2014",
    "scaled_difference",
    "bic",
]
LEVEL = 0.05  # of tests, unless asked otherwise
SMALL_GROUP = 300  # with fewer people in the smallest group Chen's stricter set is computed


@dataclass(frozen=True)
class Reading(ShowingFields):
    """One number held against its cut-off; ``holds`` says on which side it lies."""

    index: Index
    value: float
    cutoff: float
    holds: bool


@dataclass(frozen=True, repr=False)
class Verdict(Showing):
    """What one rule says of one rung, with the numbers it read."""

    level: str
    rule: str
    holds: bool
    readings: tuple[Reading, ...]

    def _view(self) -> View:
        what = say(f"showing.{'holds' if self.holds else 'fails'}", level=self.level)
        rows = tuple(
            (r.index, written(float(r.value)), written(float(r.cutoff)), written(r.holds))
            for r in self.readings
        )
        grid = Grid(("index", "value", "cutoff", "holds"), rows)
        return View(say("showing.verdict", rule=self.rule, what=what), grid=grid)


class Change(Protocol):
    """The step to a rung: changes of the indices, the difference test, the rung's score tests.

    A rule reads what it needs, and nothing else has to be computed. ``d_bic`` is missing where a
    likelihood is not one of independent people: with weights or clusters.
    """

    @property
    def level(self) -> str:
        """The rung."""

    @property
    def d_cfi(self) -> float:
        """Change of the CFI."""

    @property
    def d_rmsea(self) -> float:
        """Change of the RMSEA."""

    @property
    def d_srmr(self) -> float:
        """Change of the SRMR."""

    @property
    def d_bic(self) -> float:
        """Change of the BIC."""

    @property
    def pvalue(self) -> float:
        """Of the difference test."""

    @property
    def score_tests(self) -> pd.DataFrame:
        """Of the constraints that the rung adds."""


@dataclass(frozen=True)
class FitChange(ShowingFields):
    """Indices may not worsen by more than a cut-off: CFI falls, RMSEA and SRMR rise.

    Parameters
    ----------
    cutoffs
        Per level the largest tolerated change of each index; levels that are not listed are not
        judged.
    combination
        When broken cut-offs make the rung fail: ``cfi_only``; ``cfi_and_one`` (the CFI and one
        other); ``any``; ``all``.
    """

    name: str
    citation: str
    cutoffs: Mapping[str, Cutoffs]
    combination: Combination = "cfi_and_one"

    def judge(self, change: Change) -> Verdict | None:
        """Return the verdict on a rung, None where the rule says nothing about its level."""
        cutoffs = self.cutoffs.get(change.level)
        if cutoffs is None:
            return None
        values = {"cfi": change.d_cfi, "rmsea": change.d_rmsea, "srmr": change.d_srmr}
        readings = tuple(
            Reading(index, values[index], cutoff,
                    values[index] >= cutoff if index == "cfi" else values[index] <= cutoff)
            for index, cutoff in cutoffs.items()
        )  # fmt: skip
        broken = {r.index for r in readings if not r.holds}
        others = [r.index for r in readings if r.index != "cfi"]
        fails = {
            "cfi_only": "cfi" in broken,
            "cfi_and_one": "cfi" in broken and (not others or bool(broken & set(others))),
            "any": bool(broken),
            "all": len(broken) == len(readings),
        }[self.combination]
        return Verdict(change.level, self.name, not fails, readings)

    def culprits(self, score_tests: pd.DataFrame) -> pd.DataFrame:
        """Return the constraints that may be set aside, see `contradicted`."""
        return contradicted(score_tests)


@dataclass(frozen=True)
class LowerBic(ShowingFields):
    """The BIC may not rise: a constraint that spares parameters is worth the fit that it costs."""

    name: str = "bic"
    citation: str = "Schwarz (1978)"

    def judge(self, change: Change) -> Verdict | None:
        """Return the verdict on a rung, None where there is no BIC to compare."""
        if np.isnan(change.d_bic):
            return None
        holds = change.d_bic <= 0.0
        reading = Reading("bic", change.d_bic, 0.0, holds)
        return Verdict(change.level, self.name, holds, (reading,))

    def culprits(self, score_tests: pd.DataFrame) -> pd.DataFrame:
        """Return the constraints that may be set aside, see `contradicted`."""
        return contradicted(score_tests)


@dataclass(frozen=True)
class NoSignificantDifference(ShowingFields):
    """The chi-square difference may not be significant; with many respondents everything is."""

    name: str = "scaled_difference"
    citation: str = "Satorra & Bentler (2001)"
    alpha: float = LEVEL

    def judge(self, change: Change) -> Verdict:
        """Return the verdict on a rung."""
        holds = change.pvalue >= self.alpha
        reading = Reading("pvalue", change.pvalue, self.alpha, holds)
        return Verdict(change.level, self.name, holds, (reading,))

    def culprits(self, score_tests: pd.DataFrame) -> pd.DataFrame:
        """Return the constraints that may be set aside, see `contradicted`."""
        return contradicted(score_tests, self.alpha)


def contradicted(score_tests: pd.DataFrame, alpha: float = LEVEL) -> pd.DataFrame:
    """Return the constraints with a significant score test (Holm within the rung), worst first."""
    return score_tests[score_tests["pvalue_holm"] < alpha]


@dataclass(frozen=True)
class Localised(ShowingFields):
    """No tied cell may be both contradicted (score test, Holm within the rung) and important.

    Important is what changes an item, or the conclusion: a latent mean gap.

    Parameters
    ----------
    alpha
        Level of the Holm-adjusted score tests of a rung.
    loading, intercept
        Smallest expected change that matters, in item standard deviations; thresholds and residual
        variances go by the intercept's.
    gap
        Smallest expected change of a gap between latent means that matters, in the factor's
        standard deviations.

    Notes
    -----
    Each rung is searched at its level, and errors of rungs add up. Asked for by name, the rule has
    5 % on each rung of answers taken as numbers, of which two are searched up to scalar. Of items
    answered in ordered categories 5 % is shared over the rungs that are tested up to scalar: a
    third each for thresholds, metric and scalar; half each where equal thresholds cannot be tested;
    all of it where scalar alone can. The strict rung has the level of one of these. A rule object
    has the level that it was given. Shares and error rates are in docs/validation.md.
    """

    name: str = "localised"
    citation: str = "score tests and the size of the expected change (Oberski 2014)"
    alpha: float = LEVEL
    loading: float = 0.10
    intercept: float = 0.20
    gap: float = 0.10

    @classmethod
    def shared(cls, rungs: int) -> Localised:
        """Return the rule with 5 % shared over some rungs."""
        return cls(alpha=LEVEL / rungs)

    def culprits(self, score_tests: pd.DataFrame) -> pd.DataFrame:
        """Return the constraints that should be released, most important first."""
        loading = score_tests["op"] == "=~"
        matters = score_tests["epc_std"].abs() >= np.where(loading, self.loading, self.intercept)
        matters |= score_tests["d_gap"] >= self.gap
        found = contradicted(score_tests, self.alpha)
        return found[matters[found.index]]

    def judge(self, change: Change) -> Verdict:
        """Return the verdict on a rung."""
        count = len(self.culprits(change.score_tests))
        reading = Reading("releases", count, 0, count == 0)
        return Verdict(change.level, self.name, count == 0, (reading,))


Rule = FitChange | LowerBic | NoSignificantDifference | Localised

_ANY: dict[str, Cutoffs] = {
    "thresholds": {"cfi": -0.010},
    "metric": {"cfi": -0.010},
    "scalar": {"cfi": -0.010},
    "strict": {"cfi": -0.010},
}
_LARGE: Cutoffs = {"cfi": -0.010, "rmsea": 0.015, "srmr": 0.010}
_SMALL: Cutoffs = {"cfi": -0.005, "rmsea": 0.010, "srmr": 0.005}
CHEUNG_RENSVOLD = FitChange(
    "cheung_rensvold_2002", "Cheung & Rensvold (2002)", _ANY, combination="cfi_only"
)
CHEN_LARGE = FitChange(
    "chen_2007_large", "Chen (2007)",
    {"thresholds": _LARGE, "metric": {**_LARGE, "srmr": 0.030}, "scalar": _LARGE,
     "strict": _LARGE},
)  # fmt: skip
CHEN_SMALL = FitChange(
    "chen_2007_small", "Chen (2007), small groups",
    {"thresholds": _SMALL, "metric": {**_SMALL, "srmr": 0.025}, "scalar": _SMALL,
     "strict": _SMALL},
)  # fmt: skip
RUTKOWSKI_SVETINA = FitChange(
    "rutkowski_svetina_2014", "Rutkowski & Svetina (2014)",
    {"metric": {"cfi": -0.020, "rmsea": 0.030}, "scalar": {"cfi": -0.010, "rmsea": 0.010}},
)  # fmt: skip
RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        Localised(), CHEN_LARGE, CHEN_SMALL, CHEUNG_RENSVOLD, RUTKOWSKI_SVETINA,
        NoSignificantDifference(), LowerBic(),
    )
}  # fmt: skip
SIMULATED = "simulated"  # the name of cut-offs that were made for the answers they judge
CALIBRATED = frozenset({Localised.name, NoSignificantDifference.name, SIMULATED})
"""Rules that have an error rate whatever the answers; fixed cut-offs of indices were simulated for
answers taken as numbers, and of thresholds there are none: those of intercepts are taken."""


def rule_of(asked: RuleName | Rule, sharing: int = 1) -> Rule:
    """Return a rule by its name, or the rule itself.

    Parameters
    ----------
    asked
        Name or rule.
    sharing
        Over how many rungs ``localised`` shares its level, see `Localised`; of a rule object it
        stays as it was given.

    Raises
    ------
    ModelError
        If there is no such rule; it names the one that looks most like it.
    """
    if isinstance(asked, Rule):
        return asked
    if str(asked) not in RULES:
        values = {"asked": asked, "allowed": listing(get_args(RuleName))}
        values["near"] = nearest(str(asked), RULES)
        code = "invariance.unknown_rule_near" if values["near"] else "invariance.unknown_rule"
        raise refusal(ModelError, [Problem(code, where="rule", values=values)])
    return Localised.shared(sharing) if asked == Localised.name else RULES[asked]


def level_of(rule: Rule) -> float:
    """Return the level at which a rule takes a constraint for contradicted."""
    return rule.alpha if isinstance(rule, Localised | NoSignificantDifference) else LEVEL


def rules_for(deciding: Rule, smallest_group: int, sharing: int = 1) -> tuple[Rule, ...]:
    """Return the rule that decides, then all others as `rule_of` gives them.

    Of Chen's two sets there is the one for the groups.
    """
    unfit = CHEN_SMALL.name if smallest_group >= SMALL_GROUP else CHEN_LARGE.name
    others = (name for name in get_args(RuleName) if name not in (unfit, deciding.name))
    return (deciding, *(rule_of(name, sharing) for name in others))


@dataclass(frozen=True)
class AbsoluteFit(ShowingFields):
    """The configural rung's own fit: SRMR below .08, and CFI above .95 or RMSEA below .06."""

    name: str = "hu_bentler_1999"
    citation: str = "Hu & Bentler (1999)"
    cfi: float = 0.95
    rmsea: float = 0.06
    srmr: float = 0.08

    def judge(self, cfi: float, rmsea: float, srmr: float) -> Verdict:
        """Return the verdict on the configural rung."""
        readings = (
            Reading("cfi", cfi, self.cfi, cfi > self.cfi),
            Reading("rmsea", rmsea, self.rmsea, rmsea < self.rmsea),
            Reading("srmr", srmr, self.srmr, srmr < self.srmr),
        )
        holds = readings[2].holds and (readings[0].holds or readings[1].holds)
        return Verdict("configural", self.name, holds, readings)
