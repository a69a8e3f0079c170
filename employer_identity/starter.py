"""A first instrument for any survey file: TOML to read, to correct and to use at once."""

from __future__ import annotations

import re
import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from employer_identity.edge import checked
from employer_identity.errors import InstrumentError, Problem, SurveyError
from employer_identity.guessing import (
    Guess,
    GuessedGrouping,
    GuessedItem,
    GuessedScale,
    LeftOut,
    guess,
)
from employer_identity.instrument import load_instrument
from employer_identity.intake.files import read
from employer_identity.intake.raw import Raw, of_frame
from employer_identity.language import LANGUAGES, Language, listing, number, refusal, say
from employer_identity.profiles import Profile

WIDTH = 98  # characters of a line of comment, after its sign
LOW_ALPHA = 0.6  # below this the questions of a scale hardly belong together
SHORT = 40  # characters of a question that can be a label
BOTH: tuple[Language, ...] = LANGUAGES

Lines = Iterator[str]


@checked(InstrumentError)
def new_instrument(source: str | Path | pd.DataFrame, *, language: Language = "nl") -> str:
    """Guess the questionnaire of a survey and write it as a commented instrument file.

    Which columns are questions, on what scale, which belong together, which are worded the other
    way round, what respondents can be divided by: every guess is explained beside it, and the file
    can be used as it stands.

    Parameters
    ----------
    source
        A survey file, or a frame.
    language
        Language of the comments and labels.

    Returns
    -------
    The text of a TOML file that `load_instrument` reads.

    Raises
    ------
    SurveyError
        If the file cannot be read, or holds nothing that looks like a scale.

    Examples
    --------
    >>> text = ei.new_instrument("employees.csv", language="en")
    >>> Path("mine.toml").write_text(text, encoding="utf-8")
    """
    raw = of_frame(source) if isinstance(source, pd.DataFrame) else read([Path(source)])
    found = _guess(raw)
    name = re.sub(r"\W+", "-", Path(raw.name).stem.lower()).strip("-") or "survey"
    lines = [*_head(found, raw, name, language), *_scale(found, language)]
    for part in (_pillars, _items, _outcomes, _groupings, _roles, _left_out):
        lines += part(found, language)
    text = "\n".join(lines) + "\n"
    _load(text)
    return text


def _guess(raw: Raw) -> Guess:
    """Guess, or say why nothing can be guessed."""
    where, columns = raw.name, raw.frame.shape[1]
    found = guess(raw) if len(raw.frame) and columns else None
    if found is not None:
        return found
    if not len(raw.frame) or not columns:
        problem = Problem("starter.no_rows", where)
    elif not _has_numbers(raw.frame):
        problem = Problem("starter.only_text", where, columns)
    else:
        problem = Problem("starter.no_scale", where, columns)
    raise refusal(SurveyError, [problem])


def _has_numbers(frame: pd.DataFrame) -> bool:
    found = frame.apply(
        lambda c: pd.to_numeric(c.dropna().head(100), errors="coerce").notna().any()
    )
    return bool(found.any())


def _load(text: str) -> None:
    """Read the text as it will be read; that it cannot be is a fault of the program."""
    with tempfile.TemporaryDirectory(prefix="employer-identity-") as folder:
        path = Path(folder) / "instrument.toml"
        path.write_text(text, encoding="utf-8")
        load_instrument(path)


# --- The beginning: what was found, and what to look at first


def _head(found: Guess, raw: Raw, name: str, language: Language) -> Lines:
    title = raw.name or say("starter.a_frame", language)
    values = {"file": title, "n": found.rows, "columns": found.width}
    yield from _note("starter.head.what", language, **values)
    yield "#"
    yield from _note("starter.head.first", language)
    for place, line in enumerate(_first(found, language)):
        yield from _comment(f"{place + 1}. {line}", hanging="   ")
    yield ""
    yield f"name = {_text(name)}"
    yield f"title = {_words(Path(raw.name).stem or name, language)}"
    yield from _note("starter.head.referent", language)
    yield '# referent = "employer"'
    for role, column in found.roles.items():
        yield f"{role} = {_text(column.name)}  # {_one_line(say(f'starter.role.{role}', language))}"


def _first(found: Guess, language: Language) -> Lines:
    """What deserves a look before anything else, the weightiest first."""
    scale = {"minimum": found.ratings.minimum, "maximum": found.ratings.maximum}
    yield say("starter.first.scale", language, **scale)
    if turned := [i.column.name for i in _all_items(found) if i.reverse]:
        listed, n = listing(turned, language), len(turned)
        yield say("starter.first.reverse", language, n=n, items=listed)
    if any(not s.by_name for s in found.scales):
        yield say("starter.first.by_answers", language)
    if stray := [i.column.name for i in _all_items(found) if i.closer_to]:
        yield say("starter.first.closer", language, n=len(stray), items=listing(stray, language))
    yield say("starter.first.labels", language)
    declared = [g for g in found.groupings if not g.special]
    if declared:
        yield say("starter.first.grouping", language, grouping=declared[0].name)
    if special := [g.column.name for g in found.groupings if g.special]:
        yield say("starter.first.special", language, columns=listing(special, language))
    if found.left_out:
        yield say("starter.first.left_out", language, n=len(found.left_out))


