"""A ladder as frames: its rungs, the models that were tried, what rules read of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from employer_identity.criteria import CALIBRATED
from employer_identity.rungs import Model, spelled

if TYPE_CHECKING:
    from employer_identity.ladder import Ladder


def table(ladder: Ladder) -> pd.DataFrame:
    """Return one row a rung, see `Ladder.table`."""
    rows: dict[str, dict[str, object]] = {}
    for level, rung in ladder.rungs.items():
        told = {"released": len(rung.releases), "accepted": ladder.accepted(level)}
        rows[level] = _row(rung.last) | told
    return _framed(rows, "level")


def models(ladder: Ladder) -> pd.DataFrame:
    """Return one row a model that was tried, see `Ladder.models`."""
    rows = {}
    for level, rung in ladder.rungs.items():
        freed = list(ladder.set_aside(level, before=True))
        for name, model in ladder.named_models(level):
            if model is not rung.first:
                freed += model.releases
            told = {"level": level, "freed": ", ".join(spelled(freed))}
            rows[name] = told | _row(model) | {"holds": model.holds(ladder.rule)}
    return _framed(rows, "model")


def verdicts(ladder: Ladder) -> pd.DataFrame:
    """Return every number that a rule read of a model, see `Ladder.verdicts`."""
    return pd.DataFrame(
        [
            {"level": level, "model": name, "rule": v.rule, "index": r.index, "value": r.value,
             "cutoff": r.cutoff, "holds": r.holds, "verdict": v.holds,
             "calibrated": not ladder.route.ordered or v.rule in CALIBRATED}
            for level in ladder.levels for name, model in ladder.named_models(level)
            for v in model.judged(ladder.rules) for r in v.readings
        ]
    )  # fmt: skip


def loadings(ladder: Ladder) -> pd.DataFrame:
    """Return loadings of each group from the configural rung, see `Ladder.loadings`."""
    table = ladder["configural"].estimates
    found = table[table["op"] == "=~"].rename(columns={"lhs": "factor", "rhs": "item"})
    columns = ["factor", "item", "group", "est", "se", "ci_lower", "ci_upper", "std_all"]
    return found[columns].reset_index(drop=True)


def lettered(k: int) -> str:
    """Return the k-th of a, b ... z, aa, ab ..."""
    k, last = divmod(k - 1, 26)
    return (lettered(k) if k else "") + chr(ord("a") + last)


def _row(model: Model) -> dict[str, object]:
    """Return fit measures of a model, and how they differ from the rung below."""
    m = model.fit.reported
    row: dict[str, object] = {
        "chisq": m["chisq"], "df": int(m["df"]), "pvalue": m["pvalue"], "cfi": m["cfi"],
        "tli": m["tli"], "rmsea": m["rmsea"], "rmsea_lower": m["rmsea.ci.lower"],
        "rmsea_upper": m["rmsea.ci.upper"], "srmr": m["srmr"], "bic": m["bic"],
        "d_chisq": np.nan, "d_df": pd.NA, "d_pvalue": np.nan, "d_cfi": np.nan,
        "d_rmsea": np.nan, "d_srmr": np.nan,
    }  # fmt: skip
    change = model.change
    if change is not None:
        row |= {
            "d_chisq": model.test.chisq_diff, "d_df": model.test.df_diff,
            "d_pvalue": change.pvalue, "d_cfi": change.d_cfi, "d_rmsea": change.d_rmsea,
            "d_srmr": change.d_srmr,
        }  # fmt: skip
    return row


def _framed(rows: Mapping[str, dict[str, object]], name: str) -> pd.DataFrame:
    frame = pd.DataFrame.from_dict(dict(rows), orient="index").astype({"d_df": "Int64"})
    frame.index.name = name
    return frame
