"""Numbers or ordered categories, in words: what the answers speak for, and whether it matters."""

from __future__ import annotations

from collections.abc import Iterable

from employer_identity.language import Language, listing, say
from employer_identity.reports.estimation import described
from employer_identity.reports.study import Study
from employer_identity.treatment import APART, CATEGORIES, CROWDED, SKEWED, Way

NAMED = 3
"""Gaps that are named in a sentence; the table has them all."""


def paragraph(study: Study) -> list[str]:
    """Say what the question is, what the answers speak for, and whether it makes a difference."""
    what = [_say(study, "what" if study.group else "what_alone"), *facts(study)]
    return [" ".join(what), *outcome(study), *(f"{a} {b}" for a, b in differences(study))]


def introduction(study: Study) -> list[str]:
    """Say what the question is; where no groups are compared, also what the answers speak for."""
    if study.groups:
        return [_say(study, "what")]
    return [" ".join([_say(study, "what_alone"), *facts(study)])]


def facts(study: Study) -> list[str]:
    """Say how many answers there are, how they are spread, how many people, and what follows."""
    return [" ".join([_categories(study), _shape(study), _people(study), _advice(study)])]


def _say(study: Study, key: str, **values: object) -> str:
    return study.tell(f"treatment.{key}", **values)


def _categories(study: Study) -> str:
    found = study.treatment.answered
    kept = found.categories.values()
    told = _say(study, "offered", offered=found.offered)
    if min(kept) < found.offered:
        key = "kept" if min(kept) < max(kept) else "kept_one"
        told = _say(study, key, offered=told, fewest=min(kept), most=max(kept))
    return f"{told}."


def _shape(study: Study) -> str:
    found = study.treatment.answered
    skew = found.skewness.values()
    words = {"crowded": max(found.crowded.values()), "low": min(skew), "high": max(skew)}
    return _say(study, "shape", **words)


def _people(study: Study) -> str:
    """Say how many people there are for the thresholds, where that gives no small group away."""
    found = study.treatment.answered
    if study.group and not study.are_sizes_tellable:
        return ""
    key = "people" if study.group else "people_alone"
    return _say(study, key, n=found.n, thresholds=found.thresholds)


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
        told = _say(study, "outcome.agrees", found=_agreement(study))
    else:
        advised = _say(study, f"advised.{found.answered.advised}")
        told = _say(study, "outcome.differs", advised=advised)
    return [" ".join([told, *_borderline(study)])]


def _agreement(study: Study) -> str:
    """Say what both ways come to."""
    found = study.treatment
    allowed = found.allowed.set_index("statement")["scores"]
    items = found.items["scores"]
    key = "aside_same" if items else "aside_none"
    aside = _say(study, f"outcome.{key}", n=len(items), named=study.labels(items))
    if len(found.gaps):
        return _say(study, "outcome.agrees_means", aside=aside, moved=found.moved)
    if allowed["correlations"]:
        return _say(study, "outcome.agrees_links", aside=aside)
    return _say(study, f"outcome.agrees_{'structure' if allowed['structure'] else 'nothing'}")


def _borderline(study: Study) -> list[str]:
    """Name gaps that are on the border of what stands out."""
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
        told["decision"] = _say(study, "differs.decision", **_levels(study, study.language))
    if not found.same_items:
        told["items"] = _say(study, "differs.items", **_items(study))
    if len(found.apart):
        told["gaps"] = _furthest(study)
    return [(_say(study, f"differs.{key}_term"), text) for key, text in told.items()]


def _levels(study: Study, language: Language) -> dict[str, str]:
    return {
        way: say(f"invariance.level.{level or 'none'}", language)
        for way, level in study.treatment.levels.items()
    }


def _items(study: Study) -> dict[Way, str]:
    nothing = _say(study, "differs.nothing")
    return {w: study.labels(items) or nothing for w, items in study.treatment.items.items()}


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
            levels.append(_levels(study, language)["ordered"])
    told = {"agrees": same, "differs": other, "failed": failed}
    words = {"levels": listing(levels, language)}
    return [
        say(f"treatment.paste.{key}", language, named=listing(named, language), **words)
        for key, named in told.items()
        if named
    ]
