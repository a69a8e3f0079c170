"""The table of latent means by the road taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from employer_identity.audit.stating import Teller
from employer_identity.language import Language, number, say
from employer_identity.privacy import MINIMUM, Shown, of_large_groups
from employer_identity.roads import licensed
from employer_identity.tabulation import NOTHING, interval, tabulate
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.aligned import Alignment
    from employer_identity.alignment_check import AlignmentCheck
    from employer_identity.ladder import Ladder
    from employer_identity.questionnaire import Instrument

_ROADS = ("full", "partial", "aligned")


def alignment(
    result: Alignment,
    beside: Ladder,
    instrument: Instrument,
    *,
    check: AlignmentCheck | None = None,
    minimum: int = MINIMUM,
    language: Language = "en",
) -> Shown:
    """Each group's latent mean by the road taken, and how far the roads lie apart.

    A factor of which more than 25 % differs, and that ``check`` does not recover, has no numbers; a
    ladder that does not allow latent means to be compared has no column.
    """
    counts = result.n
    found = of_large_groups(licensed(result.beside(beside), beside), counts, minimum)
    roads = [r for r in _ROADS if r in set(found["road"])]
    rows = []
    for (factor, group), own in found.groupby(["factor", "group"], sort=False):
        named = {
            "pillar": instrument.label(factor, language),
            "group": instrument.value_label(result.group, group, language),
        }
        told = factor in result.decision(check).factors
        rows.append(named | (_numbers(own, roads, language) if told else _none(roads, language)))
    words = nouns(instrument, language)
    words |= {"reference": instrument.value_label(result.group, result.groups[0], language)}
    compared = dict.fromkeys((result.groups[0], *found["group"]))
    facts = Teller(instrument).compared(result.group, compared)
    return tabulate("alignment", rows, language, facts, words, groups="pillar")


def _numbers(own: pd.DataFrame, roads: list[str], language: Language) -> dict[str, str]:
    by = own.set_index("road")
    est = by["est"]
    written = {f"road_{r}": number(float(est[r]), "+z.2f", language) for r in roads}
    aligned = by.loc["aligned"]
    written["interval"] = interval(aligned["ci_lower"], aligned["ci_upper"], language)
    return written | {"apart": number(float(est.max() - est.min()), ".2f", language)}


def _none(roads: list[str], language: Language) -> dict[str, str]:
    """Say in the place of numbers that a comparison is not supported."""
    written = dict.fromkeys([f"road_{r}" for r in roads], NOTHING)
    return written | {"interval": say("figures.alignment.unsupported", language), "apart": NOTHING}
