"""What a measurement report says of cut-offs that were simulated for its answers."""

from __future__ import annotations

from employer_identity.criteria import CHEN_LARGE
from employer_identity.cutoffs import SimulatedCutoffs, beyond
from employer_identity.language import describe, listing, number, say
from employer_identity.reports.measured import Compared


def told(by: Compared) -> list[str]:
    """Say what they are, where they differ from the fixed ones, and what they can see."""
    made, language = by.cutoffs, by.language
    if not isinstance(made, SimulatedCutoffs):
        return [describe(problem, language) for problem in made]
    words = {"reps": made.reps, "share": number(made.alpha, ".0%", language)}
    what = say("cutoffs.report.what", language, **words)
    return [
        " ".join([what, *(say(f"cutoffs.report.{k}", language) for k in ("suppose", "beside"))]),
        " ".join([*_beside_fixed(by, made), *_power(by, made), *_failed(by, made)]),
    ]


def _beside_fixed(by: Compared, made: SimulatedCutoffs) -> list[str]:
    """Name the rungs on which they say something else than the fixed cut-off of the index."""
    found: dict[str, list[str]] = {"stricter": [], "milder": []}
    for level, rung in by.ladder.rungs.items():
        if rung.first.change is None:
            continue
        change = getattr(rung.first, f"d_{made.index}")
        own, fixed = (
            bool(beyond(change, made.index, rule.cutoffs[level][made.index]))
            for rule in (made, CHEN_LARGE)
        )
        if own != fixed:
            named = say(f"invariance.level.{level}", by.language)
            found["stricter" if own else "milder"].append(named)
    apart = [
        say(f"cutoffs.report.{key}", by.language, levels=listing(levels, by.language))
        for key, levels in found.items()
        if levels
    ]
    return apart or [say("cutoffs.report.agree", by.language)]


def _power(by: Compared, made: SimulatedCutoffs) -> list[str]:
    """Say how often they see a difference that was planted."""
    language, instrument = by.language, by.instrument
    rows = made.table[made.table["kind"].notna()].to_dict("records")
    return [
        say(
            f"cutoffs.report.{r['kind']}", language, size=float(r["size"]),
            item=by.say("aside.item", label=instrument.label(r["item"], language)),
            who=instrument.value_label(by.group, r["group"], language),
            power=number(r["power"], ".0%", language),
            low=number(r["power_lower"], ".0%", language),
            high=number(r["power_upper"], ".0%", language),
        )
        for r in rows
    ]  # fmt: skip


def _failed(by: Compared, made: SimulatedCutoffs) -> list[str]:
    return [say("cutoffs.report.failed", by.language, n=made.failed)] if made.failed else []
