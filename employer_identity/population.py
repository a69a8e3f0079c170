"""Invented people at invented employers: who works where, who answers, and the weights for that.

A population is drawn first and counted by generation and gender; of each employer's people a fixed
number answers, the young and the men among them less readily. Weights then lead the respondents
back to the counted population, as a fieldwork office would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Sector:
    """What goes with working in a sector.

    Attributes
    ----------
    means
        Latent means of the four pillars.
    women
        Share of women.
    education
        Shares of the levels in `EDUCATION`.
    """

    means: tuple[float, ...]
    women: float
    education: tuple[float, ...]


SECTORS = {
    "business_services": Sector((0.00, 0.10, 0.00, 0.55), 0.42, (0.05, 0.25, 0.70)),
    "care": Sector((0.20, 0.05, 0.30, -0.25), 0.78, (0.12, 0.48, 0.40)),
    "education": Sector((0.15, 0.00, 0.15, -0.10), 0.65, (0.05, 0.20, 0.75)),
    "industry": Sector((-0.10, 0.05, -0.25, -0.10), 0.24, (0.30, 0.52, 0.18)),
    "public_sector": Sector((-0.10, -0.20, -0.05, -0.05), 0.49, (0.08, 0.32, 0.60)),
    "retail": Sector((-0.10, -0.05, -0.10, 0.10), 0.56, (0.36, 0.50, 0.14)),
    "agriculture": Sector((0.15, 0.05, 0.05, -0.20), 0.32, (0.38, 0.48, 0.14)),
    "construction": Sector((0.05, 0.00, -0.10, -0.05), 0.14, (0.34, 0.54, 0.12)),
    "culture": Sector((0.10, -0.10, 0.10, 0.30), 0.54, (0.06, 0.28, 0.66)),
    "energy": Sector((0.05, 0.15, 0.00, 0.15), 0.28, (0.10, 0.45, 0.45)),
    "finance": Sector((-0.15, 0.05, -0.10, 0.20), 0.47, (0.03, 0.27, 0.70)),
    "hospitality": Sector((0.00, -0.15, 0.05, 0.10), 0.53, (0.40, 0.49, 0.11)),
    "it": Sector((0.05, 0.15, 0.10, 0.25), 0.25, (0.02, 0.24, 0.74)),
    "transport": Sector((-0.15, -0.10, -0.25, -0.15), 0.23, (0.33, 0.54, 0.13)),
}
EDUCATION = ("basic", "middle", "higher")
REGIONS = ("north", "east", "west", "south")
REGION_SHARES = (0.10, 0.21, 0.47, 0.22)
HOME = 0.7  # share of an employer's people who live in its own region
GENDERS = ("woman", "man")
BIRTH_YEARS = {  # of people who work
    "baby_boom": (1957, 1964),
    "gen_x": (1965, 1980),
    "millennial": (1981, 1996),
    "gen_z": (1997, 2008),
}
YOUNGEST = 18
READINESS = {"baby_boom": 1.0, "gen_x": 0.9, "millennial": 0.7, "gen_z": 0.45}  # to answer
MEN = 0.75  # readiness of men as a share of that of women
RESPONSE = 0.45  # share of an employer's people who answer
UNSTATED = {"birth_year": 0.004, "gender": 0.015, "education": 0.01}

ADJECTIVES = "Blauwe Gouden Groene Rode Stille Vlugge Vrolijke Wakkere Witte Zilveren"
NOUNS = """
    Otter Ekster Vuurtoren Egel Lantaarn Reiger Komeet Vos Molen Uil Zwaluw Brug Bever Ster Haas
    Krekel Maan Libel Merel Kei Mol Regenboog Pauw Raaf Linde Specht Valk Wolk Vlinder Das Zeehond
    Beuk Kievit Golf Ooievaar Duin Karper Klok Lepelaar Eik Wezel Kaars Meeuw Ketel Spreeuw Tulp
    Eland Sleutel Snoek Wilg Mus Trom Hommel Klaver Fuut Fluit Bunzing Berk Kraanvogel Boot
