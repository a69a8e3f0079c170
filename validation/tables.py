"""The tables of docs/validation.md, from the numbers that are stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from validation import anonymity, ceiling, crossed, lavaan, limit, missing, pathways
from validation.intervals import Estimate, mean, se_over_sd, share
from validation.population import misfit
from validation.running import RESULTS, Cell, results

LEVEL = 0.05
EMPTY = ""


@dataclass(frozen=True)
class Band:
    """What a quantity must lie in, and how it is printed."""

    low: float
    high: float
    percent: bool = True

    def __str__(self) -> str:
        """Print as in the table's column."""
        if self.percent:
            return f"{100 * self.low:.0f} to {100 * self.high:.0f} %"
        return f"{self.low:.1f} to {self.high:.1f}"

    def holds(self, found: Estimate) -> str:
        """Say whether an estimate lies in it; one whose interval also reaches beyond is near."""
        if not self.low <= found.value <= self.high:
            return "**no**"
        return "yes" if self.low <= found.low and found.high <= self.high else "yes, near"


REJECTS = Band(0.03, 0.08)
COVERS = Band(0.93, 0.97)
RATIO = Band(0.9, 1.1, percent=False)


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Lay out a table, the first column to the left."""
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *lines))


def counted(frame: pd.DataFrame) -> str:
    """Say how many replications there are, and how many came to no estimate."""
    failed = int(frame.isna().all(axis=1).sum())
    without = f", {failed} without an estimate" if failed else ""
    return f"{len(frame):,} replications{without}"


def rejected(frame: pd.DataFrame, column: str) -> Estimate:
    """Estimate how often a p value is below 5 %."""
    kept = frame[column].dropna()
    return share(kept < LEVEL)


CEILING: tuple[tuple[str, Band, Callable[[pd.DataFrame, str], Estimate]], ...] = (
    ("chi-square, metric model", REJECTS, lambda f, e: rejected(f, f"{e}.metric.p")),
    ("chi-square, scalar model", REJECTS, lambda f, e: rejected(f, f"{e}.scalar.p")),
    ("difference test, loadings", REJECTS,
     lambda f, e: rejected(f, f"{e}.loadings.difference.p")),
    ("difference test, intercepts", REJECTS,
     lambda f, e: rejected(f, f"{e}.intercepts.difference.p")),
    ("score tests, loadings", REJECTS, lambda f, e: mean(f[f"{e}.loadings.score"])),
    ("score tests, intercepts", REJECTS, lambda f, e: mean(f[f"{e}.intercepts.score"])),
    ("coverage, loadings", COVERS, lambda f, e: mean(f[f"{e}.loadings.covered"])),
    ("coverage, latent mean differences", COVERS, lambda f, e: mean(f[f"{e}.gaps.covered"])),
    ("standard error over SD, a mean difference", RATIO,
     lambda f, e: se_over_sd(f[[f"{e}.gap"]], f[[f"{e}.gap.se"]])),
)  # fmt: skip


def ceiling_table(cell: Cell, folder: Path) -> str:
    """Tests, score tests and coverage in one cell, robust beside plain."""
    frame, design = results(cell, folder), cell.design
    head = ["", "robust (MLR)", "Monte-Carlo interval", "plain (ML)", "Monte-Carlo interval"]
    judged = design.n >= 1000  # in small samples the claim is only to be lavaan's equal
    lines = []
    for name, band, estimate in CEILING:
        robust, plain = (estimate(frame, kind) for kind in ("robust", "plain"))
        cells = [name, *robust.spelled(band.percent), *plain.spelled(band.percent)]
        lines.append([*cells, str(band), band.holds(robust)] if judged else cells)
    off = max(misfit(design.shift, design.shares, k, 2 * design.n) for k in ("metric", "scalar"))
    said = f"**{cell.name}**: {design.n:,} a group, {counted(frame)}. F0 n = {abs(off):.2f}."
    return f"{said}\n\n{markdown([*head, *(['band', 'robust within'] if judged else [])], lines)}"


def limit_table(cells: Sequence[Cell], folder: Path) -> str:
    """How often the scaled chi-square rejects a true model in the limit."""
    lines = []
    for answers, cell in zip(("heaped", "preset other_rated"), cells, strict=True):
        frame = results(cell, folder)
        lines += [
            [f"{answers}, {level} model", *mean(frame[level]).spelled(True)] for level in frame
        ]
    return markdown(["", "rejects in the limit", "Monte-Carlo interval"], lines)


def lavaan_table(cells: Sequence[Cell], folder: Path) -> str:
    """How far lavaan is from us on the same draws."""
    head = ["draws of", "draws", "estimates, in standard errors", "standard errors",
            "scaled chi-square",
            "scaled difference", "scalar rejected (ours, lavaan's)"]  # fmt: skip
    lines = []
    for cell in cells:
        frame = results(cell, folder)
        tests = [EMPTY] * 3
        if "scalar.p" in frame:
            fits = frame[["metric.chisq.apart", "scalar.chisq.apart"]].max().max()
            differences = frame[["loadings.chisq.apart", "intercepts.chisq.apart"]].max().max()
            both = [int((frame[c] < LEVEL).sum()) for c in ("scalar.p", "scalar.p.lavaan")]
            tests = [f"{fits:.0e}", f"{differences:.0e}", f"{both[0]}, {both[1]}"]
        largest = [f"{frame[c].max():.0e}" for c in ("estimate.apart", "se.apart")]
        lines.append([cell.draws, str(len(frame)), *largest, *tests])
    return markdown(head, lines)


def crossed_table(cells: Sequence[Cell], folder: Path) -> str:
    """Standard errors of gaps over their true standard deviation."""
    head = ["employers x people", "between employers", "differing gaps", "replications",
            "summed over generations", "Monte-Carlo interval", "band", "within",
            "summed by generation", "Monte-Carlo interval"]  # fmt: skip
    lines = []
    for cell in cells:
        frame, design = results(cell, folder), cell.design
        gaps = frame.filter(regex=r"^gap\.")
        ours, apart = (
            se_over_sd(gaps, frame.filter(regex=rf"^{k}\.\d")) for k in ("se", "by_group")
        )
        lines.append([
            f"{design.employers} x {design.people}", f"{100 * design.level:.0f} %",
            f"{100 * design.gap:.0f} %", f"{len(frame):,}", *ours.spelled(False), str(RATIO),
            RATIO.holds(ours), *apart.spelled(False),
        ])  # fmt: skip
    return markdown(head, lines)


def crossed_coverage(cells: Sequence[Cell], folder: Path) -> str:
    """Coverage of the gaps."""
    head = ["employers x people", "differing gaps", "coverage", "Monte-Carlo interval",
            "with t quantiles", "Monte-Carlo interval", "summed by generation"]  # fmt: skip
    lines = []
    for cell in cells:
        frame, design = results(cell, folder), cell.design
        covers = [mean(frame[name]) for name in ("covered", "covered.t", "covered.by_group")]
        lines.append([
            f"{design.employers} x {design.people}", f"{100 * design.gap:.0f} %",
            *covers[0].spelled(True), *covers[1].spelled(True), covers[2].spelled(True)[0],
        ])  # fmt: skip
    return markdown(head, lines)


def crossed_tests(cells: Sequence[Cell], folder: Path) -> str:
    """How often the chi-square and the score tests reject what is true."""
    head = ["employers x people", "differing gaps", "score tests, loadings", "Monte-Carlo interval",
            "score tests, intercepts", "Monte-Carlo interval", "chi-square",
            "Monte-Carlo interval"]  # fmt: skip
    lines = []
    for cell in cells:
        frame, design = results(cell, folder), cell.design
        scores = [mean(frame[f"{kind}.score"]) for kind in ("loadings", "intercepts")]
        lines.append([
            f"{design.employers} x {design.people}", f"{100 * design.gap:.0f} %",
            *scores[0].spelled(True), *scores[1].spelled(True),
            *rejected(frame, "scalar.p").spelled(True),
        ])  # fmt: skip
    return markdown(head, lines)


def missing_table(cell: Cell, folder: Path) -> str:
    """Bias and coverage by full information and from complete rows."""
    frame = results(cell, folder)
    head = ["pillars with holes", "bias, all answers", "Monte-Carlo interval", "coverage",
            "Monte-Carlo interval", "bias, complete rows", "Monte-Carlo interval", "coverage",
            "Monte-Carlo interval"]  # fmt: skip
    lines = []
    for name, said in (("loadings", "loadings"), ("intercepts", "intercepts"),
                       ("gaps", "latent mean differences")):  # fmt: skip
        line = [said]
        for how in ("fiml", "listwise"):
            line += mean(frame[f"{how}.{name}.bias"]).spelled(False)
            line += mean(frame[f"{how}.{name}.covered"]).spelled(True)
        lines.append(line)
    line = ["chi-square rejects"]
    for how in ("fiml", "listwise"):
        line += [EMPTY, EMPTY, *rejected(frame, f"{how}.p").spelled(True)]
    said = (
        f"**{cell.name}**: {counted(frame)}; {100 * frame['complete'].mean():.0f} % of the rows are"
        " complete."
    )
    return f"{said}\n\n{markdown(head, [*lines, line])}"


def pathways_table(cells: Sequence[Cell], folder: Path) -> str:
    """Coverage of direct, indirect and total effects, and the indirect ones' standard errors."""
    head = ["answers", "effects", "coverage", "Monte-Carlo interval", "band", "within",
            "standardised", "Monte-Carlo interval", "standard error over SD",
            "Monte-Carlo interval"]  # fmt: skip
    lines = []
    for cell in cells:
        frame = results(cell, folder)
        est = frame.filter(regex=r"^indirect\.\d")
        ratio = se_over_sd(est, frame.filter(regex=r"^indirect\.se\.\d")).spelled(False)
        for effect in ("indirect", "direct", "total"):
            raw, std = (mean(frame[f"{effect}.{kind}.covered"]) for kind in ("raw", "std"))
            errors = ratio if effect == "indirect" else (EMPTY, EMPTY)
            lines.append([
                f"{cell.name}, {counted(frame)}" if effect == "indirect" else EMPTY, effect,
                *raw.spelled(True), str(COVERS), COVERS.holds(raw), *std.spelled(True), *errors,
            ])  # fmt: skip
    return markdown(head, lines)


