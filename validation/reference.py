"""Every stored call of lavaan beside ours: how far apart are the figures?

The cases are those of tests/golden, each with the call in this package's words and what lavaan
returns for it; the scripts that made them lie beside them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import employer_identity as ei

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
FAMILIES: Mapping[str, str] = {
    ".": "ML, complete answers and published tables",
    "climb": "ladders of three and six groups",
    "robust": "robust estimators, holes, weights, clusters",
    "ordered": "ordered answers",
    "zoo": "answers that go wrong easily",
}
LIMITS: Mapping[str, float] = {"est": 1e-6, "se": 1e-6, "chisq": 2e-5, "indices": 5e-6}
"""How far apart still agrees. lavaan's baseline model and its search for the ends of RMSEA's
interval stop early: the largest seen are 2e-7, 5e-8, 1e-5 and 2e-6."""
CHISQ = ("chisq", "logl", "aic", "bic")
COUNTS = ("df", "npar", "ntotal")
INTERVAL = {"rmsea.ci.lower.scaled", "rmsea.ci.upper.scaled", "rmsea.pvalue.scaled"}
"""lavaan refers the uncorrected chi-square to c df degrees of freedom here."""


@dataclass(frozen=True)
class Case:
    """A call and what lavaan returned.

    Attributes
    ----------
    name, family
        File and folder.
    call
        As `employer_identity.cfa` takes it; ``data`` is a file's name or published tables.
    groups, fit, estimates
        lavaan's: labels in order, measures by name, and a row a parameter.
    """

    name: str
    family: str
    call: Mapping[str, Any]
    groups: tuple[str, ...]
    fit: Mapping[str, float | None]
    estimates: pd.DataFrame

    @property
    def ordered(self) -> bool:
        """Whether items are ordered categories."""
        return "ordered" in self.call


@dataclass(frozen=True)
class Beside:
    """How far ours are from lavaan's.

    Attributes
    ----------
    case
        The call.
    apart
        Largest difference of estimates and standard errors (relative above 1, absolute below),
        of chi-squares and the like (the same), and of indices.
    compared
        How many figures were.
    otherwise
        Measures that lavaan has otherwise for a known reason, and are not compared.
    counts
        Whether degrees of freedom, parameters and respondents are the same.
    """

    case: Case
    apart: Mapping[str, float]
    compared: int
    otherwise: tuple[str, ...] = ()
    counts: bool = field(default=True)

    @property
    def agrees(self) -> bool:
        """Whether every figure does. What could not be computed disagrees."""
        return self.counts and all(self.apart[kind] <= limit for kind, limit in LIMITS.items())


def cases(folder: Path = GOLDEN) -> Iterator[Case]:
    """Read the stored calls of `employer_identity.cfa`, by family and name."""
    for family in FAMILIES:
        for path in sorted((folder / family).glob("*.json")):
            stored = json.loads(path.read_text(encoding="utf-8"))
            if "estimates" in stored and "fit" in stored:
                groups = tuple(map(str, stored["groups"]))
                table = frame_of(stored["estimates"])
                yield Case(path.stem, family, stored["call"], groups, stored["fit"], table)


def frame_of(table: Mapping[str, Any]) -> pd.DataFrame:
    """Read a stored table."""
    return pd.DataFrame(table["rows"], columns=table["columns"])


def fitted(call: Mapping[str, Any], groups: Sequence[str], folder: Path = GOLDEN) -> ei.Fit:
    """Make a stored call; groups stand in lavaan's order."""
    data, how = arguments(call, groups, folder)
    return ei.cfa(data, **how)


def arguments(
    call: Mapping[str, Any], groups: Sequence[str], folder: Path = GOLDEN
) -> tuple[pd.DataFrame | ei.Moments, dict[str, Any]]:
    """Return a stored call's answers, their groups in lavaan's order, and its other arguments."""
    how = dict(call)
    source = how.pop("data")
    if isinstance(source, dict):
        parts = {label: ei.Moments.published(**table) for label, table in source.items()}
        single = next(iter(parts.values()))
        return ei.Moments.of_groups(parts) if len(parts) > 1 else single, how
    data = answers(folder / source)
    if "ordered" in how:
        how = {"collapse": False} | how  # lavaan merges no categories
    else:
        how = {"estimator": "ML", "missing": "listwise"} | how  # what a stored call leaves unsaid
    if groups and "group" in how:
        labels = pd.Categorical(data[how["group"]].astype(str), categories=groups)
        data = data.assign(**{how["group"]: labels})
    return data, how


@cache
def answers(file: Path) -> pd.DataFrame:
    """Read answers that several calls are about."""
    return pd.read_csv(file)


def beside(case: Case, folder: Path = GOLDEN) -> Beside:
    """Compare one call's figures with lavaan's."""
    fit = fitted(case.call, case.groups, folder)
    ours, theirs = keyed(fit.estimates), keyed(case.estimates)
    rows = theirs.index.intersection(ours.index)
    free = rows[column_of(theirs, "se", rows) > 0]
    apart = {
        "est": furthest(column_of(ours, "est", rows), column_of(theirs, "est", rows)),
        "se": furthest(column_of(ours, "se", free), column_of(theirs, "se", free)),
    }
    known = otherwise(case)
    stored = {name: value for name, value in case.fit.items() if value is not None}
    named = {name: value for name, value in stored.items() if name not in known}
    measures = fit.fit_measures
    kinds = {name: _kind(name) for name in named}
    for kind in ("chisq", "indices"):
        found = [(measures[name], named[name]) for name in named if kinds[name] == kind]
        apart[kind] = furthest(*np.array(found, dtype=float).reshape(-1, 2).T)
    counts = all(measures[name] == named[name] for name in named if kinds[name] == "counts")
    compared = len(rows) + len(free) + len(named)
    left = tuple(name for name in stored if name in known)
    return Beside(case, apart, compared, left, counts and len(free) > 0)


def otherwise(case: Case) -> set[str]:
    """Return the measures that lavaan has otherwise; docs/conventions.md says who is right."""
    if case.ordered:
        return set()
    found = set(INTERVAL)
    if {"weights", "group", "missing"} <= set(case.call):  # weights are left out of the shares
        found |= {name for name in case.fit if name.endswith(".robust")}
    if case.fit.get("chisq.scaling.factor", 1.0) is None:  # no factor, but an RMSEA of 0
        found |= {name for name in case.fit if name.endswith((".scaled", ".robust"))}
    return found


def _kind(measure: str) -> str:
    plain = measure.removeprefix("baseline.")
    if plain in COUNTS:
        return "counts"
    return "chisq" if plain.startswith((*CHISQ, "df.scaled")) else "indices"


def furthest(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest difference; what one of the two lacks is infinitely far."""
    if not len(theirs):
        return 0.0
    differences = np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))
    return float(np.nan_to_num(differences, nan=np.inf).max())


def keyed(frame: pd.DataFrame) -> pd.DataFrame:
    """Index rows by what they are about; a covariance has no direction."""
    keys = []
    parts = (frame["lhs"], frame["op"], frame["rhs"].fillna(""), frame["group"].fillna(""))
    for lhs, op, rhs, group in zip(*parts, strict=True):
        one, two = sorted((lhs, rhs)) if op == "~~" else (lhs, rhs)
        keys.append(f"{one} {op} {two} @{group}")
    return frame.set_index(pd.Index(keys))


def column_of(frame: pd.DataFrame, name: str, rows: pd.Index) -> np.ndarray:
    """Return a column's numbers for these rows."""
    return frame.loc[rows, name].to_numpy(dtype=float, na_value=np.nan)
