"""`employer-identity report`."""

from __future__ import annotations

from typing import Annotated

import typer

from employer_identity.cli.shared import LanguageOption, refusals, tell, tongue_of


def report(
    template: Annotated[str, typer.Argument(help="Which report to make.")] = "employer_brand_study",
    survey: Annotated[
        list[str] | None,
        typer.Option(
            "--survey",
            "-s",
            help="File with the answers; give it again for a further file of the same survey. "
            "Left out: the sample survey.",
        ),
    ] = None,
    instrument: Annotated[
        str | None,
        typer.Option("--instrument", "-i", help="TOML file that says which columns are what."),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", "-g", help="Column to compare by. Left out: the first grouping."),
    ] = None,
    wave: Annotated[
        str | None, typer.Option("--wave", "-w", help="Which wave. Left out: the last one.")
    ] = None,
    language: LanguageOption = "nl",
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Where the HTML file goes.")
    ] = None,
    minimum_n: Annotated[
        int, typer.Option("--minimum-n", help="Smallest number of people that is shown.")
    ] = 5,
) -> None:
    """Make a report: one HTML file that needs nothing beside it.

    \b
    The sample survey, in Dutch and in English:
      employer-identity report
      employer-identity report --language en --group gender

    \b
    A survey of your own (check it first):
      employer-identity check  answers.csv --instrument questionnaire.toml
      employer-identity report --survey answers.csv --instrument questionnaire.toml --group age_band

    \b
    Another wave than the last; a survey in several files:
      employer-identity report --wave 2025
      employer-identity report -s 2025.csv -s 2026.csv -i questionnaire.toml

    Its path is printed; nothing is overwritten unless the report is finished.
    """  # noqa: D301  (\b tells the help to keep the lines as they are)
    tongue = tongue_of(language)
    with refusals(tongue):
        from employer_identity.language import say
        from employer_identity.reports.run import report as make

        path = make(
            template,
            survey=survey or None,
            instrument=instrument,
            group=group,
            wave=wave,
            language=language,  # type: ignore[arg-type]  # make() refuses what is no language
            output=output,
            on_step=lambda step: tell(say(f"cli.step.{step}", tongue)),
            minimum_n=minimum_n,
        )
        typer.echo(path)
