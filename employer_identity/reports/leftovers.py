"""Chapters that a study cannot have: why, each in a sentence, in its place or in the appendix.

An employer-brand study says it where the chapter would be. A questionnaire that names no practices
of employers is about something else: there such chapters are left out, and told together.
"""

from __future__ import annotations

from typing import Literal

from employer_identity.attractiveness import DRAWS
from employer_identity.brand import is_clustered
from employer_identity.reports import trend_words
from employer_identity.reports.study import Study

Chapter = Literal["trend", "wanted", "staying", "units", "theme"]


def has_chapter(study: Study, chapter: Chapter) -> bool:
    """Whether a chapter has its place, be it to say why it is empty."""
    there = {
        "trend": study.earlier is not None or bool(study.beside.unweighted),
        "wanted": study.outside is not None,
        "staying": study.outside is not None or bool(study.instrument.outcomes),
        "units": study.units is not None,
        "theme": False,
    }
    return bool(study.instrument.practices) or there[chapter]


def trend(study: Study) -> list[str]:
    """Say what changed, or why that cannot be said; nothing where waves are what is compared."""
    compared = study.is_pooled
    return trend_words.changed(study) if has_chapter(study, "trend") and not compared else []


def missing_intro(study: Study) -> list[str]:
    """Lead to what could not be shown; nothing where there is nothing to lead to."""
    return [study.tell("brand.missing.intro")] if missing(study) else []


def missing(study: Study) -> list[str]:
    """Say what chapters without a place could not show, and why."""
    sentences = {
        "trend": "brand.trend.none",
        "wanted": "brand.missing.public",
        "units": "brand.employers.none_plain",
        "theme": "brand.theme.none_plain",
    }
    chapters: tuple[Chapter, ...] = ("trend", "wanted", "units", "theme")
    return [study.tell(sentences[c]) for c in chapters if not has_chapter(study, c)]


def methods(study: Study) -> list[str]:
    """Say how the numbers of these chapters were made."""
    told = {
        "ranking": study.outside is not None,
        "trend": study.earlier is not None,
        "shrunken": study.employers is not None,
    }
    keys = [key for key, is_there in told.items() if is_there]
    if "trend" in keys and is_clustered(study.survey):
        keys[keys.index("trend")] = "trend_clustered"
    return [study.tell(f"brand.method.{key}", draws=DRAWS) for key in keys]
