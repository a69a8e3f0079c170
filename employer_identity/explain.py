"""A fit in plain sentences: what was done, what came out, and what it does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from employer_identity.criteria import AbsoluteFit
from employer_identity.language import Language, describe, listing, say

if TYPE_CHECKING:
    import pandas as pd

    from employer_identity.fit import Fit


def explain(fit: Fit, language: Language = "en") -> str:
    """Return paragraphs on the model, the answers, the fit, the estimates and their limits."""
    paragraphs = [_model(fit, language), _answers(fit, language), _fit(fit, language)]
    paragraphs += [_estimates(fit, language), _limits(fit, language)]
    if fit.problems:
        told = [say("explain.problems", language, count=len(fit.problems))]
        paragraphs.append(" ".join([*told, *(describe(p, language) for p in fit.problems)]))
    return "\n\n".join(paragraphs)


def _model(fit: Fit, language: Language) -> str:
    """Say what was fitted, and what was held equal."""
    told = [
        say(
            "explain.model", language, names=listing(fit.factors, language), n=fit.ntotal,
            factors=len(fit.factors), items=len(fit.items),
        )
    ]  # fmt: skip
    if len(fit.groups) > 1:
        each = [f"{label} ({say('explain.n', language, n=n)})" for label, n in fit.n.items()]
        told.append(
            say(
                "explain.groups", language, group=fit.group, groups=len(fit.groups),
                each=listing(each, language),
            )
        )  # fmt: skip
        families = (name.replace(".", "_") for name in fit.equal)
        names = [say(f"ledger.family.{name}", language) for name in families]
        key = "explain.equal" if names else "explain.nothing_equal"
        told.append(say(key, language, families=listing(names, language)))
    return " ".join(told)


def _answers(fit: Fit, language: Language) -> str:
    """Say how answers, holes, weights and clusters were taken."""
    told = [say(f"explain.estimator.{fit.estimator.lower()}", language)]
    if fit.rows is None:
        told.append(say("explain.moments", language))
    elif fit.missing in ("fiml", "pairwise"):
        told.append(say(f"explain.{fit.missing}", language))
    else:
        told.append(say("explain.complete", language))
    told += [describe(note, language) for note in fit.notes if note.count]
    return " ".join(told)


def _fit(fit: Fit, language: Language) -> str:
    """Say how well the model describes the answers, by the test and by the customary bounds."""
    m = fit.reported
    if fit.df == 0:
        return say("explain.saturated", language)
    kind = "rejects" if m["pvalue"] < 0.05 else "stands"
    p = "p < .001" if m["pvalue"] < 0.001 else say("explain.p", language, p=m["pvalue"])
    told = [say(f"explain.test.{kind}", language, chisq=m["chisq"], df=int(m["df"]), p=p)]
    rule = AbsoluteFit()
    verdict = rule.judge(m["cfi"], m["rmsea"], m["srmr"])
    readings = []
    for reading in verdict.readings:
        key = f"explain.reading.{'holds' if reading.holds else 'fails'}"
        values = {"value": reading.value, "cutoff": reading.cutoff, "name": reading.index.upper()}
        readings.append(say(key, language, **values))
    told.append(say("explain.indices", language, each=listing(readings, language)))
    values = {"citation": rule.citation}
    told.append(say(f"explain.verdict.{'good' if verdict.holds else 'poor'}", language, **values))
    return " ".join(told)


def _estimates(fit: Fit, language: Language) -> str:
    """Say how the items bear on their factors, and how near the factors are to each other."""
    loadings = fit.estimates[fit.estimates["op"] == "=~"]
    told = []
    if len(loadings):
        order = loadings["std_all"].abs().sort_values().index
        low, high = (loadings.loc[at].to_dict() for at in (order[0], order[-1]))
        told.append(
            say(
                "explain.loadings", language,
                value_low=low["std_all"], item_low=low["rhs"], factor_low=low["lhs"],
                value_high=high["std_all"], item_high=high["rhs"], factor_high=high["lhs"],
            )
        )  # fmt: skip
        if turned := _against(loadings):
            values = {"count": len(turned), "items": listing(turned, language)}
            told.append(say("explain.against", language, **values))
    pairs = fit.latent_correlations
    if len(pairs):
        row = pairs.loc[pairs["est"].abs().idxmax()].to_dict()
        names = listing([row["factor_1"], row["factor_2"]], language)
        values = {"names": names, "value": row["est"]}
        values |= {"low": row["ci_lower"], "high": row["ci_upper"]}
        told.append(say("explain.correlation", language, **values))
    return " ".join(told)


def _against(loadings: pd.DataFrame) -> list[str]:
    """Return the items that run against most items of their factor, in any group."""
    sign = np.sign(loadings["est"])
    most = np.sign(sign.groupby([loadings["lhs"], loadings["group"]]).transform("sum"))
    return list(dict.fromkeys(loadings.loc[sign * most < 0, "rhs"]))


def _limits(fit: Fit, language: Language) -> str:
    """Say what must not be concluded."""
    told = [say("explain.limits", language)]
    if any(key[1] == "~" for key in fit.table.rows):
        told.append(say("explain.no_causes", language))
    told.append(say("explain.groups_limit" if len(fit.groups) > 1 else "explain.one_group_limit",
                    language))  # fmt: skip
    return " ".join(told)
