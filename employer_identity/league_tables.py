"""The league table: groups in the order of their aligned means, each with a range of places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from employer_identity.audit.stating import Teller
from employer_identity.language import Language, number
from employer_identity.public_words import ranks
from employer_identity.tabulation import interval, tabulate

if TYPE_CHECKING:
    from employer_identity.privacy import Shown
    from employer_identity.questionnaire import Instrument


def league(
    frame: pd.DataFrame, column: str, instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """Groups by pillar, the highest aligned mean first, each with the places that it may have.

    Parameters
    ----------
    frame
        Of `league.league`, without what may not be shown.
    column
        The employers' column, or the sectors'.
    """
    kind = "employers" if column == instrument.employer else "sectors"
    rows = [
        {
            "pillar": instrument.label(r["factor"], language),
            "name": instrument.value_label(column, r["group"], language),
            "places": ranks(r),
            "distance": number(r["est"], "+z.2f", language),
            "interval": interval(r["ci_lower"], r["ci_upper"], language),
        }
        for r in frame.to_dict("records")
    ]
    facts = Teller(instrument).compared(column, dict.fromkeys(frame["group"]))
    heads = {"name": instrument.label(column, language)}
    return tabulate(f"league_{kind}", rows, language, facts, groups="pillar", heads=heads)
