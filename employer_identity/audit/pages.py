"""What a report's page says, element by element, and whether its facts say the same.

A number of people that a page tells and its facts do not would go past the audit.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from html.parser import HTMLParser

from employer_identity.audit.facts import Fact
from employer_identity.errors import Problem
from employer_identity.language import LANGUAGES, number, say

_FIGURE = re.compile(r"(?:figure|box)-(.+)")
_SPACE = re.compile(r"\s+")
_NUMBER = r"\d{1,3}(?:[.,]\d{3})+|\d+"
_COUNT_HEADS = ("n",)
_INLINE = frozenset(("a", "abbr", "b", "bdi", "em", "i", "small", "span", "strong", "sub", "sup"))
"""Elements in the middle of a text; others end it."""


class _Reader(HTMLParser):
    """Gathers the texts of a page by the figure or table they stand in, and the n of tables."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, list[str]] = defaultdict(list)
        self.sizes: dict[str, list[str]] = defaultdict(list)
        self._where: list[str] = []
        self._skip = self._captions = 0
        self._row: list[str] | None = None
        self._heads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        self._between(tag)
        if tag == "figure":
            named = _FIGURE.fullmatch(about.get("id") or "")
            self._where.append(named[1] if named else "")
        self._skip += tag in ("style", "script")
        self._captions += tag == "figcaption"
        if tag == "tr":
            self._row = []
        if tag in ("td", "th") and self._row is not None:
            self._row.append("")
        for name in ("alt", "title", "aria-label"):
            if text := about.get(name):
                self.texts[self._element].append(f"\n{text}\n")

    def _between(self, tag: str) -> None:
        is_number = tag == "b" and self._captions  # of the figure or table, before its caption
        if tag not in _INLINE or is_number:
            self.texts[self._element].append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._between(tag)
        if tag == "figure" and self._where:
            self._where.pop()
            self._heads = []
        self._skip -= tag in ("style", "script")
        self._captions -= tag == "figcaption"
        if tag == "tr" and self._row is not None:
            self._finish(self._row)
            self._row = None

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        self.texts[self._element].append(_SPACE.sub(" ", data))
        if self._row:
            self._row[-1] += data

    @property
    def _element(self) -> str:
        return self._where[-1] if self._where else ""

    def _finish(self, row: list[str]) -> None:
        cells = [cell.strip() for cell in row]
        if any(cell in _COUNT_HEADS for cell in cells):
            self._heads = cells
            return
        if len(cells) == len(self._heads):
            pairs = zip(self._heads, cells, strict=True)
            self.sizes[self._element] += [c for h, c in pairs if h in _COUNT_HEADS]


@cache
def _counted() -> re.Pattern[str]:
    """Return what a number of people looks like in a text of either language.

    The second group is there where it is a floor: *fewer than 5 people*.
    """
    words, floors = (
        "|".join(say(f"audit.{key}", language) for language in LANGUAGES)
        for key in ("people", "fewest")
    )
    people = rf"(?:({floors}) )?(?<![\d.,])({_NUMBER}) (?:{words})\b"
    pattern = rf"\bn ?= ?({_NUMBER})|{people}"
    return re.compile(pattern, re.IGNORECASE)


def disagreements(page: str, facts: Iterable[Fact], where: str) -> Iterator[Problem]:
    """Say which facts a page does not print, and which numbers of people are no facts.

    Parameters
    ----------
    page
        A report as HTML.
    facts
        What its sidecar says.
    where
        Name of the report.
    """
    reader = _Reader()
    reader.feed(page)
    texts = {element: "".join(parts) for element, parts in reader.texts.items()}
    told = [fact for fact in facts if fact.value is not None]
    for element in sorted({f.element for f in told if f.element}):
        own = [f for f in told if f.element == element]
        missing = sum(not _is_printed(f, texts.get(element, "")) for f in own)
        if missing:
            yield Problem("audit.not_printed", where, missing, {"element": element})
    counts = [f for f in told if f.quantity == "count" and not f.half]
    for element, text in texts.items():
        known = {f.value for f in counts if not element or f.element in ("", element)}
        told_of = _counted().findall(text)
        found = [n or other for n, floor, other in told_of if not floor] + reader.sizes[element]
        undeclared = sum(n not in known for n in map(_whole, found) if n is not None)
        if undeclared:
            yield Problem("audit.undeclared", where, undeclared, {"element": element or "-"})


def _whole(text: str) -> int | None:
    digits = re.sub(r"[.,]", "", text)
    return int(digits) if digits.isdigit() else None


def _is_printed(fact: Fact, text: str) -> bool:
    """Whether a number stands in a text, in any of the ways in which reports write it."""
    value = fact.value or 0.0
    specs = {"count": (",", "d"), "share": (".0%", ".1%")}.get(fact.quantity, (".2f", ".1f", ".3f"))
    given = int(value) if fact.quantity == "count" else value
    written = {number(given, spec, language) for spec in specs for language in LANGUAGES}
    return any(re.search(rf"(?<![\d.,]){re.escape(one)}(?!\d)", text) for one in written)
