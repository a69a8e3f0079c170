"""A fit as text, in the order in which the field reads one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from employer_identity.language import describe, say

if TYPE_CHECKING:
    from employer_identity.fit import Fit

COLUMNS = ["est", "se", "z", "pvalue", "std_all"]


def summary(fit: Fit) -> str:
    """Return fit, ledger, estimates by kind, explained variance and problems as text."""
    table = fit.estimates
    own = (table["op"] == "~~") & (table["lhs"] == table["rhs"])
    sections = {
        "loadings": table[table["op"] == "=~"],
        "regressions": table[table["op"] == "~"],
        "covariances": table[(table["op"] == "~~") & ~own],
        "intercepts": table[table["op"] == "~1"],
        "thresholds": table[table["op"] == "|"],
        "variances": table[own],
        "scales": table[table["op"] == "~*~"],
        "defined": fit.defined.assign(std_all=np.nan),
    }
    parts = ["\n".join([*in_short(fit)[:2], *fit.ledger.lines()])]
    for name, rows in sections.items():
        if len(rows):
            parts.append(f"{say(f'ledger.section.{name}')}\n{_table(rows, groups=len(fit.groups))}")
    parts.append(f"{say('ledger.section.r2')}\n{_wide(fit.r2)}")
    return "\n\n".join([*parts, *(describe(problem) for problem in fit.problems)])


def in_short(fit: Fit) -> list[str]:
    """Return a fit in three or four lines: the model, its measures, what was used, problems."""
    m = fit.reported
    first = say(
        "fit.model", factors=len(fit.factors), items=len(fit.items), groups=len(fit.groups),
        n=fit.ntotal, equal=", ".join(fit.equal) or say("fit.nothing"),
        estimator=fit.estimator, missing=fit.missing,
    )  # fmt: skip
    p = "p < .001" if m["pvalue"] < 0.001 else f"p = {m['pvalue']:.3f}"
    second = say(
        "fit.measures", df=int(m["df"]), chisq=m["chisq"], p=p, cfi=m["cfi"], tli=m["tli"],
        rmsea=m["rmsea"], low=m["rmsea.ci.lower"], high=m["rmsea.ci.upper"], srmr=m["srmr"],
    )  # fmt: skip
    third = say("fit.problems", count=len(fit.problems)) if fit.problems else ""
    return [line for line in (first, second, fit.ledger.short(), third) if line]


def _table(rows: pd.DataFrame, *, groups: int) -> str:
    """Return relations with their numbers at three decimals; nothing where there is none."""
    relation = rows["lhs"] + " " + rows["op"].replace("~1", "~ 1") + " " + rows["rhs"]
    shown = pd.DataFrame({"": relation.str.strip()})
    if groups > 1 and "group" in rows:
        shown["group"] = rows["group"]
    label = rows.get("label")
    if label is not None and (label != "").any():
        shown["label"] = label
    for column in COLUMNS:
        if rows[column].notna().any():
            shown[column] = rows[column].map("{:.3f}".format).where(rows[column].notna(), "")
    return str(shown.to_string(index=False))


def _wide(r2: pd.DataFrame) -> str:
    """Return explained variances with a column for each group."""
    wide = r2.pivot(index="variable", columns="group", values="r2")
    wide = wide.loc[r2["variable"].unique(), r2["group"].unique()]
    wide.columns = ["r2"] if len(wide.columns) == 1 else [str(c) for c in wide.columns]
    return str(wide.rename_axis(None).to_string(float_format="{:.3f}".format))
