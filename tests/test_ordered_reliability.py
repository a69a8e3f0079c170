"""Reliability of items in ordered categories: semTools' figures, and what a score's variance is."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

import employer_identity as ei
from tests.test_golden import GOLDEN

ITEMS = ["two", "three", "five", "seven"]
MODEL = "f =~ two + three + five + seven"
KNOWN = json.loads((GOLDEN / "ordered_reliability.json").read_text(encoding="utf-8"))
# lavaan's estimates are some 1e-5 from the minimum, and semTools prints what they give
SEMTOOLS_ATOL = 2e-5
# equal steps over ten SDs integrate a smooth function that ends at 0 to rounding
GRID, INTEGRAL_ATOL = np.linspace(-10, 10, 4001), 1e-8


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "regions_ordered.csv")


CALLS = {
    "one": {},
    "configural": {"group": "region"},
    "loadings": {"group": "region", "equal": ["loadings"]},
}


@pytest.mark.parametrize("name", CALLS)
def test_as_semtools(people, name):
    whole = {"ordered": True, "std_lv": True, "missing": "listwise", "collapse": False}
    fit = ei.cfa(people, MODEL, **whole, **CALLS[name])
    found = ei.reliability(fit)
    for coefficient in ("omega", "ordinal_alpha", "ave"):
        np.testing.assert_allclose(
            found[coefficient], KNOWN[name][coefficient], atol=SEMTOOLS_ATOL, err_msg=coefficient
        )


def shared_variance(fit: ei.Fit, g: int) -> float:
    """Variance over the factor of what is expected of the sum, by quadrature: y* = line + noise."""
    M = {name: matrix[g] for name, matrix in fit.implied.matrices.items()}
    loading, nu, tau = M["Lambda"][:, 0], M["nu"].ravel(), M["tau"].ravel()
    mean, variance = M["alpha"].item(), M["Psi"].item()
    noise = np.sqrt(np.diagonal(fit.implied.Sigma[g]) - loading**2 * variance)
    w = np.exp(-0.5 * GRID**2)
    w = w / w.sum()
    line = nu + (mean + np.sqrt(variance) * GRID)[:, None] * loading
    response = fit.layout.response
    expected = ndtr((line[:, response.owner] - tau) / noise[response.owner]).sum(axis=1)
    expected += line[:, ~response.ordered].sum(axis=1)
    return float(w @ expected**2 - (w @ expected) ** 2)


def test_the_numerator_is_what_the_factor_makes_of_the_sum(people):
    equal = ["thresholds", "loadings"]  # intercepts and scales of the later groups are free
    fit = ei.cfa(people, MODEL, ordered=True, std_lv=True, group="region", equal=equal)
    found = ei.reliability(fit)
    assert fit.implied.matrices["nu"][1:].any()
    for g, omega in enumerate(found["omega"]):
        assert omega * total(fit, g) == pytest.approx(shared_variance(fit, g), abs=INTEGRAL_ATOL)


def total(fit: ei.Fit, g: int) -> float:
    """Variance of the sum of category numbers, by counting cells of bivariate distributions."""
    from scipy.stats import multivariate_normal

    from employer_identity.measurement.responses import standardised

    tau, owner = standardised(fit.layout.response, fit.implied)[0][g], fit.layout.response.owner
    R = fit.moments.covariance[g]
    found = 0.0
    for a, i in zip(tau, owner, strict=True):
        for b, j in zip(tau, owner, strict=True):
            both = (
                ndtr(min(a, b))
                if i == j
                else multivariate_normal.cdf([a, b], cov=[[1, R[i, j]], [R[i, j], 1]])
            )
            found += both - ndtr(a) * ndtr(b)
    return found


def test_a_mixed_pillar_counts_its_numbers_as_they_are(people):
    model = "f =~ two + seven + tenure + pay"
    fit = ei.cfa(people, model, ordered=["two", "seven"], std_lv=True, group="region")
    found = ei.reliability(fit)
    pure = {}
    for g, label in enumerate(fit.groups):
        row = found.set_index("group").loc[label]
        pure[label] = shared_variance(fit, g) / row["omega"]  # the variance of the sum
    scores = people.dropna(subset=["two", "seven", "tenure", "pay"])
    scores = scores[["two", "seven", "tenure", "pay"]].sum(axis=1).groupby(scores["region"]).var()
    # the model's variance beside that of complete rows: pairwise answers, few people
    np.testing.assert_allclose(pd.Series(pure), scores, rtol=0.15)


def test_a_pillar_of_numbers_is_left_as_it_was(people):
    model = "f =~ two + three + five + seven\ng =~ tenure + pay"
    people = people.dropna()
    fit = ei.cfa(people, model, ordered=ITEMS, std_lv=True)
    beside = ei.reliability(fit).set_index("factor").loc["g"]
    S = np.cov(people[["tenure", "pay"]].T, ddof=0)
    assert beside["alpha"] == pytest.approx(2 * (1 - np.trace(S) / S.sum()), rel=1e-6)
    assert np.isnan(beside["ordinal_alpha"])
    loadings = fit.estimates.query("lhs == 'g' and op == '=~'")["est"]
    noise = fit.estimates.query("lhs == rhs and lhs in ['tenure', 'pay']")["est"]
    shared = loadings.sum() ** 2
    assert beside["omega"] == pytest.approx(shared / (shared + noise.sum()), rel=1e-9)


def test_coarse_answers_lose_reliability():
    rng = np.random.default_rng(3)
    f = rng.normal(size=(4000, 1))
    y = 0.8 * f + 0.6 * rng.normal(size=(4000, 4))
    names = list("abcd")
    fine = pd.DataFrame(np.digitize(y, np.linspace(-2, 2, 8)), columns=names)
    coarse = pd.DataFrame((y > 0).astype(int), columns=names)
    fits = [ei.cfa(frame, "f =~ a + b + c + d", ordered=True) for frame in (fine, coarse)]
    first, second = (ei.reliability(fit).iloc[0] for fit in fits)
    assert first["omega"] > second["omega"] + 0.05
    assert first["ordinal_alpha"] == pytest.approx(second["ordinal_alpha"], abs=0.02)
    assert first["alpha"] == pytest.approx(  # nine steps: alpha of the printed answers
        4 / 3 * (1 - fine.var().sum() / fine.sum(axis=1).var()), abs=0.005
    )


def test_a_loading_beyond_one_has_no_omega(people):
    few = people.dropna().head(60)
    fit = ei.cfa(few, "f =~ 1*two + 1*three + g1*five\nf ~~ 1.2*f", ordered=True)
    row = ei.reliability(fit).iloc[0]
    assert np.isnan(row["omega"])
    assert np.isfinite(row["ordinal_alpha"])
