"""`Ladder`: what a climb found, what was set aside and why, and what may therefore be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from employer_identity import ladder_frames
from employer_identity.cfa import Prepared
from employer_identity.climbing import Climb
from employer_identity.criteria import AbsoluteFit, Rule, Verdict, rules_for
from employer_identity.decision import Decision, Decisions, Findings, decide
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.ladder_frames import lettered
from employer_identity.ladder_log import explain, log, named_aside, searched_at
from employer_identity.language import Language, listing, refusal, say
from employer_identity.levels import Level, Route, reaches
from employer_identity.rungs import Model, Release, Rung, spelled
from employer_identity.showing import Grid, Showing, View

SEARCHED = 500  # people from which a search for constraints can be repeated on halves of them


@dataclass(frozen=True, eq=False, repr=False)
class Ladder(Showing):
    """The rungs of an invariance test and what follows from them.

    Attributes
    ----------
    rungs
        Level -> `Rung`, from configural as far as was climbed.
    unfit
        Level -> why it has no solution: where the climb ended for that; else empty.
    plan
        What was climbed, and how; for fits beside the ladder's own.
    """

    rungs: Mapping[Level, Rung]
    unfit: Mapping[Level, tuple[Problem, ...]]
    plan: Climb

    @property
    def group(self) -> str:
        """The grouping column."""
        return self.plan.group

    @property
    def rule(self) -> Rule:
        """The rule that decides; all others are reported beside it."""
        return self.plan.rule

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, that which decides first."""
        return rules_for(self.rule, min(self.n.values()), self.route.sharing)

    @property
    def anchors(self) -> int:
        """Equal items that each factor keeps in each group."""
        return self.plan.fewest

    @property
    def prepared(self) -> Prepared:
        """Model and answers."""
        return self.plan.prepared

    @property
    def route(self) -> Route:
        """The levels: what each holds equal, and which can be tested."""
        return self.plan.route

    # -- the rungs ------------------------------------------------------------------------------

    def __getitem__(self, level: Level) -> Fit:
        """Return the model that a rung ended with, without what was set aside."""
        if level not in self.rungs:
            raise refusal(ModelError, [self._why_absent(level), *self.unfit.get(level, ())])
        return self.rungs[level].last.fit

    def _why_absent(self, level: str) -> Problem:
        levels = self.route.levels
        if level not in levels:
            return Problem("invariance.unknown_level", level, values={"allowed": listing(levels)})
        if (why := self.route[level].untestable) is not None:
            code = {"means": "model.moments_need_means", "theta": "ordered.residuals_need_theta",
                    "same_model": "invariance.same_model"}[why]  # fmt: skip
            return Problem(code, level, values={"below": self.route.up_to(level)[-1]})
        if level in self.unfit:
            return Problem("invariance.unfit", level)
        reached = say(f"invariance.level.{self.level or 'none'}")
        return Problem("invariance.not_climbed", level, values={"reached": reached})

    @property
    def levels(self) -> tuple[Level, ...]:
        """The rungs that were tried, from the lowest."""
        return tuple(self.rungs)

    @property
    def testable(self) -> tuple[Level, ...]:
        """The rungs that the data can test, see `levels`."""
        return self.route.testable

    @property
    def fits(self) -> dict[Level, Fit]:
        """The model that each rung ended with."""
        return {level: rung.last.fit for level, rung in self.rungs.items()}

    @cached_property
    def unreleased(self) -> dict[Level, Fit]:
        """Every testable rung with all of its constraints, whatever was set aside."""
        found: dict[Level, Fit] = {}
        for level in self.testable:
            rung = self.rungs.get(level)
            if rung is not None and not self.set_aside(level, before=True):
                found[level] = rung.first.fit
                continue
            near = next(reversed(found.values())).values
            found[level] = self.plan.fit(level, (), near, self["configural"])
        return found

    @property
    def groups(self) -> tuple[str, ...]:
        """Group labels, the reference group first."""
        return self["configural"].groups

    @property
    def n(self) -> dict[str, int]:
        """Respondents used, by group."""
        return self["configural"].n

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What was settled or left out on the way."""
        return self["configural"].notes

    # -- what was set aside ---------------------------------------------------------------------

    def set_aside(self, level: Level, *, before: bool = False) -> tuple[Release, ...]:
        """Return all that had been set aside when a rung ended (``before``: when it began)."""
        found: list[Release] = []
        for name in self.route.up_to(level):
            rung = self.rungs.get(name)
            if rung is None:
                break
            last = before and name == level
            found += rung.first.releases if last else rung.releases
        return tuple(found)

    @property
    def released(self) -> tuple[str, ...]:
        """All that was set aside up to the highest rung that holds, as `cfa` takes it."""
        return spelled(self.set_aside(self.level)) if self.level else ()

    def touched(self, level: Level) -> frozenset[str]:
        """Return the factors one of whose items lost a constraint up to a rung."""
        items = {release.constraint.item for release in self.set_aside(level)}
        factors = self["configural"].factors
        return frozenset(f for f, measured in factors.items() if items & set(measured))

    # -- verdicts -------------------------------------------------------------------------------

    def holds(self, level: Level) -> bool:
        """Whether the deciding rule accepts the model that a rung ended with, by itself."""
        return level in self._held

    @cached_property
    def _held(self) -> frozenset[Level]:
        return frozenset(k for k, rung in self.rungs.items() if rung.last.holds(self.rule))

    @cached_property
    def level(self) -> Level | None:
        """The highest rung that holds, with all below it; None where even the structure differs.

        It may hold in part only: see `released`.
        """
        reached: Level | None = None
        for level in self.levels:
            if not self.holds(level):
                return reached
            reached = level
        return reached

    def accepted(self, level: Level) -> bool:
        """Whether a rung holds with all below it, in full or in part."""
        return reaches(self.level, level)

    @property
    def decided_by(self) -> str:
        """Name of the rule that says how far the groups reach: on the first rung fit alone does."""
        return self.rule.name if self.level else AbsoluteFit.name

    @cached_property
    def judged(self) -> tuple[Verdict, ...]:
        """Every rule's verdict on every rung with all constraints that it began with."""
        return tuple(v for rung in self.rungs.values() for v in rung.first.judged(self.rules))

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
        """Score tests of the first rung that does not hold, most contradicted constraint first.

        Empty if all that were climbed hold, and where the first does not: it has no constraints.
        """
        for level in self.levels[1:]:
            if not self.holds(level):
                return self.rungs[level].last.score_tests
        return self.rungs[self.levels[-1]].last.score_tests.iloc[:0]

    @cached_property
    def culprits(self) -> pd.DataFrame:
        """The constraints among `worst` that the rule would set aside and the ladder could not."""
        return self.rule.culprits(self.worst) if len(self.worst) else self.worst

    @cached_property
    def decision(self) -> Decisions:
        """What may be said about the groups: statement -> `Decision`."""
        return self.decide()

    def decide(self, aligned: Decision | None = None) -> Decisions:
        """Decide what may be said, aligned means by an alignment: see `Alignment.decision`."""
        aside = {level: self.set_aside(level) for level in self.levels}
        found = Findings(
            self.level,
            self.decided_by,
            self.route,
            {level: spelled(found) for level, found in aside.items()},
            {level: self.touched(level) for level in self.levels},
            tuple(self["configural"].factors),
            min(self.n.values()),
            self._caveats(),
            self._evidence(),
        )
        return decide(found, aligned)

    def _caveats(self) -> tuple[Problem, ...]:
        found = [p for p in self.notes if p.code in ("model.few_clusters", "invariance.waves")]
        searched = [r for r in self.set_aside(self.levels[-1]) if r.why not in ("asked", "follows")]
        if searched and sum(self.n.values()) > SEARCHED:
            found.append(Problem("invariance.searched", count=len(searched), severity="warning"))
        if self.route.ordered:
            found.append(Problem("invariance.uncalibrated", severity="warning"))
        return tuple(found)

    def _evidence(self) -> dict[str, float]:
        last = self.rungs[self.level].last if self.level else self.rungs["configural"].first
        if last.change is None:
            return {k: float(last.fit.reported[k]) for k in ("cfi", "rmsea", "srmr")}
        test, change = last.test, last.change
        return {
            "chisq_diff": test.chisq_diff, "df_diff": test.df_diff, "pvalue": test.pvalue,
            "d_cfi": change.d_cfi, "d_rmsea": change.d_rmsea, "d_srmr": change.d_srmr,
        }  # fmt: skip

    # -- tables ---------------------------------------------------------------------------------

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a rung, of the model it ended with.

        Columns chisq, df, pvalue, cfi, tli, rmsea (with rmsea_lower, rmsea_upper), srmr, bic, the
        change from the rung below (``d_``), ``released`` (constraints set aside on this rung) and
        ``accepted``: it holds with all below it.
        """
        return ladder_frames.table(self)

    @cached_property
    def models(self) -> pd.DataFrame:
        """One row a model that was tried: 1, 2, 2a (one constraint less), 2b, 3 ...

        Columns level, freed (what had been set aside), those of `table` and ``holds``.
        """
        return ladder_frames.models(self)

    def number(self, level: Level) -> str:
        """Return the number of a rung among all that the ladder has, from 1."""
        return str(self.route.levels.index(level) + 1)

    def named_models(self, level: Level) -> list[tuple[str, Model]]:
        """Return a rung's models by their number: ``2``, ``2a``, ``2b`` ..."""
        number, models = self.number(level), self.rungs[level].models
        letters = ["", *map(lettered, range(1, len(models)))]
        return [(f"{number}{k}", model) for k, model in zip(letters, models, strict=True)]

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """Every number that a rule read of a model.

        Columns level, model, rule, index, value, cutoff, holds, verdict, calibrated; ``holds`` is
        about the one number, ``verdict`` about the rule as a whole; ``calibrated`` is whether the
        rule's cut-offs are known to fit answers of this kind: of ordered items fit changes are not.
        """
        return ladder_frames.verdicts(self)

    @cached_property
    def log(self) -> pd.DataFrame:
        """What was done, in order: a row a constraint set aside or kept, and one that ends a rung.

        Columns level, model, event (``set aside``, ``kept``, ``accepted``, ``rejected``),
        parameter, between (answers as given, on either side of a threshold: ``3|4``), group (empty:
        all groups), why, x2, pvalue_holm, epc, epc_std, d_gap (of the score test), chisq_before,
        chisq_after, df_before, df_after, cfi_before, cfi_after.
        """
        return log(self)

    def explain(self, language: Language = "en") -> list[str]:
        """Tell the climb in sentences: what held, what was set aside and why, what follows."""
        return explain(self, language)

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Loadings of each group from the configural rung, where every factor has variance 1.

        Columns factor, item, group, est, se, ci_lower, ci_upper (95 %), std_all; in the items' own
        units for one standard deviation of the factor within the group.
        """
        return ladder_frames.loadings(self)

    def _printed(self) -> Grid:
        shown = ["chisq", "df", "cfi", "rmsea", "srmr", "d_cfi", "d_rmsea", "released", "accepted"]
        return Grid.of(self.table[shown].reset_index(), formats={"chisq": "z.2f"})

    def _lines(self) -> list[str]:
        first = say(
            "invariance.heading", group=self.group, groups=listing(self.groups),
            reached=say(f"invariance.level.{self.level or 'none'}"),
            rule=say(f"invariance.rule.{self.decided_by}"),
        )  # fmt: skip
        names = named_aside(self, self.set_aside(self.level)) if self.level else []
        second = [say("invariance.set_aside", count=len(names), names=listing(names))]
        return [first, *searched_at(self, "en"), *(second if names else [])]

    def _view(self) -> View:
        lines = self._lines()
        return View(lines[0], tuple(lines[1:]), self._printed())
