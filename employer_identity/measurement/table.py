"""Complete a model's terms into a table of relations x groups: free, fixed or tied.

The defaults are lavaan's: every factor's first loading is 1 (or its variance, with ``std_lv``),
residual variances and intercepts are free, factors that nothing explains covary. Names live here;
`layout` turns the table into integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement.ordering import Key, Ordered, Ties, identify
from employer_identity.measurement.syntax import Term

FAMILIES = (
    "loadings", "intercepts", "residuals", "residual.covariances", "lv.variances",
    "lv.covariances", "means", "regressions", "thresholds",
)  # fmt: skip
PLAIN = Ordered()  # no item is answered in ordered categories


@dataclass(frozen=True)
class Roles:
    """Which names a model measures with, measures, explains and takes as given."""

    factors: tuple[str, ...]
    observed: tuple[str, ...]
    indicators: frozenset[str]
    outcomes: frozenset[str]
    exogenous: tuple[str, ...]

    @classmethod
    def of(cls, terms: Sequence[Term]) -> Roles:
        """Read the roles off a model's terms; observed names in order of appearance."""
        factors = tuple(dict.fromkeys(t.lhs for t in terms if t.op == "=~"))
        indicators = dict.fromkeys(t.rhs for t in terms if t.op == "=~")
        named = [t for t in terms if t.op != "=~"]
        others = dict.fromkeys(n for t in named for n in (t.lhs, "" if t.op == "|" else t.rhs) if n)
        observed = tuple(n for n in {**indicators, **others} if n not in factors)
        outcomes = {t.lhs for t in terms if t.op == "~"}
        causes = {t.rhs for t in terms if t.op == "~"}
        given = causes - outcomes - set(indicators)
        exogenous = [n for n in observed if n in given]
        return cls(factors, observed, frozenset(indicators), frozenset(outcomes), tuple(exogenous))


@dataclass(frozen=True)
class Table:
    """Relations x groups.

    Parameters
    ----------
    rows
        (lhs, op, rhs) of each relation, (R,).
    number
        Index of the parameter that a cell is, -1 where fixed; (G, R). Equality is the same number
        twice.
    value
        The value of fixed cells, NaN elsewhere; (G, R).
    start
        Starting values asked for in the text, NaN elsewhere; (G, R).
    label
        The user's labels, (G, R).
    given
        Relations among observed predictors, whose values are the sample's own; (R,).
    ordered
        The items answered in ordered categories.
    held
        Fixed cells that an equal family holds at one value in all groups, (G, R): intercepts, and
        with ``theta`` residual variances, of ordered items.
    """

    roles: Roles
    rows: tuple[Key, ...]
    number: NDArray[np.int64]
    value: NDArray[np.float64]
    start: NDArray[np.float64]
    label: NDArray[np.object_]
    given: NDArray[np.bool_]
    ordered: Ordered
    held: NDArray[np.bool_]

    @property
    def n_parameters(self) -> int:
        """Count of distinct free parameters, q."""
        return int(self.number.max(initial=-1)) + 1

    @property
    def derived(self) -> NDArray[np.bool_]:
        """Relations whose value follows from others: residual variances beside a scale; (R,)."""
        by_scale = self.ordered.by_scale
        return np.array([a in by_scale and op == "~~" and a == b for a, op, b in self.rows])


def default_terms(
    terms: Sequence[Term], roles: Roles, *, orthogonal: bool, ordered: Ordered = PLAIN
) -> list[Key]:
    """List the relations that the text leaves unsaid, in lavaan's order."""
    said = {(t.lhs, t.op, t.rhs) for t in terms} | {(t.rhs, t.op, t.lhs) for t in terms}
    wanted: list[Key] = ordered.rows
    wanted += [(n, "~~", n) for n in (*roles.observed, *roles.factors)]
    explained = roles.indicators | roles.outcomes
    free_factors = [f for f in roles.factors if f not in explained]
    causes = {t.rhs for t in terms if t.op == "~"}
    ends = roles.outcomes - causes
    last = [n for n in (*roles.factors, *roles.observed) if n in ends]
    last = [n for n in last if n not in roles.indicators]
    together = [[] if orthogonal else free_factors, last, list(roles.exogenous)]
    for names in together:
        wanted += [(a, "~~", b) for i, a in enumerate(names) for b in names[i + 1 :]]
    wanted += [(n, "~1", "") for n in (*roles.observed, *roles.factors)]
    return [key for key in wanted if key not in said]


