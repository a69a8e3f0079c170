"""What is to be known of the data, in words: who answered, what was done to it."""

from __future__ import annotations

import importlib.metadata
import platform

import pandas as pd

from employer_identity import __version__, weighing
from employer_identity.brand import is_clustered
from employer_identity.language import describe, listing, number
from employer_identity.questionnaire import Bound, Grouping
from employer_identity.reports.estimation import clusters, column
from employer_identity.reports.study import Study

_BANDED = "survey.changed.banded"
"""Changes that `bands` tells with the labels of the groups."""
UNTOLD = (
    "survey.changed.merged_stated",
    "survey.changed.merged_small",
    "survey.changed.merged_few",
    "survey.small_groups",
    "survey.small_groups_in_waves",
    "survey.grouping_is_key",
)
"""What no reader is told: how many people small groups have, and why they are hidden."""


# --- Who answered


def about_survey(study: Study) -> list[str]:
    """Say what was read and when, what is missing, what was left out."""
    survey = study.survey
    answers = survey.answers[list(survey.item_names)]
    missing = float(answers.isna().to_numpy().mean())
    changes = {c.code: c.count for c in survey.changes}
    dropped = changes.get("survey.changed.no_item_answered", 0)
    source = study.say("answers.source", source=survey.source or "-", n=survey.n)
    when = study.say("answers.fieldwork", period=study.fieldwork) if study.fieldwork else ""
    return [
        f"{source} {when}".strip(),
        *waves(study),
        study.say("answers.dropped", n=dropped) if dropped and not study.wave else "",
        _used(study, missing),
        straight_liners(study),
        study.say("answers.weights") if survey.instrument.weight else "",
    ]


def _used(study: Study, missing: float) -> str:
    """Say what is missing and whom the measurement model uses."""
    values = {"n": study.complete, "used": study.fit.ntotal}
    if not missing:
        return study.say("answers.nothing_missing", **values)
    return study.say("answers.missing", share=missing, **values)


def waves(study: Study) -> list[str]:
    """Name the waves that this report leaves alone; warn where it compares them."""
    if study.is_pooled:
        return [study.say("answers.by_wave")]
    others = [(study.wave_label(w), n) for w, n in study.waves.items() if w != study.wave]
    if not others:
        return []
    named = [study.say("answers.wave", wave=wave, n=_people(study, n)) for wave, n in others]
    words = {"wave": study.wave_label(study.wave), "named": listing(named, study.language)}
    key = "other_waves" if study.beside.previous is None else "earlier_waves"
    return [study.say(f"answers.{key}", count=len(others), **words)]


def _people(study: Study, n: int) -> str:
    """Write a number of people, or that they are few."""
    if 0 < n < study.minimum_n:
        return study.say("answers.fewer", n=study.minimum_n)
    return number(n, ",", study.language)


def straight_liners(study: Study) -> str:
    """Say how many gave the same answer throughout."""
    n = study.straight_liners
    if n == 0:
        return ""
    if n < study.minimum_n:
        return study.say("answers.alike_few", n=study.minimum_n)
    return study.say("answers.alike", n=n, share=n / study.complete)


# --- What was done with the data


def bands(study: Study) -> list[tuple[str, str]]:
    """Print the bands that groupings were cut into, each with the labels of its groups."""
    return [
        (study.instrument.label(g.column, study.language) + ".", _bands(study, g))
        for g in study.instrument.groupings
        if g.bands
    ]


def _bands(study: Study, grouping: Grouping) -> str:
    named = "; ".join(_band(study, grouping, name) for name in grouping.order or grouping.bands)
    key = "data.bands_of_ages" if grouping.year is not None else "data.bands"
    words = {"source": grouping.source or "", "year": str(grouping.year), "named": named}
    return study.say(key, **words)


def _band(study: Study, grouping: Grouping, name: str) -> str:
    """Write a group with its first and last number, unless its label already has them."""
    label = study.instrument.value_label(grouping.column, name, study.language)
    span = _span(study, *grouping.bands[name])
    return label if span in label else study.say("data.band", group=label, span=span)


