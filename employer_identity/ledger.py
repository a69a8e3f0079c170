"""What a fit holds fixed and equal, how it was estimated, and which rows it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from employer_identity.errors import Problem
from employer_identity.language import Language, describe, listing, say
from employer_identity.measurement.ordering import Key
from employer_identity.measurement.table import family
from employer_identity.showing import Showing, ShowingFields, View, are_tellable

if TYPE_CHECKING:
    from employer_identity.fit import Fit

Test = Literal[
    "standard", "yuan_bentler", "satorra_bentler", "weighted", "mean_adjusted", "shifted"
]  # fmt: skip
Errors = Literal[
    "standard", "huber_white", "clusters", "satorra_bentler", "weighted", "plain_weights"
]  # fmt: skip
Information = Literal["expected", "observed", "weighted"]
INFERENCE: dict[str, tuple[Test, Errors]] = {
    "ML": ("standard", "standard"), "MLR": ("yuan_bentler", "huber_white"),
    "MLM": ("satorra_bentler", "satorra_bentler"), "DWLS": ("weighted", "plain_weights"),
    "WLSM": ("mean_adjusted", "weighted"), "WLSMV": ("shifted", "weighted"),
}  # fmt: skip
SHOWN = 8  # relations named in one line


@dataclass(frozen=True)
class Tie(ShowingFields):
    """A family held equal over groups.

    Parameters
    ----------
    family
        lavaan's name of it.
    cells, parameters
        Cells that share a parameter with another group's, and how many parameters they are.
    released
        Relations of the family that some group has for itself.
    """

    family: str
    cells: int
    parameters: int
    released: tuple[str, ...]


@dataclass(frozen=True)
class Fixture(ShowingFields):
    """Relations of one family with a value that is not estimated, in some of the groups."""

    family: str
    value: float
    relations: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Ledger(Showing):
    """The books of a fit; printing it says all of it.

    Parameters
    ----------
    moments, parameters
        What the answers offer, and distinct free parameters.
    df, df_obtained
        Moments less parameters, by counting; and less the rank of the moments' derivatives. They
        differ where the answers cannot tell some parameters apart.
    cells_free, cells_tied
        Cells that are estimated, and how many of them repeat another's parameter.
    ties, fixed
        What is held equal over groups and what is fixed; observed predictors are neither.
    by_label
        Cells tied by labels in the text.
    estimator, missing, information, test, errors
        How it was estimated, and what the chi-square and the standard errors are.
    scaling
        What the chi-square is divided by; None where it is not.
    n
        Rows used, by group.
    notes
        What was resolved, left out and why.
    weights, cluster
        Columns; None where there are none, or where groups are the clusters.
    clusters
        Number of clusters, 0 where everybody stands alone.
    """

    moments: int
    parameters: int
    df: int
    df_obtained: int
    cells_free: int
    cells_tied: int
    ties: tuple[Tie, ...]
    fixed: tuple[Fixture, ...]
    by_label: int
    estimator: str
    missing: str
    information: Information
    test: Test
    errors: Errors
    scaling: float | None
    n: dict[str, int]
    notes: tuple[Problem, ...]
    weights: str | None
    cluster: str | None
    clusters: int

    def __getitem__(self, name: str) -> object:
        """Return one entry by its name."""
        return getattr(self, name)

    def short(self, language: Language = "en") -> str:
        """Return the books in a line."""
        values = {"moments": self.moments, "parameters": self.parameters, "df": self.df}
        information = say(f"ledger.information.{self.information}", language)
        errors = say(f"ledger.errors.{self.errors}", language)
        return say(
            "ledger.short", language, tied=self.cells_tied, errors=errors,
            information=information, **values,
        )  # fmt: skip

    def lines(self, language: Language = "en") -> list[str]:
        """Return the books in full, a line a thing."""
        return [
            *self._counts(language), *self._ties(language), *self._fixed(language),
            *self._estimation(language), *(describe(note, language) for note in self.notes),
        ]  # fmt: skip

    def _counts(self, language: Language) -> Iterator[str]:
        values = {"moments": self.moments, "parameters": self.parameters, "df": self.df}
        yield say("ledger.df", language, **values)
        if self.df != self.df_obtained:
            yield say("ledger.df_differs", language, df=self.df, obtained=self.df_obtained)
        yield say("ledger.cells", language, free=self.cells_free, tied=self.cells_tied)

    def _ties(self, language: Language) -> Iterator[str]:
        for tie in self.ties:
            values = {"cells": tie.cells, "parameters": tie.parameters}
            name = say(f"ledger.family.{tie.family.replace('.', '_')}", language)
            yield say("ledger.tie", language, family=name, **values)
            if tie.released:
                yield say("ledger.released", language, where=_some(tie.released, language))
        if self.by_label:
            yield say("ledger.by_label", language, count=self.by_label)

    def _fixed(self, language: Language) -> Iterator[str]:
        for fixture in self.fixed:
            everywhere = len(fixture.groups) == len(self.n)
            name = say(f"ledger.family.{fixture.family.replace('.', '_')}", language)
            values = {"family": name, "value": fixture.value}
            values["where"] = _some(fixture.relations, language)
            if everywhere:
                yield say("ledger.fixed", language, **values)
            else:
                groups = listing(fixture.groups, language)
                yield say("ledger.fixed_in", language, groups=groups, **values)

    def _estimation(self, language: Language) -> Iterator[str]:
        information = say(f"ledger.information.{self.information}", language)
        errors = say(f"ledger.errors.{self.errors}", language)
        yield say("ledger.errors_line", language, errors=errors, information=information)
        yield say(f"ledger.test.{self.test}", language)
        if self.scaling is not None:
            yield say("ledger.scaling", language, scaling=self.scaling)
        if len(self.n) > 1 and are_tellable(self.n.values()):
            each = [f"{group} {n}" for group, n in self.n.items()]
            yield say(
                "ledger.rows_by_group", language, n=sum(self.n.values()), each="; ".join(each)
            )
        else:
            yield say("ledger.rows", language, n=sum(self.n.values()))
        if self.weights:
            yield say("ledger.weights", language, weights=self.weights)
        if self.clusters:
            yield say("ledger.clusters", language, cluster=self.cluster, count=self.clusters)

    def _view(self) -> View:
        return View.of(self.lines())


def ledger(fit: Fit) -> Ledger:
    """Draw up the books of a fit."""
    moments, information, rows = fit.count, _information(fit), fit.rows
    free, q = int((fit.table.number >= 0).sum()), fit.layout.q
    ties = tuple(_tied(fit))
    clusters = rows.units if rows is not None and rows.clustered else 0
    test, errors = INFERENCE[fit.estimator] if fit.rows is not None else INFERENCE["ML"]
    if clusters:
        errors = "clusters"
    return Ledger(
        moments, q, moments - q, moments - _rank(fit), free, free - q, ties,
        tuple(_fixtures(fit)), free - q - sum(tie.cells - tie.parameters for tie in ties),
        fit.estimator, fit.missing, information, test, errors,
        fit.scaling if fit.df else None, fit.n, fit.notes, fit.weights,
        fit.cluster if clusters else None, clusters,
    )  # fmt: skip


def _information(fit: Fit) -> Information:
    """Name what the standard errors rest on."""
    if fit.ordered is not None:
        return "weighted"
    complete = fit.saturated.patterns.complete
    expected = fit.estimator == "MLM" or (fit.sandwich is None and complete)
    return "expected" if expected else "observed"


def _rank(fit: Fit) -> int:
    """Return how many directions of the parameters move the moments."""
    curvature = fit.solution.curvature
    assert curvature is not None  # there is one wherever there are estimates
    rank, _ = curvature.tied.null
    return rank


def _tied(fit: Fit) -> Iterator[Tie]:
    """Go through the families of which some cell is tied over groups."""
    number, rows = fit.table.number, fit.table.rows
    by_family: dict[str, list[int]] = {}
    for r, key in enumerate(rows):
        by_family.setdefault(family(key, fit.table.roles), []).append(r)
    for name in fit.equal:
        cells = parameters = 0
        released = []
        for r in by_family[name]:
            own = number[number[:, r] >= 0, r]
            counts = np.unique(own, return_counts=True)[1]
            cells += int(counts[counts > 1].sum())
            parameters += int((counts > 1).sum())
            alone = [fit.groups[g] for g in np.flatnonzero(np.isin(number[:, r], own)) if
                     (own == number[g, r]).sum() == 1]  # fmt: skip
            if alone:
                everywhere = len(alone) == len(fit.groups)
                where = "" if everywhere else f" ({listing(alone)})"
                released.append(spelled(rows[r]) + where)
        if cells:  # what is equal by being 0 or 1 is listed as fixed
            yield Tie(name, cells, parameters, tuple(released))


def _fixtures(fit: Fit) -> Iterator[Fixture]:
    """Gather fixed cells by family, value and groups."""
    table = fit.table
    found: dict[tuple[str, float, tuple[str, ...]], list[str]] = {}
    for r, key in enumerate(table.rows):
        if table.given[r] or table.derived[r]:
            continue
        for value in dict.fromkeys(fit.values[table.number[:, r] < 0, r].tolist()):
            at = (table.number[:, r] < 0) & (fit.values[:, r] == value)
            groups = tuple(fit.groups[g] for g in np.flatnonzero(at))
            kind = (family(key, table.roles), float(value), groups)
            found.setdefault(kind, []).append(spelled(key))
    for (name, value, groups), relations in found.items():
        yield Fixture(name, value, tuple(relations), groups)


def spelled(key: Key) -> str:
    """Write a relation as a model text does."""
    lhs, op, rhs = key
    return f"{lhs} ~ 1" if op == "~1" else f"{lhs} {op} {rhs}"


def _some(names: tuple[str, ...], language: Language) -> str:
    """List names, and how many more there are."""
    if len(names) <= SHOWN:
        return listing(names, language)
    more = say("ledger.more", language, count=len(names) - SHOWN)
    return listing([*names[:SHOWN], more], language)
