"""Employees of a simulated study: who they are, when they answer, and what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.designs import Effects, StudyDesign, Wave
from employer_identity.population import (
    SECTORS,
    Employers,
    Floats,
    Integers,
    Respondents,
    draw_staff,
    pick,
    weights,
    without_unstated,
)
from employer_identity.presets import DONT_KNOW, OUTCOMES, PRESETS
from employer_identity.simulate import (
    ITEMS,
    PILLARS,
    draw_answers,
    draw_pillars,
    latent_means,
    left_out,
)

CONTRACTS = {  # generation -> shares of permanent, temporary, agency
    "baby_boom": (0.86, 0.09, 0.05),
    "gen_x": (0.84, 0.11, 0.05),
    "millennial": (0.70, 0.22, 0.08),
    "gen_z": (0.46, 0.41, 0.13),
}
CONTRACT = ("permanent", "temporary", "agency")
BACKGROUNDS = {"dutch": 0.74, "other_european": 0.12, "other": 0.14}
SECONDS, SPREAD, FASTEST = 420, 0.38, 165  # median, SD of the log, least
HASTE = 0.6  # time a straight-liner takes, as a share of what others take
WEEKEND = 0.25  # answers on a day of the weekend, as a share of those on another day


@dataclass(frozen=True)
class Insiders:
    """Employees' answers as the file has them, and the population behind each wave."""

    answers: pd.DataFrame
    populations: dict[str, pd.DataFrame]


def draw_insiders(
    rng: np.random.Generator, design: StudyDesign, employers: Employers, pillars: Floats
) -> Insiders:
    """Draw the employees of all waves; `pillars` (employers x pillars) is what employers differ."""
    waves, populations = [], {}
    for wave in design.waves:
        year, shares = wave.first.year, design.truth.shares
        asked = draw_staff(rng, employers, wave.insiders, shares, year)
        waves.append(_wave(rng, design, wave, employers, asked, pillars))
        populations[wave.name] = asked.population
    answers = pd.concat(waves, ignore_index=True)
    width = len(str(len(answers)))
    answers.insert(0, "respondent", [f"R{k:0{width}d}" for k in range(1, len(answers) + 1)])
    return Insiders(answers, populations)


def _wave(
    rng: np.random.Generator,
    design: StudyDesign,
    wave: Wave,
    employers: Employers,
    asked: Respondents,
    pillars: Floats,
) -> pd.DataFrame:
    """Rows of one wave, in random order."""
    people, where, n = asked.people, asked.where, len(asked.where)
    contracts = np.array([CONTRACTS[g] for g in people["generation"]])
    people["contract"] = np.array(CONTRACT, dtype=object)[pick(rng, contracts)]
    people["cultural_background"] = rng.choice(
        np.array(list(BACKGROUNDS), dtype=object), n, p=list(BACKGROUNDS.values())
    )
    answers, copied = _answers(rng, design, people.assign(wave=wave.name), where, pillars)
    gone = _gone(rng, design, where < design.employers - len(design.small))
    people = without_unstated(rng, people)
    heads = {
        "wave": wave.name,
        "date": _days(rng, wave, n),
        "duration": _seconds(rng, copied),
        "weight": weights(people, asked.population, ~gone.all(axis=1).to_numpy()),
        "employer": np.array(employers.names, dtype=object)[where],
        "sector": np.array(employers.sectors, dtype=object)[where],
    }
    answers = answers.mask(gone[answers.columns]).astype("Int64")
    born = people["birth_year"].astype("Int64")
    people = people.drop(columns="generation").assign(birth_year=born)
    rows = pd.concat([pd.DataFrame(heads), people, answers], axis=1)
    return rows.iloc[rng.permutation(n)]


def _answers(
    rng: np.random.Generator,
    design: StudyDesign,
    people: pd.DataFrame,
    where: Integers,
    employers: Floats,
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Complete answers, and who answered in a straight line."""
    preset = replace(PRESETS[design.preset], copied=design.straight_liners)
    groups = pd.Categorical(people["generation"], list(design.truth.shares)).codes.astype(np.int64)
    factors = np.sqrt(1 - design.employer_share) * draw_pillars(rng, preset, len(people))
    factors += employers[where] + latent_means(design.truth)[groups]
    factors += planted(people, design.effects, PILLARS)
    outcomes = planted(people, design.effects, tuple(OUTCOMES))
    return draw_answers(rng, preset, factors, groups, design.truth, outcomes)


def planted(people: pd.DataFrame, effects: Effects, names: Sequence[str]) -> Floats:
    """Sum the effects of all columns on these pillars or outcomes, people x names."""
    total = np.zeros((len(people), len(names)))
    for column, values in effects.items():
        for value, moved in values.items():
            total[people[column] == value] += [moved.get(name, 0.0) for name in names]
    return total


def draw_employer_pillars(
    rng: np.random.Generator, design: StudyDesign, employers: Employers
) -> Floats:
    """Latent means of the employers: their sector's, and what is their own."""
    own = draw_pillars(rng, PRESETS[design.preset], design.employers)
    sectors = np.array([SECTORS[s].means for s in employers.sectors])
    pillars: Floats = sectors + np.sqrt(design.employer_share) * own
    return pillars


def _gone(rng: np.random.Generator, design: StudyDesign, large: NDArray[np.bool_]) -> pd.DataFrame:
    """Which answers are left out; only people at large employers leave out all."""
    n = len(large)
    gone = pd.DataFrame(left_out(rng, n, design.missing), columns=list(ITEMS))
    for item, share in DONT_KNOW.items():
        gone[item] |= rng.random(n) < share
    for outcome in OUTCOMES:
        gone[outcome] = rng.random(n) < design.missing
    gone.iloc[rng.choice(np.flatnonzero(large), design.silent, replace=False)] = True
    return gone


def _seconds(rng: np.random.Generator, copied: NDArray[np.bool_]) -> Integers:
    """How long it took; nobody is too fast to have read the questions."""
    seconds = rng.lognormal(np.log(SECONDS), SPREAD, len(copied)) * np.where(copied, HASTE, 1.0)
    return np.round(FASTEST + np.abs(seconds - FASTEST)).astype(np.int64)


def _days(rng: np.random.Generator, wave: Wave, n: int) -> NDArray[np.str_]:
    """Draw days of the fieldwork as ISO text, fewer in weekends."""
    days = pd.date_range(wave.first, wave.last)
    busy = np.where(days.day_of_week < 5, 1.0, WEEKEND)
    drawn: NDArray[np.str_] = rng.choice(days.strftime("%Y-%m-%d"), n, p=busy / busy.sum())
    return drawn
