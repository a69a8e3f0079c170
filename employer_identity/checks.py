"""What cannot be fitted as it was asked for: refused, with every reason at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from employer_identity.errors import ModelError, Problem
from employer_identity.language import listing, refusal
from employer_identity.measurement.layout import stand_ins
from employer_identity.measurement.moments import Moments
from employer_identity.measurement.ordering import Key, Ordered, Parameterization
from employer_identity.measurement.starts import unit_bound
from employer_identity.measurement.syntax import Term
from employer_identity.measurement.table import FAMILIES, Roles, Table, family

Estimator = Literal["ML", "MLR", "MLM", "WLSMV", "WLSM", "DWLS"]
Missing = Literal["fiml", "listwise", "pairwise"]
WEIGHTED: tuple[Estimator, ...] = ("WLSMV", "WLSM", "DWLS")  # of ordered items
ROBUST: tuple[Estimator, ...] = ("MLR", "WLSMV", "WLSM")  # can use weights and clusters


def check_options(
    estimator: str | None,
    missing: str | None,
    equal: Sequence[str] = (),
    group: str | None = None,
    parameterization: str = "delta",
) -> None:
    """Refuse what is not offered, all at once."""
    problems = []
    offered = (
        ("estimator", estimator, Estimator), ("missing", missing, Missing),
        ("parameterization", parameterization, Parameterization),
    )  # fmt: skip
    for name, asked, known in offered:
        if asked is not None and asked not in get_args(known):
            values = {"asked": asked, "allowed": listing(get_args(known))}
            problems.append(Problem("model.not_available", where=name, values=values))
    for name in equal:
        if name not in FAMILIES:
            values = {"allowed": listing(FAMILIES)}
            problems.append(Problem("model.unknown_family", where=str(name), values=values))
    if equal and group is None:
        problems.append(Problem("model.equal_needs_group"))
    if problems:
        raise refusal(ModelError, problems)


def check_combination(
    estimator: str,
    missing: str,
    weights: str | None,
    cluster: str | None,
    *,
    tables: bool,
    ordered: bool,
) -> None:
    """Refuse what does not go together."""
    problems = []
    if tables and ordered:
        problems.append(Problem("ordered.needs_answers"))
    if ordered and not tables and estimator not in WEIGHTED:
        values = {"allowed": listing(WEIGHTED)}
        problems.append(Problem("ordered.estimator", estimator, values=values))
    if not ordered and estimator in WEIGHTED:
        problems.append(Problem("ordered.estimator_needs_ordered", estimator))
    if ordered and missing == "fiml":
        problems.append(Problem("ordered.no_fiml"))
    if not ordered and missing == "pairwise":
        problems.append(Problem("ordered.pairwise_needs_ordered"))
    if estimator == "DWLS" and (weights or cluster):
        named = [name for name in (weights, cluster) if name]
        problems.append(Problem("ordered.dwls_plain", where=listing(named)))
    if (
        tables
        and not ordered
        and (estimator != "ML" or missing != "listwise" or weights or cluster)
    ):
        problems.append(Problem("model.moments_only_ml"))
    if estimator == "MLM" and (missing == "fiml" or weights or cluster):
        problems.append(Problem("model.mlm_complete"))
    if estimator == "ML" and (weights or cluster) and not tables:
        named = [name for name in (weights, cluster) if name]
        problems.append(Problem("model.ml_plain", where=listing(named)))
    if problems:
        raise refusal(ModelError, problems)


def check_terms(terms: Sequence[Term]) -> None:
    """Refuse a model without factors, and factors that one item alone measures."""
    roles = Roles.of(terms)
    if not roles.factors and not roles.outcomes:
        raise refusal(ModelError, [Problem("model.no_factor")])
    fixed = {
        t.lhs
        for t in terms
        if t.op == "~~" and t.lhs == t.rhs and all(m.fixed is not None for m in t.modifiers)
    }
    problems = []
    for factor in roles.factors:
        items = [t.rhs for t in terms if t.op == "=~" and t.lhs == factor]
        if len(items) == 1 and items[0] not in fixed:
            values = {"item": items[0]}
            problems.append(Problem("model.one_indicator", where=factor, values=values))
    if problems:
        raise refusal(ModelError, problems)


def check_modifiers(terms: Sequence[Term], groups: int) -> None:
    """Check that what the text says group by group has as many entries as there are groups."""
    problems = [
        Problem(
            "model.modifier_groups",
            where=f"{t.lhs} {t.op} {t.rhs}".strip(),
            count=len(t.modifiers),
            values={"groups": groups},
        )
        for t in terms
        if len(t.modifiers) not in (1, groups)
    ]
    if problems:
        raise refusal(ModelError, problems)


def check_ordered(
    terms: Sequence[Term], names: Sequence[str], parameterization: Parameterization
) -> None:
    """Refuse what the text says and items answered in ordered categories do not have."""
    roles = Roles.of(terms)
    problems = [
        Problem("ordered.unknown_item", where=name) for name in names if name not in roles.observed
    ]
    for t in terms:
        if t.op in ("|", "~*~") and t.lhs not in names:
            problems.append(Problem("ordered.not_ordered", f"{t.lhs} {t.op} {t.rhs}"))
        elif t.op == "~*~" and parameterization == "theta":
            problems.append(Problem("ordered.scale_with_theta", f"{t.lhs} ~*~ {t.lhs}"))
        elif t.op == "~~" and t.lhs == t.rhs and t.lhs in names and parameterization == "delta":
            problems.append(Problem("ordered.residual_with_delta", f"{t.lhs} ~~ {t.lhs}"))
    if problems:
        raise refusal(ModelError, problems)


def check_thresholds(terms: Sequence[Term], ordered: Ordered) -> None:
    """Refuse thresholds that an item with so many categories does not have."""
    problems = [
        Problem("ordered.no_threshold", f"{t.lhs} | {t.rhs}", ordered.thresholds[t.lhs] + 1)
        for t in terms
        if t.op == "|" and int(t.rhs[1:]) > ordered.thresholds[t.lhs]
    ]
    if problems:
        raise refusal(ModelError, problems)


def check_table(table: Table, equal: Sequence[str]) -> None:
    """Refuse what is not offered for ordered items, and what is only for them."""
    if not table.ordered.thresholds:
        if "thresholds" in equal:
            raise refusal(ModelError, [Problem("ordered.thresholds_need_ordered")])
        return
    problems = []
    if beside := stand_ins(table):
        problems.append(Problem("ordered.regression", listing(beside), len(beside)))
    if "intercepts" in equal and "thresholds" not in equal:
        problems.append(Problem("ordered.intercepts_need_thresholds"))
    if "residuals" in equal and table.ordered.parameterization == "delta":
        problems.append(Problem("ordered.residuals_need_theta"))
    if problems:
        raise refusal(ModelError, problems)


def check_released(
    freed: frozenset[tuple[Key, int | None]], table: Table, equal: Sequence[str]
) -> None:
    """Refuse to release what is not held equal, and markers."""
    problems = []
    for key, _ in sorted(freed, key=str):
        r = table.rows.index(key)
        spelled = f"{key[0]}{key[1]}{key[2]}"
        if family(key, table.roles) not in equal:
            problems.append(Problem("model.free_not_tied", where=spelled))
        elif key[1] == "=~" and (table.number[:, r] < 0).all():
            problems.append(Problem("model.free_marker", where=spelled))
    if problems:
        raise refusal(ModelError, problems)


def check_needs_no_means(terms: Sequence[Term], equal: Sequence[str]) -> None:
    """Refuse intercepts and means where a published table has none."""
    asked = [f"{t.lhs} ~ 1" for t in terms if t.op == "~1"]
    asked += [f"equal={name}" for name in equal if name in ("intercepts", "means")]
    if asked:
        raise refusal(ModelError, [Problem("model.moments_need_means", ", ".join(asked))])


def check_units(table: Table, moments: Moments) -> None:
    """Refuse what depends on the items' units where correlations are all there is."""
    if moments.known != "correlations":
        return
    bound = [moments.names[i] for i in unit_bound(table, moments)]
    if bound:
        problem = Problem("model.moments_need_sds", ", ".join(bound), len(bound))
        raise refusal(ModelError, [problem])


def check_count(table: Table, count: int) -> None:
    """Refuse more parameters than there are moments."""
    if table.n_parameters > count:
        values = {"parameters": table.n_parameters}
        raise refusal(ModelError, [Problem("model.negative_df", count=count, values=values)])


def refuse_unidentified(table: Table, unknown: NDArray[np.int64]) -> None:
    """Refuse a model whose parameters no answers could tell apart, and name them."""
    if len(unknown):
        rows = [r for r in range(len(table.rows)) if set(table.number[:, r]) & set(unknown)]
        names = ["".join(table.rows[r]) for r in rows[:6]]
        raise refusal(ModelError, [Problem("model.unidentified", where=listing(names))])
