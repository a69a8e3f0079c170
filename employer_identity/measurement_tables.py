"""Tables that a reviewer of the measurement asks for: counts, estimates, residuals, decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from employer_identity.audit.facts import Fact
from employer_identity.audit.stating import of_model
from employer_identity.ladder_log import which
from employer_identity.language import Language, listing, number, say
from employer_identity.levels import Level
from employer_identity.privacy import Shown
from employer_identity.rungs import Constraint
from employer_identity.tabulation import (
    decimals,
    interval,
    tabulate,
    whole,
)
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.decision import Decision
    from employer_identity.fit import Fit
    from employer_identity.ladder import Ladder
    from employer_identity.questionnaire import Instrument

LARGEST = 10
"""Rows of the tables of residuals and of modification indices."""


# --- What was counted


def counted_df(factors: Mapping[str, tuple[str, ...]]) -> int:
    """Count the degrees of freedom of correlated factors with one loading an item, one group.

    Means and covariances of p items, less p intercepts, p residual variances, p loadings and m (m +
    1) / 2 moments of factors, of which m are fixed to give each factor a scale.
    """
    p, m = sum(map(len, factors.values())), len(factors)
    return p * (p + 3) // 2 - (3 * p + m * (m + 1) // 2 - m)


def counted_df_of_rung(ladder: Ladder, level: Level) -> int:
    """Count the degrees of freedom of the model that a rung ended with.

    Equal loadings give p - m a further group (the factors' variances are freed), equal intercepts p
    - m (their means are), equal residual variances p. Ordered items: see `_gained`. What was set
    aside takes back one a group, in all groups G - 1.
    """
    factors, further = ladder["configural"].factors, len(ladder.groups) - 1
    df = (further + 1) * counted_df(factors)
    df += further * _gained(factors, ladder.prepared.ordered.thresholds, level)
    apart: dict[str, set[str | None]] = {}
    for release in ladder.set_aside(level):
        if ladder.route.holds_equal(release.constraint.kind, level):
            group = None if release.everywhere else release.constraint.group
            apart.setdefault(release.constraint.parameter, set()).add(group)
    return df - sum(further if None in g else min(len(g), further) for g in apart.values())


def _gained(
    factors: Mapping[str, tuple[str, ...]], thresholds: Mapping[str, int], level: Level
) -> int:
    """Count the degrees of freedom that a further group gives up to a level.

    Of an item's equal thresholds one gives the response its origin and one its unit back; the
    others are tested. Loadings are tested of items whose unit is known: two thresholds, or numbers.
    From equal intercepts on all equal thresholds and loadings are tested but for the units of
    ordered items, which equal residual variances hold equal too, and two moments a factor.
    """
    own = {item: thresholds.get(item, 2) for items in factors.values() for item in items}
    p, m, every = len(own), len(factors), sum(own.values())
    known = [sum(own[item] > 1 for item in items) for items in factors.values()]
    tested = sum(max(count - 2, 0) for count in own.values())
    scalar = every - 2 * m
    gained = {"configural": 0, "thresholds": tested, "scalar": scalar, "strict": scalar + p}
    gained["metric"] = tested + sum(max(count - 1, 0) for count in known)
    return gained[level]


def counts(
    everybody: Fit, ladders: Iterable[Ladder], instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """Degrees of freedom of every model: counted from the questionnaire, and obtained."""
    heading = say("measured.counts.everybody", language)
    one = say("measured.counts.factors", language, m=len(everybody.factors))
    rows = [_count(heading, one, everybody, counted_df(everybody.factors), language)]
    for ladder in ladders:
        heading = say(
            "measured.counts.by", language, group=instrument.label(ladder.group, language)
        )
        rows += [
            _count(
                heading, _level(level, language), ladder[level],
                counted_df_of_rung(ladder, level), language,
            )
            for level in ladder.levels
        ]  # fmt: skip
    return _tabulate("counts", rows, instrument, language, of_model(), "by")


def _count(by: str, name: str, fit: Fit, df: int, language: Language) -> dict[str, str]:
    books = fit.ledger
    numbers = {
        "groups": len(fit.groups),
        "moments": books.moments,
        "parameters": books.parameters,
        "df_counted": df,
        "df_obtained": books.df_obtained,
    }
    return {"by": by, "model": name} | {k: whole(v, language) for k, v in numbers.items()}


# --- Estimates


def item_loadings(fit: Fit, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Loadings of everybody, as they are and standardised, with standard errors and intervals."""
    rows = []
    for r, std in zip(fit.estimates.itertuples(), fit.standardised.itertuples(), strict=True):
        if r.op != "=~":
            continue
        names = {"pillar": r.lhs, "item": r.rhs}
        rows.append(
            {k: instrument.label(v, language) for k, v in names.items()}
            | _estimate(r, language)
            | {
                "std": number(std.est, "z.3f", language),
                "std_se": decimals(std.se, ".3f", language),
                "std_interval": interval(std.ci_lower, std.ci_upper, language),
            }
        )
    return _tabulate("item_loadings", rows, instrument, language, of_model(), groups="pillar")


def item_moments(fit: Fit, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Intercepts and residual variances of the items, and the variance that is explained."""
    table = fit.estimates
    intercepts = table[(table["op"] == "~1")].set_index("lhs")
    residual = table[(table["op"] == "~~") & (table["lhs"] == table["rhs"])].set_index("lhs")
    explained = fit.r2.set_index("variable")["r2"]
    rows = []
    for factor, items in fit.factors.items():
        for item in items:
            own = _estimate(residual.loc[item], language)
            rows.append(
                {"pillar": instrument.label(factor, language)}
                | {"item": instrument.label(item, language)}
                | {f"nu_{k}": v for k, v in _estimate(intercepts.loc[item], language).items()}
                | {f"theta_{k}": v for k, v in own.items()}
                | {"r2": number(explained[item], "z.2f", language)}
            )
    return _tabulate("item_moments", rows, instrument, language, of_model(), groups="pillar")


def factor_moments(fit: Fit, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Variances and correlations of the factors, with standard errors and intervals."""
    table = fit.estimates
    own = table["lhs"].isin(list(fit.factors)) & (table["op"] == "~~")
    rows = [
        {"part": say("measured.part.variances", language)}
        | {"one": instrument.label(r.lhs, language), "other": ""}
        | _estimate(r, language)
        for r in table[own & (table["lhs"] == table["rhs"])].itertuples()
    ]
    rows += [
        {"part": say("measured.part.correlations", language)}
        | {"one": instrument.label(r.factor_1, language)}
        | {"other": instrument.label(r.factor_2, language)}
        | _estimate(r, language)
        for r in fit.latent_correlations.itertuples()
    ]
    return _tabulate("factor_moments", rows, instrument, language, of_model(), groups="part")


def _estimate(row: object, language: Language) -> dict[str, str]:
    """Write an estimate with its standard error and interval; a fixed one has neither."""
    est, se, low, high = (getattr(row, k) for k in ("est", "se", "ci_lower", "ci_upper"))
    written = {"est": number(est, "z.3f", language), "se": decimals(se, ".3f", language)}
    return written | {"interval": interval(low, high, language)}


# --- What the model leaves


def residuals(fit: Fit, instrument: Instrument, *, language: Language = "en") -> Shown:
    """The largest residual correlations, with their standardised residuals."""
    tested = fit.implied_moments.rename(columns={"lhs": "item_1", "rhs": "item_2"})
    found = fit.residuals.merge(tested[["item_1", "item_2", "z"]], on=["item_1", "item_2"])
    found = found.sort_values("residual", key=lambda r: r.abs(), ascending=False, kind="stable")
    rows = [
        {
            "one": instrument.label(r.item_1, language),
            "other": instrument.label(r.item_2, language),
            "r": number(r.residual, "z.3f", language),
            "z": decimals(r.z, "z.2f", language),
        }
        for r in found.head(LARGEST).itertuples()
    ]
    return _tabulate("residuals", rows, instrument, language, of_model())


def modification(fit: Fit, instrument: Instrument, *, language: Language = "en") -> Shown:
    """The largest modification indices."""
    rows = []
    for r in fit.modification_indices().head(LARGEST).itertuples():
        one, other = (instrument.label(name, language) for name in (r.lhs, r.rhs))
        kind = "loading" if r.op == "=~" else "with"
        rows.append(
            {
                "relation": say(f"measured.relation.{kind}", language, one=one, other=other),
                "mi": number(r.mi, ",.1f", language),
                "epc": number(r.epc, "z.3f", language),
                "epc_std": number(r.epc_std, "z.3f", language),
            }
        )
    return _tabulate("modification", rows, instrument, language, of_model())


# --- The ladder


def named(
    ladder: Ladder, constraint: Constraint, instrument: Instrument, language: Language
) -> str:
    """Name what was held equal: a threshold, the loading, the intercept ... of an item."""
    item = instrument.label(constraint.item, language)
    key = f"measured.kind.{constraint.kind}"
    return say(key, language, item=item, **which(ladder, constraint))


def decisions(
    ladder: Ladder,
    instrument: Instrument,
    *,
    aligned: Decision | None = None,
    language: Language = "en",
) -> Shown:
    """What may be said about the groups: each statement, what it takes and whether it is there.

    Of aligned means that is what an alignment decides (`Alignment.decision`), where there is one.
    """
    rows = [
        {
            "statement": say(f"invariance.statement.{name.replace(' ', '_')}", language),
            "takes": _level(found.needs, language),
            "allowed": _allowed(found, instrument, language),
        }
        for name, found in ladder.decide(aligned).items()
    ]
    return _tabulate("decisions", rows, instrument, language, of_model())


def _allowed(found: Decision, instrument: Instrument, language: Language) -> str:
    """Say in a few words whether a statement is allowed."""
    if found.untested:
        return say(f"measured.allowed.untested_{found.untested}", language)
    if found.allowed and found.statement == "aligned means":
        return say("measured.allowed.aligned", language)
    if found.allowed:
        key = "in_part" if found.set_aside else "yes"
        return say(f"measured.allowed.{key}", language, n=len(found.set_aside))
    if found.factors:
        factors = listing([instrument.label(f, language) for f in found.factors], language)
        return say("measured.allowed.for_some", language, factors=factors)
    return say("measured.allowed.no", language)


# --- The checklist


def reporting(
    rows: Iterable[tuple[str, str, str]], instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """What is asked of a report on structural equation models: (part, line, what stands here)."""
    written = [{"part": part, "name": name, "value": value} for part, name, value in rows]
    return _tabulate("reporting", written, instrument, language, (), "part")


def _level(level: Level, language: Language) -> str:
    return say(f"tables.level.{level}", language)


def _tabulate(
    key: str,
    rows: list[dict[str, str]],
    instrument: Instrument,
    language: Language,
    facts: Iterable[Fact],
    groups: str | None = None,
    note: str = "",
) -> Shown:
    """Make a table whose heads are those of this room."""
    columns = dict.fromkeys(c for row in rows for c in row if c != groups)
    words = nouns(instrument, language)
    heads = {c: say(f"measured.head.{c}", language, **words) for c in columns}
    caption = f"measured.{key}"
    return tabulate(
        key, rows, language, facts, words, groups, heads, caption=caption, note=note
    )  # fmt: skip
