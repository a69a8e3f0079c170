"""What a report on one unit says in words: sentences chosen by its results, never by taste."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from employer_identity import privacy
from employer_identity.brand import agreement
from employer_identity.ladder import Ladder
from employer_identity.language import listing, number
from employer_identity.reports import data_words, hidden_words, verdict
from employer_identity.reports.estimation import fit_in_words
from employer_identity.reports.practices import Asked, Noticed
from employer_identity.reports.prose import levels_in_words
from employer_identity.reports.unit import UnitStudy
from employer_identity.standing import Reference

NAMED = 3
"""Items or outcomes that a sentence names on either side; the figure and the tables have all."""
WORTH = 0.05
"""Share of the answering scale that a difference must have for it to be worth finding."""


def _is_brand_study(unit: UnitStudy) -> bool:
    return bool(unit.instrument.practices)


def title_page(unit: UnitStudy) -> tuple[str, str, str, list[str]]:
    """Kicker, title, subtitle and the facts under them."""
    whole, name = unit.whole, unit.name
    facts = [unit.instrument.called(unit.language)]
    if not unit.is_employer:
        facts.append(unit.say("title.by"))
    if unit.prepared.wave:
        facts.append(whole.say("title.wave", wave=whole.wave_label(unit.prepared.wave)))
    facts.append(whole.say("title.people", n=unit.n))
    if unit.sector:
        facts.append(unit.say("title.sector", sector=_sector(unit)))
    if whole.fieldwork:
        facts.append(whole.say("title.fieldwork", period=whole.fieldwork))
    if whole.is_identifying:
        facts.append(whole.say("title.identifiable"))
    about_what = "brand" if _is_brand_study(unit) else "plain"
    alone = "" if unit.references else "_alone"
    subtitle = unit.say(f"title.subtitle_{about_what}{alone}")
    title = name if unit.is_employer else name[:1].upper() + name[1:]  # a name stays as it is
    return unit.say(f"title.kicker_{unit.kind}"), title, subtitle, facts


def _sector(unit: UnitStudy) -> str:
    return unit.instrument.value_label(unit.instrument.sector or "", unit.sector, unit.language)


def nearest(unit: UnitStudy) -> str:
    """Name whom the unit is compared with first, as it stands inside a sentence."""
    return _named(unit, unit.references[0])


def _named(unit: UnitStudy, reference: Reference) -> str:
    return unit.say(f"reference.{reference}", sector=_sector(unit))


# --- At a glance


def opening(unit: UnitStudy) -> list[str]:
    """Say who answered what, and whose answers stand beside theirs."""
    items = len(unit.survey.item_names)
    told = [unit.say(f"glance.who_{unit.kind}", n=unit.n, items=items)]
    if unit.references:
        beside = listing([_named(unit, r) for r in unit.references], unit.language)
        told.append(unit.say("glance.beside", beside=beside))
    return [" ".join(told)]


def key_numbers(unit: UnitStudy) -> list[tuple[str, str]]:
    """Numbers for the cards, each with what it counts."""
    language, means = unit.language, unit.of("pillar")["mean"]
    low, high = (number(float(x), ".1f", language) for x in (means.min(), means.max()))
    span = low if low == high else f"{low}–{high}"  # noqa: RUF001
    scale = unit.instrument.scale
    cards = [(number(unit.n, ",", language), unit.say(f"card.{unit.kind}"))]
    told = unit.whole.say("card.means", minimum=scale.minimum, maximum=scale.maximum)
    cards.append((span, told))
    for kind in ("pillar", "item"):
        rows = unit.of(kind)
        if unit.references and len(rows):
            values = {"n": len(unit.apart(kind)), "total": unit.compared(kind)}
            beside = unit.say(f"reference.{unit.references[0]}_short")
            told = unit.say(f"card.apart_{kind}", reference=beside)
            cards.append((unit.say("card.of", **values), told))
    return cards


def at_a_glance(unit: UnitStudy) -> list[str]:
    """Give the results in three or four sentences."""
    levels = unit.of("pillar").rename(columns={"name": "pillar"})
    sentences = [levels_in_words(levels, unit.instrument, unit.language)]
    if unit.references:
        sentences.append(_pillars_apart(unit, unit.references[0]))
        sentences += _items_apart(unit) if unit.shows("items") else []
    told = comparability(unit)
    return [*sentences, told[0] if unit.is_refused or not unit.is_employer else told[-1]]


def _pillars_apart(unit: UnitStudy, reference: Reference) -> str:
    found = unit.apart("pillar", reference)
    key = "glance.pillars" if len(found) else "glance.no_pillars"
    beside = _named(unit, reference)
    words = {"n": len(found), "reference": beside, "named": _differences(unit, found)}
    return unit.say(key, **words)


def _items_apart(unit: UnitStudy) -> list[str]:
    found = unit.apart("item")
    words: dict[str, object] = {"reference": nearest(unit), "items": unit.compared("item")}
    if found.empty:
        return [unit.say("glance.no_items", n=unit.n, **words)]
    farthest = found.sort_values("d", key=abs, ascending=False).head(NAMED)
    words["named"] = _differences(unit, farthest)
    key = "glance.items" if len(found) == len(farthest) else "glance.items_most"
    return [unit.say(key, n=len(found), **words)]


def _differences(unit: UnitStudy, found: pd.DataFrame) -> str:
    """Name rows of `UnitStudy.apart`, each with its difference and the interval of that."""
    named = []
    for r in found.itertuples():
        label = unit.instrument.scored_label(r.name, unit.language)
        values = {"size": abs(r.d), "lower": float(r.d_lower), "upper": float(r.d_upper)}
        quoted = label if r.kind == "pillar" else unit.say("difference.quoted", label=label)
        direction = unit.say(f"difference.{'higher' if r.d > 0 else 'lower'}")
        named.append(unit.say("difference.named", label=quoted, direction=direction, **values))
    return listing(named, unit.language)


# --- The pillars


def pillars(unit: UnitStudy) -> list[str]:
    """Say what the figure of the pillars shows."""
    scale = unit.instrument.scale
    values = {"minimum": scale.minimum, "maximum": scale.maximum}
    return [unit.say("pillars.what", **values)]


def beside(unit: UnitStudy) -> list[str]:
    """Say how the pillars compare with each reference, or why they are not compared."""
    return [*(_pillars_apart(unit, r) for r in unit.references), *not_compared(unit)]


def not_compared(unit: UnitStudy) -> list[str]:
    """Say with whom the unit is not compared, and why."""
    told = []
    if unit.is_employer and unit.instrument.sector and "sector" not in unit.references:
        reason = "none" if not unit.sector else "alone" if unit.is_sector_shown else "hidden"
        told.append(unit.say(f"compared.sector_{reason}", sector=_sector(unit)))
    if "whole" not in unit.references:
        unfit = unit.whole.ladder is not None and unit.whole.ladder.level is None
        refused = "compared.refused_unfit" if unfit else "compared.refused"
        told.append(unit.say(refused if unit.is_refused else "compared.alone"))
    return [*told, *_unlike(unit)]


def _unlike(unit: UnitStudy) -> list[str]:
    """Name what is not compared with everyone, since it does not mean the same to all."""
    label, language = unit.instrument.label, unit.language
    pillars = [label(name, language) for name in unit.unlike if name in unit.pillars]
    items = [
        unit.say("difference.quoted", label=label(name, language))
        for name in unit.unlike
        if name not in unit.pillars
    ]
    if not items:
        return []
    words = {"pillars": listing(pillars, language), "items": listing(items, language)}
    return [unit.say("compared.in_part", n=len(items), **words)]


# --- What people notice


def head(unit: UnitStudy) -> str:
    """Say what the numbers beside the practices or items are."""
    scale = unit.instrument.scale
    subject = "practices" if _is_brand_study(unit) else "items"
    shown = "shares" if unit.shows("distributions") else "means"
    ends = {"minimum": scale.minimum, "maximum": scale.maximum}
    told = unit.say(f"noticed.{subject}_{shown}", agree=agreement(scale), **ends)
    told += _turned(unit)
    mark = unit.references and unit.of("item")[f"{unit.references[0]}_agree"].notna().any()
    return f"{told} {unit.say('noticed.mark', reference=nearest(unit))}" if mark else told


def _turned(unit: UnitStudy) -> str:
    """Say whom the number beside a turned item is about; nothing where none is turned."""
    if not any(item.reverse for item in unit.instrument.items):
        return ""
    shown = "shares" if unit.shows("distributions") else "means"
    return " " + unit.say(f"noticed.turned_{shown}")


def noticed(unit: UnitStudy, pillar: str) -> list[Noticed]:
    """Name a pillar's practices, or without any its items, with what people here answered."""
    instrument = unit.instrument
    items = [i for i in instrument.items if i.pillar == pillar]
    if not _is_brand_study(unit):
        return [_noticed(unit, i.name, [i.name]) for i in items]
    practices = [p.key for p in instrument.practices if p.pillar == pillar]
    found = [_noticed(unit, p, [i.name for i in items if i.practice == p]) for p in practices]
    return [p for p in found if p.asked]


