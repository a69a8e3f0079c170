"""A paragraph on methods and fit that can be pasted into a manuscript, in Dutch or English."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from employer_identity import __version__, weighing
from employer_identity.language import Language, listing, say
from employer_identity.measurement_tables import named
from employer_identity.model_words import name_of
from employer_identity.reports import treatment_words
from employer_identity.reports.estimation import clusters
from employer_identity.reports.grouped import sizes_in_words
from employer_identity.reports.measured import Compared, Measurement
from employer_identity.reports.measurement import p_in_words, rule
from employer_identity.terms import counted

if TYPE_CHECKING:
    from employer_identity.ladder import Ladder
    from employer_identity.levels import Level


def paragraph(m: Measurement, language: Language) -> str:
    """Write the paragraph; its numbers are those of the report, whatever language that is in."""
    sentences = [_model(m, language), *_estimation(m, language), _fit(m, language)]
    problems = len(m.study.fit.problems)
    sentences.append(_say("improper", language, n=problems) if problems else "")
    sentences += [_say("respecified", language), _scores(m, language), *_rivals(m, language)]
    if m.ladders and m.across is not None:
        name = say(f"invariance.rule.{m.ladders[0].rule.name}", language)
        sentences.append(_say("rule", language, rule=name, how=rule(m, "paste", language)))
        sentences.append(_say("small", language, least=m.floor))
        tests = m.across.tests
        sentences.append(_say("family", language, tests=tests) if tests else "")
    sentences += [_group(m, study, language) for study in m.compared]
    sentences += treatment_words.to_paste(m.compared, language)
    return " ".join(filter(None, sentences))


def _say(key: str, language: Language, **values: object) -> str:
    return say(f"measured.paste.{key}", language, **values)


def _model(m: Measurement, language: Language) -> str:
    pillars = [m.instrument.label(p, language) for p in m.pillars]
    return _say(
        "model",
        language,
        items=len(m.study.survey.item_names),
        count=counted(len(pillars), language),
        factors=len(pillars),
        pillars=listing(pillars, language),
        n=m.study.fit.ntotal,
    )


def _estimation(m: Measurement, language: Language) -> list[str]:
    """Say how it was estimated, from which answers."""
    fit, survey = m.study.fit, m.study.survey
    errors = say(f"ledger.errors.{fit.ledger.errors}", language)
    told = [_say("estimator", language, version=__version__, errors=errors)]
    missing = float(survey.answers[list(survey.item_names)].isna().to_numpy().mean())
    told.append(_say("missing" if missing else "complete", language, share=missing))
    if fit.weights:
        deff = weighing.design_effect(survey.answers[fit.weights])
        told.append(_say("weights", language, deff=deff))
    if n := clusters(m.study):
        by = m.instrument.label(str(fit.cluster), language).lower()
        told.append(_say("clusters", language, n=n, by=by))
    return told


def _fit(m: Measurement, language: Language) -> str:
    found, left = m.study.fit.reported, m.study.fit.residuals["residual"]
    words = {k: float(found[k]) for k in ("chisq", "cfi", "rmsea", "srmr")}
    words |= {"low": float(found["rmsea.ci.lower"]), "high": float(found["rmsea.ci.upper"])}
    words |= {"r": float(left[left.abs().idxmax()]), "scaling": float(m.study.fit.scaling or 1.0)}
    df, p = m.study.fit.df, p_in_words(m, language)
    return _say("unfit" if np.isnan(words["cfi"]) else "fit", language, df=df, p=p, **words)


def _scores(m: Measurement, language: Language) -> str:
    """Give the range of reliabilities, and of the correlations between factors if there are any."""
    omega, r = m.study.reliability["omega"], m.study.fit.latent_correlations["est"]
    ends = {"low": float(omega.min()), "high": float(omega.max())}
    if r.empty:
        return _say("reliability_one", language, **ends)
    told = _say("reliability", language, **ends)
    ends = {"low": float(r.min()), "high": float(r.max())}
    return _say("correlations", language, reliability=told, **ends)


def _rivals(m: Measurement, language: Language) -> list[str]:
    """Name the other models with their fit, and how much of the total is one thing."""
    if m.comparison is None:
        return []
    named = []
    for name, candidate in m.comparison.candidates.items():
        if candidate is m.comparison.own:
            continue
        words = {"name": name_of(m.comparison, name, language, brief=True)}
        if candidate.fit is None or not candidate.proper:
            named.append(_say("rival_improper", language, **words))
            continue
        found = candidate.fit.reported
        indices = {k: float(found[k]) for k in ("cfi", "rmsea", "srmr")}
        named.append(_say("rival", language, **words, **indices))
    told = [_say("rivals", language, named=listing(named, language))]
    share = float(m.comparison.general["omega_h"])
    return told if np.isnan(share) else [*told, _say("general", language, share=share)]


def _group(m: Measurement, study: Compared, language: Language) -> str:
    """Say what the groups of a grouping reach, with what was set aside and the fit there."""
    ladder = study.ladder
    level = ladder.level or "configural"
    found = ladder[level].reported
    aside = _aside(m, ladder, level, language)
    told = _say(
        "group" if ladder.level else "group_none",
        language,
        group=m.instrument.label(study.group, language).lower(),
        sizes=sizes_in_words(m, study, language),
        level=say(f"invariance.level.{level}", language),
        aside=f" {_say('aside', language, named=listing(aside, language))}" if aside else "",
        df=int(found["df"]),
        **{k: float(found[k]) for k in ("chisq", "cfi", "rmsea", "srmr")},
    )
    if study.dmacs.empty:
        return told
    return f"{told} {_say('dmacs', language, d=float(study.dmacs['d'].max()))}"


def _aside(m: Measurement, ladder: Ladder, level: Level, language: Language) -> list[str]:
    """Name what was set aside, each with whom it was set aside for."""
    return [
        _say(
            "aside_one",
            language,
            what=named(ladder, release.constraint, m.instrument, language),
            who=say("measured.everywhere", language)
            if release.everywhere
            else m.instrument.value_label(ladder.group, release.constraint.group, language),
        )
        for release in ladder.set_aside(level)
    ]
