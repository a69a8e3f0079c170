"""What may be said about groups: each statement with what it needs and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from employer_identity.criteria import AbsoluteFit
from employer_identity.errors import ModelError, Problem
from employer_identity.language import Language, describe, listing, nearest, refusal, say
from employer_identity.levels import Level, Route, reaches
from employer_identity.showing import Grid, Showing, View, written

Statement = Literal[
    "structure",
    "correlations",
    "latent means",
    "observed means",
    "ordered scores",
    "reliability",
    "aligned means",
    "league table",
]
NEEDS: Mapping[Statement, Level] = {
    "structure": "configural",
    "correlations": "metric",
    "latent means": "scalar",
    "observed means": "scalar",
    "ordered scores": "strict",
    "reliability": "strict",
    "aligned means": "configural",
    "league table": "scalar",
}
ORDERED: Mapping[Statement, Level] = {"observed means": "strict", "league table": "strict"}
"""What takes more where answers are ordered categories: a mean of these also depends on noise."""
FULL: tuple[Statement, ...] = ("observed means", "ordered scores", "reliability", "league table")
"""Statements about scores: every constraint of the items in a score must hold."""
LEAGUE = 100  # people a group needs to stand in a league table


@dataclass(frozen=True, repr=False)
class Decision(Showing):
    """Whether a statement about groups is allowed, and why (or why not).

    Attributes
    ----------
    statement, allowed
        The verdict.
    needs
        The rung that it takes.
    reached
        The highest rung that holds; None where even the structure differs.
    rule
        Name of the rule that decided.
    factors
        The factors for which the statement is allowed; all of them, or none, unless constraints
        were set aside and the statement is about scores, or it is about aligned means.
    set_aside
        The constraints that were set aside, as `cfa` takes them in ``free``.
    untested
        Why it could not be tested, as the end of a sentence's key; empty where it was.
    caveats
        What a reader must know beside it.
    evidence
        Numbers of the highest rung that holds: chisq_diff, df_diff, pvalue, d_cfi, d_rmsea,
        d_srmr; those of the fit on the first one. Of aligned means these, and the largest share of
        a factor's loadings and intercepts that differ.
    """

    statement: Statement
    allowed: bool
    needs: Level
    reached: Level | None
    rule: str
    factors: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    untested: str = ""
    caveats: tuple[Problem, ...] = ()
    evidence: Mapping[str, float] | None = None

    @property
    def tested(self) -> bool:
        """Whether the answers could tell."""
        return not self.untested

    def reason(self, language: Language = "en") -> str:
        """Say it in a sentence; what a reader must know beside it are the `caveats`."""
        words = {
            "statement": say(f"invariance.statement.{_key(self.statement)}", language),
            "needs": say(f"invariance.level.{self.needs}", language),
            "reached": say(f"invariance.level.{self.reached or 'none'}", language),
            "rule": say(f"invariance.rule.{self.rule}", language),
            "set_aside": listing(self.set_aside, language),
            "count": len(self.set_aside),
            "factors": listing(self.factors, language),
        }
        return say(f"invariance.{self._sentence()}", language, **words)

    def _view(self) -> View:
        return View(self.reason(), tuple(map(describe, self.caveats)))

    def _sentence(self) -> str:
        if self.untested:
            return f"untested_{self.untested}"
        if self.statement == "aligned means" and self.reached:
            return f"aligned_{'all' if self.allowed else 'some' if self.factors else 'none'}"
        if self.allowed:
            return "allowed_in_part" if self.set_aside else "allowed"
        if self.factors:
            return "refused_for_some"
        return "refused_in_part" if reaches(self.reached, self.needs) else "refused"


class Decisions(Showing, dict[Statement, Decision]):
    """What may be said about the groups: statement -> `Decision`."""

    def __missing__(self, asked: object) -> Decision:
        raise refusal(ModelError, [unknown(asked)])

    def _view(self) -> View:
        allowed = sum(made.allowed for made in self.values())
        title = say("showing.decisions", allowed=allowed, count=len(self))
        caveats = dict.fromkeys(describe(c) for made in self.values() for c in made.caveats)
        headers = ("statement", "allowed", "needs", "factors", "set aside")
        return View(title, (), Grid(headers, tuple(map(_row, self.values()))), tuple(caveats))


def _row(made: Decision) -> tuple[str, ...]:
    """Write a decision as a row; its reason says it in a sentence."""
    allowed = written(made.allowed) if made.tested else say("showing.untested")
    factors = say("showing.all") if made.allowed else ", ".join(made.factors)
    return made.statement, allowed, made.needs, factors, ", ".join(made.set_aside)


def unknown(asked: object) -> Problem:
    """Say that there is no such statement, and which one looks most like it."""
    known = get_args(Statement)
    near = nearest(str(asked), known)
    code = "across.statement_near" if near else "across.statement"
    return Problem(code, str(asked), values={"allowed": listing(known), "near": near})


def _key(statement: Statement) -> str:
    return statement.replace(" ", "_")


@dataclass(frozen=True)
class Findings:
    """What a ladder found, as far as decisions rest on it.

    Attributes
    ----------
    reached, rule
        As in `Decision`.
    route
        The levels, and which of them the answers can test.
    set_aside
        Per rung what had been set aside up to it.
    touched
        Per rung the factors one of whose items lost a constraint up to it.
    factors
        All factors.
    smallest
        People in the smallest group.
    caveats, evidence
        As in `Decision`.
    """

    reached: Level | None
    rule: str
    route: Route
    set_aside: Mapping[Level, tuple[str, ...]]
    touched: Mapping[Level, frozenset[str]]
    factors: tuple[str, ...]
    smallest: int
    caveats: tuple[Problem, ...]
    evidence: Mapping[str, float]


def decide(found: Findings, aligned: Decision | None = None) -> Decisions:
    """Decide every statement.

    Parameters
    ----------
    found
        What a ladder found, which holds constraints equal exactly.
    aligned
        What an alignment of the same groups decides about aligned means; None: untested.
    """
    made = {statement: _decide(statement, found) for statement in get_args(Statement)}
    return Decisions(made | ({aligned.statement: aligned} if aligned else {}))


def _decide(statement: Statement, found: Findings) -> Decision:
    needs = _needs(statement, found.route)
    reached = reaches(found.reached, needs)
    full = statement in FULL
    touched = found.touched.get(needs, frozenset()) if full else frozenset()
    factors = tuple(f for f in found.factors if f not in touched) if reached else ()
    untested = _untested(statement, needs, found)
    allowed = reached and not untested and len(factors) == len(found.factors)
    rule = AbsoluteFit.name if statement == "structure" else found.rule
    return Decision(
        statement, allowed, needs, found.reached, rule, () if untested else factors,
        found.set_aside.get(needs, ()), untested, found.caveats if reached else (), found.evidence,
    )  # fmt: skip


def _needs(statement: Statement, route: Route) -> Level:
    """Return the rung that a statement takes, or the higher one that tests it."""
    needs = NEEDS[statement]
    return route.tested_at(ORDERED.get(statement, needs) if route.ordered else needs)


def _untested(statement: Statement, needs: Level, found: Findings) -> str:
    """Say why a ladder cannot tell; empty where it can."""
    if statement == "aligned means":
        return "alignment"
    if statement == "ordered scores" and not found.route.ordered:
        return "ordered"
    if statement == "league table" and found.smallest < LEAGUE:
        return "league"
    return found.route[needs].untestable or ""
