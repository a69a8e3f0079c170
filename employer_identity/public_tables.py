"""Tables of the public's view, and of what stands behind scores of employers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from employer_identity.agreement import Agreement
from employer_identity.attractiveness import Attractiveness
from employer_identity.audit import outsiders
from employer_identity.audit.facts import Fact
from employer_identity.audit.stating import COMPLETE, Teller, of_model
from employer_identity.drivers import VIEWS, Drivers
from employer_identity.language import Language, listing, number, say
from employer_identity.privacy import DISTRIBUTION, Shown, floor, hidden_categories
from employer_identity.public_words import percent_interval, points, ranks
from employer_identity.raking import Raking
from employer_identity.suppression import withhold_shares
from employer_identity.tabulation import (
    NOTHING,
    decimals,
    interval,
    pvalue,
    share,
    tabulate,
    whole,
)
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

COLLINEAR = 5.0
"""Variance inflation above which single slopes are not read one against the other."""
ENDS = 10
"""Employers that are listed at either end where all would be too many."""


def _heads(names: Iterable[str], language: Language) -> dict[str, str]:
    return {name: say(f"tables.public.{name}", language) for name in names}


def _shares(row: dict[str, Any], name: str, language: Language) -> str:
    """Write a share with its interval."""
    if np.isnan(row[name]):
        return NOTHING
    within = percent_interval(row[f"{name}_lower"], row[f"{name}_upper"], language)
    unbroken = within.replace(" ", "\N{NO-BREAK SPACE}")
    return f"{share(row[name], language)} ({unbroken})"


def _employer(instrument: Instrument, name: str, language: Language) -> str:
    return instrument.value_label(instrument.employer or "", name, language)


def ranking(
    attractiveness: Attractiveness, instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """All employers that are ranked, each with the range of its rank and its band."""
    rows = [
        {
            "band": say("tables.public.band_of", language, band=int(r["band"])),
            "name": _employer(instrument, r["employer"], language),
            "rank": ranks(r),
            "pooled": _shares(r, "pooled", language),
            "relative": share(r["relative"], language),
            "known": whole(r["known"], language),
        }
        for r in attractiveness.ranking.to_dict("records")
    ]
    facts = outsiders.ranked(attractiveness.ranking, instrument)
    words = {"least": attractiveness.least, "known_by": attractiveness.known_by}
    heads = _heads(("name", "rank", "pooled", "relative", "known"), language)
    return tabulate(
        "ranking", rows, language, facts, words, "band", heads,
        caption="public.ranking", note=say("brandfigures.ranking.not_random", language),
    )  # fmt: skip


def market(
    attractiveness: Attractiveness, instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """All employers, by alphabet: how many know each, and how many would like to work there.

    Of employers that fewer than ten people know only awareness is told, and nothing of those that
    fewer were shown.
    """
    rows = []
    table = attractiveness.table.sort_values("employer", key=lambda names: names.str.casefold())
    table = table[table["shown"] >= DISTRIBUTION]
    for r in table.to_dict("records"):
        known = r["known"] >= DISTRIBUTION
        rows.append(
            {
                "name": _employer(instrument, r["employer"], language),
                "shown": whole(r["shown"], language),
                "awareness": _shares(r, "awareness", language),
                "relative": _shares(r, "relative", language) if known else NOTHING,
                "absolute": _shares(r, "absolute", language) if known else NOTHING,
                "allowed": say(f"tables.held.{'yes' if r['eligible'] else 'no'}", language),
            }
        )
    words = {"least": attractiveness.least, "known_by": attractiveness.known_by}
    heads = _heads(("name", "shown", "awareness", "relative", "absolute"), language)
    heads["allowed"] = say("tables.public.ranked", language)
    facts = outsiders.employers(table, instrument, DISTRIBUTION)
    return tabulate("market", rows, language, facts, words, heads=heads, caption="public.market")


def drivers(found: Drivers, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Drivers by importance: what matters, what is offered, and the gaps in points and in ranks."""
    rows = []
    for r in found.table.to_dict("records"):
        row = {"name": instrument.label(r["driver"], language)}
        for view in VIEWS:
            row[view] = share(r[view], language)
            row[f"{view}_rank"] = ranks(r, f"rank_{view}")
        for gap in ("gap_own", "gap_market"):
            row[gap] = points(r, gap, language)
        row["band"] = whole(r["band"], language)
        rows.append(row)
    facts = outsiders.drivers(found.table, instrument, "drivers", ("ideal", "own"))
    heads = _heads(("ideal", "own", "market", "gap_own", "gap_market", "band"), language)
    heads["name"] = say("tables.public.driver", language)
    heads |= {f"{view}_rank": say("tables.public.rank", language) for view in VIEWS}
    return tabulate("drivers", rows, language, facts, heads=heads, caption="public.drivers")


