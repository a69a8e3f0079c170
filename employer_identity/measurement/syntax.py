"""Read lavaan's model text into terms: variable, operator, variable, modifiers.

Understood are ``=~`` (is measured by), ``~~`` (covaries with), ``~`` (is regressed on) and ``~ 1``
(intercept or mean), and of an item answered in ordered categories ``|`` (its thresholds: ``x | t1 +
t2``) and ``~*~`` (the scale of what lies behind it); ``0.5*x`` fixes, ``NA*x`` frees, ``a*x``
labels, ``start(0.5)*x`` starts, ``c(a, b)*x`` says it group by group; ``:=`` is left to
`definitions`. Comments begin with ``#`` or ``!``; a line that ends in an operator or ``+`` goes on
in the next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from employer_identity.errors import ModelError, Problem
from employer_identity.language import refusal

Operator = Literal["=~", "~~", "~", "~1", "|", "~*~"]

_NAME = re.compile(r"^[^\W\d][\w.]*$")
_OPERATOR = re.compile(r"=~|~\*~|~~|:=|==|<|>|\||~")
_THRESHOLD = re.compile(r"^t[1-9]\d*$")
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
DEFINES = ":="  # such statements are read by `definitions`
_START = re.compile(r"^start\(\s*([^()]+?)\s*\)$")


@dataclass(frozen=True)
class Modifier:
    """What the text says of one term in one group; everything None says nothing."""

    fixed: float | None = None
    label: str | None = None
    start: float | None = None
    freed: bool = False


@dataclass(frozen=True)
class Term:
    """One relation of the text; ``modifiers`` has one entry for all groups or one a group."""

    lhs: str
    op: Operator
    rhs: str
    modifiers: tuple[Modifier, ...]


def parse(text: str) -> tuple[Term, ...]:
    """Return the terms of a model text in the order written.

    Raises
    ------
    ModelError
        With every line that cannot be read, and why.
    """
    terms: list[Term] = []
    problems: list[Problem] = []
    for number, statement in statements(text):
        if _is_definition(statement):
            continue
        try:
            terms.extend(_terms(statement))
        except _UnreadableError as fault:
            problems.append(Problem(fault.code, where=str(number), values={"text": fault.text}))
    if not terms and not problems:
        problems.append(Problem("model.empty"))
    if problems:
        raise refusal(ModelError, problems)
    return _merged(terms)


class _UnreadableError(Exception):
    """A statement that cannot be read: the code of the sentence and the text concerned."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code, self.text = code, text


def statements(text: str) -> list[tuple[int, str]]:
    """Split a model text into statements, with the number of the line each begins on."""
    found: list[tuple[int, str]] = []
    begun, pending = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        for part in re.split(r"[#!]", line)[0].split(";"):
            part = part.strip()
            if not part:
                continue
            goes_on = bool(pending) and (
                pending[-1].endswith(("+", "~", "*", ",", "|")) or part[0] in "+*"
            )
            if pending and not goes_on:
                found.append((begun, " ".join(pending)))
                pending = []
            begun = begun if pending else number
            pending.append(part)
    return [*found, (begun, " ".join(pending))] if pending else found


def _is_definition(statement: str) -> bool:
    operator = _OPERATOR.search(statement)
    return operator is not None and operator.group() == DEFINES


def is_name(text: str) -> bool:
    """Whether a text can name a variable, a label or a defined quantity."""
    return _NAME.match(text) is not None


def _terms(statement: str) -> list[Term]:
    operator = _OPERATOR.search(statement)
    if operator is None:
        raise _UnreadableError("model.no_operator", statement)
    op = operator.group()
    if op not in ("=~", "~~", "~", "|", "~*~"):
        raise _UnreadableError("model.operator_not_supported", op)
    left = [name.strip() for name in statement[: operator.start()].split("+")]
    right = _split(statement[operator.end() :], "+")
    for name in left:
        if not _NAME.match(name):
            raise _UnreadableError("model.not_a_name", name or statement)
    return [_term(lhs, op, part) for lhs in left for part in right]


