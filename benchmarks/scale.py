"""Any number of answers: time and memory against rows, groups, items and patterns of missing ones.

    python benchmarks/scale.py              prints the tables and writes scale.png beside them
    python benchmarks/scale.py --write      and puts the tables into benchmarks/README.md
    python benchmarks/scale.py --most 6     up to 10^6 rows instead of 10^7

Answers are written as Parquet into a folder for temporary files (100 MB for 10^7 rows) and read in
batches by `ei.scan`. The *limit* is what no program that reads the file can be faster than:
pyarrow's scan of the same columns, batch by batch, and BLAS's cross-product of their numbers.
Measured as in `ladder.py`, on one thread. The run fails where a chi-square differs from lavaan's.
"""

from __future__ import annotations

import argparse
import os
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
    has_lavaan,
    print_versions,
    put,
    report,
    run,
    store,
    surroundings,
)

ROWS = (4, 5, 6, 7)  # powers of ten
GROUPS = (2, 8, 32, 128, 400)
WIDTHS = (8, 16, 32, 64)
HOLES = (0.0, 0.01, 0.05, 0.2)
MANY, FEW, MIDDLE = 32, 200, 200_000
PIECE = 500_000  # rows of a file
LIMITS = {
    "times": 5.0, "ml_mib": 1024, "mlr_s": 60.0, "mlr_mib": 1536, "holes_s": 30.0,
    "ordered_s": 120.0, "ordered_mib": 1536,
}  # fmt: skip
MEASURE_RTOL = 1e-6


# -- in the children ------------------------------------------------------------------------------


def named(width: int) -> tuple[list[str], str]:
    """Items and model: the four pillars, or factors of four items each."""
    if width == len(ITEMS):
        return ITEMS, MODEL
    items = [f"x{k}" for k in range(width)]
    lines = (f"f{k} =~ " + " + ".join(items[k : k + 4]) for k in range(0, width, 4))
    return items, "\n".join(lines)


