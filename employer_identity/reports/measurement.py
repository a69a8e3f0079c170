"""What a measurement report says of the model: decided beforehand, counted, found, and limits."""

from __future__ import annotations

from collections.abc import Iterator

from employer_identity.criteria import LEVEL, AbsoluteFit, Localised
from employer_identity.invariance import ANCHORS
from employer_identity.language import Language, listing, number, say
from employer_identity.measurement_tables import counted_df, counted_df_of_rung
from employer_identity.model_words import general
from employer_identity.reports import data_words, employer_words, estimation, grouped
from employer_identity.reports.measured import Measurement
from employer_identity.tabulation import decimals, pvalue
from employer_identity.treatment import APART, CATEGORIES, CROWDED, PEOPLE, SKEWED

BEYOND = 0.10
"""Residual correlations of this size are counted."""


# --- Title page and summary


def title_page(m: Measurement) -> tuple[str, str, str, list[str]]:
    """Kicker, title, subtitle and the facts under them."""
    study = m.study
    facts = [m.say("title.wave", wave=study.wave_label(study.wave))] if study.wave else []
    facts += [m.say("title.people", n=study.survey.n)]
    facts += [m.say("title.items", n=len(study.survey.item_names))]
    if study.groups:
        named = listing([m.label(group) for group in study.groups], m.language)
        facts.append(m.say("title.groups", named=named))
    if study.is_identifying:
        facts.append(study.say("title.identifiable"))
    title = m.instrument.called(m.language)
    return m.say("title.kicker"), title, m.say("title.subtitle"), facts


def cards(m: Measurement) -> list[tuple[str, str]]:
    """People in the model, and measures of fit of different classes."""
    fit = m.study.fit
    found = [(number(fit.ntotal, ",", m.language), m.say("card.people"))]
    return found + [
        (decimals(fit.reported[k], ".3f", m.language), k.upper()) for k in ("cfi", "rmsea", "srmr")
    ]


def at_a_glance(m: Measurement) -> list[str]:
    """Global fit, local fit, whether the model is the first one, and what groups reach."""
    proper = "improper" if m.study.fit.problems else "proper"
    return [
        estimation.fit_in_words(m.study),
        residuals(m),
        f"{m.say('glance.retained')} {m.say(f'glance.{proper}')}",
        *_advice(m),
        *grouped.groupings(m),
    ]


def _advice(m: Measurement) -> list[str]:
    """Say in short which scores are supported."""
    if m.comparison is None:
        return []
    advice = m.comparison.recommendation.advice(m.language, m.instrument)
    return [" ".join([advice, *_unfit(m)])]


# --- Beforehand


def beforehand(m: Measurement) -> list[tuple[str, str]]:
    """List what held whatever the answers were: model, rules, software, estimator."""
    criteria = AbsoluteFit()
    versions = data_words.versions()
    texts = {
        "model": _model(m),
        "respecification": m.say("before.respecification", anchors=_anchors(m))
        if m.study.groups
        else m.say("before.respecification_alone"),
        "criteria": m.say(
            "before.criteria", srmr=criteria.srmr, cfi=criteria.cfi, rmsea=criteria.rmsea
        ),
        "rule": rule(m, "before") if m.ladders else "",
        "family": m.say("before.family", least=m.floor) if m.study.groups else "",
        "scores": _scores(m),
        "power": m.say("before.power"),
        "software": "; ".join(versions.values()) + ".",
        "estimator": m.say("before.estimator", points=_points(m)),
        "treatment": _treatment(m) if m.study.groups else "",
        "algorithm": m.say("before.algorithm"),
    }
    return [(m.say(f"before.{key}_term"), text) for key, text in texts.items() if text]


def _model(m: Measurement) -> str:
    words = {"items": len(m.study.survey.item_names), "pillars": m.study.labels(m.pillars)}
    return m.say("before.model", factors=len(m.pillars), **words)


def _scores(m: Measurement) -> str:
    """Say what decides which scores are supported."""
    if m.comparison is None:
        return ""
    held = m.comparison.limits
    return m.say("before.scores", distinct=held.distinct, omega_h=held.omega_h)


def rule(m: Measurement, where: str, language: Language | None = None) -> str:
    """Say how the deciding rule decides; in a paragraph of another language, in that one."""
    deciding, spoken = m.ladders[0].rule, language or m.language
    name = say(f"invariance.rule.{deciding.name}", spoken)
    words: dict[str, object] = {"rule": name[:1].upper() + name[1:], "anchors": _anchors(m)}
    if isinstance(deciding, Localised):
        words |= {k: getattr(deciding, k) for k in ("alpha", "loading", "intercept", "gap")}
        return say(f"measured.{where}.localised", spoken, **words)
    return say(f"measured.{where}.other_rule", spoken, **words)


def _anchors(m: Measurement) -> int:
    return m.ladders[0].anchors if m.ladders else ANCHORS


def _treatment(m: Measurement) -> str:
    """Say how it is seen to whether answers had better be ordered categories."""
    limits = {"apart": APART, "categories": CATEGORIES, "skewed": SKEWED, "crowded": CROWDED}
    limits |= {"people": PEOPLE, "level": LEVEL}
    return m.say("before.treatment", **limits)


def _points(m: Measurement) -> int:
    scale = m.instrument.scale
    return scale.maximum - scale.minimum + 1