def _split(text: str, mark: str) -> list[str]:
    """Split at a mark outside brackets, so that ``start(1e+2)`` and ``c(a, b)`` stay whole."""
    parts, depth, last = [], 0, 0
    for i, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == mark and depth == 0:
            parts.append(text[last:i].strip())
            last = i + 1
    return [*parts, text[last:].strip()]


def _term(lhs: str, op: str, text: str) -> Term:
    *modifiers, rhs = _split(text, "*")
    if op == "~" and rhs == "1":
        return Term(lhs, "~1", "", _modifiers(modifiers))
    if not _NAME.match(rhs):
        raise _UnreadableError("model.not_a_name", rhs or text or lhs)
    if op == "=~" and lhs == rhs:
        raise _UnreadableError("model.measures_itself", lhs)
    if op == "|" and not _THRESHOLD.match(rhs):
        raise _UnreadableError("model.not_a_threshold", rhs)
    if op == "~*~" and lhs != rhs:
        raise _UnreadableError("model.scale_of_one", f"{lhs} ~*~ {rhs}")
    return Term(lhs, op, rhs, _modifiers(modifiers))  # type: ignore[arg-type]


def _modifiers(texts: list[str]) -> tuple[Modifier, ...]:
    """Read the modifiers before a ``*``; several of them are taken together."""
    together: tuple[Modifier, ...] = (Modifier(),)
    for text in texts:
        vector = re.fullmatch(r"c\((.*)\)", text)
        read = tuple(_modifier(t) for t in (_split(vector.group(1), ",") if vector else [text]))
        wide = max(len(together), len(read))
        if {len(together), len(read)} - {1, wide}:
            raise _UnreadableError("model.modifier_lengths", text)
        pairs = zip(together * (wide // len(together)), read * (wide // len(read)), strict=True)
        together = tuple(_both(a, b) for a, b in pairs)
    return together


def _modifier(text: str) -> Modifier:
    text = text.strip()
    if _NUMBER.match(text):
        return Modifier(fixed=float(text))
    if text == "NA":
        return Modifier(freed=True)
    start = _START.match(text)
    if start and _NUMBER.match(start.group(1)):
        return Modifier(start=float(start.group(1)))
    if _NAME.match(text):
        return Modifier(label=text)
    raise _UnreadableError("model.modifier", text)


def _both(one: Modifier, other: Modifier) -> Modifier:
    return Modifier(
        fixed=one.fixed if other.fixed is None else other.fixed,
        label=one.label or other.label,
        start=one.start if other.start is None else other.start,
        freed=one.freed or other.freed,
    )


def _merged(terms: list[Term]) -> tuple[Term, ...]:
    """Join ``a*x + start(1)*x``: the same relation written twice with different modifiers."""
    found: dict[tuple[str, str, str], Term] = {}
    doubled: list[Problem] = []
    for term in terms:
        key = (term.lhs, term.op, term.rhs)
        if term.op == "~~" and (term.rhs, term.op, term.lhs) in found:
            key = (term.rhs, term.op, term.lhs)
        before = found.get(key)
        if before is None:
            found[key] = term
        elif Modifier() in before.modifiers or Modifier() in term.modifiers:
            doubled.append(Problem("model.term_twice", where=" ".join(key)))
        else:
            wide = max(len(before.modifiers), len(term.modifiers))
            ours = before.modifiers * (wide // len(before.modifiers))
            theirs = term.modifiers * (wide // len(term.modifiers))
            both = tuple(_both(a, b) for a, b in zip(ours, theirs, strict=False))
            found[key] = Term(before.lhs, before.op, before.rhs, both)
    if doubled:
        raise refusal(ModelError, doubled)
    return tuple(found.values())
