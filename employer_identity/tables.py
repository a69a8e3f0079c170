"""Tables of a study: each takes a result and returns it as a table, with its caption."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from employer_identity import brand
from employer_identity.across_tables import across
from employer_identity.alignment_tables import alignment
from employer_identity.audit.facts import Fact
from employer_identity.audit.stating import Teller
from employer_identity.bias_tables import conclusions, contrasts, dmacs
from employer_identity.columns import check_asked
from employer_identity.edge import checked
from employer_identity.errors import ReportError
from employer_identity.language import Language, listing, number, say
from employer_identity.latent import stamp_of
from employer_identity.league_tables import league
from employer_identity.model_tables import (
    fit_measures,
    ladder,
    latent_correlations,
    loadings,
    models,
    releases,
    reliability,
    verdicts,
    worst,
)
from employer_identity.privacy import MINIMUM, Shown, of_large_groups
from employer_identity.public_tables import (
    agreement,
    drivers,
    market,
    raking,
    ranking,
    shrunken,
    stay,
    switching,
)
from employer_identity.standing_tables import standing
from employer_identity.tabulation import NOTHING, decimals, interval, share, tabulate, whole
from employer_identity.terms import nouns

if TYPE_CHECKING:
    from employer_identity.fit import Fit
    from employer_identity.questionnaire import Instrument

__all__ = [
    "across",
    "agreement",
    "alignment",
    "associations",
    "checklist",
    "conclusions",
    "contrasts",
    "dmacs",
    "drivers",
    "facts",
    "fit_measures",
    "group_scores",
    "items",
    "ladder",
    "latent_correlations",
    "latent_means",
    "league",
    "levels",
    "loadings",
    "margins",
    "market",
    "models",
    "outcomes",
    "raking",
    "ranking",
    "releases",
    "reliability",
    "sensitivity",
    "shrunken",
    "standing",
    "stay",
    "switching",
    "verdicts",
    "weighting",
    "worst",
]


def margins(shown: pd.DataFrame, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Who answered: each grouping with its categories; `shown` comes from `privacy`."""
    rows = [
        {
            "grouping": instrument.label(r.grouping, language),
            "category": instrument.value_label(r.grouping, r.category, language)
            if r.category
            else say("tables.margins.unknown", language),
            "n": whole(r.n, language),
            "share": share(r.share, language),
        }
        for r in shown.itertuples()
    ]
    facts = Teller(instrument).margins(shown)
    return tabulate("margins", rows, language, facts, groups="grouping")


def levels(
    levels: pd.DataFrame,
    reliability: pd.DataFrame,
    instrument: Instrument,
    *,
    language: Language = "en",
) -> Shown:
    """Mean scores with their intervals, and how reliable the scores are."""
    facts = Teller(instrument).levels(levels)
    rows = [
        {
            "pillar": instrument.label(r.pillar, language),
            "n": whole(r.n, language),
            "mean": number(r.mean, ".2f", language),
            "interval": interval(r.ci_lower, r.ci_upper, language),
            "sd": number(r.sd, ".2f", language),
            "omega": number(r.omega, ".2f", language),
        }
        for r in levels.merge(reliability, left_on="pillar", right_on="factor").itertuples()
    ]
    return tabulate("levels", rows, language, facts, nouns(instrument, language))


