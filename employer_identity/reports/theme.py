"""The theme of the year: what employers can do for a shared identity, and who notices it."""

from __future__ import annotations

import pandas as pd

from employer_identity import brand, weighing
from employer_identity.audit.stating import Teller
from employer_identity.brand import clusters_of, correlation_interval
from employer_identity.language import listing, number
from employer_identity.privacy import Shown
from employer_identity.reports.study import Study
from employer_identity.tabulation import decimals, interval, share, tabulate, whole

IDENTITY = "shared_identity"
"""The outcome that asks about the sense of us."""
NAMED = 2


def practices(study: Study) -> pd.DataFrame:
    """Describe how much of each practice people notice, most noticed first.

    Returns
    -------
    One row an item that asks about a practice: practice, pillar, item, n, agree (share) with
    agree_lower and agree_upper, and r (correlation with the sense of us) with r_lower and r_upper
    (NaN where that was not asked); 95 % intervals.
    """
    survey, instrument = study.survey, study.instrument
    clusters, weights = clusters_of(survey), weighing.weights(survey)
    pillar_of = {p.key: p.pillar for p in instrument.practices}
    rows = []
    for item in instrument.items:
        if item.practice is None or study.theme not in ("", pillar_of[item.practice]):
            continue
        x = survey.answers[item.name]
        n = len(weighing.counting(x, weights))
        if n < study.distribution_n:
            continue
        own = (item.practice, pillar_of[item.practice], item.name, n)
        noticed, r = brand.agree(survey, item.name), (float("nan"),) * 3
        if IDENTITY in instrument.outcome_names:
            r = correlation_interval(x, survey.answers[IDENTITY], clusters, weights)
        rows.append((*own, *noticed, *r))
    columns = ["practice", "pillar", "item", "n"]
    columns += [f"{name}{end}" for name in ("agree", "r") for end in ("", "_lower", "_upper")]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values("agree", ascending=False, kind="stable", ignore_index=True)


def told(study: Study, frame: pd.DataFrame) -> list[str]:
    """Say what the theme is, what most and fewest people notice, and what goes with it."""
    if frame.empty:
        return [study.tell("brand.theme.none")]
    key, words = ("one", {"pillar": study.labels([study.theme])}) if study.theme else ("all", {})
    opening = [study.tell("brand.theme.who"), study.tell(f"brand.theme.{key}", **words)]
    sentences = []
    if len(frame) > 1:
        few = min(NAMED, len(frame) // 2)
        ends = {"most": frame.head(few), "fewest": frame.tail(few)[::-1]}
        named = {name: _listed(study, rows) for name, rows in ends.items()}
        sentences.append(study.tell("brand.theme.most", **named))
    if frame["r"].notna().any():
        ends = {"low": float(frame["r"].min()), "high": float(frame["r"].max())}
        sentences.append(study.tell("brand.theme.goes", **ends))
    return [" ".join(opening), " ".join(sentences)]


def _listed(study: Study, rows: pd.DataFrame) -> str:
    return listing([_share(study, r) for r in rows.to_dict("records")], study.language)


def _share(study: Study, r: dict[str, float]) -> str:
    name = study.tell("brand.theme.named", name=study.labels([str(r["practice"])]))
    ends = {"share": r["agree"], "lower": r["agree_lower"], "upper": r["agree_upper"]}
    return study.tell("brand.with.share", name=name, **ends)


def table(study: Study, frame: pd.DataFrame) -> Shown:
    """Set each practice with who notices it, and how that goes with the sense of us."""
    language, has_r = study.language, frame["r"].notna().any()
    rows = [
        {
            "name": study.labels([str(r["practice"])]),
            "n": whole(r["n"], language),
            "noticed": share(r["agree"], language),
            "noticed_interval": _shares(r["agree_lower"], r["agree_upper"], study),
            **(_r(r, study) if has_r else {}),
        }
        for r in frame.to_dict("records")
    ]
    words = {"agree": brand.agreement(study.instrument.scale)}
    heads = {k: study.tell(f"brand.theme.{k}") for k in ("name", "noticed", "noticed_interval")}
    heads |= {k: study.tell(f"brand.theme.{k}") for k in ("r", "r_interval") if has_r}
    teller, agreed = Teller(study.instrument), brand.agreed(study.instrument.scale)
    facts = [
        fact
        for r in frame.to_dict("records")
        for fact in teller.part(
            teller.everybody, r["item"], r["n"], r["agree"], "practices", answers=agreed
        )
    ]
    return tabulate("practices", rows, language, facts, words, heads=heads)


def _r(r: dict[str, float], study: Study) -> dict[str, str]:
    language = study.language
    ends = interval(r["r_lower"], r["r_upper"], language)
    return {"r": decimals(r["r"], ".2f", language), "r_interval": ends}


def _shares(lower: float, upper: float, study: Study) -> str:
    low, high = (number(x, ".0%", study.language) for x in (lower, upper))
    return study.tell("tables.interval", low=low, high=high)
