"""The table of simulated cut-offs: beside what these answers show, and beside the fixed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from employer_identity.audit.stating import of_model
from employer_identity.language import Language, number, say
from employer_identity.privacy import Shown
from employer_identity.tabulation import NOTHING, decimals, tabulate

if TYPE_CHECKING:
    from employer_identity.cutoffs import SimulatedCutoffs
    from employer_identity.ladder import Ladder


def cutoffs(ladder: Ladder, made: SimulatedCutoffs, *, language: Language = "en") -> Shown:
    """Return a row a rung: the change, both cut-offs, how often either is wrong, what is seen."""
    rows = []
    for row in made.table.to_dict("records"):
        rung = ladder.rungs.get(row["level"])
        seen = np.nan if rung is None else getattr(rung.first, f"d_{made.index}")
        verdict = None if rung is None else made.judge(rung.first)
        held = NOTHING
        if verdict is not None:
            held = say(f"tables.verdict.{'holds' if verdict.holds else 'fails'}", language)
        low, high = (number(float(row[k]), "z.4f", language) for k in ("lower", "upper"))
        rows.append(
            {
                "level": say(f"tables.level.{row['level']}", language),
                "change": decimals(seen, "z.4f", language),
                "made": number(float(row["cutoff"]), "z.4f", language),
                "made_interval": say("tables.interval", language, low=low, high=high),
                "verdict": held,
                "fixed": number(float(row["fixed"]), "z.3f", language),
                "fixed_rejects": number(float(row["fixed_rejects"]), ".0%", language),
                "power": decimals(float(row["power"]), ".0%", language),
            }
        )  # fmt: skip
    words = {"index": made.index.upper(), "share": number(made.alpha, ".0%", language)}
    words |= {"reps": number(made.reps, ",", language)}
    return tabulate("cutoffs", rows, language, of_model(), words=words)
