"""Time and memory of the invariance ladder beside lavaan's, and of one group beside semopy's.

    python benchmarks/ladder.py              prints a table
    python benchmarks/ladder.py --write      and puts it into benchmarks/README.md

Each round starts one process a program, in turn, so that a slow moment of the computer falls on all
of them; a process does everything once uncounted, then the counted repeats. Processor time is what
is compared: on a busy computer the time on the clock says who else was at work. All programs get
one thread. That the estimates are equal is checked in the same run. Where there is no Rscript with
lavaan, its rows are left out.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PILLARS = {
    "prototypicality": "pro", "advancement": "adv", "entrepreneurship": "ent",
    "impresarioship": "imp",
}  # fmt: skip
ITEMS = [f"{stem}{i}" for stem in PILLARS.values() for i in range(1, 5)]
MODEL = "\n".join(
    f"{p} =~ " + " + ".join(f"{s}{i}" for i in range(1, 5)) for p, s in PILLARS.items()
)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
PER_GROUP = 1000
ESTIMATE_ATOL = 5e-5  # lavaan stops at its own gradient tolerance
MEASURE_RTOL = 2e-6
SEMOPY_ATOL = 1e-3  # semopy stops earlier still

Figures = dict[tuple[str, str], tuple[float, float]]


@dataclass
class Timed:
    """What the rounds of one program gave."""

    processor: list[float] = field(default_factory=list)  # seconds of each repeat
    clock: list[float] = field(default_factory=list)
    peak: float = 0.0  # MiB of the whole process
    versions: dict[str, str] = field(default_factory=dict)
    figures: Figures = field(default_factory=dict)

    @property
    def median(self) -> float:
        return statistics.median(self.processor)

    def cells(self, digits: int = 4) -> str:
        times = (self.median, min(self.processor), statistics.median(self.clock))
        return " | ".join(f"{t:.{digits}f}" for t in times)


# -- in the children: the only places that import anything heavy ----------------------------------


def write_answers(path: Path) -> None:
    """Two generations of 1,000 who answer 16 items on seven points; a latent mean differs."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(20240521)
    frames = []
    for generation, shift in (("old", 0.0), ("young", -0.3)):
        common = rng.normal(size=(PER_GROUP, 1))
        factors = np.sqrt(0.6) * common + np.sqrt(0.4) * rng.normal(size=(PER_GROUP, 4)) + shift
        loading = np.tile([0.95, 0.85, 0.9, 0.75], 4)
        noise = 0.8 * rng.normal(size=(PER_GROUP, 16))
        answers = 4.6 + np.repeat(factors, 4, axis=1) * loading + noise
        frame = pd.DataFrame(np.clip(np.rint(answers), 1, 7).astype(int), columns=ITEMS)
        frames.append(frame.assign(generation=generation))
    pd.concat(frames).to_csv(path, index=False)


def report(task: Callable[[], Any], repeats: int) -> Any:
    """Do the task once, then time it; the result of the last."""
    result = task()
    for _ in range(repeats):
        began, clock = time.process_time(), time.perf_counter()
        result = task()
        print("seconds", time.process_time() - began, time.perf_counter() - clock)
    return result


def store(path: Path, rows: list[tuple[str, str, float, float]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("level", "what", "est", "se"), *rows])


def rows_of(level: str, estimates: Any, measures: Any) -> list[tuple[str, str, float, float]]:
    rows = [
        (level, f"{lhs}{op}{rhs}" + (f"@{group}" if group else ""), est, 0.0 if se != se else se)
        for lhs, op, rhs, group, est, se in zip(
            *(estimates[c] for c in ("lhs", "op", "rhs", "group", "est", "se")), strict=True
        )
    ]
    return rows + [(level, name, value, 0.0) for name, value in measures.items()]


