"""What a report does not show of whom, and why: the one place where its reader finds that.

In words, and as facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from employer_identity.audit.facts import Fact
from employer_identity.audit.stating import Teller
from employer_identity.brand import UNKNOWN
from employer_identity.language import listing
from employer_identity.nesting import Kind
from employer_identity.reports.study import Study

_TOLD: Kind = "scores"
"""What a cell must lose for it to count as not shown."""


def not_shown(study: Study) -> list[str]:
    """Say by which rule something is hidden, how much that is, and where people can be identified.

    How many people are hidden together is what is left of everybody less the cells that are shown,
    so that it tells nothing new.
    """
    rules = [_rule(study), study.say("hidden.siblings"), study.say("hidden.once")]
    warning = [study.say("hidden.identifiable")] if study.is_identifying else []
    return [*warning, " ".join(rules), _counted(study)]


def _rule(study: Study) -> str:
    usual = study.minimum_n
    words = {"n": usual, "distribution": study.distribution_n}
    told = [study.say("hidden.rule_of_one" if usual == 1 else "hidden.rule", **words)]
    high = [g for g in study.instrument.groupings if g.minimum(usual) > usual]
    if high:
        named = study.labels([g.column for g in high])
        told.append(study.say("hidden.sensitive", named=named, n=high[0].minimum(usual)))
    return " ".join(told)


class Hidden(NamedTuple):
    """What is not shown by one column.

    Attributes
    ----------
    cells
        The hidden ones: the sector of an employer, else None, and the unit; "" for people who gave
        none.
    shown
        The other units.
    named, total
        How many of the named units are hidden, and how many there are.
    people
        In the hidden ones together.
    """

    column: str
    cells: tuple[tuple[str | None, str], ...]
    shown: tuple[str, ...]
    named: int
    total: int
    people: int


def hidden(study: Study) -> list[Hidden]:
    """Return what is not shown, column by column; only columns of which something is not."""
    columns = dict.fromkeys(study.suppression.cells["column"])
    found = [_of_column(study, column) for column in columns]
    return [one for one in found if one.named]


def _of_column(study: Study, column: str) -> Hidden:
    cells = study.suppression.cells
    own = cells[cells["column"] == column].replace({"unit": {UNKNOWN: ""}})
    away = own[[study.suppression.why(column, unit, _TOLD) != "" for unit in own["unit"]]]
    values = study.survey.answers[column].astype(object)
    n = int(values.where(values.notna(), "").isin(away["unit"]).sum())
    pairs = zip(away["parent"], away["unit"], strict=True)
    units = tuple((str(parent) or None, str(unit)) for parent, unit in pairs)
    named, total = (int((part["unit"] != "").sum()) for part in (away, own))
    shown = tuple(own.loc[~own.index.isin(away.index), "unit"])
    return Hidden(column, units, shown, named, total, n)


def _counted(study: Study) -> str:
    """Count what is hidden, column by column."""
    named = [_told(study, one) for one in hidden(study)]
    if not named:
        return study.say("hidden.nothing")
    return study.say("hidden.counted", named=listing(named, study.language))


def _told(study: Study, one: Hidden) -> str:
    """Say how many cells of a column are hidden, and how many people are in them."""
    key = "hidden.people" if one.people >= study.minimum_n else "hidden.few"
    people = study.say(key, n=max(one.people, study.minimum_n))
    by = study.instrument.label(one.column, study.language).lower()
    return study.say("hidden.of_column", n=one.named, total=one.total, by=by, people=people)


def facts(study: Study) -> Iterator[Fact]:
    """State how many people there are in what is hidden by each column, where that is told.

    Where those who gave no answer are hidden, too, the units that are shown are named: nobody of
    these is among them.
    """
    teller = Teller(study.instrument, study.wave)
    for one in hidden(study):
        scope = tuple(b for parent, unit in one.cells for b in teller.of(one.column, unit, parent))
        if one.shown and any(not unit for _, unit in one.cells):
            yield teller.number(teller.all_of(one.column, one.shown), "count", None)
        is_told = one.people >= study.minimum_n
        yield teller.number(scope, "count", one.people if is_told else None, least=study.minimum_n)
