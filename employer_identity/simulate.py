"""Surveys with a known truth: for tests, for teaching, and the sample that comes with the package.

A latent answer is ``y* = loading * F + sqrt(1 - loading**2) * e`` where each pillar is
``F = g * G + sqrt(1 - g**2) * u`` and G is common to all pillars; y* is cut into the scale at the
normal quantiles of the category shares. A truth adds latent mean differences to F, and moves the
intercept or loading of single items in single groups. Random numbers come from one seeded
generator: the same seed gives the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate, cycle
from pathlib import Path
from statistics import NormalDist
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.errors import Problem, SurveyError
from employer_identity.instrument import load_instrument
from employer_identity.language import refusal
from employer_identity.loading import check_survey
from employer_identity.presets import DONT_KNOW, OUTCOMES, PRESETS, SKIPPERS, Preset, PresetName
from employer_identity.questionnaire import Grouping
from employer_identity.survey import Survey

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

INSTRUMENT = load_instrument("connecting-employership")
PILLARS = tuple(INSTRUMENT.factors)
ITEMS = tuple(name for items in INSTRUMENT.factors.values() for name in items)  # pillar by pillar
PILLAR_OF = np.repeat(np.arange(len(PILLARS)), [len(i) for i in INSTRUMENT.factors.values()])


@dataclass(frozen=True)
class ItemShift:
    """One item that means something else in one group: a planted defect.

    Attributes
    ----------
    group, item
        Where.
    intercept
        Change of the intercept, in SD of the latent answer.
    loading
        Change of the standardised loading; the residual variance stays as it is.
    """

    group: str
    item: str
    intercept: float = 0.0
    loading: float = 0.0


@dataclass(frozen=True)
class Truth:
    """What is true of the groups.

    Attributes
    ----------
    grouping
        Name of the column that holds the groups.
    shares
        Group -> share of the respondents; the first group is the reference.
    means
        Group -> pillar -> latent mean, in SD of the pillar within a group; zero where not stated.
    shifts
        The planted defects.
    """

    grouping: str
    shares: Mapping[str, float]
    means: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    shifts: tuple[ItemShift, ...] = ()


def simulate_survey(
    n: int = 1000,
    *,
    preset: PresetName = "self_rated",
    seed: int = 1,
    truth: Truth | None = None,
    missing: float = 0.0,
) -> Survey:
    """Simulate answers to the connecting-employership questionnaire.

    Parameters
    ----------
    n
        Number of respondents.
    preset
        ``"other_rated"`` (strong ceilings, pillars hardly distinct), ``"self_rated"``, or
        ``"idealised"`` (symmetric, distinct pillars).
    seed
        The same seed gives the same survey.
    truth
        Groups, with the differences and defects planted in them; None: one population.
    missing
        Share of the answers to items that are left out, in [0, 0.25], completely at random.

    Raises
    ------
    SurveyError
        If the truth names a group, item or pillar that does not exist, or numbers are impossible.
    """
    problems = _check(n, preset, truth, missing)
    if problems:
        raise refusal(SurveyError, problems)
    rng = np.random.default_rng(seed)
    chosen = PRESETS[preset]
    groups = _draw_groups(rng, n, truth) if truth else np.zeros(n, dtype=np.int64)
    factors = _pillars(rng, chosen, n) + _means(truth)[groups]
    frame = _questions(rng, chosen, factors, groups, truth)
    frame[list(ITEMS)] = frame[list(ITEMS)].mask(_left_out(rng, n, missing))
    instrument = INSTRUMENT
    if truth:
        frame[truth.grouping] = np.array(list(truth.shares), dtype=object)[groups]
        grouping = Grouping(column=truth.grouping, order=tuple(truth.shares))
        instrument = INSTRUMENT.model_copy(update={"groupings": (grouping,)})
    survey = check_survey(frame, instrument=instrument).survey
    assert survey is not None  # what is drawn here has no errors; its warnings may be meant
    return survey


def _check(n: int, preset: str, truth: Truth | None, missing: float) -> list[Problem]:
    """Name what cannot be simulated."""
    problems = []
    if preset not in PRESETS:
        allowed = ", ".join(get_args(PresetName))
        problems.append(Problem("simulate.unknown_preset", preset, values={"allowed": allowed}))
    if n < 2 or not 0 <= missing <= 0.25:
        problems.append(
            Problem("simulate.impossible_numbers", count=n, values={"missing": missing})
        )
    if truth is None:
        return problems
    if min(truth.shares.values(), default=0) <= 0 or abs(sum(truth.shares.values()) - 1) > 1e-9:
        problems.append(Problem("simulate.impossible_shares", truth.grouping))
    named = {"group": {*truth.means, *(s.group for s in truth.shifts)} - {*truth.shares}}
    named["item"] = {s.item for s in truth.shifts} - {*ITEMS}
    named["pillar"] = {p for means in truth.means.values() for p in means} - {*PILLARS}
    for kind, unknown in named.items():
        known = {"group": truth.shares, "item": ITEMS, "pillar": PILLARS}[kind]
        values = {"allowed": ", ".join(known)}
        problems += [Problem(f"simulate.unknown_{kind}", u, values=values) for u in sorted(unknown)]
    return problems


def _draw_groups(rng: np.random.Generator, n: int, truth: Truth) -> Integers:
    groups: Integers = rng.choice(len(truth.shares), size=n, p=list(truth.shares.values()))
    return groups


def _means(truth: Truth | None) -> Floats:
    """Latent means: groups x pillars."""
    if truth is None:
        return np.zeros((1, len(PILLARS)))
    rows = [[truth.means.get(g, {}).get(p, 0.0) for p in PILLARS] for g in truth.shares]
    return np.array(rows, dtype=float)


def _moved(truth: Truth | None) -> Floats:
    """Changes of intercepts and of loadings: 2 x groups x items."""
    names = list(truth.shares) if truth else [""]
    moved = np.zeros((2, len(names), len(ITEMS)))
    for shift in truth.shifts if truth else ():
        place = names.index(shift.group), ITEMS.index(shift.item)
        moved[:, *place] = shift.intercept, shift.loading
    return moved


def _pillars(rng: np.random.Generator, preset: Preset, n: int) -> Floats:
    """Standard normal pillars, n x pillars, correlated through what they share."""
    general = np.array(preset.general)
    own = rng.standard_normal((n, len(general)))
    pillars: Floats = rng.standard_normal((n, 1)) * general + np.sqrt(1 - general**2) * own
    return pillars


def _questions(
    rng: np.random.Generator, preset: Preset, factors: Floats, groups: Integers, truth: Truth | None
) -> pd.DataFrame:
    """Answers to the items and outcomes of respondents with these pillars."""
    n, loadings = len(factors), np.array(preset.loadings)
    moved = _moved(truth)
    latent = (loadings + moved[1][groups]) * factors[:, PILLAR_OF] + moved[0][groups]
    latent += np.sqrt(1 - loadings**2) * rng.standard_normal((n, len(ITEMS)))
    items = _cut(latent + np.array(preset.shift)[PILLAR_OF], preset)
    copies = rng.random(n) < preset.copied
    items[copies] = items[copies, :1]
    weights = np.array(list(OUTCOMES.values())).T
    phi = np.outer(preset.general, preset.general)
    np.fill_diagonal(phi, 1.0)
    rest = np.sqrt(1 - np.einsum("jk,jl,lk->k", weights, phi, weights))
    latent = factors @ weights + rest * rng.standard_normal((n, len(OUTCOMES)))
    answers = np.hstack([items, _cut(latent, preset)])
    order = [*INSTRUMENT.item_names, *INSTRUMENT.outcome_names]
    return pd.DataFrame(answers, columns=[*ITEMS, *OUTCOMES])[order].astype(float)


def _cut(latent: Floats, preset: Preset) -> Integers:
    """Cut latent answers into 1, 2, ... at the normal quantiles of the category shares."""
    quantile = NormalDist().inv_cdf
    cuts = [quantile(share) for share in list(accumulate(preset.shares))[:-1]]
    below: Integers = np.searchsorted(np.array(cuts), latent)
    return below + 1


def _left_out(rng: np.random.Generator, n: int, missing: float) -> NDArray[np.bool_]:
    """Which answers to items are left out: n x items, all by the same part of the respondents."""
    skippers = rng.random((n, 1)) < SKIPPERS
    return skippers & (rng.random((n, len(ITEMS))) < missing / SKIPPERS)


# --- The sample

SEED = 3
SAMPLE_TRUTH = Truth(
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
# Sector -> latent means of the pillars, share of women, shares of three levels of education.
SECTORS: dict[str, tuple[tuple[float, ...], float, tuple[float, ...]]] = {
    "business_services": ((0.00, 0.10, 0.00, 0.55), 0.42, (0.05, 0.25, 0.70)),
    "care": ((0.20, 0.05, 0.30, -0.25), 0.78, (0.12, 0.48, 0.40)),
    "education": ((0.15, 0.00, 0.15, -0.10), 0.65, (0.05, 0.20, 0.75)),
    "industry": ((-0.10, 0.05, -0.25, -0.10), 0.24, (0.30, 0.52, 0.18)),
    "public_sector": ((-0.10, -0.20, -0.05, -0.05), 0.49, (0.08, 0.32, 0.60)),
    "retail": ((-0.10, -0.05, -0.10, 0.10), 0.56, (0.36, 0.50, 0.14)),
}
EMPLOYER_SHARE = 0.08  # of a pillar's variance that lies between employers of one sector
SMALL_EMPLOYERS = (8, 4)
EDUCATION = ("basic", "middle", "higher")
REGIONS = ("north", "east", "west", "south")
REGION_SHARES = (0.10, 0.21, 0.47, 0.22)
HOME = 0.7  # share of an employer's people who live in its own region
N, WITHOUT_ANSWERS = 4812, 12
ITEM_MISSING = 0.02
UNSTATED = {"generation": 0.004, "gender": 0.015, "education": 0.01}
ADJECTIVES = "Blauwe Gouden Groene Rode Stille Vlugge Vrolijke Wakkere Witte Zilveren"
NOUNS = """
    Otter Ekster Vuurtoren Egel Lantaarn Reiger Komeet Vos Molen Uil Zwaluw Brug Bever Ster Haas
    Krekel Maan Libel Merel Kei Mol Regenboog Pauw Raaf Linde Specht Valk Wolk Vlinder Das Zeehond
    Beuk Kievit Golf Ooievaar Duin Karper Klok Lepelaar Eik Wezel Kaars Meeuw Ketel Spreeuw Tulp
    Eland Sleutel Snoek Wilg Mus Trom Hommel Klaver Fuut Fluit Bunzing Berk Kraanvogel Boot
