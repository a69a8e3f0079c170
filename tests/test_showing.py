"""Every public result shows itself, as text and as HTML with the same content."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Container, Iterator
from html import escape, unescape
from pathlib import Path
from typing import Any, get_args, get_origin

import numpy as np
import pandas as pd
import pytest
from prepared import SAMPLE, results

import employer_identity as ei
from employer_identity import tables
from employer_identity.errors import Problem
from employer_identity.instrument import load_instrument
from employer_identity.measurement.moments import Moments
from employer_identity.showing import Grid, Showing, ShowingFields, View, are_tellable, written

PLAIN = (str, Path, int, float, bool, pd.DataFrame, pd.Series)
"""What is no result of ours: words, paths, numbers, and frames, which pandas shows."""
INSIDE = ("measurement", "questionnaire")
"""Rooms whose records are parts of an engine or a file, not results that somebody asks for."""
PARTS = {
    "Problem": "told by the result that found it",
    "Prepared": "what a ladder keeps to make further fits",
    "Sample": "answers as the engine takes them",
    "AlignedFactor": "a factor's alignment as arrays; the alignment's tables show it",
    "Climb": "how a ladder was climbed, kept to climb it again",
    "Route": "the levels of a climb; the ladder shows them",
    "Step": "one of them",
    "Source": "where a scan reads answers; the scan shows it",
    "Fact": "what a figure or table tells of people, for whoever lays reports side by side",
    "Statement": "a fact with the report that states it",
    "Leak": "the audit that found it tells it in words",
    "Bounds": "how far it hems something in; never shown, for it is hidden",
    "Baseline": "the independence model behind the fit measures",
}
EXTRA = (
    "Audit",
    "Batch",
    "Record",
    "FitChange",
    "LowerBic",
    "NoSignificantDifference",
    "Kept",
    "Shown",
)
"""Kinds that the prepared results hold no example of, though they show themselves like others."""


def classes(hint: Any) -> Iterator[type]:
    """Return the classes that stand in an annotation."""
    if get_origin(hint) is not None:
        for one in get_args(hint):
            yield from classes(one)
    if isinstance(get_origin(hint) or hint, type):
        yield get_origin(hint) or hint


def told(kind: type) -> Iterator[type]:
    """Return the classes of what a result's public fields, properties and methods give."""
    for name, member in inspect.getmembers(kind):
        if name.startswith("_"):
            continue
        member = getattr(member, "func", getattr(member, "fget", member))  # of properties
        if inspect.isfunction(member):
            yield from classes(hints(member).get("return"))
    for base in getattr(kind, "__orig_bases__", ()):  # what a mapping holds
        yield from classes(base)
    if dataclasses.is_dataclass(kind):
        for name, hint in hints(kind).items():
            if not name.startswith("_"):
                yield from classes(hint)


def hints(thing: Any) -> dict[str, Any]:
    """Return annotations as types, also of what is imported for types only."""
    known = {k: getattr(ei, k) for k in ei.__all__} | {"pd": pd, "np": np}
    own = getattr(thing, "__annotations__", {})
    return {k: _evaluated(v, vars(sys.modules[thing.__module__]), known) for k, v in own.items()}


def _evaluated(text: Any, room: dict[str, Any], known: dict[str, Any]) -> Any:
    while isinstance(text, str):
        try:
            return eval(text, room, known)
        except NameError as error:  # a name that is imported for types only, from outside
            known[str(error.name)] = type(str(error.name), (), {})
        except TypeError:  # pandas' Series takes no brackets when it is run
            return pd.Series
    return text


def public_kinds(parts: Container[str] = PARTS) -> dict[str, type]:
    """Return every class of ours that a user can get hold of, by name."""
    found: dict[str, type] = {}
    waiting = []
    for name in ei.__all__:
        thing = getattr(ei, name)
        if inspect.isfunction(thing):
            waiting += classes(hints(thing)["return"])
        elif isinstance(thing, type):
            waiting.append(thing)
    while waiting:
        kind = waiting.pop()
        room = kind.__module__.removeprefix("employer_identity.")
        if kind in (Showing, ShowingFields):
            continue
        if kind.__name__ in found or room == kind.__module__:
            continue
        named = kind.__name__ in ei.__all__
        if not named and (room.split(".")[0] in INSIDE or kind.__name__ in parts):
            continue
        found[kind.__name__] = kind
        waiting += told(kind)
    return found


KINDS = public_kinds()


def faults(kinds: dict[str, type]) -> list[str]:
    """Return the kinds that have no view of their own."""
    return [n for n, k in kinds.items() if not issubclass(k, Showing | ShowingFields)]


def test_every_public_name_gives_a_frame_or_a_result_that_shows_itself() -> None:
    assert faults(KINDS) == []
    assert {"Fit", "Ladder", "Decisions", "Rung", "DifferenceTest", "Raking"} <= set(KINDS)
    for name in ei.__all__:
        thing = getattr(ei, name)
        if inspect.isfunction(thing):
            given = [k for k in classes(hints(thing)["return"]) if not issubclass(k, PLAIN)]
            ours = [k for k in given if k.__module__.startswith("employer_identity")]
            assert ours or not given or name == "read_margins", name


