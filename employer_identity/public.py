"""The public of a simulated study: which employers it knows and would work for, and its own work.

Whether somebody knows an employer, would like to work there, and what they think of it are latent
answers cut into categories; an employer's awareness and attractiveness are the shares that follow.
Its reputation outside goes with what its own people feel of impresarioship.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from employer_identity.designs import StudyDesign
from employer_identity.population import (
    Employers,
    Floats,
    Integers,
    Respondents,
    draw_public,
    weights,
    without_unstated,
)
from employer_identity.simulate import PILLARS, cut

PUBLIC_SHARES = {"baby_boom": 0.12, "gen_x": 0.31, "millennial": 0.34, "gen_z": 0.23}

# What people look for in an employer. Importance: latent mean, and what Generation Z adds to it;
# own: latent mean of what the own employer offers.
IMPORTANCE = {
    "pay": (0.75, 0.00),
    "work_life_balance": (0.55, 0.25),
    "job_security": (0.50, -0.30),
    "atmosphere": (0.65, 0.10),
    "career": (-0.10, 0.45),
    "financial_health": (0.10, -0.25),
    "training": (-0.05, 0.30),
    "job_content": (0.40, -0.10),
    "reputation": (-0.45, 0.10),
    "flexible_work": (0.05, 0.35),
}
DRIVERS = tuple(IMPORTANCE)
OWN = (-0.10, 0.15, 0.55, 0.30, -0.35, 0.45, -0.10, 0.25, 0.30, 0.05)
IMAGE = (0.15, 0.00, 0.25, 0.10, 0.10, 0.40, 0.10, 0.05, 0.20, -0.20)
SECTOR_IMAGE: dict[str, dict[str, float]] = {
    "business_services": {"pay": 0.35, "career": 0.40, "work_life_balance": -0.35},
    "care": {"job_content": 0.50, "job_security": 0.35, "pay": -0.40, "flexible_work": -0.30},
    "education": {"job_content": 0.45, "work_life_balance": 0.15, "career": -0.35},
    "industry": {"pay": 0.15, "financial_health": 0.20, "flexible_work": -0.35},
    "public_sector": {"job_security": 0.60, "work_life_balance": 0.35, "career": -0.15},
    "retail": {"atmosphere": 0.20, "pay": -0.45, "job_security": -0.20},
    "agriculture": {"job_content": 0.15, "pay": -0.25, "career": -0.30},
    "construction": {"pay": 0.15, "atmosphere": 0.20, "flexible_work": -0.45},
    "culture": {"job_content": 0.50, "atmosphere": 0.25, "pay": -0.50, "job_security": -0.45},
    "energy": {"pay": 0.35, "financial_health": 0.35, "job_security": 0.20},
    "finance": {"pay": 0.50, "financial_health": 0.40, "atmosphere": -0.25},
    "hospitality": {"atmosphere": 0.35, "pay": -0.50, "work_life_balance": -0.40},
    "it": {"flexible_work": 0.60, "pay": 0.35, "training": 0.30},
    "transport": {"work_life_balance": -0.25, "training": -0.15, "flexible_work": -0.40},
}
VISIBLE = {"retail": 0.45, "business_services": -0.45, "industry": -0.15, "it": -0.25}
KNOWS_MORE = {"baby_boom": 0.25, "gen_x": 0.15, "millennial": -0.05, "gen_z": -0.25}
ATTRACTION = (0.30, 0.25, 0.15, 0.30, 0.10, 0.05, 0.05, 0.25, 0.25, 0.10)  # weights of the image
REPUTATION_WITH_IMPRESARIOSHIP = 0.5  # correlation over employers
OWN_IMAGE = 0.35  # SD of an employer's own image, beside its sector's
KNOWING = 0.4  # share of the SD of knowing that belongs to the person
HALO = 0.5  # what liking an employer and all ratings of it share

LIKERT = (0.07, 0.16, 0.33, 0.30, 0.14)
ATTRACTIVE = (0.12, 0.20, 0.30, 0.25, 0.13)  # 4 and 5: would like to work there
DO_NOT_KNOW = 0.04  # share of the ratings of a known employer that are left out

# Own work: a threshold, what satisfaction does, what Generation Z adds. All in SD.
CHANGED = (-1.15, -0.10, 0.35)
INTENDS = (-0.95, -0.55, 0.35)
REASON = -0.70  # threshold for naming a driver as a reason to leave
BELONGING = {
    "can_be_myself": (0.55, 0.50, -0.10),
    "feels_in_minority": (-0.75, -0.25, 0.25),
    "held_back": (-0.70, -0.40, 0.10),
    "avoids_topics": (-0.55, -0.10, 0.35),
    "conflicts_hamper": (-0.40, -0.35, 0.05),
    "fears_job_loss": (-0.80, -0.20, 0.15),
}


@dataclass(frozen=True)
class Image:
    """What the public makes of the employers, in SD of latent answers.

    Attributes
    ----------
    known, liked
        How far each employer lies above the threshold of being known, and being liked.
    drivers
        What each is thought to offer, employers x drivers.
    """

    known: Floats
    liked: Floats
    drivers: Floats

    @property
    def awareness(self) -> Floats:
        """Share of the public that knows each employer."""
        normal = NormalDist()
        shares = [
            sum(s * normal.cdf(k + KNOWS_MORE[g]) for g, s in PUBLIC_SHARES.items())
            for k in self.known
        ]
        return np.array(shares)

    @property
    def attractiveness(self) -> Floats:
        """Share of those who know each employer that would like to work there."""
        normal = NormalDist()
        threshold = normal.inv_cdf(sum(ATTRACTIVE[:3]))
        return np.array([normal.cdf(liked - threshold) for liked in self.liked])


def draw_image(rng: np.random.Generator, employers: Employers, pillars: Floats) -> Image:
    """Draw what the public makes of employers with these latent means of the pillars."""
    n = len(employers.names)
    sectors = [[SECTOR_IMAGE[s].get(d, 0.0) for d in DRIVERS] for s in employers.sectors]
    drivers = (
        np.array(IMAGE) + np.array(sectors) + OWN_IMAGE * rng.standard_normal((n, len(DRIVERS)))
    )
    inside = _standard(pillars[:, PILLARS.index("impresarioship")])
    outside = _standard(_without(rng.standard_normal(n), inside))
    r, reputation = REPUTATION_WITH_IMPRESARIOSHIP, DRIVERS.index("reputation")
    drivers[:, reputation] = IMAGE[reputation] + OWN_IMAGE * (
        r * inside + np.sqrt(1 - r**2) * outside
    )
    staff = np.log(employers.respondents(4 * n * employers.least))
    size = np.clip(_standard(staff), -2, 2)
    visible = np.array([VISIBLE.get(s, 0.0) for s in employers.sectors])
    known = -0.15 + 0.55 * size + visible + 0.40 * rng.standard_normal(n)
    liked = (drivers - drivers.mean(axis=0)) @ np.array(ATTRACTION)
    return Image(known, liked + 0.15 * rng.standard_normal(n), drivers)


@dataclass(frozen=True)
class Outsiders:
    """The public's answers as the files have them.

    Attributes
    ----------
    ratings
        One row for every employer that was shown to somebody.
    people
        One row a person.
    population
        Number of people by generation and gender whom they stand for.
    """

    ratings: pd.DataFrame
    people: pd.DataFrame
    population: pd.DataFrame


def draw_outsiders(
    rng: np.random.Generator, design: StudyDesign, employers: Employers, image: Image
) -> Outsiders:
    """Draw the public, its own work, and what it makes of the employers it is shown."""
    asked = draw_public(rng, design.outsiders, PUBLIC_SHARES, design.waves[-1].first.year)
    n = len(asked.people)
    width = len(str(n))
    ids = np.array([f"P{k:0{width}d}" for k in range(1, n + 1)], dtype=object)
    ratings = _ratings(rng, asked.people["generation"], image, design.shown)
    ratings.insert(0, "employer", np.array(employers.names, dtype=object)[ratings.pop("place")])
    ratings.insert(0, "respondent", np.repeat(ids, design.shown))
    people = _people(rng, asked)
    people.insert(0, "respondent", ids)
    return Outsiders(ratings, people, asked.population)


def draw_shown(rng: np.random.Generator, image: Image, n: int, shown: int) -> Integers:
    """Draw which employers each of n people is shown, by their places, n x shown."""
    chance = 1.3 - image.awareness  # lesser-known ones are shown more often
    turn = rng.exponential(size=(n, len(chance))) / chance
    places: Integers = np.sort(np.argpartition(turn, shown - 1, axis=1)[:, :shown], axis=1)
    return places


def _ratings(
    rng: np.random.Generator, generation: pd.Series[str], image: Image, shown: int
) -> pd.DataFrame:
    """What each person makes of each employer shown, employers by their places."""
    n = len(generation)
    places = draw_shown(rng, image, n, shown).ravel()
    person = np.repeat(np.arange(n), shown)
    knows_more = generation.map(KNOWS_MORE).to_numpy() + KNOWING * rng.standard_normal(n)
    noise = rng.standard_normal(len(person))
    known = image.known[places] + knows_more[person] + np.sqrt(1 - KNOWING**2) * noise > 0
    halo = HALO * rng.standard_normal((len(person), 1))
    noise = rng.standard_normal((len(person), 1 + len(DRIVERS)))
    latent = np.column_stack([image.liked, image.drivers])[places]
    latent += halo + np.sqrt(1 - HALO**2) * noise
    columns = ["attractive", *(f"image_{d}" for d in DRIVERS)]
    answers = np.column_stack([cut(latent[:, 0], ATTRACTIVE), cut(latent[:, 1:], LIKERT)])
    gone = rng.random(answers.shape) < DO_NOT_KNOW
    gone[:, 0] = False
    frame = pd.DataFrame(answers, columns=columns).mask(gone | ~known[:, None]).astype("Int64")
    frame.insert(0, "known", known.astype(np.int64))
    return frame.assign(place=places)


def _people(rng: np.random.Generator, asked: Respondents) -> pd.DataFrame:
    """Who they are, what they look for, what they have, and what they think of leaving it."""
    n, young = len(asked.people), (asked.people["generation"] == "gen_z").to_numpy()
    people = without_unstated(rng, asked.people)
    weight = weights(people, asked.population, np.ones(n, dtype=bool))
    content = rng.standard_normal(n)

    def latent(threshold: float, contentment: float, youth: float) -> Floats:
        """Latent answers with variance 1 at every age."""
        rest = np.sqrt(1 - contentment**2) * rng.standard_normal(n)
        values: Floats = threshold + contentment * content + youth * young + rest
        return values

    wanted = np.column_stack([latent(mean, 0.0, youth) for mean, youth in IMPORTANCE.values()])
    own = np.column_stack([latent(mean, 0.5, 0.0) for mean in OWN])
    changed, intends = latent(*CHANGED) > 0, latent(*INTENDS) > 0
    pushed = REASON + 0.4 * wanted - 0.5 * own + rng.standard_normal(wanted.shape)
    asked_why = (changed | intends)[:, None]
    reasons = np.where(asked_why, (pushed > 0).astype(float), np.nan)
    belonging = {name: cut(latent(*parts), LIKERT) for name, parts in BELONGING.items()}
    columns = {
        "weight": weight,
        **_named("importance", cut(wanted, LIKERT)),
        **_named("own", cut(own, LIKERT)),
        "changed_last_6_months": changed.astype(np.int64),
        "intends_next_6_months": intends.astype(np.int64),
        **_named("reason", reasons),
        **belonging,
        "months_to_belong": np.floor(rng.lognormal(np.log(4), 0.8, n)).astype(np.int64),
    }
    born = people["birth_year"].astype("Int64")
    return people.drop(columns="generation").assign(birth_year=born, **columns)


def _named(prefix: str, answers: Floats | Integers) -> dict[str, pd.Series[int]]:
    return {
        f"{prefix}_{d}": pd.Series(answers[:, k]).astype("Int64") for k, d in enumerate(DRIVERS)
    }


def _standard(values: Floats) -> Floats:
    standard: Floats = (values - values.mean()) / values.std()
    return standard


def _without(values: Floats, other: Floats) -> Floats:
    """Leave of values what is uncorrelated with the other, which is standardised."""
    rest: Floats = values - values.mean() - (values @ other) / len(other) * other
    return rest


def public_truth() -> dict[str, Mapping[str, object]]:
    """What is planted in the public's answers, apart from single employers."""
    keys = ("mean", "contentment", "generation_z")
    return {
        "knows_more": KNOWS_MORE,
        "visible": VISIBLE,
        "attraction": dict(zip(DRIVERS, ATTRACTION, strict=True)),
        "image": dict(zip(DRIVERS, IMAGE, strict=True)),
        "image_of_sectors": SECTOR_IMAGE,
        "importance": {
            d: dict(zip(("mean", "generation_z"), v, strict=True)) for d, v in IMPORTANCE.items()
        },
        "own": dict(zip(DRIVERS, OWN, strict=True)),
        "switching": {
            "changed_last_6_months": dict(zip(keys, CHANGED, strict=True)),
            "intends_next_6_months": dict(zip(keys, INTENDS, strict=True)),
        },
        "belonging": {name: dict(zip(keys, v, strict=True)) for name, v in BELONGING.items()},
    }
