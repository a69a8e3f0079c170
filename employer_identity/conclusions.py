"""What non-invariance does to the conclusion: the same gaps under each model, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from employer_identity.edge import checked
from employer_identity.errors import ComparisonError, ModelError, Problem
from employer_identity.estimates import tested
from employer_identity.fit import Fit
from employer_identity.ladder import Ladder
from employer_identity.language import Language, refusal, say
from employer_identity.latent import means_of
from employer_identity.measurement.rows import Rows
from employer_identity.rungs import Release

if TYPE_CHECKING:
    from employer_identity.questionnaire import Instrument

Array = NDArray[np.float64]
COLUMNS = ("factor", "group", "model", "est", "se", "ci_lower", "ci_upper")
WITH = "with "  # before the item whose constraints are held again


@checked(ModelError)
def conclusions(ladder: Ladder) -> pd.DataFrame:
    """Compare each group with the reference group under every model that could have been chosen.

    Models: ``observed``, the difference of mean scores (of the items that a person answered), as if
    every item were equal and measured without error; ``full``, latent means with all loadings and
    intercepts held equal; ``partial``, without what the ladder set aside; ``with ITEM``, the same
    but for one item, which is held equal again. The last two are there where something was set
    aside, and the last for the factors that the item measures. Nothing here is a licence: what may
    be said is in ``ladder.decision``.

    Parameters
    ----------
    ladder
        Result of `invariance` over groups with means.

    Returns
    -------
    DataFrame with factor, group (not the reference group), model, est, se, ci_lower, ci_upper (95
    %). Observed differences are in standard deviations of the reference group's scores, latent ones
    in those of its factor. Standard errors are by linearisation, with the fit's weights and
    clusters.

    Raises
    ------
    ComparisonError
        Where the ladder has no means.

    Examples
    --------
    >>> ei.conclusions(ladder)
    """
    if "scalar" not in ladder.testable:
        reason = {"reason": ladder.decision["latent means"].reason()}
        problem = Problem("invariance.means_untested", where=ladder.group, values=reason)
        raise refusal(ComparisonError, [problem])
    parts = [_observed(ladder["configural"]), _latent(ladder.unreleased["scalar"], "full")]
    aside = ladder.set_aside("scalar")
    if "scalar" in ladder.levels and aside:
        parts.append(_latent(ladder["scalar"], "partial"))
        items = dict.fromkeys(r.constraint.item for r in aside)
        parts += [_with(ladder, aside, item) for item in items]
    found = pd.concat(parts, ignore_index=True)
    order = {"factor": [*ladder["configural"].factors], "group": [*ladder.groups]}
    found = found.sort_values(
        ["factor", "group"], key=lambda c: c.map(order[c.name].index), kind="stable"
    )
    return found[list(COLUMNS)].reset_index(drop=True)


def _latent(fit: Fit, model: str) -> pd.DataFrame:
    """Return the factor means beyond the reference group."""
    means = means_of(fit)
    return means[means["group"] != fit.groups[0]].assign(model=model)


def _with(ladder: Ladder, aside: tuple[Release, ...], item: str) -> pd.DataFrame:
    """Hold one item equal again, and everything else as it was."""
    partial = ladder["scalar"]
    left = [r for r in aside if r.constraint.item != item]
    fit = ladder.plan.fit("scalar", left, partial.values, ladder["configural"])
    measured = [f for f, items in fit.factors.items() if item in items]
    found = _latent(fit, f"{WITH}{item}")
    return found[found["factor"].isin(measured)]


# -- observed scores ----------------------------------------------------------------------------


def _observed(fit: Fit) -> pd.DataFrame:
    """Return standardised differences of mean scores, of factors that items measure."""
    if fit.rows is not None and not fit.rows.are_at_hand:
        raise refusal(ModelError, [Problem("scan.needs_rows")])
    rows = None if fit.rows is None else fit.rows.one_by_one()
    found = []
    for factor, measured in fit.factors.items():
        items = [fit.items.index(name) for name in measured if name in fit.items]
        if not items:
            continue
        gaps = _of_moments(fit, items) if rows is None else _of_rows(rows, items)
        columns = tested(*gaps)
        kept = {name: columns[name] for name in ("est", "se", "ci_lower", "ci_upper")}
        found.append(pd.DataFrame({"factor": factor, "group": fit.groups[1:], **kept}))
    return pd.concat(found).assign(model="observed")


def _of_rows(rows: Rows, items: list[int]) -> tuple[Array, Array]:
    """Return (m_g - m_1) / s_1 of mean scores and its standard error, (G - 1,) each.

    By linearisation: what each person adds to the two means and to the reference group's spread,
    summed within clusters.
    """
    answers = rows.answers[:, items]
    there = ~np.isnan(answers)
    used = there.any(axis=1)
    x = np.nansum(answers[used], axis=1) / there[used].sum(axis=1)
    w, group = rows.weights[used], rows.group[used]
    unit = np.arange(len(x)) if rows.cluster is None else rows.cluster[used]
    unit = np.unique(unit, return_inverse=True)[1]
    C = unit.max() + 1  # noqa: N806 (clusters, as in `robust`)
    total = np.bincount(group, w, rows.patterns.n_groups)
    mean = np.bincount(group, w * x, len(total)) / total
    away = x - mean[group]
    n = np.bincount(group, minlength=len(total))[0]
    sd = np.sqrt(n / (n - 1) * (w * away**2)[group == 0].sum() / total[0])
    est, se = (mean[1:] - mean[0]) / sd, []
    first = np.where(group == 0, w / total[0], 0.0)
    for g, d in enumerate(est, start=1):
        adds = np.where(group == g, w / total[g], 0.0) * away / sd
        adds -= first * (away / sd + d / 2 * ((away / sd) ** 2 - 1.0))
        sums = np.bincount(unit, adds)
        se.append(np.sqrt(C / (C - 1) * (sums**2).sum()))
    return est, np.array(se)


def _of_moments(fit: Fit, items: list[int]) -> tuple[Array, Array]:
    """Return the same from moments, with standard errors for normal scores."""
    n = fit.moments.n.astype(float)
    mean = fit.moments.mean[:, items].mean(axis=1)
    variance = fit.moments.covariance[:, items][:, :, items].mean(axis=(1, 2)) * n / (n - 1.0)
    est = (mean[1:] - mean[0]) / np.sqrt(variance[0])
    square = variance[1:] / variance[0] / n[1:] + 1.0 / n[0] + est**2 / (2.0 * n[0])
    return est, np.sqrt(square)


# -- in words -----------------------------------------------------------------------------------


def model_name(model: str, instrument: Instrument, language: Language = "en") -> str:
    """Name a model of `conclusions` for readers."""
    if model.startswith(WITH):
        item = instrument.label(model.removeprefix(WITH), language)
        return say("invariance.gap.model_with", language, item=item)
    return say(f"invariance.gap.model_{model}", language)


def sentences(
    found: pd.DataFrame,
    instrument: Instrument,
    group: str,
    reference: str,
    *,
    language: Language = "en",
) -> list[str]:
    """Say what each item that was set aside does to each gap.

    Parameters
    ----------
    found
        Of `conclusions`.
    instrument
        Names pillars, items and groups.
    group, reference
        The grouping column and its reference group.

    Returns
    -------
    A sentence an item, factor and group, in the order of `found`; none where nothing was set aside.
    """
    partial = found[found["model"] == "partial"].set_index(["factor", "group"])["est"]
    told = []
    for r in found[found["model"].str.startswith(WITH)].itertuples():
        names = {
            "item": instrument.label(r.model.removeprefix(WITH), language),
            "pillar": instrument.label(r.factor, language),
            "who": instrument.value_label(group, r.group, language),
            "reference": instrument.value_label(group, reference, language),
        }
        gaps = _gaps(partial[r.factor, r.group], r.est, names["who"], language)
        told.append(say("invariance.gap.sentence", language, **names, **gaps))
    return told


def _gaps(without: float, with_it: float, who: str, language: Language) -> dict[str, str]:
    """Write two gaps, with the group that is higher or lower: once if it is the same in both."""
    gaps = {"without": without, "with_it": with_it}
    directions = {name: _direction(est) for name, est in gaps.items()}
    if directions["without"] == directions["with_it"]:
        directions["without"] = "none"
    return {
        name: say(f"invariance.gap.{directions[name]}", language, size=abs(est), who=who)
        for name, est in gaps.items()
    }


def _direction(est: float) -> str:
    if abs(est) < 0.005:  # written as 0.00
        return "none"
    return "higher" if est > 0 else "lower"
