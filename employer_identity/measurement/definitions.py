"""Quantities that a model text defines from its labels: ``indirect := a * b``.

Understood are numbers, labels, earlier definitions, ``+ - * / ^``, parentheses and ``sqrt``,
``exp`` and ``log``. An expression is read into Python's syntax tree and only these parts of it are
ever computed.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from employer_identity.errors import ModelError, Problem
from employer_identity.language import listing, refusal
from employer_identity.measurement.syntax import DEFINES, is_name, statements

Numbers = NDArray[Any]
FUNCTIONS: dict[str, Callable[[Any], Any]] = {"sqrt": np.sqrt, "exp": np.exp, "log": np.log}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_WORD = re.compile(r"(?<![\w.])[^\W\d][\w.]*")


@dataclass(frozen=True)
class Definition:
    """A name and the expression that it stands for, as written."""

    name: str
    text: str

    @property
    def needs(self) -> tuple[str, ...]:
        """Labels and definitions that the expression names."""
        return tuple(dict.fromkeys(w for w in _WORD.findall(self.text) if w not in FUNCTIONS))

    def compute(self, known: Mapping[str, Numbers]) -> Numbers:
        """Return the expression's value, real or complex; what it needs is ``known``."""
        words, tree = _tree(self.text)
        with np.errstate(all="ignore"):
            return np.asarray(_value(tree, {w: known[n] for n, w in words.items()}))


def definitions(text: str) -> tuple[Definition, ...]:
    """Return the definitions of a model text in the order written.

    Raises
    ------
    ModelError
        With every definition that cannot be read.
    """
    found: dict[str, Definition] = {}
    problems: list[Problem] = []
    for number, statement in statements(text):
        name, marked, expression = (part.strip() for part in statement.partition(DEFINES))
        if not marked:
            continue
        definition = Definition(name, " ".join(expression.split()))
        values = {"text": statement}
        if not is_name(name) or not _is_readable(definition.text):
            problems.append(Problem("model.definition", where=str(number), values=values))
        elif name in FUNCTIONS or name in found:
            problems.append(Problem("model.definition_twice", where=name))
        found[name] = definition
    if problems:
        raise refusal(ModelError, problems)
    return tuple(found.values())


def check_known(defined: Sequence[Definition], labels: Collection[str]) -> None:
    """Refuse definitions that name what is neither a label nor defined before."""
    problems, known = [], set(labels)
    for definition in defined:
        unknown = [name for name in definition.needs if name not in known]
        if unknown:
            values = {"name": definition.name, "allowed": listing(sorted(known))}
            code = "model.definition_unknown" if known else "model.definition_no_labels"
            problems.append(Problem(code, where=listing(unknown), values=values))
        if definition.name in labels:
            problems.append(Problem("model.definition_twice", where=definition.name))
        known.add(definition.name)
    if problems:
        raise refusal(ModelError, problems)


def _tree(text: str) -> tuple[dict[str, str], ast.expr]:
    """Return plain words for the names of an expression (``a.b`` is one name), and its tree."""
    words: dict[str, str] = {}

    def plain(found: re.Match[str]) -> str:
        name = found.group()
        return name if name in FUNCTIONS else words.setdefault(name, f"v{len(words)}")

    written = _WORD.sub(plain, text.replace("^", "**"))
    return words, ast.parse(written, mode="eval").body


def _is_readable(text: str) -> bool:
    try:
        words, tree = _tree(text)
        with np.errstate(all="ignore"):
            _value(tree, {word: np.ones(1) for word in words.values()})
    except (
        SyntaxError,
        ValueError,
        RecursionError,
        MemoryError,
    ):  # the last: of brackets in brackets
        return False
    return "**" not in text  # Python's power sign is not the field's


def _value(node: ast.expr, known: Mapping[str, Numbers]) -> Any:
    match node:
        case ast.Constant(value=float() | int() as value) if not isinstance(value, bool):
            return np.float64(value)
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_value(operand, known))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_value(left, known), _value(right, known))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](_value(argument, known))
        case _:
            raise ValueError(ast.dump(node))
