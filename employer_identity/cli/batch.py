"""`employer-identity batch`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from employer_identity.cli.progress import Progress, duration
from employer_identity.cli.shared import (
    PROBLEMS,
    STOPPED,
    AcceptOption,
    MinimumOption,
    refusals,
    tell,
    tell_untranslated,
    tongue_of,
)

if TYPE_CHECKING:
    from employer_identity.audit.folder import Audit
    from employer_identity.language import Language
    from employer_identity.reports.batch import Batch
    from employer_identity.reports.records import Record, Withheld

NAMED = 10
"""Names that are told of whom no report is made."""


def batch(
    template: Annotated[str, typer.Argument(help="Which report to make.")] = "employer_report",
    output: Annotated[
        str, typer.Option("--output", "-o", help="Folder for the reports: new, or of a batch.")
    ] = "reports",
    survey: Annotated[
        list[str] | None,
        typer.Option(
            "--survey",
            "-s",
            help="File with the answers, a pattern or a folder of Parquet files. "
            "Left out: the sample survey.",
        ),
    ] = None,
    instrument: Annotated[
        str | None, typer.Option("--instrument", "-i", help="TOML file about the columns.")
    ] = None,
    by: Annotated[
        str, typer.Option("--by", help="Column whose values get a report each.")
    ] = "employer",
    sets: Annotated[
        str | None,
        typer.Option("--sets", help="Instead of --by: YAML or TOML file with sets of parameters."),
    ] = None,
    language: Annotated[
        str, typer.Option("--language", "-l", help="Languages of the reports: nl, en or nl,en.")
    ] = "nl",
    formats: Annotated[
        str, typer.Option("--formats", "-f", help="html, pdf, ipynb; several with commas.")
    ] = "html",
    wave: Annotated[
        str | None, typer.Option("--wave", "-w", help="Which wave. Left out: the last one.")
    ] = None,
    minimum_n: MinimumOption = None,
    i_accept_identifiability: AcceptOption = False,
    parameters: Annotated[
        str | None, typer.Option("--parameters", help="YAML or TOML file for all reports.")
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="NAME=VALUE for all reports; may be repeated."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", help="How many at the same time. Left out: all processors."),
    ] = None,
    timeout: Annotated[
        int, typer.Option("--timeout", min=1, help="Seconds that a cell of a report may take.")
    ] = 300,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="A kernel of its own for each report; slower.")
    ] = False,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Dask scheduler, such as tcp://host:8786.")
    ] = None,
    earlier: Annotated[
        list[str] | None,
        typer.Option("--with", help="Folder with reports handed out before; may be repeated."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be made, and how long it takes.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say only what went wrong, and the outcome.")
    ] = False,
) -> None:
    """Make a report for every employer, or for every value of another column.

    \b
    The employers of the sample, in both languages:
      employer-identity batch --language nl,en --output reports

    \b
    A survey of your own; first a look at what it will be:
      employer-identity batch -s answers.csv -i questionnaire.toml -o reports --dry-run
      employer-identity batch -s answers.csv -i questionnaire.toml -o reports --formats html,pdf

    The path of the index is printed. Run it again after a change, or after it was stopped: only
    what has changed is made. Then an audit tries to recover what is hidden from all of it together;
    where it succeeds there is no index. Exit code 1 if a report failed or something was recovered.
    """  # noqa: D301
    tongues = _listed(language)
    tongue = tongue_of(next(iter(tongues), ""))
    with refusals(tongue):
        from employer_identity.cli.parameters import gather
        from employer_identity.errors import ReportError
        from employer_identity.language import refusal, say
        from employer_identity.reports.batch import batch as make

        told = _Told(tongue, Progress(tongue, quiet=quiet), _listed(formats), quiet)
        options = {"wave": wave, "minimum_n": minimum_n}
        options["accept_identifiability"] = "true" if i_accept_identifiability else None
        given = gather(template, options, parameter or [], parameters)
        if given.problems:
            raise refusal(ReportError, given.problems)
        try:
            found = make(
                template,
                output=output,
                survey=survey or None,
                instrument=instrument,
                by=by,
                sets=sets,
                languages=tongues,  # type: ignore[arg-type]  # make() refuses what is none
                formats=told.formats,  # type: ignore[arg-type]
                jobs=jobs,
                isolated=isolated,
                scheduler=scheduler,
                timeout=timeout,
                earlier=earlier or (),
                dry_run=dry_run,
                on_step=told.step,
                on_report=told.report,
                **given.values,
            )
        except KeyboardInterrupt:
            told.progress.clear()
            tell(say("batch.told.stopped", tongue))
            raise typer.Exit(STOPPED) from None
        told.progress.clear()
        tell_untranslated(instrument, tongues, tongue)
        _tell_outcome(found, tongue, quiet=quiet)
        clean = found.audit is None or found.audit.is_clean
        if clean and not dry_run:
            typer.echo(found.index)
        if found.failed or not clean:
            raise typer.Exit(PROBLEMS)


def _listed(text: str) -> list[str]:
    """Read what stands between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


