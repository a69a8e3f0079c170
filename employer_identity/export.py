"""A fit written in other programs' words: R code for lavaan, model text for semopy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from employer_identity.errors import ModelError, Problem
from employer_identity.language import refusal, say
from employer_identity.measurement.evidence import OrderedSample

if TYPE_CHECKING:
    from employer_identity.fit import Fit

ANSWERS = "answers.csv"
WIDTH = 100


# -- lavaan ----------------------------------------------------------------------------------------


def to_lavaan(fit: Fit) -> str:
    """Return R code that fits the same model to the same answers with lavaan.

    Every relation is written out with its fixed value or, where cells are tied, its label, group by
    group; nothing is left to lavaan's defaults. The answers are read from ``answers.csv`` in the
    working directory: the frame as it was given, saved with ``to_csv("answers.csv")``. Published
    moments are written into the code.
    """
    model = "\n".join(["model <- '", *_relations(fit), *_definitions(fit), "'"])
    reading = _moments(fit) if fit.rows is None else _answers(fit)
    parts = [say("ledger.lavaan_heading"), "library(lavaan)", reading, model, _call(fit)]
    if fit.rows is not None and fit.rows.crossed:
        parts.insert(1, say("ledger.lavaan_crossed"))
    return "\n\n".join([*parts, "summary(fit, fit.measures = TRUE, standardized = TRUE)"]) + "\n"


def _relations(fit: Fit) -> list[str]:
    """Return a line of model text for each relation that the model states."""
    labels = _labels(fit)
    found = []
    for r, (lhs, op, rhs) in enumerate(fit.table.rows):
        if fit.table.given[r] or fit.table.derived[r]:
            continue  # lavaan takes them from the answers or from scales, as this package does
        target = "1" if op == "~1" else rhs
        fixed = [_value(v) if k < 0 else "NA" for k, v in _cells(fit, r)]
        terms = [_modified(fixed, target)] if set(fixed) != {"NA"} else []
        if any(labels[:, r]):
            terms.append(_modified(labels[:, r].tolist(), target))
        found.append(f"  {lhs} {'~' if op == '~1' else op} {' + '.join(terms or [target])}")
    return found


def _cells(fit: Fit, r: int) -> list[tuple[int, float]]:
    """Parameter number and estimate of a relation, group by group."""
    numbers, values = fit.table.number[:, r].tolist(), fit.values[:, r].tolist()
    return list(zip(numbers, values, strict=True))


def _modified(modifiers: Sequence[str], target: str) -> str:
    """Put one modifier, or one a group, before what it modifies."""
    text = modifiers[0] if len(modifiers) == 1 else f"c({', '.join(modifiers)})"
    return f"{text}*{target}"


def _labels(fit: Fit) -> NDArray[np.object_]:
    """Return the user's labels, and new ones for cells that share a parameter; (G, R).

    Other cells of the same relation get labels that nothing shares, since all groups need one.
    """
    number, label = fit.table.number, fit.table.label.copy()
    taken = {*label.ravel(), *(name for key in fit.table.rows for name in key)} - {""}
    stem = next(s for s in ("p", "tied", "tied.") if not any(n.startswith(s) for n in taken))
    shared = np.bincount(number[number >= 0], minlength=fit.layout.q) > 1
    tied = (number >= 0) & shared[number]
    named = (tied | (label != "")).any(axis=0)
    for g, r in np.argwhere((label == "") & named):
        k = number[g, r] + 1
        label[g, r] = f"{stem}{k}" if k else f"{stem}.fixed{r + 1}.{g + 1}"
    return label


def _definitions(fit: Fit) -> list[str]:
    return [f"  {d.name} := {d.text}" for d in fit.definitions]


def _answers(fit: Fit) -> str:
    """Return R lines that read the answers and take the rows that were used."""
    words = [name for name in (fit.group, fit.cluster) if name]
    classes = ", ".join(f'{_text(name)} = "character"' for name in words)
    options = [_text(ANSWERS), "check.names = FALSE", 'na.strings = ""']
    options += [f"colClasses = c({classes})"] if words else []
    lines = [f"answers <- read.csv({', '.join(options)})"]
    keep = []
    if fit.weights:
        keep.append(f"answers[[{_text(fit.weights)}]] > 0")
    needed = fit.items if fit.missing == "listwise" else fit.table.roles.exogenous
    if needed:
        keep.append(f"complete.cases(answers[{_vector(needed)}])")
    if fit.missing != "listwise":
        keep.append(f"rowSums(!is.na(answers[{_vector(fit.items)}])) > 0")
    lines += [f"answers <- answers[{condition}, ]" for condition in keep]
    if isinstance(fit.evidence, OrderedSample):
        for item, codes in fit.evidence.recoded.items():
            of = f"answers[[{_text(item)}]]"
            lines += [f"{of}[{of} == {_value(a)}] <- {_value(b)}" for a, b in codes.items()]
    if fit.rows is not None and fit.rows.clustered:
        column = f"answers[[{_text(str(fit.cluster))}]]"
        lines.append(f"alone <- is.na({column})")
        lines.append(f'{column}[alone] <- paste("alone", seq_len(sum(alone)))')
    return "\n".join(lines)


def _moments(fit: Fit) -> str:
    """Return R lines with the covariance matrices and means; the divisor is n."""
    p = len(fit.items)
    names = f"items <- {_vector(fit.items)}"
    numbers = (", ".join(map(_value, S.ravel().tolist())) for S in fit.moments.covariance)
    matrices = [f"matrix(c({n}), {p}, dimnames = list(items, items))" for n in numbers]
    lines = [names, f"covariances <- {_by_group(fit, matrices)}"]
    if fit.moments.known == "means":
        means = [f"c({', '.join(map(_value, m.tolist()))})" for m in fit.moments.mean]
        lines.append(f"means <- {_by_group(fit, means)}")
    return "\n".join(lines)


def _by_group(fit: Fit, parts: Sequence[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    named = [f"  {_text(g)} = {part}" for g, part in zip(fit.groups, parts, strict=True)]
    return "list(\n" + ",\n".join(named) + "\n)"


def _call(fit: Fit) -> str:
    """Return the call; `lavaan` itself adds nothing to a model, unlike `cfa` and `sem`."""
    if fit.rows is None:
        n = ", ".join(str(int(k)) for k in fit.moments.n)
        options = ["sample.cov = covariances", "sample.cov.rescale = FALSE"]
        options.append(f"sample.nobs = list({n})" if len(fit.groups) > 1 else f"sample.nobs = {n}")
        if fit.moments.known == "means":
            options.append("sample.mean = means")
    else:
        options = ["data = answers"]
        if fit.group:
            options.append(f"group = {_text(fit.group)}, group.label = {_vector(fit.groups)}")
        options += [f"sampling.weights = {_text(fit.weights)}"] if fit.weights else []
        options += [f"cluster = {_text(str(fit.cluster))}"] if fit.rows.clustered else []
    means = "TRUE" if fit.moments.known == "means" else "FALSE"
    options.append(f"estimator = {_text(fit.estimator)}, missing = {_text(fit.missing)}")
    options.append(f"meanstructure = {means}, fixed.x = TRUE")
    if fit.ordered is not None:
        names = [i for i, is_one in zip(fit.items, fit.ordered.ordered, strict=True) if is_one]
        way = fit.table.ordered.parameterization
        options.append(f"ordered = {_vector(names)}, parameterization = {_text(way)}")
    return "fit <- lavaan(\n  model,\n  " + ",\n  ".join(options) + "\n)"


def _value(value: float) -> str:
    """Write a number with all of its digits."""
    return str(int(value)) if value == int(value) else repr(float(value))


def _text(word: str) -> str:
    """Write a word as R reads it, which is as JSON does."""
    return json.dumps(word, ensure_ascii=False)


def _vector(words: Iterable[str]) -> str:
    return f"c({', '.join(_text(word) for word in words)})"


# -- semopy ----------------------------------------------------------------------------------------


def to_semopy(fit: Fit) -> str:
    """Return the model text for semopy, which estimates it the same way in this case alone.

    Raises
    ------
    ModelError
        If the fit has groups, incomplete rows, another estimator than ML, weights or clusters, a
        structure of means, a definition, or a factor whose first loading is not fixed at 1.
    """
    reasons = _beyond_semopy(fit)
    if reasons:
        raise refusal(ModelError, [Problem(code) for code in reasons])
    lines = []
    for r, (lhs, op, rhs) in enumerate(fit.table.rows):
        if op == "~1" or fit.table.given[r]:
            continue
        label = _labels(fit)[0, r]
        ((number, value),) = _cells(fit, r)
        modifier = _value(value) if number < 0 else label
        lines.append(f"{lhs} {op} {modifier}*{rhs}" if modifier else f"{lhs} {op} {rhs}")
    return "\n".join(lines) + "\n"


def _beyond_semopy(fit: Fit) -> list[str]:
    """Return the sentences that say what semopy cannot do of this fit."""
    table = fit.table
    means = [r for r, key in enumerate(table.rows) if key[1] == "~1"]
    own = {table.rows[r][0] for r in means if table.number[0, r] >= 0}
    shifted = [r for r in means if table.rows[r][0] in fit.factors and fit.values[0, r] != 0.0]
    first = {key[0]: r for r, key in reversed(list(enumerate(table.rows))) if key[1] == "=~"}
    unscaled = [r for r in first.values() if table.number[0, r] >= 0 or fit.values[0, r] != 1.0]
    structured = set(fit.items) - own - set(table.roles.exogenous)
    found = {
        "model.semopy_one_group": len(fit.groups) > 1,
        "model.semopy_complete": not fit.evidence.complete,
        "model.semopy_ml": fit.estimator != "ML" or fit.rows is None,
        "model.semopy_means": bool(shifted or (structured and means)),
        "model.semopy_marker": bool(unscaled),
        "model.semopy_definitions": bool(fit.definitions),
    }
    return [code for code, holds in found.items() if holds]
