"""The same draws fitted by lavaan: draw by draw the same statistics, or somebody is wrong."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import employer_identity as ei
from validation import ceiling, crossed, missing
from validation.population import EQUAL, MODEL, PILLARS
from validation.running import Cell, Row

SCRIPT = Path(__file__).with_name("lavaan.R")


def available() -> bool:
    """Whether R with lavaan is here; without it this study is left out."""
    program = shutil.which("Rscript")
    if program is None:
        return False
    probe = [program, "-e", "quit(status = !requireNamespace('lavaan', quietly = TRUE))"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def lavaans(frame: pd.DataFrame, holes: str = "listwise", cluster: str = "") -> pd.DataFrame:
    """Return lavaan's statistics and estimates (what, value, se) of the three rungs, by MLR."""
    with tempfile.TemporaryDirectory() as folder:
        answers, model, out = (Path(folder, name) for name in ("answers.csv", "model", "out.csv"))
        frame.sort_values("group", kind="stable").to_csv(
            answers, index=False
        )  # its order of groups
        model.write_text(MODEL + "\n", encoding="utf-8")
        command = ["Rscript", str(SCRIPT), *map(str, (answers, model)), holes, cluster, str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return pd.read_csv(out, index_col="what", skipinitialspace=True)


def keyed(fit: ei.Fit, errors: np.ndarray | None = None) -> pd.DataFrame:
    """Return our estimates and standard errors under lavaan's keys."""
    e = fit.estimates[fit.estimates["parameter"] >= 0]
    key = e["lhs"] + e["op"] + e["rhs"] + "@" + e["group"].astype(str)
    se = e["se"].to_numpy() if errors is None else errors[e["parameter"].to_numpy()]
    return pd.DataFrame({"value": e["est"].to_numpy(), "se": se}, index=key.to_numpy())


def apart(ours: pd.DataFrame, theirs: pd.DataFrame) -> Row:
    """Return the largest differences of an estimate and of a standard error, relative to the se."""
    both = theirs.loc[ours.index]
    off = (ours - both).abs().div(both["se"], axis=0).max()
    return {"estimate.apart": float(off["value"]), "se.apart": float(off["se"])}


def fits_of(frame: pd.DataFrame) -> dict[str, ei.Fit]:
    """Fit the three rungs by MLR."""
    return {
        level: ei.cfa(frame, MODEL, group="group", equal=equal, std_lv=True)
        for level, equal in {"configural": (), **EQUAL}.items()
    }


def compared(frame: pd.DataFrame, holes: str) -> Row:
    """Return the tests of both programs, and how far apart the estimates are."""
    theirs, fits = lavaans(frame, holes), fits_of(frame)
    tests = {
        "loadings": ei.difference_test(fits["metric"], fits["configural"]),
        "intercepts": ei.difference_test(fits["scalar"], fits["metric"]),
    }
    row: Row = {}
    for level in EQUAL:
        measures = fits[level].fit_measures
        row[f"{level}.p"] = measures["pvalue.scaled"]
        row[f"{level}.p.lavaan"] = theirs.at[f"{level}.pvalue.scaled", "value"]
        other = theirs.at[f"{level}.chisq.scaled", "value"]
        row[f"{level}.chisq.apart"] = abs(measures["chisq.scaled"] / other - 1)
    for name, test in tests.items():
        row[f"{name}.p"] = test.pvalue
        row[f"{name}.p.lavaan"] = theirs.at[f"{name}.pvalue", "value"]
        row[f"{name}.chisq.apart"] = abs(test.chisq_diff / theirs.at[f"{name}.chisq", "value"] - 1)
    return row | apart(keyed(fits["scalar"]), theirs)


def whole(design: ceiling.Two, rng: np.random.Generator) -> Row:
    """Compare a draw of the ceiling study, and lavaan's coverage with ours."""
    frame = ceiling.draw(design, rng)
    return compared(frame, "listwise")


def pierced(design: missing.Holes, rng: np.random.Generator) -> Row:
    """Compare a draw with missing answers, by full information."""
    return compared(missing.pierced(design, rng), "fiml")


def clustered(design: crossed.Employers, rng: np.random.Generator) -> Row:
    """Compare lavaan's clustered standard errors with ours added up within groups, and as they are.

    ``gap.ratio`` is lavaan's standard error of a gap over ours, on average.
    """
    frame = crossed.draw(design, rng)
    fit, theirs = crossed.fitted(frame), lavaans(frame, cluster="employer")
    same = apart(keyed(fit, crossed.errors_by_group(fit)), theirs)
    ours = keyed(fit)
    is_gap = [key.startswith(tuple(PILLARS)) and "~1" in key for key in ours.index]
    gaps = ours.index[is_gap]
    ratio = theirs.loc[gaps, "se"] / ours.loc[gaps, "se"]
    return {**same, "gap.ratio": float(ratio.mean())}


def _beside(cell: Cell, replications: int, replicate: object) -> Cell:
    return Cell(f"lavaan-{cell.name}", cell.design, replicate, replications, draws=cell.name)  # type: ignore[arg-type]


CELLS = (
    *(_beside(cell, 100, whole) for cell in ceiling.CELLS[:2]),
    _beside(missing.CELLS[1], 10, pierced),
    *(_beside(cell, 10, clustered) for cell in crossed.CELLS),
)