def our_ladder(answers: Path, repeats: int, out: Path) -> None:
    import pandas as pd

    import employer_identity as ei

    frame = pd.read_csv(answers)

    def task() -> list[tuple[str, object, object]]:
        ladder = ei.invariance(
            frame,
            MODEL,
            group="generation",
            estimator="ML",
            missing="listwise",
            on_reject="continue",
        )
        levels = ("configural", "metric", "scalar", "strict")
        return [(k, ladder[k].estimates, ladder[k].fit_measures) for k in levels]

    read = report(task, repeats)
    store(out, [row for rung in read for row in rows_of(*rung)])
    print_versions("numpy", "scipy", "pandas")


def our_group(answers: Path, repeats: int, out: Path) -> None:
    import pandas as pd

    import employer_identity as ei

    frame = pd.read_csv(answers, nrows=PER_GROUP)

    def task() -> tuple[object, object]:
        fit = ei.cfa(frame, MODEL, estimator="ML", missing="listwise")
        return fit.estimates, fit.fit_measures

    store(out, rows_of("one", *report(task, repeats)))


def semopys_group(answers: Path, repeats: int, out: Path) -> None:
    import pandas as pd
    import semopy

    frame = pd.read_csv(answers, nrows=PER_GROUP)[ITEMS]

    def task() -> tuple[pd.DataFrame, pd.DataFrame]:
        model = semopy.Model(MODEL)
        model.fit(frame)
        return model.inspect(), semopy.calc_stats(model)

    found, measures = report(task, repeats)
    loadings = found[found["op"] == "~"]
    rows = [
        ("one", f"{factor}=~{item}", float(est), 0.0 if se == "-" else float(se))
        for item, factor, est, se in zip(
            *(loadings[c] for c in ("lval", "rval", "Estimate", "Std. Err")), strict=True
        )
    ]
    store(out, [*rows, ("one", "chisq", float(measures["chi2"].iloc[0]), 0.0)])
    print_versions("semopy")


def print_versions(*names: str) -> None:
    from importlib.metadata import version

    for name in names:
        print("version", name, version(name))


CHILDREN: dict[str, Callable[[Path, int, Path], None]] = {
    "our_ladder": our_ladder, "our_group": our_group, "semopys_group": semopys_group,
}  # fmt: skip


# -- in the parent: the standard library only, so that it weighs nothing in the children's memory --


def run(command: list[str], into: Timed, estimates: Path) -> None:
    """Run one process to its end; read what it printed, what it wrote, and its peak memory."""
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(HERE.parent)}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert child.stdout is not None
    printed = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command[:3])} ended with status {child.returncode}")
    for line in printed.splitlines():
        kind, *rest = line.split()
        if kind == "seconds":
            into.processor.append(float(rest[0]))
            into.clock.append(float(rest[1]))
        else:
            into.versions[rest[0]] = rest[1]
    into.peak = max(into.peak, usage.ru_maxrss / 1024)
    with estimates.open(encoding="utf-8") as file:
        into.figures = {
            (r["level"], r["what"]): (float(r["est"]), float(r["se"])) for r in csv.DictReader(file)
        }


