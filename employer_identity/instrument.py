"""The questionnaire: items, the pillars they ask about, practices, outcomes and groupings.

An instrument is one TOML file. All that is wrong with it is told at once, with table and key.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from employer_identity.errors import InstrumentError, Problem
from employer_identity.language import Language, refusal

Text = Annotated[
    dict[Language, Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]],
    Field(min_length=1),
]
"""One text in one or more languages; a language that is missing falls back to the other."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scale(_Table):
    """The answer scale: whole numbers from `minimum` to `maximum`, and the texts at its ends.

    Codes in `missing`, such as 99, stand for "no answer" and are read as missing.
    """

    minimum: int
    maximum: int
    low: Text = {}
    high: Text = {}
    missing: tuple[int, ...] = ()


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
    label: Text = {}
    wording: Text = {}
    reverse: bool = False


class Item(_Question):
    """One question of a pillar; `reverse` turns its answers round at loading."""

    pillar: str
    practice: str | None = None


class Outcome(_Question):
    """One question about what may go with the pillars, on the same scale."""


class Column(_Table):
    """Words for a column that is no question: its label and the labels of its values."""

    column: str
    label: Text = {}
    labels: dict[str, Text] = {}


class Grouping(Column):
    """A column that divides the respondents; without an `order` its values are sorted."""

    order: tuple[str, ...] = ()

    @field_validator("order", mode="before")
    @classmethod
    def _codes_are_names(cls, order: object) -> object:
        return [str(v) for v in order] if isinstance(order, list) else order


class Instrument(_Table):
    """A questionnaire with everything that is needed to read its answers.

    Attributes
    ----------
    referent
        Whom the items are about.
    prototype_type
        Whether "one of us" means the ideal or the average member.
    adaptation
        Whether the items adapt an instrument made for another referent.
    employer, sector, weight, cluster, respondent
        Names of the columns that hold them, or None.
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
    employer: str | None = None
    sector: str | None = None
    weight: str | None = None
    cluster: str | None = None
    respondent: str | None = None

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
    def _questions(self) -> tuple[_Question, ...]:
        return (*self.items, *self.outcomes)

    @property
    def _columns(self) -> tuple[Column, ...]:
        return (*self.columns, *self.groupings)

    @cached_property
    def _labels(self) -> dict[str, Text]:
        keyed: tuple[_Keyed, ...] = (*self.practices, *self.pillars)
        labels = {c.column: c.label for c in self._columns}
        labels |= {q.name: q.label for q in self._questions}
        return labels | {k.key: k.label for k in keyed}

    @cached_property
    def _sentences(self) -> dict[str, Text]:
        sentences = {q.name: q.wording for q in self._questions}
        sentences |= {k.key: k.text for k in self.practices}
        return sentences | {k.key: k.description for k in self.pillars}

    def label(self, name: str, language: Language = "en") -> str:
        """Short label of a pillar, practice, item, outcome or column; without one, the name."""
        return _in(self._labels.get(name), language, name)

    def wording(self, name: str, language: Language = "en") -> str:
        """Full text of an item, outcome, practice or pillar; without one, its label."""
        return _in(self._sentences.get(name), language, self.label(name, language))

    def value_label(self, column: str, value: object, language: Language = "en") -> str:
        """Label of one value of a grouping or other column; without one, the value itself."""
        tables = {c.column: c.labels for c in self._columns}
        return _in(tables.get(column, {}).get(str(value)), language, str(value))


def load_instrument(source: str | Path) -> Instrument:
    """Read an instrument from a TOML file, or one that comes with the package by its name.

    A file may say ``extends = "connecting-employership"``: it then takes over that instrument, and
    every key that it states itself replaces the one taken over.

    Parameters
    ----------
    source
        Path of a TOML file, or ``"connecting-employership"``.

    Raises
    ------
    InstrumentError
        If the file cannot be read or used, with all its problems.
    """
    where = str(source)
    raw = _read(_shipped().get(where) or Path(source), where)
    if "extends" in raw:
        raw = _base(raw.pop("extends"), where) | raw
    problems: list[Problem] = []
    found = None
    try:
        found = Instrument.model_validate(raw)
    except ValidationError as error:
        problems += [_key_problem(e, raw, where) for e in error.errors(include_url=False)]
    problems += [p for check in _CHECKS for p in check(raw, where)]
    if problems or found is None:
        raise refusal(InstrumentError, problems)
    return found


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that looks most like `name`, or an empty string."""
    by_lower = {k.lower(): k for k in known}
    return by_lower.get(next(iter(get_close_matches(name.lower(), by_lower, n=1)), ""), "")