def _noticed(unit: UnitStudy, name: str, asked: list[str]) -> Noticed:
    instrument, language = unit.instrument, unit.language
    label, text = instrument.label(name, language), instrument.wording(name, language)
    rows = unit.of("item").set_index("name")
    told = tuple(_asked(unit, rows.loc[item]) for item in asked if item in rows.index)
    scored = instrument.scored_label(name, language)
    return Noticed(f"{scored}.", text, told) if text != label else Noticed(scored, "", told)


def _asked(unit: UnitStudy, row: pd.Series[float]) -> Asked:
    language = unit.language
    if np.isnan(row["mean"]):
        return Asked(unit.say("noticed.nobody"), "", None)
    reference = unit.references[0] if unit.references else ""
    share = float(row[f"{reference}_agree"]) if reference else np.nan
    text, mark = "", None
    if reference and not np.isnan(row[f"{reference}_mean"]):
        values = {"mean": float(row[f"{reference}_mean"]), "share": share}
        short = unit.say(f"reference.{reference}_short")
        key = "noticed.beside_mean" if np.isnan(share) else "noticed.beside"
        text, mark = unit.say(key, reference=short, **values), None if np.isnan(share) else share
    if np.isnan(row["agree"]):
        return Asked(number(row["mean"], ".1f", language), unit.say("noticed.mean"), None, text)
    mean = unit.whole.say("practices.mean", mean=float(row["mean"]))
    if _is_brand_study(unit):  # else the item's own name says so
        mean = unit.instrument.as_scored(str(row.name), mean, language)
    return Asked(number(row["agree"], ".0%", language), mean, float(row["agree"]), text, mark)


