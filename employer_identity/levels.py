"""The levels of a ladder: what each holds equal, what it tests, and which can be tested at all.

Answers taken as numbers go from loadings to intercepts to residual variances. Of items answered in
ordered categories thresholds come first: behind the answer lies a response without origin and unit,
and equal thresholds are what gives it both (Wu & Estabrook 2016). How many categories an item has
decides what can be told apart: of three, two thresholds give no more than origin and unit; of two,
thresholds, loadings and intercepts are tested together. A level that holds no more than the one
below is the same model, and is neither tested nor said to hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from employer_identity.measurement.ordering import Key, Ordered
from employer_identity.measurement.syntax import Term
from employer_identity.measurement.table import PLAIN, complete

Level = Literal["configural", "thresholds", "metric", "scalar", "strict"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""All levels, from the lowest; no ladder needs to have each of them."""
NUMBERS: tuple[Level, ...] = ("configural", "metric", "scalar", "strict")
"""The levels of answers taken as numbers."""
Kind = Literal["threshold", "loading", "intercept", "residual"]
TESTED: Mapping[Level, Kind] = {
    "thresholds": "threshold", "metric": "loading", "scalar": "intercept", "strict": "residual",
}  # fmt: skip
"""What each level newly holds equal and tests."""
FAMILIES: Mapping[Kind, str] = {
    "threshold": "thresholds", "loading": "loadings", "intercept": "intercepts",
    "residual": "residuals",
}  # fmt: skip
_OPS: Mapping[str, Kind] = {"|": "threshold", "=~": "loading", "~1": "intercept"}
Untestable = Literal["means", "theta", "same_model"]


def kind_of(key: Key) -> Kind | None:
    """Name what a relation says of an item; None where no level is about it."""
    lhs, op, rhs = key
    if op == "~~":
        return "residual" if lhs == rhs else None
    return _OPS.get(op)


def item_of(key: Key) -> str:
    """Name the item that a relation of some kind is about."""
    return key[2] if key[1] == "=~" else key[0]


def reaches(level: Level | None, needed: Level) -> bool:
    """Whether a level is at least as high as another; None is below all."""
    return level is not None and LEVELS.index(level) >= LEVELS.index(needed)


@dataclass(frozen=True)
class Step:
    """One level of a route.

    Attributes
    ----------
    level
        Its name.
    equal
        The families held equal there, as `cfa` takes them.
    untestable
        Why it cannot be tested: no ``means``; equal residual variances of ordered items need
        ``theta``; with these categories it is the ``same_model`` as the one below. None where it
        can.
    """

    level: Level
    equal: tuple[str, ...]
    untestable: Untestable | None = None


@dataclass(frozen=True)
class Route:
    """The levels that a ladder has.

    Attributes
    ----------
    steps
        From the lowest.
    ordered
        Whether items are answered in ordered categories.
    """

    steps: tuple[Step, ...]
    ordered: bool = False

    @classmethod
    def of(
        cls, terms: Sequence[Term], groups: int, *, means: bool, ordered: Ordered = PLAIN
    ) -> Route:
        """Lay out the route of a model, for answers with or without means."""
        steps: list[Step] = []
        equal: tuple[str, ...] = ()
        fewest = -1
        for level in LEVELS if ordered.thresholds else NUMBERS:
            equal += (FAMILIES[TESTED[level]],) if level in TESTED else ()
            if not means and level not in ("configural", "metric"):
                steps.append(Step(level, equal, "means"))
                continue
            if level == "strict" and ordered.by_scale:
                steps.append(Step(level, equal, "theta"))
                continue
            table = complete(terms, groups, equal=equal, std_lv=True, means=means, ordered=ordered)
            same = table.n_parameters == fewest
            steps.append(Step(level, equal, "same_model" if same else None))
            fewest = table.n_parameters
        return cls(tuple(steps), bool(ordered.thresholds))

    def __getitem__(self, level: Level) -> Step:
        """Return a level's step."""
        return self.steps[self.levels.index(level)]

    @property
    def levels(self) -> tuple[Level, ...]:
        """All levels."""
        return tuple(step.level for step in self.steps)

    @property
    def testable(self) -> tuple[Level, ...]:
        """The levels that the answers can test."""
        return tuple(step.level for step in self.steps if step.untestable is None)

    @property
    def sharing(self) -> int:
        """Over how many rungs the default rule shares its level, see `criteria.Localised`."""
        return max(len(self.up_to("scalar")) - 1, 1) if self.ordered else 1

    def up_to(self, level: Level) -> tuple[Level, ...]:
        """Return the testable levels up to one, that one included."""
        return tuple(name for name in self.testable if reaches(level, name))

    def tested_at(self, level: Level) -> Level:
        """Return the level whose test is about one: a higher one where it is the same model."""
        higher = (name for name in self.testable if reaches(name, level))
        return next(higher, level) if self[level].untestable == "same_model" else level

    def equal(self, level: Level) -> tuple[str, ...]:
        """Return the families that a level holds equal."""
        return self[level].equal

    def holds_equal(self, kind: Kind, level: Level) -> bool:
        """Whether a level holds a kind equal."""
        return FAMILIES[kind] in self.equal(level)

    def new(self, level: Level) -> frozenset[Kind]:
        """Return the kinds that a level holds equal and the testable one below it does not."""
        below = self.up_to(level)[:-1]
        known = self.equal(below[-1]) if below else ()
        return frozenset(
            kind for kind, family in FAMILIES.items()
            if family in self.equal(level) and family not in known
        )  # fmt: skip
