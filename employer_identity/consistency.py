"""What can be wrong with an instrument file: keys and values, and names that must agree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from employer_identity.errors import Problem
from employer_identity.language import nearest
from employer_identity.questionnaire import (
    Belonging,
    Column,
    Driver,
    Grouping,
    Instrument,
    Item,
    Outcome,
    Pillar,
    Practice,
    Public,
    Scale,
)
from employer_identity.questionnaire_words import ROLES

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
FOUND = "held"
"""What a grouping holds once answers were read, and no key of a file."""

# --- A table's keys and values: pydantic's findings as problems

_TABLES: dict[str, type[BaseModel]] = {
    "scale": Scale,
    "pillar": Pillar,
    "practice": Practice,
    "item": Item,
    "outcome": Outcome,
    "grouping": Grouping,
    "column": Column,
    "public": Public,
    "driver": Driver,
    "belonging": Belonging,
}
_APART = (
    ("pillar", "item"),
    ("pillar", "driver"),
    ("item", "outcome"),
    ("item", "grouping"),
    ("outcome", "grouping"),
)
_PUBLIC = ("driver", "belonging")
_WRONG = {
    "string_type": "text",
    "int_type": "whole_number",
    "int_parsing": "whole_number",
    "int_from_float": "whole_number",
    "finite_number": "whole_number",
    "code_or_text": "code_or_text",
    "bool_type": "yes_or_no",
    "bool_parsing": "yes_or_no",
    "dict_type": "table",
    "model_type": "table",
    "tuple_type": "list",
    "string_too_short": "empty",
    "too_short": "empty",
    "literal_error": "choice",
    "greater_than_equal": "too_small",
}


def key_problem(error: Any, raw: Mapping[str, Any], file: str) -> Problem:
    """Say in our words what pydantic found wrong with a key or its value."""
    place = [p for p in error["loc"] if p != "[key]"]
    where, key = f"{file}, {_place(place, raw)}", str(place[-1])
    if "bands" in place[:3] and len(place) > 3:
        band = f"{file}, {_place(place[:4], raw)}"
        return Problem("instrument.wrong.band", band, values={"key": place[3]})
    if error["type"] == "missing":
        return Problem("instrument.missing_key", where, values={"key": key})
    if error["type"] == "extra_forbidden":
        return unknown_key(where, key, _owner(place))
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
    named = name_of(row) if isinstance(row, dict) else ""
    head = f"[[{table}]] {rest[0] + 1}" + (f" ({named})" if named else "")
    return ", ".join([head, ".".join(map(str, rest[1:]))]) if rest[1:] else head


def _owner(place: list[str | int]) -> type[BaseModel]:
    return _TABLES[str(place[0])] if len(place) > 1 else Instrument


def unknown(code: str, where: str, name: str, known: Iterable[str]) -> Problem:
    """Say that a name is unknown, with the nearest known one or else all of them."""
    names = list(dict.fromkeys(known))
    near = nearest(name, names)
    values = {"key": name, "near": near, "known": ", ".join(names) or "-"}
    return Problem(f"{code}_near" if near else code, where, values=values)


def unknown_key(where: str, key: str, table: type[BaseModel]) -> Problem:
    """Say that a table of the file has no such key, with the nearest or all that it has."""
    known = [f.alias or name for name, f in table.model_fields.items() if name != FOUND]
    return unknown("instrument.unknown_key", where, key, known)


def is_model_name(name: str) -> bool:
    """Tell whether a name may stand in a model: a letter or underscore first, then digits too."""
    return _NAME.fullmatch(name) is not None


# --- Across tables: names that must exist, or exist once


def rows(raw: Mapping[str, Any], table: str) -> list[dict[str, Any]]:
    """Rows of a table that are tables at all; the others are reported with their keys."""
    found = raw.get(table)
    return [r for r in found if isinstance(r, dict)] if isinstance(found, list) else []


def name_of(row: Mapping[str, Any]) -> str:
    """What a table calls itself, whatever kind of table it is; empty where it does not say."""
    return str(row.get("name") or row.get("key") or row.get("column") or "")


def _check_scale(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    try:
        scale = Scale.model_validate(raw.get("scale"))
    except ValidationError:
        return
    values: dict[str, object] = {"minimum": scale.minimum, "maximum": scale.maximum}
    if scale.minimum >= scale.maximum:
        yield Problem("instrument.scale_turned", f"{file}, [scale]", values=values)
    inside = [str(c) for c in scale.missing_codes if scale.minimum <= c <= scale.maximum]
    if inside:
        told = values | {"codes": ", ".join(inside)}
        yield Problem("instrument.missing_in_scale", f"{file}, [scale], missing", values=told)
    yield from _check_answers(scale, f"{file}, [scale], answers", values)


def _check_answers(scale: Scale, where: str, values: dict[str, object]) -> Iterator[Problem]:
    """Texts of answers: one a step of the scale, each another, and none that is no answer."""
    steps = scale.maximum - scale.minimum + 1
    if scale.answers and steps > 1 and len(scale.answers) != steps:
        told = values | {"steps": steps}
        yield Problem("instrument.answers_and_steps", where, len(scale.answers), told)
    texts = (*scale.answers, *scale.missing_texts)
    for text, n in Counter(text.strip().casefold() for text in texts).items():
        if n > 1:
            yield Problem("instrument.twice", where, n, {"name": text})


def _check_names(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Names that occur twice, in one table or in two that share the model or the data."""
    pillars_of: dict[str, set[str]] = {}
    for row in rows(raw, "item"):
        pillars_of.setdefault(name_of(row), set()).add(str(row.get("pillar")))
    for table in ("pillar", "practice", "item", "outcome", "grouping", "column", *_PUBLIC):
        for name, n in Counter(filter(None, map(name_of, rows(raw, table)))).items():
            pillars = sorted(pillars_of.get(name, ())) if table == "item" else []
            if n > 1:
                code = "instrument.item_in_two_pillars" if len(pillars) > 1 else "instrument.twice"
                values = {"name": name, "pillars": ", ".join(pillars)}
                yield Problem(code, f"{file}, [[{table}]]", n, values)
    for one, other in _APART:
        shared = {*map(name_of, rows(raw, one))} & {*map(name_of, rows(raw, other))}
        for name in sorted(shared - {""}):
            values = {"name": name, "one": one, "other": other}
            yield Problem("instrument.two_tables", file, values=values)
    for table in ("pillar", "item"):
        for name in dict.fromkeys(map(name_of, rows(raw, table))):
            if name and not is_model_name(name):
                yield Problem("instrument.bad_name", f"{file}, [[{table}]]", values={"name": name})


