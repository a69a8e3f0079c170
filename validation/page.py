"""docs/validation.md and docs/beside_lavaan.md: prose with the tables in their places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from validation.alignment_tables import alignment_tables
from validation.brand_tables import brand_tables
from validation.cutoffs_tables import cutoffs_tables
from validation.ordered_tables import ordered_tables
from validation.planted_tables import planted_tables
from validation.reference_tables import reference_tables, stored
from validation.running import RESULTS, results
from validation.studies import STUDIES
from validation.tables import tables

TEMPLATE = Path(__file__).with_name("page.md")
LISTED = Path(__file__).with_name("beside_lavaan.md")
LEAST = 2  # replications without which nothing can be said


def page(folder: Path = RESULTS) -> str:
    """Return the page as text."""
    found = tables(folder) | planted_tables(folder) | brand_tables(folder)
    found |= ordered_tables(folder) | alignment_tables(folder) | cutoffs_tables(folder)
    return _filled(TEMPLATE, found | reference_tables(folder))


def listed(folder: Path = RESULTS) -> str:
    """Return the list of calls beside lavaan's as text."""
    return _filled(LISTED, reference_tables(folder))


def _filled(template: Path, found: Mapping[str, str]) -> str:
    text = template.read_text(encoding="utf-8")
    return re.sub(r"<!-- table: ([\w-]+) -->", lambda match: found[match[1]], text)


def write(path: Path, folder: Path = RESULTS) -> bool:
    """Write the page, and the list beside it, when everything has results; whether it did."""
    cells = [cell for several in STUDIES.values() for cell in several]
    short = any(len(results(cell, folder).dropna(how="all")) < LEAST for cell in cells)
    if short or stored(folder) is None:
        return False
    for into, text in ((path, page(folder)), (path.with_name(LISTED.name), listed(folder))):
        part = into.with_suffix(".md.part")
        part.write_text(text, encoding="utf-8")
        part.replace(into)
    return True