def _all_items(found: Guess) -> list[GuessedItem]:
    return [item for scale in found.scales for item in scale.items]


# --- The questions


def _scale(found: Guess, language: Language) -> Lines:
    ratings = found.ratings
    yield from _section("starter.section.scale", language)
    yield from _note("starter.scale.found", language, n=len(ratings.columns))
    if ratings.missing:
        counts = (f"{code} ({number(n, ',', language)})" for code, n in ratings.missing.items())
        yield from _note("starter.scale.missing", language, codes=", ".join(counts))
    yield "[scale]"
    yield f"minimum = {ratings.minimum}"
    yield f"maximum = {ratings.maximum}"
    if ratings.missing:
        written = (_text(c) if isinstance(c, str) else str(c) for c in ratings.missing)
        yield f"missing = [{', '.join(written)}]"
    if ratings.answers:
        yield from _note("starter.scale.answers", language)
        yield f"answers = [{', '.join(map(_text, ratings.answers))}]"
        ends = {"low": ratings.answers[0], "high": ratings.answers[-1]}
        yield from (f"{end} = {_words(text, language)}" for end, text in ends.items())
        return
    for end, code in (("low", ratings.minimum), ("high", ratings.maximum)):
        labels = Counter(c.labels[str(code)] for c in ratings.columns if str(code) in c.labels)
        if labels:
            yield f"{end} = {_words(labels.most_common(1)[0][0], language)}"
        else:
            example = say(f"starter.scale.{end}", language)
            yield f"# {end} = {_words(example, language)}"


def _pillars(found: Guess, language: Language) -> Lines:
    yield from _section("starter.section.pillars", language)
    yield from _note("starter.pillar.what", language)
    for scale in found.scales:
        how = "by_name" if scale.by_name else "by_answers"
        values = {"n": len(scale.items), "alpha": scale.alpha}
        yield ""
        yield from _note(f"starter.pillar.{how}", language, **values)
        if scale.alpha < LOW_ALPHA:
            yield from _note("starter.pillar.loose", language)
        yield "[[pillar]]"
        yield f"key = {_text(scale.key)}"
        yield f"label = {_pillar_label(scale, language)}"


def _pillar_label(scale: GuessedScale, language: Language) -> str:
    """Name a scale as its questions are named, or by its number in both languages."""
    if scale.by_name:
        return _words(scale.key.replace("_", " "), language)
    number_of = scale.key.rpartition("_")[2]
    named = (f"{t} = {_text(say('starter.pillar.numbered', t, n=number_of))}" for t in BOTH)
    return f"{{ {', '.join(named)} }}"


def _items(found: Guess, language: Language) -> Lines:
    yield from _section("starter.section.items", language)
    yield from _note("starter.item.what", language)
    for scale in found.scales:
        for item in scale.items:
            yield ""
            yield from _item(item, found.names[item.column.name], scale, language)


def _item(item: GuessedItem, name: str, scale: GuessedScale, language: Language) -> Lines:
    loading = {"loading": item.loading, "pillar": scale.key, "other": item.closer_to}
    if item.is_unclear:
        yield from _note("starter.item.unclear", language, **loading)
    elif item.closer_to:
        yield from _note("starter.item.closer", language, **loading)
    yield "[[item]]"
    yield from _names(item.column, name)
    yield f"pillar = {_text(scale.key)}"
    if item.reverse:
        yield f"reverse = true  # {_one_line(say('starter.item.reverse', language, **loading))}"
    yield from _wording(item.column, language)


def _outcomes(found: Guess, language: Language) -> Lines:
    if not found.outcomes:
        return
    yield from _section("starter.section.outcomes", language)
    yield from _note("starter.outcome.what", language)
    for column in found.outcomes:
        yield ""
        yield "[[outcome]]"
        yield from _names(column, found.names[column.name])
        yield from _wording(column, language)


def _names(column: Profile, name: str) -> Lines:
    yield f"name = {_text(name)}"
    if name != column.name:
        yield f"column = {_text(column.name)}"


def _label(column: Profile) -> str:
    """Name a column by its question if that is short, else by its own name."""
    text = column.text.strip()
    return text if text and len(text) <= SHORT else column.name.replace("_", " ")


def _wording(column: Profile, language: Language) -> Lines:
    yield f"label = {_words(column.name.replace('_', ' '), language)}"
    if column.text.strip():
        yield f"wording = {_words(column.text, language)}"


