"""Columns that are no questions, one by one: their values, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from employer_identity.answers import Flags, days, distinct, names, numbers
from employer_identity.errors import Problem, SurveyError
from employer_identity.intake.raw import Named, Raw
from employer_identity.language import nearest, refusal
from employer_identity.questionnaire import Instrument
from employer_identity.spelling import meant, usual_spellings

SHOWN = 5  # rows, names or codes that a message shows; the rest is counted
ALIKE = 0.75  # a column that is called less alike is another


# --- Which columns there are


def named_columns(instrument: Instrument) -> dict[str, None]:
    """Columns of the file that hold names of groups, once each."""
    plain = [g.column for g in instrument.groupings if not g.is_made]
    units = (instrument.employer, instrument.sector, instrument.cluster)
    return dict.fromkeys([*plain, *filter(None, units)])


def declared_columns(instrument: Instrument) -> dict[str, None]:
    """Columns that the instrument names, once each: questions, groups, roles."""
    questions = (*instrument.item_names, *instrument.outcome_names)
    sources = [g.source for g in instrument.groupings if g.source]
    roles = (instrument.weight, instrument.respondent, instrument.wave, instrument.date)
    others = [*sources, *filter(None, (*roles, instrument.duration))]
    return dict.fromkeys([*questions, *named_columns(instrument), *others])


def needed(instrument: Instrument) -> Named:
    """Tell what is needed of the files: what is declared, as it is called there."""
    questions = (*instrument.items, *instrument.outcomes)
    elsewhere = [q.column for q in questions if q.column]
    made = [g.column for g in instrument.groupings]  # if a file has it already, that is told
    person = instrument.respondent
    declared = [*declared_columns(instrument), *elsewhere, *made]
    only = declared.count(person) == 1 if person else False
    return Named(frozenset(declared), person if only else None)


def check_columns(present: Sequence[str], instrument: Instrument) -> Iterator[Problem]:
    """Columns that are declared but absent, or there more than once."""
    declared = declared_columns(instrument)
    absent, free = [], [c for c in present if c not in declared]
    for name in declared:
        if (n := present.count(name)) > 1:
            yield Problem("survey.duplicate_column", name, n)
        if n == 0 and (near := nearest(name, free, alike=ALIKE)):
            yield Problem("survey.missing_column_near", name, values={"near": near})
        elif n == 0:
            absent.append(name)
    if absent:
        yield Problem("survey.missing_columns", ", ".join(absent), len(absent))


def check_asked(instrument: Instrument, *, pillar: str = "", group: str = "") -> None:
    """Refuse a pillar that the instrument has not, and a column spelt nearly like one of its own.

    Other columns may be of the frame alone.

    Raises
    ------
    SurveyError
        With the name that is nearest.
    """
    if pillar and pillar not in instrument.factors:
        near = nearest(pillar, instrument.factors)
        values = {"near": near, "known": ", ".join(instrument.factors)}
        code = "figures.unknown_pillar_near" if near else "figures.unknown_pillar"
        raise refusal(SurveyError, [Problem(code, pillar, values=values)])
    known = [*declared_columns(instrument), *(g.column for g in instrument.groupings)]
    if group and group not in known and (near := nearest(group, known, alike=ALIKE)):
        raise refusal(
            SurveyError, [Problem("figures.unknown_column_near", group, values={"near": near})]
        )


# --- Groups


def groups(
    column: pd.Series, order: Sequence[str] | None, raw: Raw
) -> tuple[pd.Categorical, list[Problem]]:
    """Names of groups as categories; without an `order` (None) these are units, not a grouping."""
    found, where = names(column), str(column.name)
    if not len(found.categories):
        return found, [Problem("survey.empty_column", where)] if order is not None else []
    found, told = _by_label(found, where, order or (), raw)
    problems = _unknown(found, where, order, raw) if order else _spelt(found, where, raw)
    if order is None:
        return found, problems
    if len(found.categories) == 1 and not problems:
        problems.append(Problem("survey.one_group", where))
    if order and not problems:
        found = found.set_categories([n for n in order if n in found.categories])
    return found.as_ordered(), [*problems, *told]


def _by_label(
    found: pd.Categorical, where: str, order: Sequence[str], raw: Raw
) -> tuple[pd.Categorical, list[Problem]]:
    """Call codes by the labels that the file gives them, where the order lists those instead."""
    labels = raw.labels.get(where, {})
    named = [labels.get(str(code), "") for code in found.categories]
    if not set(named) <= set(order) or set(found.categories) <= set(order):
        return found, []
    n = int((found.codes >= 0).sum())
    told = Problem("survey.changed.read_by_label", where, n, severity="change")
    return names(pd.Series(found).map(dict(zip(found.categories, named, strict=True)))), [told]


def _unknown(found: pd.Categorical, where: str, order: Sequence[str], raw: Raw) -> list[Problem]:
    """Values that the order does not have: other spellings, what is near one, and the rest."""
    spelt, near, strange = {}, {}, dict[str, str]()
    for name in found.categories:
        if name not in order:
            if usual := meant(name, order):
                spelt[name] = usual
            elif known := nearest(name, order):
                near[name] = known
            else:
                strange[name] = ""
    kinds = {"survey.spelling_variant": spelt, "survey.unknown_group_near": near}
    kinds["survey.unknown_group"] = strange
    problems = []
    for code, pairs in kinds.items():
        told = {"allowed": ", ".join(order), **_arrows(pairs)}
        problems += rows_problem(code, where, found.isin(list(pairs)), raw, told)
    return problems


def _spelt(found: pd.Categorical, where: str, raw: Raw) -> list[Problem]:
    """Names that look like another spelling of a name that is more usual."""
    sizes = {str(name): int(n) for name, n in found.value_counts().items()}
    usual = usual_spellings(sizes)
    strange = found.isin(list(usual))
    return doubts(rows_problem("survey.spelling_variant", where, strange, raw, _arrows(usual)))


def _arrows(becomes: Mapping[str, str]) -> dict[str, object]:
    """Write what should become what, without language."""
    pairs = (f"“{old}” \N{RIGHTWARDS ARROW} “{new}”" for old, new in becomes.items() if new)
    return {"pairs": shown(pairs)}


# --- Roles: who, when, how long, how heavy


def wave(column: pd.Series, raw: Raw) -> tuple[pd.Categorical, list[Problem]]:
    """Names of the waves, the first one first."""
    found, where = names(column), str(column.name)
    if not len(found.categories):
        return found, [Problem("survey.empty_column", where)]
    absent = doubts(rows_problem("survey.no_wave", where, found.codes < 0, raw))
    return found.as_ordered(), [*_spelt(found, where, raw), *absent]


def date(column: pd.Series, raw: Raw) -> tuple[pd.Series, list[Problem]]:
    """Days on which respondents answered."""
    found, strange = days(column)
    return found, doubts(rows_problem("survey.unreadable_date", str(column.name), strange, raw))


def duration(column: pd.Series, raw: Raw) -> tuple[pd.Series, list[Problem]]:
    """How many seconds respondents took."""
    found, text = numbers(column)
    strange = text | (found < 0)
    found[strange] = np.nan
    where = str(column.name)
    problems = rows_problem("survey.unreadable_duration", where, strange, raw)
    return pd.Series(found), doubts(problems)


def weight(column: pd.Series, raw: Raw) -> tuple[pd.Series, list[Problem]]:
    """How heavily respondents count."""
    found, _ = numbers(column)
    where = str(column.name)
    problems = rows_problem("survey.bad_weight", where, ~(found >= 0), raw)
    if not problems and not found.any():
        problems = [Problem("survey.zero_weights", where, len(found))]
    return pd.Series(found), problems


def check_respondents(
    column: pd.Series, waves: pd.Categorical | None, raw: Raw
) -> Iterator[Problem]:
    """The same person more than once: within a wave, or in several."""
    persons, _ = distinct(column)
    rounds = np.zeros(len(column), dtype=int) if waves is None else waves.codes + 1
    visits = pd.Series(persons * (rounds.max() + 1) + rounds)
    known, where = persons >= 0, str(column.name)
    twice = visits.duplicated(keep=False).to_numpy() & known
    yield from rows_problem("survey.duplicate_respondent", where, twice, raw)
    first = known & ~visits.duplicated().to_numpy()
    if several := int((np.bincount(persons[first]) > 1).sum()):
        yield Problem("survey.in_two_waves", where, several, severity="warning")


# --- How problems are written


def doubts(problems: Sequence[Problem]) -> list[Problem]:
    """Return problems as warnings: they do not forbid the use of the survey."""
    return [replace(p, severity="warning") for p in problems]


def shown(words: Iterable[str]) -> str:
    """List words, but no more than a message can hold."""
    every = list(words)
    return ", ".join(every[:SHOWN]) + (", ..." if len(every) > SHOWN else "")


def rows_problem(
    code: str, where: str, bad: Flags, raw: Raw, values: Mapping[str, object] | None = None
) -> list[Problem]:
    """One problem with its row numbers if there are bad rows, else none."""
    found = np.flatnonzero(bad)
    if not len(found):
        return []
    rows = shown(raw.places(found[: SHOWN + 1]))
    return [Problem(code, where, len(found), {"rows": rows, **(values or {})})]
