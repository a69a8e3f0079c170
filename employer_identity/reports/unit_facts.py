"""What a report on one unit tells of people: the facts of its pieces and of its sentences."""

from __future__ import annotations

from collections.abc import Iterator

from employer_identity.audit.facts import PERSONS, Fact, Scope
from employer_identity.audit.stating import Teller
from employer_identity.brand import agreeing
from employer_identity.nesting import Kind
from employer_identity.privacy import DISTRIBUTION, floor
from employer_identity.reports import hidden_words
from employer_identity.reports.unit import UnitStudy


def teller(unit: UnitStudy) -> Teller:
    """Return who states what is told of the report's wave."""
    return Teller(unit.instrument, unit.wave)


def scope(unit: UnitStudy) -> Scope:
    """Return the scope of the unit."""
    return teller(unit).of(unit.column, unit.unit, unit.sector or None)


def sector(unit: UnitStudy) -> Scope | None:
    """Return the scope of the employer's one sector; None where it has none, or several."""
    column = unit.instrument.sector or ""
    return teller(unit).of(column, unit.sector) if unit.sector else None


def _answers(unit: UnitStudy) -> tuple[int, ...]:
    scale = unit.instrument.scale
    return tuple(range(agreeing(scale), scale.maximum + 1))


def of_report(unit: UnitStudy) -> tuple[Fact, ...]:
    """State all that the report tells, in whichever piece."""
    kinds = ("pillar", *(["item"] if unit.shows("items") else []), "outcome")
    return (*sentences(unit), *(fact for kind in kinds for fact in rows(unit, kind)))


# --- Pieces


def means(unit: UnitStudy, kind: str, element: str = "") -> tuple[Fact, ...]:
    """State the means of the unit and of those beside it: of pillars, items or outcomes."""
    return tuple(teller(unit).standing(unit.of(kind), scope(unit), sector(unit), element))


def rows(unit: UnitStudy, kind: str) -> tuple[Fact, ...]:
    """State what stands in the table of the pillars, items or outcomes."""
    frame, element = unit.of(kind), f"standing_{kind}"
    say, here = teller(unit), scope(unit)
    return (
        *say.sizes(frame, here, element),
        *means(unit, kind, element),
        *say.agreeing(frame, here, _answers(unit), element=element),
    )


# --- Sentences


def sentences(unit: UnitStudy) -> tuple[Fact, ...]:
    """State what the report says outside its figures and tables, and what it withholds."""
    said = teller(unit).number(scope(unit), "count", unit.n)
    hidden = hidden_words.facts(unit.whole)
    return (said, *_alone(unit), *_beside(unit), *_withheld(unit), *hidden)


def _alone(unit: UnitStudy) -> Iterator[Fact]:
    """State of a sector, or of everybody, that nobody else is in it."""
    say, around = teller(unit), sector(unit)
    if around and unit.is_sector_shown and "sector" not in unit.references:
        yield say.number(around, "count", unit.n)
    if not unit.is_refused and "whole" not in unit.references:
        yield say.number(say.everybody, "count", unit.n)


def _beside(unit: UnitStudy) -> Iterator[Fact]:
    """State which shares of the nearest reference stand beside the practices or items."""
    if not unit.references:
        return
    reference, say = unit.references[0], teller(unit)
    around = sector(unit) if reference == "sector" else say.everybody
    assert around is not None  # else the sector would be no reference
    yield from say.agreeing(unit.of("item"), around, _answers(unit), f"{reference}_")


def _withheld(unit: UnitStudy) -> Iterator[Fact]:
    """State what the report names and does not tell, of the unit and of its sector."""
    yield from _hidden(unit, unit.column, unit.unit, scope(unit))
    if around := sector(unit):
        yield from _hidden(unit, unit.instrument.sector or "", unit.sector, around)


def _hidden(unit: UnitStudy, column: str, name: str, where: Scope) -> Iterator[Fact]:
    """State of which measures a cell tells nothing, or not how their answers are distributed."""
    say, instrument = teller(unit), unit.instrument
    questions = [*unit.survey.item_names, *instrument.outcome_names]
    measures: dict[Kind, list[str]] = {
        "persons": [PERSONS],
        "scores": list(instrument.factors),
        "items": questions,
    }
    why, least = unit.prepared.suppression.why, floor(instrument, column, minimum=unit.minimum_n)
    for kind, names in measures.items():
        if why(column, name, kind):
            yield from say.withheld(where, names, least=least)
            return
    if why(column, name, "distributions"):
        own, most = _answers(unit), max(least, DISTRIBUTION)
        yield from (say.share(where, q, None, answers=own, least=most) for q in questions)
