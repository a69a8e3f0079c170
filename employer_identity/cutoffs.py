"""Cut-offs that were simulated for one ladder: a rule, with what it was made of and for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.cfa import Prepared
from employer_identity.criteria import CHEN_LARGE, ChangeIndex, FitChange, Rule
from employer_identity.errors import Problem
from employer_identity.language import listing, number, say
from employer_identity.levels import Kind, Level
from employer_identity.proportions import counted
from employer_identity.showing import Grid, Showing, ShowingFields, View

Array = NDArray[np.float64]
PLACES: tuple[ChangeIndex, ...] = ("cfi", "rmsea", "srmr")
"""The changes that a replication gives, in their order."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Defect(ShowingFields):
    """What is planted in one group to see whether the cut-offs find it.

    Attributes
    ----------
    item, group
        Where.
    kind
        ``intercept`` or ``loading``.
    size
        By how much it is lower there: an intercept in SDs of the item's answers, a loading as a
        standardised one.
    """

    item: str
    group: str
    kind: Kind
    size: float


@dataclass(frozen=True)
class MadeFor(ShowingFields):
    """The ladder that cut-offs were made for.

    Attributes
    ----------
    n
        Group -> respondents used.
    items
        The observed variables.
    levels
        The levels that its answers can test.
    estimator, missing
        How it was estimated.
    """

    n: Mapping[str, int]
    items: tuple[str, ...]
    levels: tuple[Level, ...]
    estimator: str
    missing: str


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class SimulatedCutoffs(Showing, FitChange):
    """Cut-offs from surveys drawn like these answers, in which the constraints are true.

    A rule like others: ``ei.invariance(..., rule=cutoffs)``. Made by `simulated_cutoffs`.

    Attributes
    ----------
    index
        The index that decides.
    alpha
        Share of surveys without a difference that the rule rejects on a rung.
    reps, seed
        Replications a rung, and the seed of their random numbers.
    drawn
        Level -> changes of CFI, RMSEA and SRMR, (reps, 3); missing where a replication failed.
    planted
        Level -> what was planted, and the changes then.
    made_for
        The ladder that they are for.
    off
        How far the drawn answers' means, SDs and correlations are from the model's at most.
    """

    index: ChangeIndex
    alpha: float
    reps: int
    seed: int
    drawn: Mapping[Level, Array]
    planted: Mapping[Level, tuple[Defect, Array]]
    made_for: MadeFor
    off: float

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a rung.

        Columns level, index, cutoff, lower, upper (its 95 % interval over replications), failed
        (replications that came to nothing), fixed (Chen's cut-off of the same index) and
        fixed_rejects (the share of these surveys, none of which has a difference, that it rejects);
        of a planted difference: item, group, kind, size, power, power_lower, power_upper.
        """
        return pd.DataFrame([self._row(level) for level in self.cutoffs])

    def _row(self, level: str) -> dict[str, object]:
        place = PLACES.index(self.index)
        changes = self.drawn[level][:, place]  # type: ignore[index]
        kept = changes[~np.isnan(changes)]
        cutoff = self.cutoffs[level][self.index]
        lower, upper = interval_of_quantile(kept, self.index, self.alpha)
        row: dict[str, object] = {
            "level": level, "index": self.index, "cutoff": cutoff, "lower": lower, "upper": upper,
            "failed": len(changes) - len(kept), "fixed": CHEN_LARGE.cutoffs[level][self.index],
        }  # fmt: skip
        row["fixed_rejects"] = float(beyond(kept, self.index, row["fixed"]).mean())  # type: ignore[arg-type]
        row |= dict.fromkeys(("item", "group", "kind"))
        row |= dict.fromkeys(("size", "power", "power_lower", "power_upper"), np.nan)
        found = self.planted.get(level)  # type: ignore[call-overload]
        if found is not None:
            defect, with_it = found
            seen = beyond(with_it[~np.isnan(with_it[:, place]), place], self.index, cutoff)
            row |= {k: getattr(defect, k) for k in ("item", "group", "kind", "size")}
            power = zip(("power", "power_lower", "power_upper"), counted(seen), strict=True)
            row |= dict(power)
        return row

    @property
    def failed(self) -> int:
        """Replications that came to nothing, planted ones too."""
        every = [*self.drawn.values(), *(changes for _, changes in self.planted.values())]
        return int(sum(np.isnan(changes[:, 0]).sum() for changes in every))

    def unfit(
        self, prepared: Prepared, levels: tuple[Level, ...]
    ) -> tuple[Problem, ...]:  # fmt: skip
        """Say why the cut-offs are not for a ladder of these answers; empty if they are."""
        made, sample = self.made_for, prepared.sample
        n = people(prepared)
        values: dict[str, object]
        found = []
        if tuple(made.n) != sample.groups:
            values = {"made": listing(made.n), "asked": listing(sample.groups)}
            found.append(Problem("cutoffs.other_groups", values=values))
        elif dict(made.n) != n:
            values = {"made": sum(made.n.values()), "asked": sum(n.values())}
            found.append(Problem("cutoffs.other_n", values=values))
        if made.items != sample.moments.names:
            differ = sorted({*made.items} ^ {*sample.moments.names})
            values = {"items": listing(differ or made.items)}
            found.append(Problem("cutoffs.other_items", values=values))
        if made.levels != levels:
            values = {"made": listing(made.levels), "asked": listing(levels)}
            found.append(Problem("cutoffs.other_levels", values=values))
        ways = (made.estimator, made.missing), (prepared.estimator, prepared.missing)
        if ways[0] != ways[1]:
            values = {"made": ", ".join(ways[0]), "asked": ", ".join(ways[1])}
            found.append(Problem("cutoffs.other_estimator", values=values))
        return tuple(found)

    def _view(self) -> View:
        title = say(
            "cutoffs.heading", index=self.index.upper(), share=100 * self.alpha, reps=self.reps,
            seed=self.seed, groups=listing(self.made_for.n), n=sum(self.made_for.n.values()),
        )  # fmt: skip
        columns = ["level", "cutoff", "lower", "upper", "fixed", "fixed_rejects", "failed"]
        table = self.table
        formats = dict.fromkeys(("cutoff", "lower", "upper"), "z.4f") | {"fixed_rejects": ".1%"}
        grid = Grid.of(table[columns], formats=formats)
        return View(title, (say(f"cutoffs.reject.{self.index}"),), grid, tuple(self._notes(table)))

    def _notes(self, table: pd.DataFrame) -> list[str]:
        """Say what can be seen with these cut-offs, and what went wrong."""
        notes = [
            say(
                f"cutoffs.power.{r['kind']}", item=r["item"], group=r["group"], level=r["level"],
                size=r["size"], power=number(r["power"], ".0%"),
                low=number(r["power_lower"], ".0%"), high=number(r["power_upper"], ".0%"),
            )
            for r in table[table["kind"].notna()].to_dict("records")
        ]  # fmt: skip
        if self.failed:
            notes.append(say("cutoffs.failed", n=self.failed))
        return notes if self.off < NOTABLE else [*notes, say("cutoffs.off", off=self.off)]


NOTABLE = 0.005  # difference of a mean or SD in SDs, or of a correlation


def people(prepared: Prepared) -> dict[str, int]:
    """Count the respondents of each group."""
    sample = prepared.sample
    rows = sample.evidence.rows
    counts = sample.moments.n if rows is None else rows.counts
    return dict(zip(sample.groups, (int(k) for k in counts), strict=True))


def not_made_for(
    rule: Rule, prepared: Prepared, levels: tuple[Level, ...]
) -> tuple[Problem, ...]:  # fmt: skip
    """Say why a rule cannot judge a ladder; empty if it can."""
    return rule.unfit(prepared, levels) if isinstance(rule, SimulatedCutoffs) else ()


def beyond(changes: Array, index: ChangeIndex, cutoff: float) -> NDArray[np.bool_]:
    """Say which changes a cut-off rejects."""
    return np.asarray(changes < cutoff if index == "cfi" else changes > cutoff)


def quantile(changes: Array, index: ChangeIndex, level: float) -> float:
    """Return the change beyond which a share of the surveys lies: CFI below it, others above."""
    share = level if index == "cfi" else 1.0 - level
    return float(np.quantile(changes, share, method="median_unbiased"))


def interval_of_quantile(changes: Array, index: ChangeIndex, level: float) -> tuple[float, float]:
    """Return the 95 % interval of a quantile: order statistics, by the binomial distribution."""
    from scipy.stats import binom

    share, n = (level if index == "cfi" else 1.0 - level), len(changes)
    ranks = binom.ppf([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], n, share).astype(int)
    ordered = np.sort(changes)
    low, high = np.clip([ranks[0] - 1, ranks[1]], 0, n - 1)
    return float(ordered[low]), float(ordered[high])
