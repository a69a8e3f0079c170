"""What a study says in words: sentences chosen by its results, never by taste."""

from __future__ import annotations

import pandas as pd

from employer_identity.brand import agree, agreement
from employer_identity.language import Language, listing, number, say
from employer_identity.questionnaire import Instrument
from employer_identity.reports import public_words, structure_words, treatment_words, trend_words
from employer_identity.reports.employer_words import comparable
from employer_identity.reports.estimation import clusters, estimated, fit_in_words, problems
from employer_identity.reports.study import Study
from employer_identity.reports.verdict import uncompared, verdict
from employer_identity.rungs import Constraint
from employer_identity.terms import nouns

OVERLAP = 0.85
"""Correlation between two pillars from which on they can hardly be told apart (its upper limit)."""


def _is_brand_study(study: Study) -> bool:
    return bool(study.instrument.practices)


def title_page(study: Study) -> tuple[str, str, str, list[str]]:
    """Kicker, title, subtitle and the facts under them."""
    kind = "brand" if _is_brand_study(study) else "plain"
    facts = [study.say("title.people", n=study.survey.n)]
    if study.wave:
        facts.insert(0, study.say("title.wave", wave=study.wave_label(study.wave)))
    if study.instrument.employer:
        facts.append(study.say("title.employers", n=_units(study, study.instrument.employer)))
    if study.instrument.sector:
        facts.append(study.say("title.sectors", n=_units(study, study.instrument.sector)))
    if study.outside:
        facts.append(study.say("title.public", n=study.outside.panel.n))
    if study.fieldwork:
        facts.append(study.say("title.fieldwork", period=study.fieldwork))
    if study.group:
        facts.append(study.say("title.compared", group=study.group_label))
    if study.is_identifying:
        facts.append(study.say("title.identifiable"))
    return (
        study.say(f"title.kicker_{kind}"),
        study.instrument.called(study.language),
        study.say(f"title.subtitle_{kind}"),
        facts,
    )


def _units(study: Study, column: str) -> int:
    return int(study.survey.answers[column].nunique())


# --- At a glance


def key_numbers(study: Study) -> list[tuple[str, str]]:
    """Numbers for the cards, each with what it counts."""
    language, means = study.language, study.levels["mean"]
    cards = [(number(study.survey.n, ",", language), study.say("card.people"))]
    if study.instrument.employer:
        n = _units(study, study.instrument.employer)
        cards.append((number(n, ",", language), study.say("card.employers")))
    else:
        cards.append((f"{len(study.survey.item_names)}", study.say("card.items")))
    low, high = (number(float(x), ".1f", language) for x in (means.min(), means.max()))
    scale = study.instrument.scale
    span = low if low == high else f"{low}–{high}"  # noqa: RUF001
    told = study.say("card.means", minimum=scale.minimum, maximum=scale.maximum)
    cards.append((span, told))
    if study.ladder:
        held, aside = int(study.ladder.table["accepted"].sum()), len(study.items_aside)
        told = study.say("card.rungs_in_part" if aside else "card.rungs", n=aside)
        if study.depends_on_treatment:
            told = study.say("card.as_numbers", told=told)
        cards.append((study.say("card.of", n=held, of=len(study.ladder.testable)), told))
    return cards


def at_a_glance(study: Study) -> list[str]:
    """Give the study in a few sentences."""
    sentences = [_levels(study), *trend_words.glance(study), fit_in_words(study)]
    sentences += structure_words.glance(study)
    if study.ladder:
        sentences.append(" ".join([verdict(study), *treatment_words.see(study)]))
    sentences += uncompared(study)
    if len(study.associations):
        r = study.associations["r"]
        values = {"low": float(r.min()), "high": float(r.max())}
        key = "glance.associations" if r.min() > 0 else "glance.associations_mixed"
        sentences.append(study.say(key, **values))
    return [*sentences, *public_words.glance(study)]


def opening(study: Study) -> list[str]:
    """Say who answered what."""
    values: dict[str, object] = {"n": study.survey.n, "items": len(study.survey.item_names)}
    if study.instrument.employer:
        values["employers"] = _units(study, study.instrument.employer)
        return [study.say("glance.who_employers", **values)]
    return [study.say("glance.who", **values)]


def _levels(study: Study) -> str:
    return levels_in_words(study.levels, study.instrument, study.language)


def levels_in_words(levels: pd.DataFrame, instrument: Instrument, language: Language) -> str:
    """Name the highest and lowest pillar, where their intervals stand apart from all others."""
    order = levels.sort_values("mean")
    low, high = order.iloc[0], order.iloc[-1]
    values = {
        **_ends("low", low),
        **_ends("high", high),
        "lowest": instrument.label(low["pillar"], language),
        "highest": instrument.label(high["pillar"], language),
        "maximum": instrument.scale.maximum,
        "minimum": instrument.scale.minimum,
        **nouns(instrument, language),
    }
    lowest_apart = low["ci_upper"] < order["ci_lower"].iloc[1:].min()
    highest_apart = high["ci_lower"] > order["ci_upper"].iloc[:-1].max()
    if lowest_apart and highest_apart:
        key = "both"
    else:
        key = "lowest" if lowest_apart else "highest" if highest_apart else "together"
    return say(f"report.levels.{key}", language, **values)


