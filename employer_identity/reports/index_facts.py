"""What the index of a batch tells of people: numbers with all their digits, and who is withheld."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from employer_identity.audit.facts import PERSONS, Fact, Published, Scope, digest
from employer_identity.audit.listed import INDEX, told
from employer_identity.audit.stating import Teller
from employer_identity.privacy import floor
from employer_identity.reports.plan import Plan
from employer_identity.reports.prepared import Selection
from employer_identity.reports.records import Record
from employer_identity.reports.tasks import Task
from employer_identity.reports.unit import sector_of


def index_facts(plan: Plan, records: Iterable[Record], files: Mapping[str, bytes]) -> Published:
    """State what an index tells.

    Parameters
    ----------
    plan
        The batch: whom its reports are about.
    records
        What became of them; those of earlier batches state themselves what is listed of them.
    files
        The index: names of its files with their content.
    """
    planned = {(task.name, task.language): task for task in plan.tasks}
    told_of = (
        _listed(plan, planned[r.name, r.language], r)
        for r in records
        if (r.name, r.language) in planned
    )
    facts = dict.fromkeys(chain.from_iterable(told_of))
    shares = [share.selection for share in plan.shares.values()]
    survey = shares[0].survey
    return Published(
        INDEX,
        {name: digest(content) for name, content in files.items()},
        Teller(survey.instrument).study,
        survey.sha256,
        min(s.suppression.minimum for s in shares),
        tuple(facts),
        Teller(survey.instrument).answers,
    )


def _listed(plan: Plan, task: Task, record: Record) -> Iterator[Fact]:
    """State what is listed of one report: its numbers, or that it is withheld."""
    selection = plan.shares[task.shared].selection
    survey = selection.survey
    say, scopes = Teller(survey.instrument, selection.wave), _scopes(task, selection)
    if record.status == "withheld":
        column = str(task.parameters["by"])
        least = floor(survey.instrument, column, minimum=selection.suppression.minimum)
        yield from say.withheld(scopes[""], [PERSONS], least=least)
    elif record.status != "failed":
        for number in told(record.numbers):
            scope = scopes[number.about]
            yield say.number(scope, number.quantity, number.value, measure=number.measure)


def _scopes(task: Task, selection: Selection) -> dict[str, Scope]:
    """Return of whom a report's numbers are: its own, and those of whom it is beside."""
    survey, about = selection.survey, task.parameters
    say = Teller(survey.instrument, selection.wave)
    if "employer" not in about:
        return {"": say.everybody}
    column, unit = str(about["by"]), str(about["employer"])
    sector = sector_of(survey, column, unit)
    found = {"": say.of(column, unit, sector or None), "whole": say.everybody}
    return found | ({"sector": say.of(survey.instrument.sector or "", sector)} if sector else {})
