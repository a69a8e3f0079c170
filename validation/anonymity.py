"""Random studies put out as their reports would, and attacked: what does the audit recover?

A study has employers in sectors, of all sizes, some people without either; groupings, two of them
crossed; two waves; questions that some skip. All its reports are put out: the study of each wave
and of both together, one on each employer, sector and group.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from employer_identity import brand
from employer_identity.audit.facts import PERSONS, Fact, Statement
from employer_identity.audit.search import Leak, attack
from employer_identity.audit.stating import Teller
from employer_identity.errors import EmployerIdentityError
from employer_identity.privacy import MINIMUM, floor
from employer_identity.questionnaire import CROSSED, Grouping
from employer_identity.reports import unit_facts
from employer_identity.reports.prepared import Prepared
from employer_identity.reports.unit import UnitStudy, unit_problems
from employer_identity.simulate import simulate_survey
from employer_identity.suppression import (
    Suppression,
    decide,
    withhold_groups,
    withhold_margins,
    withhold_units,
)
from employer_identity.survey import Survey
from validation.running import Cell, Row

WAVES = ("2024", "2025")
_BASE = simulate_survey(40, seed=5)
_ITEMS = ("pro1", "pro2", "adv1", "adv2")


@dataclass(frozen=True)
class Study:
    """How large a random study may be.

    Attributes
    ----------
    people
        Fewest and most people of a wave.
    sectors, employers
        Most sectors, and most employers of a sector.
    silent
        Share of the questions that are skipped.
    """

    people: tuple[int, int] = (40, 400)
    sectors: int = 4
    employers: int = 7
    silent: float = 0.05


def random_study(rng: np.random.Generator, study: Study = Study()) -> Survey:
    """Draw the answers of a study of two waves."""
    n = rng.integers(*study.people, size=2).sum()
    sectors = rng.integers(1, study.sectors + 1)
    units = [(f"s{s}", f"s{s}e{e}") for s in range(sectors)
             for e in range(rng.integers(1, study.employers + 1))]  # fmt: skip
    size = rng.gamma(0.8, size=len(units)) + 0.02
    chosen = rng.choice(len(units), size=n, p=size / size.sum())
    frame = pd.DataFrame([units[k] for k in chosen], columns=["sector", "employer"])
    unknown = rng.choice([0.0, 0.01, 0.05])
    frame = frame.mask(rng.random(frame.shape) < unknown)
    for column, values in (
        ("age", "abcd"[: rng.integers(2, 5)]),
        ("sex", "xyz"[: rng.integers(2, 4)]),
    ):
        parts = rng.dirichlet(np.full(len(values), 0.8))
        frame[column] = rng.choice(list(values), size=n, p=parts)
        frame[column] = frame[column].mask(rng.random(n) < rng.choice([0.0, 0.01, 0.1]))
    crossed = frame["age"] + CROSSED + frame["sex"]
    frame["age by sex"] = crossed.where(frame["age"].notna() & frame["sex"].notna())
    frame["wave"] = pd.Categorical(rng.choice(WAVES, size=n), WAVES, ordered=True)
    questions = [*_ITEMS, _BASE.instrument.outcome_names[0]]
    answers = np.clip(np.round(rng.normal(5, 1.3, (n, len(questions)))), 1, 7)
    answers = np.where(rng.random(answers.shape) < study.silent, np.nan, answers)
    return _survey(frame, pd.DataFrame(answers, columns=questions))


def _survey(frame: pd.DataFrame, answers: pd.DataFrame) -> Survey:
    roles = {"sector": "sector", "employer": "employer", "wave": "wave", "weight": None}
    groupings = (
        Grouping(column="sector"),
        Grouping(column="age"),
        Grouping(column="sex"),
        Grouping(column="age by sex", cross=("age", "sex")),
    )
    instrument = _BASE.instrument.model_copy(
        update={
            "pillars": _BASE.instrument.pillars[:2],
            "items": tuple(i for i in _BASE.instrument.items if i.name in _ITEMS),
            "outcomes": _BASE.instrument.outcomes[:1],
            "practices": (),
            "groupings": groupings,
            "respondent": None,
            "date": None,
            "duration": None,
            **roles,
        }
    )
    text = [c for c in frame if c != "wave"]
    frame = frame.assign(**{c: frame[c].astype("category") for c in text})
    return replace(_BASE, answers=answers.join(frame), instrument=instrument)


# --- What its reports say


def put_out(survey: Survey, *, siblings: bool = True) -> list[Statement]:
    """State what all reports of a study say.

    Parameters
    ----------
    siblings
        Whether passing cells are hidden, too, where subtraction would reveal a small one.
    """
    found = [_of(survey.of_wave(w), w, siblings) for w in survey.waves]
    return [s for facts in [*found, _of(survey, "", siblings)] for s in facts]


def _of(survey: Survey, wave: str, siblings: bool) -> list[Statement]:
    suppression = decide(survey)
    if not siblings:
        cells = suppression.cells.replace("sibling", "")
        suppression = Suppression(cells, suppression.minimum)
    teller = Teller(survey.instrument, wave)
    report = f"study {wave}".strip()
    told = [Statement(f, report) for f in _study(survey, suppression, teller)]
    for column in ("employer", "sector", "age", "sex", "age by sex"):
        for unit in sorted(survey.answers[column].dropna().unique()):
            facts = _unit(survey, suppression, teller, column, unit)
            told += [Statement(f, f"{column} {unit} {wave}".strip()) for f in facts]
    return told


def _study(survey: Survey, suppression: Suppression, teller: Teller) -> Iterator[Fact]:
    yield teller.number(teller.everybody, "count", survey.n, element="title")
    yield from teller.margins(withhold_margins(brand.margins(survey), suppression))
    yield from teller.levels(brand.levels(survey))
    units = brand.unit_levels(survey)
    yield from teller.units(withhold_units(units, suppression, survey.instrument))
    for column in ("sector", "age", "sex", "age by sex"):
        groups = sorted(survey.answers[column].dropna().unique())
        levels = brand.group_levels(survey, column, groups)
        yield from teller.groups(withhold_groups(levels, suppression, survey.instrument.factors))


def _unit(
    survey: Survey, suppression: Suppression, teller: Teller, column: str, unit: str
) -> Iterator[Fact]:
    """State what the report on one unit says, or that there is none."""
    sectors = survey.answers.loc[survey.answers[column] == unit, "sector"].unique()
    sector = str(sectors[0]) if len(sectors) == 1 and pd.notna(sectors[0]) else None
    scope = teller.of(column, unit, sector)
    if unit_problems(survey, suppression, column, unit):
        least = floor(survey.instrument, column)
        yield from teller.withheld(scope, [PERSONS], "index", least)
        return
    nothing = EmployerIdentityError("not fitted")
    prepared = Prepared(survey, teller.wave, {}, suppression, nothing, {})
    about = UnitStudy(prepared, column, unit, "en", suppression.minimum)
    yield from unit_facts.of_report(about)


def attacked(survey: Survey, *, siblings: bool = True) -> Iterator[Leak]:
    """Put a study's reports out, and yield what the audit recovers."""
    teller = Teller(survey.instrument)
    return attack(put_out(survey, siblings=siblings), teller.answers, floor=MINIMUM)


def replicate(design: Study, rng: np.random.Generator) -> Row:
    """Draw a study and attack it, with the rule of siblings and without it.

    Counted are also the cells of the last wave that are hidden, and those that are small.
    """
    survey = random_study(rng, design)
    cells = decide(survey.of_wave(WAVES[-1])).cells["scores"]
    return {
        "people": float(survey.n),
        "cells": float(len(cells)),
        "few": float((cells == "few").sum()),
        "hidden": float((cells != "").sum()),
        "recovered": float(any(attacked(survey))),
        "recovered.alone": float(any(attacked(survey, siblings=False))),
    }


CELLS = (Cell("anonymity", Study(), replicate, 500),)
