"""What items answered in ordered categories add to a model: thresholds, scales, what fixes them.

Behind the answer lies a response y* of no unit and no origin: where thresholds are a + b times what
they were, and the item's line too, nothing changes. The reference group's is given the intercept 0
and the scale 1 (``delta``: y* has variance 1; ``theta``: its residual has). In another group each
threshold that is tied to an earlier group's gives the item one of the two back, its origin first
and its unit second (Wu & Estabrook 2016); an intercept held at 0 gives the origin, and a tied
loading the unit, on a factor whose own unit other items give. Where none gives it, as with two
categories throughout, one item's unit is the factor's, and tied loadings alone test nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Key = tuple[str, str, str]
Parameterization = Literal["delta", "theta"]


@dataclass(frozen=True)
class Ordered:
    """The items answered in ordered categories.

    Parameters
    ----------
    thresholds
        How many each of them has: one fewer than categories.
    parameterization
        ``delta``: scales of y* are parameters and residual variances follow from them; ``theta``:
        the other way round.
    """

    thresholds: Mapping[str, int] = field(default_factory=dict)
    parameterization: Parameterization = "delta"

    @property
    def by_scale(self) -> frozenset[str]:
        """Items whose scale is a parameter."""
        return frozenset(self.thresholds if self.parameterization == "delta" else ())

    @property
    def rows(self) -> list[Key]:
        """The relations of thresholds and scales."""
        found = [
            (i, "|", f"t{k + 1}") for i, count in self.thresholds.items() for k in range(count)
        ]
        return [*found, *((i, "~*~", i) for i in self.thresholds if i in self.by_scale)]

    def unit(self, item: str) -> Key:
        """Return the relation that gives an item's y* its unit."""
        return (item, "~*~" if item in self.by_scale else "~~", item)


@dataclass(frozen=True, eq=False)
class Ties:
    """What is tied over groups, as far as an item's origin and unit depend on it.

    Parameters
    ----------
    rows
        The model's relations, (R,).
    shared
        Cells with a fixed value, or one parameter with an earlier group's; (G, R).
    equal
        Families held equal.
    released
        Whether a relation was set aside in a group, by its index.
    """

    rows: tuple[Key, ...]
    shared: Booleans
    equal: frozenset[str]
    released: Callable[[Key, int], bool]

    def count(self, g: int, item: str) -> int:
        """Thresholds of an item that an earlier group shares."""
        return sum(self.shared[g, r] for r, key in enumerate(self.rows) if key[:2] == (item, "|"))

    def _loadings(self, g: int) -> dict[str, dict[str, bool]]:
        """Return by factor the items that it bears on directly, and whether the loading is tied."""
        factors = {lhs for lhs, op, _ in self.rows if op == "=~"}
        found: dict[str, dict[str, bool]] = {}
        for r, (factor, op, item) in enumerate(self.rows):
            if op == "=~" and item not in factors:
                found.setdefault(factor, {})[item] = bool(self.shared[g, r])
        return found

    def intercept_free(self, g: int, item: str) -> bool:
        """Whether an intercept may differ from 0."""
        key = (item, "~1", "")
        if "intercepts" in self.equal:
            return self.released(key, g)
        return g > 0 and self.count(g, item) > 0

    def units_free(self, g: int, ordered: Ordered) -> frozenset[str]:
        """Name the items whose unit may differ from 1."""
        items = set(ordered.thresholds)
        if ordered.parameterization == "theta" and "residuals" in self.equal:
            return frozenset(i for i in items if self.released(ordered.unit(i), g))
        if g == 0 or "thresholds" not in self.equal:
            return frozenset()
        left = {i: self.count(g, i) - self.intercept_free(g, i) for i in items}
        own = {i for i in items if left[i] >= 1}
        for tied in self._loadings(g).values():
            told = any(t and (i in own or i not in items) for i, t in tied.items())
            rest = [i for i, t in tied.items() if t and left.get(i) == 0]
            own |= set(rest if told else rest[1:])  # else the first one's gives the factor a unit
        return frozenset(own)


def identify(value: Array, silent: Booleans, ordered: Ordered, ties: Ties) -> None:
    """Fix intercepts and units of ordered items where nothing tells them; in place, (G, R)."""
    position = {key: r for r, key in enumerate(ties.rows)}
    for g in range(len(value)):
        units = ties.units_free(g, ordered)
        for item in ordered.thresholds:
            unit = position[ordered.unit(item)]
            if silent[unit] and item not in units:
                value[g, unit] = 1.0
            origin = position[(item, "~1", "")]
            if silent[origin] and not ties.intercept_free(g, item):
                value[g, origin] = 0.0
            if item in ordered.by_scale:
                value[g, position[(item, "~~", item)]] = 0.0  # follows from the scale