def hidden_parts(unit: UnitStudy) -> list[str]:
    """Say what of the single items may not be shown; nothing where all may."""
    if not unit.shows("items"):
        return [unit.say("hidden.items")]
    if not unit.shows("distributions"):
        n = max(privacy.DISTRIBUTION, unit.minimum_n)
        return [unit.say("hidden.shares", n=n)]
    return []


# --- Where it stands out, and where the gap is


def standing_out(unit: UnitStudy) -> list[str]:
    """Name the items that stand apart on either side; without any, say what it would take."""
    found, reference = unit.apart("item"), nearest(unit)
    told = []
    for side, rows in (("above", found[found["d"] > 0]), ("below", found[found["d"] < 0])):
        if len(rows):
            farthest = rows.sort_values("d", key=abs, ascending=False).head(NAMED)
            words = {"n": len(rows), "named": _differences(unit, farthest)}
            more = "" if len(rows) <= NAMED else "_most"
            told.append(unit.say(f"apart.{side}{more}", reference=reference, **words))
    return told or _what_it_takes(unit)


def _what_it_takes(unit: UnitStudy) -> list[str]:
    """Say how far an item must lie off to stand apart, and how many people would do for less.

    The margin is the first step of Holm; standard errors shrink with the root of n, and so many
    people need no t.
    """
    items = unit.of("item").dropna(subset=[f"d_{unit.references[0]}_upper"])
    half = (items[f"d_{unit.references[0]}_upper"] - items[f"d_{unit.references[0]}"]).median()
    df = max(float(items["n"].median()) - 1, 1)
    error, tail = half / stats.t.ppf(0.975, df), 1 - 0.025 / len(items)
    margin = error * stats.t.ppf(tail, df)
    scale = unit.instrument.scale
    worth = WORTH * (scale.maximum - scale.minimum)
    needed = unit.n * (error * stats.norm.ppf(tail) / worth) ** 2
    values = {"margin": float(margin), "worth": worth, "needed": int(np.ceil(needed / 10) * 10)}
    key = "apart.nothing" if margin > worth else "apart.nothing_worth"
    return [unit.say(key, reference=nearest(unit), n=unit.n, items=len(items), **values)]


