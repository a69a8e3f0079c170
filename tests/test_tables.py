"""Tables: their numbers as the language writes them, fixed ids, nothing that is hidden."""

from __future__ import annotations

import pandas as pd
import pytest

from employer_identity import brand, privacy, tables
from employer_identity.cfa import cfa
from employer_identity.invariance import invariance
from employer_identity.reliability import reliability
from employer_identity.simulate import Truth, simulate_survey
from employer_identity.survey import Survey

TRUTH = Truth(grouping="band", shares={"young": 0.5, "old": 0.5})


@pytest.fixture(scope="module")
def survey() -> Survey:
    return simulate_survey(600, preset="idealised", seed=4, truth=TRUTH)


def test_the_ladder_has_four_rungs_and_no_change_below_the_first(survey: Survey) -> None:
    ladder = invariance(survey, group="band")
    html = tables.ladder(ladder, language="nl").content.as_raw_html()
    assert 'id="table-ladder"' in html
    cfi = f"{ladder['configural'].fit_measures['cfi']:.3f}"
    assert cfi.replace(".", ",") in html
    assert cfi not in html
    assert html.count("<td") == 4 * 10


def test_every_rule_is_there(survey: Survey) -> None:
    ladder = invariance(survey, group="band")
    html = tables.verdicts(ladder).content.as_raw_html()
    assert all(name in html for name in ("Chen (2007)", "Hu &amp; Bentler", "localised"))


def test_hidden_margins_show_no_number(survey: Survey) -> None:
    rows = [("band", "young", 4, 0.04), ("band", "old", 9, 0.09), ("band", "", 87, 0.87)]
    margins = pd.DataFrame(rows, columns=["grouping", "category", "n", "share"])
    shown = tables.margins(privacy.withhold_margins(margins), survey.instrument)
    html = shown.content.as_raw_html()
    assert shown.counts == {"band, ": 87}
    assert ">4<" not in html
    assert ">9<" not in html
    assert "not stated" in html


def test_the_same_table_is_the_same_html(survey: Survey) -> None:
    fit = cfa(survey)
    items = brand.item_levels(survey)
    one, other = (
        tables.items(items, fit, survey.instrument).content.as_raw_html() for _ in range(2)
    )
    assert one == other
    own, level = reliability(fit), brand.levels(survey)
    assert tables.levels(level, own, survey.instrument).counts["advancement"] == 600
