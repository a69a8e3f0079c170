"""What the public says, in words: whom it knows and likes, and what it looks for."""

from __future__ import annotations

import pandas as pd

from employer_identity.language import listing
from employer_identity.reports.outside import Outside
from employer_identity.reports.study import Study
from employer_identity.structural_words import inside

NAMED = 6
"""Most names in one sentence."""


def who(study: Study, key: str = "who") -> list[str]:
    """Say whom a chapter of the public is about, or why there is none."""
    panel = study.beside.panel
    if panel is None:
        return [study.tell("brand.public.none" if key == "who" else "brand.public.none_work")]
    found = study.outside
    if found is None:
        return [study.tell("brand.public.few", least=study.distribution_n)]
    shown = len(panel.ratings) / panel.n
    employers = len(panel.employers)
    told = [study.tell(f"brand.public.{key}", n=panel.n, shown=shown, employers=employers)]
    if found.is_weighted:
        told.append(study.tell("brand.public.weighted", n=round(found.n_eff)))
    return [" ".join(told)]


def share(
    study: Study, name: str, row: pd.Series, column: str = "share", *, how: str = "share"
) -> str:
    """Write a name with its share and interval."""
    low, high = f"{column}_lower", f"{column}_upper"
    if column == "share":
        low, high = "ci_lower", "ci_upper"
    ends = {"share": float(row[column]), "lower": float(row[low]), "upper": float(row[high])}
    return study.tell(f"brand.with.{how}", name=name, **ends)


# --- Known and liked


def liked(study: Study, found: Outside) -> list[str]:
    """Say who is known, who is liked, and which order can be told."""
    return [" ".join([_aware(study, found), _ranked(study, found)]), _top(study, found)]


def _aware(study: Study, found: Outside) -> str:
    table = found.attractiveness.table.dropna(subset="awareness")
    if table.empty:
        return study.tell("brand.liked.unaware", least=found.least)
    best = table.loc[table["awareness"].idxmax()]
    named = share(study, _employer(study, str(best["employer"])), best, "awareness")
    ends = {"low": float(table["awareness"].min()), "high": float(table["awareness"].max())}
    return study.tell("brand.liked.aware", named=named, **ends)


def _ranked(study: Study, found: Outside) -> str:
    a = found.attractiveness
    rules = {"known_by": a.known_by, "least": a.least}
    if a.ranking.empty:
        return study.tell("brand.liked.nobody", **rules)
    ends = {"low": float(a.ranking["pooled"].min()), "high": float(a.ranking["pooled"].max())}
    values = {"n": len(a.ranking), "total": len(a.table)}
    return study.tell("brand.liked.ranked", **ends, **values, **rules)


def _top(study: Study, found: Outside) -> str:
    """Name the employers of the first band."""
    ranking = found.attractiveness.ranking
    if ranking.empty:
        return ""
    if found.attractiveness.bands == 1 and len(ranking) > 1:
        return study.tell("brand.liked.alike", n=len(ranking))
    first = [_employer(study, str(e)) for e in ranking.loc[ranking["band"] == 1, "employer"]]
    named = listing(first[:NAMED], study.language)
    key = "top_one" if len(first) == 1 else "top" if len(first) <= NAMED else "top_many"
    return study.tell(f"brand.liked.{key}", named=named, n=len(first))


def _employer(study: Study, name: str) -> str:
    return study.instrument.value_label(study.instrument.employer or "", name, study.language)


def caution(study: Study, found: Outside) -> list[str]:
    """Say what a ranking is not, and of whom nothing is shown."""
    told = [study.tell("brand.liked.friends")]
    if found.unseen:
        told.append(study.tell("brand.liked.unseen", n=found.unseen, least=found.least))
    if study.beside.previous is not None:
        told.append(study.tell("brand.public.once"))
    return [" ".join(told)]


# --- What matters


def driver(found: Outside, study: Study, name: object) -> str:
    """Name a driver as it stands inside a sentence."""
    return inside(found.instrument.label(str(name), study.language))


def wanted(study: Study, found: Outside) -> list[str]:
    """Say what matters most and least, and where own employers fall short."""
    assert found.drivers is not None  # asked for only where drivers were
    table = found.drivers.table
    return [_matters(study, found, table), _gaps(study, found, table)]


def _matters(study: Study, found: Outside, table: pd.DataFrame) -> str:
    bands = [rows for _, rows in table.groupby("band", sort=True)]
    named = [
        listing([share(study, driver(found, study, r["driver"]), r, "ideal")
                 for _, r in rows.head(NAMED).iterrows()], study.language)
        for rows in bands
    ]  # fmt: skip
    told = [study.tell(f"brand.wanted.most{'_one' * (len(bands[0]) == 1)}", named=named[0])]
    if len(bands) > 2:
        told.append(study.tell("brand.wanted.next", named=named[1]))
    if len(bands) > 1:
        told.append(study.tell("brand.wanted.fewest", named=named[-1]))
    return " ".join(told)


def _gaps(study: Study, found: Outside, table: pd.DataFrame) -> str:
    short = table[table["gap_own_upper"] < 0]
    told = [study.tell("brand.wanted.no_short")]
    if len(short):
        r = short.loc[short["gap_own"].idxmin()]
        words = {"driver": driver(found, study, r["driver"])}
        shares = {"ideal": float(r["ideal"]), "own": float(r["own"])}
        names = {"gap": "gap_own", "lower": "gap_own_upper", "upper": "gap_own_lower"}
        gap = {ours: -100 * float(r[theirs]) for ours, theirs in names.items()}
        told = [study.tell("brand.wanted.short", **words, **shares, **gap)]
    for key, apart in (("greener", table["gap_market_lower"] > 0),
                       ("home", table["gap_market_upper"] < 0)):  # fmt: skip
        if apart.any():
            named = [driver(found, study, name) for name in table.loc[apart, "driver"]]
            told.append(study.tell(f"brand.wanted.{key}", named=listing(named, study.language)))
    return " ".join([*told, study.tell("brand.wanted.stay")])


def derived(study: Study, found: Outside) -> list[str]:
    """Say which opinions of an employer go with wanting to work there."""
    table = found.derived
    first = table.loc[table["band"] == 1, "driver"]
    key = "first_one" if len(first) == 1 else "first" if len(first) < len(table) else "alike"
    named = listing([driver(found, study, name) for name in first], study.language)
    told = [
        study.tell("brand.derived.what"),
        study.tell(f"brand.derived.{key}", named=named),
        study.tell("brand.derived.r2", r2=float(table["r2"].iloc[0])),
    ]
    return [" ".join(told)]


def glance(study: Study) -> list[str]:
    """Give the public's side in a sentence."""
    found = study.outside
    if found is None or found.drivers is None:
        return []
    table = found.drivers.table
    first = [r for _, r in table[table["band"] == 1].head(NAMED).iterrows()]
    shares = [share(study, driver(found, study, r["driver"]), r, "ideal") for r in first]
    named = listing(shares, study.language)
    return [study.tell("brand.public.glance", n=found.panel.n, named=named)]
