"""What the reference makes of docstrings and signatures, besides what mkdocstrings does.

Docstrings announce a formula by two colons, which are one colon on a page, and the default of an
argument may be a constant, whose value a reader wants to see and not its name.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import griffe

ANNOUNCED = re.compile(r" ?::(?=\n\n|$)")


class Readable(griffe.Extension):
    """Docstrings as Markdown, and defaults as values."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Change what has been read, once all of it is there."""
        for found in _all(pkg):
            if found.docstring:
                found.docstring.value = ANNOUNCED.sub(":", found.docstring.value)
            if isinstance(found, griffe.Function):
                for parameter in found.parameters:
                    _show_value(parameter, found)


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
