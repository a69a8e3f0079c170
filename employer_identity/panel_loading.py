"""`load_panel`: read what the public answered, and tell all that is wrong with it at once."""

from __future__ import annotations

import hashlib
import warnings as python_warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from employer_identity import columns as naming
from employer_identity.answers import distinct, numbers
from employer_identity.columns import rows_problem, shown
from employer_identity.edge import checked
from employer_identity.errors import Problem, SurveyError, SurveyWarning, users_level
from employer_identity.groupings import Held, derive
from employer_identity.instrument import load_instrument
from employer_identity.intake.files import read
from employer_identity.intake.raw import Raw, of_frame
from employer_identity.labelling import labelled
from employer_identity.language import describe, nearest, refusal
from employer_identity.panel import IMAGE, IMPORTANCE, MONTHS, OWN, REASON, Panel
from employer_identity.questionnaire import Instrument, Public
from employer_identity.questions import question

Source: TypeAlias = str | Path | pd.DataFrame


@checked(SurveyError)
def load_panel(public: Source, people: Source, *, instrument: str | Path | Instrument) -> Panel:
    """Read and check what the public answered.

    Parameters
    ----------
    public
        One row for every employer that was shown to somebody: respondent, employer, known (1 or 0),
        attractive, and ``image_`` of each driver.
    people
        One row a respondent: groupings, weight, ``importance_`` and ``own_`` of each driver,
        switching, ``reason_`` of each driver, belonging.
    instrument
        With a table ``[public]``; see `Public`.

    Returns
    -------
    Panel

    Raises
    ------
    InstrumentError
        If the instrument cannot be used.
    SurveyError
        If the answers cannot be used, with all their problems.

    Warns
    -----
    SurveyWarning
        If some of it is worth a second look.

    Examples
    --------
    >>> ei.load_panel("public.csv", "public_people.csv", instrument="instrument.toml")
    """
    if not isinstance(instrument, Instrument):
        instrument = load_instrument(instrument)
    if instrument.public is None:
        raise refusal(SurveyError, [Problem("panel.no_public", instrument.name)])
    raws = [_read(source) for source in (public, people)]
    found = _Found(instrument, instrument.public)
    ratings, persons = found.ratings(raws[0]), found.people(raws[1])
    if not found.errors:
        ratings = found.joined(ratings, persons, raws[0])
    if found.errors:
        raise refusal(SurveyError, found.errors)
    if doubts := found.of("warning"):
        text = "\n".join(describe(p) for p in doubts)
        python_warnings.warn(SurveyWarning(text, doubts), stacklevel=users_level())
    both = hashlib.sha256("".join(raw.sha256 for raw in raws).encode()).hexdigest()
    names = tuple(raw.name for raw in raws)
    words = labelled(instrument, raws[1]).holding(found.held)
    return Panel(ratings, persons, words, found.of("change"), doubts, names, both)


def _read(source: Source) -> Raw:
    return of_frame(source) if isinstance(source, pd.DataFrame) else read([Path(source)])


