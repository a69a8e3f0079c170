"""How many things the questionnaire measures, in plain words, and which scores to report."""

from __future__ import annotations

from employer_identity.reports.study import Study
from employer_identity.terms import counted


def which_scores(study: Study) -> list[str]:
    """Say which scores to report and why; and how to read those that this report shows."""
    found = study.structures
    if found is None:
        return [study.tell("brand.structure.none")]
    if len(study.pillars) < 2:
        return [found.recommendation.sentences(study.language, study.instrument)]
    models = counted(len(found.candidates), study.language)
    how = study.tell("brand.structure.how", models=models)
    advice = found.recommendation.sentences(study.language, study.instrument)
    told = [f"{how[:1].upper()}{how[1:]}", advice]
    if not found.recommendation.several:
        told.append(study.tell("brand.structure.one_story"))
    return [" ".join(told)]


def glance(study: Study) -> list[str]:
    """Say at a glance when so many scores are not as many things."""
    found = study.structures
    if found is None or found.recommendation.several or len(study.pillars) < 2:
        return []
    return [study.tell("models.not_several")]
