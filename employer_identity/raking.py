"""Raking: weights that make respondents look like the population in several ways at once.

A margin is how the population divides, by gender say. In turn each margin's categories are scaled
to it, and again, until all margins hold (iterative proportional fitting; Deming & Stephan 1940).
Our own, for what is told beside the weights: which categories cannot be served, how far trimming
breaks the margins, and what the weights cost. Checked against R's survey package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity import toml_text
from employer_identity.edge import checked
from employer_identity.errors import Problem, SurveyError
from employer_identity.language import listing, nearest, number, refusal, say
from employer_identity.showing import Grid, Showing, View, are_tellable
from employer_identity.survey import Survey
from employer_identity.weighing import design_effect, effective_n, weights

Margins = Mapping[str, Mapping[str, float]]
"""Column -> category -> share of the population, percentage, or number of people."""

COLUMN = "raked_weight"
TOLERANCE = 1e-8  # largest error of a margin, as a share
ROUNDS = 1000
TRIMS = 100
ADDS_UP = 0.005  # by which shares may miss 1, for they are printed rounded
NOT_STATED = ""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Raking(Showing):
    """Raked weights, and what is to be said of them.

    Attributes
    ----------
    weights
        One a respondent, mean 1.
    margins
        One row a category: margin, category ("" for not stated), n, target, before, after; shares.
    rounds
        How often all margins were gone through.
    cap
        Largest weight allowed, in medians; None where nothing was trimmed.
    trimmed
        Share of the respondents whose weight was cut.
    deff_untrimmed
        Kish's design effect before anything was cut.
    """

    weights: pd.Series[float]
    margins: pd.DataFrame
    rounds: int
    cap: float | None
    trimmed: float
    deff_untrimmed: float

    @property
    def error(self) -> float:
        """Largest difference between a margin and its target, as a share."""
        return float((self.margins["after"] - self.margins["target"]).abs().max())

    @property
    def deff(self) -> float:
        """Kish's design effect, n sum w^2 / (sum w)^2."""
        return design_effect(self.weights)

    @property
    def n_eff(self) -> float:
        """Effective number of respondents, (sum w)^2 / sum w^2; it ignores clusters."""
        return effective_n(self.weights)

    def of(self, survey: Survey) -> Survey:
        """Return the survey with these weights in place of its own."""
        answers = survey.answers.assign(**{COLUMN: self.weights})
        instrument = survey.instrument.model_copy(update={"weight": COLUMN})
        return replace(survey, answers=answers, instrument=instrument)

    def _view(self) -> View:
        names = listing(self.margins["margin"].drop_duplicates())
        words = {"names": names, "rounds": self.rounds, "error": self.error, "deff": self.deff}
        words |= {"n_eff": round(self.n_eff), "n": len(self.weights), "trimmed": self.trimmed}
        key = "raking.printed_trimmed" if self.cap else "raking.printed"
        title = say(key, **words, cap=number(self.cap or 0.0, "g"))
        return View(title, grid=self._shown())

    def _shown(self) -> Grid:
        """Write the margins; what was found only where no category is of few."""
        found = [] if are_tellable(self.margins["n"]) else ["n", "before"]
        return Grid.of(self.margins.drop(columns=found), names=2)


