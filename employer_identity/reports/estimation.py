"""How the measurement model was estimated, in words, and what went wrong with it."""

from __future__ import annotations

import numpy as np

from employer_identity.criteria import AbsoluteFit
from employer_identity.errors import Problem
from employer_identity.language import describe, say
from employer_identity.reports.study import Study

_TOLD = {"model.resolved", "model.rows_with_holes", "model.weighted", "model.clustered"}
_TOLD |= {"model.rows_without_group"}
"""Notes of a fit that the report tells in plainer words, or elsewhere."""


# --- What was done


def estimated(study: Study) -> list[str]:
    """Say how the model was estimated, what was used of whom, and what the measures of fit are."""
    fit = study.fit
    sentences = [study.say("method.estimated", n=fit.ntotal)]
    n = holes(study)
    sentences.append(study.say("method.holes", n=n) if n else study.say("method.no_holes"))
    if fit.weights:
        sentences.append(study.say("method.weighted"))
    if clusters(study):
        values = {"n": clusters(study), "by": column(study, str(fit.cluster))}
        sentences.append(study.say("method.clustered", **values))
    return [" ".join(sentences), study.say("method.measures"), *notes(study)]


def holes(study: Study) -> int:
    """Return how many people answered some items only."""
    return sum(note.count for note in study.fit.notes if note.code == "model.rows_with_holes")


def clusters(study: Study) -> int:
    """Return how many clusters there are; 0 where everybody counts as independent."""
    return sum(note.count for note in study.fit.notes if note.code == "model.clustered")


def column(study: Study, name: str) -> str:
    """Name a column as it stands inside a sentence."""
    return study.instrument.label(name, study.language).lower()


def notes(study: Study) -> list[str]:
    """Describe what else was settled on the way, for everybody and for the groups."""
    found = [*study.fit.notes, *(study.ladder.notes if study.ladder else ())]
    told = [described(study, note) for note in found if note.code not in _TOLD]
    return [" ".join(dict.fromkeys(told))] if told else []


# --- How well it fits


def fit_in_words(study: Study) -> str:
    """Grade the fit of the model to everybody's answers."""
    m = study.fit.reported
    values = {index: float(m[index]) for index in ("cfi", "rmsea", "srmr")}
    if np.isnan(values["cfi"]) or np.isnan(values["rmsea"]):
        return study.say("structure.only_srmr", srmr=values["srmr"])
    readings = AbsoluteFit().judge(**values)
    grade = "good" if all(r.holds for r in readings.readings) else "mixed"
    return study.say(f"fit.{grade if readings.holds else 'poor'}", **values)


def problems(study: Study) -> list[str]:
    """Describe signs of an improper solution and say what to try; nothing where there are none."""
    told = [described(study, problem) for problem in study.fit.problems]
    return [*told, study.say("structure.improper_next")] if told else []


def rungs_problems(study: Study) -> list[str]:
    """Describe the same for the ladder's models, each sign on the lowest rung that shows it."""
    assert study.ladder is not None  # asked for only where there is a group
    told: dict[tuple[str, str, str], str] = {}
    for level, fit in study.ladder.fits.items():
        rung = say(f"figures.ladder.{level}", study.language)
        for problem in fit.problems:
            key = problem.code, problem.where, str(problem.values.get("label", ""))
            words = {"level": rung, "told": described(study, problem)}
            told.setdefault(key, study.say("ladder.problem", **words))
    return [*told.values(), study.say("structure.improper_next")] if told else []


def described(study: Study, problem: Problem) -> str:
    """Describe a problem of a model in the report's language, with labels instead of keys."""
    language, values = study.language, dict(problem.values)
    names = [n for n in problem.where.replace(" and ", ", ").split(", ") if n]
    if values.get("label"):
        group = study.instrument.value_label(study.group, values["label"], language)
        values["group"] = say("model.in_group", language, group=group)
    if "cluster" in values:  # what `where` names are groups
        values["cluster"] = column(study, str(values["cluster"]))
        names = [study.instrument.value_label(study.group, name, language) for name in names]
    where = study.labels(names)
    return describe(Problem(problem.code, where, problem.count, values), language)
