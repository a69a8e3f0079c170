"""`pathways`: from the pillars through a shared identity to what employers hope for.

Pillars are latent; the mediator and the outcomes are single answers. With P the pillars, M the
mediator and Y an outcome ::

    M = a1 P1 + ... + am Pm + e      Y = b M + c1 P1 + ... + cm Pm + u

so that pillar j goes with Y directly by cj, through the mediator by aj b, in total by cj + aj b.
Outcomes' residuals covary. These are associations at one moment: the order of the arrows is an
assumption, not a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.cfa import cfa
from employer_identity.checks import Estimator, Missing
from employer_identity.edge import checked
from employer_identity.errors import ModelError, Problem
from employer_identity.estimates import tested
from employer_identity.fit import Fit
from employer_identity.language import Language, listing, nearest, refusal
from employer_identity.measurement.delta import slopes, standard_errors
from employer_identity.measurement.implied import Implied
from employer_identity.measurement.threads import on_one_thread
from employer_identity.questionnaire import Instrument
from employer_identity.showing import Showing, View
from employer_identity.summary import in_short
from employer_identity.survey import Survey

Array = NDArray[np.float64]
EFFECTS = ("direct", "indirect", "total")
DISTINCT = 0.85
INFLATED = 5.0


@dataclass(frozen=True, repr=False)
class Pathways(Showing):
    """The pillars, a mediator and outcomes in one model, with effects and what they are worth.

    Made by `pathways`.

    Attributes
    ----------
    fit
        The structural model; ``fit.definitions`` are the effects.
    mediator, outcomes
        Columns.
    pillars
        The factors, in the instrument's order.
    distinct, inflated
        Single paths are not read where a latent correlation's upper limit reaches the first, or a
        variance inflation factor exceeds the second.
    instrument
        Where names come from.
    """

    fit: Fit
    mediator: str
    outcomes: tuple[str, ...]
    pillars: tuple[str, ...]
    distinct: float = DISTINCT
    inflated: float = INFLATED
    instrument: Instrument | None = field(default=None, repr=False)

    @cached_property
    def effects(self) -> pd.DataFrame:
        """What goes with what, a row an outcome, pillar and kind of effect.

        Columns outcome, pillar, effect (``direct``, ``indirect``, ``total``), est, se, z, pvalue,
        ci_lower, ci_upper (95 %: points of the answer for one SD of the pillar, the others held
        equal), std, std_se, std_lower, std_upper (SD of the answer for one SD of the pillar).
        Standard errors by the delta method. Checked against lavaan.
        """
        raw = self.fit.defined.set_index("lhs")
        rows = [(y, p, e) for y in self.outcomes for p in self.pillars for e in EFFECTS]
        found = pd.DataFrame(rows, columns=["outcome", "pillar", "effect"])
        names = [
            _name(effect, self.outcomes.index(y), self.pillars.index(p)) for y, p, effect in rows
        ]
        for column in ("est", "se", "z", "pvalue", "ci_lower", "ci_upper"):
            found[column] = raw.loc[names, column].to_numpy()
        std = self._standardised
        names_of = {"est": "std", "se": "std_se", "ci_lower": "std_lower", "ci_upper": "std_upper"}
        return found.assign(**{ours: std[theirs] for theirs, ours in names_of.items()})

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Single paths with standardised values: lhs, rhs, est, se, z, pvalue, ci_*, std_*.

        ``lhs`` goes with ``rhs``, whatever else leads to it held equal.
        """
        e, s = self.fit.estimates, self.fit.standardised
        at = (e["op"] == "~").to_numpy()
        columns = ["lhs", "rhs", "est", "se", "z", "pvalue", "ci_lower", "ci_upper"]
        found = e.loc[at, columns].reset_index(drop=True)
        for theirs, ours in (("est", "std"), ("ci_lower", "std_lower"), ("ci_upper", "std_upper")):
            found[ours] = s.loc[at, theirs].to_numpy()
        return found

    @cached_property
    @on_one_thread
    def _standardised(self) -> dict[str, Array]:
        """Standardised effects in the order of `effects`, with standard errors."""
        est, slope = slopes(self.fit.layout, self.fit.solution.theta, self._effects_of)
        se = standard_errors(slope, self.fit.covariances)
        return tested(est, se)

    def _effects_of(self, model: Implied) -> NDArray[Any]:
        """Return direct, indirect and total effects in SD, (1, outcomes x pillars x 3)."""
        p, (m, *y) = self._places()
        beta, phi = model.matrices["Beta"], model.Phi
        kind = np.result_type(beta, phi, float)
        sd = np.sqrt(np.diagonal(phi.astype(kind), axis1=1, axis2=2))
        direct = beta[:, y][:, :, p]
        indirect = beta[:, y, m][:, :, None] * beta[:, m][:, p][:, None, :]
        scale = sd[:, p][:, None, :] / sd[:, y][:, :, None]
        effects = np.stack([direct, indirect, direct + indirect], axis=-1) * scale[..., None]
        return np.asarray(effects.reshape(len(effects), -1))

    def _places(self) -> tuple[list[int], list[int]]:
        """Return where the pillars, and the mediator and outcomes, stand among the latent."""
        latent = self.fit.layout.latent
        answers = [latent.index(name) for name in (self.mediator, *self.outcomes)]
        return [latent.index(p) for p in self.pillars], answers

    @cached_property
    @on_one_thread
    def associations(self) -> pd.DataFrame:
        """Each pillar with the mediator and each outcome, nothing held equal.

        Columns outcome, pillar, r, se, ci_lower, ci_upper (95 %, delta method), n: the correlation
        of a latent pillar with an answer. These can be read where single paths cannot.
        """
        p, answers = self._places()
        names = (self.mediator, *self.outcomes)

        def correlations(model: Implied) -> NDArray[Any]:
            phi = model.Phi.astype(np.result_type(model.Phi, float))
            sd = np.sqrt(np.diagonal(phi, axis1=1, axis2=2))
            r = phi[:, answers][:, :, p] / sd[:, answers][:, :, None] / sd[:, p][:, None, :]
            return np.asarray(r.reshape(len(r), -1))

        est, slope = slopes(self.fit.layout, self.fit.solution.theta, correlations)
        columns = tested(est, standard_errors(slope, self.fit.covariances))
        rows = [(y, pillar) for y in names for pillar in self.pillars]
        found = pd.DataFrame(rows, columns=["outcome", "pillar"])
        kept = {"r": "est", "se": "se", "ci_lower": "ci_lower", "ci_upper": "ci_upper"}
        return found.assign(**{k: columns[v] for k, v in kept.items()}, n=self.fit.ntotal)

    @cached_property
    def overlap(self) -> pd.DataFrame:
        """Correlations of the pillars: factor_1, factor_2, est, ci_lower, ci_upper."""
        found = self.fit.latent_correlations
        return found[["factor_1", "factor_2", "est", "ci_lower", "ci_upper"]]

    @cached_property
    def inflation(self) -> pd.Series[float]:
        """Variance inflation factor of each pillar beside the others; infinite if they are one.

        The diagonal of the inverse of the pillars' correlations.
        """
        p, _ = self._places()
        phi = self.fit.implied.Phi[0][np.ix_(p, p)]
        sd = np.sqrt(np.diag(phi))
        size, vectors = np.linalg.eigh(phi / sd[:, None] / sd)
        if size[0] <= np.finfo(float).eps * len(p):
            return pd.Series(np.inf, list(self.pillars), name="vif")
        return pd.Series((vectors**2 / size).sum(axis=1), list(self.pillars), name="vif")

    @cached_property
    def warnings(self) -> tuple[Problem, ...]:
        """Why single paths cannot be read; empty where they can."""
        found = []
        close = self.overlap[~(self.overlap["ci_upper"] < self.distinct)]
        if len(close):
            rows = close.sort_values("ci_upper", ascending=False, kind="stable")
            pairs = tuple(rows[["factor_1", "factor_2", "est", "ci_upper"]].itertuples(
                index=False, name=None))  # fmt: skip
            values = {"pairs": pairs, "limit": self.distinct}
            found.append(Problem("structural.close", "", len(pairs), values, "warning"))
        high = self.inflation[self.inflation > self.inflated]
        if len(high):
            values = {"pillars": tuple(high.index), "limit": self.inflated}
            values["highest"] = float(high.max())
            found.append(Problem("structural.inflated", "", len(high), values, "warning"))
        return tuple(found)

    @property
    def readable(self) -> bool:
        """Whether single paths can be read at all."""
        return not self.warnings

    def explain(self, language: Language = "en") -> str:
        """Return plain sentences: what goes with what, or why single paths cannot be read."""
        from employer_identity.structural_words import explain

        return explain(self, language)

    def _view(self) -> View:
        return View.of([*in_short(self.fit), *self.explain().split("\n\n")])


