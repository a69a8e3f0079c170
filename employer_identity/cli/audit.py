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

        found = folders.audit(folder, *(others or ()))
        for line in folders.in_words(found, tongue):
            typer.echo(line)
    if not found.is_clean:
        raise typer.Exit(PROBLEMS)