"""
EMPLOYERS = tuple(
    f"{adjective} {noun}"
    for adjective, noun in zip(cycle(ADJECTIVES.split()), NOUNS.split(), strict=False)
)


def write_sample(folder: str | Path) -> None:
    """Write ``employees.csv`` and ``truth.toml``, the same bytes every time.

    Parameters
    ----------
    folder
        Where they go; it is made if it does not exist.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    answers = _sample().to_csv(index=False, lineterminator="\n")
    for name, text in (("employees.csv", answers), ("truth.toml", _truth_text())):
        beside = folder / f"{name}.part"
        beside.write_bytes(text.encode("utf-8"))
        os.replace(beside, folder / name)


def _sample() -> pd.DataFrame:
    """Draw the sample's respondents and their answers."""
    rng, preset = np.random.default_rng(SEED), PRESETS["idealised"]
    people, where = _people(rng)
    groups = _draw_groups(rng, N, SAMPLE_TRUTH)
    people.insert(2, "generation", np.array(list(SAMPLE_TRUTH.shares), dtype=object)[groups])
    factors = np.sqrt(1 - EMPLOYER_SHARE) * _pillars(rng, preset, N)
    factors += np.sqrt(EMPLOYER_SHARE) * _pillars(rng, preset, len(EMPLOYERS))[where]
    factors += np.array([SECTORS[sector][0] for sector in people["sector"]])
    factors += _means(SAMPLE_TRUTH)[groups]
    answers = _questions(rng, preset, factors, groups, SAMPLE_TRUTH)
    gone = pd.DataFrame(_left_out(rng, N, ITEM_MISSING), columns=list(ITEMS))
    for item, share in DONT_KNOW.items():
        gone[item] |= rng.random(N) < share
    for outcome in OUTCOMES:
        gone[outcome] = rng.random(N) < ITEM_MISSING
    gone.iloc[rng.choice(N, WITHOUT_ANSWERS, replace=False)] = True
    answers = answers.mask(gone[answers.columns]).astype("Int64")
    for column, share in UNSTATED.items():
        people.loc[rng.random(N) < share, column] = None
    rows = pd.concat([people, answers], axis=1).iloc[rng.permutation(N)]
    rows.insert(0, "respondent", [f"R{k:04d}" for k in range(1, N + 1)])
    return rows


