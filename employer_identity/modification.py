"""Modification indices: which relation that a model leaves out would improve its fit the most?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.measurement.layout import Place, stand_ins
from employer_identity.measurement.threads import on_one_thread
from employer_identity.scores import at_estimates, cell_tests

if TYPE_CHECKING:
    from employer_identity.fit import Fit

Array = NDArray[np.float64]


@on_one_thread
def modification_indices(fit: Fit) -> pd.DataFrame:
    """Test each relation fixed at zero, by freeing it in one group alone; nothing is refitted.

    Relations are loadings of items on factors that do not measure them, covariances of items'
    residuals and covariances of factors. With s the score of the relation's cell, the expected
    parameter change is s / v and the index s^2 / v on 1 df, v being what the free parameters leave
    of the cell's information (Sorbom 1989): lavaan's ``modindices``, with the information that the
    standard errors rest on. For MLR and MLM the index is the generalised score statistic of
    `scores.score_tests`, which holds for skewed, weighted and clustered answers; lavaan divides
    the plain index by the chi-square's scaling factor instead. With missing answers plain ML takes
    the observed information; lavaan takes the expected one, which is wrong unless they are missing
    completely at random. For equality constraints see `scores.score_tests`.

    Returns
    -------
    DataFrame with lhs, op, rhs, group, mi, epc, epc_std; largest mi first. ``epc_std`` is
    completely standardised (lavaan's sepc.all): loadings by the implied standard deviations,
    covariances as correlations of residuals or disturbances. What is not identified when freed is
    left out.
    """
    names = _candidates(fit)
    layout, cell = fit.layout.with_cells(list(names))
    here = at_estimates(fit, layout)
    value = np.stack([layout.fixed[m][:, i, j] for m, i, j in names], axis=1)
    g, k = np.nonzero((layout.cells.parameter[:, cell] < 0) & (value == 0.0))
    c = cell[k]
    tests = cell_tests(fit, here.information, here.expected, here.robust, here.score[g, c], g, c)
    mi, epc = tests.x2, tests.epc
    frame = pd.DataFrame([list(names.values())[t] for t in k], columns=["lhs", "op", "rhs"])
    frame["group"] = [fit.groups[t] for t in g]
    scale = np.stack([_scale(fit, place) for place in names], axis=1)
    frame["mi"], frame["epc"], frame["epc_std"] = mi, epc, epc * scale[g, k]
    found = frame[~np.isnan(mi)]
    return found.sort_values("mi", ascending=False, kind="stable", ignore_index=True)


def _candidates(fit: Fit) -> dict[Place, tuple[str, str, str]]:
    """Return the places of loadings, residual covariances and factor covariances, with names."""
    items, factors, latent = fit.items, fit.table.roles.factors, fit.layout.latent
    stood = set(stand_ins(fit.table))
    plain = [(i, item) for i, item in enumerate(items) if item not in stood]
    found: dict[Place, tuple[str, str, str]] = {}
    for factor in factors:
        j = latent.index(factor)
        found |= {("Lambda", i, j): (factor, "=~", item) for i, item in plain}
    for k, (i, one) in enumerate(plain):
        found |= {("Theta", i, j): (one, "~~", other) for j, other in plain[k + 1 :]}
    for k, one in enumerate(factors):
        i = latent.index(one)
        found |= {("Psi", i, latent.index(f)): (one, "~~", f) for f in factors[k + 1 :]}
    return found


def _scale(fit: Fit, place: Place) -> Array:
    """Return what makes a change of a cell completely standardised, (G,)."""
    matrix, i, j = place
    model = fit.implied
    if matrix == "Lambda":
        total = model.Phi[:, j, j] / model.Sigma[:, i, i]
        return np.asarray(np.sqrt(np.abs(total)))
    own = model.matrices[matrix]
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / np.sqrt(np.abs(own[:, i, i] * own[:, j, j])))
