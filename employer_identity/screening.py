"""Doubts about a whole survey: how people answered, who is in it, and what they weigh.

Each check is a function of what was read that returns warnings; `CHECKS` lists them all. A check is
silent on decent data: its threshold stands above it, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.answers import Flags, Values
from employer_identity.columns import doubts, rows_problem, shown
from employer_identity.errors import Problem
from employer_identity.intake.raw import Raw
from employer_identity.questionnaire import Instrument
from employer_identity.spelling import usual_spellings

BLANK = np.iinfo(np.int16).min  # no answer, among whole numbers


@dataclass(frozen=True)
class Seen:
    """What the checks look at.

    Attributes
    ----------
    answers
        Columns that could be read, of respondents with an answer; the index is the row's position.
    instrument
        The questionnaire.
    raw
        Where the rows came from.
    """

    answers: pd.DataFrame
    instrument: Instrument
    raw: Raw

    @cached_property
    def items(self) -> tuple[str, ...]:
        """Names of the items that could be read."""
        return tuple(i for i in self.instrument.item_names if i in self.answers)

    @cached_property
    def ticked(self) -> NDArray[np.int16]:
        """Answers to the items before any was turned, BLANK where there are none: n x items."""
        scale = self.instrument.scale
        turned = {i.name for i in self.instrument.items if i.reverse}
        ticked = np.full((len(self.answers), len(self.items)), BLANK, dtype=np.int16)
        for k, name in enumerate(self.items):
            values = self.answers[name].to_numpy(dtype=float, na_value=np.nan)
            values = scale.minimum + scale.maximum - values if name in turned else values
            given = ~np.isnan(values)
            ticked[given, k] = values[given]
        return ticked

    @cached_property
    def groupings(self) -> dict[str, pd.Categorical]:
        """Groupings and the wave, as far as they could be read or made."""
        columns = [g.column for g in self.instrument.groupings]
        columns += [self.instrument.wave] if self.instrument.wave else []
        return {c: self.answers[c].array for c in columns if c in self.answers}

    def role(self, column: str | None) -> pd.Series | None:
        """Return a column that the instrument names for a role, if it is there."""
        return self.answers[column] if column is not None and column in self.answers else None


def screen(seen: Seen) -> list[Problem]:
    """Return all doubts about a survey, in the order of `CHECKS`."""
    return [problem for check in CHECKS for problem in check(seen)] if len(seen.answers) else []


def _warning(code: str, where: str, count: int, **values: object) -> Problem:
    return Problem(code, where, count, values, "warning")


# --- Answers to the items: keyed the wrong way, skipped, given without reading

AGAINST = -0.10  # a correlation with the rest of the pillar below this runs against it ...
CERTAIN = -4.0  # ... if it is this many standard errors below zero: chance in 1 of 30,000 items


def turned_items(seen: Seen) -> Iterator[Problem]:
    """Items that run against their pillar after turning what the instrument says is reversed."""
    reverse = {i.name: i.reverse for i in seen.instrument.items}
    for pillar, names in seen.instrument.factors.items():
        items = [i for i in names if i in seen.items]
        if len(items) < 2:
            continue
        for name, r in _against(seen.answers[items].astype(float)).items():
            remedy = "reverse = false" if reverse[name] else "reverse = true"
            yield _warning("survey.item_turned", name, 1, pillar=pillar, r=r, remedy=remedy)


def _against(answers: pd.DataFrame) -> dict[str, float]:
    """Turn items until all run with the rest; return those turned, with their correlations."""
    n = int(answers.notna().sum().min())
    deviations = (answers - answers.mean()).fillna(0.0).to_numpy()
    spread = np.sqrt((deviations**2).sum(axis=0))
    spread[spread == 0] = np.inf
    r = (deviations.T @ deviations) / np.outer(spread, spread)
    sign, found = np.ones(len(r)), dict[str, float]()
    while len(found) <= len(r) // 2:
        rest = _with_rest(r * np.outer(sign, sign))
        worst = int(rest.argmin())
        name, lowest = answers.columns[worst], float(rest[worst])
        doubtful = lowest > AGAINST or np.arctanh(max(lowest, -0.999)) * np.sqrt(n) > CERTAIN
        if doubtful or name in found:
            break
        sign[worst], found[name] = -1, lowest
    return found


def _with_rest(r: Values) -> Values:
    """Correlations of each item with the sum of the standardised others."""
    own = np.diag(r)
    with_others = r.sum(axis=1) - own
    others = r.sum() - 2 * with_others - own
    correlations: Values = with_others / np.sqrt(np.maximum(others, 1e-12))
    return correlations


MISSING_ITEM = 0.20  # an item skipped by more persons than this loses much of its information ...
ABOVE_OTHERS, FEW = 0.10, 10  # ... and so much above the median item, by more than a few persons


def missing_items(seen: Seen) -> Iterator[Problem]:
    """Items that many did not answer."""
    share = (seen.ticked == BLANK).mean(axis=0)
    usual = float(np.median(share)) if len(share) else 0.0
    limit = min(MISSING_ITEM, usual + max(ABOVE_OTHERS, FEW / len(seen.answers)))
    many = {name: s for name, s in zip(seen.items, share, strict=True) if s > limit}
    if many:
        worst = float(max(many.values()))
        yield _warning("survey.missing_items", shown(many), len(many), share=worst, usual=usual)


MISSING_GROUP = 0.15  # a group that skips so much more than the rest is another kind of sample
GROUP = 30  # persons of whom a share is worth comparing


def missing_groups(seen: Seen) -> Iterator[Problem]:
    """Groups that skipped many more items than the rest did."""
    skipped = (seen.ticked == BLANK).mean(axis=1) if seen.items else np.zeros(len(seen.answers))
    for column, groups in seen.groupings.items():
        n = np.bincount(groups.codes + 1, minlength=len(groups.categories) + 1)
        total = np.bincount(groups.codes + 1, skipped, minlength=len(n))
        with np.errstate(invalid="ignore", divide="ignore"):
            more = total / n - (total.sum() - total) / (n.sum() - n)
        many = (more > MISSING_GROUP) & (n >= GROUP)
        named = [str(groups.categories[k - 1]) for k in np.flatnonzero(many) if k]
        if named:
            share = float((total / np.maximum(n, 1))[1:].max(where=many[1:], initial=0))
            yield _warning(
                "survey.missing_groups", column, len(named), groups=shown(named), share=share
            )


LINE, LINE_ITEMS = 0.10, 8  # of so many items the same answer to all is rarely meant


def straight_lining(seen: Seen) -> Iterator[Problem]:
    """Respondents who ticked the same answer to every item."""
    ticked = seen.ticked
    if len(seen.items) < LINE_ITEMS:
        return
    low, high = ticked.min(axis=1), ticked.max(axis=1)
    whole, same = low != BLANK, (low == high) & (low != BLANK)
    share = same.sum() / max(whole.sum(), 1)
    if share >= LINE:
        told = {"share": float(share), "items": len(seen.items)}
        yield _warning("survey.straight_lining", shown(seen.items), int(same.sum()), **told)


FAST, SECONDS = 1 / 3, 2  # of the median duration; an item: nobody reads a statement faster


def speeding(seen: Seen) -> Iterator[Problem]:
    """Respondents who were faster than one can read."""
    seconds = seen.role(seen.instrument.duration)
    if seconds is None or not seconds.notna().any():
        return
    where, median = str(seconds.name), float(seconds.median())
    least = SECONDS * len(seen.items)
    if median < least:
        yield _warning(
            "survey.not_in_seconds", where, len(seconds), median=median, items=len(seen.items)
        )
    elif n := int((seconds < max(median * FAST, least)).sum()):
        limit = round(max(median * FAST, least))
        yield _warning(
            "survey.speeding", where, n, limit=limit, share=n / int(seconds.notna().sum())
        )


REPEATED = 12  # answers that must agree before rows are called the same
UNLIKELY = 0.001  # a row counts if fewer twins than this were to be expected of it ...
TWINS, SPARE = 3, 4
"""... and they are told if so many times the number that chance gives have one, and a few more."""


def repeated_rows(seen: Seen) -> Iterator[Problem]:
    """Rows with the same answers to every question, where that is no coincidence.

    How probable a row is follows from how often each answer comes after the one before it. Rows
    that are likely to have a twin among n respondents, such as all answers alike, do not count.
    """
    asked = (*seen.instrument.item_names, *seen.instrument.outcome_names)
    answers = seen.answers[[q for q in asked if q in seen.answers]]
    if answers.shape[1] < REPEATED:
        return
    expected = np.exp(_log_probability(answers)) * len(answers)
    rare = (expected < UNLIKELY) & (answers.notna().sum(axis=1) >= REPEATED).to_numpy()
    twins = pd.util.hash_pandas_object(answers, index=False).duplicated(keep=False).to_numpy()
    found = answers.index[rare & twins]
    if len(found) >= TWINS * expected[rare].sum() + SPARE:
        rows = np.zeros(len(seen.raw.frame), dtype=bool)
        rows[found] = True
        yield from doubts(rows_problem("survey.repeated_rows", seen.raw.name, rows, seen.raw))


def _log_probability(answers: pd.DataFrame) -> Values:
    """Log-probability of rows, each answer given the one before; to repeat that one costs nothing.

    Who repeats one answer tends to go on, so that such rows would seem less probable than they are.
    """
    n = len(answers)
    found, before, width = np.zeros(n), np.zeros(n, dtype=np.intp), 1
    last = np.full(n, np.nan)
    for name in answers:
        codes, values = pd.factorize(answers[name], use_na_sentinel=False)
        pairs = before * len(values) + codes
        together = np.bincount(pairs, minlength=width * len(values)).reshape(width, -1)
        with np.errstate(divide="ignore"):  # pairs that do not occur are not looked up
            share = np.log(together / together.sum(axis=1, keepdims=True))
        given = answers[name].to_numpy(dtype=float, na_value=np.nan)
        found += np.where((given == last) | np.isnan(given), 0.0, share.ravel()[pairs])
        before, width, last = codes, len(values), given
    return found


# --- Groups: too small, empty, without a category that others use


SMALL = 5  # a group of fewer persons is too small to be described or compared
KEYS = 12  # up to so many groups, few people are simply few


def small_groups(seen: Seen) -> Iterator[Problem]:
    """Groups too small to be shown, by wave: reports are about one. Their size is not told."""
    waves = _by_wave(seen)
    for column, groups in _divided(seen).items():
        by_wave = {w: groups[rows].value_counts() for w, rows in waves.items()}
        few = {w: int(((n > 0) & (n < SMALL)).sum()) for w, n in by_wave.items()}
        most = max(few.values(), default=0)
        named = ", ".join(f"{w} ({n})" for w, n in few.items() if n)
        if most and len(few) > 1:
            code = "survey.small_groups_in_waves"
            yield _warning(code, column, most, minimum=SMALL, waves=named)
        elif most:
            yield _warning("survey.small_groups", column, most, minimum=SMALL)


def _by_wave(seen: Seen) -> dict[str, Flags]:
    """Return who answered in each wave (n,); everybody where there are none."""
    waves = seen.groupings.get(seen.instrument.wave or "")
    if waves is None or not len(waves.categories):
        return {"": np.ones(len(seen.answers), dtype=bool)}
    return {str(w): waves.codes == k for k, w in enumerate(waves.categories)}


def _divided(seen: Seen) -> dict[str, pd.Categorical]:
    """Return the groupings, without those that give nearly everybody a group of their own."""
    columns = [g.column for g in seen.instrument.groupings]
    return {c: seen.groupings[c] for c in columns if c in seen.groupings and not _is_key(seen, c)}


def keys(seen: Seen) -> Iterator[Problem]:
    """Groupings with nearly as many values as people: these name somebody, and divide nobody."""
    for grouping in seen.instrument.groupings:
        if _is_key(seen, grouping.column):
            n = len(seen.groupings[grouping.column].categories)
            yield _warning("survey.grouping_is_key", grouping.column, n, people=len(seen.answers))


def _is_key(seen: Seen, column: str) -> bool:
    groups = seen.groupings.get(column)
    return groups is not None and len(groups.categories) > max(KEYS, len(seen.answers) / 2)


def unused_categories(seen: Seen) -> Iterator[Problem]:
    """Groups that the instrument lists and nobody is in."""
    for grouping in seen.instrument.groupings:
        groups = seen.groupings.get(grouping.column)
        if groups is None or grouping.merge or grouping.merge_below:
            continue
        listed = grouping.order or tuple(grouping.bands)
        unused = [name for name in listed if name not in groups.categories]
        if unused:
            yield _warning(
                "survey.unused_category", grouping.column, len(unused), unused=shown(unused)
            )


USED, EXPECTED = 0.10, 12
"""An answer that one in ten of the others gave, so that twelve of a group were to be expected to:
that nobody did has then a chance below 1 in 100,000."""


def unused_answers(seen: Seen) -> Iterator[Problem]:
    """Answers that others often gave to an item, and a whole group never: no thresholds there."""
    scale = seen.instrument.scale
    width = scale.maximum - scale.minimum + 2  # the first place of each group is for blanks
    places = np.where(seen.ticked == BLANK, 0, seen.ticked - scale.minimum + 1).T
    for column, groups in seen.groupings.items():
        cells, start = 0, (groups.codes.astype(np.intp) + 1) * width
        for place in places:
            table = np.bincount(start + place, minlength=(len(groups.categories) + 1) * width)
            table = table.reshape(-1, width)[1:, 1:]
            n = table.sum(axis=1, keepdims=True)
            others = (table.sum(axis=0) - table) / np.maximum(n.sum() - n, 1)
            often = (others >= USED) & (n >= GROUP) & (n * others >= EXPECTED)
            cells += int((often & (table == 0)).any(axis=1).sum())
        if cells:
            yield _warning("survey.unused_answers", column, cells)


# --- Weights and units

HEAVY, EFFECT = 10, 3
"""Largest weight against the median one; Kish's design effect, by which weights cut the sample."""