@dataclass
class _Found:
    """What is read of both files, and the problems on the way."""

    instrument: Instrument
    public: Public
    problems: list[Problem] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        return [p for p in self.problems if p.severity == "error"]

    def of(self, severity: str) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity == severity)

    # -- the ratings ----------------------------------------------------------------------------

    def ratings(self, raw: Raw) -> pd.DataFrame:
        """Read the ratings; a column that cannot be read is left out."""
        public, drivers = self.public, self.instrument.driver_names
        employer = self.instrument.employer or "employer"
        image = [f"{IMAGE}{d}" for d in drivers]
        needed = [public.respondent, employer, public.known, public.attractive]
        self._missing(raw, needed, image, IMAGE)
        frame = raw.frame
        read: dict[str, object] = {}
        if public.respondent in frame:
            read["respondent"] = self._persons(frame[public.respondent], raw)
        if employer in frame:
            names, told = naming.groups(frame[employer], None, raw)
            self.problems += told
            read["employer"] = names
            absent = pd.isna(names)
            self.problems += rows_problem("panel.no_employer", employer, absent, raw)
        if public.known in frame:
            read["known"] = self._zero_or_one(frame[public.known], raw)
        for column, name in {public.attractive: "attractive", **{c: c for c in image}}.items():
            if column in frame:
                read[name] = self._answers(frame[column], raw)
        return pd.DataFrame(read, index=pd.RangeIndex(len(frame)))

    def joined(self, ratings: pd.DataFrame, people: pd.DataFrame, raw: Raw) -> pd.DataFrame:
        """Hold ratings against people; give them their weights; empty what nobody can know."""
        stranger = ~ratings["respondent"].isin(people["respondent"]).to_numpy()
        self.problems += rows_problem("panel.stranger", self.public.respondent, stranger, raw)
        twice = ratings.duplicated(["respondent", "employer"], keep=False).to_numpy()
        self.problems += rows_problem("panel.shown_twice", self.public.respondent, twice, raw)
        silent = int((~people["respondent"].isin(ratings["respondent"])).sum())
        if silent:
            self.problems.append(
                Problem("panel.without_ratings", self.public.respondent, silent, severity="warning")
            )
        rated = [c for c in ratings if c == "attractive" or str(c).startswith(IMAGE)]
        unknown = ratings["known"] == 0
        if n := int(ratings.loc[unknown, rated].notna().any(axis=1).sum()):
            code, where = "panel.rated_unknown", self.public.known
            self.problems.append(Problem(code, where, n, severity="warning"))
            ratings = ratings.assign(**{c: ratings[c].mask(unknown) for c in rated})
        self.problems += self._everybody_or_nobody(ratings)
        weight = people.set_index("respondent")["weight"]
        return ratings.assign(weight=ratings["respondent"].map(weight).astype(float))

    def _everybody_or_nobody(self, ratings: pd.DataFrame) -> Iterator[Problem]:
        share = ratings.groupby("employer", observed=True)["known"].mean()
        for code, at in (("panel.known_to_all", 1.0), ("panel.known_to_nobody", 0.0)):
            if names := [str(n) for n in share.index[share == at]]:
                yield Problem(code, shown(names), len(names), severity="warning")

    # -- the people -----------------------------------------------------------------------------

    def people(self, raw: Raw) -> pd.DataFrame:
        """Read the people; a column that cannot be read is left out."""
        instrument, public, frame = self.instrument, self.public, raw.frame
        wanted = [f"{p}{d}" for p in (IMPORTANCE, OWN) for d in instrument.driver_names]
        belonging = [q.name for q in instrument.belonging]
        switching = [c for c in (public.changed, public.intends) if c]
        self._missing(raw, [public.respondent, *switching, *belonging], wanted, IMPORTANCE)
        read: dict[str, object] = {}
        if public.respondent in frame:
            persons = self._persons(frame[public.respondent], raw)
            twice = persons.duplicated(keep=False).to_numpy()
            code = "survey.duplicate_respondent"
            self.problems += rows_problem(code, public.respondent, twice, raw)
            read["respondent"] = persons
        read["weight"] = self._weight(raw)
        read |= self._groupings(raw)
        for column in (*wanted, *belonging):
            if column in frame:
                read[column] = self._answers(frame[column], raw)
        reasons = [f"{REASON}{d}" for d in instrument.driver_names]
        flags = {c: c for c in reasons} | {public.changed: "changed", public.intends: "intends"}
        for name, known_as in flags.items():
            if name in frame:
                read[known_as] = self._zero_or_one(frame[name], raw)
        if MONTHS in frame:
            months, text = numbers(frame[MONTHS])
            self.problems += rows_problem("panel.no_months", MONTHS, text | (months < 0), raw)
            read[MONTHS] = months
        return pd.DataFrame(read, index=pd.RangeIndex(len(frame)))

    def _weight(self, raw: Raw) -> pd.Series[float]:
        name = self.instrument.weight
        if name is None or name not in raw.frame:
            return pd.Series(1.0, index=pd.RangeIndex(len(raw.frame)))
        found, told = naming.weight(raw.frame[name], raw)
        self.problems += told
        positive = found[found > 0]
        if len(positive) and (most := positive.max() / positive.median()) > HEAVY:
            told_of = {"times": float(most)}
            self.problems.append(Problem("panel.heavy", name, 1, told_of, "warning"))
        return found

    def _groupings(self, raw: Raw) -> dict[str, pd.Categorical]:
        found: dict[str, pd.Categorical] = {}
        for g in self.instrument.groupings:
            if not g.is_made and g.column in raw.frame:
                values, told = naming.groups(raw.frame[g.column], g.order, raw)
                self.problems += told
                if not any(p.severity == "error" for p in told):
                    found[g.column] = values
        only = [g for g in self.instrument.groupings if _can_be_made(g.source, g.cross, raw, found)]
        part = self.instrument.model_copy(update={"groupings": tuple(only)})
        made, self.held, told = derive(raw.frame, found, part, raw)
        self.problems += told
        return found | made

    # -- columns --------------------------------------------------------------------------------

    def _persons(self, column: pd.Series, raw: Raw) -> pd.Series[str]:
        codes, cells = distinct(column)
        where = str(column.name)
        self.problems += rows_problem("panel.no_respondent", where, codes < 0, raw)
        return pd.Series(np.append(cells.astype(str), "")[codes])

    def _answers(self, column: pd.Series, raw: Raw) -> pd.Series[float]:
        asked = question(column, self.public.scale, raw)
        ends = {"minimum": self.public.scale.minimum, "maximum": self.public.scale.maximum}
        bad = np.zeros(len(column), dtype=bool)
        bad[asked.outside.index] = True
        codes = shown(str(int(v)) for v in sorted(set(asked.outside)))
        told = rows_problem(
            "survey.out_of_range", str(column.name), bad, raw, {**ends, "codes": codes}
        )
        self.problems += [p for p in asked.problems if p.code != "survey.constant_item"] + told
        return asked.values.astype(float)

    def _zero_or_one(self, column: pd.Series, raw: Raw) -> pd.Series[float]:
        values, text = numbers(column)
        bad = text | ~(np.isnan(values) | np.isin(values, (0.0, 1.0)))
        self.problems += rows_problem("panel.not_zero_or_one", str(column.name), bad, raw)
        return pd.Series(np.where(bad, np.nan, values))

    def _missing(self, raw: Raw, needed: list[str], asked: list[str], prefix: str) -> None:
        """Name columns that are not there, and columns of drivers that the instrument lacks."""
        present = [str(c) for c in raw.frame.columns]
        absent = [c for c in (*needed, *asked) if c not in present]
        free = [c for c in present if c not in (*needed, *asked)]
        for name in absent:
            near = nearest(name, free)
            code = "panel.missing_column_near" if near else "panel.missing_column"
            values = {"near": near, "file": raw.name}
            self.problems.append(Problem(code, name, values=values))
        extra = [c.removeprefix(prefix) for c in free if c.startswith(prefix)]
        if extra:
            values = {"file": raw.name, "first": extra[0]}
            where = shown(extra)
            self.problems.append(
                Problem("panel.unknown_drivers", where, len(extra), values, "warning")
            )


HEAVY = 10.0
"""Largest weight, in medians, from which one person speaks for too many."""


def _can_be_made(
    source: str | None, cross: tuple[str, ...], raw: Raw, found: dict[str, pd.Categorical]
) -> bool:
    """Whether the columns that a made grouping needs are there."""
    if source:
        return source in raw.frame
    return bool(cross) and all(c in found for c in cross)
