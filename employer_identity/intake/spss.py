"""Reading SPSS: numbers with their labels, and the codes that SPSS holds to be missing."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.errors import Problem
from employer_identity.intake.cells import text
from employer_identity.intake.headers import SHOWN
from employer_identity.intake.raw import Part, Raw, digest, refuse
from employer_identity.intake.respondents import MOST_COLUMNS, check_width

SUFFIXES = (".sav", ".zsav")
INSTALL = 'pip install "employer-identity[spss]"'

_MAGIC = (b"$FL2", b"$FL3")  # how an SPSS file begins, the second one compressed
_CHILD = """
import sys
sys.path[:] = {path!r}
from employer_identity.intake.spss import send
send(sys.argv[1])
"""


@dataclass(frozen=True)
class _Contents:
    """What an SPSS file holds: its frame, and by column missing ranges, labels and texts."""

    frame: pd.DataFrame
    ranges: Mapping[str, Any]
    labels: Mapping[str, Mapping[Any, str]]
    texts: Mapping[str, str | None]


def read(path: Path) -> Raw:
    """Read one SPSS file.

    Raises
    ------
    SurveyError
        If it is none, or the package that reads it is not installed.
    """
    if find_spec("pyreadstat") is None:
        raise refuse("intake.spss_package", path, command=INSTALL)
    with path.open("rb") as file:
        if file.read(4) not in _MAGIC:
            raise refuse("intake.not_spss", path)
    contents = _contents(path)
    frame = contents.frame
    check_width(len(frame.columns), path)
    missing: dict[str, int] = {}
    columns: dict[str, pd.Series[Any]] = {}
    for name in frame.columns:
        values = frame.pop(name)
        declared = _declared_missing(values, contents.ranges.get(name, ()))
        if n := int(declared.sum()):
            missing[name] = n
        columns[name] = _plain(values.mask(declared) if n else values)
    labels = {
        name: {text(value).strip(): label.strip() for value, label in of_values.items()}
        for name, of_values in contents.labels.items()
    }
    texts = {
        name: " ".join(label.split())
        for name, label in contents.texts.items()
        if label and label.strip()
    }
    part = Part(path.name, 0, 1)
    return Raw(pd.DataFrame(columns), (part,), digest([path]), texts, labels, _told(missing, path))


def _contents(path: Path) -> _Contents:
    """Read a file in a process of its own: a damaged one may end the process that reads it."""
    command = [sys.executable, "-c", _CHILD.format(path=sys.path), str(path)]
    child = subprocess.run(command, capture_output=True, check=False)
    if child.returncode:
        raise refuse("intake.not_spss", path)
    found: _Contents = pickle.loads(child.stdout)
    return found


def send(path: str) -> None:
    """Read a file and write what it holds to standard output; of too many columns one row only."""
    import pyreadstat

    _, described = pyreadstat.read_sav(path, metadataonly=True)
    is_wide = (described.number_columns or 0) > MOST_COLUMNS
    frame, described = pyreadstat.read_sav(path, user_missing=True, row_limit=int(is_wide))
    contents = _Contents(
        frame,
        described.missing_ranges,
        described.variable_value_labels,
        described.column_names_to_labels,
    )
    pickle.dump(contents, sys.stdout.buffer)


def _told(missing: Mapping[str, int], path: Path) -> tuple[Problem, ...]:
    """Tell how many answers were declared missing, and in which columns."""
    if not missing:
        return ()
    shown = ", ".join(f"{name}: {n}" for name, n in list(missing.items())[:SHOWN])
    values = {"columns": shown + (", ..." if len(missing) > SHOWN else "")}
    code = "survey.changed.user_missing"
    return (Problem(code, path.name, sum(missing.values()), values, "change"),)


def _declared_missing(
    values: pd.Series[Any], ranges: Sequence[Mapping[str, Any]]
) -> NDArray[np.bool_]:
    """Where the file itself says that a value counts as missing."""
    found = np.zeros(len(values), bool)
    for codes in ranges:
        if isinstance(codes["lo"], str):
            found |= (values.str.rstrip() == codes["lo"].rstrip()).to_numpy(bool)
        else:
            found |= values.between(codes["lo"], codes["hi"]).to_numpy(bool)
    return found


def _plain(values: pd.Series[Any]) -> pd.Series[Any]:
    """Numbers as they are; texts without the blanks that fill them up; dates and times as ISO."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values
    found = values.map(text, na_action="ignore").astype("str").str.strip()
    return found.mask(found == "")
