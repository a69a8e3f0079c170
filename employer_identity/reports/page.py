"""What a report shows, piece by piece: in JupyterLab and in the exported document.

Every piece is one display output whose metadata say what it is, so that the export can number
figures and sections, make the contents, and leave out whatever a library printed on the way.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from html import escape
from typing import Any, Protocol

from IPython.display import display

from employer_identity.audit.facts import Fact, in_wave, plain, plain_answers
from employer_identity.audit.stating import Teller
from employer_identity.drawing import picture
from employer_identity.language import Language, say
from employer_identity.privacy import Shown
from employer_identity.reports.practices import Asked, Noticed
from employer_identity.survey import Survey

NAMESPACE = "employer_identity"
_AS_PIXELS = ("units_",)  # cells side by side show white hairlines as vectors in some viewers


class Speaker(Protocol):
    """What a report is about, as far as its page must know."""

    @property
    def language(self) -> Language:
        """Language of all words."""

    @property
    def pillars(self) -> tuple[str, ...]:
        """Keys of the pillars."""

    @property
    def survey(self) -> Survey:
        """The answers that it rests on."""

    @property
    def wave(self) -> str:
        """The wave that it is about; empty for all."""

    @property
    def minimum_n(self) -> int:
        """Smallest number of persons that is shown."""

    def say(self, key: str, **values: object) -> str:
        """Say a sentence of the report; ``section.KEY`` is the title of a section."""


class Page:
    """The pieces of one report, in the order in which they are shown.

    Parameters
    ----------
    study
        What the report is about: its language and its words.
    brief
        Whether chapters follow one another on paper instead of each beginning a page.
    """

    def __init__(self, study: Speaker, *, brief: bool = False) -> None:
        self.study = study
        self.brief = brief
        self.chapters = 0
        self.appendices = 0

    def title(self, kicker: str, title: str, subtitle: str, facts: Sequence[str]) -> None:
        """Show the title page."""
        items = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
        html = (
            f'<p class="kicker">{escape(kicker)}</p><h1>{escape(title)}</h1>'
            f'<p class="subtitle">{escape(subtitle)}</p><ul class="facts">{items}</ul>'
        )
        language, pillars = self.study.language, len(self.study.pillars)
        about = {"title": title, "kicker": kicker, "language": language, "pillars": pillars}
        about |= {"contents": say("report.contents", language), "brief": self.brief}
        _show(html, "title", **about, of=self._of)

    @property
    def _of(self) -> dict[str, Any]:
        """Say of whose answers it tells, for whoever lays reports side by side."""
        survey = self.study.survey
        return {
            "study": Teller(survey.instrument).study,
            "edition": survey.sha256,
            "floor": self.study.minimum_n,
            "answers": plain_answers(Teller(survey.instrument).answers),
        }

    def states(self, facts: Iterable[Fact]) -> None:
        """Hand over what sentences tell of sets of people; readers do not see this."""
        about = {NAMESPACE: {"role": "facts", "facts": plain(in_wave(facts, self.study.wave))}}
        _display({"text/plain": "facts"}, about)

    def section(self, key: str, *, numbered: bool = True, appendix: bool = False) -> None:
        """Begin a section: numbered, lettered (an appendix), or neither."""
        self.appendices += appendix
        self.chapters += numbered and not appendix
        number = ""
        if appendix:
            number = chr(ord("A") + self.appendices - 1)
        elif numbered:
            number = str(self.chapters)
        title = self.study.say(f"section.{key}")
        mark = f'<span class="number">{number}</span> ' if number else ""
        kind = "appendix" if appendix else "chapter"
        html = f'<h2 id="{key}" class="{kind}">{mark}{escape(title)}</h2>'
        _show(html, "section", id=key, title=title, number=number)

    def part(self, key: str) -> None:
        """Begin a part: a page that announces the appendices."""
        title = self.study.say(f"section.{key}")
        html = f'<h2 id="{key}" class="part">{escape(title)}</h2>'
        _show(html, "section", id=key, title=title, number="")

    def heading(self, text: str) -> None:
        """Begin a piece of a section; its first letter, be it after a quotation mark, is large."""
        first = next((i for i, letter in enumerate(text) if letter.isalpha()), 0)
        large = text[:first] + text[first : first + 1].upper() + text[first + 1 :]
        _show(f"<h3>{escape(large)}</h3>", "heading")

    def text(
        self, paragraphs: Iterable[str], *, kind: str = "", language: Language | None = None
    ) -> None:
        """Show paragraphs; of kind ``lead`` (opens a section) or ``note`` (set apart).

        `language` is theirs where it is not the report's.
        """
        mark = f' class="{kind}"' if kind else ""
        mark += f' lang="{language}"' if language else ""
        html = "".join(f"<p{mark}>{escape(p)}</p>" for p in paragraphs if p)
        if html:
            _show(html, "text")

    def points(self, points: Iterable[str | tuple[str, str]], *, ordered: bool = False) -> None:
        """Show a list; a pair is a bold term with its text."""
        rows = [
            f"<strong>{escape(p[0])}</strong> {escape(p[1])}" if isinstance(p, tuple) else escape(p)
            for p in points
        ]
        tag = "ol" if ordered else "ul"
        if rows:
            _show(f"<{tag}>{''.join(f'<li>{row}</li>' for row in rows)}</{tag}>", "text")

    def cards(self, cards: Iterable[tuple[str, str]]) -> None:
        """Show key numbers, each with what it counts."""
        cells = "".join(
            f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for value, label in cards
        )
        _show(f'<dl class="cards">{cells}</dl>', "text")

    def practices(self, practices: Iterable[Noticed], head: str = "") -> None:
        """Show what an employer can do, each with how many people notice it."""
        rows = "".join(_practice(p) for p in practices)
        above = f'<p class="head">{escape(head)}</p>' if head else ""
        if rows:
            _show(f'{above}<ul class="practices">{rows}</ul>', "text")

    def numbers(self, values: Mapping[str, float | int | str | None]) -> None:
        """Hand the report's numbers over to whoever collects them; readers do not see this."""
        plain = {
            name: None if isinstance(v, float) and not math.isfinite(v) else v
            for name, v in values.items()
        }
        about = {NAMESPACE: {"role": "numbers"}}
        _display({"application/json": plain, "text/plain": "numbers"}, about)

    def show(self, *pieces: Shown) -> None:
        """Show figures and tables."""
        for piece in pieces:
            told = {"facts": plain(in_wave(piece.facts, self.study.wave))}
            if piece.kind == "figure":
                _show_figure(piece, told)
            else:
                html = piece.content.as_raw_html()
                cells = asdict(piece.cells) if piece.cells else {}
                _show(html, "table", id=piece.key, caption=piece.caption, cells=cells, **told)