def switching(
    frame: pd.DataFrame,
    belonging: pd.DataFrame,
    instrument: Instrument,
    group: str | None = None,
    *,
    minimum: int = DISTRIBUTION,
    language: Language = "en",
) -> Shown:
    """Shares of who changed employer, who intends to and how people belong; by group if any.

    Parameters
    ----------
    frame, belonging
        Of `switching` and `belonging`, divided by the same column.
    instrument
        The questionnaire.
    group
        That column; None: everybody only.
    minimum
        Groups of fewer people are hidden, and with them the group that would give them away.
    """
    months = instrument.public.window_months if instrument.public else 0
    shown = pd.concat(
        [withhold_shares(f, instrument, group, minimum=minimum) for f in (frame, belonging)],
        ignore_index=True,
    )
    rows = []
    for r in shown.to_dict("records"):
        asked = str(r["question"])
        words = (
            say(f"brandfigures.switching.{asked}", language, months=months)
            if asked in ("changed", "intends")
            else instrument.wording(asked, language)
        )
        who = (
            instrument.value_label(str(group), r["group"], language)
            if r["group"]
            else say("brandfigures.all", language)
        )
        rows.append(
            {
                "question": words,
                "who": who,
                "n": whole(r["n"], language),
                "share": share(r["share"], language),
                "interval": NOTHING
                if r["hidden"]
                else percent_interval(r["ci_lower"], r["ci_upper"], language),
            }
        )
    facts = outsiders.shares(shown, instrument, group, "switching", least=minimum)
    note = say("brandfigures.hidden", language, minimum=minimum) if shown["hidden"].any() else ""
    return tabulate(
        "switching", rows, language, facts, groups="question", caption="public.switching",
        note=note,
    )  # fmt: skip


# --- Employers


def agreement(found: Agreement, instrument: Instrument, *, language: Language = "en") -> Shown:
    """By pillar how far employers differ, and how alike their people answer."""
    rows: list[dict[str, str]] = []
    facts: list[Fact] = []
    for r in found.table.to_dict("records"):
        quartiles = interval(r["rwg_lower"], r["rwg_upper"], language)
        rows.append(
            {
                "pillar": instrument.label(r["pillar"], language),
                "n": whole(r["n"], language),
                "units": whole(r["groups"], language),
                "icc1": number(r["icc1"], "z.3f", language),
                "icc1_interval": say(
                    "tables.interval",
                    language,
                    low=number(r["icc1_lower"], "z.3f", language),
                    high=number(r["icc1_upper"], "z.3f", language),
                ),
                "icc2": decimals(r["icc2"], "z.2f", language),
                "rwg": f"{decimals(r['rwg_median'], 'z.2f', language)} ({quartiles})",
                "chance": decimals(r["rwg_chance"], "z.2f", language),
                "verdict": say(f"tables.public.{found.verdicts[r['pillar']]}", language),
            }
        )
        facts += of_model(r["n"], "agreement", measure=f"{COMPLETE} of {r['pillar']}")
    heads = _heads(("units", "icc1", "icc1_interval", "icc2", "rwg", "chance", "verdict"), language)
    return tabulate(
        "agreement", rows, language, facts, nouns(instrument, language), heads=heads,
        caption="public.agreement",
    )  # fmt: skip