def outcomes(unit: UnitStudy) -> list[str]:
    """Name the outcomes that stand apart, or say that none does."""
    if not unit.references:
        return [unit.say("outcomes.what")]
    found = unit.apart("outcome")
    key = "outcomes.apart" if len(found) else "outcomes.none"
    words = {"reference": nearest(unit), "named": _differences(unit, found.head(2 * NAMED))}
    return [f"{unit.say('outcomes.what')} {unit.say(key, n=len(found), **words)}"]


# --- What may not be compared, and what is not shown


def comparability(unit: UnitStudy) -> list[str]:
    """Say how far the questionnaire means the same to all, and where that is untested."""
    told = []
    if unit.whole.group:
        told.append(verdict.verdict(unit.whole))
        told += verdict.culprits(unit.whole) if unit.is_refused else _unlike(unit)
    elif unit.border:
        told.append(unit.say("limits.untested"))
    return [*told, unit.say("limits.employers")] if unit.is_employer else told


def may_be_compared(unit: UnitStudy) -> list[str]:
    """Say what may be compared with others, and what among the pillars themselves."""
    between = [unit.whole.say("levels.caution")] if len(unit.pillars) > 1 else []
    return [*comparability(unit), *between]


def not_shown(unit: UnitStudy) -> list[str]:
    """Say what is never shown, and what is missing from this report."""
    told = hidden_words.not_shown(unit.whole)
    return [*told, unit.say("limits.absent"), unit.say("limits.causes")]


# --- Appendix


def method(unit: UnitStudy) -> list[tuple[str, str]]:
    """Explain how to read the numbers and how they were computed, term by term."""
    scale, weighted = unit.instrument.scale, "_weighted" if unit.instrument.weight else ""
    values = {"minimum": scale.minimum, "maximum": scale.maximum, "agree": agreement(scale)}
    keys = {"score": f"score{weighted}", "interval": "interval"}
    if unit.references:
        keys |= {"difference": "difference", "apart": "apart"}
    if unit.shows("distributions"):
        keys["agree"] = "agree"
    terms = [
        (unit.say(f"method.{key}_term"), unit.say(f"method.{text}", **values))
        for key, text in keys.items()
    ]
    return [*terms, *_model(unit)]


def _model(unit: UnitStudy) -> list[tuple[str, str]]:
    """Say how well the measurement model fits everybody's answers, and how groups were compared."""
    told = []
    if not isinstance(unit.prepared.fit, Exception):
        told.append(fit_in_words(unit.whole))
    if isinstance(unit.whole.ladder, Ladder):
        told.append(unit.whole.say("method.ladder"))
    if unit.instrument.adaptation:
        told.append(unit.whole.say("method.adaptation"))
    return [(unit.say("method.model_term"), " ".join(told))] if told else []


def numbers(unit: UnitStudy) -> dict[str, float | int | str | None]:
    """Give the report's numbers by name; what is not shown in it is None."""
    found: dict[str, float | int | str | None] = {"n": unit.n}
    columns = {"mean": "mean", "lower": "ci_lower", "upper": "ci_upper"}
    columns |= {"d_sector": "d_sector", "d_whole": "d_whole"}
    for name, column in columns.items():
        for pillar, value in unit.of("pillar").set_index("name")[column].items():
            found[f"{name}_{pillar}"] = None if np.isnan(value) else float(value)
    return found


def made_with(unit: UnitStudy) -> list[tuple[str, str]]:
    """Parameters, data hashes and versions."""
    survey, p = unit.survey, unit.prepared
    rows = {
        "survey": survey.source or "-",
        "sha256": survey.sha256 or "-",
        "suppression": p.suppression.sha256,
        "instrument": unit.instrument.name,
        "unit": f"{unit.column} = {unit.unit}",
        "wave": p.wave or "-",
        "language": unit.language,
        "minimum_n": str(unit.minimum_n),
        **data_words.versions(),
    }
    own = {key: unit.say(f"facts.{key}") for key in ("unit", "suppression")}
    names = {key: own.get(key) or unit.whole.say(f"facts.{key}") for key in rows}
    return [(names[key], value) for key, value in rows.items()]
