"""`employer-identity report`."""

from __future__ import annotations

from typing import Annotated

import typer

from employer_identity.cli.parameters import gather
from employer_identity.cli.shared import (
    AcceptOption,
    MinimumOption,
    refusals,
    tell,
    tell_untranslated,
    tongue_of,
)
from employer_identity.cli.templates import listed, shown


def report(
    template: Annotated[str, typer.Argument(help="Which report to make.")] = "employer_brand_study",
    survey: Annotated[
        list[str] | None,
        typer.Option(
            "--survey",
            "-s",
            help="File with the answers, a pattern or a folder of Parquet files; give it again for "
            "a further file of the same survey. Left out: the sample survey.",
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
    language: Annotated[
        str | None,
        typer.Option(
            "--language", "-l", help="Language of report and messages: nl or en. Left out: nl."
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Where the report goes: an .html, .pdf or .ipynb. Left out: in this folder, "
            "TEMPLATE.LANGUAGE.html, and for one employer TEMPLATE.NAME.LANGUAGE.html.",
        ),
    ] = None,
    tables: Annotated[
        list[str] | None,
        typer.Option(
            "--tables",
            help="Where the tables go besides: a .docx or .tex; give it again for the other.",
        ),
    ] = None,
    minimum_n: MinimumOption = None,
    i_accept_identifiability: AcceptOption = False,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="NAME=VALUE; give it again for a further one."),
    ] = None,
    parameters: Annotated[
        str | None,
        typer.Option("--parameters", help="YAML or TOML file; the command line goes before it."),
    ] = None,
    list_templates: Annotated[
        bool, typer.Option("--list", help="Tell which templates there are.")
    ] = False,
    show: Annotated[
        str | None,
        typer.Option("--show", metavar="TEMPLATE", help="Tell what a template may be told."),
    ] = None,
) -> None:
    """Make a report: one file that needs nothing beside it.

    What it tells of people lies beside it, for the audit (NAME.facts.json).

    \b
    The sample survey, in Dutch and in English; one of its employers:
      employer-identity report
      employer-identity report --language en --group gender
      employer-identity report employer_report --parameter employer="Vrolijke Eland"

    \b
    A survey of your own (check it first):
      employer-identity check  answers.csv --instrument questionnaire.toml
      employer-identity report --survey answers.csv --instrument questionnaire.toml --group age_band

    \b
    Another wave than the last; a survey in several files:
      employer-identity report --wave 2025
      employer-identity report -s 2025.csv -s 2026.csv -i questionnaire.toml
      employer-identity report -s "answers/*.parquet" -i questionnaire.toml

    \b
    For reviewers: how good the measurement is, with its tables for a manuscript:
      employer-identity report measurement_report -o measurement.html --tables tables.docx

    \b
    Which reports there are, what they may be told, and telling it in a file:
      employer-identity report --list
      employer-identity report --show employer_report
      employer-identity report employer_report --parameters my_report.yaml

    Its path is printed; nothing is overwritten unless the report is finished.
    """  # noqa: D301  (\b tells the help to keep the lines as they are)
    options = {"group": group, "wave": wave, "language": language, "minimum_n": minimum_n}
    options["accept_identifiability"] = "true" if i_accept_identifiability else None
    given = gather(template, options, parameter or (), parameters)
    tongue = tongue_of(str(given.values.get("language", "nl")))
    with refusals(tongue):
        if list_templates or show:
            typer.echo(shown(show, tongue) if show else listed(tongue))
            return
        from employer_identity.language import say
        from employer_identity.reports.run import report as make

        source = survey or None
        files = tables or []
        given.check(template, survey=source, instrument=instrument, output=output, tables=files)
        path = make(
            template,
            survey=source,
            instrument=instrument,
            output=output,
            tables=files,
            on_step=lambda step: tell(say(f"cli.step.{step}", tongue)),
            **given.values,
        )
        tell_untranslated(instrument, [tongue], tongue)
        typer.echo(path)
