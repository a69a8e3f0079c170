"""Who feels what, in words: what the ladder allows, without which items, and what is in the way."""

from __future__ import annotations

import pandas as pd

from employer_identity import privacy
from employer_identity.conclusions import WITH, sentences
from employer_identity.decision import Decision
from employer_identity.ladder_log import which
from employer_identity.language import listing, say
from employer_identity.reports import treatment_words
from employer_identity.reports.study import Study
from employer_identity.rungs import Constraint
from employer_identity.states import Aside, asides
from employer_identity.suppression import groups_of

NAMED = 3
"""Contradicted equalities that are named in a sentence; the table has more."""


def verdict(study: Study) -> str:
    """Say in one sentence what may be compared, and whether items had to be set aside for it."""
    n, key = len(study.items_aside), _reached(study)
    part = "_in_part" if n and key in ("metric", "scalar") else ""
    if key == "strict" and not study.holds_both_ways:
        part = "_numbers"
    told = study.say(f"verdict.{key}{part}", n=n, items=len(study.survey.item_names))
    return " ".join([told, *treatment_words.dependence(study)])


def _reached(study: Study) -> str:
    """Return the key of the highest rung that holds; the last counts only with every equality.

    Of ordered categories that stop at thresholds it is ``categories``; where these hold and
    loadings do not, the words are those of ``configural``.
    """
    ladder = study.ladder
    assert ladder is not None  # asked for only where there is a group
    if ladder.level == "strict" and ladder.set_aside("strict"):
        return "scalar"
    if ladder.level == "configural" and "thresholds" in ladder.testable:
        return "categories"
    return "configural" if ladder.level == "thresholds" else ladder.level or "none"


def aside(study: Study) -> list[tuple[str, str]]:
    """Name each item that was set aside for what is allowed: for whom, and on which side."""
    assert study.ladder is not None
    ladder = study.ladder
    return [
        (f"{study.instrument.scored_label(a.item, study.language)}.", _aside(study, a))
        for a in asides(study.releases, ladder.groups)
    ]


def _aside(study: Study, found: Aside) -> str:
    language, instrument = study.language, study.instrument
    who = [instrument.value_label(study.group, g, language) for g in found.groups]
    side = found.direction if who else "differs"
    pillar = next(p for p, items in instrument.factors.items() if found.item in items)
    words = {"who": listing(who, language), "pillar": instrument.label(pillar, language)}
    return study.say(f"aside.{found.kind}_{side}", **words)


def allowed(study: Study) -> list[str]:
    """Say what setting items aside means, which scores may be compared, what else may be said."""
    told, reached = [study.say("aside.meaning")] if study.items_aside else [], _reached(study)
    if reached == "scalar":
        told.append(scores(study))
    elif reached != "strict":
        told.append(study.say(f"still.{reached}"))
    return [" ".join(told)] if told else []


def scores(study: Study) -> str:
    """Say of which pillars the scores may be compared as they are."""
    assert study.ladder is not None
    if study.ladder.route.ordered and not study.ladder.accepted("strict"):
        return study.say("scores.categories")
    decision = study.decision("observed means")
    named = study.labels(decision.factors)
    others = study.labels(p for p in study.pillars if p not in decision.factors)
    key = "all" if decision.allowed else "some" if decision.factors else "none"
    n = len(study.pillars) - len(decision.factors)
    return study.say(f"scores.{key}", named=named, others=others, n=n)


def reasons(study: Study) -> list[str]:
    """Say why: the rule, the rules that disagree, the equalities that are still contradicted."""
    if study.ladder is None or study.ladder.level is None:
        return [_rule(study)]
    rests_on = " ".join([_rule(study), *_searched(study), *treatment_words.see(study)])
    disagreement = " ".join(_disagreement(study))
    return [rests_on, *_few_clusters(study), disagreement, *culprits(study)]


def _searched(study: Study) -> list[str]:
    """Warn that what was set aside was found in the answers that it is about."""
    decision: Decision = study.decision("structure")
    searched = any(c.code == "invariance.searched" for c in decision.caveats)
    return [study.say("ladder.searched")] if searched else []


def _few_clusters(study: Study) -> list[str]:
    """Warn that a test among few clusters rejects little: its chi-square is below their number."""
    assert study.ladder is not None
    few = [note.count for note in study.ladder.notes if note.code == "model.few_clusters"]
    return [study.say("ladder.few_clusters", n=n) for n in few]


def _rule(study: Study) -> str:
    assert study.ladder is not None
    rule = say(f"invariance.rule.{study.ladder.decided_by}", study.language)
    key = "decided" if _reached(study) != "none" else "decided_alone"
    return study.say(f"ladder.{key}", rule=rule)


def _disagreement(study: Study) -> list[str]:
    """Name the rungs on which the rules disagree, each as it was before anything was set aside."""
    ladder = study.ladder
    assert ladder is not None
    sentences = []
    for level, sides in ladder.disagreement.items():
        yes, no = (
            listing([say(f"invariance.rule.{r}", study.language) for r in side], study.language)
            for side in sides
        )
        words = {"level": say(f"figures.ladder.{level}", study.language), "yes": yes, "no": no}
        sentences.append(study.say("ladder.disagreement", **words))
    return sentences or [study.say("ladder.agreement")]