def _people(rng: np.random.Generator) -> tuple[pd.DataFrame, Integers]:
    """Who works where: employers in sectors, and what goes with a sector; with employer numbers."""
    large = len(EMPLOYERS) - len(SMALL_EMPLOYERS)
    weights = rng.lognormal(0.0, 0.5, large)
    room = N - sum(SMALL_EMPLOYERS)
    sizes = 20 + np.floor((room - 20 * large) * weights / weights.sum()).astype(int)
    sizes[0] += room - sizes.sum()
    where = np.repeat(np.arange(len(EMPLOYERS)), [*sizes, *SMALL_EMPLOYERS])
    sectors = np.array([*np.arange(large) % len(SECTORS), *([1] * len(SMALL_EMPLOYERS))])[where]
    facts = list(SECTORS.values())
    women = np.array([f[1] for f in facts])[sectors]
    education = np.cumsum([f[2] for f in facts], axis=1)[sectors, :-1]
    homes = rng.choice(len(REGIONS), len(EMPLOYERS), p=REGION_SHARES)[where]
    lives = np.where(rng.random(N) < HOME, homes, rng.choice(len(REGIONS), N, p=REGION_SHARES))
    people = {
        "employer": np.array(EMPLOYERS, dtype=object)[where],
        "sector": np.array(list(SECTORS), dtype=object)[sectors],
        "gender": np.where(rng.random(N) < women, "woman", "man").astype(object),
        "education": np.array(EDUCATION, dtype=object)[
            (rng.random((N, 1)) > education).sum(axis=1)
        ],
        "region": np.array(REGIONS, dtype=object)[lives],
    }
    return pd.DataFrame(people), where


