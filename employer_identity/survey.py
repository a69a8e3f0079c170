"""A survey that may be trusted: read from a file or a frame, checked at once, recoded, grouped."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.errors import Problem, SmallGroupWarning, SurveyError
from employer_identity.instrument import Instrument, load_instrument, nearest
from employer_identity.intake import Raw, of_frame, read
from employer_identity.language import describe, number, refusal, say

SMALL = 5  # a group of fewer persons is too small to be described or compared
SHOWN_ROWS = 5  # row numbers a message names; the rest is counted
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?")

Flags = NDArray[np.bool_]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Dropped:
    """Rows left out at loading: why (a key of the catalogue) and how many."""

    reason: str
    count: int


@dataclass(frozen=True, eq=False, repr=False)
class Survey:
    """Checked answers with the instrument they belong to.

    Attributes
    ----------
    answers
        One row a respondent. Items and outcomes are floats (NaN: no answer), reversed ones already
        turned; groupings are ordered categoricals of text, employer, sector and cluster
        unordered ones; the weight is a float.
    instrument
        The questionnaire.
    dropped
        What was left out at loading.
    source
        Name of the file, without its folder.
    sha256
        Hash of the file's bytes, or of the frame written as CSV.
    """

    answers: pd.DataFrame
    instrument: Instrument
    dropped: tuple[Dropped, ...] = ()
    source: str = ""
    sha256: str = ""

    @property
    def n(self) -> int:
        """Number of respondents."""
        return len(self.answers)

    @property
    def item_names(self) -> tuple[str, ...]:
        """Names of the items, in the order in which they are asked."""
        return self.instrument.item_names

    @cached_property
    def pillar_scores(self) -> pd.DataFrame:
        """Mean of the answered items per pillar, where at least half of them were answered."""
        scores = {}
        for pillar, items in self.instrument.factors.items():
            answers = self.answers[list(items)]
            enough = 2 * answers.notna().sum(axis=1) >= len(items)
            scores[pillar] = answers.mean(axis=1).where(enough)
        return pd.DataFrame(scores)

    def __repr__(self) -> str:
        return "\n  ".join(_lines(self))

    def _repr_html_(self) -> str:
        return "<div>" + "".join(f"<p>{escape(line)}</p>" for line in _lines(self)) + "</div>"


def load_survey(
    source: str | Path | pd.DataFrame, *, instrument: str | Path | Instrument
) -> Survey:
    """Read and check a survey.

    Text files may be separated by commas, semicolons or tabs, have decimal commas, and be encoded
    in UTF-8 or as Windows does (cp1252). Rows without any answered item are left out and counted.

    Parameters
    ----------
    source
        Path of a CSV or Parquet file with a header and one row a respondent, or such a frame.
    instrument
        An instrument, its TOML file, or the name of one that comes with the package.

    Raises
    ------
    InstrumentError
        If the instrument cannot be used.
    SurveyError
        If the survey cannot be used, with all its problems.

    Warns
    -----
    SmallGroupWarning
        If a grouping has groups of fewer than five persons.
    """
    survey, problems = _load(source, instrument)
    if survey is None:
        raise refusal(SurveyError, problems)
    return survey


def check_survey(
    source: str | Path | pd.DataFrame, *, instrument: str | Path | Instrument
) -> tuple[Problem, ...]:
    """Check a survey as `load_survey` does, and return its problems instead of raising them."""
    return _load(source, instrument)[1]


def _load(
    source: str | Path | pd.DataFrame, instrument: str | Path | Instrument
) -> tuple[Survey | None, tuple[Problem, ...]]:
    if not isinstance(instrument, Instrument):
        instrument = load_instrument(instrument)
    try:
        raw = of_frame(source) if isinstance(source, pd.DataFrame) else read(Path(source))
    except SurveyError as error:
        return None, error.problems
    columns, problems = _examine(raw, instrument)
    if problems:
        return None, tuple(problems)
    answers = pd.DataFrame(columns)
    answered = answers[list(instrument.item_names)].notna().any(axis=1)
    empty = int((~answered).sum())
    dropped = (Dropped("survey.dropped.no_item_answered", empty),) if empty else ()
    answers = answers[answered].reset_index(drop=True)
    _warn_of_small_groups(answers, instrument)
    return Survey(answers, instrument, dropped, raw.name, raw.sha256), ()


# --- Examining: columns to answers, with everything that is wrong


def _examine(
    raw: Raw, instrument: Instrument
) -> tuple[dict[str, pd.Series[float] | pd.Categorical], list[Problem]]:
    """Turn the columns that the instrument names into answers; collect all problems."""
    problems = list(_check_columns(raw.frame, instrument))
    if raw.frame.empty:
        return {}, [*problems, Problem("survey.no_rows", raw.name)]
    frame = raw.frame.loc[:, ~raw.frame.columns.duplicated()]
    columns: dict[str, pd.Series[float] | pd.Categorical] = {}
    for question in (*instrument.items, *instrument.outcomes):
        if question.name in frame:
            values, found = _answers(frame[question.name], instrument, raw.first_row)
            problems += found
            turned = instrument.scale.minimum + instrument.scale.maximum - values
            columns[question.name] = pd.Series(turned if question.reverse else values)
    problems += _check_identical(columns, instrument)
    orders = {g.column: g.order for g in instrument.groupings}
    for name in _named(instrument):
        if name in frame:
            columns[name], found = _groups(frame[name], orders.get(name), raw.first_row)
            problems += found
    weight, respondent = instrument.weight, instrument.respondent
    if weight is not None and weight in frame:
        values, _ = _numbers(frame[weight])
        problems += _rows("survey.bad_weight", weight, ~(values >= 0), raw.first_row)
        columns[weight] = pd.Series(values)
    if respondent is not None and respondent in frame:
        ids = frame[respondent]
        twice = (ids.duplicated(keep=False) & ids.notna()).to_numpy(dtype=bool)
        problems += _rows("survey.duplicate_respondent", respondent, twice, raw.first_row)
    return columns, problems


def _named(instrument: Instrument) -> dict[str, None]:
    """Columns that hold names of groups, once each."""
    units = (instrument.employer, instrument.sector, instrument.cluster)
    return dict.fromkeys([g.column for g in instrument.groupings] + [u for u in units if u])


def _check_columns(frame: pd.DataFrame, instrument: Instrument) -> Iterator[Problem]:
    """Columns that are declared but absent, or there more than once."""
    present = [str(c) for c in frame.columns]
    questions = (*instrument.item_names, *instrument.outcome_names)
    others = [c for c in (instrument.weight, instrument.respondent) if c]
    declared = dict.fromkeys([*questions, *_named(instrument), *others])
    absent, free = [], [c for c in present if c not in declared]
    for name in declared:
        if (n := present.count(name)) > 1:
            yield Problem("survey.duplicate_column", name, n)
        if n == 0 and (near := nearest(name, free)):
            yield Problem("survey.missing_column_near", name, values={"near": near})
        elif n == 0:
            absent.append(name)
    if absent:
        yield Problem("survey.missing_columns", ", ".join(absent), len(absent))


def _answers(
    column: pd.Series[str], instrument: Instrument, first_row: int
) -> tuple[Values, list[Problem]]:
    """Answers of one question as numbers, and what is wrong with them."""
    name, scale = str(column.name), instrument.scale
    values, text = _numbers(column)
    values[np.isin(values, scale.missing)] = np.nan
    broken = np.isfinite(values) & (values != np.round(values))
    outside = ~broken & ((values < scale.minimum) | (values > scale.maximum))
    codes = sorted({int(v) for v in values[outside]})
    allowed = {"minimum": scale.minimum, "maximum": scale.maximum}
    listed = ", ".join(map(str, codes[:SHOWN_ROWS])) + (", ..." if len(codes) > SHOWN_ROWS else "")
    problems = [
        *_rows("survey.text_in_scale", name, text, first_row, allowed),
        *_rows("survey.not_whole", name, broken, first_row, allowed),
        *_rows("survey.out_of_range", name, outside, first_row, allowed | {"codes": listed}),
    ]
    answered = np.unique(values[np.isfinite(values)])
    if not problems and not answered.size:
        problems.append(Problem("survey.empty_column", name))
    if not problems and answered.size == 1 and len(values) > 1:
        problems.append(Problem("survey.constant_item", name))
    return values, problems


def _numbers(column: pd.Series[str]) -> tuple[Values, Flags]:
    """Return numbers (NaN where there are none), and where text stands instead."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=float, na_value=np.nan).copy()
    else:
        codes, uniques = pd.factorize(column.astype(object))
        values = np.array([*map(_number, uniques), np.nan])[codes]
    text = np.isinf(values)
    values[text] = np.nan
    return values, text


