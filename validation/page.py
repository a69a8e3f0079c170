"""docs/validation.md: the prose of page.md with the tables in their places."""

from __future__ import annotations

import re
from pathlib import Path

from validation.alignment_tables import alignment_tables
from validation.brand_tables import brand_tables
from validation.cutoffs_tables import cutoffs_tables
from validation.ordered_tables import ordered_tables
from validation.planted_tables import planted_tables
from validation.running import RESULTS, results
from validation.studies import STUDIES
from validation.tables import tables

TEMPLATE = Path(__file__).with_name("page.md")
LEAST = 2  # replications without which nothing can be said


def page(folder: Path = RESULTS) -> str:
    """Return the page as text."""
    found = tables(folder) | planted_tables(folder) | brand_tables(folder)
    found |= ordered_tables(folder) | alignment_tables(folder) | cutoffs_tables(folder)
    text = TEMPLATE.read_text(encoding="utf-8")
    return re.sub(r"<!-- table: ([\w-]+) -->", lambda match: found[match[1]], text)


def write(path: Path, folder: Path = RESULTS) -> bool:
    """Write the page when every cell has results; whether it did."""
    cells = [cell for several in STUDIES.values() for cell in several]
    if any(len(results(cell, folder).dropna(how="all")) < LEAST for cell in cells):
        return False
    part = path.with_suffix(".md.part")
    part.write_text(page(folder), encoding="utf-8")
    part.replace(path)
    return True
