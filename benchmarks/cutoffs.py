"""Time of simulated cut-offs: surveys of two groups of 1,000, each fitted twice.

    python benchmarks/cutoffs.py              prints the table
    python benchmarks/cutoffs.py --write      and puts it into benchmarks/README.md

Sixteen items of four pillars on seven points, MLR; three rungs and two planted differences, 100
surveys each. Once of complete answers, once with 5 % missing (full information). Processor time of
one process, which says what a survey costs whoever else is at work; from it follows what 500
surveys a rung and 200 for each planted difference take of two cores that have nothing else to do.
That two processes give the same cut-offs is checked in the same run.
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

REPS = 100  # a rung
WHOLE = 3 * 500 + 2 * 200  # surveys of 500 a rung and 200 a planted difference
ALLOWED = {0.0: 30, 0.05: 360}  # seconds on two cores that have nothing else to do


def child(missing: float, processes: int, reps: int) -> None:
    """Climb a ladder, make its cut-offs, and print what that took."""
    import employer_identity as ei

    truth = ei.Truth("age", {"old": 0.5, "young": 0.5})
    survey = ei.simulate_survey(2000, preset="self_rated", seed=3, truth=truth, missing=missing)
    ladder = ei.invariance(survey, group="age")
    began = time.process_time()
    made = ei.simulated_cutoffs(ladder, reps=reps, processes=processes)
    helpers = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = time.process_time() - began + helpers.ru_utime + helpers.ru_stime
    print("seconds", spent)
    print("cutoffs", *(f"{row.cutoff:.10f}" for row in made.table.itertuples()))
    print("failed", made.failed)


def measured(missing: float, processes: int, reps: int) -> tuple[float, str, str]:
    """Return processor seconds, the cut-offs and how many failed."""
    me = [sys.executable, str(Path(__file__).resolve()), "--child"]
    asked = [str(missing), str(processes), str(reps)]
    done = subprocess.run([*me, *asked], check=True, capture_output=True, text=True)
    told = {k: v for k, _, v in (line.partition(" ") for line in done.stdout.splitlines())}
    return float(told["seconds"]), told["cutoffs"], told["failed"]


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
        "| ladder, 2 x 1,000 x 16 | surveys | processor s | a survey, ms "
        "| 500 a rung on two cores, s | allowed | failed |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for missing, allowed in ALLOWED.items():
        spent, cutoffs, failed = measured(missing, 1, asked.reps)
        if not missing and cutoffs != measured(missing, 2, asked.reps)[1]:
            raise SystemExit("one process and two give other cut-offs")
        surveys = 3 * asked.reps + 2 * min(asked.reps, 200)
        name = "5 % missing" if missing else "complete"
        lines.append(
            f"| {name} | {surveys:,} | {spent:.1f} | {1000 * spent / surveys:.1f} "
            f"| {WHOLE * spent / surveys / 2:.1f} | {allowed} | {failed} |"
        )
    text = "\n".join([*lines, "", surroundings({"": Timed(versions=versions)})])
    print(text)
    if asked.write:
        put("cutoffs", text)


if __name__ == "__main__":
    main()