def write(folder: str, rows: str, groups: str, width: str, missing: str) -> None:
    """Answers on seven points of groups whose factor means differ, in files of half a million."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    items, _ = named(int(width))
    rng, left, many = np.random.default_rng(20240521), int(rows), int(groups)
    means = rng.normal(0.0, 0.3, (many, len(items) // 4))
    labels = pa.array([f"g{g:03}" for g in range(many)])
    part = 0
    while left:
        n = min(left, PIECE)
        code = np.arange(n) % many
        common = np.sqrt(0.6) * rng.normal(size=n)
        columns: dict[str, Any] = {}
        for k, item in enumerate(items):
            if k % 4 == 0:
                factor = common + np.sqrt(0.4) * rng.normal(size=n) + means[code, k // 4]
            answers = 4.6 + (0.95, 0.85, 0.9, 0.75)[k % 4] * factor + 0.8 * rng.normal(size=n)
            gone = rng.random(n) < float(missing) if float(missing) else None
            columns[item] = pa.array(np.clip(np.rint(answers), 1, 7).astype(np.int8), mask=gone)
        columns["band"] = pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int16)), labels)
        parquet.write_table(pa.table(columns), Path(folder, f"part-{part:03}.parquet"))
        left, part = left - n, part + 1


def limit(folder: str, width: str, out: str) -> None:
    import numpy as np
    from pyarrow import parquet

    items, _ = named(int(width))

    def task() -> Any:
        total = np.zeros((len(items), len(items)))
        for path in sorted(Path(folder).glob("*.parquet")):
            for batch in parquet.ParquetFile(path).iter_batches(32_768, columns=[*items, "band"]):
                columns = [batch.column(item).to_numpy() for item in items]
                y = np.stack(columns, axis=1).astype(float)
                total += y.T @ y
        return total

    report(task, 1)
    store(Path(out), [])


def climb(folder: str, width: str, estimator: str, missing: str, out: str) -> None:
    """All rungs with estimates, standard errors, fit measures and score tests."""
    import employer_identity as ei

    _, model = named(int(width))
    asked: dict[str, Any] = {"estimator": estimator, "missing": missing}
    asked |= {"ordered": estimator == "WLSMV"}

    def task() -> None:
        answers = ei.scan(folder)
        ladder = ei.invariance(answers, model, group="band", on_reject="continue", **asked)
        for rung in ladder.rungs.values():
            fit = rung.last.fit
            _ = fit.estimates, fit.fit_measures, fit.score_tests()

    report(task, 1)
    store(Path(out), [])
    print_versions("numpy", "scipy", "pandas", "pyarrow")


def one_group(folder: str, estimator: str, out: str) -> None:
    import employer_identity as ei

    missing: Any = "listwise" if estimator == "ML" else "fiml"

    def task() -> Any:
        fit = ei.cfa(ei.scan(folder), MODEL, estimator=estimator, missing=missing)
        return fit.estimates, fit.fit_measures, len(fit.saturated.patterns.n)

    _, measures, patterns = report(task, 1)
    print("version patterns", patterns)
    store(Path(out), [("one", "chisq", float(measures["chisq"]), 0.0)])


def semopys(csv_file: str, out: str) -> None:
    import pandas as pd
    import semopy

    frame = pd.read_csv(csv_file)[ITEMS]

    def task() -> Any:
        model = semopy.Model(MODEL)
        model.fit(frame)
        return model.inspect(), semopy.calc_stats(model)

    report(task, 1)
    store(Path(out), [])
    print_versions("semopy")


def grow(folder: str, out: str) -> None:
    """The scalar model with its standard errors, after the sums."""
    import employer_identity as ei
    from employer_identity.cfa import estimate, prepare

    prepared = prepare(
        ei.scan(folder), MODEL, "band", None, estimator="ML", missing="listwise"
    )  # fmt: skip

    def task() -> Any:
        fit = estimate(prepared, "band", equal=("loadings", "intercepts"), std_lv=True)
        _ = fit.estimates, fit.fit_measures
        return fit

    fit = report(task, 3)
    print("version parameters", fit.layout.q)
    print("version steps", fit.solution.steps)
    store(Path(out), [])


def as_csv(folder: str, target: str) -> None:
    import pandas as pd

    pd.read_parquet(folder)[ITEMS].to_csv(target, index=False)


CHILDREN = {f.__name__: f for f in (write, limit, climb, one_group, semopys, grow, as_csv)}


# -- in the parent --------------------------------------------------------------------------------

ME = [sys.executable, str(Path(__file__).resolve()), "--child"]
Series = dict[str, list[tuple[float, float]]]


class Bench:
    """What was measured, and where answers are."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "out.csv"
        self.found: dict[str, Timed] = {}

    def written(self, rows: int, groups: int, width: int = 16, missing: float = 0.0) -> str:
        name = self.folder / f"{rows}-{groups}-{width}-{missing}"
        if not name.exists():
            name.mkdir()
            what = map(str, (name, rows, groups, width, missing))
            subprocess.run([*ME, "write", *what], check=True)
        return str(name)

    def timed(self, *what: object, command: list[str] | None = None) -> Timed:
        print(f"\r{' '.join(map(str, what))[-70:]:<70}", end="", file=sys.stderr)
        into = self.found.setdefault(" ".join(map(str, what)), Timed())
        run([*(command or ME), *map(str, what), str(self.out)], into, self.out)
        return into