# --- The other columns


def _groupings(found: Guess, language: Language) -> Lines:
    if not found.groupings:
        return
    yield from _section("starter.section.groupings", language)
    yield from _note("starter.grouping.what", language)
    for grouping in found.groupings:
        yield ""
        lines = list(_grouping(grouping, language))
        if grouping.special:
            yield from _note("starter.grouping.special", language)
            yield from (f"# {line}" for line in lines)
        else:
            yield from lines


def _grouping(grouping: GuessedGrouping, language: Language) -> Lines:
    column = grouping.column
    yield "[[grouping]]"
    yield f"column = {_text(grouping.name)}"
    yield f"label = {_words(_label(column), language)}"
    if grouping.special:
        yield f"special = {_text(grouping.special)}"
        yield f"basis = {_text(say('starter.grouping.basis', language))}"
    if grouping.bands:
        yield f"from = {_text(column.name)}"
        yield from _bands(grouping)
        return
    values = list(column.counts)
    yield f"order = [{', '.join(map(_text, values))}]"
    labels = {v: column.labels[v] for v in values if column.labels.get(v, "").strip()}
    if labels:
        pairs = (f"{_key(value)} = {_words(label, language)}" for value, label in labels.items())
        yield f"labels = {{ {', '.join(pairs)} }}"
    else:
        yield "# [grouping.labels]"
        yield from (f"# {_key(value)} = {_words('...', language)}" for value in values)


def _bands(grouping: GuessedGrouping) -> Lines:
    """Write bands a line each, named in both languages."""
    yield ""
    yield "[grouping.bands]"
    for name, (low, high) in grouping.bands.items():
        bounds = ", ".join('""' if bound == "" else str(bound) for bound in (low, high))
        yield f"{_key(name)} = [{bounds}]"
    yield ""
    yield "[grouping.labels]"
    for name, (low, high) in grouping.bands.items():
        values = {"low": str(low), "high": str(high), "above": str((high or 0) + 1)}
        key = _band_key(name, low)
        texts = ", ".join(f"{tongue} = {_text(say(key, tongue, **values))}" for tongue in BOTH)
        yield f"{_key(name)} = {{ {texts} }}"


def _band_key(name: str, low: object) -> str:
    if name.startswith(("under_", *"0123456789")):
        open_ended = "over" if name.endswith("_plus") else "span"
        return f"starter.band.{'under' if low == '' else open_ended}"
    return f"starter.generation.{name}"


def _roles(found: Guess, language: Language) -> Lines:
    """Words for the values of the columns that hold employers and sectors, where there are any."""
    labelled = [c for c in found.roles.values() if c.is_grouping and c.labels]
    if not labelled:
        return
    yield from _section("starter.section.columns", language)
    for column in labelled:
        labels = {v: column.labels[v] for v in column.counts if column.labels.get(v, "").strip()}
        pairs = (f"{_key(value)} = {_words(label, language)}" for value, label in labels.items())
        yield "[[column]]"
        yield f"column = {_text(column.name)}"
        yield f"label = {_words(column.name.replace('_', ' '), language)}"
        yield f"labels = {{ {', '.join(pairs)} }}"


def _left_out(found: Guess, language: Language) -> Lines:
    """Name the columns without a place, gathered by the reason."""
    if not found.left_out:
        return
    yield from _section("starter.section.left_out", language)
    reasons: dict[str, list[str]] = {}
    for column in found.left_out:
        reasons.setdefault(_why(column, language), []).append(column.name or '""')
    for why, names in reasons.items():
        yield from _comment(f"- {', '.join(names)}: {why}", hanging="  ")


def _why(column: LeftOut, language: Language) -> str:
    return say(f"starter.left_out.{column.reason}", language, **column.values)


# --- TOML


def _section(key: str, language: Language) -> Lines:
    title = f"# --- {say(key, language)} "
    yield from ("", "", title.ljust(WIDTH + 2, "-"))


def _note(key: str, language: Language, **values: object) -> Lines:
    return _comment(say(key, language, **values))


def _comment(text: str, hanging: str = "") -> Lines:
    wrapped = textwrap.wrap(
        _one_line(text),
        WIDTH,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return (f"# {line}" for line in wrapped)


def _one_line(text: str) -> str:
    """Leave out line ends and other signs that may not stand in a comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _text(value: str) -> str:
    """Write a text between quotes, with whatever it holds escaped."""
    named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    signs = (named.get(c, c if c.isprintable() else f"\\U{ord(c):08X}") for c in value)
    return f'"{"".join(signs)}"'


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _words(text: str, language: Language) -> str:
    """Write a text of one language, on one line."""
    return f"{{ {language} = {_text(_one_line(text))} }}"
