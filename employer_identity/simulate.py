"""Answers with a known truth: for tests, for teaching, and for whole simulated studies.

A latent answer is ``y* = loading * F + sqrt(1 - loading**2) * e`` where each pillar is
``F = g * G + sqrt(1 - g**2) * u`` and G is common to all pillars; y* is cut into the scale at the
normal quantiles of the category shares. A truth adds latent mean differences to F, and moves the
intercept or loading of single items in single groups. Random numbers come from one seeded
generator: the same seed gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from statistics import NormalDist
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.edge import checked
from employer_identity.errors import Problem, SurveyError
from employer_identity.instrument import load_instrument
from employer_identity.language import refusal, say
from employer_identity.loading import check_survey
from employer_identity.population import Floats, Integers
from employer_identity.presets import OUTCOMES, PRESETS, SKIPPERS, Preset, PresetName
from employer_identity.questionnaire import Grouping
from employer_identity.showing import Grid, Showing, ShowingFields, View, written
from employer_identity.survey import Survey

INSTRUMENT = load_instrument("connecting-employership")
PILLARS = tuple(INSTRUMENT.factors)
ITEMS = tuple(name for items in INSTRUMENT.factors.values() for name in items)  # pillar by pillar
PILLAR_OF = np.repeat(np.arange(len(PILLARS)), [len(i) for i in INSTRUMENT.factors.values()])


@dataclass(frozen=True)
class ItemShift(ShowingFields):
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


@dataclass(frozen=True, repr=False)
class Truth(Showing):
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

    def _view(self) -> View:
        title = say(
            "showing.truth", groups=len(self.shares), grouping=self.grouping,
            shifts=len(self.shifts),
        )  # fmt: skip
        rows = tuple(
            (group, written(float(share), ".0%"), *(self._mean(group, p) for p in PILLARS))
            for group, share in self.shares.items()
        )
        planted = (
            say("showing.shift", item=s.item, group=s.group, intercept=float(s.intercept),
                loading=float(s.loading))
            for s in self.shifts
        )  # fmt: skip
        return View(title, (), Grid((self.grouping, "share", *PILLARS), rows), tuple(planted))

    def _mean(self, group: str, pillar: str) -> str:
        return written(float(self.means.get(group, {}).get(pillar, 0.0)), "z.2f")


@checked(SurveyError)
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

    Examples
    --------
    >>> groups = ei.Truth("age", {"old": 0.5, "young": 0.5})
    >>> simulated = ei.simulate_survey(500, seed=7, truth=groups)
    >>> simulated.n
    500
    """
    problems = _check(n, preset, truth, missing)
    if problems:
        raise refusal(SurveyError, problems)
    rng = np.random.default_rng(seed)
    chosen = PRESETS[preset]
    groups = _draw_groups(rng, n, truth) if truth else np.zeros(n, dtype=np.int64)
    factors = draw_pillars(rng, chosen, n) + latent_means(truth)[groups]
    frame, _ = draw_answers(rng, chosen, factors, groups, truth)
    frame[list(ITEMS)] = frame[list(ITEMS)].mask(left_out(rng, n, missing))
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


def latent_means(truth: Truth | None) -> Floats:
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


def draw_pillars(rng: np.random.Generator, preset: Preset, n: int) -> Floats:
    """Standard normal pillars, n x pillars, correlated through what they share."""
    general = np.array(preset.general)
    own = rng.standard_normal((n, len(general)))
    pillars: Floats = rng.standard_normal((n, 1)) * general + np.sqrt(1 - general**2) * own
    return pillars


def draw_answers(
    rng: np.random.Generator,
    preset: Preset,
    factors: Floats,
    groups: Integers,
    truth: Truth | None,
    outcomes: Floats | float = 0.0,
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Answers to items and outcomes of people with these pillars, and who copied the first answer.

    `outcomes` is added to the latent outcomes (n x outcomes).
    """
    n, loadings = len(factors), np.array(preset.loadings)
    moved = _moved(truth)
    latent = (loadings + moved[1][groups]) * factors[:, PILLAR_OF] + moved[0][groups]
    latent += np.sqrt(1 - loadings**2) * rng.standard_normal((n, len(ITEMS)))
    items = cut(latent + np.array(preset.shift)[PILLAR_OF], preset.shares)
    copied = rng.random(n) < preset.copied
    items[copied] = items[copied, :1]
    weights = np.array(list(OUTCOMES.values())).T
    phi = np.outer(preset.general, preset.general)
    np.fill_diagonal(phi, 1.0)
    rest = np.sqrt(1 - np.einsum("jk,jl,lk->k", weights, phi, weights))
    latent = factors @ weights + outcomes + rest * rng.standard_normal((n, len(OUTCOMES)))
    answers = np.hstack([items, cut(latent, preset.shares)])
    order = [*INSTRUMENT.item_names, *INSTRUMENT.outcome_names]
    frame = pd.DataFrame(answers, columns=[*ITEMS, *OUTCOMES])[order].astype(float)
    return frame, copied


def cut(latent: Floats, shares: Sequence[float]) -> Integers:
    """Cut latent answers into 1, 2, ... at the normal quantiles of the category shares."""
    quantile = NormalDist().inv_cdf
    cuts = [quantile(share) for share in list(accumulate(shares))[:-1]]
    below: Integers = np.searchsorted(np.array(cuts), latent)
    return below + 1


def left_out(rng: np.random.Generator, n: int, missing: float) -> NDArray[np.bool_]:
    """Which answers to items are left out: n x items, all by the same part of the respondents."""
    skippers = rng.random((n, 1)) < SKIPPERS
    return skippers & (rng.random((n, len(ITEMS))) < missing / SKIPPERS)
