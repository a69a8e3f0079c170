"""Columns of an unknown survey, one by one: what values they hold and what their names say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from employer_identity.answers import Codes, Values, days, names, numbers
from employer_identity.intake.raw import Raw
from employer_identity.questions import ANSWER_CODE

MANY = 12  # more different values than these are no groups
LONG = 60  # characters; a longer value is what somebody wrote
FEW_WORDS = 8  # a question of more words may name a thing without asking for it
PERSONS = 5  # per group, on average, before values are taken for groups and written down

# Beginnings of words in a column's name; a word of four letters or fewer must be the whole word.
WORDS: Mapping[str, tuple[str, ...]] = {
    "respondent": ("respondent", "respnr", "respid", "caseid", "id", "participant", "deelnemer"),
    "employer": ("employer", "werkgever", "organisat", "organizat", "company", "bedrijf", "firm"),
    "sector": ("sector", "branche", "industry", "bedrijfstak"),
    "weight": ("weight", "weging", "weeg", "weegfactor", "gewicht", "wgt", "wt"),
    "cluster": ("team", "cluster", "unit", "depart", "dept", "afdel", "vestig", "locati", "branch"),
    "wave": ("wave", "meting", "golf", "ronde", "round", "meetmoment"),
    "year": ("year", "jaar", "jaargang", "peiljaar", "meetjaar", "onderzoeksjaar"),
    "date": (
        *("date", "datum", "startdate", "enddate", "submitdate", "timestamp", "tijdstempel"),
        "ingevuld",
    ),
    "duration": ("duration", "duur", "seconds", "seconden", "interviewtime", "invultijd"),
    "age": ("age", "leeftijd", "lft", "ages"),
    "birth": ("birth", "geboorte", "gebjaar", "yob", "born"),
}
GROUPS = (
    *(
        "gender",
        "sex",
        "geslacht",
        "sekse",
        "educat",
        "educ",
        "opleiding",
        "contract",
        "dienstverband",
    ),
    *("region", "regio", "provinc", "landsdeel", "country", "land", "tenure", "diensttijd"),
    *("dienstja", "function", "functie", "position", "role", "generatie", "generation", "cohort"),
    *("leidinggev", "manager", "fulltime", "parttime", "income", "inkomen", "salar", "burgerlijk"),
    *("marital", "stedelijk", "urban", "band", "group", "groep", "klasse", "categor"),
    *(word for role in ("age", "birth", "employer", "sector", "cluster") for word in WORDS[role]),
)


@dataclass(frozen=True)
class Profile:
    """One column.

    Attributes
    ----------
    name
        Its name.
    rows
        Number of respondents.
    counts
        Value, as an instrument writes it -> how often it occurs; numbers in their order.
    cells
        Place of each respondent's value in `counts` (rows,), -1 where there is no answer.
    values
        Its numbers (rows,), NaN where there is no answer; None where text stands in it.
    is_date
        Whether nearly all of its values are days.
    text
        The question as the source words it, or empty.
    labels
        Value -> its label, where the source has labels.
    """

    name: str
    rows: int
    counts: Mapping[str, int]
    cells: Codes
    values: Values | None
    is_date: bool = False
    text: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of answers."""
        return sum(self.counts.values())

    @cached_property
    def is_whole(self) -> bool:
        """Whether all its values are whole numbers."""
        if self.values is None or not self.counts:
            return False
        known = self.values[~np.isnan(self.values)]
        return bool((known == np.round(known)).all())

    @cached_property
    def codes(self) -> dict[int, int]:
        """Whole number -> how often it occurs."""
        if not self.is_whole or self.values is None:
            return {}
        codes, counts = np.unique(self.values[~np.isnan(self.values)], return_counts=True)
        return dict(zip(codes.astype(int).tolist(), counts.tolist(), strict=True))

    @property
    def is_grouping(self) -> bool:
        """Whether its values can be groups: few, short, and each of several persons."""
        several = sum(n > 1 for n in self.counts.values())
        return (
            2 <= len(self.counts) <= MANY
            and self.n >= PERSONS * len(self.counts)
            and 3 * several >= 2 * len(self.counts)
            and max(map(len, self.counts)) <= LONG
            and (self.values is None or self.is_whole)
        )

    @property
    def is_many_groups(self) -> bool:
        """Whether its values are many and still come back, as those of teams do."""
        return len(self.counts) > MANY and self.n >= 2 * len(self.counts)

    @property
    def is_unique(self) -> bool:
        """Whether every respondent has a value of his own."""
        return self.n == self.rows == len(self.counts) > MANY

    def says(self, known: tuple[str, ...]) -> bool:
        """Tell whether its name, or the question if that is short, has one of the known words."""
        asked = len(self.text.split()) <= FEW_WORDS and says(self.text, known)
        return says(self.name, known) or asked

    def median(self) -> float:
        """Median of its numbers."""
        return float(np.nanmedian(self.values)) if self.values is not None and self.n else np.nan

    def mean(self) -> float:
        """Mean of its numbers."""
        return float(np.nanmean(self.values)) if self.values is not None and self.n else np.nan


def profiles(raw: Raw) -> list[Profile]:
    """Profile every column that has a name of its own, in the order of the file."""
    columns = [str(c) for c in raw.frame.columns]
    return [
        _profile(raw.frame.iloc[:, place], name, raw)
        for place, name in enumerate(columns)
        if name.strip() and columns.count(name) == 1
    ]


def _profile(column: pd.Series, name: str, raw: Raw) -> Profile:
    found = names(column)
    cells = np.asarray(found.codes)
    counts = {str(value): int(n) for value, n in found.value_counts().items()}
    text, labels = raw.texts.get(name, ""), raw.labels.get(name, {})
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return Profile(name, len(column), counts, cells, None, True, text, labels)
    values, is_text = numbers(column)
    coded = [ANSWER_CODE.fullmatch(value.lower()) for value in counts]
    if is_text.any() and all(coded):
        values, is_text = numbers(column.astype(str).str.extract(r"(\d+)", expand=False))
    if not is_text.any():
        return Profile(name, len(column), counts, cells, values, False, text, labels)
    read, strange = days(column)
    is_date = bool(strange.sum() * 20 <= read.notna().sum())
    return Profile(name, len(column), counts, cells, None, is_date, text, labels)


def without_accents(name: str) -> str:
    """Write a name in plain letters; signs that are none are left out."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def words(name: str) -> list[str]:
    """Split a column's name into plain lower-case words: ``Leeftijd_in jarenT1``."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", without_accents(name))
    return re.findall(r"[a-z]+", parted.lower())


def says(name: str, known: tuple[str, ...]) -> bool:
    """Tell whether a word of a column's name is, or begins with, a known one."""
    return any(
        word == k or (len(k) > 4 and word.startswith(k)) for word in words(name) for k in known
    )
