"""Groups merged between two batches: what the one hides may not follow from the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from employer_identity import brand, tables
from employer_identity.audit.facts import Fact, Statement
from employer_identity.audit.folder import told
from employer_identity.audit.listed import PAGE
from employer_identity.audit.search import leaks
from employer_identity.audit.stating import Teller
from employer_identity.errors import InstrumentError
from employer_identity.instrument import load_instrument
from employer_identity.language import LANGUAGES, Language, describe
from employer_identity.loading import check_survey
from employer_identity.questionnaire import CROSSED, MERGED, OTHER, Grouping, Instrument
from employer_identity.reports import data_words, study_facts
from employer_identity.reports.snapshot import read_snapshot, write_snapshot
from employer_identity.reports.study import Study
from employer_identity.simulate import simulate_survey
from employer_identity.suppression import withhold_groups
from employer_identity.survey import Survey
from tests.batches import instant, make, quick

__all__ = ["instant", "quick"]

SIZES = {"board": 3, "stores": 45, "people": 9, "plant": 45, "sales": 51}
BOTH = MERGED.join(["board", "stores"])
BASE = simulate_survey(sum(SIZES.values()), preset="idealised", seed=5)
ORDER = {"column": "department", "order": list(SIZES)}
SEX = {"column": "sex", "order": ["man", "woman"]}
CROSS = {"column": "both", "cross": ["department", "sex"]}
MERGES: dict[str, dict[str, Any]] = {
    "below, in order": {**ORDER, "merge_below": 10},
    "below, pooled": {"column": "department", "merge_below": 10},
    "stated": {**ORDER, "merge": {"inside": ["board", "stores"]}},
}


def read(*groupings: dict[str, Any]) -> Survey:
    """Read the same answers by an instrument with these groupings."""
    known = {"employer": None, "sector": None, "wave": None, "weight": None, "cluster": None}
    asked = {"groupings": tuple(Grouping.model_validate(g) for g in groupings)}
    instrument = BASE.instrument.model_copy(update={**known, **asked})
    questions = [*instrument.item_names, *instrument.outcome_names]
    department = np.repeat(list(SIZES), list(SIZES.values()))
    sex = np.where(np.arange(BASE.n) % 3, "man", "woman")
    frame = BASE.answers[questions].assign(department=department, sex=sex)
    return _read(frame, instrument)


def _read(frame: pd.DataFrame, instrument: Instrument) -> Survey:
    survey = check_survey(frame, instrument=instrument).survey
    assert survey
    return survey


def facts(study: Study) -> list[Fact]:
    """State what a study says, with its tables of who answered and of scores by group."""
    own = study.instrument
    found = list(study_facts.sentences(study))
    found += tables.margins(study.margins, own).facts
    for grouping in own.groupings:
        names = list(study.survey.answers[grouping.column].cat.categories)
        levels = brand.group_levels(study.survey, grouping.column, names)
        shown = withhold_groups(levels, study.suppression, own.factors)
        found += tables.group_scores(shown, own).facts
        found += Teller(own).sized(grouping.column, _shown_sizes(study, grouping.column))
    return found


def _shown_sizes(study: Study, column: str) -> dict[str, int]:
    rows = study.margins[(study.margins["grouping"] == column) & study.margins["n"].notna()]
    return {str(r.category): int(r.n) for r in rows.itertuples() if r.category}


def recovered(*surveys: Survey) -> list[str]:
    """Put out a study of each reading, and say what all of them give away together."""
    statements = [
        Statement(f, f"report{k}") for k, s in enumerate(surveys) for f in facts(Study(s, "", "en"))
    ]
    found = leaks(statements, Teller(surveys[0].instrument).answers, floor=5)
    return [describe(p, "en") for p in told(found)]


PLAIN = read(ORDER)


@pytest.mark.parametrize("name", ["below, in order", "stated"])
def test_who_was_merged_after_a_first_report_is_recovered(name: str) -> None:
    merged = read(MERGES[name])
    assert recovered(PLAIN) == recovered(merged) == []
    found = recovered(PLAIN, merged)
    assert not any("cannot all be true" in line for line in found)
    assert any("department = board" in line for line in found)


def test_a_group_that_was_the_remainder_already_gives_nothing_away() -> None:
    merged = read(MERGES["below, pooled"])
    assert set(merged.answers["department"].cat.categories) == {"stores", "plant", "sales", OTHER}
    assert recovered(PLAIN, merged) == []


def test_what_is_recovered_is_told_once_and_by_name() -> None:
    of_mean = [line for line in recovered(PLAIN, read(MERGES["stated"])) if "mean" in line]
    assert len(of_mean) == 1
    assert "department = board" in of_mean[0]
    assert "department = board | stores" in of_mean[0]
    assert all(pillar in of_mean[0] for pillar in PLAIN.instrument.factors)


def test_crossed_groups_that_were_merged_are_all_that_they_hold() -> None:
    own, across = (f"{one}{CROSSED}man" for one in ("board", "stores"))
    merged = read(ORDER, SEX, {**CROSS, "merge": {"men inside": [own, across]}}).instrument
    teller = Teller(merged)
    one, other = teller.of("both", own), teller.of("both", across)
    assert teller.of("both", "men inside") == (*one, *other)
    crossed = Teller(
        read({**ORDER, "merge": {"inside": ["board", "stores"]}}, SEX, CROSS).instrument
    )
    scope = crossed.of("both", f"inside{CROSSED}man")
    assert scope == ((("department", ("board", "stores")), ("sex", ("man",))),)


def test_what_merged_groups_hold_is_found_in_the_answers() -> None:
    held = {name: read(merge).instrument.groupings[0].held for name, merge in MERGES.items()}
    assert held["stated"] == {"inside": ("board", "stores")}
    assert held["below, in order"][BOTH] == ("board", "stores")
    assert held["below, pooled"] == {OTHER: ("board", "people")}
    assert PLAIN.instrument.groupings[0].held == {}
    twice = read({**MERGES["stated"], "merge_below": 50}).instrument.groupings[0]
    assert {part for parts in twice.held.values() for part in parts} >= {"board", "stores"}


def test_a_stated_part_in_which_nobody_is_belongs_to_its_group() -> None:
    order = [*SIZES, "works council"]
    parts = ["board", "works council"]
    merged = read({"column": "department", "order": order, "merge": {"top": parts}})
    assert merged.instrument.groupings[0].held == {"top": ("board", "works council")}


def test_what_merged_groups_hold_travels_with_the_answers(tmp_path: Path) -> None:
    survey = read(MERGES["below, pooled"])
    write_snapshot(survey, tmp_path / "answers.arrow")
    assert read_snapshot(tmp_path / "answers.arrow").instrument == survey.instrument


def test_answers_are_read_anew_by_an_instrument_that_has_been_used() -> None:
    used: Instrument = read(MERGES["below, pooled"]).instrument
    frame = PLAIN.answers[PLAIN.answers["department"] != "board"].astype({"department": str})
    found = _read(frame, used).instrument.groupings[0].held
    assert "board" not in {part for parts in found.values() for part in parts}


def test_what_groups_hold_is_no_key_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'extends = "connecting-employership"\n[[grouping]]\ncolumn = "department"\n'
        'held = { other = ["board"] }\n',
        encoding="utf-8",
    )
    with pytest.raises(InstrumentError) as caught:
        load_instrument(path)
    assert "instrument.unknown_key" in [p.code for p in caught.value.problems]


# --- What a reader is told


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_names_merged_groups_and_no_number_of_people(language: Language) -> None:
    study = Study(read(MERGES["below, in order"]), "", language)
    changed, doubted = data_words.changes(study), data_words.doubts(study)
    assert sum("stores" in line and "board" in line for line in changed) == 1
    assert not any(c.isdigit() for line in changed for c in line if "department" in line)
    assert not any("department" in line for line in doubted)
    plain = Study(PLAIN, "", language)
    assert not any("department" in line for line in data_words.doubts(plain))
    stated = [f.measure for f in study_facts.sentences(study)]
    assert not any("merged" in measure or "small" in measure for measure in stated)


# --- Batches


def _batch(survey: Survey, out: Path, earlier: Sequence[Path] = ()) -> Any:
    return make(survey, out, by="department", earlier=list(earlier))


@pytest.mark.notebook
@pytest.mark.usefixtures("instant")
def test_a_batch_that_undoes_an_earlier_one_is_not_published(tmp_path: Path) -> None:
    before = _batch(PLAIN, tmp_path / "before")
    assert before.index.is_file()
    merged = read(MERGES["below, in order"])
    alone = _batch(merged, tmp_path / "alone")
    assert alone.index.is_file()
    made = _batch(merged, tmp_path / "after", [before.folder])
    assert not (made.folder / PAGE).exists()
    assert made.audit
    assert {p.code for p in made.audit.findings} == {
        "audit.leak.exact_count",
        "audit.leak.exact_mean",
    }
    assert all(p.where == "department = board" for p in made.audit.findings)


@pytest.mark.notebook
@pytest.mark.usefixtures("instant")
def test_large_groups_may_be_merged_after_a_first_batch(tmp_path: Path) -> None:
    before = _batch(PLAIN, tmp_path / "before")
    merged = read({**ORDER, "merge": {"outside": ["plant", "sales"]}})
    made = _batch(merged, tmp_path / "after", [before.folder])
    assert made.audit
    assert made.audit.findings == ()
    assert made.index.is_file()
