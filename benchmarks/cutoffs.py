"""Time and memory of simulated cut-offs: 500 surveys a rung of a ladder of two groups.

    python benchmarks/cutoffs.py              prints the table
    python benchmarks/cutoffs.py --write      and puts it into benchmarks/README.md

Sixteen items of four pillars on seven points, two groups of 1,000, MLR; three rungs of 500 surveys
and two planted differences of 200, each survey fitted twice. Once of complete answers, once with
5 % missing (full information). In one process and in two: processor time is what one process takes,
the clock that of two, and on a busy computer the clock says who else was at work. That both give
the same cut-offs is checked in the same run.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from ladder import Timed, put, surroundings

REPS = 500
ALLOWED = {0.0: 30, 0.05: 360}  # seconds on two cores that have nothing else to do


def child(missing: float, processes: int, reps: int) -> None:
    """Climb a ladder, make its cut-offs, and print what that took."""
    import employer_identity as ei

    truth = ei.Truth("age", {"old": 0.5, "young": 0.5})
    survey = ei.simulate_survey(2000, preset="self_rated", seed=3, truth=truth, missing=missing)
    ladder = ei.invariance(survey, group="age")
    began, clock = time.process_time(), time.perf_counter()
    made = ei.simulated_cutoffs(ladder, reps=reps, processes=processes)
    helpers = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = time.process_time() - began + helpers.ru_utime + helpers.ru_stime
    print("seconds", spent, time.perf_counter() - clock)
    print("cutoffs", *(f"{row.cutoff:.10f}" for row in made.table.itertuples()))
    print("failed", made.failed)


def measured(missing: float, processes: int, reps: int) -> tuple[float, float, str, str]:
    """Return processor seconds, seconds on the clock, the cut-offs and how many failed."""
    me = [sys.executable, str(Path(__file__).resolve()), "--child"]
    asked = [str(missing), str(processes), str(reps)]
    done = subprocess.run([*me, *asked], check=True, capture_output=True, text=True)
    told = {k: v for k, _, v in (line.partition(" ") for line in done.stdout.splitlines())}
    spent, clock = map(float, told["seconds"].split())
    return spent, clock, told["cutoffs"], told["failed"]


def main() -> None:
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument("--reps", type=int, default=REPS)
    ask.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    ask.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    asked = ask.parse_args()
    if asked.child:
        missing, processes, reps = asked.child
        child(float(missing), int(processes), int(reps))
        return
    versions = {name: version(name) for name in ("numpy", "scipy")}
    lines = [
        "| ladder, 2 x 1,000 x 16, 500 surveys a rung | processor s, one process | a survey, ms "
        "| half of it | clock s, two processes | allowed | failed |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for missing, allowed in ALLOWED.items():
        spent, _, cutoffs, failed = measured(missing, 1, asked.reps)
        _, clock, again, _ = measured(missing, 2, asked.reps)
        if cutoffs != again:
            raise SystemExit(f"one process and two differ: {cutoffs} and {again}")
        each = 1000 * spent / (3 * asked.reps + 2 * min(asked.reps, 200))
        name = "5 % missing" if missing else "complete"
        lines.append(
            f"| {name} | {spent:.1f} | {each:.1f} | {spent / 2:.1f} | {clock:.1f} | {allowed} "
            f"| {failed} |"
        )
    text = "\n".join([*lines, "", surroundings({"": Timed(versions=versions)})])
    print(text)
    if asked.write:
        put("cutoffs", text)


if __name__ == "__main__":
    main()
