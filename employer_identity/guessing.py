"""From the columns of an unknown survey to a guess at its questionnaire."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from employer_identity.bands import Band, bands_of
from employer_identity.clusters import Matrix, closer, gather, keyed
from employer_identity.consistency import is_model_name
from employer_identity.intake.raw import Raw
from employer_identity.profiles import GROUPS, MANY, WORDS, Profile, profiles, without_accents
from employer_identity.questionnaire import Special
from employer_identity.ratings import Ratings, find_ratings, is_generic, stem
from employer_identity.special import special_category

ENOUGH_ROWS = 50_000  # rows that correlations are taken from, drawn where there are more
LARGE = 15  # questions with one stem beyond which the stem says no more than "question"
WEAK_PAIR = 0.3  # two questions with one stem that correlate less are no scale
UNCLEAR = 0.1  # a loading nearer to zero says nothing of the direction
LONG = 20  # characters; from a longer column's name no name for a model is made
MARKS = 7  # codes in a row from which a column holds marks rather than groups
SMALL_GROUP = 50  # persons; groupings with a smaller group come after the others


@dataclass(frozen=True)
class GuessedItem:
    """A question of a scale: its loading there, and the scale it goes with more, if any."""

    column: Profile
    loading: float
    closer_to: str = ""

    @property
    def reverse(self) -> bool:
        """Whether it is worded against the other questions of its scale."""
        return self.loading < 0

    @property
    def is_unclear(self) -> bool:
        """Whether the answers do not tell its direction."""
        return abs(self.loading) < UNCLEAR


@dataclass(frozen=True)
class GuessedScale:
    """Questions that belong together; by their names, or else by their answers."""

    key: str
    items: tuple[GuessedItem, ...]
    alpha: float
    by_name: bool


@dataclass(frozen=True)
class GuessedGrouping:
    """A column that divides the respondents; with `bands`, one made from the numbers of it."""

    column: Profile
    name: str
    bands: Mapping[str, Band] = field(default_factory=dict)
    special: Special | None = None


@dataclass(frozen=True)
class LeftOut:
    """A column that has no place in the guess, and why: the last part of a sentence's key."""

    name: str
    reason: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Guess:
    """A questionnaire as its answers suggest it.

    Attributes
    ----------
    rows, width
        Number of respondents and of columns.
    ratings
        The answer scale and the columns on it.
    names
        Rated column -> its name in a model: its own, where that may stand there.
    scales
        The pillars.
    outcomes
        Questions on the same scale that stand alone.
    groupings
        What respondents can be divided by; special categories of personal data are marked.
    roles
        ``employer``, ``sector``, ``weight``, ``cluster``, ``respondent``, ``wave``, ``date`` and
        ``duration`` -> the column.
    left_out
        Every other column.
    """

    rows: int
    width: int
    ratings: Ratings
    names: Mapping[str, str]
    scales: tuple[GuessedScale, ...]
    outcomes: tuple[Profile, ...]
    groupings: tuple[GuessedGrouping, ...]
    roles: Mapping[str, Profile]
    left_out: tuple[LeftOut, ...]


def guess(raw: Raw) -> Guess | None:
    """Guess the questionnaire of a survey; None where no scale can be found in it."""
    columns = profiles(raw)
    ratings = find_ratings(columns)
    if ratings is None:
        return None
    twins = dict(_twins(ratings.columns))
    rated = [c for c in ratings.columns if c.name not in twins]
    names = _model_names(rated, columns)
    scales = _scales(rated, ratings, {*names.values()})
    if not scales or (len(scales) == 1 and len(scales[0].items) < 3):
        return None
    asked = {i.column.name for scale in scales for i in scale.items}
    outcomes = tuple(c for c in rated if c.name not in asked)
    questions = {c.name for c in ratings.columns}
    rest = [c for c in columns if c.name not in questions]
    roles = _roles(rest)
    taken = {c.name for c in roles.values()}
    free = [c for c in rest if c.name not in taken]
    groupings = _groupings(free, ratings, {c.name for c in columns})
    used = {*questions, *taken, *(g.column.name for g in groupings)} - set(twins)
    left_out = tuple(_left_out(raw, columns, used, ratings, twins))
    width = raw.frame.shape[1]
    size = (len(raw.frame), width)
    return Guess(*size, ratings, names, scales, outcomes, groupings, roles, left_out)


