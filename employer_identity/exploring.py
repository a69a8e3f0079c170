"""What the explorer shows for a choice, and exactly the code that makes it; no widgets here.

Nothing is shown of groups that are too small: a ladder is climbed without them, and how answers are
distributed is shown only of groups for which the decision on the whole file allows it.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import Literal, get_args

from employer_identity import distributions, figures, privacy, structures, suppression
from employer_identity.errors import (
    ComparisonError,
    EmployerIdentityError,
    EmployerIdentityWarning,
    Problem,
)
from employer_identity.invariance import invariance
from employer_identity.ladder import Ladder
from employer_identity.language import Language, describe, refusal
from employer_identity.latent import latent_means
from employer_identity.levels import Level
from employer_identity.privacy import Shown
from employer_identity.showing import Showing, ShowingFields, View
from employer_identity.survey import Survey

Topic = Literal["answers", "loadings", "ladder", "rung", "means"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
Measured = Literal["instrument", "one_factor", "two_factors"]
USES: dict[Topic, tuple[str, ...]] = {
    "answers": ("grouping", "pillar"),
    "loadings": ("grouping", "model"),
    "ladder": ("grouping", "model"),
    "rung": ("grouping", "model", "rung"),
    "means": ("grouping", "model"),
}
"""Which choices a topic depends on."""


@dataclass(frozen=True)
class Choice(ShowingFields):
    """What is asked for.

    Attributes
    ----------
    topic
        Answers, loadings by group, the ladder, one of its rungs, or latent means.
    grouping
        The grouping column; empty for everybody together, which only answers can be.
    pillar
        One of the instrument's.
    model
        The instrument's own, or another of the structures that `compare_models` compares and a
        ladder can be climbed with.
    rung
        One of the ladder's levels.
    language
        Of words and figures.
    """

    topic: Topic
    grouping: str
    pillar: str
    model: Measured = "instrument"
    rung: Level = "scalar"
    language: Language = "en"


@dataclass(frozen=True, repr=False)
class Explored(Showing):
    """What is shown for a choice, or why nothing is, and the code that makes it."""

    pieces: tuple[Showing, ...]
    refused: str
    code: str

    @property
    def html(self) -> str:
        """The pieces one under the other, or the refusal."""
        if self.refused:
            lines = escape(self.refused).replace("\n", "<br>")
            return f'<p role="status" style="white-space:normal;max-width:45em">{lines}</p>'
        return "".join(piece._repr_html_() for piece in self.pieces)

    def _view(self) -> View:
        titles = (piece._view().title for piece in self.pieces)
        return View(self.refused or " ".join(titles), tuple(self.code.splitlines()))


@dataclass(frozen=True, eq=False)
class Exploration:
    """A survey that is explored; each ladder is climbed once."""

    survey: Survey
    minimum: int = privacy.MINIMUM
    _ladders: dict[tuple[str, Measured], Ladder] = field(default_factory=dict, repr=False)

    @property
    def groupings(self) -> tuple[str, ...]:
        """Columns to group by."""
        return tuple(g.column for g in self.survey.instrument.groupings)

    @property
    def models(self) -> tuple[Measured, ...]:
        """Models that a ladder can be climbed with."""
        several = len(self.survey.instrument.factors) > 1
        parts = structures.parts_of(self.survey.instrument.factors, None)
        found = [("instrument", True), ("one_factor", several), ("two_factors", parts is not None)]
        return tuple(name for name, there in found if there)  # type: ignore[misc]

    def show(self, choice: Choice) -> Explored:
        """Return what is shown for a choice, or why nothing may be, with its code."""
        code = self.code(choice)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EmployerIdentityWarning)
            try:
                return Explored(self._pieces(choice), "", code)
            except EmployerIdentityError as refused:
                told = [describe(p, choice.language) for p in refused.problems]
                return Explored((), "\n".join(told) or str(refused), code)

    def _pieces(self, choice: Choice) -> tuple[Showing, ...]:
        instrument, language = self.survey.instrument, choice.language
        if choice.topic == "answers":
            return answers(self.survey, choice.grouping, choice.pillar, language=language)
        ladder, floor = self.ladder(choice), self._floor(choice.grouping)
        if choice.topic == "ladder":
            return (figures.ladder(ladder, instrument, language=language),)
        if choice.topic == "rung":
            return (ladder[choice.rung],)
        if choice.topic == "loadings":
            return figures.loadings(ladder, instrument, minimum=floor, language=language)
        means = latent_means(ladder)
        group, n = choice.grouping, ladder.n
        return (
            figures.latent_means(means, instrument, group, n, minimum=floor, language=language),
        )

    def ladder(self, choice: Choice) -> Ladder:
        """Climb the ladder of a choice, of the groups that are large enough."""
        if not choice.grouping:
            raise refusal(ComparisonError, [Problem("exploring.choose_grouping")])
        key = choice.grouping, choice.model
        if key not in self._ladders:
            kept = suppression.modelled(self.survey, choice.grouping, self._decided)
            text = self._text(choice.model)
            self._ladders[key] = invariance(kept, text, group=choice.grouping)
        return self._ladders[key]

    def _floor(self, grouping: str) -> int:
        return privacy.model_floor(self.survey.instrument, grouping, minimum=self.minimum)

    @cached_property
    def _decided(self) -> suppression.Suppression:
        return suppression.decide(self.survey, minimum=self.minimum)

    def _text(self, model: Measured) -> str | None:
        """Return the model's text; None for the instrument's own."""
        factors = self.survey.instrument.factors
        if model == "one_factor":
            return structures.one_factor(factors).text
        parts = structures.parts_of(factors, None)
        if model == "two_factors" and parts is not None:
            return structures.two_factors(factors, parts).text
        return None

    def code(self, choice: Choice) -> str:
        """Return the lines that make what is shown, given `survey`."""
        language = f"language={_quoted(choice.language)}"
        if choice.topic == "answers":
            asked = f"survey, {_quoted(choice.grouping)}, {_quoted(choice.pillar)}, {language}"
            made = _each(f"exploring.answers({asked})")
            return f"{_DISPLAY}from employer_identity import exploring\n\n{made}"
        floor, group = self._floor(choice.grouping), _quoted(choice.grouping)
        text = self._text(choice.model)
        model = "" if text is None else f'model = """\n{text}\n"""\n'
        given = "kept" if text is None else "kept, model"
        last = {
            "ladder": f"display(figures.ladder(ladder, survey.instrument, {language}))",
            "rung": f"display(ladder[{_quoted(choice.rung)}])",
            "loadings": _each(
                f"figures.loadings(ladder, survey.instrument, minimum={floor}, {language})"
            ),
            "means": _MEANS.format(group=group, floor=floor, language=language),
        }[choice.topic]
        return (
            f"{_DISPLAY}{_IMPORTS}decided = decide(survey, minimum={self.minimum})\n"
            f"kept = modelled(survey, {group}, decided)\n"
            f"{model}ladder = ei.invariance({given}, group={group})\n{last}"
        )


_DISPLAY = "from IPython.display import display\n\n"
_IMPORTS = """import employer_identity as ei
from employer_identity import figures
from employer_identity.suppression import decide, modelled

