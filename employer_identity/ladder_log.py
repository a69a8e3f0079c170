"""The climb as a table and in words: what was set aside and why, what was not and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd

from employer_identity.criteria import LEVEL, Localised
from employer_identity.language import Language, describe, listing, say
from employer_identity.levels import Level
from employer_identity.measurement.evidence import OrderedSample
from employer_identity.rungs import Constraint, Model, Release, Rung, WhyNot, spelled

if TYPE_CHECKING:
    from employer_identity.ladder import Ladder

COLUMNS = (
    "level", "model", "event", "parameter", "between", "group", "why", "x2", "pvalue_holm", "epc",
    "epc_std", "d_gap", "chisq_before", "chisq_after", "df_before", "df_after", "cfi_before",
    "cfi_after",
)  # fmt: skip
_NOTHING = dict.fromkeys(("parameter", "between", "group"), "")
_BEFORE = ("chisq", "df", "cfi")


def log(ladder: Ladder) -> pd.DataFrame:
    """Return the log, see `Ladder.log`."""
    rows: list[dict[str, object]] = []
    for level, rung in ladder.rungs.items():
        rows += _rung(ladder, level, rung)
    for level in ladder.unfit:
        told: dict[str, object] = {"level": level, "model": ladder.number(level)}
        told |= {"event": "rejected", "why": "no solution", **_NOTHING}
        rows.append(told)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rung(ladder: Ladder, level: Level, rung: Rung) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    before: Model | None = None
    names = ladder.named_models(level)
    for name, model in names:
        here = {"level": level, "model": name, **_numbers(before, "before")}
        here |= _numbers(model, "after")
        for r in model.releases:
            group = "" if r.everywhere else str(r.constraint.group)
            tested = _tested(ladder, r.constraint, group)
            rows.append(here | tested | {"event": "set aside", "why": r.why})
        before = model
    end = {"level": level, "model": names[-1][0], **_numbers(rung.first, "before")}
    end |= _numbers(rung.last, "after")
    for k in rung.kept:
        told = _tested(ladder, k.constraint, str(k.constraint.group))
        rows.append(end | told | {"event": "kept", "why": k.why})
    why = "in part" if ladder.set_aside(level) else ""
    event = "accepted" if ladder.accepted(level) else "rejected"
    return [*rows, {**end, "event": event, "why": why, **_NOTHING}]


def _numbers(model: Model | None, when: str) -> dict[str, object]:
    reported = None if model is None else model.fit.reported
    return {f"{n}_{when}": np.nan if reported is None else float(reported[n]) for n in _BEFORE}


def _tested(ladder: Ladder, constraint: Constraint, group: str) -> dict[str, object]:
    names = ("x2", "pvalue_holm", "epc", "epc_std", "d_gap")
    numbers = {name: getattr(constraint, name) for name in names}
    sides = between(ladder, constraint)
    return {"parameter": constraint.parameter, "between": sides, "group": group, **numbers}


def explain(ladder: Ladder, language: Language = "en") -> list[str]:
    """Return the climb in sentences, see `Ladder.explain`."""
    told = [f"{text}." for text in searched_at(ladder, language)]
    for level, rung in ladder.rungs.items():
        told += _same_model(ladder, level, language)
        told += [_release(ladder, r, language) for r in rung.first.releases]
        told += [_release(ladder, r, language) for m in rung.models[1:] for r in m.releases]
        told += _not_set_aside(ladder, rung, language)
        told.append(_end(ladder, level, language))
    for level, problems in ladder.unfit.items():
        name = say(f"invariance.level.{level}", language)
        why = " ".join(describe(problem, language) for problem in problems)
        told.append(say("invariance.end.no_solution", language, level=name, why=why))
    told += [d.reason(language) for d in ladder.decision.values() if d.tested]
    caveats = (c for d in ladder.decision.values() for c in d.caveats)
    return [*told, *dict.fromkeys(describe(c, language) for c in caveats)]


def searched_at(ladder: Ladder, language: Language) -> list[str]:
    """Say at which level constraints are searched, where that is not the usual one of a rung."""
    rule, rungs = ladder.rule, ladder.route.sharing
    if not isinstance(rule, Localised) or rule.alpha == LEVEL:
        return []
    key = "tests_share" if rule == Localised.shared(rungs) else "tests_at"
    words = {"alpha": rule.alpha, "level": LEVEL, "rungs": rungs}
    return [say(f"invariance.{key}", language, **words)]


def which(ladder: Ladder, constraint: Constraint) -> dict[str, float]:
    """Return a threshold's number, and the answers on either side; of anything else nothing.

    Categories that were merged have no number of their own, and readers know the answers.
    """
    evidence = ladder.prepared.sample.evidence
    if not constraint.threshold or not isinstance(evidence, OrderedSample):
        return {}
    low, high = evidence.between(constraint.item, constraint.threshold)
    return {"number": constraint.threshold, "low": low, "high": high}


def _same_model(ladder: Ladder, level: Level, language: Language) -> list[str]:
    """Tell of the rungs that this one tests, being the same model as the one below."""
    route = ladder.route
    names = [step.level for step in route.steps if step.untestable == "same_model"]
    return [
        say("invariance.end.same_model", language, level=say(f"invariance.level.{name}", language))
        for name in names if route.tested_at(name) == level
    ]  # fmt: skip


def between(ladder: Ladder, constraint: Constraint) -> str:
    """Write the answers on either side of a threshold, ``4|5``; of anything else nothing."""
    found = which(ladder, constraint)
    return f"{found['low']:g}|{found['high']:g}" if found else ""


def _with_answers(ladder: Ladder, text: str, constraint: Constraint) -> str:
    sides = between(ladder, constraint)
    return f"{text} ({sides})" if sides else text


def named_aside(ladder: Ladder, releases: Sequence[Release]) -> list[str]:
    """Name what was set aside as `cfa` takes it, a threshold with the answers that it divides."""
    of = {r.spelled: r.constraint for r in releases}
    return [_with_answers(ladder, text, of[text]) for text in spelled(releases)]


def _release(ladder: Ladder, release: Release, language: Language) -> str:
    constraint = release.constraint
    kind = say(f"invariance.kind.{constraint.kind}", language, **which(ladder, constraint))
    where = say("invariance.in_all", language)
    if not release.everywhere:
        where = say("invariance.in_group", language, group=constraint.group)
    # below the scalar rung every group's intercepts are its own, and no gap can move
    alone = release.why == "contradicted" and constraint.d_gap == 0.0
    return say(
        f"invariance.release.{'contradicted_alone' if alone else release.why}", language,
        kind=kind, item=constraint.item, where=where,
        group=constraint.group or "", x2=constraint.x2, epc=constraint.epc_std,
        gap=constraint.d_gap,
    )  # fmt: skip


def _not_set_aside(ladder: Ladder, rung: Rung, language: Language) -> list[str]:
    told = []
    for why in get_args(WhyNot):
        names = [
            _with_answers(ladder, f"{k.constraint.parameter}@{k.constraint.group}", k.constraint)
            for k in rung.kept
            if k.why == why
        ]
        if names:
            words = {"count": len(names), "names": listing(names, language)}
            told.append(say(f"invariance.kept.{why}", language, **words))
    return told


def _end(ladder: Ladder, level: Level, language: Language) -> str:
    state = "rejected"
    if ladder.accepted(level):
        state = "accepted_in_part" if ladder.set_aside(level) else "accepted"
    name = say(f"invariance.level.{level}", language)
    return say(f"invariance.end.{state}", language, level=name)
