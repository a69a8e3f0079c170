"""What it costs to hide more than the small: cells that a plain minimum would have shown.

    python benchmarks/hidden.py             prints the table
    python benchmarks/hidden.py --write     and puts it into docs/anonymity.md

Counted are the cells of the last wave, sectors, employers and categories of groupings: those whose
mean scores are hidden for being too few, and those that are hidden besides, for others' sake, with
the people in them.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path

import pandas as pd

from employer_identity.designs import NATIONAL, SAMPLE, StudyDesign
from employer_identity.loading import load_survey
from employer_identity.studies import write_study
from employer_identity.suppression import decide
from employer_identity.survey import Survey

PAGE = Path(__file__).parents[1] / "docs" / "anonymity.md"
KINDS = {"scores": "mean scores", "distributions": "shares of answers"}
HEAD = "| study | people | shown of a cell | cells | too few | for others' sake | people in these |"


def last_wave(design: StudyDesign) -> Survey:
    """Simulate a study, and return its last wave."""
    with tempfile.TemporaryDirectory() as place:
        files = write_study(design, Path(place) / "study")[0].parent
        survey = load_survey(files / "employees.csv", instrument=files / "instrument.toml")
    return survey.of_wave(survey.waves[-1])


def lines(name: str, survey: Survey) -> list[str]:
    """Return the table's rows of one study."""
    cells = decide(survey).cells
    people = pd.Series(
        [_people(survey, c, u) for c, u in zip(cells["column"], cells["unit"], strict=True)]
    )
    rows = []
    for kind, words in KINDS.items():
        few, others = cells[kind] == "few", ~cells[kind].isin(["", "few"])
        lost = int(people[others].sum())
        rows.append(
            f"| {name} | {survey.n:,} | {words} | {len(cells):,} | {few.sum():,} "
            f"| {others.sum():,} ({others.mean():.1%}) | {lost:,} |"
        )
    return rows


def _people(survey: Survey, column: str, unit: str) -> int:
    values = survey.answers[column].astype(object)
    return int((values == unit).sum() if unit not in ("", "?") else values.isna().sum())


def main() -> None:
    """Count, print, and write the table where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    studies = {"sample": SAMPLE, "national": NATIONAL}
    rows = [row for name, design in studies.items() for row in lines(name, last_wave(design))]
    table = "\n".join([HEAD, "|---|--:|---|--:|--:|--:|--:|", *rows])
    print(table)
    if asked.write:
        block = f"<!-- hidden -->\n{table}\n<!-- end of hidden -->"
        old = PAGE.read_text(encoding="utf-8")
        new = re.sub(r"<!-- hidden -->.*<!-- end of hidden -->", lambda _: block, old, flags=re.S)
        PAGE.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
