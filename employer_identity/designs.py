"""Designs of simulated studies: how many of whom are asked what, and what is planted in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from employer_identity.population import SECTORS
from employer_identity.presets import PresetName
from employer_identity.simulate import ItemShift, Truth

Effects = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Column -> value -> pillar or outcome -> by how much it differs, in SD of the latent variable."""


@dataclass(frozen=True)
class Wave:
    """One round of a study: what it is called, how many employees answer, and the fieldwork."""

    name: str
    insiders: int
    first: date
    last: date


@dataclass(frozen=True)
class StudyDesign:
    """How a study is simulated; the same design gives the same bytes.

    Attributes
    ----------
    name
        What it is called.
    seed
        Of all random numbers.
    waves
        Rounds of the employees' survey, each with people of its own. The public answers once, in
        the year of the last.
    outsiders, shown
        Size of the public, and to how many employers each of them reacts.
    preset
        How employees answer.
    truth
        Generations in the population, and what is planted in them.
    effects
        What is planted in other columns.
    employers, sectors
        Number of employers, and the sectors they belong to.
    least, small
        Least number of respondents of an employer a wave; except for the small ones, whose numbers
        are listed.
    spread
        SD of the log of the employers' sizes.
    employer_share
        Share of a pillar's variance that lies between employers of one sector.
    straight_liners
        Share of the employees who give their first answer to every item.
    missing
        Share of the answers that are left out.
    silent
        Rows a wave without a single answer.
    """

    name: str
    seed: int
    waves: tuple[Wave, ...]
    outsiders: int
    shown: int
    preset: PresetName
    truth: Truth
    effects: Effects
    employers: int
    sectors: tuple[str, ...]
    least: int
    small: tuple[int, ...]
    spread: float
    employer_share: float = 0.08
    straight_liners: float = 0.04
    missing: float = 0.02
    silent: int = 12

    @property
    def least_insiders(self) -> int:
        """The smallest wave in which every employer has its least number of respondents."""
        large = self.employers - len(self.small)
        return large * self.least + sum(self.small) + self.silent

    def scaled(self, insiders: int) -> StudyDesign:
        """Return the same study with so many employees in its last wave, the rest in proportion."""
        factor = insiders / self.waves[-1].insiders
        waves = tuple(replace(w, insiders=round(w.insiders * factor)) for w in self.waves)
        return replace(self, waves=waves, outsiders=max(1, round(self.outsiders * factor)))


GENERATIONS = Truth(
    grouping="generation",
    shares={"baby_boom": 0.19, "gen_x": 0.29, "millennial": 0.31, "gen_z": 0.21},
    means={
        "gen_x": {"prototypicality": -0.10, "advancement": -0.05, "impresarioship": 0.05},
        "millennial": {
            "prototypicality": -0.20,
            "advancement": -0.15,
            "entrepreneurship": 0.05,
            "impresarioship": 0.10,
        },
        "gen_z": {
            "prototypicality": -0.35,
            "advancement": -0.20,
            "entrepreneurship": 0.10,
            "impresarioship": 0.25,
        },
    },
    shifts=(
        ItemShift("millennial", "adv2", intercept=-0.3),
        ItemShift("millennial", "ent3", intercept=0.3),
        ItemShift("gen_z", "adv2", intercept=-0.5),
        ItemShift("gen_z", "ent3", intercept=0.5),
        ItemShift("gen_z", "imp1", loading=-0.4),
    ),
)
PEOPLE: Effects = {
    "contract": {
        "temporary": {"prototypicality": -0.25, "stay_intent": -0.40},
        "agency": {"prototypicality": -0.25, "stay_intent": -0.40},
    },
    "cultural_background": {"other": {"entrepreneurship": -0.20}},
}

SAMPLE = StudyDesign(
    name="sample",
    seed=3,
    waves=(
        Wave("2025", 4412, date(2025, 3, 3), date(2025, 3, 28)),
        Wave("2026", 4812, date(2026, 3, 2), date(2026, 3, 27)),
    ),
    outsiders=1500,
    shown=12,
    preset="idealised",
    truth=GENERATIONS,
    effects={"wave": {"2026": {"impresarioship": 0.15}}, **PEOPLE},
    employers=60,
    sectors=tuple(SECTORS)[:6],
    least=20,
    small=(8, 4),
    spread=0.5,
)
NATIONAL = StudyDesign(
    name="national",
    seed=5,
    waves=(Wave("2026", 20_000, date(2026, 3, 2), date(2026, 3, 27)),),
    outsiders=13_000,
    shown=30,
    preset="self_rated",
    truth=GENERATIONS,
    effects=PEOPLE,
    employers=430,
    sectors=tuple(SECTORS),
    least=9,
    small=(8, 6, 4, 3),
    spread=1.2,
    straight_liners=0.05,
)
DESIGNS = {design.name: design for design in (SAMPLE, NATIONAL)}
