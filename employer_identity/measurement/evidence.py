"""What a model is held against: normal moments, or statistics of ordered categories.

Everything that depends on which of the two it is and is asked before there is a fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from employer_identity.measurement import starts, weighted
from employer_identity.measurement.categorical import OrderedMoments
from employer_identity.measurement.layout import Layout
from employer_identity.measurement.likelihood import curvature, curvature_with_holes
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.rows import People
from employer_identity.measurement.saturated import Saturated
from employer_identity.measurement.scoring import Evaluate

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OrderedSample:
    """Answers in ordered categories as statistics, with the rows behind them.

    Parameters
    ----------
    statistics
        The statistics.
    rows
        The respondents; in memory with the answers that they gave.
    recoded
        By item the codes that were merged into another: code -> the other.
    """

    statistics: OrderedMoments
    rows: People
    recoded: Mapping[str, Mapping[float, float]]

    @property
    def complete(self) -> bool:
        """Whether nobody left out anything."""
        return self.rows.complete

    def between(self, item: str, threshold: int) -> tuple[float, float]:
        """Return the answers on either side of a threshold, from 1, as they were given."""
        found = self.statistics
        ordered = [name for name, is_one in zip(found.names, found.ordered, strict=True) if is_one]
        lower, upper = found.categories[ordered.index(item)][threshold - 1 : threshold + 1]
        merged = self.recoded.get(item, {})
        below = [lower, *(code for code, into in merged.items() if into == lower)]
        above = [upper, *(code for code, into in merged.items() if into == upper)]
        return float(max(below)), float(min(above))


Evidence = Saturated | OrderedSample


def objective(evidence: Evidence, moments: Moments, layout: Layout) -> Evaluate:
    """Return what is to be minimised, see `scoring.minimise`."""
    if isinstance(evidence, OrderedSample):
        return partial(weighted.curvature, evidence.statistics, layout)
    if evidence.patterns.complete:
        return partial(curvature, moments, layout)
    return partial(curvature_with_holes, evidence.patterns, evidence.value, layout)


def unidentified(
    evidence: Evidence, moments: Moments, layout: Layout, start: Array
) -> NDArray[np.int64]:
    """Return the parameters that no answers could tell apart; empty if all can be."""
    if isinstance(evidence, OrderedSample):
        return weighted.unidentified(layout, evidence.statistics, starts.generic(start))
    return starts.unidentified(layout, moments, start)


def count(evidence: Evidence, moments: Moments, given: int) -> int:
    """How many moments or statistics there are, those of given items apart."""
    if isinstance(evidence, OrderedSample):
        return int(evidence.statistics.statistics.size)
    return moments.count(given)


def thresholds(evidence: Evidence) -> Array | None:
    """Return the sample's thresholds (G, t), for a search to start from."""
    return evidence.statistics.thresholds if isinstance(evidence, OrderedSample) else None


def thresholds_of(evidence: Evidence) -> dict[str, int]:
    """Count the thresholds of each ordered item."""
    if not isinstance(evidence, OrderedSample):
        return {}
    found = evidence.statistics
    return {found.names[i]: int((found.owner == i).sum()) for i in np.flatnonzero(found.ordered)}