def shrunken(frame: pd.DataFrame, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Employers' scores, drawn towards their sector, by pillar; ten at either end where many.

    `frame` is that of `shrunken_scores` without what may not be shown
    (`suppression.withhold_shrunken`). Within a pillar the order is that of the scores, which is no
    ranking: intervals overlap.
    """
    rows, told, cut = [], [], False
    for pillar, own in frame.groupby("pillar", sort=False):
        ordered = own.sort_values("score", ascending=False, kind="stable")
        if len(ordered) > 2 * ENDS:
            cut = True
            ordered = pd.concat([ordered.head(ENDS), ordered.tail(ENDS)])
        told.append(ordered)
        rows += [
            {
                "pillar": instrument.label(str(pillar), language),
                "name": _employer(instrument, r["employer"], language),
                "group": instrument.value_label(instrument.sector or "", r["sector"], language)
                if r["sector"]
                else NOTHING,
                "n": whole(r["n"], language),
                "mean": number(r["mean"], ".2f", language),
                "score": number(r["score"], ".2f", language),
                "interval": interval(r["ci_lower"], r["ci_upper"], language),
                "own": share(r["weight"], language),
            }
            for r in ordered.to_dict("records")
        ]
    facts = Teller(instrument).employers(pd.concat(told), "shrunken")
    words = {"n": frame["employer"].nunique(), "ends": ENDS}
    heads = _heads(("name", "score"), language)
    heads |= {"own": say("tables.public.own_part", language)}
    heads["group"] = instrument.label(instrument.sector or "", language).lower()
    return tabulate(
        "shrunken", rows, language, facts, words, "pillar", heads,
        caption="public.shrunken_ends" if cut else "public.shrunken",
        note=say("tables.public.no_ranking", language),
    )  # fmt: skip


def raking(found: Raking, instrument: Instrument, *, language: Language = "en") -> Shown:
    """The margins that answers were weighed to: the population, and respondents before and after.

    A category of too few people has no numbers, nor has the one that would give them away.
    """
    rows, facts = [], [*of_model(len(found.weights), "raking")]
    teller = Teller(instrument)
    for margin, own in found.margins.groupby("margin", sort=False):
        least = floor(instrument, str(margin))
        away = hidden_categories(own.set_index("category")["n"], minimum=least)
        for hidden, r in zip(away, own.to_dict("records"), strict=True):
            label = (
                instrument.value_label(str(margin), r["category"], language)
                if r["category"]
                else say("tables.margins.unknown", language)
            )
            row = {
                "margin": instrument.label(str(margin), language),
                "category": label,
                "n": NOTHING if hidden else whole(r["n"], language),
            }
            for name in ("target", "before", "after"):
                missing = hidden and name != "target"
                row[name] = NOTHING if missing else number(r[name], ".1%", language)
            rows.append(row)
            scope, n = teller.of(str(margin), r["category"]), None if hidden else r["n"]
            facts.append(teller.number(scope, "count", n, least=least, element="raking"))
    words = {
        "deff": found.deff, "n_eff": round(found.n_eff), "n": len(found.weights),
        "margins": listing(dict.fromkeys(r["margin"].lower() for r in rows), language),
    }  # fmt: skip
    heads = _heads(("target", "before", "after"), language)
    return tabulate("raking", rows, language, facts, words, "margin", heads,
                    caption="public.raking")  # fmt: skip


def stay(frame: pd.DataFrame, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Slopes of an outcome on all pillars together, in the questionnaire's order: no ranking.

    Where pillars overlap so much that single slopes cannot be read, the note says so.
    """
    rows = [
        {
            "pillar": instrument.label(r.pillar, language),
            "slope": number(r.slope, "+z.2f", language),
            "interval": interval(r.ci_lower, r.ci_upper, language),
            "p": pvalue(r.pvalue, language),
            "vif": number(r.vif, ".1f", language),
        }
        for r in frame.itertuples()
    ]
    highest = float(frame["vif"].max())
    words = {
        **nouns(instrument, language), "n": int(frame["n"].iloc[0]),
        "r2": float(frame["r2"].iloc[0]), "vif": highest, "limit": COLLINEAR,
    }  # fmt: skip
    key = "collinear" if highest > COLLINEAR else "readable"
    facts = of_model(int(frame["n"].iloc[0]), "stay", measure="all scores and the outcome")
    heads = _heads(("slope", "vif"), language)
    return tabulate(
        "stay", rows, language, facts, words, heads=heads, caption="public.stay",
        note=say(f"tables.public.{key}", language, **words),
    )  # fmt: skip
