"""The public edge: arguments that a function could not read are refused, with what it takes.

What a function takes is read off its annotations, so that a new argument is covered by having one.
"""

from __future__ import annotations

import builtins
import inspect
from abc import ABC, abstractmethod
from collections import abc
from collections.abc import Callable, Iterable, Mapping, Sized
from functools import cache, wraps
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    ParamSpec,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from employer_identity.errors import EmployerIdentityError, Problem
from employer_identity.language import nearest, refusal, say

_P = ParamSpec("_P")
_R = TypeVar("_R")
Count = Annotated[int, 1]  # a whole number, and the least that it may be
_KNOWN = frozenset(
    {
        "Fit",
        "Ladder",
        "Survey",
        "Panel",
        "Moments",
        "Scan",
        "DataFrame",
        "Instrument",
        "Truth",
        "str",
    }
    | {"Path", "int", "float", "bool", "NoneType", "Sequence", "Mapping", "Callable"}
)
"""Kinds that the catalogue has words for; others are called by their class's name."""


class Framed(ABC):
    """What is given for a frame where it has not been made one yet."""

    @abstractmethod
    def frame(self) -> Any:
        """Make it a frame."""


class _ByName(type):
    """A type that a room imports for its annotations only: what is of it is known by its name."""

    def __instancecheck__(cls, value: object) -> bool:
        return any(kind.__name__ == cls.__name__ for kind in type(value).__mro__)


class _Names(dict[str, Any]):
    """Names of annotations that their module does not have when it runs."""

    def __init__(self, there: Mapping[str, object]) -> None:
        self.there = there

    def __missing__(self, name: str) -> Any:
        if name in self.there or name in vars(builtins) or name.startswith("__"):
            raise KeyError(name)
        return getattr(abc, name, None) or _ByName(name, (), {})


