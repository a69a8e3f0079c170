"""Tables of models side by side, of how close factors are, and of what goes with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from employer_identity.audit.stating import of_model
from employer_identity.language import Language, number, say
from employer_identity.model_words import name_of, state
from employer_identity.privacy import Shown
from employer_identity.recommendation import labelling, wording
from employer_identity.structural_words import inside
from employer_identity.tabulation import NOTHING, decimals, interval, pvalue, tabulate, whole

if TYPE_CHECKING:
    from employer_identity.model_comparison import ModelComparison
    from employer_identity.structural import Pathways


def _heads(names: tuple[str, ...], language: Language) -> dict[str, str]:
    return {name: say(f"tables.models.{name}", language) for name in names}


def _without(column: str, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Leave out a column that no row fills."""
    return [{k: v for k, v in row.items() if k != column} for row in rows]


def structures(comparison: ModelComparison, *, language: Language = "en") -> Shown:
    """Fit of every model, df against counting, and whether its solution is proper."""
    rows = []
    for model, r in comparison.table.iterrows():
        candidate = comparison.candidates[model]
        obtained = "" if np.isnan(r["df"]) else f" ({int(r['df'])})"
        rows.append(
            {
                "model": name_of(comparison, model, language, brief=True),
                "chisq": f"{decimals(r['chisq'], ',.1f', language)}{obtained}",
                "df": whole(r["df_expected"], language),
                **{k: decimals(r[k], ".3f", language) for k in ("cfi", "rmsea", "srmr")},
                "bic": decimals(r["bic"], ",.0f", language),
                "state": state(comparison, candidate, language),
            }
        )
    weighted = comparison.table["bic"].isna().all()
    rows = _without("bic", rows) if weighted else rows
    heads = _heads(("model", "df", "bic", "state"), language)
    why = "structures_ordered" if comparison.is_ordered else "structures_weighted"
    facts, caption = of_model(comparison.ntotal, "structures"), why if weighted else ""
    words = {"n": comparison.ntotal}
    return tabulate("structures", rows, language, facts, words, heads=heads, caption=caption)


def structure_tests(comparison: ModelComparison, *, language: Language = "en") -> Shown:
    """Nested models against each other."""
    rows = []
    for test in comparison.tests.to_dict("records"):
        one, other = (name_of(comparison, test[k], language, brief=True) for k in
                      ("restricted", "free"))  # fmt: skip
        df = "" if np.isnan(test["df_diff"]) else f" ({int(test['df_diff'])})"
        p = pvalue(test["pvalue"], language)
        edge = " *" if test["boundary"] and p != NOTHING else ""
        rows.append(
            {
                "restricted": one,
                "free": other,
                "d_chisq": f"{decimals(test['chisq_diff'], ',.1f', language)}{df}",
                "p": p + edge,
                "d_bic": decimals(test["d_bic"], "+,.0f", language),
            }
        )
    weighted = comparison.tests["d_bic"].isna().all()
    rows = _without("d_bic", rows) if weighted else rows
    heads = _heads(("restricted", "free", "d_chisq", "p", "d_bic"), language)
    caption = "structure_tests_weighted" if weighted else ""
    return tabulate("structure_tests", rows, language, of_model(), heads=heads, caption=caption)


def overlap(comparison: ModelComparison, *, language: Language = "en") -> Shown:
    """Each pair of factors: latent correlation, HTMT, and how it reads."""
    label = labelling(comparison.instrument, language)
    rows = [
        {
            "one": label(r.factor_1),
            "other": label(r.factor_2),
            "r": number(r.est, "z.2f", language),
            "interval": interval(r.ci_lower, r.ci_upper, language),
            "htmt": decimals(r.htmt, ".2f", language),
            "htmt2": decimals(r.htmt2, ".2f", language),
            "read": say(f"tables.models.{r.verdict}", language),
        }
        for r in comparison.correlations.itertuples()
    ]
    limits = comparison.limits
    words = {**wording(comparison.instrument, language), "distinct": limits.distinct}
    words |= {"inseparable": limits.inseparable, "n": comparison.ntotal}
    heads = _heads(("htmt", "htmt2", "read"), language)
    facts = of_model(comparison.ntotal, "overlap")
    caption = "overlap_ordered" if comparison.is_ordered else ""
    return tabulate("overlap", rows, language, facts, words, heads=heads, caption=caption)


def pathways(found: Pathways, *, language: Language = "en") -> Shown:
    """Effects by outcome; where single paths cannot be read, correlations of each pillar alone."""
    label = labelling(found.instrument, language)
    words: dict[str, object] = {**wording(found.instrument, language)}
    words["mediator"] = inside(label(found.mediator))
    facts = of_model(found.fit.ntotal)
    if not found.readable:
        rows = [
            {
                "outcome": label(r.outcome),
                "pillar": label(r.pillar),
                "r": number(r.r, "z.2f", language),
                "interval": interval(r.ci_lower, r.ci_upper, language),
            }
            for r in found.associations.itertuples()
        ]
        return tabulate(
            "pathways", rows, language, facts, words, "outcome", caption="pathways_alone"
        )
    rows = []
    for (outcome, pillar), part in found.effects.groupby(["outcome", "pillar"], sort=False):
        by = part.set_index("effect")
        written = {
            effect: f"{number(float(by.loc[effect, 'std']), '+z.2f', language)} "
            f"({interval(by.loc[effect, 'std_lower'], by.loc[effect, 'std_upper'], language)})"
            for effect in ("total", "direct", "indirect")
        }
        rows.append({"outcome": label(str(outcome)), "pillar": label(str(pillar)), **written})
    heads = _heads(("total", "direct", "indirect"), language)
    return tabulate("pathways", rows, language, facts, words, "outcome", heads)
