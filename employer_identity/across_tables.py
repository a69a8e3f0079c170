"""The table of many groupings: each rung's difference test, adjusted over all, and its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from employer_identity.audit.facts import Fact
from employer_identity.audit.stating import Teller, of_model
from employer_identity.language import Language, describe, number, say
from employer_identity.privacy import Shown
from employer_identity.tabulation import NOTHING, decimals, pvalue, signed, tabulate

if TYPE_CHECKING:
    from employer_identity.across_result import Across
    from employer_identity.questionnaire import Instrument


def across(result: Across, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Every rung of every grouping: difference test, p over the family, what was set aside."""
    several = len({scale for scale, _ in result.pairs}) > 1
    rows = []
    for r in result.table.to_dict("records"):
        pair = str(r["scale"]), str(r["grouping"])
        heading = _heading(r, instrument, language)
        scale = instrument.label(pair[0], language)
        named = f"{scale}: {heading}" if several else heading
        why = " ".join(describe(p, language) for p in result.problems.get(pair, ()))
        rows.append({"grouping": named} | _written(r, why, language))
    robust = any(one["configural"].scaling is not None for one in result.ladders.values())
    caption = "across_robust" if robust else "across"
    words = {"tests": result.tests}
    facts = sizes(result, instrument)
    return tabulate("across", rows, language, facts, words, groups="grouping", caption=caption)


def sizes(result: Across, instrument: Instrument) -> Iterator[Fact]:
    """State how many people each grouping compares, where that may be told."""
    teller, table = Teller(instrument), result.table
    for (scale, grouping), ladder in result.ladders.items():
        n = table.loc[(table["scale"] == scale) & (table["grouping"] == grouping), "n"].iloc[0]
        scope = teller.all_of(grouping, ladder.groups)
        told = None if pd.isna(n) else float(n)
        yield teller.number(scope, "count", told, element="across")
    yield from of_model()


def _heading(r: dict[Any, Any], instrument: Instrument, language: Language) -> str:
    label = instrument.label(str(r["grouping"]), language)
    if pd.isna(r["groups"]):
        return label
    size = say("figures.across.groups", language, count=int(r["groups"]))
    if not pd.isna(r["n"]):
        size = f"{size}, n {number(int(r['n']), ',', language)}"
    return f"{label} ({size})"


def _written(r: dict[Any, Any], why: str, language: Language) -> dict[str, str]:
    """Write one rung; a grouping that could not be tested has only the reason."""
    state = str(r["state"])
    verdict = say(f"across.state.{state}", language)
    if why:
        verdict = f"{verdict}. {why}"
    difference = NOTHING
    if not np.isnan(r["chisq_diff"]):
        difference = f"{number(r['chisq_diff'], ',.1f', language)} ({int(r['df_diff'])})"
    aside = r["set_aside"]
    return {
        "level": say(f"tables.level.{r['level']}", language) if r["level"] else NOTHING,
        "d_chisq": difference,
        "p": pvalue(float(r["pvalue"]), language),
        "p_adjusted": pvalue(float(r["pvalue_adjusted"]), language),
        "d_cfi": signed(float(r["d_cfi"]), language),
        "aside": NOTHING if pd.isna(aside) else decimals(float(aside), ".0f", language),
        "verdict": verdict,
    }
