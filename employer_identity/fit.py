"""A fitted model: the engine's numbers under the field's names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity import uncertainty
from employer_identity.defined import defined
from employer_identity.errors import Problem
from employer_identity.estimates import (
    estimates,
    latent_correlations,
    standardised,
    values,
)
from employer_identity.language import Language
from employer_identity.ledger import Ledger, ledger
from employer_identity.measurement.arrow import Tied
from employer_identity.measurement.categorical import OrderedMoments
from employer_identity.measurement.definitions import Definition
from employer_identity.measurement.evidence import Evidence, OrderedSample, count
from employer_identity.measurement.implied import Implied, imply
from employer_identity.measurement.layout import Layout
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.responses import standardised as as_seen
from employer_identity.measurement.rows import People
from employer_identity.measurement.saturated import Saturated
from employer_identity.measurement.scaling import Sandwich
from employer_identity.measurement.scoring import Solution
from employer_identity.measurement.table import Table, family
from employer_identity.measurement.threads import on_one_thread
from employer_identity.measurement.weighted import WeightedSandwich
from employer_identity.measures import Baseline, baseline, fit_measures, reported, sandwich, scaled
from employer_identity.residuals import explained, implied_moments, residuals
from employer_identity.sample import normal
from employer_identity.showing import Showing, View
from employer_identity.summary import in_short, summary

if TYPE_CHECKING:
    from employer_identity.factor_scores import ScoreMethod

Array = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Fit(Showing):
    """A model with the answers it was fitted to.

    Made by `cfa`. Its tables and indices are computed when first asked for.

    Parameters
    ----------
    group
        The column whose groups were fitted together, None for one group.
    moments
        Unrestricted means and covariances, by group.
    evidence
        The same, with the log-likelihood about them; or all statistics of ordered items.
    estimator, missing
        What was resolved.
    notes
        What was settled or left out on the way.
    weights, cluster
        Columns, None where there are none.
    definitions
        Quantities that the model text defines from its labels.
    like
        A fit of the same answers and variables, whose baseline is this one's too.
    """

    group: str | None
    moments: Moments
    evidence: Evidence
    table: Table
    layout: Layout
    solution: Solution
    estimator: str
    missing: str
    std_lv: bool
    notes: tuple[Problem, ...]
    weights: str | None
    cluster: str | None
    definitions: tuple[Definition, ...]
    like: Fit | None = None

    # -- what was fitted ------------------------------------------------------------------------

    @property
    def rows(self) -> People | None:
        """The respondents; None where only their moments are known."""
        return self.evidence.rows

    @property
    def saturated(self) -> Saturated:
        """Unrestricted moments with the log-likelihood about them; refused for ordered items."""
        return normal(self.evidence)

    @property
    def ordered(self) -> OrderedMoments | None:
        """The statistics of ordered items; None where there are none."""
        found = self.evidence
        return found.statistics if isinstance(found, OrderedSample) else None

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels, the reference group first; ``("",)`` without groups."""
        return self.moments.groups

    @property
    def items(self) -> tuple[str, ...]:
        """The observed variables, (p,)."""
        return self.table.roles.observed

    @cached_property
    def factors(self) -> dict[str, tuple[str, ...]]:
        """Each factor with what measures it."""
        rows = self.table.rows
        return {
            f: tuple(r for lhs, op, r in rows if op == "=~" and lhs == f)
            for f in self.table.roles.factors
        }

    @cached_property
    def n(self) -> dict[str, int]:
        """Respondents used, by group."""
        counts = self.moments.n if self.rows is None else self.rows.counts
        return dict(zip(self.groups, (int(k) for k in counts), strict=True))

    @property
    def ntotal(self) -> int:
        """Respondents used."""
        return sum(self.n.values())

    @property
    def n_inference(self) -> int:
        """What standard errors and RMSEA divide by: with ordered items, as in lavaan, n - G."""
        return self.ntotal - (len(self.groups) if self.ordered is not None else 0)

    @cached_property
    def implied(self) -> Implied:
        """Model matrices and moments at the estimates."""
        return imply(self.layout, self.solution.theta)

    @cached_property
    def reproduced(self) -> Array:
        """Implied covariances as the sample has them, (G, p, p): of ordered items correlations."""
        response = self.layout.response
        return self.implied.Sigma if response.plain else as_seen(response, self.implied)[1]

    # -- estimates ------------------------------------------------------------------------------

    @cached_property
    def information(self) -> Tied:
        """Information of one respondent: expected for complete ML and MLM, else observed."""
        return uncertainty.information(self)

    @cached_property
    @on_one_thread
    def sandwich(self) -> Sandwich | WeightedSandwich | None:
        """What robust inference rests on; None for plain estimators."""
        return sandwich(self, self.layout, self.solution.theta)

    @cached_property
    def inverse(self) -> Array:
        """Inverse of the information of one respondent, (q, q); NaN where it is singular.

        With many groups it is large; what stands in one group is had from ``information.factor``.
        """
        return uncertainty.inverse(self)

    @cached_property
    def covariances(self) -> Array:
        """Covariances of the estimates of each group's cells, (G, c, c).

        0 where a cell is fixed; all NaN where the information is singular.
        """
        return uncertainty.covariances(self)

    @cached_property
    def vcov(self) -> Array:
        """Covariance matrix of the parameter estimates, (q, q); large where groups are many.

        `covariances` holds what stands in one group.
        """
        return uncertainty.vcov(self)

    def spread_of(self, slopes: Array) -> Array:
        """Covariances (k, k) of linear combinations of the parameter estimates, slopes (q, k)."""
        return uncertainty.spread_of(self, slopes)

    @property
    def values(self) -> Array:
        """Estimates of every relation, (G, R), in the table's order."""
        return values(self.layout, self.implied)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Every relation of every group.

        Columns lhs, op, rhs, group, label, parameter, est, se, z, pvalue, ci_lower, ci_upper (95
        %), std_all. Cells with the same ``parameter`` are tied; it is -1, and se is missing, where
        a value is fixed. ``std_all`` is completely standardised by the model-implied standard
        deviations. Checked against lavaan.
        """
        return estimates(self)

    @cached_property
    def standardised(self) -> pd.DataFrame:
        """Completely standardised estimates with standard errors and 95 % intervals.

        See `estimates.standardised`.
        """
        return standardised(self)

    @cached_property
    def defined(self) -> pd.DataFrame:
        """What the model text defines by ``:=``, see `defined.defined`."""
        return defined(self)

    @cached_property
    def latent_correlations(self) -> pd.DataFrame:
        """Correlations of the factors: group, factor_1, factor_2, est, se, ci_lower, ci_upper.

        Standard errors and 95 % intervals by the delta method. An estimate beyond 1 in size is an
        improper solution and stays visible.
        """
        return latent_correlations(self)

    # -- fit ------------------------------------------------------------------------------------

    @cached_property
    @on_one_thread
    def baseline(self) -> Baseline:
        """The independence model of the same answers."""
        return baseline(self) if self.like is None else self.like.baseline

    @property
    def scaling(self) -> float | None:
        """What the chi-square is divided by; None for plain estimators."""
        return None if self._scaled is None else self._scaled[0]

    @property
    def shift(self) -> float:
        """What is then added to it: WLSMV's shift, 0 for others."""
        return 0.0 if self._scaled is None else self._scaled[1]

    @cached_property
    @on_one_thread
    def _scaled(self) -> tuple[float, float] | None:
        found = self.sandwich
        return None if found is None else scaled(self.estimator, found, self.df)

    @property
    def count(self) -> int:
        """Moments, or statistics of ordered items, that the model is held against."""
        return count(self.evidence, self.moments, len(self.table.roles.exogenous))

    @property
    def df(self) -> int:
        """Degrees of freedom: moments less parameters."""
        return self.count - self.layout.q

    @property
    def chisq(self) -> float:
        """Chi-square: n times the minimum of the discrepancy."""
        return self.ntotal * max(self.solution.objective, 0.0)

    @cached_property
    @on_one_thread
    def fit_measures(self) -> pd.Series:
        """Fit measures under lavaan's names.

        ``npar chisq df pvalue baseline.* cfi tli rmsea rmsea.ci.lower rmsea.ci.upper`` (90 %)
        ``rmsea.pvalue`` (of RMSEA <= .05) ``srmr logl unrestricted.logl aic bic ntotal``; with MLR
        and MLM also those from the scaled chi-square (``.scaled``, ``chisq.scaling.factor``); with
        these and with missing answers ``.robust`` ones. Of ordered items there is no likelihood;
        ``srmr`` is that of correlations; WLSMV has a ``chisq.shift``. Formulas in
        `measurement.indices` and `measurement.scaling`; checked against lavaan 0.6-14.
        """
        return fit_measures(self)

    @cached_property
    def reported(self) -> pd.Series:
        """The measures that a report gives, under their plain names.

        ``chisq`` and ``pvalue`` scaled where they can be; ``cfi``, ``tli`` and ``rmsea`` with its
        interval robust, or else scaled, where they can be; ``df``, ``srmr``, ``ntotal``; ``bic``
        and ``aic``, which are missing without a likelihood.
        """
        return reported(self)

    @cached_property
    def residuals(self) -> pd.DataFrame:
        """What the model leaves unexplained: group, item_1, item_2, residual.

        The residual is the observed less the implied covariance, in the items' observed SDs.
        """
        return residuals(self)

    @cached_property
    def implied_moments(self) -> pd.DataFrame:
        """Every variance, covariance and mean with its residual and standardised residual.

        See `residuals.implied_moments`.
        """
        return implied_moments(self)

    @cached_property
    def r2(self) -> pd.DataFrame:
        """Explained variance: group, variable, r2; see `residuals.explained`."""
        return explained(self)

    @cached_property
    def determinacy(self) -> pd.DataFrame:
        """How well scores tell the factors, see `factor_scores.determinacy`."""
        from employer_identity.factor_scores import determinacy

        return determinacy(self)

    def factor_scores(self, method: ScoreMethod = "regression") -> pd.DataFrame:
        """Return where each respondent stands on the factors, see `factor_scores.factor_scores`."""
        from employer_identity.factor_scores import factor_scores

        return factor_scores(self, method)

    def score_tests(self) -> pd.DataFrame:
        """Test each tied cell: would the fit improve if this group had a value of its own?

        See `scores.score_tests` for the columns and formulas.
        """
        from employer_identity.scores import score_tests

        return score_tests(self)

    def modification_indices(self) -> pd.DataFrame:
        """Test each relation that the model leaves out: would the fit improve with it?

        See `modification.modification_indices` for the columns and formulas.
        """
        from employer_identity.modification import modification_indices

        return modification_indices(self)

    # -- what is to be known of it --------------------------------------------------------------

    @cached_property
    @on_one_thread
    def ledger(self) -> Ledger:
        """What is tied, fixed and free, how it was estimated, which rows were used and why."""
        return ledger(self)

    @cached_property
    def equal(self) -> tuple[str, ...]:
        """Families in which at least one cell is tied across groups, or held at one value."""
        rows, number = self.table.rows, self.table.number
        held = set(np.nonzero(self.table.held)[1].tolist())
        tied = [
            r
            for r in range(len(rows))
            if np.bincount(number[:, r] + 1)[1:].max(initial=0) > 1 or r in held
        ]
        return tuple(dict.fromkeys(family(rows[r], self.table.roles) for r in tied))

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Signs of an improper solution, each named; empty when there is none."""
        from employer_identity.improper import improper

        return improper(self)

    def to_lavaan(self) -> str:
        """Return R code that makes this fit with lavaan, see `export.to_lavaan`."""
        from employer_identity.export import to_lavaan

        return to_lavaan(self)

    def to_semopy(self) -> str:
        """Return the model text for semopy, or refuse and say why; see `export.to_semopy`."""
        from employer_identity.export import to_semopy

        return to_semopy(self)

    def summary(self) -> str:
        """Return fit, ledger, estimates by kind and problems as text."""
        return summary(self)

    def explain(self, language: Language = "en") -> str:
        """Return plain sentences on what was done, what came out and what it does not say."""
        from employer_identity.explain import explain

        return explain(self, language)

    def _view(self) -> View:
        return View.of(in_short(self))
