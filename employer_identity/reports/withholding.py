"""When there can be no report at all: nothing may be shown of those whom it is about."""

from __future__ import annotations

from employer_identity import privacy, weighing
from employer_identity.errors import Problem
from employer_identity.suppression import Suppression, groups_of, modelled
from employer_identity.survey import Survey


def study_problems(survey: Survey, suppression: Suppression, group: str) -> list[Problem]:
    """Say why there can be no study; nothing where there can be one.

    Parameters
    ----------
    survey
        The answers of the wave that is studied.
    suppression
        What may be shown of it.
    group
        Column to compare by; empty for none.
    """
    least = max(suppression.minimum, privacy.MODEL)
    if int((weighing.weights(survey) > 0).sum()) < least:
        return [Problem("report.withheld.everybody", survey.source or "-", values={"n": least})]
    if len(survey.waves) > 1 and min(survey.of_wave(w).n for w in survey.waves) < least:
        # all waves together less the others would be that one
        where = survey.instrument.wave or ""
        return [Problem("report.withheld.waves", where, values={"n": least})]
    groups = groups_of(survey, group) if group else []
    if len(groups) < 2 or group not in set(suppression.cells["column"]):
        return []
    if any(not suppression.why(group, name) for name in groups):
        return []
    floor = privacy.floor(survey.instrument, group, minimum=suppression.minimum)
    return [Problem("report.withheld.groups", group, values={"n": floor})]


def is_compared(survey: Survey, suppression: Suppression, group: str) -> bool:
    """Whether there are two groups or more of which a model may be shown."""
    return len(groups_of(modelled(survey, group, suppression), group)) > 1
