"""Tables of the measurement model: fit, ladder, what contradicts it, reliability, loadings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from employer_identity.audit.stating import Teller, of_model
from employer_identity.ladder_log import which
from employer_identity.language import Language, listing, number, say
from employer_identity.privacy import MINIMUM, Shown
from employer_identity.rungs import Constraint, Kept, Release
from employer_identity.states import last_tried, states
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
    facts = of_model(fit.ntotal, key)
    if any(row["plain"] for row in rows):
        return tabulate(key, rows, language, facts, caption=f"{key}_robust")
    rows = [{k: row[k] for k in ("measure", "value")} for row in rows]
    return tabulate(key, rows, language, facts)


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
    """All rungs: fit, change from the rung below, what was set aside, and how each stands."""
    rows = []
    for level, state in states(result).items():
        row = {"level": say(f"figures.ladder.{level}", language)}
        if level in result.rungs:
            r = result.table.loc[level]
            row |= _fit(r, language) | _changes(r, language)
            row["released"] = whole(r["released"], language)
        else:
            row |= dict.fromkeys((*_FIT, *_CHANGES, "released"), NOTHING)
        rows.append(row | {"state": say(f"figures.ladder.{state}", language)})
    caption = "ladder" if result["configural"].scaling is None else "ladder_robust"
    return tabulate("ladder", rows, language, of_model(), caption=caption)


_AND = "\N{NO-BREAK SPACE}"
"""Between two numbers that stay on one line."""
_TO = f"{_AND}\N{EN DASH}\N{WORD JOINER}{_AND}"
"""Between the ends of an interval that does; a line may otherwise end behind the dash."""
_FIT = ("chisq", "cfi", "rmsea", "srmr")
_CHANGES = ("d_chisq", "d_cfi", "d_rmsea", "d_srmr")


def _fit(r: pd.Series[Any], language: Language) -> dict[str, str]:
    """Write how well one model of a ladder fits."""
    chisq = f"{decimals(r['chisq'], ',.1f', language)}{_AND}({int(r['df'])})"
    return {"chisq": chisq} | {i: decimals(r[i], ".3f", language) for i in _FIT[1:]}


def _changes(r: pd.Series[Any], language: Language) -> dict[str, str]:
    """Write how it differs from the rung below."""
    d_chisq = NOTHING
    if not np.isnan(r["d_chisq"]):
        d_chisq = f"{number(r['d_chisq'], ',.1f', language)}{_AND}({int(r['d_df'])})"
    return {"d_chisq": d_chisq} | {i: signed(r[i], language) for i in _CHANGES[1:]}


def models(result: Ladder, *, language: Language = "en") -> Shown:
    """All models that were tried, also on the way: fit, change from the one below, decision.

    A model is named after its rung; each letter more is one equality less. `releases` has which.
    """
    rows, methods, below = [], {}, NOTHING
    for level in result.levels:
        named = result.named_models(level)
        for name, model in named:
            r = result.models.loc[name]
            ends = (decimals(r[f"rmsea_{end}"], ".3f", language) for end in ("lower", "upper"))
            fit, held = _fit(r, language), "yes" if r["holds"] else "no"
            fit["rmsea"] += f" ({_TO.join(ends)})"
            row = {"level": say(f"tables.level.{level}", language), "model": name, **fit}
            row |= {"below": below, **_changes(r, language)}
            if model.below is not None:
                methods[name] = say(f"tables.method.{model.test.method}", language)
            rows.append(row | {"held": say(f"tables.held.{held}", language)})
        below = named[-1][0]
    if len(set(methods.values())) > 1:
        rows = [row | {"method": methods.get(row["model"], NOTHING)} for row in rows]
    words = {"methods": listing(dict.fromkeys(methods.values()), language)}
    caption = "models" if methods else "models_one"
    return tabulate("models", rows, language, of_model(), words, "level", caption=caption)


def releases(
    result: Ladder, instrument: Instrument, *, minimum: int = MINIMUM, language: Language = "en"
) -> Shown:
    """What was set aside, and what was kept although the answers contradict it; each with why.

    The score test is that of the group named; ``d_gap`` is how far a gap between latent means
    would move. Groups of fewer than `minimum` persons are left out.
    """
    n = {g: k for g, k in result.n.items() if k >= minimum}
    rows = []
    for level, rung in result.rungs.items():
        named = result.named_models(level)
        told: list[tuple[str, Release | Kept, bool]] = [
            (name, r, r.everywhere) for name, model in named for r in model.releases
        ]
        told += [(named[-1][0], k, False) for k in rung.kept]
        rows += [
            {"event": say(f"tables.event.{_event(found)}", language), "model": name}
            | _tested(found, everywhere, (result, n), instrument, language)
            for name, found, everywhere in told
            if everywhere or found.constraint.group in n
        ]
    nothing = dict.fromkeys(("model", "item", "kind", "who", *_TESTED, "why"), NOTHING)
    nothing["event"] = say("tables.event.nothing", language)
    words = nouns(instrument, language)
    facts = Teller(instrument).compared(result.group, n) or of_model()
    return tabulate("releases", rows or [nothing], language, facts, words, "event")


def _event(found: Release | Kept) -> str:
    return "set_aside" if isinstance(found, Release) else "kept"


_TESTED = ("x2", "pvalue", "epc", "d_gap")


def _tested(
    found: Release | Kept,
    everywhere: bool,
    groups: tuple[Ladder, Mapping[str, int]],
    instrument: Instrument,
    language: Language,
) -> dict[str, str]:
    """Write one equality that was set aside or kept, with its score test in one of the groups."""
    constraint, (ladder, shown) = found.constraint, groups
    who = instrument.value_label(ladder.group, str(constraint.group), language)
    if everywhere:
        key = (
            "all_groups_tested" if constraint.x2 > 0 and constraint.group in shown else "all_groups"
        )
        who = say(f"tables.{key}", language, group=who)
    gap = NOTHING if constraint.kind == "residual" else decimals(constraint.d_gap, ".2f", language)
    return {
        "item": instrument.label(constraint.item, language),
        "kind": say(f"tables.kind.{constraint.kind}", language, **which(ladder, constraint)),
        "who": who,
        "x2": decimals(constraint.x2, ".1f", language),
        "pvalue": pvalue(constraint.pvalue_holm, language),
        "epc": decimals(constraint.epc_std, "+z.2f", language),
        "d_gap": gap,
        "why": say(f"tables.why.{found.why}", language),
    }


def verdicts(result: Ladder, *, language: Language = "en") -> Shown:
    """Every rule's verdict on every rung with all that it began with, and the numbers it read.

    A rule that says nothing about a rung is not listed there.
    """
    rows, first = [], {result.named_models(level)[0][0] for level in result.levels}
    read = result.verdicts[result.verdicts["model"].isin(first)]
    for (level, rule), part in read.groupby(["level", "rule"], sort=False):
        held = "holds" if part["verdict"].iloc[0] else "fails"
        rows.append(
            {
                "level": say(f"tables.level.{level}", language),
                "rule": say(f"invariance.rule.{rule}", language),
                "read": "; ".join(_reading(r, level, language) for r in part.to_dict("records")),
                "verdict": say(f"tables.verdict.{held}", language),
            }
        )
    note = "" if read["calibrated"].all() else say("invariance.uncalibrated", language)
    return tabulate("verdicts", rows, language, of_model(), groups="level", note=note)


def _reading(reading: Mapping[str, Any], level: object, language: Language) -> str:
    """Write one number that a rule has read, with its limit."""
    index, value, cutoff = str(reading["index"]), float(reading["value"]), reading["cutoff"]
    if np.isnan(value):
        return say("tables.reading.missing", language, index=index.upper())
    if index == "releases":
        return say("tables.reading.releases", language, count=int(value))
    if index == "pvalue":
        return say("tables.reading.pvalue", language, p=pvalue(value, language), limit=cutoff)
    if index == "bic":
        return say("tables.reading.bic", language, value=value)
    absolute = level == "configural"
    key = "tables.reading.absolute" if absolute else "tables.reading.change"
    return say(key, language, index=index.upper(), value=value, limit=cutoff)


def worst(
    result: Ladder, instrument: Instrument, *, minimum: int = MINIMUM, language: Language = "en"
) -> Shown:
    """Equalities that the rung that does not hold ended with, the most contradicted ones first.

    Groups of fewer than `minimum` persons are left out.
    """
    n = {g: k for g, k in result.n.items() if k >= minimum}
    culprits = set(result.culprits.index)
    rows = []
    worst = result.worst[result.worst["group"].isin(n)].dropna(subset="x2").head(_WORST)
    for index, row in worst.to_dict("index").items():
        constraint, matters = Constraint.tested(row), "yes" if index in culprits else "no"
        rows.append(
            {
                "item": instrument.label(constraint.item, language),
                "kind": say(
                    f"tables.kind.{constraint.kind}", language, **which(result, constraint)
                ),
                "group": instrument.value_label(result.group, str(constraint.group), language),
                "x2": number(constraint.x2, ".1f", language),
                "pvalue": pvalue(constraint.pvalue_holm, language),
                "epc": number(constraint.epc_std, "+z.2f", language),
                "matters": say(f"tables.matters.{matters}", language),
            }
        )
    return tabulate("worst", rows, language, Teller(instrument).compared(result.group, n))


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
    words = nouns(instrument, language) | {"n": n}
    return tabulate("reliability", rows, language, of_model(n, "reliability"), words)


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
    return tabulate("latent_correlations", rows, language, of_model(), words)


_MARK = "\N{NO-BREAK SPACE}*"
"""Behind what was set aside."""
_ACROSS = 6
"""Groups beside one another in the table of loadings."""


def loadings(
    result: Ladder, instrument: Instrument, *, minimum: int = MINIMUM, language: Language = "en"
) -> tuple[Shown, ...]:
    """Loadings of the items by group, each with the half of its interval; six groups a table."""
    n = {g: k for g, k in result["configural"].n.items() if k >= minimum}
    groups = list(n)
    return tuple(
        _loadings(result, instrument, {g: n[g] for g in some}, part, language)
        for part, some in enumerate(
            (groups[i : i + _ACROSS] for i in range(0, len(groups), _ACROSS)), start=1
        )
    )


def _loadings(
    result: Ladder, instrument: Instrument, n: dict[str, int], part: int, language: Language
) -> Shown:
    keys, aside = {g: f"group_{k}" for k, g in enumerate(n)}, last_tried(result)
    items = {r.constraint.item for r in aside}
    apart = {r.spelled for r in aside}
    rows = []
    for (factor, item), own in result.loadings.groupby(["factor", "item"], sort=False):
        written = {}
        for r in own[own["group"].isin(n)].itertuples():
            half = (r.ci_upper - r.ci_lower) / 2
            text = say("tables.plus_minus", language, value=r.est, half=half)
            free = {f"{factor}=~{item}", f"{factor}=~{item}@{r.group}"} & apart
            written[keys[r.group]] = f"{text}{_MARK}" if free else text
        label = instrument.label(str(item), language) + _MARK * (item in items)
        rows.append({"pillar": instrument.label(str(factor), language), "item": label} | written)
    heads = {keys[g]: instrument.value_label(result.group, g, language) for g in n}
    caption = "loadings_marked" if items else "loadings"
    words = nouns(instrument, language) | {"mark": _MARK.strip()}
    facts = Teller(instrument).compared(result.group, n)
    return tabulate("loadings", rows, language, facts, words, "pillar", heads, part, caption)
