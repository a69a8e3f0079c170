"""Time and memory of ladders over many groups, and how a step's cost grows with their number.

    python benchmarks/groups.py              prints two tables
    python benchmarks/groups.py --lavaan 8   with one rung of so many groups by lavaan (minutes)
    python benchmarks/groups.py --write      puts them into benchmarks/README.md

Measured as in `ladder.py`, on one thread, processor time. lavaan fits its rung once; the run fails
where the chi-squares of that rung differ.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ladder import (
    HERE,
    ITEMS,
    MODEL,
    Figures,
    Timed,
    asking,
    has_lavaan,
    largest_difference,
    print_versions,
    put,
    report,
    rows_of,
    run,
    store,
    surroundings,
)  # fmt: skip

MEASURE_RTOL = 1e-6  # of a chi-square; lavaan stops at its own gradient tolerance
LEVELS = ("configural", "metric", "scalar", "strict")
RUNG = "strict"  # the one that lavaan fits
EQUAL = ("loadings", "intercepts", "residuals")  # on it
MANY, PER_GROUP = 32, 5400
LADDERS = {  # estimator, share of missing answers
    "ladder by ML": ("ML", 0.0), "ladder by MLR": ("MLR", 0.0),
    "ladder by MLR, 5 % missing": ("MLR", 0.05),
}  # fmt: skip
GROUPS = (2, 8, 32, 128, 400)
FEW = 200  # respondents a group where groups are counted


# -- in the children: the only places that import anything heavy ----------------------------------


def draw(groups: int, rows: int, missing: float) -> Any:
    """Answers on seven points of groups whose factor means differ; some are left out at random."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(20240521)
    code, n = np.repeat(np.arange(groups), rows), groups * rows
    factors = np.sqrt(0.6) * rng.normal(size=(n, 1)) + np.sqrt(0.4) * rng.normal(size=(n, 4))
    factors += rng.normal(0.0, 0.3, (groups, 4))[code]
    loading = np.tile([0.95, 0.85, 0.9, 0.75], 4)
    answers = 4.6 + np.repeat(factors, 4, axis=1) * loading + 0.8 * rng.normal(size=(n, 16))
    answers = np.clip(np.rint(answers), 1, 7)
    answers[rng.random(answers.shape) < missing] = np.nan
    labels = np.array([f"g{g:03}" for g in range(groups)])
    return pd.DataFrame(answers, columns=ITEMS).assign(generation=labels[code])


def climb(estimator: str, missing: float, repeats: int, out: Path) -> None:
    """Fit the four rungs; read estimates, fit measures and score tests of each."""
    import employer_identity as ei

    frame = draw(MANY, PER_GROUP, missing)

    def task() -> list[tuple[str, Any, Any, Any]]:
        ladder = ei.invariance(
            frame, MODEL, group="generation", estimator=estimator,
            missing="fiml" if missing else "listwise",
        )  # fmt: skip
        fits = [(level, ladder[level]) for level in LEVELS]
        return [(k, fit.estimates, fit.fit_measures, fit.score_tests()) for k, fit in fits]

    read = report(task, repeats)
    store(out, [row for level, *rung, _ in read for row in rows_of(level, *rung)])
    print_versions("numpy", "scipy", "pandas")


def one_rung(answers: Path, out: Path) -> None:
    """Fit the rung that lavaan fits, from the same file."""
    import pandas as pd

    from employer_identity.cfa import estimate, prepare

    frame = pd.read_csv(answers)

    def task() -> Any:
        prepared = prepare(frame, MODEL, "generation", None, estimator="ML", missing="listwise")
        fit = estimate(prepared, "generation", equal=EQUAL, std_lv=True)
        return fit.estimates, fit.fit_measures

    store(out, rows_of(RUNG, *report(task, 3)))


def grow(groups: int, repeats: int) -> None:
    """Fit the scalar model with its standard errors; print seconds, parameters and steps."""
    from employer_identity.cfa import estimate, prepare

    frame = draw(groups, FEW, 0.0)
    prepared = prepare(frame, MODEL, "generation", None, estimator="ML", missing="listwise")

    def task() -> Any:
        fit = estimate(prepared, "generation", equal=("loadings", "intercepts"), std_lv=True)
        return fit, fit.estimates

    fit, _ = report(task, repeats)
    print("version parameters", fit.layout.q)
    print("version steps", fit.solution.steps)


