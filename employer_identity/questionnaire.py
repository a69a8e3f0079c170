"""The questionnaire: items, the pillars they ask about, practices, outcomes and groupings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)
from pydantic_core import PydanticCustomError

from employer_identity.inert import one_line
from employer_identity.language import Language, listing, say
from employer_identity.questionnaire_words import TIMES, summary
from employer_identity.showing import Showing, View

Text = Annotated[
    dict[Language, Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]],
    Field(min_length=1),
]
"""One text in one or more languages; a language that is missing falls back to the other."""


def _code_or_text(value: object) -> object:
    """Refuse what is neither, in one complaint and not one for each."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise PydanticCustomError("code_or_text", "neither a whole number nor a text")
    return value


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scale(_Table):
    """The answer scale: whole numbers from `minimum` to `maximum`, and the texts at its ends.

    What stands in `missing`, codes such as 99 and texts such as "don't know", is read as no answer.
    Where a file holds the answers' texts instead of numbers, `answers` lists them from lowest to
    highest.
    """

    minimum: int
    maximum: int
    low: Text = {}
    high: Text = {}
    missing: tuple[Annotated[int | str, BeforeValidator(_code_or_text)], ...] = ()
    answers: tuple[str, ...] = ()

    @property
    def missing_codes(self) -> tuple[int, ...]:
        """Numbers that are no answer."""
        return tuple(code for code in self.missing if isinstance(code, int))

    @property
    def missing_texts(self) -> tuple[str, ...]:
        """Texts that are no answer."""
        return tuple(text for text in self.missing if isinstance(text, str))


class _Keyed(_Table):
    key: str
    label: Text = {}


class Pillar(_Keyed):
    """One factor of the model."""

    description: Text = {}


class Practice(_Keyed):
    """What an employer does to live a pillar."""

    pillar: str
    text: Text = {}


class _Question(_Table):
    name: str
    column: str | None = None  # where it stands in the survey, if not under its name
    label: Text = {}
    wording: Text = {}
    reverse: bool = False


class Item(_Question):
    """One question of a pillar; `reverse` turns its answers round at loading."""

    pillar: str
    practice: str | None = None


class Outcome(_Question):
    """One question about what may go with the pillars, on the same scale."""


class Driver(_Keyed):
    """Something that people look for in an employer.

    The public's files have it as ``image_KEY`` (an employer offers it), ``importance_KEY`` (it
    matters to me), ``own_KEY`` (my own employer offers it) and ``reason_KEY`` (to leave).
    """


class Belonging(_Question):
    """One question to the public about belonging at one's own work."""


class Public(_Table):
    """What the public was asked: who outsiders are, and which employers they know and like.

    Attributes
    ----------
    scale
        Of all that is rated.
    likes_from
        The lowest answer to "I would like to work there" that counts as yes.
    respondent, known, attractive
        Columns of the ratings.
    changed, intends
        Columns of the people: changed employer, or intends to, within `window_months`; 0 or 1.
    window_months
        How far back and ahead they were asked to look: waves with other windows differ.
    """

    scale: Scale
    likes_from: int
    respondent: str = "respondent"
    known: str = "known"
    attractive: str = "attractive"
    changed: str | None = None
    intends: str | None = None
    window_months: int = Field(default=6, ge=1)


class Column(_Table):
    """Words for a column that is no question: its label and the labels of its values."""

    column: str
    label: Text = {}
    labels: dict[str, Text] = {}


Special = Literal[
    "political_preference",
    "cultural_background",
    "religion",
    "health",
    "sexual_orientation",
    "union",
]
Bound = int | Literal[""]  # "": no bound on this side

CROSSED = " + "  # between the values that a crossed group combines
MERGED = "; "  # between the values of groups that were merged because they were small
OTHER = "other"  # what small groups without an order become together
SENSITIVE_MINIMUM = 10  # persons behind anything shown of crossed or special groups


