"""dMACS: published worked values, integration, recovery; the score bootstrap against refits."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity.bias import COLUMNS, SIZES, dmacs_of, size_of
from employer_identity.errors import ModelError
from employer_identity.resampling import influences, redrawn
from tests.examples import FOUR, answers, two_groups

PRINTED = 5e-6  # worked values are published with five decimals
SAME_FORMULA = 1e-9  # the same sums in another order, of estimates at a gradient of 1e-9
DRAWN = 0.06  # quantiles of 2000 draws: three standard errors of a 95th percentile are 5 %
REFITTED = 0.17  # a standard deviation of 200 refits has a standard error of 5 %; 14 are compared
ONE = "f =~ y1 + y2 + y3 + y4"


def flat(*values: float) -> list[np.ndarray]:
    """One factor: its loading and mean as vectors, its variance as a matrix."""
    intercept, loading, mean, variance = values
    return [np.array(intercept), *(np.array([v]) for v in (loading, mean)), np.array([[variance]])]


def test_the_published_worked_values() -> None:
    d, signed = dmacs_of(*flat(1.28 - 0.65, 0.74 - 0.76, 0.21, 1.76), 1.85)
    assert d == pytest.approx(0.33857, abs=PRINTED)
    assert signed == pytest.approx(0.33827, abs=PRINTED)
    d, signed = dmacs_of(*flat(-0.30, 0.0, 0.4, 1.2), 1.10)
    assert d == pytest.approx(0.2727, abs=5e-5)  # published with four
    assert signed == -d


@pytest.mark.parametrize("differ", [(0.4, -0.3), (-0.2, 0.0), (0.0, 0.5), (0.1, 0.6)])
def test_it_is_the_integral_of_the_expected_difference(differ: tuple[float, float]) -> None:
    (intercept, loading), mean, variance, sd = differ, 0.35, 1.4, 1.3
    node, weight = np.polynomial.hermite_e.hermegauss(41)
    eta = mean + np.sqrt(variance) * node
    weight = weight / weight.sum()
    difference = (intercept + loading * eta) / sd
    d, signed = dmacs_of(*flat(intercept, loading, mean, variance), sd)
    assert d == pytest.approx(np.sqrt(weight @ difference**2), rel=1e-12)
    assert signed == pytest.approx(weight @ difference, rel=1e-12)
    assert d >= abs(signed) - 1e-15


def test_of_several_factors_it_is_the_mean_over_their_people() -> None:
    loading, mean = np.array([0.3, -0.2]), np.array([0.1, 0.5])
    covariance = np.array([[1.2, 0.6], [0.6, 0.8]])
    eta = np.random.default_rng(2).multivariate_normal(mean, covariance, 400_000)
    d, signed = dmacs_of(np.array(0.2), loading, mean, covariance, 1.5)
    difference = (0.2 + eta @ loading) / 1.5
    assert d == pytest.approx(np.sqrt((difference**2).mean()), rel=0.005)
    assert signed == pytest.approx(difference.mean(), rel=0.005)


def test_sizes_begin_where_they_are_said_to() -> None:
    assert [size_of(d) for d in (0.0, 0.199, 0.2, 0.4, 0.69, 0.7, -0.5)] == [
        "negligible", "negligible", "small", "medium", "medium", "large", "medium",
    ]  # fmt: skip
    assert list(SIZES.values()) == [0.20, 0.40, 0.70]


@cache
def planted() -> ei.Ladder:
    frame = two_groups(600, shift={"adv2": 0.5}, loading={"imp1": 0.35}, mean=0.3)
    return ei.invariance(frame, FOUR, group="band")


def test_it_is_computed_from_the_scalar_rung_without_what_was_set_aside() -> None:
    ladder = planted()
    found = ei.dmacs(ladder, draws=200).set_index("item")
    assert list(found.index) == ["adv2", "imp1"]
    fit = ladder["scalar"]
    cell = fit.estimates.set_index(["lhs", "op", "rhs", "group"])["est"]

    def step(*key: str) -> float:
        return cell[(*key, "young")] - cell[(*key, "old")]

    n = fit.moments.n
    place = fit.items.index("imp1")
    variance = fit.moments.covariance[:, place, place] * n / (n - 1)
    loading, intercept = step("imp", "=~", "imp1"), step("imp1", "~1", "")
    mean, spread = cell["imp", "~1", "", "young"], cell["imp", "~~", "imp", "young"]
    for sd, by in (
        ("weighted_sd", np.sqrt(variance).mean()),  # groups of one size
        ("pooled_variance", np.sqrt(variance.mean())),
        ("reference", np.sqrt(variance[0])),
    ):
        own = ei.dmacs(ladder, sd=sd, draws=10).set_index("item").loc["imp1"]
        shift = intercept + loading * mean
        assert own["d"] == pytest.approx(
            np.sqrt(shift**2 + loading**2 * spread) / by, rel=SAME_FORMULA
        )
        assert own["d_signed"] == pytest.approx(shift / by, rel=SAME_FORMULA)
        assert own["d_loading"] == pytest.approx(loading, rel=SAME_FORMULA)
    assert found.loc["adv2", "d_loading"] == 0.0


def test_what_is_planted_lies_in_the_interval_and_above_the_floor() -> None:
    """An intercept half an item SD higher in one of two groups: d = .5."""
    frame = two_groups(600)
    frame.loc[frame["band"] == "young", "adv2"] += 0.5 * frame["adv2"].std()
    found = ei.dmacs(ei.invariance(frame, FOUR, group="band"))
    assert list(found["item"]) == ["adv2"]
    row = found.iloc[0]
    assert (row["group"], row["factor"]) == ("young", "adv")
    assert row["ci_lower"] < 0.5 < row["ci_upper"]
    assert row["ci_upper"] - row["ci_lower"] < 0.25
    assert row["d_signed"] == pytest.approx(row["d"])  # positive: the young answer higher
    assert row["floor"] < 0.15 < row["ci_lower"]
    assert row["size"] == "medium"


def test_of_an_intercept_the_floor_is_a_quantile_of_its_standard_error() -> None:
    """|N(0, se)| stays below 1.96 se in 95 of 100; nothing is planted in the item."""
    ladder = ei.invariance(two_groups(500), FOUR, group="band", free=["adv3~1"], on_reject="stop")
    row = ei.dmacs(ladder).iloc[0]
    fit = ladder["scalar"]
    a, b = fit.estimates.query("lhs == 'adv3' and op == '~1'")["parameter"]
    se = np.sqrt(fit.vcov[a, a] + fit.vcov[b, b] - 2 * fit.vcov[a, b])
    sd = abs(row["d_intercept"] / row["d"])
    assert row["floor"] == pytest.approx(1.96 * se / sd, rel=DRAWN)
    assert row["d"] < row["floor"]
    assert row["size"] == "negligible"


def test_where_nothing_was_set_aside_the_frame_is_empty_and_has_its_columns() -> None:
    found = ei.dmacs(ei.invariance(two_groups(), FOUR, group="band"))
    assert found.empty
    assert tuple(found.columns) == COLUMNS


def in_three(shifted: str) -> pd.DataFrame:
    frame = pd.concat([answers(500, s).assign(band=f"g{s}") for s in range(3)])
    frame.loc[frame["band"] == shifted, "adv2"] += 0.5
    return frame


def test_a_release_in_one_group_gives_a_row_for_that_group_alone() -> None:
    ladder = ei.invariance(in_three("g2"), FOUR, group="band")
    assert ladder.released == ("adv2~1@g2",)
    found = ei.dmacs(ladder, draws=200)
    assert list(found["group"]) == ["g2"]
    assert found["d_signed"].iloc[0] > 0


def test_a_release_in_the_reference_group_sets_it_apart_from_every_other() -> None:
    ladder = ei.invariance(in_three("g0"), FOUR, group="band")
    assert ladder.released == ("adv2~1@g0",)
    found = ei.dmacs(ladder, draws=500)
    assert list(found["group"]) == ["g1", "g2"]
    assert found["d_intercept"].nunique() == 1  # the others are still tied to one another
    assert (found["d_signed"] < 0).all()
    assert ((found["ci_lower"] < 0.5) & (found["ci_upper"] > 0.4)).all()


def test_the_same_seed_gives_the_same_numbers() -> None:
    one, again, other = (ei.dmacs(planted(), draws=300, seed=s) for s in (4, 4, 5))
    pd.testing.assert_frame_equal(one, again)
    assert (one["ci_lower"] != other["ci_lower"]).all()
    assert (one["d"] == other["d"]).all()


def test_published_tables_give_nearly_the_interval_of_their_answers() -> None:
    frame = two_groups(600, shift={"adv2": 0.5})
    options = {"estimator": "ML", "missing": "listwise"}
    rows = ei.dmacs(ei.invariance(frame, FOUR, group="band", **options))
    moments = ei.cfa(frame, FOUR, group="band", **options).moments
    table = ei.dmacs(ei.invariance(moments, FOUR, group="band"))
    same = ["item", "factor", "group", "size"]
    pd.testing.assert_frame_equal(rows[same], table[same])
    for column in ("d", "d_signed"):
        np.testing.assert_allclose(rows[column], table[column], rtol=1e-6)
    for column in ("ci_lower", "ci_upper"):  # normal answers: both bootstraps mean the same
        np.testing.assert_allclose(rows[column], table[column], atol=0.02)


def test_a_ladder_that_did_not_climb_and_an_unknown_sd_are_refused() -> None:
    frame = two_groups(800, loading={"imp1": 0.3})
    ladder = ei.invariance(frame, FOUR, group="band", on_reject="stop")
    with pytest.raises(ModelError, match="ended below the rung 'scalar'"):
        ei.dmacs(ladder)
    with pytest.raises(ModelError, match="pooled_variance"):
        ei.dmacs(planted(), sd="pooled")


# -- the score bootstrap --------------------------------------------------------------------------


def crossed_sites(n: int = 900, sites: int = 60, seed: int = 12) -> pd.DataFrame:
    """Four skewed items; sites differ, have people of both groups, and one item is not equal."""
    rng = np.random.default_rng(seed)
    site, young = rng.integers(0, sites, n), rng.random(n) < 0.5
    f = 0.5 * rng.normal(size=sites)[site] + rng.exponential(size=n) - 1.0 + 0.3 * young
    loading = np.array([0.8, 0.7, 0.9, 0.6]) - np.outer(young, [0.0, 0.3, 0.0, 0.0])
    noise = 0.6 * (rng.chisquare(4, (n, 4)) - 4) / np.sqrt(8)
    y = 4 + loading * f[:, None] + np.outer(young, [0.0, 0.4, 0.0, 0.0]) + noise
    frame = pd.DataFrame(y, columns=["y1", "y2", "y3", "y4"])
    weight = rng.uniform(0.5, 2.0, n)
    return frame.assign(site=site, weight=weight, band=np.where(young, "young", "old"))


def partial(frame: pd.DataFrame, **options: object) -> ei.Fit:
    return ei.cfa(
        frame, ONE, group="band", std_lv=True, equal=("loadings", "intercepts"),
        free=["f=~y2", "y2~1"], **options,
    )  # fmt: skip


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("options", [{}, {"weights": "weight"}, {"cluster": "site"}])
def test_what_units_add_is_the_sandwich(holes: bool, options: dict) -> None:
    frame = crossed_sites()
    if holes:
        frame.loc[::7, "y3"] = np.nan
        frame.loc[::11, "y1"] = np.nan
    fit = partial(frame, **options)
    own = influences(fit, fit.rows, np.arange(fit.layout.q))
    assert len(own) == (60 if "cluster" in options else 900)
    np.testing.assert_allclose(own.T @ own, fit.vcov, rtol=1e-8, atol=1e-14)


def test_clusters_that_lie_in_one_group_are_units_too() -> None:
    frame = crossed_sites()
    frame["site"] = frame["site"] + 100 * (frame["band"] == "young")
    fit = partial(frame, cluster="site")
    assert not fit.rows.crossed
    own = influences(fit, fit.rows, np.arange(fit.layout.q))
    np.testing.assert_allclose(own.T @ own, fit.vcov, rtol=1e-8, atol=1e-14)


def test_draws_have_the_estimates_covariance() -> None:
    fit = partial(crossed_sites(), cluster="site")
    some = np.array([3, 1, 7])
    drawn = redrawn(fit, some, 20_000, seed=3)
    expected = fit.vcov[np.ix_(some, some)]
    sd = np.sqrt(np.diag(expected))
    assert np.abs(np.cov(drawn.T) - expected).max() < 0.03 * np.outer(sd, sd).max()
    # whatever is asked for beside it, a seed draws the same people
    np.testing.assert_allclose(redrawn(fit, some[:1], 50, 3), redrawn(fit, some, 50, 3)[:, :1])


@pytest.mark.slow
def test_the_score_bootstrap_is_a_bootstrap_that_fits_again() -> None:
    frame = crossed_sites()
    fit = partial(frame, cluster="site")
    rng, refits = np.random.default_rng(5), []
    by_site = dict(iter(frame.groupby("site")))
    for _ in range(200):
        chosen = rng.integers(0, 60, 60)
        again = pd.concat([by_site[s].assign(site=k) for k, s in enumerate(chosen)])
        refits.append(partial(again, cluster="site"))
    theirs = np.std([f.solution.theta for f in refits], axis=0)
    ours = redrawn(fit, np.arange(fit.layout.q), 2000, seed=1).std(axis=0)
    np.testing.assert_allclose(ours, theirs, rtol=REFITTED)
    d = [d_of(f) for f in refits]
    ladder = ei.invariance(
        frame, ONE, group="band", cluster="site", free=["f=~y2", "y2~1"], on_reject="stop"
    )
    row = ei.dmacs(ladder).iloc[0]
    assert row["d"] == pytest.approx(d_of(fit), rel=1e-6)
    assert (row["ci_upper"] - row["ci_lower"]) / 3.92 == pytest.approx(np.std(d), rel=REFITTED)


def d_of(fit: ei.Fit) -> float:
    """DMACS of y2 by hand."""
    cell = fit.estimates.set_index(["lhs", "op", "rhs", "group"])["est"]
    loading = cell["f", "=~", "y2", "young"] - cell["f", "=~", "y2", "old"]
    shift = cell["y2", "~1", "", "young"] - cell["y2", "~1", "", "old"]
    shift += loading * cell["f", "~1", "", "young"]
    n = fit.moments.n
    sd = np.sqrt(fit.moments.covariance[:, 1, 1] * n / (n - 1))
    sd = (n - 1) @ sd / (n.sum() - 2)
    return float(np.sqrt(shift**2 + loading**2 * cell["f", "~~", "f", "young"]) / sd)