def child(name: str, *rest: str) -> None:
    """Do what a process was started for."""
    if name == "write":
        draw(int(rest[1]), PER_GROUP, 0.0).to_csv(rest[0], index=False)
    elif name == "one_rung":
        one_rung(Path(rest[0]), Path(rest[1]))
    elif name == "climb":
        climb(rest[0], float(rest[1]), int(rest[2]), Path(rest[3]))
    else:
        grow(int(rest[0]), int(rest[1]))


# -- in the parent: the standard library only -----------------------------------------------------

ME = [sys.executable, str(Path(__file__).resolve()), "--child"]


def ladders(rounds: int, folder: Path, lavaan: int) -> tuple[list[str], dict[str, Timed]]:
    """The first table's lines, and what was measured; ends the run where chi-squares differ."""
    lines = [
        "| task | program | processor s | least | clock s | peak MiB |",
        "|---|---|--:|--:|--:|--:|",
    ]
    found: dict[str, Timed] = {}
    out = folder / "estimates.csv"
    for task, (estimator, missing) in LADDERS.items():
        repeats = "1" if missing else "3"
        for number in range(1 if missing else rounds):
            print(f"\rround {number + 1}: {task:<40}", end="", file=sys.stderr)
            command = [*ME, "climb", estimator, str(missing), repeats, str(out)]
            run(command, found.setdefault(task, Timed()), out)
        row = f"| {task}, {MANY} x {PER_GROUP:,} x 16 | employer_identity"
        lines.append(f"{row} | {described(found[task])} |")
    if lavaan and has_lavaan():
        answers = str(folder / "answers.csv")
        subprocess.run([*ME, "write", answers, str(lavaan)], check=True)
        ours, theirs = (found.setdefault(name, Timed()) for name in ("ours", "lavaan"))
        run([*ME, "one_rung", answers, str(out)], ours, out)
        print(f"\rlavaan: {RUNG:<40}", end="", file=sys.stderr)
        run(["Rscript", str(HERE / "groups.R"), answers, RUNG, str(out)], theirs, out)
        check(ours.figures, theirs.figures)
        row = f"| {RUNG} rung by ML, {lavaan} x {PER_GROUP:,} x 16"
        lines.append(f"{row} | employer_identity | {described(ours)} |")
        lines.append(f"| | lavaan | {described(theirs)} |")
    print(file=sys.stderr)
    return lines, found


def described(timed: Timed) -> str:
    """Seconds and memory as cells of a table."""
    seconds = (timed.median, min(timed.processor), statistics.median(timed.clock))
    return " | ".join([*(f"{s:.2f}" for s in seconds), f"{timed.peak:.0f}"])


def check(ours: Figures, theirs: Figures) -> None:
    """End the run where lavaan's rung is another than ours."""
    key = (RUNG, "chisq")
    apart = abs(ours[key][0] / theirs[key][0] - 1)
    print(f"\nlargest difference to lavaan {largest_difference(ours, theirs):.1e}", file=sys.stderr)
    if apart > MEASURE_RTOL:
        raise SystemExit(f"not equal to lavaan: chi-squares by {apart:.1e}")


def growth(folder: Path) -> list[str]:
    """The second table's lines: the scalar model of ever more groups."""
    lines = [
        "| groups | respondents | parameters | steps | processor s | ms a step | peak MiB |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    nothing = folder / "nothing.csv"
    nothing.write_text("level,what,est,se\n", encoding="utf-8")
    for groups in GROUPS:
        print(f"\rgrowth: {groups:<20}", end="", file=sys.stderr)
        timed = Timed()
        run([*ME, "grow", str(groups), "5"], timed, nothing)
        steps = int(timed.versions["steps"])
        lines.append(
            f"| {groups} | {groups * FEW:,} | {int(timed.versions['parameters']):,} | {steps} "
            f"| {timed.median:.3f} | {1000 * timed.median / steps:.2f} | {timed.peak:.0f} |"
        )
    print(file=sys.stderr)
    return lines


def main() -> None:
    """Measure, print, and write if asked to."""
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
        return
    ask = asking(__doc__, 3)
    ask.add_argument(
        "--lavaan", type=int, default=0, metavar="GROUPS", help="fit one rung by lavaan too"
    )
    asked = ask.parse_args()
    with tempfile.TemporaryDirectory() as name:
        lines, found = ladders(asked.rounds, Path(name), asked.lavaan)
        tables = [*lines, "", *growth(Path(name))]
    machine = surroundings(found).partition("; ")[2]
    text = "\n".join([*tables, "", machine])
    print(text)
    if asked.write:
        put("groups", text)


if __name__ == "__main__":
    main()
