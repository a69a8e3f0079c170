"""Laws that every fit must obey, whatever the model and the answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import employer_identity as ei
from employer_identity.errors import ConvergenceError

CHISQ_RTOL = 1e-6  # two searches, each to a billionth of a standard error; seen: 2e-8
LAW = settings(max_examples=12, deadline=None, derandomize=True)


@dataclass(frozen=True)
class Study:
    """Answers to two or three factors of three or four items, in two or three groups."""

    seed: int
    items: tuple[int, ...]
    groups: int
    noise: float
    holes: float
    cross: bool

    @cached_property
    def names(self) -> list[list[str]]:
        return [[f"f{f}i{i}" for i in range(n)] for f, n in enumerate(self.items)]

    @cached_property
    def model(self) -> str:
        lines = [f"f{f} =~ {' + '.join(names)}" for f, names in enumerate(self.names)]
        if self.cross:
            lines.append(f"{self.names[0][1]} ~~ {self.names[1][1]}")
        return "\n".join(lines)

    @cached_property
    def answers(self) -> pd.DataFrame:
        rng = np.random.default_rng(self.seed)
        n, k = 150 * self.groups, len(self.items)
        group = np.arange(n) % self.groups
        spread = 0.4 * np.ones((k, k)) + 0.6 * np.eye(k)
        factors = rng.multivariate_normal(np.zeros(k), spread, n) + 0.3 * group[:, None]
        columns = {}
        for f, names in enumerate(self.names):
            for name in names:
                loading = rng.uniform(0.5, 1.2)
                error = self.noise * rng.standard_normal(n)
                columns[name] = 3 + loading * factors[:, f] + error
        frame = pd.DataFrame(columns)
        frame = frame.mask(rng.random(frame.shape) < self.holes)
        return frame.assign(g=np.array(list("abc"))[group], w=rng.uniform(0.5, 2, n))

    @property
    def columns(self) -> list[str]:
        return [name for names in self.names for name in names]


STUDIES = st.builds(
    Study, seed=st.integers(0, 10**6),
    items=st.lists(st.integers(3, 4), min_size=2, max_size=3).map(tuple),
    groups=st.integers(2, 3), noise=st.floats(0.4, 1.0), holes=st.sampled_from([0.0, 0.08]),
    cross=st.booleans(),
)  # fmt: skip
EQUAL = st.sampled_from([(), ("loadings",), ("loadings", "intercepts")])


def fitted(study: Study, answers: pd.DataFrame | None = None, **options: Any) -> ei.Fit:
    """Fit; a study that has no minimum is no study of a law, but it has said so by name."""
    try:
        return ei.cfa(study.answers if answers is None else answers, study.model, **options)
    except ConvergenceError:
        assume(False)
        raise


def chisq(fit: ei.Fit, measure: str = "chisq") -> Any:
    return pytest.approx(fit.fit_measures[measure], rel=CHISQ_RTOL, abs=1e-6)


@LAW
@given(STUDIES, EQUAL)
def test_equalities_never_fit_better(study: Study, equal: tuple[str, ...]) -> None:
    free = fitted(study, group="g", std_lv=True)
    tied = fitted(study, group="g", std_lv=True, equal=equal)
    assert tied.fit_measures["chisq"] >= free.fit_measures["chisq"] - 1e-6
    assert tied.fit_measures["df"] >= free.fit_measures["df"]
    assert 0 <= tied.fit_measures["cfi"] <= 1
    low, at, high = tied.fit_measures[["rmsea.ci.lower", "rmsea", "rmsea.ci.upper"]]
    assert 0 <= low <= at <= high


@LAW
@given(STUDIES, EQUAL)
def test_units_and_origins_do_not_matter(study: Study, equal: tuple[str, ...]) -> None:
    """Of loadings that are free of each other within a factor, and equal over groups."""
    factor = 10.0 ** np.random.default_rng(study.seed).integers(-3, 4, len(study.columns))
    answers = study.answers.copy()
    answers[study.columns] = answers[study.columns] * factor + 17 * factor
    one = fitted(study, group="g", equal=equal)
    other = fitted(study, answers, group="g", equal=equal)
    for measure in ("chisq", "chisq.scaled", "srmr", "cfi.robust"):
        assert other.fit_measures[measure] == chisq(one, measure)


@LAW
@given(STUDIES, EQUAL, st.sampled_from("abc"))
def test_the_reference_group_does_not_matter(
    study: Study, equal: tuple[str, ...], reference: str
) -> None:
    assume(reference in set(study.answers["g"]))
    one = fitted(study, group="g", std_lv=True, equal=equal)
    other = fitted(study, group="g", std_lv=True, equal=equal, reference=reference)
    assert other.fit_measures["chisq"] == chisq(one)
    assert other.fit_measures["chisq.scaled"] == chisq(one, "chisq.scaled")


@LAW
@given(STUDIES, EQUAL)
def test_how_a_factor_gets_its_unit_does_not_matter(study: Study, equal: tuple[str, ...]) -> None:
    one = fitted(study, group="g", equal=equal)
    other = fitted(study, group="g", equal=equal, std_lv=True)
    assert other.fit_measures["chisq"] == chisq(one)
    assert other.fit_measures["df"] == one.fit_measures["df"]


@LAW
@given(STUDIES)
def test_who_answered_nothing_and_where_rows_stand_do_not_matter(study: Study) -> None:
    silent = study.answers.iloc[:9].copy()
    silent[study.columns] = np.nan
    more = pd.concat([study.answers, silent]).sample(frac=1, random_state=study.seed)
    one = fitted(study, group="g", reference="a")
    other = fitted(study, more, group="g", reference="a")
    assert other.fit_measures["chisq"] == chisq(one)
    assert other.n == one.n


@LAW
@given(STUDIES)
def test_a_weight_of_two_is_a_row_twice(study: Study) -> None:
    twice = np.random.default_rng(study.seed).integers(1, 3, len(study.answers))
    weighed = fitted(study, study.answers.assign(w=twice), weights="w")
    repeated = fitted(study, study.answers.loc[study.answers.index.repeat(twice)])
    ours, theirs = (f.estimates.set_index(["lhs", "op", "rhs"])["est"] for f in (weighed, repeated))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@LAW
@given(STUDIES)
def test_moments_say_what_complete_rows_say(study: Study) -> None:
    whole = study.answers.dropna()
    rows = fitted(study, whole, estimator="ML", missing="listwise")
    items = whole[study.columns]
    table = ei.Moments.published(
        study.columns,
        n=len(items),
        covariance=items.cov().to_numpy(),
        means=items.mean().to_numpy(),
    )
    sums = ei.cfa(table, study.model)
    for measure in ("chisq", "cfi", "rmsea", "srmr", "bic"):
        assert sums.fit_measures[measure] == chisq(rows, measure)
    np.testing.assert_allclose(sums.estimates["se"], rows.estimates["se"], rtol=1e-6)


@LAW
@given(STUDIES, EQUAL)
def test_a_released_cell_is_what_its_score_test_foresees(
    study: Study, equal: tuple[str, ...]
) -> None:
    """A score test is near the fall of chi-square when its cell is freed, where both are small."""
    assume(equal and not study.holes)
    tied = fitted(study, group="g", std_lv=True, equal=equal, estimator="ML")
    first = tied.score_tests().iloc[-1]  # the smallest
    cell = f"{first['lhs']}{first['op']}{first['rhs']}@{first['group']}"
    freed = fitted(study, group="g", std_lv=True, equal=equal, free=[cell], estimator="ML")
    fall = tied.fit_measures["chisq"] - freed.fit_measures["chisq"]
    assert fall == pytest.approx(first["x2"], rel=0.2, abs=0.02)


@LAW
@given(STUDIES)
def test_unused_answers_do_not_matter(study: Study) -> None:
    others = study.answers.assign(other=np.nan, text="=cmd()", far=1e300)
    one, other = fitted(study), fitted(study, others)
    pd.testing.assert_frame_equal(one.estimates, other.estimates)
