"""What a measurement report says in words: decided beforehand, counted, found, and not done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from employer_identity import privacy
from employer_identity.criteria import AbsoluteFit, Localised
from employer_identity.errors import EmployerIdentityError
from employer_identity.invariance import ANCHORS
from employer_identity.ladder import Ladder
from employer_identity.language import Language, listing, number, say
from employer_identity.measurement_tables import counted_df, counted_df_of_rung
from employer_identity.questionnaire import Instrument
from employer_identity.reports import data_words, estimation
from employer_identity.reports import verdict as verdicts
from employer_identity.reports.study import Study
from employer_identity.rungs import LEVELS
from employer_identity.tabulation import decimals, pvalue
from employer_identity.terms import counted, nouns

BEYOND = 0.10
"""Residual correlations of this size are counted."""


@dataclass(frozen=True)
class Measurement:
    """What a measurement report is about.

    Parameters
    ----------
    study
        Everybody, with the groupings to compare by one after the other.
    """

    study: Study

    @property
    def language(self) -> Language:
        """Language of all words."""
        return self.study.language

    @property
    def instrument(self) -> Instrument:
        """The questionnaire."""
        return self.study.instrument

    @property
    def pillars(self) -> tuple[str, ...]:
        """Keys of the pillars."""
        return self.study.pillars

    def say(self, key: str, **values: object) -> str:
        """Say a sentence of the report with the questionnaire's own words for its pillars."""
        words: dict[str, object] = dict(nouns(self.instrument, self.language))
        words["count"] = counted(len(self.pillars), self.language)
        return say(f"measured.{key}", self.language, **(words | values))

    @cached_property
    def _attempts(self) -> tuple[tuple[Study, str], ...]:
        """Each grouping with why it could not be tested; empty where it could."""
        found = []
        for study in map(self.study.by, self.study.groups):
            reason = ""
            try:
                _ = study.ladder
            except EmployerIdentityError as error:
                reason = str(error)
            found.append((study, reason))
        return tuple(found)

    @property
    def compared(self) -> tuple[Study, ...]:
        """A study for each grouping that could be tested."""
        return tuple(study for study, reason in self._attempts if not reason)

    @property
    def refused(self) -> tuple[tuple[Study, str], ...]:
        """The other groupings, each with why."""
        return tuple((study, reason) for study, reason in self._attempts if reason)

    @property
    def ladders(self) -> tuple[Ladder, ...]:
        """The ladders of all groupings that could be tested."""
        return tuple(study.ladder for study in self.compared if study.ladder)


# --- Title page and summary


def title_page(m: Measurement) -> tuple[str, str, str, list[str]]:
    """Kicker, title, subtitle and the facts under them."""
    study = m.study
    facts = [m.say("title.wave", wave=study.wave_label(study.wave))] if study.wave else []
    facts += [m.say("title.people", n=study.survey.n)]
    facts += [m.say("title.items", n=len(study.survey.item_names))]
    if study.groups:
        named = [by.group_label for by in map(study.by, study.groups)]
        facts.append(m.say("title.groups", named=listing(named, m.language)))
    title = m.instrument.title.get(m.language, next(iter(m.instrument.title.values())))
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
        *groupings(m),
    ]


def groupings(m: Measurement) -> list[str]:
    """Say of every grouping what it reaches, or why it was not tested."""
    if not m.study.groups:
        return [m.say("grouped.none")]
    told = [verdict(m, study) for study in m.compared]
    refused = m.refused
    return [*told, *(m.say("verdict.refused", group=s.group_label, reason=r) for s, r in refused)]


def verdict(m: Measurement, study: Study) -> str:
    """Say in one sentence what the groups of a grouping reach."""
    ladder = _ladder(study)
    if ladder.level is None:
        return m.say("verdict.none", group=study.group_label)
    level = say(f"invariance.level.{ladder.level}", m.language)
    words = {"group": study.group_label, "level": level, "n": len(ladder.released)}
    return m.say(f"verdict.{'part' if ladder.released else 'full'}", **words)


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
        "power": m.say("before.power"),
        "software": "; ".join(versions.values()) + ".",
        "estimator": m.say("before.estimator", points=_points(m)),
        "algorithm": m.say("before.algorithm"),
    }
    return [(m.say(f"before.{key}_term"), text) for key, text in texts.items() if text]


