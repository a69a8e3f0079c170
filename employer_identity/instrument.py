"""Reading an instrument: one TOML file; all that is wrong with it is told at once."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from employer_identity.consistency import CHECKS, key_problem
from employer_identity.errors import InstrumentError, Problem
from employer_identity.language import refusal
from employer_identity.questionnaire import Instrument


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
        problems += [key_problem(e, raw, where) for e in error.errors(include_url=False)]
    problems += [p for check in CHECKS for p in check(raw, where)]
    if problems or found is None:
        raise refusal(InstrumentError, problems)
    return found


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