def checked(
    error: type[EmployerIdentityError], *, left: tuple[str, ...] = (), room: str = "ei"
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Have a public function refuse, by this exception, arguments that it could not read.

    Those in ``left`` it refuses itself, with better advice; users call it as one of ``room``. What
    can be made a frame is made one for a function that takes frames and not what it is.
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        @wraps(function)
        def asked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            if problems := list(_wrong(function, args, kwargs, left, room)):
                raise refusal(error, problems)
            if any(isinstance(value, Framed) for value in (*args, *kwargs.values())):
                given = _framed(function, args, kwargs)
                return function(*given.args, **given.kwargs)
            return function(*args, **kwargs)

        return asked

    return decorate


@cache
def _taken(function: Callable[..., object]) -> tuple[inspect.Signature, dict[str, Any]]:
    """Return what a function takes: its signature and its annotations as types."""
    names = _Names(inspect.unwrap(function).__globals__)
    return inspect.signature(function), get_type_hints(function, localns=names, include_extras=True)


def _wrong(
    function: Callable[..., object],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    left: tuple[str, ...],
    room: str,
) -> Iterable[Problem]:
    """Say what is wrong with a call: names first, and if those are right, kinds."""
    signature, hints = _taken(function)
    call = f"{room}.{function.__name__}"
    if misnamed := list(_misnamed(signature, call, args, kwargs)):
        return misnamed
    given = signature.bind(*args, **kwargs).arguments
    named = (n for n in given if signature.parameters[n].kind is not inspect.Parameter.VAR_KEYWORD)
    return [
        _unfit(call, name, given[name], hints[name])
        for name in named
        if name not in left and not fits(given[name], hints[name])
    ]


def _framed(
    function: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> inspect.BoundArguments:
    """Make frames of arguments that are taken as frames only."""
    signature, hints = _taken(function)
    given = signature.bind(*args, **kwargs)
    for name, value in given.arguments.items():
        if isinstance(value, Framed) and type(value).__name__ not in _names(hints[name]):
            given.arguments[name] = value.frame()
    return given


def _misnamed(
    signature: inspect.Signature,
    call: str,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
) -> Iterable[Problem]:
    """Find arguments that do not exist, are too many or are lacking."""
    taken = signature.parameters
    kinds = [parameter.kind for parameter in taken.values()]
    positions = [n for n, p in taken.items() if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        for name in (name for name in kwargs if name not in taken):
            near = nearest(name, taken)
            code = "edge.unknown_near" if near else "edge.unknown"
            values = {"call": call, "near": near, "allowed": ", ".join(taken)}
            yield Problem(code, name, values=values)
    if len(args) > len(positions):
        names = ", ".join(positions)
        about = {"call": call, "given": len(args), "names": names}
        yield Problem("edge.too_many", count=len(positions), values=about)
    there = {*kwargs, *positions[: len(args)]}
    for name in positions[: len(args)]:
        if name in kwargs:
            yield Problem("edge.twice", name, values={"call": call})
    for name, parameter in taken.items():
        needed = parameter.default is parameter.empty and parameter.kind in (
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        )
        if needed and name not in there:
            yield Problem("edge.lacking", name, values={"call": call})


def fits(value: object, hint: Any) -> bool:
    """Whether a value is of the kind an annotation asks for.

    Words that must be one of a few are left to the function: it knows the nearest one.
    """
    origin, within = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin is Annotated:
        kind, least = within[0], hint.__metadata__[0]
        return fits(value, kind) and value >= least
    if origin in (Union, UnionType):
        return any(fits(value, one) for one in within)
    if origin is Literal:
        words = any(isinstance(one, str) for one in within)
        return (words and isinstance(value, str)) or any(value is one for one in within)
    kind = origin or hint
    if isinstance(value, Framed) and getattr(kind, "__name__", "") == "DataFrame":
        return True
    if kind in (int, float):
        number = Integral if kind is int else Real
        return isinstance(value, number) and not isinstance(value, bool)
    if kind in (str, NoneType) or not _holds(kind):
        return not isinstance(kind, type) or isinstance(value, kind)
    return _held(value, kind, within)


def _holds(kind: Any) -> bool:
    """Whether an annotation is about something that holds other things."""
    return isinstance(kind, type) and issubclass(kind, Iterable) and kind.__module__ in _CONTAINERS


_CONTAINERS = ("collections.abc", "builtins")


def _held(value: object, kind: type, within: tuple[Any, ...]) -> bool:
    if issubclass(kind, Mapping):
        return isinstance(value, Mapping)
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return False
    kinds = [one for one in within if one is not Ellipsis]
    if not kinds or not isinstance(value, Sized):  # what runs once is not looked through
        return True
    return all(any(fits(each, one) for one in kinds) for each in value)


def _unfit(call: str, name: str, value: object, hint: Any) -> Problem:
    given = "None" if value is None else type(value).__name__
    if get_origin(hint) is Annotated and isinstance(value, Integral):
        given = str(value)
    values = {"call": call, "allowed": _either(_words(hint)), "given": given}
    if given == "Ladder" and "Fit" in _names(hint):
        return Problem("edge.unfit_ladder", name, values=values)
    if given == "str" and "Sequence" in _names(hint):
        return Problem("edge.unfit_word", name, values=values)
    if given == "Scan":
        return Problem("edge.unfit_scan", name, values=values)
    return Problem("edge.unfit", name, values=values)


def _names(hint: Any) -> list[str]:
    """Return the names of the kinds in an annotation."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return list(dict.fromkeys(n for one in get_args(hint) for n in _names(one)))
    name = getattr(origin or hint, "__name__", str(hint))
    return ["Sequence" if name in ("Iterable", "tuple", "list") else name]


def _is_framed(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Framed)


def _words(hint: Any) -> list[str]:
    """Say which kinds an annotation allows."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        told = [one for one in get_args(hint) if not _is_framed(one)]
        return list(dict.fromkeys(w for one in told for w in _words(one)))
    if origin is Annotated:
        return [say("edge.count", least=hint.__metadata__[0])]
    if origin is Literal:
        return [repr(one) for one in get_args(hint)]
    (name,) = _names(hint)
    return [say(f"edge.kind.{name}") if name in _KNOWN else name]


def _either(words: list[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} {say('edge.or')} {last}" if head else last
