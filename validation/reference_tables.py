"""The tables of stored calls beside lavaan's, and the file from which they are made."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from validation.reference import FAMILIES, GOLDEN, LIMITS, beside, cases
from validation.reference_contrasts import LIMIT, PROJECTED, contrasts
from validation.running import RESULTS
from validation.tables import markdown

STORED = "beside_lavaan.json"
KINDS: Mapping[str, tuple[str, float]] = {
    "difference": ("differences of chi-square", LIMIT),
    "projected": ("the same by Satorra (2000), whose projection is another", PROJECTED),
    "score": ("score tests", LIMIT),
}
SMALLEST = 1e-9  # lavaan's figures are stored with ten digits


def compare(folder: Path = RESULTS, golden: Path = GOLDEN) -> bool:
    """Fit every stored call, store how far it is from lavaan's; whether all agree."""
    fits = [
        {
            "family": b.case.family, "name": b.case.name, **b.apart, "compared": b.compared,
            "otherwise": list(b.otherwise), "agrees": b.agrees,
        }
        for b in map(beside, cases(golden))
    ]  # fmt: skip
    other = [
        {
            "family": t.family, "name": t.name, "kind": t.kind, "apart": t.apart,
            "compared": t.compared, "agrees": t.agrees,
        }
        for t in contrasts(golden)
    ]  # fmt: skip
    found = {"versions": _versions(), "fits": fits, "tests": other}
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{STORED}.part"
    part.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    part.replace(folder / STORED)
    return agreeing(found)


def agreeing(found: Mapping[str, Any]) -> bool:
    """Whether all that was compared agrees."""
    return all(row["agrees"] for row in (*found["fits"], *found["tests"]))


def stored(folder: Path = RESULTS) -> dict[str, Any] | None:
    """Read what `compare` stored; None where it has not."""
    path = folder / STORED
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _versions() -> dict[str, str]:
    names = ("employer-identity", "numpy", "scipy", "pandas")
    return {"Python": platform.python_version()} | {name: version(name) for name in names}


def fits_table(rows: pd.DataFrame) -> str:
    """Largest difference of each kind of figure, by family."""
    head = ["", "calls", "figures", "estimates", "standard errors", "chi-square, likelihood",
            "indices", "agree"]  # fmt: skip
    lines = [["agrees up to", "", "", *(f"{LIMITS[kind]:.0e}" for kind in LIMITS), ""]]
    for family, title in FAMILIES.items():
        some = rows[rows["family"] == family]
        apart = [_written(some[kind]) for kind in LIMITS]
        lines.append([title, *_counted(some), *apart, _agreeing(some)])
    return markdown(head, lines)


def tests_table(rows: pd.DataFrame) -> str:
    """Largest difference of each kind of test."""
    lines = []
    for kind, (title, limit) in KINDS.items():
        some = rows[rows["kind"] == kind]
        apart = _written(some["apart"])
        lines.append([title, *_counted(some), apart, f"{limit:.0e}", _agreeing(some)])
    return markdown(["", "cases", "tests", "furthest", "agrees up to", "agree"], lines)


def options_table(folder: Path = GOLDEN) -> str:
    """How many stored calls use each option of `employer_identity.cfa`."""
    found = Counter(said for case in cases(folder) for said in options_of(case.call))
    lines = [[f"`{option}`", f"{count:,}"] for option, count in sorted(found.items())]
    return markdown(["option", "calls"], lines)


def options_of(call: Mapping[str, Any]) -> set[str]:
    """Name the options that a call uses; those whose value is a choice with that value."""
    found = set()
    for option, value in call.items():
        if option == "equal":
            found |= {f"equal={kind}" for kind in value}
        elif option in ("estimator", "missing", "parameterization"):
            found.add(f"{option}={value}")
        elif option == "data":
            found.add("data=published table" if isinstance(value, dict) else "data=answers")
        elif option != "model":
            found.add(option)
    return found


def list_table(rows: pd.DataFrame) -> str:
    """Every call, a row each."""
    head = ["", "figures", "estimates", "standard errors", "chi-square", "indices",
            "not compared"]  # fmt: skip
    lines = []
    for row in rows.to_dict("records"):
        name = row["name"] if row["family"] == "." else f"{row['family']}/{row['name']}"
        apart = [_written(pd.Series([row[kind]])) for kind in LIMITS]
        left = ", ".join(f"`{measure}`" for measure in row["otherwise"])
        lines.append([name, f"{row['compared']:,}", *apart, left])
    return markdown(head, lines)


def reference_tables(folder: Path = RESULTS) -> dict[str, str]:
    """Return every table under the name by which the pages ask for it."""
    found = stored(folder)
    if found is None:
        return {}
    fits, tests = pd.DataFrame(found["fits"]), pd.DataFrame(found["tests"])
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return {
        "reference-fits": fits_table(fits), "reference-tests": tests_table(tests),
        "reference-options": options_table(), "reference-list": list_table(fits),
        "versions": f"{versions}; lavaan 0.6-14, semTools 0.5-6",
    }  # fmt: skip


def _written(apart: Sequence[float] | pd.Series) -> str:
    largest = float(np.max(apart))
    return "0" if largest < SMALLEST else f"{largest:.0e}"


def _counted(rows: pd.DataFrame) -> list[str]:
    return [f"{len(rows):,}", f"{int(rows['compared'].sum()):,}"]


def _agreeing(rows: pd.DataFrame) -> str:
    short = int((~rows["agrees"]).sum())
    return f"**not {short}**" if short else "all"
