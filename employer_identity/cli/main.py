"""The command line: `employer-identity COMMAND`; each command has a room of its own."""

from __future__ import annotations

import sys

import typer

from employer_identity.cli.audit import audit
from employer_identity.cli.batch import batch
from employer_identity.cli.check import check
from employer_identity.cli.instrument import app as instrument
from employer_identity.cli.report import report
from employer_identity.cli.simulate import simulate
from employer_identity.cli.workshop import workshop

app = typer.Typer(
    help="Employer-brand studies that say which groups may be compared.",
    epilog="Begin with: employer-identity report",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command()(report)
app.command()(batch)
app.command()(check)
app.command()(audit)
app.add_typer(instrument, name="instrument")
app.command()(simulate)
app.command()(workshop)


if __name__ == "__main__":
    sys.exit(app())
