"""What can go wrong, as data: a `Problem` says what and where; its words come from `language`."""

from __future__ import annotations

import copyreg
import inspect
import linecache
import textwrap
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Literal


def _view(items: dict[str, object]) -> MappingProxyType[str, object]:
    return MappingProxyType(items)


# Views of mappings go to other processes as views.
copyreg.pickle(MappingProxyType, lambda view: (_view, (dict(view),)))

_HERE = str(Path(__file__).parent)
_WIDTH = 88  # characters of a line of a message in a notebook
Severity = Literal["error", "warning", "change"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, doubtful or was changed.

    Parameters
    ----------
    code
        Key of its sentence in the catalogue, for example ``"survey.text_in_scale"``.
    where
        The column, row numbers, group or file concerned; never a person's answer.
    count
        How many rows, cells or columns are concerned.
    values
        Further words and numbers the sentence asks for.
    severity
        ``"error"`` forbids to go on, a ``"warning"`` is for the user to weigh, and a ``"change"``
        tells what was left out, recoded or merged on the way.
    """

    code: str
    where: str = ""
    count: int = 0
    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    severity: Severity = "error"


class EmployerIdentityError(Exception):
    """Base of every refusal of this package; carries its problems as data."""

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: the user's line, what kind of refusal it is, and why."""
        told = [f"{type(self).__name__}:"]
        for line in str(self).splitlines():
            told += textwrap.wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False)
        return [*_users_line(self), *told]


def users_level() -> int:
    """Return the ``stacklevel`` at which a caller's warning is about the user's own line."""
    ours = (f.filename.startswith(_HERE) for f in inspect.stack(0)[1:])
    return 1 + sum(takewhile(bool, ours))


def _users_line(error: Exception) -> list[str]:
    """Return the last line of the user's own code on the way to an error, as IPython points."""
    frames = []
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith(_HERE):
            break
        frames.append((frame.f_code.co_filename, number))
    if not frames:
        return []
    line = linecache.getline(*frames[-1]).strip()
    return [f"----> {frames[-1][1]} {line}", ""] if line else []


class InstrumentError(EmployerIdentityError):
    """The instrument file cannot be used as it is."""


class SurveyError(EmployerIdentityError):
    """The survey file or frame cannot be used as it is."""


class ModelError(EmployerIdentityError):
    """The model, or the model with these data, cannot be estimated."""


class ConvergenceError(ModelError):
    """The estimator stopped without reaching a minimum."""


class ComparisonError(EmployerIdentityError):
    """A comparison that the invariance decision does not allow."""


class ReportError(EmployerIdentityError):
    """A report cannot be made from these parameters."""


class WorkshopError(EmployerIdentityError):
    """Something in a workshop cannot be done; says so in the workshop's language."""


class EmployerIdentityWarning(UserWarning):
    """Base of what a user may accept."""


class SurveyWarning(EmployerIdentityWarning):
    """A survey can be used, and some of it is worth a second look; carries its problems as data."""

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems
