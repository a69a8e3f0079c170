"""What changed since the wave before: levels of both, and the change with its interval.

Waves are different people as far as anybody knows. An employer that took part in both is one
cluster, so that colleagues who answer alike cancel out of the change: with influence values u_i of
the change (those of the wave before with a minus) summed over clusters c of both waves, se^2 =
C / (C - 1) sum_c (sum_{i in c} u_i)^2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from employer_identity import weighing
from employer_identity.brand import clusters_of, levels, standard_error
from employer_identity.narrow import stacked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from employer_identity.survey import Survey


def together(now: Survey, before: Survey) -> Survey:
    """Return the answers of two waves as one survey, the earlier first."""
    column, groups = now.instrument.wave, {}
    for name, kind in now.answers.dtypes.items():
        if isinstance(kind, pd.CategoricalDtype):
            one, other = (s.answers[name].astype(object) for s in (before, now))
            known = [*kind.categories, *(c for c in one.unique() if pd.notna(c))]
            known = [*before.waves, *now.waves] if name == column else list(dict.fromkeys(known))
            both = pd.concat([one, other])
            groups[name] = pd.Categorical(both, known, ordered=name == column)
    return replace(now, answers=stacked(before.answers, now.answers, groups))


def asked_alike(now: Survey, before: Survey) -> tuple[str, ...]:
    """Return the pillars whose items were all answered by somebody in both waves."""
    return tuple(
        pillar
        for pillar, items in now.instrument.factors.items()
        if all(s.answers[list(items)].notna().any().all() for s in (now, before))
    )


def trend(now: Survey, before: Survey, comparable: Iterable[str]) -> pd.DataFrame:
    """Compare mean pillar scores with those of the wave before.

    Parameters
    ----------
    now, before
        The answers of the two waves, of one questionnaire.
    comparable
        Pillars whose scores mean the same in both waves: factors of the decision on ``observed
        means`` of an invariance ladder over waves. What changed is told of these only.

    Returns
    -------
    One row a pillar: pillar, n, mean, ci_lower, ci_upper; of the wave before before_wave (its
    name), before (its mean), before_n, before_lower, before_upper; comparable; change (now less
    before), change_lower, change_upper (NaN where not comparable); 95 % intervals.

    Notes
    -----
    The change's interval takes people as different ones in each wave, and colleagues of one
    employer (or the declared cluster) as alike over both.
    """
    held = set(comparable)
    found = levels(now).drop(columns="sd")
    names = {"mean": "before", "n": "before_n"}
    names |= {f"ci_{end}": f"before_{end}" for end in ("lower", "upper")}
    found = pd.concat([found, levels(before)[list(names)].rename(columns=names)], axis=1)
    found["before_wave"] = next(iter(before.waves), "")
    found["comparable"] = found["pillar"].isin(held)
    both = together(now, before)
    late = np.arange(both.n) >= before.n
    changes = [_change(both, pillar, late) if pillar in held else (np.nan,) * 3
               for pillar in found["pillar"]]  # fmt: skip
    columns = ["change", "change_lower", "change_upper"]
    return found.join(pd.DataFrame(changes, columns=columns, index=found.index))


def _change(both: Survey, pillar: str, late: np.ndarray) -> tuple[float, float, float]:
    """Return a change with its interval; `late` tells who belongs to the later wave, (n,)."""
    weights = weighing.weights(both).to_numpy(dtype=float)
    score = both.pillar_scores[pillar].to_numpy(dtype=float)
    counts = ~np.isnan(score) & (weights > 0)
    clusters = clusters_of(both).to_numpy()
    change, influence = 0.0, np.zeros(both.n)
    for wave, sign in ((late, 1.0), (~late, -1.0)):
        mine = wave & counts
        if not mine.any():
            return np.nan, np.nan, np.nan
        part = weights[mine] / weights[mine].sum()
        mean = float(part @ score[mine])
        change += sign * mean
        influence[mine] = sign * part * (score[mine] - mean)
    se, t = standard_error(influence[counts], clusters[counts])
    return change, change - t * se, change + t * se
