"""Latent means by the road taken: everything equal, some items set aside, or aligned."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from employer_identity.errors import ModelError, Problem
from employer_identity.ladder import Ladder
from employer_identity.language import listing, refusal
from employer_identity.latent import means_of

COLUMNS = ("factor", "group", "road", "est", "se", "ci_lower", "ci_upper")


def roads(
    aligned: pd.DataFrame,
    factors: Sequence[str],
    group: str,
    groups: Sequence[str],
    ladder: Ladder,
) -> pd.DataFrame:
    """Set aligned means beside those of a ladder, see `Alignment.beside`.

    Groups that only one of the two has are left out.
    """
    if problems := _incomparable(factors, group, groups, ladder):
        raise refusal(ModelError, problems)
    parts = [means_of(ladder.unreleased["scalar"]).assign(road="full")]
    if "scalar" in ladder.levels and ladder.set_aside("scalar"):
        parts.append(means_of(ladder["scalar"]).assign(road="partial"))
    found = pd.concat([*parts, aligned.assign(road="aligned")], ignore_index=True)
    both = [g for g in groups[1:] if g in ladder.groups]
    found = found[found["group"].isin(both)]
    order = {"factor": list(factors), "group": both}
    found = found.sort_values(
        ["factor", "group"], key=lambda c: c.map(order[c.name].index), kind="stable"
    )
    return found[list(COLUMNS)].reset_index(drop=True)


def _incomparable(
    factors: Sequence[str], group: str, groups: Sequence[str], ladder: Ladder
) -> list[Problem]:
    """Say why a ladder is about something else."""
    problems = []
    if ladder.group != group:
        problems.append(Problem("alignment.other_group", ladder.group, values={"group": group}))
    elif ladder.groups[0] != groups[0]:
        values = {"reference": groups[0]}
        problems.append(Problem("alignment.other_reference", ladder.groups[0], values=values))
    if set(ladder["configural"].factors) != set(factors):
        values = {"factors": listing(factors)}
        where = listing(ladder["configural"].factors)
        problems.append(Problem("alignment.other_factors", where, values=values))
    if "scalar" not in ladder.testable:
        problems.append(Problem("alignment.no_means", ladder.group))
    return problems


def licensed(found: pd.DataFrame, ladder: Ladder) -> pd.DataFrame:
    """Return the roads that may be shown: a ladder's only where it allows latent means."""
    if ladder.decision["latent means"].allowed:
        return found
    return found[found["road"] == "aligned"].reset_index(drop=True)


def shifts(found: pd.DataFrame) -> pd.DataFrame:
    """Say how far the roads lie apart: factor, group, lowest, highest, apart; furthest first."""
    by = found.groupby(["factor", "group"], sort=False)["est"]
    table = by.agg(lowest="min", highest="max").reset_index()
    table["apart"] = table["highest"] - table["lowest"]
    return table.sort_values("apart", ascending=False, kind="stable").reset_index(drop=True)
