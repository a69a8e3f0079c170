"""A published table, read: names, numbers and n as arrays, or all that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from employer_identity.errors import ModelError, Problem
from employer_identity.language import refusal

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
PrintedMatrix: TypeAlias = "Sequence[Sequence[float]] | Array | pd.DataFrame"
PrintedColumn: TypeAlias = "Sequence[float] | Mapping[str, float] | Array | pd.Series"

SINGULAR = 1e-10  # smallest eigenvalue of a correlation matrix that is not rounding
SLACK = 1e-8  # what arithmetic, not printing, may do to a correlation
SHOWN = 6  # places named in one message


@dataclass(frozen=True)
class Published:
    """What a table says, checked.

    Parameters
    ----------
    items
        The p items.
    n
        Respondents.
    matrix
        Covariances as printed, or correlations where no standard deviations were; (p, p).
    means
        (p,), None where the source prints none.
    """

    items: tuple[str, ...]
    n: int
    matrix: Array
    means: Array | None


def read(
    items: Iterable[str] | None, n: object, covariance: Any, correlation: Any, sds: Any, means: Any
) -> Published:
    """Read a table's parts; see `Moments.published` for what they may be.

    Raises
    ------
    ModelError
        With everything that is wrong.
    """
    printed = correlation if covariance is None else covariance
    names, problems = _names(items, printed)
    problems += _combination(covariance, correlation, sds, means)
    matrix: Array | None = None
    if (covariance is None) != (correlation is None):
        matrix, found = _matrix(printed, names, is_correlation=covariance is None)
        problems += found
    size = len(names)
    spread, found = _column(sds, names, "sds")
    problems += found
    if spread is not None and (spread <= 0).any():
        where = _listed(np.array(names)[spread <= 0])
        problems.append(Problem("model.moments_not_positive", where, int((spread <= 0).sum())))
    level, found = _column(means, names, "means")
    problems += [*found, *_size(n, size)]
    if problems or matrix is None:
        raise refusal(ModelError, problems)
    if spread is not None:
        matrix = matrix * spread[:, None] * spread
    return Published(names, int(n), matrix, level)  # type: ignore[call-overload]


def smallest_direction(covariance: Array) -> tuple[float, Array]:
    """Smallest eigenvalue of the correlations, and how much each item has to do with it (p,)."""
    sd = np.sqrt(np.diag(covariance))
    size, vectors = np.linalg.eigh(covariance / sd[:, None] / sd)
    return float(size[0]), np.abs(vectors[:, 0])


def _names(items: Iterable[str] | None, printed: Any) -> tuple[tuple[str, ...], list[Problem]]:
    """Take the items' names as given, else from the frame that holds the matrix."""
    rows, columns = (_labels(printed, side) for side in ("index", "columns"))
    names = rows if items is None else tuple(str(item) for item in items)
    if not names:
        return (), [Problem("model.moments_no_items")]
    twice = dict.fromkeys(n for n in names if names.count(n) > 1)
    problems = [Problem("model.moments_item_twice", n, names.count(n)) for n in twice]
    if rows and not (rows == columns == names):
        problems.append(Problem("model.moments_names_differ", _listed(rows)))
    return names, problems


def _labels(printed: Any, side: str) -> tuple[str, ...]:
    """Row or column names of a data frame; none of anything else."""
    if not hasattr(printed, "columns"):
        return ()
    return tuple(str(label) for label in getattr(printed, side))


def _combination(covariance: Any, correlation: Any, sds: Any, means: Any) -> list[Problem]:
    given = (covariance is not None) + (correlation is not None)
    problems = []
    if given != 1:
        problems.append(Problem("model.moments_one_matrix", count=given))
    if covariance is not None and sds is not None:
        problems.append(Problem("model.moments_sds_with_covariance"))
    if covariance is None and correlation is not None and sds is None and means is not None:
        problems.append(Problem("model.moments_means_need_sds"))
    return problems


def _matrix(
    printed: Any, names: Sequence[str], *, is_correlation: bool
) -> tuple[Array | None, list[Problem]]:
    """Return the full matrix, and what is wrong with it."""
    rows = [_cells(row) for row in (printed.to_numpy() if _labels(printed, "index") else printed)]
    if not names:
        return None, []
    matrix = _square(rows, len(names), is_correlation=is_correlation)
    if matrix is None:
        lengths = ", ".join("-" if row is None else str(len(row)) for row in rows)
        values = {"items": len(names), "lengths": lengths}
        code = "model.moments_shape_correlation" if is_correlation else "model.moments_shape"
        return None, [Problem(code, count=len(rows), values=values)]
    problems = _misprints(matrix, names)
    if not problems:
        checked = _wrong_correlations if is_correlation else _wrong_covariances
        problems = checked(matrix, names)
    if not problems:
        matrix = (matrix + matrix.T) / 2
        size, involved = smallest_direction(matrix)
        if size < SINGULAR:
            order = np.argsort(-involved.round(6), kind="stable")  # equals: as they are listed
            most = [names[i] for i in order if involved[i] > 0.25 * involved.max()]
            values = {"size": size}
            problems = [
                Problem("model.moments_not_positive_definite", _listed(most), len(most), values)
            ]
    return matrix, problems


