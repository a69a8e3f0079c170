"""Reading SPSS: numbers with their labels, and the codes that SPSS holds to be missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.errors import Problem
from employer_identity.intake.cells import text
from employer_identity.intake.headers import SHOWN
from employer_identity.intake.raw import Part, Raw, digest, refuse
from employer_identity.intake.respondents import check_width

SUFFIXES = (".sav", ".zsav")
INSTALL = 'pip install "employer-identity[spss]"'

_MAGIC = (b"$FL2", b"$FL3")  # how an SPSS file begins, the second one compressed


def read(path: Path) -> Raw:
    """Read one SPSS file.

    Raises
    ------
    SurveyError
        If it is none, or the package that reads it is not installed.
    """
    try:
        import pyreadstat
    except ImportError:
        raise refuse("intake.spss_package", path, command=INSTALL) from None
    with path.open("rb") as file:
        if file.read(4) not in _MAGIC:
            raise refuse("intake.not_spss", path)
    _, described = pyreadstat.read_sav(path, metadataonly=True)
    check_width(described.number_columns or 0, path)
    frame, described = pyreadstat.read_sav(path, user_missing=True)
    ranges: Mapping[str, Any] = described.missing_ranges
    missing: dict[str, int] = {}
    columns: dict[str, pd.Series[Any]] = {}
    for name in frame.columns:
        values = frame.pop(name)
        declared = _declared_missing(values, ranges.get(name, ()))
        if n := int(declared.sum()):
            missing[name] = n
        columns[name] = _plain(values.mask(declared) if n else values)
    labels = {
        name: {text(value).strip(): label.strip() for value, label in of_values.items()}
        for name, of_values in described.variable_value_labels.items()
    }
    texts = {
        name: " ".join(label.split())
        for name, label in described.column_names_to_labels.items()
        if label and label.strip()
    }
    part = Part(path.name, 0, 1)
    return Raw(pd.DataFrame(columns), (part,), digest([path]), texts, labels, _told(missing, path))


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
