"""A checked survey on its way to the notebook's kernel: an Arrow file and its hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather

from employer_identity.errors import Problem, ReportError
from employer_identity.language import refusal
from employer_identity.questionnaire import Instrument
from employer_identity.survey import Survey

SUFFIX = ".arrow"
_KEY = b"employer_identity"


def write_snapshot(survey: Survey, path: Path) -> str:
    """Write a survey with its instrument; return the file's SHA-256."""
    about = {
        "instrument": survey.instrument.model_dump(
            mode="json", by_alias=True, exclude_defaults=True
        ),
        "changes": [_record(p) for p in survey.changes],
        "warnings": [_record(p) for p in survey.warnings],
        "source": survey.source,
        "sha256": survey.sha256,
    }
    table = pa.Table.from_pandas(survey.answers, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), _KEY: json.dumps(about).encode()}
    feather.write_feather(table.replace_schema_metadata(metadata), str(path))
    return digest(path)


def read_snapshot(path: Path, sha256: str = "") -> Survey:
    """Read a survey back; a file that is not the one that was written is refused."""
    if sha256 and digest(path) != sha256:
        raise refusal(ReportError, [Problem("report.changed_snapshot", path.name)])
    table = feather.read_table(str(path))
    about = json.loads(table.schema.metadata[_KEY])
    return Survey(
        table.to_pandas(),
        Instrument.model_validate(about["instrument"]),
        tuple(Problem(**p) for p in about["changes"]),
        tuple(Problem(**p) for p in about["warnings"]),
        about["source"],
        about["sha256"],
    )


def _record(problem: Problem) -> dict[str, Any]:
    return {**vars(problem), "values": dict(problem.values)}


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
