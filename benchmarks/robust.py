"""Time and memory of robust estimation (MLR) beside lavaan's, and how both grow with the answers.

    python benchmarks/robust.py              prints two tables
    python benchmarks/robust.py --write      and puts them into benchmarks/README.md

Measured as in `ladder.py`: a process for each program, in turn, round after round, on one thread,
processor time. The chi-squares, plain and scaled, are checked to be equal in the same run. Where
there is no Rscript with lavaan, its rows are left out.
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

MEASURE_RTOL = 1e-4  # lavaan's information is a difference quotient of gradients
LEVELS = ("configural", "metric", "scalar", "strict")
LADDERS = {  # rows a group, groups, share of missing answers
    "holes": ("ladder, 2 x 1,000 x 16, 5 % missing", 1000, 2, 0.05),
    "complete": ("ladder, 4 x 5,000 x 16, complete", 5000, 4, 0.0),
}
BASE: dict[str, Any] = {"rows": 20_000, "items": 16, "groups": 1, "missing": 0.05}
GROWTH: list[dict[str, Any]] = [
    BASE, {"rows": 2_000}, {"rows": 200_000}, {"items": 8}, {"items": 32}, {"groups": 4},
    {"groups": 16}, {"missing": 0.0}, {"missing": 0.01}, {"missing": 0.2},
]  # fmt: skip


# -- in the children: the only places that import anything heavy ----------------------------------


def draw(rows: int, groups: int, missing: float, items: int = 16) -> Any:
    """Answers on seven points to pillars of four items; some are left out at random."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(20240521)
    pillars = items // 4
    factors = np.sqrt(0.6) * rng.normal(size=(rows, 1)) + np.sqrt(0.4) * rng.normal(
        size=(rows, pillars)
    )
    loading = np.tile([0.95, 0.85, 0.9, 0.75], pillars)
    noise = 0.8 * rng.normal(size=(rows, items))
    answers = np.clip(np.rint(4.6 + np.repeat(factors, 4, axis=1) * loading + noise), 1, 7)
    answers[rng.random(answers.shape) < missing] = np.nan
    answers[np.isnan(answers).all(axis=1), 0] = 4.0
    names = ITEMS if items == 16 else [f"y{i}" for i in range(items)]
    return pd.DataFrame(answers, columns=names).assign(
        generation=np.repeat([f"g{g:02}" for g in range(groups)], -(-rows // groups))[:rows]
    )


def our_ladder(answers: Path, repeats: int, out: Path) -> None:
    """Fit the four rungs and read all that lavaan is asked for."""
    import pandas as pd

    import employer_identity as ei

    frame = pd.read_csv(answers)

    def task() -> list[tuple[str, object, object]]:
        ladder = ei.invariance(frame, MODEL, group="generation", on_reject="continue")
        return [(k, ladder[k].estimates, ladder[k].fit_measures) for k in LEVELS]

    read = report(task, repeats)
    store(out, [row for rung in read for row in rows_of(*rung)])
    print_versions("numpy", "scipy", "pandas")


def grow(rows: int, items: int, groups: int, missing: float) -> None:
    """Fit one model, after a small fit that is not counted; print seconds and patterns."""
    import employer_identity as ei

    frame = draw(rows, groups, missing, items)
    names = [c for c in frame if c != "generation"]
    model = "\n".join(f"f{i} =~ " + " + ".join(names[i : i + 4]) for i in range(0, items, 4))

    def task() -> Any:
        fit = ei.cfa(frame, model, group="generation" if groups > 1 else None)
        return fit.estimates, fit.fit_measures, fit

    _ = ei.cfa(frame.iloc[: 20 * items], model).fit_measures
    fit = report(task, 1)[2]
    print("version patterns", len(fit.saturated.patterns.n))
    print("version n", fit.ntotal)


def child(name: str, *rest: str) -> None:
    """Do what a process was started for."""
    if name == "write":
        path, rows, groups, missing = rest
        draw(int(rows), int(groups), float(missing)).to_csv(path, index=False)
    elif name == "our_ladder":
        our_ladder(Path(rest[0]), int(rest[1]), Path(rest[2]))
    else:
        rows, items, groups, missing = rest
        grow(int(rows), int(items), int(groups), float(missing))


# -- in the parent: the standard library only -----------------------------------------------------

ME = [sys.executable, str(Path(__file__).resolve()), "--child"]


def measured(rounds: int, folder: Path) -> dict[str, Timed]:
    """Run both programs on both data sets in turn, round after round."""
    found: dict[str, Timed] = {}
    out = folder / "estimates.csv"
    theirs = has_lavaan()
    for name, (_, rows, groups, missing) in LADDERS.items():
        answers = str(folder / f"{name}.csv")
        drawn = [answers, str(rows * groups), str(groups), str(missing)]
        subprocess.run([*ME, "write", *drawn], check=True)
        commands = {f"our_{name}": [*ME, "our_ladder", answers, "3", str(out)]}
        if theirs:
            commands[f"lavaans_{name}"] = [
                "Rscript", str(HERE / "robust.R"), answers, "1", str(out),
            ]  # fmt: skip
        for number in range(rounds):
            for program, command in commands.items():
                print(f"\rround {number + 1} of {rounds}: {program:<20}", end="", file=sys.stderr)
                run(command, found.setdefault(program, Timed()), out)
    return found


def compared(found: dict[str, Timed]) -> list[str]:
    """The first table's lines; ends the run where chi-squares differ."""
    lines = [
        "| task | program | processor s | least | clock s | times ours (clock) | peak MiB "
        "| largest difference |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, (task, *_) in LADDERS.items():
        us, them = found[f"our_{name}"], found.get(f"lavaans_{name}")
        lines.append(f"| {task} | employer_identity | {us.cells()} | 1 | {us.peak:.0f} | |")
        if them is None:
            continue
        keys = [(level, m) for level in LEVELS for m in ("chisq", "chisq.scaled")]
        apart = max(abs(us.figures[k][0] / them.figures[k][0] - 1) for k in keys)
        if apart > MEASURE_RTOL:
            raise SystemExit(f"not equal to lavaan: chi-squares of {name} by {apart:.1e}")
        lines.append(
            f"| | lavaan | {them.cells()} | {them.median / us.median:.1f} "
            f"({statistics.median(them.clock) / statistics.median(us.clock):.1f}) "
            f"| {them.peak:.0f} | {largest_difference(us.figures, them.figures):.0e} |"
        )
    return lines


def growth(folder: Path) -> list[str]:
    """The second table's lines: one model fitted to ever other answers."""
    lines = [
        "| rows | items | groups | missing | patterns | processor s | clock s | peak MiB |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    nothing = folder / "nothing.csv"
    nothing.write_text("level,what,est,se\n", encoding="utf-8")
    for change in GROWTH:
        case = BASE | change
        print(f"\rgrowth: {change!s:<60}", end="", file=sys.stderr)
        timed = Timed()
        values = [str(case[k]) for k in ("rows", "items", "groups", "missing")]
        run([*ME, "grow", *values], timed, nothing)
        lines.append(
            f"| {case['rows']:,} | {case['items']} | {case['groups']} | {case['missing']:.0%} "
            f"| {int(timed.versions['patterns']):,} | {timed.median:.2f} "
            f"| {statistics.median(timed.clock):.2f} | {timed.peak:.0f} |"
        )
    print(file=sys.stderr)
    return lines


def main() -> None:
    """Measure, compare, print, and write if asked to."""
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
        return
    asked = asking(__doc__, 3).parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = measured(asked.rounds, Path(name))
        tables = [*compared(found), "", *growth(Path(name))]
    machine = surroundings(found).partition("; ")[2]
    text = "\n".join([*tables, "", machine])
    print(text)
    if asked.write:
        put("robust", text)


if __name__ == "__main__":
    main()
