"""What an employer can do, pillar by pillar, and how many people notice each of it."""

from __future__ import annotations

from typing import NamedTuple

from employer_identity.brand import agreement
from employer_identity.language import number
from employer_identity.reports.study import Study


class Asked(NamedTuple):
    """How many agree with an item that asks about a practice.

    `agree` is the bar's length, None for no bar; `beside` says what others answered, `mark` is
    their place in the bar.
    """

    share: str
    mean: str
    agree: float | None
    beside: str = ""
    mark: float | None = None


class Noticed(NamedTuple):
    """A practice with what people answered to the items that ask about it."""

    label: str
    text: str
    asked: tuple[Asked, ...]


def noticed(study: Study, pillar: str) -> list[Noticed]:
    """Name the practices by which an employer lives a pillar, and how many people notice each."""
    language, instrument = study.language, study.instrument
    return [
        Noticed(
            instrument.label(p.key, language) + ".",
            instrument.wording(p.key, language),
            _asked(study, p.key),
        )
        for p in instrument.practices
        if p.pillar == pillar
    ]


def _asked(study: Study, practice: str) -> tuple[Asked, ...]:
    names = {i.name for i in study.instrument.items if i.practice == practice}
    rows = study.items[study.items["item"].isin(names)]
    return tuple(
        Asked(
            number(r.agree, ".0%", study.language),
            study.instrument.as_scored(
                r.item, study.say("practices.mean", mean=float(r.mean)), study.language
            ),
            float(r.agree),
        )
        for r in rows[rows["n"] >= study.distribution_n].itertuples()
    )


def head(study: Study) -> str:
    """Say what the shares beside the practices are."""
    scale = study.instrument.scale
    ends = {"minimum": scale.minimum, "maximum": scale.maximum}
    return study.say("practices.head", agree=agreement(scale), **ends)
