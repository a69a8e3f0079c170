"""Thresholds and correlations of ordered items: against lavaan, laws, and what is refused."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from employer_identity.language import say
from employer_identity.measurement import twostep
from employer_identity.measurement.categorical import OrderedMoments, ordered_moments
from employer_identity.measurement.polychoric import cells, polychorics, thresholds
from tests.test_golden import GOLDEN

Array = NDArray[np.float64]

CASES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((GOLDEN / "ordered_moments").glob("*.json"))
}
# lavaan's search for a correlation ends within about 2e-7 of the maximum, ours within 1e-10
STATISTIC_ATOL = 1e-6
GAMMA_RTOL = 1e-6  # of the root of the product of the two variances; follows the correlations
EXACT = 1e-9  # what the order of summation and Newton's last step leave


@cache
def answers(file: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / file)


def statistics(
    frame: pd.DataFrame,
    items: list[str],
    ordered: list[str],
    group: str | None = None,
    **kwargs: Any,
) -> OrderedMoments:
    labels, codes = ("",), np.zeros(len(frame), dtype=np.int64)
    if group is not None:
        groups = frame[group].astype("category")
        labels, codes = tuple(groups.cat.categories), groups.cat.codes.to_numpy(np.int64)
    is_ordered = np.array([item in ordered for item in items])
    found = ordered_moments(
        items, frame[items].to_numpy(float), codes, is_ordered, labels=labels, **kwargs
    )
    assert isinstance(found, OrderedMoments), found
    return found


def computed(name: str) -> OrderedMoments:
    call = CASES[name]["call"]
    frame = answers(call["data"])
    if call["missing"] == "listwise":
        frame = frame.dropna(subset=call["items"])
    frame = frame.dropna(subset=call["items"], how="all")
    weights = frame[call["weights"]].to_numpy(float) if "weights" in call else None
    return statistics(frame, call["items"], call["ordered"], call.get("group"), weights=weights)


def square(lower: list[float]) -> Array:
    """A symmetric matrix from its lower triangle, column by column."""
    s = int((np.sqrt(8 * len(lower) + 1) - 1) / 2)
    found = np.zeros((s, s))
    j, i = np.triu_indices(s)
    found[i, j] = found[j, i] = lower
    return found


def test_the_cases_cover_what_is_offered() -> None:
    calls = [case["call"] for case in CASES.values()]
    assert {case["lavaan"] for case in CASES.values()} == {"0.6-14"}
    mixed = [set(call["items"]) > set(call["ordered"]) for call in calls]
    assert {(call["missing"], is_mixed) for call, is_mixed in zip(calls, mixed, strict=True)} == {
        (missing, is_mixed) for missing in ("listwise", "pairwise") for is_mixed in (False, True)
    }
    assert {call["missing"] for call in calls if "weights" in call} == {"listwise", "pairwise"}


@pytest.mark.parametrize("name", CASES)
def test_statistics_and_their_covariance_equal_those_of_lavaan(name: str) -> None:
    ours, theirs = computed(name), CASES[name]
    sign = np.ones(ours.statistics.shape[1])
    sign[ours.places.means] = -1.0  # lavaan keeps means with the opposite sign
    for g in range(len(ours.n)):
        np.testing.assert_allclose(
            ours.statistics[g] * sign, theirs["statistics"][g], rtol=0, atol=STATISTIC_ATOL
        )
        covariance = square(theirs["covariance"][g])
        np.testing.assert_allclose(ours.covariance[g], covariance, rtol=0, atol=STATISTIC_ATOL)
        gamma = square(theirs["gamma"][g])
        scale = np.sqrt(np.outer(np.diag(gamma), np.diag(gamma)))
        difference = (ours.asymptotic[g] * np.outer(sign, sign) - gamma) / scale
        assert np.abs(difference).max() < GAMMA_RTOL
    if "weights" not in theirs["call"]:
        assert ours.n.tolist() == theirs["nobs"]


# --- Laws


def drawn(
    n: int = 600, seed: int = 5, groups: int = 1
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Four ordered items and a skewed continuous one, with groups."""
    rng = np.random.default_rng(seed)
    f = rng.normal(size=n)
    y = 0.7 * f[:, None] + 0.7 * rng.normal(size=(n, 5))
    cuts = ([0.3], [-0.6, 0.7], [-1.0, -0.3, 0.4, 1.0], [-1.2, -0.7, -0.2, 0.1, 0.5, 0.9])
    frame = pd.DataFrame({f"o{j}": np.digitize(y[:, j], cut) for j, cut in enumerate(cuts)})
    frame["x"] = np.exp(0.6 * y[:, 4])
    frame["g"] = np.arange(n) % groups
    items = ["x", "o0", "o1", "o2", "o3"]
    return frame, items, items[1:]


