"""Compare with lavaan, run the simulation studies not there yet, write docs/validation.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from validation.lavaan import available
from validation.page import write
from validation.reference_tables import agreeing, compare, stored
from validation.running import RESULTS, run
from validation.studies import STUDIES


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked for, then write the page; 1 when we disagree with lavaan somewhere."""
    ask = argparse.ArgumentParser(prog="run.py validate", description=__doc__)
    ask.add_argument("--study", choices=STUDIES, help="only this one")
    ask.add_argument("--replications", type=int, help="of each cell; those stored count")
    ask.add_argument("--processes", type=int, default=2, help="at the same time")
    ask.add_argument("--results", type=Path, default=RESULTS, help="folder of the stored numbers")
    asked = ask.parse_args(arguments)
    known = stored(asked.results) if asked.study else None
    agrees = compare(asked.results) if known is None else agreeing(known)
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
    else:
        print("The page is written once every study has been run.", file=sys.stderr)
    if not agrees:
        print("Not all figures are lavaan's: see the page.", file=sys.stderr)
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
