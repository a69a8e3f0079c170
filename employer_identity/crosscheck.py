"""The same model by another program: semopy, in one group on complete rows, where it is right."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from employer_identity.edge import checked
from employer_identity.errors import ModelError, Problem
from employer_identity.fit import Fit
from employer_identity.language import refusal, say
from employer_identity.showing import Grid, Showing, View

# semopy's default search stops where loadings still move in the third decimal
PATIENT = {"ftol": 1e-14, "maxiter": 1000}


@dataclass(frozen=True, repr=False)
class Crosscheck(Showing):
    """A fit beside semopy's.

    Parameters
    ----------
    chisq, semopy_chisq
        Chi-squares.
    loadings
        lhs, rhs, ours, semopy: unstandardised loadings that are free in both.
    """

    chisq: float
    semopy_chisq: float
    loadings: pd.DataFrame

    @property
    def largest_difference(self) -> float:
        """Largest absolute difference of a loading."""
        return float((self.loadings["ours"] - self.loadings["semopy"]).abs().max())

    def _view(self) -> View:
        title = say("showing.crosscheck", chisq=float(self.chisq), semopy=float(self.semopy_chisq))
        about = {"count": len(self.loadings), "largest": self.largest_difference}
        fact = say("showing.crosscheck_loadings", **about)
        return View(title, (fact,), Grid.of(self.loadings, names=2))


@checked(ModelError)
def crosscheck(fit: Fit) -> Crosscheck:
    """Fit a one-group measurement model again with semopy, from the same covariances.

    semopy takes the first loading of a factor as 1, so the fit must too.

    Parameters
    ----------
    fit
        A `cfa` of one group, identified by first loadings, without labels or fixed values.

    Raises
    ------
    ModelError
        If the fit has groups, is identified by unit variances or uses rows with holes: semopy
        cannot tie parameters across groups, and its full information is wrong.

    Examples
    --------
    >>> plain = ei.cfa(survey, estimator="ML", missing="listwise", weights=False, cluster=False)
    >>> ei.crosscheck(plain).largest_difference < 0.001
    True
    """
    if len(fit.groups) > 1 or fit.std_lv or not fit.saturated.patterns.complete:
        raise refusal(ModelError, [Problem("model.crosscheck_one_group")])
    import semopy  # costs over a second

    text = "\n".join(f"{f} =~ {' + '.join(items)}" for f, items in fit.factors.items())
    observed = pd.DataFrame(fit.moments.covariance[0], fit.items, fit.items)
    model = semopy.Model(text)
    model.fit(cov=observed, n_samples=fit.ntotal, options=PATIENT)
    theirs = model.inspect().query("op == '~'").set_index(["rval", "lval"])["Estimate"]
    ours = fit.estimates.query("op == '=~' and parameter >= 0").set_index(["lhs", "rhs"])["est"]
    found = pd.DataFrame({"ours": ours, "semopy": theirs.reindex(ours.index).astype(float)})
    chisq = fit.ntotal * float(model.last_result.fun)
    return Crosscheck(fit.chisq, chisq, found.rename_axis(["lhs", "rhs"]).reset_index())
