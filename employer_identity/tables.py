"""Tables of a study: each takes a result and returns it as a great_tables table, with its caption.

Numbers are written before the table is made, as the language writes them; stored values are never
rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from great_tables import GT

from employer_identity.language import Language, number, say
from employer_identity.privacy import Shown
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.fit import Fit
    from employer_identity.invariance import Ladder
    from employer_identity.questionnaire import Instrument

_NOTHING = "–"  # noqa: RUF001  (an en dash stands for "no number here")
_WORST = 8
"""Rows of the table of contradicted constraints: enough to see where the list stops mattering."""


def margins(shown: pd.DataFrame, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Who answered: each grouping with its categories; `shown` comes from `privacy`."""
    rows = [
        {
            "grouping": instrument.label(r.grouping, language),
            "category": instrument.value_label(r.grouping, r.category, language)
            if r.category
            else say("tables.margins.unknown", language),
            "n": _whole(r.n, language),
            "share": _share(r.share, language),
        }
        for r in shown.itertuples()
    ]
    counts = {f"{r.grouping}, {r.category}": int(r.n) for r in shown.dropna().itertuples()}
    return _table("margins", rows, language, counts=counts, groups="grouping")


def levels(
    levels: pd.DataFrame,
    reliability: pd.DataFrame,
    instrument: Instrument,
    *,
    language: Language = "en",
) -> Shown:
    """Mean scores with their intervals, and how reliable the scores are."""
    rows = [
        {
            "pillar": instrument.label(r.pillar, language),
            "n": _whole(r.n, language),
            "mean": number(r.mean, ".2f", language),
            "interval": _interval(r.ci_lower, r.ci_upper, language),
            "sd": number(r.sd, ".2f", language),
            "omega": number(r.omega, ".2f", language),
        }
        for r in levels.merge(reliability, left_on="pillar", right_on="factor").itertuples()
    ]
    counts = dict(zip(levels["pillar"], levels["n"].astype(int), strict=True))
    return _table("levels", rows, language, counts, nouns(instrument, language))


def associations(
    frame: pd.DataFrame, instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """Correlations with the outcomes, with intervals and how many answered both."""
    rows = [
        {
            "outcome": instrument.label(r.outcome, language),
            "pillar": instrument.label(r.pillar, language),
            "r": number(r.r, ".2f", language),
            "interval": _interval(r.ci_lower, r.ci_upper, language),
            "n": _whole(r.n, language),
        }
        for r in frame.itertuples()
    ]
    counts = {f"{r.outcome}, {r.pillar}": int(r.n) for r in frame.itertuples()}
    words = nouns(instrument, language)
    return _table("associations", rows, language, counts, words, groups="outcome")


def latent_means(
    means: pd.DataFrame,
    instrument: Instrument,
    group: str,
    counts: Mapping[str, int],
    *,
    language: Language = "en",
) -> Shown:
    """Latent means by group, with their intervals and the difference in pooled SDs."""
    rows = [
        {
            "pillar": instrument.label(r.factor, language),
            "group": instrument.value_label(group, r.group, language),
            "n": _whole(counts[r.group], language),
            "est": number(r.est, "z.2f", language),
            "interval": _interval(r.ci_lower, r.ci_upper, language) if r.se > 0 else _NOTHING,
            "d": number(r.d, "z.2f", language),
        }
        for r in means.itertuples()
    ]
    words = nouns(instrument, language)
    return _table("latent_means", rows, language, counts, words, groups="pillar")


def fit_measures(fit: Fit, *, language: Language = "en") -> Shown:
    """How well the measurement model fits everybody's answers."""
    m = fit.fit_measures
    low, high = (number(m[f"rmsea.ci.{end}"], ".3f", language) for end in ("lower", "upper"))
    values = {
        "chisq": number(m["chisq"], ",.2f", language),
        "df": _whole(m["df"], language),
        "pvalue": _pvalue(m["pvalue"], language),
        "cfi": number(m["cfi"], ".3f", language),
        "tli": number(m["tli"], ".3f", language),
        "rmsea": f"{number(m['rmsea'], '.3f', language)} ({low} – {high})",  # noqa: RUF001
        "srmr": number(m["srmr"], ".3f", language),
        "bic": number(m["bic"], ",.0f", language),
        "npar": _whole(m["npar"], language),
        "ntotal": _whole(m["ntotal"], language),
    }
    rows = [
        {"measure": say(f"tables.measure.{k}", language), "value": v} for k, v in values.items()
    ]
    return _table("fit_measures", rows, language, {"everybody": fit.ntotal})


def ladder(result: Ladder, *, language: Language = "en") -> Shown:
    """All four rungs: fit, change from the rung below, and the verdict."""
    rows = []
    for level, r in result.table.iterrows():
        held = "yes" if result.holds(level) else "no"
        rows.append(
            {
                "level": say(f"figures.ladder.{level}", language),
                "chisq": f"{number(r['chisq'], ',.1f', language)} ({int(r['df'])})",
                "cfi": number(r["cfi"], ".3f", language),
                "rmsea": number(r["rmsea"], ".3f", language),
                "srmr": number(r["srmr"], ".3f", language),
                "d_chisq": _NOTHING
                if np.isnan(r["d_chisq"])
                else f"{number(r['d_chisq'], ',.1f', language)} ({int(r['d_df'])})",
                "d_cfi": _signed(r["d_cfi"], language),
                "d_rmsea": _signed(r["d_rmsea"], language),
                "d_srmr": _signed(r["d_srmr"], language),
                "held": say(f"tables.held.{held}", language),
            }
        )
    return _table("ladder", rows, language, result["configural"].n)


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
    return _table("verdicts", rows, language, result["configural"].n, groups="level")


def _reading(reading: Mapping[str, Any], level: object, language: Language) -> str:
    """Write one number that a rule has read, with its limit."""
    index, value, cutoff = str(reading["index"]), float(reading["value"]), reading["cutoff"]
    if index == "releases":
        return say("tables.reading.releases", language, count=int(value))
    if index == "pvalue":
        return say("tables.reading.pvalue", language, p=_pvalue(value, language), limit=cutoff)
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
                "pvalue": _pvalue(r.pvalue_holm, language),
                "epc": number(r.epc_std, "+z.2f", language),
                "matters": say(
                    f"tables.matters.{'yes' if r.Index in culprits else 'no'}", language
                ),
            }
        )
    return _table("worst", rows, language, result["configural"].n)


