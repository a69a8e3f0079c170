"""Tables of the public and of employers: ranges, what is hidden, what may not be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import employer_identity as ei
from employer_identity import tables
from employer_identity.agreement import Agreement
from employer_identity.attractiveness import Attractiveness, attractiveness
from employer_identity.language import LANGUAGES
from employer_identity.privacy import Shown
from employer_identity.public_tables import ENDS
from employer_identity.raking import Raking
from employer_identity.tabulation import NOTHING
from tests import whom
from tests.drawn import foreign_numbers
from tests.test_public_figures import scores, shares

SAMPLE = Path(__file__).parents[1] / "data" / "sample"


@pytest.fixture(scope="module")
def panel() -> ei.Panel:
    names = ("public.csv", "public_people.csv")
    return ei.load_panel(*(SAMPLE / n for n in names), instrument=SAMPLE / "instrument.toml")


@pytest.fixture(scope="module")
def employers(panel: ei.Panel) -> Attractiveness:
    return attractiveness(panel, draws=500)


def column(shown: Shown, head: str) -> list[str]:
    assert shown.cells is not None
    at = shown.cells.heads.index(head)
    return [cells[at] for _, cells in shown.cells.rows]


def agreed() -> Agreement:
    """Three pillars: means that stand for employers, that do so with caution, that do not."""
    numbers = {
        "groups": 12, "n": 700, "n_mean": 58.0, "icc1_upper": 0.2, "f": 3.0, "pvalue": 0.01,
        "rwg_lower": 0.2, "rwg_median": 0.3, "rwg_upper": 0.4, "rwg_chance": 0.28,
    }  # fmt: skip
    table = pd.DataFrame({"pillar": ["prototypicality", "advancement", "entrepreneurship"]})
    table = table.assign(**numbers, icc1=[0.1, 0.05, 0.0], icc1_lower=[0.05, 0.01, -0.02])
    return Agreement("employer", "rectangular", table.assign(icc2=[0.8, 0.5, 0.1]), pd.DataFrame())


def raked() -> Raking:
    margins = pd.DataFrame(
        [
            ("gender", "woman", 60, 0.5, 0.6, 0.5),
            ("gender", "man", 37, 0.48, 0.37, 0.48),
            ("gender", "", 3, 0.02, 0.03, 0.02),
            ("region", "north", 100, 1.0, 1.0, 1.0),
        ],
        columns=["margin", "category", "n", "target", "before", "after"],
    )
    return Raking(pd.Series([0.8, 1.2] * 50), margins, 3, None, 0.0, 1.04)


def stays(vif: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "pillar": ["prototypicality", "advancement"], "n": 1200, "slope": [0.2, 0.02],
            "se": 0.02, "ci_lower": [0.16, -0.02], "ci_upper": [0.24, 0.06],
            "pvalue": [0.00001, 0.31], "vif": [1.8, vif], "r2": 0.12,
        }
    )  # fmt: skip


def made(panel: ei.Panel, employers: Attractiveness, language: Any) -> list[Shown]:
    own, words, by = panel.instrument, {"language": language}, "generation"
    both = ei.switching(panel, by), ei.belonging(panel, by)
    return [
        tables.ranking(employers, own, **words),
        tables.market(employers, own, **words),
        tables.drivers(ei.drivers(panel, draws=200), own, **words),
        tables.switching(*both, own, by, **words),
        tables.agreement(agreed(), own, **words),
        tables.shrunken(scores(30, own), own, **words),
        tables.raking(raked(), own, **words),
        tables.stay(stays(1.9), own, **words),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_stand_in_the_notation_of_the_language(panel, employers, language) -> None:
    for shown in made(panel, employers, language):
        cells = shown.cells
        words = [
            *cells.heads,
            cells.note,
            shown.caption,
            *(x for _, row in cells.rows for x in row),
        ]
        assert foreign_numbers(" ".join(words), language) == [], shown.key
        assert f'id="table-{shown.key}"' in shown.content.as_raw_html()
        assert shown.facts


def test_all_that_are_ranked_stand_in_the_table_with_a_range(panel, employers) -> None:
    shown = tables.ranking(employers, panel.instrument)
    ranking = employers.ranking
    found = column(shown, "rank")
    assert len(found) == len(ranking)
    assert all(re.fullmatch(r"\d+\N{EN DASH}\d+", r) for r in found)
    assert {group for group, _ in shown.cells.rows} == {f"Group {b}" for b in ranking["band"]}
    assert "no random part" in shown.cells.note


def test_of_an_employer_that_few_know_only_awareness_is_told(panel, employers) -> None:
    table = employers.table.copy()
    table.loc[0, "known"] = 9
    table.loc[1, "shown"] = 9
    few = Attractiveness(table, employers.ranking, 100, 0.1)
    shown = tables.market(few, panel.instrument)
    relative = dict(zip(column(shown, "employer"), column(shown, "relative"), strict=True))
    assert relative[table.loc[0, "employer"]] == NOTHING
    assert table.loc[1, "employer"] not in relative
    assert f"knows {table.loc[1, 'employer']}" not in whom.names(shown)
    assert f"likes {table.loc[0, 'employer']}" not in whom.measures(shown)
    assert sum(r == NOTHING for r in relative.values()) == 1
    assert list(relative) == sorted(relative, key=str.casefold)
    assert column(shown, "ranked").count("yes") == int(table.drop(index=1)["eligible"].sum())


def test_drivers_stand_with_ranges_and_gaps(panel) -> None:
    found = ei.drivers(panel, draws=200)
    shown = tables.drivers(found, panel.instrument)
    first = found.table.iloc[0]
    half = (first["gap_own_upper"] - first["gap_own_lower"]) / 2
    assert column(shown, "own less ideal")[0] == f"{100 * first['gap_own']:+.0f} ± {100 * half:.0f}"
    assert column(shown, "group") == [str(b) for b in found.table["band"]]


def test_small_groups_have_no_numbers(panel) -> None:
    frame = shares({"woman": 60, "man": 40, "other": 9}, 109)
    agrees = frame.assign(question="can_be_myself")
    shown = tables.switching(frame, agrees, panel.instrument, "gender")
    assert column(shown, "share") == ["31%", "31%", NOTHING, NOTHING] * 2
    assert column(shown, "n") == ["109", "60", NOTHING, NOTHING] * 2
    assert "fewer than 10 people" in shown.cells.note
    assert not any(
        "other" in key or "man," in key for key in whom.counts(shown) if "woman" not in key
    )


def test_what_agreement_allows_is_said(panel) -> None:
    found = column(tables.agreement(agreed(), panel.instrument), "means per employer")
    assert found == ["may be shown", "with caution", "not supported"]


def test_scores_of_many_are_those_at_both_ends(panel) -> None:
    frame = scores(30, panel.instrument)
    shown = tables.shrunken(frame, panel.instrument)
    own = frame[frame["pillar"] == "prototypicality"].sort_values("score", ascending=False)
    ends = [*own["employer"].head(ENDS), *own["employer"].tail(ENDS)]
    assert column(shown, "employer")[: 2 * ENDS] == ends
    assert f"the {ENDS} highest and lowest of 30" in shown.caption
    assert "no ranking" in shown.cells.note
    few = tables.shrunken(scores(2 * ENDS, panel.instrument), panel.instrument)
    assert len(few.cells.rows) == 2 * 2 * ENDS
    assert "highest" not in few.caption


def test_margins_hide_few_and_what_gives_them_away(panel) -> None:
    shown = tables.raking(raked(), panel.instrument)
    assert column(shown, "n") == ["60", NOTHING, NOTHING, "100"]
    assert column(shown, "before") == ["60.0%", NOTHING, NOTHING, "100.0%"]
    assert column(shown, "population")[:3] == ["50.0%", "48.0%", "2.0%"]
    assert "100 respondents count for 96" in shown.caption


@pytest.mark.parametrize(("vif", "told"), [(1.9, "can be read"), (5.1, "cannot be read or ranked")])
def test_slopes_that_overlap_are_not_read(panel, vif, told) -> None:
    shown = tables.stay(stays(vif), panel.instrument)
    assert told in shown.cells.note
    assert column(shown, "VIF") == ["1.8", f"{vif:.1f}"]
    assert column(shown, "p") == ["< .001", "0.310"]
