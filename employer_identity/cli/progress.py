"""How far a long piece of work is: a line that renews itself, or one now and then for a log."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from employer_identity.cli.shared import tell

if TYPE_CHECKING:
    from employer_identity.language import Language

_SELDOM = 60
"""Seconds between lines of a log."""


def duration(seconds: float, language: Language) -> str:
    """Write a time as people say it, to the minute."""
    from employer_identity.language import say

    minutes = round(seconds / 60)
    if minutes < 1:
        return say("batch.told.moment", language)
    if minutes < 60:
        return say("batch.told.minutes", language, n=minutes)
    hours, rest = divmod(minutes, 60)
    return say("batch.told.hours", language, hours=hours, minutes=rest)


class Progress:
    """Tells how many are done and how long the rest will take.

    Parameters
    ----------
    language
        Language of the words.
    quiet
        Whether it says nothing.
    """

    def __init__(self, language: Language, *, quiet: bool) -> None:
        self.language, self.quiet = language, quiet
        self.renews = sys.stderr.isatty()
        self.begun = self.told = time.monotonic()
        self.width = 0

    def begin(self) -> None:
        """Start the clock."""
        self.begun = self.told = time.monotonic()

    def show(self, done: int, total: int) -> None:
        """Say how far it is."""
        from employer_identity.language import say

        now = time.monotonic()
        if self.quiet or (not self.renews and now - self.told < _SELDOM and done < total):
            return
        self.told = now
        left = duration((now - self.begun) / done * (total - done), self.language)
        key = "progress" if done < total else "all"
        text = say(f"batch.told.{key}", self.language, done=done, total=total, left=left)
        if self.renews:
            sys.stderr.write(f"\r{text.ljust(self.width)}")
            sys.stderr.flush()
            self.width = len(text)
        else:
            tell(text)

    def clear(self) -> None:
        """Make room for another line."""
        if self.renews and self.width:
            sys.stderr.write(f"\r{' ' * self.width}\r")
            self.width = 0