def _cells(row: Any) -> list[float] | None:
    """Numbers of one row, NaN for what is not a number; None where it is not a row."""
    if isinstance(row, str) or not hasattr(row, "__iter__"):
        return None
    return [_number(cell) for cell in row]


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return np.nan


def _square(rows: Sequence[list[float] | None], p: int, *, is_correlation: bool) -> Array | None:
    """Fill a square from itself or from the triangle that was printed."""
    lengths = [-1 if row is None else len(row) for row in rows]
    allowed = [[p] * p, [*range(1, p + 1)]]
    if is_correlation:
        allowed += [[*range(p)], [*range(1, p)]]
    if lengths not in allowed:
        return None
    grid = np.full((p, p), np.nan)
    for i, row in enumerate(rows, start=p - len(rows)):  # the first item's row may be left out
        cells = row or []
        grid[i, : len(cells)] = cells
    below = np.tril_indices(p, -1)
    lower, upper = grid[below], grid.T[below]
    if np.isnan(upper).all():
        grid.T[below] = lower
    elif np.isnan(lower).all():
        grid[below] = upper
    if is_correlation and np.isnan(np.diag(grid)).all():
        np.fill_diagonal(grid, 1.0)
    return grid


def _misprints(matrix: Array, names: Sequence[str]) -> list[Problem]:
    """Cells that hold no number, and pairs that hold two."""
    missing = ~np.isfinite(matrix)
    missing |= missing.T
    twisted = ~np.isclose(matrix, matrix.T, rtol=1e-6, atol=1e-9) & ~missing
    found = [
        ("model.moments_not_number", np.tril(missing)),
        ("model.moments_not_symmetric", np.tril(twisted)),
    ]
    return [
        Problem(code, _places(at, names), int(at.sum())) for code, at in found if at.any()
    ]  # fmt: skip


def _wrong_correlations(matrix: Array, names: Sequence[str]) -> list[Problem]:
    problems = []
    other = np.abs(np.diag(matrix) - 1) > SLACK
    if other.any():
        where = _listed(np.array(names)[other])
        problems.append(Problem("model.moments_diagonal", where, int(other.sum())))
    return [*problems, *_beyond_one(matrix, names)]


def _wrong_covariances(matrix: Array, names: Sequence[str]) -> list[Problem]:
    variance = np.diag(matrix)
    without = variance <= 0
    if without.any():
        where = _listed(np.array(names)[without])
        return [Problem("model.moments_not_positive", where, int(without.sum()))]
    return _beyond_one(matrix / np.sqrt(variance[:, None] * variance), names)


def _beyond_one(correlation: Array, names: Sequence[str]) -> list[Problem]:
    beyond = np.tril(np.abs(correlation) > 1 + SLACK, -1)
    if not beyond.any():
        return []
    where = _places(beyond, names)
    return [Problem("model.moments_correlation_above_one", where, int(beyond.sum()))]


def _column(printed: Any, names: Sequence[str], what: str) -> tuple[Array | None, list[Problem]]:
    """Return one number an item, by name where they have names; None where there are none."""
    if printed is None or not names:
        return None, []
    if hasattr(printed, "keys"):  # a dict or a series
        missing = [n for n in names if n not in printed]
        if missing:
            where = _listed(missing)
            problem = Problem("model.moments_names_missing", what, len(missing), {"items": where})
            return None, [problem]
        printed = [printed[n] for n in names]
    found = _cells(printed)
    if found is None or len(found) != len(names):
        count = 0 if found is None else len(found)
        return None, [Problem("model.moments_length", what, count, {"items": len(names)})]
    values = np.array(found)
    missing = [n for n, v in zip(names, values, strict=True) if not np.isfinite(v)]
    if missing:
        values_ = {"items": _listed(missing)}
        return None, [Problem("model.moments_no_value", what, len(missing), values_)]
    return values, []


def _size(n: Any, p: int) -> list[Problem]:
    number = np.nan if isinstance(n, bool) else _number(n)
    if not number.is_integer():
        return [Problem("model.moments_n", str(n))]
    if number <= p:
        values = {"items": p, "needed": p + 1}
        return [Problem("model.moments_n_too_small", count=int(number), values=values)]
    return []


def _places(at: NDArray[np.bool_], names: Sequence[str]) -> str:
    """Name cells as lavaan does: ``x2~~x1``."""
    return _listed([f"{names[i]}~~{names[j]}" for i, j in zip(*np.nonzero(at), strict=True)])


def _listed(words: Collection[str]) -> str:
    shown = [str(word) for word in list(words)[:SHOWN]]
    return ", ".join([*shown, "..."] if len(words) > SHOWN else shown)