def by_rows(bench: Bench, most: int) -> tuple[list[str], Series]:
    lines = [
        "| rows | limit, s | ladder by ML, s | times the limit | MiB | by MLR, s | MiB "
        "| ordered, s | MiB |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    series: Series = {"limit": [], "ML": [], "MLR": [], "ordered": []}
    for power in (p for p in ROWS if p <= most):
        where = bench.written(10**power, MANY)
        least = bench.timed("limit", where, 16)
        plain, robust, ordered = (
            bench.timed("climb", where, 16, e, "listwise") for e in ("ML", "MLR", "WLSMV")
        )
        times = plain.median / least.median
        lines.append(
            f"| {10**power:,} | {least.median:.2f} | {plain.median:.2f} | {times:.1f} "
            f"| {plain.peak:.0f} | {robust.median:.2f} | {robust.peak:.0f} "
            f"| {ordered.median:.2f} | {ordered.peak:.0f} |"
        )
        for name, timed in zip(series, (least, plain, robust, ordered), strict=True):
            series[name].append((10.0**power, timed.median))
        if power == 7:
            within(times, LIMITS["times"], "times the limit")
            within(plain.peak, LIMITS["ml_mib"], "MiB by ML")
            within(robust.median, LIMITS["mlr_s"], "s by MLR")
            within(robust.peak, LIMITS["mlr_mib"], "MiB by MLR")
            within(ordered.median, LIMITS["ordered_s"], "s of ordered answers")
            within(ordered.peak, LIMITS["ordered_mib"], "MiB of ordered answers")
    return lines, series


def within(found: float, most: float, what: str) -> None:
    if found > most:
        raise SystemExit(f"{found:.1f} {what}: more than {most:g}")


def by_groups(bench: Bench) -> tuple[list[str], Series]:
    lines = [
        "| groups of 200 | parameters | steps | scalar, s | ms a step | MiB |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    series: Series = {"ms a step": []}
    for groups in GROUPS:
        timed = bench.timed("grow", bench.written(groups * FEW, groups))
        steps = int(timed.versions.pop("steps"))
        ms = 1000 * timed.median / steps
        parameters = int(timed.versions.pop("parameters"))
        lines.append(
            f"| {groups} | {parameters:,} | {steps} | {timed.median:.3f} | {ms:.2f} "
            f"| {timed.peak:.0f} |"
        )
        series["ms a step"].append((groups, ms))
    return lines, series


def by_items(bench: Bench) -> tuple[list[str], Series]:
    lines = ["| items | limit, s | ladder by ML, s | MiB |", "|--:|--:|--:|--:|"]
    series: Series = {"limit": [], "ML": []}
    for width in WIDTHS:
        where = bench.written(MIDDLE, 4, width)
        least = bench.timed("limit", where, width)
        plain = bench.timed("climb", where, width, "ML", "listwise")
        lines.append(f"| {width} | {least.median:.2f} | {plain.median:.2f} | {plain.peak:.0f} |")
        series["limit"].append((width, least.median))
        series["ML"].append((width, plain.median))
    return lines, series


def by_patterns(bench: Bench) -> tuple[list[str], Series]:
    lines = ["| missing | patterns | one model by MLR, s | MiB |", "|--:|--:|--:|--:|"]
    series: Series = {"MLR": []}
    for missing in HOLES:
        where = bench.written(MIDDLE, 1, 16, missing)
        timed = bench.timed("one_group", where, "MLR")
        patterns = int(timed.versions.pop("patterns"))
        lines.append(f"| {missing:.0%} | {patterns:,} | {timed.median:.2f} | {timed.peak:.0f} |")
        series["MLR"].append((patterns, timed.median))
        if missing == 0.05:
            within(timed.median, LIMITS["holes_s"], "s with holes")
    return lines, series


def beside(bench: Bench) -> list[str]:
    """One group by ML: ours from the file, the others' from a frame in memory."""
    lines = [
        "| rows | ours, reading too, s | lavaan, s | semopy, s | MiB: ours, lavaan, semopy |",
        "|--:|--:|--:|--:|--:|",
    ]
    for power in (4, 5):
        where, table = bench.written(10**power, 1), bench.folder / "answers.csv"
        subprocess.run([*ME, "as_csv", where, str(table)], check=True)
        ours = bench.timed("one_group", where, "ML")
        ours.versions.pop("patterns")
        theirs, told = None, "not there"
        if has_lavaan():
            theirs = bench.timed(table, 1, command=["Rscript", str(HERE / "scale.R")])
            key = ("one", "chisq")
            apart = abs(ours.figures[key][0] / theirs.figures[key][0] - 1)
            within(apart, MEASURE_RTOL, "of a chi-square from lavaan's")
            told = f"{theirs.median:.2f}"
        other = bench.timed("semopys", table)
        peaks = [f"{t.peak:.0f}" if t else "-" for t in (ours, theirs, other)]
        lines.append(
            f"| {10**power:,} | {ours.median:.2f} | {told} | {other.median:.2f} "
            f"| {', '.join(peaks)} |"
        )
    return lines


def draw(panels: dict[str, tuple[str, Series]], target: Path) -> None:
    """Four panels on logarithmic axes, of one scale each."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

    figure, axes = plt.subplots(1, 4, figsize=(13, 3.4), layout="constrained")
    colours = {
        "limit": "#8a8a8a", "ML": "#1b6ca8", "MLR": "#b5462f", "ordered": "#5b8c3a",
        "ms a step": "#1b6ca8",
    }  # fmt: skip
    for axis, (title, (unit, series)) in zip(axes, panels.items(), strict=True):
        for name, points in series.items():
            x, y = zip(*points, strict=True)
            style = "--" if name == "limit" else "-"
            axis.plot(x, y, style, marker="o", ms=4, color=colours[name], label=name)
        if "limit" not in series:  # what a cost in proportion would look like
            line = [(v, y[-1] * v / x[-1]) for v in x]
            axis.plot(*zip(*line, strict=True), ":", color="#8a8a8a", label="in proportion")
        axis.set(xscale="log", yscale="log", xlabel=title, ylabel=unit)
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_xticks(x, [plain(v) for v in x])
        axis.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25, which="major")
        axis.legend(frameon=False, fontsize=9)
    figure.savefig(target, dpi=130)


def plain(value: float) -> str:
    """A tick's label: powers of ten from 10,000 up."""
    power = len(f"{value:.0f}") - 1
    return f"$10^{power}$" if value >= 10_000 and value == 10**power else f"{value:,.0f}"


def memory() -> float:
    """Memory of the computer, GiB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def busy(before: float) -> str:
    """How much else the computer did: the run itself is one process."""
    return f"Load average {before:.1f} before the run, {os.getloadavg()[1]:.1f} at its end."


def main() -> None:
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument("--most", type=int, default=max(ROWS), choices=ROWS)
    ask.add_argument("--write", action="store_true", help="put the tables into README.md")
    ask.add_argument("--child", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    asked = ask.parse_args()
    if asked.child:
        name, *rest = asked.child
        CHILDREN[name](*rest)
        return
    before = os.getloadavg()[1]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        rows, of_rows = by_rows(bench, asked.most)
        groups, of_groups = by_groups(bench)
        items, of_items = by_items(bench)
        patterns, of_patterns = by_patterns(bench)
        others = beside(bench)
    print(file=sys.stderr)
    panels = {
        "rows, 32 groups, 16 items": ("processor s", of_rows),
        "groups of 200, 16 items": ("processor ms a step", of_groups),
        f"items, {MIDDLE:,} rows": ("processor s", of_items),
        f"patterns, {MIDDLE:,} rows": ("processor s", of_patterns),
    }
    draw(panels, HERE / "scale.png")
    text = "\n".join([
        *rows, "", *groups, "", *items, "", *patterns, "", *others, "",
        "![Processor time against rows, groups, items and patterns](scale.png)", "",
        f"{memory():.0f} GiB of memory; {surroundings(bench.found)} {busy(before)}",
    ])  # fmt: skip
    print(text)
    if asked.write:
        put("scale", text)


if __name__ == "__main__":
    main()
