"""Tables of the measurement model: fit, ladder, what contradicts it, reliability, loadings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from employer_identity.language import Language, number, say
from employer_identity.privacy import MINIMUM, Shown
from employer_identity.tabulation import (
    NOTHING,
    decimals,
    interval,
    pvalue,
    signed,
    tabulate,
    whole,
)
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.fit import Fit
    from employer_identity.ladder import Ladder
    from employer_identity.questionnaire import Instrument

_WORST = 8
"""Rows of the table of contradicted constraints: enough to see where the list stops mattering."""


_MEASURES = {
    "chisq": ",.2f", "chisq.scaling.factor": ".3f", "df": ",.0f", "pvalue": "", "cfi": ".3f",
    "tli": ".3f", "rmsea": ".3f", "srmr": ".3f", "bic": ",.0f", "npar": ",.0f", "ntotal": ",.0f",
}  # fmt: skip
"""The measures of fit in the table, each as it is written."""
_CORRECTED = ("chisq", "pvalue", "cfi", "tli", "rmsea")


def fit_measures(fit: Fit, *, language: Language = "en") -> Shown:
    """How well the measurement model fits everybody's answers.

    Beside scaled and robust measures stand the uncorrected ones.
    """
    m = fit.fit_measures
    rows = [_measure(m, name, language) for name in _MEASURES if name in m.index]
    key = "fit_measures"
    if any(row["plain"] for row in rows):
        return tabulate(key, rows, language, {"everybody": fit.ntotal}, caption=f"{key}_robust")
    rows = [{k: row[k] for k in ("measure", "value")} for row in rows]
    return tabulate(key, rows, language, {"everybody": fit.ntotal})


def _measure(m: pd.Series[float], name: str, language: Language) -> dict[str, str]:
    """Write one measure: as it is reported, and without correction where it has one."""
    label = say(f"tables.measure.{name.replace('.', '_')}", language)
    kinds = [k for k in ("robust", "scaled") if f"{name}.{k}" in m.index and name in _CORRECTED]
    plain = _written(m, name, "", language)
    if not kinds:
        return {"measure": label, "value": plain, "plain": ""}
    label = say(f"tables.measure.{kinds[0]}", language, measure=label)
    value = _written(m, name, f".{kinds[0]}", language)
    return {"measure": label, "value": value, "plain": plain}


def _written(m: pd.Series[float], name: str, suffix: str, language: Language) -> str:
    value = float(m[f"{name}{suffix}"])
    if name == "pvalue":
        return pvalue(value, language)
    written = decimals(value, _MEASURES[name], language)
    if name != "rmsea":
        return written
    ends = (float(m[f"rmsea.ci.{end}{suffix}"]) for end in ("lower", "upper"))
    low, high = (decimals(end, ".3f", language) for end in ends)
    return f"{written} ({low} – {high})"  # noqa: RUF001


def ladder(result: Ladder, *, language: Language = "en") -> Shown:
    """All four rungs: fit, change from the rung below, and the verdict."""
    rows = []
    for level, r in result.table.iterrows():
        held = "yes" if result.holds(level) else "no"
        rows.append(
            {
                "level": say(f"figures.ladder.{level}", language),
                "chisq": f"{decimals(r['chisq'], ',.1f', language)} ({int(r['df'])})",
                "cfi": decimals(r["cfi"], ".3f", language),
                "rmsea": decimals(r["rmsea"], ".3f", language),
                "srmr": decimals(r["srmr"], ".3f", language),
                "d_chisq": NOTHING
                if np.isnan(r["d_chisq"])
                else f"{number(r['d_chisq'], ',.1f', language)} ({int(r['d_df'])})",
                "d_cfi": signed(r["d_cfi"], language),
                "d_rmsea": signed(r["d_rmsea"], language),
                "d_srmr": signed(r["d_srmr"], language),
                "held": say(f"tables.held.{held}", language),
            }
        )
    first = result["configural"]
    caption = "ladder" if first.scaling is None else "ladder_robust"
    return tabulate("ladder", rows, language, first.n, caption=caption)


def verdicts(result: Ladder, *, language: Language = "en") -> Shown:
    """Every rule's verdict on every rung, with the numbers it read and their limits."""
    rows = []
    for (level, rule), part in result.verdicts.groupby(["level", "rule"], sort=False):
        held = "holds" if part["verdict"].iloc[0] else "fails"
        rows.append(
            {
                "level": say(f"figures.ladder.{level}", language),
                "rule": say(f"invariance.rule.{rule}", language),
                "read": "; ".join(_reading(r, level, language) for r in part.to_dict("records")),
                "verdict": say(f"tables.verdict.{held}", language),
            }
        )
    return tabulate("verdicts", rows, language, result["configural"].n, groups="level")


