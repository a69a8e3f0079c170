"""The command line: `employer-identity check` and `employer-identity report`.

Exit codes: 0 good, 1 problems with the survey or the report, 2 wrong use.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from employer_identity.language import Language

GOOD, PROBLEMS, WRONG_USE, STOPPED = 0, 1, 2, 130
_WRONG_USE = ("unknown_", "wrong_parameter", "no_instrument", "output_")
"""How the codes of a report's problems begin that are about what was asked, not about the data."""

app = typer.Typer(
    help="Employer-brand studies that say which groups may be compared.",
    epilog="Begin with: employer-identity report",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

LanguageOption = Annotated[
    str, typer.Option("--language", "-l", help="Language of report and messages: nl or en.")
]


@app.command()
def report(
    template: Annotated[str, typer.Argument(help="Which report to make.")] = "employer_brand_study",
    survey: Annotated[
        str | None,
        typer.Option("--survey", "-s", help="CSV or Parquet file. Left out: the sample survey."),
    ] = None,
    instrument: Annotated[
        str | None,
        typer.Option("--instrument", "-i", help="TOML file that says which columns are what."),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", "-g", help="Column to compare by. Left out: the first grouping."),
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

    Its path is printed; nothing is overwritten unless the report is finished.
    """  # noqa: D301  (\b tells the help to keep the lines as they are)
    tongue = _tongue(language)
    with _refusals(tongue):
        from employer_identity.language import say
        from employer_identity.reports.run import report as make

        path = make(
            template,
            survey=survey,
            instrument=instrument,
            group=group,
            language=language,  # type: ignore[arg-type]  # make() refuses what is no language
            output=output,
            on_step=lambda step: _tell(say(f"cli.step.{step}", tongue)),
            minimum_n=minimum_n,
        )
        typer.echo(path)


@app.command()
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
    tongue = _tongue(language)
    with _refusals(tongue):
        from employer_identity.language import say
        from employer_identity.survey import load_survey

        survey = load_survey(file, instrument=instrument)
        answers = survey.answers[list(survey.item_names)]
        values = {
            "file": file,
            "n": survey.n,
            "items": len(survey.item_names),
            "missing": float(answers.isna().to_numpy().mean()),
            "dropped": sum(d.count for d in survey.dropped),
        }
        typer.echo(say("cli.good", tongue, **values))
        columns = [g.column for g in survey.instrument.groupings]
        if columns:
            typer.echo(say("cli.groupings", tongue, columns=", ".join(columns)))
        typer.echo(say("cli.next", tongue, file=file, instrument=instrument))


def _tongue(asked: str) -> Language:
    """Return the language of messages: what was asked for, or English where that is none."""
    return "nl" if asked == "nl" else "en"


def _tell(text: str) -> None:
    typer.echo(text, err=True)


@contextmanager
def _refusals(language: Language) -> Iterator[None]:
    """Turn refusals into messages and exit codes, warnings into notes; never a traceback."""
    import warnings

    from employer_identity.errors import EmployerIdentityError, EmployerIdentityWarning, ReportError
    from employer_identity.language import describe, say

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", EmployerIdentityWarning)
        try:
            yield
            for warning in caught:
                _tell(say("cli.note", language, text=str(warning.message)))
        except EmployerIdentityError as error:
            lines = [describe(p, language) for p in error.problems] or [str(error)]
            _tell("\n".join(say("cli.problem", language, text=line) for line in lines))
            if len(lines) > 1:
                _tell(say("cli.count", language, n=len(lines)))
            asked = [p.code.removeprefix("report.") for p in error.problems]
            wrong = isinstance(error, ReportError) and any(c.startswith(_WRONG_USE) for c in asked)
            raise typer.Exit(WRONG_USE if wrong else PROBLEMS) from None
        except KeyboardInterrupt:
            _tell(say("cli.stopped", language))
            raise typer.Exit(STOPPED) from None


if __name__ == "__main__":
    sys.exit(app())
