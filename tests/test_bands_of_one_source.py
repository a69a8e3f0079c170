"""One column in several sets of bands: what one of them shows may not undo what another hides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from employer_identity import brand, nesting
from employer_identity.audit.banded import spans
from employer_identity.audit.facts import Fact, Statement, box
from employer_identity.audit.pieces import in_pieces
from employer_identity.audit.search import Leak, leaks
from employer_identity.audit.stating import Teller
from employer_identity.brand import levels
from employer_identity.questionnaire import MERGED, Grouping
from employer_identity.simulate import simulate_survey
from employer_identity.suppression import decide, withhold_groups, withhold_margins
from employer_identity.survey import Survey

BASE = simulate_survey(60, seed=5)
FIVE = {"20_24": (20, 24), "25_29": (25, 29), "30_34": (30, 34), "35_plus": (35, "")}
TEN = {"twenties": (20, 29), "over_30": (30, "")}
SHIFTED = {"to_26": (20, 26), "27_36": (27, 36), "37_plus": (37, "")}


def aged(ages: dict[int, int], **ways: dict[str, tuple[int | str, int | str]]) -> Survey:
    """Return a survey with so many people of each age, in bands that are cut in these ways."""
    age = np.repeat(list(ages), list(ages.values())).astype(float)
    instrument = BASE.instrument.model_copy(
        update={
            "groupings": tuple(
                Grouping.model_validate({"column": c, "from": "age", "bands": bands})
                for c, bands in ways.items()
            ),
            "employer": None,
            "sector": None,
            "wave": None,
        }
    )
    frame = pd.DataFrame(index=range(len(age)))
    for column, bands in ways.items():
        codes = np.full(len(age), -1)
        for place, (low, high) in enumerate(bands.values()):
            ends = (-np.inf if low == "" else low, np.inf if high == "" else high)
            codes[(age >= ends[0]) & (age <= ends[1])] = place
        groups = pd.Categorical.from_codes(codes, list(bands), ordered=True)
        frame[column] = groups.remove_unused_categories()
    items = [*instrument.item_names, *instrument.outcome_names]
    rng = np.random.default_rng(3)
    given = pd.DataFrame(rng.integers(2, 7, (len(age), len(items))), columns=items).astype(float)
    return replace(BASE, answers=given.join(frame), instrument=instrument)


def recovered(survey: Survey) -> list[Leak]:
    """Put out who answered and the scores by every grouping, and attack that."""
    return leaks(_stated(survey), Teller(survey.instrument).answers, floor=5)


def _stated(survey: Survey, report: str = "") -> list[Statement]:
    decided, teller = decide(survey), Teller(survey.instrument)
    facts = [teller.number(teller.everybody, "count", survey.n)]
    facts += teller.margins(withhold_margins(brand.margins(survey), decided))
    facts += teller.levels(levels(survey))
    for grouping in survey.instrument.groupings:
        names = list(survey.answers[grouping.column].cat.categories)
        frame = brand.group_levels(survey, grouping.column, names)
        facts += teller.groups(withhold_groups(frame, decided, survey.instrument.factors))
    return [Statement(f, report) for f in facts]


AGES = {22: 40, 27: 3, 31: 30, 40: 50}
"""Few are 25 to 29, and 30 to 34 is hidden with them: who knows how many are over 30 has both."""
NESTED = aged({22: 40, 27: 3, 31: 30, 33: 9, 40: 50}, five=FIVE, ten=TEN)
CROSSING = aged({22: 40, 28: 3, 33: 32, 50: 40}, ten=TEN, shifted=SHIFTED)


@pytest.mark.parametrize("survey", [NESTED, CROSSING], ids=["nested", "crossing"])
def test_a_small_difference_between_bands_is_not_recovered(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recovered(survey) == []
    monkeypatch.setattr(nesting, "_of_one_source", lambda _: [])
    assert recovered(survey)


def test_large_bands_hide_nothing() -> None:
    survey = aged({22: 40, 27: 30, 31: 30, 40: 50}, five=FIVE, ten=TEN)
    cells = decide(survey).cells
    assert (cells[["persons", "scores", "items", "distributions"]] == "").all(axis=None)


def test_bands_are_told_in_the_numbers_that_they_are_cut_from() -> None:
    survey = aged({22: 40, 40: 40}, ten=TEN)
    born = {"column": "born", "from": "age", "year": 2020, "bands": {"old": ("", 1990)}}
    both = (*survey.instrument.groupings, Grouping.model_validate(born))
    instrument = survey.instrument.model_copy(update={"groupings": both})
    assert spans(instrument, "born", "old") == spans(instrument, "ten", "over_30")
    assert spans(instrument, "born", "old") == ("age", ("30..",))
    assert spans(instrument, "born", "") == ("age", ("", "..29"))
    assert spans(instrument, "ten", "") == ("age", ("", "..19"))
    assert spans(instrument, "ten", "no such band") is None


def test_merged_bands_are_all_of_their_spans() -> None:
    young = MERGED.join(["20_24", "25_29"])
    instrument = NESTED.instrument.holding({"five": {young: ("20_24", "25_29")}})
    assert spans(instrument, "five", young) == ("age", ("20..24", "25..29"))


def pieces(*told: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Cut spans of one column, and return what each became."""
    statements = [Statement(Fact((box({"age": names}),), "count", 9.0)) for names in told]
    return [dict(s.fact.scope[0])["age"] for s in in_pieces(statements)]


def test_spans_are_cut_where_others_end() -> None:
    assert pieces(("20..29",), ("30..",)) == [("20..29",), ("30..",)]
    both = pieces(("20..29",), ("20..24",), ("25..29",))
    assert both == [("20..24", "25..29"), ("20..24",), ("25..29",)]
    assert pieces(("20..29",), ("", "..19", "30..")) == [("20..29",), ("",)]
    assert pieces(("20..24", "30..34"), ("25..29",)) == [("20..24 + 30..34",), ("25..29",)]
    assert pieces(("north",), ("20..29",)) == [("north",), ("20..29",)]  # a column of names


@pytest.mark.parametrize("column", ["five", "ten"])
def test_bands_that_are_cut_otherwise_after_a_first_report_give_away(column: str) -> None:
    ways = {"before": aged(dict(AGES), **{column: FIVE}), "after": aged(dict(AGES), ten=TEN)}
    told = {name: _stated(survey, name) for name, survey in ways.items()}
    answers = Teller(ways["after"].instrument).answers
    assert leaks(told["before"], answers, floor=5) == leaks(told["after"], answers, floor=5) == []
    found = leaks([*told["before"], *told["after"]], answers, floor=5)
    assert ("exact", (box({"age": "25..29"}),)) in {(leak.way, leak.scope) for leak in found}
