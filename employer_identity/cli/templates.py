"""What `employer-identity report --list` and `--show` print."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from employer_identity.language import Language


def listed(language: Language) -> str:
    """Return the templates, a line each."""
    from employer_identity.language import say
    from employer_identity.reports.parameters import TEMPLATES

    return _aligned([(t, say(f"parameters.template.{t}", language)) for t in TEMPLATES])


def shown(template: str, language: Language) -> str:
    """Return the parameters of a template as a table, and a file with them that works."""
    from employer_identity.language import say
    from employer_identity.reports.parameters import declared

    parameters = declared(template, language)
    heads = [say(f"parameters.shown.{c}", language) for c in ("name", "kind", "default", "meaning")]
    rows = [(p.name, p.kind, p.default, p.meaning) for p in parameters]
    file = f"{template}.yaml"
    command = f"employer-identity report {template} --parameters {file}"
    told = say("parameters.shown.example", language, file=file, command=command)
    values = {p.name: p.example for p in parameters} | {"language": language}
    # JSON between its quotes is YAML too, whatever the text holds.
    example = [f"{n}: {json.dumps(value, ensure_ascii=False)}" for n, value in values.items()]
    return "\n".join([_aligned([heads, *rows]), "", told, "", *example])


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Write rows under each other in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f"{c:{w}}" for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
