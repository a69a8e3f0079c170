"""How respondents answer: three kinds, from nearly ideal to heaped at the top of the scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PresetName = Literal["other_rated", "self_rated", "idealised"]


@dataclass(frozen=True)
class Preset:
    """How one kind of respondent answers.

    Attributes
    ----------
    general
        Loading of each pillar on what all pillars share.
    loadings
        Of the items on their pillars, pillar by pillar.
    shares
        Of the answer categories, from lowest to highest.
    shift
        Of each pillar's answers, in SD; negative: lower answers.
    copied
        Share of respondents who give their first answer to every item.
    """

    general: tuple[float, ...]
    loadings: tuple[float, ...]
    shares: tuple[float, ...]
    shift: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    copied: float = 0.0


PRESETS: dict[PresetName, Preset] = {
    "other_rated": Preset(
        (0.96, 0.99, 0.99, 0.88),
        (
            *(0.83, 0.86, 0.89, 0.90),
            *(0.70, 0.80, 0.84, 0.84),
            *(0.82, 0.84, 0.85, 0.86),
            *(0.86, 0.87, 0.87, 0.88),
        ),
        (0.004, 0.006, 0.015, 0.045, 0.12, 0.34, 0.47),
        (0.0, 0.0, -0.05, -0.25),
        0.17,
    ),
    "self_rated": Preset(
        (0.91, 0.94, 0.99, 0.79),
        (
            *(0.71, 0.75, 0.79, 0.81),
            *(0.45, 0.60, 0.65, 0.69),
            *(0.59, 0.65, 0.71, 0.76),
            *(0.76, 0.78, 0.78, 0.79),
        ),
        (0.002, 0.004, 0.014, 0.05, 0.20, 0.43, 0.30),
        (0.0, 0.05, 0.05, -0.40),
        0.05,
    ),
    "idealised": Preset(
        (0.80, 0.82, 0.84, 0.70),
        (0.70, 0.75, 0.80, 0.80) * 4,
        (0.03, 0.05, 0.10, 0.17, 0.25, 0.24, 0.16),
    ),
}

# What each outcome owes to the pillars, in SD: same-source associations of about .3 to .55.
OUTCOMES: dict[str, tuple[float, ...]] = {
    "shared_identity": (0.25, 0.05, 0.35, 0.05),
    "communication": (0.10, 0.40, 0.10, 0.00),
    "wellbeing": (0.15, 0.15, 0.30, 0.00),
    "reputation_inside": (0.10, 0.00, 0.00, 0.45),
    "recommend": (0.20, 0.15, 0.15, 0.15),
    "stay_intent": (0.15, 0.10, 0.15, 0.00),
}
DONT_KNOW = {"adv2": 0.04, "ent4": 0.05, "imp3": 0.03}  # items that more people cannot judge
SKIPPERS = 0.3  # share of respondents who leave out answers; the others leave out none
