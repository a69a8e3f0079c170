"""Numbers or ordered categories, in words: what the answers speak for, and whether it matters."""

from __future__ import annotations

import math
from collections.abc import Iterable

from employer_identity.language import Language, listing, say
from employer_identity.reports.estimation import described
from employer_identity.reports.study import Study
from employer_identity.treatment import APART, CATEGORIES, CROWDED, SKEWED, WAYS, Way
from employer_identity.treatment_tables import allowed

NAMED = 3
"""Gaps that are named in a sentence; the table has them all."""


def paragraph(study: Study) -> list[str]:
    """Say what the question is, what the answers speak for, and whether it makes a difference."""
    what = "what" if study.group else "what_alone"
    told = " ".join([_say(study, what), *_answers(study), *_in_groups(study)])
    points = [f"{term} {text}" for term, text in differences(study)]
    verdict = " ".join([*outcome(study), *borderline(study)])
    return [told, *([verdict] if verdict else []), *points]


def introduction(study: Study) -> list[str]:
    """Say what the question is and how answers are spread; without groups, what that speaks for."""
    what, more = ("what", ()) if study.groups else ("what_alone", _in_groups(study))
    return [" ".join([_say(study, what), *_answers(study), *more])]


def in_groups(study: Study) -> list[str]:
    """Say what is left of the answers in the groups, for how many people, and what follows."""
    return [" ".join(_in_groups(study))]


def _say(study: Study, key: str, **values: object) -> str:
    return study.tell(f"treatment.{key}", **values)


def _answers(study: Study) -> list[str]:
    """Say how many answers there are, and how they are spread over the scale."""
    found = study.treatment.answered
    skew = found.skewness.values()
    words = {"crowded": max(found.crowded.values()), "low": min(skew), "high": max(skew)}
    return [_say(study, "offered", offered=found.offered), _say(study, "shape", **words)]


def _in_groups(study: Study) -> list[str]:
    """Say the same as `in_groups`."""
    found = study.treatment.answered
    kept, told = found.categories.values(), []
    if min(kept) < found.offered:
        key = "kept" if min(kept) < max(kept) else "kept_one"
        told.append(_say(study, key, fewest=min(kept), most=max(kept)))
    key = "people" if study.group else "people_alone"
    told.append(_say(study, key, n=found.n, thresholds=found.thresholds))
    return [*told, _advice(study)]


def _advice(study: Study) -> str:
    found = study.treatment.answered
    limits = {"categories": CATEGORIES, "skewed": SKEWED, "crowded": CROWDED}
    why = [
        _say(study, f"why.{reason}", n=len(items), **limits)
        for reason, items in found.against_numbers.items()
    ]
    key = "too_few_people" if why and found.too_few_people else found.advised
    return _say(study, key, why=listing(why, study.language))


# --- Whether it makes a difference


def outcome(study: Study) -> list[str]:
    """Say whether both ways come to the same; nothing where no groups are compared."""
    found = study.treatment
    if found.problems:
        why = " ".join(described(study, problem) for problem in found.problems)
        return [_say(study, "outcome.failed", why=why)]
    if not found.compared:
        return []
    if found.agrees:
        return [_say(study, "outcome.agrees", found=_agreement(study))]
    advised = _say(study, f"advised.{found.answered.advised}")
    return [_say(study, "outcome.differs", advised=advised)]


def _agreement(study: Study) -> str:
    """Say what both ways come to."""
    found = study.treatment
    may = found.allowed.set_index("statement")["scores"]
    items = found.items["scores"]
    key = "aside_same" if items else "aside_none"
    aside = _say(study, f"outcome.{key}", n=len(items), named=_named(study, items))
    if len(found.gaps):
        return _say(study, "outcome.agrees_means", aside=aside, moved=_at_most(study))
    if may["correlations"]:
        return _say(study, "outcome.agrees_links", aside=aside)
    return _say(study, f"outcome.agrees_{'structure' if may['structure'] else 'nothing'}")


def dependence(study: Study) -> list[str]:
    """Say where a verdict on numbers is another for ordered categories; nothing where it is not."""
    if not study.depends_on_treatment:
        return []
    return [" ".join([_say(study, "depends"), *_decisions(study)])]


