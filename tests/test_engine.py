"""Laws of the engine: derivatives, closed forms, what may not matter."""

import numpy as np
import pytest

import employer_identity as ei
from employer_identity.measurement.implied import imply
from employer_identity.measurement.layout import lay_out
from employer_identity.measurement.likelihood import curvature
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.scoring import Status, minimise
from employer_identity.measurement.starts import starting_values, with_sample_values
from employer_identity.measurement.syntax import parse
from employer_identity.measurement.table import complete
from tests.examples import FOUR, ITEMS, answers, two_groups

# finite differences lose half the digits
DIFFERENCE = 1e-6
# only rounding may differ
ROUNDING = 1e-8

STRUCTURAL = """
f =~ x1 + x2 + x3
g =~ y1 + a*y2 + a*y3
g ~ f + z
x1 ~~ y1
y2 ~ z
"""
SECOND_ORDER = "f =~ x1 + x2 + x3\ng =~ y1 + y2 + y3\nh =~ f + g + z"
NAMES = ("x1", "x2", "x3", "y1", "y2", "y3", "z")


def case(model, groups=2, **options):
    """A layout, moments of random answers, and a point away from the start."""
    rng = np.random.default_rng(5)
    table = complete(parse(model), groups, **options)
    names = table.roles.observed
    data = rng.normal(size=(200 * groups, len(names))) @ rng.normal(size=(len(names),) * 2)
    moments = Moments.of(names, data + 3.0, np.repeat(np.arange(groups), 200))
    layout = with_sample_values(lay_out(table), table, moments)
    theta = starting_values(table, layout, moments)
    return layout, moments, theta * rng.uniform(0.9, 1.1, len(theta))


@pytest.mark.parametrize("model", [STRUCTURAL, SECOND_ORDER, FOUR])
@pytest.mark.parametrize("equal", [(), ("loadings", "intercepts")])
def test_score_equals_finite_differences(model, equal):
    layout, moments, theta = case(model, equal=equal)
    _, here = curvature(moments, layout, theta)
    step = 1e-6
    numeric = np.array(
        [
            -0.25
            * (curvature(moments, layout, theta + e)[0] - curvature(moments, layout, theta - e)[0])
            / step
            for e in np.eye(len(theta)) * step
        ]
    )
    assert np.abs(here.gradient - numeric).max() < DIFFERENCE * np.abs(numeric).max() * 10


@pytest.mark.parametrize("model", [STRUCTURAL, SECOND_ORDER])
def test_information_is_the_hessian_where_the_model_is_true(model):
    layout, moments, theta = case(model)
    implied = imply(layout, theta)
    true = Moments(moments.names, moments.n, implied.mu, implied.Sigma)
    information = curvature(true, layout, theta)[1].tied.dense
    step = 1e-5
    numeric = np.array(
        [
            (curvature(true, layout, theta - e)[1].gradient
             - curvature(true, layout, theta + e)[1].gradient) / (2 * step)
            for e in np.eye(len(theta)) * step
        ]
    )  # fmt: skip
    assert np.abs(information - numeric).max() < 1e-5 * np.abs(information).max()


def test_one_factor_of_three_items_has_a_closed_form():
    frame = answers(300, 3)[["pro1", "pro2", "pro3"]]
    fit = ei.cfa(frame, "f =~ pro1 + pro2 + pro3", std_lv=True)
    s = np.cov(frame.to_numpy().T, bias=True)
    expected = np.sqrt(s[0, 1] * s[0, 2] / s[1, 2])
    assert fit.estimates["est"][0] == pytest.approx(expected, rel=ROUNDING)
    assert fit.df == 0
    assert fit.chisq == pytest.approx(0, abs=1e-8)
    assert fit.fit_measures["cfi"] == 1.0
    assert fit.fit_measures["rmsea"] == 0.0


def test_moments_of_parts_add_up():
    data = answers(400, 8).to_numpy()
    codes = np.tile([0, 1], 200)
    whole = Moments.of(ITEMS, data, codes)
    parts = Moments.of(ITEMS, data[:100], codes[:100]) + Moments.of(ITEMS, data[100:], codes[100:])
    assert np.allclose(parts.mean, whole.mean, rtol=1e-12)
    assert np.allclose(parts.covariance, whole.covariance, rtol=1e-10, atol=1e-12)


def test_a_published_matrix_gives_the_answers_fit():
    frame = answers(300, 4)
    moments = Moments.published(n=len(frame), covariance=frame.cov(), means=frame.mean())
    ours, theirs = ei.cfa(moments, FOUR), ei.cfa(frame, FOUR)
    assert np.allclose(ours.estimates["est"], theirs.estimates["est"], atol=ROUNDING)
    assert ours.chisq == pytest.approx(theirs.chisq, rel=ROUNDING)


def test_units_do_not_matter():
    frame = two_groups()
    scaled = frame.copy()
    scaled["adv2"] = 100 * scaled["adv2"] - 7
    a, b = (
        ei.cfa(d, FOUR, group="band", equal=("loadings", "intercepts")) for d in (frame, scaled)
    )
    assert b.chisq == pytest.approx(a.chisq, rel=ROUNDING)
    assert np.allclose(a.estimates["std_all"][a.estimates["op"] == "=~"],
                       b.estimates["std_all"][b.estimates["op"] == "=~"], atol=1e-7)  # fmt: skip


def test_order_of_items_groups_and_rows_does_not_matter():
    frame = two_groups()
    turned = "\n".join(reversed(FOUR.splitlines()))
    a = ei.invariance(frame, FOUR, group="band")
    b = ei.invariance(frame.iloc[::-1], turned, group="band", reference="young")
    assert np.allclose(a.table["chisq"], b.table["chisq"], rtol=ROUNDING)
    assert np.allclose(a.table["srmr"], b.table["srmr"], rtol=1e-6)
    assert b.groups == ("young", "old")


def test_identification_does_not_matter():
    frame = two_groups(mean=0.4)
    equal = ("loadings", "intercepts")
    marker = ei.cfa(frame, FOUR, group="band", equal=equal)
    unit = ei.cfa(frame, FOUR, group="band", equal=equal, std_lv=True)
    assert marker.df == unit.df
    assert marker.chisq == pytest.approx(unit.chisq, rel=ROUNDING)


def test_rungs_nest_and_count():
    table = ei.invariance(two_groups(), FOUR, group="band").table
    assert list(table["df"]) == [196, 208, 220, 236]
    assert (table["d_chisq"].dropna() >= 0).all()


@pytest.mark.parametrize(
    ("text", "df"),
    [
        (FOUR, 98),
        ("g =~ " + " + ".join(ITEMS), 104),
        (FOUR + "\ng =~ pro + adv + ent + imp", 100),
    ],
)
def test_degrees_of_freedom_of_the_handbook(text, df):
    assert ei.cfa(answers(400, 2), text).df == df


def test_how_a_search_ends_is_a_value():
    layout, moments, theta = case(FOUR)
    impossible = -np.abs(theta)
    solution = minimise(lambda t: curvature(moments, layout, t), impossible)
    assert solution.status is Status.NO_START
    assert not np.isfinite(solution.objective)
