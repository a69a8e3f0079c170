"""Clusters of respondents: everybody's number, and whether clusters can serve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.errors import ModelError, Problem
from employer_identity.language import listing, refusal

FEW_CLUSTERS = 30  # fewer make clustered standard errors too small


def numbered(
    column: pd.Series, codes: NDArray[np.intp], labels: Sequence[str], *, declared: bool
) -> tuple[NDArray[np.int64] | None, list[Problem]]:
    """Everybody's cluster number.

    Who has none is a cluster; so is everybody in a group that is all one cluster, since one cluster
    cannot show how clusters differ.
    """
    found = pd.factorize(column)[0].astype(np.int64)
    alone = found < 0
    found[alone] = found.max(initial=-1) + 1 + np.arange(alone.sum())
    pairs = np.unique(np.stack([found, codes]), axis=1)
    clusters, by_group = len(np.unique(found)), np.bincount(pairs[1])
    use, inside, notes = judged(str(column.name), clusters, by_group, labels, declared=declared)
    if not use:
        return None, notes
    notes.append(Problem("model.rows_without_cluster", str(column.name), int(alone.sum())))
    if inside:
        mine = np.isin(codes, inside)
        found[mine] = found.max() + 1 + np.arange(mine.sum())
    return found, notes


def judged(
    column: str,
    clusters: int,
    by_group: NDArray[np.integer],
    labels: Sequence[str],
    *,
    declared: bool,
) -> tuple[bool, list[int], list[Problem]]:
    """Say whether clusters can be used, which groups are all one cluster, and what is noted.

    ``by_group`` counts each group's clusters; ``declared`` ones are only what a survey declares.
    """
    if clusters == 1 and declared:
        return False, [], [Problem("model.cluster_is_all", column, 1)]
    if clusters == 1:
        raise refusal(ModelError, [Problem("model.one_cluster", column)])
    if by_group.sum() == (by_group > 0).sum():
        return False, [], [Problem("model.cluster_is_group", column, clusters)]
    notes = [Problem("model.clustered", column, clusters)]
    if clusters < FEW_CLUSTERS:
        notes.append(Problem("model.few_clusters", column, clusters, severity="warning"))
    inside = np.flatnonzero(by_group == 1).tolist()
    if inside:
        where = listing([labels[g] for g in inside])
        values = {"cluster": column}
        notes.append(Problem("model.group_in_cluster", where, len(inside), values, "warning"))
    return True, inside, notes