def assert_same(a: OrderedMoments, b: OrderedMoments, factor: float = 1.0) -> None:
    np.testing.assert_allclose(a.statistics, b.statistics, rtol=0, atol=EXACT)
    for one, other in zip(a.asymptotic, b.asymptotic, strict=True):
        np.testing.assert_allclose(one, other * factor, rtol=0, atol=1e-8 * np.abs(other).max())


def test_codes_are_only_an_order() -> None:
    frame, items, ordered = drawn()
    other = frame.assign(o3=frame["o3"].map({0: -4, 1: 2, 2: 3, 3: 10, 4: 11, 5: 12, 6: 90}))
    found = statistics(other, items, ordered)
    assert_same(found, statistics(frame, items, ordered))
    assert found.categories[3] == (-4, 2, 3, 10, 11, 12, 90)


def test_turning_an_item_turns_its_signs() -> None:
    frame, items, ordered = drawn()
    a = statistics(frame, items, ordered)
    b = statistics(frame.assign(o2=4 - frame["o2"], x=-frame["x"]), items, ordered)
    sign = np.array([-1.0, 1.0, 1.0, -1.0, 1.0])
    np.testing.assert_allclose(b.covariance, a.covariance * np.outer(sign, sign), atol=EXACT)
    mine = np.flatnonzero(a.owner == items.index("o2"))
    np.testing.assert_allclose(b.thresholds[:, mine], -a.thresholds[:, mine[::-1]], atol=EXACT)


def test_the_order_of_items_does_not_matter() -> None:
    frame, items, ordered = drawn()
    a = statistics(frame, items, ordered)
    at = [3, 0, 4, 2, 1]
    b = statistics(frame, [items[i] for i in at], ordered)
    np.testing.assert_allclose(b.covariance, a.covariance[:, at][:, :, at], rtol=0, atol=EXACT)
    variance = np.diag(a.asymptotic[0])
    by_pair = {
        frozenset((i, j)): variance[a.places.first + k]
        for k, (i, j) in enumerate(zip(*a.places.pairs, strict=True))
    }
    i, j = b.places.pairs
    expected = [by_pair[frozenset((at[x], at[y]))] for x, y in zip(i, j, strict=True)]
    found = np.diag(b.asymptotic[0])[b.places.first :]
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_a_group_is_what_it_is_alone() -> None:
    frame, items, ordered = drawn(groups=3)
    both = statistics(frame, items, ordered, "g")
    for g in range(3):
        alone = statistics(frame[frame["g"] == g], items, ordered)
        np.testing.assert_allclose(both.statistics[g], alone.statistics[0], rtol=0, atol=EXACT)
        np.testing.assert_allclose(both.asymptotic[g], alone.asymptotic[0], rtol=1e-7, atol=1e-7)


def test_twice_the_data_says_the_same_with_twice_the_certainty() -> None:
    frame, items, ordered = drawn()
    once, twice = statistics(frame, items, ordered), pd.concat([frame, frame])
    doubled = statistics(twice, items, ordered)
    assert_same(doubled, once)  # asymptotic is n times the covariance
    assert doubled.n == 2 * once.n
    assert_same(statistics(frame, items, ordered, weights=np.full(len(frame), 3.0)), once)


def test_a_weight_counts_as_so_many_people_in_the_statistics() -> None:
    frame, items, ordered = drawn()
    times = 1 + np.arange(len(frame)) % 3
    weighted = statistics(frame, items, ordered, weights=times.astype(float))
    repeated = statistics(frame.loc[frame.index.repeat(times)], items, ordered)
    np.testing.assert_allclose(weighted.statistics, repeated.statistics, rtol=0, atol=EXACT)
    assert weighted.n == pytest.approx(len(frame))


