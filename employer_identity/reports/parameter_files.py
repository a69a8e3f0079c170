"""Files with parameters, YAML or TOML: one set for a report, or many for a batch."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeGuard

import yaml

from employer_identity import toml_text
from employer_identity.errors import Problem, ReportError
from employer_identity.language import refusal

LARGEST = 5_000_000
"""Bytes; the sets of 10,000 reports are a fifth of it."""
SETS = "report"
"""Name of the tables that hold the sets in TOML."""
_NAME = "name"


@dataclass(frozen=True)
class ParameterSet:
    """The parameters of one report of a batch.

    Parameters
    ----------
    name
        What the report is called; no two sets of a file have the same.
    parameters
        As they stand in the file; not checked yet.
    """

    name: str
    parameters: Mapping[str, Any]


def read_parameter_file(path: str | Path) -> dict[str, Any]:
    """Read the parameters of one report.

    Parameters
    ----------
    path
        A file that ends in ``.yaml``, ``.yml`` or ``.toml``, with a name and a value on each line.

    Raises
    ------
    ReportError
        If it cannot be read or holds anything else; values are checked by `read_parameters`.
    """
    where, found = str(path), _content(Path(path))
    if isinstance(found, list) or (isinstance(found, dict) and _is_sets(found)):
        _refuse("sets_for_one", where)
    if not _has_names(found):
        _refuse("not_names", where)
    if problems := list(_without_value(found, where)):
        raise refusal(ReportError, problems)
    return found


def read_sets(path: str | Path) -> tuple[ParameterSet, ...]:
    """Read the sets of parameters of a batch.

    Each may have a ``name``; otherwise it is called by its values.

    Parameters
    ----------
    path
        A YAML file with a list of sets, or a TOML file with a table ``[[report]]`` for each.

    Raises
    ------
    ReportError
        If it cannot be read, with all that is wrong.
    """
    where, found = str(path), _content(Path(path))
    listed = found[SETS] if isinstance(found, dict) and _is_sets(found) else found
    if not isinstance(listed, list):
        _refuse("not_sets", where)
    sets: list[ParameterSet] = []
    problems: list[Problem] = []
    for number, one in enumerate(listed, start=1):
        problems += _set_problems(one, number, where)
        if not problems:
            sets.append(_set(one))
    if not problems:
        problems += _same_names(sets, where)
    if problems:
        raise refusal(ReportError, problems)
    return tuple(sets)


def _is_sets(found: Mapping[str, Any]) -> bool:
    """Tell whether a file holds nothing but sets, as TOML writes them."""
    return list(found) == [SETS] and isinstance(found[SETS], list)


def _has_names(found: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(found, dict) and all(
        isinstance(name, str) and name.isprintable() for name in found
    )


def _set_problems(one: object, number: int, where: str) -> list[Problem]:
    if one == {}:
        return [Problem("parameters.file.set_without_name", where, number)]
    if not _has_names(one):
        return [Problem("parameters.file.set_not_names", where, number)]
    if not isinstance(one.get(_NAME, "-"), str) or not one.get(_NAME, "-").strip():
        return [Problem("parameters.file.name_not_text", where, number)]
    return list(_without_value(one, f"{where}, {number}"))


def _set(one: dict[str, Any]) -> ParameterSet:
    parameters = {name: value for name, value in one.items() if name != _NAME}
    return ParameterSet(one.get(_NAME, ", ".join(map(str, parameters.values()))), parameters)


def _same_names(sets: list[ParameterSet], where: str) -> Iterator[Problem]:
    places: dict[str, list[str]] = defaultdict(list)
    for number, one in enumerate(sets, start=1):
        places[one.name].append(str(number))
    for name, same in places.items():
        if len(same) > 1:
            values = {"name": name, "sets": ", ".join(same)}
            yield Problem("parameters.file.same_name", where, len(same), values)


def _without_value(found: Mapping[str, Any], where: str) -> Iterator[Problem]:
    for name, value in found.items():
        if value is None:
            yield Problem("parameters.file.no_value", where, values={"name": name})


def _refuse(reason: str, where: str, count: int = 0, **values: object) -> NoReturn:
    raise refusal(ReportError, [Problem(f"parameters.file.{reason}", where, count, values)])


# --- From bytes to names and values


def _content(path: Path) -> object:
    """Read a file by its suffix."""
    where = str(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        _refuse("unknown_format", where, known=", ".join(_READERS))
    text = _text(path)
    found = reader(text, where)
    if found in (None, "", [], {}):
        _refuse("empty", where)
    return found


def _text(path: Path) -> str:
    where = str(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            _refuse("too_large", where, megabytes=LARGEST // 10**6)
        if b"\0" not in content:
            return content.decode("utf-8-sig")
        _refuse("not_utf8", where)
    except IsADirectoryError:
        _refuse("folder", where)
    except UnicodeDecodeError:
        _refuse("not_utf8", where)
    except PermissionError:
        _refuse("not_readable", where)
    except (OSError, ValueError):  # ValueError: a path that can be none
        _refuse("no_such_file", where)


_TWICE = re.compile(r"Cannot (overwrite|declare|mutate)|Duplicate")


def _toml(text: str, where: str) -> object:
    reason, last = "syntax", max(1, len(text.splitlines()))
    try:
        return toml_text.loads(text)
    except RecursionError:
        line = 1
    except ValueError as error:  # also: a whole number of thousands of digits
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else last
        reason = "name_twice" if _TWICE.match(str(error)) else reason
    _refuse(reason, where, line, format="TOML")


def _yaml(text: str, where: str) -> object:
    reason, line = "syntax", 1
    try:
        return yaml.load(text, _Strict)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else line
        reason = "name_twice" if error.problem == _Strict.TWICE else reason
    except yaml.reader.ReaderError as error:  # a control character
        line = text.count("\n", 0, error.position) + 1
    except RecursionError:
        pass
    _refuse(reason, where, line, format="YAML")


class _Strict(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
    """Plain values only; a name that is there twice is refused."""

    TWICE = "twice"

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        names: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in names:
                raise yaml.constructor.ConstructorError(None, None, self.TWICE, key.start_mark)
            names.add(name)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (yaml.YAMLError, RecursionError):
            raise
        except Exception:  # a day that is none, a number of thousands of digits
            raise yaml.constructor.ConstructorError(None, None, "", node.start_mark) from None


_READERS: Mapping[str, Callable[[str, str], object]] = {
    ".yaml": _yaml,
    ".yml": _yaml,
    ".toml": _toml,
}
