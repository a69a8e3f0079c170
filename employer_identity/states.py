"""How each rung stands, and which items were set aside: for figures, tables, words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from employer_identity.levels import LEVELS, Kind, Level
from employer_identity.rungs import Release

if TYPE_CHECKING:
    from employer_identity.ladder import Ladder

State = Literal["held", "in_part", "rejected", "out_of_reach", "untestable", "same_model"]
Direction = Literal["higher", "lower", "differs"]


def states(ladder: Ladder) -> dict[Level, State]:
    """Return how each rung stands, from the lowest.

    ``held``: with every equality; ``in_part``: without what was set aside up to it; ``rejected``,
    also where it has no solution; ``out_of_reach``: a rung below does not hold; ``untestable``:
    there are no means, or the parameterization has no such equality; ``same_model`` as the rung
    below.
    """
    found: dict[Level, State] = {}
    below: State = "held"
    for step in ladder.route.steps:
        level = step.level
        if step.untestable is not None:
            found[level] = "same_model" if step.untestable == "same_model" else "untestable"
            continue
        if below not in ("held", "in_part"):
            tried = level in ladder.rungs and not ladder.holds(level)
            found[level] = "rejected" if tried else "out_of_reach"
        elif not ladder.holds(level):
            found[level] = "rejected"
        else:
            found[level] = "in_part" if ladder.set_aside(level) else "held"
        below = found[level]
    return found


def beside(ladders: Mapping[str, Ladder]) -> pd.DataFrame:
    """Lay the states of several ladders side by side.

    Columns level, from the lowest, and ``state_`` with each ladder's name; empty where a ladder has
    no such rung.
    """
    columns = {f"state_{name}": states(ladder) for name, ladder in ladders.items()}
    levels = [level for level in LEVELS if any(level in own for own in columns.values())]
    told = {name: [own.get(level, "") for level in levels] for name, own in columns.items()}
    return pd.DataFrame({"level": levels, **told})


def last_tried(ladder: Ladder) -> tuple[Release, ...]:
    """Return all that was set aside, on whatever rung."""
    return ladder.set_aside(ladder.levels[-1])


@dataclass(frozen=True)
class Aside:
    """An item of which an equality was set aside.

    Attributes
    ----------
    item, kind
        The item, and what about it was no longer held equal.
    groups
        The groups that it concerns; empty where every group stands by itself.
    direction
        On which side of the others these groups lie; ``differs`` where that says nothing.
    """

    item: str
    kind: Kind
    groups: tuple[str, ...]
    direction: Direction


def asides(releases: Iterable[Release], groups: Iterable[str]) -> tuple[Aside, ...]:
    """Gather what was set aside by item, kind and side, in the order in which it was.

    An intercept that only follows its loading is not told again. Of two groups the one that was
    tested is named, since the other lies as far on the other side.
    """
    order, told = list(groups), [r for r in releases if r.why != "follows"]
    alone = {r.constraint.key for r in told if r.everywhere and len(order) > 2}
    found: dict[tuple[str, Kind, Direction], list[str]] = {}
    for r in told:
        kind, by_itself = r.constraint.kind, r.constraint.key in alone
        side: Direction = "differs" if by_itself else _side(r)
        members = found.setdefault((r.constraint.item, kind, side), [])
        named = not by_itself and r.constraint.group is not None
        members += [str(r.constraint.group)] if named else []
    return tuple(
        Aside(item, kind, tuple(g for g in order if g in members), side)
        for (item, kind, side), members in found.items()
    )


def _side(release: Release) -> Direction:
    change = release.constraint.epc
    if np.isnan(change):
        return "differs"
    return "higher" if change > 0 else "lower"
