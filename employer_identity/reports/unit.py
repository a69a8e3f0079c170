"""One employer, or one group of people, among the others: what its report is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from employer_identity import privacy, weighing
from employer_identity.brand import UNKNOWN
from employer_identity.errors import Problem, ReportError
from employer_identity.ladder import Ladder
from employer_identity.language import Language, nearest, refusal, say
from employer_identity.loading import load_survey
from employer_identity.nesting import Kind
from employer_identity.questionnaire import Instrument
from employer_identity.reports.parameters import floor_problems
from employer_identity.reports.places import sample
from employer_identity.reports.prepared import Prepared, open_prepared, prepare
from employer_identity.reports.settling import unit_columns
from employer_identity.reports.snapshot import SUFFIX, read_snapshot
from employer_identity.reports.study import Study
from employer_identity.reports.wording import speaking
from employer_identity.standing import Reference, standing, standing_out
from employer_identity.suppression import Suppression
from employer_identity.survey import Survey
from employer_identity.terms import own_words

REFERENCES: tuple[Reference, ...] = ("sector", "whole")
"""With whom a unit is compared, the nearest first."""
NAMED = 10
"""Units that a refusal names at most."""


@dataclass(frozen=True)
class UnitStudy:
    """What a report on one unit is about.

    Parameters
    ----------
    prepared
        The survey, and what all reports on its units share.
    column
        The column that says who is in which unit: the employer's, the sector's or a grouping.
    unit
        One of its values; `unit_problems` has nothing against it.
    language
        Language of all words.
    minimum_n
        Smallest number of persons that is shown.
    """

    prepared: Prepared
    column: str
    unit: str
    language: Language
    minimum_n: int = privacy.MINIMUM

    @property
    def survey(self) -> Survey:
        """The answers of everybody."""
        return self.prepared.survey

    @property
    def instrument(self) -> Instrument:
        """The questionnaire."""
        return self.survey.instrument

    @property
    def pillars(self) -> tuple[str, ...]:
        """Keys of the pillars."""
        return tuple(self.instrument.factors)

    @property
    def wave(self) -> str:
        """The wave that is reported; empty for all."""
        return self.prepared.wave

    @property
    def is_employer(self) -> bool:
        """Whether the unit is an employer, and not another group of people."""
        return self.column == self.instrument.employer

    @property
    def kind(self) -> str:
        """Which sentences fit: ``employer`` or ``group``."""
        return "employer" if self.is_employer else "group"

    @property
    def name(self) -> str:
        """The unit as readers know it."""
        return self.instrument.value_label(self.column, self.unit, self.language)

    def say(self, key: str, **values: object) -> str:
        """Say a sentence of the report with the questionnaire's and the unit's own words."""
        words = own_words(self.instrument, self.language)
        words["unit"] = self.name
        words["column"] = self.instrument.label(self.column, self.language).lower()
        words["border"] = self.instrument.label(self.border, self.language).lower()
        words["people"] = say(f"unit.people.{self.kind}", self.language)
        return say(f"unit.{key}", self.language, **(words | values))

    # --- Who is compared with whom

    @property
    def border(self) -> str:
        """The column across which the whole is compared: the sector's, or the unit's own."""
        return (self.instrument.sector or "") if self.is_employer else self.column

    @cached_property
    def whole(self) -> Study:
        """The study of everybody, by the column across which the whole is compared."""
        p = self.prepared
        tested = self.border if isinstance(p.ladders.get(self.border), Ladder) else ""
        alone = replace(p, treatments={})  # what it says does not hang on what else is made
        return Study(p.survey, tested, self.language, self.minimum_n, p.wave, p.waves, alone)

    @property
    def is_refused(self) -> bool:
        """Whether no score was seen to mean the same across the border."""
        return bool(self.whole.group) and not self.whole.scores_allowed

    @property
    def unlike(self) -> tuple[str, ...]:
        """Pillars and items that do not mean the same across the border, where others do.

        They are not compared with everyone. Empty where nothing is, or nothing was tested.
        """
        if not self.whole.group or self.is_refused:
            return ()
        pillars = (p for p in self.pillars if p not in self.whole.scores_allowed)
        return (*pillars, *self.whole.items_aside)

    @cached_property
    def sector(self) -> str:
        """The one sector that an employer is in; empty where there is none or several."""
        return sector_of(self.survey, self.column, self.unit)

    @property
    def is_sector_shown(self) -> bool:
        """Whether anything may be shown of the sector."""
        column = self.instrument.sector or ""
        kinds: tuple[Kind, ...] = ("persons", "scores", "items")
        why = self.prepared.suppression.why
        return bool(self.sector) and not any(why(column, self.sector, kind) for kind in kinds)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """With whom the unit is compared, the nearest first; nobody where nothing allows it."""
        return tuple(r for r in REFERENCES if self.standing[f"d_{r}"].notna().any())

    # --- Numbers

    def shows(self, kind: Kind) -> bool:
        """Whether something may be shown of the unit."""
        return not self.prepared.suppression.why(self.column, self.unit, kind)

    @cached_property
    def _inside(self) -> pd.Series[bool]:
        inside: pd.Series[bool] = self.survey.answers[self.column] == self.unit
        return inside

    @cached_property
    def n(self) -> int:
        """How many respondents the unit has."""
        return int((self._inside & (weighing.weights(self.survey) > 0)).sum())

    @cached_property
    def standing(self) -> pd.DataFrame:
        """Where the unit stands, as `standing.standing`, without what may not be shown.

        With ``is_apart_sector`` and ``is_apart_whole``: whether a row is `standing.standing_out`.
        """
        frame = standing(self.survey, self.column, self.unit)
        if not self.shows("items"):
            frame = frame[frame["kind"] == "pillar"].reset_index(drop=True)
        if not self.shows("distributions"):
            frame[["agree", *(f"{r}_agree" for r in REFERENCES)]] = float("nan")
        hidden = {"sector": not self.is_sector_shown, "whole": self.is_refused}
        for reference in REFERENCES:
            own = [c for c in frame if c.startswith((f"{reference}_", f"d_{reference}"))]
            alone = frame[f"d_{reference}"].isna().all()
            if hidden[reference] or alone:
                frame[own] = float("nan")
            elif reference == "whole":
                frame.loc[frame["name"].isin(self.unlike), own] = float("nan")
            frame[f"is_apart_{reference}"] = _apart(frame, reference)
        if self.is_sector_shown and not self._sector_shows_shares:
            frame["sector_agree"] = float("nan")
        return frame

    @property
    def _sector_shows_shares(self) -> bool:
        column = self.instrument.sector or ""
        return not self.prepared.suppression.why(column, self.sector, "distributions")

    def of(self, kind: str) -> pd.DataFrame:
        """Return the rows of one kind: pillar, item or outcome."""
        return self.standing[self.standing["kind"] == kind]

    def compared(self, kind: str) -> int:
        """Count the rows of one kind that are compared with the nearest reference."""
        reference = next(iter(self.references), "whole")
        return int(self.of(kind)[f"d_{reference}"].notna().sum())

    def apart(self, kind: str, reference: Reference | None = None) -> pd.DataFrame:
        """Return what stands apart from a reference (d, d_lower, d_upper), highest first.

        Without one, from the nearest. Empty where there is nothing to compare with.
        """
        reference = reference or next(iter(self.references), "whole")
        ends = {f"d_{reference}{end}": f"d{end}" for end in ("", "_lower", "_upper")}
        rows = self.of(kind)
        found = rows[rows[f"is_apart_{reference}"]].rename(columns=ends)
        return found.sort_values("d", ascending=False)


def _apart(frame: pd.DataFrame, reference: Reference) -> list[bool]:
    """Tell which rows stand apart from a reference, among those of their kind."""
    kinds = frame["kind"].unique()
    found = {(k, name) for k in kinds for name in standing_out(frame, reference, k)["name"]}
    return [key in found for key in zip(frame["kind"], frame["name"], strict=True)]


def sector_of(survey: Survey, column: str, unit: str) -> str:
    """Return the one sector that an employer is in; empty where there is none or several."""
    sector = survey.instrument.sector
    if not sector or column != survey.instrument.employer:
        return ""
    found = survey.answers[sector][survey.answers[column] == unit].unique()
    return str(found[0]) if len(found) == 1 and pd.notna(found[0]) else ""


# --- Opening


def open_unit(
    survey: str = "",
    *,
    employer: str,
    by: str = "",
    instrument: str = "",
    wave: str = "",
    language: Language = "nl",
    minimum_n: int = privacy.MINIMUM,
    prepared: str = "",
    sha256: str = "",
    accept_identifiability: bool = False,
) -> UnitStudy:
    """Open one unit of a survey file, a snapshot, the sample (empty), or of what a batch prepared.

    Parameters
    ----------
    employer
        The unit: an employer, or a value of the column `by`.
    by
        Column whose value `employer` names; empty takes the instrument's employer column.
    prepared
        A folder that `write_prepared` wrote; survey, wave and smallest number are then its own,
        and `sha256` is its hash.

    Raises
    ------
    ReportError
        If there is no such column or unit, if nothing may be shown of it, or if people could be
        identified and that is not accepted.
    """
    with speaking(language):
        if wrong := floor_problems(minimum_n, accepted=accept_identifiability):
            raise refusal(ReportError, wrong)
        made = open_prepared(prepared, sha256) if prepared else None
        if made is None:
            source = Path(survey) if survey else sample() / "employees.csv"
            if source.suffix == SUFFIX:
                answers = read_snapshot(source, sha256)
            else:
                answers = load_survey(source, instrument=instrument or sample() / "instrument.toml")
            column = by or answers.instrument.employer or ""
            made = _prepared(answers, column, wave, minimum_n)
        column = by or made.survey.instrument.employer or ""
        problems = unit_problems(made.survey, made.suppression, column, employer)
        if problems:
            raise refusal(ReportError, problems)
    return UnitStudy(made, column, employer, language, made.suppression.minimum)


def _prepared(survey: Survey, column: str, wave: str, minimum: int) -> Prepared:
    """Make what one report needs: the ladder across the border of its comparison, if any."""
    instrument = survey.instrument
    border = (instrument.sector or "") if column == instrument.employer else column
    groups = [border] if border in unit_columns(instrument) else []
    return prepare(survey, wave=wave, minimum=minimum, groups=groups)


def unit_problems(
    survey: Survey, suppression: Suppression, column: str, unit: str
) -> list[Problem]:
    """Say why there can be no report on a unit; nothing where there can be one.

    Parameters
    ----------
    survey
        The answers of the wave that is reported on.
    suppression
        What may be shown of it.
    column
        Column whose value `unit` is; empty where none was named and the instrument has no employer.
    unit
        The employer, or another value of the column.
    """
    columns = unit_columns(survey.instrument)
    if column not in columns:
        code = "unit.unknown_column" if column else "unit.no_employer"
        return [_unknown(code, column, columns)]
    try:
        reasons = [suppression.why(column, unit, kind) for kind in ("persons", "scores")]
    except ValueError:  # nobody is in it
        reasons = []
    if not reasons or unit in ("", UNKNOWN):
        known = sorted(map(str, survey.answers[column].dropna().unique()))
        return [_unknown("unit.unknown", unit, known)]
    floor = privacy.floor(survey.instrument, column, minimum=suppression.minimum)
    values = {"minimum": floor}
    return [Problem("unit.withheld", unit, values=values)] if any(reasons) else []


def _unknown(code: str, name: str, known: Sequence[str]) -> Problem:
    near = nearest(name, known) if name else ""
    some = ", ".join(known[:NAMED]) or "-"
    return Problem(f"{code}_near" if near else code, name, values={"near": near, "known": some})
