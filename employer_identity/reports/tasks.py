"""A report that is wanted: the name of its files, and the key that tells when it has changed."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from employer_identity import __version__
from employer_identity.errors import Problem
from employer_identity.language import Language
from employer_identity.reports.places import notebooks
from employer_identity.reports.records import Format

_LONGEST = 60
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)|.*-[0-9a-f]{8}|[0-9a-f]{8}")
"""Names of devices, and what looks like the stem of a name that lost something."""
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Task:
    """One report that is wanted.

    Attributes
    ----------
    name
        Stem of its files.
    title
        Whom or what it is about.
    template, language, parameters
        What its notebook is told, without what the batch shares.
    formats
        The files that are wanted.
    basis
        Hash of what the report rests on: data, suppression, version.
    key
        Hash of all that decides what it says; the same key, the same report.
    shared
        Which of the batch's prepared folders it reads.
    problem
        Why it may not be made; None where it may.
    """

    name: str
    title: str
    template: str
    language: Language
    parameters: Mapping[str, Any]
    formats: tuple[Format, ...]
    basis: str
    key: str
    shared: str
    problem: Problem | None = None


def stems(names: Sequence[str]) -> list[str]:
    """Return a safe stem of a file for each name, all different.

    Plain letters, digits and hyphens, at most `_LONGEST` characters; a name that loses something on
    the way, or would share its stem with another, ends in a piece of its hash.

    Examples
    --------
    >>> stems(["Vrolijke Eland", "../etc"])
    ['vrolijke-eland', 'etc-f7f9121f']
    """
    plain = {name: _plain(name) for name in names}
    shared = Counter(plain.values())
    return [
        plain[name]
        if shared[plain[name]] == 1 and _is_whole(name, plain[name])
        else f"{plain[name]}-{_hash(name)[:8]}".lstrip("-")
        for name in names
    ]


def _plain(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "-", bare)[:_LONGEST].strip("-")


def _is_whole(name: str, stem: str) -> bool:
    """Whether a stem says all that its name says, and may be the name of a file."""
    return "-".join(name.casefold().split()) == stem and not _RESERVED.fullmatch(stem)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code() -> str:
    """Return the version of this package with a hash of its files."""
    total = hashlib.sha256()
    for path in sorted(p for p in _PACKAGE.rglob("*") if p.is_file() and p.suffix != ".pyc"):
        total.update(path.relative_to(_PACKAGE).as_posix().encode())
        total.update(path.read_bytes())
    return f"{__version__}+{total.hexdigest()[:16]}"


def basis(data: str, suppression: str) -> str:
    """Hash what reports rest on: the answers, what may be shown of them, and this version."""
    return _hash(json.dumps([data, suppression, code()]))


def key(template: str, parameters: Mapping[str, Any], basis: str) -> str:
    """Hash all that decides what a report says."""
    notebook = hashlib.sha256(notebooks()[template].read_bytes()).hexdigest()
    return _hash(json.dumps([notebook, dict(parameters), basis], sort_keys=True))
