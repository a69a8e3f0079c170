"""A survey that may be trusted: answers with the questionnaire they belong to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from employer_identity.errors import Problem, SurveyError
from employer_identity.language import describe, number, refusal, say
from employer_identity.questionnaire import Instrument
from employer_identity.showing import Showing, View


@dataclass(frozen=True, eq=False, repr=False)
class Survey(Showing):
    """Checked answers with the instrument they belong to.

    Attributes
    ----------
    answers
        One row a respondent. Items and outcomes are floats (NaN: no answer), reversed ones already
        turned; groupings and the wave are ordered categoricals of text, employer, sector and
        cluster unordered ones; weight and duration are floats, the date is a datetime. Of Parquet
        files a `Narrow`: it gives the same, and makes wide only the columns that are asked for.
    instrument
        The questionnaire; what it leaves unlabelled is called as the file calls it.
    changes
        What was left out, recoded, banded or merged at loading: codes ``survey.changed.*``.
    warnings
        What makes the answers worth a second look and does not forbid their use.
    source
        Name of the file, without its folder.
    sha256
        Hash of the file's bytes, or of the frame written as CSV.
    """

    answers: pd.DataFrame
    instrument: Instrument
    changes: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    source: str = ""
    sha256: str = ""

    @property
    def n(self) -> int:
        """Number of respondents."""
        return len(self.answers)

    @property
    def item_names(self) -> tuple[str, ...]:
        """Names of the items, in the order in which they are asked."""
        return self.instrument.item_names

    @cached_property
    def waves(self) -> tuple[str, ...]:
        """Names of the waves, the first one first; none where the instrument declares no wave."""
        column = self.instrument.wave
        return tuple(self.answers[column].cat.categories) if column else ()

    def of_wave(self, wave: str) -> Survey:
        """Return the respondents of one wave.

        Raises
        ------
        SurveyError
            If there is no such wave.
        """
        if wave not in self.waves:
            code = "parameters.unknown_wave" if self.waves else "parameters.no_waves"
            values = {"known": ", ".join(self.waves)}
            raise refusal(SurveyError, [Problem(code, str(wave), values=values)])
        rows = self.answers[self.answers[self.instrument.wave] == wave].reset_index(drop=True)
        groups = [name for name, kind in rows.dtypes.items() if kind == "category"]
        used = {name: rows[name].cat.remove_unused_categories() for name in groups}
        return replace(self, answers=rows.assign(**used))

    @cached_property
    def pillar_scores(self) -> pd.DataFrame:
        """Mean of the answered items per pillar, where at least half of them were answered."""
        scores = {}
        for pillar, items in self.instrument.factors.items():
            answers = self.answers[list(items)]
            enough = 2 * answers.notna().sum(axis=1) >= len(items)
            scores[pillar] = answers.mean(axis=1).where(enough)
        return pd.DataFrame(scores)

    def _view(self) -> View:
        return View.of(_lines(self))


def _lines(survey: Survey) -> list[str]:
    """Who answered, what is missing, what was dropped and why."""
    instrument, answers = survey.instrument, survey.answers
    if not survey.n:
        return [say("survey.printed.nobody")]
    lines = [
        say(
            "survey.printed.who",
            n=survey.n,
            items=len(instrument.items),
            pillars=len(instrument.pillars),
            outcomes=len(instrument.outcomes),
        )
        + (f" ({survey.source})" if survey.source else "")
    ]
    if instrument.groupings:
        groups = {g.column: answers[g.column].cat.categories.size for g in instrument.groupings}
        named = ", ".join(f"{column} ({n})" for column, n in groups.items())
        lines.append(say("survey.printed.groupings", named=named))
    units = {"employer": instrument.employer, "sector": instrument.sector}
    counted = [say(f"survey.printed.{u}", n=answers[c].nunique()) for u, c in units.items() if c]
    if counted:
        lines.append(say("survey.printed.units", units=", ".join(counted)))
    missing = answers[list(instrument.item_names)].isna()
    share = number(float(missing.to_numpy().mean()), ".1%")
    complete = number(float((~missing.any(axis=1)).mean()), ".0%")
    lines.append(say("survey.printed.missing", share=share, complete=complete))
    lines += [describe(c) for c in survey.changes] or [say("survey.changed.nothing")]
    if survey.warnings:
        lines.append(say("survey.printed.warnings", n=len(survey.warnings)))
    return lines
