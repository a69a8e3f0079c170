"""Run the simulation studies that are not there yet, and write docs/validation.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from validation.lavaan import available
from validation.page import write
from validation.running import RESULTS, run
from validation.studies import STUDIES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for, then write the page from all that is stored."""
    ask = argparse.ArgumentParser(prog="run.py validate", description=__doc__)
    ask.add_argument("--study", choices=STUDIES, help="only this one")
    ask.add_argument("--replications", type=int, help="of each cell; those stored count")
    ask.add_argument("--processes", type=int, default=2, help="at the same time")
    ask.add_argument("--results", type=Path, default=RESULTS, help="folder of the stored numbers")
    asked = ask.parse_args(arguments)
    for name, cells in STUDIES.items():
        if asked.study not in (None, name):
            continue
        if name in ("lavaan", "ordered_lavaan") and not available():
            print("No Rscript with lavaan here: lavaan's draws are left out.", file=sys.stderr)
            continue
        run(cells, asked.replications, asked.results, asked.processes)
    page = asked.results.with_suffix(".md")
    if write(page, asked.results):
        print(page)
        return 0
    print("The page is written once every study has been run.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
