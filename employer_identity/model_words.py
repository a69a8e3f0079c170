"""A comparison of models in words: its lines on a screen, and plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from employer_identity.language import Language, number, say
from employer_identity.recommendation import joined, labelling, signs, wording
from employer_identity.showing import Grid, View
from employer_identity.terms import counted

if TYPE_CHECKING:
    from employer_identity.model_comparison import Candidate, ModelComparison


def name_of(
    comparison: ModelComparison, model: object, language: Language, *, brief: bool = False
) -> str:
    """Return what a model is called; of the two-factor one also its parts."""
    words = wording(comparison.instrument, language)
    count = counted(len(comparison.factors), language)
    name = say(f"models.name.{model}", language, count=count, **words)
    if model != "two_factors" or comparison.parts is None or brief:
        return name
    label = labelling(comparison.instrument, language)
    one, other = (joined(map(label, part), language) for part in comparison.parts)
    parts = say("models.against", language, one=one, other=other)
    return say("models.name.two_factors_of", language, name=name, parts=parts)


def view(comparison: ModelComparison) -> View:
    """Return a head, a row a model and what to report."""
    items = sum(len(own) for own in comparison.factors.values())
    about = {"models": len(comparison.candidates), "items": items, "n": comparison.ntotal}
    rows = tuple(_row(comparison, candidate) for candidate in comparison.candidates.values())
    headers = ("model", "chisq", "df", "cfi", "rmsea", "srmr", "solution")
    advice = comparison.recommendation.sentences("en", comparison.instrument)
    return View(say("models.head", **about), (), Grid(headers, rows), (advice,))


def _row(comparison: ModelComparison, candidate: Candidate) -> tuple[str, ...]:
    name = name_of(comparison, candidate.structure.name, "en")
    if candidate.fit is None:
        why = say("models.unsolved", why=signs(candidate.failure, "en"))
        return name, "", str(candidate.structure.df), "", "", "", why
    m = candidate.fit.reported
    indices = (number(float(m[index]), ".3f") for index in ("cfi", "rmsea", "srmr"))
    chisq = number(float(m["chisq"]), ",.2f")
    return name, chisq, str(int(m["df"])), *indices, state(comparison, candidate, "en")


def _line(comparison: ModelComparison, candidate: Candidate, language: Language) -> str:
    name = name_of(comparison, candidate.structure.name, language)
    df = candidate.structure.df
    if candidate.fit is None:
        why = signs(candidate.failure, language)
        return say("models.line_failed", language, name=name, df=df, why=why)
    m = candidate.fit.reported
    line = say(
        "models.line", language, name=name, df=df, obtained=int(m["df"]), chisq=float(m["chisq"]),
        cfi=float(m["cfi"]), rmsea=float(m["rmsea"]), srmr=float(m["srmr"]),
    )  # fmt: skip
    return f"{line}; {state(comparison, candidate, language)}"


def state(comparison: ModelComparison, candidate: Candidate, language: Language) -> str:
    """Say whether a solution is proper, and if not what is wrong with it."""
    if candidate.status == "proper":
        return say("models.status.proper", language)
    if candidate.status == "bounded":
        label = labelling(comparison.instrument, language)
        held = joined(map(label, candidate.at_zero), language)
        return say("models.status.bounded", language, held=held)
    why = signs(candidate.problems, language)
    return say(f"models.status.{candidate.status}", language, why=why)


def explain(comparison: ModelComparison, language: Language = "en") -> str:
    """Return paragraphs on the fit, the tests, the correlations, the total and the advice."""
    paragraphs = [_fits(comparison, language)]
    if len(comparison.factors) > 1:
        paragraphs += [_tests(comparison, language), _pairs(comparison, language)]
        paragraphs.append(general(comparison, language))
    paragraphs.append(comparison.recommendation.sentences(language, comparison.instrument))
    return "\n\n".join(filter(None, paragraphs))


def _fits(comparison: ModelComparison, language: Language) -> str:
    told = [_line(comparison, c, language) for c in comparison.candidates.values()]
    kind = [say("models.ordered", language)] if comparison.is_ordered else []
    return " ".join([say("models.fits", language), *(f"{begun(line)}." for line in told), *kind])


def begun(text: str) -> str:
    """Begin a sentence: the first letter is a capital, of Dutch "één" without its accent."""
    return f"E{text[1:]}" if text.startswith("één") else text[:1].upper() + text[1:]


def _tests(comparison: ModelComparison, language: Language) -> str:
    told = []
    for test in comparison.tests.dropna(subset="pvalue").to_dict("records"):
        p = float(test["pvalue"])
        small = p < 0.001
        chance = say("models.tiny", language) if small else f"p = {number(p, '.3f', language)}"
        bic = "" if np.isnan(test["d_bic"]) else say("models.bic", language, d_bic=test["d_bic"])
        one, other = (name_of(comparison, test[k], language, brief=True) for k in
                      ("restricted", "free"))  # fmt: skip
        line = say(
            "models.test", language, one=one, other=other, chisq=test["chisq_diff"],
            df=int(test["df_diff"]), p=chance, bic=bic,
        )  # fmt: skip
        told.append(begun(line))
    if not told:
        return ""
    if comparison.tests["boundary"].any():
        codes = ["edge", *(["bic_reads"] if comparison.tests["d_bic"].notna().any() else [])]
        told += [say(f"models.{code}", language) for code in (*codes, "fit_alone")]
    return " ".join([say("models.tests", language), *told])


def _pairs(comparison: ModelComparison, language: Language) -> str:
    pairs = comparison.correlations
    if pairs.empty:
        return ""
    label = labelling(comparison.instrument, language)
    told = [
        say(
            "models.pair_line", language, one=label(r.factor_1), other=label(r.factor_2), r=r.est,
            low=r.ci_lower, high=r.ci_upper, htmt=r.htmt,
        )
        for r in pairs.itertuples()
    ]  # fmt: skip
    fails = int((~pairs["passes"].astype(bool)).sum())
    ave = say("models.fornell", language, n=fails, pairs=len(pairs))
    words = wording(comparison.instrument, language)
    ratio = say("models.htmt_ordered" if comparison.is_ordered else "models.htmt", language)
    return " ".join([say("models.pairs", language, **words), "; ".join(told) + ".", ave, ratio])


def general(comparison: ModelComparison, language: Language) -> str:
    """Say how much of the total is one thing, as the bifactor and second-order models tell it."""
    g = comparison.general
    words = {**wording(comparison.instrument, language), "puc": float(g["puc"])}
    told = []
    if not np.isnan(g["omega_h"]):
        values = {k: float(g[k]) for k in ("omega_h", "omega_t", "ecv")}
        told.append(say("models.general.bifactor", language, **words, **values))
    else:
        told.append(say("models.general.no_bifactor", language, **words))
    if not np.isnan(g["second_order_share"]):
        share = float(g["second_order_share"])
        told.append(say("models.general.second_order", language, share=share, **words))
    return " ".join(told)