def _ends(name: str, level: pd.Series) -> dict[str, float]:
    """Give a mean and its interval under a name."""
    columns = {name: "mean", f"{name}_lower": "ci_lower", f"{name}_upper": "ci_upper"}
    return {key: float(level[column]) for key, column in columns.items()}


def numbers(study: Study) -> dict[str, float | int | str | None]:
    """Give the numbers of the study by name, for whoever compares reports."""
    found: dict[str, float | int | str | None] = {"n": study.survey.n}
    for r in study.levels.itertuples():
        ends = {"mean": r.mean, "lower": r.ci_lower, "upper": r.ci_upper}
        found |= {f"{name}_{r.pillar}": float(value) for name, value in ends.items()}
    measures = ("chisq", "df", "cfi", "tli", "rmsea", "srmr")
    return found | {name: float(study.fit.reported[name]) for name in measures}


# --- Reader's guide


def guide(study: Study) -> list[tuple[str, str]]:
    """Explain what the report speaks of, each term with its meaning, from the study itself."""
    scale = study.instrument.scale
    first = study.levels.iloc[0]
    words: dict[str, object] = {
        "minimum": scale.minimum,
        "maximum": scale.maximum,
        "example": study.instrument.label(first["pillar"], study.language),
        "mean": float(first["mean"]),
        "lower": float(first["ci_lower"]),
        "upper": float(first["ci_upper"]),
    }
    keys = ["score", "interval", "compared", "together"]
    if not study.group:
        keys.remove("compared")
    if not study.instrument.outcomes:
        keys.remove("together")
    texts = {key: key for key in keys}
    if study.instrument.weight:
        texts["score"] = "score_weighted"
    return [
        (study.say(f"guide.{key}_term"), study.say(f"guide.{text}", **words))
        for key, text in texts.items()
    ]


# --- The pillars


def about_pillars(study: Study) -> list[str]:
    """Introduce the questionnaire, with whom it is about and where it comes from."""
    instrument, scale = study.instrument, study.instrument.scale
    values = {"items": len(study.survey.item_names), "minimum": scale.minimum}
    sentences = [study.say("pillars.what", maximum=scale.maximum, **values)]
    if instrument.adaptation:
        sentences.append(study.say("pillars.adaptation"))
    return [" ".join(sentences)]


def description(study: Study, pillar: str) -> list[str]:
    """Say what a pillar means; nothing where the questionnaire does not say."""
    label = study.instrument.label(pillar, study.language)
    text = study.instrument.wording(pillar, study.language)
    return [text] if text != label else []


def scores(study: Study) -> list[str]:
    """Say how high the scores are and what may be read into them."""
    return [_levels(study), study.say("levels.caution")]


def structure(study: Study) -> list[str]:
    """Say how well the model fits and how far the pillars can be told apart."""
    pairs = study.fit.latent_correlations
    sentences = [fit_in_words(study)]
    if len(pairs):
        top = pairs.loc[pairs["est"].abs().idxmax()]
        names = study.labels([top["factor_1"], top["factor_2"]])
        values = {"low": float(pairs["est"].min()), "high": float(pairs["est"].max())}
        key = "overlap" if _overlap(study) else "distinct"
        sentences.append(study.say(f"structure.{key}", pair=names, limit=OVERLAP, **values))
    return [" ".join(sentences), *problems(study)]


def local_fit(study: Study) -> list[str]:
    """Name what the model leaves unexplained, and what is wrong with its solution."""
    language, left = study.language, study.fit.residuals
    worst = left.loc[left["residual"].abs().idxmax()]
    words = {
        "one_item": study.instrument.label(worst["item_1"], language),
        "other_item": study.instrument.label(worst["item_2"], language),
    }
    residual = study.say("structure.residual", r=float(worst["residual"]), **words)
    return [residual, *problems(study)]


# --- What goes with them


def associations(study: Study) -> list[str]:
    """Say how strongly outcomes go with the pillars, and name only what stands apart."""
    frame = study.associations
    values = {"low": float(frame["r"].min()), "high": float(frame["r"].max())}
    named = [] if _overlap(study) else _standing_apart(study)
    key = "overlap" if _overlap(study) else "apart" if named else "unranked"
    return [
        study.say("associations.how", **values),
        study.say(f"associations.{key}", named=listing(named, study.language)),
    ]


def _standing_apart(study: Study) -> list[str]:
    """Name outcomes with the pillar whose interval lies above those of all others."""
    named = []
    for outcome, rows in study.associations.groupby("outcome", sort=False):
        order = rows.sort_values("r")
        top, others = order.iloc[-1], order.iloc[:-1]
        if len(others) and top["ci_lower"] > others["ci_upper"].max():
            words = {
                "outcome": study.labels([str(outcome)]),
                "pillar": study.labels([top["pillar"]]),
            }
            named.append(study.say("associations.pair", **words))
    return named