def _reading(reading: Mapping[str, Any], level: object, language: Language) -> str:
    """Write one number that a rule has read, with its limit."""
    index, value, cutoff = str(reading["index"]), float(reading["value"]), reading["cutoff"]
    if np.isnan(value):
        return say("tables.reading.missing", language, index=index.upper())
    if index == "releases":
        return say("tables.reading.releases", language, count=int(value))
    if index == "pvalue":
        return say("tables.reading.pvalue", language, p=pvalue(value, language), limit=cutoff)
    absolute = level == "configural"
    key = "tables.reading.absolute" if absolute else "tables.reading.change"
    return say(key, language, index=index.upper(), value=value, limit=cutoff)


def worst(result: Ladder, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Equalities that the answers contradict most, on the first rung that does not hold."""
    culprits = set(result.culprits.index)
    rows = []
    for r in result.worst.head(_WORST).itertuples():
        kind = {"=~": "loading", "~1": "intercept", "~~": "residual"}[r.op]
        rows.append(
            {
                "item": instrument.label(r.lhs if r.op == "~1" else r.rhs, language),
                "kind": say(f"tables.kind.{kind}", language),
                "group": instrument.value_label(result.group, r.group, language),
                "x2": number(r.x2, ".1f", language),
                "pvalue": pvalue(r.pvalue_holm, language),
                "epc": number(r.epc_std, "+z.2f", language),
                "matters": say(
                    f"tables.matters.{'yes' if r.Index in culprits else 'no'}", language
                ),
            }
        )
    return tabulate("worst", rows, language, result["configural"].n)


def reliability(
    frame: pd.DataFrame, instrument: Instrument, n: int, *, language: Language = "en"
) -> Shown:
    """Reliability of the scores."""
    rows = [
        {
            "pillar": instrument.label(r.factor, language),
            "items": whole(r.items, language),
            **{c: number(getattr(r, c), ".2f", language) for c in ("omega", "alpha", "ave")},
        }
        for r in frame.itertuples()
    ]
    return tabulate("reliability", rows, language, {"everybody": n}, nouns(instrument, language))


def latent_correlations(fit: Fit, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Correlations between the factors, freed of measurement error."""
    rows = [
        {
            "one": instrument.label(r.factor_1, language),
            "other": instrument.label(r.factor_2, language),
            "r": number(r.est, "z.2f", language),
            "interval": interval(r.ci_lower, r.ci_upper, language),
        }
        for r in fit.latent_correlations.itertuples()
    ]
    words = nouns(instrument, language)
    return tabulate("latent_correlations", rows, language, {"everybody": fit.ntotal}, words)


_ACROSS = 6
"""Groups beside one another in the table of loadings."""


def loadings(
    result: Ladder, instrument: Instrument, *, minimum: int = MINIMUM, language: Language = "en"
) -> tuple[Shown, ...]:
    """Loadings of the items by group, each with the half of its interval; six groups a table."""
    frame = result.loadings
    n = {g: k for g, k in result["configural"].n.items() if k >= minimum}
    groups = list(n)
    return tuple(
        _loadings(frame, instrument, result.group, {g: n[g] for g in some}, part, language)
        for part, some in enumerate(
            (groups[i : i + _ACROSS] for i in range(0, len(groups), _ACROSS)), start=1
        )
    )


def _loadings(
    frame: pd.DataFrame,
    instrument: Instrument,
    group: str,
    n: dict[str, int],
    part: int,
    language: Language,
) -> Shown:
    keys = {g: f"group_{k}" for k, g in enumerate(n)}
    rows = []
    for (factor, item), own in frame.groupby(["factor", "item"], sort=False):
        written = {
            keys[r.group]: say(
                "tables.plus_minus", language, value=r.est, half=(r.ci_upper - r.ci_lower) / 2
            )
            for r in own.itertuples()
            if r.group in keys
        }
        names = {"pillar": str(factor), "item": str(item)}
        rows.append({k: instrument.label(v, language) for k, v in names.items()} | written)
    heads = {keys[g]: instrument.value_label(group, g, language) for g in n}
    words = nouns(instrument, language)
    return tabulate("loadings", rows, language, n, words, "pillar", heads, part)
