"""Figures: everything inside the sheet, nothing on top of another, alt texts with their numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from employer_identity import brand, figures, privacy
from employer_identity.cfa import cfa
from employer_identity.conclusions import conclusions
from employer_identity.drawing import STEPS, Scale, lines, on, picture, sheet
from employer_identity.errors import ComparisonError
from employer_identity.invariance import invariance
from employer_identity.ladder import Ladder
from employer_identity.language import LANGUAGES, Language, say
from employer_identity.latent import latent_means
from employer_identity.measurement.moments import Moments
from employer_identity.privacy import Shown
from employer_identity.questionnaire import Instrument
from employer_identity.rungs import spelled
from employer_identity.simulate import ItemShift, Truth, simulate_survey
from employer_identity.states import State, states
from employer_identity.suppression import decide, withhold_units
from employer_identity.survey import Survey
from tests import whom
from tests.drawn import foreign_numbers, outside, overlapping, texts

TRUTH = Truth(grouping="band", shares={"young": 0.5, "old": 0.5})


@pytest.fixture(scope="module")
def survey() -> Survey:
    found = simulate_survey(600, preset="idealised", seed=4, truth=TRUTH)
    names = [f"Zeer Lange Werkgeversnaam {n}" for n in "ABCDEF"]
    sectors = ["Gezondheidszorg en welzijn", "Onderwijs"]
    answers = found.answers.assign(
        employer=np.repeat([*names, "Klein", "Kleiner"], [100, 100, 100, 100, 100, 90, 8, 2]),
        sector=np.repeat(sectors, 300),
    )
    instrument = found.instrument.model_copy(update={"employer": "employer", "sector": "sector"})
    return replace(found, answers=answers, instrument=instrument)


def with_a_biased_item(survey: Survey) -> Survey:
    """The same survey, in which one item is lower among the young."""
    answers = survey.answers.copy()
    young = answers["band"] == "young"
    answers["adv2"] = answers["adv2"].where(~young, (answers["adv2"] - 1).clip(lower=1))
    return replace(survey, answers=answers)


def drawn(survey: Survey, language: str) -> dict[str, Shown]:
    own, words = survey.instrument, {"language": language}
    ladder = invariance(survey, group="band")
    units = withhold_units(brand.unit_levels(survey), decide(survey), own)
    means = latent_means(ladder)
    partial = invariance(with_a_biased_item(survey), group="band")
    shown = [
        *(figures.answers(survey, pillar, **words) for pillar in own.factors),
        figures.outcomes(survey, **words),
        *figures.loadings(ladder, own, **words),
        figures.levels(brand.levels(survey), own, **words),
        figures.associations(brand.associations(survey), own, **words),
        figures.path_diagram(cfa(survey), own, **words),
        figures.ladder(ladder, own, **words),
        figures.latent_means(means, own, "band", ladder["scalar"].n, **words),
        *figures.sensitivity(conclusions(partial), own, "band", partial.n, **words),
        *figures.units(units, own, **words),
    ]
    return {s.key: s for s in shown}


@pytest.fixture(scope="module", params=LANGUAGES)
def figure(request: pytest.FixtureRequest, survey: Survey) -> dict[str, Shown]:
    return drawn(survey, request.param)


def test_nothing_leaves_the_sheet(figure: dict[str, Shown]) -> None:
    assert {key: outside(s.content) for key, s in figure.items() if outside(s.content)} == {}


def test_no_text_lies_on_another(figure: dict[str, Shown]) -> None:
    upright = {k: s for k, s in figure.items() if not k.startswith("units")}  # its heads slant
    found = {key: overlapping(s.content) for key, s in upright.items()}
    assert {key: pairs for key, pairs in found.items() if pairs} == {}


def test_alt_texts_tell_the_numbers(figure: dict[str, Shown]) -> None:
    for shown in figure.values():
        assert re.search(r"\d[.,]\d", shown.alt), shown.key
        assert shown.caption
        assert min(shown.persons, default=privacy.MINIMUM) >= privacy.MINIMUM
        assert shown.facts


def test_no_figure_writes_the_other_languages_numbers(figure: dict[str, Shown]) -> None:
    language = "en" if "The outcomes" in figure["outcomes"].caption else "nl"
    for shown in figure.values():
        words = " ".join([*texts(shown.content), shown.caption, shown.alt])
        assert foreign_numbers(words, language) == [], shown.key


@pytest.mark.parametrize("groups", [2, 4, 6])
def test_loadings_of_few_and_many_groups_are_readable(groups: int) -> None:
    names = [f"an arduously named group {k}" for k in range(groups)]
    truth = Truth(grouping="band", shares=dict.fromkeys(names, 1 / groups))
    survey = simulate_survey(150 * groups, preset="idealised", seed=7, truth=truth)
    ladder = invariance(survey, group="band")
    shown_all = figures.loadings(ladder, survey.instrument)
    for shown in shown_all:
        assert outside(shown.content) == []
        assert overlapping(shown.content) == []
        assert shown.content.get_size_inches()[1] < 8.5
        assert set(whom.names(shown)) == set(names)
    written = {w for shown in shown_all for text in texts(shown.content) for w in text.split()}
    labels = [survey.instrument.label(i) for i in survey.item_names]
    assert {w for label in labels for w in label.split()} <= written  # no label is cut


def test_loadings_mark_what_was_set_aside() -> None:
    shift = ItemShift("old", "imp1", loading=-0.4)
    shares = {"young": 0.4, "middle": 0.3, "old": 0.3}
    truth = Truth(grouping="band", shares=shares, shifts=(shift,))
    survey = simulate_survey(2500, preset="idealised", seed=9, truth=truth)
    ladder = invariance(survey, group="band")
    assert ladder.released == ("impresarioship=~imp1@old", "imp1~1@old")
    (shown,) = figures.loadings(ladder, survey.instrument)
    marks = [line.get_marker() for line in shown.content.axes[0].lines]
    rings = [x for x in shown.content.axes[0].lines if x.get_markerfacecolor() == "none"]
    assert marks.count(">") == 2  # in the key, and at the item
    assert len(rings) == 2  # in the key, and at the one group
    own = ladder.loadings.query("item == 'imp1'").set_index("group")["est"]
    told = shown.alt[shown.alt.index(survey.instrument.label("imp1")) :]
    assert f"from {own['old']:.2f} (old)" in told
    assert "the equal loading for old included" in told
    assert figures.loadings(ladder, survey.instrument, minimum=10**6) == ()


def test_intervals_are_drawn_from_end_to_end() -> None:
    _, axes = sheet(1.0)
    Scale(axes, (0.0, 10.0), (1.0, 3.0)).interval(0.5, 5.0, 4.0, 7.0)
    bar, point = axes.lines
    assert list(bar.get_xdata()) == pytest.approx([1.8, 2.4])
    assert list(point.get_xdata()) == pytest.approx([2.0])


def test_ends_of_the_scale_without_words_are_not_written_twice(survey: Survey) -> None:
    bare = survey.instrument.scale.model_copy(update={"low": {}, "high": {}})
    plain = replace(survey, instrument=survey.instrument.model_copy(update={"scale": bare}))
    for told, times in ((survey, 2), (plain, 1)):
        shown = figures.answers(told, "advancement")
        written = [t.get_text() for t in shown.content.axes[0].texts]
        ends = [w for w in written if w.split(" ")[0] == str(bare.maximum)]
        assert len(ends) == times


def test_no_distribution_of_few_answers(survey: Survey) -> None:
    few = survey.answers.copy()
    few.loc[9:, "adv2"] = np.nan
    shown = figures.answers(replace(survey, answers=few), "advancement")
    assert "adv2" not in whom.measures(shown)
    assert "fewer than 10" in shown.alt
    bars = 7 * (len(survey.instrument.factors["advancement"]) - 1)
    assert len(shown.content.axes[0].patches) == bars + 7
    few.loc[9, "adv2"] = 3.0
    shown = figures.answers(replace(survey, answers=few), "advancement")
    assert "adv2" in whom.measures(shown)


def test_a_question_whose_answers_were_turned_says_so(survey: Survey) -> None:
    items = [i.model_copy(update={"reverse": i.name == "adv2"}) for i in survey.instrument.items]
    instrument = survey.instrument.model_copy(update={"items": tuple(items)})
    turned = replace(survey, instrument=instrument)
    for language, mark in {
        "en": " (answers turned round)",
        "nl": " (antwoorden omgedraaid)",
    }.items():
        shown = figures.answers(turned, "advancement", language=language)
        label = survey.instrument.label("adv2", language)
        assert shown.alt.count(mark) == 1
        assert f"{label}{mark}" in shown.alt
        drawn = " ".join(text.get_text() for text in shown.content.axes[0].texts)
        assert mark.strip() in drawn.replace("\n", " ")


def test_bars_tell_both_ends_and_who_did_not_answer(survey: Survey) -> None:
    answers = survey.answers.assign(adv2=survey.answers["adv2"].where(survey.answers.index % 4 > 0))
    shown = figures.answers(replace(survey, answers=answers), "advancement")
    x = answers["adv2"]
    high, low = ((x.dropna() >= 6).mean(), (x.dropna() <= 2).mean())
    assert f"{high:.0%} answered 6" in shown.alt
    assert f"{low:.0%} answered 1" in shown.alt
    assert "no answer 25%" in shown.alt
    assert any(name.startswith("25%") for name in texts(shown.content))


def test_numbers_follow_the_language(survey: Survey) -> None:
    level = brand.levels(survey)
    english, dutch = (figures.levels(level, survey.instrument, language=x) for x in LANGUAGES)
    mean = f"{level['mean'].iloc[0]:.2f}"
    assert mean in english.alt
    assert mean.replace(".", ",") in dutch.alt


def test_stacked_bars_are_sorted_and_complete(survey: Survey) -> None:
    shown = figures.answers(survey, "impresarioship")
    items = survey.instrument.factors["impresarioship"]
    order = survey.answers[list(items)].mean().sort_values(ascending=False).index
    labels = [survey.instrument.label(i) for i in order]
    places = [shown.alt.index(label) for label in labels]
    assert places == sorted(places)
    scale = 7
    assert len(shown.content.axes[0].patches) == scale * (len(items) + 1)


def test_hidden_units_have_no_numbers(figure: dict[str, Shown]) -> None:
    counts = whom.counts(figure["units_1"])
    assert not any("Klein" in key for key in counts)
    assert any("Klein" in key for key in whom.names(figure["units_1"]))
    written = texts(figure["units_1"].content)
    assert sum(name.startswith(("not shown", "niet getoond")) for name in written) == 2


def test_the_first_rung_stands_at_the_bottom(figure: dict[str, Shown]) -> None:
    places = texts(figure["ladder"].content)
    bottom = min(places, key=lambda name: places[name].y0)
    assert bottom.startswith("CFI")


def ladder_drawn(ladder: Ladder, survey: Survey, language: Language) -> tuple[Shown, list[str]]:
    """Return the figure of a ladder, and the states that its alt text tells, from the bottom."""
    shown = figures.ladder(ladder, survey.instrument, language=language)
    assert outside(shown.content) == overlapping(shown.content) == []
    return shown, re.findall(r": ([^:]+?) \((?!\d+ )", shown.alt)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ladder_always_has_four_rungs_told_apart_without_colour(
    survey: Survey, language: Language
) -> None:
    shifts = (ItemShift("old", "imp1", loading=-0.4), ItemShift("old", "adv2", intercept=0.6))
    truth = Truth(grouping="band", shares={"young": 0.5, "old": 0.5}, shifts=shifts)
    planted = simulate_survey(1500, preset="idealised", seed=9, truth=truth)
    part = invariance(planted, group="band")
    stopped = invariance(planted, group="band", on_reject="stop")
    items = list(survey.item_names)
    groups = {
        g: Moments.published(items, n=len(rows), covariance=rows[items].cov().to_numpy())
        for g, rows in survey.answers.groupby("band", observed=True)
    }
    model = "\n".join(f"{f} =~ {' + '.join(i)}" for f, i in survey.instrument.factors.items())
    bare = invariance(Moments.of_groups(groups), model, group="band")
    words = {state: say(f"figures.ladder.{state}", language) for state in get_args(State)}
    found = {
        "clean": (invariance(survey, group="band"), ["held"] * 4),
        "part": (part, ["held", "in_part", "in_part", "in_part"]),
        "stopped": (stopped, ["held", "rejected", "out_of_reach", "out_of_reach"]),
        "bare": (bare, ["held", "held", "untestable", "untestable"]),
    }
    for ladder, expected in found.values():
        assert list(states(ladder).values()) == expected
        shown, told = ladder_drawn(ladder, survey, language)
        assert [t.partition(" (")[0] for t in told] == [words[state] for state in expected]
        frames = [p for p in shown.content.axes[0].patches if p.get_facecolor()[3] == 0]
        assert len(frames) == 4  # the outlines of the rungs
    aside = [len(spelled(part.set_aside(level))) for level in part.levels]
    alt = figures.ladder(part, survey.instrument, language=language).alt
    assert [int(n) for n in re.findall(r"\((\d+) [a-z]", alt)] == aside[1:]
    outlines = {}
    for ladder, expected in found.values():
        patches = figures.ladder(ladder, survey.instrument).content.axes[0].patches
        frames = [p for p in patches if p.get_facecolor()[3] == 0]
        lines = [str(p.get_linestyle()) for p in frames]
        outlines |= dict(zip(reversed(expected), lines, strict=True))
    assert len({outlines[s] for s in ("held", "out_of_reach", "untestable")}) == 3


@pytest.mark.parametrize("factors", [2, 5, 8])
def test_a_path_diagram_of_any_size_is_readable(factors: int) -> None:
    keys = [f"factor{i}" for i in range(factors)]
    rng = np.random.default_rng(8)
    shared, columns = rng.normal(size=500), {}
    for key in keys:
        own = 0.7 * shared + rng.normal(size=500)
        columns |= {f"{key}_{j}": own + rng.normal(size=500) for j in range(5)}
    model = "\n".join(f"{k} =~ {' + '.join(f'{k}_{j}' for j in range(5))}" for k in keys)
    instrument = Instrument.model_validate(
        {
            "name": "many",
            "title": {"en": "Many"},
            "scale": {"minimum": 1, "maximum": 7},
            "pillar": [{"key": k, "label": {"en": f"An arduously named {k}"}} for k in keys],
            "item": [{"name": c, "pillar": c.rpartition("_")[0]} for c in columns],
        }
    )
    shown = figures.path_diagram(cfa(pd.DataFrame(columns), model), instrument)
    assert outside(shown.content) == []
    assert overlapping(shown.content) == []
    assert shown.content.get_size_inches()[1] < 10  # a page


def test_the_same_figure_is_the_same_bytes(survey: Survey) -> None:
    make: Callable[[], Shown] = lambda: figures.levels(brand.levels(survey), survey.instrument)  # noqa: E731
    for kind in ("svg", "png"):
        assert picture(make().content, kind) == picture(make().content, kind)


def test_steps_darken_all_the_way_and_can_be_read() -> None:
    grey = [np.dot(STEPS(x)[:3], [0.299, 0.587, 0.114]) for x in np.linspace(0, 1, 50)]
    assert (np.diff(grey) < 0).all()
    assert on(STEPS(0.0)) != on(STEPS(1.0))


def test_words_that_are_too_long_are_cut() -> None:
    assert lines("vertegenwoordigen", 0.6)[0].endswith("-")
    assert "".join(lines("vertegenwoordigen", 0.6)).replace("-", "") == "vertegenwoordigen"


def test_the_sensitivity_figure_tells_its_own_numbers(survey: Survey) -> None:
    ladder = invariance(with_a_biased_item(survey), group="band")
    assert ladder.released == ("adv2~1",)
    frame = conclusions(ladder)
    (shown,) = figures.sensitivity(frame, survey.instrument, "band", ladder.n)
    assert shown.key == "sensitivity"
    told = [f"{est:+.2f}" for est in frame["est"]]
    assert re.findall(r"[+-]\d\.\d\d", shown.alt) == told
    drawn = [t.get_text() for t in shown.content.axes[0].texts]
    assert [t for t in drawn if re.fullmatch(r"[+-]\d\.\d\d", t)] == told
    assert "but with “Bridges" in " ".join(drawn)
    marks = {line.get_marker() for line in shown.content.axes[0].lines} - {"None"}
    assert len(marks) == frame["model"].nunique() == 4  # without colour, too


def many_groups(groups: int) -> pd.DataFrame:
    factors = ["prototypicality", "advancement", "entrepreneurship", "impresarioship"]
    rows = [
        (f, f"g{g}", model, 0.1, 0.05, 0.0, 0.2)
        for f in factors for g in range(1, groups) for model in ("observed", "full")
    ]  # fmt: skip
    return pd.DataFrame(
        rows, columns=["factor", "group", "model", "est", "se", "ci_lower", "ci_upper"]
    )


def test_a_long_sensitivity_figure_is_divided_and_loses_nothing(survey: Survey) -> None:
    frame, n = many_groups(20), {f"g{g}": 100 for g in range(20)}
    shown = figures.sensitivity(frame, survey.instrument, "band", n)
    assert len(shown) > 1
    assert all(s.content.get_size_inches()[1] <= 7.8 for s in shown)
    assert sum(s.alt.count("+0.10") for s in shown) == len(frame)
    assert f"part 2 of {len(shown)}" in shown[1].caption


def test_small_groups_are_in_no_comparison(survey: Survey) -> None:
    frame, n = many_groups(4), {"g0": 100, "g1": 4, "g2": 30, "g3": 12}
    (shown,) = figures.sensitivity(frame, survey.instrument, "band", n)
    assert set(whom.names(shown)) == {"g0", "g2", "g3"}
    assert "g1" not in shown.alt
    (shown,) = figures.sensitivity(frame, survey.instrument, "band", n, minimum=20)
    assert set(whom.names(shown)) == {"g0", "g2"}
    for counts in (n | {"g0": 4}, {"g0": 100, "g1": 4, "g2": 4, "g3": 4}):
        with pytest.raises(ComparisonError) as caught:
            figures.sensitivity(frame, survey.instrument, "band", counts)
        assert [p.code for p in caught.value.problems] == ["invariance.too_few_to_show"]
    means = frame[frame["model"] == "full"].assign(d=0.1)
    first = means.drop_duplicates("factor").assign(group="g0", est=0.0, se=0.0, d=0.0)
    means = pd.concat([first, means]).sort_values("factor", kind="stable")
    shown = figures.latent_means(means, survey.instrument, "band", n)
    assert set(whom.names(shown)) == {"g0", "g2", "g3"}
    assert "g1" not in shown.alt


def test_an_overridden_refusal_is_told_under_the_figure(survey: Survey) -> None:
    ladder = invariance(survey, group="band")
    means = latent_means(ladder).assign(despite="An exercise.")
    shown = figures.latent_means(means, survey.instrument, "band", ladder.n)
    for text in (shown.caption, shown.alt):
        assert text.endswith("may not be compared, for this reason: An exercise.")
