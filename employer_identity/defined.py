"""Quantities defined from labels, with standard errors by the delta method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.estimates import tested
from employer_identity.measurement.delta import STEP

if TYPE_CHECKING:
    from employer_identity.fit import Fit

UNREAL = 1e-10  # a larger imaginary part is a root or logarithm of a negative number


def defined(fit: Fit) -> pd.DataFrame:
    """Return what the model text defines by ``:=``.

    Each expression is computed with every labelled parameter moved by a complex step in turn, so
    that its imaginary parts are its derivatives.

    Returns
    -------
    DataFrame with lhs, op, rhs, est, se, z, pvalue, ci_lower, ci_upper (95 %); no rows where
    nothing is defined. All are missing where the expression has no real value. Checked against
    lavaan.
    """
    label, number = fit.table.label.ravel(), fit.table.number.ravel()
    named = np.flatnonzero(label != "")
    moved = np.unique(number[named][number[named] >= 0])
    known: dict[str, NDArray[np.complex128]] = {}
    for cell in named:  # the last column is not moved
        steps = np.pad(moved == number[cell], (0, 1)) * STEP * 1j
        known[label[cell]] = fit.values.ravel()[cell] + steps
    est, se = np.full((2, len(fit.definitions)), np.nan)
    for d, definition in enumerate(fit.definitions):
        value = definition.compute(known) + np.zeros(len(moved) + 1, complex)
        known[definition.name] = value
        if abs(value[-1].imag) < UNREAL and np.isfinite(value[-1].real):
            slope = value[:-1].imag / STEP
            est[d] = value[-1].real
            by = np.zeros((fit.layout.q, 1))
            by[moved, 0] = slope
            variance = fit.spread_of(by).item()
            se[d] = np.sqrt(max(variance, 0.0))
    names, texts = ([getattr(d, part) for d in fit.definitions] for part in ("name", "text"))
    return pd.DataFrame({"lhs": names, "op": ":=", "rhs": texts, **tested(est, se)})
