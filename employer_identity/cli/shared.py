"""What commands share: options, exit codes, refusals as messages.

Exit codes: 0 good, 1 problems with the survey or the report, 2 wrong use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from employer_identity.language import Language

GOOD, PROBLEMS, WRONG_USE, STOPPED = 0, 1, 2, 130
NAMED = 3
"""Texts that a note names at most."""
_WRONG_USE = (
    "parameters.",
    "report.unknown_template",
    "report.no_instrument",
    "report.no_survey",
    "report.output_is_folder",
    "report.output_unknown",
    "manuscript.unknown_file",
    "batch.by_nothing",
    "batch.no_employers",
    "batch.unknown_format",
    "batch.unknown_language",
    "batch.no_language",
    "batch.no_format",
    "batch.no_folder",
    "batch.not_empty",
    "batch.wrong_jobs",
)
"""How the codes of problems begin that are about what was asked, not about the data."""


def _one_of_ours(language: str) -> str:
    """Refuse a language that there is not, as a report does."""
    from employer_identity.errors import Problem
    from employer_identity.language import LANGUAGES, describe, say

    if language in LANGUAGES:
        return language
    values = {"asked": language, "allowed": ", ".join(LANGUAGES)}
    problem = Problem("parameters.wrong.choice", "language", values=values)
    tell(say("cli.problem", "en", text=describe(problem, "en")))
    raise typer.Exit(WRONG_USE)


LanguageOption = Annotated[
    str,
    typer.Option(
        "--language",
        "-l",
        help="Language of report and messages: nl or en.",
        callback=_one_of_ours,
    ),
]
MinimumOption = Annotated[
    str | None, typer.Option("--minimum-n", help="Smallest number of people shown. Left out: 5.")
]
AcceptOption = Annotated[
    bool,
    typer.Option(
        "--i-accept-identifiability",
        help="Allow --minimum-n below 3, though people can be identified then.",
    ),
]


def tongue_of(asked: str) -> Language:
    """Return the language of messages: what was asked for, or English where that is none."""
    return "nl" if asked == "nl" else "en"


def tell(text: str) -> None:
    """Speak to the person; standard output is kept for a command's own answer."""
    typer.echo(text, err=True)


def tell_untranslated(instrument: str | None, languages: Iterable[str], tongue: Language) -> None:
    """Say which texts of an instrument file are not there in a language that was asked for."""
    from employer_identity.errors import Problem
    from employer_identity.instrument import load_instrument
    from employer_identity.language import LANGUAGES, describe, listing, say
    from employer_identity.questionnaire_words import untranslated

    if instrument is None:
        return
    read = load_instrument(instrument)
    for language in (one for one in LANGUAGES if one in languages):
        if found := untranslated(read, language):
            named = listing([f"'{text}'" for text in found[:NAMED]], tongue)
            values = {"language": say(f"index.language.{language}", tongue), "named": named}
            problem = Problem("cli.untranslated", "", len(found), values)
            tell(say("cli.note", tongue, text=describe(problem, tongue)))


def check_folders(*paths: Path | None) -> None:
    """Refuse files whose folder does not exist, before anything is done for them."""
    from employer_identity.errors import Problem, ReportError
    from employer_identity.language import refusal

    folders = dict.fromkeys(str(p.parent) for p in paths if p and not p.parent.is_dir())
    if folders:
        raise refusal(ReportError, [Problem("checking.told.no_such_folder", f) for f in folders])


def _told(warning: Warning | str, language: Language) -> list[str]:
    """Say a warning in the language, if it carries its problems; else as it is."""
    from employer_identity.language import describe

    problems = getattr(warning, "problems", ())
    return [describe(p, language) for p in problems] or [str(warning)]


@contextmanager
def refusals(language: Language) -> Iterator[None]:
    """Turn refusals into messages and exit codes, warnings into notes; never a traceback."""
    import warnings

    from employer_identity.errors import EmployerIdentityError, EmployerIdentityWarning
    from employer_identity.language import say, told

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", EmployerIdentityWarning)
        try:
            yield
            for text in dict.fromkeys(t for w in caught for t in _told(w.message, language)):
                tell(say("cli.note", language, text=text))
        except EmployerIdentityError as error:
            lines = told(error.problems, language) or [str(error)]
            tell("\n".join(say("cli.problem", language, text=line) for line in lines))
            if len(error.problems) > 1:
                tell(say("cli.count", language, n=len(error.problems)))
            wrong = any(p.code.startswith(_WRONG_USE) for p in error.problems)
            raise typer.Exit(WRONG_USE if wrong else PROBLEMS) from None
        except KeyboardInterrupt:
            tell(say("cli.stopped", language))
            raise typer.Exit(STOPPED) from None
