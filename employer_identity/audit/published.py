"""What is published of one block of people, and which of its cells are withheld."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from employer_identity.audit.atoms import Block, Members
from employer_identity.audit.facts import PERSONS, Fact, Scope, Statement
from employer_identity.audit.recovery import WEIGHT, Known, nested


@dataclass(frozen=True, eq=False)
class Sets:
    """Published sets with a number each, and the statements that tell them."""

    known: Known
    sources: tuple[Statement, ...]

    @classmethod
    def of(cls, block: Block, told: Iterable[tuple[Statement, float]]) -> Sets:
        """Take each set once, with the first statement that tells it."""
        each: dict[bytes, tuple[Members, float, Statement]] = {}
        for s, value in told:
            members = block.members(s.fact.scope)
            each.setdefault(members.tobytes(), (members, value, s))
        members_, values, sources = zip(*each.values(), strict=True) if each else ((), (), ())
        return cls(Known.of(list(members_), list(values), len(block.cells)), sources)

    def witnesses(self, target: Members) -> tuple[Statement, ...]:
        """Return the statements that add up to a target."""
        weights = self.known.weights(target.astype(float))
        return tuple(s for s, w in zip(self.sources, weights, strict=True) if abs(w) > WEIGHT)

    def value(self, target: Members) -> int:
        """Return how many people are in a target that follows."""
        return self.values([target])[0]

    def values(self, targets: list[Members]) -> list[int]:
        """Return how many people are in targets that follow."""
        if not targets:
            return []
        return [round(n) for n in self.known.sums(np.array(targets, dtype=float)).tolist()]

    def knows(self, targets: list[Members]) -> Members:
        """Tell which targets follow by adding and subtracting."""
        rows = np.array(targets, dtype=float).reshape(len(targets), self.known.sets.shape[1])
        return self.known.spans(rows) & rows.any(axis=1)

    @cached_property
    def differences(self) -> list[Members]:
        """Return what the larger of two published sets has and the smaller has not."""
        sets = self.known.sets.astype(bool)
        return [sets[a] & ~sets[b] for a, b in nested(self.known.sets)]


def published(block: Block, measure: str) -> Sets:
    """Return the sets whose count is published, exactly, of who answered a measure."""
    told = [(s, s.fact.value) for s in block.about(measure) if _is_exact(s.fact, measure)]
    return Sets.of(block, [(s, value) for s, value in told if value is not None])


def _is_exact(fact: Fact, measure: str) -> bool:
    return (
        fact.quantity == "count"
        and fact.measure == measure
        and fact.value is not None
        and not fact.half
    )


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell that is named and withheld, and from how many people on it would be shown."""

    scope: Scope
    members: Members
    least: int


def withheld(
    block: Block, floor: int, measure: str, protects: Callable[[Fact], bool]
) -> list[Cell]:
    """Return the cells of which something that is to be protected is withheld, each once."""
    found: dict[bytes, Cell] = {}
    for s in block.about(PERSONS, measure):
        if s.fact.value is None and protects(s.fact):
            members, least = block.members(s.fact.scope), max(s.fact.least, floor)
            known = found.get(members.tobytes())
            if members.any() and (known is None or known.least < least):
                found[members.tobytes()] = Cell(s.fact.scope, members, least)
    return list(found.values())
