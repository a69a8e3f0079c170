"""Charts of the public and of employers: ranges for ranks, nothing small, room for many names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import employer_identity as ei
from employer_identity import figures
from employer_identity.attractiveness import Attractiveness, attractiveness
from employer_identity.drawing import sheet
from employer_identity.drivers import Drivers
from employer_identity.errors import ComparisonError
from employer_identity.language import LANGUAGES
from employer_identity.plane import Box, Plane
from employer_identity.privacy import DISTRIBUTION, Shown
from employer_identity.public_words import ranks
from employer_identity.questionnaire import Instrument
from employer_identity.suppression import Suppression, withhold_shares, withhold_shrunken
from tests import whom
from tests.drawn import foreign_numbers, outside, overlapping, texts

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
PAGE = 8.5  # inches that a figure may be high


@pytest.fixture(scope="module")
def panel() -> ei.Panel:
    names = ("public.csv", "public_people.csv")
    return ei.load_panel(*(SAMPLE / n for n in names), instrument=SAMPLE / "instrument.toml")


@pytest.fixture(scope="module")
def employers(panel: ei.Panel) -> Attractiveness:
    return attractiveness(panel, draws=500)


@pytest.fixture(scope="module")
def drivers(panel: ei.Panel) -> Drivers:
    return ei.drivers(panel, draws=500)


def scores(n: int, instrument: Instrument, sectors: int = 2) -> pd.DataFrame:
    """Scores of employers as `shrunken_scores` returns them; the first of them stands far out."""
    rng = np.random.default_rng(3)
    size = rng.integers(8, 300, n)
    mean = 5.0 + rng.normal(0, 1.2 / np.sqrt(size))
    mean[0] = 6.5
    frame = pd.DataFrame(
        {
            "sector": [f"s{k % sectors}" for k in range(n)],
            "employer": [f"Werkgever nummer {k}" for k in range(n)],
            "n": size,
            "n_eff": size.astype(float),
            "mean": mean,
            "score": 5 + (mean - 5) / 2,
            "ci_lower": mean - 0.3,
            "ci_upper": mean + 0.3,
            "sector_mean": 5.0,
            "weight": 0.5,
            "sd_people": 1.2,
            "sd_employers": 0.3,
        }
    )
    return pd.concat([frame.assign(pillar=p) for p in list(instrument.factors)[:2]])


def waves(instrument: Instrument) -> pd.DataFrame:
    """Four pillars: one rose, one may be chance, one is not comparable, one is new."""
    rows = [
        (5.1, 4.9, 0.2, 0.1, 0.3, True),
        (4.9, 4.88, 0.02, -0.05, 0.09, True),
        (4.4, 4.0, 0.4, 0.3, 0.5, False),
        (5.2, np.nan, np.nan, np.nan, np.nan, False),
    ]
    columns = ["mean", "before", "change", "change_lower", "change_upper", "comparable"]
    frame = pd.DataFrame(rows, columns=columns, index=list(instrument.factors))
    frame["ci_lower"], frame["ci_upper"] = frame["mean"] - 0.04, frame["mean"] + 0.04
    frame["n"], frame["before_n"] = 4000, [3000.0, 3000.0, 3000.0, 0.0]
    frame["before_wave"] = "2025"
    return frame.rename_axis("pillar").reset_index()


def drawn(
    panel: ei.Panel, employers: Attractiveness, drivers: Drivers, language: Any
) -> list[Shown]:
    own, words, by = panel.instrument, {"language": language}, "generation"
    return [
        figures.ranking(employers, own, **words),
        figures.market(employers, own, **words),
        figures.gaps(drivers, own, **words),
        figures.priorities(drivers, own, **words),
        figures.derived(ei.derived_importance(panel, resamples=40), own, **words),
        *figures.switching(ei.switching(panel, by), own, by, **words),
        *figures.belonging(ei.belonging(panel, by), own, by, **words),
        *figures.belonging(ei.belonging(panel), own, **words),
        figures.reasons(ei.reasons(panel), own, **words),
        *figures.funnel(scores(60, own), own, named=True, **words),
        figures.trend(waves(own), own, **words),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chart_can_be_read(panel, employers, drivers, language) -> None:
    for shown in drawn(panel, employers, drivers, language):
        assert outside(shown.content) == [], shown.key
        assert overlapping(shown.content) == [], shown.key
        assert shown.content.get_size_inches()[1] < PAGE
        assert min(t.get_fontsize() for a in shown.content.axes for t in a.texts) >= 9
        words = " ".join([*texts(shown.content), shown.caption, shown.alt])
        assert foreign_numbers(words, language) == [], shown.key
        assert re.search(r"\d", shown.alt), shown.key
        assert min(shown.persons, default=8) >= min(DISTRIBUTION, 8)
        assert shown.facts


# --- Ranking


def written(shown: Shown) -> list[str]:
    return [t.get_text() for axes in shown.content.axes for t in axes.texts]


def many(count: int, *, bands: bool) -> Attractiveness:
    """Employers with long names, each a band of its own or all one band."""
    rng = np.random.default_rng(1)
    share = np.sort(rng.normal(0.45, 0.07, count))[::-1]
    rank = np.arange(count) + 1
    names = [f"Stichting Samenwerkende Ziekenhuizen Noordoost {k}" for k in range(count)]
    ranking = pd.DataFrame(
        {
            "employer": names, "known": 300, "relative": share, "pooled": share,
            "pooled_lower": share - 0.02, "pooled_upper": share + 0.02, "rank": rank,
            "rank_lower": rank, "rank_upper": np.minimum(rank + (not bands), count),
            "band": rank if bands else 1,
        }
    )  # fmt: skip
    known = rng.normal(0.5, 0.12, count).clip(0.1, 0.95)
    table = pd.DataFrame({"employer": names, "shown": 600, "known": 300, "eligible": True})
    for name, value in (("awareness", known), ("relative", share), ("absolute", known * share)):
        ends = {name: value, f"{name}_lower": value - 0.03, f"{name}_upper": value + 0.03}
        table = table.assign(**ends)
    return Attractiveness(table, ranking, 100, 0.1)


def test_a_rank_is_always_a_range(panel, employers) -> None:
    shown = figures.ranking(employers, panel.instrument)
    found = [t for t in written(shown) if re.fullmatch(r"\d+\N{EN DASH}\d+", t)]
    assert found == [ranks(r) for r in employers.ranking.head(20).to_dict("records")]
    assert not [t for t in written(shown) if re.fullmatch(r"\d+", t)]
    assert "no random part of the public" in shown.caption


def test_the_rest_of_a_ranking_is_told(panel, employers) -> None:
    shown = figures.ranking(employers, panel.instrument)
    rest = employers.ranking.iloc[20:]
    told = f"the other {len(rest)} employers, with ranks between {rest['rank_lower'].min()} and"
    assert told in shown.caption
    assert told in shown.alt
    assert whom.names(shown) == [f"likes {e}" for e in employers.ranking["employer"].head(20)]


@pytest.mark.parametrize("bands", [True, False])
def test_a_ranking_of_many_stands_on_a_page(panel, bands) -> None:
    shown = figures.ranking(many(430, bands=bands), panel.instrument, language="nl")
    assert shown.content.get_size_inches()[1] < PAGE
    assert outside(shown.content) == []
    assert overlapping(shown.content) == []
    headings = [t for t in written(shown) if t.startswith("Groep")]
    assert len(headings) == (len(whom.names(shown)) if bands else 1)
    assert f"{430 - len(whom.names(shown))} werkgevers" in shown.caption


def test_where_nobody_is_known_nothing_is_ranked_or_mapped(panel) -> None:
    nobody = attractiveness(panel, least=10_000)
    for draw in (figures.ranking, figures.market):
        with pytest.raises(ComparisonError, match="10,000 people"):
            draw(nobody, panel.instrument)


# --- Maps


def marks(shown: Shown, *shapes: str) -> list[Any]:
    return [x for x in shown.content.axes[0].lines if x.get_marker() in shapes]


def test_a_filled_mark_lies_surely_in_its_quadrant(panel, employers) -> None:
    shown = figures.market(employers, panel.instrument)
    ranked = employers.table[employers.table["eligible"]]
    sure = pd.Series(True, index=ranked.index)
    for name in ("awareness", "relative"):
        line = ranked[name].median()
        sure &= (ranked[f"{name}_lower"] > line) | (ranked[f"{name}_upper"] < line)
    points = marks(shown, "o", "s", "D", "^")
    filled = [p for p in points if p.get_markerfacecolor() == p.get_markeredgecolor()]
    assert len(points) == len(ranked)
    assert 0 < len(filled) == sure.sum() < len(ranked)
    assert f"Not drawn: {len(employers.table) - len(ranked)} employers" in shown.caption


def test_a_map_of_many_names_as_many_as_fit(panel) -> None:
    shown = figures.market(many(430, bands=True), panel.instrument)
    named = [t for t in written(shown) if t.startswith("Stichting")]
    assert 3 < len(named) < 60
    assert all(t.endswith("\N{HORIZONTAL ELLIPSIS}") for t in named)
    assert overlapping(shown.content) == []
    assert outside(shown.content) == []


def test_no_name_is_written_on_a_mark() -> None:
    plane = Plane(sheet(3.0)[1], Box(0.5, 0.5, 4.5, 2.5), (0, 1), (0, 1))
    plane.mark(0.5, 0.5, marker="o")
    assert plane.name(0.5, 0.5, "first")
    for x in np.linspace(0, 1, 60):
        for y in np.linspace(0.3, 0.7, 30):
            plane.mark(float(x), float(y), marker="o")
    assert not plane.name(0.5, 0.6, "second")


def test_every_driver_has_its_number_and_its_key(panel, drivers) -> None:
    shown = figures.priorities(drivers, panel.instrument)
    numbers = [t for t in written(shown) if re.fullmatch(r"\d+", t)]
    expected = [str(n + 1) for n in range(len(drivers.table))]
    assert sorted(numbers) == sorted(2 * expected)  # beside the mark, and in the key
    for driver in drivers.table["driver"]:
        assert panel.instrument.label(driver) in shown.alt


# --- Drivers


def test_only_gaps_that_exclude_0_are_bold(panel, drivers) -> None:
    shown = figures.gaps(drivers, panel.instrument)
    bold = [
        t for t in shown.content.axes[0].texts if "±" in t.get_text() and t.get_weight() == "bold"
    ]
    sure = sum(
        ((drivers.table[f"{g}_lower"] > 0) | (drivers.table[f"{g}_upper"] < 0)).sum()
        for g in ("gap_own", "gap_market")
    )
    assert len(bold) == sure


# --- Groups


def shares(n: dict[str, int], everybody: int) -> pd.DataFrame:
    rows = [("changed", g, k, 0.31, 0.2, 0.4) for g, k in {"": everybody, **n}.items()]
    return pd.DataFrame(rows, columns=["question", "group", "n", "share", "ci_lower", "ci_upper"])


@pytest.mark.parametrize(
    ("n", "everybody", "hidden"),
    [
        ({"woman": 60, "man": 40}, 100, []),
        ({"woman": 60, "man": 9}, 69, ["man", "woman"]),  # the other gives it away
        ({"woman": 60, "man": 40, "other": 9}, 109, ["man", "other"]),
        ({"woman": 60, "man": 40, "other": 9}, 121, ["other"]),  # twelve who did not say hide it
        ({"woman": 60, "man": 40}, 103, ["man"]),  # three who did not say
    ],
)
def test_small_groups_and_what_gives_them_away_are_hidden(panel, n, everybody, hidden) -> None:
    shown = withhold_shares(shares(n, everybody), panel.instrument, "gender")
    assert sorted(shown.loc[shown["hidden"], "group"]) == hidden
    assert shown.loc[shown["hidden"], ["n", "share", "ci_lower", "ci_upper"]].isna().all(axis=None)
    (figure,) = figures.switching(shares(n, everybody), panel.instrument, "gender")
    assert written(figure).count("not shown") == len(hidden)
    assert ("would give them away" in figure.caption) == bool(hidden)
    assert not any(f"{g}, changed" in whom.counts(figure) for g in hidden)


def test_nothing_is_drawn_of_too_few(panel) -> None:
    few = shares({}, 9)
    assert withhold_shares(few, panel.instrument)["hidden"].all()
    with pytest.raises(ComparisonError, match="fewer than 10"):
        figures.switching(few, panel.instrument)
    (shown,) = figures.switching(few, panel.instrument, minimum=5)
    assert whom.counts(shown) == {"changed": 9}


def test_shares_stand_on_a_scale_from_0(panel) -> None:
    (shown,) = figures.switching(ei.switching(panel, "region"), panel.instrument, "region")
    assert written(shown)[0] == "0%"


# --- Employers' scores


def test_a_funnel_tells_how_many_lie_outside(panel) -> None:
    frame = scores(60, panel.instrument)
    own = frame[frame["pillar"] == frame["pillar"].iloc[0]]
    z = np.abs(own["mean"] - own["sector_mean"]) * np.sqrt(own["n"]) / own["sd_people"]
    shown, other = figures.funnel(frame, panel.instrument, named=True)
    assert shown.key != other.key
    far, between = int((z > 3.0902).sum()), int(((z > 1.96) & (z < 3.0902)).sum())
    assert f"{between} lie outside the dashed and {far} outside the solid" in shown.caption
    assert len(marks(shown, "D")) == far + 1  # and one in the key
    assert "Werkgever nummer 0 +1.50" in shown.alt
    quiet, _ = figures.funnel(frame, panel.instrument)
    assert "Werkgever" not in quiet.alt + " ".join(written(quiet))


def test_limits_of_a_funnel_rest_on_the_effective_number(panel) -> None:
    plain = scores(60, panel.instrument)
    frame = plain.assign(n_eff=plain["n"] / 2)
    own = frame[frame["pillar"] == frame["pillar"].iloc[0]]
    z = np.abs(own["mean"] - own["sector_mean"]) * np.sqrt(own["n"] / 2) / own["sd_people"]
    shown, _ = figures.funnel(frame, panel.instrument)
    far, between = int((z > 3.0902).sum()), int(((z > 1.96) & (z < 3.0902)).sum())
    assert f"{between} lie outside the dashed and {far} outside the solid" in shown.caption
    assert "effective number is on the axis" in shown.caption
    assert "people who answered, effective number" in written(shown)
    assert shown.persons == tuple(own["n"])  # persons
    unweighted, _ = figures.funnel(plain, panel.instrument)
    assert unweighted.caption != shown.caption
    assert "effective" not in unweighted.caption + " ".join(written(unweighted))


def test_a_funnel_of_one_sector_stands_about_its_mean(panel) -> None:
    shown, _ = figures.funnel(scores(3, panel.instrument, sectors=1), panel.instrument)
    assert "mean score" in written(shown)
    assert "5.0" in written(shown)
    assert overlapping(shown.content) == []


def test_hidden_employers_are_not_drawn(panel) -> None:
    instrument = panel.instrument
    frame = scores(12, instrument)
    cells = pd.DataFrame(
        {
            "column": "employer", "parent": frame["sector"].head(12),
            "unit": frame["employer"].head(12), "persons": "", "scores": "", "items": "",
            "distributions": "",
        }
    )  # fmt: skip
    cells.loc[cells.index[:2], "scores"] = ["few", "sibling"]
    kept = withhold_shrunken(frame, Suppression(cells), instrument)
    shown, _ = figures.funnel(kept, instrument, named=True)
    assert whom.values(shown, "employer") == list(frame["employer"].iloc[2:12])
    assert "Werkgever nummer 0" not in shown.alt
    assert figures.funnel(frame.head(0), instrument) == ()


# --- Waves


def test_an_arrow_stands_only_where_a_comparable_mean_surely_moved(panel) -> None:
    shown = figures.trend(waves(panel.instrument), panel.instrument)
    arrows = [t for t in shown.content.axes[0].texts if getattr(t, "arrow_patch", None)]
    assert len(arrows) == 1
    assert written(shown).count("waves not comparable") == 1
    assert written(shown).count("not asked before") == 1
    assert "both means are shown and no change" in shown.caption
    span = [t.get_text() for t in shown.content.axes[0].texts if t.get_text().isdigit()]
    assert f"The axis runs from {min(span)} to {max(span)}." in shown.caption
    assert "+0.20 ± 0.10" in shown.alt
    assert "+0.40" not in shown.alt
    quiet = waves(panel.instrument).assign(comparable=True).head(2)
    assert "both means" not in figures.trend(quiet, panel.instrument).caption