def _in(text: Mapping[Language, str] | None, language: Language, otherwise: str) -> str:
    return text.get(language, next(iter(text.values()))) if text else otherwise


def _shipped() -> dict[str, Any]:
    folder = files("employer_identity") / "instruments"
    return {p.name.removesuffix(".toml"): p for p in folder.iterdir() if p.name.endswith(".toml")}


def _read(path: Any, where: str) -> dict[str, Any]:
    """Read TOML; what cannot be read at all is refused at once."""
    names = ", ".join(sorted(_shipped()))
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError:
        problem = Problem("instrument.no_such_file", where, values={"shipped": names})
    except UnicodeDecodeError:
        problem = Problem("instrument.not_utf8", where)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(n) for n in place.groups()) if place else (0, 0)
        code = "instrument.syntax" if place else "instrument.syntax_end"
        problem = Problem(code, where, values={"line": line, "column": column})
    raise refusal(InstrumentError, [problem])


def _base(name: object, where: str) -> dict[str, Any]:
    shipped = _shipped()
    if not isinstance(name, str) or name not in shipped:
        values = {"name": name, "shipped": ", ".join(sorted(shipped))}
        raise refusal(InstrumentError, [Problem("instrument.unknown_base", where, values=values)])
    return _read(shipped[name], name)


# --- A table's keys and values: pydantic's findings as problems

_TABLES: dict[str, type[BaseModel]] = {
    "scale": Scale,
    "pillar": Pillar,
    "practice": Practice,
    "item": Item,
    "outcome": Outcome,
    "grouping": Grouping,
    "column": Column,
}
_WRONG = {
    "string_type": "text",
    "int_type": "whole_number",
    "int_parsing": "whole_number",
    "int_from_float": "whole_number",
    "bool_type": "yes_or_no",
    "bool_parsing": "yes_or_no",
    "dict_type": "table",
    "model_type": "table",
    "tuple_type": "list",
    "string_too_short": "empty",
    "too_short": "empty",
    "literal_error": "choice",
}


def _key_problem(error: Any, raw: Mapping[str, Any], file: str) -> Problem:
    place = [p for p in error["loc"] if p != "[key]"]
    where, key = f"{file}, {_place(place, raw)}", str(place[-1])
    if error["type"] == "missing":
        return Problem("instrument.missing_key", where, values={"key": key})
    if error["type"] == "extra_forbidden":
        known = [f.alias or name for name, f in _owner(place).model_fields.items()]
        return _unknown("instrument.unknown_key", where, key, known)
    kind = _WRONG.get(error["type"], "other")
    allowed = str(error.get("ctx", {}).get("expected", "")).replace(" or ", ", ")
    return Problem(f"instrument.wrong.{kind}", where, values={"key": key, "allowed": allowed})


def _place(place: list[str | int], raw: Mapping[str, Any]) -> str:
    """Write a location as the file has it: ``[[item]] 3 (ent1), wording.nl``."""
    table, *rest = place
    if not rest:
        return str(table)
    if not isinstance(rest[0], int):
        return f"[{table}], {'.'.join(map(str, rest))}"
    row = raw[str(table)][rest[0]]
    named = _name(row) if isinstance(row, dict) else ""
    head = f"[[{table}]] {rest[0] + 1}" + (f" ({named})" if named else "")
    return ", ".join([head, ".".join(map(str, rest[1:]))]) if rest[1:] else head


def _owner(place: list[str | int]) -> type[BaseModel]:
    return _TABLES[str(place[0])] if len(place) > 1 else Instrument


def _unknown(code: str, where: str, name: str, known: Iterable[str]) -> Problem:
    """Say that a name is unknown, with the nearest known one or else all of them."""
    names = list(dict.fromkeys(known))
    near = nearest(name, names)
    values = {"key": name, "near": near, "known": ", ".join(names) or "-"}
    return Problem(f"{code}_near" if near else code, where, values=values)


# --- Across tables: names that must exist, or exist once


