"""Charts of what people answered: a bar of 100 % a question, the mean and who did not answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from employer_identity import weighing
from employer_identity.audit.facts import Fact
from employer_identity.audit.stating import Teller
from employer_identity.brand import agreed, distribution
from employer_identity.columns import check_asked
from employer_identity.drawing import (
    ACCENT,
    MARGIN,
    MUTED,
    PAPER,
    RULE,
    SMALL,
    STEPS,
    WIDTH,
    breadth,
    leading,
    lines,
    on,
    sheet,
    write,
)
from employer_identity.language import Language, number, say
from employer_identity.privacy import DISTRIBUTION, Shown

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument
    from employer_identity.survey import Survey

_KEY, _HEADS = 0.36, 0.34  # heights of the colours' key and of the columns' heads
_MEAN, _MISSING = WIDTH - 0.66, WIDTH - MARGIN  # right edges of the two columns
_BAR = WIDTH - 1.06  # right end of the bars


class _Answered(NamedTuple):
    """One question: how it is asked, and shares of its answers where enough people answered."""

    name: str
    text: str
    n: int
    shares: pd.Series[float]
    mean: float
    missing: float


def answers(
    survey: Survey, pillar: str, *, minimum: int = DISTRIBUTION, language: Language = "en"
) -> Shown:
    """Draw the answers to a pillar's items as stacked bars, the highest mean on top."""
    instrument = survey.instrument
    check_asked(instrument, pillar=pillar)
    found = [
        _answered(
            survey, item, instrument.as_scored(item, instrument.wording(item, language), language)
        )
        for item in instrument.factors[pillar]
    ]
    found = sorted(found, key=lambda a: -a.mean if a.n else 0.0)
    words = {"pillar": instrument.label(pillar, language), "n": len(found)}
    return Shown(
        f"answers_{pillar}",
        "figure",
        _bars(found, instrument, minimum, language),
        say("figures.answers.caption", language, **words),
        " ".join(
            [
                say("figures.answers.alt", language, **words),
                *_told(found, survey, minimum, language),
            ]
        ),
        facts=tuple(_facts(found, instrument, minimum, f"answers_{pillar}")),
    )


def outcomes(survey: Survey, *, minimum: int = DISTRIBUTION, language: Language = "en") -> Shown:
    """Draw the answers about the outcomes as stacked bars, in the questionnaire's order."""
    instrument = survey.instrument
    found = [
        _answered(survey, name, _labelled(name, instrument, language))
        for name in instrument.outcome_names
    ]
    return Shown(
        "outcomes",
        "figure",
        _bars(found, instrument, minimum, language),
        say("figures.outcomes.caption", language),
        " ".join(
            [
                say("figures.outcomes.alt", language, n=len(found)),
                *_told(found, survey, minimum, language),
            ]
        ),
        facts=tuple(_facts(found, instrument, minimum, "outcomes")),
    )


def _facts(
    found: list[_Answered], instrument: Instrument, minimum: int, element: str
) -> Iterator[Fact]:
    """State how each question was answered."""
    teller, ends = Teller(instrument), _ends(instrument)
    for a in found:
        shares = {int(str(answer)): float(share) for answer, share in a.shares.items()}
        about = a.name, a.n, a.mean, a.missing, shares, element
        yield from teller.answered(*about, ends=ends, least=minimum)


