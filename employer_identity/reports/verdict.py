"""Who feels what, in words: what the ladder allows, who disagrees, and what stands in the way."""

from __future__ import annotations

from employer_identity.language import listing, say
from employer_identity.reports.study import Study

NAMED = 3
"""Contradicted equalities that are named in a sentence; the table has more."""


def verdict(study: Study) -> str:
    """Say in one sentence what may be compared."""
    assert study.ladder is not None  # asked for only where there is a group
    return study.say(f"verdict.{study.ladder.level or 'none'}")


def reasons(study: Study) -> list[str]:
    """Say why: the rule, the rules that disagree, the equalities that are contradicted."""
    if study.ladder is None or study.ladder.level is None:
        return [_rule(study)]
    return [_rule(study), *_few_clusters(study), *_disagreement(study), *culprits(study)]


def _few_clusters(study: Study) -> list[str]:
    """Warn that a test among few clusters rejects little: its chi-square is below their number."""
    assert study.ladder is not None
    few = [note.count for note in study.ladder.notes if note.code == "model.few_clusters"]
    return [study.say("ladder.few_clusters", n=n) for n in few]


def _rule(study: Study) -> str:
    ladder = study.ladder
    assert ladder is not None
    rule = ladder.rule if ladder.level else "hu_bentler_1999"
    return study.say("ladder.decided", rule=say(f"invariance.rule.{rule}", study.language))


def _disagreement(study: Study) -> list[str]:
    """Name the rungs, up to the first that does not hold, on which the rules disagree."""
    ladder = study.ladder
    assert ladder is not None
    climbed = int(ladder.table["accepted"].sum()) + 1
    sentences = []
    for level, sides in ladder.disagreement.items():
        if level not in ladder.table.index[:climbed]:
            continue
        yes, no = (
            listing([say(f"invariance.rule.{r}", study.language) for r in side], study.language)
            for side in sides
        )
        rung = say(f"figures.ladder.{level}", study.language)
        sentences.append(
            study.say(
                "ladder.disagreement",
                level=rung,
                yes=yes,
                no=no,
                n_yes=len(sides[0]),
                n_no=len(sides[1]),
            )
        )
    return sentences or [study.say("ladder.agreement")]


def culprits(study: Study) -> list[str]:
    """Name the equalities that the answers contradict, with direction and size."""
    found = study.culprits
    if found.empty:
        return []
    language, instrument = study.language, study.instrument
    named = []
    for r in found.head(NAMED).to_dict("records"):
        kind = {"=~": "loading", "~1": "intercept", "~~": "residual"}[r["op"]]
        direction = "higher" if r["epc_std"] > 0 else "lower"
        named.append(
            study.say(
                f"culprit.{kind}_{direction}",
                item=instrument.label(r["lhs"] if r["op"] == "~1" else r["rhs"], language),
                who=instrument.value_label(study.group, r["group"], language),
                size=abs(float(r["epc_std"])),
            )
        )
    shadow = study.say("ladder.shadow") if len(found) > 1 else ""
    told = study.say("ladder.culprits", n=len(found), named=listing(named, language))
    return [f"{told} {shadow}".strip()]


def means(study: Study) -> list[str]:
    """Say which groups stand apart from the reference group, or why levels are not compared."""
    assert study.ladder is not None
    language, instrument = study.language, study.instrument
    if not study.means_allowed:
        return [study.say(f"means.refused_{study.ladder.level or 'none'}")]
    frame = study.latent_means
    apart = frame[(frame["se"] > 0) & ((frame["ci_lower"] > 0) | (frame["ci_upper"] < 0))]
    reference = instrument.value_label(study.group, study.ladder.groups[0], language)
    named = [
        study.say(
            "means.apart",
            who=instrument.value_label(study.group, r["group"], language),
            pillar=instrument.label(r["factor"], language),
            size=abs(float(r["est"])),
            direction=study.say(f"means.{'higher' if r['est'] > 0 else 'lower'}"),
        )
        for r in apart.sort_values("est", key=abs, ascending=False).head(NAMED).to_dict("records")
    ]
    key = "means.found" if named else "means.none_found"
    return [
        study.say("means.allowed", reference=reference),
        study.say(key, named=listing(named, language), reference=reference),
    ]


def left_out(study: Study) -> list[str]:
    """Name the groups that are too small to take part in the comparison."""
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