def see(study: Study) -> list[str]:
    """Say where it is told in full; nothing where both ways come to the same verdict."""
    where = study.say("heading.treatment")
    return [_say(study, "see", where=where)] if study.depends_on_treatment else []


def borderline(study: Study) -> list[str]:
    """Name gaps that are on the border of what stands out; nothing where there are none."""
    rows = study.treatment.borderline
    if rows.empty:
        return []
    named = [_gap(study, r) for r in rows.head(NAMED).to_dict("records")]
    if len(rows) > NAMED:
        named.append("…")
    words = {"n": len(rows), "named": "; ".join(named)}
    return [_say(study, "outcome.borderline", **words)]


def _gap(study: Study, row: dict[str, object]) -> str:
    words = {
        "pillar": study.instrument.label(str(row["factor"]), study.language),
        "who": study.instrument.value_label(study.group, str(row["group"]), study.language),
    }
    return _say(study, "outcome.gap", **words)


def differences(study: Study) -> list[tuple[str, str]]:
    """Say in what both ways differ, point by point; nothing where they come to the same."""
    found = study.treatment
    if not found.compared or found.agrees:
        return []
    told = {}
    if not found.same_decision:
        told["decision"] = " ".join(_decisions(study))
    if not found.same_items:
        told["items"] = _say(study, "differs.items", **_items(study))
    if len(found.gaps.dropna()):
        told["gaps"] = _furthest(study) if len(found.apart) else _unmoved(study)
    return [(_say(study, f"differs.{key}_term"), text) for key, text in told.items()]


def _decisions(study: Study) -> list[str]:
    """Say of each statement that is not allowed alike what either way allows."""
    found = []
    for row in study.treatment.allowed.to_dict("records"):
        if row["scores"] != row["ordered"]:
            key = str(row["statement"]).replace(" ", "_")
            words = {w: allowed(row[w], study.instrument, study.language) for w in WAYS}
            named = say(f"invariance.statement.{key}", study.language)
            found.append(_say(study, "differs.decision", statement=named, **words))
    return found


def _unmoved(study: Study) -> str:
    return _say(study, "differs.no_gaps", moved=_at_most(study))


def _at_most(study: Study) -> float:
    """Return by how much a gap moves, rounded up: "by no more than" has to be true."""
    return math.ceil(100 * study.treatment.moved) / 100


def _items(study: Study) -> dict[Way, str]:
    nothing = _say(study, "differs.nothing")
    return {w: _named(study, items) or nothing for w, items in study.treatment.items.items()}


def _named(study: Study, items: Iterable[str]) -> str:
    """Name items as they stand inside a sentence."""
    labels = (study.instrument.label(item, study.language) for item in items)
    return listing([study.say("aside.item", label=label) for label in labels], study.language)


def _furthest(study: Study) -> str:
    """Say how many gaps come out differently, and which moves furthest."""
    found = study.treatment
    by = (found.apart["est_ordered"] - found.apart["est_scores"]).abs()
    row = found.apart.loc[by.idxmax()]
    return _say(
        study,
        "differs.gaps",
        n=len(found.apart),
        k=len(found.gaps),
        apart=APART,
        pillar=study.instrument.label(row["factor"], study.language),
        who=study.instrument.value_label(study.group, row["group"], study.language),
        scores=float(row["est_scores"]),
        ordered=float(row["est_ordered"]),
    )


# --- To paste


def to_paste(studies: Iterable[Study], language: Language) -> list[str]:
    """Say in a manuscript's words by which groupings the conclusions stay the same."""
    same, other, levels, failed = [], [], [], []
    for study in studies:
        found, by = study.treatment, study.instrument.label(study.group, language).lower()
        if not found.compared:
            failed.append(by)
        elif found.agrees:
            same.append(by)
        else:
            other.append(by)
            level = found.levels["ordered"] or "none"
            levels.append(say(f"invariance.level.{level}", language))
    told = {"agrees": same, "differs": other, "failed": failed}
    words = {"levels": listing(levels, language)}
    return [
        say(f"treatment.paste.{key}", language, named=listing(named, language), **words)
        for key, named in told.items()
        if named
    ]