def _practice(practice: Noticed) -> str:
    """Set one practice: what to do, and beside it each item that asks about it, as a bar."""
    asked = "".join(_asked(a) for a in practice.asked)
    what = f"<div><strong>{escape(practice.label)}</strong> {escape(practice.text)}</div>"
    return f"<li>{what}<div>{asked}</div></li>"


def _asked(a: Asked) -> str:
    """Set what was answered: in numbers, as a bar, and beside whom with a mark in the bar."""
    bar = ""
    if a.agree is not None:
        mark = f'<b style="left:{100 * a.mark:.1f}%"></b>' if a.mark is not None else ""
        bar = f'<i aria-hidden="true"><i style="width:{100 * a.agree:.1f}%"></i>{mark}</i>'
    beside = f'<span class="beside">{escape(a.beside)}</span>' if a.beside else ""
    numbers = f"<b>{escape(a.share)}</b> <span>{escape(a.mean)}</span>"
    return f'<div class="asked">{numbers}{bar}{beside}</div>'


def _show(html: str, role: str, **about: Any) -> None:
    _display({"text/html": html, "text/plain": role}, {NAMESPACE: {"role": role, **about}})


def _show_figure(piece: Shown, told: Mapping[str, Any]) -> None:
    pixels = piece.key.startswith(_AS_PIXELS)
    kind, mime = ("png", "image/png") if pixels else ("svg", "image/svg+xml")
    data = picture(piece.content, kind)
    about = {"role": "figure", "id": piece.key, "caption": piece.caption, "alt": piece.alt, **told}
    width = int(piece.content.get_size_inches()[0] * 96)
    shown = b64encode(data).decode() if pixels else data.decode()
    _display(
        {mime: shown, "text/plain": piece.caption},
        {mime: {"alt": piece.alt, "width": width}, NAMESPACE: about},
    )


def _display(data: dict[str, Any], metadata: dict[str, Any]) -> None:
    display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
