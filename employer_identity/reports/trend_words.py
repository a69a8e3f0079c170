"""What changed since the wave before, in one paragraph."""

from __future__ import annotations

import pandas as pd

from employer_identity.language import listing
from employer_identity.reports.earlier import Earlier
from employer_identity.reports.study import Study
from employer_identity.trend import asked_alike


def changed(study: Study) -> list[str]:
    """Say what rose, what fell, what did not, and what is not compared; or why nothing is."""
    earlier = study.earlier
    if earlier is None:
        return [_unweighted(study) or study.tell("brand.trend.none")]
    if earlier.ladder is None:
        return [study.tell("brand.trend.untested", wave=study.wave_label(earlier.wave))]
    told = [*_moves(study, earlier), *_not_compared(study, earlier)]
    if len(earlier.comparable) == len(study.pillars):
        told.append(study.tell("brand.trend.tested"))
    return [" ".join([*told, study.tell("brand.trend.people")])]


def _unweighted(study: Study) -> str:
    """Say that the wave before could not be weighted like this one; empty where it could."""
    beside = study.beside
    if not beside.unweighted:
        return ""
    named = study.labels(dict.fromkeys(problem.where for problem in beside.misfits))
    words = {"wave": study.wave_label(beside.unweighted), "named": named}
    return study.tell("brand.trend.unweighted", **words)


def _moved(earlier: Earlier) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return what rose, what fell, and what shows no change."""
    table = earlier.table[earlier.table["comparable"]]
    up, down = table["change_lower"] > 0, table["change_upper"] < 0
    return table[up], table[down], table[~up & ~down]


def _moves(study: Study, earlier: Earlier) -> list[str]:
    rose, fell, steady = _moved(earlier)
    words = {"wave": study.wave_label(earlier.wave), "n": earlier.before.n}
    if rose.empty and fell.empty:
        named = study.labels(steady["pillar"])
        return [study.tell("brand.trend.nothing", named=named, **words)] if len(steady) else []
    told = []
    for key, rows in (("rose", rose), ("and_fell" if len(rose) else "fell", fell)):
        if len(rows):
            told.append(study.tell(f"brand.trend.{key}", named=_listed(study, rows), **words))
    if len(steady):
        told.append(study.tell("brand.trend.steady", named=study.labels(steady["pillar"])))
    return told


def _listed(study: Study, rows: pd.DataFrame) -> str:
    return listing([_change(study, r) for _, r in rows.iterrows()], study.language)


def _change(study: Study, r: pd.Series) -> str:
    names = {"value": "change", "lower": "change_lower", "upper": "change_upper"}
    values = {ours: float(r[theirs]) for ours, theirs in names.items()}
    return study.tell("brand.with.points", name=study.labels([str(r["pillar"])]), **values)


def _not_compared(study: Study, earlier: Earlier) -> list[str]:
    asked = asked_alike(earlier.now, earlier.before)
    groups = {
        "not_asked": [p for p in study.pillars if p not in asked],
        "unlike": [p for p in asked if p not in earlier.comparable],
    }
    return [
        study.tell(f"brand.trend.{key}", named=study.labels(pillars))
        for key, pillars in groups.items()
        if pillars
    ]


def glance(study: Study) -> list[str]:
    """Give what changed in a sentence; nothing where nothing did."""
    if study.earlier is None or study.earlier.ladder is None:
        return []
    wave = study.wave_label(study.earlier.wave)
    rose, fell, _ = _moved(study.earlier)
    return [
        study.tell(f"brand.trend.glance_{key}", wave=wave, named=_listed(study, rows))
        for key, rows in (("rose", rose), ("fell", fell))
        if len(rows)
    ]