def _number(cell: object) -> float:
    """One cell as a number: NaN if it is blank, infinite if it is text."""
    text = str(cell).strip()
    if not text:
        return np.nan
    if not _NUMBER.fullmatch(text):
        return np.inf
    if text.rfind(",") > text.rfind("."):
        text = text.replace(".", "").replace(",", ".")
    try:
        return float(text.replace(",", ""))
    except ValueError:  # 1.2.3
        return np.inf


def _groups(
    column: pd.Series[str], order: Sequence[str] | None, first_row: int
) -> tuple[pd.Categorical, list[Problem]]:
    """Names of groups as categories; ordered and checked where the column is a grouping."""
    codes, uniques = pd.factorize(column.astype(object))
    names = np.array([*map(_name, uniques), None], dtype=object)[codes]
    observed = sorted({n for n in names if n is not None}, key=_by_number)
    where, problems = str(column.name), []
    if order is None:
        return pd.Categorical(names, categories=observed), []
    if order:
        known, allowed = [n for n in order if n in observed], {"allowed": ", ".join(order)}
        unknown = np.array([n is not None and n not in order for n in names])
        problems = _rows("survey.unknown_group", where, unknown, first_row, allowed)
        observed = known if not problems else observed
    if not observed:
        problems = [Problem("survey.empty_column", where)]
    elif len(observed) == 1:
        problems.append(Problem("survey.one_group", where))
    return pd.Categorical(names, categories=observed, ordered=True), problems