def family(key: Key, roles: Roles) -> str:
    """Name the family (lavaan's ``group.equal``) that a relation belongs to."""
    lhs, op, rhs = key
    latent = lhs in roles.factors
    if op == "~~":
        if lhs == rhs:
            return "lv.variances" if latent else "residuals"
        return "lv.covariances" if latent and rhs in roles.factors else "residual.covariances"
    if op == "~1":
        return "means" if latent else "intercepts"
    return {"=~": "loadings", "~": "regressions", "|": "thresholds", "~*~": "scales"}[op]


def complete(
    terms: Sequence[Term],
    n_groups: int,
    *,
    equal: Sequence[str] = (),
    free: frozenset[tuple[Key, int | None]] = frozenset(),
    std_lv: bool = False,
    orthogonal: bool = False,
    means: bool = True,
    ordered: Ordered = PLAIN,
) -> Table:
    """Complete, identify and number a model.

    Parameters
    ----------
    terms
        The text's terms; each has one modifier or ``n_groups``.
    equal
        Families held equal across groups.
    free
        Relations released from ``equal``: in all groups (None) or in one group's index.
    std_lv
        Identify factors by variance 1 instead of a first loading of 1.
    means
        Whether there is a mean structure.
    ordered
        The items answered in ordered categories.
    """
    roles = Roles.of(terms)
    said: list[Key] = [(t.lhs, t.op, t.rhs) for t in terms]
    rows = (*said, *default_terms(terms, roles, orthogonal=orthogonal, ordered=ordered))
    rows = rows if means else tuple(key for key in rows if key[1] != "~1")
    shape = (n_groups, len(rows))
    value, start = np.full(shape, np.nan), np.full(shape, np.nan)
    label = np.full(shape, "", dtype=object)
    silent = np.ones(len(rows), dtype=bool)
    for r, term in enumerate(terms):
        modifiers = term.modifiers
        # a variance or mean that the text names is free; a loading named plainly may be the first
        unmarked = all(m.fixed is None and not m.freed for m in modifiers)
        silent[r] = unmarked and term.op == "=~"
        for g, modifier in enumerate(modifiers * (n_groups // len(modifiers))):
            value[g, r] = np.nan if modifier.fixed is None else modifier.fixed
            start[g, r] = np.nan if modifier.start is None else modifier.start
            label[g, r] = modifier.label or ""
    tied = frozenset(equal)
    _identify(value, rows, roles, silent, tied, std_lv=std_lv)
    given = np.array(
        [k[0] in roles.exogenous and (k[2] in roles.exogenous or not k[2]) for k in rows]
    )
    value[:, given & silent] = 0.0
    names = _names(value, label, rows, roles, tied, free)
    if ordered.thresholds:
        ties = Ties(rows, _shared(names, value), tied, partial(_is_released, free))
        identify(value, silent, ordered, ties)
    number = _number(names, value)
    held = _held(value, silent, rows, roles, ordered, tied)
    return Table(roles, rows, number, value, start, label, given & silent, ordered, held)


def independence(table: Table) -> Table:
    """Return the baseline of a model: variances and means, and what observed predictors share.

    Of ordered items: thresholds.
    """
    observed, ordered = table.roles.observed, Ordered(table.ordered.thresholds)
    x = [key for key, known in zip(table.rows, table.given, strict=True) if known]
    given = tuple(n for n in observed if any(n == key[0] for key in x))
    own = [n for n in observed if n not in given and n not in ordered.thresholds]
    free: list[Key] = [(n, "~~", n) for n in own]
    if any(key[1] == "~1" for key in table.rows):
        free += [(n, "~1", "") for n in own]
    free += [key for key in ordered.rows if key[1] == "|"]
    scales = [key for key in ordered.rows if key[1] == "~*~"]
    rows = (*free, *x, *scales)
    groups, q = len(table.number), len(free)
    number = np.full((groups, len(rows)), -1, dtype=np.int64)
    number[:, :q] = np.arange(groups * q).reshape(groups, q)
    value = np.where(number < 0, 0.0, np.nan)
    value[:, len(rows) - len(scales) :] = 1.0
    blank = np.full(value.shape, np.nan)
    roles = Roles((), observed, frozenset(), frozenset(), given)
    known = (np.arange(len(rows)) >= q) & np.array([key[1] != "~*~" for key in rows])
    text = np.full(value.shape, "", dtype=object)
    return Table(roles, rows, number, value, blank, text, known, ordered, np.zeros_like(number < 0))


def _identify(
    value: NDArray[np.float64],
    rows: tuple[Key, ...],
    roles: Roles,
    silent: NDArray[np.bool_],
    equal: frozenset[str],
    *,
    std_lv: bool,
) -> None:
    """Fix what gives factors a scale and an origin; free it in later groups as they are tied."""
    variance_from = 1 if "loadings" in equal and "lv.variances" not in equal else len(value)
    mean_from = 1 if "intercepts" in equal and "means" not in equal else len(value)
    position = {key: r for r, key in enumerate(rows)}
    for factor in roles.factors:
        first = next(r for r, key in enumerate(rows) if key[:2] == (factor, "=~"))
        variance, mean = position[(factor, "~~", factor)], position.get((factor, "~1", ""))
        if std_lv and silent[variance]:
            value[:variance_from, variance] = 1.0
        elif not std_lv and silent[first]:
            value[:, first] = 1.0
        if mean is not None and silent[mean]:
            # a factor measured by others' factors gets its level from them
            value[: len(value) if factor in roles.indicators else mean_from, mean] = 0.0


def _names(
    value: NDArray[np.float64],
    label: NDArray[np.object_],
    rows: tuple[Key, ...],
    roles: Roles,
    equal: frozenset[str],
    free: frozenset[tuple[Key, int | None]],
) -> NDArray[np.object_]:
    """Name the parameter of each cell, (G, R); tied cells have one name."""
    found = np.empty(value.shape, dtype=object)
    may_tie = [family(key, roles) in equal for key in rows]
    for g, r in np.ndindex(value.shape):
        key = rows[r]
        tied = may_tie[r] and not ((key, None) in free or (key, g) in free)
        found[g, r] = label[g, r] or ((key, "all groups") if tied else (key, g))
    return found


def _number(names: NDArray[np.object_], value: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give each free cell its parameter's number; tied cells share one."""
    numbers: dict[object, int] = {}
    found = np.full(value.shape, -1, dtype=np.int64)
    for g, r in zip(*np.nonzero(np.isnan(value)), strict=True):
        found[g, r] = numbers.setdefault(names[g, r], len(numbers))
    return found


def _shared(names: NDArray[np.object_], value: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mask of cells that are fixed, or one parameter with an earlier group's; (G, R)."""
    found = ~np.isnan(value)
    seen: list[set[object]] = [set() for _ in range(value.shape[1])]
    for g, r in zip(*np.nonzero(~found), strict=True):
        found[g, r] = names[g, r] in seen[r]
        seen[r].add(names[g, r])
    return found


def _is_released(free: frozenset[tuple[Key, int | None]], key: Key, g: int) -> bool:
    """Whether a relation was set aside in a group; of those held at one value not in the first."""
    return (key, g) in free or (g > 0 and (key, None) in free)


def _held(
    value: NDArray[np.float64],
    silent: NDArray[np.bool_],
    rows: tuple[Key, ...],
    roles: Roles,
    ordered: Ordered,
    equal: frozenset[str],
) -> NDArray[np.bool_]:
    """Mask of what equal families hold at one value, see `Table`."""
    families = ["intercepts"] + ["residuals"] * (ordered.parameterization == "theta")
    may = [
        k[0] in ordered.thresholds and family(k, roles) in families and family(k, roles) in equal
        for k in rows
    ]
    return np.asarray(~np.isnan(value) & silent & may)
