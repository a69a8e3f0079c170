"""A checked survey on its way to the notebook's kernel: an Arrow file and its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather

from employer_identity.errors import Problem, ReportError
from employer_identity.language import refusal
from employer_identity.narrow import Narrow
from employer_identity.panel import Panel
from employer_identity.questionnaire import Instrument
from employer_identity.survey import Survey

SUFFIX = ".arrow"
_KEY = b"employer_identity"


def write_snapshot(survey: Survey, path: Path, beside: Iterable[Path] = ()) -> str:
    """Write a survey with its instrument; return the file's SHA-256.

    Files beside it, in the same folder, are held to what they are now: the one hash stands for all.
    """
    about = {
        **_of(survey),
        "source": survey.source,
        "sha256": survey.sha256,
        "beside": {file.name: digest(file) for file in beside},
    }
    if isinstance(survey.answers, Narrow):
        return _write_table(survey.answers.table, about | {"narrow": True}, path)
    return _write(survey.answers, about, path)


def read_snapshot(path: Path, sha256: str = "") -> Survey:
    """Read a survey back; one that is not what was written, or not what is beside, is refused."""
    table, about = _read_table(path, sha256)
    held = Narrow(table, pd.RangeIndex(len(table))) if about.get("narrow") else table.to_pandas()
    for name, written in about["beside"].items():
        _check(path.parent / name, written)
    return Survey(held, *_again(about), about["source"], about["sha256"])


def write_panel(panel: Panel, ratings: Path, people: Path) -> None:
    """Write what the public answered, with its instrument."""
    about = {**_of(panel), "sources": panel.sources, "sha256": panel.sha256}
    _write(panel.people, {}, people)
    _write(panel.ratings, about, ratings)


def read_panel(ratings: Path, people: Path) -> Panel:
    """Read what the public answered."""
    rated, about = _read(ratings)
    persons, _ = _read(people)
    sources = tuple(about["sources"])
    return Panel(rated, persons, *_again(about), sources, about["sha256"])


def _of(data: Survey | Panel) -> dict[str, Any]:
    instrument = data.instrument.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    told = {name: [_record(p) for p in getattr(data, name)] for name in ("changes", "warnings")}
    return {"instrument": instrument, **told}


def _again(about: dict[str, Any]) -> tuple[Instrument, tuple[Problem, ...], tuple[Problem, ...]]:
    changes, doubts = (tuple(Problem(**p) for p in about[k]) for k in ("changes", "warnings"))
    return Instrument.model_validate(about["instrument"]), changes, doubts


def _write(frame: pd.DataFrame, about: dict[str, Any], path: Path) -> str:
    return _write_table(pa.Table.from_pandas(frame, preserve_index=False), about, path)


def _write_table(table: pa.Table, about: dict[str, Any], path: Path) -> str:
    metadata = {**(table.schema.metadata or {}), _KEY: json.dumps(about).encode()}
    feather.write_feather(table.replace_schema_metadata(metadata), str(path))
    return digest(path)


def _read(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    table, about = _read_table(path)
    return table.to_pandas(), about


def _read_table(path: Path, sha256: str = "") -> tuple[pa.Table, dict[str, Any]]:
    _check(path, sha256)
    table = feather.read_table(str(path))
    return table, json.loads(table.schema.metadata[_KEY])


def _check(path: Path, sha256: str) -> None:
    """Refuse a file that is not the one that was written."""
    if sha256 and digest(path) != sha256:
        raise refusal(ReportError, [Problem("report.changed_snapshot", path.name)])


def _record(problem: Problem) -> dict[str, Any]:
    return {**vars(problem), "values": dict(problem.values)}


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
