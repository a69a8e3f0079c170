"""Models of ordered items side by side: fits, what a total score is, and what is not said."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity import structure_tables
from employer_identity.language import LANGUAGES
from employer_identity.structures import expected_df

FACTORS = {f: tuple(f"{f}{k}" for k in range(1, 5)) for f in "abc"}
GENERAL, OWN = 0.6, 0.5  # loadings of all items on what they share, and on their factor's own
GRID = np.linspace(-8, 8, 161)  # steps of a tenth SD: the integrand is smooth


@cache
def people(n: int = 3000) -> pd.DataFrame:
    """Five-point answers of a bifactor model with a ceiling."""
    rng = np.random.default_rng(20240521)
    shared, own = rng.normal(size=(n, 1)), rng.normal(size=(n, 3))
    noise = rng.normal(size=(n, 12)) * np.sqrt(1 - GENERAL**2 - OWN**2)
    y = GENERAL * shared + OWN * np.repeat(own, 4, axis=1) + noise
    names = [item for items in FACTORS.values() for item in items]
    return pd.DataFrame(np.digitize(y, [-1.5, -0.8, -0.2, 0.3]) + 1, columns=names)


@cache
def compared() -> ei.ModelComparison:
    return ei.compare_models(people(), factors=FACTORS, ordered=True)


def test_every_model_is_the_one_that_cfa_fits() -> None:
    found = compared()
    assert found.is_ordered
    for name, candidate in found.candidates.items():
        s = candidate.structure
        fit = ei.cfa(
            people(), found.texts[name], ordered=True, std_lv=s.std_lv, orthogonal=s.orthogonal
        )
        assert found.table.loc[name, "chisq"] == pytest.approx(fit.reported["chisq"], rel=1e-6)
        assert fit.df == expected_df(name, [4, 4, 4])
    assert found.table.loc["one_factor", "rmsea"] > 0.06 > found.table.loc["correlated", "rmsea"]


def test_latent_correlations_are_those_behind_the_answers() -> None:
    pairs = compared().correlations
    # three standard errors
    assert (pairs["est"] - GENERAL**2 / (GENERAL**2 + OWN**2)).abs().max() < 3 * pairs["se"].max()
    coarse = (people() > 3).astype(int)  # two categories: Pearson correlations would fall
    again = ei.compare_models(coarse, factors=FACTORS, ordered=True).correlations
    assert (again["est"] - pairs["est"]).abs().max() < 0.1
    assert (again["htmt"] - pairs["htmt"]).abs().max() < 0.1


def test_the_total_is_the_sum_of_categories() -> None:
    """Correlate sums that share the general factor only, or all factors."""
    g = compared().general
    rng = np.random.default_rng(1)
    n = 200_000
    shared = rng.normal(size=(n, 1))
    own = [rng.normal(size=(n, 3)) for _ in range(2)]

    def total(specific: np.ndarray) -> np.ndarray:
        y = GENERAL * shared + OWN * np.repeat(specific, 4, axis=1)
        y += rng.normal(size=(n, 12)) * np.sqrt(1 - GENERAL**2 - OWN**2)
        return np.digitize(y, [-1.5, -0.8, -0.2, 0.3]).sum(axis=1)

    one, same, other = total(own[0]), total(own[0]), total(own[1])
    # the sampling error of 3,000 answers: some .01
    assert g["omega_h"] == pytest.approx(np.corrcoef(one, other)[0, 1], abs=0.04)
    assert g["omega_t"] == pytest.approx(np.corrcoef(one, same)[0, 1], abs=0.02)
    assert g["second_order_share"] == pytest.approx(g["omega_h"], abs=0.04)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_needs_a_likelihood_is_left_out(language) -> None:
    found = compared()
    assert found.table["bic"].isna().all()
    assert found.tests["d_bic"].isna().all()
    assert set(found.tests["method"]) == {"satorra_2000_shifted"}
    told = found.explain(language)
    assert told.count("BIC") == 1  # why there is none
    assert "Pearson" not in told
    fits = structure_tables.structures(found, language=language)
    assert fits.cells is not None
    assert "BIC" not in fits.cells.heads
    assert "Pearson" not in structure_tables.overlap(found, language=language).caption


def test_a_residual_below_zero_is_no_variance_to_be_held() -> None:
    """Loadings of a beyond 1: r_ab r_ac / r_bc = .8 x .8 / .5 is more than 1."""
    r = np.full((9, 9), 0.25)
    for at in (slice(0, 3), slice(3, 6), slice(6, 9)):
        r[at, at] = 0.5
    r[0, 1:3] = r[1:3, 0] = 0.8
    r[0, 3:] = r[3:, 0] = 0.3
    np.fill_diagonal(r, 1.0)
    y = np.random.default_rng(5).multivariate_normal(np.zeros(9), r, 800, method="cholesky")
    frame = pd.DataFrame(np.digitize(y, [-0.6, 0.6]), columns=list("abcdefghi"))
    factors = {"one": ("a", "b", "c"), "two": ("d", "e", "f"), "three": ("g", "h", "i")}
    found = ei.compare_models(frame, factors=factors, ordered=True).candidates["second_order"]
    assert found.status == "improper"
    assert found.failure == ()
    assert found.at_zero == ()
    assert found.fit is not None
    residual = found.fit.estimates.query("lhs == 'a' and op == '~~'")["est"].item()
    assert residual < 0
