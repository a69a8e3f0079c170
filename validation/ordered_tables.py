"""The tables of ordered categories: tests and intervals, and lavaan's of the same draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from validation.intervals import Estimate, mean, se_over_sd, share
from validation.ordered import BESIDE, CELLS, EQUAL
from validation.planted_ordered import CLEAN_CELLS, OFF_LEVEL, OFF_LOADING, OFF_TOP, PLANTED_CELLS
from validation.planted_tables import (
    FALSE,
    FALSE_LIMIT,
    INTERCEPTS,
    LOADING,
    falsely,
    is_rare,
    said,
)
from validation.running import RESULTS, Cell, results
from validation.tables import COVERS, LEVEL, RATIO, REJECTS, Band, counted, markdown, rejected

Kind = tuple[str, str, Band, Callable[[pd.DataFrame, str], Estimate]]


def _covers(frame: pd.DataFrame, column: str) -> Estimate:
    return mean(frame[column])


def _errors(frame: pd.DataFrame, column: str) -> Estimate:
    return se_over_sd(frame[[column]], frame[[f"{column}.se"]])


KINDS: tuple[Kind, ...] = (
    *((f"chi-square, {level}", f"{level}.p", REJECTS, rejected) for level in (*EQUAL, "strict")),
    *(
        (f"difference test, {level}", f"{level}.difference.p", REJECTS, rejected)
        for level in ("thresholds", "metric", "scalar", "strict")
    ),
    ("score tests, thresholds", "thresholds.score", REJECTS, _covers),
    ("score tests, loadings", "metric.score", REJECTS, _covers),
    ("score tests, intercepts", "scalar.score", REJECTS, _covers),
    ("score tests, residual variances", "strict.score", REJECTS, _covers),
    ("coverage, loadings", "loadings.covered", COVERS, _covers),
    ("coverage, latent mean differences", "gaps.covered", COVERS, _covers),
    ("standard error over SD, a mean difference", "gap", RATIO, _errors),
)
ALL = ("threshold", "loading", "intercept")  # what the strict rung sets aside is not judged
PLAIN = ("plain score tests, loadings", "metric.score.plain")


def ordered_table(cells: Sequence[Cell], folder: Path) -> str:
    """What the ladder's tests and intervals do, 300 and 1,000 a group; the second is judged."""
    frames = [results(cell, folder) for cell in cells]
    head = [""]
    for cell in cells:
        head += [f"{cell.design.n:,} a group", "Monte-Carlo interval"]
    lines = []
    for name, column, band, estimate in KINDS:
        found = [estimate(frame, column) for frame in frames]
        spelled = [text for one in found for text in one.spelled(band.percent)]
        lines.append([name, *spelled, str(band), band.holds(found[-1])])
    plain = [text for frame in frames for text in mean(frame[PLAIN[1]]).spelled(True)]
    lines.append([PLAIN[0], *plain, "", ""])
    counts = "; ".join(
        f"**{cell.name}**: {counted(frame)}" for cell, frame in zip(cells, frames, strict=True)
    )
    return f"{counts}.\n\n{markdown([*head, 'band at 1,000', 'within'], lines)}"


def beside_table(folder: Path) -> str:
    """How often both programs reject and cover on the same draws, and how far apart they are."""
    head = ["", "people in each", "ours", "lavaan's", "ours less lavaan's", "Monte-Carlo interval"]
    lines = []
    for name, column in (
        *((f"chi-square, {level}", f"{level}.p") for level in EQUAL),
        *((f"difference test, {level}", f"{level}.difference.p") for level in list(EQUAL)[1:]),
        ("coverage, loadings", "loadings.covered"),
        ("coverage, latent mean differences", "gaps.covered"),
    ):
        for cell in BESIDE:
            frame = results(cell, folder).dropna(how="all")
            both = frame[[column, f"{column}.lavaan"]]
            happened = (both < LEVEL).astype(float) if column.endswith(".p") else both
            ours, theirs = (happened[c].mean() for c in both)
            less = mean(happened[column] - happened[f"{column}.lavaan"])
            lines.append([name, f"{cell.design.n:,}", f"{100 * ours:.1f} %",
                          f"{100 * theirs:.1f} %", *less.spelled(True)])  # fmt: skip
    return markdown(head, lines)