class Grouping(Column):
    """A column that divides the respondents; without an `order` its values are sorted.

    Attributes
    ----------
    column
        Its name in the survey. A plain grouping is a column of the file; one with `source` or
        `cross` is made from other columns.
    order
        Its values in order; others are unknown.
    source, bands, year
        Cut the numbers of the column `source` into bands, each from its first to its last number,
        both included. With `year` the source holds ages in that year, and the bands are years of
        birth.
    cross
        Two other groupings, each of whose combinations is a group.
    merge
        New value -> the values that become it.
    merge_below
        Groups of fewer persons join a neighbour in the `order`, else one group "other".
    held
        Merged group -> the groups that became it. Known once answers were read; no key of a file.
    special, basis
        Which special category of personal data this is, and on what basis it is used.
    """

    order: tuple[str, ...] = ()
    source: str | None = Field(default=None, alias="from")
    bands: dict[str, tuple[Bound, Bound]] = {}
    year: int | None = None
    cross: tuple[str, ...] = ()
    merge: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = {}
    merge_below: int | None = Field(default=None, ge=2)
    held: dict[str, tuple[str, ...]] = {}
    special: Special | None = None
    basis: str = ""

    @property
    def is_made(self) -> bool:
        """Whether it is made from other columns instead of standing in the file."""
        return bool(self.source or self.cross)

    @property
    def is_changed(self) -> bool:
        """Whether its groups are made or merged, and not simply those of the file."""
        return bool(self.is_made or self.merge or self.merge_below)

    @property
    def is_ordered(self) -> bool:
        """Whether its groups have neighbours."""
        return bool(self.order or self.bands)

    def parts(self, group: str) -> tuple[str, ...]:
        """Return the groups that a merged one holds; any other holds itself."""
        return self.held.get(group, (group,))

    def minimum(self, usual: int) -> int:
        """Fewest persons of whom something is shown: `usual`, but 10 if crossed or special."""
        return max(usual, SENSITIVE_MINIMUM) if self.cross or self.special else usual

    @field_validator("order", mode="before")
    @classmethod
    def _codes_are_names(cls, order: object) -> object:
        return [str(v) for v in order] if isinstance(order, list) else order

    @field_validator("merge", mode="before")
    @classmethod
    def _merged_codes_are_names(cls, merge: object) -> object:
        named = cls._codes_are_names
        return {n: named(old) for n, old in merge.items()} if isinstance(merge, dict) else merge