def _rows(raw: Mapping[str, Any], table: str) -> list[dict[str, Any]]:
    """Rows of a table that are tables at all; the others are reported with their keys."""
    rows = raw.get(table)
    return [r for r in rows if isinstance(r, dict)] if isinstance(rows, list) else []


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("name") or row.get("key") or row.get("column") or "")


def _check_scale(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    try:
        scale = Scale.model_validate(raw.get("scale"))
    except ValidationError:
        return
    values: dict[str, object] = {"minimum": scale.minimum, "maximum": scale.maximum}
    if scale.minimum >= scale.maximum:
        yield Problem("instrument.scale_turned", f"{file}, [scale]", values=values)
    inside = [str(c) for c in scale.missing if scale.minimum <= c <= scale.maximum]
    if inside:
        values["codes"] = ", ".join(inside)
        yield Problem("instrument.missing_in_scale", f"{file}, [scale], missing", values=values)


def _check_names(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Names that occur twice, in one table or in two that share the model or the data."""
    pillars_of: dict[str, set[str]] = {}
    for row in _rows(raw, "item"):
        pillars_of.setdefault(_name(row), set()).add(str(row.get("pillar")))
    for table in ("pillar", "practice", "item", "outcome", "grouping", "column"):
        for name, n in Counter(filter(None, map(_name, _rows(raw, table)))).items():
            pillars = sorted(pillars_of.get(name, ())) if table == "item" else []
            if n > 1:
                code = "instrument.item_in_two_pillars" if len(pillars) > 1 else "instrument.twice"
                values = {"name": name, "pillars": ", ".join(pillars)}
                yield Problem(code, f"{file}, [[{table}]]", n, values)
    for one, other in (("pillar", "item"), ("item", "outcome"), ("item", "grouping")):
        for name in sorted(
            {*map(_name, _rows(raw, one))} & {*map(_name, _rows(raw, other))} - {""}
        ):
            values = {"name": name, "one": one, "other": other}
            yield Problem("instrument.two_tables", file, values=values)
    for table in ("pillar", "item"):
        for name in dict.fromkeys(map(_name, _rows(raw, table))):
            if name and not _NAME.fullmatch(name):
                yield Problem("instrument.bad_name", f"{file}, [[{table}]]", values={"name": name})


def _check_pillars(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Pillars that do not exist, and pillars with fewer than two items."""
    pillars = list(dict.fromkeys(filter(None, map(_name, _rows(raw, "pillar")))))
    for table in ("item", "practice"):
        for row in _rows(raw, table):
            if isinstance(row.get("pillar"), str) and row["pillar"] not in pillars:
                where = f"{file}, [[{table}]] {_name(row)}"
                yield _unknown("instrument.unknown_pillar", where, row["pillar"], pillars)
    asked = Counter(str(row.get("pillar")) for row in _rows(raw, "item"))
    for pillar in pillars:
        if asked[pillar] < 2:
            code = "instrument.pillar_with_one_item" if asked[pillar] else "instrument.empty_pillar"
            yield Problem(code, f"{file}, [[pillar]]", values={"name": pillar})


def _check_practices(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    pillar_of = {_name(r): r.get("pillar") for r in _rows(raw, "practice")}
    for row in _rows(raw, "item"):
        practice, where = row.get("practice"), f"{file}, [[item]] {_name(row)}"
        if not isinstance(practice, str):
            continue
        if practice not in pillar_of:
            yield _unknown("instrument.unknown_practice", where, practice, pillar_of)
        elif pillar_of[practice] != row.get("pillar"):
            values = {"name": practice, "other": pillar_of[practice], "pillar": row.get("pillar")}
            yield Problem("instrument.practice_elsewhere", where, values=values)


def _check_groupings(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    for row in _rows(raw, "grouping"):
        order, where = row.get("order"), f"{file}, [[grouping]] {_name(row)}"
        if not isinstance(order, list):
            continue
        names = [str(v) for v in order]
        for name, n in Counter(names).items():
            if n > 1:
                yield Problem("instrument.twice", f"{where}, order", n, {"name": name})
        labels = row.get("labels")
        for value in labels if isinstance(labels, dict) else ():
            if value not in names:
                yield _unknown("instrument.label_without_value", where, value, names)


_CHECKS = (_check_scale, _check_names, _check_pillars, _check_practices, _check_groupings)