# --- The model and its fit


def model(m: Measurement) -> list[str]:
    """Derive the degrees of freedom, say how the model is identified and whether all agree."""
    fit = m.study.fit
    p, k = len(fit.items), len(fit.factors)
    words = {
        "p": p, "moments": fit.ledger.moments, "parameters": fit.ledger.parameters,
        "loadings": p - k, "factors": k * (k + 1) // 2, "df": fit.df,
    }  # fmt: skip
    n = sum(not equal for equal in _agreements(m))
    agree = m.say("specified.differs", n=n) if n else m.say("specified.equal")
    return [m.say("specified.counted", **words), m.say("specified.identified"), agree]


def _agreements(m: Measurement) -> Iterator[bool]:
    """Tell of every model whether its degrees of freedom are those counted."""
    yield counted_df(m.study.fit.factors) == m.study.fit.ledger.df_obtained
    for ladder in m.ladders:
        for level in ladder.levels:
            yield counted_df_of_rung(ladder, level) == ladder[level].ledger.df_obtained


def improper(m: Measurement) -> list[str]:
    """Describe signs of improper solutions, of everybody's model and of each grouping's."""
    told = estimation.problems(m.study)
    for study in m.compared:
        told += [
            f"{m.say('heading.by', group=study.group_label)}: {text}"
            for text in estimation.rungs_problems(study)
        ]
    return told or [m.say("glance.proper")]


def fit(m: Measurement) -> list[str]:
    """Say how the model was estimated, give chi-square with its scaling, and grade the fit."""
    found = m.study.fit
    words = {"df": found.df, "chisq": float(found.reported["chisq"]), "p": p_in_words(m)}
    if found.scaling is None:
        chisq = m.say("fitting.chisq_plain", **words)
    else:
        chisq = m.say("fitting.chisq", scaling=float(found.scaling), **words)
    return [*estimation.estimated(m.study), f"{chisq} {estimation.fit_in_words(m.study)}"]


def p_in_words(m: Measurement, language: Language | None = None) -> str:
    """Write the p value as a sentence does: ``p = 0.009``, ``p < .001``."""
    written = pvalue(float(m.study.fit.reported["pvalue"]), language or m.language)
    return f"p {written}" if written.startswith("<") else f"p = {written}"


def residuals(m: Measurement) -> str:
    """Say how large the residual correlations are."""
    left = m.study.fit.residuals
    worst = left.loc[left["residual"].abs().idxmax()]
    n = int((left["residual"].abs() > BEYOND).sum())
    return m.say(
        "fitting.residuals" if n else "fitting.residuals_small",
        pairs=len(left),
        n=n,
        beyond=BEYOND,
        r=float(worst["residual"]),
        one_item=m.instrument.label(worst["item_1"], m.language),
        other_item=m.instrument.label(worst["item_2"], m.language),
    )


def estimates(m: Measurement) -> list[str]:
    """Say what the standard errors are."""
    books = m.study.fit.ledger
    errors = say(f"ledger.errors.{books.errors}", m.language)
    information = say(f"ledger.information.{books.information}", m.language)
    return [m.say("estimates.what", errors=errors, information=information)]


# --- Other models, and which scores


def structures(m: Measurement) -> list[str]:
    """Say why other models were fitted, or why there are none."""
    return [m.say("structures.what" if m.comparison else "structures.alone")]


def supported(m: Measurement) -> list[str]:
    """Say which scores the answers support, and why."""
    assert m.comparison is not None  # asked for only where there is one
    told = m.comparison.recommendation.sentences(m.language, m.instrument)
    return [" ".join([told, *_unfit(m)])]


def _unfit(m: Measurement) -> list[str]:
    """Warn where the model that the scores come from does not fit."""
    found = m.study.fit.reported
    judged = AbsoluteFit().judge(**{k: float(found[k]) for k in ("cfi", "rmsea", "srmr")})
    return [] if judged.holds else [m.say("structures.unfit")]


def shared(m: Measurement) -> list[str]:
    """Say how much of the total is one thing: omega hierarchical, ECV, PUC."""
    assert m.comparison is not None
    return [general(m.comparison, m.language)]


def aggregation(m: Measurement) -> list[str]:
    """Say of each pillar whether answers may be averaged to employers."""
    asked = bool(m.instrument.employer)
    return employer_words.agreement(m.study) if asked else [m.say("aggregation.none")]


# --- Limits


def limits(m: Measurement) -> list[str]:
    """List where this measurement stops."""
    keys = {
        "adaptation": m.instrument.adaptation,
        "continuous": True,
        "mechanism": m.study.complete < m.study.survey.n,
        "search": any(ladder.released for ladder in m.ladders),
        "cross_section": True,
        "insiders": m.instrument.referent == "employer",
        "nonresponse": True,
    }
    section = m.say("section.treatment")
    return [m.say(f"limits.{key}", section=section) for key, holds in keys.items() if holds]


def numbers(m: Measurement) -> dict[str, float | int | str | None]:
    """Give the numbers of the report by name, for whoever compares reports."""
    measures = ("chisq", "df", "cfi", "tli", "rmsea", "srmr")
    found: dict[str, float | int | str | None] = {"n": m.study.survey.n}
    found |= {name: float(m.study.fit.reported[name]) for name in measures}
    return found | {f"level_{study.group}": study.ladder.level for study in m.compared}
