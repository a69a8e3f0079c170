"""Labels that a file brings with it: questions as they were asked, and what its codes mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from employer_identity.intake.raw import Raw
from employer_identity.questionnaire import Column, Instrument, Item, Outcome, Scale

_Question = TypeVar("_Question", Item, Outcome)
_Column = TypeVar("_Column", bound=Column)


def renamed(raw: Raw, instrument: Instrument) -> Raw:
    """Give questions that stand in the source under another name the instrument's name."""
    questions = (*instrument.items, *instrument.outcomes)
    names = {q.column: q.name for q in questions if q.column}
    if not names:
        return raw
    return replace(
        raw,
        frame=raw.frame.rename(columns=names),
        texts={names.get(column, column): text for column, text in raw.texts.items()},
        labels={names.get(column, column): labels for column, labels in raw.labels.items()},
    )


def labelled(instrument: Instrument, raw: Raw) -> Instrument:
    """Fill in what the instrument leaves open; what it says itself stays."""
    if not (raw.texts or raw.labels):
        return instrument
    listed = {c.column for c in (*instrument.columns, *instrument.groupings)}
    units = (instrument.employer, instrument.sector, instrument.cluster, instrument.wave)
    more = [Column(column=u) for u in dict.fromkeys(units) if u and u not in listed]
    filled = {
        f.alias or name: getattr(instrument, name) for name, f in Instrument.model_fields.items()
    }
    filled["scale"] = _ends(instrument, raw.labels)
    filled["item"] = tuple(_asked(i, raw.texts) for i in instrument.items)
    filled["outcome"] = tuple(_asked(o, raw.texts) for o in instrument.outcomes)
    filled["grouping"] = tuple(_named(g, raw) for g in instrument.groupings)
    filled["column"] = tuple(_named(c, raw) for c in (*instrument.columns, *more))
    return Instrument.model_validate(filled)  # a copy would keep the labels it looked up before


def _ends(instrument: Instrument, labels: Mapping[str, Mapping[str, str]]) -> Scale:
    """What the ends of the scale are called: as the first item that says so."""
    scale = instrument.scale
    ends = {"low": str(scale.minimum), "high": str(scale.maximum)}
    told = [labels.get(name, {}) for name in instrument.item_names]
    found = {
        end: {"en": text}
        for end, code in ends.items()
        if not getattr(scale, end) and (text := next((t[code] for t in told if t.get(code)), ""))
    }
    return scale.model_copy(update=found)


def _asked(question: _Question, texts: Mapping[str, str]) -> _Question:
    text = texts.get(question.name)
    if not text or question.wording or question.label:
        return question
    return question.model_copy(update={"wording": {"en": text}})


def _named(column: _Column, raw: Raw) -> _Column:
    text = raw.texts.get(column.column)
    labels = raw.labels.get(column.column, {})
    found = {value: {"en": label} for value, label in labels.items() if label}
    label = column.label or ({"en": text} if text else {})
    return column.model_copy(update={"label": label, "labels": {**found, **column.labels}})
