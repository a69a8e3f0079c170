"""`employer-identity check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from employer_identity.cli.shared import (
    PROBLEMS,
    LanguageOption,
    check_folders,
    refusals,
    tell_untranslated,
    tongue_of,
)
from employer_identity.inert import in_spreadsheet
from employer_identity.writing import write_whole

if TYPE_CHECKING:
    from employer_identity.language import Language
    from employer_identity.loading import Check


def check(
    files: Annotated[
        list[str],
        typer.Argument(
            help="File with the answers, a pattern or a folder of Parquet files; several files are "
            "one survey."
        ),
    ],
    instrument: Annotated[
        str,
        typer.Option("--instrument", "-i", help="TOML file, or: connecting-employership."),
    ] = "",
    language: LanguageOption = "nl",
    page: Annotated[
        Path | None, typer.Option("--page", "-p", help="Write what is found to this HTML page.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--table", "-t", help="Write what is found to this CSV table.")
    ] = None,
) -> None:
    """Check a survey: everything that is wrong with it, at once.

    Errors forbid its use, warnings are for you to weigh; then comes what was changed at loading.

    \b
      employer-identity check answers.csv --instrument questionnaire.toml
      employer-identity check spring.xlsx autumn.xlsx -i questionnaire.toml --page check.html
      employer-identity check answers.csv -i connecting-employership --language en
    """  # noqa: D301
    tongue = tongue_of(language)
    with refusals(tongue):
        from employer_identity.errors import Problem, SurveyError
        from employer_identity.language import refusal, say
        from employer_identity.loading import check_survey
        from employer_identity.reports.checking import check_page

        if not instrument:  # an option that must be given is refused in English only
            raise refusal(SurveyError, [Problem("report.no_instrument")])
        check_folders(page, table)
        found = check_survey(files, instrument=instrument)
        _tell(found, tongue)
        if page:
            write_whole(page, check_page(found, tongue))
            typer.echo(say("checking.told.page", tongue, path=page))
        if table:
            write_whole(
                table, "\N{BOM}" + found.table(tongue).map(in_spreadsheet).to_csv(index=False)
            )
            typer.echo(say("checking.told.table", tongue, path=table))
        if not found.errors:
            tell_untranslated(instrument, [tongue], tongue)
            typer.echo(say("cli.next", tongue, file=files[0], instrument=instrument))
    if found.errors:
        raise typer.Exit(PROBLEMS)


def _tell(found: Check, language: Language) -> None:
    """Say what was found, errors first, and how much that is; sum up a survey that can be used."""
    from employer_identity.language import describe, say

    for problem in found.problems:
        kind = say(f"checking.{problem.severity}", language)
        typer.echo(f"{kind}: {describe(problem, language)}")
    typer.echo(found.counted(language))
    if found.survey is not None:
        survey = found.survey
        missing = survey.answers[list(survey.item_names)].isna().to_numpy().mean()
        values = {"n": survey.n, "items": len(survey.item_names), "missing": float(missing)}
        typer.echo(say("cli.good", language, file=survey.source, **values))
        if columns := [g.column for g in survey.instrument.groupings]:
            typer.echo(say("cli.groupings", language, columns=", ".join(columns)))
