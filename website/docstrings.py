"""What the reference makes of docstrings and signatures, besides what mkdocstrings does.

Docstrings announce a formula by two colons, which are one colon on a page. Arguments that are told
of together are listed one by one, since each has a type and a default of its own. The default may
be a constant, whose value a reader wants to see and not its name.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import griffe

ANNOUNCED = re.compile(r" ?::(?=\n\n|$)")
SECTION = re.compile(
    r"^((?:Parameters|Attributes)\n-+\n)(.*?)(?=^\w[\w ]*\n-{3,}\n|\Z)", re.M | re.S
)
TOGETHER = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)+)\n((?:[ \n].*\n?)+)", re.M)


class Readable(griffe.Extension):
    """Docstrings as Markdown, and defaults as values."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Change what has been read, once all of it is there."""
        for found in _all(pkg):
            if found.docstring:
                found.docstring.value = readable(found.docstring.value)
            if isinstance(found, griffe.Function):
                for parameter in found.parameters:
                    _show_value(parameter, found)


def readable(docstring: str) -> str:
    """Return a docstring with formulas announced by one colon, and one argument at a time."""
    return SECTION.sub(
        lambda section: section[1] + TOGETHER.sub(_one_by_one, section[2]),
        ANNOUNCED.sub(":", docstring),
    )


def _one_by_one(found: re.Match[str]) -> str:
    """Return what is said of several arguments, of each."""
    told = found[2].rstrip("\n")
    return "".join(f"{name}\n{told}\n" for name in found[1].split(", ")) + "\n"


def _all(within: griffe.Module | griffe.Class) -> Iterator[griffe.Object]:
    """Yield every object of a package that is defined where it stands."""
    for member in within.members.values():
        if isinstance(member, griffe.Object):
            yield member
            if isinstance(member, griffe.Module | griffe.Class):
                yield from _all(member)


def _show_value(parameter: griffe.Parameter, function: griffe.Function) -> None:
    """Put the value of a constant in the place of its name, where it can be found."""
    if isinstance(parameter.default, griffe.ExprName):
        constant = function.module.members.get(parameter.default.name)
        with contextlib.suppress(griffe.AliasResolutionError):
            if constant is not None and constant.is_attribute and constant.value is not None:
                parameter.default = constant.value