def reliability(
    frame: pd.DataFrame, instrument: Instrument, n: int, *, language: Language = "en"
) -> Shown:
    """Reliability of the scores."""
    rows = [
        {
            "pillar": instrument.label(r.factor, language),
            "items": _whole(r.items, language),
            **{c: number(getattr(r, c), ".2f", language) for c in ("omega", "alpha", "ave")},
        }
        for r in frame.itertuples()
    ]
    return _table("reliability", rows, language, {"everybody": n}, nouns(instrument, language))


def latent_correlations(fit: Fit, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Correlations between the factors, freed of measurement error."""
    rows = [
        {
            "one": instrument.label(r.factor_1, language),
            "other": instrument.label(r.factor_2, language),
            "r": number(r.est, "z.2f", language),
            "interval": _interval(r.ci_lower, r.ci_upper, language),
        }
        for r in fit.latent_correlations.itertuples()
    ]
    words = nouns(instrument, language)
    return _table("latent_correlations", rows, language, {"everybody": fit.ntotal}, words)


def items(
    frame: pd.DataFrame, fit: Fit, instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """The items one by one: mean, spread, missing, highest answer, standardised loading."""
    own = fit.estimates.query("op == '=~'").drop_duplicates("rhs").set_index("rhs")["std_all"]
    rows = [
        {
            "pillar": instrument.label(r.pillar, language),
            "item": instrument.wording(r.item, language),
            "mean": number(r.mean, ".2f", language),
            "sd": number(r.sd, ".2f", language),
            "missing": _share(r.missing, language),
            "ceiling": _share(r.ceiling, language),
            "loading": number(own[r.item], ".2f", language),
        }
        for r in frame.itertuples()
    ]
    counts = dict(zip(frame["item"], frame["n"].astype(int), strict=True))
    words = {"maximum": instrument.scale.maximum, **nouns(instrument, language)}
    return _table("items", rows, language, counts, words, groups="pillar")


def facts(rows: Iterable[tuple[str, str]], *, language: Language = "en") -> Shown:
    """Names with their values: parameters, hashes, versions."""
    return _table("facts", [{"name": n, "value": v} for n, v in rows], language)


def _table(
    key: str,
    rows: list[dict[str, str]],
    language: Language,
    counts: Mapping[str, int] | None = None,
    words: Mapping[str, object] | None = None,
    groups: str | None = None,
) -> Shown:
    """Make a table of written values; heads and caption come from the catalogue."""
    words = words or {}
    frame = pd.DataFrame(rows)
    heads: dict[str, Any] = {
        c: say(f"tables.head.{c}", language, **words) for c in frame.columns if c != groups
    }
    texts = {"pillar", "item", "category", "level", "rule", "read", "group", "kind", "verdict"}
    texts |= {"one", "other", "held", "name", "value", "measure", "matters", "outcome"}
    table = GT(frame, id=f"table-{key}", groupname_col=groups).cols_label(**heads)
    table = table.cols_align("left", [c for c in heads if c in texts])
    table = table.cols_align("right", [c for c in heads if c not in texts])
    caption = say(f"tables.caption.{key}", language, **words)
    return Shown(key, "table", table, caption, counts=dict(counts or {}))


def _whole(value: float, language: Language) -> str:
    return _NOTHING if np.isnan(value) else number(int(value), ",", language)


def _share(value: float, language: Language) -> str:
    return _NOTHING if np.isnan(value) else number(value, ".0%", language)


def _signed(value: float, language: Language) -> str:
    return _NOTHING if np.isnan(value) else number(value, "+z.3f", language)


def _interval(lower: float, upper: float, language: Language) -> str:
    low, high = (number(x, "z.2f", language) for x in (lower, upper))
    return _NOTHING if np.isnan(lower) else say("tables.interval", language, low=low, high=high)


def _pvalue(value: float, language: Language) -> str:
    return say("tables.tiny", language) if value < 0.001 else number(value, ".3f", language)
