"""What is true of a simulated study, in the shares and scores in which the package tells of it.

All of it follows from what is planted, by normal integrals: of people at large, not of those drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, product

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from scipy.stats import lognorm

from employer_identity.designs import StudyDesign
from employer_identity.importance import relative_weights
from employer_identity.insiders import BACKGROUNDS, CONTRACT, CONTRACTS, planted
from employer_identity.presets import PRESETS
from employer_identity.public import (
    ATTRACTIVE,
    BELONGING,
    CHANGED,
    DRIVERS,
    HALO,
    IMPORTANCE,
    INTENDS,
    LIKERT,
    OWN,
    PUBLIC_SHARES,
    REASON,
    Image,
    draw_shown,
)
from employer_identity.simulate import ITEMS, PILLAR_OF, PILLARS, latent_means
from validation.population import Array

EVERYBODY, YOUNG = "", "gen_z"
AGES = np.array([1 - PUBLIC_SHARES[YOUNG], PUBLIC_SHARES[YOUNG]])  # others, Generation Z
OWN_CONTENT = 0.5  # what the offer of the own employer owes to contentment
PUSHES = (0.4, -0.5)  # what a reason to leave owes to wanting a driver, and to having it
MONTHS = (4.0, 0.8)  # median, SD of the log
SHOWN_TO = 50_000  # people by whom the chances of being shown are counted
NODES, CHANCES = np.polynomial.hermite_e.hermegauss(40)
CHANCES = CHANCES / CHANCES.sum()


def cuts(shares: Sequence[float]) -> Array:
    """Return where latent answers are cut."""
    return np.asarray(ndtri(list(accumulate(shares))[:-1]))


LIKES = cuts(LIKERT)[2]  # 4 and 5 of five


# --- Employers as the public sees them


def shown(image: Image, employers: int) -> Array:
    """Return the share of the public to whom each employer is shown, counted in many."""
    places = draw_shown(np.random.default_rng(20240701), image, SHOWN_TO, employers)
    return np.bincount(places.ravel(), minlength=len(image.known)) / SHOWN_TO


def market(image: Image, rated: Array) -> pd.Series:
    """Return the share of ratings that say an employer offers it, by driver."""
    return pd.Series(rated @ ndtr(image.drivers - LIKES), index=DRIVERS)


def derived(image: Image, rated: Array) -> pd.Series:
    """Return the drivers' shares of what is explained of liking an employer.

    ``rated`` is each employer's share of all ratings. Given the halo all answers of one rating are
    independent, so that their moments are integrals over the halo alone.
    """
    noise = np.sqrt(1 - HALO**2)
    latent = np.column_stack([image.liked, image.drivers])
    cut = np.stack([cuts(ATTRACTIVE), *[cuts(LIKERT)] * len(DRIVERS)])
    given = (latent[:, :, None] + HALO * NODES)[..., None] - cut[:, None, :]
    answer = 1 + ndtr(given / noise).sum(axis=-1)  # employers x answers x halo
    second = np.einsum("eiq,ejq,q->eij", answer, answer, CHANCES)
    steps = 2 * np.arange(1, len(LIKERT)) + 1  # the square of k + 1 less that of k
    square = 1 + ndtr(latent[:, :, None] - cut) @ steps
    every = np.arange(latent.shape[1])
    second[:, every, every] = square
    first = rated @ (answer @ CHANCES)
    covariance = np.einsum("e,eij->ij", rated, second) - np.outer(first, first)
    sd = np.sqrt(np.diag(covariance))
    r = covariance / np.outer(sd, sd)
    weights = relative_weights(r[1:, 1:], r[0, 1:])
    return pd.Series(weights / weights.sum(), index=DRIVERS)


# --- The public's own work


def _by_age(threshold: float, youth: float) -> Array:
    """Return the chances that a latent answer is above 0: of others, of Generation Z."""
    return np.asarray(ndtr(np.array([threshold, threshold + youth])))


def _by_group(chance: Array) -> dict[str, float]:
    """Return chances by generation, and of everybody under ""."""
    groups = {g: float(chance[int(g == YOUNG)]) for g in PUBLIC_SHARES}
    return {EVERYBODY: float(AGES @ chance), **groups}


@cache
def ideal() -> pd.Series:
    """Return the share to whom each driver matters."""
    found = {d: float(AGES @ _by_age(m - LIKES, youth)) for d, (m, youth) in IMPORTANCE.items()}
    return pd.Series(found)


@cache
def own() -> pd.Series:
    """Return the share whose own employer offers each driver."""
    return pd.Series(ndtr(np.array(OWN) - LIKES), index=DRIVERS)


@cache
def switching() -> pd.Series:
    """Return shares by question and group."""
    asked = {"changed": CHANGED, "intends": INTENDS}
    return _series({q: _by_age(t, youth) for q, (t, _, youth) in asked.items()})


@cache
def belonging() -> pd.Series:
    """Return shares that agree by question and group."""
    return _series({q: _by_age(t - LIKES, youth) for q, (t, _, youth) in BELONGING.items()})


def _series(chances: dict[str, Array]) -> pd.Series:
    return pd.Series({(q, g): v for q, c in chances.items() for g, v in _by_group(c).items()})


@cache
def reasons() -> pd.Series:
    """Return who names each driver, of those who left or mean to: integrals over contentment."""
    stays = np.ones((2, len(NODES)))
    for threshold, contentment, youth in (CHANGED, INTENDS):
        latent = threshold + contentment * NODES + np.array([[0.0], [youth]])
        stays *= ndtr(-latent / np.sqrt(1 - contentment**2))
    asked = AGES[:, None] * CHANCES * (1 - stays)
    noise = np.sqrt(1 + PUSHES[0] ** 2 + PUSHES[1] ** 2 * (1 - OWN_CONTENT**2))
    found = {}
    for (driver, (mean, youth)), offered in zip(IMPORTANCE.items(), OWN, strict=True):
        wanted = np.array([[mean], [mean + youth]])
        push = REASON + PUSHES[0] * wanted + PUSHES[1] * (offered + OWN_CONTENT * NODES)
        found[driver] = float((asked * ndtr(push / noise)).sum() / asked.sum())
    return pd.Series(found)


@cache
def months() -> float:
    """Return the mean number of whole months until people belong."""
    median, spread = MONTHS
    return float(lognorm.sf(np.arange(1, 1000), spread, scale=median).sum())


# --- Employers as their people see them


def people(design: StudyDesign) -> pd.DataFrame:
    """Return kinds of people in the last wave with their shares."""
    rows = [
        (g, c, b, design.truth.shares[g] * CONTRACTS[g][CONTRACT.index(c)] * BACKGROUNDS[b])
        for g, c, b in product(design.truth.shares, CONTRACT, BACKGROUNDS)
    ]
    columns = ["generation", "contract", "cultural_background", "share"]
    return pd.DataFrame(rows, columns=columns).assign(wave=design.waves[-1].name)


def scores(design: StudyDesign, pillars: Array) -> Array:
    """Return mean pillar scores of all who work at employers with these latent means.

    Those who give their first answer throughout are among them.
    """
    kinds, preset = people(design), PRESETS[design.preset]
    group = pd.Categorical(kinds["generation"], list(design.truth.shares)).codes
    moved = np.zeros((2, len(design.truth.shares), len(ITEMS)))
    for shift in design.truth.shifts:
        at = list(design.truth.shares).index(shift.group), ITEMS.index(shift.item)
        moved[:, *at] = shift.intercept, shift.loading
    loadings = np.array(preset.loadings)
    by_kind = loadings + moved[1][group]
    factors = latent_means(design.truth)[group] + planted(kinds, design.effects, PILLARS)
    latent = (pillars[:, None, :] + factors)[:, :, PILLAR_OF] * by_kind
    latent += moved[0][group] + np.array(preset.shift)[PILLAR_OF]
    sd = np.sqrt(by_kind**2 * (1 - design.employer_share) + 1 - loadings**2)
    answer = 1 + sum(ndtr((latent - c) / sd) for c in cuts(preset.shares))
    items = np.einsum("ekj,k->ej", answer, kinds["share"].to_numpy())
    honest = np.stack([items[:, p == PILLAR_OF].mean(axis=1) for p in range(len(PILLARS))], axis=1)
    copied = design.straight_liners
    return np.asarray((1 - copied) * honest + copied * items[:, :1])