def _model(m: Measurement) -> str:
    words = {"items": len(m.study.survey.item_names), "pillars": m.study.labels(m.pillars)}
    return m.say("before.model", factors=len(m.pillars), **words)


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
    """Give chi-square with its scaling, and grade the fit."""
    found = m.study.fit
    words = {"df": found.df, "chisq": float(found.reported["chisq"]), "p": p_in_words(m)}
    if found.scaling is None:
        chisq = m.say("fitting.chisq_plain", **words)
    else:
        chisq = m.say("fitting.chisq", scaling=float(found.scaling), **words)
    return [f"{chisq} {estimation.fit_in_words(m.study)}"]


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


# --- Groups


def sizes(m: Measurement) -> list[str]:
    """Say who is compared: each group with its size, and who was left out."""
    told = []
    for study in m.compared:
        words = {"group": study.group_label, "named": sizes_in_words(m, study, m.language)}
        told.append(m.say("grouped.sizes", **words))
        if study.left_out:
            named = listing(study.left_out, m.language)
            told.append(
                m.say("grouped.left_out", group=study.group_label, n=study.floor, named=named)
            )
    return told


def sizes_in_words(m: Measurement, study: Study, language: Language) -> str:
    """Name the groups of a grouping with how many people are in each."""
    named = [
        say(
            "measured.grouped.size",
            language,
            group=m.instrument.value_label(study.group, label, language),
            n=n,
        )
        for label, n in _ladder(study).n.items()
    ]
    return listing(named, language)


def reasons(m: Measurement, study: Study) -> list[str]:
    """Name the rule that decided, and the rungs on which others disagree with it or one another."""
    ladder = _ladder(study)
    language = m.language
    name = say(f"invariance.rule.{ladder.decision['structure'].rule}", language)
    told = [m.say("judged.decided", rule=name)]
    for level, sides in ladder.disagreement.items():
        yes, no = (
            listing([say(f"invariance.rule.{r}", language) for r in side], language)
            for side in sides
        )
        words = {"yes": yes, "no": no, "n_yes": len(sides[0]), "n_no": len(sides[1])}
        rung = say(f"invariance.level.{level}", language)
        told.append(m.say("judged.disagreement", level=rung, **words))
    if len(told) == 1 and len(ladder.levels) > 1:
        told.append(m.say("judged.agreement"))
    return [" ".join(told)]


def means(study: Study) -> list[str]:
    """Say which groups stand apart, or why levels are not compared, as the studies do."""
    return verdicts.means(study)


def searched(study: Study) -> bool:
    """Whether anything was set aside, or contradicted and kept."""
    ladder = _ladder(study)
    return bool(ladder.set_aside(LEVELS[-1])) or any(r.kept for r in ladder.rungs.values())


def _ladder(study: Study) -> Ladder:
    assert study.ladder is not None  # there is one for every grouping that is compared
    return study.ladder


# --- Limits


def limits(m: Measurement) -> list[str]:
    """List where this measurement stops."""
    keys = {
        "adaptation": m.instrument.adaptation,
        "continuous": True,
        "mechanism": m.study.complete < m.study.survey.n,
        "search": any(ladder.released for ladder in m.ladders),
        "alternatives": True,
        "cross_section": True,
        "insiders": m.instrument.referent == "employer",
        "nonresponse": True,
    }
    told = [m.say(f"limits.{key}") for key, holds in keys.items() if holds]
    if len(m.compared) > 1:
        told.append(m.say("grouped.family", k=len(m.study.groups)))
    return told


def suppression(m: Measurement) -> str:
    """Say what is never shown."""
    named = {by.group_label: by.floor for by in m.compared}
    return m.study.say("hidden.rule", n=max([m.study.minimum_n, privacy.MINIMUM, *named.values()]))


def numbers(m: Measurement) -> dict[str, float | int | str | None]:
    """Give the numbers of the report by name, for whoever compares reports."""
    measures = ("chisq", "df", "cfi", "tli", "rmsea", "srmr")
    found: dict[str, float | int | str | None] = {"n": m.study.survey.n}
    found |= {name: float(m.study.fit.reported[name]) for name in measures}
    return found | {f"level_{study.group}": _ladder(study).level for study in m.compared}