def apart_table(folder: Path) -> str:
    """How far the two programs are apart at most."""
    head = ["people in each", "draws", "scaled and shifted chi-square", "p of a difference test",
            "estimates, in standard errors", "standard errors"]  # fmt: skip
    lines = []
    for cell in BESIDE:
        frame = results(cell, folder).dropna(how="all")
        chisq = frame.filter(like=".chisq.apart").max().max()
        p = max(
            (frame[f"{level}.difference.p"] - frame[f"{level}.difference.p.lavaan"]).abs().max()
            for level in list(EQUAL)[1:]
        )
        largest = [frame["estimate.apart"].max(), frame["se.apart"].max()]
        spelled = [f"{value:.0e}" for value in (chisq, p, *largest)]
        lines.append([f"{cell.design.n:,}", str(len(frame)), *spelled])
    return markdown(head, lines)


def _taken(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return what was set aside with the answers as ordered categories, and as numbers."""
    numbers = frame.filter(regex=r"^numbers\.")
    return {"ordered": frame, "numbers": numbers.rename(columns=lambda c: c[len("numbers.") :])}


def found_table(folder: Path) -> str:
    """How often what was planted is set aside, and something else with it."""
    head = ["people in each", "surveys", "answers taken as", "all thresholds of an item",
            "Monte-Carlo interval", "claim", "holds", "loading", "Monte-Carlo interval", "claim",
            "holds", "top threshold alone", "Monte-Carlo interval", "something else",
            "Monte-Carlo interval"]  # fmt: skip
    (level,), (lower,), (top,) = OFF_LEVEL, OFF_LOADING, OFF_TOP
    lines = []
    for cell in PLANTED_CELLS:
        n, frame = cell.design.n, results(cell, folder).dropna(how="all")
        for kind, own in _taken(frame).items():
            both, loading, one = (
                share(own[f"freed.{name}"] == 1) for name in (level, f"=~{lower}", f"{top}|any")
            )
            judged = ("", "", "", "")
            alone = ("", "")
            if kind == "ordered":
                judged = (
                    str(INTERCEPTS),
                    INTERCEPTS.holds(both),
                    str(LOADING[n]),
                    LOADING[n].holds(loading),
                )
                alone = one.spelled(True)
            lines.append([
                f"{n:,}", f"{len(frame):,}", kind, *both.spelled(True), *judged[:2],
                *loading.spelled(True), *judged[2:], *alone, *falsely(own, *ALL).spelled(True),
            ])  # fmt: skip
    return markdown(head, lines)


def clean_table(folder: Path) -> str:
    """How often something equal is set aside where nothing differs; at the end in both sizes."""
    kinds = {"a threshold": ALL[:1], "a loading": ALL[1:2], "an intercept": ALL[2:], "any": ALL}
    head = ["people in each", "surveys", "answers taken as"]
    for name in kinds:
        head += [name, "Monte-Carlo interval"]
    frames = {f"{c.design.n:,}": results(c, folder).dropna(how="all") for c in CLEAN_CELLS}
    frames["both"] = pd.concat(list(frames.values()))
    claim = f"at most {100 * FALSE:.0f} %, interval to {100 * FALSE_LIMIT:.0f} %"
    lines = []
    for place, frame in frames.items():
        for kind, own in _taken(frame).items():
            rates = [falsely(own, *which) for which in kinds.values()]
            spelled = [text for rate in rates for text in rate.spelled(True)]
            judged = [claim, said(is_rare(rates[-1]))] if kind == "ordered" else ["", ""]
            lines.append([place, f"{len(frame):,}", kind, *spelled, *judged])
    return markdown([*head, "claim", "holds"], lines)


def ordered_tables(folder: Path = RESULTS) -> dict[str, str]:
    """Return every table under the name by which the page asks for it."""
    return {
        "ordered": ordered_table(CELLS[:2], folder),
        "ordered-16": ordered_table(CELLS[2:], folder),
        "ordered-lavaan": beside_table(folder),
        "ordered-apart": apart_table(folder),
        "planted-ordered": found_table(folder),
        "clean-ordered": clean_table(folder),
    }
