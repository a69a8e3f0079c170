"""A model that is fitted to one survey after another, from where the answer is expected."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from employer_identity.fit import Fit
from employer_identity.measurement.evidence import objective
from employer_identity.measurement.scoring import Status, minimise
from employer_identity.measurement.starts import with_sample_values
from employer_identity.redraws import Drawn

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Refit:
    """A model and where its search starts.

    Parameters
    ----------
    fit
        The model, as it was fitted to the survey itself.
    start
        The parameters that surveys are drawn from, as far as the model has them, (q,).
    """

    fit: Fit
    start: Array

    @classmethod
    def of(cls, fit: Fit, values: Array | None = None) -> Refit:
        """Start from a fit's own estimates, or from values of its relations, (G, R)."""
        start = fit.solution.theta.copy()
        if values is not None:
            free = fit.table.number >= 0
            start[fit.table.number[free]] = values[free]
        return cls(replace(fit, like=None), start)  # a copy without what was computed of it

    def to(self, drawn: Drawn, like: Fit | None = None) -> Fit | None:
        """Fit the model to a survey; None where no minimum is reached.

        Parameters
        ----------
        drawn
            The survey.
        like
            A fit of the same survey, whose baseline is this one's too.
        """
        moments, evidence = drawn
        layout = self.fit.layout
        if self.fit.table.roles.exogenous:
            layout = with_sample_values(layout, self.fit.table, moments)
        found = minimise(objective(evidence, moments, layout), self.start)
        if found.status is not Status.CONVERGED:
            return None
        return replace(
            self.fit, moments=moments, evidence=evidence, layout=layout, solution=found, like=like
        )
