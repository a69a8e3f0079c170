"""The models that are compared, as text, and the degrees of freedom each must have.

With p items of m factors and all p (p + 1) / 2 variances and covariances, p residual variances are
spent by every model, and beside them: p loadings (one factor), p + 1 (two), p + m (m - 1) / 2 (all
correlated), p + m (second-order: p - m loadings, m disturbances, m loadings of the factors) or 2 p
(bifactor).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from employer_identity.showing import ShowingFields

ModelName = Literal["one_factor", "two_factors", "correlated", "second_order", "bifactor"]
Factors = Mapping[str, tuple[str, ...]]
Parts = tuple[tuple[str, ...], tuple[str, ...]]

PILLARS = ("prototypicality", "advancement", "entrepreneurship", "impresarioship")
APART = "impresarioship"  # what is left of the pillars when the others are taken together


@dataclass(frozen=True)
class Structure(ShowingFields):
    """One model: its text, how its factors are identified, and the df that counting gives.

    Attributes
    ----------
    name
        Which of the five it is.
    text
        In lavaan's notation.
    factors
        Its factors, the general one first where there is one.
    df
        Expected degrees of freedom.
    std_lv
        Factors have variance 1; else their first loading is 1.
    orthogonal
        Factors do not covary.
    """

    name: ModelName
    text: str
    factors: tuple[str, ...]
    df: int
    std_lv: bool = True
    orthogonal: bool = False


def expected_df(name: ModelName, sizes: Sequence[int]) -> int:
    """Count the degrees of freedom from the factors' numbers of items."""
    p, m = sum(sizes), len(sizes)
    beside = {
        "one_factor": p, "two_factors": p + 1, "correlated": p + m * (m - 1) // 2,
        "second_order": p + m, "bifactor": 2 * p,
    }  # fmt: skip
    return p * (p + 1) // 2 - p - beside[name]


def general_name(factors: Factors) -> str:
    """Return a name for what all items share that nothing else bears."""
    taken = {*factors, *(item for items in factors.values() for item in items)}
    name = "general"
    while name in taken:
        name += "_"
    return name


def one_factor(factors: Factors) -> Structure:
    """Return the model in which all items measure one thing."""
    general = general_name(factors)
    return _structure("one_factor", factors, {general: _all(factors)})


def correlated(factors: Factors) -> Structure:
    """Return the instrument's own model: its factors, all correlated."""
    return _structure("correlated", factors, factors)


def two_factors(factors: Factors, parts: Parts) -> Structure:
    """Return the model in which the factors of each part are one.

    A line for each of the instrument's factors, so that the items keep their order.
    """
    of: dict[str, str] = {}
    for k, part in enumerate(parts, 1):
        name = part[0] if len(part) == 1 else f"{general_name(factors)}_{k}"
        of |= dict.fromkeys(part, name)
    text = "\n".join(f"{of[f]} =~ {' + '.join(items)}" for f, items in factors.items())
    df = expected_df("two_factors", _sizes(factors))
    return Structure("two_factors", text, tuple(dict.fromkeys(of[f] for f in factors)), df)


def second_order(factors: Factors) -> Structure:
    """Return the model in which one thing explains the correlations of the factors.

    Factors take their unit from a first item: with unit disturbances a disturbance of 0 would be
    out of reach.
    """
    general = general_name(factors)
    text = f"{_lines(factors)}\n{general} =~ NA*{' + '.join(factors)}\n{general} ~~ 1*{general}"
    df = expected_df("second_order", _sizes(factors))
    return Structure("second_order", text, (general, *factors), df, std_lv=False)


def bifactor(factors: Factors) -> Structure:
    """Return the model in which each item measures what all share and what its own factor adds."""
    general = general_name(factors)
    found = _structure("bifactor", factors, {general: _all(factors), **factors})
    return Structure("bifactor", found.text, found.factors, found.df, orthogonal=True)


def parts_of(factors: Factors, correlations: NDArray[np.float64] | None) -> Parts | None:
    """Split three factors or more into the two parts of the two-factor model.

    The four pillars of connecting employership: what an employer is, does and makes of "us" against
    how it represents "us". Other factors: beginning with each by itself, the two parts with the
    highest mean correlation |r| between their factors are taken together until two are left
    (average linkage); ``correlations`` (m, m) are the latent ones. None: there is nothing to split,
    or nothing to go by.
    """
    names = list(factors)
    if len(names) < 3:
        return None
    if set(names) == set(PILLARS):
        return tuple(f for f in names if f != APART), (APART,)
    if correlations is None:
        return None
    size = np.abs(correlations)
    parts = [[k] for k in range(len(names))]
    while len(parts) > 2:
        pairs = combinations(range(len(parts)), 2)
        a, b = max(pairs, key=lambda pair: size[np.ix_(parts[pair[0]], parts[pair[1]])].mean())
        parts[a] = sorted(parts[a] + parts[b])
        del parts[b]
    one, other = (tuple(names[k] for k in part) for part in parts)
    return one, other


def _structure(name: ModelName, factors: Factors, measured: Factors) -> Structure:
    df = expected_df(name, _sizes(factors))
    return Structure(name, _lines(measured), tuple(measured), df)


def _lines(measured: Factors) -> str:
    return "\n".join(f"{f} =~ {' + '.join(items)}" for f, items in measured.items())


def _all(factors: Factors) -> tuple[str, ...]:
    return tuple(item for items in factors.values() for item in items)


def _sizes(factors: Factors) -> list[int]:
    return [len(items) for items in factors.values()]