def uneven_weights(seen: Seen) -> Iterator[Problem]:
    """Weights with which few respondents decide."""
    weights = seen.role(seen.instrument.weight)
    if weights is None or not weights.gt(0).any():
        return
    positive = weights[weights > 0]
    ratio = float(positive.max() / positive.median())
    effect = float(len(positive) * (positive**2).sum() / positive.sum() ** 2)
    if ratio > HEAVY or effect > EFFECT:
        told = {"ratio": ratio, "effect": effect, "effective": round(len(positive) / effect)}
        yield _warning("survey.uneven_weights", str(weights.name), len(positive), **told)


def employers_in_sectors(seen: Seen) -> Iterator[Problem]:
    """Employers whose people say that they work in different sectors."""
    employer, sector = seen.role(seen.instrument.employer), seen.role(seen.instrument.sector)
    if employer is None or sector is None:
        return
    same = usual_spellings(dict(sector.value_counts()))  # told already: no second sector
    codes = sector.cat.categories.get_indexer([same.get(s, s) for s in sector.cat.categories])
    pairs = pd.DataFrame({"employer": employer.cat.codes, "sector": sector.cat.codes})
    pairs = pairs[(pairs >= 0).all(axis=1)].drop_duplicates()
    pairs["sector"] = codes[pairs["sector"]]
    pairs = pairs.drop_duplicates()
    sectors = np.bincount(pairs["employer"], minlength=len(employer.cat.categories))
    if (several := sectors > 1).any():
        named = shown(map(str, employer.cat.categories[several]))
        where = f"{employer.name}, {sector.name}"
        yield _warning("survey.employers_in_sectors", where, int(several.sum()), employers=named)


CHECKS: tuple[Callable[[Seen], Iterator[Problem]], ...] = (
    turned_items,
    missing_items,
    missing_groups,
    straight_lining,
    speeding,
    repeated_rows,
    keys,
    small_groups,
    unused_categories,
    unused_answers,
    uneven_weights,
    employers_in_sectors,
)