def _truth_text() -> str:
    """Write the sample's truth as TOML."""
    lines = ["# What is true of employees.csv, which is wholly invented. Written with it.", ""]
    lines += [f"seed = {SEED}", 'preset = "idealised"', f"respondents = {N}"]
    lines += [f"employer_share_of_variance = {EMPLOYER_SHARE}"]
    lines += [f"item_missing = {ITEM_MISSING}", f'grouping = "{SAMPLE_TRUTH.grouping}"']
    lines += [f'reference = "{next(iter(SAMPLE_TRUTH.shares))}"', "", "[shares]"]
    lines += [f"{group} = {share}" for group, share in SAMPLE_TRUTH.shares.items()]
    for group, means in zip(SAMPLE_TRUTH.shares, _means(SAMPLE_TRUTH), strict=True):
        lines += ["", f"[latent_means.{group}]"]
        lines += [f"{p} = {float(mean)}" for p, mean in zip(PILLARS, means, strict=True)]
    for sector, (means_, *_) in SECTORS.items():
        lines += ["", f"[sector_means.{sector}]"]
        lines += [f"{p} = {mean}" for p, mean in zip(PILLARS, means_, strict=True)]
    for shift in SAMPLE_TRUTH.shifts:
        lines += ["", "[[planted]]", f'group = "{shift.group}"', f'item = "{shift.item}"']
        lines += [
            f"{k} = {getattr(shift, k)}" for k in ("intercept", "loading") if getattr(shift, k)
        ]
    for outcome, weights in OUTCOMES.items():
        lines += ["", f"[outcomes.{outcome}]"]
        lines += [f"{p} = {weight}" for p, weight in zip(PILLARS, weights, strict=True)]
    lines += ["", "[dont_know]", *(f"{item} = {share}" for item, share in DONT_KNOW.items())]
    return "\n".join(lines) + "\n"
