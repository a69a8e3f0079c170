"""`Across`: ladders of several scales over many groupings, read as one family of tests.

Who tests many groupings finds differences by chance. All difference tests are therefore one family,
known before the first is made, and each p stands beside one that is adjusted over the family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast, get_args

import numpy as np
import pandas as pd

from employer_identity.adjusting import adjusted
from employer_identity.criteria import Rule
from employer_identity.decision import Statement, unknown
from employer_identity.errors import ModelError, Problem
from employer_identity.ladder import Ladder
from employer_identity.language import describe, refusal, say
from employer_identity.levels import LEVELS, Level
from employer_identity.rungs import Rung, spelled
from employer_identity.showing import Grid, Showing, View
from employer_identity.states import State, states

ALPHA = 0.05
Pair = tuple[str, str]
_COLUMNS = (
    "scale", "grouping", "groups", "n", "level", "chisq_diff", "df_diff", "pvalue",
    "pvalue_adjusted", "d_cfi", "released", "set_aside", "holds", "state", "reached",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Across(Showing):
    """Ladders of every scale over every grouping.

    Attributes
    ----------
    pairs
        (scale, grouping) in the order asked; a crossing is called by both columns: ``"a + b"``.
    ladders
        The ladder of each pair that could be tested.
    problems
        Why the others could not.
    rule
        The rule that decides; at which level, of ordered items each of `ladders` says.
    notes
        What was left out or merged, and what a reader must know.
    untold
        Pairs of which so few people were left out that the number of those who stay is not told.
    """

    pairs: tuple[Pair, ...]
    ladders: Mapping[Pair, Ladder]
    problems: Mapping[Pair, tuple[Problem, ...]]
    rule: Rule
    notes: tuple[Problem, ...]
    untold: frozenset[Pair]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a rung of each pair; a single one, without a level, where it was not testable.

        Columns scale, grouping, groups (their number), n (of people; missing where it would betray
        a group of few), level, the scaled difference test of the rung with all that it adds against
        the rung below (chisq_diff, df_diff, pvalue, and pvalue_adjusted over all rows after
        Benjamini & Hochberg), d_cfi (its change of CFI), released (constraints set aside on this
        rung), set_aside (on this and those below), holds (with all below it), state (see `states`;
        ``untestable`` also where no rung could be tested), reached (the highest that holds).
        """
        rows = [row for pair in self.pairs for row in self._rows(pair)]
        frame = pd.DataFrame(rows, columns=list(_COLUMNS))
        numbers = frame[["chisq_diff", "df_diff", "pvalue", "d_cfi"]].astype(float)
        whole = dict.fromkeys(("groups", "n", "released", "set_aside"), "Int64")
        frame = frame.assign(**numbers).astype({**whole, "holds": "boolean"})
        return frame.assign(pvalue_adjusted=adjusted(frame["pvalue"].to_numpy(), "fdr_bh"))

    def _rows(self, pair: Pair) -> list[dict[str, object]]:
        ladder = self.ladders.get(pair)
        scale, grouping = pair
        told: dict[str, object] = {"scale": scale, "grouping": grouping}
        if ladder is None:
            return [told | {"level": "", "state": "untestable", "reached": ""}]
        n = pd.NA if pair in self.untold else sum(ladder.n.values())
        told |= {"groups": len(ladder.groups), "n": n, "reached": ladder.level or ""}
        found = states(ladder)
        return [told | _row(ladder, level, found[level]) for level in ladder.testable]

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that any of the ladders has, from the lowest."""
        there = {level for ladder in self.ladders.values() for level in ladder.route.levels}
        return tuple(level for level in LEVELS if level in there) or ("configural",)

    @property
    def tests(self) -> int:
        """Size of the family: difference tests that could be made."""
        return int(self.table["pvalue"].notna().sum())

    def decision(self, statement: Statement) -> pd.DataFrame:
        """Say which groupings allow a statement, such as ``"latent means"``.

        Columns scale, grouping, allowed, reached, factors (for which it is allowed), set_aside,
        reason (in English).

        Raises
        ------
        ModelError
            If there is no such statement.
        """
        if statement not in get_args(Statement):
            raise refusal(ModelError, [unknown(statement)])
        rows = []
        for scale, grouping in self.pairs:
            row: dict[str, object] = {"scale": scale, "grouping": grouping, "allowed": False}
            row |= {"reached": "", "factors": "", "set_aside": ""}
            if (ladder := self.ladders.get((scale, grouping))) is None:
                row["reason"] = " ".join(map(describe, self.problems[scale, grouping]))
            else:
                made = ladder.decision[statement]
                row |= {"allowed": made.allowed, "reached": made.reached or ""}
                row |= {"factors": ", ".join(made.factors), "set_aside": ", ".join(made.set_aside)}
                row["reason"] = made.reason()
            rows.append(row)
        return pd.DataFrame(rows)

    def _printed(self) -> pd.DataFrame:
        rows = {}
        for pair, part in self.table.groupby(["scale", "grouping"], sort=False):
            first = part.iloc[0]
            row: dict[str, object] = {"groups": first["groups"], "n": first["n"]}
            states = part.set_index("level")
            for level in self.levels:
                row[level] = _said(states.loc[level]) if level in states.index else ""
            if not first["level"]:
                row["configural"] = say("across.state.untestable")
            lowest = part["pvalue_adjusted"].min()
            row["lowest adjusted p"] = "" if np.isnan(lowest) else _written(float(lowest))
            rows[cast("Pair", pair)] = row
        frame = pd.DataFrame.from_dict(rows, orient="index").fillna("")
        frame.index = pd.MultiIndex.from_tuples(rows, names=["scale", "grouping"])
        several = len({scale for scale, _ in self.pairs}) > 1
        return frame if several else frame.droplevel("scale")

    def _heading(self) -> str:
        return say(
            "across.heading", groupings=len({g for _, g in self.pairs}), tests=self.tests,
            rule=say(f"invariance.rule.{self.rule.name}"),
            significant=int((self.table["pvalue_adjusted"] < ALPHA).sum()),
        )  # fmt: skip

    def _remarks(self) -> list[str]:
        several = len({scale for scale, _ in self.pairs}) > 1
        why = [
            say("across.untested", name=", ".join(pair if several else pair[1:]),
                why=" ".join(map(describe, found)))
            for pair, found in self.problems.items()
        ]  # fmt: skip
        return [*why, *map(describe, self.notes)]

    def _view(self) -> View:
        shown = self._printed()
        grid = Grid.of(shown.reset_index(), names=shown.index.nlevels)
        return View(self._heading(), (), grid, tuple(self._remarks()))


def _row(ladder: Ladder, level: Level, state: State) -> dict[str, object]:
    """Return what one rung adds to a row."""
    rung: Rung | None = ladder.rungs.get(level)
    if rung is None:
        return {"level": level, "state": state}
    aside = len(spelled(ladder.set_aside(level)))
    row: dict[str, object] = {"level": level, "released": len(rung.releases), "set_aside": aside}
    if (change := rung.first.change) is not None:
        test = rung.first.test
        row |= {"chisq_diff": test.chisq_diff, "df_diff": test.df_diff, "pvalue": change.pvalue}
        row["d_cfi"] = change.d_cfi
    return row | {"holds": ladder.accepted(level), "state": state}


def _said(row: pd.Series) -> str:
    if row["state"] == "in_part":
        return say("across.state.in_part_count", count=int(row["set_aside"]))
    return say(f"across.state.{row['state']}")


def _written(pvalue: float) -> str:
    return "< .001" if pvalue < 0.001 else f"{pvalue:.3f}"
