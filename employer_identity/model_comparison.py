"""Models of the same answers side by side: fit, what they say of factors, which scores hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from employer_identity.bounds import written
from employer_identity.difference import nested_difference
from employer_identity.discriminant import fornell_larcker, htmt
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.general import as_series, contaminated, second_order_share, strength
from employer_identity.language import Language, describe, listing, refusal, say
from employer_identity.questionnaire import Instrument
from employer_identity.recommendation import Evidence, Limits, Recommendation, recommend
from employer_identity.showing import Showing, View
from employer_identity.structures import (
    Factors,
    ModelName,
    Parts,
    Structure,
    general_name,
)
from employer_identity.summary import in_short

NESTED: tuple[tuple[ModelName, ModelName, bool], ...] = (
    ("one_factor", "two_factors", True),
    ("two_factors", "correlated", True),
    ("one_factor", "correlated", True),
    ("second_order", "correlated", False),
    ("second_order", "bifactor", False),
)
"""Restricted model, freer model, and whether the first lies on the edge of the second (r = 1)."""


@dataclass(frozen=True, repr=False)
class Candidate(Showing):
    """One of the models: its fit, or why there is none.

    Attributes
    ----------
    structure
        Text, identification and expected degrees of freedom.
    fit
        None where no solution was reached.
    failure
        Why there is none, or why variances below zero could not be held at 0.
    at_zero
        Variances that came out below zero and were held at 0.
    """

    structure: Structure
    fit: Fit | None
    failure: tuple[Problem, ...] = ()
    at_zero: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Signs of an improper solution, and why there is none."""
        return (*self.failure, *(self.fit.problems if self.fit is not None else ()))

    @property
    def proper(self) -> bool:
        """Whether there is a solution without a sign of impropriety."""
        return self.fit is not None and not self.problems

    @property
    def status(self) -> str:
        """``proper``, ``bounded`` (proper, some variances held at 0), ``improper``, ``failed``."""
        if self.fit is None:
            return "failed"
        if not self.proper:
            return "improper"
        return "bounded" if self.at_zero else "proper"

    def _view(self) -> View:
        title = say("showing.candidate", name=self.structure.name, status=self.status)
        fitted = in_short(self.fit) if self.fit is not None else ()
        held = [say("showing.candidate_zero", names=listing(self.at_zero))] if self.at_zero else []
        return View(title, (*fitted, *held, *map(describe, self.failure)))


