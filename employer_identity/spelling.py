"""One name spelt in several ways: capitals, accents, spaces, and letters that slipped."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

RARE = 0.05  # a slip is at most this share of the name it was meant to be
MANY = 20_000  # among more names letters are not compared
_SEPARATORS = re.compile("[\\s_.'\N{RIGHT SINGLE QUOTATION MARK}-]")
_SHORT = 4  # in a shorter word every letter tells: gen_x and gen_z are two names


def usual_spellings(sizes: Mapping[str, int]) -> dict[str, str]:
    """Return spelling -> the usual spelling of what looks like the same name.

    Names are the same if they differ in capitals, accents, spaces and hyphens only; or in one
    letter of a longer word, where one of the two is rare.

    Parameters
    ----------
    sizes
        Name -> how often it occurs.
    """
    by_form: dict[str, list[str]] = defaultdict(list)
    for name in sizes:
        by_form[_form(name)].append(name)
    best = {form: max(same, key=lambda n: sizes[n]) for form, same in by_form.items()}
    found = {n: best[form] for form, same in by_form.items() for n in same if n != best[form]}
    usual = [n for n in sizes if n not in found]
    for one, other in _slips(usual) if len(usual) <= MANY else ():
        rare, common = sorted((one, other), key=lambda n: sizes[n])
        if sizes[rare] <= RARE * sizes[common]:
            found[rare] = common
    return found


def meant(name: str, known: Iterable[str]) -> str:
    """Return the one known name that this name is another spelling of, or an empty string."""
    known = list(known)
    same = [k for k in known if _form(k) == _form(name)]
    same = same or [k for k in known if any(_slips([name, k]))]
    return same[0] if len(same) == 1 else ""


def _form(name: str) -> str:
    """Return what is left without capitals and accents and, where no digits stand, separators."""
    bare = _letters(name)
    return bare if any(c.isdigit() for c in bare) else _SEPARATORS.sub("", bare) or bare


def _letters(name: str) -> str:
    parts = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())


def _slips(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Return pairs of names that differ in one letter: another one, or one more."""
    left_out: dict[tuple[int, int, str], list[str]] = defaultdict(list)
    written = {_letters(name): name for name in names}
    for text, name in written.items():
        for k, letter in enumerate(text):
            rest = text[:k] + text[k + 1 :]
            if not letter.isalpha() or len(_word(text, k)) <= _SHORT:
                continue
            if rest in written:
                yield written[rest], name
            same = left_out[len(text), k, rest]
            yield from ((other, name) for other in same)
            same.append(name)


def _word(text: str, place: int) -> str:
    """Return the word of letters around a place."""
    start = max((m.end() for m in re.finditer(r"[^a-z]", text[:place])), default=0)
    end = re.search(r"[^a-z]", text[place:])
    return text[start : place + end.start() if end else None]