@checked(ModelError)
def pathways(
    survey: Survey,
    *,
    mediator: str = "shared_identity",
    outcomes: Sequence[str] | None = None,
    estimator: Estimator | None = None,
    missing: Missing | None = None,
    weights: str | Literal[False] | None = None,
    cluster: str | Literal[False] | None = None,
    distinct: float = DISTINCT,
    inflated: float = INFLATED,
) -> Pathways:
    """Fit the structural model pillars -> mediator -> outcomes, direct paths beside it.

    Parameters
    ----------
    survey
        A `Survey` whose instrument has the mediator and the outcomes among its outcomes.
    mediator
        The single question through which the pillars are assumed to work.
    outcomes
        Single questions; None: all outcomes of the instrument but the mediator that have answers.
    estimator, missing, weights, cluster
        As in `cfa`.
    distinct, inflated
        When single paths are not to be read, see `Pathways`; a design choice.

    Returns
    -------
    Pathways

    Raises
    ------
    ModelError
        If the instrument has no such mediator or outcomes, or the model cannot be fitted.

    Notes
    -----
    Effects by Sobel's delta method. Checked against lavaan 0.6-14.

    Examples
    --------
    >>> found = ei.pathways(survey)
    >>> found.effects.query("effect == 'indirect'")
    """
    instrument = survey.instrument
    asked = _outcomes(survey, mediator, outcomes)
    pillars = tuple(instrument.factors)
    fit = cfa(
        survey, model_text(instrument.factors, mediator, asked), estimator=estimator,
        missing=missing, weights=weights, cluster=cluster, std_lv=True,
    )  # fmt: skip
    return Pathways(fit, mediator, asked, pillars, distinct, inflated, instrument)


