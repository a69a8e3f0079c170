"""A questionnaire in a line a pillar, grouping and role: what it asks, how it divides people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from employer_identity.language import LANGUAGES, Language, say

if TYPE_CHECKING:
    from employer_identity.questionnaire import Bound, Instrument

TIMES = " \N{MULTIPLICATION SIGN} "
"""Between the values or columns of a crossing, as it is shown."""
ROLES = ("employer", "sector", "weight", "cluster", "respondent", "wave", "date", "duration")
"""What a column may hold that is no question: which keys of an instrument name one."""


def summary(instrument: Instrument, language: Language) -> list[str]:
    """Return what it asks and how it divides people, see `Instrument.summary`."""
    return [
        *_questions(instrument, language), *_groupings(instrument, language),
        *_roles(instrument, language),
    ]  # fmt: skip


def untranslated(instrument: Instrument, language: Language) -> list[str]:
    """Return what is not there in a language, in the one that readers get instead."""
    return list(dict.fromkeys(_untranslated(instrument.model_dump(), language)))


def _untranslated(value: object, language: Language) -> Iterator[str]:
    if isinstance(value, Mapping):
        if value and value.keys() <= set(LANGUAGES):
            yield from () if language in value else [str(next(iter(value.values())))]
        else:
            for one in value.values():
                yield from _untranslated(one, language)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _untranslated(one, language)


def _questions(instrument: Instrument, language: Language) -> list[str]:
    """Title and scale, a line a pillar with its items, and the outcomes."""
    reverse = say("instrument.summary.reverse", language)
    asked = (*instrument.items, *instrument.outcomes)
    marked = {q.name: f" ({reverse})" for q in asked if q.reverse}
    scale = instrument.scale
    title = say(
        "instrument.summary.title",
        language,
        title=instrument.called(language),
        items=len(instrument.items),
        minimum=scale.minimum,
        maximum=scale.maximum,
    )
    lines = [title]
    for key, names in instrument.factors.items():
        label = instrument.label(key, language)
        pillar = key if label == key else f"{key}, {label}"
        lines.append(f"{pillar}: {', '.join(n + marked.get(n, '') for n in names)}")
    if instrument.outcomes:
        named = ", ".join(n + marked.get(n, "") for n in instrument.outcome_names)
        lines.append(say("instrument.summary.outcomes", language, named=named))
    return lines


def _groupings(instrument: Instrument, language: Language) -> list[str]:
    """Groupings, each with what it is made of and what is merged."""
    lines = []
    for g in instrument.groupings:
        said = {
            "bands": ", ".join(f"{name} {span(band)}" for name, band in g.bands.items()),
            "merge": "; ".join(f"{', '.join(old)} → {new}" for new, old in g.merge.items()),
            "merge_below": str(g.merge_below or ""),
            "special": g.special or "",
        }
        told = ["" if g.bands else ", ".join(g.order), TIMES.join(g.cross)]
        for part, text in said.items():
            key, source = f"instrument.summary.{part}", g.source or ""
            told.append(say(key, language, told=text, source=source) if text else "")
        named = "; ".join(filter(None, told))
        named = f"{g.column} ({named})" if named else g.column
        lines.append(say("instrument.summary.grouping", language, named=named))
    return lines


def _roles(instrument: Instrument, language: Language) -> list[str]:
    """Columns that hold something else about the respondent."""
    named = [f"{role} = {column}" for role in ROLES if (column := getattr(instrument, role))]
    return [say("instrument.summary.roles", language, named=", ".join(named))] if named else []


def span(band: tuple[Bound, Bound]) -> str:
    """Write a band as it is read, in signs that need no language."""
    low, high = band
    if low == "":
        return f"\N{LESS-THAN OR EQUAL TO} {high}"
    if high == "":
        return f"\N{GREATER-THAN OR EQUAL TO} {low}"
    return f"{low}\N{EN DASH}{high}"