def test_holes_in_one_item_leave_the_others_as_they_are() -> None:
    frame, items, ordered = drawn()
    holes = frame.assign(o3=frame["o3"].where(np.arange(len(frame)) % 4 > 0))
    some, all_ = statistics(holes, items, ordered), statistics(frame, items, ordered)
    others = [0, 1, 2, 3]
    np.testing.assert_allclose(
        some.covariance[:, others][:, :, others], all_.covariance[:, others][:, :, others],
        rtol=0, atol=EXACT,
    )  # fmt: skip
    alone = statistics(holes.dropna(), items, ordered)
    mine = some.owner == 4
    np.testing.assert_allclose(some.thresholds[:, mine], alone.thresholds[:, mine], atol=EXACT)


@pytest.mark.parametrize("r", [-0.95, -0.4, 0.0, 0.3, 0.8, 0.99])
def test_expected_tables_give_the_correlation_back(r: float) -> None:
    """Without sampling error the polychoric correlation is the one behind the table."""
    h, k = np.array([-1.5, -0.2, 0.9]), np.array([-0.8, 0.1, np.inf])  # three categories in one
    edges = [np.clip(np.concatenate([[-np.inf], t, [np.inf]]), -9, 9) for t in (h, k)]
    normal = multivariate_normal(cov=[[1, r], [r, 1]], allow_singular=True)
    at_corners = np.array([[normal.cdf([a, b]) for b in edges[1]] for a in edges[0]])
    table = 1000 * np.diff(np.diff(at_corners, axis=0), axis=1)
    found = polychorics(table[None], thresholds(table.sum(1))[None], thresholds(table.sum(0))[None])
    assert found == pytest.approx(r, abs=1e-6)  # scipy's own integration is good to 1e-8


def test_independent_items_correlate_by_chance_only() -> None:
    rng = np.random.default_rng(11)
    frame = pd.DataFrame(rng.integers(1, 6, size=(4000, 5)), columns=list("abcde"))
    found = statistics(frame, list("abcde"), list("abcd"))
    i, j = found.places.pairs
    r = found.covariance[0][i, j]
    se = np.sqrt(np.diag(found.asymptotic[0])[found.places.first :] / found.n[0])
    assert (np.abs(r / se) < 3.5).all()
    assert (np.abs(r / se) > 0.1).any()


def test_correlations_with_a_skewed_item_are_where_the_likelihood_is_largest() -> None:
    """lavaan's search sometimes ends elsewhere, with a lower likelihood; ours must not."""
    frame, items, ordered = drawn(n=180)
    found = statistics(frame, items, ordered)
    x = frame["x"].to_numpy()
    z = (x - x.mean()) / x.std()
    for item in ordered:
        at = items.index(item)
        edges = np.concatenate([[-9.0], found.thresholds[0][found.owner == at], [9.0]])
        code = frame[item].to_numpy()

        def lost(r: float, e: Array = edges, c: NDArray[np.int64] = code) -> float:
            q = np.sqrt(1 - r * r)
            upper, lower = (e[c + 1] - r * z) / q, (e[c] - r * z) / q
            turned = upper + lower > 0  # in the tail where it does not cancel
            ends = np.where(turned, -lower, upper), np.where(turned, -upper, lower)
            return -float(np.log(ndtr(ends[0]) - ndtr(ends[1])).sum())

        best = minimize_scalar(lost, bounds=(-0.99, 0.99), options={"xatol": 1e-9})
        assert found.covariance[0, 0, at] / x.std() == pytest.approx(best.x, abs=1e-6)


def test_variances_are_those_that_samples_show() -> None:
    """Of 300 samples: a variance has a Monte-Carlo error of 8 %, the largest of 20 within 4."""
    runs = [statistics(*drawn(n=800, seed=1000 + k)) for k in range(300)]
    found = np.stack([run.statistics[0] for run in runs])
    claimed = np.mean([np.diag(run.asymptotic[0]) / run.n[0] for run in runs], axis=0)
    places = runs[0].places
    i, j = places.pairs
    between_ordered = places.first + np.flatnonzero((i > 0) & (j > 0))
    checked = np.concatenate([places.thresholds, between_ordered])
    assert np.abs(found.var(axis=0) / claimed - 1)[checked].max() < 0.33


