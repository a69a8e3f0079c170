"""Tables of answers as numbers beside answers as ordered categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from employer_identity.audit.facts import Fact
from employer_identity.audit.stating import Teller, of_model
from employer_identity.language import Language, listing, say
from employer_identity.privacy import MINIMUM, Shown, of_large_groups
from employer_identity.tabulation import NOTHING, decimals, interval, tabulate

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument
    from employer_identity.treatment import Treatment


def ways(found: Treatment, instrument: Instrument, *, language: Language = "en") -> Shown:
    """How each rung stands in both ways, and what may be compared."""
    rows = [
        {"part": say("treatment.part.rungs", language)}
        | {"name": say(f"figures.ladder.{r['level']}", language)}
        | {"one": _state(r, "scores", language), "other": _state(r, "ordered", language)}
        for r in found.rungs.to_dict("records")
    ]
    for r in found.allowed.to_dict("records"):
        key = str(r["statement"]).replace(" ", "_")
        told = [allowed(r[way], instrument, language) for way in ("scores", "ordered")]
        rows.append(
            {"part": say("treatment.part.allowed", language)}
            | {"name": say(f"invariance.statement.{key}", language)}
            | {"one": told[0], "other": told[1]}
        )
    heads = {c: say(f"treatment.head.{c}", language) for c in ("name", "one", "other")}
    return _tabulate("rungs", rows, language, of_model(), "part", heads)


def _state(row: dict[str, object], way: str, language: Language) -> str:
    state, n = row[f"state_{way}"], row[f"aside_{way}"]
    if not state:
        return NOTHING
    without = "_without" if n and state in ("in_part", "rejected", "out_of_reach") else ""
    return say(f"figures.ladder.{state}{without}", language, n=n)


def allowed(factors: tuple[str, ...], instrument: Instrument, language: Language) -> str:
    """Say of which factors a statement is allowed: of all, none or some."""
    if not factors:
        return say("treatment.allowed.none", language)
    if len(factors) == len(instrument.factors):
        return say("treatment.allowed.all", language)
    named = listing([instrument.label(f, language) for f in factors], language)
    return say("treatment.allowed.some", language, named=named)


def gaps(
    found: Treatment,
    instrument: Instrument,
    group: str,
    *,
    minimum: int = MINIMUM,
    language: Language = "en",
) -> Shown:
    """Latent means beyond the reference group in both ways, with what lies between."""
    shown = of_large_groups(found.gaps, found.counts, minimum)
    rows = []
    for r in shown.to_dict("records"):
        row = {"pillar": instrument.label(r["factor"], language)}
        row["group"] = instrument.value_label(group, r["group"], language)
        for way in ("scores", "ordered"):
            row[way] = decimals(r[f"est_{way}"], "+z.2f", language)
            ends = r[f"ci_lower_{way}"], r[f"ci_upper_{way}"]
            row[f"{way}_interval"] = interval(*ends, language)
        row["moves"] = decimals(r["est_ordered"] - r["est_scores"], "+z.2f", language)
        rows.append(row)
    reference = instrument.value_label(group, next(iter(found.counts)), language)
    heads = {c: say(f"treatment.head.{c}", language) for c in rows[0] if c != "pillar"}
    words = {"reference": reference}
    groups = dict.fromkeys([next(iter(found.counts)), *shown["group"]])
    facts = Teller(instrument).compared(group, groups)
    return _tabulate("gaps", rows, language, facts, "pillar", heads, words)


def _tabulate(
    key: str,
    rows: list[dict[str, str]],
    language: Language,
    facts: tuple[Fact, ...],
    groups: str,
    heads: Mapping[str, str],
    words: Mapping[str, object] | None = None,
) -> Shown:
    caption = f"treatment.{key}"
    return tabulate(f"ways_{key}", rows, language, facts, words, groups, heads, caption=caption)