class Instrument(Showing, _Table):
    """A questionnaire with everything that is needed to read its answers.

    Attributes
    ----------
    referent
        Whom the items are about.
    prototype_type
        Whether "one of us" means the ideal or the average member.
    adaptation
        Whether the items adapt an instrument made for another referent.
    employer, sector, weight, cluster, respondent, wave, date, duration
        Names of the columns that hold them, or None: `wave` says in which round somebody answered,
        `date` when (a day), `duration` how many seconds it took.
    """

    name: str
    title: Text
    referent: Literal["employer", "top_management", "direct_leader", "self"] | None = None
    prototype_type: Literal["ideal", "average"] | None = None
    adaptation: bool = False
    scale: Scale
    pillars: tuple[Pillar, ...] = Field(alias="pillar")
    practices: tuple[Practice, ...] = Field(default=(), alias="practice")
    items: tuple[Item, ...] = Field(alias="item")
    outcomes: tuple[Outcome, ...] = Field(default=(), alias="outcome")
    groupings: tuple[Grouping, ...] = Field(default=(), alias="grouping")
    columns: tuple[Column, ...] = Field(default=(), alias="column")
    public: Public | None = None
    drivers: tuple[Driver, ...] = Field(default=(), alias="driver")
    belonging: tuple[Belonging, ...] = ()
    employer: str | None = None
    sector: str | None = None
    weight: str | None = None
    cluster: str | None = None
    respondent: str | None = None
    wave: str | None = None
    date: str | None = None
    duration: str | None = None

    def holding(self, held: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Instrument:
        """Return the instrument with what merged groups hold: by column, merged group -> parts."""
        if not any(held.get(g.column, {}) != g.held for g in self.groupings):
            return self
        known = (
            g.model_copy(update={"held": dict(held.get(g.column, {}))}) for g in self.groupings
        )
        return self.model_copy(update={"groupings": tuple(known)})

    @property
    def item_names(self) -> tuple[str, ...]:
        """Names of the items, in the order in which they are asked."""
        return tuple(i.name for i in self.items)

    @property
    def outcome_names(self) -> tuple[str, ...]:
        """Names of the outcomes."""
        return tuple(o.name for o in self.outcomes)

    @property
    def factors(self) -> dict[str, tuple[str, ...]]:
        """Pillar key -> names of its items."""
        return {p.key: tuple(i.name for i in self.items if i.pillar == p.key) for p in self.pillars}

    @property
    def model(self) -> str:
        """The measurement model in lavaan's notation, a line a pillar."""
        return "\n".join(f"{pillar} =~ {' + '.join(i)}" for pillar, i in self.factors.items())

    @property
    def driver_names(self) -> tuple[str, ...]:
        """Keys of the drivers."""
        return tuple(d.key for d in self.drivers)

    @property
    def _questions(self) -> tuple[_Question, ...]:
        return (*self.items, *self.outcomes, *self.belonging)

    @property
    def _columns(self) -> tuple[Column, ...]:
        return (*self.columns, *self.groupings)

    @cached_property
    def _labels(self) -> dict[str, Text]:
        keyed: tuple[_Keyed, ...] = (*self.drivers, *self.practices, *self.pillars)
        labels = {c.column: c.label for c in self._columns}
        labels |= {q.name: q.label for q in self._questions}
        return labels | {k.key: k.label for k in keyed}

    @cached_property
    def _sentences(self) -> dict[str, Text]:
        sentences = {q.name: q.wording for q in self._questions}
        sentences |= {k.key: k.text for k in self.practices}
        return sentences | {k.key: k.description for k in self.pillars}

    def called(self, language: Language = "en") -> str:
        """Title in a language; without it, in the first that there is."""
        return _in(self.title, language, self.name)

    def label(self, name: str, language: Language = "en") -> str:
        """Short label of a pillar, practice, item, outcome or column; without one, the name.

        Columns that are crossed are called by both.
        """
        if CROSSED in name and name not in self._labels:
            return TIMES.join(self.label(part, language) for part in name.split(CROSSED))
        return _in(self._labels.get(name), language, name)

    def wording(self, name: str, language: Language = "en") -> str:
        """Full text of an item, outcome, practice or pillar; without one, its label."""
        return _in(self._sentences.get(name), language, self.label(name, language))

    def as_scored(self, name: str, text: str, language: Language = "en") -> str:
        """Return a question's label or wording, which says so where its answers are turned."""
        if not any(q.reverse for q in self._questions if q.name == name):
            return text
        return say("instrument.turned", language, text=text.rstrip("."))

    def scored_label(self, name: str, language: Language = "en") -> str:
        """Return a question's label, which says so where its answers are turned."""
        return self.as_scored(name, self.label(name, language), language)

    def value_label(self, column: str, value: object, language: Language = "en") -> str:
        """Label of one value of a grouping or other column; without one, the value itself.

        A crossed or merged group is named by its parts.
        """
        name = str(value)
        labels = {c.column: c.labels for c in self._columns}.get(column, {})
        grouping = next((g for g in self.groupings if g.column == column), None)
        crossed = grouping.cross if grouping else tuple(column.split(CROSSED))
        if name in labels or (grouping is None and len(crossed) < 2):
            return _in(labels.get(name), language, name)
        if crossed and CROSSED in name:
            pairs = zip(crossed, name.split(CROSSED, 1), strict=True)
            return TIMES.join(self.value_label(column, part, language) for column, part in pairs)
        if grouping is None:
            return one_line(name)
        if grouping.merge_below and MERGED in name:
            merged = [self.value_label(column, part, language) for part in name.split(MERGED)]
            return listing(merged, language)
        if grouping.merge_below and name == OTHER:
            return say("groupings.other", language)
        return one_line(name)

    def summary(self, language: Language = "en") -> list[str]:
        """Return what it asks and how it divides people, a line each."""
        return summary(self, language)

    def _view(self) -> View:
        return View.of(self.summary())


def _in(text: Mapping[Language, str] | None, language: Language, otherwise: str) -> str:
    found = text.get(language, next(iter(text.values()))) if text else otherwise
    return one_line(found)