def has_lavaan() -> bool:
    rscript = shutil.which("Rscript")
    if rscript is None:
        return False
    probe = [rscript, "-e", "quit(status = !requireNamespace('lavaan', quietly = TRUE))"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def measured(rounds: int) -> dict[str, Timed]:
    """Run every program in turn, round after round."""
    found: dict[str, Timed] = {}
    with tempfile.TemporaryDirectory() as folder:
        answers, out = Path(folder, "answers.csv"), Path(folder, "estimates.csv")
        me = [sys.executable, str(Path(__file__).resolve()), "--child"]
        environment = {**os.environ, **ONE_THREAD}
        subprocess.run([*me, "write_answers", str(answers)], check=True, env=environment)
        commands = {
            name: [*me, name, str(answers), "5" if name.startswith("our") else "2", str(out)]
            for name in CHILDREN
        }
        if has_lavaan():
            script = str(HERE / "ladder.R")
            commands["lavaans_ladder"] = ["Rscript", script, str(answers), "2", str(out)]
        for number in range(rounds):
            for name, command in commands.items():
                print(f"\rround {number + 1} of {rounds}: {name:<16}", end="", file=sys.stderr)
                run(command, found.setdefault(name, Timed()), out)
    print(file=sys.stderr)
    return found


def largest_difference(ours: Figures, theirs: Figures) -> float:
    """Largest absolute difference of an estimate or its standard error."""
    shared = [key for key in theirs if "~" in key[1]]
    missing = [key for key in shared if key not in ours]
    if missing:
        raise SystemExit(f"estimates that only the other program has: {missing[:3]}")
    return max(abs(a - b) for key in shared for a, b in zip(ours[key], theirs[key], strict=True))


def largest_ratio(ours: Figures, theirs: Figures) -> float:
    """Largest relative difference of a fit measure."""
    shared = [key for key in theirs if "~" not in key[1]]
    return max(abs(ours[k][0] / theirs[k][0] - 1) if theirs[k][0] else 0.0 for k in shared)


def compared(found: dict[str, Timed]) -> list[str]:
    """The table's lines; ends the run where estimates differ."""
    lines = [
        "| task | program | processor s | least | clock s | times ours (clock) | peak MiB "
        "| largest difference |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    pairs = [("ladder, 2 x 1,000 x 16", "our_ladder", "lavaan", "lavaans_ladder"),
             ("one group, 1,000 x 16", "our_group", "semopy", "semopys_group")]  # fmt: skip
    for task, ours, name, theirs in pairs:
        us, them = found[ours], found.get(theirs)
        lines.append(f"| {task} | employer_identity | {us.cells()} | 1 | {us.peak:.0f} | |")
        if them is None:
            continue
        by = largest_difference(us.figures, them.figures)
        if name == "lavaan":
            apart = largest_ratio(us.figures, them.figures)
            if by > ESTIMATE_ATOL or apart > MEASURE_RTOL:
                raise SystemExit(f"not equal to lavaan: estimates {by:.1e}, measures {apart:.1e}")
        elif by > SEMOPY_ATOL:
            raise SystemExit(f"not equal to semopy: loadings {by:.1e}")
        lines.append(
            f"| | {name} | {them.cells()} | {them.median / us.median:.1f} "
            f"({statistics.median(them.clock) / statistics.median(us.clock):.1f}) "
            f"| {them.peak:.0f} | {by:.0e} |"
        )
    return lines


def surroundings(found: dict[str, Timed]) -> str:
    """Versions, processor and date."""
    versions = {"Python": platform.python_version()}
    for timed in found.values():
        versions |= timed.versions
    cpuinfo = Path("/proc/cpuinfo")
    models = [
        line.partition(":")[2].strip()
        for line in (cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else [])
        if line.startswith("model name")
    ]
    processor = models[0] if models else platform.machine()
    listed = ", ".join(f"{name} {value}" for name, value in versions.items())
    return f"{datetime.date.today().isoformat()}; {os.cpu_count()} cores, {processor}; {listed}."


def put(mark: str, text: str) -> None:
    """Put a text between its marks in benchmarks/README.md."""
    readme = HERE / "README.md"
    before, start, rest = readme.read_text(encoding="utf-8").partition(f"<!-- {mark} -->\n")
    _, end, after = rest.partition(f"<!-- end of {mark} -->")
    readme.write_text(f"{before}{start}{text}\n{end}{after}", encoding="utf-8")


def asking(about: str | None, rounds: int) -> argparse.ArgumentParser:
    """What every comparison can be told."""
    ask = argparse.ArgumentParser(description=about, formatter_class=argparse.RawTextHelpFormatter)
    ask.add_argument("--rounds", type=int, default=rounds)
    ask.add_argument(
        "--write", action="store_true", help="put the tables into benchmarks/README.md"
    )
    return ask


def main() -> None:
    ask = asking(__doc__, 5)
    ask.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    asked = ask.parse_args()
    if asked.child:
        name, answers, *rest = asked.child
        if name == "write_answers":
            write_answers(Path(answers))
        else:
            CHILDREN[name](Path(answers), int(rest[0]), Path(rest[1]))
        return
    found = measured(asked.rounds)
    text = "\n".join([*compared(found), "", surroundings(found)])
    print(text)
    if asked.write:
        put("figures", text)


if __name__ == "__main__":
    main()
