"""What a figure or table states of people, for tests to read."""

from __future__ import annotations

from employer_identity.audit.facts import PERSONS, Fact
from employer_identity.privacy import Shown


def named(fact: Fact) -> str:
    """Name a fact's people by their values, and what of them is told by its measure."""
    values = dict.fromkeys(v for one in fact.scope for _, own in one for v in own)
    return ", ".join([*values, *([fact.measure] if fact.measure != PERSONS else [])])


def counts(shown: Shown) -> dict[str, int]:
    """Return the numbers of people that it tells, by their names."""
    told = [f for f in shown.facts if f.quantity == "count" and not f.half]
    return {named(f): int(f.value) for f in told if f.value is not None}


def names(shown: Shown) -> list[str]:
    """Return whom it names, whether it tells anything of them or not."""
    return list(dict.fromkeys(named(f) for f in shown.facts))


def measures(shown: Shown) -> set[str]:
    """Return of which measures it tells something."""
    return {f.measure for f in shown.facts if f.value is not None}


def values(shown: Shown, column: str) -> list[str]:
    """Return the values of a column that it names."""
    boxes = [dict(one) for f in shown.facts for one in f.scope]
    return list(dict.fromkeys(v for one in boxes for v in one.get(column, ())))
