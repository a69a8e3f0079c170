"""What goes with what, in plain sentences; or why single paths cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from employer_identity.errors import Problem
from employer_identity.language import Language, listing, number, say
from employer_identity.recommendation import labelling, signs, wording

if TYPE_CHECKING:
    from employer_identity.structural import Pathways


def explain(found: Pathways, language: Language = "en") -> str:
    """Return paragraphs: the model, what may be read of it, and its limits."""
    words = {**wording(found.instrument, language)}
    label = labelling(found.instrument, language)
    mediator = inside(label(found.mediator))
    outcomes = listing((inside(label(name)) for name in found.outcomes), language)
    m = found.fit.reported
    first = say(
        "structural.model", language, mediator=mediator, n=found.fit.ntotal,
        outcomes=outcomes, cfi=float(m["cfi"]),
        rmsea=float(m["rmsea"]), srmr=float(m["srmr"]), **words,
    )  # fmt: skip
    if found.fit.problems:
        first += " " + say("structural.improper", language, why=signs(found.fit.problems, language))
    read = _effects(found, language) if found.readable else _instead(found, language)
    limits = say("structural.limits", language, mediator=mediator, **words)
    return "\n\n".join([first, *read, limits])


def warned(problem: Problem, found: Pathways, language: Language) -> str:
    """Say why single paths cannot be read."""
    label = labelling(found.instrument, language)
    values = dict(problem.values)
    if problem.code == "structural.close":
        told = [
            say(
                "models.pair", language, one=label(a), other=label(b),
                r=number(r, "z.2f", language), upper=number(upper, "z.2f", language),
            )
            for a, b, r, upper in values["pairs"]  # type: ignore[attr-defined]
        ]  # fmt: skip
        values["pairs"] = listing(told, language)
    else:
        names = map(label, values["pillars"])  # type: ignore[call-overload]
        values["pillars"] = listing(names, language)
        key = "structural.boundless" if values["highest"] == float("inf") else "structural.up_to"
        values["highest"] = say(key, language, value=values["highest"])
    return say(problem.code, language, n=problem.count, **values)


def _instead(found: Pathways, language: Language) -> list[str]:
    """Say why paths are not read, and what goes with what when nothing is held equal."""
    label, words = labelling(found.instrument, language), wording(found.instrument, language)
    why = [warned(problem, found, language) for problem in found.warnings]
    head = say("structural.not_read", language, **words)
    told = []
    for outcome, rows in found.associations.groupby("outcome", sort=False):
        each = [
            say("structural.r", language, pillar=label(r.pillar), r=r.r, low=r.ci_lower,
                high=r.ci_upper)
            for r in rows.itertuples()
        ]  # fmt: skip
        values = {"outcome": _begun(label(str(outcome))), "each": listing(each, language)}
        told.append(say("structural.goes_with_r", language, **values))
    lead = say("structural.instead", language, **words)
    return [" ".join([head, *why]), " ".join([lead, *told])]


def _effects(found: Pathways, language: Language) -> list[str]:
    """Say for the mediator and each outcome which pillars clearly go with it."""
    paths = found.paths.query("lhs == @found.mediator")
    told = [_clear(found, found.mediator, paths.rename(columns={"rhs": "pillar"}), language)]
    for outcome in found.outcomes:
        of = found.effects.query("outcome == @outcome")
        told.append(_clear(found, outcome, of.query("effect == 'total'"), language))
        told.append(_through(found, of.query("effect == 'indirect'"), language))
    words = wording(found.instrument, language)
    return [" ".join([say("structural.effects", language, **words), *filter(None, told)])]


def _clear(found: Pathways, outcome: str, rows: pd.DataFrame, language: Language) -> str:
    """Name the pillars whose interval leaves out 0, in the instrument's order."""
    label, words = labelling(found.instrument, language), wording(found.instrument, language)
    name = _begun(label(outcome))
    apart = rows[(rows["std_lower"] > 0) | (rows["std_upper"] < 0)]
    if apart.empty:
        return say("structural.nothing_clear", language, outcome=inside(name), **words)
    each = [
        say("structural.std", language, pillar=label(r.pillar), std=r.std, low=r.std_lower,
            high=r.std_upper)
        for r in apart.itertuples()
    ]  # fmt: skip
    return say("structural.goes_with", language, outcome=name, each=listing(each, language))


def _through(found: Pathways, rows: pd.DataFrame, language: Language) -> str:
    """Say how much of it leads through the mediator, where that is clear."""
    label = labelling(found.instrument, language)
    apart = rows[(rows["std_lower"] > 0) | (rows["std_upper"] < 0)]
    if apart.empty:
        return ""
    each = [
        say("structural.part", language, pillar=label(r.pillar), std=r.std) for r in
        apart.itertuples()
    ]  # fmt: skip
    values = {"mediator": inside(label(found.mediator)), "each": listing(each, language)}
    return say("structural.through", language, **values)


def inside(label: str) -> str:
    """Write a question's label as it stands inside a sentence."""
    return label[:1].lower() + label[1:]


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