def _model_names(rated: Sequence[Profile], columns: Sequence[Profile]) -> dict[str, str]:
    """Name every question as a model can: by its column, or by what is left of that name."""
    taken = {c.name for c in columns}
    names = {}
    for place, column in enumerate(rated, start=1):
        name = column.name
        if not is_model_name(name):
            parted = "_".join(re.findall(r"[A-Za-z0-9]+", without_accents(name)))
            name = parted if is_model_name(parted) and len(parted) <= LONG else f"q{place}"
            while name in taken:
                name += "_"
        taken.add(name)
        names[column.name] = name
    return names


# --- Scales


def _twins(columns: Sequence[Profile]) -> Iterator[tuple[str, str]]:
    """Columns with the same answers throughout as one before them."""
    first: dict[bytes, str] = {}
    for column in columns:
        if column.values is not None:
            twin = first.setdefault(column.values.tobytes(), column.name)
            if twin != column.name:
                yield column.name, twin


def _correlations(columns: Sequence[Profile], ratings: Ratings) -> Matrix:
    """Correlate pairs of questions over the respondents who answered both; 0 where none did."""
    frame = pd.DataFrame({c.name: c.values for c in columns})
    if len(frame) > ENOUGH_ROWS:
        drawn = np.random.default_rng(1).choice(len(frame), ENOUGH_ROWS, replace=False)
        frame = frame.iloc[np.sort(drawn)]
    frame = frame.where((frame >= ratings.minimum) & (frame <= ratings.maximum))
    found: Matrix = frame.corr(min_periods=3).fillna(0).to_numpy(copy=True)
    np.fill_diagonal(found, 1)
    return found


def _scales(
    rated: Sequence[Profile], ratings: Ratings, taken: set[str]
) -> tuple[GuessedScale, ...]:
    """Gather questions by their names, and by their answers where names do not tell."""
    r = _correlations(rated, ratings)
    found = _by_name(rated, r)
    named = {i for members in found.values() for i in members}
    pool = [i for i in range(len(rated)) if i not in named]
    by_answers: list[list[int]] = []
    if len(pool) >= 3 and (not found or any(is_generic(stem(rated[i].name)) for i in pool)):
        answered = int(np.median([rated[i].n for i in pool]))
        n = min(answered, ENOUGH_ROWS)
        by_answers = [[pool[i] for i in s] for s in gather(r[np.ix_(pool, pool)], n)]
    members = [*found.values(), *by_answers]
    keys = _free_keys([*found, *[f"scale_{k + 1}" for k in range(len(by_answers))]], taken)
    fits = [keyed(r, m) for m in members]
    signs = np.ones(len(rated))
    for m, fit in zip(members, fits, strict=True):
        signs[m] = np.where(np.array(fit.loadings) < 0, -1, 1)
    nearer = closer(r, members, signs)
    return tuple(
        GuessedScale(
            key,
            tuple(
                GuessedItem(rated[i], loading, keys[nearer[i]] if i in nearer else "")
                for i, loading in zip(m, fit.loadings, strict=True)
            ),
            fit.alpha,
            place < len(found),
        )
        for place, (key, m, fit) in enumerate(zip(keys, members, fits, strict=True))
    )


def _by_name(rated: Sequence[Profile], r: Matrix) -> dict[str, list[int]]:
    """Gather questions with one telling stem; two need to go together to be a scale."""
    families: dict[str, list[int]] = defaultdict(list)
    for i, column in enumerate(rated):
        families[stem(column.name)].append(i)
    return {
        shared: members
        for shared, members in families.items()
        if not is_generic(shared)
        and 2 <= len(members) <= LARGE
        and (len(members) > 2 or abs(r[members[0], members[1]]) >= WEAK_PAIR)
    }


def _free_keys(wanted: Sequence[str], names: set[str]) -> list[str]:
    """Make keys that may stand in a model and are not names of questions as well."""
    taken, keys = {*names}, list[str]()
    for name in wanted:
        key = re.sub(r"[^A-Za-z0-9_.]+", "_", without_accents(name)).strip("._")
        key = key if is_model_name(key) else f"scale_{key}"
        while key in taken:
            key += "_scale"
        taken.add(key)
        keys.append(key)
    return keys


# --- Columns that are no questions


