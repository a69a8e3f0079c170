"""`employer-identity instrument new`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from employer_identity.cli.shared import LanguageOption, refusals, tell, tongue_of
from employer_identity.writing import write_whole

if TYPE_CHECKING:
    from employer_identity.errors import Problem


def new(
    source: Annotated[str, typer.Option("--from", "-f", help="File with the answers.")],
    output: Annotated[
        str, typer.Option("--output", "-o", help="Where the instrument goes.")
    ] = "instrument.toml",
    language: LanguageOption = "nl",
) -> None:
    """Make a first instrument for a survey: the columns are looked at, the questionnaire guessed.

    \b
      employer-identity instrument new --from answers.csv
      employer-identity instrument new --from answers.sav --output team.toml --language en

    The file explains what was guessed and what to look at; it can be used as it stands. A file that
    is there already is never overwritten.
    """  # noqa: D301
    tongue = tongue_of(language)
    with refusals(tongue):
        from employer_identity.errors import InstrumentError
        from employer_identity.language import refusal, say
        from employer_identity.starter import new_instrument

        target = Path(output)
        if problem := _in_the_way(target):
            raise refusal(InstrumentError, [problem])
        text = new_instrument(source, language=tongue)
        write_whole(target, text)
        typer.echo(target)
        tell(say("starter.next", tongue, file=_quoted(source), instrument=_quoted(output)))


def _in_the_way(target: Path) -> Problem | None:
    """Say why the file cannot be put there."""
    from employer_identity.errors import Problem

    if target.exists():
        return Problem("starter.exists", str(target))
    if not os.access(target.parent, os.W_OK):
        return Problem("starter.no_folder", str(target.parent))
    return None


def _quoted(path: str) -> str:
    """Write a path as a command line takes it."""
    return f'"{path}"' if " " in path else path
