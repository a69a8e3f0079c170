"""The public about its own work, in words: who changes employer, why, and who belongs."""

from __future__ import annotations

import pandas as pd

from employer_identity.language import listing
from employer_identity.reports.outside import Outside
from employer_identity.reports.public_words import driver, share
from employer_identity.reports.study import Study
from employer_identity.switching import EVERYBODY

REASONS = 3
"""Reasons that a sentence names."""


def switching(study: Study, found: Outside) -> list[str]:
    """Say how many changed employer, how many mean to, and which groups differ."""
    frame, months = found.switching, found.panel.public.window_months
    told = []
    for r in frame[frame["group"] == EVERYBODY].to_dict("records"):
        ends = {"share": r["share"], "lower": r["ci_lower"], "upper": r["ci_upper"]}
        told.append(study.tell(f"brand.switching.{r['question']}", months=months, **ends))
    names = {q: study.tell(f"brand.switching.asked_{q}") for q in frame["question"].unique()}
    if not told:
        return []
    window = study.tell("brand.switching.window", months=months)
    return [" ".join([*told, window]), *apart(study, found, frame, names)]


def reasons(study: Study, found: Outside) -> list[str]:
    """Say what people name most often, and whether that is an order."""
    frame = found.reasons
    if frame.empty:
        return []
    first = frame.head(REASONS)
    named = [share(study, driver(found, study, r["question"]), r) for _, r in first.iterrows()]
    words = {"n": int(frame["n"].max()), "named": listing(named, study.language)}
    told = [study.tell("brand.switching.reasons", **words)]
    if len(frame) > 1 and first["ci_lower"].iloc[0] < frame["ci_upper"].iloc[1:].max():
        told.append(study.tell("brand.switching.no_order"))
    return [" ".join(told)]


def belonging(study: Study, found: Outside) -> list[str]:
    """Say what most and fewest people agree with, and which groups differ."""
    frame = found.belonging
    whole = frame[frame["group"] == EVERYBODY].sort_values("share")
    told = []
    names = {str(q): found.instrument.label(str(q), study.language)
             for q in frame["question"].unique()}  # fmt: skip
    if len(whole) > 1:
        low, high = whole.iloc[0], whole.iloc[-1]
        most, fewest = (share(study, names[r["question"]], r, how="quoted") for r in (high, low))
        told.append(study.tell("brand.belonging.everybody", most=most, fewest=fewest))
    mean, lower, upper = found.months
    if mean == mean:  # a number
        told.append(study.tell("brand.belonging.months", mean=mean, lower=lower, upper=upper))
    return [" ".join(told), *apart(study, found, frame, names)] if told else []


def apart(study: Study, found: Outside, frame: pd.DataFrame, names: dict[str, str]) -> list[str]:
    """Name the questions on which a group's interval lies above that of another."""
    groups = frame[frame["group"] != EVERYBODY]
    if groups["group"].nunique() < 2:
        return []
    named = []
    for question, rows in groups.groupby("question", sort=False):
        order = rows.sort_values("share")
        low, high = order.iloc[0], order.iloc[-1]
        if high["ci_lower"] > low["ci_upper"]:
            most, fewest = (
                share(study, _label(study, found, r["group"]), r, how="group") for r in (high, low)
            )
            words = {"question": names[str(question)], "most": most, "fewest": fewest}
            named.append(study.tell("brand.apart.one", **words))
    if not named:
        return [study.tell("brand.apart.none")]
    return [study.tell("brand.apart.some", named="; ".join(named))]


def _label(study: Study, found: Outside, group: str) -> str:
    return found.instrument.value_label(found.by, group, study.language)


def left_out(study: Study, found: Outside) -> list[str]:
    """Name the groups of the public that are not shown."""
    if not found.left_out:
        return []
    named = listing([_label(study, found, g) for g in found.left_out], study.language)
    return [study.tell("brand.public.left_out", named=named)]