def group_scores(
    frame: pd.DataFrame, instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """Mean scores by group; `frame` comes from `suppression.withhold_groups`.

    A pillar whose scores do not mean the same in every group has no numbers, but says so.
    """
    rows = []
    for pillar, own in frame.groupby("pillar", sort=False):
        name = {"pillar": instrument.label(str(pillar), language)}
        if not own["comparable"].any():
            text = say("tables.not_comparable", language)
            rows.append({**name, "group": text, "n": "", "mean": "", "interval": ""})
            continue
        for r in own.itertuples():
            numbers = {"n": whole(r.n, language), "mean": decimals(r.mean, ".2f", language)}
            numbers["interval"] = interval(r.ci_lower, r.ci_upper, language)
            label = instrument.value_label(r.column, r.group, language)
            rows.append({**name, "group": label, **numbers})
    facts = Teller(instrument).groups(frame)
    return tabulate("group_scores", rows, language, facts, nouns(instrument, language), "pillar")


def weighting(frame: pd.DataFrame, instrument: Instrument, *, language: Language = "en") -> Shown:
    """Mean scores with weights and without, side by side."""
    rows = [
        {
            "pillar": instrument.label(r.pillar, language),
            "n": whole(r.n, language),
            "weighted": decimals(r.weighted, ".2f", language),
            "unweighted": decimals(r.unweighted, ".2f", language),
            "difference": decimals(r.difference, "+z.2f", language),
        }
        for r in frame.itertuples()
    ]
    facts = Teller(instrument).weighting(frame)
    return tabulate("weighting", rows, language, facts, nouns(instrument, language))


def associations(
    frame: pd.DataFrame, instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """Correlations with the outcomes, with intervals and how many answered both."""
    rows = [
        {
            "outcome": instrument.label(r.outcome, language),
            "pillar": instrument.label(r.pillar, language),
            "r": number(r.r, ".2f", language),
            "interval": interval(r.ci_lower, r.ci_upper, language),
            "n": whole(r.n, language),
        }
        for r in frame.itertuples()
    ]
    facts, words = Teller(instrument).pairs(frame, "associations"), nouns(instrument, language)
    return tabulate("associations", rows, language, facts, words, groups="outcome")


def latent_means(
    means: pd.DataFrame,
    instrument: Instrument,
    group: str,
    counts: Mapping[str, int],
    *,
    minimum: int = MINIMUM,
    language: Language = "en",
) -> Shown:
    """Latent means by group, with their intervals and the difference in pooled SDs.

    Groups of fewer than `minimum` persons are left out.
    """
    check_asked(instrument, group=group)
    means = of_large_groups(means, counts, minimum)
    rows = [
        {
            "pillar": instrument.label(r.factor, language),
            "group": instrument.value_label(group, r.group, language),
            "n": whole(counts[r.group], language),
            "est": number(r.est, "z.2f", language),
            "interval": interval(r.ci_lower, r.ci_upper, language) if r.se > 0 else NOTHING,
            "d": number(r.d, "z.2f", language),
        }
        for r in means.itertuples()
    ]
    words = nouns(instrument, language)
    n = {g: counts[g] for g in means["group"].unique()}
    facts = Teller(instrument).sized(group, n, "latent_means")
    table = tabulate("latent_means", rows, language, facts, words, groups="pillar")
    return replace(table, caption=f"{table.caption} {stamp_of(means, language)}".strip())


def items(
    frame: pd.DataFrame, fit: Fit, instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """The items one by one: mean, spread, missing, highest answer, standardised loading."""
    own = fit.estimates.query("op == '=~'").drop_duplicates("rhs").set_index("rhs")["std_all"]
    rows = [
        {
            "pillar": instrument.label(r.pillar, language),
            "item": instrument.as_scored(r.item, instrument.wording(r.item, language), language),
            "mean": number(r.mean, ".2f", language),
            "sd": number(r.sd, ".2f", language),
            "missing": share(r.missing, language),
            "ceiling": share(r.ceiling, language),
            "agree": share(r.agree, language),
            "loading": number(own[r.item], ".2f", language),
        }
        for r in frame.itertuples()
    ]
    facts = Teller(instrument).items(frame, brand.agreed(instrument.scale))
    words = _ends(instrument) | nouns(instrument, language)
    return tabulate("items", rows, language, facts, words, groups="pillar")


def _ends(instrument: Instrument) -> dict[str, object]:
    """The highest answer and the answers that agree, as words for heads and captions."""
    scale = instrument.scale
    return {"maximum": scale.maximum, "agree": brand.agreement(scale)}


def outcomes(frame: pd.DataFrame, instrument: Instrument, *, language: Language = "en") -> Shown:
    """The outcomes one by one: mean with its interval, spread, missing, highest answers."""
    rows = [
        {
            "outcome": instrument.scored_label(r.outcome, language),
            "n": whole(r.n, language),
            "mean": number(r.mean, ".2f", language),
            "interval": interval(r.ci_lower, r.ci_upper, language),
            "sd": number(r.sd, ".2f", language),
            "missing": share(r.missing, language),
            "agree": share(r.agree, language),
        }
        for r in frame.itertuples()
    ]
    facts = Teller(instrument).outcomes(frame, brand.agreed(instrument.scale))
    return tabulate("outcomes", rows, language, facts, _ends(instrument))


class Side(NamedTuple):
    """What is compared in the table of sensitivity: the results of one choice of respondents."""

    n: int
    levels: pd.DataFrame
    reliability: pd.DataFrame
    fit: Fit


def sensitivity(
    everybody: Side, others: Side, instrument: Instrument, *, language: Language = "en"
) -> Shown:
    """Levels, reliability, overlap and fit with and without some of the respondents."""
    one, other = (_side(s, instrument, language) for s in (everybody, others))
    rows = [
        {"kind": say(f"tables.sensitivity.{kind}", language), "measure": name, "with": value}
        | {"without": other[kind, name]}
        for (kind, name), value in one.items()
    ]
    facts = _of_sides(everybody, others, Teller(instrument))
    return tabulate("sensitivity", rows, language, facts, groups="kind")


def _of_sides(everybody: Side, others: Side, teller: Teller) -> Iterator[Fact]:
    """State the numbers and means of everybody, and of those who did not answer all alike."""
    for side, scope in ((everybody, teller.everybody), (others, teller.others)):
        yield teller.number(scope, "count", side.n, element="sensitivity")
        for r in side.levels.itertuples():
            yield teller.mean(scope, r.pillar, r.mean, "sensitivity")


def _side(side: Side, instrument: Instrument, language: Language) -> dict[tuple[str, str], str]:
    """Write one column of the table of sensitivity: (kind, measure) -> number."""
    own: dict[tuple[str, str], str] = {}
    own["people", say("tables.sensitivity.respondents", language)] = whole(side.n, language)
    for r in side.levels.itertuples():
        own["mean", instrument.label(r.pillar, language)] = number(r.mean, ".2f", language)
    for r in side.reliability.itertuples():
        own["omega", instrument.label(r.factor, language)] = number(r.omega, ".2f", language)
    for r in side.fit.latent_correlations.itertuples():
        pair = [instrument.label(f, language) for f in (r.factor_1, r.factor_2)]
        own["r", listing(pair, language)] = number(r.est, ".2f", language)
    for index in ("cfi", "rmsea", "srmr"):
        value = decimals(side.fit.reported[index], ".3f", language)
        own["fit", say(f"tables.measure.{index}", language).split(" ")[0]] = value
    return own


def checklist(rows: Iterable[tuple[str, str]], *, language: Language = "en") -> Shown:
    """What is asked of every study's data, with the answer."""
    return tabulate("checklist", [{"name": n, "value": v} for n, v in rows], language, ())


def facts(rows: Iterable[tuple[str, str]], *, language: Language = "en") -> Shown:
    """Names with their values: parameters, hashes, versions."""
    return tabulate("facts", [{"name": n, "value": v} for n, v in rows], language, ())


for _name in __all__:
    globals()[_name] = checked(ReportError, room="tables")(globals()[_name])
