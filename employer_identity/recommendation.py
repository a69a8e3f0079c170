"""Which scores to report: what the models found, turned into a recommendation with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from employer_identity.errors import Problem
from employer_identity.language import Language, describe, listing, number, say
from employer_identity.showing import Showing, ShowingFields, View
from employer_identity.structures import Parts
from employer_identity.terms import counted, nouns

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

Scores = Literal["each", "profile", "parts", "total"]
Pairs = tuple[tuple[str, str, float, float], ...]  # two factors, their r and its upper limit
SIGNS = frozenset(
    f"model.{sign}"
    for sign in (
        "negative_variance", "correlation_above_one", "latent_not_positive_definite",
        "loading_above_one", "scaling_negative", "information_singular", "not_converged",
        "no_start", "unidentified", "negative_df",
    )
)  # fmt: skip
"""Problems of a solution that have a short form beside their full sentence."""


@dataclass(frozen=True)
class Limits(ShowingFields):
    """What the recommendation holds estimates against; a design choice.

    Attributes
    ----------
    distinct
        Two factors are two things where the upper limit of their correlation's interval is below.
    inseparable
        From here on that upper limit says that they can hardly be told apart.
    omega_h
        The least share of the total's variance that one thing must explain if the total is to be
        read as one thing.
    """

    distinct: float = 0.85
    inseparable: float = 0.90
    omega_h: float = 0.70


@dataclass(frozen=True)
class Evidence(ShowingFields):
    """What the recommendation rests on.

    Attributes
    ----------
    factors
        The instrument's own.
    pairs
        Correlations of the factors: factor_1, factor_2, est, ci_upper; None where the model of
        correlated factors has no solution.
    improper
        What is wrong with that model's solution, or why there is none.
    parts
        The two parts of the two-factor model, None where there is none.
    between
        Correlation of the two parts and its upper limit; None where that model is not proper.
    general
        Share of the variance of the total that one thing explains; None where no model tells.
    source
        The model that told: ``bifactor`` or ``second_order``.
    """

    factors: tuple[str, ...]
    pairs: pd.DataFrame | None
    improper: tuple[Problem, ...]
    parts: Parts | None
    between: tuple[float, float] | None
    general: float | None
    source: str = ""


@dataclass(frozen=True, repr=False)
class Recommendation(Showing):
    """Which scores to report, and why.

    Attributes
    ----------
    scores
        ``each`` (the total and every factor), ``profile`` (the total, and each factor less the
        person's own mean), ``parts`` (the total and the two parts) or ``total``.
    reasons
        What decided it, in order.
    factors, parts, limits
        What it is about, and what was held against.
    """

    scores: Scores
    reasons: tuple[Problem, ...]
    factors: tuple[str, ...]
    parts: Parts | None
    limits: Limits

    @property
    def several(self) -> bool:
        """Whether the factors' scores are as many things as there are factors."""
        return self.scores == "each"

    def sentences(self, language: Language = "en", instrument: Instrument | None = None) -> str:
        """Say which scores to report and why; with the instrument's own names for its factors."""
        words = {**wording(instrument, language), "count": counted(len(self.factors), language)}
        label = labelling(instrument, language)
        told = [_reason(reason, language, words, label) for reason in self.reasons]
        return " ".join([self.advice(language, instrument), *told])

    def _view(self) -> View:
        label = labelling(None, "en")
        words = {**wording(None, "en"), "count": counted(len(self.factors), "en")}
        return View(self.advice(), tuple(_reason(r, "en", words, label) for r in self.reasons))

    def advice(self, language: Language = "en", instrument: Instrument | None = None) -> str:
        """Say which scores to report, without why."""
        words = {**wording(instrument, language), "count": counted(len(self.factors), language)}
        label = labelling(instrument, language)
        told = []
        if not self.several and len(self.factors) > 1:
            told.append(say("models.not_several", language, **words))
        parts = [joined(map(label, part), language) for part in self.parts or ()]
        words["parts"] = (
            say("models.parts", language, one=parts[0], other=parts[1]) if parts else ""
        )
        told.append(say(f"models.scores.{self.scores}", language, **words))
        return " ".join(told)


def recommend(evidence: Evidence, limits: Limits) -> Recommendation:
    """Decide which scores to report.

    The rules, in order: one factor only, and the structure cannot be tested: the total. The model
    of correlated factors fails or is improper: the total, with the two parts where these are apart.
    All correlations' upper limits below ``distinct``: every factor. The factors within a part run
    together, but the parts are apart: the parts. What all share explains at least ``omega_h`` of
    the total: a relative profile. Otherwise the total.
    """
    scores, reasons = _decide(evidence, limits)
    return Recommendation(scores, tuple(reasons), evidence.factors, evidence.parts, limits)


def _decide(evidence: Evidence, limits: Limits) -> tuple[Scores, list[Problem]]:
    if len(evidence.factors) < 2:
        return "total", [Problem("models.reason.not_testable")]
    pairs = evidence.pairs
    if evidence.improper or pairs is None:
        said = [_improper(evidence.improper, pairs)]
        apart = _apart(evidence, limits)
        return ("parts" if apart else "total"), [*said, *_between(evidence, limits)]
    together = pairs[pairs["ci_upper"] >= limits.distinct]
    if together.empty:
        values = {"highest": float(pairs["ci_upper"].max()), "limit": limits.distinct}
        return "each", [
            Problem("models.reason.distinct", values=values),
            *_general(evidence, limits),
        ]
    said = _overlap(together, limits)
    if _apart(evidence, limits) and _runs_together(evidence.parts, together):
        return "parts", [*said, *_between(evidence, limits)]
    enough = evidence.general is not None and evidence.general >= limits.omega_h
    return ("profile" if enough else "total"), [*said, *_general(evidence, limits)]


def _apart(evidence: Evidence, limits: Limits) -> bool:
    return evidence.between is not None and evidence.between[1] < limits.distinct


def _runs_together(parts: Parts | None, together: pd.DataFrame) -> bool:
    """Tell whether no two factors of one part are distinct."""
    found = {frozenset(p) for p in zip(together["factor_1"], together["factor_2"], strict=True)}
    return all(
        frozenset((a, b)) in found
        for part in parts or ()
        for k, a in enumerate(part)
        for b in part[k + 1 :]
    )


def _improper(problems: tuple[Problem, ...], pairs: pd.DataFrame | None) -> Problem:
    code = "models.reason.failed" if pairs is None else "models.reason.improper"
    return Problem(code, values={"problems": problems})


def _between(evidence: Evidence, limits: Limits) -> list[Problem]:
    if evidence.parts is None:
        return []
    if evidence.between is None:
        return [Problem("models.reason.parts_improper")]
    r, upper = evidence.between
    code = "apart" if upper < limits.distinct else "together"
    values = {"r": r, "upper": upper, "limit": limits.distinct}
    return [Problem(f"models.reason.parts_{code}", values=values)]


def _overlap(together: pd.DataFrame, limits: Limits) -> list[Problem]:
    """Name the pairs that are not distinct, the closest first, and say what may be chance."""
    said = []
    far = together["ci_upper"] >= limits.inseparable
    for code, rows, limit in (("inseparable", together[far], limits.inseparable),
                              ("close", together[~far], limits.distinct)):  # fmt: skip
        if len(rows):
            values = {"pairs": _pairs(rows), "limit": limit, "below": limits.inseparable}
            said.append(Problem(f"models.reason.{code}", count=len(rows), values=values))
    unsure = together[together["est"] < limits.distinct]
    if len(unsure):
        values = {"limit": limits.distinct}
        said.append(Problem("models.reason.unsure", count=len(unsure), values=values))
    return said


def _pairs(rows: pd.DataFrame) -> Pairs:
    ordered = rows.sort_values("ci_upper", ascending=False, kind="stable")
    columns = ordered[["factor_1", "factor_2", "est", "ci_upper"]]
    return tuple(columns.itertuples(index=False, name=None))


def _general(evidence: Evidence, limits: Limits) -> list[Problem]:
    if evidence.general is None:
        return [Problem("models.reason.general_unknown")]
    code = "high" if evidence.general >= limits.omega_h else "low"
    values = {"share": evidence.general, "limit": limits.omega_h, "source": evidence.source}
    return [Problem(f"models.reason.general_{code}", values=values)]


# --- In words


def labelling(instrument: Instrument | None, language: Language) -> Callable[[str], str]:
    """Return what gives a factor its name."""
    if instrument is None:
        return lambda name: name
    return lambda name: instrument.label(name, language)


def wording(instrument: Instrument | None, language: Language) -> dict[str, str]:
    """Return the words for one factor and several."""
    if instrument is not None:
        return nouns(instrument, language)
    return {form: say(f"models.factor.{form}", language) for form in ("one", "many")}


def joined(labels: Iterable[str], language: Language) -> str:
    """Join the names of factors that are taken together: ``a + b``."""
    return " + ".join(labels) or say("models.nothing", language)


def signs(problems: Iterable[Problem], language: Language) -> str:
    """Say in a few words what is wrong with a solution, or why there is none."""
    told = [
        say(f"models.sign.{p.code.rpartition('.')[2]}", language, count=p.count, **p.values)
        if p.code in SIGNS
        else describe(p, language)
        for p in problems
    ]
    return listing(dict.fromkeys(told), language)


def _reason(
    reason: Problem, language: Language, words: Mapping[str, str], label: Callable[[str], str]
) -> str:
    values = dict(reason.values)
    if "pairs" in values:
        told = [
            say(
                "models.pair", language, one=label(a), other=label(b),
                r=number(r, "z.2f", language), upper=number(upper, "z.2f", language),
            )
            for a, b, r, upper in values["pairs"]  # type: ignore[attr-defined]
        ]  # fmt: skip
        values["pairs"] = listing(told, language)
    if "problems" in values:
        values["problems"] = signs(values["problems"], language)  # type: ignore[arg-type]
    if "source" in values:
        values["source"] = say(f"models.name.{values['source']}", language, **words)
    return say(reason.code, language, n=reason.count, **{**words, **values})