@dataclass(frozen=True)
class _Told:
    """What is said while reports are made."""

    tongue: Language
    progress: Progress
    formats: list[str]
    quiet: bool

    def step(self, name: str) -> None:
        """Say what is done now."""
        from employer_identity.language import say
        from employer_identity.reports.pdf import made_by

        self.progress.begin()
        if self.quiet:
            return
        tell(say(f"batch.step.{name}", self.tongue))
        if name == "make" and "pdf" in self.formats:
            tell(made_by(self.tongue))

    def report(self, record: Record, done: int, total: int) -> None:
        """Say of a report that it failed, and how many are done."""
        from employer_identity.language import describe, say

        if record.problem:
            self.progress.clear()
            words = {"title": record.title, "language": record.language}
            message = describe(record.problem, self.tongue)
            tell(say("batch.told.failed", self.tongue, message=message, **words))
        self.progress.show(done, total)


def _tell_audit(found: Audit, tongue: Language, *, quiet: bool) -> None:
    """Say what all reports together give away."""
    from employer_identity.audit.folder import in_words
    from employer_identity.language import say

    if quiet and found.is_clean:
        return
    for line in in_words(found, tongue):
        tell(line)
    if not found.is_clean:
        tell(say("batch.told.unpublished", tongue))


def _not_made(found: Withheld, tongue: Language) -> str:
    """Say what is withheld for one reason, with the first few names."""
    from employer_identity.language import listing, say

    n = len(found.titles)
    if found.is_all and n > NAMED:
        return say("batch.told.withheld_all", tongue, n=n, message=found.reason)
    named = listing(found.titles[:NAMED], tongue)
    if n > NAMED:
        first = ", ".join(found.titles[:NAMED])
        named = say("batch.told.withheld_more", tongue, named=first, n=n - NAMED)
    return say("batch.told.withheld", tongue, named=named, message=found.reason)


def _tell_outcome(found: Batch, tongue: Language, *, quiet: bool) -> None:
    """Say how many there are of each kind; of a dry run also what is withheld, and the time."""
    from employer_identity.language import listing, number, say
    from employer_identity.reports.records import withheld

    told = [
        f"{number(n, ',', tongue)} {say(f'batch.status.{status}', tongue)}"
        for status, n in found.counts.items()
    ]
    tell(say("batch.told.summary", tongue, total=len(found.records), counts=listing(told, tongue)))
    if found.audit:
        _tell_audit(found.audit, tongue, quiet=quiet)
    if found.seconds is None:
        return
    if not quiet:
        for one in withheld(found.records, tongue):
            tell(_not_made(one, tongue))
    if math.isnan(found.seconds):
        tell(say("batch.told.no_estimate", tongue))
    elif found.counts["due"]:
        time = duration(found.seconds, tongue)
        tell(say("batch.told.estimate", tongue, time=time, n=found.counts["due"]))