def _roles(columns: Sequence[Profile]) -> dict[str, Profile]:
    """Find at most one column for each role, by its name and what it holds."""
    holds: dict[str, Callable[[Profile], bool]] = {
        "respondent": lambda c: c.is_unique,
        "employer": lambda c: c.is_many_groups or c.is_grouping,
        "sector": lambda c: c.is_many_groups or c.is_grouping,
        "weight": _is_weight,
        "cluster": lambda c: c.is_many_groups,
        "date": lambda c: c.is_date,
        "duration": lambda c: len(c.counts) > 12 and 5 <= c.median() <= 50_000,
        "wave": lambda c: 2 <= len(c.counts) <= 10 and c.n == c.rows and c.is_grouping,
    }
    found: dict[str, Profile] = {}
    for role, fits in holds.items():
        fitting = [c for c in columns if c.says(WORDS[role]) and fits(c)]
        if role == "wave":
            fitting += [c for c in columns if c.says(WORDS["year"]) and _is_years(c)]
        fitting = [c for c in fitting if c not in found.values()]
        if fitting:
            found[role] = fitting[0]
    return found


def _is_weight(column: Profile) -> bool:
    if column.values is None or column.is_whole or column.n < column.rows:
        return False
    return bool((column.values >= 0).all()) and 0.5 <= column.mean() <= 2


def _is_years(column: Profile) -> bool:
    """Tell whether a column holds a few calendar years, as that of the wave does."""
    codes = column.codes
    return 2 <= len(codes) <= 10 and column.n == column.rows and all(1950 < c < 2100 for c in codes)


def _groupings(
    columns: Sequence[Profile], ratings: Ratings, names: set[str]
) -> tuple[GuessedGrouping, ...]:
    """Columns of a few values, and bands of age or year of birth; small groups come last."""
    ticked = _ticked(columns)
    rated = {c.name for c in columns if _is_rating(c)}
    found = []
    for column in columns:
        values = [*column.counts, *column.labels.values()] if column.is_grouping else []
        special = special_category([column.name, column.text], values)
        if column.is_grouping and column.name not in {*ratings.others, *ticked, *rated}:
            found.append(GuessedGrouping(column, column.name, special=special))
        elif bands := bands_of(column):
            name = f"{column.name if is_model_name(column.name) else 'age'}_band"
            while name in names:
                name += "_"
            found.append(GuessedGrouping(column, name, bands))
    return tuple(sorted(found, key=_comes_late))


def _comes_late(grouping: GuessedGrouping) -> tuple[bool, bool]:
    """Put sensitive groupings last, and before them those with a small group."""
    small = not grouping.bands and min(grouping.column.counts.values()) < SMALL_GROUP
    return grouping.special is not None, small


def _is_rating(column: Profile) -> bool:
    """Tell whether codes without labels look more like marks, such as 0 to 10, than like groups."""
    codes = list(column.codes)
    unbroken = len(codes) >= MARKS and codes[-1] - codes[0] == len(codes) - 1
    return unbroken and not column.labels and not column.says(GROUPS)


def _ticked(columns: Sequence[Profile]) -> set[str]:
    """Columns of questions with several answers: one a possible answer, ticked or not."""
    families = Counter(stem(c.name) for c in columns if len(c.counts) <= 2)
    return {
        c.name
        for c in columns
        if len(c.counts) <= 2 and families[stem(c.name)] > 2 and not c.says(GROUPS)
    }


def _left_out(
    raw: Raw,
    columns: Sequence[Profile],
    used: set[str],
    ratings: Ratings,
    twins: Mapping[str, str],
) -> Iterator[LeftOut]:
    """Say of every column without a place why it has none."""
    known, ticked = {c.name: c for c in columns}, _ticked(columns)
    for name in dict.fromkeys(str(c) for c in raw.frame.columns):
        column = known.get(name)
        if name in used:
            continue
        if column is None:
            reason = "twice" if name.strip() else "nameless"
            yield LeftOut(name, reason)
        elif name in twins:
            yield LeftOut(name, "twin", {"other": twins[name]})
        elif name in ratings.others:
            low, high = ratings.others[name]
            yield LeftOut(name, "other_scale", {"low": low, "high": high})
        elif _is_rating(column) and len(column.codes) <= MANY:
            low, high = min(column.codes), max(column.codes)
            yield LeftOut(name, "other_scale", {"low": low, "high": high})
        elif name in ticked:
            yield LeftOut(name, "ticked")
        else:
            yield LeftOut(name, _reason(column), {"n": len(column.counts)})


def _reason(column: Profile) -> str:
    """Say what a column is that is neither question, grouping nor one of the roles."""
    if len(column.counts) < 2:
        return "constant" if column.counts else "empty"
    if column.is_unique:
        return "unique"
    if column.is_date:
        return "date"
    return "text" if column.values is None else "number"
