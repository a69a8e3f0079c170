"""Tables of what non-invariance does: contrasts of means, the size of bias, gaps by model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from employer_identity.audit.facts import Fact
from employer_identity.audit.stating import Teller
from employer_identity.conclusions import model_name
from employer_identity.errors import ComparisonError, Problem
from employer_identity.language import Language, number, refusal, say
from employer_identity.latent import stamp_of
from employer_identity.privacy import MINIMUM, Shown, of_large_groups
from employer_identity.tabulation import decimals, interval, pvalue, tabulate
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument


def contrasts(
    frame: pd.DataFrame,
    instrument: Instrument,
    group: str,
    counts: Mapping[str, int],
    *,
    minimum: int = MINIMUM,
    language: Language = "en",
) -> Shown:
    """Differences of latent means between every two groups; `frame` is of `mean_contrasts`."""
    shown = of_large_groups(frame, counts, minimum)
    rows = [
        {
            "pillar": instrument.label(r.factor, language),
            "group": instrument.value_label(group, r.group, language),
            "other": instrument.value_label(group, r.other, language),
            "difference": number(r.est, "+z.2f", language),
            "interval": interval(r.ci_lower, r.ci_upper, language),
            "p_plain": pvalue(r.pvalue, language),
            "p_adjusted": pvalue(r.pvalue_adjusted, language),
        }
        for r in shown.itertuples()
    ]
    words = nouns(instrument, language)
    facts = _of_groups(shown, instrument, group, counts)
    table = tabulate("contrasts", rows, language, facts, words, groups="pillar")
    return replace(table, caption=f"{table.caption} {stamp_of(shown, language)}".strip())


def dmacs(
    frame: pd.DataFrame,
    instrument: Instrument,
    group: str,
    counts: Mapping[str, int],
    *,
    minimum: int = MINIMUM,
    language: Language = "en",
) -> Shown:
    """How much each item that was set aside shifts the answers; `frame` is of `dmacs`.

    Refused where nothing was set aside: a table has rows.
    """
    if frame.empty:
        raise refusal(ComparisonError, [Problem("invariance.nothing_set_aside", where=group)])
    shown = of_large_groups(frame, counts, minimum)
    rows = [
        {
            "item": instrument.label(r.item, language),
            "pillar": instrument.label(r.factor, language),
            "group": instrument.value_label(group, r.group, language),
            "d_signed": number(r.d_signed, "+z.2f", language),
            "d": decimals(r.d, ".2f", language),
            "interval": interval(r.ci_lower, r.ci_upper, language),
            "floor": decimals(r.floor, ".2f", language),
            "size": say(f"tables.size.{r.size}", language),
        }
        for r in shown.itertuples(index=False)
    ]
    words = nouns(instrument, language) | _reference(instrument, group, counts, language)
    facts = _of_groups(shown, instrument, group, counts)
    return tabulate("dmacs", rows, language, facts, words, groups="pillar")


def conclusions(
    frame: pd.DataFrame,
    instrument: Instrument,
    group: str,
    counts: Mapping[str, int],
    *,
    minimum: int = MINIMUM,
    language: Language = "en",
) -> Shown:
    """Each group's gap with the reference group under each model; `frame` is of `conclusions`."""
    shown = of_large_groups(frame, counts, minimum)
    rows = [
        {
            "pillar": instrument.label(r.factor, language),
            "group": instrument.value_label(group, r.group, language),
            "model": model_name(r.model, instrument, language),
            "difference": number(r.est, "+z.2f", language),
            "interval": interval(r.ci_lower, r.ci_upper, language),
        }
        for r in shown.itertuples()
    ]
    words = nouns(instrument, language) | _reference(instrument, group, counts, language)
    facts = _of_groups(shown, instrument, group, counts)
    return tabulate("conclusions", rows, language, facts, words, groups="pillar")


def _of_groups(
    shown: pd.DataFrame, instrument: Instrument, group: str, counts: Mapping[str, int]
) -> tuple[Fact, ...]:
    """State which groups are named: those in the table, and the reference group."""
    named = {next(iter(counts)), *shown["group"]}
    return Teller(instrument).compared(group, [g for g in counts if g in named])


def _reference(
    instrument: Instrument, group: str, counts: Mapping[str, int], language: Language
) -> dict[str, str]:
    return {"reference": instrument.value_label(group, next(iter(counts)), language)}
