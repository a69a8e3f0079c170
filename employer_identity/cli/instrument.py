"""`employer-identity instrument check | new`."""

from __future__ import annotations

from typing import Annotated

import typer

from employer_identity.cli.instrument_new import new
from employer_identity.cli.shared import LanguageOption, refusals, tongue_of

app = typer.Typer(
    help="Make or check an instrument file.", no_args_is_help=True, rich_markup_mode=None
)
app.command()(new)


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="TOML file, or: connecting-employership.")],
    language: LanguageOption = "nl",
) -> None:
    """Check an instrument, or tell what it asks.

    All problems are told at once. A good instrument is summed up.

    \b
      employer-identity instrument check questionnaire.toml
      employer-identity instrument check identity-leadership-15 --language en
    """  # noqa: D301
    tongue = tongue_of(language)
    with refusals(tongue):
        from employer_identity.instrument import load_instrument
        from employer_identity.language import say

        found = load_instrument(file)
        typer.echo(say("instrument.summary.good", tongue, file=file))
        typer.echo("\n  ".join(found.summary(tongue)))
        quoted = f'"{file}"' if " " in file else file
        typer.echo(say("instrument.summary.next", tongue, file=quoted))
