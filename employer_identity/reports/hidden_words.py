"""What a report does not show of whom, and why: the one place where its reader finds that."""

from __future__ import annotations

from employer_identity.language import listing
from employer_identity.nesting import Kind
from employer_identity.reports.study import Study
from employer_identity.suppression import Suppression

_TOLD: Kind = "scores"
"""What a cell must lose for it to count as not shown."""


def not_shown(study: Study) -> list[str]:
    """Say by which rule something is hidden, how much that is, and where people can be identified.

    How many people are hidden together is what is left of everybody less the cells that are shown,
    so that it tells nothing new.
    """
    rules = [_rule(study), study.say("hidden.siblings"), study.say("hidden.once")]
    warning = [study.say("hidden.identifiable")] if study.is_identifying else []
    return [*warning, " ".join(rules), _counted(study)]


def _rule(study: Study) -> str:
    usual = study.minimum_n
    words = {"n": usual, "distribution": study.distribution_n}
    told = [study.say("hidden.rule_of_one" if usual == 1 else "hidden.rule", **words)]
    high = [g for g in study.instrument.groupings if g.minimum(usual) > usual]
    if high:
        named = study.labels([g.column for g in high])
        told.append(study.say("hidden.sensitive", named=named, n=high[0].minimum(usual)))
    return " ".join(told)


def _counted(study: Study) -> str:
    """Count what is hidden, column by column."""
    columns = dict.fromkeys(study.suppression.cells["column"])
    named = [text for column in columns if (text := _of_column(study, column))]
    if not named:
        return study.say("hidden.nothing")
    return study.say("hidden.counted", named=listing(named, study.language))


def _of_column(study: Study, column: str) -> str:
    """Say how many cells of a column are hidden, and how many people are not in those shown."""
    cells = study.suppression.cells
    own = cells[(cells["column"] == column) & ~cells["unit"].isin(("", "?"))]
    away = int((own[_TOLD] != "").sum())
    if not away:
        return ""
    n = study.survey.n - _shown(study, column)
    key = "hidden.people" if n >= study.minimum_n else "hidden.few"
    people = study.say(key, n=max(n, study.minimum_n))
    by = study.instrument.label(column, study.language).lower()
    return study.say("hidden.of_column", n=away, total=len(own), by=by, people=people)


def _shown(study: Study, column: str) -> int:
    """Count the people in the cells of a column that are shown."""
    decided: Suppression = study.suppression
    values = study.survey.answers[column].astype(object)
    counts = values.where(values.notna(), "").value_counts()
    known = {str(unit): int(n) for unit, n in counts.items()}
    return sum(n for unit, n in known.items() if not decided.why(column, unit, _TOLD))