@checked(SurveyError)
def read_margins(path: str | Path) -> Margins:
    r"""Read margins from a TOML file: a table a column, a line a category.

    Raises
    ------
    SurveyError
        If the file cannot be read, or holds what is no number.

    Examples
    --------
    >>> Path("margins.toml").write_text("[gender]\nwoman = 0.51\nman = 0.49\n")
    >>> ei.rake(survey, ei.read_margins("margins.toml"))
    """
    where = Path(path).name
    try:
        raw = toml_text.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # decoding errors are ValueErrors
        code = "raking.no_file" if isinstance(error, OSError) else "raking.no_toml"
        raise refusal(SurveyError, [Problem(code, where)]) from None
    problems = [
        Problem("raking.no_table", where, values={"key": key})
        for key, table in raw.items()
        if not (isinstance(table, dict) and table and all(map(_is_number, table.values())))
    ]
    if problems or not raw:
        raise refusal(SurveyError, problems or [Problem("raking.empty_file", where)])
    return {column: {k: float(v) for k, v in table.items()} for column, table in raw.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@checked(SurveyError)
def rake(survey: Survey, margins: Margins, *, cap: float | None = None) -> Raking:
    """Weigh a survey to known margins of its population.

    Starts from the survey's own weights, if it declares any. Who did not state a margin's column
    keeps, with the others who did not, the share that they have.

    Parameters
    ----------
    survey
        Its columns are held against the margins.
    margins
        Column -> category -> share (adding to 1), percentage (to 100) or number of people.
    cap
        Largest weight, in medians of the weights (3.5 is customary). What is cut is given to the
        others and the margins are raked again; where both cannot be had the cap holds, and
        ``error`` says by how much the margins miss. None: nothing is cut.

    Returns
    -------
    Raking

    Raises
    ------
    SurveyError
        With all that is wrong: unknown columns and categories, categories without respondents or
        without a share, margins that do not add up, a cap of 1 or less; and if no weights satisfy
        the margins together.

    Notes
    -----
    Checked against ``rake`` of R's survey 4.1-1.

    Examples
    --------
    >>> raking = ei.rake(survey, {"gender": {"woman": 0.51, "man": 0.49}})
    >>> weighted = raking.of(survey)
    """
    _refuse(_problems(survey, margins, cap))
    start = weights(survey).to_numpy(dtype=float)
    coded = [_coded(survey, column, shares, start) for column, shares in margins.items()]
    raked, rounds = _fitted(start, coded)
    if rounds == ROUNDS:
        raise refusal(SurveyError, [Problem("raking.not_converged", listing(margins), ROUNDS)])
    found, cut = raked, np.zeros(len(raked), dtype=bool)
    if cap is not None:
        found, cut = _trimmed(raked, coded, cap)
    table = pd.concat(
        [_told(name, c, start, found) for name, c in zip(margins, coded, strict=True)],
        ignore_index=True,
    )
    scaled = pd.Series(found / found.mean(), index=survey.answers.index)
    own = design_effect(pd.Series(raked))
    return Raking(scaled, table, rounds, cap, float(cut.mean()), own)


@dataclass(frozen=True, eq=False)
class _Coded:
    """A margin with each respondent's category number, (n,), and targets that add to 1, (k,)."""

    categories: tuple[str, ...]
    codes: NDArray[np.intp]
    targets: Floats

    def shares(self, w: Floats) -> Floats:
        found: Floats = np.bincount(self.codes, w, len(self.targets)) / w.sum()
        return found


def _coded(survey: Survey, column: str, shares: Mapping[str, float], start: Floats) -> _Coded:
    stated = survey.answers[column].astype(object)
    names = (*shares, NOT_STATED) if stated.isna().any() else tuple(shares)
    texts = stated.where(stated.notna(), NOT_STATED).astype(str)
    codes = pd.Index(names).get_indexer(texts)
    targets = np.array(list(shares.values()), dtype=float)
    targets /= targets.sum()
    if len(names) > len(shares):
        silent = start[codes == len(shares)].sum() / start.sum()
        targets = np.append(targets * (1.0 - silent), silent)
    return _Coded(names, codes.astype(np.intp), targets)


def _fitted(start: Floats, margins: list[_Coded]) -> tuple[Floats, int]:
    """Go through the margins until all hold; return the weights and how often it took."""
    w = start / start.sum()
    for rounds in range(1, ROUNDS + 1):
        for m in margins:
            now = np.bincount(m.codes, w, len(m.targets))
            w = w * np.divide(m.targets, now, out=np.zeros_like(now), where=now > 0)[m.codes]
        if _error(w, margins) < TOLERANCE:
            return w, rounds
    return w, ROUNDS


def _error(w: Floats, margins: list[_Coded]) -> float:
    return float(max(np.abs(m.shares(w) - m.targets).max() for m in margins))


def _trimmed(w: Floats, margins: list[_Coded], cap: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Cut weights at a multiple of their median and rake again, until both hold or none moves."""
    cut = np.zeros(len(w), dtype=bool)
    for _ in range(TRIMS):
        limit = cap * np.median(w[w > 0])
        over = w > limit * (1 + TOLERANCE)
        cut |= over
        w = np.minimum(w, limit)
        if not over.any():
            break
        w, _ = _fitted(w, margins)
    return np.minimum(w, cap * np.median(w[w > 0])), cut


def _told(name: str, m: _Coded, start: Floats, found: Floats) -> pd.DataFrame:
    n = np.bincount(m.codes, minlength=len(m.targets))
    columns = {"margin": name, "category": m.categories, "n": n, "target": m.targets}
    return pd.DataFrame({**columns, "before": m.shares(start), "after": m.shares(found)})


# --- What cannot be raked


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise refusal(SurveyError, problems)


def _problems(survey: Survey, margins: Margins, cap: float | None) -> list[Problem]:
    found = [] if margins else [Problem("raking.no_margins")]
    if cap is not None and not cap > 1:
        found.append(Problem("raking.cap", values={"cap": cap}))
    own = weights(survey)
    if not own.notna().all() or not (own >= 0).all() or not (own > 0).any():
        found.append(Problem("raking.own_weights", str(survey.instrument.weight)))
    asked = {*survey.item_names, *survey.instrument.outcome_names}
    columns = [c for c in survey.answers if c not in asked]
    for column, shares in margins.items():
        if column not in survey.answers:
            near = {"near": nearest(column, columns), "known": listing(columns)}
            code = "raking.unknown_column_near" if near["near"] else "raking.unknown_column"
            found.append(Problem(code, column, values=near))
            continue
        found += _of_margin(survey, column, shares)
    return found


def _of_margin(survey: Survey, column: str, shares: Mapping[str, float]) -> list[Problem]:
    values = survey.answers[column].dropna().astype(str)
    people = values[weights(survey)[values.index] > 0].value_counts()
    found = []
    for category, target in shares.items():
        if not (np.isfinite(target) and target >= 0):
            found.append(Problem("raking.bad_target", column, values={"category": category}))
        elif category not in people and target > 0:
            near = nearest(category, [p for p in people.index if p not in shares])
            code = "raking.nobody_near" if near else "raking.nobody"
            found.append(Problem(code, column, values={"category": category, "near": near}))
        elif target == 0 and category in people:
            told = {"category": category}
            found.append(Problem("raking.zero", column, int(people[category]), told))
    meant = {p.values["near"] for p in found if "near" in p.values}
    if strangers := [str(n) for n in people.index if n not in shares and n not in meant]:
        told = {"categories": listing(strangers)}
        found.append(Problem("raking.without_target", column, len(strangers), told))
    total = sum(shares.values())
    is_share = abs(total - 1) <= ADDS_UP or abs(total - 100) <= 100 * ADDS_UP
    if not found and not is_share and total < survey.n:
        found.append(Problem("raking.not_adding", column, values={"total": total}))
    return found
