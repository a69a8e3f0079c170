"""One column in several sets of bands: what one of them shows may not undo what another hides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from employer_identity import brand, nesting
from employer_identity.audit.banded import pieces
from employer_identity.audit.facts import Statement
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
    decided, teller = decide(survey), Teller(survey.instrument)
    facts = [teller.number(teller.everybody, "count", survey.n)]
    facts += teller.margins(withhold_margins(brand.margins(survey), decided))
    facts += teller.levels(levels(survey))
    for grouping in survey.instrument.groupings:
        names = list(survey.answers[grouping.column].cat.categories)
        frame = brand.group_levels(survey, grouping.column, names)
        facts += teller.groups(withhold_groups(frame, decided, survey.instrument.factors))
    return leaks([Statement(f) for f in facts], teller.answers, floor=5)


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


def test_ages_and_years_of_birth_of_one_column_are_the_same_pieces() -> None:
    survey = aged({22: 40, 40: 40}, ten=TEN)
    born = {"column": "born", "from": "age", "year": 2020, "bands": {"old": ("", 1990)}}
    both = (*survey.instrument.groupings, Grouping.model_validate(born))
    instrument = survey.instrument.model_copy(update={"groupings": both})
    assert pieces(instrument, "born", "old") == pieces(instrument, "ten", "over_30")
    assert pieces(instrument, "born", "") == ("age", ("", "20"))
    assert pieces(survey.instrument, "ten", "over_30") is None  # the only way to cut it


def test_merged_bands_are_all_of_their_pieces() -> None:
    young = MERGED.join(["20_24", "25_29"])
    instrument = NESTED.instrument.holding({"five": {young: ("20_24", "25_29")}})
    merged = pieces(instrument, "five", young)
    assert merged == pieces(instrument, "ten", "twenties") == ("age", ("20", "25"))
    assert pieces(instrument, "five", "no such band") is None
