"""What a measurement report says of groups: who is compared, how far, and what it does to them."""

from __future__ import annotations

from employer_identity.across_result import ALPHA
from employer_identity.bias import SIZES
from employer_identity.language import Language, listing, say
from employer_identity.reports import estimation
from employer_identity.reports import verdict as verdicts
from employer_identity.reports.measured import Compared, Measurement

_TOLD = {"across.left_out", "across.shared"}
"""Notes on many groupings that the report tells in words of its own."""


def groupings(m: Measurement) -> list[str]:
    """Say of every grouping what it reaches, or why it was not tested."""
    if not m.study.groups:
        return [m.say("grouped.none")]
    told = [verdict(m, by) for by in m.compared]
    return [*told, *(m.say("verdict.refused", group=g, reason=why) for g, why in m.refused)]


def verdict(m: Measurement, by: Compared) -> str:
    """Say in one sentence what the groups of a grouping reach."""
    ladder = by.ladder
    if ladder.level is None:
        return m.say("verdict.none", group=by.group_label)
    level = say(f"invariance.level.{ladder.level}", m.language)
    words = {"group": by.group_label, "level": level, "n": len(ladder.released)}
    return m.say(f"verdict.{'part' if ladder.released else 'full'}", **words)


def family(m: Measurement) -> list[str]:
    """Say that all difference tests are one family, and how many of them stand."""
    if m.across is None:
        return [m.say("grouped.none")]
    if m.across.tests == 0:
        return [m.say("grouped.no_tests"), *_notes(m)]
    table = m.across.table
    words = {
        "k": len(m.across.pairs),
        "tests": m.across.tests,
        "significant": int((table["pvalue_adjusted"] < ALPHA).sum()),
        "alpha": ALPHA,
    }
    shared = [m.say("grouped.shared")] if len(m.across.pairs) > 1 else []
    return [" ".join([m.say("grouped.family", **words), *shared]), *_notes(m)]


def _notes(m: Measurement) -> list[str]:
    """Tell what else was settled about the groupings on the way."""
    assert m.across is not None
    found = [n for n in m.across.notes if n.code not in _TOLD]
    own = [(by, n) for by in m.compared for n in by.ladder.notes if n in found]
    others = [n for n in found if n not in [note for _, note in own]]
    told = [estimation.described(m.study, n) for n in others]
    return [*told, *(f"{_by(m, by)}: {estimation.described(by, n)}" for by, n in own)]


def _by(m: Measurement, by: Compared) -> str:
    return m.say("heading.by", group=by.group_label)


def sizes(m: Measurement) -> list[str]:
    """Say who is compared: each group with its size, and who was left out."""
    told = []
    for by in m.compared:
        words = {"group": by.group_label, "named": sizes_in_words(m, by, m.language)}
        told.append(m.say("grouped.sizes", **words))
        if by.left_out:
            named = listing(by.left_out, m.language)
            words = {"group": by.group_label, "named": named}
            told.append(m.say("grouped.left_out", n=by.least, k=len(by.left_out), **words))
    return told


def sizes_in_words(m: Measurement, by: Compared, language: Language) -> str:
    """Name the groups of a grouping with how many people are in each."""
    named = []
    for label, n in by.ladder.n.items():
        group = m.instrument.value_label(by.group, label, language)
        named.append(say("measured.grouped.size", language, group=group, n=n))
    return listing(named, language)


def reasons(m: Measurement, by: Compared) -> list[str]:
    """Name the rule that decided, and the rungs on which others disagree with it or one another."""
    ladder, language = by.ladder, m.language
    name = say(f"invariance.rule.{ladder.decided_by}", language)
    told = [m.say("judged.decided", rule=name)]
    for level, sides in ladder.disagreement.items():
        yes, no = (
            listing([say(f"invariance.rule.{r}", language) for r in side], language)
            for side in sides
        )
        rung = say(f"invariance.level.{level}", language)
        told.append(m.say("judged.disagreement", level=rung, yes=yes, no=no))
    if len(told) == 1 and len(ladder.levels) > 1:
        told.append(m.say("judged.agreement"))
    return [" ".join(told)]


# --- What was set aside, and what it does


def bias(m: Measurement, by: Compared) -> list[str]:
    """Say how large the shifts of answers are, and how many are beyond estimation error."""
    if not by.is_anything_contradicted:
        return [m.say("released.nothing")]
    if "scalar" not in by.ladder.levels:
        return [m.say("released.unlinked")]
    found = by.dmacs
    if found.empty:
        return [m.say("released.no_shift")]
    largest = found.loc[found["d"].idxmax()]
    words = {
        "n": len(found),
        "above": int((found["d"] > found["floor"]).sum()),
        "d": float(largest["d"]),
        "size": say(f"tables.size.{largest['size']}", m.language),
        "item": m.instrument.label(largest["item"], m.language),
        "who": m.instrument.value_label(by.group, largest["group"], m.language),
    }
    return [m.say("released.shift", **words), m.say("released.sizes", **SIZES)]


def means(m: Measurement, by: Compared) -> list[str]:
    """Say which groups stand apart, or why levels are not compared; and how far people differ."""
    told = verdicts.means(by)
    if not by.means_allowed:
        return told
    others = by.variances[by.variances["se"] > 0]
    words = {"low": float(others["est"].min()), "high": float(others["est"].max())}
    alone = [] if by.items_aside else [m.say("means.not_moved")]
    return [*told, " ".join([m.say("means.variances", **words), *alone])]


def contrasts(m: Measurement, by: Compared) -> list[str]:
    """Say how many differences between two groups stand after adjustment for their number."""
    found = by.contrasts
    standing = int((found["pvalue_adjusted"] < ALPHA).sum())
    words = {"n": len(found), "standing": standing, "alpha": ALPHA}
    unlisted = [] if by.is_few else [m.say("means.contrasts_many")]
    return [" ".join([m.say("means.contrasts", **words), *unlisted])]


def shifts(by: Compared) -> list[str]:
    """Say what the items that were set aside do to the levels: the largest shifts of a gap."""
    return verdicts.moved(by)
