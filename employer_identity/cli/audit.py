"""`employer-identity audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from employer_identity.cli.shared import (
    PROBLEMS,
    LanguageOption,
    refusals,
    tongue_of,
)


def audit(
    folder: Annotated[Path, typer.Argument(help="Folder with reports, such as that of a batch.")],
    others: Annotated[
        list[Path] | None,
        typer.Option("--with", help="Folder with earlier reports; may be repeated."),
    ] = None,
    language: LanguageOption = "nl",
) -> None:
    """Try to recover what reports hide, from everything that they show together.

    \b
      employer-identity audit reports
      employer-identity audit reports-2026 --with reports-2025
    """  # noqa: D301
    tongue = tongue_of(language)
    with refusals(tongue):
        from employer_identity.audit import folder as folders
        from employer_identity.language import describe, say

        found = folders.audit(folder, *(others or ()))
        for problem in found.findings:
            typer.echo(describe(problem, tongue))
        typer.echo(say("audit.told.what", tongue, reports=found.reports, facts=found.facts))
        if found.problems:
            typer.echo(say("audit.told.unread", tongue, n=len(found.problems)))
        elif found.leaks:
            typer.echo(say("audit.told.leaks", tongue, n=len(found.leaks)))
        else:
            typer.echo(say("audit.told.clean", tongue))
    if not found.is_clean:
        raise typer.Exit(PROBLEMS)
