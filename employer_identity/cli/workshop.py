"""`employer-identity workshop`."""

from __future__ import annotations

from typing import Annotated

import typer

from employer_identity.cli.shared import LanguageOption, refusals, tell, tongue_of


def workshop(
    folder: Annotated[
        str, typer.Argument(metavar="DIR", help="Folder for the copy; made if it is not there.")
    ],
    language: LanguageOption = "nl",
    zipped: Annotated[
        bool, typer.Option("--zip", help="One file DIR.zip for the class, instead of a folder.")
    ] = False,
    solutions: Annotated[
        bool, typer.Option("--solutions", help="With solutions and notes, for the instructor.")
    ] = False,
) -> None:
    """Put a fresh copy of the workshop in a folder: notebooks, data, and how to begin.

    \b
      employer-identity workshop my_workshop
      employer-identity workshop class --language en --zip
      employer-identity workshop teacher --solutions

    What is there already is never overwritten: it may be a student's work.
    """  # noqa: D301
    tongue = tongue_of(language)
    with refusals(tongue):
        from employer_identity.language import say
        from employer_identity.workshop.handout import hand_out

        made = hand_out(folder, language=tongue, solutions=solutions, zipped=zipped)
        tell(say(f"workshop.made.{'zip' if zipped else 'folder'}", tongue, where=str(made)))
        typer.echo(made)