def tables(folder: Path = RESULTS) -> dict[str, str]:
    """Return every table under the name by which the page asks for it."""
    of_whole, of_pierced = ceiling.CELLS, missing.CELLS
    return {
        **{cell.name: ceiling_table(cell, folder) for cell in of_whole},
        "limit": limit_table(limit.CELLS, folder),
        "lavaan": lavaan_table(lavaan.CELLS, folder),
        "crossed": crossed_table(crossed.CELLS, folder),
        "crossed-coverage": crossed_coverage(crossed.CELLS, folder),
        "crossed-tests": crossed_tests(crossed.CELLS, folder),
        "lavaan-ratios": lavaan_ratios(folder),
        **{cell.name: missing_table(cell, folder) for cell in of_pierced},
        "pathways": pathways_table(pathways.CELLS, folder),
        "anonymity": anonymity_table(anonymity.CELLS[0], folder),
    }


def anonymity_table(cell: Cell, folder: Path) -> str:
    """How often something hidden is recovered, and what hides it costs."""
    frame = results(cell, folder)
    rules = {"the small and siblings": "recovered", "the small alone": "recovered.alone"}
    lines = [[rule, *share(frame[name]).spelled(True)] for rule, name in rules.items()]
    few, hidden = (frame[name] / frame["cells"] for name in ("few", "hidden"))
    cost = (
        f"{counted(frame)} of {frame['people'].min():,.0f} to {frame['people'].max():,.0f} people. "
        f"Of the cells of a last wave {few.mean():.0%} are small, and {hidden.mean():.0%} hidden."
    )
    table = markdown(["hidden are", "studies in which something is recovered", "interval"], lines)
    return f"{cost}\n\n{table}"


def lavaan_ratios(folder: Path) -> str:
    """Return lavaan's clustered standard error of a gap over ours."""
    lines = []
    for cell in lavaan.CELLS:
        frame = results(cell, folder)
        if "gap.ratio" in frame:
            lines.append([cell.draws, str(len(frame)), *mean(frame["gap.ratio"]).spelled(False)])
    return markdown(["draws of", "draws", "lavaan's over ours", "Monte-Carlo interval"], lines)
