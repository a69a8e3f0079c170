"""Reading an instrument: one TOML file; all that is wrong with it is told at once."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from employer_identity import toml_text
from employer_identity.consistency import CHECKS, key_problem
from employer_identity.consistency_groupings import check_groupings
from employer_identity.edge import checked
from employer_identity.errors import InstrumentError, Problem
from employer_identity.language import refusal
from employer_identity.questionnaire import Instrument

LARGEST = 1_000_000  # bytes; a questionnaire is a hundredth of it


@checked(InstrumentError)
def load_instrument(source: str | Path) -> Instrument:
    """Read an instrument from a TOML file, or one that comes with the package by its name.

    A file may say ``extends = "connecting-employership"``: it then takes over that instrument, and
    every key that it states itself replaces the one taken over.

    Parameters
    ----------
    source
        Path of a TOML file, or a name: ``"connecting-employership"``, or the maps without wording
        ``"identity-leadership-15"`` and ``"identity-leadership-15-interleaved"``.

    Raises
    ------
    InstrumentError
        If the file cannot be read or used, with all its problems.

    Examples
    --------
    >>> instrument = ei.load_instrument("instrument.toml")
    >>> list(instrument.factors)
    ['prototypicality', 'advancement', 'entrepreneurship', 'impresarioship']
    """
    where = str(source)
    raw = _whole(_shipped().get(where) or Path(source), where)
    problems: list[Problem] = []
    found = None
    try:
        found = Instrument.model_validate(raw)
    except ValidationError as error:
        problems += [key_problem(e, raw, where) for e in error.errors(include_url=False)]
    problems += [p for check in (*CHECKS, check_groupings) for p in check(raw, where)]
    if problems or found is None:
        raise refusal(InstrumentError, _once(problems))
    return found


def _once(problems: list[Problem]) -> list[Problem]:
    """Leave out what was found twice, such as both ends of a band."""
    return list({(p.code, p.where, str(p.values)): p for p in problems}.values())


def _shipped() -> dict[str, Any]:
    folder = files("employer_identity") / "instruments"
    paths = {p.name.removesuffix(".toml"): p for p in folder.iterdir() if p.name.endswith(".toml")}
    return dict(sorted(paths.items()))


def _whole(path: Any, where: str) -> dict[str, Any]:
    """Read a file with what it extends."""
    raw = _read(path, where)
    if "extends" not in raw:
        return raw
    name, shipped = raw.pop("extends"), _shipped()
    if not isinstance(name, str) or name not in shipped:
        values = {"name": name, "shipped": ", ".join(shipped)}
        raise refusal(InstrumentError, [Problem("instrument.unknown_base", where, values=values)])
    return _whole(shipped[name], name) | raw


def _read(path: Any, where: str) -> dict[str, Any]:
    """Read TOML; what cannot be read at all is refused at once."""
    text = _text(path, where)
    try:
        return toml_text.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = _syntax(str(error), text, where)
    except RecursionError:
        problem = Problem("instrument.too_deep", where)
    except ValueError:  # a whole number of thousands of digits
        problem = Problem("instrument.too_long_number", where)
    raise refusal(InstrumentError, [problem])


def _text(path: Any, where: str) -> str:
    names = {"shipped": ", ".join(_shipped())}
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            problem = Problem("instrument.too_large", where, values={"megabytes": LARGEST // 10**6})
        elif b"\0" in content:
            problem = Problem("instrument.not_utf8", where)
        else:
            return content.decode("utf-8-sig")  # type: ignore[no-any-return]
    except IsADirectoryError:
        problem = Problem("instrument.folder", where, values=names)
    except UnicodeDecodeError:
        problem = Problem("instrument.not_utf8", where)
    except PermissionError:
        problem = Problem("instrument.not_readable", where)
    except (OSError, ValueError):  # ValueError: a path that can be none
        problem = Problem("instrument.no_such_file", where, values=names)
    raise refusal(InstrumentError, [problem])


_TWICE = re.compile(r"Cannot (overwrite|declare|mutate)|Duplicate")
_OPENS = re.compile(r"\s*(?:\[+\s*(?P<table>[^\]]+?)\s*\]|(?P<key>[^=\[{#]+?)\s*=)")


def _syntax(message: str, text: str, where: str) -> Problem:
    """Say in our words what the TOML reader found, and on which line."""
    place = re.search(r"line (\d+), column (\d+)", message)
    last = len(text.splitlines())
    line, column = (int(n) for n in place.groups()) if place else (last, 0)
    values: dict[str, object] = {"line": line, "column": column}
    if _TWICE.match(message):
        return Problem("instrument.key_twice", where, values=values | {"key": _key(text, line)})
    code = "instrument.syntax" if place else "instrument.syntax_end"
    return Problem(code, where, values=values)


def _key(text: str, line: int) -> str:
    """Return the key or table that is being read on a line: the last one opened until there."""
    opened = [found for row in text.splitlines()[:line] if (found := _OPENS.match(row))]
    return (opened[-1]["table"] or opened[-1]["key"]) if opened else ""