@dataclass(frozen=True, repr=False)
class ModelComparison(Showing):
    """The models side by side, what they say of the factors, and which scores to report.

    Made by `compare_models`.

    Attributes
    ----------
    candidates
        By name: ``one_factor``, ``two_factors``, ``correlated``, ``second_order``, ``bifactor``;
        those that the number of factors allows.
    factors
        The instrument's factors with their items.
    parts
        The two parts of the two-factor model; None without one.
    limits
        What the recommendation holds against.
    instrument
        Where the factors' names come from, None for a plain table.
    notes
        What was settled or left out on the way.
    """

    candidates: Mapping[ModelName, Candidate]
    factors: Factors
    parts: Parts | None
    limits: Limits
    instrument: Instrument | None = field(default=None, repr=False)
    notes: tuple[Problem, ...] = ()

    def __getitem__(self, name: ModelName) -> Fit:
        """Return the fit of one model; refuse where there is none."""
        found = self.candidates.get(name)
        if found is None or found.fit is None:
            raise refusal(ModelError, [Problem("models.no_fit", where=str(name)),
                                       *(found.failure if found else ())])  # fmt: skip
        return found.fit

    @property
    def own(self) -> Candidate:
        """The instrument's own model."""
        return self.candidates.get("correlated") or self.candidates["one_factor"]

    @property
    def ntotal(self) -> int:
        """Respondents whose answers were used; 0 where no model has a solution."""
        return next((c.fit.ntotal for c in self.candidates.values() if c.fit is not None), 0)

    @property
    def is_ordered(self) -> bool:
        """Whether items were taken for ordered categories, so that nothing has a likelihood."""
        return any(
            c.fit is not None and c.fit.ordered is not None for c in self.candidates.values()
        )

    @property
    def texts(self) -> dict[str, str]:
        """Return the models as they were fitted, in lavaan's notation, variances at 0 included.

        Factors have variance 1 (lavaan's ``std.lv``) save in the second-order model; those of the
        bifactor model do not covary (``orthogonal``).
        """
        return {name: written(c.structure, c.at_zero) for name, c in self.candidates.items()}

    @cached_property
    def table(self) -> pd.DataFrame:
        """Fit of every model, a row each.

        Index model; columns factors, chisq, df, df_expected, pvalue, cfi, tli, rmsea, rmsea_lower,
        rmsea_upper (90 %), srmr, bic, status, at_zero. ``df`` exceeds ``df_expected`` by one for
        each variance held at 0. Robust and scaled where the estimator gives them; BIC is missing
        with weights, whose likelihood is none, and of ordered items.
        """
        rows = {name: _measures(candidate) for name, candidate in self.candidates.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")

    @cached_property
    def tests(self) -> pd.DataFrame:
        """Nested models against each other.

        Columns restricted, free, chisq_diff, df_diff, pvalue, method, d_bic (restricted less free:
        below 0 speaks for the restricted model), boundary: whether the restricted model lies on the
        edge of the freer one (a correlation of 1, a variance of 0), where p is approximate.
        """
        rows = [_tested(self.candidates, *pair) for pair in NESTED]
        columns = ["restricted", "free", "chisq_diff", "df_diff", "pvalue", "method", "d_bic",
                   "boundary"]  # fmt: skip
        return pd.DataFrame([row for row in rows if row], columns=columns)

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Pairs of factors: how close they are.

        Columns factor_1, factor_2, est, se, ci_lower, ci_upper (latent correlation, delta method,
        95 %), htmt, htmt2 (from Pearson correlations; polychoric of ordered items), ave_1, ave_2,
        r2, passes (Fornell and Larcker), verdict: ``distinct``, ``close`` or ``inseparable`` by the
        upper limit. No rows where there is one factor or its model has no solution.
        """
        fit = self.candidates["correlated"].fit if "correlated" in self.candidates else None
        if fit is None:
            return pd.DataFrame(columns=["factor_1", "factor_2", "est", "se", "ci_lower",
                                         "ci_upper", "htmt", "htmt2", "verdict"])  # fmt: skip
        found = fit.latent_correlations.drop(columns="group")
        found["htmt"] = htmt(fit)["htmt"]
        found["htmt2"] = htmt(fit, mean="geometric")["htmt"]
        found = found.join(fornell_larcker(fit)[["ave_1", "ave_2", "r2", "passes"]])
        upper = found["ci_upper"]
        close = np.where(upper < self.limits.inseparable, "close", "inseparable")
        found["verdict"] = np.where(upper < self.limits.distinct, "distinct", close)
        return found

    @cached_property
    def general(self) -> pd.Series[float]:
        """Strength of what all items share: omega_h, omega_t, ecv, puc, second_order_share.

        The first three from the bifactor model, if it is proper; the last from the second-order
        model, if it is proper, variances held at 0 included.
        """
        name = general_name(self.factors)
        two_levels, shares = (self.candidates.get(k) for k in ("bifactor", "second_order"))
        proper = two_levels is not None and two_levels.proper
        found = strength(two_levels.fit, name) if proper and two_levels and two_levels.fit else None
        share = np.nan
        if shares is not None and shares.proper and shares.fit is not None:
            share = second_order_share(shares.fit, name)
        return as_series(found, contaminated(self.factors), share)

    @cached_property
    def recommendation(self) -> Recommendation:
        """Which scores to report, and why."""
        g = self.general
        known = [(k, s) for k, s in (("omega_h", "bifactor"), ("second_order_share",
                 "second_order")) if not np.isnan(g[k])]  # fmt: skip
        general, source = (float(g[known[0][0]]), known[0][1]) if known else (None, "")
        own = self.own
        pairs = None if own.fit is None else self.correlations
        evidence = Evidence(
            tuple(self.factors), pairs, own.problems, self.parts, self._between, general, source
        )
        return recommend(evidence, self.limits)

    @property
    def _between(self) -> tuple[float, float] | None:
        """Correlation of the two parts with its upper limit; None where that model is improper."""
        two = self.candidates.get("two_factors")
        if two is None or two.fit is None or not two.proper:
            return None
        pair = two.fit.latent_correlations.iloc[0]
        return float(pair["est"]), float(pair["ci_upper"])

    def explain(self, language: Language = "en") -> str:
        """Return plain sentences: the models, their fit, the correlations, what to report."""
        from employer_identity.model_words import explain

        return explain(self, language)

    def _view(self) -> View:
        from employer_identity.model_words import view

        return view(self)


def _measures(candidate: Candidate) -> dict[str, object]:
    structure, fit = candidate.structure, candidate.fit
    names = {"chisq": "chisq", "df": "df", "df_expected": "", "pvalue": "pvalue", "cfi": "cfi",
             "tli": "tli", "rmsea": "rmsea", "rmsea_lower": "rmsea.ci.lower",
             "rmsea_upper": "rmsea.ci.upper", "srmr": "srmr", "bic": "bic"}  # fmt: skip
    m = None if fit is None else fit.reported
    row: dict[str, object] = {"factors": len(structure.factors)}
    row |= {ours: np.nan if m is None or not his else float(m[his]) for ours, his in names.items()}
    if fit is not None and fit.weights:
        row["bic"] = np.nan
    row["df_expected"] = structure.df
    return {**row, "status": candidate.status, "at_zero": ", ".join(candidate.at_zero)}


def _tested(
    candidates: Mapping[ModelName, Candidate],
    restricted: ModelName,
    free: ModelName,
    boundary: bool,
) -> dict[str, object] | None:
    """Test one model against a freer one; None where one is not among the models."""
    if restricted not in candidates or free not in candidates:
        return None
    one, other = candidates[restricted], candidates[free]
    if one.structure.df == other.structure.df:
        return None  # a second-order model of three factors says the same in other words
    row: dict[str, object] = {"restricted": restricted, "free": free}
    row["boundary"] = boundary or bool(one.at_zero)
    if one.fit is None or other.fit is None:
        empty = dict.fromkeys(("chisq_diff", "df_diff", "pvalue", "d_bic"), np.nan)
        return {**row, **empty, "method": ""}
    test = nested_difference(one.fit, other.fit)
    d_bic = float(one.fit.reported["bic"] - other.fit.reported["bic"])
    return {
        **row, "chisq_diff": test.chisq_diff, "df_diff": test.df_diff, "pvalue": test.pvalue,
        "method": test.method, "d_bic": np.nan if one.fit.weights else d_bic,
    }  # fmt: skip