def _span(study: Study, low: Bound, high: Bound) -> str:
    if low == "":
        return study.say("data.until", n=str(high))
    return study.say("data.since", n=str(low)) if high == "" else f"{low}–{high}"  # noqa: RUF001


def about_changes(study: Study) -> list[str]:
    """Say what the list of changes is about, or that there are none."""
    words = [study.say("data.whole_file")] if study.wave else []
    return words if changes(study) else [*words, study.say("data.nothing_changed")]


def changes(study: Study) -> list[str]:
    """Describe all that loading left out, recoded or merged."""
    told = [
        describe(c, study.language)
        for c in study.survey.changes
        if c.code not in UNTOLD and not (c.code.startswith(_BANDED) and bands(study))
    ]
    return told + merged(study)


def merged(study: Study) -> list[str]:
    """Name the groups that others were merged into, without those others' numbers of people."""
    found = []
    for grouping in study.instrument.groupings:
        groups = [group for group, parts in grouping.held.items() if len(parts) > 1]
        if groups:
            quoted = [study.say("data.quoted", text=_called(study, grouping, g)) for g in groups]
            named = listing(quoted, study.language)
            key = "data.merged_small" if grouping.merge_below else "data.merged"
            label = study.instrument.label(grouping.column, study.language)
            found.append(study.say(key, grouping=label, named=named, count=len(groups)))
    return found


def _called(study: Study, grouping: Grouping, group: str) -> str:
    return study.instrument.value_label(grouping.column, group, study.language)


def doubts(study: Study) -> list[str]:
    """Describe what makes the answers worth a second look."""
    of_public = study.outside.doubts if study.outside else ()
    wave = study.wave_label(study.beside.unweighted)
    of_margins = [
        study.tell("brand.trend.misfit", wave=wave, why=describe(problem, study.language))
        for problem in study.beside.misfits
    ]
    told = [
        describe(w, study.language)
        for w in (*study.survey.warnings, *of_public)
        if w.code not in UNTOLD
    ]
    return [*told, *of_margins]


def checklist(study: Study) -> list[tuple[str, str]]:
    """Answer what is asked of every study's data; what was not done is said to be so."""
    survey = study.survey
    answers = survey.answers[list(survey.item_names)]
    complete = study.complete
    rows = {
        "wave": study.wave_label(study.wave) if study.wave else "",
        "fieldwork": study.fieldwork or study.say("data.not_recorded"),
        "invited": study.say("data.not_recorded"),
        "answered": number(survey.n, ",", study.language),
        "complete": study.say("data.of_all", n=complete, share=complete / survey.n),
        "used": number(study.fit.ntotal, ",", study.language),
        "missing": _missing(study, answers),
        "treatment": study.say("data.treatment") if complete < survey.n else "",
        "alike": _alike(study),
        "weights": _weights(study),
        "clusters": _clusters(study),
        "collapsed": study.say("data.not_done"),
    }
    return [(study.say(f"data.row_{key}"), value) for key, value in rows.items() if value]


def _missing(study: Study, answers: pd.DataFrame) -> str:
    by_item = answers.isna().mean()
    if not by_item.any():
        return study.say("data.nothing_missing")
    most = str(by_item.idxmax())
    return study.say(
        "data.missing",
        share=float(by_item.mean()),
        patterns=len(answers.isna().drop_duplicates()),
        item=study.instrument.label(most, study.language),
        most=float(by_item[most]),
    )


def _alike(study: Study) -> str:
    n = study.straight_liners
    if n == 0:
        return study.say("data.nobody")
    if n < study.minimum_n:
        return study.say("answers.fewer", n=study.minimum_n)
    return study.say("data.of_complete", n=n, share=n / study.complete)


def _weights(study: Study) -> str:
    name = study.instrument.weight
    if name is None:
        return study.say("data.no_weights")
    weights = study.survey.answers[name]
    deff = weighing.design_effect(weights)
    return study.say("data.weights", deff=deff, n=round((weights > 0).sum() / deff))


