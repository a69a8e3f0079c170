"""`employer-identity check`."""

from __future__ import annotations

from typing import Annotated

import typer

from employer_identity.cli.shared import LanguageOption, refusals, tongue_of


def check(
    file: Annotated[str, typer.Argument(help="CSV or Parquet file with the answers.")],
    instrument: Annotated[
        str,
        typer.Option("--instrument", "-i", help="TOML file, or: connecting-employership."),
    ],
    language: LanguageOption = "nl",
) -> None:
    """Check a survey and tell everything that is wrong with it, all at once.

    \b
      employer-identity check answers.csv --instrument questionnaire.toml
      employer-identity check answers.csv --instrument connecting-employership --language en
    """  # noqa: D301
    tongue = tongue_of(language)
    with refusals(tongue):
        from employer_identity.language import say
        from employer_identity.loading import load_survey

        survey = load_survey(file, instrument=instrument)
        answers = survey.answers[list(survey.item_names)]
        values = {
            "file": file,
            "n": survey.n,
            "items": len(survey.item_names),
            "missing": float(answers.isna().to_numpy().mean()),
            "dropped": sum(c.count for c in survey.changes),
        }
        typer.echo(say("cli.good", tongue, **values))
        columns = [g.column for g in survey.instrument.groupings]
        if columns:
            typer.echo(say("cli.groupings", tongue, columns=", ".join(columns)))
        typer.echo(say("cli.next", tongue, file=file, instrument=instrument))