"""
_MEANS = """means = ei.latent_means(ladder)
about = survey.instrument, {group}, ladder.n
display(figures.latent_means(means, *about, minimum={floor}, {language}))"""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _each(made: str) -> str:
    return f"for shown in {made}:\n    display(shown)"


def answers(
    survey: Survey, grouping: str, pillar: str, *, language: Language = "en"
) -> tuple[Shown, ...]:
    """Draw the answers to a pillar's items, a figure a group of those that may be shown.

    Parameters
    ----------
    survey
        The answers.
    grouping
        A grouping column; empty: everybody in one figure.
    pillar
        One of the instrument's.

    Raises
    ------
    ComparisonError
        If no group is large enough for its distribution to be shown.
    """
    if not grouping:
        return (distributions.answers(survey, pillar, language=language),)
    decided = suppression.decide(survey)
    column = survey.answers[grouping]
    shown = []
    for value in column.cat.categories:
        people = survey.answers[column == value].reset_index(drop=True)
        if people.empty or decided.why(grouping, str(value), "distributions"):
            continue
        found = distributions.answers(replace(survey, answers=people), pillar, language=language)
        label = survey.instrument.value_label(grouping, value, language)
        caption = f"{label}. {found.caption}"
        shown.append(replace(found, key=f"{found.key}_{value}", caption=caption))
    if not shown:
        raise refusal(ComparisonError, [Problem("exploring.too_few", grouping)])
    return tuple(shown)
