"""Answers in words, from lowest to highest: what "strongly agree" and its like say of rank."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMBERED = re.compile(r"\(?(\d{1,2})\)?\s*[-\u2013=.:)]\s*\S.*|\S.*\((\d{1,2})\)")
_OFTEN = (
    *("never|nooit", "rarely|seldom|hardly ever|zelden", "sometimes|soms|af en toe"),
    *("regularly|regelmatig", "often|usually|vaak|meestal", "very often|heel vaak|zeer vaak"),
    "always|altijd",
)

# The middle, then what turns an answer round, then the words that all answers have in common.
_MIDDLE = r"neutra|neither|niet.* (noch|niet )|noch |maar ook niet|geen van beide|tussen"
_AGAINST = (
    r"\boneens|disagree|ontevreden|dissatisf|unsatisf|\bunlikely|onwaarschijnlijk|\bpoor|\bbad"
)
_AGAINST += r"|slecht|onbelangrijk|unimportant|niet mee eens|not at all|helemaal niet"
_FOR = (
    r"\beens|\bagree|tevreden|satisf|likely|waarschijnlijk|\bgood|\bgoed|belangrijk|important|wel"
)
_STRONG = r"helemaal|volledig|zeer|heel|sterk|strongly|totally|completely|fully|very|extremely"
_WEAK = r"enigszins|beetje|eerder|tamelijk|somewhat|slightly|rather|fairly"


def ranked(answers: Iterable[str]) -> tuple[str, ...]:
    """Return answers from lowest to highest; none where their words do not tell each one's rank.

    Either each begins or ends with its number, or all say how often, or all how much or how little.
    """
    every = list(dict.fromkeys(answers))
    for rank in (_number, _frequency, _degree):
        ranks = [rank(answer.casefold().strip()) for answer in every]
        known = {r for r in ranks if r is not None}
        if rank is _number and known and max(known) - min(known) >= len(known):
            continue  # numbers that nobody chose would be left out
        if len(known) == len(every):
            return tuple(sorted(every, key=lambda a: rank(a.casefold().strip()) or 0))
    return ()


def _number(answer: str) -> int | None:
    found = _NUMBERED.fullmatch(answer)
    return int(found[1] or found[2]) if found else None


def _frequency(answer: str) -> int | None:
    return next((k for k, words in enumerate(_OFTEN) if re.fullmatch(words, answer)), None)


def _degree(answer: str) -> int | None:
    """Rank by side, from strongly against (-3) by the middle (0) to strongly for (3)."""
    if re.search(_MIDDLE, answer):
        return 0
    side = -1 if re.search(_AGAINST, answer) else 1 if re.search(_FOR, answer) else 0
    if not side:
        return None
    return side * (3 if re.search(_STRONG, answer) else 1 if re.search(_WEAK, answer) else 2)