def _clusters(study: Study) -> str:
    name = study.instrument.cluster or study.instrument.employer
    if name is None:
        return study.say("data.no_clusters")
    n = clusters(study)
    return study.say("data.clusters" if n else "data.one_cluster", n=n, by=column(study, name))


def weighting(study: Study) -> list[str]:
    """Say how far the weights move the mean scores."""
    moved = float(study.weighting["difference"].abs().max())
    return [study.say("data.weighting", moved=moved)]


def raking(study: Study) -> list[str]:
    """Say how the answers were weighted, the public's too, and what that costs."""
    found, beside = [], study.beside
    if beside.raking is not None:
        raked = beside.raking
        names = study.labels(dict.fromkeys(raked.margins["margin"]))
        words = {"names": names, "file": beside.margins, "trimmed": raked.trimmed}
        cap = number(raked.cap or 0.0, "g", study.language)
        found.append(study.tell("brand.weights.raked", cap=cap, **words))
        found.append(study.tell("brand.weights.holds", error=raked.error))
    elif study.instrument.weight:
        found.append(study.tell("brand.weights.own"))
    else:
        found.append(study.tell("brand.weights.none"))
    if name := study.instrument.weight:
        w = study.survey.answers[name]
        counts = {"n": int((w > 0).sum()), "n_eff": round(weighing.effective_n(w))}
        found.append(study.tell("brand.weights.deff", deff=weighing.design_effect(w), **counts))
        if is_clustered(study.survey):
            found.append(study.tell("brand.weights.colleagues"))
    outside = study.outside
    if outside is not None and outside.is_weighted:
        counts = {"n": outside.panel.n, "n_eff": round(outside.n_eff)}
        found.append(study.tell("brand.weights.public", deff=outside.deff, **counts))
    return [" ".join(found)]


def sensitivity(study: Study) -> list[str]:
    """Say how far the results would move without those who gave the same answer throughout."""
    others = study.without_straight_liners
    if others is None:
        return []
    moved = {
        "mean": _moved(study.levels["mean"], others.levels["mean"]),
        "omega": _moved(study.reliability["omega"], others.reliability["omega"]),
    }
    one, other = (s.fit.latent_correlations["est"] for s in (study, others))
    if one.empty:
        return [study.say("data.sensitivity_one", n=study.straight_liners, **moved)]
    return [study.say("data.sensitivity", n=study.straight_liners, r=_moved(one, other), **moved)]


def _moved(one: pd.Series[float], other: pd.Series[float]) -> float:
    return float((one - other).abs().max())


# --- What the report was made with


def made_with(study: Study) -> list[tuple[str, str]]:
    """Parameters, data hash and versions."""
    survey, instrument = study.survey, study.instrument
    rows = {
        "survey": survey.source or "-",
        "sha256": survey.sha256 or "-",
        **_beside(study),
        "instrument": instrument.name,
        "group": study.group or ", ".join(study.groups) or "-",
        "wave": study.wave or "-",
        "language": study.language,
        "minimum_n": str(study.minimum_n),
        **versions(),
    }
    return [(study.say(f"facts.{key}"), value) for key, value in rows.items()]


def _beside(study: Study) -> dict[str, str]:
    """Name what was read beside the survey, and the theme."""
    panel = study.beside.panel
    rows = {"margins": study.beside.margins, "theme": study.theme}
    if panel is not None:
        rows |= {"public": ", ".join(panel.sources), "public_sha256": panel.sha256}
    return {name: value for name, value in rows.items() if value}


def versions() -> dict[str, str]:
    """Name what made the report, and what that was made with."""
    packages = ("numpy", "pandas", "scipy", "matplotlib", "great-tables", "papermill", "nbconvert")
    return {
        "package": f"employer_identity {__version__}, Python {platform.python_version()}",
        "packages": ", ".join(f"{p} {importlib.metadata.version(p)}" for p in packages),
    }
