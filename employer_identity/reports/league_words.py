"""What a study says of the order of sectors and employers: approximately comparable, or not."""

from __future__ import annotations

from employer_identity.aligned import Alignment
from employer_identity.decision import LEAGUE
from employer_identity.language import describe, listing
from employer_identity.reports.employers import Employers
from employer_identity.reports.leagues import League
from employer_identity.reports.study import Study

NAMED = 6
"""Differences that are named of sectors, and of employers."""
IN_CHAPTER = 20
"""Most employers whose order the chapter shows; of more it is in the appendix."""


def orders(study: Study) -> list[str]:
    """Say of sectors and of employers whether there is an order of them, and why or why not."""
    found = study.employers
    if found is None:
        return []
    told = [study.tell("league.why", least=LEAGUE)]
    told += [" ".join(part) for part in (_sectors(study, found), _employers(study, found)) if part]
    return [*told, study.tell("league.report.range")] if tables_of(found) else told


def tables_of(found: Employers) -> tuple[League, ...]:
    """Return the orders that there are: of sectors, of employers."""
    both = (found.league_of_sectors, found.league_of_employers)
    return tuple(one for one in both if one is not None and len(one.table))


def here(study: Study) -> tuple[League, ...]:
    """Return the orders that the chapter shows."""
    every = tables_of(study.employers) if study.employers else ()
    return tuple(one for one in every if one.table["group"].nunique() <= IN_CHAPTER)


def elsewhere(study: Study) -> tuple[League, ...]:
    """Return the orders that are in the appendix."""
    every = tables_of(study.employers) if study.employers else ()
    return tuple(one for one in every if one not in here(study))


def _sectors(study: Study, found: Employers) -> list[str]:
    if study.instrument.sector is None:
        return []
    if found.ladder is None:
        return [study.tell("league.sectors_untested")]
    if found.league_of_sectors is None:
        return [study.tell("league.sectors_scores")]
    return _told(study, found.league_of_sectors, "sectors")


def _employers(study: Study, found: Employers) -> list[str]:
    own = found.league_of_employers
    if own is None:
        return [study.tell("league.employers.few", least=LEAGUE)]
    told = _told(study, own, "employers")
    if len(own.table):
        every = int(study.survey.answers[own.column].nunique())
        n = int(own.table["group"].nunique())
        told.append(study.tell("league.employers.small", all=every, n=n, least=LEAGUE))
    if own in elsewhere(study):
        told.append(study.tell("league.employers.appendix"))
    return told


def _told(study: Study, own: League, kind: str) -> list[str]:
    """Say on which pillars the groups are approximately comparable, and what differs where."""
    found = own.alignment
    if not isinstance(found, Alignment):
        why = " ".join(describe(p, study.language) for p in found)
        return [study.tell(f"league.{kind}.failed", why=why)]
    if own.decision is None or own.decision.reached is None:
        return [study.tell(f"league.{kind}.structure")]
    states = {"all": "comparable", "check": "recovered", "none": "unsupported"}
    told = []
    for key, state in states.items():
        pillars = [p for p in own.pillars if found.state(p, own.check) == state]
        counts = found.shares.set_index("factor").loc[pillars, ["differing", "cells"]].sum()
        words = {"n": int(counts["differing"]), "cells": int(counts["cells"])}
        if pillars:
            words |= {"pillars": study.labels(pillars)}  # type: ignore[dict-item]
            told.append(study.tell(f"league.{kind}.{key}", **words))
    which = _differing(study, own, found)
    return [*told, study.tell("league.report.differing", named=which)] if which else told


def _differing(study: Study, own: League, found: Alignment) -> str:
    """Name what differs: the item, how, and where; empty where nothing does."""
    language, instrument = study.language, study.instrument
    cells = found.parameters[found.parameters["factor"].isin(own.pillars)]
    keys = ["factor", "item", "kind"]
    usual = cells[~cells["differs"]].groupby(keys)["est"].mean().rename("usual")
    differing = cells[cells["differs"]].join(usual, on=keys)
    told = []
    above = (differing["est"] > differing["usual"]).rename("above")
    for (_, item, kind, up), rows in differing.groupby([*keys, above], sort=False):
        side = ("more" if up else "less") if kind == "loading" else ("higher" if up else "lower")
        who = [instrument.value_label(own.column, g, language) for g in rows["group"]]
        words = {"item": instrument.label(item, language), "who": listing(who, language)}
        words |= {"side": study.tell(f"league.side.{side}")}
        told.append(study.tell(f"league.report.cell_{kind}", **words))
    rest = len(told) - NAMED
    more = [study.tell("league.report.more", n=rest)] if rest > 0 else []
    return listing([*told[:NAMED], *more], language)
