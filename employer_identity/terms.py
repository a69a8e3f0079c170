"""What a questionnaire calls its factors: pillars where employers can live them, else scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from employer_identity.language import Language, say

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

SPELT_OUT = 12


def nouns(instrument: Instrument, language: Language) -> dict[str, str]:
    """Return the words a sentence may ask for: ``one`` ("pillar") and ``many`` ("pillars")."""
    kind = "pillar" if instrument.practices else "scale"
    return {form: say(f"terms.{kind}.{form}", language) for form in ("one", "many")}


def own_words(instrument: Instrument, language: Language) -> dict[str, object]:
    """Return the same words with ``count``: how many the questionnaire has ("four")."""
    count = counted(len(instrument.factors), language)
    return {**nouns(instrument, language), "count": count}


def counted(count: int, language: Language) -> str:
    """Write a small count as a word, a larger one in digits."""
    return say(f"terms.count.{count}", language) if 0 < count <= SPELT_OUT else f"{count}"