def _ends(instrument: Instrument) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the lowest and the highest answers: those that agree, and as many at the other end."""
    scale, high = instrument.scale, agreed(instrument.scale)
    return tuple(scale.minimum + scale.maximum - answer for answer in reversed(high)), high


def _labelled(name: str, instrument: Instrument, language: Language) -> str:
    label, wording = instrument.label(name, language), instrument.wording(name, language)
    text = label if label == wording else f"{label}: {wording}"
    return instrument.as_scored(name, text, language)


def _answered(survey: Survey, name: str, text: str) -> _Answered:
    x, weights = survey.answers[name], weighing.weights(survey)
    n, mean = len(weighing.counting(x, weights)), weighing.mean(x, weights)
    return _Answered(name, text, n, distribution(survey, name), mean, float(x.isna().mean()))


def _bars(
    found: list[_Answered], instrument: Instrument, minimum: int, language: Language
) -> Figure:
    texts = [lines(a.text, WIDTH - 2 * MARGIN) for a in found]
    top = _KEY + _HEADS
    figure, axes = sheet(top + sum(leading() * len(t) + 0.4 for t in texts))
    _colours(axes, instrument, language)
    for x, key in ((_MEAN, "mean"), (_MISSING, "missing")):
        head = "\n".join(say(f"figures.answers.head_{key}", language).split())
        write(axes, x, top - 0.14, head, size=8.0, color=MUTED, ha="right", linespacing=1.0)
    y = top
    for answered, text in zip(found, texts, strict=True):
        write(axes, MARGIN, y + 0.02, "\n".join(text), va="top")
        bar = y + leading() * len(text) + 0.16
        if answered.n >= minimum:
            _stacked_bar(axes, bar, answered, language)
        else:
            words = say("figures.answers.hidden", language, minimum=minimum)
            write(axes, MARGIN, bar, words, size=SMALL, color=MUTED)
        y += leading() * len(text) + 0.4
    return figure


def _colours(axes: Axes, instrument: Instrument, language: Language) -> None:
    """Draw the colours of the answers, with words at the ends if the instrument has them."""
    scale = instrument.scale
    points = list(range(scale.minimum, scale.maximum + 1))
    low, high = (t.get(language, next(iter(t.values()), "")) for t in (scale.low, scale.high))
    ends = (f"{scale.minimum} {low}" if low else "", f"{scale.maximum} {high}" if high else "")
    step, y = 0.22, 0.16
    left = MARGIN + (breadth(ends[0], SMALL) + 0.1 if low else 0)
    write(axes, MARGIN, y, ends[0], size=SMALL, color=MUTED)
    for place, point in enumerate(points):
        colour = STEPS(place / (len(points) - 1))
        axes.add_patch(Rectangle((left + step * place, y - 0.09), step, 0.18, color=colour, lw=0))
        middle = left + step * (place + 0.5)
        write(axes, middle, y, str(point), size=SMALL, color=on(colour), ha="center")
    write(axes, left + step * len(points) + 0.1, y, ends[1], size=SMALL, color=MUTED)


def _stacked_bar(axes: Axes, y: float, answered: _Answered, language: Language) -> None:
    left, whole = MARGIN, _BAR - MARGIN
    for place, share in enumerate(answered.shares):
        colour, width = STEPS(place / (len(answered.shares) - 1)), share * whole
        axes.add_patch(
            Rectangle((left, y - 0.11), width, 0.22, facecolor=colour, edgecolor=PAPER, lw=0.6)
        )
        text = number(100 * share, ".0f", language)
        if width > breadth(text, SMALL) + 0.06:
            write(axes, left + width / 2, y, text, size=SMALL, color=on(colour), ha="center")
        left += width
    mean = number(answered.mean, ".1f", language)
    write(axes, _MEAN, y, mean, weight="bold", ha="right", color=ACCENT)
    axes.plot([_MEAN + 0.1] * 2, [y - 0.11, y + 0.11], color=RULE, lw=0.8)
    missing = number(answered.missing, ".0%", language)
    write(axes, _MISSING, y, missing, size=SMALL, ha="right", color=MUTED)


def _told(found: list[_Answered], survey: Survey, minimum: int, language: Language) -> list[str]:
    """Tell each bar's numbers: the shares at both ends, the mean, and who did not answer."""
    instrument, told = survey.instrument, []
    low, high = _ends(instrument)
    for a in found:
        label = instrument.scored_label(a.name, language)
        values: dict[str, object] = {"item": label}
        if a.n < minimum:
            told.append(say("figures.answers.item_hidden", language, minimum=minimum, **values))
            continue
        values |= {
            "high": _span(high),
            "high_share": float(a.shares.loc[list(high)].sum()),
        }
        values |= {"low": _span(low), "low_share": float(a.shares.loc[list(low)].sum())}
        values |= {"mean": a.mean, "missing": a.missing}
        told.append(say("figures.answers.item", language, **values))
    return told


def _span(answers: tuple[int, ...]) -> str:
    first, last = answers[0], answers[-1]
    return str(first) if first == last else f"{first}–{last}"  # noqa: RUF001
