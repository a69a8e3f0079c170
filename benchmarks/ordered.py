"""Time and memory of ladders of items in ordered categories, beside lavaan's.

    python benchmarks/ordered.py              prints the table
    python benchmarks/ordered.py --write      and puts it into benchmarks/README.md

Three rungs by WLSMV (equal thresholds, loadings too, intercepts too) of 16 items answered on seven
points, of each the estimates with their standard errors and the fit measures. Measured as in
`ladder.py`, on one thread, processor time; lavaan climbs once a round. Fits are checked to be equal
in the same run. Of 32 groups there is no lavaan. Where there is no Rscript with lavaan, its row is
left out.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ladder import (
    HERE,
    MODEL,
    Timed,
    asking,
    has_lavaan,
    print_versions,
    put,
    report,
    rows_of,
    run,
    store,
    surroundings,
)  # fmt: skip
from robust import draw

SYNTAX = HERE.parent / "validation" / "ordered_syntax.R"
CHISQ_RTOL = 1e-5  # lavaan stops at its own gradient tolerance
ESTIMATE_ATOL = 2e-3  # in standard errors, for the same reason
RUNGS = {
    "thresholds": ("thresholds",), "metric": ("thresholds", "loadings"),
    "scalar": ("thresholds", "loadings", "intercepts"),
}  # fmt: skip
FEW, MANY = (4, 5000), (32, 5400)  # groups, people in each
SECONDS, MIB = 60, 2048  # what the many groups may take


def climb(answers: Path, repeats: int, out: Path) -> None:
    """Fit the three rungs from the frame; read estimates and fit measures of each."""
    import pandas as pd

    import employer_identity as ei

    frame = pd.read_csv(answers)

    def task() -> list[tuple[str, Any, Any]]:
        fits = {
            level: ei.cfa(
                frame, MODEL, group="generation", ordered=True, equal=equal, std_lv=True,
                missing="listwise",
            )
            for level, equal in RUNGS.items()
        }  # fmt: skip
        return [(level, fit.estimates, fit.fit_measures) for level, fit in fits.items()]

    store(out, [row for rung in report(task, repeats) for row in rows_of(*rung)])
    print_versions("numpy", "scipy", "pandas")


def child(name: str, *rest: str) -> None:
    """Do what a process was started for."""
    if name == "write":
        path, groups, people = rest
        draw(int(groups) * int(people), int(groups), 0.0).to_csv(path, index=False)
    else:
        climb(Path(rest[0]), int(rest[1]), Path(rest[2]))


# -- in the parent: the standard library only -----------------------------------------------------

ME = [sys.executable, str(Path(__file__).resolve()), "--child"]


def measured(rounds: int, folder: Path) -> dict[str, Timed]:
    """Run both programs on the few groups in turn, round after round; ours on the many once."""
    found: dict[str, Timed] = {}
    few, many, out = folder / "few.csv", folder / "many.csv", folder / "estimates.csv"
    for path, sizes in ((few, FEW), (many, MANY)):
        subprocess.run([*ME, "write", str(path), *map(str, sizes)], check=True)
    commands = {"ours": [*ME, "climb", str(few), "3", str(out)]}
    if has_lavaan():
        script = str(HERE / "ordered.R")
        commands["lavaan"] = ["Rscript", script, str(few), str(SYNTAX), str(out)]
    for number in range(rounds):
        for program, command in commands.items():
            print(f"\rround {number + 1} of {rounds}: {program:<10}", end="", file=sys.stderr)
            run(command, found.setdefault(program, Timed()), out)
    print("\rmany groups" + " " * 20, file=sys.stderr)
    run([*ME, "climb", str(many), "1", str(out)], found.setdefault("many", Timed()), out)
    return found


def apart(ours: Timed, theirs: Timed) -> float:
    """Largest difference of an estimate, in lavaan's standard errors; a large one ends the run."""
    keys = [k for k in theirs.figures if "~" in k[1] or "|" in k[1]]
    missing = [k for k in keys if k not in ours.figures]
    if missing:
        raise SystemExit(f"estimates that only lavaan has: {missing[:3]}")
    free = [k for k in keys if theirs.figures[k][1] > 0]
    largest = max(
        abs(ours.figures[k][0] - theirs.figures[k][0]) / theirs.figures[k][1] for k in free
    )
    fits = [(level, m) for level in RUNGS for m in ("chisq", "chisq.scaled")]
    off = max(abs(ours.figures[k][0] / theirs.figures[k][0] - 1) for k in fits)
    if off > CHISQ_RTOL or largest > ESTIMATE_ATOL:
        raise SystemExit(f"not equal to lavaan: chi-squares {off:.1e}, estimates {largest:.1e} se")
    return largest


def lines(found: dict[str, Timed]) -> list[str]:
    """The table's lines."""
    head = [
        "| task | program | processor s | least | clock s | times ours (clock) | peak MiB "
        "| largest difference |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    us, them, many = found["ours"], found.get("lavaan"), found["many"]
    rows = [
        f"| three rungs, {sized(FEW)} | employer_identity | {us.cells(2)} | 1 | {us.peak:.0f} | |"
    ]
    if them is not None:
        times = them.median / us.median
        clock = statistics.median(them.clock) / statistics.median(us.clock)
        rows.append(
            f"| | lavaan | {them.cells(2)} | {times:.1f} ({clock:.1f}) | {them.peak:.0f} "
            f"| {apart(us, them):.0e} se |"
        )
    task = f"three rungs, {sized(MANY)}"
    last = f"| {task} | employer_identity | {many.cells(2)} | | {many.peak:.0f} | |"
    return [*head, *rows, last]


def sized(sizes: tuple[int, int]) -> str:
    return f"{sizes[0]} x {sizes[1]:,} x 16"


def main() -> None:
    """Measure, compare, print, and write if asked to."""
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
        return
    asked = asking(__doc__, 3).parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = measured(asked.rounds, Path(name))
    busy = f"Load average {os.getloadavg()[1]:.1f}."
    text = "\n".join([*lines(found), "", f"{surroundings(found)} {busy}"])
    print(text)
    if found["many"].median > SECONDS or found["many"].peak > MIB:
        raise SystemExit(f"the many groups take more than {SECONDS} s or {MIB} MiB")
    if asked.write:
        put("ordered", text)


if __name__ == "__main__":
    main()