def _name(value: object) -> str | None:
    """One group's name as text; 1.0 is called 1, as the instrument calls it."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value).strip() or None  # type: ignore[call-overload]


def _by_number(name: str) -> tuple[float, str]:
    return _number(name), name


def _check_identical(
    columns: Mapping[str, pd.Series[float] | pd.Categorical], instrument: Instrument
) -> Iterator[Problem]:
    """Items with the same answers throughout: one column copied, and a singular covariance."""
    first: dict[bytes, str] = {}
    for name in instrument.item_names:
        column = columns.get(name)
        if isinstance(column, pd.Series) and column.nunique() > 1:
            twin = first.setdefault(column.to_numpy().tobytes(), name)
            if twin != name:
                yield Problem("survey.identical_items", f"{twin}, {name}")


def _rows(
    code: str, where: str, bad: Flags, first_row: int, values: Mapping[str, object] | None = None
) -> list[Problem]:
    """One problem with its row numbers if there are bad rows, else none."""
    found = np.flatnonzero(bad)
    shown = ", ".join(str(row + first_row) for row in found[:SHOWN_ROWS])
    rows = shown + (", ..." if len(found) > SHOWN_ROWS else "")
    return (
        [Problem(code, where, len(found), {"rows": rows, **(values or {})})] if len(found) else []
    )


def _warn_of_small_groups(answers: pd.DataFrame, instrument: Instrument) -> None:
    for grouping in instrument.groupings:
        small = int((answers[grouping.column].value_counts() < SMALL).sum())
        if small:
            problem = Problem("survey.small_groups", grouping.column, small, {"minimum": SMALL})
            warnings.warn(describe(problem), SmallGroupWarning, stacklevel=4)


# --- Printing


def _lines(survey: Survey) -> list[str]:
    """Who answered, what is missing, what was dropped and why."""
    instrument, answers = survey.instrument, survey.answers
    lines = [
        say(
            "survey.printed.who",
            n=survey.n,
            items=len(instrument.items),
            pillars=len(instrument.pillars),
            outcomes=len(instrument.outcomes),
        )
        + (f" ({survey.source})" if survey.source else "")
    ]
    if instrument.groupings:
        groups = {g.column: answers[g.column].cat.categories.size for g in instrument.groupings}
        named = ", ".join(f"{column} ({n})" for column, n in groups.items())
        lines.append(say("survey.printed.groupings", named=named))
    units = {"employer": instrument.employer, "sector": instrument.sector}
    counted = [say(f"survey.printed.{u}", n=answers[c].nunique()) for u, c in units.items() if c]
    if counted:
        lines.append(say("survey.printed.units", units=", ".join(counted)))
    missing = answers[list(instrument.item_names)].isna()
    share = number(float(missing.to_numpy().mean()), ".1%")
    complete = number(float((~missing.any(axis=1)).mean()), ".0%")
    lines.append(say("survey.printed.missing", share=share, complete=complete))
    dropped = [say(d.reason, count=d.count) for d in survey.dropped]
    lines.append("; ".join(dropped) or say("survey.dropped.nothing"))
    return lines
