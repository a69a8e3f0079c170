"""What the sentences of a study tell of people, beside its figures and tables."""

from __future__ import annotations

import math
from collections.abc import Iterator

from employer_identity.audit import outsiders
from employer_identity.audit.facts import PERSONS, WAVE, Fact, box
from employer_identity.audit.stating import COMPLETE, Teller, of_model
from employer_identity.audit.whom import ALIKE, ANSWERS
from employer_identity.reports import data_words, hidden_words
from employer_identity.reports.estimation import holes
from employer_identity.reports.measured import Compared, Measurement
from employer_identity.reports.outside import Outside
from employer_identity.reports.study import Study

_ALIKE = "survey.straight_lining"
"""Code of the doubt about people of all waves who gave one answer to every item."""


def sentences(study: Study) -> tuple[Fact, ...]:
    """State what the text of a study says of sets of people, and whom it names and withholds."""
    outside = tuple(_of_public(study.outside)) if study.outside else ()
    own = (*_of_everybody(study), *_of_waves(study), *_of_groups(study), *hidden_words.facts(study))
    return (*own, *outside)


def of_measurement(m: Measurement) -> tuple[Fact, ...]:
    """State what the text of a measurement report says of sets of people."""
    compared = (fact for by in m.compared for fact in _sizes(by))
    return (*_of_everybody(m.study), *hidden_words.facts(m.study), *compared)


def _of_everybody(study: Study) -> Iterator[Fact]:
    """State how many answered, how many answered all, and how many gave one answer throughout."""
    teller, n = Teller(study.instrument), study.survey.n
    yield teller.number(teller.everybody, "count", n)
    yield from of_model(study.fit.ntotal)
    yield from of_model(study.complete, measure=COMPLETE)
    yield from of_model(holes(study), measure=f"not {COMPLETE}")
    alike = study.straight_liners
    is_told = alike == 0 or alike >= study.minimum_n
    yield teller.number(teller.alike, "count", alike if is_told else None)
    yield from _of_file(study)


def _of_file(study: Study) -> Iterator[Fact]:
    """State what was left out, changed or is doubted of people, in the file with all its waves."""
    waves = tuple(sorted(study.waves))
    for problem in (*study.survey.changes, *study.survey.warnings):
        if problem.code in data_words.UNTOLD:
            continue
        if problem.code == _ALIKE:
            scope = (box({ANSWERS: ALIKE, **({WAVE: waves} if waves else {})}),)
            yield Fact(scope, "count", float(problem.count))
        else:
            yield from of_model(problem.count, measure=f"{problem.code} {problem.where}")


def _of_waves(study: Study) -> Iterator[Fact]:
    """State how many answered in the other waves of the file."""
    for wave, n in study.waves.items():
        teller = Teller(study.instrument, wave)
        is_told = n == 0 or n >= study.minimum_n
        yield teller.number(teller.everybody, "count", n if is_told else None)


def _of_groups(study: Study) -> Iterator[Fact]:
    """State the smallest group that is compared, and those that are named and left out."""
    if study.ladder is None:
        return
    teller, sizes = Teller(study.instrument), study.ladder.n
    smallest = teller.of(study.group, min(sizes, key=lambda g: sizes[g]))
    yield teller.number(smallest, "count", study.treatment.answered.n)
    for group in study.groups_left_out:
        scope = teller.of(study.group, group)
        yield from teller.withheld(scope, [PERSONS], least=study.floor)


def _sizes(by: Compared) -> Iterator[Fact]:
    """State the sizes of the groups that are compared."""
    yield from _of_groups(by)
    yield from Teller(by.instrument).sized(by.group, by.ladder.n)


def _of_public(found: Outside) -> Iterator[Fact]:
    """State how many of the public answered, and which of its groups are not shown."""
    tell = outsiders.teller(found.instrument)
    yield tell.number(tell.everybody, "count", found.panel.n)
    for problem in found.doubts:
        about = f"{problem.code} {problem.where}"
        yield outsiders.modelled(problem.count, found.instrument, "", about)
    for group in found.left_out:
        for asked in (found.switching, found.belonging):
            for question in asked["question"].unique():
                nothing = str(question), math.nan, math.nan, ""
                yield from tell.part(tell.of(found.by, group), *nothing, least=found.least)