def test_the_parts_that_need_no_view_are_still_there() -> None:
    assert set(faults(public_kinds(parts=()))) == set(PARTS)


def test_a_new_result_without_a_view_is_seen() -> None:
    assert faults({"Problem": Problem}) == ["Problem"]


def test_every_kind_has_an_example_here() -> None:
    assert set(KINDS) - set(results()) - set(EXTRA) == set()


def words(text: str) -> list[str]:
    """Return the words of a text or a page in order."""
    return re.findall(r"[^\s|]+", unescape(re.sub(r"<[^>]*>", " ", text)))


@pytest.mark.parametrize("name", sorted({*KINDS} - {*EXTRA}))
def test_text_and_page_have_the_same_content_twice(name: str) -> None:
    result = results()[name]
    page = result._repr_html_()
    assert repr(result) == repr(result)
    assert page == result._repr_html_()
    assert " at 0x" not in repr(result) + page
    if isinstance(result, Showing):
        assert words(page) == words(repr(result))
        assert str(result) == repr(result)
    else:
        for field in dataclasses.fields(result):
            assert field.name in page


@pytest.mark.parametrize("name", sorted({*KINDS} - {*EXTRA}))
def test_a_page_asks_for_nothing_and_has_no_colours_of_its_own(name: str) -> None:
    page = results()[name]._repr_html_()
    styles = " ".join(re.findall(r'style="([^"]*)"', page))
    assert not re.search(r"#[0-9a-f]{3}|rgb|black|white|background", styles)
    assert not re.search(r"<script|<link|<img|<style|https?:|url\(| id=|class=", page)
    assert page.count("<div") == page.count("</div>")
    assert len(page) < 20_000
    for colour in re.findall(r"var\([^)]*\)", styles):
        assert re.fullmatch(r"var\(--jp-[a-z0-9-]+, (inherit|currentColor)\)", colour)


def test_a_figure_is_a_picture_with_its_words_and_a_table_itself() -> None:
    own = results()["Explorer"].exploration.show(results()["Choice"]).pieces[0]
    page = own._repr_html_()
    assert page.startswith("<figure")
    assert f'alt="{escape(own.alt)}"' in page
    assert escape(own.caption) in page
    assert page == own._repr_html_()
    assert repr(own) == f"{own.caption}\n  {own.alt}"
    instrument = load_instrument(SAMPLE / "instrument.toml")
    row = {"grouping": "gender", "category": "woman", "n": 500, "share": 0.5}
    shown = tables.margins(pd.DataFrame([row]), instrument)
    assert "<table" in shown._repr_html_()


def test_words_of_the_data_are_no_markup() -> None:
    view = View("<b>", ("a & b",), Grid(("<i>",), (("<script>",),)), ("<u>",))
    page = view.html()
    assert not re.search(r"<(b|i|u|script)>", page)
    assert words(page) == ["<b>", "a", "&", "b", "<i>", "<script>", "<u>"]


def test_headers_and_names_are_marked_for_those_who_listen() -> None:
    page = Grid(("group", "mean"), (("young", "4.10"),)).html()
    assert page.count('scope="col"') == 2
    assert page.count('scope="row"') == 1


def test_a_long_table_says_how_much_it_leaves_out() -> None:
    frame = pd.DataFrame({"employer": [f"e{k}" for k in range(1234)], "mean": 0.5})
    view = View("Many", grid=Grid.of(frame, most=3))
    assert view.text().splitlines() == [
        "Many", "employer   mean", "e0        0.500", "e1        0.500", "e2        0.500",
        "  ... and 1,231 rows more",
    ]  # fmt: skip
    assert "and 1,231 rows more" in view.html()


@pytest.mark.parametrize(
    ("value", "spec", "expected"),
    [
        ("word", "z.3f", "word"), (None, "z.3f", ""), (float("nan"), "z.3f", ""), (pd.NA, ",", ""),
        (True, "z.3f", "yes"), (np.False_, "z.3f", "no"), (1234, "z.3f", "1,234"),
        (np.int64(7), "z.3f", "7"), (np.float64(-0.0001), "z.3f", "0.000"), (2.0, "z.2f", "2.00"),
        (0.0004, "p", "< 0.001"), (0.0316, "p", "0.032"),
    ],
)  # fmt: skip
def test_a_cell_is_written(value: object, spec: str, expected: str) -> None:
    assert written(value, spec) == expected


def test_sizes_are_told_only_where_nobody_is_one_of_few() -> None:
    assert are_tellable([5, 900])
    assert not are_tellable([4, 900])
    assert are_tellable([])


@pytest.mark.parametrize(("few", "told"), [(4, False), (5, True)])
def test_groups_of_few_are_not_counted(few: int, told: bool) -> None:
    answers = np.random.default_rng(1).normal(size=(90 + few, 2))
    codes = np.repeat([0, 1], [90, few])
    shown = Moments.of(["a", "b"], answers, codes, ("many", "few"))
    assert (f"few {few}" in repr(shown)) is told
    assert ("90" in repr(shown)) is told