"""


def employer_names(n: int) -> tuple[str, ...]:
    """Make n different names of an adjective and a noun; there are 600."""
    adjectives, nouns = ADJECTIVES.split(), NOUNS.split()
    return tuple(
        f"{adjectives[(k + k // len(nouns)) % len(adjectives)]} {nouns[k % len(nouns)]}"
        for k in range(n)
    )


@dataclass(frozen=True)
class Employers:
    """Invented employers.

    Attributes
    ----------
    names, sectors
        What they are called, and the sector of each.
    homes
        Region of each, as a place in `REGIONS`.
    sizes
        Share of each in all people, without the small ones.
    least, small
        Least number of respondents of an employer, and the numbers of the small ones, which come
        last.
    """

    names: tuple[str, ...]
    sectors: tuple[str, ...]
    homes: Integers
    sizes: Floats
    least: int
    small: tuple[int, ...]

    def respondents(self, n: int) -> Integers:
        """Divide n respondents over the employers."""
        room = n - sum(self.small) - self.least * len(self.sizes)
        counts = self.least + np.floor(room * self.sizes).astype(np.int64)
        counts[: n - sum(self.small) - counts.sum()] += 1  # what rounding down left over
        return np.concatenate([counts, np.array(self.small, dtype=np.int64)])


def draw_employers(
    rng: np.random.Generator,
    n: int,
    sectors: Sequence[str],
    *,
    least: int,
    small: tuple[int, ...],
    spread: float,
) -> Employers:
    """Draw employers in turn over the sectors; `spread` is the SD of their log sizes.

    The small ones are all in the second sector.
    """
    large = n - len(small)
    sizes = rng.lognormal(0.0, spread, large)
    return Employers(
        employer_names(n),
        (*(sectors[k % len(sectors)] for k in range(large)), *[sectors[1]] * len(small)),
        rng.choice(len(REGIONS), n, p=REGION_SHARES),
        sizes / sizes.sum(),
        least,
        small,
    )


@dataclass(frozen=True)
class Respondents:
    """People who answer, and the population they are taken from.

    Attributes
    ----------
    people
        One row a respondent: generation, birth_year, gender, education, region.
    where
        Place of each respondent's employer (0 where there are none).
    population
        Number of people by generation (rows) and gender (columns).
    """

    people: pd.DataFrame
    where: Integers
    population: pd.DataFrame


def draw_staff(
    rng: np.random.Generator, employers: Employers, n: int, shares: Mapping[str, float], year: int
) -> Respondents:
    """Draw n respondents among the employers' people; the generations have the stated shares."""
    counts = employers.respondents(n)
    invited = np.ceil(counts / RESPONSE).astype(np.int64)
    where = np.repeat(np.arange(len(counts)), invited)
    sectors = [SECTORS[s] for s in employers.sectors]
    women = np.array([s.women for s in sectors])[where]
    education = np.array([s.education for s in sectors])[where]
    at_home = rng.random(len(where)) < HOME
    elsewhere = rng.choice(len(REGIONS), len(where), p=REGION_SHARES)
    regions = np.where(at_home, employers.homes[where], elsewhere)
    people = _people(rng, shares, year, women, education, regions)
    return _respond(rng, people, where, counts)


def draw_public(
    rng: np.random.Generator, n: int, shares: Mapping[str, float], year: int
) -> Respondents:
    """Draw n respondents among working people at large."""
    size = int(np.ceil(n / RESPONSE))
    regions = rng.choice(len(REGIONS), size, p=REGION_SHARES)
    women = np.full(size, np.mean([s.women for s in SECTORS.values()]))
    education = np.tile(np.mean([s.education for s in SECTORS.values()], axis=0), (size, 1))
    people = _people(rng, shares, year, women, education, regions)
    return _respond(rng, people, np.zeros(size, dtype=np.int64), np.array([n]))


def pick(rng: np.random.Generator, shares: Floats) -> Integers:
    """Draw one category for each row of shares (n x categories)."""
    above = rng.random((len(shares), 1)) > np.cumsum(shares, axis=1)[:, :-1]
    drawn: Integers = above.sum(axis=1)
    return drawn


def _people(
    rng: np.random.Generator,
    shares: Mapping[str, float],
    year: int,
    women: Floats,
    education: Floats,
    regions: Integers,
) -> pd.DataFrame:
    n = len(women)
    generation = rng.choice(len(shares), n, p=list(shares.values()))
    first, last = np.array([BIRTH_YEARS[g] for g in shares]).T[:, generation]
    born = rng.integers(first, np.minimum(last, year - YOUNGEST) + 1)
    people = {
        "generation": np.array(list(shares), dtype=object)[generation],
        "birth_year": born,
        "gender": np.where(rng.random(n) < women, *GENDERS).astype(object),
        "education": np.array(EDUCATION, dtype=object)[pick(rng, education)],
        "region": np.array(REGIONS, dtype=object)[regions],
    }
    return pd.DataFrame(people)


def _respond(
    rng: np.random.Generator, people: pd.DataFrame, where: Integers, counts: Integers
) -> Respondents:
    """Let `counts` people of each place answer: the readier somebody is, the sooner."""
    readiness = people["generation"].map(READINESS) * np.where(people["gender"] == "man", MEN, 1)
    turn = np.lexsort((rng.exponential(size=len(people)) / readiness, where))
    starts = np.searchsorted(where, np.arange(len(counts)))
    rank = np.arange(len(people)) - np.repeat(starts, np.bincount(where))
    rows = turn[rank < counts[where]]
    population = people.groupby(["generation", "gender"]).size().unstack()
    return Respondents(
        people.iloc[rows].reset_index(drop=True),
        where[rows],
        population.loc[list(BIRTH_YEARS), list(GENDERS)],
    )


def without_unstated(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """Leave out what some respondents do not state."""
    hidden = {c: people[c].mask(rng.random(len(people)) < s) for c, s in UNSTATED.items()}
    return people.assign(**hidden)


def weights(
    people: pd.DataFrame, population: pd.DataFrame, counted: NDArray[np.bool_]
) -> pd.Series[float]:
    """Weights that lead the counted respondents back to the population, with mean 1.

    Generation and gender are crossed; whoever did not state both has weight 1.
    """
    stated = people["birth_year"].notna() & people["gender"].notna()
    cells = pd.MultiIndex.from_frame(people[["generation", "gender"]].where(stated, "-"))
    answered = cells[counted & stated.to_numpy()].value_counts(normalize=True)
    wanted = population.stack() / population.to_numpy().sum()
    ratio = (wanted / answered).reindex(cells).to_numpy()
    return pd.Series(np.where(stated, ratio, 1.0)).round(4)
