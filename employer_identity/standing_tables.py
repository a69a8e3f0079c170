"""Tables of where one unit stands: its means beside those of others, with the differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from employer_identity.audit.facts import Fact
from employer_identity.brand import agreement
from employer_identity.language import Language, number, say
from employer_identity.privacy import Shown
from employer_identity.tabulation import NOTHING, decimals, share, tabulate, whole
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument


def standing(
    frame: pd.DataFrame,
    instrument: Instrument,
    references: Sequence[str],
    *,
    facts: tuple[Fact, ...],
    language: Language = "en",
) -> Shown:
    """Set means beside those of others; a difference that stands apart has a star.

    Parameters
    ----------
    frame
        The rows of `UnitStudy.standing` of one kind: the pillars, the items or the outcomes.
    instrument
        The questionnaire.
    references
        With whom the unit is compared: ``sector``, ``whole``, both or nobody.
    facts
        What it tells of people (`unit_facts.rows`).
    """
    kind = str(frame["kind"].iloc[0])
    pillars = {i.name: i.pillar for i in instrument.items} if kind == "item" else {}
    agrees = frame["agree"].notna().any()
    rows = []
    for r in frame.to_dict("records"):
        named = instrument.label if kind == "pillar" else instrument.wording
        row = {"group": instrument.label(pillars[r["name"]], language)} if pillars else {}
        scored = instrument.as_scored(r["name"], named(r["name"], language), language)
        row |= {kind: scored, "n": whole(r["n"], language)}
        row["here"] = _with_margin(r["mean"], r["ci_upper"], language)
        if agrees:
            row["agree"] = share(r["agree"], language)
        rows.append(row | _beside(r, references, language))
    words = {"agree": agreement(instrument.scale), **nouns(instrument, language)}
    groups = "group" if pillars else None
    beside = "beside" if references else "alone"
    caption = f"standing.{kind}_{beside}"
    answered = frame[frame["mean"].notna()]
    unlike = answered[[f"d_{r}" for r in references]].isna().any(axis=None)
    shown = tabulate(f"standing_{kind}", rows, language, facts, words, groups, caption=caption)
    if not unlike:
        return shown
    note = say("tables.caption.standing.not_comparable", language, mark=NOTHING)
    return replace(shown, caption=f"{shown.caption}; {note}")


def _beside(row: dict[str, Any], references: Sequence[str], language: Language) -> dict[str, str]:
    """Write the means of the references, and the differences from them."""
    found = {}
    for name in references:
        found[name] = decimals(row[f"{name}_mean"], ".2f", language)
        d = _with_margin(row[f"d_{name}"], row[f"d_{name}_upper"], language, "+z.2f")
        found[f"d_{name}"] = f"{d}*" if row[f"is_apart_{name}"] else d
    return found


def _with_margin(value: float, upper: float, language: Language, spec: str = ".2f") -> str:
    """Write a number with half of its interval."""
    if np.isnan(value):
        return NOTHING
    text = number(value, spec, language)
    if np.isnan(upper):
        return text
    half = number(upper - value, ".2f", language)
    return say("tables.margin", language, value=text, half=half)