def culprits(study: Study) -> list[str]:
    """Name the equalities that keep a rung from holding, with direction and size."""
    found = study.culprits
    if found.empty:
        return []
    language, instrument, ladder = study.language, study.instrument, study.ladder
    assert ladder is not None  # else there are none
    named = []
    for r in found.head(NAMED).to_dict("records"):
        constraint = Constraint.tested(r)
        direction = "higher" if constraint.epc_std > 0 else "lower"
        named.append(
            study.say(
                f"culprit.{constraint.kind}_{direction}",
                item=instrument.scored_label(constraint.item, language),
                who=instrument.value_label(study.group, str(constraint.group), language),
                size=abs(constraint.epc_std),
                **which(ladder, constraint),
            )
        )
    shadow = study.say("ladder.shadow") if len(found) > 1 else ""
    told = study.say("ladder.culprits", n=len(found), named=listing(named, language))
    return [" ".join(filter(None, [told, shadow, _no_further(study)]))]


def _no_further(study: Study) -> str:
    """Say why they were not set aside too."""
    ladder = study.ladder
    assert ladder is not None
    kept = {k.why for rung in ladder.rungs.values() for k in rung.kept}
    return study.say("ladder.no_further", n=ladder.anchors) if "few_anchors" in kept else ""


def means(study: Study) -> list[str]:
    """Say which groups stand apart from the reference group, or why levels are not compared."""
    assert study.ladder is not None
    language, instrument = study.language, study.instrument
    if not study.means_allowed:
        return [study.say(f"means.refused_{_reached(study)}")]
    frame = study.latent_means
    apart = frame[(frame["se"] > 0) & ((frame["ci_lower"] > 0) | (frame["ci_upper"] < 0))]
    reference = instrument.value_label(study.group, study.ladder.groups[0], language)
    named = [
        study.say(
            "means.apart",
            who=instrument.value_label(study.group, r["group"], language),
            pillar=instrument.label(r["factor"], language),
            **_size(r),
            direction=study.say(f"means.{'higher' if r['est'] > 0 else 'lower'}"),
        )
        for r in apart.sort_values("est", key=abs, ascending=False).head(NAMED).to_dict("records")
    ]
    key = "means.found" if named else "means.none_found"
    told = [study.say("means.allowed", reference=reference)]
    if study.items_aside:
        labels = (instrument.label(item, language) for item in study.items_aside)
        without = [study.say("aside.item", label=label) for label in labels]
        told.append(study.say("means.without", named=listing(without, language)))
    return [" ".join(told), study.say(key, named=listing(named, language), reference=reference)]


def _size(r: dict[str, float]) -> dict[str, float]:
    """Give a difference without its sign, with the ends of its interval in that direction."""
    ends = [r["ci_lower"], r["ci_upper"]] if r["est"] > 0 else [-r["ci_upper"], -r["ci_lower"]]
    return dict(zip(("size", "lower", "upper"), map(float, [abs(r["est"]), *ends]), strict=True))


def moved(study: Study) -> list[str]:
    """Say what the items that were set aside do to the levels: the largest shifts of a gap."""
    assert study.ladder is not None
    found, groups = study.conclusions, study.ladder.groups
    partial = found[found["model"] == "partial"].set_index(["factor", "group"])["est"]
    again = found[found["model"].str.startswith(WITH)]
    shift = again["est"] - again.set_index(["factor", "group"]).index.map(partial)
    largest = again.loc[shift.abs().nlargest(NAMED).index.sort_values()]
    told = pd.concat([found[found["model"] == "partial"], largest])
    return sentences(told, study.instrument, study.group, groups[0], language=study.language)


def uncompared(study: Study) -> list[str]:
    """Say why nothing is compared by the grouping that was asked for."""
    if not study.uncompared:
        return []
    by = study.instrument.label(study.uncompared, study.language).lower()
    if len(groups_of(study.survey, study.uncompared)) < 2:
        return [study.say("uncompared.alone", by=by)]
    least = privacy.model_floor(study.instrument, study.uncompared, minimum=study.minimum_n)
    return [study.say("uncompared.hidden", by=by, n=least)]


def left_out(study: Study) -> list[str]:
    """Name the groups that do not take part in the comparison."""
    if not study.left_out:
        return []
    named = listing(study.left_out, study.language)
    return [study.say("loadings.left_out", n=study.floor, named=named)]


def loadings(study: Study) -> list[str]:
    """Say what the figure of loadings shows, or why there is none."""
    assert study.ladder is not None
    sentences = [study.say("loadings.what")]
    if study.ladder.level is None:
        sentences.append(study.say("loadings.unfit"))
    if not study.loadings_drawn:
        sentences.append(study.say("loadings.too_many", n=len(study.ladder.groups)))
    return [" ".join(sentences)]
