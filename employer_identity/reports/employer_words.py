"""Employers and sectors, in words: may scores be set side by side, and how sure are they."""

from __future__ import annotations

from collections.abc import Sequence

from employer_identity.language import listing
from employer_identity.privacy import Shown
from employer_identity.reports.employers import Employers
from employer_identity.reports.study import Study

MAPS = 4
"""Most heat maps that a chapter shows; where there are more, employers are in the appendix."""


def maps_here(study: Study, maps: Sequence[Shown]) -> int:
    """Return how many of the heat maps the chapter shows: all, or that of the sectors alone."""
    return len(maps) if len(maps) <= MAPS else int(study.instrument.sector is not None)


def maps_elsewhere(study: Study, maps: Sequence[Shown]) -> list[str]:
    """Say where the heat maps of employers are, unless they are here."""
    is_here = maps_here(study, maps) == len(maps)
    return [] if is_here else [study.tell("brand.employers.maps")]


def comparable(study: Study) -> list[str]:
    """Say between which sectors scores may be compared, and that employers could not be tested."""
    found = study.employers
    if found is None:
        return []
    return [" ".join([*_sectors(study, found), study.tell("brand.employers.single")])]


def _sectors(study: Study, found: Employers) -> list[str]:
    if study.instrument.sector is None:
        return []
    tested, small = found.sectors
    if found.ladder is None:
        return [study.tell("brand.employers.untested")]
    unlike = [p for p in study.pillars if p not in found.comparable]
    named, n = study.labels(found.comparable), len(tested)
    key = "tested" if found.comparable else "tested_none"
    told = [study.tell(f"brand.employers.{key}", n=n, named=named)]
    if unlike and found.comparable:
        told.append(study.tell("brand.employers.unlike", named=study.labels(unlike)))
    if small:
        column = study.instrument.sector
        names = [study.instrument.value_label(column, s, study.language) for s in small]
        told.append(study.tell("brand.employers.small", named=listing(names, study.language)))
    return told


def agreement(study: Study) -> list[str]:
    """Say for each pillar whether answers may be averaged to employers."""
    found = study.employers
    if found is None or found.agreement is None:
        return [study.tell("brand.employers.no_agreement")]
    return found.agreement.explain(study.instrument, study.language)


def shrunken(study: Study) -> list[str]:
    """Say what a score drawn towards its sector is, and how many employers stand apart."""
    assert study.employers is not None  # asked for only where there are some
    scores = study.employers.scores
    if scores.empty:
        return [study.tell("brand.employers.no_scores")]
    above = scores["ci_lower"] > scores["sector_mean"]
    below = scores["ci_upper"] < scores["sector_mean"]
    counted = scores.assign(above=above, below=below).groupby("pillar", sort=False)
    sums = counted[["above", "below"]].sum()
    named = [
        study.tell("brand.employers.apart_one", above=int(r["above"]), below=int(r["below"]),
                   pillar=study.labels([str(pillar)]))
        for pillar, r in sums.iterrows()
    ]  # fmt: skip
    words = {"n": int(scores["employer"].nunique()), "named": listing(named, study.language)}
    return [study.tell("brand.employers.shrunken"), study.tell("brand.employers.apart", **words)]


def why_not(study: Study) -> list[str]:
    """Say why there is nothing by employer or sector."""
    return [study.tell("brand.employers.pooled" if study.is_pooled else "brand.employers.none")]
