"""How a study speaks: sentences with the words of its survey and its grouping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd

from employer_identity.errors import EmployerIdentityError
from employer_identity.language import Language, listing, period, say, told
from employer_identity.questionnaire import Instrument
from employer_identity.survey import Survey
from employer_identity.terms import nouns, own_words


@dataclass(frozen=True)
class Worded:
    """A survey that is told about, and in which language.

    Parameters
    ----------
    survey
        The answers.
    group
        The grouping column to compare by; empty for none.
    language
        Language of all words.
    """

    survey: Survey
    group: str
    language: Language

    @property
    def instrument(self) -> Instrument:
        """The questionnaire."""
        return self.survey.instrument

    @property
    def pillars(self) -> tuple[str, ...]:
        """Keys of the pillars."""
        return tuple(self.instrument.factors)

    def say(self, key: str, **values: object) -> str:
        """Say a sentence of the report with the study's own words for its pillars."""
        return self.tell(f"report.{key}", **values)

    @property
    def nouns(self) -> dict[str, str]:
        """What the questionnaire calls its pillars, one and many."""
        return nouns(self.instrument, self.language)

    def tell(self, key: str, **values: object) -> str:
        """Say any sentence of the catalogue with the study's own words for its pillars."""
        words = own_words(self.instrument, self.language) | {"group": self.group_label}
        return say(key, self.language, **(words | values))

    def labels(self, names: Iterable[str]) -> str:
        """Join the labels of pillars, items, practices or outcomes."""
        return listing([self.instrument.label(n, self.language) for n in names], self.language)

    @property
    def group_label(self) -> str:
        """The grouping as it stands inside a sentence; empty without one."""
        return self.instrument.label(self.group, self.language).lower() if self.group else ""

    @property
    def fieldwork(self) -> str:
        """The days from the first answer to the last, in words; empty without dates."""
        column = self.instrument.date
        days = self.survey.answers[column].dropna() if column else pd.Series(dtype=object)
        return period(days.min(), days.max(), self.language) if len(days) else ""

    def wave_label(self, wave: str) -> str:
        """A wave as it stands inside a sentence."""
        return self.instrument.value_label(self.instrument.wave or "", wave, self.language)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Let refusals on the way speak the report's language."""
    try:
        yield
    except EmployerIdentityError as error:
        lines = "\n".join(told(error.problems, language))
        raise type(error)(lines or str(error), error.problems) from None