def _overlap(study: Study) -> bool:
    """Whether any two pillars can hardly be told apart."""
    pairs = study.fit.latent_correlations
    return bool((pairs[["ci_lower", "ci_upper"]].abs() > OVERLAP).any(axis=None))


def outcome_levels(study: Study) -> list[str]:
    """Name the outcomes most and fewest people agree with."""
    frame = study.outcomes[study.outcomes["n"] >= study.distribution_n].sort_values("agree")
    if len(frame) < 2:
        return []
    words = {
        "lowest": _agreeing(study, str(frame["outcome"].iloc[0])),
        "highest": _agreeing(study, str(frame["outcome"].iloc[-1])),
        "agree": agreement(study.instrument.scale),
    }
    return [study.say("associations.levels", **words)]


def _agreeing(study: Study, outcome: str) -> str:
    """Name an outcome with the share that agrees with it and the interval."""
    ends = dict(zip(("share", "lower", "upper"), agree(study.survey, outcome), strict=True))
    name = study.instrument.scored_label(outcome, study.language)
    return study.tell("brand.with.quoted", name=name, **ends)


def caution(study: Study) -> list[str]:
    """Say what a correlation of answers of the same people is not."""
    return [study.say("associations.caution")]


# --- Employers and sectors


def units(study: Study) -> list[str]:
    """Say what the heat map shows, how uncertain it is, and that comparability is untested."""
    frame = study.units
    assert frame is not None  # asked for only where there are units
    of_employers = frame["employer"] != ""
    shown = frame[~frame["hidden"] & (of_employers | ~of_employers.any())]
    half = 1.96 * shown["se"].median()
    margin = study.say("units.margin", margin=float(half), n=int(shown["n"].median()))
    tested = comparable(study) or _untested(study)
    return [study.say("units.what"), *tested, *_unlike(study), margin]


def _untested(study: Study) -> list[str]:
    """Say across what comparability is not tested."""
    tested = bool(study.group) and study.group == study.instrument.sector
    told = []
    if study.instrument.employer:
        told.append(study.say("units.untested_employers"))
    elif not tested:
        told.append(study.say("units.untested_sectors"))
    return told


def _unlike(study: Study) -> list[str]:
    """Say for which scores a dash stands where sectors are what is compared."""
    unlike = [p for p in study.pillars if p not in study.scores_allowed]
    if not unlike or not study.group or study.group != study.instrument.sector:
        return []
    return [study.say("units.unlike", named=study.labels(unlike))]


# --- Questions


def questions(study: Study) -> list[str]:
    """Ask what these results leave open."""
    language, instrument = study.language, study.instrument
    items = study.items.sort_values("mean")
    name = str(items["item"].iloc[0])
    lowest = instrument.as_scored(name, instrument.wording(name, language).rstrip("."), language)
    asked = [study.say("questions.lowest", item=lowest)]
    if study.instrument.practices:
        pillar = str(study.levels.sort_values("mean")["pillar"].iloc[0])
        own = [
            study.say("questions.practice", label=instrument.label(p.key, language))
            for p in instrument.practices
            if p.pillar == pillar
        ]
        words = {"pillar": instrument.label(pillar, language), "practices": listing(own, language)}
        asked.append(study.say("questions.practices", **words))
    asked += _of_reading(study)
    if study.means_allowed:
        asked.append(study.say("questions.means"))
    if len(study.associations):
        asked.append(study.say("questions.causes"))
    if study.units is not None:
        asked.append(study.say("questions.units"))
    return [*asked, study.say("questions.missing")]


def _of_reading(study: Study) -> list[str]:
    """Ask about the item that a group reads most differently, whether it was set aside or not."""
    if study.ladder is None or study.ladder.level is None:
        return []
    aside = [r.constraint for r in study.releases if r.constraint.x2 > 0]
    left = [Constraint.tested(row) for row in study.culprits.head(1).to_dict("records")]
    if not aside and not left:
        return []
    most = max(aside or left, key=lambda constraint: constraint.x2)
    wording = study.instrument.wording(most.item, study.language).rstrip(".")
    group = study.instrument.value_label(study.group, str(most.group), study.language)
    return [study.say("questions.culprit", item=wording, group=group)]


# --- Appendix


def methodology(study: Study) -> list[str]:
    """Say how the numbers were made, and where they stop."""
    language = study.language
    sentences = [
        study.say("method.scores"),
        study.say("method.model", items=len(study.survey.item_names)),
        *estimated(study),
        study.say("method.intervals_clustered" if clusters(study) else "method.intervals"),
    ]
    if study.ladder:
        rule = say(f"invariance.rule.{study.ladder.rule.name}", language)
        sentences += [study.say("method.ladder"), study.say("method.rule", rule=rule)]
    if study.instrument.adaptation:
        sentences.append(study.say("method.adaptation"))
    return [*sentences, study.say("method.limits")]