def test_the_variance_of_a_mean_leans_on_normality_as_docs_conventions_says() -> None:
    frame, items, ordered = drawn()
    x = frame["x"].to_numpy()
    z = (x - x.mean()) / x.std()
    skewness, excess = (z**3).mean(), (z**4).mean() - 3
    found = statistics(frame, items, ordered)
    assert skewness > 1
    expected = x.var() / (1 - skewness**2 / (excess + 2))
    assert found.asymptotic[0][0, 0] == pytest.approx(expected, rel=EXACT)


def clustered(seed: int) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(60), 8)
    shared = 0.6 * rng.normal(size=60)[cluster]
    y = shared[:, None] + 0.8 * rng.normal(size=(len(cluster), 3))
    return pd.DataFrame(np.digitize(y, [-0.8, 0.0, 0.7]), columns=list("abc")), cluster


def test_variances_of_clustered_answers_are_those_that_samples_show() -> None:
    claimed, found, naive = [], [], []
    for seed in range(200):
        frame, cluster = clustered(seed)
        run = statistics(frame, list("abc"), list("abc"), cluster=cluster)
        found.append(run.statistics[0])
        claimed.append(np.diag(run.asymptotic[0]) / run.n[0])
        naive.append(np.diag(statistics(frame, list("abc"), list("abc")).asymptotic[0]) / run.n[0])
    ratio = np.var(found, axis=0) / np.mean(claimed, axis=0)
    assert np.abs(ratio - 1).max() < 0.4  # Monte-Carlo error 10 %
    assert (np.var(found, axis=0) / np.mean(naive, axis=0))[:9].min() > 1.8  # thresholds


def test_clusters_of_one_are_no_clusters_and_copies_are_one() -> None:
    frame, items, ordered = drawn()
    n = len(frame)
    alone = statistics(frame, items, ordered)
    number = np.arange(n)
    assert_same(statistics(frame, items, ordered, cluster=number[::-1]), alone, n / (n - 1))
    copies = statistics(
        pd.concat([frame, frame]), items, ordered, cluster=np.concatenate([number, number])
    )
    assert_same(copies, alone, 2 * n / (n - 1))
    assert copies.crossing is None


def test_clusters_across_groups_make_groups_depend_on_each_other() -> None:
    frame, items, ordered = drawn()
    n = len(frame)
    both = pd.concat([frame.assign(g=0), frame.assign(g=1)[::-1]])
    number = np.arange(n)
    found = statistics(both, items, ordered, "g", cluster=np.concatenate([number, number[::-1]]))
    assert found.crossing is not None
    first, second = found.crossing.moved
    assert (found.crossing.number[0] == found.crossing.number[1]).all()
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-8)  # the same people: no difference
    np.testing.assert_allclose(found.n[0] * first.T @ first, found.asymptotic[0], rtol=1e-10)
    apart = statistics(both, items, ordered, "g", cluster=np.arange(2 * n))
    assert apart.crossing is None


def test_rows_are_taken_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, items, ordered = drawn()
    cluster = np.arange(len(frame)) // 7
    whole = statistics(frame, items, ordered), statistics(frame, items, ordered, cluster=cluster)
    monkeypatch.setattr(twostep, "ROWS", 50)
    monkeypatch.setattr("employer_identity.measurement.tabulated.ROWS", 50)
    assert_same(statistics(frame, items, ordered), whole[0])
    assert_same(statistics(frame, items, ordered, cluster=cluster), whole[1])


def random_tables(count: int) -> list[Array]:
    """Tables of two to seven categories, many with empty cells, some with stray answers."""
    rng = np.random.default_rng(0)
    found = []
    while len(found) < count:
        r, n = rng.uniform(-0.97, 0.97), int(rng.choice([20, 60, 300, 3000]))
        x = rng.normal(size=n)
        y = r * x + np.sqrt(1 - r * r) * rng.normal(size=n)
        cut = [np.digitize(v, np.sort(rng.normal(size=rng.integers(1, 7)))) for v in (x, y)]
        if rng.random() < 0.3:
            cut[1] = np.where(rng.random(n) < 0.02, rng.permutation(cut[1]), cut[1])
        a, b = (np.unique(c, return_inverse=True)[1] for c in cut)
        table = np.zeros((8, 8))
        np.add.at(table, (a, b), 1)
        adjusted = a.max() == b.max() == 1 and not table[:2, :2].all()
        if a.max() and b.max() and not adjusted:
            found.append(table)
    return found


