"""Parameters as a person gives them: in a file, and on the command line, which goes before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from employer_identity.errors import Problem


@dataclass(frozen=True)
class Given:
    """What was given, and what of it could not be read.

    Parameters
    ----------
    values
        Name -> value; not checked yet.
    problems
        Why there may be more than `values`.
    """

    values: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()

    def check(
        self,
        template: str,
        *,
        survey: list[str] | None,
        instrument: str | None,
        output: str | None,
        tables: list[str],
    ) -> None:
        """Refuse all that is wrong before the survey is read, what could not be read included."""
        from employer_identity.errors import EmployerIdentityError, ReportError
        from employer_identity.language import refusal
        from employer_identity.reports.run import check_asked

        try:
            check_asked(
                template, self.values, survey=survey, instrument=instrument, output=output,
                tables=tables,
            )  # fmt: skip
        except EmployerIdentityError as error:
            if not self.problems:
                raise
            # What seems to be missing may stand where it could not be read.
            further = [p for p in error.problems if p.code != "parameters.missing"]
            raise refusal(ReportError, [*self.problems, *further]) from None
        if self.problems:
            raise refusal(ReportError, self.problems)


def gather(
    template: str, options: Mapping[str, str | None], typed: Iterable[str], file: str | None
) -> Given:
    """Bring together what was given.

    Parameters
    ----------
    template
        The template whose parameters they are: it says what is a number.
    options
        Parameters that have an option of their own, as typed; None where it was not used.
    typed
        Others as NAME=VALUE.
    file
        A parameter file; None for none.
    """
    from employer_identity.errors import Problem, ReportError
    from employer_identity.reports.parameter_files import read_parameter_file
    from employer_identity.reports.parameters import read_texts

    texts = {name: text for name, text in options.items() if text is not None}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    if file is not None:
        try:
            values = read_parameter_file(file)
        except ReportError as error:
            problems += error.problems
    for one in typed:
        name, is_there, text = one.partition("=")
        if not (is_there and name.strip()):
            problems.append(Problem("parameters.not_name_value", one))
        elif name.strip() in texts:
            problems.append(Problem("parameters.twice", name.strip()))
        else:
            texts[name.strip()] = text
    return Given(values | read_texts(texts, template), tuple(problems))
