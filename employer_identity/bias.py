"""How much an item that is not equal shifts its answers: dMACS, from the ladder's linked solution.

What two groups answer at equal standing differs by dnu + dlambda eta. dMACS is its root mean square
over the second group's people, in standard deviations of the item. Of items answered in ordered
categories the lines are curves of expected answers, see `expected`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity import expected
from employer_identity.edge import Count, checked
from employer_identity.errors import ModelError, Problem
from employer_identity.expected import cells, factors
from employer_identity.fit import Fit
from employer_identity.ladder import Ladder
from employer_identity.language import listing, refusal
from employer_identity.measurement.layout import Integers, Layout
from employer_identity.resampling import redrawn

Array = NDArray[np.float64]
Spread = Literal["weighted_sd", "pooled_variance", "reference"]
SIZES = {"small": 0.20, "medium": 0.40, "large": 0.70}
"""From where an unsigned d is called so (Nye, Bradburn, Olenick, Bialko & Drasgow 2019)."""
COLUMNS = (
    "item", "factor", "group", "d_intercept", "d_loading", "d", "d_signed", "ci_lower", "ci_upper",
    "floor", "size",
)  # fmt: skip


def dmacs_of(
    d_intercept: Array, d_loading: Array, mean: Array, covariance: Array, sd: float | Array
) -> tuple[Array, Array]:
    """Return dMACS and its signed form, (...).

    ::

        d = sqrt((dnu + dlambda' kappa)^2 + dlambda' Psi dlambda) / sd,
        signed = (dnu + dlambda' kappa) / sd

    which is the expected squared difference over eta ~ N(kappa, Psi) in closed form, for items that
    are linear in the factors (Nye & Drasgow 2011).

    Parameters
    ----------
    d_intercept, d_loading
        Second group less reference: (...) and (..., m), of the m factors.
    mean, covariance
        Of the factors in the second group, (..., m) and (..., m, m).
    sd
        The item's standard deviation.
    """
    shift = d_intercept + (d_loading * mean).sum(axis=-1)
    slant = np.einsum("...i,...ij,...j->...", d_loading, covariance, d_loading)
    d = np.sqrt(shift**2 + np.maximum(slant, 0.0)) / sd
    return np.asarray(d), np.asarray(shift / sd)


@checked(ModelError)
def dmacs(
    ladder: Ladder, *, sd: Spread = "weighted_sd", draws: Count = 2000, seed: int = 1
) -> pd.DataFrame:
    """Say how much each item that was set aside shifts the answers of each group.

    From the scalar rung that the ladder ended with: all other items link the groups to one metric.
    Each group is compared with the reference group. Where both are held equal nothing differs, and
    there is no row. Of an ordered item residual variances, which differ on that rung, bear on what
    is answered too.

    Parameters
    ----------
    ladder
        Result of `invariance` that climbed to scalar, whether that rung held or not.
    sd
        Of the item's observed answers (divisor n - 1): ``weighted_sd``, the mean of the two groups'
        standard deviations weighted by n - 1; ``pooled_variance``, the root of the likewise
        weighted variance; ``reference``, that of the reference group.
    draws, seed
        For the interval and the floor: by the score bootstrap, in which clusters are drawn whole,
        or from the normal distribution where the fit is plain maximum likelihood (`resampling`).

    Returns
    -------
    DataFrame with item, factor, group, d_intercept, d_loading (the group's less the reference
    group's, in the item's units), d, d_signed (positive: the group answers higher at equal
    standing), ci_lower, ci_upper (95 %, percentiles, of ``d``), floor, size; empty where nothing
    was set aside. Of an ordered item the first two are those of the response behind the answer, and
    thresholds bear on d besides. ``floor`` is what d would stay below in 95 % of samples if the
    differences were estimation error alone: a d below it says nothing. ``size`` is ``negligible``,
    ``small`` (.20), ``medium`` (.40) or ``large`` (.70). Of an item that several factors measure,
    ``factor`` and ``d_loading`` are the first; d is of all. The standard deviation is taken as
    known.

    Raises
    ------
    ModelError
        If the scalar rung was not climbed, or for an unknown ``sd``.

    Notes
    -----
    Checked against published worked values and numerical integration, the interval against a
    bootstrap that fits the model again.

    Examples
    --------
    >>> ei.dmacs(ladder, draws=500)
    """
    if sd not in get_args(Spread):
        values = {"asked": sd, "allowed": listing(get_args(Spread))}
        raise refusal(ModelError, [Problem("model.not_available", where="sd", values=values)])
    fit = ladder["scalar"]
    aside = {release.constraint.item for release in ladder.set_aside("scalar")}
    pairs = [
        (i, g)
        for i, name in enumerate(fit.items) if name in aside
        for g in range(1, len(fit.groups)) if _differs(fit.layout, i, g)
    ]  # fmt: skip
    if not pairs:
        return pd.DataFrame(columns=list(COLUMNS))
    # the estimates come first; a last 0 is what an index of -1, a fixed cell, reads
    used = np.unique(np.concatenate([_used(fit.layout, i, g) for i, g in pairs]))
    moved = np.tile(np.append(fit.solution.theta, 0.0), (1 + draws, 1))
    moved[1:, used] += redrawn(fit, used, draws, seed)
    return pd.DataFrame([_row(fit, moved, i, g, sd) for i, g in pairs], columns=list(COLUMNS))


def _differs(layout: Layout, item: int, g: int) -> bool:
    """Whether an item's constraints in a group are others than in the reference group."""
    both = [layout.twin[name][[0, g], item] for name in ("nu", "Lambda")]
    both.append(layout.twin["tau"][[0, g]][:, layout.response.owner == item])
    return any((reference != own).any() for reference, own in both)


def _row(fit: Fit, moved: Array, i: int, g: int, sd: Spread) -> dict[str, object]:
    """Compare an item's line in one group with that of the reference group."""
    lines, spread = _lines(fit.layout, moved, g, i), _sd(fit, i, g, sd)
    if fit.layout.response.ordered[i]:
        d, signed, noise = (part / spread for part in expected.shift(fit, moved, i, g))
    else:
        d, signed, noise = lines.shift(spread)
    factor, column = _factor(fit, i)
    low, high = np.quantile(d[1:], [0.025, 0.975])
    return {
        "item": fit.items[i], "factor": factor, "group": fit.groups[g],
        "d_intercept": lines.d_intercept[0], "d_loading": lines.d_loading[0, column],
        "d": d[0], "d_signed": signed[0], "ci_lower": low, "ci_upper": high,
        "floor": np.quantile(noise, 0.95), "size": size_of(float(d[0])),
    }  # fmt: skip


def size_of(d: float) -> str:
    """Return the code of a size: negligible, small, medium or large."""
    reached = [name for name, least in SIZES.items() if abs(d) >= least]
    return reached[-1] if reached else "negligible"


@dataclass(frozen=True, eq=False)
class _Lines:
    """What differs between two groups' lines, (...) and (..., m), and the second group's factors.

    At the estimates and then at each draw.
    """

    d_intercept: Array
    d_loading: Array
    mean: Array
    covariance: Array

    def shift(self, sd: float) -> tuple[Array, Array, Array]:
        """Return dMACS and its signed form, and what draws alone make of it."""
        d, signed = dmacs_of(self.d_intercept, self.d_loading, self.mean, self.covariance, sd)
        noise, _ = dmacs_of(
            self.d_intercept[1:] - self.d_intercept[0], self.d_loading[1:] - self.d_loading[0],
            self.mean[0], self.covariance[0], sd,
        )  # fmt: skip
        return d, signed, noise


def _lines(layout: Layout, theta: Array, g: int, item: int) -> _Lines:
    """Read an item's lines and a group's factors off parameters (draws, q + 1)."""
    nu, Lambda = (  # noqa: N806 (Bollen's notation)
        cells(layout, theta, name, g)[:, item] - cells(layout, theta, name, 0)[:, item]
        for name in ("nu", "Lambda")
    )
    return _Lines(nu[:, 0], Lambda, *factors(layout, theta, g))


def _used(layout: Layout, item: int, g: int) -> Integers:
    """Return the parameters that an item's lines and a group's factors rest on."""
    lines = [layout.twin[name][[0, g], item].ravel() for name in ("nu", "Lambda")]
    rest = [layout.twin[name][g].ravel() for name in ("alpha", "Beta", "Psi")]
    if layout.response.ordered[item]:
        rest = [expected.parameters(layout, item, h) for h in (0, g)]
    found = np.concatenate([*lines, *rest])
    return found[found >= 0]


def _factor(fit: Fit, item: int) -> tuple[str, int]:
    """Return the first factor that measures an item, and its column."""
    return next(
        (name, column) for column, (name, measured) in enumerate(fit.factors.items())
        if fit.items[item] in measured
    )  # fmt: skip


def _sd(fit: Fit, item: int, g: int, kind: Spread) -> float:
    """Return an item's standard deviation for one group beside the reference group."""
    n = fit.moments.n[[0, g]].astype(float)
    is_ordered = fit.layout.response.ordered[item]
    own = expected.variances(fit, item) if is_ordered else fit.moments.covariance[:, item, item]
    variance = own[[0, g]] * n / (n - 1.0)
    share = (n - 1.0) / (n.sum() - 2.0)
    if kind == "reference":
        return float(np.sqrt(variance[0]))
    if kind == "pooled_variance":
        return float(np.sqrt(share @ variance))
    return float(share @ np.sqrt(variance))