def test_polychorics_are_where_the_likelihood_is_largest() -> None:
    tables = np.stack(random_tables(80))
    h, k = thresholds(tables.sum(axis=2)), thresholds(tables.sum(axis=1))
    found = polychorics(tables, h, k)
    grid = np.linspace(-0.9998, 0.9998, 201)
    inside = 0
    for n, *at, r in zip(tables, h, k, found, strict=True):

        def lost(x: float, n: Array = n, at: list[Array] = at) -> float:
            P = cells(*(t[None] for t in at), np.array([x])).probability[0]
            return -float((n[n > 0] * np.log(P[n > 0])).sum())

        best = int(np.argmin([lost(x) for x in grid]))
        if np.isnan(r):
            assert lost(grid[best]) > min(lost(0.9999), lost(-0.9999)) - 1e-6
            continue
        inside += 1
        ends = grid[max(best - 1, 0)], grid[min(best + 1, 200)]
        top = minimize_scalar(lost, bounds=ends, options={"xatol": 1e-10}).x
        assert r == pytest.approx(top, abs=2e-6)  # a search by values alone sees no more
    assert inside > 60


# --- What cannot be done


def faults(frame: pd.DataFrame, ordered: list[str], labels: tuple[str, ...] = ("",)) -> list[str]:
    """The sentences of what is refused."""
    items = [c for c in frame.columns if c != "g"]
    group = frame["g"].to_numpy(np.int64) if "g" in frame else np.zeros(len(frame), np.int64)
    found = ordered_moments(
        items, frame[items].to_numpy(float), group, np.isin(items, ordered), labels=labels
    )
    assert isinstance(found, tuple)
    for p in found:
        assert say(p.code, "nl", where=p.where, count=p.count, **p.values)
    return [f"{p.code} {p.where} {p.values['group']}".strip() for p in found]


def test_every_fault_names_item_and_group() -> None:
    frame, _, ordered = drawn(groups=2)
    south = frame["g"] == 1
    labels = ("north", "south")
    assert faults(frame.assign(o1=1), ordered, labels) == [
        "model.item_constant_in_group o1 north", "model.item_constant_in_group o1 south",
    ]  # fmt: skip
    flat = frame.assign(o1=frame["o1"].where(~south, 2), x=frame["x"].where(~south, 1.0))
    assert faults(flat, ordered, labels) == ["model.item_constant_in_group o1 and x south"]
    lacking = frame.assign(o3=frame["o3"].where(~south, frame["o3"].clip(2)))
    assert faults(lacking, ordered, labels) == ["ordered.category_empty_in_group o3 south"]
    nobody = frame.assign(o2=frame["o2"].where(~south), x=frame["x"].where(~south))
    assert faults(nobody, ordered, labels) == ["model.item_empty_in_group o2 and x south"]
    half = np.arange(len(frame)) % 4 > 1
    apart = frame.assign(o2=frame["o2"].where(half), o3=frame["o3"].where(~half))
    assert faults(apart, ordered, labels)[0] == "model.never_together_in_group o2~~o3 north"
    assert faults(frame.drop(columns="g").assign(o1=1), ordered) == ["model.item_constant o1"]


def test_perfect_correlations_are_refused() -> None:
    frame, _, ordered = drawn(groups=2)
    same = frame.assign(o3=np.where(frame["g"] == 1, frame["o2"] + frame["o3"] // 9, frame["o3"]))
    same["o3"] = same["o3"].clip(0, 4)
    assert faults(same, ordered, ("north", "south")) == ["ordered.perfect_in_group o2~~o3 south"]
    alone = frame.drop(columns="g")
    turned = alone.assign(o3=4 - alone["o2"], o1=alone["o0"])
    assert faults(turned, ordered) == ["ordered.perfect o0~~o1 and o2~~o3"]
    assert faults(alone.assign(z=3 * alone["x"] + 1), ordered) == ["ordered.perfect x~~z"]