def _check_pillars(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Pillars that do not exist, and pillars with fewer than two items."""
    pillars = list(dict.fromkeys(filter(None, map(name_of, rows(raw, "pillar")))))
    for table in ("item", "practice"):
        for row in rows(raw, table):
            if isinstance(row.get("pillar"), str) and row["pillar"] not in pillars:
                where = f"{file}, [[{table}]] {name_of(row)}"
                yield unknown("instrument.unknown_pillar", where, row["pillar"], pillars)
    asked = Counter(str(row.get("pillar")) for row in rows(raw, "item"))
    for pillar in pillars:
        if asked[pillar] < 2:
            code = "instrument.pillar_with_one_item" if asked[pillar] else "instrument.empty_pillar"
            yield Problem(code, f"{file}, [[pillar]]", values={"name": pillar})


def _check_practices(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    pillar_of = {name_of(r): r.get("pillar") for r in rows(raw, "practice")}
    for row in rows(raw, "item"):
        practice, where = row.get("practice"), f"{file}, [[item]] {name_of(row)}"
        if not isinstance(practice, str):
            continue
        if practice not in pillar_of:
            yield unknown("instrument.unknown_practice", where, practice, pillar_of)
        elif pillar_of[practice] != row.get("pillar"):
            values = {"name": practice, "other": pillar_of[practice], "pillar": row.get("pillar")}
            yield Problem("instrument.practice_elsewhere", where, values=values)


def _check_columns(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Columns that hold a question and are also said to hold another, or something else."""
    asked = [q for table in ("item", "outcome") for q in rows(raw, table)]
    stated = {str(q["column"]) for q in asked if "column" in q}
    holds = Counter(filter(None, (str(q.get("column") or name_of(q)) for q in asked)))
    names = {*holds, *map(name_of, asked)} - {""}
    for column, n in holds.items():
        if n > 1 and column in stated:
            yield Problem("instrument.twice", f"{file}, column", n, {"name": column})
    for role in ROLES:
        if isinstance(stands := raw.get(role), str) and stands in names:
            yield Problem("instrument.role_is_question", f"{file}, {role}", values={"name": stands})


def _check_public(raw: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Drivers and belonging that nobody was asked about, and a yes that is no answer."""
    public = raw.get("public")
    if not isinstance(public, dict):
        for table in _PUBLIC:
            if rows(raw, table):
                yield Problem("instrument.no_public", f"{file}, [[{table}]]")
        return
    scale, likes = public.get("scale"), public.get("likes_from")
    if isinstance(scale, dict) and isinstance(likes, int):
        ends = {k: scale.get(k) for k in ("minimum", "maximum")}
        low, high = ends["minimum"], ends["maximum"]
        if isinstance(low, int) and isinstance(high, int) and not low < likes <= high:
            yield Problem(
                "instrument.likes_outside", f"{file}, [public]", values={**ends, "likes": likes}
            )


CHECKS = (
    _check_scale, _check_names, _check_pillars, _check_practices, _check_columns, _check_public,
)  # fmt: skip
