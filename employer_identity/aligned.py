"""`Alignment`: groups on one approximate scale, what differs beside it, and what may be said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.aligned_factor import AlignedFactor, Sum
from employer_identity.alignment_check import AlignmentCheck, check
from employer_identity.cfa import Prepared
from employer_identity.criteria import AbsoluteFit
from employer_identity.decision import Decision
from employer_identity.errors import ModelError, Problem
from employer_identity.estimates import tested
from employer_identity.fit import Fit
from employer_identity.ladder import Ladder
from employer_identity.language import Language, describe, listing, number, refusal, say
from employer_identity.measurement.misalignment import Identification
from employer_identity.measurement.threads import on_one_thread
from employer_identity.roads import roads
from employer_identity.showing import Grid, Showing, View

Array = NDArray[np.float64]
State = Literal["comparable", "recovered", "unsupported"]
LIMIT = 0.25
"""Share of loadings and intercepts that may differ; above, a Monte-Carlo check decides (Muthen &
Asparouhov 2014)."""
_FIT = ("cfi", "rmsea", "srmr")
NAMED = 6  # differing cells that a sentence names


@dataclass(frozen=True, eq=False, repr=False)
class Alignment(Showing):
    """Groups brought on one scale by `align`, factor by factor.

    Attributes
    ----------
    fit
        The configural fit that was aligned.
    prepared
        Model and answers.
    identification, epsilon
        As asked.
    factors
        Factor -> its alignment, as arrays.
    noted
        Groups that were left out, and why.
    """

    fit: Fit
    prepared: Prepared
    identification: Identification
    epsilon: float
    factors: Mapping[str, AlignedFactor]
    noted: tuple[Problem, ...]

    @property
    def group(self) -> str:
        """The grouping column."""
        return str(self.fit.group)

    @property
    def groups(self) -> tuple[str, ...]:
        """Group labels, the reference group first."""
        return self.fit.groups

    @property
    def n(self) -> dict[str, int]:
        """Respondents used, by group."""
        return self.fit.n

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What was settled or left out on the way."""
        return (*self.fit.notes, *self.noted)

    # -- numbers --------------------------------------------------------------------------------

    @cached_property
    def means(self) -> pd.DataFrame:
        """Aligned factor means, in standard deviations of the reference group, whose mean is 0.

        Columns group, factor, est, se, without (the mean when the loadings and intercepts that
        differ are left out), ci_lower, ci_upper (1.96 standard errors, from the lower and the
        higher one of est and without), within_limit: whether no more than 25 % of the factor's
        loadings and intercepts differ. Where more do, the means are to be shown only with a
        `check` that recovers them.
        """
        within = self.shares.set_index("factor")["within_limit"]
        found = self._by_group(
            {f: (a.moved.mean, a.moved.of_mean, a.without[0]) for f, a in self.factors.items()}
        )
        return found.assign(within_limit=found["factor"].map(within).astype(bool))

    @cached_property
    def variances(self) -> pd.DataFrame:
        """Aligned factor variances, in those of the reference group (1).

        Columns group, factor, est, se, without, ci_lower, ci_upper: as in `means`.
        """
        found = {}
        for factor, own in self.factors.items():
            variance = np.exp(2.0 * own.moved.log_sd)
            slope = 2.0 * variance[:, None] * own.moved.of_log_sd
            found[factor] = variance, slope, np.exp(2.0 * own.without[1])
        return self._by_group(found)

    def _by_group(self, of: Mapping[str, tuple[Array, Array, Array]]) -> pd.DataFrame:
        """Put what stands by factor and group in a frame, groups first."""
        est, without = (np.array([found[k] for found in of.values()]).T for k in (0, 2))
        se = np.array([self.factors[f].spread(slope) for f, (_, slope, _) in of.items()]).T
        one, other = tested(est, se), tested(without, se)
        return pd.DataFrame(
            {
                "group": np.repeat(np.array(self.groups, dtype=object), len(of)),
                "factor": np.array([*of] * len(self.groups), dtype=object),
                "est": one["est"],
                "se": one["se"],
                "without": other["est"],
                "ci_lower": np.minimum(one["ci_lower"], other["ci_lower"]),
                "ci_upper": np.maximum(one["ci_upper"], other["ci_upper"]),
            }
        )

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """Aligned loadings and intercepts, a row a factor, item, kind and group.

        Columns factor, item, kind (``loading``, ``intercept``), group, est, se, differs: outside
        the largest set of groups that are alike in it, see `measurement.alike`. In the items' units
        for a standard deviation of the reference group.
        """
        parts = []
        for factor, own in self.factors.items():
            m = own.moved
            for kind, values, slope, differs in (
                ("loading", m.loadings, m.of_loadings, own.differs[0]),
                ("intercept", m.intercepts, m.of_intercepts, own.differs[1]),
            ):
                items = np.repeat(np.array(own.items, dtype=object), len(self.groups))
                told = {"factor": factor, "item": items, "kind": kind}
                told |= {"group": np.tile(np.array(self.groups, dtype=object), len(own.items))}
                numbers = {"est": values.ravel(), "se": own.spread(slope).ravel()}
                parts.append(pd.DataFrame(told | numbers | {"differs": differs.ravel()}))
        return pd.concat(parts, ignore_index=True)

    @property
    def differing(self) -> pd.DataFrame:
        """The loadings and intercepts that differ: rows of `parameters`."""
        return self.parameters[self.parameters["differs"]].reset_index(drop=True)

    @cached_property
    def shares(self) -> pd.DataFrame:
        """By factor: how many loadings and intercepts differ, and how sure the minimum is.

        Columns factor, cells, differing, share, within_limit (at most 25 %), loss (as published;
        comparable at equal epsilon only), starts, reached (starts that ended in the lowest
        minimum), optima (different minima that were found).
        """
        rows = []
        for factor, own in self.factors.items():
            differs = np.array(own.differs)
            share = float(differs.mean())
            at = own.optimum
            rows.append(
                {"factor": factor, "cells": differs.size, "differing": int(differs.sum()),
                 "share": share, "within_limit": share <= LIMIT, "loss": at.loss,
                 "starts": at.starts, "reached": at.reached, "optima": at.optima}
            )  # fmt: skip
        return pd.DataFrame(rows)

    def r2(self, sum_of: Sum = "centred") -> pd.DataFrame:
        """Say how far groups' means and spreads explain that loadings and intercepts vary.

        Parameters
        ----------
        sum_of
            What it is a share of: ``centred`` squares, about the groups' mean; ``uncentred`` ones,
            which are near 1 for any intercepts far from 0.

        Returns
        -------
        DataFrame with factor, item, loading, intercept, sum_of; at most 1, and below 0 where equal
        lines would explain less than no line at all.
        """
        if sum_of not in ("centred", "uncentred"):
            values = {"asked": sum_of, "allowed": listing(("centred", "uncentred"))}
            problem = Problem("model.not_available", where="sum_of", values=values)
            raise refusal(ModelError, [problem])
        parts = []
        for factor, own in self.factors.items():
            loading, intercept = own.r2(sum_of)
            columns = {"item": own.items, "loading": loading, "intercept": intercept}
            parts.append(pd.DataFrame({"factor": factor} | columns | {"sum_of": sum_of}))
        return pd.concat(parts, ignore_index=True)

    # -- may it be trusted ----------------------------------------------------------------------

    def check(self, reps: int = 100, seed: int = 1) -> AlignmentCheck:
        """Draw answers from the aligned solution, align them again, and compare the means.

        Parameters
        ----------
        reps
            Draws, each of as many people in every group as answered; complete answers, of which
            those of numbers are normal.
        seed
            The same seed draws the same people.
        """
        return check(self, reps, seed)

    def state(self, factor: str, check: AlignmentCheck | None = None) -> State:
        """Say whether so little of a factor differs that its aligned means can be compared.

        ``comparable``: at most 25 % of its loadings and intercepts differ; ``recovered``: more do,
        and a check recovers the means; else ``unsupported``. Whether they may be is `decision`:
        that takes the same structure, too.
        """
        if factor not in self.factors:
            values = {"asked": factor, "allowed": listing(self.factors)}
            raise refusal(
                ModelError, [Problem("model.not_available", where="factor", values=values)]
            )
        if bool(self.shares.set_index("factor").loc[factor, "within_limit"]):
            return "comparable"
        recovers = check is not None and check.recovers(factor)
        return "recovered" if recovers else "unsupported"

    @cached_property
    def has_structure(self) -> bool:
        """Whether items belong together in the same way in all groups: the configural fit."""
        return AbsoluteFit().judge(*(float(self.fit.reported[k]) for k in _FIT)).holds

    def decision(self, check: AlignmentCheck | None = None) -> Decision:
        """Decide whether aligned means may be compared: where the structure is the same, by factor.

        Parameters
        ----------
        check
            Of this alignment, for factors of which more than 25 % differs.

        Returns
        -------
        A decision about ``aligned means``; its ``factors`` are those whose means may be compared.
        With `Ladder.decide` it stands among what a ladder decides.
        """
        licensed = tuple(f for f in self.factors if self.state(f, check) != "unsupported")
        factors = licensed if self.has_structure else ()
        evidence = {k: float(self.fit.reported[k]) for k in _FIT}
        evidence["share"] = float(self.shares["share"].max())
        return Decision(
            "aligned means", len(factors) == len(self.factors), "configural",
            "configural" if self.has_structure else None, "alignment", factors, evidence=evidence,
        )  # fmt: skip

    @on_one_thread
    def beside(self, ladder: Ladder) -> pd.DataFrame:
        """Set aligned means beside those of a ladder: does the road taken matter?

        Nothing here is a licence: what may be said is in ``ladder.decision`` and `state`.

        Parameters
        ----------
        ladder
            Of the same model over the same grouping, with the same reference group.

        Returns
        -------
        DataFrame with factor, group (not the reference group), road, est, se, ci_lower, ci_upper
        (95 %); in standard deviations of the reference group. Roads: ``full`` (all loadings and
        intercepts equal), ``partial`` (without what the ladder set aside, where it did) and
        ``aligned``.

        Raises
        ------
        ModelError
            If the ladder is about something else, or has no means.
        """
        return roads(self.means, tuple(self.factors), self.group, self.groups, ladder)

    # -- in words -------------------------------------------------------------------------------

    def explain(self, language: Language = "en", check: AlignmentCheck | None = None) -> list[str]:
        """Tell in plain sentences what was done, how far it may be trusted and what differs."""
        how = say(f"alignment.identified.{self.identification}", language, group=self.groups[0])
        told = [f"{say('alignment.what', language, groups=len(self.groups))} {how}"]
        told += [self._verdict(factor, language, check) for factor in self.factors]
        if not self.has_structure:
            told.insert(1, say("alignment.no_structure", language))
        if self.prepared.ordered.thresholds:
            told.append(say("alignment.ordered", language))
        return [*told, *(describe(p, language) for p in self.noted)]

    def _verdict(self, factor: str, language: Language, check: AlignmentCheck | None) -> str:
        """Say in a sentence or two how comparable a factor is, and which cells differ."""
        row = self.shares.set_index("factor").loc[factor]
        words = {"factor": factor, "n": int(row["differing"]), "cells": int(row["cells"]),
                 "share": float(row["share"])}  # fmt: skip
        told = [say(f"alignment.state.{self.state(factor, check)}", language, **words)]
        own = self.differing[self.differing["factor"] == factor]
        if len(own):
            named = _spelled(own.head(NAMED).itertuples())
            rest = len(own) - NAMED
            more = [say("alignment.more", language, n=rest)] if rest > 0 else []
            written = listing([*named, *more], language)
            told.append(say("alignment.differing", language, named=written, n=len(own)))
        told.append(say(_search(row), language, **_minima(row)))
        return " ".join(told)

    def _view(self) -> View:
        title = say(
            "alignment.heading", group=self.group, groups=len(self.groups),
            factors=len(self.factors), identification=self.identification,
            epsilon=number(self.epsilon, "g"),
        )  # fmt: skip
        facts = [f"{f}: {say(f'alignment.word.{self.state(f)}')}" for f in self.factors]
        facts = facts if self.has_structure else [say("alignment.no_structure"), *facts]
        r2 = self.r2().groupby("factor", sort=False)[["loading", "intercept"]].mean()
        frame = self.shares.set_index("factor").join(r2.add_prefix("r2_")).reset_index()
        columns = ["factor", "cells", "differing", "share", "r2_loading", "r2_intercept", "optima"]
        grid = Grid.of(frame[columns])
        return View(title, tuple(facts), grid, tuple(describe(p) for p in self.noted))


def _spelled(rows: Iterable[object]) -> list[str]:
    """Spell differing cells as `cfa` does: ``adv2~1@young``."""
    return [
        f"{r.item}~1@{r.group}" if r.kind == "intercept" else f"{r.factor}=~{r.item}@{r.group}"  # type: ignore[attr-defined]
        for r in rows
    ]


def _search(row: pd.Series) -> str:
    return "alignment.minimum" if row["optima"] == 1 else "alignment.minima"


def _minima(row: pd.Series) -> dict[str, int]:
    return {name: int(row[name]) for name in ("starts", "reached", "optima")}