def unknown_outcome(asked: str, known: Sequence[str]) -> Problem:
    """Say that there is no such outcome, and which one looks most like it."""
    near = nearest(asked, known)
    code = "structural.unknown_near" if near else "structural.unknown"
    values = {"allowed": listing(known) if known else "-", "near": near}
    return Problem(code, asked, values=values)


def _outcomes(survey: Survey, mediator: str, asked: Sequence[str] | None) -> tuple[str, ...]:
    """Return the outcomes; refuse what the survey did not ask."""
    known = [n for n in survey.instrument.outcome_names if survey.answers[n].notna().any()]
    found = tuple(n for n in known if n != mediator) if asked is None else tuple(asked)
    allowed = listing(known) if known else "-"
    problems = [unknown_outcome(n, known) for n in (mediator, *found) if n not in known]
    if mediator in found:
        problems.append(Problem("structural.mediator_is_outcome", mediator))
    if not found:
        problems.append(Problem("structural.no_outcomes", values={"allowed": allowed}))
    if problems:
        raise refusal(ModelError, problems)
    return found


def model_text(factors: dict[str, tuple[str, ...]], mediator: str, outcomes: Sequence[str]) -> str:
    """Return the structural model with its effects in lavaan's notation."""
    lines = [f"{f} =~ {' + '.join(items)}" for f, items in factors.items()]
    through = [f"a_{j}*{f}" for j, f in enumerate(factors)]
    lines.append(f"{mediator} ~ {' + '.join(through)}")
    for k, outcome in enumerate(outcomes):
        direct = [f"c_{k}_{j}*{f}" for j, f in enumerate(factors)]
        lines.append(f"{outcome} ~ b_{k}*{mediator} + {' + '.join(direct)}")
    for k in range(len(outcomes)):
        for j in range(len(factors)):
            parts = {"direct": f"c_{k}_{j}", "indirect": f"a_{j} * b_{k}"}
            parts["total"] = f"c_{k}_{j} + a_{j} * b_{k}"
            lines += [f"{_name(effect, k, j)} := {parts[effect]}" for effect in EFFECTS]
    return "\n".join(lines)


def _name(effect: str, outcome: int, pillar: int) -> str:
    return f"{effect}_{outcome}_{pillar}"
