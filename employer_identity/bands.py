"""Readable bands of an age or a year of birth."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeAlias

import numpy as np

from employer_identity.answers import Values
from employer_identity.profiles import WORDS, Profile
from employer_identity.questionnaire import Bound

Band: TypeAlias = tuple[Bound, Bound]

AGES, YEARS = (14, 100), (1900, 2020)  # where most numbers of either must lie
LIMITS = (25, 35, 45, 55)  # first ages of the bands after the first
GENERATIONS: dict[
    str, tuple[Bound, int]
] = {  # where sources differ, the bounds most used; they stand in the file, to be changed
    "silent": ("", 1945),
    "baby_boom": (1946, 1964),
    "gen_x": (1965, 1980),
    "millennial": (1981, 1996),
    "gen_z": (1997, 2012),
}
LEAST = 0.05  # share of the respondents that a band holds at least


def bands_of(column: Profile) -> dict[str, Band]:
    """Return bands for a column of ages or years of birth; none for another column."""
    if column.values is None or len(column.codes) <= 12:
        return {}
    known = column.values[~np.isnan(column.values)]
    if column.says(WORDS["birth"]) and _mostly(known, YEARS):
        return _generations(known)
    return _ages(known) if column.says(WORDS["age"]) and _mostly(known, AGES) else {}


def bands_for(numbers: Values) -> dict[str, Band]:
    """Return bands for any whole numbers: years of birth, ages, or four parts of equal size.

    None where most people have the same number.
    """
    if _mostly(numbers, YEARS) and (found := _generations(numbers)):
        return found
    if _mostly(numbers, AGES) and (found := _ages(numbers)):
        return found
    limits = _filled(_quartiles(numbers), numbers)
    return _between(limits, "") if limits else {}


def _mostly(values: Values, span: tuple[int, int]) -> bool:
    return bool(np.mean((values >= span[0]) & (values <= span[1])) > 0.9)


def _generations(years: Values) -> dict[str, Band]:
    """Generations, from the oldest to the youngest, that hold enough respondents."""
    held: dict[str, Band] = {
        name: (low, high)
        for name, (low, high) in GENERATIONS.items()
        if np.mean((years >= (low or -np.inf)) & (years <= high)) >= LEAST
    }
    return held if len(held) > 1 else {}


def _ages(ages: Values) -> dict[str, Band]:
    """Bands between round ages, or between quartiles where nearly all are of one such band."""
    limits = _filled(list(LIMITS), ages)
    if not limits:
        limits = _filled(_quartiles(ages), ages)
    if not limits:
        return {}
    return _between(limits, AGES[1] - 1 if ages.max() >= AGES[1] else "")


def _quartiles(values: Values) -> list[int]:
    quartiles = np.unique(np.quantile(values, [0.25, 0.5, 0.75]).round().astype(int))
    return [int(q) for q in quartiles]


def _between(limits: list[int], last: Bound) -> dict[str, Band]:
    """Return the bands that begin at each limit, and the one before the first."""
    bands: dict[str, Band] = {f"under_{limits[0]}": ("", limits[0] - 1)}
    for low, after in pairwise(limits):
        bands[f"{low}_{after - 1}"] = (low, after - 1)
    return bands | {f"{limits[-1]}_plus": (limits[-1], last)}


def _filled(limits: list[int], ages: Values) -> list[int]:
    """Take away limits, the outer ones first, until every band holds enough respondents."""
    while limits:
        places = np.searchsorted(limits, ages, side="right")
        shares = np.bincount(places, minlength=len(limits) + 1) / len(ages)
        small = int(np.argmin(shares))
        if shares[small] >= LEAST:
            break
        limits = (
            limits[:small] + limits[small + 1 :]
            if small < len(limits) / 2
            else (limits[: small - 1] + limits[small:])
        )
    return limits
