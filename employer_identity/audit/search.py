"""The attack: every hidden cell, and every small set of people, is tried to be had.

Protected are the cells that are named and withheld and may, for all that is published, be of fewer
people than would be shown; every set of fewer people than the floor that two published sets, or all
that is published together, leave over; and of each measure those whom they leave over among those
who answered it. A cell that is surely large was withheld for another's sake. Who skipped a question
is not protected, what the others answered is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from employer_identity.audit.atoms import COMMON, Block, Members, blocks
from employer_identity.audit.bounds import Attack, Bounds, ContradictionError
from employer_identity.audit.facts import (
    PERSONS,
    Answers,
    Fact,
    Quantity,
    Scope,
    Statement,
    columns_of,
)
from employer_identity.audit.published import Cell, Sets, published, withheld
from employer_identity.audit.system import around, needed, system

POINT = 1.0
"""Width, in points of the scale, within which a hidden mean may not be bounded."""
SHARE = Answers(0.0, 1.0, whole=True)
"""Of a share each person either gave one of its answers or did not."""

Way = Literal["exact", "small", "narrow", "contradiction"]
Measure = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Leak:
    """Something hidden that published numbers tell.

    Attributes
    ----------
    way
        ``exact``: it follows by adding and subtracting; ``small``: so does a set of fewer people
        than the floor; ``narrow``: it lies within too few values; ``contradiction``: the numbers
        cannot all be true, so that nothing can be said of them.
    scope
        Of whom.
    quantity, measure
        What of them.
    witnesses
        The numbers that give it away.
    bounds
        Between which values it lies, where it is not exact.
    """

    way: Way
    scope: Scope
    quantity: Quantity
    measure: str
    witnesses: tuple[Statement, ...]
    bounds: Bounds | None = None


def leaks(
    statements: Iterable[Statement], answers: Mapping[str, Answers], *, floor: int
) -> list[Leak]:
    """Try to recover what is hidden from everything that is stated of one study's people.

    Parameters
    ----------
    statements
        Of one survey and one frame.
    answers
        Between which answers each measure lies.
    floor
        Smallest number of persons of whom anything is shown.
    """
    found: dict[object, Leak] = {}
    for leak in attack(statements, answers, floor=floor):
        found.setdefault((leak.scope, leak.quantity, leak.measure), leak)
    return list(found.values())


def attack(
    statements: Iterable[Statement], answers: Mapping[str, Answers], *, floor: int
) -> Iterator[Leak]:
    """Recover one thing after the other, as `leaks` does; some are found in two ways."""
    told = {(s.edition, replace(s.fact, element="")): s for s in statements}  # each once
    whole = [_without_nobody(needed(b)) for b in blocks(told.values())]
    for block in _sharing(whole):
        yield from _of_block(block, answers, floor)


def _without_nobody(block: Block) -> Block:
    """Leave out the atoms in which there is nobody."""
    empty = np.zeros(len(block.cells), dtype=bool)
    for atoms, n in block.counted().items():
        if n == 0:
            empty |= np.frombuffer(atoms, dtype=bool)
    return block.only(~empty) if empty.any() else block


def _of_block(block: Block, answers: Mapping[str, Answers], floor: int) -> Iterator[Leak]:
    try:
        counted = {s.fact.measure: None for s in block.statements if s.fact.quantity == "count"}
        for name in counted:
            yield from _Counts(block, floor, name).leaks()
        measures = {
            (s.fact.measure, s.fact.answers): None
            for s in block.statements
            if s.fact.quantity in ("mean", "sum", "share") and s.fact.measure != PERSONS
        }
        for measure in measures:
            span = SHARE if measure[1] else answers[measure[0]]
            yield from _Answered(block, floor, measure, span).leaks()
    except ContradictionError:
        yield Leak("contradiction", ((),), "count", PERSONS, _of_everybody(block))


def _of_everybody(block: Block) -> tuple[Statement, ...]:
    return tuple(s for s in block.statements if columns_of(s.fact.scope) <= COMMON)


@dataclass(frozen=True, eq=False)
class _Counts:
    """The attack on counts in one block: of persons, or of those who answered a measure."""

    block: Block
    floor: int
    measure: str = PERSONS

    @cached_property
    def sets(self) -> Sets:
        return published(self.block, self.measure)

    @cached_property
    def hidden(self) -> list[Cell]:
        """Cells whose count is withheld; how many answered is no secret where persons are told."""
        mine = self.measure
        found = withheld(
            self.block, self.floor, mine, lambda f: (f.quantity, f.measure) == ("count", mine)
        )
        told = {} if self.measure == PERSONS else self.block.counted()
        return [cell for cell in found if cell.members.tobytes() not in told]

    def leaks(self) -> Iterator[Leak]:
        sets, open_ = self.sets, []
        known = sets.knows([cell.members for cell in self.hidden])
        for cell, is_known in zip(self.hidden, known, strict=True):
            if not is_known:
                open_.append(cell)
            elif 0 < sets.value(cell.members) < cell.least:
                witnesses = sets.witnesses(cell.members)
                yield Leak("exact", cell.scope, "count", self.measure, witnesses)
        if self.measure == PERSONS:
            yield from _small(self.block, sets, sets, self.floor, "count", PERSONS)
        yield from self._narrow(open_)

    def _narrow(self, cells: list[Cell]) -> Iterator[Leak]:
        if not cells and self.measure != PERSONS:
            return
        attack = Attack(system(self.block, self.measure))
        attack.scatter([cell.members for cell in cells])
        for cell in cells:
            found = attack.count(cell.members, self.floor)
            if found and found.lower < cell.least - 0.5:
                yield Leak("narrow", cell.scope, "count", self.measure, found.witnesses, found)


def _small(
    block: Block, counts: Sets, sums: Sets, floor: int, quantity: Quantity, measure: str
) -> Iterator[Leak]:
    """Find sets of fewer people than the floor that published sets leave over."""
    seen: dict[bytes, Members] = {}
    for members in [*counts.differences, *_left_over(block, counts)]:
        seen.setdefault(members.tobytes(), members)
    targets = list(seen.values())
    known = counts.knows(targets)
    if sums is not counts:
        known &= sums.knows(targets)
    targets = [t for t, k in zip(targets, known, strict=True) if k]
    for members, n in zip(targets, counts.values(targets), strict=True):
        if 0 < n < floor:
            scope = tuple(block.scope_of(int(a))[0] for a in np.flatnonzero(members))
            yield Leak("small", scope, quantity, measure, sums.witnesses(members))


def _left_over(block: Block, counts: Sets) -> Iterator[Members]:
    """Yield the atoms, the values of columns, and what is left of a set beside its parts."""
    sets = counts.known.sets.astype(bool)
    yield from np.eye(len(block.cells), dtype=bool)
    for at in range(len(block.columns)):
        yield from (block.cells[:, at] == v for v in np.unique(block.cells[:, at]))
    for k, members in enumerate(sets):
        inside = ~(sets & ~members).any(axis=1) & (sets.sum(axis=1) < members.sum())
        inside[k] = False
        yield members & ~sets[inside].any(axis=0)


@dataclass(frozen=True, eq=False)
class _Answered:
    """The attack on what people of one block answered to one question, or on a share of answers."""

    block: Block
    floor: int
    measure: Measure
    span: Answers

    @property
    def _counts(self) -> str:
        """Whose counts stand behind the means: the measure's own, or everybody's."""
        return self.measure[0] if self.measure[0] in self.block.skipped else PERSONS

    @cached_property
    def counts(self) -> Sets:
        return published(self.block, self._counts)

    def _is_mine(self, fact: Fact) -> bool:
        own = (fact.measure, fact.answers) == self.measure
        return own and fact.quantity != "count" and fact.value is not None

    @cached_property
    def sums(self) -> Sets:
        """Sets of which the sum is published, or the mean and of how many."""
        told = [s for s in self.block.about(self.measure[0]) if self._is_mine(s.fact)]
        counted = self.counts.knows([self.block.members(s.fact.scope) for s in told])
        return Sets.of(
            self.block,
            [(s, 0.0) for s, n in zip(told, counted, strict=True) if n or s.fact.quantity == "sum"],
        )

    @cached_property
    def hidden(self) -> list[Cell]:
        name, chosen = self.measure

        def protects(fact: Fact) -> bool:
            mine = fact.measure == name and fact.answers in ((), chosen)
            return mine or fact.measure == PERSONS

        return withheld(self.block, self.floor, name, protects)

    def leaks(self) -> Iterator[Leak]:
        quantity: Quantity = "share" if self.measure[1] else "mean"
        name = self.measure[0]
        if self.hidden:
            yield from self._of_hidden(quantity)
        yield from _small(self.block, self.counts, self.sums, self.floor, quantity, name)

    def _of_hidden(self, quantity: Quantity) -> Iterator[Leak]:
        name = self.measure[0]
        are_bounded = any(not s.fact.weighted for s in self.sums.sources)
        attack = Attack(system(self.block, *self.measure, self.span if are_bounded else None))
        attack.scatter([cell.members for cell in self.hidden])
        known = self.sums.knows([cell.members for cell in self.hidden])
        for cell, is_known in zip(self.hidden, known, strict=True):
            if self._is_nobody(cell) or not attack.may_be_fewer(cell.members, cell.least):
                continue
            if is_known:
                witnesses = self.sums.witnesses(cell.members)
                yield Leak("exact", cell.scope, quantity, name, witnesses)
            elif are_bounded and (found := self._narrow(attack, cell)):
                yield Leak("narrow", cell.scope, quantity, name, found.witnesses, found)

    def _is_nobody(self, cell: Cell) -> bool:
        """Whether it is known that nobody in a cell answered."""
        return bool(self.counts.knows([cell.members])[0]) and not self.counts.value(cell.members)

    def _narrow(self, attack: Attack, cell: Cell) -> Bounds | None:
        if self.measure[1]:
            return attack.agreeing(cell.members, 2)
        return attack.mean(cell.members, POINT)


# --- What one block tells another


def _sharing(whole: list[Block]) -> list[Block]:
    """Hand to every block what the others tell of everybody, by adding up their parts."""
    if len(whole) < 2:
        return whole
    derived = [_totals(block) for block in whole]
    return [
        replace(block, statements=(*block.statements, *_of_others(derived, k)))
        for k, block in enumerate(whole)
    ]


def _of_others(derived: list[list[Statement]], own: int) -> list[Statement]:
    return [s for k, found in enumerate(derived) if k != own for s in found]


def _totals(block: Block) -> list[Statement]:
    """Say what a block's parts come to together, where that is not published as it is."""
    facts = [s.fact for s in block.statements]
    scopes = {around(f.scope) for f in facts}
    kinds = {(f.measure, f.answers, f.quantity == "count") for f in facts}
    told = {(f.scope, f.measure, f.answers, f.quantity == "count") for f in facts}
    element = " + ".join(sorted(set(block.columns) - COMMON))
    found: list[Statement] = []
    for measure, answers, is_count in sorted(kinds):
        for scope in scopes:
            if (scope, measure, answers, is_count) in told:
                continue
            if is_count:
                fact = _total_count(block, scope, measure)
            else:
                fact = _total_sum(_Answered(block, 0, (measure, answers), SHARE), scope)
            if fact:
                found.append(Statement(replace(fact, element=element)))
    return found


def _total_count(block: Block, scope: Scope, measure: str) -> Fact | None:
    sets, members = published(block, measure), block.members(scope)
    if not sets.knows([members])[0]:
        return None
    return Fact(scope, "count", float(sets.value(members)), 0.0, measure)


def _total_sum(answered: _Answered, scope: Scope) -> Fact | None:
    """Return the sum of everybody's answers that those of parts come to, with its rounding."""
    members, sums = answered.block.members(scope), answered.sums
    if answered.measure[0] == PERSONS or not sums.knows([members])[0]:
        return None
    value = half = 0.0
    weights = sums.known.weights(members.astype(float))
    for s, w in zip(sums.sources, weights, strict=True):
        inside = answered.block.members(s.fact.scope)
        n = 1.0 if s.fact.quantity == "sum" else float(answered.counts.value(inside))
        value += w * n * (s.fact.value or 0.0)
        half += abs(w) * n * s.fact.half
    weighted = any(s.fact.weighted for s in sums.sources)
    name, answers = answered.measure
    return Fact(scope, "sum", value, half, name, answers, weighted=weighted)
