"""The classroom: the language spoken in it, and how many hints were given for each exercise."""

from __future__ import annotations

from dataclasses import dataclass, field

from employer_identity.language import Language


@dataclass
class Room:
    """What lasts while a notebook is open; `start` sets it."""

    language: Language = "en"
    hints: dict[str, int] = field(default_factory=dict)


ROOM = Room()
