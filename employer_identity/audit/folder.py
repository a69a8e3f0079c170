"""The audit of folders with reports: what was published in them, read and attacked together."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from employer_identity.audit.atoms import TooManyCellsError
from employer_identity.audit.facts import (
    FORM,
    REST,
    SUFFIX,
    Answers,
    Published,
    Scope,
    Statement,
    digest,
    read_facts,
    sidecar,
)
from employer_identity.audit.listed import FACTS, INDEX, KINDS, PAGE, SAME, TABLE, read_index
from employer_identity.audit.pages import disagreements
from employer_identity.audit.search import Leak, leaks
from employer_identity.errors import Problem
from employer_identity.language import Language, describe, listing, say
from employer_identity.showing import Showing, View

NOTEBOOK = ".ipynb"
"""Ending of a report's notebook, but of others, too: without facts beside it is none of ours."""
CHECK = b'\n<body class="check">\n'
"""What stands in the page of a check, and in no report."""
NAMED = 6
"""Numbers that a finding names at most."""


@dataclass(frozen=True, repr=False)
class Audit(Showing):
    """What an audit found.

    Attributes
    ----------
    problems
        Why what was published could not be read as it is.
    leaks
        What is hidden in it and can be had all the same.
    reports, facts
        How many were read.
    notes
        What lies there and is no report: pages of checks, which are for whoever has the answers.
    """

    problems: tuple[Problem, ...]
    leaks: tuple[Leak, ...]
    reports: int
    facts: int
    notes: tuple[Problem, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether everything could be read and nothing could be had."""
        return not self.problems and not self.leaks

    @property
    def findings(self) -> tuple[Problem, ...]:
        """Return everything that is wrong, in words: never a number that was hidden."""
        return (*self.problems, *told(self.leaks))

    def _view(self) -> View:
        return View.of(in_words(self, "en"))


def audit(folder: Path, *others: Path) -> Audit:
    """Audit the reports of a folder, together with those of other folders.

    Parameters
    ----------
    folder
        With reports and their sidecars, at any depth.
    others
        Folders with earlier reports of the same survey, or further ones.
    """
    problems: list[Problem] = []
    published: list[Published] = []
    notes: list[Problem] = []
    for one in (folder, *others):
        notes += [Problem("audit.check_page", _name(page, one)) for page in _checks(one)]
        found, wrong = _read(one)
        published += found
        problems += [*wrong, *_versions(found)]
    problems += _two_values(published)
    found_leaks: list[Leak] = []
    if not problems:
        try:
            found_leaks = _attack(published)
        except TooManyCellsError as error:
            problems.append(Problem("audit.too_many_cells", str(error)))
    facts = sum(len(p.facts) for p in published)
    reports = sum(p.report != INDEX for p in published)
    return Audit(tuple(problems), tuple(found_leaks), reports, facts, tuple(notes))


def _attack(published: Sequence[Published]) -> list[Leak]:
    """Attack each study's people, employees and public apart."""
    told: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    answers: dict[str, Answers] = {}
    same = _same_people(published)
    for one in published:
        answers |= one.answers
        for fact in one.facts:
            told[same[one.study], fact.frame].append(Statement(fact, one.report, one.edition))
    floor = max((p.floor for p in published), default=0)
    return [leak for group in told.values() for leak in leaks(group, answers, floor=floor)]


def _same_people(published: Sequence[Published]) -> dict[str, str]:
    """Return one name for studies of the same answers, whatever each calls itself."""
    name = {one.study: one.study for one in published}
    first: dict[str, str] = {}
    for one in published:
        other = first.setdefault(one.edition, one.study) if one.edition else one.study
        kept, gone = name[other], name[one.study]
        name = {study: kept if called == gone else called for study, called in name.items()}
    return name


# --- Reading


def _read(folder: Path) -> tuple[list[Published], list[Problem]]:
    """Read the sidecars of a folder, and say what is missing or does not belong together."""
    reports: dict[Path, list[Path]] = defaultdict(list)
    checks = set(_checks(folder))
    for path in sorted(p for kind in KINDS for p in folder.rglob(f"*.{kind}")):
        if path in checks:
            continue
        if path.stem != INDEX and (path.suffix != NOTEBOOK or sidecar(path).is_file()):
            reports[sidecar(path)].append(path)
    indexes = sorted({p.parent for name in (PAGE, TABLE, FACTS) for p in folder.rglob(name)})
    alone = (p for p in sorted(folder.rglob(f"*{SUFFIX}")) if p.name != FACTS)
    problems = [Problem("audit.no_report", _name(p, folder)) for p in alone if p not in reports]
    if not reports and not indexes:
        problems.append(Problem("audit.nothing", str(folder)))
    found: dict[Path, Published] = {}
    for path, files in reports.items():
        published, wrong = _read_one(path, files, folder)
        problems += wrong
        if published:
            found |= dict.fromkeys(files, published)
    apart = list({id(p): p for p in found.values()}.values())
    for place in indexes:
        own = {_name(f, place): p for f, p in found.items() if f.is_relative_to(place)}
        listed, wrong = read_index(place, own)
        apart += [listed] if listed else []
        problems += wrong
    return apart, problems


def _checks(folder: Path) -> list[Path]:
    """Return the pages of checks that lie in a folder, beside which there are no facts."""
    pages = (p for p in sorted(folder.rglob("*.html")) if not sidecar(p).is_file())
    return [p for p in pages if CHECK in p.read_bytes()]


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _read_one(
    path: Path, files: Sequence[Path], folder: Path
) -> tuple[Published | None, list[Problem]]:
    """Read one sidecar, and hold the files of its report against it."""
    first = _name(files[0], folder)
    if not path.is_file():
        return None, [Problem("audit.no_sidecar", first)]
    try:
        published = read_facts(path.read_bytes())
    except ValueError:
        return None, [Problem("audit.unreadable", first)]
    problems = []
    for file in files:
        content = file.read_bytes()
        if published.files.get(file.name) != digest(content):
            problems.append(Problem("audit.other_report", _name(file, folder)))
        elif file.suffix == ".html":
            page = content.decode()
            problems += disagreements(page, published.facts, _name(file, folder))
    return (None, problems) if problems else (published, [])


def _versions(published: Sequence[Published]) -> Iterator[Problem]:
    """Say where reports of several versions lie together: what each hides may differ."""
    kinds = sorted({p.version for p in published})
    forms = sorted({p.form for p in published} - {FORM})
    if len(kinds) > 1:
        yield Problem("audit.two_versions", listing(kinds), len(kinds))
    if forms:
        yield Problem("audit.other_form", listing(map(str, forms)))


def _two_values(published: Sequence[Published]) -> Iterator[Problem]:
    """Say which reports give different numbers of the same people in the same answers."""
    known: dict[object, tuple[float, float, str]] = {}
    for one in published:
        wrong, other = 0, ""
        for f in one.facts:
            if f.value is None:
                continue
            of = (f.frame, f.scope, f.quantity, f.measure, f.answers, f.weighted)
            key = (one.study, one.edition, *of)
            value, half, report = known.setdefault(key, (f.value, f.half, one.report))
            if abs(value - f.value) > half + f.half + SAME:
                wrong, other = wrong + 1, report
        if wrong:
            yield Problem("audit.two_values", one.report, wrong, {"other": other})


# --- Words


def in_words(found: Audit, language: Language) -> list[str]:
    """Say what was read, and what can be recovered from it or that nothing can."""
    if found.problems:
        outcome = say("audit.told.unread", language, n=len(found.problems))
    elif found.leaks:
        cells = len({leak.scope for leak in found.leaks})
        outcome = say("audit.told.leaks", language, n=cells)
    else:
        outcome = say("audit.told.clean", language)
    read = say("audit.told.what", language, reports=found.reports, facts=found.facts)
    told_of = (*found.notes, *found.findings)
    return [*(describe(p, language) for p in told_of), read, outcome]


def told(leaks: Iterable[Leak]) -> Iterator[Problem]:
    """Say what can be had and from which numbers, not what it is: once of each set of people."""
    alike: dict[object, list[Leak]] = defaultdict(list)
    for leak in leaks:
        alike[leak.way, leak.scope, leak.quantity].append(leak)
    return map(_told, alike.values())


def _told(leaks: Sequence[Leak]) -> Problem:
    """Say what can be had in one way of one set of people."""
    leak = leaks[0]
    bounds = [found.bounds for found in leaks if found.bounds]
    witnesses = (w for found in leaks for w in found.witnesses)
    values: dict[str, object] = {
        "measure": _first(found.measure for found in leaks),
        "named": _first(
            (f"{w.report or w.fact.element} ({_cell(w.fact.scope)})" for w in witnesses), "; "
        ),
    }
    if bounds and leak.quantity == "mean":
        values["width"] = math.ceil(max(b.width for b in bounds) * 100) / 100
    elif bounds:
        values["width"] = max(int(b.values) for b in bounds)
    key = leak.way if leak.way == "contradiction" else f"{leak.way}_{leak.quantity}"
    where = " / ".join(list(dict.fromkeys(_cell((one,)) for one in leak.scope))[:NAMED])
    return Problem(f"audit.leak.{key}", where, values=values)


def _first(texts: Iterable[str], between: str = ", ") -> str:
    """Write the first few of some texts."""
    some = list(dict.fromkeys(texts))
    return between.join([*some[:NAMED], *(["..."] if len(some) > NAMED else [])])


def _cell(scope: Scope) -> str:
    """Name a set of people by its columns and values; the rest is a question mark."""
    parts = []
    for one in scope:
        pairs = (
            f"{c} = {' | '.join(v if v != REST else '?' for v in values)}" for c, values in one
        )
        parts.append(", ".join(pairs) or "*")
    return " / ".join(parts)
